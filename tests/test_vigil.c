/* Devices that are late: plans that recover go on elsewhere long before the deadlines of their
 * runs, and wait for a device that is at work. On two platforms of one null device each. */
#include <check.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include <chronaxie/plan.h>

#include "base/clock.h"
#include "null.h"

#define WORDS 64u
#define SECOND_NS UINT64_C(1000000000)
#define N_MEASURED 4u /* runs, after which the cost is known */
#define N_RUNS 3u /* in flight */
#define LATE_NS (2 * SECOND_NS / 5) /* the lateness and the silence of what takes no time */
#define HUNG_NS (3 * SECOND_NS)
#define SLACK_NS SECOND_NS

static const char source[] = "kernel void add(global uint *y, uint n)\n"
                             "{\n"
                             "    y[get_global_id(0)] += n;\n"
                             "}\n";

static void
add(const chx__null_call *call)
{
    uint32_t *y = call->args[0];
    for (size_t i = 0; i < call->launch->global[0]; i++)
        y[i] += *(uint32_t *)call->args[1];
}

static const chx__null_kernel kernels[] = {{"add", add}, {NULL, NULL}};

static chx_runtime *runtime;
static chx_program *program;
static chx_buffer *buffer;
static chx_graph *graph;
static chx_plan *plan;
static uint32_t n_added;

static void
setup_devices(uint32_t n_devices)
{
    static const uint32_t zeroes[WORDS];
    const chx_runtime_params params = {0};
    const chx_plan_params wanted = {.recovers = true};
    chx_kernel_task task = {.kernel = "add", .global = {WORDS}};
    n_added = 0;
    test_null_create(n_devices, kernels, 1, false);
    ck_assert_int_eq(chx__runtime_create(&runtime, &params, test_null), CHX_OK);
    runtime->patience_ns = SECOND_NS / 5;
    ck_assert_int_eq(chx_program_from_source(runtime, "add.cl", source, NULL, &program), CHX_OK);
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof zeroes, zeroes, &buffer), CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &graph), CHX_OK);
    task.program = program;
    task.args = CHX_ARGS(CHX_READ_WRITE(buffer), CHX_UINT(3));
    ck_assert_int_eq(chx_graph_kernel(graph, &task), CHX_OK);
    ck_assert_int_eq(chx_plan_create(graph, &wanted, &plan), CHX_OK);
}

static void
setup(void)
{
    setup_devices(2);
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

/* So many runs at once, which end well. Returns what they took. */
static uint64_t
run(uint32_t n)
{
    chx_run *runs[8];
    const uint64_t begun_ns = chx__now_ns();
    for (uint32_t r = 0; r < n; r++)
        ck_assert_msg(chx_plan_submit(plan, &runs[r]) == CHX_OK, "%s", chx_last_error()->message);
    for (uint32_t r = 0; r < n; r++) {
        ck_assert_msg(chx_run_wait(runs[r], 100 * SECOND_NS) == CHX_OK, "%s",
                      chx_last_error()->message);
        chx_run_destroy(&runs[r]);
    }
    n_added += n;
    return chx__now_ns() - begun_ns;
}

static void
measure(void)
{
    for (uint32_t r = 0; r < N_MEASURED; r++)
        run(1);
}

static void
expect_sum(void)
{
    uint32_t words[WORDS];
    ck_assert_int_eq(chx_buffer_read(buffer, 0, sizeof words, words), CHX_OK);
    for (uint32_t i = 0; i < WORDS; i++)
        ck_assert_uint_eq(words[i], 3 * n_added);
}

/* Why a device is out of use; NULL when all are in use. */
static const char *
reason(void)
{
    for (uint32_t d = 0; d < chx_runtime_n_devices(runtime); d++) {
        chx_device_info info;
        ck_assert_int_eq(chx_runtime_device(runtime, d, &info), CHX_OK);
        if (info.excluded)
            return info.excluded;
    }
    return NULL;
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
    setup_devices(1);
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
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
