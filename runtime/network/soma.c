/*
 * Somata drawn by convention.
 *
 * SWC has no sphere, so programs write one as a cylinder of the same surface: NeuroMorpho.org as a
 * root of radius r with two children at -r and +r of it, others as two points 2r apart. Older
 * tracings write the soma's outline instead: a chain of thin points that ends near its begin. All
 * of these would look like pills and rings if they were taken for branches.
 */
#include "network/soma.h"

#include <math.h>

#define SOMA 1
#define MAX_POINTS 4096 /* an outline of more is none */

typedef struct soma {
    uint32_t n;
    uint32_t points[MAX_POINTS]; /* in the order of the nodes, the root among them */
    float centre_um[3];
    float radius_um;
} soma;

static double
distance_um(const float a[3], const float b[3])
{
    return hypot(hypot((double)a[0] - b[0], (double)a[1] - b[1]), (double)a[2] - b[2]);
}

/* Lengths as files hold them, with a few digits. */
static bool
is_close(double a, double b)
{
    return fabs(a - b) <= 0.02 + 0.02 * fabs(b);
}

/* Collects the points of kind 1; false unless they are one tree by themselves. */
static bool
collect(const chx_node *nodes, uint32_t n_nodes, soma *found)
{
    uint32_t n_roots = 0;
    found->n = 0;
    for (uint32_t i = 0; i < n_nodes; i++) {
        if (nodes[i].kind != SOMA)
            continue;
        if (nodes[nodes[i].parent].kind != SOMA || found->n == MAX_POINTS)
            return false;
        n_roots += nodes[i].parent == i;
        found->points[found->n++] = i;
    }
    return n_roots == 1 && found->n > 1;
}

static void
find_centre(const chx_node *nodes, soma *found)
{
    double sum[3] = {0};
    for (uint32_t i = 0; i < found->n; i++)
        for (int k = 0; k < 3; k++)
            sum[k] += nodes[found->points[i]].position_um[k];
    for (int k = 0; k < 3; k++)
        found->centre_um[k] = (float)(sum[k] / found->n);
}

/* Two points at -r and +r of the centre, and perhaps one at it, each of radius r. */
static bool
is_cylinder(const chx_node *nodes, soma *found)
{
    if (found->n > 3)
        return false;
    found->radius_um = nodes[found->points[0]].radius_um;
    uint32_t n_ends = 0;
    for (uint32_t i = 0; i < found->n; i++) {
        const chx_node *node = &nodes[found->points[i]];
        double away_um = distance_um(node->position_um, found->centre_um);
        bool is_end = is_close(away_um, found->radius_um);
        if (!is_close(node->radius_um, found->radius_um) || (!is_end && !is_close(away_um, 0)))
            return false;
        n_ends += is_end;
    }
    return n_ends == 2;
}

/* A chain of points that comes back to where it began and is thin against what it goes around. */
static bool
is_outline(const chx_node *nodes, soma *found)
{
    double sum_um = 0, longest_um = 0;
    float thickest_um = 0;
    if (found->n < 4)
        return false;
    for (uint32_t i = 0; i < found->n; i++) {
        const chx_node *node = &nodes[found->points[i]];
        sum_um += distance_um(node->position_um, found->centre_um);
        thickest_um = fmaxf(thickest_um, node->radius_um);
        if (i == 0)
            continue;
        if (node->parent != found->points[i - 1])
            return false;
        longest_um =
            fmax(longest_um, distance_um(node->position_um, nodes[node->parent].position_um));
    }
    found->radius_um = (float)(sum_um / found->n);
    const chx_node *first = &nodes[found->points[0]], *last = &nodes[found->points[found->n - 1]];
    return distance_um(first->position_um, last->position_um) <= 1.5 * longest_um &&
           longest_um <= 2 * found->radius_um && thickest_um < found->radius_um / 2;
}

void
chx__soma_shape(chx_node *nodes, uint32_t n_nodes)
{
    soma found;
    if (!collect(nodes, n_nodes, &found))
        return;
    find_centre(nodes, &found);
    if (!is_cylinder(nodes, &found) && !is_outline(nodes, &found))
        return;
    for (uint32_t i = 0; i < found.n; i++) {
        chx_node *node = &nodes[found.points[i]];
        for (int k = 0; k < 3; k++)
            node->position_um[k] = found.centre_um[k];
        node->radius_um = found.radius_um;
    }
}
