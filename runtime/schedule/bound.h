/* Bounds: what no solution of a problem is shorter than. */
#ifndef CHX_SCHEDULE_BOUND_H
#define CHX_SCHEDULE_BOUND_H

#include "schedule/problem.h"

/* The larger of the longest path, with the best lanes for its tasks and transfers, and the area
 * that all tasks take of all lanes; of large problems each task at its cheapest. Errors: CYCLE,
 * with a task of one in *cyclic; MEMORY. */
chx_status chx__bound_find(const chx__machine *machine, const chx__problem *problem,
                           double *bound_ns, uint32_t *cyclic);

/* Raises the bound of a small problem towards a makespan that is known, by refuting lengths between
 * the two. Options are tried for so many steps, of which there are about 100 million a second; what
 * follows from a length without trying is looked at in any case, which takes up to some 50 ms for
 * 64 tasks with many inputs on 16 lanes. Errors: MEMORY. */
chx_status chx__bound_raise(const chx__machine *machine, const chx__problem *problem,
                            double makespan_ns, uint64_t n_steps, double *bound_ns);

#endif
