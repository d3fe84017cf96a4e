/* A clock that is not set back. Medians, since what disturbs a measurement only makes it longer. */
#include "stopwatch.h"

#include <stdlib.h>
#include <time.h>

uint64_t
stopwatch_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

double
stopwatch_seconds_since(uint64_t begin_ns)
{
    return (double)(stopwatch_now_ns() - begin_ns) * 1e-9;
}

static int
ascending(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

double
stopwatch_median(double *seconds, size_t n)
{
    qsort(seconds, n, sizeof *seconds, ascending);
    return n % 2 ? seconds[n / 2] : 0.5 * (seconds[n / 2 - 1] + seconds[n / 2]);
}
