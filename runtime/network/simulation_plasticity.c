/* The rows of plasticities that kernels read, short-term ones first, and how much room learning
 * takes: a ring holds what a neuron can fire between sweeps, and until what it fired got back to
 * its synapses. A time constant of 0 is a rate at which nothing is left after one step: exp(-1000)
 * is 0 in floats. */
#include "network/simulation_tables.h"

#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "common/math.h"

#define AT_ONCE 1000

/* Sweeps look at every synapse, so they should be few, and rings of spikes short; params say how
 * many spikes may pass. */
#define SWEEP_MAX_STEPS 4096

static float
rate_of(double tau_ms, double time_step_ms)
{
    return tau_ms * AT_ONCE > time_step_ms ? (float)(time_step_ms / tau_ms) : AT_ONCE;
}

/* By the devices' own function, so that they get the same bits from the table and from it. */
static void
fill_decays(float *decays, float rate)
{
    for (uint32_t steps = 0; steps < CHX_POPULATION_DECAYS; steps++)
        WIDE_EXP(decays[steps], (float)steps * -rate);
}

static void
fill_row(chx_population_plasticity *to, const chx__simulation_tables *tables,
         const chx_plasticity *from)
{
    const double h = tables->info->time_step_ms;
    if (from->kind == CHX_PLASTICITY_SHORT_TERM) {
        to->utilization = (float)from->utilization;
        to->recovery = rate_of(from->recovery_ms, h);
        to->facilitation = rate_of(from->facilitation_ms, h);
        return;
    }
    to->potentiation = (float)from->potentiation;
    to->potentiation_rate = rate_of(from->potentiation_ms, h);
    to->potentiation_exponent = (float)from->potentiation_exponent;
    to->depression = (float)from->depression;
    to->depression_rate = rate_of(from->depression_ms, h);
    to->depression_exponent = (float)from->depression_exponent;
    to->max_weight = (float)chx__fixed_point(tables, from->weight_max);
    to->is_nearest = from->is_nearest;
    fill_decays(to->potentiation_decays, to->potentiation_rate);
    fill_decays(to->depression_decays, to->depression_rate);
}

/* Fills in the rows of one kind, numbered on from *n. */
static void
fill_rows(chx__simulation_tables *tables, chx_plasticity_kind kind, uint32_t *n)
{
    for (uint32_t i = 0; i < tables->info->n_plasticities; i++) {
        const chx_plasticity *from = &tables->info->plasticities[i];
        if (from->kind != kind)
            continue;
        fill_row(&tables->plasticities[(*n)++], tables, from);
        tables->plasticity_number[i] = *n;
    }
}

/* The shortest time between two spikes of a neuron whose synapses may learn. */
static uint64_t
shortest_period(const chx__simulation_tables *tables)
{
    uint64_t period = UINT32_MAX;
    uint32_t learning = 0;
    for (uint32_t i = 0; i < tables->info->n_plasticities; i++)
        if (tables->info->plasticities[i].kind == CHX_PLASTICITY_STDP)
            learning |= 1u << i;
    for (uint32_t n = 0; n < tables->info->n_neurons; n++) {
        const uint64_t own = (uint64_t)chx__simulation_refractory(tables, n) + 1;
        const uint32_t type = tables->info->neurons[n].type;
        if ((tables->plasticity_map.to[type] & learning) != 0 && own < period)
            period = own;
    }
    return period;
}

static void
measure_posts(chx__simulation_tables *tables, uint32_t sweep_spikes)
{
    const uint64_t period = shortest_period(tables);
    const uint64_t sweep = sweep_spikes * period;
    tables->sweep_steps = (uint32_t)(sweep < SWEEP_MAX_STEPS ? sweep : SWEEP_MAX_STEPS);
    const uint64_t steps =
        (uint64_t)tables->sweep_steps + tables->max_delay_steps + 2 * (uint64_t)tables->batch_steps;
    tables->return_spikes =
        (uint32_t)((tables->max_delay_steps + (uint64_t)tables->batch_steps) / period + 1);
    tables->post_places = 1;
    while (tables->post_places < steps / period + 3)
        tables->post_places *= 2;
}

chx_status
chx__simulation_plasticities_init(chx__simulation_tables *tables, uint32_t sweep_spikes)
{
    const chx_network_info *info = tables->info;
    uint32_t n = 0;
    if (info->n_plasticities == 0)
        return CHX_OK;
    tables->plasticities = chx__alloc(info->n_plasticities, sizeof *tables->plasticities);
    if (!tables->plasticities)
        return chx__fail_memory("listing plastic synapses");
    fill_rows(tables, CHX_PLASTICITY_SHORT_TERM, &n);
    tables->n_short_term = n;
    fill_rows(tables, CHX_PLASTICITY_STDP, &n);
    tables->n_learning = n - tables->n_short_term;
    if (tables->n_learning > 0)
        measure_posts(tables, sweep_spikes);
    return CHX_OK;
}

const chx_plasticity *
chx__simulation_plasticity(const chx__simulation_tables *tables, const chx_synapse *synapse,
                           uint32_t *number)
{
    const uint32_t index = chx__plasticity_of(&tables->plasticity_map, tables->info, synapse);
    *number = index > 0 ? tables->plasticity_number[index - 1] : 0;
    return index > 0 ? &tables->info->plasticities[index - 1] : NULL;
}
