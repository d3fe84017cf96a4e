/* The fleet on the drivers of this machine: selection, splitting, memory accounts, contexts and
 * clocks. Needs OpenCL; skipped without. */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>

#include "base/clock.h"
#include "base/error.h"
#include "device/cache.h"
#include "device/discovery.h"
#include "device/fleet.h"
#include "device/program.h"
#include "device/source.h"
#include "fault.h"
#include "folder.h"
#include "machine.h"

#define SKIPS_IN_SERIAL_MODE        \
    if (getenv("CHRONAXIE_SERIAL")) \
    return

static chx__fleet fleet;
static chx_runtime_params params;

/* A fleet that failed to start is zeroed, so that finishing it does nothing. */
static void
set_up(void)
{
    params = test_machine_params();
    fleet = (chx__fleet){0};
}

static void
tear_down(void)
{
    chx__fleet_finish(&fleet);
}

static uint32_t
n_selected(void)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < fleet.n_devices; i++)
        n += fleet.devices[i].info.selected;
    return n;
}

static chx__device *
first_selected(void)
{
    for (uint32_t i = 0; i < fleet.n_devices; i++)
        if (fleet.devices[i].info.selected)
            return &fleet.devices[i];
    ck_abort_msg("no device is selected");
    return NULL;
}

/* Two parts of one device, where the driver can cut; tests that need two devices on one
 * platform. */
static bool
start_two_parts(void)
{
    params.split = 2;
    chx_status status = chx__fleet_init(&fleet, &params, NULL);
    if (status == CHX_ERROR_INVALID)
        return false;
    ck_assert_int_eq(status, CHX_OK);
    return true;
}

static chx__device *
second_of(const chx__device *first)
{
    for (uint32_t i = first->index + 1; i < fleet.n_devices; i++)
        if (fleet.devices[i].info.selected && fleet.devices[i].platform == first->platform)
            return &fleet.devices[i];
    ck_abort_msg("no second device is selected");
    return NULL;
}

/* Runs one kernel and waits for it; the status of the first call that fails. */
static chx_status
run_kernel(chx__device *device, uint64_t patience_ns)
{
    chx_program *program = NULL;
    cl_kernel kernel = NULL;
    cl_event event = NULL;
    char *text = strdup("kernel void nothing(void) {}");
    chx_status status = chx__program_create(&fleet, "nothing.cl", text, NULL, &program);
    if (!status)
        status = chx__program_kernel(program, device, "nothing", &kernel);
    if (!status) {
        size_t one = 1;
        cl_command_queue queue = chx__device_compute_lane(device, 0)->queue;
        status = chx__cl_status(
            clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, &event));
        clFlush(queue);
    }
    if (!status)
        status = chx__backend_await(&chx__opencl, event, chx__now_ns() + patience_ns,
                                    device->info.name, "a launch");
    if (event)
        clReleaseEvent(event);
    if (kernel)
        clReleaseKernel(kernel);
    chx__program_destroy(&program);
    return status;
}

#define PATIENCE_NS UINT64_C(20000000000)

START_TEST(fleet_tells_what_it_knows_of_a_selected_device)
{
    params.measure = true;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    const chx__device *device = first_selected();
    const chx_device_info *info = &device->info;
    ck_assert_uint_gt(strlen(info->name), 0);
    ck_assert_uint_gt(strlen(info->platform), 0);
    ck_assert_uint_gt(strlen(info->driver), 0);
    ck_assert_uint_gt(info->memory_bytes, 0);
    ck_assert_uint_le(info->budget_bytes, info->memory_bytes / 5 * 4);
    ck_assert_double_gt(info->launch_us, 0);
    ck_assert_double_gt(info->giga_ops, 0);
    ck_assert_double_gt(info->giga_bytes, 0);
    ck_assert_uint_ge(info->max_loop_iterations, 1000);
    ck_assert_ptr_null(info->excluded);
    ck_assert_uint_ne(device->hardware, 0);
}
END_TEST

/* Counts the rounds of a loop that the kernel is told to make. */
static uint32_t
run_loop(chx__device *device, uint32_t n_rounds)
{
    chx_program *program = NULL;
    cl_kernel kernel = NULL;
    cl_event event = NULL;
    char *text = strdup("kernel void loop(global uint *made, uint n)\n"
                        "{\n"
                        "    uint round, state = 12345;\n"
                        "    for (round = 0; round < n; round++)\n"
                        "        state = (state * 1664525u + 1013904223u) ^ (state >> 15);\n"
                        "    made[0] = round;\n"
                        "    made[1] = state;\n"
                        "}\n");
    uint32_t made[2] = {0}, state = 12345;
    size_t one = 1;
    cl_int code;
    ck_assert_int_eq(chx__program_create(&fleet, "loop.cl", text, NULL, &program), CHX_OK);
    ck_assert_int_eq(chx__program_kernel(program, device, "loop", &kernel), CHX_OK);
    cl_command_queue queue = chx__device_compute_lane(device, 0)->queue;
    cl_mem buffer = clCreateBuffer(device->platform->context, 0, sizeof made, NULL, &code);
    clSetKernelArg(kernel, 0, sizeof buffer, &buffer);
    clSetKernelArg(kernel, 1, sizeof n_rounds, &n_rounds);
    ck_assert_int_eq(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, &event),
                     CL_SUCCESS);
    clFlush(queue);
    ck_assert_int_eq(chx__backend_await(&chx__opencl, event, chx__now_ns() + PATIENCE_NS,
                                        device->info.name, "a long loop"),
                     CHX_OK);
    ck_assert_int_eq(
        clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof made, made, 0, NULL, NULL),
        CL_SUCCESS);
    for (uint32_t i = 0; i < made[0] && i < n_rounds; i++)
        state = (state * 1664525u + 1013904223u) ^ (state >> 15);
    ck_assert_uint_eq(made[1], state);
    clReleaseMemObject(buffer);
    clReleaseEvent(event);
    clReleaseKernel(kernel);
    chx__program_destroy(&program);
    return made[0];
}

/* llvmpipe ended loops after 65,535 rounds until Mesa 25. Whatever a driver does, what the fleet
 * says of it is what a loop meets. */
START_TEST(devices_of_one_name_are_numbered)
{
    static const char *const found[] = {"A", "B", "A", "B", "A"};
    static const char *const told[] = {"A", "B", "A #2", "B #2", "A #3"};
    enum { N = 5 };
    chx__device devices[N] = {0};
    for (int d = 0; d < N; d++)
        devices[d].info.name = strdup(found[d]);
    ck_assert_int_eq(chx__devices_tell_apart(devices, N), CHX_OK);
    for (int d = 0; d < N; d++) {
        ck_assert_str_eq(devices[d].info.name, told[d]);
        free((char *)devices[d].info.name);
    }
}
END_TEST

START_TEST(loop_runs_to_its_end_or_to_the_limit_that_the_fleet_found)
{
    const uint32_t n_rounds = 200000;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    chx__device *device = first_selected();
    uint64_t limit = device->info.max_loop_iterations;
    if (limit != UINT64_MAX) {
        ck_assert_ptr_nonnull(strstr(device->info.name, "llvmpipe"));
        ck_assert_uint_ge(limit, 65000);
        ck_assert_uint_le(limit, 65536);
    }
    ck_assert_uint_eq(run_loop(device, n_rounds), limit < n_rounds ? limit : n_rounds);
}
END_TEST

START_TEST(fleet_by_default_takes_one_driver_of_the_processor)
{
    params = (chx_runtime_params){0};
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    int n_cpus = 0;
    for (uint32_t i = 0; i < fleet.n_devices; i++)
        n_cpus += fleet.devices[i].info.selected && fleet.devices[i].info.kind == CHX_DEVICE_CPU;
    ck_assert_int_le(n_cpus, 1);
}
END_TEST

START_TEST(fleet_selects_by_index)
{
    params.devices = "0";
    params.split = 0;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    ck_assert_uint_eq(n_selected(), 1);
    ck_assert(fleet.devices[0].info.selected);
}
END_TEST

START_TEST(fleet_selects_by_part_of_a_name_in_any_case)
{
    char part[64];
    params.split = 0;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    uint32_t wanted = first_selected()->index;
    snprintf(part, sizeof part, " %.20s ", fleet.devices[wanted].info.name + 1);
    for (char *c = part; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    chx__fleet_finish(&fleet);
    params.devices = part;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    ck_assert(fleet.devices[wanted].info.selected);
}
END_TEST

START_TEST(fleet_selects_by_part_of_a_platform_name_and_lists)
{
    char list[128];
    params.split = 0;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    snprintf(list, sizeof list, "%.30s,0", first_selected()->info.platform);
    uint32_t wanted = first_selected()->index;
    chx__fleet_finish(&fleet);
    params.devices = list;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    ck_assert(fleet.devices[wanted].info.selected);
    ck_assert(fleet.devices[0].info.selected);
}
END_TEST

START_TEST(fleet_with_an_unknown_name_lists_what_exists)
{
    params.devices = "no such device";
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_ERROR_UNKNOWN_DEVICE);
    const char *message = chx_last_error()->message;
    ck_assert_ptr_nonnull(strstr(message, "no such device"));
    ck_assert_ptr_nonnull(strstr(message, "0: "));
    ck_assert_uint_eq(fleet.n_devices, 0);
    params.devices = "99";
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_ERROR_UNKNOWN_DEVICE);
}
END_TEST

START_TEST(fleet_with_an_empty_name_is_misuse)
{
    params.devices = "0,,1";
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_ERROR_INVALID);
    params.devices = "";
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_ERROR_INVALID);
}
END_TEST

START_TEST(fleet_with_too_many_lanes_is_misuse)
{
    params.n_compute_lanes = CHX__MAX_COMPUTE_LANES + 1;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_ERROR_INVALID);
}
END_TEST

START_TEST(split_makes_devices_on_separate_hardware)
{
    if (!start_two_parts())
        return;
    const chx__device *a = first_selected(), *b = second_of(a);
    ck_assert(a->is_sub_device && b->is_sub_device);
    ck_assert_uint_eq(a->hardware & b->hardware, 0);
    ck_assert_uint_ne(a->hardware & fleet.devices[a->info.parent].hardware, 0);
    ck_assert(!fleet.devices[a->info.parent].info.selected);
    ck_assert(chx__digest_equal(a->identity, b->identity));
    ck_assert(!chx__digest_equal(a->identity, fleet.devices[a->info.parent].identity));
    ck_assert_str_ne(a->info.name, b->info.name);
}
END_TEST

START_TEST(split_into_more_parts_than_there_are_units_is_misuse)
{
    bool can_cut = start_two_parts();
    chx__fleet_finish(&fleet);
    params.split = 1000000;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_ERROR_INVALID);
    const char *remedy = can_cut ? "ask for fewer" : "leave --split out";
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, remedy));
}
END_TEST

/* A clock that was right at first and gains, loses, or jumps. */
START_TEST(offset_follows_a_clock_that_drifts)
{
    chx__device device = {.clock_offset_ns = 1000};
    uint64_t start = 4000, finish = 4500;
    ck_assert(chx__device_to_host(&device, 5000, 6000, &start, &finish));
    ck_assert_uint_eq(start, 5000);
    ck_assert_uint_eq(finish, 5500);
    start = 5600; /* ahead by 400 */
    finish = 6400;
    ck_assert(chx__device_to_host(&device, 6000, 7000, &start, &finish));
    ck_assert_uint_eq(finish, 7000);
    ck_assert_int_eq(device.clock_offset_ns, 600);
    start = 6300; /* behind by 100 */
    finish = 6350;
    ck_assert(chx__device_to_host(&device, 7000, 8000, &start, &finish));
    ck_assert_uint_eq(start, 7000);
    ck_assert_int_eq(device.clock_offset_ns, 700);
    start = UINT64_C(10000000000);
    finish = start + 10;
    ck_assert(!chx__device_to_host(&device, 8000, 9000, &start, &finish));
    start = 8000; /* longer than there was time for */
    finish = 9500;
    ck_assert(!chx__device_to_host(&device, 8000, 9000, &start, &finish));
    start = 8500;
    finish = 8400;
    ck_assert(!chx__device_to_host(&device, 8000, 9000, &start, &finish));
    ck_assert_int_eq(device.clock_offset_ns, 700);
}
END_TEST

START_TEST(budget_is_kept_and_given_back)
{
    params.memory_budget_bytes = 1000;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    chx__device *device = first_selected();
    ck_assert_int_eq(chx__device_reserve(device, 600), CHX_OK);
    ck_assert_int_eq(chx__device_reserve(device, 401), CHX_ERROR_DEVICE_MEMORY);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "401"));
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "1000"));
    ck_assert_int_eq(chx__device_reserve(device, UINT64_MAX), CHX_ERROR_DEVICE_MEMORY);
    ck_assert_int_eq(chx__device_reserve(device, 400), CHX_OK);
    chx__device_release(device, 1000);
    ck_assert_uint_eq(device->used_bytes, 0);
}
END_TEST

START_TEST(device_opens_all_its_lanes_and_runs_a_kernel)
{
    params.n_compute_lanes = 3;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    chx__device *device = first_selected();
    ck_assert_int_eq(chx__fleet_open(&fleet, device), CHX_OK);
    ck_assert_uint_eq(device->n_lanes, 5);
    for (uint32_t i = 0; i < device->n_lanes; i++)
        ck_assert_ptr_nonnull(device->lanes[i].queue);
    ck_assert_str_eq(chx__device_compute_lane(device, 2)->name, "compute 2");
    ck_assert_str_eq(chx__device_copy_in_lane(device)->name, "copy-in");
    ck_assert_str_eq(chx__device_copy_out_lane(device)->name, "copy-out");
    ck_assert_int_eq(run_kernel(device, PATIENCE_NS), CHX_OK);
}
END_TEST

START_TEST(device_clock_agrees_with_the_host)
{
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    chx__device *device = first_selected();
    ck_assert_int_eq(chx__fleet_open(&fleet, device), CHX_OK);
    if (!device->has_profiling)
        return;
    if (device->platform->is_pocl)
        ck_assert_int_eq(device->clock_offset_ns, 0);
    uint32_t word = 0;
    cl_event event;
    cl_ulong end = 0;
    cl_int code;
    cl_command_queue queue = device->lanes[0].queue;
    cl_mem buffer = clCreateBuffer(device->platform->context, 0, 64, NULL, &code);
    uint64_t before = chx__now_ns();
    ck_assert_int_eq(clEnqueueWriteBuffer(queue, buffer, CL_FALSE, 0, 4, &word, 0, NULL, &event),
                     CL_SUCCESS);
    clFlush(queue);
    ck_assert_int_eq(
        chx__backend_await(&chx__opencl, event, before + PATIENCE_NS, device->info.name, "a write"),
        CHX_OK);
    uint64_t after = chx__now_ns();
    clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL);
    uint64_t on_host = end + (uint64_t)device->clock_offset_ns;
    ck_assert_uint_ge(on_host + 1000000, before);
    ck_assert_uint_le(on_host, after + 1000000);
    clReleaseEvent(event);
    clReleaseMemObject(buffer);
}
END_TEST

START_TEST(device_that_is_not_selected_does_not_open)
{
    if (!start_two_parts())
        return;
    chx__device *whole = &fleet.devices[first_selected()->info.parent];
    ck_assert_int_eq(chx__fleet_open(&fleet, whole), CHX_ERROR_INVALID);
}
END_TEST

START_TEST(exclusion_of_the_last_device_is_refused)
{
    params.devices = "0";
    params.split = 0;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    chx__device *device = first_selected();
    ck_assert_int_eq(chx__fleet_exclude(&fleet, device, "a test"), CHX_ERROR_NO_DEVICE);
    ck_assert(device->info.selected);
    ck_assert_int_eq(run_kernel(device, PATIENCE_NS), CHX_OK);
}
END_TEST

START_TEST(exclusion_leaves_the_others_a_fresh_context)
{
    if (!start_two_parts())
        return;
    chx__device *lost = first_selected(), *kept = second_of(lost);
    ck_assert_int_eq(run_kernel(lost, PATIENCE_NS), CHX_OK);
    ck_assert_int_eq(run_kernel(kept, PATIENCE_NS), CHX_OK);
    uint32_t context = kept->platform->generation, devices = fleet.generation;
    ck_assert_int_eq(chx__fleet_exclude(&fleet, lost, "a test"), CHX_OK);
    ck_assert_uint_gt(fleet.generation, devices);
    ck_assert_str_eq(lost->info.excluded, "a test");
    ck_assert_int_eq(run_kernel(kept, PATIENCE_NS), CHX_OK);
    ck_assert_uint_gt(kept->platform->generation, context);
    ck_assert_int_eq(chx__fleet_open(&fleet, lost), CHX_ERROR_INVALID);
}
END_TEST

START_TEST(program_is_built_again_after_an_exclusion)
{
    if (!start_two_parts())
        return;
    chx__device *lost = first_selected(), *kept = second_of(lost);
    chx_program *program = NULL;
    cl_kernel kernel = NULL;
    char *text = strdup("kernel void nothing(void) {}");
    ck_assert_int_eq(chx__program_create(&fleet, "nothing.cl", text, NULL, &program), CHX_OK);
    ck_assert_int_eq(chx__program_build(program, kept), CHX_OK);
    ck_assert_int_eq(chx__fleet_exclude(&fleet, lost, NULL), CHX_OK);
    ck_assert_int_eq(chx__program_kernel(program, kept, "nothing", &kernel), CHX_OK);
    cl_context context = NULL;
    clGetKernelInfo(kernel, CL_KERNEL_CONTEXT, sizeof context, &context, NULL);
    ck_assert_ptr_eq(context, kept->platform->context);
    clReleaseKernel(kernel);
    chx__program_destroy(&program);
}
END_TEST

START_TEST(fleet_without_a_cache_folder_still_starts)
{
    char *folder = test_folder_create();
    chmod(folder, 0777);
    params.cache_path = folder;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    ck_assert_ptr_null(fleet.cache);
    test_folder_destroy(folder);
}
END_TEST

/* Starts once so that the layer is loaded; then with an empty cache and the fault. */
static void
start_with_fault(const char *fault, const char *cache_path)
{
    params.split = 0;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    chx__fleet_finish(&fleet);
    ck_assert_msg(test_fault_arm(fault), "the fault layer is not loaded");
    params.cache_path = cache_path;
}

START_TEST(warm_start_builds_and_launches_nothing)
{
    params.measure = true;
    start_with_fault("build:1,enqueue:1", NULL);
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    ck_assert_uint_eq(test_fault_injected(), 0);
    ck_assert_double_gt(first_selected()->info.giga_ops, 0);
    for (uint32_t i = 0; i < fleet.n_platforms; i++)
        ck_assert_ptr_null(fleet.platforms[i].context);
}
END_TEST

static void
expect_exclusion(const char *fault, const char *reason)
{
    char *folder = test_folder_create();
    start_with_fault(fault, folder);
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_ERROR_NO_DEVICE);
    ck_assert_uint_ge(test_fault_injected(), 1);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, reason));
    ck_assert(test_fault_arm(""));
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    chx__fleet_finish(&fleet);
    test_folder_destroy(folder);
}

START_TEST(device_that_refuses_launches_is_excluded_until_it_does_better)
{
    SKIPS_IN_SERIAL_MODE;
    expect_exclusion("enqueue:1", "CL_OUT_OF_RESOURCES");
}
END_TEST

START_TEST(device_whose_kernels_fail_is_excluded_until_it_does_better)
{
    SKIPS_IN_SERIAL_MODE;
    expect_exclusion("event:1", "self-test");
}
END_TEST

START_TEST(device_that_reads_back_nothing_is_excluded_until_it_does_better)
{
    SKIPS_IN_SERIAL_MODE;
    expect_exclusion("copy:1", "self-test");
}
END_TEST

START_TEST(exclusion_of_a_hanging_device_does_not_hang)
{
    SKIPS_IN_SERIAL_MODE;
    if (!start_two_parts())
        return;
    chx__device *lost = first_selected(), *kept = second_of(lost);
    ck_assert_int_eq(run_kernel(lost, PATIENCE_NS), CHX_OK);
    ck_assert_int_eq(run_kernel(kept, PATIENCE_NS), CHX_OK);
    ck_assert_msg(test_fault_arm("hang:1"), "the fault layer is not loaded");
    ck_assert_int_eq(run_kernel(lost, 100000000), CHX_ERROR_TIMEOUT);
    ck_assert_uint_eq(test_fault_injected(), 1);
    ck_assert_int_eq(chx__fleet_exclude(&fleet, lost, "it hangs"), CHX_OK);
    ck_assert_int_eq(run_kernel(kept, PATIENCE_NS), CHX_OK);
}
END_TEST

/* Keeps what was said, one line after the other. */
static char said[4096];

static void
hear(void *data, chx_log_level level, const char *line)
{
    (void)data;
    (void)level;
    size_t used = strlen(said);
    snprintf(said + used, sizeof said - used, "%s\n", line);
}

/* A process of its own that starts a fleet and builds with it, with a fault from the begin. Returns
 * how it ended, as wait() tells. Before any OpenCL call of this process. */
static int
start_in_child(const char *fault)
{
    pid_t child = fork();
    if (child == 0) {
        setenv("CHX_FAULT", fault, 1);
        chx_status status = chx__fleet_init(&fleet, &params, NULL);
        if (!status)
            status = run_kernel(first_selected(), PATIENCE_NS);
        _exit(status != CHX_OK);
    }
    int ended = -1;
    ck_assert_int_eq(waitpid(child, &ended, 0), child);
    return ended;
}

START_TEST(start_after_a_death_in_a_driver_drops_what_the_driver_kept)
{
    SKIPS_IN_SERIAL_MODE;
    char *folder = test_folder_create(), path[4200];
    unsetenv("POCL_CACHE_DIR");
    params.cache_path = folder;
    params.split = 0;
    params.log = hear;
    ck_assert_int_eq(start_in_child(""), 0);
    test_folder_write(folder, "pocl/damaged", "");
    ck_assert_int_eq(WTERMSIG(start_in_child("abort:1")), SIGABRT);
    snprintf(path, sizeof path, "%s/pocl/damaged", folder);
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    ck_assert_int_eq(access(path, F_OK), -1);
    ck_assert_msg(strstr(said, "an earlier process ended while building nothing.cl for ") != NULL,
                  "%s", said);
    ck_assert_int_eq(run_kernel(first_selected(), PATIENCE_NS), CHX_OK);
    chx__fleet_finish(&fleet);
    said[0] = '\0';
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    ck_assert_str_eq(said, "");
    chx__fleet_finish(&fleet);
    test_folder_destroy(folder);
}
END_TEST

/* Puts the self-test's kernels below the folder, with one word of the same length changed. */
static void
write_wrong_kernels(const char *folder, const char *word, const char *wrong)
{
    char path[4200];
    char *text = NULL;
    ck_assert_int_eq(chx__source_from_embedded("common/self_test.cl", NULL, &text), CHX_OK);
    char *at = strstr(text, word);
    ck_assert_ptr_nonnull(at);
    memcpy(at, wrong, strlen(word));
    snprintf(path, sizeof path, "%s/common", folder);
    ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
    test_folder_write(folder, "common/self_test.cl", text);
    free(text);
}

START_TEST(device_that_errs_in_what_kernels_need_is_excluded)
{
    static const char *const errors[][3] = {
        {"v.yzwx", "v.yzxw", "vectors"},
        {"own[other & 7]", "own[other & 3]", "private arrays"},
        {"(ulong)x * y", "(uint )x * y", "64-bit products"},
        {"- 1 - place]", "- 1 -     0]", "barrier"},
    };
    SKIPS_IN_SERIAL_MODE;
    char *folder = test_folder_create();
    params.kernel_path = folder;
    params.split = 0;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        write_wrong_kernels(folder, errors[i][0], errors[i][1]);
        ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_ERROR_NO_DEVICE);
        ck_assert_msg(strstr(chx_last_error()->message, errors[i][2]) != NULL, "%s",
                      chx_last_error()->message);
    }
    test_folder_destroy(folder);
}
END_TEST

/* The program that the library starts for a trial lies beside the library, not beside tests. */
static void
allow_trials(void)
{
    unsetenv("POCL_CACHE_DIR");
    ck_assert_int_eq(access(SELF_TEST, X_OK), 0);
    setenv("CHRONAXIE_SELF_TEST", SELF_TEST, 1);
}

static void
expect_crashing(void)
{
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_ERROR_NO_DEVICE);
    ck_assert_msg(strstr(chx_last_error()->message, "self-test: its driver crashes") != NULL, "%s",
                  chx_last_error()->message);
}

/* A driver that is tried in this process first takes it once; others do not even that. */
static void
expect_remembered_crash(const char *fault)
{
    char *folder = test_folder_create();
    params.cache_path = folder;
    params.split = 0;
    params.log = hear;
    allow_trials();
    start_in_child(fault);
    setenv("CHX_FAULT", fault, 1);
    expect_crashing();
    unsetenv("CHX_FAULT");
    ck_assert_msg(test_fault_arm(""), "the fault layer is not loaded");
    expect_crashing();
    const char *path = strstr(chx_last_error()->message, folder);
    ck_assert_ptr_nonnull(path);
    char *name = strndup(path, strcspn(path, ";"));
    ck_assert_int_eq(unlink(name), 0);
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    ck_assert_int_eq(run_kernel(first_selected(), PATIENCE_NS), CHX_OK);
    chx__fleet_finish(&fleet);
    free(name);
    test_folder_destroy(folder);
}

START_TEST(driver_that_aborts_in_a_build_takes_no_second_process)
{
    SKIPS_IN_SERIAL_MODE;
    expect_remembered_crash("abort:1");
}
END_TEST

START_TEST(driver_that_crashes_in_a_launch_takes_no_second_process)
{
    SKIPS_IN_SERIAL_MODE;
    expect_remembered_crash("crash:1");
}
END_TEST

/* Has the fleet think that a process died of its device. */
static void
make_suspect(const char *folder)
{
    chx__cache *cache;
    chx__digest suspicion = chx__driver_cache_suspicion(first_selected()->identity);
    chx__fleet_finish(&fleet);
    ck_assert_int_eq(chx__cache_create(folder, &cache), CHX_OK);
    chx__cache_store(cache, suspicion, "\1", 1);
    chx__cache_destroy(&cache);
}

/* That it became suspect makes it pass again, in a process that measures nothing. */
START_TEST(speeds_stay_known_when_a_device_is_tested_again_without)
{
    SKIPS_IN_SERIAL_MODE;
    char *folder = test_folder_create();
    params.cache_path = folder;
    params.measure = true;
    params.split = 0;
    allow_trials();
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    double giga_ops = first_selected()->info.giga_ops;
    ck_assert_double_gt(giga_ops, 0);
    make_suspect(folder);
    params.measure = false;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    ck_assert_double_eq(first_selected()->info.giga_ops, giga_ops);
    chx__fleet_finish(&fleet);
    test_folder_destroy(folder);
}
END_TEST

/* That a process died of it makes it suspect; that it has passed before speaks for it. */
START_TEST(driver_that_passed_and_crashes_once_is_tried_again)
{
    SKIPS_IN_SERIAL_MODE;
    char *folder = test_folder_create();
    params.cache_path = folder;
    params.split = 0;
    params.log = hear;
    allow_trials();
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    make_suspect(folder);
    setenv("CHX_FAULT", "abort:1", 1);
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_ERROR_NO_DEVICE);
    ck_assert_msg(strstr(chx_last_error()->message, "crashed this time") != NULL, "%s",
                  chx_last_error()->message);
    unsetenv("CHX_FAULT");
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    ck_assert_int_eq(run_kernel(first_selected(), PATIENCE_NS), CHX_OK);
    chx__fleet_finish(&fleet);
    test_folder_destroy(folder);
}
END_TEST

/* PoCL takes one folder per process, the first, which may even be gone. */
START_TEST(two_fleets_keep_to_their_cache_folders)
{
    char *first = test_folder_create(), *second = test_folder_create();
    chx__fleet other = {0};
    params.split = 0;
    params.cache_path = first;
    ck_assert_int_eq(chx__fleet_init(&other, &params, NULL), CHX_OK);
    params.cache_path = second;
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    ck_assert_str_ne(chx__cache_path(other.cache), chx__cache_path(fleet.cache));
    ck_assert_int_eq(run_kernel(first_selected(), PATIENCE_NS), CHX_OK);
    chx__fleet_finish(&other);
    nftw(first, test_folder_remove, 16, FTW_DEPTH | FTW_PHYS);
    chx__fleet_finish(&fleet);
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    ck_assert_int_eq(run_kernel(first_selected(), PATIENCE_NS), CHX_OK);
    chx__fleet_finish(&fleet);
    test_folder_destroy(first);
    test_folder_destroy(second);
}
END_TEST

static TCase *
selection_tests(void)
{
    TCase *tests = tcase_create("selection");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, fleet_tells_what_it_knows_of_a_selected_device);
    tcase_add_test(tests, devices_of_one_name_are_numbered);
    tcase_add_test(tests, loop_runs_to_its_end_or_to_the_limit_that_the_fleet_found);
    tcase_add_test(tests, fleet_by_default_takes_one_driver_of_the_processor);
    tcase_add_test(tests, fleet_selects_by_index);
    tcase_add_test(tests, fleet_selects_by_part_of_a_name_in_any_case);
    tcase_add_test(tests, fleet_selects_by_part_of_a_platform_name_and_lists);
    tcase_add_test(tests, fleet_with_an_unknown_name_lists_what_exists);
    tcase_add_test(tests, fleet_with_an_empty_name_is_misuse);
    tcase_add_test(tests, fleet_with_too_many_lanes_is_misuse);
    tcase_add_test(tests, split_makes_devices_on_separate_hardware);
    tcase_add_test(tests, split_into_more_parts_than_there_are_units_is_misuse);
    return tests;
}

static TCase *
device_tests(void)
{
    TCase *tests = tcase_create("device");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, budget_is_kept_and_given_back);
    tcase_add_test(tests, device_opens_all_its_lanes_and_runs_a_kernel);
    tcase_add_test(tests, device_clock_agrees_with_the_host);
    tcase_add_test(tests, offset_follows_a_clock_that_drifts);
    tcase_add_test(tests, device_that_is_not_selected_does_not_open);
    tcase_add_test(tests, exclusion_of_the_last_device_is_refused);
    tcase_add_test(tests, exclusion_leaves_the_others_a_fresh_context);
    tcase_add_test(tests, program_is_built_again_after_an_exclusion);
    tcase_add_test(tests, two_fleets_keep_to_their_cache_folders);
    tcase_add_test(tests, fleet_without_a_cache_folder_still_starts);
    return tests;
}

static TCase *
fault_tests(void)
{
    TCase *tests = tcase_create("fault");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, start_after_a_death_in_a_driver_drops_what_the_driver_kept);
    tcase_add_test(tests, device_that_errs_in_what_kernels_need_is_excluded);
    tcase_add_test(tests, driver_that_aborts_in_a_build_takes_no_second_process);
    tcase_add_test(tests, driver_that_crashes_in_a_launch_takes_no_second_process);
    tcase_add_test(tests, speeds_stay_known_when_a_device_is_tested_again_without);
    tcase_add_test(tests, driver_that_passed_and_crashes_once_is_tried_again);
    tcase_add_test(tests, warm_start_builds_and_launches_nothing);
    tcase_add_test(tests, device_that_refuses_launches_is_excluded_until_it_does_better);
    tcase_add_test(tests, device_whose_kernels_fail_is_excluded_until_it_does_better);
    tcase_add_test(tests, device_that_reads_back_nothing_is_excluded_until_it_does_better);
    tcase_add_test(tests, exclusion_of_a_hanging_device_does_not_hang);
    return tests;
}

int
main(void)
{
    test_fault_load();
    Suite *suite = suite_create("device");
    suite_add_tcase(suite, selection_tests());
    suite_add_tcase(suite, device_tests());
    suite_add_tcase(suite, fault_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
