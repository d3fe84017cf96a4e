/* The cut of a network into partitions: runs of neurons in the network's order, of one model each,
 * since a launch has one kernel, that begin at whole blocks and have about equal work, a neuron's
 * advance counting as CHX__NEURON_COST synapses. Results do not depend on it. */
#include "network/simulation_tables.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

/* A block of neurons while they are cut into partitions. */
typedef struct block_work {
    uint64_t cost;
    uint32_t first_neuron;
    bool begins_model; /* the neuron before it has another */
} block_work;

static const chx__model *
model_of(const chx__simulation_tables *tables, uint32_t neuron)
{
    return tables->types[tables->info->neurons[neuron].type].model;
}

/* Blocks of up to `width` neurons of one model each; how many begin with another model. */
static uint32_t
list_blocks(const chx__simulation_tables *tables, block_work *blocks, uint32_t *n_blocks)
{
    const chx_network_info *info = tables->info;
    const chx__model *model = NULL;
    uint32_t n = 0, n_models = 0;
    for (uint32_t i = 0; i < info->n_neurons; i++) {
        bool begins_model = model_of(tables, i) != model;
        if (begins_model || i - blocks[n - 1].first_neuron == tables->width)
            blocks[n++] = (block_work){(uint64_t)CHX__NEURON_COST * tables->width, i, begins_model};
        model = model_of(tables, i);
        n_models += begins_model;
        blocks[n - 1].cost += tables->n_inputs[i];
    }
    *n_blocks = n;
    return n_models;
}

/* Each change of the model begins a partition; the others begin where the work is due. */
static chx_status
cut_blocks(chx__simulation_tables *tables, const block_work *blocks, uint32_t n_blocks,
           uint32_t n_models, uint32_t n_partitions)
{
    if (n_models > CHX__MAX_PARTITIONS)
        return chx__fail(CHX_ERROR_LIMIT,
                         "the model changes %" PRIu32 " times from one neuron to the next, and a "
                         "partition has one; sort the neurons by their types",
                         n_models - 1);
    n_partitions = n_partitions > n_models ? n_partitions : n_models;
    n_partitions = n_partitions < n_blocks ? n_partitions : n_blocks;
    uint64_t total = 0, sum = 0;
    for (uint32_t b = 0; b < n_blocks; b++)
        total += blocks[b].cost;
    uint32_t p = 0, models_left = n_models;
    for (uint32_t b = 0; b < n_blocks; b++) {
        uint32_t blocks_left = n_blocks - b, parts_left = n_partitions - p;
        bool due = sum >= total / n_partitions * p || blocks_left == parts_left;
        if (blocks[b].begins_model || (due && parts_left > models_left)) {
            tables->models[p] = model_of(tables, blocks[b].first_neuron);
            tables->first_neuron[p++] = blocks[b].first_neuron;
        }
        models_left -= blocks[b].begins_model;
        sum += blocks[b].cost;
    }
    tables->n_partitions = p;
    tables->first_neuron[p] = tables->info->n_neurons;
    return CHX_OK;
}

/* Cuts the neurons, in their order, into runs of one model and about equal work that begin at
 * whole blocks. */
chx_status
chx__simulation_cut(chx__simulation_tables *tables, uint32_t n_partitions)
{
    block_work *blocks = chx__alloc(tables->info->n_neurons, sizeof *blocks);
    if (!blocks)
        return chx__fail_memory("cutting a network into partitions");
    uint32_t n_blocks = 0;
    const uint32_t n_models = list_blocks(tables, blocks, &n_blocks);
    chx_status status = cut_blocks(tables, blocks, n_blocks, n_models, n_partitions);
    free(blocks);
    return status;
}

uint32_t
chx__simulation_stretch(const chx__simulation_tables *tables, uint32_t partition)
{
    while (partition > 0 && tables->models[partition - 1] == tables->models[partition])
        partition--;
    return tables->first_neuron[partition];
}
