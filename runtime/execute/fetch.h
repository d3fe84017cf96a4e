/* Fetching: bytes of a buffer into the host's replica, outside of any run. */
#ifndef CHX_EXECUTE_FETCH_H
#define CHX_EXECUTE_FETCH_H

#include "execute/runtime.h"

/* Brings [begin, end) to the host from devices that hold it, over their copy-out lanes. Under the
 * turn, with no run in flight on the buffer, which is held where the turn is given up meanwhile.
 * Errors: DEVICE, TIMEOUT, MEMORY. */
chx_status chx__fetch(chx_buffer *buffer, size_t begin, size_t end, bool gives_up_turn,
                      uint64_t deadline_ns);

#endif
