/* Paths are walked towards the root until something known is met and filled in on the way back, so
 * every node is entered once, without recursion, and a node met while in progress is a cycle.
 * Parents may stand after their children.
 *
 * The soma is the first root of kind 1, or else the first root. Other roots are branches whose
 * connection was not reconstructed; light reaches them after the straight distance. A shape that
 * several neurons share is placed by rotation about y and a shift, in double, rounded once. */
#include "network/morphology.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

/* What path_um says while the tree is being walked. */
#define UNKNOWN -1.0f
#define IN_PROGRESS -2.0f

static float
distance_um(const chx_node *a, const chx_node *b)
{
    float square = 0.0f;
    for (int axis = 0; axis < 3; axis++) {
        float difference = a->position_um[axis] - b->position_um[axis];
        square += difference * difference;
    }
    return sqrtf(square);
}

/* The root that stands for the soma; n_nodes when there is none. */
static uint32_t
find_soma(const chx_node *nodes, uint32_t n_nodes, uint32_t first)
{
    uint32_t found = n_nodes;
    for (uint32_t i = 0; i < n_nodes; i++) {
        if (nodes[i].parent - first != i)
            continue;
        if (nodes[i].kind == 1)
            return i;
        if (found == n_nodes)
            found = i;
    }
    return found;
}

chx_status
chx__morphology_measure(chx_node *nodes, uint32_t n_nodes, uint32_t first, uint32_t *culprit)
{
    uint32_t *way = chx__alloc(n_nodes, sizeof *way);
    if (!way)
        return chx__fail_memory("measuring a morphology");
    uint32_t soma = find_soma(nodes, n_nodes, first);
    for (uint32_t i = 0; i < n_nodes; i++)
        nodes[i].path_um =
            nodes[i].parent - first == i ? distance_um(&nodes[i], &nodes[soma]) : UNKNOWN;
    chx_status status = CHX_OK;
    for (uint32_t i = 0; i < n_nodes && !status; i++) {
        uint32_t depth = 0, at = i;
        for (; nodes[at].path_um == UNKNOWN; at = nodes[at].parent - first) {
            nodes[at].path_um = IN_PROGRESS;
            way[depth++] = at;
        }
        if (nodes[at].path_um == IN_PROGRESS) {
            *culprit = at;
            status = chx__fail(CHX_ERROR_CYCLE, "node %u is its own ancestor", at);
        }
        while (depth > 0) {
            uint32_t child = way[--depth];
            nodes[child].path_um = nodes[at].path_um + distance_um(&nodes[at], &nodes[child]);
            at = child;
        }
    }
    free(way);
    return status;
}

chx__stand
chx__stand_of(const chx_neuron *neuron)
{
    double angle = neuron->rotation_deg / 180 * 3.14159265358979323846;
    bool turned = neuron->rotation_deg != 0;
    return (chx__stand){turned ? cos(angle) : 1, turned ? sin(angle) : 0, neuron->shift_um};
}

void
chx_neuron_place(const chx_neuron *neuron, const float from_um[3], float to_um[3])
{
    if (!neuron || !from_um || !to_um)
        return;
    chx__stand stand = chx__stand_of(neuron);
    chx__stand_place(&stand, from_um, to_um);
}

void
chx__morphology_move(chx_neuron *neuron, const chx_node *nodes)
{
    float at_um[3];
    if (neuron->n_nodes == 0)
        return;
    uint32_t soma = find_soma(nodes + neuron->first_node, neuron->n_nodes, neuron->first_node);
    memset(neuron->shift_um, 0, sizeof neuron->shift_um);
    chx_neuron_place(neuron, nodes[neuron->first_node + soma].position_um, at_um);
    for (int axis = 0; axis < 3; axis++)
        neuron->shift_um[axis] = neuron->position_um[axis] - at_um[axis];
}
