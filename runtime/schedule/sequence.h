/* A sequence: tasks in the order in which they are appended to lanes, and the times that follow, in
 * the classical model. What a change moves is all that is counted again. */
#ifndef CHX_SCHEDULE_SEQUENCE_H
#define CHX_SCHEDULE_SEQUENCE_H

#include "schedule/arcs.h"
#include "schedule/problem.h"

/* Something that a task waits for. */
typedef struct chx__wait {
    uint32_t task;
    double transfer_ns; /* where the two are at different places */
} chx__wait;

/* A task on a lane. */
typedef struct chx__option {
    double cost_ns; /* INFINITY where the lane may not run the task */
    double release_ns; /* when data that is there from the start has come */
    double tail_ns; /* what must follow at least */
} chx__option;

typedef struct chx__sequence {
    const chx__machine *machine;
    uint32_t n_tasks;
    chx__option *options; /* n_tasks x n_lanes */
    uint32_t *waits_begin; /* n_tasks + 1 */
    chx__wait *waits;
    chx__arcs arcs; /* what waits for each task */
    uint32_t *order, *position; /* each the other's inverse; topological */
    uint32_t *lanes, *places; /* by task */
    double *finish_ns; /* as last kept */
    double *trial_ns; /* as last tried */
    uint32_t n_tried; /* positions that were, in the last trial */
    double *lane_end_ns; /* n_lanes */
    uint32_t *lane_last; /* n_lanes */
    uint32_t *lane_before; /* by task: what is before it on its lane; set by critical() */
} chx__sequence;

/* Whether nothing contends but the lanes themselves. */
bool chx__sequence_fits(const chx__machine *machine);

/* Takes order and lanes from a solution; times are not kept until a trial from 0 is. finish accepts
 * what a failed init left. Errors: CYCLE, MEMORY. */
chx_status chx__sequence_init(chx__sequence *of, const chx__machine *machine,
                              const chx__problem *problem, const chx__solution *solution);
void chx__sequence_finish(chx__sequence *of);

void chx__sequence_set_lane(chx__sequence *of, uint32_t task, uint32_t lane);

/* Moves a task in the order; all between the two positions shift by one. */
void chx__sequence_shift(chx__sequence *of, uint32_t task, uint32_t to);

/* The positions, first and last, that a task may move to without any other moving past what it
 * waits for or what waits for it. */
void chx__sequence_range(const chx__sequence *of, uint32_t task, uint32_t *low, uint32_t *high);

/* The makespan when everything from a position on may have changed since times were kept; INFINITY
 * as soon as it must exceed the limit. Adds what it looked at to *n_steps. */
double chx__sequence_try(chx__sequence *of, uint32_t first, double limit_ns, uint64_t *n_steps);

/* Keeps the times last tried from first on, or forgets them. */
void chx__sequence_keep(chx__sequence *of, uint32_t first);
void chx__sequence_forget(chx__sequence *of, uint32_t first);

/* The tasks that the makespan hangs on, from the last to the first; returns how many. */
uint32_t chx__sequence_critical(chx__sequence *of, uint32_t *critical);

/* Writes the kept times out; the solution has room for the tasks. */
void chx__sequence_write(const chx__sequence *of, chx__solution *solution);

#endif
