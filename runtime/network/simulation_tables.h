/* The tables that the neuron kernels read, made from a network.
 *
 * chx__simulation_tables holds what all partitions share and is small; chx__part_tables holds one
 * partition's arrays and is meant to be copied into buffers and released. Pure C: nothing here
 * touches a device.
 *
 * Times become whole steps by rounding to the nearest, halves up. Weights become integers in
 * units of 2^-unit_exponent pA; the exponent is the largest, at most 40, with which the weights
 * of all synapses, Poisson stimuli and spike trains of any one neuron add up to less than 2^31 in
 * magnitude. */
#ifndef CHX_NETWORK_SIMULATION_TABLES_H
#define CHX_NETWORK_SIMULATION_TABLES_H

#include "base/log.h"
#include "network/model.h"
#include "network/plasticity.h"
#include "network/port.h"
#include "network/rules.h"
#include "neuron/population.h"

#define CHX__MAX_PARTITIONS 64

/* Work of advancing one neuron, in synapses of its own: balances partitions and groups. */
#define CHX__NEURON_COST 400

/* Of one partition: kernels step through a row with 32-bit indices, by as many as there are
 * work-items on it, and must not wrap around at its end. */
#define CHX__PART_MAX_SYNAPSES (UINT32_MAX - 65536)

/* What the neurons of one type get. */
typedef struct chx__type_row {
    const chx__model *model; /* whose kernel simulates it */
    chx__prepared prepared;
    uint32_t refractory_steps;
} chx__type_row;

/* What a neuron gets in place of what its type does; the rest is prepared when it is needed. */
typedef struct chx__neuron_row {
    double origin_mv;
    uint32_t refractory_steps;
} chx__neuron_row;

typedef struct chx__simulation_tables {
    const chx_network_info *info; /* borrowed */
    chx__rules *rules; /* that synapses are drawn from (simulation_draft.c); NULL: from the list */
    struct chx__part_tables *drafts; /* of each partition, with them; NULL without rules */
    uint32_t width; /* neurons per block */
    uint32_t n_partitions;
    uint32_t first_neuron[CHX__MAX_PARTITIONS + 1]; /* of each partition; the end follows */
    const chx__model *models[CHX__MAX_PARTITIONS]; /* of all neurons of each partition */
    uint32_t batch_steps;
    uint32_t slot_bits;
    uint32_t neuron_bits;
    uint32_t target_bits;
    uint32_t flush_mask;
    uint32_t max_delay_steps;
    int unit_exponent;
    double units_per_pa; /* 2^unit_exponent */
    double faintest_pa; /* of the weights of synapses in magnitude, but for 0 */
    double loudest_pa; /* the most that can reach a neuron in a step ... */
    uint32_t loudest; /* ... and that neuron */
    uint64_t seed;
    chx__type_row *types;
    chx__neuron_row *neurons; /* NULL where none has parameters of its own */
    bool is_pair; /* neurons of lif have the kernel with two currents */
    chx_population_stimulus
        *stimuli; /* in the network's order, one for each step of a spike train */
    uint32_t *chances; /* of Poisson stimuli (neuron/population.h) ... */
    uint32_t *first_chance; /* ... of each stimulus of the network; the end follows */
    uint32_t *first_row; /* of each stimulus of the network in those; the end follows */
    uint32_t max_row; /* most synapses of one neuron */
    uint32_t *n_inputs; /* synapses onto each neuron */
    float longest_delay_ms; /* of synapses */
    uint32_t n_groups; /* of each partition, at most */
    chx_population_kind *kinds; /* of synapses; none where they are too many */
    uint32_t n_kinds;
    struct chx__kind_key *kind_keys; /* and a hash table of those; see simulation_synapses.c */
    uint32_t *kind_slots;
    uint32_t delay_bits;
    chx__plasticity_map plasticity_map;
    chx__port_map port_map;
    chx_population_plasticity *plasticities; /* the network's in kernels' order; NULL without */
    uint32_t plasticity_number[CHX_MAX_PLASTICITIES]; /* counted from 1 in that order */
    uint32_t n_short_term, n_learning;
    uint32_t post_places, sweep_steps; /* of those that learn; see synapse/learning.h */
    uint32_t return_spikes; /* of a target while the first of them gets back, at most */
} chx__simulation_tables;

typedef struct chx__part_tables {
    chx_population_setup setup; /* list, record and row_lanes are left to the caller */
    const chx__model *model;
    uint32_t n_neurons;
    float *state; /* that it begins with; NULL when all of it is 0 */
    float *rows;
    size_t n_rows;
    chx_population_block *blocks;
    chx_population_entry *entries;
    size_t n_entries;
    uint32_t *tiles; /* setup.n_tiles + 1 */
    chx_population_draw *draws;
    size_t n_draws;
    uint32_t *gap_offsets; /* n_blocks * width + 1, and gaps; NULL without */
    chx_population_gap *gaps;
    size_t n_gaps;
    uint32_t step_iterations; /* of loops in a step of a tile, at most */
    uint32_t n_groups;
    uint32_t *groups; /* n_groups + 1 */
    uint32_t *offsets; /* n_neurons of the network + 1, for each group */
    uint32_t *synapses; /* of chx__synapse_bytes() each */
    size_t n_synapses;
} chx__part_tables;

typedef struct chx__simulation_tables_params {
    chx__rules *rules; /* borrowed; NULL where synapses are listed */
    uint32_t width; /* 4, 8 or 16 */
    uint32_t n_partitions; /* 1 .. CHX__MAX_PARTITIONS; fewer are made of a small network,
                              more of one whose neurons change their model more often */
    uint32_t n_groups; /* at least 1; a small partition has fewer */
    uint32_t max_batch_steps; /* at least 1 */
    uint32_t sweep_spikes; /* of a neuron between sweeps, where synapses learn; at least 1 */
    uint64_t seed;
} chx__simulation_tables_params;

/* Errors: LIMIT when delays or counts are beyond what the kernels can address, MEMORY. The
 * network is borrowed. */
chx_status chx__simulation_tables_init(chx__simulation_tables *tables, const chx_network_info *info,
                                       const chx__simulation_tables_params *params);
void chx__simulation_tables_finish(chx__simulation_tables *tables);

/* Makes the arrays of one partition. Errors: LIMIT, MEMORY. */
chx_status chx__part_tables_init(chx__part_tables *part, const chx__simulation_tables *tables,
                                 uint32_t partition);
void chx__part_tables_finish(chx__part_tables *part);

/* Whether a neuron has parameters of its own. */
bool chx__simulation_is_own(const chx__simulation_tables *tables, uint32_t neuron);

/* What the kernels get for a neuron: its type's, or prepared in *room. */
const chx__prepared *chx__simulation_prepared(const chx__simulation_tables *tables, uint32_t neuron,
                                              chx__prepared *room);

/* What a state of a neuron begins as, counted from its origin. */
float chx__simulation_begin(const chx__simulation_tables *tables, const chx__prepared *prepared,
                            const char *state, uint32_t index, uint32_t neuron);

/* Counts synapses onto neurons, and finds the longest delay and row and the faintest weight
 * (simulation_survey.c). *sum_pa
 * is the caller's to free: what synapses onto each neuron deliver at most, if all do at once.
 * Errors: MEMORY. */
chx_status chx__simulation_survey(chx__simulation_tables *tables, double **sum_pa);

/* The same but for counts onto neurons that are only expected, from the rules, and no sums. Errors:
 * MEMORY. */
chx_status chx__simulation_expect(chx__simulation_tables *tables);

/* Draws the rows of all partitions, with weights in pA, from rules. Errors: LIMIT, MEMORY. */
chx_status chx__simulation_drafts_init(chx__simulation_tables *tables);
void chx__simulation_drafts_finish(chx__simulation_tables *tables);

/* Takes a partition's rows over, with weights in units. */
void chx__part_take_draft(chx__part_tables *part, const chx__simulation_tables *tables);

/* Fills in a partition's setup (simulation_groups.c). */
void chx__part_begin(chx__part_tables *part, const chx__simulation_tables *tables,
                     uint32_t partition);

/* Begins its groups of tiles. Errors: MEMORY. */
chx_status chx__part_groups_init(chx__part_tables *part, const chx__simulation_tables *tables);

/* The group of each tile, for the caller to free; NULL when memory is out. */
uint32_t *chx__part_group_of(const chx__part_tables *part);

/* Says in a line each which synapses and which stimuli have weights that are 0 in units. Errors:
 * MEMORY. */
chx_status chx__simulation_remark_on_faint(const chx__simulation_tables *tables,
                                           const chx__logger *logger);

/* Prepares the types, and the neurons with parameters of their own (simulation_types.c). Errors:
 * FORMAT, MEMORY. */
chx_status chx__simulation_types_init(chx__simulation_tables *tables);

/* Cuts the neurons into about n_partitions partitions (simulation_cut.c). Errors: LIMIT, MEMORY. */
chx_status chx__simulation_cut(chx__simulation_tables *tables, uint32_t n_partitions);

/* The first of the neurons in a row that share their model, up to a partition's. */
uint32_t chx__simulation_stretch(const chx__simulation_tables *tables, uint32_t partition);

/* Makes the chances of Poisson stimuli (simulation_chances.c). Errors: LIMIT, MEMORY. */
chx_status chx__simulation_chances_init(chx__simulation_tables *tables);

/* Fills in the entries and draws of the stimuli (simulation_entries.c). Errors: LIMIT, MEMORY. */
chx_status chx__part_entries_init(chx__part_tables *part, const chx__simulation_tables *tables);

/* Makes the gap junctions of a partition's neurons (simulation_gaps.c). Errors: LIMIT, MEMORY. */
chx_status chx__part_gaps_init(chx__part_tables *part, const chx__simulation_tables *tables);

/* What neurons told before step 0 (synapse/gap.h): CHX_POPULATION_TURNS times, for the
 * caller to free. Errors: MEMORY. */
chx_status chx__simulation_first_potentials(const chx__simulation_tables *tables,
                                            float **potentials);

/* Steps that no spike and no gap junction crosses, at most max_steps. */
uint32_t chx__simulation_batch_steps(const chx_network_info *info, uint32_t max_steps);

/* Makes the state that a partition begins with (simulation_initial.c). Errors: MEMORY. */
chx_status chx__part_initial_init(chx__part_tables *part, const chx__simulation_tables *tables);

/* Makes the rows of plasticities (simulation_plasticity.c). Errors: MEMORY. */
chx_status chx__simulation_plasticities_init(chx__simulation_tables *tables, uint32_t sweep_spikes);

/* The plasticity of a synapse, NULL without, and its number in kernels' order, or 0. */
const chx_plasticity *chx__simulation_plasticity(const chx__simulation_tables *tables,
                                                 const chx_synapse *synapse, uint32_t *number);

/* Collects the kinds of synapses (simulation_kinds.c). Those of rules are collected before weights
 * have a unit, and get their weights in units later. Errors: MEMORY. */
chx_status chx__simulation_kinds_init(chx__simulation_tables *tables);
void chx__simulation_kinds_weigh(chx__simulation_tables *tables);

/* What a synapse of a plasticity, numbered as kernels do, does: as its kind has it, or itself. */
chx_population_kind chx__simulation_kind_of(const chx__simulation_tables *tables,
                                            const chx_synapse *synapse, uint32_t plasticity);

/* The number of a synapse's kind, and the weight in pA of a kind. */
uint32_t chx__simulation_kind(const chx__simulation_tables *tables, const chx_synapse *synapse);
float chx__simulation_kind_pa(const chx__simulation_tables *tables, uint32_t kind);

/* Makes the groups and synapses of a partition (simulation_synapses.c). Errors: LIMIT, MEMORY. */
chx_status chx__part_synapses_init(chx__part_tables *part, const chx__simulation_tables *tables);

/* What a neuron's potential is counted from. */
static inline double
chx__simulation_origin_mv(const chx__simulation_tables *tables, uint32_t neuron)
{
    return tables->neurons ? tables->neurons[neuron].origin_mv
                           : tables->types[tables->info->neurons[neuron].type].prepared.origin_mv;
}

static inline uint32_t
chx__simulation_refractory(const chx__simulation_tables *tables, uint32_t neuron)
{
    return tables->neurons ? tables->neurons[neuron].refractory_steps
                           : tables->types[tables->info->neurons[neuron].type].refractory_steps;
}

/* How many floats a neuron tells others in a step: its potential, and what it releases. */
static inline uint32_t
chx__simulation_n_told(const chx__simulation_tables *tables)
{
    return tables->info->n_graded > 0 ? 2 : 1;
}

/* The neurons of a tile, a power of two. */
static inline uint32_t
chx__simulation_tile(const chx__simulation_tables *tables)
{
    return CHX_POPULATION_TILE(tables->width) * tables->width;
}

/* Where a source's row in a group begins; the next place is its end. */
static inline uint32_t *
chx__part_row(const chx__part_tables *part, uint32_t group, uint32_t pre)
{
    return &part->offsets[group * ((size_t)part->setup.n_sources + 1) + pre];
}

/* What a synapse takes on a device. */
static inline size_t
chx__synapse_bytes(const chx__simulation_tables *tables)
{
    return (tables->n_kinds > 0 ? 1 : 2) * sizeof(uint32_t);
}

/* The most spikes that a partition's neurons can fire in n_steps steps. */
uint64_t chx__simulation_max_spikes(const chx__simulation_tables *tables, uint32_t partition,
                                    uint32_t n_steps);

/* A time in whole steps, UINT32_MAX when it is longer than that. */
uint32_t chx__time_steps(const chx_network_info *info, double time_ms);

/* A weight in units of the tables', rounded to the nearest, halves away from 0. */
static inline int32_t
chx__fixed_point(const chx__simulation_tables *tables, double current_pa)
{
    const double units = current_pa * tables->units_per_pa;
    return (int32_t)(units < 0 ? units - 0.5 : units + 0.5);
}

#endif
