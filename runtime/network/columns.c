/*
 * The other direction of a drawing by flow, across it.
 *
 * At first each neuron comes to stand at the mean of those it is connected with, again and again,
 * while what goes along the heights is taken out, as Carmel, Harel and Koren do (2004,
 * doi:10.1109/TVCG.2004.5): what remains is the direction in which the network is longest. They
 * take out what is in proportion to the heights; here it is what those of like height have in
 * common, or a network longer than wide would become an arch or a wave. Then the neurons of a
 * column are set 1 apart, each as near to the mean of its neighbours as that allows, a few times
 * over: the barycentres of Sugiyama, Tagawa and Toda (1981, doi:10.1109/TSMC.1981.4308636), with
 * the places from pooling adjacent violators.
 *
 * Where most neurons have few heights, as in a network of layers, a column would be so high that
 * none could be seen, so each layer becomes a band, which takes less than half of the way to the
 * next one.
 *
 * What has far more levels than a picture has room for, one behind the other, and is thin, as a
 * chain is, is a ribbon, which is laid in rows: the first to the right, the next below it to the
 * left, and so on, turned by half a circle at each end of a row, so that no strand crosses another.
 *
 * Each sum has one order, and no operation is among those that may differ between machines. The
 * work is bounded, so a very large network is less well arranged across its flow.
 */
#include "network/columns.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

#define ASPECT 1.7 /* width over height of a part */
#define MOST_WORK 2e7 /* neurons and synapses looked at in all rounds of a kind */
#define MOST_MEANS 100
#define MOST_PLACINGS 24
#define MOST_LEVELS 60 /* that are one behind the other where the neurons alone need less width */
#define ROW_GAP 1 /* more than neurons of a column are apart */
#define ROW_CLIMB 0.125 /* of a row, that connections of a ribbon climb on average at most */
#define BAND 0.4 /* of the way to the next layer */
#define WORTH_BANDS 0.67 /* of the width without them */
#define LEAST_SQUARE 1e-20 /* of y, of a part that has any width */
#define TELLS_APART 1e6 /* heights nearer than its inverse are the same, as rounding parts them */

typedef struct member {
    double y;
    uint32_t part, column, neuron;
} member;

/* Neurons that stand side by side at the mean of their wishes. */
typedef struct pool {
    double sum;
    uint32_t n;
} pool;

/* A part by its heights. */
typedef struct ladder {
    double low, high;
    double per_height; /* rungs */
    uint32_t first_rung, n_rungs; /* two at least */
    double climb, n_climbs; /* of its connections, and how many there are */
    uint32_t n_rows, per_row; /* and levels in each, where it is a ribbon */
} ladder;

/* What stands at a level. */
typedef struct rung {
    double sum, count; /* of y, weighted by connections */
} rung;

typedef struct drawing {
    uint32_t n, n_parts;
    const chx_synapse *synapses;
    uint64_t n_synapses;
    const uint32_t *part_of;
    const double *heights;
    double (*at)[2];
    double *sums, *counts; /* of neighbours */
    double (*moments)[2]; /* of each part */
    ladder *ladders; /* of each part */
    rung *rungs;
    member *members;
    pool *pools;
    uint32_t *fill; /* neurons in each column */
} drawing;

static void
finish(drawing *of)
{
    free(of->sums);
    free(of->counts);
    free(of->moments);
    free(of->ladders);
    free(of->rungs);
    free(of->members);
    free(of->pools);
    free(of->fill);
}

static chx_status
init(drawing *of)
{
    of->sums = chx__alloc(of->n, sizeof *of->sums);
    of->counts = chx__alloc(of->n, sizeof *of->counts);
    of->moments = chx__alloc(of->n_parts, sizeof *of->moments);
    of->ladders = chx__alloc(of->n_parts, sizeof *of->ladders);
    of->rungs = chx__alloc((size_t)of->n * 2 + 2, sizeof *of->rungs);
    of->members = chx__alloc(of->n, sizeof *of->members);
    of->pools = chx__alloc(of->n, sizeof *of->pools);
    of->fill = chx__alloc((size_t)of->n * 2 + 3, sizeof *of->fill);
    if (of->sums && of->counts && of->moments && of->ladders && of->rungs && of->members &&
        of->pools && of->fill)
        return CHX_OK;
    finish(of);
    return chx__fail_memory("laying out a network");
}

/* Moves each neuron half way to the mean of its neighbours. */
static void
take_means(drawing *of)
{
    for (uint32_t i = 0; i < of->n; i++)
        of->sums[i] = of->counts[i] = 0;
    for (uint64_t i = 0; i < of->n_synapses; i++) {
        uint32_t pre = of->synapses[i].pre, post = of->synapses[i].post;
        of->sums[pre] += of->at[post][1];
        of->sums[post] += of->at[pre][1];
        of->counts[pre]++;
        of->counts[post]++;
    }
    for (uint32_t i = 0; i < of->n; i++)
        if (of->counts[i] > 0)
            of->at[i][1] = (of->at[i][1] + of->sums[i] / of->counts[i]) / 2;
}

/* Measures the parts along their heights, and the rungs that they need: one a level, but no more
 * than a part has neurons, and one. */
static void
set_ladders(drawing *of)
{
    for (uint32_t k = 0; k < of->n_parts; k++)
        of->ladders[k] = (ladder){.low = INFINITY, .high = -INFINITY};
    for (uint32_t i = 0; i < of->n; i++) {
        ladder *on = &of->ladders[of->part_of[i]];
        on->low = fmin(on->low, of->heights[i]);
        on->high = fmax(on->high, of->heights[i]);
        on->n_rungs++;
    }
    uint32_t first = 0;
    for (uint32_t k = 0; k < of->n_parts; k++) {
        ladder *on = &of->ladders[k];
        double levels = on->high - on->low;
        on->per_height = levels > on->n_rungs ? on->n_rungs / levels : 1;
        on->n_rungs = (uint32_t)fmin(on->n_rungs, ceil(levels)) + 1;
        on->n_rungs += on->n_rungs < 2;
        on->first_rung = first;
        first += on->n_rungs;
    }
    for (uint64_t i = 0; i < of->n_synapses; i++) {
        uint32_t pre = of->synapses[i].pre, post = of->synapses[i].post;
        of->ladders[of->part_of[pre]].climb += fabs(of->heights[post] - of->heights[pre]);
        of->ladders[of->part_of[pre]].n_climbs += pre != post;
    }
}

/* The rung at or below a neuron; part of the way to the next one. */
static rung *
rung_of(const drawing *of, uint32_t i, double *part)
{
    const ladder *on = &of->ladders[of->part_of[i]];
    double at = (of->heights[i] - on->low) * on->per_height;
    at = floor(at * TELLS_APART + 0.5) / TELLS_APART;
    uint32_t k = (uint32_t)fmin(at, on->n_rungs - 2);
    *part = at - k;
    return &of->rungs[on->first_rung + k];
}

/* Takes out what those of like height have in common, weighted by the connections, which are what
 * means keep, and evens the size. */
static void
take_out(drawing *of)
{
    double part;
    for (uint32_t i = 0; i < 2 * of->n; i++)
        of->rungs[i] = (rung){0};
    for (uint32_t i = 0; i < of->n; i++) {
        rung *at = rung_of(of, i, &part);
        for (int k = 0; k < 2; k++) {
            double weight = of->counts[i] * (k ? part : 1 - part);
            at[k].count += weight;
            at[k].sum += weight * of->at[i][1];
        }
    }
    for (uint32_t i = 0; i < of->n; i++) {
        const rung *at = rung_of(of, i, &part);
        for (int k = 0; k < 2; k++)
            if (at[k].count > 0)
                of->at[i][1] -= at[k].sum / at[k].count * (k ? part : 1 - part);
    }
    for (uint32_t k = 0; k < of->n_parts; k++)
        of->moments[k][0] = of->moments[k][1] = 0;
    for (uint32_t i = 0; i < of->n; i++) {
        of->moments[of->part_of[i]][0]++;
        of->moments[of->part_of[i]][1] += of->at[i][1] * of->at[i][1];
    }
    for (uint32_t i = 0; i < of->n; i++) {
        const double *sum = of->moments[of->part_of[i]];
        of->at[i][1] /= sqrt(fmax(LEAST_SQUARE, sum[1] / sum[0]));
    }
}

static double
bounded(const drawing *of, double most)
{
    return fmin(most, MOST_WORK / ((double)of->n + (double)of->n_synapses));
}

static void
find_order(drawing *of)
{
    for (uint32_t i = 0; i < of->n; i++) {
        double y = 0.5698402909980532 * (i + 1.0);
        of->at[i][1] = y - floor(y) - 0.5;
    }
    double n_rounds = bounded(of, MOST_MEANS);
    for (int round = 0; round < n_rounds; round++) {
        take_means(of);
        take_out(of);
    }
}

static int
compare_members(const void *a, const void *b)
{
    const member *one = a, *other = b;
    if (one->part != other->part)
        return one->part < other->part ? -1 : 1;
    if (one->column != other->column)
        return one->column < other->column ? -1 : 1;
    if (one->y != other->y)
        return one->y < other->y ? -1 : 1;
    return one->neuron < other->neuron ? -1 : one->neuron > other->neuron;
}

static void
sort_members(const drawing *of)
{
    for (uint32_t i = 0; i < of->n; i++)
        of->members[i].y = of->at[of->members[i].neuron][1];
    qsort(of->members, of->n, sizeof *of->members, compare_members);
}

/* How many neurons the fullest column of a part has when it is so wide. */
static uint32_t
fill_columns(drawing *of, member *members, uint32_t n, double width, double band)
{
    double low = INFINITY, high = -INFINITY;
    for (uint32_t i = 0; i < n; i++) {
        double spread = 0.7548776662466927 * (i + 1.0);
        double height = of->heights[members[i].neuron] + band * (spread - floor(spread));
        double *x = &of->at[members[i].neuron][0];
        *x = floor(height * TELLS_APART + 0.5);
        low = fmin(low, *x);
        high = fmax(high, *x);
    }
    for (uint32_t i = 0; i < (uint32_t)width + 2; i++)
        of->fill[i] = 0;
    uint32_t fullest = 0;
    for (uint32_t i = 0; i < n; i++) {
        double *x = &of->at[members[i].neuron][0];
        *x = (*x - low) / fmax(1, high - low) * width;
        members[i].column = (uint32_t)(*x + 0.5);
        uint32_t fill = ++of->fill[members[i].column];
        fullest = fill > fullest ? fill : fullest;
    }
    return fullest;
}

/* The width where columns are as high as all of them together are wide, or that of a long chain. */
static double
least_width(const drawing *of, const member *members, uint32_t n)
{
    double low = INFINITY, high = -INFINITY;
    for (uint32_t i = 0; i < n; i++) {
        low = fmin(low, of->heights[members[i].neuron]);
        high = fmax(high, of->heights[members[i].neuron]);
    }
    return fmax(sqrt(ASPECT * n), fmin(high - low, n < MOST_LEVELS ? n : MOST_LEVELS));
}

/* The width that a part needs, in whose columns its neurons then are. */
static double
find_width(drawing *of, member *members, uint32_t n, double band, uint32_t *fullest)
{
    double width = least_width(of, members, n);
    *fullest = fill_columns(of, members, n, width, band);
    while (width < ASPECT * (*fullest - 1)) {
        width = fmin(width * 1.2, ASPECT * n);
        *fullest = fill_columns(of, members, n, width, band);
    }
    return width;
}

static void
scale_part(const drawing *of, const member *members, uint32_t n, uint32_t fullest)
{
    for (uint32_t i = 0; i < n; i++)
        of->at[members[i].neuron][1] *= fullest / sqrt(12);
}

/* Makes a ribbon of a part that is one. */
static bool
find_rows(drawing *of, member *members, uint32_t n, uint32_t *fullest)
{
    ladder *on = &of->ladders[members->part];
    double levels = on->high - on->low;
    if (levels <= MOST_LEVELS || levels > n)
        return false;
    *fullest = fill_columns(of, members, n, levels, 0);
    double n_rows = floor(sqrt(levels / (ASPECT * (*fullest + ROW_GAP))) + 0.5);
    double per_row = ceil((levels + 1) / n_rows);
    if (n_rows < 2 || on->climb > on->n_climbs * per_row * ROW_CLIMB)
        return false;
    on->n_rows = (uint32_t)n_rows;
    on->per_row = (uint32_t)per_row;
    return true;
}

static void
size_part(drawing *of, member *members, uint32_t n)
{
    uint32_t fullest;
    if (find_rows(of, members, n, &fullest)) {
        scale_part(of, members, n, fullest);
        return;
    }
    double sharp = find_width(of, members, n, 0, &fullest);
    if (sharp > least_width(of, members, n) &&
        find_width(of, members, n, BAND, &fullest) > sharp * WORTH_BANDS)
        find_width(of, members, n, 0, &fullest);
    scale_part(of, members, n, fullest);
}

static void
choose_columns(drawing *of)
{
    for (uint32_t i = 0; i < of->n; i++)
        of->members[i] = (member){.part = of->part_of[i], .neuron = i};
    sort_members(of);
    for (uint32_t first = 0, end; first < of->n; first = end) {
        for (end = first; end < of->n && of->members[end].part == of->members[first].part;)
            end++;
        size_part(of, &of->members[first], end - first);
    }
}

/* Sets the neurons of a column, which are in order, 1 apart or more: the sum of the squares of what
 * each is off its wish is the least. */
static void
set_column(const drawing *of, const member *members, uint32_t n)
{
    pool *pools = of->pools;
    uint32_t n_pools = 0;
    for (uint32_t i = 0; i < n; i++) {
        pools[n_pools++] = (pool){members[i].y - i, 1};
        while (n_pools > 1 && pools[n_pools - 2].sum / pools[n_pools - 2].n >=
                                  pools[n_pools - 1].sum / pools[n_pools - 1].n) {
            n_pools--;
            pools[n_pools - 1].sum += pools[n_pools].sum;
            pools[n_pools - 1].n += pools[n_pools].n;
        }
    }
    for (uint32_t k = 0, i = 0; k < n_pools; k++)
        for (uint32_t j = 0; j < pools[k].n; j++, i++)
            of->at[members[i].neuron][1] = pools[k].sum / pools[k].n + i;
}

static void
set_columns(drawing *of)
{
    sort_members(of);
    for (uint32_t first = 0, end; first < of->n; first = end) {
        const member *members = &of->members[first];
        for (end = first; end < of->n && of->members[end].part == members->part &&
                          of->members[end].column == members->column;)
            end++;
        set_column(of, members, end - first);
    }
}

/* Lays a ribbon, whose neurons are sorted by column, in rows. */
static void
fold(const drawing *of, const member *members, uint32_t n)
{
    const ladder *on = &of->ladders[members->part];
    double top = 0;
    for (uint32_t first = 0, end; first < n; first = end) {
        uint32_t row = members[first].column / on->per_row;
        double low = INFINITY, high = -INFINITY, way = row % 2 ? -1 : 1;
        for (end = first; end < n && members[end].column / on->per_row == row; end++) {
            double *at = of->at[members[end].neuron];
            at[0] -= (double)row * on->per_row;
            at[0] = row % 2 ? on->per_row - 1 - at[0] : at[0];
            at[1] *= way;
            low = fmin(low, at[1]);
            high = fmax(high, at[1]);
        }
        for (uint32_t i = first; i < end; i++)
            of->at[members[i].neuron][1] += top - high;
        top -= high - low + 1 + ROW_GAP;
    }
}

static void
fold_parts(const drawing *of)
{
    for (uint32_t first = 0, end; first < of->n; first = end) {
        uint32_t part = of->members[first].part;
        for (end = first; end < of->n && of->members[end].part == part;)
            end++;
        if (of->ladders[part].n_rows > 0)
            fold(of, &of->members[first], end - first);
    }
}

chx_status
chx__columns_place(uint32_t n_neurons, const chx_synapse *synapses, uint64_t n_synapses,
                   const uint32_t *part_of, uint32_t n_parts, const double *heights,
                   double (*at)[2])
{
    drawing of = {.n = n_neurons,
                  .n_parts = n_parts,
                  .synapses = synapses,
                  .n_synapses = n_synapses,
                  .part_of = part_of,
                  .heights = heights,
                  .at = at};
    chx_status status = init(&of);
    if (status)
        return status;
    set_ladders(&of);
    find_order(&of);
    choose_columns(&of);
    set_columns(&of);
    double n_rounds = bounded(&of, MOST_PLACINGS);
    for (int round = 0; round < n_rounds; round++) {
        take_means(&of);
        set_columns(&of);
    }
    fold_parts(&of);
    finish(&of);
    return CHX_OK;
}
