/* Tasks of one work-item, so that what is measured is not the work: replays of a chain and of
 * independent tasks, also by plans that recover, beside a bare queue, on two parts of the device,
 * and beside StarPU in builds that have it; many tasks on parts of one buffer with several runs in
 * flight, and the time to plan. What is compared takes turns, and of two in a row the second
 * counts, which pays for nothing that the others left in the caches. */
#include "bench_dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <chronaxie/plan.h>

#include "bare_queue.h"
#include "outcome.h"
#include "peer_starpu.h"
#include "result.h"
#include "stopwatch.h"
#include "table.h"

enum {
    ROUNDS = 5,
    REPLAYED = 1000, /* tasks */
    DISJOINT = 4000,
    DISJOINT_RUNS = 4,
    WARM_UP = 20, /* runs, in which plans are reviewed often and durations learnt */
    PLANNED = 10000,
    PLANNED_BUFFERS = 100,
};

static const char source[] = "kernel void bump(global uint *x, uint i)\n"
                             "{\n"
                             "    x[i]++;\n"
                             "}\n";

typedef struct bench {
    chx_runtime *runtime;
    chx_program *program;
    bare_queue *bare;
} bench;

/* A graph of tasks that each bump a word. */
typedef struct work {
    chx_graph *graph;
    chx_plan *plan;
    chx_buffer *buffers[PLANNED_BUFFERS];
    uint32_t n_buffers;
} work;

/* Medians over rounds, of one task. */
typedef struct replays {
    double us, recovering_us, bare_us;
} replays;

typedef struct figures {
    replays chain, independent;
    double parts_us; /* of an independent task on two parts of the device; 0: it has none */
    double starpu_us; /* the same; 0: not measured */
    double disjoint_ms, disjoint_mb;
    double first_plan_ms, replan_ms;
} figures;

static chx_status
add_task(const bench *b, work *w, uint32_t i, uint32_t n_words)
{
    uint32_t word = i / w->n_buffers % n_words;
    chx_kernel_task task = {
        .program = b->program,
        .kernel = "bump",
        .global = {1},
        .args = CHX_ARGS(
            CHX_BUFFER_RANGE(w->buffers[i % w->n_buffers], CHX_ACCESS_READ_WRITE, 4 * word, 4),
            CHX_UINT(word)),
    };
    return chx_graph_kernel(w->graph, &task);
}

/* n tasks in turn on the buffers, each on one word of n_words. */
static chx_status
begin_work(const bench *b, uint32_t n, uint32_t n_buffers, uint32_t n_words, work *w)
{
    memset(w, 0, sizeof *w);
    chx_status status = chx_graph_create(b->runtime, &w->graph);
    while (status == CHX_OK && w->n_buffers < n_buffers) {
        status = chx_buffer_create(b->runtime, 4 * n_words, NULL, &w->buffers[w->n_buffers]);
        w->n_buffers += status == CHX_OK;
    }
    for (uint32_t i = 0; status == CHX_OK && i < n; i++)
        status = add_task(b, w, i, n_words);
    return status;
}

static void
end_work(work *w)
{
    chx_plan_destroy(&w->plan);
    chx_graph_destroy(&w->graph);
    for (uint32_t i = 0; i < w->n_buffers; i++)
        chx_buffer_destroy(&w->buffers[i]);
}

/* Submits so many runs at once, and waits for all. */
static chx_status
run_work(const work *w, uint32_t n_runs, double *seconds)
{
    chx_run *runs[DISJOINT_RUNS];
    uint32_t n = 0;
    uint64_t begin_ns = stopwatch_now_ns();
    chx_status status = CHX_OK;
    while (status == CHX_OK && n < n_runs) {
        status = chx_plan_submit(w->plan, &runs[n]);
        n += status == CHX_OK;
    }
    for (uint32_t i = 0; i < n; i++) {
        chx_status ended = chx_run_wait(runs[i], CHX_FOREVER);
        status = status == CHX_OK ? ended : status;
        chx_run_destroy(&runs[i]);
    }
    *seconds = stopwatch_seconds_since(begin_ns);
    return status;
}

static chx_status
replay(const work *w, double *seconds)
{
    double unused;
    const chx_status status = run_work(w, 1, &unused);
    return status == CHX_OK ? run_work(w, 1, seconds) : status;
}

static double
replay_bare(const bench *b, uint32_t n_words)
{
    const bool is_chain = n_words == 1;
    bool ok = bare_queue_run(b->bare, REPLAYED, n_words, is_chain);
    const uint64_t begin_ns = stopwatch_now_ns();
    ok = ok && bare_queue_run(b->bare, REPLAYED, n_words, is_chain);
    return ok ? stopwatch_seconds_since(begin_ns) : 0.0;
}

static double
us_of_a_task(double seconds[ROUNDS])
{
    return 1e6 * stopwatch_median(seconds, ROUNDS) / REPLAYED;
}

static chx_status
begin_replays(const bench *b, uint32_t n_words, bool recovers, work *w)
{
    const chx_plan_params params = {.recovers = recovers};
    double unused;
    chx_status status = begin_work(b, REPLAYED, 1, n_words, w);
    if (status == CHX_OK)
        status = chx_plan_create(w->graph, &params, &w->plan);
    for (int i = 0; status == CHX_OK && i < WARM_UP; i++)
        status = run_work(w, 1, &unused);
    return status;
}

static chx_status
measure_replays(const bench *b, uint32_t n_words, replays *of)
{
    work plain, recovering = {NULL};
    double seconds[ROUNDS], recovering_seconds[ROUNDS], bare[ROUNDS];
    chx_status status = begin_replays(b, n_words, false, &plain);
    if (status == CHX_OK)
        status = begin_replays(b, n_words, true, &recovering);
    for (int i = 0; status == CHX_OK && i < ROUNDS; i++) {
        status = replay(&plain, &seconds[i]);
        if (status == CHX_OK)
            status = replay(&recovering, &recovering_seconds[i]);
        bare[i] = replay_bare(b, n_words);
    }
    end_work(&plain);
    end_work(&recovering);
    if (status == CHX_OK)
        *of = (replays){.us = us_of_a_task(seconds),
                        .recovering_us = us_of_a_task(recovering_seconds),
                        .bare_us = us_of_a_task(bare)};
    return status;
}

/* Of this process, in megabytes; 0 where the system does not tell. */
static double
resident_mb(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static chx_status
measure_disjoint(const bench *b, figures *f)
{
    work w;
    double seconds[ROUNDS], unused;
    chx_status status = begin_work(b, DISJOINT, 1, DISJOINT, &w);
    if (status == CHX_OK)
        status = chx_plan_create(w.graph, NULL, &w.plan);
    for (int i = 0; status == CHX_OK && i < WARM_UP; i++)
        status = run_work(&w, 1, &unused);
    double before_mb = resident_mb();
    for (int i = 0; status == CHX_OK && i < ROUNDS; i++)
        status = run_work(&w, DISJOINT_RUNS, &seconds[i]);
    f->disjoint_mb = resident_mb() - before_mb;
    end_work(&w);
    if (status == CHX_OK)
        f->disjoint_ms = 1e3 * stopwatch_median(seconds, ROUNDS);
    return status;
}

/* Words written on the host make the data lie elsewhere, so that the next submit plans anew. */
static chx_status
measure_one_plan(const bench *b, double *first_seconds, double *again_seconds)
{
    work w;
    double unused;
    uint32_t zero = 0;
    chx_status status = begin_work(b, PLANNED, PLANNED_BUFFERS, 1, &w);
    uint64_t begin_ns = stopwatch_now_ns();
    if (status == CHX_OK)
        status = chx_plan_create(w.graph, NULL, &w.plan);
    *first_seconds = stopwatch_seconds_since(begin_ns);
    if (status == CHX_OK)
        status = run_work(&w, 1, &unused);
    if (status == CHX_OK)
        status = chx_buffer_write(w.buffers[0], 0, sizeof zero, &zero);
    begin_ns = stopwatch_now_ns();
    chx_run *run = NULL;
    if (status == CHX_OK)
        status = chx_plan_submit(w.plan, &run);
    *again_seconds = stopwatch_seconds_since(begin_ns);
    if (run)
        chx_run_wait(run, CHX_FOREVER);
    chx_run_destroy(&run);
    end_work(&w);
    return status;
}

static chx_status
measure_plans(const bench *b, figures *f)
{
    double first[ROUNDS], again[ROUNDS];
    chx_status status = CHX_OK;
    for (int i = 0; status == CHX_OK && i < ROUNDS; i++)
        status = measure_one_plan(b, &first[i], &again[i]);
    if (status == CHX_OK) {
        f->first_plan_ms = 1e3 * stopwatch_median(first, ROUNDS);
        f->replan_ms = 1e3 * stopwatch_median(again, ROUNDS);
    }
    return status;
}

/* Which of its platform's devices gets the work of a runtime with one; a part stands for its whole.
 */
static chx_status
open_bare(bench *b)
{
    chx_device_info chosen = {0}, other;
    uint32_t d = 0, nth = 0;
    chx_status status;
    do
        status = chx_runtime_device(b->runtime, d++, &chosen);
    while (status == CHX_OK && !chosen.selected);
    for (d = 0; status == CHX_OK && d < chosen.parent; d++) {
        status = chx_runtime_device(b->runtime, d, &other);
        nth += other.parent == d && strcmp(other.platform, chosen.platform) == 0;
    }
    if (status == CHX_OK)
        b->bare = bare_queue_create(chosen.platform, nth, source);
    return status == CHX_OK && !b->bare ? CHX_ERROR_DEVICE : status;
}

static chx_status
open_bench(const shared_options *shared, uint32_t split, bench *b)
{
    chx_runtime_params params = options_runtime_params(shared);
    params.optimize = true;
    params.split = split;
    chx_status status = chx_runtime_create(&b->runtime, &params);
    if (status == CHX_OK)
        status = chx_program_from_source(b->runtime, "bump.cl", source, NULL, &b->program);
    return status;
}

static void
close_bench(bench *b)
{
    bare_queue_destroy(b->bare);
    chx_program_destroy(&b->program);
    chx_runtime_destroy(&b->runtime);
}

static chx_status
measure_whole(const shared_options *shared, figures *f)
{
    bench b = {NULL, NULL, NULL};
    chx_status status = open_bench(shared, shared->split, &b);
    if (status == CHX_OK)
        status = open_bare(&b);
    if (status == CHX_OK)
        status = measure_replays(&b, 1, &f->chain);
    if (status == CHX_OK)
        status = measure_replays(&b, REPLAYED, &f->independent);
    if (status == CHX_OK)
        status = measure_disjoint(&b, f);
    if (status == CHX_OK)
        status = measure_plans(&b, f);
    close_bench(&b);
    return status;
}

/* That a device cannot be cut is no error. */
static chx_status
measure_parts(const shared_options *shared, figures *f)
{
    bench b = {NULL, NULL, NULL};
    work w;
    double seconds[ROUNDS];
    if (open_bench(shared, 2, &b) != CHX_OK)
        return CHX_OK;
    chx_status status = begin_replays(&b, REPLAYED, false, &w);
    for (int i = 0; status == CHX_OK && i < ROUNDS; i++)
        status = replay(&w, &seconds[i]);
    end_work(&w);
    close_bench(&b);
    if (status == CHX_OK)
        f->parts_us = us_of_a_task(seconds);
    return status;
}

/* Without the runtime, whose threads would be in its way. */
static void
measure_starpu(figures *f)
{
#ifdef CHRONAXIE_STARPU
    double seconds;
    if (peer_starpu_run(source, REPLAYED, &seconds))
        f->starpu_us = 1e6 * seconds / REPLAYED;
#else
    f->starpu_us = 0.0;
#endif
}

static json_t *
result_of(const figures *f)
{
    json_t *result =
        json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "bench", "dispatch",
                  "chain_us", f->chain.us, "recovering_chain_us", f->chain.recovering_us,
                  "bare_chain_us", f->chain.bare_us, "independent_us", f->independent.us,
                  "recovering_independent_us", f->independent.recovering_us, "bare_independent_us",
                  f->independent.bare_us, "disjoint_ms", f->disjoint_ms, "disjoint_mb",
                  f->disjoint_mb, "first_plan_ms", f->first_plan_ms, "replan_ms", f->replan_ms);
    if (f->parts_us > 0.0)
        json_object_set_new(result, "parts_us", json_real(f->parts_us));
    if (f->starpu_us > 0.0)
        json_object_set_new(result, "starpu_us", json_real(f->starpu_us));
    return result;
}

static void
print_replays(const replays *of)
{
    printf("%.2f us a task, bare queue %.2f, ratio %.2f\n", of->us, of->bare_us,
           of->us / of->bare_us);
    printf("  by a plan that recovers:          %.2f us a task, ratio to the above %.2f\n",
           of->recovering_us, of->recovering_us / of->us);
}

static int
print(const figures *f, bool as_json)
{
    if (as_json)
        return result_print(result_of(f));
    printf("replayed chain of %d tasks:       ", REPLAYED);
    print_replays(&f->chain);
    printf("replayed independent tasks:         ");
    print_replays(&f->independent);
    if (f->parts_us > 0.0)
        printf("the same on two parts of the device: %.2f us a task, ratio %.2f\n", f->parts_us,
               f->parts_us / f->independent.us);
    if (f->starpu_us > 0.0)
        printf("the same through StarPU:            %.2f us a task, ratio %.3f\n", f->starpu_us,
               f->independent.us / f->starpu_us);
    printf(
        "%d tasks on parts of one buffer,\n%d runs in flight:                   %.1f ms, %.0f MB\n",
        DISJOINT, DISJOINT_RUNS, f->disjoint_ms, f->disjoint_mb);
    printf("plan of %d tasks:                %.1f ms first, %.1f ms again\n", PLANNED,
           f->first_plan_ms, f->replan_ms);
    return OUTCOME_OK;
}

int
bench_dispatch(const shared_options *shared)
{
    figures f = {0};
    chx_status status = measure_whole(shared, &f);
    if (status == CHX_OK && !shared->split)
        status = measure_parts(shared, &f);
    if (status == CHX_OK)
        measure_starpu(&f);
    return status == CHX_OK ? print(&f, shared->json) : outcome_report(status, STAGE_WORK);
}
