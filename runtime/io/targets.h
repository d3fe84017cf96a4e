/* Whom a stimulus reaches: neurons named one by one or by their type, each kept once and in order.
 * Serves all stimuli of a network in turn, each in time for what it names. */
#ifndef CHX_IO_TARGETS_H
#define CHX_IO_TARGETS_H

#include "network/network.h"

typedef struct chx__targets {
    const chx_network *network;
    uint32_t *type_begin; /* n_types + 1, into by_type */
    uint32_t *by_type; /* neurons in the order of their types */
    uint32_t *neuron_round, *type_round; /* the last stimulus to name it */
    uint32_t *found; /* of this stimulus, as they were named */
    uint32_t n_found, round;
} chx__targets;

/* The network's neurons and types are complete; it is borrowed. The caller finishes *targets, also
 * after an error. Errors: MEMORY. */
chx_status chx__targets_init(chx__targets *targets, const chx_network *network);
void chx__targets_finish(chx__targets *targets); /* accepts all zeroes */

/* Forgets what was named. */
void chx__targets_begin(chx__targets *targets);
void chx__targets_add(chx__targets *targets, uint32_t neuron);
void chx__targets_add_type(chx__targets *targets, uint32_t type);

/* Gives a stimulus what was named, in memory of the network. Errors: MEMORY. */
chx_status chx__targets_keep(const chx__targets *targets, chx_network *network,
                             chx_stimulus *stimulus);

#endif
