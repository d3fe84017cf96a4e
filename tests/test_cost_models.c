/* What people are told of kernels' costs is what null devices of known speed take. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/plan.h>

#include "device/null.h"
#include "execute/lifetime.h"

#define N_DEVICES 2u
#define N_RUNS 20
#define N_SIZES 3u
#define LAUNCH_NS 10000.0
#define ITEM_NS 1.5
#define GIGA_BYTES 8.0 /* of the first device; nobody knows the other's */
#define BYTES_PER_ITEM 12.0 /* 4 read, 4 read and written */

static const char source[] = "kernel void join(global const uint *x, global uint *y)\n"
                             "{\n"
                             "    y[get_global_id(0)] += x[get_global_id(0)];\n"
                             "}\n";

/* Of three powers of two, and in none of their middles. */
static const size_t sizes[N_SIZES] = {1030, 7900, 16400};

static void
join(const chx__null_call *call)
{
    const uint32_t *x = call->args[0];
    uint32_t *y = call->args[1];
    for (size_t i = 0; i < call->launch->global[0]; i++)
        y[i] += x[i];
}

static const chx__null_kernel kernels[] = {{"join", join}, {NULL, NULL}};

static chx__null *machine;
static chx_runtime *runtime;

static void
begin(void)
{
    static const chx__null_device devices[N_DEVICES] = {
        {.launch_ns = LAUNCH_NS, .ns_per_item = ITEM_NS, .ns_per_byte = 1 / GIGA_BYTES},
        {.launch_ns = LAUNCH_NS, .ns_per_item = ITEM_NS},
    };
    static chx__wire wires[(N_DEVICES + 1) * (N_DEVICES + 1)];
    for (uint32_t w = 0; w < (N_DEVICES + 1) * (N_DEVICES + 1); w++)
        wires[w] = (chx__wire){.exists = true, .latency_ns = 1000, .ns_per_byte = 0.1};
    const chx__null_params params = {.devices = devices,
                                     .n_devices = N_DEVICES,
                                     .kernels = kernels,
                                     .wires = wires,
                                     .serial = true,
                                     .has_stamps = true};
    const chx_runtime_params wanted = {.serial = true};
    ck_assert_int_eq(chx__null_create(&params, &machine), CHX_OK);
    ck_assert_int_eq(chx__runtime_create(&runtime, &wanted, machine), CHX_OK);
}

static void
end(void)
{
    chx_runtime_destroy(&runtime);
    chx__null_destroy(&machine);
}

static void
add_task(chx_graph *graph, chx_program *program, chx_buffer *const buffers[2], size_t n_items,
         uint32_t device)
{
    chx_kernel_task task = {
        .program = program,
        .kernel = "join",
        .global = {n_items},
        .devices = &device,
        .n_devices = 1,
        .args = CHX_ARGS(chx_arg_buffer(buffers[0], CHX_ACCESS_READ, 0, n_items * 4),
                         chx_arg_buffer(buffers[1], CHX_ACCESS_READ_WRITE, 0, n_items * 4)),
    };
    ck_assert_msg(chx_graph_kernel(graph, &task) == CHX_OK, "%s", chx_last_error()->message);
}

/* One kernel on each device at each size. */
static void
run_graph(void)
{
    chx_program *program;
    chx_graph *graph;
    chx_plan *plan;
    chx_buffer *buffers[N_DEVICES][2];
    ck_assert_int_eq(chx_program_from_source(runtime, "join.cl", source, NULL, &program), CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &graph), CHX_OK);
    void *zeroes = calloc(sizes[N_SIZES - 1], 4);
    for (uint32_t d = 0; d < N_DEVICES; d++) {
        for (uint32_t b = 0; b < 2; b++)
            ck_assert_int_eq(
                chx_buffer_create(runtime, sizes[N_SIZES - 1] * 4, zeroes, &buffers[d][b]), CHX_OK);
        for (uint32_t s = 0; s < N_SIZES; s++)
            add_task(graph, program, buffers[d], sizes[s], d);
    }
    free(zeroes);
    ck_assert_msg(chx_plan_create(graph, NULL, &plan) == CHX_OK, "%s", chx_last_error()->message);
    for (int r = 0; r < N_RUNS; r++) {
        chx_run *run;
        ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
        ck_assert_int_eq(chx_run_wait(run, UINT64_MAX), CHX_OK);
        chx_run_destroy(&run);
    }
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    for (uint32_t d = 0; d < N_DEVICES; d++)
        for (uint32_t b = 0; b < 2; b++)
            chx_buffer_destroy(&buffers[d][b]);
    chx_program_destroy(&program);
}

static bool
is_measured_size(uint64_t size)
{
    for (uint32_t s = 0; s < N_SIZES; s++)
        if (sizes[s] == size)
            return true;
    return false;
}

static void
ck_model(const chx_cost_model *model)
{
    double ns = LAUNCH_NS + ITEM_NS * (double)model->size;
    double peak = BYTES_PER_ITEM * (double)model->size / ns / (2 * GIGA_BYTES);
    ck_assert_str_eq(model->kernel, "join");
    ck_assert(is_measured_size(model->size));
    ck_assert_double_eq_tol(model->median_ms * 1e6, ns, 2);
    ck_assert_double_eq_tol(model->spread_ms, 0, 1e-9);
    ck_assert_double_eq_tol(model->fixed_ms * 1e6, LAUNCH_NS, 5);
    ck_assert_double_eq_tol(model->item_ns, ITEM_NS, 1e-3);
    ck_assert_double_eq_tol(model->peak_fraction, model->device_index == 0 ? peak : 0, 1e-4);
    ck_assert_uint_ge(model->n_samples, N_SIZES * 5);
}

START_TEST(models_are_one_for_each_device_and_say_what_it_takes)
{
    chx_cost_model *models;
    uint32_t n;
    run_graph();
    ck_assert_int_eq(chx_runtime_cost_models(runtime, &models, &n), CHX_OK);
    ck_assert_uint_eq(n, N_DEVICES);
    ck_assert_uint_ne(models[0].device_index, models[1].device_index);
    for (uint32_t m = 0; m < n; m++)
        ck_model(&models[m]);
    free(models);
}
END_TEST

START_TEST(models_before_a_run_are_none)
{
    chx_cost_model *models;
    uint32_t n = 9;
    ck_assert_int_eq(chx_runtime_cost_models(runtime, &models, &n), CHX_OK);
    ck_assert_uint_eq(n, 0);
    free(models);
    ck_assert_int_eq(chx_runtime_cost_models(runtime, NULL, &n), CHX_ERROR_INVALID);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("cost_models");
    TCase *cases = tcase_create("cost_models");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, models_are_one_for_each_device_and_say_what_it_takes);
    tcase_add_test(cases, models_before_a_run_are_none);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
