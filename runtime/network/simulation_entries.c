/*
 * Which stimuli act on which lanes (neuron/population.h): entries of a block of neurons for step
 * currents and spike trains, draws of a tile for Poisson stimuli.
 *
 * A block's entries stand together, first the step currents, then the spike trains. Every device
 * and partition sees those of its blocks in the network's order, so that float sums of step
 * currents have the same bits. All are made in two passes over the stimuli, the first of which
 * counts.
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

/* The draws of the tiles that a stimulus reaches; next[n_tiles]. */
static void
add_draws(chx__part_tables *part, const chx__simulation_tables *tables, uint32_t k,
          const uint32_t *lanes, uint32_t *next)
{
    const uint32_t n_blocks = part->setup.n_blocks, size = CHX_POPULATION_TILE(tables->width);
    for (uint32_t first = 0; first < n_blocks; first += size) {
        chx_population_draw draw = {.stimulus = tables->first_row[k]};
        bool reaches = false;
        for (uint32_t b = first; b < first + size && b < n_blocks; b++) {
            draw.lanes[b - first] = lanes[b];
            reaches = reaches || lanes[b];
        }
        if (!reaches)
            continue;
        if (part->draws)
            part->draws[next[first / size]] = draw;
        next[first / size]++;
    }
}

/* What is needed while stimuli are laid out. */
typedef struct layout {
    uint32_t *lanes; /* [n_blocks], scratch */
    uint32_t *next; /* [n_blocks][is a spike train]: entries so far */
    uint32_t *next_draw; /* [n_tiles] */
} layout;

static void
add_stimuli(chx__part_tables *part, const chx__simulation_tables *tables, layout *at)
{
    const chx_network_info *info = tables->info;
    for (uint32_t k = 0; k < info->n_stimuli; k++) {
        if (info->stimuli[k].kind == CHX_STIMULUS_SPIKE_TRAIN) {
            add_train(part, tables, k, at->next);
            continue;
        }
        mark_lanes(part, tables, k, at->lanes);
        if (info->stimuli[k].kind == CHX_STIMULUS_POISSON) {
            add_draws(part, tables, k, at->lanes, at->next_draw);
            continue;
        }
        for (uint32_t b = 0; b < part->setup.n_blocks; b++)
            if (at->lanes[b])
                add_entry(part, &at->next[b * 2], tables->first_row[k], at->lanes[b]);
    }
}

/* Turns the counts of each block's entries into where they begin; the most that one has. */
static chx_status
place_entries(chx__part_tables *part, uint32_t *next, uint32_t *max_entries)
{
    for (uint32_t b = 0; b < part->setup.n_blocks; b++) {
        chx_population_block *block = &part->blocks[b];
        uint32_t n_step = next[b * 2], n_train = next[b * 2 + 1];
        if (part->n_entries + n_step + n_train > INT32_MAX)
            return chx__fail(CHX_ERROR_LIMIT, "more than 2^31 pairs of stimulus and neuron block;"
                                              " use fewer stimuli");
        next[b * 2] = block->first_step_entry = (uint32_t)part->n_entries;
        next[b * 2 + 1] = block->first_train_entry = block->first_step_entry + n_step;
        block->end_entry = block->first_train_entry + n_train;
        part->n_entries = block->end_entry;
        if (n_step + n_train > *max_entries)
            *max_entries = n_step + n_train;
    }
    return CHX_OK;
}

/* The same for the draws of each tile. */
static void
place_draws(chx__part_tables *part, uint32_t *next, uint32_t *max_draws)
{
    for (uint32_t t = 0; t < part->setup.n_tiles; t++) {
        const uint32_t n = next[t];
        next[t] = part->tiles[t] = (uint32_t)part->n_draws;
        part->n_draws += n; /* no more than entries of blocks can be */
        if (n > *max_draws)
            *max_draws = n;
    }
    part->tiles[part->setup.n_tiles] = (uint32_t)part->n_draws;
}

static uint32_t
max_chances(const chx__simulation_tables *tables)
{
    uint32_t most = 0;
    for (uint32_t k = 0; k < tables->info->n_stimuli; k++) {
        const uint32_t n = tables->first_chance[k + 1] - tables->first_chance[k];
        most = n > most ? n : most;
    }
    return most;
}

/* Counts, makes room, and bounds the loops of a step of a tile. */
static chx_status
place(chx__part_tables *part, const chx__simulation_tables *tables, layout *at)
{
    enum { rounds = 10 }; /* of a draw */
    uint32_t max_entries = 0, max_draws = 0;
    add_stimuli(part, tables, at);
    chx_status status = place_entries(part, at->next, &max_entries);
    if (status)
        return status;
    place_draws(part, at->next_draw, &max_draws);
    const uint64_t of_blocks =
        (uint64_t)CHX_POPULATION_TILE(tables->width) * (2 + tables->width + max_entries);
    const uint64_t of_draws =
        (uint64_t)max_draws * (1 + rounds + CHX_POPULATION_MAX_TILE * max_chances(tables));
    part->step_iterations =
        of_blocks + of_draws < UINT32_MAX ? (uint32_t)(of_blocks + of_draws) : UINT32_MAX;
    part->entries = chx__alloc(part->n_entries, sizeof *part->entries);
    part->draws = chx__alloc(part->n_draws, sizeof *part->draws);
    return part->entries && part->draws ? CHX_OK : chx__fail_memory("laying out stimuli");
}

chx_status
chx__part_entries_init(chx__part_tables *part, const chx__simulation_tables *tables)
{
    const uint32_t n_blocks = part->setup.n_blocks, n_tiles = part->setup.n_tiles;
    layout at = {chx__alloc(n_blocks, sizeof *at.lanes),
                 chx__alloc((size_t)n_blocks * 2, sizeof *at.next),
                 chx__alloc(n_tiles, sizeof *at.next_draw)};
    part->tiles = chx__alloc((size_t)n_tiles + 1, sizeof *part->tiles);
    chx_status status = at.lanes && at.next && at.next_draw && part->tiles
                            ? place(part, tables, &at)
                            : chx__fail_memory("laying out stimuli");
    if (!status)
        add_stimuli(part, tables, &at);
    free(at.lanes);
    free(at.next);
    free(at.next_draw);
    return status;
}
