/* Hodgkin and Huxley's neurons. kernels/neuron/model/hh.cl states the equations and integrates
 * them; here are its constants, the state at rest, and the bounds within which nothing overflows or
 * becomes denormal. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "network/model.h"
#include "neuron/model/hh.h"

#define MEMBER(name) float name;
#define ONE(name) +1

#define MAX_REVERSAL_MV 1000

typedef struct hh_constants {
    MODEL_CONSTANTS(MEMBER)
} hh_constants;

static_assert(sizeof(hh_constants) <= CHX__MODEL_MAX_CONSTANTS * sizeof(float),
              "constants fit what is prepared");

static const hh_constants idle = {.threshold = INFINITY};

/* Presets: the paper's, for 1000 um2. */
static const chx__parameter parameters[] = {
    {"capacitance_pf", CHX__RANGE_POSITIVE, .is_optional = true, .preset = 10},
    {"sodium_ns", CHX__RANGE_NOT_NEGATIVE, .is_optional = true, .preset = 1200},
    {"potassium_ns", CHX__RANGE_NOT_NEGATIVE, .is_optional = true, .preset = 360},
    {"leak_ns", CHX__RANGE_POSITIVE, .is_optional = true, .preset = 3},
    {"sodium_mv", CHX__RANGE_ANY, .is_optional = true, .preset = 50},
    {"potassium_mv", CHX__RANGE_ANY, .is_optional = true, .preset = -77},
    {"leak_mv", CHX__RANGE_ANY, .is_optional = true, .preset = -54.387},
    {"temperature_c", CHX__RANGE_ANY, .is_optional = true, .preset = 6.3},
    {"threshold_mv", CHX__RANGE_ANY, .is_optional = true, .preset = 0},
    {"tau_synapse_ms", CHX__RANGE_POSITIVE},
    {"refractory_ms", CHX__RANGE_NOT_NEGATIVE, .is_optional = true, .preset = 0},
    {"bias_pa", CHX__RANGE_CURRENT, .is_optional = true, .preset = 0},
};

/* The same, in the same order. */
typedef struct hh_params {
    double capacitance_pf, sodium_ns, potassium_ns, leak_ns, sodium_mv, potassium_mv, leak_mv,
        temperature_c, threshold_mv, tau_synapse_ms, refractory_ms, bias_pa;
} hh_params;

static_assert(sizeof(hh_params) == sizeof parameters / sizeof *parameters * sizeof(double),
              "the table lists the members in their order");

typedef struct hh_gates {
    double m, h, n;
} hh_gates;

static double
linear_rate(double x)
{
    return fabs(x) < 1e-6 ? 1 + x / 2 : x / -expm1(-x);
}

/* The gates after a long time at v mV above the origin. */
static hh_gates
settle(double v)
{
    const double am = linear_rate((v - 25) / 10), bm = 4 * exp(-v / 18);
    const double ah = 0.07 * exp(-v / 20), bh = 1 / (exp((30 - v) / 10) + 1);
    const double an = 0.1 * linear_rate((v - 10) / 10), bn = 0.125 * exp(-v / 80);
    return (hh_gates){am / (am + bm), ah / (ah + bh), an / (an + bn)};
}

/* What flows inwards then, without drive. */
static double
steady_current(const hh_params *params, double v)
{
    const hh_gates gates = settle(v);
    const double sodium = params->sodium_ns * pow(gates.m, 3) * gates.h;
    const double potassium = params->potassium_ns * pow(gates.n, 4);
    return sodium * (params->sodium_mv - HH_ORIGIN_MV - v) +
           potassium * (params->potassium_mv - HH_ORIGIN_MV - v) +
           params->leak_ns * (params->leak_mv - HH_ORIGIN_MV - v);
}

/* Where nothing flows: at the lowest reversal potential it flows inwards, at the highest outwards,
 * and halving keeps it so. */
static double
find_rest(const hh_params *params)
{
    const double leak = params->leak_mv - HH_ORIGIN_MV;
    double low = fmin(fmin(params->sodium_mv, params->potassium_mv) - HH_ORIGIN_MV, leak);
    double high = fmax(fmax(params->sodium_mv, params->potassium_mv) - HH_ORIGIN_MV, leak);
    for (int i = 0; i < 64; i++) {
        const double middle = (low + high) / 2;
        if (steady_current(params, middle) > 0)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static bool
check_conductance(const char *name, double conductance_ns, float rate, chx__fault *fault)
{
    if (conductance_ns == 0 || (rate >= 1e-9f && rate <= 1e6f))
        return true;
    return chx__model_fail(fault, name,
                           "divided by capacitance_pf must lie between 1e-9 and 1e6; check the "
                           "units");
}

static bool
check_reversal(const char *name, double reversal_mv, chx__fault *fault)
{
    if (fabs(reversal_mv) <= MAX_REVERSAL_MV)
        return true;
    return chx__model_fail(fault, name, "must lie between -1000 and 1000");
}

static bool
check(const hh_params *params, const hh_constants *c, chx__fault *fault)
{
    if (!(params->capacitance_pf >= 1e-9 && params->capacitance_pf <= 1e9))
        return chx__model_fail(fault, "capacitance_pf", "must lie between 1e-9 and 1e9");
    if (!check_conductance("sodium_ns", params->sodium_ns, c->sodium, fault) ||
        !check_conductance("potassium_ns", params->potassium_ns, c->potassium, fault) ||
        !check_conductance("leak_ns", params->leak_ns, c->leak, fault) ||
        !check_reversal("sodium_mv", params->sodium_mv, fault) ||
        !check_reversal("potassium_mv", params->potassium_mv, fault) ||
        !check_reversal("leak_mv", params->leak_mv, fault))
        return false;
    if (!(params->temperature_c >= -50 && c->whole_gate <= 1))
        return chx__model_fail(fault, "temperature_c",
                               "must be at least -50, and time_step_ms times 3 to the power of "
                               "(temperature_c - 6.3) / 10 at most 1; shorten the step");
    return true;
}

static bool
prepare(const void *from, double h, chx__prepared *to, chx__fault *fault)
{
    const hh_params *params = from;
    const double factor = pow(3, (params->temperature_c - 6.3) / 10);
    hh_constants c = {
        .keep_half = chx__propagator(exp(-h / 2 / params->tau_synapse_ms)),
        .sodium = (float)(params->sodium_ns / params->capacitance_pf),
        .potassium = (float)(params->potassium_ns / params->capacitance_pf),
        .leak = (float)(params->leak_ns / params->capacitance_pf),
        .sodium_mv = (float)(params->sodium_mv - HH_ORIGIN_MV),
        .potassium_mv = (float)(params->potassium_mv - HH_ORIGIN_MV),
        .leak_mv = (float)(params->leak_mv - HH_ORIGIN_MV),
        .inverse_c = (float)(1 / params->capacitance_pf),
        .half_step = (float)(h / 2),
        .whole_step = (float)h,
        .half_gate = (float)(h * factor / 2),
        .whole_gate = (float)(h * factor),
        .threshold = (float)(params->threshold_mv - HH_ORIGIN_MV),
    };
    if (!check(params, &c, fault) || !chx__model_keep(params->tau_synapse_ms, h, &c.keep, fault))
        return false;
    const double rest = find_rest(params);
    const hh_gates gates = settle(rest);
    const float v = (float)rest;
    *to = (chx__prepared){
        .bias_pa = (float)params->bias_pa,
        .refractory_ms = params->refractory_ms,
        .origin_mv = HH_ORIGIN_MV,
        .least_factor = fminf(c.keep, 0.25f),
        .initial = {fabsf(v) < CHX__TINY ? 0 : v, fmaxf((float)gates.m, HH_CLOSED),
                    fmaxf((float)gates.h, HH_CLOSED), fmaxf((float)gates.n, HH_CLOSED)},
    };
    memcpy(to->constants, &c, sizeof c);
    return true;
}

static const char *const states[0 MODEL_STATE(ONE)] = {"potential_mv", "m", "h", "n", "current_pa"};

const chx__model chx__model_hh = {
    .name = "hh",
    .source = "neuron/model/hh.cl",
    .parameters = parameters,
    .n_parameters = sizeof parameters / sizeof *parameters,
    .states = states,
    .n_states = 0 MODEL_STATE(ONE),
    .n_constants = 0 MODEL_CONSTANTS(ONE),
    .n_ports = 1,
    .idle = (const float *)&idle,
    .prepare = prepare,
};
