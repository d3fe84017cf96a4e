/*
 * Leaky integrate-and-fire neurons with exponential synaptic current.
 *
 *   C dV/dt = -C V / tau_m + I + bias + step currents    V in mV above rest
 *     dI/dt = -I / tau_s + arriving spikes               I in pA
 *
 * is solved exactly on the grid of time steps (Rotter and Diesmann 1999,
 * doi:10.1007/s004220050570); the propagators P.. come from the host. The order
 * of operations is that of NEST's iaf_psc_exp, in every step s:
 *
 *   1. drive = bias, then += each active step current, in the network's order
 *   2. refractory == 0:  V = P22 * V + (P21 * I + P20 * drive)
 *      else:             refractory -= 1, V stays
 *   3. I = P11 * I + (float)input(s) * unit
 *   4. V >= threshold: the neuron fires in step s; V = reset, refractory =
 *      its refractory steps
 *   5. in steps with (s & flush_mask) == 0: V and I below 2^-40 in magnitude
 *      become 0, so that nothing decays into denormal numbers
 *
 * input(s) is the sum, in integers, of the weights of spikes of step s - delay
 * and of Poisson events of step s. The draw for neuron n, step s and stimulus k
 * is word s % 4 of Philox4x32-10 with counter (n, s / 4, k, 0) and the seed as
 * key; an event happens when it is below rate x step x 2^32.
 *
 * Each work-item advances whole blocks of LIF_WIDTH neurons; neuron/lif.h
 * describes all buffers.
 *
 * lif_advance: one work-item per block, n_steps <= batch_steps, any work-group.
 * lif_deliver: any number of work-items, a multiple of row_lanes; next_lists is the buffer of
 *              lists once more, of which it empties the partition's list of the next turn.
 * lif_run:     both, in turns, for a network of one partition, in ONE work-group
 *              of a multiple of row_lanes work-items, for any number of steps.
 *              Barriers are reached by all work-items alike: the number of
 *              batches depends on arguments only.
 *
 * Oclgrind 21.10 miscomputes max(vector, scalar) and scalar ? vector : vector,
 * so neither is used. llvmpipe of Mesa 22.3 spoils what a loop's condition reads
 * from memory when work-items leave the loop at different times and the value is
 * needed later: such values are read before loops. On rusticl of Mesa 25.0 with
 * llvmpipe, this kernel crashed while Poisson draws went through a private array,
 * a struct or pointers: the base pointer of rows was found overwritten with words
 * of a draw. Why is not known; draws stay in plain variables, where it runs.
 */
#pragma OPENCL FP_CONTRACT OFF

/* Neurons per block: 4, 8 or 16. Wide suits processors, narrow suits GPUs. */
#ifndef LIF_WIDTH
#define LIF_WIDTH 16
#endif

#define LIF_TYPE_(base, width) base##width
#define LIF_TYPE(base, width) LIF_TYPE_(base, width)
typedef LIF_TYPE(float, LIF_WIDTH) lif_float;
typedef LIF_TYPE(int, LIF_WIDTH) lif_int;
typedef LIF_TYPE(uint, LIF_WIDTH) lif_uint;
#define LIF_LOAD LIF_TYPE(vload, LIF_WIDTH)
#define LIF_STORE LIF_TYPE(vstore, LIF_WIDTH)
#define LIF_TO_FLOAT LIF_TYPE(convert_float, LIF_WIDTH)
#define LIF_AS_INT LIF_TYPE(as_int, LIF_WIDTH)
#define LIF_AS_FLOAT LIF_TYPE(as_float, LIF_WIDTH)

#if LIF_WIDTH == 4
#define LIF_LANES ((lif_int)(0, 1, 2, 3))
#elif LIF_WIDTH == 8
#define LIF_LANES ((lif_int)(0, 1, 2, 3, 4, 5, 6, 7))
#else
#define LIF_LANES ((lif_int)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#endif

#define PHILOX_UINT lif_uint
#include "../common/history.h"
#include "../common/philox.h"
#include "lif.h"
#include "../synapse/deliver.h"

/* 2^-40: below it a potential or a current cannot matter. */
#define LIF_TINY 9.094947017729282e-13f

/* Whether any lane is set. PoCL makes a chain of branches of any(), which took half of the time;
 * bytes, which it packs in one instruction, crash Oclgrind's check for uninitialised values. */
static int
lif_any(const lif_int lanes)
{
#if defined POCL_DEVICE_ADDRESS_BITS && LIF_WIDTH == 16
    const ulong2 bytes = as_ulong2(convert_char16(lanes));
    return (bytes.x | bytes.y) != 0;
#elif defined POCL_DEVICE_ADDRESS_BITS && LIF_WIDTH == 8
    return as_ulong(convert_char8(lanes)) != 0;
#else
    return any(lanes);
#endif
}

/* All bits set in the lanes of a bit set. */
static lif_int
lif_mask(uint lanes)
{
    return (((lif_int)((int)lanes) >> LIF_LANES) & 1) == 1;
}

/* Adds the Poisson events of steps first .. first + n_steps - 1 to a block's ring. */
static void
lif_poisson(constant chx_lif_setup *setup, global const chx_lif_stimulus *stimulus, uint lanes,
            uint n_blocks, uint block_neuron, uint first, uint n_steps, global lif_int *ring)
{
    const uint begin = max(first, stimulus->start_step);
    const uint end = min(first + n_steps, stimulus->stop_step);
    const uint chance = stimulus->chance, stimulus_index = stimulus->index;
    const lif_int weight = (lif_int)(stimulus->weight);
    const lif_int always = (lif_int)(-(int)stimulus->always);
    const uint slot_mask = (1u << setup->slot_bits) - 1;
    const lif_int mask = lif_mask(lanes);
    const lif_uint neuron = (lif_uint)(block_neuron) + LIF_TYPE(as_uint, LIF_WIDTH)(LIF_LANES);
    for (uint step = begin; step < end;) {
        lif_uint x = neuron, y = (lif_uint)(step / 4), z = (lif_uint)(stimulus_index);
        lif_uint w = (lif_uint)(0);
        CHX_PHILOX_DRAW(x, y, z, w, setup->seed_low, setup->seed_high);
        const uint quad_end = min(end, (step / 4 + 1) * 4);
        for (; step < quad_end; step++) {
            const uint place = step % 4;
            lif_uint word = w;
            if (place == 0)
                word = x;
            if (place == 1)
                word = y;
            if (place == 2)
                word = z;
            const lif_int event = ((word < (lif_uint)(chance)) | always) & mask;
            const uint slot = (step & slot_mask) * n_blocks;
            ring[slot] += event & weight;
        }
    }
}

/* Enters the spikes of one block and step into list, record and history. Where the state is
 * garbage, lanes without a neuron may fire too; where the list is, it may be full. */
static void
lif_spikes(constant chx_lif_setup *setup, const lif_int fired, uint block, uint step, uint run_step,
           global uint *list, global uint *record, global chx_history *history)
{
    int lanes[LIF_WIDTH];
    LIF_STORE(fired, 0, lanes);
    for (uint lane = 0; lane < LIF_WIDTH; lane++) {
        const uint local_index = block * LIF_WIDTH + lane;
        if (!lanes[lane] || local_index >= setup->n_neurons)
            continue;
        const uint entry = (step - run_step) << setup->neuron_bits | local_index;
        const uint place = atomic_inc(&list[0]);
        if (place < setup->list_words - CHX_LIF_LIST_HEADER)
            list[CHX_LIF_LIST_HEADER + place] = entry;
        record[CHX_LIF_LIST_HEADER + (atomic_inc(&record[0]) & setup->record_mask)] = entry;
        global chx_history *own = &history[setup->first_neuron + local_index];
        const uint count = own->count;
        own->step[count % CHX_HISTORY_SPIKES] = step;
        own->count = count + 1;
    }
}

/* Advances one block by n_steps. */
static void
lif_block(constant chx_lif_setup *setup, uint n_blocks, uint block, uint run_step, uint first,
          uint n_steps, global lif_float *state, global lif_int *ring, global const lif_float *rows,
          global const chx_lif_block *blocks, global const chx_lif_stimulus *stimuli,
          global const chx_lif_entry *entries, global uint *list, global uint *record,
          global chx_history *history)
{
    const chx_lif_block own = blocks[block];
    const uint slot_mask = (1u << setup->slot_bits) - 1;
    ring += block;
    for (uint e = own.first_poisson_entry; e < own.end_entry; e++)
        lif_poisson(setup, &stimuli[entries[e].stimulus], entries[e].lanes, n_blocks,
                    setup->first_neuron + block * LIF_WIDTH, first, n_steps, ring);

    rows += own.row * CHX_LIF_ROW_FIELDS;
    const lif_float p22 = rows[CHX_LIF_P22], p21 = rows[CHX_LIF_P21];
    const lif_float p20 = rows[CHX_LIF_P20], p11 = rows[CHX_LIF_P11];
    const lif_float bias = rows[CHX_LIF_BIAS], threshold = rows[CHX_LIF_THRESHOLD];
    const lif_float reset = rows[CHX_LIF_RESET], unit = (lif_float)(setup->unit_pa);
    const lif_int refractory_steps = LIF_AS_INT(rows[CHX_LIF_REFRACTORY]);
    state += block * 3;
    lif_float v = state[0], i = state[1];
    lif_int refractory = LIF_AS_INT(state[2]);
    for (uint step = first; step < first + n_steps; step++) {
        lif_float drive = bias;
        for (uint e = own.first_step_entry; e < own.first_poisson_entry; e++) {
            const chx_lif_stimulus stimulus = stimuli[entries[e].stimulus];
            if (step >= stimulus.start_step && step < stimulus.stop_step)
                drive = select(drive, drive + stimulus.current_pa, lif_mask(entries[e].lanes));
        }
        const lif_float moved = p22 * v + (p21 * i + p20 * drive);
        v = select(v, moved, refractory == 0);
        refractory = max(refractory - 1, (lif_int)(0));
        const uint slot = (step & slot_mask) * n_blocks;
        i = p11 * i + LIF_TO_FLOAT(ring[slot]) * unit;
        ring[slot] = (lif_int)(0);
        const lif_int fired = v >= threshold;
        if (lif_any(fired)) {
            v = select(v, reset, fired);
            refractory = select(refractory, refractory_steps, fired);
            lif_spikes(setup, fired, block, step, run_step, list, record, history);
        }
        if ((step & setup->flush_mask) == 0) {
            v = select((lif_float)(0), v, fabs(v) >= LIF_TINY);
            i = select((lif_float)(0), i, fabs(i) >= LIF_TINY);
        }
    }
    state[0] = v;
    state[1] = i;
    state[2] = LIF_AS_FLOAT(refractory);
}

kernel void
lif_advance(constant chx_lif_setup *setup, global lif_float *state, global lif_int *ring,
            global const lif_float *rows, global const chx_lif_block *blocks,
            global const chx_lif_stimulus *stimuli, global const chx_lif_entry *entries,
            global uint *lists, global uint *record, global chx_history *history, uint run_step,
            uint first, uint n_steps, uint turn)
{
    const uint block = (uint)get_global_id(0), n_blocks = setup->n_blocks;
    if (block >= n_blocks)
        return;
    lists += (turn * setup->n_partitions + setup->partition) * setup->list_words;
    record += setup->record_offset;
    if (block == 0)
        record[1] = run_step;
    if (n_steps == 0)
        return;
    lif_block(setup, n_blocks, block, run_step, first, n_steps, state, ring, rows, blocks, stimuli,
              entries, lists, record, history);
}

kernel void
lif_deliver(constant chx_lif_setup *setup, global const uint *lists, global uint *next_lists,
            global const uint *offsets, global const uint2 *synapses, global int *ring,
            uint run_step, uint turn)
{
    const uint item = (uint)get_global_id(0), n_items = (uint)get_global_size(0);
    const uint n_blocks = setup->n_blocks, n_partitions = setup->n_partitions;
    for (uint source = 0; source < n_partitions; source++)
        deliver_list(setup, n_blocks, lists + (turn * n_partitions + source) * setup->list_words,
                     offsets, synapses, ring, run_step, item, n_items);
    if (item == 0)
        next_lists[((1 - turn) * n_partitions + setup->partition) * setup->list_words] = 0;
}

kernel void
lif_run(constant chx_lif_setup *setup, global lif_float *state, global lif_int *ring,
        global const lif_float *rows, global const chx_lif_block *blocks,
        global const chx_lif_stimulus *stimuli, global const chx_lif_entry *entries,
        global uint *lists, global uint *record, global chx_history *history,
        global const uint *offsets, global const uint2 *synapses, uint run_step, uint first,
        uint n_steps)
{
    const uint item = (uint)get_local_id(0), n_items = (uint)get_local_size(0);
    const uint end = first + n_steps, batch_steps = setup->batch_steps;
    const uint list_words = setup->list_words, n_blocks = setup->n_blocks;
    if (item == 0)
        record[1] = run_step;
    for (uint begin = first, turn = 0; begin < end; begin += batch_steps, turn = 1 - turn) {
        const uint steps = min(batch_steps, end - begin);
        global uint *list = lists + turn * list_words;
        for (uint block = item; block < n_blocks; block += n_items)
            lif_block(setup, n_blocks, block, run_step, begin, steps, state, ring, rows, blocks,
                      stimuli, entries, list, record, history);
        barrier(CLK_GLOBAL_MEM_FENCE);
        deliver_list(setup, n_blocks, list, offsets, synapses, (global int *)ring, run_step, item,
                     n_items);
        if (item == 0)
            lists[(1 - turn) * list_words] = 0;
        barrier(CLK_GLOBAL_MEM_FENCE);
    }
    if (item == 0)
        lists[0] = 0;
}
