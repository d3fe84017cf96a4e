/* Neurons that sleep: they do, and what a network does is the same bits as where none may. */
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <chronaxie/simulation.h>

#include "network/simulation_state.h"

#include "runtime.h"
#include "scratch.h"

#define N_STEPS 2500 /* beyond the longest delay, so that slots are used again; */
#define N_FEW_STEPS 60 /* where kernels are slow */
#define N_QUIET 1100
#define N_PROBED 3

/* Some neurons get events and some a current for a while; they reach a few of many others, some of
 * which have parameters of their own, and two of which get a current once they sleep. Delays are at
 * least a batch of many steps, and so long that the ring is larger than caches. */
static const char network_format[] =
    "{\"format\": \"chronaxie-network\", \"version\": 1, \"name\": \"sleepers\",\n"
    "\"time_step_ms\": 0.1, \"duration_ms\": 250, \"neuron\": {%s},\n"
    "\"types\": {\"driven\": {\"neurons\": 37}, \"pushed\": {\"neurons\": 20},\n"
    "\"quiet\": {\"neurons\": 1100}, \"own\": {\"neurons\": 21, %s}, \"still\": {\"neurons\": "
    "2}},\n"
    "\"projections\": [\n"
    "{\"from\": [\"driven\", \"pushed\"], \"to\": [\"quiet\", \"own\", \"driven\"],\n"
    "\"rule\": \"fixed_total\", \"synapses\": 900, \"weight_pa\": %g,\n"
    "\"delay_ms\": {\"uniform\": {\"min\": %g, \"max\": 90}}},\n"
    "{\"from\": [\"quiet\", \"own\"], \"to\": \"quiet\", \"rule\": \"fixed_outdegree\",\n"
    "\"synapses\": 3, \"weight_pa\": {\"normal\": {\"mean\": %g, \"sd\": 40}}, \"delay_ms\": %g},\n"
    "{\"from\": \"still\", \"to\": \"still\", \"rule\": \"all_to_all\", \"weight_pa\": 1,\n"
    "\"delay_ms\": %g}],\n"
    "\"stimuli\": [\n"
    "{\"kind\": \"poisson\", \"types\": [\"driven\"], \"rate_hz\": 90, \"current_pa\": %g,\n"
    "\"start_ms\": 0, \"stop_ms\": 120},\n"
    "{\"kind\": \"step\", \"types\": [\"pushed\"], \"current_pa\": %g, \"start_ms\": 30.3,\n"
    "\"stop_ms\": 71.4},\n"
    "{\"kind\": \"step\", \"neurons\": [\"quiet500\", \"quiet501\"], \"current_pa\": %g,\n"
    "\"start_ms\": 150, \"stop_ms\": 170},\n"
    "{\"kind\": \"spike_train\", \"neurons\": [\"quiet7\", \"quiet8\", \"quiet900\"],\n"
    "\"times_ms\": [5, 5.1, 150.7, 249.9], \"weight_pa\": %g}]}";

/* A model, with the shortest delay that others than those who are still have. */
typedef struct dormitory {
    const char *neuron, *own, *state;
    double weight, event, current_pa, shortest_ms;
} dormitory;

static const dormitory dormitories[] = {
    {"\"capacitance_pf\": 20, \"tau_membrane_ms\": 1, \"tau_synapse_ms\": 0.4, \"resting_mv\": "
     "-52,\n"
     "\"threshold_mv\": -45, \"reset_mv\": -52, \"refractory_ms\": 2.2",
     "\"threshold_mv\": {\"uniform\": {\"min\": -48, \"max\": -44}}", "potential_mv", 300, 900, 300,
     1.8},
    {"\"capacitance_pf\": 20, \"tau_membrane_ms\": 0.9, \"tau_synapse_ms\": 0.5,\n"
     "\"tau_inhibition_ms\": 0.3, \"resting_mv\": -52, \"threshold_mv\": -45,\n"
     "\"reset_mv\": -52, \"refractory_ms\": 0",
     "\"reset_mv\": {\"uniform\": {\"min\": -55, \"max\": -50}}", "potential_mv", 300, 900, 300,
     7.5},
};
#define N_DORMITORIES (int)(sizeof dormitories / sizeof *dormitories)

static chx_network *network;
static uint32_t n_steps;

static void
setup(void)
{
    open_runtime();
    n_steps = test_has_quick_kernels() ? N_STEPS : N_FEW_STEPS;
    folder_setup();
    network = NULL;
}

static void
teardown(void)
{
    chx_network_destroy(&network);
    folder_teardown();
    close_runtime();
}

/* With a synapse of one step among neurons that never fire, a batch is a step and nobody sleeps. */
static void
load(const dormitory *of, bool may_sleep)
{
    char text[3000];
    const int length = snprintf(text, sizeof text, network_format, of->neuron, of->own, of->weight,
                                of->shortest_ms, of->weight / 6, of->shortest_ms,
                                may_sleep ? of->shortest_ms : 0.1, of->event, of->current_pa,
                                of->current_pa, of->event);
    ck_assert_int_lt(length, (int)sizeof text);
    folder_write("network.json", text);
    chx_network_destroy(&network);
    check_ok(chx_network_load(folder, &network));
}

static chx_simulation *
create(const dormitory *of, uint32_t n_partitions)
{
    static const uint32_t probed[N_PROBED] = {3, 60, 1165}; /* driven, quiet, own */
    const chx_probe probe = {of->state, probed, N_PROBED, 0};
    chx_simulation *simulation = NULL;
    check_ok(chx_simulation_create(
        runtime, network,
        &(chx_simulation_params){.n_partitions = n_partitions, .probes = &probe, .n_probes = 1},
        &simulation));
    return simulation;
}

/* Neurons that are up, where any may sleep: what follows the marks of a ring. */
static uint32_t
count_up(const chx_simulation *simulation)
{
    uint32_t n_up = 0;
    for (uint32_t p = 0; p < simulation->tables.n_partitions; p++) {
        const chx__simulation_part *part = &simulation->parts[p];
        const uint32_t width = simulation->tables.width, slot_bits = part->setup.slot_bits;
        const size_t n_slots = (size_t)1 << slot_bits, block_words = (n_slots + 31) / 32;
        const size_t place = part->setup.ring_blocks * (n_slots * width + block_words);
        uint32_t *words = calloc(part->setup.n_blocks, sizeof *words);
        ck_assert_ptr_nonnull(words);
        check_ok(chx_buffer_read(part->ring, place * sizeof *words,
                                 part->setup.n_blocks * sizeof *words, words));
        for (uint32_t b = 0; b < part->setup.n_blocks; b++)
            n_up += (uint32_t)__builtin_popcount(words[b]);
        free(words);
    }
    return n_up;
}

/* What a run came to. */
typedef struct outcome {
    uint64_t digest;
    size_t n_spikes;
    chx_trace trace;
} outcome;

static void
take(chx_simulation *simulation, outcome *of)
{
    const chx_spike *spikes;
    check_ok(chx_simulation_digest(simulation, &of->digest));
    check_ok(chx_simulation_spikes(simulation, &spikes, &of->n_spikes));
    check_ok(chx_simulation_take_trace(simulation, 0, &of->trace));
    ck_assert_uint_eq(of->trace.n_rows, n_steps);
}

static void
check_same(outcome *got, const outcome *expected)
{
    ck_assert_uint_eq(got->n_spikes, expected->n_spikes);
    ck_assert_uint_eq(got->digest, expected->digest);
    for (size_t i = 0; i < n_steps * N_PROBED; i++)
        ck_assert_msg(memcmp(&got->trace.values[i], &expected->trace.values[i], sizeof(float)) == 0,
                      "step %zu, neuron %zu: %a instead of %a", i / N_PROBED, i % N_PROBED,
                      (double)got->trace.values[i], (double)expected->trace.values[i]);
    free(got->trace.values);
}

/* In runs of uneven length, saved and restored on the way. */
static void
advance_unevenly(chx_simulation *simulation)
{
    static const uint32_t lengths[] = {1, 17, 18, 3, 64, 400, 1000};
    uint32_t left = n_steps;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths && lengths[i] < left; i++) {
        check_ok(chx_simulation_advance(simulation, lengths[i]));
        left -= lengths[i];
    }
    check_ok(chx_simulation_advance(simulation, left));
}

START_TEST(neurons_that_sleep_do_what_they_would_have_done)
{
    const dormitory *of = &dormitories[_i];
    static const uint32_t cuts[] = {1, 2, 3};
    outcome expected, got;
    load(of, false);
    chx_simulation *simulation = create(of, 1);
    ck_assert(!simulation->shape.has_sleep);
    check_ok(chx_simulation_advance(simulation, n_steps));
    take(simulation, &expected);
    ck_assert_uint_gt(expected.n_spikes, n_steps / 20);
    chx_simulation_destroy(&simulation);
    load(of, true);
    const size_t n_cuts = test_has_quick_kernels() ? sizeof cuts / sizeof *cuts : 1;
    for (size_t i = 0; i < n_cuts; i++) {
        simulation = create(of, cuts[i]);
        const bool sleeps = simulation->shape.has_sleep;
        ck_assert(sleeps || simulation->shape.group_items > 1);
        advance_unevenly(simulation);
        if (sleeps)
            ck_assert_uint_lt(count_up(simulation), N_QUIET / 2);
        if (sleeps)
            ck_assert_uint_gt(count_up(simulation), 0);
        take(simulation, &got);
        check_same(&got, &expected);
        chx_simulation_destroy(&simulation);
    }
    free(expected.trace.values);
}
END_TEST

/* A simulation that is restored does not know who was up. */
START_TEST(restored_neurons_go_on)
{
    const dormitory *of = &dormitories[0];
    uint64_t expected, digest;
    char path[320];
    snprintf(path, sizeof path, "%s", folder_path("state"));
    load(of, true);
    chx_simulation *simulation = create(of, 1);
    check_ok(chx_simulation_advance(simulation, n_steps / 3));
    check_ok(chx_simulation_save(simulation, path));
    check_ok(chx_simulation_advance(simulation, n_steps - n_steps / 3));
    check_ok(chx_simulation_digest(simulation, &expected));
    chx_simulation_destroy(&simulation);
    simulation = create(of, 2);
    check_ok(chx_simulation_restore(simulation, path));
    check_ok(chx_simulation_advance(simulation, n_steps - n_steps / 3));
    check_ok(chx_simulation_digest(simulation, &digest));
    ck_assert_uint_eq(digest, expected);
    chx_simulation_destroy(&simulation);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("sleep");
    TCase *tests = tcase_create("sleep");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 280);
    tcase_add_loop_test(tests, neurons_that_sleep_do_what_they_would_have_done, 0,
                        test_has_quick_kernels() ? N_DORMITORIES : 1);
    if (test_has_quick_kernels())
        tcase_add_test(tests, restored_neurons_go_on);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
