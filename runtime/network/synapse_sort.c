/* Billions of synapses leave no room for a second array: they are brought together by source in
 * place, in time that grows with their number, and then each source's few are sorted. Ranges of
 * sources come first, so few that a processor keeps their ends at hand; threads share those. Files
 * mostly come sorted, which is looked at first. The order is total but for synapses that are
 * equal in everything, so it does not depend on the C library's qsort(). */
#include "network/network.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/crew.h"
#include "base/error.h"

#define MOST_RANGES 256
#define FEW_SYNAPSES 20000 /* that one thread sorts faster than others are made */

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

static bool
is_sorted(const chx_synapse *synapses, uint64_t n_synapses)
{
    for (uint64_t i = 1; i < n_synapses; i++)
        if (compare(&synapses[i - 1], &synapses[i]) > 0)
            return false;
    return true;
}

/* Which of the groups that are being made a synapse belongs to. */
static uint32_t
group_of(const chx_synapse *synapse, uint32_t first, unsigned shift)
{
    return (synapse->pre - first) >> shift;
}

/* Brings the synapses of each group together, in place: every one is swapped towards its group
 * until the one that belongs here arrives (McIlroy, Bostic & McIlroy 1993). start and next have
 * one entry more than there are groups, and are zero; start is left as where each begins. */
static void
group(chx_synapse *synapses, uint64_t n_synapses, uint32_t first, unsigned shift, uint32_t n_groups,
      uint64_t *start, uint64_t *next)
{
    for (uint64_t i = 0; i < n_synapses; i++)
        start[group_of(&synapses[i], first, shift) + 1]++;
    for (uint32_t i = 0; i < n_groups; i++) {
        start[i + 1] += start[i];
        next[i] = start[i];
    }
    for (uint32_t i = 0; i < n_groups; i++) {
        while (next[i] < start[i + 1]) {
            chx_synapse moving = synapses[next[i]];
            for (uint32_t to; (to = group_of(&moving, first, shift)) != i;) {
                uint64_t home = next[to]++;
                chx_synapse displaced = synapses[home];
                synapses[home] = moving;
                moving = displaced;
            }
            synapses[next[i]++] = moving;
        }
    }
}

/* Ranges of sources that have been brought together. */
typedef struct ranges {
    chx_synapse *synapses;
    const uint64_t *start;
    unsigned shift; /* 2 to this power are the sources of a range */
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
    if (start && next) {
        group(synapses, n_synapses, first, 0, n_sources, start, next);
        for (uint32_t i = 0; i < n_sources; i++)
            qsort(synapses + start[i], start[i + 1] - start[i], sizeof *synapses, compare);
    } else {
        qsort(synapses, n_synapses, sizeof *synapses, compare);
    }
    free(next);
    free(start);
}

chx_status
chx__synapses_sort(chx_synapse *synapses, uint64_t n_synapses, uint32_t n_neurons)
{
    if (is_sorted(synapses, n_synapses))
        return CHX_OK;
    const uint32_t most = n_synapses < FEW_SYNAPSES ? 1 : MOST_RANGES;
    ranges of = {.synapses = synapses};
    while ((n_neurons - 1) >> of.shift >= most)
        of.shift++;
    const uint32_t n_ranges = ((n_neurons - 1) >> of.shift) + 1;
    uint64_t *start = chx__alloc((size_t)n_ranges + 1, sizeof *start);
    uint64_t *next = chx__alloc((size_t)n_ranges + 1, sizeof *next);
    chx_status status = CHX_OK;
    if (start && next) {
        group(synapses, n_synapses, 0, of.shift, n_ranges, start, next);
        of.start = start;
        chx__crew_run(n_ranges, sort_range, &of);
    } else {
        status = chx__fail_memory("sorting synapses");
    }
    free(next);
    free(start);
    return status;
}
