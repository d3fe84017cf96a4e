/* StarPU as a program uses it: a codelet for its OpenCL worker, one handle for each word, tasks
 * submitted without waiting. Its worker takes processors only when its environment says so. */
#include "peer_starpu.h"

#include <stdlib.h>

#include <starpu.h>
#include <starpu_opencl.h>

#include "stopwatch.h"

enum { ROUNDS = 5, WARM_UP = 3, MOST_TASKS = 1000 };

static struct starpu_opencl_program program;

static void
bump(void *buffers[], void *data)
{
    cl_kernel kernel;
    cl_command_queue queue;
    cl_event event;
    cl_uint index = 0;
    cl_mem word = (cl_mem)STARPU_VARIABLE_GET_PTR(buffers[0]);
    (void)data;
    if (starpu_opencl_load_kernel(&kernel, &queue, &program, "bump",
                                  starpu_worker_get_devid(starpu_worker_get_id())))
        return;
    clSetKernelArg(kernel, 0, sizeof word, &word);
    clSetKernelArg(kernel, 1, sizeof index, &index);
    if (clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &(size_t){1}, NULL, 0, NULL, &event) ==
        CL_SUCCESS)
        starpu_opencl_collect_stats(event);
    starpu_opencl_release_kernel(kernel);
}

static struct starpu_codelet codelet = {
    .opencl_funcs = {bump},
    .opencl_flags = {STARPU_OPENCL_ASYNC},
    .nbuffers = 1,
    .modes = {STARPU_RW},
};

static bool
run_tasks(const starpu_data_handle_t *handles, uint32_t n, double *seconds)
{
    uint64_t begin_ns = stopwatch_now_ns();
    bool ok = true;
    for (uint32_t i = 0; ok && i < n; i++)
        ok = starpu_task_insert(&codelet, STARPU_RW, handles[i], 0) == 0;
    ok = starpu_task_wait_for_all() == 0 && ok;
    *seconds = stopwatch_seconds_since(begin_ns);
    return ok;
}

/* Handles of words, and what tasks on them take. */
static bool
measure(uint32_t n, double *seconds)
{
    static uint32_t words[MOST_TASKS];
    static starpu_data_handle_t handles[MOST_TASKS];
    double rounds[ROUNDS], unused;
    bool ok = true;
    for (uint32_t i = 0; i < n; i++)
        starpu_variable_data_register(&handles[i], STARPU_MAIN_RAM, (uintptr_t)&words[i],
                                      sizeof words[i]);
    for (int i = 0; ok && i < WARM_UP; i++)
        ok = run_tasks(handles, n, &unused);
    for (int i = 0; ok && i < ROUNDS; i++)
        ok = run_tasks(handles, n, &rounds[i]);
    for (uint32_t i = 0; i < n; i++)
        starpu_data_unregister(handles[i]);
    for (uint32_t i = 0; i < n; i++)
        ok = ok && words[i] == WARM_UP + ROUNDS;
    if (ok)
        *seconds = stopwatch_median(rounds, ROUNDS);
    return ok;
}

bool
peer_starpu_run(const char *source, uint32_t n, double *seconds)
{
    struct starpu_conf conf;
    starpu_conf_init(&conf);
    conf.ncpus = 0;
    conf.ncuda = 0;
    conf.nopencl = 1;
    setenv("STARPU_OPENCL_ON_CPUS", "1", 0);
    setenv("STARPU_SILENT", "1", 0);
    if (n > MOST_TASKS || starpu_init(&conf) != 0)
        return false;
    bool ok = starpu_opencl_worker_get_count() > 0 &&
              starpu_opencl_load_opencl_from_string(source, &program, NULL) == 0;
    if (ok) {
        ok = measure(n, seconds);
        starpu_opencl_unload_opencl(&program);
    }
    starpu_shutdown();
    return ok;
}
