/* The synapses of a partition, as kernels read them: by group of the target, then by presynaptic
 * neuron, in the network's order.
 *
 * Where there are few kinds (simulation_kinds.c) a synapse is one word; else, and where some learn,
 * it is two, with delay and weight themselves. */
#include "network/simulation_tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crew.h"
#include "base/error.h"

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
    const chx_population_kind kind = chx__simulation_kind_of(tables, synapse, number);
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
