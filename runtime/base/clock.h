/* The one clock that host, devices and traces are laid on. */
#ifndef CHX_BASE_CLOCK_H
#define CHX_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>

/* CLOCK_MONOTONIC_RAW in nanoseconds: what PoCL stamps its events with, so that device offsets are
 * zero there. */
uint64_t chx__now_ns(void);

/* Makes a condition that chx__clock_sleep() sleeps on. */
void chx__clock_init_cond(pthread_cond_t *cond);

/* Sleeps on the condition, whose mutex the caller holds, until it is signalled or chx__now_ns() has
 * passed the deadline (UINT64_MAX: none), or perhaps sooner: callers look again. */
void chx__clock_sleep(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t deadline_ns);

#endif
