/*
 * Gap junctions and graded synapses: the current that flows into a neuron because of what others
 * are at, without spikes. A device function, included by kernels.
 *
 *   current = sum of conductance ((V_other - V_own) + (origin_other - origin_own))  gap junctions
 *           + sum of (conductance S_other) (offset - V_own)                         graded ones
 *
 * over the neuron's in the network's order, one float after the other, with potentials V and
 * releases S as they were at the end of the step before; V is counted from the origins of the
 * models, offset is the reversal potential counted so. So it is the same bits however the network
 * is cut. Every step needs what neurons told at the end of the one before: with POPULATION_GAPS,
 * batch_steps is 1. Each block tells its neurons' for the next step; a launch or a turn between
 * barriers reads one turn of them and writes another.
 *
 * POPULATION_GAPS is how many floats a neuron tells: its potential, and where there are graded
 * synapses the state that the model calls MODEL_RELEASE, or 0. A row's `other` is a place among
 * these, and an odd one of 2 is a release.
 */
#ifndef CHX_KERNELS_GAP_H
#define CHX_KERNELS_GAP_H

#ifdef POPULATION_GAPS
/* In pA, of neuron `index` of the partition, or of a lane without one, which has no rows. */
static float
gap_current(constant chx_population_setup *setup, global const uint *gap_offsets,
            global const chx_population_gap *gaps, global const float *before, uint index)
{
    const uint begin = gap_offsets[index], end = gap_offsets[index + 1];
    if (begin == end)
        return 0;
    const float own = before[(setup->first_neuron + index) * POPULATION_GAPS];
    float sum = 0;
    for (uint k = begin; k < end; k++) {
        global const chx_population_gap *gap = &gaps[k];
        const float other = before[gap->other], conductance = gap->conductance_ns;
#if POPULATION_GAPS == 2
        if (gap->other % 2 == 1) {
            sum += (conductance * other) * (gap->offset_mv - own);
            continue;
        }
#endif
        sum += conductance * ((other - own) + gap->offset_mv);
    }
    return sum;
}

/* Tells what the neurons of a block are at, whose state this is. */
static void
gap_tell(constant chx_population_setup *setup, uint block, global const wide_float *state,
         global float *after)
{
    global const float *own = (global const float *)(state + CHX_POPULATION_STATE_HEADER);
    const uint first = block * POPULATION_WIDTH;
    const uint n = min((uint)POPULATION_WIDTH, setup->n_neurons - first);
    after += (setup->first_neuron + first) * POPULATION_GAPS;
    for (uint lane = 0; lane < n; lane++) {
        after[lane * POPULATION_GAPS] = own[lane];
#if POPULATION_GAPS == 2 && defined MODEL_RELEASE
        after[lane * 2 + 1] = own[MODEL_RELEASE * POPULATION_WIDTH + lane];
#elif POPULATION_GAPS == 2
        after[lane * 2 + 1] = 0;
#endif
    }
}

/* Tells the same of a tile once more, where a launch has no step. */
static void
gap_repeat(constant chx_population_setup *setup, uint tile, global const float *before,
           global float *after)
{
    const uint lanes = CHX_POPULATION_TILE(POPULATION_WIDTH) * POPULATION_WIDTH;
    const uint first = tile * lanes, end = min(first + lanes, setup->n_neurons);
    const uint end_place = (setup->first_neuron + end) * POPULATION_GAPS;
    for (uint place = (setup->first_neuron + first) * POPULATION_GAPS; place < end_place; place++)
        after[place] = before[place];
}

/* What kernels take for it: at the end of their tables, and as what they read and write. */
#define GAP_TABLES , global const uint *gap_offsets, global const chx_population_gap *gaps
#define GAP_READ , global const float *told
#define GAP_WRITE , global float *potentials
#define GAP_TURN(potentials, turn) ((potentials) + (turn)*setup->n_sources * POPULATION_GAPS)
#define GAP_PASS(before, after) gap_offsets, gaps, before, after
#else
#define GAP_TABLES
#define GAP_READ
#define GAP_WRITE
#define GAP_PASS(before, after) 0, 0, 0, 0
#endif

#endif
