/* The flow of signals: how far each neuron stands along it. */
#ifndef CHX_NETWORK_FLOW_H
#define CHX_NETWORK_FLOW_H

#include <chronaxie/network.h>

/* Finds the neurons' heights, which grow along the flow. part_of says which of n_parts parts, that
 * no synapse joins, each neuron belongs to; in each the heights have the mean 0. directed[k] is the
 * share of its synapses' weight that goes along the heights of part k: 0 where as much goes one
 * way as the other, 1 where each leads one height on. Errors: MEMORY. */
chx_status chx__flow_find(uint32_t n_neurons, const chx_synapse *synapses, uint64_t n_synapses,
                          const uint32_t *part_of, uint32_t n_parts, double *heights,
                          double *directed);

#endif
