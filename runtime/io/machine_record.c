/* The machine at hand as a machine file: what was measured, in the words that describe others.
 * Units change here, and only here. One device or link a line, in the order of the runtime, the
 * host first.
 *
 * The file names one memory for the host and a device when bytes get from one to the other in no
 * time. A driver that works on the host's memory may still copy what was not wrapped, and then has
 * links like any other. */
#include <chronaxie/runtime.h>

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "execute/runtime.h"

#define GIBIBYTE 1073741824.0
#define NO_TIME_NS 10.0 /* shorter than any copy */
#define LEAST_NS_PER_BYTE 1e-9 /* the fastest that a machine file may state */
#define N_DIGITS 9

typedef struct record {
    const chx__fleet *fleet;
    const chx__wire *wires; /* (n_devices + 1) x (n_devices + 1) */
    FILE *stream;
    uint32_t n_written; /* of the list at hand */
} record;

static chx_status
fail_memory(void)
{
    return chx__fail_memory("recording the machine");
}

static const chx__wire *
wire_at(const record *of, uint32_t from, uint32_t to)
{
    return &of->wires[(size_t)from * (of->fleet->n_devices + 1) + to];
}

static bool
takes_no_time(const chx__wire *wire)
{
    return !wire->is_unknown && wire->latency_ns < NO_TIME_NS && wire->ns_per_byte <= 0;
}

/* Whether the place is in the host's memory. */
static bool
is_hosts(const record *of, uint32_t place)
{
    return place == CHX__HOST_PLACE ||
           (takes_no_time(wire_at(of, 0, place)) && takes_no_time(wire_at(of, place, 0)));
}

/* Names of devices differ. */
static const char *
name_at(const record *of, uint32_t place)
{
    return place == CHX__HOST_PLACE ? "host" : of->fleet->devices[place - 1].info.name;
}

/* Takes the object. */
static chx_status
write_line(record *of, json_t *object)
{
    if (!object)
        return fail_memory();
    fputs(of->n_written++ ? ",\n    " : "\n    ", of->stream);
    json_dumpf(object, of->stream, JSON_REAL_PRECISION(N_DIGITS));
    json_decref(object);
    return CHX_OK;
}

static json_t *
lanes_of(const chx__device *device)
{
    json_t *lanes = json_array();
    for (uint32_t l = 0; l < device->n_lanes; l++) {
        const chx__lane *lane = &device->lanes[l];
        if (lane->kind == CHX__LANE_COMPUTE)
            json_array_append_new(lanes, json_pack("{s:s, s:f, s:f}", "name", lane->name, "gops",
                                                   device->info.giga_ops, "launch_us",
                                                   device->info.launch_us));
        else if (lane->kind == CHX__LANE_COPY_IN || !device->has_one_copy_lane)
            json_array_append_new(lanes,
                                  json_pack("{s:s, s:s}", "name", lane->name, "role", "copy"));
    }
    return lanes;
}

/* The usable devices that stand on a piece of hardware. */
static chx__places
standing_on(const chx__fleet *fleet, uint32_t bit)
{
    chx__places places = chx__places_none();
    for (uint32_t d = 0; d < fleet->n_devices; d++)
        if (chx__device_is_usable(&fleet->devices[d]) && fleet->devices[d].hardware >> bit & 1)
            places = chx__places_union(places, chx__places_of(d + 1));
    return places;
}

/* Of several pieces on which the same devices stand, such as the cores of a processor, the first
 * is named; none on which a device stands alone. */
static json_t *
hardware_of(const chx__fleet *fleet, const chx__device *device)
{
    json_t *names = json_array();
    for (uint32_t bit = 0; bit < 64; bit++) {
        chx__places here = standing_on(fleet, bit);
        chx__places alone = chx__places_of(chx__device_place(device));
        uint32_t first = 0;
        while (!chx__places_equal(standing_on(fleet, first), here))
            first++;
        if (device->hardware >> bit & 1 && first == bit && !chx__places_equal(here, alone))
            json_array_append_new(names, json_sprintf("hardware %" PRIu32, bit));
    }
    return names;
}

static chx_status
write_host(record *of)
{
    double bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    return write_line(of, json_pack("{s:s, s:f, s:[{s:s, s:s}]}", "name", "host", "memory_gib",
                                    bytes / GIBIBYTE, "lanes", "name", "task", "role", "host"));
}

static chx_status
write_device(record *of, const chx__device *device)
{
    json_t *object = json_pack("{s:s, s:f}", "name", device->info.name, "memory_gib",
                               (double)device->info.memory_bytes / GIBIBYTE);
    if (is_hosts(of, chx__device_place(device)))
        json_object_set_new(object, "shares_memory_with", json_string("host"));
    json_t *hardware = hardware_of(of->fleet, device);
    if (json_array_size(hardware) > 0)
        json_object_set(object, "hardware", hardware);
    json_decref(hardware);
    json_object_set_new(object, "lanes", lanes_of(device));
    return write_line(of, object);
}

static chx_status
write_devices(record *of)
{
    fputs("{\n  \"devices\": [", of->stream);
    chx_status status = write_host(of);
    for (uint32_t d = 0; !status && d < of->fleet->n_devices; d++)
        if (chx__device_is_usable(&of->fleet->devices[d]))
            status = write_device(of, &of->fleet->devices[d]);
    fputs("\n  ],\n", of->stream);
    return status;
}

/* The lane on which the engine makes such transfers. */
static chx_status
write_link(record *of, uint32_t from, uint32_t to)
{
    const chx__wire *wire = wire_at(of, from, to);
    chx__device *worker = &of->fleet->devices[(to ? to : from) - 1];
    const chx__lane *lane = to || worker->has_one_copy_lane ? chx__device_copy_in_lane(worker)
                                                            : chx__device_copy_out_lane(worker);
    double gb_per_s =
        1.0 / (wire->ns_per_byte > LEAST_NS_PER_BYTE ? wire->ns_per_byte : LEAST_NS_PER_BYTE);
    json_t *link =
        json_pack("{s:s, s:s, s:f, s:f, s:o}", "from", name_at(of, from), "to", name_at(of, to),
                  "latency_us", wire->latency_ns / 1e3, "gb_per_s", gb_per_s, "lane",
                  json_sprintf("%s.%s", worker->info.name, lane->name));
    return write_line(of, link);
}

/* What a second did not suffice for is left out, but for the host's, without which nobody gets
 * anywhere. */
static chx_status
check_known(const record *of)
{
    for (uint32_t d = 0; d < of->fleet->n_devices; d++)
        if (chx__device_is_usable(&of->fleet->devices[d]) &&
            (wire_at(of, 0, d + 1)->is_unknown || wire_at(of, d + 1, 0)->is_unknown))
            return chx__fail(CHX_ERROR_TIMEOUT,
                             "%s: its transfers take so long that they were not measured; record "
                             "fewer devices at once",
                             of->fleet->devices[d].info.name);
    return CHX_OK;
}

static chx_status
write_links(record *of)
{
    uint32_t n = of->fleet->n_devices + 1;
    chx_status status = CHX_OK;
    of->n_written = 0;
    fputs("  \"links\": [", of->stream);
    for (uint32_t l = 0; !status && l < n * n; l++) {
        uint32_t from = l / n, to = l % n;
        const chx__wire *wire = wire_at(of, from, to);
        if (wire->exists && !wire->is_unknown && !(is_hosts(of, from) && is_hosts(of, to)))
            status = write_link(of, from, to);
    }
    fputs("\n  ]\n}\n", of->stream);
    return status;
}

static chx_status
measure_and_write(chx__fleet *fleet, FILE *stream)
{
    chx__wire *wires = NULL;
    chx_status status = chx__wires_measure(fleet, &wires);
    record of = {.fleet = fleet, .wires = wires, .stream = stream};
    if (!status)
        status = check_known(&of);
    if (!status)
        status = write_devices(&of);
    if (!status)
        status = write_links(&of);
    free(wires);
    return status;
}

chx_status
chx_runtime_record_machine(chx_runtime *runtime, const char *path)
{
    chx__output output;
    CHX__REQUIRE(runtime && path && *path);
    chx_status status = chx__output_begin(&output, path);
    if (status)
        return status;
    status = measure_and_write(&runtime->fleet, output.stream);
    if (!status)
        return chx__output_commit(&output);
    chx__output_discard(&output);
    return status;
}
