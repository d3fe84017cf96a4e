/* The peer of runtime/scene/geometry.c, from code of its own: the two must agree in every bit of
 * a branch, so cutting, radii at the soma and rounding of travel times follow the same rules,
 * which the head of that file states. Only what a film without labels needs is here. */
#include "branches.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Eigenvectors of a symmetric 3 x 3 matrix by Jacobi rotations; the rows of v, longest first. */
static void
eigen(double m[3][3], double v[3][3])
{
    memset(v, 0, 9 * sizeof(double));
    for (int i = 0; i < 3; i++)
        v[i][i] = 1;
    for (int turn = 0; turn < 60; turn++) {
        int p = turn % 3, q = (p + 1) % 3;
        if (fabs(m[p][q]) < 1e-13)
            continue;
        double apart = m[q][q] - m[p][p];
        double angle = 0.5 * atan2(apart < 0 ? -2 * m[p][q] : 2 * m[p][q], fabs(apart));
        double c = cos(angle), s = sin(angle);
        for (int k = 0; k < 3; k++) {
            double a = m[k][p], b = m[k][q];
            m[k][p] = c * a - s * b;
            m[k][q] = s * a + c * b;
        }
        for (int k = 0; k < 3; k++) {
            double a = m[p][k], b = m[q][k], x = v[p][k], y = v[q][k];
            m[p][k] = c * a - s * b;
            m[q][k] = s * a + c * b;
            v[p][k] = c * x - s * y;
            v[q][k] = s * x + c * y;
        }
    }
    for (int i = 0; i < 2; i++)
        for (int j = i + 1; j < 3; j++)
            if (m[j][j] > m[i][i]) {
                double value = m[i][i];
                m[i][i] = m[j][j];
                m[j][j] = value;
                for (int k = 0; k < 3; k++) {
                    double x = v[i][k];
                    v[i][k] = v[j][k];
                    v[j][k] = x;
                }
            }
}

/* A node where it stands for its neuron; neurons may share nodes. */
static chx_node
placed(const chx_network_info *info, const chx_neuron *neuron, uint32_t i)
{
    chx_node node = info->nodes[i];
    chx_neuron_place(neuron, node.position_um, node.position_um);
    return node;
}

/* Positions and radii of all branches and then of all somata; NULL when memory is out. */
static float (*list_points(const chx_network_info *info, size_t *n))[4]
{
    *n = info->n_neurons;
    for (uint32_t i = 0; i < info->n_neurons; i++)
        *n += info->neurons[i].n_nodes;
    float(*points)[4] = malloc((*n + 1) * sizeof *points), (*point)[4] = points;
    for (uint32_t i = 0; i < info->n_neurons && points; i++)
        for (uint32_t k = 0; k < info->neurons[i].n_nodes; k++, point++) {
            chx_node node = placed(info, &info->neurons[i], info->neurons[i].first_node + k);
            memcpy(*point, node.position_um, sizeof node.position_um);
            (*point)[3] = node.radius_um;
        }
    for (uint32_t i = 0; i < info->n_neurons && points; i++, point++) {
        memcpy(*point, info->neurons[i].position_um, sizeof info->neurons[i].position_um);
        (*point)[3] = info->neurons[i].diameter_um / 2;
    }
    return points;
}

static void
measure(threads_branches *branches, float (*points)[4], size_t n)
{
    double sum[3] = {0}, m[3][3] = {{0}};
    for (size_t i = 0; i < n; i++)
        for (int j = 0; j < 3; j++) {
            sum[j] += points[i][j];
            for (int k = 0; k < 3; k++)
                m[j][k] += (double)points[i][j] * points[i][k];
        }
    for (int j = 0; j < 3; j++)
        for (int k = 0; k < 3; k++)
            m[j][k] = n ? m[j][k] / n - sum[j] / n * (sum[k] / n) : 0;
    eigen(m, branches->axes);
    for (int axis = 0; axis < 3; axis++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            double at = 0, radius = points[i][3];
            for (int k = 0; k < 3; k++)
                at += branches->axes[axis][k] * points[i][k];
            low = fmin(low, at - radius);
            high = fmax(high, at + radius);
        }
        branches->half[axis] = n ? fmax((high - low) / 2, 1e-3) : 1;
        for (int k = 0; k < 3 && n; k++)
            branches->middle[k] += branches->axes[axis][k] * (low + high) / 2;
    }
}

static int32_t
ticks(const chx_view *view, double path_um)
{
    double ms = path_um / view->conduction_um_per_ms;
    return (int32_t)fmin(rint(ms / view->decay_ms * THREADS_TICKS), THREADS_NEVER / 2);
}

static void
put_end(float end[4], const chx_node *a, const chx_node *b, double share, float radius)
{
    for (int k = 0; k < 3; k++)
        end[k] =
            (float)(a->position_um[k] + share * (b->position_um[k] - (double)a->position_um[k]));
    end[3] = (float)(radius + share * (b->radius_um - radius));
}

static bool
add(threads_branches *branches, size_t *room, const threads_branch *branch)
{
    if (branches->n == *room) {
        size_t more = *room ? 2 * *room : 1024;
        threads_branch *grown = realloc(branches->list, more * sizeof *grown);
        if (!grown)
            return false;
        branches->list = grown;
        *room = more;
    }
    branches->list[branches->n++] = *branch;
    return true;
}

/* Pieces no longer than a 96th of the network. */
static bool
add_pieces(threads_branches *branches, size_t *room, const chx_network_info *info, uint32_t i,
           threads_branch branch)
{
    const chx_neuron *neuron = &info->neurons[branch.neuron];
    const chx_node to_node = placed(info, neuron, i), *b = &to_node;
    const chx_node from_node = placed(info, neuron, b->parent), *a = &from_node;
    double x = b->position_um[0] - a->position_um[0], y = b->position_um[1] - a->position_um[1],
           z = b->position_um[2] - a->position_um[2];
    double longest = branches->half[0] * 2 / 96;
    unsigned n = (unsigned)fmax(1, fmin(ceil(hypot(hypot(x, y), z) / longest), 384));
    float radius = a->kind == 1 && b->kind != 1 ? b->radius_um : a->radius_um;
    for (unsigned k = 0; k < n; k++) {
        double from = (double)k / n, to = (double)(k + 1) / n;
        put_end(branch.from, a, b, from, radius);
        put_end(branch.to, a, b, to, radius);
        branch.ticks_from =
            ticks(&info->view, a->path_um + from * (b->path_um - (double)a->path_um));
        branch.ticks_to = ticks(&info->view, a->path_um + to * (b->path_um - (double)a->path_um));
        if (!add(branches, room, &branch))
            return false;
    }
    return true;
}

bool
threads_branches_init(threads_branches *branches, const chx_network_info *info)
{
    size_t room = 0;
    memset(branches, 0, sizeof *branches);
    size_t n_points;
    float(*points)[4] = list_points(info, &n_points);
    if (!points)
        return false;
    measure(branches, points, n_points);
    free(points);
    for (uint32_t n = 0; n < info->n_neurons; n++) {
        const chx_neuron *neuron = &info->neurons[n];
        threads_branch branch = {.neuron = n, .type = neuron->type % 63};
        for (int k = 0; k < 3; k++)
            branch.from[k] = branch.to[k] = neuron->position_um[k];
        branch.from[3] = branch.to[3] = neuron->diameter_um / 2;
        branch.is_soma = true;
        bool fits = add(branches, &room, &branch);
        branch.is_soma = false;
        for (uint32_t i = 0; i < neuron->n_nodes && fits; i++) {
            uint32_t node = neuron->first_node + i;
            if (info->nodes[node].parent != node)
                fits = add_pieces(branches, &room, info, node, branch);
        }
        if (!fits) {
            threads_branches_finish(branches);
            return false;
        }
    }
    return true;
}

void
threads_branches_finish(threads_branches *branches)
{
    free(branches->list);
    memset(branches, 0, sizeof *branches);
}
