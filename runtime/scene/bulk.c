/* What lies far from most of a network would make a dot of the rest, if a picture framed it too.
 *
 * Parts are ordered by the distance of their far sides from the median of all, which strays do not
 * move as long as they are the lesser half. Where the distances have a gap, what lies before it is
 * the bulk, if it holds enough: two thirds for a gap of a factor of 20, where the bulk would be a
 * tenth of the picture; for a factor of 100 more than half. Neurons count alike, however many
 * points they have; only where that finds nothing do points, which tells one cell of two from the
 * other. Equal halves are framed together. A neuron's points lie on both sides of a gap where one
 * was mistyped, but also where a long axon was traced by few points, so they must be very few or
 * very far. */
#include "scene/bulk.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

/* A bulk is taken to be no smaller, so that somata side by side are not one without the next. */
#define LEAST_UM 100.0

/* Of a neuron's points, one in so many may be strays; more only behind a gap of such a factor. */
#define POINTS_PER_STRAY 20
#define SURE_FACTOR 1000

/* How much of all a bulk must hold, and the factor of the gap around it. */
static const struct {
    double share, factor;
} rules[] = {{2.0 / 3 - 1e-9, 20}, {0.5 + 1e-9, 100}};

/* A part by a coordinate or a distance. */
typedef struct mark {
    double at_um;
    uint32_t part;
} mark;

typedef struct sorting {
    const chx__part *parts;
    uint32_t n_parts;
    bool by_points;
    mark *marks;
    uint32_t *points; /* per neuron: of all its parts, then of those behind a gap */
    double total; /* weight of all */
} sorting;

static int
compare(const void *left, const void *right)
{
    const mark *a = left, *b = right;
    if (a->at_um != b->at_um)
        return a->at_um < b->at_um ? -1 : 1;
    return (a->part > b->part) - (a->part < b->part);
}

static double
weight(const sorting *of, uint32_t part)
{
    const chx__part *is = &of->parts[part];
    return of->by_points ? is->n_points : (double)is->n_points / of->points[is->neuron];
}

/* Leaves marks in order. */
static double
median_um(sorting *of, int axis)
{
    for (uint32_t i = 0; i < of->n_parts; i++)
        of->marks[i] = (mark){of->parts[i].at_um[axis], i};
    qsort(of->marks, of->n_parts, sizeof *of->marks, compare);
    double before = 0;
    uint32_t i = 0;
    for (; i + 1 < of->n_parts && before + weight(of, of->marks[i].part) < of->total / 2; i++)
        before += weight(of, of->marks[i].part);
    return of->marks[i].at_um;
}

static void
order_by_distance(sorting *of)
{
    double median[3];
    of->total = 0;
    for (uint32_t i = 0; i < of->n_parts; i++)
        of->total += weight(of, i);
    for (int k = 0; k < 3; k++)
        median[k] = median_um(of, k);
    for (uint32_t i = 0; i < of->n_parts; i++) {
        const chx__part *part = &of->parts[i];
        double square = 0;
        for (int k = 0; k < 3; k++) {
            double far = fabs(part->at_um[k] - median[k]) + part->half_um[k] + part->radius_um;
            square += far * far;
        }
        of->marks[i] = (mark){sqrt(square), i};
    }
    qsort(of->marks, of->n_parts, sizeof *of->marks, compare);
}

/* Whether every neuron with parts on both sides of a gap has few of its points behind it. */
static bool
splits_few(const sorting *of, uint32_t n_inside, uint32_t *behind)
{
    bool few = true;
    for (uint32_t i = n_inside; i < of->n_parts; i++) {
        const chx__part *part = &of->parts[of->marks[i].part];
        behind[part->neuron] += part->n_points;
    }
    for (uint32_t i = 0; i < n_inside; i++) {
        uint32_t neuron = of->parts[of->marks[i].part].neuron;
        few = few && behind[neuron] <= of->points[neuron] / POINTS_PER_STRAY;
    }
    for (uint32_t i = n_inside; i < of->n_parts; i++)
        behind[of->parts[of->marks[i].part].neuron] = 0;
    return few;
}

/* How many marks come before the first gap around enough; all of them without one. */
static uint32_t
find_gap(const sorting *of, uint32_t *behind)
{
    double inside = 0;
    for (uint32_t i = 0; i + 1 < of->n_parts; i++) {
        inside += weight(of, of->marks[i].part);
        double factor = of->marks[i + 1].at_um / fmax(of->marks[i].at_um, LEAST_UM);
        for (size_t k = 0; k < sizeof rules / sizeof *rules; k++)
            if (inside >= rules[k].share * of->total && factor > rules[k].factor &&
                (factor > SURE_FACTOR || splits_few(of, i + 1, behind)))
                return i + 1;
    }
    return of->n_parts;
}

chx_status
chx__bulk_find(const chx__part *parts, uint32_t n_parts, uint32_t n_neurons, bool *outside,
               uint32_t *n_outside)
{
    sorting of = {.parts = parts,
                  .n_parts = n_parts,
                  .marks = chx__alloc((size_t)n_parts + 1, sizeof *of.marks),
                  .points = chx__alloc(2 * ((size_t)n_neurons + 1), sizeof *of.points)};
    uint32_t n_inside = n_parts;
    bool known = of.marks && of.points;
    for (uint32_t i = 0; known && i < n_parts; i++)
        of.points[parts[i].neuron] += parts[i].n_points;
    for (int by_points = 0; known && by_points < 2 && n_inside == n_parts; by_points++) {
        of.by_points = by_points;
        order_by_distance(&of);
        n_inside = find_gap(&of, of.points + n_neurons + 1);
    }
    for (uint32_t i = 0; known && i < n_parts; i++)
        outside[of.marks[i].part] = i >= n_inside;
    free(of.marks);
    free(of.points);
    if (!known)
        return chx__fail_memory("measuring the network for the camera");
    *n_outside = n_parts - n_inside;
    return CHX_OK;
}
