/* Timelines, their critical path, and the pictures and traces that are made of them. */
#include <check.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <chronaxie/timeline.h>

#include "base/file.h"
#include "each.h"

static chx_timeline *timeline;
static char path[] = P_tmpdir "/timeline-XXXXXX";

static void
begin(void)
{
    ck_assert_int_eq(chx_timeline_create(&timeline), CHX_OK);
    strcpy(path, P_tmpdir "/timeline-XXXXXX");
    close(mkstemp(path));
}

static void
end(void)
{
    unlink(path);
    chx_timeline_destroy(&timeline);
    ck_assert_ptr_null(timeline);
    chx_timeline_destroy(&timeline);
}

static uint32_t
add_lane(const char *device, const char *name)
{
    uint32_t lane;
    ck_assert_int_eq(chx_timeline_add_lane(timeline, device, name, &lane), CHX_OK);
    return lane;
}

static uint32_t
add_span(const char *name, chx_span_kind kind, uint32_t lane, double start, double finish)
{
    uint32_t index;
    chx_span span = {name, kind, lane, 640, start, finish, -1, -1};
    ck_each(chx_timeline_add_span(timeline, &span, &index) == CHX_OK);
    return index;
}

static uint32_t
add_measured(const char *name, uint32_t lane, double start, double finish)
{
    uint32_t index;
    chx_span span = {name, CHX_SPAN_KERNEL, lane, 0, start, finish, start + 1, finish * 1.5 + 1};
    ck_each(chx_timeline_add_span(timeline, &span, &index) == CHX_OK);
    return index;
}

static void
add_edge(uint32_t before, uint32_t after)
{
    ck_each(chx_timeline_add_edge(timeline, before, after) == CHX_OK);
}

static const char *const nasty = "<a href=\"x\">&'\\ \x01\n\t\xff \xc3\xa9\xe2\x82\xac";

static void
add_something(void)
{
    uint32_t compute = add_lane("gpu & <co>", nasty), copy = add_lane("gpu & <co>", "copy");
    uint32_t host = add_lane("host", "host");
    uint32_t a = add_measured(nasty, compute, 0, 1000);
    uint32_t b = add_span("move", CHX_SPAN_TRANSFER, copy, 1000, 1500);
    uint32_t c = add_span("sum", CHX_SPAN_HOST, host, 1500, 2000);
    add_edge(a, b);
    add_edge(b, c);
}

START_TEST(timeline_keeps_copies)
{
    char name[] = "kernel";
    uint32_t lane = add_lane("gpu", name);
    add_span(name, CHX_SPAN_KERNEL, lane, 1, 2);
    name[0] = 'X';
    ck_assert_str_eq(chx_timeline_span(timeline, 0)->name, "kernel");
    ck_assert_str_eq(chx_timeline_lane_name(timeline, 0), "kernel");
    ck_assert_str_eq(chx_timeline_lane_device(timeline, 0), "gpu");
    ck_assert_uint_eq(chx_timeline_n_lanes(timeline), 1);
    ck_assert_uint_eq(chx_timeline_n_spans(timeline), 1);
    ck_assert_ptr_null(chx_timeline_span(timeline, 1));
    ck_assert_ptr_null(chx_timeline_lane_name(timeline, 1));
    ck_assert_ptr_null(chx_timeline_lane_device(timeline, 1));
}
END_TEST

START_TEST(timeline_unknown_indices_are_refused)
{
    chx_span span = {"x", CHX_SPAN_KERNEL, 0, 0, 0, 1, -1, -1};
    ck_assert_int_eq(chx_timeline_add_span(timeline, &span, NULL), CHX_ERROR_INVALID);
    uint32_t lane = add_lane("gpu", "lane");
    add_span("x", CHX_SPAN_KERNEL, lane, 0, 1);
    ck_assert_int_eq(chx_timeline_add_edge(timeline, 0, 1), CHX_ERROR_INVALID);
    ck_assert_int_eq(chx_timeline_add_edge(timeline, 0, 0), CHX_ERROR_INVALID);
    span.kind = 0;
    ck_assert_int_eq(chx_timeline_add_span(timeline, &span, NULL), CHX_ERROR_INVALID);
    ck_assert_int_eq(chx_timeline_append(timeline, timeline), CHX_ERROR_INVALID);
}
END_TEST

START_TEST(timeline_append_matches_lanes_by_device_and_name)
{
    chx_timeline *first = timeline;
    uint32_t lane = add_lane("gpu", "one");
    add_span("a", CHX_SPAN_KERNEL, lane, 0, 1);
    ck_assert_int_eq(chx_timeline_create(&timeline), CHX_OK);
    add_lane("cpu", "one");
    lane = add_lane("gpu", "one");
    uint32_t b = add_span("b", CHX_SPAN_KERNEL, 0, 1, 2);
    add_edge(b, add_span("c", CHX_SPAN_KERNEL, lane, 2, 3));
    ck_assert_int_eq(chx_timeline_append(first, timeline), CHX_OK);
    chx_timeline_destroy(&timeline);
    timeline = first;
    ck_assert_uint_eq(chx_timeline_n_lanes(timeline), 2);
    ck_assert_uint_eq(chx_timeline_n_spans(timeline), 3);
    ck_assert_uint_eq(chx_timeline_span(timeline, 1)->lane, 1);
    ck_assert_uint_eq(chx_timeline_span(timeline, 2)->lane, 0);
    bool critical[3];
    ck_assert_int_eq(chx_timeline_critical_path(timeline, critical), CHX_OK);
    ck_assert(critical[1] && critical[2]);
}
END_TEST

START_TEST(timeline_critical_path_follows_what_was_waited_for)
{
    uint32_t one = add_lane("gpu", "one"), two = add_lane("gpu", "two");
    uint32_t a = add_span("a", CHX_SPAN_KERNEL, one, 0, 10);
    uint32_t b = add_span("b", CHX_SPAN_KERNEL, two, 0, 30);
    uint32_t c = add_span("c", CHX_SPAN_KERNEL, two, 30, 40);
    uint32_t d = add_span("d", CHX_SPAN_KERNEL, one, 45, 50);
    uint32_t e = add_span("e", CHX_SPAN_KERNEL, two, 50, 51);
    add_edge(a, c);
    add_edge(a, d);
    add_edge(c, d);
    add_edge(d, e);
    bool critical[5];
    ck_assert_int_eq(chx_timeline_critical_path(timeline, critical), CHX_OK);
    ck_assert(!critical[a] && critical[b] && critical[c] && critical[d] && critical[e]);
}
END_TEST

START_TEST(timeline_critical_path_of_measured_spans_takes_what_ended_last)
{
    uint32_t lane = add_lane("gpu", "one");
    uint32_t a = add_measured("a", lane, 0, 1000);
    uint32_t b = add_measured("b", lane, 2000, 3000);
    uint32_t c = add_measured("c", lane, 5000, 6000);
    add_edge(a, c);
    bool critical[3];
    ck_assert_int_eq(chx_timeline_critical_path(timeline, critical), CHX_OK);
    ck_assert(critical[a] && critical[b] && critical[c]);
}
END_TEST

START_TEST(timeline_critical_path_ends_in_contradictions)
{
    uint32_t lane = add_lane("gpu", "one");
    uint32_t a = add_span("a", CHX_SPAN_KERNEL, lane, 5, 10);
    uint32_t b = add_span("b", CHX_SPAN_KERNEL, lane, 5, 10);
    uint32_t c = add_span("unknown", CHX_SPAN_KERNEL, lane, -1, -1);
    uint32_t d = add_span("nonsense", CHX_SPAN_KERNEL, lane, 9, NAN);
    add_edge(a, b);
    add_edge(b, a);
    add_edge(c, a);
    add_edge(d, b);
    bool critical[4];
    ck_assert_int_eq(chx_timeline_critical_path(timeline, critical), CHX_OK);
    ck_assert(critical[a] && critical[b] && !critical[c] && !critical[d]);
}
END_TEST

static char *
written(chx_status (*write)(const chx_timeline *, const char *), size_t *size)
{
    char *text;
    ck_assert_int_eq(write(timeline, path), CHX_OK);
    ck_assert_int_eq(chx__file_read(path, 1 << 28, &text, size), CHX_OK);
    return text;
}

static size_t
count_events(const json_t *events, const char *key, const char *value)
{
    size_t n = 0, i;
    json_t *event;
    json_array_foreach(events, i, event)
    {
        const char *text = json_string_value(json_object_get(event, key));
        n += text && strcmp(text, value) == 0;
    }
    return n;
}

START_TEST(timeline_trace_is_json_that_perfetto_reads)
{
    size_t size, i;
    add_something();
    char *text = written(chx_timeline_write_trace, &size);
    json_error_t error;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error), *event;
    ck_assert_msg(root, "%d: %s", error.line, error.text);
    json_t *events = json_object_get(root, "traceEvents");
    ck_assert_uint_eq(count_events(events, "ph", "X"), 4);
    ck_assert_uint_eq(count_events(events, "ph", "s"), 2);
    ck_assert_uint_eq(count_events(events, "ph", "f"), 2);
    ck_assert_uint_eq(count_events(events, "name", "process_name"), 4);
    ck_assert_uint_eq(count_events(events, "name", "thread_name"), 6);
    size_t n_moves = 0;
    json_array_foreach(events, i, event)
    {
        const char *name = json_string_value(json_object_get(event, "name"));
        if (strcmp(name, "move") != 0)
            continue;
        n_moves++;
        ck_assert_double_eq_tol(json_number_value(json_object_get(event, "ts")), 1.0, 1e-9);
        ck_assert_double_eq_tol(json_number_value(json_object_get(event, "dur")), 0.5, 1e-9);
        json_t *args = json_object_get(event, "args");
        ck_assert_int_eq(json_integer_value(json_object_get(args, "bytes")), 640);
    }
    ck_assert_uint_eq(n_moves, 1);
    json_decref(root);
    free(text);
}
END_TEST

/* Checks that tags nest and nothing is left unescaped: what a parser would refuse. */
static void
ck_well_formed(const char *text)
{
    const char *open[64];
    size_t depth = 0;
    for (const char *p = text; *p; p++) {
        ck_assert_msg((unsigned char)*p >= 0x20 || *p == '\n', "a control character");
        if (*p == '&')
            ck_assert(strcspn(p, ";") < 7);
        if (*p != '<')
            continue;
        const char *close = strchr(p, '>');
        ck_assert_ptr_nonnull(close);
        size_t name = strcspn(p + 1, " />\n");
        if (p[1] == '/') {
            ck_assert_uint_gt(depth, 0);
            name = strcspn(p + 2, ">");
            ck_assert(strncmp(open[--depth], p + 2, name) == 0);
        } else if (p[1] != '?' && close[-1] != '/') {
            ck_assert_uint_gt(name, 0);
            ck_assert_uint_lt(depth, 64);
            open[depth++] = p + 1;
        }
        p = close;
    }
    ck_assert_uint_eq(depth, 0);
}

START_TEST(timeline_picture_is_well_formed)
{
    size_t size;
    add_something();
    char *text = written(chx_timeline_write_svg, &size);
    ck_well_formed(text);
    ck_assert_ptr_nonnull(strstr(text, "gpu &amp; &lt;co&gt;"));
    ck_assert_ptr_nonnull(strstr(text, "makespan 2 \xc2\xb5s"));
    ck_assert_ptr_nonnull(strstr(text, "time (\xc2\xb5s)"));
    ck_assert_ptr_nonnull(strstr(text, ">sum</text>"));
    free(text);
}
END_TEST

START_TEST(timeline_picture_compares_measured_with_predicted)
{
    size_t size;
    uint32_t lane = add_lane("gpu", "one");
    add_measured("a", lane, 0, 1000);
    char *text = written(chx_timeline_write_svg, &size);
    ck_well_formed(text);
    ck_assert_ptr_nonnull(strstr(text, "Measured timeline, makespan 1.5 \xc2\xb5s"));
    ck_assert_ptr_nonnull(strstr(text, "predicted 1 \xc2\xb5s (measured +50.0 %)"));
    ck_assert_ptr_nonnull(strstr(text, "as predicted"));
    free(text);
}
END_TEST

START_TEST(timeline_page_escapes_names_and_has_its_data)
{
    size_t size;
    add_something();
    char *text = written(chx_timeline_write_html, &size);
    ck_assert_ptr_nonnull(strstr(text, "gpu &amp; &lt;co&gt;"));
    ck_assert_ptr_null(strstr(text, "<a href="));
    ck_assert_ptr_nonnull(strstr(text, "<noscript>\n<svg"));
    char *data = strstr(text, "id=\"data\">");
    ck_assert_ptr_nonnull(data);
    data += strlen("id=\"data\">");
    *strstr(data, "</script>") = '\0';
    json_t *root = json_loads(data, 0, NULL);
    ck_assert_ptr_nonnull(root);
    ck_assert_uint_eq(json_array_size(json_object_get(root, "spans")), 3);
    ck_assert_uint_eq(json_array_size(json_object_get(root, "lanes")), 3);
    ck_assert_uint_eq(json_array_size(json_object_get(root, "edges")), 2);
    const char *device = NULL;
    ck_assert_int_eq(json_unpack(root, "{s:[[s,s]]}", "lanes", &(const char *){0}, &device), 0);
    ck_assert_str_eq(device, "gpu & <co>");
    json_decref(root);
    free(text);
}
END_TEST

START_TEST(timeline_empty_ones_can_be_drawn)
{
    size_t size;
    char *text = written(chx_timeline_write_svg, &size);
    ck_well_formed(text);
    free(text);
    text = written(chx_timeline_write_html, &size);
    ck_assert_ptr_null(strstr(text, "nan"));
    free(text);
    add_span("instant", CHX_SPAN_KERNEL, add_lane("", ""), 7, 7);
    text = written(chx_timeline_write_svg, &size);
    ck_well_formed(text);
    ck_assert_ptr_null(strstr(text, "nan"));
    free(text);
    text = written(chx_timeline_write_trace, &size);
    json_t *root = json_loadb(text, size, 0, NULL);
    ck_assert_ptr_nonnull(root);
    json_decref(root);
    free(text);
}
END_TEST

START_TEST(timeline_picture_of_thousands_says_what_it_leaves_out)
{
    size_t size;
    uint32_t lanes[4], previous = 0;
    for (int l = 0; l < 4; l++)
        lanes[l] = add_lane("gpu", "lane");
    for (int s = 0; s < 8000; s++) {
        uint32_t span = add_span("s", CHX_SPAN_KERNEL, lanes[s % 4], s * 100.0, s * 100.0 + 100);
        if (s)
            add_edge(previous, span);
        previous = span;
    }
    char *text = written(chx_timeline_write_svg, &size);
    ck_well_formed(text);
    ck_assert_ptr_nonnull(strstr(text, "200 of 7999 dependencies drawn"));
    ck_assert_uint_lt(size, 4u << 20);
    free(text);
}
END_TEST

START_TEST(timeline_writers_use_points_in_any_locale)
{
    size_t size;
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8"))
        return;
    add_something();
    char *text = written(chx_timeline_write_trace, &size);
    ck_assert_ptr_nonnull(strstr(text, "\"dur\":0.500"));
    free(text);
    char comma[8];
    snprintf(comma, sizeof comma, "%.1f", 0.5);
    ck_assert_str_eq(comma, "0,5");
}
END_TEST

START_TEST(timeline_unwritable_target_is_a_file_error)
{
    add_something();
    ck_assert_int_eq(chx_timeline_write_svg(timeline, "/nonexistent/x.svg"), CHX_ERROR_FILE);
    ck_assert_int_eq(chx_timeline_write_trace(timeline, "/nonexistent/x.json"), CHX_ERROR_FILE);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("timeline");
    TCase *cases = tcase_create("timeline");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, timeline_keeps_copies);
    tcase_add_test(cases, timeline_unknown_indices_are_refused);
    tcase_add_test(cases, timeline_append_matches_lanes_by_device_and_name);
    tcase_add_test(cases, timeline_critical_path_follows_what_was_waited_for);
    tcase_add_test(cases, timeline_critical_path_of_measured_spans_takes_what_ended_last);
    tcase_add_test(cases, timeline_critical_path_ends_in_contradictions);
    tcase_add_test(cases, timeline_trace_is_json_that_perfetto_reads);
    tcase_add_test(cases, timeline_picture_is_well_formed);
    tcase_add_test(cases, timeline_picture_compares_measured_with_predicted);
    tcase_add_test(cases, timeline_page_escapes_names_and_has_its_data);
    tcase_add_test(cases, timeline_empty_ones_can_be_drawn);
    tcase_add_test(cases, timeline_picture_of_thousands_says_what_it_leaves_out);
    tcase_add_test(cases, timeline_writers_use_points_in_any_locale);
    tcase_add_test(cases, timeline_unwritable_target_is_a_file_error);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
