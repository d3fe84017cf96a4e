/* Lane 0 of the model is the host; a device's lanes follow each other in the order of the fleet.
 * Place 0 is the host's memory, place d + 1 that of device d, also where d is not in use, so that
 * places mean the same in buffers and plans.
 *
 * Every link starts or ends at the host, but for devices in one context, which copy to each other
 * directly, over the receiver's copy-in lane. Devices on the same hardware share bits in
 * `hardware`, which the scheduler keeps from working at once.
 *
 * What links take is guessed until it has been measured (device/wire.h).
 *
 * Estimates are looked up from the most to the least specific: this task here, its kernel here,
 * either of them here at other sizes, either of them on another device scaled by arithmetic speed,
 * a guess. The constants are guesses that only have to be of the right order, as the first run
 * replaces them. A task's own key hashes its index into the kernel's, so the n-th task of the same
 * graph finds its own history again in the next plan. */
#include "execute/model.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "device/program.h"

/* Guesses that hold until the first measurement. */
#define GUESSED_LAUNCH_NS 10e3
#define GUESSED_OPS_PER_ITEM 100.0
#define GUESSED_GIGA_OPS 1.0
#define GUESSED_GIGA_BYTES 4.0
#define GUESSED_HOST_TASK_NS 20e3
#define TRANSFER_LATENCY_NS 5e3

static uint32_t
count_lanes(const chx__fleet *fleet)
{
    uint32_t n = 1;
    for (uint32_t d = 0; d < fleet->n_devices; d++)
        if (chx__device_is_usable(&fleet->devices[d]))
            n += fleet->devices[d].n_lanes;
    return n;
}

/* Fills in the lanes of a device and the links that its copy lanes make. */
static uint32_t
add_device(chx__model *model, chx__device *device, uint32_t first)
{
    uint32_t n_places = model->machine.n_places;
    uint32_t place = device->index + 1;
    double bandwidth = device->info.giga_bytes > 0 ? device->info.giga_bytes : GUESSED_GIGA_BYTES;
    for (uint32_t i = 0; i < device->n_lanes; i++) {
        chx__lane *lane = &device->lanes[i];
        model->lanes[first + i] = (chx__model_lane){.device = device, .lane = lane};
        model->machine_lanes[first + i] = (chx__machine_lane){
            .role = lane->kind == CHX__LANE_COMPUTE ? CHX__ROLE_COMPUTE : CHX__ROLE_COPY,
            .place = place,
            .device = device->info.name,
            .name = lane->name,
            .hardware = lane->kind == CHX__LANE_COMPUTE ? device->hardware : 0,
        };
        bool takes_other = lane->kind == CHX__LANE_COPY_OUT && device->has_one_copy_lane;
        chx__link link = {.exists = true,
                          .lane = takes_other ? first + i - 1 : first + i,
                          .latency_ns = TRANSFER_LATENCY_NS,
                          .ns_per_byte = 1.0 / bandwidth};
        if (lane->kind == CHX__LANE_COPY_IN)
            model->links[place] = link;
        if (lane->kind == CHX__LANE_COPY_OUT)
            model->links[(size_t)place * n_places] = link;
    }
    return first + device->n_lanes;
}

/* Devices that share a context copy to each other over the receiver's copy-in lane. */
static void
link_neighbours(chx__model *model, const chx__fleet *fleet)
{
    size_t n_places = model->machine.n_places;
    for (uint32_t a = 0; a < fleet->n_devices; a++)
        for (uint32_t b = 0; b < fleet->n_devices; b++) {
            const chx__device *from = &fleet->devices[a], *to = &fleet->devices[b];
            if (a != b && chx__device_is_usable(from) && chx__device_is_usable(to) &&
                from->platform == to->platform)
                model->links[(a + 1) * n_places + b + 1] = model->links[b + 1];
        }
}

/* What is known of links takes the place of what was guessed; which lanes they take stands. */
static void
measure_links(chx__model *model, const chx__wire *wires)
{
    size_t n_places = model->machine.n_places;
    for (size_t l = 0; wires && l < n_places * n_places; l++) {
        chx__link *link = &model->links[l];
        if (wires[l].is_unknown)
            continue;
        link->exists = link->exists && wires[l].exists;
        link->latency_ns = wires[l].latency_ns;
        link->ns_per_byte = wires[l].ns_per_byte;
    }
}

chx_status
chx__model_init(chx__model *model, const chx__fleet *fleet)
{
    *model = (chx__model){0};
    uint32_t n_lanes = count_lanes(fleet);
    uint32_t n_places = fleet->n_devices + 1;
    model->machine_lanes = chx__alloc(n_lanes, sizeof *model->machine_lanes);
    model->lanes = chx__alloc(n_lanes, sizeof *model->lanes);
    model->links = chx__alloc(n_places, n_places * sizeof *model->links);
    if (!model->machine_lanes || !model->lanes || !model->links) {
        chx__model_finish(model);
        return chx__fail_memory("describing the machine");
    }
    model->machine = (chx__machine){.n_places = n_places,
                                    .n_lanes = n_lanes,
                                    .lanes = model->machine_lanes,
                                    .links = model->links};
    model->machine_lanes[0] = (chx__machine_lane){
        .role = CHX__ROLE_HOST, .place = CHX__HOST_PLACE, .device = "host", .name = "host"};
    uint32_t first = 1;
    for (uint32_t d = 0; d < fleet->n_devices; d++)
        if (chx__device_is_usable(&fleet->devices[d]))
            first = add_device(model, &fleet->devices[d], first);
    assert(first == n_lanes);
    link_neighbours(model, fleet);
    measure_links(model, fleet->wires);
    return CHX_OK;
}

void
chx__model_finish(chx__model *model)
{
    free(model->machine_lanes);
    free(model->lanes);
    free(model->links);
    *model = (chx__model){0};
}

static uint64_t
work_items(const chx__task *task)
{
    uint64_t n = 1;
    for (uint32_t i = 0; i < task->launch.n_dimensions; i++)
        n *= task->launch.global[i];
    return n;
}

static uint64_t
kind_of(const chx__task *task, const chx__device *device)
{
    uint64_t kind[2] = {task->names};
    if (task->program)
        kind[1] = chx__program_digest(task->program).low +
                  (device && chx__program_is_quick(task->program, device));
    return chx__hash(kind, sizeof kind).low;
}

chx__task_keys
chx__task_keys_of(const chx__task *task, const chx__device *device)
{
    chx__cost_key kind = {.kernel = kind_of(task, device),
                          .device = device ? device->pace : 0,
                          .size = work_items(task)};
    uint64_t place[2] = {kind.kernel, task->origin};
    chx__cost_key own = kind;
    own.kernel = chx__hash(place, sizeof place).low;
    return (chx__task_keys){.own = own, .kind = kind};
}

static double
giga_ops(const chx__device *device)
{
    return device->info.giga_ops > 0 ? device->info.giga_ops : GUESSED_GIGA_OPS;
}

static double
giga_ops_at(const chx__fleet *fleet, uint64_t pace)
{
    for (uint32_t d = 0; d < fleet->n_devices; d++)
        if (fleet->devices[d].pace == pace)
            return giga_ops(&fleet->devices[d]);
    return GUESSED_GIGA_OPS;
}

/* Tasks that are divided are of one size now and of another then. */
static bool
find_measured(const chx__costs *costs, const chx__task *task, const chx__cost_key *key,
              double *duration_ns)
{
    return task->is_divisible ? chx__costs_find_lately(costs, key, duration_ns)
                              : chx__costs_find(costs, key, duration_ns);
}

static bool
is_named_before(const chx__task *task, uint32_t arg)
{
    for (uint32_t i = 0; i < arg; i++)
        if (task->args[i].kind == CHX_ARG_BUFFER && task->args[i].buffer == task->args[arg].buffer)
            return true;
    return false;
}

/* Replicas are of whole buffers. */
static uint64_t
memory_of(const chx__task *task)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < task->n_args; i++)
        if (task->args[i].kind == CHX_ARG_BUFFER && !is_named_before(task, i))
            bytes += chx_buffer_size(task->args[i].buffer);
    return bytes;
}

bool
chx__model_has_room(const chx__fleet *fleet, const chx__task *task, const chx__device *device)
{
    const uint64_t bytes = memory_of(task);
    if (bytes <= device->info.budget_bytes)
        return true;
    const chx__places allowed = chx__fleet_allow(fleet, task->devices);
    for (uint32_t d = 0; d < fleet->n_devices; d++) {
        const chx__device *other = &fleet->devices[d];
        if (bytes <= other->info.budget_bytes && chx__device_is_usable(other) &&
            chx__places_have(allowed, chx__device_place(other)))
            return false;
    }
    return true;
}

static double
device_cost(const chx__costs *costs, const chx__fleet *fleet, const chx__task *task,
            const chx__device *device)
{
    const chx__places allowed = chx__fleet_allow(fleet, task->devices);
    if (!chx__places_have(allowed, chx__device_place(device)) ||
        chx__fleet_is_spare(fleet, device, allowed) || !chx__model_has_room(fleet, task, device))
        return INFINITY;
    chx__task_keys keys = chx__task_keys_of(task, device);
    double duration_ns;
    uint64_t reference;
    if (find_measured(costs, task, &keys.own, &duration_ns) ||
        find_measured(costs, task, &keys.kind, &duration_ns) ||
        chx__costs_find_near(costs, &keys.own, &duration_ns) ||
        chx__costs_find_near(costs, &keys.kind, &duration_ns))
        return duration_ns;
    if (chx__costs_find_elsewhere(costs, &keys.own, &reference, &duration_ns) ||
        chx__costs_find_elsewhere(costs, &keys.kind, &reference, &duration_ns))
        return duration_ns * giga_ops_at(fleet, reference) / giga_ops(device);
    double launch_ns =
        device->info.launch_us > 0 ? device->info.launch_us * 1e3 : GUESSED_LAUNCH_NS;
    return launch_ns + (double)work_items(task) * GUESSED_OPS_PER_ITEM / giga_ops(device);
}

double
chx__model_cost(const chx__model *model, const chx__costs *costs, const chx__fleet *fleet,
                const chx__task *task, uint32_t lane)
{
    const chx__device *device = model->lanes[lane].device;
    bool is_host_lane = model->machine_lanes[lane].role == CHX__ROLE_HOST;
    bool is_host_task = !task->program;
    if (model->machine_lanes[lane].role == CHX__ROLE_COPY || is_host_lane != is_host_task)
        return INFINITY;
    if (!is_host_lane)
        return device_cost(costs, fleet, task, device);
    chx__task_keys keys = chx__task_keys_of(task, NULL);
    double duration_ns;
    return chx__costs_find(costs, &keys.own, &duration_ns) ? duration_ns : GUESSED_HOST_TASK_NS;
}
