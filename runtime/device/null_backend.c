/* The table of the null devices: every entry checks what it is given, under the machine's lock. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "device/device.h"
#include "device/null_object.h"
#include "device/opencl.h"

#define MACHINE(handle) (((chx__null_object *)(handle))->machine)

/* Takes a reference off; true when it was the last. */
static bool
release(void *handle, chx__null_kind kind, const char *doing)
{
    chx__null_object *object = handle;
    chx__null *machine = object->machine;
    pthread_mutex_lock(&machine->lock);
    bool is_last = chx__null_check(machine, object, kind, doing) && --object->n_references == 0;
    pthread_mutex_unlock(&machine->lock);
    return is_last;
}

static uint32_t
platform_of(cl_device_id device)
{
    return ((const chx__null_device *)device)->platform;
}

static cl_int
create_context(const chx__platform *platform, const cl_device_id *devices, uint32_t n_devices,
               cl_context *context)
{
    (void)n_devices;
    chx__null *machine = (chx__null *)platform->id;
    chx__null_context *made = NULL;
    pthread_mutex_lock(&machine->lock);
    cl_int code = chx__null_refuse(machine, CL_OUT_OF_RESOURCES);
    if (!code)
        made = chx__null_new(machine, CHX__NULL_CONTEXT, sizeof *made);
    if (made)
        made->platform = platform_of(devices[0]);
    pthread_mutex_unlock(&machine->lock);
    if (!made)
        return code ? code : CL_OUT_OF_HOST_MEMORY;
    *context = (cl_context)made;
    return CL_SUCCESS;
}

static void
release_context(cl_context context)
{
    release(context, CHX__NULL_CONTEXT, "releasing a context");
}

static cl_int
create_queue(cl_context context, cl_device_id device, cl_command_queue *queue)
{
    chx__null *machine = MACHINE(context);
    chx__null_queue *made = NULL;
    cl_int code = CL_INVALID_CONTEXT;
    pthread_mutex_lock(&machine->lock);
    if (chx__null_check(machine, context, CHX__NULL_CONTEXT, "making a queue"))
        code = chx__null_refuse(machine, CL_OUT_OF_RESOURCES);
    if (!code)
        made = chx__null_new(machine, CHX__NULL_QUEUE, sizeof *made);
    if (made) {
        made->context = (chx__null_object *)context;
        made->device = (const chx__null_device *)device;
        made->next_queue = machine->queues;
        machine->queues = made;
    }
    pthread_mutex_unlock(&machine->lock);
    if (!made)
        return code ? code : CL_OUT_OF_HOST_MEMORY;
    *queue = (cl_command_queue)made;
    return CL_SUCCESS;
}

static void
release_queue(cl_command_queue queue)
{
    chx__null *machine = MACHINE(queue);
    pthread_mutex_lock(&machine->lock);
    if (((chx__null_queue *)queue)->first)
        chx__null_violate(machine, "releasing a queue with commands that have not ended");
    pthread_mutex_unlock(&machine->lock);
    release(queue, CHX__NULL_QUEUE, "releasing a queue");
}

#define MOST_BYTES (UINT64_C(64) << 20)

static bool
fill_memory(const chx__null *machine, chx__null_memory *memory, size_t size_bytes, void *shared)
{
    uint64_t most = machine->params.most_bytes ? machine->params.most_bytes : MOST_BYTES;
    memory->size_bytes = size_bytes;
    memory->is_shared = shared != NULL;
    memory->bytes = shared;
    if (!shared && size_bytes > most)
        return chx__provenance_init(&memory->provenance, size_bytes);
    if (!shared)
        memory->bytes = chx__alloc(size_bytes, 1);
    /* What nobody has written is not zero on a device. */
    if (!shared && memory->bytes)
        memset(memory->bytes, 0xa5, size_bytes);
    return memory->bytes != NULL;
}

static cl_int
create_memory(cl_context context, size_t size_bytes, void *shared, cl_mem *memory)
{
    chx__null *machine = MACHINE(context);
    chx__null_memory *made = NULL;
    cl_int code = CL_INVALID_CONTEXT;
    pthread_mutex_lock(&machine->lock);
    if (chx__null_check(machine, context, CHX__NULL_CONTEXT, "making a memory"))
        code = chx__null_refuse(machine, CL_MEM_OBJECT_ALLOCATION_FAILURE);
    if (!code)
        made = chx__null_new(machine, CHX__NULL_MEMORY, sizeof *made);
    bool is_filled = made && fill_memory(machine, made, size_bytes, shared);
    if (made) {
        made->platform = ((chx__null_context *)context)->platform;
        made->object.n_references = is_filled;
    }
    pthread_mutex_unlock(&machine->lock);
    if (!is_filled)
        return code ? code : CL_MEM_OBJECT_ALLOCATION_FAILURE;
    *memory = (cl_mem)made;
    return CL_SUCCESS;
}

static void
release_memory(cl_mem memory)
{
    chx__null *machine = MACHINE(memory);
    pthread_mutex_lock(&machine->lock);
    chx__null_pass(machine, CHX__NULL_CALL_RELEASE, ((chx__null_memory *)memory)->platform);
    pthread_mutex_unlock(&machine->lock);
    release(memory, CHX__NULL_MEMORY, "releasing a memory");
}

static chx_status
build(const chx__target *target, cl_program *program, char **parameters)
{
    (void)parameters;
    chx__null *machine = MACHINE(target->context);
    chx__null_declaration *declarations;
    uint32_t n;
    chx_status status = chx__null_declare(target, machine->params.kernels, &declarations, &n);
    pthread_mutex_lock(&machine->lock);
    chx__null_pass(machine, CHX__NULL_CALL_BUILD, platform_of(target->device->id));
    chx__null_program *made = NULL;
    const cl_int refused = chx__null_refuse_at_rate(machine);
    if (!status && !refused)
        made = chx__null_new(machine, CHX__NULL_PROGRAM, sizeof *made);
    if (made) {
        made->declarations = declarations;
        made->n_declarations = n;
        *program = (cl_program)made;
    } else {
        free(declarations);
    }
    pthread_mutex_unlock(&machine->lock);
    if (!status && refused)
        return chx__fail_cl(CHX_ERROR_BUILD, refused, target->device->info.name, NULL,
                            "%s: cannot be built: %s", target->name, chx__cl_name(refused));
    return status || made ? status : chx__fail_memory("building a program");
}

static cl_int
retain_program(cl_program program)
{
    chx__null *machine = MACHINE(program);
    cl_int code = CL_SUCCESS;
    pthread_mutex_lock(&machine->lock);
    if (!chx__null_check(machine, program, CHX__NULL_PROGRAM, "retaining a program"))
        code = CL_INVALID_PROGRAM;
    else if (!(code = chx__null_refuse(machine, CL_OUT_OF_RESOURCES)))
        ((chx__null_object *)program)->n_references++;
    pthread_mutex_unlock(&machine->lock);
    return code;
}

static void
release_program(cl_program program)
{
    release(program, CHX__NULL_PROGRAM, "releasing a program");
}

static void
list_kernels(cl_program program, char *names, size_t capacity)
{
    const chx__null_program *listed = (const chx__null_program *)program;
    size_t used = 0;
    names[0] = '\0';
    for (uint32_t i = 0; i < listed->n_declarations && used < capacity; i++)
        used += (size_t)snprintf(names + used, capacity - used, "%s%s", i ? ";" : "",
                                 listed->declarations[i].name);
}

static cl_int
create_kernel(cl_program program, const char *name, cl_kernel *kernel)
{
    chx__null *machine = MACHINE(program);
    const chx__null_program *from = (const chx__null_program *)program;
    chx__null_kernel_object *made = NULL;
    cl_int code = CL_INVALID_KERNEL_NAME;
    pthread_mutex_lock(&machine->lock);
    for (uint32_t i = 0; i < from->n_declarations; i++)
        if (strcmp(from->declarations[i].name, name) == 0) {
            code = chx__null_refuse(machine, CL_OUT_OF_RESOURCES);
            if (!code)
                made = chx__null_new(machine, CHX__NULL_KERNEL, sizeof *made);
            if (made)
                made->declaration = &from->declarations[i];
        }
    pthread_mutex_unlock(&machine->lock);
    if (!made)
        return code ? code : CL_OUT_OF_HOST_MEMORY;
    *kernel = (cl_kernel)made;
    return CL_SUCCESS;
}

static void
release_kernel(cl_kernel kernel)
{
    release(kernel, CHX__NULL_KERNEL, "releasing a kernel");
}

static cl_int
n_parameters(cl_kernel kernel, uint32_t *n)
{
    chx__null *machine = MACHINE(kernel);
    pthread_mutex_lock(&machine->lock);
    const cl_int code = chx__null_refuse(machine, CL_OUT_OF_RESOURCES);
    pthread_mutex_unlock(&machine->lock);
    *n = ((chx__null_kernel_object *)kernel)->declaration->n_parameters;
    return code;
}

static bool
parameter(cl_kernel kernel, uint32_t index, chx__parameter_kind *declared, char *type,
          size_t capacity)
{
    const chx__null_declaration *declaration = ((chx__null_kernel_object *)kernel)->declaration;
    if (index >= declaration->n_parameters)
        return false;
    *declared = declaration->parameters[index];
    snprintf(type, capacity, "%s", declaration->types[index]);
    return true;
}

static void
kernel_limits(cl_kernel kernel, cl_device_id device, chx__kernel_limits *limits)
{
    const chx__null_device *of = (const chx__null_device *)device;
    const chx__null_kernel_object *object = (const chx__null_kernel_object *)kernel;
    size_t group = of->max_group ? of->max_group : 256;
    *limits = (chx__kernel_limits){
        .group = group,
        .group_sides = {group, group, group},
        .available_local_bytes = of->local_bytes ? of->local_bytes : 32768,
    };
    memcpy(limits->declared_group, object->declaration->declared_group,
           sizeof limits->declared_group);
    for (uint32_t i = 0; i < object->declaration->n_parameters; i++)
        if (object->declaration->parameters[i] == CHX__PARAMETER_LOCAL)
            limits->local_bytes += object->arguments[i].size_bytes;
}

static cl_int
set_argument(cl_kernel kernel, uint32_t index, chx__null_argument argument)
{
    chx__null *machine = MACHINE(kernel);
    chx__null_kernel_object *object = (chx__null_kernel_object *)kernel;
    cl_int code = CL_SUCCESS;
    pthread_mutex_lock(&machine->lock);
    if (!chx__null_check(machine, kernel, CHX__NULL_KERNEL, "setting an argument"))
        code = CL_INVALID_KERNEL;
    else if (index >= object->declaration->n_parameters)
        code = CL_INVALID_ARG_INDEX;
    else if (!(code = chx__null_refuse(machine, CL_OUT_OF_RESOURCES)))
        object->arguments[index] = argument;
    pthread_mutex_unlock(&machine->lock);
    return code;
}

static cl_int
set_memory(cl_kernel kernel, uint32_t index, cl_mem memory)
{
    return set_argument(kernel, index,
                        (chx__null_argument){true, (chx__null_memory *)memory, 0, {0}});
}

static cl_int
set_value(cl_kernel kernel, uint32_t index, size_t size_bytes, const void *value)
{
    chx__null_argument argument = {true, NULL, size_bytes, {0}};
    if (value && size_bytes > sizeof argument.value)
        return CL_INVALID_ARG_SIZE;
    if (value)
        memcpy(argument.value, value, size_bytes);
    return set_argument(kernel, index, argument);
}

/* A command of the queue, to be filled in. NULL when it is refused, with the code. Under the lock,
 * which it may give up. */
static chx__null_command *
begin_command(cl_command_queue queue, cl_int *code)
{
    chx__null *machine = MACHINE(queue);
    chx__null_command *made = NULL;
    chx__null_pass(machine, CHX__NULL_CALL_ENQUEUE, ((chx__null_queue *)queue)->device->platform);
    *code = CL_INVALID_COMMAND_QUEUE;
    if (chx__null_check(machine, queue, CHX__NULL_QUEUE, "enqueueing"))
        *code = chx__null_refuse(machine, CL_OUT_OF_RESOURCES);
    if (!*code)
        made = chx__null_new(machine, CHX__NULL_COMMAND, sizeof *made);
    if (made)
        made->queue = (chx__null_queue *)queue;
    if (!*code)
        *code = CL_OUT_OF_RESOURCES; /* unless it is enqueued */
    return made;
}

static bool
holds(chx__null *machine, cl_mem memory, size_t offset_bytes, size_t size_bytes)
{
    const chx__null_memory *checked = (const chx__null_memory *)memory;
    if (!chx__null_check(machine, memory, CHX__NULL_MEMORY, "copying"))
        return false;
    if (offset_bytes <= checked->size_bytes && size_bytes <= checked->size_bytes - offset_bytes)
        return true;
    chx__null_violate(machine, "copying bytes outside of a memory");
    return false;
}

static bool
take_arguments(chx__null *machine, chx__null_command *command,
               const chx__null_kernel_object *kernel)
{
    command->n_arguments = kernel->declaration->n_parameters;
    command->arguments = chx__alloc(command->n_arguments, sizeof *command->arguments);
    for (uint32_t i = 0; command->arguments && i < command->n_arguments; i++) {
        command->arguments[i] = kernel->arguments[i];
        const chx__null_memory *memory = kernel->arguments[i].memory;
        if (!kernel->arguments[i].is_set)
            chx__null_violate(machine, "launching %s without its argument %u",
                              kernel->declaration->name, i);
        if (memory)
            chx__null_check(machine, memory, CHX__NULL_MEMORY, "launching a kernel");
    }
    return command->arguments != NULL;
}

static cl_int
launch(cl_command_queue queue, cl_kernel kernel, const chx__launch *launched,
       const chx__wait_list *waits, cl_event *event)
{
    chx__null *machine = MACHINE(queue);
    cl_int code;
    pthread_mutex_lock(&machine->lock);
    chx__null_command *command = begin_command(queue, &code);
    if (command && chx__null_check(machine, kernel, CHX__NULL_KERNEL, "launching a kernel") &&
        take_arguments(machine, command, (chx__null_kernel_object *)kernel)) {
        command->declaration = ((chx__null_kernel_object *)kernel)->declaration;
        command->kernel = command->declaration->kernel;
        command->launch = *launched;
        code = chx__null_enqueue(command, waits, event);
    }
    if (command && code)
        command->object.n_references = 0;
    pthread_mutex_unlock(&machine->lock);
    return code;
}

/* One of the four may be missing: host memory stands for it. */
static cl_int
transfer(cl_command_queue queue, cl_mem from, cl_mem to, const void *source, void *target,
         size_t offset_bytes, size_t size_bytes, const chx__wait_list *waits, cl_event *event)
{
    chx__null *machine = MACHINE(queue);
    cl_int code;
    pthread_mutex_lock(&machine->lock);
    chx__null_command *command = begin_command(queue, &code);
    if (command && (!from || holds(machine, from, offset_bytes, size_bytes)) &&
        (!to || holds(machine, to, offset_bytes, size_bytes))) {
        command->from = (chx__null_memory *)from;
        command->to = (chx__null_memory *)to;
        command->source = source;
        command->target = target;
        command->offset_bytes = offset_bytes;
        command->size_bytes = size_bytes;
        code = chx__null_enqueue(command, waits, event);
    }
    if (command && code)
        command->object.n_references = 0;
    pthread_mutex_unlock(&machine->lock);
    return code;
}

static cl_int
write(cl_command_queue queue, cl_mem to, size_t offset_bytes, size_t size_bytes, const void *host,
      const chx__wait_list *waits, cl_event *event)
{
    return transfer(queue, NULL, to, host, NULL, offset_bytes, size_bytes, waits, event);
}

static cl_int
read(cl_command_queue queue, cl_mem from, size_t offset_bytes, size_t size_bytes, void *host,
     const chx__wait_list *waits, cl_event *event)
{
    return transfer(queue, from, NULL, NULL, host, offset_bytes, size_bytes, waits, event);
}

static cl_int
copy(cl_command_queue queue, cl_mem from, cl_mem to, size_t offset_bytes, size_t size_bytes,
     const chx__wait_list *waits, cl_event *event)
{
    return transfer(queue, from, to, NULL, NULL, offset_bytes, size_bytes, waits, event);
}

static cl_int
hand_over(cl_command_queue queue, cl_mem memory, size_t offset_bytes, size_t size_bytes,
          bool to_host, const chx__wait_list *waits, cl_event *event)
{
    chx__null_memory *shared = (chx__null_memory *)memory;
    if (!shared->is_shared)
        chx__null_violate(MACHINE(queue), "handing over memory that is not shared");
    unsigned char *bytes = shared->bytes + offset_bytes;
    return to_host
               ? transfer(queue, memory, NULL, NULL, bytes, offset_bytes, size_bytes, waits, event)
               : transfer(queue, NULL, memory, bytes, NULL, offset_bytes, size_bytes, waits, event);
}

static void
flush(cl_command_queue queue)
{
    chx__null *machine = MACHINE(queue);
    pthread_mutex_lock(&machine->lock);
    chx__null_pass(machine, CHX__NULL_CALL_FLUSH, ((chx__null_queue *)queue)->device->platform);
    for (chx__null_command *command = ((chx__null_queue *)queue)->first; command;
         command = command->next)
        command->is_flushed = true;
    pthread_cond_signal(&machine->changed);
    pthread_mutex_unlock(&machine->lock);
}

static cl_int
event_status(cl_event event, cl_int *status)
{
    chx__null *machine = MACHINE(event);
    chx__null_command *command = (chx__null_command *)event;
    pthread_mutex_lock(&machine->lock);
    chx__null_pass(machine, CHX__NULL_CALL_STATUS, command->queue->device->platform);
    chx__null_check(machine, command, CHX__NULL_COMMAND, "asking for an event's status");
    const cl_int refused = chx__null_refuse_at_rate(machine);
    if (machine->params.serial && command->status > CL_COMPLETE)
        chx__null_step(machine);
    if (!refused)
        *status = command->status;
    if (!refused && *status < 0 && command->n_late > 0) {
        command->n_late--;
        *status = CL_RUNNING;
    }
    pthread_mutex_unlock(&machine->lock);
    return refused;
}

static bool
event_span(cl_event event, uint64_t *start_ns, uint64_t *finish_ns)
{
    chx__null *machine = MACHINE(event);
    const chx__null_command *command = (const chx__null_command *)event;
    pthread_mutex_lock(&machine->lock);
    chx__null_check(machine, command, CHX__NULL_COMMAND, "asking for an event's stamps");
    bool is_known = machine->params.has_stamps && command->status == CL_COMPLETE &&
                    !chx__null_refuse_at_rate(machine);
    *start_ns = is_known ? command->start_ns : 0;
    *finish_ns = is_known ? command->finish_ns : 0;
    pthread_mutex_unlock(&machine->lock);
    return is_known;
}

static bool
watch(cl_event event, void(CL_CALLBACK *done)(cl_event, cl_int, void *), void *data)
{
    chx__null *machine = MACHINE(event);
    chx__null_command *command = (chx__null_command *)event;
    pthread_mutex_lock(&machine->lock);
    chx__null_check(machine, command, CHX__NULL_COMMAND, "watching an event");
    machine->counts.n_watches++;
    const bool is_refused = chx__null_refuse_at_rate(machine) != CL_SUCCESS;
    const bool is_over = !is_refused && command->status <= CL_COMPLETE;
    if (!is_over && !is_refused) {
        command->done = done;
        command->done_data = data;
    }
    pthread_mutex_unlock(&machine->lock);
    if (is_over)
        done(event, CL_COMPLETE, data);
    return !is_refused;
}

static void
release_event(cl_event event)
{
    release(event, CHX__NULL_COMMAND, "releasing an event");
}

const chx__backend chx__null_backend = {
    .name = "null",
    .create_context = create_context,
    .release_context = release_context,
    .create_queue = create_queue,
    .release_queue = release_queue,
    .create_memory = create_memory,
    .release_memory = release_memory,
    .build = build,
    .retain_program = retain_program,
    .release_program = release_program,
    .list_kernels = list_kernels,
    .create_kernel = create_kernel,
    .release_kernel = release_kernel,
    .n_parameters = n_parameters,
    .parameter = parameter,
    .kernel_limits = kernel_limits,
    .set_memory = set_memory,
    .set_value = set_value,
    .launch = launch,
    .write = write,
    .read = read,
    .copy = copy,
    .hand_over = hand_over,
    .flush = flush,
    .event_status = event_status,
    .event_span = event_span,
    .watch = watch,
    .release_event = release_event,
};
