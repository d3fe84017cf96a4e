/*
 * A buffer: one logical array of bytes with a replica on each device that
 * needs it.
 *
 * Which replica is current is tracked by byte range. Plans copy a range to a
 * device only when it is not already there; the host's copy is one more
 * replica. A buffer may be used by several graphs of its runtime, from one
 * thread at a time.
 *
 * The size of NULL is 0.
 */
#ifndef CHRONAXIE_BUFFER_H
#define CHRONAXIE_BUFFER_H

#include <chronaxie/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct chx_buffer chx_buffer;

/* Creates a buffer of size_bytes (at least 1). initial is copied when given; without it the content
 * is all zero bytes. Device memory is taken when a plan first needs it, and given up again, once no
 * run in flight uses the buffer, when another needs the room. Errors: MEMORY, LIMIT, INVALID. */
CHX_API chx_status chx_buffer_create(chx_runtime *runtime, size_t size_bytes, const void *initial,
                                     chx_buffer **buffer);

/* Creates a buffer over the caller's memory, with what it holds, without a copy: where a device
 * works on host memory (processors, most built-in GPUs) it works on this. The memory stays the
 * caller's and must outlive the buffer. Its bytes are the buffer's from then on: before the caller
 * looks at them, chx_buffer_read() with their own address makes them current, and
 * chx_buffer_write() with their own address says that the caller has changed them; neither copies
 * what need not be. After a run that failed or timed out a device may write to the memory for as
 * long as the runtime lives. Errors: MEMORY, INVALID. */
CHX_API chx_status chx_buffer_wrap(chx_runtime *runtime, void *memory, size_t size_bytes,
                                   chx_buffer **buffer);

/* Clears *buffer; accepts NULL. Runs that use it must have ended, graphs may not run again. */
CHX_API void chx_buffer_destroy(chx_buffer **buffer);

/* Size in bytes. Any thread. */
CHX_API size_t chx_buffer_size(const chx_buffer *buffer);

/* Copies size_bytes from data into the buffer. Blocks until runs in flight that use the buffer have
 * ended. Errors: INVALID when the range is outside, the run's error when it failed. */
CHX_API chx_status chx_buffer_write(chx_buffer *buffer, size_t offset_bytes, size_t size_bytes,
                                    const void *data);

/* Copies size_bytes out of the buffer after the runs in flight that use it; blocks. data is not
 * written on failure. Errors: INVALID, DEVICE, TIMEOUT. */
CHX_API chx_status chx_buffer_read(chx_buffer *buffer, size_t offset_bytes, size_t size_bytes,
                                   void *data);

#ifdef __cplusplus
}
#endif

#endif
