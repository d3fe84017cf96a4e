/* Spikes that a stimulus brings to neurons: sorting, and what is derived from them. */
#ifndef CHX_NETWORK_SPIKE_TRAIN_H
#define CHX_NETWORK_SPIKE_TRAIN_H

#include "network/network.h"

/* By step, then by neuron. */
void chx__spikes_sort(chx_spike *spikes, size_t n_spikes);

/* Gives the stimulus a sorted copy of the spikes, which may be its own, and the neurons and times
 * that follow from them. Errors: LIMIT, MEMORY. */
chx_status chx__spike_train_set(chx_network *network, chx_stimulus *stimulus,
                                const chx_spike *spikes, size_t n_spikes);

/* Steps in which a spike arrives. */
uint32_t chx__spike_train_count_steps(const chx_stimulus *stimulus);

/* The most spikes that reach one neuron in one step. */
uint32_t chx__spike_train_most(const chx_stimulus *stimulus);

#endif
