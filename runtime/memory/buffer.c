/* A buffer's memory: the host's replica from the start, a device's when a plan first needs it, and
 * the account of each. Under the turn, but for creation, before anybody knows of the buffer.
 *
 * Host memory is always there and always whole, so every place can be filled from it; it moves
 * only in chx__buffer_retire_host(), and never where it is the caller's. A device's replica is one
 * allocation of the whole size, for plans cut buffers differently and offsets must mean the same
 * everywhere. Of what shares the host's memory nothing counts against the device's budget, for
 * giving it up would make no room.
 *
 * Memory that a driver may still write to is worse than a leak: it is kept for ever, on a list, so
 * that leak checkers find it reachable.
 *
 * Whatever is noted here goes into both maps while runs are in flight (n_promised > 0), since
 * `settled` is what stays when they fail. A replica that is dropped leaves both as well. */
#include "memory/buffer.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "device/courier.h"
#include "device/release.h"
#include "memory/adopt.h"

#define GIVING_BACK_NS UINT64_C(1000000000)

static chx_status
create(chx_runtime *runtime, chx__fleet *fleet, size_t size_bytes, unsigned char *wrapped,
       chx_buffer **buffer)
{
    CHX__REQUIRE(size_bytes > 0);
    chx_buffer *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("creating a buffer");
    made->runtime = runtime;
    made->fleet = fleet;
    made->size_bytes = size_bytes;
    made->is_wrapped = wrapped != NULL;
    made->host = wrapped ? wrapped : chx__alloc(size_bytes, 1);
    made->replicas = chx__alloc(fleet->n_devices, sizeof *made->replicas);
    chx_status status = CHX_OK;
    if (!made->host || !made->replicas)
        status = chx__fail(CHX_ERROR_MEMORY, "a buffer of %zu bytes does not fit in host memory",
                           size_bytes);
    if (!status)
        status = chx__coherence_init(&made->coherence, size_bytes, chx__places_of(CHX__HOST_PLACE));
    if (status) {
        chx__buffer_free(made);
        return status;
    }
    *buffer = made;
    return CHX_OK;
}

chx_status
chx__buffer_create(chx_runtime *runtime, chx__fleet *fleet, size_t size_bytes, const void *initial,
                   chx_buffer **buffer)
{
    chx_status status = create(runtime, fleet, size_bytes, NULL, buffer);
    if (!status && initial)
        memcpy((*buffer)->host, initial, size_bytes);
    return status;
}

/* One device only: OpenCL leaves open what happens to several memories over the same bytes. */
static uint32_t
find_sharer(const chx__fleet *fleet)
{
    for (uint32_t d = 0; d < fleet->n_devices; d++)
        if (fleet->devices[d].info.selected && fleet->devices[d].shares_host_memory &&
            !chx__fleet_is_spare(fleet, &fleet->devices[d], chx__places_all()))
            return chx__device_place(&fleet->devices[d]);
    return CHX__HOST_PLACE;
}

chx_status
chx__buffer_wrap(chx_runtime *runtime, chx__fleet *fleet, void *memory, size_t size_bytes,
                 chx_buffer **buffer)
{
    chx_status status = create(runtime, fleet, size_bytes, memory, buffer);
    if (!status)
        (*buffer)->sharer = find_sharer(fleet);
    return status;
}

void
chx__buffer_adopt(chx_buffer *buffer)
{
    assert(buffer->is_wrapped);
    buffer->is_wrapped = false;
}

void
chx__buffer_retire_host(chx_buffer *buffer, chx__reach reach)
{
    const bool stays = buffer->is_wrapped || buffer->sharer != CHX__HOST_PLACE;
    unsigned char *fresh = stays ? NULL : chx__alloc(buffer->size_bytes, 1);
    if (!fresh && reach == CHX__REACH_WRITE) {
        chx__coherence_remove(&buffer->coherence, chx__places_of(CHX__HOST_PLACE));
        chx__coherence_remove(&buffer->settled, chx__places_of(CHX__HOST_PLACE));
    }
    if (!fresh) {
        buffer->reach = reach > buffer->reach ? reach : buffer->reach;
        return;
    }
    memcpy(fresh, buffer->host, buffer->size_bytes);
    chx__keep(buffer->host);
    buffer->host = fresh;
    buffer->reach = CHX__REACH_NONE;
}

chx_status
chx__buffer_fail_lost(const chx_buffer *buffer, size_t begin, size_t end)
{
    const chx_error *loss = &buffer->loss;
    const char *why = loss->status ? loss->message : "the only device that held them is gone";
    return chx__fail_cl(CHX_ERROR_DEVICE, loss->cl_code, loss->device, loss->task,
                        "bytes %zu to %zu of a buffer are lost; write them again (%s)", begin, end,
                        why);
}

void
chx__buffer_free(chx_buffer *buffer)
{
    assert(buffer->n_promised == 0);
    if (buffer->replicas)
        for (uint32_t d = 0; d < buffer->fleet->n_devices; d++)
            chx__buffer_drop_replica(buffer, &buffer->fleet->devices[d],
                                     buffer->fleet->devices[d].platform->is_suspect);
    chx__coherence_finish(&buffer->coherence);
    chx__coherence_finish(&buffer->settled);
    free(buffer->replicas);
    if (!buffer->is_wrapped && buffer->reach != CHX__REACH_NONE)
        chx__keep(buffer->host);
    else if (!buffer->is_wrapped)
        free(buffer->host);
    free(buffer);
}

size_t
chx_buffer_size(const chx_buffer *buffer)
{
    return buffer ? buffer->size_bytes : 0;
}

static cl_int
create_memory(const chx__device *device, size_t size_bytes, void *shared, cl_mem *memory)
{
    return chx__device_backend(device)->create_memory(device->platform->context, size_bytes, shared,
                                                      memory);
}

static chx_status
allocate(const chx_buffer *buffer, chx__device *device, cl_mem *memory)
{
    if (buffer->size_bytes > device->info.max_allocation_bytes)
        return chx__fail_cl(CHX_ERROR_LIMIT, 0, device->info.name, NULL,
                            "a buffer of %zu bytes is beyond the %llu bytes that %s can allocate "
                            "at once; cut it into smaller buffers",
                            buffer->size_bytes,
                            (unsigned long long)device->info.max_allocation_bytes,
                            device->info.name);
    void *shared = chx__buffer_is_shared(buffer, chx__device_place(device)) ? buffer->host : NULL;
    chx_status status = shared ? CHX_OK : chx__device_reserve(device, buffer->size_bytes);
    if (status)
        return status;
    cl_int code = create_memory(device, buffer->size_bytes, shared, memory);
    /* The driver may still hold what was released just now. */
    if (code != CL_SUCCESS && chx__courier_await_calls(device->platform->courier, GIVING_BACK_NS))
        code = create_memory(device, buffer->size_bytes, shared, memory);
    if (code == CL_SUCCESS)
        return CHX_OK;
    if (!shared)
        chx__device_release(device, buffer->size_bytes);
    return chx__fail_cl(chx__cl_failure(code), code, device->info.name, NULL,
                        "%s did not allocate a buffer of %zu bytes (%s)", device->info.name,
                        buffer->size_bytes, chx__cl_name(code));
}

chx_status
chx__buffer_replica(chx_buffer *buffer, chx__device *device, cl_mem *memory)
{
    cl_mem *replica = &buffer->replicas[device->index];
    if (!*replica) {
        chx_status status = chx__fleet_open(buffer->fleet, device);
        if (!status)
            status = allocate(buffer, device, replica);
        if (status) {
            *replica = NULL;
            return status;
        }
    }
    *memory = *replica;
    return CHX_OK;
}

chx_status
chx__buffer_reserve_change(chx_buffer *buffer)
{
    chx_status status = chx__coherence_reserve(&buffer->coherence, buffer->n_promised + 1);
    if (!status && buffer->n_promised > 0)
        status = chx__coherence_reserve(&buffer->settled, buffer->n_promised + 1);
    return status;
}

void
chx__buffer_note_copy(chx_buffer *buffer, size_t begin, size_t end, uint32_t place)
{
    chx__coherence_add(&buffer->coherence, begin, end, chx__places_of(place));
    if (buffer->n_promised > 0)
        chx__coherence_add(&buffer->settled, begin, end, chx__places_of(place));
}

void
chx__buffer_lose_replica(chx_buffer *buffer, const chx__device *device)
{
    chx__places place = chx__places_of(chx__device_place(device));
    if (buffer->coherence.extents)
        chx__coherence_remove(&buffer->coherence, place);
    if (buffer->n_promised > 0)
        chx__coherence_remove(&buffer->settled, place);
}

void
chx__buffer_drop_replica(chx_buffer *buffer, chx__device *device, bool set_aside)
{
    cl_mem *replica = &buffer->replicas[device->index];
    if (!*replica)
        return;
    if (!set_aside)
        chx__release(device->platform, CHX__RELEASE_MEMORY, *replica);
    *replica = NULL;
    if (!chx__buffer_is_shared(buffer, chx__device_place(device)))
        chx__device_release(device, buffer->size_bytes);
    chx__buffer_lose_replica(buffer, device);
}
