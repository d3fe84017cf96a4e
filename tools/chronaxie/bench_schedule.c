/* Quality is a ratio to HEFT on the same graph and to the lower bound, as means over a family
 * with a fixed seed, so that the figures of two versions may be compared; on small graphs also to
 * the optimum, where optimum.c proves it. Planning times are
 * medians on this machine and may not. Only planning itself is timed. */
#include "bench_schedule.h"

#include <stdio.h>

#include "optimum.h"
#include "outcome.h"
#include "result.h"
#include "stopwatch.h"
#include "table.h"
#include "task_family.h"

enum { MAX_ALGORITHMS = 16, ROUNDS = 5, LANES = 16, SMALL_GRAPHS = 60 };

/* Means over the graphs of one family. */
typedef struct quality {
    double to_heft, to_bound; /* makespans */
    double worst_to_heft;
    double planning_ms;
} quality;

static chx_status
plan(const task_graph *graph, const char *algorithm, chx_schedule **schedule, double *seconds)
{
    uint64_t begin_ns = stopwatch_now_ns();
    chx_status status = chx_schedule_create(&graph->problem, algorithm, schedule);
    *seconds = stopwatch_seconds_since(begin_ns);
    return status;
}

static chx_status
add_graph(const task_graph *graph, const char *algorithm, double heft_ms, double weight,
          quality *sum)
{
    chx_schedule *schedule = NULL;
    double seconds;
    chx_status status = plan(graph, algorithm, &schedule, &seconds);
    if (status == CHX_OK) {
        double ratio = chx_schedule_makespan_ms(schedule) / heft_ms;
        sum->to_heft += weight * ratio;
        sum->to_bound +=
            weight * chx_schedule_makespan_ms(schedule) / chx_schedule_lower_bound_ms(schedule);
        sum->worst_to_heft = ratio > sum->worst_to_heft ? ratio : sum->worst_to_heft;
        sum->planning_ms += weight * seconds * 1e3;
    }
    chx_schedule_destroy(&schedule);
    return status;
}

static chx_status
measure_family(const task_family *family, quality *of)
{
    chx_status status = CHX_OK;
    for (uint32_t g = 0; status == CHX_OK && g < family->n_graphs; g++) {
        task_graph graph;
        chx_schedule *heft = NULL;
        double seconds;
        status = task_family_make(family, g, &graph) ? plan(&graph, "heft", &heft, &seconds)
                                                     : CHX_ERROR_MEMORY;
        for (uint32_t a = 0; status == CHX_OK && chx_schedule_algorithm_at(a); a++)
            status = add_graph(&graph, chx_schedule_algorithm_at(a), chx_schedule_makespan_ms(heft),
                               1.0 / family->n_graphs, &of[a]);
        chx_schedule_destroy(&heft);
        task_graph_finish(&graph);
    }
    return status;
}

/* The median time to plan layers of n tasks. */
static chx_status
measure_size(uint32_t n_tasks, const char *algorithm, double *ms)
{
    double seconds[ROUNDS];
    task_graph graph;
    chx_status status = task_layers_make(n_tasks, LANES, &graph) ? CHX_OK : CHX_ERROR_MEMORY;
    for (int i = 0; status == CHX_OK && i < ROUNDS; i++) {
        chx_schedule *schedule = NULL;
        status = plan(&graph, algorithm, &schedule, &seconds[i]);
        chx_schedule_destroy(&schedule);
    }
    if (status == CHX_OK)
        *ms = 1e3 * stopwatch_median(seconds, ROUNDS);
    task_graph_finish(&graph);
    return status;
}

/* How near the default algorithm and the lower bound come to optima, of those that were proved. */
typedef struct nearness {
    uint32_t n_proved;
    double above, worst_above; /* makespans to optima */
    double bound, worst_bound; /* bounds to optima */
} nearness;

static chx_status
measure_optimum(uint32_t index, nearness *of)
{
    task_graph graph;
    chx_schedule *schedule = NULL;
    double seconds, optimum_ms;
    chx_status status =
        task_small_make(index, &graph) ? plan(&graph, NULL, &schedule, &seconds) : CHX_ERROR_MEMORY;
    double makespan_ms = chx_schedule_makespan_ms(schedule);
    if (status == CHX_OK && optimum_find(&graph.problem, makespan_ms, &optimum_ms)) {
        double above = makespan_ms / optimum_ms;
        double bound = chx_schedule_lower_bound_ms(schedule) / optimum_ms;
        of->n_proved++;
        of->above += above;
        of->worst_above = above > of->worst_above ? above : of->worst_above;
        of->bound += bound;
        of->worst_bound = bound < of->worst_bound ? bound : of->worst_bound;
    }
    chx_schedule_destroy(&schedule);
    task_graph_finish(&graph);
    return status;
}

static chx_status
measure_optima(json_t **object, bool as_json)
{
    nearness of = {.worst_bound = 1.0};
    chx_status status = CHX_OK;
    for (uint32_t i = 0; status == CHX_OK && i < SMALL_GRAPHS; i++)
        status = measure_optimum(i, &of);
    uint32_t n = of.n_proved ? of.n_proved : 1;
    of.above /= n;
    of.bound /= n;
    if (status == CHX_OK && !as_json)
        printf(
            "\n%u of %d graphs of 10 to 20 tasks have a proved optimum: best is %.4f of it, %.3f "
            "at worst;\nthe lower bound is %.3f, %.3f at worst\n",
            of.n_proved, SMALL_GRAPHS, of.above, of.worst_above, of.bound, of.worst_bound);
    *object = json_pack("{s:i, s:i, s:f, s:f, s:f, s:f}", "graphs", SMALL_GRAPHS, "proved",
                        (int)of.n_proved, "ratio_to_optimum", of.above, "worst_ratio_to_optimum",
                        of.worst_above, "bound_to_optimum", of.bound, "worst_bound_to_optimum",
                        of.worst_bound);
    return status;
}

static json_t *
family_json(const task_family *family, const quality *of)
{
    json_t *algorithms = json_object();
    for (uint32_t a = 0; chx_schedule_algorithm_at(a); a++)
        json_object_set_new(algorithms, chx_schedule_algorithm_at(a),
                            json_pack("{s:f, s:f, s:f, s:f}", "ratio_to_heft", of[a].to_heft,
                                      "worst_ratio_to_heft", of[a].worst_to_heft, "ratio_to_bound",
                                      of[a].to_bound, "planning_ms", of[a].planning_ms));
    return json_pack("{s:s, s:i, s:i, s:o}", "family", family->name, "graphs",
                     (int)family->n_graphs, "lanes", (int)family->n_lanes, "algorithms",
                     algorithms);
}

static void
add_rows(struct table *table, const task_family *family, const quality *of)
{
    for (uint32_t a = 0; chx_schedule_algorithm_at(a); a++) {
        table_add(table, "%s", family->name);
        table_add(table, "%s", chx_schedule_algorithm_at(a));
        table_add(table, "%.3f", of[a].to_heft);
        table_add(table, "%.3f", of[a].worst_to_heft);
        table_add(table, "%.3f", of[a].to_bound);
        table_add(table, "%.3f", of[a].planning_ms);
    }
}

static chx_status
measure_families(json_t *list, bool as_json)
{
    chx_status status = CHX_OK;
    struct table table;
    table_begin(&table, "graphs|algorithm|>to heft|>worst|>to bound|>planning (ms)");
    for (const task_family *family = task_families; status == CHX_OK && family->name; family++) {
        quality of[MAX_ALGORITHMS] = {{0}};
        status = measure_family(family, of);
        json_array_append_new(list, family_json(family, of));
        add_rows(&table, family, of);
    }
    if (status == CHX_OK && !as_json)
        table_print(&table);
    else
        table_discard(&table);
    return status;
}

static chx_status
measure_sizes(json_t *list, bool as_json)
{
    static const uint32_t sizes[] = {100, 1000, 10000, 100000};
    static const char *const names[] = {"heft", "best"};
    chx_status status = CHX_OK;
    if (!as_json)
        printf("\n");
    for (size_t s = 0; status == CHX_OK && s < sizeof sizes / sizeof *sizes; s++) {
        double ms[2] = {0.0, 0.0};
        for (int i = 0; status == CHX_OK && i < 2; i++)
            status = measure_size(sizes[s], names[i], &ms[i]);
        if (status == CHX_OK && !as_json)
            printf("%u tasks on %d lanes: heft %.2f ms, best %.2f ms\n", sizes[s], LANES, ms[0],
                   ms[1]);
        json_array_append_new(list, json_pack("{s:i, s:i, s:f, s:f}", "tasks", (int)sizes[s],
                                              "lanes", LANES, "heft_ms", ms[0], "best_ms", ms[1]));
    }
    return status;
}

int
bench_schedule(bool as_json)
{
    json_t *families = json_array();
    json_t *sizes = json_array();
    json_t *optima = NULL;
    chx_status status = measure_families(families, as_json);
    if (status == CHX_OK)
        status = measure_optima(&optima, as_json);
    if (status == CHX_OK)
        status = measure_sizes(sizes, as_json);
    if (status == CHX_OK && as_json)
        return result_print(json_pack("{s:s, s:i, s:o, s:o, s:o}", "bench", "schedule", "rounds",
                                      ROUNDS, "quality", families, "optima", optima, "planning",
                                      sizes));
    json_decref(families);
    json_decref(optima);
    json_decref(sizes);
    return outcome_report(status, STAGE_WORK);
}
