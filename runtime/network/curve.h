/*
 * The curve of Morton through the places of nodes: those that are near each
 * other on it are near each other, as a rule.
 */
#ifndef CHX_NETWORK_CURVE_H
#define CHX_NETWORK_CURVE_H

#include <chronaxie/network.h>

/* A part's nodes are order[first] up to order[first + n]. */
typedef struct chx__curve_part {
    uint32_t first, n;
    float least[2], scale;
} chx__curve_part;

typedef struct chx__curve {
    uint32_t n_nodes, n_parts;
    const uint32_t *part_of; /* of each node, borrowed */
    chx__curve_part *parts;
    uint32_t *order; /* part by part, along the curve, which each has its own of */
    struct chx__curve_entry *entries, *sorted;
} chx__curve;

/* Prepares for nodes of which part_of says which part they are of. Errors: MEMORY. */
chx_status chx__curve_init(chx__curve *curve, uint32_t n_nodes, const uint32_t *part_of);

/* Accepts a half-made one. */
void chx__curve_finish(chx__curve *curve);

/* Orders the nodes. */
void chx__curve_follow(chx__curve *curve, const float (*at)[2]);

/* Sets how far the nearest neighbour of each node is, of those that come soon before or after it;
 * 0 where it has none. For an order that is up to date. */
void chx__curve_measure(const chx__curve *curve, const float (*at)[2], float *distances);

#endif
