/* What a simulation goes on with after it was saved and restored is what it would have done. */
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <chronaxie/plan.h>
#include <chronaxie/simulation.h>

#include "circuit.h"
#include "fault.h"
#include "runtime.h"
#include "sample.h"
#include "scratch.h"

#define BEFORE 71
#define AFTER 60

static void
setup(void)
{
    open_runtime();
    folder_setup();
}

static void
teardown(void)
{
    folder_teardown();
    close_runtime();
}

static chx_simulation *
create(const chx_network *network, uint32_t n_partitions)
{
    chx_simulation *simulation = NULL;
    check_ok(chx_simulation_create(
        runtime, network, &(chx_simulation_params){.n_partitions = n_partitions}, &simulation));
    return simulation;
}

/* Three types, driven by currents and Poisson events; or a circuit that is plastic. */
static chx_network *
create_network(int index)
{
    const chx_distribution weight_pa = {CHX_DISTRIBUTION_NORMAL, .mean = 100, .sd = 40, .min = 0,
                                        .max = 200};
    const sample_params sample = {.n_neurons = 133,
                                  .fan_out = 30,
                                  .min_delay_steps = 4,
                                  .max_delay_steps = 50,
                                  .poisson = true,
                                  .steps = true,
                                  .seed = 4};
    if (index == 0)
        return sample_create(&sample);
    if (index == 1)
        return circuit_create(&weight_pa, circuit_short_term, 3);
    return circuit_create(&weight_pa, circuit_learning[index - 2], (uint32_t)index);
}
#define N_NETWORKS 4

/* Spikes so far by their digest, and weights, which the caller frees. */
typedef struct outcome {
    uint64_t digest;
    float *weights;
} outcome;

static outcome
outcome_of(const chx_network *network, chx_simulation *simulation)
{
    outcome of;
    of.weights = calloc(chx_network_get(network)->n_synapses, sizeof *of.weights);
    check_ok(chx_simulation_digest(simulation, &of.digest));
    check_ok(chx_simulation_weights(simulation, of.weights));
    return of;
}

static void
check_outcome(const chx_network *network, chx_simulation *simulation, const outcome *expected)
{
    outcome got = outcome_of(network, simulation);
    ck_assert_uint_eq(got.digest, expected->digest);
    ck_assert_mem_eq(got.weights, expected->weights,
                     chx_network_get(network)->n_synapses * sizeof *got.weights);
    free(got.weights);
}

START_TEST(what_is_restored_goes_on_as_if_nothing_had_been)
{
    static const uint32_t cuts[] = {1, 3};
    chx_network *network = create_network(_i);
    char path[320];
    snprintf(path, sizeof path, "%s", folder_path("state"));
    chx_simulation *simulation = create(network, 1);
    check_ok(chx_simulation_advance(simulation, BEFORE + AFTER));
    outcome expected = outcome_of(network, simulation);
    chx_simulation_destroy(&simulation);
    simulation = create(network, 2);
    check_ok(chx_simulation_advance(simulation, BEFORE));
    check_ok(chx_simulation_save(simulation, path));
    void *state = NULL;
    size_t size_bytes = 0;
    check_ok(chx_simulation_save_memory(simulation, &state, &size_bytes));
    check_ok(chx_simulation_advance(simulation, AFTER));
    check_outcome(network, simulation, &expected);
    check_ok(chx_simulation_restore_memory(simulation, state, size_bytes));
    free(state);
    ck_assert_uint_eq(chx_simulation_step(simulation), BEFORE);
    check_ok(chx_simulation_advance(simulation, AFTER));
    check_outcome(network, simulation, &expected);
    chx_simulation_destroy(&simulation);
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        simulation = create(network, cuts[i]);
        check_ok(chx_simulation_restore(simulation, path));
        check_ok(chx_simulation_advance(simulation, AFTER));
        check_outcome(network, simulation, &expected);
        chx_simulation_destroy(&simulation);
    }
    free(expected.weights);
    chx_network_destroy(&network);
}
END_TEST

/* Changes a file: keeps so many of its bytes, of which one is flipped unless it is beyond them. */
static void
damage(const char *path, const char *to, long n_kept, long flipped)
{
    static char bytes[1 << 20];
    FILE *from = fopen(path, "rb"), *into = fopen(to, "wb");
    ck_assert(from && into);
    size_t n = fread(bytes, 1, sizeof bytes, from);
    ck_assert_uint_lt(n, sizeof bytes);
    n = n_kept < 0 ? n - (size_t)-n_kept : n < (size_t)n_kept ? n : (size_t)n_kept;
    if (flipped < (long)n)
        bytes[flipped] ^= 1;
    ck_assert_uint_eq(fwrite(bytes, 1, n, into), n);
    fclose(from);
    fclose(into);
}

START_TEST(what_is_no_state_of_the_network_is_refused)
{
    static const struct {
        long n_kept, flipped;
        const char *says;
    } bad[] = {
        {0, 1, "is no saved simulation"},
        {40, 99, "is no saved simulation"},
        {1 << 20, 0, "is no saved simulation"},
        {1 << 20, 8, "was saved by another version"},
        {1 << 20, 12, "was saved by another version"},
        {1 << 20, 3000, "is damaged"},
        {-1, 1 << 20, "is damaged"},
        {200, 1 << 20, "is damaged"},
    };
    chx_network *network = create_network(0), *other = create_network(1);
    char path[320];
    snprintf(path, sizeof path, "%s", folder_path("state"));
    chx_simulation *simulation = create(network, 1), *another = create(other, 1);
    check_ok(chx_simulation_advance(simulation, 20));
    check_ok(chx_simulation_save(simulation, path));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        damage(path, folder_path("bad"), bad[i].n_kept, bad[i].flipped);
        ck_assert_int_eq(chx_simulation_restore(simulation, folder_path("bad")), CHX_ERROR_FORMAT);
        ck_assert_msg(strstr(chx_last_error()->message, bad[i].says), "%zu: %s", i,
                      chx_last_error()->message);
        ck_assert_uint_eq(chx_simulation_step(simulation), 20);
    }
    ck_assert_int_eq(chx_simulation_restore(another, path), CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "is of another network than circuit"));
    ck_assert_int_eq(chx_simulation_restore(simulation, folder_path("none")), CHX_ERROR_FILE);
    ck_assert_int_eq(chx_simulation_save(simulation, folder_path("no/where")), CHX_ERROR_FILE);
    ck_assert_int_eq(chx_simulation_save(NULL, path), CHX_ERROR_INVALID);
    ck_assert_int_eq(chx_simulation_restore(simulation, NULL), CHX_ERROR_INVALID);
    chx_simulation_destroy(&another);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
    chx_network_destroy(&other);
}
END_TEST

/* Submits a run of so many steps, with a fault; how it ended. */
static chx_status
run_steps(chx_simulation *simulation, chx_plan *plan, uint32_t n_steps, const char *fault)
{
    chx_run *run;
    ck_assert_msg(test_fault_arm(fault), "the fault layer is not loaded");
    check_ok(chx_simulation_set_steps(simulation, n_steps));
    chx_status status = chx_plan_submit(plan, &run);
    if (!status) {
        status = chx_run_wait(run, CHX_FOREVER);
        chx_run_destroy(&run);
    }
    test_fault_arm("");
    return status;
}

/* A refused kernel leaves the state as it was, so the next run computes, but not what follows. */
START_TEST(after_a_failed_run_nothing_is_collected)
{
    chx_network *network = create_network(0);
    chx_simulation *simulation = create(network, 1);
    chx_graph *graph;
    chx_plan *plan;
    void *state = NULL;
    size_t size_bytes = 0;
    check_ok(chx_simulation_advance(simulation, BEFORE));
    check_ok(chx_simulation_save_memory(simulation, &state, &size_bytes));
    check_ok(chx_graph_create(runtime, &graph));
    check_ok(chx_simulation_build(simulation, graph, AFTER));
    check_ok(chx_plan_create(graph, NULL, &plan));
    uint64_t before, after;
    check_ok(chx_simulation_digest(simulation, &before));
    ck_assert_int_eq(run_steps(simulation, plan, AFTER / 2, "enqueue:1"), CHX_ERROR_DEVICE);
    ck_assert_int_lt(run_steps(simulation, plan, AFTER / 2, ""), 0);
    ck_assert_int_lt(run_steps(simulation, plan, AFTER / 2, ""), 0);
    check_ok(chx_simulation_digest(simulation, &after));
    ck_assert_uint_eq(before, after);
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    chx_simulation_destroy(&simulation);
    simulation = create(network, 1);
    check_ok(chx_simulation_restore_memory(simulation, state, size_bytes));
    check_ok(chx_simulation_advance(simulation, AFTER));
    check_ok(chx_simulation_digest(simulation, &after));
    chx_simulation_destroy(&simulation);
    simulation = create(network, 1);
    check_ok(chx_simulation_advance(simulation, BEFORE + AFTER));
    check_ok(chx_simulation_digest(simulation, &before));
    ck_assert_uint_eq(before, after);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
    free(state);
}
END_TEST

int
main(void)
{
    test_fault_load();
    Suite *suite = suite_create("checkpoint");
    TCase *tests = tcase_create("checkpoint");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, what_is_no_state_of_the_network_is_refused);
    tcase_add_test(tests, after_a_failed_run_nothing_is_collected);
    suite_add_tcase(suite, tests);
    TCase *slow = tcase_create("slow on a device");
    tcase_set_tags(slow, "slow");
    tcase_add_checked_fixture(slow, setup, teardown);
    tcase_set_timeout(slow, 240);
    tcase_add_loop_test(slow, what_is_restored_goes_on_as_if_nothing_had_been, 0, N_NETWORKS);
    suite_add_tcase(suite, slow);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
