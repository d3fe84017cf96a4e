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

/* Position and radius number i of all nodes and somata. */
static const float *
point(const chx_network_info *info, size_t i, double *radius)
{
    if (i < info->n_nodes) {
        *radius = info->nodes[i].radius_um;
        return info->nodes[i].position_um;
    }
    *radius = info->neurons[i - info->n_nodes].diameter_um / 2;
    return info->neurons[i - info->n_nodes].position_um;
}

static void
measure(threads_branches *branches, const chx_network_info *info)
{
    size_t n = (size_t)info->n_nodes + info->n_neurons;
    double sum[3] = {0}, m[3][3] = {{0}}, radius;
    for (size_t i = 0; i < n; i++) {
        const float *p = point(info, i, &radius);
        for (int j = 0; j < 3; j++) {
            sum[j] += p[j];
            for (int k = 0; k < 3; k++)
                m[j][k] += (double)p[j] * p[k];
        }
    }
    for (int j = 0; j < 3; j++)
        for (int k = 0; k < 3; k++)
            m[j][k] = n ? m[j][k] / n - sum[j] / n * (sum[k] / n) : 0;
    eigen(m, branches->axes);
    for (int axis = 0; axis < 3; axis++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            const float *p = point(info, i, &radius);
            double at = 0;
            for (int k = 0; k < 3; k++)
                at += branches->axes[axis][k] * p[k];
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
add_pieces(threads_branches *branches, size_t *room, const chx_network_info *info,
           const chx_node *b, threads_branch branch)
{
    const chx_node *a = &info->nodes[b->parent];
    double x = b->position_um[0] - a->position_um[0], y = b->position_um[1] - a->position_um[1],
           z = b->position_um[2] - a->position_um[2];
    double longest = branches->half[0] * 2 / 96;
    unsigned n = (unsigned)fmax(1, fmin(ceil(hypot(hypot(x, y), z) / longest), 384));
    float radius = a->kind == 1 && b->kind != 1 ? b->radius_um : a->radius_um;
    for (unsigned i = 0; i < n; i++) {
        double from = (double)i / n, to = (double)(i + 1) / n;
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
    measure(branches, info);
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
            const chx_node *node = &info->nodes[neuron->first_node + i];
            if (&info->nodes[node->parent] != node)
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
