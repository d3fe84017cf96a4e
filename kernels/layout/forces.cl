/*
 * One round of a force-directed layout: nodes of a graph push each other away, links pull.
 *
 * A node of mass m is at p, in units of the spacing of nodes of mass 1. The force on it, over its
 * mass, is
 *
 *   sum over nodes j of its part   m_j (p - p_j) / |p - p_j|^2
 *   - sum over its links to k      w (p - p_k) |p - p_k| / m
 *
 * as Fruchterman and Reingold have it (Software: Practice and Experience 21, 1991), but for the
 * masses. It moves along that force by its length, and by step sqrt(m) at most.
 *
 * Nodes stand in places, CHX_BUCKET a bucket, nodes that are near each other in one bucket. 2^h
 * buckets in a row, the first of which is a multiple of 2^h, are a cell of height h, with a box
 * around its nodes, their mass and their centre. The buckets of a part are a cell. Where a cell's
 * box is farther from a bucket's than OPENING times its own diagonal, its mass pushes from its
 * centre (Barnes and Hut 1986); else its two halves do, and of a bucket each node.
 *
 * Each sum has one order. Of arithmetic there are products, sums and comparisons of floats only,
 * so every device gives the same bits.
 *
 *   places   uint per place: a node, or CHX_NOBODY, which come last in a bucket
 *   heights  uint per bucket: of the cell that is its part
 *   at       float2 per node; masses float per node
 *   nodes    3 float16 per bucket: x, y and mass by place
 *   cells    float8: the centre, the mass, 0, the least x and y, the greatest x and y; by height,
 *            beginning with the buckets, those of height h from 2 n - (2 n >> h) of n buckets on
 *   pushes   2 float16 per bucket: x and y by place
 *   rows     uint per node and one more: where its links begin; links uint, weights float: those
 *   firsts   uint per node and one more: where its stretches begin, of CHX_STRETCH links or fewer
 *   owners   uint per stretch: its node; pulls float2 per stretch
 *
 * Launches are in groups of CHX_FORCES_GROUP work-items, of which the last may have nothing to do.
 */
#pragma OPENCL FP_CONTRACT OFF

#include "forces.h"

#ifndef OPENING
#define OPENING 0.5f
#endif
#define LEAST_SQUARE 1e-6f /* of distances: nearer nodes do not push more */

/* Sets root to 1 / sqrt(square), for 1e-12 <= square <= 1e30, to a few ulp: a guess from the bits
 * and three steps of Newton's method. */
#define INVERSE_ROOT(root, square)                           \
    do {                                                     \
        root = as_float(0x5f375a86 - (as_int(square) >> 1)); \
        root = root * (1.5f - 0.5f * square * root * root);  \
        root = root * (1.5f - 0.5f * square * root * root);  \
        root = root * (1.5f - 0.5f * square * root * root);  \
    } while (0)

/* The centre of a cell from the sums of its masses and of what they weigh. */
static float8
cell_of(float mass, float2 moment, float2 least, float2 greatest)
{
    float root = 0;
    if (mass > 0)
        INVERSE_ROOT(root, mass);
    return (float8)(moment * (root * root), mass, 0, least, greatest);
}

/* Brings the nodes of a bucket together: one work-item for each. */
kernel void
gather(global const uint *places, global const float2 *at, global const float *masses,
       global float *nodes, global float8 *cells, uint n_buckets)
{
    const uint bucket = get_global_id(0);
    if (bucket >= n_buckets)
        return;
    float2 moment = 0, least = INFINITY, greatest = -INFINITY;
    float mass = 0;
    for (uint k = 0; k < CHX_BUCKET; k++) {
        const uint node = places[bucket * CHX_BUCKET + k];
        const float2 here = node == CHX_NOBODY ? (float2)(0) : at[node];
        const float weight = node == CHX_NOBODY ? 0 : masses[node];
        global float *to = nodes + bucket * 3 * CHX_BUCKET + k;
        to[0] = here.x;
        to[CHX_BUCKET] = here.y;
        to[2 * CHX_BUCKET] = weight;
        if (node == CHX_NOBODY)
            continue;
        moment += here * weight;
        mass += weight;
        least = select(least, here, here < least);
        greatest = select(greatest, here, here > greatest);
    }
    cells[bucket] = cell_of(mass, moment, least, greatest);
}

/* Where the cells of a height begin. */
static uint
first_cell(uint n_buckets, uint height)
{
    return 2 * n_buckets - (2 * n_buckets >> height);
}

/* Makes the cells above those of a height, each of its two halves, up to those of the height
 * `last`: one work-item for each of the last. */
kernel void
join(global float8 *cells, uint n_buckets, uint height, uint last)
{
    const uint item = get_global_id(0);
    if (item >= n_buckets >> last)
        return;
    for (uint to = height + 1; to <= last; to++)
        for (uint i = 0; i < 1u << (last - to); i++) {
            const uint cell = (item << (last - to)) + i;
            global const float8 *halves = cells + first_cell(n_buckets, to - 1) + 2 * cell;
            const float8 a = halves[0], b = halves[1];
            cells[first_cell(n_buckets, to) + cell] =
                cell_of(a.s2 + b.s2, a.s01 * a.s2 + b.s01 * b.s2,
                        select(a.s45, b.s45, b.s45 < a.s45), select(a.s67, b.s67, b.s67 > a.s67));
        }
}

/* Whether a cell is far from a box. */
static bool
is_far(float8 cell, float8 box)
{
    const float2 size = cell.s67 - cell.s45;
    const float2 below = box.s45 - cell.s67, above = cell.s45 - box.s67;
    float2 gap = select(above, below, below > above);
    gap = select(gap, (float2)(0), gap < 0);
    return OPENING * OPENING * (size.x * size.x + size.y * size.y) < gap.x * gap.x + gap.y * gap.y;
}

/* Adds the push from a place. The reciprocal is a guess from the bits, 12 % off at most, and two
 * steps of Newton's method, which leave 0.02 %. */
#define PUSH_FROM(from_x, from_y, mass)                                          \
    do {                                                                         \
        const float16 away_x = x - (from_x), away_y = y - (from_y);              \
        float16 square = away_x * away_x + away_y * away_y;                      \
        square = select(square, (float16)(LEAST_SQUARE), square < LEAST_SQUARE); \
        float16 strength = as_float16(0x7ef311c7 - as_int16(square));            \
        strength = strength * (2.0f - square * strength);                        \
        strength = strength * (2.0f - square * strength) * (mass);               \
        push_x += away_x * strength;                                             \
        push_y += away_y * strength;                                             \
    } while (0)

/* How all of its part push the nodes of a bucket: one work-item for each. It goes through the cells
 * from the part's down, and through those of a height from the first on. */
kernel void
push(global const uint *heights, global const float *nodes, global const float8 *cells,
     global float16 *pushes, uint n_buckets)
{
    const uint bucket = get_global_id(0);
    if (bucket >= n_buckets)
        return;
    const float16 x = vload16(3 * bucket, nodes), y = vload16(3 * bucket + 1, nodes);
    const float8 box = cells[bucket];
    float16 push_x = 0, push_y = 0;
    const uint top = heights[bucket];
    uint height = top, cell = bucket >> top;
    for (uint seen = 0; box.s2 > 0 && seen >> 1 < 1u << top; seen++) {
        const float8 from = cells[first_cell(n_buckets, height) + cell];
        const bool is_one = from.s2 == 0 || is_far(from, box);
        if (!is_one && height > 0) {
            height--;
            cell *= 2;
            continue;
        }
        if (from.s2 > 0 && is_one)
            PUSH_FROM(from.s0, from.s1, from.s2);
        for (uint k = 0; !is_one && k < CHX_BUCKET; k++) {
            global const float *one = nodes + 3 * CHX_BUCKET * cell + k;
            PUSH_FROM(one[0], one[CHX_BUCKET], one[2 * CHX_BUCKET]);
        }
        cell++;
        const uint up = min(popcount(~cell & (cell - 1)), top - height);
        height += up;
        cell >>= up;
        if (height == top)
            break;
    }
    pushes[2 * bucket] = push_x;
    pushes[2 * bucket + 1] = push_y;
}

/* How a stretch of its links pulls a node: one work-item for each. */
kernel void
pull(global const uint *owners, global const uint *firsts, global const uint *rows,
     global const uint *links, global const float *weights, global const float2 *at,
     global float2 *pulls, uint n_stretches)
{
    const uint stretch = get_global_id(0);
    if (stretch >= n_stretches)
        return;
    const uint node = owners[stretch];
    const uint begin = rows[node] + (stretch - firsts[node]) * CHX_STRETCH;
    const uint end = min(begin + CHX_STRETCH, rows[node + 1]);
    const float2 here = at[node];
    float2 sum = 0;
    for (uint i = begin; i < end; i++) {
        const float2 along = at[links[i]] - here;
        const float2 squares = along * along;
        const float square = squares.x + squares.y + 1e-12f;
        float root;
        INVERSE_ROOT(root, square);
        sum += along * (weights[i] * (square * root));
    }
    pulls[stretch] = sum;
}

/* Moves the node of a place: one work-item for each. */
kernel void
move(global const uint *places, global const float *masses, global const float *pushes,
     global const uint *firsts, global const float2 *pulls, global float2 *at, uint n_places,
     float step)
{
    const uint place = get_global_id(0);
    const uint node = place < n_places ? places[place] : CHX_NOBODY;
    if (node == CHX_NOBODY)
        return;
    float2 sum = 0;
    for (uint i = firsts[node]; i < firsts[node + 1]; i++)
        sum += pulls[i];
    const float mass = masses[node];
    const uint bucket = place / CHX_BUCKET, k = place % CHX_BUCKET;
    const float2 pushed = (float2)(pushes[2 * CHX_BUCKET * bucket + k],
                                   pushes[2 * CHX_BUCKET * bucket + CHX_BUCKET + k]);
    float root;
    INVERSE_ROOT(root, mass);
    const float2 force = sum * (root * root) + pushed;
    const float2 squares = force * force;
    const float square = squares.x + squares.y + 1e-12f;
    const float most = step * (mass * root);
    INVERSE_ROOT(root, square);
    at[node] += force * (square > most * most ? most * root : 1.0f);
}
