/* The driver takes every run from its submission to its end. A command goes WAITING, SENT, BACK,
 * DONE (or FAILED), never back; per lane two rows say how far: what lies before next_reap is done,
 * from there to next_enqueue it is with its courier or has come back, behind that it waits. Lanes
 * are in-order, so only the first of a lane's rest is ever looked at, and
 * next_reap <= next_enqueue <= lane_begin[lane + 1].
 *
 * Locks: all of this runs under the turn (order 1), and none of it calls a driver: that is what
 * couriers are for. Their lock, the inbox's and that of the host thread's queue are innermost
 * (order 2); nothing here sleeps with the turn held. */
#include "execute/driver.h"

#include <assert.h>

#include "base/error.h"
#include "base/inbox.h"
#include "execute/enqueue.h"
#include "execute/landing.h"
#include "execute/ledger.h"
#include "execute/reap.h"
#include "execute/tail.h"
#include "execute/vigil.h"

/* While runs are in flight the driver thread looks at deadlines, and at devices, this often. */
#define POLL_NS UINT64_C(16000000)

/* The runtime whose driver thread the calling thread is. */
static _Thread_local const chx_runtime *driven_here;

/* Sees to it that what a new run follows on other platforms is noticed when it is done. */
static void
watch_followed(const chx_run *run)
{
    for (uint32_t c = 0; c < run->lowered->n_commands; c++)
        for (uint32_t t = 0; t < run->steps[c].n_tickets; t++) {
            const chx__ticket *ticket = &run->tickets[run->steps[c].first_ticket + t];
            chx_run *before = run->runtime->flight.slots[ticket->slot];
            const chx__device *device = chx__run_device(before, ticket->command);
            const chx__device *follower = chx__run_device(run, c);
            if (!device || (follower && follower->platform == device->platform))
                continue;
            atomic_store(&before->steps[ticket->command].parcel.is_awaited, true);
            if (before->steps[ticket->command].state == CHX__STEP_SENT)
                chx__courier_nudge(device->platform->courier);
        }
}

static void
count_writes(chx_run *run)
{
    for (uint32_t b = 0; b < run->lowered->flow.n_buffers; b++)
        chx__run_buffer(run, b)->n_writes += run->lowered->flow.is_written[b];
}

/* Host memory is named now, as for transfers: it moves only when the run has failed. */
static void
start_host_task(chx_run *run, uint32_t command)
{
    const chx__lowered *lowered = run->lowered;
    chx__host_job *job = &run->jobs[run->steps[command].job];
    uint32_t task = lowered->commands[command].task;
    const chx__use *use = &lowered->flow.uses[lowered->flow.first_use[task]];
    for (uint32_t i = 0; i < lowered->graph->tasks[task].n_args; i++)
        job->host[i] = chx__run_buffer(run, use[i].buffer)->host;
    run->steps[command].state = CHX__STEP_SENT;
    if (run->runtime->host_thread)
        chx__host_thread_add(run->runtime->host_thread, job);
    else
        chx__host_job_run(job);
}

/* Starts one command whose turn on its lane has come. False when it has to wait. */
static bool
start_command(chx_run *run, uint32_t command)
{
    if (chx__enqueue_readiness(run, command) != CHX__READY)
        return false;
    if (chx__run_device(run, command))
        chx__enqueue(run, command);
    else
        start_host_task(run, command);
    uint32_t index = run->lowered->commands[command].lane;
    run->next_enqueue[index]++;
    assert(run->next_enqueue[index] <= run->lowered->lane_begin[index + 1]);
    return true;
}

/* Starts what can be started, a command of each lane in turn, for what one waits for may be the
 * next of another. */
static bool
start_commands(chx_run *run)
{
    const chx__lowered *lowered = run->lowered;
    bool any = false, progressed = !run->is_cancelled;
    while (progressed) {
        progressed = false;
        for (uint32_t l = 0; l < lowered->model.machine.n_lanes && !run->failed; l++)
            if (run->next_enqueue[l] < lowered->lane_begin[l + 1])
                progressed |= start_command(run, lowered->lane_commands[run->next_enqueue[l]]);
        any |= progressed;
    }
    return any;
}

static bool
advance_run(chx_run *run)
{
    bool progressed = chx__reap(run);
    progressed |= start_commands(run);
    return chx__land(run) || progressed;
}

/* Couriers of a serial runtime work when somebody moves its runs. */
static void
work_couriers(chx_runtime *runtime)
{
    for (uint32_t p = 0; runtime->serial && p < runtime->fleet.n_platforms; p++)
        chx__courier_work(runtime->fleet.platforms[p].courier);
}

bool
chx__driver_move(chx_runtime *runtime)
{
    bool progressed = false;
    chx_run *next;
    work_couriers(runtime);
    for (uint32_t p = 0; p < runtime->fleet.n_platforms; p++)
        progressed |= chx__courier_collect(runtime->fleet.platforms[p].courier);
    for (chx_run *run = runtime->flight.first; run; run = next) {
        next = run->next;
        progressed |= advance_run(run);
    }
    for (uint32_t p = 0; p < runtime->fleet.n_platforms; p++)
        chx__courier_send(runtime->fleet.platforms[p].courier);
    work_couriers(runtime);
    return progressed;
}

static void *
drive(void *data)
{
    chx_runtime *runtime = data;
    driven_here = runtime;
    uint64_t seen = 0;
    uint64_t poll_ns = UINT64_MAX;
    while (chx__inbox_wait(runtime->inbox, &seen, poll_ns)) {
        chx__turn_begin(runtime);
        chx__driver_move(runtime);
        if (runtime->flight.n_runs > 0)
            chx__vigil_look(runtime);
        poll_ns = runtime->flight.n_runs > 0 ? POLL_NS : UINT64_MAX;
        chx__turn_end(runtime);
    }
    return NULL;
}

static chx_status
start_couriers(chx_runtime *runtime)
{
    chx__fleet *fleet = &runtime->fleet;
    chx_status status = CHX_OK;
    for (uint32_t p = 0; !status && p < fleet->n_platforms; p++)
        status = chx__courier_create(fleet, &fleet->platforms[p], runtime->inbox, runtime->serial,
                                     &fleet->platforms[p].courier);
    return status;
}

static bool
stop_couriers(chx_runtime *runtime)
{
    bool all = true;
    for (uint32_t p = 0; p < runtime->fleet.n_platforms; p++)
        all &= chx__courier_destroy(&runtime->fleet.platforms[p].courier);
    return all;
}

static chx_status
start_threads(chx_runtime *runtime)
{
    chx_status status = chx__inbox_create(&runtime->inbox);
    if (!status)
        status = chx__host_thread_create(runtime->inbox, &runtime->host_thread);
    if (!status)
        status = chx__vigil_create(&runtime->fleet, &runtime->vigil);
    if (!status && pthread_create(&runtime->driver_thread, NULL, drive, runtime) != 0)
        status = chx__fail(CHX_ERROR_MEMORY, "the system has no room for the driver thread; end "
                                             "other programs or ask for a serial runtime");
    if (status) {
        chx__vigil_destroy(&runtime->vigil);
        chx__host_thread_destroy(&runtime->host_thread);
        chx__inbox_unref(runtime->inbox);
        runtime->inbox = NULL;
    }
    return status;
}

chx_status
chx__driver_start(chx_runtime *runtime)
{
    chx_status status = runtime->serial ? CHX_OK : start_threads(runtime);
    return status ? status : start_couriers(runtime);
}

bool
chx__driver_stop(chx_runtime *runtime)
{
    if (runtime->inbox) {
        chx__inbox_close(runtime->inbox);
        pthread_join(runtime->driver_thread, NULL);
        chx__host_thread_destroy(&runtime->host_thread);
    }
    if (!chx__vigil_destroy(&runtime->vigil) || !stop_couriers(runtime))
        return false;
    chx__inbox_unref(runtime->inbox);
    runtime->inbox = NULL;
    return true;
}

chx_status
chx__driver_submit(chx_run *run)
{
    chx_runtime *runtime = run->runtime;
    run->number = ++runtime->flight.n_submitted;
    chx_status status = chx__tails_follow(run);
    if (!status)
        status = chx__ledger_promise(run);
    if (status)
        return status;
    chx__tails_add(run);
    watch_followed(run);
    count_writes(run);
    chx__run_ref(run);
    chx__flight_enter(&runtime->flight, run);
    chx__driver_move(runtime);
    /* Otherwise the driver thread looks at deadlines already. */
    if (runtime->inbox && runtime->flight.n_runs == 1)
        chx__inbox_post(runtime->inbox);
    return CHX_OK;
}

bool
chx__driver_is_here(const chx_runtime *runtime)
{
    return runtime->serial || runtime == driven_here;
}

void
chx__driver_abandon(chx_runtime *runtime, const chx__platform *platform)
{
    for (chx_run *run = runtime->flight.first; run; run = run->next)
        for (uint32_t c = 0; c < run->lowered->n_commands && !run->failed; c++) {
            const chx__device *device = chx__run_device(run, c);
            if (run->steps[c].state != CHX__STEP_DONE && device && device->platform == platform)
                chx__reap_fail(run, c, CHX_ERROR_TIMEOUT, 0,
                               "was given up: another command there failed or hung before it");
        }
    chx__driver_move(runtime);
}
