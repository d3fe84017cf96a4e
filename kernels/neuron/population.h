/*
 * Layouts that the neuron and synapse kernels share with the host.
 *
 * The neurons of a partition stand in blocks of POPULATION_WIDTH; neuron l of a
 * partition is lane l % POPULATION_WIDTH of block l / POPULATION_WIDTH. The last block is
 * filled up with lanes that never fire.
 *
 *   state     float [n_blocks][1 + members of model_state][POPULATION_WIDTH]: as
 *             int, the refractory steps left, then the model's state (model.h)
 *   ring      int [n_slots][n_ports][n_blocks][POPULATION_WIDTH]: synaptic input of step s in
 *             slot s % n_slots, in units of chx_population_setup.unit_pa; n_slots is a
 *             power of two, at least the longest delay. Marks follow, uint
 *             [n_ports][n_blocks][n_slots / 32, at least 1]: with POPULATION_MARKS, a bit for each
 *             slot of a block in which there may be input
 *   rows      float [][2 + members of model_constants][POPULATION_WIDTH]: the
 *             bias (pA), as int the refractory steps, then the model's
 *             constants (model.h); one row for each kind of block
 *   blocks    chx_population_block [n_blocks]
 *   stimuli   chx_population_stimulus [], the network's; a spike train is a row for each
 *             of its steps
 *   entries   chx_population_entry []: which lanes of a block a step current or spike train reaches
 *   tiles     uint [n_tiles + 1]: the first Poisson draw of each tile, which is
 *             CHX_POPULATION_TILE(POPULATION_WIDTH) blocks, and their number
 *   draws     chx_population_draw []: which lanes of a tile a Poisson stimulus reaches
 *   chances   uint []: of Poisson stimuli
 *   lists     uint [3][n_partitions][list_words]: spikes of one batch, lists taking turns:
 *             word 0 counts them, word 1 is the partition's first neuron, words 2 and 3 the batch's
 *             first step and its end, entries begin at CHX_POPULATION_LIST_HEADER. After room for
 *             list_places of them follow, as float [list_places][n_short_term], the efficacies of
 *             the spike's synapses (synapse/short_term.h)
 *   plasticities  chx_population_plasticity [n_short_term + n_learning], short-term ones first
 *   resources float [n_blocks][n_short_term][4][POPULATION_WIDTH]: what synapses with short-term
 *             plasticity remember of their neuron's last spike
 *   posts     uint [n_blocks * POPULATION_WIDTH][1 + post_places * (1 + n_learning)]: spikes of
 *             neurons that their synapses have yet to learn of (synapse/learning.h)
 *   sources   uint [n_groups][n_sources][2 + n_learning]: what synapses remember of their sources
 *   gap_offsets  uint [n_blocks * POPULATION_WIDTH + 1], and gaps, chx_population_gap []: the gap
 *             junctions of neuron l, and then its graded synapses, are gaps[gap_offsets[l] ..
 *             gap_offsets[l + 1])
 *   potentials  float [CHX_POPULATION_TURNS][n_neurons of the network][POPULATION_GAPS]: and
 *             releases, at the end of a step, counted as in state, turns taken by launches, or by
 *             steps where one launch has many
 *   record    uint [n_partitions][record_words]: spikes of a run; word 0 is how many steps of it
 *             there have been, word 1 the step that it began with; from
 *             CHX_POPULATION_LIST_HEADER on, for each of its steps and each block,
 *             a bit set of the neurons that fired, in 16 bits, or 8 where blocks
 *             are narrower
 *   history   chx_history [n_neurons of the network]
 *   samples   float [][n_sampled][members of model_state][POPULATION_WIDTH]: the state at the end
 *             of those steps of a run that are multiples of sample_steps, of the blocks that are
 *             sampled
 *   groups    uint [n_groups + 1]: the first tile of each group, and n_tiles
 *   offsets   uint [n_groups][n_sources + 1]
 *   synapses  uint [] or, without kinds, uint2 []: those of neuron n of the network whose targets
 *             are in group g are synapses[offsets[g][n] .. offsets[g][n + 1])
 *   kinds     chx_population_kind []: the delays and weights that synapses have, where they are
 *             few; where synapses are plastic, a delay has above its delay_bits lowest ones the
 *             number of the plasticity, counted from 1, and 0 for none
 *
 * The neurons of a partition stand in groups of whole tiles. Where devices run work-items one
 * after the other, a work-group delivers to its own group and nobody else does, with plain
 * additions; elsewhere there is one group, and additions are atomic.
 *
 * A spike's entry in a list is (step - first step of the batch) << neuron_bits | l. A synapse is
 * kind << target_bits | target, where the target is neuron l at a port, port * n_blocks *
 * POPULATION_WIDTH + l; without kinds its first word has the delay in place of the kind, and the
 * second is the weight, or, where it learns, as float the share of the plasticity's greatest one.
 *
 * A kernel that failed or was left out may leave anything in state, ring, lists, record and
 * history. So what is read there is bounded before it counts or points at anything; what only the
 * host writes is taken as it is.
 */
#ifndef CHX_KERNELS_POPULATION_H
#define CHX_KERNELS_POPULATION_H

#ifdef __OPENCL_C_VERSION__
typedef uint chx_population_u32;
typedef int chx_population_i32;
typedef float chx_population_f32;
#else
#include <assert.h>
#include <stdint.h>
typedef uint32_t chx_population_u32;
typedef int32_t chx_population_i32;
typedef float chx_population_f32;
#endif

#define CHX_POPULATION_LIST_HEADER 16
#define CHX_SLEEP_STEPS 32u /* in a stretch: their marks stand in a word (neuron/sleep.h) */
#define CHX_POPULATION_TURNS 3 /* of lists and potentials */

/* What precedes the model's in a row and in the state of a block. */
#define CHX_POPULATION_ROW_HEADER 2
#define CHX_POPULATION_STATE_HEADER 1
#define CHX_POPULATION_BIAS 0
#define CHX_POPULATION_REFRACTORY 1

#define CHX_POPULATION_RESOURCES 4 /* synapse/short_term.h */

/* Steps for which a plasticity says what is left of a trace. */
#define CHX_POPULATION_DECAYS 1024

/* Blocks of a tile. */
#define CHX_POPULATION_TILE(width) ((width) == 4 ? 1u : 4u)
#define CHX_POPULATION_MAX_TILE 4

/* Constants of a partition. */
typedef struct chx_population_setup {
    chx_population_u32 n_blocks;
    chx_population_u32 first_neuron; /* of the partition, in the network */
    chx_population_u32 slot_bits; /* n_slots = 1 << slot_bits */
    chx_population_u32 neuron_bits; /* of a spike's entry, the same for all partitions */
    chx_population_u32 target_bits; /* of a synapse */
    chx_population_u32 flush_mask; /* state is tidied in steps with (step & flush_mask) == 0 */
    chx_population_u32 n_partitions;
    chx_population_u32 partition; /* this one's index */
    chx_population_u32 list_words;
    chx_population_u32 list_places; /* for entries */
    chx_population_u32 record_offset; /* words before the partition's record */
    chx_population_u32 batch_steps; /* steps that no spike crosses */
    chx_population_u32 seed_low;
    chx_population_u32 seed_high;
    chx_population_f32 unit_pa; /* a power of two */
    chx_population_u32
        row_lanes; /* work-items that share the synapses of one spike; a power of two */
    chx_population_u32 n_neurons; /* of the partition */
    chx_population_u32 n_sources; /* neurons of the network, which have offsets */
    chx_population_u32 n_tiles;
    chx_population_u32 ring_blocks; /* n_ports * n_blocks */
    chx_population_u32 n_sampled; /* blocks */
    chx_population_u32 sample_steps;
    chx_population_u32 stretch; /* the first of the neurons in a row that share their model */
    chx_population_u32 n_short_term; /* plasticities; kernels are compiled for these numbers */
    chx_population_u32 n_learning;
    chx_population_u32 post_places; /* a power of two */
    chx_population_u32 sweep_steps; /* sweeps come when as many steps have passed */
    chx_population_u32 delay_bits; /* of a delay, below the number of its plasticity */
    chx_population_u32 n_alike_rows; /* the first rows, which are the same in all lanes */
} chx_population_setup;

/* Of a synapse. */
typedef struct chx_population_kind {
    chx_population_u32 delay; /* in steps, and the plasticity */
    chx_population_i32 weight; /* in units of unit_pa */
} chx_population_kind;

/* Rates are for a time step. */
typedef struct chx_population_plasticity {
    chx_population_f32 utilization; /* of short-term plasticity */
    chx_population_f32 recovery;
    chx_population_f32 facilitation;
    chx_population_f32 potentiation; /* of learning */
    chx_population_f32 potentiation_rate;
    chx_population_f32 potentiation_exponent;
    chx_population_f32 depression;
    chx_population_f32 depression_rate;
    chx_population_f32 depression_exponent;
    chx_population_f32 max_weight; /* in units of unit_pa, with its sign */
    chx_population_u32 is_nearest;
    chx_population_f32 potentiation_decays[CHX_POPULATION_DECAYS]; /* what is left after steps */
    chx_population_f32 depression_decays[CHX_POPULATION_DECAYS];
} chx_population_plasticity;

/* One side of a gap junction, or a graded synapse. */
typedef struct chx_population_gap {
    chx_population_u32 other; /* place of what it depends on in a turn of potentials */
    chx_population_f32 conductance_ns;
    chx_population_f32 offset_mv; /* how far the other potential counts from above the own; or the
                                     reversal potential, counted as the own */
} chx_population_gap;

typedef struct chx_population_block {
    chx_population_u32 row;
    chx_population_u32 first_step_entry; /* entries of step currents ... */
    chx_population_u32 first_train_entry; /* ... end where those of spike trains begin */
    chx_population_u32 end_entry;
    chx_population_u32 sample; /* its place among those sampled; n_sampled where it is not */
} chx_population_block;

typedef struct chx_population_stimulus {
    chx_population_u32 start_step; /* acts in steps start_step <= s < stop_step */
    chx_population_u32 stop_step;
    chx_population_f32 current_pa; /* step current */
    chx_population_i32 weight; /* else: what an event adds to the ring */
    chx_population_u32 first_chance; /* Poisson: there are as many events in a step as ... */
    chx_population_u32 end_chance; /* ... chances above a draw */
    chx_population_u32 index; /* in the network */
    chx_population_u32 port; /* that events arrive at, if the neuron has so many */
} chx_population_stimulus;

typedef struct chx_population_entry {
    chx_population_u32 stimulus;
    chx_population_u32 lanes; /* bit set */
} chx_population_entry;

typedef struct chx_population_draw {
    chx_population_u32 stimulus;
    chx_population_u32 lanes[CHX_POPULATION_MAX_TILE]; /* bit sets, one for each block */
} chx_population_draw;

#ifndef __OPENCL_C_VERSION__
static_assert(sizeof(chx_population_setup) == 116, "the device reads 116 bytes");
static_assert(sizeof(chx_population_draw) == 20, "the device reads 20 bytes");
static_assert(sizeof(chx_population_kind) == 8, "the device reads 8 bytes");
static_assert(sizeof(chx_population_plasticity) == 44 + 8 * CHX_POPULATION_DECAYS,
              "the device reads records without gaps");
static_assert(sizeof(chx_population_gap) == 12, "the device reads 12 bytes");
static_assert(sizeof(chx_population_block) == 20, "the device reads 20 bytes");
static_assert(sizeof(chx_population_stimulus) == 32, "the device reads 32 bytes");
static_assert(sizeof(chx_population_entry) == 8, "the device reads 8 bytes");
#endif

#endif
