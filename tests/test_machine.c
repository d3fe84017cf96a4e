/* Described machines and work graphs: files that load, files that are refused with a line, and
 * plans that are played back. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <chronaxie/schedule.h>

#include "base/file.h"
#include "instance.h"
#include "io/machine_file.h"
#include "schedule/play.h"

#define MACHINE(name) SOURCE_ROOT "/tests/machines/" name ".json"

static const struct {
    const char *path;
    uint32_t n_lanes, n_places;
} machines[] = {
    {MACHINE("two-cores"), 7, 3},   {MACHINE("big-and-small"), 7, 3},
    {MACHINE("four-equal"), 13, 5}, {MACHINE("tiny-memory"), 3, 2},
    {MACHINE("integrated"), 2, 1},  {MACHINE("slow-link"), 6, 3},
};
enum { N_MACHINES = sizeof machines / sizeof *machines };

START_TEST(machine_files_load)
{
    chx__machine_model model;
    ck_assert_msg(chx__machine_file_load(machines[_i].path, &model) == CHX_OK, "%s",
                  chx_last_error()->message);
    ck_assert_uint_eq(model.machine.n_lanes, machines[_i].n_lanes);
    ck_assert_uint_eq(model.machine.n_places, machines[_i].n_places);
    ck_assert_str_eq(model.devices[0].name, "host");
    chx__machine_model_finish(&model);
    chx__machine_model_finish(&model);
}
END_TEST

START_TEST(machine_file_says_what_it_holds)
{
    chx__machine_model model;
    ck_assert_int_eq(chx__machine_file_load(MACHINE("two-cores"), &model), CHX_OK);
    ck_assert_str_eq(model.lane_models[1].full_name, "pocl.compute");
    ck_assert_double_eq(model.lane_models[1].gops, 12);
    ck_assert_double_eq(model.lane_models[1].launch_ns, 1500);
    ck_assert_int_eq(model.lanes[2].role, CHX__ROLE_COPY);
    ck_assert(model.lanes[0].hardware & model.lanes[1].hardware & model.lanes[4].hardware);
    const chx__link *link = &model.links[0 * 3 + 1];
    ck_assert(link->exists && !model.links[1 * 3 + 2].exists);
    ck_assert_uint_eq(link->lane, 2);
    ck_assert_double_eq(link->latency_ns, 2000);
    ck_assert_double_eq(link->ns_per_byte, 1.0 / 16);
    ck_assert_uint_eq(chx__machine_model_memory(&model, 1), UINT64_C(6) << 30);
    chx__machine_model_finish(&model);
    ck_assert_int_eq(chx__machine_file_load(MACHINE("integrated"), &model), CHX_OK);
    ck_assert_uint_eq(model.lanes[1].place, 0);
    chx__machine_model_finish(&model);
}
END_TEST

static char written[2][64];

static const char *
write_file(int which, const char *text)
{
    snprintf(written[which], sizeof written[which], P_tmpdir "/machine-XXXXXX.json");
    close(mkstemps(written[which], 5));
    ck_assert_int_eq(chx__file_write(written[which], text, strlen(text)), CHX_OK);
    return written[which];
}

static void
ck_says(const char *path, int line, const char *says)
{
    char begins[128];
    const char *message = chx_last_error()->message;
    snprintf(begins, sizeof begins, "%s:%d: ", path, line);
    ck_assert_msg(strncmp(message, begins, strlen(begins)) == 0 && strstr(message, says),
                  "\"%s\" lacks \"%s\" or \"%s\"", message, begins, says);
}

#define HOST "{\"devices\":[\n{\"name\":\"host\",\"lanes\":[{\"name\":\"a\",\"gops\":1}]}"
#define GPU \
    HOST ",\n{\"name\":\"gpu\",\"lanes\":[{\"name\":\"a\"},{\"name\":\"in\",\"role\":\"copy\"}]}]"

START_TEST(machine_broken_files_are_one_sentence_with_a_line)
{
    static const struct {
        const char *text;
        int line;
        const char *says;
    } broken[] = {
        {"", 1, "not valid JSON"},
        {"{}", 1, "\"devices\" is missing"},
        {"{\"devices\":[]}", 1, "0 elements"},
        {"{\"devices\":[\n{\"lanes\":[]}]}", 2, "\"name\" is missing"},
        {"{\"devices\":[\n{\"name\":\"host\",\"lanes\":[]}]}", 1, "no lane runs tasks"},
        {HOST ",\n{\"name\":\"host\",\"lanes\":[]}]}", 3, "occurs twice"},
        {HOST ",\n{\"name\":\"b\",\"idle_w\":5,\n\"busy_w\":4,\"lanes\":[]}]}", 4, "range"},
        {HOST ",\n{\"name\":\"b\",\"shares_memory_with\":\"c\",\"lanes\":[]}]}", 3, "no device"},
        {HOST ",\n{\"name\":\"b\",\"lanes\":[{\"name\":\"x\",\n\"role\":\"magic\"}]}]}", 4, "role"},
        {HOST ",\n{\"name\":\"b\",\"lanes\":[{\"name\":\"x\"},\n{\"name\":\"x\"}]}]}", 4, "twice"},
        {HOST ",\n{\"name\":\"b\",\"colour\":1,\"lanes\":[]}]}", 3, "unknown key"},
        {GPU ",\n\"links\":[{\"from\":\"host\",\"to\":\"x\",\"gb_per_s\":1}]}", 4, "no device"},
        {GPU ",\n\"links\":[{\"from\":\"host\",\"to\":\"gpu\"}]}", 4, "gb_per_s"},
        {GPU ",\n\"links\":[{\"from\":\"host\",\"to\":\"gpu\",\"gb_per_s\":1},\n"
             "{\"from\":\"host\",\"to\":\"gpu\",\"gb_per_s\":2}]}",
         5, "have a link in this direction already"},
        {GPU ",\n\"links\":[{\"from\":\"host\",\"to\":\"gpu\",\"gb_per_s\":0}]}", 4, "range"},
        {GPU ",\n\"links\":[{\"from\":\"gpu\",\"to\":\"gpu\",\"gb_per_s\":1}]}", 4, "same memory"},
        {GPU ",\n\"links\":[{\"from\":\"host\",\"to\":\"gpu\",\"gb_per_s\":1,\"lane\":\"gpu.a\"}]}",
         4, "role copy"},
        {GPU ",\n\"links\":[{\"from\":\"host\",\"to\":\"gpu\",\"gb_per_s\":1,\"lane\":\"q\"}]}", 4,
         "no lane \"q\""},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        chx__machine_model model = {.n_devices = 77};
        const char *path = write_file(0, broken[i].text);
        ck_assert_int_eq(chx__machine_file_load(path, &model), CHX_ERROR_FORMAT);
        unlink(path);
        ck_says(path, broken[i].line, broken[i].says);
        ck_assert_uint_eq(model.n_devices, 77);
    }
}
END_TEST

/* A reads from the host; B and C read what A writes; D reads a piece of both. */
static const char diamond[] =
    "{\"tasks\":[{\"name\":\"A\",\"gop\":10,\"input_bytes\":1e6,\"output_bytes\":4e6},\n"
    "{\"name\":\"B\",\"gop\":30,\"output_bytes\":2e6},\n"
    "{\"name\":\"C\",\"gop\":30},{\"name\":\"D\",\"cost_ms\":{\"host\":0.5}}],\n"
    "\"edges\":[[\"A\",\"B\"],[\"A\",\"C\"],[\"B\",\"D\"],\n"
    "{\"from\":\"C\",\"to\":\"D\",\"bytes\":1e5}]}";

static chx_schedule *
plan(const char *graph, const char *machine, const char *algorithm)
{
    chx_schedule *schedule = NULL;
    const char *path = write_file(0, graph);
    chx_status status =
        chx_schedule_load(path, &(chx_schedule_params){algorithm, machine}, &schedule);
    unlink(path);
    ck_assert_msg(status == CHX_OK, "%s", chx_last_error()->message);
    return schedule;
}

START_TEST(machine_plans_by_every_algorithm)
{
    for (uint32_t a = 0; chx_schedule_algorithm_at(a); a++) {
        chx_schedule *schedule = plan(diamond, machines[_i].path, chx_schedule_algorithm_at(a));
        double makespan_ms = chx_schedule_makespan_ms(schedule), played_ms;
        ck_assert_double_ge(makespan_ms, chx_schedule_lower_bound_ms(schedule) * (1 - 1e-12));
        const chx_schedule_entry *last = chx_schedule_task(schedule, 3);
        ck_assert_str_eq(chx_schedule_lane_name(schedule, last->lane), "host.task");
        ck_assert_double_gt(chx_schedule_energy_j(schedule), 0.0);
        ck_assert_int_eq(chx_schedule_play(schedule, NULL, &played_ms), CHX_OK);
        ck_assert_double_le(played_ms, makespan_ms * (1 + 1e-9));
        chx_schedule_destroy(&schedule);
    }
}
END_TEST

START_TEST(machine_with_shared_memory_moves_nothing)
{
    chx_schedule *schedule = plan(diamond, MACHINE("integrated"), NULL);
    ck_assert_uint_eq(chx_schedule_n_transfers(schedule), 0);
    chx_schedule_destroy(&schedule);
    schedule = plan(diamond, MACHINE("big-and-small"), NULL);
    ck_assert_uint_gt(chx_schedule_n_transfers(schedule), 0);
    chx_schedule_destroy(&schedule);
}
END_TEST

START_TEST(machine_with_tiny_memory_runs_only_what_fits)
{
    static const char two[] = "{\"tasks\":[{\"name\":\"A\",\"gop\":100,\"output_bytes\":6e7},"
                              "{\"name\":\"B\",\"gop\":100,\"output_bytes\":7e7}]}";
    chx_schedule *schedule = plan(two, MACHINE("tiny-memory"), "heft");
    ck_assert_str_eq(chx_schedule_lane_name(schedule, chx_schedule_task(schedule, 0)->lane),
                     "tiny.compute");
    ck_assert_str_eq(chx_schedule_lane_name(schedule, chx_schedule_task(schedule, 1)->lane),
                     "host.task");
    chx_schedule_destroy(&schedule);
}
END_TEST

START_TEST(machine_broken_graphs_are_one_sentence_with_a_line)
{
    static const struct {
        const char *text;
        int line;
        const char *says;
        chx_status status;
    } broken[] = {
        {"{\"lanes\":[\"P\"]}", 1, "unknown key", CHX_ERROR_FORMAT},
        {"{\"tasks\":[\n{\"name\":\"A\"}]}", 2, "neither", CHX_ERROR_FORMAT},
        {"{\"tasks\":[\n{\"name\":\"A\",\"cost_ms\":[1]}]}", 2, "an object", CHX_ERROR_FORMAT},
        {"{\"tasks\":[\n{\"name\":\"A\",\"cost_ms\":{\"x\":1}}]}", 2, "no device",
         CHX_ERROR_FORMAT},
        {"{\"tasks\":[\n{\"name\":\"A\",\"cost_ms\":{\"tiny\":null}}]}", 2, "no lane",
         CHX_ERROR_FORMAT},
        {"{\"tasks\":[\n{\"name\":\"A\",\"gop\":-1}]}", 2, "range", CHX_ERROR_FORMAT},
        {"{\"tasks\":[\n{\"name\":\"A\",\"gop\":1,\"output_bytes\":1e13}]}", 2, "fit",
         CHX_ERROR_FORMAT},
        {"{\"tasks\":[{\"name\":\"A\",\"gop\":1},\n{\"name\":\"A\",\"gop\":1}]}", 2, "twice",
         CHX_ERROR_FORMAT},
        {"{\"tasks\":[{\"name\":\"A\",\"gop\":1}],\n\"edges\":[[\"A\",\"A\"]]}", 2, "itself",
         CHX_ERROR_FORMAT},
        {"{\"tasks\":[{\"name\":\"A\",\"gop\":1}],\n\"edges\":[[\"A\",\"A\",3]]}", 2,
         "states a time", CHX_ERROR_FORMAT},
        {"{\"tasks\":[{\"name\":\"A\",\"gop\":1},{\"name\":\"B\",\"gop\":1}],\n"
         "\"edges\":[[\"A\",\"B\"],[\"B\",\"A\"]]}",
         1, "waits for itself", CHX_ERROR_CYCLE},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        chx_schedule *schedule = NULL;
        const char *path = write_file(0, broken[i].text);
        ck_assert_int_eq(
            chx_schedule_load(path, &(chx_schedule_params){.machine_path = MACHINE("tiny-memory")},
                              &schedule),
            broken[i].status);
        unlink(path);
        ck_says(path, broken[i].line, broken[i].says);
        ck_assert_ptr_null(schedule);
    }
}
END_TEST

START_TEST(machine_play_of_exact_durations_is_never_later_than_planned)
{
    static instance in;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        chx__solution plan, played;
        make_instance(&in, seed, seed % 3 == 0);
        ck_assert_int_eq(chx__heft(&in.machine, &in.problem, &plan), CHX_OK);
        ck_assert_int_eq(chx__play_solution(&in.machine, &in.problem, &plan,
                                            &(chx__play){.sigma = 0.0}, &played),
                         CHX_OK);
        for (uint32_t t = 0; t < in.problem.n_tasks; t++)
            MUST(played.tasks[t].finish_ns <= plan.tasks[t].finish_ns + 1e-9);
        ck_solution(&in, &played);
        chx__solution_finish(&plan);
        chx__solution_finish(&played);
    }
}
END_TEST

START_TEST(machine_play_repeats_by_seed_and_feels_a_slow_lane)
{
    chx_schedule *schedule = plan(diamond, MACHINE("big-and-small"), "heft");
    double first_ms, again_ms, other_ms, slow_ms;
    chx_schedule_play_params params = {.noise = 0.3, .seed = 7};
    ck_assert_int_eq(chx_schedule_play(schedule, &params, &first_ms), CHX_OK);
    ck_assert_int_eq(chx_schedule_play(schedule, &params, &again_ms), CHX_OK);
    params.seed = 8;
    ck_assert_int_eq(chx_schedule_play(schedule, &params, &other_ms), CHX_OK);
    ck_assert_double_eq(first_ms, again_ms);
    ck_assert_double_ne(first_ms, other_ms);
    params = (chx_schedule_play_params){.slow_lane = "big", .slow_factor = 4};
    ck_assert_int_eq(chx_schedule_play(schedule, &params, &slow_ms), CHX_OK);
    ck_assert_double_gt(slow_ms, 1.5 * chx_schedule_makespan_ms(schedule));
    chx_timeline *timeline;
    ck_assert_int_eq(chx_schedule_timeline(schedule, &timeline), CHX_OK);
    double last_ns = 0.0;
    for (uint32_t i = 0; i < chx_timeline_n_spans(timeline); i++)
        last_ns = fmax(last_ns, chx_timeline_span(timeline, i)->measured_finish_ns);
    ck_assert_double_eq_tol(last_ns, slow_ms * 1e6, 1e-3);
    chx_timeline_destroy(&timeline);
    params.slow_lane = "nothing";
    ck_assert_int_eq(chx_schedule_play(schedule, &params, &slow_ms), CHX_ERROR_INVALID);
    params = (chx_schedule_play_params){.noise = -1};
    ck_assert_int_eq(chx_schedule_play(schedule, &params, &slow_ms), CHX_ERROR_INVALID);
    chx_schedule_destroy(&schedule);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("machine");
    TCase *cases = tcase_create("machine");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, machine_files_load, 0, N_MACHINES);
    tcase_add_test(cases, machine_file_says_what_it_holds);
    tcase_add_test(cases, machine_broken_files_are_one_sentence_with_a_line);
    tcase_add_loop_test(cases, machine_plans_by_every_algorithm, 0, N_MACHINES);
    tcase_add_test(cases, machine_with_shared_memory_moves_nothing);
    tcase_add_test(cases, machine_with_tiny_memory_runs_only_what_fits);
    tcase_add_test(cases, machine_broken_graphs_are_one_sentence_with_a_line);
    tcase_add_test(cases, machine_play_of_exact_durations_is_never_later_than_planned);
    tcase_add_test(cases, machine_play_repeats_by_seed_and_feels_a_slow_lane);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
