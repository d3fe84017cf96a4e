/* The same simulation in turns by threads and by kernels, so that a busy machine hits both.
 * Making tables, compiling and planning is not timed. The first round warms up and is dropped;
 * medians of the others count. Digests must agree in every round, else the times mean nothing. */
#include "peers.h"

#include <math.h>
#include <stddef.h>

#include "threads/simulation.h"
#include "stopwatch.h"

static uint64_t
steps_of(const struct peers_job *job)
{
    return (uint64_t)llround(job->simulated_ms / chx_network_get(job->network)->time_step_ms);
}

/* The time of one simulation in plain C, s; negative when memory is out. */
static double
time_threads(const struct peers_job *job, uint32_t cores, uint64_t *digest)
{
    const chx_network_info *info = chx_network_get(job->network);
    threads_simulation *simulation = threads_simulation_create(info, cores, info->seed);
    uint64_t begin_ns = stopwatch_now_ns();
    double seconds = -1.0;

    if (simulation && threads_simulation_advance(simulation, steps_of(job))) {
        seconds = stopwatch_seconds_since(begin_ns);
        *digest = threads_simulation_digest(simulation);
    }
    threads_simulation_destroy(simulation);
    return seconds;
}

static chx_status
time_kernels(const struct peers_job *job, chx_runtime *runtime, double *seconds, uint64_t *digest)
{
    chx_simulation *simulation = NULL;
    chx_status status = chx_simulation_create(runtime, job->network, NULL, &simulation);
    uint64_t begin_ns;

    /* No steps: compiles and plans. Making the other one's tables and threads is not timed
     * either. */
    if (status == CHX_OK)
        status = chx_simulation_advance(simulation, 0);
    begin_ns = stopwatch_now_ns();
    if (status == CHX_OK)
        status = chx_simulation_advance(simulation, steps_of(job));
    *seconds = stopwatch_seconds_since(begin_ns);
    if (status == CHX_OK)
        status = chx_simulation_digest(simulation, digest);
    chx_simulation_destroy(&simulation);
    return status;
}

chx_status
peers_simulate(const struct peers_job *job, chx_runtime *runtime, struct peers *peers)
{
    double threads_s[PEERS_ROUNDS + 1];
    double kernels_s[PEERS_ROUNDS + 1];
    uint64_t digest = 0;

    peers->has_kernels = runtime != NULL;
    peers->same = true;
    for (int i = 0; i <= PEERS_ROUNDS; i++) {
        chx_status status = CHX_OK;
        threads_s[i] = time_threads(job, peers->cores, &digest);
        if (threads_s[i] < 0)
            return CHX_ERROR_MEMORY;
        if (runtime)
            status = time_kernels(job, runtime, &kernels_s[i], &peers->digest);
        if (status != CHX_OK)
            return status;
        peers->same = peers->same && (!runtime || digest == peers->digest);
    }
    peers->threads_ms = 1e3 * stopwatch_median(threads_s + 1, PEERS_ROUNDS);
    peers->kernels_ms = runtime ? 1e3 * stopwatch_median(kernels_s + 1, PEERS_ROUNDS) : 0.0;
    return CHX_OK;
}
