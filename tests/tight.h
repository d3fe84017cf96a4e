/* Buffers of which a device has room for some, for tests of memory that is short: with N_BUFFERS of
 * them, of which N_FIT fit, defined before. */
#ifndef CHX_TESTS_TIGHT_H
#define CHX_TESTS_TIGHT_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/plan.h>

#include "machine.h"
#include "null.h"

#define WORDS ((size_t)1 << 10)
#define SIZE (WORDS * sizeof(uint32_t))

static const char source[] = "kernel void grow(global const uint *x, global uint *y, uint by)\n"
                             "{\n"
                             "    y[get_global_id(0)] += x[get_global_id(0)] * 3u + by;\n"
                             "}\n"
                             "\n"
                             "kernel void sum(global const uint *a, global const uint *b,\n"
                             "                global const uint *c, global const uint *d,\n"
                             "                global uint *y)\n"
                             "{\n"
                             "    size_t i = get_global_id(0);\n"
                             "    y[i] = a[i] + b[i] + c[i] + d[i];\n"
                             "}\n"
                             "\n"
                             "kernel void gather(global const uint *x, global uint *y, uint n)\n"
                             "{\n"
                             "    size_t i = get_global_id(0);\n"
                             "    atomic_add(&y[i * 7u % n], x[i % n]);\n"
                             "}\n";

static inline void
grow(const chx__null_call *call)
{
    const uint32_t *x = call->args[0];
    uint32_t *y = call->args[1], by = *(uint32_t *)call->args[2];
    for (size_t i = 0; i < call->launch->global[0]; i++)
        y[i] += x[i] * 3u + by;
}

static inline void
sum(const chx__null_call *call)
{
    uint32_t *y = call->args[4];
    for (size_t i = 0; i < call->launch->global[0]; i++) {
        y[i] = 0;
        for (int a = 0; a < 4; a++)
            y[i] += ((const uint32_t *)call->args[a])[i];
    }
}

static inline void
gather(const chx__null_call *call)
{
    const uint32_t *x = call->args[0], n = *(uint32_t *)call->args[2];
    uint32_t *y = call->args[1];
    const size_t begin = call->launch->offset[0];
    for (size_t i = begin; i < begin + call->launch->global[0]; i++)
        y[i * 7u % n] += x[i % n];
}

static const chx__null_kernel kernels[] = {
    {"grow", grow}, {"sum", sum}, {"gather", gather}, {NULL, NULL}};

static chx_runtime *runtime;
static chx_program *program;
static chx_buffer *buffers[N_BUFFERS];
static uint32_t expected[N_BUFFERS][WORDS];

static inline void
check_ok(chx_status status)
{
    ck_assert_msg(status == CHX_OK, "%s: %s", chx_status_name(status), chx_last_error()->message);
}

static inline void
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

static inline void
teardown(void)
{
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        chx_buffer_destroy(&buffers[b]);
    chx_program_destroy(&program);
    test_runtime_destroy(&runtime);
}

static inline void
add_grow(chx_graph *graph, uint32_t from, uint32_t to, uint32_t by)
{
    chx_kernel_task task = {
        .program = program,
        .kernel = "grow",
        .global = {WORDS},
        .args = CHX_ARGS(CHX_READ(buffers[from]), CHX_READ_WRITE(buffers[to]), CHX_UINT(by))};
    check_ok(chx_graph_kernel(graph, &task));
}

/* What that does. */
static inline void
expect(uint32_t from, uint32_t to, uint32_t by)
{
    for (size_t i = 0; i < WORDS; i++)
        expected[to][i] += expected[from][i] * 3u + by;
}

static inline void
check_buffers(void)
{
    uint32_t *found = malloc(SIZE);
    for (uint32_t b = 0; b < N_BUFFERS; b++) {
        check_ok(chx_buffer_read(buffers[b], 0, SIZE, found));
        ck_assert_mem_eq(found, expected[b], SIZE);
    }
    free(found);
}

static inline void
check_used(void)
{
    for (uint32_t d = 0; d < chx_runtime_n_devices(runtime); d++) {
        chx_device_info info;
        check_ok(chx_runtime_device(runtime, d, &info));
        ck_assert_uint_le(info.used_bytes, N_FIT * SIZE);
    }
}

#endif
