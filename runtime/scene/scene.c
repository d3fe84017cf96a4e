/* A scene: what its bands share, and the scalars that make one frame differ from the next. Between
 * two submits the caller sets camera and time; they are kept here and copied into tasks, and a run
 * uses them as they were when it was submitted. Before the graph is built they are only kept, and
 * building hands them over.
 *
 * The frame task hands the picture to the caller from the host thread, when the spikes of its run
 * are collected, so that a run which follows none shows no picture, and in order of submission,
 * since each run writes the same picture buffer: a frame's pixels are good until its function
 * returns. frame_index is touched by that task only. Scenes that are alike draw in pictures and
 * layers of their own, so that a graph can have them draw several moments at once.
 *
 * Capabilities are the intersection over the devices that may draw: one program for all, as
 * different ones could differ in bits. Time is q16 of a simulation step in 64 bits. The graph is
 * used by one thread at a time; there is no lock. */
#include "scene/scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "memory/adopt.h"
#include "network/simulation.h"
#include "scene/connections.h"
#include "scene/palette.h"

#define SMALLEST_PX 64
#define LARGEST_PX 8192

/* Places of scalars in kernels' argument lists. */
#define GATHER_NOW 3
#define LABELS_COUNTS 8

static chx_status
check_params(chx_scene_params *params)
{
    params->width_px = params->width_px ? params->width_px : 1920;
    params->height_px = params->height_px ? params->height_px : 1080;
    uint32_t sides[2] = {params->width_px, params->height_px};
    for (int i = 0; i < 2; i++)
        if (sides[i] % 2 || sides[i] < SMALLEST_PX || sides[i] > LARGEST_PX)
            return chx__fail(CHX_ERROR_INVALID,
                             "a picture of %u x %u pixels cannot be drawn; both sides must be even "
                             "and from %d to %d",
                             sides[0], sides[1], SMALLEST_PX, LARGEST_PX);
    if (params->n_bands > CHX__MAX_BANDS)
        return chx__fail(CHX_ERROR_INVALID, "%u bands are too many; ask for at most %d",
                         params->n_bands, CHX__MAX_BANDS);
    CHX__REQUIRE(params->colour_map == CHX_COLOUR_INFERNO ||
                 params->colour_map == CHX_COLOUR_CIVIDIS);
    CHX__REQUIRE(params->colour_by >= CHX_COLOUR_BY_SPIKE && params->colour_by <= CHX_COLOUR_BY_ID);
    CHX__REQUIRE(params->background >= CHX_BACKGROUND_BLACK &&
                 params->background <= CHX_BACKGROUND_WHITE);
    CHX__REQUIRE(params->connections >= CHX_CONNECTIONS_AUTO &&
                 params->connections <= CHX_CONNECTIONS_HIDDEN);
    CHX__REQUIRE(params->plane >= CHX_PLANE_PRINCIPAL && params->plane <= CHX_PLANE_YZ);
    CHX__REQUIRE(params->format >= CHX_PIXELS_RGB && params->format <= CHX_PIXELS_YUV420);
    CHX__REQUIRE(params->format != CHX_PIXELS_RGBA || params->background == CHX_BACKGROUND_BLACK);
    return CHX_OK;
}

/* What the selected devices allow. */
static void
survey(chx_scene *scene)
{
    uint32_t n_parallel = chx_runtime_n_parallel(scene->runtime);
    bool int64_atomics = true;
    uint64_t loops = UINT64_MAX;
    for (uint32_t i = 0; i < chx_runtime_n_devices(scene->runtime); i++) {
        chx_device_info info;
        if (chx_runtime_device(scene->runtime, i, &info) || !info.selected || info.spare)
            continue;
        int64_atomics = int64_atomics && info.has_int64_atomics;
        loops = info.max_loop_iterations < loops ? info.max_loop_iterations : loops;
    }
    scene->inputs.int64_atomics = int64_atomics && !scene->params.no_int64_atomics;
    scene->inputs.cone_shares = loops < 1000000 ? 16 : 2;
    /* Rows near the borders of bands are drawn twice, so bands are few; one more than devices lets
     * a plan balance parts of the picture that differ. */
    if (scene->params.n_bands == 0)
        scene->params.n_bands = n_parallel == 1 ? 1 : n_parallel + 1;
    uint32_t step = chx__band_step(scene->params.height_px);
    uint32_t most = (scene->params.height_px + step - 1) / step;
    most = most < CHX__MAX_BANDS ? most : CHX__MAX_BANDS;
    if (scene->params.n_bands > most)
        scene->params.n_bands = most;
}

static chx_status
make_program(chx_scene *scene)
{
    chx_program_params params = {.options = scene->inputs.int64_atomics ? "-DINT64_ATOMICS=1"
                                                                        : "-DINT64_ATOMICS=0"};
    return chx_program_from_embedded(scene->runtime, "render/frame.cl", &params,
                                     &scene->inputs.program);
}

/* A buffer that is never empty, so that a list of nothing has an address too. */
static chx_status
make_list(chx_runtime *runtime, const void *items, size_t n, size_t size, chx_buffer **buffer)
{
    static const uint32_t nothing[16];
    return n ? chx_buffer_create(runtime, n * size, items, buffer)
             : chx_buffer_create(runtime, sizeof nothing, nothing, buffer);
}

/* The branches, which may be most of the memory there is, are the buffer's from here on. */
static chx_status
hand_branches(chx_scene *scene)
{
    chx__geometry *geometry = &scene->geometry;
    chx_status status = chx_buffer_wrap(scene->runtime, geometry->branches,
                                        ((size_t)geometry->n_branches + 1) * sizeof(chx_branch),
                                        &scene->inputs.branches);
    if (status)
        return status;
    chx__buffer_adopt(scene->inputs.branches);
    geometry->branches = NULL;
    return CHX_OK;
}

static chx_status
make_label_buffers(chx_scene *scene)
{
    chx__band_inputs *in = &scene->inputs;
    const chx__labels *labels = &scene->labels;
    chx_status status = make_list(scene->runtime, labels->strokes.items, labels->strokes.n,
                                  sizeof(chx_stroke), &in->strokes);
    if (!status)
        status =
            make_list(scene->runtime, labels->lines, CHX_TEXT_LINES, sizeof(chx_line), &in->lines);
    if (!status)
        status = make_list(scene->runtime, labels->font.glyphs, CHX_GLYPHS, sizeof(chx_glyph),
                           &in->glyphs);
    if (!status)
        status = make_list(scene->runtime, labels->font.shapes.items, labels->font.shapes.n,
                           sizeof(chx_stroke), &in->shapes);
    in->n_strokes = (uint32_t)labels->strokes.n;
    in->strokes_per_glyph = labels->font.most_strokes;
    return status;
}

/* What a picture is drawn in. */
static chx_status
make_canvas(chx_scene *scene)
{
    chx__band_inputs *in = &scene->inputs;
    chx_status status = chx_buffer_create(
        scene->runtime, ((size_t)scene->network->n_neurons + 1) * CHX_AGES * 4, NULL, &in->ages);
    if (!status)
        status = chx_buffer_create(scene->runtime, scene->picture_bytes, NULL, &in->picture);
    for (uint32_t i = 0; i < scene->params.n_bands && !status; i++)
        status = chx__band_init(&scene->bands[i], scene->runtime, scene->params.width_px,
                                scene->params.height_px, i, scene->params.n_bands,
                                scene->geometry.n_branches);
    return status;
}

static chx_status
make_buffers(chx_scene *scene, const chx_tables *tables)
{
    chx__band_inputs *in = &scene->inputs;
    size_t pixels = (size_t)scene->params.width_px * scene->params.height_px;
    scene->picture_bytes = scene->params.format == CHX_PIXELS_RGB    ? pixels * 3
                           : scene->params.format == CHX_PIXELS_RGBA ? pixels * 4
                                                                     : pixels * 3 / 2;
    in->n_branches = scene->geometry.n_branches;
    in->format = scene->params.format;
    chx_status status = chx_buffer_create(scene->runtime, sizeof *tables, tables, &in->tables);
    if (!status)
        status = hand_branches(scene);
    if (!status)
        status = make_label_buffers(scene);
    return status ? status : make_canvas(scene);
}

static chx_status
prepare(chx_scene *scene)
{
    chx_tables *tables = chx__alloc(1, sizeof *tables);
    if (!tables)
        return chx__fail_memory("preparing colours");
    chx__tables_fill(tables, &scene->params);
    chx_status status = chx__geometry_init(&scene->geometry, scene->network, scene->params.plane,
                                           scene->params.colour_by, scene->params.connections);
    if (!status && !scene->params.no_labels)
        status = chx__labels_init(&scene->labels, scene->network, tables, &scene->params);
    survey(scene);
    if (!status)
        status = make_program(scene);
    if (!status)
        status = make_buffers(scene, tables);
    free(tables);
    return status;
}

/* Synapses are listed where they are drawn, and only there. */
static chx_status
list_connections(const chx_scene *scene)
{
    bool are_shown = chx__connections_shown(scene->network, scene->params.connections);
    bool has_list = !are_shown || chx_network_get(chx__simulation_network(scene->simulation));
    return has_list ? CHX_OK : chx__fail_memory("listing synapses");
}

/* Where the network may stand. */
static void
set_stage(chx_scene *scene)
{
    scene->stage = (chx__stage){.width_px = scene->params.width_px,
                                .height_px = scene->params.height_px,
                                .share = 0.94,
                                .still = scene->params.still,
                                .blocks = scene->labels.blocks,
                                .n_blocks = scene->labels.n_blocks};
}

chx_status
chx_scene_create(chx_runtime *runtime, chx_simulation *simulation, const chx_scene_params *params,
                 chx_scene **scene)
{
    CHX__REQUIRE(runtime && simulation && scene);
    chx_scene *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("creating a scene");
    made->runtime = runtime;
    made->simulation = simulation;
    made->network = chx_network_outline(chx__simulation_network(simulation));
    if (params)
        made->params = *params;
    if (!made->params.has_plane)
        made->params.plane = made->network->view.plane;
    chx_status status = check_params(&made->params);
    if (!status)
        status = list_connections(made);
    if (!status)
        status = prepare(made);
    if (status) {
        chx_scene_destroy(&made);
        return status;
    }
    set_stage(made);
    chx_camera camera;
    chx_scene_default_camera(made, &camera);
    status = chx_scene_set_camera(made, &camera);
    if (status) {
        chx_scene_destroy(&made);
        return status;
    }
    *scene = made;
    return CHX_OK;
}

chx_status
chx_scene_create_like(chx_scene *like, chx_scene **scene)
{
    CHX__REQUIRE(like && scene);
    chx_scene *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("creating a scene");
    *made = *like;
    made->first = like->first ? like->first : like;
    made->inputs.ages = made->inputs.picture = NULL;
    made->graph = made->last_graph = NULL;
    made->frame_index = 0;
    memset(made->bands, 0, sizeof made->bands);
    chx_status status = make_canvas(made);
    if (status)
        chx_scene_destroy(&made);
    else
        *scene = made;
    return status;
}

static void
destroy_shared(chx_scene *old)
{
    chx__band_inputs *in = &old->inputs;
    chx_buffer **buffers[] = {&in->branches, &in->tables, &in->strokes,
                              &in->lines,    &in->glyphs, &in->shapes};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        chx_buffer_destroy(buffers[i]);
    chx_program_destroy(&in->program);
    chx__labels_finish(&old->labels);
    chx__geometry_finish(&old->geometry);
}

void
chx_scene_destroy(chx_scene **scene)
{
    if (!scene || !*scene)
        return;
    chx_scene *old = *scene;
    chx_buffer_destroy(&old->inputs.ages);
    chx_buffer_destroy(&old->inputs.picture);
    for (uint32_t i = 0; i < CHX__MAX_BANDS; i++)
        chx__band_finish(&old->bands[i]);
    if (!old->first)
        destroy_shared(old);
    free(old);
    *scene = NULL;
}

void
chx_scene_default_camera(const chx_scene *scene, chx_camera *camera)
{
    if (!scene || !camera)
        return;
    const chx_view *view = &scene->network->view;
    chx_camera made = {.zoom = view->zoom > 0 ? view->zoom : 1};
    if (!scene->params.has_plane) {
        made.azimuth_deg = view->azimuth_deg;
        made.elevation_deg = view->elevation_deg;
        made.roll_deg = view->roll_deg;
    }
    for (int k = 0; k < 3; k++)
        made.centre_um[k] = (float)scene->geometry.centre_um[k];
    *camera = made;
}

static chx_arg
text_arg(const char text[CHX_TEXT_CHARS])
{
    chx_arg arg = {.kind = CHX_ARG_VALUE, .size_bytes = 16};
    for (int i = 0; i < CHX_TEXT_CHARS; i++)
        arg.value.u32x4[i / 4] |= (uint32_t)(unsigned char)text[i] << (8 * (i % 4));
    return arg;
}

/* How far to the right, or down, the tips of the drawn axes lie. */
static chx_arg
tips_arg(const chx_scene *scene, int row)
{
    chx_arg arg = {.kind = CHX_ARG_VALUE, .size_bytes = 16};
    for (int k = 0; k < 3; k++)
        arg.value.u32x4[k] =
            (uint32_t)(int32_t)rint(scene->projection.rows[row][k] * scene->labels.axis_px * 256);
    arg.value.u32x4[3] = (uint32_t)rint(scene->labels.axis_cap_px * 256);
    return arg;
}

/* Hands captions to the tasks of a built graph. */
static chx_status
caption_tasks(chx_scene *scene)
{
    chx_arg counts = {.kind = CHX_ARG_VALUE, .size_bytes = 16};
    counts.value.u32x4[0] = scene->inputs.n_strokes;
    counts.value.u32x4[1] = scene->inputs.strokes_per_glyph;
    counts.value.u32x4[2] = (uint32_t)scene->caption.bar_q8;
    chx_arg args[6] = {counts,
                       text_arg(scene->caption.time),
                       text_arg(scene->caption.speed),
                       text_arg(scene->caption.scale),
                       tips_arg(scene, 0),
                       tips_arg(scene, 1)};
    chx_status status = CHX_OK;
    for (uint32_t b = 0; b < scene->params.n_bands && !status; b++)
        for (uint32_t i = 0; i < 6 && !status; i++)
            status = chx_graph_set_value(scene->graph, scene->bands[b].labels, LABELS_COUNTS + i,
                                         &args[i]);
    return status;
}

static chx_status
aim_tasks(chx_scene *scene)
{
    chx_status status = CHX_OK;
    for (uint32_t i = 0; i < scene->params.n_bands && !status; i++)
        status = chx__band_aim(&scene->bands[i], scene->graph, scene->inputs.int64_atomics,
                               &scene->projection);
    return status;
}

chx_status
chx_scene_set_camera(chx_scene *scene, const chx_camera *camera)
{
    CHX__REQUIRE(scene && camera);
    if (!chx__camera_valid(camera))
        return chx__fail(CHX_ERROR_INVALID, "the camera has a number that is not finite, or a zoom "
                                            "outside [0.01, 10000]; choose others");
    scene->camera = *camera;
    chx__projection_make(&scene->geometry, camera, &scene->stage, &scene->projection);
    if (scene->labels.bar_most_px > 0)
        chx__caption_scale(&scene->caption, scene->projection.scale, scene->labels.bar_most_px);
    if (!scene->graph)
        return CHX_OK;
    chx_status status = aim_tasks(scene);
    return status ? status : caption_tasks(scene);
}

double
chx_scene_scale_px_per_um(const chx_scene *scene)
{
    return scene ? scene->projection.scale : 0;
}

void
chx_scene_project(const chx_scene *scene, const float position_um[3], double *x_px, double *y_px)
{
    if (!scene || !position_um || !x_px || !y_px)
        return;
    const chx__projection *at = &scene->projection;
    double *out[2] = {x_px, y_px};
    for (int i = 0; i < 2; i++) {
        double sum = 0;
        for (int k = 0; k < 3; k++)
            sum += at->rows[i][k] * ((double)position_um[k] - scene->camera.centre_um[k]);
        *out[i] = at->origin_px[i] + sum * at->scale;
    }
}

static chx_status
hand_over(void *data, void *const *host)
{
    chx_scene *scene = data;
    chx_frame frame = {.width_px = scene->params.width_px,
                       .height_px = scene->params.height_px,
                       .format = scene->params.format,
                       .pixels = host[0],
                       .size_bytes = scene->picture_bytes,
                       .index = scene->frame_index++};
    return scene->frame ? scene->frame(scene->frame_data, &frame) : CHX_OK;
}

static chx_status
build_gather(chx_scene *scene, chx_graph *graph)
{
    const chx_view *view = &scene->network->view;
    double rate = scene->network->time_step_ms / view->decay_ms * CHX_TICKS_PER_DECAY * 65536;
    chx_arg now = {.kind = CHX_ARG_VALUE, .size_bytes = 8};
    chx_arg ticks = {.kind = CHX_ARG_VALUE, .size_bytes = 8};
    ticks.value.i64 = (int64_t)fmin(rint(rate), 1 << 26);
    chx_kernel_task task = {.name = "gather",
                            .program = scene->inputs.program,
                            .kernel = "gather",
                            .global = {((size_t)scene->network->n_neurons + 63) / 64 * 64},
                            .local = {32},
                            .args = CHX_ARGS(CHX_READ(chx__simulation_history(scene->simulation)),
                                             CHX_READ_WRITE(scene->inputs.ages),
                                             CHX_UINT(scene->network->n_neurons), now, ticks),
                            .id = &scene->gather};
    return chx_graph_kernel(graph, &task);
}

/* Pictures of scenes that are alike are handed over in the order in which they were built. */
static chx_status
build_frame(chx_scene *scene, chx_graph *graph)
{
    chx_scene *first = scene->first ? scene->first : scene;
    chx_buffer *collected = chx__simulation_collected(scene->simulation);
    chx_arg args[3] = {CHX_READ(scene->inputs.picture), CHX_END, CHX_END};
    if (collected)
        args[1] = CHX_READ(collected);
    chx_task id;
    chx_host_task task = {
        .name = "frame", .run = hand_over, .data = scene, .args = args, .id = &id};
    chx_status status = chx_graph_host(graph, &task);
    if (!status && first->last_graph == graph)
        status = chx_graph_depend(graph, first->last_frame, id);
    if (!status) {
        first->last_graph = graph;
        first->last_frame = id;
    }
    return status;
}

chx_status
chx_scene_build(chx_scene *scene, chx_graph *graph, chx_frame_fn frame, void *data)
{
    CHX__REQUIRE(scene && graph && !scene->graph);
    chx_status status = build_gather(scene, graph);
    for (uint32_t i = 0; i < scene->params.n_bands && !status; i++)
        status = chx__band_build(&scene->bands[i], graph, &scene->inputs);
    if (status)
        return status;
    scene->frame = frame;
    scene->frame_data = data;
    status = build_frame(scene, graph);
    if (status)
        return status;
    scene->graph = graph;
    status = aim_tasks(scene);
    return status ? status : caption_tasks(scene);
}

chx_status
chx_scene_set_time(chx_scene *scene, double time_ms, double speed)
{
    CHX__REQUIRE(scene && isfinite(time_ms) && isfinite(speed) && time_ms >= 0 && speed >= 0);
    /* Where colours say something else no light is drawn, and the moment means nothing. */
    if (!scene->params.no_labels && scene->params.colour_by == CHX_COLOUR_BY_SPIKE)
        chx__caption_time(&scene->caption, time_ms, scene->network->time_step_ms, speed);
    if (!scene->graph)
        return CHX_OK;
    chx_arg now = {.kind = CHX_ARG_VALUE, .size_bytes = 8};
    now.value.i64 = (int64_t)fmin(rint(time_ms / scene->network->time_step_ms * 65536), 9e18);
    chx_status status = chx_graph_set_value(scene->graph, scene->gather, GATHER_NOW, &now);
    return status ? status : caption_tasks(scene);
}
