/* Downloads from outside of runs, by the courier of the device that holds what is missing.
 *
 * The map may change only while the turn is held, and room for the change is reserved before the
 * turn is given up: what has been copied can then be noted without fail, as a copy (the host holds
 * it *as well*).
 *
 * While a download is awaited without the turn its context stays, for a rebuild first waits until
 * the courier has given back all it has. The thread is no guest of the fleet: it needs the turn to
 * wake, which a rebuild that waits for guests holds. It looks up now and then, because the platform
 * may have been found to hang. After a failed or timed out download the device may still write to
 * host memory at any time: that memory is retired, never freed. */
#include "execute/fetch.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/courier.h"
#include "execute/driver.h"
#include "execute/transfer.h"
#include "execute/wait.h"

#define LOOK_UP_NS UINT64_C(20000000)
#define NAP_NS 50000

static chx__device *
holder(const chx_buffer *buffer, chx__places places)
{
    for (uint32_t d = 0; d < buffer->fleet->n_devices; d++)
        if (chx__places_have(places, d + 1))
            return &buffer->fleet->devices[d];
    return NULL;
}

/* A copy to host memory on its way through the device's courier. */
typedef struct errand {
    chx__parcel parcel; /* first: the errand is found by it */
    chx_buffer *buffer;
    size_t begin, end;
    unsigned char *host;
    bool is_back;
    bool is_abandoned; /* nobody waits for it */
} errand;

/* In the courier's thread. */
static cl_int
launch_download(chx__parcel *parcel, chx__courier *courier, cl_event *event)
{
    const errand *copy = (errand *)parcel;
    const chx__stretch bytes = {copy->buffer, copy->begin, copy->end};
    (void)courier;
    return chx__transfer_enqueue(parcel->lane->device, parcel->lane->queue, &bytes, copy->host,
                                 chx__device_place(parcel->lane->device), CHX__HOST_PLACE,
                                 &(chx__wait_list){0}, event);
}

static void
take_back(chx__parcel *parcel)
{
    errand *copy = (errand *)parcel;
    copy->is_back = true;
    pthread_cond_broadcast(&copy->buffer->runtime->changed);
    if (copy->is_abandoned)
        free(copy);
}

static const chx__parcel_kind kind = {.launch = launch_download, .back = take_back};

static errand *
send_download(chx_buffer *buffer, chx__device *device, size_t begin, size_t end)
{
    errand *made = chx__alloc(1, sizeof *made);
    if (!made)
        return NULL;
    assert(buffer->replicas[device->index]);
    *made = (errand){.buffer = buffer, .begin = begin, .end = end, .host = buffer->host};
    made->parcel.kind = &kind;
    made->parcel.lane = chx__device_copy_out_lane(device);
    atomic_init(&made->parcel.is_awaited, true);
    chx__courier_stage(device->platform->courier, &made->parcel);
    chx__courier_send(device->platform->courier);
    return made;
}

/* Looks up now and then, for a platform found to hang meanwhile will not deliver. */
static void
await_errand(errand *copy, bool gives_up_turn, uint64_t deadline_ns)
{
    chx_runtime *runtime = copy->buffer->runtime;
    const chx__platform *platform = copy->parcel.lane->device->platform;
    uint64_t now_ns;
    while (!copy->is_back && (now_ns = chx__now_ns()) < deadline_ns &&
           !(gives_up_turn && atomic_load(&platform->is_suspect))) {
        if (gives_up_turn) {
            uint64_t soon_ns = now_ns + LOOK_UP_NS;
            chx__wait_change(runtime, soon_ns < deadline_ns ? soon_ns : deadline_ns);
        } else if (!chx__driver_move(runtime)) {
            nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
        }
    }
}

/* How the copy ended, which it need not have. Takes the errand. */
static chx_status
judge(errand *copy)
{
    const chx__device *device = copy->parcel.lane->device;
    const char *name = device->info.name;
    chx__parcel_end end = copy->is_back ? copy->parcel.end : 0;
    cl_int code = copy->is_back ? copy->parcel.code : 0;
    if (copy->is_back) {
        free(copy);
    } else {
        copy->is_abandoned = true;
        atomic_store(&copy->parcel.is_unwanted, true);
        chx__courier_nudge(device->platform->courier);
    }
    switch (end) {
    case CHX__PARCEL_DONE:
        return CHX_OK;
    case CHX__PARCEL_REFUSED:
        return chx__fail_cl(chx__cl_failure(code), code, name, NULL,
                            "%s refused to download a buffer (%s)", name, chx__cl_name(code));
    case CHX__PARCEL_FAILED:
        return chx__fail_cl(chx__cl_failure(code), code, name, NULL,
                            "%s: downloading a buffer failed (%s)", name, chx__cl_name(code));
    default:
        return chx__fail_cl(CHX_ERROR_TIMEOUT, 0, name, NULL,
                            "%s: downloading a buffer did not complete in time", name);
    }
}

/* Copies what the device holds into host memory. */
static chx_status
download(chx_buffer *buffer, chx__device *device, size_t begin, size_t end, bool gives_up_turn,
         uint64_t deadline_ns)
{
    errand *copy = send_download(buffer, device, begin, end);
    if (!copy)
        return chx__fail_memory("reading a buffer");
    await_errand(copy, gives_up_turn, deadline_ns);
    bool was_refused = copy->is_back && copy->parcel.end == CHX__PARCEL_REFUSED;
    chx_status status = judge(copy);
    if (status && !was_refused) {
        device->platform->is_suspect = true;
        chx__buffer_retire_host(buffer, CHX__REACH_WRITE);
    }
    return status;
}

/* The first extent that touches [begin, end) and is not in host memory. */
static const chx__extent *
first_missing(const chx_buffer *buffer, size_t begin, size_t end)
{
    for (size_t i = 0; i < buffer->coherence.n_extents; i++) {
        const chx__extent *extent = &buffer->coherence.extents[i];
        if (extent->begin < end && extent->end > begin &&
            !chx__places_have(extent->places, CHX__HOST_PLACE))
            return extent;
    }
    return NULL;
}

chx_status
chx__fetch(chx_buffer *buffer, size_t begin, size_t end, bool gives_up_turn, uint64_t deadline_ns)
{
    const chx__extent *missing;
    while ((missing = first_missing(buffer, begin, end))) {
        size_t from = missing->begin > begin ? missing->begin : begin;
        size_t to = missing->end < end ? missing->end : end;
        chx__device *device = holder(buffer, missing->places);
        if (!device)
            return chx__buffer_fail_lost(buffer, from, to);
        chx_status status = chx__buffer_reserve_change(buffer);
        if (!status)
            status = download(buffer, device, from, to, gives_up_turn, deadline_ns);
        if (status)
            return status;
        chx__buffer_note_copy(buffer, from, to, CHX__HOST_PLACE);
    }
    return CHX_OK;
}
