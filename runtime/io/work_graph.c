/* Work and bytes become times only together with a machine: cost = launch + gop / gops per lane,
 * unless "cost_ms" names the lane. What a task writes is one item, whoever reads it, so it moves to
 * a place once; an edge with bytes of its own is an item of its own, and one with nothing to carry
 * is a plain order.
 *
 * A task is kept off lanes on whose place all that it reads and writes does not fit. The
 * scheduler itself knows no memory: that tasks fit one by one is all that is promised. */
#include "io/work_graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/json.h"
#include "io/machine_file.h"
#include "schedule/schedule.h"

#define MAX_FILE_BYTES ((size_t)512 << 20)
#define MAX_TASKS 10000000
#define MAX_BYTES 1e15
#define NS_PER_MS 1e6

/* Something that a task waits for: an item, or only another task. */
typedef struct wait {
    uint32_t task;
    uint32_t index;
} wait;

typedef struct wait_list {
    wait *waits;
    size_t n, capacity;
} wait_list;

typedef struct work_graph {
    chx__json json;
    chx__json_at root, tasks, edges;
    size_t n_edges;
    json_t *task_index; /* by name */
    uint32_t *outputs; /* item of each task, UINT32_MAX where it writes none */
    double *bytes; /* read and written by each task */
    size_t items_capacity;
    wait_list inputs, after;
    chx__scenario scenario;
} work_graph;

static chx_status
fail_memory(void)
{
    return chx__fail_memory("reading a task graph");
}

static chx_status
add_wait(wait_list *list, uint32_t task, uint32_t index)
{
    if (!chx__grow(&list->waits, &list->capacity, list->n + 1, sizeof *list->waits))
        return fail_memory();
    list->waits[list->n++] = (wait){task, index};
    return CHX_OK;
}

static chx_status
add_item(work_graph *graph, const chx__item *item, uint32_t *index)
{
    chx__scenario *to = &graph->scenario;
    if (!chx__grow(&to->items, &graph->items_capacity, (size_t)to->problem.n_items + 1,
                   sizeof *to->items))
        return fail_memory();
    *index = to->problem.n_items++;
    to->items[*index] = *item;
    return CHX_OK;
}

static chx_status
read_bytes(const chx__json_at *object, const char *key, double *bytes)
{
    chx__json_at at;
    chx_status status = chx__json_optional(object, key, &at);
    *bytes = 0.0;
    return status || !at.value ? status : chx__json_number(&at, 0.0, MAX_BYTES, bytes);
}

/* Whether a name in "cost_ms" means a lane: its own or its device's. */
static bool
names_lane(const chx__machine_model *model, uint32_t lane, const char *name)
{
    const chx__lane_model *of = &model->lane_models[lane];
    return strcmp(name, of->full_name) == 0 || strcmp(name, model->devices[of->device].name) == 0;
}

static chx_status
read_costs(work_graph *graph, const chx__json_at *costs, double *cost_ns)
{
    const chx__machine_model *model = &graph->scenario.model;
    const char *name;
    json_t *value;
    if (!json_is_object(costs->value))
        return chx__json_fail(costs, "must be an object with a time for each device or lane, "
                                     "since a machine is given");
    json_object_foreach(costs->value, name, value)
    {
        chx__json_at at = {.json = costs->json, .parent = costs, .key = name, .value = value};
        double ms = INFINITY;
        bool known = false;
        if (!json_is_null(value)) {
            chx_status status = chx__json_number(&at, 0.0, CHX__SCHEDULE_MAX_MS, &ms);
            if (status)
                return status;
        }
        for (uint32_t l = 0; l < model->machine.n_lanes; l++) {
            if (model->lanes[l].role == CHX__ROLE_COPY || !names_lane(model, l, name))
                continue;
            cost_ns[l] = ms * NS_PER_MS;
            known = true;
        }
        if (!known)
            return chx__json_fail(&at, "the machine has no device or lane of this name that runs "
                                       "tasks");
    }
    return CHX_OK;
}

/* From "gop" for every compute lane, then "cost_ms" for those it names. */
static chx_status
read_work(work_graph *graph, const chx__json_at *task, double *cost_ns)
{
    const chx__machine_model *model = &graph->scenario.model;
    chx__json_at work, costs;
    double gop = 0.0;
    chx_status status = chx__json_optional(task, "gop", &work);
    if (!status && work.value)
        status = chx__json_number(&work, 0.0, 1e12, &gop);
    if (!status)
        status = chx__json_optional(task, "cost_ms", &costs);
    if (status)
        return status;
    if (!work.value && !costs.value)
        return chx__json_fail(task, "has neither \"gop\" nor \"cost_ms\"; one is needed");
    for (uint32_t l = 0; l < model->machine.n_lanes; l++) {
        const chx__lane_model *lane = &model->lane_models[l];
        bool runs = work.value && lane->gops > 0.0 && model->lanes[l].role != CHX__ROLE_COPY;
        cost_ns[l] = runs ? lane->launch_ns + gop / lane->gops * 1e9 : INFINITY;
    }
    return costs.value ? read_costs(graph, &costs, cost_ns) : CHX_OK;
}

static chx_status
read_name(work_graph *graph, const chx__json_at *task, uint32_t index)
{
    chx__json_at at;
    const char *name = NULL;
    chx_status status = chx__json_member(task, "name", &at);
    if (!status)
        status = chx__json_text(&at, &name);
    if (status)
        return status;
    if (json_object_get(graph->task_index, name))
        return chx__json_fail(&at, "the name \"%s\" occurs twice; names must differ", name);
    graph->scenario.task_names[index] = chx__strdup(name);
    if (!graph->scenario.task_names[index] ||
        json_object_set_new(graph->task_index, name, json_integer(index)) != 0)
        return fail_memory();
    return CHX_OK;
}

static chx_status
read_task(work_graph *graph, uint32_t task)
{
    static const char *const keys[] = {"name",        "gop",          "cost_ms",
                                       "input_bytes", "output_bytes", NULL};
    chx__json_at at = chx__json_element(&graph->tasks, task);
    double *cost_ns = graph->scenario.cost + (size_t)task * graph->scenario.machine.n_lanes;
    double input_bytes = 0.0, output_bytes = 0.0;
    uint32_t item = UINT32_MAX; /* a compiler cannot see that a failure is never zero */
    chx_status status = chx__json_object(&at, keys);
    if (!status)
        status = read_name(graph, &at, task);
    if (!status)
        status = read_work(graph, &at, cost_ns);
    if (!status)
        status = read_bytes(&at, "input_bytes", &input_bytes);
    if (!status)
        status = read_bytes(&at, "output_bytes", &output_bytes);
    graph->bytes[task] = input_bytes + output_bytes;
    graph->outputs[task] = UINT32_MAX;
    if (!status && output_bytes > 0.0)
        status = add_item(graph, &(chx__item){(uint64_t)output_bytes, task, chx__places_none()},
                          &graph->outputs[task]);
    if (!status && input_bytes > 0.0) {
        status = add_item(
            graph,
            &(chx__item){(uint64_t)input_bytes, CHX__NO_TASK, chx__places_of(CHX__HOST_PLACE)},
            &item);
        if (!status)
            status = add_wait(&graph->inputs, task, item);
    }
    return status;
}

static chx_status
find_task(const work_graph *graph, const chx__json_at *at, uint32_t *task)
{
    const char *name;
    chx_status status = chx__json_text(at, &name);
    if (status)
        return status;
    const json_t *index = json_object_get(graph->task_index, name);
    if (!index)
        return chx__json_fail(at, "there is no task \"%s\"", name);
    *task = (uint32_t)json_integer_value(index);
    return CHX_OK;
}

/* What goes along an edge: all that the task before writes, or a piece of its own. */
typedef struct edge {
    uint32_t before, after;
    bool has_bytes;
    double bytes;
} edge;

static chx_status
read_edge_object(const work_graph *graph, const chx__json_at *at, edge *to)
{
    chx__json_at from, end, bytes;
    chx_status status = chx__json_object(at, (const char *const[]){"from", "to", "bytes", NULL});
    if (!status)
        status = chx__json_member(at, "from", &from);
    if (!status)
        status = find_task(graph, &from, &to->before);
    if (!status)
        status = chx__json_member(at, "to", &end);
    if (!status)
        status = find_task(graph, &end, &to->after);
    if (!status)
        status = chx__json_optional(at, "bytes", &bytes);
    to->has_bytes = !status && bytes.value;
    return to->has_bytes ? chx__json_number(&bytes, 0.0, MAX_BYTES, &to->bytes) : status;
}

static chx_status
read_edge_pair(const work_graph *graph, const chx__json_at *at, edge *to)
{
    size_t n;
    chx_status status = chx__json_array(at, 0, SIZE_MAX, &n);
    if (!status && n == 3)
        return chx__json_fail(at, "states a time, but on a machine transfers take what its links "
                                  "say; write {\"from\", \"to\", \"bytes\"}");
    if (!status)
        status = chx__json_array(at, 2, 2, &n);
    for (size_t end = 0; !status && end < 2; end++) {
        chx__json_at name = chx__json_element(at, end);
        status = find_task(graph, &name, end ? &to->after : &to->before);
    }
    return status;
}

static chx_status
read_edge(work_graph *graph, size_t index)
{
    chx__json_at at = chx__json_element(&graph->edges, index);
    edge to = {0};
    chx_status status = json_is_object(at.value) ? read_edge_object(graph, &at, &to)
                                                 : read_edge_pair(graph, &at, &to);
    if (status)
        return status;
    if (to.before == to.after)
        return chx__json_fail(&at, "task \"%s\" waits for itself; remove this edge",
                              graph->scenario.task_names[to.before]);
    uint32_t item = graph->outputs[to.before];
    if (to.has_bytes && to.bytes > 0.0) {
        graph->bytes[to.before] += to.bytes;
        status =
            add_item(graph, &(chx__item){(uint64_t)to.bytes, to.before, chx__places_none()}, &item);
    }
    if (status)
        return status;
    if (to.has_bytes ? to.bytes <= 0.0 : item == UINT32_MAX)
        return add_wait(&graph->after, to.after, to.before);
    graph->bytes[to.after] += (double)graph->scenario.items[item].bytes;
    return add_wait(&graph->inputs, to.after, item);
}

/* Sorts waits into rows by task, in the order in which they were read. */
static chx_status
make_rows(const wait_list *list, uint32_t n_tasks, uint32_t **begin, uint32_t **index)
{
    *begin = chx__alloc((size_t)n_tasks + 1, sizeof **begin);
    *index = chx__alloc(list->n, sizeof **index);
    if (!*begin || !*index)
        return fail_memory();
    for (size_t i = 0; i < list->n; i++)
        (*begin)[list->waits[i].task + 1]++;
    for (uint32_t t = 0; t < n_tasks; t++)
        (*begin)[t + 1] += (*begin)[t];
    /* Filled from the back, rows end up beginning one row early; the shift puts that right. */
    for (size_t i = list->n; i-- > 0;)
        (*index)[--(*begin)[list->waits[i].task + 1]] = list->waits[i].index;
    memmove(*begin, *begin + 1, n_tasks * sizeof **begin);
    (*begin)[n_tasks] = (uint32_t)list->n;
    return CHX_OK;
}

/* A task runs only where all it reads and writes fits. */
static chx_status
respect_memory(work_graph *graph, uint32_t task)
{
    const chx__machine_model *model = &graph->scenario.model;
    double *cost_ns = graph->scenario.cost + (size_t)task * model->machine.n_lanes;
    bool allowed = false, fits = false;
    for (uint32_t l = 0; l < model->machine.n_lanes; l++) {
        if (cost_ns[l] == INFINITY)
            continue;
        allowed = true;
        if (graph->bytes[task] > (double)chx__machine_model_memory(model, model->lanes[l].place))
            cost_ns[l] = INFINITY;
        else
            fits = true;
    }
    chx__json_at at = chx__json_element(&graph->tasks, task);
    if (!allowed)
        return chx__json_fail(&at, "no lane may run this task; name a device in \"cost_ms\", or "
                                   "give \"gop\" and a lane with \"gops\"");
    if (!fits)
        return chx__json_fail(&at,
                              "reads and writes %.4g bytes, which fit in the memory of no "
                              "device that may run it; split it",
                              graph->bytes[task]);
    return CHX_OK;
}

static chx_status
read_all(work_graph *graph)
{
    chx__scenario *to = &graph->scenario;
    uint32_t n = to->problem.n_tasks;
    chx_status status = CHX_OK;
    graph->task_index = json_object();
    graph->outputs = chx__alloc(n, sizeof *graph->outputs);
    graph->bytes = chx__alloc(n, sizeof *graph->bytes);
    to->task_names = chx__alloc(n, sizeof *to->task_names);
    to->cost = chx__alloc(n, to->machine.n_lanes * sizeof *to->cost);
    if (!graph->task_index || !graph->outputs || !graph->bytes || !to->task_names || !to->cost)
        return fail_memory();
    for (uint32_t t = 0; !status && t < n; t++)
        status = read_task(graph, t);
    for (size_t e = 0; !status && e < graph->n_edges; e++)
        status = read_edge(graph, e);
    for (uint32_t t = 0; !status && t < n; t++)
        status = respect_memory(graph, t);
    if (!status)
        status = make_rows(&graph->inputs, n, &to->inputs_begin, &to->inputs);
    if (!status)
        status = make_rows(&graph->after, n, &to->after_begin, &to->after);
    to->problem = (chx__problem){n,
                                 to->problem.n_items,
                                 to->items,
                                 {to->inputs_begin, to->inputs},
                                 {to->after_begin, to->after},
                                 to->cost};
    return status;
}

static chx_status
find_sections(work_graph *graph)
{
    size_t n_tasks = 0;
    graph->root = chx__json_root(&graph->json);
    chx_status status =
        chx__json_object(&graph->root, (const char *const[]){"tasks", "edges", NULL});
    if (!status)
        status = chx__json_member(&graph->root, "tasks", &graph->tasks);
    if (!status)
        status = chx__json_array(&graph->tasks, 1, MAX_TASKS, &n_tasks);
    if (!status)
        status = chx__json_optional(&graph->root, "edges", &graph->edges);
    if (!status && graph->edges.value)
        status = chx__json_array(&graph->edges, 0, UINT32_MAX - 1, &graph->n_edges);
    if (!status)
        graph->scenario.problem.n_tasks = (uint32_t)n_tasks;
    return status;
}

static chx_status
load_machine(const char *path, chx__scenario *scenario)
{
    chx_status status = chx__machine_file_load(path, &scenario->model);
    if (status)
        return status;
    uint32_t n_lanes = scenario->model.machine.n_lanes;
    scenario->machine = scenario->model.machine;
    scenario->units_per_ms = NS_PER_MS;
    scenario->lane_names = chx__alloc(n_lanes, sizeof *scenario->lane_names);
    if (!scenario->lane_names)
        return fail_memory();
    for (uint32_t l = 0; l < n_lanes; l++) {
        scenario->lane_names[l] = chx__strdup(scenario->model.lane_models[l].full_name);
        if (!scenario->lane_names[l])
            return fail_memory();
    }
    return CHX_OK;
}

static chx_status
plan(work_graph *graph, const chx_schedule_params *params, chx_schedule **schedule)
{
    uint32_t cyclic = 0;
    chx_status status = chx__schedule_plan(&graph->scenario, params, schedule, &cyclic);
    if (status != CHX_ERROR_CYCLE)
        return status;
    chx__json_at task = chx__json_element(&graph->tasks, cyclic), at;
    const char *name = "";
    if (!chx__json_member(&task, "name", &at))
        chx__json_text(&at, &name);
    return chx__fail_cl(status, 0, NULL, name,
                        "%s:%d: task \"%s\" waits for itself through \"edges\"; remove one of them",
                        graph->json.path, chx__json_line(&task), name);
}

static void
work_graph_finish(work_graph *graph)
{
    json_decref(graph->task_index);
    free(graph->outputs);
    free(graph->bytes);
    free(graph->inputs.waits);
    free(graph->after.waits);
    chx__scenario_finish(&graph->scenario);
    chx__json_finish(&graph->json);
}

chx_status
chx__work_graph_load(const char *path, const chx_schedule_params *params, chx_schedule **schedule)
{
    work_graph graph = {0};
    chx_status status = load_machine(params->machine_path, &graph.scenario);
    if (!status)
        status = chx__json_load(path, MAX_FILE_BYTES, &graph.json);
    if (!status)
        status = find_sections(&graph);
    if (!status)
        status = read_all(&graph);
    if (!status)
        status = plan(&graph, params, schedule);
    work_graph_finish(&graph);
    return status;
}
