/* The sketch (sketch.h) on a stage: a scene in a graph with its simulation, and its last frame. */
#ifndef CHX_TESTS_STAGE_H
#define CHX_TESTS_STAGE_H

#include <math.h>
#include <stdio.h>

#include <chronaxie/plan.h>
#include <chronaxie/scene.h>

#include "base/hash.h"
#include "each.h"
#include "runtime.h"
#include "scene/scene.h"
#include "sketch.h"
#include "threads/draw.h"

#define WIDTH 96
#define HEIGHT 256

static chx_network *network;

static inline void
stage_setup(void)
{
    open_runtime();
    network = sketch_create();
}

static inline void
stage_teardown(void)
{
    chx_network_destroy(&network);
    close_runtime();
}

/* A scene in a graph of its own with the simulation. */
typedef struct stage {
    chx_simulation *simulation;
    chx_scene *scene;
    chx_graph *graph;
    chx_plan *plan;
    uint8_t *pixels; /* of the last frame */
    size_t size_bytes;
    uint64_t n_frames;
} stage;

static inline chx_status
keep(void *data, const chx_frame *frame)
{
    stage *on = data;
    free(on->pixels);
    on->pixels = malloc(frame->size_bytes);
    on->size_bytes = frame->size_bytes;
    memcpy(on->pixels, frame->pixels, frame->size_bytes);
    on->n_frames = frame->index + 1;
    return CHX_OK;
}

#define MOST_STEPS 400

/* With at most n_places in the queues of big bodies. */
static inline stage *
open_stage_of(const chx_scene_params *params, uint32_t n_places)
{
    stage *on = calloc(1, sizeof *on);
    check_ok(chx_simulation_create(runtime, network, NULL, &on->simulation));
    check_ok(chx_scene_create(runtime, on->simulation, params, &on->scene));
    for (uint32_t i = 0; i < on->scene->params.n_bands; i++)
        if (on->scene->bands[i].n_places > n_places)
            on->scene->bands[i].n_places = n_places;
    check_ok(chx_graph_create(runtime, &on->graph));
    check_ok(chx_simulation_build(on->simulation, on->graph, MOST_STEPS));
    check_ok(chx_scene_build(on->scene, on->graph, keep, on));
    check_ok(chx_plan_create(on->graph, NULL, &on->plan));
    return on;
}

static inline stage *
open_stage(const chx_scene_params *params)
{
    return open_stage_of(params, UINT32_MAX);
}

static inline void
close_stage(stage *on)
{
    chx_plan_destroy(&on->plan);
    chx_graph_destroy(&on->graph);
    chx_scene_destroy(&on->scene);
    chx_simulation_destroy(&on->simulation);
    free(on->pixels);
    free(on);
}

/* Advances to a time and draws it. */
static inline void
draw(stage *on, double time_ms)
{
    uint64_t step = (uint64_t)rint(time_ms / SKETCH_STEP_MS);
    uint32_t n_steps = (uint32_t)(step - chx_simulation_step(on->simulation));
    check_ok(chx_simulation_set_steps(on->simulation, n_steps));
    check_ok(chx_scene_set_time(on->scene, time_ms, 0.04));
    chx_run *run = NULL;
    check_ok(chx_plan_submit(on->plan, &run));
    check_ok(chx_run_wait(run, CHX_FOREVER));
    chx_run_destroy(&run);
}

/* Turns the camera to a point, so many times as near as by default. */
static inline void
look_at(const stage *on, const float centre_um[3], double zoom)
{
    chx_camera camera;
    chx_scene_default_camera(on->scene, &camera);
    memcpy(camera.centre_um, centre_um, sizeof camera.centre_um);
    camera.zoom = zoom;
    check_ok(chx_scene_set_camera(on->scene, &camera));
}

static inline uint64_t
digest_at(const chx_scene_params *params, double time_ms)
{
    stage *on = open_stage(params);
    draw(on, time_ms);
    uint64_t digest = chx__hash(on->pixels, on->size_bytes).low;
    close_stage(on);
    return digest;
}

static const chx_scene_params plain = {.width_px = WIDTH, .height_px = HEIGHT, .no_labels = true};

/* Sum of red, green and blue of the brightest pixel within reach of a point of the network. */
static inline int
brightness_at(const stage *on, const float position_um[3], int reach)
{
    double x, y;
    chx_scene_project(on->scene, position_um, &x, &y);
    int brightest = 0;
    for (int j = (int)y - reach; j <= (int)y + reach; j++)
        for (int i = (int)x - reach; i <= (int)x + reach; i++) {
            if (i < 0 || j < 0 || i >= WIDTH || j >= HEIGHT)
                continue;
            const uint8_t *rgb = on->pixels + 3 * (j * WIDTH + i);
            int sum = rgb[0] + rgb[1] + rgb[2];
            brightest = sum > brightest ? sum : brightest;
        }
    return brightest;
}

/* How much redder than blue a soma's pixel is: tissue is blue, light red or yellow. */
static inline int
warmth_at(const stage *on, const float position_um[3])
{
    double x, y;
    chx_scene_project(on->scene, position_um, &x, &y);
    const uint8_t *rgb = on->pixels + 3 * ((int)y * WIDTH + (int)x);
    return rgb[0] - rgb[2];
}

/* Of a colour of sRGB, as WCAG counts it. */
static inline double
luminance_of(const uint8_t rgb[3])
{
    static const double shares[3] = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (int k = 0; k < 3; k++)
        sum += shares[k] * pow((rgb[k] / 255.0 + 0.055) / 1.055, 2.4);
    return sum;
}

/* Draws with the camera turned and zoomed by kernels and by the baseline. */
static inline void
compare_with_baseline(stage *on, unsigned n_threads, double zoom, double time_ms)
{
    chx_camera camera;
    chx_scene_default_camera(on->scene, &camera);
    camera.zoom = zoom;
    camera.azimuth_deg = 25 * zoom;
    camera.roll_deg = 70;
    check_ok(chx_scene_set_camera(on->scene, &camera));
    draw(on, time_ms);
    const chx_spike *spikes;
    size_t n_spikes;
    check_ok(chx_simulation_spikes(on->simulation, &spikes, &n_spikes));
    threads_draw *baseline =
        threads_draw_create(chx_network_get(network), WIDTH, HEIGHT, n_threads);
    uint8_t *rgb = malloc(on->size_bytes);
    threads_draw_aim(baseline, on->scene, &camera);
    for (int round = 0; round < 2; round++) {
        threads_draw_frame(baseline, spikes, n_spikes, time_ms, rgb);
        for (size_t i = 0; i < on->size_bytes; i++)
            ck_each_msg(rgb[i] == on->pixels[i], "x %zu y %zu: %u, baseline %u", i / 3 % WIDTH,
                        i / 3 / WIDTH, on->pixels[i], rgb[i]);
    }
    free(rgb);
    threads_draw_destroy(baseline);
}

#endif
