/* The public scheduler: textbook examples, units, refusals and files. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <chronaxie/schedule.h>

#include "base/file.h"
#include "canonical.h"
#include "schedule/problem.h"

static chx_schedule *
solve(const chx_schedule_problem *problem)
{
    chx_schedule *schedule = NULL;
    ck_assert_msg(chx_schedule_create(problem, "heft", &schedule) == CHX_OK, "%s",
                  chx_last_error()->message);
    return schedule;
}

START_TEST(schedule_of_topcuoglu_takes_80)
{
    chx_schedule *schedule = solve(&topcuoglu);
    ck_assert_double_eq(chx_schedule_makespan_ms(schedule), 80.0);
    ck_assert_double_eq_tol(chx_schedule_lower_bound_ms(schedule), 54.0, 1e-9);
    ck_assert_str_eq(chx_schedule_algorithm(schedule), "heft");
    ck_assert_uint_eq(chx_schedule_n_tasks(schedule), 10);
    ck_assert_str_eq(chx_schedule_task_name(schedule, 9), "T10");
    const chx_schedule_entry *first = chx_schedule_task(schedule, 0);
    ck_assert_str_eq(chx_schedule_lane_name(schedule, first->lane), "P3");
    ck_assert_double_eq(first->start_ms, 0.0);
    ck_assert_double_eq(first->finish_ms, 9.0);
    ck_assert_ptr_null(chx_schedule_task(schedule, 10));
    ck_assert_ptr_null(chx_schedule_task_name(schedule, 10));
    ck_assert_ptr_null(chx_schedule_lane_name(schedule, 3));
    chx_schedule_destroy(&schedule);
    ck_assert_ptr_null(schedule);
    chx_schedule_destroy(&schedule);
}
END_TEST

START_TEST(schedule_of_arabnejad_and_barbosa_takes_133)
{
    chx_schedule *schedule = solve(&arabnejad);
    ck_assert_double_eq(chx_schedule_makespan_ms(schedule), 133.0);
    ck_assert_double_eq_tol(chx_schedule_lower_bound_ms(schedule), 86.0, 1e-9);
    ck_assert_str_eq(chx_schedule_task_name(schedule, 0), "T1");
    ck_assert_str_eq(chx_schedule_lane_name(schedule, 0), "P1");
    chx_schedule_destroy(&schedule);
}
END_TEST

START_TEST(schedule_ranks_of_topcuoglu_are_those_published)
{
    static const double published[] = {108, 77, 80, 80, 69, 63.333, 42.667, 35.667, 44.333, 14.667};
    chx__machine_lane lanes[3] = {{.place = 0}, {.place = 1}, {.place = 2}};
    chx__item items[15];
    uint32_t begin[11] = {0}, inputs[15], none[11] = {0}, n = 0;
    for (uint32_t t = 0; t < 10; t++) {
        for (uint32_t e = 0; e < 15; e++) {
            const chx_schedule_edge *edge = &topcuoglu.edges[e];
            items[e] = (chx__item){(uint64_t)edge->transfer_ms, edge->before, chx__places_none()};
            if (edge->after == t)
                inputs[n++] = e;
        }
        begin[t + 1] = n;
    }
    const chx__machine machine = {3, 3, lanes, NULL};
    const chx__problem problem = {10, 15, items, {begin, inputs}, {none, NULL}, topcuoglu.cost_ms};
    double ranks[10];
    ck_assert_int_eq(chx__upward_ranks(&machine, &problem, ranks), CHX_OK);
    for (int t = 0; t < 10; t++)
        ck_assert_double_eq_tol(ranks[t], published[t], 0.0005);
}
END_TEST

START_TEST(schedule_does_not_depend_on_the_unit)
{
    double cost_ms[30];
    chx_schedule_edge edges[15];
    for (int exponent = -60; exponent <= 20; exponent += 20) {
        chx_schedule_problem scaled = topcuoglu;
        for (int i = 0; i < 30; i++)
            cost_ms[i] = ldexp(topcuoglu.cost_ms[i], exponent);
        for (int i = 0; i < 15; i++) {
            edges[i] = topcuoglu.edges[i];
            edges[i].transfer_ms = ldexp(edges[i].transfer_ms, exponent);
        }
        scaled.cost_ms = cost_ms;
        scaled.edges = edges;
        chx_schedule *schedule = solve(&scaled);
        ck_assert_double_eq(chx_schedule_makespan_ms(schedule), ldexp(80.0, exponent));
        chx_schedule_destroy(&schedule);
    }
}
END_TEST

START_TEST(schedule_refuses_bad_numbers)
{
    chx_schedule *schedule = NULL;
    double cost_ms[30];
    chx_schedule_edge edges[15];
    chx_schedule_problem bad = topcuoglu;
    bad.cost_ms = cost_ms;
    bad.edges = edges;
    memcpy(cost_ms, topcuoglu.cost_ms, sizeof cost_ms);
    memcpy(edges, topcuoglu.edges, sizeof edges);
    static const double wrong[] = {NAN, -1.0, -INFINITY, 1e300};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cost_ms[7] = wrong[i];
        ck_assert_int_eq(chx_schedule_create(&bad, NULL, &schedule), CHX_ERROR_INVALID);
        cost_ms[7] = 1.0;
        edges[3].transfer_ms = wrong[i];
        ck_assert_int_eq(chx_schedule_create(&bad, NULL, &schedule), CHX_ERROR_INVALID);
        edges[3].transfer_ms = 1.0;
    }
    cost_ms[6] = cost_ms[7] = cost_ms[8] = INFINITY;
    ck_assert_int_eq(chx_schedule_create(&bad, NULL, &schedule), CHX_ERROR_INVALID);
    cost_ms[6] = 3.0;
    edges[3].after = 10;
    ck_assert_int_eq(chx_schedule_create(&bad, NULL, &schedule), CHX_ERROR_INVALID);
    edges[3].after = 3;
    ck_assert_int_eq(chx_schedule_create(&bad, "magic", &schedule), CHX_ERROR_INVALID);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "heft"));
    edges[3] = (chx_schedule_edge){9, 0, 1.0};
    ck_assert_int_eq(chx_schedule_create(&bad, NULL, &schedule), CHX_ERROR_CYCLE);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "\"T"));
    ck_assert_ptr_null(schedule);
}
END_TEST

START_TEST(schedule_never_beats_its_lower_bound)
{
    enum { N = 30, LANES = 4 };
    srand(3);
    for (int instance = 0; instance < 500; instance++) {
        double cost_ms[N * LANES];
        chx_schedule_edge edges[2 * N];
        uint32_t n_edges = 0;
        for (int i = 0; i < N * LANES; i++)
            cost_ms[i] = rand() % 5 ? rand() % 100 * 0.1 : INFINITY;
        for (uint32_t t = 0; t < N; t++) {
            cost_ms[t * LANES] = rand() % 7;
            for (int i = rand() % 3; t > 0 && i > 0; i--)
                edges[n_edges++] = (chx_schedule_edge){(uint32_t)rand() % t, t, rand() % 50 * 0.1};
        }
        chx_schedule *schedule = solve(&(chx_schedule_problem){.n_lanes = LANES,
                                                               .n_tasks = N,
                                                               .n_edges = n_edges,
                                                               .cost_ms = cost_ms,
                                                               .edges = edges});
        ck_assert_double_ge(chx_schedule_makespan_ms(schedule),
                            chx_schedule_lower_bound_ms(schedule) * (1 - 1e-12));
        chx_schedule_destroy(&schedule);
    }
}
END_TEST

START_TEST(schedule_becomes_a_timeline)
{
    chx_timeline *timeline;
    chx_schedule *schedule = solve(&topcuoglu);
    ck_assert_int_eq(chx_schedule_timeline(schedule, &timeline), CHX_OK);
    chx_schedule_destroy(&schedule);
    ck_assert_uint_eq(chx_timeline_n_lanes(timeline), 3);
    ck_assert_uint_eq(chx_timeline_n_spans(timeline), 10);
    const chx_span *last = chx_timeline_span(timeline, 9);
    ck_assert_str_eq(last->name, "T10");
    ck_assert_double_eq(last->predicted_finish_ns, 80e6);
    ck_assert(last->measured_start_ns < 0.0);
    bool critical[10];
    ck_assert_int_eq(chx_timeline_critical_path(timeline, critical), CHX_OK);
    static const bool expected[10] = {[0] = true, [1] = true, [8] = true, [9] = true};
    ck_assert_mem_eq(critical, expected, sizeof critical);
    chx_timeline_destroy(&timeline);
}
END_TEST

static char path[] = P_tmpdir "/schedule-XXXXXX.json";

static chx_status
load(const char *text, chx_schedule **schedule)
{
    strcpy(path, P_tmpdir "/schedule-XXXXXX.json");
    close(mkstemps(path, 5));
    ck_assert_int_eq(chx__file_write(path, text, strlen(text)), CHX_OK);
    chx_status status = chx_schedule_load(path, NULL, schedule);
    unlink(path);
    return status;
}

START_TEST(schedule_loads_what_the_manual_shows)
{
    chx_schedule *schedule;
    ck_assert_int_eq(load("{\"lanes\":[\"P1\",\"P2\"],\"tasks\":[{\"name\":\"T1\",\"cost_ms\":"
                          "[14,16]},{\"cost_ms\":[null,2.5],\"name\":\"T2\"}],"
                          "\"edges\":[[\"T1\",\"T2\",18]]}",
                          &schedule),
                     CHX_OK);
    ck_assert_double_eq(chx_schedule_makespan_ms(schedule), 16 + 2.5);
    ck_assert_uint_eq(chx_schedule_task(schedule, 1)->lane, 1);
    chx_schedule_destroy(&schedule);
}
END_TEST

#define LANES "{\"lanes\":[\"a\",\"b\"],\n"
#define TASKS                                                  \
    LANES "\"tasks\":[\n{\"name\":\"x\",\"cost_ms\":[1,2]},\n" \
          "{\"name\":\"y\",\"cost_ms\":[1,2]}],\n"

START_TEST(schedule_broken_files_are_one_sentence_with_a_line)
{
    static const struct {
        const char *text;
        int line;
        const char *says;
        chx_status status;
    } broken[] = {
        {"", 1, "not valid JSON", CHX_ERROR_FORMAT},
        {"[]", 1, "must be an object", CHX_ERROR_FORMAT},
        {"{\"lanes\":[\"a\"]}", 1, "\"tasks\" is missing", CHX_ERROR_FORMAT},
        {"{\"tasks\":[]}", 1, "\"lanes\" is missing", CHX_ERROR_FORMAT},
        {LANES "\"tusks\":[]}", 2, "unknown key", CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[]}", 2, "0 elements", CHX_ERROR_FORMAT},
        {LANES "\"tasks\":{}}", 2, "must be an array", CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[7]}", 2, "must be an object", CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[{\"cost_ms\":[1,2]}]}", 2, "\"name\" is missing", CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[{\"name\":\"x\"}]}", 2, "\"cost_ms\" is missing", CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[{\"name\":\"\",\"cost_ms\":[1,2]}]}", 2, "empty", CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[{\"name\":1,\"cost_ms\":[1,2]}]}", 2, "text", CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[{\"name\":\"x\",\n\"cost_ms\":[1]}]}", 3, "1 elements where 2",
         CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[{\"name\":\"x\",\n\"cost_ms\":[1,2,3]}]}", 3, "3 elements where 2",
         CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[{\"name\":\"x\",\"cost_ms\":[1,\n-2]}]}", 3, "outside the range",
         CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[{\"name\":\"x\",\"cost_ms\":[1,\n1e999]}]}", 3, "not valid JSON",
         CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[{\"name\":\"x\",\"cost_ms\":[1,\n1e200]}]}", 3, "outside the range",
         CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[{\"name\":\"x\",\"cost_ms\":[1,\nNaN]}]}", 3, "not valid JSON",
         CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[{\"name\":\"x\",\"cost_ms\":[1,\n\"2\"]}]}", 3, "must be a number",
         CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[{\"name\":\"x\",\"cost_ms\":[null,\nnull]}]}", 2, "no lane",
         CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[{\"name\":\"x\",\"cost_ms\":[1,2],\n\"cost\":3}]}", 3, "unknown key",
         CHX_ERROR_FORMAT},
        {"{\"lanes\":[\"a\",\n\"a\"],\"tasks\":[1]}", 2, "twice", CHX_ERROR_FORMAT},
        {"{\"lanes\":[],\"tasks\":[1]}", 1, "0 elements", CHX_ERROR_FORMAT},
        {LANES "\"tasks\":[{\"name\":\"x\",\"cost_ms\":[1,2]},\n\n{\"name\":\"x\",\"cost_ms\":"
               "[1,2]}]}",
         4, "twice", CHX_ERROR_FORMAT},
        {TASKS "\"edges\":[[\"x\",\n\"z\",1]]}", 6, "no task \"z\"", CHX_ERROR_FORMAT},
        {TASKS "\"edges\":[[\"x\",\"y\"]]}", 5, "2 elements where 3", CHX_ERROR_FORMAT},
        {TASKS "\"edges\":[[\"x\",\"y\",-1]]}", 5, "outside the range", CHX_ERROR_FORMAT},
        {TASKS "\"edges\":[[\"x\",\"y\",null]]}", 5, "must be a number", CHX_ERROR_FORMAT},
        {TASKS "\"edges\":[[0,1,1]]}", 5, "must be a text", CHX_ERROR_FORMAT},
        {TASKS "\"edges\":[\n[\"x\",\"x\",1]]}", 6, "waits for itself", CHX_ERROR_FORMAT},
        {TASKS "\"edges\":[[\"x\",\"y\",1],[\"y\",\"x\",1]]}", 4, "waits for itself",
         CHX_ERROR_CYCLE},
        {TASKS "\"edges\":[],\"edges\":[]}", 5, "not valid JSON", CHX_ERROR_FORMAT},
        {TASKS "\"edges\":[]", 5, "not valid JSON", CHX_ERROR_FORMAT},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        chx_schedule *schedule = NULL;
        ck_assert_int_eq(load(broken[i].text, &schedule), broken[i].status);
        ck_assert_ptr_null(schedule);
        char begins[64];
        snprintf(begins, sizeof begins, "%s:%d: ", path, broken[i].line);
        const char *message = chx_last_error()->message;
        ck_assert_msg(
            strncmp(message, begins, strlen(begins)) == 0 && strstr(message, broken[i].says),
            "input %zu: \"%s\" lacks \"%s\" or \"%s\"", i, message, begins, broken[i].says);
        ck_assert_ptr_null(strchr(message, '\n'));
    }
    chx_schedule *schedule = NULL;
    ck_assert_int_eq(chx_schedule_load("/nonexistent/graph.json", NULL, &schedule), CHX_ERROR_FILE);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("schedule");
    TCase *cases = tcase_create("schedule");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, schedule_of_topcuoglu_takes_80);
    tcase_add_test(cases, schedule_of_arabnejad_and_barbosa_takes_133);
    tcase_add_test(cases, schedule_ranks_of_topcuoglu_are_those_published);
    tcase_add_test(cases, schedule_does_not_depend_on_the_unit);
    tcase_add_test(cases, schedule_refuses_bad_numbers);
    tcase_add_test(cases, schedule_never_beats_its_lower_bound);
    tcase_add_test(cases, schedule_becomes_a_timeline);
    tcase_add_test(cases, schedule_loads_what_the_manual_shows);
    tcase_add_test(cases, schedule_broken_files_are_one_sentence_with_a_line);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
