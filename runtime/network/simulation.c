/* A simulation: the tables of a network in buffers, one set per partition, and what was heard of it
 * so far. What is in the buffers is described by neuron/population.h, what the launches look like
 * by simulation_shape.c.
 *
 * `step` is where the runs that have been submitted will end, not where they are. The mutex
 * (innermost) guards the spikes, their digest and the traces, since a host task of one run adds to
 * them while the caller reads; all else is the caller's, one thread at a time.
 *
 * Results do not depend on partitions, width or devices: input is summed up as integers, random
 * numbers are drawn by neuron and step, and spikes are read in order. Lists get room for the most
 * that neurons can fire between refractory periods, and the record has a bit for each neuron and
 * step, so kernels need no check that could fail. */
#include "network/simulation_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "execute/voice.h"
#include "memory/adopt.h"
#include "network/graded.h"
#include "network/own_model.h"
#include "network/playback.h"

/* Wide blocks suit the vector units of processors; narrow ones give GPUs more work-items. */
#define CPU_WIDTH 16
#define GPU_WIDTH 4

/* Sweeps are the rarer the more spikes may wait for them, but some devices end long loops. */
#define SWEEP_SPIKES 256
#define FEW_SWEEP_SPIKES 32

static void
pin(chx_simulation *simulation, const chx__simulation_fleet *fleet)
{
    for (uint32_t p = 0; p < simulation->tables.n_partitions; p++)
        simulation->part_devices[p] = fleet->devices[p % fleet->n_devices];
    simulation->is_pinned = true;
}

static chx_status
create_program(chx_simulation *simulation, const chx__model *model, const char *options,
               chx_program **program)
{
    if (model->own)
        return chx__own_program(model->own, simulation->runtime, options, program);
    return chx_program_from_embedded(simulation->runtime, model->source,
                                     &(chx_program_params){.options = options}, program);
}

/* One program for each model. */
static chx_status
create_programs(chx_simulation *simulation)
{
    char options[240], short_term[40] = "", learning[40] = "", gaps[40] = "";
    const chx__simulation_tables *tables = &simulation->tables;
    if (tables->n_short_term > 0)
        snprintf(short_term, sizeof short_term, " -DPOPULATION_SHORT_TERM=%u",
                 tables->n_short_term);
    if (tables->n_learning > 0)
        snprintf(learning, sizeof learning, " -DPOPULATION_LEARNING=%u", tables->n_learning);
    if (chx__is_coupled(simulation->info))
        snprintf(gaps, sizeof gaps, " -DPOPULATION_GAPS=%u", chx__simulation_n_told(tables));
    snprintf(options, sizeof options, "-DPOPULATION_WIDTH=%u%s%s%s%s%s%s%s%s%s", tables->width,
             simulation->shape.group_items == 1 ? " -DPOPULATION_ALONE" : "",
             simulation->shape.is_far ? " -DPOPULATION_FAR" : "",
             simulation->shape.has_marks ? " -DPOPULATION_MARKS" : "",
             tables->batch_steps == 1 ? " -DPOPULATION_SINGLE" : "",
             simulation->shape.has_sleep ? " -DPOPULATION_SLEEP" : "",
             tables->n_kinds > 0 ? " -DPOPULATION_KINDS" : "", short_term, learning, gaps);
    for (uint32_t p = 0; p < simulation->tables.n_partitions; p++) {
        const chx__model *model = simulation->tables.models[p];
        uint32_t same = 0;
        while (simulation->tables.models[same] != model)
            same++;
        chx__simulation_part *part = &simulation->parts[p];
        if (same == p) {
            chx_status status = create_program(simulation, model, options, &part->own_program);
            if (status)
                return status;
        }
        part->program = simulation->parts[same].own_program;
    }
    return CHX_OK;
}

/* A buffer over memory that it takes over where it is made; *memory is NULL then. */
static chx_status
adopt(chx_simulation *simulation, void **memory, size_t bytes, chx_buffer **buffer)
{
    chx_status status = chx_buffer_wrap(simulation->runtime, *memory, bytes, buffer);
    if (status)
        return status;
    chx__buffer_adopt(*buffer);
    *memory = NULL;
    return CHX_OK;
}

static chx_status
create_zeroes(chx_simulation *simulation, size_t count, size_t size, chx_buffer **buffer)
{
    void *zeroes = chx__alloc_shared(count, size);
    chx_status status = zeroes ? adopt(simulation, &zeroes, count * size, buffer)
                               : chx__fail_memory("preparing a simulation");
    free(zeroes);
    return status;
}

/* A buffer of count elements, of zeroes when they are not given, or of one when there is none. */
static chx_status
create_table(chx_simulation *simulation, const void *elements, size_t count, size_t size,
             chx_buffer **buffer)
{
    if (count == 0 || !elements)
        return create_zeroes(simulation, count ? count : 1, size, buffer);
    return chx_buffer_create(simulation->runtime, count * size, elements, buffer);
}

/* The same of what is large: the buffer takes the memory over, and *words is NULL. */
static chx_status
adopt_table(chx_simulation *simulation, uint32_t **words, size_t count, size_t size,
            chx_buffer **buffer)
{
    if (count == 0)
        return create_zeroes(simulation, 1, size, buffer);
    void *memory = *words;
    chx_status status = adopt(simulation, &memory, count * size, buffer);
    *words = memory;
    return status;
}

/* A ring, its marks, who is up, and room for crowds (neuron/sleep.h). */
static size_t
ring_bytes(const chx__part_tables *from, uint32_t width)
{
    const chx_population_setup *setup = &from->setup;
    const size_t mark_words = setup->slot_bits > 5 ? (size_t)1 << (setup->slot_bits - 5) : 1;
    const size_t n_words = setup->ring_blocks * mark_words + setup->n_blocks;
    const size_t crowd_blocks = CHX_POPULATION_STATE_HEADER + from->model->n_states +
                                CHX_SLEEP_STEPS * (size_t)from->model->n_ports;
    const size_t n_blocks = ((size_t)setup->ring_blocks << setup->slot_bits) +
                            (n_words + width - 1) / width + from->n_groups * crowd_blocks;
    return n_blocks * width * sizeof(int32_t);
}

static chx_status
create_part_buffers(chx_simulation *simulation, chx__simulation_part *part, chx__part_tables *from)
{
    const chx__model *model = from->model;
    const size_t block_bytes = simulation->tables.width * sizeof(float);
    const size_t n_learning = from->setup.n_learning;
    const struct {
        chx_buffer **buffer;
        const void *elements;
        size_t count, size;
    } tables[] = {
        {&part->state, from->state, from->setup.n_blocks,
         (CHX_POPULATION_STATE_HEADER + model->n_states) * block_bytes},
        {&part->ring, NULL, 1, ring_bytes(from, simulation->tables.width)},
        {&part->rows, from->rows, from->n_rows,
         (CHX_POPULATION_ROW_HEADER + model->n_constants) * block_bytes},
        {&part->blocks, from->blocks, from->setup.n_blocks, sizeof *from->blocks},
        {&part->entries, from->entries, from->n_entries, sizeof *from->entries},
        {&part->tiles, from->tiles, (size_t)from->setup.n_tiles + 1, sizeof *from->tiles},
        {&part->draws, from->draws, from->n_draws, sizeof *from->draws},
        {&part->resources, NULL, (size_t)from->setup.n_blocks * from->setup.n_short_term,
         CHX_POPULATION_RESOURCES * block_bytes},
        {&part->posts, NULL, n_learning > 0 ? from->setup.n_blocks : 0,
         (1 + from->setup.post_places * (1 + n_learning)) * block_bytes},
        {&part->sources, NULL, n_learning > 0 ? from->n_groups : 0,
         simulation->info->n_neurons * (2 + n_learning) * sizeof(uint32_t)},
        {&part->gap_offsets, from->gap_offsets,
         from->gap_offsets ? from->setup.n_blocks * (size_t)simulation->tables.width + 1 : 0,
         sizeof *from->gap_offsets},
        {&part->gaps, from->gaps, from->n_gaps, sizeof *from->gaps},
        {&part->groups, from->groups, (size_t)from->n_groups + 1, sizeof *from->groups},
    };
    chx_status status = CHX_OK;
    for (size_t i = 0; !status && i < sizeof tables / sizeof *tables; i++)
        status = create_table(simulation, tables[i].elements, tables[i].count, tables[i].size,
                              tables[i].buffer);
    if (!status)
        status = adopt_table(simulation, &from->offsets,
                             from->n_groups * ((size_t)simulation->info->n_neurons + 1),
                             sizeof *from->offsets, &part->offsets);
    if (!status)
        status = adopt_table(simulation, &from->synapses, from->n_synapses,
                             chx__synapse_bytes(&simulation->tables), &part->synapses);
    return status;
}

static chx_status
create_part(chx_simulation *simulation, uint32_t p, uint32_t *step_iterations)
{
    chx__simulation_part *part = &simulation->parts[p];
    chx__part_tables from;
    chx_status status = chx__part_tables_init(&from, &simulation->tables, p);
    if (status)
        return status;
    chx__simulation_sample_blocks(simulation, p, &from);
    part->setup = from.setup;
    part->first_neuron = from.setup.first_neuron;
    part->n_neurons = from.n_neurons;
    part->n_groups = from.n_groups;
    if (from.step_iterations > *step_iterations)
        *step_iterations = from.step_iterations;
    status = create_part_buffers(simulation, part, &from);
    chx__part_tables_finish(&from);
    return status;
}

/* The lists of all turns, empty; each knows its partition's first neuron. */
static chx_status
create_lists(chx_simulation *simulation)
{
    const chx__simulation_tables *tables = &simulation->tables;
    const uint32_t launch_steps = simulation->shape.launch_steps;
    const uint32_t steps = launch_steps < tables->batch_steps ? launch_steps : tables->batch_steps;
    uint64_t places = 0;
    for (uint32_t p = 0; p < tables->n_partitions; p++) {
        uint64_t spikes = chx__simulation_max_spikes(tables, p, steps);
        places = spikes > places ? spikes : places;
    }
    if (places > INT32_MAX / 2)
        return chx__fail(CHX_ERROR_LIMIT, "a batch may bring %llu spikes; use more partitions",
                         (unsigned long long)places);
    const uint64_t list_words = CHX_POPULATION_LIST_HEADER + places * (1 + tables->n_short_term);
    if (list_words > INT32_MAX / 2)
        return chx__fail(CHX_ERROR_LIMIT,
                         "a batch may bring %llu spikes, too many for %u plasticities; use more "
                         "partitions",
                         (unsigned long long)places, tables->n_short_term);
    simulation->list_places = (uint32_t)places;
    simulation->list_words = (uint32_t)(list_words + 15) & ~15u;
    size_t n_lists = (size_t)CHX_POPULATION_TURNS * tables->n_partitions;
    uint32_t *words = chx__alloc(n_lists * simulation->list_words, sizeof *words);
    if (!words)
        return chx__fail_memory("making lists of spikes");
    for (size_t i = 0; i < n_lists; i++)
        words[i * simulation->list_words + 1] = tables->first_neuron[i % tables->n_partitions];
    chx_status status = create_table(simulation, words, n_lists * simulation->list_words,
                                     sizeof *words, &simulation->lists);
    free(words);
    return status;
}

/* What neurons tell each other without spikes. */
static chx_status
create_potentials(chx_simulation *simulation)
{
    float *first = NULL;
    if (!chx__is_coupled(simulation->info))
        return CHX_OK;
    chx_status status = chx__simulation_first_potentials(&simulation->tables, &first);
    if (!status)
        status = create_table(simulation, first, simulation->info->n_neurons,
                              chx__simulation_n_told(&simulation->tables) * CHX_POPULATION_TURNS *
                                  sizeof *first,
                              &simulation->potentials);
    free(first);
    return status;
}

static chx_status
create_buffers(chx_simulation *simulation, const chx__simulation_fleet *fleet)
{
    const chx_network_info *info = simulation->info;
    uint32_t step_iterations = 0;
    chx_status status = CHX_OK;
    for (uint32_t p = 0; !status && p < simulation->tables.n_partitions; p++)
        status = create_part(simulation, p, &step_iterations);
    if (!status)
        status = chx__simulation_choose_shape(&simulation->shape, fleet, &simulation->tables,
                                              step_iterations);
    if (!status)
        status = create_lists(simulation);
    if (!status)
        status = create_potentials(simulation);
    if (!status)
        status = create_table(simulation, simulation->tables.stimuli,
                              simulation->tables.first_row[info->n_stimuli],
                              sizeof(chx_population_stimulus), &simulation->stimuli);
    if (!status)
        status = create_table(simulation, simulation->tables.chances,
                              simulation->tables.first_chance[info->n_stimuli], sizeof(uint32_t),
                              &simulation->chances);
    if (!status)
        status = create_table(simulation, simulation->tables.plasticities, info->n_plasticities,
                              sizeof(chx_population_plasticity), &simulation->plasticities);
    if (!status)
        status = create_table(simulation, simulation->tables.kinds, simulation->tables.n_kinds,
                              sizeof(chx_population_kind), &simulation->kinds);
    if (!status)
        status = create_table(simulation, NULL, info->n_neurons, sizeof(chx_history),
                              &simulation->history);
    return status;
}

static chx_status
prepare(chx_simulation *simulation, const chx_simulation_params *params)
{
    chx__simulation_fleet fleet;
    chx_status status = chx__simulation_fleet_init(&fleet, simulation->runtime);
    if (status)
        return status;
    uint32_t n_partitions = params->n_partitions;
    if (n_partitions == 0)
        n_partitions = chx__simulation_choose_partitions(&fleet, simulation->info);
    const chx__simulation_tables_params tables_params = {
        .rules = chx__rules_waiting(simulation->network),
        .width = fleet.wide_blocks ? CPU_WIDTH : GPU_WIDTH,
        .n_partitions = n_partitions,
        .n_groups = chx__simulation_choose_groups(&fleet, simulation->info, n_partitions),
        .max_batch_steps = CHX__SIMULATION_MAX_BATCH,
        .sweep_spikes = fleet.loop_limit == UINT64_MAX ? SWEEP_SPIKES : FEW_SWEEP_SPIKES,
        .seed = params->has_seed ? params->seed : simulation->info->seed,
    };
    status = chx__simulation_tables_init(&simulation->tables, simulation->info, &tables_params);
    if (!status)
        status = chx__simulation_remark_on_faint(&simulation->tables,
                                                 chx__runtime_logger(simulation->runtime));
    if (status)
        return status;
    if (params->pin_partitions)
        pin(simulation, &fleet);
    status = chx__simulation_probes_init(simulation, params->probes, params->n_probes);
    if (status)
        return status;
    status = create_buffers(simulation, &fleet);
    return status ? status : create_programs(simulation);
}

chx_status
chx_simulation_create(chx_runtime *runtime, const chx_network *network,
                      const chx_simulation_params *params, chx_simulation **simulation)
{
    CHX__REQUIRE(runtime && network && simulation);
    static const chx_simulation_params defaults;
    params = params ? params : &defaults;
    CHX__REQUIRE(params->n_partitions <= CHX__MAX_PARTITIONS);
    CHX__REQUIRE(!params->recording || params->n_probes == 0);
    chx_simulation *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("creating a simulation");
    made->runtime = runtime;
    made->network = network;
    made->info = chx_network_outline(network);
    made->digest = CHX__SIMULATION_EMPTY_DIGEST;
    pthread_mutex_init(&made->mutex, NULL);
    made->playback.recording = params->recording;
    made->plan_params = params->plan;
    chx_status status = params->recording ? chx__playback_prepare(made) : prepare(made, params);
    if (status) {
        chx_simulation_destroy(&made);
        return status;
    }
    *simulation = made;
    return CHX_OK;
}

static void
destroy_part(chx__simulation_part *part)
{
    chx_program_destroy(&part->own_program);
    chx_buffer_destroy(&part->setup_buffer);
    chx_buffer_destroy(&part->state);
    chx_buffer_destroy(&part->ring);
    chx_buffer_destroy(&part->rows);
    chx_buffer_destroy(&part->blocks);
    chx_buffer_destroy(&part->groups);
    chx_buffer_destroy(&part->tiles);
    chx_buffer_destroy(&part->draws);
    chx_buffer_destroy(&part->entries);
    chx_buffer_destroy(&part->resources);
    chx_buffer_destroy(&part->posts);
    chx_buffer_destroy(&part->gap_offsets);
    chx_buffer_destroy(&part->gaps);
    chx_buffer_destroy(&part->sources);
    chx_buffer_destroy(&part->offsets);
    chx_buffer_destroy(&part->synapses);
}

void
chx_simulation_destroy(chx_simulation **simulation)
{
    if (!simulation || !*simulation)
        return;
    chx_simulation *old = *simulation;
    *simulation = NULL;
    chx__simulation_leave_graph(old);
    for (uint32_t p = 0; p < CHX__MAX_PARTITIONS; p++)
        destroy_part(&old->parts[p]);
    chx_buffer_destroy(&old->stimuli);
    chx_buffer_destroy(&old->chances);
    chx_buffer_destroy(&old->plasticities);
    chx_buffer_destroy(&old->kinds);
    chx_buffer_destroy(&old->lists);
    chx_buffer_destroy(&old->history);
    chx_buffer_destroy(&old->potentials);
    chx__simulation_probes_finish(old);
    chx__simulation_tables_finish(&old->tables);
    pthread_mutex_destroy(&old->mutex);
    free(old->spikes);
    free(old->playback.queue);
    free(old);
}

uint64_t
chx_simulation_step(const chx_simulation *simulation)
{
    return simulation ? simulation->step : 0;
}

chx_status
chx_simulation_potentials(chx_simulation *simulation, float *potentials_mv)
{
    CHX__REQUIRE(simulation && potentials_mv && !simulation->playback.recording);
    const uint32_t width = simulation->tables.width;
    chx_status status = CHX_OK;
    for (uint32_t p = 0; !status && p < simulation->tables.n_partitions; p++) {
        chx__simulation_part *part = &simulation->parts[p];
        const size_t n_fields =
            CHX_POPULATION_STATE_HEADER + simulation->tables.models[p]->n_states;
        size_t size_bytes = chx_buffer_size(part->state);
        float *state = chx__alloc(size_bytes, 1);
        if (!state)
            return chx__fail_memory("reading potentials");
        status = chx_buffer_read(part->state, 0, size_bytes, state);
        for (uint32_t n = 0; !status && n < part->n_neurons; n++) {
            uint32_t neuron = part->first_neuron + n;
            size_t field = n / width * n_fields + CHX_POPULATION_STATE_HEADER;
            float v = state[field * width + n % width];
            potentials_mv[neuron] =
                (float)(chx__simulation_origin_mv(&simulation->tables, neuron) + v);
        }
        free(state);
    }
    return status;
}

chx_buffer *
chx__simulation_collected(const chx_simulation *simulation)
{
    return simulation->turn;
}

chx_buffer *
chx__simulation_history(const chx_simulation *simulation)
{
    return simulation->history;
}

const chx_network *
chx__simulation_network(const chx_simulation *simulation)
{
    return simulation->network;
}
