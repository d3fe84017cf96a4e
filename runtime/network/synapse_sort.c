/* Billions of synapses leave no room for a second array: they are brought together by source in
 * place, in time that grows with their number, and then each source's few are sorted. Files
 * mostly come sorted, which is looked at first. The order is total but for synapses that are
 * equal in everything, so it does not depend on the C library's qsort(). */
#include "network/network.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

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

/* Brings the synapses of each source together, in place: every one is swapped towards its bucket
 * until the one that belongs here arrives (McIlroy, Bostic & McIlroy 1993). start has one entry
 * more than there are neurons; next is scratch. */
static void
group(chx_synapse *synapses, const uint64_t *start, uint64_t *next, uint32_t n_neurons)
{
    for (uint32_t pre = 0; pre < n_neurons; pre++)
        next[pre] = start[pre];
    for (uint32_t pre = 0; pre < n_neurons; pre++) {
        while (next[pre] < start[pre + 1]) {
            chx_synapse moving = synapses[next[pre]];
            while (moving.pre != pre) {
                uint64_t home = next[moving.pre]++;
                chx_synapse displaced = synapses[home];
                synapses[home] = moving;
                moving = displaced;
            }
            synapses[next[pre]++] = moving;
        }
    }
}

chx_status
chx__synapses_sort(chx_synapse *synapses, uint64_t n_synapses, uint32_t n_neurons)
{
    if (is_sorted(synapses, n_synapses))
        return CHX_OK;
    uint64_t *start = chx__alloc((size_t)n_neurons + 1, sizeof *start);
    uint64_t *next = chx__alloc(n_neurons, sizeof *next);
    chx_status status = CHX_OK;
    if (!start || !next) {
        status = chx__fail_memory("sorting synapses");
        goto out;
    }
    for (uint64_t i = 0; i < n_synapses; i++)
        start[synapses[i].pre + 1]++;
    for (uint32_t pre = 0; pre < n_neurons; pre++)
        start[pre + 1] += start[pre];
    group(synapses, start, next, n_neurons);
    for (uint32_t pre = 0; pre < n_neurons; pre++)
        qsort(synapses + start[pre], start[pre + 1] - start[pre], sizeof *synapses, compare);
out:
    free(next);
    free(start);
    return status;
}
