/* Null devices from a machine's file: those that compute, with the links that the file gives them.
 * Its first device is the host, whose own lanes are no null device; one that shares the host's
 * memory works on it. All stand on one platform, and two without a link go through the host. */
#ifndef CHX_TESTS_NULL_MACHINE_H
#define CHX_TESTS_NULL_MACHINE_H

#include <check.h>
#include <stdlib.h>

#include <chronaxie/status.h>

#include "device/null.h"
#include "io/machine_file.h"

/* Of a kernel, for each work-item, as a plan guesses before it has measured. */
#define TEST_OPS_PER_ITEM 100.0

typedef struct test_null_machine {
    chx__machine_model model;
    chx__null_device *devices;
    chx__wire *wires;
    uint32_t n_devices;
    uint32_t *places; /* in the file: of the host, then of each device */
} test_null_machine;

static inline bool
test_lane_computes(const test_null_machine *made, uint32_t lane)
{
    return made->model.lanes[lane].role == CHX__ROLE_COMPUTE;
}

/* The device as its first lane that computes has it; false when none does. */
static inline bool
test_describe_null(const test_null_machine *made, uint32_t index, chx__null_device *device)
{
    const chx__machine_model *model = &made->model;
    uint32_t l = 0;
    while (l < model->machine.n_lanes &&
           (model->lane_models[l].device != index || !test_lane_computes(made, l)))
        l++;
    if (l == model->machine.n_lanes)
        return false;
    ck_assert(model->lane_models[l].gops > 0);
    uint64_t memory_bytes = chx__machine_model_memory(model, model->devices[index].place);
    *device = (chx__null_device){
        .name = model->devices[index].name,
        .memory_bytes = memory_bytes < UINT64_MAX ? memory_bytes : (uint64_t)1 << 40,
        .shares_host_memory = model->devices[index].place == 0,
        .launch_ns = model->lane_models[l].launch_ns,
        .ns_per_item = TEST_OPS_PER_ITEM / model->lane_models[l].gops,
        .hardware = model->lanes[l].hardware,
    };
    return true;
}

static inline const chx__link *
test_link(const test_null_machine *made, uint32_t from, uint32_t to)
{
    return &made->model.links[made->places[from] * made->model.machine.n_places + made->places[to]];
}

/* Within one memory nothing moves. */
static inline chx__wire
test_wire(const test_null_machine *made, uint32_t from, uint32_t to)
{
    const chx__link *link = test_link(made, from, to);
    if (made->places[from] == made->places[to])
        return (chx__wire){.exists = true};
    return (chx__wire){link->exists, link->latency_ns, link->ns_per_byte};
}

static inline void
test_wire_null(test_null_machine *made)
{
    uint32_t n_ends = made->n_devices + 1;
    made->wires = calloc((size_t)n_ends * n_ends, sizeof *made->wires);
    for (uint32_t from = 0; from < n_ends; from++)
        for (uint32_t to = 0; to < n_ends; to++)
            made->wires[from * n_ends + to] = test_wire(made, from, to);
    for (uint32_t d = 1; d < n_ends; d++) {
        const chx__link *in = test_link(made, 0, d), *out = test_link(made, d, 0);
        ck_assert(made->wires[d].exists && made->wires[d * n_ends].exists);
        made->devices[d - 1].has_one_copy_lane =
            in->exists && in->lane == out->lane && in->lane != CHX__NO_LANE;
    }
}

static inline void
test_null_machine_load(test_null_machine *made, const char *path)
{
    *made = (test_null_machine){0};
    ck_assert_msg(chx__machine_file_load(path, &made->model) == CHX_OK, "%s",
                  chx_last_error()->message);
    made->devices = calloc(made->model.n_devices, sizeof *made->devices);
    made->places = calloc(made->model.n_devices + 1, sizeof *made->places);
    for (uint32_t d = 0; d < made->model.n_devices; d++)
        if (test_describe_null(made, d, &made->devices[made->n_devices]))
            made->places[++made->n_devices] = made->model.devices[d].place;
    ck_assert_uint_gt(made->n_devices, 0);
    test_wire_null(made);
}

static inline void
test_null_machine_finish(test_null_machine *made)
{
    free(made->devices);
    free(made->wires);
    free(made->places);
    chx__machine_model_finish(&made->model);
    *made = (test_null_machine){0};
}

#endif
