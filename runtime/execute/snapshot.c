/* Atoms are those of the flow that the runs have when the snapshot is made. Other variants of the
 * plan may cut the same bytes at other places, which is nothing to bytes that are put back. */
#include "execute/snapshot.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "memory/buffer.h"

/* Of atoms: what runs read of what was there before, and what they write. */
enum { READS = 1, WRITES = 2 };

static unsigned char *
mark_atoms(const chx__flow *flow)
{
    unsigned char *marks = chx__alloc(flow->n_atoms, 1);
    for (size_t i = 0; marks && i < flow->reads.n; i++) {
        const chx__version *version = &flow->versions[flow->reads.index[i]];
        if (version->producer == CHX__NO_INDEX)
            marks[version->atom] |= READS;
    }
    for (size_t i = 0; marks && i < flow->writes.n; i++)
        marks[flow->writes.index[i]] |= WRITES;
    return marks;
}

static bool
add_need(chx__snapshot *snapshot, const chx__stretch *at, unsigned char marks)
{
    const chx__need added = {*at, marks & READS, marks & WRITES, snapshot->n_bytes};
    if (!chx__grow(&snapshot->needs, &snapshot->need_capacity, snapshot->n_needs + 1,
                   sizeof *snapshot->needs))
        return false;
    snapshot->needs[snapshot->n_needs++] = added;
    snapshot->n_bytes += chx__need_is_kept(&added) ? at->end - at->begin : 0;
    return true;
}

static bool
find_needs(chx__snapshot *snapshot, const chx__flow *flow)
{
    unsigned char *marks = mark_atoms(flow);
    bool ok = marks != NULL;
    for (uint32_t a = 0; ok && a < flow->n_atoms; a++) {
        const chx__stretch at = chx__cast_atom(&snapshot->cast, flow, a);
        ok = !marks[a] || add_need(snapshot, &at, marks[a]);
    }
    free(marks);
    snapshot->bytes = ok ? chx__alloc(snapshot->n_bytes, 1) : NULL;
    return snapshot->bytes != NULL;
}

uint64_t
chx__snapshot_count_writes(const chx__cast *cast)
{
    uint64_t n = 0;
    for (uint32_t b = 0; b < cast->n_parts; b++)
        if (!chx__cast_buffer(cast, b)->is_partial)
            n += chx__cast_buffer(cast, b)->n_writes;
    return n;
}

chx_status
chx__snapshot_init(chx__snapshot *snapshot, const chx__lowered *lowered, const chx__cast *cast)
{
    *snapshot = (chx__snapshot){.n_recasts = lowered->whole->n_recasts};
    chx_status status = chx__cast_copy(&snapshot->cast, cast);
    if (!status && !find_needs(snapshot, &lowered->flow))
        status = chx__fail_memory("keeping what runs overwrite");
    if (!status)
        status = chx__values_take_all(&snapshot->values, lowered->whole);
    if (status)
        chx__snapshot_finish(snapshot);
    else
        snapshot->n_writes = chx__snapshot_count_writes(&snapshot->cast);
    return status;
}

void
chx__snapshot_finish(chx__snapshot *snapshot)
{
    chx__cast_finish(&snapshot->cast);
    chx__values_finish(&snapshot->values);
    free(snapshot->needs);
    free(snapshot->bytes);
    *snapshot = (chx__snapshot){0};
}

static chx_status
put_back(const chx__stretch *at, const unsigned char *bytes)
{
    if (at->buffer->reach == CHX__REACH_WRITE)
        return chx__fail(CHX_ERROR_DEVICE, "a device that failed may still write to memory of the "
                                           "program, so nothing can be put back there");
    assert(at->begin < at->end && at->end <= at->buffer->size_bytes);
    chx_status status = chx__coherence_reserve(&at->buffer->coherence, 1);
    if (status)
        return status;
    memcpy(at->buffer->host + at->begin, bytes, at->end - at->begin);
    chx__coherence_set(&at->buffer->coherence, at->begin, at->end, chx__places_of(CHX__HOST_PLACE));
    return CHX_OK;
}

chx_status
chx__snapshot_restore(const chx__snapshot *snapshot)
{
    chx_status status = CHX_OK;
    for (size_t i = 0; !status && i < snapshot->n_needs; i++)
        if (chx__need_is_kept(&snapshot->needs[i]))
            status =
                put_back(&snapshot->needs[i].at, snapshot->bytes + snapshot->needs[i].first_byte);
    return status;
}

void
chx__snapshot_lose(const chx__snapshot *snapshot, const chx_error *error)
{
    for (size_t i = 0; i < snapshot->n_needs; i++) {
        const chx__stretch *at = &snapshot->needs[i].at;
        if (!snapshot->needs[i].is_written)
            continue;
        at->buffer->loss = *error;
        if (chx__coherence_reserve(&at->buffer->coherence, 1) == CHX_OK)
            chx__coherence_set(&at->buffer->coherence, at->begin, at->end, chx__places_none());
        else
            chx__coherence_remove(&at->buffer->coherence, chx__places_all());
    }
}
