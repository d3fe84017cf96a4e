/* Orders of tasks that follow what they wait for, kept with the position of each task. */
#ifndef CHX_SCHEDULE_ORDER_H
#define CHX_SCHEDULE_ORDER_H

#include "schedule/problem.h"

/* Fills order and position, each the other's inverse, with the tasks as they begin in a solution;
 * of those that begin together, what is waited for comes first. Errors: CYCLE, MEMORY. */
chx_status chx__order_read(const chx__problem *problem, const chx__solution *solution,
                           uint32_t *order, uint32_t *position);

/* Moves a task; all between the two positions shift by one. */
void chx__order_shift(uint32_t *order, uint32_t *position, uint32_t task, uint32_t to);

#endif
