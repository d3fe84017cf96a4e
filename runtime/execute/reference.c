/* Each driver of a device has a page of its own in the book of costs, which stays when another
 * takes its place. So a reference is two names: a page of the *history* of the device, found by
 * what does not change with the driver, says whose costs were kept last, and whose before. Going
 * back to a driver compares it with the one that is left.
 *
 * Names of devices have versions in them, as "cpu-haswell-Intel(R) Core(TM) i7" or "AMD Radeon
 * (radeonsi, LLVM 15, DRM 3.49)"; a device is known again by the part between.
 *
 * Compared are medians of nine by nine samples, at least four, which no single moment makes: the
 * lower quartile now with the upper one then, and the middles. A launch of half the size that costs
 * more by item is no slower kernel, so sizes are alike within a tenth. What others do on the device
 * looks the same as a slower driver; the warning says so. */
#include "execute/reference.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/version.h>

#include "base/alloc.h"
#include "execute/cost_book.h"

#define LONGER 1.1
#define LEAST 4u /* medians, of nine samples each */
#define LIKE 0.1 /* sizes differ by less, of the greater */
#define DRIVER_NAME 128

/* As it is kept; the driver at work first, then the one before, "" where there was none. */
typedef struct history {
    char drivers[2][DRIVER_NAME];
    uint64_t paces[2];
    uint64_t is_told; /* that the first is slower than the second */
} history;

typedef struct reference {
    const chx__device *device; /* NULL: not in use */
    history kept; /* in the cache */
    history now;
    chx__cost_page before; /* what kernels took */
} reference;

struct chx__references {
    const chx__fleet *fleet;
    uint32_t n_devices;
    reference devices[];
};

static chx__digest
key_of(const chx__device *device)
{
    const char *name = device->info.name, *end = strstr(name, " ("), *begin = name;
    size_t length = end ? (size_t)(end - name) : strlen(name);
    while (begin < name + length && !isupper((unsigned char)*begin))
        begin++;
    if (begin == name + length)
        begin = name;
    uint64_t numbers[3] = {device->info.n_compute_units, device->pace - device->identity.low,
                           (uint64_t)(name + length - begin)};
    chx__hasher *hasher = chx__hasher_create();
    chx__hasher_add_text(hasher, "drivers");
    chx__hasher_add_text(hasher, CHX_VERSION);
    chx__hasher_add_text(hasher, device->platform->name);
    chx__hasher_add(hasher, numbers, sizeof numbers);
    chx__hasher_add(hasher, begin, numbers[2]);
    return chx__hasher_end(hasher);
}

static bool
ends(const char name[DRIVER_NAME])
{
    return memchr(name, '\0', DRIVER_NAME) != NULL;
}

/* All zero where there is no sound one. */
static history
read_history(chx__cache *cache, const chx__device *device)
{
    history found = {0};
    void *bytes = NULL;
    size_t size = 0;
    if (chx__cache_find(cache, key_of(device), &bytes, &size) && size == sizeof found)
        memcpy(&found, bytes, sizeof found);
    free(bytes);
    return ends(found.drivers[0]) && ends(found.drivers[1]) ? found : (history){0};
}

static void
recall(reference *of, const chx__device *device, chx__cache *cache)
{
    history now = read_history(cache, device);
    of->device = device;
    of->kept = now;
    if (strncmp(now.drivers[0], device->info.driver, DRIVER_NAME - 1) != 0) {
        memcpy(now.drivers[1], now.drivers[0], DRIVER_NAME);
        now.paces[1] = now.paces[0];
        now.is_told = 0;
        memset(now.drivers[0], 0, DRIVER_NAME);
        memcpy(now.drivers[0], device->info.driver, strnlen(device->info.driver, DRIVER_NAME - 1));
    }
    now.paces[0] = device->pace;
    of->now = now;
    if (now.drivers[1][0] && !now.is_told)
        of->before = chx__cost_book_read(cache, now.paces[1]);
}

chx__references *
chx__references_recall(const chx__fleet *fleet)
{
    chx__references *made =
        fleet->cache ? chx__alloc(1, sizeof *made + fleet->n_devices * sizeof(reference)) : NULL;
    if (!made)
        return NULL;
    made->fleet = fleet;
    made->n_devices = fleet->n_devices;
    for (uint32_t d = 0; d < fleet->n_devices; d++)
        if (chx__device_is_usable(&fleet->devices[d]))
            recall(&made->devices[d], &fleet->devices[d], fleet->cache);
    return made;
}

void
chx__references_destroy(chx__references **references)
{
    chx__references *ending = *references;
    *references = NULL;
    for (uint32_t d = 0; ending && d < ending->n_devices; d++)
        free(ending->devices[d].before.models);
    free(ending);
}

/* Medians of samples in their order. */
typedef struct ranks {
    double lower, middle, upper;
} ranks;

static int
by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static ranks
rank(const chx__cost_model *of)
{
    double sorted[CHX__COST_RECENT];
    memcpy(sorted, of->lasting, sizeof sorted);
    qsort(sorted, of->n_lasting, sizeof *sorted, by_value);
    uint64_t last = of->n_lasting - 1;
    return (ranks){sorted[last / 4], sorted[last / 2], sorted[(3 * last + 3) / 4]};
}

static bool
are_alike(uint64_t a, uint64_t b)
{
    uint64_t most = a > b ? a : b, least = a > b ? b : a;
    return (double)(most - least) <= LIKE * (double)most;
}

/* A kernel that takes longer now. */
typedef struct loss {
    const chx__cost_model *model; /* NULL: none */
    double factor;
    double now_us, before_us; /* at the size that it has now */
} loss;

static loss
compare(const chx__cost_model *now, const chx__cost_model *before)
{
    loss none = {0};
    if (!before || now->n_lasting < LEAST || before->n_lasting < LEAST ||
        !are_alike(now->median_size, before->median_size))
        return none;
    ranks is = rank(now), was = rank(before);
    if (is.lower <= was.upper || is.middle <= LONGER * was.middle || was.middle <= 0)
        return none;
    double size = now->median_size > 0 ? (double)now->median_size : 1.0;
    return (loss){now, is.middle / was.middle, is.middle * size / 1e3, was.middle * size / 1e3};
}

/* Characters that tell the drivers apart: of "535.161, OpenCL 3.0 ..." the version alone, where
 * that does. */
static int
length_of(const char *driver, const char *other)
{
    size_t length = strcspn(driver, ",");
    bool is_short = strcspn(other, ",") != length || strncmp(driver, other, length) != 0;
    return is_short ? (int)length : DRIVER_NAME;
}

static void
tell(const reference *of, const loss *worst, uint32_t n_others, const chx__logger *logger)
{
    const char *driver = of->now.drivers[0], *former = of->now.drivers[1];
    char others[48] = "";
    if (n_others > 0)
        snprintf(others, sizeof others, ", and %u more kernel%s", n_others,
                 n_others > 1 ? "s do" : " does");
    chx__log(logger, CHX_LOG_WARNING,
             "%s: with driver %.*s kernel %s takes %.3g us for %llu work-items, with %.*s it took "
             "%.3g: %.0f %% longer%s; if nothing else keeps the device busy, the former driver was "
             "the better one",
             of->device->info.name, length_of(driver, former), driver, worst->model->name,
             worst->now_us, (unsigned long long)worst->model->median_size,
             length_of(former, driver), former, worst->before_us, 100 * (worst->factor - 1),
             others);
}

static void
look(reference *of, const chx__cost_model *models, size_t n, const chx__logger *logger)
{
    loss worst = {0};
    uint32_t n_slower = 0;
    for (size_t m = 0; m < n; m++) {
        if (models[m].key.device != of->device->pace)
            continue;
        loss found = compare(&models[m], chx__cost_page_find(&of->before, &models[m]));
        n_slower += found.model != NULL;
        if (found.factor > worst.factor)
            worst = found;
    }
    if (!worst.model)
        return;
    tell(of, &worst, n_slower - 1, logger);
    of->now.is_told = 1;
}

void
chx__references_look(chx__references *references, const chx__costs *costs,
                     const chx__logger *logger)
{
    bool is_open = false;
    for (uint32_t d = 0; references && d < references->n_devices; d++)
        is_open =
            is_open || (references->devices[d].before.n > 0 && !references->devices[d].now.is_told);
    size_t most = is_open ? chx__costs_list(costs, NULL, 0) : 0;
    chx__cost_model *models = most > 0 ? chx__alloc(most, sizeof *models) : NULL;
    if (!models)
        return;
    size_t n = chx__costs_list(costs, models, most);
    for (uint32_t d = 0; d < references->n_devices; d++)
        if (references->devices[d].before.n > 0 && !references->devices[d].now.is_told)
            look(&references->devices[d], models, n < most ? n : most, logger);
    free(models);
}

void
chx__references_keep(chx__references *references, uint32_t device_index)
{
    reference *of = references ? &references->devices[device_index] : NULL;
    if (!of || !of->device || memcmp(&of->kept, &of->now, sizeof of->now) == 0)
        return;
    chx__cache_store(references->fleet->cache, key_of(of->device), &of->now, sizeof of->now);
    of->kept = of->now;
}
