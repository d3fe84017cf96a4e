/*
 * Neurons whose signals flow one way stand along that flow, which goes to the right: flow.h says
 * how far, columns.h sets them across it. Where the signals go either way alike, forces settle them
 * (settle.h), which takes devices; until then they stand on the evenly spread points of the
 * sequence R2 (Roberts 2018).
 *
 * Parts that no connection joins are laid out each on its own, those without a flow turned so that
 * their longer side is level, and set beside and below each other in rows, tallest first, as wide
 * as a picture is.
 *
 * There are no random numbers and, of the operations that may differ between machines, none.
 */
#include "network/layout.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/columns.h"
#include "network/flow.h"
#include "network/settle.h"

#define ROWS_ASPECT 1.7 /* width over height that all rows together come near to */
#define LEAST_DIRECTED 0.1 /* share of the weight that goes along a flow worth the name */
#define ABOVE_CHANCE 1.5 /* of the share that would if directions were by chance */
#define SURELY_DIRECTED 0.8 /* a share that tells a flow anyway, as in a tree */
#define GAP 1.5 /* between parts */

/* Neurons that hang together: a range of the order. */
typedef struct part {
    uint32_t first, n;
    bool is_flow;
    uint64_t n_synapses; /* but for those of a neuron to itself */
    double size[2]; /* with the gap */
    double corner[2]; /* where it is set */
} part;

/* Lengths are in units of the spacing. */
struct chx__layout {
    uint32_t n_neurons, n_parts, n_unsettled;
    double spacing_um;
    double (*spots)[2]; /* of each neuron */
    uint32_t *order; /* neurons, part by part */
    uint32_t *leaders; /* one of the neurons that each hangs together with; later its part */
    double *heights; /* along the flow */
    double *directed; /* of each part */
    double (*columns)[2]; /* places by flow */
    part *parts;
};

void
chx__layout_destroy(chx__layout **layout)
{
    chx__layout *all = *layout;
    *layout = NULL;
    if (!all)
        return;
    free(all->spots);
    free(all->order);
    free(all->leaders);
    free(all->parts);
    free(all->heights);
    free(all->directed);
    free(all->columns);
    free(all);
}

static bool
is_unsettled(const part *of)
{
    return !of->is_flow && of->n > 1;
}

static chx_status
allocate(chx__layout *all)
{
    const uint32_t n = all->n_neurons;
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
find_parts(chx__layout *all, const chx_synapse *synapses, uint64_t n_synapses)
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

static double *
spot_of(const chx__layout *all, const part *of, uint32_t i)
{
    return all->spots[all->order[of->first + i]];
}

static void
spread(const chx__layout *all, const part *of)
{
    double side = sqrt((double)of->n);
    for (uint32_t i = 0; i < of->n; i++) {
        double x = 0.7548776662466927 * (i + 1.0), y = 0.5698402909980532 * (i + 1.0);
        spot_of(all, of, i)[0] = (x - floor(x) - 0.5) * side;
        spot_of(all, of, i)[1] = (y - floor(y) - 0.5) * side;
    }
}

/* Turns a part until the longer axis of its covariance is level. */
static void
level(const chx__layout *all, const part *of)
{
    double sum[2] = {0}, xx = 0, xy = 0, yy = 0;
    for (uint32_t i = 0; i < of->n; i++)
        for (int k = 0; k < 2; k++)
            sum[k] += spot_of(all, of, i)[k] / of->n;
    for (uint32_t i = 0; i < of->n; i++) {
        const double *at = spot_of(all, of, i);
        double x = at[0] - sum[0], y = at[1] - sum[1];
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
        double *at = spot_of(all, of, i);
        double x = at[0], y = at[1];
        at[0] = (c * x + s * y) / length;
        at[1] = (c * y - s * x) / length;
    }
}

/* Moves a part so that its lower left corner, with half the gap, is 0. */
static void
measure(const chx__layout *all, part *of)
{
    for (int k = 0; k < 2; k++) {
        double low = INFINITY, high = -INFINITY;
        for (uint32_t i = 0; i < of->n; i++) {
            low = fmin(low, spot_of(all, of, i)[k]);
            high = fmax(high, spot_of(all, of, i)[k]);
        }
        for (uint32_t i = 0; i < of->n; i++)
            spot_of(all, of, i)[k] += GAP / 2 - low;
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
set_rows(chx__layout *all, double width)
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
pack(chx__layout *all)
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

/* Heights have a neuron's freedom for each neuron but one, so of the directions of m synapses, did
 * they go by chance, the n - 1 of n neurons would account for (n - 1) / m. */
static bool
has_direction(const part *of, double directed)
{
    return directed >= LEAST_DIRECTED &&
           directed >= fmin(SURELY_DIRECTED, ABOVE_CHANCE * (of->n - 1.0) / (double)of->n_synapses);
}

/* Tells which parts have a flow, and arranges those. */
static chx_status
arrange_by_flow(chx__layout *all, const chx_synapse *synapses, uint64_t n_synapses)
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
        if (is_unsettled(&all->parts[k]))
            all->n_unsettled += all->parts[k].n;
    }
    if (has_flow)
        status = chx__columns_place(all->n_neurons, synapses, n_synapses, all->leaders,
                                    all->n_parts, all->heights, all->columns);
    for (uint32_t i = 0; i < all->n_neurons && !status; i++)
        for (int k = 0; k < 2 && all->parts[all->leaders[i]].is_flow; k++)
            all->spots[i][k] = all->columns[i][k];
    return status;
}

static chx_status
arrange(chx__layout *all, const chx_synapse *synapses, uint64_t n_synapses)
{
    find_parts(all, synapses, n_synapses);
    chx_status status = arrange_by_flow(all, synapses, n_synapses);
    for (uint32_t k = 0; k < all->n_parts && !status; k++)
        if (!all->parts[k].is_flow)
            spread(all, &all->parts[k]);
    if (!status)
        pack(all);
    return status;
}

chx_status
chx__layout_create(uint32_t n_neurons, const chx_synapse *synapses, uint64_t n_synapses,
                   double spacing_um, chx__layout **layout)
{
    chx__layout *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("laying out a network");
    *made = (chx__layout){.n_neurons = n_neurons, .spacing_um = spacing_um};
    chx_status status = allocate(made);
    if (!status)
        status = arrange(made, synapses, n_synapses);
    if (status)
        chx__layout_destroy(&made);
    else
        *layout = made;
    return status;
}

uint32_t
chx__layout_n_unsettled(const chx__layout *layout)
{
    return layout ? layout->n_unsettled : 0;
}

/* Makes a web of the neurons that are unsettled; nodes are numbered part by part. */
static chx_status
make_web(const chx__layout *all, const chx_synapse *synapses, uint64_t n_synapses, chx__web *web)
{
    uint32_t *node_of = chx__alloc(all->n_neurons, sizeof *node_of);
    uint32_t *part_of = chx__alloc(all->n_unsettled, sizeof *part_of);
    uint32_t n = 0;
    for (uint32_t i = 0; node_of && i < all->n_neurons; i++)
        node_of[i] = UINT32_MAX;
    for (uint32_t k = 0; node_of && part_of && k < all->n_parts; k++)
        for (uint32_t i = 0; is_unsettled(&all->parts[k]) && i < all->parts[k].n; i++) {
            part_of[n] = k;
            node_of[all->order[all->parts[k].first + i]] = n++;
        }
    chx_status status = node_of && part_of
                            ? chx__web_init(web, n, node_of, part_of, synapses, n_synapses)
                            : chx__fail_memory("laying out a network");
    free(node_of);
    free(part_of);
    return status;
}

chx_status
chx__layout_settle(chx__layout *layout, const chx_synapse *synapses, uint64_t n_synapses,
                   chx_runtime *runtime)
{
    chx__web web = {0};
    float(*at)[2] = chx__alloc(layout->n_unsettled, sizeof *at);
    chx_status status = at ? make_web(layout, synapses, n_synapses, &web)
                           : chx__fail_memory("laying out a network");
    if (!status)
        status = chx__settle(runtime, &web, at);
    uint32_t n = 0;
    for (uint32_t k = 0; k < layout->n_parts && !status; k++)
        for (uint32_t i = 0; is_unsettled(&layout->parts[k]) && i < layout->parts[k].n; i++, n++)
            for (int axis = 0; axis < 2; axis++)
                spot_of(layout, &layout->parts[k], i)[axis] = at[n][axis];
    if (!status) {
        layout->n_unsettled = 0;
        pack(layout);
    }
    chx__web_finish(&web);
    free(at);
    return status;
}

void
chx__layout_place(const chx__layout *layout, chx_neuron *neurons)
{
    for (uint32_t k = 0; k < layout->n_parts; k++) {
        const part *of = &layout->parts[k];
        for (uint32_t i = 0; i < of->n; i++) {
            float *to = neurons[layout->order[of->first + i]].position_um;
            for (int j = 0; j < 2; j++)
                to[j] = (float)((spot_of(layout, of, i)[j] + of->corner[j]) * layout->spacing_um);
            to[2] = 0;
        }
    }
}
