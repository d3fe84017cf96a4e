/* Plans and runs: whatever the devices, a graph means what its program order says. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "launches.h"

enum { MAX_DEVICES = 256 };

/* The devices that the test machine selected. */
static uint32_t
selected_devices(uint32_t devices[MAX_DEVICES])
{
    uint32_t n = 0;
    for (uint32_t d = 0; d < chx_runtime_n_devices(runtime); d++) {
        chx_device_info info;
        ck_assert_int_eq(chx_runtime_device(runtime, d, &info), CHX_OK);
        if (info.selected && !info.excluded)
            devices[n++] = d;
    }
    return n;
}

START_TEST(run_computes_what_program_order_says)
{
    enum { N_LAUNCHES = 24 };
    struct launch launches[N_LAUNCHES];
    uint32_t devices[MAX_DEVICES];
    uint32_t n_devices = selected_devices(devices);
    srand((unsigned)_i + 1);
    for (int i = 0; i < N_LAUNCHES; i++) {
        launches[i] = random_launch();
        if (rand() % 3) {
            launches[i].devices[0] = devices[(uint32_t)rand() % n_devices];
            launches[i].n_devices = 1;
        }
        add_launch(&launches[i]);
    }
    chx_plan *plan;
    ck_assert_msg(chx_plan_create(graph, NULL, &plan) == CHX_OK, "%s", chx_last_error()->message);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N_LAUNCHES; i++)
            expect_launch(&launches[i]);
        run_plan(plan);
    }
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(runs_in_flight_follow_each_other)
{
    struct launch launches[2] = {{.mixes = true, .x = 0, .y = 1, .n = WORDS, .seed = 3},
                                 {.mixes = true, .x = 1, .y = 0, .n = WORDS, .seed = 5}};
    for (int i = 0; i < 2; i++)
        add_launch(&launches[i]);
    chx_plan *plan;
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    for (int round = 0; round < 100; round++) {
        ck_assert_int_eq(chx_plan_submit(plan, NULL), CHX_OK);
        expect_launch(&launches[0]);
        expect_launch(&launches[1]);
    }
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(run_uses_scalars_as_they_were_at_submit)
{
    struct launch launch = {.mixes = true, .x = 0, .y = 1, .n = WORDS};
    add_launch(&launch);
    chx_plan *plan;
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    for (uint32_t round = 0; round < 20; round++) {
        launch.seed = 17 * round;
        chx_arg value = CHX_UINT(launch.seed);
        ck_assert_int_eq(chx_graph_set_value(graph, launch.id, 4, &value), CHX_OK);
        ck_assert_int_eq(chx_plan_submit(plan, NULL), CHX_OK);
        expect_launch(&launch);
    }
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(host_write_between_runs_is_seen)
{
    struct launch launch = {.mixes = true, .x = 0, .y = 1, .n = WORDS, .seed = 1};
    add_launch(&launch);
    chx_plan *plan;
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    for (uint32_t round = 0; round < 4; round++) {
        expected[0][7] = round;
        ck_assert_int_eq(chx_buffer_write(buffers[0], 28, 4, &expected[0][7]), CHX_OK);
        run_plan(plan);
        expect_launch(&launch);
    }
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

/* Counts calls and checks that buffer 1 holds what the launches before it mean. */
struct witness {
    uint32_t n_calls;
    bool saw_wrong;
    uint32_t seen[8];
};

static chx_status
look(void *data, void *const *host)
{
    struct witness *witness = data;
    const uint32_t *words = host[0];
    witness->seen[witness->n_calls++ % 8] = words[3];
    return CHX_OK;
}

START_TEST(host_task_sees_each_run_in_order)
{
    struct launch launch = {.mixes = true, .x = 0, .y = 1, .n = WORDS, .seed = 11};
    struct witness witness = {0};
    add_launch(&launch);
    chx_host_task task = {.run = look, .data = &witness, .args = CHX_ARGS(CHX_READ(buffers[1]))};
    ck_assert_int_eq(chx_graph_host(graph, &task), CHX_OK);
    chx_plan *plan;
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    uint32_t wanted[8];
    for (uint32_t round = 0; round < 8; round++) {
        ck_assert_int_eq(chx_plan_submit(plan, NULL), CHX_OK);
        expect_launch(&launch);
        wanted[round] = expected[1][3];
    }
    check_buffers();
    ck_assert_uint_eq(witness.n_calls, 8);
    ck_assert_mem_eq(witness.seen, wanted, sizeof wanted);
    chx_plan_destroy(&plan);
}
END_TEST

static chx_status
add_one(void *data, void *const *host)
{
    (void)data;
    uint32_t *words = host[0];
    words[0] += 1;
    return CHX_OK;
}

START_TEST(host_task_result_reaches_a_device)
{
    struct launch before = {.mixes = true, .x = 0, .y = 1, .n = WORDS, .seed = 11};
    struct launch after = {.mixes = false, .x = 1, .y = 2, .n = WORDS, .seed = 0};
    add_launch(&before);
    chx_host_task task = {.run = add_one, .args = CHX_ARGS(CHX_READ_WRITE(buffers[1]))};
    ck_assert_int_eq(chx_graph_host(graph, &task), CHX_OK);
    add_launch(&after);
    chx_plan *plan;
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    for (uint32_t round = 0; round < 3; round++) {
        run_plan(plan);
        expect_launch(&before);
        expected[1][0] += 1;
        expect_launch(&after);
    }
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

static chx_status
refuse(void *data, void *const *host)
{
    (void)data;
    (void)host;
    return CHX_ERROR_CALLBACK;
}

START_TEST(host_task_failure_fails_the_run)
{
    chx_host_task task = {.name = "refusal", .run = refuse, .args = CHX_ARGS(CHX_READ(buffers[1]))};
    ck_assert_int_eq(chx_graph_host(graph, &task), CHX_OK);
    chx_plan *plan;
    chx_run *run;
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
    ck_assert_int_eq(chx_run_wait(run, 60 * SECOND_NS), CHX_ERROR_CALLBACK);
    ck_assert_str_eq(chx_last_error()->task, "refusal");
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(replay_copies_nothing_that_is_already_there)
{
    struct launch launch = {.mixes = true, .x = 0, .y = 1, .n = WORDS, .seed = 1};
    add_launch(&launch);
    chx_plan *plan;
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    uint32_t n_spans[3];
    for (uint32_t round = 0; round < 3; round++) {
        chx_run *run;
        chx_timeline *timeline;
        ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
        ck_assert_int_eq(chx_run_wait(run, 60 * SECOND_NS), CHX_OK);
        ck_assert_int_eq(chx_run_timeline(run, &timeline), CHX_OK);
        n_spans[round] = chx_timeline_n_spans(timeline);
        chx_timeline_destroy(&timeline);
        chx_run_destroy(&run);
    }
    ck_assert_uint_eq(n_spans[0], 3); /* two uploads and the kernel */
    ck_assert_uint_eq(n_spans[1], 1);
    ck_assert_uint_eq(n_spans[2], 1);
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(measured_spans_lie_within_the_run)
{
    struct launch launches[4];
    for (uint32_t i = 0; i < 4; i++) {
        launches[i] = (struct launch){.mixes = true, .x = i, .y = i + 1, .n = WORDS, .seed = i};
        add_launch(&launches[i]);
    }
    chx_plan *plan;
    chx_run *run;
    chx_timeline *timeline;
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    run_plan(plan);
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
    ck_assert_int_eq(chx_run_wait(run, 60 * SECOND_NS), CHX_OK);
    ck_assert_int_eq(chx_run_timeline(run, &timeline), CHX_OK);
    double last_ns = 0.0;
    for (uint32_t i = 0; i < chx_timeline_n_spans(timeline); i++) {
        const chx_span *span = chx_timeline_span(timeline, i);
        ck_assert(span->measured_start_ns <= span->measured_finish_ns);
        ck_assert(span->predicted_start_ns <= span->predicted_finish_ns);
        ck_assert(span->measured_start_ns + 1e6 >= last_ns); /* a chain, give or take a clock */
        last_ns = span->measured_finish_ns;
    }
    chx_timeline_destroy(&timeline);
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(wrong_number_of_arguments_is_an_error)
{
    chx_kernel_task task = {.program = program,
                            .kernel = "blend",
                            .global = {1},
                            .args = CHX_ARGS(CHX_READ(buffers[0]))};
    ck_assert_int_eq(chx_graph_kernel(graph, &task), CHX_OK);
    chx_plan *plan = NULL;
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_ERROR_KERNEL);
    ck_assert_ptr_null(plan);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "blend"));
}
END_TEST

START_TEST(range_outside_its_buffer_is_an_error)
{
    chx_kernel_task task = {.program = program,
                            .kernel = "blend",
                            .global = {1},
                            .args =
                                CHX_ARGS(CHX_BUFFER_RANGE(buffers[0], CHX_ACCESS_READ, 1000, 100))};
    ck_assert_int_eq(chx_graph_kernel(graph, &task), CHX_ERROR_LIMIT);
    ck_assert_uint_eq(chx_graph_n_tasks(graph), 0);
}
END_TEST

START_TEST(exclusion_keeps_every_byte)
{
    uint32_t devices[MAX_DEVICES];
    if (selected_devices(devices) < 2)
        return;
    struct launch launches[4];
    for (uint32_t i = 0; i < 4; i++) {
        launches[i] = (struct launch){.mixes = true, .x = i, .y = i + 1, .n = WORDS, .seed = i};
        launches[i].devices[0] = devices[i % 2 ? 0 : i / 2 % 2];
        launches[i].devices[1] = devices[1];
        launches[i].n_devices = 2;
        add_launch(&launches[i]);
    }
    chx_plan *plan;
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    for (int round = 0; round < 4; round++) {
        if (round == 2) {
            uint32_t first = devices[0];
            ck_assert_msg(chx_runtime_exclude(runtime, first, "the test says so", 60 * SECOND_NS) ==
                              CHX_OK,
                          "%s", chx_last_error()->message);
        }
        run_plan(plan);
        for (int i = 0; i < 4; i++)
            expect_launch(&launches[i]);
    }
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(last_device_cannot_be_excluded)
{
    uint32_t devices[MAX_DEVICES];
    if (selected_devices(devices) != 1)
        return;
    uint32_t only = devices[0];
    ck_assert_int_eq(chx_runtime_exclude(runtime, only, "no", SECOND_NS), CHX_ERROR_NO_DEVICE);
}
END_TEST

static uint64_t
processor_time_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* A thread that spins would take all of the half second. */
START_TEST(idle_runtime_takes_no_processor_time)
{
    struct launch launch = {.mixes = true, .x = 0, .y = 1, .n = WORDS, .seed = 1};
    add_launch(&launch);
    chx_plan *plan;
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    run_plan(plan);
    uint64_t before_us = processor_time_us();
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    ck_assert_uint_lt(processor_time_us() - before_us, 10000);
    chx_plan_destroy(&plan);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("run");
    TCase *tcase = tcase_create("runs");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, run_computes_what_program_order_says, 0, 6);
    tcase_add_test(tcase, runs_in_flight_follow_each_other);
    tcase_add_test(tcase, run_uses_scalars_as_they_were_at_submit);
    tcase_add_test(tcase, host_write_between_runs_is_seen);
    tcase_add_test(tcase, host_task_sees_each_run_in_order);
    tcase_add_test(tcase, host_task_result_reaches_a_device);
    tcase_add_test(tcase, host_task_failure_fails_the_run);
    tcase_add_test(tcase, replay_copies_nothing_that_is_already_there);
    tcase_add_test(tcase, measured_spans_lie_within_the_run);
    tcase_add_test(tcase, wrong_number_of_arguments_is_an_error);
    tcase_add_test(tcase, range_outside_its_buffer_is_an_error);
    tcase_add_test(tcase, exclusion_keeps_every_byte);
    tcase_add_test(tcase, last_device_cannot_be_excluded);
    tcase_add_test(tcase, idle_runtime_takes_no_processor_time);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
