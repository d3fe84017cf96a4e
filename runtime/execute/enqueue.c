/* Whether a command may go to its courier, and what the courier does with it.
 *
 * An edge to a command of the same platform becomes an event in the wait list, so it is enough that
 * the earlier one was sent before; every other edge, to another platform or to or from the host, is
 * kept by the driver, which sees the earlier one DONE first. Edges within a lane are not in `waits`
 * at all: in-order queues keep them, and the driver sends a lane's commands in their order.
 *
 * HOPELESS is said only of other runs' failures. A command of the same run that failed has failed
 * the run already, and nothing of it is started any more.
 *
 * A launch reads nothing that may change or go while its run has outstanding parcels: the run, its
 * lowered plan and tickets, and of buffers the replicas. Host memory is named when the parcel is
 * sent, for a buffer that gets fresh memory must not have it overwritten by a run that failed
 * before. Kernel arguments are set at each launch, because the tasks of a graph that use one kernel
 * share its object, and because values are those of the submission, not of the graph as it is
 * now. */
#include "execute/enqueue.h"

#include <assert.h>

#include "execute/reap.h"
#include "execute/transfer.h"

static bool
share_platform(const chx__device *a, const chx__device *b)
{
    return a && b && a->platform == b->platform;
}

/* On its way, or at its end without a failure that is known. */
static bool
may_be_waited_for(const chx__step *step)
{
    return step->state == CHX__STEP_SENT ||
           (step->state == CHX__STEP_BACK && step->parcel.end == CHX__PARCEL_DONE);
}

static chx__readiness
readiness_after(const chx_run *before_run, uint32_t before, const chx__device *device)
{
    const chx__step *step = &before_run->steps[before];
    if (before_run->failed)
        return CHX__HOPELESS;
    if (step->state == CHX__STEP_DONE)
        return CHX__READY;
    if (atomic_load(&before_run->is_doomed))
        return CHX__NOT_READY; /* its failure is on its way here */
    return share_platform(device, chx__run_device(before_run, before)) && may_be_waited_for(step)
               ? CHX__READY
               : CHX__NOT_READY;
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

/* Collects the events of what was sent before and has not ended. Unwanted is what waits for
 * something that has failed. */
static cl_int
collect_events(const chx__step *step, chx__courier *courier)
{
    const chx_run *run = step->run;
    uint32_t index = (uint32_t)(step - run->steps);
    const chx__command *waiting = &run->lowered->commands[index];
    cl_int code = CL_SUCCESS;
    chx__courier_begin_waits(courier, step->parcel.lane);
    for (uint32_t i = 0; !code && i < waiting->n_waits; i++) {
        uint32_t before = run->lowered->waits[waiting->first_wait + i];
        const chx__parcel *parcel = &run->steps[before].parcel;
        if (share_platform(step->parcel.lane->device, chx__run_device(run, before)))
            code = chx__courier_wait_for(courier, parcel->lane, parcel->number);
    }
    const chx__ticket *tickets = &run->tickets[step->first_ticket];
    for (uint32_t t = 0; !code && t < step->n_tickets; t++)
        if (tickets[t].lane)
            code = chx__courier_wait_for(courier, tickets[t].lane, tickets[t].number);
    return code;
}

/* Sets the arguments: those that change between runs as they were when the run was submitted. */
static cl_int
set_args(const chx_run *run, const chx__command *command)
{
    uint32_t n_args = command->n_args;
    const chx_arg *args = &run->lowered->args[command->first_arg];
    const chx__use *use = &run->lowered->flow.uses[run->lowered->flow.first_use[command->task]];
    const chx__value *value;
    const chx__value *end = chx__values_of(&run->values, command->origin, &value);
    cl_int code = CL_SUCCESS;
    for (uint32_t i = 0; !code && i < n_args && !atomic_load(&run->is_broken); i++) {
        bool changes = value < end && value->dynamic.arg_index == i;
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
    /* When a call took so long that the run has ended, what it works on may be gone. */
    if (code != CL_SUCCESS || atomic_load(&run->is_broken))
        return code ? code : CHX__PARCEL_UNWANTED;
    return chx__device_backend(lane->device)
        ->launch(lane->lane->queue, chx__binding_kernel(command->binding), &command->launch, waits,
                 event);
}

static cl_int
enqueue_transfer(const chx__step *step, const chx__command *command, const chx__wait_list *waits,
                 cl_event *event)
{
    const chx__stretch at = chx__run_atom(step->run, command->atom);
    return chx__transfer_enqueue(step->parcel.lane->device, step->parcel.lane->queue, &at,
                                 step->host, command->from, command->to, waits, event);
}

/* In the courier's thread, long before the failure is reaped. */
static void
fail(chx__parcel *parcel)
{
    chx_run *run = ((chx__step *)parcel)->run;
    atomic_store(&run->is_broken, true);
    atomic_store(&run->is_doomed, true);
}

/* In the courier's thread. What a broken run has not begun is left, which keeps kernels from
 * reading what others have not written. */
static cl_int
launch(chx__parcel *parcel, chx__courier *courier, cl_event *event)
{
    chx__step *step = (chx__step *)parcel;
    chx_run *run = step->run;
    const chx__command *command = &run->lowered->commands[step - run->steps];
    cl_int code = CHX__PARCEL_UNWANTED;
    if (!atomic_load(&run->is_broken))
        code = collect_events(step, courier);
    if (code == CL_SUCCESS) {
        chx__wait_list waits = chx__courier_waits(courier);
        code = command->kind == CHX__COMMAND_KERNEL
                   ? enqueue_kernel(run, command, &waits, event)
                   : enqueue_transfer(step, command, &waits, event);
    }
    if (code != CL_SUCCESS)
        fail(parcel);
    return code;
}

/* A run that was called off is broken, and what it has done may be followed: it may have been too
 * late. */
static bool
is_void(const chx__parcel *parcel)
{
    return atomic_load(&((const chx__step *)parcel)->run->is_doomed);
}

static const chx__parcel_kind kind = {launch, fail, is_void, chx__reap_parcel};

void
chx__enqueue(chx_run *run, uint32_t index)
{
    const chx__command *command = &run->lowered->commands[index];
    const chx__model_lane *lane = &run->lowered->model.lanes[command->lane];
    chx__step *step = &run->steps[index];
    assert(step->state == CHX__STEP_WAITING);
    step->run = run;
    step->parcel.kind = &kind;
    step->parcel.lane = lane->lane;
    if (command->is_awaited)
        atomic_store(&step->parcel.is_awaited, true);
    if (command->kind == CHX__COMMAND_TRANSFER)
        step->host = chx__run_atom(run, command->atom).buffer->host;
    chx__ticket *tickets = &run->tickets[step->first_ticket];
    for (uint32_t t = 0; t < step->n_tickets; t++) {
        const chx_run *before = chx__run_followed(run, &tickets[t]);
        const chx__step *followed = before ? &before->steps[tickets[t].command] : NULL;
        tickets[t].lane =
            followed && followed->state == CHX__STEP_SENT ? followed->parcel.lane : NULL;
        tickets[t].number = followed ? followed->parcel.number : 0;
    }
    step->state = CHX__STEP_SENT;
    if (run->n_outstanding++ == 0)
        chx__run_ref(run);
    chx__courier_stage(lane->device->platform->courier, &step->parcel);
}
