/* Eviction: room on a device from replicas that nobody needs there now. */
#ifndef CHX_EXECUTE_EVICT_H
#define CHX_EXECUTE_EVICT_H

#include "execute/runtime.h"
#include "graph/cast.h"

/* Allocates the buffer's replica on the device, if need be in place of other buffers' replicas that
 * the cast does not name: first those that were used longest ago. What only a device held is
 * fetched before, and runs in flight are waited for where nothing else is left. Under the turn,
 * which is kept. Errors: DEVICE_MEMORY with what is missing, LIMIT, DEVICE, TIMEOUT, MEMORY. */
chx_status chx__evict_for(chx_buffer *buffer, chx__device *device, const chx__cast *keeps);

/* Notes that a run is submitted which uses the cast's buffers. Under the turn. */
void chx__evict_note_use(chx_runtime *runtime, const chx__cast *cast);

#endif
