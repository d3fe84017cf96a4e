/* Each wire is timed at four sizes, the best of three series each, as what disturbs a measurement
 * makes it longer; the first series also touches fresh pages. A line is laid through the four that
 * is least wrong in proportion: what matters of 4 KiB is its latency and of 8 MiB its bandwidth,
 * and neither may drown the other.
 *
 * A wire between devices has in its latency what a wait across them costs more than one within: the
 * time of writes that go in turns to both, less the mean of those that stay with either.
 *
 * Bytes between platforms go through the host, so only the host and the devices of one platform
 * have wires. Where a described machine says that two devices have none, none is measured.
 *
 * Figures are kept by pair, since the next process may use other devices together. */
#include "device/wire.h"

#include <math.h>
#include <stdlib.h>

#include <chronaxie/version.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/line.h"
#include "device/cache.h"
#include "device/rig.h"
#include "device/venture.h"

#define TIMEOUT_NS UINT64_C(60000000000) /* for a driver to come back at all */
#define N_SERIES 3
#define MOST_RECALLED 16u /* devices: each pair is a file to look for */

/* Size classes, and how many transfers make a series. */
static const struct {
    size_t bytes;
    uint32_t n;
} classes[] = {
    {(size_t)4 << 10, CHX__RIG_LONGEST},
    {(size_t)64 << 10, 16},
    {(size_t)1 << 20, 6},
    {CHX__RIG_BYTES, 2},
};
enum { N_CLASSES = sizeof classes / sizeof *classes };
#define FEW_CLASSES 2 /* for a simulator, which takes microseconds for a byte */

/* The measurement of one platform. */
typedef struct survey {
    const chx__fleet *fleet;
    chx__platform *platform;
    chx__rig *rig;
    uint64_t deadline_ns;
    chx__wire *wires;
} survey;

static chx__wire *
wire_at(const chx__fleet *fleet, chx__wire *wires, uint32_t from, uint32_t to)
{
    return &wires[(size_t)from * (fleet->n_devices + 1) + to];
}

static const chx__device *
device_at(const chx__fleet *fleet, uint32_t place)
{
    return place ? &fleet->devices[place - 1] : NULL;
}

/* Whether bytes go from one place to the other without a stay at a third. */
static bool
are_wired(const chx__fleet *fleet, uint32_t from, uint32_t to)
{
    const chx__device *a = device_at(fleet, from), *b = device_at(fleet, to);
    if (from == to || (a && !chx__device_is_usable(a)) || (b && !chx__device_is_usable(b)))
        return false;
    if (!a || !b)
        return true;
    return a->platform == b->platform &&
           (!fleet->wires || wire_at(fleet, (chx__wire *)fleet->wires, from, to)->exists);
}

/* All that there are, as yet unknown. */
static chx__wire *
lay_wires(const chx__fleet *fleet)
{
    uint32_t n = fleet->n_devices + 1;
    chx__wire *wires = chx__alloc(n, n * sizeof *wires);
    for (uint32_t l = 0; wires && l < n * n; l++)
        wires[l] = (chx__wire){.exists = are_wired(fleet, l / n, l % n), .is_unknown = true};
    return wires;
}

static chx_status
measure_wire(const survey *of, uint32_t from, uint32_t to)
{
    chx__points points = {0};
    const int n_classes = of->platform->is_oclgrind ? FEW_CLASSES : N_CLASSES;
    for (int c = 0; c < n_classes; c++) {
        double best_ns = INFINITY;
        for (int i = 0; i < N_SERIES; i++) {
            double ns = 0;
            chx_status status =
                chx__rig_time(of->rig, device_at(of->fleet, from), device_at(of->fleet, to),
                              classes[c].bytes, classes[c].n, &ns);
            if (status)
                return status;
            best_ns = fmax(fmin(best_ns, ns), 1);
        }
        chx__points_add(&points, (double)classes[c].bytes, best_ns);
    }
    chx__line line = chx__points_fit(&points);
    *wire_at(of->fleet, of->wires, from, to) =
        (chx__wire){.exists = true, .latency_ns = line.at_zero, .ns_per_byte = line.per_unit};
    return CHX_OK;
}

static double
smallest_write_ns(const survey *of, uint32_t to)
{
    const chx__wire *wire = wire_at(of->fleet, of->wires, 0, to);
    return wire->latency_ns + (double)classes[0].bytes * wire->ns_per_byte;
}

/* Adds what a wait across the two devices costs more than one within. */
static chx_status
measure_wait(const survey *of, uint32_t from, uint32_t to)
{
    double best_ns = INFINITY;
    for (int i = 0; i < N_SERIES; i++) {
        double ns = 0;
        chx_status status =
            chx__rig_time_turns(of->rig, device_at(of->fleet, from), device_at(of->fleet, to),
                                classes[0].bytes, classes[0].n, &ns);
        if (status)
            return status;
        best_ns = fmin(best_ns, ns);
    }
    double within_ns = (smallest_write_ns(of, from) + smallest_write_ns(of, to)) / 2;
    wire_at(of->fleet, of->wires, from, to)->latency_ns += fmax(best_ns - within_ns, 0);
    return CHX_OK;
}

static bool
is_ours(const survey *of, uint32_t place)
{
    const chx__device *device = device_at(of->fleet, place);
    return !device || device->platform == of->platform;
}

/* Those of the host come first: what a wait costs is told from them. */
static chx_status
measure_all(void *data)
{
    survey *of = data;
    uint32_t n = of->fleet->n_devices + 1;
    chx_status status = chx__rig_create(of->fleet, of->platform, &of->rig);
    for (int between = 0; between < 2; between++)
        for (uint32_t l = 0; !status && l < n * n && chx__now_ns() < of->deadline_ns; l++) {
            uint32_t from = l / n, to = l % n;
            if ((from && to) != between || !is_ours(of, from) || !is_ours(of, to) ||
                !wire_at(of->fleet, of->wires, from, to)->exists)
                continue;
            status = measure_wire(of, from, to);
            if (!status && between)
                status = measure_wait(of, from, to);
        }
    chx__rig_destroy(&of->rig);
    return status;
}

static bool
has_usable(const chx__fleet *fleet, const chx__platform *platform)
{
    uint32_t d = 0;
    while (d < fleet->n_devices &&
           (fleet->devices[d].platform != platform || !chx__device_is_usable(&fleet->devices[d])))
        d++;
    return d < fleet->n_devices && !atomic_load(&platform->is_stuck);
}

/* *came_back: whether the wires may be freed. */
static chx_status
measure_platform(const chx__fleet *fleet, chx__platform *platform, uint64_t deadline_ns,
                 chx__wire *wires, bool *came_back)
{
    survey *of = chx__alloc(1, sizeof *of);
    if (!of)
        return chx__fail_memory("timing transfers");
    *of =
        (survey){.fleet = fleet, .platform = platform, .deadline_ns = deadline_ns, .wires = wires};
    chx_status status =
        chx__venture(fleet, platform, measure_all, of, TIMEOUT_NS, "timing transfers", came_back);
    if (*came_back)
        free(of);
    else
        chx__keep(of);
    return status;
}

static chx__digest
key_of(const chx__fleet *fleet, uint32_t from, uint32_t to)
{
    const chx__device *ends[2] = {device_at(fleet, from), device_at(fleet, to)};
    chx__hasher *hasher = chx__hasher_create();
    chx__hasher_add_text(hasher, "wire");
    chx__hasher_add_text(hasher, CHX_VERSION);
    for (int e = 0; e < 2; e++) {
        const chx__digest none = {0};
        chx__hasher_add(hasher, ends[e] ? &ends[e]->identity : &none, sizeof none);
    }
    return chx__hasher_end(hasher);
}

static void
keep(const chx__fleet *fleet, const chx__wire *wires)
{
    uint32_t n = fleet->n_devices + 1;
    for (uint32_t l = 0; l < n * n; l++) {
        const double figures[2] = {wires[l].latency_ns, wires[l].ns_per_byte};
        if (wires[l].exists && !wires[l].is_unknown)
            chx__cache_store(fleet->cache, key_of(fleet, l / n, l % n), figures, sizeof figures);
    }
}

chx_status
chx__wires_measure(chx__fleet *fleet, chx__wire **wires)
{
    uint64_t deadline_ns = chx__now_ns() + fleet->timing_ns;
    chx__wire *made = lay_wires(fleet);
    bool came_back = true;
    chx_status status = made ? CHX_OK : chx__fail_memory("timing transfers");
    for (uint32_t p = 0; !status && p < fleet->n_platforms; p++)
        if (has_usable(fleet, &fleet->platforms[p]))
            status = measure_platform(fleet, &fleet->platforms[p], deadline_ns, made, &came_back);
    if (!status) {
        keep(fleet, made);
        *wires = made;
    } else if (came_back) {
        free(made);
    } else {
        chx__keep(made);
    }
    return status;
}

static bool
recall(const chx__fleet *fleet, uint32_t from, uint32_t to, chx__wire *wire)
{
    void *bytes = NULL;
    size_t size = 0;
    const double *figures;
    if (!wire->exists || !chx__cache_find(fleet->cache, key_of(fleet, from, to), &bytes, &size))
        return false;
    figures = bytes;
    bool fits = size == 2 * sizeof *figures && isfinite(figures[0]) && figures[0] >= 0 &&
                isfinite(figures[1]) && figures[1] >= 0;
    if (fits)
        *wire = (chx__wire){.exists = true, .latency_ns = figures[0], .ns_per_byte = figures[1]};
    free(bytes);
    return fits;
}

chx__wire *
chx__wires_recall(const chx__fleet *fleet)
{
    uint32_t n = fleet->n_devices + 1, n_known = 0;
    chx__wire *wires = n <= MOST_RECALLED ? lay_wires(fleet) : NULL;
    for (uint32_t l = 0; wires && l < n * n; l++)
        n_known += recall(fleet, l / n, l % n, &wires[l]);
    if (wires && !n_known) {
        free(wires);
        wires = NULL;
    }
    return wires;
}
