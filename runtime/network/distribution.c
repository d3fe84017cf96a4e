/* Values are drawn by inversion, one random number each. Drawing again until a value lies within
 * the bounds is the same as drawing from the part of the distribution that does, which is where the
 * random number is sent to; the ends of that part are found by bisection, as values grow with it.
 *
 * The logarithm of a lognormal value of mean m and standard deviation s has the variance
 * ln(1 + (s/m)^2) and the mean ln m less half of that. */
#include "network/distribution.h"

#include <math.h>

#include "network/elementary.h"

/* The first and the last random number, of 52 bits (random.c). */
#define FIRST_UNIT 0x1p-53
#define LAST_UNIT (1 - 0x1p-53)

#define LEAST_SPAN 1e-9 /* of all values, that bounds leave: 22 bits of the random number remain */

/* From a standard normal value. */
static double
of_normal(const chx__quantiles *of, double x)
{
    if (of->kind == CHX_DISTRIBUTION_NORMAL)
        return of->centre + of->spread * x;
    return of->sign * chx__exp(of->centre + of->sign * of->spread * x);
}

static double
unbounded(const chx__quantiles *of, double unit)
{
    switch (of->kind) {
    case CHX_DISTRIBUTION_NORMAL:
    case CHX_DISTRIBUTION_LOGNORMAL:
        return of_normal(of, chx__normal_inverse(unit));
    case CHX_DISTRIBUTION_UNIFORM:
        return of->centre + of->spread * unit;
    default:
        return of->centre;
    }
}

/* Where values reach the bound. */
static double
unit_of(const chx__quantiles *of, double bound)
{
    double below = FIRST_UNIT, above = LAST_UNIT;
    if (unbounded(of, below) >= bound)
        return 0;
    if (unbounded(of, above) <= bound)
        return 1;
    for (int i = 0; i < 64; i++) {
        const double middle = below + (above - below) / 2;
        if (unbounded(of, middle) < bound)
            below = middle;
        else
            above = middle;
    }
    return above;
}

static const char *
check(const chx_distribution *from)
{
    const bool is_spread =
        from->kind == CHX_DISTRIBUTION_NORMAL || from->kind == CHX_DISTRIBUTION_LOGNORMAL;
    if (from->kind < CHX_DISTRIBUTION_CONSTANT || from->kind > CHX_DISTRIBUTION_UNIFORM)
        return "must be a number, or a normal, lognormal or uniform distribution";
    if (from->kind != CHX_DISTRIBUTION_UNIFORM && !(fabs(from->mean) <= 1e12))
        return "has a mean beyond 1e12; check the unit";
    if (is_spread && !(from->sd > 0 && from->sd <= 1e12))
        return "must have an sd above 0 and at most 1e12; give a number where nothing is drawn";
    if (from->kind == CHX_DISTRIBUTION_LOGNORMAL &&
        !(fabs(from->mean) >= 1e-12 && from->sd / fabs(from->mean) <= 1e6))
        return "must have a mean that is not 0, and an sd of at most a million times that";
    if (from->kind == CHX_DISTRIBUTION_UNIFORM &&
        !(fabs(from->min) <= 1e12 && fabs(from->max) <= 1e12))
        return "must have a min and a max of at most 1e12 in magnitude";
    const bool has_bounds = from->min != 0 || from->max != 0;
    if ((has_bounds || from->kind == CHX_DISTRIBUTION_UNIFORM) && !(from->min < from->max))
        return "must have a min below its max";
    return NULL;
}

static void
set_shape(const chx_distribution *from, chx__quantiles *of)
{
    of->kind = from->kind;
    of->centre = from->mean;
    of->spread = from->sd;
    if (from->kind == CHX_DISTRIBUTION_LOGNORMAL) {
        const double part = from->sd / from->mean, variance = chx__ln(1 + part * part);
        of->sign = from->mean < 0 ? -1 : 1;
        of->centre = chx__ln(fabs(from->mean)) - variance / 2;
        of->spread = sqrt(variance);
    }
    if (from->kind == CHX_DISTRIBUTION_UNIFORM) {
        of->centre = from->min;
        of->spread = from->max - from->min;
    }
}

const char *
chx__quantiles_prepare(const chx_distribution *from, chx__quantiles *quantiles)
{
    const char *wrong = check(from);
    if (wrong)
        return wrong;
    chx__quantiles of = {.low = -INFINITY, .high = INFINITY, .span = 1};
    set_shape(from, &of);
    if (from->kind != CHX_DISTRIBUTION_CONSTANT && (from->min != 0 || from->max != 0)) {
        of.low = from->min;
        of.high = from->max;
    }
    if (!from->is_clipped && from->kind != CHX_DISTRIBUTION_CONSTANT &&
        from->kind != CHX_DISTRIBUTION_UNIFORM) {
        of.first = unit_of(&of, of.low);
        of.span = unit_of(&of, of.high) - of.first;
    }
    if (!(of.span >= LEAST_SPAN))
        return "has nearly all of its values outside min and max; widen them, or let outside be "
               "clip";
    *quantiles = of;
    return NULL;
}

/* The part of the distribution that a random number is sent to. */
static double
within(const chx__quantiles *of, double unit)
{
    unit = of->first + unit * of->span;
    return unit < FIRST_UNIT ? FIRST_UNIT : unit < LAST_UNIT ? unit : LAST_UNIT;
}

static double
bounded(const chx__quantiles *of, double value)
{
    return value < of->low ? of->low : value > of->high ? of->high : value;
}

double
chx__quantiles_at(const chx__quantiles *of, double unit)
{
    if (of->kind == CHX_DISTRIBUTION_CONSTANT)
        return of->centre;
    return bounded(of, unbounded(of, within(of, unit)));
}

void
chx__quantiles_each(const chx__quantiles *of, double *units, uint32_t n)
{
    if (of->kind != CHX_DISTRIBUTION_NORMAL && of->kind != CHX_DISTRIBUTION_LOGNORMAL) {
        for (uint32_t i = 0; i < n; i++)
            units[i] = chx__quantiles_at(of, units[i]);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        units[i] = within(of, units[i]);
    chx__normal_inverses(units, n);
    for (uint32_t i = 0; i < n; i++)
        units[i] = bounded(of, of_normal(of, units[i]));
}
