/* A workflow tells its tasks' structure and their measured times together ("tasks" of "workflow",
 * up to version 1.4) or apart ("specification" and "execution", from 1.5). A task is called by its
 * "id", or its name where it has none, and parents are either of the two. Members that say nothing
 * of order or time are not looked at. Texts are borrowed from the document. */
#include "io/workflow.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/schedule.h"

#define MAX_TASKS 10000000

typedef struct workflow {
    chx__json_at root, top, specification, execution; /* of each other; execution may be absent */
    chx__json_at tasks;
    size_t n_tasks, n_edges, edges_capacity;
    uint32_t n_lanes;
    json_t *index_of; /* tasks by id and by name */
    const char **names;
    double *cost_ms;
    bool *is_timed;
    chx_schedule_edge *edges;
} workflow;

bool
chx__workflow_is(const chx__json *json)
{
    return json_is_object(json_object_get(json->root, "workflow"));
}

static chx_status
find_tasks(workflow *of)
{
    chx_status status = chx__json_member(&of->root, "workflow", &of->top);
    if (!status)
        status = chx__json_optional(&of->top, "specification", &of->specification);
    if (!status)
        status = chx__json_optional(&of->top, "execution", &of->execution);
    const chx__json_at *holder = status || !of->specification.value ? &of->top : &of->specification;
    if (!status)
        status = chx__json_member(holder, "tasks", &of->tasks);
    return status ? status : chx__json_array(&of->tasks, 1, MAX_TASKS, &of->n_tasks);
}

static chx_status
allocate(workflow *of)
{
    of->index_of = json_object();
    of->names = chx__alloc(of->n_tasks, sizeof *of->names);
    of->cost_ms = chx__alloc(of->n_tasks, of->n_lanes * sizeof *of->cost_ms);
    of->is_timed = chx__alloc(of->n_tasks, sizeof *of->is_timed);
    return of->index_of && of->names && of->cost_ms && of->is_timed
               ? CHX_OK
               : chx__fail_memory("reading a workflow");
}

static void
workflow_finish(workflow *of)
{
    json_decref(of->index_of);
    free(of->names);
    free(of->cost_ms);
    free(of->is_timed);
    free(of->edges);
}

/* The id of a task, or its name. */
static chx_status
read_id(const chx__json_at *task, const char **id)
{
    chx__json_at at;
    chx_status status = chx__json_optional(task, "id", &at);
    if (!status && !at.value)
        status = chx__json_member(task, "name", &at);
    return status ? status : chx__json_text(&at, id);
}

static chx_status
remember(workflow *of, const char *name, size_t index)
{
    return json_object_set_new(of->index_of, name, json_integer((json_int_t)index)) == 0
               ? CHX_OK
               : chx__fail_memory("reading a workflow");
}

static chx_status
read_name(workflow *of, size_t index)
{
    chx__json_at task = chx__json_element(&of->tasks, index);
    chx_status status = read_id(&task, &of->names[index]);
    if (status)
        return status;
    if (json_object_get(of->index_of, of->names[index]))
        return chx__json_fail(&task, "the task \"%s\" occurs twice; ids must differ",
                              of->names[index]);
    return remember(of, of->names[index], index);
}

/* A name stands for a task where it is no other's id; of equal names the first. */
static chx_status
read_second_name(workflow *of, size_t index)
{
    const json_t *task = json_array_get(of->tasks.value, index);
    const char *name = json_string_value(json_object_get(task, "name"));
    return !name || json_object_get(of->index_of, name) ? CHX_OK : remember(of, name, index);
}

static chx_status
find_task(const workflow *of, const chx__json_at *at, const char *name, uint32_t *task)
{
    const json_t *index = json_object_get(of->index_of, name);
    if (!index)
        return chx__json_fail(at, "there is no task \"%s\"", name);
    *task = (uint32_t)json_integer_value(index);
    return CHX_OK;
}

static chx_status
read_parents(workflow *of, uint32_t task)
{
    chx__json_at at = chx__json_element(&of->tasks, task), parents;
    size_t n = 0;
    chx_status status = chx__json_optional(&at, "parents", &parents);
    if (!status && parents.value)
        status = chx__json_array(&parents, 0, MAX_TASKS, &n);
    for (size_t i = 0; !status && i < n; i++) {
        chx__json_at parent = chx__json_element(&parents, i);
        chx_schedule_edge edge = {0, task, 0.0};
        const char *name;
        status = chx__json_text(&parent, &name);
        if (!status)
            status = find_task(of, &parent, name, &edge.before);
        if (!status &&
            !chx__grow(&of->edges, &of->edges_capacity, of->n_edges + 1, sizeof *of->edges))
            status = chx__fail_memory("reading a workflow");
        if (!status)
            of->edges[of->n_edges++] = edge;
    }
    return status;
}

/* What a task took, where this entry of it says so: "runtimeInSeconds", earlier "runtime". */
static chx_status
read_time(workflow *of, const chx__json_at *entry, uint32_t task)
{
    chx__json_at at;
    double seconds;
    chx_status status = chx__json_optional(entry, "runtimeInSeconds", &at);
    if (!status && !at.value)
        status = chx__json_optional(entry, "runtime", &at);
    if (status || !at.value)
        return status;
    status = chx__json_number(&at, 0.0, CHX__SCHEDULE_MAX_MS / 1e3, &seconds);
    for (uint32_t l = 0; !status && l < of->n_lanes; l++)
        of->cost_ms[(size_t)task * of->n_lanes + l] = seconds * 1e3;
    of->is_timed[task] = true;
    return status;
}

static chx_status
read_execution(workflow *of)
{
    chx__json_at tasks;
    size_t n;
    chx_status status = chx__json_member(&of->execution, "tasks", &tasks);
    if (!status)
        status = chx__json_array(&tasks, 0, MAX_TASKS, &n);
    for (size_t i = 0; !status && i < n; i++) {
        chx__json_at entry = chx__json_element(&tasks, i);
        const char *id;
        uint32_t task = 0;
        status = read_id(&entry, &id);
        if (!status)
            status = find_task(of, &entry, id, &task);
        if (!status)
            status = read_time(of, &entry, task);
    }
    return status;
}

static chx_status
read_times(workflow *of)
{
    chx_status status = CHX_OK;
    for (uint32_t t = 0; !status && t < of->n_tasks; t++) {
        chx__json_at task = chx__json_element(&of->tasks, t);
        status = read_time(of, &task, t);
    }
    if (!status && of->execution.value)
        status = read_execution(of);
    for (uint32_t t = 0; !status && t < of->n_tasks; t++) {
        chx__json_at task = chx__json_element(&of->tasks, t);
        if (!of->is_timed[t])
            status = chx__json_fail(
                &task,
                "the task \"%s\" has no \"runtimeInSeconds\"; only workflows that were "
                "executed can be planned",
                of->names[t]);
    }
    return status;
}

static chx_status
read_workflow(workflow *of)
{
    chx_status status = find_tasks(of);
    if (!status)
        status = allocate(of);
    for (size_t t = 0; !status && t < of->n_tasks; t++)
        status = read_name(of, t);
    for (size_t t = 0; !status && t < of->n_tasks; t++)
        status = read_second_name(of, t);
    for (size_t t = 0; !status && t < of->n_tasks; t++)
        status = read_parents(of, (uint32_t)t);
    return status ? status : read_times(of);
}

static chx_status
solve(const workflow *of, const chx_schedule_params *params, chx_schedule **schedule)
{
    uint32_t cyclic = 0;
    const chx_schedule_problem problem = {.n_lanes = of->n_lanes,
                                          .n_tasks = (uint32_t)of->n_tasks,
                                          .n_edges = (uint32_t)of->n_edges,
                                          .task_names = of->names,
                                          .cost_ms = of->cost_ms,
                                          .edges = of->edges};
    chx_status status = chx__schedule_solve(&problem, params, schedule, &cyclic);
    if (status != CHX_ERROR_CYCLE)
        return status;
    chx__json_at task = chx__json_element(&of->tasks, cyclic);
    return chx__fail_cl(status, 0, NULL, of->names[cyclic],
                        "%s:%d: task \"%s\" waits for itself through \"parents\"; remove one of "
                        "them",
                        of->root.json->path, chx__json_line(&task), of->names[cyclic]);
}

chx_status
chx__workflow_solve(const chx__json *json, const chx_schedule_params *params,
                    chx_schedule **schedule)
{
    CHX__REQUIRE(!params->machine_path && params->n_lanes <= 65535);
    workflow of = {.root = chx__json_root(json), .n_lanes = params->n_lanes ? params->n_lanes : 4};
    chx_status status = read_workflow(&of);
    if (!status)
        status = solve(&of, params, schedule);
    workflow_finish(&of);
    return status;
}
