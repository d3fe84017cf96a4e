/* Threads that wait sleep on the runtime's condition and give the turn up meanwhile. Where nobody
 * else would move runs along (in a serial runtime, and in the driver thread, from where a log
 * callback may wait for a run) the one that waits does it. */
#include "execute/wait.h"

#include <assert.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "execute/driver.h"
#include "execute/tail.h"

void
chx__wait_change(chx_runtime *runtime, uint64_t deadline_ns)
{
    if (chx__driver_is_here(runtime)) {
        if (chx__driver_move(runtime))
            return;
        chx__turn_pause(runtime);
        nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
        chx__turn_resume(runtime);
        return;
    }
    chx__clock_sleep(&runtime->changed, &runtime->turn, deadline_ns);
}

chx_status
chx__wait_run(chx_run *run, uint64_t deadline_ns)
{
    while (!atomic_load(&run->ended)) {
        if (chx__now_ns() >= deadline_ns)
            return chx__fail(CHX_ERROR_TIMEOUT, "the run has not ended within the time given; wait "
                                                "again or longer");
        chx__wait_change(run->runtime, deadline_ns);
    }
    return run->failed ? chx__fail_again(&run->error) : CHX_OK;
}

/* The run may lose its last handle while somebody waits for it. */
static void
wait_kept(chx_run *run)
{
    chx__run_ref(run);
    chx__wait_run(run, UINT64_MAX);
    chx__run_unref(run);
}

void
chx__wait_for_room(chx_runtime *runtime)
{
    while (runtime->flight.n_runs == CHX__FLIGHT_SLOTS)
        wait_kept(runtime->flight.first);
    assert(runtime->flight.n_runs < CHX__FLIGHT_SLOTS);
}

chx_status
chx__wait_all(chx_runtime *runtime, uint64_t deadline_ns)
{
    while (runtime->flight.n_runs > 0 ||
           (runtime->n_abandoned > 0 && !chx__fleet_has_stuck(&runtime->fleet))) {
        if (chx__now_ns() >= deadline_ns)
            return chx__fail(CHX_ERROR_TIMEOUT, "runs in flight did not end within the time given");
        chx__wait_change(runtime, deadline_ns);
    }
    return CHX_OK;
}

#define LOOK_UP_NS UINT64_C(20000000)

/* Couriers give back at once what nobody wants, unless they are stuck. */
#define GIVING_BACK_NS UINT64_C(1000000000)

bool
chx__wait_abandoned(chx_runtime *runtime)
{
    uint64_t deadline_ns = chx__now_ns() + GIVING_BACK_NS;
    while (runtime->n_abandoned > 0 && !chx__fleet_has_stuck(&runtime->fleet) &&
           chx__now_ns() < deadline_ns)
        chx__wait_change(runtime, deadline_ns);
    return runtime->n_abandoned == 0;
}

static bool
uses_platform(const chx_run *run, const chx__platform *platform)
{
    for (uint32_t c = 0; c < run->lowered->n_commands; c++) {
        const chx__device *device = chx__run_device(run, c);
        if (device && device->platform == platform)
            return true;
    }
    return false;
}

static bool
is_used(const chx_runtime *runtime, const chx__platform *platform)
{
    for (const chx_run *run = runtime->flight.first; run; run = run->next)
        if (uses_platform(run, platform))
            return true;
    return false;
}

/* Whether what only the platform holds is older elsewhere and is used there. */
static bool
is_in_the_way(const chx_runtime *runtime, const chx__platform *platform)
{
    for (const chx_buffer *buffer = runtime->buffers; buffer; buffer = buffer->next)
        for (size_t i = 0; !buffer->is_partial && i < buffer->coherence.n_extents; i++) {
            const chx__extent *extent = &buffer->coherence.extents[i];
            if (chx__fleet_holds_alone(&runtime->fleet, platform, extent->places) &&
                chx__tails_find(buffer, extent->begin, extent->end))
                return true;
        }
    return false;
}

chx_status
chx__wait_platform(chx_runtime *runtime, const chx__platform *platform, uint64_t deadline_ns)
{
    while (is_used(runtime, platform) || is_in_the_way(runtime, platform)) {
        if (chx__now_ns() >= deadline_ns)
            return chx__fail(CHX_ERROR_TIMEOUT,
                             "runs in flight on %s, or on what it holds, did not end within the "
                             "time given",
                             platform->name);
        chx__wait_change(runtime, deadline_ns);
    }
    return CHX_OK;
}

bool
chx__wait_courier(chx_runtime *runtime, const chx__platform *platform, uint64_t deadline_ns)
{
    while (chx__courier_n_out(platform->courier) > 0 && !atomic_load(&platform->is_stuck) &&
           chx__courier_busy_ns(platform->courier) < runtime->patience_ns &&
           chx__now_ns() < deadline_ns) {
        uint64_t soon_ns = chx__now_ns() + LOOK_UP_NS;
        chx__wait_change(runtime, soon_ns < deadline_ns ? soon_ns : deadline_ns);
    }
    return chx__courier_n_out(platform->courier) == 0 && !atomic_load(&platform->is_stuck);
}

static chx_run *
find_run_of(const chx_runtime *runtime, const chx_graph *graph)
{
    chx_run *run = runtime->flight.first;
    while (run && run->lowered->whole != graph)
        run = run->next;
    return run;
}

void
chx__wait_graph(chx_runtime *runtime, const chx_graph *graph)
{
    chx_run *run;
    while ((run = find_run_of(runtime, graph)))
        wait_kept(run);
}

static bool
is_busy(const chx_buffer *buffer)
{
    return buffer->is_held || buffer->n_restorers > 0;
}

void
chx__wait_hold(chx_buffer *buffer)
{
    buffer->n_waiting++;
    while (is_busy(buffer) || chx__tails_any(buffer)) {
        if (is_busy(buffer))
            chx__wait_change(buffer->runtime, UINT64_MAX);
        else
            wait_kept(chx__tails_any(buffer));
    }
    assert(buffer->n_waiting > 0 && buffer->n_promised == 0);
    buffer->n_waiting--;
    buffer->is_held = true;
}

void
chx__wait_let_go(chx_buffer *buffer)
{
    assert(buffer->is_held);
    buffer->is_held = false;
    pthread_cond_broadcast(&buffer->runtime->changed);
}

/* Those who wait may wait for the very host task that submits. */
static bool
is_taken(const chx__cast *cast, bool also_by_waiting)
{
    for (uint32_t b = 0; b < cast->n_parts; b++) {
        const chx_buffer *buffer = chx__cast_buffer(cast, b);
        if (is_busy(buffer) || (also_by_waiting && buffer->n_waiting > 0))
            return true;
    }
    return false;
}

bool
chx__wait_behind_holders(chx_runtime *runtime, const chx__cast *cast)
{
    bool slept = false;
    bool is_host_task = chx__host_thread_is_current(runtime->host_thread);
    while (is_taken(cast, !is_host_task)) {
        chx__wait_change(runtime, UINT64_MAX);
        slept = true;
    }
    return slept;
}
