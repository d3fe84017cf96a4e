/* Paints branches onto a strip of rows that one thread owns: no atomics, no locks. Same picture as
 * kernels/render/draw.cl, whose head comment says what the layers hold. */
#ifndef THREADS_PAINT_H
#define THREADS_PAINT_H

#include "branches.h"
#include "colours.h"

#define THREADS_TILE 16

typedef struct threads_layers {
    int width, height, half_width, n_tiles_x;
    uint32_t *fibre, *light, *glow, *halo;
    uint64_t *body;
    unsigned char *dirty; /* by tile */
} threads_layers;

/* A branch in the picture, 1/256 pixel. */
typedef struct threads_stick {
    int ax, ay, az, bx, by, bz, ra, rb;
    int age_a, age_b, back;
    uint32_t type, rank;
} threads_stick;

/* From z to nearness, and how far halos reach, 1/256 pixel. */
typedef struct threads_depth {
    int32_t far, factor, shift, halo;
} threads_depth;

static inline uint32_t
threads_near(const threads_depth *depth, int z)
{
    int64_t near = (int64_t)(z - depth->far) * depth->factor >> depth->shift;
    return near < 0 ? 0 : near > 16383 ? 16383 : (uint32_t)near;
}

/* Rows [y0, y1) of the picture. */
void threads_paint(const threads_layers *layers, const threads_colours *colours,
                   const threads_depth *depth, const threads_stick *stick, int y0, int y1);

#endif
