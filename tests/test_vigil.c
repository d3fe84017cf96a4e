/* Devices that are late: plans that recover go on elsewhere long before the deadlines of their
 * runs, and wait for a device that is at work. On two platforms of one null device each. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <chronaxie/timeline.h>

#include "adding.h"

#define LATE_NS (2 * SECOND_NS / 5) /* the lateness and the silence of what takes no time */
#define HUNG_NS (3 * SECOND_NS)
#define SLACK_NS SECOND_NS

/* device: the only one that may run it; NULL for any. */
static void
add_task(uint32_t n, const uint32_t *device)
{
    const chx_kernel_task task = {.program = program,
                                  .kernel = "add",
                                  .global = {WORDS},
                                  .devices = device,
                                  .n_devices = device != NULL,
                                  .args = CHX_ARGS(CHX_READ_WRITE(buffer), CHX_UINT(n))};
    ck_assert_int_eq(chx_graph_kernel(graph, &task), CHX_OK);
}

static void
start(uint32_t n_devices)
{
    const chx_runtime_params params = {0};
    test_null_create(n_devices, kernels, 1, false);
    ck_assert_int_eq(chx__runtime_create(&runtime, &params, test_null), CHX_OK);
    runtime->patience_ns = SECOND_NS / 5;
    n_added = 0;
}

/* pins: devices of the one task that adds and of one that adds nothing; NULL for the first alone,
 * anywhere. */
static void
make_plan(const uint32_t *pins)
{
    static const uint32_t zeroes[WORDS];
    const chx_plan_params wanted = {.recovers = true};
    ck_assert_int_eq(chx_program_from_source(runtime, "add.cl", source, NULL, &program), CHX_OK);
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof zeroes, zeroes, &buffer), CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &graph), CHX_OK);
    add_task(3, pins ? &pins[0] : NULL);
    if (pins)
        add_task(0, &pins[1]);
    ck_assert_msg(chx_plan_create(graph, &wanted, &plan) == CHX_OK, "%s",
                  chx_last_error()->message);
}

static void
setup_devices(uint32_t n_devices, const uint32_t *pins)
{
    start(n_devices);
    make_plan(pins);
}

static void
setup(void)
{
    setup_devices(2, NULL);
}

static void
teardown(void)
{
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&buffer);
    chx_program_destroy(&program);
    chx_runtime_destroy(&runtime);
    chx__null_arm(test_null, (chx__null_faults){0});
}

START_TEST(silent_device_is_left_soon)
{
    measure();
    chx__null_arm(test_null, (chx__null_faults){.stall_command = (uint64_t)_i});
    ck_assert_uint_lt(run(N_RUNS), LATE_NS + SLACK_NS);
    ck_assert_ptr_nonnull(reason());
    ck_assert_msg(strstr(reason(), "no sign of life"), "%s", reason());
    run(N_RUNS);
    expect_sum();
}
END_TEST

START_TEST(hung_command_of_a_living_device_is_given_more_time)
{
    measure();
    chx__null_arm(test_null, (chx__null_faults){.hang_command = (uint64_t)_i});
    const uint64_t took_ns = run(N_RUNS);
    ck_assert_uint_ge(took_ns, HUNG_NS);
    ck_assert_uint_lt(took_ns, HUNG_NS + SLACK_NS);
    ck_assert_ptr_nonnull(reason());
    run(N_RUNS);
    expect_sum();
}
END_TEST

static void *
wake_later(void *data)
{
    const uint64_t *after_ns = data;
    nanosleep(&(struct timespec){.tv_sec = (time_t)(*after_ns / SECOND_NS),
                                 .tv_nsec = (long)(*after_ns % SECOND_NS)},
              NULL);
    chx__null_arm(test_null, (chx__null_faults){0});
    return NULL;
}

/* Stalls the device of the next command for a while. */
static uint64_t
run_stalled(uint64_t for_ns)
{
    pthread_t waker;
    chx__null_arm(test_null, (chx__null_faults){.stall_command = 1});
    ck_assert_int_eq(pthread_create(&waker, NULL, wake_later, &for_ns), 0);
    const uint64_t took_ns = run(1);
    pthread_join(waker, NULL);
    return took_ns;
}

/* The first sample is not counted. */
START_TEST(kernel_that_nobody_has_measured_may_take_seconds)
{
    run(1);
    ck_assert_uint_ge(run_stalled(2 * SECOND_NS), SECOND_NS);
    ck_assert_ptr_null(reason());
    expect_sum();
}
END_TEST

START_TEST(device_that_answers_in_time_stays)
{
    measure();
    ck_assert_uint_ge(run_stalled(3 * SECOND_NS / 10), SECOND_NS / 5);
    ck_assert_ptr_null(reason());
    expect_sum();
}
END_TEST

START_TEST(last_device_is_waited_for)
{
    teardown();
    setup_devices(1, NULL);
    measure();
    ck_assert_uint_ge(run_stalled(4 * SECOND_NS), 3 * SECOND_NS);
    ck_assert_ptr_null(reason());
    expect_sum();
}
END_TEST

/* Nobody who waits for a heartbeat is held by the driver that holds it. */
START_TEST(blocked_driver_is_left_soon)
{
    const chx__null_call_kind calls[] = {CHX__NULL_CALL_ENQUEUE, CHX__NULL_CALL_FLUSH,
                                         CHX__NULL_CALL_STATUS};
    measure();
    chx__null_arm(test_null, (chx__null_faults){.block = calls[_i]});
    ck_assert_uint_lt(run(N_RUNS), LATE_NS + 3 * SLACK_NS);
    ck_assert_ptr_nonnull(reason());
    expect_sum();
}
END_TEST

/* It has both devices that the plan is bound to, of which the one is noticed. */
START_TEST(what_all_devices_of_a_blocked_driver_were_to_do_others_do)
{
    static const uint32_t pins[2] = {0, 2};
    teardown();
    setup_devices(3, pins);
    measure();
    chx__null_arm(test_null, (chx__null_faults){.block = CHX__NULL_CALL_STATUS});
    run(N_RUNS);
    ck_assert_ptr_nonnull(reason());
    expect_sum();
}
END_TEST

/* Nothing has run that could have told of the driver. */
START_TEST(plan_is_made_without_a_driver_that_blocks_a_build)
{
    const chx_plan_params wanted = {.recovers = true};
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    chx_program_destroy(&program);
    runtime->fleet.build_timeout_ns = SECOND_NS / 2;
    ck_assert_int_eq(chx_program_from_source(runtime, "again.cl", source, NULL, &program), CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &graph), CHX_OK);
    add_task(3, NULL);
    chx__null_arm(test_null, (chx__null_faults){.block = CHX__NULL_CALL_BUILD});
    ck_assert_msg(chx_plan_create(graph, &wanted, &plan) == CHX_OK, "%s",
                  chx_last_error()->message);
    run(1);
    ck_assert_ptr_nonnull(reason());
    expect_sum();
}
END_TEST

/* What it was opening anew goes on when all is closed, and then its command ends after all. */
START_TEST(driver_that_comes_back_to_an_opening_disturbs_nobody)
{
    const chx_plan_params wanted = {.deadline_ns = SECOND_NS / 4};
    chx_run *stalled;
    measure();
    chx_plan_destroy(&plan);
    ck_assert_int_eq(chx_plan_create(graph, &wanted, &plan), CHX_OK);
    runtime->fleet.opening_timeout_ns = SECOND_NS / 4;
    chx__null_arm(test_null, (chx__null_faults){.stall_command = 1});
    ck_assert_int_eq(chx_plan_submit(plan, &stalled), CHX_OK);
    ck_assert_int_eq(chx_run_wait(stalled, 100 * SECOND_NS), CHX_ERROR_TIMEOUT);
    chx_run_destroy(&stalled);
    ck_assert_int_lt(chx_plan_submit(plan, &stalled), 0);
    teardown();
    nanosleep(&(struct timespec){.tv_nsec = (long)(SECOND_NS / 5)}, NULL);
    setup();
}
END_TEST

static atomic_bool is_over;

/* Returns NULL, or what was found. */
static void *
look_at_plan(void *data)
{
    const char *found = NULL;
    (void)data;
    while (!atomic_load(&is_over) && !found) {
        chx_timeline *timeline = NULL;
        if (chx_plan_makespan_ns(plan) <= 0.0)
            found = "a plan that takes no time";
        else if (chx_plan_timeline(plan, &timeline) != CHX_OK)
            found = "a plan without a timeline";
        chx_timeline_destroy(&timeline);
    }
    return (void *)(uintptr_t)found;
}

/* Whoever repeats runs makes plans as well, in a thread of the library. */
START_TEST(plan_can_be_looked_at_while_runs_are_made_again)
{
    enum { N_ROUNDS = 12 };
    pthread_t looker;
    void *found;
    atomic_store(&is_over, false);
    ck_assert_int_eq(pthread_create(&looker, NULL, look_at_plan, NULL), 0);
    for (uint64_t r = 0; r < N_ROUNDS; r++) {
        run(1); /* a device that fails again before one was well is left out */
        chx__null_arm(test_null, (chx__null_faults){.fail_command = 1 + r % 3});
        run(N_RUNS);
    }
    atomic_store(&is_over, true);
    pthread_join(looker, &found);
    ck_assert_msg(!found, "%s", (const char *)found);
    expect_sum();
}
END_TEST

static chx_status
add_on_host(void *data, void *const *host)
{
    (void)data;
    uint32_t *words = host[0];
    for (uint32_t i = 0; i < WORDS; i++)
        words[i] += 3;
    return CHX_OK;
}

/* The repetition puts back what the words were before the first run, which was well, and hangs. */
START_TEST(repetition_that_fails_leaves_nothing_of_before)
{
    static const uint32_t zeroes[WORDS];
    const chx_plan_params wanted = {.recovers = true, .deadline_ns = SECOND_NS / 4};
    uint32_t words[WORDS];
    chx_buffer *other;
    chx_run *run;
    teardown();
    setup_devices(1, NULL);
    chx_plan_destroy(&plan);
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof zeroes, zeroes, &other), CHX_OK);
    const chx_host_task task = {.run = add_on_host,
                                .args = CHX_ARGS(CHX_READ_WRITE(other), CHX_READ(buffer))};
    ck_assert_int_eq(chx_graph_host(graph, &task), CHX_OK);
    ck_assert_int_eq(chx_plan_create(graph, &wanted, &plan), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
    ck_assert_int_eq(chx_run_wait(run, 100 * SECOND_NS), CHX_OK);
    chx_run_destroy(&run);
    chx__null_arm(test_null, (chx__null_faults){.fail_command = 1, .hang_command = (uint64_t)_i});
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
    chx_run_wait(run, 100 * SECOND_NS);
    chx_run_destroy(&run);
    if (chx_buffer_read(other, 0, sizeof words, words) == CHX_OK)
        for (uint32_t i = 0; i < WORDS; i++)
            ck_assert_msg(words[i] == 3 || words[i] == 6, "%u", words[i]);
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&other);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("vigil");
    TCase *tcase = tcase_create("vigil");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, silent_device_is_left_soon, 1, 4);
    tcase_add_loop_test(tcase, hung_command_of_a_living_device_is_given_more_time, 1, 3);
    tcase_add_test(tcase, kernel_that_nobody_has_measured_may_take_seconds);
    tcase_add_test(tcase, device_that_answers_in_time_stays);
    tcase_add_test(tcase, last_device_is_waited_for);
    tcase_add_loop_test(tcase, blocked_driver_is_left_soon, 0, 3);
    tcase_add_test(tcase, what_all_devices_of_a_blocked_driver_were_to_do_others_do);
    tcase_add_test(tcase, plan_is_made_without_a_driver_that_blocks_a_build);
    tcase_add_test(tcase, driver_that_comes_back_to_an_opening_disturbs_nobody);
    tcase_add_test(tcase, plan_can_be_looked_at_while_runs_are_made_again);
    tcase_add_loop_test(tcase, repetition_that_fails_leaves_nothing_of_before, 2, 9);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
