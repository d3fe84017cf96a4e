/* The vigil: notices devices that are late with the work of plans that recover, long before the
 * deadlines of their runs.
 *
 * Late is what takes twice as long as it is expected to and 0.2 s more, from when it can have
 * begun. A late device is asked for a heartbeat. Where that stays out for as long again, the device
 * is taken for dead; where it comes, the device is let work on, and its command is taken for hung
 * only after 16 times its time and 3 s. Either way the runs that need it fail, and are repeated
 * without it. */
#ifndef CHX_EXECUTE_VIGIL_H
#define CHX_EXECUTE_VIGIL_H

#include "execute/runtime.h"

typedef struct chx__vigil chx__vigil;

/* Errors: MEMORY. */
chx_status chx__vigil_create(const chx__fleet *fleet, chx__vigil **vigil);

/* False when a driver holds a heartbeat: then nothing of its platform may be released. Clears
 * *vigil, accepts an empty one. */
bool chx__vigil_destroy(chx__vigil **vigil);

/* Looks at all devices, unless it has just done so; fails the runs of one that is not to be waited
 * for. Calls no driver. The driver thread, under the turn. */
void chx__vigil_look(chx_runtime *runtime);

/* Before a platform's context is released: whether no heartbeat uses it any more. Under the
 * turn. */
bool chx__vigil_leave(chx_runtime *runtime, const chx__platform *platform);

#endif
