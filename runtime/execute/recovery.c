/* A device that fails is tried once more, for a driver may refuse a call and serve the next; one
 * that fails again before a run was well, or whose commands do not end, is left out while others
 * remain. Whatever is tried, everything that the redo holds is repeated, in order, one run after
 * the other.
 *
 * Host tasks that have returned well are not called again, since they may have handed on what they
 * were given; but those that write buffers are, for what they wrote is not kept. */
#include "execute/recovery.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "execute/driver.h"
#include "execute/fetch.h"
#include "execute/probation.h"
#include "execute/rebuild.h"
#include "execute/tail.h"
#include "execute/wait.h"

#define MOST_IN_A_ROW 3u
#define EXCLUDE_TIMEOUT_NS UINT64_C(10000000000)

static chx__device *
find_device(chx_runtime *runtime, const char *name)
{
    for (uint32_t d = 0; name[0] && d < runtime->fleet.n_devices; d++) {
        chx__device *device = &runtime->fleet.devices[d];
        if (strncmp(device->info.name, name, sizeof((chx_error *)0)->device - 1) == 0)
            return device;
    }
    return NULL;
}

bool
chx__recovery_leaves_stuck(chx_runtime *runtime)
{
    bool any = false;
    for (uint32_t d = 0; d < runtime->fleet.n_devices; d++) {
        chx__device *device = &runtime->fleet.devices[d];
        const bool is_new = device->info.excluded && atomic_load(&device->platform->is_stuck) &&
                            !device->is_barred && !device->is_left_out;
        device->is_left_out |= is_new;
        any |= is_new;
    }
    return any;
}

/* Whether the device is out of use afterwards, which another plan may have seen to; also when data
 * is lost with it, for that is made again. What hangs on its platform, of other plans too, would be
 * in the way, so that is given up first. Of a driver that stays in a call a rebuild takes all
 * devices out of use. */
static bool
leave_out(chx_runtime *runtime, chx__device *device, const char *reason)
{
    if (!chx__rebuild_suspects(runtime))
        chx__exclude(runtime, device, reason, EXCLUDE_TIMEOUT_NS);
    device->is_left_out |= device->info.excluded && !device->is_barred;
    return device->info.excluded != NULL;
}

/* Whether there is something else to try after the failure. */
static bool
find_way(chx__recovery *recovery, const chx_error *error)
{
    chx_runtime *runtime = recovery->redo.runtime;
    bool is_left_out = false;
    if (recovery->redo.n_well != recovery->n_well) {
        recovery->n_in_a_row = 0;
        recovery->device[0] = '\0';
    }
    recovery->n_well = recovery->redo.n_well;
    const bool is_second = error->device[0] && strcmp(error->device, recovery->device) == 0;
    if (++recovery->n_in_a_row > MOST_IN_A_ROW)
        return false;
    if (is_second || error->status == CHX_ERROR_TIMEOUT) {
        chx__device *device = find_device(runtime, error->device);
        is_left_out = device && leave_out(runtime, device, error->message);
        if (!is_left_out)
            return false;
    }
    chx__recovery_leaves_stuck(runtime);
    runtime->n_recoveries++;
    memcpy(recovery->device, error->device, sizeof recovery->device);
    const size_t n_runs = recovery->redo.n_entries;
    chx__log(&runtime->logger, CHX_LOG_WARNING, "%s; %zu run%s %s made again%s", error->message,
             n_runs, n_runs == 1 ? "" : "s", n_runs == 1 ? "is" : "are",
             is_left_out ? " without that device" : "");
    return true;
}

static chx_status
skip(void *data, void *const *host)
{
    (void)data;
    (void)host;
    return CHX_OK;
}

static bool
writes(const chx__flow *flow, uint32_t task)
{
    return flow->writes.begin[task] < flow->writes.begin[task + 1];
}

/* Whether the function of the caller's task has returned well in an earlier run. */
static bool
was_called(const chx_run *run, uint32_t origin)
{
    for (uint32_t j = 0; run && j < run->n_jobs; j++)
        if (run->lowered->commands[run->jobs[j].command].origin == origin)
            return atomic_load(&run->jobs[j].state) == CHX__JOB_DONE && !run->jobs[j].status;
    return true;
}

/* Notes in a run what has returned well in its repetition: that one may have failed later, or the
 * repetition of a later run, and then all of it is made again. */
static void
note_calls(chx_run *before, const chx_run *made)
{
    for (uint32_t j = 0; j < before->n_jobs; j++) {
        chx__host_job *job = &before->jobs[j];
        if (was_called(made, before->lowered->commands[job->command].origin)) {
            job->status = CHX_OK;
            atomic_store(&job->state, CHX__JOB_DONE);
        }
    }
}

static void
skip_jobs(chx_run *made, const chx_run *before)
{
    for (uint32_t j = 0; j < made->n_jobs; j++) {
        const chx__command *command = &made->lowered->commands[made->jobs[j].command];
        if (!writes(&made->lowered->flow, command->task) && was_called(before, command->origin))
            made->jobs[j].run = skip;
    }
}

/* A run with the values of an entry, in flight. */
static chx_status
submit(chx__recovery *recovery, const chx__entry *entry, chx_run **run)
{
    chx__variants *variants = recovery->variants;
    chx_status status = chx__variants_choose_with_room(variants);
    chx_run *made;
    if (!status)
        status = chx__variants_start(variants, recovery->deadline_ns, &made);
    if (status)
        return status;
    chx__values values;
    status = chx__values_join(&values, &recovery->redo.snapshot.values, &entry->values);
    if (!status) {
        chx__values_finish(&made->values);
        made->values = values;
        made->recovers = true;
        skip_jobs(made, entry->run);
        status = chx__variants_submit(variants, made);
    }
    if (status)
        chx__run_unref(made);
    else
        *run = made;
    return status;
}

/* Repeats a run, which then is well, and so is the one in whose place it stands. */
static chx_status
repeat(chx__recovery *recovery, size_t i)
{
    chx_run *made;
    chx_status status = submit(recovery, &recovery->redo.entries[i], &made);
    if (status)
        return status;
    status = chx__wait_run(made, UINT64_MAX);
    chx_run *before = recovery->redo.entries[i].run;
    if (before)
        note_calls(before, made);
    if (!status && before) {
        if (before->repetition)
            chx__run_unref(before->repetition);
        before->repetition = chx__run_ref(made);
    }
    chx__run_unref(made);
    return status;
}

/* Runs of other plans that were submitted before read what is there until now. One whose host task
 * submits may wait for the repetition itself. */
static chx_status
await_others(const chx__recovery *recovery)
{
    const chx__cast *cast = &recovery->redo.snapshot.cast;
    chx_runtime *runtime = recovery->redo.runtime;
    const uint64_t deadline_ns = chx__now_ns() + runtime->access_timeout_ns;
    for (uint32_t b = 0; b < cast->n_parts; b++)
        while (chx__tails_any(chx__cast_buffer(cast, b))) {
            if (chx__now_ns() >= deadline_ns)
                return chx__fail(CHX_ERROR_TIMEOUT, "runs cannot be made again: others that use "
                                                    "their buffers have not ended");
            chx__wait_change(runtime, deadline_ns);
        }
    return CHX_OK;
}

static chx_status
repeat_all(chx__recovery *recovery, bool *is_begun)
{
    chx_status status = chx__rebuild_suspects(recovery->redo.runtime);
    if (!status)
        status = await_others(recovery);
    *is_begun |= !status;
    if (!status)
        status = chx__snapshot_restore(&recovery->redo.snapshot);
    for (size_t i = 0; !status && i < recovery->redo.n_entries; i++)
        status = repeat(recovery, i);
    return status;
}

/* Runs that follow one that failed fail as well, and only then is known what is to be repeated. */
static void
recover(chx__recovery *recovery)
{
    chx__redo *redo = &recovery->redo;
    chx_error error = redo->error;
    while (chx__redo_is_busy(redo))
        chx__wait_change(redo->runtime, UINT64_MAX);
    bool is_begun = false;
    chx_status status;
    do {
        if (!find_way(recovery, &error)) {
            if (is_begun)
                chx__snapshot_lose(&redo->snapshot, &error);
            chx__redo_give_up(redo);
            return;
        }
        status = repeat_all(recovery, &is_begun);
        if (status)
            error = *chx_last_error();
    } while (status);
    chx__redo_mend(redo);
}

static void *
work(void *data)
{
    chx__recovery *recovery = data;
    chx_runtime *runtime = recovery->redo.runtime;
    bool is_ending = false;
    while (!is_ending) {
        chx__turn_begin(runtime);
        if (recovery->redo.is_failed)
            recover(recovery);
        else if (!recovery->is_ending)
            chx__clock_sleep(&recovery->redo.due, &runtime->turn, UINT64_MAX);
        is_ending = recovery->is_ending && !recovery->redo.is_failed;
        chx__turn_end(runtime);
    }
    return NULL;
}

chx_status
chx__recovery_create(chx__variants *variants, uint64_t deadline_ns, chx__recovery **recovery)
{
    chx__recovery *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("planning a graph");
    made->variants = variants;
    made->deadline_ns = deadline_ns;
    chx__redo_init(&made->redo, variants->graph);
    if (pthread_create(&made->thread, NULL, work, made) != 0) {
        chx__redo_finish(&made->redo);
        free(made);
        return chx__fail(CHX_ERROR_MEMORY, "the system has no room for the thread that repeats "
                                           "runs; end other programs or plan without recovery");
    }
    *recovery = made;
    return CHX_OK;
}

void
chx__recovery_destroy(chx__recovery **recovery)
{
    chx__recovery *ending = *recovery;
    if (!ending)
        return;
    chx_runtime *runtime = ending->redo.runtime;
    *recovery = NULL;
    ending->is_ending = true;
    pthread_cond_signal(&ending->redo.due);
    chx__turn_pause(runtime);
    pthread_join(ending->thread, NULL);
    chx__turn_resume(runtime);
    chx__redo_finish(&ending->redo);
    free(ending);
}

bool
chx__recovery_goes_on(chx__recovery *recovery, chx_status status)
{
    chx_runtime *runtime = recovery->redo.runtime;
    const chx_error error = *chx_last_error();
    /* No device is to blame for a task that fits nowhere. */
    const bool is_too_large = status == CHX_ERROR_DEVICE_MEMORY && !error.cl_code;
    /* Whoever gives up waiting for a driver leaves its devices in use. */
    if (status == CHX_ERROR_TIMEOUT)
        chx__rebuild_suspects(runtime);
    bool goes_on = chx__recovery_leaves_stuck(runtime) ||
                   (chx__redo_is_devices(status) && !is_too_large && find_way(recovery, &error));
    if (!goes_on)
        chx__fail_again(&error);
    return goes_on;
}

static void
await_repetition(const chx__recovery *recovery)
{
    while (recovery->redo.is_failed)
        chx__wait_change(recovery->redo.runtime, UINT64_MAX);
}

void
chx__recovery_await(const chx__recovery *recovery)
{
    await_repetition(recovery);
    chx__probation_look(recovery->redo.runtime);
    await_repetition(recovery);
}

/* Has the host hold what is needed, and copies what is kept. */
static chx_status
keep(chx__snapshot *snapshot, const chx__need *need, uint64_t deadline_ns)
{
    const chx__stretch *at = &need->at;
    if (!need->is_read)
        return CHX_OK;
    chx__wait_hold(at->buffer);
    chx_status status = chx__rebuild_and_fetch(at->buffer, at->begin, at->end, deadline_ns);
    if (!status && chx__need_is_kept(need))
        memcpy(snapshot->bytes + need->first_byte, at->buffer->host + at->begin,
               at->end - at->begin);
    chx__wait_let_go(at->buffer);
    return status;
}

chx_status
chx__recovery_begin(chx__recovery *recovery, const chx__lowered *lowered, const chx__cast *cast)
{
    chx__redo *redo = &recovery->redo;
    const uint64_t begun_ns = chx__now_ns();
    const uint64_t deadline_ns = begun_ns + redo->runtime->access_timeout_ns;
    chx__snapshot made;
    while (chx__redo_is_busy(redo) || redo->is_failed)
        chx__wait_change(redo->runtime, UINT64_MAX);
    chx_status status = chx__snapshot_init(&made, lowered, cast);
    if (status)
        return status;
    for (size_t i = 0; !status && i < made.n_needs; i++)
        status = keep(&made, &made.needs[i], deadline_ns);
    if (status)
        chx__snapshot_finish(&made);
    else
        chx__redo_begin(redo, &made, begun_ns);
    return status;
}
