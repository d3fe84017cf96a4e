/* Probation: devices that a recovery has left out are tried again, ever more seldom, and used again
 * once they are well. */
#ifndef CHX_EXECUTE_PROBATION_H
#define CHX_EXECUTE_PROBATION_H

#include "execute/runtime.h"

/* Begins a trial that is due, and takes devices back that have passed theirs. Before a submit of a
 * plan that recovers, under the turn, which may be given up. Does without where memory is out. */
void chx__probation_look(chx_runtime *runtime);

/* False when a driver holds a trial: then nothing of the runtime may be released. Clears
 * *probation, accepts an empty one. */
bool chx__probation_destroy(chx__probation **probation);

#endif
