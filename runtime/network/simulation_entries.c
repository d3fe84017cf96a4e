/*
 * Entries: which stimuli act on which lanes of a block of neurons (neuron/population.h).
 *
 * A block's entries stand together, first the step currents, then what acts on the synaptic
 * current. Every device and partition sees those of its blocks in the same order, so that float
 * sums of step currents have the same bits.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/simulation_tables.h"

/* The lanes of each block that stimulus k reaches, OR-ed into lanes[n_blocks]. */
static void
mark_lanes(const chx__part_tables *part, const chx__simulation_tables *tables, uint32_t k,
           uint32_t *lanes)
{
    const chx_stimulus *stimulus = &tables->info->stimuli[k];
    memset(lanes, 0, part->setup.n_blocks * sizeof *lanes);
    for (uint32_t i = 0; i < stimulus->n_neurons; i++) {
        uint32_t local = stimulus->neurons[i] - part->setup.first_neuron;
        if (stimulus->neurons[i] >= part->setup.first_neuron && local < part->n_neurons)
            lanes[local / tables->width] |= 1u << local % tables->width;
    }
}

/* Counts an entry, and writes it where there is room already. */
static void
add_entry(chx__part_tables *part, uint32_t *next, uint32_t row, uint32_t lanes)
{
    if (part->entries)
        part->entries[*next] = (chx_population_entry){row, lanes};
    (*next)++;
}

/* The spikes of one step and block are one entry; several of one neuron are as many. */
static void
add_train(chx__part_tables *part, const chx__simulation_tables *tables, uint32_t k, uint32_t *next)
{
    const chx_stimulus *stimulus = &tables->info->stimuli[k];
    uint32_t row = tables->first_row[k], block = 0, lanes = 0, lanes_row = 0;
    for (uint32_t i = 0; i < stimulus->n_spikes; i++) {
        const uint32_t local = stimulus->spikes[i].neuron - part->setup.first_neuron;
        row += i > 0 && stimulus->spikes[i].step != stimulus->spikes[i - 1].step;
        if (local >= part->n_neurons)
            continue;
        const uint32_t lane = 1u << local % tables->width;
        if (lanes && (lanes_row != row || block != local / tables->width || (lanes & lane))) {
            add_entry(part, &next[block * 2 + 1], lanes_row, lanes);
            lanes = 0;
        }
        block = local / tables->width;
        lanes_row = row;
        lanes |= lane;
    }
    if (lanes)
        add_entry(part, &next[block * 2 + 1], lanes_row, lanes);
}

/* lanes[n_blocks] is scratch; next[block][acts on the synaptic current]. */
static void
add_entries(chx__part_tables *part, const chx__simulation_tables *tables, uint32_t *lanes,
            uint32_t *next)
{
    const chx_network_info *info = tables->info;
    for (uint32_t k = 0; k < info->n_stimuli; k++) {
        if (info->stimuli[k].kind == CHX_STIMULUS_SPIKE_TRAIN) {
            add_train(part, tables, k, next);
            continue;
        }
        mark_lanes(part, tables, k, lanes);
        const uint32_t is_poisson = info->stimuli[k].kind == CHX_STIMULUS_POISSON;
        for (uint32_t b = 0; b < part->setup.n_blocks; b++)
            if (lanes[b])
                add_entry(part, &next[b * 2 + is_poisson], tables->first_row[k], lanes[b]);
    }
}

/* Turns the counts of each block's entries into where they begin. */
static chx_status
place_entries(chx__part_tables *part, uint32_t *next)
{
    for (uint32_t b = 0; b < part->setup.n_blocks; b++) {
        chx_population_block *block = &part->blocks[b];
        uint32_t n_step = next[b * 2], n_poisson = next[b * 2 + 1];
        if (part->n_entries + n_step + n_poisson > INT32_MAX)
            return chx__fail(CHX_ERROR_LIMIT, "more than 2^31 pairs of stimulus and neuron block;"
                                              " use fewer stimuli");
        next[b * 2] = block->first_step_entry = (uint32_t)part->n_entries;
        next[b * 2 + 1] = block->first_poisson_entry = block->first_step_entry + n_step;
        block->end_entry = block->first_poisson_entry + n_poisson;
        part->n_entries = block->end_entry;
        if (n_step + n_poisson > part->max_entries)
            part->max_entries = n_step + n_poisson;
    }
    return CHX_OK;
}

/* Entries of a block: step currents in the network's order, then Poisson stimuli and spike trains.
 * Two passes over the stimuli, the first counts. */
chx_status
chx__part_entries_init(chx__part_tables *part, const chx__simulation_tables *tables)
{
    uint32_t n_blocks = part->setup.n_blocks;
    uint32_t *lanes = chx__alloc(n_blocks, sizeof *lanes);
    uint32_t *next = chx__alloc((size_t)n_blocks * 2, sizeof *next);
    chx_status status = lanes && next ? CHX_OK : chx__fail_memory("laying out stimuli");
    if (!status) {
        add_entries(part, tables, lanes, next);
        status = place_entries(part, next);
    }
    if (!status) {
        part->entries = chx__alloc(part->n_entries, sizeof *part->entries);
        status = part->entries ? CHX_OK : chx__fail_memory("laying out stimuli");
    }
    if (!status)
        add_entries(part, tables, lanes, next);
    free(lanes);
    free(next);
    return status;
}
