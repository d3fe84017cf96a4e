/*
 * Gap junctions: the current that flows into a neuron where its potential is below those of its
 * neighbours. A device function, included by kernels.
 *
 *   current = sum of conductance ((V_other - V_own) + (origin_other - origin_own))
 *
 * over the neuron's gap junctions in the network's order, one float after the other, with
 * potentials as they were at the end of the step before, counted from the origins of their models.
 * So it is the same bits however the network is cut. Every step needs the potentials of the one
 * before: with POPULATION_GAPS, batch_steps is 1. Each block writes its neurons' potentials for the
 * next step; a launch or a turn between barriers reads one turn of them and writes another.
 */
#ifndef CHX_KERNELS_GAP_H
#define CHX_KERNELS_GAP_H

#ifdef POPULATION_GAPS
/* In pA, of neuron `index` of the partition, or of a lane without one, which has no gap junction.
 */
static float
gap_current(constant chx_population_setup *setup, global const uint *gap_offsets,
            global const chx_population_gap *gaps, global const float *before, uint index)
{
    const uint begin = gap_offsets[index], end = gap_offsets[index + 1];
    if (begin == end)
        return 0;
    const float own = before[setup->first_neuron + index];
    float sum = 0;
    for (uint k = begin; k < end; k++) {
        global const chx_population_gap *gap = &gaps[k];
        sum += gap->conductance_ns * ((before[gap->other] - own) + gap->offset_mv);
    }
    return sum;
}

/* Tells the potentials of a block, whose state this is. */
static void
gap_tell(constant chx_population_setup *setup, uint block, global const wide_float *state,
         global float *after)
{
    global const float *own = (global const float *)(state + CHX_POPULATION_STATE_HEADER);
    const uint first = block * POPULATION_WIDTH;
    const uint n = min((uint)POPULATION_WIDTH, setup->n_neurons - first);
    for (uint lane = 0; lane < n; lane++)
        after[setup->first_neuron + first + lane] = own[lane];
}

/* Tells the potentials of a tile once more, where a launch has no step. */
static void
gap_repeat(constant chx_population_setup *setup, uint tile, global const float *before,
           global float *after)
{
    const uint lanes = CHX_POPULATION_TILE(POPULATION_WIDTH) * POPULATION_WIDTH;
    const uint first = tile * lanes, end = min(first + lanes, setup->n_neurons);
    for (uint index = first; index < end; index++)
        after[setup->first_neuron + index] = before[setup->first_neuron + index];
}

/* What kernels take for it: at the end of their tables, and as what they read and write. */
#define GAP_TABLES , global const uint *gap_offsets, global const chx_population_gap *gaps
#define GAP_READ , global const float *told
#define GAP_WRITE , global float *potentials
#define GAP_TURN(potentials, turn) ((potentials) + (turn)*setup->n_sources)
#define GAP_PASS(before, after) gap_offsets, gaps, before, after
#else
#define GAP_TABLES
#define GAP_READ
#define GAP_WRITE
#define GAP_PASS(before, after) 0, 0, 0, 0
#endif

#endif
