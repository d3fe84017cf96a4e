/* All platforms and devices of a runtime, and who may open or replace a context.
 *
 * Steps of assembly: discover, select by name, self-test, keep one driver per processor, split, set
 * limits. No context is opened that none of them needs; the one in which the only device of a
 * platform was tested is kept, because the first build in a fresh one is dear.
 *
 * Lock: fleet->lock guards is_opening, is_shut and n_guests and is a leaf; no driver is called with
 * it held. Whoever sets is_opening owns contexts and lanes until it is cleared; the others sleep.
 * Guests use contexts without the turn; a change shuts them out and waits for the last of them, and
 * a guest never waits for anything that a change may hold, or the two would wait for each other.
 *
 * generation of the fleet counts changes of the set of usable devices and voids plans; that of a
 * platform counts its contexts and voids programs and kernels. Closing with set_aside forgets
 * handles without a release, which could wait for a command that never ends. */
#include "device/fleet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/places.h"
#include "device/cache.h"
#include "device/discovery.h"
#include "device/null.h"
#include "device/selection.h"
#include "device/self_test.h"
#include "device/venture.h"

/* PoCL asks hwloc for processor and memory and ends the process when that does not know, as in a
 * chroot without /sys; then we tell hwloc what the system says. */
static void
describe_processor(const chx__logger *logger)
{
    if (access("/sys/devices/system/cpu", F_OK) == 0 || getenv("HWLOC_SYNTHETIC"))
        return;
    long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    char machine[96];
    snprintf(machine, sizeof machine, "node:1(memory=%" PRIu64 ") core:%ld pu:1", memory,
             n_cores > 0 ? n_cores : 1);
    setenv("HWLOC_SYNTHETIC", machine, 0);
    chx__log(logger, CHX_LOG_INFO, "/sys is not mounted; the processor is described as %s",
             machine);
}

static void
open_cache(chx__fleet *fleet, const char *path)
{
    chx_status status = chx__cache_create(path, &fleet->cache);
    if (!status)
        chx__cache_log_to(fleet->cache, &fleet->logger);
    if (!status)
        status = chx__driver_cache_open(&fleet->driver_cache, fleet->cache, &fleet->logger);
    if (status)
        chx__log(&fleet->logger, CHX_LOG_WARNING, "working without a kernel cache: %s",
                 chx_last_error()->message);
}

static chx_status
apply_params(chx__fleet *fleet, const chx_runtime_params *params)
{
    const char *kernel_path = params->kernel_path;
    fleet->logger = (chx__logger){params->log, params->log_data, params->log_level};
    if (params->n_compute_lanes > CHX__MAX_COMPUTE_LANES)
        return chx__fail(CHX_ERROR_INVALID,
                         "%u compute lanes were asked for, at most %d are possible",
                         params->n_compute_lanes, CHX__MAX_COMPUTE_LANES);
    const char *optimize = getenv("CHRONAXIE_OPTIMIZE");
    fleet->optimizes = params->optimize || (optimize && strcmp(optimize, "1") == 0);
    if (!kernel_path)
        kernel_path = getenv("CHRONAXIE_KERNEL_PATH");
    if (kernel_path && *kernel_path) {
        fleet->kernel_path = chx__strdup(kernel_path);
        if (!fleet->kernel_path)
            return chx__fail_memory("opening the devices");
    }
    open_cache(fleet, params->cache_path);
    describe_processor(&fleet->logger);
    return CHX_OK;
}

/* Every excluded device with its reason, for the case that none is left. */
static chx_status
fail_excluded(const chx__fleet *fleet)
{
    char reasons[768] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < fleet->n_devices && used < sizeof reasons; i++) {
        const chx_device_info *info = &fleet->devices[i].info;
        if (!info->excluded)
            continue;
        int n = snprintf(reasons + used, sizeof reasons - used, "%s%s: %s", used ? "; " : "",
                         info->name, info->excluded);
        used += n > 0 ? (size_t)n : 0;
    }
    return chx__fail(CHX_ERROR_NO_DEVICE, "no selected device passed its self-test: %s", reasons);
}

uint32_t
chx__fleet_n_usable(const chx__fleet *fleet)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < fleet->n_devices; i++)
        n += fleet->devices[i].info.selected && !fleet->devices[i].info.excluded;
    return n;
}

bool
chx__fleet_holds_alone(const chx__fleet *fleet, const chx__platform *platform, chx__places places)
{
    bool is_here = false, is_elsewhere = chx__places_have(places, CHX__HOST_PLACE);
    for (uint32_t d = 0; d < fleet->n_devices; d++) {
        const chx__device *device = &fleet->devices[d];
        if (!chx__places_have(places, chx__device_place(device)))
            continue;
        is_here |= device->platform == platform;
        is_elsewhere |= device->platform != platform;
    }
    return is_here && !is_elsewhere;
}

/* Speeds are measured where they decide something: when there are devices to choose between. */
static bool
wants_speed(const chx__fleet *fleet, const chx_runtime_params *params)
{
    return params->measure || chx__fleet_n_usable(fleet) > 1;
}

static chx_status
test_selected(chx__fleet *fleet, const chx_runtime_params *params)
{
    bool with_speed = wants_speed(fleet, params);
    uint32_t n_sound = 0;
    for (uint32_t i = 0; i < fleet->n_devices; i++) {
        chx__device *device = &fleet->devices[i];
        if (!device->info.selected)
            continue;
        chx_status status = chx__self_test(fleet, device, with_speed);
        if (status)
            return status;
        if (device->info.excluded) {
            device->info.selected = false;
            chx__log(&fleet->logger, CHX_LOG_WARNING, "%s is not used: %s", device->info.name,
                     device->info.excluded);
        }
        n_sound += device->info.selected;
    }
    return n_sound > 0 ? CHX_OK : fail_excluded(fleet);
}

/* Every device is a place that may hold data. */
static chx_status
check_count(const chx__fleet *fleet)
{
    if (fleet->n_devices < CHX__MAX_PLACES)
        return CHX_OK;
    return chx__fail(
        CHX_ERROR_LIMIT,
        "this machine has %u devices, %u are possible; hide some from the loader, such "
        "as with OCL_ICD_VENDORS",
        fleet->n_devices, CHX__MAX_PLACES - 1);
}

static void
set_limits(chx__fleet *fleet, const chx_runtime_params *params)
{
    for (uint32_t i = 0; i < fleet->n_devices; i++) {
        chx_device_info *info = &fleet->devices[i].info;
        info->n_compute_lanes = params->n_compute_lanes ? params->n_compute_lanes : 1;
        info->budget_bytes =
            params->memory_budget_bytes ? params->memory_budget_bytes : info->memory_bytes / 5 * 4;
        chx__device_lay_lanes(&fleet->devices[i]);
    }
}

/* Of devices that are alike one may be slower, as by others' work. */
static void
tell_apart(chx__fleet *fleet)
{
    for (uint32_t i = 0; i < fleet->n_devices; i++) {
        chx__device *device = &fleet->devices[i];
        uint64_t n_alike = 0;
        for (uint32_t j = 0; j < i; j++)
            n_alike += chx__digest_equal(fleet->devices[j].identity, device->identity);
        device->pace = device->identity.low + n_alike * UINT64_C(0x9e3779b97f4a7c15);
    }
}

static bool
is_only_one(const chx__fleet *fleet, const chx__device *device)
{
    for (uint32_t i = 0; i < fleet->n_devices; i++) {
        const chx__device *other = &fleet->devices[i];
        if (other != device && other->info.selected && other->platform == device->platform)
            return false;
    }
    return device->info.selected;
}

/* Gives a platform the context in which its only device was tested, and releases the others. PoCL
 * loads its built-in functions once per context: the first build in a fresh one takes 590 ms, in
 * this one 120 ms. */
static void
settle_contexts(chx__fleet *fleet)
{
    for (uint32_t i = 0; i < fleet->n_devices; i++) {
        chx__device *device = &fleet->devices[i];
        if (device->tested && is_only_one(fleet, device)) {
            device->platform->context = device->tested;
            device->platform->generation++;
        } else if (device->tested) {
            chx__device_backend(device)->release_context(device->tested);
        }
        device->tested = NULL;
    }
}

/* Where there is one device, nothing is placed by what transfers take. */
static void
recall_wires(chx__fleet *fleet)
{
    if (chx__fleet_n_usable(fleet) > 1)
        fleet->wires = fleet->recalled = chx__wires_recall(fleet);
}

static chx_status
fail_without_devices(const chx__fleet *fleet)
{
    const chx_error *refusal = &fleet->refusal;
    if (refusal->status)
        return chx__fail_cl(CHX_ERROR_NO_DEVICE, refusal->cl_code, refusal->device, NULL,
                            "no OpenCL device can be used: %s; try again, or see to the driver",
                            refusal->message);
    return chx__fail(CHX_ERROR_NO_DEVICE, "this machine has no OpenCL device; install a driver, "
                                          "such as the package pocl-opencl-icd");
}

static chx_status
assemble(chx__fleet *fleet, const chx_runtime_params *params)
{
    chx_status status = apply_params(fleet, params);
    if (!status)
        status = chx__fleet_discover(fleet);
    if (!status && fleet->n_devices == 0)
        status = fail_without_devices(fleet);
    if (!status)
        status = chx__fleet_select(fleet, params->devices);
    if (!status)
        status = test_selected(fleet, params);
    if (!status && !params->devices)
        chx__fleet_keep_fastest_cpu(fleet);
    if (!status && params->split > 1)
        status = chx__fleet_split(fleet, params->split);
    if (!status)
        status = check_count(fleet);
    if (!status)
        set_limits(fleet, params);
    if (!status)
        tell_apart(fleet);
    settle_contexts(fleet);
    if (!status)
        recall_wires(fleet);
    return status;
}

/* Null devices need neither a cache nor a self-test. */
static chx_status
assemble_null(chx__fleet *fleet, const chx_runtime_params *params, chx__null *machine)
{
    fleet->logger = (chx__logger){params->log, params->log_data, params->log_level};
    chx_status status = chx__null_populate(machine, fleet);
    if (!status)
        status = check_count(fleet);
    if (!status)
        status = chx__fleet_select(fleet, params->devices);
    if (!status)
        set_limits(fleet, params);
    if (!status)
        tell_apart(fleet);
    if (!status && params->cache_path)
        open_cache(fleet, params->cache_path);
    return status;
}

/* A compiler may be slow over a large kernel; one that takes this long is taken for stuck. */
#define BUILD_TIMEOUT_NS UINT64_C(600000000000)
#define TIMING_NS UINT64_C(1000000000)
#define OPENING_TIMEOUT_NS UINT64_C(60000000000)

static bool
wants_serial(const chx_runtime_params *params)
{
    const char *variable = getenv("CHRONAXIE_SERIAL");
    return params->serial || (variable && strcmp(variable, "1") == 0);
}

static chx_status
init_locks(chx__fleet *fleet, bool is_serial)
{
    *fleet = (chx__fleet){.generation = 1,
                          .is_serial = is_serial,
                          .build_timeout_ns = BUILD_TIMEOUT_NS,
                          .opening_timeout_ns = OPENING_TIMEOUT_NS,
                          .timing_ns = TIMING_NS};
    if (pthread_mutex_init(&fleet->lock, NULL) != 0)
        return chx__fail_memory("opening the devices");
    if (pthread_cond_init(&fleet->opened, NULL) != 0) {
        pthread_mutex_destroy(&fleet->lock);
        return chx__fail_memory("opening the devices");
    }
    fleet->has_lock = true;
    return CHX_OK;
}

chx_status
chx__fleet_init(chx__fleet *fleet, const chx_runtime_params *params, chx__null *machine)
{
    static const chx_runtime_params defaults;
    const chx_runtime_params *wanted = params ? params : &defaults;
    chx_status status = init_locks(fleet, wants_serial(wanted));
    if (status)
        return status;
    status = machine ? assemble_null(fleet, wanted, machine) : assemble(fleet, wanted);
    if (status)
        chx__fleet_finish(fleet);
    return status;
}

void
chx__fleet_finish(chx__fleet *fleet)
{
    if (chx__fleet_has_stuck(fleet))
        return;
    for (uint32_t i = 0; i < fleet->n_devices; i++)
        chx__device_close(&fleet->devices[i], false);
    for (uint32_t i = 0; i < fleet->n_platforms; i++)
        if (fleet->platforms[i].context)
            fleet->platforms[i].backend->release_context(fleet->platforms[i].context);
    for (uint32_t i = 0; i < fleet->n_devices; i++)
        chx__device_finish(&fleet->devices[i]);
    for (uint32_t i = 0; i < fleet->n_platforms; i++) {
        free(fleet->platforms[i].name);
        free(fleet->platforms[i].vendor);
    }
    free(fleet->devices);
    free(fleet->platforms);
    free(fleet->kernel_path);
    free(fleet->recalled);
    chx__driver_cache_close(&fleet->driver_cache);
    chx__cache_destroy(&fleet->cache);
    if (fleet->has_lock) {
        pthread_cond_destroy(&fleet->opened);
        pthread_mutex_destroy(&fleet->lock);
    }
    *fleet = (chx__fleet){0};
}

/* In a thread of its own, which shares nothing that changes. */
typedef struct opening {
    const chx__device *device;
    cl_context context;
    cl_device_id *ids; /* of the context that is to be made */
    uint32_t n_ids;
    chx__opened opened;
} opening;

static opening *
opening_create(const chx__fleet *fleet, const chx__device *device)
{
    opening *made = chx__alloc(1, sizeof *made);
    if (!made)
        return NULL;
    *made = (opening){.device = device,
                      .context = device->platform->context,
                      .ids = chx__alloc(fleet->n_devices, sizeof *made->ids)};
    if (!made->ids) {
        free(made);
        return NULL;
    }
    for (uint32_t i = 0; i < fleet->n_devices; i++)
        if (fleet->devices[i].platform == device->platform && fleet->devices[i].info.selected)
            made->ids[made->n_ids++] = fleet->devices[i].id;
    return made;
}

static void
opening_free(opening *ending)
{
    free(ending->ids);
    free(ending);
}

static chx_status
open_device(void *data)
{
    opening *under_way = data;
    const chx__platform *platform = under_way->device->platform;
    cl_int code = 0;
    if (!under_way->context)
        code = platform->backend->create_context(platform, under_way->ids, under_way->n_ids,
                                                 &under_way->context);
    if (code)
        return chx__fail_cl(CHX_ERROR_DEVICE, code, NULL, NULL, "%s: cannot make a context: %s",
                            platform->name, chx__cl_name(code));
    return chx__device_open(under_way->device, under_way->context, &under_way->opened);
}

static void
adopt(const chx__fleet *fleet, chx__device *device, const opening *ended, chx_status status)
{
    if (!device->platform->context && ended->context) {
        device->platform->context = ended->context;
        device->platform->generation++;
    }
    if (!status)
        chx__device_adopt(device, &ended->opened, &fleet->logger);
    device->is_silent &= status != CHX_OK;
}

/* By whoever has begun opening. */
static chx_status
venture_open(chx__fleet *fleet, chx__device *device)
{
    char doing[160];
    bool came_back;
    opening *under_way = opening_create(fleet, device);
    if (!under_way)
        return chx__fail_memory("opening a device");
    snprintf(doing, sizeof doing, "opening %.100s", device->info.name);
    chx_status status = chx__venture(fleet, device->platform, open_device, under_way,
                                     fleet->opening_timeout_ns, doing, &came_back);
    if (!came_back) {
        chx__keep(under_way);
        return status;
    }
    adopt(fleet, device, under_way, status);
    opening_free(under_way);
    return status;
}

static void
begin_opening(chx__fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    while (fleet->is_opening)
        pthread_cond_wait(&fleet->opened, &fleet->lock);
    fleet->is_opening = true;
    pthread_mutex_unlock(&fleet->lock);
}

static void
end_opening(chx__fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    fleet->is_opening = false;
    pthread_cond_broadcast(&fleet->opened);
    pthread_mutex_unlock(&fleet->lock);
}

chx_status
chx__fleet_open(chx__fleet *fleet, chx__device *device)
{
    if (atomic_load(&device->is_open))
        return CHX_OK;
    if (!device->info.selected)
        return chx__fail_cl(CHX_ERROR_INVALID, 0, device->info.name, NULL,
                            "%s is not among the selected devices", device->info.name);
    begin_opening(fleet);
    chx_status status = atomic_load(&device->is_open) ? CHX_OK : venture_open(fleet, device);
    end_opening(fleet);
    return status;
}

void
chx__fleet_enter(chx__fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    while (fleet->is_shut)
        pthread_cond_wait(&fleet->opened, &fleet->lock);
    fleet->n_guests++;
    pthread_mutex_unlock(&fleet->lock);
}

void
chx__fleet_leave(chx__fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    if (--fleet->n_guests == 0)
        pthread_cond_broadcast(&fleet->opened);
    pthread_mutex_unlock(&fleet->lock);
}

void
chx__fleet_shut(chx__fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    fleet->is_shut = true;
    while (fleet->n_guests > 0)
        pthread_cond_wait(&fleet->opened, &fleet->lock);
    pthread_mutex_unlock(&fleet->lock);
}

void
chx__fleet_admit(chx__fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    fleet->is_shut = false;
    pthread_cond_broadcast(&fleet->opened);
    pthread_mutex_unlock(&fleet->lock);
}

bool
chx__fleet_is_shut(chx__fleet *fleet)
{
    pthread_mutex_lock(&fleet->lock);
    bool is_shut = fleet->is_shut;
    pthread_mutex_unlock(&fleet->lock);
    return is_shut;
}

bool
chx__fleet_is_spare(const chx__fleet *fleet, const chx__device *device, chx__places allowed)
{
    for (uint32_t i = 0; i < fleet->n_devices; i++) {
        const chx__device *other = &fleet->devices[i];
        bool is_rival = other != device && other->info.selected &&
                        other->hardware & device->hardware &&
                        chx__places_have(allowed, chx__device_place(other));
        bool is_faster = other->info.giga_ops > device->info.giga_ops ||
                         (other->info.giga_ops == device->info.giga_ops && i < device->index);
        if (is_rival && is_faster)
            return true;
    }
    return false;
}

chx__places
chx__fleet_allow(const chx__fleet *fleet, chx__places allowed)
{
    bool is_left_out = false;
    for (uint32_t i = 0; i < fleet->n_devices; i++) {
        const chx__device *device = &fleet->devices[i];
        if (!chx__places_have(allowed, chx__device_place(device)))
            continue;
        if (device->info.selected && !device->info.excluded)
            return allowed;
        is_left_out |= device->is_left_out;
    }
    return is_left_out ? chx__places_all() : allowed;
}

chx_status
chx__fleet_reopen_lanes(chx__fleet *fleet, chx__platform *platform)
{
    chx_status status = CHX_OK;
    begin_opening(fleet);
    for (uint32_t i = 0; i < fleet->n_devices && !status; i++) {
        chx__device *device = &fleet->devices[i];
        if (device->platform != platform || !device->is_open)
            continue;
        chx__device_close(device, true);
        if (!device->is_silent)
            status = venture_open(fleet, device);
    }
    end_opening(fleet);
    return status;
}

static void
close_platform(chx__fleet *fleet, chx__platform *platform, const chx__device *lost, bool set_aside)
{
    begin_opening(fleet);
    for (uint32_t i = 0; i < fleet->n_devices; i++) {
        chx__device *device = &fleet->devices[i];
        if (device->platform == platform)
            chx__device_close(device, set_aside || device == lost);
    }
    if (platform->context && !set_aside)
        platform->backend->release_context(platform->context);
    platform->context = NULL;
    fleet->generation++;
    end_opening(fleet);
}

void
chx__fleet_close(chx__fleet *fleet, chx__platform *platform, bool set_aside)
{
    close_platform(fleet, platform, NULL, set_aside);
}

bool
chx__fleet_has_stuck(const chx__fleet *fleet)
{
    bool any = false;
    for (uint32_t i = 0; i < fleet->n_platforms; i++)
        any |= atomic_load(&fleet->platforms[i].is_stuck);
    return any;
}

void
chx__fleet_lose(chx__fleet *fleet, chx__platform *platform, const char *reason)
{
    atomic_store(&platform->is_stuck, true);
    fleet->generation++;
    for (uint32_t i = 0; i < fleet->n_devices; i++) {
        chx__device *device = &fleet->devices[i];
        if (device->platform != platform || !device->info.selected)
            continue;
        atomic_store(&device->is_open, false);
        device->info.selected = false;
        if (!device->info.excluded)
            device->info.excluded = chx__strdup(reason);
        chx__log(&fleet->logger, CHX_LOG_WARNING, "%s is no longer used: %s", device->info.name,
                 reason);
    }
}

chx_status
chx__fleet_exclude(chx__fleet *fleet, chx__device *device, const char *reason)
{
    if (!device->info.selected)
        return chx__fail_cl(CHX_ERROR_INVALID, 0, device->info.name, NULL,
                            "%s is not in use, so it cannot be excluded", device->info.name);
    if (chx__fleet_n_usable(fleet) == 1)
        return chx__fail_cl(CHX_ERROR_NO_DEVICE, 0, device->info.name, NULL,
                            "%s is the last device and cannot be excluded", device->info.name);
    char *why = chx__strdup(reason ? reason : "excluded by the caller");
    if (!why)
        return chx__fail_memory("excluding a device");
    close_platform(fleet, device->platform, device, false);
    device->info.selected = false;
    device->info.excluded = why;
    chx__log(&fleet->logger, CHX_LOG_INFO, "%s is no longer used: %s", device->info.name, why);
    return CHX_OK;
}

/* Callers may have been told why it was out of use, so that stays. */
void
chx__fleet_readmit(chx__fleet *fleet, chx__device *device)
{
    chx__keep((char *)device->info.excluded);
    device->info.excluded = NULL;
    device->info.selected = true;
    device->is_left_out = device->is_silent = false;
    fleet->generation++;
    chx__log(&fleet->logger, CHX_LOG_WARNING, "%s is used again: it answers and passes its test",
             device->info.name);
}
