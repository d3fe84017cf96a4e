/* Where the time of hand-made timelines went: causes of idle time, totals and the bottleneck. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/schedule.h>

#include "canonical.h"
#include "each.h"
#include "schedule/diagnosis.h"

static chx_timeline *timeline;
static chx__diagnosis found;

static void
begin(void)
{
    ck_assert_int_eq(chx_timeline_create(&timeline), CHX_OK);
}

static void
end(void)
{
    chx__diagnosis_finish(&found);
    chx_timeline_destroy(&timeline);
}

static uint32_t
add_lane(const char *device, const char *name)
{
    uint32_t lane;
    ck_assert_int_eq(chx_timeline_add_lane(timeline, device, name, &lane), CHX_OK);
    return lane;
}

/* A measured span that was predicted to take half as long. */
static uint32_t
add_span(const char *name, chx_span_kind kind, uint32_t lane, double start, double finish)
{
    uint32_t index;
    chx_span span = {name,  kind,
                     lane,  kind == CHX_SPAN_TRANSFER ? 640 : 0,
                     start, start + (finish - start) / 2,
                     start, finish};
    ck_each(chx_timeline_add_span(timeline, &span, &index) == CHX_OK);
    return index;
}

static void
add_edge(uint32_t before, uint32_t after)
{
    ck_each(chx_timeline_add_edge(timeline, before, after) == CHX_OK);
}

static void
diagnose(void)
{
    ck_assert_int_eq(chx__diagnosis_init(&found, timeline), CHX_OK);
}

static chx_bottleneck
bottleneck(void)
{
    chx_bottleneck told;
    ck_assert_int_eq(chx_timeline_bottleneck(timeline, &told), CHX_OK);
    return told;
}

static void
check_gap(size_t index, chx__idle_cause cause, uint32_t span, double start, double finish)
{
    ck_assert_uint_lt(index, found.idle.n);
    const chx__gap *gap = &found.idle.list[index];
    ck_assert_int_eq(gap->cause, cause);
    ck_assert_uint_eq(gap->span, span);
    ck_assert_double_eq(gap->start_ns, start);
    ck_assert_double_eq(gap->finish_ns, finish);
}

START_TEST(diagnosis_names_each_moment_of_a_wait_by_what_was_at_work)
{
    uint32_t one = add_lane("A", "compute"), two = add_lane("B", "compute");
    uint32_t copy = add_lane("B", "copy"), host = add_lane("host", "host");
    uint32_t far = add_span("far", CHX_SPAN_KERNEL, two, 0, 30);
    uint32_t move = add_span("move", CHX_SPAN_TRANSFER, copy, 32, 50);
    uint32_t sum = add_span("sum", CHX_SPAN_HOST, host, 50, 80);
    uint32_t next = add_span("next", CHX_SPAN_KERNEL, one, 85, 100);
    add_edge(far, move);
    add_edge(move, sum);
    add_edge(sum, next);
    diagnose();
    check_gap(0, CHX__IDLE_START, next, 80, 85);
    check_gap(1, CHX__IDLE_HOST, sum, 50, 80);
    check_gap(2, CHX__IDLE_TRANSFER, move, 32, 50);
    check_gap(3, CHX__IDLE_START, move, 30, 32);
    check_gap(4, CHX__IDLE_TASK, far, 0, 30);
    check_gap(5, CHX__IDLE_NOTHING, CHX__NO_SPAN, 30, 100);
    const chx__device_use *device = &found.devices[0];
    ck_assert_double_eq_tol(device->busy, 0.15, 1e-12);
    ck_assert_double_eq_tol(device->idle[CHX__IDLE_TASK], 0.30, 1e-12);
    ck_assert_double_eq_tol(device->idle[CHX__IDLE_TRANSFER], 0.18, 1e-12);
    ck_assert_double_eq_tol(device->idle[CHX__IDLE_HOST], 0.30, 1e-12);
    ck_assert_double_eq_tol(device->idle[CHX__IDLE_START], 0.07, 1e-12);
    ck_assert_uint_eq(found.path.n, 6);
    ck_assert_uint_eq(found.path.list[0].span, next);
    ck_assert(found.devices[2].is_host && !found.devices[1].is_host);
    ck_assert_uint_eq(found.devices[1].moved_bytes, 640);
}
END_TEST

START_TEST(diagnosis_shares_of_a_device_add_up)
{
    uint32_t lanes[3] = {add_lane("A", "one"), add_lane("A", "two"), add_lane("idle", "one")};
    for (int i = 0; i < 20; i++) {
        uint32_t span =
            add_span("work", CHX_SPAN_KERNEL, lanes[i % 2], i * 10.0, i * 10.0 + 4 + i % 5);
        if (i > 2)
            add_edge(span - 3, span);
    }
    diagnose();
    ck_assert_uint_eq(found.n_devices, 2);
    ck_assert_uint_eq(found.devices[0].n_lanes, 2);
    for (size_t d = 0; d < found.n_devices; d++) {
        double sum = found.devices[d].busy;
        for (int cause = 0; cause < CHX__N_IDLE_CAUSES; cause++)
            sum += found.devices[d].idle[cause];
        ck_assert_double_eq_tol(sum, 1.0, 1e-12);
    }
    ck_assert_double_eq(found.devices[1].idle[CHX__IDLE_NOTHING], 1.0);
}
END_TEST

START_TEST(diagnosis_ranks_kernels_by_the_time_they_took)
{
    uint32_t lane = add_lane("A", "compute"), copy = add_lane("A", "copy");
    add_span("short", CHX_SPAN_KERNEL, lane, 0, 10);
    add_span("long", CHX_SPAN_KERNEL, lane, 10, 40);
    add_span("short", CHX_SPAN_KERNEL, lane, 40, 44);
    add_span("short", CHX_SPAN_TRANSFER, copy, 44, 45);
    diagnose();
    ck_assert_uint_eq(found.n_kernels, 3);
    ck_assert_str_eq(found.kernels[0].name, "long");
    ck_assert_str_eq(found.kernels[1].name, "short");
    ck_assert_uint_eq(found.kernels[1].count, 2);
    ck_assert_double_eq(found.kernels[1].measured_ns, 14);
    ck_assert_double_eq(found.kernels[1].predicted_ns, 7);
    ck_assert_int_eq(found.kernels[2].kind, CHX_SPAN_TRANSFER);
    ck_assert_uint_eq(found.kernels[2].bytes, 640);
    ck_assert_uint_eq(found.kernel_of[0], 1);
    ck_assert_uint_eq(found.kernel_of[1], 0);
}
END_TEST

/* Waits between runs are no edges. */
START_TEST(diagnosis_blames_what_ended_just_before)
{
    uint32_t lane = add_lane("A", "compute"), host = add_lane("host", "host");
    add_span("first", CHX_SPAN_KERNEL, lane, 0, 1e6);
    uint32_t frame = add_span("frame", CHX_SPAN_HOST, host, 1e6, 5e6);
    uint32_t soon = add_span("soon", CHX_SPAN_KERNEL, lane, 5.5e6, 6e6);
    uint32_t late = add_span("late", CHX_SPAN_KERNEL, lane, 9e6, 10e6);
    diagnose();
    check_gap(0, CHX__IDLE_START, soon, 5e6, 5.5e6);
    check_gap(1, CHX__IDLE_HOST, frame, 1e6, 5e6);
    check_gap(2, CHX__IDLE_START, late, 6e6, 9e6);
}
END_TEST

START_TEST(diagnosis_ends_where_times_contradict_edges)
{
    uint32_t one = add_lane("A", "one"), two = add_lane("B", "two");
    uint32_t a = add_span("a", CHX_SPAN_KERNEL, one, 50, 60);
    uint32_t b = add_span("b", CHX_SPAN_KERNEL, two, 20, 70);
    add_edge(a, b);
    add_edge(b, a);
    diagnose();
    check_gap(0, CHX__IDLE_TASK, b, 20, 50);
}
END_TEST

START_TEST(diagnosis_of_nothing_has_no_bottleneck)
{
    diagnose();
    ck_assert_int_eq(bottleneck().kind, CHX_BOTTLENECK_NONE);
    add_span("instant", CHX_SPAN_KERNEL, add_lane("", ""), 7, 7);
    ck_assert_int_eq(bottleneck().kind, CHX_BOTTLENECK_NONE);
}
END_TEST

START_TEST(bottleneck_is_a_host_that_is_always_busy)
{
    uint32_t lane = add_lane("A", "compute"), host = add_lane("host", "host");
    for (int i = 0; i < 10; i++) {
        add_span("draw", CHX_SPAN_KERNEL, lane, i * 100.0, i * 100.0 + 30);
        add_edge(2 * (uint32_t)i,
                 add_span("frame", CHX_SPAN_HOST, host, i * 100.0 + 5, i * 100.0 + 95));
    }
    chx_bottleneck told = bottleneck();
    ck_assert_int_eq(told.kind, CHX_BOTTLENECK_BUSY);
    ck_assert_str_eq(told.device, "host");
    ck_assert_str_eq(told.task, "frame");
    ck_assert_str_eq(told.sentence, "host is busy 90 % of the time, 100 % of it with 'frame': less "
                                    "work for the host would help");
}
END_TEST

START_TEST(bottleneck_is_a_transfer_that_the_end_hangs_on)
{
    uint32_t lane = add_lane("A", "compute"), copy = add_lane("A", "copy");
    uint32_t first = add_span("make", CHX_SPAN_KERNEL, lane, 0, 30);
    uint32_t move = add_span("upload", CHX_SPAN_TRANSFER, copy, 30, 90);
    add_edge(first, move);
    add_edge(move, add_span("use", CHX_SPAN_KERNEL, lane, 91, 100));
    chx_bottleneck told = bottleneck();
    ck_assert_int_eq(told.kind, CHX_BOTTLENECK_TRANSFER);
    ck_assert_double_eq_tol(told.share, 0.60, 1e-12);
    ck_assert_str_eq(told.sentence, "60 % of the time hangs on transfers, 100 % of that on "
                                    "'upload' of A: fewer bytes to move would help");
}
END_TEST

START_TEST(bottleneck_of_a_chain_is_not_helped_by_another_device)
{
    uint32_t lane = add_lane("A", "compute"), spare = add_lane("B", "compute");
    add_span("other", CHX_SPAN_KERNEL, spare, 0, 10);
    for (uint32_t i = 1; i <= 10; i++) {
        add_span("step", CHX_SPAN_KERNEL, lane, i * 10.0, i * 10.0 + 10);
        if (i > 1)
            add_edge(i - 1, i);
    }
    chx_bottleneck told = bottleneck();
    ck_assert_int_eq(told.kind, CHX_BOTTLENECK_BUSY);
    ck_assert_ptr_nonnull(strstr(told.sentence, "so shorter ones would help"));
}
END_TEST

START_TEST(bottleneck_is_a_pause_in_which_nothing_was_started)
{
    uint32_t lane = add_lane("A", "compute");
    add_span("a", CHX_SPAN_KERNEL, lane, 0, 100e6);
    add_span("b", CHX_SPAN_KERNEL, lane, 900e6, 1000e6);
    chx_bottleneck told = bottleneck();
    ck_assert_int_eq(told.kind, CHX_BOTTLENECK_START);
    ck_assert_ptr_nonnull(strstr(told.sentence, "80 % of the time"));
    ck_assert_ptr_nonnull(strstr(told.sentence, "for up to 800 ms, most of it before 'b'"));
}
END_TEST

/* HEFT's schedule of the canonical graph, 80 long. P1 waits for T1, 9 long, and 18 for its output,
 * runs T2 in 27 to 40, waits for T6 until 42 and 15 for its output, and runs T8 until 62. P3 ends
 * at 49, busy all the time. */
START_TEST(bottleneck_of_topcuoglu_by_heft_is_its_kernels)
{
    chx_schedule *schedule;
    chx_timeline_destroy(&timeline);
    ck_assert_int_eq(chx_schedule_create(&topcuoglu, "heft", &schedule), CHX_OK);
    ck_assert_int_eq(chx_schedule_timeline(schedule, &timeline), CHX_OK);
    chx_schedule_destroy(&schedule);
    diagnose();
    ck_assert_uint_eq(found.n_devices, 3);
    ck_assert_double_eq_tol(found.devices[0].busy, 18.0 / 80, 1e-12);
    ck_assert_double_eq_tol(found.devices[1].busy, 43.0 / 80, 1e-12);
    ck_assert_double_eq_tol(found.devices[2].busy, 49.0 / 80, 1e-12);
    ck_assert_double_eq_tol(found.devices[2].idle[CHX__IDLE_NOTHING], 31.0 / 80, 1e-12);
    ck_assert_double_eq_tol(found.devices[0].idle[CHX__IDLE_TASK], 11.0 / 80, 1e-12);
    ck_assert_double_eq_tol(found.devices[0].idle[CHX__IDLE_TRANSFER], 33.0 / 80, 1e-12);
    ck_assert_double_eq_tol(found.devices[0].idle[CHX__IDLE_NOTHING], 18.0 / 80, 1e-12);
    chx_bottleneck told = bottleneck();
    ck_assert_int_eq(told.kind, CHX_BOTTLENECK_KERNEL);
    double sum_ns = 0.0;
    for (size_t g = 0; g < found.path.n; g++)
        sum_ns += found.path.list[g].finish_ns - found.path.list[g].start_ns;
    ck_assert_double_eq_tol(sum_ns, 80e6, 1e-3);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("diagnosis");
    TCase *tests = tcase_create("diagnosis");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, diagnosis_names_each_moment_of_a_wait_by_what_was_at_work);
    tcase_add_test(tests, diagnosis_shares_of_a_device_add_up);
    tcase_add_test(tests, diagnosis_ranks_kernels_by_the_time_they_took);
    tcase_add_test(tests, diagnosis_blames_what_ended_just_before);
    tcase_add_test(tests, diagnosis_ends_where_times_contradict_edges);
    tcase_add_test(tests, diagnosis_of_nothing_has_no_bottleneck);
    tcase_add_test(tests, bottleneck_is_a_host_that_is_always_busy);
    tcase_add_test(tests, bottleneck_is_a_transfer_that_the_end_hangs_on);
    tcase_add_test(tests, bottleneck_of_a_chain_is_not_helped_by_another_device);
    tcase_add_test(tests, bottleneck_is_a_pause_in_which_nothing_was_started);
    tcase_add_test(tests, bottleneck_of_topcuoglu_by_heft_is_its_kernels);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
