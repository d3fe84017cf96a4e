/* The chain of tasks that draws some rows: labels, branches, cones (big bodies), bloom down and up,
 * mark, resolve, sweep. Layers are empty between pictures: sweep and resolve leave them so, and
 * dirty tiles say what was touched, so that a mostly black picture costs little.
 *
 * own rows are shown, held ones drawn: the halo is four of the coarsest bloom's cells, and errors
 * at its edge reach three inwards, so a band's own rows are the same as in a whole picture. Bands
 * begin at whole cells of the coarsest level and whole tiles, so cells of all levels lie in the
 * same grid in every band. That is why pictures do not depend on how many bands there are.
 *
 * Without 64-bit atomics branches and cones are drawn twice, the second time keeping what belongs
 * to the nearest body found by the first.
 *
 * Positions of arguments (BRANCHES_CENTRE and so on) are those of the kernels' lists; changing
 * one means changing both. Scalars that follow the camera are set by chx__band_aim() for each
 * band before a submit. */
#include "scene/band.h"

#include <string.h>

#include "base/error.h"

/* Where the arguments that follow the camera stand in the kernels' lists. */
#define BRANCHES_CENTRE 12
#define BRANCHES_DEPTH 17
#define CONES_DEPTH 9
#define RESOLVE_DEPTH 12

/* Of bloom, from the coarsest level down, q8, in a picture of 1080 rows. */
static const uint32_t level_weights[CHX__MAX_LEVELS] = {256, 200, 150, 110, 90, 70, 50, 40};

uint32_t
chx__bloom_levels(uint32_t height_px)
{
    uint32_t n = 2;
    while (n < CHX__MAX_LEVELS - 1 && (height_px >> n) > 48)
        n++;
    return n;
}

uint32_t
chx__band_step(uint32_t height_px)
{
    uint32_t step = 1u << chx__bloom_levels(height_px);
    return step < CHX_TILE ? CHX_TILE : step;
}

/* Branches are a pixel wide or so in any picture, a smaller part of a bigger one: their bloom makes
 * up for that. */
static uint32_t
level_weight(const chx__band *band, uint32_t level)
{
    uint32_t share = band->height_px * 256 / 1080;
    share = share < 140 ? 140 : share > 600 ? 600 : share;
    return level_weights[band->n_levels - level] * share / 256;
}

/* Rows of the picture held at a level, as the kernels want them: width, height, begin, end. */
static chx_arg
level_arg(const chx__band *band, uint32_t level)
{
    uint32_t last = (1u << level) - 1;
    chx_arg arg = {.kind = CHX_ARG_VALUE, .size_bytes = 16};
    arg.value.u32x4[0] = (band->width_px + last) >> level;
    arg.value.u32x4[1] = (band->height_px + last) >> level;
    arg.value.u32x4[2] = band->held.begin >> level;
    arg.value.u32x4[3] = (band->held.end + last) >> level;
    return arg;
}

static chx_arg
four(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    chx_arg arg = {.kind = CHX_ARG_VALUE, .size_bytes = 16, .value.u32x4 = {a, b, c, d}};
    return arg;
}

static uint32_t
min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Errors of the bloom at the edge of what is held reach three times the coarsest cell inwards. */
static void
find_rows(chx__band *band, uint32_t index, uint32_t n_bands)
{
    uint32_t step = chx__band_step(band->height_px);
    uint32_t n_steps = (band->height_px + step - 1) / step;
    uint32_t halo = 4 * step;
    band->own.begin = min_u32(n_steps * index / n_bands * step, band->height_px);
    band->own.end = min_u32(n_steps * (index + 1) / n_bands * step, band->height_px);
    band->held.begin = band->own.begin > halo ? band->own.begin - halo : 0;
    band->held.end = min_u32(band->own.end + halo, band->height_px);
}

static uint32_t
n_tiles(uint32_t px)
{
    return (px + CHX_TILE - 1) / CHX_TILE;
}

chx_status
chx__band_init(chx__band *band, chx_runtime *runtime, uint32_t width_px, uint32_t height_px,
               uint32_t index, uint32_t n_bands, uint32_t n_branches)
{
    chx__band made = {.width_px = width_px, .height_px = height_px};
    find_rows(&made, index, n_bands);
    made.n_levels = chx__bloom_levels(height_px);
    uint32_t rows = made.held.end - made.held.begin;
    size_t n = (size_t)width_px * rows;
    size_t tiles = (size_t)n_tiles(width_px) * n_tiles(rows);
    made.n_places = min_u32(n_branches, CHX_MOST_QUEUED);
    size_t queue = 16 + (size_t)made.n_places * sizeof(chx_stick);
    chx_status status = chx_buffer_create(runtime, n * 8, NULL, &made.fibre);
    if (!status)
        status = chx_buffer_create(runtime, n * 16, NULL, &made.light);
    if (!status)
        status = chx_buffer_create(runtime, n * 4, NULL, &made.ink);
    if (!status)
        status = chx_buffer_create(runtime, n * 8, NULL, &made.body);
    if (!status)
        status = chx_buffer_create(runtime, n * 4, NULL, &made.halo);
    if (!status)
        status = chx_buffer_create(runtime, tiles * 4, NULL, &made.dirty);
    if (!status)
        status = chx_buffer_create(runtime, tiles * 4, NULL, &made.marks);
    if (!status)
        status = chx_buffer_create(runtime, queue, NULL, &made.queue);
    for (uint32_t level = 1; level <= made.n_levels && !status; level++) {
        chx_arg size = level_arg(&made, level);
        size_t cells = (size_t)size.value.u32x4[0] * (size.value.u32x4[3] - size.value.u32x4[2]);
        status = chx_buffer_create(runtime, cells * 4, NULL, &made.levels[level - 1]);
    }
    if (status) {
        chx__band_finish(&made);
        return status;
    }
    *band = made;
    return CHX_OK;
}

void
chx__band_finish(chx__band *band)
{
    chx_buffer_destroy(&band->fibre);
    chx_buffer_destroy(&band->light);
    chx_buffer_destroy(&band->ink);
    chx_buffer_destroy(&band->body);
    chx_buffer_destroy(&band->halo);
    chx_buffer_destroy(&band->dirty);
    chx_buffer_destroy(&band->marks);
    chx_buffer_destroy(&band->queue);
    for (uint32_t level = 0; level < CHX__MAX_LEVELS; level++)
        chx_buffer_destroy(&band->levels[level]);
}

/* Width, first and last row held, and one more number for the kernel. */
static chx_arg
band_arg(const chx__band *band, uint32_t extra)
{
    return four(band->width_px, band->held.begin, band->held.end, extra);
}

static size_t
round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static chx_status
build_labels(chx__band *band, chx_graph *graph, const chx__band_inputs *in)
{
    size_t dynamic = (size_t)CHX_TEXT_LINES * CHX_TEXT_CHARS * in->strokes_per_glyph;
    chx_kernel_task task = {
        .name = "labels",
        .program = in->program,
        .kernel = "labels",
        .global = {round_up(in->n_strokes + CHX_TEXT_LINES + dynamic + 1, 64)},
        .local = {32},
        .args =
            CHX_ARGS(CHX_READ(in->strokes), CHX_READ(in->lines), CHX_READ(in->glyphs),
                     CHX_READ(in->shapes), CHX_READ_WRITE(band->ink), CHX_READ_WRITE(band->dirty),
                     CHX_BUFFER_RANGE(band->queue, CHX_ACCESS_READ_WRITE, 0, 16), band_arg(band, 0),
                     four(in->n_strokes, in->strokes_per_glyph, 0, 0), four(0, 0, 0, 0),
                     four(0, 0, 0, 0), four(0, 0, 0, 0), four(0, 0, 0, 0), four(0, 0, 0, 0)),
        .id = &band->labels};
    return chx_graph_kernel(graph, &task);
}

static chx_status
build_branches(chx__band *band, chx_graph *graph, const chx__band_inputs *in, const char *kernel,
               chx_task *id)
{
    chx_arg row = {.kind = CHX_ARG_VALUE, .size_bytes = 16};
    chx_kernel_task task = {
        .name = kernel,
        .program = in->program,
        .kernel = kernel,
        .global = {round_up(in->n_branches, 64)},
        .local = {32},
        .args = CHX_ARGS(CHX_READ(in->branches), CHX_READ(in->ages), CHX_READ(in->tables),
                         CHX_READ_WRITE(band->fibre), CHX_READ_WRITE(band->light),
                         CHX_READ_WRITE(band->levels[0]), CHX_READ_WRITE(band->body),
                         CHX_READ_WRITE(band->halo), CHX_READ_WRITE(band->dirty),
                         CHX_READ_WRITE(band->queue), CHX_UINT(in->n_branches),
                         band_arg(band, band->n_places), row, row, row, row, row, row),
        .id = id};
    return chx_graph_kernel(graph, &task);
}

static chx_status
build_cones(chx__band *band, chx_graph *graph, const chx__band_inputs *in, const char *kernel,
            chx_task *id)
{
    chx_kernel_task task = {
        .name = kernel,
        .program = in->program,
        .kernel = kernel,
        .global = {(band->width_px + CHX_BLOCK - 1) / CHX_BLOCK,
                   (band->held.end - band->held.begin + CHX_BLOCK - 1) / CHX_BLOCK,
                   in->cone_shares},
        .args =
            CHX_ARGS(CHX_READ(band->queue), CHX_READ(in->tables), CHX_READ_WRITE(band->fibre),
                     CHX_READ_WRITE(band->light), CHX_READ_WRITE(band->levels[0]),
                     CHX_READ_WRITE(band->body), CHX_READ_WRITE(band->halo),
                     CHX_READ_WRITE(band->dirty), band_arg(band, band->n_places), four(0, 0, 0, 0)),
        .id = id};
    return chx_graph_kernel(graph, &task);
}

static void
level_items(const chx_arg *size, size_t global[3], size_t local[3])
{
    global[0] = round_up(size->value.u32x4[0], 32);
    global[1] = round_up(size->value.u32x4[3] - size->value.u32x4[2], 4);
    local[0] = 32;
    local[1] = 1;
}

static chx_status
build_bloom_down(chx__band *band, chx_graph *graph, const chx__band_inputs *in)
{
    chx_status status = CHX_OK;
    for (uint32_t level = 2; level <= band->n_levels && !status; level++) {
        chx_arg size = level_arg(band, level);
        chx_kernel_task task = {.name = "bloom down", .program = in->program};
        chx_arg from = CHX_READ(band->levels[level - 2]);
        chx_arg to = CHX_WRITE(band->levels[level - 1]);
        chx_arg from_size = level_arg(band, level - 1);
        chx_arg dirty = CHX_READ(band->dirty);
        task.kernel = level == 2 ? "glow_down" : "bloom_down";
        task.args = level == 2 ? CHX_ARGS(from, to, dirty, from_size, size, band_arg(band, 0))
                               : CHX_ARGS(from, to, from_size, size);
        level_items(&size, task.global, task.local);
        status = chx_graph_kernel(graph, &task);
    }
    return status;
}

static chx_status
build_bloom_up(chx__band *band, chx_graph *graph, const chx__band_inputs *in)
{
    chx_status status = CHX_OK;
    for (uint32_t level = band->n_levels - 1; level >= 2 && !status; level--) {
        chx_arg size = level_arg(band, level);
        chx_kernel_task task = {.name = "bloom up",
                                .program = in->program,
                                .kernel = "bloom_up",
                                .args = CHX_ARGS(CHX_READ_WRITE(band->levels[level - 1]),
                                                 CHX_READ(band->levels[level]), size,
                                                 level_arg(band, level + 1),
                                                 CHX_UINT(level_weight(band, level)))};
        level_items(&size, task.global, task.local);
        status = chx_graph_kernel(graph, &task);
    }
    return status;
}

/* Marks tiles, and brings bloom to the finest level where they are lit. */
static chx_status
build_mark(chx__band *band, chx_graph *graph, const chx__band_inputs *in)
{
    chx_kernel_task mark = {
        .name = "mark",
        .program = in->program,
        .kernel = "mark",
        .global = {n_tiles(band->width_px), n_tiles(band->held.end - band->held.begin)},
        .args = CHX_ARGS(CHX_READ(band->dirty), CHX_READ(band->levels[1]), CHX_WRITE(band->marks),
                         band_arg(band, 0), level_arg(band, 2))};
    chx_arg size = level_arg(band, 1);
    chx_kernel_task up = {.name = "bloom up",
                          .program = in->program,
                          .kernel = "glow_up",
                          .args =
                              CHX_ARGS(CHX_READ_WRITE(band->levels[0]), CHX_READ(band->levels[1]),
                                       CHX_READ(band->marks), size, level_arg(band, 2),
                                       CHX_UINT(level_weight(band, 1)), band_arg(band, 0))};
    level_items(&size, up.global, up.local);
    chx_status status = chx_graph_kernel(graph, &mark);
    return status ? status : chx_graph_kernel(graph, &up);
}

/* The bytes of the picture that a band writes, plane by plane. */
static void
picture_args(const chx__band *band, const chx__band_inputs *in, chx_arg args[3])
{
    size_t width = band->width_px;
    size_t begin = band->own.begin;
    size_t rows = band->own.end - band->own.begin;
    size_t luma = width * band->height_px;
    chx_arg none = {.kind = CHX_ARG_NONE};
    args[1] = args[2] = none;
    if (in->format != CHX_PIXELS_YUV420) {
        size_t pitch = width * (in->format == CHX_PIXELS_RGBA ? 4 : 3);
        args[0] =
            (chx_arg)CHX_BUFFER_RANGE(in->picture, CHX_ACCESS_WRITE, pitch * begin, pitch * rows);
        return;
    }
    args[0] = (chx_arg)CHX_BUFFER_RANGE(in->picture, CHX_ACCESS_WRITE, width * begin, width * rows);
    for (size_t plane = 0; plane < 2; plane++)
        args[1 + plane] = (chx_arg)CHX_BUFFER_RANGE(in->picture, CHX_ACCESS_WRITE,
                                                    luma + luma / 4 * plane + width * begin / 4,
                                                    width * rows / 4);
}

static const char *const resolve_kernels[] = {[CHX_PIXELS_RGB] = "resolve_rgb",
                                              [CHX_PIXELS_RGBA] = "resolve_rgba",
                                              [CHX_PIXELS_YUV420] = "resolve_yuv"};

static chx_status
build_resolve(chx__band *band, chx_graph *graph, const chx__band_inputs *in)
{
    chx_arg picture[3];
    picture_args(band, in, picture);
    chx_kernel_task task = {
        .name = "resolve",
        .program = in->program,
        .kernel = resolve_kernels[in->format],
        .global = {round_up((band->width_px + 7) / 8, 8),
                   round_up((band->own.end - band->own.begin + 1) / 2, 8)},
        .local = {8, 4},
        .args = CHX_ARGS(
            CHX_READ_WRITE(band->fibre), CHX_READ_WRITE(band->light), CHX_READ_WRITE(band->ink),
            CHX_READ_WRITE(band->body), CHX_READ_WRITE(band->halo), CHX_READ(band->marks),
            CHX_READ(band->levels[0]), CHX_READ(in->tables), picture[0], band_arg(band, 0),
            four(band->own.begin, band->own.end, band->height_px, 0), level_arg(band, 1),
            four(0, 0, 0, 0), picture[1], picture[2]),
        .id = &band->resolve};
    return chx_graph_kernel(graph, &task);
}

static chx_status
build_sweep(chx__band *band, chx_graph *graph, const chx__band_inputs *in)
{
    uint32_t rows = band->held.end - band->held.begin;
    chx_kernel_task task = {
        .name = "sweep",
        .program = in->program,
        .kernel = "sweep",
        .global = {n_tiles(band->width_px), n_tiles(rows)},
        .args = CHX_ARGS(CHX_READ_WRITE(band->fibre), CHX_READ_WRITE(band->light),
                         CHX_READ_WRITE(band->ink), CHX_READ_WRITE(band->body),
                         CHX_READ_WRITE(band->halo), CHX_READ_WRITE(band->levels[0]),
                         CHX_READ_WRITE(band->dirty), band_arg(band, 0),
                         four(band->own.begin, band->own.end, band->height_px, 0))};
    return chx_graph_kernel(graph, &task);
}

chx_status
chx__band_build(chx__band *band, chx_graph *graph, const chx__band_inputs *in)
{
    chx_status status = build_labels(band, graph, in);
    if (!status)
        status = build_branches(band, graph, in, "branches", &band->branches);
    if (!status)
        status = build_cones(band, graph, in, "cones", &band->cones);
    if (!status && !in->int64_atomics)
        status = build_branches(band, graph, in, "branches_second", &band->branches_second);
    if (!status && !in->int64_atomics)
        status = build_cones(band, graph, in, "cones_second", &band->cones_second);
    if (!status)
        status = build_bloom_down(band, graph, in);
    if (!status)
        status = build_bloom_up(band, graph, in);
    if (!status)
        status = build_mark(band, graph, in);
    if (!status)
        status = build_resolve(band, graph, in);
    if (!status)
        status = build_sweep(band, graph, in);
    return status;
}

static chx_status
set_row(chx_graph *graph, chx_task task, uint32_t index, const void *row)
{
    chx_arg arg = four(0, 0, 0, 0);
    memcpy(&arg.value, row, 16);
    return chx_graph_set_value(graph, task, index, &arg);
}

static chx_status
aim_branches(chx_graph *graph, chx_task task, const chx__projection *at)
{
    const void *rows[6] = {at->centre, at->row_x, at->row_y, at->row_z, at->origin, at->depth};
    chx_status status = CHX_OK;
    for (uint32_t i = 0; i < 6 && !status; i++)
        status = set_row(graph, task, BRANCHES_CENTRE + i, rows[i]);
    return status;
}

chx_status
chx__band_aim(const chx__band *band, chx_graph *graph, bool int64_atomics,
              const chx__projection *at)
{
    chx_status status = aim_branches(graph, band->branches, at);
    if (!status)
        status = set_row(graph, band->cones, CONES_DEPTH, at->depth);
    if (!status && !int64_atomics)
        status = aim_branches(graph, band->branches_second, at);
    if (!status && !int64_atomics)
        status = set_row(graph, band->cones_second, CONES_DEPTH, at->depth);
    if (!status)
        status = set_row(graph, band->resolve, RESOLVE_DEPTH, at->depth);
    return status;
}
