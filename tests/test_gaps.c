/* Gap junctions: potentials against double precision and closed forms, synchrony, the same bits
 * however the network is cut, and the table that lists them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <chronaxie/simulation.h>

#include "runtime.h"
#include "scratch.h"

#define STEP_MS 0.1

static const uint32_t both[] = {0, 1};

/* Two neurons of a type each; no gap where conductance_ns is 0. */
static chx_network *
create_pair(const chx_neuron_type types[2], double conductance_ns, const chx_stimulus *stimulus)
{
    const chx_neuron neurons[] = {{.name = "a", .type = 0, .diameter_um = 1},
                                  {.name = "b", .type = 1, .diameter_um = 1}};
    const chx_gap gap = {1, 0, (float)conductance_ns};
    chx_network *network = NULL;
    check_ok(chx_network_create(&(chx_network_info){.name = "pair",
                                                    .time_step_ms = STEP_MS,
                                                    .duration_ms = 100,
                                                    .n_types = 2,
                                                    .types = types,
                                                    .n_neurons = 2,
                                                    .neurons = neurons,
                                                    .n_gaps = conductance_ns > 0,
                                                    .gaps = &gap,
                                                    .n_stimuli = stimulus != NULL,
                                                    .stimuli = stimulus},
                                &network));
    return network;
}

/* Both potentials of n_steps steps, for the caller to free. */
static float *
trace_of(const chx_network *network, uint32_t n_steps, chx_simulation **simulation)
{
    const chx_probe probe = {"potential_mv", both, 2, 0};
    chx_trace trace;
    check_ok(chx_simulation_create(
        runtime, network, &(chx_simulation_params){.probes = &probe, .n_probes = 1}, simulation));
    check_ok(chx_simulation_advance(*simulation, n_steps / 3));
    check_ok(chx_simulation_advance(*simulation, n_steps - n_steps / 3));
    check_ok(chx_simulation_take_trace(*simulation, 0, &trace));
    ck_assert_uint_eq(trace.n_rows, n_steps);
    return trace.values;
}

START_TEST(potentials_of_a_pair_are_those_of_double_precision)
{
    enum { N_STEPS = 1000 };
    static const double conductance_ns = 4, tau_ms[] = {10, 20}, capacitance_pf[] = {100, 150},
                        resting_mv[] = {-65, -58}, threshold_mv[] = {-50, -49},
                        current_pa[] = {260, 120};
    static const uint32_t refractory_steps[] = {20, 13};
    chx_neuron_type types[2] = {{"a", {0}}, {"b", {0}}};
    for (int i = 0; i < 2; i++)
        types[i].params = (chx_lif_params){capacitance_pf[i],
                                           tau_ms[i],
                                           5,
                                           resting_mv[i],
                                           threshold_mv[i],
                                           resting_mv[i],
                                           refractory_steps[i] * STEP_MS,
                                           current_pa[i]};
    chx_network *network = create_pair(types, conductance_ns, NULL);
    chx_simulation *simulation;
    float *trace = trace_of(network, N_STEPS, &simulation);
    const chx_spike *spikes;
    size_t n_spikes, n_told = 0, n_of[2] = {0};
    check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
    double v[2] = {resting_mv[0], resting_mv[1]};
    uint32_t left[2] = {0};
    for (uint32_t step = 0; step < N_STEPS; step++) {
        const double before[2] = {v[0], v[1]};
        for (uint32_t i = 0; i < 2; i++) {
            const double drive = current_pa[i] + conductance_ns * (before[1 - i] - before[i]);
            const double aim = resting_mv[i] + drive * tau_ms[i] / capacitance_pf[i];
            if (left[i] == 0)
                v[i] = aim + (v[i] - aim) * exp(-STEP_MS / tau_ms[i]);
            left[i] -= left[i] > 0;
            if (v[i] >= threshold_mv[i]) {
                v[i] = resting_mv[i];
                left[i] = refractory_steps[i];
                ck_assert_uint_lt(n_told, n_spikes);
                ck_assert_uint_eq(spikes[n_told].step, step);
                ck_assert_uint_eq(spikes[n_told++].neuron, i);
                n_of[i]++;
            }
            ck_assert_msg(fabs((double)trace[step * 2 + i] - v[i]) < 1e-3,
                          "step %u, neuron %u: %g mV, expected %g", step, i,
                          (double)trace[step * 2 + i], v[i]);
        }
    }
    ck_assert_uint_eq(n_told, n_spikes);
    ck_assert(n_of[0] > 5 && n_of[1] > 1);
    free(trace);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

/* At rest the potential of the one is g / (g + leak) of the other's: the coupling coefficient. */
START_TEST(coupling_coefficient_is_that_of_the_conductances)
{
    const double conductance_ns = 3, leak_ns = 10, current_pa = 50;
    const chx_neuron_type types[] = {{"a", {100, 10, 5, -65, 0, -65, 2, current_pa}},
                                     {"b", {100, 10, 5, -65, 0, -65, 2, 0}}};
    chx_network *network = create_pair(types, conductance_ns, NULL);
    chx_simulation *simulation;
    float *trace = trace_of(network, 2000, &simulation);
    const double coupling = conductance_ns / (conductance_ns + leak_ns);
    const double first_mv = current_pa / (leak_ns + conductance_ns * (1 - coupling));
    const double *const expected = (const double[]){-65 + first_mv, -65 + first_mv * coupling};
    for (int i = 0; i < 2; i++)
        ck_assert_double_eq_tol((double)trace[1999 * 2 + i], expected[i], 1e-4);
    free(trace);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

/* Regularly spiking neurons of Izhikevich 2007 (doi:10.7551/mitpress/2526.001.0001), apart at
 * first. */
#define CAPACITANCE_PF 100
#define GAIN_NS_PER_MV 0.7
#define RESTING_MV (-60)
#define THRESHOLD_MV (-40)
#define PEAK_MV 35
#define RESET_MV (-50)
#define RECOVERY_PER_MS 0.03
#define RECOVERY_NS (-2)
#define JUMP_PA 100
#define BIAS_PA 150

static chx_network *
create_izhikevich_pair(double conductance_ns)
{
    static const chx_parameter parameters[] = {
        {"capacitance_pf", CAPACITANCE_PF},
        {"gain_ns_per_mv", GAIN_NS_PER_MV},
        {"resting_mv", RESTING_MV},
        {"threshold_mv", THRESHOLD_MV},
        {"peak_mv", PEAK_MV},
        {"reset_mv", RESET_MV},
        {"recovery_per_ms", RECOVERY_PER_MS},
        {"coupling_ns", RECOVERY_NS},
        {"jump_pa", JUMP_PA},
        {"tau_synapse_ms", 5},
        {"bias_pa", BIAS_PA},
    };
    static const chx_initial initial = {"potential_mv", {.mean = RESET_MV}};
    chx_neuron_type types[2] = {{.name = "a"}, {.name = "b", .initial = &initial, .n_initial = 1}};
    for (int i = 0; i < 2; i++) {
        types[i].model = "izhikevich";
        types[i].parameters = parameters;
        types[i].n_parameters = sizeof parameters / sizeof *parameters;
    }
    return create_pair(types, conductance_ns, NULL);
}

static void
find_slopes(double v, double u, double drive, double slopes[2])
{
    const double at = fmin(v, PEAK_MV);
    slopes[0] =
        (GAIN_NS_PER_MV * (at - RESTING_MV) * (at - THRESHOLD_MV) - u + drive) / CAPACITANCE_PF;
    slopes[1] = RECOVERY_PER_MS * (RECOVERY_NS * (at - RESTING_MV) - u);
}

/* One step of the classic Runge-Kutta method; whether the neuron fires. */
static bool
step_izhikevich(double *v, double *u, double drive)
{
    const double h = STEP_MS;
    double k[4][2];
    find_slopes(*v, *u, drive, k[0]);
    find_slopes(*v + h / 2 * k[0][0], *u + h / 2 * k[0][1], drive, k[1]);
    find_slopes(*v + h / 2 * k[1][0], *u + h / 2 * k[1][1], drive, k[2]);
    find_slopes(*v + h * k[2][0], *u + h * k[2][1], drive, k[3]);
    *v += h / 6 * (k[0][0] + 2 * k[1][0] + 2 * k[2][0] + k[3][0]);
    if (*v < PEAK_MV) {
        *u += h / 6 * (k[0][1] + 2 * k[1][1] + 2 * k[2][1] + k[3][1]);
        return false;
    }
    *v = RESET_MV;
    *u += h * k[0][1] + JUMP_PA;
    return true;
}

/* Checks each spike against double precision; how far the last ones of both lie apart, in steps. */
static uint32_t
last_distance(double conductance_ns, uint32_t n_steps)
{
    chx_network *network = create_izhikevich_pair(conductance_ns);
    chx_simulation *simulation = NULL;
    const chx_spike *spikes;
    size_t n_spikes, n_seen[2] = {0};
    check_ok(chx_simulation_create(runtime, network, NULL, &simulation));
    check_ok(chx_simulation_advance(simulation, n_steps));
    check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
    double v[2] = {RESTING_MV, RESET_MV}, u[2] = {0};
    uint32_t last[2] = {0};
    for (uint32_t step = 0; step < n_steps; step++) {
        const double pull = conductance_ns * (v[1] - v[0]);
        for (uint32_t i = 0; i < 2; i++) {
            if (!step_izhikevich(&v[i], &u[i], BIAS_PA + (i ? -pull : pull)))
                continue;
            size_t own = 0, at = 0;
            while (at < n_spikes && (spikes[at].neuron != i || own++ < n_seen[i]))
                at++;
            ck_assert_uint_lt(at, n_spikes);
            ck_assert_msg(fabs((double)spikes[at].step - step) <= 1, "%u fires at %u, expected %u",
                          i, spikes[at].step, step);
            n_seen[i]++;
            last[i] = spikes[at].step;
        }
    }
    ck_assert_uint_eq(n_seen[0] + n_seen[1], n_spikes);
    ck_assert_uint_gt(n_seen[0], 4);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
    return last[0] > last[1] ? last[0] - last[1] : last[1] - last[0];
}

/* As it does where spikes are tall (Lewis and Rinzel 2003, Journal of Computational Neuroscience
 * 14, 283-309). */
START_TEST(a_gap_junction_synchronises_what_is_apart_without)
{
    ck_assert_uint_gt(last_distance(0, 3200), 80);
    ck_assert_uint_le(last_distance(5, 3200), 1);
}
END_TEST

#define N_ALL 103
#define N_CIRCUIT_GAPS 150

/* Neurons with gap junctions and synapses, as the rule of a small generator has it; of two models
 * in turns of 40 neurons, or of one. */
static chx_network *
create_circuit(bool is_mixed, bool is_reversed)
{
    static char names[N_ALL][8];
    static const chx_parameter adex[] = {
        {"capacitance_pf", 200},   {"leak_ns", 10}, {"resting_mv", -70},   {"threshold_mv", -50},
        {"slope_mv", 2},           {"peak_mv", 0},  {"reset_mv", -58},     {"adaptation_ns", 2},
        {"tau_adaptation_ms", 30}, {"jump_pa", 60}, {"tau_synapse_ms", 3}, {"bias_pa", 700}};
    chx_neuron_type types[] = {{"slow", {250, 10, 2, -65, -50, -65, 2, 700}},
                               {"fast", {150, 10, 2, -63, -50, -60, 1, 450}},
                               {.name = "adapting", {0}}};
    chx_neuron neurons[N_ALL];
    chx_gap gaps[N_CIRCUIT_GAPS];
    chx_synapse synapses[2 * N_ALL];
    types[2].model = is_mixed ? "adex" : NULL;
    types[2].parameters = is_mixed ? adex : NULL;
    types[2].n_parameters = is_mixed ? sizeof adex / sizeof *adex : 0;
    if (!is_mixed)
        types[2].params = types[1].params;
    for (uint32_t i = 0; i < N_ALL; i++) {
        snprintf(names[i], sizeof names[i], "%u", i);
        neurons[i] =
            (chx_neuron){.name = names[i], .type = i / 40 % 2 ? 2 : i % 3 == 0, .diameter_um = 1};
    }
    uint32_t x = 1;
    for (uint32_t i = 0; i < N_CIRCUIT_GAPS; i++) {
        x = x * 1664525 + 1013904223;
        const uint32_t a = (x >> 8) % N_ALL, b = (a + 1 + (x >> 20) % (N_ALL - 1)) % N_ALL;
        const uint32_t at = is_reversed ? N_CIRCUIT_GAPS - 1 - i : i;
        gaps[at] = is_reversed ? (chx_gap){b, a, (float)(x >> 28) * 0.3f + 0.1f}
                               : (chx_gap){a, b, (float)(x >> 28) * 0.3f + 0.1f};
    }
    for (uint32_t i = 0; i < 2 * N_ALL; i++)
        synapses[i] = (chx_synapse){i % N_ALL, i * 7 % N_ALL, i % 5 ? 120 : -300,
                                    (float)(5 + i % 9) * (float)STEP_MS};
    chx_network *network = NULL;
    check_ok(chx_network_create(&(chx_network_info){.name = "circuit",
                                                    .time_step_ms = STEP_MS,
                                                    .duration_ms = 30,
                                                    .n_types = 3,
                                                    .types = types,
                                                    .n_neurons = N_ALL,
                                                    .neurons = neurons,
                                                    .n_synapses = 2 * N_ALL,
                                                    .synapses = synapses,
                                                    .n_gaps = N_CIRCUIT_GAPS,
                                                    .gaps = gaps},
                                &network));
    return network;
}

/* Digest and potentials after runs of odd lengths. */
static uint64_t
run(const chx_network *network, uint32_t n_partitions, float potentials_mv[N_ALL])
{
    static const uint32_t n_steps[] = {31, 1, 40};
    chx_simulation *simulation = NULL;
    uint64_t digest;
    const chx_spike *spikes;
    size_t n_spikes;
    check_ok(chx_simulation_create(
        runtime, network, &(chx_simulation_params){.n_partitions = n_partitions}, &simulation));
    for (size_t i = 0; i < sizeof n_steps / sizeof *n_steps; i++)
        check_ok(chx_simulation_advance(simulation, n_steps[i]));
    check_ok(chx_simulation_digest(simulation, &digest));
    check_ok(chx_simulation_potentials(simulation, potentials_mv));
    check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
    ck_assert_uint_gt(n_spikes, 20);
    chx_simulation_destroy(&simulation);
    return digest;
}

START_TEST(coupled_networks_are_the_same_in_every_cut)
{
    static const uint32_t cuts[] = {1, 2, 3, 7};
    float whole_mv[N_ALL], potentials_mv[N_ALL];
    chx_network *network = create_circuit(_i, false);
    const uint64_t digest = run(network, 0, whole_mv);
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        ck_assert_uint_eq(run(network, cuts[i], potentials_mv), digest);
        ck_assert_mem_eq(potentials_mv, whole_mv, sizeof whole_mv);
    }
    chx_network_destroy(&network);
    network = create_circuit(_i, true);
    ck_assert_uint_eq(run(network, 2, potentials_mv), digest);
    ck_assert_mem_eq(potentials_mv, whole_mv, sizeof whole_mv);
    chx_network_destroy(&network);
}
END_TEST

START_TEST(coupled_networks_go_on_from_what_was_saved)
{
    float whole_mv[N_ALL], potentials_mv[N_ALL];
    uint64_t digest;
    chx_simulation *simulation = NULL;
    folder_setup();
    chx_network *network = create_circuit(false, false);
    const uint64_t whole = run(network, 1, whole_mv);
    check_ok(chx_simulation_create(runtime, network, &(chx_simulation_params){.n_partitions = 3},
                                   &simulation));
    check_ok(chx_simulation_advance(simulation, 33));
    check_ok(chx_simulation_save(simulation, folder_path("state")));
    chx_simulation_destroy(&simulation);
    for (uint32_t n_partitions = 1; n_partitions <= 2; n_partitions++) {
        check_ok(chx_simulation_create(
            runtime, network, &(chx_simulation_params){.n_partitions = n_partitions}, &simulation));
        check_ok(chx_simulation_advance(simulation, 4));
        check_ok(chx_simulation_restore(simulation, folder_path("state")));
        check_ok(chx_simulation_advance(simulation, 39));
        check_ok(chx_simulation_digest(simulation, &digest));
        check_ok(chx_simulation_potentials(simulation, potentials_mv));
        ck_assert_uint_eq(digest, whole);
        ck_assert_mem_eq(potentials_mv, whole_mv, sizeof whole_mv);
        chx_simulation_destroy(&simulation);
    }
    chx_network_destroy(&network);
    folder_teardown();
}
END_TEST

static const char description[] =
    "{\"format\": \"chronaxie-network\", \"version\": 1, \"name\": \"three\", \"time_step_ms\": "
    "0.1,\n"
    "\"duration_ms\": 100, \"neuron\": {\"capacitance_pf\": 10, \"tau_membrane_ms\": 10,\n"
    "\"tau_synapse_ms\": 5, \"resting_mv\": -65, \"threshold_mv\": -50, \"reset_mv\": -66,\n"
    "\"refractory_ms\": 5}}\n";

static void
write_folder(const char *gaps)
{
    folder_write("network.json", description);
    folder_write("neurons.csv", "name,type,x_um,y_um,z_um,diameter_um\n"
                                "A,n,0,0,0,1\nB,n,1,0,0,1\nC,n,2,0,0,1\n");
    folder_write("synapses.csv", "pre,post,weight_pa,delay_ms\n");
    folder_write("gaps.csv", gaps);
}

#define HEAD "neuron,other,conductance_ns\n"

static void
check_gaps(const chx_network *network)
{
    static const chx_gap expected[] = {{0, 1, 0.25f}, {0, 1, 1}, {0, 2, 3}, {1, 2, 0.1f}};
    const chx_network_info *info = chx_network_get(network);
    ck_assert_uint_eq(info->n_gaps, sizeof expected / sizeof *expected);
    ck_assert_mem_eq(info->gaps, expected, sizeof expected);
}

START_TEST(gaps_are_read_sorted_and_saved)
{
    chx_network *network = NULL, *again = NULL;
    char *saved = test_folder_create();
    char copy[300];
    snprintf(copy, sizeof copy, "%s/copy", saved);
    write_folder(HEAD "C,B,0.1\nA,B,1\nC,A,3\nB,A,0.25\n");
    check_ok(chx_network_load(folder, &network));
    check_gaps(network);
    check_ok(chx_network_save(network, copy));
    check_ok(chx_network_load(copy, &again));
    check_gaps(again);
    chx_network_destroy(&again);
    check_ok(chx_network_create(chx_network_get(network), &again));
    check_gaps(again);
    chx_network_destroy(&again);
    chx_network_destroy(&network);
    test_folder_destroy(saved);
}
END_TEST

static const struct {
    const char *gaps, *says;
} broken[] = {
    {HEAD "A,B,1\nA,D,1\n", "/gaps.csv:3: other is 'D', which no row of neurons.csv names; "},
    {HEAD "X,B,1\n", "/gaps.csv:2: neuron is 'X', which no row of neurons.csv names; "},
    {HEAD "A,B,1\nB,B,1\n", "/gaps.csv:3: other is the neuron itself; "},
    {HEAD "A,B,0\n", "/gaps.csv:2: conductance_ns must be 1e-12 to 1e12"},
    {HEAD "A,B,-1\n", "/gaps.csv:2: conductance_ns must be 1e-12 to 1e12"},
    {HEAD "A,B,1e39\n", "/gaps.csv:2: conductance_ns must be 1e-12 to 1e12"},
    {HEAD "A,B,x\n", "/gaps.csv:2: conductance_ns"},
    {"neuron,conductance_ns\nA,1\n", "/gaps.csv:1: "},
    {HEAD "A,B,60\nC,B,50\n", "the gap junctions of B are 110 nS together, too much for its 10 pF"},
};

START_TEST(broken_gaps_are_refused)
{
    chx_network *network = NULL;
    write_folder(broken[_i].gaps);
    ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_null(network);
    ck_assert_msg(strstr(chx_last_error()->message, broken[_i].says), "%s\nis not %s",
                  chx_last_error()->message, broken[_i].says);
}
END_TEST

static const struct {
    chx_gap gap;
    const char *says;
} broken_rows[] = {
    {{0, 2, 1}, "gaps[0]: 0 - 2 is beyond the 2 neurons"},
    {{1, 1, 1}, "gaps[0]: other is the neuron itself; "},
    {{0, 1, NAN}, "gaps[0]: conductance_ns must be 1e-12 to 1e12"},
};

START_TEST(broken_gaps_of_a_program_are_refused)
{
    const chx_neuron_type type = {"n", {100, 10, 5, -65, 0, -65, 2, 0}};
    const chx_neuron neurons[] = {{.name = "a", .diameter_um = 1}, {.name = "b", .diameter_um = 1}};
    chx_network *network = NULL;
    ck_assert_int_eq(chx_network_create(&(chx_network_info){.name = "pair",
                                                            .time_step_ms = STEP_MS,
                                                            .duration_ms = 100,
                                                            .n_types = 1,
                                                            .types = &type,
                                                            .n_neurons = 2,
                                                            .neurons = neurons,
                                                            .n_gaps = 1,
                                                            .gaps = &broken_rows[_i].gap},
                                        &network),
                     CHX_ERROR_FORMAT);
    ck_assert_msg(strstr(chx_last_error()->message, broken_rows[_i].says), "%s",
                  chx_last_error()->message);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("gaps");
    TCase *devices = tcase_create("devices"), *files = tcase_create("files");
    tcase_add_checked_fixture(devices, open_runtime, close_runtime);
    tcase_set_timeout(devices, 250);
    tcase_add_loop_test(devices, coupled_networks_are_the_same_in_every_cut, 0, 2);
    tcase_add_test(devices, coupled_networks_go_on_from_what_was_saved);
    suite_add_tcase(suite, devices);
    TCase *slow = tcase_create("slow on a device");
    tcase_set_tags(slow, "slow");
    tcase_add_checked_fixture(slow, open_runtime, close_runtime);
    tcase_set_timeout(slow, 250);
    tcase_add_test(slow, potentials_of_a_pair_are_those_of_double_precision);
    tcase_add_test(slow, coupling_coefficient_is_that_of_the_conductances);
    tcase_add_test(slow, a_gap_junction_synchronises_what_is_apart_without);
    suite_add_tcase(suite, slow);
    tcase_add_checked_fixture(files, folder_setup, folder_teardown);
    tcase_add_test(files, gaps_are_read_sorted_and_saved);
    tcase_add_loop_test(files, broken_gaps_are_refused, 0, sizeof broken / sizeof *broken);
    tcase_add_loop_test(files, broken_gaps_of_a_program_are_refused, 0,
                        sizeof broken_rows / sizeof *broken_rows);
    suite_add_tcase(suite, files);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
