/* A problem of the classical model from JSON: lanes, tasks with a time per lane (null where it
 * may not run), edges with transfer times. Names are borrowed from the document until the
 * problem is solved. A cycle is only found by the scheduler; it tells a task, whose line is
 * looked up here. Which of the formats a file has is told by its ending, by whether a machine is
 * given, and by its "workflow". */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/json.h"
#include "io/stg.h"
#include "io/work_graph.h"
#include "io/workflow.h"
#include "schedule/schedule.h"

#define MAX_FILE_BYTES ((size_t)512 << 20)
#define MAX_TASKS 10000000

/* A problem being read. Names are the document's. */
typedef struct task_graph {
    chx__json json;
    chx__json_at root, lanes, tasks, edges;
    size_t n_lanes, n_tasks, n_edges;
    json_t *task_index; /* by name */
    const char **lane_names;
    const char **task_names;
    double *cost_ms;
    chx_schedule_edge *edge_list;
} task_graph;

static void
task_graph_finish(task_graph *graph)
{
    json_decref(graph->task_index);
    free(graph->lane_names);
    free(graph->task_names);
    free(graph->cost_ms);
    free(graph->edge_list);
    chx__json_finish(&graph->json);
}

/* Reads a name that must not have occurred before and remembers its index. */
static chx_status
read_name(const chx__json_at *at, json_t *index_of, size_t index, const char **name)
{
    const char *text;
    chx_status status = chx__json_text(at, &text);
    if (status)
        return status;
    if (json_object_get(index_of, text))
        return chx__json_fail(at, "the name \"%s\" occurs twice; names must differ", text);
    if (json_object_set_new(index_of, text, json_integer((json_int_t)index)) != 0)
        return chx__fail_memory("reading a task graph");
    *name = text;
    return CHX_OK;
}

static chx_status
read_lanes(task_graph *graph)
{
    json_t *index_of = json_object();
    graph->lane_names = chx__alloc(graph->n_lanes, sizeof *graph->lane_names);
    chx_status status =
        index_of && graph->lane_names ? CHX_OK : chx__fail_memory("reading a task graph");
    for (size_t l = 0; !status && l < graph->n_lanes; l++) {
        chx__json_at lane = chx__json_element(&graph->lanes, l);
        status = read_name(&lane, index_of, l, &graph->lane_names[l]);
    }
    json_decref(index_of);
    return status;
}

static chx_status
read_costs(const task_graph *graph, const chx__json_at *costs, double *cost_ms)
{
    size_t n;
    bool allowed = false;
    chx_status status = chx__json_array(costs, graph->n_lanes, graph->n_lanes, &n);
    for (size_t l = 0; !status && l < graph->n_lanes; l++) {
        chx__json_at cost = chx__json_element(costs, l);
        cost_ms[l] = INFINITY;
        if (json_is_null(cost.value))
            continue;
        allowed = true;
        status = chx__json_number(&cost, 0.0, CHX__SCHEDULE_MAX_MS, &cost_ms[l]);
    }
    if (!status && !allowed)
        return chx__json_fail(costs, "no lane may run this task; give it one that is not null");
    return status;
}

static chx_status
read_task(task_graph *graph, size_t task)
{
    chx__json_at at = chx__json_element(&graph->tasks, task), name, costs;
    chx_status status = chx__json_object(&at, (const char *const[]){"name", "cost_ms", NULL});
    if (!status)
        status = chx__json_member(&at, "name", &name);
    if (!status)
        status = read_name(&name, graph->task_index, task, &graph->task_names[task]);
    if (!status)
        status = chx__json_member(&at, "cost_ms", &costs);
    if (!status)
        status = read_costs(graph, &costs, graph->cost_ms + task * graph->n_lanes);
    return status;
}

static chx_status
read_tasks(task_graph *graph)
{
    graph->task_index = json_object();
    graph->task_names = chx__alloc(graph->n_tasks, sizeof *graph->task_names);
    graph->cost_ms = chx__alloc(graph->n_tasks, graph->n_lanes * sizeof *graph->cost_ms);
    if (!graph->task_index || !graph->task_names || !graph->cost_ms)
        return chx__fail_memory("reading a task graph");
    chx_status status = CHX_OK;
    for (size_t t = 0; !status && t < graph->n_tasks; t++)
        status = read_task(graph, t);
    return status;
}

static chx_status
read_edge_end(const task_graph *graph, const chx__json_at *edge, size_t which, uint32_t *task)
{
    chx__json_at at = chx__json_element(edge, which);
    const char *name;
    chx_status status = chx__json_text(&at, &name);
    if (status)
        return status;
    const json_t *index = json_object_get(graph->task_index, name);
    if (!index)
        return chx__json_fail(&at, "there is no task \"%s\"", name);
    *task = (uint32_t)json_integer_value(index);
    return CHX_OK;
}

static chx_status
read_edge(const task_graph *graph, size_t index)
{
    chx__json_at at = chx__json_element(&graph->edges, index);
    chx_schedule_edge *edge = &graph->edge_list[index];
    size_t n;
    chx_status status = chx__json_array(&at, 3, 3, &n);
    if (!status)
        status = read_edge_end(graph, &at, 0, &edge->before);
    if (!status)
        status = read_edge_end(graph, &at, 1, &edge->after);
    if (status)
        return status;
    if (edge->before == edge->after)
        return chx__json_fail(&at, "task \"%s\" waits for itself; remove this edge",
                              graph->task_names[edge->before]);
    chx__json_at transfer = chx__json_element(&at, 2);
    return chx__json_number(&transfer, 0.0, CHX__SCHEDULE_MAX_MS, &edge->transfer_ms);
}

static chx_status
read_edges(task_graph *graph)
{
    graph->edge_list = chx__alloc(graph->n_edges, sizeof *graph->edge_list);
    chx_status status = graph->edge_list ? CHX_OK : chx__fail_memory("reading a task graph");
    for (size_t e = 0; !status && e < graph->n_edges; e++)
        status = read_edge(graph, e);
    return status;
}

static chx_status
find_sections(task_graph *graph)
{
    graph->root = chx__json_root(&graph->json);
    chx_status status =
        chx__json_object(&graph->root, (const char *const[]){"lanes", "tasks", "edges", NULL});
    if (!status)
        status = chx__json_member(&graph->root, "lanes", &graph->lanes);
    if (!status)
        status = chx__json_array(&graph->lanes, 1, 65535, &graph->n_lanes);
    if (!status)
        status = chx__json_member(&graph->root, "tasks", &graph->tasks);
    if (!status)
        status = chx__json_array(&graph->tasks, 1, MAX_TASKS, &graph->n_tasks);
    if (!status)
        status = chx__json_optional(&graph->root, "edges", &graph->edges);
    if (!status && graph->edges.value)
        status = chx__json_array(&graph->edges, 0, UINT32_MAX, &graph->n_edges);
    return status;
}

static chx_status
solve(const task_graph *graph, const chx_schedule_params *params, chx_schedule **schedule)
{
    const chx_schedule_problem problem = {.n_lanes = (uint32_t)graph->n_lanes,
                                          .n_tasks = (uint32_t)graph->n_tasks,
                                          .n_edges = (uint32_t)graph->n_edges,
                                          .lane_names = graph->lane_names,
                                          .task_names = graph->task_names,
                                          .cost_ms = graph->cost_ms,
                                          .edges = graph->edge_list};
    uint32_t cyclic;
    chx_status status = chx__schedule_solve(&problem, params, schedule, &cyclic);
    if (status != CHX_ERROR_CYCLE)
        return status;
    chx__json_at task = chx__json_element(&graph->tasks, cyclic);
    return chx__fail_cl(status, 0, NULL, graph->task_names[cyclic],
                        "%s:%d: task \"%s\" waits for itself through \"edges\"; remove one of them",
                        graph->json.path, chx__json_line(&task), graph->task_names[cyclic]);
}

static chx_status
read_and_solve(task_graph *graph, const chx_schedule_params *params, chx_schedule **schedule)
{
    chx_status status = find_sections(graph);
    if (!status)
        status = read_lanes(graph);
    if (!status)
        status = read_tasks(graph);
    if (!status)
        status = read_edges(graph);
    return status ? status : solve(graph, params, schedule);
}

chx_status
chx_schedule_load(const char *path, const chx_schedule_params *params, chx_schedule **schedule)
{
    CHX__REQUIRE(path && schedule);
    static const chx_schedule_params none = {0};
    const chx_schedule_params *by = params ? params : &none;
    if (chx__stg_is(path)) {
        CHX__REQUIRE(!by->machine_path && by->n_lanes <= 65535);
        return chx__stg_load(path, by, schedule);
    }
    if (by->machine_path)
        return chx__work_graph_load(path, by, schedule);
    task_graph graph = {0};
    chx_status status = chx__json_load(path, MAX_FILE_BYTES, &graph.json);
    if (!status && chx__workflow_is(&graph.json))
        status = chx__workflow_solve(&graph.json, by, schedule);
    else if (!status && by->n_lanes)
        status =
            chx__fail(CHX_ERROR_INVALID,
                      "\"%s\" names its lanes; a number of them is for workflows and .stg", path);
    else if (!status)
        status = read_and_solve(&graph, by, schedule);
    task_graph_finish(&graph);
    return status;
}
