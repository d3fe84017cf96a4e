/* Synapses of a partition stand by group of the target, then by presynaptic neuron, in the
 * network's order. So walking through the network in its order, and counting in each group the
 * synapses of the neuron that one is at, finds them. */
#include "network/simulation_copies.h"

#include <stdlib.h>
#include <string.h>

#include <chronaxie/plan.h>

#include "base/alloc.h"
#include "base/error.h"

static chx_status
add_sweep(const chx_simulation *simulation, const chx__simulation_part *part, chx_graph *graph)
{
    return chx_graph_kernel(
        graph,
        &(chx_kernel_task){
            .name = "sweep",
            .program = part->program,
            .kernel = "population_sweep",
            .global = {simulation->info->n_neurons, part->n_groups},
            .args = CHX_ARGS(CHX_READ(part->setup_buffer), CHX_READ(part->offsets),
                             CHX_READ_WRITE(part->synapses), CHX_READ(simulation->plasticities),
                             CHX_READ(part->posts), CHX_READ_WRITE(part->sources),
                             CHX_UINT((uint32_t)simulation->step)),
        });
}

/* In a graph of its own. */
static chx_status
sweep(const chx_simulation *simulation)
{
    chx_graph *graph = NULL;
    chx_plan *plan = NULL;
    chx_run *run = NULL;
    chx_status status = chx_graph_create(simulation->runtime, &graph);
    for (uint32_t p = 0; p < simulation->tables.n_partitions && !status; p++)
        status = add_sweep(simulation, &simulation->parts[p], graph);
    if (!status)
        status = chx_plan_create(graph, &simulation->plan_params, &plan);
    if (!status)
        status = chx_plan_submit(plan, &run);
    if (!status)
        status = chx_run_wait(run, CHX_FOREVER);
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    return status;
}

chx_status
chx__simulation_settle(chx_simulation *simulation)
{
    chx_status status = CHX_OK;
    if (!simulation->graph || simulation->owns_graph)
        status = chx__simulation_flush(simulation);
    if (!status && simulation->tables.n_learning > 0)
        status = sweep(simulation);
    return status;
}

chx_status
chx__simulation_read(chx_buffer *buffer, uint32_t **words)
{
    const size_t size_bytes = chx_buffer_size(buffer);
    *words = chx__alloc(size_bytes, 1);
    return *words ? chx_buffer_read(buffer, 0, size_bytes, *words)
                  : chx__fail_memory("reading a simulation");
}

chx_status
chx__synapse_walk_begin(chx__synapse_walk *walk, const chx__simulation_part *part)
{
    *walk = (chx__synapse_walk){.seen = chx__alloc(part->n_groups, sizeof *walk->seen)};
    chx_status status = walk->seen ? CHX_OK : chx__fail_memory("reading a simulation");
    if (!status)
        status = chx__simulation_read(part->groups, &walk->groups);
    return status ? status : chx__simulation_read(part->offsets, &walk->offsets);
}

void
chx__synapse_walk_finish(chx__synapse_walk *walk)
{
    free(walk->groups);
    free(walk->offsets);
    free(walk->seen);
    *walk = (chx__synapse_walk){0};
}

size_t
chx__synapse_walk_to(chx__synapse_walk *walk, const chx_simulation *simulation,
                     const chx__simulation_part *part, uint64_t s)
{
    const chx_network_info *info = simulation->info;
    const chx_synapse *synapse = &info->synapses[s];
    const uint32_t width = simulation->tables.width, tile = CHX_POPULATION_TILE(width) * width;
    if (s == 0 || synapse->pre != info->synapses[s - 1].pre)
        memset(walk->seen, 0, part->n_groups * sizeof *walk->seen);
    const uint32_t target = synapse->post - part->first_neuron;
    if (target >= part->n_neurons)
        return SIZE_MAX;
    uint32_t group = 0;
    while (walk->groups[group + 1] <= target / tile)
        group++;
    const size_t row = group * ((size_t)info->n_neurons + 1) + synapse->pre;
    return (size_t)walk->offsets[row] + walk->seen[group]++;
}

bool
chx__synapse_learns(const chx_simulation *simulation, uint64_t s)
{
    uint32_t number;
    const chx_plasticity *plasticity =
        chx__simulation_plasticity(&simulation->tables, &simulation->info->synapses[s], &number);
    return plasticity && plasticity->kind == CHX_PLASTICITY_STDP;
}
