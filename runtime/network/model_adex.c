/* Adaptive exponential integrate-and-fire neurons. kernels/neuron/model/adex.cl states the
 * equations and integrates them; here are its constants, and the bounds within which the method is
 * stable and nothing overflows or becomes denormal. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "network/model.h"
#include "neuron/model/adex.h"

#define MEMBER(name) float name;
#define ONE(name) +1

typedef struct adex_constants {
    MODEL_CONSTANTS(MEMBER)
} adex_constants;

static_assert(sizeof(adex_constants) <= CHX__MODEL_MAX_CONSTANTS * sizeof(float),
              "constants fit what is prepared");

static const adex_constants idle = {.peak = INFINITY};

static const chx__parameter parameters[] = {
    {"capacitance_pf", CHX__RANGE_POSITIVE},
    {"leak_ns", CHX__RANGE_POSITIVE},
    {"resting_mv", CHX__RANGE_ANY},
    {"threshold_mv", CHX__RANGE_ANY},
    {"slope_mv", CHX__RANGE_POSITIVE},
    {"peak_mv", CHX__RANGE_ANY, .is_optional = true, .preset = 0},
    {"reset_mv", CHX__RANGE_ANY},
    {"tau_adaptation_ms", CHX__RANGE_POSITIVE},
    {"adaptation_ns", CHX__RANGE_ANY},
    {"jump_pa", CHX__RANGE_ANY},
    {"tau_synapse_ms", CHX__RANGE_POSITIVE},
    {"refractory_ms", CHX__RANGE_NOT_NEGATIVE, .is_optional = true, .preset = 0},
    {"bias_pa", CHX__RANGE_CURRENT, .is_optional = true, .preset = 0},
};

/* The same, in the same order. */
typedef struct adex_params {
    double capacitance_pf, leak_ns, resting_mv, threshold_mv, slope_mv, peak_mv, reset_mv,
        tau_adaptation_ms, adaptation_ns, jump_pa, tau_synapse_ms, refractory_ms, bias_pa;
} adex_params;

static_assert(sizeof(adex_params) == sizeof parameters / sizeof *parameters * sizeof(double),
              "the table lists the members in their order");

static bool
check(const adex_params *params, double h, chx__fault *fault)
{
    const double rate = params->leak_ns / params->capacitance_pf;
    if (!(rate * h <= 2))
        return chx__model_fail(fault, "leak_ns",
                               "is so large that the membrane follows within half a step; check "
                               "the units or shorten time_step_ms");
    if (!(rate * params->slope_mv >= 1e-9 && rate >= 1e-9 && params->capacitance_pf >= 1e-9 &&
          params->capacitance_pf <= 1e9 && rate * params->slope_mv <= 1e9))
        return chx__model_fail(fault, "capacitance_pf",
                               "is far from any membrane's, together with leak_ns and slope_mv; "
                               "check the units");
    if (!(params->tau_adaptation_ms >= h / 2 && params->tau_adaptation_ms <= 1e9))
        return chx__model_fail(fault, "tau_adaptation_ms",
                               "must lie between half a step of time_step_ms and 1e9");
    if (!(fabs(params->adaptation_ns) <= 1e9))
        return chx__model_fail(fault, "adaptation_ns", "must lie between -1e9 and 1e9");
    if (!(params->peak_mv > params->threshold_mv && params->peak_mv > params->reset_mv))
        return chx__model_fail(fault, "peak_mv", "must lie above threshold_mv and reset_mv");
    if (!((params->peak_mv - params->threshold_mv) / params->slope_mv <= 40))
        return chx__model_fail(fault, "slope_mv",
                               "must be at least a fortieth of what lies between threshold_mv and "
                               "peak_mv");
    return true;
}

static bool
prepare(const void *from, double h, chx__prepared *to, chx__fault *fault)
{
    const adex_params *params = from;
    const double tau_w = params->tau_adaptation_ms, tau_s = params->tau_synapse_ms;
    const double rate = params->leak_ns / params->capacitance_pf, rest = params->resting_mv;
    adex_constants c = {
        .keep_half = chx__propagator(exp(-h / 2 / tau_s)),
        .leak = (float)rate,
        .gain = (float)(rate * params->slope_mv),
        .sharpness = (float)(1 / params->slope_mv),
        .inverse_c = (float)(1 / params->capacitance_pf),
        .coupling = chx__propagator(params->adaptation_ns / tau_w),
        .forgetting = (float)(1 / tau_w),
        .half_step = (float)(h / 2),
        .whole_step = (float)h,
        .sixth_step = (float)(h / 6),
        .threshold = (float)(params->threshold_mv - rest),
        .peak = (float)(params->peak_mv - rest),
        .reset = (float)(params->reset_mv - rest),
        .jump = (float)params->jump_pa,
        .upstroke =
            (float)(h * rate + exp((params->threshold_mv - params->peak_mv) / params->slope_mv)),
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

static const char *const states[0 MODEL_STATE(ONE)] = {"potential_mv", "adaptation_pa",
                                                       "current_pa"};

const chx__model chx__model_adex = {
    .name = "adex",
    .source = "neuron/model/adex.cl",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .states = states,
    .n_states = 0 MODEL_STATE(ONE),
    .n_constants = 0 MODEL_CONSTANTS(ONE),
    .n_ports = 1,
    .idle = (const float *)&idle,
    .prepare = prepare,
};
