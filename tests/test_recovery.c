/* Runs whose commands fail: an error in time, never stale data or a hang, and life goes on. */
#include <CL/cl.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/plan.h>

#include "base/clock.h"
#include "fault.h"
#include "machine.h"

#define WORDS 64u
#define SECOND_NS UINT64_C(1000000000)

static const char source[] = "kernel void add(global uint *y, uint n)\n"
                             "{\n"
                             "    y[get_global_id(0)] += n;\n"
                             "}\n";

static chx_runtime *runtime;
static chx_program *program;
static chx_buffer *buffer, *other;
static chx_graph *graph;
static chx_plan *plan;

static chx_status
add_task(chx_buffer *target, uint32_t n)
{
    return chx_graph_kernel(graph, &(chx_kernel_task){
                                       .program = program,
                                       .kernel = "add",
                                       .global = {WORDS},
                                       .args = CHX_ARGS(CHX_READ_WRITE(target), CHX_UINT(n)),
                                   });
}

/* A graph of three tasks on one buffer, run once so that its data lies on a device. */
static void
setup(void)
{
    uint32_t zeroes[WORDS] = {0};
    chx_runtime_params params = test_machine_params();
    ck_assert_msg(chx_runtime_create(&runtime, &params) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_msg(test_fault_arm(""), "the fault layer is not loaded");
    ck_assert_int_eq(chx_program_from_source(runtime, "add.cl", source, NULL, &program), CHX_OK);
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof zeroes, zeroes, &buffer), CHX_OK);
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof zeroes, zeroes, &other), CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &graph), CHX_OK);
    for (uint32_t n = 1; n <= 3; n++)
        ck_assert_int_eq(add_task(buffer, n), CHX_OK);
    chx_plan_params short_deadline = {.deadline_ns = 3 * SECOND_NS};
    ck_assert_msg(chx_plan_create(graph, &short_deadline, &plan) == CHX_OK, "%s",
                  chx_last_error()->message);
    chx_run *run;
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
    ck_assert_int_eq(chx_run_wait(run, CHX_FOREVER), CHX_OK);
    chx_run_destroy(&run);
}

static void
teardown(void)
{
    test_fault_arm("");
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&buffer);
    chx_buffer_destroy(&other);
    chx_program_destroy(&program);
    chx_runtime_destroy(&runtime);
}

/* Submits with a fault armed; returns how the run ended. */
static chx_status
run_with(const char *fault)
{
    chx_run *run;
    test_fault_arm(fault);
    chx_status status = chx_plan_submit(plan, &run);
    if (status)
        return status;
    status = chx_run_wait(run, 20 * SECOND_NS);
    chx_run_destroy(&run);
    return status;
}

/* After a failure: what the run wrote is lost and says so; written again, the same plan runs. */
static void
expect_loss_and_recovery(void)
{
    uint32_t words[WORDS];
    ck_assert_int_eq(chx_buffer_read(buffer, 0, sizeof words, words), CHX_ERROR_DEVICE);
    test_fault_arm("");
    memset(words, 0, sizeof words);
    ck_assert_int_eq(chx_buffer_write(buffer, 0, sizeof words, words), CHX_OK);
    ck_assert_msg(run_with("") == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_int_eq(chx_buffer_read(buffer, 0, sizeof words, words), CHX_OK);
    for (uint32_t i = 0; i < WORDS; i++)
        ck_assert_uint_eq(words[i], 6);
}

START_TEST(refused_command_fails_the_run)
{
    ck_assert_int_lt(run_with("enqueue:2"), 0);
    ck_assert_uint_ge(test_fault_injected(), 1);
    ck_assert_str_eq(chx_last_error()->task, "add");
    ck_assert_int_ne(chx_last_error()->cl_code, 0);
    expect_loss_and_recovery();
}
END_TEST

START_TEST(code_of_a_refused_call_is_told)
{
    ck_assert_int_eq(run_with("refuse:clEnqueueNDRangeKernel:CL_INVALID_VALUE:2"),
                     CHX_ERROR_DEVICE);
    ck_assert_uint_ge(test_fault_injected(), 1);
    ck_assert_int_eq(chx_last_error()->cl_code, CL_INVALID_VALUE);
    expect_loss_and_recovery();
    ck_assert_int_eq(run_with("refuse:clEnqueueNDRangeKernel:-6:2"), CHX_ERROR_MEMORY);
    expect_loss_and_recovery();
}
END_TEST

/* Without a bound it stays lost, see above. */
START_TEST(device_that_is_lost_for_some_calls_comes_back)
{
    uint32_t words[WORDS] = {0};
    int n_failed = 1;
    ck_assert_int_eq(run_with("lose:2:3"), CHX_ERROR_DEVICE);
    for (chx_status status = CHX_ERROR_DEVICE; status; n_failed += status != CHX_OK) {
        chx_run *run;
        ck_assert_int_le(n_failed, 3);
        ck_assert_int_eq(chx_buffer_write(buffer, 0, sizeof words, words), CHX_OK);
        status = chx_plan_submit(plan, &run);
        if (status)
            continue;
        status = chx_run_wait(run, CHX_FOREVER);
        chx_run_destroy(&run);
    }
    ck_assert_int_ge(n_failed, 2);
    ck_assert_int_eq(chx_buffer_read(buffer, 0, sizeof words, words), CHX_OK);
    for (uint32_t i = 0; i < WORDS; i++)
        ck_assert_uint_eq(words[i], 6);
}
END_TEST

START_TEST(rate_strikes_all_none_or_some)
{
    ck_assert_int_eq(run_with("rate:1:1000:skip+enqueue"), CHX_ERROR_DEVICE);
    ck_assert_int_lt(run_with("rate:1:1000:clEnqueueNDRangeKernel"), 0);
    ck_assert_uint_eq(test_fault_injected(), 1);
    ck_assert_int_eq(run_with("rate:1:0:enqueue,rate:1:1000:build"), CHX_OK);
    ck_assert_uint_eq(test_fault_injected(), 0);
    unsigned n_struck = 0;
    for (int i = 0; i < 100; i++) {
        char fault[64];
        snprintf(fault, sizeof fault, "rate:%d:200:skip", i);
        ck_assert_int_eq(run_with(fault), CHX_OK);
        n_struck += test_fault_injected();
    }
    ck_assert_uint_ge(n_struck, 30); /* of 300 launches a fifth, give or take */
    ck_assert_uint_le(n_struck, 90);
}
END_TEST

START_TEST(failed_event_fails_the_run_in_time)
{
    uint64_t begin_ns = chx__now_ns();
    ck_assert_int_lt(run_with("event:1"), 0);
    ck_assert_uint_ge(test_fault_injected(), 1);
    ck_assert_uint_lt(chx__now_ns() - begin_ns, 10 * SECOND_NS);
    ck_assert_int_gt((int)strlen(chx_last_error()->device), 0);
    expect_loss_and_recovery();
}
END_TEST

/* More than a driver has of a lane at a time: those behind the refused one are all given back. */
START_TEST(failure_before_many_commands_costs_no_driver)
{
    const uint32_t zeroes[WORDS] = {0};
    chx_plan_destroy(&plan);
    for (uint32_t n = 0; n < 3000; n++)
        ck_assert_int_eq(add_task(buffer, 0), CHX_OK);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    ck_assert_int_eq(run_with("lose:2"), CHX_ERROR_DEVICE);
    test_fault_arm("");
    ck_assert_int_eq(chx_buffer_write(buffer, 0, sizeof zeroes, zeroes), CHX_OK);
    ck_assert_msg(run_with("") == CHX_OK, "%s", chx_last_error()->message);
}
END_TEST

START_TEST(hung_kernel_ends_at_the_deadline)
{
    uint64_t begin_ns = chx__now_ns();
    ck_assert_int_eq(run_with("hang:2"), CHX_ERROR_TIMEOUT);
    ck_assert_uint_lt(chx__now_ns() - begin_ns, 6 * SECOND_NS);
    expect_loss_and_recovery();
}
END_TEST

/* A serial runtime has no thread that a driver could hold up in its place. */
#define SKIPS_IN_SERIAL_MODE        \
    if (getenv("CHRONAXIE_SERIAL")) \
    return

/* A driver that does not come back from a call holds up the run to its deadline, and nobody after
 * that: it is not called again. With no other driver to go on with, the next run is told so. */
START_TEST(call_that_blocks_ends_at_the_deadline)
{
    static const char *const faults[] = {"block_launch:2", "block_flush:1", "block_query:1"};
    SKIPS_IN_SERIAL_MODE;
    uint64_t begin_ns = chx__now_ns();
    ck_assert_int_eq(run_with(faults[_i]), CHX_ERROR_TIMEOUT);
    ck_assert_uint_ge(test_fault_injected(), 1);
    ck_assert_uint_lt(chx__now_ns() - begin_ns, 6 * SECOND_NS);
    chx_run *run;
    const uint32_t zeroes[WORDS] = {0};
    ck_assert_int_eq(chx_buffer_write(buffer, 0, sizeof zeroes, zeroes), CHX_OK);
    chx_status status = chx_plan_submit(plan, &run);
    ck_assert_msg(status == CHX_ERROR_NO_DEVICE, "%s", chx_last_error()->message);
    ck_assert_uint_lt(chx__now_ns() - begin_ns, 20 * SECOND_NS);
}
END_TEST

START_TEST(release_that_blocks_holds_up_nobody_who_releases)
{
    SKIPS_IN_SERIAL_MODE;
    test_fault_arm("block_release:1");
    uint64_t begin_ns = chx__now_ns();
    chx_buffer_destroy(&other);
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&buffer);
    chx_program_destroy(&program);
    ck_assert_uint_lt(chx__now_ns() - begin_ns, SECOND_NS);
    chx_runtime_destroy(&runtime);
    ck_assert_uint_ge(test_fault_injected(), 1);
    ck_assert_uint_lt(chx__now_ns() - begin_ns, 6 * SECOND_NS);
}
END_TEST

START_TEST(runs_that_follow_a_failed_one_fail)
{
    chx_run *runs[3];
    test_fault_arm("event:1");
    uint32_t n = 0;
    for (; n < 3; n++)
        if (chx_plan_submit(plan, &runs[n]) != CHX_OK)
            break;
    ck_assert_uint_ge(n, 1);
    for (uint32_t i = 0; i < n; i++) {
        ck_assert_int_lt(chx_run_wait(runs[i], 20 * SECOND_NS), 0);
        chx_run_destroy(&runs[i]);
    }
    expect_loss_and_recovery();
}
END_TEST

START_TEST(failed_upload_fails_the_run)
{
    uint32_t words[WORDS] = {0};
    ck_assert_int_eq(chx_buffer_write(buffer, 0, sizeof words, words), CHX_OK);
    ck_assert_int_lt(run_with("copy:1"), 0);
    ck_assert_uint_ge(test_fault_injected(), 1);
    expect_loss_and_recovery();
}
END_TEST

START_TEST(failed_download_is_an_error)
{
    uint32_t words[WORDS] = {77};
    test_fault_arm("copy:1");
    ck_assert_int_lt(chx_buffer_read(buffer, 0, sizeof words, words), 0);
    ck_assert_uint_eq(words[0], 77);
}
END_TEST

START_TEST(content_outside_the_failed_run_survives)
{
    uint32_t words[WORDS];
    chx_graph *second;
    chx_plan *plan_of_other;
    chx_run *run;
    ck_assert_int_eq(chx_graph_create(runtime, &second), CHX_OK);
    chx_graph *first = graph;
    graph = second;
    ck_assert_int_eq(add_task(other, 5), CHX_OK);
    graph = first;
    ck_assert_int_eq(chx_plan_create(second, NULL, &plan_of_other), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(plan_of_other, &run), CHX_OK);
    ck_assert_int_eq(chx_run_wait(run, 20 * SECOND_NS), CHX_OK);
    chx_run_destroy(&run);
    ck_assert_int_lt(run_with("event:2"), 0);
    test_fault_arm("");
    ck_assert_int_eq(chx_plan_submit(plan_of_other, &run), CHX_OK);
    ck_assert_msg(chx_run_wait(run, 20 * SECOND_NS) == CHX_OK, "%s", chx_last_error()->message);
    chx_run_destroy(&run);
    ck_assert_int_eq(chx_buffer_read(other, 0, sizeof words, words), CHX_OK);
    ck_assert_uint_eq(words[0], 10);
    chx_plan_destroy(&plan_of_other);
    chx_graph_destroy(&second);
}
END_TEST

/* Also of memory that a device shares: what it was given is as it was. Nor is a device that was
 * well when it was tried once more worse for it, however often. */
START_TEST(question_that_is_refused_costs_a_plan_that_recovers_no_bytes)
{
    static uint32_t words[WORDS];
    const chx_plan_params wanted = {.recovers = true};
    SKIPS_IN_SERIAL_MODE;
    memset(words, 0, sizeof words);
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&buffer);
    ck_assert_int_eq(chx_buffer_wrap(runtime, words, sizeof words, &buffer), CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &graph), CHX_OK);
    ck_assert_int_eq(add_task(buffer, 1), CHX_OK);
    ck_assert_int_eq(add_task(other, 1), CHX_OK);
    ck_assert_int_eq(chx_plan_create(graph, &wanted, &plan), CHX_OK);
    for (uint32_t n = 1; n <= 12; n++) {
        char fault[64];
        uint32_t read[WORDS] = {0};
        ck_assert_int_eq(chx_buffer_write(buffer, 0, sizeof read, read), CHX_OK);
        ck_assert_int_eq(chx_buffer_write(other, 0, sizeof read, read), CHX_OK);
        snprintf(fault, sizeof fault, "refuse:clGetEventInfo:%s:%u",
                 n % 2 ? "CL_INVALID_VALUE" : "CL_INVALID_KERNEL_ARGS", n);
        ck_assert_msg(run_with(fault) == CHX_OK, "%u: %s", n, chx_last_error()->message);
        test_fault_arm("");
        ck_assert_int_eq(chx_buffer_read(buffer, 0, sizeof read, read), CHX_OK);
        for (uint32_t i = 0; i < WORDS; i++)
            ck_assert_uint_eq(read[i], 1);
    }
}
END_TEST

static chx_status
look(void *data, void *const *host)
{
    (void)data;
    (void)host;
    return CHX_OK;
}

/* Runs a graph of one kernel, with a host task that reads its result when with_host. */
static chx_status
run_on(chx_buffer *target, bool with_host, const char *fault)
{
    chx_plan_params params = {.deadline_ns = 2 * SECOND_NS};
    chx_graph *first = graph;
    chx_plan *second_plan;
    chx_run *run;
    ck_assert_int_eq(chx_graph_create(runtime, &graph), CHX_OK);
    ck_assert_int_eq(add_task(target, 5), CHX_OK);
    chx_host_task task = {.run = look, .args = CHX_ARGS(CHX_READ(target))};
    if (with_host)
        ck_assert_int_eq(chx_graph_host(graph, &task), CHX_OK);
    ck_assert_int_eq(chx_plan_create(graph, &params, &second_plan), CHX_OK);
    test_fault_arm(fault);
    ck_assert_int_eq(chx_plan_submit(second_plan, &run), CHX_OK);
    chx_status status = chx_run_wait(run, 20 * SECOND_NS);
    chx_run_destroy(&run);
    chx_plan_destroy(&second_plan);
    chx_graph_destroy(&graph);
    graph = first;
    return status;
}

/* The bytes lie on the device, whose queue for downloads hangs; they are fetched over a fresh
 * one. */
START_TEST(read_does_not_wait_behind_a_hung_run)
{
    uint32_t words[WORDS];
    ck_assert_int_eq(run_on(other, false, ""), CHX_OK);
    ck_assert_int_eq(run_on(buffer, true, "hang:1"), CHX_ERROR_TIMEOUT);
    uint64_t begin_ns = chx__now_ns();
    ck_assert_msg(chx_buffer_read(other, 0, sizeof words, words) == CHX_OK, "%s",
                  chx_last_error()->message);
    ck_assert_uint_lt(chx__now_ns() - begin_ns, 5 * SECOND_NS);
    ck_assert_uint_eq(words[0], 5);
}
END_TEST

/* Oclgrind runs a queue inside the call that flushes it, so there a hung command hangs the
 * caller. */
/* Devices there are, so nobody is sent for a driver. */
START_TEST(list_of_devices_that_is_refused_is_told)
{
    static const char *const questions[] = {"clGetPlatformIDs", "clGetDeviceIDs",
                                            "clGetDeviceInfo"};
    const chx_runtime_params params = test_machine_params();
    char fault[64];
    chx_runtime *without = NULL;
    snprintf(fault, sizeof fault, "rate:1:1000:%s", questions[_i]);
    ck_assert(test_fault_arm(fault));
    ck_assert_int_eq(chx_runtime_create(&without, &params), CHX_ERROR_NO_DEVICE);
    test_fault_arm("");
    ck_assert_int_lt(chx_last_error()->cl_code, 0);
    ck_assert_msg(strstr(chx_last_error()->message, " refuses to ") &&
                      strstr(chx_last_error()->message, "(CL_"),
                  "%s", chx_last_error()->message);
}
END_TEST

static bool
is_oclgrind(void)
{
    const char *devices = getenv("CHRONAXIE_TEST_DEVICES");
    return devices && strcmp(devices, "oclgrind") == 0;
}

int
main(void)
{
    test_fault_load();
    Suite *suite = suite_create("recovery");
    TCase *tcase = tcase_create("faults");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, refused_command_fails_the_run);
    tcase_add_test(tcase, code_of_a_refused_call_is_told);
    tcase_add_test(tcase, device_that_is_lost_for_some_calls_comes_back);
    tcase_add_test(tcase, rate_strikes_all_none_or_some);
    tcase_add_test(tcase, failed_event_fails_the_run_in_time);
    tcase_add_test(tcase, failure_before_many_commands_costs_no_driver);
    if (!is_oclgrind()) {
        tcase_add_test(tcase, hung_kernel_ends_at_the_deadline);
        tcase_add_test(tcase, read_does_not_wait_behind_a_hung_run);
    }
    tcase_add_test(tcase, runs_that_follow_a_failed_one_fail);
    tcase_add_loop_test(tcase, list_of_devices_that_is_refused_is_told, 0, 3);
    tcase_add_test(tcase, failed_upload_fails_the_run);
    tcase_add_test(tcase, failed_download_is_an_error);
    tcase_add_test(tcase, content_outside_the_failed_run_survives);
    tcase_add_test(tcase, question_that_is_refused_costs_a_plan_that_recovers_no_bytes);
    suite_add_tcase(suite, tcase);
    TCase *slow = tcase_create("calls that block");
    tcase_set_tags(slow, "slow");
    tcase_add_checked_fixture(slow, setup, teardown);
    tcase_set_timeout(slow, 60);
    tcase_add_loop_test(slow, call_that_blocks_ends_at_the_deadline, 0, 3);
    tcase_add_test(slow, release_that_blocks_holds_up_nobody_who_releases);
    suite_add_tcase(suite, slow);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
