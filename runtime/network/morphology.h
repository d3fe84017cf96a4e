/* The tree of one neuron's nodes: what can be derived from positions and parents. */
#ifndef CHX_NETWORK_MORPHOLOGY_H
#define CHX_NETWORK_MORPHOLOGY_H

#include <chronaxie/network.h>

/* Computes path_um of nodes [0, n_nodes), whose parents are offset by `first`. The neuron's own
 * root is its first root of kind 1, else its first root, and begins at 0; another root, the start
 * of a branch whose connection was not reconstructed, begins at its straight distance from that.
 * Parents may stand in any order and must be in range. Errors: CYCLE with *culprit, a node on the
 * cycle; MEMORY. */
chx_status chx__morphology_measure(chx_node *nodes, uint32_t n_nodes, uint32_t first,
                                   uint32_t *culprit);

/* Has the neuron's morphology stand turned by the neuron's rotation, and with its soma, that same
 * root, where the neuron is. */
void chx__morphology_move(chx_neuron *neuron, const chx_node *nodes);

/* How a neuron stands: chx_neuron_place() for many points of one neuron. */
typedef struct chx__stand {
    double cosine, sine;
    const float *shift_um; /* the neuron's */
} chx__stand;

chx__stand chx__stand_of(const chx_neuron *neuron);

static inline void
chx__stand_place(const chx__stand *stand, const float from_um[3], float to_um[3])
{
    double x = from_um[0], z = from_um[2];
    to_um[0] = (float)(stand->cosine * x + stand->sine * z + stand->shift_um[0]);
    to_um[1] = (float)((double)from_um[1] + stand->shift_um[1]);
    to_um[2] = (float)(stand->cosine * z - stand->sine * x + stand->shift_um[2]);
}

#endif
