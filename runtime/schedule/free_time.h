/* The time in which a lane has nothing to do: gaps in rising order, the last without end. */
#ifndef CHX_SCHEDULE_FREE_TIME_H
#define CHX_SCHEDULE_FREE_TIME_H

#include <stdbool.h>
#include <stddef.h>

typedef struct chx__gap {
    double start_ns;
    double finish_ns;
} chx__gap;

/* Gaps neither touch nor overlap, and none is empty. */
typedef struct chx__free_time {
    chx__gap *gaps;
    size_t n_gaps;
    size_t capacity;
} chx__free_time;

/* All time from 0 on is free. False when memory is out; finish accepts that. */
bool chx__free_time_init(chx__free_time *time);
void chx__free_time_finish(chx__free_time *time);

/* All time is free again. */
void chx__free_time_reset(chx__free_time *time);

/* When the last work on the lane ends. */
double chx__free_time_end(const chx__free_time *time);

/* The earliest start, not before ready_ns, of a gap that holds duration_ns. INFINITY when the work
 * could not finish before limit_ns. */
double chx__free_time_find(const chx__free_time *time, double ready_ns, double duration_ns,
                           double limit_ns);

/* Takes what is still free of [start, finish) away. False when memory is out. */
bool chx__free_time_take(chx__free_time *time, double start_ns, double finish_ns);

#endif
