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

/* What runs can be repeated from; the executor's. */
typedef struct chx__redo chx__redo;

/* What a device whose command was given up may still do to the host's memory. */
typedef enum chx__reach {
    CHX__REACH_NONE = 0,
    CHX__REACH_READ,
    CHX__REACH_WRITE,
} chx__reach;

struct chx_buffer {
    chx_runtime *runtime;
    chx__fleet *fleet;
    size_t size_bytes;
    unsigned char *host; /* the host's replica */
    bool is_wrapped; /* host is the caller's memory */
    uint32_t sharer; /* place of the device that works on host itself; the host's when none does */
    chx_error loss; /* why bytes were lost the last time; all zeroes when a device was */
    chx__reach reach; /* of devices to `host`, at any time: then it is never freed */
    chx__reach doubt; /* the same of a run that fails, while it ends; the executor's */
    chx__places lent; /* whose replicas couriers had parcels of when a run ended; the executor's */
    cl_mem *replicas; /* one per device of the fleet, NULL until needed */
    chx__coherence coherence; /* once all that is in flight has ended well */
    chx__coherence settled; /* as far as runs have ended, while some touch it; the executor's */
    size_t n_promised; /* changes that runs in flight may still make; the executor's */
    chx__tails *tails; /* the executor's; NULL until first used */
    uint32_t n_waiting; /* threads that wait to hold it; the executor's */
    uint32_t n_restorers; /* redos that make its content again; the executor's */
    uint64_t n_writes; /* by runs and callers, ever; the executor's */
    chx__redo *redo; /* of the runs that wrote it last, where there is one; the executor's */
    bool is_partial; /* a plan's, which begins it anew in each run; the executor's */
    bool has_part; /* while graph/cast.c assigns parts */
    bool is_held; /* a thread copies its bytes outside of runs; the executor's */
    uint64_t last_use; /* by a run, counted over the runtime; the executor's */
    chx_buffer *previous, *next; /* all buffers of a runtime; the executor's list */
};

/* Creates the buffer with its content in host memory. */
chx_status chx__buffer_create(chx_runtime *runtime, chx__fleet *fleet, size_t size_bytes,
                              const void *initial, chx_buffer **buffer);

/* Creates the buffer over the caller's memory and its content. */
chx_status chx__buffer_wrap(chx_runtime *runtime, chx__fleet *fleet, void *memory,
                            size_t size_bytes, chx_buffer **buffer);

/* Whether the replica in a place is the host's memory itself. */
static inline bool
chx__buffer_is_shared(const chx_buffer *buffer, uint32_t place)
{
    return place != CHX__HOST_PLACE && buffer->sharer == place;
}

/* Gives the buffer fresh host memory with the same bytes, since commands that nobody can call off
 * may still reach the old, which is never freed. Without memory for it, and where it is the
 * caller's or a device works on it, the old one stays in use for as long as the buffer lives, and
 * what the host holds of it is lost if it may still be written. */
void chx__buffer_retire_host(chx_buffer *buffer, chx__reach reach);

/* Reports that no place holds [begin, end), and why. Returns CHX_ERROR_DEVICE. */
chx_status chx__buffer_fail_lost(const chx_buffer *buffer, size_t begin, size_t end);

/* Frees the buffer and its replicas; the executor has taken it off its list. */
void chx__buffer_free(chx_buffer *buffer);

/* The device's replica, allocated when there is none yet. Opens the device. Errors: DEVICE_MEMORY,
 * LIMIT beyond the device's largest allocation, DEVICE. */
chx_status chx__buffer_replica(chx_buffer *buffer, chx__device *device, cl_mem *memory);

/* Makes room for the next chx__buffer_note_copy(), beside the changes that runs may make. Errors:
 * MEMORY. */
chx_status chx__buffer_reserve_change(chx_buffer *buffer);

/* The place holds [begin, end) as well now, whatever becomes of runs in flight. */
void chx__buffer_note_copy(chx_buffer *buffer, size_t begin, size_t end, uint32_t place);

/* What only the device held is lost. The replica stays as it is, for a call that is stuck may name
 * it. */
void chx__buffer_lose_replica(chx_buffer *buffer, const chx__device *device);

/* Frees the device's replica, or only forgets it when its context is to be set aside; what it alone
 * held is lost. */
void chx__buffer_drop_replica(chx_buffer *buffer, chx__device *device, bool set_aside);

#endif
