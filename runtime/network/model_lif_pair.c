/* Leaky integrate-and-fire neurons with two synaptic currents: each has the propagators that it
 * would have as the only one (model_lif.c). kernels/neuron/model/lif_pair.cl states the
 * equations. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "network/model.h"
#include "neuron/model/lif_pair.h"

#define MEMBER(name) float name;
#define ONE(name) +1

typedef struct pair_constants {
    MODEL_CONSTANTS(MEMBER)
} pair_constants;

static_assert(sizeof(pair_constants) <= CHX__MODEL_MAX_CONSTANTS * sizeof(float),
              "constants fit what is prepared");

static const pair_constants idle = {.threshold = INFINITY};

static bool
prepare(const void *from, double time_step_ms, chx__prepared *to, chx__fault *fault)
{
    chx_lif_params params = *(const chx_lif_params *)from;
    chx__prepared inhibition;
    if (!chx__model_lif.prepare(&params, time_step_ms, to, fault))
        return false;
    if (params.tau_inhibition_ms != 0)
        params.tau_synapse_ms = params.tau_inhibition_ms;
    if (!chx__model_lif.prepare(&params, time_step_ms, &inhibition, fault)) {
        fault->member = "tau_inhibition_ms"; /* all else was right above */
        return false;
    }
    pair_constants constants, of_inhibition;
    memcpy(&constants, to->constants, sizeof constants);
    memcpy(&of_inhibition, inhibition.constants, sizeof of_inhibition);
    constants.p21_j = of_inhibition.p21;
    constants.p11_j = of_inhibition.p11;
    memcpy(to->constants, &constants, sizeof constants);
    to->least_factor = fminf(to->least_factor, inhibition.least_factor);
    return true;
}

static const char *const states[0 MODEL_STATE(ONE)] = {"potential_mv", "current_pa",
                                                       "inhibition_pa"};

static const char *const ports[0 MODEL_PORTS(ONE)] = {"excitation", "inhibition"};

const chx__model chx__model_lif_pair = {
    .name = "lif",
    .source = "neuron/model/lif_pair.cl",
    .states = states,
    .n_states = 0 MODEL_STATE(ONE),
    .n_constants = 0 MODEL_CONSTANTS(ONE),
    .n_ports = 0 MODEL_PORTS(ONE),
    .ports = ports,
    .idle = &idle.p22,
    .prepare = prepare,
};
