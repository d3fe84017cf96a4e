/* Arcs: the tasks that wait for each task, the other way round than a problem states it. */
#ifndef CHX_SCHEDULE_ARCS_H
#define CHX_SCHEDULE_ARCS_H

#include "schedule/problem.h"

#define CHX__NO_ITEM UINT32_MAX

typedef struct chx__arc {
    uint32_t task; /* that waits */
    uint32_t item; /* for this item; CHX__NO_ITEM where it only follows */
} chx__arc;

/* arcs[begin[t] .. begin[t + 1]) leave task t; a task may be reached twice. */
typedef struct chx__arcs {
    uint32_t *begin; /* n_tasks + 1 */
    chx__arc *arcs;
} chx__arcs;

/* finish accepts what a failed init left. Errors: MEMORY. */
chx_status chx__arcs_init(chx__arcs *arcs, const chx__problem *problem);
void chx__arcs_finish(chx__arcs *arcs);

#endif
