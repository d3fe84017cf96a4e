/* The driver takes every run from its submission to its end. A command goes WAITING, ENQUEUED, DONE
 * (or FAILED), never back; per lane two rows say how far: what lies before next_reap is done, from
 * there to next_enqueue it is on the queue, behind that it waits. Lanes are in-order, so only the
 * first of a lane's rest is ever looked at, and next_reap <= next_enqueue <= lane_begin[lane + 1].
 *
 * A command is DONE only when all that it follows is DONE, in this run and in others (reap.c). For
 * the same reason a run that has only completed commands may still fail, and end() waits until
 * followed_runs_ended().
 *
 * What end() does has an order. A failed run gives up first: its platforms become suspect and host
 * memory that a copy may still reach is retired, while the run is still among the tails, so that
 * the runs which hold the old memory fail with it. Then it leaves its buffers' tails and the
 * flight, and only then closes the ledger, which works out what the buffers hold from the promises
 * of those that remain. `ended` is set last: it is the one field that is read without the turn.
 *
 * A failed run ends as soon as its host tasks are called off or back. Its device commands are not
 * waited for, since some may never end; rebuild.c keeps their queues from being used again.
 *
 * Locks: all of this runs under the turn (order 1). Driver callbacks take only the inbox's lock
 * (order 2), and so does the host thread's queue; nothing here sleeps with the turn held.
 * Deadlines count from when a run is the oldest in flight, for a run that waits in line behind a
 * slow one is not slow itself. */
#include "execute/driver.h"

#include <assert.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "device/program.h"
#include "execute/enqueue.h"
#include "execute/inbox.h"
#include "execute/ledger.h"
#include "execute/reap.h"
#include "execute/tail.h"

/* While runs are in flight the driver thread looks at least this often, because a driver need not
 * call back when an event fails: soon after progress, ever less often without. */
#define POLL_SHORTEST_NS UINT64_C(1000000)
#define POLL_LONGEST_NS UINT64_C(16000000)

/* The runtime whose driver thread the calling thread is. */
static _Thread_local const chx_runtime *driven_here;

static void CL_CALLBACK
post_completion(cl_event event, cl_int status, void *data)
{
    (void)event;
    (void)status;
    chx__inbox_post(data);
    chx__inbox_unref(data);
}

/* Asks to be woken when the command completes; polling stands in when the driver refuses. */
static void
watch(chx_run *run, uint32_t command)
{
    chx__inbox *inbox = run->runtime->inbox;
    if (!inbox || !run->lowered->commands[command].is_awaited)
        return;
    const chx__backend *backend = chx__device_backend(chx__run_device(run, command));
    if (!backend->watch)
        return;
    if (!backend->watch(run->steps[command].event, post_completion, chx__inbox_ref(inbox)))
        chx__inbox_unref(inbox);
}

static void
start_host_task(chx_run *run, uint32_t command)
{
    chx__host_job *job = &run->jobs[run->steps[command].job];
    run->steps[command].state = CHX__STEP_ENQUEUED;
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
    if (!chx__run_device(run, command)) {
        start_host_task(run, command);
    } else if (chx__enqueue(run, command) == CHX_OK) {
        watch(run, command);
    } else {
        chx__run_fail(run, chx_last_error());
        return false;
    }
    uint32_t index = run->lowered->commands[command].lane;
    run->next_enqueue[index]++;
    assert(run->next_enqueue[index] <= run->lowered->lane_begin[index + 1]);
    return true;
}

static bool
is_next_on_lane(const chx_run *run, uint32_t command)
{
    const chx__lowered *lowered = run->lowered;
    uint32_t lane = lowered->commands[command].lane;
    uint32_t row = run->next_enqueue[lane];
    return row < lowered->lane_begin[lane + 1] && lowered->lane_commands[row] == command;
}

/* Everything a command waits for stands before it, so one pass starts all that can be started. */
static bool
start_commands(chx_run *run)
{
    const chx__lowered *lowered = run->lowered;
    bool progressed = false;
    if (run->is_cancelled)
        return false;
    for (uint32_t c = run->first_waiting; c < lowered->n_commands && !run->failed; c++)
        if (run->steps[c].state == CHX__STEP_WAITING && is_next_on_lane(run, c))
            progressed |= start_command(run, c);
    while (run->first_waiting < lowered->n_commands &&
           run->steps[run->first_waiting].state != CHX__STEP_WAITING)
        run->first_waiting++;
    for (uint32_t l = 0; progressed && l < lowered->model.machine.n_lanes; l++)
        if (lowered->model.lanes[l].lane && run->next_enqueue[l] > run->next_reap[l])
            chx__device_backend(lowered->model.lanes[l].device)
                ->flush(lowered->model.lanes[l].lane->queue);
    return progressed;
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
            quiet &= lowered->commands[command].kind == CHX__COMMAND_HOST &&
                     (atomic_load(&job->state) == CHX__JOB_DONE ||
                      chx__host_thread_cancel(run->runtime->host_thread, job));
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
        if (run->steps[job->command].state == CHX__STEP_ENQUEUED &&
            atomic_load(&job->state) != CHX__JOB_DONE)
            all &= chx__host_thread_cancel(run->runtime->host_thread, job);
    }
    return all;
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
        if (!run->steps[c].event || run->steps[c].state == CHX__STEP_DONE)
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

/* Adds what the run measured to the models. */
static void
learn_costs(chx_run *run)
{
    chx_runtime *runtime = run->runtime;
    for (uint32_t c = 0; c < run->lowered->n_commands; c++) {
        const chx__command *command = &run->lowered->commands[c];
        const chx__step *step = &run->steps[c];
        if (command->kind == CHX__COMMAND_TRANSFER || step->finish_ns <= step->start_ns)
            continue;
        uint64_t duration_ns = step->finish_ns - step->start_ns;
        chx__costs_add(runtime->costs, &command->cost_keys.kind, (double)duration_ns);
        if (chx__costs_add(runtime->costs, &command->cost_keys.own, (double)duration_ns))
            runtime->cost_epoch++;
        if (command->kind == CHX__COMMAND_KERNEL &&
            chx__program_note_use(run->lowered->graph->tasks[command->task].program,
                                  chx__run_device(run, c), duration_ns))
            runtime->build_epoch++;
    }
}

static void
leave_flight(chx_run *run)
{
    chx_runtime *runtime = run->runtime;
    assert(runtime->n_runs > 0);
    if (run->previous)
        run->previous->next = run->next;
    else
        runtime->first_run = run->next;
    if (run->next)
        run->next->previous = run->previous;
    else
        runtime->last_run = run->previous;
    runtime->n_runs--;
}

static void
end(chx_run *run)
{
    chx_runtime *runtime = run->runtime;
    assert(run->n_references > 0 && !atomic_load(&run->ended));
    if (run->failed)
        give_up(run);
    else
        learn_costs(run);
    if (run->failed && run->report && !run->report->is_set)
        *run->report = (chx__unreported){true, run->error};
    chx__tails_remove(run);
    for (uint32_t c = 0; c < run->lowered->n_commands; c++)
        if (run->steps[c].event)
            chx__device_backend(chx__run_device(run, c))->release_event(run->steps[c].event);
    leave_flight(run);
    chx__ledger_close(run);
    atomic_store(&run->ended, true);
    chx__run_tell(run);
    pthread_cond_broadcast(&runtime->changed);
    chx__run_unref(run);
}

/* A run that follows a failed one has failed, whatever its own commands say; one that follows a run
 * in flight has not ended yet. */
static bool
followed_runs_ended(chx_run *run)
{
    for (size_t i = 0; i < run->n_dependencies; i++) {
        const chx_run *followed = run->dependencies[i].run;
        if (!atomic_load(&followed->ended))
            return false;
        if (followed->failed)
            chx__run_fail(run, &followed->error);
    }
    return true;
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
    bool completed = followed_runs_ended(run) && run->n_done == run->lowered->n_commands;
    if (run->failed ? cancel_host_tasks(run) : completed) {
        end(run);
        return true;
    }
    return progressed;
}

bool
chx__driver_move(chx_runtime *runtime)
{
    bool progressed = false;
    chx_run *next;
    for (chx_run *run = runtime->first_run; run; run = next) {
        next = run->next;
        progressed |= advance_run(run);
    }
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
        bool progressed = chx__driver_move(runtime);
        if (runtime->n_runs == 0)
            poll_ns = UINT64_MAX;
        else if (progressed || poll_ns == UINT64_MAX)
            poll_ns = POLL_SHORTEST_NS;
        else if (poll_ns < POLL_LONGEST_NS)
            poll_ns *= 2;
        chx__turn_end(runtime);
    }
    return NULL;
}

chx_status
chx__driver_start(chx_runtime *runtime)
{
    if (runtime->serial)
        return CHX_OK;
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

void
chx__driver_stop(chx_runtime *runtime)
{
    if (!runtime->inbox)
        return;
    chx__inbox_close(runtime->inbox);
    pthread_join(runtime->driver_thread, NULL);
    chx__host_thread_destroy(&runtime->host_thread);
    chx__inbox_unref(runtime->inbox);
    runtime->inbox = NULL;
}

chx_status
chx__driver_submit(chx_run *run)
{
    chx_runtime *runtime = run->runtime;
    assert(run->runtime->first_run != run && !run->previous);
    chx_status status = chx__ledger_promise(run);
    if (status)
        return status;
    status = chx__tails_add(run);
    if (status) {
        chx__run_fail(run, chx_last_error());
        chx__ledger_close(run);
        return status;
    }
    chx__run_ref(run);
    run->previous = runtime->last_run;
    if (runtime->last_run)
        runtime->last_run->next = run;
    else
        runtime->first_run = run;
    runtime->last_run = run;
    runtime->n_runs++;
    chx__driver_move(runtime);
    if (runtime->inbox)
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
    for (chx_run *run = runtime->first_run; run; run = run->next)
        for (uint32_t c = 0; c < run->lowered->n_commands && !run->failed; c++) {
            const chx__device *device = chx__run_device(run, c);
            if (run->steps[c].state != CHX__STEP_DONE && device && device->platform == platform)
                chx__reap_fail(run, c, CHX_ERROR_TIMEOUT, 0,
                               "was given up: another command there failed or hung before it");
        }
    chx__driver_move(runtime);
}
