/* A layout: places for neurons of which only the connections are known. */
#ifndef CHX_NETWORK_LAYOUT_H
#define CHX_NETWORK_LAYOUT_H

#include <chronaxie/network.h>
#include <chronaxie/runtime.h>

typedef struct chx__layout chx__layout;

/* Finds places in a plane, about spacing_um apart, along the flow of signals; neurons of parts
 * without a flow are spread evenly, and are unsettled. The same network gets the same places. On
 * success the caller destroys *layout. Errors: MEMORY. */
chx_status chx__layout_create(uint32_t n_neurons, const chx_synapse *synapses, uint64_t n_synapses,
                              double spacing_um, chx__layout **layout);

/* Clears *layout; accepts an empty one. */
void chx__layout_destroy(chx__layout **layout);

/* How many neurons are unsettled; 0 for NULL. */
uint32_t chx__layout_n_unsettled(const chx__layout *layout);

/* Has forces bring those near each other that are connected, and packs the parts anew. The synapses
 * are those it was created with, in any order. After an error it is as it was. Errors: as of
 * runs. */
chx_status chx__layout_settle(chx__layout *layout, const chx_synapse *synapses, uint64_t n_synapses,
                              chx_runtime *runtime);

/* Sets the positions of neurons, in the plane z = 0. */
void chx__layout_place(const chx__layout *layout, chx_neuron *neurons);

#endif
