/* The tables that all partitions share.
 *
 * The unit of weights is the largest power of two with which the input of any neuron in one step
 * cannot pass 31 bits, even if all its synapses and stimuli deliver the most at once; half a unit
 * per input is added for rounding.
 *
 * A batch is the shortest delay, so nothing that fires in it can arrive in it, and one step where
 * there are gap junctions; the ring is a power of two of slots, at least the longest delay. Targets
 * and delays share 32 bits of a synapse, neurons and steps of a batch those of an entry, which
 * check_limits() guards. */
#include "network/simulation_tables.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/spike_train.h"

#define MAX_UNIT_EXPONENT 40
#define MIN_UNIT_EXPONENT (-100)

static uint32_t
bits_for(uint64_t count)
{
    uint32_t bits = 0;
    while ((UINT64_C(1) << bits) < count)
        bits++;
    return bits;
}

/* Adds what stimuli may deliver to each neuron in one step at most. */
static void
add_stimuli(const chx__simulation_tables *tables, double *sum_pa, uint32_t *n_inputs)
{
    const chx_network_info *info = tables->info;
    for (uint32_t k = 0; k < info->n_stimuli; k++) {
        const chx_stimulus *stimulus = &info->stimuli[k];
        if (stimulus->kind == CHX_STIMULUS_STEP)
            continue;
        const bool is_train = stimulus->kind == CHX_STIMULUS_SPIKE_TRAIN;
        const uint32_t most = is_train ? chx__spike_train_most(stimulus)
                                       : tables->first_chance[k + 1] - tables->first_chance[k];
        for (uint32_t i = 0; i < stimulus->n_neurons; i++) {
            sum_pa[stimulus->neurons[i]] += most * fabs(stimulus->current_pa);
            n_inputs[stimulus->neurons[i]] += most;
        }
    }
}

/* Finds the unit of weights from what can reach one neuron in one step at most; sum_pa has what
 * synapses can. */
static chx_status
choose_unit(chx__simulation_tables *tables, double *sum_pa)
{
    const chx_network_info *info = tables->info;
    uint32_t *n_inputs = chx__alloc(info->n_neurons, sizeof *n_inputs);
    if (!n_inputs)
        return chx__fail_memory("scaling synaptic weights");
    memcpy(n_inputs, tables->n_inputs, info->n_neurons * sizeof *n_inputs);
    add_stimuli(tables, sum_pa, n_inputs);
    double max_inputs = 0;
    for (uint32_t n = 0; n < info->n_neurons; n++) {
        tables->loudest = sum_pa[n] > sum_pa[tables->loudest] ? n : tables->loudest;
        max_inputs = fmax(max_inputs, n_inputs[n]);
    }
    free(n_inputs);
    const double max_pa = tables->loudest_pa = sum_pa[tables->loudest];
    int exponent = MAX_UNIT_EXPONENT;
    while (exponent > MIN_UNIT_EXPONENT && ldexp(max_pa, exponent) + max_inputs / 2 > INT32_MAX)
        exponent--;
    if (exponent == MIN_UNIT_EXPONENT)
        return chx__fail(CHX_ERROR_LIMIT,
                         "the weights of one neuron add up to %g pA, too much to be summed in "
                         "fixed point; lower them",
                         max_pa);
    tables->unit_exponent = exponent;
    tables->units_per_pa = ldexp(1, exponent);
    return CHX_OK;
}

/* Where the rows of each stimulus begin: one row, or one for each step of a spike train. */
static chx_status
count_rows(chx__simulation_tables *tables)
{
    const chx_network_info *info = tables->info;
    tables->first_row = chx__alloc((size_t)info->n_stimuli + 1, sizeof *tables->first_row);
    if (!tables->first_row)
        return chx__fail_memory("preparing stimuli");
    for (uint32_t k = 0; k < info->n_stimuli; k++) {
        const chx_stimulus *stimulus = &info->stimuli[k];
        const bool is_train = stimulus->kind == CHX_STIMULUS_SPIKE_TRAIN;
        uint64_t end = (uint64_t)tables->first_row[k] +
                       (is_train ? chx__spike_train_count_steps(stimulus) : 1);
        if (end > INT32_MAX)
            return chx__fail(CHX_ERROR_LIMIT,
                             "spike trains with more than 2^31 steps; use fewer spikes");
        tables->first_row[k + 1] = (uint32_t)end;
    }
    return CHX_OK;
}

/* A row for each step of a train. */
static void
make_train(chx__simulation_tables *tables, uint32_t k)
{
    const chx_stimulus *from = &tables->info->stimuli[k];
    chx_population_stimulus *to = &tables->stimuli[tables->first_row[k]];
    for (uint32_t i = 0; i < from->n_spikes; i++) {
        const uint32_t step = from->spikes[i].step;
        if (i > 0 && step == from->spikes[i - 1].step)
            continue;
        *to++ = (chx_population_stimulus){.index = k,
                                          .port = chx__port_of_stimulus(tables->info, from),
                                          .start_step = step,
                                          .stop_step = step + 1,
                                          .weight = chx__fixed_point(tables, from->current_pa)};
    }
}

static chx_status
make_stimuli(chx__simulation_tables *tables)
{
    const chx_network_info *info = tables->info;
    chx_status status = count_rows(tables);
    if (status)
        return status;
    tables->stimuli = chx__alloc(tables->first_row[info->n_stimuli], sizeof *tables->stimuli);
    if (!tables->stimuli)
        return chx__fail_memory("preparing stimuli");
    for (uint32_t k = 0; k < info->n_stimuli; k++) {
        const chx_stimulus *from = &info->stimuli[k];
        chx_population_stimulus *to = &tables->stimuli[tables->first_row[k]];
        if (from->kind == CHX_STIMULUS_SPIKE_TRAIN) {
            make_train(tables, k);
            continue;
        }
        to->index = k;
        to->port = chx__port_of_stimulus(info, from);
        to->start_step = chx__time_steps(info, from->start_ms);
        to->stop_step = chx__time_steps(info, from->stop_ms);
        if (from->kind == CHX_STIMULUS_STEP) {
            to->current_pa = (float)from->current_pa;
            continue;
        }
        to->weight = chx__fixed_point(tables, from->current_pa);
        to->first_chance = tables->first_chance[k];
        to->end_chance = tables->first_chance[k + 1];
    }
    return CHX_OK;
}

/* Delays fix the length of a batch and of the input ring. */
static void
measure_delays(chx__simulation_tables *tables, uint32_t max_batch_steps)
{
    const chx_network_info *info = tables->info;
    const uint32_t longest =
        info->n_synapses > 0 ? chx__delay_steps(tables->longest_delay_ms, info->time_step_ms) : 1;
    tables->batch_steps = chx__simulation_batch_steps(info, max_batch_steps);
    tables->max_delay_steps = longest;
    tables->slot_bits = bits_for(longest > tables->batch_steps ? longest : tables->batch_steps);
}

static chx_status
check_limits(chx__simulation_tables *tables)
{
    uint32_t largest = 0;
    uint64_t n_targets = 0;
    for (uint32_t p = 0; p < tables->n_partitions; p++) {
        uint32_t n = tables->first_neuron[p + 1] - tables->first_neuron[p];
        const uint64_t lanes = ((uint64_t)n + tables->width - 1) / tables->width * tables->width;
        const uint64_t targets = tables->models[p]->n_ports * lanes;
        largest = n > largest ? n : largest;
        n_targets = targets > n_targets ? targets : n_targets;
    }
    tables->neuron_bits = bits_for(largest);
    tables->target_bits = bits_for(n_targets);
    tables->delay_bits = bits_for((uint64_t)tables->max_delay_steps + 1);
    const uint64_t n_plasticities = tables->info->n_plasticities;
    if (tables->slot_bits > 31 ||
        tables->target_bits + tables->delay_bits + bits_for(n_plasticities + 1) > 32 ||
        tables->neuron_bits + bits_for(tables->batch_steps) > 32 ||
        n_targets << tables->slot_bits > INT32_MAX)
        return chx__fail(CHX_ERROR_LIMIT,
                         "a partition of %" PRIu32 " neurons with delays of up to %" PRIu32
                         " steps is too big to address; use more partitions or a longer time step",
                         largest, tables->max_delay_steps);
    return CHX_OK;
}

chx_status
chx__simulation_tables_init(chx__simulation_tables *tables, const chx_network_info *info,
                            const chx__simulation_tables_params *params)
{
    *tables = (chx__simulation_tables){.info = info,
                                       .width = params->width,
                                       .n_groups = params->n_groups,
                                       .seed = params->seed,
                                       .rules = params->rules};
    double *sum_pa = NULL;
    chx_status status = chx__plasticity_map_init(&tables->plasticity_map, info);
    if (!status)
        status = chx__port_map_init(&tables->port_map, info);
    if (!status)
        status = params->rules ? chx__simulation_expect(tables)
                               : chx__simulation_survey(tables, &sum_pa);
    if (!status) {
        measure_delays(tables, params->max_batch_steps);
        status = chx__simulation_types_init(tables);
    }
    if (!status)
        status = chx__simulation_chances_init(tables);
    if (!status)
        status = chx__simulation_cut(tables, params->n_partitions);
    if (!status)
        status = check_limits(tables);
    if (!status && params->rules)
        status = chx__simulation_kinds_init(tables);
    if (!status && params->rules)
        status = chx__simulation_drafts_init(tables);
    if (!status && params->rules)
        status = chx__simulation_survey(tables, &sum_pa);
    if (!status)
        status = choose_unit(tables, sum_pa);
    free(sum_pa);
    if (!status)
        status = make_stimuli(tables);
    if (!status)
        status = chx__simulation_plasticities_init(tables, params->sweep_spikes);
    if (!status && params->rules)
        chx__simulation_kinds_weigh(tables);
    else if (!status)
        status = chx__simulation_kinds_init(tables);
    if (status)
        chx__simulation_tables_finish(tables);
    return status;
}
