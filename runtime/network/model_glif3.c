/* Generalised leaky integrate-and-fire neurons with two after-spike currents: the exact solution of
 * the equations over one time step, and what a spike does to the after-spike currents.
 * kernels/neuron/model/glif3.cl states the equations. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "network/membrane.h"
#include "network/model.h"
#include "neuron/model/glif3.h"

#define MEMBER(name) float name;
#define ONE(name) +1

typedef struct glif3_constants {
    MODEL_CONSTANTS(MEMBER)
} glif3_constants;

static_assert(sizeof(glif3_constants) <= CHX__MODEL_MAX_CONSTANTS * sizeof(float),
              "constants fit what is prepared");

static const glif3_constants idle = {.threshold = INFINITY};

static const chx__parameter parameters[] = {
    {"capacitance_pf", CHX__RANGE_POSITIVE},
    {"leak_ns", CHX__RANGE_POSITIVE},
    {"resting_mv", CHX__RANGE_ANY},
    {"threshold_mv", CHX__RANGE_ANY},
    {"reset_mv", CHX__RANGE_ANY},
    {"decay_1_per_ms", CHX__RANGE_POSITIVE},
    {"decay_2_per_ms", CHX__RANGE_POSITIVE},
    {"jump_1_pa", CHX__RANGE_CURRENT},
    {"jump_2_pa", CHX__RANGE_CURRENT},
    {"kept_1", CHX__RANGE_NOT_NEGATIVE, .is_optional = true, .preset = 1},
    {"kept_2", CHX__RANGE_NOT_NEGATIVE, .is_optional = true, .preset = 1},
    {"tau_synapse_ms", CHX__RANGE_POSITIVE},
    {"refractory_ms", CHX__RANGE_NOT_NEGATIVE, .is_optional = true, .preset = 0},
    {"bias_pa", CHX__RANGE_CURRENT, .is_optional = true, .preset = 0},
};

/* The same, in the same order. */
typedef struct glif3_params {
    double capacitance_pf, leak_ns, resting_mv, threshold_mv, reset_mv, decay_per_ms[2], jump_pa[2],
        kept[2], tau_synapse_ms, refractory_ms, bias_pa;
} glif3_params;

static_assert(sizeof(glif3_params) == sizeof parameters / sizeof *parameters * sizeof(double),
              "the table lists the members in their order");

/* Of one after-spike current. */
typedef struct after_spike {
    float moved, keep, kept, jump;
} after_spike;

static bool
prepare_after_spike(const glif3_params *params, const chx__membrane *membrane, int index,
                    after_spike *to, chx__fault *fault)
{
    static const char *const decays[] = {"decay_1_per_ms", "decay_2_per_ms"};
    static const char *const jumps[] = {"jump_1_pa", "jump_2_pa"};
    static const char *const fractions[] = {"kept_1", "kept_2"};
    static const char *const sentences[] = {
        "times exp(decay_1_per_ms x refractory_ms) must be at most 1e12; check the units",
        "times exp(decay_2_per_ms x refractory_ms) must be at most 1e12; check the units"};
    const double decay = params->decay_per_ms[index], kept = params->kept[index];
    const double jump = params->jump_pa[index], h = membrane->time_step_ms;
    const double cut_ms = h * floor(params->refractory_ms / h + 0.5);
    if (!(decay >= 1e-6 && decay * h <= 40))
        return chx__model_fail(fault, decays[index],
                               "must be at least 1e-6, and at most 40 in a step of time_step_ms");
    if (!(kept == 0 || (kept >= 1e-6 && kept <= 1)))
        return chx__model_fail(fault, fractions[index], "must be 0, or lie between 1e-6 and 1");
    to->jump = jump == 0 ? 0 : (float)(jump * exp(decay * cut_ms));
    if (!(fabsf(to->jump) <= (float)CHX__MAX_MAGNITUDE))
        return chx__model_fail(fault, jumps[index], sentences[index]);
    to->moved = chx__propagator(chx__membrane_moved(membrane, decay));
    to->keep = (float)exp(-decay * h);
    to->kept = (float)kept;
    return true;
}

static bool
check_membrane(const glif3_params *params, double h, chx__fault *fault)
{
    const double rate = params->leak_ns / params->capacitance_pf;
    if (!(params->capacitance_pf >= 1e-9 && params->capacitance_pf <= 1e9))
        return chx__model_fail(fault, "capacitance_pf", "must lie between 1e-9 and 1e9");
    if (!(rate >= 1e-6 && rate * h <= 40))
        return chx__model_fail(fault, "leak_ns",
                               "divided by capacitance_pf must be at least 1e-6, and at most 40 in "
                               "a step of time_step_ms; check the units");
    return true;
}

static bool
prepare(const void *from, double h, chx__prepared *to, chx__fault *fault)
{
    const glif3_params *params = from;
    const chx__membrane membrane = {params->capacitance_pf,
                                    params->capacitance_pf / params->leak_ns, h};
    after_spike after[2];
    glif3_constants c = {
        .threshold = (float)(params->threshold_mv - params->resting_mv),
        .reset = (float)(params->reset_mv - params->resting_mv),
    };
    if (!check_membrane(params, h, fault) ||
        !chx__membrane_prepare(&membrane, &c.p_v, &c.p_drive, fault) ||
        !chx__model_check_reset(c.threshold, c.reset, fault) ||
        !chx__model_keep(params->tau_synapse_ms, h, &c.keep_i, fault) ||
        !prepare_after_spike(params, &membrane, 0, &after[0], fault) ||
        !prepare_after_spike(params, &membrane, 1, &after[1], fault))
        return false;
    c.p_i = chx__propagator(chx__membrane_moved(&membrane, 1 / params->tau_synapse_ms));
    c.p_a = after[0].moved, c.p_b = after[1].moved;
    c.keep_a = after[0].keep, c.keep_b = after[1].keep;
    c.kept_a = after[0].kept, c.kept_b = after[1].kept;
    c.jump_a = after[0].jump, c.jump_b = after[1].jump;
    *to = (chx__prepared){
        .bias_pa = (float)params->bias_pa,
        .refractory_ms = params->refractory_ms,
        .origin_mv = params->resting_mv,
        .least_factor = fminf(fminf(c.p_v, c.keep_i), fminf(c.keep_a, c.keep_b)),
    };
    for (int k = 0; k < 2; k++)
        if (after[k].kept > 0)
            to->least_factor = fminf(to->least_factor, after[k].kept * after[k].keep);
    memcpy(to->constants, &c, sizeof c);
    return true;
}

static const char *const states[0 MODEL_STATE(ONE)] = {"potential_mv", "current_pa", "after_1_pa",
                                                       "after_2_pa"};

const chx__model chx__model_glif3 = {
    .name = "glif3",
    .source = "neuron/model/glif3.cl",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .states = states,
    .n_states = 0 MODEL_STATE(ONE),
    .n_constants = 0 MODEL_CONSTANTS(ONE),
    .n_ports = 1,
    .idle = (const float *)&idle,
    .prepare = prepare,
};
