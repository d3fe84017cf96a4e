/* Queries of handles that are NULL give 0, NULL or false, or write nothing. Each row runs in a
 * process of its own, so that a crash names its call. */
#include <check.h>
#include <stdlib.h>

#include <chronaxie/chronaxie.h>

#define QUERIES(X)                           \
    X(chx_buffer_size, NULL)                 \
    X(chx_graph_n_tasks, NULL)               \
    X(chx_network_get, NULL)                 \
    X(chx_plan_makespan_ns, NULL)            \
    X(chx_recording_get, NULL)               \
    X(chx_run_done, NULL)                    \
    X(chx_runtime_n_devices, NULL)           \
    X(chx_runtime_n_parallel, NULL)          \
    X(chx_runtime_n_recoveries, NULL)        \
    X(chx_scene_scale_px_per_um, NULL)       \
    X(chx_schedule_algorithm, NULL)          \
    X(chx_schedule_algorithm_at, UINT32_MAX) \
    X(chx_schedule_energy_j, NULL)           \
    X(chx_schedule_lane_name, NULL, 0)       \
    X(chx_schedule_lower_bound_ms, NULL)     \
    X(chx_schedule_makespan_ms, NULL)        \
    X(chx_schedule_n_lanes, NULL)            \
    X(chx_schedule_n_tasks, NULL)            \
    X(chx_schedule_n_transfers, NULL)        \
    X(chx_schedule_task, NULL, 0)            \
    X(chx_schedule_task_name, NULL, 0)       \
    X(chx_simulation_step, NULL)             \
    X(chx_timeline_lane_device, NULL, 0)     \
    X(chx_timeline_lane_name, NULL, 0)       \
    X(chx_timeline_n_lanes, NULL)            \
    X(chx_timeline_n_spans, NULL)            \
    X(chx_timeline_span, NULL, 0)

#define DEFINE(call, ...)             \
    static bool call##_is_empty(void) \
    {                                 \
        return !call(__VA_ARGS__);    \
    }
QUERIES(DEFINE)

static const struct {
    const char *call;
    bool (*is_empty)(void);
} queries[] = {
#define ROW(call, ...) {#call, call##_is_empty},
    QUERIES(ROW)};

START_TEST(getter_of_null_gives_nothing)
{
    ck_assert_msg(queries[_i].is_empty(), "%s", queries[_i].call);
}
END_TEST

START_TEST(getter_of_null_writes_nothing)
{
    const float from_um[3] = {1, 2, 3};
    float to_um[3] = {4, 5, 6};
    double x_px = 7, y_px = 8;
    chx_camera camera = {.zoom = 9};
    chx_neuron_place(NULL, from_um, to_um);
    chx_scene_project(NULL, from_um, &x_px, &y_px);
    chx_scene_default_camera(NULL, &camera);
    ck_assert(to_um[0] == 4 && to_um[1] == 5 && to_um[2] == 6);
    ck_assert(x_px == 7 && y_px == 8);
    ck_assert(camera.zoom == 9);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("getter");
    TCase *cases = tcase_create("getter");
    tcase_add_loop_test(cases, getter_of_null_gives_nothing, 0, sizeof queries / sizeof *queries);
    tcase_add_test(cases, getter_of_null_writes_nothing);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
