/* What the loader of task graphs needs beside the public noun. */
#ifndef CHX_SCHEDULE_SCHEDULE_H
#define CHX_SCHEDULE_SCHEDULE_H

#include <chronaxie/schedule.h>

#include "schedule/scenario.h"

/* The largest time that a problem may state, so that no sum of them overflows: 30 years. */
#define CHX__SCHEDULE_MAX_MS 1e12

/* As chx_schedule_create(), with what applies of params. */
chx_status chx__schedule_create(const chx_schedule_problem *problem,
                                const chx_schedule_params *params, chx_schedule **schedule);

/* The same without a sentence about a cycle; after CHX_ERROR_CYCLE, *cyclic is a task
 * of the cycle. */
chx_status chx__schedule_solve(const chx_schedule_problem *problem,
                               const chx_schedule_params *params, chx_schedule **schedule,
                               uint32_t *cyclic);

/* The same for a scenario, which is taken, also on failure but for an unknown algorithm, and left
 * empty then. */
chx_status chx__schedule_plan(chx__scenario *scenario, const chx_schedule_params *params,
                              chx_schedule **schedule, uint32_t *cyclic);

#endif
