/* A map as a sorted array of extents that touch, cover the buffer and differ from their neighbours.
 * A change cuts at its two ends, hence "at most two more extents per change", which is what is
 * reserved; equal neighbours are joined afterwards, so a map stays as small as what it says.
 * Reserving is a step of its own because changes come where nothing may fail: after a copy was
 * made, or when a run ends.
 *
 * `places` of a range is the intersection over its extents: who holds *all* of it. Without
 * memory a subtraction takes more than was asked for. That costs a transfer or reports a loss;
 * the other way round would hand out stale bytes. Callers guard maps: the turn. */
#include "memory/coherence.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

chx_status
chx__coherence_init(chx__coherence *coherence, size_t size, chx__places places)
{
    *coherence = (chx__coherence){0};
    if (!chx__grow(&coherence->extents, &coherence->capacity, 1, sizeof *coherence->extents))
        return chx__fail_memory("creating a buffer");
    coherence->extents[0] = (chx__extent){.begin = 0, .end = size, .places = places};
    coherence->n_extents = 1;
    return CHX_OK;
}

void
chx__coherence_finish(chx__coherence *coherence)
{
    free(coherence->extents);
    *coherence = (chx__coherence){0};
}

chx_status
chx__coherence_copy(chx__coherence *to, const chx__coherence *from)
{
    if (!chx__grow(&to->extents, &to->capacity, from->n_extents, sizeof *to->extents))
        return chx__fail_memory("tracking a buffer");
    chx__coherence_take(to, from);
    return CHX_OK;
}

void
chx__coherence_take(chx__coherence *to, const chx__coherence *from)
{
    assert(to->capacity >= from->n_extents);
    memcpy(to->extents, from->extents, from->n_extents * sizeof *to->extents);
    to->n_extents = from->n_extents;
    to->n_changes++;
}

/* Index of the extent that contains the byte. */
static size_t
find(const chx__coherence *coherence, size_t byte)
{
    size_t low = 0, high = coherence->n_extents;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (coherence->extents[middle].begin <= byte)
            low = middle;
        else
            high = middle;
    }
    return low;
}

chx__places
chx__coherence_places(const chx__coherence *coherence, size_t begin, size_t end)
{
    chx__places places = chx__places_all();
    for (size_t i = find(coherence, begin);
         i < coherence->n_extents && coherence->extents[i].begin < end; i++)
        places = chx__places_common(places, coherence->extents[i].places);
    return places;
}

chx_status
chx__coherence_reserve(chx__coherence *coherence, size_t n_changes)
{
    /* Every change cuts at most two extents. */
    if (!chx__grow(&coherence->extents, &coherence->capacity, coherence->n_extents + 2 * n_changes,
                   sizeof *coherence->extents))
        return chx__fail_memory("tracking a buffer");
    return CHX_OK;
}

/* Makes `byte` the begin of an extent and returns its index. */
static size_t
cut(chx__coherence *coherence, size_t byte)
{
    if (byte == coherence->extents[coherence->n_extents - 1].end)
        return coherence->n_extents;
    size_t i = find(coherence, byte);
    chx__extent *extent = &coherence->extents[i];
    if (extent->begin == byte)
        return i;
    assert(coherence->n_extents < coherence->capacity);
    memmove(extent + 1, extent, (coherence->n_extents - i) * sizeof *extent);
    coherence->n_extents++;
    extent[0].end = byte;
    extent[1].begin = byte;
    return i + 1;
}

static void
join_equal_neighbours(chx__coherence *coherence)
{
    size_t kept = 0;
    for (size_t i = 1; i < coherence->n_extents; i++) {
        chx__extent *last = &coherence->extents[kept];
        assert(coherence->extents[i].begin == last->end);
        if (chx__places_equal(coherence->extents[i].places, last->places))
            last->end = coherence->extents[i].end;
        else
            coherence->extents[++kept] = coherence->extents[i];
    }
    coherence->n_extents = kept + 1;
}

/* Whether a change changes nothing, as most of a replayed run's. */
static bool
says_so(const chx__coherence *coherence, size_t begin, size_t end, chx__places places, bool keep)
{
    const chx__extent *extent = &coherence->extents[find(coherence, begin)];
    return extent->end >= end &&
           chx__places_equal(extent->places,
                             keep ? chx__places_union(extent->places, places) : places);
}

static void
change(chx__coherence *coherence, size_t begin, size_t end, chx__places places, bool keep)
{
    assert(begin < end && end <= coherence->extents[coherence->n_extents - 1].end);
    if (says_so(coherence, begin, end, places, keep))
        return;
    coherence->n_changes++;
    size_t first = cut(coherence, begin);
    size_t last = cut(coherence, end);
    for (size_t i = first; i < last; i++) {
        chx__places *held = &coherence->extents[i].places;
        *held = keep ? chx__places_union(*held, places) : places;
    }
    join_equal_neighbours(coherence);
}

void
chx__coherence_set(chx__coherence *coherence, size_t begin, size_t end, chx__places places)
{
    change(coherence, begin, end, places, false);
}

void
chx__coherence_add(chx__coherence *coherence, size_t begin, size_t end, chx__places places)
{
    change(coherence, begin, end, places, true);
}

void
chx__coherence_subtract(chx__coherence *coherence, size_t begin, size_t end, chx__places gone)
{
    if (chx__coherence_reserve(coherence, 1) == CHX_OK) {
        cut(coherence, begin);
        cut(coherence, end);
    }
    coherence->n_changes++;
    for (size_t i = find(coherence, begin);
         i < coherence->n_extents && coherence->extents[i].begin < end; i++)
        coherence->extents[i].places = chx__places_without(coherence->extents[i].places, gone);
    join_equal_neighbours(coherence);
}

void
chx__coherence_remove(chx__coherence *coherence, chx__places gone)
{
    coherence->n_changes++;
    for (size_t i = 0; i < coherence->n_extents; i++)
        coherence->extents[i].places = chx__places_without(coherence->extents[i].places, gone);
    if (coherence->n_extents > 0)
        join_equal_neighbours(coherence);
}
