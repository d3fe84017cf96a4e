/* More buffers than a device has room for: what was used longest ago makes room, and nothing is
 * lost. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "null.h"

#define WORDS ((size_t)1 << 12)
#define SIZE (WORDS * sizeof(uint32_t))
#define N_BUFFERS 7u
#define N_FIT 3u /* in the budget */

static const char source[] = "kernel void grow(global const uint *x, global uint *y, uint by)\n"
                             "{\n"
                             "    y[get_global_id(0)] += x[get_global_id(0)] * 3u + by;\n"
                             "}\n";

static void
grow(const chx__null_call *call)
{
    const uint32_t *x = call->args[0];
    uint32_t *y = call->args[1], by = *(uint32_t *)call->args[2];
    for (size_t i = 0; i < call->launch->global[0]; i++)
        y[i] += x[i] * 3u + by;
}

static const chx__null_kernel kernels[] = {{"grow", grow}, {NULL, NULL}};

static chx_runtime *runtime;
static chx_program *program;
static chx_buffer *buffers[N_BUFFERS];
static uint32_t expected[N_BUFFERS][WORDS];

static void
check_ok(chx_status status)
{
    ck_assert_msg(status == CHX_OK, "%s: %s", chx_status_name(status), chx_last_error()->message);
}

static void
setup(void)
{
    chx_runtime_params params = test_machine_params();
    params.memory_budget_bytes = N_FIT * SIZE;
    check_ok(test_runtime_create(&runtime, &params, kernels));
    check_ok(chx_program_from_source(runtime, "grow.cl", source, NULL, &program));
    for (uint32_t b = 0; b < N_BUFFERS; b++) {
        for (uint32_t i = 0; i < WORDS; i++)
            expected[b][i] = b * 1000 + i;
        check_ok(chx_buffer_create(runtime, SIZE, expected[b], &buffers[b]));
    }
}

static void
teardown(void)
{
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        chx_buffer_destroy(&buffers[b]);
    chx_program_destroy(&program);
    test_runtime_destroy(&runtime);
}

/* From one buffer to another. */
typedef struct pair {
    uint32_t from, to;
    chx_graph *graph;
    chx_plan *plan;
} pair;

static void
add(pair *made, uint32_t from, uint32_t to)
{
    chx_kernel_task task = {
        .program = program,
        .kernel = "grow",
        .global = {WORDS},
        .args = CHX_ARGS(CHX_READ(buffers[from]), CHX_READ_WRITE(buffers[to]), CHX_UINT(from))};
    check_ok(chx_graph_kernel(made->graph, &task));
}

static pair
make_pair(uint32_t from, uint32_t to, bool recovers)
{
    pair made = {.from = from, .to = to};
    const chx_plan_params params = {.recovers = recovers};
    check_ok(chx_graph_create(runtime, &made.graph));
    add(&made, from, to);
    check_ok(chx_plan_create(made.graph, &params, &made.plan));
    return made;
}

static void
submit(const pair *of)
{
    check_ok(chx_plan_submit(of->plan, NULL));
    for (size_t i = 0; i < WORDS; i++)
        expected[of->to][i] += expected[of->from][i] * 3u + of->from;
}

static void
drop(pair *of)
{
    chx_plan_destroy(&of->plan);
    chx_graph_destroy(&of->graph);
}

static void
check_buffers(void)
{
    uint32_t *found = malloc(SIZE);
    for (uint32_t b = 0; b < N_BUFFERS; b++) {
        check_ok(chx_buffer_read(buffers[b], 0, SIZE, found));
        ck_assert_mem_eq(found, expected[b], SIZE);
    }
    free(found);
}

static void
check_used(void)
{
    for (uint32_t d = 0; d < chx_runtime_n_devices(runtime); d++) {
        chx_device_info info;
        check_ok(chx_runtime_device(runtime, d, &info));
        ck_assert_uint_le(info.used_bytes, N_FIT * SIZE);
    }
}

/* Plans stay while others take the room of theirs; runs are not waited for. */
START_TEST(plans_whose_buffers_do_not_fit_together_take_turns)
{
    enum { N_PAIRS = 12, N_RUNS = 60 };
    pair pairs[N_PAIRS];
    srand(1 + (unsigned)_i);
    for (int p = 0; p < N_PAIRS; p++) {
        uint32_t from = (uint32_t)rand() % N_BUFFERS;
        uint32_t to = (from + 1 + (uint32_t)rand() % (N_BUFFERS - 1)) % N_BUFFERS;
        pairs[p] = make_pair(from, to, _i % 2 && getenv("CHRONAXIE_SERIAL") == NULL);
    }
    for (int r = 0; r < N_RUNS; r++) {
        submit(&pairs[rand() % N_PAIRS]);
        if (rand() % 16 == 0)
            check_buffers();
        check_used();
    }
    check_buffers();
    for (int p = 0; p < N_PAIRS; p++)
        drop(&pairs[p]);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("evict");
    TCase *tests = tcase_create("evict");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, plans_whose_buffers_do_not_fit_together_take_turns, 0, 4);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
