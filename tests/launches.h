/* Launches of two kernels over ranges of five buffers, and what they mean: by program order each
 * computes on what those before it left. */
#ifndef CHX_TESTS_LAUNCHES_H
#define CHX_TESTS_LAUNCHES_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "null.h"

#define WORDS 256u
#define N_BUFFERS 5u
#define SECOND_NS UINT64_C(1000000000)

static const char source[] =
    "kernel void blend(global const uint *x, uint x_begin, global uint *y, uint y_begin, uint "
    "seed)\n"
    "{\n"
    "    uint i = (uint)get_global_id(0);\n"
    "    y[y_begin + i] = y[y_begin + i] * 1664525u + x[x_begin + i] + seed;\n"
    "}\n"
    "kernel void take(global const uint *x, uint x_begin, global uint *y, uint y_begin, uint "
    "seed)\n"
    "{\n"
    "    uint i = (uint)get_global_id(0);\n"
    "    y[y_begin + i] = x[x_begin + i] ^ seed;\n"
    "}\n";

static inline void
blend(const chx__null_call *call)
{
    const uint32_t *x = call->args[0];
    uint32_t *y = call->args[2];
    uint32_t x_begin = *(uint32_t *)call->args[1], y_begin = *(uint32_t *)call->args[3];
    for (size_t i = 0; i < call->launch->global[0]; i++)
        y[y_begin + i] = y[y_begin + i] * 1664525u + x[x_begin + i] + *(uint32_t *)call->args[4];
}

static inline void
take(const chx__null_call *call)
{
    const uint32_t *x = call->args[0];
    uint32_t *y = call->args[2];
    uint32_t x_begin = *(uint32_t *)call->args[1], y_begin = *(uint32_t *)call->args[3];
    for (size_t i = 0; i < call->launch->global[0]; i++)
        y[y_begin + i] = x[x_begin + i] ^ *(uint32_t *)call->args[4];
}

static const chx__null_kernel kernels[] = {{"blend", blend}, {"take", take}, {NULL, NULL}};

static chx_runtime *runtime;
static chx_program *program;
static chx_graph *graph;
static chx_buffer *buffers[N_BUFFERS];
static uint32_t expected[N_BUFFERS][WORDS];

/* With the words that are expected of it; every other one lies over the test's own memory. */
static inline void
make_buffer(uint32_t b)
{
    static uint32_t memory[N_BUFFERS][WORDS];
    memcpy(memory[b], expected[b], sizeof memory[b]);
    ck_assert_int_eq(b % 2 ? chx_buffer_wrap(runtime, memory[b], sizeof memory[b], &buffers[b])
                           : chx_buffer_create(runtime, sizeof memory[b], memory[b], &buffers[b]),
                     CHX_OK);
}

static inline void
setup(void)
{
    chx_runtime_params params = test_machine_params();
    ck_assert_msg(test_runtime_create(&runtime, &params, kernels) == CHX_OK, "%s",
                  chx_last_error()->message);
    ck_assert_int_eq(chx_program_from_source(runtime, "blend.cl", source, NULL, &program), CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &graph), CHX_OK);
    for (uint32_t b = 0; b < N_BUFFERS; b++) {
        for (uint32_t i = 0; i < WORDS; i++)
            expected[b][i] = b * 1000 + i;
        make_buffer(b);
    }
}

static inline void
teardown(void)
{
    chx_graph_destroy(&graph);
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        chx_buffer_destroy(&buffers[b]);
    chx_program_destroy(&program);
    test_runtime_destroy(&runtime);
}

/* One launch of blend or take over n words, and what it means. */
struct launch {
    bool mixes;
    uint32_t x, x_begin, y, y_begin, n, seed;
    uint32_t devices[2];
    uint32_t n_devices; /* 0: any */
    chx_task id;
};

static inline void
add_launch(struct launch *launch)
{
    chx_kernel_task task = {
        .program = program,
        .kernel = launch->mixes ? "blend" : "take",
        .global = {launch->n},
        .devices = launch->devices,
        .n_devices = launch->n_devices,
        .args = CHX_ARGS(CHX_BUFFER_RANGE(buffers[launch->x], CHX_ACCESS_READ, 4 * launch->x_begin,
                                          4 * launch->n),
                         CHX_UINT(launch->x_begin),
                         CHX_BUFFER_RANGE(buffers[launch->y],
                                          launch->mixes ? CHX_ACCESS_READ_WRITE : CHX_ACCESS_WRITE,
                                          4 * launch->y_begin, 4 * launch->n),
                         CHX_UINT(launch->y_begin), CHX_UINT(launch->seed)),
        .id = &launch->id,
    };
    ck_assert_msg(chx_graph_kernel(graph, &task) == CHX_OK, "%s", chx_last_error()->message);
}

static inline void
expect_launch(const struct launch *launch)
{
    for (uint32_t i = 0; i < launch->n; i++) {
        uint32_t x = expected[launch->x][launch->x_begin + i];
        uint32_t *y = &expected[launch->y][launch->y_begin + i];
        *y = launch->mixes ? *y * 1664525u + x + launch->seed : x ^ launch->seed;
    }
}

static inline void
run_plan(chx_plan *plan)
{
    chx_run *run;
    ck_assert_msg(chx_plan_submit(plan, &run) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_msg(chx_run_wait(run, 60 * SECOND_NS) == CHX_OK, "%s", chx_last_error()->message);
    chx_run_destroy(&run);
}

static inline void
check_buffers(void)
{
    for (uint32_t b = 0; b < N_BUFFERS; b++) {
        uint32_t words[WORDS];
        ck_assert_msg(chx_buffer_read(buffers[b], 0, sizeof words, words) == CHX_OK, "%s",
                      chx_last_error()->message);
        ck_assert_mem_eq(words, expected[b], sizeof words);
    }
}

static inline struct launch
random_launch(void)
{
    struct launch launch = {.mixes = rand() % 2, .seed = (uint32_t)rand()};
    launch.x = (uint32_t)rand() % N_BUFFERS;
    launch.y = (launch.x + 1 + (uint32_t)rand() % (N_BUFFERS - 1)) % N_BUFFERS;
    launch.n = 1 + (uint32_t)rand() % WORDS;
    launch.x_begin = (uint32_t)rand() % (WORDS - launch.n + 1);
    launch.y_begin = (uint32_t)rand() % (WORDS - launch.n + 1);
    return launch;
}

#endif
