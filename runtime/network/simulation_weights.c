/* Reading back what synapses have learnt.
 *
 * What waits for a source to fire is learnt first, in a graph of its own; and before that a run of
 * no steps delivers what the last one may have left.
 *
 * Those of a partition stand by group of the target, then by presynaptic neuron, in the network's
 * order. So walking through the network in its order, and counting in each group the synapses of
 * the neuron that one is at, finds them. */
#include "network/simulation_state.h"

#include <stdlib.h>
#include <string.h>

#include <chronaxie/plan.h>

#include "base/alloc.h"
#include "base/error.h"

/* A partition's buffers as they are. */
typedef struct part_copy {
    uint32_t *groups, *offsets, *synapses;
    uint32_t *seen; /* in each group, of the presynaptic neuron that one is at */
} part_copy;

static chx_status
read_words(chx_buffer *buffer, uint32_t **words)
{
    const size_t size_bytes = chx_buffer_size(buffer);
    *words = chx__alloc(size_bytes, 1);
    return *words ? chx_buffer_read(buffer, 0, size_bytes, *words)
                  : chx__fail_memory("reading weights");
}

static chx_status
read_part(part_copy *copy, const chx__simulation_part *part)
{
    copy->seen = chx__alloc(part->n_groups, sizeof *copy->seen);
    chx_status status = copy->seen ? CHX_OK : chx__fail_memory("reading weights");
    if (!status)
        status = read_words(part->groups, &copy->groups);
    if (!status)
        status = read_words(part->offsets, &copy->offsets);
    return status ? status : read_words(part->synapses, &copy->synapses);
}

static void
finish_part(part_copy *copy)
{
    free(copy->groups);
    free(copy->offsets);
    free(copy->synapses);
    free(copy->seen);
}

static void
take_weights(const chx_simulation *simulation, const chx__simulation_part *part,
             const part_copy *copy, float *weights_pa)
{
    const chx_network_info *info = simulation->info;
    const uint32_t tile = CHX_POPULATION_TILE(simulation->tables.width) * simulation->tables.width;
    for (uint64_t s = 0; s < info->n_synapses; s++) {
        const chx_synapse *synapse = &info->synapses[s];
        if (s == 0 || synapse->pre != info->synapses[s - 1].pre)
            memset(copy->seen, 0, part->n_groups * sizeof *copy->seen);
        const uint32_t target = synapse->post - part->first_neuron;
        if (target >= part->n_neurons)
            continue;
        uint32_t group = 0, number;
        while (copy->groups[group + 1] <= target / tile)
            group++;
        const size_t row = group * ((size_t)info->n_neurons + 1) + synapse->pre;
        const size_t place = copy->offsets[row] + copy->seen[group]++;
        const chx_plasticity *plasticity =
            chx__simulation_plasticity(&simulation->tables, synapse, &number);
        if (plasticity && plasticity->kind == CHX_PLASTICITY_STDP) {
            float share;
            memcpy(&share, &copy->synapses[2 * place + 1], sizeof share);
            weights_pa[s] = share * (float)plasticity->weight_max;
        }
    }
}

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
        status = chx_plan_create(graph, NULL, &plan);
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
chx_simulation_weights(chx_simulation *simulation, float *weights_pa)
{
    CHX__REQUIRE(simulation && weights_pa && !simulation->playback.recording);
    chx_status status = CHX_OK;
    for (uint64_t s = 0; s < simulation->info->n_synapses; s++)
        weights_pa[s] = simulation->info->synapses[s].weight_pa;
    if (simulation->tables.n_learning == 0)
        return CHX_OK;
    if (!simulation->graph || simulation->owns_graph)
        status = chx__simulation_flush(simulation);
    if (!status)
        status = sweep(simulation);
    for (uint32_t p = 0; p < simulation->tables.n_partitions && !status; p++) {
        part_copy copy = {0};
        status = read_part(&copy, &simulation->parts[p]);
        if (!status)
            take_weights(simulation, &simulation->parts[p], &copy, weights_pa);
        finish_part(&copy);
    }
    return status;
}
