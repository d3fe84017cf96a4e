/* Receptor ports by name: what rules for them must fulfil, and where a synapse arrives. */
#ifndef CHX_NETWORK_PORT_H
#define CHX_NETWORK_PORT_H

#include "base/hash.h"
#include "network/check.h"
#include "network/model.h"
#include "network/network.h"

#define CHX__PORT_SENTENCE_BYTES 768

/* A rule of a network with these complete types. A fault's sentence may stand in `room`. */
bool chx__port_rule_check(const chx_port_rule *rule, const chx_neuron_type *types, uint32_t n_types,
                          chx__fault *fault, char room[CHX__PORT_SENTENCE_BYTES]);

/* Appends a copy to a network that is being made. Errors: LIMIT, MEMORY. */
chx_status chx__port_rule_add(chx_network *network, const chx_port_rule *rule);

/* Whether weights have the signs that the ports where they arrive demand. Errors: FORMAT, MEMORY.
 */
chx_status chx__port_check_weights(const chx_network_info *info);

/* For each type bit sets of the rules that list it, and the port of each rule. */
typedef struct chx__port_map {
    uint32_t *from, *to;
    uint8_t *ports; /* [n_types][n_rules]; CHX__PORT_BY_SIGN where a model has one alone */
} chx__port_map;

#define CHX__PORT_BY_SIGN 255

/* Without rules there is nothing in it. Errors: MEMORY. */
chx_status chx__port_map_init(chx__port_map *map, const chx_network_info *info);
void chx__port_map_finish(chx__port_map *map);

/* Adds what tells networks with other rules apart. */
void chx__port_map_hash(const chx__port_map *map, const chx_network_info *info,
                        chx__hasher *hasher);

/* The number of a synapse's rule, counted from 1; 0 for none. */
uint32_t chx__port_rule_of(const chx__port_map *map, const chx_network_info *info,
                           const chx_synapse *synapse);

/* The port of its target's kernel that a synapse arrives at, by the rules that there are. */
uint32_t chx__port_by_rule(const chx__port_map *map, const chx_network_info *info,
                           const chx_synapse *synapse, const chx__model *kernel, double weight);

/* The same with or without rules. */
static inline uint32_t
chx__port_of(const chx__port_map *map, const chx_network_info *info, const chx_synapse *synapse,
             const chx__model *kernel, double weight)
{
    return map->from ? chx__port_by_rule(map, info, synapse, kernel, weight)
                     : chx__model_port(kernel, weight);
}

/* A stimulus whose kind, weight and neurons are known. A fault's sentence may stand in `room`. */
bool chx__port_check_stimulus(const chx_stimulus *stimulus, const chx_neuron_type *types,
                              const chx_neuron *neurons, chx__fault *fault,
                              char room[CHX__PORT_SENTENCE_BYTES]);

/* The port where its events arrive, of kernels that have so many. */
uint32_t chx__port_of_stimulus(const chx_network_info *info, const chx_stimulus *stimulus);

#endif
