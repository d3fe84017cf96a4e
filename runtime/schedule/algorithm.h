/* Algorithms: ways to lay a problem on a machine, by name. */
#ifndef CHX_SCHEDULE_ALGORITHM_H
#define CHX_SCHEDULE_ALGORITHM_H

#include "schedule/problem.h"

/* On success the caller finishes *solution. Errors: CYCLE, INVALID, MEMORY. */
typedef chx_status chx__solve(const chx__machine *machine, const chx__problem *problem,
                              chx__solution *solution);

typedef struct chx__algorithm {
    const char *name;
    chx__solve *solve;
} chx__algorithm;

/* By index, the default first; NULL beyond the last. */
const chx__algorithm *chx__algorithm_at(size_t index);

/* By name, NULL meaning the default. Errors: INVALID with a sentence that lists what there is. */
chx_status chx__algorithm_find(const char *name, const chx__algorithm **algorithm);

/* The best of the others that are affordable for the size, then improved by chx__search() with
 * about 5 ms of moves, up to four times more for small problems. Never longer than HEFT. */
chx__solve chx__best;

/* The same with so many times the moves; 0: 1. Raises *bound_ns, below which no solution is. */
chx_status chx__best_with_effort(const chx__machine *machine, const chx__problem *problem,
                                 uint32_t effort, chx__solution *solution, double *bound_ns);

/* HEFT that appends to lanes only. */
chx__solve chx__heft_no_insertion;

/* Critical path on a processor (Topcuoglu 2002): the tasks of the critical path together on the
 * lane that is best for their sum. */
chx__solve chx__cpop;

/* Predicted earliest finish time (Arabnejad and Barbosa 2014): by a table of the optimistic cost
 * from each task and lane to the end. */
chx__solve chx__peft;

/* HEFT that looks one step ahead (Bittencourt 2010): a task goes where its dependants can finish
 * first. Transfers of the step ahead are estimated without contention. */
chx__solve chx__lookahead;

/* In the manner of HeteroPrio (Agullo 2016): the lane that is free first takes the ready task that
 * it is relatively best at, unless that would finish sooner elsewhere. */
chx__solve chx__heteroprio;

#endif
