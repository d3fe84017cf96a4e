/* Graded neurons and synapses against integrations of their equations in double precision, by the
 * classic Runge-Kutta method with fine steps; their bits in every cut; and their files. */
#include <math.h>

#include <chronaxie/simulation.h>

#include "runtime.h"
#include "sample.h"
#include "scratch.h"

#define N_CELLS 24
#define N_OTHERS 30 /* neurons that fire */
#define N_ALL (N_CELLS + N_OTHERS)
#define N_GRADED (5 * N_ALL)
#define N_GAPS 20
#define RUN_MS 80
#define FINE_MS 0.002

typedef struct cell {
    double capacitance, leak, rest, midpoint, width, rise, fall, threshold, tau, bias;
} cell;

enum { N_PARAMETERS = 10 };

static const char *const names[N_PARAMETERS] = {
    "capacitance_pf", "leak_ns",     "resting_mv",   "midpoint_mv",    "width_mv",
    "rise_per_ms",    "fall_per_ms", "threshold_mv", "tau_synapse_ms", "bias_pa"};

/* Cells that differ, what they transmit and who drives some of them. */
typedef struct circuit {
    cell cells[N_CELLS];
    chx_graded_synapse graded[N_GRADED];
    chx_gap gaps[N_GAPS];
} circuit;

static double
between(uint64_t *random, double least, double most)
{
    return least + (most - least) * (sample_random(random) % 1000 / 1000.0);
}

/* Of n_targets neurons, the graded ones first. */
static void
fill(circuit *to, uint32_t n_targets)
{
    uint64_t random = 3;
    for (uint32_t n = 0; n < N_CELLS; n++)
        to->cells[n] = (cell){.capacitance = between(&random, 2, 5),
                              .leak = between(&random, 0.05, 0.2),
                              .rest = between(&random, -50, -30),
                              .midpoint = between(&random, -40, -20),
                              .width = between(&random, 2, 8),
                              .rise = between(&random, 0.2, 1),
                              .fall = between(&random, 0.05, 0.3),
                              .threshold = -25,
                              .tau = 5,
                              .bias = n % 3 == 0 ? between(&random, 1, 3) : 0};
    for (uint32_t i = 0; i < N_GRADED; i++)
        to->graded[i] = (chx_graded_synapse){
            .pre = sample_random(&random) % N_CELLS,
            .post = sample_random(&random) % n_targets,
            .conductance_ns = (float)between(&random, 0.01, 0.08),
            .reversal_mv = sample_random(&random) % 3 ? 0 : -70,
        };
    for (uint32_t i = 0; i < N_GAPS; i++)
        to->gaps[i] = (chx_gap){.neuron = i,
                                .other = (i + 1 + sample_random(&random) % 3) % N_CELLS,
                                .conductance_ns = 0.02f};
}

/* With neurons that fire, the graded are driven by these as well. */
static chx_network *
create(const circuit *of, double step_ms, bool with_others)
{
    static chx_parameter parameters[N_CELLS][N_PARAMETERS];
    static chx_synapse synapses[3 * N_OTHERS];
    chx_neuron_type types[N_CELLS + 1];
    uint64_t random = 9;
    chx_neuron *neurons = sample_neurons(N_ALL, 1, &random);
    for (uint32_t t = 0; t < N_CELLS; t++) {
        for (uint32_t i = 0; i < N_PARAMETERS; i++)
            parameters[t][i] = (chx_parameter){names[i], ((const double *)&of->cells[t])[i]};
        types[t] = (chx_neuron_type){.name = "graded",
                                     .model = "graded",
                                     .parameters = parameters[t],
                                     .n_parameters = N_PARAMETERS};
        neurons[t].type = t;
    }
    types[N_CELLS] = (chx_neuron_type){"firing", {100, 10, 5, -65, -50, -65, 2, 160}};
    for (uint32_t n = N_CELLS; n < N_ALL; n++)
        neurons[n].type = N_CELLS;
    for (uint32_t i = 0; i < 3 * N_OTHERS; i++)
        synapses[i] = (chx_synapse){N_CELLS + i / 3, sample_random(&random) % N_ALL, 4, 1.5f};
    chx_network *network =
        sample_finish(&(chx_network_info){.name = "graded",
                                          .time_step_ms = step_ms,
                                          .duration_ms = RUN_MS,
                                          .n_types = with_others ? N_CELLS + 1 : N_CELLS,
                                          .types = types,
                                          .n_neurons = with_others ? N_ALL : N_CELLS,
                                          .neurons = neurons,
                                          .n_synapses = with_others ? 3 * N_OTHERS : 0,
                                          .synapses = synapses,
                                          .n_gaps = N_GAPS,
                                          .gaps = of->gaps,
                                          .n_graded = N_GRADED,
                                          .graded = of->graded});
    free(neurons);
    return network;
}

/* The equations as they are published, for all cells: v first, then s. */
static void
slope(const circuit *of, const double *state, double *to)
{
    const double *v = state, *s = state + N_CELLS;
    for (uint32_t n = 0; n < N_CELLS; n++) {
        const cell *c = &of->cells[n];
        const double released = 1 / (1 + exp(-(v[n] - c->midpoint) / c->width));
        to[n] = -c->leak * (v[n] - c->rest) + c->bias;
        to[N_CELLS + n] = c->rise * released * (1 - s[n]) - c->fall * s[n];
    }
    for (uint32_t i = 0; i < N_GRADED; i++) {
        const chx_graded_synapse *g = &of->graded[i];
        to[g->post] +=
            (double)g->conductance_ns * s[g->pre] * ((double)g->reversal_mv - v[g->post]);
    }
    for (uint32_t i = 0; i < N_GAPS; i++) {
        const chx_gap *gap = &of->gaps[i];
        const double current = (double)gap->conductance_ns * (v[gap->other] - v[gap->neuron]);
        to[gap->neuron] += current;
        to[gap->other] -= current;
    }
    for (uint32_t n = 0; n < N_CELLS; n++)
        to[n] /= of->cells[n].capacitance;
}

static void
step(const circuit *of, double *state)
{
    static const double parts[] = {0, 0.5, 0.5, 1};
    double k[4][2 * N_CELLS], at[2 * N_CELLS];
    for (int stage = 0; stage < 4; stage++) {
        for (uint32_t i = 0; i < 2 * N_CELLS; i++)
            at[i] = state[i] + (stage > 0 ? FINE_MS * parts[stage] * k[stage - 1][i] : 0);
        slope(of, at, k[stage]);
    }
    for (uint32_t i = 0; i < 2 * N_CELLS; i++)
        state[i] += FINE_MS / 6 * (k[0][i] + 2 * k[1][i] + 2 * k[2][i] + k[3][i]);
}

/* The furthest that potentials and releases are from the equations', looked at every 2 ms. */
static void
measure(const circuit *of, double step_ms, double *potential_mv, double *release)
{
    uint32_t who[N_CELLS];
    double state[2 * N_CELLS];
    for (uint32_t n = 0; n < N_CELLS; n++) {
        const cell *c = &of->cells[n];
        const double released = 1 / (1 + exp(-(c->rest - c->midpoint) / c->width));
        who[n] = n;
        state[n] = c->rest;
        state[N_CELLS + n] = c->rise * released / (c->rise * released + c->fall);
    }
    const chx_probe probes[] = {{NULL, who, N_CELLS, 2}, {"release", who, N_CELLS, 2}};
    chx_network *network = create(of, step_ms, false);
    chx_simulation *simulation;
    chx_trace traces[2];
    check_ok(chx_simulation_create(
        runtime, network, &(chx_simulation_params){.probes = probes, .n_probes = 2}, &simulation));
    check_ok(chx_simulation_advance(simulation, (uint32_t)lround(RUN_MS / step_ms)));
    for (uint32_t p = 0; p < 2; p++)
        check_ok(chx_simulation_take_trace(simulation, p, &traces[p]));
    *potential_mv = *release = 0;
    uint64_t n_fine = 0;
    for (uint32_t row = 0; row < traces[0].n_rows; row++) {
        const uint64_t at = traces[0].first_step + (uint64_t)row * traces[0].interval_steps;
        const double at_ms = (double)(at + 1) * step_ms;
        for (; (double)(n_fine + 1) * FINE_MS < at_ms + FINE_MS / 2; n_fine++)
            step(of, state);
        for (uint32_t n = 0; n < N_CELLS; n++) {
            const size_t place = (size_t)row * N_CELLS + n;
            *potential_mv = fmax(*potential_mv, fabs((double)traces[0].values[place] - state[n]));
            *release = fmax(*release, fabs((double)traces[1].values[place] - state[N_CELLS + n]));
        }
    }
    ck_assert_uint_ge(traces[0].n_rows, RUN_MS / 2);
    for (uint32_t p = 0; p < 2; p++)
        free(traces[p].values);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}

START_TEST(graded_neurons_do_what_the_equations_say_the_closer_the_shorter_the_step)
{
    static circuit of;
    double potential_mv[2], release[2];
    fill(&of, N_CELLS);
    measure(&of, 0.1, &potential_mv[0], &release[0]);
    measure(&of, 0.02, &potential_mv[1], &release[1]);
    ck_assert_msg(potential_mv[0] < 0.25 && release[0] < 0.01, "%g mV, %g", potential_mv[0],
                  release[0]);
    ck_assert_msg(potential_mv[1] < 0.3 * potential_mv[0] && release[1] < 0.3 * release[0],
                  "%g after %g mV, %g after %g", potential_mv[1], potential_mv[0], release[1],
                  release[0]);
}
END_TEST

static uint64_t
run(const chx_network *network, uint32_t n_partitions, float *potentials_mv, size_t *n_spikes)
{
    chx_simulation *simulation;
    const chx_spike *spikes;
    uint64_t digest;
    check_ok(chx_simulation_create(
        runtime, network, &(chx_simulation_params){.n_partitions = n_partitions}, &simulation));
    check_ok(chx_simulation_advance(simulation, 300));
    check_ok(chx_simulation_spikes(simulation, &spikes, n_spikes));
    check_ok(chx_simulation_digest(simulation, &digest));
    check_ok(chx_simulation_potentials(simulation, potentials_mv));
    chx_simulation_destroy(&simulation);
    return digest;
}

START_TEST(graded_networks_are_the_same_in_every_cut)
{
    static circuit of;
    float whole_mv[N_ALL], potentials_mv[N_ALL];
    size_t n_spikes, n_again;
    fill(&of, N_ALL);
    chx_network *network = create(&of, 0.1, true);
    const uint64_t whole = run(network, 1, whole_mv, &n_spikes);
    ck_assert_uint_gt(n_spikes, N_OTHERS);
    for (uint32_t n_partitions = 3; n_partitions <= 7; n_partitions += 4) {
        ck_assert_uint_eq(run(network, n_partitions, potentials_mv, &n_again), whole);
        ck_assert_uint_eq(n_again, n_spikes);
        ck_assert_mem_eq(potentials_mv, whole_mv, sizeof whole_mv);
    }
    chx_network_destroy(&network);
}
END_TEST

START_TEST(graded_networks_go_on_from_what_was_saved)
{
    static circuit of;
    float whole_mv[N_ALL], potentials_mv[N_ALL];
    uint64_t digest;
    size_t n_spikes;
    chx_simulation *simulation;
    folder_setup();
    fill(&of, N_ALL);
    chx_network *network = create(&of, 0.1, true);
    const uint64_t whole = run(network, 1, whole_mv, &n_spikes);
    check_ok(chx_simulation_create(runtime, network, &(chx_simulation_params){.n_partitions = 3},
                                   &simulation));
    check_ok(chx_simulation_advance(simulation, 133));
    check_ok(chx_simulation_save(simulation, folder_path("state")));
    chx_simulation_destroy(&simulation);
    check_ok(chx_simulation_create(runtime, network, &(chx_simulation_params){.n_partitions = 2},
                                   &simulation));
    check_ok(chx_simulation_restore(simulation, folder_path("state")));
    check_ok(chx_simulation_advance(simulation, 167));
    check_ok(chx_simulation_digest(simulation, &digest));
    check_ok(chx_simulation_potentials(simulation, potentials_mv));
    ck_assert_uint_eq(digest, whole);
    ck_assert_mem_eq(potentials_mv, whole_mv, sizeof whole_mv);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
    folder_teardown();
}
END_TEST

/* A cell that is driven over its threshold and let go again, twice. */
START_TEST(a_graded_neuron_fires_where_it_rises_through_its_threshold_and_is_not_reset)
{
    static const chx_parameter parameters[] = {
        {"capacitance_pf", 3}, {"leak_ns", 0.1},    {"resting_mv", -35},  {"midpoint_mv", -20},
        {"width_mv", 4},       {"rise_per_ms", .5}, {"fall_per_ms", 0.1}, {"threshold_mv", -20}};
    const chx_neuron_type type = {
        .name = "cell", .model = "graded", .parameters = parameters, .n_parameters = 8};
    const chx_neuron neuron = {.name = "A", .diameter_um = 1};
    const uint32_t who = 0;
    const chx_stimulus pulses[] = {{.kind = CHX_STIMULUS_STEP,
                                    .start_ms = 10,
                                    .stop_ms = 60,
                                    .current_pa = 3,
                                    .neurons = &who,
                                    .n_neurons = 1},
                                   {.kind = CHX_STIMULUS_STEP,
                                    .start_ms = 150,
                                    .stop_ms = 200,
                                    .current_pa = 3,
                                    .neurons = &who,
                                    .n_neurons = 1}};
    chx_network *network = sample_finish(&(chx_network_info){.name = "one",
                                                             .time_step_ms = 0.1,
                                                             .duration_ms = 250,
                                                             .n_types = 1,
                                                             .types = &type,
                                                             .n_neurons = 1,
                                                             .neurons = &neuron,
                                                             .n_stimuli = 2,
                                                             .stimuli = pulses});
    const double tau_ms = 30, crossing_ms = -tau_ms * log(1 - 15 / 30.0);
    const chx_spike *spikes;
    size_t n_spikes;
    float potential_mv;
    chx_simulation *simulation;
    check_ok(chx_simulation_create(runtime, network, NULL, &simulation));
    check_ok(chx_simulation_advance(simulation, 600));
    check_ok(chx_simulation_potentials(simulation, &potential_mv));
    ck_assert_double_eq_tol((double)potential_mv, -35 + 30 * (1 - exp(-50 / tau_ms)), 1e-3);
    check_ok(chx_simulation_advance(simulation, 1900));
    check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
    ck_assert_uint_eq(n_spikes, 2);
    ck_assert_double_eq_tol(spikes[0].step * 0.1, 10 + crossing_ms, 0.11);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

static void
write_folder(const char *graded)
{
    folder_write("network.json",
                 "{\"format\": \"chronaxie-network\", \"version\": 1, \"name\": \"three\",\n"
                 "\"time_step_ms\": 0.1, \"duration_ms\": 100,\n"
                 "\"neuron\": {\"capacitance_pf\": 10, \"tau_membrane_ms\": 10,\n"
                 "\"tau_synapse_ms\": 5, \"resting_mv\": -65, \"threshold_mv\": -50,\n"
                 "\"reset_mv\": -65, \"refractory_ms\": 2},\n"
                 "\"types\": {\"g\": {\"model\": \"graded\", \"capacitance_pf\": 3,\n"
                 "\"leak_ns\": 0.1, \"resting_mv\": -35, \"midpoint_mv\": -20,\n"
                 "\"width_mv\": 4, \"rise_per_ms\": 1, \"fall_per_ms\": 0.2,\n"
                 "\"threshold_mv\": -20}}}\n");
    folder_write("neurons.csv", "name,type,x_um,y_um,z_um,diameter_um\nA,g,0,0,0,5\nB,g,9,0,0,5\n"
                                "C,fires,18,0,0,5\n");
    folder_write("synapses.csv", "pre,post,weight_pa,delay_ms\n");
    folder_write("graded.csv", graded);
}

#define HEAD "pre,post,conductance_ns,reversal_mv\n"

static void
check_graded(const chx_network *network)
{
    static const chx_graded_synapse expected[] = {
        {1, 0, 0.25f, -70}, {1, 0, 1, 0}, {0, 1, 3, 0}, {0, 2, 0.5f, 0}};
    const chx_network_info *info = chx_network_get(network);
    ck_assert_uint_eq(info->n_graded, sizeof expected / sizeof *expected);
    ck_assert_mem_eq(info->graded, expected, sizeof expected);
}

START_TEST(graded_synapses_are_read_sorted_and_saved)
{
    chx_network *network, *again;
    write_folder(HEAD "A,C,0.5,0\nB,A,1,0\nB,A,0.25,-70\nA,B,3,0\n");
    check_ok(chx_network_load(folder, &network));
    check_graded(network);
    check_ok(chx_network_save(network, folder_path("copy")));
    check_ok(chx_network_load(folder_path("copy"), &again));
    check_graded(again);
    chx_network_destroy(&again);
    check_ok(chx_network_create(chx_network_get(network), &again));
    check_graded(again);
    chx_network_destroy(&again);
    chx_network_destroy(&network);
}
END_TEST

static const struct {
    const char *graded, *says;
} broken[] = {
    {HEAD "A,B,1,0\nA,D,1,0\n", "/graded.csv:3: post is 'D', which no row of neurons.csv names; "},
    {HEAD "C,B,1,0\n", "/graded.csv:2: pre has a model that transmits by spikes alone; "},
    {HEAD "A,B,-1,0\n", "/graded.csv:2: conductance_ns must be 1e-12 to 1e12"},
    {HEAD "A,B,1,1e7\n", "/graded.csv:2: reversal_mv must be a number between"},
    {HEAD "A,B,x,0\n", "/graded.csv:2: conductance_ns"},
    {"pre,post,conductance_ns\nA,B,1\n", "/graded.csv:1: "},
    {HEAD "A,B,20,0\nB,B,12,0\n", "the gap junctions and graded synapses of B are 32 nS together"},
};

START_TEST(broken_graded_synapses_are_refused)
{
    chx_network *network = NULL;
    write_folder(broken[_i].graded);
    ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_null(network);
    ck_assert_msg(strstr(chx_last_error()->message, broken[_i].says), "%s\nis not %s",
                  chx_last_error()->message, broken[_i].says);
}
END_TEST

static const struct {
    double values[8];
    const char *says;
} wrong[] = {
    {{0, 0.1, -35, -20, 4, 1, 0.2, -20}, "capacitance_pf must be a number above 0"},
    {{1e10, 0.1, -35, -20, 4, 1, 0.2, -20}, "capacitance_pf must lie between"},
    {{3, 1e4, -35, -20, 4, 1, 0.2, -20}, "leak_ns divided by capacitance_pf must be at least"},
    {{3, 0.1, -35, -20, 1e-4, 1, 0.2, -20}, "width_mv must lie between"},
    {{3, 0.1, -35, 1e7, 4, 1, 0.2, -20}, "midpoint_mv must be at most 1e6 mV from resting_mv"},
    {{3, 0.1, -35, -20, 4, 8, 3, -20}, "rise_per_ms and fall_per_ms must add up to at most 1"},
    {{3, 0.1, -35, -20, 4, 1, 1e-10, -20}, "fall_per_ms must be at least 1e-9"},
};

START_TEST(wrong_parameters_of_graded_neurons_are_refused)
{
    chx_parameter parameters[8];
    for (uint32_t i = 0; i < 8; i++)
        parameters[i] = (chx_parameter){names[i], wrong[_i].values[i]};
    const chx_neuron_type type = {
        .name = "cell", .model = "graded", .parameters = parameters, .n_parameters = 8};
    const chx_neuron neuron = {.name = "A", .diameter_um = 1};
    chx_network *network = NULL;
    ck_assert_int_eq(chx_network_create(&(chx_network_info){.name = "one",
                                                            .time_step_ms = 0.1,
                                                            .duration_ms = 250,
                                                            .n_types = 1,
                                                            .types = &type,
                                                            .n_neurons = 1,
                                                            .neurons = &neuron},
                                        &network),
                     CHX_ERROR_FORMAT);
    ck_assert_msg(strstr(chx_last_error()->message, wrong[_i].says), "%s\nis not %s",
                  chx_last_error()->message, wrong[_i].says);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("graded");
    TCase *devices = tcase_create("devices");
    tcase_add_checked_fixture(devices, open_runtime, close_runtime);
    tcase_set_timeout(devices, 120);
    TCase *slow = tcase_create("slow on a device");
    tcase_set_tags(slow, "slow");
    tcase_add_checked_fixture(slow, open_runtime, close_runtime);
    tcase_set_timeout(slow, 120);
    tcase_add_test(slow, graded_neurons_do_what_the_equations_say_the_closer_the_shorter_the_step);
    tcase_add_test(slow,
                   a_graded_neuron_fires_where_it_rises_through_its_threshold_and_is_not_reset);
    suite_add_tcase(suite, slow);
    tcase_add_test(devices, graded_networks_are_the_same_in_every_cut);
    tcase_add_test(devices, graded_networks_go_on_from_what_was_saved);
    suite_add_tcase(suite, devices);
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, folder_setup, folder_teardown);
    tcase_add_test(files, graded_synapses_are_read_sorted_and_saved);
    tcase_add_loop_test(files, broken_graded_synapses_are_refused, 0,
                        sizeof broken / sizeof *broken);
    tcase_add_loop_test(files, wrong_parameters_of_graded_neurons_are_refused, 0,
                        sizeof wrong / sizeof *wrong);
    suite_add_tcase(suite, files);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
