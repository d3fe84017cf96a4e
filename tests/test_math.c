/* The kernels' functions on a device: as near to the true value as stated, and the bits of the same
 * operations on the host. */
#include <math.h>
#include <stdlib.h>

#include <check.h>
#include <chronaxie/plan.h>

#include "common/math.h"
#include "machine.h"

#define N_ARGUMENTS 65536
#define WIDTH 16

static float arguments[N_ARGUMENTS], results[N_ARGUMENTS];

static void
check_ok(chx_status status)
{
    ck_assert_msg(status == CHX_OK, "%s: %s", chx_status_name(status), chx_last_error()->message);
}

static float
exponential(float x)
{
    float power;
    WIDE_EXP(power, x);
    return power;
}

/* results[] becomes what the kernel makes of arguments[]. */
static void
compute(const char *kernel)
{
    const chx_runtime_params machine = test_machine_params();
    chx_runtime *runtime;
    chx_program *program;
    chx_buffer *from, *to;
    chx_graph *graph;
    chx_plan *plan;
    check_ok(chx_runtime_create(&runtime, &machine));
    check_ok(chx_program_from_file(runtime, SOURCE_ROOT "/tests/math.cl", NULL, &program));
    check_ok(chx_buffer_create(runtime, sizeof arguments, arguments, &from));
    check_ok(chx_buffer_create(runtime, sizeof results, NULL, &to));
    check_ok(chx_graph_create(runtime, &graph));
    check_ok(chx_graph_kernel(graph,
                              &(chx_kernel_task){.program = program,
                                                 .kernel = kernel,
                                                 .global = {N_ARGUMENTS / WIDTH},
                                                 .args = CHX_ARGS(CHX_READ(from), CHX_WRITE(to))}));
    check_ok(chx_plan_create(graph, NULL, &plan));
    check_ok(chx_plan_submit(plan, NULL));
    check_ok(chx_buffer_read(to, 0, sizeof results, results));
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&to);
    chx_buffer_destroy(&from);
    chx_program_destroy(&program);
    chx_runtime_destroy(&runtime);
}

/* Half of the arguments have all exponents and random digits, half lie evenly. */
static void
choose_arguments(float lowest, float highest)
{
    uint32_t random = 1;
    for (uint32_t i = 0; i < N_ARGUMENTS; i += 2) {
        random = random * 1664525u + 1013904223u;
        const float x = ldexpf((float)(random >> 8), (int)(i / 2 % 60) - 76);
        arguments[i] = i / 2 % 2 ? fminf(x, highest) : fmaxf(-x, lowest);
        arguments[i + 1] = lowest + (highest - lowest) * ((float)i / N_ARGUMENTS);
    }
    arguments[0] = 0;
    arguments[2] = lowest;
    arguments[4] = highest;
}

START_TEST(an_exponential_is_within_a_unit_of_its_last_place)
{
    choose_arguments(MATH_EXP_LOWEST, MATH_EXP_HIGHEST);
    compute("exponential");
    for (uint32_t i = 0; i < N_ARGUMENTS; i++) {
        const double expected = exp((double)arguments[i]);
        const double unit = ldexp(1, ilogb(expected) - 23);
        ck_assert_msg(fabs((double)results[i] - expected) <= unit, "exp(%a) is %a", arguments[i],
                      results[i]);
        ck_assert_msg(math_bits(results[i]) == math_bits(exponential(arguments[i])),
                      "exp(%a) is %a, on the host %a", arguments[i], results[i],
                      exponential(arguments[i]));
    }
    ck_assert_float_eq(results[0], 1);
}
END_TEST

START_TEST(an_exponential_beyond_the_range_is_zero_or_the_largest)
{
    for (uint32_t i = 0; i < N_ARGUMENTS; i += 4) {
        arguments[i] = MATH_EXP_LOWEST - (float)(i + 1) * 1e-4f;
        arguments[i + 1] = MATH_EXP_HIGHEST + (float)(i + 1) * 1e-4f;
        arguments[i + 2] = i ? -ldexpf(1, (int)(7 + i % 120)) : -INFINITY;
        arguments[i + 3] = i ? NAN : INFINITY;
    }
    compute("exponential");
    const float largest = exponential(MATH_EXP_HIGHEST);
    ck_assert_float_gt(largest, 3.4027e38f);
    for (uint32_t i = 0; i < N_ARGUMENTS; i += 4) {
        ck_assert_float_eq(results[i], 0);
        ck_assert_float_eq(results[i + 1], largest);
        ck_assert_float_eq(results[i + 2], 0);
        if (i)
            ck_assert_float_nan(results[i + 3]);
        else
            ck_assert_float_eq(results[i + 3], largest);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("math");
    TCase *device = tcase_create("device");
    tcase_set_timeout(device, 280);
    tcase_add_test(device, an_exponential_is_within_a_unit_of_its_last_place);
    tcase_add_test(device, an_exponential_beyond_the_range_is_zero_or_the_largest);
    suite_add_tcase(suite, device);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? 1 : 0;
}
