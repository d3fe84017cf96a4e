/* Learning: what a run measured goes into the cost models. */
#ifndef CHX_EXECUTE_LEARN_H
#define CHX_EXECUTE_LEARN_H

#include "execute/run.h"

/* Once for a run that has ended well. Under the turn. */
void chx__learn(const chx_run *run);

#endif
