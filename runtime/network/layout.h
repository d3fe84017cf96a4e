/* A layout: places for neurons of which only the connections are known. */
#ifndef CHX_NETWORK_LAYOUT_H
#define CHX_NETWORK_LAYOUT_H

#include <chronaxie/network.h>

/* Sets the positions of the network's neurons in the plane z = 0, about spacing_um apart, those
 * that are connected near each other. The same network gets the same places. Errors: MEMORY. */
chx_status chx__layout_place(chx_neuron *neurons, uint32_t n_neurons, const chx_synapse *synapses,
                             uint64_t n_synapses, double spacing_um);

#endif
