/* Axes of all lengths from a nanosecond to hours: their steps, units and ticks are such as a reader
 * counts in, and no tick is missing or past the end. */
#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "schedule/time_axis.h"

/* 1, 2 or 5 times a power of ten. */
static bool
is_round(double ns)
{
    double first = ns / pow(10.0, floor(log10(ns) + 1e-9));
    return fabs(first - 1) < 1e-6 || fabs(first - 2) < 1e-6 || fabs(first - 5) < 1e-6;
}

static void
check_axis(double length_ns, uint32_t max_ticks)
{
    chx__time_axis axis = chx__time_axis_of(length_ns, max_ticks);
    double least_ns = length_ns / max_ticks;
    ck_assert(is_round(axis.step_ns));
    ck_assert_double_ge(axis.step_ns, least_ns * (1 - 1e-9));
    ck_assert_double_lt(axis.step_ns, least_ns * 2.5 * (1 + 1e-9));
    ck_assert_uint_le(axis.n_ticks, max_ticks);
    ck_assert_double_le(axis.n_ticks * axis.step_ns, length_ns * (1 + 1e-6));
    ck_assert_double_gt((axis.n_ticks + 1) * axis.step_ns, length_ns);
    /* As many decimals as a step has, and no more. */
    double shown = axis.step_ns / axis.unit_ns * pow(10.0, axis.decimals);
    ck_assert_double_eq_tol(shown, round(shown), 1e-6);
    if (axis.decimals > 0)
        ck_assert_double_gt(fabs(shown / 10 - round(shown / 10)), 0.05);
}

START_TEST(steps_are_round_and_ticks_reach_the_end)
{
    for (double length_ns = 1.0; length_ns < 1e13; length_ns *= 1.37)
        for (uint32_t max_ticks = 1; max_ticks < 20; max_ticks++)
            check_axis(length_ns, max_ticks);
    for (double length_ns = 1.0; length_ns < 1e13; length_ns *= 10)
        for (uint32_t max_ticks = 1; max_ticks < 20; max_ticks++)
            check_axis(length_ns, max_ticks);
}
END_TEST

START_TEST(a_tick_at_the_very_end_is_there)
{
    chx__time_axis axis = chx__time_axis_of(30e6, 10);
    ck_assert_double_eq(axis.step_ns, 5e6);
    ck_assert_uint_eq(axis.n_ticks, 6);
    axis = chx__time_axis_of(2e6, 10);
    ck_assert_double_eq_tol(axis.step_ns, 2e5, 1e-6);
    ck_assert_uint_eq(axis.n_ticks, 10);
    ck_assert_int_eq(axis.decimals, 1);
}
END_TEST

START_TEST(the_unit_is_the_largest_that_the_length_has)
{
    const struct {
        double length_ns;
        const char *unit;
    } known[] = {{0.5, "ns"}, {1, "ns"},   {999, "ns"}, {1e3, "\xc2\xb5s"}, {9.9e5, "\xc2\xb5s"},
                 {1e6, "ms"}, {9e8, "ms"}, {1e9, "s"},  {7.2e12, "s"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        ck_assert_str_eq(chx__time_axis_of(known[i].length_ns, 5).unit, known[i].unit);
}
END_TEST

/* Of length 0, or without room for ticks. */
START_TEST(an_axis_of_nothing_has_no_ticks)
{
    const chx__time_axis axes[] = {chx__time_axis_of(0, 10), chx__time_axis_of(-1, 10),
                                   chx__time_axis_of(NAN, 10), chx__time_axis_of(5e6, 0)};
    for (size_t i = 0; i < sizeof axes / sizeof *axes; i++) {
        ck_assert_uint_eq(axes[i].n_ticks, 0);
        ck_assert_double_gt(axes[i].step_ns, 0);
        ck_assert_int_eq(axes[i].decimals, 0);
    }
}
END_TEST

START_TEST(times_are_told_in_their_own_unit)
{
    const struct {
        double ns;
        const char *text;
    } known[] = {{0, "0 ns"},
                 {0.25, "0.25 ns"},
                 {1, "1 ns"},
                 {1234, "1.234 \xc2\xb5s"},
                 {-1500, "-1.5 \xc2\xb5s"},
                 {1e6, "1 ms"},
                 {20.51e6, "20.51 ms"},
                 {1e9, "1 s"},
                 {62.5e9, "62.5 s"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char text[64];
        ck_assert_str_eq(chx__time_text(known[i].ns, text), known[i].text);
        ck_assert_ptr_eq(chx__time_text(known[i].ns, text), text);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("time_axis");
    TCase *tests = tcase_create("time_axis");
    tcase_add_test(tests, steps_are_round_and_ticks_reach_the_end);
    tcase_add_test(tests, a_tick_at_the_very_end_is_there);
    tcase_add_test(tests, the_unit_is_the_largest_that_the_length_has);
    tcase_add_test(tests, an_axis_of_nothing_has_no_ticks);
    tcase_add_test(tests, times_are_told_in_their_own_unit);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
