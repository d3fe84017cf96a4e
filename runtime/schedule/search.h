/* Search: improves a solution by moving tasks in the order of placement and between lanes. */
#ifndef CHX_SCHEDULE_SEARCH_H
#define CHX_SCHEDULE_SEARCH_H

#include "schedule/problem.h"

/* The same problem, solution and parameters give the same result on every machine. */
typedef struct chx__search_params {
    uint64_t seed;
    /* How much to try, counted in placements and their inputs, not in time; too few
     * for a few moves try nothing. About 25 million a second. */
    uint64_t n_steps;
} chx__search_params;

/* Replaces *solution when a shorter one is found. Annealing: a move that lengthens the schedule is
 * taken with a chance that falls as the search goes on. Errors: MEMORY; *solution stays whole. */
chx_status chx__search(const chx__machine *machine, const chx__problem *problem,
                       const chx__search_params *params, chx__solution *solution);

#endif
