/* One device: what its driver says of it, its queues, its memory account and its clock.
 *
 * identity is of platform, name, driver and compute units, not of the index: caches and measured
 * costs survive other devices coming and going, and equal cards share them.
 *
 * The account is an atomic, so that it can be read at any time. It counts what we ask for, since
 * drivers over-commit and notice only at the first use.
 *
 * Clock: host time = profiling time + offset, from the tightest of five brackets around a small
 * write; whatever widens a bracket is delay. Drivers whose stamps do not advance are timed by the
 * host. A command that did not end in time may still use its event, memory and queue, so after a
 * timeout these are abandoned.
 *
 * Lanes: compute first, then copy-in, copy-out, all in-order. They are opened and closed by the
 * owner of fleet.is_opening, and at the fleet's end. */
#include "device/device.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"

/* Notes the code of the first question that the driver refused. */
static bool
ask(chx__device *device, cl_device_info what, size_t size_bytes, void *value)
{
    cl_int code = clGetDeviceInfo(device->id, what, size_bytes, value, NULL);
    if (code && !device->refused)
        device->refused = code;
    return code == CL_SUCCESS;
}

static char *
device_text(chx__device *device, cl_device_info what)
{
    char text[512] = "";
    if (!ask(device, what, sizeof text - 1, text))
        text[0] = '\0';
    return chx__strdup(text);
}

static uint64_t
device_number(chx__device *device, cl_device_info what, size_t size_bytes)
{
    cl_uint narrow = 0;
    cl_ulong wide = 0;
    void *value = size_bytes == sizeof narrow ? (void *)&narrow : &wide;
    if (!ask(device, what, size_bytes, value))
        return 0;
    return size_bytes == sizeof narrow ? narrow : wide;
}

static bool
has_extension(const char *extensions, const char *wanted)
{
    size_t length = strlen(wanted);
    for (const char *at = strstr(extensions, wanted); at; at = strstr(at + length, wanted)) {
        bool begins = at == extensions || at[-1] == ' ';
        if (begins && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

/* A driver that simulates every kind counts as what it runs on: a processor. */
static chx_device_kind
kind_of(chx__device *device)
{
    uint64_t type = device_number(device, CL_DEVICE_TYPE, sizeof(cl_device_type));
    if (type & CL_DEVICE_TYPE_CPU)
        return CHX_DEVICE_CPU;
    return type & CL_DEVICE_TYPE_GPU ? CHX_DEVICE_GPU : CHX_DEVICE_ACCELERATOR;
}

static void
read_numbers(chx__device *device)
{
    chx_device_info *info = &device->info;
    info->kind = kind_of(device);
    info->n_compute_units =
        (uint32_t)device_number(device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(cl_uint));
    info->memory_bytes = device_number(device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof(cl_ulong));
    info->max_allocation_bytes =
        device_number(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(cl_ulong));
    device->shares_host_memory =
        device_number(device, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof(cl_bool)) != 0;
    info->local_memory_bytes = device_number(device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof(cl_ulong));
    info->max_work_group =
        (uint32_t)device_number(device, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof(size_t));
    /* What every device has, for a driver that leaves the question out. */
    if (info->n_compute_units == 0)
        info->n_compute_units = 1;
    if (info->max_allocation_bytes == 0)
        info->max_allocation_bytes = info->memory_bytes / 4;
}

static void
read_extensions(chx__device *device)
{
    size_t size = 0;
    char *text = NULL;
    if (clGetDeviceInfo(device->id, CL_DEVICE_EXTENSIONS, 0, NULL, &size) == CL_SUCCESS)
        text = chx__alloc(size + 1, 1);
    if (text && clGetDeviceInfo(device->id, CL_DEVICE_EXTENSIONS, size, text, NULL) == CL_SUCCESS) {
        device->claims_int64_atomics = has_extension(text, "cl_khr_int64_base_atomics") &&
                                       has_extension(text, "cl_khr_int64_extended_atomics");
        device->info.has_fp64 = has_extension(text, "cl_khr_fp64");
    }
    free(text);
}

/* Two devices of one identity run the same binaries at the same speed. */
static chx__digest
identify(const chx__device *device)
{
    chx__hasher *hasher = chx__hasher_create();
    chx__hasher_add_text(hasher, device->platform->name);
    chx__hasher_add_text(hasher, device->info.name);
    chx__hasher_add_text(hasher, device->info.driver);
    chx__hasher_add(hasher, &device->info.n_compute_units, sizeof device->info.n_compute_units);
    return chx__hasher_end(hasher);
}

chx_status
chx__device_describe(chx__device *device)
{
    chx_device_info *info = &device->info;
    info->name = device_text(device, CL_DEVICE_NAME);
    info->vendor = device_text(device, CL_DEVICE_VENDOR);
    char *version = device_text(device, CL_DEVICE_VERSION);
    char *driver = device_text(device, CL_DRIVER_VERSION);
    info->driver = version && driver ? chx__format("%s, %s", driver, version) : NULL;
    free(version);
    free(driver);
    info->platform = device->platform->name;
    if (!info->name || !info->vendor || !info->driver)
        return chx__fail_memory("describing a device");
    read_numbers(device);
    read_extensions(device);
    device->identity = identify(device);
    if (chx__digest_is_none(device->identity))
        return chx__fail_memory("describing a device");
    if (info->name[0] != '\0' && info->memory_bytes > 0 && info->max_work_group > 0)
        return CHX_OK;
    if (device->refused)
        return chx__fail_cl(CHX_ERROR_DEVICE, device->refused, info->name, NULL,
                            "its driver refuses to describe it (%s)",
                            chx__cl_name(device->refused));
    return chx__fail(CHX_ERROR_DEVICE, "its driver describes it neither by name nor by size");
}

void
chx__device_finish(chx__device *device)
{
    free((char *)device->info.name);
    free((char *)device->info.vendor);
    free((char *)device->info.driver);
    free((char *)device->info.excluded);
    for (uint32_t i = 0; i < device->n_lanes; i++)
        free(device->lanes[i].parcels);
    /* Sub-devices are not released: a worker of PoCL 3.1 looks at the device of an event after the
     * event completed, and crashes when the last command was over just before. About a kilobyte. */
}

chx_status
chx__device_reserve(chx__device *device, uint64_t size_bytes)
{
    uint64_t used = atomic_load(&device->used_bytes);
    do {
        uint64_t budget = device->info.budget_bytes;
        if (size_bytes > budget || used > budget - size_bytes)
            return chx__fail_cl(CHX_ERROR_DEVICE_MEMORY, 0, device->info.name, NULL,
                                "%s: %" PRIu64 " bytes do not fit: %" PRIu64
                                " of the budget of %" PRIu64
                                " are used; use a smaller job or a larger budget",
                                device->info.name, size_bytes, used, budget);
    } while (!atomic_compare_exchange_weak(&device->used_bytes, &used, used + size_bytes));
    return CHX_OK;
}

void
chx__device_release(chx__device *device, uint64_t size_bytes)
{
    atomic_fetch_sub(&device->used_bytes, size_bytes);
}

static void
name_lane(chx__lane *lane, chx__lane_kind kind, uint32_t index)
{
    lane->kind = kind;
    lane->index = index;
    if (kind == CHX__LANE_COMPUTE)
        snprintf(lane->name, sizeof lane->name, "compute %u", index);
    else
        snprintf(lane->name, sizeof lane->name, "%s",
                 kind == CHX__LANE_COPY_IN ? "copy-in" : "copy-out");
}

void
chx__device_lay_lanes(chx__device *device)
{
    uint32_t n_compute = device->info.n_compute_lanes;
    device->n_lanes = n_compute + 2;
    for (uint32_t i = 0; i < device->n_lanes; i++)
        device->lanes[i].device = device;
    for (uint32_t i = 0; i < n_compute; i++)
        name_lane(chx__device_compute_lane(device, i), CHX__LANE_COMPUTE, i);
    name_lane(chx__device_copy_in_lane(device), CHX__LANE_COPY_IN, 0);
    name_lane(chx__device_copy_out_lane(device), CHX__LANE_COPY_OUT, 0);
}

static chx_status
open_queues(const chx__device *device, cl_context context, chx__opened *opened)
{
    for (uint32_t i = 0; i < device->n_lanes; i++) {
        cl_int code =
            chx__device_backend(device)->create_queue(context, device->id, &opened->queues[i]);
        if (code)
            return chx__fail_cl(chx__cl_failure(code), code, device->info.name, NULL,
                                "%s: cannot make a command queue: %s", device->info.name,
                                chx__cl_name(code));
    }
    return CHX_OK;
}

/* One look at both clocks: the command ended between `before` and `after` on ours. */
typedef struct clock_sample {
    uint64_t before, after, end;
} clock_sample;

#define CLOCK_DEADLINE_NS UINT64_C(5000000000)

static chx_status
sample_clock(const chx__device *device, cl_command_queue queue, cl_mem target, const void *word,
             clock_sample *sample)
{
    const chx__backend *backend = chx__device_backend(device);
    cl_event event;
    uint64_t start_ns;
    sample->before = chx__now_ns();
    cl_int code = backend->write(queue, target, 0, 4, word, &(chx__wait_list){0}, &event);
    if (code)
        return chx__fail_cl(chx__cl_failure(code), code, device->info.name, NULL,
                            "%s: a first write failed with %s", device->info.name,
                            chx__cl_name(code));
    backend->flush(queue);
    chx_status status = chx__backend_await(backend, event, chx__now_ns() + CLOCK_DEADLINE_NS,
                                           device->info.name, "a first write");
    sample->after = chx__now_ns();
    if (status || !backend->event_span || !backend->event_span(event, &start_ns, &sample->end))
        sample->end = 0;
    if (status != CHX_ERROR_TIMEOUT)
        backend->release_event(event);
    return status;
}

#define N_SAMPLES 5

/* A clock runs on between commands that were waited for one by one. */
static bool
stamps_advance(const clock_sample *samples)
{
    for (int i = 1; i < N_SAMPLES; i++)
        if (samples[i].end < samples[i - 1].end)
            return false;
    return samples[0].end > 0 && samples[N_SAMPLES - 1].end > samples[0].end;
}

/* The tightest of several brackets is the best one: whatever widens a bracket is delay, not clock.
 * A device clock that falls into the bracket as it is runs on ours and gets no correction. */
static int64_t
offset_from(const clock_sample *samples)
{
    const clock_sample *best = &samples[0];
    for (int i = 1; i < N_SAMPLES; i++)
        if (samples[i].after - samples[i].before < best->after - best->before)
            best = &samples[i];
    if (best->end >= best->before && best->end <= best->after)
        return 0;
    uint64_t middle = best->before + (best->after - best->before) / 2;
    return (int64_t)(middle - best->end);
}

/* What an asynchronous write still reads after a timeout must outlive this call. */
static const uint32_t clock_word = 0;

static chx_status
align_clock(const chx__device *device, cl_context context, chx__opened *opened)
{
    const chx__backend *backend = chx__device_backend(device);
    cl_mem target;
    cl_int code = backend->create_memory(context, 64, NULL, &target);
    if (code)
        return chx__fail_cl(chx__cl_failure(code), code, device->info.name, NULL,
                            "%s: cannot make a first buffer: %s", device->info.name,
                            chx__cl_name(code));
    clock_sample samples[N_SAMPLES];
    chx_status status = CHX_OK;
    for (int i = 0; i < N_SAMPLES && !status; i++)
        status = sample_clock(device, opened->queues[0], target, &clock_word, &samples[i]);
    if (!status) {
        opened->has_profiling = stamps_advance(samples);
        opened->clock_offset_ns =
            opened->has_profiling && !device->has_virtual_clock ? offset_from(samples) : 0;
    }
    if (status != CHX_ERROR_TIMEOUT)
        backend->release_memory(target);
    return status;
}

/* Two clocks drift by some 20 us a second, so this is a day's rest between two commands. */
#define MOST_DRIFT_NS INT64_C(1000000000)

bool
chx__device_to_host(chx__device *device, uint64_t soonest_ns, uint64_t latest_ns,
                    uint64_t *start_ns, uint64_t *finish_ns)
{
    if (device->has_virtual_clock)
        return true;
    int64_t early_ns = (int64_t)(soonest_ns - (*start_ns + (uint64_t)device->clock_offset_ns));
    int64_t late_ns = (int64_t)(*finish_ns + (uint64_t)device->clock_offset_ns - latest_ns);
    int64_t shift_ns = early_ns > 0 ? early_ns : late_ns > 0 ? -late_ns : 0;
    if (*finish_ns < *start_ns || *finish_ns - *start_ns > latest_ns - soonest_ns ||
        shift_ns > MOST_DRIFT_NS || shift_ns < -MOST_DRIFT_NS)
        return false;
    device->clock_offset_ns += shift_ns;
    *start_ns += (uint64_t)device->clock_offset_ns;
    *finish_ns += (uint64_t)device->clock_offset_ns;
    return true;
}

chx_status
chx__device_open(const chx__device *device, cl_context context, chx__opened *opened)
{
    *opened = (chx__opened){0};
    chx_status status = open_queues(device, context, opened);
    if (!status)
        status = align_clock(device, context, opened);
    if (status && status != CHX_ERROR_TIMEOUT)
        for (uint32_t i = 0; i < device->n_lanes; i++)
            if (opened->queues[i])
                chx__device_backend(device)->release_queue(opened->queues[i]);
    return status;
}

void
chx__device_adopt(chx__device *device, const chx__opened *opened, const chx__logger *logger)
{
    for (uint32_t i = 0; i < device->n_lanes; i++)
        device->lanes[i].queue = opened->queues[i];
    device->has_profiling = opened->has_profiling;
    device->clock_offset_ns = opened->clock_offset_ns;
    atomic_store(&device->is_open, true);
    chx__log(logger, CHX_LOG_DEBUG, "%s: %u lanes open, clock offset %" PRId64 " ns%s",
             device->info.name, device->n_lanes, device->clock_offset_ns,
             device->has_profiling ? "" : ", no usable time stamps");
}

void
chx__device_close(chx__device *device, bool is_lost)
{
    atomic_store(&device->is_open, false);
    for (uint32_t i = 0; i < device->n_lanes; i++) {
        if (device->lanes[i].queue && !is_lost)
            chx__device_backend(device)->release_queue(device->lanes[i].queue);
        device->lanes[i].queue = NULL;
    }
}
