/* The host's access to buffers, outside of any run. */
#ifndef CHX_EXECUTE_ACCESS_H
#define CHX_EXECUTE_ACCESS_H

#include "execute/runtime.h"

/* Brings [begin, end) into the host's replica from devices that hold it, over their copy-out lanes.
 * Under the turn, with no run in flight on the buffer. Errors: DEVICE, TIMEOUT. */
chx_status chx__access_fetch(chx_buffer *buffer, size_t begin, size_t end, uint64_t deadline_ns);

#endif
