/* Leaky integrate-and-fire models against integrations of their equations in double precision:
 * currents in closed form from the spikes that make them, the membrane by the classic Runge-Kutta
 * method with steps twenty times finer. The models are exact, so spikes fall in the same steps. */
#include <math.h>

#include <chronaxie/simulation.h>

#include "sample.h"

#include "runtime.h"

#define STEP_MS 0.1
#define N_STEPS 5000
#define N_FINE 20
#define MAX_CELLS 6
#define MAX_PARAMETERS 14

/* Spikes of positive weight arrive at all neurons every so many steps, and of negative ones. */
#define UP_STEPS 73
#define DOWN_STEPS 101
#define DOWN_FIRST 50

/* A model, its parameters, and how many cells with which values. */
typedef struct cells {
    const char *model;
    uint32_t n_parameters;
    const char *names[MAX_PARAMETERS];
    uint32_t n_cells;
    double values[MAX_CELLS][MAX_PARAMETERS];
    double up, down; /* weights */
} cells;

static chx_network *
create(const cells *of, const double values[][MAX_PARAMETERS], chx_network_info *info,
       chx_status *status)
{
    static chx_spike arrivals[2][MAX_CELLS * N_STEPS / UP_STEPS + MAX_CELLS];
    chx_parameter parameters[MAX_CELLS][MAX_PARAMETERS];
    chx_neuron_type types[MAX_CELLS];
    chx_stimulus trains[] = {
        {.kind = CHX_STIMULUS_SPIKE_TRAIN, .current_pa = of->up, .spikes = arrivals[0]},
        {.kind = CHX_STIMULUS_SPIKE_TRAIN, .current_pa = of->down, .spikes = arrivals[1]}};
    for (uint32_t step = 0; step < N_STEPS; step++)
        for (uint32_t n = 0; n < of->n_cells; n++) {
            if (step % UP_STEPS == 0)
                arrivals[0][trains[0].n_spikes++] = (chx_spike){step, n};
            if (step % DOWN_STEPS == DOWN_FIRST)
                arrivals[1][trains[1].n_spikes++] = (chx_spike){step, n};
        }
    uint64_t random = 1;
    chx_neuron *neurons = sample_neurons(of->n_cells, 1, &random);
    for (uint32_t n = 0; n < of->n_cells; n++) {
        neurons[n].type = n;
        for (uint32_t i = 0; i < of->n_parameters; i++)
            parameters[n][i] = (chx_parameter){of->names[i], values[n][i]};
        types[n] = (chx_neuron_type){.name = "cell",
                                     .model = of->model,
                                     .parameters = parameters[n],
                                     .n_parameters = of->n_parameters};
    }
    chx_network *network = NULL;
    *info = (chx_network_info){.name = "cells",
                               .description = "",
                               .time_step_ms = STEP_MS,
                               .duration_ms = 500,
                               .n_types = of->n_cells,
                               .types = types,
                               .n_neurons = of->n_cells,
                               .neurons = neurons,
                               .n_stimuli = 2,
                               .stimuli = trains,
                               .view = sample_view()};
    *status = chx_network_create(info, &network);
    free(neurons);
    return network;
}

/* What a cell does, step by step. */
typedef struct course {
    double v[N_STEPS];
    double after[2][N_STEPS]; /* after-spike currents; NAN while the spike is cut out */
    bool is_spike[N_STEPS];
    uint32_t n_spikes;
} course;

/* The equations of one cell. */
typedef struct equations {
    double capacitance, leak, rest, threshold, reset, bias, up, down;
    double tau[2]; /* of the two synaptic currents */
    enum { EXPONENTIAL, ALPHA, DELTA } shape;
    uint32_t refractory_steps;
    double decay[2], jump[2], kept[2]; /* of after-spike currents */
} equations;

/* The current at a time that spikes made which arrived at the ends of the steps `first`,
 * `first` + `every` and so on, before the given step. */
static double
arrived(const equations *e, double time_ms, uint32_t step, uint32_t first, uint32_t every,
        double tau)
{
    double sum = 0;
    for (uint32_t s = first; s < step; s += every) {
        const double x = (time_ms - STEP_MS * (s + 1)) / tau;
        if (x < 40)
            sum += e->shape == ALPHA ? x * exp(1 - x) : exp(-x);
    }
    return sum;
}

static double
slope(const equations *e, const course *c, double time_ms, uint32_t step, double v)
{
    double current = e->bias;
    if (e->shape != DELTA)
        current += e->up * arrived(e, time_ms, step, 0, UP_STEPS, e->tau[0]) +
                   e->down * arrived(e, time_ms, step, DOWN_FIRST, DOWN_STEPS, e->tau[1]);
    for (int k = 0; k < 2 && step > 0; k++)
        current += c->after[k][step - 1] * exp(-e->decay[k] * (time_ms - STEP_MS * step));
    return (current - e->leak * (v - e->rest)) / e->capacitance;
}

static double
follow(const equations *e, const course *c, uint32_t step, double v)
{
    const double h = STEP_MS / N_FINE;
    for (int fine = 0; fine < N_FINE; fine++) {
        const double t = STEP_MS * step + h * fine;
        const double a = slope(e, c, t, step, v);
        const double b = slope(e, c, t + h / 2, step, v + h / 2 * a);
        const double d = slope(e, c, t + h / 2, step, v + h / 2 * b);
        v += h / 6 * (a + 2 * b + 2 * d + slope(e, c, t + h, step, v + h * d));
    }
    return v;
}

/* What a spike leaves of after-spike currents when it has been cut out, after Teeter and others
 * 2018. */
static void
integrate(const equations *e, course *c)
{
    double v = e->rest, before[2] = {0, 0};
    uint32_t rest = 0;
    c->n_spikes = 0;
    for (uint32_t step = 0; step < N_STEPS; step++) {
        const bool is_awake = rest == 0;
        if (is_awake)
            v = follow(e, c, step, v);
        rest -= !is_awake;
        if (is_awake && e->shape == DELTA) {
            v += step % UP_STEPS == 0 ? e->up : 0;
            v += step % DOWN_STEPS == DOWN_FIRST ? e->down : 0;
        }
        c->is_spike[step] = v >= e->threshold;
        for (int k = 0; k < 2; k++) {
            const double last = step > 0 ? c->after[k][step - 1] : 0;
            c->after[k][step] = is_awake ? last * exp(-e->decay[k] * STEP_MS) : NAN;
            if (c->is_spike[step])
                before[k] = c->after[k][step];
            const bool is_cut =
                c->is_spike[step] ? e->refractory_steps == 0 : !is_awake && rest == 0;
            if (is_cut)
                c->after[k][step] =
                    e->kept[k] * exp(-e->decay[k] * STEP_MS * e->refractory_steps) * before[k] +
                    e->jump[k];
            else if (c->is_spike[step])
                c->after[k][step] = NAN;
        }
        if (c->is_spike[step]) {
            v = e->reset;
            rest = e->refractory_steps;
            c->n_spikes++;
        }
        c->v[step] = v;
    }
}

static void
compare_spikes(chx_simulation *simulation, uint32_t neuron, const course *c)
{
    const chx_spike *spikes;
    size_t n_spikes;
    uint32_t count = 0;
    check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
    for (size_t s = 0; s < n_spikes; s++) {
        if (spikes[s].neuron != neuron)
            continue;
        ck_assert_msg(c->is_spike[spikes[s].step], "neuron %u fires in step %u", neuron,
                      spikes[s].step);
        count++;
    }
    ck_assert_msg(count > 5 && count == c->n_spikes, "neuron %u: %u spikes instead of %u", neuron,
                  count, c->n_spikes);
}

/* After-spike currents, which decay on while the spike is cut out. */
static void
compare_after(const equations *e, const course *c, const float *values, uint32_t n_cells, int k)
{
    for (uint32_t step = 1; step < N_STEPS; step++) {
        const double expected = isnan(c->after[k][step]) && !c->is_spike[step]
                                    ? values[n_cells * (step - 1)] * exp(-e->decay[k] * STEP_MS)
                                    : c->after[k][step];
        const double value = values[n_cells * step];
        if (!isnan(expected))
            ck_assert_msg(fabs(value - expected) <= 1e-4 * (1 + fabs(expected)),
                          "after-spike current %d, step %u: %g instead of %g", k + 1, step, value,
                          expected);
    }
}

static void
check_cells(const cells *of, void (*describe)(const double *values, equations *e))
{
    static course expected;
    const uint32_t who[MAX_CELLS] = {0, 1, 2, 3, 4, 5};
    const chx_probe probes[] = {{NULL, who, of->n_cells, 0},
                                {"after_1_pa", who, of->n_cells, 0},
                                {"after_2_pa", who, of->n_cells, 0}};
    chx_network_info info;
    chx_status status;
    chx_network *network = create(of, of->values, &info, &status);
    check_ok(status);
    chx_simulation *simulation;
    const uint32_t n_probes = strcmp(of->model, "glif3") == 0 ? 3 : 1;
    check_ok(chx_simulation_create(runtime, network,
                                   &(chx_simulation_params){.probes = probes, .n_probes = n_probes},
                                   &simulation));
    check_ok(chx_simulation_advance(simulation, N_STEPS));
    chx_trace traces[3];
    for (uint32_t p = 0; p < n_probes; p++) {
        check_ok(chx_simulation_take_trace(simulation, p, &traces[p]));
        ck_assert_uint_eq(traces[p].n_rows, N_STEPS);
    }
    for (uint32_t n = 0; n < of->n_cells; n++) {
        equations e = {.up = of->up, .down = of->down, .kept = {1, 1}};
        describe(of->values[n], &e);
        integrate(&e, &expected);
        compare_spikes(simulation, n, &expected);
        for (uint32_t step = 0; step < N_STEPS; step++) {
            const double v = traces[0].values[of->n_cells * step + n];
            ck_assert_msg(fabs(v - expected.v[step]) < 2e-3, "neuron %u, step %u: %g, not %g mV", n,
                          step, v, expected.v[step]);
        }
        for (uint32_t p = 1; p < n_probes; p++)
            compare_after(&e, &expected, traces[p].values + n, of->n_cells, (int)p - 1);
    }
    for (uint32_t p = 0; p < n_probes; p++)
        free(traces[p].values);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}

/* The second has equal time constants, and the last nearly so. */
static const cells alpha = {
    .model = "lif_alpha",
    .n_parameters = 9,
    .names = {"capacitance_pf", "tau_membrane_ms", "tau_synapse_ms", "resting_mv", "threshold_mv",
              "reset_mv", "refractory_ms", "bias_pa", "tau_inhibition_ms"},
    .n_cells = 6,
    .values = {{250, 10, 2, -65, -50, -65, 2, 390, 0},
               {250, 10, 10, -65, -50, -63, 2, 395, 0},
               {250, 10, 2, -65, -50, -65, 2, 470, 5},
               {200, 20, 0.3, -70, -55, -60, 0, 1450, 30},
               {250, 15, 0.05, -65, -50, -65, 5, 300, 0.1},
               {250, 10, 10.00001, -65, -50, -65, 1, 385, 9.9999}},
    .up = 200,
    .down = -150,
};

static void
describe_alpha(const double *values, equations *e)
{
    e->capacitance = values[0];
    e->leak = values[0] / values[1];
    e->rest = values[3];
    e->threshold = values[4];
    e->reset = values[5];
    e->refractory_steps = (uint32_t)lround(values[6] / STEP_MS);
    e->bias = values[7];
    e->tau[0] = values[2];
    e->tau[1] = values[8] != 0 ? values[8] : values[2];
    e->shape = ALPHA;
}

START_TEST(neurons_with_alpha_shaped_currents_do_what_the_equations_say)
{
    check_cells(&alpha, describe_alpha);
}
END_TEST

/* The last is refractory when most spikes arrive. */
static const cells delta = {
    .model = "lif_delta",
    .n_parameters = 7,
    .names = {"capacitance_pf", "tau_membrane_ms", "resting_mv", "threshold_mv", "reset_mv",
              "refractory_ms", "bias_pa"},
    .n_cells = 4,
    .values = {{250, 10, -65, -50, -65, 2, 390},
               {250, 10, -65, -50, -60, 0, 340},
               {200, 20, -70, -55, -70, 0.1, 120},
               {250, 10, -65, -50, -65, 30, 800}},
    .up = 3.5,
    .down = -2.25,
};

static void
describe_delta(const double *values, equations *e)
{
    e->capacitance = values[0];
    e->leak = values[0] / values[1];
    e->rest = values[2];
    e->threshold = values[3];
    e->reset = values[4];
    e->refractory_steps = (uint32_t)lround(values[5] / STEP_MS);
    e->bias = values[6];
    e->shape = DELTA;
}

START_TEST(neurons_whose_potential_spikes_move_do_what_the_equations_say)
{
    check_cells(&delta, describe_delta);
}
END_TEST

/* The third has a current that decays as the membrane does, the fourth some that excite. */
static const cells glif3 = {
    .model = "glif3",
    .n_parameters = 14,
    .names = {"capacitance_pf", "leak_ns", "resting_mv", "threshold_mv", "reset_mv",
              "decay_1_per_ms", "decay_2_per_ms", "jump_1_pa", "jump_2_pa", "kept_1", "kept_2",
              "tau_synapse_ms", "refractory_ms", "bias_pa"},
    .n_cells = 5,
    .values = {{100, 5, -70, -50, -70, 0.003, 0.1, -10, -60, 1, 1, 5, 3, 180},
               {60, 3, -75, -50, -75, 0.01, 0.3, -8, -200, 1, 1, 3, 4, 140},
               {100, 5, -70, -50, -65, 0.05, 0.003, -30, -5, 0.5, 0.9, 20, 2, 170},
               {80, 4, -70, -48, -60, 0.1, 0.03, 40, -25, 0, 1, 5, 0, 120},
               {100, 5, -70, -50, -70, 0.003, 0.1, 0, 0, 1, 1, 5, 3, 110}},
    .up = 60,
    .down = -40,
};

static void
describe_glif3(const double *values, equations *e)
{
    e->capacitance = values[0];
    e->leak = values[1];
    e->rest = values[2];
    e->threshold = values[3];
    e->reset = values[4];
    for (int k = 0; k < 2; k++) {
        e->decay[k] = values[5 + k];
        e->jump[k] = values[7 + k];
        e->kept[k] = values[9 + k];
        e->tau[k] = values[11];
    }
    e->refractory_steps = (uint32_t)lround(values[12] / STEP_MS);
    e->bias = values[13];
}

START_TEST(generalised_neurons_do_what_the_equations_say)
{
    check_cells(&glif3, describe_glif3);
}
END_TEST

static const struct {
    const cells *of;
    const char *name;
    double value;
    const char *says;
} wrong[] = {
    {&alpha, "capacitance_pf", 0, "capacitance_pf must be a number above 0"},
    {&alpha, "capacitance_pf", 1e20, "capacitance_pf is so large that a current of 1 pA"},
    {&alpha, "capacitance_pf", 1e-20, "capacitance_pf is so small that 1 pA adds more"},
    {&alpha, "tau_membrane_ms", 0.001, "tau_membrane_ms is so short that nothing lasts"},
    {&alpha, "tau_synapse_ms", 0.001, "tau_synapse_ms is so short that nothing lasts"},
    {&alpha, "tau_synapse_ms", 1e20, "tau_synapse_ms makes the effect of a spike"},
    {&alpha, "tau_inhibition_ms", 0.001, "tau_inhibition_ms is so short that nothing lasts"},
    {&alpha, "tau_inhibition_ms", -1, "tau_inhibition_ms must be a number of at least 0"},
    {&alpha, "threshold_mv", -65, "threshold_mv must lie above reset_mv"},
    {&alpha, "bias_pa", 1e13, "bias_pa must be 0, or 1e-12"},
    {&delta, "tau_membrane_ms", 0.001, "tau_membrane_ms is so short that nothing lasts"},
    {&delta, "capacitance_pf", 1e-20, "capacitance_pf is so small that 1 pA adds more"},
    {&delta, "threshold_mv", -66, "threshold_mv must lie above reset_mv"},
    {&delta, "refractory_ms", -1, "refractory_ms must be a number of at least 0"},
    {&glif3, "capacitance_pf", 1e10, "capacitance_pf must lie between"},
    {&glif3, "leak_ns", 1e6, "leak_ns divided by capacitance_pf must be at least 1e-6"},
    {&glif3, "leak_ns", 1e-6, "leak_ns divided by capacitance_pf must be at least 1e-6"},
    {&glif3, "threshold_mv", -70, "threshold_mv must lie above reset_mv"},
    {&glif3, "decay_1_per_ms", 1e-7, "decay_1_per_ms must be at least 1e-6"},
    {&glif3, "decay_2_per_ms", 401, "decay_2_per_ms must be at least 1e-6"},
    {&glif3, "jump_1_pa", 1e-20, "jump_1_pa must be 0, or 1e-12"},
    {&glif3, "jump_2_pa", 9e11, "jump_2_pa times exp(decay_2_per_ms x refractory_ms)"},
    {&glif3, "refractory_ms", 1e4, "jump_1_pa times exp(decay_1_per_ms x refractory_ms)"},
    {&glif3, "kept_1", 1.5, "kept_1 must be 0, or lie between"},
    {&glif3, "kept_2", 1e-7, "kept_2 must be 0, or lie between"},
    {&glif3, "tau_synapse_ms", 0.001, "tau_synapse_ms is so short that nothing lasts"},
    {&glif3, "tau_synapse_ms", 1e30, NULL},
    {&glif3, "refractory_ms", 0, NULL},
};

/* Steps in which something arrives that outweighs the rest, and none within the refractory time. */
START_TEST(relays_fire_when_something_arrives)
{
    static const chx_spike expected[] = {{0, 0},  {0, 1},   {1, 2},   {2, 2},   {4, 0},  {4, 1},
                                         {5, 0},  {5, 2},   {6, 2},   {9, 0},   {9, 1},  {10, 2},
                                         {11, 2}, {300, 0}, {300, 1}, {301, 2}, {302, 2}};
    const chx_parameter refractory = {"refractory_ms", 0.2};
    const chx_neuron_type types[] = {
        {.name = "at once", .model = "relay"},
        {.name = "resting", .model = "relay", .parameters = &refractory, .n_parameters = 1}};
    const chx_neuron neurons[] = {{.name = "a", .diameter_um = 1},
                                  {.name = "b", .type = 1, .diameter_um = 1},
                                  {.name = "c", .diameter_um = 1}};
    const chx_spike up[] = {{0, 0}, {4, 0}, {5, 0}, {9, 0}, {9, 0},  {300, 0},
                            {0, 1}, {4, 1}, {5, 1}, {9, 1}, {300, 1}};
    const chx_spike down[] = {{5, 0}, {5, 1}, {4, 2}};
    const chx_synapse synapses[] = {{0, 2, 1, 0.1f}, {1, 2, 3, 0.2f}};
    const chx_stimulus stimuli[] = {
        {.kind = CHX_STIMULUS_SPIKE_TRAIN, .current_pa = 2, .spikes = up, .n_spikes = 11},
        {.kind = CHX_STIMULUS_SPIKE_TRAIN, .current_pa = -1, .spikes = down, .n_spikes = 3}};
    chx_network *network = sample_finish(&(chx_network_info){.name = "relays",
                                                             .time_step_ms = STEP_MS,
                                                             .duration_ms = 40,
                                                             .n_types = 2,
                                                             .types = types,
                                                             .n_neurons = 3,
                                                             .neurons = neurons,
                                                             .n_synapses = 2,
                                                             .synapses = synapses,
                                                             .n_stimuli = 2,
                                                             .stimuli = stimuli});
    chx_simulation *simulation = NULL;
    const chx_spike *spikes;
    size_t n_spikes;
    check_ok(chx_simulation_create(runtime, network, NULL, &simulation));
    check_ok(chx_simulation_advance(simulation, 400));
    check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
    ck_assert_uint_eq(n_spikes, sizeof expected / sizeof *expected);
    ck_assert_mem_eq(spikes, expected, sizeof expected);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

START_TEST(parameters_that_cannot_be_are_refused_by_name)
{
    double values[MAX_CELLS][MAX_PARAMETERS];
    const cells *of = wrong[_i].of;
    chx_network_info info;
    chx_status status;
    memcpy(values, of->values, sizeof values);
    for (uint32_t i = 0; i < of->n_parameters; i++)
        if (strcmp(of->names[i], wrong[_i].name) == 0)
            values[0][i] = wrong[_i].value;
    chx_network *network = create(of, (const double(*)[MAX_PARAMETERS])values, &info, &status);
    ck_assert_int_eq(status, wrong[_i].says ? CHX_ERROR_FORMAT : CHX_OK);
    if (wrong[_i].says)
        ck_assert_msg(strstr(chx_last_error()->message, wrong[_i].says), "%s",
                      chx_last_error()->message);
    chx_network_destroy(&network);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("leaky");
    TCase *device = tcase_create("device"), *parameters = tcase_create("parameters");
    tcase_set_timeout(device, 280);
    tcase_add_checked_fixture(device, open_runtime, close_runtime);
    tcase_add_test(device, neurons_with_alpha_shaped_currents_do_what_the_equations_say);
    tcase_add_test(device, neurons_whose_potential_spikes_move_do_what_the_equations_say);
    tcase_add_test(device, generalised_neurons_do_what_the_equations_say);
    tcase_add_test(device, relays_fire_when_something_arrives);
    tcase_add_loop_test(parameters, parameters_that_cannot_be_are_refused_by_name, 0,
                        sizeof wrong / sizeof *wrong);
    suite_add_tcase(suite, device);
    suite_add_tcase(suite, parameters);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? 1 : 0;
}
