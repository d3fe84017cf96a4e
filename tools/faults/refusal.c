/* Refusals of calls. One table has every function that the library calls, with what C needs to
 * stand before it: those that return their code, and those that return a handle and have the code
 * as their last argument. */
#include "refusal.h"

#include <CL/cl.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MOST_REFUSALS 16

#define STATUS_CALLS(X)                                                                            \
    X(clGetPlatformIDs, (cl_uint n, cl_platform_id * ids, cl_uint * found), (n, ids, found))       \
    X(clGetPlatformInfo, (cl_platform_id of, cl_uint what, size_t n, void *value, size_t *size),   \
      (of, what, n, value, size))                                                                  \
    X(clGetDeviceIDs,                                                                              \
      (cl_platform_id of, cl_device_type type, cl_uint n, cl_device_id * ids, cl_uint * found),    \
      (of, type, n, ids, found))                                                                   \
    X(clGetDeviceInfo, (cl_device_id of, cl_uint what, size_t n, void *value, size_t *size),       \
      (of, what, n, value, size))                                                                  \
    X(clCreateSubDevices,                                                                          \
      (cl_device_id of, const cl_device_partition_property *how, cl_uint n, cl_device_id *ids,     \
       cl_uint *made),                                                                             \
      (of, how, n, ids, made))                                                                     \
    X(clReleaseDevice, (cl_device_id device), (device))                                            \
    X(clReleaseContext, (cl_context context), (context))                                           \
    X(clReleaseCommandQueue, (cl_command_queue queue), (queue))                                    \
    X(clGetMemObjectInfo, (cl_mem of, cl_uint what, size_t n, void *value, size_t *size),          \
      (of, what, n, value, size))                                                                  \
    X(clReleaseMemObject, (cl_mem memory), (memory))                                               \
    X(clBuildProgram,                                                                              \
      (cl_program program, cl_uint n, const cl_device_id *ids, const char *options,                \
       void(CL_CALLBACK * done)(cl_program, void *), void *data),                                  \
      (program, n, ids, options, done, data))                                                      \
    X(clGetProgramInfo, (cl_program of, cl_uint what, size_t n, void *value, size_t *size),        \
      (of, what, n, value, size))                                                                  \
    X(clGetProgramBuildInfo,                                                                       \
      (cl_program of, cl_device_id id, cl_uint what, size_t n, void *value, size_t *size),         \
      (of, id, what, n, value, size))                                                              \
    X(clRetainProgram, (cl_program program), (program))                                            \
    X(clReleaseProgram, (cl_program program), (program))                                           \
    X(clSetKernelArg, (cl_kernel kernel, cl_uint index, size_t size, const void *value),           \
      (kernel, index, size, value))                                                                \
    X(clGetKernelInfo, (cl_kernel of, cl_uint what, size_t n, void *value, size_t *size),          \
      (of, what, n, value, size))                                                                  \
    X(clGetKernelArgInfo,                                                                          \
      (cl_kernel of, cl_uint index, cl_uint what, size_t n, void *value, size_t *size),            \
      (of, index, what, n, value, size))                                                           \
    X(clGetKernelWorkGroupInfo,                                                                    \
      (cl_kernel of, cl_device_id id, cl_uint what, size_t n, void *value, size_t *size),          \
      (of, id, what, n, value, size))                                                              \
    X(clReleaseKernel, (cl_kernel kernel), (kernel))                                               \
    X(clEnqueueNDRangeKernel,                                                                      \
      (cl_command_queue queue, cl_kernel kernel, cl_uint n, const size_t *offset,                  \
       const size_t *global, const size_t *local, cl_uint n_waits, const cl_event *waits,          \
       cl_event *event),                                                                           \
      (queue, kernel, n, offset, global, local, n_waits, waits, event))                            \
    X(clEnqueueReadBuffer,                                                                         \
      (cl_command_queue queue, cl_mem from, cl_bool blocking, size_t offset, size_t size,          \
       void *data, cl_uint n_waits, const cl_event *waits, cl_event *event),                       \
      (queue, from, blocking, offset, size, data, n_waits, waits, event))                          \
    X(clEnqueueWriteBuffer,                                                                        \
      (cl_command_queue queue, cl_mem to, cl_bool blocking, size_t offset, size_t size,            \
       const void *data, cl_uint n_waits, const cl_event *waits, cl_event *event),                 \
      (queue, to, blocking, offset, size, data, n_waits, waits, event))                            \
    X(clEnqueueCopyBuffer,                                                                         \
      (cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset, size_t to_offset,       \
       size_t size, cl_uint n_waits, const cl_event *waits, cl_event *event),                      \
      (queue, from, to, from_offset, to_offset, size, n_waits, waits, event))                      \
    X(clEnqueueFillBuffer,                                                                         \
      (cl_command_queue queue, cl_mem to, const void *pattern, size_t pattern_size, size_t offset, \
       size_t size, cl_uint n_waits, const cl_event *waits, cl_event *event),                      \
      (queue, to, pattern, pattern_size, offset, size, n_waits, waits, event))                     \
    X(clEnqueueUnmapMemObject,                                                                     \
      (cl_command_queue queue, cl_mem memory, void *mapped, cl_uint n_waits,                       \
       const cl_event *waits, cl_event *event),                                                    \
      (queue, memory, mapped, n_waits, waits, event))                                              \
    X(clFlush, (cl_command_queue queue), (queue))                                                  \
    X(clFinish, (cl_command_queue queue), (queue))                                                 \
    X(clWaitForEvents, (cl_uint n, const cl_event *events), (n, events))                           \
    X(clGetEventInfo, (cl_event of, cl_uint what, size_t n, void *value, size_t *size),            \
      (of, what, n, value, size))                                                                  \
    X(clGetEventProfilingInfo, (cl_event of, cl_uint what, size_t n, void *value, size_t *size),   \
      (of, what, n, value, size))                                                                  \
    X(clSetEventCallback,                                                                          \
      (cl_event event, cl_int when, void(CL_CALLBACK * done)(cl_event, cl_int, void *),            \
       void *data),                                                                                \
      (event, when, done, data))                                                                   \
    X(clRetainEvent, (cl_event event), (event))                                                    \
    X(clReleaseEvent, (cl_event event), (event))

#define HANDLE_CALLS(X)                                                                            \
    X(clCreateContext, cl_context,                                                                 \
      (const cl_context_properties *how, cl_uint n, const cl_device_id *ids,                       \
       void(CL_CALLBACK * tell)(const char *, const void *, size_t, void *), void *data,           \
       cl_int *code),                                                                              \
      (how, n, ids, tell, data, code))                                                             \
    X(clCreateCommandQueue, cl_command_queue,                                                      \
      (cl_context context, cl_device_id id, cl_command_queue_properties how, cl_int * code),       \
      (context, id, how, code))                                                                    \
    X(clCreateBuffer, cl_mem,                                                                      \
      (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code),             \
      (context, flags, size, host, code))                                                          \
    X(clCreateProgramWithSource, cl_program,                                                       \
      (cl_context context, cl_uint n, const char **texts, const size_t *lengths, cl_int *code),    \
      (context, n, texts, lengths, code))                                                          \
    X(clCreateProgramWithBinary, cl_program,                                                       \
      (cl_context context, cl_uint n, const cl_device_id *ids, const size_t *lengths,              \
       const unsigned char **binaries, cl_int *each, cl_int *code),                                \
      (context, n, ids, lengths, binaries, each, code))                                            \
    X(clCreateKernel, cl_kernel, (cl_program program, const char *name, cl_int *code),             \
      (program, name, code))                                                                       \
    X(clEnqueueMapBuffer, void *,                                                                  \
      (cl_command_queue queue, cl_mem memory, cl_bool blocking, cl_map_flags flags, size_t offset, \
       size_t size, cl_uint n_waits, const cl_event *waits, cl_event *event, cl_int *code),        \
      (queue, memory, blocking, flags, offset, size, n_waits, waits, event, code))

#define STATUS_NUMBER(name, parameters, arguments) CALL_##name,
#define HANDLE_NUMBER(name, type, parameters, arguments) CALL_##name,
enum { STATUS_CALLS(STATUS_NUMBER) HANDLE_CALLS(HANDLE_NUMBER) N_CALLS };

#define STATUS_NAME(name, parameters, arguments) #name,
#define HANDLE_NAME(name, type, parameters, arguments) #name,
static const char *const names[N_CALLS] = {STATUS_CALLS(STATUS_NAME) HANDLE_CALLS(HANDLE_NAME)};

#define CODE(name)  \
    {               \
#name, name \
    }
static const struct {
    const char *name;
    cl_int code;
} codes[] = {
    CODE(CL_DEVICE_NOT_FOUND),
    CODE(CL_DEVICE_NOT_AVAILABLE),
    CODE(CL_COMPILER_NOT_AVAILABLE),
    CODE(CL_MEM_OBJECT_ALLOCATION_FAILURE),
    CODE(CL_OUT_OF_RESOURCES),
    CODE(CL_OUT_OF_HOST_MEMORY),
    CODE(CL_PROFILING_INFO_NOT_AVAILABLE),
    CODE(CL_MEM_COPY_OVERLAP),
    CODE(CL_BUILD_PROGRAM_FAILURE),
    CODE(CL_MAP_FAILURE),
    CODE(CL_MISALIGNED_SUB_BUFFER_OFFSET),
    CODE(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST),
    CODE(CL_DEVICE_PARTITION_FAILED),
    CODE(CL_KERNEL_ARG_INFO_NOT_AVAILABLE),
    CODE(CL_INVALID_VALUE),
    CODE(CL_INVALID_DEVICE_TYPE),
    CODE(CL_INVALID_PLATFORM),
    CODE(CL_INVALID_DEVICE),
    CODE(CL_INVALID_CONTEXT),
    CODE(CL_INVALID_QUEUE_PROPERTIES),
    CODE(CL_INVALID_COMMAND_QUEUE),
    CODE(CL_INVALID_HOST_PTR),
    CODE(CL_INVALID_MEM_OBJECT),
    CODE(CL_INVALID_BINARY),
    CODE(CL_INVALID_BUILD_OPTIONS),
    CODE(CL_INVALID_PROGRAM),
    CODE(CL_INVALID_PROGRAM_EXECUTABLE),
    CODE(CL_INVALID_KERNEL_NAME),
    CODE(CL_INVALID_KERNEL_DEFINITION),
    CODE(CL_INVALID_KERNEL),
    CODE(CL_INVALID_ARG_INDEX),
    CODE(CL_INVALID_ARG_VALUE),
    CODE(CL_INVALID_ARG_SIZE),
    CODE(CL_INVALID_KERNEL_ARGS),
    CODE(CL_INVALID_WORK_DIMENSION),
    CODE(CL_INVALID_WORK_GROUP_SIZE),
    CODE(CL_INVALID_WORK_ITEM_SIZE),
    CODE(CL_INVALID_GLOBAL_OFFSET),
    CODE(CL_INVALID_EVENT_WAIT_LIST),
    CODE(CL_INVALID_EVENT),
    CODE(CL_INVALID_OPERATION),
    CODE(CL_INVALID_BUFFER_SIZE),
    CODE(CL_INVALID_GLOBAL_WORK_SIZE),
    CODE(CL_INVALID_PROPERTY),
    CODE(CL_INVALID_DEVICE_PARTITION_COUNT),
};
enum { N_CODES = sizeof codes / sizeof *codes };

static struct _cl_icd_dispatch next;

/* Guards what follows; no OpenCL call is made under it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t n_calls[N_CALLS];
static struct {
    int call;
    cl_int code;
    uint64_t first, last; /* of the calls that are refused */
} refusals[MOST_REFUSALS];
static unsigned n_refusals, n_struck;
static rate by_rate;

void
refusal_reset(const rate *drawn)
{
    pthread_mutex_lock(&lock);
    memset(n_calls, 0, sizeof n_calls);
    n_refusals = n_struck = 0;
    by_rate = *drawn;
    pthread_mutex_unlock(&lock);
}

static bool
is_named(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(text, name, length) == 0;
}

static cl_int
parse_code(const char *text)
{
    for (int i = 0; i < N_CODES; i++)
        if (is_named(text, strcspn(text, ":"), codes[i].name))
            return codes[i].code;
    return (cl_int)strtol(text, NULL, 10);
}

void
refusal_add(const char *text)
{
    const char *code = strchr(text, ':'), *first = code ? strchr(code + 1, ':') : NULL;
    char *end;
    if (!first)
        return;
    pthread_mutex_lock(&lock);
    for (int call = 0; call < N_CALLS; call++)
        if (is_named(text, (size_t)(code - text), names[call]) && n_refusals < MOST_REFUSALS) {
            refusals[n_refusals].call = call;
            refusals[n_refusals].code = parse_code(code + 1);
            refusals[n_refusals].first = strtoull(first + 1, &end, 10);
            refusals[n_refusals].last = *end == '+' ? UINT64_MAX : refusals[n_refusals].first;
            n_refusals++;
        }
    pthread_mutex_unlock(&lock);
}

unsigned
refusal_n_struck(void)
{
    pthread_mutex_lock(&lock);
    unsigned n = n_struck;
    pthread_mutex_unlock(&lock);
    return n;
}

void
refusal_report(FILE *file)
{
    pthread_mutex_lock(&lock);
    for (int call = 0; call < N_CALLS; call++)
        if (n_calls[call] > 0)
            fprintf(file, "%s %llu\n", names[call], (unsigned long long)n_calls[call]);
    pthread_mutex_unlock(&lock);
}

/* Counts a call; the code with which it is refused, or none. */
static cl_int
refuse(int call)
{
    cl_int code = CL_SUCCESS;
    pthread_mutex_lock(&lock);
    const uint64_t count = ++n_calls[call];
    for (unsigned i = 0; i < n_refusals; i++)
        if (refusals[i].call == call && refusals[i].first <= count && count <= refusals[i].last)
            code = refusals[i].code;
    if ((rate_names(&by_rate, "refuse") || rate_names(&by_rate, names[call])) &&
        rate_hits(&by_rate, names[call], count))
        code = codes[rate_draw(&by_rate, names[call], ~count) % N_CODES].code;
    n_struck += code != CL_SUCCESS;
    pthread_mutex_unlock(&lock);
    return code;
}

#define STATUS_CALL(name, parameters, arguments)        \
    static cl_int CL_API_CALL refuse_##name parameters  \
    {                                                   \
        const cl_int refused = refuse(CALL_##name);     \
        return refused ? refused : next.name arguments; \
    }
STATUS_CALLS(STATUS_CALL)

#define HANDLE_CALL(name, type, parameters, arguments) \
    static type CL_API_CALL refuse_##name parameters   \
    {                                                  \
        const cl_int refused = refuse(CALL_##name);    \
        if (refused && code)                           \
            *code = refused;                           \
        return refused ? NULL : next.name arguments;   \
    }
HANDLE_CALLS(HANDLE_CALL)

#define STATUS_INSTALL(name, parameters, arguments) table->name = refuse_##name;
#define HANDLE_INSTALL(name, type, parameters, arguments) table->name = refuse_##name;

void
refusal_install(struct _cl_icd_dispatch *table)
{
    next = *table;
    STATUS_CALLS(STATUS_INSTALL)
    HANDLE_CALLS(HANDLE_INSTALL)
}
