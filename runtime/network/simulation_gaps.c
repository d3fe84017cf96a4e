/* What kernels read of gap junctions (synapse/gap.h): both sides of each, with the neuron that it
 * pulls at, in the network's order, and the potentials before the first step. */
#include "network/simulation_tables.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

/* Counts a neuron's side of a gap junction behind its place, so that sums become offsets. */
static void
count_side(chx__part_tables *part, uint32_t neuron)
{
    const uint32_t local = neuron - part->setup.first_neuron;
    if (local < part->n_neurons)
        part->gap_offsets[local + 1]++;
}

/* next: by neuron of the partition, where its next one goes. */
static void
add_side(chx__part_tables *part, const chx__simulation_tables *tables, uint32_t *next,
         uint32_t neuron, uint32_t other, float conductance_ns)
{
    const uint32_t local = neuron - part->setup.first_neuron;
    if (local >= part->n_neurons)
        return;
    part->gaps[next[local]++] = (chx_population_gap){
        .other = other,
        .conductance_ns = conductance_ns,
        .offset_mv = (float)(chx__simulation_origin_mv(tables, other) -
                             chx__simulation_origin_mv(tables, neuron)),
    };
}

static chx_status
fill_sides(chx__part_tables *part, const chx__simulation_tables *tables)
{
    const chx_network_info *info = tables->info;
    uint32_t *next = chx__alloc(part->n_neurons, sizeof *next);
    part->gaps = chx__alloc(part->n_gaps, sizeof *part->gaps);
    if (!next || !part->gaps) {
        free(next);
        return chx__fail_memory("laying out gap junctions");
    }
    for (uint32_t n = 0; n < part->n_neurons; n++)
        next[n] = part->gap_offsets[n];
    for (uint64_t i = 0; i < info->n_gaps; i++) {
        const chx_gap *gap = &info->gaps[i];
        add_side(part, tables, next, gap->neuron, gap->other, gap->conductance_ns);
        add_side(part, tables, next, gap->other, gap->neuron, gap->conductance_ns);
    }
    free(next);
    return CHX_OK;
}

/* All lanes of a tile look at their own. */
static void
count_iterations(chx__part_tables *part, uint32_t tile_lanes, uint32_t n_lanes)
{
    uint64_t most = 0;
    for (uint32_t first = 0; first < n_lanes; first += tile_lanes) {
        const uint32_t end = first + tile_lanes < n_lanes ? first + tile_lanes : n_lanes;
        const uint64_t own = part->gap_offsets[end] - part->gap_offsets[first];
        most = own > most ? own : most;
    }
    /* They are told to others as well. */
    most += part->step_iterations + 2 * (uint64_t)tile_lanes;
    part->step_iterations = most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
}

chx_status
chx__part_gaps_init(chx__part_tables *part, const chx__simulation_tables *tables)
{
    const chx_network_info *info = tables->info;
    const uint32_t n_lanes = part->setup.n_blocks * tables->width;
    if (info->n_gaps == 0)
        return CHX_OK;
    if (info->n_gaps > INT32_MAX / 2 / sizeof(chx_population_gap))
        return chx__fail(CHX_ERROR_LIMIT,
                         "%llu gap junctions are more than one buffer holds; make the network "
                         "smaller",
                         (unsigned long long)info->n_gaps);
    part->gap_offsets = chx__alloc((size_t)n_lanes + 1, sizeof *part->gap_offsets);
    if (!part->gap_offsets)
        return chx__fail_memory("laying out gap junctions");
    for (uint64_t i = 0; i < info->n_gaps; i++) {
        count_side(part, info->gaps[i].neuron);
        count_side(part, info->gaps[i].other);
    }
    for (uint32_t lane = 0; lane < n_lanes; lane++)
        part->gap_offsets[lane + 1] += part->gap_offsets[lane];
    part->n_gaps = part->gap_offsets[n_lanes];
    count_iterations(part, CHX_POPULATION_TILE(tables->width) * tables->width, n_lanes);
    return fill_sides(part, tables);
}

chx_status
chx__simulation_first_potentials(const chx__simulation_tables *tables, float **potentials)
{
    const uint32_t n_neurons = tables->info->n_neurons;
    float *told = chx__alloc(n_neurons, CHX_POPULATION_TURNS * sizeof *told);
    if (!told)
        return chx__fail_memory("laying out gap junctions");
    for (uint32_t n = 0; n < n_neurons; n++) {
        const chx__type_row *type = &tables->types[tables->info->neurons[n].type];
        chx__prepared room;
        const chx__prepared *prepared = chx__simulation_prepared(tables, n, &room);
        const float begin = chx__simulation_begin(tables, prepared, type->model->states[0], 0, n);
        for (uint32_t turn = 0; turn < CHX_POPULATION_TURNS; turn++)
            told[(size_t)turn * n_neurons + n] = begin;
    }
    *potentials = told;
    return CHX_OK;
}
