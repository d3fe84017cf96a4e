/* A refresh: a plan that is made anew in a thread of its own, while an older one serves on. */
#ifndef CHX_EXECUTE_REFRESH_H
#define CHX_EXECUTE_REFRESH_H

#include "execute/planner.h"

typedef struct chx__refresh chx__refresh;

/* Begins to make the plan. Nothing may be added to the graph before the end. Under the turn. NULL
 * when there is no thread or memory for it. */
chx__refresh *chx__refresh_start(const chx_graph *graph, const chx__shares *shares,
                                 const chx__algorithm *algorithm);

/* Whether it can be finished without waiting. */
bool chx__refresh_is_done(const chx__refresh *refresh);

/* Waits for the thread and gives its plan, or NULL when the world has changed meanwhile; clears
 * *refresh. Under the turn, which is given up while it waits. Errors: as chx__planner_make(). */
chx_status chx__refresh_finish(chx__refresh **refresh, chx__lowered **lowered);

#endif
