#include "device/self_test.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/version.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/cache.h"
#include "device/source.h"

#define N_ITEMS 64u
#define COMMAND_DEADLINE_NS UINT64_C(20000000000)

/* What the cache keeps of a device that passed. */
typedef struct record {
    uint32_t has_int64_atomics;
    uint32_t reserved;
    uint64_t max_loop_iterations;
    double launch_us;
    double giga_ops;
    double giga_bytes;
} record;

/* How much work the measurements make; a simulator gets next to none. */
typedef struct test_sizes {
    uint32_t n_launches;
    uint32_t n_iterations;
    uint32_t n_items, max_items; /* doubled until a launch takes long enough to be measured */
    size_t copy_bytes;
} test_sizes;

static const test_sizes usual_sizes = {32, 1000000, 4096, 1u << 20, (size_t)16 << 20};
static const test_sizes tiny_sizes = {2, 1000, 64, 64, 4096};
#define LONG_ENOUGH_NS 2000000.0
#define OPS_PER_ITEM 64.0 /* of the kernel multiply_add */

/* What the driver may still read or write lives here, so that all of it can be abandoned when a
 * command does not end. */
typedef struct self_test {
    const chx__device *device;
    const test_sizes *sizes;
    cl_context context;
    cl_command_queue queue;
    cl_program program;
    bool with_int64;
    bool is_abandoned;
    char why[256]; /* the device is excluded for it */
    record result;
    float values[3 * N_ITEMS];
    uint32_t words[2 * N_ITEMS];
    uint32_t results[8 * N_ITEMS];
    uint32_t shared_words[3];
    uint64_t wide[2];
    uint32_t reached[2];
} self_test;

/* Notes why the device fails; false, so that a step can return it. */
static bool __attribute__((format(printf, 2, 3))) refuse(self_test *test, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(test->why, sizeof test->why, format, args);
    va_end(args);
    return false;
}

static bool
refuse_code(self_test *test, const char *doing, cl_int code)
{
    return refuse(test, "self-test: %s failed with %s", doing, chx__cl_name(code));
}

/* Takes the event of the last command. Everything before it on the in-order queue has then ended. */
static bool
await(self_test *test, cl_event event, const char *doing)
{
    clFlush(test->queue);
    chx_status status = chx__cl_await(event, chx__now_ns() + COMMAND_DEADLINE_NS);
    if (status == CHX_ERROR_TIMEOUT) {
        test->is_abandoned = true;
        return refuse(test, "self-test: %s did not end within 20 s", doing);
    }
    clReleaseEvent(event);
    return !status || refuse_code(test, doing, chx_last_error()->cl_code);
}

static bool
open_device(self_test *test)
{
    cl_int code;
    cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                          (cl_context_properties)test->device->platform->id, 0};
    test->context = clCreateContext(properties, 1, &test->device->id, NULL, NULL, &code);
    if (code) {
        test->context = NULL;
        return refuse_code(test, "making a context", code);
    }
    test->queue =
        clCreateCommandQueue(test->context, test->device->id, CL_QUEUE_PROFILING_ENABLE, &code);
    if (code) {
        test->queue = NULL;
        return refuse_code(test, "making a queue", code);
    }
    return true;
}

static bool
build(self_test *test, const char *text, const char *options)
{
    cl_int code;
    test->program = clCreateProgramWithSource(test->context, 1, &text, NULL, &code);
    if (!code)
        code = clBuildProgram(test->program, 1, &test->device->id, options, NULL, NULL);
    if (!code)
        return true;
    if (test->program)
        clReleaseProgram(test->program);
    test->program = NULL;
    return refuse_code(test, "building its kernels", code);
}

/* A driver that claims 64-bit atomics but cannot compile them only loses that capability. */
static bool
build_kernels(self_test *test, const char *text)
{
    test->with_int64 = test->device->claims_int64_atomics;
    if (test->with_int64 && build(test, text, "-cl-std=CL1.2 -DCHX_INT64_ATOMICS=1"))
        return true;
    test->with_int64 = false;
    test->why[0] = '\0';
    return build(test, text, "-cl-std=CL1.2");
}

static cl_mem
make_buffer(self_test *test, size_t size_bytes, void *data)
{
    cl_int code;
    cl_mem made =
        clCreateBuffer(test->context, CL_MEM_READ_WRITE | (data ? CL_MEM_COPY_HOST_PTR : 0),
                       size_bytes, data, &code);
    if (!code)
        return made;
    refuse_code(test, "making a buffer", code);
    return NULL;
}

static void
drop_buffer(const self_test *test, cl_mem buffer)
{
    if (buffer && !test->is_abandoned)
        clReleaseMemObject(buffer);
}

/* One argument of a launch. */
typedef struct argument {
    const void *value;
    size_t size;
} argument;

static cl_kernel
make_kernel(self_test *test, const char *name, const argument *arguments, cl_uint n_arguments)
{
    cl_int code;
    cl_kernel kernel = clCreateKernel(test->program, name, &code);
    if (code) {
        refuse_code(test, "making a kernel", code);
        return NULL;
    }
    for (cl_uint i = 0; i < n_arguments && !code; i++)
        code = clSetKernelArg(kernel, i, arguments[i].size, arguments[i].value);
    if (!code)
        return kernel;
    clReleaseKernel(kernel);
    refuse_code(test, "setting a kernel's arguments", code);
    return NULL;
}

static void
drop_kernel(const self_test *test, cl_kernel kernel)
{
    if (kernel && !test->is_abandoned)
        clReleaseKernel(kernel);
}

static bool
launch(self_test *test, cl_kernel kernel, size_t n_items, size_t n_local, cl_event *event)
{
    cl_int code =
        clEnqueueNDRangeKernel(test->queue, kernel, 1, NULL, &n_items, &n_local, 0, NULL, event);
    return !code || refuse_code(test, "launching a kernel", code);
}

static bool
read_back(self_test *test, cl_mem buffer, void *data, size_t size_bytes)
{
    cl_event event;
    cl_int code =
        clEnqueueReadBuffer(test->queue, buffer, CL_FALSE, 0, size_bytes, data, 0, NULL, &event);
    if (code)
        return refuse_code(test, "reading a buffer", code);
    return await(test, event, "reading a buffer");
}

static size_t
local_size(const self_test *test)
{
    size_t size = 32;
    while (size > test->device->info.max_work_group)
        size /= 2;
    return size;
}

static uint32_t
scramble(uint32_t x)
{
    return (x * 1664525u + 1013904223u) ^ (x >> 15);
}

/* Values between -1000 and 1000 with all their bits in use. */
static void
fill_inputs(self_test *test)
{
    uint32_t x = 2463534242u;
    for (uint32_t i = 0; i < 3 * N_ITEMS; i++) {
        x = scramble(x);
        test->values[i] = (float)((int32_t)x >> 7) * (1000.0f / 16777216.0f);
    }
    for (uint32_t i = 0; i < 2 * N_ITEMS; i++)
        test->words[i] = x = scramble(x);
}

static uint32_t
bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint32_t
integer_reference(uint32_t x, uint32_t y)
{
    uint32_t product = (uint32_t)(((uint64_t)x * y) >> 32);
    return (x * 1664525u + 1013904223u) ^ product ^ (y << 7 | y >> 25) ^
           (uint32_t)__builtin_popcount(x);
}

static bool
check_arithmetic(self_test *test)
{
    for (uint32_t i = 0; i < N_ITEMS; i++) {
        const uint32_t *got = test->results + 8 * i;
        const float *in = test->values + 3 * i;
        float product = in[0] * in[1];
        if (got[0] != bits_of(product + in[2]))
            return refuse(test, "self-test: a product and a sum differ from the host's");
        if (got[1] != integer_reference(test->words[2 * i], test->words[2 * i + 1]))
            return refuse(test, "self-test: integer arithmetic differs from the host's");
        if (got[2] != (uint32_t)(int32_t)lrintf(in[0]) || got[3] != (uint32_t)(int32_t)in[1] ||
            got[4] != bits_of((float)(test->words[2 * i] >> 8)))
            return refuse(test, "self-test: conversions between float and integer differ from the "
                                "host's");
    }
    return true;
}

static bool
check_group(self_test *test, uint32_t first, uint32_t n)
{
    uint32_t sum = 0, low = UINT32_MAX, high = 0;
    for (uint32_t i = first; i < first + n; i++) {
        uint32_t x = test->words[2 * i];
        sum += x >> 16;
        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t *got = test->results + 8 * (first + i);
        if (got[5] != test->words[2 * (first + n - 1 - i)])
            return refuse(test, "self-test: a barrier does not order local memory");
        if (got[6] != sum || got[7] != (low ^ high))
            return refuse(test, "self-test: atomics on local memory give wrong results");
    }
    return true;
}

static bool
check_global(self_test *test)
{
    uint32_t sum = 0, low = UINT32_MAX, high = 0;
    uint64_t wide_low = UINT64_MAX, wide_sum = 0;
    for (uint32_t i = 0; i < N_ITEMS; i++) {
        uint32_t x = test->words[2 * i];
        uint64_t key = (uint64_t)x << 32 | i;
        sum += x >> 16;
        low = x < low ? x : low;
        high = x > high ? x : high;
        wide_low = key < wide_low ? key : wide_low;
        wide_sum += key;
    }
    if (test->shared_words[0] != sum || test->shared_words[1] != low ||
        test->shared_words[2] != high)
        return refuse(test, "self-test: atomics on global memory give wrong results");
    test->result.has_int64_atomics =
        test->with_int64 && test->wide[0] == wide_low && test->wide[1] == wide_sum;
    return true;
}

static bool
check_answers(self_test *test, uint32_t n_local)
{
    if (!check_arithmetic(test) || !check_global(test))
        return false;
    for (uint32_t first = 0; first < N_ITEMS; first += n_local)
        if (!check_group(test, first, n_local))
            return false;
    return true;
}

static bool
run_check(self_test *test)
{
    fill_inputs(test);
    test->shared_words[1] = UINT32_MAX;
    test->wide[0] = UINT64_MAX;
    cl_mem buffers[5] = {make_buffer(test, sizeof test->values, test->values),
                         make_buffer(test, sizeof test->words, test->words),
                         make_buffer(test, sizeof test->results, test->results),
                         make_buffer(test, sizeof test->shared_words, test->shared_words),
                         make_buffer(test, sizeof test->wide, test->wide)};
    argument arguments[5];
    bool done = true;
    for (int i = 0; i < 5; i++) {
        arguments[i] = (argument){&buffers[i], sizeof buffers[i]};
        done = done && buffers[i];
    }
    cl_kernel kernel = done ? make_kernel(test, "check", arguments, 5) : NULL;
    cl_event event;
    done = kernel && launch(test, kernel, N_ITEMS, local_size(test), &event) &&
           await(test, event, "checking arithmetic") &&
           read_back(test, buffers[2], test->results, sizeof test->results) &&
           read_back(test, buffers[3], test->shared_words, sizeof test->shared_words) &&
           read_back(test, buffers[4], test->wide, sizeof test->wide);
    drop_kernel(test, kernel);
    for (int i = 0; i < 5; i++)
        drop_buffer(test, buffers[i]);
    return done && check_answers(test, (uint32_t)local_size(test));
}

static uint32_t
iterate_reference(uint32_t n, uint32_t x)
{
    for (uint32_t i = 0; i < n; i++)
        x = scramble(x);
    return x;
}

static bool
iterate_once(self_test *test, cl_mem reached, uint32_t n)
{
    uint32_t start = 12345;
    argument arguments[3] = {{&n, sizeof n}, {&start, sizeof start}, {&reached, sizeof reached}};
    cl_kernel kernel = make_kernel(test, "iterate", arguments, 3);
    cl_event event;
    bool done = kernel && launch(test, kernel, 1, 1, &event) &&
                await(test, event, "counting loop iterations") &&
                read_back(test, reached, test->reached, sizeof test->reached);
    drop_kernel(test, kernel);
    return done;
}

/* A loop that ends early but is right so far shows the driver's limit; one that is wrong shows a
 * broken driver. */
static bool
find_loop_limit(self_test *test)
{
    uint32_t n = test->sizes->n_iterations;
    cl_mem reached = make_buffer(test, sizeof test->reached, test->reached);
    bool done = reached && iterate_once(test, reached, n);
    drop_buffer(test, reached);
    if (!done)
        return false;
    uint32_t made = test->reached[0];
    if (made == 0 || made > n || test->reached[1] != iterate_reference(made, 12345))
        return refuse(test, "self-test: a loop of %u iterations gives a wrong result", n);
    test->result.max_loop_iterations = made < n ? made : UINT64_MAX;
    return true;
}

/* Device time where the driver's stamps make sense, else host time: rusticl 22.3 stamps every command
 * with 0, 1, 2, 3. */
static double
elapsed_ns(cl_event first, cl_event last, uint64_t host_ns)
{
    cl_ulong begin = 0, end = 0;
    if (clGetEventProfilingInfo(first, CL_PROFILING_COMMAND_START, sizeof begin, &begin, NULL) ||
        clGetEventProfilingInfo(last, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL) ||
        end <= begin || end - begin > host_ns || end - begin < host_ns / 1000)
        return (double)host_ns;
    return (double)(end - begin);
}

/* The time of one launch among n that follow each other. */
static bool
time_launches(self_test *test, cl_kernel kernel, uint32_t n, double *ns)
{
    cl_event first = NULL, last = NULL;
    uint64_t begun_ns = chx__now_ns();
    bool done = launch(test, kernel, 1, 1, &first);
    for (uint32_t i = 2; i < n && done; i++)
        done = launch(test, kernel, 1, 1, NULL);
    if (!done || !launch(test, kernel, 1, 1, &last))
        return false;
    clRetainEvent(last);
    if (!await(test, last, "a row of empty kernels"))
        return false;
    *ns = elapsed_ns(first, last, chx__now_ns() - begun_ns) / n;
    clReleaseEvent(first);
    clReleaseEvent(last);
    return true;
}

/* The first launch compiles on several drivers, so it is not counted; the best of three rows is. */
static bool
measure_launches(self_test *test)
{
    cl_kernel kernel = make_kernel(test, "empty", NULL, 0);
    cl_event event;
    double best_ns = INFINITY;
    bool done =
        kernel && launch(test, kernel, 1, 1, &event) && await(test, event, "an empty kernel");
    for (int i = 0; i < 3 && done; i++) {
        double ns = 0;
        done = time_launches(test, kernel, test->sizes->n_launches, &ns);
        best_ns = fmin(best_ns, ns);
    }
    test->result.launch_us = best_ns / 1000.0;
    drop_kernel(test, kernel);
    return done;
}

static bool
time_rounds(self_test *test, cl_kernel kernel, size_t n_items, double *ns)
{
    cl_event event;
    uint64_t begun_ns = chx__now_ns();
    if (!launch(test, kernel, n_items, local_size(test), &event))
        return false;
    clRetainEvent(event);
    if (!await(test, event, "multiplying and adding"))
        return false;
    *ns = elapsed_ns(event, event, chx__now_ns() - begun_ns);
    clReleaseEvent(event);
    return true;
}

/* The launch grows until it takes long enough; the best of two counts. */
static bool
measure_ops(self_test *test)
{
    const test_sizes *sizes = test->sizes;
    float factor = 0.75f;
    cl_mem sums = make_buffer(test, sizeof(float) * sizes->max_items, NULL);
    argument arguments[2] = {{&factor, sizeof factor}, {&sums, sizeof sums}};
    cl_kernel kernel = sums ? make_kernel(test, "multiply_add", arguments, 2) : NULL;
    double ns = 0, again_ns = 0;
    uint32_t n_items = sizes->n_items;
    bool done = kernel && time_rounds(test, kernel, n_items, &ns) &&
                time_rounds(test, kernel, n_items, &ns);
    while (done && ns < LONG_ENOUGH_NS && n_items < sizes->max_items) {
        n_items *= 4;
        done = time_rounds(test, kernel, n_items, &ns);
    }
    done = done && time_rounds(test, kernel, n_items, &again_ns);
    if (done)
        test->result.giga_ops = OPS_PER_ITEM * n_items / fmin(ns, again_ns);
    drop_kernel(test, kernel);
    drop_buffer(test, sums);
    return done;
}

static bool
time_copy(self_test *test, cl_mem from, cl_mem to, size_t size_bytes, double *ns)
{
    cl_event event;
    uint64_t begun_ns = chx__now_ns();
    cl_int code = clEnqueueCopyBuffer(test->queue, from, to, 0, 0, size_bytes, 0, NULL, &event);
    if (code)
        return refuse_code(test, "copying a buffer", code);
    clRetainEvent(event);
    if (!await(test, event, "copying a buffer"))
        return false;
    *ns = elapsed_ns(event, event, chx__now_ns() - begun_ns);
    clReleaseEvent(event);
    return true;
}

static bool
fill(self_test *test, cl_mem buffer, size_t size_bytes)
{
    static const uint32_t pattern = 0;
    cl_event event;
    cl_int code = clEnqueueFillBuffer(test->queue, buffer, &pattern, sizeof pattern, 0, size_bytes,
                                      0, NULL, &event);
    if (code)
        return refuse_code(test, "filling a buffer", code);
    return await(test, event, "filling a buffer");
}

/* The first copy touches fresh pages and is not counted. */
static bool
measure_bytes(self_test *test)
{
    size_t size_bytes = test->sizes->copy_bytes;
    cl_mem from = make_buffer(test, size_bytes, NULL);
    cl_mem to = make_buffer(test, size_bytes, NULL);
    double ns = 0, again_ns = 0;
    bool done = from && to && fill(test, from, size_bytes);
    for (int i = 0; i < 2 && done; i++)
        done = time_copy(test, from, to, size_bytes, &ns);
    done = done && time_copy(test, from, to, size_bytes, &again_ns);
    if (done)
        test->result.giga_bytes = (double)size_bytes / fmin(ns, again_ns);
    drop_buffer(test, from);
    drop_buffer(test, to);
    return done;
}

static bool
run_all(self_test *test, const char *text)
{
    return open_device(test) && build_kernels(test, text) && run_check(test) &&
           find_loop_limit(test) && measure_launches(test) && measure_ops(test) &&
           measure_bytes(test);
}

/* False when the driver may still touch the test's memory, which is then never freed. */
static bool
close_device(self_test *test)
{
    if (test->is_abandoned)
        return false;
    if (test->program)
        clReleaseProgram(test->program);
    if (test->queue)
        clReleaseCommandQueue(test->queue);
    if (test->context)
        clReleaseContext(test->context);
    return true;
}

static void
apply(chx__device *device, const record *result)
{
    chx_device_info *info = &device->info;
    info->has_int64_atomics = result->has_int64_atomics;
    info->max_loop_iterations = result->max_loop_iterations;
    info->launch_us = result->launch_us;
    info->giga_ops = result->giga_ops;
    info->giga_bytes = result->giga_bytes;
}

static chx__digest
record_key(const chx__device *device, const char *text)
{
    chx__hasher *hasher = chx__hasher_create();
    chx__hasher_add_text(hasher, "self-test");
    chx__hasher_add_text(hasher, CHX_VERSION);
    chx__hasher_add_text(hasher, text);
    chx__hasher_add(hasher, &device->identity, sizeof device->identity);
    return chx__hasher_end(hasher);
}

static bool
recall(chx__fleet *fleet, chx__device *device, chx__digest key)
{
    void *bytes = NULL;
    size_t size = 0;
    if (!chx__cache_find(fleet->cache, key, &bytes, &size))
        return false;
    bool fits = size == sizeof(record);
    if (fits)
        apply(device, bytes);
    free(bytes);
    return fits;
}

static chx_status
test_device(chx__fleet *fleet, chx__device *device, const char *text, chx__digest key)
{
    self_test *test = chx__alloc(1, sizeof *test);
    if (!test)
        return chx__fail_memory("testing a device");
    test->device = device;
    test->sizes = device->platform->is_oclgrind ? &tiny_sizes : &usual_sizes;
    uint64_t begun_ns = chx__now_ns();
    bool passed = run_all(test, text);
    chx_status status = CHX_OK;
    if (passed) {
        apply(device, &test->result);
        chx__cache_store(fleet->cache, key, &test->result, sizeof test->result);
    } else {
        device->info.excluded = chx__strdup(test->why);
        if (!device->info.excluded)
            status = chx__fail_memory("testing a device");
    }
    if (close_device(test))
        free(test);
    chx__log(&fleet->logger, CHX_LOG_INFO, "%s: self-tested in %.0f ms", device->info.name,
             (double)(chx__now_ns() - begun_ns) / 1e6);
    return status;
}

chx_status
chx__self_test(chx__fleet *fleet, chx__device *device)
{
    char *text = NULL;
    chx_status status = chx__source_from_embedded("common/self_test.cl", fleet->kernel_path, &text);
    if (status)
        return status;
    chx__digest key = record_key(device, text);
    if (!recall(fleet, device, key))
        status = test_device(fleet, device, text, key);
    free(text);
    return status;
}
