/* A partition begins: its setup, and the groups that its neurons are cut into, as many as there are
 * cores worth waking. Groups have about equal work, as partitions do; see simulation_cut.c. */
#include "network/simulation_tables.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

void
chx__part_begin(chx__part_tables *part, const chx__simulation_tables *tables, uint32_t partition)
{
    uint32_t first = tables->first_neuron[partition];
    uint32_t n_neurons = tables->first_neuron[partition + 1] - first;
    *part = (chx__part_tables){.model = tables->models[partition],
                               .n_neurons = n_neurons,
                               .setup = {
                                   .n_blocks = (n_neurons + tables->width - 1) / tables->width,
                                   .first_neuron = first,
                                   .slot_bits = tables->slot_bits,
                                   .neuron_bits = tables->neuron_bits,
                                   .target_bits = tables->target_bits,
                                   .flush_mask = tables->flush_mask,
                                   .n_partitions = tables->n_partitions,
                                   .partition = partition,
                                   .batch_steps = tables->batch_steps,
                                   .seed_low = (uint32_t)tables->seed,
                                   .seed_high = (uint32_t)(tables->seed >> 32),
                                   .unit_pa = (float)ldexp(1, -tables->unit_exponent),
                                   .row_lanes = 1,
                                   .n_neurons = n_neurons,
                                   .n_sources = tables->info->n_neurons,
                                   .stretch = chx__simulation_stretch(tables, partition),
                                   .n_short_term = tables->n_short_term,
                                   .n_learning = tables->n_learning,
                                   .post_places = tables->post_places,
                                   .sweep_steps = tables->sweep_steps,
                                   .delay_bits = tables->delay_bits,
                                   .n_alike_rows = tables->info->n_types,
                               }};
    const uint32_t tile = CHX_POPULATION_TILE(tables->width);
    part->setup.ring_blocks = part->model->n_ports * part->setup.n_blocks;
    part->setup.n_tiles = (part->setup.n_blocks + tile - 1) / tile;
}

/* Begins each group where its share of the work is due. */
static void
cut_groups(chx__part_tables *part, const uint64_t *cost)
{
    const uint32_t n_tiles = part->setup.n_tiles, n_groups = part->n_groups;
    uint64_t total = 0, sum = 0;
    for (uint32_t t = 0; t < n_tiles; t++)
        total += cost[t];
    for (uint32_t t = 0, g = 0; t < n_tiles; t++) {
        const bool is_due = sum >= total / n_groups * g || n_tiles - t == n_groups - g;
        if (g < n_groups && is_due)
            part->groups[g++] = t;
        sum += cost[t];
    }
    part->groups[n_groups] = n_tiles;
}

chx_status
chx__part_groups_init(chx__part_tables *part, const chx__simulation_tables *tables)
{
    const uint32_t n_tiles = part->setup.n_tiles, tile = chx__simulation_tile(tables);
    part->n_groups = tables->n_groups < n_tiles ? tables->n_groups : n_tiles;
    part->groups = chx__alloc((size_t)part->n_groups + 1, sizeof *part->groups);
    uint64_t *cost = chx__alloc(n_tiles, sizeof *cost);
    if (!part->groups || !cost) {
        free(cost);
        return chx__fail_memory("laying out synapses");
    }
    for (uint32_t t = 0; t < n_tiles; t++)
        cost[t] = (uint64_t)CHX__NEURON_COST * tile;
    for (uint32_t n = 0; n < part->n_neurons; n++)
        cost[n / tile] += tables->n_inputs[part->setup.first_neuron + n];
    cut_groups(part, cost);
    free(cost);
    return CHX_OK;
}

uint32_t *
chx__part_group_of(const chx__part_tables *part)
{
    uint32_t *group_of = chx__alloc(part->setup.n_tiles, sizeof *group_of);
    for (uint32_t g = 0; group_of && g < part->n_groups; g++)
        for (uint32_t t = part->groups[g]; t < part->groups[g + 1]; t++)
            group_of[t] = g;
    return group_of;
}
