/* Neurons that pass on what they get: a Poisson stimulus makes them sources of random spikes, a
 * spike train sources of given ones. kernels/neuron/model/relay.cl states the rule. */
#include <assert.h>
#include <math.h>

#include "network/model.h"
#include "neuron/model/relay.h"

#define ONE(name) +1

static_assert(0 MODEL_CONSTANTS(ONE) == 1, "idle is the one constant");

static const float idle = INFINITY;

static const chx__parameter parameters[] = {
    {"refractory_ms", CHX__RANGE_NOT_NEGATIVE, .is_optional = true, .preset = 0},
};

static bool
prepare(const void *from, double time_step_ms, chx__prepared *to, chx__fault *fault)
{
    const double *refractory_ms = from;
    (void)time_step_ms;
    (void)fault;
    *to = (chx__prepared){.refractory_ms = *refractory_ms, .least_factor = 1};
    return true;
}

static const char *const states[0 MODEL_STATE(ONE)] = {"potential_mv"};

const chx__model chx__model_relay = {
    .name = "relay",
    .source = "neuron/model/relay.cl",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .states = states,
    .n_states = 0 MODEL_STATE(ONE),
    .n_constants = 0 MODEL_CONSTANTS(ONE),
    .n_ports = 1,
    .idle = &idle,
    .prepare = prepare,
};
