/*
 * Draws branches, somata and labels into the layers of one band of a picture.
 *
 * Projection is orthographic, in float with separate multiplications and
 * additions, and ends in integers by one rounding; everything after is integer.
 * Layers take the maximum or the sum of what falls on them, so no order of
 * work-items matters and any device gives the same bits.
 *
 * Layers of a band of rows [row0, row1), width pixels each, zero when empty:
 *   fibre  uint2  near / 2 << 19 | level << 9 | edge << 6 | hue: the nearest thin branch or edge of
 *                 a body; level 0..1023 is coverage times depth cue, edge 1..7 how bright one is.
 *                 Then of the others that of the highest level, if that is higher than the first's:
 *                 level << 22 | near / 2 << 9 | edge << 6 | hue; else one that never shows, or none
 *   light  uint   before << 31 | near / 2 << 18 | light << 6 | coverage / 4: the nearest lit line
 *                 or lit edge of a body, one that shows before what is silent first; behind this
 *                 layer three more of each pixel: the same of the next two, and of the others that
 *                 cover much of it the nearest, coverage / 64 << 30 | before << 29 |
 *                 near / 8 << 18 | light << 6 | coverage / 4
 *   body   uint2  low word light << 20 | facing / 4 << 14 | shade << 6 | hue, high word
 *                 depth + 2^30, and 2^31 where it is lit: the nearest lit surface, else the nearest
 *                 silent one; as one ulong where 64-bit atomics exist, else depth first and the low
 *                 word in a second launch
 *   halo   uint   near << 6 | strength, around bodies: what is less near than that is dark there;
 *                 with CHX_HALO_LIT around lit ones, else it leaves light as it is
 *   ink    uint   coverage << 24 | level << 16 | colour, or CHX_INK_LIGHT and a light: labels;
 *                 where coverage is 0, ground << 16: what a label's ground hides beside letters
 *   glow   uint   half the resolution, sum of light x coverage, 2^16 = one pixel
 *   dirty  uint   one per 16 x 16 tile, CHX_TILE bits of what fell on it
 * queue: one counter, then chx_stick records of bodies too big for one work-item. Where a launch
 * failed or was left out, it holds anything: no more is written than there are places,
 * what finds none is drawn at once, and nothing is drawn that no branch can be.
 *
 * Order of launches per band: labels (clears the counter), branches, cones; and
 * where INT64_ATOMICS is 0, branches_second and cones_second.
 */
#pragma OPENCL FP_CONTRACT OFF

#ifndef INT64_ATOMICS
#define INT64_ATOMICS 0
#endif
#if INT64_ATOMICS
#pragma OPENCL EXTENSION cl_khr_int64_base_atomics : enable
#pragma OPENCL EXTENSION cl_khr_int64_extended_atomics : enable
#endif

#include "picture.h"
#include "depth.h"
#include "../common/history.h"

typedef struct layers {
    global uint *fibre;
    global uint *light;
    global uint *glow;
    global uint *body;
    global uint *halo;
    global uint *dirty;
    int width;
    int row0;
    int row1;
} layers;

/* Pixels that may be written, half open. */
typedef struct clip {
    int x0, y0, x1, y1;
} clip;

static void
touch(global uint *dirty, int width, int row0, int x, int y, uint what)
{
    int tiles = (width + CHX_TILE - 1) / CHX_TILE;
    atomic_or(&dirty[((y - row0) / CHX_TILE) * tiles + x / CHX_TILE], what);
}

static uint
light_at(global const chx_tables *tables, int age, int back)
{
    age = age < 0 ? age + back : age;
    int index = age >> CHX_LIGHT_SHIFT;
    return index < 0 || index >= CHX_LIGHT_COUNT ? 0u : tables->light[index];
}

/* Of silent lines in a pixel the nearest is kept, and of the others the one that covers most, which
 * shows by as much as it covers more. With that one alone, lines of a bundle would change places
 * from pixel to pixel. What covers no more than something nearer never shows, and is not handed on:
 * the one that covers most of all is, or is the nearest itself. tint is edge << 6 | hue. */
static void
keep_fibre(global uint *two, uint level, uint near, uint tint)
{
    uint key = (near >> 1) << 19 | level << 9 | tint;
    uint old = atomic_max(two, key);
    if (old == 0 || old == key)
        return;
    uint less = min(old, key);
    if ((less >> 9 & 1023u) <= (max(old, key) >> 9 & 1023u))
        return;
    less = (less >> 9) << 22 | (less >> 19) << 9 | (less & 511u);
    atomic_max(two + 1, less);
}

/* cover is q8. */
static void
put_edge(const layers *to, int x, int y, uint cover, uint shade, uint near, uint hue)
{
    uint level = min((cover * cue_of(near)) >> 6, 1023u);
    uint bright = max(shade * CHX_BODY_SHARE >> 8, CHX_EDGE_DARKEST + CHX_EDGE_STEP);
    uint edge = min((bright - CHX_EDGE_DARKEST + CHX_EDGE_STEP / 2) / CHX_EDGE_STEP, 7u);
    if (level)
        keep_fibre(to->fibre + 2 * ((y - to->row0) * to->width + x), level, near, edge << 6 | hue);
}

/* cover is q8. Of all that is put in a pixel four are kept: the three nearest, and of the others
 * the one that covers most; each shows where those before it leave room. With fewer, what runs
 * partly behind other lines would show as dashes, and a branch that is left out as specks, as its
 * pixels fall. The fourth is chosen by quarters of what is covered, and then by nearness, or else
 * one that covers a little more would change from pixel to pixel. What is too old to show before
 * silent tissue comes after all that is not, or a branch that is hardly seen would hide a bright
 * one. Each place hands on whatever is not its largest, so neither the order of work-items matters
 * nor whether anything is put twice. */
static void
put_light(const layers *to, int x, int y, uint light, uint cover, uint near)
{
    int cell = (y - to->row0) * to->width + x;
    cover = min(cover, 255u) >> 2;
    if (light == 0 || cover == 0)
        return;
    uint before = light < CHX_LIT_BEFORE ? 0u : 0x80000000u;
    uint key = before | (near >> 1) << 18 | light << 6 | cover;
    uint old = atomic_max(to->light + cell, key);
    global uint *others = to->light + to->width * (to->row1 - to->row0) + 3 * cell;
    for (int k = 0; k < 2; k++) {
        if (old == 0 || old == key)
            return;
        key = min(old, key);
        old = atomic_max(others + k, key);
    }
    if (old == 0 || old == key)
        return;
    key = min(old, key);
    atomic_max(others + 2, (key & 48u) << 26 | (key >> 20) << 18 | (key & 0x3ffffu));
}

static void
put_glow(const layers *to, int x, int y, uint light, uint cover)
{
    int half_width = (to->width + 1) / 2;
    int row = y / 2 - to->row0 / 2;
    uint amount = (light * cover) >> 4;
    if (amount)
        atomic_add(&to->glow[row * half_width + x / 2], amount);
}

/* How much of a line of radius r a pixel at distance d holds, q8 both: smooth over 1.5 pixels. */
static uint
line_cover(int d, int r)
{
    int x = ((r + 180 - d) * 182) >> 8;
    x = x < 0 ? 0 : x > 256 ? 256 : x;
    return (uint)((x * x * (768 - 2 * x)) >> 16);
}

/* How much of what is lit and reaches so far from its middle a pixel at distance d holds, q8 all:
 * about the share of its area, so that a line behind one that lies partly before it shows as much
 * wherever the two lie between rows. Somewhat less midway, for tone shows half a light by more. */
static uint
lit_cover(int d, int reach)
{
    uint share = (uint)clamp(reach + 128 - d, 0, 256);
    return share - (share * (256u - share) >> 10);
}

static int
half_up(int q8)
{
    return (q8 + 127) >> 8;
}

/* How far a surface comes forward, 4096ths of its radius. Where two branches run in the same place,
 * one of them shows and not now one, now the other as their roundings fall: the one lit later, else
 * the one of higher rank. Somata, which are wide, stay where they are. */
static int
lift_of(const chx_stick *stick, uint light)
{
    if (stick->ax == stick->bx && stick->ay == stick->by && stick->az == stick->bz)
        return light ? CHX_LIT_BULGE / 3 : 0;
    int lit = light ? CHX_LIT_BULGE + (int)(light / CHX_LIGHT_PER_BULGE) : 0;
    return lit + (int)(stick->hue >> CHX_RANK_SHIFT) * CHX_RANK_BULGE;
}

/* Nearness of a pixel of depth. */
static int
per_px_of(int4 depth)
{
    return (int)min(((long)depth.y * 256) >> depth.z, (long)CHX_NEAR_MAX);
}

/* Of lit lines less than a pixel apart in depth the same one is the nearer along both: light comes
 * forward, all of it by a pixel. */
static uint
near_lifted(int near, uint light, int per_px)
{
    return (uint)min(near + (int)((light * (uint)per_px) >> CHX_LIGHT_BITS), CHX_NEAR_MAX);
}

/* A thin branch on its way through the picture, along x or, when steep, along y. */
typedef struct walk {
    int steep;
    int cosine, reach, radius;
    int lit_reach;
    uint weight; /* of tissue by width and depth, q16 */
    uint glare; /* of light by width, q8 */
    uint near, hue; /* near at the place */
    int lit_lift; /* how much nearer the faintest light is */
    int per_px; /* nearness of a pixel of depth */
    int low, high; /* rows or columns that may be written across */
    int tiles; /* in a row of tiles */
    int seen[2]; /* tiles marked last */
} walk;

static void
mark_tile(const layers *to, walk *w, int x, int y)
{
    int tile = (y - to->row0) / CHX_TILE * w->tiles + x / CHX_TILE;
    if (tile == w->seen[0] || tile == w->seen[1])
        return;
    atomic_or(&to->dirty[tile], CHX_TILE_LINES);
    w->seen[1] = w->seen[0];
    w->seen[0] = tile;
}

/* Light across a line at one place of its longer side; inner ones add to the glow. All of the pixel
 * that the line runs through is lit, so that its colour is that of the bar; the line is as wide as
 * that takes where it runs between two of them, everywhere. */
static void
light_column(const layers *to, walk *w, int major, int centre, uint light, int inner)
{
    int first = max((centre - w->lit_reach + 32767) >> 16, w->low);
    int last = min((centre + w->lit_reach - 32768) >> 16, w->high - 1);
    if (first > last)
        return;
    uint near = near_lifted((int)w->near + w->lit_lift, light, w->per_px);
    mark_tile(to, w, w->steep ? first : major, w->steep ? major : first);
    mark_tile(to, w, w->steep ? last : major, w->steep ? major : last);
    for (int minor = first; minor <= last; minor++) {
        int away = (int)abs(minor * 65536 + 32768 - centre) >> 8;
        int across = (away * w->cosine) >> 16;
        int x = w->steep ? minor : major;
        int y = w->steep ? major : minor;
        put_light(to, x, y, light, lit_cover(across, CHX_LIT_LINE_Q8), near);
        if (inner)
            put_glow(to, x, y, light, (line_cover(across, w->radius) * w->glare) >> 8);
    }
}

/* The pixels across a line at one place of its longer side. */
static void
line_column(const layers *to, walk *w, int major, int centre, uint light, int inner)
{
    int first = max((centre - w->reach + 32767) >> 16, w->low);
    int last = min((centre + w->reach - 32768) >> 16, w->high - 1);
    if (first > last)
        return;
    int x = w->steep ? first : major;
    int y = w->steep ? major : first;
    int end_x = w->steep ? last : major;
    int end_y = w->steep ? major : last;
    mark_tile(to, w, x, y);
    mark_tile(to, w, end_x, end_y);
    int cell = (y - to->row0) * to->width + x;
    int step = w->steep ? 1 : to->width;
    for (int minor = first; minor <= last; minor++) {
        int away = (int)abs(minor * 65536 + 32768 - centre) >> 8;
        uint cover = line_cover((away * w->cosine) >> 16, w->radius);
        uint level = min((cover * w->weight) >> 14, 1023u);
        if (level)
            keep_fibre(to->fibre + 2 * cell, level, w->near, w->hue);
        cell += step;
    }
    if (light)
        light_column(to, w, major, centre, light, inner);
}

/* Walks a thin branch along its longer side. Light and depth change along it, width does not: with
 * one depth for all of it, of two long branches side by side now one, now the other would be the
 * nearer, as their ends fall. */
static void
draw_line(const layers *to, const clip *in, global const chx_tables *tables, const chx_stick *stick,
          int4 depth)
{
    walk w;
    w.steep = abs(stick->by - stick->ay) > abs(stick->bx - stick->ax);
    int m0 = w.steep ? stick->ay : stick->ax;
    int m1 = w.steep ? stick->by : stick->bx;
    int n0 = w.steep ? stick->ax : stick->ay;
    int n1 = w.steep ? stick->bx : stick->by;
    int age0 = stick->age_a;
    int age1 = stick->age_b;
    int z0 = stick->az;
    int z1 = stick->bz;
    if (m0 > m1) {
        int swap = m0;
        m0 = m1;
        m1 = swap;
        swap = n0;
        n0 = n1;
        n1 = swap;
        swap = age0;
        age0 = age1;
        age1 = swap;
        swap = z0;
        z0 = z1;
        z1 = swap;
    }
    int first = max(half_up(m0 - 96), w.steep ? in->y0 : in->x0);
    int last = min(half_up(m1 + 96), w.steep ? in->y1 : in->x1);
    if (first >= last)
        return;
    int length = max(m1 - m0, 1);
    int slope = m1 - m0 < 16 ? 0 : (int)(((long)(n1 - n0) << 16) / length);
    int index = min((int)abs(slope) >> 8, 256);
    int faintest = stick->az == CHX_BEHIND ? CHX_FAINTEST_Q8 : (int)tables->faintest;
    uint width = (uint)clamp(stick->ra + stick->rb, faintest, 256);
    uint glare = (uint)clamp(stick->ra + stick->rb, CHX_FAINTEST_Q8, 256);
    w.radius = max((stick->ra + stick->rb) / 2, 128);
    w.per_px = z0 == CHX_BEHIND ? 0 : per_px_of(depth);
    int near = (int)near_of((z0 + z1) / 2, depth);
    w.weight = width * cue_of((uint)near);
    w.glare = 128u + glare / 2;
    w.hue = stick->hue & (CHX_HUES - 1);
    w.cosine = (int)tables->cosine[index];
    w.reach = (int)(((long)(w.radius + 160) * (long)tables->secant[index]) >> 8);
    w.lit_reach = (int)(((CHX_LIT_LINE_Q8 + 128l) * (long)tables->secant[index]) >> 8);
    w.low = w.steep ? in->x0 : in->y0;
    w.high = w.steep ? in->x1 : in->y1;
    w.tiles = (to->width + CHX_TILE - 1) / CHX_TILE;
    w.seen[0] = w.seen[1] = -1;
    long centre = ((long)n0 << 16) + (long)slope * (first * 256 + 128 - m0);
    int minor = (int)(centre >> 8);
    int silent = min(age0, age1) >> CHX_LIGHT_SHIFT >= CHX_LIGHT_COUNT;
    long age_slope = silent ? 0 : ((long)(age1 - age0) << 16) / length;
    int near_slope = 0; /* q16 per q8 */
    if (length >= 256) {
        near = (int)near_of(z0, depth);
        near_slope = ((int)near_of(z1, depth) - near) * 65536 / length;
    }
    int lift = lift_of(stick, 0) * w.radius;
    w.lit_lift = (int)((long)(lift_of(stick, 1) * w.radius - lift) * w.per_px >> 20);
    near = near * 16384 + (int)(((long)near_slope * (first * 256 + 128 - m0)) >> 2);
    near += (int)((long)lift * w.per_px >> 6);
    for (int major = first; major < last; major++) {
        int along = clamp(major * 256 + 128 - m0, 0, length);
        w.near = (uint)clamp(near >> 14, 0, CHX_NEAR_MAX);
        near += near_slope * 64;
        uint light = 0;
        if (!silent)
            light = light_at(tables, age0 + (int)((age_slope * along) >> 16), stick->back);
        int inner = major * 256 + 128 >= m0 && major * 256 + 128 < m1;
        line_column(to, &w, major, minor, light, inner);
        minor += slope;
    }
}

static int
root_of(ulong square)
{
    ulong root = 0;
    for (int bit = 31; bit >= 0; bit--) {
        ulong next = root | 1ul << bit;
        if (next * next <= square)
            root = next;
    }
    return (int)root;
}

/* Distance from (along, across), within 3 per cent. */
static int
roughly(int along, int across)
{
    int more = max(along, across);
    int less = min(along, across);
    return max(more, (more * 230 + less * 124) >> 8);
}

/* What a round cone needs for all its pixels. */
typedef struct cone {
    int ux, uy; /* direction of its axis, q14 */
    int length; /* q8 */
    int per_length; /* 2^30 / length */
    int grow; /* of the radius per length, q16 */
    int rise, flat; /* sine and cosine of how it leans towards the viewer, q14 */
    int widest; /* q8 */
    int halo; /* how far it reaches, q8 */
    long per_halo; /* its strength per area left to its outer end, q32 */
    long gap; /* how far behind the axis it acts, q8 */
    int x0, y0, x1, y1;
} cone;

static cone
cone_of(const chx_stick *stick, const clip *in, int halo)
{
    cone c;
    long dx = stick->bx - stick->ax;
    long dy = stick->by - stick->ay;
    c.length = root_of((ulong)(dx * dx + dy * dy));
    c.per_length = c.length ? (int)((1l << 30) / c.length) : 0;
    c.ux = c.length ? (int)(dx * 16384 / c.length) : 16384;
    c.uy = c.length ? (int)(dy * 16384 / c.length) : 0;
    c.grow = c.length ? (int)(((long)(stick->rb - stick->ra) << 16) / c.length) : 0;
    long dz = stick->bz - stick->az;
    int deep = root_of((ulong)(dx * dx + dy * dy) + (ulong)(dz * dz));
    c.rise = deep ? (int)(dz * 16384 / deep) : 0;
    c.flat = deep ? (int)((long)c.length * 16384 / deep) : 16384;
    c.widest = max(stick->ra, stick->rb);
    c.halo = c.flat < CHX_HALO_FLAT || c.widest <= CHX_HALO_THIN_Q8 ? 0 : halo;
    c.per_halo = c.halo ? (96l << 32) / ((long)c.halo * (2 * (long)c.widest + c.halo)) : 0;
    c.gap = (long)c.widest * (c.length ? CHX_HALO_RADII : CHX_HALO_SOMA_RADII);
    if (c.halo)
        c.gap += (long)abs(c.rise) * (c.widest + c.halo) / c.flat;
    c.widest += max(c.halo, CHX_LIT_LINE_Q8 + 128 - CHX_THIN_Q8);
    c.x0 = max((min(stick->ax, stick->bx) - c.widest) >> 8, in->x0);
    c.y0 = max((min(stick->ay, stick->by) - c.widest) >> 8, in->y0);
    c.x1 = min(((max(stick->ax, stick->bx) + c.widest) >> 8) + 1, in->x1);
    c.y1 = min(((max(stick->ay, stick->by) + c.widest) >> 8) + 1, in->y1);
    return c;
}

#define BODY_FIRST 0
#define BODY_SECOND 1

/* Light is what a picture is about: a lit surface shows before all silent ones. */
static void
put_body(const layers *to, int x, int y, int z, uint payload, int pass)
{
    global uint *cell = to->body + 2 * ((y - to->row0) * to->width + x);
    uint key = (uint)(clamp(z, -0x40000000, 0x3fffffff) + 0x40000000);
    key |= payload >> 20 < CHX_LIT_BEFORE ? 0u : 0x80000000u;
#if INT64_ATOMICS
    atom_max((global ulong *)cell, (ulong)key << 32 | payload);
#else
    if (pass == BODY_FIRST)
        atomic_max(cell + 1, key);
    else if (cell[1] == key)
        atomic_max(cell, payload);
#endif
}

/* What faces the viewer at a pixel of a cone. */
typedef struct facet {
    long bulge; /* towards the viewer, 4096ths of the radius */
    long vx, vy; /* how it turns away, q8 of a vector as long as the radius */
    uint facing; /* the rest of it, q8 */
    int end; /* 0 the side of the cone, else 1 or 2: the ball at an end */
} facet;

/* The side turns and rises with a cone that leans, so that it holds the balls at its ends and no
 * joint stands out; beyond it lies the ball of that end. s, across: q8 along and off the axis. */
static void
facet_of(global const chx_tables *tables, const cone *c, long s, long across, long radius,
         facet *made)
{
    long per_radius = (1u << 30) / (uint)radius;
    long off = (((across * across * per_radius) >> 22) * per_radius) >> 30;
    long facing = tables->facing[clamp(off, 0l, 256l)];
    long lean = (((facing * c->rise) >> 14) * radius) >> 8;
    long end = s + lean < 0 ? 0 : c->length;
    made->end = s + lean < 0 ? 1 : s + lean > c->length || c->flat < 256 ? 2 : 0;
    long beyond = made->end ? s - end : -lean;
    if (made->end) {
        long square = across * across + beyond * beyond;
        long rim = (((square * per_radius) >> 22) * per_radius) >> 30;
        facing = tables->facing[clamp(rim, 0l, 256l)];
    }
    made->vx = (beyond * c->ux + across * c->uy) >> 14;
    made->vy = (beyond * c->uy - across * c->ux) >> 14;
    made->bulge = made->end ? facing * 16 : facing * 262144 / c->flat;
    made->facing = (uint)(made->end ? facing : (facing * c->flat) >> 14);
}

/* How bright light is on a round branch, q8: all of it in the inner part, where colour is read;
 * towards the rims by the cube of how much faces us, so that what is lit alike has form. Less so
 * on what leans, whose middle another part may hide and whose joints would show. */
static uint
sheen_of(global const chx_tables *tables, long square, long radius, int flat)
{
    long per_radius = (1u << 30) / (uint)radius;
    long off = square * (flat * flat >> 14) >> 14;
    long rim = (((off * per_radius) >> 22) * per_radius) >> 30;
    uint inner = min(tables->facing[clamp(rim, 0l, 256l)] * CHX_SHEEN_INNER >> 8, 256u);
    return CHX_SHEEN_LEAST + ((inner * inner >> 8) * inner * (256u - CHX_SHEEN_LEAST) >> 16);
}

/* Where a body crosses in front of another, a band beside it is dark on the one behind (Everts et
 * al., Depth-Dependent Halos, 2009). Only on what lies some radii deeper than the axis, more where
 * it leans: what runs along with it stays bright. None beyond the ends, where a branch goes on. A
 * silent body's leaves light as it is, which shows before it. */
static void
put_halo(const layers *to, const chx_stick *stick, const cone *c, int x, int y, long s, long square,
         long radius, uint light, int4 depth)
{
    if (c->length && (s < 0 || s > c->length))
        return;
    long outer = radius + c->halo;
    long left = outer * outer - square;
    if (left <= 0)
        return;
    long fade = left > c->halo * 2 * outer ? 63 : min((left * c->per_halo) >> 32, 63l);
    fade = fade * clamp(radius - CHX_HALO_THIN_Q8, 0l, 128l) >> 7;
    if (fade <= 0)
        return;
    long share = c->length ? (s * c->per_length) >> 14 : 0;
    long z = stick->az + (((stick->bz - stick->az) * share) >> 16) - c->gap;
    uint near = near_of((int)max(z, -1000000000l), depth);
    uint lit = light < CHX_LIT_BEFORE ? 0u : CHX_HALO_LIT;
    if (near)
        atomic_max(&to->halo[(y - to->row0) * to->width + x], lit | near << 6 | (uint)fade);
}

/* One pixel of a cone: nothing, an edge that goes to the fibres, or a shaded surface. */
static void
cone_pixel(const layers *to, global const chx_tables *tables, const chx_stick *stick, const cone *c,
           int x, int y, int4 depth, int pass)
{
    long dx = x * 256 + 128 - stick->ax;
    long dy = y * 256 + 128 - stick->ay;
    long s = (dx * c->ux + dy * c->uy) >> 14;
    long t = clamp(s, 0l, (long)c->length);
    long across = (dx * c->uy - dy * c->ux) >> 14;
    long radius = stick->ra + ((t * c->grow) >> 16);
    long square = across * across + (s - t) * (s - t);
    long inside = radius * radius - square;
    long edge = radius * 256;
    long share = (t * c->per_length) >> 14;
    int age = stick->age_a + (int)(((long)(stick->age_b - stick->age_a) * share) >> 16);
    uint light = light_at(tables, age, stick->back);
    if (inside < edge && c->halo)
        put_halo(to, stick, c, x, y, s, square, radius, light, depth);
    if (radius <= 0)
        return;
    uint cover = (uint)clamp(128 + inside / (2 * radius), 0l, 256l);
    uint lit = cover;
    if (light && radius < CHX_SHEEN_Q8)
        lit = lit_cover(roughly((int)abs_diff(s, t), (int)abs(across)),
                        max((int)radius, CHX_LIT_LINE_Q8));
    if (inside <= -edge && (light == 0 || lit == 0))
        return;
    uint sheen = sheen_of(tables, square, radius, c->flat);
    uint hue = stick->hue & (CHX_HUES - 1);
    facet surface;
    facet_of(tables, c, s, across, radius, &surface);
    long per_radius = (1u << 30) / (uint)radius;
    int lambert = (int)(((-95 * surface.vx - 120 * surface.vy) * per_radius) >> 30) +
                  (int)(surface.facing * 200u >> 8);
    uint shade = (uint)(70 + ((clamp(lambert, 0, 255) * 3) >> 2));
    shade = min(shade, 255u);
    long rise = stick->bz - stick->az;
    if (inside < edge) {
        if (pass == BODY_FIRST) {
            long forward = lift_of(stick, min(light, 1u));
            int z = stick->az + (int)((rise * share) >> 16) + (int)((forward * radius) >> 12);
            uint near = near_of(z, depth);
            uint lit_near = near_lifted((int)near, light, per_px_of(depth));
            lit = radius < CHX_SHEEN_Q8 ? lit : (lit * sheen) >> 8;
            put_edge(to, x, y, cover, shade, near, hue);
            put_light(to, x, y, light, lit, lit_near);
            put_glow(to, x, y, light, cover / 4);
        }
        return;
    }
    long at = surface.end == 0 ? (s * c->per_length) >> 14 : surface.end == 1 ? 0 : 65536;
    long bulge = surface.bulge + lift_of(stick, light);
    int z = stick->az + (int)((rise * at) >> 16) + (int)((bulge * radius) >> 12);
    uint payload = light << 20 | (sheen - CHX_SHEEN_LEAST) / 4 << 14 | shade << 6 | hue;
    put_body(to, x, y, z, payload, pass);
    if (pass == BODY_FIRST)
        put_glow(to, x, y, light, 64);
}

/* Rows of a cone; on each only what the slab around its axis covers. */
static void
draw_cone(const layers *to, const clip *in, global const chx_tables *tables, const chx_stick *stick,
          int4 depth, int pass)
{
    cone c = cone_of(stick, in, pass == BODY_FIRST ? depth.w : 0);
    int sloped = abs(c.uy) > 1024;
    long reach = sloped ? ((long)c.widest << 14) / abs(c.uy) + 256 : 0;
    for (int y = c.y0; y < c.y1; y++) {
        int x0 = c.x0;
        int x1 = c.x1;
        if (sloped) {
            long axis = stick->ax + (long)(y * 256 + 128 - stick->ay) * c.ux / c.uy;
            x0 = (int)max((long)x0, (axis - reach) >> 8);
            x1 = (int)min((long)x1, ((axis + reach) >> 8) + 1);
        }
        for (int x = x0; x < x1; x++)
            cone_pixel(to, tables, stick, &c, x, y, depth, pass);
        if (pass == BODY_FIRST)
            for (int x = x0; x < x1; x = (x / CHX_TILE + 1) * CHX_TILE)
                touch(to->dirty, to->width, to->row0, x, y, CHX_TILE_LINES | CHX_TILE_BODIES);
    }
}

/* The one rounding: half away from zero. */
static int8
to_q8(float8 px)
{
    float8 q8 = clamp(px * 256.0f, -1.0e9f, 1.0e9f);
    float8 half_away = select((float8)(0.5f), (float8)(-0.5f), q8 < (float8)(0.0f));
    return convert_int8_rtz(q8 + half_away);
}

/* A soma too small for a body becomes a line of one pixel, wherever it lies between pixels. */
static void
widen_spot(chx_stick *stick)
{
    stick->ra = max(stick->ra, CHX_SPOT_Q8);
    stick->rb = stick->ra;
    stick->ax -= CHX_SPOT_Q8;
    stick->bx += CHX_SPOT_Q8;
}

/* Where a branch falls; origin holds the pixel of the centre and the pixels per um. Both ends at
 * once: x, y, z and radius of either, summed up axis by axis. The result is not returned, for
 * Oclgrind 21.10 does not know what LLVM makes of an inlined function that returns a struct. */
static void
project(chx_stick *stick, global const chx_branch *branch, float4 centre, float4 row_x,
        float4 row_y, float4 row_z, float4 origin)
{
    float4 a = vload4(0, branch->a_um);
    float4 b = vload4(0, branch->b_um);
    float4 away_a = a - centre;
    float4 away_b = b - centre;
    float4 by_x = (float4)(row_x.x, row_y.x, row_z.x, 0.0f);
    float4 by_y = (float4)(row_x.y, row_y.y, row_z.y, 0.0f);
    float4 by_z = (float4)(row_x.z, row_y.z, row_z.z, 0.0f);
    float4 to = (float4)(origin.x, origin.y, 0.0f, 0.0f);
    float4 at_a = by_x * away_a.x + by_y * away_a.y + by_z * away_a.z + to;
    float4 at_b = by_x * away_b.x + by_y * away_b.y + by_z * away_b.z + to;
    at_a.w = a.w * origin.z;
    at_b.w = b.w * origin.z;
    int8 q8 = to_q8((float8)(at_a, at_b));
    stick->ax = q8.s0;
    stick->ay = q8.s1;
    stick->az = q8.s2;
    stick->ra = q8.s3;
    stick->bx = q8.s4;
    stick->by = q8.s5;
    stick->bz = q8.s6;
    stick->rb = q8.s7;
    stick->hue = branch->hue & (CHX_HUES - 1);
    stick->hue |= branch->neuron * 2654435769u >> 28 << CHX_RANK_SHIFT;
    if (branch->hue & CHX_BRANCH_CONNECTION) {
        stick->az = stick->bz = CHX_BEHIND;
        stick->ra = stick->rb = (int)branch->a_um[3];
    }
    if (branch->hue & CHX_BRANCH_SOMA && stick->ra <= CHX_THIN_Q8)
        widen_spot(stick);
}

/* The youngest spike that has reached the near end decides; the one before it is further out. */
static void
find_age(chx_stick *stick, global const chx_branch *branch, global const int *ages)
{
    global const int *mine = ages + (size_t)branch->neuron * CHX_AGES;
    int age = CHX_NEVER;
    int before = CHX_NEVER;
    for (int k = 0; k < CHX_AGES && before == CHX_NEVER; k++) {
        int this_age = mine[k];
        if (age != CHX_NEVER)
            before = this_age;
        else if (this_age >= branch->travel_a)
            age = this_age;
        if (this_age == CHX_NEVER)
            break;
    }
    stick->age_a = age == CHX_NEVER ? CHX_NEVER : age - branch->travel_a;
    stick->age_b = age == CHX_NEVER ? CHX_NEVER : age - branch->travel_b;
    stick->back = before == CHX_NEVER ? CHX_NEVER : before - age;
}

static int
is_outside(const chx_stick *stick, const clip *in, int halo)
{
    int reach = max(stick->ra, stick->rb) + max(halo, 512);
    return max(stick->ax, stick->bx) + reach < in->x0 * 256 ||
           min(stick->ax, stick->bx) - reach > in->x1 * 256 ||
           max(stick->ay, stick->by) + reach < in->y0 * 256 ||
           min(stick->ay, stick->by) - reach > in->y1 * 256;
}

static int
is_big(const chx_stick *stick)
{
    int reach = 2 * max(stick->ra, stick->rb);
    return abs(stick->ax - stick->bx) + reach > CHX_SMALL_PX * 256 ||
           abs(stick->ay - stick->by) + reach > CHX_SMALL_PX * 256;
}

/* Whether a record of the queue can be a big body: what project() makes keeps to these bounds. */
static int
is_body(const chx_stick *stick)
{
    const int far = 1000000000;
    uint hue = (CHX_HUES - 1) | 15u << CHX_RANK_SHIFT;
    int low =
        min(min(min(stick->ax, stick->ay), min(stick->bx, stick->by)), min(stick->az, stick->bz));
    int high =
        max(max(max(stick->ax, stick->ay), max(stick->bx, stick->by)), max(stick->az, stick->bz));
    int thick = max(stick->ra, stick->rb);
    return (stick->hue & ~hue) == 0 && low >= -far && high <= far &&
           min(stick->ra, stick->rb) >= 0 && thick > CHX_THIN_Q8 && thick <= far;
}

static layers
layers_of(global uint *fibre, global uint *light, global uint *glow, global uint *body,
          global uint *halo, global uint *dirty, int4 band)
{
    layers to;
    to.fibre = fibre;
    to.light = light;
    to.glow = glow;
    to.body = body;
    to.halo = halo;
    to.dirty = dirty;
    to.width = band.x;
    to.row0 = band.y;
    to.row1 = band.z;
    return to;
}

/* Ticks since the last spikes of each neuron, for all of them: one work-item per neuron. now is the
 * picture's time in 2^-16 steps, rate the ticks per step in q16. */
kernel void
gather(global const chx_history *history, global int *ages, uint n_neurons, long now, long rate)
{
    uint neuron = get_global_id(0);
    if (neuron >= n_neurons)
        return;
    uint count = history[neuron].count;
    uint kept = min(count, (uint)CHX_HISTORY_SPIKES);
    uint found = 0;
    for (uint k = 0; k < kept; k++) {
        uint step = history[neuron].step[(count - 1 - k) % CHX_HISTORY_SPIKES];
        long past = now - ((long)step << 16);
        if (past >= 0) {
            long age = (min(past, 1l << 36) * rate) >> 32;
            ages[neuron * CHX_AGES + found++] = (int)min(age, (long)(CHX_NEVER - 1));
        }
    }
    for (; found < CHX_AGES; found++)
        ages[neuron * CHX_AGES + found] = CHX_NEVER;
}

/* Whether the queue takes a big body; in the second pass, whether it took all of them in the first.
 * Where it did not, all are drawn: twice is as good as once. */
static int
is_queued(global uint *queue, uint n_places, const chx_stick *stick, int pass)
{
    if (pass == BODY_SECOND)
        return queue[0] <= n_places;
    uint place = atomic_inc(queue);
    global chx_stick *sticks = (global chx_stick *)(queue + 4);
    if (place < n_places)
        sticks[place] = *stick;
    return place < n_places;
}

static void
branch_item(global const chx_branch *branches, global const int *ages,
            global const chx_tables *tables, global uint *queue, const layers *to, uint n_branches,
            uint n_places, float4 centre, float4 row_x, float4 row_y, float4 row_z, float4 origin,
            int4 depth, int pass)
{
    uint index = get_global_id(0);
    if (index >= n_branches)
        return;
    global const chx_branch *branch = branches + index;
    chx_stick stick;
    project(&stick, branch, centre, row_x, row_y, row_z, origin);
    clip in = {0, to->row0, to->width, to->row1};
    if (is_outside(&stick, &in, depth.w))
        return;
    int thin = max(stick.ra, stick.rb) <= CHX_THIN_Q8;
    if (pass == BODY_SECOND && thin)
        return;
    find_age(&stick, branch, ages);
    if (thin)
        draw_line(to, &in, tables, &stick, depth);
    else if (!is_big(&stick) || !is_queued(queue, n_places, &stick, pass))
        draw_cone(to, &in, tables, &stick, depth, pass);
}

/* All branches: one work-item each. band = width, row0, row1, places of the queue;
 * depth = z of near 0, then what scales z to near and the shift, reach of halos in q8; origin =
 * where centre falls, pixels per um. */
kernel void
branches(global const chx_branch *branches, global const int *ages, global const chx_tables *tables,
         global uint *fibre, global uint *light, global uint *glow, global uint *body,
         global uint *halo, global uint *dirty, global uint *queue, uint n_branches, int4 band,
         float4 centre, float4 row_x, float4 row_y, float4 row_z, float4 origin, int4 depth)
{
    layers to = layers_of(fibre, light, glow, body, halo, dirty, band);
    branch_item(branches, ages, tables, queue, &to, n_branches, (uint)band.w, centre, row_x, row_y,
                row_z, origin, depth, BODY_FIRST);
}

kernel void
branches_second(global const chx_branch *branches, global const int *ages,
                global const chx_tables *tables, global uint *fibre, global uint *light,
                global uint *glow, global uint *body, global uint *halo, global uint *dirty,
                global uint *queue, uint n_branches, int4 band, float4 centre, float4 row_x,
                float4 row_y, float4 row_z, float4 origin, int4 depth)
{
    layers to = layers_of(fibre, light, glow, body, halo, dirty, band);
    branch_item(branches, ages, tables, queue, &to, n_branches, (uint)band.w, centre, row_x, row_y,
                row_z, origin, depth, BODY_SECOND);
}

static void
cone_item(global const uint *queue, global const chx_tables *tables, const layers *to,
          uint n_places, int4 depth, int pass)
{
    clip in;
    in.x0 = (int)get_global_id(0) * CHX_BLOCK;
    in.y0 = to->row0 + (int)get_global_id(1) * CHX_BLOCK;
    in.x1 = min(in.x0 + CHX_BLOCK, to->width);
    in.y1 = min(in.y0 + CHX_BLOCK, to->row1);
    uint count = min(queue[0], n_places);
    global const chx_stick *sticks = (global const chx_stick *)(queue + 4);
    for (uint index = get_global_id(2); index < count; index += get_global_size(2)) {
        chx_stick stick = sticks[index];
        if (!is_outside(&stick, &in, depth.w) && is_body(&stick))
            draw_cone(to, &in, tables, &stick, depth, pass);
    }
}

/* The queue's bodies: one work-item per block of 64 x 64 pixels and share of the queue. band.w =
 * places of the queue. */
kernel void
cones(global const uint *queue, global const chx_tables *tables, global uint *fibre,
      global uint *light, global uint *glow, global uint *body, global uint *halo,
      global uint *dirty, int4 band, int4 depth)
{
    layers to = layers_of(fibre, light, glow, body, halo, dirty, band);
    cone_item(queue, tables, &to, (uint)band.w, depth, BODY_FIRST);
}

kernel void
cones_second(global const uint *queue, global const chx_tables *tables, global uint *fibre,
             global uint *light, global uint *glow, global uint *body, global uint *halo,
             global uint *dirty, int4 band, int4 depth)
{
    layers to = layers_of(fibre, light, glow, body, halo, dirty, band);
    cone_item(queue, tables, &to, (uint)band.w, depth, BODY_SECOND);
}

static void
draw_stroke(global uint *ink, global uint *dirty, int4 band, const chx_stroke *stroke)
{
    long dx = stroke->x1 - stroke->x0;
    long dy = stroke->y1 - stroke->y0;
    int length = root_of((ulong)(dx * dx + dy * dy));
    int ux = length ? (int)(dx * 16384 / length) : 16384;
    int uy = length ? (int)(dy * 16384 / length) : 0;
    int reach = stroke->radius + 180;
    int x0 = max((min(stroke->x0, stroke->x1) - reach) >> 8, 0);
    int x1 = min(((max(stroke->x0, stroke->x1) + reach) >> 8) + 1, band.x);
    int y0 = max((min(stroke->y0, stroke->y1) - reach) >> 8, band.y);
    int y1 = min(((max(stroke->y0, stroke->y1) + reach) >> 8) + 1, band.z);
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            int px = x * 256 + 128 - stroke->x0;
            int py = y * 256 + 128 - stroke->y0;
            int s = (int)(((long)px * ux + (long)py * uy) >> 14);
            int across = abs((int)(((long)px * uy - (long)py * ux) >> 14));
            int beyond = max(max(-s, s - length), 0);
            uint cover;
            if (stroke->flags & CHX_STROKE_SQUARE)
                cover = (uint)(clamp(128 + stroke->radius - across, 0, 256) *
                               clamp(128 + min(s, length - s), 0, 256)) >>
                        8;
            else
                cover = line_cover(roughly(beyond, across), stroke->radius);
            if (cover == 0)
                continue;
            uint cell = (uint)((y - band.y) * band.x + x);
            cover = min(cover, 255u);
            uint colour =
                stroke->flags & CHX_STROKE_LIGHT ? CHX_INK_LIGHT | stroke->ink : stroke->ink;
            atomic_max(&ink[cell], cover << 24 | stroke->level << 16 | colour);
            touch(dirty, band.x, band.y, x, y, CHX_TILE_INK);
        }
}

/* What a ground hides at a distance outside its rectangle, q8. */
static uint
ground_at(int away)
{
    int x = clamp(256 - away * 256 / CHX_GROUND_EDGE, 0, 256);
    return (uint)((((x * x * (768 - 2 * x)) >> 16) * CHX_GROUND_MAX) >> 8);
}

static void
draw_ground(global uint *ink, global uint *dirty, int4 band, const chx_stroke *stroke)
{
    int top = stroke->y0 - stroke->radius;
    int bottom = stroke->y0 + stroke->radius;
    int x0 = max((stroke->x0 - CHX_GROUND_EDGE) >> 8, 0);
    int x1 = min(((stroke->x1 + CHX_GROUND_EDGE) >> 8) + 1, band.x);
    int y0 = max((top - CHX_GROUND_EDGE) >> 8, band.y);
    int y1 = min(((bottom + CHX_GROUND_EDGE) >> 8) + 1, band.z);
    for (int y = y0; y < y1; y++) {
        int above = max(max(top - (y * 256 + 128), y * 256 + 128 - bottom), 0);
        for (int x = x0; x < x1; x++) {
            int beside = max(max(stroke->x0 - (x * 256 + 128), x * 256 + 128 - stroke->x1), 0);
            uint hides = ground_at(roughly(beside, above));
            if (hides)
                atomic_max(&ink[(y - band.y) * band.x + x], hides << 16);
        }
        for (int x = x0; x < x1; x = (x / CHX_TILE + 1) * CHX_TILE)
            touch(dirty, band.x, band.y, x, y, CHX_TILE_INK);
    }
}

/* A text of sixteen characters, four in each word. */
typedef struct text_words {
    uint words[CHX_TEXT_CHARS / 4];
} text_words;

static uint
char_of(const text_words *text, uint slot)
{
    return (text->words[slot / 4] >> (8 * (slot % 4))) & 127u;
}

/* The width of a text in units of the font, and of what precedes a slot of it. */
static int
text_width(global const chx_glyph *glyphs, const text_words *text, uint slot, int *before)
{
    int total = 0;
    *before = 0;
    for (uint other = 0; other < CHX_TEXT_CHARS; other++) {
        uint code = char_of(text, other);
        int advance = code ? glyphs[code].advance : 0;
        *before += other < slot ? advance : 0;
        total += advance;
    }
    return total;
}

/* Where a text of a width begins, units of the font from its anchor. */
static int
text_start(global const chx_line *line, int width)
{
    return line->align == 0 ? 0 : line->align == 1 ? -(width / 2) : -width;
}

/* The ground of a line; false when it has no text. */
static int
line_ground(global const chx_glyph *glyphs, global const chx_line *line, const text_words *text,
            int bar, chx_stroke *stroke)
{
    int before;
    int width = text_width(glyphs, text, 0, &before);
    int x = line->x + ((bar * line->bar_share) >> 8) + text_start(line, width) * line->size;
    stroke->x0 = x - CHX_CAP_UNITS * line->size / 3;
    stroke->x1 = x + (width + CHX_CAP_UNITS / 3) * line->size;
    stroke->y0 = line->y - CHX_CAP_UNITS * line->size / 2;
    stroke->radius = CHX_CAP_UNITS * line->size * 3 / 4;
    return width > 0;
}

/* Stroke number `index` of the glyph in a slot of a line; false when there is none. */
static int
glyph_stroke(global const chx_glyph *glyphs, global const chx_stroke *shapes,
             global const chx_line *line, const text_words *text, uint slot, uint index, int bar,
             chx_stroke *stroke)
{
    uint own = char_of(text, slot);
    if (own == 0 || index >= glyphs[own].count)
        return 0;
    int before;
    int width = text_width(glyphs, text, slot, &before);
    int left = before + text_start(line, width);
    int x = line->x + ((bar * line->bar_share) >> 8);
    global const chx_stroke *shape = &shapes[glyphs[own].first + index];
    stroke->x0 = x + (left + shape->x0) * line->size;
    stroke->x1 = x + (left + shape->x1) * line->size;
    stroke->y0 = line->y + shape->y0 * line->size;
    stroke->y1 = line->y + shape->y1 * line->size;
    stroke->radius = line->radius;
    stroke->ink = line->ink;
    stroke->flags = 0;
    stroke->level = 8;
    return 1;
}

static text_words
words_of(uint4 text)
{
    text_words made = {{text.x, text.y, text.z, text.w}};
    return made;
}

static text_words
words_of_line(uint line, uint4 text0, uint4 text1, uint4 text2)
{
    return words_of(line == 0 ? text0 : line == 1 ? text1 : text2);
}

/* Moves a stroke with the tip of its axis; the letter of one that points at us stands beside it. */
static void
follow_axis(chx_stroke *stroke, int4 tips_x, int4 tips_y)
{
    uint which = (stroke->flags >> CHX_STROKE_AXIS_SHIFT) & 3u;
    int x = which == 0 ? tips_x.x : which == 1 ? tips_x.y : tips_x.z;
    int y = which == 0 ? tips_y.x : which == 1 ? tips_y.y : tips_y.z;
    if (stroke->flags & CHX_STROKE_AXIS_NAME) {
        int near = (int)abs(x) + (int)abs(y) < tips_x.w;
        x = near ? -tips_x.w : x * 5 / 4;
        y = near ? tips_x.w : y * 5 / 4;
    }
    stroke->x0 += stroke->flags & CHX_STROKE_AXIS_0 ? x : 0;
    stroke->y0 += stroke->flags & CHX_STROKE_AXIS_0 ? y : 0;
    stroke->x1 += stroke->flags & CHX_STROKE_AXIS_1 ? x : 0;
    stroke->y1 += stroke->flags & CHX_STROKE_AXIS_1 ? y : 0;
}

/* Labels: one work-item per fixed stroke, then one per line for its ground, then one per line, slot
 * and stroke of a glyph. counts = fixed strokes, strokes per glyph at most, length of the scale bar
 * in q8. tips = of the axes of the data beside their origin, q8; tips_x.w = the height of their
 * letters. The first work-item also empties the queue for the launches that follow. */
kernel void
labels(global const chx_stroke *strokes, global const chx_line *lines,
       global const chx_glyph *glyphs, global const chx_stroke *shapes, global uint *ink,
       global uint *dirty, global uint *queue, int4 band, int4 counts, uint4 text0, uint4 text1,
       uint4 text2, int4 tips_x, int4 tips_y)
{
    uint id = get_global_id(0);
    if (id == 0)
        queue[0] = 0;
    uint n_strokes = (uint)counts.x;
    uint per_glyph = (uint)counts.y;
    chx_stroke stroke;
    if (id < n_strokes) {
        stroke = strokes[id];
        stroke.x0 += stroke.flags & CHX_STROKE_BAR_X0 ? counts.z : 0;
        stroke.x1 += stroke.flags & CHX_STROKE_BAR_X1 ? counts.z : 0;
        if (stroke.flags & (CHX_STROKE_AXIS_0 | CHX_STROKE_AXIS_1))
            follow_axis(&stroke, tips_x, tips_y);
        if (stroke.flags & CHX_STROKE_GROUND)
            draw_ground(ink, dirty, band, &stroke);
        else
            draw_stroke(ink, dirty, band, &stroke);
        return;
    }
    id -= n_strokes;
    if (per_glyph == 0)
        return;
    if (id < CHX_TEXT_LINES) {
        text_words whole = words_of_line(id, text0, text1, text2);
        if (line_ground(glyphs, &lines[id], &whole, counts.z, &stroke))
            draw_ground(ink, dirty, band, &stroke);
        return;
    }
    id -= CHX_TEXT_LINES;
    uint line = id / (CHX_TEXT_CHARS * per_glyph);
    if (line >= CHX_TEXT_LINES)
        return;
    id -= line * CHX_TEXT_CHARS * per_glyph;
    uint slot = id / per_glyph;
    text_words text = words_of_line(line, text0, text1, text2);
    if (glyph_stroke(glyphs, shapes, &lines[line], &text, slot, id - slot * per_glyph, counts.z,
                     &stroke))
        draw_stroke(ink, dirty, band, &stroke);
}
