/*
 * The heights h that make sum of w (h_post - h_pre - 1)^2 over all synapses least: the signal-flow
 * view of Varshney and others (2011, doi:10.1371/journal.pcbi.1001066), after Carmel, Harel and
 * Koren (2004, doi:10.1109/TVCG.2004.5). They solve L h = b, where L is the Laplacian of the
 * weights and b what flows into each neuron less what flows out.
 *
 * Conjugate gradients find them, preconditioned by the diagonal of L. L is singular, but no sum of
 * b over a part is other than 0, and so is none of what the method makes of it, but for rounding,
 * which the last step takes out. Sums run in the order of synapses and neurons, with
 * none of the operations that may differ between machines. The work is bounded: a long chain of
 * very many neurons stays with heights that are not exact.
 *
 * The weight w is the magnitude of a synapse's, but at least a thousandth of the largest, so that
 * no neuron hangs by nothing.
 */
#include "network/flow.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

#define LEAST_WEIGHT 1e-3 /* of the largest */
#define MOST_WORK 1e8 /* neurons and synapses looked at in all rounds: well under a second */
#define ENOUGH 1e-20 /* square of what is left over, of what it was */

typedef struct solver {
    uint32_t n;
    const chx_synapse *synapses;
    uint64_t n_synapses;
    double *diagonal; /* of L */
    double *left; /* b - L h */
    double *toward; /* the direction of the next step */
    double *image; /* L times it */
    double least; /* weight */
} solver;

static void
finish(solver *of)
{
    free(of->diagonal);
    free(of->left);
    free(of->toward);
    free(of->image);
}

static chx_status
init(solver *of)
{
    of->diagonal = chx__alloc(of->n, sizeof *of->diagonal);
    of->left = chx__alloc(of->n, sizeof *of->left);
    of->toward = chx__alloc(of->n, sizeof *of->toward);
    of->image = chx__alloc(of->n, sizeof *of->image);
    if (of->diagonal && of->left && of->toward && of->image)
        return CHX_OK;
    finish(of);
    return chx__fail_memory("finding the flow of a network");
}

static double
weight_of(const solver *of, const chx_synapse *synapse)
{
    return synapse->pre == synapse->post ? 0 : fmax(of->least, fabs((double)synapse->weight_pa));
}

/* Sets the diagonal, and b as what is left over by heights of 0. */
static void
begin(solver *of)
{
    double largest = 0;
    for (uint64_t i = 0; i < of->n_synapses; i++)
        largest = fmax(largest, fabs((double)of->synapses[i].weight_pa));
    of->least = largest > 0 ? largest * LEAST_WEIGHT : 1;
    for (uint64_t i = 0; i < of->n_synapses; i++) {
        const chx_synapse *synapse = &of->synapses[i];
        double weight = weight_of(of, synapse);
        of->diagonal[synapse->pre] += weight;
        of->diagonal[synapse->post] += weight;
        of->left[synapse->pre] -= weight;
        of->left[synapse->post] += weight;
    }
}

static void
multiply(const solver *of)
{
    for (uint32_t i = 0; i < of->n; i++)
        of->image[i] = 0;
    for (uint64_t i = 0; i < of->n_synapses; i++) {
        const chx_synapse *synapse = &of->synapses[i];
        double climb = of->toward[synapse->post] - of->toward[synapse->pre];
        double flow = weight_of(of, synapse) * climb;
        of->image[synapse->post] += flow;
        of->image[synapse->pre] -= flow;
    }
}

/* Of what is left over, in the measure of the preconditioner. */
static double
square_left(const solver *of)
{
    double sum = 0;
    for (uint32_t i = 0; i < of->n; i++)
        if (of->diagonal[i] > 0)
            sum += of->left[i] * of->left[i] / of->diagonal[i];
    return sum;
}

static void
solve(const solver *of, double *heights)
{
    double before = 1, square = square_left(of), enough = square * ENOUGH;
    double n_rounds = fmin(of->n, MOST_WORK / ((double)of->n + (double)of->n_synapses));
    for (uint32_t i = 0; i < of->n; i++)
        heights[i] = 0;
    for (int round = 0; round < n_rounds && square > enough; round++) {
        double share = round ? square / before : 0, along = 0;
        for (uint32_t i = 0; i < of->n; i++)
            if (of->diagonal[i] > 0)
                of->toward[i] = of->left[i] / of->diagonal[i] + share * of->toward[i];
        multiply(of);
        for (uint32_t i = 0; i < of->n; i++)
            along += of->toward[i] * of->image[i];
        if (!(along > 0))
            break;
        for (uint32_t i = 0; i < of->n; i++) {
            heights[i] += square / along * of->toward[i];
            of->left[i] -= square / along * of->image[i];
        }
        before = square;
        square = square_left(of);
    }
}

/* What each part's synapses weigh is summed up where the means were. */
static void
measure(const solver *of, const uint32_t *part_of, uint32_t n_parts, const double *heights,
        double *directed)
{
    double *weights = of->image; /* there are at most as many parts as neurons */
    for (uint32_t k = 0; k < n_parts; k++)
        weights[k] = directed[k] = 0;
    for (uint64_t i = 0; i < of->n_synapses; i++) {
        const chx_synapse *synapse = &of->synapses[i];
        double weight = weight_of(of, synapse);
        double miss = heights[synapse->post] - heights[synapse->pre] - 1;
        weights[part_of[synapse->pre]] += weight;
        directed[part_of[synapse->pre]] += weight * (1 - miss * miss);
    }
    for (uint32_t k = 0; k < n_parts; k++)
        directed[k] = weights[k] > 0 ? fmax(0, directed[k] / weights[k]) : 0;
}

static void
centre(const solver *of, const uint32_t *part_of, uint32_t n_parts, double *heights)
{
    double *sums = of->image, *counts = of->toward;
    for (uint32_t k = 0; k < n_parts; k++)
        sums[k] = counts[k] = 0;
    for (uint32_t i = 0; i < of->n; i++) {
        sums[part_of[i]] += heights[i];
        counts[part_of[i]]++;
    }
    for (uint32_t i = 0; i < of->n; i++)
        heights[i] -= sums[part_of[i]] / counts[part_of[i]];
}

chx_status
chx__flow_find(uint32_t n_neurons, const chx_synapse *synapses, uint64_t n_synapses,
               const uint32_t *part_of, uint32_t n_parts, double *heights, double *directed)
{
    solver of = {.n = n_neurons, .synapses = synapses, .n_synapses = n_synapses};
    chx_status status = init(&of);
    if (status)
        return status;
    begin(&of);
    solve(&of, heights);
    centre(&of, part_of, n_parts, heights);
    measure(&of, part_of, n_parts, heights, directed);
    finish(&of);
    return CHX_OK;
}
