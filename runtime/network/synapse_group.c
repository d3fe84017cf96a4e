/* Bringing synapses of like sources together in place: every one is swapped towards its group until
 * the one that belongs here arrives (McIlroy, Bostic and McIlroy 1993, Computing Systems 6). That
 * is one thread's work, so threads do most of it before: each has a stripe of every group's place
 * and swaps within its own stripes as long as there is room (Cho and others 2015, PARADIS,
 * doi:10.14778/2824032.2824050). What finds none is moved to the end of the place it is in, and
 * left to the one thread. Which way they came does not show, as each group is sorted after. */
#include "network/network.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/crew.h"

#define STRIPES 16
#define ROUNDS 2 /* the second leaves next to nothing of synapses in any order */
#define WORTH_STRIPES 1000000 /* synapses, below which one thread is as fast */

/* Groups that are being made: of group i the synapses from start[i] to next[i] are in place, of
 * those up to start[i + 1] nothing is known. */
typedef struct grouping {
    chx_synapse *synapses;
    uint64_t n_synapses;
    uint32_t first; /* source of the first group */
    unsigned shift; /* 2 to this power are the sources of a group */
    uint32_t n_groups;
    uint64_t *start, *next;
    uint64_t *stripes; /* [STRIPES][2][n_groups]: what is in place up to, and where they end; also
                          counts, before */
} grouping;

static uint32_t
group_of(const grouping *of, const chx_synapse *synapse)
{
    return (synapse->pre - of->first) >> of->shift;
}

static void
swap(chx_synapse *a, chx_synapse *b)
{
    const chx_synapse kept = *a;
    *a = *b;
    *b = kept;
}

/* Puts all in place that are not. */
static void
finish(const grouping *of)
{
    for (uint32_t i = 0; i < of->n_groups; i++) {
        while (of->next[i] < of->start[i + 1]) {
            chx_synapse moving = of->synapses[of->next[i]];
            for (uint32_t to; (to = group_of(of, &moving)) != i;)
                swap(&moving, &of->synapses[of->next[to]++]);
            of->synapses[of->next[i]++] = moving;
        }
    }
}

/* From lengths, one place further up, to places. */
static void
begin(const grouping *of)
{
    for (uint32_t i = 0; i < of->n_groups; i++) {
        of->start[i + 1] += of->start[i];
        of->next[i] = of->start[i];
    }
}

static uint64_t *
heads_of(const grouping *of, uint32_t stripe)
{
    return of->stripes + 2 * (size_t)stripe * of->n_groups;
}

static uint64_t
part_of(uint64_t begin, uint64_t end, uint32_t stripe)
{
    return begin + (end - begin) / STRIPES * stripe +
           (stripe == STRIPES ? (end - begin) % STRIPES : 0);
}

static void
count_stripe(void *data, uint32_t stripe)
{
    const grouping *of = data;
    uint64_t *counts = heads_of(of, stripe);
    const uint64_t end = part_of(0, of->n_synapses, stripe + 1);
    for (uint64_t i = part_of(0, of->n_synapses, stripe); i < end; i++)
        counts[group_of(of, &of->synapses[i])]++;
}

/* Puts in place what has its place in the stripe. */
static void
swap_stripe(void *data, uint32_t stripe)
{
    const grouping *of = data;
    uint64_t *heads = heads_of(of, stripe), *ends = heads + of->n_groups;
    for (uint32_t i = 0; i < of->n_groups; i++) {
        heads[i] = part_of(of->next[i], of->start[i + 1], stripe);
        ends[i] = part_of(of->next[i], of->start[i + 1], stripe + 1);
    }
    for (uint32_t i = 0; i < of->n_groups; i++) {
        for (uint64_t at = heads[i]; at < ends[i]; at++) {
            chx_synapse moving = of->synapses[at];
            uint32_t to = group_of(of, &moving);
            while (to != i && heads[to] < ends[to]) {
                swap(&moving, &of->synapses[heads[to]++]);
                to = group_of(of, &moving);
            }
            of->synapses[at] = moving;
            if (to == i)
                swap(&of->synapses[at], &of->synapses[heads[i]++]);
        }
    }
}

/* Moves what found no place to the end of the group's. */
static void
gather(void *data, uint32_t group)
{
    const grouping *of = data;
    uint64_t end = of->start[group + 1];
    for (uint32_t stripe = STRIPES; stripe-- > 0;) {
        const uint64_t *heads = heads_of(of, stripe), *ends = heads + of->n_groups;
        for (uint64_t at = ends[group]; at-- > heads[group];)
            swap(&of->synapses[at], &of->synapses[--end]);
    }
    of->next[group] = end;
}

/* The work of many threads. False when memory is out. */
static bool
group_by_stripes(grouping *of)
{
    of->stripes = chx__alloc((size_t)2 * STRIPES * of->n_groups, sizeof *of->stripes);
    if (!of->stripes)
        return false;
    chx__crew_run(STRIPES, count_stripe, of);
    for (uint32_t stripe = 0; stripe < STRIPES; stripe++)
        for (uint32_t i = 0; i < of->n_groups; i++)
            of->start[i + 1] += heads_of(of, stripe)[i];
    begin(of);
    for (int round = 0; round < ROUNDS; round++) {
        chx__crew_run(STRIPES, swap_stripe, of);
        chx__crew_run(of->n_groups, gather, of);
    }
    free(of->stripes);
    return true;
}

void
chx__synapses_group(chx_synapse *synapses, uint64_t n_synapses, uint32_t first, unsigned shift,
                    uint32_t n_groups, uint64_t *start, uint64_t *next, bool is_shared)
{
    grouping of = {.synapses = synapses,
                   .n_synapses = n_synapses,
                   .first = first,
                   .shift = shift,
                   .n_groups = n_groups,
                   .start = start,
                   .next = next};
    if (!is_shared || n_synapses < WORTH_STRIPES || !group_by_stripes(&of)) {
        for (uint64_t i = 0; i < n_synapses; i++)
            start[group_of(&of, &synapses[i]) + 1]++;
        begin(&of);
    }
    finish(&of);
}
