/* What all makers of tables share: times in steps, weights in units. Both become integers here,
 * once, so that host and device never round apart. */
#include "network/simulation_tables.h"

#include <math.h>
#include <stdlib.h>

#include "network/graded.h"

uint32_t
chx__time_steps(const chx_network_info *info, double time_ms)
{
    double steps = floor(time_ms / info->time_step_ms + 0.5);
    if (!(steps > 0))
        return 0;
    return steps < (double)UINT32_MAX ? (uint32_t)steps : UINT32_MAX;
}

uint32_t
chx__simulation_batch_steps(const chx_network_info *info, uint32_t max_steps)
{
    if (chx__is_coupled(info))
        return 1;
    const uint32_t shortest =
        info->n_synapses > 0 ? chx__time_steps(info, info->min_delay_ms) : UINT32_MAX;
    return shortest < max_steps ? shortest : max_steps;
}

void
chx__simulation_tables_finish(chx__simulation_tables *tables)
{
    chx__simulation_drafts_finish(tables);
    free(tables->types);
    free(tables->neurons);
    free(tables->stimuli);
    free(tables->first_row);
    free(tables->n_inputs);
    free(tables->chances);
    free(tables->first_chance);
    free(tables->kinds);
    free(tables->kind_keys);
    free(tables->kind_slots);
    free(tables->plasticities);
    chx__plasticity_map_finish(&tables->plasticity_map);
    chx__port_map_finish(&tables->port_map);
    *tables = (chx__simulation_tables){0};
}

uint64_t
chx__simulation_max_spikes(const chx__simulation_tables *tables, uint32_t partition,
                           uint32_t n_steps)
{
    uint64_t sum = 0;
    for (uint32_t n = tables->first_neuron[partition]; n < tables->first_neuron[partition + 1];
         n++) {
        uint64_t period = (uint64_t)chx__simulation_refractory(tables, n) + 1;
        sum += (n_steps + period - 1) / period;
    }
    return sum;
}

void
chx__part_tables_finish(chx__part_tables *part)
{
    free(part->state);
    free(part->rows);
    free(part->blocks);
    free(part->entries);
    free(part->tiles);
    free(part->draws);
    free(part->gap_offsets);
    free(part->gaps);
    free(part->groups);
    free(part->offsets);
    free(part->synapses);
    *part = (chx__part_tables){0};
}

void
chx__simulation_drafts_finish(chx__simulation_tables *tables)
{
    for (uint32_t p = 0; tables->drafts && p < tables->n_partitions; p++)
        chx__part_tables_finish(&tables->drafts[p]);
    free(tables->drafts);
    tables->drafts = NULL;
}
