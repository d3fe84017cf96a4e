/* Tasks that do not fit their kernel, or their graph, are told apart before anything runs. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chronaxie/plan.h>

#include "machine.h"
#include "null.h"

/* PoCL 7.1 with LLVM 21 compiles no question to an image. */
static const char source[] =
    "kernel void picture(read_only image2d_t p, global int *y) { y[0] = 1; }\n"
    "kernel void plain(global int *y, int n, local int *scratch) { y[0] = n; scratch[0] = 0; }\n"
    "__attribute__((reqd_work_group_size(32, 1, 1)))\n"
    "kernel void by_32(global int *y) { y[get_global_id(0)] = 1; }\n";

/* The tests of this suite run none of them. */
static void
run_nothing(const chx__null_call *call)
{
    (void)call;
}

static const chx__null_kernel kernels[] = {
    {"picture", run_nothing}, {"plain", run_nothing}, {"by_32", run_nothing}, {NULL, NULL}};

static chx_runtime *runtime;
static chx_program *program;
static chx_graph *graph;
static chx_buffer *buffer;

static void
setup(void)
{
    chx_runtime_params params = test_machine_params();
    ck_assert_msg(test_runtime_create(&runtime, &params, kernels) == CHX_OK, "%s",
                  chx_last_error()->message);
    ck_assert_int_eq(chx_program_from_source(runtime, "binding.cl", source, NULL, &program),
                     CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &graph), CHX_OK);
    ck_assert_int_eq(chx_buffer_create(runtime, 4096, NULL, &buffer), CHX_OK);
}

static void
teardown(void)
{
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&buffer);
    chx_program_destroy(&program);
    test_runtime_destroy(&runtime);
}

/* How the plan of one task ends; its sentence names the kernel. */
static chx_status
plan_of(const chx_kernel_task *task)
{
    chx_plan *plan = NULL;
    ck_assert_msg(chx_graph_kernel(graph, task) == CHX_OK, "%s", chx_last_error()->message);
    chx_status status = chx_plan_create(graph, NULL, &plan);
    if (status)
        ck_assert_ptr_nonnull(strstr(chx_last_error()->message, task->kernel));
    chx_plan_destroy(&plan);
    return status;
}

static void
expect_no_buffer_for_an_image(void)
{
    chx_kernel_task task = {.program = program,
                            .kernel = "picture",
                            .global = {1},
                            .args = CHX_ARGS(CHX_READ(buffer), CHX_WRITE(buffer))};
    chx_status status = plan_of(&task);
    ck_assert_msg(status == CHX_ERROR_KERNEL, "%d: %s", status, chx_last_error()->message);
}

START_TEST(buffer_for_an_image_is_an_error)
{
    expect_no_buffer_for_an_image();
}
END_TEST

START_TEST(kinds_of_arguments_are_compared)
{
    chx_kernel_task task = {.program = program,
                            .kernel = "plain",
                            .global = {1},
                            .args = CHX_ARGS(CHX_INT(7), CHX_INT(7), CHX_LOCAL(4))};
    ck_assert_int_eq(plan_of(&task), CHX_ERROR_KERNEL);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "argument 0"));
}
END_TEST

START_TEST(right_arguments_are_taken)
{
    chx_kernel_task task = {.program = program,
                            .kernel = "plain",
                            .global = {1},
                            .args = CHX_ARGS(CHX_WRITE(buffer), CHX_INT(7), CHX_LOCAL(4))};
    ck_assert_msg(plan_of(&task) == CHX_OK, "%s", chx_last_error()->message);
}
END_TEST

/* Of which a driver may tell nothing by itself. */
START_TEST(arguments_of_a_kept_binary_are_compared)
{
    expect_no_buffer_for_an_image();
    teardown();
    setup();
    expect_no_buffer_for_an_image();
}
END_TEST

START_TEST(local_memory_beyond_the_device_is_an_error)
{
    chx_kernel_task task = {.program = program,
                            .kernel = "plain",
                            .global = {1},
                            .args = CHX_ARGS(CHX_WRITE(buffer), CHX_INT(7), CHX_LOCAL(1u << 30))};
    ck_assert_int_eq(plan_of(&task), CHX_ERROR_KERNEL);
}
END_TEST

START_TEST(other_work_groups_than_declared_are_an_error)
{
    chx_kernel_task task = {.program = program,
                            .kernel = "by_32",
                            .global = {64},
                            .local = {16},
                            .args = CHX_ARGS(CHX_WRITE(buffer))};
    ck_assert_int_eq(plan_of(&task), CHX_ERROR_KERNEL);
}
END_TEST

START_TEST(declared_work_groups_are_taken)
{
    chx_kernel_task task = {.program = program,
                            .kernel = "by_32",
                            .global = {64},
                            .local = {32},
                            .args = CHX_ARGS(CHX_WRITE(buffer))};
    ck_assert_msg(plan_of(&task) == CHX_OK, "%s", chx_last_error()->message);
}
END_TEST

START_TEST(dimension_after_an_empty_one_is_an_error)
{
    chx_kernel_task task = {.program = program,
                            .kernel = "by_32",
                            .global = {64, 0, 8},
                            .args = CHX_ARGS(CHX_WRITE(buffer))};
    ck_assert_int_eq(chx_graph_kernel(graph, &task), CHX_ERROR_INVALID);
}
END_TEST

START_TEST(objects_of_another_runtime_are_refused)
{
    chx_runtime_params params = test_machine_params();
    chx_runtime *other;
    chx_graph *graph_of_other;
    chx_buffer *buffer_of_other;
    chx_plan *plan = NULL;
    ck_assert_int_eq(test_null ? chx__runtime_create(&other, &params, test_null)
                               : chx_runtime_create(&other, &params),
                     CHX_OK);
    ck_assert_int_eq(chx_graph_create(other, &graph_of_other), CHX_OK);
    ck_assert_int_eq(chx_buffer_create(other, 4096, NULL, &buffer_of_other), CHX_OK);
    chx_kernel_task task = {
        .program = program, .kernel = "by_32", .global = {32}, .args = CHX_ARGS(CHX_WRITE(buffer))};
    ck_assert_int_eq(chx_graph_kernel(graph_of_other, &task), CHX_ERROR_INVALID);
    task.args = CHX_ARGS(CHX_WRITE(buffer_of_other));
    ck_assert_int_eq(chx_graph_kernel(graph_of_other, &task), CHX_OK);
    ck_assert_int_eq(chx_plan_create(graph_of_other, NULL, &plan), CHX_ERROR_INVALID);
    chx_graph_destroy(&graph_of_other);
    chx_buffer_destroy(&buffer_of_other);
    chx_runtime_destroy(&other);
}
END_TEST

/* The child has none of the runtime's threads, so it must not wait for them. */
START_TEST(forked_child_destroys_its_copy)
{
    pid_t child = fork();
    if (child == 0) {
        alarm(10);
        chx_runtime_destroy(&runtime);
        _exit(runtime ? 1 : 0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

static void *
create_and_destroy(void *data)
{
    chx_runtime_params params = test_machine_params();
    chx_runtime *made = NULL;
    *(chx_status *)data = chx_runtime_create(&made, &params);
    chx_runtime_destroy(&made);
    return NULL;
}

/* Without a fixture: these are the first looks at the drivers that the process takes. */
START_TEST(several_threads_create_their_first_runtime)
{
    pthread_t threads[5];
    chx_status statuses[5];
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, create_and_destroy, &statuses[i]), 0);
    for (int i = 0; i < 5; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(statuses[i], CHX_OK);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("binding");
    TCase *tcase = tcase_create("tasks");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, buffer_for_an_image_is_an_error);
    tcase_add_test(tcase, kinds_of_arguments_are_compared);
    tcase_add_test(tcase, arguments_of_a_kept_binary_are_compared);
    tcase_add_test(tcase, right_arguments_are_taken);
    tcase_add_test(tcase, local_memory_beyond_the_device_is_an_error);
    tcase_add_test(tcase, other_work_groups_than_declared_are_an_error);
    tcase_add_test(tcase, declared_work_groups_are_taken);
    tcase_add_test(tcase, dimension_after_an_empty_one_is_an_error);
    tcase_add_test(tcase, objects_of_another_runtime_are_refused);
    tcase_add_test(tcase, forked_child_destroys_its_copy);
    suite_add_tcase(suite, tcase);
    const char *serial = getenv("CHRONAXIE_SERIAL");
    if ((!serial || !*serial) && !getenv("CHRONAXIE_TEST_NULL") &&
        !getenv("CHRONAXIE_TEST_MACHINE")) {
        TCase *threads = tcase_create("threads");
        tcase_set_timeout(threads, 60);
        tcase_add_test(threads, several_threads_create_their_first_runtime);
        suite_add_tcase(suite, threads);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
