/* Models of neurons against integrations of their equations in double precision with steps two
 * hundred times finer, that of an example's own file too; the same spikes however a network of
 * several models is cut; and what is said of code that does not compile. */
#include <math.h>

#include <chronaxie/simulation.h>

#include "common/math.h"
#include "cells.h"
#include "folder.h"
#include "runtime.h"
#include "sample.h"

#define STEP_MS 0.1
#define N_STEPS 5000
#define N_FINE 200
#define MAX_CELLS 16

/* A spike of WEIGHT_PA arrives at all neurons every so many steps. */
#define ARRIVAL_STEPS 73
#define WEIGHT_PA 20
#define TAU_S_MS 5

/* One neuron of each type, without synapses; the caller frees what is given back. */
static chx_simulation *
simulate(const chx_neuron_type *types, uint32_t n_types, chx_network **network)
{
    static chx_spike arrivals[MAX_CELLS * (N_STEPS / ARRIVAL_STEPS + 1)];
    chx_stimulus train = {
        .kind = CHX_STIMULUS_SPIKE_TRAIN, .current_pa = WEIGHT_PA, .spikes = arrivals};
    ck_assert_uint_le(n_types, MAX_CELLS);
    for (uint32_t step = 0; step < N_STEPS; step += ARRIVAL_STEPS)
        for (uint32_t n = 0; n < n_types; n++)
            arrivals[train.n_spikes++] = (chx_spike){step, n};
    uint64_t random = 1;
    chx_neuron *neurons = sample_neurons(n_types, 1, &random);
    for (uint32_t n = 0; n < n_types; n++)
        neurons[n].type = n;
    *network = sample_finish(&(chx_network_info){.name = "cells",
                                                 .description = "",
                                                 .time_step_ms = STEP_MS,
                                                 .duration_ms = 500,
                                                 .n_types = n_types,
                                                 .types = types,
                                                 .n_neurons = n_types,
                                                 .neurons = neurons,
                                                 .n_stimuli = 1,
                                                 .stimuli = &train,
                                                 .view = sample_view()});
    free(neurons);
    chx_simulation *simulation;
    check_ok(chx_simulation_create(runtime, *network, NULL, &simulation));
    check_ok(chx_simulation_advance(simulation, N_STEPS));
    return simulation;
}

/* Two equations with a reset. */
typedef struct cell {
    const double *p;
    void (*slopes)(const double *p, double v, double w, double i, double *dv, double *dw);
    double peak, reset, jump;
} cell;

/* The steps in which the neuron fires, by the midpoint method. V is reset at the end of the step
 * in which it reaches its peak, and w moves in that step as at its begin. */
static uint32_t
integrate(const cell *c, double v, uint32_t spikes[N_STEPS])
{
    uint32_t n_spikes = 0;
    double w = 0, i = 0;
    const double h = STEP_MS / N_FINE;
    for (uint32_t step = 0; step < N_STEPS; step++) {
        double dv, dw, dv_begin, dw_begin;
        const double w_begin = w;
        c->slopes(c->p, v, w, i, &dv_begin, &dw_begin);
        for (uint32_t fine = 0; fine < N_FINE && v < c->peak; fine++) {
            const double now = i * exp(-h * fine / TAU_S_MS);
            const double middle = i * exp(-h * (fine + 0.5) / TAU_S_MS);
            c->slopes(c->p, v, w, now, &dv, &dw);
            c->slopes(c->p, fmin(v + h / 2 * dv, c->peak), w + h / 2 * dw, middle, &dv, &dw);
            v += h * dv;
            w += h * dw;
        }
        i *= exp(-STEP_MS / TAU_S_MS);
        i += step % ARRIVAL_STEPS == 0 ? WEIGHT_PA : 0;
        if (v >= c->peak) {
            v = c->reset;
            w = w_begin + STEP_MS * dw_begin + c->jump;
            spikes[n_spikes++] = step;
        }
    }
    return n_spikes;
}

/* The spikes of neuron n are those expected, give or take a step. */
static void
compare(chx_simulation *simulation, uint32_t n, const uint32_t *expected, uint32_t n_expected)
{
    const chx_spike *spikes;
    size_t n_spikes;
    uint32_t count = 0;
    check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
    ck_assert_uint_gt(n_expected, 0);
    for (size_t s = 0; s < n_spikes; s++) {
        if (spikes[s].neuron != n)
            continue;
        ck_assert_msg(count < n_expected && labs((long)spikes[s].step - (long)expected[count]) <= 1,
                      "neuron %u, spike %u: in step %u instead of %u", n, count, spikes[s].step,
                      count < n_expected ? expected[count] : 0);
        count++;
    }
    ck_assert_uint_eq(count, n_expected);
}

#define N_ADEX 6

/* Firing patterns of Naud and others 2008, table 1: tonic, adapting, initial burst, regular
 * bursting, delayed accelerating, transient. C, g, E, T, D, peak, reset, tau_w, a, b, I. */
static const double adex[N_ADEX][11] = {
    {200, 10, -70, -50, 2, 0, -58, 30, 2, 0, 500},
    {200, 12, -70, -50, 2, 0, -58, 300, 2, 60, 500},
    {130, 18, -58, -50, 2, 0, -50, 150, 4, 120, 400},
    {200, 10, -58, -50, 2, 0, -46, 120, 2, 100, 210},
    {200, 12, -70, -50, 2, 0, -58, 300, -10, 0, 300},
    {100, 10, -65, -50, 2, 0, -47, 90, 10, 100, 180},
};

static const char *const adex_names[] = {"capacitance_pf", "leak_ns",           "resting_mv",
                                         "threshold_mv",   "slope_mv",          "peak_mv",
                                         "reset_mv",       "tau_adaptation_ms", "adaptation_ns",
                                         "jump_pa",        "bias_pa",           "tau_synapse_ms"};

static void
adex_slopes(const double *p, double v, double w, double i, double *dv, double *dw)
{
    *dv = (-p[1] * (v - p[2]) + p[1] * p[4] * exp((v - p[3]) / p[4]) - w + i + p[10]) / p[0];
    *dw = (p[8] * (v - p[2]) - w) / p[7];
}

static void
describe(const char *const *names, uint32_t n_names, const double *values,
         chx_parameter *parameters)
{
    for (uint32_t i = 0; i < n_names; i++)
        parameters[i] = (chx_parameter){names[i], i + 1 < n_names ? values[i] : TAU_S_MS};
}

START_TEST(adaptive_exponential_neurons_fire_as_the_equations_say)
{
    chx_parameter parameters[N_ADEX][12];
    chx_neuron_type types[N_ADEX];
    for (uint32_t n = 0; n < N_ADEX; n++) {
        describe(adex_names, 12, adex[n], parameters[n]);
        types[n] = (chx_neuron_type){
            .name = "cell", .model = "adex", .parameters = parameters[n], .n_parameters = 12};
    }
    chx_network *network;
    chx_simulation *simulation = simulate(types, N_ADEX, &network);
    for (uint32_t n = 0; n < N_ADEX; n++) {
        uint32_t spikes[N_STEPS];
        const double *p = adex[n];
        const cell c = {p, adex_slopes, p[5], p[6], p[9]};
        compare(simulation, n, spikes, integrate(&c, p[2], spikes));
    }
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

#define N_IZHIKEVICH 4

/* Izhikevich 2007, chapter 8: regular spiking, intrinsically bursting, chattering; and the regular
 * spiking neuron of 2003 in these units. C, k, R, T, peak, reset, a, b, d, I. */
static const double izhikevich[N_IZHIKEVICH][10] = {
    {100, 0.7, -60, -40, 35, -50, 0.03, -2, 100, 100},
    {150, 1.2, -75, -45, 50, -56, 0.01, 5, 130, 500},
    {50, 1.5, -60, -40, 25, -40, 0.03, 1, 150, 300},
    {1, 0.04, -82.6, -42.4, 30, -65, 0.02, 0.2, 8, 26.5},
};

static const char *const izhikevich_names[] = {
    "capacitance_pf",  "gain_ns_per_mv", "resting_mv", "threshold_mv", "peak_mv",       "reset_mv",
    "recovery_per_ms", "coupling_ns",    "jump_pa",    "bias_pa",      "tau_synapse_ms"};

static void
izhikevich_slopes(const double *p, double v, double u, double i, double *dv, double *du)
{
    *dv = (p[1] * (v - p[2]) * (v - p[3]) - u + i + p[9]) / p[0];
    *du = p[6] * (p[7] * (v - p[2]) - u);
}

START_TEST(izhikevich_neurons_fire_as_the_equations_say)
{
    chx_parameter parameters[N_IZHIKEVICH][11];
    chx_neuron_type types[N_IZHIKEVICH];
    for (uint32_t n = 0; n < N_IZHIKEVICH; n++) {
        describe(izhikevich_names, 11, izhikevich[n], parameters[n]);
        types[n] = (chx_neuron_type){
            .name = "cell", .model = "izhikevich", .parameters = parameters[n], .n_parameters = 11};
    }
    chx_network *network;
    chx_simulation *simulation = simulate(types, N_IZHIKEVICH, &network);
    for (uint32_t n = 0; n < N_IZHIKEVICH; n++) {
        uint32_t spikes[N_STEPS];
        const double *p = izhikevich[n];
        const cell c = {p, izhikevich_slopes, p[4], p[5], p[8]};
        compare(simulation, n, spikes, integrate(&c, p[2], spikes));
    }
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

#define N_OWN 3

/* tau, pace, offset, leak, gain, bias. */
static const double own[N_OWN][6] = {
    {1, 0.08, 0.7, 0.8, 0.01, 50}, {1, 0.08, 0.7, 0.8, 0.01, 60}, {1.5, 0.05, 0.8, 0.6, 0.02, 20}};

static const char *const own_names[] = {"tau_ms", "pace",        "offset",
                                        "leak",   "gain_per_pa", "bias_pa"};

/* As integrate(), of neurons that fire where v rises through 0 and are not reset; it begins where
 * the file says. */
static uint32_t
integrate_own(const double *p, uint32_t spikes[N_STEPS])
{
    uint32_t n_spikes = 0;
    double v = -1.1994, w = -0.6243, i = 0;
    const double h = STEP_MS / N_FINE / p[0];
    for (uint32_t step = 0; step < N_STEPS; step++) {
        const double last = v;
        for (uint32_t fine = 0; fine < N_FINE; fine++) {
            const double push = p[4] * (i * exp(-STEP_MS / N_FINE * fine / TAU_S_MS) + p[5]);
            const double half_v = v + h / 2 * (v - v * v * v / 3 - w + push);
            const double half_w = w + h / 2 * p[1] * (v + p[2] - p[3] * w);
            v += h * (half_v - half_v * half_v * half_v / 3 - half_w + push);
            w += h * p[1] * (half_v + p[2] - p[3] * half_w);
        }
        i *= exp(-STEP_MS / TAU_S_MS);
        i += step % ARRIVAL_STEPS == 0 ? WEIGHT_PA : 0;
        if (last < 0 && v >= 0)
            spikes[n_spikes++] = step;
    }
    return n_spikes;
}

START_TEST(neurons_of_a_file_of_ones_own_fire_as_the_equations_say)
{
    chx_model *model = NULL;
    check_ok(chx_model_from_file(CELL_OWN_MODEL, &model));
    chx_parameter parameters[N_OWN][6];
    chx_neuron_type types[N_OWN];
    for (uint32_t n = 0; n < N_OWN; n++) {
        for (uint32_t i = 0; i < 6; i++)
            parameters[n][i] = (chx_parameter){own_names[i], own[n][i]};
        types[n] = (chx_neuron_type){
            .name = "cell", .own = model, .parameters = parameters[n], .n_parameters = 6};
    }
    chx_network *network;
    chx_simulation *simulation = simulate(types, N_OWN, &network);
    chx_model_destroy(&model);
    ck_assert_str_eq(chx_network_get(network)->types[0].model, "fitzhugh_nagumo.cl");
    for (uint32_t n = 0; n < N_OWN; n++) {
        uint32_t spikes[N_STEPS];
        compare(simulation, n, spikes, integrate_own(own[n], spikes));
    }
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

START_TEST(state_of_ones_own_model_begins_as_its_file_says)
{
    chx_network *network;
    chx_simulation *simulation;
    float potentials_mv[8];
    check_ok(chx_network_load(SOURCE_ROOT "/examples/own-neuron", &network));
    check_ok(chx_simulation_create(runtime, network, NULL, &simulation));
    check_ok(chx_simulation_potentials(simulation, potentials_mv));
    for (int n = 0; n < 8; n++)
        ck_assert_float_eq(potentials_mv[n], -1.1994f);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

START_TEST(functions_in_a_model_of_ones_own_have_the_bits_of_the_host)
{
    static const char text[] =
        "/* chronaxie-model 1\n state v = 0.5 */\n"
        "MODEL_STEP {\n wide_float v = n->v, own_a, own_b, own_c;\n"
        " WIDE_LOG(own_a, v * v + 1.5f);\n WIDE_TANH(own_b, own_a - 1.0f);\n"
        " WIDE_POW(own_c, own_a, 3.0f * own_b);\n WIDE_QUOTIENT(own_a, own_c, own_b + 1.5f);\n"
        " WIDE_RECIPROCAL(own_b, own_a + 0.25f);\n n->v = 3.0f * own_a - own_b;\n}\n";
    char *folder = test_folder_create(), path[4000];
    test_folder_write(folder, "mine.cl", text);
    snprintf(path, sizeof path, "%s/mine.cl", folder);
    chx_model *model = NULL;
    check_ok(chx_model_from_file(path, &model));
    const chx_neuron_type type = {.name = "own", .own = model};
    uint64_t random = 1;
    chx_neuron *neurons = sample_neurons(1, 1, &random);
    chx_network *network = sample_finish(&(chx_network_info){.name = "own",
                                                             .time_step_ms = STEP_MS,
                                                             .duration_ms = 100,
                                                             .n_types = 1,
                                                             .types = &type,
                                                             .n_neurons = 1,
                                                             .neurons = neurons,
                                                             .view = sample_view()});
    free(neurons);
    chx_simulation *simulation;
    check_ok(chx_simulation_create(runtime, network, NULL, &simulation));
    float v = 0.5f, on_device, least = 1, most = 0;
    for (int step = 0; step < 100; step++) {
        float a, b, c;
        WIDE_LOG(a, v * v + 1.5f);
        WIDE_TANH(b, a - 1.0f);
        WIDE_POW(c, a, 3.0f * b);
        WIDE_QUOTIENT(a, c, b + 1.5f);
        WIDE_RECIPROCAL(b, a + 0.25f);
        v = 3.0f * a - b;
        check_ok(chx_simulation_advance(simulation, 1));
        check_ok(chx_simulation_potentials(simulation, &on_device));
        ck_assert_msg(v == on_device, "step %d: %a, on the host %a", step, on_device, v);
        least = fminf(least, v);
        most = fmaxf(most, v);
    }
    ck_assert_float_gt(most - least, 0.1f);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
    chx_model_destroy(&model);
    test_folder_destroy(folder);
}
END_TEST

START_TEST(code_of_ones_own_that_does_not_compile_is_told_by_its_line)
{
    static const char *const codes[] = {
        "\n\nMODEL_STEP\n{\n    n->v = n->u;\n}\n",
        "#define TWICE(x) (2.0f * (x))\nMODEL_STEP { n->v = TWICE(c->pot); }",
        "MODEL_STEP\n{\n    wide_float step = c->top;\n\n    n->v = step;\n    fired = slot;\n}",
        "#define TOP (c->pot)\n\nMODEL_STEP {\n\n n->v = TOP;\n}\n",
    };
    static const int lines[] = {8, 5, 9, 8};
    char *folder = test_folder_create(), path[4000], text[4200];
    for (int i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "/* chronaxie-model 1\n parameter top = 1\n state v = 0 */\n%s",
                 codes[i]);
        test_folder_write(folder, "mine.cl", text);
        snprintf(path, sizeof path, "%s/mine.cl", folder);
        chx_model *model = NULL;
        check_ok(chx_model_from_file(path, &model));
        uint64_t random = 1;
        chx_neuron *neurons = sample_neurons(1, 1, &random);
        chx_network *network = sample_finish(
            &(chx_network_info){.name = "broken",
                                .time_step_ms = STEP_MS,
                                .duration_ms = 1,
                                .n_types = 1,
                                .types = &(chx_neuron_type){.name = "own", .own = model},
                                .n_neurons = 1,
                                .neurons = neurons,
                                .view = sample_view()});
        free(neurons);
        chx_model_destroy(&model);
        chx_simulation *simulation;
        check_ok(chx_simulation_create(runtime, network, NULL, &simulation));
        ck_assert_int_eq(chx_simulation_advance(simulation, 1), CHX_ERROR_BUILD);
        snprintf(text, sizeof text, "%s:%d:", path, lines[i]);
        ck_assert_msg(strstr(chx_last_error()->message, text), "%s, not %s",
                      chx_last_error()->message, text);
        chx_simulation_destroy(&simulation);
        chx_network_destroy(&network);
    }
    test_folder_destroy(folder);
}
END_TEST

/* The potential and the spikes of a neuron that has both conductances at the begin, with steps 200
 * times finer. */
static double
integrate_cond(double g, double k, uint32_t n_steps, uint32_t *n_spikes)
{
    enum { fine = 200 };
    const double h = STEP_MS / fine;
    double v = -60;
    uint32_t rest = 0;
    *n_spikes = 0;
    for (uint32_t step = 0; step < n_steps; step++) {
        for (uint32_t i = 0; i < fine && rest == 0; i++) {
            const double t = (step + (i + 0.5) / fine) * STEP_MS;
            const double a = g * exp(-t / 5), b = k * exp(-t / 10);
            const double slope = (-10 * (v + 60) - a * v + b * (-80 - v) + 20) / 200;
            const double middle = v + h / 2 * slope;
            v += h * (-10 * (middle + 60) - a * middle + b * (-80 - middle) + 20) / 200;
        }
        rest -= rest > 0;
        if (v >= -50) {
            v = -60;
            rest = 50;
            ++*n_spikes;
        }
    }
    return v;
}

START_TEST(conductances_pull_towards_their_reversal_potentials)
{
    static const double conductances[][2] = {{8, 0}, {0, 30}, {8, 15}, {60, 10}};
    chx_initial initial[4][2];
    chx_neuron_type types[4];
    for (int n = 0; n < 4; n++) {
        initial[n][0] = (chx_initial){"excitation_ns", {.mean = conductances[n][0]}};
        initial[n][1] = (chx_initial){"inhibition_ns", {.mean = conductances[n][1]}};
        types[n] = (chx_neuron_type){.name = "cond",
                                     .model = "lif_cond",
                                     .parameters = cell_cond,
                                     .n_parameters = 9,
                                     .initial = initial[n],
                                     .n_initial = 2};
    }
    uint64_t random = 3;
    chx_neuron *neurons = sample_neurons(4, 4, &random);
    for (uint32_t n = 0; n < 4; n++)
        neurons[n].type = n;
    chx_network *network = sample_finish(&(chx_network_info){.name = "cells",
                                                             .time_step_ms = STEP_MS,
                                                             .duration_ms = 30,
                                                             .n_types = 4,
                                                             .types = types,
                                                             .n_neurons = 4,
                                                             .neurons = neurons,
                                                             .view = sample_view()});
    free(neurons);
    chx_simulation *simulation;
    check_ok(chx_simulation_create(runtime, network, NULL, &simulation));
    for (uint32_t step = 7; step < 300; step += 7) {
        float v[4];
        uint32_t n_spikes[4] = {0}, n_expected;
        const chx_spike *spikes;
        size_t n;
        check_ok(chx_simulation_advance(simulation, 7));
        check_ok(chx_simulation_potentials(simulation, v));
        check_ok(chx_simulation_spikes(simulation, &spikes, &n));
        for (size_t s = 0; s < n; s++)
            n_spikes[spikes[s].neuron]++;
        for (int i = 0; i < 4; i++) {
            ck_assert_double_eq_tol(
                (double)v[i],
                integrate_cond(conductances[i][0], conductances[i][1], step, &n_expected), 2e-3);
            ck_assert_uint_eq(n_spikes[i], n_expected);
        }
    }
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

#define HH_STEP_MS 0.025
#define N_HH_STEPS 4000
#define N_HH 9

/* bias_pa, temperature_c, capacitance_pf: the first is below the rheobase. */
static const double axons[N_HH][3] = {{15, 6.3, 10},  {65, 6.3, 10},   {80, 6.3, 10},
                                      {100, 6.3, 10}, {150, 6.3, 10},  {200, 6.3, 10},
                                      {400, 6.3, 10}, {150, 16.3, 10}, {300, 6.3, 20}};

static double
linear_rate(double x)
{
    return fabs(x) < 1e-7 ? 1 : x / (1 - exp(-x));
}

/* Slopes of V + 65, m, h and n. */
static void
axon_slopes(const double *p, const double y[4], double i, double slopes[4])
{
    const double v = y[0], m = y[1], h = y[2], n = y[3], f = pow(3, (p[1] - 6.3) / 10);
    slopes[0] = (1200 * m * m * m * h * (115 - v) + 360 * n * n * n * n * (-12 - v) +
                 3 * (10.613 - v) + i + p[0]) /
                p[2];
    slopes[1] = f * (linear_rate((v - 25) / 10) * (1 - m) - 4 * exp(-v / 18) * m);
    slopes[2] = f * (0.07 * exp(-v / 20) * (1 - h) - h / (exp((30 - v) / 10) + 1));
    slopes[3] = f * (0.1 * linear_rate((v - 10) / 10) * (1 - n) - 0.125 * exp(-v / 80) * n);
}

/* As integrate(), from the paper's state at rest. */
static uint32_t
integrate_axon(const double *p, uint32_t spikes[N_HH_STEPS])
{
    uint32_t n_spikes = 0;
    double y[4] = {0.0027, 0.052932, 0.596121, 0.317677}, i = 0;
    const double h = HH_STEP_MS / N_FINE;
    for (uint32_t step = 0; step < N_HH_STEPS; step++) {
        const double last = y[0];
        for (uint32_t fine = 0; fine < N_FINE; fine++) {
            double slopes[4], middle[4];
            axon_slopes(p, y, i * exp(-h * fine / TAU_S_MS), slopes);
            for (int k = 0; k < 4; k++)
                middle[k] = y[k] + h / 2 * slopes[k];
            axon_slopes(p, middle, i * exp(-h * (fine + 0.5) / TAU_S_MS), slopes);
            for (int k = 0; k < 4; k++)
                y[k] += h * slopes[k];
        }
        i *= exp(-HH_STEP_MS / TAU_S_MS);
        i += step == 1000 ? WEIGHT_PA : 0;
        if (last < 65 && y[0] >= 65)
            spikes[n_spikes++] = step;
    }
    return n_spikes;
}

static chx_simulation *
simulate_axons(const double axon[][3], uint32_t n_axons, chx_network **network)
{
    static const char *const names[] = {"bias_pa", "temperature_c", "capacitance_pf"};
    chx_parameter parameters[N_HH][4];
    chx_neuron_type types[N_HH];
    chx_spike arrivals[N_HH];
    uint64_t random = 1;
    chx_neuron *neurons = sample_neurons(n_axons, 1, &random);
    for (uint32_t n = 0; n < n_axons; n++) {
        for (int i = 0; i < 3; i++)
            parameters[n][i] = (chx_parameter){names[i], axon[n][i]};
        parameters[n][3] = (chx_parameter){"tau_synapse_ms", TAU_S_MS};
        types[n] = (chx_neuron_type){
            .name = "axon", .model = "hh", .parameters = parameters[n], .n_parameters = 4};
        neurons[n].type = n;
        arrivals[n] = (chx_spike){1000, n};
    }
    const chx_stimulus train = {.kind = CHX_STIMULUS_SPIKE_TRAIN,
                                .current_pa = WEIGHT_PA,
                                .spikes = arrivals,
                                .n_spikes = n_axons};
    *network = sample_finish(&(chx_network_info){.name = "axons",
                                                 .time_step_ms = HH_STEP_MS,
                                                 .duration_ms = 100,
                                                 .n_types = n_axons,
                                                 .types = types,
                                                 .n_neurons = n_axons,
                                                 .neurons = neurons,
                                                 .n_stimuli = axon[0][0] != 0,
                                                 .stimuli = &train,
                                                 .view = sample_view()});
    free(neurons);
    chx_simulation *simulation;
    check_ok(chx_simulation_create(runtime, *network, NULL, &simulation));
    check_ok(chx_simulation_advance(simulation, N_HH_STEPS));
    return simulation;
}

START_TEST(axons_fire_as_hodgkin_and_huxley_say)
{
    static uint32_t expected[N_HH_STEPS];
    chx_network *network;
    chx_simulation *simulation = simulate_axons(axons, N_HH, &network);
    const chx_spike *spikes;
    size_t n_spikes;
    check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
    for (size_t s = 0; s < n_spikes; s++)
        ck_assert_uint_ne(spikes[s].neuron, 0);
    ck_assert_uint_eq(integrate_axon(axons[0], expected), 0);
    for (uint32_t n = 1; n < N_HH; n++)
        compare(simulation, n, expected, integrate_axon(axons[n], expected));
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

START_TEST(axons_without_drive_stay_at_rest)
{
    static const double still[2][3] = {{0, 6.3, 10}, {0, 18.5, 10}};
    chx_network *network;
    chx_simulation *simulation = simulate_axons(still, 2, &network);
    float potentials_mv[2];
    check_ok(chx_simulation_potentials(simulation, potentials_mv));
    for (int n = 0; n < 2; n++)
        ck_assert_float_eq_tol(potentials_mv[n], -64.9973f, 1e-3f);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

START_TEST(negative_weights_arrive_at_the_second_port_of_ones_own_model)
{
    static const char text[] = "/* chronaxie-model 1\n"
                               " * state v = 0\n"
                               " * port excitation\n"
                               " * port inhibition\n"
                               " */\n"
                               "MODEL_STEP { n->v += excitation + 1000.0f * inhibition; }\n";
    char *folder = test_folder_create(), path[512];
    snprintf(path, sizeof path, "%s/ports.cl", folder);
    test_folder_write(folder, "ports.cl", text);
    chx_model *model = NULL;
    check_ok(chx_model_from_file(path, &model));
    uint64_t random = 3;
    chx_neuron *neurons = sample_neurons(2, 1, &random);
    const chx_spike spikes[] = {{1, 0}, {1, 1}, {3, 1}};
    const chx_stimulus stimuli[] = {
        {CHX_STIMULUS_SPIKE_TRAIN, .current_pa = 3, .spikes = spikes, .n_spikes = 3},
        {CHX_STIMULUS_SPIKE_TRAIN, .current_pa = -2, .spikes = spikes, .n_spikes = 2}};
    chx_network *network =
        sample_finish(&(chx_network_info){.name = "ports",
                                          .time_step_ms = STEP_MS,
                                          .duration_ms = 1,
                                          .n_types = 1,
                                          .types = &(chx_neuron_type){.name = "own", .own = model},
                                          .n_neurons = 2,
                                          .neurons = neurons,
                                          .n_stimuli = 2,
                                          .stimuli = stimuli,
                                          .view = sample_view()});
    free(neurons);
    chx_model_destroy(&model);
    chx_simulation *simulation;
    float v[2];
    check_ok(chx_simulation_create(runtime, network, NULL, &simulation));
    check_ok(chx_simulation_advance(simulation, 10));
    check_ok(chx_simulation_potentials(simulation, v));
    ck_assert_float_eq(v[0], 3 - 2000);
    ck_assert_float_eq(v[1], 6 - 2000);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
    test_folder_destroy(folder);
}
END_TEST

/* The first of the models of a mixed network, whose others are adex, izhikevich and one's own. */
static const cell_kind firsts[] = {CELL_LIF,       CELL_LIF_PAIR,  CELL_LIF_COND, CELL_HH,
                                   CELL_LIF_ALPHA, CELL_LIF_DELTA, CELL_GLIF3,    CELL_RELAY};
#define N_FIRSTS ((int)(sizeof firsts / sizeof *firsts))
#define N_MIXED 200
#define N_MIXED_SYNAPSES 4000

/* Runs of four models that end within blocks, or two that take turns at first. */
static uint32_t
mixed_type(uint32_t n, uint32_t n_alternating)
{
    const uint32_t type = n < 71 ? 1 : n < 101 ? 0 : n < 155 ? 2 : n < 175 ? 1 : 3;
    return n < n_alternating ? n % 2 : type;
}

static void
join_mixed(chx_synapse synapses[N_MIXED_SYNAPSES])
{
    uint64_t random = 3;
    for (uint32_t s = 0; s < N_MIXED_SYNAPSES; s++) {
        const float delay_ms = 0.1f * (float)(5 + sample_random(&random) % 20);
        synapses[s] =
            (chx_synapse){s / 20, sample_random(&random) % N_MIXED, s % 5 ? 30 : -20, delay_ms};
    }
}

static chx_network *
create_mixed(uint32_t n_alternating, int first)
{
    static chx_synapse synapses[N_MIXED_SYNAPSES];
    static uint32_t members[N_MIXED];
    const chx_initial potential = {"potential_mv", {CHX_DISTRIBUTION_NORMAL, .mean = -58, .sd = 4}};
    chx_model *model = NULL;
    chx_neuron_type types[] = {cell_types[firsts[first]], cell_types[CELL_ADEX],
                               cell_types[CELL_IZHIKEVICH], cell_type(CELL_OWN, &model)};
    uint64_t random = 3;
    chx_neuron *neurons = sample_neurons(N_MIXED, 1, &random);
    types[0].initial = &potential;
    types[0].n_initial = firsts[first] != CELL_RELAY;
    for (uint32_t n = 0; n < N_MIXED; n++) {
        members[n] = n;
        neurons[n].type = mixed_type(n, n_alternating);
    }
    join_mixed(synapses);
    const chx_stimulus stimulus = {CHX_STIMULUS_POISSON, 0, 1e4, 40, 800, members, N_MIXED};
    chx_network *network = sample_finish(&(chx_network_info){.name = "mixed",
                                                             .time_step_ms = STEP_MS,
                                                             .duration_ms = 100,
                                                             .seed = 9,
                                                             .n_types = 4,
                                                             .types = types,
                                                             .n_neurons = N_MIXED,
                                                             .neurons = neurons,
                                                             .n_synapses = N_MIXED_SYNAPSES,
                                                             .synapses = synapses,
                                                             .n_stimuli = 1,
                                                             .stimuli = &stimulus,
                                                             .view = sample_view()});
    free(neurons);
    chx_model_destroy(&model);
    return network;
}

START_TEST(several_models_give_the_same_spikes_in_any_partition)
{
    chx_network *network = create_mixed(0, _i);
    const uint32_t n_partitions[] = {1, 7, 2, 3};
    const int n_cuts = test_is_long() ? 4 : 2;
    uint64_t digests[4];
    for (int i = 0; i < n_cuts; i++) {
        chx_simulation *simulation;
        const chx_spike *spikes;
        size_t n_spikes, n_of_model[4] = {0};
        check_ok(chx_simulation_create(runtime, network,
                                       &(chx_simulation_params){.n_partitions = n_partitions[i]},
                                       &simulation));
        check_ok(chx_simulation_advance(simulation, 300));
        check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
        for (size_t s = 0; s < n_spikes; s++)
            n_of_model[chx_network_get(network)->neurons[spikes[s].neuron].type]++;
        for (int m = 0; m < 4; m++)
            ck_assert_uint_gt(n_of_model[m], 10);
        check_ok(chx_simulation_digest(simulation, &digests[i]));
        ck_assert_uint_eq(digests[i], digests[0]);
        chx_simulation_destroy(&simulation);
    }
    chx_network_destroy(&network);
}
END_TEST

START_TEST(models_that_alternate_too_often_are_refused)
{
    chx_network *network = create_mixed(70, 0);
    chx_simulation *simulation = NULL;
    ck_assert_int_eq(chx_simulation_create(runtime, network, NULL, &simulation), CHX_ERROR_LIMIT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "sort the neurons by their types"));
    chx_network_destroy(&network);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("model");
    TCase *device = tcase_create("device");
    tcase_set_timeout(device, 280);
    tcase_add_checked_fixture(device, open_runtime, close_runtime);
    tcase_add_test(device, adaptive_exponential_neurons_fire_as_the_equations_say);
    tcase_add_test(device, izhikevich_neurons_fire_as_the_equations_say);
    tcase_add_test(device, neurons_of_a_file_of_ones_own_fire_as_the_equations_say);
    tcase_add_test(device, state_of_ones_own_model_begins_as_its_file_says);
    tcase_add_test(device, functions_in_a_model_of_ones_own_have_the_bits_of_the_host);
    tcase_add_test(device, code_of_ones_own_that_does_not_compile_is_told_by_its_line);
    tcase_add_test(device, conductances_pull_towards_their_reversal_potentials);
    tcase_add_test(device, axons_fire_as_hodgkin_and_huxley_say);
    tcase_add_test(device, axons_without_drive_stay_at_rest);
    tcase_add_test(device, negative_weights_arrive_at_the_second_port_of_ones_own_model);
    tcase_add_loop_test(device, several_models_give_the_same_spikes_in_any_partition, 0, N_FIRSTS);
    tcase_add_test(device, models_that_alternate_too_often_are_refused);
    suite_add_tcase(suite, device);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? 1 : 0;
}
