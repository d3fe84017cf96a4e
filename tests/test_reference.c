/* A driver that makes kernels slower than the one before is told of, once and with both figures;
 * one that does not, or of which nothing can be said, is not. Null devices of many speeds stand for
 * the drivers. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/plan.h>

#include "device/null.h"
#include "execute/lifetime.h"
#include "folder.h"

#define N_RUNS 400
#define ITEMS 65536u
#define FEW_ITEMS 520u /* of the same power of two as MANY_ITEMS */
#define MANY_ITEMS 1000u
#define N_DEVICES 2u

static const char source[] = "kernel void step(global uint *y)\n"
                             "{\n"
                             "    y[get_global_id(0)] = 1;\n"
                             "}\n"
                             "kernel void read(global uint *y)\n"
                             "{\n"
                             "    y[get_global_id(0)] = 2;\n"
                             "}\n";

static void
work(const chx__null_call *call)
{
    ((uint32_t *)call->args[0])[0] = 1;
}

static const chx__null_kernel kernels[] = {{"step", work}, {"read", work}, {NULL, NULL}};

static char *folder;
static char warning[1024]; /* the last */
static uint32_t n_warnings;

static void
begin(void)
{
    folder = test_folder_create();
    n_warnings = 0;
}

static void
end(void)
{
    test_folder_destroy(folder);
}

static void
note(void *data, chx_log_level level, const char *message)
{
    (void)data;
    if (level != CHX_LOG_WARNING)
        return;
    snprintf(warning, sizeof warning, "%s", message);
    n_warnings++;
}

static void
add_task(chx_graph *graph, chx_program *program, chx_buffer *buffer, uint32_t index, size_t n_items)
{
    uint32_t device = index % N_DEVICES;
    chx_kernel_task task = {
        .program = program,
        .kernel = index / N_DEVICES == 0 ? "step" : "read",
        .global = {n_items},
        .devices = &device,
        .n_devices = 1,
        .args = CHX_ARGS(CHX_WRITE(buffer)),
    };
    ck_assert_msg(chx_graph_kernel(graph, &task) == CHX_OK, "%s", chx_last_error()->message);
}

static void
run_once(chx_plan *plan)
{
    chx_run *run;
    ck_assert_msg(chx_plan_submit(plan, &run) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_int_eq(chx_run_wait(run, UINT64_MAX), CHX_OK);
    chx_run_destroy(&run);
}

/* Runs two kernels on each device, of so many work-items in turn. */
static void
run_plans(chx_runtime *runtime, const size_t n_items[2], int n_runs)
{
    chx_program *program;
    chx_graph *graphs[2];
    chx_plan *plans[2];
    chx_buffer *buffers[2 * N_DEVICES];
    ck_assert_int_eq(chx_program_from_source(runtime, "step.cl", source, NULL, &program), CHX_OK);
    for (uint32_t b = 0; b < 2 * N_DEVICES; b++)
        ck_assert_int_eq(chx_buffer_create(runtime, ITEMS * 4, NULL, &buffers[b]), CHX_OK);
    for (int g = 0; g < 2; g++) {
        ck_assert_int_eq(chx_graph_create(runtime, &graphs[g]), CHX_OK);
        for (uint32_t t = 0; t < 2 * N_DEVICES; t++)
            add_task(graphs[g], program, buffers[t], t, n_items[g]);
        ck_assert_msg(chx_plan_create(graphs[g], NULL, &plans[g]) == CHX_OK, "%s",
                      chx_last_error()->message);
    }
    for (int r = 0; r < n_runs; r++)
        run_once(plans[r % 2]);
    for (int g = 0; g < 2; g++) {
        chx_plan_destroy(&plans[g]);
        chx_graph_destroy(&graphs[g]);
    }
    for (uint32_t b = 0; b < 2 * N_DEVICES; b++)
        chx_buffer_destroy(&buffers[b]);
    chx_program_destroy(&program);
}

/* A process with a driver whose launches take so long. Both devices are alike but for their names;
 * the second has the speed of the first with the oldest driver. */
static void
live(const char *driver, double launch_ns, const size_t n_items[2], int n_runs)
{
    chx__null *machine;
    chx_runtime *runtime;
    chx__null_device devices[N_DEVICES] = {
        {.name = "one", .launch_ns = launch_ns, .ns_per_item = 1e-3, .driver = driver},
        {.name = "two", .launch_ns = 10000, .ns_per_item = 1e-3, .driver = driver},
    };
    chx__wire wires[(N_DEVICES + 1) * (N_DEVICES + 1)];
    for (uint32_t w = 0; w < (N_DEVICES + 1) * (N_DEVICES + 1); w++)
        wires[w] = (chx__wire){.exists = true, .latency_ns = 1000, .ns_per_byte = 0.1};
    chx__null_params params = {.devices = devices,
                               .n_devices = N_DEVICES,
                               .kernels = kernels,
                               .wires = wires,
                               .serial = true,
                               .has_stamps = true};
    chx_runtime_params wanted = {
        .serial = true, .cache_path = folder, .log = note, .log_level = CHX_LOG_WARNING};
    ck_assert_int_eq(chx__null_create(&params, &machine), CHX_OK);
    ck_assert_msg(chx__runtime_create(&runtime, &wanted, machine) == CHX_OK, "%s",
                  chx_last_error()->message);
    run_plans(runtime, n_items, n_runs);
    chx_runtime_destroy(&runtime);
    chx__null_destroy(&machine);
}

static const size_t same[2] = {ITEMS, ITEMS}, mixed[2] = {FEW_ITEMS, MANY_ITEMS};
static const size_t few[2] = {FEW_ITEMS, FEW_ITEMS}, many[2] = {MANY_ITEMS, MANY_ITEMS};

static void
ck_says(const char *what)
{
    ck_assert_msg(strstr(warning, what) != NULL, "\"%s\" is not in: %s", what, warning);
}

START_TEST(reference_tells_of_a_slower_driver_with_both_figures_once)
{
    live("3.1, OpenCL 3.0", 10000, same, N_RUNS);
    ck_assert_uint_eq(n_warnings, 0);
    live("6.0, OpenCL 3.0", 12500, same, N_RUNS);
    ck_assert_uint_eq(n_warnings, 1);
    ck_says("one: with driver 6.0 kernel ");
    ck_says("takes 12.6 us for 65536 work-items, with 3.1 it took 10.1: 25 % longer, and 1 more "
            "kernel does");
    live("6.0, OpenCL 3.0", 12500, same, N_RUNS);
    ck_assert_uint_eq(n_warnings, 1);
}
END_TEST

START_TEST(reference_says_nothing_of_a_twentieth)
{
    live("3.1", 10000, same, N_RUNS);
    live("6.0", 10500, same, N_RUNS);
    ck_assert_uint_eq(n_warnings, 0);
}
END_TEST

START_TEST(reference_says_nothing_of_a_faster_driver)
{
    live("3.1", 10000, same, N_RUNS);
    live("6.0", 7000, same, N_RUNS);
    ck_assert_uint_eq(n_warnings, 0);
}
END_TEST

START_TEST(reference_says_nothing_of_the_same_driver)
{
    live("3.1", 10000, same, N_RUNS);
    live("3.1", 15000, same, N_RUNS);
    live("3.1", 20000, same, N_RUNS);
    ck_assert_uint_eq(n_warnings, 0);
}
END_TEST

START_TEST(reference_is_the_last_driver)
{
    live("3.1", 10000, same, N_RUNS);
    live("6.0", 20000, same, N_RUNS);
    ck_assert_uint_eq(n_warnings, 1);
    live("7.0", 15000, same, N_RUNS);
    ck_assert_uint_eq(n_warnings, 1);
    live("8.0", 18000, same, N_RUNS);
    ck_assert_uint_eq(n_warnings, 2);
    ck_says("with 7.0 it took 15.1");
    live("3.1", 10000, same, N_RUNS);
    ck_assert_uint_eq(n_warnings, 2);
    live("8.0", 18000, same, N_RUNS);
    ck_assert_uint_eq(n_warnings, 3);
    ck_says("with 3.1 it took 10.1");
    live("8.0, patched", 30000, same, N_RUNS);
    ck_says("with driver 8.0, patched kernel");
}
END_TEST

/* What launches cost by work-item differs by half from one run to the next. */
START_TEST(reference_says_nothing_where_samples_spread)
{
    live("3.1", 10000, mixed, N_RUNS);
    live("6.0", 12500, mixed, N_RUNS);
    ck_assert_uint_eq(n_warnings, 0);
}
END_TEST

START_TEST(reference_says_nothing_of_few_samples)
{
    live("3.1", 10000, same, N_RUNS);
    live("6.0", 15000, same, 30);
    ck_assert_uint_eq(n_warnings, 0);
    live("6.0", 15000, same, 30);
    ck_assert_uint_eq(n_warnings, 0);
    for (int i = 0; i < 4; i++)
        live("6.0", 15000, same, 30);
    ck_assert_uint_eq(n_warnings, 1);
}
END_TEST

START_TEST(reference_says_nothing_of_other_sizes)
{
    live("3.1", 10000, many, N_RUNS);
    live("6.0", 15000, few, N_RUNS);
    ck_assert_uint_eq(n_warnings, 0);
    live("7.0", 20000, few, N_RUNS);
    ck_assert_uint_eq(n_warnings, 1);
}
END_TEST

static int
damage(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)place;
    if (kind != FTW_F)
        return 0;
    FILE *file = fopen(path, "r+b");
    ck_assert_ptr_nonnull(file);
    if (fseek(file, -5, SEEK_END)) {
        fclose(file); /* a lock has no bytes */
        return 0;
    }
    int byte = fgetc(file);
    ck_assert_int_eq(fseek(file, -5, SEEK_END), 0);
    ck_assert_int_ne(fputc(byte ^ 1, file), EOF);
    ck_assert_int_eq(fclose(file), 0);
    return 0;
}

START_TEST(reference_that_is_damaged_is_none)
{
    live("3.1", 10000, same, N_RUNS);
    ck_assert_int_eq(nftw(folder, damage, 16, FTW_PHYS), 0);
    live("6.0", 20000, same, N_RUNS);
    ck_assert_uint_eq(n_warnings, 0);
    live("7.0", 40000, same, N_RUNS);
    ck_assert_uint_eq(n_warnings, 1);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("reference");
    TCase *cases = tcase_create("reference");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, reference_tells_of_a_slower_driver_with_both_figures_once);
    tcase_add_test(cases, reference_says_nothing_of_a_twentieth);
    tcase_add_test(cases, reference_says_nothing_of_a_faster_driver);
    tcase_add_test(cases, reference_says_nothing_of_the_same_driver);
    tcase_add_test(cases, reference_is_the_last_driver);
    tcase_add_test(cases, reference_says_nothing_where_samples_spread);
    tcase_add_test(cases, reference_says_nothing_of_few_samples);
    tcase_add_test(cases, reference_says_nothing_of_other_sizes);
    tcase_add_test(cases, reference_that_is_damaged_is_none);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
