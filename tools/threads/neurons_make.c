/* The peer of runtime/network/simulation_tables.c: the same unit of weights, batch, ring and
 * propagators, worked out again. Each worker's arrays stand on cache lines of their own, so that
 * no two threads write to one. */
#include "neurons.h"

#include <math.h>
#include <stdlib.h>

static uint32_t
to_steps(const chx_network_info *info, double ms)
{
    double steps = floor(ms / info->time_step_ms + 0.5);
    return steps >= 4294967295.0 ? UINT32_MAX : (uint32_t)steps;
}

static uint32_t
synapse_steps(const chx_network_info *info, const chx_synapse *synapse)
{
    uint32_t steps = to_steps(info, synapse->delay_ms);
    return steps > 0 ? steps : 1;
}

/* How likely more than 0, 1, ... events in a step are, of 2^32, until it is nothing; `chances` may
 * be NULL. */
static uint32_t
count_chances(const chx_network_info *info, const chx_stimulus *stimulus, uint32_t *chances)
{
    const double mean = stimulus->rate_hz * info->time_step_ms * 1e-3;
    double term = exp(-mean), tail = 1 - term;
    uint32_t n = 0;
    while (floor(tail * 4294967296.0 + 0.5) >= 1) {
        const double scaled = floor(tail * 4294967296.0 + 0.5);
        if (chances)
            chances[n] = scaled > 4294967295.0 ? UINT32_MAX : (uint32_t)scaled;
        n++;
        term *= mean / n;
        tail -= term;
    }
    return n;
}

/* The most that a stimulus adds to the synaptic current of a neuron in one step, in events. */
static uint32_t
most_events(const chx_network_info *info, const chx_stimulus *stimulus)
{
    if (stimulus->kind == CHX_STIMULUS_POISSON)
        return count_chances(info, stimulus, NULL);
    if (stimulus->kind == CHX_STIMULUS_STEP)
        return 0;
    uint32_t largest = 0, run = 0;
    for (uint32_t i = 0; i < stimulus->n_spikes; i++) {
        const chx_spike *spike = &stimulus->spikes[i];
        bool again = i > 0 && spike->step == spike[-1].step && spike->neuron == spike[-1].neuron;
        run = again ? run + 1 : 1;
        largest = run > largest ? run : largest;
    }
    return largest;
}

/* The largest exponent up to 40 with which no neuron's input of one step can overflow. */
static bool
choose_exponent(threads_grid *grid)
{
    const chx_network_info *info = grid->info;
    double *total = calloc(info->n_neurons, sizeof *total);
    double *inputs = calloc(info->n_neurons, sizeof *inputs);
    double most = 0, most_inputs = 0;
    if (!total || !inputs) {
        free(total);
        free(inputs);
        return false;
    }
    for (uint64_t s = 0; s < info->n_synapses; s++) {
        total[info->synapses[s].post] += fabs((double)info->synapses[s].weight_pa);
        inputs[info->synapses[s].post] += 1;
    }
    for (uint32_t k = 0; k < info->n_stimuli; k++) {
        const chx_stimulus *stimulus = &info->stimuli[k];
        const uint32_t n_events = most_events(info, stimulus);
        for (uint32_t i = 0; i < stimulus->n_neurons; i++) {
            total[stimulus->neurons[i]] += n_events * fabs(stimulus->current_pa);
            inputs[stimulus->neurons[i]] += n_events;
        }
    }
    for (uint32_t n = 0; n < info->n_neurons; n++) {
        most = total[n] > most ? total[n] : most;
        most_inputs = inputs[n] > most_inputs ? inputs[n] : most_inputs;
    }
    free(total);
    free(inputs);
    grid->exponent = 40;
    while (most * exp2(grid->exponent) + most_inputs / 2 > 2147483647.0)
        grid->exponent--;
    return true;
}

bool
threads_grid_init(threads_grid *grid, const chx_network_info *info, uint64_t seed)
{
    *grid = (threads_grid){.info = info, .seed = seed, .batch_steps = info->n_gaps > 0 ? 1 : 128};
    uint32_t longest = 1;
    for (uint64_t s = 0; s < info->n_synapses; s++) {
        uint32_t steps = synapse_steps(info, &info->synapses[s]);
        grid->batch_steps = steps < grid->batch_steps ? steps : grid->batch_steps;
        longest = steps > longest ? steps : longest;
    }
    longest = longest > grid->batch_steps ? longest : grid->batch_steps;
    for (grid->n_slots = 1; grid->n_slots < longest;)
        grid->n_slots *= 2;
    for (uint32_t t = 0; t < info->n_types; t++) {
        const chx_lif_params *params = &info->types[t].params;
        float keep_v = (float)exp(-info->time_step_ms / params->tau_membrane_ms);
        float keep_i = (float)exp(-info->time_step_ms / params->tau_synapse_ms);
        if (keep_v < 0.2f || keep_i < 0.2f)
            grid->always_flush = true;
    }
    for (int turn = 0; turn < 2 && info->n_gaps > 0; turn++)
        if (!(grid->told[turn] = calloc(info->n_neurons, sizeof(float))))
            return false;
    return choose_exponent(grid);
}

void
threads_grid_finish(threads_grid *grid)
{
    free(grid->told[0]);
    free(grid->told[1]);
    *grid = (threads_grid){0};
}

/* Zeroes on cache lines of their own. */
static void *
array(size_t count, size_t size)
{
    size_t bytes = (count * size + 64) / 64 * 64;
    void *memory = aligned_alloc(64, bytes);
    for (size_t i = 0; memory && i < bytes; i++)
        ((char *)memory)[i] = 0;
    return memory;
}

static bool
allocate(threads_neurons *a, const threads_grid *grid)
{
    float **floats[] = {&a->v,    &a->current,   &a->p22,   &a->p21,  &a->p20,   &a->p11,
                        &a->push, &a->threshold, &a->reset, &a->bias, &a->drive, &a->pull};
    int32_t **ints[] = {&a->refractory, &a->refractory_steps, &a->fired};
    bool complete = true;
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
        complete = (*floats[i] = array(a->n, sizeof(float))) && complete;
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++)
        complete = (*ints[i] = array(a->n, sizeof(int32_t))) && complete;
    complete = (a->ring = array((size_t)grid->n_slots * a->n, sizeof *a->ring)) && complete;
    complete = (a->draws = array((size_t)4 * (a->n + 3), sizeof *a->draws)) && complete;
    complete =
        (a->offsets = array((size_t)grid->info->n_neurons + 1, sizeof *a->offsets)) && complete;
    complete = (a->stimuli = array(grid->info->n_stimuli, sizeof *a->stimuli)) && complete;
    return complete;
}

static float
visible(double factor)
{
    return fabs(factor) < 0x1p-60 ? 0 : (float)factor;
}

static void
set_parameters(threads_neurons *a, const threads_grid *grid)
{
    const chx_network_info *info = grid->info;
    const double h = info->time_step_ms;
    for (uint32_t n = 0; n < a->n; n++) {
        const chx_lif_params *p = &info->types[info->neurons[a->first + n].type].params;
        const double m = p->tau_membrane_ms, s = p->tau_synapse_ms, c = p->capacitance_pf;
        a->p22[n] = visible(exp(-h / m));
        a->p11[n] = visible(exp(-h / s));
        a->p21[n] = visible(s * m / (m - s) / c * (exp(-h / m) - exp(-h / s)));
        a->p20[n] = visible(-m / c * expm1(-h / m));
        a->bias[n] = (float)p->bias_pa;
        a->drive[n] = a->bias[n];
        a->push[n] = a->p20[n] * a->bias[n];
        a->threshold[n] = (float)(p->threshold_mv - p->resting_mv);
        a->reset[n] = (float)(p->reset_mv - p->resting_mv);
        uint32_t steps = to_steps(info, p->refractory_ms);
        a->refractory_steps[n] = steps > INT32_MAX ? INT32_MAX : (int32_t)steps;
    }
}

static int32_t
in_units(const threads_grid *grid, double current_pa)
{
    return (int32_t)llround(current_pa * exp2(grid->exponent));
}

/* Four neurons in a row of the network have a counter, and each a word of it. */
static bool
set_draws(const threads_neurons *a, const chx_network_info *info, const chx_stimulus *from,
          threads_stimulus *to)
{
    to->n_chances = count_chances(info, from, NULL);
    to->chances = malloc((to->n_chances + (size_t)1) * sizeof *to->chances);
    to->counters = malloc((to->n_neurons + (size_t)1) * sizeof *to->counters);
    to->words = malloc((to->n_neurons + (size_t)1) * sizeof *to->words);
    if (!to->chances || !to->counters || !to->words)
        return false;
    count_chances(info, from, to->chances);
    for (uint32_t i = 0; i < to->n_neurons; i++) {
        const uint32_t neuron = a->first + to->neurons[i];
        if (i == 0 || to->counters[to->n_counters - 1] != neuron / 4)
            to->counters[to->n_counters++] = neuron / 4;
        to->words[i] = 4 * (to->n_counters - 1) + neuron % 4;
    }
    return true;
}

static bool
set_stimuli(threads_neurons *a, const threads_grid *grid)
{
    const chx_network_info *info = grid->info;
    for (uint32_t k = 0; k < info->n_stimuli; k++) {
        const chx_stimulus *from = &info->stimuli[k];
        threads_stimulus *to = &a->stimuli[k];
        char *seen = calloc(a->n + 1, 1);
        to->neurons = malloc((a->n + (size_t)1) * sizeof *to->neurons);
        if (!seen || !to->neurons) {
            free(seen);
            return false;
        }
        to->index = k;
        to->start_step = to_steps(info, from->start_ms);
        to->stop_step = to_steps(info, from->stop_ms);
        if (from->kind == CHX_STIMULUS_STEP) {
            to->current_pa = (float)from->current_pa;
        } else {
            to->weight = in_units(grid, from->current_pa);
        }
        for (uint32_t i = 0; i < from->n_neurons; i++)
            if (from->neurons[i] >= a->first && from->neurons[i] - a->first < a->n)
                seen[from->neurons[i] - a->first] = 1;
        for (uint32_t n = 0; n < a->n; n++)
            if (seen[n])
                to->neurons[to->n_neurons++] = n;
        free(seen);
        if (from->kind == CHX_STIMULUS_POISSON && !set_draws(a, info, from, to))
            return false;
    }
    return true;
}

static bool
set_synapses(threads_neurons *a, const threads_grid *grid)
{
    const chx_network_info *info = grid->info;
    uint64_t count = 0;
    for (uint64_t s = 0; s < info->n_synapses; s++) {
        uint32_t post = info->synapses[s].post;
        bool here = post >= a->first && post - a->first < a->n;
        count += here;
        a->offsets[info->synapses[s].pre + 1] += here;
    }
    for (uint32_t n = 0; n < info->n_neurons; n++)
        a->offsets[n + 1] += a->offsets[n];
    a->targets = malloc((count + 1) * sizeof *a->targets);
    a->delays = malloc((count + 1) * sizeof *a->delays);
    a->weights = malloc((count + 1) * sizeof *a->weights);
    if (!a->targets || !a->delays || !a->weights)
        return false;
    count = 0;
    for (uint64_t s = 0; s < info->n_synapses; s++) {
        const chx_synapse *synapse = &info->synapses[s];
        if (synapse->post < a->first || synapse->post - a->first >= a->n)
            continue;
        a->targets[count] = synapse->post - a->first;
        a->delays[count] = synapse_steps(info, synapse);
        a->weights[count++] = in_units(grid, synapse->weight_pa);
    }
    return true;
}

static void
add_side(threads_neurons *a, const chx_network_info *info, uint32_t neuron, uint32_t other,
         float conductance_ns)
{
    const chx_neuron *neurons = info->neurons;
    if (neuron < a->first || neuron - a->first >= a->n)
        return;
    a->sides[a->n_sides++] =
        (threads_side){neuron - a->first, other, conductance_ns,
                       (float)(info->types[neurons[other].type].params.resting_mv -
                               info->types[neurons[neuron].type].params.resting_mv)};
}

static bool
set_sides(threads_neurons *a, const threads_grid *grid)
{
    const chx_network_info *info = grid->info;
    a->sides = calloc(2 * (size_t)info->n_gaps + 1, sizeof *a->sides);
    for (uint64_t i = 0; a->sides && i < info->n_gaps; i++) {
        const chx_gap *gap = &info->gaps[i];
        add_side(a, info, gap->neuron, gap->other, gap->conductance_ns);
        add_side(a, info, gap->other, gap->neuron, gap->conductance_ns);
    }
    return a->sides != NULL;
}

bool
threads_neurons_init(threads_neurons *a, const threads_grid *grid, uint32_t first, uint32_t n)
{
    *a = (threads_neurons){.first = first, .n = n};
    if (!allocate(a, grid))
        return false;
    set_parameters(a, grid);
    return set_stimuli(a, grid) && set_synapses(a, grid) && set_sides(a, grid);
}

void
threads_neurons_finish(threads_neurons *a, const threads_grid *grid)
{
    void *arrays[] = {a->v,       a->current, a->p22,        a->p21,     a->p20,
                      a->p11,     a->push,    a->threshold,  a->reset,   a->bias,
                      a->fired,   a->ring,    a->refractory, a->draws,   a->refractory_steps,
                      a->delays,  a->offsets, a->targets,    a->weights, a->list[0],
                      a->list[1], a->drive,   a->pull,       a->sides};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
    for (uint32_t k = 0; a->stimuli && k < grid->info->n_stimuli; k++) {
        free(a->stimuli[k].neurons);
        free(a->stimuli[k].chances);
        free(a->stimuli[k].counters);
        free(a->stimuli[k].words);
    }
    free(a->stimuli);
    *a = (threads_neurons){0};
}
