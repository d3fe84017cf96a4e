/* What is known of kernels' costs, for people: of each build on each device one model, made from
 * those of its powers of two by a line through their medians, each at the size that it was measured
 * at. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/line.h"
#include "execute/runtime.h"

static int
by_build(const void *a, const void *b)
{
    const chx__cost_key *left = &((const chx__cost_model *)a)->key;
    const chx__cost_key *right = &((const chx__cost_model *)b)->key;
    if (left->device != right->device)
        return left->device < right->device ? -1 : 1;
    return (left->kernel > right->kernel) - (left->kernel < right->kernel);
}

/* NULL where it is not in use. */
static const chx__device *
find_device(const chx__fleet *fleet, uint64_t pace)
{
    for (uint32_t d = 0; d < fleet->n_devices; d++)
        if (fleet->devices[d].pace == pace && chx__device_is_usable(&fleet->devices[d]))
            return &fleet->devices[d];
    return NULL;
}

/* A copy reads and writes each byte. */
static double
peak_fraction(const chx__cost_model *model, const chx__device *device)
{
    double bytes = model->bytes_per_unit * chx__cost_model_size(model);
    double peak = 2 * device->info.giga_bytes;
    return peak > 0 ? bytes / chx__cost_model_ns(model) / peak : 0;
}

/* models: n of one build, at least one. */
static chx_cost_model
summarize(const chx__cost_model *models, size_t n, const chx__device *device)
{
    chx__points points = {0};
    const chx__cost_model *most = &models[0];
    uint64_t n_samples = 0;
    for (size_t m = 0; m < n; m++) {
        chx__points_add(&points, chx__cost_model_size(&models[m]), chx__cost_model_ns(&models[m]));
        n_samples += models[m].n_samples;
        if (models[m].n_samples > most->n_samples)
            most = &models[m];
    }
    chx__line line = chx__points_fit(&points);
    double size = chx__cost_model_size(most), ns = chx__cost_model_ns(most);
    chx_cost_model told = {.device_index = device->index,
                           .size = (uint64_t)size,
                           .median_ms = ns / 1e6,
                           .spread_ms = most->spread_ns * ns / most->median_ns / 1e6,
                           .fixed_ms = line.at_zero / 1e6,
                           .item_ns = line.per_unit,
                           .peak_fraction = peak_fraction(most, device),
                           .n_samples = n_samples};
    static_assert(sizeof told.kernel == sizeof most->name, "names fit");
    memcpy(told.kernel, most->name, sizeof told.kernel);
    return told;
}

static uint32_t
tell(const chx__fleet *fleet, chx__cost_model *known, size_t n, chx_cost_model *made)
{
    uint32_t n_made = 0;
    qsort(known, n, sizeof *known, by_build);
    for (size_t from = 0, to = 0; from < n; from = to) {
        while (to < n && by_build(&known[from], &known[to]) == 0)
            to++;
        const chx__device *device = find_device(fleet, known[from].key.device);
        if (device)
            made[n_made++] = summarize(&known[from], to - from, device);
    }
    return n_made;
}

chx_status
chx_runtime_cost_models(const chx_runtime *runtime, chx_cost_model **models, uint32_t *n)
{
    CHX__REQUIRE(runtime && models && n);
    size_t most = chx__costs_list(runtime->costs, NULL, 0);
    chx__cost_model *known = chx__alloc(most + 1, sizeof *known);
    chx_cost_model *made = chx__alloc(most + 1, sizeof *made);
    if (!known || !made) {
        free(known);
        free(made);
        return chx__fail_memory("telling what kernels cost");
    }
    size_t n_listed = chx__costs_list(runtime->costs, known, most);
    *n = tell(&runtime->fleet, known, n_listed < most ? n_listed : most, made);
    free(known);
    *models = made;
    return CHX_OK;
}
