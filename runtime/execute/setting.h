/* A setting: what the scheduler is asked about a graph. What its data weighs and where it lies, and
 * what each task costs on each lane. */
#ifndef CHX_EXECUTE_SETTING_H
#define CHX_EXECUTE_SETTING_H

#include "execute/model.h"
#include "graph/cast.h"
#include "schedule/problem.h"

typedef struct chx__setting {
    chx__item *items; /* the flow's versions */
    double *costs;
} chx__setting;

/* With the data where it lies now. Under the turn. Errors: MEMORY. */
chx_status chx__setting_init(chx__setting *setting, const chx_graph *graph, const chx__flow *flow,
                             const chx__cast *cast, const chx__model *model);

void chx__setting_finish(chx__setting *setting);

/* The problem, which borrows the setting and the flow. */
chx__problem chx__setting_problem(const chx__setting *setting, const chx_graph *graph,
                                  const chx__flow *flow);

#endif
