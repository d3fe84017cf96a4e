/* One thread submits a run of a microsecond and waits for it, again and again. Beside it a second
 * thread does nothing, reads 256 MiB from a device, or plans graphs whose programs nobody has
 * compiled yet. What counts is the time of a turn of the first. */
#include "bench_stall.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <chronaxie/plan.h>

#include "outcome.h"
#include "result.h"
#include "stopwatch.h"
#include "table.h"

enum { TURNS = 1000, LARGE_BYTES = 256 << 20, N_BESIDE = 3 };

static const char source[] = "kernel void bump(global uint *x)\n"
                             "{\n"
                             "    x[get_global_id(0)]++;\n"
                             "}\n";

/* What the second thread works on. */
typedef struct rival {
    chx_runtime *runtime;
    chx_program *program;
    chx_buffer *large;
    void *bytes;
    _Atomic bool stop;
    chx_status status;
    uint32_t n_rounds;
} rival;

/* A graph of one work-item, and its plan. */
typedef struct errand {
    chx_graph *graph;
    chx_plan *plan;
} errand;

static chx_status
errand_make(chx_runtime *runtime, chx_program *program, chx_buffer *buffer, errand *made)
{
    chx_kernel_task task = {.program = program,
                            .kernel = "bump",
                            .global = {1},
                            .args = CHX_ARGS(CHX_READ_WRITE(buffer))};
    *made = (errand){NULL, NULL};
    chx_status status = chx_graph_create(runtime, &made->graph);
    if (status == CHX_OK)
        status = chx_graph_kernel(made->graph, &task);
    if (status == CHX_OK)
        status = chx_plan_create(made->graph, NULL, &made->plan);
    return status;
}

static void
errand_drop(errand *done)
{
    chx_plan_destroy(&done->plan);
    chx_graph_destroy(&done->graph);
}

static chx_status
errand_run(const errand *done)
{
    chx_run *run;
    chx_status status = chx_plan_submit(done->plan, &run);
    if (status == CHX_OK) {
        status = chx_run_wait(run, CHX_FOREVER);
        chx_run_destroy(&run);
    }
    return status;
}

static void *
idle(void *data)
{
    rival *r = data;
    while (!atomic_load(&r->stop))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return NULL;
}

/* Each round makes the content the device's alone, at the cost of one work-item, and fetches it. */
static void *
read_much(void *data)
{
    rival *r = data;
    errand writer;
    r->status = errand_make(r->runtime, r->program, r->large, &writer);
    while (r->status == CHX_OK && !atomic_load(&r->stop)) {
        r->status = errand_run(&writer);
        if (r->status == CHX_OK)
            r->status = chx_buffer_read(r->large, 0, LARGE_BYTES, r->bytes);
        r->n_rounds++;
    }
    errand_drop(&writer);
    return NULL;
}

/* A comment is enough to make a program that no cache knows. */
static chx_status
compile_once(rival *r, chx_buffer *buffer)
{
    static unsigned n;
    char text[sizeof source + 64];
    chx_program *program = NULL;
    errand made = {NULL, NULL};
    snprintf(text, sizeof text, "/* %u %llu */\n%s", n++, (unsigned long long)stopwatch_now_ns(),
             source);
    chx_status status = chx_program_from_source(r->runtime, "bump.cl", text, NULL, &program);
    if (status == CHX_OK)
        status = errand_make(r->runtime, program, buffer, &made);
    errand_drop(&made);
    chx_program_destroy(&program);
    return status;
}

static void *
compile_much(void *data)
{
    rival *r = data;
    chx_buffer *buffer;
    r->status = chx_buffer_create(r->runtime, 256, NULL, &buffer);
    while (r->status == CHX_OK && !atomic_load(&r->stop)) {
        r->status = compile_once(r, buffer);
        r->n_rounds++;
    }
    chx_buffer_destroy(&buffer);
    return NULL;
}

static int
compare_times(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Sorted times of turns, in milliseconds. */
static chx_status
measure(rival *r, void *(*beside)(void *), const errand *tiny, double *ms)
{
    pthread_t thread;
    atomic_store(&r->stop, false);
    r->n_rounds = 0;
    r->status = CHX_OK;
    if (pthread_create(&thread, NULL, beside, r) != 0)
        return CHX_ERROR_MEMORY;
    chx_status status = CHX_OK;
    for (uint32_t i = 0; status == CHX_OK && i < TURNS; i++) {
        uint64_t begin_ns = stopwatch_now_ns();
        status = errand_run(tiny);
        ms[i] = 1e3 * stopwatch_seconds_since(begin_ns);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    atomic_store(&r->stop, true);
    pthread_join(thread, NULL);
    qsort(ms, TURNS, sizeof *ms, compare_times);
    return status == CHX_OK ? r->status : status;
}

static chx_status
open_rival(const shared_options *shared, rival *r)
{
    chx_runtime_params params = options_runtime_params(shared);
    chx_status status = chx_runtime_create(&r->runtime, &params);
    if (status == CHX_OK)
        status = chx_program_from_source(r->runtime, "bump.cl", source, NULL, &r->program);
    if (status == CHX_OK)
        status = chx_buffer_create(r->runtime, LARGE_BYTES, NULL, &r->large);
    r->bytes = malloc(LARGE_BYTES);
    return status == CHX_OK && !r->bytes ? CHX_ERROR_MEMORY : status;
}

static void
close_rival(rival *r)
{
    chx_buffer_destroy(&r->large);
    chx_program_destroy(&r->program);
    chx_runtime_destroy(&r->runtime);
    free(r->bytes);
}

static const struct {
    const char *name;
    void *(*run)(void *);
} beside[N_BESIDE] = {
    {"nothing", idle}, {"reads of 256 MiB", read_much}, {"compiles", compile_much}};

static void
add_result(const rival *r, int i, const double *ms, json_t *list, struct table *table)
{
    double median = ms[TURNS / 2], late = ms[TURNS - 1 - TURNS / 100], last = ms[TURNS - 1];
    json_array_append_new(list, json_pack("{s:s, s:i, s:f, s:f, s:f}", "beside", beside[i].name,
                                          "rounds", (int)r->n_rounds, "median_ms", median, "p99_ms",
                                          late, "longest_ms", last));
    table_add(table, "%s", beside[i].name);
    table_add(table, "%u", r->n_rounds);
    table_add(table, "%.3f", median);
    table_add(table, "%.3f", late);
    table_add(table, "%.3f", last);
}

int
bench_stall(const shared_options *shared)
{
    static double ms[TURNS];
    rival r = {.runtime = NULL};
    errand tiny = {NULL, NULL};
    chx_buffer *small = NULL;
    json_t *list = json_array();
    struct table table;
    table_begin(&table, "beside|>rounds|>median ms|>99 % ms|>longest ms");
    chx_status status = open_rival(shared, &r);
    if (status == CHX_OK)
        status = chx_buffer_create(r.runtime, 256, NULL, &small);
    if (status == CHX_OK)
        status = errand_make(r.runtime, r.program, small, &tiny);
    for (int i = 0; status == CHX_OK && i < N_BESIDE; i++) {
        status = measure(&r, beside[i].run, &tiny, ms);
        if (status == CHX_OK)
            add_result(&r, i, ms, list, &table);
    }
    errand_drop(&tiny);
    chx_buffer_destroy(&small);
    close_rival(&r);
    if (status == CHX_OK && shared->json) {
        table_discard(&table);
        return result_print(
            json_pack("{s:s, s:i, s:o}", "bench", "stall", "turns", TURNS, "turn", list));
    }
    json_decref(list);
    if (status != CHX_OK) {
        table_discard(&table);
        return outcome_report(status, STAGE_WORK);
    }
    table_print(&table);
    return OUTCOME_OK;
}
