/* Columns: places for neurons whose place along the flow of signals is known. */
#ifndef CHX_NETWORK_COLUMNS_H
#define CHX_NETWORK_COLUMNS_H

#include <chronaxie/network.h>

/* Sets at[i][0], which grows with a neuron's height, and at[i][1], in which neurons that are
 * connected are near each other and those of a column 1 apart, for each part on its own, so that
 * it is some 1.7 times as wide as high. part_of is of chx__flow_find(). Errors: MEMORY. */
chx_status chx__columns_place(uint32_t n_neurons, const chx_synapse *synapses, uint64_t n_synapses,
                              const uint32_t *part_of, uint32_t n_parts, const double *heights,
                              double (*at)[2]);

#endif
