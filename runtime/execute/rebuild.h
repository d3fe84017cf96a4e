/* Rebuilding: fresh contexts for platforms whose queues cannot be trusted any more. */
#ifndef CHX_EXECUTE_REBUILD_H
#define CHX_EXECUTE_REBUILD_H

#include "execute/runtime.h"

/* Gives every platform on which something failed or hung a fresh context; runs that still use it
 * are given some time to end and then fail. Needed before a queue of it is used again. Under the
 * turn, which is given up meanwhile. Errors: TIMEOUT while a host task of such a run does not
 * return. */
chx_status chx__rebuild_suspects(chx_runtime *runtime);

/* Brings bytes of a held buffer into host memory, over fresh queues where old ones may hang; also
 * when one is found to hang only now. Under the turn, which is given up meanwhile. Errors: as
 * chx__fetch(). */
chx_status chx__rebuild_and_fetch(chx_buffer *buffer, size_t begin, size_t end,
                                  uint64_t deadline_ns);

/* Takes a device out of use; as chx_runtime_exclude(). Under the turn, which is given up
 * meanwhile. */
chx_status chx__exclude(chx_runtime *runtime, chx__device *device, const char *reason,
                        uint64_t timeout_ns);

/* Takes a device back into use that was excluded and is well again; false when runs on its platform
 * do not end in time. Under the turn, which is given up meanwhile. */
bool chx__readmit(chx_runtime *runtime, chx__device *device, uint64_t timeout_ns);

#endif
