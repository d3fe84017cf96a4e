/* Neurons that transmit without spikes: the exact solution of their membrane over one time step,
 * and the rates of their synapses. kernels/neuron/model/graded.cl states the equations. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "network/membrane.h"
#include "network/model.h"
#include "neuron/model/graded.h"

#define MEMBER(name) float name;
#define ONE(name) +1

typedef struct graded_constants {
    MODEL_CONSTANTS(MEMBER)
} graded_constants;

static_assert(sizeof(graded_constants) <= CHX__MODEL_MAX_CONSTANTS * sizeof(float),
              "constants fit what is prepared");

static const graded_constants idle = {.threshold = INFINITY};

static const chx__parameter parameters[] = {
    {"capacitance_pf", CHX__RANGE_POSITIVE},
    {"leak_ns", CHX__RANGE_POSITIVE},
    {"resting_mv", CHX__RANGE_ANY},
    {"midpoint_mv", CHX__RANGE_ANY},
    {"width_mv", CHX__RANGE_POSITIVE},
    {"rise_per_ms", CHX__RANGE_POSITIVE},
    {"fall_per_ms", CHX__RANGE_POSITIVE},
    {"threshold_mv", CHX__RANGE_ANY},
    {"tau_synapse_ms", CHX__RANGE_POSITIVE, .is_optional = true, .preset = 5},
    {"bias_pa", CHX__RANGE_CURRENT, .is_optional = true, .preset = 0},
};

/* The same, in the same order. */
typedef struct graded_params {
    double capacitance_pf, leak_ns, resting_mv, midpoint_mv, width_mv, rise_per_ms, fall_per_ms,
        threshold_mv, tau_synapse_ms, bias_pa;
} graded_params;

static_assert(sizeof(graded_params) == sizeof parameters / sizeof *parameters * sizeof(double),
              "the table lists the members in their order");

static bool
check(const graded_params *params, double h, chx__fault *fault)
{
    const double rate = params->leak_ns / params->capacitance_pf;
    if (!(params->capacitance_pf >= 1e-9 && params->capacitance_pf <= 1e9))
        return chx__model_fail(fault, "capacitance_pf", "must lie between 1e-9 and 1e9");
    if (!(rate >= 1e-6 && rate * h <= 40))
        return chx__model_fail(fault, "leak_ns",
                               "divided by capacitance_pf must be at least 1e-6, and at most 40 in "
                               "a step of time_step_ms; check the units");
    if (!(params->width_mv >= 1e-3 && params->width_mv <= 1e6))
        return chx__model_fail(fault, "width_mv", "must lie between 1e-3 and 1e6");
    if (!(fabs(params->midpoint_mv - params->resting_mv) <= 1e6))
        return chx__model_fail(fault, "midpoint_mv", "must be at most 1e6 mV from resting_mv");
    if (!(params->fall_per_ms >= 1e-9))
        return chx__model_fail(fault, "fall_per_ms", "must be at least 1e-9");
    if (!((params->rise_per_ms + params->fall_per_ms) * h <= 1))
        return chx__model_fail(fault, "rise_per_ms",
                               "and fall_per_ms must add up to at most 1 in a step of "
                               "time_step_ms; lower them or shorten the step");
    return true;
}

static bool
prepare(const void *from, double h, chx__prepared *to, chx__fault *fault)
{
    const graded_params *params = from;
    const chx__membrane membrane = {params->capacitance_pf,
                                    params->capacitance_pf / params->leak_ns, h};
    const double shift = (params->midpoint_mv - params->resting_mv) / params->width_mv;
    graded_constants c = {.threshold = (float)(params->threshold_mv - params->resting_mv)};
    if (!check(params, h, fault) || !chx__membrane_prepare(&membrane, &c.p_v, &c.p_drive, fault) ||
        !chx__model_keep(params->tau_synapse_ms, h, &c.keep_i, fault))
        return false;
    c.p_i = chx__propagator(chx__membrane_moved(&membrane, 1 / params->tau_synapse_ms));
    c.steepness = (float)(1 / params->width_mv);
    c.shift = (float)shift;
    c.rise = (float)(params->rise_per_ms * h);
    c.fall = (float)(params->fall_per_ms * h);
    *to = (chx__prepared){
        .bias_pa = (float)params->bias_pa,
        .origin_mv = params->resting_mv,
        .least_factor = fminf(c.p_v, c.keep_i),
    };
    const double begin = params->rise_per_ms /
                         (params->rise_per_ms + params->fall_per_ms * (1 + exp(fmin(shift, 60))));
    to->initial[MODEL_RELEASE] = begin < (double)CHX__TINY ? 0 : (float)begin;
    memcpy(to->constants, &c, sizeof c);
    return true;
}

static const char *const states[0 MODEL_STATE(ONE)] = {"potential_mv", "release", "current_pa"};

const chx__model chx__model_graded = {
    .name = "graded",
    .source = "neuron/model/graded.cl",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .states = states,
    .n_states = 0 MODEL_STATE(ONE),
    .n_constants = 0 MODEL_CONSTANTS(ONE),
    .n_ports = 1,
    .release = MODEL_RELEASE,
    .idle = (const float *)&idle,
    .prepare = prepare,
};
