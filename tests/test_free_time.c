/* Free time of a lane against a map of single nanoseconds, over thousands of random takings:
 * searches begin before, inside and after all gaps, near the end as well as far from it. */
#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/free_time.h"

/* Of the map; nothing is taken after it. */
#define SPAN_NS 600u

static chx__free_time lane;
static bool is_taken[SPAN_NS];

static void
setup(void)
{
    ck_assert(chx__free_time_init(&lane));
    memset(is_taken, 0, sizeof is_taken);
}

static void
teardown(void)
{
    chx__free_time_finish(&lane);
}

static void
take(uint32_t start_ns, uint32_t finish_ns)
{
    ck_assert(chx__free_time_take(&lane, start_ns, finish_ns));
    for (uint32_t t = start_ns; t < finish_ns; t++)
        is_taken[t] = true;
}

static bool
is_free(uint32_t ns)
{
    return ns >= SPAN_NS || !is_taken[ns];
}

/* Work without duration needs but touch free time. */
static bool
fits(uint32_t start_ns, uint32_t duration_ns)
{
    if (duration_ns == 0)
        return is_free(start_ns) || (start_ns > 0 && is_free(start_ns - 1));
    for (uint32_t t = start_ns; t < start_ns + duration_ns; t++)
        if (!is_free(t))
            return false;
    return true;
}

static uint32_t
first_fit(uint32_t ready_ns, uint32_t duration_ns)
{
    uint32_t start_ns = ready_ns;
    while (!fits(start_ns, duration_ns))
        start_ns++;
    return start_ns;
}

/* Work that ends at the limit is too late. */
static void
check_find(uint32_t ready_ns, uint32_t duration_ns)
{
    uint32_t start_ns = first_fit(ready_ns, duration_ns);
    double finish_ns = (double)start_ns + duration_ns;
    ck_assert_double_eq(chx__free_time_find(&lane, ready_ns, duration_ns, INFINITY), start_ns);
    ck_assert_double_eq(chx__free_time_find(&lane, ready_ns, duration_ns, finish_ns + 0.5),
                        start_ns);
    ck_assert(isinf(chx__free_time_find(&lane, ready_ns, duration_ns, finish_ns)));
}

/* As the map says, each as long as can be, the last without end. */
static void
check_gaps(void)
{
    size_t g = 0;
    for (uint32_t t = 0; t <= SPAN_NS; t++) {
        bool begins = is_free(t) && (t == 0 || !is_free(t - 1));
        bool ends = !is_free(t) && t > 0 && is_free(t - 1);
        if (begins)
            ck_assert_double_eq(lane.gaps[g].start_ns, t);
        if (ends)
            ck_assert_double_eq(lane.gaps[g++].finish_ns, t);
    }
    ck_assert(isinf(lane.gaps[g].finish_ns));
    ck_assert_uint_eq(lane.n_gaps, g + 1);
    ck_assert_double_eq(chx__free_time_end(&lane), lane.gaps[g].start_ns);
}

/* Work of 7 ns every 20 leaves gaps of 13 ns between. */
static void
take_regularly(void)
{
    for (uint32_t t = 0; t + 20 <= SPAN_NS; t += 20)
        take(t, t + 7);
}

START_TEST(a_lane_is_free_until_work_is_placed)
{
    check_gaps();
    check_find(0, 0);
    check_find(5, 30);
    ck_assert_double_eq(chx__free_time_end(&lane), 0);
}
END_TEST

START_TEST(work_goes_into_the_first_gap_that_holds_it)
{
    take_regularly();
    take(100, 110); /* one gap is shorter than the others */
    for (uint32_t ready_ns = 0; ready_ns < SPAN_NS; ready_ns += 3)
        for (uint32_t duration_ns = 0; duration_ns < 16; duration_ns++)
            check_find(ready_ns, duration_ns);
}
END_TEST

START_TEST(any_order_of_taking_leaves_the_same_gaps)
{
    srand(1 + (unsigned)_i);
    for (uint32_t n = 0; n < 120; n++) {
        uint32_t start_ns = (uint32_t)rand() % (SPAN_NS - 12);
        take(start_ns, start_ns + (uint32_t)rand() % 12);
        check_gaps();
        for (uint32_t f = 0; f < 8; f++)
            check_find((uint32_t)rand() % SPAN_NS, (uint32_t)rand() % 10);
    }
}
END_TEST

START_TEST(what_is_taken_twice_is_taken_once)
{
    take_regularly();
    size_t n_gaps = lane.n_gaps;
    take(20, 27);
    take(22, 25);
    take(43, 43);
    ck_assert_uint_eq(lane.n_gaps, n_gaps);
    take(22, 68); /* two gaps and the work around them */
    ck_assert_uint_eq(lane.n_gaps, n_gaps - 2);
    check_gaps();
}
END_TEST

START_TEST(a_reset_lane_is_free_again)
{
    take_regularly();
    chx__free_time_reset(&lane);
    memset(is_taken, 0, sizeof is_taken);
    check_gaps();
    check_find(0, 100);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("free_time");
    TCase *tests = tcase_create("free_time");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_lane_is_free_until_work_is_placed);
    tcase_add_test(tests, work_goes_into_the_first_gap_that_holds_it);
    tcase_add_loop_test(tests, any_order_of_taking_leaves_the_same_gaps, 0, 10);
    tcase_add_test(tests, what_is_taken_twice_is_taken_once);
    tcase_add_test(tests, a_reset_lane_is_free_again);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
