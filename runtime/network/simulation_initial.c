/* The state that a partition begins with: for each neuron that of its type, and 0 in lanes without
 * one. Most networks begin with zeroes, which a new buffer holds anyway, so nothing is made
 * then. */
#include "network/simulation_tables.h"

#include "base/alloc.h"
#include "base/error.h"
#include "network/initial.h"

static bool
is_zero(const chx__simulation_tables *tables, const chx__part_tables *part)
{
    for (uint32_t t = 0; t < tables->info->n_types; t++)
        for (uint32_t i = 0; i < part->model->n_states; i++)
            if (tables->types[t].prepared.initial[i] != 0 || tables->types[t].prepared.is_drawn[i])
                return false;
    return true;
}

chx_status
chx__part_initial_init(chx__part_tables *part, const chx__simulation_tables *tables)
{
    if (is_zero(tables, part))
        return CHX_OK;
    const uint32_t width = tables->width, n_states = part->model->n_states;
    const size_t block_fields = CHX_POPULATION_STATE_HEADER + n_states;
    part->state = chx__alloc(part->setup.n_blocks, block_fields * width * sizeof *part->state);
    if (!part->state)
        return chx__fail_memory("laying out neurons");
    for (uint32_t n = 0; n < part->n_neurons; n++) {
        const chx_neuron *neuron = &tables->info->neurons[part->setup.first_neuron + n];
        const chx__prepared *prepared = &tables->types[neuron->type].prepared;
        float *block = part->state + n / width * block_fields * width;
        for (uint32_t i = 0; i < n_states; i++)
            block[(CHX_POPULATION_STATE_HEADER + i) * width + n % width] =
                chx__initial_draw(prepared, tables->seed, i, part->setup.first_neuron + n);
    }
    return CHX_OK;
}
