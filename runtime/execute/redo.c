/* Beginning costs a wait for what is in flight and a copy of what runs overwrite in place, so it is
 * done so seldom that it takes a thirtieth of the time. A plan that overwrites nothing of what it
 * reads begins once; of its runs only the latest need be repeated.
 *
 * Whether others write to the buffers meanwhile is told by counts (chx_buffer.n_writes), of which
 * the sum grows when one of them does. What others have written would be overwritten, or would be
 * read too early, so then nothing is repeated: failures are told, and the next submit begins anew.
 *
 * From a failure to its end the buffers are `n_restorers` richer, which keeps everybody from them
 * but the one who repeats. */
#include "execute/redo.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"

#define LEAST_INTERVAL_NS UINT64_C(1000000000)
#define SHARE 30 /* of the time is what keeping takes */
#define MOST_ENTRIES 1024 /* runs that are repeated at most */

/* Buffers that the graph names no more may be gone. */
static bool
is_disturbed(const chx__redo *redo)
{
    return redo->snapshot.n_recasts != redo->graph->n_recasts ||
           chx__snapshot_count_writes(&redo->snapshot.cast) != redo->n_writes;
}

static void
entry_finish(chx__entry *entry)
{
    chx__values_finish(&entry->values);
    if (entry->run)
        chx__run_unref(entry->run);
    entry->run = NULL;
}

/* Drops the first entries. */
static void
drop_entries(chx__redo *redo, size_t n)
{
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        entry_finish(&redo->entries[i]);
    redo->n_entries -= n;
    memmove(redo->entries, redo->entries + n, redo->n_entries * sizeof *redo->entries);
}

void
chx__redo_init(chx__redo *redo, const chx_graph *graph)
{
    *redo = (chx__redo){.runtime = graph->runtime, .graph = graph};
    chx__clock_init_cond(&redo->due);
}

void
chx__redo_finish(chx__redo *redo)
{
    for (chx_buffer *buffer = redo->runtime->buffers; buffer; buffer = buffer->next)
        if (buffer->redo == redo)
            buffer->redo = NULL;
    drop_entries(redo, redo->n_entries);
    pthread_cond_destroy(&redo->due);
    chx__snapshot_finish(&redo->snapshot);
    free(redo->entries);
}

bool
chx__redo_is_due(const chx__redo *redo)
{
    if (!redo->has_begun || is_disturbed(redo))
        return true;
    const uint64_t passed_ns = chx__now_ns() - redo->begun_ns;
    return redo->snapshot.n_bytes > 0 &&
           (redo->n_entries >= MOST_ENTRIES ||
            (passed_ns > LEAST_INTERVAL_NS && passed_ns / SHARE > redo->cost_ns));
}

bool
chx__redo_is_busy(const chx__redo *redo)
{
    for (size_t i = 0; i < redo->n_entries; i++)
        if (redo->entries[i].run && !redo->entries[i].run->has_left)
            return true;
    return false;
}

void
chx__redo_begin(chx__redo *redo, chx__snapshot *snapshot, uint64_t begun_ns)
{
    assert(!chx__redo_is_busy(redo) && !redo->is_failed);
    drop_entries(redo, redo->n_entries);
    chx__snapshot_finish(&redo->snapshot);
    redo->snapshot = *snapshot;
    *snapshot = (chx__snapshot){0};
    redo->n_writes = redo->snapshot.n_writes;
    redo->has_begun = true;
    redo->is_given_up = false;
    redo->begun_ns = chx__now_ns();
    redo->cost_ns = redo->begun_ns - begun_ns;
}

/* Buffers that a run writes, of those that others may write too. */
static uint64_t
n_written(const chx_run *run)
{
    uint64_t n = 0;
    for (uint32_t b = 0; b < run->lowered->flow.n_buffers; b++)
        n += run->lowered->flow.is_written[b] && !chx__run_buffer(run, b)->is_partial;
    return n;
}

chx_status
chx__redo_enter(chx__redo *redo, chx_run *run)
{
    if (!chx__grow(&redo->entries, &redo->entry_capacity, redo->n_entries + 1,
                   sizeof *redo->entries))
        return chx__fail_memory("keeping a run for its repetition");
    chx__entry *entry = &redo->entries[redo->n_entries];
    chx_status status = chx__values_copy(&entry->values, &run->values);
    if (status)
        return status;
    entry->run = chx__run_ref(run);
    redo->n_entries++;
    redo->n_writes += n_written(run);
    run->redo = redo;
    run->recovers = true;
    for (uint32_t b = 0; b < run->lowered->flow.n_buffers; b++)
        if (run->lowered->flow.is_written[b])
            chx__run_buffer(run, b)->redo = redo;
    return CHX_OK;
}

void
chx__redo_cancel(chx__redo *redo)
{
    chx__entry *entry = &redo->entries[--redo->n_entries];
    redo->n_writes -= n_written(entry->run);
    entry_finish(entry);
}

bool
chx__redo_is_devices(chx_status status)
{
    return status == CHX_ERROR_DEVICE || status == CHX_ERROR_DEVICE_MEMORY ||
           status == CHX_ERROR_TIMEOUT;
}

static void
shut_buffers(const chx__redo *redo, bool is_shut)
{
    for (uint32_t b = 0; b < redo->snapshot.cast.n_parts; b++) {
        chx_buffer *buffer = chx__cast_buffer(&redo->snapshot.cast, b);
        assert(is_shut || buffer->n_restorers > 0);
        buffer->n_restorers += is_shut ? 1 : -1u;
    }
}

static bool
fail(chx__redo *redo, const chx_error *error)
{
    if (!chx__redo_is_devices(error->status) || redo->is_given_up ||
        (redo->has_begun && is_disturbed(redo)))
        return false;
    if (redo->is_failed)
        return true;
    redo->is_failed = true;
    redo->error = *error;
    shut_buffers(redo, true);
    pthread_cond_signal(&redo->due);
    return true;
}

bool
chx__redo_is_outdated(const chx__redo *redo)
{
    return (!redo->has_begun || is_disturbed(redo)) && !redo->is_failed && !chx__redo_is_busy(redo);
}

bool
chx__redo_fail(chx__redo *redo)
{
    return fail(redo, chx_last_error());
}

static chx__entry *
entry_of(const chx__redo *redo, const chx_run *run)
{
    for (size_t i = redo->n_entries; i-- > 0;)
        if (redo->entries[i].run == run)
            return &redo->entries[i];
    return NULL;
}

/* A run has ended well: of what overwrites nothing in place the runs before it are of no use. */
static void
note_end(chx__redo *redo, chx__entry *entry)
{
    chx__run_unref(entry->run);
    entry->run = NULL;
    redo->n_well++;
    size_t n = (size_t)(entry - redo->entries);
    for (size_t i = 0; i < n; i++)
        if (redo->entries[i].run)
            return;
    if (redo->snapshot.n_bytes == 0)
        drop_entries(redo, n);
}

bool
chx__redo_withholds(chx_run *run)
{
    chx__redo *redo = run->redo;
    chx__entry *entry = entry_of(redo, run);
    if (!entry)
        return false;
    if (!run->failed) {
        note_end(redo, entry);
        return false;
    }
    if (!run->is_cancelled && fail(redo, &run->error))
        return true;
    /* What it leaves is nothing to go on from, nor for those that followed it. */
    redo->has_begun = redo->is_failed;
    redo->is_given_up = !redo->is_failed;
    entry_finish(entry);
    return false;
}

/* Whoever waits looks again. */
static void
reopen(chx__redo *redo)
{
    redo->is_failed = false;
    shut_buffers(redo, false);
    pthread_cond_broadcast(&redo->runtime->changed);
}

void
chx__redo_mend(chx__redo *redo)
{
    redo->n_writes = chx__snapshot_count_writes(&redo->snapshot.cast);
    for (size_t i = 0; i < redo->n_entries; i++) {
        chx__entry *entry = &redo->entries[i];
        if (!entry->run)
            continue;
        entry->run->failed = false;
        redo->n_well++;
        chx__run_end(entry->run);
        chx__run_unref(entry->run);
        entry->run = NULL;
    }
    if (redo->snapshot.n_bytes == 0 && redo->n_entries > 1)
        drop_entries(redo, redo->n_entries - 1);
    reopen(redo);
}

void
chx__redo_give_up(chx__redo *redo)
{
    for (size_t i = 0; i < redo->n_entries; i++)
        if (redo->entries[i].run)
            chx__run_end(redo->entries[i].run);
    drop_entries(redo, redo->n_entries);
    redo->has_begun = false;
    redo->is_given_up = true;
    reopen(redo);
}
