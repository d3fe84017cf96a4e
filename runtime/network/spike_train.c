/*
 * Spike trains: the spikes of a stimulus, ordered by step and then by neuron, so that those of one
 * step stand together, and several of one neuron in one step as well.
 */
#include "network/spike_train.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

static int
compare_spikes(const void *left, const void *right)
{
    const chx_spike *a = left, *b = right;
    if (a->step != b->step)
        return a->step < b->step ? -1 : 1;
    return (a->neuron > b->neuron) - (a->neuron < b->neuron);
}

void
chx__spikes_sort(chx_spike *spikes, size_t n_spikes)
{
    if (n_spikes > 0)
        qsort(spikes, n_spikes, sizeof *spikes, compare_spikes);
}

static int
compare_neurons(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Whom the spikes reach, each once. */
static chx_status
list_neurons(chx_network *network, chx_stimulus *stimulus)
{
    const uint32_t n = stimulus->n_spikes;
    uint32_t *neurons = chx__network_keep(network, n * sizeof *neurons);
    if (!neurons)
        return chx__fail_memory("keeping a spike train");
    for (uint32_t i = 0; i < n; i++)
        neurons[i] = stimulus->spikes[i].neuron;
    if (n > 0)
        qsort(neurons, n, sizeof *neurons, compare_neurons);
    stimulus->n_neurons = 0;
    for (uint32_t i = 0; i < n; i++)
        if (i == 0 || neurons[i] != neurons[i - 1])
            neurons[stimulus->n_neurons++] = neurons[i];
    stimulus->neurons = neurons;
    return CHX_OK;
}

chx_status
chx__spike_train_set(chx_network *network, chx_stimulus *stimulus, const chx_spike *spikes,
                     size_t n_spikes)
{
    if (n_spikes > CHX__NETWORK_MAX_ITEMS)
        return chx__fail(CHX_ERROR_LIMIT, "%zu spikes of one stimulus; make it several", n_spikes);
    chx_spike *kept = chx__network_keep(network, n_spikes * sizeof *kept);
    if (!kept)
        return chx__fail_memory("keeping a spike train");
    if (n_spikes > 0)
        memcpy(kept, spikes, n_spikes * sizeof *kept);
    chx__spikes_sort(kept, n_spikes);
    stimulus->spikes = kept;
    stimulus->n_spikes = (uint32_t)n_spikes;
    stimulus->start_ms = stimulus->stop_ms = 0;
    if (n_spikes > 0) {
        stimulus->start_ms = kept[0].step * network->info.time_step_ms;
        stimulus->stop_ms = (kept[n_spikes - 1].step + 1.0) * network->info.time_step_ms;
    }
    return list_neurons(network, stimulus);
}

uint32_t
chx__spike_train_count_steps(const chx_stimulus *stimulus)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < stimulus->n_spikes; i++)
        n += i == 0 || stimulus->spikes[i].step != stimulus->spikes[i - 1].step;
    return n;
}

uint32_t
chx__spike_train_most(const chx_stimulus *stimulus)
{
    uint32_t most = 0, n = 0;
    for (uint32_t i = 0; i < stimulus->n_spikes; i++) {
        bool same = i > 0 && compare_spikes(&stimulus->spikes[i], &stimulus->spikes[i - 1]) == 0;
        n = same ? n + 1 : 1;
        most = n > most ? n : most;
    }
    return most;
}
