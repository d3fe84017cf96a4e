/* A rehearsal: every kernel task of a graph alone, on copies, to see that it keeps to its
 * ranges. */
#ifndef CHX_EXECUTE_REHEARSAL_H
#define CHX_EXECUTE_REHEARSAL_H

#include <chronaxie/plan.h>

/* Runs the kernel tasks in program order on copies of what the buffers hold now; host tasks are
 * left out. Not under the turn. Errors: KERNEL naming task, argument and bytes; those of plans and
 * runs. */
chx_status chx__rehearse(const chx_graph *graph);

#endif
