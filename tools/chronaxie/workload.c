/* Each network is a draft, a description with places for all that it points to, which
 * chx_network_create() copies. Neurons of a population are consecutive, so that one list of numbers
 * serves all projections. */
#include "workload.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_TYPES = 8,
    MAX_PROJECTIONS = MAX_TYPES * MAX_TYPES,
};

const char *const workload_names[N_WORKLOADS] = {"cuba", "microcircuit", "fly", "uniform", "hh"};

typedef struct draft {
    chx_network_info info;
    chx_neuron_type types[MAX_TYPES];
    chx_initial initial[MAX_TYPES]; /* potential of each type */
    uint32_t first[MAX_TYPES + 1]; /* neuron of each type; then their number */
    chx_projection projections[MAX_PROJECTIONS];
    chx_stimulus stimuli[MAX_TYPES];
    chx_neuron *neurons;
    char (*names)[24];
    uint32_t *numbers; /* 0, 1, 2 ... */
    chx_synapse *synapses; /* or NULL */
    uint32_t *driven; /* or NULL */
} draft;

/* Reads what follows the name's equals sign. */
static bool
read_size(const char *text, workload *load)
{
    workload_size *size = &load->size;
    int end = 0;
    if (load->kind == WORKLOAD_MICROCIRCUIT)
        return sscanf(text, "%lf%n", &load->scale, &end) == 1 && text[end] == '\0' &&
               load->scale >= 0.01 && load->scale <= 1.0;
    return load->kind == WORKLOAD_UNIFORM &&
           sscanf(text, "%8u,%6u,%lf%n", &size->n_neurons, &size->n_inputs, &size->rate_hz, &end) ==
               3 &&
           text[end] == '\0' && size->n_neurons >= 10 && size->n_neurons <= 10000000 &&
           size->n_inputs >= 1 && size->n_inputs <= 100000 && size->rate_hz >= 1.0 &&
           size->rate_hz <= 100.0;
}

bool
workload_parse(const char *text, workload *load)
{
    size_t length = strcspn(text, "=");

    load->scale = 0.1;
    load->size = (workload_size){10000, 100, 5.0};
    for (int kind = 0; kind < N_WORKLOADS; kind++) {
        if (strlen(workload_names[kind]) != length || strncmp(text, workload_names[kind], length))
            continue;
        load->kind = (workload_kind)kind;
        if (text[length] == '=' && !read_size(text + length + 1, load))
            return false;
        const workload_size *size = &load->size;
        if (kind == WORKLOAD_MICROCIRCUIT)
            snprintf(load->name, sizeof load->name, "%s=%g", workload_names[kind], load->scale);
        else if (kind == WORKLOAD_UNIFORM)
            snprintf(load->name, sizeof load->name, "%s=%u,%u,%g", workload_names[kind],
                     size->n_neurons, size->n_inputs, size->rate_hz);
        else
            snprintf(load->name, sizeof load->name, "%s", workload_names[kind]);
        return true;
    }
    return false;
}

/* Begins a draft whose types have so many neurons each. Pictures are not made of it, so that all
 * may stand in one place. */
static bool
begin_draft(draft *d, const char *name, const uint32_t *sizes)
{
    chx_network_info *info = &d->info;
    info->name = name;
    info->time_step_ms = 0.1;
    info->duration_ms = 1000.0;
    info->seed = 1;
    info->types = d->types;
    info->projections = d->projections;
    info->stimuli = d->stimuli;
    info->view.is_layout = true;
    for (uint32_t t = 0; t < info->n_types; t++)
        d->first[t + 1] = d->first[t] + sizes[t];
    info->n_neurons = d->first[info->n_types];
    d->neurons = calloc(info->n_neurons, sizeof *d->neurons);
    d->names = calloc(info->n_neurons, sizeof *d->names);
    d->numbers = calloc(info->n_neurons, sizeof *d->numbers);
    info->neurons = d->neurons;
    if (!d->neurons || !d->names || !d->numbers)
        return false;
    for (uint32_t t = 0; t < info->n_types; t++) {
        for (uint32_t i = d->first[t]; i < d->first[t + 1]; i++) {
            snprintf(d->names[i], sizeof *d->names, "%.11s%u", d->types[t].name,
                     i - d->first[t] + 1);
            d->neurons[i] = (chx_neuron){.name = d->names[i], .type = t, .diameter_um = 10.0f};
            d->numbers[i] = i;
        }
    }
    return true;
}

/* Potentials of a type begin there. */
static void
begin_at(draft *d, uint32_t type, chx_distribution potential_mv)
{
    d->initial[type] = (chx_initial){"potential_mv", potential_mv};
    d->types[type].initial = &d->initial[type];
    d->types[type].n_initial = 1;
}

/* The next projection, from a type to the types `to` .. `last`. */
static chx_projection *
add_projection(draft *d, uint32_t from, uint32_t to, uint32_t last)
{
    chx_projection *projection = &d->projections[d->info.n_projections++];
    projection->from = d->numbers + d->first[from];
    projection->n_from = d->first[from + 1] - d->first[from];
    projection->to = d->numbers + d->first[to];
    projection->n_to = d->first[last + 1] - d->first[to];
    return projection;
}

static void
add_poisson(draft *d, const uint32_t *neurons, uint32_t n, double rate_hz, double event_pa)
{
    d->stimuli[d->info.n_stimuli++] = (chx_stimulus){.kind = CHX_STIMULUS_POISSON,
                                                     .stop_ms = 1e6,
                                                     .rate_hz = rate_hz,
                                                     .current_pa = event_pa,
                                                     .neurons = neurons,
                                                     .n_neurons = n};
}

static bool
draft_cuba(draft *d)
{
    static const uint32_t sizes[] = {3200, 800};
    static const char *const names[] = {"E", "I"};
    static const double weights_pa[] = {16.2, -90.0};
    const chx_lif_params cell = {.capacitance_pf = 200.0,
                                 .tau_membrane_ms = 20.0,
                                 .tau_synapse_ms = 5.0,
                                 .tau_inhibition_ms = 10.0,
                                 .resting_mv = -49.0,
                                 .threshold_mv = -50.0,
                                 .reset_mv = -60.0,
                                 .refractory_ms = 5.0};
    for (uint32_t t = 0; t < 2; t++) {
        d->types[t] = (chx_neuron_type){.name = names[t], .params = cell};
        begin_at(d, t,
                 (chx_distribution){.kind = CHX_DISTRIBUTION_UNIFORM, .min = -60.0, .max = -50.0});
    }
    d->info.n_types = 2;
    if (!begin_draft(d, "CUBA", sizes))
        return false;
    for (uint32_t t = 0; t < 2; t++) {
        chx_projection *projection = add_projection(d, t, 0, 1);
        projection->rule = CHX_RULE_PAIRWISE_BERNOULLI;
        projection->probability = 0.02;
        projection->weight_pa.mean = weights_pa[t];
        projection->delay_ms.mean = 0.1;
    }
    return true;
}

/* Populations of the microcircuit. */
enum {
    POPULATIONS = 8,
    L23E = 0,
    L4E = 2,
};

static const uint32_t full_sizes[POPULATIONS] = {20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948};
static const double inputs[POPULATIONS] = {1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100};
static const double rates_hz[POPULATIONS] = {0.903, 2.965, 4.414, 5.876,
                                             7.569, 8.633, 1.105, 7.829};
static const double begins_mv[POPULATIONS] = {-68.28, -63.16, -63.33, -63.45,
                                              -63.11, -61.66, -66.72, -61.43};
static const double begins_sd_mv[POPULATIONS] = {5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48};
static const double input_hz = 8.0;
static const double weight_pa = 87.8;

/* Rows are targets, columns sources. */
static const double probabilities[POPULATIONS][POPULATIONS] = {
    {.1009, .1689, .0437, .0818, .0323, 0, .0076, 0},
    {.1346, .1371, .0316, .0515, .0755, 0, .0042, 0},
    {.0077, .0059, .0497, .135, .0067, .0003, .0453, 0},
    {.0691, .0029, .0794, .1597, .0033, 0, .1057, 0},
    {.1004, .0622, .0505, .0057, .0831, .3726, .0204, 0},
    {.0548, .0269, .0257, .0022, .06, .3158, .0086, 0},
    {.0156, .0066, .0211, .0166, .0572, .0197, .0396, .2252},
    {.0364, .001, .0034, .0005, .0277, .008, .0658, .1443},
};

static bool
inhibits(uint32_t population)
{
    return population % 2 == 1;
}

/* Mean weight at full scale. */
static double
mean_pa(uint32_t to, uint32_t from)
{
    if (inhibits(from))
        return -4.0 * weight_pa;
    return to == L23E && from == L4E ? 2.0 * weight_pa : weight_pa;
}

/* Synapses at full scale, drawn with replacement, so that a pair is joined with the probability. */
static double
full_synapses(uint32_t to, uint32_t from)
{
    double pairs = (double)full_sizes[to] * full_sizes[from];
    return round(log(1.0 - probabilities[to][from]) / log1p(-1.0 / pairs));
}

/* The steady current that stands for the inputs which a smaller network lacks. */
static double
missing_pa(uint32_t to, double scale, double tau_synapse_ms)
{
    double sum = weight_pa * inputs[to] * input_hz;
    for (uint32_t from = 0; from < POPULATIONS; from++)
        sum += mean_pa(to, from) * full_synapses(to, from) / full_sizes[to] * rates_hz[from];
    return 1e-3 * tau_synapse_ms * (1.0 - sqrt(scale)) * sum;
}

static void
join_populations(draft *d, uint32_t to, uint32_t from, double scale)
{
    double synapses = round(full_synapses(to, from) * scale * scale);
    double weight = mean_pa(to, from) / sqrt(scale);
    double delay_ms = inhibits(from) ? 0.75 : 1.5;
    if (synapses < 1.0)
        return;
    chx_projection *projection = add_projection(d, from, to, to);
    projection->rule = CHX_RULE_FIXED_TOTAL;
    projection->synapses = (uint64_t)synapses;
    projection->with_self = true;
    projection->weight_pa = (chx_distribution){.kind = CHX_DISTRIBUTION_NORMAL,
                                               .mean = weight,
                                               .sd = 0.1 * fabs(weight),
                                               .min = weight < 0.0 ? -HUGE_VAL : 0.0,
                                               .max = weight < 0.0 ? 0.0 : HUGE_VAL};
    projection->delay_ms = (chx_distribution){.kind = CHX_DISTRIBUTION_NORMAL,
                                              .mean = delay_ms,
                                              .sd = 0.5 * delay_ms,
                                              .min = 0.1,
                                              .max = HUGE_VAL};
}

static bool
draft_microcircuit(draft *d, double scale)
{
    static const char *const names[POPULATIONS] = {"L23E", "L23I", "L4E", "L4I",
                                                   "L5E",  "L5I",  "L6E", "L6I"};
    uint32_t sizes[POPULATIONS];
    chx_lif_params cell = {.capacitance_pf = 250.0,
                           .tau_membrane_ms = 10.0,
                           .tau_synapse_ms = 0.5,
                           .resting_mv = -65.0,
                           .threshold_mv = -50.0,
                           .reset_mv = -65.0,
                           .refractory_ms = 2.0};
    for (uint32_t t = 0; t < POPULATIONS; t++) {
        cell.bias_pa = missing_pa(t, scale, cell.tau_synapse_ms);
        d->types[t] = (chx_neuron_type){.name = names[t], .params = cell};
        begin_at(d, t,
                 (chx_distribution){
                     .kind = CHX_DISTRIBUTION_NORMAL, .mean = begins_mv[t], .sd = begins_sd_mv[t]});
        sizes[t] = (uint32_t)lrint(full_sizes[t] * scale);
    }
    d->info.n_types = POPULATIONS;
    if (!begin_draft(d, "Cortical microcircuit", sizes))
        return false;
    for (uint32_t to = 0; to < POPULATIONS; to++) {
        for (uint32_t from = 0; from < POPULATIONS; from++)
            join_populations(d, to, from, scale);
        add_poisson(d, d->numbers + d->first[to], sizes[to], input_hz * inputs[to] * scale,
                    weight_pa / sqrt(scale));
    }
    return true;
}

/* With 20 pF and 20 ms a current of 1 pA is 1 mV of the paper's g. There a spike sets g to 0 and g
 * is frozen in the refractory time; here it decays on. A stimulus there adds 68.75 mV to the
 * potential; here it adds that much charge at once, through a synapse that decays within a step,
 * and what other neurons send to the driven ones comes as fast, with the same charge. */
static bool
draft_fly(draft *d, wiring_sums *sums)
{
    enum {
        DRIVEN = 112,
    };
    static const uint32_t sizes[] = {WIRING_NEURONS, 0};
    const double contact_pa = 0.275, event_mv = 68.75, fast_ms = 0.01;
    const chx_lif_params cell = {.capacitance_pf = 20.0,
                                 .tau_membrane_ms = 20.0,
                                 .tau_synapse_ms = 5.0,
                                 .resting_mv = -52.0,
                                 .threshold_mv = -45.0,
                                 .reset_mv = -52.0,
                                 .refractory_ms = 2.2};
    chx_lif_params driven = cell;
    driven.tau_synapse_ms = fast_ms;
    driven.refractory_ms = 0.0;
    d->types[0] = (chx_neuron_type){.name = "neuron", .params = cell};
    d->types[1] = (chx_neuron_type){.name = "driven", .params = driven};
    d->info.n_types = 2;
    d->synapses = malloc(WIRING_SYNAPSES * sizeof *d->synapses);
    d->driven = malloc(DRIVEN * sizeof *d->driven);
    if (!d->synapses || !d->driven || !begin_draft(d, "Fly, surrogate wiring", sizes))
        return false;
    wiring_make(contact_pa, 1.8, d->synapses, sums);
    for (uint32_t k = 0; k < DRIVEN; k++) {
        d->driven[k] = k * 1237u % WIRING_NEURONS;
        d->neurons[d->driven[k]].type = 1;
    }
    for (uint32_t k = 0; k < WIRING_SYNAPSES; k++)
        if (d->neurons[d->synapses[k].post].type == 1)
            d->synapses[k].weight_pa *= (float)(cell.tau_synapse_ms / fast_ms);
    d->info.synapses = d->synapses;
    d->info.n_synapses = WIRING_SYNAPSES;
    add_poisson(d, d->driven, DRIVEN, 150.0, event_mv * cell.capacitance_pf / fast_ms);
    return true;
}

/* A steady current drives each neuron to the rate, whatever comes from the others: a period is the
 * refractory time and the time from reset to threshold in closed form. */
static bool
draft_uniform(draft *d, const workload_size *size)
{
    const double span_mv = 15.0;
    chx_lif_params cell = {.capacitance_pf = 250.0,
                           .tau_membrane_ms = 100.0,
                           .tau_synapse_ms = 0.5,
                           .resting_mv = -65.0,
                           .threshold_mv = -65.0 + span_mv,
                           .reset_mv = -65.0,
                           .refractory_ms = 2.0};
    double rise_ms = 1000.0 / size->rate_hz - cell.refractory_ms;
    double steady_mv = span_mv / -expm1(-rise_ms / cell.tau_membrane_ms);
    cell.bias_pa = steady_mv * cell.capacitance_pf / cell.tau_membrane_ms;
    d->types[0] = (chx_neuron_type){.name = "neuron", .params = cell};
    begin_at(d, 0,
             (chx_distribution){
                 .kind = CHX_DISTRIBUTION_UNIFORM, .min = cell.reset_mv, .max = cell.threshold_mv});
    d->info.n_types = 1;
    if (!begin_draft(d, "Uniform", &size->n_neurons))
        return false;
    chx_projection *projection = add_projection(d, 0, 0, 0);
    projection->rule = CHX_RULE_FIXED_INDEGREE;
    projection->synapses = size->n_inputs;
    projection->with_self = true;
    projection->weight_pa =
        (chx_distribution){.kind = CHX_DISTRIBUTION_NORMAL, .mean = 1e-3, .sd = 1e-4};
    projection->delay_ms = (chx_distribution){
        .kind = CHX_DISTRIBUTION_NORMAL, .mean = 1.5, .sd = 0.75, .min = 0.1, .max = HUGE_VAL};
    return true;
}

/* A synapse that does not decay holds the current that each begins with. About three in ten get too
 * little to fire steadily. */
static bool
draft_hh(draft *d)
{
    static const uint32_t n_neurons = 21000;
    static const chx_parameter steady = {"tau_synapse_ms", 1e9};
    d->initial[0] =
        (chx_initial){"current_pa", {.kind = CHX_DISTRIBUTION_UNIFORM, .min = 0.0, .max = 200.0}};
    d->types[0] = (chx_neuron_type){.name = "axon",
                                    .model = "hh",
                                    .parameters = &steady,
                                    .n_parameters = 1,
                                    .initial = d->initial,
                                    .n_initial = 1};
    d->info.n_types = 1;
    if (!begin_draft(d, "Axons", &n_neurons))
        return false;
    d->info.time_step_ms = 0.025;
    return true;
}

chx_status
workload_create(const workload *load, chx_network **network, wiring_sums *sums)
{
    draft d = {.synapses = NULL};
    bool is_made = false;
    switch (load->kind) {
    case WORKLOAD_CUBA:
        is_made = draft_cuba(&d);
        break;
    case WORKLOAD_MICROCIRCUIT:
        is_made = draft_microcircuit(&d, load->scale);
        break;
    case WORKLOAD_FLY:
        is_made = draft_fly(&d, sums);
        break;
    case WORKLOAD_UNIFORM:
        is_made = draft_uniform(&d, &load->size);
        break;
    case WORKLOAD_HH:
        is_made = draft_hh(&d);
        break;
    case N_WORKLOADS:
        break;
    }
    chx_status status = is_made ? chx_network_create(&d.info, network) : CHX_ERROR_MEMORY;
    free(d.driven);
    free(d.synapses);
    free(d.numbers);
    free(d.names);
    free(d.neurons);
    return status;
}
