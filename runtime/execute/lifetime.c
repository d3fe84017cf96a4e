/* At its end a runtime waits two seconds for what is in flight. After that, or where a platform
 * is suspect, queues and contexts are forgotten rather than released, since a release waits for
 * commands that may never end: a leak instead of a hang. Threads are stopped before the fleet
 * goes. In a forked child the handle is dropped untouched: the child has copies of locked locks
 * and none of the threads. */
#include "execute/lifetime.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/later.h"
#include "execute/driver.h"
#include "execute/learn.h"
#include "execute/probation.h"
#include "execute/voice.h"
#include "execute/wait.h"

/* How long a runtime that is destroyed waits for runs in flight before it sets them aside. */
#define PATIENCE_NS UINT64_C(5000000000)
#define PROBATION_NS UINT64_C(5000000000)
#define ACCESS_TIMEOUT_NS UINT64_C(60000000000)
#define FAREWELL_NS UINT64_C(2000000000)

static void
init_locks(chx_runtime *runtime)
{
    pthread_mutex_init(&runtime->turn, NULL);
    chx__clock_init_cond(&runtime->changed);
}

/* One thread at a time: PoCL 3.1 crashes when the first look at it comes from several. Lock order
 * 0: nothing else is held, and log callbacks wait until after it. */
static pthread_mutex_t discovery = PTHREAD_MUTEX_INITIALIZER;

static chx_status
discover(chx_runtime *runtime, const chx_runtime_params *params, chx__null *machine)
{
    pthread_mutex_lock(&discovery);
    chx__later_hold();
    chx_status status = chx__fleet_init(&runtime->fleet, params, machine);
    pthread_mutex_unlock(&discovery);
    chx__later_release();
    return status;
}

chx_status
chx_runtime_create(chx_runtime **runtime, const chx_runtime_params *params)
{
    CHX__REQUIRE(runtime);
    return chx__runtime_create(runtime, params, NULL);
}

chx_status
chx__runtime_create(chx_runtime **runtime, const chx_runtime_params *params, chx__null *machine)
{
    chx_runtime_params wanted = params ? *params : (chx_runtime_params){0};
    CHX__REQUIRE(wanted.n_compute_lanes <= CHX__MAX_COMPUTE_LANES);
    chx_runtime *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("creating a runtime");
    init_locks(made);
    made->logger = (chx__logger){wanted.log, wanted.log_data, wanted.log_level};
    made->patience_ns = PATIENCE_NS;
    made->probation_ns = PROBATION_NS;
    made->access_timeout_ns = ACCESS_TIMEOUT_NS;
    made->process = getpid();
    chx_status status = chx__costs_create(&made->costs);
    if (!status)
        status = discover(made, &wanted, machine);
    made->serial = made->fleet.is_serial;
    if (!status)
        chx__learn_begin(made);
    if (!status)
        status = chx__driver_start(made);
    if (status) {
        chx_runtime_destroy(&made);
        return status;
    }
    *runtime = made;
    return CHX_OK;
}

void
chx_runtime_destroy(chx_runtime **runtime)
{
    if (!runtime || !*runtime)
        return;
    chx_runtime *ending = *runtime;
    *runtime = NULL;
    /* A child's copy of the locks and queues may be held by threads that it does not have. */
    if (ending->process != getpid())
        return;
    chx__turn_begin(ending);
    bool is_drained = chx__wait_all(ending, chx__now_ns() + FAREWELL_NS) == CHX_OK;
    chx__turn_end(ending);
    /* What a stuck driver may come back to must be there: all of it. */
    const bool is_free = chx__probation_destroy(&ending->probation);
    if (!chx__driver_stop(ending) || !is_free || chx__fleet_has_stuck(&ending->fleet)) {
        chx__keep(ending);
        return;
    }
    /* Releasing a queue waits for its commands, some of which may never end. */
    for (uint32_t p = 0; p < ending->fleet.n_platforms; p++)
        if (!is_drained || ending->fleet.platforms[p].is_suspect)
            chx__fleet_close(&ending->fleet, &ending->fleet.platforms[p], true);
    chx__learn_end(ending);
    chx__fleet_finish(&ending->fleet);
    chx__costs_destroy(&ending->costs);
    pthread_cond_destroy(&ending->changed);
    pthread_mutex_destroy(&ending->turn);
    free(ending);
}

uint32_t
chx_runtime_n_devices(const chx_runtime *runtime)
{
    return runtime ? runtime->fleet.n_devices : 0;
}

chx_status
chx_runtime_device(const chx_runtime *runtime, uint32_t device_index, chx_device_info *info)
{
    CHX__REQUIRE(runtime && info && device_index < runtime->fleet.n_devices);
    const chx__device *device = &runtime->fleet.devices[device_index];
    *info = device->info;
    info->used_bytes = atomic_load(&device->used_bytes);
    info->spare = info->selected && chx__fleet_is_spare(&runtime->fleet, device, chx__places_all());
    return CHX_OK;
}

const chx__logger *
chx__runtime_logger(const chx_runtime *runtime)
{
    return &runtime->logger;
}

uint64_t
chx_runtime_n_recoveries(chx_runtime *runtime)
{
    if (!runtime)
        return 0;
    chx__turn_begin(runtime);
    const uint64_t n = runtime->n_recoveries;
    chx__turn_end(runtime);
    return n;
}

uint32_t
chx_runtime_n_parallel(const chx_runtime *runtime)
{
    uint64_t taken = 0;
    uint32_t n = 0;
    if (!runtime)
        return 0;
    for (uint32_t d = 0; d < runtime->fleet.n_devices; d++) {
        const chx__device *device = &runtime->fleet.devices[d];
        if (!device->info.selected || device->hardware & taken)
            continue;
        taken |= device->hardware;
        n++;
    }
    return n ? n : 1;
}
