/* Plans that recover: runs that a device fails are repeated, with the same bits. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <chronaxie/plan.h>

#include "fault.h"
#include "machine.h"

#define WORDS 256u
#define N_RUNS 6u
#define SECOND_NS UINT64_C(1000000000)

static const char source[] = "kernel void stir(global uint *y, global const uint *x, uint n)\n"
                             "{\n"
                             "    size_t i = get_global_id(0);\n"
                             "    y[i] = y[i] * 1664525u + x[i] + n;\n"
                             "}\n"
                             "kernel void fill(global uint *z, global const uint *x, uint n)\n"
                             "{\n"
                             "    size_t i = get_global_id(0);\n"
                             "    z[i] = x[i] * 1664525u + n;\n"
                             "}\n";

static chx_runtime *runtime;
static chx_program *program;
static chx_buffer *x, *y, *z;
static chx_graph *graph;
static chx_plan *plan;
static chx_task first, second;
static uint32_t inputs[WORDS], state[WORDS]; /* what y should hold */
static const uint32_t *pin; /* of the kernels that are added; NULL for anywhere */
static uint32_t handed[64], n_handed; /* word 7 of y or z, as host tasks were given it */

static chx_task
add_kernel(const char *kernel, chx_buffer *into, chx_buffer *from)
{
    chx_task id;
    const chx_access access = kernel[1] == 't' ? CHX_ACCESS_READ_WRITE : CHX_ACCESS_WRITE;
    chx_kernel_task task = {
        .program = program,
        .kernel = kernel,
        .global = {WORDS},
        .devices = pin,
        .n_devices = pin != NULL,
        .args = CHX_ARGS(CHX_BUFFER_RANGE(into, access, 0, 0), CHX_READ(from), CHX_UINT(0)),
        .id = &id,
    };
    ck_assert_msg(chx_graph_kernel(graph, &task) == CHX_OK, "%s", chx_last_error()->message);
    return id;
}

static chx_status
hand_over(void *data, void *const *host)
{
    (void)data;
    handed[n_handed++ % 64] = ((const uint32_t *)host[0])[7];
    return CHX_OK;
}

static void
add_host(chx_buffer *buffer)
{
    chx_host_task task = {.run = hand_over, .args = CHX_ARGS(CHX_READ(buffer))};
    ck_assert_int_eq(chx_graph_host(graph, &task), CHX_OK);
}

static void
make_plan(uint64_t deadline_ns)
{
    const chx_plan_params params = {.recovers = true, .deadline_ns = deadline_ns};
    ck_assert_msg(chx_plan_create(graph, &params, &plan) == CHX_OK, "%s",
                  chx_last_error()->message);
}

static void
setup(void)
{
    chx_runtime_params params = test_machine_params();
    n_handed = 0;
    pin = NULL;
    for (uint32_t i = 0; i < WORDS; i++) {
        inputs[i] = i * i + 1;
        state[i] = 3 * i;
    }
    ck_assert_msg(chx_runtime_create(&runtime, &params) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_msg(test_fault_arm(""), "the fault layer is not loaded");
    ck_assert_int_eq(chx_program_from_source(runtime, "stir.cl", source, NULL, &program), CHX_OK);
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof inputs, inputs, &x), CHX_OK);
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof state, state, &y), CHX_OK);
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof state, NULL, &z), CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &graph), CHX_OK);
}

/* Usable devices, two at most. */
static uint32_t
list_usable(uint32_t devices[2])
{
    uint32_t n = 0;
    for (uint32_t d = 0; n < 2 && d < chx_runtime_n_devices(runtime); d++) {
        chx_device_info info;
        ck_assert_int_eq(chx_runtime_device(runtime, d, &info), CHX_OK);
        if (info.selected && !info.excluded)
            devices[n++] = d;
    }
    return n;
}

/* Two kernels on y, and a host task that is given it. */
static void
make_chain(void)
{
    first = add_kernel("stir", y, x);
    second = add_kernel("stir", y, x);
    add_host(y);
    make_plan(0);
}

static void
setup_chain(void)
{
    setup();
    make_chain();
}

/* On one device while that is in use. */
static void
setup_pinned(void)
{
    static uint32_t devices[2];
    setup();
    ck_assert_uint_gt(list_usable(devices), 0);
    pin = &devices[0];
    make_chain();
}

static void
teardown(void)
{
    test_fault_arm("");
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&x);
    chx_buffer_destroy(&y);
    chx_buffer_destroy(&z);
    chx_program_destroy(&program);
    chx_runtime_destroy(&runtime);
}

static uint32_t
count_usable(void)
{
    uint32_t n = 0;
    for (uint32_t d = 0; d < chx_runtime_n_devices(runtime); d++) {
        chx_device_info info;
        ck_assert_int_eq(chx_runtime_device(runtime, d, &info), CHX_OK);
        n += info.selected && !info.excluded;
    }
    return n;
}

static uint64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static void
set_value(chx_task task, uint32_t n)
{
    chx_arg value = CHX_UINT(n);
    ck_assert_int_eq(chx_graph_set_value(graph, task, 2, &value), CHX_OK);
}

/* Submits the nth run of the chain, and does its work on the host. */
static chx_run *
submit(uint32_t n)
{
    chx_run *run;
    set_value(first, n);
    set_value(second, 100 + n);
    ck_assert_msg(chx_plan_submit(plan, &run) == CHX_OK, "%s", chx_last_error()->message);
    for (uint32_t i = 0; i < WORDS; i++) {
        state[i] = state[i] * 1664525u + inputs[i] + n;
        state[i] = state[i] * 1664525u + inputs[i] + 100 + n;
    }
    return run;
}

static void
expect_well(chx_run *run)
{
    ck_assert_msg(chx_run_wait(run, 60 * SECOND_NS) == CHX_OK, "%s", chx_last_error()->message);
    chx_run_destroy(&run);
}

static void
expect_state(void)
{
    uint32_t words[WORDS];
    ck_assert_msg(chx_buffer_read(y, 0, sizeof words, words) == CHX_OK, "%s",
                  chx_last_error()->message);
    ck_assert_mem_eq(words, state, sizeof words);
}

/* Several runs in flight; of each the host task is called once, in order, with the right words. */
static void
expect_runs_well(void)
{
    chx_run *runs[N_RUNS];
    uint32_t expected[N_RUNS];
    const uint32_t before = n_handed;
    for (uint32_t r = 0; r < N_RUNS; r++) {
        runs[r] = submit(r);
        expected[r] = state[7];
    }
    for (uint32_t r = 0; r < N_RUNS; r++)
        expect_well(runs[r]);
    expect_state();
    ck_assert_uint_eq(n_handed, before + N_RUNS);
    ck_assert_mem_eq(&handed[before], expected, sizeof expected);
}

/* Copies that others wait for are left to null devices (test_null.c): when such a copy fails, PoCL
 * 3.1 at times and Intel's runtime (2026.2) always end the process. */
static const char *const passing[] = {"enqueue:1", "enqueue:2", "enqueue:5", "enqueue:12",
                                      "event:1",   "event:4",   "event:7",   "event:12"};
#define N_PASSING (sizeof passing / sizeof *passing)

START_TEST(passing_fault_is_survived)
{
    test_fault_arm(passing[_i]);
    expect_runs_well();
    ck_assert_uint_ge(test_fault_injected(), 1);
    expect_runs_well();
    ck_assert_uint_ge(count_usable(), 1);
}
END_TEST

/* With another device the work goes on there; the last one that is lost is told. */
START_TEST(lost_device_is_left_out)
{
    char fault[32];
    const uint32_t n_before = count_usable();
    expect_runs_well();
    snprintf(fault, sizeof fault, "lose:%d", 1 + 3 * _i);
    test_fault_arm(fault);
    if (n_before > 1) {
        expect_runs_well();
        ck_assert_uint_eq(count_usable(), n_before - 1);
        return;
    }
    chx_run *run = NULL;
    chx_status status = CHX_OK;
    for (uint32_t r = 0; !status && r < N_RUNS; r++) {
        status = chx_plan_submit(plan, &run);
        if (!status)
            status = chx_run_wait(run, 60 * SECOND_NS);
        chx_run_destroy(&run);
    }
    ck_assert_int_eq(status, CHX_ERROR_DEVICE);
}
END_TEST

START_TEST(what_only_a_lost_device_may_do_others_do)
{
    uint32_t devices[2], words[WORDS];
    setup();
    if (list_usable(devices) < 2)
        return;
    pin = &devices[0];
    first = add_kernel("stir", y, x);
    second = add_kernel("stir", y, x);
    pin = &devices[1];
    const chx_task apart = add_kernel("fill", z, x);
    make_plan(0);
    expect_well(submit(0));
    test_fault_arm("lose:1");
    for (uint32_t r = 0; r < N_RUNS; r++) {
        set_value(apart, r);
        expect_well(submit(r));
        expect_state();
        ck_assert_int_eq(chx_buffer_read(z, 0, sizeof words, words), CHX_OK);
        ck_assert_uint_eq(words[7], inputs[7] * 1664525u + r);
    }
    ck_assert_uint_eq(list_usable(devices), 1);
    ck_assert_uint_eq(chx_runtime_n_recoveries(runtime), 2);
}
END_TEST

/* Devices are opened for the first plan, and that ends with a write. */
START_TEST(planning_that_fails_is_tried_again)
{
    setup();
    first = add_kernel("stir", y, x);
    second = add_kernel("stir", y, x);
    add_host(y);
    test_fault_arm("copy:1");
    make_plan(0);
    ck_assert_uint_eq(test_fault_injected(), 1);
    ck_assert_uint_eq(chx_runtime_n_recoveries(runtime), 1);
    expect_runs_well();
}
END_TEST

START_TEST(hanging_device_is_left_out)
{
    chx_plan_destroy(&plan);
    make_plan(SECOND_NS);
    const uint32_t n_before = count_usable();
    test_fault_arm("hang:3");
    if (n_before > 1) {
        expect_runs_well();
        ck_assert_uint_eq(count_usable(), n_before - 1);
        return;
    }
    expect_well(submit(0));
    chx_run *run = submit(1);
    ck_assert_int_eq(chx_run_wait(run, 60 * SECOND_NS), CHX_ERROR_TIMEOUT);
    chx_run_destroy(&run);
}
END_TEST

/* Long before the plan's deadline, which is a minute. */
START_TEST(stalled_device_is_left_out_soon)
{
    const uint32_t n_before = count_usable();
    if (n_before < 2)
        return;
    for (uint32_t i = 0; i < 3; i++)
        expect_runs_well();
    test_fault_arm("stall:3");
    const uint64_t begun_ns = now_ns();
    expect_runs_well();
    ck_assert_uint_lt(now_ns() - begun_ns, 3 * SECOND_NS);
    ck_assert_uint_eq(count_usable(), n_before - 1);
    ck_assert_uint_eq(chx_runtime_n_recoveries(runtime), 1);
}
END_TEST

/* What is lost after the runs were told well. */
START_TEST(failed_read_is_made_again)
{
    for (uint32_t r = 0; r < N_RUNS; r++)
        expect_well(submit(r));
    const uint32_t before = n_handed;
    expect_well(submit(9));
    test_fault_arm("copy:1");
    expect_state();
    ck_assert_uint_eq(n_handed, before + 1);
    expect_runs_well();
}
END_TEST

START_TEST(writes_of_others_are_kept)
{
    expect_runs_well();
    for (uint32_t i = 0; i < WORDS; i++)
        state[i] = 5 * i;
    inputs[3] = 99;
    ck_assert_int_eq(chx_buffer_write(y, 0, sizeof state, state), CHX_OK);
    ck_assert_int_eq(chx_buffer_write(x, 0, sizeof inputs, inputs), CHX_OK);
    test_fault_arm("event:8");
    expect_runs_well();
    ck_assert_uint_eq(test_fault_injected(), 1);
}
END_TEST

/* Nothing is overwritten of what is read: only the run that failed, and those that follow it, are
 * repeated. */
START_TEST(run_that_keeps_nothing_is_repeated)
{
    setup();
    first = add_kernel("fill", z, x);
    add_host(z);
    make_plan(0);
    chx_run *runs[N_RUNS];
    test_fault_arm("event:4");
    for (uint32_t r = 0; r < N_RUNS; r++) {
        set_value(first, r);
        ck_assert_int_eq(chx_plan_submit(plan, &runs[r]), CHX_OK);
    }
    for (uint32_t r = 0; r < N_RUNS; r++)
        expect_well(runs[r]);
    ck_assert_uint_eq(test_fault_injected(), 1);
    ck_assert_uint_eq(n_handed, N_RUNS);
    for (uint32_t r = 0; r < N_RUNS; r++)
        ck_assert_uint_eq(handed[r], inputs[7] * 1664525u + r);
}
END_TEST

/* Another buffer for the state, in turns. */
START_TEST(changed_buffers_are_repeated)
{
    for (uint32_t r = 0; r < N_RUNS; r++) {
        const chx_arg into = CHX_READ_WRITE(r % 2 ? z : y), from = CHX_READ(r % 2 ? z : y);
        ck_assert_int_eq(chx_graph_set_buffer(graph, first, 0, &into), CHX_OK);
        ck_assert_int_eq(chx_graph_set_buffer(graph, second, 0, &into), CHX_OK);
        ck_assert_int_eq(chx_graph_set_buffer(graph, second + 1, 0, &from), CHX_OK);
        if (r % 2 == 0) {
            test_fault_arm(r % 4 ? "event:2" : "enqueue:1");
            expect_well(submit(r));
            ck_assert_uint_eq(test_fault_injected(), 1);
        } else {
            chx_run *run;
            ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
            expect_well(run);
        }
    }
    expect_state();
    ck_assert_uint_eq(n_handed, N_RUNS);
}
END_TEST

static chx_status
refuse(void *data, void *const *host)
{
    (void)data;
    (void)host;
    return CHX_ERROR_CALLBACK;
}

START_TEST(failures_of_the_program_are_told)
{
    chx_run *run;
    setup();
    first = add_kernel("stir", y, x);
    chx_host_task task = {.run = refuse, .args = CHX_ARGS(CHX_READ(y))};
    ck_assert_int_eq(chx_graph_host(graph, &task), CHX_OK);
    make_plan(0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
        ck_assert_int_eq(chx_run_wait(run, 60 * SECOND_NS), CHX_ERROR_CALLBACK);
        chx_run_destroy(&run);
    }
}
END_TEST

static void
count_end(void *data, chx_status status)
{
    _Atomic uint32_t *n = data;
    *n += status == CHX_OK ? 1 : 100;
}

START_TEST(end_is_told_once)
{
    static _Atomic uint32_t n_told;
    n_told = 0;
    test_fault_arm("event:3");
    chx_run *one = submit(0), *two = submit(1);
    ck_assert_int_eq(chx_run_notify(two, count_end, &n_told), CHX_OK);
    chx_timeline *timeline;
    ck_assert_int_eq(chx_run_wait(two, 60 * SECOND_NS), CHX_OK);
    ck_assert(chx_run_done(two));
    ck_assert_int_eq(chx_run_timeline(two, &timeline), CHX_OK);
    chx_timeline_destroy(&timeline);
    expect_well(one);
    expect_well(two);
    expect_state();
    for (int i = 0; i < 1000 && n_told == 0; i++)
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    ck_assert_uint_eq(n_told, 1);
}
END_TEST

int
main(void)
{
    const char *serial = getenv("CHRONAXIE_SERIAL");
    if (serial && strcmp(serial, "1") == 0)
        return 77;
    test_fault_load();
    Suite *suite = suite_create("redo");
    TCase *chain = tcase_create("chain"), *others = tcase_create("others");
    TCase *pinned = tcase_create("pinned");
    tcase_set_timeout(chain, 60);
    tcase_set_timeout(pinned, 60);
    tcase_add_checked_fixture(chain, setup_chain, teardown);
    tcase_add_checked_fixture(pinned, setup_pinned, teardown);
    tcase_add_loop_test(chain, passing_fault_is_survived, 0, N_PASSING);
    tcase_add_loop_test(pinned, lost_device_is_left_out, 0, 4);
    tcase_add_test(chain, hanging_device_is_left_out);
    tcase_add_test(chain, stalled_device_is_left_out_soon);
    tcase_add_test(chain, failed_read_is_made_again);
    tcase_add_test(chain, writes_of_others_are_kept);
    tcase_add_test(chain, changed_buffers_are_repeated);
    tcase_add_test(chain, end_is_told_once);
    suite_add_tcase(suite, chain);
    suite_add_tcase(suite, pinned);
    tcase_set_timeout(others, 60);
    tcase_add_checked_fixture(others, NULL, teardown);
    tcase_add_loop_test(others, what_only_a_lost_device_may_do_others_do, 0, 5);
    tcase_add_test(others, planning_that_fails_is_tried_again);
    tcase_add_test(others, run_that_keeps_nothing_is_repeated);
    tcase_add_test(others, failures_of_the_program_are_told);
    suite_add_tcase(suite, others);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
