/* A stopwatch: elapsed time of this process, and medians of it. */
#ifndef CHRONAXIE_STOPWATCH_H
#define CHRONAXIE_STOPWATCH_H

#include <stddef.h>
#include <stdint.h>

/* Nanoseconds of a clock that never goes back. */
uint64_t stopwatch_now_ns(void);

/* Seconds since a reading of that clock. */
double stopwatch_seconds_since(uint64_t begin_ns);

/* The median of n > 0 numbers, which are sorted in place. */
double stopwatch_median(double *seconds, size_t n);

#endif
