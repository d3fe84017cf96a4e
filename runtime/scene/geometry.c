/* Branches, axes and extent of a network at rest.
 *
 * Principal axes are the eigenvectors of the covariance of all nodes and somata (Jacobi's method, a
 * fixed number of sweeps), sorted by length, with signs by the largest component, so that the same
 * network is seen from the same side on every machine; the third is the cross product of the
 * others, hence right-handed.
 *
 * A neuron's records are its soma, then its branches in the order of the nodes, and are all its
 * own, though nodes may be shared: neurons that share a shape place it differently. A crew counts
 * them and fills them in, each neuron where the counts of those before it say, so that the records
 * do not depend on threads; what is counted first is filled in the same walk, and must be. Long
 * branches are cut into pieces, so that no product in a strong enlargement leaves its range in
 * fixed point. Travel times are rounded to ticks at both ends of each piece, from path lengths, so
 * neighbours meet without a jump.
 *
 * Parts are what the camera is fitted to, in place of all nodes: runs of nodes in their order,
 * which lie close together, so that their boxes have little room to spare. Parts far from the bulk
 * are drawn, but neither turn the axes nor count for the extent. */
#include "scene/geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crew.h"
#include "base/error.h"
#include "network/morphology.h"
#include "scene/bulk.h"
#include "scene/connections.h"
#include "scene/palette.h"

/* A long branch is cut into pieces, so that no number in a strong enlargement leaves its range. */
#define PIECES_ALONG_EXTENT 96

/* Points beyond this many share boxes. */
#define MOST_PARTS 65536

/* Shares of the neurons that a crew takes. */
#define MOST_SHARES 1024

#define SWC_SOMA 1

/* What a crew lays out, a share of the neurons at a time. */
typedef struct layout {
    chx__geometry *geometry;
    const chx_network_info *network;
    chx_colour_by by;
    uint32_t n_shares;
    uint64_t *first; /* per neuron, and one for the end: its first part, then its first branch */
    uint64_t each; /* points in a part */
    bool *outside; /* per part: not of the bulk; NULL where all are */
    double longest_um; /* of the pieces of a branch */
} layout;

/* A node as it stands for a neuron, which may share it with others. */
static chx_node
placed(const chx__stand *stand, const chx_node *node)
{
    chx_node made = *node;
    chx__stand_place(stand, node->position_um, made.position_um);
    return made;
}

static void
add_moments(const float p[3], double sum[3], double square[3][3])
{
    for (int i = 0; i < 3; i++) {
        sum[i] += p[i];
        for (int j = 0; j < 3; j++)
            square[i][j] += (double)p[i] * p[j];
    }
}

/* One rotation of Jacobi's method: makes m[i][j] zero, turning the axes with it. */
static void
jacobi_rotate(double m[3][3], double axes[3][3], int i, int j)
{
    if (fabs(m[i][j]) < 1e-12)
        return;
    double theta = (m[j][j] - m[i][i]) / (2 * m[i][j]);
    double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1);
    double s = t * c;
    for (int k = 0; k < 3; k++) {
        double mi = m[k][i];
        double mj = m[k][j];
        m[k][i] = c * mi - s * mj;
        m[k][j] = s * mi + c * mj;
    }
    for (int k = 0; k < 3; k++) {
        double mi = m[i][k];
        double mj = m[j][k];
        m[i][k] = c * mi - s * mj;
        m[j][k] = s * mi + c * mj;
        double ai = axes[i][k];
        double aj = axes[j][k];
        axes[i][k] = c * ai - s * aj;
        axes[j][k] = s * ai + c * aj;
    }
}

static void
swap_axes(double m[3][3], double axes[3][3], int i, int j)
{
    double value = m[i][i];
    m[i][i] = m[j][j];
    m[j][j] = value;
    for (int k = 0; k < 3; k++) {
        double old = axes[i][k];
        axes[i][k] = axes[j][k];
        axes[j][k] = old;
    }
}

/* Longest first; signs chosen so that each axis points the way of its largest component. */
static void
order_axes(double m[3][3], double axes[3][3])
{
    for (int i = 0; i < 2; i++)
        for (int j = 2; j > i; j--)
            if (m[j][j] > m[j - 1][j - 1])
                swap_axes(m, axes, j - 1, j);
    for (int i = 0; i < 2; i++) {
        int largest = 0;
        for (int k = 1; k < 3; k++)
            if (fabs(axes[i][k]) > fabs(axes[i][largest]))
                largest = k;
        if (axes[i][largest] < 0)
            for (int k = 0; k < 3; k++)
                axes[i][k] = -axes[i][k];
    }
    for (int k = 0; k < 3; k++) {
        int a = (k + 1) % 3;
        int b = (k + 2) % 3;
        axes[2][k] = axes[0][a] * axes[1][b] - axes[0][b] * axes[1][a];
    }
}

/* Adds the points of the parts that are not outside; returns how many there are. */
static uint64_t
add_neuron(const layout *all, uint32_t n, double sum[3], double square[3][3])
{
    const chx_neuron *neuron = &all->network->neurons[n];
    const chx__stand stand = chx__stand_of(neuron);
    uint64_t n_points = 0;
    for (uint32_t i = 0; i < neuron->n_nodes; i++) {
        if (all->outside && all->outside[all->first[n] + (i + 1) / all->each])
            continue;
        chx_node node = placed(&stand, &all->network->nodes[neuron->first_node + i]);
        add_moments(node.position_um, sum, square);
        n_points++;
    }
    return n_points;
}

static void
find_axes(const layout *all)
{
    const chx_network_info *network = all->network;
    chx__geometry *geometry = all->geometry;
    double sum[3] = {0};
    double m[3][3] = {{0}};
    uint64_t n_points = 0;
    for (uint32_t n = 0; n < network->n_neurons; n++)
        n_points += add_neuron(all, n, sum, m);
    for (uint32_t n = 0; n < network->n_neurons; n++) {
        if (all->outside && all->outside[all->first[n]])
            continue;
        add_moments(network->neurons[n].position_um, sum, m);
        n_points++;
    }
    double n = (double)n_points;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            m[i][j] = n > 0 ? m[i][j] / n - sum[i] / n * (sum[j] / n) : 0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            geometry->axes[i][j] = i == j;
    for (int sweep = 0; sweep < 16; sweep++)
        for (int i = 0; i < 3; i++)
            jacobi_rotate(m, geometry->axes, i, (i + 1) % 3);
    order_axes(m, geometry->axes);
}

/* The data's own axes, as a plane names them. */
static void
set_axes(chx__geometry *geometry, chx_plane plane)
{
    int right = plane == CHX_PLANE_YZ ? 1 : 0;
    int up = plane == CHX_PLANE_XY ? 1 : 2;
    int third = 3 - right - up;
    geometry->axes[0][right] = geometry->axes[1][up] = 1;
    geometry->axes[2][third] = plane == CHX_PLANE_XZ ? -1 : 1;
    geometry->spin = 1;
}

static double
along_axis(const chx__geometry *geometry, int axis, const float p[3])
{
    double sum = 0;
    for (int k = 0; k < 3; k++)
        sum += geometry->axes[axis][k] * p[k];
    return sum;
}

static void
widen(const chx__geometry *geometry, chx__part *part, bool first, const float p[3], double radius)
{
    for (int i = 0; i < 3; i++) {
        double at = along_axis(geometry, i, p);
        double low = part->at_um[i] - part->half_um[i], high = part->at_um[i] + part->half_um[i];
        low = first || at < low ? at : low;
        high = first || at > high ? at : high;
        part->at_um[i] = (low + high) / 2;
        part->half_um[i] = (high - low) / 2;
    }
    part->radius_um = first || radius > part->radius_um ? radius : part->radius_um;
}

/* The neurons of a share. */
static void
find_share(const layout *all, uint32_t share, uint32_t *begin, uint32_t *end)
{
    uint64_t n = all->network->n_neurons;
    *begin = (uint32_t)(n * share / all->n_shares);
    *end = (uint32_t)(n * (share + 1) / all->n_shares);
}

/* Counts become places. */
static uint64_t
add_up(layout *all)
{
    for (uint32_t n = 0; n < all->network->n_neurons; n++)
        all->first[n + 1] += all->first[n];
    return all->first[all->network->n_neurons];
}

/* The soma, then the nodes, in parts of the neuron's own. */
static void
measure_neuron(const layout *all, uint32_t n)
{
    const chx_neuron *neuron = &all->network->neurons[n];
    const chx__stand stand = chx__stand_of(neuron);
    chx__part *part = &all->geometry->parts[all->first[n]];
    widen(all->geometry, part, true, neuron->position_um, neuron->diameter_um / 2);
    part->neuron = n;
    uint32_t in_part = 1;
    for (uint32_t i = 0; i < neuron->n_nodes; i++) {
        chx_node node = placed(&stand, &all->network->nodes[neuron->first_node + i]);
        if (in_part == all->each) {
            part->n_points = in_part;
            in_part = 0;
            part++;
            part->neuron = n;
        }
        widen(all->geometry, part, in_part == 0, node.position_um, node.radius_um);
        in_part++;
    }
    part->n_points = in_part;
}

static void
measure_share(void *data, uint32_t share)
{
    uint32_t n, end;
    for (find_share(data, share, &n, &end); n < end; n++)
        measure_neuron(data, n);
}

/* The parts, from the origin of the data; each of one neuron alone. */
static chx_status
find_parts(layout *all)
{
    const chx_network_info *network = all->network;
    uint64_t n_points = network->n_neurons;
    for (uint32_t n = 0; n < network->n_neurons; n++)
        n_points += network->neurons[n].n_nodes;
    all->each = n_points / MOST_PARTS + 1;
    for (uint32_t n = 0; n < network->n_neurons; n++)
        all->first[n + 1] = (network->neurons[n].n_nodes + all->each) / all->each;
    uint64_t n_parts = add_up(all);
    all->geometry->parts = chx__alloc(n_parts + 1, sizeof(chx__part));
    if (!all->geometry->parts)
        return chx__fail_memory("measuring the network for the camera");
    all->geometry->n_parts = (uint32_t)n_parts;
    chx__crew_run(all->n_shares, measure_share, all);
    return CHX_OK;
}

/* Keeps the parts of the bulk, along axes of its own. */
static void
keep_bulk(layout *all, chx_plane plane)
{
    chx__geometry *geometry = all->geometry;
    if (plane == CHX_PLANE_PRINCIPAL) {
        find_axes(all);
        chx__crew_run(all->n_shares, measure_share, all);
    }
    uint32_t n = 0;
    for (uint32_t i = 0; i < geometry->n_parts; i++)
        if (!all->outside[i])
            geometry->parts[n++] = geometry->parts[i];
    geometry->n_parts = n;
}

static chx_status
find_bulk(layout *all, chx_plane plane)
{
    chx__geometry *geometry = all->geometry;
    uint32_t n_outside = 0;
    bool *outside = chx__alloc((size_t)geometry->n_parts + 1, sizeof *outside);
    chx_status status = outside ? chx__bulk_find(geometry->parts, geometry->n_parts,
                                                 all->network->n_neurons, outside, &n_outside)
                                : chx__fail_memory("measuring the network for the camera");
    all->outside = outside;
    if (n_outside > 0)
        keep_bulk(all, plane);
    all->outside = NULL;
    free(outside);
    return status;
}

/* Centre and extent of all parts, which are then counted from there. */
static void
find_extent(chx__geometry *geometry)
{
    for (int i = 0; i < 3; i++) {
        double low = INFINITY, high = -INFINITY;
        for (uint32_t k = 0; k < geometry->n_parts; k++) {
            const chx__part *part = &geometry->parts[k];
            double reach = part->half_um[i] + part->radius_um;
            low = fmin(low, part->at_um[i] - reach);
            high = fmax(high, part->at_um[i] + reach);
        }
        bool known = high >= low;
        double middle = known ? (low + high) / 2 : 0;
        geometry->half_um[i] = known ? fmax((high - low) / 2, 1e-3) : 1;
        for (int k = 0; k < 3; k++)
            geometry->centre_um[k] += geometry->axes[i][k] * middle;
        for (uint32_t k = 0; k < geometry->n_parts; k++)
            geometry->parts[k].at_um[i] -= middle;
    }
}

static int32_t
ticks_of(const chx_view *view, double path_um)
{
    double ms = path_um / view->conduction_um_per_ms;
    double ticks = rint(ms / view->decay_ms * CHX_TICKS_PER_DECAY);
    return ticks < CHX_NEVER / 2 ? (int32_t)ticks : CHX_NEVER / 2;
}

static double
longest_piece_um(const chx__geometry *geometry)
{
    const double *half = geometry->half_um;
    double extent = geometry->spin ? fmax(half[0], fmax(half[1], half[2])) : half[0];
    return extent * 2 / PIECES_ALONG_EXTENT;
}

static uint32_t
pieces_of(double longest_um, const chx_node *a, const chx_node *b)
{
    double square = 0;
    for (int k = 0; k < 3; k++) {
        double across = (double)b->position_um[k] - a->position_um[k];
        square += across * across;
    }
    if (square <= longest_um * longest_um)
        return 1;
    return (uint32_t)fmin(ceil(sqrt(square) / longest_um), 4 * PIECES_ALONG_EXTENT);
}

/* A neurite leaves the soma with its own width. */
static float
start_radius(const chx_node *parent, const chx_node *node)
{
    bool leaves = parent->kind == SWC_SOMA && node->kind != SWC_SOMA;
    return leaves ? node->radius_um : parent->radius_um;
}

static void
cut_branch(const chx_node *a, const chx_node *b, uint32_t piece, uint32_t n_pieces,
           const chx_view *view, chx_branch *branch)
{
    double share[2] = {(double)piece / n_pieces, (double)(piece + 1) / n_pieces};
    float *end[2] = {branch->a_um, branch->b_um};
    int32_t *travel[2] = {&branch->travel_a, &branch->travel_b};
    float radius = start_radius(a, b);
    for (int e = 0; e < 2; e++) {
        for (int k = 0; k < 3; k++)
            end[e][k] = (float)(a->position_um[k] +
                                share[e] * (b->position_um[k] - (double)a->position_um[k]));
        end[e][3] = (float)(radius + share[e] * (b->radius_um - radius));
        *travel[e] = ticks_of(view, a->path_um + share[e] * (b->path_um - (double)a->path_um));
    }
}

static uint32_t
hue_of(chx_colour_by by, uint32_t neuron, uint32_t type, uint32_t swc_kind)
{
    if (by == CHX_COLOUR_BY_COMPARTMENT)
        return chx__compartment_hue(chx__compartment_of(swc_kind));
    return (by == CHX_COLOUR_BY_ID ? neuron : type) % CHX__N_TINTS;
}

static void
add_soma(const chx_neuron *neuron, uint32_t hue, chx_branch *branch)
{
    for (int k = 0; k < 3; k++)
        branch->a_um[k] = branch->b_um[k] = neuron->position_um[k];
    branch->a_um[3] = branch->b_um[3] = neuron->diameter_um / 2;
    branch->hue = CHX_BRANCH_SOMA | hue;
}

/* Counts a neuron's branches, and fills them in when there is room for them. */
static uint64_t
lay_neuron(const layout *all, uint32_t n, chx_branch *branches)
{
    const chx_neuron *neuron = &all->network->neurons[n];
    const chx_node *nodes = all->network->nodes;
    const chx__stand stand = chx__stand_of(neuron);
    uint64_t count = 1;
    if (branches)
        add_soma(neuron, hue_of(all->by, n, neuron->type, SWC_SOMA), branches);
    for (uint32_t i = neuron->first_node; i < neuron->first_node + neuron->n_nodes; i++) {
        uint32_t parent = nodes[i].parent;
        if (parent == i)
            continue;
        chx_node a = placed(&stand, &nodes[parent]), b = placed(&stand, &nodes[i]);
        uint32_t n_pieces = pieces_of(all->longest_um, &a, &b);
        for (uint32_t piece = 0; branches && piece < n_pieces; piece++) {
            cut_branch(&a, &b, piece, n_pieces, &all->network->view, &branches[count + piece]);
            branches[count + piece].hue = hue_of(all->by, n, neuron->type, b.kind);
        }
        count += n_pieces;
    }
    for (uint64_t i = 0; branches && i < count; i++)
        branches[i].neuron = n;
    return count;
}

static void
count_share(void *data, uint32_t share)
{
    layout *all = data;
    uint32_t n, end;
    for (find_share(all, share, &n, &end); n < end; n++)
        all->first[n + 1] = lay_neuron(all, n, NULL);
}

static void
fill_share(void *data, uint32_t share)
{
    layout *all = data;
    uint32_t n, end;
    for (find_share(all, share, &n, &end); n < end; n++)
        lay_neuron(all, n, &all->geometry->branches[all->first[n]]);
}

/* The neurons' branches, then the connections'. */
static chx_status
lay_out(layout *all, chx_connections connections)
{
    const chx_network_info *network = all->network;
    chx__geometry *geometry = all->geometry;
    all->longest_um = longest_piece_um(geometry);
    chx__crew_run(all->n_shares, count_share, all);
    uint64_t count = add_up(all);
    uint32_t n_curves =
        chx__connections_shown(network, connections) ? chx__connections_drawn(network) : 0;
    uint64_t n_branches = count + (uint64_t)n_curves * chx__connection_pieces(n_curves);
    if (n_branches > UINT32_MAX / 2)
        return chx__fail(CHX_ERROR_LIMIT,
                         "the network has %llu branches, more than a scene can hold; draw a part",
                         (unsigned long long)n_branches);
    geometry->branches = chx__alloc(n_branches + 1, sizeof *geometry->branches);
    if (!geometry->branches)
        return chx__fail_memory("laying out the branches of the network");
    chx__crew_run(all->n_shares, fill_share, all);
    if (n_curves)
        chx__connections_fill(network, geometry->axes[2], geometry->branches + count);
    geometry->n_branches = (uint32_t)n_branches;
    return CHX_OK;
}

chx_status
chx__geometry_init(chx__geometry *geometry, const chx_network_info *network, chx_plane plane,
                   chx_colour_by by, chx_connections connections)
{
    chx__geometry made = {0};
    uint32_t n = network->n_neurons;
    layout all = {.geometry = &made,
                  .network = network,
                  .by = by,
                  .n_shares = n < MOST_SHARES ? n : MOST_SHARES,
                  .first = chx__alloc((size_t)n + 1, sizeof *all.first)};
    if (!all.first)
        return chx__fail_memory("measuring the network for the camera");
    if (plane == CHX_PLANE_PRINCIPAL)
        find_axes(&all);
    else
        set_axes(&made, plane);
    chx_status status = find_parts(&all);
    if (!status)
        status = find_bulk(&all, plane);
    if (!status) {
        find_extent(&made);
        status = lay_out(&all, connections);
    }
    free(all.first);
    if (status)
        chx__geometry_finish(&made);
    else
        *geometry = made;
    return status;
}

void
chx__geometry_finish(chx__geometry *geometry)
{
    free(geometry->branches);
    free(geometry->parts);
    memset(geometry, 0, sizeof *geometry);
}
