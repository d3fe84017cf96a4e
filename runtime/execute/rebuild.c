/* After a failure the old queues may hold commands that never end, so nothing that waits for them
 * may be called: not finish, not a release. The order is: wait for the platform's runs, then fail
 * them, and for runs that still use elsewhere what is to be saved over it; wait for guests to leave
 * (they use contexts without the turn); new queues on the old context; over those read out what
 * only this platform holds; drop replicas and context; the next use makes a new context with a new
 * generation, which voids programs and kernels. Reading out may fail, and its content is then lost
 * and said to be lost: a rebuild always comes to its end.
 *
 * The grace is short because the run that made the platform suspect has failed already; what still
 * waits there mostly hangs too. A host task is the exception. It is the caller's code, cannot be
 * called off, and so makes the rebuild time out rather than pull the context from under it.
 *
 * Locks: under the turn, which the waits give up; after each, is_suspect is looked at again. The
 * fleet's lock is a leaf and taken only inside fleet.c. chx_runtime_exclude() takes the same
 * path with a device to leave out. */
#include "execute/rebuild.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "device/courier.h"
#include "execute/driver.h"
#include "execute/fetch.h"
#include "execute/vigil.h"
#include "execute/wait.h"

/* Saves what only the platform holds, but for partials, which nobody needs again. The first failure
 * ends the attempt for all buffers: a context that lost one read will hardly serve the next, and
 * each would cost its deadline. */
static bool
save_buffers(chx_runtime *runtime, const chx__platform *platform, uint64_t deadline_ns)
{
    for (chx_buffer *buffer = runtime->buffers; buffer; buffer = buffer->next)
        for (size_t i = 0; i < buffer->coherence.n_extents; i++) {
            chx__extent extent = buffer->coherence.extents[i];
            if (buffer->is_partial ||
                !chx__fleet_holds_alone(&runtime->fleet, platform, extent.places))
                continue;
            if (chx__fetch(buffer, extent.begin, extent.end, false, deadline_ns) != CHX_OK)
                return false;
            i = 0; /* extents may have been joined */
        }
    return true;
}

/* Nothing is read from devices that give no sign of life, for each read would cost its deadline. */
static void
lose_silent(chx_runtime *runtime, const chx__platform *platform)
{
    for (uint32_t d = 0; d < runtime->fleet.n_devices; d++) {
        const chx__device *device = &runtime->fleet.devices[d];
        if (device->platform != platform || !device->is_silent)
            continue;
        for (chx_buffer *buffer = runtime->buffers; buffer; buffer = buffer->next)
            chx__buffer_lose_replica(buffer, device);
    }
}

/* Drops a platform's context with everything in it and gives it a fresh one, without `excluded`
 * when that is not NULL. Content that only the platform holds is saved to host memory first, over
 * fresh queues and within timeout_ns; what cannot be saved is lost. set_aside: the context holds
 * commands that may never end, so its objects are forgotten rather than released. Nothing is in the
 * way, see chx__wait_platform(). Under the turn. */
static chx_status
rebuild(chx_runtime *runtime, chx__platform *platform, chx__device *excluded, const char *reason,
        bool set_aside, uint64_t timeout_ns)
{
    uint64_t deadline_ns = chx__now_ns() + timeout_ns;
    chx_status status = CHX_OK;
    set_aside |= !chx__vigil_leave(runtime, platform);
    chx__fleet_shut(&runtime->fleet);
    if (set_aside)
        lose_silent(runtime, platform);
    if (set_aside)
        status = chx__fleet_reopen_lanes(&runtime->fleet, platform);
    bool saved = !status && save_buffers(runtime, platform, deadline_ns);
    chx_error lost = *chx_last_error();
    for (chx_buffer *buffer = runtime->buffers; buffer; buffer = buffer->next)
        for (uint32_t d = 0; d < runtime->fleet.n_devices; d++)
            if (runtime->fleet.devices[d].platform == platform)
                chx__buffer_drop_replica(buffer, &runtime->fleet.devices[d], set_aside);
    chx__fleet_close(&runtime->fleet, platform, set_aside);
    platform->is_suspect = false;
    status = excluded ? chx__fleet_exclude(&runtime->fleet, excluded, reason) : CHX_OK;
    chx__fleet_admit(&runtime->fleet);
    if (!status && !saved)
        status = chx__fail_again(&lost);
    return status;
}

/* A driver that does not come back from a call is not called again: what only its devices held is
 * lost. */
static void
lose(chx_runtime *runtime, chx__platform *platform)
{
    char why[256];
    uint64_t busy_ns = chx__courier_busy_ns(platform->courier);
    if (busy_ns >= runtime->patience_ns)
        snprintf(why, sizeof why, "a call of its driver, %.100s, has not come back for %.0f s",
                 platform->name, (double)busy_ns / 1e9);
    else
        snprintf(why, sizeof why, "its driver, %.100s, does not come back from a build",
                 platform->name);
    atomic_store(&platform->is_stuck, true);
    chx__fleet_shut(&runtime->fleet);
    for (chx_buffer *buffer = runtime->buffers; buffer; buffer = buffer->next)
        for (uint32_t d = 0; d < runtime->fleet.n_devices; d++)
            if (runtime->fleet.devices[d].platform == platform)
                chx__buffer_lose_replica(buffer, &runtime->fleet.devices[d]);
    chx__fleet_lose(&runtime->fleet, platform, why);
    chx__fleet_admit(&runtime->fleet);
    platform->is_suspect = false;
}

#define SAVING_TIMEOUT_NS UINT64_C(10000000000)

/* Runs on a suspect platform that have not ended when the patience is over never will, as far as
 * anybody can tell. */
static chx_status
rebuild_suspect(chx_runtime *runtime, chx__platform *platform)
{
    uint64_t patience_ns = runtime->patience_ns;
    if (chx__wait_platform(runtime, platform, chx__now_ns() + patience_ns) != CHX_OK)
        chx__driver_abandon(runtime, platform);
    chx_status status = chx__wait_platform(runtime, platform, chx__now_ns() + patience_ns);
    if (status)
        return status;
    bool is_idle = chx__wait_courier(runtime, platform, chx__now_ns() + 2 * patience_ns);
    /* The turn was given up: another thread may have been faster. */
    if (!platform->is_suspect)
        return CHX_OK;
    if (!is_idle)
        lose(runtime, platform);
    /* What could not be saved is marked lost; whoever needs it is told so. */
    else if (rebuild(runtime, platform, NULL, NULL, true, SAVING_TIMEOUT_NS) != CHX_OK)
        chx__log(&runtime->logger, CHX_LOG_WARNING, "after a failure on %s: %s", platform->name,
                 chx_last_error()->message);
    return CHX_OK;
}

chx_status
chx__rebuild_suspects(chx_runtime *runtime)
{
    chx_status status = CHX_OK;
    for (uint32_t p = 0; p < runtime->fleet.n_platforms && !status; p++)
        if (runtime->fleet.platforms[p].is_suspect)
            status = rebuild_suspect(runtime, &runtime->fleet.platforms[p]);
    return status;
}

chx_status
chx__rebuild_and_fetch(chx_buffer *buffer, size_t begin, size_t end, uint64_t deadline_ns)
{
    for (;;) {
        chx_status status = chx__rebuild_suspects(buffer->runtime);
        if (status)
            return status;
        status = chx__fetch(buffer, begin, end, true, deadline_ns);
        if (status != CHX_ERROR_TIMEOUT || chx__now_ns() >= deadline_ns)
            return status;
    }
}

/* Nothing is in the way of a rebuild, nor with the courier. */
static chx_status
await_quiet(chx_runtime *runtime, const chx__platform *platform, uint64_t deadline_ns)
{
    chx_status status;
    while (!(status = chx__wait_platform(runtime, platform, deadline_ns)) &&
           (chx__courier_n_out(platform->courier) > 0 || atomic_load(&platform->is_stuck)))
        if (!chx__wait_courier(runtime, platform, deadline_ns))
            return chx__fail(CHX_ERROR_TIMEOUT,
                             "%s has not come back from its driver within the time given",
                             platform->name);
    return status;
}

chx_status
chx__exclude(chx_runtime *runtime, chx__device *device, const char *reason, uint64_t timeout_ns)
{
    const uint64_t deadline_ns = chx__now_ns() + timeout_ns;
    if (!device->info.selected || device->info.excluded)
        return CHX_OK;
    if (chx__fleet_n_usable(&runtime->fleet) < 2)
        return chx__fail_cl(CHX_ERROR_NO_DEVICE, 0, device->info.name, NULL,
                            "%s is the last device in use and cannot be excluded",
                            device->info.name);
    chx_status status = await_quiet(runtime, device->platform, deadline_ns);
    if (!status)
        status = rebuild(runtime, device->platform, device, reason, device->platform->is_suspect,
                         timeout_ns);
    return status;
}

bool
chx__readmit(chx_runtime *runtime, chx__device *device, uint64_t timeout_ns)
{
    chx__platform *platform = device->platform;
    const uint64_t deadline_ns = chx__now_ns() + timeout_ns;
    if (await_quiet(runtime, platform, deadline_ns) != CHX_OK || platform->is_suspect ||
        device->is_barred)
        return false;
    if (rebuild(runtime, platform, NULL, NULL, false, timeout_ns) != CHX_OK)
        chx__log(&runtime->logger, CHX_LOG_WARNING, "before %s is used again: %s",
                 device->info.name, chx_last_error()->message);
    chx__fleet_readmit(&runtime->fleet, device);
    return true;
}

chx_status
chx_runtime_exclude(chx_runtime *runtime, uint32_t device_index, const char *reason,
                    uint64_t timeout_ns)
{
    CHX__REQUIRE(runtime && device_index < runtime->fleet.n_devices && reason);
    chx__turn_begin(runtime);
    chx_status status =
        chx__exclude(runtime, &runtime->fleet.devices[device_index], reason, timeout_ns);
    runtime->fleet.devices[device_index].is_barred |= !status;
    chx__turn_end(runtime);
    return status;
}
