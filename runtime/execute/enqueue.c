/* Whether a command may go to its queue, and putting it there, which happens under the turn.
 *
 * An edge to a command of the same platform becomes an event in the wait list, so it is enough that
 * the earlier one is on a queue; every other edge, to another platform or to or from the host, is
 * kept by the driver, which sees the earlier one DONE first. Edges within a lane are not in `waits`
 * at all: in-order queues keep them, and the driver enqueues a lane's commands in their order.
 *
 * No event that is known to have failed is put on a wait list: some drivers then never run the
 * waiting command, others run it on stale bytes. One that fails after that is the business of
 * follows_success() in reap.c.
 *
 * HOPELESS is said only of other runs' failures. A command of the same run that failed has failed
 * the run already, and nothing of it is started any more.
 *
 * The wait list is the runtime's scratch, since the turn allows one enqueue at a time. Kernel
 * arguments are set at each launch, because the tasks of a graph that use one kernel share its
 * object, and because values are those of the submission, not of the graph as it is now. */
#include "execute/enqueue.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "execute/transfer.h"

static bool
share_platform(const chx__device *a, const chx__device *b)
{
    return a && b && a->platform == b->platform;
}

static chx__readiness
readiness_after(const chx_run *before_run, uint32_t before, const chx__device *device)
{
    const chx__step *step = &before_run->steps[before];
    if (before_run->failed)
        return CHX__HOPELESS;
    if (step->state == CHX__STEP_DONE)
        return CHX__READY;
    if (step->state == CHX__STEP_WAITING ||
        !share_platform(device, chx__run_device(before_run, before)))
        return CHX__NOT_READY;
    assert(step->event);
    /* A driver may never run a command that waits for an event that has failed. */
    return chx__device_backend(device)->event_status(step->event) < 0 ? CHX__NOT_READY : CHX__READY;
}

chx__readiness
chx__enqueue_readiness(chx_run *run, uint32_t command)
{
    const chx__command *waiting = &run->lowered->commands[command];
    const chx__device *device = chx__run_device(run, command);
    for (uint32_t i = 0; i < waiting->n_waits; i++) {
        uint32_t before = run->lowered->waits[waiting->first_wait + i];
        if (readiness_after(run, before, device) != CHX__READY)
            return CHX__NOT_READY;
    }
    const chx__ticket *tickets = &run->tickets[run->steps[command].first_ticket];
    for (uint32_t t = 0; t < run->steps[command].n_tickets; t++) {
        const chx_run *before = chx__run_followed(run, &tickets[t]);
        chx__readiness readiness =
            before ? readiness_after(before, tickets[t].command, device) : CHX__READY;
        if (readiness == CHX__HOPELESS)
            chx__run_fail(run, &before->error);
        if (readiness != CHX__READY)
            return readiness;
    }
    return CHX__READY;
}

/* Events of what is enqueued but not known to be complete, in the runtime's scratch array. */
static chx_status
collect_events(chx_run *run, uint32_t command, chx__wait_list *waits)
{
    chx_runtime *runtime = run->runtime;
    const chx__command *waiting = &run->lowered->commands[command];
    size_t most = waiting->n_waits + run->steps[command].n_tickets;
    cl_uint n = 0;
    if (!chx__grow(&runtime->wait_list, &runtime->wait_capacity, most, sizeof *runtime->wait_list))
        return chx__fail_memory("enqueueing a task");
    for (uint32_t i = 0; i < waiting->n_waits; i++) {
        const chx__step *step = &run->steps[run->lowered->waits[waiting->first_wait + i]];
        if (step->state == CHX__STEP_ENQUEUED)
            runtime->wait_list[n++] = step->event;
    }
    const chx__ticket *tickets = &run->tickets[run->steps[command].first_ticket];
    for (uint32_t t = 0; t < run->steps[command].n_tickets; t++) {
        const chx_run *before = chx__run_followed(run, &tickets[t]);
        const chx__step *step = before ? &before->steps[tickets[t].command] : NULL;
        if (step && step->state == CHX__STEP_ENQUEUED)
            runtime->wait_list[n++] = step->event;
    }
    assert(n <= most);
    *waits = (chx__wait_list){n, n > 0 ? runtime->wait_list : NULL};
    return CHX_OK;
}

/* Row of the first value of a task or a later one. */
static size_t
first_value(const chx_run *run, uint32_t task)
{
    size_t low = 0, high = run->n_values;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (run->values[middle].dynamic.task < task)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Sets the arguments: those that change between runs as they were when the run was submitted. */
static cl_int
set_args(const chx_run *run, const chx__command *command)
{
    uint32_t n_args = run->lowered->graph->tasks[command->task].n_args;
    const chx_arg *args = &run->lowered->args[command->first_arg];
    const chx__use *use = &run->lowered->flow.uses[run->lowered->flow.first_use[command->task]];
    const chx__value *value = run->values + first_value(run, command->task);
    const chx__value *end = run->values + run->n_values;
    cl_int code = CL_SUCCESS;
    for (uint32_t i = 0; !code && i < n_args; i++) {
        bool changes =
            value < end && value->dynamic.task == command->task && value->dynamic.arg_index == i;
        if (args[i].kind == CHX_ARG_BUFFER)
            code =
                chx__binding_set_buffer(command->binding, i, chx__run_buffer(run, use++->buffer));
        else
            code = chx__binding_set_value(command->binding, i, changes ? &value->arg : &args[i]);
        value += changes;
    }
    return code;
}

static cl_int
enqueue_kernel(const chx_run *run, const chx__command *command, const chx__wait_list *waits,
               cl_event *event)
{
    const chx__model_lane *lane = &run->lowered->model.lanes[command->lane];
    cl_int code = set_args(run, command);
    if (code != CL_SUCCESS)
        return code;
    return chx__device_backend(lane->device)
        ->launch(lane->lane->queue, chx__binding_kernel(command->binding),
                 &run->lowered->graph->tasks[command->task].launch, waits, event);
}

static cl_int
enqueue_transfer(const chx_run *run, const chx__command *command, const chx__wait_list *waits,
                 cl_event *event)
{
    const chx__model_lane *lane = &run->lowered->model.lanes[command->lane];
    const chx__stretch at = chx__run_atom(run, command->atom);
    return chx__transfer_enqueue(lane->device, lane->lane->queue, &at, command->from, command->to,
                                 waits, event);
}

chx_status
chx__enqueue(chx_run *run, uint32_t index)
{
    const chx__command *command = &run->lowered->commands[index];
    const chx__model_lane *lane = &run->lowered->model.lanes[command->lane];
    assert(run->steps[index].state == CHX__STEP_WAITING && !run->steps[index].event);
    chx__wait_list waits;
    chx_status status = collect_events(run, index, &waits);
    if (status)
        return status;
    cl_event event = NULL;
    cl_int code = command->kind == CHX__COMMAND_KERNEL
                      ? enqueue_kernel(run, command, &waits, &event)
                      : enqueue_transfer(run, command, &waits, &event);
    if (code == CL_SUCCESS) {
        run->steps[index].event = event;
        run->steps[index].enqueue_ns = chx__now_ns();
        run->steps[index].state = CHX__STEP_ENQUEUED;
        return CHX_OK;
    }
    char name[64];
    chx__command_name(run->lowered, command, name, sizeof name);
    return chx__fail_cl(chx__cl_status(code), code, lane->device->info.name, name,
                        "%s refused task %s (%s)", lane->device->info.name, name,
                        chx__cl_name(code));
}
