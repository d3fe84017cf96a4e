/* Durations as ns per unit of size, by kernel, device and band of sizes (a power of two each). The
 * first sample of a band is only held, because it may pay for a compilation. What disturbs a
 * measurement makes it longer: a sample several times as long as what is known is held too, and
 * believed when the next one is like it, so that a lasting change is learnt one sample later and
 * single ones do not count. Of what is believed, the median of nine stands against the rest.
 *
 * A size whose band has no samples is on the line through the medians of the bands around it, so a
 * launch's own cost is not scaled with its size.
 *
 * Nine samples may be of one moment. What a kernel takes in the long run is in the medians of nine
 * by nine samples, of which nine are kept too.
 *
 * What was measured long before its neighbours says little of now: a device that was busy with
 * others' work while pieces of a task ran may be idle since.
 *
 * The table is hashed by kernel and band only, so that all devices' models for the same work lie on
 * one probe sequence: find_elsewhere() walks just that. It is at most half full, hence probing
 * ends, and nothing is ever taken out, hence no tombstones.
 *
 * The mutex guards everything and is a leaf. find() casts const away for it, as asking changes
 * nothing that a caller could see. Out of memory loses a sample, which is no error. */
#include "schedule/cost.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/line.h"

#define ENOUGH 4u /* samples to tell a spread from */
#define DOUBTFUL 4.0 /* times what is known */
#define STALE_NS UINT64_C(10000000000) /* older than others by so much */
#define APART 1.25 /* times the sample that is last but one in the order */
#define N_BANDS 64u
#define NEAR 3u /* bands to either side that say something of one without samples */

/* The last values that came, and their order. */
typedef struct window {
    uint32_t n;
    uint32_t next; /* where the next one goes */
    double values[CHX__COST_RECENT];
    uint8_t order[CHX__COST_RECENT]; /* their indices, by value */
} window;

/* One kernel on one device at sizes of one band, as ns per unit of size. */
typedef struct model {
    uint64_t kernel;
    uint64_t device;
    uint32_t band; /* 1 + log2 of the sizes, rounded down; 0 in an empty slot */
    bool warm; /* the first sample has been taken */
    double held; /* the last sample, where it is the first or was not believed at once; else 0 */
    window recent; /* samples */
    double known_spread; /* before there are enough samples to tell it from */
    uint64_t n_samples;
    double bytes_per_unit;
    char *name; /* NULL: it has none */
    uint64_t last_ns; /* when the last one came */
    double told; /* the estimate when add last said that it moved, below zero before */
    uint64_t sizes[CHX__COST_RECENT]; /* of recent samples, in their places */
    window lasting; /* medians of as many samples */
} model;

/* Models in an open hash table over kernel and band, so that those of all devices for the same work
 * lie on one probe sequence. */
struct chx__costs {
    pthread_mutex_t mutex; /* guards everything below; nothing is called with it held */
    model *slots;
    size_t n_slots; /* a power of two */
    size_t n_used;
};

chx_status
chx__costs_create(chx__costs **costs)
{
    chx__costs *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("creating a cost model");
    made->n_slots = 64;
    made->slots = chx__alloc(made->n_slots, sizeof *made->slots);
    if (!made->slots || pthread_mutex_init(&made->mutex, NULL) != 0) {
        free(made->slots);
        free(made);
        return chx__fail_memory("creating a cost model");
    }
    *costs = made;
    return CHX_OK;
}

void
chx__costs_destroy(chx__costs **costs)
{
    if (!*costs)
        return;
    for (size_t i = 0; i < (*costs)->n_slots; i++)
        free((*costs)->slots[i].name);
    pthread_mutex_destroy(&(*costs)->mutex);
    free((*costs)->slots);
    free(*costs);
    *costs = NULL;
}

static double
units(const chx__cost_key *key)
{
    return key->size ? (double)key->size : 1.0;
}

static uint32_t
band_of(const chx__cost_key *key)
{
    uint32_t band = 1;
    for (uint64_t size = key->size; size > 1; size >>= 1)
        band++;
    return band;
}

static size_t
first_slot(const chx__costs *costs, uint64_t kernel, uint32_t band)
{
    uint64_t hash = (kernel + band * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
    return (size_t)(hash >> 32) & (costs->n_slots - 1);
}

/* The model's slot, or the empty one where it belongs. */
static model *
find_slot(const chx__costs *costs, uint64_t kernel, uint32_t band, uint64_t device)
{
    size_t i = first_slot(costs, kernel, band);
    for (;; i = (i + 1) & (costs->n_slots - 1)) {
        model *slot = &costs->slots[i];
        if (!slot->band || (slot->kernel == kernel && slot->band == band && slot->device == device))
            return slot;
    }
}

static bool
make_room(chx__costs *costs)
{
    if (costs->n_used < costs->n_slots / 2)
        return true;
    chx__costs grown = {.n_slots = costs->n_slots * 2};
    grown.slots = chx__alloc(grown.n_slots, sizeof *grown.slots);
    if (!grown.slots)
        return false;
    for (size_t i = 0; i < costs->n_slots; i++) {
        const model *old = &costs->slots[i];
        if (old->band)
            *find_slot(&grown, old->kernel, old->band, old->device) = *old;
    }
    free(costs->slots);
    costs->slots = grown.slots;
    costs->n_slots = grown.n_slots;
    return true;
}

/* The middle sample; of an even number the lower, since what disturbs a measurement makes it
 * longer. */
static double
middle_value(const window *of)
{
    assert(of->n > 0);
    return of->values[of->order[(of->n - 1) / 2]];
}

static double
median(const model *of)
{
    return middle_value(&of->recent);
}

/* Moves the one index that may stand wrong in the order to where it belongs. */
static void
settle(window *of, uint32_t at)
{
    uint8_t moved = of->order[at];
    double value = of->values[moved];
    for (; at > 0 && of->values[of->order[at - 1]] > value; at--)
        of->order[at] = of->order[at - 1];
    for (; at + 1 < of->n && of->values[of->order[at + 1]] < value; at++)
        of->order[at] = of->order[at + 1];
    of->order[at] = moved;
}

/* Takes the oldest value's place once there is no other. */
static void
put(window *to, double value)
{
    uint32_t at = 0;
    if (to->n < CHX__COST_RECENT) {
        at = to->n++;
        to->order[at] = (uint8_t)to->next;
    }
    while (to->order[at] != to->next)
        at++;
    to->values[to->next] = value;
    to->next = (to->next + 1) % CHX__COST_RECENT;
    settle(to, at);
}

static void
keep(model *to, double rate, uint64_t size)
{
    to->sizes[to->recent.next] = size;
    to->last_ns = chx__now_ns();
    put(&to->recent, rate);
    if (++to->n_samples % CHX__COST_RECENT == 0)
        put(&to->lasting, median(to));
}

/* Whether the sample counts. */
static bool
is_believed(model *of, double rate)
{
    double known = of->recent.n ? median(of) : of->held;
    bool is_first = !of->warm, is_long = rate > DOUBTFUL * known;
    bool is_second = of->recent.n && of->held > 0;
    of->warm = true;
    of->held = is_first || is_long ? rate : 0;
    return !is_first && (!is_long || is_second);
}

static bool
add_sample(model *to, double rate, uint64_t size)
{
    if (!is_believed(to, rate))
        return false;
    keep(to, rate, size);
    double estimate = median(to);
    if (to->told >= 0.0 && fabs(estimate - to->told) <= to->told / 4.0)
        return false;
    to->told = estimate;
    return true;
}

/* The key's model, made where there is none; NULL without memory. Under the lock. */
static model *
take_slot(chx__costs *costs, const chx__cost_key *key)
{
    uint32_t band = band_of(key);
    if (!make_room(costs))
        return NULL;
    model *slot = find_slot(costs, key->kernel, band, key->device);
    if (slot->band)
        return slot;
    *slot = (model){.kernel = key->kernel, .device = key->device, .band = band, .told = -1.0};
    costs->n_used++;
    assert(costs->n_used < costs->n_slots);
    return slot;
}

bool
chx__costs_add(chx__costs *costs, const chx__cost_key *key, double duration_ns)
{
    if (!isfinite(duration_ns) || duration_ns < 0.0)
        return false;
    bool moved = false;
    pthread_mutex_lock(&costs->mutex);
    model *slot = take_slot(costs, key);
    if (slot)
        moved = add_sample(slot, duration_ns / units(key), key->size);
    pthread_mutex_unlock(&costs->mutex);
    return moved;
}

/* The middle of a band, as a size. */
static double
middle_of(uint32_t band)
{
    return 0.75 * exp2(band);
}

/* Model of a band around the key's; NULL where there is none, or its samples are much older than
 * the newest. */
static const model *
find_neighbour(const chx__costs *costs, const chx__cost_key *key, uint32_t band, uint64_t newest_ns)
{
    const model *slot = find_slot(costs, key->kernel, band, key->device);
    bool counts = slot->band && slot->recent.n && slot->last_ns + STALE_NS >= newest_ns;
    return counts ? slot : NULL;
}

static uint32_t
first_band(const chx__cost_key *key)
{
    uint32_t band = band_of(key);
    return band > NEAR ? band - NEAR : 1;
}

/* When the last sample of the bands around the key's was taken; 0: never. */
static uint64_t
newest_around(const chx__costs *costs, const chx__cost_key *key)
{
    uint64_t newest_ns = 0;
    for (uint32_t b = first_band(key); b <= band_of(key) + NEAR; b++) {
        const model *slot = find_neighbour(costs, key, b, newest_ns);
        if (slot && slot->last_ns > newest_ns)
            newest_ns = slot->last_ns;
    }
    return newest_ns;
}

static bool
find(const chx__costs *costs, const chx__cost_key *key, bool lately, double *duration_ns)
{
    pthread_mutex_t *mutex = (pthread_mutex_t *)&costs->mutex;
    pthread_mutex_lock(mutex);
    uint64_t newest_ns = lately ? newest_around(costs, key) : 0;
    const model *slot = find_neighbour(costs, key, band_of(key), newest_ns);
    if (slot)
        *duration_ns = median(slot) * units(key);
    pthread_mutex_unlock(mutex);
    return slot != NULL;
}

bool
chx__costs_find(const chx__costs *costs, const chx__cost_key *key, double *duration_ns)
{
    return find(costs, key, false, duration_ns);
}

bool
chx__costs_find_lately(const chx__costs *costs, const chx__cost_key *key, double *duration_ns)
{
    return find(costs, key, true, duration_ns);
}

bool
chx__costs_find_near(const chx__costs *costs, const chx__cost_key *key, double *duration_ns)
{
    pthread_mutex_t *mutex = (pthread_mutex_t *)&costs->mutex;
    chx__points points = {0};
    pthread_mutex_lock(mutex);
    uint64_t newest_ns = newest_around(costs, key);
    for (uint32_t b = first_band(key); b <= band_of(key) + NEAR; b++) {
        const model *slot = find_neighbour(costs, key, b, newest_ns);
        if (slot && median(slot) > 0)
            chx__points_add(&points, middle_of(b), median(slot) * middle_of(b));
    }
    pthread_mutex_unlock(mutex);
    if (points.weights <= 0)
        return false;
    *duration_ns = chx__line_at(chx__points_fit(&points), units(key));
    return true;
}

bool
chx__costs_find_elsewhere(const chx__costs *costs, const chx__cost_key *key, uint64_t *reference,
                          double *duration_ns)
{
    pthread_mutex_t *mutex = (pthread_mutex_t *)&costs->mutex;
    uint32_t band = band_of(key);
    bool known = false;
    pthread_mutex_lock(mutex);
    size_t i = first_slot(costs, key->kernel, band);
    for (; costs->slots[i].band && !known; i = (i + 1) & (costs->n_slots - 1)) {
        const model *slot = &costs->slots[i];
        if (slot->kernel != key->kernel || slot->band != band || slot->device == key->device ||
            !slot->recent.n)
            continue;
        *reference = slot->device;
        *duration_ns = median(slot) * units(key);
        known = true;
    }
    pthread_mutex_unlock(mutex);
    return known;
}

static bool
is_apart(const model *from, double rate)
{
    double low = from->recent.values[from->recent.order[1]];
    double high = from->recent.values[from->recent.order[from->recent.n - 2]];
    return rate > high * APART || rate * APART < low;
}

bool
chx__costs_compare(const chx__costs *costs, const chx__cost_key *key, double duration_ns,
                   double *ratio)
{
    pthread_mutex_t *mutex = (pthread_mutex_t *)&costs->mutex;
    double rate = duration_ns / units(key);
    pthread_mutex_lock(mutex);
    const model *slot = find_slot(costs, key->kernel, band_of(key), key->device);
    bool is_known = slot->band && slot->recent.n >= ENOUGH && median(slot) > 0.0;
    if (is_known)
        *ratio = is_apart(slot, rate) ? rate / median(slot) : 1.0;
    pthread_mutex_unlock(mutex);
    return is_known;
}

static void
scale_model(model *of, double factor)
{
    for (uint32_t i = 0; i < of->recent.n; i++)
        of->recent.values[i] *= factor;
    of->known_spread *= factor;
    of->told *= factor;
}

void
chx__costs_scale(chx__costs *costs, uint64_t kernel, uint64_t device, double factor)
{
    assert(isfinite(factor) && factor > 0.0);
    pthread_mutex_lock(&costs->mutex);
    for (uint32_t band = 1; band <= N_BANDS; band++) {
        model *slot = find_slot(costs, kernel, band, device);
        if (slot->band)
            scale_model(slot, factor);
    }
    pthread_mutex_unlock(&costs->mutex);
}

void
chx__costs_name(chx__costs *costs, const chx__cost_key *key, const char *name, uint64_t bytes)
{
    pthread_mutex_lock(&costs->mutex);
    model *slot = find_slot(costs, key->kernel, band_of(key), key->device);
    if (slot->band && slot->recent.n) {
        slot->bytes_per_unit = (double)bytes / units(key);
        if (!slot->name)
            slot->name = chx__strdup(name);
    }
    pthread_mutex_unlock(&costs->mutex);
}

static double
spread(const model *of)
{
    const window *recent = &of->recent;
    uint32_t lower = (recent->n - 1) / 4, upper = 3 * (recent->n - 1) / 4;
    return recent->n < ENOUGH
               ? of->known_spread
               : recent->values[recent->order[upper]] - recent->values[recent->order[lower]];
}

/* Of the sample that is the median. */
static uint64_t
median_size(const model *of)
{
    return of->sizes[of->recent.order[(of->recent.n - 1) / 2]];
}

static void
describe(const model *of, chx__cost_model *described)
{
    double size = floor(middle_of(of->band));
    *described = (chx__cost_model){
        .key = {of->kernel, of->device, (uint64_t)size},
        .median_ns = median(of) * size,
        .spread_ns = spread(of) * size,
        .n_samples = of->n_samples,
        .median_size = median_size(of),
        .bytes_per_unit = of->bytes_per_unit,
        .n_lasting = of->lasting.n,
    };
    uint32_t oldest = of->lasting.n < CHX__COST_RECENT ? 0 : of->lasting.next;
    for (uint32_t i = 0; i < of->lasting.n; i++)
        described->lasting[i] = of->lasting.values[(oldest + i) % CHX__COST_RECENT];
    snprintf(described->name, sizeof described->name, "%s", of->name);
}

size_t
chx__costs_list(const chx__costs *costs, chx__cost_model *models, size_t most)
{
    pthread_mutex_t *mutex = (pthread_mutex_t *)&costs->mutex;
    size_t n = 0;
    pthread_mutex_lock(mutex);
    for (size_t i = 0; i < costs->n_slots; i++)
        if (costs->slots[i].name && n++ < most)
            describe(&costs->slots[i], &models[n - 1]);
    pthread_mutex_unlock(mutex);
    return n;
}

void
chx__costs_recall(chx__costs *costs, const chx__cost_model *known)
{
    double size = units(&known->key);
    pthread_mutex_lock(&costs->mutex);
    model *slot = take_slot(costs, &known->key);
    if (slot && !slot->warm) {
        slot->warm = true;
        keep(slot, known->median_ns / size, known->median_size);
        slot->last_ns = 0; /* older than whatever is measured now */
        slot->told = known->median_ns / size;
        slot->known_spread = known->spread_ns / size;
        slot->n_samples = known->n_samples;
        slot->bytes_per_unit = known->bytes_per_unit;
        slot->lasting = (window){0};
        for (uint64_t i = 0; i < known->n_lasting; i++)
            put(&slot->lasting, known->lasting[i]);
        slot->name = chx__strdup(known->name);
    }
    pthread_mutex_unlock(&costs->mutex);
}

double
chx__cost_model_size(const chx__cost_model *of)
{
    return of->median_size > 0 ? (double)of->median_size : units(&of->key);
}

double
chx__cost_model_ns(const chx__cost_model *of)
{
    return of->median_ns / units(&of->key) * chx__cost_model_size(of);
}
