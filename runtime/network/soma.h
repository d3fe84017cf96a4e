/* The soma of a morphology that was drawn by convention: what its points mean. */
#ifndef CHX_NETWORK_SOMA_H
#define CHX_NETWORK_SOMA_H

#include <chronaxie/network.h>

/* Puts all points of a soma that stands for a sphere at its centre, with its radius: two or three
 * points of a cylinder as long as wide, or four and more around an outline. Nodes [0, n_nodes) are
 * one neuron's, with parents in range. Other somata stay as they are. */
void chx__soma_shape(chx_node *nodes, uint32_t n_nodes);

#endif
