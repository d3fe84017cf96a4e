/* The tables of a partition.
 *
 * Blocks of one type share a row of parameters, mixed ones have their own; lanes past the end
 * never fire. */
#include "network/simulation_tables.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

/* Fills lane `lane` of a row; without anything prepared it never fires. */
static void
fill_lane(float *row, const chx__model *model, uint32_t width, uint32_t lane,
          const chx__prepared *prepared, uint32_t refractory_steps)
{
    const float *constants = prepared ? prepared->constants : model->idle;
    const int32_t refractory = (int32_t)refractory_steps;
    row += lane;
    row[CHX_POPULATION_BIAS * width] = prepared ? prepared->bias_pa : 0;
    memcpy(&row[CHX_POPULATION_REFRACTORY * width], &refractory, sizeof refractory);
    for (uint32_t c = 0; c < model->n_constants; c++)
        row[(CHX_POPULATION_ROW_HEADER + c) * width] = constants[c];
}

/* The type of all neurons of a whole block, UINT32_MAX when it is mixed or not full, or one has
 * parameters of its own. */
static uint32_t
block_type(const chx__simulation_tables *tables, const chx__part_tables *part, uint32_t block)
{
    const chx_neuron *neurons = tables->info->neurons + part->setup.first_neuron;
    uint32_t begin = block * tables->width;
    if (begin + tables->width > part->n_neurons)
        return UINT32_MAX;
    for (uint32_t lane = 1; lane < tables->width; lane++)
        if (neurons[begin + lane].type != neurons[begin].type)
            return UINT32_MAX;
    for (uint32_t lane = 0; lane < tables->width && tables->neurons; lane++)
        if (chx__simulation_is_own(tables, part->setup.first_neuron + begin + lane))
            return UINT32_MAX;
    return neurons[begin].type;
}

/* One row for each type, then one for each mixed block. */
static chx_status
make_rows(chx__part_tables *part, const chx__simulation_tables *tables)
{
    uint32_t n_types = tables->info->n_types, n_blocks = part->setup.n_blocks, w = tables->width;
    const chx__model *model = part->model;
    size_t row_size = (size_t)(CHX_POPULATION_ROW_HEADER + model->n_constants) * w;
    part->blocks = chx__alloc(n_blocks, sizeof *part->blocks);
    if (!part->blocks)
        return chx__fail_memory("laying out neurons");
    part->n_rows = n_types;
    for (uint32_t b = 0; b < n_blocks; b++) {
        uint32_t type = block_type(tables, part, b);
        part->blocks[b].row = type == UINT32_MAX ? (uint32_t)part->n_rows++ : type;
    }
    part->rows = chx__alloc(part->n_rows, row_size * sizeof *part->rows);
    if (!part->rows)
        return chx__fail_memory("laying out neurons");
    for (uint32_t t = 0; t < n_types; t++)
        for (uint32_t lane = 0; lane < w; lane++)
            fill_lane(part->rows + t * row_size, model, w, lane, &tables->types[t].prepared,
                      tables->types[t].refractory_steps);
    for (uint32_t b = 0; b < n_blocks; b++) {
        if (part->blocks[b].row < n_types)
            continue;
        float *row = part->rows + part->blocks[b].row * row_size;
        for (uint32_t lane = 0; lane < w; lane++) {
            const uint32_t local = b * w + lane, neuron = part->setup.first_neuron + local;
            chx__prepared room;
            if (local < part->n_neurons)
                fill_lane(row, model, w, lane, chx__simulation_prepared(tables, neuron, &room),
                          chx__simulation_refractory(tables, neuron));
            else
                fill_lane(row, model, w, lane, NULL, 0);
        }
    }
    return CHX_OK;
}

chx_status
chx__part_tables_init(chx__part_tables *part, const chx__simulation_tables *tables,
                      uint32_t partition)
{
    chx__part_begin(part, tables, partition);
    chx_status status = make_rows(part, tables);
    if (!status)
        status = chx__part_entries_init(part, tables);
    if (!status)
        status = chx__part_gaps_init(part, tables);
    if (!status)
        status = chx__part_initial_init(part, tables);
    if (!status)
        status = chx__part_synapses_init(part, tables);
    if (status)
        chx__part_tables_finish(part);
    return status;
}
