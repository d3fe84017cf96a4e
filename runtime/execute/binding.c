/* Bindings are where a task meets the kernel that it names. What a driver would refuse at the
 * launch, or worse accept and crash on, is told here, before anything runs: a refused launch costs
 * the run its results, and PoCL 3.1 takes a buffer for an image and dies of it. */
#include "execute/binding.h"

#include <string.h>

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
        code = clSetKernelArg(kernel, index, sizeof memory, &memory);
    } else {
        const void *value = arg->kind == CHX_ARG_VALUE ? &arg->value : NULL;
        code = clSetKernelArg(kernel, index, arg->size_bytes, value);
    }
    return code == CL_SUCCESS ? CHX_OK : fail_arg(task, device, index, code);
}

/* What a declared parameter takes. */
static chx_arg_kind
kind_taken(cl_kernel_arg_address_qualifier address, const char *type)
{
    if (strncmp(type, "image", 5) == 0 || strcmp(type, "sampler_t") == 0)
        return CHX_ARG_NONE;
    if (address == CL_KERNEL_ARG_ADDRESS_GLOBAL || address == CL_KERNEL_ARG_ADDRESS_CONSTANT)
        return CHX_ARG_BUFFER;
    return address == CL_KERNEL_ARG_ADDRESS_LOCAL ? CHX_ARG_LOCAL : CHX_ARG_VALUE;
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
    cl_kernel_arg_address_qualifier address = 0;
    char type[128] = "";
    if (clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof address, &address,
                           NULL) != CL_SUCCESS ||
        clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_TYPE_NAME, sizeof type - 1, type, NULL) !=
            CL_SUCCESS)
        return CHX_OK;
    chx_arg_kind taken = kind_taken(address, type);
    if (taken == task->args[index].kind)
        return CHX_OK;
    return chx__fail_cl(CHX_ERROR_KERNEL, 0, device->info.name, task->name,
                        "kernel %s takes for argument %u (%s) %s, the task gives %s", task->kernel,
                        index, type, kind_name(taken), kind_name(task->args[index].kind));
}

static chx_status
check_args(const chx__task *task, const chx__device *device, cl_kernel kernel)
{
    cl_uint n_args = 0;
    clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof n_args, &n_args, NULL);
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
check_declared_group(const chx__task *task, const chx__device *device, cl_kernel kernel)
{
    size_t declared[3] = {0};
    clGetKernelWorkGroupInfo(kernel, device->id, CL_KERNEL_COMPILE_WORK_GROUP_SIZE, sizeof declared,
                             declared, NULL);
    if (declared[0] == 0)
        return CHX_OK;
    for (uint32_t i = 0; i < 3; i++) {
        size_t asked = task->has_local && i < task->n_dimensions ? task->local[i] : 1;
        if (task->has_local ? asked == declared[i]
                            : i >= task->n_dimensions || task->global[i] % declared[i] == 0)
            continue;
        return chx__fail_cl(CHX_ERROR_KERNEL, 0, device->info.name, task->name,
                            "kernel %s is declared for work-groups of %zu x %zu x %zu; give the "
                            "task this size and a range that it divides",
                            task->kernel, declared[0], declared[1], declared[2]);
    }
    return CHX_OK;
}

static chx_status
check_group(const chx__task *task, const chx__device *device, cl_kernel kernel)
{
    size_t max_group = 0, max_items[3] = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    clGetKernelWorkGroupInfo(kernel, device->id, CL_KERNEL_WORK_GROUP_SIZE, sizeof max_group,
                             &max_group, NULL);
    clGetDeviceInfo(device->id, CL_DEVICE_MAX_WORK_ITEM_SIZES, sizeof max_items, max_items, NULL);
    size_t group = 1;
    for (uint32_t i = 0; task->has_local && i < task->n_dimensions; i++) {
        group *= task->local[i];
        if (task->local[i] > max_items[i] || group > max_group)
            return chx__fail_cl(CHX_ERROR_KERNEL, 0, device->info.name, task->name,
                                "kernel %s runs in work-groups of at most %zu on %s, and of at "
                                "most %zu in dimension %u; the task asks for more",
                                task->kernel, max_group, device->info.name, max_items[i], i);
    }
    return check_declared_group(task, device, kernel);
}

/* Asked after the arguments are set, as local arguments count; rusticl leaves them out. */
static chx_status
check_local_memory(const chx__task *task, const chx__device *device, cl_kernel kernel)
{
    cl_ulong needed = 0, available = 0;
    clGetKernelWorkGroupInfo(kernel, device->id, CL_KERNEL_LOCAL_MEM_SIZE, sizeof needed, &needed,
                             NULL);
    clGetDeviceInfo(device->id, CL_DEVICE_LOCAL_MEM_SIZE, sizeof available, &available, NULL);
    cl_ulong given = 0;
    for (uint32_t i = 0; i < task->n_args; i++)
        given += task->args[i].kind == CHX_ARG_LOCAL ? task->args[i].size_bytes : 0;
    if (needed < given)
        needed = given;
    if (needed <= available || available == 0)
        return CHX_OK;
    return chx__fail_cl(CHX_ERROR_KERNEL, 0, device->info.name, task->name,
                        "kernel %s needs %llu bytes of local memory, %s has %llu; use smaller "
                        "work-groups",
                        task->kernel, (unsigned long long)needed, device->info.name,
                        (unsigned long long)available);
}

chx_status
chx__binding_create(const chx__task *task, chx__device *device, cl_kernel *kernel)
{
    cl_kernel made;
    chx_status status = chx__program_kernel(task->program, device, task->kernel, &made);
    if (status)
        return status;
    status = check_args(task, device, made);
    if (!status)
        status = check_group(task, device, made);
    for (uint32_t i = 0; !status && i < task->n_args; i++)
        status = set_arg(task, i, device, made);
    if (!status)
        status = check_local_memory(task, device, made);
    if (status) {
        clReleaseKernel(made);
        return status;
    }
    *kernel = made;
    return CHX_OK;
}
