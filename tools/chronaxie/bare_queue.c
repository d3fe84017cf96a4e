/* The only file of the command that calls OpenCL: what the library is measured against must not
 * be the library. It does what a careful program would do by hand, arguments, launch and event
 * per task, and no more. Whatever OpenCL refuses ends the comparison, never the benchmark. */
#include "bare_queue.h"

#include <stdlib.h>
#include <string.h>

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

enum { MAX_LAUNCHES = 4096, MAX_PLATFORMS = 16, MAX_DEVICES = 64 };

struct bare_queue {
    cl_context context;
    cl_command_queue queue;
    cl_program program;
    cl_kernel kernel;
    cl_mem words;
    cl_event events[MAX_LAUNCHES];
};

static cl_device_id
find_device(const char *platform, uint32_t nth)
{
    cl_platform_id ids[MAX_PLATFORMS];
    cl_device_id devices[MAX_DEVICES];
    cl_uint n = 0, n_devices = 0;
    clGetPlatformIDs(MAX_PLATFORMS, ids, &n);
    for (cl_uint i = 0; i < n && i < MAX_PLATFORMS; i++) {
        char name[512] = "";
        clGetPlatformInfo(ids[i], CL_PLATFORM_NAME, sizeof name - 1, name, NULL);
        if (strcmp(name, platform) == 0 && clGetDeviceIDs(ids[i], CL_DEVICE_TYPE_ALL, MAX_DEVICES,
                                                          devices, &n_devices) == CL_SUCCESS)
            return nth < n_devices && nth < MAX_DEVICES ? devices[nth] : NULL;
    }
    return NULL;
}

static bool
open_device(bare_queue *made, cl_device_id device, const char *source)
{
    cl_int code = CL_SUCCESS;
    made->context = clCreateContext(NULL, 1, &device, NULL, NULL, &code);
    if (!code)
        made->queue = clCreateCommandQueue(made->context, device, CL_QUEUE_PROFILING_ENABLE, &code);
    if (!code)
        made->program = clCreateProgramWithSource(made->context, 1, &source, NULL, &code);
    if (!code)
        code = clBuildProgram(made->program, 1, &device, "-cl-std=CL1.2", NULL, NULL);
    if (!code)
        made->kernel = clCreateKernel(made->program, "bump", &code);
    if (!code)
        made->words =
            clCreateBuffer(made->context, CL_MEM_READ_WRITE, 4 * MAX_LAUNCHES, NULL, &code);
    return code == CL_SUCCESS;
}

bare_queue *
bare_queue_create(const char *platform, uint32_t nth, const char *source)
{
    cl_device_id id = find_device(platform, nth);
    bare_queue *made = id ? calloc(1, sizeof *made) : NULL;
    if (made && open_device(made, id, source))
        return made;
    bare_queue_destroy(made);
    return NULL;
}

void
bare_queue_destroy(bare_queue *queue)
{
    if (!queue)
        return;
    if (queue->words)
        clReleaseMemObject(queue->words);
    if (queue->kernel)
        clReleaseKernel(queue->kernel);
    if (queue->program)
        clReleaseProgram(queue->program);
    if (queue->queue)
        clReleaseCommandQueue(queue->queue);
    if (queue->context)
        clReleaseContext(queue->context);
    free(queue);
}

static bool
launch(bare_queue *queue, cl_uint word, const cl_event *after, cl_event *event)
{
    size_t one = 1;
    return clSetKernelArg(queue->kernel, 0, sizeof queue->words, &queue->words) == CL_SUCCESS &&
           clSetKernelArg(queue->kernel, 1, sizeof word, &word) == CL_SUCCESS &&
           clEnqueueNDRangeKernel(queue->queue, queue->kernel, 1, NULL, &one, NULL, after ? 1 : 0,
                                  after, event) == CL_SUCCESS;
}

bool
bare_queue_run(bare_queue *queue, uint32_t n, uint32_t n_words, bool chained)
{
    uint32_t n_launched = 0;
    while (n_launched < n && n_launched < MAX_LAUNCHES) {
        const cl_event *after = chained && n_launched ? &queue->events[n_launched - 1] : NULL;
        if (!launch(queue, n_launched % n_words, after, &queue->events[n_launched]))
            break;
        n_launched++;
    }
    bool ok = n_launched == n && clWaitForEvents(1, &queue->events[n_launched - 1]) == CL_SUCCESS;
    for (uint32_t i = 0; i < n_launched; i++)
        clReleaseEvent(queue->events[i]);
    return ok;
}
