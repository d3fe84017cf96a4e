/*
 * The ring of synaptic input, and its marks; neuron/population.h describes both.
 *
 * Little arrives in many networks, and a ring may be larger than a processor's cache. With
 * POPULATION_MARKS whoever adds to a block's input in a slot marks it, and what is not marked is
 * neither read nor cleared. It needs POPULATION_ALONE: no other work-item writes to these blocks.
 */
#ifndef CHX_KERNELS_RING_H
#define CHX_KERNELS_RING_H

/* The slot of a step. */
WIDE_FUNCTION uint
ring_slot(constant chx_population_setup *setup, uint step)
{
    return step & ((1u << setup->slot_bits) - 1);
}

/* The word of the mark of a slot of a block. Each port has blocks of its own here. */
WIDE_FUNCTION global uint *
ring_mark_word(constant chx_population_setup *setup, global wide_int *ring, uint block, uint slot)
{
    global uint *marks = (global uint *)(ring + (setup->ring_blocks << setup->slot_bits));
    const uint block_words = setup->slot_bits > 5 ? 1u << (setup->slot_bits - 5) : 1u;
    return &marks[block * block_words + slot / 32];
}

/* Says that there is input. */
WIDE_FUNCTION void
ring_mark(constant chx_population_setup *setup, global wide_int *ring, uint block, uint slot)
{
#ifdef POPULATION_MARKS
    *ring_mark_word(setup, ring, block, slot) |= 1u << slot % 32;
#endif
}

/* The end of the steps from `step` on, up to `end`, whose marks stand in one word. */
WIDE_FUNCTION uint
ring_stretch(constant chx_population_setup *setup, uint step, uint end)
{
#ifdef POPULATION_MARKS
    const uint word_slots = setup->slot_bits > 5 ? 32u : 1u << setup->slot_bits;
    return min((step | (word_slots - 1)) + 1, end);
#else
    return end;
#endif
}

#ifdef POPULATION_MARKS
/* Takes the marks of such steps: a bit for each slot modulo 32 where there is input. */
WIDE_FUNCTION uint
ring_take_marks(constant chx_population_setup *setup, global wide_int *ring, uint block, uint step,
                uint end)
{
    const uint slot = ring_slot(setup, step);
    global uint *word = ring_mark_word(setup, ring, block, slot);
    const uint marks = *word & (~0u >> (32 - (end - step))) << slot % 32;
    *word ^= marks;
    return marks;
}
#endif

#endif
