/* Queues of null devices. A command can end when it is the first of its queue, has been flushed,
 * and all that it waits for has ended; which one of those does is drawn, or is the one that starts
 * first on the virtual clock. Its bytes are computed at that moment and not before, so whatever
 * the engine frees or changes too early shows. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "device/null_object.h"

static bool
has_ended(const chx__null_command *command)
{
    return command->status <= CL_COMPLETE;
}

static bool
can_end(const chx__null_command *command)
{
    if (!command || !command->is_flushed || command->hangs ||
        command->queue->device == command->object.machine->stalled)
        return false;
    for (uint32_t i = 0; i < command->n_waits; i++)
        if (!has_ended(command->waits[i]))
            return false;
    return true;
}

static uint32_t
index_of(const chx__null *machine, const chx__null_device *device)
{
    return (uint32_t)(device - machine->params.devices);
}

/* When the last kernel ends of those devices that stand on the same hardware. */
static uint64_t
hardware_free(const chx__null *machine, const chx__null_device *device)
{
    uint64_t free_ns = 0;
    for (uint32_t d = 0; device->hardware && d < machine->params.n_devices; d++)
        if (&machine->params.devices[d] != device &&
            machine->params.devices[d].hardware & device->hardware && machine->busy_ns[d] > free_ns)
            free_ns = machine->busy_ns[d];
    return free_ns;
}

static uint64_t
earliest_start(const chx__null_command *command)
{
    uint64_t start_ns = command->start_ns; /* of the enqueueing */
    if (command->kernel) {
        uint64_t free_ns = hardware_free(command->object.machine, command->queue->device);
        if (free_ns > start_ns)
            start_ns = free_ns;
    }
    if (command->queue->free_ns > start_ns)
        start_ns = command->queue->free_ns;
    for (uint32_t i = 0; i < command->n_waits; i++)
        if (command->waits[i]->finish_ns > start_ns)
            start_ns = command->waits[i]->finish_ns;
    return start_ns;
}

/* On the virtual clock; together, as they were enqueued. */
static bool
is_sooner(const chx__null_command *command, const chx__null_command *than)
{
    uint64_t start_ns = earliest_start(command), other_ns = earliest_start(than);
    return start_ns != other_ns ? start_ns < other_ns : command->number < than->number;
}

static chx__null_command *
choose(chx__null *machine)
{
    chx__null_command *chosen = NULL;
    uint64_t n = 0;
    for (chx__null_queue *queue = machine->queues; queue; queue = queue->next_queue) {
        chx__null_command *command = queue->first;
        if (!can_end(command))
            continue;
        n++;
        if (!chosen || (machine->params.seed ? chx__null_draw(&machine->random) % n == 0
                                             : is_sooner(command, chosen)))
            chosen = command;
    }
    return chosen;
}

/* Memory is the device's that used it before; what no device has used lies on the queue's. */
static double
copy_ns(const chx__null_command *command)
{
    const chx__null *machine = command->object.machine;
    const chx__null_device *device = command->queue->device;
    double size = (double)command->size_bytes;
    if (!machine->params.wires)
        return device->launch_ns + size * device->ns_per_byte;
    const chx__null_device *source =
        command->from && command->from->device ? command->from->device : device;
    size_t from = command->from ? index_of(machine, source) + 1 : 0;
    size_t to = command->to ? index_of(machine, device) + 1 : 0;
    const chx__wire *wire = &machine->params.wires[from * (machine->params.n_devices + 1) + to];
    return wire->latency_ns + size * wire->ns_per_byte;
}

static double
duration_ns(const chx__null_command *command)
{
    const chx__null_device *device = command->queue->device;
    double n_items = 1;
    for (uint32_t i = 0; i < command->launch.n_dimensions; i++)
        n_items *= (double)command->launch.global[i];
    double ns =
        command->kernel ? device->launch_ns + n_items * device->ns_per_item : command->copy_ns;
    return ns < 1 ? 1 : ns; /* clocks advance */
}

static bool
waits_have_failed(const chx__null_command *command)
{
    for (uint32_t i = 0; i < command->n_waits; i++)
        if (command->waits[i]->status < 0)
            return true;
    return false;
}

static void
end(chx__null *machine, chx__null_command *command)
{
    chx__null_queue *queue = command->queue;
    command->start_ns = earliest_start(command);
    command->finish_ns = command->start_ns + (uint64_t)duration_ns(command);
    if (command->kernel)
        machine->busy_ns[index_of(machine, queue->device)] = command->finish_ns;
    command->n_late = machine->params.n_late;
    if (command->fails)
        command->status = CL_OUT_OF_RESOURCES;
    else if (waits_have_failed(command) && !machine->params.passes_failures)
        command->status = CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
    else
        command->status = chx__null_compute(command) ? CL_COMPLETE : CL_OUT_OF_HOST_MEMORY;
    queue->free_ns = command->finish_ns;
    if (machine->now_ns < command->finish_ns)
        machine->now_ns = command->finish_ns;
    machine->n_flying--;
    queue->first = command->next;
    if (!queue->first)
        queue->last = NULL;
}

bool
chx__null_step(chx__null *machine)
{
    chx__null_command *command = choose(machine);
    if (!command)
        return false;
    end(machine, command);
    if (command->done && command->status == CL_COMPLETE) {
        void(CL_CALLBACK * done)(cl_event, cl_int, void *) = command->done;
        command->done = NULL;
        pthread_mutex_unlock(&machine->lock);
        done((cl_event)command, CL_COMPLETE, command->done_data);
        pthread_mutex_lock(&machine->lock);
    }
    return true;
}

static cl_int
take_waits(chx__null_command *command, const chx__wait_list *waits)
{
    chx__null *machine = command->object.machine;
    command->waits = chx__alloc(waits->n, sizeof *command->waits);
    if (!command->waits)
        return CL_OUT_OF_HOST_MEMORY;
    for (uint32_t i = 0; i < waits->n; i++) {
        chx__null_command *before = (chx__null_command *)waits->events[i];
        if (!chx__null_check(machine, before, CHX__NULL_COMMAND, "waiting for an event"))
            return CL_INVALID_EVENT_WAIT_LIST;
        if (before->queue->context != command->queue->context) {
            chx__null_violate(machine, "waiting for an event of another context");
            return CL_INVALID_CONTEXT;
        }
        command->waits[command->n_waits++] = before;
    }
    return CL_SUCCESS;
}

/* Says whose the memories are that the command writes. */
static void
own_memories(const chx__null_command *command)
{
    if (command->to)
        command->to->device = command->queue->device;
    for (uint32_t i = 0; i < command->n_arguments; i++)
        if (command->arguments[i].memory)
            command->arguments[i].memory->device = command->queue->device;
}

cl_int
chx__null_enqueue(chx__null_command *command, const chx__wait_list *waits, cl_event *event)
{
    chx__null_queue *queue = command->queue;
    chx__null *machine = command->object.machine;
    cl_int code = take_waits(command, waits);
    if (code)
        return code;
    uint64_t n = ++machine->counts.n_commands;
    command->fails = n == machine->faults.fail_command;
    command->hangs = n == machine->faults.hang_command;
    if (n == machine->faults.stall_command)
        machine->stalled = queue->device;
    machine->counts.n_struck +=
        command->fails || command->hangs || n == machine->faults.stall_command;
    command->status = CL_QUEUED;
    command->number = n;
    if (machine->n_flying++ == 0 || !machine->params.wires)
        machine->idle_ns = machine->now_ns;
    command->start_ns = machine->idle_ns;
    command->copy_ns = copy_ns(command);
    own_memories(command);
    if (queue->last)
        queue->last->next = command;
    else
        queue->first = command;
    queue->last = command;
    *event = (cl_event)command;
    return CL_SUCCESS;
}
