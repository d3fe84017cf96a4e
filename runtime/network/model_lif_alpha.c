/* Leaky integrate-and-fire neurons with alpha-shaped synaptic currents: the exact solution of the
 * equations over one time step, after Rotter and Diesmann 1999 (doi:10.1007/s004220050570), also
 * where time constants are equal. kernels/neuron/model/lif_alpha.cl states the equations. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "network/membrane.h"
#include "network/model.h"
#include "neuron/model/lif_alpha.h"

#define MEMBER(name) float name;
#define ONE(name) +1

typedef struct alpha_constants {
    MODEL_CONSTANTS(MEMBER)
} alpha_constants;

static_assert(sizeof(alpha_constants) <= CHX__MODEL_MAX_CONSTANTS * sizeof(float),
              "constants fit what is prepared");

static const alpha_constants idle = {.threshold = INFINITY};

static const chx__parameter parameters[] = {
    {"capacitance_pf", CHX__RANGE_POSITIVE},
    {"tau_membrane_ms", CHX__RANGE_POSITIVE},
    {"tau_synapse_ms", CHX__RANGE_POSITIVE},
    {"resting_mv", CHX__RANGE_ANY},
    {"threshold_mv", CHX__RANGE_ANY},
    {"reset_mv", CHX__RANGE_ANY},
    {"refractory_ms", CHX__RANGE_NOT_NEGATIVE, .is_optional = true, .preset = 0},
    {"bias_pa", CHX__RANGE_CURRENT, .is_optional = true, .preset = 0},
    {"tau_inhibition_ms", CHX__RANGE_NOT_NEGATIVE, .is_optional = true, .preset = 0},
};

/* The same, in the same order. */
typedef struct alpha_params {
    double capacitance_pf, tau_membrane_ms, tau_synapse_ms, resting_mv, threshold_mv, reset_mv,
        refractory_ms, bias_pa, tau_inhibition_ms;
} alpha_params;

static_assert(sizeof(alpha_params) == sizeof parameters / sizeof *parameters * sizeof(double),
              "the table lists the members in their order");

/* Of one synaptic current. */
typedef struct synapse {
    float p22, p21, p31, p32;
} synapse;

static bool
prepare_synapse(const chx__membrane *membrane, double tau_ms, synapse *to, chx__fault *fault)
{
    const double h = membrane->time_step_ms, e = exp(1);
    if (!chx__model_keep(tau_ms, h, &to->p22, fault))
        return false;
    to->p21 = chx__propagator(e * h / tau_ms * exp(-h / tau_ms));
    to->p32 = chx__propagator(chx__membrane_moved(membrane, 1 / tau_ms));
    to->p31 = chx__propagator(e / tau_ms * chx__membrane_moved_by_rise(membrane, 1 / tau_ms));
    if (!(to->p21 > 0 && to->p31 > 0 && to->p32 > 0))
        return chx__model_fail(fault, "tau_synapse_ms",
                               "makes the effect of a spike, together with tau_membrane_ms and "
                               "capacitance_pf, too small for a float; check the units");
    return true;
}

static bool
prepare(const void *from, double h, chx__prepared *to, chx__fault *fault)
{
    const alpha_params *params = from;
    const chx__membrane membrane = {params->capacitance_pf, params->tau_membrane_ms, h};
    const double tau_j =
        params->tau_inhibition_ms != 0 ? params->tau_inhibition_ms : params->tau_synapse_ms;
    synapse i, j;
    alpha_constants c = {
        .threshold = (float)(params->threshold_mv - params->resting_mv),
        .reset = (float)(params->reset_mv - params->resting_mv),
    };
    if (!chx__membrane_prepare(&membrane, &c.p33, &c.p30, fault) ||
        !chx__model_check_reset(c.threshold, c.reset, fault) ||
        !prepare_synapse(&membrane, params->tau_synapse_ms, &i, fault))
        return false;
    if (!prepare_synapse(&membrane, tau_j, &j, fault)) {
        fault->member = "tau_inhibition_ms";
        return false;
    }
    c.p32 = i.p32, c.p31 = i.p31, c.p22 = i.p22, c.p21 = i.p21;
    c.p32_j = j.p32, c.p31_j = j.p31, c.p22_j = j.p22, c.p21_j = j.p21;
    *to = (chx__prepared){
        .bias_pa = (float)params->bias_pa,
        .refractory_ms = params->refractory_ms,
        .origin_mv = params->resting_mv,
        .least_factor = fminf(fminf(c.p22, c.p22_j), c.p33),
    };
    memcpy(to->constants, &c, sizeof c);
    return true;
}

static const char *const states[0 MODEL_STATE(ONE)] = {"potential_mv", "current_pa", "rise_pa",
                                                       "inhibition_pa", "inhibition_rise_pa"};

static const char *const ports[0 MODEL_PORTS(ONE)] = {"excitation", "inhibition"};

const chx__model chx__model_lif_alpha = {
    .name = "lif_alpha",
    .source = "neuron/model/lif_alpha.cl",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .states = states,
    .n_states = 0 MODEL_STATE(ONE),
    .n_constants = 0 MODEL_CONSTANTS(ONE),
    .n_ports = 0 MODEL_PORTS(ONE),
    .ports = ports,
    .idle = (const float *)&idle,
    .prepare = prepare,
};
