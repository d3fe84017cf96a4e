/*
 * Sleep: passing over neurons that nothing happens to.
 *
 * Where little arrives, most neurons are at rest most of the time: a step leaves all of their state
 * as it is. With POPULATION_SLEEP such a neuron sleeps until there is input for it. Those that are
 * up are gathered from wherever they stand into a *crowd* of POPULATION_WIDTH, which is advanced
 * like a block. Bits are the same, for what a step does depends on state, drive and input alone.
 *
 * The last step of a stretch shows whether a neuron falls asleep: no input came, it was not
 * refractory and did not fire, and neither the step nor tidying changed a bit of its state. Blocks
 * that step currents reach or that are sampled are advanced as they stand, and so are those in
 * which most are up, or whose neurons have constants of their own: a crowd has one row for all. In
 * step 0 all are up.
 *
 * Marks say which blocks there may be input for, so POPULATION_MARKS is needed. After a ring's
 * marks (neuron/population.h) stand a word for each block, which has its neurons that are up, and,
 * at a multiple of POPULATION_WIDTH words, what each group gathers a crowd in: the state of a
 * block, and a ring of CHX_SLEEP_STEPS slots with its input.
 */
#ifndef CHX_KERNELS_SLEEP_H
#define CHX_KERNELS_SLEEP_H

#ifdef POPULATION_SLEEP

#define SLEEP_ALL ((1u << POPULATION_WIDTH) - 1)
#define SLEEP_MOST (POPULATION_WIDTH * 3u / 4u)
#define SLEEP_PORTS (0 MODEL_PORTS(POPULATION_ONE))
#define SLEEP_CROWD (POPULATION_STATE_FIELDS + CHX_SLEEP_STEPS * SLEEP_PORTS)
#define SLEEP_AHEAD 8u /* blocks before a block it is fetched what it will look at */

/* Neurons of the partition that are advanced together. */
typedef struct sleep_unit {
    global const wide_float *row;
    global wide_float *state;
    global wide_int *input; /* in slot 0, at the first port */
    uint first_step; /* of slot 0, or of a multiple of the slots */
    uint n_slots; /* a power of two */
    uint slot_blocks, port_blocks; /* from one slot, or port, to the next */
    uint marks[SLEEP_PORTS]; /* a bit for each step of the stretch in which there may be input */
    uint block; /* UINT_MAX where it is a crowd */
    uint n_lanes;
    uint places[POPULATION_WIDTH]; /* which neurons the lanes of a crowd are */
} sleep_unit;

/* A work-item on its way over blocks, in steps begin .. end - 1. */
typedef struct sleep_walk {
    uint begin, end;
    uint next_block, end_block;
    uint marks[SLEEP_PORTS]; /* of the block before the next */
    uint waiting; /* those of its neurons that have yet to join the crowd */
    sleep_unit crowd, whole;
} sleep_walk;

/* The neurons of a block that are up. */
static global uint *
sleep_word(constant chx_population_setup *setup, global wide_int *ring, uint block)
{
    return ring_mark_word(setup, ring, setup->ring_blocks, 0) + block;
}

/* Starts to walk over blocks, with an empty crowd. */
static void
sleep_begin(constant chx_population_setup *setup, uint group, uint first_block, uint end_block,
            uint begin, uint end, global wide_int *ring, sleep_walk *walk)
{
    global uint *words = sleep_word(setup, ring, setup->n_blocks);
    const uint n_words = (uint)(words - (global uint *)ring);
    global wide_int *room =
        ring + (n_words + POPULATION_WIDTH - 1) / POPULATION_WIDTH + group * SLEEP_CROWD;
    walk->begin = begin;
    walk->end = end;
    walk->next_block = first_block;
    walk->end_block = end_block;
    walk->waiting = 0;
    walk->crowd.state = (global wide_float *)room;
    walk->crowd.input = room + POPULATION_STATE_FIELDS;
    walk->crowd.first_step = begin;
    walk->crowd.n_slots = CHX_SLEEP_STEPS;
    walk->crowd.slot_blocks = SLEEP_PORTS;
    walk->crowd.port_blocks = 1;
    walk->crowd.block = UINT_MAX;
    walk->crowd.n_lanes = 0;
    for (uint port = 0; port < SLEEP_PORTS; port++)
        walk->crowd.marks[port] = 0;
    walk->whole.first_step = 0;
    walk->whole.n_slots = 1u << setup->slot_bits;
    walk->whole.slot_blocks = setup->ring_blocks;
    walk->whole.port_blocks = setup->n_blocks;
    walk->whole.n_lanes = POPULATION_WIDTH;
}

/* Takes the marks of a block at a port: a bit for each step from `begin` on. */
static uint
sleep_take_marks(constant chx_population_setup *setup, global wide_int *ring, uint place,
                 uint begin, uint end)
{
    uint all = 0;
    for (uint step = begin; step < end;) {
        const uint change = ring_stretch(setup, step, end);
        const uint marks = ring_take_marks(setup, ring, place, step, change);
        all |= marks >> ring_slot(setup, step) % 32 << (step - begin);
        step = change;
    }
    return all;
}

/* The neurons of a block that there is input for in marked steps. */
static uint
sleep_reached(constant chx_population_setup *setup, global const wide_int *ring, uint place,
              uint begin, uint marks)
{
    wide_int reached = (wide_int)(0);
    for (; marks != 0; marks &= marks - 1) {
        const uint step = begin + 31 - clz(marks & -marks);
        reached |= ring[ring_slot(setup, step) * setup->ring_blocks + place];
    }
    return wide_bits(reached != 0);
}

/* Lets the neurons of a block that wait join the crowd, until that is full, with their input. */
static void
sleep_join(constant chx_population_setup *setup, global wide_float *state, global wide_int *ring,
           sleep_walk *walk)
{
    const uint block = walk->next_block - 1, first_lane = walk->crowd.n_lanes;
    global const float *own = (global const float *)(state + block * POPULATION_STATE_FIELDS);
    global float *crowd = (global float *)walk->crowd.state;
    uint lanes = 0;
    while (walk->waiting != 0 && walk->crowd.n_lanes < POPULATION_WIDTH) {
        const uint lane = 31 - clz(walk->waiting & -walk->waiting);
        const uint to = walk->crowd.n_lanes++;
        walk->waiting &= walk->waiting - 1;
        lanes |= 1u << lane;
        walk->crowd.places[to] = block * POPULATION_WIDTH + lane;
        for (uint field = 0; field < POPULATION_STATE_FIELDS; field++)
            crowd[field * POPULATION_WIDTH + to] = own[field * POPULATION_WIDTH + lane];
    }
    for (uint port = 0; port < SLEEP_PORTS; port++) {
        for (uint marks = walk->marks[port]; marks != 0; marks &= marks - 1) {
            const uint k = 31 - clz(marks & -marks);
            global wide_int *to = walk->crowd.input + k * SLEEP_PORTS + port;
            global int *from =
                (global int *)(ring + ring_slot(setup, walk->begin + k) * setup->ring_blocks +
                               port * setup->n_blocks + block);
            if ((walk->crowd.marks[port] >> k & 1) == 0)
                *to = (wide_int)(0);
            walk->crowd.marks[port] |= 1u << k;
            for (uint left = lanes, lane = first_lane; left != 0; left &= left - 1, lane++) {
                const uint other = 31 - clz(left & -left);
                ((global int *)to)[lane] = from[other];
                from[other] = 0;
            }
        }
    }
}

/* Fetches what the walk is about to look at: a block's state, and its input at the first port. */
static void
sleep_fetch(constant chx_population_setup *setup, uint block, uint step, global wide_float *state,
            global wide_int *ring)
{
#ifdef POCL_DEVICE_ADDRESS_BITS
    const uint slot = ring_slot(setup, step);
    uint marks = *ring_mark_word(setup, ring, block, slot) >> slot % 32;
    if (marks != 0 || *sleep_word(setup, ring, block) != 0)
        for (uint field = 0; field < POPULATION_STATE_FIELDS; field++)
            __builtin_prefetch(
                (const void *)(size_t)&state[block * POPULATION_STATE_FIELDS + field], 1);
    for (; marks != 0; marks &= marks - 1) {
        const uint next = slot + 31 - clz(marks & -marks);
        __builtin_prefetch((const void *)(size_t)&ring[next * setup->ring_blocks + block], 1);
    }
#endif
}

/* Looks at the next block: gives it, to be advanced whole, or lets some of its neurons wait. */
static bool
sleep_look(constant chx_population_setup *setup, global const chx_population_block *blocks,
           global const wide_float *rows, global wide_float *state, global wide_int *ring,
           sleep_walk *walk)
{
    const uint block = walk->next_block++;
    global uint *word = sleep_word(setup, ring, block);
    sleep_fetch(setup, min(block + SLEEP_AHEAD, walk->end_block - 1), walk->begin, state, ring);
    uint up = walk->begin == 0 ? SLEEP_ALL : *word & SLEEP_ALL;
    for (uint port = 0; port < SLEEP_PORTS; port++) {
        const uint place = port * setup->n_blocks + block;
        walk->marks[port] = sleep_take_marks(setup, ring, place, walk->begin, walk->end);
        if (up != SLEEP_ALL)
            up |= sleep_reached(setup, ring, place, walk->begin, walk->marks[port]);
    }
    *word = 0;
    const bool may_sleep = blocks[block].sample >= setup->n_sampled &&
                           blocks[block].first_step_entry == blocks[block].first_train_entry;
    const bool may_join = popcount(up) <= SLEEP_MOST && blocks[block].row < setup->n_alike_rows;
    if (may_sleep && (may_join || up == 0)) {
        walk->waiting = up;
        return false;
    }
    walk->whole.row = rows + blocks[block].row * POPULATION_ROW_FIELDS;
    walk->whole.state = state + block * POPULATION_STATE_FIELDS;
    walk->whole.input = ring + block;
    walk->whole.block = block;
    for (uint port = 0; port < SLEEP_PORTS; port++)
        walk->whole.marks[port] = walk->marks[port];
    return true;
}

/* What to advance next, or NULL when all is done. */
static const sleep_unit *
sleep_next(constant chx_population_setup *setup, global const chx_population_block *blocks,
           global const wide_float *rows, global wide_float *state, global wide_int *ring,
           sleep_walk *walk)
{
    for (;;) {
        if (walk->waiting != 0) {
            global const wide_float *row =
                rows + blocks[walk->next_block - 1].row * POPULATION_ROW_FIELDS;
            if (walk->crowd.n_lanes > 0 && walk->crowd.row != row)
                return &walk->crowd;
            walk->crowd.row = row;
            sleep_join(setup, state, ring, walk);
        }
        if (walk->crowd.n_lanes == POPULATION_WIDTH)
            return &walk->crowd;
        if (walk->next_block == walk->end_block)
            return walk->crowd.n_lanes > 0 ? &walk->crowd : NULL;
        if (sleep_look(setup, blocks, rows, state, ring, walk))
            return &walk->whole;
    }
}

/* After the last step of what sleep_next() gave: puts a crowd's state back, and says which of the
 * neurons are up. */
static void
sleep_settle(constant chx_population_setup *setup, uint restless, global wide_float *state,
             global wide_int *ring, sleep_walk *walk, const sleep_unit *unit)
{
    if (unit->block != UINT_MAX) {
        *sleep_word(setup, ring, unit->block) = restless;
        return;
    }
    global const float *from = (global const float *)unit->state;
    for (uint lane = 0; lane < unit->n_lanes; lane++) {
        const uint block = unit->places[lane] / POPULATION_WIDTH;
        const uint to = unit->places[lane] % POPULATION_WIDTH;
        global float *own = (global float *)(state + block * POPULATION_STATE_FIELDS);
        for (uint field = 0; field < POPULATION_STATE_FIELDS; field++)
            own[field * POPULATION_WIDTH + to] = from[field * POPULATION_WIDTH + lane];
        *sleep_word(setup, ring, block) |= (restless >> lane & 1) << to;
    }
    walk->crowd.n_lanes = 0;
    for (uint port = 0; port < SLEEP_PORTS; port++)
        walk->crowd.marks[port] = 0;
}

#endif

#endif
