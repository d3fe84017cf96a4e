/* Silence: why no neuron of a network fired. */
#ifndef CHRONAXIE_SILENCE_H
#define CHRONAXIE_SILENCE_H

#include <chronaxie/network.h>

/* When nothing fired, says in one remark which neuron was driven most, and what would reach its
 * threshold. */
void silence_remark(const chx_network *network, uint64_t n_spikes, double duration_ms);

#endif
