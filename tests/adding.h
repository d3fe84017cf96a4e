/* One kernel that adds, run again and again by a plan that recovers, for tests of devices that come
 * late or go. */
#ifndef CHX_TESTS_ADDING_H
#define CHX_TESTS_ADDING_H

#include <check.h>

#include <chronaxie/plan.h>

#include "base/clock.h"
#include "null.h"

#define WORDS 64u
#define SECOND_NS UINT64_C(1000000000)
#define N_MEASURED 4u /* runs, after which the cost is known */
#define N_RUNS 3u /* in flight */

static const char source[] = "kernel void add(global uint *y, uint n)\n"
                             "{\n"
                             "    y[get_global_id(0)] += n;\n"
                             "}\n";

static inline void
add(const chx__null_call *call)
{
    uint32_t *y = call->args[0];
    for (size_t i = 0; i < call->launch->global[0]; i++)
        y[i] += *(uint32_t *)call->args[1];
}

static const chx__null_kernel kernels[] = {{"add", add}, {NULL, NULL}};

static chx_runtime *runtime;
static chx_program *program;
static chx_buffer *buffer;
static chx_graph *graph;
static chx_plan *plan;
static uint32_t n_added;

/* So many runs at once, which end well. Returns what they took. */
static inline uint64_t
run(uint32_t n)
{
    chx_run *runs[8];
    const uint64_t begun_ns = chx__now_ns();
    for (uint32_t r = 0; r < n; r++)
        ck_assert_msg(chx_plan_submit(plan, &runs[r]) == CHX_OK, "%s", chx_last_error()->message);
    for (uint32_t r = 0; r < n; r++) {
        ck_assert_msg(chx_run_wait(runs[r], 100 * SECOND_NS) == CHX_OK, "%s",
                      chx_last_error()->message);
        chx_run_destroy(&runs[r]);
    }
    n_added += n;
    return chx__now_ns() - begun_ns;
}

static inline void
measure(void)
{
    for (uint32_t r = 0; r < N_MEASURED; r++)
        run(1);
}

static inline void
expect_sum(void)
{
    uint32_t words[WORDS];
    ck_assert_int_eq(chx_buffer_read(buffer, 0, sizeof words, words), CHX_OK);
    for (uint32_t i = 0; i < WORDS; i++)
        ck_assert_uint_eq(words[i], 3 * n_added);
}

/* Why a device is out of use; NULL when all are in use. */
static inline const char *
reason(void)
{
    for (uint32_t d = 0; d < chx_runtime_n_devices(runtime); d++) {
        chx_device_info info;
        ck_assert_int_eq(chx_runtime_device(runtime, d, &info), CHX_OK);
        if (info.excluded)
            return info.excluded;
    }
    return NULL;
}

#endif
