/* A file may hold a million stimuli, or name one type a million times, so that nothing here may
 * look at all neurons for each: neurons are sorted by type once, and instead of marks that would
 * have to be cleared, each neuron and type knows the last stimulus that named it. */
#include "io/targets.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

static void
sort_by_type(chx__targets *targets)
{
    const chx_network_info *info = &targets->network->info;
    const chx_neuron *neurons = targets->network->neurons;
    uint32_t *begin = targets->type_begin;
    for (uint32_t i = 0; i < info->n_neurons; i++)
        begin[neurons[i].type + 1]++;
    for (uint32_t type = 0; type < info->n_types; type++)
        begin[type + 1] += begin[type];
    /* Taken from behind, each type's end becomes its begin; one place further up meanwhile. */
    for (uint32_t i = info->n_neurons; i-- > 0;)
        targets->by_type[--begin[neurons[i].type + 1]] = i;
    memmove(begin, begin + 1, info->n_types * sizeof *begin);
    begin[info->n_types] = info->n_neurons;
}

chx_status
chx__targets_init(chx__targets *targets, const chx_network *network)
{
    const uint32_t n_neurons = network->info.n_neurons, n_types = network->info.n_types;
    *targets = (chx__targets){.network = network};
    targets->type_begin = chx__alloc((size_t)n_types + 1, sizeof *targets->type_begin);
    targets->by_type = chx__alloc(n_neurons, sizeof *targets->by_type);
    targets->neuron_round = chx__alloc(n_neurons, sizeof *targets->neuron_round);
    targets->type_round = chx__alloc(n_types, sizeof *targets->type_round);
    targets->found = chx__alloc(n_neurons, sizeof *targets->found);
    if (!targets->type_begin || !targets->by_type || !targets->neuron_round ||
        !targets->type_round || !targets->found)
        return chx__fail_memory("loading a network");
    sort_by_type(targets);
    return CHX_OK;
}

void
chx__targets_finish(chx__targets *targets)
{
    free(targets->type_begin);
    free(targets->by_type);
    free(targets->neuron_round);
    free(targets->type_round);
    free(targets->found);
    *targets = (chx__targets){0};
}

void
chx__targets_begin(chx__targets *targets)
{
    targets->n_found = 0;
    targets->round++;
}

void
chx__targets_add(chx__targets *targets, uint32_t neuron)
{
    if (targets->neuron_round[neuron] == targets->round)
        return;
    targets->neuron_round[neuron] = targets->round;
    targets->found[targets->n_found++] = neuron;
}

void
chx__targets_add_type(chx__targets *targets, uint32_t type)
{
    if (targets->type_round[type] == targets->round)
        return;
    targets->type_round[type] = targets->round;
    for (uint32_t i = targets->type_begin[type]; i < targets->type_begin[type + 1]; i++)
        chx__targets_add(targets, targets->by_type[i]);
}

static int
compare(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

chx_status
chx__targets_keep(const chx__targets *targets, chx_network *network, chx_stimulus *stimulus)
{
    uint32_t *neurons = chx__network_keep(network, targets->n_found * sizeof *neurons);
    if (!neurons)
        return chx__fail_memory("loading a network");
    memcpy(neurons, targets->found, targets->n_found * sizeof *neurons);
    qsort(neurons, targets->n_found, sizeof *neurons, compare);
    stimulus->neurons = neurons;
    stimulus->n_neurons = targets->n_found;
    return CHX_OK;
}
