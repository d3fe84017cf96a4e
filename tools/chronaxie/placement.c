/*
 * Placement: whether somata lie where they can be seen together.
 *
 * A soma wider than a millimetre is in another unit. One is off its morphology when it is farther
 * from all of its points than they extend, and than 100 um. For cells far from all others,
 * distances are taken from the median position, which a few strays do not move; a gap of a factor
 * of 20 in the outer half of the distances makes what lies beyond it strays.
 */
#include "placement.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "outcome.h"

#define WIDEST_UM 1000.0f
#define NEAR_UM 100.0
#define STRAY_FACTOR 20.0

typedef struct place {
    double distance_um; /* from the median */
    uint32_t neuron;
} place;

static double
distance_um(const float a[3], const float b[3])
{
    return hypot(hypot((double)a[0] - b[0], (double)a[1] - b[1]), (double)a[2] - b[2]);
}

static const char *
length_text(double um, char text[32])
{
    if (um < 1000)
        snprintf(text, 32, "%.3g um", um);
    else
        snprintf(text, 32, "%.6g mm", rint(um / 100) / 10);
    return text;
}

/* " and 2 others", or nothing. */
static const char *
others_text(uint32_t n_others, char text[32])
{
    text[0] = '\0';
    if (n_others > 0)
        snprintf(text, 32, " and %u other%s", n_others, n_others == 1 ? "" : "s");
    return text;
}

/* The largest side of the box around a morphology; zero without one. */
static double
extent_um(const chx_network_info *info, const chx_neuron *neuron)
{
    float low[3] = {INFINITY, INFINITY, INFINITY};
    float high[3] = {-INFINITY, -INFINITY, -INFINITY};
    double most = 0;

    for (uint32_t i = neuron->first_node; i < neuron->first_node + neuron->n_nodes; i++) {
        float at[3];
        chx_neuron_place(neuron, info->nodes[i].position_um, at);
        for (int k = 0; k < 3; k++) {
            low[k] = at[k] < low[k] ? at[k] : low[k];
            high[k] = at[k] > high[k] ? at[k] : high[k];
        }
    }
    for (int k = 0; k < 3; k++)
        most = fmax(most, (double)high[k] - low[k]);
    return most;
}

static double
nearest_um(const chx_network_info *info, const chx_neuron *neuron)
{
    double nearest = INFINITY;

    for (uint32_t i = neuron->first_node; i < neuron->first_node + neuron->n_nodes; i++) {
        float at[3];
        chx_neuron_place(neuron, info->nodes[i].position_um, at);
        nearest = fmin(nearest, distance_um(neuron->position_um, at));
    }
    return nearest;
}

/* Whether a point lies within reach of the soma; mostly the first does. */
static bool
is_near(const chx_network_info *info, const chx_neuron *neuron, double reach_um)
{
    for (uint32_t i = neuron->first_node; i < neuron->first_node + neuron->n_nodes; i++) {
        float at[3];
        chx_neuron_place(neuron, info->nodes[i].position_um, at);
        if (distance_um(neuron->position_um, at) <= reach_um)
            return true;
    }
    return false;
}

static void
remark_on_bare_somata(const chx_network_info *info)
{
    const chx_neuron *first = NULL;
    uint32_t n_off = 0;
    char length[32], others[32];

    for (uint32_t i = 0; i < info->n_neurons; i++) {
        const chx_neuron *neuron = &info->neurons[i];
        if (neuron->n_nodes == 0 || is_near(info, neuron, NEAR_UM) ||
            is_near(info, neuron, extent_um(info, neuron)))
            continue;
        first = first ? first : neuron;
        n_off++;
    }
    if (first)
        outcome_remark("the soma of %s lies %s from its morphology%s%s; the points of an SWC file "
                       "and the positions of neurons.csv are in the same coordinates",
                       first->name, length_text(nearest_um(info, first), length),
                       n_off > 1 ? ", as do those of" : "",
                       n_off > 1 ? others_text(n_off - 1, others) + 4 : "");
}

static int
compare_floats(const void *left, const void *right)
{
    const float *a = left;
    const float *b = right;
    return (*a > *b) - (*a < *b);
}

static int
compare_places(const void *left, const void *right)
{
    const place *a = left;
    const place *b = right;

    if (a->distance_um != b->distance_um)
        return a->distance_um < b->distance_um ? -1 : 1;
    return (a->neuron > b->neuron) - (a->neuron < b->neuron);
}

/* Distances of all somata from the median position, nearest first. False without memory. */
static bool
list_places(const chx_network_info *info, place *places)
{
    float *along = calloc(info->n_neurons, sizeof *along);
    float median[3];

    for (int k = 0; k < 3 && along; k++) {
        for (uint32_t i = 0; i < info->n_neurons; i++)
            along[i] = info->neurons[i].position_um[k];
        qsort(along, info->n_neurons, sizeof *along, compare_floats);
        median[k] = along[(info->n_neurons - 1) / 2];
    }
    for (uint32_t i = 0; i < info->n_neurons && along; i++)
        places[i] = (place){distance_um(info->neurons[i].position_um, median), i};
    if (along)
        qsort(places, info->n_neurons, sizeof *places, compare_places);
    free(along);
    return along != NULL;
}

/* The first place behind a gap, or n. */
static uint32_t
find_gap(const place *places, uint32_t n, double around_um)
{
    uint32_t i = (n + 1) / 2;
    while (i < n &&
           places[i].distance_um <= STRAY_FACTOR * fmax(places[i - 1].distance_um, around_um))
        i++;
    return i;
}

/* Cells are measured only where their somata alone have a gap. */
static void
remark_on_strays(const chx_network_info *info)
{
    uint32_t n = info->n_neurons;
    place *places = calloc(n, sizeof *places);
    double around_um = NEAR_UM;
    char length[32], others[32];

    if (places && list_places(info, places) && find_gap(places, n, around_um) < n) {
        for (uint32_t i = 0; i < n; i++)
            around_um = fmax(around_um, extent_um(info, &info->neurons[i]));
        uint32_t i = find_gap(places, n, around_um);
        if (i < n)
            outcome_remark("%s%s lie%s %s from the rest; check the unit, positions are in um",
                           info->neurons[places[i].neuron].name, others_text(n - 1 - i, others),
                           i == n - 1 ? "s" : "", length_text(places[i].distance_um, length));
    }
    free(places);
}

/* The largest real cell bodies are about a millimetre wide. */
static void
remark_on_wide_somata(const chx_network_info *info)
{
    char length[32];

    for (uint32_t i = 0; i < info->n_neurons; i++) {
        const chx_neuron *neuron = &info->neurons[i];
        if (neuron->diameter_um <= WIDEST_UM)
            continue;
        outcome_remark("the soma of %s is %s wide; coordinates look like nanometres: %s",
                       neuron->name, length_text(neuron->diameter_um, length),
                       neuron->n_nodes > 0 ? "pass --unit nm, or 8nm, to read an SWC file so"
                                           : "positions and diameters are in um");
        return;
    }
}

void
placement_remark(const chx_network_info *info)
{
    remark_on_wide_somata(info);
    remark_on_bare_somata(info);
    if (info->n_neurons > 1)
        remark_on_strays(info);
}
