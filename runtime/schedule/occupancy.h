/* When the lanes of a machine are free while a schedule is built, and when data is where.
 * Everything here is committed; what a candidate would do is tried without a trace. */
#ifndef CHX_SCHEDULE_OCCUPANCY_H
#define CHX_SCHEDULE_OCCUPANCY_H

#include "schedule/free_time.h"
#include "schedule/problem.h"

/* An input that a task needs, and the time from which it exists somewhere. */
typedef struct chx__need {
    uint32_t item;
    double exists_ns;
} chx__need;

typedef struct chx__occupancy {
    const chx__machine *machine;
    const chx__problem *problem;
    chx__solution *solution; /* borrowed; tasks and moves are committed to it */
    size_t moves_capacity;
    chx__free_time *lanes; /* n_lanes */
    uint32_t *rivals; /* lanes that never work while lane l does: */
    uint32_t *rivals_begin; /* rivals[rivals_begin[l] .. rivals_begin[l + 1]) */
    double *arrival_ns; /* n_items x n_places, INFINITY where absent; classical: NULL */
    chx__need *needs; /* of the task in hand, by time */
    size_t n_needs;
    double after_ns; /* of the task in hand: when all it follows has finished */
    chx__move *tried; /* moves of the candidate in hand */
    size_t n_tried, tried_capacity;
} chx__occupancy;

/* finish accepts what a failed init left. Errors: MEMORY. */
chx_status chx__occupancy_init(chx__occupancy *occupancy, const chx__machine *machine,
                               const chx__problem *problem, chx__solution *solution);
void chx__occupancy_finish(chx__occupancy *occupancy);

/* Forgets all that was committed, here and in the solution. */
void chx__occupancy_reset(chx__occupancy *occupancy);

/* Takes a task in hand; everything it waits for is committed. */
void chx__occupancy_consider(chx__occupancy *occupancy, uint32_t task);

/* Plans the moves that the task in hand needs at a place and says when it can start there: INFINITY
 * when some input cannot get there. Errors: MEMORY. */
chx_status chx__occupancy_try(chx__occupancy *occupancy, uint32_t place, double *ready_ns);

/* Commits the task in hand with the moves tried last. Errors: MEMORY. */
chx_status chx__occupancy_commit(chx__occupancy *occupancy, uint32_t task,
                                 const chx__placement *placement);

#endif
