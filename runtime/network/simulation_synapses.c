/* The synapses of a partition, as kernels read them: by group of the target, then by presynaptic
 * neuron, in the network's order.
 *
 * Most networks have few pairs of delay and weight: such as say how many contacts there are, or one
 * for each kind of cell. Then a synapse is one word, with the pair's number in a table of kinds.
 * Else it is two, with delay and weight themselves.
 *
 * Groups have about equal work, as partitions do; see simulation_cut.c. */
#include "network/simulation_tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

/* Kinds are read at random and should stay in a processor's cache. */
#define MAX_KIND_BITS 14
#define KIND_SLOTS (1u << (MAX_KIND_BITS + 1)) /* of the hash table, at most half full */

/* Of one partition: kernels step through a row with 32-bit indices, by as many as there are
 * work-items on it, and must not wrap around at its end. */
#define MAX_SYNAPSES (UINT32_MAX - 65536)

static chx_population_kind
kind_of(const chx__simulation_tables *tables, const chx_synapse *synapse)
{
    return (chx_population_kind){chx__delay_steps(synapse->delay_ms, tables->info->time_step_ms),
                                 chx__fixed_point(tables, synapse->weight_pa)};
}

/* The hash table's entry of a kind, or the free one where it belongs. */
static uint32_t *
find_kind(const chx__simulation_tables *tables, chx_population_kind kind)
{
    const uint64_t word = (uint64_t)kind.delay << 32 | (uint32_t)kind.weight;
    uint32_t slot = (uint32_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> 40);
    for (;; slot++) {
        uint32_t *entry = &tables->kind_slots[slot % KIND_SLOTS];
        const chx_population_kind *there = &tables->kinds[*entry ? *entry - 1 : 0];
        if (!*entry || (there->delay == kind.delay && there->weight == kind.weight))
            return entry;
    }
}

/* Collects the kinds, or none when they are too many. */
static void
collect(chx__simulation_tables *tables, uint32_t max_kinds)
{
    const chx_network_info *info = tables->info;
    for (uint64_t s = 0; s < info->n_synapses; s++) {
        const chx_population_kind kind = kind_of(tables, &info->synapses[s]);
        uint32_t *entry = find_kind(tables, kind);
        if (*entry)
            continue;
        if (tables->n_kinds == max_kinds) {
            tables->n_kinds = 0;
            return;
        }
        tables->kinds[tables->n_kinds++] = kind;
        *entry = tables->n_kinds;
    }
}

chx_status
chx__simulation_kinds_init(chx__simulation_tables *tables)
{
    const uint32_t spare_bits = 32 - tables->target_bits;
    const uint32_t max_kinds = 1u << (spare_bits < MAX_KIND_BITS ? spare_bits : MAX_KIND_BITS);
    tables->kind_slots = chx__alloc(KIND_SLOTS, sizeof *tables->kind_slots);
    tables->kinds = chx__alloc(max_kinds, sizeof *tables->kinds);
    if (!tables->kind_slots || !tables->kinds)
        return chx__fail_memory("listing the kinds of synapses");
    collect(tables, max_kinds);
    return CHX_OK;
}

static uint32_t
tile_neurons(const chx__simulation_tables *tables)
{
    return CHX_POPULATION_TILE(tables->width) * tables->width;
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

static chx_status
make_groups(chx__part_tables *part, const chx__simulation_tables *tables)
{
    const chx_network_info *info = tables->info;
    const uint32_t n_tiles = part->setup.n_tiles, tile = tile_neurons(tables);
    part->n_groups = tables->n_groups < n_tiles ? tables->n_groups : n_tiles;
    part->groups = chx__alloc((size_t)part->n_groups + 1, sizeof *part->groups);
    uint64_t *cost = chx__alloc(n_tiles, sizeof *cost);
    if (!part->groups || !cost) {
        free(cost);
        return chx__fail_memory("laying out synapses");
    }
    for (uint32_t t = 0; t < n_tiles; t++)
        cost[t] = (uint64_t)CHX__NEURON_COST * tile;
    for (uint64_t s = 0; s < info->n_synapses; s++) {
        const uint32_t target = info->synapses[s].post - part->setup.first_neuron;
        if (target < part->n_neurons)
            cost[target / tile]++;
    }
    cut_groups(part, cost);
    free(cost);
    return CHX_OK;
}

/* The offsets of all groups, which follow each other, from how many synapses each row has. */
static chx_status
make_offsets(chx__part_tables *part, const chx__simulation_tables *tables, const uint32_t *group_of)
{
    const chx_network_info *info = tables->info;
    const size_t row_size = (size_t)info->n_neurons + 1, size = part->n_groups * row_size;
    const uint32_t tile = tile_neurons(tables);
    part->offsets = chx__alloc(size, sizeof *part->offsets);
    if (!part->offsets)
        return chx__fail_memory("laying out synapses");
    uint64_t count = 0;
    for (uint64_t s = 0; s < info->n_synapses; s++) {
        const uint32_t target = info->synapses[s].post - part->setup.first_neuron;
        if (target >= part->n_neurons)
            continue;
        part->offsets[group_of[target / tile] * row_size + info->synapses[s].pre + 1]++;
        count++;
    }
    if (count > MAX_SYNAPSES)
        return chx__fail(CHX_ERROR_LIMIT,
                         "%" PRIu64 " synapses in one partition; use more partitions", count);
    for (size_t i = 1; i < size; i++)
        part->offsets[i] += part->offsets[i - 1];
    part->n_synapses = count;
    return CHX_OK;
}

static void
write_synapse(const chx__part_tables *part, const chx__simulation_tables *tables,
              const chx_synapse *synapse, size_t place)
{
    const uint32_t port = chx__model_port(part->model, synapse->weight_pa);
    const uint32_t target =
        port * part->setup.n_blocks * tables->width + synapse->post - part->setup.first_neuron;
    const uint32_t bits = part->setup.target_bits;
    const chx_population_kind kind = kind_of(tables, synapse);
    if (tables->n_kinds > 0) {
        part->synapses[place] = (*find_kind(tables, kind) - 1) << bits | target;
        return;
    }
    part->synapses[2 * place] = kind.delay << bits | target;
    memcpy(&part->synapses[2 * place + 1], &kind.weight, sizeof kind.weight);
}

/* The network's synapses are ordered by presynaptic neuron, so each group fills up in order. */
static chx_status
fill_synapses(chx__part_tables *part, const chx__simulation_tables *tables,
              const uint32_t *group_of)
{
    const chx_network_info *info = tables->info;
    const uint32_t tile = tile_neurons(tables);
    uint32_t *next = chx__alloc(part->n_groups, sizeof *next);
    part->synapses = chx__alloc(part->n_synapses, chx__synapse_bytes(tables));
    if (!next || !part->synapses) {
        free(next);
        return chx__fail_memory("laying out synapses");
    }
    for (uint32_t g = 0; g < part->n_groups; g++)
        next[g] = part->offsets[g * ((size_t)info->n_neurons + 1)];
    for (uint64_t s = 0; s < info->n_synapses; s++) {
        const uint32_t target = info->synapses[s].post - part->setup.first_neuron;
        if (target < part->n_neurons)
            write_synapse(part, tables, &info->synapses[s], next[group_of[target / tile]]++);
    }
    free(next);
    return CHX_OK;
}

chx_status
chx__part_synapses_init(chx__part_tables *part, const chx__simulation_tables *tables)
{
    chx_status status = make_groups(part, tables);
    if (status)
        return status;
    uint32_t *group_of = chx__alloc(part->setup.n_tiles, sizeof *group_of);
    if (!group_of)
        return chx__fail_memory("laying out synapses");
    for (uint32_t g = 0; g < part->n_groups; g++)
        for (uint32_t t = part->groups[g]; t < part->groups[g + 1]; t++)
            group_of[t] = g;
    status = make_offsets(part, tables, group_of);
    if (!status)
        status = fill_synapses(part, tables, group_of);
    free(group_of);
    return status;
}
