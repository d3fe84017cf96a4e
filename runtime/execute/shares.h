/* Choosing shares: what each device gets of the tasks that can be divided. */
#ifndef CHX_EXECUTE_SHARES_H
#define CHX_EXECUTE_SHARES_H

#include <chronaxie/plan.h>

#include "graph/division.h"

/* The shares with which runs of the graph, one after the other, are expected to take least, by the
 * present costs. Those in `present` (NULL: none) are given again unless others gain more than their
 * data's way is worth. Pieces may work in the partials, for as long as the shares are in use;
 * without (NULL) what reduces stays whole. Under the turn, which is given up meanwhile. Errors:
 * MEMORY, LIMIT, INVALID. */
chx_status chx__shares_choose(const chx_graph *graph, const chx__partials *partials,
                              const chx__shares *present, chx__shares *chosen);

#endif
