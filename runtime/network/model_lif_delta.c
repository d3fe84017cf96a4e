/* Leaky integrate-and-fire neurons whose potential spikes move at once. What is left of the
 * potential after a step, and what a constant current adds, are exact.
 * kernels/neuron/model/lif_delta.cl states the equations. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "network/membrane.h"
#include "network/model.h"
#include "neuron/model/lif_delta.h"

#define MEMBER(name) float name;
#define ONE(name) +1

typedef struct delta_constants {
    MODEL_CONSTANTS(MEMBER)
} delta_constants;

static_assert(sizeof(delta_constants) <= CHX__MODEL_MAX_CONSTANTS * sizeof(float),
              "constants fit what is prepared");

static const delta_constants idle = {.threshold = INFINITY};

static const chx__parameter parameters[] = {
    {"capacitance_pf", CHX__RANGE_POSITIVE},
    {"tau_membrane_ms", CHX__RANGE_POSITIVE},
    {"resting_mv", CHX__RANGE_ANY},
    {"threshold_mv", CHX__RANGE_ANY},
    {"reset_mv", CHX__RANGE_ANY},
    {"refractory_ms", CHX__RANGE_NOT_NEGATIVE, .is_optional = true, .preset = 0},
    {"bias_pa", CHX__RANGE_CURRENT, .is_optional = true, .preset = 0},
};

/* The same, in the same order. */
typedef struct delta_params {
    double capacitance_pf, tau_membrane_ms, resting_mv, threshold_mv, reset_mv, refractory_ms,
        bias_pa;
} delta_params;

static_assert(sizeof(delta_params) == sizeof parameters / sizeof *parameters * sizeof(double),
              "the table lists the members in their order");

static bool
prepare(const void *from, double h, chx__prepared *to, chx__fault *fault)
{
    const delta_params *params = from;
    const chx__membrane membrane = {params->capacitance_pf, params->tau_membrane_ms, h};
    delta_constants c = {
        .threshold = (float)(params->threshold_mv - params->resting_mv),
        .reset = (float)(params->reset_mv - params->resting_mv),
    };
    if (!chx__membrane_prepare(&membrane, &c.p22, &c.p20, fault) ||
        !chx__model_check_reset(c.threshold, c.reset, fault))
        return false;
    *to = (chx__prepared){
        .bias_pa = (float)params->bias_pa,
        .refractory_ms = params->refractory_ms,
        .origin_mv = params->resting_mv,
        .least_factor = c.p22,
    };
    memcpy(to->constants, &c, sizeof c);
    return true;
}

static const char *const states[0 MODEL_STATE(ONE)] = {"potential_mv"};

const chx__model chx__model_lif_delta = {
    .name = "lif_delta",
    .source = "neuron/model/lif_delta.cl",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .states = states,
    .n_states = 0 MODEL_STATE(ONE),
    .n_constants = 0 MODEL_CONSTANTS(ONE),
    .n_ports = 1,
    .unit = CHX__UNIT_MV,
    .idle = (const float *)&idle,
    .prepare = prepare,
};
