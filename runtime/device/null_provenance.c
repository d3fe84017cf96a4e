/* Ranges are few, one for each write that can still be seen, so they stand in one array that is
 * made anew when one is written.
 *
 * A mark is 32 bytes at a multiple of 32: a word that says so, the digest, and their sum. What a
 * range begins or ends with of less than that is as if the mark went on. */
#include "device/null_provenance.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define MARK UINT64_C(0x6e756c6c206d6172)
#define MARK_BYTES 32u

bool
chx__provenance_init(chx__provenance *provenance, size_t size_bytes)
{
    *provenance = (chx__provenance){0};
    if (!chx__grow(&provenance->origins, &provenance->capacity, 1, sizeof *provenance->origins))
        return false;
    provenance->origins[provenance->n++] = (chx__origin){.end = size_bytes};
    return true;
}

void
chx__provenance_finish(chx__provenance *provenance)
{
    free(provenance->origins);
    *provenance = (chx__provenance){0};
}

static bool
is_same(chx__digest a, chx__digest b)
{
    return a.low == b.low && a.high == b.high;
}

/* At the end; there must be room. */
static void
append(chx__provenance *provenance, size_t begin, size_t end, chx__digest digest)
{
    chx__origin *last = provenance->n ? &provenance->origins[provenance->n - 1] : NULL;
    if (begin == end)
        return;
    if (last && is_same(last->digest, digest))
        last->end = end;
    else
        provenance->origins[provenance->n++] = (chx__origin){begin, end, digest};
}

/* What of the origin lies in [begin, end). */
static void
append_part(chx__provenance *provenance, const chx__origin *origin, size_t begin, size_t end)
{
    size_t from = origin->begin > begin ? origin->begin : begin;
    size_t to = origin->end < end ? origin->end : end;
    if (from < to)
        append(provenance, from, to, origin->digest);
}

/* [begin, end) becomes as it is in `there`, the rest stays. */
static bool
replace(chx__provenance *provenance, const chx__provenance *there, size_t begin, size_t end)
{
    chx__provenance made = {0};
    if (!chx__grow(&made.origins, &made.capacity, provenance->n + there->n + 2,
                   sizeof *made.origins))
        return false;
    for (size_t i = 0; i < provenance->n; i++)
        append_part(&made, &provenance->origins[i], 0, begin);
    for (size_t i = 0; i < there->n; i++)
        append_part(&made, &there->origins[i], begin, end);
    for (size_t i = 0; i < provenance->n; i++)
        append_part(&made, &provenance->origins[i], end, SIZE_MAX);
    chx__provenance_finish(provenance);
    *provenance = made;
    return true;
}

bool
chx__provenance_set(chx__provenance *provenance, size_t begin, size_t end, chx__digest digest)
{
    chx__origin origin = {begin, end, digest};
    chx__provenance there = {&origin, 1, 1};
    return replace(provenance, &there, begin, end);
}

bool
chx__provenance_copy(chx__provenance *to, const chx__provenance *from, size_t begin, size_t end)
{
    return to == from || replace(to, from, begin, end);
}

void
chx__provenance_mark(chx__digest digest, size_t begin, size_t end, unsigned char *bytes)
{
    const uint64_t words[4] = {MARK, digest.low, digest.high, MARK + digest.low + digest.high};
    for (size_t at = begin; at < end;) {
        size_t within = at % MARK_BYTES, n = MARK_BYTES - within;
        n = n < end - at ? n : end - at;
        memcpy(bytes + (at - begin), (const unsigned char *)words + within, n);
        at += n;
    }
}

void
chx__provenance_read(const chx__provenance *provenance, size_t begin, size_t end,
                     unsigned char *bytes)
{
    for (size_t i = 0; i < provenance->n; i++) {
        const chx__origin *origin = &provenance->origins[i];
        size_t from = origin->begin > begin ? origin->begin : begin;
        size_t to = origin->end < end ? origin->end : end;
        if (from < to)
            chx__provenance_mark(origin->digest, from, to, bytes + (from - begin));
    }
}

/* Whether a whole mark stands there. */
static bool
is_mark(const unsigned char *bytes, chx__digest *digest)
{
    uint64_t words[4];
    memcpy(words, bytes, sizeof words);
    *digest = (chx__digest){words[1], words[2]};
    return words[0] == MARK && words[3] == MARK + words[1] + words[2];
}

/* Up to where the bytes from `at` on are marks of the digest, of which one is whole or the end. */
static size_t
end_of_marks(chx__digest digest, size_t at, size_t end, const unsigned char *bytes)
{
    unsigned char mark[MARK_BYTES];
    chx__provenance_mark(digest, 0, MARK_BYTES, mark);
    while (at < end) {
        size_t within = at % MARK_BYTES, n = MARK_BYTES - within;
        n = n < end - at ? n : end - at;
        if (memcmp(bytes, mark + within, n) != 0)
            break;
        bytes += n;
        at += n;
    }
    return at;
}

/* The first place from `at` on where a whole mark stands; end when none does. */
static size_t
find_mark(size_t at, size_t end, const unsigned char *bytes, chx__digest *digest)
{
    size_t next = (at + MARK_BYTES - 1) / MARK_BYTES * MARK_BYTES;
    for (; next < end && end - next >= MARK_BYTES; next += MARK_BYTES)
        if (is_mark(bytes + (next - at), digest))
            return next;
    return end;
}

bool
chx__provenance_write(chx__provenance *provenance, size_t begin, size_t end,
                      const unsigned char *bytes)
{
    for (size_t at = begin; at < end;) {
        const unsigned char *here = bytes + (at - begin);
        chx__digest digest = {0};
        size_t mark = find_mark(at, end, here, &digest);
        size_t stop = mark < end ? end_of_marks(digest, at, end, here) : at;
        if (stop <= mark) { /* bytes of their own stand before it */
            stop = mark;
            digest = chx__hash(here, stop - at);
        }
        if (!chx__provenance_set(provenance, at, stop, digest))
            return false;
        at = stop;
    }
    return true;
}

void
chx__provenance_add(const chx__provenance *provenance, size_t begin, size_t end,
                    chx__hasher *hasher)
{
    chx__provenance part = {0};
    for (size_t i = 0; i < provenance->n; i++) {
        chx__origin origin;
        part = (chx__provenance){&origin, 0, 1};
        append_part(&part, &provenance->origins[i], begin, end);
        if (part.n) {
            uint64_t words[4] = {origin.begin, origin.end, origin.digest.low, origin.digest.high};
            chx__hasher_add(hasher, words, sizeof words);
        }
    }
}
