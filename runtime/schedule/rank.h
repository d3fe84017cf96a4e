/* Ranks: how urgent tasks are by what waits for them, and the average costs that ranks are made
 * of. */
#ifndef CHX_SCHEDULE_RANK_H
#define CHX_SCHEDULE_RANK_H

#include "schedule/problem.h"

/* What moving data between two different places costs on average: latency + bytes x
 * ns_per_byte. */
typedef struct chx__mean_link {
    double latency_ns;
    double ns_per_byte;
} chx__mean_link;

chx__mean_link chx__mean_link_of(const chx__machine *machine);

/* What an item costs to move over it. */
double chx__mean_transfer_ns(const chx__mean_link *link, const chx__item *item);

/* Whether a lane may run a task. */
bool chx__lane_allows(const chx__machine *machine, const chx__problem *problem, uint32_t task,
                      uint32_t lane);

/* The mean cost of a task over the lanes that allow it. */
double chx__mean_cost_ns(const chx__machine *machine, const chx__problem *problem, uint32_t task);

/* Fills order[0 .. n_tasks) with the tasks by falling upward rank; of equal ranks, which tasks
 * without cost have, what is waited for comes first; then the lower index. Each task follows what
 * it waits for. Errors: CYCLE, MEMORY. */
chx_status chx__rank_order(const chx__machine *machine, const chx__problem *problem,
                           uint32_t *order);

/* Fills order[0 .. n_tasks) so that next comes always the ready task of highest priority, of equal
 * ones the lower index. Errors: MEMORY; the problem must have no cycle. */
chx_status chx__priority_order(const chx__problem *problem, const double *priority,
                               uint32_t *order);

#endif
