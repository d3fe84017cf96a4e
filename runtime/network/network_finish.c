/* The end of making a network: synapses in order, what can be derived, spare memory given back, and
 * the checks that need all of it. Arrays are published in `info` here.
 *
 * Synapses are sorted by source, target, delay and weight, so the same network in another order
 * of rows gives the same tables and the same spikes; gaps likewise. */
#include "network/network.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/crew.h"
#include "network/check.h"
#include "network/gap.h"
#include "network/graded.h"
#include "network/plasticity.h"
#include "network/port.h"
#include "network/rules.h"
#include "network/values.h"

#define N_SHARES 64 /* of the synapses, which threads look at */
#define FEW_SYNAPSES 20000 /* that one thread looks at faster than others are made */

/* Shrinking may fail, which leaves the array as it was. */
static void
shrink(void *array, size_t count, size_t size)
{
    if (count > 0)
        (void)chx__resize(array, count, size);
}

/* The shortest and the longest delay in each share of the synapses. */
typedef struct delays {
    const chx_synapse *synapses;
    uint64_t n_synapses;
    uint32_t n_shares;
    float shortest[N_SHARES], longest[N_SHARES];
} delays;

static void
find_delays(void *data, uint32_t share)
{
    delays *of = data;
    uint64_t each = of->n_synapses / of->n_shares, first = share * each;
    uint64_t end = share + 1 < of->n_shares ? first + each : of->n_synapses;
    float shortest = INFINITY, longest = 0;
    for (uint64_t i = first; i < end; i++) {
        float delay_ms = of->synapses[i].delay_ms;
        shortest = delay_ms < shortest ? delay_ms : shortest;
        longest = delay_ms > longest ? delay_ms : longest;
    }
    of->shortest[share] = shortest;
    of->longest[share] = longest;
}

static void
set_delays(chx_network_info *info, float shortest, float longest)
{
    info->min_delay_ms = chx__delay_steps(shortest, info->time_step_ms) * info->time_step_ms;
    info->max_delay_ms = chx__delay_steps(longest, info->time_step_ms) * info->time_step_ms;
}

static void
derive_delays(chx_network *network)
{
    chx_network_info *info = &network->info;
    if (info->n_synapses == 0) {
        info->min_delay_ms = info->max_delay_ms = info->duration_ms;
        return;
    }
    delays of = {.synapses = network->synapses,
                 .n_synapses = info->n_synapses,
                 .n_shares = info->n_synapses < FEW_SYNAPSES ? 1 : N_SHARES};
    chx__crew_run(of.n_shares, find_delays, &of);
    float shortest = of.shortest[0], longest = of.longest[0];
    for (uint32_t i = 1; i < of.n_shares; i++) {
        shortest = of.shortest[i] < shortest ? of.shortest[i] : shortest;
        longest = of.longest[i] > longest ? of.longest[i] : longest;
    }
    set_delays(info, shortest, longest);
}

/* Lists the synapses and sorts them, or leaves them to the rules until somebody asks. */
static chx_status
finish_synapses(chx_network *network)
{
    chx_network_info *info = &network->info;
    float shortest, longest;
    chx_status status = CHX_OK;
    if (chx__rules_can_wait(network)) {
        status = chx__rules_delays(network->rules, &shortest, &longest);
        if (!status)
            set_delays(info, shortest, longest);
        return status;
    }
    status = chx__rules_finish(network);
    if (!status && !network->is_sorted)
        status = chx__synapses_sort(network->synapses, info->n_synapses, info->n_neurons);
    if (!status)
        derive_delays(network);
    return status;
}

chx_status
chx__network_finish(chx_network *network)
{
    chx_network_info *info = &network->info;
    chx_status status = finish_synapses(network);
    if (!status)
        status = chx__values_draw(network);
    if (status)
        return status;
    chx__gaps_sort(network->gaps, info->n_gaps);
    chx__graded_sort(network->graded, info->n_graded);
    shrink(&network->types, info->n_types, sizeof *network->types);
    shrink(&network->neurons, info->n_neurons, sizeof *network->neurons);
    if (network->synapses)
        shrink(&network->synapses, info->n_synapses, sizeof *network->synapses);
    shrink(&network->stimuli, info->n_stimuli, sizeof *network->stimuli);
    shrink(&network->nodes, info->n_nodes, sizeof *network->nodes);
    shrink(&network->gaps, info->n_gaps, sizeof *network->gaps);
    shrink(&network->graded, info->n_graded, sizeof *network->graded);
    info->types = network->types;
    info->neurons = network->neurons;
    info->synapses = network->synapses;
    info->stimuli = network->stimuli;
    info->nodes = network->nodes;
    info->gaps = network->gaps;
    info->graded = network->graded;
    info->plasticities = network->plasticities;
    info->ports = network->ports;
    info->parameters = network->parameters;
    info->initial = network->initial;
    info->remarks = network->remarks;
    status = chx__plasticity_check_weights(info);
    if (!status)
        status = chx__port_check_weights(info);
    return status ? status : chx__gaps_check_sums(network);
}
