/* Leaky integrate-and-fire neurons with synaptic conductances. kernels/neuron/model/lif_cond.cl
 * states the equations and integrates them; here are its constants, and the bounds within which
 * nothing overflows or becomes denormal. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "network/model.h"
#include "neuron/model/lif_cond.h"

#define MEMBER(name) float name;
#define ONE(name) +1

#define MAX_REVERSAL_MV 1e5

typedef struct cond_constants {
    MODEL_CONSTANTS(MEMBER)
} cond_constants;

static_assert(sizeof(cond_constants) <= CHX__MODEL_MAX_CONSTANTS * sizeof(float),
              "constants fit what is prepared");

static const cond_constants idle = {.threshold = INFINITY};

static const chx__parameter parameters[] = {
    {"capacitance_pf", CHX__RANGE_POSITIVE},
    {"leak_ns", CHX__RANGE_POSITIVE},
    {"resting_mv", CHX__RANGE_ANY},
    {"threshold_mv", CHX__RANGE_ANY},
    {"reset_mv", CHX__RANGE_ANY},
    {"tau_synapse_ms", CHX__RANGE_POSITIVE},
    {"tau_inhibition_ms", CHX__RANGE_POSITIVE},
    {"excitation_mv", CHX__RANGE_ANY, .is_optional = true, .preset = 0},
    {"inhibition_mv", CHX__RANGE_ANY, .is_optional = true, .preset = -80},
    {"refractory_ms", CHX__RANGE_NOT_NEGATIVE, .is_optional = true, .preset = 0},
    {"bias_pa", CHX__RANGE_CURRENT, .is_optional = true, .preset = 0},
};

/* The same, in the same order. */
typedef struct cond_params {
    double capacitance_pf, leak_ns, resting_mv, threshold_mv, reset_mv, tau_synapse_ms,
        tau_inhibition_ms, excitation_mv, inhibition_mv, refractory_ms, bias_pa;
} cond_params;

static_assert(sizeof(cond_params) == sizeof parameters / sizeof *parameters * sizeof(double),
              "the table lists the members in their order");

static bool
check(const cond_params *params, double h, const cond_constants *c, chx__fault *fault)
{
    if (!(params->capacitance_pf >= 1e-9 && params->capacitance_pf <= 1e9))
        return chx__model_fail(fault, "capacitance_pf", "must lie between 1e-9 and 1e9");
    if (!(c->leak >= 1e-9f && params->leak_ns / params->capacitance_pf * h <= 2))
        return chx__model_fail(fault, "leak_ns",
                               "divided by capacitance_pf must be at least 1e-9 and at most 2 in "
                               "a step of time_step_ms; check the units");
    if (!(fabs(params->excitation_mv - params->resting_mv) <= MAX_REVERSAL_MV))
        return chx__model_fail(fault, "excitation_mv", "must lie within 1e5 of resting_mv");
    if (!(fabs(params->inhibition_mv - params->resting_mv) <= MAX_REVERSAL_MV))
        return chx__model_fail(fault, "inhibition_mv", "must lie within 1e5 of resting_mv");
    return chx__model_check_reset(c->threshold, c->reset, fault);
}

static bool
prepare(const void *from, double h, chx__prepared *to, chx__fault *fault)
{
    const cond_params *params = from;
    const double rest = params->resting_mv;
    cond_constants c = {
        .keep_half = chx__propagator(exp(-h / 2 / params->tau_synapse_ms)),
        .keep_half_k = chx__propagator(exp(-h / 2 / params->tau_inhibition_ms)),
        .leak = (float)(params->leak_ns / params->capacitance_pf),
        .inverse_c = (float)(1 / params->capacitance_pf),
        .reversal = (float)(params->excitation_mv - rest),
        .reversal_k = (float)(params->inhibition_mv - rest),
        .half_step = (float)(h / 2),
        .whole_step = (float)h,
        .sixth_step = (float)(h / 6),
        .threshold = (float)(params->threshold_mv - rest),
        .reset = (float)(params->reset_mv - rest),
    };
    if (!check(params, h, &c, fault) || !chx__model_keep(params->tau_synapse_ms, h, &c.keep, fault))
        return false;
    if (!chx__model_keep(params->tau_inhibition_ms, h, &c.keep_k, fault)) {
        fault->member = "tau_inhibition_ms";
        return false;
    }
    *to = (chx__prepared){
        .bias_pa = (float)params->bias_pa,
        .refractory_ms = params->refractory_ms,
        .origin_mv = rest,
        .least_factor = fminf(fminf(c.keep, c.keep_k), 0.25f),
    };
    memcpy(to->constants, &c, sizeof c);
    return true;
}

static const char *const states[0 MODEL_STATE(ONE)] = {"potential_mv", "excitation_ns",
                                                       "inhibition_ns"};

static const char *const ports[0 MODEL_PORTS(ONE)] = {"excitation", "inhibition"};

const chx__model chx__model_lif_cond = {
    .name = "lif_cond",
    .source = "neuron/model/lif_cond.cl",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .states = states,
    .n_states = 0 MODEL_STATE(ONE),
    .n_constants = 0 MODEL_CONSTANTS(ONE),
    .n_ports = 0 MODEL_PORTS(ONE),
    .ports = ports,
    .unit = CHX__UNIT_NS,
    .idle = (const float *)&idle,
    .prepare = prepare,
};
