/* What kernels read of gap junctions and graded synapses (synapse/gap.h): both sides of each gap,
 * with the neuron that it pulls at, then what each target gets, all in the network's order; and
 * what neurons told before the first step. */
#include "network/simulation_tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/graded.h"

/* Counts a neuron's row behind its place, so that sums become offsets. */
static void
count_side(chx__part_tables *part, uint32_t neuron)
{
    const uint32_t local = neuron - part->setup.first_neuron;
    if (local < part->n_neurons)
        part->gap_offsets[local + 1]++;
}

/* next: by neuron of the partition, where its next row goes. */
static void
add_row(chx__part_tables *part, uint32_t *next, uint32_t neuron, const chx_population_gap *row)
{
    const uint32_t local = neuron - part->setup.first_neuron;
    if (local < part->n_neurons)
        part->gaps[next[local]++] = *row;
}

static void
add_side(chx__part_tables *part, const chx__simulation_tables *tables, uint32_t *next,
         uint32_t neuron, uint32_t other, float conductance_ns)
{
    const double offset_mv =
        chx__simulation_origin_mv(tables, other) - chx__simulation_origin_mv(tables, neuron);
    add_row(part, next, neuron,
            &(chx_population_gap){.other = other * chx__simulation_n_told(tables),
                                  .conductance_ns = conductance_ns,
                                  .offset_mv = (float)offset_mv});
}

static void
add_graded(chx__part_tables *part, const chx__simulation_tables *tables, uint32_t *next,
           const chx_graded_synapse *from)
{
    const double offset_mv =
        (double)from->reversal_mv - chx__simulation_origin_mv(tables, from->post);
    add_row(part, next, from->post,
            &(chx_population_gap){.other = from->pre * chx__simulation_n_told(tables) + 1,
                                  .conductance_ns = from->conductance_ns,
                                  .offset_mv = (float)offset_mv});
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
    for (uint64_t i = 0; i < info->n_graded; i++)
        add_graded(part, tables, next, &info->graded[i]);
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
    if (!chx__is_coupled(info))
        return CHX_OK;
    if (info->n_gaps > INT32_MAX / 4 / sizeof(chx_population_gap) ||
        info->n_graded > INT32_MAX / 2 / sizeof(chx_population_gap))
        return chx__fail(CHX_ERROR_LIMIT,
                         "%llu gap junctions and %llu graded synapses are more than one buffer "
                         "holds; make the network smaller",
                         (unsigned long long)info->n_gaps, (unsigned long long)info->n_graded);
    part->gap_offsets = chx__alloc((size_t)n_lanes + 1, sizeof *part->gap_offsets);
    if (!part->gap_offsets)
        return chx__fail_memory("laying out gap junctions");
    for (uint64_t i = 0; i < info->n_gaps; i++) {
        count_side(part, info->gaps[i].neuron);
        count_side(part, info->gaps[i].other);
    }
    for (uint64_t i = 0; i < info->n_graded; i++)
        count_side(part, info->graded[i].post);
    for (uint32_t lane = 0; lane < n_lanes; lane++)
        part->gap_offsets[lane + 1] += part->gap_offsets[lane];
    part->n_gaps = part->gap_offsets[n_lanes];
    count_iterations(part, CHX_POPULATION_TILE(tables->width) * tables->width, n_lanes);
    return fill_sides(part, tables);
}

chx_status
chx__simulation_first_potentials(const chx__simulation_tables *tables, float **potentials)
{
    const uint32_t n_neurons = tables->info->n_neurons, n_told = chx__simulation_n_told(tables);
    const size_t turn_size = (size_t)n_neurons * n_told;
    float *told = chx__alloc(turn_size, CHX_POPULATION_TURNS * sizeof *told);
    if (!told)
        return chx__fail_memory("laying out gap junctions");
    for (uint32_t n = 0; n < n_neurons; n++) {
        const chx__model *model = tables->types[tables->info->neurons[n].type].model;
        chx__prepared room;
        const chx__prepared *prepared = chx__simulation_prepared(tables, n, &room);
        told[(size_t)n * n_told] = chx__simulation_begin(tables, prepared, model->states[0], 0, n);
        if (n_told == 2 && model->release > 0)
            told[(size_t)n * 2 + 1] = chx__simulation_begin(
                tables, prepared, model->states[model->release], model->release, n);
    }
    for (uint32_t turn = 1; turn < CHX_POPULATION_TURNS; turn++)
        memcpy(told + turn * turn_size, told, turn_size * sizeof *told);
    *potentials = told;
    return CHX_OK;
}
