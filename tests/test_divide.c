/* Tasks that plans may divide: what they compute is the same on any machine, and what cannot be
 * divided is refused. That they are as fast as the devices together is for null_machine to say. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "graph/division.h"
#include "graph/graph.h"
#include "machine.h"
#include "null.h"

#define WIDTH 64u
#define HEIGHT 240u
#define ROW_BYTES (WIDTH * sizeof(uint32_t))
#define AREA_BYTES (HEIGHT * ROW_BYTES)

/* Each place becomes a mixture of itself and the rows above and below; `fill` writes only. */
static const char source[] =
    "kernel void smooth(global const uint *x, global uint *y, uint width, uint height, uint seed)\n"
    "{\n"
    "    uint column = (uint)get_global_id(0), row = (uint)get_global_id(1);\n"
    "    uint above = row > 0 ? x[(row - 1) * width + column] : 7u;\n"
    "    uint below = row + 1 < height ? x[(row + 1) * width + column] : 9u;\n"
    "    y[row * width + column] = x[row * width + column] * 1664525u + above - below * 3u + "
    "seed;\n"
    "}\n"
    "kernel void add(global uint *y, global const uint *table, uint seed)\n"
    "{\n"
    "    uint i = (uint)get_global_id(0);\n"
    "    y[i] += table[i % 16u] + seed;\n"
    "}\n";

static void
mix_row(const uint32_t *x, uint32_t *y, size_t row, uint32_t seed)
{
    for (size_t column = 0; column < WIDTH; column++) {
        uint32_t above = row > 0 ? x[(row - 1) * WIDTH + column] : 7u;
        uint32_t below = row + 1 < HEIGHT ? x[(row + 1) * WIDTH + column] : 9u;
        y[row * WIDTH + column] = x[row * WIDTH + column] * 1664525u + above - below * 3u + seed;
    }
}

static void
null_mix(const chx__null_call *call)
{
    const chx__launch *launch = call->launch;
    for (size_t i = 0; i < launch->global[1]; i++)
        mix_row(call->args[0], call->args[1], launch->offset[1] + i, *(uint32_t *)call->args[4]);
}

static void
add_to(uint32_t *y, const uint32_t *table, size_t begin, size_t end, uint32_t seed)
{
    for (size_t i = begin; i < end; i++)
        y[i] += table[i % 16] + seed;
}

static void
null_add(const chx__null_call *call)
{
    size_t begin = call->launch->offset[0];
    add_to(call->args[0], call->args[1], begin, begin + call->launch->global[0],
           *(uint32_t *)call->args[2]);
}

static const chx__null_kernel kernels[] = {{"smooth", null_mix}, {"add", null_add}, {NULL, NULL}};

static chx_runtime *runtime;
static chx_program *program;
static chx_graph *graph;
static chx_buffer *areas[2], *table;
static uint32_t expected[2][HEIGHT * WIDTH];
static uint32_t words[16];

static void
check_ok(chx_status status)
{
    ck_assert_msg(status == CHX_OK, "%s: %s", chx_status_name(status), chx_last_error()->message);
}

static void
setup(void)
{
    chx_runtime_params params = test_machine_params();
    check_ok(test_runtime_create(&runtime, &params, kernels));
    check_ok(chx_program_from_source(runtime, "divide.cl", source, NULL, &program));
    check_ok(chx_graph_create(runtime, &graph));
    for (uint32_t i = 0; i < HEIGHT * WIDTH; i++)
        expected[0][i] = i * i;
    for (uint32_t i = 0; i < 16; i++)
        words[i] = 100 * i;
    memset(expected[1], 0, sizeof expected[1]);
    for (int a = 0; a < 2; a++)
        check_ok(chx_buffer_create(runtime, AREA_BYTES, expected[a], &areas[a]));
    check_ok(chx_buffer_create(runtime, sizeof words, words, &table));
}

static void
teardown(void)
{
    chx_graph_destroy(&graph);
    for (int a = 0; a < 2; a++)
        chx_buffer_destroy(&areas[a]);
    chx_buffer_destroy(&table);
    chx_program_destroy(&program);
    test_runtime_destroy(&runtime);
}

static chx_task
add_mix(int from, uint32_t seed)
{
    chx_task id;
    chx_kernel_task task = {.program = program,
                            .kernel = "smooth",
                            .global = {WIDTH, HEIGHT},
                            .args =
                                CHX_ARGS(CHX_SPLIT(areas[from], CHX_ACCESS_READ, ROW_BYTES, 1),
                                         CHX_SPLIT(areas[!from], CHX_ACCESS_WRITE, ROW_BYTES, 0),
                                         CHX_UINT(WIDTH), CHX_UINT(HEIGHT), CHX_UINT(seed)),
                            .id = &id};
    check_ok(chx_graph_kernel(graph, &task));
    return id;
}

static void
expect_mix(int from, uint32_t seed)
{
    for (size_t row = 0; row < HEIGHT; row++)
        mix_row(expected[from], expected[!from], row, seed);
}

static chx_task
add_add(int to, uint32_t seed)
{
    chx_task id;
    chx_kernel_task task = {
        .program = program,
        .kernel = "add",
        .global = {HEIGHT * WIDTH},
        .local = {32},
        .args = CHX_ARGS(CHX_SPLIT(areas[to], CHX_ACCESS_READ_WRITE, sizeof(uint32_t), 0),
                         CHX_READ(table), CHX_UINT(seed)),
        .id = &id};
    check_ok(chx_graph_kernel(graph, &task));
    return id;
}

static void
check_areas(void)
{
    static uint32_t found[HEIGHT * WIDTH];
    for (int a = 0; a < 2; a++) {
        check_ok(chx_buffer_read(areas[a], 0, AREA_BYTES, found));
        ck_assert_mem_eq(found, expected[a], AREA_BYTES);
    }
}

/* Shares move while costs become known, and whoever swaps buffers swaps those of all pieces. */
START_TEST(pieces_compute_what_the_whole_does)
{
    enum { N_ROUNDS = 40 };
    chx_task mix = add_mix(0, 1), add = add_add(1, 2);
    chx_plan *plan;
    check_ok(chx_plan_create(graph, NULL, &plan));
    for (uint32_t round = 0; round < N_ROUNDS; round++) {
        int from = round / 2 % 2;
        chx_arg read = CHX_SPLIT(areas[from], CHX_ACCESS_READ, ROW_BYTES, 1);
        chx_arg write = CHX_SPLIT(areas[!from], CHX_ACCESS_WRITE, ROW_BYTES, 0);
        chx_arg both = CHX_SPLIT(areas[!from], CHX_ACCESS_READ_WRITE, sizeof(uint32_t), 0);
        chx_arg seed = CHX_UINT(round);
        check_ok(chx_graph_set_buffer(graph, mix, 0, &read));
        check_ok(chx_graph_set_buffer(graph, mix, 1, &write));
        check_ok(chx_graph_set_buffer(graph, add, 0, &both));
        check_ok(chx_graph_set_value(graph, add, 2, &seed));
        check_ok(chx_plan_submit(plan, NULL));
        expect_mix(from, 1);
        add_to(expected[!from], words, 0, HEIGHT * WIDTH, round);
    }
    check_areas();
    chx_plan_destroy(&plan);
}
END_TEST

static chx_status
look_on(void *data, void *const *host)
{
    (void)data;
    (void)host;
    return CHX_OK;
}

static void
expect_before(const chx_graph *made, uint32_t task, uint32_t first, uint32_t end)
{
    ck_assert_uint_eq(made->tasks[task].n_before, end - first);
    for (uint32_t i = first; i < end; i++)
        ck_assert_uint_eq(made->tasks[task].before[i - first], i);
}

/* Of tasks that no buffer joins, in halves for one device and another that there may be. */
START_TEST(pieces_wait_for_all_pieces_of_what_they_follow)
{
    double halves[] = {1, 1};
    const chx__shares shares = {.of = halves, .n_devices = 2};
    const chx_host_task host = {.run = look_on, .args = CHX_ARGS(CHX_READ(table))};
    chx_graph *made = NULL;
    check_ok(chx_graph_host(graph, &host));
    chx_task mix = add_mix(0, 1), add = add_add(1, 2);
    check_ok(chx_graph_host(graph, &host));
    check_ok(chx_graph_depend(graph, 0, mix));
    check_ok(chx_graph_depend(graph, mix, add));
    check_ok(chx_graph_depend(graph, add, add + 1));
    check_ok(chx__division_create(graph, &shares, &made));
    ck_assert_uint_eq(made->n_tasks, 6);
    for (uint32_t piece = 0; piece < 2; piece++) {
        expect_before(made, 1 + piece, 0, 1);
        expect_before(made, 3 + piece, 1, 3);
    }
    expect_before(made, 0, 0, 0);
    expect_before(made, 5, 3, 5);
    ck_assert_ptr_eq(made->tasks[5].run, look_on);
    chx_graph_destroy(&made);
}
END_TEST

START_TEST(timelines_tell_the_items_of_pieces)
{
    add_mix(0, 1);
    chx_plan *plan;
    chx_run *run;
    chx_timeline *timeline;
    uint64_t n_items = 0;
    check_ok(chx_plan_create(graph, NULL, &plan));
    check_ok(chx_plan_submit(plan, &run));
    check_ok(chx_run_wait(run, CHX_FOREVER));
    check_ok(chx_run_timeline(run, &timeline));
    for (uint32_t s = 0; s < chx_timeline_n_spans(timeline); s++)
        n_items += chx_timeline_span(timeline, s)->n_items;
    ck_assert_uint_eq(n_items, HEIGHT);
    chx_timeline_destroy(&timeline);
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
}
END_TEST

static void
expect_refusal(const chx_kernel_task *task, const char *said)
{
    ck_assert_int_eq(chx_graph_kernel(graph, task), CHX_ERROR_INVALID);
    ck_assert_msg(strstr(chx_last_error()->message, said), "%s", chx_last_error()->message);
}

START_TEST(what_pieces_would_race_for_is_refused)
{
    chx_kernel_task task = {.program = program, .kernel = "smooth", .global = {WIDTH, HEIGHT}};
    const chx_arg read = CHX_SPLIT(areas[0], CHX_ACCESS_READ, ROW_BYTES, 1);
    task.args = CHX_ARGS(read, CHX_WRITE(areas[1]));
    expect_refusal(&task, "argument 1: every piece of the task would write all of it");
    task.args = CHX_ARGS(read, CHX_SPLIT(areas[0], CHX_ACCESS_WRITE, ROW_BYTES, 0));
    expect_refusal(&task, "arguments 0 and 1: one piece of the task would see or not");
    task.args = CHX_ARGS(CHX_SPLIT(areas[0], CHX_ACCESS_READ_WRITE, ROW_BYTES, 1));
    expect_refusal(&task, "only what is read can have a halo");
    task.args = CHX_ARGS(CHX_SPLIT(areas[0], CHX_ACCESS_READ, 0, 1));
    expect_refusal(&task, "not allowed");
    task.args = CHX_ARGS(CHX_SPLIT(areas[0], CHX_ACCESS_READ, ROW_BYTES + 1, 0));
    ck_assert_int_eq(chx_graph_kernel(graph, &task), CHX_ERROR_LIMIT);
    ck_assert_uint_eq(chx_graph_n_tasks(graph), 0);
}
END_TEST

/* A halo that is declared too narrow is found out although the whole task would be right. */
START_TEST(a_missing_halo_is_found)
{
    chx_plan *plan;
    chx_plan_params params = {.checks_ranges = true};
    chx_kernel_task task = {.program = program,
                            .kernel = "smooth",
                            .global = {WIDTH, HEIGHT},
                            .args = CHX_ARGS(CHX_SPLIT(areas[0], CHX_ACCESS_READ, ROW_BYTES, 0),
                                             CHX_SPLIT(areas[1], CHX_ACCESS_WRITE, ROW_BYTES, 0),
                                             CHX_UINT(WIDTH), CHX_UINT(HEIGHT), CHX_UINT(5))};
    check_ok(chx_graph_kernel(graph, &task));
    check_ok(chx_plan_create(graph, &params, &plan));
    ck_assert_int_eq(chx_plan_submit(plan, NULL), CHX_ERROR_KERNEL);
    ck_assert_msg(strstr(chx_last_error()->message, "does not declare to read"), "%s",
                  chx_last_error()->message);
    chx_plan_destroy(&plan);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("divide");
    TCase *tests = tcase_create("divide");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, pieces_compute_what_the_whole_does);
    tcase_add_test(tests, pieces_wait_for_all_pieces_of_what_they_follow);
    tcase_add_test(tests, timelines_tell_the_items_of_pieces);
    tcase_add_test(tests, what_pieces_would_race_for_is_refused);
    tcase_add_test(tests, a_missing_halo_is_found);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
