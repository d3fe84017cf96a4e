/*
 * A count of synapses, or what a program calls "weight", is no current, and what current one of
 * them stands for depends on the cells. The median is made that of a connection without a weight,
 * so a network is as excitable as its bare list of connections, however its weights were counted.
 *
 * Magnitudes of floats are in the order of their bits, so two passes that count halves of them find
 * the median of any number, and it is exact.
 */
#include "io/relative.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/check.h"

#define N_HALVES 65536

static uint32_t
magnitude_bits(float weight)
{
    uint32_t bits;
    memcpy(&bits, &weight, sizeof bits);
    return bits & 0x7fffffff;
}

/* Passes by the counts that lie before the rank, which is then within the one that is returned. */
static uint32_t
pass_by(const uint64_t *counts, uint64_t *rank)
{
    uint32_t i = 0;
    while (*rank >= counts[i])
        *rank -= counts[i++];
    return i;
}

/* The lower of the two in the middle. There is at least one weight that is not 0. */
static float
find_median(const chx_synapse *synapses, uint64_t n_synapses, uint64_t n_nonzero, uint64_t *counts)
{
    for (uint64_t i = 0; i < n_synapses; i++)
        if (synapses[i].weight_pa != 0)
            counts[magnitude_bits(synapses[i].weight_pa) >> 16]++;
    uint64_t rank = (n_nonzero - 1) / 2;
    const uint32_t high = pass_by(counts, &rank);
    memset(counts, 0, N_HALVES * sizeof *counts);
    for (uint64_t i = 0; i < n_synapses; i++) {
        const uint32_t bits = magnitude_bits(synapses[i].weight_pa);
        if (synapses[i].weight_pa != 0 && bits >> 16 == high)
            counts[bits & 0xffff]++;
    }
    const uint32_t bits = high << 16 | pass_by(counts, &rank);
    float median;
    memcpy(&median, &bits, sizeof median);
    return median;
}

/* Counts what was beyond a bound. */
static float
scale(float weight, double factor, uint64_t *n_cut)
{
    const double magnitude = fabs((double)weight) * factor;
    *n_cut += weight != 0 && (magnitude < CHX__MIN_CURRENT_PA || magnitude > CHX__MAX_MAGNITUDE);
    if (magnitude < CHX__MIN_CURRENT_PA)
        return 0;
    return (float)copysign(fmin(magnitude, CHX__MAX_MAGNITUDE), (double)weight);
}

chx_status
chx__relative_scale(chx_synapse *synapses, uint64_t n_synapses, double median_pa, double *factor,
                    uint64_t *n_cut)
{
    uint64_t n_nonzero = 0;
    *factor = 0;
    *n_cut = 0;
    for (uint64_t i = 0; i < n_synapses; i++)
        n_nonzero += synapses[i].weight_pa != 0;
    if (n_nonzero == 0)
        return CHX_OK;
    uint64_t *counts = chx__alloc(N_HALVES, sizeof *counts);
    if (!counts)
        return chx__fail_memory("scaling weights");
    *factor = median_pa / (double)find_median(synapses, n_synapses, n_nonzero, counts);
    free(counts);
    for (uint64_t i = 0; i < n_synapses; i++)
        synapses[i].weight_pa = scale(synapses[i].weight_pa, *factor, n_cut);
    return CHX_OK;
}
