/*
 * Forces alone leave a net folded and a ring in loops, for what lies on the wrong side of others
 * does not get past them. So a coarser web is laid out first, and of that a coarser one still, down
 * to one node for each part (Walshaw 2003, doi:10.7155/jgaa.00070). What a node has become two of
 * begins around its place, and forces need no more than to untangle neighbours.
 *
 * At the end each part is made as large as its median distance between neighbours asks for.
 */
#include "network/settle.h"

#include <math.h>
#include <stdlib.h>

#include <chronaxie/network.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/curve.h"
#include "network/forces.h"

#define N_ROUNDS 60
#define MORE_ROUNDS 150 /* of a web with */
#define FEW_NODES 2000 /* or less */
#define FIRST_STEP 1.0f /* of a node of mass 1, in units of the spacing */
#define NEAREST 0.7f /* how far the nearest neighbour of a neuron is, in the same */

/* Nodes begin around the places of what they became, by the evenly spread points of the sequence R2
 * (Roberts 2018). */
static void
spread(const chx__web *web, const uint32_t *becomes, const float (*coarse)[2], float (*at)[2])
{
    for (uint32_t i = 0; i < web->n_nodes; i++) {
        const double r2[2] = {0.7548776662466927 * (i + 1.0), 0.5698402909980532 * (i + 1.0)};
        const double side = sqrt((double)web->masses[i]);
        for (int k = 0; k < 2; k++)
            at[i][k] = (float)(coarse[becomes[i]][k] + (r2[k] - floor(r2[k]) - 0.5) * side);
    }
}

static chx_status settle(chx_runtime *runtime, chx_program *program, const chx__web *web,
                         float (*at)[2]);

/* Lays a coarser web out and begins from that. */
static chx_status
begin(chx_runtime *runtime, chx_program *program, const chx__web *web, float (*at)[2])
{
    chx__web coarse = {0};
    float(*middles)[2] = NULL;
    uint32_t *becomes = chx__alloc(web->n_nodes, sizeof *becomes);
    chx_status status = becomes ? chx__web_coarsen(web, &coarse, becomes)
                                : chx__fail_memory("laying out a network");
    if (!status && !(middles = chx__alloc(coarse.n_nodes, sizeof *middles)))
        status = chx__fail_memory("laying out a network");
    if (!status)
        status = settle(runtime, program, &coarse, middles);
    if (!status)
        spread(web, becomes, (const float(*)[2])middles, at);
    chx__web_finish(&coarse);
    free(becomes);
    free(middles);
    return status;
}

static chx_status
settle(chx_runtime *runtime, chx_program *program, const chx__web *web, float (*at)[2])
{
    if (web->rows[web->n_nodes] == 0)
        return CHX_OK; /* one node for each part, at 0 */
    const uint32_t n_rounds = web->n_nodes <= FEW_NODES ? MORE_ROUNDS : N_ROUNDS;
    chx_status status = begin(runtime, program, web, at);
    return status ? status : chx__forces_act(runtime, program, web, n_rounds, FIRST_STEP, at);
}

static int
compare_floats(const void *a, const void *b)
{
    const float one = *(const float *)a, other = *(const float *)b;
    return one < other ? -1 : one > other;
}

/* Distances stand in the order of nodes, which is that of parts. */
static void
scale_parts(const chx__curve *curve, float *distances, float (*at)[2])
{
    for (uint32_t k = 0; k < curve->n_parts; k++) {
        const uint32_t n = curve->parts[k].n;
        float *of = distances + curve->parts[k].first;
        qsort(of, n, sizeof *of, compare_floats);
        const float factor = n > 0 && of[n / 2] > 0 ? NEAREST / of[n / 2] : 1;
        for (uint32_t i = 0; i < n; i++)
            for (int axis = 0; axis < 2; axis++)
                at[curve->parts[k].first + i][axis] *= factor;
    }
}

static chx_status
scale(const chx__web *web, float (*at)[2])
{
    chx__curve curve = {0};
    float *distances = chx__alloc(web->n_nodes, sizeof *distances);
    chx_status status = distances ? chx__curve_init(&curve, web->n_nodes, web->parts)
                                  : chx__fail_memory("laying out a network");
    if (!status) {
        chx__curve_follow(&curve, (const float(*)[2])at);
        chx__curve_measure(&curve, (const float(*)[2])at, distances);
        scale_parts(&curve, distances, at);
    }
    chx__curve_finish(&curve);
    free(distances);
    return status;
}

chx_status
chx__settle(chx_runtime *runtime, const chx__web *web, float (*at)[2])
{
    chx_program *program = NULL;
    chx_status status = chx_program_from_embedded(runtime, "layout/forces.cl", NULL, &program);
    if (!status)
        status = settle(runtime, program, web, at);
    if (!status)
        status = scale(web, at);
    chx_program_destroy(&program);
    return status;
}
