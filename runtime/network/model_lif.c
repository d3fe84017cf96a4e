/* Leaky integrate-and-fire neurons: the exact solution of the membrane's equations over one time
 * step, after Rotter and Diesmann 1999 (doi:10.1007/s004220050570), rounded to the floats that the
 * kernel multiplies with. kernels/neuron/model/lif.cl states the equations. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "network/model.h"
#include "neuron/model/lif.h"

#define MEMBER(name) float name;
#define ONE(name) +1

typedef struct lif_constants {
    MODEL_CONSTANTS(MEMBER)
} lif_constants;

static_assert(sizeof(lif_constants) <= CHX__MODEL_MAX_CONSTANTS * sizeof(float),
              "constants fit what is prepared");

static const lif_constants idle = {.threshold = INFINITY};

static const chx__parameter parameters[] = {
    {"capacitance_pf", CHX__RANGE_POSITIVE},
    {"tau_membrane_ms", CHX__RANGE_POSITIVE},
    {"tau_synapse_ms", CHX__RANGE_POSITIVE},
    {"resting_mv", CHX__RANGE_ANY},
    {"threshold_mv", CHX__RANGE_ANY},
    {"reset_mv", CHX__RANGE_ANY},
    {"refractory_ms", CHX__RANGE_NOT_NEGATIVE},
    {"bias_pa", CHX__RANGE_CURRENT, .is_optional = true},
    {"tau_inhibition_ms", CHX__RANGE_NOT_NEGATIVE, .is_optional = true},
};

static_assert(sizeof(chx_lif_params) == sizeof parameters / sizeof *parameters * sizeof(double),
              "the table lists the members of the parameters in their order");

static lif_constants
constants_of(const chx_lif_params *params, double time_step_ms)
{
    double h = time_step_ms, c = params->capacitance_pf;
    double tau_m = params->tau_membrane_ms, tau_s = params->tau_synapse_ms;
    double p22 = exp(-h / tau_m), p11 = exp(-h / tau_s);
    return (lif_constants){
        .p22 = chx__propagator(p22),
        .p21 = chx__propagator(tau_s * tau_m / (tau_m - tau_s) / c * (p22 - p11)),
        .p20 = chx__propagator(-tau_m / c * expm1(-h / tau_m)),
        .p11 = chx__propagator(p11),
        .threshold = (float)(params->threshold_mv - params->resting_mv),
        .reset = (float)(params->reset_mv - params->resting_mv),
    };
}

static bool
check_times(const chx_lif_params *params, chx__fault *fault)
{
    if (fabs(params->tau_membrane_ms - params->tau_synapse_ms) <= 1e-6 * params->tau_membrane_ms)
        return chx__model_fail(
            fault, "tau_synapse_ms",
            "equals tau_membrane_ms, where the exact solution divides by their difference; "
            "make them differ by at least a millionth");
    return true;
}

/* The kernels tidy tiny potentials away, and a potential that rests at its reset must not fire. */
static bool
check_potentials(const chx_lif_params *params, const lif_constants *c, chx__fault *fault)
{
    if (params->threshold_mv <= params->reset_mv)
        return chx__model_fail(fault, "threshold_mv", "must be a number above reset_mv");
    if (!(c->threshold > c->reset) || (fabsf(c->reset) < CHX__TINY && !(c->threshold > 0)))
        return chx__model_fail(
            fault, "threshold_mv",
            "is reset_mv in the arithmetic of floats, which count from resting_mv; move "
            "them apart, or resting_mv nearer");
    return true;
}

static bool
check_propagators(const lif_constants *c, chx__fault *fault)
{
    if (c->p22 == 0)
        return chx__model_fail(
            fault, "tau_membrane_ms",
            "is so short that nothing lasts for a step of time_step_ms; lengthen it or "
            "shorten the step");
    if (c->p11 == 0)
        return chx__model_fail(
            fault, "tau_synapse_ms",
            "is so short that nothing lasts for a step of time_step_ms; lengthen it or "
            "shorten the step");
    if (c->p20 == 0)
        return chx__model_fail(
            fault, "capacitance_pf",
            "is so large that a current of 1 pA does nothing in a step; check the unit");
    if (!(c->p20 <= (float)CHX__MAX_MAGNITUDE))
        return chx__model_fail(
            fault, "capacitance_pf",
            "is so small that 1 pA adds more than 1e12 mV in a step; check the unit");
    if (!(c->p21 > 0 && c->p21 <= (float)CHX__MAX_MAGNITUDE))
        return chx__model_fail(
            fault, "tau_synapse_ms",
            "makes the effect of a spike, together with tau_membrane_ms and "
            "capacitance_pf, too small or too large for a float; check the units");
    return true;
}

static bool
prepare(const void *from, double time_step_ms, chx__prepared *to, chx__fault *fault)
{
    const chx_lif_params *params = from;
    if (!check_times(params, fault))
        return false;
    const lif_constants constants = constants_of(params, time_step_ms);
    if (!check_potentials(params, &constants, fault) || !check_propagators(&constants, fault))
        return false;
    *to = (chx__prepared){
        .bias_pa = (float)params->bias_pa,
        .refractory_ms = params->refractory_ms,
        .origin_mv = params->resting_mv,
        .least_factor = fminf(constants.p22, constants.p11),
    };
    memcpy(to->constants, &constants, sizeof constants);
    return true;
}

static const char *const states[0 MODEL_STATE(ONE)] = {"potential_mv", "current_pa"};

const chx__model chx__model_lif = {
    .name = "lif",
    .source = "neuron/model/lif.cl",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .states = states,
    .n_states = 0 MODEL_STATE(ONE),
    .n_constants = 0 MODEL_CONSTANTS(ONE),
    .n_ports = 1,
    .idle = &idle.p22,
    .prepare = prepare,
};
