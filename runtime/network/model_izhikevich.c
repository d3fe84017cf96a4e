/* Izhikevich's neurons. kernels/neuron/model/izhikevich.cl states the equations and integrates
 * them; here are its constants, and the bounds within which the method is stable and nothing
 * overflows or becomes denormal. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "network/model.h"
#include "neuron/model/izhikevich.h"

#define MEMBER(name) float name;
#define ONE(name) +1

typedef struct izhikevich_constants {
    MODEL_CONSTANTS(MEMBER)
} izhikevich_constants;

static_assert(sizeof(izhikevich_constants) <= CHX__MODEL_MAX_CONSTANTS * sizeof(float),
              "constants fit what is prepared");

static const izhikevich_constants idle = {.peak = INFINITY};

static const chx__parameter parameters[] = {
    {"capacitance_pf", CHX__RANGE_POSITIVE},
    {"gain_ns_per_mv", CHX__RANGE_POSITIVE},
    {"resting_mv", CHX__RANGE_ANY},
    {"threshold_mv", CHX__RANGE_ANY},
    {"peak_mv", CHX__RANGE_ANY},
    {"reset_mv", CHX__RANGE_ANY},
    {"recovery_per_ms", CHX__RANGE_POSITIVE},
    {"coupling_ns", CHX__RANGE_ANY},
    {"jump_pa", CHX__RANGE_ANY},
    {"tau_synapse_ms", CHX__RANGE_POSITIVE},
    {"refractory_ms", CHX__RANGE_NOT_NEGATIVE, .is_optional = true, .preset = 0},
    {"bias_pa", CHX__RANGE_CURRENT, .is_optional = true, .preset = 0},
};

/* The same, in the same order. */
typedef struct izhikevich_params {
    double capacitance_pf, gain_ns_per_mv, resting_mv, threshold_mv, peak_mv, reset_mv,
        recovery_per_ms, coupling_ns, jump_pa, tau_synapse_ms, refractory_ms, bias_pa;
} izhikevich_params;

static_assert(sizeof(izhikevich_params) == sizeof parameters / sizeof *parameters * sizeof(double),
              "the table lists the members in their order");

static bool
check(const izhikevich_params *params, double h, chx__fault *fault)
{
    const double gain = params->gain_ns_per_mv / params->capacitance_pf;
    if (!(gain >= 1e-9 && params->capacitance_pf >= 1e-9 && params->capacitance_pf <= 1e9))
        return chx__model_fail(fault, "capacitance_pf",
                               "is far from any membrane's, together with gain_ns_per_mv; check "
                               "the units");
    if (!(gain * fabs(params->threshold_mv - params->resting_mv) * h <= 2))
        return chx__model_fail(fault, "gain_ns_per_mv",
                               "is so large that the membrane follows within half a step; check "
                               "the units or shorten time_step_ms");
    if (!(params->recovery_per_ms * h <= 2 && params->recovery_per_ms >= 1e-9))
        return chx__model_fail(fault, "recovery_per_ms",
                               "must be at least 1e-9 and at most 2 in a step of time_step_ms");
    if (!(fabs(params->coupling_ns) <= 1e9))
        return chx__model_fail(fault, "coupling_ns", "must lie between -1e9 and 1e9");
    if (!(params->peak_mv > params->threshold_mv && params->peak_mv > params->reset_mv))
        return chx__model_fail(fault, "peak_mv", "must lie above threshold_mv and reset_mv");
    return true;
}

static bool
prepare(const void *from, double h, chx__prepared *to, chx__fault *fault)
{
    const izhikevich_params *params = from;
    const double tau_s = params->tau_synapse_ms, rest = params->resting_mv;
    izhikevich_constants c = {
        .keep_half = chx__propagator(exp(-h / 2 / tau_s)),
        .gain = (float)(params->gain_ns_per_mv / params->capacitance_pf),
        .inverse_c = (float)(1 / params->capacitance_pf),
        .coupling = chx__propagator(params->recovery_per_ms * params->coupling_ns),
        .forgetting = (float)params->recovery_per_ms,
        .half_step = (float)(h / 2),
        .whole_step = (float)h,
        .sixth_step = (float)(h / 6),
        .threshold = (float)(params->threshold_mv - rest),
        .peak = (float)(params->peak_mv - rest),
        .reset = (float)(params->reset_mv - rest),
        .jump = (float)params->jump_pa,
    };
    if (!check(params, h, fault) || !chx__model_keep(tau_s, h, &c.keep, fault))
        return false;
    if (!(c.peak > c.reset && c.peak > 0))
        return chx__model_fail(
            fault, "peak_mv",
            "must lie above reset_mv and resting_mv in the arithmetic of floats, "
            "which count from resting_mv");
    *to = (chx__prepared){
        .bias_pa = (float)params->bias_pa,
        .refractory_ms = params->refractory_ms,
        .origin_mv = rest,
        .least_factor = fminf(c.keep, 0.25f),
    };
    memcpy(to->constants, &c, sizeof c);
    return true;
}

static const char *const states[0 MODEL_STATE(ONE)] = {"potential_mv", "recovery_pa", "current_pa"};

const chx__model chx__model_izhikevich = {
    .name = "izhikevich",
    .source = "neuron/model/izhikevich.cl",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .states = states,
    .n_states = 0 MODEL_STATE(ONE),
    .n_constants = 0 MODEL_CONSTANTS(ONE),
    .n_ports = 1,
    .idle = (const float *)&idle,
    .prepare = prepare,
};
