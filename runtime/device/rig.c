/* Commands of plans wait for each other across queues, so transfers are timed as a chain over two
 * queues: what a driver needs to let one queue wait for the other is in the figure, and what a host
 * needs to notice the end of the last is shared by all. Time is the host's, since stamps leave
 * waits out, but for a virtual clock, which is the only one its devices have.
 *
 * Whatever a command may touch belongs to the rig. When one does not end in time, the rig is
 * abandoned: nothing of it is released, and its memory is never freed. */
#include "device/rig.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"

#define DEADLINE_NS UINT64_C(5000000000)

/* What one device has of its own. */
typedef struct gear {
    const chx__device *device;
    cl_command_queue queues[2];
    cl_mem memory;
} gear;

struct chx__rig {
    const chx__backend *backend;
    cl_context context;
    gear *gears;
    uint32_t n_gears;
    unsigned char *host;
    bool is_abandoned;
};

/* A transfer, on a queue of the device that works. */
typedef struct leg {
    const gear *worker;
    cl_command_queue queue;
    cl_mem from, to; /* NULL: host memory */
} leg;

static chx_status
fail_code(const chx__device *device, cl_int code, const char *doing)
{
    return chx__fail_cl(chx__cl_status(code), code, device->info.name, NULL,
                        "%s: timing transfers: %s failed (%s)", device->info.name, doing,
                        chx__cl_name(code));
}

static chx_status
open_gear(chx__rig *rig, const chx__device *device)
{
    gear *made = &rig->gears[rig->n_gears++];
    *made = (gear){.device = device};
    for (int q = 0; q < 2; q++) {
        cl_int code = rig->backend->create_queue(rig->context, device->id, &made->queues[q]);
        if (code)
            return fail_code(device, code, "making a queue");
    }
    cl_int code = rig->backend->create_memory(rig->context, CHX__RIG_BYTES, NULL, &made->memory);
    return code ? fail_code(device, code, "making a memory") : CHX_OK;
}

static chx_status
open_context(chx__rig *rig, const chx__fleet *fleet, const chx__platform *platform)
{
    cl_device_id ids[CHX__MAX_PLACES];
    const chx__device *first = NULL;
    uint32_t n = 0;
    for (uint32_t d = 0; d < fleet->n_devices; d++) {
        const chx__device *device = &fleet->devices[d];
        if (device->platform != platform || !chx__device_is_usable(device))
            continue;
        first = first ? first : device;
        ids[n++] = device->id;
    }
    assert(n > 0);
    cl_int code = rig->backend->create_context(platform, ids, n, &rig->context);
    return code ? fail_code(first, code, "making a context") : CHX_OK;
}

chx_status
chx__rig_create(const chx__fleet *fleet, chx__platform *platform, chx__rig **rig)
{
    chx__rig *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("timing transfers");
    made->backend = platform->backend;
    made->gears = chx__alloc(fleet->n_devices, sizeof *made->gears);
    made->host = chx__alloc(1, CHX__RIG_BYTES);
    chx_status status = made->gears && made->host ? open_context(made, fleet, platform)
                                                  : chx__fail_memory("timing transfers");
    for (uint32_t d = 0; !status && d < fleet->n_devices; d++)
        if (fleet->devices[d].platform == platform && chx__device_is_usable(&fleet->devices[d]))
            status = open_gear(made, &fleet->devices[d]);
    if (status)
        chx__rig_destroy(&made);
    else
        *rig = made;
    return status;
}

void
chx__rig_destroy(chx__rig **rig)
{
    chx__rig *ending = *rig;
    *rig = NULL;
    if (!ending)
        return;
    if (ending->is_abandoned) {
        chx__keep(ending);
        return;
    }
    for (uint32_t g = 0; g < ending->n_gears; g++) {
        const gear *owned = &ending->gears[g];
        for (int q = 0; q < 2; q++)
            if (owned->queues[q])
                ending->backend->release_queue(owned->queues[q]);
        if (owned->memory)
            ending->backend->release_memory(owned->memory);
    }
    if (ending->context)
        ending->backend->release_context(ending->context);
    free(ending->host);
    free(ending->gears);
    free(ending);
}

static cl_int
enqueue(chx__rig *rig, const leg *at, size_t size_bytes, const cl_event *before, cl_event *event)
{
    const chx__backend *backend = rig->backend;
    const chx__wait_list waits = {before != NULL, before};
    cl_int code;
    if (at->from && at->to)
        code = backend->copy(at->queue, at->from, at->to, 0, size_bytes, &waits, event);
    else if (at->from)
        code = backend->read(at->queue, at->from, 0, size_bytes, rig->host, &waits, event);
    else
        code = backend->write(at->queue, at->to, 0, size_bytes, rig->host, &waits, event);
    if (!code)
        backend->flush(at->queue);
    return code;
}

/* By the clock that fits; false where a virtual one says nothing. */
static bool
span(const chx__rig *rig, const leg *at, cl_event first, cl_event last, uint64_t host_ns,
     double *ns)
{
    uint64_t start_ns, finish_ns, other_ns;
    *ns = (double)host_ns;
    if (!at->worker->device->has_virtual_clock)
        return true;
    if (!rig->backend->event_span(first, &start_ns, &other_ns) ||
        !rig->backend->event_span(last, &other_ns, &finish_ns))
        return false;
    *ns = (double)(finish_ns - start_ns);
    return true;
}

/* Of n transfers along two legs in turns, each waiting for the one before, the time of one. */
static chx_status
time_chain(chx__rig *rig, const leg legs[2], size_t size_bytes, uint32_t n, double *ns)
{
    cl_event events[CHX__RIG_LONGEST];
    const chx__device *device = legs[0].worker->device;
    uint32_t n_sent = 0;
    cl_int code = CL_SUCCESS;
    chx_status status = CHX_OK;
    assert(n > 0 && n <= CHX__RIG_LONGEST && size_bytes <= CHX__RIG_BYTES);
    uint64_t begun_ns = chx__now_ns();
    for (; !code && n_sent < n; n_sent += !code)
        code = enqueue(rig, &legs[n_sent % 2], size_bytes, n_sent ? &events[n_sent - 1] : NULL,
                       &events[n_sent]);
    if (n_sent > 0)
        status = chx__backend_await(rig->backend, events[n_sent - 1], begun_ns + DEADLINE_NS,
                                    device->info.name, "timing transfers");
    uint64_t host_ns = chx__now_ns() - begun_ns;
    rig->is_abandoned = rig->is_abandoned || status;
    if (!status && code)
        status = fail_code(device, code, "a transfer");
    if (!status && !span(rig, legs, events[0], events[n - 1], host_ns, ns))
        status = fail_code(device, CL_PROFILING_INFO_NOT_AVAILABLE, "asking for the time");
    for (uint32_t e = 0; !rig->is_abandoned && e < n_sent; e++)
        rig->backend->release_event(events[e]);
    *ns /= n;
    return status;
}

static const gear *
gear_of(const chx__rig *rig, const chx__device *device)
{
    uint32_t g = 0;
    while (device && rig->gears[g].device != device)
        g++;
    return device ? &rig->gears[g] : NULL;
}

chx_status
chx__rig_time(chx__rig *rig, const chx__device *from, const chx__device *to, size_t size_bytes,
              uint32_t n, double *ns)
{
    const gear *source = gear_of(rig, from), *target = gear_of(rig, to);
    const gear *worker = target ? target : source;
    leg legs[2];
    for (int q = 0; q < 2; q++)
        legs[q] = (leg){worker, worker->queues[q], source ? source->memory : NULL,
                        target ? target->memory : NULL};
    return time_chain(rig, legs, size_bytes, n, ns);
}

chx_status
chx__rig_time_turns(chx__rig *rig, const chx__device *a, const chx__device *b, size_t size_bytes,
                    uint32_t n, double *ns)
{
    const gear *first = gear_of(rig, a), *second = gear_of(rig, b);
    const leg legs[2] = {{first, first->queues[0], NULL, first->memory},
                         {second, second->queues[0], NULL, second->memory}};
    return time_chain(rig, legs, size_bytes, n, ns);
}
