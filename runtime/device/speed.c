/* Three figures from a few milliseconds of work, with the first launch or copy left out, which
 * compiles or touches fresh pages, and the best of the rest taken: what disturbs a measurement
 * makes it longer. Stamps that contradict the host's clock give way to it. Only ratios matter,
 * since they rank devices and scale costs from one device to another until it has been measured
 * itself. */
#include "device/speed.h"

#include <math.h>

#include "base/clock.h"

/* How much work a measurement makes; a simulator gets next to none. */
typedef struct sizes {
    uint32_t n_launches;
    uint32_t n_items, max_items; /* grows until a launch takes long enough to be measured */
    size_t copy_bytes;
} sizes;

/* PoCL compiles a kernel again for grids below 65536 items. */
static const sizes usual_sizes = {32, 65536, 1u << 20, (size_t)16 << 20};
static const sizes tiny_sizes = {2, 64, 64, 4096};
#define LONG_ENOUGH_NS 2000000.0
#define OPS_PER_ITEM 64.0 /* of the kernel multiply_add */

static const sizes *
sizes_for(const chx__probe *probe)
{
    return probe->device->platform->is_oclgrind ? &tiny_sizes : &usual_sizes;
}

/* Device time where the driver's stamps make sense, else host time: rusticl 22.3 stamps every
 * command with 0, 1, 2, 3. */
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
time_launches(chx__probe *probe, cl_kernel kernel, uint32_t n, double *ns)
{
    cl_event first = NULL, last = NULL;
    uint64_t begun_ns = chx__now_ns();
    bool done = chx__probe_launch(probe, kernel, 1, 1, &first);
    for (uint32_t i = 2; i < n && done; i++)
        done = chx__probe_launch(probe, kernel, 1, 1, NULL);
    done = done && chx__probe_launch(probe, kernel, 1, 1, &last);
    if (!done && first)
        clReleaseEvent(first);
    if (!done)
        return false;
    clRetainEvent(last);
    if (!chx__probe_await(probe, last, "a row of empty kernels"))
        return false;
    *ns = elapsed_ns(first, last, chx__now_ns() - begun_ns) / n;
    clReleaseEvent(first);
    clReleaseEvent(last);
    return true;
}

/* The first launch compiles on several drivers, so it is not counted; the best of three rows is. */
static bool
measure_launches(chx__probe *probe, double *launch_us)
{
    cl_kernel kernel = chx__probe_kernel(probe, "empty", NULL, 0);
    cl_event event;
    double best_ns = INFINITY;
    bool done = kernel && chx__probe_launch(probe, kernel, 1, 1, &event) &&
                chx__probe_await(probe, event, "an empty kernel");
    for (int i = 0; i < 3 && done; i++) {
        double ns = 0;
        done = time_launches(probe, kernel, sizes_for(probe)->n_launches, &ns);
        best_ns = fmin(best_ns, ns);
    }
    *launch_us = best_ns / 1000.0;
    chx__probe_drop_kernel(probe, kernel);
    return done;
}

static bool
time_rounds(chx__probe *probe, cl_kernel kernel, size_t n_items, double *ns)
{
    cl_event event;
    uint64_t begun_ns = chx__now_ns();
    if (!chx__probe_launch(probe, kernel, n_items, chx__probe_local_size(probe), &event))
        return false;
    clRetainEvent(event);
    if (!chx__probe_await(probe, event, "multiplying and adding"))
        return false;
    *ns = elapsed_ns(event, event, chx__now_ns() - begun_ns);
    clReleaseEvent(event);
    return true;
}

/* The launch grows until it takes long enough; the best of two counts. */
static bool
measure_ops(chx__probe *probe, double *giga_ops)
{
    const sizes *work = sizes_for(probe);
    float factor = 0.75f;
    cl_mem sums = chx__probe_buffer(probe, sizeof(float) * work->max_items, NULL);
    chx__argument arguments[2] = {{&factor, sizeof factor}, {&sums, sizeof sums}};
    cl_kernel kernel = sums ? chx__probe_kernel(probe, "multiply_add", arguments, 2) : NULL;
    double ns = 0, again_ns = 0;
    uint32_t n_items = work->n_items;
    bool done = kernel && time_rounds(probe, kernel, n_items, &ns) &&
                time_rounds(probe, kernel, n_items, &ns);
    while (done && ns < LONG_ENOUGH_NS && n_items < work->max_items) {
        n_items *= 4;
        done = time_rounds(probe, kernel, n_items, &ns);
    }
    done = done && time_rounds(probe, kernel, n_items, &again_ns);
    if (done)
        *giga_ops = OPS_PER_ITEM * n_items / fmin(ns, again_ns);
    chx__probe_drop_kernel(probe, kernel);
    chx__probe_drop_buffer(probe, sums);
    return done;
}

static bool
time_copy(chx__probe *probe, cl_mem from, cl_mem to, size_t size_bytes, double *ns)
{
    cl_event event;
    uint64_t begun_ns = chx__now_ns();
    cl_int code = clEnqueueCopyBuffer(probe->queue, from, to, 0, 0, size_bytes, 0, NULL, &event);
    if (code)
        return chx__probe_refuse_code(probe, "copying a buffer", code);
    clRetainEvent(event);
    if (!chx__probe_await(probe, event, "copying a buffer"))
        return false;
    *ns = elapsed_ns(event, event, chx__now_ns() - begun_ns);
    clReleaseEvent(event);
    return true;
}

static bool
fill(chx__probe *probe, cl_mem buffer, size_t size_bytes)
{
    static const uint32_t pattern = 0;
    cl_event event;
    cl_int code = clEnqueueFillBuffer(probe->queue, buffer, &pattern, sizeof pattern, 0, size_bytes,
                                      0, NULL, &event);
    if (code)
        return chx__probe_refuse_code(probe, "filling a buffer", code);
    return chx__probe_await(probe, event, "filling a buffer");
}

/* The first copy touches fresh pages and is not counted. */
static bool
measure_bytes(chx__probe *probe, double *giga_bytes)
{
    size_t size_bytes = sizes_for(probe)->copy_bytes;
    cl_mem from = chx__probe_buffer(probe, size_bytes, NULL);
    cl_mem to = chx__probe_buffer(probe, size_bytes, NULL);
    double ns = 0, again_ns = 0;
    bool done = from && to && fill(probe, from, size_bytes);
    for (int i = 0; i < 2 && done; i++)
        done = time_copy(probe, from, to, size_bytes, &ns);
    done = done && time_copy(probe, from, to, size_bytes, &again_ns);
    if (done)
        *giga_bytes = (double)size_bytes / fmin(ns, again_ns);
    chx__probe_drop_buffer(probe, from);
    chx__probe_drop_buffer(probe, to);
    return done;
}

bool
chx__speed_measure(chx__probe *probe, chx__speed *speed)
{
    chx__speed measured;
    if (!measure_launches(probe, &measured.launch_us) || !measure_ops(probe, &measured.giga_ops) ||
        !measure_bytes(probe, &measured.giga_bytes))
        return false;
    *speed = measured;
    return true;
}
