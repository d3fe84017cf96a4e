/* A frame is a few tasks that a plan divides over all devices in use, at least two. After frames
 * that settle it, the layer that makes drivers fail has one device take four times its time, and
 * later no longer. A frame is balanced again once the device has about the share that it should
 * have: by the items that the timeline tells, as times also vary with whatever else the machine
 * does. The ideal is what the other devices take when they get what the slow one leaves.
 * Work-groups have one size, as drivers may compile a kernel once more for each.
 *
 * Of noise, on a virtual clock: plans are played with tasks that take other times than planned, and
 * compared with the plan that HEFT makes when it knows these. */
#include "bench_adapt.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/plan.h>

#include "fault_layer.h"
#include "outcome.h"
#include "result.h"
#include "stopwatch.h"
#include "table.h"
#include "task_family.h"

enum { TASKS_OF_FRAME = 4, SETTLING_FRAMES = 24, PHASE_FRAMES = 24, MOST_LANES = 64 };
enum { MOST_ROUNDS = 100, N_ITEMS = 1 << 16, N_LOCAL = 64 };

#define SLOWER 4.0 /* as the layer has it */
#define NEAR_SHARE 1.25 /* times what it should be */

static const char source[] = "kernel void turn(global uint *x)\n"
                             "{\n"
                             "    uint word = x[get_global_id(0)];\n"
                             "    for (int i = 0; i < 40; i++)\n"
                             "        word = (word ^ word >> 15) * 2246822519u + i;\n"
                             "    x[get_global_id(0)] = word;\n"
                             "}\n";

typedef enum change { CHANGE_SLOWER, CHANGE_RECOVERED, N_CHANGES } change;
static const struct {
    const char *name, *fault;
} changes[N_CHANGES] = {{"slower", "slow:1"}, {"recovered", ""}};

typedef struct frame {
    double seconds;
    double shares[MOST_LANES]; /* of items, by lane */
} frame;

/* What became of a change, in each round. */
typedef struct phase {
    double n_bad[MOST_ROUNDS]; /* frames before the first that was balanced */
    double first_s[MOST_ROUNDS], settled_s[MOST_ROUNDS], ideal_s[MOST_ROUNDS];
} phase;

typedef struct show {
    char layer[PATH_MAX];
    chx_runtime *runtime;
    chx_program *program;
    chx_buffer *buffer;
    chx_graph *graph;
    chx_plan *plan;
    frame before; /* the last one that was settled at full speed */
    phase phases[N_CHANGES];
} show;

static chx_status
open_show(const shared_options *shared, show *made)
{
    chx_runtime_params params = options_runtime_params(shared);
    params.optimize = true;
    chx_status status = chx_runtime_create(&made->runtime, &params);
    if (status == CHX_OK)
        status = chx_program_from_source(made->runtime, "adapt.cl", source, NULL, &made->program);
    if (status == CHX_OK)
        status = chx_buffer_create(made->runtime, N_ITEMS * sizeof(uint32_t), NULL, &made->buffer);
    if (status == CHX_OK)
        status = chx_graph_create(made->runtime, &made->graph);
    for (int t = 0; status == CHX_OK && t < TASKS_OF_FRAME; t++) {
        chx_kernel_task task = {
            .program = made->program,
            .kernel = "turn",
            .global = {N_ITEMS},
            .local = {N_LOCAL},
            .args = CHX_ARGS(CHX_SPLIT(made->buffer, CHX_ACCESS_READ_WRITE, sizeof(uint32_t), 0)),
        };
        status = chx_graph_kernel(made->graph, &task);
    }
    return status == CHX_OK ? chx_plan_create(made->graph, NULL, &made->plan) : status;
}

static void
close_show(show *ending)
{
    chx_plan_destroy(&ending->plan);
    chx_graph_destroy(&ending->graph);
    chx_buffer_destroy(&ending->buffer);
    chx_program_destroy(&ending->program);
    chx_runtime_destroy(&ending->runtime);
}

static chx_status
note_shares(const chx_run *run, frame *made)
{
    chx_timeline *timeline = NULL;
    chx_status status = chx_run_timeline(run, &timeline);
    for (uint32_t s = 0; s < chx_timeline_n_spans(timeline); s++) {
        const chx_span *span = chx_timeline_span(timeline, s);
        if (span->kind == CHX_SPAN_KERNEL && span->lane < MOST_LANES)
            made->shares[span->lane] += (double)span->n_items / (TASKS_OF_FRAME * N_ITEMS);
    }
    chx_timeline_destroy(&timeline);
    return status;
}

static chx_status
play_frame(const show *of, frame *made)
{
    chx_run *run = NULL;
    *made = (frame){0};
    uint64_t begin_ns = stopwatch_now_ns();
    chx_status status = chx_plan_submit(of->plan, &run);
    if (status == CHX_OK)
        status = chx_run_wait(run, CHX_FOREVER);
    made->seconds = stopwatch_seconds_since(begin_ns);
    if (status == CHX_OK)
        status = note_shares(run, made);
    chx_run_destroy(&run);
    return status;
}

/* The lane that has a smaller part of its share in one frame than any other has. */
static uint32_t
find_loser(const frame *before, const frame *after)
{
    uint32_t found = 0;
    double least = 1e9;
    for (uint32_t l = 0; l < MOST_LANES; l++)
        if (before->shares[l] > 0 && after->shares[l] / before->shares[l] < least) {
            least = after->shares[l] / before->shares[l];
            found = l;
        }
    return found;
}

static double
typical_seconds(const frame *frames, int n)
{
    double seconds[PHASE_FRAMES];
    for (int f = 0; f < n; f++)
        seconds[f] = frames[f].seconds;
    return stopwatch_median(seconds, (size_t)n);
}

/* How many frames go before the first where the lane has about the share. */
static int
count_bad(const frame *frames, uint32_t lane, double share)
{
    int n = 0;
    while (n < PHASE_FRAMES && (frames[n].shares[lane] > share * NEAR_SHARE ||
                                frames[n].shares[lane] * NEAR_SHARE < share))
        n++;
    return n;
}

static chx_status
play_change(const show *of, change next, frame *frames)
{
    chx_status status = CHX_OK;
    fault_layer_arm(of->layer, changes[next].fault);
    for (int f = 0; status == CHX_OK && f < PHASE_FRAMES; f++)
        status = play_frame(of, &frames[f]);
    return status;
}

static void
judge(phase *of, uint32_t round, const frame *frames, uint32_t lane, double share, double ideal_s)
{
    of->n_bad[round] = count_bad(frames, lane, share);
    of->first_s[round] = frames[0].seconds;
    of->settled_s[round] = typical_seconds(&frames[PHASE_FRAMES / 2], PHASE_FRAMES / 2);
    of->ideal_s[round] = ideal_s;
}

static chx_status
play_round(show *of, uint32_t round)
{
    frame settling[SETTLING_FRAMES], slow[PHASE_FRAMES], fast[PHASE_FRAMES];
    chx_status status = CHX_OK;
    for (int f = 0; status == CHX_OK && f < SETTLING_FRAMES; f++)
        status = play_frame(of, &settling[f]);
    if (status == CHX_OK)
        status = play_change(of, CHANGE_SLOWER, slow);
    if (status == CHX_OK)
        status = play_change(of, CHANGE_RECOVERED, fast);
    if (status != CHX_OK)
        return status;
    const frame *before = &settling[SETTLING_FRAMES - 1];
    const uint32_t lane = find_loser(before, &slow[PHASE_FRAMES - 1]);
    const double share = before->shares[lane], left = 1.0 - share * (1.0 - 1.0 / SLOWER);
    const double full_s =
        typical_seconds(&settling[SETTLING_FRAMES / 2], SETTLING_FRAMES - SETTLING_FRAMES / 2);
    judge(&of->phases[CHANGE_SLOWER], round, slow, lane, share / SLOWER / left, full_s / left);
    judge(&of->phases[CHANGE_RECOVERED], round, fast, lane, share, full_s);
    return CHX_OK;
}

static json_t *
show_json(show *of, uint32_t n_rounds, bool as_json)
{
    json_t *list = json_array();
    struct table table;
    table_begin(&table, "one device|>bad frames|>most|>first (ms)|>later (ms)|>ideal (ms)");
    for (int c = 0; c < N_CHANGES; c++) {
        phase *at = &of->phases[c];
        const double n_bad = stopwatch_median(at->n_bad, n_rounds);
        const double most = at->n_bad[n_rounds - 1];
        const double first_ms = 1e3 * stopwatch_median(at->first_s, n_rounds);
        const double settled_ms = 1e3 * stopwatch_median(at->settled_s, n_rounds);
        const double ideal_ms = 1e3 * stopwatch_median(at->ideal_s, n_rounds);
        json_array_append_new(list,
                              json_pack("{s:s, s:f, s:f, s:f, s:f, s:f}", "change", changes[c].name,
                                        "bad_frames", n_bad, "most_bad_frames", most, "first_ms",
                                        first_ms, "settled_ms", settled_ms, "ideal_ms", ideal_ms));
        table_add(&table, "%s", changes[c].name);
        table_add(&table, "%.0f", n_bad);
        table_add(&table, "%.0f", most);
        table_add(&table, "%.2f", first_ms);
        table_add(&table, "%.2f", settled_ms);
        table_add(&table, "%.2f", ideal_ms);
    }
    if (as_json)
        table_discard(&table);
    else
        table_print(&table);
    return list;
}

static uint32_t
count_devices(const chx_runtime *runtime)
{
    uint32_t n = 0;
    for (uint32_t d = 0; d < chx_runtime_n_devices(runtime); d++) {
        chx_device_info info;
        n += chx_runtime_device(runtime, d, &info) == CHX_OK && info.selected && !info.spare;
    }
    return n;
}

/* The layer must be known before the process first calls OpenCL. */
static int
measure_show(uint32_t n_rounds, const shared_options *shared, json_t **list)
{
    show of = {.runtime = NULL};
    if (!fault_layer_find(of.layer, sizeof of.layer))
        return outcome_say(OUTCOME_HELPER, "the layer that makes drivers fail is missing: %s",
                           of.layer);
    setenv("OPENCL_LAYERS", of.layer, 1);
    chx_status status = open_show(shared, &of);
    int code = OUTCOME_OK;
    if (status == CHX_OK && !fault_layer_arm(of.layer, ""))
        code = outcome_say(OUTCOME_HELPER,
                           "the layer %s is not loaded; does the OpenCL loader know OPENCL_LAYERS "
                           "(ocl-icd 2.3 does)?",
                           of.layer);
    else if (status == CHX_OK && count_devices(of.runtime) < 2)
        code = outcome_say(OUTCOME_USAGE, "bench adapt: one device is in use, and nothing can be "
                                          "moved to another; divide it, as with --split 2");
    for (uint32_t r = 0; code == OUTCOME_OK && status == CHX_OK && r < n_rounds; r++)
        status = play_round(&of, r);
    if (status != CHX_OK)
        code = outcome_report(status, STAGE_WORK);
    if (code == OUTCOME_OK)
        *list = show_json(&of, n_rounds, shared->json);
    close_show(&of);
    return code;
}

/* How plans are with noise of one size. */
typedef struct noise {
    double sigma;
    double wanted; /* of the mean ratio, at most */
} noise;

static const noise noises[] = {{0.3, 1.08}, {0.6, 1.25}};
enum { N_NOISES = sizeof noises / sizeof *noises };

/* Tasks as they were played, on any lane. */
static chx_status
learn_truth(const chx_schedule *schedule, task_graph *graph)
{
    chx_timeline *timeline = NULL;
    chx_status status = chx_schedule_timeline(schedule, &timeline);
    const uint32_t n_lanes = graph->problem.n_lanes;
    for (uint32_t t = 0; status == CHX_OK && t < graph->problem.n_tasks; t++) {
        const chx_span *span = chx_timeline_span(timeline, t);
        const double planned_ns = span->predicted_finish_ns - span->predicted_start_ns;
        const double factor =
            planned_ns > 0 ? (span->measured_finish_ns - span->measured_start_ns) / planned_ns : 1;
        for (uint32_t l = 0; l < n_lanes; l++)
            graph->cost_ms[(size_t)t * n_lanes + l] *= factor;
    }
    chx_timeline_destroy(&timeline);
    return status;
}

/* The length of the plan as played over that of HEFT's for what was played. */
static chx_status
compare_graph(task_graph *graph, double sigma, uint64_t seed, double *ratio)
{
    chx_schedule *plan = NULL, *clairvoyant = NULL;
    double played_ms = 0;
    const chx_schedule_play_params params = {.noise = sigma, .seed = seed};
    chx_status status = chx_schedule_create(&graph->problem, NULL, &plan);
    if (status == CHX_OK)
        status = chx_schedule_play(plan, &params, &played_ms);
    if (status == CHX_OK)
        status = learn_truth(plan, graph);
    if (status == CHX_OK)
        status = chx_schedule_create(&graph->problem, "heft", &clairvoyant);
    if (status == CHX_OK)
        *ratio = played_ms / chx_schedule_makespan_ms(clairvoyant);
    chx_schedule_destroy(&plan);
    chx_schedule_destroy(&clairvoyant);
    return status;
}

static chx_status
measure_family(const task_family *family, json_t *list, struct table *table)
{
    chx_status status = CHX_OK;
    for (int n = 0; status == CHX_OK && n < N_NOISES; n++) {
        double sum = 0, worst = 0;
        for (uint32_t g = 0; status == CHX_OK && g < family->n_graphs; g++) {
            task_graph graph;
            double ratio = 0;
            status = task_family_make(family, g, &graph)
                         ? compare_graph(&graph, noises[n].sigma, 1 + g, &ratio)
                         : CHX_ERROR_MEMORY;
            task_graph_finish(&graph);
            sum += ratio;
            worst = ratio > worst ? ratio : worst;
        }
        json_array_append_new(list,
                              json_pack("{s:s, s:i, s:f, s:f, s:f, s:f}", "family", family->name,
                                        "graphs", (int)family->n_graphs, "sigma", noises[n].sigma,
                                        "ratio_to_clairvoyant", sum / family->n_graphs,
                                        "worst_ratio", worst, "wanted_ratio", noises[n].wanted));
        table_add(table, "%s", family->name);
        table_add(table, "%.1f", noises[n].sigma);
        table_add(table, "%.3f", sum / family->n_graphs);
        table_add(table, "%.3f", worst);
        table_add(table, "%.2f", noises[n].wanted);
    }
    return status;
}

static chx_status
measure_noise(json_t *list, bool as_json)
{
    chx_status status = CHX_OK;
    struct table table;
    table_begin(&table, "graphs|>sigma|>to clairvoyant HEFT|>worst|>wanted");
    for (const task_family *family = task_families; status == CHX_OK && family->name; family++)
        status = measure_family(family, list, &table);
    if (status == CHX_OK && !as_json) {
        printf("\n");
        table_print(&table);
    } else {
        table_discard(&table);
    }
    return status;
}

int
bench_adapt(uint32_t n_rounds, const shared_options *shared)
{
    json_t *moved = NULL, *list = json_array();
    int code = measure_show(n_rounds, shared, &moved);
    if (code == OUTCOME_OK)
        code = outcome_report(measure_noise(list, shared->json), STAGE_WORK);
    if (code == OUTCOME_OK && shared->json)
        code = result_print(json_pack("{s:s, s:i, s:i, s:f, s:O, s:O}", "bench", "adapt", "rounds",
                                      (int)n_rounds, "frames", PHASE_FRAMES, "factor", SLOWER,
                                      "changes", moved, "noise", list));
    json_decref(moved);
    json_decref(list);
    return code;
}
