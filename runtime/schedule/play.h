/* Playing a solution on a virtual clock: lanes keep their order, durations differ from what was
 * planned. */
#ifndef CHX_SCHEDULE_PLAY_H
#define CHX_SCHEDULE_PLAY_H

#include "schedule/problem.h"

typedef struct chx__play {
    double sigma; /* of the logarithm of durations over planned ones */
    uint64_t seed;
    const double *lane_factors; /* n_lanes: how much longer work takes there; NULL: as planned */
} chx__play;

/* Fills *played, which the caller finishes, with what would happen; tasks and moves stand as in
 * the solution. Errors: MEMORY. */
chx_status chx__play_solution(const chx__machine *machine, const chx__problem *problem,
                              const chx__solution *solution, const chx__play *params,
                              chx__solution *played);

#endif
