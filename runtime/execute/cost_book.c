/* A page is an array of models in the order of their keys, so that one that has not changed is not
 * written again. Models of other processes that we have not used stay, as long as there is room:
 * two processes that end at once lose some samples of one of them, which no one misses. Entries
 * are of one version, as what a model means may change. */
#include "execute/cost_book.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/version.h>

#include "base/alloc.h"

#define MOST 1024u /* models of a page */

static chx__digest
key_of(uint64_t device)
{
    chx__hasher *hasher = chx__hasher_create();
    chx__hasher_add_text(hasher, "costs 3");
    chx__hasher_add_text(hasher, CHX_VERSION);
    chx__hasher_add(hasher, &device, sizeof device);
    return chx__hasher_end(hasher);
}

static bool
is_sound(const chx__cost_model *model)
{
    if (model->n_lasting > CHX__COST_RECENT || !isfinite(model->bytes_per_unit) ||
        model->bytes_per_unit < 0)
        return false;
    for (uint64_t i = 0; i < model->n_lasting; i++)
        if (!isfinite(model->lasting[i]) || model->lasting[i] < 0)
            return false;
    return isfinite(model->median_ns) && model->median_ns > 0 && isfinite(model->spread_ns) &&
           model->spread_ns >= 0 && model->name[sizeof model->name - 1] == '\0';
}

chx__cost_page
chx__cost_book_read(chx__cache *cache, uint64_t device)
{
    void *bytes = NULL;
    size_t size = 0;
    if (!chx__cache_find(cache, key_of(device), &bytes, &size))
        return (chx__cost_page){NULL, 0};
    chx__cost_page kept = {bytes, size / sizeof *kept.models};
    for (size_t m = 0; m < kept.n; m++)
        if (!is_sound(&kept.models[m]))
            kept.n = 0;
    return kept;
}

void
chx__cost_book_recall(chx__cache *cache, uint64_t device, chx__costs *costs)
{
    chx__cost_page kept = chx__cost_book_read(cache, device);
    for (size_t m = 0; m < kept.n; m++)
        chx__costs_recall(costs, &kept.models[m]);
    free(kept.models);
}

static int
by_key(const void *a, const void *b)
{
    const chx__cost_key *left = &((const chx__cost_model *)a)->key;
    const chx__cost_key *right = &((const chx__cost_model *)b)->key;
    if (left->kernel != right->kernel)
        return left->kernel < right->kernel ? -1 : 1;
    return (left->size > right->size) - (left->size < right->size);
}

const chx__cost_model *
chx__cost_page_find(const chx__cost_page *in, const chx__cost_model *like)
{
    return in->n > 0 ? bsearch(like, in->models, in->n, sizeof *in->models, by_key) : NULL;
}

/* Those of the device, in order; the rest is dropped. */
static void
keep_device(chx__cost_page *of, uint64_t device)
{
    size_t n = 0;
    for (size_t m = 0; m < of->n; m++)
        if (of->models[m].key.device == device)
            of->models[n++] = of->models[m];
    of->n = n < MOST ? n : MOST;
    qsort(of->models, of->n, sizeof *of->models, by_key);
}

/* Adds what only the other has, while there is room; both are in order. */
static void
add_missing(chx__cost_page *to, const chx__cost_page *other)
{
    size_t n_own = to->n;
    for (size_t m = 0; m < other->n && to->n < MOST; m++)
        if (!bsearch(&other->models[m], to->models, n_own, sizeof *to->models, by_key))
            to->models[to->n++] = other->models[m];
    qsort(to->models, to->n, sizeof *to->models, by_key);
}

bool
chx__cost_book_keep(chx__cache *cache, uint64_t device, const chx__costs *costs)
{
    size_t n = chx__costs_list(costs, NULL, 0);
    chx__cost_page made = {cache && n > 0 ? chx__alloc(n + MOST, sizeof *made.models) : NULL, 0};
    if (!made.models)
        return false;
    size_t n_now = chx__costs_list(costs, made.models, n);
    made.n = n_now < n ? n_now : n;
    keep_device(&made, device);
    chx__cost_page kept = chx__cost_book_read(cache, device);
    if (made.n > 0)
        add_missing(&made, &kept);
    if (made.n > 0 &&
        (made.n != kept.n || memcmp(made.models, kept.models, made.n * sizeof *made.models) != 0))
        chx__cache_store(cache, key_of(device), made.models, made.n * sizeof *made.models);
    free(kept.models);
    free(made.models);
    return made.n > 0;
}
