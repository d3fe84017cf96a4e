/*
 * A web: nodes with masses, and the links between them, each with a weight.
 *
 * Node i has the links rows[i] up to rows[i + 1], each to another node, each
 * node once; each link is there from both sides. Nodes belong to parts, which
 * no link joins. A coarser web has a node for one or two of each that are
 * linked, or linked to the same, with the sum of what they have.
 */
#ifndef CHX_NETWORK_WEB_H
#define CHX_NETWORK_WEB_H

#include <chronaxie/network.h>

typedef struct chx__web {
    uint32_t n_nodes;
    uint32_t *rows; /* n_nodes + 1 */
    uint32_t *links;
    float *weights; /* of each link */
    float *masses; /* of each node */
    uint32_t *parts; /* of each node */
} chx__web;

/* Makes a web of n_nodes neurons of mass 1 with links of weight 1. node_of says which node each
 * neuron is, UINT32_MAX for none; neurons that a synapse joins are both nodes or both none. parts
 * is copied. Errors: LIMIT, MEMORY. */
chx_status chx__web_init(chx__web *web, uint32_t n_nodes, const uint32_t *node_of,
                         const uint32_t *parts, const chx_synapse *synapses, uint64_t n_synapses);

/* Makes a coarser web, and says which of its nodes each node has become. Errors: MEMORY. */
chx_status chx__web_coarsen(const chx__web *web, chx__web *coarse, uint32_t *becomes);

/* Accepts an empty web and a half-made one. */
void chx__web_finish(chx__web *web);

#endif
