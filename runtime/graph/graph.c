/* A graph is what the caller says, checked as far as it can be without devices: ranges inside their
 * buffers, sizes of n-d ranges, one runtime for everything. What a kernel declares is compared
 * later, in execute/binding.c, when there is a build to ask.
 *
 * Program order is the meaning of a graph, so tasks are appended only and a dependency added by
 * hand points forward. Names and arguments are copied; buffers, programs and the data of host
 * functions are borrowed.
 *
 * `dynamics` lists the scalars that were ever changed, by task and index: runs copy just those
 * at the submit, and enqueueing finds a task's by binary search. No lock: one thread at a time
 * builds a graph, changes its scalars and submits its plans. */
#include "graph/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "graph/argument.h"
#include "graph/reduction.h"
#include "memory/buffer.h"

chx_status
chx_graph_create(chx_runtime *runtime, chx_graph **graph)
{
    CHX__REQUIRE(runtime && graph);
    chx_graph *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("creating a graph");
    made->runtime = runtime;
    *graph = made;
    return CHX_OK;
}

void
chx__task_finish(chx__task *task)
{
    free(task->name);
    free(task->kernel);
    free(task->args);
    free(task->before);
}

bool
chx__task_copy(chx__task *copy, const chx__task *task)
{
    *copy = *task;
    copy->name = chx__strdup(task->name);
    copy->kernel = chx__strdup(task->kernel);
    copy->args = chx__args_clone(task->args, task->n_args);
    copy->before = NULL;
    copy->n_before = copy->before_capacity = 0;
    return copy->name && (copy->kernel || !task->kernel) && copy->args;
}

void
chx_graph_destroy(chx_graph **graph)
{
    if (!graph || !*graph)
        return;
    for (uint32_t t = 0; t < (*graph)->n_tasks; t++)
        chx__task_finish(&(*graph)->tasks[t]);
    free((*graph)->tasks);
    free((*graph)->dynamics);
    free(*graph);
    *graph = NULL;
}

/* What the items of a launch have of a split buffer together, but for the halo. */
static bool
fill_in_items(const chx__task *task, chx_arg *arg)
{
    size_t item_bytes = arg->value.split[0];
    if (!task->program || item_bytes == 0 || chx__task_n_items(task) > SIZE_MAX / item_bytes)
        return false;
    arg->size_bytes = chx__task_n_items(task) * item_bytes;
    return true;
}

static chx_status
check_split(const chx__task *task, uint32_t index, const chx_arg *arg)
{
    if (arg->access & CHX_ACCESS_WRITE && arg->value.split[1] > 0)
        return chx__fail(CHX_ERROR_INVALID,
                         "task %s, argument %u: only what is read can have a halo; read the buffer "
                         "and write to another one",
                         task->name, index);
    return CHX_OK;
}

static chx_status
check_buffer_arg(const chx_graph *graph, const char *task, uint32_t index, chx_arg *arg)
{
    if (!arg->buffer || arg->access < CHX_ACCESS_READ || arg->access > CHX_ACCESS_READ_WRITE)
        return chx__fail(
            CHX_ERROR_INVALID,
            "task %s, argument %u: a buffer argument needs a buffer and an access mode", task,
            index);
    if (arg->buffer->runtime != graph->runtime)
        return chx__fail(CHX_ERROR_INVALID,
                         "task %s, argument %u: the buffer belongs to another runtime than the "
                         "graph; create it with the graph's",
                         task, index);
    size_t size = chx_buffer_size(arg->buffer);
    if (arg->offset_bytes >= size || arg->size_bytes > size - arg->offset_bytes)
        return chx__fail(CHX_ERROR_LIMIT,
                         "task %s, argument %u: bytes %zu to %zu leave the buffer of %zu bytes",
                         task, index, arg->offset_bytes, arg->offset_bytes + arg->size_bytes, size);
    if (arg->size_bytes == 0)
        arg->size_bytes = size - arg->offset_bytes;
    return CHX_OK;
}

/* All of the buffer is reduced into. */
static chx_status
check_reduced(const chx_graph *graph, const chx__task *task, uint32_t index, chx_arg *arg)
{
    size_t element_bytes = chx__reduction_element_bytes(arg->reduction);
    *arg = (chx_arg){.kind = CHX_ARG_BUFFER,
                     .access = CHX_ACCESS_READ_WRITE,
                     .buffer = arg->buffer,
                     .reduction = arg->reduction};
    chx_status status = check_buffer_arg(graph, task->name, index, arg);
    if (!status && arg->size_bytes % element_bytes != 0)
        return chx__fail(CHX_ERROR_INVALID,
                         "task %s, argument %u: a buffer of %zu bytes is no array of integers of "
                         "%zu bytes",
                         task->name, index, arg->size_bytes, element_bytes);
    return status;
}

static chx_status
check_arg(const chx_graph *graph, const chx__task *task, uint32_t index)
{
    chx_arg *arg = &task->args[index];
    chx_status status;
    if (arg->kind != CHX_ARG_REDUCE)
        arg->reduction = CHX_REDUCTION_NONE;
    switch (arg->kind) {
    case CHX_ARG_BUFFER:
        memset(&arg->value, 0, sizeof arg->value);
        return check_buffer_arg(graph, task->name, index, arg);
    case CHX_ARG_REDUCE:
        if (!task->program || chx__reduction_element_bytes(arg->reduction) == 0)
            break;
        return check_reduced(graph, task, index, arg);
    case CHX_ARG_SPLIT:
        if (!fill_in_items(task, arg))
            break;
        arg->kind = CHX_ARG_BUFFER;
        status = check_buffer_arg(graph, task->name, index, arg);
        return status ? status : check_split(task, index, arg);
    case CHX_ARG_VALUE:
        if (task->program && arg->size_bytes > 0 &&
            (arg->bytes || arg->size_bytes <= sizeof arg->value))
            return CHX_OK;
        break;
    case CHX_ARG_LOCAL:
        if (task->program && arg->size_bytes > 0)
            return CHX_OK;
        break;
    case CHX_ARG_NONE:
        break;
    }
    return chx__fail(CHX_ERROR_INVALID, "task %s, argument %u: not allowed for this task",
                     task->name, index);
}

static chx_status
take_args(const chx_graph *graph, chx__task *task, const chx_arg *args)
{
    while (args && args[task->n_args].kind != CHX_ARG_NONE)
        task->n_args++;
    task->args = chx__args_clone(args, task->n_args);
    if (!task->args || !task->name)
        return chx__fail_memory("adding a task");
    for (uint32_t i = 0; i < task->n_args; i++) {
        chx_status status = check_arg(graph, task, i);
        if (status)
            return status;
    }
    return CHX_OK;
}

static bool
overlap(const chx_arg *a, const chx_arg *b)
{
    return a->buffer == b->buffer && a->offset_bytes < b->offset_bytes + b->size_bytes &&
           b->offset_bytes < a->offset_bytes + a->size_bytes;
}

/* Whether pieces keep out of each other's way: each reads of what is written only its own items. */
static bool
lies_with(const chx_arg *read, const chx_arg *written)
{
    return memcmp(read->value.split, written->value.split, sizeof read->value.split) == 0 &&
           read->offset_bytes == written->offset_bytes && !read->reduction && !written->reduction;
}

/* Of a task that may be divided. */
static chx_status
check_written(const chx__task *task, uint32_t index)
{
    const chx_arg *written = &task->args[index];
    if (!chx__arg_is_split(written) && !written->reduction)
        return chx__fail(CHX_ERROR_INVALID,
                         "task %s, argument %u: every piece of the task would write all of it; "
                         "split what it writes or reduce into it, or split nothing",
                         task->name, index);
    for (uint32_t i = 0; i < task->n_args; i++) {
        const chx_arg *other = &task->args[i];
        if (i != index && other->kind == CHX_ARG_BUFFER && overlap(other, written) &&
            !lies_with(other, written))
            return chx__fail(CHX_ERROR_INVALID,
                             "task %s, arguments %u and %u: one piece of the task would see or not "
                             "what another writes; read from one buffer and write to another",
                             task->name, i < index ? i : index, i < index ? index : i);
    }
    return CHX_OK;
}

chx_status
chx__task_check_pieces(const chx__task *task)
{
    for (uint32_t i = 0; task->is_divisible && i < task->n_args; i++) {
        const chx_arg *arg = &task->args[i];
        chx_status status = arg->kind == CHX_ARG_BUFFER && arg->access & CHX_ACCESS_WRITE
                                ? check_written(task, i)
                                : CHX_OK;
        if (status)
            return status;
    }
    return CHX_OK;
}

uint64_t
chx__task_hash_names(const chx__task *task)
{
    uint64_t names[2] = {chx__hash(task->name, strlen(task->name)).low};
    if (task->kernel)
        names[1] = chx__hash(task->kernel, strlen(task->kernel)).low;
    return chx__hash(names, sizeof names).low;
}

chx_status
chx__graph_append(chx_graph *graph, chx__task *task, chx_task *id)
{
    chx_status status = CHX_OK;
    if (graph->n_tasks == UINT32_MAX - 1)
        status = chx__fail(CHX_ERROR_LIMIT, "a graph holds at most %u tasks", UINT32_MAX - 1);
    if (!status && !chx__grow(&graph->tasks, &graph->task_capacity, (size_t)graph->n_tasks + 1,
                              sizeof *graph->tasks))
        status = chx__fail_memory("adding a task");
    if (status) {
        chx__task_finish(task);
        return status;
    }
    graph->is_divisible |= task->is_divisible;
    if (id)
        *id = graph->n_tasks;
    graph->tasks[graph->n_tasks++] = *task;
    return CHX_OK;
}

/* Takes the task, which is released on failure. */
static chx_status
append(chx_graph *graph, chx__task *task, const chx_arg *args, chx_task *id)
{
    chx_status status = take_args(graph, task, args);
    for (uint32_t i = 0; !status && i < task->n_args; i++)
        task->is_divisible |= chx__arg_is_split(&task->args[i]) || task->args[i].reduction;
    if (!status)
        status = chx__task_check_pieces(task);
    if (status) {
        chx__task_finish(task);
        return status;
    }
    task->names = chx__task_hash_names(task);
    task->origin = graph->n_tasks;
    return chx__graph_append(graph, task, id);
}

static uint32_t
count_dimensions(const size_t size[3])
{
    uint32_t n = 0;
    while (n < 3 && size[n] > 0)
        n++;
    return n;
}

static chx_status
check_range(const chx_kernel_task *task, uint32_t n_dimensions)
{
    uint32_t n_local = count_dimensions(task->local);
    for (uint32_t i = 0; i < 3; i++)
        if ((i >= n_dimensions && task->global[i] > 0) || (i >= n_local && task->local[i] > 0))
            return chx__fail(CHX_ERROR_INVALID,
                             "kernel %s: dimension %u of the n-d range or of its work-groups comes "
                             "after one of size 0; give 1 for a dimension without extent",
                             task->kernel, i);
    if (n_dimensions == 0)
        return chx__fail(CHX_ERROR_INVALID, "kernel %s: the n-d range is empty", task->kernel);
    if (n_local == 0)
        return CHX_OK;
    for (uint32_t i = 0; i < n_dimensions; i++)
        if (n_local != n_dimensions || task->global[i] % task->local[i] != 0)
            return chx__fail(CHX_ERROR_INVALID,
                             "kernel %s: work-groups must divide the n-d range in every dimension",
                             task->kernel);
    return CHX_OK;
}

/* The places of the devices that a task may use. */
static chx_status
take_devices(const chx_kernel_task *task, chx__places *places)
{
    *places = task->n_devices > 0 ? chx__places_none() : chx__places_all();
    for (uint32_t i = 0; i < task->n_devices; i++) {
        if (!task->devices || task->devices[i] >= CHX__MAX_PLACES - 1)
            return chx__fail(CHX_ERROR_INVALID,
                             "kernel %s: entry %u of its devices names none; give indices as in "
                             "chx_runtime_device()",
                             task->kernel, i);
        *places = chx__places_union(*places, chx__places_of(task->devices[i] + 1));
    }
    return CHX_OK;
}

chx_status
chx_graph_kernel(chx_graph *graph, const chx_kernel_task *task)
{
    CHX__REQUIRE(graph && task && task->program && task->kernel);
    uint32_t n_dimensions = count_dimensions(task->global);
    chx__places devices;
    chx_status status = check_range(task, n_dimensions);
    if (!status)
        status = take_devices(task, &devices);
    if (status)
        return status;
    chx__task made = {
        .name = chx__strdup(task->name ? task->name : task->kernel),
        .program = task->program,
        .kernel = chx__strdup(task->kernel),
        .launch = {.n_dimensions = n_dimensions, .has_local = count_dimensions(task->local) > 0},
        .devices = devices,
    };
    memcpy(made.launch.global, task->global, sizeof made.launch.global);
    memcpy(made.launch.local, task->local, sizeof made.launch.local);
    memcpy(made.launch.offset, task->offset, sizeof made.launch.offset);
    if (!made.kernel) {
        chx__task_finish(&made);
        return chx__fail_memory("adding a task");
    }
    return append(graph, &made, task->args, task->id);
}

chx_status
chx_graph_host(chx_graph *graph, const chx_host_task *task)
{
    CHX__REQUIRE(graph && task && task->run);
    chx__task made = {
        .name = chx__strdup(task->name ? task->name : "host"),
        .run = task->run,
        .data = task->data,
    };
    return append(graph, &made, task->args, task->id);
}

chx_status
chx_graph_depend(chx_graph *graph, chx_task before, chx_task after)
{
    CHX__REQUIRE(graph && before < after && after < graph->n_tasks);
    chx__task *task = &graph->tasks[after];
    if (!chx__grow(&task->before, &task->before_capacity, task->n_before + 1, sizeof *task->before))
        return chx__fail_memory("adding a dependency");
    task->before[task->n_before++] = before;
    return CHX_OK;
}

/* Index of the first dynamic scalar of a task or a later one. */
static size_t
first_dynamic(const chx_graph *graph, chx_task task)
{
    size_t low = 0, high = graph->n_dynamics;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (graph->dynamics[middle].task < task)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Notes that the argument changes between runs, once. */
static chx_status
make_dynamic(chx_graph *graph, chx_task task, uint32_t arg_index)
{
    size_t at = first_dynamic(graph, task);
    while (at < graph->n_dynamics && graph->dynamics[at].task == task &&
           graph->dynamics[at].arg_index < arg_index)
        at++;
    const chx__dynamic wanted = {task, arg_index};
    if (at < graph->n_dynamics && memcmp(&graph->dynamics[at], &wanted, sizeof wanted) == 0)
        return CHX_OK;
    if (!chx__grow(&graph->dynamics, &graph->dynamic_capacity, graph->n_dynamics + 1,
                   sizeof *graph->dynamics))
        return chx__fail_memory("changing a scalar");
    memmove(&graph->dynamics[at + 1], &graph->dynamics[at],
            (graph->n_dynamics - at) * sizeof *graph->dynamics);
    graph->dynamics[at] = wanted;
    graph->n_dynamics++;
    return CHX_OK;
}

chx_status
chx_graph_set_value(chx_graph *graph, chx_task task, uint32_t arg_index, const chx_arg *value)
{
    CHX__REQUIRE(graph && value && task < graph->n_tasks);
    CHX__REQUIRE(arg_index < graph->tasks[task].n_args);
    chx_arg *arg = &graph->tasks[task].args[arg_index];
    CHX__REQUIRE(arg->kind == CHX_ARG_VALUE && value->kind == CHX_ARG_VALUE);
    CHX__REQUIRE(arg->size_bytes == value->size_bytes);
    chx_status status = make_dynamic(graph, task, arg_index);
    if (status)
        return status;
    /* The argument's bytes are the task's own and as many. */
    void *kept = arg->bytes ? (void *)arg->bytes : &arg->value;
    memcpy(kept, chx__arg_value(value), value->size_bytes);
    return CHX_OK;
}

chx_status
chx_graph_set_buffer(chx_graph *graph, chx_task task, uint32_t arg_index, const chx_arg *arg)
{
    CHX__REQUIRE(graph && arg && task < graph->n_tasks);
    CHX__REQUIRE(arg_index < graph->tasks[task].n_args);
    chx__task *changed = &graph->tasks[task];
    chx_arg *kept = &changed->args[arg_index];
    const chx_arg before = *kept;
    CHX__REQUIRE(kept->kind == CHX_ARG_BUFFER && kept->access == arg->access);
    CHX__REQUIRE(arg->kind == chx__arg_given_kind(kept));
    CHX__REQUIRE(arg->kind != CHX_ARG_REDUCE || arg->reduction == kept->reduction);
    CHX__REQUIRE(arg->kind != CHX_ARG_SPLIT ||
                 memcmp(arg->value.split, before.value.split, sizeof before.value.split) == 0);
    *kept = *arg;
    chx_status status = check_arg(graph, changed, arg_index);
    if (status) {
        *kept = before;
        return status;
    }
    graph->n_recasts++;
    return CHX_OK;
}

uint32_t
chx_graph_n_tasks(const chx_graph *graph)
{
    return graph ? graph->n_tasks : 0;
}
