/* Bindings are where a task meets the kernel that it names. What a driver would refuse at the
 * launch, or worse accept and crash on, is told here, before anything runs: a refused launch costs
 * the run its results, and PoCL 3.1 takes a buffer for an image and dies of it. */
#include "execute/binding.h"

#include "base/error.h"
#include "device/program.h"
#include "memory/buffer.h"

static chx_status
fail_arg(const chx__task *task, const chx__device *device, uint32_t index, cl_int code)
{
    return chx__fail_cl(CHX_ERROR_KERNEL, code, device->info.name, task->name,
                        "kernel %s does not take argument %u as it is given (%s); compare the "
                        "task's arguments with the kernel's",
                        task->kernel, index, chx__cl_name(code));
}

static chx_status
set_arg(const chx__task *task, uint32_t index, chx__device *device, cl_kernel kernel)
{
    const chx_arg *arg = &task->args[index];
    cl_int code = CL_SUCCESS;
    if (arg->kind == CHX_ARG_BUFFER) {
        cl_mem memory;
        chx_status status = chx__buffer_replica(arg->buffer, device, &memory);
        if (status)
            return status;
        code = chx__device_backend(device)->set_memory(kernel, index, memory);
    } else {
        const void *value = arg->kind == CHX_ARG_VALUE ? &arg->value : NULL;
        code = chx__device_backend(device)->set_value(kernel, index, arg->size_bytes, value);
    }
    return code == CL_SUCCESS ? CHX_OK : fail_arg(task, device, index, code);
}

/* What a declared parameter takes. */
static chx_arg_kind
kind_taken(chx__parameter parameter)
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
    case CHX_ARG_NONE:
        break;
    }
    return "an image or a sampler, which no task can give";
}

/* A driver need not know how a kernel was declared; then only setting the argument tells. */
static chx_status
check_arg_kind(const chx__task *task, uint32_t index, const chx__device *device, cl_kernel kernel)
{
    chx__parameter parameter;
    char type[128];
    if (!chx__device_backend(device)->parameter(kernel, index, &parameter, type, sizeof type))
        return CHX_OK;
    chx_arg_kind taken = kind_taken(parameter);
    if (taken == task->args[index].kind)
        return CHX_OK;
    return chx__fail_cl(CHX_ERROR_KERNEL, 0, device->info.name, task->name,
                        "kernel %s takes for argument %u (%s) %s, the task gives %s", task->kernel,
                        index, type, kind_name(taken), kind_name(task->args[index].kind));
}

static chx_status
check_args(const chx__task *task, const chx__device *device, cl_kernel kernel)
{
    uint32_t n_args = chx__device_backend(device)->n_parameters(kernel);
    if (n_args != task->n_args)
        return chx__fail_cl(CHX_ERROR_KERNEL, 0, device->info.name, task->name,
                            "kernel %s takes %u arguments, the task gives %u", task->kernel, n_args,
                            task->n_args);
    chx_status status = CHX_OK;
    for (uint32_t i = 0; !status && i < n_args; i++)
        status = check_arg_kind(task, i, device, kernel);
    return status;
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

/* rusticl leaves local arguments out of what a kernel needs. */
static chx_status
check_local_memory(const chx__task *task, const chx__device *device,
                   const chx__kernel_limits *limits)
{
    uint64_t given = 0;
    for (uint32_t i = 0; i < task->n_args; i++)
        given += task->args[i].kind == CHX_ARG_LOCAL ? task->args[i].size_bytes : 0;
    uint64_t needed = limits->local_bytes > given ? limits->local_bytes : given;
    if (needed <= limits->available_local_bytes || limits->available_local_bytes == 0)
        return CHX_OK;
    return chx__fail_cl(CHX_ERROR_KERNEL, 0, device->info.name, task->name,
                        "kernel %s needs %llu bytes of local memory, %s has %llu; use smaller "
                        "work-groups",
                        task->kernel, (unsigned long long)needed, device->info.name,
                        (unsigned long long)limits->available_local_bytes);
}

/* Asked after the arguments are set, as local memory among them counts. */
static chx_status
check_limits(const chx__task *task, const chx__device *device, cl_kernel kernel)
{
    chx__kernel_limits limits;
    chx__device_backend(device)->kernel_limits(kernel, device->id, &limits);
    chx_status status = check_group(task, device, &limits);
    return status ? status : check_local_memory(task, device, &limits);
}

chx_status
chx__binding_create(const chx__task *task, chx__device *device, cl_kernel *kernel)
{
    cl_kernel made;
    chx_status status = chx__program_kernel(task->program, device, task->kernel, &made);
    if (status)
        return status;
    status = check_args(task, device, made);
    for (uint32_t i = 0; !status && i < task->n_args; i++)
        status = set_arg(task, i, device, made);
    if (!status)
        status = check_limits(task, device, made);
    if (status) {
        chx__device_backend(device)->release_kernel(made);
        return status;
    }
    *kernel = made;
    return CHX_OK;
}
