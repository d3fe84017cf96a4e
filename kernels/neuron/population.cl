/*
 * Populations of neurons of one model: all that follows its statements (model.h). What precedes
 * them is in block_begin.h.
 *
 * In every step s, for all neurons of a block at once:
 *
 *   1. drive = bias, then += each active step current, in the network's order, then += the current
 *      of gap junctions (synapse/gap.h)
 *   2. awake = refractory == 0; refractory -= 1 where it is not 0
 *   3. the model's statements move the state by drive and by (float)input(s) * unit of each port,
 *      keep the potential where awake is 0, say which neurons fire, and reset their state
 *   4. where a neuron fires, it fires in step s; refractory = its refractory steps
 *   5. in steps with (s & flush_mask) == 0: state below 2^-40 in magnitude
 *      becomes 0, so that nothing decays into denormal numbers
 *
 * input(s) of a port is the sum, in integers, of the weights of spikes of step s - delay and of
 * spike trains and Poisson events of step s. Where r is the first of the neurons in a row that
 * share n's model, the draw for neuron n, step s and stimulus k is word (n - r) % 4 of
 * Philox4x32-10 with counter ((n - r) / 4, s, k, r) and the seed as key. Chance c of a stimulus is
 * 2^32 times the probability of more than c events, and there are as many events as chances above
 * the draw.
 *
 * Each work-item advances whole tiles of a few blocks of POPULATION_WIDTH neurons;
 * neuron/population.h describes all buffers.
 *
 * population_advance: one work-item per tile, n_steps <= batch_steps, any work-group; a partition
 *                     of one group.
 * population_deliver: any number of work-items, a multiple of row_lanes; next_lists is the buffer
 *                     of lists once more, of which it empties the partition's list of the next
 *                     turn. A partition of one group.
 * population_step:    a work-group per group, n_steps <= batch_steps: delivers what was heard in
 *                     the turn before, then advances, and empties the list of the next turn;
 *                     heard and next_lists are the buffer of lists once more.
 * population_run:     both, in turns, for a network of one partition of one group, in ONE
 *                     work-group of a multiple of row_lanes work-items, for any number of steps.
 *                     Barriers are reached by all work-items alike: the number of
 *                     batches depends on arguments only.
 * population_sweep:   a work-item per neuron of the network and group, after all that fired before
 *                     step `end` was delivered: makes all that learn up to date.
 *
 * llvmpipe of Mesa 22.3 spoils what a loop's condition reads from memory when
 * work-items leave the loop at different times and the value is needed later:
 * such values are read before loops. Under rusticl of Mesa 25.0, llvmpipe corrupts memory where a
 * call passes a struct or a pointer to a private one, or to a private vector: pointers of the
 * kernel are found overwritten, numbers are nonsense, the process dies. Small kernels get through.
 * Vectors that functions return are not safe either: exp() was wrong in one model, and the loop
 * over step currents, as a function, never ended. So a model is statements and macros, draws and
 * exp() are macros, and functions of the frame that give vectors are one expression. Pointers to
 * private variables do no harm within one function. And what is called often is a WIDE_FUNCTION
 * (common/wide.h).
 */
#ifndef CHX_KERNELS_MODEL_H
/* Alone, for a compiler to check; a program begins with a model. */
#define MODEL_STATE(each) each(v)
#define MODEL_CONSTANTS(each) each(threshold)
#include "model.h"
#include "block_begin.h"
MODEL_STEP
{
    n->v = select(n->v, drive + input, awake);
    fired = n->v >= c->threshold;
}
#endif

            } while (0);
#ifndef POPULATION_SLEEP
            uint frame_bits = 0;
#endif
            if (wide_any(fired)) {
                const wide_int frame_refractory_steps =
                    WIDE(as_int)(frame_row[CHX_POPULATION_REFRACTORY]);
                frame_refractory = select(frame_refractory, frame_refractory_steps, fired);
#ifdef POPULATION_SLEEP
                population_spikes(frame_setup, fired, frame_unit, frame_step, frame_first,
                                  frame_plasticities, frame_resources, frame_posts, frame_list,
                                  frame_spikes, frame_history);
#else
                frame_bits = population_spikes(frame_setup, fired, frame_block, frame_step,
                                               frame_first, frame_plasticities, frame_resources,
                                               frame_posts, frame_list, frame_history);
#endif
            }
#ifdef POPULATION_SLEEP
            if (frame_step + 1 == frame_end) {
                frame_restless = fired | ~awake | (frame_refractory != 0);
                MODEL_PORTS(POPULATION_RESTLESS_INPUT)
                MODEL_STATE(POPULATION_RESTLESS_STATE)
            }
#else
            frame_spikes[frame_block] = (population_bits)frame_bits;
#endif
            frame_spikes += frame_n_blocks;
            if ((frame_step & frame_setup->flush_mask) == 0) {
                MODEL_STATE(POPULATION_TIDY)
            }
            if (frame_step == frame_sample_step) {
                global wide_float *frame_place = frame_sample;
                MODEL_STATE(POPULATION_WRITE_STATE)
                frame_sample_step += frame_setup->sample_steps;
                frame_sample += frame_setup->n_sampled * POPULATION_MODEL_FIELDS;
            }
        } while (++frame_step < frame_change);
    } while (frame_step < frame_end);
    frame_state[0] = WIDE(as_float)(frame_refractory);
    frame_place = frame_state + CHX_POPULATION_STATE_HEADER;
    MODEL_STATE(POPULATION_WRITE_STATE)
#ifdef POPULATION_GAPS
    gap_tell(frame_setup, frame_block, frame_state, frame_after);
#endif
#ifdef POPULATION_SLEEP
    return wide_bits(frame_restless);
#else
    return 0;
#endif
}

#include "../synapse/deliver.h"

#ifdef POPULATION_SLEEP
/* Clears the record of n_blocks blocks, the first of which is at `place`, in n_steps steps. */
static void
population_silence(global uint *record, uint place, uint n_blocks, uint n_steps, uint row_blocks)
{
    global population_bits *bits =
        (global population_bits *)(record + CHX_POPULATION_LIST_HEADER) + place;
    for (uint step = 0; step < n_steps; step++, bits += row_blocks)
        for (uint block = 0; block < n_blocks; block++)
            bits[block] = 0;
}
#endif

/* Advances tiles first_tile, first_tile + stride, ... of a group by n_steps, one at least. A
 * work-item that lets neurons sleep has all tiles of its group. */
static void
population_tiles(constant chx_population_setup *setup, uint n_blocks, uint group, uint first_tile,
                 uint stride, uint end_tile, uint run_step, uint first, uint n_steps,
                 global wide_float *state, global wide_int *ring, global const wide_float *rows,
                 global const chx_population_block *blocks,
                 global const chx_population_stimulus *stimuli,
                 global const chx_population_entry *entries, global const uint *tiles,
                 global const chx_population_draw *draws, global const uint *chances,
                 global const chx_population_plasticity *plasticities, global wide_float *resources,
                 global uint *posts, global const uint *gap_offsets,
                 global const chx_population_gap *gaps, global const float *before,
                 global float *after, global uint *list, global uint *record,
                 global chx_history *history, global wide_float *samples)
{
    const uint tile_blocks = CHX_POPULATION_TILE(POPULATION_WIDTH);
#ifdef POPULATION_SINGLE
    const uint end_step = first + 1;
#else
    const uint end_step = first + n_steps;
#endif
#ifdef POPULATION_SLEEP
    const uint first_block = first_tile * tile_blocks;
    const uint end_block = min(end_tile * tile_blocks, n_blocks);
    for (uint begin = first, end; begin < end_step; begin = end) {
        end = min(begin + CHX_SLEEP_STEPS, end_step);
        population_silence(record, (begin - run_step) * n_blocks + first_block,
                           end_block - first_block, end - begin, n_blocks);
        for (uint tile = first_tile; tile < end_tile; tile++)
            population_draw(setup, tile, begin, end - begin, tiles, draws, stimuli, chances, ring);
        for (uint block = first_block; block < end_block; block++)
            population_trains(setup, blocks[block].first_train_entry, blocks[block].end_entry,
                              block, begin, end - begin, stimuli, entries, ring);
        sleep_walk walk;
        sleep_begin(setup, group, first_block, end_block, begin, end, ring, &walk);
        for (;;) {
            const sleep_unit *unit = sleep_next(setup, blocks, rows, state, ring, &walk);
            if (!unit)
                break;
            const uint up =
                population_block(setup, n_blocks, unit, run_step, first, begin, end, state, ring,
                                 rows, blocks, stimuli, entries, plasticities, resources, posts,
                                 gap_offsets, gaps, before, after, list, record, history, samples);
            sleep_settle(setup, up, state, ring, &walk, unit);
        }
    }
#else
    for (uint tile = first_tile; tile < end_tile; tile += stride) {
        const uint end_block = min((tile + 1) * tile_blocks, n_blocks);
        population_draw(setup, tile, first, n_steps, tiles, draws, stimuli, chances, ring);
        for (uint block = tile * tile_blocks; block < end_block; block++)
            population_block(setup, n_blocks, block, run_step, first, first, end_step, state, ring,
                             rows, blocks, stimuli, entries, plasticities, resources, posts,
                             gap_offsets, gaps, before, after, list, record, history, samples);
    }
#endif
}

/* What the host reads first: the steps of the run so far. */
static void
population_head(constant chx_population_setup *setup, global uint *record, uint run_step, uint end)
{
    record[setup->record_offset] = end - run_step;
    record[setup->record_offset + 1] = run_step;
}

/* The batch of a list. */
static void
population_batch(global uint *list, uint first, uint n_steps)
{
    list[2] = first;
    list[3] = first + n_steps;
}

kernel void
population_advance(constant chx_population_setup *setup, global wide_float *state,
                   global wide_int *ring, global const wide_float *rows,
                   global const chx_population_block *blocks,
                   global const chx_population_stimulus *stimuli,
                   global const chx_population_entry *entries, global const uint *tiles,
                   global const chx_population_draw *draws, global const uint *chances,
                   global const chx_population_plasticity *plasticities,
                   global wide_float *resources, global uint *posts GAP_TABLES GAP_READ GAP_WRITE,
                   global uint *lists, global uint *record, global chx_history *history,
                   global wide_float *samples,
                   uint run_step, uint first, uint n_steps, uint turn)
{
    const uint tile = (uint)get_global_id(0), n_blocks = setup->n_blocks;
    if (tile >= setup->n_tiles)
        return;
    global uint *list = lists + (turn * setup->n_partitions + setup->partition) * setup->list_words;
    if (tile == 0) {
        population_head(setup, record, run_step, first + n_steps);
        population_batch(list, first, n_steps);
    }
    if (n_steps == 0) {
#ifdef POPULATION_GAPS
        gap_repeat(setup, tile, GAP_TURN(told, 1 - turn), GAP_TURN(potentials, turn));
#endif
        return;
    }
    population_tiles(setup, n_blocks, 0, tile, 1, tile + 1, run_step, first, n_steps, state, ring,
                     rows, blocks, stimuli, entries, tiles, draws, chances, plasticities, resources,
                     posts, GAP_PASS(GAP_TURN(told, 1 - turn), GAP_TURN(potentials, turn)), list,
                     record + setup->record_offset, history, samples);
}

kernel void
population_deliver(constant chx_population_setup *setup, global const uint *lists,
                   global uint *next_lists, global const uint *offsets,
                   DELIVER_SYNAPSES *synapses, global const chx_population_kind *kinds,
                   global const chx_population_plasticity *plasticities, global const uint *posts,
                   global uint *sources, global int *ring, uint turn)
{
    const uint item = (uint)get_global_id(0), n_items = (uint)get_global_size(0);
    const uint n_partitions = setup->n_partitions;
    for (uint source = 0; source < n_partitions; source++)
        deliver_list(setup, lists + (turn * n_partitions + source) * setup->list_words, offsets,
                     synapses, kinds, plasticities, posts, sources, ring, item, n_items);
    deliver_sweep(setup, lists + turn * n_partitions * setup->list_words, offsets, synapses,
                  plasticities, posts, sources, item, n_items);
    if (item == 0)
        next_lists[((1 - turn) * n_partitions + setup->partition) * setup->list_words] = 0;
}

kernel void
population_step(constant chx_population_setup *setup, global wide_float *state,
                global wide_int *ring, global const wide_float *rows,
                global const chx_population_block *blocks,
                global const chx_population_stimulus *stimuli,
                global const chx_population_entry *entries, global const uint *tiles,
                global const chx_population_draw *draws, global const uint *chances,
                global const chx_population_plasticity *plasticities, global wide_float *resources,
                global uint *posts GAP_TABLES GAP_READ GAP_WRITE, global const uint *heard,
                global uint *lists, global uint *next_lists, global uint *record,
                global chx_history *history, global wide_float *samples, global const uint *groups,
                global const uint *offsets, DELIVER_SYNAPSES *synapses,
                global const chx_population_kind *kinds, global uint *sources, uint run_step,
                uint first, uint n_steps, uint turn)
{
    const uint group = (uint)get_group_id(0);
    const uint item = (uint)get_local_id(0), n_items = (uint)get_local_size(0);
    const uint n_blocks = setup->n_blocks, end_tile = groups[group + 1];
    const uint n_partitions = setup->n_partitions, list_words = setup->list_words;
    const uint before = (turn + CHX_POPULATION_TURNS - 1) % CHX_POPULATION_TURNS;
    const uint next = (turn + 1) % CHX_POPULATION_TURNS;
    offsets += group * (setup->n_sources + 1);
    sources += group * setup->n_sources * DELIVER_SOURCE_WORDS(setup);
    heard += before * n_partitions * list_words;
    for (uint source = 0; source < n_partitions; source++)
        deliver_list(setup, heard + source * list_words, offsets, synapses, kinds, plasticities,
                     posts, sources, (global int *)ring, item, n_items);
    deliver_sweep(setup, heard, offsets, synapses, plasticities, posts, sources, item, n_items);
    global uint *list = lists + (turn * n_partitions + setup->partition) * list_words;
    if (group == 0 && item == 0) {
        population_head(setup, record, run_step, first + n_steps);
        population_batch(list, first, n_steps);
        next_lists[(next * n_partitions + setup->partition) * list_words] = 0;
    }
    barrier(CLK_GLOBAL_MEM_FENCE);
#ifdef POPULATION_GAPS
    for (uint tile = groups[group] + item; n_steps == 0 && tile < end_tile; tile += n_items)
        gap_repeat(setup, tile, GAP_TURN(told, before), GAP_TURN(potentials, turn));
#endif
    if (n_steps == 0)
        return;
    population_tiles(setup, n_blocks, group, groups[group] + item, n_items, end_tile, run_step,
                     first, n_steps, state, ring, rows, blocks, stimuli, entries, tiles, draws,
                     chances, plasticities, resources, posts,
                     GAP_PASS(GAP_TURN(told, before), GAP_TURN(potentials, turn)), list,
                     record + setup->record_offset, history, samples);
}

kernel void
population_run(constant chx_population_setup *setup, global wide_float *state,
               global wide_int *ring, global const wide_float *rows,
               global const chx_population_block *blocks,
               global const chx_population_stimulus *stimuli,
               global const chx_population_entry *entries, global const uint *tiles,
               global const chx_population_draw *draws, global const uint *chances,
               global const chx_population_plasticity *plasticities, global wide_float *resources,
               global uint *posts GAP_TABLES GAP_WRITE, global uint *lists, global uint *record,
               global chx_history *history, global wide_float *samples,
               global const uint *offsets, DELIVER_SYNAPSES *synapses,
               global const chx_population_kind *kinds, global uint *sources,
               uint run_step, uint first, uint n_steps)
{
    const uint item = (uint)get_local_id(0), n_items = (uint)get_local_size(0);
    const uint end = first + n_steps, batch_steps = setup->batch_steps;
    const uint list_words = setup->list_words;
    const uint n_blocks = setup->n_blocks, n_tiles = setup->n_tiles;
    if (item == 0) {
        population_head(setup, record, run_step, end);
        population_batch(lists, first, min(batch_steps, n_steps));
    }
    for (uint begin = first, turn = 0; begin < end; begin += batch_steps, turn = 1 - turn) {
        const uint steps = min(batch_steps, end - begin);
        global uint *list = lists + turn * list_words, *next = lists + (1 - turn) * list_words;
        population_tiles(
            setup, n_blocks, 0, item, n_items, n_tiles, run_step, begin, steps, state, ring, rows,
            blocks, stimuli, entries, tiles, draws, chances, plasticities, resources, posts,
            GAP_PASS(GAP_TURN(potentials, 1 - begin % 2), GAP_TURN(potentials, begin % 2)), list,
            record, history, samples);
        barrier(CLK_GLOBAL_MEM_FENCE);
        deliver_list(setup, list, offsets, synapses, kinds, plasticities, posts, sources,
                     (global int *)ring, item, n_items);
        deliver_sweep(setup, list, offsets, synapses, plasticities, posts, sources, item, n_items);
        if (item == 0) {
            next[0] = 0;
            population_batch(next, begin + steps, min(batch_steps, end - begin - steps));
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
    }
    if (item == 0)
        lists[0] = 0;
}

#ifdef POPULATION_LEARNING
kernel void
population_sweep(constant chx_population_setup *setup, global const uint *offsets,
                 DELIVER_SYNAPSES *synapses, global const chx_population_plasticity *plasticities,
                 global const uint *posts, global uint *sources, uint end)
{
    const uint pre = (uint)get_global_id(0), group = (uint)get_global_id(1);
    offsets += group * (setup->n_sources + 1);
    sources += (group * setup->n_sources + pre) * DELIVER_SOURCE_WORDS(setup);
    deliver_waiting(setup, pre, end, offsets, synapses, plasticities, posts, sources);
}
#endif
