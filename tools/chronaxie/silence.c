/*
 * Silence: why no neuron of a network fired.
 *
 * While nothing fires, no synapse does anything, so a neuron's drive is its bias, the steps that
 * are on, and the mean of its random and recorded input: rate x current x tau_synapse. A drive that
 * lasts reaches the threshold when it exceeds capacitance x (threshold - resting) / tau_membrane.
 * That is so of leaky integrate-and-fire neurons; where there are others, only the fact is told.
 */
#include "silence.h"

#include <stdlib.h>

#include "outcome.h"

/* A stimulus begins or ends. */
typedef struct edge {
    double time_ms;
    int sign; /* 1 begins, -1 ends */
    uint32_t stimulus;
} edge;

typedef struct drive {
    double now_pa;
    double most_pa;
} drive;

/* Of a neuron, its own or its type's. */
static chx_lif_params
params_of(const chx_network *network, uint32_t neuron)
{
    return (chx_lif_params){
        .capacitance_pf = chx_network_parameter(network, neuron, "capacitance_pf"),
        .tau_membrane_ms = chx_network_parameter(network, neuron, "tau_membrane_ms"),
        .tau_synapse_ms = chx_network_parameter(network, neuron, "tau_synapse_ms"),
        .resting_mv = chx_network_parameter(network, neuron, "resting_mv"),
        .threshold_mv = chx_network_parameter(network, neuron, "threshold_mv"),
        .bias_pa = chx_network_parameter(network, neuron, "bias_pa"),
    };
}

static double
threshold_pa(const chx_lif_params *params)
{
    return params->capacitance_pf * (params->threshold_mv - params->resting_mv) /
           params->tau_membrane_ms;
}

static double
stimulus_pa(const chx_stimulus *stimulus, const chx_lif_params *params)
{
    if (stimulus->kind == CHX_STIMULUS_STEP)
        return stimulus->current_pa;
    if (stimulus->kind == CHX_STIMULUS_SPIKE_TRAIN)
        return stimulus->current_pa * stimulus->n_spikes / stimulus->n_neurons /
               (stimulus->stop_ms - stimulus->start_ms) * params->tau_synapse_ms;
    return stimulus->current_pa * stimulus->rate_hz * 1e-3 * params->tau_synapse_ms;
}

/* By time; at one time what ends goes before what begins. */
static int
compare_changes(const void *left, const void *right)
{
    const edge *a = left;
    const edge *b = right;

    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    if (a->sign != b->sign)
        return a->sign < b->sign ? -1 : 1;
    return (a->stimulus > b->stimulus) - (a->stimulus < b->stimulus);
}

static size_t
list_changes(const chx_network_info *info, double duration_ms, edge *changes)
{
    size_t n = 0;

    for (uint32_t k = 0; k < info->n_stimuli; k++) {
        const chx_stimulus *stimulus = &info->stimuli[k];
        if (stimulus->stop_ms <= stimulus->start_ms || stimulus->start_ms >= duration_ms)
            continue;
        changes[n++] = (edge){stimulus->start_ms, 1, k};
        changes[n++] = (edge){stimulus->stop_ms, -1, k};
    }
    qsort(changes, n, sizeof *changes, compare_changes);
    return n;
}

static void
follow(const chx_network *network, const edge *change, drive *drives)
{
    const chx_stimulus *stimulus = &chx_network_outline(network)->stimuli[change->stimulus];

    for (uint32_t i = 0; i < stimulus->n_neurons; i++) {
        uint32_t n = stimulus->neurons[i];
        const chx_lif_params params = params_of(network, n);
        drives[n].now_pa += change->sign * stimulus_pa(stimulus, &params);
        if (drives[n].now_pa > drives[n].most_pa)
            drives[n].most_pa = drives[n].now_pa;
    }
}

static void
say(const chx_network *network, const drive *drives, double duration_ms)
{
    const chx_network_info *info = chx_network_outline(network);
    chx_lif_params params;
    uint32_t nearest = 0;
    double best = -1;
    double drive_pa, wanted_pa;
    const chx_neuron *neuron;

    for (uint32_t i = 0; i < info->n_neurons; i++) {
        params = params_of(network, i);
        double wanted = threshold_pa(&params);
        double share = wanted > 0 && drives[i].most_pa > 0 ? drives[i].most_pa / wanted : 0;
        if (share > best) {
            best = share;
            nearest = i;
        }
    }
    neuron = &info->neurons[nearest];
    drive_pa = drives[nearest].most_pa;
    params = params_of(network, nearest);
    wanted_pa = threshold_pa(&params);
    if (best == 0)
        outcome_remark("no neuron fired in %.6g ms: no current drives any; more than %.4g pA would "
                       "reach the threshold of %s (type %s)",
                       duration_ms, wanted_pa, neuron->name, info->types[neuron->type].name);
    else if (drive_pa <= wanted_pa)
        outcome_remark("no neuron fired in %.6g ms: the largest drive is %.4g pA, of %s (type %s); "
                       "more than %.4g pA would reach its threshold",
                       duration_ms, drive_pa, neuron->name, info->types[neuron->type].name,
                       wanted_pa);
    else
        outcome_remark("no neuron fired in %.6g ms: the largest drive is %.4g pA, of %s (type %s); "
                       "%.4g pA would reach its threshold, but it did not last long enough",
                       duration_ms, drive_pa, neuron->name, info->types[neuron->type].name,
                       wanted_pa);
}

void
silence_remark(const chx_network *network, uint64_t n_spikes, double duration_ms)
{
    const chx_network_info *info = chx_network_outline(network);
    drive *drives;
    edge *changes;

    if (n_spikes > 0 || info->n_neurons == 0 || !(duration_ms > 0))
        return;
    for (uint32_t t = 0; t < info->n_types; t++)
        if (info->types[t].model) {
            outcome_remark("no neuron fired in %.6g ms", duration_ms);
            return;
        }
    drives = calloc(info->n_neurons, sizeof *drives);
    changes = calloc(2 * (size_t)info->n_stimuli + 1, sizeof *changes);
    if (drives && changes) {
        size_t n_changes = list_changes(info, duration_ms, changes);
        for (uint32_t i = 0; i < info->n_neurons; i++)
            drives[i].now_pa = drives[i].most_pa = params_of(network, i).bias_pa;
        for (size_t i = 0; i < n_changes; i++)
            follow(network, &changes[i], drives);
        say(network, drives, duration_ms);
    }
    free(drives);
    free(changes);
}
