/* The back-end of the drivers of this machine: each entry is one OpenCL call, or the few that make
 * up what the engine asks. */
#include "device/backend.h"
#include "device/device.h"
#include "device/opencl_build.h"

#include <string.h>

static cl_int
create_context(const chx__platform *platform, const cl_device_id *devices, uint32_t n_devices,
               cl_context *context)
{
    cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)platform->id,
                                          0};
    cl_int code = CL_SUCCESS;
    cl_context made = clCreateContext(properties, n_devices, devices, NULL, NULL, &code);
    if (!code)
        *context = made;
    return code;
}

static void
release_context(cl_context context)
{
    clReleaseContext(context);
}

static cl_int
create_queue(cl_context context, cl_device_id device, cl_command_queue *queue)
{
    cl_int code = CL_SUCCESS;
    cl_command_queue made = clCreateCommandQueue(context, device, CL_QUEUE_PROFILING_ENABLE, &code);
    if (!code)
        *queue = made;
    return code;
}

static void
release_queue(cl_command_queue queue)
{
    clReleaseCommandQueue(queue);
}

static cl_int
create_memory(cl_context context, size_t size_bytes, void *shared, cl_mem *memory)
{
    cl_int code = CL_SUCCESS;
    cl_mem_flags flags = CL_MEM_READ_WRITE | (shared ? CL_MEM_USE_HOST_PTR : 0);
    cl_mem made = clCreateBuffer(context, flags, size_bytes, shared, &code);
    if (!code)
        *memory = made;
    return code;
}

static void
release_memory(cl_mem memory)
{
    clReleaseMemObject(memory);
}

static cl_int
retain_program(cl_program program)
{
    return clRetainProgram(program);
}

static void
release_program(cl_program program)
{
    clReleaseProgram(program);
}

static void
list_kernels(cl_program program, char *names, size_t capacity)
{
    if (clGetProgramInfo(program, CL_PROGRAM_KERNEL_NAMES, capacity, names, NULL))
        names[0] = '\0';
}

static cl_int
create_kernel(cl_program program, const char *name, cl_kernel *kernel)
{
    cl_int code = CL_SUCCESS;
    cl_kernel made = clCreateKernel(program, name, &code);
    if (!code)
        *kernel = made;
    return code;
}

static void
release_kernel(cl_kernel kernel)
{
    clReleaseKernel(kernel);
}

static cl_int
n_parameters(cl_kernel kernel, uint32_t *n)
{
    return clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof *n, n, NULL);
}

static bool
parameter(cl_kernel kernel, uint32_t index, chx__parameter_kind *declared, char *type,
          size_t capacity)
{
    cl_kernel_arg_address_qualifier address = 0;
    memset(type, 0, capacity);
    if (clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof address, &address,
                           NULL) != CL_SUCCESS ||
        clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_TYPE_NAME, capacity - 1, type, NULL) !=
            CL_SUCCESS)
        return false;
    if (strncmp(type, "image", 5) == 0 || strcmp(type, "sampler_t") == 0)
        *declared = CHX__PARAMETER_OPAQUE;
    else if (address == CL_KERNEL_ARG_ADDRESS_GLOBAL || address == CL_KERNEL_ARG_ADDRESS_CONSTANT)
        *declared = CHX__PARAMETER_GLOBAL;
    else
        *declared =
            address == CL_KERNEL_ARG_ADDRESS_LOCAL ? CHX__PARAMETER_LOCAL : CHX__PARAMETER_VALUE;
    return true;
}

static void
kernel_limits(cl_kernel kernel, cl_device_id device, chx__kernel_limits *limits)
{
    cl_ulong needed = 0, available = 0;
    *limits = (chx__kernel_limits){0};
    clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_WORK_GROUP_SIZE, sizeof limits->group,
                             &limits->group, NULL);
    clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_COMPILE_WORK_GROUP_SIZE,
                             sizeof limits->declared_group, limits->declared_group, NULL);
    clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_LOCAL_MEM_SIZE, sizeof needed, &needed,
                             NULL);
    clGetDeviceInfo(device, CL_DEVICE_MAX_WORK_ITEM_SIZES, sizeof limits->group_sides,
                    limits->group_sides, NULL);
    clGetDeviceInfo(device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof available, &available, NULL);
    limits->local_bytes = needed;
    limits->available_local_bytes = available;
}

static cl_int
set_memory(cl_kernel kernel, uint32_t index, cl_mem memory)
{
    return clSetKernelArg(kernel, index, sizeof memory, &memory);
}

static cl_int
set_value(cl_kernel kernel, uint32_t index, size_t size_bytes, const void *value)
{
    return clSetKernelArg(kernel, index, size_bytes, value);
}

static cl_int
launch(cl_command_queue queue, cl_kernel kernel, const chx__launch *launched,
       const chx__wait_list *waits, cl_event *event)
{
    return clEnqueueNDRangeKernel(queue, kernel, launched->n_dimensions, launched->offset,
                                  launched->global, launched->has_local ? launched->local : NULL,
                                  waits->n, waits->events, event);
}

static cl_int
write(cl_command_queue queue, cl_mem to, size_t offset_bytes, size_t size_bytes, const void *host,
      const chx__wait_list *waits, cl_event *event)
{
    return clEnqueueWriteBuffer(queue, to, CL_FALSE, offset_bytes, size_bytes, host, waits->n,
                                waits->events, event);
}

static cl_int
read(cl_command_queue queue, cl_mem from, size_t offset_bytes, size_t size_bytes, void *host,
     const chx__wait_list *waits, cl_event *event)
{
    return clEnqueueReadBuffer(queue, from, CL_FALSE, offset_bytes, size_bytes, host, waits->n,
                               waits->events, event);
}

static cl_int
copy(cl_command_queue queue, cl_mem from, cl_mem to, size_t offset_bytes, size_t size_bytes,
     const chx__wait_list *waits, cl_event *event)
{
    return clEnqueueCopyBuffer(queue, from, to, offset_bytes, offset_bytes, size_bytes, waits->n,
                               waits->events, event);
}

/* Copying memory onto itself, which is allowed while nobody else uses it: for drivers that take
 * no memory back that was mapped without waiting for it (rusticl 22.3). */
static cl_int
copy_onto_itself(cl_command_queue queue, cl_mem memory, size_t offset_bytes, size_t size_bytes,
                 bool to_host, const chx__wait_list *waits, cl_event *event)
{
    unsigned char *shared = NULL;
    cl_int code = clGetMemObjectInfo(memory, CL_MEM_HOST_PTR, sizeof shared, &shared, NULL);
    if (code)
        return code;
    shared += offset_bytes;
    return to_host ? clEnqueueReadBuffer(queue, memory, CL_FALSE, offset_bytes, size_bytes, shared,
                                         waits->n, waits->events, event)
                   : clEnqueueWriteBuffer(queue, memory, CL_FALSE, offset_bytes, size_bytes, shared,
                                          waits->n, waits->events, event);
}

/* Mapping and unmapping, which moves nothing where the memory really is one. Where a driver keeps a
 * copy of its own after all, the one brings it to the host's memory and the other takes it
 * from there. */
static cl_int
hand_over(cl_command_queue queue, cl_mem memory, size_t offset_bytes, size_t size_bytes,
          bool to_host, const chx__wait_list *waits, cl_event *event)
{
    cl_map_flags flags = to_host ? CL_MAP_READ : CL_MAP_WRITE_INVALIDATE_REGION;
    cl_event mapped;
    cl_int code = CL_SUCCESS;
    void *host = clEnqueueMapBuffer(queue, memory, CL_FALSE, flags, offset_bytes, size_bytes,
                                    waits->n, waits->events, &mapped, &code);
    if (code)
        return code;
    code = clEnqueueUnmapMemObject(queue, memory, host, 1, &mapped, event);
    clReleaseEvent(mapped);
    return code ? copy_onto_itself(queue, memory, offset_bytes, size_bytes, to_host, waits, event)
                : CL_SUCCESS;
}

static void
flush(cl_command_queue queue)
{
    clFlush(queue);
}

static cl_int
event_status(cl_event event, cl_int *status)
{
    return clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof *status, status, NULL);
}

static bool
event_span(cl_event event, uint64_t *start_ns, uint64_t *finish_ns)
{
    cl_ulong start = 0, finish = 0;
    if (clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof start, &start, NULL) ||
        clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof finish, &finish, NULL))
        return false;
    *start_ns = start;
    *finish_ns = finish;
    return true;
}

static bool
watch(cl_event event, void(CL_CALLBACK *done)(cl_event, cl_int, void *), void *data)
{
    return clSetEventCallback(event, CL_COMPLETE, done, data) == CL_SUCCESS;
}

static void
release_event(cl_event event)
{
    clReleaseEvent(event);
}

const chx__backend chx__opencl = {
    .name = "opencl",
    .create_context = create_context,
    .release_context = release_context,
    .create_queue = create_queue,
    .release_queue = release_queue,
    .create_memory = create_memory,
    .release_memory = release_memory,
    .build = chx__opencl_build,
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
