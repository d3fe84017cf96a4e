/* Buffers that the executor has of its own, as chx_buffer_create() and chx_buffer_destroy() make
 * and destroy callers'. */
#ifndef CHX_EXECUTE_ACCESS_H
#define CHX_EXECUTE_ACCESS_H

#include "execute/runtime.h"
#include "memory/buffer.h"

/* Under the turn. Errors: MEMORY. */
chx_status chx__access_create(chx_runtime *runtime, size_t size_bytes, chx_buffer **buffer);

/* Waits for runs that use it. Under the turn, which is given up meanwhile. */
void chx__access_destroy(chx_buffer **buffer);

#endif
