/* Weights that are relative to each other, such as counts of synapses, made currents. */
#ifndef CHX_IO_RELATIVE_H
#define CHX_IO_RELATIVE_H

#include <chronaxie/network.h>

/* Multiplies all weights so that the median of the magnitudes that are not 0 is median_pa; *factor
 * is by what, 0 where all are 0. A weight beyond what a current may be takes its bound, and one
 * below becomes 0; *n_cut counts both. Errors: MEMORY. */
chx_status chx__relative_scale(chx_synapse *synapses, uint64_t n_synapses, double median_pa,
                               double *factor, uint64_t *n_cut);

#endif
