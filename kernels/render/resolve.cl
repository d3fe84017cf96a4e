/*
 * Turns the layers of a band (draw.cl) into pixels: bloom, colour, tone.
 *
 * Bloom is a pyramid. Level 1 is the glow layer at half resolution; each next
 * level halves it with the weights 1 3 3 1 a side. On the way up,
 *   U[k] = weight[k] * L[k] / 256 + tent(U[k + 1]).
 * All sums are integers. Levels know the rows of the whole picture that they
 * hold, so that a band sees the same neighbours as the whole picture would; what
 * lies outside counts as black.
 *
 * A pixel is tissue (body, and fibres before it), plus the light on it, plus the
 * bloom around it, through the tone curve and a 4 x 4 ordered dither; labels lie
 * on top. What is empty shows the tone of zero, black or white. resolve also
 * empties the tiles it found dirty, and only those, so that the layers are zero
 * for the next frame.
 */
#pragma OPENCL FP_CONTRACT OFF

#include "picture.h"
#include "depth.h"

/* A level: width and height of the whole picture at its resolution, rows [row0, row1) held. */
static uint
level_at(global const uint *level, int4 size, int x, int y)
{
    if (x < 0 || x >= size.x || y < size.z || y >= min(size.w, size.y))
        return 0;
    return level[(y - size.z) * size.x + x];
}

/* The cell of the next level: weights 1 3 3 1 each way, sum 64. */
static uint
halved(global const uint *from, int4 size, int x, int y)
{
    uint sum = 0;
    for (int j = 0; j < 4; j++) {
        uint row = level_at(from, size, 2 * x - 1, 2 * y - 1 + j) +
                   3 * level_at(from, size, 2 * x, 2 * y - 1 + j) +
                   3 * level_at(from, size, 2 * x + 1, 2 * y - 1 + j) +
                   level_at(from, size, 2 * x + 2, 2 * y - 1 + j);
        sum += j == 0 || j == 3 ? row : 3 * row;
    }
    return sum;
}

/* Halves a level: one work-item per cell of `to`. */
kernel void
bloom_down(global const uint *from, global uint *to, int4 from_size, int4 to_size)
{
    int x = get_global_id(0);
    int y = (int)get_global_id(1) + to_size.z;
    if (x < to_size.x && y < to_size.w)
        to[(y - to_size.z) * to_size.x + x] = halved(from, from_size, x, y) >> 6;
}

static uint
dirty_at(global const uint *dirty, int4 band, int x, int y)
{
    int tiles_x = (band.x + CHX_TILE - 1) / CHX_TILE;
    int tiles_y = (band.z - band.y + CHX_TILE - 1) / CHX_TILE;
    return x < 0 || x >= tiles_x || y < 0 || y >= tiles_y ? 0 : dirty[y * tiles_x + x];
}

/* The same from level 1, whose cells are sums over four pixels and zero in clean tiles. */
kernel void
glow_down(global const uint *from, global uint *to, global const uint *dirty, int4 from_size,
          int4 to_size, int4 band)
{
    int x = get_global_id(0);
    int y = (int)get_global_id(1) + to_size.z;
    if (x >= to_size.x || y >= to_size.w)
        return;
    int left = (x * 4 - 2) >> 4;
    int right = (x * 4 + 5) >> 4;
    int top = (y * 4 - 2 - band.y) >> 4;
    int bottom = (y * 4 + 5 - band.y) >> 4;
    uint any = dirty_at(dirty, band, left, top) | dirty_at(dirty, band, right, top) |
               dirty_at(dirty, band, left, bottom) | dirty_at(dirty, band, right, bottom);
    to[(y - to_size.z) * to_size.x + x] = any ? halved(from, from_size, x, y) >> 8 : 0;
}

static uint
tent(global const uint *level, int4 size, int x, int y)
{
    int cx = x >> 1;
    int cy = y >> 1;
    int nx = x & 1 ? cx + 1 : cx - 1;
    int ny = y & 1 ? cy + 1 : cy - 1;
    return (9 * level_at(level, size, cx, cy) + 3 * level_at(level, size, nx, cy) +
            3 * level_at(level, size, cx, ny) + level_at(level, size, nx, ny) + 8) >>
           4;
}

/* Adds the next level to this one in place: one work-item per cell. */
kernel void
bloom_up(global uint *level, global const uint *next, int4 size, int4 next_size, uint weight)
{
    int x = get_global_id(0);
    int y = (int)get_global_id(1) + size.z;
    if (x >= size.x || y >= size.w)
        return;
    uint index = (uint)((y - size.z) * size.x + x);
    level[index] = ((level[index] >> 4) * weight >> 4) + tent(next, next_size, x, y);
}

/* Says which tiles need looking at, before bloom reaches level 1: one work-item per tile. next is
 * level 2 after the way up. */
kernel void
mark(global const uint *dirty, global const uint *next, global uint *marks, int4 band,
     int4 next_size)
{
    int tiles_x = (band.x + CHX_TILE - 1) / CHX_TILE;
    int tiles_y = (band.z - band.y + CHX_TILE - 1) / CHX_TILE;
    int x = get_global_id(0);
    int y = get_global_id(1);
    if (x >= tiles_x || y >= tiles_y)
        return;
    uint near = 0;
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++)
            near |= dirty_at(dirty, band, x + i, y + j);
    for (int j = -2; j < 6 && !near; j++)
        for (int i = -2; i < 6; i++)
            near |= level_at(next, next_size, x * 4 + i, band.y / 4 + y * 4 + j);
    marks[y * tiles_x + x] = dirty[y * tiles_x + x] | (near ? CHX_TILE_LIT : 0u);
}

/* As bloom_up, for level 1 and only where tiles are lit; elsewhere it is zero and stays so. */
kernel void
glow_up(global uint *level, global const uint *next, global const uint *marks, int4 size,
        int4 next_size, uint weight, int4 band)
{
    int x = get_global_id(0);
    int y = (int)get_global_id(1) + size.z;
    if (x >= size.x || y >= size.w)
        return;
    int tiles = (band.x + CHX_TILE - 1) / CHX_TILE;
    if ((marks[((2 * y - band.y) / CHX_TILE) * tiles + 2 * x / CHX_TILE] & CHX_TILE_LIT) == 0)
        return;
    uint index = (uint)((y - size.z) * size.x + x);
    level[index] = ((level[index] >> 6) * weight >> 4) + tent(next, next_size, x, y);
}

static uint
curve_index(uint value)
{
    uint low = value >> 3;
    uint high = CHX_CURVE / 2 + ((value - min(value, (uint)CHX_CURVE_BREAK)) >> 8);
    return value < CHX_CURVE_BREAK ? low : min(high, (uint)CHX_CURVE - 1);
}

/* A linear colour, q16, or one as displayed, 0 .. 255. */
typedef struct colour {
    uint r, g, b;
    uint a; /* how much of the background is hidden, 0 .. 255; only where there is none */
} colour;

/* Functions change colours in place: a record that is returned and inlined becomes a declaration
 * that some checkers refuse. */
static void
scale(colour *c, uint factor, uint shift)
{
    c->r = c->r * factor >> shift;
    c->g = c->g * factor >> shift;
    c->b = c->b * factor >> shift;
}

static void
add(colour *c, const colour *other)
{
    c->r += other->r;
    c->g += other->g;
    c->b += other->b;
}

static void
add_hue(colour *c, global const chx_tables *tables, uint hue, uint factor, uint shift)
{
    global const uint *entry = tables->hue[hue];
    c->r += entry[0] * factor >> shift;
    c->g += entry[1] * factor >> shift;
    c->b += entry[2] * factor >> shift;
}

/* A silent line or edge, by its tint and q18. */
static void
add_fibre(colour *c, global const chx_tables *tables, uint tint, uint factor)
{
    uint edge = tint >> 6;
    uint bright = edge ? CHX_EDGE_DARKEST + edge * CHX_EDGE_STEP : 256u;
    add_hue(c, tables, tint & 63u, (factor >> 6) * bright >> 8, 12);
}

static void
add_emission(colour *c, global const chx_tables *tables, uint light, uint factor)
{
    global const ushort *entry = tables->emission[light];
    c->r += entry[0] * factor >> 7;
    c->g += entry[1] * factor >> 7;
    c->b += entry[2] * factor >> 7;
}

static void
set_haze(colour *c, global const chx_tables *tables, uint bloom)
{
    global const ushort *entry = tables->glow[curve_index(bloom)];
    c->r = entry[0] * 2u;
    c->g = entry[1] * 2u;
    c->b = entry[2] * 2u;
}

/* Dims what is there by how much a light hides, times how much of the pixel it covers, q8. */
static void
hide(colour *c, global const chx_tables *tables, uint light, uint cover)
{
    scale(c, 256u - (tables->emission[light][3] * cover >> 8), 8);
}

/* What the halo of something nearer leaves of what lies at a nearness, q8. */
static uint
spared(uint halo, uint near, uint light)
{
    uint from = (halo >> 6) & CHX_NEAR_MAX;
    if (from <= near || (light >= CHX_LIT_BEFORE && (halo & CHX_HALO_LIT) == 0))
        return 256u;
    uint behind = min(from - near, 1u << CHX_HALO_SOFT);
    return 256u - (((halo & 63u) * behind * (CHX_HALO_DARK / 4 + 1)) >> (4 + CHX_HALO_SOFT));
}

#define LIGHTS 4 /* of a pixel */

/* One of those that the layer of light holds. */
typedef struct glint {
    uint level, near;
    uint cover; /* of the pixel, q8 */
} glint;

/* As draw.cl keeps them. Two in a row that are lit alike are one branch at a joint, or look like
 * one: both cover the same of the pixel. */
static void
find_lit(glint made[LIGHTS], uint4 light)
{
    const uint keys[LIGHTS] = {light.x, light.y, light.z, light.w};
    uint last = 0;
    for (int k = 0; k < LIGHTS; k++) {
        uint cover = keys[k] & 63u;
        made[k].level = (keys[k] >> 6) & CHX_LIGHT_MAX;
        made[k].near = k < LIGHTS - 1 ? (keys[k] >> 17 & 0x3ffeu) : (keys[k] >> 15 & 0x3ff8u) + 6;
        made[k].cover = cover * 4 + cover / 15;
        if (k > 0 && abs_diff(made[last].level, made[k].level) < CHX_LIT_ALIKE) {
            made[last].cover = max(made[last].cover, made[k].cover);
            made[k].cover = 0;
        } else if (cover) {
            last = k;
        }
    }
}

/* Whether a light shows before a body with a light of its own. */
static int
is_before(const glint *of, uint body_near, uint heat)
{
    int alone = of->level >= CHX_LIT_BEFORE && heat < CHX_LIT_BEFORE;
    return of->cover && (alone || of->near + 4 >= body_near);
}

/* Adds light that lies before the body, each where those before it leave room, to nothing. Returns
 * how much of what is behind they leave, q8. */
static uint
add_lights(colour *sum, global const chx_tables *tables, const glint lights[LIGHTS], uint body_near,
           uint heat, uint halo)
{
    uint room = 256;
    for (int k = 0; k < LIGHTS; k++)
        if (is_before(&lights[k], body_near, heat)) {
            uint level = lights[k].level;
            uint cover = lights[k].cover * room >> 8;
            add_emission(sum, tables, level, (cover * spared(halo, lights[k].near, level)) >> 8);
            room -= tables->emission[level][3] * cover >> 8;
        }
    return room;
}

/* Adds what is at a pixel to the bloom there. Light hides what it lies on, bloom too, by as much as
 * it is still within the range of the bar: there its colour is the bar's own. Where a body turns
 * from us light gives way to the colour of its type. */
static void
add_tissue(colour *c, global const chx_tables *tables, uint2 fibre, uint4 light, uint2 body,
           uint halo, int4 depth)
{
    colour tissue = {0, 0, 0, 0};
    uint body_near = 0;
    uint heat = body.x >> 20;
    glint lights[LIGHTS];
    find_lit(lights, light);
    if (body.y) {
        body_near = near_of((int)((body.y & 0x7fffffffu) - 0x40000000u), depth);
        uint shade = (body.x >> 6) & 255u;
        uint sheen = CHX_SHEEN_LEAST + ((body.x >> 14) & 63u) * 4;
        add_hue(&tissue, tables, body.x & 63u, shade * cue_of(body_near) >> 8, 8);
        scale(&tissue, CHX_BODY_SHARE, 8);
        hide(&tissue, tables, heat, 256);
        uint rim = (256u - sheen) * CHX_BODY_SHARE >> 8;
        add_hue(&tissue, tables, body.x & 63u, rim * tables->emission[heat][3] >> 8, 8);
        add_emission(&tissue, tables, heat, sheen);
        if (halo)
            scale(&tissue, spared(halo, body_near, heat), 8);
        scale(c, 0, 0);
    }
    uint near = fibre.x >> 18 | 1u;
    if (fibre.x && near >= body_near && heat < CHX_LIT_BEFORE) {
        uint level = fibre.x >> 9 & 1023u;
        uint rest_near = (fibre.y >> 8 & CHX_NEAR_MAX) | 1u;
        uint rest = fibre.y >> 22;
        rest = rest_near < body_near || rest < level ? 0 : rest - level;
        if (body.y)
            scale(&tissue, 256u - min((level + rest) * 64u / cue_of(near), 256u), 8);
        add_fibre(&tissue, tables, fibre.x & 511u, level * spared(halo, near, 0));
        if (rest)
            add_fibre(&tissue, tables, fibre.y & 511u, rest * spared(halo, rest_near, 0));
    }
    add(c, &tissue);
    if (light.x) {
        colour shine = {0, 0, 0, 0};
        scale(c, add_lights(&shine, tables, lights, body_near, heat, halo), 8);
        add(c, &shine);
    }
}

constant uint bayer[16] = {0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5};

/* From linear to displayed. */
static void
display(colour *c, global const chx_tables *tables, uint dither)
{
    c->r = (tables->tone[curve_index(c->r)] + dither) >> 4;
    c->g = (tables->tone[curve_index(c->g)] + dither) >> 4;
    c->b = (tables->tone[curve_index(c->b)] + dither) >> 4;
}

static void
ink_of(global const chx_tables *tables, uint index, colour *c)
{
    uint entry = tables->ink[index & (CHX_INKS - 1)];
    c->r = entry >> 16 & 255u;
    c->g = entry >> 8 & 255u;
    c->b = entry & 255u;
}

/* Lays ink over a displayed colour. */
static void
lay_ink(global const chx_tables *tables, uint ink, colour *c)
{
    uint alpha = (ink >> 24) + (ink >> 31);
    colour over;
    ink_of(tables, ink, &over);
    c->r = (c->r * (256u - alpha) + over.r * alpha + 128u) >> 8;
    c->g = (c->g * (256u - alpha) + over.g * alpha + 128u) >> 8;
    c->b = (c->b * (256u - alpha) + over.b * alpha + 128u) >> 8;
}

/* Hides what is behind a label, and lays the label over it: light as branches show it, or ink. */
static void
lay_label(global const chx_tables *tables, uint ink, uint dither, colour *c)
{
    uint cover = ink >> 24;
    if (cover && ink & CHX_INK_LIGHT) {
        c->r = c->g = c->b = 0;
        add_emission(c, tables, ink & CHX_LIGHT_MAX, cover + cover / 128);
        display(c, tables, dither);
        return;
    }
    uint hides = cover ? CHX_GROUND_MAX : ink >> 16;
    colour ground;
    ink_of(tables, 0, &ground);
    c->r = (c->r * (256u - hides) + ground.r * hides) >> 8;
    c->g = (c->g * (256u - hides) + ground.g * hides) >> 8;
    c->b = (c->b * (256u - hides) + ground.b * hides) >> 8;
    if (cover)
        lay_ink(tables, ink, c);
}

/* From a colour on black to the same on no background: as little there as keeps it so over black,
 * or what hides the background anyway. */
static void
lift(colour *c, uint hidden)
{
    c->a = max(max(max(c->r, c->g), c->b), hidden);
    uint a = max(c->a, 1u);
    c->r = (c->r * 255u + a / 2) / a;
    c->g = (c->g * 255u + a / 2) / a;
    c->b = (c->b * 255u + a / 2) / a;
}

/* Lays a label over a lifted colour: letters are opaque, a ground thins out what is behind. */
static void
lay_clear(global const chx_tables *tables, uint ink, uint dither, colour *c)
{
    uint cover = ink >> 24;
    uint alpha = cover + cover / 128;
    colour over = {0, 0, 0, 0};
    if (cover && ink & CHX_INK_LIGHT) {
        add_emission(&over, tables, ink & CHX_LIGHT_MAX, 256);
        display(&over, tables, dither);
    } else {
        ink_of(tables, ink, &over);
    }
    uint below = c->a * (256u - (cover ? CHX_GROUND_MAX : ink >> 16)) / 256 * (256u - alpha);
    uint above = 255u * alpha;
    uint sum = max(below + above, 1u);
    c->r = (c->r * below + over.r * above) / sum;
    c->g = (c->g * below + over.g * above) / sum;
    c->b = (c->b * below + over.b * above) / sum;
    c->a = (below + above) >> 8;
}

#define SPAN 8 /* pixels a side of what a work-item of resolve draws, two rows of them */

typedef struct surface {
    global uint2 *fibre;
    global uint *light;
    global uint *ink;
    global uint2 *body;
    global uint *halo;
    global const chx_tables *tables;
    size_t n_cells; /* of the layers */
} surface;

/* What a work-item of resolve draws: four blocks of 2 x 2 pixels side by side. */
typedef struct place {
    int4 band, depth;
    int x, y;
    int clear; /* whether there is no background */
    uint mark;
    uint cells[3][SPAN / 2 + 2]; /* of bloom, around it */
} place;

static void
load_cells(place *at, global const uint *bloom, int4 size)
{
    int left = at->x / 2 - 1;
    int top = at->y / 2 - 1;
    int inside = left >= 0 && left + SPAN / 2 + 2 <= size.x && top >= size.z &&
                 top + 3 <= min(size.w, size.y);
    for (int j = 0; j < 3; j++)
        for (int i = 0; i < SPAN / 2 + 2; i++) {
            if (inside)
                at->cells[j][i] = bloom[(top + j - size.z) * size.x + left + i];
            else
                at->cells[j][i] = level_at(bloom, size, left + i, top + j);
        }
}

static int
place_of(global const uint *marks, global const uint *bloom, int4 band, int4 own, int4 bloom_size,
         int4 depth, place *at)
{
    at->band = band;
    at->depth = depth;
    at->clear = 0;
    at->x = (int)get_global_id(0) * SPAN;
    at->y = own.x + (int)get_global_id(1) * 2;
    if (at->x >= band.x || at->y >= own.y)
        return 0;
    int tiles = (band.x + CHX_TILE - 1) / CHX_TILE;
    at->mark = marks[((at->y - band.y) / CHX_TILE) * tiles + at->x / CHX_TILE];
    if (at->mark)
        load_cells(at, bloom, bloom_size);
    return 1;
}

/* Tent over the 3 x 3 cells around block i, for its pixel k. */
static uint
bloom_at(const place *at, int i, int k)
{
    int across = k & 1 ? 2 : 0;
    int along = k & 2 ? 2 : 0;
    return (9 * at->cells[1][i + 1] + 3 * at->cells[1][i + across] + 3 * at->cells[along][i + 1] +
            at->cells[along][i + across] + 8) >>
           4;
}

/* Bloom alone, as displayed. */
static void
set_veil(colour *c, global const chx_tables *tables, uint bloom, uint dither)
{
    global const ushort *entry = tables->veil[curve_index(bloom)];
    c->r = (entry[0] + dither) >> 4;
    c->g = (entry[1] + dither) >> 4;
    c->b = (entry[2] + dither) >> 4;
}

/* How much of the background lit lines hide, 0 .. 255. */
static uint
hidden_by(global const chx_tables *tables, uint4 light)
{
    glint lights[LIGHTS];
    find_lit(lights, light);
    colour sum = {0, 0, 0, 0};
    return min(256u - add_lights(&sum, tables, lights, 0, 0, 0), 255u);
}

/* A pixel of a dirty tile; its layers are left empty. */
static void
take_pixel(colour *c, const surface *from, const place *at, size_t cell, uint bloom, uint dither)
{
    uint2 fibre = 0;
    uint4 light = 0;
    uint2 body = 0;
    uint ink = 0;
    if (at->mark & CHX_TILE_LINES) {
        fibre = from->fibre[cell];
        light.x = from->light[cell];
        if (light.x)
            light.yzw = vload3(cell, from->light + from->n_cells);
    }
    uint halo = 0;
    if (at->mark & CHX_TILE_BODIES) {
        body = from->body[cell];
        halo = from->halo[cell];
    }
    if (halo)
        from->halo[cell] = 0;
    if (at->mark & CHX_TILE_INK)
        ink = from->ink[cell];
    if ((fibre.x | light.x | body.y | ink) == 0) {
        set_veil(c, from->tables, bloom, dither);
        if (at->clear)
            lift(c, 0);
        return;
    }
    set_haze(c, from->tables, bloom);
    if (fibre.x | light.x) {
        from->fibre[cell] = 0;
        if (light.x) {
            from->light[cell] = 0;
            vstore3((uint3)(0), cell, from->light + from->n_cells);
        }
    }
    if (body.y) {
        from->body[cell] = 0;
    }
    if (fibre.x | light.x | body.y)
        add_tissue(c, from->tables, fibre, light, body, halo, at->depth);
    display(c, from->tables, dither);
    if (at->clear)
        lift(c, body.y ? 255u : hidden_by(from->tables, light));
    if (ink) {
        from->ink[cell] = 0;
        if (at->clear)
            lay_clear(from->tables, ink, dither, c);
        else
            lay_label(from->tables, ink, dither, c);
    }
}

/* Block i, pixels in rows. */
static void
take_four(const surface *from, const place *at, int i, colour colours[4])
{
    for (int k = 0; k < 4; k++) {
        int x = at->x + 2 * i + (k & 1);
        int y = at->y + (k >> 1);
        uint dither = bayer[(y & 3) * 4 + (x & 3)];
        uint bloom = bloom_at(at, i, k);
        size_t cell = (size_t)(y - at->band.y) * at->band.x + x;
        if (at->mark & ~CHX_TILE_LIT)
            take_pixel(&colours[k], from, at, cell, bloom, dither);
        else
            set_veil(&colours[k], from->tables, bloom, dither);
        if (at->clear && (at->mark & ~CHX_TILE_LIT) == 0)
            lift(&colours[k], 0);
    }
}

static uchar
luma(const colour *c)
{
    return (uchar)((16 * 65536 + 32768 + 11966u * c->r + 40254u * c->g + 4064u * c->b) >> 16);
}

/* Of the sum of four pixels. */
static uchar
blue_difference(const colour *c)
{
    return (
        uchar)((512 * 65536 + 131072 - 6596 * (int)c->r - 22189 * (int)c->g + 28784 * (int)c->b) >>
               18);
}

static uchar
red_difference(const colour *c)
{
    return (
        uchar)((512 * 65536 + 131072 + 28784 * (int)c->r - 26145 * (int)c->g - 2639 * (int)c->b) >>
               18);
}

static void
put_rgb(global uchar *to, const colour *c)
{
    to[0] = (uchar)c->r;
    to[1] = (uchar)c->g;
    to[2] = (uchar)c->b;
}

/* n bytes of one value; n is 8 or 24 except at the right edge. */
static void
fill(global uchar *to, int n, uchar value)
{
    int i = 0;
    for (; i + 8 <= n; i += 8)
        vstore8((uchar8)value, 0, to + i);
    for (; i < n; i++)
        to[i] = value;
}

/* Pixels of a band's own rows: one work-item per 8 x 2. band = width, first and last row held by
 * the layers; own = first row, last row, height of the picture. `out` is the whole picture. */
kernel void
resolve_rgb(global uint2 *fibre, global uint *light, global uint *ink, global uint2 *body,
            global uint *halo, global const uint *marks, global const uint *bloom,
            global const chx_tables *tables, global uchar *out, int4 band, int4 own,
            int4 bloom_size, int4 depth)
{
    place at;
    if (!place_of(marks, bloom, band, own, bloom_size, depth, &at))
        return;
    surface from = {fibre, light, ink, body, halo, tables, (size_t)band.x * (band.z - band.y)};
    int n = min(SPAN, band.x - at.x);
    size_t pitch = (size_t)band.x * 3;
    global uchar *to = out + (size_t)at.y * pitch + (size_t)at.x * 3;
    if (at.mark == 0) {
        uchar empty = (uchar)(tables->tone[0] >> 4);
        fill(to, n * 3, empty);
        fill(to + pitch, n * 3, empty);
        return;
    }
    for (int i = 0; i < n / 2; i++) {
        colour colours[4];
        take_four(&from, &at, i, colours);
        put_rgb(to + 6 * i, &colours[0]);
        put_rgb(to + 6 * i + 3, &colours[1]);
        put_rgb(to + pitch + 6 * i, &colours[2]);
        put_rgb(to + pitch + 6 * i + 3, &colours[3]);
    }
}

/* The same without a background, four bytes a pixel. */
kernel void
resolve_rgba(global uint2 *fibre, global uint *light, global uint *ink, global uint2 *body,
             global uint *halo, global const uint *marks, global const uint *bloom,
             global const chx_tables *tables, global uchar *out, int4 band, int4 own,
             int4 bloom_size, int4 depth)
{
    place at;
    if (!place_of(marks, bloom, band, own, bloom_size, depth, &at))
        return;
    at.clear = 1;
    surface from = {fibre, light, ink, body, halo, tables, (size_t)band.x * (band.z - band.y)};
    int n = min(SPAN, band.x - at.x);
    for (int i = 0; i < n / 2; i++) {
        colour colours[4];
        if (at.mark)
            take_four(&from, &at, i, colours);
        for (int k = 0; k < 4; k++) {
            size_t cell = (size_t)(at.y + (k >> 1)) * band.x + at.x + 2 * i + (k & 1);
            uchar4 pixel = 0;
            if (at.mark)
                pixel = (uchar4)((uchar)colours[k].r, (uchar)colours[k].g, (uchar)colours[k].b,
                                 (uchar)colours[k].a);
            vstore4(pixel, cell, out);
        }
    }
}

/* The same as planes Y, U, V, which are ranges of one buffer: 4:2:0, BT.709, limited range. */
kernel void
resolve_yuv(global uint2 *fibre, global uint *light, global uint *ink, global uint2 *body,
            global uint *halo, global const uint *marks, global const uint *bloom,
            global const chx_tables *tables, global uchar *out, int4 band, int4 own,
            int4 bloom_size, int4 depth, global uchar *out_u, global uchar *out_v)
{
    place at;
    if (!place_of(marks, bloom, band, own, bloom_size, depth, &at))
        return;
    surface from = {fibre, light, ink, body, halo, tables, (size_t)band.x * (band.z - band.y)};
    int n = min(SPAN, band.x - at.x);
    size_t size = (size_t)band.x * own.z;
    size_t quarter = size + (size_t)(at.y / 2) * (band.x / 2) + at.x / 2;
    global uchar *to = out + (size_t)at.y * band.x + at.x;
    global uchar *to_u = out_u + quarter;
    global uchar *to_v = out_v + quarter + size / 4;
    if (at.mark == 0) {
        uint empty = tables->tone[0] >> 4;
        colour clean = {empty, empty, empty, 0};
        fill(to, n, luma(&clean));
        fill(to + band.x, n, luma(&clean));
        fill(to_u, n / 2, 128);
        fill(to_v, n / 2, 128);
        return;
    }
    for (int i = 0; i < n / 2; i++) {
        colour colours[4];
        take_four(&from, &at, i, colours);
        to[2 * i] = luma(&colours[0]);
        to[2 * i + 1] = luma(&colours[1]);
        to[band.x + 2 * i] = luma(&colours[2]);
        to[band.x + 2 * i + 1] = luma(&colours[3]);
        colour sum = colours[0];
        add(&sum, &colours[1]);
        add(&sum, &colours[2]);
        add(&sum, &colours[3]);
        to_u[i] = blue_difference(&sum);
        to_v[i] = red_difference(&sum);
    }
}

/* Empties what resolve has not: the tiles of the halo rows, the glow and the marks. One work-item
 * per tile. own as above. */
kernel void
sweep(global uint2 *fibre, global uint *light, global uint *ink, global uint2 *body,
      global uint *halo, global uint *glow, global uint *dirty, int4 band, int4 own)
{
    int tile_x = get_global_id(0);
    int tile_y = get_global_id(1);
    int tiles = (band.x + CHX_TILE - 1) / CHX_TILE;
    if (tile_x >= tiles || band.y + tile_y * CHX_TILE >= band.z)
        return;
    int x0 = tile_x * CHX_TILE;
    int y0 = band.y + tile_y * CHX_TILE;
    int x1 = min(x0 + CHX_TILE, band.x);
    int y1 = min(y0 + CHX_TILE, band.z);
    int half_width = (band.x + 1) / 2;
    for (int y = y0 / 2; y < (y1 + 1) / 2; y++)
        for (int x = x0 / 2; x < (x1 + 1) / 2; x++)
            glow[(y - band.y / 2) * half_width + x] = 0;
    if (dirty[tile_y * tiles + tile_x] == 0)
        return;
    dirty[tile_y * tiles + tile_x] = 0;
    if (y0 >= own.x && y0 < own.y)
        return;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            uint cell = (uint)((y - band.y) * band.x + x);
            fibre[cell] = 0;
            light[cell] = 0;
            vstore3((uint3)(0), cell, light + band.x * (band.z - band.y));
            ink[cell] = 0;
            body[cell] = 0;
            halo[cell] = 0;
        }
}

/* A plot's paper: one work-item per box and row of the picture, rows in dimension 0. size = width,
 * height, boxes. */
kernel void
boxes(global const chx_box *list, global uint *paper, int4 size)
{
    int y = get_global_id(0);
    int index = get_global_id(1);
    if (y >= size.y || index >= size.z)
        return;
    chx_box box = list[index];
    if (y < box.y0 || y >= box.y1)
        return;
    for (int x = max(box.x0, 0); x < min(box.x1, size.x); x++)
        atomic_max(&paper[(size_t)y * size.x + x], box.level << 16 | box.ink);
}

/* A plot's pixels, RGB: ink over paper. One work-item per pixel. size = width, height. */
kernel void
resolve_plot(global const uint *paper, global const uint *ink, global const chx_tables *tables,
             global uchar *out, int4 size)
{
    int x = get_global_id(0);
    int y = get_global_id(1);
    if (x >= size.x || y >= size.y)
        return;
    size_t cell = (size_t)y * size.x + x;
    colour c;
    ink_of(tables, paper[cell], &c);
    if (ink[cell])
        lay_ink(tables, ink[cell], &c);
    out[cell * 3] = (uchar)c.r;
    out[cell * 3 + 1] = (uchar)c.g;
    out[cell * 3 + 2] = (uchar)c.b;
}
