/* The partials of a plan, see graph/reduction.h. All of it is under the turn. */
#ifndef CHX_EXECUTE_PARTIALS_H
#define CHX_EXECUTE_PARTIALS_H

#include "execute/runtime.h"
#include "graph/reduction.h"

/* Sees to it that the graph, as it is now, can be divided over all devices. What was made before
 * stays, for divisions name it. Errors: MEMORY; what it has made is kept for the next call. */
chx_status chx__partials_provide(chx__partials *partials, const chx_graph *graph);

/* Runs that use them have ended. The turn may be given up. */
void chx__partials_finish(chx__partials *partials);

#endif
