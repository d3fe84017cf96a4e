/* The peer of kernels/render/resolve.cl. All sums are integers, in the order and with the shifts
 * of the kernels. Only tiles that were painted, or that bloom reaches, are worked on; elsewhere
 * cells are zero and stay so, which threads_film_clear() restores after each picture. */
#include "film.h"

#include <stdlib.h>
#include <string.h>

static inline uint32_t
cell_at(const threads_level *from, int x, int y)
{
    bool in = x >= 0 && y >= 0 && x < from->width && y < from->height;
    return in ? from->cells[(size_t)y * from->width + x] : 0;
}

/* A cell of the next coarser level: weights 1 3 3 1 each way. */
static inline uint32_t
halved(const threads_level *from, int x, int y)
{
    static const uint32_t weights[4] = {1, 3, 3, 1};
    uint32_t sum = 0;
    for (int j = 0; j < 4; j++) {
        uint32_t row = 0;
        for (int i = 0; i < 4; i++)
            row += weights[i] * cell_at(from, 2 * x - 1 + i, 2 * y - 1 + j);
        sum += weights[j] * row;
    }
    return sum;
}

static void
halve_row(const threads_level *from, const threads_level *to, int y)
{
    for (int x = 0; x < to->width; x++)
        to->cells[(size_t)y * to->width + x] = halved(from, x, y) >> 6;
}

static bool
is_dirty(const threads_film *film, int tile_x, int tile_y)
{
    int n_x = film->layers->n_tiles_x;
    return tile_x >= 0 && tile_y >= 0 && tile_x < n_x && tile_y < film->n_tile_rows &&
           film->layers->dirty[tile_y * n_x + tile_x];
}

static inline uint32_t
tent_at(const threads_level *from, int x, int y)
{
    int cx = x >> 1, cy = y >> 1, nx = x & 1 ? cx + 1 : cx - 1, ny = y & 1 ? cy + 1 : cy - 1;
    return (9 * cell_at(from, cx, cy) + 3 * cell_at(from, nx, cy) + 3 * cell_at(from, cx, ny) +
            cell_at(from, nx, ny) + 8) >>
           4;
}

static inline void
raise_cell(const threads_level *next, const threads_level *to, int x, int y, int shift)
{
    uint32_t *cell = &to->cells[(size_t)y * to->width + x];
    *cell = ((*cell >> shift >> 4) * to->weight >> 4) + tent_at(next, x, y);
}

/* From the finest level, which is zero in clean tiles: four cells of a row at a time. */
void
threads_film_halve(const threads_film *film, int row)
{
    const threads_level *from = &film->levels[0], *to = &film->levels[1];
    int top = (row * 4 - 2) >> 4, bottom = (row * 4 + 5) >> 4;
    uint32_t *cells = to->cells + (size_t)row * to->width;
    for (int tile = 0; tile < film->layers->n_tiles_x; tile++) {
        bool any = false;
        for (int i = -1; i <= 1; i++)
            any = any || is_dirty(film, tile + i, top) || is_dirty(film, tile + i, bottom);
        int end = tile * 4 + 4 < to->width ? tile * 4 + 4 : to->width;
        for (int x = tile * 4; x < end; x++)
            cells[x] = any ? halved(from, x, row) >> 8 : 0;
    }
}

/* These levels are small: one thread does them. */
void
threads_film_coarse(const threads_film *film)
{
    for (int k = 2; k < film->n_levels; k++)
        for (int y = 0; y < film->levels[k].height; y++)
            halve_row(&film->levels[k - 1], &film->levels[k], y);
    for (int k = film->n_levels - 2; k > 0; k--)
        for (int y = 0; y < film->levels[k].height; y++)
            for (int x = 0; x < film->levels[k].width; x++)
                raise_cell(&film->levels[k + 1], &film->levels[k], x, y, 0);
}

/* Where tiles are lit; elsewhere the finest level is zero and stays so. */
void
threads_film_raise(const threads_film *film, int row)
{
    const threads_level *to = &film->levels[0];
    const unsigned char *lit = film->lit + row * 2 / THREADS_TILE * film->layers->n_tiles_x;
    for (int tile = 0; tile < film->layers->n_tiles_x; tile++) {
        int end = tile * 8 + 8 < to->width ? tile * 8 + 8 : to->width;
        for (int x = tile * 8; x < end && lit[tile]; x++)
            raise_cell(&film->levels[1], to, x, row, 2);
    }
}

/* c = (c x factor) >> shift, plus add x by >> down. */
static inline void
mix(uint32_t c[3], uint32_t factor, int shift, const uint32_t add[3], uint32_t by, int down)
{
    for (int k = 0; k < 3; k++)
        c[k] = (c[k] * factor >> shift) + (add[k] * by >> down);
}

/* What the halo of something nearer leaves, q8. */
static uint32_t
spared(uint32_t halo, uint32_t near, uint32_t light)
{
    uint32_t from = halo >> 6 & 16383;
    if (from <= near || (light >= THREADS_LIT_BEFORE && halo >> 20 == 0))
        return 256;
    uint32_t behind = from - near;
    return 256 - ((halo & 63) * (behind < 256 ? behind : 256) * 46 >> 12);
}

/* How bright a silent line or an edge is, q12. */
static uint32_t
fibre_share(uint32_t level, uint32_t key)
{
    uint32_t edge = key >> 6 & 7;
    return (level >> 6) * (edge ? 36 + edge * 13 : 256) >> 8;
}

typedef struct glint {
    uint32_t level, near, cover; /* cover q8 */
} glint;

/* Two in a row that are lit alike cover the same of the pixel. */
static void
find_lit(glint made[4], const uint32_t light[4])
{
    int last = 0;
    for (int k = 0; k < 4; k++) {
        uint32_t cover = light[k] & 63, level = light[k] >> 6 & 4095;
        uint32_t near = k < 3 ? light[k] >> 17 & 0x3ffe : (light[k] >> 15 & 0x3ff8) + 6;
        made[k] = (glint){level, near, cover * 4 + cover / 15};
        if (k > 0 && abs((int)made[last].level - (int)level) < 64) {
            made[last].cover = made[last].cover > made[k].cover ? made[last].cover : made[k].cover;
            made[k].cover = 0;
        } else if (cover) {
            last = k;
        }
    }
}

/* Light before a body, each where those before it leave room, over what is behind. */
static void
shine_on(const threads_film *film, const uint32_t light[4], uint32_t heat, uint32_t body_near,
         uint32_t halo, uint32_t c[3])
{
    static const uint32_t none[3];
    glint lights[4];
    uint32_t sum[3] = {0, 0, 0}, room = 256;
    find_lit(lights, light);
    for (int k = 0; k < 4; k++) {
        const glint *of = &lights[k];
        const uint32_t *shine = film->colours->emission[of->level];
        bool alone = of->level >= THREADS_LIT_BEFORE && heat < THREADS_LIT_BEFORE;
        uint32_t cover = of->cover * room >> 8;
        if (of->cover == 0 || (!alone && of->near + 4 < body_near))
            continue;
        mix(sum, 1, 0, shine, cover * spared(halo, of->near, of->level) >> 8, 7);
        room -= shine[3] * cover >> 8;
    }
    mix(c, room, 8, none, 0, 0);
    mix(c, 1, 0, sum, 1, 0);
}

static void
shade_pixel(const threads_film *film, size_t cell, uint32_t c[3])
{
    const uint32_t *fibre = &film->layers->fibre[2 * cell];
    const uint32_t *light = &film->layers->light[4 * cell];
    uint32_t near = 0;
    uint32_t halo = film->layers->halo[cell];
    uint64_t body = film->layers->body[cell];
    uint32_t tissue[3] = {0, 0, 0}, heat = (uint32_t)body >> 20;
    if (body) {
        near = threads_near(film->depth, (int)((body >> 32 & 0x7fffffff) - 0x40000000));
        uint32_t low = (uint32_t)body, shade = low >> 6 & 255, sheen = 64 + (low >> 14 & 63) * 4;
        const uint32_t *hue = film->colours->tissue[low & 63];
        const uint32_t *lit = film->colours->emission[heat];
        uint32_t cue = 105 + (near * 151 >> 14);
        for (int k = 0; k < 3; k++) {
            tissue[k] = (hue[k] * (shade * cue >> 8) >> 8) * 175 >> 8;
            tissue[k] = tissue[k] * (256 - lit[3]) >> 8;
            tissue[k] += hue[k] * (((256 - sheen) * 175 >> 8) * lit[3] >> 8) >> 8;
            tissue[k] += lit[k] * sheen >> 7;
            tissue[k] = tissue[k] * spared(halo, near, heat) >> 8;
            c[k] = 0;
        }
    }
    uint32_t nearest = fibre[0] >> 18 | 1, second = (fibre[1] >> 8 & 16383) | 1;
    if (fibre[0] && nearest >= near && heat < THREADS_LIT_BEFORE) {
        uint32_t level = fibre[0] >> 9 & 1023, more = fibre[1] >> 22;
        more = second < near || more < level ? 0 : more - level;
        uint32_t hidden = (level + more) * 64 / (105 + (nearest * 151 >> 14));
        mix(tissue, 256 - (body ? hidden < 256 ? hidden : 256 : 0), 8,
            film->colours->tissue[fibre[0] & 63],
            fibre_share(level * spared(halo, nearest, 0), fibre[0]), 12);
        mix(tissue, 1, 0, film->colours->tissue[fibre[1] & 63],
            fibre_share(more * spared(halo, second, 0), fibre[1]), 12);
    }
    for (int k = 0; k < 3; k++)
        c[k] += tissue[k];
    if (light[0])
        shine_on(film, light, heat, near, halo, c);
}

static void
show_pixel(const threads_film *film, int x, int y, bool dirty, bool lit, uint8_t *rgb)
{
    static const uint32_t bayer[16] = {0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5};
    size_t cell = (size_t)y * film->layers->width + x;
    uint32_t c[3] = {0, 0, 0}, bloomed = lit ? tent_at(&film->levels[0], x, y) : 0;
    if (bloomed)
        memcpy(c, film->colours->haze[threads_curve(bloomed)], sizeof c);
    uint32_t *fibre = &film->layers->fibre[2 * cell];
    if (dirty && (fibre[0] || film->layers->light[4 * cell] || film->layers->body[cell])) {
        shade_pixel(film, cell, c);
        fibre[0] = fibre[1] = 0;
        memset(&film->layers->light[4 * cell], 0, 16);
        film->layers->body[cell] = 0;
    }
    if (dirty)
        film->layers->halo[cell] = 0;
    for (int k = 0; k < 3; k++)
        rgb[3 * cell + k] =
            (uint8_t)((film->colours->tone[threads_curve(c[k])] + bayer[(y & 3) * 4 + (x & 3)]) >>
                      4);
}

static bool
is_lit(const threads_film *film, int tile_x, int tile_y)
{
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++)
            if (is_dirty(film, tile_x + i, tile_y + j))
                return true;
    for (int j = -2; j < 6; j++)
        for (int i = -2; i < 6; i++)
            if (cell_at(&film->levels[1], tile_x * 4 + i, tile_y * 4 + j))
                return true;
    return false;
}

void
threads_film_mark(const threads_film *film, int tile_y)
{
    for (int x = 0; x < film->layers->n_tiles_x; x++)
        film->lit[tile_y * (size_t)film->layers->n_tiles_x + (size_t)x] =
            is_lit(film, x, (int)tile_y);
}

void
threads_film_show(const threads_film *film, int tile_y, uint8_t *rgb)
{
    int width = film->layers->width, y0 = tile_y * THREADS_TILE;
    int y1 = y0 + THREADS_TILE < film->layers->height ? y0 + THREADS_TILE : film->layers->height;
    for (int tile = 0; tile < film->layers->n_tiles_x; tile++) {
        int index = tile_y * film->layers->n_tiles_x + tile;
        bool dirty = film->layers->dirty[index], lit = film->lit[index];
        int x0 = tile * THREADS_TILE, x1 = x0 + THREADS_TILE < width ? x0 + THREADS_TILE : width;
        for (int y = y0; y < y1; y++) {
            if (!dirty && !lit) {
                memset(rgb + 3 * ((size_t)y * width + x0), 0, 3 * (size_t)(x1 - x0));
                continue;
            }
            for (int x = x0; x < x1; x++)
                show_pixel(film, x, y, dirty, lit, rgb);
        }
    }
}

void
threads_film_clear(const threads_film *film)
{
    size_t tiles = (size_t)film->n_tile_rows * (size_t)film->layers->n_tiles_x;
    memset(film->layers->dirty, 0, tiles);
    memset(film->levels[0].cells, 0,
           (size_t)film->levels[0].width * (size_t)film->levels[0].height * sizeof(uint32_t));
}

static bool
make_levels(threads_film *film, int width, int height)
{
    static const uint32_t weights[] = {256, 200, 150, 110, 90, 70, 50, 40};
    uint32_t share = (uint32_t)height * 256 / 1080;
    share = share < 140 ? 140 : share > 600 ? 600 : share;
    film->n_levels = 2;
    while (film->n_levels < THREADS_MOST_LEVELS - 1 && height >> film->n_levels > 48)
        film->n_levels++;
    for (int k = 0; k < film->n_levels; k++) {
        width = (width + 1) / 2;
        height = (height + 1) / 2;
        film->levels[k] =
            (threads_level){.width = width,
                            .height = height,
                            .weight = weights[film->n_levels - 1 - k] * share / 256,
                            .cells = calloc((size_t)width * (size_t)height, sizeof(uint32_t))};
        if (!film->levels[k].cells)
            return false;
    }
    return true;
}

bool
threads_film_init(threads_film *film, threads_layers *layers, const threads_colours *colours,
                  const threads_depth *depth)
{
    film->layers = layers;
    film->colours = colours;
    film->depth = depth;
    film->n_tile_rows = (layers->height + THREADS_TILE - 1) / THREADS_TILE;
    film->lit = calloc((size_t)film->n_tile_rows * (size_t)layers->n_tiles_x, 1);
    if (!film->lit || !make_levels(film, layers->width, layers->height))
        return false;
    layers->glow = film->levels[0].cells;
    layers->half_width = film->levels[0].width;
    return true;
}

void
threads_film_finish(threads_film *film)
{
    free(film->lit);
    for (int k = 0; k < film->n_levels; k++)
        free(film->levels[k].cells);
}
