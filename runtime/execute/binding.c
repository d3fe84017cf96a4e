/* Bindings are where a task meets the kernel that it names. What a driver would refuse at the
 * launch, or worse accept and crash on, is told here, before anything runs: a refused launch costs
 * the run its results, and PoCL 3.1 takes a buffer for an image and dies of it. */
#include "execute/binding.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "device/program.h"
#include "device/release.h"
#include "graph/argument.h"
#include "memory/buffer.h"

/* What an argument is set to. */
typedef struct setting {
    bool is_set;
    cl_mem memory;
    size_t size_bytes;
    unsigned char value[sizeof(((chx_arg *)NULL)->value)];
} setting;

typedef struct declaration {
    bool is_known;
    chx_arg_kind kind;
    char type[48];
} declaration;

struct chx__binding {
    const chx_program *program;
    const char *name; /* of the kernel; the task's */
    chx__device *device;
    cl_kernel kernel;
    uint32_t n_parameters;
    declaration *declarations;
    setting *settings;
    chx__kernel_limits limits;
};

static chx_status
fail_arg(const chx__binding *binding, const chx__task *task, uint32_t index, cl_int code)
{
    const char *device = binding->device->info.name;
    const chx_status status = chx__cl_status(code);
    if (status != CHX_ERROR_KERNEL)
        return chx__fail_cl(status, code, device, task->name,
                            "%s refused argument %u of kernel %s (%s)", device, index, task->kernel,
                            chx__cl_name(code));
    return chx__fail_cl(CHX_ERROR_KERNEL, code, device, task->name,
                        "kernel %s does not take argument %u as it is given (%s); compare the "
                        "task's arguments with the kernel's",
                        task->kernel, index, chx__cl_name(code));
}

/* What a declared parameter takes. */
static chx_arg_kind
kind_taken(chx__parameter_kind parameter)
{
    switch (parameter) {
    case CHX__PARAMETER_VALUE:
        return CHX_ARG_VALUE;
    case CHX__PARAMETER_GLOBAL:
        return CHX_ARG_BUFFER;
    case CHX__PARAMETER_LOCAL:
        return CHX_ARG_LOCAL;
    case CHX__PARAMETER_OPAQUE:
        break;
    }
    return CHX_ARG_NONE;
}

static const char *
kind_name(chx_arg_kind kind)
{
    switch (kind) {
    case CHX_ARG_BUFFER:
        return "a buffer";
    case CHX_ARG_LOCAL:
        return "local memory";
    case CHX_ARG_VALUE:
        return "a scalar";
    case CHX_ARG_SPLIT: /* kept as buffers */
    case CHX_ARG_REDUCE:
    case CHX_ARG_NONE:
        break;
    }
    return "an image or a sampler, which no task can give";
}

/* A driver need not know how a kernel was declared; then only setting the argument tells. */
static void
read_declarations(chx__binding *made, chx_program *program)
{
    for (uint32_t i = 0; i < made->n_parameters; i++) {
        chx__parameter_kind parameter;
        declaration *declared = &made->declarations[i];
        declared->is_known =
            chx__program_parameter(program, made->device, made->kernel, made->name, i, &parameter,
                                   declared->type, sizeof declared->type);
        if (declared->is_known)
            declared->kind = kind_taken(parameter);
    }
}

chx_status
chx__binding_create(const chx__task *task, chx__device *device, chx__binding **binding)
{
    const chx__backend *backend = chx__device_backend(device);
    chx__binding *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("planning a graph");
    made->program = task->program;
    made->name = task->kernel;
    made->device = device;
    chx_status status = chx__program_kernel(task->program, device, task->kernel, &made->kernel);
    if (status) {
        free(made);
        return status;
    }
    cl_int code = backend->n_parameters(made->kernel, &made->n_parameters);
    if (code) {
        chx__binding_destroy(&made);
        return chx__fail_cl(chx__cl_status(code), code, device->info.name, task->name,
                            "%s does not say how many arguments kernel %s takes (%s)",
                            device->info.name, task->kernel, chx__cl_name(code));
    }
    made->declarations = chx__alloc(made->n_parameters, sizeof *made->declarations);
    made->settings = chx__alloc(made->n_parameters, sizeof *made->settings);
    if (!made->declarations || !made->settings) {
        chx__binding_destroy(&made);
        return chx__fail_memory("planning a graph");
    }
    read_declarations(made, task->program);
    backend->kernel_limits(made->kernel, device->id, &made->limits);
    *binding = made;
    return CHX_OK;
}

void
chx__binding_destroy(chx__binding **binding)
{
    if (!binding || !*binding)
        return;
    chx__release((*binding)->device->platform, CHX__RELEASE_KERNEL, (*binding)->kernel);
    free((*binding)->declarations);
    free((*binding)->settings);
    free(*binding);
    *binding = NULL;
}

bool
chx__binding_fits(const chx__binding *binding, const chx__task *task, const chx__device *device)
{
    return binding->program == task->program && binding->device == device &&
           strcmp(binding->name, task->kernel) == 0;
}

cl_int
chx__binding_set_buffer(chx__binding *binding, uint32_t index, const chx_buffer *buffer)
{
    cl_mem memory = buffer->replicas[binding->device->index];
    setting *now = &binding->settings[index];
    if (now->is_set && now->memory == memory)
        return CL_SUCCESS;
    cl_int code = chx__device_backend(binding->device)->set_memory(binding->kernel, index, memory);
    *now = (setting){.is_set = code == CL_SUCCESS, .memory = memory};
    return code;
}

/* Local memory has a size and no value; values too long to remember are set each time. */
static bool
is_set_to(const setting *now, const chx_arg *arg)
{
    if (!now->is_set || now->memory || now->size_bytes != arg->size_bytes)
        return false;
    return arg->kind == CHX_ARG_LOCAL ||
           (arg->size_bytes <= sizeof now->value &&
            memcmp(now->value, chx__arg_value(arg), arg->size_bytes) == 0);
}

cl_int
chx__binding_set_value(chx__binding *binding, uint32_t index, const chx_arg *arg)
{
    setting *now = &binding->settings[index];
    if (is_set_to(now, arg))
        return CL_SUCCESS;
    const void *value = arg->kind == CHX_ARG_LOCAL ? NULL : chx__arg_value(arg);
    cl_int code = chx__device_backend(binding->device)
                      ->set_value(binding->kernel, index, arg->size_bytes, value);
    *now = (setting){.is_set = code == CL_SUCCESS, .size_bytes = arg->size_bytes};
    if (value && arg->size_bytes <= sizeof now->value)
        memcpy(now->value, value, arg->size_bytes);
    return code;
}

cl_kernel
chx__binding_kernel(const chx__binding *binding)
{
    return binding->kernel;
}

static chx_status
check_args(const chx__binding *binding, const chx__task *task)
{
    const char *device = binding->device->info.name;
    if (binding->n_parameters != task->n_args)
        return chx__fail_cl(CHX_ERROR_KERNEL, 0, device, task->name,
                            "kernel %s takes %u arguments, the task gives %u", task->kernel,
                            binding->n_parameters, task->n_args);
    for (uint32_t i = 0; i < task->n_args; i++) {
        const declaration *declared = &binding->declarations[i];
        if (declared->is_known && declared->kind != task->args[i].kind)
            return chx__fail_cl(CHX_ERROR_KERNEL, 0, device, task->name,
                                "kernel %s takes for argument %u (%s) %s, the task gives %s",
                                task->kernel, i, declared->type, kind_name(declared->kind),
                                kind_name(task->args[i].kind));
    }
    return CHX_OK;
}

/* A kernel may name the one size of work-groups that it can run in. */
static chx_status
check_declared_group(const chx__task *task, const chx__device *device, const size_t *declared)
{
    const chx__launch *launch = &task->launch;
    if (declared[0] == 0)
        return CHX_OK;
    for (uint32_t i = 0; i < 3; i++) {
        size_t asked = launch->has_local && i < launch->n_dimensions ? launch->local[i] : 1;
        if (launch->has_local ? asked == declared[i]
                              : i >= launch->n_dimensions || launch->global[i] % declared[i] == 0)
            continue;
        return chx__fail_cl(CHX_ERROR_KERNEL, 0, device->info.name, task->name,
                            "kernel %s is declared for work-groups of %zu x %zu x %zu; give the "
                            "task this size and a range that it divides",
                            task->kernel, declared[0], declared[1], declared[2]);
    }
    return CHX_OK;
}

static chx_status
check_group(const chx__task *task, const chx__device *device, const chx__kernel_limits *limits)
{
    const chx__launch *launch = &task->launch;
    size_t group = 1;
    for (uint32_t i = 0; launch->has_local && i < launch->n_dimensions; i++) {
        group *= launch->local[i];
        if ((limits->group_sides[i] > 0 && launch->local[i] > limits->group_sides[i]) ||
            (limits->group > 0 && group > limits->group))
            return chx__fail_cl(CHX_ERROR_KERNEL, 0, device->info.name, task->name,
                                "kernel %s runs in work-groups of at most %zu on %s, and of at "
                                "most %zu in dimension %u; the task asks for more",
                                task->kernel, limits->group, device->info.name,
                                limits->group_sides[i], i);
    }
    return check_declared_group(task, device, limits->declared_group);
}

/* The limits were asked for before any local memory was given. */
static chx_status
check_local_memory(const chx__task *task, const chx__device *device,
                   const chx__kernel_limits *limits)
{
    uint64_t needed = limits->local_bytes;
    for (uint32_t i = 0; i < task->n_args; i++)
        needed += task->args[i].kind == CHX_ARG_LOCAL ? task->args[i].size_bytes : 0;
    if (needed <= limits->available_local_bytes || limits->available_local_bytes == 0)
        return CHX_OK;
    return chx__fail_cl(CHX_ERROR_KERNEL, 0, device->info.name, task->name,
                        "kernel %s needs %llu bytes of local memory, %s has %llu; use smaller "
                        "work-groups",
                        task->kernel, (unsigned long long)needed, device->info.name,
                        (unsigned long long)limits->available_local_bytes);
}

static chx_status
check_setting(chx__binding *binding, const chx__task *task, uint32_t index)
{
    const chx_arg *arg = &task->args[index];
    cl_int code = arg->kind == CHX_ARG_BUFFER ? chx__binding_set_buffer(binding, index, arg->buffer)
                                              : chx__binding_set_value(binding, index, arg);
    return code == CL_SUCCESS ? CHX_OK : fail_arg(binding, task, index, code);
}

chx_status
chx__binding_check(chx__binding *binding, const chx__task *task)
{
    chx_status status = check_args(binding, task);
    if (!status)
        status = check_group(task, binding->device, &binding->limits);
    if (!status)
        status = check_local_memory(task, binding->device, &binding->limits);
    for (uint32_t i = 0; !status && i < task->n_args; i++)
        status = check_setting(binding, task, i);
    return status;
}
