/* Nodes are sorted by where they are on the curve in three passes, one for each digit of that, and
 * then dealt out to their parts. */
#include "network/curve.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

#define DIGIT_BITS 11
#define N_DIGITS (1 << DIGIT_BITS)
#define SIDE 65535.0f /* steps of the curve along a side of the square around a part */
#define SOON 12 /* nodes that distances are measured to, along the curve */

typedef struct chx__curve_entry {
    uint32_t key, node;
} entry;

chx_status
chx__curve_init(chx__curve *curve, uint32_t n_nodes, const uint32_t *part_of)
{
    *curve = (chx__curve){.n_nodes = n_nodes, .part_of = part_of};
    for (uint32_t i = 0; i < n_nodes; i++)
        curve->n_parts = part_of[i] >= curve->n_parts ? part_of[i] + 1 : curve->n_parts;
    curve->parts = chx__alloc(curve->n_parts, sizeof *curve->parts);
    curve->order = chx__alloc(n_nodes, sizeof *curve->order);
    curve->entries = chx__alloc(n_nodes, sizeof *curve->entries);
    curve->sorted = chx__alloc(n_nodes, sizeof *curve->sorted);
    if (!curve->parts || !curve->order || !curve->entries || !curve->sorted) {
        chx__curve_finish(curve);
        return chx__fail_memory("laying out a network");
    }
    for (uint32_t i = 0; i < n_nodes; i++)
        curve->parts[part_of[i]].n++;
    for (uint32_t k = 1; k < curve->n_parts; k++)
        curve->parts[k].first = curve->parts[k - 1].first + curve->parts[k - 1].n;
    return CHX_OK;
}

void
chx__curve_finish(chx__curve *curve)
{
    free(curve->parts);
    free(curve->order);
    free(curve->entries);
    free(curve->sorted);
    *curve = (chx__curve){0};
}

/* The square around each part. */
static void
frame_parts(chx__curve *curve, const float (*at)[2])
{
    for (uint32_t k = 0; k < curve->n_parts; k++) {
        curve->parts[k].least[0] = curve->parts[k].least[1] = INFINITY;
        curve->parts[k].scale = 0;
    }
    for (uint32_t i = 0; i < curve->n_nodes; i++) {
        chx__curve_part *of = &curve->parts[curve->part_of[i]];
        for (int k = 0; k < 2; k++)
            of->least[k] = at[i][k] < of->least[k] ? at[i][k] : of->least[k];
    }
    for (uint32_t i = 0; i < curve->n_nodes; i++) {
        chx__curve_part *of = &curve->parts[curve->part_of[i]];
        for (int k = 0; k < 2; k++) {
            const float size = at[i][k] - of->least[k];
            of->scale = size > of->scale ? size : of->scale;
        }
    }
    for (uint32_t k = 0; k < curve->n_parts; k++)
        curve->parts[k].scale = curve->parts[k].scale > 0 ? SIDE / curve->parts[k].scale : 0;
}

/* The 16 bits of x, with room for one more after each. */
static uint32_t
apart(uint32_t x)
{
    x = (x | x << 8) & 0x00ff00ff;
    x = (x | x << 4) & 0x0f0f0f0f;
    x = (x | x << 2) & 0x33333333;
    return (x | x << 1) & 0x55555555;
}

static uint32_t
steps(float length, float scale)
{
    const float product = length * scale;
    return product < SIDE ? (uint32_t)product : (uint32_t)SIDE;
}

static void
sort_digit(const entry *from, entry *to, uint32_t n, int shift)
{
    uint32_t starts[N_DIGITS + 1] = {0};
    for (uint32_t i = 0; i < n; i++)
        starts[(from[i].key >> shift) % N_DIGITS + 1]++;
    for (int i = 0; i < N_DIGITS; i++)
        starts[i + 1] += starts[i];
    for (uint32_t i = 0; i < n; i++)
        to[starts[(from[i].key >> shift) % N_DIGITS]++] = from[i];
}

void
chx__curve_follow(chx__curve *curve, const float (*at)[2])
{
    const uint32_t n = curve->n_nodes;
    frame_parts(curve, at);
    for (uint32_t i = 0; i < n; i++) {
        const chx__curve_part *of = &curve->parts[curve->part_of[i]];
        const uint32_t x = steps(at[i][0] - of->least[0], of->scale);
        const uint32_t y = steps(at[i][1] - of->least[1], of->scale);
        curve->entries[i] = (entry){apart(x) | apart(y) << 1, i};
    }
    sort_digit(curve->entries, curve->sorted, n, 0);
    sort_digit(curve->sorted, curve->entries, n, DIGIT_BITS);
    sort_digit(curve->entries, curve->sorted, n, 2 * DIGIT_BITS);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t node = curve->sorted[i].node;
        curve->order[curve->parts[curve->part_of[node]].first++] = node;
    }
    for (uint32_t k = 0; k < curve->n_parts; k++)
        curve->parts[k].first -= curve->parts[k].n;
}

void
chx__curve_measure(const chx__curve *curve, const float (*at)[2], float *distances)
{
    for (uint32_t i = 0; i < curve->n_nodes; i++)
        distances[i] = INFINITY;
    for (uint32_t i = 0; i < curve->n_nodes; i++)
        for (uint32_t j = i + 1; j < curve->n_nodes && j <= i + SOON; j++) {
            const uint32_t a = curve->order[i], b = curve->order[j];
            if (curve->part_of[a] != curve->part_of[b])
                break;
            const float x = at[a][0] - at[b][0], y = at[a][1] - at[b][1];
            const float distance = sqrtf(x * x + y * y);
            distances[a] = distance < distances[a] ? distance : distances[a];
            distances[b] = distance < distances[b] ? distance : distances[b];
        }
    for (uint32_t i = 0; i < curve->n_nodes; i++)
        distances[i] = distances[i] < INFINITY ? distances[i] : 0;
}
