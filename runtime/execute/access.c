/* Buffers as callers see them. Whoever reads or writes one *holds* it (wait.h), so no run that
 * touches it is in flight and nobody else copies; that, not the turn, guards its bytes, and the
 * turn is given up for every copy, so that other clients go on. A write makes the host the only
 * holder, for which room in the map is reserved before the turn is given up. */
#include "execute/access.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "execute/fetch.h"
#include "execute/redo.h"
#include "execute/rebuild.h"
#include "execute/tail.h"
#include "execute/wait.h"

static bool
is_inside(const chx_buffer *buffer, size_t offset_bytes, size_t size_bytes)
{
    return offset_bytes <= buffer->size_bytes && size_bytes <= buffer->size_bytes - offset_bytes;
}

static void
enlist(chx_runtime *runtime, chx_buffer *made)
{
    made->next = runtime->buffers;
    if (made->next)
        made->next->previous = made;
    runtime->buffers = made;
}

static void
enlist_in_turn(chx_runtime *runtime, chx_buffer *made)
{
    chx__turn_begin(runtime);
    enlist(runtime, made);
    chx__turn_end(runtime);
}

chx_status
chx__access_create(chx_runtime *runtime, size_t size_bytes, chx_buffer **buffer)
{
    chx_status status = chx__buffer_create(runtime, &runtime->fleet, size_bytes, NULL, buffer);
    if (!status)
        enlist(runtime, *buffer);
    return status;
}

chx_status
chx_buffer_create(chx_runtime *runtime, size_t size_bytes, const void *initial, chx_buffer **buffer)
{
    CHX__REQUIRE(runtime && buffer);
    chx_buffer *made;
    chx_status status = chx__buffer_create(runtime, &runtime->fleet, size_bytes, initial, &made);
    if (status)
        return status;
    enlist_in_turn(runtime, made);
    *buffer = made;
    return CHX_OK;
}

chx_status
chx_buffer_wrap(chx_runtime *runtime, void *memory, size_t size_bytes, chx_buffer **buffer)
{
    CHX__REQUIRE(runtime && memory && buffer);
    chx_buffer *made;
    chx_status status = chx__buffer_wrap(runtime, &runtime->fleet, memory, size_bytes, &made);
    if (status)
        return status;
    enlist_in_turn(runtime, made);
    *buffer = made;
    return CHX_OK;
}

void
chx__access_destroy(chx_buffer **buffer)
{
    chx_buffer *ending = *buffer;
    if (!ending)
        return;
    chx_runtime *runtime = ending->runtime;
    chx__wait_hold(ending);
    bool is_let_go = chx__places_is_empty(ending->lent) || chx__wait_abandoned(runtime);
    if (ending->previous)
        ending->previous->next = ending->next;
    else
        runtime->buffers = ending->next;
    if (ending->next)
        ending->next->previous = ending->previous;
    chx__tails_free(ending->tails);
    /* A courier that is stuck in a launch may read the buffer when it comes back. */
    if (is_let_go)
        chx__buffer_free(ending);
    else
        chx__keep(ending);
    *buffer = NULL;
}

void
chx_buffer_destroy(chx_buffer **buffer)
{
    if (!buffer || !*buffer)
        return;
    chx_runtime *runtime = (*buffer)->runtime;
    chx__turn_begin(runtime);
    chx__access_destroy(buffer);
    chx__turn_end(runtime);
}

/* Holds a buffer with bytes of it in host memory. What a device has lost is made again where the
 * runs that wrote it can be repeated. */
static chx_status
hold_current(chx_buffer *buffer, size_t begin, size_t end)
{
    for (;;) {
        chx__wait_hold(buffer);
        uint64_t deadline_ns = chx__now_ns() + buffer->runtime->access_timeout_ns;
        chx_status status = chx__rebuild_and_fetch(buffer, begin, end, deadline_ns);
        if (!status || !buffer->redo || !chx__redo_fail(buffer->redo))
            return status;
        chx__wait_let_go(buffer);
    }
}

chx_status
chx_buffer_write(chx_buffer *buffer, size_t offset_bytes, size_t size_bytes, const void *data)
{
    CHX__REQUIRE(buffer && data && is_inside(buffer, offset_bytes, size_bytes));
    if (size_bytes == 0)
        return CHX_OK;
    chx__turn_begin(buffer->runtime);
    chx__wait_hold(buffer);
    chx_status status = chx__coherence_reserve(&buffer->coherence, 1);
    if (!status) {
        /* Before the bytes are there, for nobody is to save older ones over them meanwhile. */
        chx__coherence_set(&buffer->coherence, offset_bytes, offset_bytes + size_bytes,
                           chx__places_of(CHX__HOST_PLACE));
        buffer->n_writes++;
        chx__turn_pause(buffer->runtime);
        if (data != buffer->host + offset_bytes)
            memmove(buffer->host + offset_bytes, data, size_bytes);
        chx__turn_resume(buffer->runtime);
    }
    chx__wait_let_go(buffer);
    chx__turn_end(buffer->runtime);
    return status;
}

chx_status
chx_buffer_read(chx_buffer *buffer, size_t offset_bytes, size_t size_bytes, void *data)
{
    CHX__REQUIRE(buffer && data && is_inside(buffer, offset_bytes, size_bytes));
    if (size_bytes == 0)
        return CHX_OK;
    chx__turn_begin(buffer->runtime);
    chx_status status = hold_current(buffer, offset_bytes, offset_bytes + size_bytes);
    if (!status) {
        chx__turn_pause(buffer->runtime);
        if (data != buffer->host + offset_bytes)
            memmove(data, buffer->host + offset_bytes, size_bytes);
        chx__turn_resume(buffer->runtime);
    }
    chx__wait_let_go(buffer);
    chx__turn_end(buffer->runtime);
    return status;
}
