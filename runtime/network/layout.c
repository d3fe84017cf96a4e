/*
 * Neurons whose signals flow one way stand along that flow, which goes to the right: flow.h says
 * how far, columns.h sets them across it. Where the signals go either way alike, it is the layout
 * of Fruchterman and Reingold (Software: Practice and Experience 21, 1991): neurons push each other
 * away, connections pull, and each round moves less than the one before. A pull to the centre,
 * which theirs lacks, keeps what hangs by few connections in the picture.
 *
 * Parts that no connection joins are laid out each on its own, those without a flow turned so that
 * their longer side is level, and set beside and below each other in rows, tallest first, as wide
 * as a picture is.
 *
 * Forces begin with the evenly spread points of the sequence R2 (Roberts 2018). There are no random
 * numbers and, of the operations that may differ between machines, none. Every pair of a part is
 * looked at in every round, so very large networks without a flow stay where they begin.
 */
#include "network/layout.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/columns.h"
#include "network/flow.h"

#define MOST_PAIRS 1e8 /* looked at in all rounds: well under a second */
#define FEWEST_ROUNDS 10
#define MOST_ROUNDS 200
#define CENTRE_PULL 0.05 /* of the distance from the centre, per round, in units of the spacing */
#define ROWS_ASPECT 1.7 /* width over height that all rows together come near to */
#define LEAST_DIRECTED 0.1 /* share of the weight that goes along a flow worth the name */
#define ABOVE_CHANCE 1.5 /* of the share that would if directions were by chance */
#define SURELY_DIRECTED 0.8 /* a share that tells a flow anyway, as in a tree */
#define GAP 1.5 /* between parts */

/* Lengths are in units of the spacing. */
typedef struct spot {
    double at[2];
    double force[2];
} spot;

/* Neurons that hang together: a range of the order. */
typedef struct part {
    uint32_t first, n;
    bool is_flow;
    uint64_t n_synapses; /* but for those of a neuron to itself */
    double size[2]; /* with the gap */
    double corner[2]; /* where it is set */
} part;

typedef struct arrangement {
    uint32_t n_neurons, n_parts;
    spot *spots; /* of each neuron */
    uint32_t *order; /* neurons, part by part */
    uint32_t *leaders; /* one of the neurons that each hangs together with; later its part */
    double *heights; /* along the flow */
    double *directed; /* of each part */
    double (*columns)[2]; /* places by flow */
    part *parts;
} arrangement;

static void
finish(arrangement *all)
{
    free(all->spots);
    free(all->order);
    free(all->leaders);
    free(all->parts);
    free(all->heights);
    free(all->directed);
    free(all->columns);
}

static chx_status
init(arrangement *all, uint32_t n)
{
    *all = (arrangement){.n_neurons = n};
    all->spots = chx__alloc(n, sizeof *all->spots);
    all->order = chx__alloc(n, sizeof *all->order);
    all->leaders = chx__alloc(n, sizeof *all->leaders);
    all->parts = chx__alloc(n, sizeof *all->parts);
    all->heights = chx__alloc(n, sizeof *all->heights);
    all->directed = chx__alloc(n, sizeof *all->directed);
    all->columns = chx__alloc(n, sizeof *all->columns);
    if (all->spots && all->order && all->leaders && all->parts && all->heights && all->directed &&
        all->columns)
        return CHX_OK;
    finish(all);
    return chx__fail_memory("laying out a network");
}

static uint32_t
leader_of(uint32_t *leaders, uint32_t i)
{
    while (leaders[i] != i) {
        leaders[i] = leaders[leaders[i]];
        i = leaders[i];
    }
    return i;
}

/* Finds the parts, in the order of their first neurons. */
static void
find_parts(arrangement *all, const chx_synapse *synapses, uint64_t n_synapses)
{
    uint32_t *leaders = all->leaders;
    for (uint32_t i = 0; i < all->n_neurons; i++)
        leaders[i] = i;
    for (uint64_t i = 0; i < n_synapses; i++) {
        uint32_t a = leader_of(leaders, synapses[i].pre);
        uint32_t b = leader_of(leaders, synapses[i].post);
        leaders[a > b ? a : b] = a < b ? a : b;
    }
    /* A leader is the first of its neurons, so its part is known before the others come. */
    for (uint32_t i = 0; i < all->n_neurons; i++) {
        uint32_t leader = leader_of(leaders, i);
        all->order[i] = leader == i ? all->n_parts++ : all->order[leader];
        all->parts[all->order[i]].n++;
    }
    for (uint32_t k = 1; k < all->n_parts; k++)
        all->parts[k].first = all->parts[k - 1].first + all->parts[k - 1].n;
    for (uint32_t i = 0; i < all->n_neurons; i++)
        leaders[i] = all->order[i];
    for (uint32_t k = 0; k < all->n_parts; k++)
        all->parts[k].n = 0;
    for (uint32_t i = 0; i < all->n_neurons; i++) {
        part *of = &all->parts[leaders[i]];
        all->order[of->first + of->n++] = i;
    }
}

static spot *
spot_of(const arrangement *all, const part *of, uint32_t i)
{
    return &all->spots[all->order[of->first + i]];
}

static void
spread(const arrangement *all, const part *of)
{
    double side = sqrt((double)of->n);
    for (uint32_t i = 0; i < of->n; i++) {
        double x = 0.7548776662466927 * (i + 1.0), y = 0.5698402909980532 * (i + 1.0);
        spot_of(all, of, i)->at[0] = (x - floor(x) - 0.5) * side;
        spot_of(all, of, i)->at[1] = (y - floor(y) - 0.5) * side;
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
sum_forces(const arrangement *all, const chx_synapse *synapses, uint64_t n_synapses)
{
    for (uint32_t i = 0; i < all->n_neurons; i++)
        for (int k = 0; k < 2; k++)
            all->spots[i].force[k] = -CENTRE_PULL * all->spots[i].at[k];
    for (uint32_t k = 0; k < all->n_parts; k++)
        for (uint32_t i = 0; i < all->parts[k].n && !all->parts[k].is_flow; i++)
            for (uint32_t j = 0; j < i; j++) {
                spot *a = spot_of(all, &all->parts[k], i), *b = spot_of(all, &all->parts[k], j);
                push(a, b, 1 / fmax(1e-6, square_distance(a, b)));
            }
    for (uint64_t i = 0; i < n_synapses; i++) {
        spot *a = &all->spots[synapses[i].pre], *b = &all->spots[synapses[i].post];
        push(a, b, -sqrt(square_distance(a, b)));
    }
}

static void
move(const arrangement *all, const part *of, double share)
{
    double most = sqrt((double)of->n) / 5 * share;
    for (uint32_t i = 0; i < of->n; i++) {
        spot *at = spot_of(all, of, i);
        double x = at->force[0], y = at->force[1];
        double part_of = fmin(1, most / fmax(1e-12, sqrt(x * x + y * y)));
        at->at[0] += part_of * x;
        at->at[1] += part_of * y;
    }
}

/* Turns a part until the longer axis of its covariance is level. */
static void
level(const arrangement *all, const part *of)
{
    double sum[2] = {0}, xx = 0, xy = 0, yy = 0;
    for (uint32_t i = 0; i < of->n; i++)
        for (int k = 0; k < 2; k++)
            sum[k] += spot_of(all, of, i)->at[k] / of->n;
    for (uint32_t i = 0; i < of->n; i++) {
        const spot *at = spot_of(all, of, i);
        double x = at->at[0] - sum[0], y = at->at[1] - sum[1];
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    double longer = (xx + yy + sqrt((xx - yy) * (xx - yy) + 4 * xy * xy)) / 2;
    double c = longer - yy, s = xy, length = sqrt(c * c + s * s);
    if (length <= 1e-9 * longer) {
        c = xx >= yy;
        s = xx < yy;
        length = 1;
    }
    for (uint32_t i = 0; i < of->n; i++) {
        spot *at = spot_of(all, of, i);
        double x = at->at[0], y = at->at[1];
        at->at[0] = (c * x + s * y) / length;
        at->at[1] = (c * y - s * x) / length;
    }
}

/* Moves a part so that its lower left corner, with half the gap, is 0. */
static void
measure(const arrangement *all, part *of)
{
    for (int k = 0; k < 2; k++) {
        double low = INFINITY, high = -INFINITY;
        for (uint32_t i = 0; i < of->n; i++) {
            low = fmin(low, spot_of(all, of, i)->at[k]);
            high = fmax(high, spot_of(all, of, i)->at[k]);
        }
        for (uint32_t i = 0; i < of->n; i++)
            spot_of(all, of, i)->at[k] += GAP / 2 - low;
        of->size[k] = high - low + GAP;
    }
}

/* Tallest first, then the one with the first neuron. */
static int
compare_parts(const void *a, const void *b)
{
    const part *one = a, *other = b;
    if (one->size[1] != other->size[1])
        return one->size[1] > other->size[1] ? -1 : 1;
    return one->first < other->first ? -1 : 1;
}

/* Sets parts in rows from the top, in which lower ones stand on each other; returns how wide a
 * picture of ROWS_ASPECT must be to hold them. */
static double
set_rows(arrangement *all, double width)
{
    double top = 0, row = 0, left = 0, column = 0, used = 0, widest = 0;
    for (uint32_t k = 0; k < all->n_parts; k++) {
        part *of = &all->parts[k];
        if (of->size[0] > column || used + of->size[1] > row) {
            left += column;
            column = of->size[0];
            used = 0;
        }
        if (k == 0 || left + column > width * (1 + 1e-9)) {
            top += row;
            row = of->size[1];
            left = 0;
        }
        of->corner[0] = left;
        of->corner[1] = -(top + used + of->size[1]);
        used += of->size[1];
        widest = fmax(widest, left + column);
    }
    return fmax(widest, (top + row) * ROWS_ASPECT);
}

/* Of a few widths the one that makes the smallest picture. */
static void
pack(arrangement *all)
{
    double area = 0, least = 0;
    for (uint32_t k = 0; k < all->n_parts; k++) {
        if (!all->parts[k].is_flow)
            level(all, &all->parts[k]);
        measure(all, &all->parts[k]);
        area += all->parts[k].size[0] * all->parts[k].size[1];
        least = fmax(least, all->parts[k].size[0]);
    }
    qsort(all->parts, all->n_parts, sizeof *all->parts, compare_parts);
    double best = 0, smallest = INFINITY;
    for (int i = 0; i < 16; i++) {
        double width = fmax(least, sqrt(area * ROWS_ASPECT) * (1 + i / 16.0));
        double picture = set_rows(all, width);
        if (picture < smallest) {
            smallest = picture;
            best = width;
        }
    }
    set_rows(all, best);
}

static void
arrange_by_forces(arrangement *all, const chx_synapse *synapses, uint64_t n_synapses)
{
    double pairs = (double)n_synapses;
    for (uint32_t k = 0; k < all->n_parts; k++) {
        if (all->parts[k].is_flow)
            continue;
        spread(all, &all->parts[k]);
        pairs += (double)all->parts[k].n * all->parts[k].n / 2;
    }
    int n_rounds = (int)fmin(MOST_ROUNDS, MOST_PAIRS / pairs);
    for (int i = 0; n_rounds >= FEWEST_ROUNDS && i < n_rounds; i++) {
        sum_forces(all, synapses, n_synapses);
        for (uint32_t k = 0; k < all->n_parts; k++)
            if (!all->parts[k].is_flow)
                move(all, &all->parts[k], 1 - (double)i / n_rounds);
    }
}

/* Heights have a neuron's freedom for each neuron but one, so of the directions of m synapses, did
 * they go by chance, the n - 1 of n neurons would account for (n - 1) / m. A part that is too large
 * for forces is better laid out along a flow by chance than not at all. */
static bool
has_direction(const part *of, double directed)
{
    if (directed < LEAST_DIRECTED || (double)of->n * of->n / 2 * FEWEST_ROUNDS > MOST_PAIRS)
        return directed >= LEAST_DIRECTED;
    return directed >= fmin(SURELY_DIRECTED, ABOVE_CHANCE * (of->n - 1.0) / (double)of->n_synapses);
}

/* Tells which parts have a flow, and arranges those. */
static chx_status
arrange_by_flow(arrangement *all, const chx_synapse *synapses, uint64_t n_synapses,
                bool *has_forces)
{
    bool has_flow = false;
    chx_status status = chx__flow_find(all->n_neurons, synapses, n_synapses, all->leaders,
                                       all->n_parts, all->heights, all->directed);
    if (status)
        return status;
    for (uint64_t i = 0; i < n_synapses; i++)
        all->parts[all->leaders[synapses[i].pre]].n_synapses += synapses[i].pre != synapses[i].post;
    for (uint32_t k = 0; k < all->n_parts; k++) {
        all->parts[k].is_flow = has_direction(&all->parts[k], all->directed[k]);
        has_flow |= all->parts[k].is_flow;
        *has_forces |= !all->parts[k].is_flow && all->parts[k].n > 1;
    }
    if (has_flow)
        status = chx__columns_place(all->n_neurons, synapses, n_synapses, all->leaders,
                                    all->n_parts, all->heights, all->columns);
    for (uint32_t i = 0; i < all->n_neurons && !status; i++)
        for (int k = 0; k < 2 && all->parts[all->leaders[i]].is_flow; k++)
            all->spots[i].at[k] = all->columns[i][k];
    return status;
}

static chx_status
arrange(arrangement *all, const chx_synapse *synapses, uint64_t n_synapses)
{
    bool has_forces = false;
    chx_status status = arrange_by_flow(all, synapses, n_synapses, &has_forces);
    if (status)
        return status;
    if (has_forces)
        arrange_by_forces(all, synapses, n_synapses);
    pack(all);
    return CHX_OK;
}

chx_status
chx__layout_place(chx_neuron *neurons, uint32_t n_neurons, const chx_synapse *synapses,
                  uint64_t n_synapses, double spacing_um)
{
    arrangement all;
    chx_status status = init(&all, n_neurons);
    if (status)
        return status;
    find_parts(&all, synapses, n_synapses);
    status = arrange(&all, synapses, n_synapses);
    for (uint32_t k = 0; k < all.n_parts && !status; k++)
        for (uint32_t i = 0; i < all.parts[k].n; i++) {
            float *to = neurons[all.order[all.parts[k].first + i]].position_um;
            for (int j = 0; j < 2; j++)
                to[j] = (float)((spot_of(&all, &all.parts[k], i)->at[j] + all.parts[k].corner[j]) *
                                spacing_um);
            to[2] = 0;
        }
    finish(&all);
    return status;
}
