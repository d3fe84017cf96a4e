/* What the loader lists, as it is: nothing is opened, and a device or platform that cannot be
 * described is left out, so that one bad driver costs no other device. Runs one thread at a time
 * (execute/lifetime.c).
 *
 * `hardware` is a guess from the kind, as OpenCL does not say what two drivers share: all
 * processors stand on the same bits, every other device on its own; parts of a split processor get
 * slices, so that parts may work at once and a second driver for the cores collides with all of
 * them.
 *
 * fleet->devices moves when it grows, so pointers to devices are void after a split; platforms
 * have room for all from the start and never move. */
#include "device/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

#define MAX_PLATFORMS 64
#define NO_PLATFORM (-1001) /* of the loader, which found no driver */
#define MAX_DEVICES_PER_PLATFORM 64

static char *
platform_text(cl_platform_id id, cl_platform_info what)
{
    char text[256] = "";
    if (clGetPlatformInfo(id, what, sizeof text - 1, text, NULL) != CL_SUCCESS)
        text[0] = '\0';
    return chx__strdup(text);
}

static chx_status
describe_platform(chx__platform *platform, cl_platform_id id)
{
    platform->backend = &chx__opencl;
    platform->id = id;
    platform->name = platform_text(id, CL_PLATFORM_NAME);
    platform->vendor = platform_text(id, CL_PLATFORM_VENDOR);
    if (!platform->name || !platform->vendor)
        return chx__fail_memory("listing platforms");
    platform->is_pocl = strcmp(platform->name, "Portable Computing Language") == 0;
    platform->is_oclgrind = strcmp(platform->name, "Oclgrind") == 0;
    return CHX_OK;
}

static void
forget_platform(chx__platform *platform)
{
    free(platform->name);
    free(platform->vendor);
    *platform = (chx__platform){0};
}

/* All processors share the low bits; every other device gets a bit of its own from 32 up. */
static uint64_t
hardware_of(const chx__device *device, uint32_t *n_others)
{
    if (device->info.kind == CHX_DEVICE_CPU)
        return UINT32_MAX;
    return UINT64_C(1) << (32 + (*n_others)++ % 32);
}

/* Keeps the last error as the reason why there is no device, should there be none. */
static void
note_refusal(chx__fleet *fleet)
{
    if (!fleet->refusal.status)
        fleet->refusal = *chx_last_error();
}

static chx_status
add_devices(chx__fleet *fleet, chx__platform *platform, const cl_device_id *ids, cl_uint n_ids,
            uint32_t *n_others)
{
    size_t capacity = fleet->n_devices;
    if (!chx__grow(&fleet->devices, &capacity, fleet->n_devices + n_ids, sizeof(chx__device)))
        return chx__fail_memory("listing devices");
    for (cl_uint i = 0; i < n_ids; i++) {
        chx__device *device = &fleet->devices[fleet->n_devices];
        *device = (chx__device){.id = ids[i], .platform = platform, .index = fleet->n_devices};
        chx_status status = chx__device_describe(device);
        if (status)
            chx__device_finish(device);
        if (status == CHX_ERROR_MEMORY)
            return status;
        if (status) {
            chx__log(&fleet->logger, CHX_LOG_WARNING, "%s: a device is ignored: %s", platform->name,
                     chx_last_error()->message);
            note_refusal(fleet);
            continue;
        }
        device->info.parent = device->index;
        device->hardware = hardware_of(device, n_others);
        fleet->n_devices++;
    }
    return CHX_OK;
}

chx_status
chx__devices_tell_apart(chx__device *devices, uint32_t n_devices)
{
    for (uint32_t d = n_devices; d-- > 0;) {
        uint32_t n_before = 0;
        for (uint32_t other = 0; other < d; other++)
            n_before += strcmp(devices[other].info.name, devices[d].info.name) == 0;
        if (n_before == 0)
            continue;
        char *name = chx__format("%s #%u", devices[d].info.name, n_before + 1);
        if (!name)
            return chx__fail_memory("listing devices");
        free((char *)devices[d].info.name);
        devices[d].info.name = name;
    }
    return CHX_OK;
}

static chx_status
add_platform(chx__fleet *fleet, cl_platform_id id, uint32_t *n_others)
{
    chx__platform *platform = &fleet->platforms[fleet->n_platforms];
    chx_status status = describe_platform(platform, id);
    if (status) {
        forget_platform(platform);
        return status;
    }
    const uint32_t first = fleet->n_devices;
    cl_device_id ids[MAX_DEVICES_PER_PLATFORM];
    cl_uint n_ids = 0;
    cl_int code = clGetDeviceIDs(id, CL_DEVICE_TYPE_ALL, MAX_DEVICES_PER_PLATFORM, ids, &n_ids);
    if (code && code != CL_DEVICE_NOT_FOUND) {
        chx__fail_cl(CHX_ERROR_NO_DEVICE, code, NULL, NULL, "%s refuses to list its devices (%s)",
                     platform->name, chx__cl_name(code));
        note_refusal(fleet);
    }
    if (code || n_ids == 0) {
        chx__log(&fleet->logger, CHX_LOG_INFO, "platform %s has no devices", platform->name);
        forget_platform(platform);
        return CHX_OK;
    }
    fleet->n_platforms++;
    if (n_ids > MAX_DEVICES_PER_PLATFORM)
        n_ids = MAX_DEVICES_PER_PLATFORM;
    status = add_devices(fleet, platform, ids, n_ids, n_others);
    return status ? status
                  : chx__devices_tell_apart(fleet->devices + first, fleet->n_devices - first);
}

chx_status
chx__fleet_discover(chx__fleet *fleet)
{
    cl_platform_id ids[MAX_PLATFORMS];
    cl_uint n_ids = 0;
    cl_int code = clGetPlatformIDs(MAX_PLATFORMS, ids, &n_ids);
    if (code && code != NO_PLATFORM) {
        chx__fail_cl(CHX_ERROR_NO_DEVICE, code, NULL, NULL,
                     "the OpenCL loader refuses to list platforms (%s)", chx__cl_name(code));
        note_refusal(fleet);
    }
    if (code)
        return CHX_OK;
    if (n_ids > MAX_PLATFORMS)
        n_ids = MAX_PLATFORMS;
    fleet->platforms = chx__alloc(n_ids, sizeof *fleet->platforms);
    if (!fleet->platforms)
        return chx__fail_memory("listing platforms");
    uint32_t n_others = 0;
    for (cl_uint i = 0; i < n_ids; i++) {
        chx_status status = add_platform(fleet, ids[i], &n_others);
        if (status)
            return status;
    }
    return CHX_OK;
}

/* rusticl 22.3 crashes in clCreateSubDevices, which it does not have, but truthfully lists no way
 * of cutting. */
static bool
can_cut(cl_device_id id, uint32_t n_parts)
{
    cl_device_partition_property ways[16] = {0};
    cl_uint n_most = 0;
    if (clGetDeviceInfo(id, CL_DEVICE_PARTITION_MAX_SUB_DEVICES, sizeof n_most, &n_most, NULL) ||
        n_most < n_parts ||
        clGetDeviceInfo(id, CL_DEVICE_PARTITION_PROPERTIES, sizeof ways, ways, NULL))
        return false;
    for (int i = 0; i < 16 && ways[i]; i++)
        if (ways[i] == CL_DEVICE_PARTITION_BY_COUNTS)
            return true;
    return false;
}

/* n equal shares of the compute units; what does not divide stays unused. */
static bool
cut(const chx__device *device, uint32_t n_parts, cl_device_id *parts)
{
    if (!can_cut(device->id, n_parts))
        return false;
    uint32_t share = device->info.n_compute_units / n_parts;
    cl_device_partition_property *wanted = chx__alloc(n_parts + 3, sizeof *wanted);
    if (!wanted || share == 0) {
        free(wanted);
        return false;
    }
    wanted[0] = CL_DEVICE_PARTITION_BY_COUNTS;
    for (uint32_t i = 0; i < n_parts; i++)
        wanted[1 + i] = (cl_device_partition_property)share;
    wanted[1 + n_parts] = CL_DEVICE_PARTITION_BY_COUNTS_LIST_END;
    cl_uint n_made = 0;
    cl_int code = clCreateSubDevices(device->id, wanted, n_parts, parts, &n_made);
    free(wanted);
    return code == CL_SUCCESS && n_made == n_parts;
}

/* Slices are exact where the bits allow it and at least one bit wide. */
static uint64_t
slice_of(uint64_t hardware, uint32_t part, uint32_t n_parts)
{
    if (hardware != UINT32_MAX)
        return hardware;
    uint32_t from = (uint32_t)(32ull * part / n_parts);
    uint32_t to = (uint32_t)(32ull * (part + 1) / n_parts);
    if (to == from)
        to = from + 1;
    return ((UINT64_C(1) << to) - 1) & ~((UINT64_C(1) << from) - 1);
}

/* A part is measured by its share of the whole: it was not tested on its own. */
static void
inherit(chx__device *part, const chx__device *whole, uint32_t part_index, uint32_t n_parts)
{
    part->hardware = slice_of(whole->hardware, part_index, n_parts);
    part->info.parent = whole->index;
    part->info.selected = true;
    part->info.has_int64_atomics = whole->info.has_int64_atomics;
    part->info.max_loop_iterations = whole->info.max_loop_iterations;
    part->info.launch_us = whole->info.launch_us;
    part->info.giga_ops = whole->info.giga_ops / n_parts;
    part->info.giga_bytes = whole->info.giga_bytes / n_parts;
    part->info.memory_bytes = whole->info.memory_bytes / n_parts;
}

static chx_status
name_part(chx__device *part, const chx__device *whole, uint32_t part_index, uint32_t n_parts)
{
    char *name = chx__format("%s (%u of %u)", whole->info.name, part_index + 1, n_parts);
    if (!name)
        return chx__fail_memory("splitting a device");
    free((char *)part->info.name);
    part->info.name = name;
    return CHX_OK;
}

static chx_status
append_parts(chx__fleet *fleet, uint32_t whole_index, const cl_device_id *ids, uint32_t n_parts)
{
    chx_status status = CHX_OK;
    uint32_t n_taken = 0;
    while (!status && n_taken < n_parts) {
        chx__device *part = &fleet->devices[fleet->n_devices];
        chx__device *whole = &fleet->devices[whole_index];
        *part = (chx__device){.id = ids[n_taken],
                              .is_sub_device = true,
                              .platform = whole->platform,
                              .index = fleet->n_devices++};
        status = chx__device_describe(part);
        inherit(part, whole, n_taken, n_parts);
        if (!status)
            status = name_part(part, whole, n_taken, n_parts);
        n_taken++;
    }
    for (uint32_t i = n_taken; i < n_parts; i++)
        clReleaseDevice(ids[i]);
    return status;
}

static chx_status
split_device(chx__fleet *fleet, uint32_t index, uint32_t n_parts, bool *was_split)
{
    cl_device_id *ids = chx__alloc(n_parts, sizeof *ids);
    size_t capacity = fleet->n_devices;
    if (!ids ||
        !chx__grow(&fleet->devices, &capacity, fleet->n_devices + n_parts, sizeof(chx__device))) {
        free(ids);
        return chx__fail_memory("splitting a device");
    }
    chx_status status = CHX_OK;
    *was_split = cut(&fleet->devices[index], n_parts, ids);
    if (*was_split) {
        fleet->devices[index].info.selected = false;
        status = append_parts(fleet, index, ids, n_parts);
    } else {
        chx__log(&fleet->logger, CHX_LOG_WARNING, "%s cannot be cut into %u parts and stays whole",
                 fleet->devices[index].info.name, n_parts);
    }
    free(ids);
    return status;
}

chx_status
chx__fleet_split(chx__fleet *fleet, uint32_t n_parts)
{
    uint32_t n_roots = fleet->n_devices, n_split = 0;
    bool can_at_all = false;
    for (uint32_t i = 0; i < n_roots; i++) {
        bool was_split = false;
        if (!fleet->devices[i].info.selected)
            continue;
        chx_status status = split_device(fleet, i, n_parts, &was_split);
        if (status)
            return status;
        n_split += was_split;
        can_at_all = can_at_all || can_cut(fleet->devices[i].id, 2);
    }
    if (n_split > 0)
        return CHX_OK;
    if (!can_at_all)
        return chx__fail(CHX_ERROR_INVALID, "the drivers of the selected devices offer no "
                                            "sub-devices; leave --split out");
    return chx__fail(CHX_ERROR_INVALID,
                     "no selected device can be cut into %u parts; ask for fewer or for none",
                     n_parts);
}
