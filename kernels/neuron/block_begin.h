/*
 * The frame up to a model's statements: population_block(), which population.cl ends, as far as the
 * middle of its loop over steps. Comes after model.h and the model's own macros.
 */
#ifndef CHX_KERNELS_BLOCK_BEGIN_H
#define CHX_KERNELS_BLOCK_BEGIN_H

/* A bit for each neuron of a block. */
#if POPULATION_WIDTH == 16
typedef ushort population_bits;
#else
typedef uchar population_bits;
#endif

#if POPULATION_WIDTH == 4
#define POPULATION_LANES ((wide_int)(0, 1, 2, 3))
#elif POPULATION_WIDTH == 8
#define POPULATION_LANES ((wide_int)(0, 1, 2, 3, 4, 5, 6, 7))
#else
#define POPULATION_LANES ((wide_int)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#endif

#define PHILOX_UINT wide_uint
#include "../common/history.h"
#include "../common/philox.h"
#include "population.h"

/* 2^-40: below it a potential or a current cannot matter. */
#define POPULATION_TINY 9.094947017729282e-13f

/* All bits set in the lanes of a bit set. */
static wide_int
population_mask(uint lanes)
{
    return (((wide_int)((int)lanes) >> POPULATION_LANES) & 1) == 1;
}

/* Adds the Poisson events of steps first .. first + n_steps - 1 to a block's ring. */
static void
population_poisson(constant chx_population_setup *setup,
                   global const chx_population_stimulus *stimulus, uint lanes, uint n_blocks,
                   uint block_neuron, uint first, uint n_steps, global wide_int *ring)
{
    const uint begin = max(first, stimulus->start_step);
    const uint end = min(first + n_steps, stimulus->stop_step);
    const uint chance = stimulus->chance, stimulus_index = stimulus->index;
    const wide_int weight = (wide_int)(stimulus->weight);
    const wide_int always = (wide_int)(-(int)stimulus->always);
    const uint slot_mask = (1u << setup->slot_bits) - 1;
    const wide_int mask = population_mask(lanes);
    const wide_uint neuron = (wide_uint)(block_neuron) + WIDE(as_uint)(POPULATION_LANES);
    for (uint step = begin; step < end;) {
        wide_uint x = neuron, y = (wide_uint)(step / 4), z = (wide_uint)(stimulus_index);
        wide_uint w = (wide_uint)(0);
        CHX_PHILOX_DRAW(x, y, z, w, setup->seed_low, setup->seed_high);
        const uint quad_end = min(end, (step / 4 + 1) * 4);
        for (; step < quad_end; step++) {
            const uint place = step % 4;
            wide_uint word = w;
            if (place == 0)
                word = x;
            if (place == 1)
                word = y;
            if (place == 2)
                word = z;
            const wide_int event = ((word < (wide_uint)(chance)) | always) & mask;
            const uint slot = (step & slot_mask) * n_blocks;
            ring[slot] += event & weight;
        }
    }
}

/* Enters the spikes of one block and step into list and history, and gives them as a bit set. Where
 * the state is garbage, lanes without a neuron may fire too; where the list is, it may be full. */
static uint
population_spikes(constant chx_population_setup *setup, const wide_int fired, uint block, uint step,
                  uint first, global uint *list, global chx_history *history)
{
    int lanes[POPULATION_WIDTH];
    uint bits = 0;
    WIDE(vstore)(fired, 0, lanes);
    for (uint lane = 0; lane < POPULATION_WIDTH; lane++) {
        const uint local_index = block * POPULATION_WIDTH + lane;
        if (!lanes[lane] || local_index >= setup->n_neurons)
            continue;
        const uint entry = (step - first) << setup->neuron_bits | local_index;
        const uint place = atomic_inc(&list[0]);
        if (place < setup->list_words - CHX_POPULATION_LIST_HEADER)
            list[CHX_POPULATION_LIST_HEADER + place] = entry;
        global chx_history *own = &history[setup->first_neuron + local_index];
        const uint count = own->count;
        own->step[count % CHX_HISTORY_SPIKES] = step;
        own->count = count + 1;
        bits |= 1u << lane;
    }
    return bits;
}

/* What is done to the members of a model in their order; a row and a block's state begin with what
 * is the frame's. */
#define POPULATION_ONE(name) +1
#define POPULATION_ROW_FIELDS (CHX_POPULATION_ROW_HEADER MODEL_CONSTANTS(POPULATION_ONE))
#define POPULATION_STATE_FIELDS (CHX_POPULATION_STATE_HEADER MODEL_STATE(POPULATION_ONE))
#define POPULATION_READ_CONSTANT(name) frame_constants.name = *frame_row++;
#define POPULATION_READ_STATE(name) frame_neurons.name = *frame_place++;
#define POPULATION_WRITE_STATE(name) *frame_place++ = frame_neurons.name;
#define POPULATION_TIDY(name) \
    frame_neurons.name =      \
        select((wide_float)(0), frame_neurons.name, fabs(frame_neurons.name) >= POPULATION_TINY);

/* Advances one block by n_steps. Its names begin with frame_, so that one which a model forgot to
 * declare, or to reach by c->, is none of these. */
static void
population_block(constant chx_population_setup *frame_setup, uint frame_n_blocks, uint frame_block,
                 uint frame_run_step, uint frame_first, uint frame_n_steps,
                 global wide_float *frame_state, global wide_int *frame_ring,
                 global const wide_float *frame_row,
                 global const chx_population_block *frame_blocks,
                 global const chx_population_stimulus *frame_stimuli,
                 global const chx_population_entry *frame_entries, global uint *frame_list,
                 global uint *frame_record, global chx_history *frame_history)
{
    const chx_population_block frame_own = frame_blocks[frame_block];
    const uint frame_slot_mask = (1u << frame_setup->slot_bits) - 1;
    frame_ring += frame_block;
    for (uint e = frame_own.first_poisson_entry; e < frame_own.end_entry; e++)
        population_poisson(frame_setup, &frame_stimuli[frame_entries[e].stimulus],
                           frame_entries[e].lanes, frame_n_blocks,
                           frame_setup->first_neuron + frame_block * POPULATION_WIDTH, frame_first,
                           frame_n_steps, frame_ring);

    frame_row += frame_own.row * POPULATION_ROW_FIELDS;
    const wide_float frame_bias = frame_row[CHX_POPULATION_BIAS];
    const wide_int frame_refractory_steps = WIDE(as_int)(frame_row[CHX_POPULATION_REFRACTORY]);
    frame_row += CHX_POPULATION_ROW_HEADER;
    model_constants frame_constants;
    MODEL_CONSTANTS(POPULATION_READ_CONSTANT)
    frame_state += frame_block * POPULATION_STATE_FIELDS;
    wide_int frame_refractory = WIDE(as_int)(frame_state[0]);
    global wide_float *frame_place = frame_state + CHX_POPULATION_STATE_HEADER;
    model_state frame_neurons;
    MODEL_STATE(POPULATION_READ_STATE)
    const wide_float frame_unit = (wide_float)(frame_setup->unit_pa);
    global population_bits *frame_spikes =
        (global population_bits *)(frame_record + CHX_POPULATION_LIST_HEADER) + frame_block;
    for (uint frame_step = frame_first; frame_step < frame_first + frame_n_steps; frame_step++) {
        wide_float drive = frame_bias;
        for (uint e = frame_own.first_step_entry; e < frame_own.first_poisson_entry; e++) {
            const chx_population_stimulus stimulus = frame_stimuli[frame_entries[e].stimulus];
            if (frame_step >= stimulus.start_step && frame_step < stimulus.stop_step)
                drive = select(drive, drive + stimulus.current_pa,
                               population_mask(frame_entries[e].lanes));
        }
        const uint frame_slot = (frame_step & frame_slot_mask) * frame_n_blocks;
        const wide_float input = WIDE(convert_float)(frame_ring[frame_slot]) * frame_unit;
        frame_ring[frame_slot] = (wide_int)(0);
        const wide_int awake = frame_refractory == 0;
        frame_refractory = max(frame_refractory - 1, (wide_int)(0));
        wide_int fired = (wide_int)(0);
        do {
            model_state *const n = &frame_neurons;
            const model_constants *const c = &frame_constants;

#define MODEL_STEP

#endif
