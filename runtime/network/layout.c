/*
 * The layout of Fruchterman and Reingold (Software: Practice and Experience 21, 1991): neurons push
 * each other away, connections pull, and each round moves less than the one before. A pull to the
 * centre, which theirs lacks, keeps parts without connections in the picture.
 *
 * It begins with the evenly spread points of the sequence R2 (Roberts 2018), uses no random numbers
 * and, of the operations that may differ between machines, none. Every pair is looked at in every
 * round, so very large networks stay where they begin.
 */
#include "network/layout.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

#define MOST_PAIRS 1e8 /* looked at in all rounds: well under a second */
#define FEWEST_ROUNDS 10
#define MOST_ROUNDS 200
#define CENTRE_PULL 0.05 /* of the distance from the centre, per round, in units of the spacing */

/* Lengths are in units of the spacing. */
typedef struct spot {
    double at[2];
    double force[2];
} spot;

static void
spread(spot *spots, uint32_t n)
{
    double side = sqrt((double)n);
    for (uint32_t i = 0; i < n; i++) {
        double x = 0.7548776662466927 * (i + 1.0), y = 0.5698402909980532 * (i + 1.0);
        spots[i].at[0] = (x - floor(x) - 0.5) * side;
        spots[i].at[1] = (y - floor(y) - 0.5) * side;
    }
}

/* Adds a force along the line from b to a: strength times the distance. */
static void
push(spot *a, spot *b, double strength)
{
    for (int k = 0; k < 2; k++) {
        double force = (a->at[k] - b->at[k]) * strength;
        a->force[k] += force;
        b->force[k] -= force;
    }
}

static double
square_distance(const spot *a, const spot *b)
{
    double x = a->at[0] - b->at[0], y = a->at[1] - b->at[1];
    return x * x + y * y;
}

static void
sum_forces(spot *spots, uint32_t n, const chx_synapse *synapses, uint64_t n_synapses)
{
    for (uint32_t i = 0; i < n; i++)
        for (int k = 0; k < 2; k++)
            spots[i].force[k] = -CENTRE_PULL * spots[i].at[k];
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < i; j++)
            push(&spots[i], &spots[j], 1 / fmax(1e-6, square_distance(&spots[i], &spots[j])));
    for (uint64_t i = 0; i < n_synapses; i++) {
        spot *a = &spots[synapses[i].pre], *b = &spots[synapses[i].post];
        push(a, b, -sqrt(square_distance(a, b)));
    }
}

static void
move(spot *spots, uint32_t n, double most)
{
    for (uint32_t i = 0; i < n; i++) {
        double x = spots[i].force[0], y = spots[i].force[1];
        double share = fmin(1, most / fmax(1e-12, sqrt(x * x + y * y)));
        spots[i].at[0] += share * x;
        spots[i].at[1] += share * y;
    }
}

chx_status
chx__layout_place(chx_neuron *neurons, uint32_t n_neurons, const chx_synapse *synapses,
                  uint64_t n_synapses, double spacing_um)
{
    spot *spots = chx__alloc(n_neurons, sizeof *spots);
    if (!spots)
        return chx__fail_memory("laying out a network");
    spread(spots, n_neurons);
    double n = n_neurons, pairs = n * n / 2 + (double)n_synapses;
    int n_rounds = (int)fmin(MOST_ROUNDS, MOST_PAIRS / pairs);
    for (int i = 0; n_rounds >= FEWEST_ROUNDS && i < n_rounds; i++) {
        sum_forces(spots, n_neurons, synapses, n_synapses);
        move(spots, n_neurons, sqrt(n) / 5 * (1 - (double)i / n_rounds));
    }
    for (uint32_t i = 0; i < n_neurons; i++) {
        neurons[i].position_um[0] = (float)(spots[i].at[0] * spacing_um);
        neurons[i].position_um[1] = (float)(spots[i].at[1] * spacing_um);
        neurons[i].position_um[2] = 0;
    }
    free(spots);
    return CHX_OK;
}
