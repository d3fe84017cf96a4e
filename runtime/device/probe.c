/* What a self-test needs of a device before it is trusted: a context and queue of its own, and a
 * way to abandon all of it. Everything that a command in flight may touch lives in the test's
 * object. After a timeout the probe is abandoned: nothing is released and the object is never
 * freed. The first refusal is kept as the reason, in words for the user. */
#include "device/probe.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"

#define COMMAND_DEADLINE_NS UINT64_C(20000000000)

bool
chx__probe_refuse(chx__probe *probe, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(probe->why, sizeof probe->why, format, args);
    va_end(args);
    return false;
}

bool
chx__probe_refuse_code(chx__probe *probe, const char *doing, cl_int code)
{
    return chx__probe_refuse(probe, "self-test: %s failed with %s", doing, chx__cl_name(code));
}

bool
chx__probe_await(chx__probe *probe, cl_event event, const char *doing)
{
    clFlush(probe->queue);
    chx_status status = chx__backend_await(&chx__opencl, event, chx__now_ns() + COMMAND_DEADLINE_NS,
                                           probe->device->info.name, doing);
    if (status == CHX_ERROR_TIMEOUT) {
        probe->is_abandoned = true;
        return chx__probe_refuse(probe, "self-test: %s did not end within 20 s", doing);
    }
    clReleaseEvent(event);
    return !status || chx__probe_refuse_code(probe, doing, chx_last_error()->cl_code);
}

bool
chx__probe_open(chx__probe *probe)
{
    cl_int code;
    cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                          (cl_context_properties)probe->device->platform->id, 0};
    probe->context = clCreateContext(properties, 1, &probe->device->id, NULL, NULL, &code);
    if (code) {
        probe->context = NULL;
        return chx__probe_refuse_code(probe, "making a context", code);
    }
    probe->queue =
        clCreateCommandQueue(probe->context, probe->device->id, CL_QUEUE_PROFILING_ENABLE, &code);
    if (code) {
        probe->queue = NULL;
        return chx__probe_refuse_code(probe, "making a queue", code);
    }
    return true;
}

bool
chx__probe_build(chx__probe *probe, const char *text, const char *options)
{
    cl_int code;
    probe->program = clCreateProgramWithSource(probe->context, 1, &text, NULL, &code);
    if (!code)
        code = clBuildProgram(probe->program, 1, &probe->device->id, options, NULL, NULL);
    if (!code)
        return true;
    if (probe->program)
        clReleaseProgram(probe->program);
    probe->program = NULL;
    return chx__probe_refuse_code(probe, "building its kernels", code);
}

cl_mem
chx__probe_buffer(chx__probe *probe, size_t size_bytes, void *data)
{
    cl_int code;
    cl_mem made =
        clCreateBuffer(probe->context, CL_MEM_READ_WRITE | (data ? CL_MEM_COPY_HOST_PTR : 0),
                       size_bytes, data, &code);
    if (!code)
        return made;
    chx__probe_refuse_code(probe, "making a buffer", code);
    return NULL;
}

void
chx__probe_drop_buffer(const chx__probe *probe, cl_mem buffer)
{
    if (buffer && !probe->is_abandoned)
        clReleaseMemObject(buffer);
}

cl_kernel
chx__probe_kernel(chx__probe *probe, const char *name, const chx__argument *arguments,
                  cl_uint n_arguments)
{
    cl_int code;
    cl_kernel kernel = clCreateKernel(probe->program, name, &code);
    if (code) {
        chx__probe_refuse_code(probe, "making a kernel", code);
        return NULL;
    }
    for (cl_uint i = 0; i < n_arguments && !code; i++)
        code = clSetKernelArg(kernel, i, arguments[i].size, arguments[i].value);
    if (!code)
        return kernel;
    clReleaseKernel(kernel);
    chx__probe_refuse_code(probe, "setting a kernel's arguments", code);
    return NULL;
}

void
chx__probe_drop_kernel(const chx__probe *probe, cl_kernel kernel)
{
    if (kernel && !probe->is_abandoned)
        clReleaseKernel(kernel);
}

bool
chx__probe_launch(chx__probe *probe, cl_kernel kernel, size_t n_items, size_t n_local,
                  cl_event *event)
{
    cl_int code =
        clEnqueueNDRangeKernel(probe->queue, kernel, 1, NULL, &n_items, &n_local, 0, NULL, event);
    return !code || chx__probe_refuse_code(probe, "launching a kernel", code);
}

bool
chx__probe_read(chx__probe *probe, cl_mem buffer, void *data, size_t size_bytes)
{
    cl_event event;
    cl_int code =
        clEnqueueReadBuffer(probe->queue, buffer, CL_FALSE, 0, size_bytes, data, 0, NULL, &event);
    if (code)
        return chx__probe_refuse_code(probe, "reading a buffer", code);
    return chx__probe_await(probe, event, "reading a buffer");
}

size_t
chx__probe_local_size(const chx__probe *probe)
{
    size_t size = 32;
    while (size > probe->device->info.max_work_group)
        size /= 2;
    return size;
}

bool
chx__probe_close(chx__probe *probe)
{
    if (probe->is_abandoned)
        return false;
    if (probe->program)
        clReleaseProgram(probe->program);
    if (probe->queue)
        clReleaseCommandQueue(probe->queue);
    if (probe->context)
        clReleaseContext(probe->context);
    return true;
}
