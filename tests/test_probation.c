/* Devices that were left out and are well again: plans that recover have them tried, ever more
 * seldom, and take them back; nobody else does. On two platforms of one null device each, and on
 * two parts of a device over the layer that makes drivers fail. */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "adding.h"
#include "fault.h"
#include "machine.h"

#define FIRST_NS (SECOND_NS / 10) /* before the first trial */
#define PATIENCE_NS (10 * SECOND_NS) /* of the test, with a device that is to come back */

/* is_pinned: to the first device. */
static void
add_task(chx_graph *to, chx_buffer *target, bool is_pinned)
{
    static const uint32_t first = 0;
    const chx_kernel_task task = {.program = program,
                                  .kernel = "add",
                                  .global = {WORDS},
                                  .devices = is_pinned ? &first : NULL,
                                  .n_devices = is_pinned,
                                  .args = CHX_ARGS(CHX_READ_WRITE(target), CHX_UINT(3))};
    ck_assert_int_eq(chx_graph_kernel(to, &task), CHX_OK);
}

static void
make_plan(bool is_pinned)
{
    static const uint32_t zeroes[WORDS];
    const chx_plan_params wanted = {.recovers = true};
    n_added = 0;
    runtime->patience_ns = SECOND_NS / 5;
    runtime->probation_ns = FIRST_NS;
    ck_assert_int_eq(chx_program_from_source(runtime, "add.cl", source, NULL, &program), CHX_OK);
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof zeroes, zeroes, &buffer), CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &graph), CHX_OK);
    add_task(graph, buffer, is_pinned);
    ck_assert_int_eq(chx_plan_create(graph, &wanted, &plan), CHX_OK);
}

static void
setup_null(void)
{
    const chx_runtime_params params = {0};
    test_null_create(2, kernels, 1, false);
    ck_assert_int_eq(chx__runtime_create(&runtime, &params, test_null), CHX_OK);
}

static void
setup(void)
{
    setup_null();
    make_plan(false);
}

static void
setup_pinned(void)
{
    setup_null();
    make_plan(true);
}

/* Of the device of the tests; false where its driver does not cut devices. */
static bool
setup_parts(void)
{
    const chx_runtime_params parts = {.devices = test_machine_params().devices, .split = 2};
    const chx_status status = chx_runtime_create(&runtime, &parts);
    if (status == CHX_ERROR_INVALID)
        return false;
    ck_assert_int_eq(status, CHX_OK);
    ck_assert_msg(test_fault_arm(""), "the fault layer is not loaded");
    make_plan(false);
    return true;
}

static void
teardown(void)
{
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&buffer);
    chx_program_destroy(&program);
    chx_runtime_destroy(&runtime);
    if (test_null)
        chx__null_arm(test_null, (chx__null_faults){0});
}

/* A device fails and is left out. */
static const chx__device *
leave_device(void)
{
    uint32_t d = 0;
    measure();
    chx__null_arm(test_null, (chx__null_faults){.stall_command = 1});
    run(N_RUNS);
    while (d < runtime->fleet.n_devices && !runtime->fleet.devices[d].info.excluded)
        d++;
    ck_assert_uint_lt(d, runtime->fleet.n_devices);
    return &runtime->fleet.devices[d];
}

static uint64_t
n_sent(const chx__device *device)
{
    uint64_t n = 0;
    for (uint32_t l = 0; l < device->n_lanes; l++)
        n += device->lanes[l].n_sent;
    return n;
}

/* Runs until all devices are in use, or so long. Whether they are. */
static bool
run_until_whole(uint64_t for_ns)
{
    const uint64_t deadline_ns = chx__now_ns() + for_ns;
    while (reason() && chx__now_ns() < deadline_ns)
        run(N_RUNS);
    return !reason();
}

START_TEST(device_that_is_well_again_is_used_again)
{
    for (int time = 0; time < 2; time++) {
        const chx__device *left = leave_device();
        const uint64_t n = n_sent(left);
        chx__null_arm(test_null, (chx__null_faults){0});
        ck_assert(run_until_whole(PATIENCE_NS));
        ck_assert_uint_eq(chx__fleet_n_usable(&runtime->fleet), 2);
        run(N_RUNS);
        ck_assert_uint_gt(n_sent(left), n);
        expect_sum();
    }
}
END_TEST

START_TEST(device_that_gives_no_sign_of_life_stays_out)
{
    leave_device();
    ck_assert(!run_until_whole(SECOND_NS));
    expect_sum();
}
END_TEST

/* Another plan's run waits there for its deadline, which comes later than recovery waits for a
 * device to be left out. */
START_TEST(device_is_left_out_though_another_plan_hangs_on_it)
{
    const chx_plan_params told = {.deadline_ns = 60 * SECOND_NS};
    chx_buffer *own;
    chx_graph *second;
    chx_plan *bystander;
    chx_run *hung, *repeated;
    measure();
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof(uint32_t[WORDS]), NULL, &own), CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &second), CHX_OK);
    add_task(second, own, true);
    ck_assert_int_eq(chx_plan_create(second, &told, &bystander), CHX_OK);
    chx__null_arm(test_null, (chx__null_faults){.stall_command = 1});
    ck_assert_int_eq(chx_plan_submit(plan, &repeated), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(bystander, &hung), CHX_OK);
    ck_assert_msg(chx_run_wait(repeated, 30 * SECOND_NS) == CHX_OK, "%s",
                  chx_last_error()->message);
    n_added++;
    ck_assert_ptr_nonnull(reason());
    ck_assert_int_eq(chx_run_wait(hung, SECOND_NS), CHX_ERROR_TIMEOUT);
    expect_sum();
    chx_run_destroy(&repeated);
    chx_run_destroy(&hung);
    chx_plan_destroy(&bystander);
    chx_graph_destroy(&second);
    chx_buffer_destroy(&own);
}
END_TEST

START_TEST(device_is_not_tried_without_submits)
{
    leave_device();
    chx__null_arm(test_null, (chx__null_faults){0});
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    ck_assert_uint_eq(chx__null_count(test_null).n_commands, 0);
    ck_assert_ptr_nonnull(reason());
}
END_TEST

START_TEST(device_that_the_caller_has_excluded_stays_out)
{
    measure();
    if (_i == 1)
        leave_device();
    const uint32_t d = runtime->fleet.devices[0].info.excluded ? 0 : _i == 1;
    ck_assert_int_eq(chx_runtime_exclude(runtime, d, "not wanted", SECOND_NS), CHX_OK);
    chx__null_arm(test_null, (chx__null_faults){0});
    ck_assert(!run_until_whole(SECOND_NS));
    expect_sum();
}
END_TEST

START_TEST(device_of_a_driver_that_stays_in_a_call_stays_out)
{
    measure();
    chx__null_arm(test_null, (chx__null_faults){.block = CHX__NULL_CALL_FLUSH});
    run(N_RUNS);
    ck_assert_ptr_nonnull(reason());
    ck_assert(!run_until_whole(SECOND_NS));
    expect_sum();
}
END_TEST

/* A part of a device, which passes the self-test before it is used again. */
START_TEST(lost_device_that_answers_again_is_used_again)
{
    if (!setup_parts())
        return;
    measure();
    test_fault_arm("lose:1");
    run(N_RUNS);
    ck_assert_uint_gt(chx_runtime_n_recoveries(runtime), 0);
    const uint32_t n_left = chx__fleet_n_usable(&runtime->fleet);
    test_fault_arm("");
    const uint64_t deadline_ns = chx__now_ns() + PATIENCE_NS;
    while (chx__fleet_n_usable(&runtime->fleet) == n_left && chx__now_ns() < deadline_ns)
        run(1);
    ck_assert_uint_eq(chx__fleet_n_usable(&runtime->fleet), n_left + 1);
    run(N_RUNS);
    expect_sum();
}
END_TEST

int
main(void)
{
    test_fault_load();
    Suite *suite = suite_create("probation");
    TCase *tcase = tcase_create("probation");
    TCase *pinned = tcase_create("pinned");
    TCase *parts = tcase_create("parts");
    tcase_set_timeout(tcase, 60);
    tcase_set_timeout(pinned, 60);
    tcase_set_timeout(parts, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_checked_fixture(pinned, setup_pinned, teardown);
    tcase_add_checked_fixture(parts, NULL, teardown);
    tcase_add_test(pinned, device_that_is_well_again_is_used_again);
    tcase_add_test(tcase, device_that_gives_no_sign_of_life_stays_out);
    tcase_add_test(pinned, device_is_left_out_though_another_plan_hangs_on_it);
    tcase_add_test(tcase, device_is_not_tried_without_submits);
    tcase_add_loop_test(tcase, device_that_the_caller_has_excluded_stays_out, 0, 2);
    tcase_add_test(tcase, device_of_a_driver_that_stays_in_a_call_stays_out);
    tcase_add_test(parts, lost_device_that_answers_again_is_used_again);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, pinned);
    suite_add_tcase(suite, parts);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
