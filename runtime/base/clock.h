/* The one clock that host, devices and traces are laid on. */
#ifndef CHX_BASE_CLOCK_H
#define CHX_BASE_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC_RAW in nanoseconds: what PoCL stamps its events with, so that device offsets are
 * zero there. */
uint64_t chx__now_ns(void);

#endif
