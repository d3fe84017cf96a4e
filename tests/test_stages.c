/* Plans that need more memory than there is: tasks fall into stages that fit, in an order that
 * program order allows, and what a plan in stages leaves is what it would leave as one. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/timeline.h>

#include "graph/excerpt.h"
#include "graph/stages.h"

#define N_BUFFERS 16u
#define N_FIT 4u
#include "tight.h"

#define N_TASKS 40u

static chx_graph *graph;

static void
begin(void)
{
    setup();
    check_ok(chx_graph_create(runtime, &graph));
}

static void
end(void)
{
    chx_graph_destroy(&graph);
    teardown();
}

static void
add(uint32_t from, uint32_t to, uint32_t by)
{
    add_grow(graph, from, to, by);
}

static chx__stages
cut(uint64_t limit_bytes)
{
    chx__flow flow;
    chx__stages made;
    check_ok(chx__flow_init(&flow, graph));
    check_ok(chx__stages_cut(graph, &flow, limit_bytes, &made));
    chx__flow_finish(&flow);
    ck_assert_uint_eq(made.begin[0], 0);
    ck_assert_uint_eq(made.begin[made.n], graph->n_tasks);
    return made;
}

/* Buffers of the tasks of a stage. */
static uint32_t
count_buffers(const chx__stages *of, uint32_t stage)
{
    bool is_used[N_BUFFERS] = {false};
    uint32_t n = 0;
    for (uint32_t i = of->begin[stage]; i < of->begin[stage + 1]; i++)
        for (uint32_t a = 0; a < 2; a++)
            for (uint32_t b = 0; b < N_BUFFERS; b++)
                if (graph->tasks[of->tasks[i]].args[a].buffer == buffers[b] && !is_used[b]) {
                    is_used[b] = true;
                    n++;
                }
    return n;
}

START_TEST(sweeps_over_tiles_become_sweeps_over_each)
{
    enum { N_SWEEPS = 5 };
    for (uint32_t sweep = 0; sweep < N_SWEEPS; sweep++)
        for (uint32_t tile = 0; tile < N_BUFFERS / 2; tile++)
            add(2 * tile, 2 * tile + 1, sweep);
    chx__stages stages = cut(4 * SIZE);
    ck_assert_uint_eq(stages.need_bytes, N_BUFFERS * SIZE);
    ck_assert_uint_eq(stages.n, N_BUFFERS / 4);
    for (uint32_t s = 0; s < stages.n; s++) {
        ck_assert_uint_eq(stages.begin[s + 1] - stages.begin[s], 2 * N_SWEEPS);
        ck_assert_uint_eq(count_buffers(&stages, s), 4);
    }
    chx__stages_finish(&stages);
}
END_TEST

static void
add_random(uint32_t *from, uint32_t *to)
{
    for (uint32_t t = 0; t < N_TASKS; t++) {
        from[t] = (uint32_t)rand() % N_BUFFERS;
        to[t] = (from[t] + 1 + (uint32_t)rand() % (N_BUFFERS - 1)) % N_BUFFERS;
        add(from[t], to[t], t);
    }
}

/* Tasks keep the order of any two of which one writes what the other uses. */
START_TEST(stages_fit_and_keep_program_order)
{
    uint32_t from[N_TASKS], to[N_TASKS], place[N_TASKS];
    srand(1 + (unsigned)_i);
    add_random(from, to);
    chx__stages stages = cut((2 + (uint64_t)_i % 4) * SIZE);
    for (uint32_t s = 0; s < stages.n; s++)
        ck_assert_uint_le(count_buffers(&stages, s), 2 + (uint32_t)_i % 4);
    for (uint32_t i = 0; i < N_TASKS; i++)
        place[stages.tasks[i]] = i;
    for (uint32_t b = 0; b < N_TASKS; b++)
        for (uint32_t a = 0; a < b; a++)
            if (to[a] == to[b] || to[a] == from[b] || from[a] == to[b])
                ck_assert_uint_lt(place[a], place[b]);
    chx__stages_finish(&stages);
}
END_TEST

static chx_status
count_call(void *data, void *const *host)
{
    (void)host;
    ++*(uint32_t *)data;
    return CHX_OK;
}

START_TEST(a_plan_in_stages_leaves_what_it_would_as_one)
{
    uint32_t from[N_TASKS], to[N_TASKS], by[N_TASKS];
    chx_plan *plan;
    srand(1 + (unsigned)_i);
    add_random(from, to);
    const chx_plan_params params = {.recovers = _i % 2 == 1};
    check_ok(chx_plan_create(graph, &params, &plan));
    ck_assert_double_gt(chx_plan_makespan_ns(plan), 0);
    for (uint32_t t = 0; t < N_TASKS; t++)
        by[t] = t;
    for (uint32_t r = 0; r < 6; r++) {
        uint32_t changed = (uint32_t)rand() % N_TASKS;
        by[changed] = (uint32_t)rand();
        const chx_arg value = CHX_UINT(by[changed]);
        check_ok(chx_graph_set_value(graph, changed, 2, &value));
        if (r % 3 == 2) {
            /* Some task reads another buffer from now on. */
            from[changed] = (to[changed] + 1) % N_BUFFERS;
            const chx_arg other = CHX_READ(buffers[from[changed]]);
            check_ok(chx_graph_set_buffer(graph, changed, 0, &other));
        }
        check_ok(chx_plan_submit(plan, NULL));
        for (uint32_t t = 0; t < N_TASKS; t++)
            expect(from[t], to[t], by[t]);
        check_used();
        if (r % 2)
            check_buffers();
    }
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

static uint32_t
count_kernels(const chx_timeline *timeline)
{
    uint32_t n = 0;
    for (uint32_t s = 0; s < chx_timeline_n_spans(timeline); s++)
        n += chx_timeline_span(timeline, s)->kind == CHX_SPAN_KERNEL;
    return n;
}

START_TEST(timelines_show_all_stages)
{
    uint32_t from[N_TASKS], to[N_TASKS];
    chx_plan *plan;
    chx_run *run;
    chx_timeline *planned, *seen;
    add_random(from, to);
    check_ok(chx_plan_create(graph, NULL, &plan));
    double makespan_ns = chx_plan_makespan_ns(plan);
    check_ok(chx_plan_timeline(plan, &planned));
    check_ok(chx_plan_submit(plan, &run));
    check_ok(chx_run_wait(run, CHX_FOREVER));
    check_ok(chx_run_timeline(run, &seen));
    ck_assert_uint_eq(count_kernels(planned), N_TASKS);
    ck_assert_uint_eq(count_kernels(seen), N_TASKS);
    for (uint32_t s = 0; s < chx_timeline_n_spans(planned); s++)
        ck_assert_double_le(chx_timeline_span(planned, s)->predicted_finish_ns,
                            makespan_ns * (1 + 1e-9));
    chx_timeline_destroy(&planned);
    chx_timeline_destroy(&seen);
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
}
END_TEST

/* Between host tasks without buffers a dependency added by hand is all there is. */
START_TEST(dependencies_added_by_hand_hold_between_stages)
{
    enum { N_HOST = 12 };
    uint32_t n_called = 0;
    chx_plan *plan;
    chx_task host[N_HOST];
    for (uint32_t h = 0; h < N_HOST; h++) {
        chx_host_task task = {.run = count_call, .data = &n_called, .id = &host[h]};
        add(h, h + 1, h);
        expect(h, h + 1, h);
        check_ok(chx_graph_host(graph, &task));
        check_ok(chx_graph_depend(graph, host[h] - 1, host[h]));
    }
    check_ok(chx_plan_create(graph, NULL, &plan));
    check_ok(chx_plan_submit(plan, NULL));
    check_buffers();
    chx_plan_destroy(&plan);
    ck_assert_uint_eq(n_called, N_HOST);
}
END_TEST

START_TEST(a_task_that_does_not_fit_alone_says_what_is_missing)
{
    char needed[80];
    chx_plan *plan = NULL;
    chx_kernel_task task = {.program = program,
                            .kernel = "sum",
                            .global = {WORDS},
                            .args = CHX_ARGS(CHX_READ(buffers[0]), CHX_READ(buffers[1]),
                                             CHX_READ(buffers[2]), CHX_READ(buffers[3]),
                                             CHX_WRITE(buffers[4]))};
    add(5, 6, 1);
    check_ok(chx_graph_kernel(graph, &task));
    add(7, 8, 1);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_ERROR_DEVICE_MEMORY);
    ck_assert_str_eq(chx_last_error()->task, "sum");
    snprintf(needed, sizeof needed, "the plan needs %zu bytes there at least", (N_FIT + 1) * SIZE);
    ck_assert_msg(strstr(chx_last_error()->message, needed), "%s", chx_last_error()->message);
    check_buffers();
}
END_TEST

static void
note_warning(void *data, chx_log_level level, const char *line)
{
    if (level <= CHX_LOG_WARNING)
        snprintf(data, 512, "%s", line);
}

enum { N_OF_PAIR = 3, N_ITEMS = 64 * WORDS };

/* Two devices, the second twice as slow. */
static void
begin_pair(size_t fit_first, size_t fit_second, char warning[512])
{
    const size_t n_fit[2] = {fit_first, fit_second};
    static chx__null_device devices[2]; /* lent */
    for (uint32_t d = 0; d < 2; d++)
        devices[d] = (chx__null_device){.memory_bytes = n_fit[d] * SIZE / 4 * 5,
                                        .launch_ns = 100,
                                        .ns_per_item = 1e4 * (d + 1),
                                        .ns_per_byte = 0.1};
    const chx__null_params machine = {
        .devices = devices, .n_devices = 2, .kernels = kernels, .seed = 1, .has_stamps = true};
    const chx_runtime_params params = {.log = note_warning, .log_data = warning};
    warning[0] = '\0';
    check_ok(chx__null_create(&machine, &test_null));
    check_ok(chx__runtime_create(&runtime, &params, test_null));
    check_ok(chx_program_from_source(runtime, "grow.cl", source, NULL, &program));
    check_ok(chx_graph_create(runtime, &graph));
    for (uint32_t b = 0; b < N_OF_PAIR; b++)
        check_ok(chx_buffer_create(runtime, SIZE, expected[b], &buffers[b]));
}

/* No device was left out. */
static void
end_pair(void)
{
    chx_device_info info;
    for (uint32_t d = 0; d < 2; d++) {
        check_ok(chx_runtime_device(runtime, d, &info));
        ck_assert_ptr_null(info.excluded);
    }
    chx_graph_destroy(&graph);
    for (uint32_t b = 0; b < N_OF_PAIR; b++)
        chx_buffer_destroy(&buffers[b]);
    chx_program_destroy(&program);
    test_runtime_destroy(&runtime);
}

static void
add_gather(void)
{
    const chx_kernel_task task = {.program = program,
                                  .kernel = "gather",
                                  .global = {N_ITEMS},
                                  .args = CHX_ARGS(CHX_READ(buffers[0]),
                                                   CHX_REDUCE(buffers[1], CHX_REDUCTION_SUM_32),
                                                   CHX_UINT((uint32_t)WORDS))};
    check_ok(chx_graph_kernel(graph, &task));
}

static void
expect_gather(void)
{
    for (uint32_t i = 0; i < N_ITEMS; i++)
        expected[1][i * 7u % WORDS] += expected[0][i % WORDS];
}

/* Plans, and runs so often that what was measured counts. */
static void
check_pair(const chx_plan_params *params)
{
    enum { N_RUNS = 20 };
    uint32_t found[WORDS];
    chx_plan *plan;
    check_ok(chx_plan_create(graph, params, &plan));
    for (uint32_t r = 0; r < N_RUNS; r++) {
        check_ok(chx_plan_submit(plan, NULL));
        expect_gather();
        check_ok(chx_buffer_read(buffers[1], 0, SIZE, found));
        ck_assert_mem_eq(found, expected[1], SIZE);
    }
    chx_plan_destroy(&plan);
}

/* All pieces but the first reduce into partials. */
START_TEST(what_reduces_is_whole_where_partials_do_not_fit)
{
    char warning[512];
    const chx_plan_params params = {.recovers = _i == 1};
    begin_pair(2, 2, warning);
    add_gather();
    check_pair(&params);
    ck_assert_str_eq(warning, "");
    end_pair();
}
END_TEST

START_TEST(a_device_without_room_for_a_task_gets_none_of_it)
{
    char warning[512];
    const chx_plan_params params = {.recovers = _i == 1};
    begin_pair(1, 8, warning);
    add_gather();
    check_pair(&params);
    ck_assert_str_eq(warning, "");
    end_pair();
}
END_TEST

START_TEST(no_device_is_left_out_for_a_task_that_fits_nowhere)
{
    char warning[512];
    const chx_plan_params params = {.recovers = true};
    chx_plan *plan;
    begin_pair(1, 1, warning);
    add_gather();
    ck_assert_int_eq(chx_plan_create(graph, &params, &plan), CHX_ERROR_DEVICE_MEMORY);
    ck_assert_str_eq(warning, "");
    end_pair();
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("stages");
    TCase *tests = tcase_create("stages");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, sweeps_over_tiles_become_sweeps_over_each);
    tcase_add_loop_test(tests, stages_fit_and_keep_program_order, 0, 20);
    tcase_add_loop_test(tests, a_plan_in_stages_leaves_what_it_would_as_one, 0, 6);
    tcase_add_test(tests, timelines_show_all_stages);
    tcase_add_test(tests, dependencies_added_by_hand_hold_between_stages);
    tcase_add_test(tests, a_task_that_does_not_fit_alone_says_what_is_missing);
    suite_add_tcase(suite, tests);
    TCase *pair = tcase_create("pair");
    tcase_add_loop_test(pair, what_reduces_is_whole_where_partials_do_not_fit, 0, 2);
    tcase_add_loop_test(pair, a_device_without_room_for_a_task_gets_none_of_it, 0, 2);
    tcase_add_test(pair, no_device_is_left_out_for_a_task_that_fits_nowhere);
    suite_add_tcase(suite, pair);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
