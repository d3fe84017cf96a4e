/* The shape of launches. It follows from measurements, given beside each constant, and never
 * changes results.
 *
 * Two drivers set limits: a device that ends work-items after so many loop iterations
 * (max_loop_iterations of its self-test), for which the bounds here count all loops of one
 * work-item, and one that gives a kernel fewer work-items per group than it says. row_lanes
 * work-items share a row of synapses; items must be a multiple of row_lanes, which holds as
 * drivers' limits of work-groups are powers of two. */
#include "network/simulation_state.h"

#include <string.h>

#include "base/error.h"

/* Where items of a group run at once, networks of up to so many neurons run in one work-group: its
 * barriers cost less than launches. */
#define FUSED_MAX_NEURONS 4096

/* Where they do not, a launch costs GROUP_MIN_NS for all groups together, and a batch about
 * UPDATE_NS a step of a neuron and EVENT_NS a synapse of a spike, at EXPECTED_HZ. */
#define GROUP_MIN_NS 8000
#define UPDATE_NS 0.4
#define EVENT_NS 2.0
#define EXPECTED_HZ 5.0

/* Bytes of a ring that does not stay in cores' caches, and spikes that arrive at a block in a step,
 * from which on marks of it cost more than they spare. */
#define FAR_RING (UINT64_C(1) << 22)
#define MARKS_MAX_EVENTS 1.0

/* Steps of a batch for which looking for neurons that are up is worth its time. */
#define SLEEP_MIN_STEPS 4

/* Steps of neurons per batch that are worth a second device, which costs tens of microseconds. */
#define PARTITION_MIN_UPDATES 400000

/* A kernel's own limit may be far below its device's: llvmpipe gives this one 32 work-items. */
#define CPU_MAX_GROUP 32
#define GPU_MAX_GROUP 128

/* Whose processors do every operation of eight work-items at once: each element of a kernel's
 * vector becomes a vector, and the worm's kernels take llvmpipe three times longer to compile and
 * run with blocks of 16 than with blocks of 4. */
#define SPREADING_PLATFORM "rusticl"

#define MAX_DELIVER_ITEMS (1u << 20)

static uint64_t
least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t
divide_up(uint64_t a, uint64_t b)
{
    return (a + b - 1) / b;
}

chx_status
chx__simulation_fleet_init(chx__simulation_fleet *fleet, const chx_runtime *runtime)
{
    *fleet = (chx__simulation_fleet){.n_parallel = chx_runtime_n_parallel(runtime),
                                     .all_cpus = true,
                                     .wide_blocks = true,
                                     .loop_limit = UINT64_MAX,
                                     .max_work_group = UINT32_MAX};
    for (uint32_t d = 0; d < chx_runtime_n_devices(runtime) && d < CHX__MAX_PLACES; d++) {
        chx_device_info info;
        chx_status status = chx_runtime_device(runtime, d, &info);
        if (status)
            return status;
        if (!info.selected)
            continue;
        fleet->devices[fleet->n_devices++] = d;
        fleet->all_cpus = fleet->all_cpus && info.kind == CHX_DEVICE_CPU;
        fleet->wide_blocks = fleet->wide_blocks && info.kind == CHX_DEVICE_CPU &&
                             strcmp(info.platform, SPREADING_PLATFORM) != 0;
        fleet->loop_limit = least(fleet->loop_limit, info.max_loop_iterations);
        fleet->max_work_group = (uint32_t)least(fleet->max_work_group, info.max_work_group);
        if (info.n_compute_units > fleet->n_compute_units)
            fleet->n_compute_units = info.n_compute_units;
    }
    if (fleet->n_devices == 0)
        return chx__fail(CHX_ERROR_NO_DEVICE, "no device is left to simulate on");
    return CHX_OK;
}

uint32_t
chx__simulation_choose_partitions(const chx__simulation_fleet *fleet, const chx_network_info *info)
{
    uint64_t updates =
        (uint64_t)info->n_neurons * chx__simulation_batch_steps(info, CHX__SIMULATION_MAX_BATCH);
    uint64_t worth = updates / PARTITION_MIN_UPDATES;
    return (uint32_t)least(fleet->n_parallel, worth > 0 ? worth : 1);
}

/* Whether the work-items of a group run one after the other, and for as long as they like. */
static bool
is_sequential(const chx__simulation_fleet *fleet)
{
    return fleet->all_cpus && fleet->loop_limit == UINT64_MAX;
}

uint32_t
chx__simulation_choose_groups(const chx__simulation_fleet *fleet, const chx_network_info *info,
                              uint32_t n_partitions)
{
    if (!is_sequential(fleet))
        return 1;
    const double steps = chx__simulation_batch_steps(info, CHX__SIMULATION_MAX_BATCH);
    const double spikes_each = EXPECTED_HZ * 1e-3 * info->time_step_ms * steps;
    const double work_ns =
        info->n_neurons * steps * UPDATE_NS + (double)info->n_synapses * spikes_each * EVENT_NS;
    const uint64_t worth = (uint64_t)(work_ns / n_partitions / GROUP_MIN_NS);
    return (uint32_t)least(fleet->n_compute_units, worth > 1 ? worth : 1);
}

/* Upper bound of the loop iterations of one work-item that delivers n_spikes, all its loops
 * together. Where synapses learn it looks at all spikes and delivers those of its own sources: each
 * synapse passes over what has not yet got back, once a step, and finds and takes what waits. */
static uint64_t
deliver_iterations(const chx__simulation_tables *tables, uint64_t n_spikes, uint32_t batch_steps,
                   uint32_t items, uint32_t row_lanes)
{
    if (tables->n_learning > 0) {
        const uint64_t own = divide_up(tables->info->n_neurons, items);
        const uint64_t passes = (batch_steps + UINT64_C(1)) * (1 + tables->return_spikes);
        const uint64_t row = tables->max_row * (passes + 2 * tables->post_places);
        return n_spikes + own * (batch_steps + 1 + row) + CHX__MAX_PARTITIONS;
    }
    return divide_up(n_spikes, items / row_lanes) * (1 + divide_up(tables->max_row, row_lanes)) +
           CHX__MAX_PARTITIONS;
}

static uint64_t
spikes_of_all(const chx__simulation_tables *tables, uint32_t n_steps)
{
    uint64_t sum = 0;
    for (uint32_t p = 0; p < tables->n_partitions; p++)
        sum += chx__simulation_max_spikes(tables, p, n_steps);
    return sum;
}

/* One work-group, a work-item for each tile where that many fit. False when the network is too big
 * for it or one batch would pass the devices' limit of loop iterations. */
static bool
choose_fused(chx__simulation_shape *shape, const chx__simulation_fleet *fleet,
             const chx__simulation_tables *tables, uint32_t step_iterations)
{
    uint32_t n_neurons = tables->info->n_neurons;
    if (tables->n_partitions > 1 || n_neurons > FUSED_MAX_NEURONS)
        return false;
    uint32_t most =
        (uint32_t)least(fleet->max_work_group, fleet->all_cpus ? CPU_MAX_GROUP : GPU_MAX_GROUP);
    const uint32_t tile = CHX_POPULATION_TILE(tables->width) * tables->width;
    const uint64_t n_tiles = divide_up(n_neurons, tile);
    uint32_t items = shape->row_lanes;
    while (items * 2 <= most && items < n_tiles)
        items *= 2;
    if (items > most)
        return false;
    uint32_t batch = tables->batch_steps;
    uint64_t per_batch = 1 + divide_up(n_tiles, items) * (1 + (uint64_t)batch * step_iterations);
    per_batch +=
        deliver_iterations(tables, spikes_of_all(tables, batch), batch, items, shape->row_lanes);
    uint64_t batches = fleet->loop_limit / per_batch;
    if (batches == 0)
        return false;
    shape->launching = CHX__LAUNCH_FUSED;
    shape->group_items = items;
    shape->launch_steps = (uint32_t)least(batches, CHX__SIMULATION_MAX_STEPS / batch) * batch;
    return true;
}

/* A work-item is a work-group. */
static void
choose_sequential(chx__simulation_shape *shape, const chx__simulation_tables *tables)
{
    const bool fused = tables->n_partitions == 1 && tables->n_groups == 1;
    const uint32_t batch = tables->batch_steps;
    const double spikes_each = EXPECTED_HZ * 1e-3 * tables->info->time_step_ms;
    const double n_blocks = (double)tables->info->n_neurons / tables->width;
    shape->launching = fused ? CHX__LAUNCH_FUSED : CHX__LAUNCH_GROUPS;
    const uint64_t ring_bytes = sizeof(int32_t) * (uint64_t)tables->info->n_neurons
                                << tables->slot_bits;
    shape->is_far = ring_bytes >= FAR_RING;
    shape->has_marks = shape->is_far &&
                       (double)tables->info->n_synapses * spikes_each < MARKS_MAX_EVENTS * n_blocks;
    shape->has_sleep = shape->has_marks && batch >= SLEEP_MIN_STEPS && tables->n_learning == 0 &&
                       tables->n_short_term == 0;
    shape->group_items = 1;
    shape->launch_steps = fused ? CHX__SIMULATION_MAX_STEPS / batch * batch : batch;
}

static chx_status
choose_launches(chx__simulation_shape *shape, const chx__simulation_fleet *fleet,
                const chx__simulation_tables *tables, uint32_t step_iterations)
{
    uint64_t steps = fleet->loop_limit / step_iterations;
    shape->launching = CHX__LAUNCH_SEPARATE;
    shape->launch_steps = (uint32_t)least(tables->batch_steps, steps);
    shape->group_items = (uint32_t)least(fleet->max_work_group, fleet->all_cpus ? 16 : 64);
    uint64_t n_spikes = spikes_of_all(tables, shape->launch_steps);
    uint32_t items = shape->group_items * 8;
    while (items < fleet->n_compute_units * (fleet->all_cpus ? 64 : 1024))
        items *= 2;
    while (items < MAX_DELIVER_ITEMS &&
           deliver_iterations(tables, n_spikes, shape->launch_steps, items, shape->row_lanes) >
               fleet->loop_limit)
        items *= 2;
    shape->deliver_items = items;
    if (shape->launch_steps == 0 || deliver_iterations(tables, n_spikes, shape->launch_steps, items,
                                                       shape->row_lanes) > fleet->loop_limit)
        return chx__fail(CHX_ERROR_LIMIT,
                         "a selected device ends work-items after %llu loop iterations, too few "
                         "for this network; leave it out or use more partitions",
                         (unsigned long long)fleet->loop_limit);
    return CHX_OK;
}

chx_status
chx__simulation_choose_shape(chx__simulation_shape *shape, const chx__simulation_fleet *fleet,
                             const chx__simulation_tables *tables, uint32_t step_iterations)
{
    *shape = (chx__simulation_shape){.row_lanes = fleet->all_cpus ? 8 : 32};
    if (is_sequential(fleet)) {
        shape->row_lanes = 1;
        choose_sequential(shape, tables);
        return CHX_OK;
    }
    if (tables->n_learning > 0)
        shape->row_lanes = 1;
    while (shape->row_lanes > fleet->max_work_group)
        shape->row_lanes /= 2;
    if (choose_fused(shape, fleet, tables, step_iterations))
        return CHX_OK;
    return choose_launches(shape, fleet, tables, step_iterations);
}
