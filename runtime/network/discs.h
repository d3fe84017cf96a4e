/* Places for neurons of which only the numbers are known: a disc of each type. */
#ifndef CHX_NETWORK_DISCS_H
#define CHX_NETWORK_DISCS_H

#include <chronaxie/network.h>

/* Sets the positions of the neurons from n_placed on, which stand in runs of a type, in the plane
 * z = 0 and about spacing_um apart: beside those before them, or about the origin. The same numbers
 * get the same places on every machine. */
void chx__discs_place(chx_neuron *neurons, uint32_t n_placed, uint32_t n_neurons,
                      double spacing_um);

#endif
