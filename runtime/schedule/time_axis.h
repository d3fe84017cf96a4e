/* Units and ticks for times in pictures. */
#ifndef CHX_SCHEDULE_TIME_AXIS_H
#define CHX_SCHEDULE_TIME_AXIS_H

#include <stdint.h>

typedef struct chx__time_axis {
    const char *unit; /* "ns" to "s" */
    double unit_ns;
    double step_ns; /* between ticks: 1, 2 or 5 times a power of ten */
    int decimals; /* that tell ticks apart, in units */
    uint32_t n_ticks; /* after the one at 0 */
} chx__time_axis;

/* An axis from 0 to length_ns with about max_ticks ticks at most. */
chx__time_axis chx__time_axis_of(double length_ns, uint32_t max_ticks);

/* Three or four significant digits with a unit; returns text. */
const char *chx__time_text(double ns, char text[64]);

#endif
