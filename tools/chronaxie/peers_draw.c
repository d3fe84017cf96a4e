/* The same film twice, in turns: by kernels, and in plain C by threads. Both sides advance the
 * network and draw it; preparing is not timed on either. The first round warms up and is not
 * counted; digests of all pixels are taken in it, so that hashing is in nobody's time, and must
 * agree. */
#include "peers.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include <xxhash.h>

#include "flight.h"
#include "stopwatch.h"
#include "threads/draw.h"
#include "threads/simulation.h"

/* Everything that a film needs on one side or the other. A frame advances the network and draws it,
 * on both sides alike; making these things is not timed. */
struct studio {
    const struct peers_job *job;
    const chx_network_info *info;
    XXH3_state_t *digest; /* NULL while time is taken */
    chx_simulation *simulation;
    chx_scene *scene;
    chx_graph *graph;
    chx_plan *plan;
    struct flight flight;
    threads_simulation *threads;
    threads_draw *draw;
    uint8_t *rgb;
};

static double
time_of(const struct studio *studio, uint32_t frame)
{
    return studio->info->duration_ms * frame / studio->job->n_frames;
}

static uint64_t
step_of(const struct studio *studio, uint32_t frame)
{
    return (uint64_t)floor(time_of(studio, frame) / studio->info->time_step_ms + 1e-6);
}

static uint32_t
most_steps(const struct studio *studio)
{
    return (uint32_t)ceil(time_of(studio, 1) / studio->info->time_step_ms) + 1;
}

static chx_status
see_frame(void *data, const chx_frame *frame)
{
    struct studio *studio = data;
    if (studio->digest)
        XXH3_64bits_update(studio->digest, frame->pixels, frame->size_bytes);
    return CHX_OK;
}

static chx_status
open_scene(struct studio *studio, chx_runtime *runtime)
{
    const chx_scene_params params = {.connections = CHX_CONNECTIONS_HIDDEN,
                                     .width_px = studio->job->size_px[0],
                                     .height_px = studio->job->size_px[1],
                                     .no_labels = true};
    chx_status status =
        chx_simulation_create(runtime, studio->job->network, NULL, &studio->simulation);
    if (status == CHX_OK)
        status = chx_scene_create(runtime, studio->simulation, &params, &studio->scene);
    return status;
}

static chx_status
open_kernels(struct studio *studio, chx_runtime *runtime)
{
    chx_status status = open_scene(studio, runtime);

    if (status == CHX_OK)
        status = chx_graph_create(runtime, &studio->graph);
    if (status == CHX_OK)
        status = chx_simulation_build(studio->simulation, studio->graph, most_steps(studio));
    if (status == CHX_OK)
        status = chx_scene_build(studio->scene, studio->graph, see_frame, studio);
    if (status == CHX_OK)
        status = chx_plan_create(studio->graph, NULL, &studio->plan);
    studio->flight.plan = studio->plan;
    return status;
}

/* The scene only tells where the camera stands. */
static chx_status
open_threads(struct studio *studio, uint32_t cores)
{
    const struct peers_job *job = studio->job;
    size_t rgb_bytes = (size_t)3 * job->size_px[0] * job->size_px[1];
    chx_camera camera;
    chx_status status = open_scene(studio, job->reference);

    if (status != CHX_OK)
        return status;
    studio->threads = threads_simulation_create(studio->info, cores, studio->info->seed);
    studio->draw = threads_draw_create(studio->info, job->size_px[0], job->size_px[1], cores);
    studio->rgb = malloc(rgb_bytes);
    if (!studio->threads || !studio->draw || !studio->rgb)
        return CHX_ERROR_MEMORY;
    chx_scene_default_camera(studio->scene, &camera);
    threads_draw_aim(studio->draw, studio->scene, &camera);
    return CHX_OK;
}

static void
close_studio(struct studio *studio)
{
    flight_finish(&studio->flight);
    chx_plan_destroy(&studio->plan);
    chx_graph_destroy(&studio->graph);
    chx_scene_destroy(&studio->scene);
    chx_simulation_destroy(&studio->simulation);
    threads_draw_destroy(studio->draw);
    threads_simulation_destroy(studio->threads);
    free(studio->rgb);
}

static chx_status
film_kernels(struct studio *studio)
{
    chx_status status = CHX_OK;

    for (uint32_t f = 0; status == CHX_OK && f < studio->job->n_frames; f++) {
        uint64_t steps = step_of(studio, f) - chx_simulation_step(studio->simulation);
        status = chx_simulation_set_steps(studio->simulation, (uint32_t)steps);
        if (status == CHX_OK)
            status = chx_scene_set_time(studio->scene, time_of(studio, f), 0);
        if (status == CHX_OK)
            status = flight_submit(&studio->flight);
    }
    return status == CHX_OK ? flight_drain(&studio->flight) : status;
}

static chx_status
film_threads(struct studio *studio)
{
    size_t rgb_bytes = (size_t)3 * studio->job->size_px[0] * studio->job->size_px[1];
    uint64_t step = 0;

    for (uint32_t f = 0; f < studio->job->n_frames; f++) {
        const chx_spike *spikes;
        size_t n_spikes;
        if (!threads_simulation_advance(studio->threads, step_of(studio, f) - step))
            return CHX_ERROR_MEMORY;
        step = step_of(studio, f);
        spikes = threads_simulation_spikes(studio->threads, &n_spikes);
        threads_draw_frame(studio->draw, spikes, n_spikes, time_of(studio, f), studio->rgb);
        if (studio->digest)
            XXH3_64bits_update(studio->digest, studio->rgb, rgb_bytes);
    }
    return CHX_OK;
}

/* One film on one side: its time per frame and, where asked for, the digest of its pixels. */
static chx_status
film(const struct peers_job *job, chx_runtime *runtime, uint32_t cores, double *ms,
     uint64_t *digest)
{
    struct studio studio = {.job = job, .info = chx_network_get(job->network)};
    chx_status status = runtime ? open_kernels(&studio, runtime) : open_threads(&studio, cores);
    uint64_t begin_ns;

    if (digest)
        studio.digest = XXH3_createState();
    if (studio.digest)
        XXH3_64bits_reset(studio.digest);
    begin_ns = stopwatch_now_ns();
    if (status == CHX_OK)
        status = runtime ? film_kernels(&studio) : film_threads(&studio);
    *ms = 1e3 * stopwatch_seconds_since(begin_ns) / job->n_frames;
    if (studio.digest)
        *digest = XXH3_64bits_digest(studio.digest);
    close_studio(&studio);
    XXH3_freeState(studio.digest);
    return status;
}

chx_status
peers_draw(const struct peers_job *job, chx_runtime *runtime, struct peers *peers)
{
    double threads_ms[PEERS_ROUNDS + 1];
    double kernels_ms[PEERS_ROUNDS + 1];
    uint64_t digest = 0;

    peers->has_kernels = runtime != NULL;
    /* Digests cost time, so they are taken in the round that is not counted. */
    for (int i = 0; i <= PEERS_ROUNDS; i++) {
        chx_status status = film(job, NULL, peers->cores, &threads_ms[i], i == 0 ? &digest : NULL);
        if (status == CHX_OK && runtime)
            status =
                film(job, runtime, peers->cores, &kernels_ms[i], i == 0 ? &peers->digest : NULL);
        if (status != CHX_OK)
            return status;
    }
    peers->same = runtime && digest == peers->digest;
    peers->threads_ms = stopwatch_median(threads_ms + 1, PEERS_ROUNDS);
    peers->kernels_ms = runtime ? stopwatch_median(kernels_ms + 1, PEERS_ROUNDS) : 0.0;
    return CHX_OK;
}
