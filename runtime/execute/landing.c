/* A command is DONE only when all that it follows is DONE, in this run and in others (reap.c). For
 * the same reason a run that has only completed commands may still fail, and does not end before
 * those that it follows.
 *
 * What end() does has an order. A failed run gives up first: its platforms become suspect and host
 * memory that a copy may still reach is retired, while the run is still among the tails, so that
 * the runs which hold the old memory fail with it. Then it leaves its buffers' tails and the
 * flight, and only then closes the ledger, which works out what the buffers hold from the promises
 * of those that remain. `ended` is set last: it is the one field that is read without the turn; of
 * a run that will be repeated (redo.h) only when that is done.
 *
 * A failed run ends as soon as its host tasks are called off or back. Its device commands are given
 * a moment only, since some may never end; rebuild.c keeps their queues from being used again.
 *
 * Deadlines count from when a run is the oldest in flight, for a run that waits in line behind a
 * slow one is not slow itself. */
#include "execute/landing.h"

#include <assert.h>

#include "base/clock.h"
#include "base/error.h"
#include "execute/redo.h"
#include "execute/learn.h"
#include "execute/ledger.h"
#include "execute/reap.h"
#include "execute/tail.h"

#define SETTLE_NS UINT64_C(100000000)

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

/* What a transfer may still do to the host's memory, which is that of a sharer as well. What it
 * takes from there to the sharer leaves the same bytes. */
static chx__reach
reach_of(const chx_buffer *buffer, const chx__command *transfer)
{
    const bool is_written =
        transfer->to == CHX__HOST_PLACE ||
        (chx__buffer_is_shared(buffer, transfer->to) && transfer->from != CHX__HOST_PLACE);
    return is_written ? CHX__REACH_WRITE : CHX__REACH_READ;
}

static void
doubt(chx_run *run, const chx__command *transfer)
{
    chx_buffer *buffer = chx__run_atom(run, transfer->atom).buffer;
    const chx__reach reach = reach_of(buffer, transfer);
    if (reach > buffer->doubt)
        buffer->doubt = reach;
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
            doubt(run, command);
    }
    for (uint32_t b = 0; b < run->cast.n_parts; b++) {
        chx_buffer *buffer = chx__run_buffer(run, b);
        if (buffer->doubt == CHX__REACH_NONE)
            continue;
        chx__buffer_retire_host(buffer, buffer->doubt);
        buffer->doubt = CHX__REACH_NONE;
        chx__tails_fail(buffer, &run->error);
    }
    chx__log(&run->runtime->logger,
             run->error.status == CHX_ERROR_CANCELLED ? CHX_LOG_INFO : CHX_LOG_ERROR, "%s",
             run->error.message);
}

/* Notes what a courier may still touch. */
static void
lend(chx_run *run, uint32_t command)
{
    const chx__lowered *lowered = run->lowered;
    const chx__command *of = &lowered->commands[command];
    chx__places places = chx__places_of(lowered->model.machine_lanes[of->lane].place);
    if (of->kind == CHX__COMMAND_TRANSFER) {
        chx_buffer *moved = chx__run_atom(run, of->atom).buffer;
        places = chx__places_union(chx__places_of(of->from), chx__places_of(of->to));
        moved->lent = chx__places_union(moved->lent, places);
        return;
    }
    const chx__task *task = &lowered->graph->tasks[of->task];
    const chx__use *use = &lowered->flow.uses[lowered->flow.first_use[of->task]];
    for (uint32_t i = 0; i < task->n_args; i++)
        if (task->args[i].kind == CHX_ARG_BUFFER) {
            chx_buffer *used = chx__run_buffer(run, use++->buffer);
            used->lent = chx__places_union(used->lent, places);
        }
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
            lend(run, c);
        }
    run->runtime->n_abandoned++;
}

static void
end(chx_run *run)
{
    chx_runtime *runtime = run->runtime;
    assert(run->n_references > 0 && !run->has_left);
    if (run->failed)
        give_up(run);
    else
        chx__learn(run);
    chx__tails_remove(run);
    abandon_parcels(run);
    chx__flight_leave(&runtime->flight, run);
    chx__ledger_close(run);
    run->has_left = true;
    if (!run->redo || !chx__redo_withholds(run))
        chx__run_end(run);
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

bool
chx__land(chx_run *run)
{
    if (!run->failed)
        check_cancelled(run);
    if (!run->failed)
        check_deadline(run);
    /* One that follows a run in flight may still fail with it. */
    bool completed = run->follows == 0 && run->n_done == run->lowered->n_commands;
    if (run->failed ? !cancel_host_tasks(run) || !has_settled(run) : !completed)
        return false;
    end(run);
    return true;
}
