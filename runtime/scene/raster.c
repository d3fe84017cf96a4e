/* A raster plot is one graph that runs once, made and thrown away around it. Of the kernels that
 * draw a scene's labels it uses the one for strokes, hence the empty lists of glyphs and
 * changing texts that have to be there. The plan goes before the buffers, which runs may use. */
#include <chronaxie/picture.h>

#include <math.h>
#include <stdlib.h>

#include <chronaxie/plan.h>

#include "base/alloc.h"
#include "base/error.h"
#include "scene/palette.h"
#include "scene/plot.h"

#define SMALLEST_PX 320
#define LARGEST_PX 8192

/* What drawing one plot needs on the devices. */
typedef struct canvas {
    chx_program *draw, *resolve;
    chx_buffer *boxes, *strokes, *lines, *glyphs, *shapes, *tables;
    chx_buffer *paper, *ink, *dirty, *queue, *picture;
    chx_graph *graph;
    chx_plan *plan;
    uint32_t width_px, height_px, n_boxes, n_strokes;
} canvas;

static void
canvas_finish(canvas *on)
{
    chx_plan_destroy(&on->plan);
    chx_graph_destroy(&on->graph);
    chx_buffer **buffers[] = {&on->boxes,  &on->strokes, &on->lines,  &on->glyphs,
                              &on->shapes, &on->tables,  &on->paper,  &on->ink,
                              &on->dirty,  &on->queue,   &on->picture};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        chx_buffer_destroy(buffers[i]);
    chx_program_destroy(&on->draw);
    chx_program_destroy(&on->resolve);
}

static chx_status
make_list(chx_runtime *runtime, const void *items, size_t n, size_t size, chx_buffer **buffer)
{
    return n ? chx_buffer_create(runtime, n * size, items, buffer)
             : chx_buffer_create(runtime, size, NULL, buffer);
}

static chx_status
make_inputs(canvas *on, chx_runtime *runtime, const chx__plot *plot)
{
    chx_tables *tables = chx__alloc(1, sizeof *tables);
    if (!tables)
        return chx__fail_memory("preparing the colours of a raster plot");
    chx__plot_inks(tables->ink);
    chx_status status = chx_buffer_create(runtime, sizeof *tables, tables, &on->tables);
    free(tables);
    on->n_boxes = (uint32_t)plot->boxes.n;
    on->n_strokes = (uint32_t)plot->strokes.n;
    if (!status)
        status = make_list(runtime, plot->boxes.items, plot->boxes.n, sizeof(chx_box), &on->boxes);
    if (!status)
        status = make_list(runtime, plot->strokes.items, plot->strokes.n, sizeof(chx_stroke),
                           &on->strokes);
    if (!status)
        status = make_list(runtime, NULL, 0, sizeof(chx_line) * CHX_TEXT_LINES, &on->lines);
    if (!status)
        status = make_list(runtime, NULL, 0, sizeof(chx_glyph) * CHX_GLYPHS, &on->glyphs);
    if (!status)
        status = make_list(runtime, NULL, 0, sizeof(chx_stroke), &on->shapes);
    return status;
}

static chx_status
make_layers(canvas *on, chx_runtime *runtime)
{
    size_t n = (size_t)on->width_px * on->height_px;
    size_t tiles = (size_t)((on->width_px + CHX_TILE - 1) / CHX_TILE) *
                   ((on->height_px + CHX_TILE - 1) / CHX_TILE);
    chx_status status = chx_buffer_create(runtime, n * 4, NULL, &on->paper);
    if (!status)
        status = chx_buffer_create(runtime, n * 4, NULL, &on->ink);
    if (!status)
        status = chx_buffer_create(runtime, tiles * 4, NULL, &on->dirty);
    if (!status)
        status = chx_buffer_create(runtime, 16, NULL, &on->queue);
    if (!status)
        status = chx_buffer_create(runtime, n * 3, NULL, &on->picture);
    return status;
}

static chx_status
make_programs(canvas *on, chx_runtime *runtime)
{
    chx_program_params params = {.options = "-DINT64_ATOMICS=0"};
    chx_status status = chx_program_from_embedded(runtime, "render/draw.cl", &params, &on->draw);
    if (!status)
        status = chx_program_from_embedded(runtime, "render/resolve.cl", NULL, &on->resolve);
    return status;
}

static chx_arg
four(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    chx_arg arg = {.kind = CHX_ARG_VALUE, .size_bytes = 16, .value.u32x4 = {a, b, c, d}};
    return arg;
}

static chx_status
add_tasks(canvas *on)
{
    uint32_t width = on->width_px;
    uint32_t height = on->height_px;
    chx_kernel_task boxes = {.program = on->resolve,
                             .kernel = "boxes",
                             .global = {height, on->n_boxes ? on->n_boxes : 1},
                             .args = CHX_ARGS(CHX_READ(on->boxes), CHX_READ_WRITE(on->paper),
                                              four(width, height, on->n_boxes, 0))};
    chx_kernel_task strokes = {
        .name = "dots and text",
        .program = on->draw,
        .kernel = "labels",
        .global = {((size_t)on->n_strokes + 32) / 32 * 32},
        .local = {32},
        .args = CHX_ARGS(CHX_READ(on->strokes), CHX_READ(on->lines), CHX_READ(on->glyphs),
                         CHX_READ(on->shapes), CHX_READ_WRITE(on->ink), CHX_READ_WRITE(on->dirty),
                         CHX_READ_WRITE(on->queue), four(width, 0, height, 0),
                         four(on->n_strokes, 0, 0, 0), four(0, 0, 0, 0), four(0, 0, 0, 0),
                         four(0, 0, 0, 0), four(0, 0, 0, 0), four(0, 0, 0, 0))};
    chx_kernel_task resolve = {.program = on->resolve,
                               .kernel = "resolve_plot",
                               .global = {width, height},
                               .args = CHX_ARGS(CHX_READ(on->paper), CHX_READ(on->ink),
                                                CHX_READ(on->tables), CHX_WRITE(on->picture),
                                                four(width, height, 0, 0))};
    chx_status status = chx_graph_kernel(on->graph, &boxes);
    if (!status)
        status = chx_graph_kernel(on->graph, &strokes);
    if (!status)
        status = chx_graph_kernel(on->graph, &resolve);
    return status;
}

static chx_status
draw_plot(canvas *on, chx_runtime *runtime, const chx__plot *plot)
{
    chx_status status = make_inputs(on, runtime, plot);
    if (!status)
        status = make_layers(on, runtime);
    if (!status)
        status = make_programs(on, runtime);
    if (!status)
        status = chx_graph_create(runtime, &on->graph);
    if (!status)
        status = add_tasks(on);
    if (!status)
        status = chx_plan_create(on->graph, NULL, &on->plan);
    chx_run *run = NULL;
    if (!status)
        status = chx_plan_submit(on->plan, &run);
    if (!status)
        status = chx_run_wait(run, CHX_FOREVER);
    chx_run_destroy(&run);
    return status;
}

static chx_status
write_picture(const canvas *on, const char *path)
{
    size_t size = (size_t)on->width_px * on->height_px * 3;
    uint8_t *pixels = chx__alloc(size, 1);
    if (!pixels)
        return chx__fail_memory("fetching a raster plot");
    chx_status status = chx_buffer_read(on->picture, 0, size, pixels);
    if (!status)
        status = chx_png_write(path, on->width_px, on->height_px, pixels);
    free(pixels);
    return status;
}

static chx_status
check(uint32_t width_px, uint32_t height_px, double duration_ms)
{
    if (width_px < SMALLEST_PX || height_px < SMALLEST_PX || width_px > LARGEST_PX ||
        height_px > LARGEST_PX)
        return chx__fail(CHX_ERROR_INVALID,
                         "a raster plot of %u x %u pixels cannot be drawn; sides go from %d to %d",
                         width_px, height_px, SMALLEST_PX, LARGEST_PX);
    if (!isfinite(duration_ms) || duration_ms <= 0)
        return chx__fail(CHX_ERROR_INVALID,
                         "a raster plot of %g ms cannot be drawn; give a positive duration",
                         duration_ms);
    return CHX_OK;
}

chx_status
chx_raster_write(chx_runtime *runtime, const chx_network *network, const chx_spike *spikes,
                 size_t n_spikes, double duration_ms, uint32_t width_px, uint32_t height_px,
                 const char *path)
{
    CHX__REQUIRE(runtime && network && (spikes || n_spikes == 0) && path);
    chx_status status = check(width_px, height_px, duration_ms);
    if (status)
        return status;
    chx__font font;
    status = chx__font_init(&font);
    if (status)
        return status;
    chx__plot plot = {{0}, {0}};
    canvas on = {.width_px = width_px, .height_px = height_px};
    chx__plot_params params = {.network = chx_network_outline(network),
                               .spikes = spikes,
                               .n_spikes = n_spikes,
                               .duration_ms = duration_ms,
                               .width_px = width_px,
                               .height_px = height_px};
    status = chx__plot_init(&plot, &params, &font);
    if (!status)
        status = draw_plot(&on, runtime, &plot);
    if (!status)
        status = write_picture(&on, path);
    canvas_finish(&on);
    chx__plot_finish(&plot);
    chx__font_finish(&font);
    return status;
}
