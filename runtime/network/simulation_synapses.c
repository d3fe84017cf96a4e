/* The synapses of a partition, as kernels read them: by group of the target, then by presynaptic
 * neuron, in the network's order.
 *
 * Most networks have few pairs of delay and weight: such as say how many contacts there are, or one
 * for each kind of cell. Then a synapse is one word, with the pair's number in a table of kinds.
 * Else, and where some learn, it is two, with delay and weight themselves. A plasticity counts as
 * part of the delay.
 *
 * Groups have about equal work, as partitions do; see simulation_cut.c. */
#include "network/simulation_tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crew.h"
#include "base/error.h"

/* Kinds are read at random and should stay in a processor's cache. */
#define MAX_KIND_BITS 14
#define KIND_SLOTS (1u << (MAX_KIND_BITS + 1)) /* of the hash table, at most half full */

/* What a synapse is like, as the network has it: equal keys are of one kind. */
typedef struct chx__kind_key {
    uint64_t numbers; /* delay and weight */
    uint32_t plasticity; /* its number in kernels' order, 0 for none */
} kind_key;

static chx_population_kind
kind_of(const chx__simulation_tables *tables, const chx_synapse *synapse, uint32_t plasticity)
{
    const uint32_t delay = chx__delay_steps(synapse->delay_ms, tables->info->time_step_ms);
    return (chx_population_kind){plasticity << tables->delay_bits | delay,
                                 chx__fixed_point(tables, synapse->weight_pa)};
}

static kind_key
key_of(const chx__simulation_tables *tables, const chx_synapse *synapse)
{
    uint32_t delay, weight;
    memcpy(&delay, &synapse->delay_ms, sizeof delay);
    memcpy(&weight, &synapse->weight_pa, sizeof weight);
    kind_key key = {.numbers = (uint64_t)delay << 32 | weight};
    chx__simulation_plasticity(tables, synapse, &key.plasticity);
    return key;
}

/* The hash table's entry of a key, or the free one where it belongs. */
static uint32_t *
find_kind(const chx__simulation_tables *tables, const kind_key *key)
{
    uint32_t slot =
        (uint32_t)((key->numbers + key->plasticity) * UINT64_C(0x9e3779b97f4a7c15) >> 40);
    for (;; slot++) {
        uint32_t *entry = &tables->kind_slots[slot % KIND_SLOTS];
        if (!*entry)
            return entry;
        const kind_key *own = &tables->kind_keys[*entry - 1];
        if (own->numbers == key->numbers && own->plasticity == key->plasticity)
            return entry;
    }
}

uint32_t
chx__simulation_kind(const chx__simulation_tables *tables, const chx_synapse *synapse)
{
    const kind_key key = key_of(tables, synapse);
    return *find_kind(tables, &key) - 1;
}

float
chx__simulation_kind_pa(const chx__simulation_tables *tables, uint32_t kind)
{
    const uint32_t bits = (uint32_t)tables->kind_keys[kind].numbers;
    float weight_pa;
    memcpy(&weight_pa, &bits, sizeof weight_pa);
    return weight_pa;
}

void
chx__simulation_kinds_weigh(chx__simulation_tables *tables)
{
    for (uint32_t k = 0; k < tables->n_kinds; k++)
        tables->kinds[k].weight = chx__fixed_point(tables, chx__simulation_kind_pa(tables, k));
}

/* Collects the kind of a synapse if it is new. False when that is one too many. */
static bool
collect(chx__simulation_tables *tables, const chx_synapse *synapse, uint32_t max_kinds)
{
    const kind_key key = key_of(tables, synapse);
    uint32_t *entry = find_kind(tables, &key);
    if (*entry)
        return true;
    if (tables->n_kinds == max_kinds)
        return false;
    tables->kind_keys[tables->n_kinds] = key;
    tables->kinds[tables->n_kinds++] = kind_of(tables, synapse, key.plasticity);
    *entry = tables->n_kinds;
    return true;
}

/* Collects the kinds, or none when they are too many. */
static void
collect_all(chx__simulation_tables *tables, uint32_t max_kinds)
{
    const chx_network_info *info = tables->info;
    bool has_room = !tables->rules || !chx__rules_have_values(tables->rules);
    chx_synapse sample;
    for (size_t i = 0; has_room && tables->rules && chx__rules_sample(tables->rules, i, &sample);
         i++)
        has_room = collect(tables, &sample, max_kinds);
    for (uint64_t s = 0; has_room && !tables->rules && s < info->n_synapses; s++)
        has_room = collect(tables, &info->synapses[s], max_kinds);
    if (!has_room)
        tables->n_kinds = 0;
}

chx_status
chx__simulation_kinds_init(chx__simulation_tables *tables)
{
    if (tables->n_learning > 0)
        return CHX_OK;
    const uint32_t spare_bits = 32 - tables->target_bits;
    const uint32_t max_kinds = 1u << (spare_bits < MAX_KIND_BITS ? spare_bits : MAX_KIND_BITS);
    tables->kind_slots = chx__alloc(KIND_SLOTS, sizeof *tables->kind_slots);
    tables->kind_keys = chx__alloc(max_kinds, sizeof *tables->kind_keys);
    tables->kinds = chx__alloc(max_kinds, sizeof *tables->kinds);
    if (!tables->kind_slots || !tables->kind_keys || !tables->kinds)
        return chx__fail_memory("listing the kinds of synapses");
    collect_all(tables, max_kinds);
    return CHX_OK;
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

/* Synapses are counted and written in pieces, by several threads: each has whole rows, as the
 * network's synapses are ordered by presynaptic neuron. */
typedef struct rows_job {
    chx__part_tables *part;
    const chx__simulation_tables *tables;
    const uint32_t *group_of; /* by tile */
    uint32_t tile_bits; /* 2 to this power are the neurons of a tile */
    uint32_t *next; /* [n_pieces][n_groups], scratch */
} rows_job;

#define PIECE_SYNAPSES 65536

/* The first synapse of a piece: that of the first row that begins at or after an even share. */
static uint64_t
piece_begin(const chx_network_info *info, uint32_t piece)
{
    uint64_t s = (uint64_t)piece * PIECE_SYNAPSES;
    while (s > 0 && s < info->n_synapses && info->synapses[s].pre == info->synapses[s - 1].pre)
        s++;
    return s < info->n_synapses ? s : info->n_synapses;
}

/* The group of a synapse's target, or n_groups when that is in another partition. */
static uint32_t
group_of_synapse(const rows_job *job, const chx_synapse *synapse)
{
    const uint32_t target = synapse->post - job->part->setup.first_neuron;
    return target < job->part->n_neurons ? job->group_of[target >> job->tile_bits]
                                         : job->part->n_groups;
}

static void
count_piece(void *data, uint32_t piece)
{
    const rows_job *job = data;
    const chx_network_info *info = job->tables->info;
    const uint64_t end = piece_begin(info, piece + 1);
    for (uint64_t s = piece_begin(info, piece); s < end; s++) {
        const uint32_t group = group_of_synapse(job, &info->synapses[s]);
        if (group < job->part->n_groups)
            chx__part_row(job->part, group, info->synapses[s].pre)[1]++;
    }
}

static void
write_synapse(const chx__part_tables *part, const chx__simulation_tables *tables,
              const chx_synapse *synapse, size_t place)
{
    uint32_t number;
    const chx_plasticity *plasticity = chx__simulation_plasticity(tables, synapse, &number);
    const bool learns = plasticity && plasticity->kind == CHX_PLASTICITY_STDP;
    const uint32_t port =
        chx__port_of(&tables->port_map, tables->info, synapse, part->model,
                     learns ? plasticity->weight_max : (double)synapse->weight_pa);
    const uint32_t target =
        port * part->setup.n_blocks * tables->width + synapse->post - part->setup.first_neuron;
    const uint32_t bits = part->setup.target_bits;
    if (tables->n_kinds > 0) {
        part->synapses[place] = chx__simulation_kind(tables, synapse) << bits | target;
        return;
    }
    const chx_population_kind kind = kind_of(tables, synapse, number);
    part->synapses[2 * place] = kind.delay << bits | target;
    memcpy(&part->synapses[2 * place + 1], &kind.weight, sizeof kind.weight);
    if (learns) {
        const float share = synapse->weight_pa / (float)plasticity->weight_max;
        memcpy(&part->synapses[2 * place + 1], &share, sizeof share);
    }
}

/* Each group fills up in order, from where the piece's first row begins in it. */
static void
write_piece(void *data, uint32_t piece)
{
    const rows_job *job = data;
    const chx_network_info *info = job->tables->info;
    const uint64_t begin = piece_begin(info, piece), end = piece_begin(info, piece + 1);
    uint32_t *next = &job->next[(size_t)piece * job->part->n_groups];
    for (uint32_t g = 0; begin < end && g < job->part->n_groups; g++)
        next[g] = *chx__part_row(job->part, g, info->synapses[begin].pre);
    for (uint64_t s = begin; s < end; s++) {
        const uint32_t group = group_of_synapse(job, &info->synapses[s]);
        if (group < job->part->n_groups)
            write_synapse(job->part, job->tables, &info->synapses[s], next[group]++);
    }
}

/* The offsets of all groups, which follow each other, and the synapses. */
static chx_status
make_rows(rows_job *job)
{
    chx__part_tables *part = job->part;
    const chx_network_info *info = job->tables->info;
    const size_t size = part->n_groups * ((size_t)info->n_neurons + 1);
    const uint32_t n_pieces = (uint32_t)(info->n_synapses / PIECE_SYNAPSES + 1);
    part->offsets = chx__alloc(size, sizeof *part->offsets);
    job->next = chx__alloc((size_t)n_pieces * part->n_groups, sizeof *job->next);
    if (!part->offsets || !job->next)
        return chx__fail_memory("laying out synapses");
    chx__crew_run(n_pieces, count_piece, job);
    for (size_t i = 1; i < size; i++) {
        part->n_synapses += part->offsets[i];
        part->offsets[i] += part->offsets[i - 1];
    }
    if (part->n_synapses > CHX__PART_MAX_SYNAPSES)
        return chx__fail(CHX_ERROR_LIMIT, "%zu synapses in one partition; use more partitions",
                         part->n_synapses);
    part->synapses = chx__alloc(part->n_synapses, chx__synapse_bytes(job->tables));
    if (!part->synapses)
        return chx__fail_memory("laying out synapses");
    chx__crew_run(n_pieces, write_piece, job);
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

chx_status
chx__part_synapses_init(chx__part_tables *part, const chx__simulation_tables *tables)
{
    if (tables->drafts) {
        chx__part_take_draft(part, tables);
        return CHX_OK;
    }
    chx_status status = chx__part_groups_init(part, tables);
    if (status)
        return status;
    uint32_t *group_of = chx__part_group_of(part);
    if (!group_of)
        return chx__fail_memory("laying out synapses");
    rows_job job = {.part = part, .tables = tables, .group_of = group_of};
    while (1u << job.tile_bits < chx__simulation_tile(tables))
        job.tile_bits++;
    status = make_rows(&job);
    free(job.next);
    free(group_of);
    return status;
}
