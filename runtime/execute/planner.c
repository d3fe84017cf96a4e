/* A plan is made in three steps: a snapshot under the turn (the flow of data where it lies now,
 * the machine, the costs), the work on it without, and under the turn again what belongs to others
 * too: replicas, and the arguments that name them. Between snapshot and end a buffer may have
 * moved or a device may have gone; then the digest of whereabouts or the fleet's generation has
 * changed, and all is thrown away. After a few such rounds the turn is kept, so that nobody plans
 * for ever. */
#include "execute/planner.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "execute/binding.h"
#include "execute/evict.h"
#include "execute/wait.h"
#include "graph/argument.h"

#define MAX_ROUNDS 3

static chx_status
check_not_lost(const chx__lowered *lowered)
{
    const chx__flow *flow = &lowered->flow;
    for (uint32_t v = 0; v < flow->n_versions; v++) {
        chx__stretch at = chx__cast_atom(&lowered->cast, flow, flow->versions[v].atom);
        if (flow->versions[v].producer != CHX__NO_INDEX)
            continue;
        for (size_t i = 0; i < at.buffer->coherence.n_extents; i++) {
            const chx__extent *extent = &at.buffer->coherence.extents[i];
            if (chx__places_is_empty(extent->places) && extent->begin < at.end &&
                at.begin < extent->end)
                return chx__buffer_fail_lost(at.buffer, extent->begin, extent->end);
        }
    }
    return CHX_OK;
}

/* Says of a kernel task that has no device left why that is: the first of its devices stands for
 * all. */
static chx_status
check_has_device(const chx__task *task, const chx__fleet *fleet)
{
    const chx__device *unused = NULL;
    const chx__places allowed = chx__fleet_allow(fleet, task->devices);
    for (uint32_t d = 0; task->program && d < fleet->n_devices; d++) {
        const chx__device *device = &fleet->devices[d];
        if (!chx__places_have(allowed, chx__device_place(device)))
            continue;
        if (chx__device_is_usable(device))
            return CHX_OK;
        if (!unused)
            unused = device;
    }
    if (!task->program)
        return CHX_OK;
    return chx__fail_cl(CHX_ERROR_NO_DEVICE, 0, unused ? unused->info.name : NULL, task->name,
                        "task %s: no device that may run it is in use (%s: %s)", task->name,
                        unused ? unused->info.name : "none",
                        unused && unused->info.excluded ? unused->info.excluded : "not selected");
}

chx_status
chx__planner_check_devices(const chx_graph *graph)
{
    chx_status status = CHX_OK;
    for (uint32_t t = 0; !status && t < graph->n_tasks; t++)
        status = check_has_device(&graph->tasks[t], &graph->runtime->fleet);
    return status;
}

static chx_status
divide(chx__lowered *lowered, const chx__shares *shares)
{
    chx_status status = chx__shares_copy(&lowered->shares, shares);
    if (!status)
        status = chx__division_create(lowered->whole, shares, &lowered->division);
    if (!status)
        lowered->graph = lowered->division;
    return status;
}

chx_status
chx__planner_begin(const chx_graph *graph, const chx__shares *shares,
                   const chx__algorithm *algorithm, chx__draft *made)
{
    chx_runtime *runtime = graph->runtime;
    chx__lowered *lowered = chx__alloc(1, sizeof *lowered);
    *made = (chx__draft){.runtime = runtime, .algorithm = algorithm, .lowered = lowered};
    if (!lowered)
        return chx__fail_memory("planning a graph");
    lowered->n_references = 1;
    lowered->whole = lowered->graph = graph;
    lowered->n_recasts = graph->n_recasts;
    lowered->cost_epoch = runtime->cost_epoch;
    lowered->build_epoch = runtime->build_epoch;
    lowered->fleet_generation = runtime->fleet.generation;
    chx_status status = chx__planner_check_devices(graph);
    if (!status && graph->is_divisible)
        status = divide(lowered, shares);
    if (!status)
        status = chx__flow_init(&lowered->flow, lowered->graph);
    if (!status)
        status = chx__cast_init(&lowered->cast, &lowered->flow);
    if (!status)
        status = check_not_lost(lowered);
    if (!status)
        status = chx__model_init(&lowered->model, &runtime->fleet);
    if (status)
        return status;
    lowered->entry = chx__lowering_entry(&lowered->flow, &lowered->cast);
    return chx__setting_init(&made->setting, lowered->graph, &lowered->flow, &lowered->cast,
                             &lowered->model);
}

static void
finish(chx__draft *made)
{
    chx__lowering_unref(made->lowered);
    chx__setting_finish(&made->setting);
}

static chx_status
schedule(const chx__draft *made, chx__solution *solution)
{
    const chx__lowered *lowered = made->lowered;
    chx__problem problem = chx__setting_problem(&made->setting, lowered->graph, &lowered->flow);
    return made->algorithm->solve(&lowered->model.machine, &problem, solution);
}

/* Kernels of one name usually follow each other, so the last one found is tried first. */
static chx__binding *
find_binding(const chx__lowered *lowered, const chx__task *task, const chx__device *device,
             chx__binding *last)
{
    if (last && chx__binding_fits(last, task, device))
        return last;
    for (size_t b = 0; b < lowered->n_bindings; b++)
        if (chx__binding_fits(lowered->bindings[b], task, device))
            return lowered->bindings[b];
    return NULL;
}

static chx_status
add_binding(chx__lowered *lowered, const chx__task *task, chx__device *device,
            chx__binding **binding)
{
    if (!chx__grow(&lowered->bindings, &lowered->binding_capacity, lowered->n_bindings + 1,
                   sizeof *lowered->bindings))
        return chx__fail_memory("planning a graph");
    chx_status status = chx__binding_create(task, device, binding);
    if (!status)
        lowered->bindings[lowered->n_bindings++] = *binding;
    return status;
}

static chx_status
bind(chx__lowered *lowered, chx__command *command, chx__binding **last)
{
    const chx__task *task = &lowered->graph->tasks[command->task];
    chx__device *device = lowered->model.lanes[command->lane].device;
    chx__binding *binding = find_binding(lowered, task, device, *last);
    chx_status status = binding ? CHX_OK : add_binding(lowered, task, device, &binding);
    command->binding = *last = binding;
    return status;
}

/* Opens the devices and makes the kernels that the commands need. */
static chx_status
build(const chx__draft *made)
{
    chx__lowered *lowered = made->lowered;
    chx__binding *last = NULL;
    chx_status status = CHX_OK;
    for (uint32_t c = 0; !status && c < lowered->n_commands; c++) {
        chx__command *command = &lowered->commands[c];
        if (command->kind == CHX__COMMAND_KERNEL)
            status = bind(lowered, command, &last);
        else if (command->kind == CHX__COMMAND_TRANSFER)
            status =
                chx__fleet_open(&made->runtime->fleet, lowered->model.lanes[command->lane].device);
    }
    return status;
}

/* What takes long and needs nothing that others may change. */
static chx_status
work(const chx__draft *made)
{
    chx__solution solution = {0};
    const uint64_t begun_ns = chx__now_ns();
    chx_status status = schedule(made, &solution);
    if (!status)
        status = chx__lowering_arrange(made->lowered, &solution);
    made->lowered->planning_ns = (double)(chx__now_ns() - begun_ns);
    if (!status)
        status = build(made);
    chx__solution_finish(&solution);
    return status;
}

/* As a guest of the fleet, for a build must not lose its context. */
chx_status
chx__planner_work(const chx__draft *made)
{
    chx__fleet_enter(&made->runtime->fleet);
    chx_status status = work(made);
    chx__fleet_leave(&made->runtime->fleet);
    return status;
}

static chx_status
work_without_turn(const chx__draft *made)
{
    chx__turn_pause(made->runtime);
    chx_status status = chx__planner_work(made);
    chx__turn_resume(made->runtime);
    return status;
}

/* Buffers that were exchanged since may be gone, so they are not looked at. */
static bool
is_current(const chx__draft *made)
{
    const chx__lowered *lowered = made->lowered;
    return lowered->n_recasts == lowered->whole->n_recasts &&
           lowered->fleet_generation == made->runtime->fleet.generation &&
           chx__digest_equal(lowered->entry, chx__lowering_entry(&lowered->flow, &lowered->cast));
}

/* may_wait NULL: without eviction. A plan whose devices have gone meanwhile needs none. */
static chx_status
need_replica(const chx__lowered *lowered, const chx__cast *cast, uint32_t buffer, uint32_t place,
             bool *may_wait)
{
    chx__fleet *fleet = &lowered->graph->runtime->fleet;
    chx_buffer *needed = chx__cast_buffer(cast, buffer);
    cl_mem memory;
    if (place == CHX__HOST_PLACE || lowered->fleet_generation != fleet->generation)
        return CHX_OK;
    chx__device *device = &fleet->devices[place - 1];
    return may_wait ? chx__evict_for(needed, device, cast, may_wait)
                    : chx__buffer_replica(needed, device, &memory);
}

/* Says for which task there is no room. */
static chx_status
name_task(chx_status status, const chx__task *task)
{
    const chx_error told = *chx_last_error();
    if (status != CHX_ERROR_DEVICE_MEMORY)
        return status;
    return chx__fail_cl(status, told.cl_code, told.device, task->name, "task %s: %s", task->name,
                        told.message);
}

static chx_status
need_replicas_of_task(const chx__lowered *lowered, const chx__cast *cast,
                      const chx__command *command, bool *may_wait)
{
    uint32_t place = lowered->model.machine_lanes[command->lane].place;
    const chx__task *task = &lowered->graph->tasks[command->task];
    const chx__use *use = &lowered->flow.uses[lowered->flow.first_use[command->task]];
    chx_status status = CHX_OK;
    for (uint32_t i = 0; !status && i < task->n_args; i++)
        if (task->args[i].kind == CHX_ARG_BUFFER)
            status = need_replica(lowered, cast, use++->buffer, place, may_wait);
    return status ? name_task(status, task) : CHX_OK;
}

/* Tasks come before transfers, which move for them, so that who has no room is named. */
static chx_status
need_replicas(const chx__lowered *lowered, const chx__cast *cast, bool *may_wait)
{
    chx_status status = CHX_OK;
    for (uint32_t c = 0; !status && c < lowered->n_commands; c++)
        if (lowered->commands[c].kind != CHX__COMMAND_TRANSFER)
            status = need_replicas_of_task(lowered, cast, &lowered->commands[c], may_wait);
    for (uint32_t c = 0; !status && c < lowered->n_commands; c++) {
        const chx__command *command = &lowered->commands[c];
        if (command->kind == CHX__COMMAND_TRANSFER)
            status = need_replica(lowered, cast, lowered->flow.atoms[command->atom].buffer,
                                  command->to, may_wait);
    }
    return status;
}

/* Keeps the last error. */
static void
await_others(chx_runtime *runtime, uint64_t deadline_ns)
{
    const chx_error told = *chx_last_error();
    chx__wait_change(runtime, deadline_ns);
    chx__fail_again(&told);
}

/* Whoever waits for others' runs lets others make room, for these may wait for that. */
chx_status
chx__planner_cast(const chx__lowered *lowered, const chx__cast *cast)
{
    chx_runtime *runtime = lowered->graph->runtime;
    const uint64_t deadline_ns = chx__now_ns() + runtime->access_timeout_ns;
    bool may_wait = true;
    chx_status status = need_replicas(lowered, cast, NULL);
    while (status == CHX_ERROR_DEVICE_MEMORY && may_wait && chx__now_ns() < deadline_ns) {
        may_wait = false;
        chx__evict_begin(runtime);
        status = need_replicas(lowered, cast, &may_wait);
        chx__evict_end(runtime);
        if (status == CHX_ERROR_DEVICE_MEMORY && may_wait)
            await_others(runtime, deadline_ns);
    }
    return status;
}

/* Arguments are kept as they are now: one that first changes while a run waits must not reach that
 * run. */
static chx_status
keep_args(chx__lowered *lowered)
{
    size_t n = 0, excess = 0;
    for (uint32_t c = 0; c < lowered->n_commands; c++) {
        chx__command *command = &lowered->commands[c];
        if (command->kind != CHX__COMMAND_KERNEL)
            continue;
        const chx__task *task = &lowered->graph->tasks[command->task];
        command->first_arg = (uint32_t)n;
        command->n_args = task->n_args;
        command->launch = task->launch;
        n += task->n_args;
        excess += chx__args_excess(task->args, task->n_args);
    }
    lowered->args = chx__alloc(n, sizeof *lowered->args);
    lowered->values = chx__alloc(excess, 1);
    if (!lowered->args || !lowered->values)
        return chx__fail_memory("planning a graph");
    unsigned char *value = lowered->values;
    for (uint32_t c = 0; c < lowered->n_commands; c++) {
        const chx__command *command = &lowered->commands[c];
        const chx__task *task = &lowered->graph->tasks[command->task];
        if (command->kind == CHX__COMMAND_KERNEL)
            chx__args_copy(&lowered->args[command->first_arg], task->args, task->n_args, &value);
    }
    assert(value == lowered->values + excess);
    lowered->n_args = n;
    return CHX_OK;
}

static chx_status
prepare_commands(chx__lowered *lowered)
{
    chx_status status = keep_args(lowered);
    if (!status)
        status = chx__planner_cast(lowered, &lowered->cast);
    for (uint32_t c = 0; !status && c < lowered->n_commands; c++) {
        const chx__command *command = &lowered->commands[c];
        if (command->kind == CHX__COMMAND_KERNEL)
            status = chx__binding_check(command->binding, &lowered->graph->tasks[command->task]);
    }
    return status;
}

/* What has failed meanwhile may be of a device that is no longer used. */
static bool
is_overtaken(const chx__draft *made)
{
    return made->lowered && made->lowered->fleet_generation != made->runtime->fleet.generation;
}

chx_status
chx__planner_end(chx__draft *made, chx_status so_far, chx__lowered **lowered)
{
    chx_status status = is_overtaken(made) ? CHX_OK : so_far;
    bool is_wanted = !status && is_current(made);
    if (is_wanted)
        status = prepare_commands(made->lowered);
    if (is_overtaken(made))
        status = CHX_OK;
    is_wanted = is_wanted && !status && is_current(made);
    *lowered = is_wanted ? made->lowered : NULL;
    if (*lowered)
        made->lowered = NULL;
    finish(made);
    return status;
}

/* The last round keeps the turn, so that its plan is current. Shares of devices that are gone would
 * have pieces that no device may run. */
chx_status
chx__planner_make(const chx_graph *graph, const chx__shares *shares,
                  const chx__algorithm *algorithm, chx__lowered **lowered)
{
    const chx__fleet *fleet = &graph->runtime->fleet;
    const uint32_t generation = fleet->generation;
    chx_status status = CHX_OK;
    chx__lowered *made = NULL;
    for (int round = 1; !status && !made; round++) {
        if (graph->is_divisible && fleet->generation != generation)
            break;
        chx__draft draft;
        status = chx__planner_begin(graph, shares, algorithm, &draft);
        if (!status)
            status = round < MAX_ROUNDS ? work_without_turn(&draft) : work(&draft);
        status = chx__planner_end(&draft, status, &made);
    }
    if (!status)
        *lowered = made;
    return status;
}
