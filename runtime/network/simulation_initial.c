/* The state that a partition begins with: for each neuron its own or that of its type, and 0 in
 * lanes without one. Most networks begin with zeroes, which a new buffer holds anyway, so nothing
 * is made then. */
#include "network/simulation_tables.h"

#include "base/alloc.h"
#include "base/error.h"

static bool
is_zero(const chx__simulation_tables *tables, const chx__part_tables *part)
{
    if (tables->info->n_initial > 0)
        return false;
    for (uint32_t n = 0; n < part->n_neurons && tables->neurons; n++) {
        chx__prepared room;
        const chx__prepared *prepared =
            chx__simulation_prepared(tables, part->setup.first_neuron + n, &room);
        for (uint32_t i = 0; i < part->model->n_states; i++)
            if (prepared->initial[i] != 0)
                return false;
    }
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
        const uint32_t neuron = part->setup.first_neuron + n;
        chx__prepared room;
        const chx__prepared *prepared = chx__simulation_prepared(tables, neuron, &room);
        float *block = part->state + n / width * block_fields * width;
        for (uint32_t i = 0; i < n_states; i++)
            block[(CHX_POPULATION_STATE_HEADER + i) * width + n % width] =
                chx__simulation_begin(tables, prepared, part->model->states[i], i, neuron);
    }
    return CHX_OK;
}
