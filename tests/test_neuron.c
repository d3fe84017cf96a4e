/* The neuron kernels against closed forms: membrane, synapse, refractory time, delay, chance. */
#include <math.h>

#include <chronaxie/simulation.h>

#include "sample.h"

#include "runtime.h"

#define TAU_M_MS 10.0
#define TAU_S_MS 2.0
#define CAPACITANCE_PF 250.0
#define THRESHOLD_MV 15.0 /* above rest */
#define STEP_MS 0.1

/* Cells rest at 0 mV, so that potentials keep all their bits. A handful of equal neurons and what
 * is done to them. */
typedef struct bench {
    uint32_t n_neurons;
    double refractory_ms;
    double bias_pa;
    double threshold_mv; /* above rest; 0 means THRESHOLD_MV */
    double tau_inhibition_ms;
    const chx_initial *initial;
    uint32_t n_initial;
    const chx_synapse *synapses;
    uint32_t n_synapses;
    const chx_stimulus *stimuli;
    uint32_t n_stimuli;
    chx_network *network;
    chx_simulation *simulation;
} bench;

static void
bench_begin(bench *b)
{
    uint64_t random = 1;
    const double threshold = b->threshold_mv != 0 ? b->threshold_mv : THRESHOLD_MV;
    const chx_neuron_type type = {.name = "cell",
                                  .params = {CAPACITANCE_PF, TAU_M_MS, TAU_S_MS, 0, threshold, 0,
                                             b->refractory_ms, b->bias_pa, b->tau_inhibition_ms},
                                  .initial = b->initial,
                                  .n_initial = b->n_initial};
    chx_neuron *neurons = sample_neurons(b->n_neurons, 1, &random);
    b->network = sample_finish(&(chx_network_info){.name = "bench",
                                                   .description = "",
                                                   .time_step_ms = STEP_MS,
                                                   .duration_ms = 100,
                                                   .seed = 5,
                                                   .n_types = 1,
                                                   .types = &type,
                                                   .n_neurons = b->n_neurons,
                                                   .neurons = neurons,
                                                   .n_synapses = b->n_synapses,
                                                   .synapses = b->synapses,
                                                   .n_stimuli = b->n_stimuli,
                                                   .stimuli = b->stimuli,
                                                   .view = sample_view()});
    free(neurons);
    check_ok(chx_simulation_create(runtime, b->network, NULL, &b->simulation));
}

static void
bench_end(bench *b)
{
    chx_simulation_destroy(&b->simulation);
    chx_network_destroy(&b->network);
}

/* Millivolts above rest of one neuron. */
static double
potential(bench *b, uint32_t neuron)
{
    float all[4096];
    ck_assert_uint_le(b->n_neurons, 4096);
    check_ok(chx_simulation_potentials(b->simulation, all));
    return (double)all[neuron];
}

static size_t
spikes_of(bench *b, const chx_spike **spikes)
{
    size_t n_spikes;
    check_ok(chx_simulation_spikes(b->simulation, spikes, &n_spikes));
    return n_spikes;
}

START_TEST(a_step_current_charges_the_membrane_as_in_the_textbook)
{
    const uint32_t who[] = {1};
    const chx_stimulus stimulus = {CHX_STIMULUS_STEP, 2, 22, 300, 0, who, 1};
    bench b = {.n_neurons = 3, .stimuli = &stimulus, .n_stimuli = 1};
    bench_begin(&b);
    for (uint32_t step = 0; step < 300; step += 20) {
        const double t = step * STEP_MS, final = 300 * TAU_M_MS / CAPACITANCE_PF;
        double expected = t < 2 ? 0 : final * (1 - exp(-(t - 2) / TAU_M_MS));
        if (t > 22)
            expected = final * (1 - exp(-20 / TAU_M_MS)) * exp(-(t - 22) / TAU_M_MS);
        ck_assert_double_eq_tol(potential(&b, 1), expected, 2e-5);
        ck_assert_double_eq(potential(&b, 0), 0);
        ck_assert_double_eq(potential(&b, 2), 0);
        check_ok(chx_simulation_advance(b.simulation, 20));
    }
    bench_end(&b);
}
END_TEST

/* Neuron 0 fires at once and then rests; neuron 1 feels it. */
static const chx_stimulus kick = {
    CHX_STIMULUS_STEP, 0, 0.1, 1e5, 0, (const uint32_t[]){0}, 1,
};

START_TEST(a_spike_arrives_after_exactly_its_delay)
{
    const uint32_t delays[] = {1, 2, 37, 128, 300};
    for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
        const chx_synapse synapse = {0, 1, 50, (float)(delays[i] * STEP_MS)};
        bench b = {.n_neurons = 2,
                   .refractory_ms = 1000,
                   .synapses = &synapse,
                   .n_synapses = 1,
                   .stimuli = &kick,
                   .n_stimuli = 1};
        bench_begin(&b);
        const chx_spike *spikes;
        check_ok(chx_simulation_advance(b.simulation, 1));
        ck_assert_uint_eq(spikes_of(&b, &spikes), 1);
        ck_assert_uint_eq(spikes[0].step, 0);
        ck_assert_uint_eq(spikes[0].neuron, 0);
        /* The current appears at the end of step `delay`, the potential one step later. */
        check_ok(chx_simulation_advance(b.simulation, delays[i]));
        ck_assert_double_eq(potential(&b, 1), 0);
        check_ok(chx_simulation_advance(b.simulation, 1));
        ck_assert_double_gt(potential(&b, 1), 0.01);
        bench_end(&b);
    }
}
END_TEST

START_TEST(a_postsynaptic_potential_is_a_difference_of_exponentials)
{
    const chx_synapse synapse = {0, 1, -120, 1.5f};
    bench b = {.n_neurons = 2,
               .refractory_ms = 1000,
               .synapses = &synapse,
               .n_synapses = 1,
               .stimuli = &kick,
               .n_stimuli = 1};
    bench_begin(&b);
    const double factor = -120 / CAPACITANCE_PF * TAU_S_MS * TAU_M_MS / (TAU_M_MS - TAU_S_MS);
    check_ok(chx_simulation_advance(b.simulation, 16));
    for (uint32_t step = 0; step < 400; step += 10) {
        const double t = step * STEP_MS;
        const double expected = factor * (exp(-t / TAU_M_MS) - exp(-t / TAU_S_MS));
        ck_assert_double_eq_tol(potential(&b, 1), expected, 2e-6);
        check_ok(chx_simulation_advance(b.simulation, 10));
    }
    bench_end(&b);
}
END_TEST

/* Inhibition decays by its own time constant, excitation by that of synapses, and both add up. */
START_TEST(inhibition_has_a_time_constant_of_its_own)
{
    const double tau_j_ms = 7;
    const chx_synapse synapses[] = {{0, 1, 150, 1.5f}, {0, 1, -120, 1.5f}, {0, 2, -120, 1.5f}};
    bench b = {.n_neurons = 3,
               .refractory_ms = 1000,
               .tau_inhibition_ms = tau_j_ms,
               .synapses = synapses,
               .n_synapses = 3,
               .stimuli = &kick,
               .n_stimuli = 1};
    bench_begin(&b);
    check_ok(chx_simulation_advance(b.simulation, 16));
    for (uint32_t step = 0; step < 400; step += 10) {
        const double t = step * STEP_MS, decay = exp(-t / TAU_M_MS);
        const double up = 150 / CAPACITANCE_PF * TAU_S_MS * TAU_M_MS / (TAU_M_MS - TAU_S_MS) *
                          (decay - exp(-t / TAU_S_MS));
        const double down = -120 / CAPACITANCE_PF * tau_j_ms * TAU_M_MS / (TAU_M_MS - tau_j_ms) *
                            (decay - exp(-t / tau_j_ms));
        ck_assert_double_eq_tol(potential(&b, 1), up + down, 4e-6);
        ck_assert_double_eq_tol(potential(&b, 2), down, 4e-6);
        check_ok(chx_simulation_advance(b.simulation, 10));
    }
    bench_end(&b);
}
END_TEST

START_TEST(neurons_begin_where_their_type_says)
{
    enum { n_neurons = 4000 };
    const chx_initial initial[] = {
        {"potential_mv", {CHX_DISTRIBUTION_UNIFORM, .min = -10, .max = 6}},
        {"inhibition_pa", {.mean = -50}}};
    bench b = {.n_neurons = n_neurons, .tau_inhibition_ms = 7, .initial = initial, .n_initial = 2};
    bench_begin(&b);
    float first[n_neurons], later[n_neurons];
    check_ok(chx_simulation_potentials(b.simulation, first));
    double sum = 0, squares = 0;
    for (uint32_t n = 0; n < n_neurons; n++) {
        ck_assert_float_ge(first[n], -10);
        ck_assert_float_le(first[n], 6);
        sum += (double)first[n];
        squares += (double)first[n] * (double)first[n];
    }
    const double mean = sum / n_neurons, variance = squares / n_neurons - mean * mean;
    ck_assert_double_eq_tol(mean, -2, 5 * 16 / sqrt(12.0 * n_neurons));
    ck_assert_double_eq_tol(variance, 16 * 16 / 12.0, 1.5);
    check_ok(chx_simulation_advance(b.simulation, 20));
    check_ok(chx_simulation_potentials(b.simulation, later));
    const double t = 20 * STEP_MS, decay = exp(-t / TAU_M_MS);
    const double pushed =
        -50 / CAPACITANCE_PF * 7 * TAU_M_MS / (TAU_M_MS - 7) * (decay - exp(-t / 7));
    for (uint32_t n = 0; n < n_neurons; n++)
        ck_assert_double_eq_tol((double)later[n], (double)first[n] * decay + pushed, 1e-5);
    bench_end(&b);
}
END_TEST

START_TEST(a_neuron_is_deaf_for_its_refractory_time)
{
    const double refractory_ms[] = {0, 0.1, 2, 7.3};
    for (size_t i = 0; i < sizeof refractory_ms / sizeof *refractory_ms; i++) {
        bench b = {.n_neurons = 1, .refractory_ms = refractory_ms[i], .bias_pa = 1e5};
        bench_begin(&b);
        check_ok(chx_simulation_advance(b.simulation, 500));
        const chx_spike *spikes;
        const uint32_t period = (uint32_t)lround(refractory_ms[i] / STEP_MS) + 1;
        size_t n_spikes = spikes_of(&b, &spikes);
        ck_assert_uint_eq(n_spikes, (500 + period - 1) / period);
        for (size_t s = 0; s < n_spikes; s++)
            ck_assert_uint_eq(spikes[s].step, s * period);
        bench_end(&b);
    }
}
END_TEST

START_TEST(the_rate_of_firing_follows_the_current)
{
    for (double bias_pa = 350; bias_pa <= 1500; bias_pa += 230) {
        bench b = {.n_neurons = 1, .refractory_ms = 2, .bias_pa = bias_pa};
        bench_begin(&b);
        check_ok(chx_simulation_advance(b.simulation, 3000));
        const chx_spike *spikes;
        size_t n_spikes = spikes_of(&b, &spikes);
        const double final_mv = bias_pa * TAU_M_MS / CAPACITANCE_PF;
        bool fires = final_mv > THRESHOLD_MV;
        ck_assert_int_eq(n_spikes > 0, fires);
        if (fires) {
            double steps = TAU_M_MS / STEP_MS * log(final_mv / (final_mv - THRESHOLD_MV));
            double period = ceil(steps) + 2 / STEP_MS;
            ck_assert_uint_gt(n_spikes, 5);
            for (size_t s = 1; s < n_spikes; s++)
                ck_assert_double_eq_tol(spikes[s].step - spikes[s - 1].step, period, 1.01);
        }
        bench_end(&b);
    }
}
END_TEST

/* Campbell's theorem: mean and variance of filtered Poisson events. */
START_TEST(poisson_events_have_the_rate_and_spread_of_theory)
{
    enum { n_neurons = 2000 };
    uint32_t who[n_neurons];
    for (uint32_t n = 0; n < n_neurons; n++)
        who[n] = n;
    const double rate_hz = 2000, weight_pa = 20;
    const chx_stimulus stimulus = {
        CHX_STIMULUS_POISSON, 0, 1e4, weight_pa, rate_hz, who, n_neurons};
    bench b = {.n_neurons = n_neurons, .threshold_mv = 1e6, .stimuli = &stimulus, .n_stimuli = 1};
    bench_begin(&b);
    check_ok(chx_simulation_advance(b.simulation, 1000));
    float all[n_neurons];
    check_ok(chx_simulation_potentials(b.simulation, all));
    double sum = 0, squares = 0;
    for (uint32_t n = 0; n < n_neurons; n++) {
        const double v = (double)all[n];
        sum += v;
        squares += v * v;
    }
    const double mean = sum / n_neurons, variance = squares / n_neurons - mean * mean;
    const double rate = rate_hz * 1e-3, charge = weight_pa * TAU_S_MS / CAPACITANCE_PF;
    const double expected_mean = rate * charge * TAU_M_MS;
    const double expected_variance =
        rate * charge * charge * TAU_M_MS * TAU_M_MS / (2 * (TAU_M_MS + TAU_S_MS));
    /* Five standard errors, and the discretisation of current by steps. */
    ck_assert_double_eq_tol(mean, expected_mean,
                            5 * sqrt(expected_variance / n_neurons) + 0.03 * expected_mean);
    ck_assert_double_eq_tol(variance, expected_variance,
                            5 * expected_variance * sqrt(2.0 / n_neurons) + 0.05 * variance);
    bench_end(&b);
}
END_TEST

/* Several events fall into a step: the current's mean and variance are those of shot noise. */
START_TEST(events_of_a_high_rate_come_several_in_a_step)
{
    enum { n_neurons = 3000 };
    uint32_t who[n_neurons];
    for (uint32_t n = 0; n < n_neurons; n++)
        who[n] = n;
    const double rates_hz[] = {9000, 40000, 1e6};
    for (size_t i = 0; i < sizeof rates_hz / sizeof *rates_hz; i++) {
        const chx_stimulus stimulus = {CHX_STIMULUS_POISSON, 0,   0.1,      2500 / STEP_MS,
                                       rates_hz[i],          who, n_neurons};
        bench b = {
            .n_neurons = n_neurons, .threshold_mv = 1e7, .stimuli = &stimulus, .n_stimuli = 1};
        bench_begin(&b);
        check_ok(chx_simulation_advance(b.simulation, 2));
        float all[n_neurons];
        check_ok(chx_simulation_potentials(b.simulation, all));
        const double p11 = exp(-STEP_MS / TAU_S_MS), p22 = exp(-STEP_MS / TAU_M_MS);
        const double p21 =
            TAU_S_MS * TAU_M_MS / (TAU_M_MS - TAU_S_MS) / CAPACITANCE_PF * (p22 - p11);
        const double one_mv = p21 * 2500 / STEP_MS;
        double sum = 0, squares = 0;
        for (uint32_t n = 0; n < n_neurons; n++) {
            const double events = round((double)all[n] / one_mv);
            ck_assert_double_eq_tol((double)all[n], events * one_mv, 1e-3 * one_mv);
            sum += events;
            squares += events * events;
        }
        const double mean = rates_hz[i] * STEP_MS * 1e-3, found = sum / n_neurons;
        ck_assert_double_eq_tol(found, mean, 5 * sqrt(mean / n_neurons));
        const double variance = squares / n_neurons - found * found;
        const double spread = sqrt((mean + 2 * mean * mean) / n_neurons);
        ck_assert_double_eq_tol(variance, mean, 5 * spread);
        bench_end(&b);
    }
}
END_TEST

START_TEST(what_is_silent_becomes_exactly_quiet)
{
    const uint32_t who[] = {0};
    const chx_stimulus stimulus = {CHX_STIMULUS_STEP, 0, 5, 100, 0, who, 1};
    bench b = {.n_neurons = 1, .stimuli = &stimulus, .n_stimuli = 1};
    bench_begin(&b);
    check_ok(chx_simulation_advance(b.simulation, 1000));
    ck_assert_double_gt(potential(&b, 0), 0);
    /* exp(-27) of 1.6 mV lies above 2^-40, exp(-30) below. */
    check_ok(chx_simulation_advance(b.simulation, 1700));
    ck_assert_double_gt(potential(&b, 0), 0);
    check_ok(chx_simulation_advance(b.simulation, 300));
    ck_assert_double_eq(potential(&b, 0), 0);
    bench_end(&b);
}
END_TEST

/* 300 synapses and a spike of a train onto one neuron, all in one step: nearly 2^31 units. */
START_TEST(the_strongest_input_does_not_overflow)
{
    chx_synapse synapses[300];
    uint32_t who[301];
    for (uint32_t n = 0; n < 300; n++)
        synapses[n] = (chx_synapse){n, 300, 3e6f, 1};
    for (uint32_t n = 0; n < 301; n++)
        who[n] = n;
    const chx_stimulus stimuli[] = {
        {CHX_STIMULUS_STEP, 0, 0.1, 1e6, 0, who, 300},
        {.kind = CHX_STIMULUS_SPIKE_TRAIN,
         .current_pa = 1e9,
         .spikes = &(const chx_spike){10, 300},
         .n_spikes = 1},
    };
    bench b = {.n_neurons = 301,
               .synapses = synapses,
               .n_synapses = 300,
               .stimuli = stimuli,
               .n_stimuli = 2};
    bench_begin(&b);
    check_ok(chx_simulation_advance(b.simulation, 12));
    const chx_spike *spikes;
    ck_assert_uint_eq(spikes_of(&b, &spikes), 301);
    ck_assert_uint_eq(spikes[299].step, 0);
    ck_assert_uint_eq(spikes[300].neuron, 300);
    ck_assert_uint_eq(spikes[300].step, 11);
    bench_end(&b);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("neuron");
    TCase *device = tcase_create("device");
    tcase_set_timeout(device, 280);
    tcase_add_checked_fixture(device, open_runtime, close_runtime);
    tcase_add_test(device, a_step_current_charges_the_membrane_as_in_the_textbook);
    tcase_add_test(device, a_spike_arrives_after_exactly_its_delay);
    tcase_add_test(device, a_postsynaptic_potential_is_a_difference_of_exponentials);
    tcase_add_test(device, inhibition_has_a_time_constant_of_its_own);
    tcase_add_test(device, neurons_begin_where_their_type_says);
    tcase_add_test(device, a_neuron_is_deaf_for_its_refractory_time);
    tcase_add_test(device, the_rate_of_firing_follows_the_current);
    tcase_add_test(device, events_of_a_high_rate_come_several_in_a_step);
    tcase_add_test(device, what_is_silent_becomes_exactly_quiet);
    tcase_add_test(device, the_strongest_input_does_not_overflow);
    suite_add_tcase(suite, device);
    TCase *slow = tcase_create("slow on a device");
    tcase_set_tags(slow, "slow");
    tcase_set_timeout(slow, 280);
    tcase_add_checked_fixture(slow, open_runtime, close_runtime);
    tcase_add_test(slow, poisson_events_have_the_rate_and_spread_of_theory);
    suite_add_tcase(suite, slow);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? 1 : 0;
}
