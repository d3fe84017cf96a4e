/*
 * Projections: synapses by rule, checked and drawn.
 *
 * One projector serves all projections of a network in turn. What it draws depends on the network's
 * neurons and seed, the projection and its index, and on nothing else.
 */
#ifndef CHX_NETWORK_PROJECTION_H
#define CHX_NETWORK_PROJECTION_H

#include "network/check.h"
#include "network/network.h"

/* Beyond any memory: 16 TiB of synapses. */
#define CHX__MAX_DRAWN_SYNAPSES (UINT64_C(1) << 40)

/* A projection whose synapses have been counted, so that they can be drawn as often as somebody
 * needs them. */
typedef struct chx__rule {
    chx_projection projection;
    uint32_t index; /* whose random numbers it has */
    uint32_t n_rows;
    uint64_t *begin; /* n_rows + 1: the first synapse of each row; owned */
} chx__rule;

typedef struct chx__projector {
    chx_network *network;
    uint32_t *from_round, *to_round; /* by neuron: the last projection that has it there */
    uint32_t round;
} chx__projector;

/* The network's neurons are complete; it is borrowed. The caller finishes *projector, also after an
 * error. Errors: MEMORY. */
chx_status chx__projector_init(chx__projector *projector, chx_network *network);
void chx__projector_finish(chx__projector *projector); /* accepts all zeroes */

/* Whether the projection can be drawn, its neurons exist and none is named twice; true when there
 * is no fault. */
bool chx__projector_check(chx__projector *projector, const chx_projection *projection,
                          chx__fault *fault);

/* Counts the synapses of a projection that has just been checked, into the rest of the rule; there
 * are n_before others. Errors: LIMIT, with the fault for the caller to say where it stands;
 * MEMORY. */
chx_status chx__projector_count(const chx__projector *projector, uint64_t n_before, chx__rule *rule,
                                chx__fault *fault);

/* What is done with synapses that were drawn, of many threads at once. */
typedef void (*chx__take)(void *data, const chx_synapse *synapses, uint64_t n_synapses);

/* Draws a rule whose projection has just been checked, with weights and delays or without: to where
 * `synapses` has room for all, or a row at a time for `take`. Errors: MEMORY. */
chx_status chx__projector_draw(const chx__projector *projector, const chx__rule *rule,
                               chx_synapse *synapses);
chx_status chx__projector_each(const chx__projector *projector, const chx__rule *rule,
                               bool with_values, chx__take take, void *data);

/* The shortest and the longest of a rule's delays, without drawing who is joined.
 * Errors: MEMORY. */
chx_status chx__projector_delays(const chx__projector *projector, const chx__rule *rule,
                                 float *shortest_ms, float *longest_ms);

/* Whether its weights or delays differ. */
bool chx__projection_has_values(const chx_projection *projection);

/* Gives a synapse the weight and delay that all of a projection have, if they don't differ. */
void chx__projection_set_values(const chx_projection *projection, chx_synapse *synapse);

/* How many synapses are to be expected, from above 0 to about as many as are drawn. */
double chx__projection_expect(const chx_projection *projection);

#endif
