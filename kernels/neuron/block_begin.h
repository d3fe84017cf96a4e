/*
 * The frame up to a model's statements: population_block(), which population.cl ends, as far as the
 * middle of its loops: over stretches of steps, in which the drive stays and one word has all marks
 * of a port (ring.h), and over steps. Comes after model.h and the model's own macros.
 */
#ifndef CHX_KERNELS_BLOCK_BEGIN_H
#define CHX_KERNELS_BLOCK_BEGIN_H

/* A bit for each neuron of a block. */
#if POPULATION_WIDTH == 16
typedef ushort population_bits;
#else
typedef uchar population_bits;
#endif

/* Random numbers of a tile. A counter gives four neurons in a row a word each: narrow blocks take
 * one, and tiles of four blocks as many as a block has lanes. */
#if POPULATION_WIDTH == 4
#define PHILOX_UINT uint
#define POPULATION_COUNTERS 0
#else
#define PHILOX_UINT wide_uint
#if defined POCL_DEVICE_ADDRESS_BITS && POPULATION_WIDTH == 16
#define PHILOX_PAIRS ulong8
#define PHILOX_AS_PAIRS as_ulong8
#define PHILOX_AS_UINT as_uint16
#endif
#define POPULATION_COUNTERS WIDE(as_uint)(WIDE_LANES)
#endif

/* 2^-40: below it a potential or a current cannot matter. */
#define POPULATION_TINY 9.094947017729282e-13f

/* After so many chances of a Poisson stimulus it is asked whether any is left. */
#define POPULATION_CHANCES 4

/* How many plasticities there are of each kind, known to the compiler: llvmpipe of Mesa 25.0 never
 * leaves loops over a number of them that it reads. */
#ifdef POPULATION_SHORT_TERM
#define POPULATION_N_SHORT_TERM (uint)(POPULATION_SHORT_TERM)
#else
#define POPULATION_N_SHORT_TERM 0u
#endif
#ifdef POPULATION_LEARNING
#define POPULATION_N_LEARNING (uint)(POPULATION_LEARNING)
#endif

/* What is done to the members of a model in their order; a row and a block's state begin with what
 * is the frame's. */
#define POPULATION_ONE(name) +1
#define POPULATION_ROW_FIELDS (CHX_POPULATION_ROW_HEADER MODEL_CONSTANTS(POPULATION_ONE))
#define POPULATION_MODEL_FIELDS (0 MODEL_STATE(POPULATION_ONE))
#define POPULATION_STATE_FIELDS (CHX_POPULATION_STATE_HEADER MODEL_STATE(POPULATION_ONE))

#include "../common/history.h"
#include "../common/philox.h"
#include "population.h"
#include "ring.h"
#include "sleep.h"
#include "../synapse/gap.h"
#include "../synapse/learning.h"
#include "../synapse/short_term.h"

/* The words of the neurons of one block: those of its counters, of which a block has a quarter as
 * many as lanes, in x, y, z and w. */
#define POPULATION_COUNTER(i) x.i, y.i, z.i, w.i
#if POPULATION_WIDTH == 4
#define POPULATION_WORDS() ((uint4)(x, y, z, w))
#elif POPULATION_WIDTH == 8
#define POPULATION_WORDS(a, b) ((uint8)(POPULATION_COUNTER(a), POPULATION_COUNTER(b)))
#else
#define POPULATION_WORDS(a, b, c, d)                                               \
    ((uint16)(POPULATION_COUNTER(a), POPULATION_COUNTER(b), POPULATION_COUNTER(c), \
              POPULATION_COUNTER(d)))
#endif

/* Adds the events of one block in one step to the ring: as many as there are chances above a
 * neuron's word. Chances fall, so where one is above no neuron's none that follows is; looking for
 * that costs as much as a few chances. */
#define POPULATION_EVENTS(words, block_lanes, block)                                      \
    do {                                                                                  \
        const uint event_lanes = (block_lanes);                                           \
        if (event_lanes != 0) {                                                           \
            const wide_uint word = (words);                                               \
            wide_int events = (wide_int)(0);                                              \
            uint c = stimulus.first_chance;                                               \
            while (c < stimulus.end_chance) {                                             \
                const wide_int none = word >= (wide_uint)(chances[c]);                    \
                events += none;                                                           \
                if (++c % POPULATION_CHANCES == 0 && !wide_any(~none))                    \
                    break;                                                                \
            }                                                                             \
            events = (events + (int)(c - stimulus.first_chance)) * stimulus.weight;       \
            ring[slot * setup->ring_blocks + (block)] += events & wide_mask(event_lanes); \
            ring_mark(setup, ring, block, slot);                                          \
        }                                                                                 \
    } while (0)

/* A stimulus may reach neurons of models with fewer ports. */
WIDE_FUNCTION uint
population_port(uint port)
{
    return min(port, (uint)(MODEL_PORTS(POPULATION_ONE)) - 1u);
}

/* Where a stimulus reaches few neurons and a batch has many steps, the lanes of draws are steps of
 * one counter, and only input that there is is added and marked: a ring may be far. */
#if defined POPULATION_ALONE && POPULATION_WIDTH > 4
#define POPULATION_LONG_DRAWS
#endif

#ifdef POPULATION_LONG_DRAWS
/* Of a counter, the bits of its four neurons. */
static uint
population_counter_lanes(global const chx_population_draw *draw, uint counter)
{
    const uint block_counters = POPULATION_WIDTH / 4;
    return draw->lanes[counter / block_counters] >> counter % block_counters * 4 & 15;
}

/* Whether as many draws as that takes are few beside one for each step. */
static bool
population_draws_are_long(global const chx_population_draw *draw, uint n_steps)
{
    const uint n_draws = (n_steps + POPULATION_WIDTH - 1) / POPULATION_WIDTH;
    uint n_counters = 0;
    if (n_steps < 4)
        return false;
    for (uint counter = 0; counter < POPULATION_WIDTH; counter++)
        n_counters += population_counter_lanes(draw, counter) != 0;
    return n_counters * n_draws * 4 <= n_steps;
}

/* Adds the events of steps first .. end - 1 of neurons of one counter, the first of which is at
 * `target`, to the ring. */
static void
population_draw_long(constant chx_population_setup *setup, uint counter, uint lanes, uint target,
                     uint first, uint end, global const chx_population_stimulus *stimulus,
                     global const uint *chances, global int *ring)
{
    const uint n_lanes = setup->ring_blocks * POPULATION_WIDTH;
    const uint first_chance = stimulus->first_chance, end_chance = stimulus->end_chance;
    uint words[4 * POPULATION_WIDTH];
    for (uint begin = first; begin < end; begin += POPULATION_WIDTH) {
        PHILOX_UINT x = (PHILOX_UINT)(counter), y = (PHILOX_UINT)(begin) + POPULATION_COUNTERS;
        PHILOX_UINT z = (PHILOX_UINT)(stimulus->index), w = (PHILOX_UINT)(setup->stretch);
        CHX_PHILOX_DRAW(x, y, z, w, setup->seed_low, setup->seed_high);
        WIDE(vstore)(x, 0, words);
        WIDE(vstore)(y, 1, words);
        WIDE(vstore)(z, 2, words);
        WIDE(vstore)(w, 3, words);
        const uint n_steps = min(end - begin, (uint)POPULATION_WIDTH);
        for (uint k = 0; k < 4 * POPULATION_WIDTH; k++) {
            const uint lane = k / POPULATION_WIDTH, step = k % POPULATION_WIDTH;
            uint c = first_chance;
            if ((lanes >> lane & 1) == 0 || step >= n_steps)
                continue;
            while (c < end_chance && words[k] < chances[c])
                c++;
            if (c == first_chance)
                continue;
            const uint slot = ring_slot(setup, begin + step);
            ring[slot * n_lanes + target + lane] += (int)(c - first_chance) * stimulus->weight;
            ring_mark(setup, (global wide_int *)ring, target / POPULATION_WIDTH, slot);
        }
    }
}
#endif

/* Adds the Poisson events of steps first .. first + n_steps - 1 to the ring of a tile. */
static void
population_draw(constant chx_population_setup *setup, uint tile, uint first, uint n_steps,
                global const uint *tiles, global const chx_population_draw *draws,
                global const chx_population_stimulus *stimuli, global const uint *chances,
                global wide_int *ring)
{
    const uint end_draw = tiles[tile + 1];
    const uint first_counter =
        (setup->first_neuron - setup->stretch) / 4 +
        tile * (CHX_POPULATION_TILE(POPULATION_WIDTH) * POPULATION_WIDTH / 4);
    for (uint d = tiles[tile]; d < end_draw; d++) {
        const chx_population_draw draw = draws[d];
        const chx_population_stimulus stimulus = stimuli[draw.stimulus];
        const uint end = min(first + n_steps, stimulus.stop_step);
        const uint block = population_port(stimulus.port) * setup->n_blocks +
                           tile * CHX_POPULATION_TILE(POPULATION_WIDTH);
#ifdef POPULATION_LONG_DRAWS
        if (population_draws_are_long(&draws[d], n_steps)) {
            for (uint counter = 0; counter < POPULATION_WIDTH; counter++)
                if (population_counter_lanes(&draws[d], counter) != 0)
                    population_draw_long(setup, first_counter + counter,
                                         population_counter_lanes(&draws[d], counter),
                                         block * POPULATION_WIDTH + counter * 4,
                                         max(first, stimulus.start_step), end,
                                         &stimuli[draw.stimulus], chances, (global int *)ring);
            continue;
        }
#endif
        for (uint step = max(first, stimulus.start_step); step < end; step++) {
            PHILOX_UINT x = (PHILOX_UINT)(first_counter) + POPULATION_COUNTERS;
            PHILOX_UINT y = (PHILOX_UINT)(step), z = (PHILOX_UINT)(stimulus.index);
            PHILOX_UINT w = (PHILOX_UINT)(setup->stretch);
            CHX_PHILOX_DRAW(x, y, z, w, setup->seed_low, setup->seed_high);
            const uint slot = ring_slot(setup, step);
#if POPULATION_WIDTH == 4
            POPULATION_EVENTS(POPULATION_WORDS(), draw.lanes[0], block);
#elif POPULATION_WIDTH == 8
            POPULATION_EVENTS(POPULATION_WORDS(s0, s1), draw.lanes[0], block);
            POPULATION_EVENTS(POPULATION_WORDS(s2, s3), draw.lanes[1], block + 1);
            POPULATION_EVENTS(POPULATION_WORDS(s4, s5), draw.lanes[2], block + 2);
            POPULATION_EVENTS(POPULATION_WORDS(s6, s7), draw.lanes[3], block + 3);
#else
            POPULATION_EVENTS(POPULATION_WORDS(s0, s1, s2, s3), draw.lanes[0], block);
            POPULATION_EVENTS(POPULATION_WORDS(s4, s5, s6, s7), draw.lanes[1], block + 1);
            POPULATION_EVENTS(POPULATION_WORDS(s8, s9, sa, sb), draw.lanes[2], block + 2);
            POPULATION_EVENTS(POPULATION_WORDS(sc, sd, se, sf), draw.lanes[3], block + 3);
#endif
        }
    }
}

/* Adds the spikes of spike trains in steps first .. first + n_steps - 1 to the ring of a block. */
static void
population_trains(constant chx_population_setup *setup, uint first_entry, uint end_entry,
                  uint block, uint first, uint n_steps,
                  global const chx_population_stimulus *stimuli,
                  global const chx_population_entry *entries, global wide_int *ring)
{
    for (uint e = first_entry; e < end_entry; e++) {
        global const chx_population_stimulus *row = &stimuli[entries[e].stimulus];
        const uint step = row->start_step, slot = ring_slot(setup, step);
        if (step - first >= n_steps)
            continue;
        const uint place = population_port(row->port) * setup->n_blocks + block;
        ring[slot * setup->ring_blocks + place] +=
            wide_mask(entries[e].lanes) & (wide_int)(row->weight);
        ring_mark(setup, ring, place, slot);
    }
}

/* Enters a spike of a neuron into list and history. Where the list is garbage, it may be full. */
static void
population_spike(constant chx_population_setup *setup, uint neuron, uint step, uint first,
                 global const chx_population_plasticity *plasticities, global wide_float *resources,
                 global uint *posts, global uint *list, global chx_history *history)
{
    const uint entry = (step - first) << setup->neuron_bits | neuron;
    const uint place = atomic_inc(&list[0]);
    if (place < setup->list_places) {
        list[CHX_POPULATION_LIST_HEADER + place] = entry;
#ifdef POPULATION_SHORT_TERM
        short_term_write(setup, neuron / POPULATION_WIDTH, neuron % POPULATION_WIDTH, place,
                         resources, list);
#endif
    }
#ifdef POPULATION_LEARNING
    learning_fire(setup, neuron, step, plasticities, posts);
#endif
    global chx_history *own = &history[setup->first_neuron + neuron];
    const uint count = own->count;
    own->step[count % CHX_HISTORY_SPIKES] = step;
    own->count = count + 1;
}

/* Enters the spikes of one block, or crowd, and step, also into the record of the step. Where the
 * state is garbage, lanes without a neuron may fire too. */
#ifdef POPULATION_SLEEP
static void
population_spikes(constant chx_population_setup *setup, const wide_int fired,
                  const sleep_unit *unit, uint step, uint first,
                  global const chx_population_plasticity *plasticities,
                  global wide_float *resources, global uint *posts, global uint *list,
                  global population_bits *record, global chx_history *history)
{
    int lanes[POPULATION_WIDTH];
    WIDE(vstore)(fired, 0, lanes);
    for (uint lane = 0; lane < unit->n_lanes; lane++) {
        const uint neuron =
            unit->block == UINT_MAX ? unit->places[lane] : unit->block * POPULATION_WIDTH + lane;
        if (!lanes[lane] || neuron >= setup->n_neurons)
            continue;
        population_spike(setup, neuron, step, first, plasticities, resources, posts, list, history);
        record[neuron / POPULATION_WIDTH] |= 1u << neuron % POPULATION_WIDTH;
    }
}
#else
static uint
population_spikes(constant chx_population_setup *setup, const wide_int fired, uint block, uint step,
                  uint first, global const chx_population_plasticity *plasticities,
                  global wide_float *resources, global uint *posts, global uint *list,
                  global chx_history *history)
{
    int lanes[POPULATION_WIDTH];
    uint bits = 0;
    WIDE(vstore)(fired, 0, lanes);
#ifdef POPULATION_SHORT_TERM
    short_term_fire(setup, fired, block, step, plasticities, resources);
#endif
    for (uint lane = 0; lane < POPULATION_WIDTH; lane++) {
        const uint neuron = block * POPULATION_WIDTH + lane;
        if (!lanes[lane] || neuron >= setup->n_neurons)
            continue;
        population_spike(setup, neuron, step, first, plasticities, resources, posts, list, history);
        bits |= 1u << lane;
    }
    return bits;
}
#endif

/* Constants: where blocks are wide, registers are few, and a processor's operations take operands
 * from its cache; elsewhere they are copied once for all steps of a batch. */
#if POPULATION_WIDTH == 16
#define POPULATION_READ_CONSTANTS           \
    global const model_constants *const c = \
        (global const model_constants *)(frame_row + CHX_POPULATION_ROW_HEADER);
#else
#define POPULATION_READ_CONSTANT(name) frame_constants.name = *frame_constant++;
#define POPULATION_READ_CONSTANTS                                                    \
    model_constants frame_constants;                                                 \
    global const wide_float *frame_constant = frame_row + CHX_POPULATION_ROW_HEADER; \
    MODEL_CONSTANTS(POPULATION_READ_CONSTANT)                                        \
    const model_constants *const c = &frame_constants;
#endif
#define POPULATION_READ_STATE(name) frame_neurons.name = *frame_place++;
#define POPULATION_WRITE_STATE(name) *frame_place++ = frame_neurons.name;
#define POPULATION_TIDIED(name) \
    select((wide_float)(0), frame_neurons.name, fabs(frame_neurons.name) >= POPULATION_TINY)
#define POPULATION_TIDY(name) frame_neurons.name = POPULATION_TIDIED(name);
/* Stretches of steps; where a batch is one step, the compiler sees that there is no loop. */
#ifdef POPULATION_SINGLE
#define POPULATION_STRETCH(setup, step, end) (end)
#define POPULATION_CHANGES(change, step)
#else
#define POPULATION_STRETCH(setup, step, end) ring_stretch(setup, step, end)
#define POPULATION_CHANGES(change, step) change = min(change, step)
#endif
/* Whether there may be input in the slot of a step, by the marks of its stretch of steps. */
#ifdef POPULATION_SLEEP
#define POPULATION_IS_MARKED(name) (*frame_marks++ >> (frame_step - frame_begin) & 1)
#elif defined POPULATION_MARKS
#define POPULATION_TAKE_MARKS(name)                                                     \
    const uint frame_marks_##name =                                                     \
        ring_take_marks(frame_setup, frame_ring, frame_port, frame_step, frame_change); \
    frame_port += frame_n_blocks;
#define POPULATION_IS_MARKED(name) (frame_marks_##name >> frame_slot % 32 & 1)
#else
#define POPULATION_IS_MARKED(name) true
#endif
#define POPULATION_INPUT(name)                                      \
    wide_float name = (wide_float)(0);                              \
    if (POPULATION_IS_MARKED(name)) {                               \
        name = WIDE(convert_float)(*frame_arrived) * frame_unit_pa; \
        *frame_arrived = (wide_int)(0);                             \
    }                                                               \
    frame_arrived += frame_port_blocks;
/* Whether a neuron is up after its last step. */
#define POPULATION_RESTLESS_INPUT(name) frame_restless |= name != 0;
#define POPULATION_RESTLESS_STATE(name)                                                     \
    frame_restless |= (WIDE(as_int)(frame_neurons.name) != WIDE(as_int)(frame_last.name)) | \
                      (WIDE(as_int)(frame_neurons.name) != WIDE(as_int)(POPULATION_TIDIED(name)));

/* Advances one block, or crowd, by the steps from `begin` to `end`, one at least, of a batch that
 * begins with step `first`. With POPULATION_SLEEP it gives as a bit set which of its neurons are up
 * then. Its names begin with frame_, so that one which a model forgot to declare, or to reach by
 * c->, is none of these. */
static uint
population_block(constant chx_population_setup *frame_setup, uint frame_n_blocks,
#ifdef POPULATION_SLEEP
                 const sleep_unit *frame_unit,
#else
                 uint frame_block,
#endif
                 uint frame_run_step, uint frame_first, uint frame_begin, uint frame_end,
                 global wide_float *frame_state, global wide_int *frame_ring,
                 global const wide_float *frame_row,
                 global const chx_population_block *frame_blocks,
                 global const chx_population_stimulus *frame_stimuli,
                 global const chx_population_entry *frame_entries,
                 global const chx_population_plasticity *frame_plasticities,
                 global wide_float *frame_resources, global uint *frame_posts,
                 global const uint *frame_gap_offsets, global const chx_population_gap *frame_gaps,
                 global const float *frame_before, global float *frame_after,
                 global uint *frame_list, global uint *frame_record,
                 global chx_history *frame_history, global wide_float *frame_samples)
{
#ifdef POPULATION_SLEEP
    const uint frame_block = frame_unit->block;
    const bool frame_stands = frame_block != UINT_MAX;
    const uint frame_port_blocks = frame_unit->port_blocks;
    frame_row = frame_unit->row;
    frame_state = frame_unit->state;
    model_state frame_last;
    wide_int frame_restless = (wide_int)(0);
#else
    const bool frame_stands = true;
    const uint frame_port_blocks = frame_n_blocks;
    population_trains(frame_setup, frame_blocks[frame_block].first_train_entry,
                      frame_blocks[frame_block].end_entry, frame_block, frame_begin,
                      frame_end - frame_begin, frame_stimuli, frame_entries, frame_ring);
    frame_row += frame_blocks[frame_block].row * POPULATION_ROW_FIELDS;
    frame_state += frame_block * POPULATION_STATE_FIELDS;
#endif
    POPULATION_READ_CONSTANTS
    wide_int frame_refractory = WIDE(as_int)(frame_state[0]);
    global wide_float *frame_place = frame_state + CHX_POPULATION_STATE_HEADER;
    model_state frame_neurons;
    MODEL_STATE(POPULATION_READ_STATE)
    const wide_float frame_unit_pa = (wide_float)(frame_setup->unit_pa);
    global population_bits *frame_spikes =
        (global population_bits *)(frame_record + CHX_POPULATION_LIST_HEADER) +
        (frame_begin - frame_run_step) * frame_n_blocks;
    uint frame_sample_step = UINT_MAX;
    global wide_float *frame_sample = frame_samples;
    if (frame_stands && frame_blocks[frame_block].sample < frame_setup->n_sampled) {
        const uint frame_every = frame_setup->sample_steps;
        const uint frame_next = (frame_begin + frame_every - 1) / frame_every;
        const uint frame_sample_row = frame_next - (frame_run_step + frame_every - 1) / frame_every;
        frame_sample_step = frame_next * frame_every;
        frame_sample +=
            (frame_sample_row * frame_setup->n_sampled + frame_blocks[frame_block].sample) *
            POPULATION_MODEL_FIELDS;
    }
    uint frame_step = frame_begin;
    do {
        uint frame_change = POPULATION_STRETCH(frame_setup, frame_step, frame_end);
        wide_float drive = frame_row[CHX_POPULATION_BIAS];
        if (frame_stands) {
            const uint frame_end_entry = frame_blocks[frame_block].first_train_entry;
            for (uint e = frame_blocks[frame_block].first_step_entry; e < frame_end_entry; e++) {
                const chx_population_stimulus stimulus = frame_stimuli[frame_entries[e].stimulus];
                const bool frame_acts = frame_step >= stimulus.start_step;
                if (frame_step < stimulus.stop_step)
                    POPULATION_CHANGES(frame_change,
                                       frame_acts ? stimulus.stop_step : stimulus.start_step);
                if (frame_acts && frame_step < stimulus.stop_step)
                    drive = select(drive, drive + stimulus.current_pa,
                                   wide_mask(frame_entries[e].lanes));
            }
        }
#ifdef POPULATION_GAPS
        float frame_pull[POPULATION_WIDTH];
        for (uint lane = 0; lane < POPULATION_WIDTH; lane++)
            frame_pull[lane] = gap_current(frame_setup, frame_gap_offsets, frame_gaps, frame_before,
                                           frame_block * POPULATION_WIDTH + lane);
        drive += WIDE(vload)(0, frame_pull);
#endif
#ifdef POPULATION_TAKE_MARKS
        uint frame_port = frame_block;
        MODEL_PORTS(POPULATION_TAKE_MARKS)
#endif
        do {
#ifdef POPULATION_SLEEP
            const uint *frame_marks = frame_unit->marks;
            const uint frame_slot = frame_step - frame_unit->first_step & frame_unit->n_slots - 1;
            global wide_int *frame_arrived =
                frame_unit->input + frame_slot * frame_unit->slot_blocks;
            if (frame_step + 1 == frame_end)
                frame_last = frame_neurons;
#else
            const uint frame_slot = ring_slot(frame_setup, frame_step);
            global wide_int *frame_arrived =
                frame_ring + frame_slot * frame_setup->ring_blocks + frame_block;
#endif
            MODEL_PORTS(POPULATION_INPUT)
            const wide_int awake = frame_refractory == 0;
            frame_refractory = max(frame_refractory - 1, (wide_int)(0));
            wide_int fired = (wide_int)(0);
            do {
                model_state *const n = &frame_neurons;

#define MODEL_STEP

#endif
