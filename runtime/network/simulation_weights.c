/* Reading back what synapses have learnt. */
#include "network/simulation_copies.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static void
take_weights(const chx_simulation *simulation, const chx__simulation_part *part,
             chx__synapse_walk *walk, const uint32_t *words, float *weights_pa)
{
    for (uint64_t s = 0; s < simulation->info->n_synapses; s++) {
        const size_t place = chx__synapse_walk_to(walk, simulation, part, s);
        if (place == SIZE_MAX || !chx__synapse_learns(simulation, s))
            continue;
        uint32_t number;
        const chx_plasticity *plasticity = chx__simulation_plasticity(
            &simulation->tables, &simulation->info->synapses[s], &number);
        float share;
        memcpy(&share, &words[2 * place + 1], sizeof share);
        weights_pa[s] = share * (float)plasticity->weight_max;
    }
}

chx_status
chx_simulation_weights(chx_simulation *simulation, float *weights_pa)
{
    CHX__REQUIRE(simulation && weights_pa && !simulation->playback.recording);
    if (!chx_network_get(simulation->network))
        return chx__fail_memory("listing synapses");
    for (uint64_t s = 0; s < simulation->info->n_synapses; s++)
        weights_pa[s] = simulation->info->synapses[s].weight_pa;
    if (simulation->tables.n_learning == 0)
        return CHX_OK;
    chx_status status = chx__simulation_settle(simulation);
    for (uint32_t p = 0; p < simulation->tables.n_partitions && !status; p++) {
        const chx__simulation_part *part = &simulation->parts[p];
        chx__synapse_walk walk;
        uint32_t *words = NULL;
        status = chx__synapse_walk_begin(&walk, part);
        if (!status)
            status = chx__simulation_read(part->synapses, &words);
        if (!status)
            take_weights(simulation, part, &walk, words, weights_pa);
        chx__synapse_walk_finish(&walk);
        free(words);
    }
    return status;
}
