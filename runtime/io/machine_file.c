/* Devices are read in the order of the file, and a shared memory names one above it, so places can
 * be numbered as they come; place 0 is the first device's, over which transfers without a link of
 * their own go. Pieces of hardware are bits by first occurrence. Units change here, and only here:
 * us to ns, GB/s to ns per byte, GiB to bytes.
 *
 * lanes and models are arrays that move while they grow: what points into them is set at the
 * end. Devices are allocated at once, as lanes borrow their names. */
#include "io/machine_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/places.h"
#include "io/json.h"

#define MAX_FILE_BYTES ((size_t)16 << 20)
#define MAX_DEVICES 4096
#define MAX_LANES 65535

typedef struct machine_file {
    chx__json json;
    chx__json_at root, devices, links;
    const char *hardware[64]; /* names, by bit */
    size_t n_hardware;
    size_t lanes_capacity, models_capacity;
    chx__machine_model model;
} machine_file;

static chx_status
fail_memory(void)
{
    return chx__fail_memory("reading a machine");
}

/* An optional number; keeps its value when absent. */
static chx_status
read_number(const chx__json_at *object, const char *key, double min, double max, double *number)
{
    chx__json_at at;
    chx_status status = chx__json_optional(object, key, &at);
    return status || !at.value ? status : chx__json_number(&at, min, max, number);
}

static chx_status
read_text(const chx__json_at *object, const char *key, const char **text)
{
    chx__json_at at;
    chx_status status = chx__json_member(object, key, &at);
    return status ? status : chx__json_text(&at, text);
}

/* The bits of a device's hardware; names get bits as they first occur. */
static chx_status
read_hardware(machine_file *file, const chx__json_at *device, uint64_t *bits)
{
    chx__json_at list;
    size_t n = 0;
    chx_status status = chx__json_optional(device, "hardware", &list);
    if (!status && list.value)
        status = chx__json_array(&list, 0, 64, &n);
    for (size_t i = 0; !status && i < n; i++) {
        chx__json_at at = chx__json_element(&list, i);
        const char *name;
        size_t bit = 0;
        status = chx__json_text(&at, &name);
        if (status)
            return status;
        while (bit < file->n_hardware && strcmp(file->hardware[bit], name) != 0)
            bit++;
        if (bit == 64)
            return chx__json_fail(&at, "is one name too many; 64 pieces of hardware are accepted");
        if (bit == file->n_hardware)
            file->hardware[file->n_hardware++] = name;
        *bits |= UINT64_C(1) << bit;
    }
    return status;
}

static chx_status
read_role(const chx__json_at *lane, chx__role *role)
{
    static const char *const names[] = {"compute", "host", "copy"};
    static const chx__role roles[] = {CHX__ROLE_COMPUTE, CHX__ROLE_HOST, CHX__ROLE_COPY};
    chx__json_at at;
    const char *name;
    chx_status status = chx__json_optional(lane, "role", &at);
    *role = CHX__ROLE_COMPUTE;
    if (status || !at.value)
        return status;
    status = chx__json_text(&at, &name);
    for (size_t i = 0; !status && i < 3; i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        *role = roles[i];
        return CHX_OK;
    }
    return status ? status
                  : chx__json_fail(&at, "\"%s\" is no role; use compute, host or copy", name);
}

static chx_status
read_lane(machine_file *file, const chx__json_at *at, uint32_t device, uint64_t hardware)
{
    chx__machine_model *model = &file->model;
    const char *name = NULL;
    chx__role role = CHX__ROLE_COMPUTE;
    double gops = 0.0, launch_us = 0.0;
    chx_status status =
        chx__json_object(at, (const char *const[]){"name", "role", "gops", "launch_us", NULL});
    if (!status)
        status = read_text(at, "name", &name);
    if (!status)
        status = read_role(at, &role);
    if (!status)
        status = read_number(at, "gops", 0.0, 1e12, &gops);
    if (!status)
        status = read_number(at, "launch_us", 0.0, 1e9, &launch_us);
    if (status)
        return status;
    uint32_t index = model->machine.n_lanes;
    if (index == MAX_LANES)
        return chx__json_fail(at, "is one lane too many; %d are accepted", MAX_LANES);
    if (!chx__grow(&model->lanes, &file->lanes_capacity, index + 1, sizeof *model->lanes) ||
        !chx__grow(&model->lane_models, &file->models_capacity, index + 1,
                   sizeof *model->lane_models))
        return fail_memory();
    const chx__device_model *owner = &model->devices[device];
    model->machine.n_lanes++;
    model->lane_models[index] = (chx__lane_model){
        .name = chx__strdup(name),
        .full_name = chx__format("%s.%s", owner->name, name),
        .device = device,
        .gops = gops,
        .launch_ns = launch_us * 1e3,
    };
    if (!model->lane_models[index].name || !model->lane_models[index].full_name)
        return fail_memory();
    model->lanes[index] = (chx__machine_lane){role, owner->place, owner->name,
                                              model->lane_models[index].name, hardware};
    for (uint32_t l = 0; l < index; l++)
        if (strcmp(model->lane_models[l].full_name, model->lane_models[index].full_name) == 0)
            return chx__json_fail(at, "the lane \"%s\" occurs twice; names must differ",
                                  model->lane_models[l].full_name);
    return CHX_OK;
}

static const chx__device_model *
find_device(const chx__machine_model *model, uint32_t n, const char *name)
{
    for (uint32_t d = 0; d < n; d++)
        if (strcmp(model->devices[d].name, name) == 0)
            return &model->devices[d];
    return NULL;
}

/* Its own place, or that of the device with which it shares memory. */
static chx_status
read_place(machine_file *file, const chx__json_at *at, uint32_t device)
{
    chx__machine_model *model = &file->model;
    chx__json_at shared;
    const char *name = NULL;
    chx_status status = chx__json_optional(at, "shares_memory_with", &shared);
    if (status)
        return status;
    if (!shared.value) {
        if (model->machine.n_places == CHX__MAX_PLACES)
            return chx__json_fail(at, "is one memory too many; %u are accepted", CHX__MAX_PLACES);
        model->devices[device].place = model->machine.n_places++;
        return CHX_OK;
    }
    status = chx__json_text(&shared, &name);
    if (status)
        return status;
    const chx__device_model *other = find_device(model, device, name);
    if (!other)
        return chx__json_fail(&shared, "there is no device \"%s\" before this one", name);
    model->devices[device].place = other->place;
    return CHX_OK;
}

static chx_status
read_device(machine_file *file, uint32_t index)
{
    static const char *const keys[] = {
        "name", "memory_gib", "shares_memory_with", "idle_w", "busy_w", "hardware", "lanes", NULL};
    chx__json_at at = chx__json_element(&file->devices, index), lanes;
    chx__device_model *device = &file->model.devices[index];
    const char *name = NULL;
    double memory_gib = 0.0;
    uint64_t hardware = 0;
    size_t n_lanes = 0;
    chx_status status = chx__json_object(&at, keys);
    if (!status)
        status = read_text(&at, "name", &name);
    if (!status && find_device(&file->model, index, name))
        return chx__json_fail(&at, "the name \"%s\" occurs twice; names must differ", name);
    if (!status && !(device->name = chx__strdup(name)))
        return fail_memory();
    file->model.n_devices = index + 1;
    if (!status)
        status = read_place(file, &at, index);
    if (!status)
        status = read_number(&at, "memory_gib", 0.0, 1e9, &memory_gib);
    if (!status)
        status = read_number(&at, "idle_w", 0.0, 1e6, &device->idle_w);
    device->busy_w = device->idle_w;
    if (!status)
        status = read_number(&at, "busy_w", device->idle_w, 1e6, &device->busy_w);
    if (!status)
        status = read_hardware(file, &at, &hardware);
    if (!status)
        status = chx__json_member(&at, "lanes", &lanes);
    if (!status)
        status = chx__json_array(&lanes, 0, MAX_LANES, &n_lanes);
    device->memory_bytes = (uint64_t)(memory_gib * 1073741824.0);
    for (size_t l = 0; !status && l < n_lanes; l++) {
        chx__json_at lane = chx__json_element(&lanes, l);
        status = read_lane(file, &lane, index, hardware);
    }
    return status;
}

static chx_status
read_devices(machine_file *file)
{
    size_t n;
    chx_status status = chx__json_member(&file->root, "devices", &file->devices);
    if (!status)
        status = chx__json_array(&file->devices, 1, MAX_DEVICES, &n);
    if (status)
        return status;
    file->model.devices = chx__alloc(n, sizeof *file->model.devices);
    if (!file->model.devices)
        return fail_memory();
    for (uint32_t d = 0; !status && d < n; d++)
        status = read_device(file, d);
    for (uint32_t l = 0; !status && l < file->model.machine.n_lanes; l++)
        if (file->model.lanes[l].role != CHX__ROLE_COPY)
            return CHX_OK;
    return status ? status
                  : chx__json_fail(&file->devices, "no lane runs tasks; add one with the role "
                                                   "compute or host");
}

static chx_status
read_end(machine_file *file, const chx__json_at *link, const char *key, uint32_t *place)
{
    chx__json_at at;
    const char *name = NULL;
    chx_status status = chx__json_member(link, key, &at);
    if (!status)
        status = chx__json_text(&at, &name);
    if (status)
        return status;
    const chx__device_model *device = find_device(&file->model, file->model.n_devices, name);
    if (!device)
        return chx__json_fail(&at, "there is no device \"%s\"", name);
    *place = device->place;
    return CHX_OK;
}

static chx_status
read_link_lane(const machine_file *file, const chx__json_at *link, uint32_t *lane)
{
    const chx__machine_model *model = &file->model;
    chx__json_at at;
    const char *name = NULL;
    chx_status status = chx__json_optional(link, "lane", &at);
    *lane = CHX__NO_LANE;
    if (status || !at.value)
        return status;
    status = chx__json_text(&at, &name);
    for (uint32_t l = 0; !status && l < model->machine.n_lanes; l++) {
        if (strcmp(model->lane_models[l].full_name, name) != 0)
            continue;
        if (model->lanes[l].role != CHX__ROLE_COPY)
            return chx__json_fail(&at, "the lane \"%s\" has not the role copy", name);
        *lane = l;
        return CHX_OK;
    }
    return status ? status
                  : chx__json_fail(&at, "there is no lane \"%s\"; write \"DEVICE.LANE\"", name);
}

static chx_status
read_link(machine_file *file, const chx__json_at *at)
{
    uint32_t from = 0, to = 0, lane = CHX__NO_LANE;
    double latency_us = 0.0, gb_per_s = 0.0;
    chx__json_at speed;
    chx_status status = chx__json_object(
        at, (const char *const[]){"from", "to", "latency_us", "gb_per_s", "lane", NULL});
    if (!status)
        status = read_end(file, at, "from", &from);
    if (!status)
        status = read_end(file, at, "to", &to);
    if (!status)
        status = read_number(at, "latency_us", 0.0, 1e9, &latency_us);
    if (!status)
        status = chx__json_member(at, "gb_per_s", &speed);
    if (!status)
        status = chx__json_number(&speed, 1e-6, 1e9, &gb_per_s);
    if (!status)
        status = read_link_lane(file, at, &lane);
    if (status)
        return status;
    if (from == to)
        return chx__json_fail(at, "both ends have the same memory; remove this link");
    chx__link *link = &file->model.links[(size_t)from * file->model.machine.n_places + to];
    if (link->exists)
        return chx__json_fail(at, "the two memories have a link in this direction already");
    *link = (chx__link){true, lane, latency_us * 1e3, 1.0 / gb_per_s};
    return CHX_OK;
}

static chx_status
read_links(machine_file *file)
{
    size_t n = 0, n_places = file->model.machine.n_places;
    file->model.links = chx__alloc(n_places, n_places * sizeof *file->model.links);
    if (!file->model.links)
        return fail_memory();
    chx_status status = chx__json_optional(&file->root, "links", &file->links);
    if (!status && file->links.value)
        status = chx__json_array(&file->links, 0, n_places * n_places, &n);
    for (size_t i = 0; !status && i < n; i++) {
        chx__json_at at = chx__json_element(&file->links, i);
        status = read_link(file, &at);
    }
    return status;
}

chx_status
chx__machine_file_load(const char *path, chx__machine_model *model)
{
    machine_file file = {0};
    chx_status status = chx__json_load(path, MAX_FILE_BYTES, &file.json);
    if (!status) {
        file.root = chx__json_root(&file.json);
        status = chx__json_object(&file.root, (const char *const[]){"devices", "links", NULL});
    }
    if (!status)
        status = read_devices(&file);
    if (!status)
        status = read_links(&file);
    chx__json_finish(&file.json);
    if (status) {
        chx__machine_model_finish(&file.model);
        return status;
    }
    file.model.machine.lanes = file.model.lanes;
    file.model.machine.links = file.model.links;
    *model = file.model;
    return CHX_OK;
}
