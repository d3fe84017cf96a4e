/* Graded synapses: checks, and their order. */
#ifndef CHX_NETWORK_GRADED_H
#define CHX_NETWORK_GRADED_H

#include "network/check.h"
#include "network/model.h"

/* All but that the neurons are the network's; `pre` is the model of the source. */
bool chx__graded_check(const chx_graded_synapse *graded, const chx__model *pre, chx__fault *fault);

/* Sorts by (post, pre, conductance, reversal). */
void chx__graded_sort(chx_graded_synapse *graded, uint64_t n_graded);

/* Whether neurons act on each other without spikes, through gap junctions or graded synapses. */
static inline bool
chx__is_coupled(const chx_network_info *info)
{
    return info->n_gaps > 0 || info->n_graded > 0;
}

#endif
