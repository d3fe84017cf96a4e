/* The peer of kernels/render/draw.cl, whose head says what layers hold and how they are
 * combined: maxima and sums of integers, so the order of branches does not matter. A strip of
 * rows belongs to one thread, hence no atomics; a branch that crosses strips is painted in each,
 * clipped to its rows. */
#include "paint.h"

#include <stdbool.h>
#include <stdlib.h>

typedef struct brush {
    const threads_layers *to;
    const threads_colours *colours;
    const threads_depth *depth;
    const threads_stick *stick;
    int y0, y1;
} brush;

static inline int
least(int a, int b)
{
    return a < b ? a : b;
}

static inline int
most(int a, int b)
{
    return a > b ? a : b;
}

static inline int64_t
within(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

static inline void
raise_to(uint32_t *cell, uint32_t value)
{
    if (*cell < value)
        *cell = value;
}

static inline uint32_t
light_of(const brush *with, int age)
{
    if (age < 0)
        age += with->stick->back;
    int index = age >> 4;
    return index >= 0 && index < THREADS_AGES ? with->colours->light[index] : 0;
}

/* weight is q14 to a level; edge 1 .. 7 how bright an edge of a body is. */
static inline void
add_fibre(const brush *with, size_t cell, uint32_t cover, uint32_t weight, uint32_t near,
          uint32_t edge)
{
    uint32_t level = cover * weight >> 14, *two = &with->to->fibre[2 * cell], first = two[0];
    level = level > 1023 ? 1023 : level;
    uint32_t key = near >> 1 << 19 | level << 9 | edge << 6 | with->stick->type;
    if (level == 0)
        return;
    raise_to(&two[0], key);
    uint32_t less = key < first ? key : first;
    if ((less >> 9 & 1023) > ((key < first ? first : key) >> 9 & 1023))
        raise_to(&two[1], less >> 9 << 22 | less >> 19 << 9 | (less & 511));
}

static inline uint32_t
cue_of(uint32_t near)
{
    return 105 + (near * 151 >> 14);
}

static inline void
add_light(const brush *with, size_t cell, uint32_t light, uint32_t cover, uint32_t near)
{
    cover = light ? (cover > 255 ? 255 : cover) >> 2 : 0;
    uint32_t *four = &with->to->light[4 * cell];
    uint32_t key = near >> 1 << 18 | light << 6 | cover;
    key |= (uint32_t)(light >= THREADS_LIT_BEFORE) << 31;
    if (cover == 0)
        return;
    for (int k = 0; k < 3; k++) {
        uint32_t old = four[k];
        raise_to(&four[k], key);
        if (old == 0 || old == key)
            return;
        key = key < old ? key : old;
    }
    raise_to(&four[3], (key >> 4 & 3) << 30 | key >> 20 << 18 | (key & 0x3ffff));
}

static inline void
add_glow(const brush *with, int x, int y, uint32_t light, uint32_t cover)
{
    with->to->glow[(size_t)(y / 2) * with->to->half_width + x / 2] += light * cover >> 4;
}

static inline void
soil(const brush *with, int x, int y)
{
    with->to->dirty[y / THREADS_TILE * with->to->n_tiles_x + x / THREADS_TILE] = 1;
}

/* What a line has in common for all its pixels. */
typedef struct line {
    bool steep;
    int cosine, reach, radius, lit_reach;
    uint32_t weight, cue, near; /* near at the place */
    int lit_lift, per_px; /* how much nearer light is; nearness of a pixel */
} line;

/* How far a surface comes forward, so that of branches in the same place the same one shows. */
static int64_t
forward_of(const threads_stick *stick, uint32_t light)
{
    bool soma = stick->ax == stick->bx && stick->ay == stick->by && stick->az == stick->bz;
    if (soma)
        return light ? 256 : 0;
    return (light ? 768 + light / 8 : 0) + stick->rank * 48;
}

static int
near_per_px(const threads_depth *depth)
{
    return (int)within(((int64_t)depth->factor * 256) >> depth->shift, 0, 16383);
}

static uint32_t
lifted(int64_t near, uint32_t light, int per_px)
{
    return (uint32_t)within(near + (light * per_px >> 12), 0, 16383);
}

static inline uint32_t
line_cover(int away, int radius)
{
    int edge = least(most((radius + 180 - away) * 182 >> 8, 0), 256);
    return (uint32_t)(edge * edge * (768 - 2 * edge)) >> 16;
}

static inline uint32_t
lit_cover(int away, int half)
{
    uint32_t share = (uint32_t)least(most(half + 128 - away, 0), 256);
    return share - (share * (256 - share) >> 10);
}

static inline void
paint_column(const brush *with, const line *along, int major, int centre, uint32_t light,
             bool inner)
{
    int reach = light ? along->lit_reach : along->reach;
    int first = (centre - reach + 32767) >> 16, last = (centre + reach - 32768) >> 16;
    for (int minor = first; minor <= last; minor++) {
        int x = along->steep ? minor : major, y = along->steep ? major : minor;
        if (x < 0 || x >= with->to->width || y < with->y0 || y >= with->y1)
            continue;
        int away = abs(minor * 65536 + 32768 - centre) >> 8;
        away = (int)((uint32_t)(away * along->cosine) >> 16);
        uint32_t cover = line_cover(away, along->radius);
        uint32_t lit = light ? lit_cover(away, 256) : 0;
        if (cover + lit == 0)
            continue;
        size_t cell = (size_t)y * with->to->width + x;
        if (abs(minor * 65536 + 32768 - centre) <= along->reach)
            add_fibre(with, cell, cover, along->weight * along->cue, along->near, 0);
        if (light) {
            uint32_t glare = cover * (128 + along->weight / 2) >> 8;
            int near = (int)along->near + along->lit_lift;
            add_light(with, cell, light, lit, lifted(near, light, along->per_px));
            if (inner)
                add_glow(with, x, y, light, glare);
        }
        soil(with, x, y);
    }
}

static void
paint_line(const brush *with)
{
    const threads_stick *s = with->stick;
    bool steep = abs(s->by - s->ay) > abs(s->bx - s->ax);
    int m0 = steep ? s->ay : s->ax, m1 = steep ? s->by : s->bx;
    int n0 = steep ? s->ax : s->ay, n1 = steep ? s->bx : s->by;
    int age0 = s->age_a, age1 = s->age_b;
    int z0 = s->az, z1 = s->bz, near = (int)threads_near(with->depth, (z0 + z1) / 2);
    if (m0 > m1) {
        int m = m0, n = n0, age = age0, z = z0;
        m0 = m1;
        n0 = n1;
        age0 = age1;
        z0 = z1;
        z1 = z;
        m1 = m;
        n1 = n;
        age1 = age;
    }
    int length = most(m1 - m0, 1);
    int slope = m1 - m0 < 16 ? 0 : (int)(((int64_t)(n1 - n0) * 65536) / length);
    int index = least(abs(slope) >> 8, 256);
    line along = {.steep = steep,
                  .cosine = (int)with->colours->cosine[index],
                  .radius = most((s->ra + s->rb) / 2, 128),
                  .weight = (uint32_t)within(s->ra + s->rb, 90, 256),
                  .cue = cue_of((uint32_t)near),
                  .per_px = near_per_px(with->depth)};
    along.reach = (int)((int64_t)(along.radius + 160) * with->colours->secant[index] >> 8);
    along.lit_reach = (int)((int64_t)384 * with->colours->secant[index] >> 8);
    int first = most((m0 - 96 + 127) >> 8, steep ? with->y0 : 0);
    int last = least((m1 + 96 + 127) >> 8, steep ? with->y1 : with->to->width);
    int centre = (int)(((int64_t)n0 * 65536 + (int64_t)slope * (first * 256 + 128 - m0)) >> 8);
    int64_t age_slope = (int64_t)(age1 - age0) * 65536 / length;
    bool silent = least(age0, age1) >> 4 >= THREADS_AGES;
    int near_slope = 0;
    if (length >= 256) {
        near = (int)threads_near(with->depth, z0);
        near_slope = ((int)threads_near(with->depth, z1) - near) * 65536 / length;
    }
    int64_t lift = forward_of(s, 0) * along.radius;
    along.lit_lift = (int)((forward_of(s, 1) * along.radius - lift) * along.per_px >> 20);
    int64_t on = near * 16384 + ((int64_t)near_slope * (first * 256 + 128 - m0) >> 2);
    on += lift * along.per_px >> 6;
    for (int major = first; major < last; major++, centre += slope) {
        int at = major * 256 + 128;
        along.near = (uint32_t)within(on >> 14, 0, 16383);
        on += near_slope * 64;
        uint32_t light = 0;
        if (!silent)
            light = light_of(with, age0 + (int)(age_slope * within(at - m0, 0, length) >> 16));
        paint_column(with, &along, major, centre, light, at >= m0 && at < m1);
    }
}

static int
whole_root(uint64_t square)
{
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1)
        if ((root | bit) * (root | bit) <= square)
            root |= bit;
    return (int)root;
}

/* The axis of a round cone. */
typedef struct axis {
    int ux, uy, length, grow, rise, flat, halo;
    int64_t per_length, per_halo, gap;
} axis;

/* How a round surface faces the viewer at a square distance from its middle, q8. */
static int64_t
facing_at(const brush *with, int64_t square, int64_t per_radius)
{
    int64_t rim = ((square * per_radius >> 22) * per_radius) >> 30;
    return with->colours->facing[within(rim, 0, 256)];
}

/* How bright light is there, q8: less towards the rims, and least so on what leans. */
static uint32_t
sheen_at(const brush *with, const axis *a, int64_t square, int64_t radius)
{
    int64_t off = square * (a->flat * a->flat >> 14) >> 14;
    int64_t inner = facing_at(with, off, (1u << 30) / (uint32_t)radius) * 330 >> 8;
    inner = within(inner, 0, 256);
    return (uint32_t)(64 + ((inner * inner >> 8) * inner * 192 >> 16));
}

/* The surface at a pixel: where it lies along the axis (0 .. 65536), how far above, how shaded. */
typedef struct skin {
    int64_t share, bulge;
    uint32_t shade;
} skin;

static skin
skin_at(const brush *with, const axis *a, int64_t s, int64_t across, int64_t radius)
{
    int64_t per_radius = (1u << 30) / (uint32_t)radius;
    int64_t facing = facing_at(with, across * across, per_radius);
    int64_t lean = (facing * a->rise >> 14) * radius >> 8, on = s + lean, beyond = -lean;
    skin made = {.share = s * a->per_length >> 14};
    bool ball = on < 0 || on > a->length || a->flat < 256;
    if (ball) {
        made.share = on < 0 ? 0 : 65536;
        beyond = on < 0 ? s : s - a->length;
        facing = facing_at(with, across * across + beyond * beyond, per_radius);
    }
    made.bulge = ball ? facing * 16 : facing * 262144 / a->flat;
    int64_t vx = (beyond * a->ux + across * a->uy) >> 14;
    int64_t vy = (beyond * a->uy - across * a->ux) >> 14;
    int64_t upright = ball ? facing : facing * a->flat >> 14;
    int lambert = (int)((-95 * vx - 120 * vy) * per_radius >> 30) + (int)(upright * 200 >> 8);
    made.shade = (uint32_t)least(70 + (int)(within(lambert, 0, 255) * 3 >> 2), 255);
    return made;
}

/* Marks what lies some radii behind a body and beside it as dark. */
static void
paint_halo(const brush *with, const axis *a, size_t cell, int64_t s, int64_t square, int64_t radius,
           bool lit)
{
    int64_t outer = radius + a->halo, left = outer * outer - square;
    if ((a->length && (s < 0 || s > a->length)) || left <= 0)
        return;
    int64_t fade = left > a->halo * 2 * outer ? 63 : left * a->per_halo >> 32;
    fade = (fade < 63 ? fade : 63) * within(radius - 208, 0, 128) >> 7;
    int64_t rise = with->stick->bz - with->stick->az;
    int64_t share = a->length ? s * a->per_length >> 14 : 0;
    int64_t z = with->stick->az + (rise * share >> 16) - a->gap;
    uint32_t near = threads_near(with->depth, z < -1000000000 ? -1000000000 : (int)z);
    if (near && fade)
        raise_to(&with->to->halo[cell], (uint32_t)lit << 20 | near << 6 | (uint32_t)fade);
}

static void
paint_cone_pixel(const brush *with, const axis *a, int x, int y)
{
    const threads_stick *stick = with->stick;
    int64_t dx = x * 256 + 128 - stick->ax, dy = y * 256 + 128 - stick->ay;
    int64_t s = (dx * a->ux + dy * a->uy) >> 14, t = within(s, 0, a->length);
    int64_t across = (dx * a->uy - dy * a->ux) >> 14;
    int64_t radius = stick->ra + (t * a->grow >> 16);
    int64_t square = across * across + (s - t) * (s - t);
    int64_t inside = radius * radius - square, edge = radius * 256;
    size_t cell = (size_t)y * with->to->width + x;
    int64_t share = t * a->per_length >> 14, rise = stick->bz - stick->az;
    int age = stick->age_a + (int)((int64_t)(stick->age_b - stick->age_a) * share >> 16);
    uint32_t light = light_of(with, age);
    bool before = light >= THREADS_LIT_BEFORE;
    if (inside < edge && a->halo)
        paint_halo(with, a, cell, s, square, radius, before);
    uint32_t cover = (uint32_t)within(128 + inside / (2 * radius), 0, 256), lit = cover;
    if (light && radius < 512) {
        int64_t more = llabs(across), less = llabs(s - t);
        if (more < less)
            more = llabs(s - t), less = llabs(across);
        int64_t away = (more * 230 + less * 124) >> 8;
        lit = lit_cover((int)(away > more ? away : more), most((int)radius, 256));
    }
    if (inside <= -edge && (light == 0 || lit == 0))
        return;
    uint32_t sheen = sheen_at(with, a, square, radius);
    skin on = skin_at(with, a, s, across, radius);
    if (inside < edge) {
        int64_t forward = forward_of(stick, light > 0);
        lit = radius < 512 ? lit : lit * sheen >> 8;
        uint32_t near = threads_near(with->depth, stick->az + (int)(rise * share >> 16) +
                                                      (int)(forward * radius >> 12));
        int rim = least(most((int)(on.shade * 175 >> 8) - 30, 0) / 13, 7);
        add_fibre(with, cell, cover, cue_of(near) << 8, near, (uint32_t)most(rim, 1));
        near = lifted(near, light, near_per_px(with->depth));
        add_light(with, cell, light, lit, near);
        add_glow(with, x, y, light, cover / 4);
        return;
    }
    int64_t bulge = on.bulge + forward_of(stick, light);
    int z = stick->az + (int)(rise * on.share >> 16) + (int)(bulge * radius >> 12);
    uint64_t depth = (uint64_t)within(z, -0x40000000, 0x3fffffff) + 0x40000000;
    uint64_t key = (depth | (uint64_t)before << 31) << 32 | light << 20 | (sheen - 64) / 4 << 14 |
                   on.shade << 6 | stick->type;
    if (with->to->body[cell] < key)
        with->to->body[cell] = key;
    add_glow(with, x, y, light, 64);
}

static void
paint_cone(const brush *with)
{
    const threads_stick *s = with->stick;
    int64_t dx = s->bx - s->ax, dy = s->by - s->ay;
    axis a = {.ux = 16384, .length = whole_root((uint64_t)(dx * dx + dy * dy))};
    if (a.length) {
        a.ux = (int)(dx * 16384 / a.length);
        a.uy = (int)(dy * 16384 / a.length);
        a.grow = (int)((int64_t)(s->rb - s->ra) * 65536 / a.length);
        a.per_length = (1 << 30) / a.length;
    }
    int64_t dz = s->bz - s->az;
    int deep = whole_root((uint64_t)(dx * dx + dy * dy) + (uint64_t)(dz * dz));
    a.rise = deep ? (int)(dz * 16384 / deep) : 0;
    a.flat = deep ? (int)((int64_t)a.length * 16384 / deep) : 16384;
    int widest = most(s->ra, s->rb);
    if (a.flat >= 4096 && widest > 208) {
        a.halo = with->depth->halo;
        a.per_halo = ((int64_t)96 << 32) / (a.halo * (2 * (int64_t)widest + a.halo));
        a.gap = widest * (int64_t)(a.length ? 6 : 2) +
                (int64_t)abs(a.rise) * (widest + a.halo) / a.flat;
    }
    widest += most(a.halo, 192);
    int x0 = most((least(s->ax, s->bx) - widest) >> 8, 0);
    int x1 = least(((most(s->ax, s->bx) + widest) >> 8) + 1, with->to->width);
    int y0 = most((least(s->ay, s->by) - widest) >> 8, with->y0);
    int y1 = least(((most(s->ay, s->by) + widest) >> 8) + 1, with->y1);
    for (int y = y0; y < y1; y++) {
        int left = x0, right = x1;
        if (abs(a.uy) > 1024) {
            int64_t reach = ((int64_t)widest << 14) / abs(a.uy) + 256;
            int64_t middle = s->ax + (int64_t)(y * 256 + 128 - s->ay) * a.ux / a.uy;
            left = (int)within((middle - reach) >> 8, left, x1);
            right = (int)within(((middle + reach) >> 8) + 1, x0, right);
        }
        for (int x = left; x < right; x++)
            paint_cone_pixel(with, &a, x, y);
        for (int x = left; x < right; x = (x / THREADS_TILE + 1) * THREADS_TILE)
            soil(with, x, y);
    }
}

void
threads_paint(const threads_layers *layers, const threads_colours *colours,
              const threads_depth *depth, const threads_stick *stick, int y0, int y1)
{
    const brush with = {layers, colours, depth, stick, y0, y1};
    if (most(stick->ra, stick->rb) <= 192)
        paint_line(&with);
    else
        paint_cone(&with);
}
