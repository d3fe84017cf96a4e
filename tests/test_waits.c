/* What spans waited for: random timelines, whose spans were added in any order, against what a
 * look at all spans says; and the rules for plans, where transfers may be no spans. */
#include <check.h>
#include <stdlib.h>

#include "schedule/waits.h"

#define N_SPANS 60u
#define N_LANES 4u
#define N_EDGES 80u

static chx_timeline *timeline;
static chx__waits waits;

static void
begin(void)
{
    ck_assert_int_eq(chx_timeline_create(&timeline), CHX_OK);
    for (uint32_t l = 0; l < N_LANES; l++) {
        uint32_t lane;
        ck_assert_int_eq(chx_timeline_add_lane(timeline, "device", "lane", &lane), CHX_OK);
    }
}

static void
end(void)
{
    chx__waits_finish(&waits);
    chx_timeline_destroy(&timeline);
}

static uint32_t
add_planned(uint32_t lane, double start_ns, double finish_ns)
{
    uint32_t index;
    const chx_span span = {"", CHX_SPAN_KERNEL, lane, 0, start_ns, finish_ns, -1, -1};
    ck_assert_int_eq(chx_timeline_add_span(timeline, &span, &index), CHX_OK);
    return index;
}

static uint32_t
add_measured(uint32_t lane, double start_ns, double finish_ns)
{
    uint32_t index;
    const chx_span span = {"", CHX_SPAN_KERNEL, lane, 0, 0, 1, start_ns, finish_ns};
    ck_assert_int_eq(chx_timeline_add_span(timeline, &span, &index), CHX_OK);
    return index;
}

static void
add_edge(uint32_t before, uint32_t after)
{
    ck_assert_int_eq(chx_timeline_add_edge(timeline, before, after), CHX_OK);
}

static double
start_of(uint32_t span)
{
    return timeline->spans[span].measured_start_ns;
}

static double
finish_of(uint32_t span)
{
    return timeline->spans[span].measured_finish_ns;
}

/* Each lane is busy one span after another, with pauses, some of them long. No two spans end at
 * once. */
static void
add_random(void)
{
    uint32_t order[N_SPANS];
    double starts_ns[N_SPANS], free_ns[N_LANES] = {0}, finishes_ns[N_SPANS];
    for (uint32_t s = 0; s < N_SPANS; s++) {
        uint32_t lane = s % N_LANES;
        starts_ns[s] = free_ns[lane] + rand() % 3 * 6e5;
        finishes_ns[s] = free_ns[lane] = starts_ns[s] + 1e5 * (1 + rand() % 9) + s;
        order[s] = s;
    }
    for (uint32_t s = N_SPANS - 1; s > 0; s--) {
        uint32_t other = (uint32_t)rand() % (s + 1), kept = order[s];
        order[s] = order[other];
        order[other] = kept;
    }
    for (uint32_t s = 0; s < N_SPANS; s++)
        add_measured(order[s] % N_LANES, starts_ns[order[s]], finishes_ns[order[s]]);
    for (uint32_t e = 0; e < N_EDGES; e++) {
        uint32_t a = (uint32_t)rand() % N_SPANS, b = (uint32_t)rand() % N_SPANS;
        if (finish_of(a) <= start_of(b))
            add_edge(a, b);
    }
}

/* The one of both that ended last, of which either may be none. */
static uint32_t
last_of(uint32_t a, uint32_t b)
{
    if (a == CHX__NO_SPAN || b == CHX__NO_SPAN)
        return a == CHX__NO_SPAN ? b : a;
    return finish_of(a) > finish_of(b) ? a : b;
}

/* Of all that ended by a start, the last on its lane, with an edge, and of any not long before. */
static uint32_t
expected_cause(uint32_t span, const bool *skipped)
{
    uint32_t on_lane = CHX__NO_SPAN, by_edge = CHX__NO_SPAN, any = CHX__NO_SPAN;
    for (uint32_t s = 0; s < N_SPANS; s++) {
        if (finish_of(s) > start_of(span))
            continue;
        if (timeline->spans[s].lane == timeline->spans[span].lane)
            on_lane = last_of(on_lane, s);
        for (size_t e = 0; e < timeline->n_edges; e++)
            if (timeline->edges[e].before == s && timeline->edges[e].after == span && !skipped[s])
                by_edge = last_of(by_edge, s);
        any = last_of(any, s);
    }
    if (on_lane != CHX__NO_SPAN && skipped[on_lane])
        on_lane = CHX__NO_SPAN;
    if (any != CHX__NO_SPAN &&
        (skipped[any] || finish_of(any) < start_of(span) - CHX__LONG_PAUSE_NS))
        any = CHX__NO_SPAN;
    return last_of(last_of(on_lane, by_edge), any);
}

START_TEST(measured_spans_waited_for_what_ended_last)
{
    bool skipped[N_SPANS] = {false};
    srand(1 + (unsigned)_i);
    add_random();
    ck_assert_int_eq(chx__waits_init(&waits, timeline), CHX_OK);
    for (uint32_t s = 0; s < N_SPANS; s++)
        ck_assert_uint_eq(chx__waits_cause(&waits, s, NULL), expected_cause(s, skipped));
    for (uint32_t s = 0; s < N_SPANS; s++)
        skipped[s] = rand() % 3 == 0;
    for (uint32_t s = 0; s < N_SPANS; s++)
        ck_assert_uint_eq(chx__waits_cause(&waits, s, skipped), expected_cause(s, skipped));
}
END_TEST

START_TEST(the_critical_path_leads_from_cause_to_cause)
{
    bool critical[N_SPANS] = {false};
    const bool none[N_SPANS] = {false};
    uint32_t n = 0, n_marked = 0, last = 0;
    srand(1 + (unsigned)_i);
    add_random();
    ck_assert_int_eq(chx__waits_init(&waits, timeline), CHX_OK);
    for (uint32_t s = 1; s < N_SPANS; s++)
        last = last_of(last, s);
    ck_assert_uint_eq(chx__waits_last(&waits), last);
    chx__waits_mark_critical(&waits, critical);
    for (uint32_t s = last; s != CHX__NO_SPAN; s = expected_cause(s, none), n++)
        ck_assert(critical[s]);
    for (uint32_t s = 0; s < N_SPANS; s++)
        n_marked += critical[s];
    ck_assert_uint_eq(n_marked, n);
}
END_TEST

/* Of which the last is known by its number. */
START_TEST(of_spans_that_ended_at_once_one_was_waited_for)
{
    uint32_t second = add_measured(1, 0, 100), third = add_measured(2, 50, 100);
    uint32_t after = add_measured(3, 100, 300);
    ck_assert_int_eq(chx__waits_init(&waits, timeline), CHX_OK);
    ck_assert_uint_eq(waits.just_before[after], third);
    ck_assert_uint_eq(waits.just_before[second], CHX__NO_SPAN);
    ck_assert_uint_eq(chx__waits_cause(&waits, second, NULL), CHX__NO_SPAN);
}
END_TEST

START_TEST(a_pause_of_a_millisecond_is_no_handing_over)
{
    uint32_t first = add_measured(0, 0, 100);
    uint32_t soon = add_measured(1, 100 + CHX__LONG_PAUSE_NS, 2e6);
    uint32_t late = add_measured(2, 3.1e6, 4e6);
    ck_assert_int_eq(chx__waits_init(&waits, timeline), CHX_OK);
    ck_assert_uint_eq(chx__waits_cause(&waits, soon, NULL), first);
    ck_assert_uint_eq(chx__waits_cause(&waits, late, NULL), CHX__NO_SPAN);
}
END_TEST

/* A plan's edge stands for a transfer as well, which may take the time up to the start. */
START_TEST(planned_spans_waited_for_their_lane_only_up_to_its_end)
{
    uint32_t input = add_planned(0, 0, 300), busy = add_planned(1, 0, 1000);
    uint32_t held = add_planned(1, 1000, 2000); /* by its lane */
    uint32_t fed = add_planned(1, 3000, 4000); /* by a transfer of 2700 ns */
    uint32_t next = add_planned(1, 4000, 5000); /* without an input */
    add_edge(input, held);
    add_edge(input, fed);
    ck_assert_int_eq(chx__waits_init(&waits, timeline), CHX_OK);
    ck_assert_uint_eq(chx__waits_cause(&waits, input, NULL), CHX__NO_SPAN);
    ck_assert_uint_eq(chx__waits_cause(&waits, held, NULL), busy);
    ck_assert_uint_eq(chx__waits_cause(&waits, fed, NULL), input);
    ck_assert_uint_eq(chx__waits_cause(&waits, next, NULL), fed);
    const bool skipped[] = {false, true, false, true, false};
    ck_assert_uint_eq(chx__waits_cause(&waits, held, skipped), input);
    ck_assert_uint_eq(chx__waits_cause(&waits, next, skipped), CHX__NO_SPAN);
}
END_TEST

/* An input that ends with the lane's span, or a thousandth of all before, is told of first. */
START_TEST(of_an_input_and_a_lane_that_end_together_the_input_counts)
{
    uint32_t input = add_planned(0, 0, 999.5), busy = add_planned(1, 0, 1000);
    uint32_t both = add_planned(1, 1000, 2000);
    add_edge(input, both);
    ck_assert_int_eq(chx__waits_init(&waits, timeline), CHX_OK);
    ck_assert_uint_eq(chx__waits_cause(&waits, both, NULL), input);
    ck_assert_uint_eq(waits.lane_previous[both], busy);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("waits");
    TCase *tests = tcase_create("waits");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, measured_spans_waited_for_what_ended_last, 0, 10);
    tcase_add_loop_test(tests, the_critical_path_leads_from_cause_to_cause, 0, 10);
    tcase_add_test(tests, of_spans_that_ended_at_once_one_was_waited_for);
    tcase_add_test(tests, a_pause_of_a_millisecond_is_no_handing_over);
    tcase_add_test(tests, planned_spans_waited_for_their_lane_only_up_to_its_end);
    tcase_add_test(tests, of_an_input_and_a_lane_that_end_together_the_input_counts);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
