/* The placer: puts one task after another on lanes, each where it finishes first or where it is
 * told to. Every list scheduler here is an order of tasks and a way to use this. */
#ifndef CHX_SCHEDULE_PLACER_H
#define CHX_SCHEDULE_PLACER_H

#include "schedule/occupancy.h"

/* Where on a lane a task may go. */
typedef enum chx__placing {
    CHX__PLACE_IN_GAPS = 0, /* the earliest gap that holds it */
    CHX__PLACE_AT_END, /* after all work of the lane */
} chx__placing;

typedef struct chx__placer {
    const chx__machine *machine;
    const chx__problem *problem;
    chx__placing placing;
    chx__occupancy occupancy;
    double *ready_ns; /* what each place was found to allow, below zero where none was asked */
} chx__placer;

/* finish accepts what a failed init left. The solution has room for its tasks. Errors: MEMORY. */
chx_status chx__placer_init(chx__placer *placer, const chx__machine *machine,
                            const chx__problem *problem, chx__placing placing,
                            chx__solution *solution);
void chx__placer_finish(chx__placer *placer);

/* Finds the lane with the least finish plus penalty for a task, all it waits for being placed; of
 * equal lanes the first. penalty_ns has n_lanes elements; NULL: none. Errors: INVALID when its data
 * cannot get to any lane that may run it; MEMORY. */
chx_status chx__placer_find(chx__placer *placer, uint32_t task, const double *penalty_ns,
                            chx__placement *best);

/* Places the task found a lane for last there. Errors: MEMORY. */
chx_status chx__placer_commit(chx__placer *placer, uint32_t task, const chx__placement *placement);

/* Both. */
chx_status chx__placer_place(chx__placer *placer, uint32_t task, const double *penalty_ns);

/* Places a task on the lane given, unless its data cannot get there; *placed says which. Errors:
 * MEMORY. */
chx_status chx__placer_place_on(chx__placer *placer, uint32_t task, uint32_t lane, bool *placed);

/* Checks a problem, has all its tasks placed and hands the solution out. Errors: CYCLE, INVALID,
 * MEMORY. */
chx_status chx__placer_solve(const chx__machine *machine, const chx__problem *problem,
                             chx__placing placing, chx_status (*place)(chx__placer *placer),
                             chx__solution *solution);

#endif
