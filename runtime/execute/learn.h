/* Learning: what a run measured goes into the cost models. */
#ifndef CHX_EXECUTE_LEARN_H
#define CHX_EXECUTE_LEARN_H

#include "execute/run.h"

/* Once for a run that has ended well. Under the turn. */
void chx__learn(const chx_run *run);

/* Recalls what kernels cost earlier processes on the runtime's devices, and keeps what this one
 * knows. At a runtime's begin and end. Warns of a driver that is slower than the one before. */
void chx__learn_begin(chx_runtime *runtime);
void chx__learn_end(chx_runtime *runtime);

#endif
