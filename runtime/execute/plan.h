/* A plan, for those who submit it. */
#ifndef CHX_EXECUTE_PLAN_H
#define CHX_EXECUTE_PLAN_H

#include "execute/run.h"

/* Puts a run of the plan in flight; the caller owns a reference. Unless somebody attends to the
 * run, the next submit tells how it failed. Under the turn, which it may give up. */
chx_status chx__plan_submit(chx_plan *plan, bool is_attended, chx_run **run);

const chx_graph *chx__plan_graph(const chx_plan *plan);

/* Whether each submit is to be rehearsed. */
bool chx__plan_checks_ranges(const chx_plan *plan);

#endif
