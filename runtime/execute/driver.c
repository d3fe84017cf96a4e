/* The driver takes every run from its submission to its end. A command goes WAITING, SENT, BACK,
 * DONE (or FAILED), never back; per lane two rows say how far: what lies before next_reap is done,
 * from there to next_enqueue it is with its courier or has come back, behind that it waits. Lanes
 * are in-order, so only the first of a lane's rest is ever looked at, and
 * next_reap <= next_enqueue <= lane_begin[lane + 1].
 *
 * A command is DONE only when all that it follows is DONE, in this run and in others (reap.c). For
 * the same reason a run that has only completed commands may still fail, and does not end before
 * those that it follows.
 *
 * What end() does has an order. A failed run gives up first: its platforms become suspect and host
 * memory that a copy may still reach is retired, while the run is still among the tails, so that
 * the runs which hold the old memory fail with it. Then it leaves its buffers' tails and the
 * flight, and only then closes the ledger, which works out what the buffers hold from the promises
 * of those that remain. `ended` is set last: it is the one field that is read without the turn.
 *
 * A failed run ends as soon as its host tasks are called off or back. Its device commands are given
 * a moment only, since some may never end; rebuild.c keeps their queues from being used again.
 *
 * Locks: all of this runs under the turn (order 1), and none of it calls a driver: that is what
 * couriers are for. Their lock, the inbox's and that of the host thread's queue are innermost
 * (order 2); nothing here sleeps with the turn held.
 * Deadlines count from when a run is the oldest in flight, for a run that waits in line behind a
 * slow one is not slow itself. */
#include "execute/driver.h"

#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "execute/enqueue.h"
#include "base/inbox.h"
#include "execute/learn.h"
#include "execute/ledger.h"
#include "execute/reap.h"
#include "execute/tail.h"

/* While runs are in flight the driver thread looks at deadlines this often. */
#define POLL_NS UINT64_C(16000000)
#define SETTLE_NS UINT64_C(100000000)

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

/* A run's time starts when it is the oldest in flight: what waits in line behind others is not to
 * blame for it. */
static void
check_deadline(chx_run *run)
{
    if (run->previous)
        return;
    uint64_t now_ns = chx__now_ns();
    if (run->first_ns == 0)
        run->first_ns = now_ns;
    if (now_ns - run->first_ns < run->timeout_ns)
        return;
    for (uint32_t c = 0; c < run->lowered->n_commands; c++)
        if (run->steps[c].state != CHX__STEP_DONE) {
            chx__reap_fail(run, c, CHX_ERROR_TIMEOUT, 0,
                           "did not complete within the run's deadline");
            return;
        }
}

/* Whether nothing that has begun is still under way: of a lane, everything up to next_reap has
 * ended. Host tasks that wait for their thread are called off. */
static bool
is_quiet(chx_run *run)
{
    const chx__lowered *lowered = run->lowered;
    bool quiet = true;
    for (uint32_t l = 0; l < lowered->model.machine.n_lanes; l++)
        for (uint32_t row = run->next_reap[l]; row < run->next_enqueue[l]; row++) {
            uint32_t command = lowered->lane_commands[row];
            chx__host_job *job = &run->jobs[run->steps[command].job];
            if (lowered->commands[command].kind != CHX__COMMAND_HOST)
                quiet &= run->steps[command].state != CHX__STEP_SENT;
            else
                quiet &= atomic_load(&job->state) == CHX__JOB_DONE ||
                         chx__host_thread_cancel(run->runtime->host_thread, job);
        }
    return quiet;
}

/* A run that was called off ends when it is quiet; then nothing on its queues is left to doubt. */
static void
check_cancelled(chx_run *run)
{
    if (!run->is_cancelled || run->n_done == run->lowered->n_commands || !is_quiet(run))
        return;
    chx__fail(CHX_ERROR_CANCELLED, "the run was called off before it was done");
    chx__run_fail(run, chx_last_error());
}

/* Host tasks that have not begun are called off; one that runs is the caller's code and waited
 * for. */
static bool
cancel_host_tasks(chx_run *run)
{
    bool all = true;
    for (uint32_t j = 0; j < run->n_jobs; j++) {
        chx__host_job *job = &run->jobs[j];
        if (run->steps[job->command].state == CHX__STEP_SENT &&
            atomic_load(&job->state) != CHX__JOB_DONE)
            all &= chx__host_thread_cancel(run->runtime->host_thread, job);
    }
    return all;
}

/* A step whose command may still sit in a queue, or has failed there. */
static bool
is_doubtful(const chx__step *step)
{
    return step->state == CHX__STEP_SENT ||
           (step->state != CHX__STEP_WAITING && step->parcel.end == CHX__PARCEL_FAILED);
}

/* Commands of the run may still sit in queues: their platforms get a fresh context before they are
 * used again, and what they may still reach of the host's memory is not used again at all. Runs
 * that use another part of such a buffer meanwhile hold its old memory, so they fail too. */
static void
give_up(chx_run *run)
{
    const chx__lowered *lowered = run->lowered;
    for (uint32_t c = 0; c < lowered->n_commands; c++) {
        const chx__command *command = &lowered->commands[c];
        if (command->kind == CHX__COMMAND_HOST || !is_doubtful(&run->steps[c]))
            continue;
        chx__run_device(run, c)->platform->is_suspect = true;
        if (command->kind == CHX__COMMAND_TRANSFER)
            chx__run_atom(run, command->atom).buffer->is_exposed = true;
    }
    for (uint32_t b = 0; b < run->cast.n_parts; b++) {
        chx_buffer *buffer = chx__run_buffer(run, b);
        if (!buffer->is_exposed)
            continue;
        chx__buffer_retire_host(buffer);
        chx__tails_fail(buffer, &run->error);
    }
    chx__log(&run->runtime->logger,
             run->error.status == CHX_ERROR_CANCELLED ? CHX_LOG_INFO : CHX_LOG_ERROR, "%s",
             run->error.message);
}

/* What couriers still have of a run that ends is to come back; until then the run stays. */
static void
abandon_parcels(chx_run *run)
{
    if (run->n_outstanding == 0)
        return;
    for (uint32_t c = 0; c < run->lowered->n_commands; c++)
        if (run->lowered->commands[c].kind != CHX__COMMAND_HOST &&
            run->steps[c].state == CHX__STEP_SENT) {
            atomic_store(&run->steps[c].parcel.is_unwanted, true);
            chx__courier_nudge(chx__run_courier(run, c));
        }
    for (uint32_t b = 0; b < run->cast.n_parts; b++)
        chx__run_buffer(run, b)->is_lent = true;
    run->runtime->n_abandoned++;
}

static void
end(chx_run *run)
{
    chx_runtime *runtime = run->runtime;
    assert(run->n_references > 0 && !atomic_load(&run->ended));
    if (run->failed)
        give_up(run);
    else
        chx__learn(run);
    if (run->failed && run->report && !run->report->is_set)
        *run->report = (chx__unreported){true, run->error};
    chx__tails_remove(run);
    abandon_parcels(run);
    chx__flight_leave(&runtime->flight, run);
    chx__ledger_close(run);
    atomic_store(&run->ended, true);
    chx__run_tell(run);
    pthread_cond_broadcast(&runtime->changed);
    chx__run_unref(run);
}

/* A failed run waits a little for what it has in queues, for a platform where something may be left
 * cannot be used on. */
static bool
has_settled(const chx_run *run)
{
    return run->n_outstanding == 0 || chx__now_ns() - run->failed_ns >= SETTLE_NS;
}

static bool
advance_run(chx_run *run)
{
    bool progressed = chx__reap(run);
    progressed |= start_commands(run);
    if (!run->failed)
        check_cancelled(run);
    if (!run->failed)
        check_deadline(run);
    /* One that follows a run in flight may still fail with it. */
    bool completed = run->follows == 0 && run->n_done == run->lowered->n_commands;
    if (run->failed ? cancel_host_tasks(run) && has_settled(run) : completed) {
        end(run);
        return true;
    }
    return progressed;
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
    if (!status && pthread_create(&runtime->driver_thread, NULL, drive, runtime) != 0)
        status = chx__fail(CHX_ERROR_MEMORY, "the system has no room for the driver thread; end "
                                             "other programs or ask for a serial runtime");
    if (status) {
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
    if (!stop_couriers(runtime))
        return false;
    chx__inbox_unref(runtime->inbox);
    runtime->inbox = NULL;
    return true;
}

chx_status
chx__driver_submit(chx_run *run)
{
    chx_runtime *runtime = run->runtime;
    chx_status status = chx__tails_follow(run);
    if (!status)
        status = chx__ledger_promise(run);
    if (status)
        return status;
    status = chx__tails_add(run);
    if (status) {
        chx__run_fail(run, chx_last_error());
        chx__ledger_close(run);
        return status;
    }
    watch_followed(run);
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
