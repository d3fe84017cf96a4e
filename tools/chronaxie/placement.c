/*
 * Placement: whether cells lie where they can be seen together.
 *
 * A soma wider than a millimetre is in another unit. One is off its morphology when it is farther
 * from all of its points than they extend, and than 100 um. For cells far from all others,
 * distances are taken from the median position, which a few strays do not move; a gap of a factor
 * of 20 in the outer half of the distances makes what lies beyond it strays. What a picture leaves
 * out is for its scene to say: every point is asked where it falls.
 */
#include "placement.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"

#define WIDEST_UM 1000.0f
#define NEAR_UM 100.0
#define STRAY_FACTOR 20.0
#define MOST_NAMES 3
#define COARSE_UM 0.5

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
void
placement_remark_on_strays(const chx_network_info *info)
{
    uint32_t n = info->n_neurons;
    if (n < 2)
        return;
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

/* Coordinates are floats, whose steps grow with the distance from 0. */
static void
remark_on_far_morphologies(const chx_network_info *info)
{
    char length[32], step[32];

    for (uint32_t i = 0; i < info->n_neurons; i++) {
        const chx_neuron *neuron = &info->neurons[i];
        float at[3], most = 0;
        if (neuron->n_nodes == 0)
            continue;
        chx_neuron_place(neuron, info->nodes[neuron->first_node].position_um, at);
        for (int k = 0; k < 3; k++)
            most = fmaxf(most, fabsf(at[k]));
        double step_um = (double)nextafterf(most, INFINITY) - most;
        if (step_um < COARSE_UM)
            continue;
        outcome_remark("%s lies %s from the origin, where coordinates are rounded to steps of %s; "
                       "move it nearer, or check the unit",
                       neuron->name, length_text(most, length), length_text(step_um, step));
        return;
    }
}

void
placement_remark(const chx_network_info *info)
{
    remark_on_wide_somata(info);
    remark_on_bare_somata(info);
    remark_on_far_morphologies(info);
}

/* Where points fall in a picture: what chx_scene_project() says, for very many. */
typedef struct outlook {
    double at_px[2], per_um[3][2]; /* of the origin, and along each axis */
    double size_px[2];
} outlook;

static outlook
outlook_of(const chx_scene *scene, const uint32_t size_px[2])
{
    outlook made = {.size_px = {size_px[0], size_px[1]}};
    float at[3] = {0};
    chx_scene_project(scene, at, &made.at_px[0], &made.at_px[1]);
    for (int k = 0; k < 3; k++) {
        double there[2];
        at[k] = 1;
        chx_scene_project(scene, at, &there[0], &there[1]);
        at[k] = 0;
        for (int i = 0; i < 2; i++)
            made.per_um[k][i] = there[i] - made.at_px[i];
    }
    return made;
}

static bool
is_outside(const outlook *from, const float p[3])
{
    for (int i = 0; i < 2; i++) {
        double px = from->at_px[i];
        for (int k = 0; k < 3; k++)
            px += from->per_um[k][i] * p[k];
        if (px < 0 || px > from->size_px[i])
            return true;
    }
    return false;
}

/* How many of a neuron's points fall outside. */
static uint32_t
count_outside(const outlook *from, const chx_network_info *info, const chx_neuron *neuron)
{
    uint32_t n = 0;
    for (uint32_t i = neuron->first_node; i < neuron->first_node + neuron->n_nodes; i++) {
        float at[3];
        chx_neuron_place(neuron, info->nodes[i].position_um, at);
        n += is_outside(from, at);
    }
    return n;
}

/* What a picture leaves out. */
typedef struct missing {
    const chx_neuron *cells[MOST_NAMES]; /* the first that fall outside altogether */
    uint32_t n_cells;
    const chx_neuron *torn; /* the first of those that fall outside in part */
    uint32_t n_points, n_torn; /* of that one outside, and how many there are of its kind */
} missing;

static missing
find_missing(const outlook *from, const chx_network_info *info)
{
    missing found = {0};
    for (uint32_t n = 0; n < info->n_neurons; n++) {
        const chx_neuron *neuron = &info->neurons[n];
        uint32_t n_points = count_outside(from, info, neuron);
        if (n_points == neuron->n_nodes && is_outside(from, neuron->position_um)) {
            if (found.n_cells < MOST_NAMES)
                found.cells[found.n_cells] = neuron;
            found.n_cells++;
        } else if (n_points > 0 && found.n_torn++ == 0) {
            found.torn = neuron;
            found.n_points = n_points;
        }
    }
    return found;
}

static void
remark_on_cells(const missing *found, const chx_camera *camera)
{
    uint32_t n_named = found->n_cells < MOST_NAMES ? found->n_cells : MOST_NAMES;
    const chx_neuron *first = found->cells[0];
    char length[32], others[32];

    outcome_remark("%s%s%s%s%s%s lie%s outside the picture, %s from its middle; check the unit, "
                   "positions are in um, or see %s with --centre %s",
                   first->name, n_named > 1 ? ", " : "", n_named > 1 ? found->cells[1]->name : "",
                   n_named > 2 ? ", " : "", n_named > 2 ? found->cells[2]->name : "",
                   others_text(found->n_cells - n_named, others), found->n_cells == 1 ? "s" : "",
                   length_text(distance_um(first->position_um, camera->centre_um), length),
                   found->n_cells == 1 ? "it" : "one", first->name);
}

static void
remark_on_points(const missing *found)
{
    char others[32];
    const char *of = others_text(found->n_torn - 1, others);

    outcome_remark("%u of the %u points of %s%s%s lie%s outside the picture, far from the rest; "
                   "check their coordinates",
                   found->n_points, found->torn->n_nodes, found->torn->name,
                   *of ? " and some of those of" : "", *of ? of + strlen(" and") : "",
                   found->n_points == 1 && !*of ? "s" : "");
}

void
placement_remark_on_missing(const chx_network_info *info, const chx_scene *scene,
                            const chx_camera *camera, const uint32_t size_px[2])
{
    const outlook from = outlook_of(scene, size_px);
    const missing found = find_missing(&from, info);

    if (found.n_cells > 0)
        remark_on_cells(&found, camera);
    else
        placement_remark_on_strays(info);
    if (found.n_torn > 0)
        remark_on_points(&found);
}
