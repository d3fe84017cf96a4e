/* Connections are branches that no light runs along. A curve bows to the left of its way, so that
 * those of two neurons that connect both ways lie apart; the kernels put it behind everything. */
#include "scene/connections.h"

#include <math.h>
#include <string.h>

#define MOST_DRAWN 2000
#define BOW 0.12 /* of the control point beside the straight line, by its length */

/* Widths in 256ths of a pixel, which are brightness too: of few curves and of many. */
#define WIDE_Q8 128
#define NARROW_Q8 45
#define FEW 100.0

bool
chx__connections_shown(const chx_network_info *network, chx_connections asked)
{
    bool bare = network->n_nodes == 0;
    return network->n_synapses > 0 &&
           (asked == CHX_CONNECTIONS_SHOWN || (asked == CHX_CONNECTIONS_AUTO && bare));
}

uint32_t
chx__connections_drawn(const chx_network_info *network)
{
    return (uint32_t)(network->n_synapses < MOST_DRAWN ? network->n_synapses : MOST_DRAWN);
}

/* The i-th of n that are drawn. */
static const chx_synapse *
drawn_synapse(const chx_network_info *network, uint32_t i, uint32_t n)
{
    return &network->synapses[i * network->n_synapses / n];
}

bool
chx__connections_have(const chx_network_info *network, bool inhibits)
{
    const uint32_t n = chx__connections_drawn(network);
    for (uint32_t i = 0; i < n; i++)
        if ((drawn_synapse(network, i, n)->weight_pa < 0) == inhibits)
            return true;
    return false;
}

uint32_t
chx__connection_pieces(uint32_t n_drawn)
{
    return n_drawn <= 500 ? 32 : 8;
}

/* Green and magenta, which differ for all eyes and are none of light's colours. */
uint32_t
chx__connection_hue(bool inhibits)
{
    return inhibits ? 20 : 15;
}

static float
width_of(uint32_t n_drawn)
{
    double few = 1 - log(fmax(n_drawn, FEW) / FEW) / log(MOST_DRAWN / FEW);
    return (float)(NARROW_Q8 + (WIDE_Q8 - NARROW_Q8) * few);
}

/* A point of the curve (quadratic, by Bezier). */
static void
point_at(const float from[3], const double control[3], const float to[3], double t, float at[3])
{
    for (int k = 0; k < 3; k++)
        at[k] = (float)((1 - t) * (1 - t) * from[k] + 2 * t * (1 - t) * control[k] + t * t * to[k]);
}

static void
fill_curve(const chx_network_info *network, const chx_synapse *synapse, const double viewer[3],
           float width, uint32_t n_pieces, chx_branch *branches)
{
    const float *from = network->neurons[synapse->pre].position_um;
    const float *to = network->neurons[synapse->post].position_um;
    double control[3];
    for (int k = 0; k < 3; k++) {
        int a = (k + 1) % 3;
        int b = (k + 2) % 3;
        double side = viewer[a] * ((double)to[b] - from[b]) - viewer[b] * ((double)to[a] - from[a]);
        control[k] = ((double)from[k] + to[k]) / 2 + 2 * BOW * side;
    }
    for (uint32_t piece = 0; piece < n_pieces; piece++) {
        chx_branch *branch = &branches[piece];
        point_at(from, control, to, piece / (double)n_pieces, branch->a_um);
        point_at(from, control, to, (piece + 1) / (double)n_pieces, branch->b_um);
        branch->a_um[3] = branch->b_um[3] = width;
        branch->neuron = synapse->pre;
        branch->hue = CHX_BRANCH_CONNECTION | chx__connection_hue(synapse->weight_pa < 0);
        branch->travel_a = branch->travel_b = CHX_NEVER;
    }
}

void
chx__connections_fill(const chx_network_info *network, const double towards_viewer[3],
                      chx_branch *branches)
{
    uint32_t n = chx__connections_drawn(network);
    uint32_t n_pieces = chx__connection_pieces(n);
    for (uint32_t i = 0; i < n; i++)
        fill_curve(network, drawn_synapse(network, i, n), towards_viewer, width_of(n), n_pieces,
                   branches + (size_t)i * n_pieces);
}
