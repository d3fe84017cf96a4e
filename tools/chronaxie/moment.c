/*
 * A moment: when a network is brightest as it is drawn.
 *
 * Light is counted as the scene shows it. A spike is seen once its step is over; its light takes
 * path / conduction to reach a place, and fades there until the next spike passes, which makes the
 * place as bright as the first did and no brighter. So a spike adds to each place what had faded
 * since the neuron's last one. A place counts by the area that it covers.
 *
 * Time is cut into bins, 32 of which make the decay time. Each neuron that fires has a profile: the
 * area that its light reaches in each bin after the spike. The sum of all profiles, faded from bin
 * to bin, is the light. All of it is arithmetic in a fixed order.
 */
#include "moment.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BINS_PER_DECAY 32
#define MOST_BINS 1000000.0
#define MOST_PROFILE_BINS 1024u

/* The narrowest line of a picture, as a share of the network's extent. */
#define LINE_SHARE 1e-3

typedef struct profile {
    double *area_um2; /* by bin after the spike */
    uint32_t n_bins; /* 0 until the neuron's first spike */
    double last_ms; /* its latest spike */
} profile;

typedef struct reckoning {
    const chx_network_info *info;
    profile *profiles; /* by neuron */
    double *arrivals; /* area that lights up, by bin */
    size_t n_bins;
    double bin_ms;
    double line_um;
} reckoning;

static double
extent_um(const chx_network_info *info)
{
    float low[3] = {INFINITY, INFINITY, INFINITY};
    float high[3] = {-INFINITY, -INFINITY, -INFINITY};
    double most = 0;

    for (uint32_t n = 0; n < info->n_neurons; n++) {
        const chx_neuron *neuron = &info->neurons[n];
        for (uint32_t i = 0; i <= neuron->n_nodes; i++) {
            float at[3];
            memcpy(at, neuron->position_um, sizeof at);
            if (i < neuron->n_nodes)
                chx_neuron_place(neuron, info->nodes[neuron->first_node + i].position_um, at);
            for (int k = 0; k < 3; k++) {
                low[k] = at[k] < low[k] ? at[k] : low[k];
                high[k] = at[k] > high[k] ? at[k] : high[k];
            }
        }
    }
    for (int k = 0; k < 3; k++)
        most = fmax(most, (double)high[k] - low[k]);
    return most;
}

static double
travel_bins(const reckoning *sum, double path_um)
{
    double bins = path_um / sum->info->view.conduction_um_per_ms / sum->bin_ms;
    return bins < MOST_PROFILE_BINS - 1.0 ? bins : MOST_PROFILE_BINS - 1.0;
}

/* Spreads a branch over the bins in which light runs along it. */
static void
add_branch(const reckoning *sum, profile *of, const chx_node *a, const chx_node *b)
{
    double from = travel_bins(sum, a->path_um);
    double to = travel_bins(sum, b->path_um);
    uint32_t n_pieces = (uint32_t)fmax(1, ceil(fabs(to - from)));
    double area = fabs((double)b->path_um - a->path_um) *
                  fmax(sum->line_um, (double)a->radius_um + b->radius_um);

    for (uint32_t i = 0; i < n_pieces; i++) {
        double at = from + (to - from) * (i + 0.5) / n_pieces;
        of->area_um2[(uint32_t)at] += area / n_pieces;
    }
}

static bool
make_profile(const reckoning *sum, const chx_neuron *neuron, profile *of)
{
    const chx_node *nodes = sum->info->nodes;
    double last = 0;

    for (uint32_t i = 0; i < neuron->n_nodes; i++)
        last = fmax(last, travel_bins(sum, nodes[neuron->first_node + i].path_um));
    of->area_um2 = calloc((size_t)last + 1, sizeof *of->area_um2);
    if (!of->area_um2)
        return false;
    of->n_bins = (uint32_t)last + 1;
    of->last_ms = -INFINITY;
    of->area_um2[0] = (double)neuron->diameter_um * neuron->diameter_um;
    for (uint32_t i = 0; i < neuron->n_nodes; i++) {
        const chx_node *node = &nodes[neuron->first_node + i];
        if (&nodes[node->parent] != node)
            add_branch(sum, of, &nodes[node->parent], node);
    }
    return true;
}

static bool
add_spike(reckoning *sum, const chx_spike *spike)
{
    const chx_network_info *info = sum->info;
    profile *of = &sum->profiles[spike->neuron];
    double at_ms = spike->step * info->time_step_ms;
    size_t bin = (size_t)ceil((at_ms + info->time_step_ms) / sum->bin_ms);
    double faded;

    if (of->n_bins == 0 && !make_profile(sum, &info->neurons[spike->neuron], of))
        return false;
    faded = 1 - exp((of->last_ms - at_ms) / info->view.decay_ms);
    of->last_ms = at_ms;
    for (uint32_t i = 0; i < of->n_bins && bin + i < sum->n_bins; i++)
        sum->arrivals[bin + i] += faded * of->area_um2[i];
    return true;
}

static double
brightest_bin_ms(const reckoning *sum)
{
    double fading = exp(-sum->bin_ms / sum->info->view.decay_ms);
    double light = 0;
    double most = 0;
    size_t brightest = 0;

    for (size_t i = 0; i < sum->n_bins; i++) {
        light = light * fading + sum->arrivals[i];
        if (light > most) {
            most = light;
            brightest = i;
        }
    }
    return brightest * sum->bin_ms;
}

bool
moment_brightest(const chx_network_info *info, const chx_spike *spikes, size_t n_spikes,
                 double duration_ms, double *at_ms)
{
    reckoning sum = {.info = info, .line_um = LINE_SHARE * extent_um(info)};
    bool done;

    *at_ms = 0.5 * duration_ms;
    if (n_spikes == 0)
        return true;
    sum.bin_ms = fmax(info->view.decay_ms / BINS_PER_DECAY, duration_ms / MOST_BINS);
    sum.n_bins = (size_t)(duration_ms / sum.bin_ms) + 1;
    sum.profiles = calloc(info->n_neurons, sizeof *sum.profiles);
    sum.arrivals = calloc(sum.n_bins, sizeof *sum.arrivals);
    done = sum.profiles && sum.arrivals;
    for (size_t i = 0; i < n_spikes && done; i++)
        done = add_spike(&sum, &spikes[i]);
    if (done) {
        double found_ms = brightest_bin_ms(&sum);
        double step = ceil(found_ms / info->time_step_ms - 1e-6);
        /* Spikes that are over before they are seen leave nothing to choose. */
        *at_ms = found_ms > 0 ? fmin(step * info->time_step_ms, duration_ms) : duration_ms;
    }
    for (uint32_t i = 0; i < info->n_neurons && sum.profiles; i++)
        free(sum.profiles[i].area_um2);
    free(sum.profiles);
    free(sum.arrivals);
    return done;
}
