/* Two kinds of work, of a few tasks each that a plan may divide and that is replayed: `swarm`, in
 * which every body is moved by all others, is bound by arithmetic; `heat`, each place from its
 * neighbours, by memory. Products and sums alone, so that any device leaves the same bits.
 *
 * Each device does the work alone; then all at once, each on data of its own, which is what the
 * machine can do where devices share memory, caches and the host: the sum of these speeds is the
 * ideal. Last, all of them do one piece of work together, and its speed over the ideal is the
 * balance. */
#include "bench_balance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <chronaxie/plan.h>
#include <xxhash.h>

#include "outcome.h"
#include "result.h"
#include "stopwatch.h"
#include "table.h"

enum { N_WARM_RUNS = 24, TASKS_OF_RUN = 4, MOST_DEVICES = 64 };
enum { N_BODIES = 2048, N_COLUMNS = 2048, N_ROWS = 2048 };

#define ROUND_S 0.3
#define MOST_ROUNDS 100

static const char source[] =
    "#pragma OPENCL FP_CONTRACT OFF\n"
    "kernel void swarm(global const float4 *at, global float4 *next, global float4 *speed)\n"
    "{\n"
    "    int i = (int)get_global_id(0);\n"
    "    float4 own = at[i], pull = (float4)(0.0f);\n"
    "    for (int j = 0; j < N_BODIES; j++) {\n"
    "        float4 way = at[j] - own;\n"
    "        float square = way.x * way.x + way.y * way.y + way.z * way.z;\n"
    "        float near = fmax(1.0f - square, 0.0f);\n"
    "        pull += way * (near * near);\n"
    "    }\n"
    "    speed[i] += pull * 0.001f;\n"
    "    next[i] = own + speed[i] * 0.01f;\n"
    "}\n"
    "kernel void heat(global const float *before, global float *after)\n"
    "{\n"
    "    int x = (int)get_global_id(0), y = (int)get_global_id(1), i = y * N_COLUMNS + x;\n"
    "    float left = before[i - (x > 0)], right = before[i + (x < N_COLUMNS - 1)];\n"
    "    float above = before[y > 0 ? i - N_COLUMNS : i];\n"
    "    float below = before[y < N_ROWS - 1 ? i + N_COLUMNS : i];\n"
    "    float own = before[i];\n"
    "    after[i] = own + 0.2f * ((left + right) + (above + below) - 4.0f * own);\n"
    "}\n";

static const struct kind {
    const char *name;
    size_t global[3];
    size_t item_bytes, n_halo;
    size_t bytes; /* of the state, of which there are two */
    bool has_speeds;
    bool reads_all;
} kinds[] = {
    {"swarm", {N_BODIES}, 16, 0, (size_t)N_BODIES * 16, true, true},
    {"heat", {N_COLUMNS, N_ROWS}, N_COLUMNS * 4, 1, (size_t)N_COLUMNS *N_ROWS * 4, false, false},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* Work on data of its own, on one device or on all. */
typedef struct work {
    chx_graph *graph;
    chx_plan *plan;
    chx_buffer *states[2], *speeds;
    atomic_bool *stop; /* of a thread that repeats it */
    uint64_t n_runs; /* that it has made */
    chx_status status;
    chx_error error;
} work;

typedef struct contest {
    chx_runtime *runtime;
    chx_program *program;
    const struct kind *kind;
    float *first; /* state that all begin with */
    uint32_t devices[MOST_DEVICES];
    uint32_t n_devices;
    double alone[MOST_DEVICES], beside[MOST_DEVICES]; /* runs a second */
    double together;
    bool is_same; /* digests */
    uint32_t n_rounds;
} contest;

static chx_status
add_task(const contest *of, work *made, int from, const uint32_t *device)
{
    const struct kind *kind = of->kind;
    const chx_arg whole = CHX_READ(made->states[from]);
    const chx_arg own =
        CHX_SPLIT(made->states[from], CHX_ACCESS_READ, kind->item_bytes, kind->n_halo);
    const chx_arg speeds = CHX_SPLIT(made->speeds, CHX_ACCESS_READ_WRITE, kind->item_bytes, 0);
    chx_kernel_task task = {
        .program = of->program,
        .kernel = kind->name,
        .devices = device,
        .n_devices = device != NULL,
        .args = CHX_ARGS(kind->reads_all ? whole : own,
                         CHX_SPLIT(made->states[!from], CHX_ACCESS_WRITE, kind->item_bytes, 0),
                         kind->has_speeds ? speeds : CHX_END),
    };
    memcpy(task.global, kind->global, sizeof task.global);
    return chx_graph_kernel(made->graph, &task);
}

static chx_status
work_make(const contest *of, const uint32_t *device, work *made)
{
    *made = (work){.graph = NULL};
    chx_status status =
        chx_buffer_create(of->runtime, of->kind->bytes, of->first, &made->states[0]);
    if (status == CHX_OK)
        status = chx_buffer_create(of->runtime, of->kind->bytes, NULL, &made->states[1]);
    if (status == CHX_OK && of->kind->has_speeds)
        status = chx_buffer_create(of->runtime, of->kind->bytes, NULL, &made->speeds);
    if (status == CHX_OK)
        status = chx_graph_create(of->runtime, &made->graph);
    for (int t = 0; status == CHX_OK && t < TASKS_OF_RUN; t++)
        status = add_task(of, made, t % 2, device);
    return status == CHX_OK ? chx_plan_create(made->graph, NULL, &made->plan) : status;
}

static void
work_drop(work *done)
{
    chx_plan_destroy(&done->plan);
    chx_graph_destroy(&done->graph);
    for (int s = 0; s < 2; s++)
        chx_buffer_destroy(&done->states[s]);
    chx_buffer_destroy(&done->speeds);
}

/* Two runs are under way, so that no device waits for the host. */
static chx_status
work_repeat(work *on, uint64_t n)
{
    chx_run *runs[2] = {NULL, NULL};
    chx_status status = CHX_OK;
    for (uint64_t i = 0; i < n + 2; i++) {
        chx_run **run = &runs[i % 2];
        chx_status ended = *run ? chx_run_wait(*run, CHX_FOREVER) : CHX_OK;
        chx_run_destroy(run);
        status = status == CHX_OK ? ended : status;
        if (status == CHX_OK && i < n)
            status = chx_plan_submit(on->plan, run);
    }
    on->n_runs += n;
    return status;
}

/* Runs a second: the median of some rounds. */
static chx_status
work_time(const contest *of, work *on, double *speed)
{
    double seconds[MOST_ROUNDS];
    uint64_t n = 1, begin_ns = stopwatch_now_ns();
    chx_status status = work_repeat(on, N_WARM_RUNS);
    double warm_s = stopwatch_seconds_since(begin_ns);
    if (warm_s < ROUND_S * N_WARM_RUNS)
        n = (uint64_t)(ROUND_S * N_WARM_RUNS / warm_s);
    for (uint32_t r = 0; status == CHX_OK && r < of->n_rounds; r++) {
        begin_ns = stopwatch_now_ns();
        status = work_repeat(on, n);
        seconds[r] = stopwatch_seconds_since(begin_ns);
    }
    if (status == CHX_OK)
        *speed = (double)n / stopwatch_median(seconds, of->n_rounds);
    return status;
}

static void *
repeat_until_told(void *data)
{
    work *on = data;
    while (on->status == CHX_OK && !atomic_load(on->stop))
        on->status = work_repeat(on, 2);
    if (on->status != CHX_OK)
        on->error = *chx_last_error();
    return NULL;
}

/* How fast each is while all are at work. */
static chx_status
time_beside(contest *of, work *works)
{
    pthread_t threads[MOST_DEVICES];
    atomic_bool stop = false;
    uint32_t n = 0;
    uint64_t before[MOST_DEVICES];
    for (; n < of->n_devices; n++) {
        works[n].stop = &stop;
        before[n] = works[n].n_runs;
        if (pthread_create(&threads[n], NULL, repeat_until_told, &works[n]) != 0)
            break;
    }
    uint64_t begin_ns = stopwatch_now_ns();
    while (stopwatch_seconds_since(begin_ns) < of->n_rounds * ROUND_S)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    atomic_store(&stop, true);
    double s = stopwatch_seconds_since(begin_ns);
    chx_status status = n < of->n_devices ? CHX_ERROR_MEMORY : CHX_OK;
    for (uint32_t d = 0; d < n; d++) {
        pthread_join(threads[d], NULL);
        of->beside[d] = (double)(works[d].n_runs - before[d]) / s;
        status = status == CHX_OK ? works[d].status : status;
    }
    return status;
}

static chx_status
digest_of(const contest *of, const work *on, void *bytes, uint64_t *digest)
{
    chx_status status = chx_buffer_read(on->states[0], 0, of->kind->bytes, bytes);
    *digest = XXH3_64bits(bytes, of->kind->bytes);
    return status;
}

/* After as many runs, data that was divided must be that of one device. */
static chx_status
compare(contest *of)
{
    work one, all;
    uint64_t digests[2];
    void *bytes = malloc(of->kind->bytes);
    chx_status status = bytes ? work_make(of, &of->devices[0], &one) : CHX_ERROR_MEMORY;
    chx_status other = bytes ? work_make(of, NULL, &all) : CHX_ERROR_MEMORY;
    status = status == CHX_OK ? other : status;
    if (status == CHX_OK)
        status = work_repeat(&one, N_WARM_RUNS);
    if (status == CHX_OK)
        status = work_repeat(&all, N_WARM_RUNS);
    if (status == CHX_OK)
        status = digest_of(of, &one, bytes, &digests[0]);
    if (status == CHX_OK)
        status = digest_of(of, &all, bytes, &digests[1]);
    of->is_same = status == CHX_OK && digests[0] == digests[1];
    if (bytes) {
        work_drop(&one);
        work_drop(&all);
    }
    free(bytes);
    return status;
}

static chx_status
hold(contest *of)
{
    work works[MOST_DEVICES], all = {.graph = NULL};
    uint32_t n = 0;
    chx_status status = CHX_OK;
    for (; status == CHX_OK && n < of->n_devices; n++) {
        status = work_make(of, &of->devices[n], &works[n]);
        if (status == CHX_OK)
            status = work_time(of, &works[n], &of->alone[n]);
    }
    if (status == CHX_OK)
        status = time_beside(of, works);
    while (n > 0)
        work_drop(&works[--n]);
    if (status == CHX_OK)
        status = work_make(of, NULL, &all);
    if (status == CHX_OK)
        status = work_time(of, &all, &of->together);
    work_drop(&all);
    return status == CHX_OK ? compare(of) : status;
}

static double
ideal_of(const contest *of)
{
    double sum = 0.0;
    for (uint32_t d = 0; d < of->n_devices; d++)
        sum += of->beside[d];
    return sum;
}

static void
add_result(const contest *of, json_t *list, struct table *table)
{
    json_t *devices = json_array();
    for (uint32_t d = 0; d < of->n_devices; d++) {
        chx_device_info info = {.name = ""};
        chx_runtime_device(of->runtime, of->devices[d], &info);
        json_array_append_new(devices,
                              json_pack("{s:s, s:f, s:f}", "name", info.name, "alone_per_s",
                                        of->alone[d], "beside_per_s", of->beside[d]));
        table_add(table, "%s", d == 0 ? of->kind->name : "");
        table_add(table, "%s", info.name);
        table_add(table, "%.1f", of->alone[d]);
        table_add(table, "%.1f", of->beside[d]);
        table_add(table, "%s", "");
        table_add(table, "%s", "");
    }
    table_add(table, "%s", "");
    table_add(table, "all together");
    table_add(table, "%s", "");
    table_add(table, "%.1f", of->together);
    table_add(table, "%.3f", of->together / ideal_of(of));
    table_add(table, "%s", of->is_same ? "same" : "DIFFERENT");
    json_array_append_new(list,
                          json_pack("{s:s, s:o, s:f, s:f, s:b}", "work", of->kind->name, "devices",
                                    devices, "together_per_s", of->together, "balance",
                                    of->together / ideal_of(of), "digests_equal", of->is_same));
}

/* Those that may be at work at the same time. */
static void
find_devices(contest *of)
{
    for (uint32_t d = 0; d < chx_runtime_n_devices(of->runtime); d++) {
        chx_device_info info;
        if (chx_runtime_device(of->runtime, d, &info) == CHX_OK && info.selected && !info.spare &&
            of->n_devices < MOST_DEVICES)
            of->devices[of->n_devices++] = d;
    }
}

static chx_status
open_contest(const shared_options *shared, contest *made)
{
    chx_runtime_params params = options_runtime_params(shared);
    char options[128];
    params.optimize = true;
    snprintf(options, sizeof options, "-DN_BODIES=%d -DN_COLUMNS=%d -DN_ROWS=%d", N_BODIES,
             N_COLUMNS, N_ROWS);
    const chx_program_params program = {.options = options};
    chx_status status = chx_runtime_create(&made->runtime, &params);
    if (status == CHX_OK)
        status =
            chx_program_from_source(made->runtime, "balance.cl", source, &program, &made->program);
    made->first = calloc((size_t)N_COLUMNS * N_ROWS, sizeof *made->first);
    if (status != CHX_OK || !made->first)
        return status == CHX_OK ? CHX_ERROR_MEMORY : status;
    for (size_t i = 0; i < (size_t)N_COLUMNS * N_ROWS; i++)
        made->first[i] = (float)(i * 2654435761u % 1000) * 0.001f;
    find_devices(made);
    return CHX_OK;
}

int
bench_balance(uint32_t n_rounds, const shared_options *shared)
{
    contest of = {.n_rounds = n_rounds};
    json_t *list = json_array();
    struct table table;
    table_begin(&table, "work|device|>alone (1/s)|>beside others (1/s)|>balance|result");
    chx_status status = open_contest(shared, &of);
    for (int k = 0; status == CHX_OK && k < N_KINDS; k++) {
        of.kind = &kinds[k];
        status = hold(&of);
        if (status == CHX_OK)
            add_result(&of, list, &table);
    }
    int code = outcome_report(status, STAGE_WORK);
    chx_program_destroy(&of.program);
    if (status == CHX_OK && !shared->json)
        table_print(&table);
    else
        table_discard(&table);
    if (status == CHX_OK && shared->json)
        code = result_print(json_pack("{s:s, s:i, s:O}", "bench", "balance", "rounds",
                                      (int)of.n_rounds, "work", list));
    json_decref(list);
    chx_runtime_destroy(&of.runtime);
    free(of.first);
    return code;
}
