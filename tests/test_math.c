/* The kernels' functions on a device: as near to the true value as stated, and the bits of the same
 * operations on the host. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include <check.h>
#include <chronaxie/plan.h>

#include "common/math.h"
#include "each.h"
#include "machine.h"

#define N_ARGUMENTS 65536
#define WIDTH 16

static float arguments[N_ARGUMENTS], seconds[N_ARGUMENTS], results[N_ARGUMENTS];

static void
check_ok(chx_status status)
{
    ck_assert_msg(status == CHX_OK, "%s: %s", chx_status_name(status), chx_last_error()->message);
}

/* The same on the host. */
#define FUNCTION(name, STATEMENT)       \
    static float name(float x, float y) \
    {                                   \
        float result = y;               \
        STATEMENT;                      \
        return result;                  \
    }

FUNCTION(exponential, WIDE_EXP(result, x))
FUNCTION(reciprocal, WIDE_RECIPROCAL(result, x))
FUNCTION(quotient, WIDE_QUOTIENT(result, x, y))
FUNCTION(logarithm, WIDE_LOG(result, x))
FUNCTION(tangent, WIDE_TANH(result, x))
FUNCTION(power, WIDE_POW(result, x, y))

/* results[] becomes what the kernel makes of arguments[] and seconds[]. */
static void
compute(const char *kernel)
{
    const chx_runtime_params machine = test_machine_params();
    chx_runtime *runtime;
    chx_program *program;
    chx_buffer *from, *second, *to;
    chx_graph *graph;
    chx_plan *plan;
    check_ok(chx_runtime_create(&runtime, &machine));
    check_ok(chx_program_from_file(runtime, SOURCE_ROOT "/tests/math.cl", NULL, &program));
    check_ok(chx_buffer_create(runtime, sizeof arguments, arguments, &from));
    check_ok(chx_buffer_create(runtime, sizeof seconds, seconds, &second));
    check_ok(chx_buffer_create(runtime, sizeof results, NULL, &to));
    check_ok(chx_graph_create(runtime, &graph));
    const chx_kernel_task task = {.program = program,
                                  .kernel = kernel,
                                  .global = {N_ARGUMENTS / WIDTH},
                                  .args =
                                      CHX_ARGS(CHX_READ(from), CHX_READ(second), CHX_WRITE(to))};
    check_ok(chx_graph_kernel(graph, &task));
    check_ok(chx_plan_create(graph, NULL, &plan));
    check_ok(chx_plan_submit(plan, NULL));
    check_ok(chx_buffer_read(to, 0, sizeof results, results));
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&to);
    chx_buffer_destroy(&second);
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
        ck_each_msg(fabs((double)results[i] - expected) <= unit, "exp(%a) is %a", arguments[i],
                    results[i]);
        ck_each_msg(math_bits(results[i]) == math_bits(exponential(arguments[i], 0)),
                    "exp(%a) is %a, on the host %a", arguments[i], results[i],
                    exponential(arguments[i], 0));
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
    const float largest = exponential(MATH_EXP_HIGHEST, 0);
    ck_assert_float_gt(largest, 3.4027e38f);
    for (uint32_t i = 0; i < N_ARGUMENTS; i += 4) {
        ck_each(results[i] == 0);
        ck_each(results[i + 1] == largest);
        ck_each(results[i + 2] == 0);
        if (i)
            ck_each(isnan(results[i + 3]));
        else
            ck_each(results[i + 3] == largest);
    }
}
END_TEST

/* Of random digits and an exponent from lowest to below highest. */
static float
any_magnitude(uint32_t *random, int lowest, int highest)
{
    *random = *random * 1664525u + 1013904223u;
    const float digits = 1 + ldexpf((float)(*random >> 9), -23);
    *random = *random * 1664525u + 1013904223u;
    return ldexpf(digits, lowest + (int)((*random >> 8) % (uint32_t)(highest - lowest)));
}

static float
random_sign(uint32_t *random, float x)
{
    *random = *random * 1664525u + 1013904223u;
    return *random >> 31 ? x : -x;
}

/* What the kernel made of arguments[] is what the host does, and at most so many units of its last
 * place off the exact value. */
static void
compare(const char *name, float (*function)(float, float), double (*exact)(double, double),
        double (*units)(double, double))
{
    compute(name);
    for (uint32_t i = 0; i < N_ARGUMENTS; i++) {
        const float x = arguments[i], y = seconds[i], host = function(x, y);
        ck_each_msg(math_bits(results[i]) == math_bits(host),
                    "%s of %a and %a is %a, on the host %a", name, x, y, results[i], host);
        const double expected = exact((double)x, (double)y);
        const double off = fabs((double)results[i] - expected);
        const double unit = expected != 0 ? ldexp(1, ilogb(expected) - 23) : 0x1p-149;
        ck_each_msg(off <= units((double)x, (double)y) * unit,
                    "%s of %a and %a is %a, %g units off", name, x, y, results[i], off / unit);
    }
}

/* A result for each argument, the same bits on the host; not a number where expected. */
static void
compare_ends(const char *name, float (*function)(float, float), uint32_t n, const float *x,
             const float *y, const float *expected)
{
    for (uint32_t i = 0; i < N_ARGUMENTS; i++) {
        arguments[i] = x[i % n];
        seconds[i] = y ? y[i % n] : 0;
    }
    compute(name);
    for (uint32_t i = 0; i < N_ARGUMENTS; i++) {
        const float host = function(arguments[i], seconds[i]), wanted = expected[i % n];
        const bool is_right = isnan(wanted) ? isnan(results[i]) && isnan(host)
                                            : math_bits(results[i]) == math_bits(wanted) &&
                                                  math_bits(host) == math_bits(wanted);
        ck_each_msg(is_right, "%s of %a and %a is %a and on the host %a instead of %a", name,
                    arguments[i], seconds[i], results[i], host, wanted);
    }
}

static double
exact_reciprocal(double x, double y)
{
    (void)y;
    return 1 / x;
}

static double
exact_quotient(double x, double y)
{
    return x / y;
}

static double
exact_log(double x, double y)
{
    (void)y;
    return log(x);
}

static double
exact_tanh(double x, double y)
{
    (void)y;
    return tanh(x);
}

static double
one_unit(double x, double y)
{
    (void)x, (void)y;
    return 1;
}

static double
one_and_a_half(double x, double y)
{
    (void)x, (void)y;
    return 1.5;
}

static double
two_and_a_half(double x, double y)
{
    (void)x, (void)y;
    return 2.5;
}

static double
power_units(double x, double y)
{
    return 1 + 3 * fabs(y * log(x));
}

START_TEST(a_reciprocal_is_within_one_and_a_half_units)
{
    uint32_t random = 1;
    for (uint32_t i = 0; i < N_ARGUMENTS; i += 2) {
        arguments[i] = random_sign(&random, any_magnitude(&random, -126, 125));
        arguments[i + 1] = 1 + ldexpf((float)i, -16);
    }
    arguments[0] = MATH_SMALLEST;
    arguments[2] = MATH_RECIPROCAL_HIGHEST;
    compare("reciprocal", reciprocal, exact_reciprocal, one_and_a_half);
}
END_TEST

START_TEST(a_quotient_is_within_two_and_a_half_units)
{
    uint32_t random = 2;
    for (uint32_t i = 0; i < N_ARGUMENTS; i++) {
        seconds[i] = random_sign(&random, any_magnitude(&random, -62, 62));
        arguments[i] = random_sign(&random, any_magnitude(&random, -62, 62));
    }
    compare("quotient", quotient, exact_quotient, two_and_a_half);
}
END_TEST

START_TEST(a_logarithm_is_within_a_unit)
{
    uint32_t random = 3;
    for (uint32_t i = 0; i < N_ARGUMENTS; i += 2) {
        arguments[i] = any_magnitude(&random, -126, 128);
        arguments[i + 1] = 0.5f + ldexpf((float)i, -16) * 1.5f;
    }
    for (uint32_t i = 0; i < 4000; i += 2)
        arguments[i + 1] = 1 + ldexpf(i % 4 ? 1 : -1, -(int)(i / 4 % 24)) * (i % 3 ? 1 : 0.7f);
    for (uint32_t i = 0; i < N_ARGUMENTS; i++)
        arguments[i] = fmaxf(arguments[i], MATH_SMALLEST);
    compare("logarithm", logarithm, exact_log, one_unit);
}
END_TEST

START_TEST(a_hyperbolic_tangent_is_within_one_and_a_half_units)
{
    uint32_t random = 4;
    for (uint32_t i = 0; i < N_ARGUMENTS; i += 2) {
        arguments[i] = random_sign(&random, any_magnitude(&random, -126, 5));
        arguments[i + 1] = random_sign(&random, ldexpf((float)i, -16) * 9.5f);
    }
    compare("tangent", tangent, exact_tanh, one_and_a_half);
}
END_TEST

START_TEST(a_power_is_as_exact_as_its_logarithm)
{
    uint32_t random = 5;
    for (uint32_t i = 0; i < N_ARGUMENTS; i++) {
        arguments[i] = any_magnitude(&random, -20, 20);
        seconds[i] = random_sign(&random, any_magnitude(&random, -10, 2));
    }
    compare("power", power, pow, power_units);
}
END_TEST

START_TEST(functions_of_zero_infinity_and_denormals_are_as_stated)
{
    const float low = MATH_EXP_LOWEST, none = NAN, all = INFINITY, least = 0x1p-140f;
    const float smallest_log = logarithm(MATH_SMALLEST, 0), largest = exponential(all, 0);
    const float largest_log = logarithm(MATH_LARGEST, 0), tiny = exponential(smallest_log, 0);
    ck_assert_float_eq_tol(smallest_log, low, 1e-5f);
    ck_assert_float_eq_tol(largest_log, MATH_EXP_HIGHEST, 1e-5f);
    compare_ends("reciprocal", reciprocal, 8,
                 (const float[]){0, -0.0f, least, -least, all, -all, 0x1p126f, none}, NULL,
                 (const float[]){0x1p126f, -0x1p126f, 0x1p126f, -0x1p126f, 0x1p-125f, -0x1p-125f,
                                 0x1p-125f, none});
    compare_ends("quotient", quotient, 8,
                 (const float[]){0, 1, least, 1, 0x1p-100f, 0x1p100f, none, 1},
                 (const float[]){0, -0.0f, least, all, 0x1p60f, 0x1p-60f, 1, none},
                 (const float[]){0, -0x1p126f, 0, 0x1p-125f, 0, all, none, none});
    compare_ends("logarithm", logarithm, 7, (const float[]){0, -0.0f, least, -1, all, none, 1},
                 NULL,
                 (const float[]){smallest_log, smallest_log, smallest_log, smallest_log,
                                 largest_log, none, 0});
    compare_ends("tangent", tangent, 7,
                 (const float[]){0, least, -least, all, -all, none, -0x1p-126f}, NULL,
                 (const float[]){0, 0, 0, 1, -1, none, -0x1p-126f});
    compare_ends("power", power, 7, (const float[]){0, least, 1, 2, 2, none, 2},
                 (const float[]){1, 1, 7, 200, -200, 1, none},
                 (const float[]){tiny, tiny, 1, largest, 0, none, none});
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
    tcase_add_test(device, a_reciprocal_is_within_one_and_a_half_units);
    tcase_add_test(device, a_quotient_is_within_two_and_a_half_units);
    tcase_add_test(device, a_logarithm_is_within_a_unit);
    tcase_add_test(device, a_hyperbolic_tangent_is_within_one_and_a_half_units);
    tcase_add_test(device, a_power_is_as_exact_as_its_logarithm);
    tcase_add_test(device, functions_of_zero_infinity_and_denormals_are_as_stated);
    suite_add_tcase(suite, device);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? 1 : 0;
}
