/* Units are chosen by the axis's length, steps as 1, 2 or 5 times a power of ten. The small
 * constants absorb the rounding of log10 and of quotients, so that a tick at the very end is not
 * lost. */
#include "schedule/time_axis.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

static const struct {
    const char *name;
    double ns;
} units[] = {{"s", 1e9}, {"ms", 1e6}, {"\xc2\xb5s", 1e3}, {"ns", 1.0}};

/* The largest unit that makes a time at least one. */
static size_t
unit_of(double ns)
{
    size_t u = 0;
    while (u + 1 < sizeof units / sizeof *units && fabs(ns) < units[u].ns)
        u++;
    return u;
}

chx__time_axis
chx__time_axis_of(double length_ns, uint32_t max_ticks)
{
    size_t u = unit_of(length_ns);
    chx__time_axis axis = {.unit = units[u].name, .unit_ns = units[u].ns};
    if (!(length_ns > 0.0) || !max_ticks) {
        axis.step_ns = axis.unit_ns;
        return axis;
    }
    double least_ns = length_ns / max_ticks;
    double power_ns = pow(10.0, floor(log10(least_ns)));
    double times = least_ns / power_ns;
    axis.step_ns = power_ns * (times <= 1.0 ? 1.0 : times <= 2.0 ? 2.0 : times <= 5.0 ? 5.0 : 10.0);
    double digits = ceil(-log10(axis.step_ns / axis.unit_ns) - 1e-9);
    axis.decimals = digits > 0.0 ? (int)digits : 0;
    axis.n_ticks = (uint32_t)floor(length_ns / axis.step_ns + 1e-9);
    return axis;
}

const char *
chx__time_text(double ns, char text[64])
{
    size_t u = unit_of(ns);
    snprintf(text, 64, "%.4g %s", ns / units[u].ns, units[u].name);
    return text;
}
