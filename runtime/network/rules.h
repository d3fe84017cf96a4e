/*
 * The rules of a network: projections that have been checked and counted, so that their synapses
 * can be drawn as often as somebody needs them. A network whose synapses all come from rules, and
 * which has many, lists them when it is first asked to; simulations draw their own.
 */
#ifndef CHX_NETWORK_RULES_H
#define CHX_NETWORK_RULES_H

#include "network/projection.h"

typedef struct chx__rules chx__rules;

/* Whether weights or delays of any differ. */
bool chx__rules_have_values(const chx__rules *rules);

/* Counts the synapses of the projection that has just been checked, and keeps it. Errors: LIMIT,
 * with the fault for the caller to say where it stands; MEMORY. */
chx_status chx__rules_keep(const chx__projector *projector, const chx_projection *projection,
                           uint32_t index, chx__fault *fault);
void chx__rules_destroy(chx__rules **rules);

/* Synapses of all; 0 for NULL. */
uint64_t chx__rules_count(const chx__rules *rules);

/* Whether a network that is being finished may leave its synapses to the rules. Counts them. */
bool chx__rules_can_wait(chx_network *network);

/* The shortest and the longest delay. Errors: MEMORY. */
chx_status chx__rules_delays(chx__rules *rules, float *shortest_ms, float *longest_ms);

/* Appends all synapses to those of a network that is being finished, and forgets the rules. Errors:
 * MEMORY. */
chx_status chx__rules_finish(chx_network *network);

/* Lists the synapses of a finished network, once. Nothing to do for NULL. Errors: MEMORY. Any
 * thread. */
chx_status chx__rules_list(chx__rules *rules);

/* The rules that simulations have to draw from; NULL where synapses are listed. Any thread. */
chx__rules *chx__rules_waiting(const chx_network *network);

/* Draws all synapses, in any order, for `take`. Errors: MEMORY. */
chx_status chx__rules_each(chx__rules *rules, bool with_values, chx__take take, void *data);

/* Where no values differ: the weight and delay of a rule's synapses. False past the last rule. */
bool chx__rules_sample(const chx__rules *rules, size_t index, chx_synapse *synapse);

/* Adds to n_inputs of each neuron how many synapses are to be expected. */
void chx__rules_expect(const chx__rules *rules, uint32_t *n_inputs);

#endif
