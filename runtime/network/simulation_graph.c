/* The tasks of a run.
 *
 * Separate launches: advance and deliver for each partition, in turns on two lists of spikes, as a
 * partition may still read the lists of one turn while another fills those of the next; deliver
 * empties its own list for the next turn. Their number is even, so every run finds the first list
 * empty.
 *
 * Groups: one launch for each partition and batch, which delivers what the launch before heard, so
 * that a third list is needed to be emptied meanwhile, and advances. Their number is a multiple of
 * three. The last list of a run is delivered by the next run.
 *
 * Fused: one work-group does many batches itself.
 *
 * Ranges carry all dependencies: a partition's list and its part of the record and the history are
 * its own, while delivery reads the lists of all. With gap junctions a launch has one step, and a
 * partition reads the potentials of all that the launch before told and tells its own, in turns as
 * lists have them; a launch without a step tells them again. A fused launch takes turns by steps.
 *
 * The turn buffer orders the host tasks of successive runs, which no data would: they must collect
 * in order. It holds the step that they have come to.
 *
 * The graph is built for max_steps, and a run of fewer sets steps of zero in its last launches. It
 * may have several *stretches*, each with launches and a host task of its own: to the lists, the
 * record and the turn they are runs that follow each other.
 *
 * Arguments stand as in the kernels' lists; changing one means changing both. Its own graph keeps
 * two runs in flight, the next being submitted before the last is waited for. */
#include "network/simulation_state.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/playback.h"

/* Its own graph: as many steps per run as this many launches and bytes of record allow. */
#define OWN_LAUNCHES 32
#define OWN_FUSED_STEPS 10000
#define OWN_RECORD_BYTES (4u << 20)

static size_t
list_bytes(const chx_simulation *simulation)
{
    return simulation->list_words * sizeof(uint32_t);
}

static size_t
record_bytes(const chx_simulation *simulation)
{
    return simulation->record_words * sizeof(uint32_t);
}

/* Words that the record of a partition takes for n_steps steps. */
static uint64_t
record_words(const chx_simulation *simulation, uint32_t n_steps)
{
    uint64_t bytes = 0;
    for (uint32_t p = 0; p < simulation->tables.n_partitions; p++) {
        const uint64_t row_bytes =
            (uint64_t)simulation->parts[p].setup.n_blocks * chx__simulation_bits_bytes(simulation);
        bytes = row_bytes * n_steps > bytes ? row_bytes * n_steps : bytes;
    }
    return CHX_POPULATION_LIST_HEADER + (bytes + 63) / 64 * 16;
}

static chx_status
create_record(chx_simulation *simulation, uint32_t max_steps)
{
    uint64_t words = record_words(simulation, max_steps);
    if (words > INT32_MAX / sizeof(uint32_t))
        return chx__fail(CHX_ERROR_LIMIT,
                         "the spikes of %u steps in one run are more than one buffer holds; take "
                         "fewer steps or more partitions",
                         max_steps);
    simulation->record_words = (uint32_t)words;
    chx_status status = chx_buffer_create(
        simulation->runtime, simulation->tables.n_partitions * record_bytes(simulation), NULL,
        &simulation->record);
    if (!status)
        status = chx_buffer_create(simulation->runtime, sizeof simulation->collected_step,
                                   &simulation->collected_step, &simulation->turn);
    for (uint32_t p = 0; !status && p < simulation->tables.n_partitions; p++) {
        chx__simulation_part *part = &simulation->parts[p];
        part->setup.list_words = simulation->list_words;
        part->setup.list_places = simulation->list_places;
        part->setup.record_offset = p * simulation->record_words;
        part->setup.row_lanes = simulation->shape.row_lanes;
        status = chx_buffer_create(simulation->runtime, sizeof part->setup, &part->setup,
                                   &part->setup_buffer);
        const uint64_t sample_bytes = chx__simulation_sample_bytes(simulation, p, max_steps);
        if (!status && sample_bytes > INT32_MAX)
            status = chx__fail(CHX_ERROR_LIMIT,
                               "the samples of %u steps in one run are more than one buffer holds; "
                               "take fewer steps or neurons, or a longer interval",
                               max_steps);
        if (!status)
            status = chx_buffer_create(simulation->runtime, sample_bytes > 0 ? sample_bytes : 4,
                                       NULL, &part->samples);
    }
    return status;
}

/* The arguments of a kernel, in its order. */
typedef struct arg_list {
    chx_arg items[40];
    uint32_t n;
} arg_list;

static void
put(arg_list *list, chx_arg arg)
{
    assert(list->n + 1 < sizeof list->items / sizeof *list->items);
    list->items[list->n++] = arg;
    list->items[list->n] = CHX_END;
}

/* What every kernel that advances neurons takes first. */
static void
put_tables(arg_list *list, const chx_simulation *simulation, const chx__simulation_part *part)
{
    put(list, CHX_READ(part->setup_buffer));
    put(list, CHX_READ_WRITE(part->state));
    put(list, CHX_READ_WRITE(part->ring));
    put(list, CHX_READ(part->rows));
    put(list, CHX_READ(part->blocks));
    put(list, CHX_READ(simulation->stimuli));
    put(list, CHX_READ(part->entries));
    put(list, CHX_READ(part->tiles));
    put(list, CHX_READ(part->draws));
    put(list, CHX_READ(simulation->chances));
    put(list, CHX_READ(simulation->plasticities));
    put(list, CHX_READ_WRITE(part->resources));
    put(list, CHX_READ_WRITE(part->posts));
    if (simulation->potentials) {
        put(list, CHX_READ(part->gap_offsets));
        put(list, CHX_READ(part->gaps));
    }
}

/* Potentials for gap junctions: of all neurons at one turn, and of the partition's at the next. */
static void
put_potentials(arg_list *list, const chx_simulation *simulation, const chx__simulation_part *part,
               uint32_t before, uint32_t turn)
{
    const size_t n_neurons = simulation->info->n_neurons;
    const size_t size = chx__simulation_n_told(&simulation->tables) * sizeof(float);
    if (!simulation->potentials)
        return;
    put(list, CHX_BUFFER_RANGE(simulation->potentials, CHX_ACCESS_READ, before * n_neurons * size,
                               n_neurons * size));
    put(list,
        CHX_BUFFER_RANGE(simulation->potentials, CHX_ACCESS_WRITE,
                         (turn * n_neurons + part->first_neuron) * size, part->n_neurons * size));
}

/* The lists of one turn: of partition p, or of all where it is n_partitions. */
static chx_arg
lists_of(const chx_simulation *simulation, uint32_t turn, uint32_t p, chx_access access)
{
    const uint32_t n_partitions = simulation->tables.n_partitions;
    const bool is_all = p == n_partitions;
    return CHX_BUFFER_RANGE(simulation->lists, access,
                            (turn * n_partitions + (is_all ? 0 : p)) * list_bytes(simulation),
                            (is_all ? n_partitions : 1) * list_bytes(simulation));
}

/* The count of a partition's list of one turn, to be set to 0. */
static chx_arg
count_of(const chx_simulation *simulation, uint32_t turn, uint32_t p)
{
    return CHX_BUFFER_RANGE(simulation->lists, CHX_ACCESS_WRITE,
                            (turn * simulation->tables.n_partitions + p) * list_bytes(simulation),
                            sizeof(uint32_t));
}

/* What neurons leave behind. */
static void
put_records(arg_list *list, const chx_simulation *simulation, uint32_t p)
{
    const chx__simulation_part *part = &simulation->parts[p];
    put(list, CHX_BUFFER_RANGE(simulation->record, CHX_ACCESS_READ_WRITE,
                               p * record_bytes(simulation), record_bytes(simulation)));
    put(list, CHX_BUFFER_RANGE(simulation->history, CHX_ACCESS_READ_WRITE,
                               part->first_neuron * sizeof(chx_history),
                               part->n_neurons * sizeof(chx_history)));
    put(list, CHX_READ_WRITE(part->samples));
}

static void
put_synapses(arg_list *list, const chx_simulation *simulation, const chx__simulation_part *part)
{
    const bool is_learning = part->setup.n_learning > 0;
    put(list, CHX_READ(part->offsets));
    put(list, is_learning ? CHX_READ_WRITE(part->synapses) : CHX_READ(part->synapses));
    put(list, CHX_READ(simulation->kinds));
}

/* The scalars that each run sets: the run's first step, the launch's, and how many it has. */
static void
put_steps(arg_list *list, chx_simulation *simulation)
{
    simulation->first_scalar = list->n;
    for (int i = 0; i < 3; i++)
        put(list, CHX_UINT(0));
}

static chx_status
add_kernel(chx_simulation *simulation, uint32_t p, const char *name, const char *kernel,
           size_t n_items, const arg_list *args, chx_task *id)
{
    return chx_graph_kernel(simulation->graph, &(chx_kernel_task){
                                                   .name = name,
                                                   .program = simulation->parts[p].program,
                                                   .kernel = kernel,
                                                   .global = {n_items},
                                                   .local = {simulation->shape.group_items},
                                                   .devices = &simulation->part_devices[p],
                                                   .n_devices = simulation->is_pinned,
                                                   .id = id,
                                                   .args = args->items,
                                               });
}

static chx_status
add_advance(chx_simulation *simulation, uint32_t p, uint32_t turn, chx_task *id)
{
    const chx__simulation_part *part = &simulation->parts[p];
    const size_t items = simulation->shape.group_items;
    arg_list args = {.n = 0};
    put_tables(&args, simulation, part);
    put_potentials(&args, simulation, part, 1 - turn, turn);
    put(&args, lists_of(simulation, turn, p, CHX_ACCESS_READ_WRITE));
    put_records(&args, simulation, p);
    put_steps(&args, simulation);
    put(&args, CHX_UINT(turn));
    return add_kernel(simulation, p, "advance", "population_advance",
                      (part->setup.n_tiles + items - 1) / items * items, &args, id);
}

static chx_status
add_deliver(chx_simulation *simulation, uint32_t p, uint32_t turn)
{
    const chx__simulation_part *part = &simulation->parts[p];
    arg_list args = {.n = 0};
    put(&args, CHX_READ(part->setup_buffer));
    put(&args, lists_of(simulation, turn, simulation->tables.n_partitions, CHX_ACCESS_READ));
    put(&args, count_of(simulation, 1 - turn, p));
    put_synapses(&args, simulation, part);
    put(&args, CHX_READ(simulation->plasticities));
    put(&args, CHX_READ(part->posts));
    put(&args, CHX_READ_WRITE(part->sources));
    put(&args, CHX_READ_WRITE(part->ring));
    put(&args, CHX_UINT(turn));
    return add_kernel(simulation, p, "deliver", "population_deliver",
                      simulation->shape.deliver_items, &args, NULL);
}

static chx_status
add_step(chx_simulation *simulation, uint32_t p, uint32_t turn, chx_task *id)
{
    const chx__simulation_part *part = &simulation->parts[p];
    const uint32_t before = (turn + CHX_POPULATION_TURNS - 1) % CHX_POPULATION_TURNS;
    arg_list args = {.n = 0};
    put_tables(&args, simulation, part);
    put_potentials(&args, simulation, part, before, turn);
    put(&args, lists_of(simulation, before, simulation->tables.n_partitions, CHX_ACCESS_READ));
    put(&args, lists_of(simulation, turn, p, CHX_ACCESS_READ_WRITE));
    put(&args, count_of(simulation, (turn + 1) % CHX_POPULATION_TURNS, p));
    put_records(&args, simulation, p);
    put(&args, CHX_READ(part->groups));
    put_synapses(&args, simulation, part);
    put(&args, CHX_READ_WRITE(part->sources));
    put_steps(&args, simulation);
    put(&args, CHX_UINT(turn));
    return add_kernel(simulation, p, "step", "population_step",
                      (size_t)part->n_groups * simulation->shape.group_items, &args, id);
}

static chx_status
add_run(chx_simulation *simulation, chx_task *id)
{
    const chx__simulation_part *part = &simulation->parts[0];
    arg_list args = {.n = 0};
    put_tables(&args, simulation, part);
    if (simulation->potentials)
        put(&args, CHX_READ_WRITE(simulation->potentials));
    put(&args, CHX_READ_WRITE(simulation->lists));
    put_records(&args, simulation, 0);
    put_synapses(&args, simulation, part);
    put(&args, CHX_READ_WRITE(part->sources));
    put_steps(&args, simulation);
    return add_kernel(simulation, 0, "simulate", "population_run", simulation->shape.group_items,
                      &args, id);
}

static chx__simulation_launch *
launch_of(const chx_simulation *simulation, uint32_t stretch, uint32_t index)
{
    return &simulation->launches[(size_t)stretch * simulation->n_launches + index];
}

static chx_status
add_launch(chx_simulation *simulation, uint32_t index)
{
    chx__simulation_launch *launch = launch_of(simulation, simulation->n_stretches, index);
    const chx__launching launching = simulation->shape.launching;
    if (launching == CHX__LAUNCH_FUSED)
        return add_run(simulation, &launch->advance[0]);
    chx_status status = CHX_OK;
    for (uint32_t p = 0; !status && p < simulation->tables.n_partitions; p++)
        status = launching == CHX__LAUNCH_GROUPS
                     ? add_step(simulation, p, index % CHX_POPULATION_TURNS, &launch->advance[p])
                     : add_advance(simulation, p, index % 2, &launch->advance[p]);
    if (launching == CHX__LAUNCH_GROUPS)
        return status;
    for (uint32_t p = 0; !status && p < simulation->tables.n_partitions; p++)
        status = add_deliver(simulation, p, index % 2);
    return status;
}

/* The host task reads what all partitions recorded. */
static chx_status
add_collect(chx_simulation *simulation)
{
    chx_arg args[2 + CHX__MAX_PARTITIONS + 1] = {CHX_READ(simulation->record),
                                                 CHX_READ_WRITE(simulation->turn)};
    uint32_t n = 2;
    for (uint32_t p = 0; simulation->n_probes > 0 && p < simulation->tables.n_partitions; p++)
        args[n++] = CHX_READ(simulation->parts[p].samples);
    args[n] = CHX_END;
    return chx_graph_host(simulation->graph, &(chx_host_task){.name = "collect spikes",
                                                              .run = chx__simulation_collect,
                                                              .data = simulation,
                                                              .args = args});
}

/* A whole number of rounds of the lists. */
static uint32_t
count_launches(const chx__simulation_shape *shape, uint32_t max_steps)
{
    const uint32_t n = max_steps / shape->launch_steps + (max_steps % shape->launch_steps != 0);
    if (shape->launching == CHX__LAUNCH_FUSED)
        return n;
    const uint32_t turns = shape->launching == CHX__LAUNCH_GROUPS ? CHX_POPULATION_TURNS : 2;
    return (n + turns - 1) / turns * turns;
}

/* Launches of one more stretch, which follow those before it as a run follows another. */
static chx_status
add_stretch(chx_simulation *simulation)
{
    const size_t n = (size_t)simulation->n_stretches * simulation->n_launches;
    size_t capacity = n;
    if (!chx__grow(&simulation->launches, &capacity, n + simulation->n_launches,
                   sizeof *simulation->launches))
        return chx__fail_memory("building the graph of a simulation");
    chx_status status = CHX_OK;
    for (uint32_t i = 0; !status && i < simulation->n_launches; i++)
        status = add_launch(simulation, i);
    if (!status)
        status = add_collect(simulation);
    simulation->n_stretches += !status;
    return status;
}

/* What all stretches in a graph share. */
static chx_status
enter_graph(chx_simulation *simulation, chx_graph *graph, uint32_t max_steps)
{
    if (simulation->owns_graph)
        chx__simulation_leave_graph(simulation);
    simulation->max_steps = max_steps;
    if (simulation->playback.recording)
        return chx__playback_enter(simulation, graph);
    chx_status status = create_record(simulation, max_steps);
    simulation->n_launches = count_launches(&simulation->shape, max_steps);
    if (!status)
        simulation->graph = graph;
    else
        chx__simulation_leave_graph(simulation);
    return status;
}

chx_status
chx_simulation_build(chx_simulation *simulation, chx_graph *graph, uint32_t max_steps)
{
    CHX__REQUIRE(simulation && graph && max_steps > 0);
    const bool is_in_it = simulation->graph == graph && !simulation->owns_graph;
    CHX__REQUIRE(!simulation->graph || simulation->owns_graph || is_in_it);
    CHX__REQUIRE(!is_in_it || simulation->max_steps == max_steps);
    chx_status status = is_in_it ? CHX_OK : enter_graph(simulation, graph, max_steps);
    if (status)
        return status;
    return simulation->playback.recording ? chx__playback_build(simulation)
                                          : add_stretch(simulation);
}

void
chx__simulation_leave_graph(chx_simulation *simulation)
{
    chx_plan_destroy(&simulation->plan);
    if (simulation->owns_graph)
        chx_graph_destroy(&simulation->graph);
    simulation->graph = NULL;
    simulation->owns_graph = false;
    free(simulation->launches);
    simulation->launches = NULL;
    simulation->n_launches = simulation->n_stretches = simulation->next_stretch = 0;
    chx_buffer_destroy(&simulation->record);
    chx_buffer_destroy(&simulation->turn);
    for (uint32_t p = 0; p < simulation->tables.n_partitions; p++) {
        chx_buffer_destroy(&simulation->parts[p].setup_buffer);
        chx_buffer_destroy(&simulation->parts[p].samples);
    }
}

/* Sets consecutive unsigned scalars of a task. */
static chx_status
set_scalars(chx_graph *graph, chx_task task, uint32_t first_arg, const uint32_t *values,
            uint32_t n_values)
{
    chx_status status = CHX_OK;
    for (uint32_t i = 0; !status && i < n_values; i++) {
        const chx_arg arg = CHX_UINT(values[i]);
        status = chx_graph_set_value(graph, task, first_arg + i, &arg);
    }
    return status;
}

static chx_status
set_launch(chx_simulation *simulation, const chx__simulation_launch *launch,
           const uint32_t scalars[3])
{
    const bool is_fused = simulation->shape.launching == CHX__LAUNCH_FUSED;
    const uint32_t n_tasks = is_fused ? 1 : simulation->tables.n_partitions;
    chx_status status = CHX_OK;
    for (uint32_t p = 0; !status && p < n_tasks; p++)
        status = set_scalars(simulation->graph, launch->advance[p], simulation->first_scalar,
                             scalars, 3);
    return status;
}

chx_status
chx_simulation_set_steps(chx_simulation *simulation, uint32_t n_steps)
{
    CHX__REQUIRE(simulation && simulation->graph && simulation->n_stretches > 0);
    CHX__REQUIRE(n_steps <= simulation->max_steps);
    if (simulation->step + n_steps > INT32_MAX)
        return chx__fail(CHX_ERROR_LIMIT, "a simulation ends after 2^31 steps; start a new one");
    const uint32_t run_step = (uint32_t)simulation->step;
    uint32_t left = n_steps, first = run_step;
    chx_status status = CHX_OK;
    for (uint32_t i = 0; !status && i < simulation->n_launches; i++) {
        uint32_t steps =
            left < simulation->shape.launch_steps ? left : simulation->shape.launch_steps;
        const uint32_t scalars[3] = {run_step, first, steps};
        status =
            set_launch(simulation, launch_of(simulation, simulation->next_stretch, i), scalars);
        first += steps;
        left -= steps;
    }
    if (status)
        return status;
    simulation->step += n_steps;
    simulation->next_stretch = (simulation->next_stretch + 1) % simulation->n_stretches;
    return simulation->playback.recording ? chx__playback_queue(simulation) : CHX_OK;
}

static bool
samples_are_big(const chx_simulation *simulation, uint32_t n_steps)
{
    uint64_t bytes = 0;
    for (uint32_t p = 0; p < simulation->tables.n_partitions; p++)
        bytes += chx__simulation_sample_bytes(simulation, p, n_steps);
    return bytes > OWN_RECORD_BYTES;
}

/* The most steps per run that the bounds of an own graph allow. */
static uint32_t
own_steps(const chx_simulation *simulation)
{
    const chx__simulation_shape *shape = &simulation->shape;
    uint32_t launch = shape->launch_steps;
    if (simulation->playback.recording)
        return INT32_MAX;
    uint32_t steps = launch * OWN_LAUNCHES;
    if (shape->launching == CHX__LAUNCH_FUSED)
        steps = launch >= OWN_FUSED_STEPS ? OWN_FUSED_STEPS
                                          : launch * ((OWN_FUSED_STEPS + launch - 1) / launch);
    const uint64_t words = OWN_RECORD_BYTES / sizeof(uint32_t) / simulation->tables.n_partitions;
    while (steps > 1 &&
           (record_words(simulation, steps) > words || samples_are_big(simulation, steps)))
        steps /= 2;
    return steps;
}

static chx_status
build_own_graph(chx_simulation *simulation)
{
    chx_graph *graph = NULL;
    chx_status status = chx_graph_create(simulation->runtime, &graph);
    if (status)
        return status;
    status = chx_simulation_build(simulation, graph, own_steps(simulation));
    if (!status)
        status = chx_plan_create(graph, &simulation->plan_params, &simulation->plan);
    if (simulation->graph)
        simulation->owns_graph = true;
    else
        chx_graph_destroy(&graph);
    if (status)
        chx__simulation_leave_graph(simulation);
    return status;
}

static chx_status
submit(chx_simulation *simulation, uint32_t n_steps, chx_run **run)
{
    const uint64_t before = simulation->step;
    chx_status status = chx_simulation_set_steps(simulation, n_steps);
    if (!status)
        status = chx_plan_submit(simulation->plan, run);
    if (status)
        simulation->step = before;
    return status;
}

static chx_status
wait(chx_run **run)
{
    if (!*run)
        return CHX_OK;
    chx_status status = chx_run_wait(*run, CHX_FOREVER);
    chx_run_destroy(run);
    return status;
}

chx_status
chx__simulation_flush(chx_simulation *simulation)
{
    chx_run *run = NULL;
    chx_status status = simulation->graph ? CHX_OK : build_own_graph(simulation);
    if (!status)
        status = submit(simulation, 0, &run);
    chx_status ended = wait(&run);
    return status ? status : ended;
}

chx_status
chx_simulation_advance(chx_simulation *simulation, uint64_t n_steps)
{
    CHX__REQUIRE(simulation && (!simulation->graph || simulation->owns_graph));
    chx_status status = CHX_OK;
    if (!simulation->graph)
        status = build_own_graph(simulation);
    chx_run *last = NULL;
    while (!status && n_steps > 0) {
        uint32_t steps =
            n_steps < simulation->max_steps ? (uint32_t)n_steps : simulation->max_steps;
        chx_run *next = NULL;
        status = submit(simulation, steps, &next);
        n_steps -= steps;
        chx_status ended = wait(&last);
        status = status ? status : ended;
        last = next;
    }
    chx_status ended = wait(&last);
    return status ? status : ended;
}
