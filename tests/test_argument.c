/* What a task can give its kernel: values of any size, any number of them, an offset of the range;
 * and how the plan is made that runs it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/plan.h>
#include <chronaxie/schedule.h>

#include "machine.h"
#include "null.h"

enum { WORDS = 64, N_WEIGHTS = 50, N_SUMMANDS = 40 };

#define SECOND_NS UINT64_C(1000000000)

typedef struct weights {
    uint32_t of[N_WEIGHTS];
} weights;

/* Constant indices: rusticl 22.3 dies of an argument that is indexed by a variable. */
static const char source[] =
    "typedef struct weights { uint of[50]; } weights;\n"
    "kernel void weigh(global uint *y, weights w, ulong bits)\n"
    "{\n"
    "    size_t i = get_global_id(0);\n"
    "    y[i] = w.of[0] + i % 50 + (w.of[49] - w.of[0] - 49) + (uint)(bits >> 32);\n"
    "}\n"
    "kernel void sum(global uint *y, uint a, uint b, uint c, uint d, uint e, uint f, uint g,\n"
    "                uint h, uint i, uint j, uint k, uint l, uint m, uint n, uint o, uint p,\n"
    "                uint q, uint r, uint s, uint t, uint u, uint v, uint w, uint x, uint a2,\n"
    "                uint b2, uint c2, uint d2, uint e2, uint f2, uint g2, uint h2, uint i2,\n"
    "                uint j2, uint k2, uint l2, uint m2, uint n2, uint o2, uint p2)\n"
    "{\n"
    "    y[get_global_id(0)] = a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q\n"
    "        + r + s + t + u + v + w + x + a2 + b2 + c2 + d2 + e2 + f2 + g2 + h2 + i2 + j2 + k2\n"
    "        + l2 + m2 + n2 + o2 + p2;\n"
    "}\n";

static void
run_weigh(const chx__null_call *call)
{
    uint32_t *y = call->args[0];
    weights w;
    uint64_t bits;
    memcpy(&w, call->args[1], sizeof w);
    memcpy(&bits, call->args[2], sizeof bits);
    for (size_t i = call->launch->offset[0]; i < call->launch->offset[0] + call->launch->global[0];
         i++)
        y[i] = w.of[0] + i % N_WEIGHTS + (w.of[49] - w.of[0] - 49) + (uint32_t)(bits >> 32);
}

static void
run_sum(const chx__null_call *call)
{
    uint32_t total = 0;
    for (uint32_t a = 1; a < call->n_args; a++)
        total += *(uint32_t *)call->args[a];
    for (size_t i = 0; i < call->launch->global[0]; i++)
        ((uint32_t *)call->args[0])[i] = total;
}

static const chx__null_kernel kernels[] = {{"weigh", run_weigh}, {"sum", run_sum}, {NULL, NULL}};

static chx_runtime *runtime;
static chx_program *program;
static chx_graph *graph;
static chx_buffer *buffer;
static uint32_t words[WORDS];

static void
setup(void)
{
    chx_runtime_params params = test_machine_params();
    ck_assert_msg(test_runtime_create(&runtime, &params, kernels) == CHX_OK, "%s",
                  chx_last_error()->message);
    ck_assert_int_eq(chx_program_from_source(runtime, "argument.cl", source, NULL, &program),
                     CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &graph), CHX_OK);
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof words, NULL, &buffer), CHX_OK);
}

static void
teardown(void)
{
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&buffer);
    chx_program_destroy(&program);
    test_runtime_destroy(&runtime);
}

static void
run(chx_plan *plan)
{
    chx_run *run;
    ck_assert_msg(chx_plan_submit(plan, &run) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_msg(chx_run_wait(run, 60 * SECOND_NS) == CHX_OK, "%s", chx_last_error()->message);
    chx_run_destroy(&run);
    ck_assert_int_eq(chx_buffer_read(buffer, 0, sizeof words, words), CHX_OK);
}

static chx_plan *
plan_of(const chx_kernel_task *task)
{
    chx_plan *plan;
    ck_assert_msg(chx_graph_kernel(graph, task) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_msg(chx_plan_create(graph, NULL, &plan) == CHX_OK, "%s", chx_last_error()->message);
    return plan;
}

static weights
weights_from(uint32_t first)
{
    weights made;
    for (uint32_t i = 0; i < N_WEIGHTS; i++)
        made.of[i] = first + i;
    return made;
}

/* 1.0 has the high word 0x3ff00000. */
static void
expect_weights(uint32_t first, uint32_t begin, uint32_t end)
{
    for (uint32_t i = 0; i < WORDS; i++)
        ck_assert_uint_eq(words[i],
                          i < begin || i >= end ? 0 : first + i % N_WEIGHTS + 0x3ff00000u);
}

START_TEST(values_have_any_size)
{
    weights w = weights_from(100);
    chx_kernel_task task = {
        .program = program,
        .kernel = "weigh",
        .global = {WORDS},
        .args = CHX_ARGS(CHX_WRITE(buffer), CHX_STRUCT(w), CHX_DOUBLE(1.0)),
    };
    chx_plan *plan = plan_of(&task);
    w = weights_from(0); /* the task has its own */
    run(plan);
    expect_weights(100, 0, WORDS);
    w = weights_from(5);
    chx_arg changed = CHX_STRUCT(w);
    ck_assert_int_eq(chx_graph_set_value(graph, 0, 1, &changed), CHX_OK);
    w = weights_from(0);
    run(plan);
    expect_weights(5, 0, WORDS);
    chx_plan_destroy(&plan);
}
END_TEST

static chx_status
nap(void *data, void *const *host)
{
    (void)data;
    (void)host;
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    return CHX_OK;
}

/* The host task keeps the kernel from being launched before the value changes. */
START_TEST(long_values_change_while_a_run_waits)
{
    chx_host_task first = {.run = nap, .args = CHX_ARGS(CHX_READ_WRITE(buffer))};
    weights w = weights_from(100);
    chx_kernel_task task = {
        .program = program,
        .kernel = "weigh",
        .global = {WORDS},
        .args = CHX_ARGS(CHX_READ_WRITE(buffer), CHX_STRUCT(w), CHX_DOUBLE(1.0)),
    };
    chx_run *pending;
    ck_assert_int_eq(chx_graph_host(graph, &first), CHX_OK);
    chx_plan *plan = plan_of(&task);
    ck_assert_int_eq(chx_plan_submit(plan, &pending), CHX_OK);
    w = weights_from(7);
    chx_arg changed = CHX_STRUCT(w);
    ck_assert_int_eq(chx_graph_set_value(graph, 1, 1, &changed), CHX_OK);
    ck_assert_int_eq(chx_run_wait(pending, 60 * SECOND_NS), CHX_OK);
    chx_run_destroy(&pending);
    ck_assert_int_eq(chx_buffer_read(buffer, 0, sizeof words, words), CHX_OK);
    expect_weights(100, 0, WORDS);
    run(plan);
    expect_weights(7, 0, WORDS);
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(ranges_have_an_offset)
{
    weights w = weights_from(1);
    chx_kernel_task task = {
        .program = program,
        .kernel = "weigh",
        .global = {16},
        .offset = {32},
        .args = CHX_ARGS(CHX_BUFFER_RANGE(buffer, CHX_ACCESS_WRITE, 4 * 32, 4 * 16), CHX_STRUCT(w),
                         CHX_DOUBLE(1.0)),
    };
    chx_plan *plan = plan_of(&task);
    run(plan);
    expect_weights(1, 32, 48);
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(kernels_take_any_number_of_arguments)
{
    chx_arg args[1 + N_SUMMANDS + 1] = {CHX_WRITE(buffer)};
    for (uint32_t i = 0; i < N_SUMMANDS; i++)
        args[1 + i] = CHX_UINT(i + 1);
    args[1 + N_SUMMANDS] = CHX_END;
    chx_kernel_task task = {.program = program, .kernel = "sum", .global = {WORDS}, .args = args};
    chx_plan *plan = plan_of(&task);
    run(plan);
    for (uint32_t i = 0; i < WORDS; i++)
        ck_assert_uint_eq(words[i], N_SUMMANDS * (N_SUMMANDS + 1) / 2);
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(device_that_is_none_is_an_error)
{
    uint32_t none = 100000;
    chx_kernel_task task = {
        .program = program, .kernel = "sum", .global = {WORDS}, .devices = &none, .n_devices = 1};
    ck_assert_int_eq(chx_graph_kernel(graph, &task), CHX_ERROR_INVALID);
}
END_TEST

START_TEST(every_algorithm_plans_what_runs)
{
    weights w = weights_from(3);
    chx_kernel_task task = {
        .program = program,
        .kernel = "weigh",
        .global = {WORDS},
        .args = CHX_ARGS(CHX_READ_WRITE(buffer), CHX_STRUCT(w), CHX_DOUBLE(1.0)),
    };
    const char *name = chx_schedule_algorithm_at((uint32_t)_i);
    chx_plan_params params = {.algorithm = name};
    chx_plan *plan;
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(chx_graph_kernel(graph, &task), CHX_OK);
    ck_assert_msg(chx_plan_create(graph, &params, &plan) == CHX_OK, "%s: %s", name,
                  chx_last_error()->message);
    run(plan);
    expect_weights(3, 0, WORDS);
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(unknown_algorithm_is_an_error_that_lists_the_known)
{
    chx_plan_params params = {.algorithm = "fastest"};
    chx_plan *plan = NULL;
    chx_host_task task = {.run = nap};
    ck_assert_int_eq(chx_graph_host(graph, &task), CHX_OK);
    ck_assert_int_eq(chx_plan_create(graph, &params, &plan), CHX_ERROR_INVALID);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "heft"));
}
END_TEST

static int
count_algorithms(void)
{
    int n = 0;
    while (chx_schedule_algorithm_at((uint32_t)n))
        n++;
    return n;
}

int
main(void)
{
    Suite *suite = suite_create("argument");
    TCase *tcase = tcase_create("tasks");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, values_have_any_size);
    tcase_add_test(tcase, long_values_change_while_a_run_waits);
    tcase_add_test(tcase, ranges_have_an_offset);
    tcase_add_test(tcase, kernels_take_any_number_of_arguments);
    tcase_add_test(tcase, device_that_is_none_is_an_error);
    tcase_add_loop_test(tcase, every_algorithm_plans_what_runs, 0, count_algorithms());
    tcase_add_test(tcase, unknown_algorithm_is_an_error_that_lists_the_known);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
