/* An OpenCL layer that makes a driver fail on demand.
 *
 * The loader puts it between the library and every driver when OPENCL_LAYERS names its file. What
 * it does is a comma list in CHX_FAULT, or in a call of chx_fault_arm(), which also counts from one
 * again:
 *
 *   enqueue:N  the Nth kernel launch is refused
 *   event:N    the Nth launch is skipped and its event fails a little later; later commands of the
 *              queue that do not wait for it run on old data, as they do on the drivers we know
 *   hang:N     the Nth launch is skipped, and neither its event nor what the queue gets after it
 *              ever ends (until the next chx_fault_arm)
 *   stall:N    from the Nth launch on, nothing ends that its device gets (until the next
 *              chx_fault_arm)
 *   slow:N     from the Nth launch on, launches on its device take four times their time (until the
 *              next chx_fault_arm), as if others used it too
 *   copy:N     the Nth read, write or copy of a buffer is skipped and its event fails later
 *   build:N    the Nth build of a program fails
 *   lose:N     from the Nth launch on its device refuses everything; lose:N:M comes back when M
 *              calls have been refused
 *   skip:N     the Nth launch does nothing and is said to be well
 *   mute:N     from the Nth launch on, no launch on its device does anything, and all are well
 *   flip:N     the Nth launch, or the next whose second argument is memory that it may write,
 *              leaves one bit of that wrong
 *   abort:N    the Nth build of a program ends the process, as an assertion of a driver does
 *   crash:N    the Nth launch ends the process by a bad address
 *   block_launch:N, block_flush:N, block_query:N, block_build:N, block_release:N
 *              the Nth launch, flush, question for an event's status, build or release of a buffer,
 *              and all that follow it, do not come back until the next chx_fault_arm
 *   refuse:FUNCTION:CODE:N
 *              the Nth call of an OpenCL function that the library calls (refusal.c) does nothing
 *              and gives the code, such as CL_OUT_OF_RESOURCES or -5; N+ for all from there on
 *   rate:SEED:PER_MILLE:KINDS
 *              of what each of the kinds could strike, so many in a thousand are struck; kinds are
 *              names of the above with '+' between them, refuse for all functions with codes that
 *              the seed draws, or names of functions
 *
 * When the process ends, what was counted is written to the file CHX_FAULT_REPORT, if any, in one
 * line: launches, copies, builds, and faults that struck; after it one for each function, with how
 * often it was called.
 */
#include <CL/cl.h>
#include <CL/cl_icd.h>
#include <CL/cl_layer.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "layer_fault.h"
#include "rate.h"
#include "refusal.h"

#define EXPORT __attribute__((visibility("default")))
#define MAX_HELD 1024
#define MAX_KERNELS 64
#define FLIPPED_ARGUMENT 1 /* where kernels of neurons have their state */
#define MAX_SLOWED 1024
#define SLOWER 4 /* times */
#define FLIPPED_BIT 20 /* of a float, a large one of its fraction */

typedef enum fault_kind {
    FAULT_ENQUEUE,
    FAULT_EVENT,
    FAULT_HANG,
    FAULT_STALL,
    FAULT_SLOW,
    FAULT_COPY,
    FAULT_BUILD,
    FAULT_LOSE,
    FAULT_SKIP,
    FAULT_MUTE,
    FAULT_FLIP,
    FAULT_ABORT,
    FAULT_CRASH,
    FAULT_BLOCK_LAUNCH,
    FAULT_BLOCK_FLUSH,
    FAULT_BLOCK_QUERY,
    FAULT_BLOCK_BUILD,
    FAULT_BLOCK_RELEASE,
    N_FAULTS,
} fault_kind;

static const char *const fault_names[N_FAULTS] = {
    "enqueue", "event",        "hang",        "stall",       "slow",        "copy",
    "build",   "lose",         "skip",        "mute",        "flip",        "abort",
    "crash",   "block_launch", "block_flush", "block_query", "block_build", "block_release"};

static const struct _cl_icd_dispatch *below;
static struct _cl_icd_dispatch above;

/* Guards everything down to n_slowed; no OpenCL call is made under it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t armed[N_FAULTS]; /* 0: off */
static rate by_rate;
static uint64_t lost_for; /* calls that a lost device refuses before it comes back */
static uint64_t n_lost_calls; /* of these, those to come */
static uint64_t n_launches, n_copies, n_builds;
static uint64_t n_passes[N_FAULTS]; /* calls that can block */
static pthread_cond_t rearmed = PTHREAD_COND_INITIALIZER;
static unsigned n_injected;
static cl_event held[MAX_HELD]; /* events that hang */
static unsigned n_held;
static cl_device_id lost_device, stalled_device, mute_device, slow_device;
static struct {
    cl_kernel kernel;
    cl_mem memory;
} results[MAX_KERNELS]; /* what each kernel was given to write, the latest in place of the oldest */
static unsigned n_kernels;
static struct {
    cl_event shown; /* to the caller, who has it end later */
    cl_event begun; /* the launch's own; a reference */
} slowed[MAX_SLOWED]; /* the latest in place of the oldest; empty where both are NULL */
static unsigned n_slowed;

/* What stands after a word and a colon; NULL where the text begins otherwise. */
static const char *
after(const char *text, const char *word)
{
    const size_t length = strlen(word);
    return strncmp(text, word, length) == 0 && text[length] == ':' ? text + length + 1 : NULL;
}

static void
parse_fault(const char *spec)
{
    const char *rest;
    char *end;
    for (int kind = 0; kind < N_FAULTS; kind++) {
        if (!(rest = after(spec, fault_names[kind])))
            continue;
        armed[kind] = strtoull(rest, &end, 10);
        if (kind == FAULT_LOSE && *end == ':')
            lost_for = strtoull(end + 1, NULL, 10);
    }
    if ((rest = after(spec, "refuse")))
        refusal_add(rest);
}

static void
parse(const char *spec)
{
    memset(armed, 0, sizeof armed);
    lost_for = UINT64_MAX;
    by_rate = (rate){0};
    for (const char *at = spec; at; at = strchr(at, ',')) {
        at += *at == ',';
        const char *rest = after(at, "rate");
        if (rest)
            by_rate = rate_parse(rest);
    }
    refusal_reset(&by_rate);
    for (const char *at = spec; at; at = strchr(at, ',')) {
        at += *at == ',';
        parse_fault(at);
    }
}

EXPORT void
chx_fault_arm(const char *spec)
{
    cl_event ending[MAX_HELD];
    pthread_mutex_lock(&lock);
    unsigned n_ending = n_held;
    memcpy(ending, held, sizeof ending);
    n_held = 0;
    n_launches = n_copies = n_builds = 0;
    n_injected = 0;
    lost_device = stalled_device = mute_device = slow_device = NULL;
    memset(n_passes, 0, sizeof n_passes);
    parse(spec);
    pthread_cond_broadcast(&rearmed);
    pthread_mutex_unlock(&lock);
    for (unsigned i = 0; i < n_ending; i++) {
        below->clSetUserEventStatus(ending[i], CL_COMPLETE);
        below->clReleaseEvent(ending[i]);
    }
}

EXPORT unsigned
chx_fault_injected(void)
{
    pthread_mutex_lock(&lock);
    unsigned n = n_injected;
    pthread_mutex_unlock(&lock);
    return n + refusal_n_struck();
}

static cl_device_id
device_of(cl_command_queue queue)
{
    cl_device_id device = NULL;
    below->clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof device, &device, NULL);
    return device;
}

static bool
is_drawn(fault_kind kind, uint64_t count)
{
    return rate_names(&by_rate, fault_names[kind]) && rate_hits(&by_rate, fault_names[kind], count);
}

static bool
is_due(fault_kind kind, uint64_t count)
{
    bool due = (armed[kind] != 0 && armed[kind] == count) || is_drawn(kind, count);
    n_injected += due;
    return due;
}

/* Comes back when calls of the kind do not block, any more. */
static void
pass(fault_kind kind)
{
    pthread_mutex_lock(&lock);
    n_passes[kind]++;
    if (is_due(kind, n_passes[kind]) && armed[kind] == 0)
        armed[kind] = n_passes[kind];
    while (armed[kind] != 0 && n_passes[kind] >= armed[kind])
        pthread_cond_wait(&rearmed, &lock);
    pthread_mutex_unlock(&lock);
}

static bool
is_stalled(cl_command_queue queue)
{
    cl_device_id device = device_of(queue);
    pthread_mutex_lock(&lock);
    bool stalled = stalled_device && stalled_device == device;
    pthread_mutex_unlock(&lock);
    return stalled;
}

/* Whether the device is lost and refuses a call, which counts towards its coming back. Under the
 * lock. */
static bool
refuses_as_lost(cl_device_id device)
{
    if (!lost_device || lost_device != device)
        return false;
    if (n_lost_calls == 0)
        lost_device = NULL;
    else if (n_lost_calls != UINT64_MAX)
        n_lost_calls--;
    return lost_device != NULL;
}

static bool
is_refused_as_lost(cl_command_queue queue)
{
    cl_device_id device = device_of(queue);
    pthread_mutex_lock(&lock);
    bool refuses = refuses_as_lost(device);
    pthread_mutex_unlock(&lock);
    return refuses;
}

static void *
fail_later(void *data)
{
    cl_event event = data;
    struct timespec nap = {.tv_nsec = 2000000};
    nanosleep(&nap, NULL);
    below->clSetUserEventStatus(event, CL_OUT_OF_RESOURCES);
    below->clReleaseEvent(event);
    return NULL;
}

static void
begin_failing(cl_event event)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, fail_later, event) == 0)
        pthread_detach(thread);
    else
        fail_later(event);
}

static void
hold(cl_event event)
{
    pthread_mutex_lock(&lock);
    if (n_held < MAX_HELD)
        held[n_held++] = event;
    pthread_mutex_unlock(&lock);
}

/* An event in place of a command's. What follows in the queue takes the command for one that had
 * its turn, so a marker waits for what it was to wait for. One that hangs blocks the queue behind
 * it; one that fails must not, for PoCL aborts when a barrier's event fails
 * (pocl_update_event_failed). */
static cl_int
replace_command(cl_command_queue queue, cl_uint n_waits, const cl_event *waits, cl_event *event,
                bool hangs)
{
    cl_context context = NULL;
    cl_int code = CL_SUCCESS;
    below->clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof context, &context, NULL);
    cl_event made = below->clCreateUserEvent(context, &code);
    if (code)
        return code;
    if (n_waits > 0)
        below->clEnqueueMarkerWithWaitList(queue, n_waits, waits, NULL);
    if (hangs)
        below->clEnqueueBarrierWithWaitList(queue, 1, &made, NULL);
    if (event) {
        below->clRetainEvent(made);
        *event = made;
    }
    if (hangs)
        hold(made);
    else
        begin_failing(made);
    return CL_SUCCESS;
}

/* A launch, and what ends later in its place. */
typedef struct straggler {
    cl_event begun;
    cl_event ending;
} straggler;

static void *
end_later(void *data)
{
    straggler late = *(straggler *)data;
    cl_ulong start_ns = 0, finish_ns = 0;
    free(data);
    below->clWaitForEvents(1, &late.begun);
    below->clGetEventProfilingInfo(late.begun, CL_PROFILING_COMMAND_START, sizeof start_ns,
                                   &start_ns, NULL);
    below->clGetEventProfilingInfo(late.begun, CL_PROFILING_COMMAND_END, sizeof finish_ns,
                                   &finish_ns, NULL);
    const cl_ulong more_ns = finish_ns > start_ns ? (finish_ns - start_ns) * (SLOWER - 1) : 0;
    const struct timespec nap = {.tv_sec = (time_t)(more_ns / 1000000000),
                                 .tv_nsec = (long)(more_ns % 1000000000)};
    nanosleep(&nap, NULL);
    below->clSetUserEventStatus(late.ending, CL_COMPLETE);
    below->clReleaseEvent(late.ending);
    below->clReleaseEvent(late.begun);
    return NULL;
}

/* Takes the reference to begun. */
static void
note_slowed(cl_event shown, cl_event begun)
{
    pthread_mutex_lock(&lock);
    unsigned at = n_slowed++ % MAX_SLOWED;
    cl_event dropped = slowed[at].begun;
    slowed[at].shown = shown;
    slowed[at].begun = begun;
    pthread_mutex_unlock(&lock);
    if (dropped)
        below->clReleaseEvent(dropped);
}

/* The launch behind an event; NULL where it is none that was slowed. */
static cl_event
find_slowed(cl_event shown, bool is_over)
{
    cl_event found = NULL;
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < n_slowed && i < MAX_SLOWED; i++) {
        if (slowed[i].shown != shown)
            continue;
        found = slowed[i].begun;
        if (is_over)
            slowed[i].shown = slowed[i].begun = NULL;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/* A barrier that ends later than the launch before it; the queue goes on after it. */
static cl_int
delay(cl_command_queue queue, cl_event begun, cl_event *event)
{
    cl_context context = NULL;
    cl_event shown = NULL;
    cl_int code = CL_SUCCESS;
    pthread_t thread;
    straggler *late = malloc(sizeof *late);
    below->clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof context, &context, NULL);
    cl_event ending = below->clCreateUserEvent(context, &code);
    if (code || !late) {
        free(late);
        return code ? code : CL_OUT_OF_HOST_MEMORY;
    }
    *late = (straggler){begun, ending};
    below->clRetainEvent(begun);
    below->clEnqueueBarrierWithWaitList(queue, 1, &ending, &shown);
    below->clFlush(queue);
    if (pthread_create(&thread, NULL, end_later, late) == 0)
        pthread_detach(thread);
    else
        end_later(late);
    note_slowed(shown, begun);
    if (event)
        *event = shown;
    else
        below->clReleaseEvent(shown);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL
profiling_info(cl_event event, cl_profiling_info what, size_t capacity, void *value, size_t *size)
{
    cl_event begun = what == CL_PROFILING_COMMAND_START ? find_slowed(event, false) : NULL;
    return below->clGetEventProfilingInfo(begun ? begun : event, what, capacity, value, size);
}

static cl_int CL_API_CALL
release_event(cl_event event)
{
    cl_event begun = find_slowed(event, true);
    if (begun)
        below->clReleaseEvent(begun);
    return below->clReleaseEvent(event);
}

static bool
is_written(cl_kernel kernel, cl_uint index)
{
    cl_kernel_arg_address_qualifier address = 0;
    cl_kernel_arg_type_qualifier type = 0;
    below->clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof address,
                              &address, NULL);
    below->clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_TYPE_QUALIFIER, sizeof type, &type,
                              NULL);
    return address == CL_KERNEL_ARG_ADDRESS_GLOBAL && !(type & CL_KERNEL_ARG_TYPE_CONST);
}

static cl_int CL_API_CALL
set_argument(cl_kernel kernel, cl_uint index, size_t size, const void *value)
{
    if (index == FLIPPED_ARGUMENT && size == sizeof(cl_mem) && value && is_written(kernel, index)) {
        pthread_mutex_lock(&lock);
        unsigned i = 0;
        while (i < n_kernels && i < MAX_KERNELS && results[i].kernel != kernel)
            i++;
        if (i == n_kernels || i == MAX_KERNELS)
            i = n_kernels++ % MAX_KERNELS;
        results[i].kernel = kernel;
        memcpy(&results[i].memory, value, sizeof results[i].memory);
        pthread_mutex_unlock(&lock);
    }
    return below->clSetKernelArg(kernel, index, size, value);
}

/* Under the lock. */
static cl_mem
find_result(cl_kernel kernel)
{
    for (unsigned i = 0; i < n_kernels && i < MAX_KERNELS; i++)
        if (results[i].kernel == kernel)
            return results[i].memory;
    return NULL;
}

/* Waits for the queue, and turns a bit in the middle. */
static void
flip(cl_command_queue queue, cl_mem memory)
{
    size_t size = 0;
    uint32_t word = 0;
    below->clFinish(queue);
    below->clGetMemObjectInfo(memory, CL_MEM_SIZE, sizeof size, &size, NULL);
    const size_t offset = size / 2 & ~(sizeof word - 1);
    below->clEnqueueReadBuffer(queue, memory, CL_TRUE, offset, sizeof word, &word, 0, NULL, NULL);
    word ^= UINT32_C(1) << FLIPPED_BIT;
    below->clEnqueueWriteBuffer(queue, memory, CL_TRUE, offset, sizeof word, &word, 0, NULL, NULL);
}

/* PoCL handles the signal and goes on when no instruction is to blame, so one is. */
static void
crash(void)
{
    static int *volatile nowhere;
    *nowhere = 1;
}

static cl_int CL_API_CALL
launch(cl_command_queue queue, cl_kernel kernel, cl_uint n_dimensions, const size_t *offset,
       const size_t *global, const size_t *local, cl_uint n_waits, const cl_event *waits,
       cl_event *event)
{
    cl_device_id device = device_of(queue);
    pass(FAULT_BLOCK_LAUNCH);
    pthread_mutex_lock(&lock);
    uint64_t count = ++n_launches;
    bool refused = is_due(FAULT_ENQUEUE, count);
    bool fails = is_due(FAULT_EVENT, count);
    bool hangs = is_due(FAULT_HANG, count);
    if (is_due(FAULT_STALL, count))
        stalled_device = device;
    hangs = hangs || (stalled_device && stalled_device == device);
    bool crashes = is_due(FAULT_CRASH, count);
    bool is_silent = is_due(FAULT_SKIP, count);
    if (is_due(FAULT_MUTE, count))
        mute_device = device;
    is_silent = is_silent || (mute_device && mute_device == device);
    if (is_due(FAULT_SLOW, count))
        slow_device = device;
    bool is_slow = slow_device && slow_device == device;
    cl_mem flipped = NULL;
    if (armed[FAULT_FLIP] ? count >= armed[FAULT_FLIP] : is_drawn(FAULT_FLIP, count))
        flipped = find_result(kernel);
    if (flipped) {
        armed[FAULT_FLIP] = 0;
        n_injected++;
    }
    if (is_due(FAULT_LOSE, count)) {
        lost_device = device;
        n_lost_calls = lost_for;
    }
    bool lost = refuses_as_lost(device);
    pthread_mutex_unlock(&lock);
    if (crashes)
        crash();
    if (refused || lost)
        return CL_OUT_OF_RESOURCES;
    if (fails || hangs)
        return replace_command(queue, n_waits, waits, event, hangs);
    if (is_silent)
        return below->clEnqueueMarkerWithWaitList(queue, n_waits, waits, event);
    cl_event begun = NULL;
    cl_int code = below->clEnqueueNDRangeKernel(queue, kernel, n_dimensions, offset, global, local,
                                                n_waits, waits, is_slow ? &begun : event);
    if (is_slow && code == CL_SUCCESS)
        return delay(queue, begun, event);
    if (flipped && code == CL_SUCCESS)
        flip(queue, flipped);
    return code;
}

/* Counts one transfer; true when it must fail. */
static bool
transfer_fails(void)
{
    pthread_mutex_lock(&lock);
    bool fails = is_due(FAULT_COPY, ++n_copies);
    pthread_mutex_unlock(&lock);
    return fails;
}

static cl_int CL_API_CALL
read_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
            void *data, cl_uint n_waits, const cl_event *waits, cl_event *event)
{
    bool fails = transfer_fails();
    if (is_refused_as_lost(queue))
        return CL_OUT_OF_RESOURCES;
    if (fails || is_stalled(queue))
        return replace_command(queue, n_waits, waits, event, !fails);
    return below->clEnqueueReadBuffer(queue, buffer, blocking, offset, size, data, n_waits, waits,
                                      event);
}

static cl_int CL_API_CALL
write_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
             const void *data, cl_uint n_waits, const cl_event *waits, cl_event *event)
{
    bool fails = transfer_fails();
    if (is_refused_as_lost(queue))
        return CL_OUT_OF_RESOURCES;
    if (fails || is_stalled(queue))
        return replace_command(queue, n_waits, waits, event, !fails);
    return below->clEnqueueWriteBuffer(queue, buffer, blocking, offset, size, data, n_waits, waits,
                                       event);
}

static cl_int CL_API_CALL
copy_buffer(cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset, size_t to_offset,
            size_t size, cl_uint n_waits, const cl_event *waits, cl_event *event)
{
    bool fails = transfer_fails();
    if (is_refused_as_lost(queue))
        return CL_OUT_OF_RESOURCES;
    if (fails || is_stalled(queue))
        return replace_command(queue, n_waits, waits, event, !fails);
    return below->clEnqueueCopyBuffer(queue, from, to, from_offset, to_offset, size, n_waits, waits,
                                      event);
}

static cl_int CL_API_CALL
build(cl_program program, cl_uint n_devices, const cl_device_id *devices, const char *options,
      void(CL_CALLBACK *notify)(cl_program, void *), void *data)
{
    pass(FAULT_BLOCK_BUILD);
    pthread_mutex_lock(&lock);
    bool fails = is_due(FAULT_BUILD, ++n_builds);
    bool aborts = is_due(FAULT_ABORT, n_builds);
    pthread_mutex_unlock(&lock);
    if (aborts)
        abort();
    if (fails)
        return CL_BUILD_PROGRAM_FAILURE;
    return below->clBuildProgram(program, n_devices, devices, options, notify, data);
}

static cl_int CL_API_CALL
flush(cl_command_queue queue)
{
    pass(FAULT_BLOCK_FLUSH);
    return below->clFlush(queue);
}

static cl_int CL_API_CALL
event_info(cl_event event, cl_event_info what, size_t capacity, void *value, size_t *size)
{
    pass(FAULT_BLOCK_QUERY);
    return below->clGetEventInfo(event, what, capacity, value, size);
}

static cl_int CL_API_CALL
release_memory(cl_mem memory)
{
    pass(FAULT_BLOCK_RELEASE);
    return below->clReleaseMemObject(memory);
}

/* Other processes of the same environment, which try drivers, end before the one that counts. */
__attribute__((destructor)) static void
report(void)
{
    const char *path = getenv("CHX_FAULT_REPORT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "%llu %llu %llu %u\n", (unsigned long long)n_launches,
            (unsigned long long)n_copies, (unsigned long long)n_builds, chx_fault_injected());
    refusal_report(file);
    fclose(file);
}

EXPORT CL_API_ENTRY cl_int CL_API_CALL
clGetLayerInfo(cl_layer_info what, size_t capacity, void *value, size_t *size)
{
    cl_layer_api_version version = CL_LAYER_API_VERSION_100;
    if (what != CL_LAYER_API_VERSION || (value && capacity < sizeof version))
        return CL_INVALID_VALUE;
    if (value)
        memcpy(value, &version, sizeof version);
    if (size)
        *size = sizeof version;
    return CL_SUCCESS;
}

EXPORT CL_API_ENTRY cl_int CL_API_CALL
clInitLayer(cl_uint n_entries, const struct _cl_icd_dispatch *target, cl_uint *n_entries_used,
            const struct _cl_icd_dispatch **layer)
{
    if (!target || !layer || !n_entries_used || n_entries < sizeof above / sizeof(void *))
        return CL_INVALID_VALUE;
    below = target;
    above = *target;
    above.clEnqueueNDRangeKernel = launch;
    above.clSetKernelArg = set_argument;
    above.clGetEventProfilingInfo = profiling_info;
    above.clReleaseEvent = release_event;
    above.clEnqueueReadBuffer = read_buffer;
    above.clEnqueueWriteBuffer = write_buffer;
    above.clEnqueueCopyBuffer = copy_buffer;
    above.clBuildProgram = build;
    above.clFlush = flush;
    above.clGetEventInfo = event_info;
    above.clReleaseMemObject = release_memory;
    refusal_install(&above);
    parse(getenv("CHX_FAULT"));
    *layer = &above;
    *n_entries_used = sizeof above / sizeof(void *);
    return CL_SUCCESS;
}
