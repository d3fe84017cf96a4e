/* Gap junctions of a network: what they must fulfil, and their order. */
#ifndef CHX_NETWORK_GAP_H
#define CHX_NETWORK_GAP_H

#include "network/check.h"
#include "network/network.h"

/* All but that the neurons are the network's. */
bool chx__gap_check(const chx_gap *gap, chx__fault *fault);

/* Puts the lower neuron of each first, then sorts by (neuron, other, conductance). */
void chx__gaps_sort(chx_gap *gaps, uint64_t n_gaps);

/* Whether a time step is short enough for the gaps of each neuron. Errors: FORMAT, MEMORY. */
chx_status chx__gaps_check_sums(const chx_network *network);

#endif
