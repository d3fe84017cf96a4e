/* A replica goes when no run in flight touches its buffer and nobody copies it: then the map of the
 * buffer is all that is known of it, and taking the device out of the map is all there is to do,
 * once the host has what only that device held. The buffer is held meanwhile, as by a reader, so
 * that the turn can be given up.
 *
 * One plan at a time makes room, from its first replica to its last, for another that did so
 * meanwhile would take what the first has made. Plans that were made before find their replicas
 * gone by the count of evictions, and allocate them anew (variants.c). */
#include "execute/evict.h"

#include <assert.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/error.h"
#include "execute/rebuild.h"
#include "execute/tail.h"
#include "execute/wait.h"

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
    bool is_out = chx__places_have(buffer->lent, chx__device_place(device)) &&
                  chx__courier_n_out(device->platform->courier) > 0;
    return buffer->replicas[device->index] && !is_out &&
           !chx__buffer_is_shared(buffer, chx__device_place(device)) && !is_named(keeps, buffer);
}

static bool
is_idle(const chx_buffer *buffer)
{
    return !buffer->is_held && buffer->n_restorers == 0 && !chx__tails_any(buffer);
}

/* The replica that was used longest ago, of those that are idle or of those that are not. */
static chx_buffer *
find_oldest(const chx_runtime *runtime, const chx__device *device, const chx__cast *keeps,
            bool wants_idle)
{
    chx_buffer *oldest = NULL;
    for (chx_buffer *b = runtime->buffers; b; b = b->next)
        if (is_spare(b, device, keeps) && is_idle(b) == wants_idle &&
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

/* Has the host hold all of an idle buffer that only the device does. */
static chx_status
save(chx_buffer *buffer, chx__device *device, uint64_t deadline_ns)
{
    const chx__extent *alone;
    chx_status status = CHX_OK;
    while (!status && (alone = first_alone(buffer, device)))
        status = chx__rebuild_and_fetch(buffer, alone->begin, alone->end, deadline_ns);
    return status;
}

static chx_status
evict(chx_buffer *buffer, chx__device *device, uint64_t deadline_ns)
{
    chx_runtime *runtime = buffer->runtime;
    assert(is_idle(buffer));
    chx__wait_hold(buffer);
    chx_status status = save(buffer, device, deadline_ns);
    if (!status && buffer->replicas[device->index]) {
        chx__buffer_drop_replica(buffer, device, false);
        runtime->n_evictions++;
        chx__log(&runtime->logger, CHX_LOG_INFO, "%s: a buffer of %zu bytes makes room for another",
                 device->info.name, buffer->size_bytes);
    }
    chx__wait_let_go(buffer);
    return status;
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
chx__evict_for(chx_buffer *buffer, chx__device *device, const chx__cast *keeps, bool *may_wait)
{
    chx_runtime *runtime = buffer->runtime;
    const uint64_t deadline_ns = chx__now_ns() + runtime->access_timeout_ns;
    cl_mem memory;
    chx_status status = CHX_OK;
    assert(runtime->is_evicting);
    while (chx__device_is_usable(device) &&
           (status = chx__buffer_replica(buffer, device, &memory)) == CHX_ERROR_DEVICE_MEMORY) {
        chx_buffer *oldest = find_oldest(runtime, device, keeps, true);
        *may_wait = !oldest && find_oldest(runtime, device, keeps, false);
        status = oldest ? evict(oldest, device, deadline_ns) : fail(buffer, device, keeps);
        if (status)
            return status;
    }
    return status;
}

void
chx__evict_begin(chx_runtime *runtime)
{
    while (runtime->is_evicting)
        chx__wait_change(runtime, UINT64_MAX);
    runtime->is_evicting = true;
}

void
chx__evict_end(chx_runtime *runtime)
{
    assert(runtime->is_evicting);
    runtime->is_evicting = false;
    pthread_cond_broadcast(&runtime->changed);
}

void
chx__evict_note_use(chx_runtime *runtime, const chx__cast *cast)
{
    runtime->n_uses++;
    for (uint32_t b = 0; b < cast->n_parts; b++)
        chx__cast_buffer(cast, b)->last_use = runtime->n_uses;
}
