/* Plasticity of a network's synapses: what it must fulfil, and which synapses have it. */
#ifndef CHX_NETWORK_PLASTICITY_H
#define CHX_NETWORK_PLASTICITY_H

#include "network/check.h"
#include "network/network.h"

/* Of a network with n_types types. */
bool chx__plasticity_check(const chx_plasticity *plasticity, uint32_t n_types, chx__fault *fault);

/* Appends a copy to a network that is being made. Errors: LIMIT, MEMORY. */
chx_status chx__plasticity_add(chx_network *network, const chx_plasticity *plasticity);

/* For each type a bit set of the plasticities whose sources and targets it has. */
typedef struct chx__plasticity_map {
    uint32_t *from, *to;
} chx__plasticity_map;

/* Without plasticities there is nothing in it. Errors: MEMORY. */
chx_status chx__plasticity_map_init(chx__plasticity_map *map, const chx_network_info *info);
void chx__plasticity_map_finish(chx__plasticity_map *map);

/* Whether weights that learn are within their bounds. Errors: FORMAT, MEMORY. */
chx_status chx__plasticity_check_weights(const chx_network_info *info);

/* The number of a synapse's plasticity, counted from 1; 0 for none. */
uint32_t chx__plasticity_of(const chx__plasticity_map *map, const chx_network_info *info,
                            const chx_synapse *synapse);

#endif
