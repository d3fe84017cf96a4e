/* Drivers that do not come back from a call, or late: whoever waits is told in time, other
 * platforms are not held up, and work goes on there. On two platforms of one null device each. */
#include <check.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include <chronaxie/plan.h>

#include "base/clock.h"
#include "device/program.h"
#include "null.h"

#define WORDS 64u
#define SECOND_NS UINT64_C(1000000000)
#define PATIENCE_NS (SECOND_NS / 5)
#define DEADLINE_NS (SECOND_NS / 4)

static const char source[] = "kernel void add(global uint *y, uint n)\n"
                             "{\n"
                             "    y[get_global_id(0)] += n;\n"
                             "}\n";

static void
add(const chx__null_call *call)
{
    uint32_t *y = call->args[0];
    for (size_t i = 0; i < call->launch->global[0]; i++)
        y[i] += *(uint32_t *)call->args[1];
}

static const chx__null_kernel kernels[] = {{"add", add}, {NULL, NULL}};

/* One launch on a buffer of its own. */
typedef struct work {
    chx_buffer *buffer;
    chx_graph *graph;
    chx_plan *plan;
} work;

static chx_runtime *runtime;
static chx_program *program;
static work bound[2]; /* to a platform each */
static work unbound;

static void
begin_work(work *made, const uint32_t *device)
{
    static const uint32_t zeroes[WORDS];
    const chx_plan_params params = {.deadline_ns = DEADLINE_NS};
    chx_kernel_task task = {.program = program,
                            .kernel = "add",
                            .global = {WORDS},
                            .devices = device,
                            .n_devices = device ? 1 : 0};
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof zeroes, zeroes, &made->buffer), CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &made->graph), CHX_OK);
    task.args = CHX_ARGS(CHX_READ_WRITE(made->buffer), CHX_UINT(3));
    ck_assert_int_eq(chx_graph_kernel(made->graph, &task), CHX_OK);
    ck_assert_int_eq(chx_plan_create(made->graph, &params, &made->plan), CHX_OK);
}

static void
end_work(work *made)
{
    chx_plan_destroy(&made->plan);
    chx_graph_destroy(&made->graph);
    chx_buffer_destroy(&made->buffer);
}

static void
setup(void)
{
    const uint32_t devices[2] = {0, 1};
    const chx_runtime_params params = {0};
    test_null_create(2, kernels, 1, false);
    ck_assert_int_eq(chx__runtime_create(&runtime, &params, test_null), CHX_OK);
    runtime->patience_ns = PATIENCE_NS;
    runtime->access_timeout_ns = DEADLINE_NS;
    runtime->fleet.build_timeout_ns = DEADLINE_NS;
    ck_assert_int_eq(chx_program_from_source(runtime, "add.cl", source, NULL, &program), CHX_OK);
    for (uint32_t d = 0; d < 2; d++)
        begin_work(&bound[d], &devices[d]);
    begin_work(&unbound, NULL);
}

/* Everything ends in time, also what the blocked driver still has. */
static void
teardown(void)
{
    uint64_t begun_ns = chx__now_ns();
    for (uint32_t d = 0; d < 2; d++)
        end_work(&bound[d]);
    end_work(&unbound);
    chx_program_destroy(&program);
    chx_runtime_destroy(&runtime);
    ck_assert_uint_lt(chx__now_ns() - begun_ns, 10 * SECOND_NS);
    chx__null_arm(test_null, (chx__null_faults){0});
}

static void
block(chx__null_call_kind call)
{
    chx__null_arm(test_null, (chx__null_faults){.block = call, .block_platform = 0});
}

static chx_status
run(const work *made)
{
    chx_run *submitted;
    chx_status status = chx_plan_submit(made->plan, &submitted);
    if (status)
        return status;
    status = chx_run_wait(submitted, 20 * SECOND_NS);
    chx_run_destroy(&submitted);
    return status;
}

static uint32_t
first_word(const work *made)
{
    uint32_t words[WORDS];
    chx_status status = chx_buffer_read(made->buffer, 0, sizeof words, words);
    ck_assert_msg(status == CHX_OK, "%s", chx_last_error()->message);
    for (uint32_t i = 1; i < WORDS; i++)
        ck_assert_uint_eq(words[i], words[0]);
    return words[0];
}

/* Of the device that is blocked. */
static const char *
reason(void)
{
    chx_device_info info;
    ck_assert_int_eq(chx_runtime_device(runtime, 0, &info), CHX_OK);
    return info.selected ? NULL : info.excluded;
}

static const chx__null_call_kind calls_of_runs[] = {CHX__NULL_CALL_ENQUEUE, CHX__NULL_CALL_FLUSH,
                                                    CHX__NULL_CALL_STATUS};

START_TEST(blocked_run_ends_at_its_deadline_and_holds_up_nobody)
{
    chx_run *blocked;
    block(calls_of_runs[_i]);
    uint64_t begun_ns = chx__now_ns();
    ck_assert_int_eq(chx_plan_submit(bound[0].plan, &blocked), CHX_OK);
    ck_assert_msg(run(&bound[1]) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_uint_lt(chx__now_ns() - begun_ns, DEADLINE_NS);
    ck_assert_int_eq(chx_run_wait(blocked, 20 * SECOND_NS), CHX_ERROR_TIMEOUT);
    ck_assert_uint_lt(chx__now_ns() - begun_ns, 5 * SECOND_NS);
    ck_assert_str_eq(chx_last_error()->device, "null 0");
    chx_run_destroy(&blocked);
    ck_assert_uint_eq(first_word(&bound[1]), 3);
}
END_TEST

START_TEST(work_goes_on_without_a_blocked_platform)
{
    const uint32_t fives[WORDS] = {[0 ... WORDS - 1] = 5};
    block(calls_of_runs[_i]);
    ck_assert_int_eq(run(&bound[0]), CHX_ERROR_TIMEOUT);
    ck_assert_msg(run(&unbound) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_uint_eq(first_word(&unbound), 3);
    ck_assert_ptr_nonnull(reason());
    ck_assert_msg(strstr(reason(), "has not come back"), "%s", reason());
    /* What it had is lost and says so; what is bound to it cannot run. */
    ck_assert_int_lt(run(&bound[0]), 0);
    ck_assert_int_eq(chx_buffer_write(bound[0].buffer, 0, sizeof fives, fives), CHX_OK);
    ck_assert_uint_eq(first_word(&bound[0]), 5);
}
END_TEST

START_TEST(blocked_read_is_an_error_in_time)
{
    uint32_t words[WORDS];
    ck_assert_int_eq(run(&bound[0]), CHX_OK);
    block(CHX__NULL_CALL_ENQUEUE);
    uint64_t begun_ns = chx__now_ns();
    ck_assert_int_lt(chx_buffer_read(bound[0].buffer, 0, sizeof words, words), 0);
    ck_assert_uint_lt(chx__now_ns() - begun_ns, 5 * SECOND_NS);
    ck_assert_int_eq(run(&bound[1]), CHX_OK);
    ck_assert_uint_eq(first_word(&bound[1]), 3);
}
END_TEST

START_TEST(blocked_build_is_an_error_in_time)
{
    chx_program *other;
    chx_plan *plan;
    chx_kernel_task task = {.kernel = "add", .global = {WORDS}};
    ck_assert_int_eq(chx_program_from_source(runtime, "other.cl", source, NULL, &other), CHX_OK);
    chx_graph *graph;
    const uint32_t device = 0;
    ck_assert_int_eq(chx_graph_create(runtime, &graph), CHX_OK);
    task.program = other;
    task.devices = &device;
    task.n_devices = 1;
    task.args = CHX_ARGS(CHX_READ_WRITE(bound[0].buffer), CHX_UINT(1));
    ck_assert_int_eq(chx_graph_kernel(graph, &task), CHX_OK);
    block(CHX__NULL_CALL_BUILD);
    uint64_t begun_ns = chx__now_ns();
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_ERROR_TIMEOUT);
    ck_assert_uint_lt(chx__now_ns() - begun_ns, 5 * SECOND_NS);
    ck_assert_msg(strstr(chx_last_error()->message, "other.cl"), "%s", chx_last_error()->message);
    ck_assert_msg(run(&unbound) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_uint_eq(first_word(&unbound), 3);
    ck_assert_ptr_nonnull(reason());
    chx_graph_destroy(&graph);
    chx_program_destroy(&other);
}
END_TEST

/* A program that has run for long is worth a better build, which takes as long as it takes. */
START_TEST(plan_serves_on_while_a_better_one_is_made)
{
    runtime->fleet.platforms[0].is_pocl = true;
    end_work(&bound[0]);
    chx_program_destroy(&program);
    ck_assert_int_eq(chx_program_from_source(runtime, "add.cl", source, NULL, &program), CHX_OK);
    begin_work(&bound[0], &(uint32_t){0});
    runtime->fleet.build_timeout_ns = 20 * SECOND_NS;
    ck_assert_int_eq(run(&bound[0]), CHX_OK);
    ck_assert_int_eq(run(&bound[0]), CHX_OK); /* where the data stays */
    ck_assert(chx__program_note_use(program, &runtime->fleet.devices[0], 10 * SECOND_NS));
    runtime->build_epoch++;
    block(CHX__NULL_CALL_BUILD);
    uint64_t begun_ns = chx__now_ns();
    for (int i = 0; i < 3; i++)
        ck_assert_msg(run(&bound[0]) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_uint_lt(chx__now_ns() - begun_ns, SECOND_NS);
    while (chx__null_count(test_null).n_struck == 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    ck_assert(chx__program_is_quick(program, &runtime->fleet.devices[0]));
    chx__null_arm(test_null, (chx__null_faults){0});
    while (chx__program_is_quick(program, &runtime->fleet.devices[0]))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    for (int i = 0; i < 3; i++)
        ck_assert_msg(run(&bound[0]) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_uint_eq(first_word(&bound[0]), 3 * 8);
}
END_TEST

START_TEST(blocked_release_holds_up_nobody_who_releases)
{
    ck_assert_int_eq(run(&bound[0]), CHX_OK);
    block(CHX__NULL_CALL_RELEASE);
    uint64_t begun_ns = chx__now_ns();
    chx_plan_destroy(&bound[0].plan);
    chx_graph_destroy(&bound[0].graph);
    chx_buffer_destroy(&bound[0].buffer);
    ck_assert_uint_lt(chx__now_ns() - begun_ns, PATIENCE_NS);
    ck_assert_int_eq(run(&bound[1]), CHX_OK);
}
END_TEST

static void *
run_bound(void *data)
{
    *(chx_status *)data = run(&bound[0]);
    return NULL;
}

/* What the other work has left on the device is fetched, which takes until the driver comes
 * back. */
START_TEST(others_go_on_while_a_plan_makes_room)
{
    pthread_t thread;
    chx_status status;
    work other;
    runtime->patience_ns = runtime->access_timeout_ns = 20 * SECOND_NS;
    runtime->fleet.devices[0].info.budget_bytes = WORDS * sizeof(uint32_t);
    begin_work(&other, &(uint32_t){0});
    ck_assert_int_eq(run(&other), CHX_OK);
    block(CHX__NULL_CALL_ENQUEUE);
    ck_assert_int_eq(pthread_create(&thread, NULL, run_bound, &status), 0);
    while (chx__null_count(test_null).n_struck == 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    uint64_t begun_ns = chx__now_ns();
    ck_assert_int_eq(run(&bound[1]), CHX_OK);
    ck_assert_uint_lt(chx__now_ns() - begun_ns, 5 * SECOND_NS);
    chx__null_arm(test_null, (chx__null_faults){0});
    pthread_join(thread, NULL);
    ck_assert_int_eq(status, CHX_OK);
    ck_assert_uint_eq(first_word(&bound[0]), 3);
    end_work(&other);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("stuck");
    TCase *tcase = tcase_create("calls");
    int n = (int)(sizeof calls_of_runs / sizeof *calls_of_runs);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, blocked_run_ends_at_its_deadline_and_holds_up_nobody, 0, n);
    tcase_add_loop_test(tcase, work_goes_on_without_a_blocked_platform, 0, n);
    tcase_add_test(tcase, blocked_read_is_an_error_in_time);
    tcase_add_test(tcase, blocked_build_is_an_error_in_time);
    tcase_add_test(tcase, plan_serves_on_while_a_better_one_is_made);
    tcase_add_test(tcase, blocked_release_holds_up_nobody_who_releases);
    tcase_add_test(tcase, others_go_on_while_a_plan_makes_room);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? 0 : 1;
}
