/* A buffer: one logical array of bytes, its replicas and where its content is.
 *
 * This floor allocates and frees replicas and keeps the account of them; moving
 * bytes between them is the executor's work. */
#ifndef CHX_MEMORY_BUFFER_H
#define CHX_MEMORY_BUFFER_H

#include <chronaxie/buffer.h>

#include "device/fleet.h"
#include "memory/coherence.h"

/* Commands in flight that touch a buffer; kept by the executor. */
typedef struct chx__tails chx__tails;

struct chx_buffer {
    chx_runtime *runtime;
    chx__fleet *fleet;
    size_t size_bytes;
    unsigned char *host; /* the host's replica */
    cl_mem *replicas; /* one per device of the fleet, NULL until needed */
    chx__coherence coherence;
    chx__tails *tails; /* the executor's; NULL until first used */
    chx_buffer *previous, *next; /* all buffers of a runtime; the executor's list */
};

/* Creates the buffer with its content in host memory. */
chx_status chx__buffer_create(chx_runtime *runtime, chx__fleet *fleet, size_t size_bytes,
                              const void *initial, chx_buffer **buffer);

/* Frees the buffer and its replicas; the executor has taken it off its list. */
void chx__buffer_free(chx_buffer *buffer);

/* The device's replica, allocated when there is none yet. Opens the device. Errors: DEVICE_MEMORY,
 * LIMIT beyond the device's largest allocation, DEVICE. */
chx_status chx__buffer_replica(chx_buffer *buffer, chx__device *device, cl_mem *memory);

/* Frees the device's replica, or only forgets it when its context is to be set aside; what it alone
 * held is lost. */
void chx__buffer_drop_replica(chx_buffer *buffer, chx__device *device, bool set_aside);

#endif
