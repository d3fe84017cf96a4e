/* A run's life: created with one reference for the caller; in flight it has a second, the
 * driver's. Counts are under the turn, and so is everything but `ended`, which chx_run_done() reads
 * without it.
 *
 * Steps, rows and jobs are allocated at the submit, so that a run in flight needs no memory but its
 * couriers' wait lists. The run of a plan keeps its lowered variant alive.
 *
 * Only the first failure is kept. It is the cause; the ones after are mostly its effects. */
#include "execute/run.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"

static void
run_free(chx_run *run)
{
    if (run->repetition)
        chx__run_unref(run->repetition);
    if (run->stage_before)
        chx__run_unref(run->stage_before);
    chx__lowering_unref(run->lowered);
    chx__cast_finish(&run->cast);
    free(run->steps);
    free(run->next_enqueue);
    free(run->next_reap);
    free(run->tickets);
    free(run->jobs);
    free(run->host_args);
    chx__values_finish(&run->values);
    free(run);
}

/* Gives each host task its job and each lane its first row. */
static void
start_rows(chx_run *run)
{
    const chx__lowered *lowered = run->lowered;
    void **host = run->host_args;
    for (uint32_t c = 0; c < lowered->n_commands; c++) {
        const chx__task *task = &lowered->graph->tasks[lowered->commands[c].task];
        if (lowered->commands[c].kind != CHX__COMMAND_HOST)
            continue;
        run->steps[c].job = run->n_jobs;
        run->jobs[run->n_jobs++] = (chx__host_job){
            .command = c, .run = task->run, .data = task->data, .name = task->name, .host = host};
        host += task->n_args;
    }
    uint32_t n_lanes = lowered->model.machine.n_lanes;
    memcpy(run->next_enqueue, lowered->lane_begin, n_lanes * sizeof *run->next_enqueue);
    memcpy(run->next_reap, lowered->lane_begin, n_lanes * sizeof *run->next_reap);
}

/* Room for the jobs of host tasks and for what they are called with. */
static bool
make_jobs(chx_run *run)
{
    const chx_graph *graph = run->lowered->graph;
    size_t n_jobs = 0, n_args = 0;
    for (uint32_t t = 0; t < graph->n_tasks; t++)
        if (!graph->tasks[t].program) {
            n_jobs++;
            n_args += graph->tasks[t].n_args;
        }
    run->jobs = chx__alloc(n_jobs, sizeof *run->jobs);
    run->host_args = chx__alloc(n_args, sizeof *run->host_args);
    return run->jobs && run->host_args;
}

chx_status
chx__run_create(chx_runtime *runtime, chx__lowered *lowered, const chx__cast *cast,
                uint64_t timeout_ns, chx_run **run)
{
    uint32_t n_lanes = lowered->model.machine.n_lanes;
    chx_run *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("submitting a plan");
    made->n_references = 1;
    made->runtime = runtime;
    made->lowered = lowered;
    lowered->n_references++;
    made->steps = chx__alloc(lowered->n_commands, sizeof *made->steps);
    made->next_enqueue = chx__alloc(n_lanes, sizeof *made->next_enqueue);
    made->next_reap = chx__alloc(n_lanes, sizeof *made->next_reap);
    made->submit_ns = chx__now_ns();
    made->timeout_ns = timeout_ns;
    chx_status status = chx__cast_copy(&made->cast, cast);
    if (!made->steps || !made->next_enqueue || !made->next_reap || !make_jobs(made))
        status = chx__fail_memory("submitting a plan");
    if (!status)
        status = chx__values_take(&made->values, lowered->whole);
    if (status) {
        run_free(made);
        return status;
    }
    start_rows(made);
    *run = made;
    return CHX_OK;
}

chx_run *
chx__run_ref(chx_run *run)
{
    assert(run->n_references > 0);
    run->n_references++;
    return run;
}

void
chx__run_unref(chx_run *run)
{
    assert(run->n_references > 0);
    if (--run->n_references == 0)
        run_free(run);
}

void
chx__run_fail(chx_run *run, const chx_error *error)
{
    if (run->failed)
        return;
    run->failed = true;
    run->failed_ns = chx__now_ns();
    run->error = *error;
    atomic_store(&run->is_broken, true);
    atomic_store(&run->is_doomed, true);
}

static void
give_notice(chx__later *call)
{
    chx__notice *notice = (chx__notice *)call;
    notice->fn(notice->data, notice->status);
    free(notice);
}

void
chx__run_tell(chx_run *run)
{
    while (run->notices) {
        chx__notice *notice = run->notices;
        run->notices = notice->next;
        notice->status = run->failed ? run->error.status : CHX_OK;
        chx__later_run(&notice->call);
    }
}

/* Whoever tells it wakes those who wait. */
void
chx__run_end(chx_run *run)
{
    assert(run->has_left && !atomic_load(&run->ended));
    if (run->failed && run->report && !run->report->is_set)
        *run->report = (chx__unreported){true, run->error};
    atomic_store(&run->ended, true);
    chx__run_tell(run);
}

chx_status
chx__run_add_notice(chx_run *run, chx_run_fn fn, void *data)
{
    chx__notice *notice = chx__alloc(1, sizeof *notice);
    if (!notice)
        return chx__fail_memory("asking for a run's end");
    *notice =
        (chx__notice){.call = {.run = give_notice}, .fn = fn, .data = data, .next = run->notices};
    run->notices = notice;
    return CHX_OK;
}
