/* Tails: what runs in flight were the last to touch, by buffer.
 *
 * A run leaves one slice in every buffer that it touches: the stretch of its lowered plan's exits
 * that belong to the buffer. Exits stand in order of their ranges, and neither their begins nor
 * their ends ever go back, so a binary search finds those that a range meets. A slice borrows from
 * its run, which takes it away when it ends. What a new run finds there becomes its tickets, from
 * the latest run back to one that has written all of the range: that one is done, or fails, after
 * all before it, and so does who follows it. All under the turn. */
#include "execute/tail.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

typedef struct slice {
    chx_run *run;
    const chx__touch *exits;
    size_t n;
    size_t shift_bytes; /* where the run's part of the buffer is, from where its plan says */
    size_t found; /* where the last search ended; the next is mostly for what lies behind */
} slice;

typedef struct shade {
    uint64_t number; /* of the run */
    size_t begin, end;
} shade;

struct chx__tails {
    slice *slices; /* in order of submission */
    size_t n, capacity;
    shade *shades;
    size_t n_shades, shade_capacity;
};

/* Notes that a command follows one of a run before. Lanes are in order, so the latest of a lane
 * stands for all before it there. */
static bool
add_ticket(chx_run *run, uint32_t command, const chx_run *before, uint32_t awaited)
{
    chx__step *step = &run->steps[command];
    const chx__command *commands = before->lowered->commands;
    assert(before != run && !atomic_load(&before->ended));
    if (step->n_tickets == 0)
        step->first_ticket = (uint32_t)run->n_tickets;
    assert(step->first_ticket + step->n_tickets == run->n_tickets);
    for (size_t t = step->first_ticket; t < run->n_tickets; t++) {
        chx__ticket *ticket = &run->tickets[t];
        if (ticket->slot != before->slot ||
            commands[ticket->command].lane != commands[awaited].lane)
            continue;
        if (ticket->command < awaited)
            ticket->command = awaited;
        return true;
    }
    if (!chx__grow(&run->tickets, &run->ticket_capacity, run->n_tickets + 1, sizeof *run->tickets))
        return false;
    run->tickets[run->n_tickets++] = (chx__ticket){.slot = before->slot, .command = awaited};
    step->n_tickets++;
    run->follows |= UINT64_C(1) << before->slot;
    return true;
}

static bool
ends_by(const slice *tail, size_t exit, size_t byte)
{
    return tail->exits[exit].end + tail->shift_bytes <= byte;
}

static size_t
search(const slice *tail, size_t byte)
{
    size_t low = 0, high = tail->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ends_by(tail, middle, byte))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Index of the first exit that ends after the byte. */
static size_t
first_after(slice *tail, size_t byte)
{
    size_t i = tail->found;
    i += i < tail->n && ends_by(tail, i, byte);
    bool is_first =
        (i == tail->n || !ends_by(tail, i, byte)) && (i == 0 || ends_by(tail, i - 1, byte));
    tail->found = is_first ? i : search(tail, byte);
    return tail->found;
}

/* *is_covered: an exit writes all that is touched, so that it follows whatever runs before its own
 * have done there. */
static bool
follow_slice(chx_run *run, const chx__touch *touch, slice *tail, bool *is_covered)
{
    const chx__part *part = &run->cast.parts[touch->buffer];
    size_t begin = touch->begin + part->shift_bytes, end = touch->end + part->shift_bytes;
    for (size_t i = first_after(tail, begin);
         i < tail->n && tail->exits[i].begin + tail->shift_bytes < end; i++) {
        const chx__touch *exit = &tail->exits[i];
        if (exit->place != touch->place || (!exit->writes && !touch->writes))
            continue;
        if (!add_ticket(run, touch->command, tail->run, exit->command))
            return false;
        *is_covered |= exit->writes && exit->begin + tail->shift_bytes <= begin &&
                       exit->end + tail->shift_bytes >= end;
    }
    return true;
}

/* The latest run first: most touches need nobody else. */
static bool
follow_buffer(chx_run *run, const chx__touch *touch, chx__tails *tails)
{
    bool is_covered = false;
    for (size_t s = tails->n; s-- > 0 && !is_covered;)
        if (!follow_slice(run, touch, &tails->slices[s], &is_covered))
            return false;
    return true;
}

/* Each buffer plays one part, so one slice more is enough. */
static bool
reserve(chx_buffer *buffer)
{
    if (!buffer->tails)
        buffer->tails = chx__alloc(1, sizeof *buffer->tails);
    chx__tails *tails = buffer->tails;
    return tails &&
           chx__grow(&tails->slices, &tails->capacity, tails->n + 1, sizeof *tails->slices);
}

chx_status
chx__tails_follow(chx_run *run)
{
    const chx__lowered *lowered = run->lowered;
    bool ok = true;
    for (uint32_t b = 0; ok && b < run->cast.n_parts; b++)
        ok = reserve(chx__run_buffer(run, b));
    for (size_t i = 0; ok && i < lowered->n_touches; i++) {
        const chx__touch *touch = &lowered->touches[i];
        ok = follow_buffer(run, touch, chx__run_buffer(run, touch->buffer)->tails);
    }
    return ok ? CHX_OK : chx__fail_memory("submitting a plan");
}

void
chx__tails_add(chx_run *run)
{
    const chx__lowered *lowered = run->lowered;
    size_t end;
    for (size_t first = 0; first < lowered->n_exits; first = end) {
        uint32_t buffer = lowered->exits[first].buffer;
        chx__tails *tails = chx__run_buffer(run, buffer)->tails;
        for (end = first; end < lowered->n_exits && lowered->exits[end].buffer == buffer;)
            end++;
        assert(tails->n < tails->capacity);
        tails->slices[tails->n++] = (slice){.run = run,
                                            .exits = &lowered->exits[first],
                                            .n = end - first,
                                            .shift_bytes = run->cast.parts[buffer].shift_bytes};
    }
}

void
chx__tails_remove(chx_run *run)
{
    for (uint32_t b = 0; b < run->cast.n_parts; b++) {
        chx__tails *tails = chx__run_buffer(run, b)->tails;
        size_t kept = 0;
        for (size_t i = 0; tails && i < tails->n; i++)
            if (tails->slices[i].run != run)
                tails->slices[kept++] = tails->slices[i];
        if (tails)
            tails->n = kept;
    }
}

void
chx__tails_fail(const chx_buffer *buffer, const chx_error *error)
{
    for (size_t i = 0; buffer->tails && i < buffer->tails->n; i++)
        chx__run_fail(buffer->tails->slices[i].run, error);
}

chx_run *
chx__tails_any(const chx_buffer *buffer)
{
    return buffer->tails && buffer->tails->n > 0 ? buffer->tails->slices[0].run : NULL;
}

chx_run *
chx__tails_find(const chx_buffer *buffer, size_t begin, size_t end)
{
    for (size_t s = 0; buffer->tails && s < buffer->tails->n; s++) {
        const slice *tail = &buffer->tails->slices[s];
        const size_t i = search(tail, begin);
        if (i < tail->n && tail->exits[i].begin + tail->shift_bytes < end)
            return tail->run;
    }
    return NULL;
}

chx_status
chx__tails_reserve_shades(chx_buffer *buffer, size_t n)
{
    chx__tails *tails = buffer->tails;
    if (!chx__grow(&tails->shades, &tails->shade_capacity, tails->n_shades + buffer->n_promised + n,
                   sizeof *tails->shades))
        return chx__fail_memory("submitting a plan");
    return CHX_OK;
}

size_t
chx__tails_n_shades(const chx_buffer *buffer)
{
    return buffer->tails->n_shades;
}

/* Several tasks of a run may have written the same atom. */
static bool
is_known(const chx__tails *tails, const shade *cast)
{
    for (size_t i = tails->n_shades; i-- > 0 && tails->shades[i].number == cast->number;)
        if (tails->shades[i].begin == cast->begin)
            return true;
    return false;
}

void
chx__tails_shade(chx_buffer *buffer, uint64_t number, size_t begin, size_t end)
{
    const shade cast = {number, begin, end};
    chx__tails *tails = buffer->tails;
    const chx_run *earliest = chx__tails_any(buffer);
    if (!earliest || earliest->number > number || is_known(tails, &cast))
        return;
    assert(tails->n_shades < tails->shade_capacity);
    tails->shades[tails->n_shades++] = cast;
}

void
chx__tails_lift_shades(chx_buffer *buffer)
{
    chx__tails *tails = buffer->tails;
    const chx_run *earliest = chx__tails_any(buffer);
    size_t kept = 0;
    for (size_t i = 0; i < tails->n_shades; i++)
        if (earliest && earliest->number < tails->shades[i].number)
            tails->shades[kept++] = tails->shades[i];
    tails->n_shades = kept;
}

/* What hides the byte; NULL when nothing does, and then *next is where the next shade begins, if
 * that is before it. */
static const shade *
find_shade(const chx__tails *tails, uint64_t number, size_t byte, size_t *next)
{
    for (size_t i = 0; i < tails->n_shades; i++) {
        const shade *found = &tails->shades[i];
        if (found->number <= number)
            continue;
        if (found->begin <= byte && byte < found->end)
            return found;
        if (found->begin > byte && found->begin < *next)
            *next = found->begin;
    }
    return NULL;
}

bool
chx__tails_find_lit(const chx_buffer *buffer, uint64_t number, size_t *begin, size_t end,
                    size_t *stretch_end)
{
    const shade *over;
    *stretch_end = end;
    while (*begin < end && (over = find_shade(buffer->tails, number, *begin, stretch_end))) {
        *begin = over->end;
        *stretch_end = end;
    }
    return *begin < end;
}

void
chx__tails_free(chx__tails *tails)
{
    if (!tails)
        return;
    free(tails->shades);
    free(tails->slices);
    free(tails);
}
