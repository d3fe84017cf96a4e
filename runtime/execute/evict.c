/* A replica goes when no run in flight touches its buffer and nobody copies it: then the map of the
 * buffer is all that is known of it, and taking the device out of the map is all there is to do,
 * once the host has what only that device held.
 *
 * The turn is kept meanwhile, since the plan that needs the room was made for the data as it lies.
 * Runs are driven from here while one is waited for. A plan that was made before finds its replicas
 * gone by the count of evictions, and allocates them anew (variants.c). */
#include "execute/evict.h"

#include <assert.h>
#include <inttypes.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "execute/driver.h"
#include "execute/fetch.h"
#include "execute/tail.h"

#define NAP_NS 50000

static bool
is_named(const chx__cast *cast, const chx_buffer *buffer)
{
    for (uint32_t b = 0; b < cast->n_parts; b++)
        if (chx__cast_buffer(cast, b) == buffer)
            return true;
    return false;
}

/* Whether the replica is memory of the device's own that could be given up some time. */
static bool
is_spare(const chx_buffer *buffer, const chx__device *device, const chx__cast *keeps)
{
    return buffer->replicas[device->index] && !buffer->is_lent &&
           !chx__buffer_is_shared(buffer, chx__device_place(device)) && !is_named(keeps, buffer);
}

/* The replica that was used longest ago. */
static chx_buffer *
find_oldest(const chx_runtime *runtime, const chx__device *device, const chx__cast *keeps,
            bool in_flight)
{
    chx_buffer *oldest = NULL;
    for (chx_buffer *b = runtime->buffers; b; b = b->next)
        if (is_spare(b, device, keeps) && !b->is_held && (chx__tails_any(b) != NULL) == in_flight &&
            (!oldest || b->last_use < oldest->last_use))
            oldest = b;
    return oldest;
}

/* The first extent that only the device holds; NULL when there is none. */
static const chx__extent *
first_alone(const chx_buffer *buffer, const chx__device *device)
{
    const chx__places alone = chx__places_of(chx__device_place(device));
    for (size_t i = 0; i < buffer->coherence.n_extents; i++)
        if (chx__places_equal(buffer->coherence.extents[i].places, alone))
            return &buffer->coherence.extents[i];
    return NULL;
}

static chx_status
evict(chx_buffer *buffer, chx__device *device, uint64_t deadline_ns)
{
    assert(!buffer->is_held && !chx__tails_any(buffer));
    chx_runtime *runtime = buffer->runtime;
    const chx__extent *alone;
    while ((alone = first_alone(buffer, device))) {
        chx_status status = chx__fetch(buffer, alone->begin, alone->end, false, deadline_ns);
        if (status)
            return status;
    }
    chx__buffer_drop_replica(buffer, device, false);
    runtime->n_evictions++;
    chx__log(&runtime->logger, CHX_LOG_INFO, "%s: a buffer of %zu bytes makes room for another",
             device->info.name, buffer->size_bytes);
    return CHX_OK;
}

/* Drives runs until one that the buffer waits for has ended. */
static void
await(chx_buffer *buffer, uint64_t deadline_ns)
{
    while (chx__tails_any(buffer) && chx__now_ns() < deadline_ns)
        if (!chx__driver_move(buffer->runtime))
            nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
}

/* Says how much too little there is with all that the cast needs there. */
static chx_status
fail(const chx_buffer *buffer, const chx__device *device, const chx__cast *keeps)
{
    uint64_t needed = 0;
    for (uint32_t b = 0; b < keeps->n_parts; b++) {
        const chx_buffer *part = chx__cast_buffer(keeps, b);
        if (part == buffer || part->replicas[device->index])
            needed += part->size_bytes;
    }
    return chx__fail_cl(CHX_ERROR_DEVICE_MEMORY, 0, device->info.name, NULL,
                        "%s: a buffer of %zu bytes does not fit: with it the plan needs %" PRIu64
                        " bytes there at least, and the budget is %" PRIu64
                        "; use a smaller job or a larger budget",
                        device->info.name, buffer->size_bytes, needed, device->info.budget_bytes);
}

chx_status
chx__evict_for(chx_buffer *buffer, chx__device *device, const chx__cast *keeps)
{
    chx_runtime *runtime = buffer->runtime;
    const uint64_t deadline_ns = chx__now_ns() + runtime->access_timeout_ns;
    cl_mem memory;
    chx_status status;
    while ((status = chx__buffer_replica(buffer, device, &memory)) == CHX_ERROR_DEVICE_MEMORY) {
        chx_buffer *oldest = find_oldest(runtime, device, keeps, false);
        chx_buffer *busy = oldest ? NULL : find_oldest(runtime, device, keeps, true);
        if (busy)
            await(busy, deadline_ns);
        if (chx__now_ns() >= deadline_ns || (!oldest && !busy))
            return fail(buffer, device, keeps);
        status = oldest ? evict(oldest, device, deadline_ns) : CHX_OK;
        if (status)
            return status;
    }
    return status;
}

void
chx__evict_note_use(chx_runtime *runtime, const chx__cast *cast)
{
    runtime->n_uses++;
    for (uint32_t b = 0; b < cast->n_parts; b++)
        chx__cast_buffer(cast, b)->last_use = runtime->n_uses;
}
