/* Eviction: room on a device from replicas that nobody needs there now. */
#ifndef CHX_EXECUTE_EVICT_H
#define CHX_EXECUTE_EVICT_H

#include "execute/runtime.h"
#include "graph/cast.h"

/* Allocates the buffer's replica on the device, if need be in place of other buffers' replicas that
 * the cast does not name and nobody uses: first those that were used longest ago. What only a
 * device held is fetched before. Between chx__evict_begin() and chx__evict_end(), under the turn,
 * which may be given up; nothing on a device that has gone meanwhile. Errors: DEVICE_MEMORY with
 * what is missing, and whether there will be room when others are done; LIMIT, DEVICE, TIMEOUT,
 * MEMORY. */
chx_status chx__evict_for(chx_buffer *buffer, chx__device *device, const chx__cast *keeps,
                          bool *may_wait);

/* For all replicas of a plan: nobody else makes room in between. Under the turn, which the first
 * may give up. */
void chx__evict_begin(chx_runtime *runtime);
void chx__evict_end(chx_runtime *runtime);

/* Notes that a run is submitted which uses the cast's buffers. Under the turn. */
void chx__evict_note_use(chx_runtime *runtime, const chx__cast *cast);

#endif
