/* Billions of synapses leave no room for a second array: they are brought together by source in
 * place, in time that grows with their number, and then each source's few are sorted, by digits of
 * their targets. Ranges of sources come first, so few that a processor keeps their ends at hand;
 * threads share those. Files mostly come with each source's together, in order of sources, which is
 * looked at first. The order is total but for synapses that are equal in everything, so it depends
 * neither on the way nor on the C library's qsort(). */
#include "network/network.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/crew.h"
#include "base/error.h"

#define MOST_RANGES 256
#define FEW_SYNAPSES 20000 /* that one thread sorts faster than others are made */
#define FEW_TARGETS 32 /* that are sorted faster by insertion */
#define MOST_DIGIT_BITS 11 /* whose counts stay in a processor's first cache */

/* A thread's room for the synapses of one source. */
typedef struct room {
    unsigned target_bits; /* in which a target fits */
    chx_synapse *synapses;
    size_t capacity;
} room;

static int
compare(const void *left, const void *right)
{
    const chx_synapse *a = left, *b = right;
    if (a->pre != b->pre)
        return a->pre < b->pre ? -1 : 1;
    if (a->post != b->post)
        return a->post < b->post ? -1 : 1;
    if (a->delay_ms != b->delay_ms)
        return a->delay_ms < b->delay_ms ? -1 : 1;
    return (a->weight_pa > b->weight_pa) - (a->weight_pa < b->weight_pa);
}

static void
insert(chx_synapse *synapses, uint64_t n_synapses)
{
    for (uint64_t i = 1; i < n_synapses; i++) {
        chx_synapse moving = synapses[i];
        uint64_t at = i;
        for (; at > 0 && compare(&synapses[at - 1], &moving) > 0; at--)
            synapses[at] = synapses[at - 1];
        synapses[at] = moving;
    }
}

static bool
is_sorted(const chx_synapse *synapses, uint64_t n_synapses)
{
    for (uint64_t i = 1; i < n_synapses; i++)
        if (compare(&synapses[i - 1], &synapses[i]) > 0)
            return false;
    return true;
}

/* Copies synapses in the order of one digit of their targets, and else as they are. */
static void
sort_digit(const chx_synapse *from, chx_synapse *to, uint64_t n_synapses, unsigned shift,
           unsigned bits)
{
    uint64_t next[1 << MOST_DIGIT_BITS] = {0}, sum = 0;
    const uint32_t n_digits = 1u << bits;
    for (uint64_t i = 0; i < n_synapses; i++)
        next[from[i].post >> shift & (n_digits - 1)]++;
    for (uint32_t digit = 0; digit < n_digits; digit++) {
        const uint64_t n = next[digit];
        next[digit] = sum;
        sum += n;
    }
    for (uint64_t i = 0; i < n_synapses; i++)
        to[next[from[i].post >> shift & (n_digits - 1)]++] = from[i];
}

/* Those that have a target in common. */
static void
sort_multiple(chx_synapse *synapses, uint64_t n_synapses)
{
    for (uint64_t first = 0, end; first < n_synapses; first = end) {
        for (end = first + 1; end < n_synapses && synapses[end].post == synapses[first].post; end++)
            continue;
        if (end - first <= FEW_TARGETS)
            insert(synapses + first, end - first);
        else
            qsort(synapses + first, end - first, sizeof *synapses, compare);
    }
}

/* Sorts the synapses of one source. Without memory it takes longer. */
static void
sort_source(chx_synapse *synapses, uint64_t n_synapses, room *other)
{
    if (n_synapses <= FEW_TARGETS) {
        insert(synapses, n_synapses);
        return;
    }
    if (is_sorted(synapses, n_synapses))
        return;
    if (!chx__grow_bare(&other->synapses, &other->capacity, (size_t)n_synapses,
                        sizeof *other->synapses)) {
        qsort(synapses, n_synapses, sizeof *synapses, compare);
        return;
    }
    unsigned n_passes = (other->target_bits + MOST_DIGIT_BITS - 1) / MOST_DIGIT_BITS;
    n_passes += n_passes % 2; /* back to where they were */
    const unsigned bits = (other->target_bits + n_passes - 1) / n_passes;
    for (unsigned pass = 0; pass < n_passes; pass += 2) {
        sort_digit(synapses, other->synapses, n_synapses, pass * bits, bits);
        sort_digit(other->synapses, synapses, n_synapses, (pass + 1) * bits, bits);
    }
    sort_multiple(synapses, n_synapses);
}

/* Ranges of sources that have been brought together. */
typedef struct ranges {
    chx_synapse *synapses;
    const uint64_t *start;
    unsigned shift; /* 2 to this power are the sources of a range */
    unsigned target_bits;
} ranges;

/* Without memory for the sources' places it takes longer. */
static void
sort_range(void *data, uint32_t range)
{
    const ranges *of = data;
    chx_synapse *synapses = of->synapses + of->start[range];
    const uint64_t n_synapses = of->start[range + 1] - of->start[range];
    const uint32_t first = range << of->shift, n_sources = 1u << of->shift;
    if (n_synapses < 2)
        return;
    uint64_t *start = chx__alloc((size_t)n_sources + 1, sizeof *start);
    uint64_t *next = chx__alloc((size_t)n_sources + 1, sizeof *next);
    room other = {of->target_bits, NULL, 0};
    if (start && next) {
        chx__synapses_group(synapses, n_synapses, first, 0, n_sources, start, next, false);
        for (uint32_t i = 0; i < n_sources; i++)
            sort_source(synapses + start[i], start[i + 1] - start[i], &other);
    } else {
        qsort(synapses, n_synapses, sizeof *synapses, compare);
    }
    free(other.synapses);
    free(next);
    free(start);
}

/* Synapses cut into shares of like length. */
typedef struct shares {
    chx_synapse *synapses;
    uint32_t n_shares;
    unsigned target_bits;
    atomic_bool is_mixed; /* a synapse stands before one of an earlier source */
    uint64_t begin[MOST_RANGES + 1];
} shares;

static void
look_at_share(void *data, uint32_t share)
{
    shares *of = data;
    uint64_t i = of->begin[share];
    for (i += i == 0; i < of->begin[share + 1]; i++) {
        if (of->synapses[i - 1].pre > of->synapses[i].pre) {
            atomic_store_explicit(&of->is_mixed, true, memory_order_relaxed);
            return;
        }
    }
}

/* Lets shares begin where a source does. */
static void
part_sources(shares *of)
{
    for (uint32_t share = 1; share < of->n_shares; share++) {
        uint64_t at = of->begin[share], end = of->begin[of->n_shares];
        at = at < of->begin[share - 1] ? of->begin[share - 1] : at;
        while (at > 0 && at < end && of->synapses[at].pre == of->synapses[at - 1].pre)
            at++;
        of->begin[share] = at;
    }
}

static void
sort_share(void *data, uint32_t share)
{
    const shares *of = data;
    room other = {of->target_bits, NULL, 0};
    for (uint64_t first = of->begin[share], next; first < of->begin[share + 1]; first = next) {
        next = first + 1;
        while (next < of->begin[share + 1] && of->synapses[next].pre == of->synapses[first].pre)
            next++;
        sort_source(of->synapses + first, next - first, &other);
    }
    free(other.synapses);
}

/* Sorts if sources are in order already, else changes nothing and returns false. */
static bool
sort_sources(chx_synapse *synapses, uint64_t n_synapses, unsigned target_bits)
{
    shares of = {.synapses = synapses,
                 .n_shares = n_synapses < FEW_SYNAPSES ? 1 : MOST_RANGES,
                 .target_bits = target_bits};
    const uint64_t length = n_synapses / of.n_shares;
    for (uint32_t share = 0; share < of.n_shares; share++)
        of.begin[share] = share * length;
    of.begin[of.n_shares] = n_synapses;
    chx__crew_run(of.n_shares, look_at_share, &of);
    if (of.is_mixed)
        return false;
    part_sources(&of);
    chx__crew_run(of.n_shares, sort_share, &of);
    return true;
}

chx_status
chx__synapses_sort(chx_synapse *synapses, uint64_t n_synapses, uint32_t n_neurons)
{
    unsigned target_bits = 1;
    while (target_bits < 32 && (n_neurons - 1) >> target_bits)
        target_bits++;
    if (sort_sources(synapses, n_synapses, target_bits))
        return CHX_OK;
    const uint32_t most = n_synapses < FEW_SYNAPSES ? 1 : MOST_RANGES;
    ranges of = {.synapses = synapses, .target_bits = target_bits};
    while ((n_neurons - 1) >> of.shift >= most)
        of.shift++;
    const uint32_t n_ranges = ((n_neurons - 1) >> of.shift) + 1;
    uint64_t *start = chx__alloc((size_t)n_ranges + 1, sizeof *start);
    uint64_t *next = chx__alloc((size_t)n_ranges + 1, sizeof *next);
    chx_status status = CHX_OK;
    if (start && next) {
        chx__synapses_group(synapses, n_synapses, 0, of.shift, n_ranges, start, next, true);
        of.start = start;
        chx__crew_run(n_ranges, sort_range, &of);
    } else {
        status = chx__fail_memory("sorting synapses");
    }
    free(next);
    free(start);
    return status;
}
