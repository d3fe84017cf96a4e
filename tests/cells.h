/* A neuron of each model, which fires now and then by itself or soon with a little input. */
#ifndef CHX_TESTS_CELLS_H
#define CHX_TESTS_CELLS_H

#include <check.h>
#include <chronaxie/network.h>

#define CELL_OWN_MODEL SOURCE_ROOT "/examples/own-neuron/fitzhugh_nagumo.cl"

typedef enum cell_kind {
    CELL_LIF,
    CELL_LIF_PAIR, /* with an inhibition of its own */
    CELL_LIF_ALPHA,
    CELL_LIF_DELTA,
    CELL_LIF_COND,
    CELL_GLIF3,
    CELL_ADEX,
    CELL_IZHIKEVICH,
    CELL_HH,
    CELL_GRADED,
    CELL_RELAY,
    CELL_OWN,
    N_CELL_KINDS
} cell_kind;

static const chx_parameter cell_alpha[] = {
    {"capacitance_pf", 250}, {"tau_membrane_ms", 10}, {"tau_synapse_ms", 5},
    {"resting_mv", -65},     {"threshold_mv", -50},   {"reset_mv", -65},
    {"refractory_ms", 2},    {"bias_pa", 390},        {"tau_inhibition_ms", 8}};

static const chx_parameter cell_delta[] = {
    {"capacitance_pf", 250}, {"tau_membrane_ms", 10}, {"resting_mv", -65}, {"threshold_mv", -50},
    {"reset_mv", -65},       {"refractory_ms", 2},    {"bias_pa", 390}};

static const chx_parameter cell_cond[] = {
    {"capacitance_pf", 200},   {"leak_ns", 10},      {"resting_mv", -60},
    {"threshold_mv", -50},     {"reset_mv", -60},    {"tau_synapse_ms", 5},
    {"tau_inhibition_ms", 10}, {"refractory_ms", 5}, {"bias_pa", 20}};

static const chx_parameter cell_glif3[] = {
    {"capacitance_pf", 100}, {"leak_ns", 5},        {"resting_mv", -65}, {"threshold_mv", -50},
    {"reset_mv", -65},       {"decay_1_per_ms", 1}, {"jump_1_pa", -20},  {"decay_2_per_ms", 0.1},
    {"jump_2_pa", -10},      {"kept_2", 0.5},       {"bias_pa", 120},    {"refractory_ms", 2},
    {"tau_synapse_ms", 5}};

/* Adapting, of Naud and others 2008. */
static const chx_parameter cell_adex[] = {
    {"capacitance_pf", 200}, {"leak_ns", 12}, {"resting_mv", -70}, {"threshold_mv", -50},
    {"slope_mv", 2},         {"peak_mv", 0},  {"reset_mv", -58},   {"tau_adaptation_ms", 300},
    {"adaptation_ns", 2},    {"jump_pa", 60}, {"bias_pa", 500},    {"tau_synapse_ms", 5}};

/* Regular spiking, of Izhikevich 2007. */
static const chx_parameter cell_izhikevich[] = {
    {"capacitance_pf", 100},  {"gain_ns_per_mv", 0.7}, {"resting_mv", -60},
    {"threshold_mv", -40},    {"peak_mv", 35},         {"reset_mv", -50},
    {"recovery_per_ms", .03}, {"coupling_ns", -2},     {"jump_pa", 100},
    {"bias_pa", 100},         {"tau_synapse_ms", 5}};

static const chx_parameter cell_hh[] = {{"tau_synapse_ms", 5}};

static const chx_parameter cell_graded[] = {
    {"capacitance_pf", 3}, {"leak_ns", 0.1},      {"resting_mv", -35},
    {"midpoint_mv", -20},  {"width_mv", 4},       {"rise_per_ms", .5},
    {"fall_per_ms", 0.1},  {"threshold_mv", -20}, {"tau_synapse_ms", 5}};

static const chx_parameter cell_relay[] = {{"refractory_ms", 3}};

static const chx_parameter cell_own[] = {{"bias_pa", 60}};

#define CELL_LIST(list) .parameters = list, .n_parameters = sizeof list / sizeof *list

static const chx_neuron_type cell_types[N_CELL_KINDS] = {
    [CELL_LIF] = {.name = "lif", .params = {250, 10, 5, -65, -50, -65, 2, 390}},
    [CELL_LIF_PAIR] = {.name = "pair", .params = {250, 10, 5, -65, -50, -65, 2, 390, 8}},
    [CELL_LIF_ALPHA] = {.name = "alpha", .model = "lif_alpha", CELL_LIST(cell_alpha)},
    [CELL_LIF_DELTA] = {.name = "delta", .model = "lif_delta", CELL_LIST(cell_delta)},
    [CELL_LIF_COND] = {.name = "cond", .model = "lif_cond", CELL_LIST(cell_cond)},
    [CELL_GLIF3] = {.name = "glif3", .model = "glif3", CELL_LIST(cell_glif3)},
    [CELL_ADEX] = {.name = "adex", .model = "adex", CELL_LIST(cell_adex)},
    [CELL_IZHIKEVICH] = {.name = "rs", .model = "izhikevich", CELL_LIST(cell_izhikevich)},
    [CELL_HH] = {.name = "axon", .model = "hh", CELL_LIST(cell_hh)},
    [CELL_GRADED] = {.name = "graded", .model = "graded", CELL_LIST(cell_graded)},
    [CELL_RELAY] = {.name = "relay", .model = "relay", CELL_LIST(cell_relay)},
    [CELL_OWN] = {.name = "own", CELL_LIST(cell_own)},
};

/* The caller destroys *own. */
static inline chx_neuron_type
cell_type(cell_kind kind, chx_model **own)
{
    chx_neuron_type type = cell_types[kind];
    if (kind == CELL_OWN) {
        const chx_status status = chx_model_from_file(CELL_OWN_MODEL, own);
        ck_assert_msg(status == CHX_OK, "%s", chx_last_error()->message);
        type.own = *own;
    }
    return type;
}

#endif
