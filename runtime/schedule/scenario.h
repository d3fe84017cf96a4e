/* A scenario: a machine and a problem for it, with all names, owned by one object. */
#ifndef CHX_SCHEDULE_SCENARIO_H
#define CHX_SCHEDULE_SCENARIO_H

#include <chronaxie/schedule.h>

#include "schedule/machine_model.h"
#include "schedule/problem.h"

typedef struct chx__scenario {
    double units_per_ms; /* of the problem's times */
    chx__machine machine;
    chx__problem problem;
    chx__machine_model model; /* empty in the classical model */
    chx__machine_lane *lanes; /* of the classical model */
    chx__item *items;
    uint32_t *inputs_begin, *inputs;
    uint32_t *after_begin, *after;
    double *cost;
    char **task_names; /* n_tasks */
    char **lane_names; /* n_lanes */
} chx__scenario;

/* A problem of the classical model. Errors: INVALID, MEMORY. finish accepts what a failed init
 * left. */
chx_status chx__scenario_init(chx__scenario *scenario, const chx_schedule_problem *problem);
void chx__scenario_finish(chx__scenario *scenario);

#endif
