/* Excerpts of a graph: dependencies that were added by hand, of which nothing else tells, and what
 * callers change between runs. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "graph/argument.h"
#include "graph/excerpt.h"
#include "null.h"

enum { N_TASKS = 24, N_BUFFERS = 3, SIZE = 256 };

static void
run_nothing(const chx__null_call *call)
{
    (void)call;
}

static const chx__null_kernel kernels[] = {{"plain", run_nothing}, {NULL, NULL}};

static chx_runtime *runtime;
static chx_graph *graph, *excerpt;
static chx_program *program;
static chx_buffer *buffers[N_BUFFERS];
static bool follows[N_TASKS][N_TASKS]; /* by hand, in the graph */

static void
check_ok(chx_status status)
{
    ck_assert_msg(status == CHX_OK, "%s: %s", chx_status_name(status), chx_last_error()->message);
}

static void
begin(void)
{
    const chx_runtime_params params = {0};
    memset(follows, 0, sizeof follows);
    test_null_create(1, kernels, 1, false);
    check_ok(chx__runtime_create(&runtime, &params, test_null));
    check_ok(chx_program_from_source(runtime, "plain.cl",
                                     "kernel void plain(global int *y, int n) { y[0] = n; }\n",
                                     NULL, &program));
    check_ok(chx_graph_create(runtime, &graph));
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        check_ok(chx_buffer_create(runtime, SIZE, NULL, &buffers[b]));
}

static void
end(void)
{
    chx_graph_destroy(&excerpt);
    chx_graph_destroy(&graph);
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        chx_buffer_destroy(&buffers[b]);
    chx_program_destroy(&program);
    test_runtime_destroy(&runtime);
}

static chx_status
return_ok(void *data, void *const *host)
{
    (void)data;
    (void)host;
    return CHX_OK;
}

/* Host tasks without arguments, some of which follow some of those before. */
static void
add_random(void)
{
    for (chx_task t = 0; t < N_TASKS; t++) {
        const chx_host_task task = {.run = return_ok};
        check_ok(chx_graph_host(graph, &task));
        for (uint32_t n = t ? (uint32_t)rand() % 4 : 0; n > 0; n--) {
            chx_task before = (chx_task)rand() % t;
            check_ok(chx_graph_depend(graph, before, t));
            follows[t][before] = true;
        }
    }
}

static bool
task_follows(const chx__task *task, chx_task before)
{
    bool does = false;
    for (size_t i = 0; i < task->n_before; i++)
        does = does || task->before[i] == before;
    return does;
}

START_TEST(tasks_follow_what_they_followed_and_is_in_the_excerpt)
{
    chx_task tasks[N_TASKS];
    uint32_t n = 0;
    srand(1 + (unsigned)_i);
    add_random();
    for (chx_task t = 0; t < N_TASKS; t++)
        if (rand() % 2)
            tasks[n++] = t;
    check_ok(chx__excerpt_create(graph, tasks, n, &excerpt));
    ck_assert_uint_eq(excerpt->n_tasks, n);
    for (uint32_t a = 0; a < n; a++) {
        ck_assert_uint_eq(excerpt->tasks[a].origin, a);
        for (size_t i = 0; i < excerpt->tasks[a].n_before; i++)
            ck_assert_uint_lt(excerpt->tasks[a].before[i], a);
        for (uint32_t b = 0; b < a; b++)
            ck_assert_int_eq(task_follows(&excerpt->tasks[a], b), follows[tasks[a]][tasks[b]]);
    }
}
END_TEST

static void
add_plain(uint32_t buffer, int32_t value)
{
    const chx_kernel_task task = {.program = program,
                                  .kernel = "plain",
                                  .global = {1},
                                  .args = CHX_ARGS(CHX_WRITE(buffers[buffer]), CHX_INT(value))};
    check_ok(chx_graph_kernel(graph, &task));
}

static void
check_plain(uint32_t task, uint32_t buffer, size_t offset_bytes, int32_t value)
{
    const chx_arg *args = excerpt->tasks[task].args;
    ck_assert_ptr_eq(args[0].buffer, buffers[buffer]);
    ck_assert_uint_eq(args[0].offset_bytes, offset_bytes);
    ck_assert_int_eq(args[0].access, CHX_ACCESS_WRITE);
    ck_assert_mem_eq(chx__arg_value(&args[1]), &value, sizeof value);
}

/* In another order than the graph has them, and not before it is asked to. */
START_TEST(an_excerpt_is_renewed_with_what_has_changed)
{
    const chx_task tasks[] = {2, 0};
    const chx_arg value = CHX_INT(70), whole = CHX_WRITE(buffers[2]),
                  part = CHX_BUFFER_RANGE(buffers[0], CHX_ACCESS_WRITE, SIZE / 2, SIZE / 2);
    for (uint32_t t = 0; t < 3; t++)
        add_plain(t, (int32_t)t * 10);
    check_ok(chx__excerpt_create(graph, tasks, 2, &excerpt));
    check_plain(0, 2, 0, 20);
    check_plain(1, 0, 0, 0);
    check_ok(chx_graph_set_value(graph, 0, 1, &value));
    check_ok(chx_graph_set_buffer(graph, 2, 0, &part));
    check_plain(0, 2, 0, 20);
    check_plain(1, 0, 0, 0);
    check_ok(chx__excerpt_renew(excerpt, graph, tasks));
    check_plain(0, 0, SIZE / 2, 20);
    check_plain(1, 0, 0, 70);
    check_ok(chx_graph_set_buffer(graph, 2, 0, &whole));
    check_ok(chx__excerpt_renew(excerpt, graph, tasks));
    check_plain(0, 2, 0, 20);
}
END_TEST

/* What is as it was is not set again: plans made of the excerpt stay good. */
START_TEST(renewing_what_has_not_changed_changes_nothing)
{
    const chx_task tasks[] = {1, 0};
    add_plain(0, 1);
    add_plain(1, 2);
    check_ok(chx__excerpt_create(graph, tasks, 2, &excerpt));
    const uint64_t n_recasts = excerpt->n_recasts;
    check_ok(chx__excerpt_renew(excerpt, graph, tasks));
    ck_assert_uint_eq(excerpt->n_recasts, n_recasts);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("excerpt");
    TCase *tests = tcase_create("excerpt");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_loop_test(tests, tasks_follow_what_they_followed_and_is_in_the_excerpt, 0, 10);
    tcase_add_test(tests, an_excerpt_is_renewed_with_what_has_changed);
    tcase_add_test(tests, renewing_what_has_not_changed_changes_nothing);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
