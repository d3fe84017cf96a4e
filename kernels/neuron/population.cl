/*
 * Populations of neurons of one model: all but the model, which is included before (model.h).
 *
 * In every step s, for all neurons of a block at once:
 *
 *   1. drive = bias, then += each active step current, in the network's order
 *   2. the model moves the state by drive and by (float)input(s) * unit; it keeps the
 *      potential of neurons with refractory != 0
 *   3. refractory -= 1 where it is not 0
 *   4. where the model says that a neuron fires, it fires in step s; the model
 *      resets its state, refractory = its refractory steps
 *   5. in steps with (s & flush_mask) == 0: state below 2^-40 in magnitude
 *      becomes 0, so that nothing decays into denormal numbers
 *
 * input(s) is the sum, in integers, of the weights of spikes of step s - delay
 * and of Poisson events of step s. The draw for neuron n, step s and stimulus k
 * is word s % 4 of Philox4x32-10 with counter (n, s / 4, k, 0) and the seed as
 * key; an event happens when it is below rate x step x 2^32.
 *
 * Each work-item advances whole blocks of POPULATION_WIDTH neurons;
 * neuron/population.h describes all buffers.
 *
 * population_advance: one work-item per block, n_steps <= batch_steps, any work-group.
 * population_deliver: any number of work-items, a multiple of row_lanes; next_lists is the buffer
 *                     of lists once more, of which it empties the partition's list of the next
 *                     turn.
 * population_run:     both, in turns, for a network of one partition, in ONE work-group
 *                     of a multiple of row_lanes work-items, for any number of steps.
 *                     Barriers are reached by all work-items alike: the number of
 *                     batches depends on arguments only.
 *
 * llvmpipe of Mesa 22.3 spoils what a loop's condition reads from memory when
 * work-items leave the loop at different times and the value is needed later:
 * such values are read before loops. On rusticl of Mesa 25.0 with llvmpipe, this
 * kernel crashed while Poisson draws went through a private array, a struct or
 * pointers: the base pointer of rows was found overwritten with words of a draw.
 * Why is not known; draws stay in plain variables, where it runs.
 */
#ifndef CHX_KERNELS_MODEL_H
/* Alone, for a compiler to check; a program begins with a model. */
#define MODEL_STATE(each) each(v)
#define MODEL_CONSTANTS(each) each(threshold)
#include "model.h"
void model_advance(model_state *n, const model_constants *c, wide_float drive, wide_float input,
                   wide_int awake);
wide_int model_fires(const model_state *n, const model_constants *c);
void model_reset(model_state *n, const model_constants *c, wide_int fired);
#endif

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
#include "../synapse/deliver.h"

/* 2^-40: below it a potential or a current cannot matter. */
#define POPULATION_TINY 9.094947017729282e-13f

/* Whether any lane is set. PoCL makes a chain of branches of any(), which took half of the time;
 * bytes, which it packs in one instruction, crash Oclgrind's check for uninitialised values. */
static int
population_any(const wide_int lanes)
{
#if defined POCL_DEVICE_ADDRESS_BITS && POPULATION_WIDTH == 16
    const ulong2 bytes = as_ulong2(convert_char16(lanes));
    return (bytes.x | bytes.y) != 0;
#elif defined POCL_DEVICE_ADDRESS_BITS && POPULATION_WIDTH == 8
    return as_ulong(convert_char8(lanes)) != 0;
#else
    return any(lanes);
#endif
}

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
                  uint run_step, global uint *list, global chx_history *history)
{
    int lanes[POPULATION_WIDTH];
    uint bits = 0;
    WIDE(vstore)(fired, 0, lanes);
    for (uint lane = 0; lane < POPULATION_WIDTH; lane++) {
        const uint local_index = block * POPULATION_WIDTH + lane;
        if (!lanes[lane] || local_index >= setup->n_neurons)
            continue;
        const uint entry = (step - run_step) << setup->neuron_bits | local_index;
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

/* Reads and writes the members of a model in their order; a row and a block's state begin with
 * what is the frame's. */
#define POPULATION_ONE(name) +1
#define POPULATION_ROW_FIELDS (CHX_POPULATION_ROW_HEADER MODEL_CONSTANTS(POPULATION_ONE))
#define POPULATION_STATE_FIELDS (CHX_POPULATION_STATE_HEADER MODEL_STATE(POPULATION_ONE))
#define POPULATION_READ(name) to->name = *from++;
#define POPULATION_WRITE(name) *to++ = from->name;
#define POPULATION_TIDY(name) \
    n->name = select((wide_float)(0), n->name, fabs(n->name) >= POPULATION_TINY);

static void
population_read_constants(model_constants *to, global const wide_float *from)
{
    MODEL_CONSTANTS(POPULATION_READ)
}

static void
population_read_state(model_state *to, global const wide_float *from)
{
    MODEL_STATE(POPULATION_READ)
}

static void
population_write_state(const model_state *from, global wide_float *to)
{
    MODEL_STATE(POPULATION_WRITE)
}

static void
population_tidy(model_state *n)
{
    MODEL_STATE(POPULATION_TIDY)
}

/* Advances one block by n_steps. */
static void
population_block(constant chx_population_setup *setup, uint n_blocks, uint block, uint run_step,
                 uint first, uint n_steps, global wide_float *state, global wide_int *ring,
                 global const wide_float *rows, global const chx_population_block *blocks,
                 global const chx_population_stimulus *stimuli,
                 global const chx_population_entry *entries, global uint *list, global uint *record,
                 global chx_history *history)
{
    const chx_population_block own = blocks[block];
    const uint slot_mask = (1u << setup->slot_bits) - 1;
    ring += block;
    for (uint e = own.first_poisson_entry; e < own.end_entry; e++)
        population_poisson(setup, &stimuli[entries[e].stimulus], entries[e].lanes, n_blocks,
                           setup->first_neuron + block * POPULATION_WIDTH, first, n_steps, ring);

    rows += own.row * POPULATION_ROW_FIELDS;
    const wide_float bias = rows[CHX_POPULATION_BIAS], unit = (wide_float)(setup->unit_pa);
    const wide_int refractory_steps = WIDE(as_int)(rows[CHX_POPULATION_REFRACTORY]);
    model_constants constants;
    population_read_constants(&constants, rows + CHX_POPULATION_ROW_HEADER);
    state += block * POPULATION_STATE_FIELDS;
    wide_int refractory = WIDE(as_int)(state[0]);
    model_state neurons;
    population_read_state(&neurons, state + CHX_POPULATION_STATE_HEADER);
    global population_bits *spikes =
        (global population_bits *)(record + CHX_POPULATION_LIST_HEADER) + block;
    for (uint step = first; step < first + n_steps; step++) {
        wide_float drive = bias;
        for (uint e = own.first_step_entry; e < own.first_poisson_entry; e++) {
            const chx_population_stimulus stimulus = stimuli[entries[e].stimulus];
            if (step >= stimulus.start_step && step < stimulus.stop_step)
                drive =
                    select(drive, drive + stimulus.current_pa, population_mask(entries[e].lanes));
        }
        const uint slot = (step & slot_mask) * n_blocks;
        const wide_float input = WIDE(convert_float)(ring[slot]) * unit;
        ring[slot] = (wide_int)(0);
        model_advance(&neurons, &constants, drive, input, refractory == 0);
        refractory = max(refractory - 1, (wide_int)(0));
        const wide_int fired = model_fires(&neurons, &constants);
        uint bits = 0;
        if (population_any(fired)) {
            model_reset(&neurons, &constants, fired);
            refractory = select(refractory, refractory_steps, fired);
            bits = population_spikes(setup, fired, block, step, run_step, list, history);
        }
        spikes[(step - run_step) * n_blocks] = (population_bits)bits;
        if ((step & setup->flush_mask) == 0)
            population_tidy(&neurons);
    }
    state[0] = WIDE(as_float)(refractory);
    population_write_state(&neurons, state + CHX_POPULATION_STATE_HEADER);
}

kernel void
population_advance(constant chx_population_setup *setup, global wide_float *state,
                   global wide_int *ring, global const wide_float *rows,
                   global const chx_population_block *blocks,
                   global const chx_population_stimulus *stimuli,
                   global const chx_population_entry *entries, global uint *lists,
                   global uint *record, global chx_history *history, uint run_step, uint first,
                   uint n_steps, uint turn)
{
    const uint block = (uint)get_global_id(0), n_blocks = setup->n_blocks;
    if (block >= n_blocks)
        return;
    lists += (turn * setup->n_partitions + setup->partition) * setup->list_words;
    record += setup->record_offset;
    if (block == 0) {
        record[0] = first + n_steps - run_step;
        record[1] = run_step;
    }
    if (n_steps == 0)
        return;
    population_block(setup, n_blocks, block, run_step, first, n_steps, state, ring, rows, blocks,
                     stimuli, entries, lists, record, history);
}

kernel void
population_deliver(constant chx_population_setup *setup, global const uint *lists,
                   global uint *next_lists, global const uint *offsets,
                   global const uint2 *synapses, global int *ring, uint run_step, uint turn)
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
population_run(constant chx_population_setup *setup, global wide_float *state,
               global wide_int *ring, global const wide_float *rows,
               global const chx_population_block *blocks,
               global const chx_population_stimulus *stimuli,
               global const chx_population_entry *entries, global uint *lists, global uint *record,
               global chx_history *history, global const uint *offsets,
               global const uint2 *synapses, uint run_step, uint first, uint n_steps)
{
    const uint item = (uint)get_local_id(0), n_items = (uint)get_local_size(0);
    const uint end = first + n_steps, batch_steps = setup->batch_steps;
    const uint list_words = setup->list_words, n_blocks = setup->n_blocks;
    if (item == 0) {
        record[0] = end - run_step;
        record[1] = run_step;
    }
    for (uint begin = first, turn = 0; begin < end; begin += batch_steps, turn = 1 - turn) {
        const uint steps = min(batch_steps, end - begin);
        global uint *list = lists + turn * list_words;
        for (uint block = item; block < n_blocks; block += n_items)
            population_block(setup, n_blocks, block, run_step, begin, steps, state, ring, rows,
                             blocks, stimuli, entries, list, record, history);
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
