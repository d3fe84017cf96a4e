/* The tables that the neuron kernels read, made from a network.
 *
 * chx__lif_tables holds what all partitions share and is small; chx__lif_part holds one
 * partition's arrays and is meant to be copied into buffers and released. Pure C: nothing here
 * touches a device.
 *
 * Times become whole steps by rounding to the nearest, halves up. Weights become integers in
 * units of 2^-unit_exponent pA; the exponent is the largest, at most 40, with which the weights
 * of all synapses, Poisson stimuli and spike trains of any one neuron add up to less than 2^31 in
 * magnitude. */
#ifndef CHX_NETWORK_SIMULATION_TABLES_H
#define CHX_NETWORK_SIMULATION_TABLES_H

#include <chronaxie/network.h>

#include "neuron/lif.h"

#define CHX__MAX_PARTITIONS 64

/* Propagators and thresholds of one type, as the kernels use them. */
typedef struct chx__lif_type {
    float fields[CHX_LIF_ROW_FIELDS]; /* but CHX_LIF_REFRACTORY, which is no float: */
    uint32_t refractory_steps;
} chx__lif_type;

typedef struct chx__lif_tables {
    const chx_network_info *info; /* borrowed */
    uint32_t width; /* neurons per block */
    uint32_t n_partitions;
    uint32_t first_neuron[CHX__MAX_PARTITIONS + 1]; /* of each partition; the end follows */
    uint32_t batch_steps;
    uint32_t slot_bits;
    uint32_t neuron_bits;
    uint32_t flush_mask;
    uint32_t max_delay_steps;
    int unit_exponent;
    uint64_t seed;
    chx__lif_type *types;
    chx_lif_stimulus *stimuli; /* in the network's order, one for each step of a spike train */
    uint32_t *first_row; /* of each stimulus of the network in those; the end follows */
    uint32_t max_row; /* most synapses of one neuron */
} chx__lif_tables;

typedef struct chx__lif_part {
    chx_lif_setup setup; /* list, record and row_lanes are left to the caller */
    uint32_t n_neurons;
    float *rows;
    size_t n_rows;
    chx_lif_block *blocks;
    chx_lif_entry *entries;
    size_t n_entries;
    uint32_t max_entries; /* of one block */
    uint32_t *offsets; /* n_neurons of the network + 1 */
    uint32_t *synapses; /* two words each */
    size_t n_synapses;
} chx__lif_part;

typedef struct chx__lif_tables_params {
    uint32_t width; /* 4, 8 or 16 */
    uint32_t n_partitions; /* 1 .. CHX__MAX_PARTITIONS; fewer are made of a small network */
    uint32_t max_batch_steps; /* at least 1 */
    uint64_t seed;
} chx__lif_tables_params;

/* Errors: LIMIT when delays or counts are beyond what the kernels can address, MEMORY. The
 * network is borrowed. */
chx_status chx__lif_tables_init(chx__lif_tables *tables, const chx_network_info *info,
                                const chx__lif_tables_params *params);
void chx__lif_tables_finish(chx__lif_tables *tables);

/* Makes the arrays of one partition. Errors: LIMIT, MEMORY. */
chx_status chx__lif_part_init(chx__lif_part *part, const chx__lif_tables *tables,
                              uint32_t partition);
void chx__lif_part_finish(chx__lif_part *part);

/* Fills in the entries of the stimuli (simulation_entries.c). Errors: LIMIT, MEMORY. */
chx_status chx__lif_entries_init(chx__lif_part *part, const chx__lif_tables *tables);

/* The most spikes that a partition's neurons can fire in n_steps steps. */
uint64_t chx__lif_max_spikes(const chx__lif_tables *tables, uint32_t partition, uint32_t n_steps);

/* A time in whole steps, UINT32_MAX when it is longer than that. */
uint32_t chx__lif_steps(const chx_network_info *info, double time_ms);

#endif
