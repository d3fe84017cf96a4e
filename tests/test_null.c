/* The engine on machines that do not exist: every order of completion, every failure of every call,
 * more devices than any machine has. What a graph means does not change, and what fails is told. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <chronaxie/plan.h>

#include "null.h"

#define WORDS 64u
#define N_BUFFERS 4u
#define N_LAUNCHES 20u
#define SECOND_NS UINT64_C(1000000000)

static const char source[] =
    "kernel void blend(global const uint *x, global uint *y, uint begin, uint seed)\n"
    "{\n"
    "    size_t i = begin + get_global_id(0);\n"
    "    y[i] = y[i] * 1664525u + x[i] + seed;\n"
    "}\n";

static uint32_t
blended(uint32_t y, uint32_t x, uint32_t seed)
{
    return y * 1664525u + x + seed;
}

static void
blend(const chx__null_call *call)
{
    const uint32_t *x = call->args[0];
    uint32_t *y = call->args[1];
    uint32_t begin = *(uint32_t *)call->args[2], seed = *(uint32_t *)call->args[3];
    for (size_t i = begin; i < begin + call->launch->global[0]; i++)
        y[i] = blended(y[i], x[i], seed);
}

static const chx__null_kernel kernels[] = {{"blend", blend}, {NULL, NULL}};

/* A random program over four buffers; what it means is worked out in its order. */
typedef struct sketch {
    chx_runtime *runtime;
    chx_program *program;
    chx_graph *graph;
    chx_plan *plan;
    uint64_t deadline_ns; /* of runs; 0: the plan's own */
    bool is_free; /* every device may run everything */
    bool recovers;
    chx_buffer *buffers[N_BUFFERS];
    uint32_t words[N_BUFFERS][WORDS];
    struct {
        uint32_t x, y, begin, n, seed;
    } launches[N_LAUNCHES];
} sketch;

static chx_status
draw_launch(sketch *s, uint32_t i, uint32_t n_devices)
{
    uint32_t x = (uint32_t)rand() % N_BUFFERS;
    uint32_t y = (x + 1 + (uint32_t)rand() % (N_BUFFERS - 1)) % N_BUFFERS;
    uint32_t n = 1 + (uint32_t)rand() % WORDS, seed = (uint32_t)rand();
    uint32_t begin = (uint32_t)rand() % (WORDS - n + 1);
    uint32_t device = (uint32_t)rand() % n_devices;
    chx_kernel_task task = {
        .program = s->program,
        .kernel = "blend",
        .global = {n},
        .devices = &device,
        .n_devices = rand() % 3 && !s->is_free ? 1 : 0,
        .args = CHX_ARGS(CHX_BUFFER_RANGE(s->buffers[x], CHX_ACCESS_READ, 4 * begin, 4 * n),
                         CHX_BUFFER_RANGE(s->buffers[y], CHX_ACCESS_READ_WRITE, 4 * begin, 4 * n),
                         CHX_UINT(begin), CHX_UINT(seed)),
    };
    s->launches[i].x = x;
    s->launches[i].y = y;
    s->launches[i].begin = begin;
    s->launches[i].n = n;
    s->launches[i].seed = seed;
    return chx_graph_kernel(s->graph, &task);
}

/* A runtime on the null devices, with a program and filled buffers. */
static void
fill_machine(sketch *s, const chx_runtime_params *params)
{
    ck_assert_int_eq(chx__runtime_create(&s->runtime, params, test_null), CHX_OK);
    ck_assert_int_eq(chx_program_from_source(s->runtime, "blend.cl", source, NULL, &s->program),
                     CHX_OK);
    ck_assert_int_eq(chx_graph_create(s->runtime, &s->graph), CHX_OK);
    for (uint32_t b = 0; b < N_BUFFERS; b++) {
        for (uint32_t i = 0; i < WORDS; i++)
            s->words[b][i] = 1000 * b + i;
        ck_assert_int_eq(
            chx_buffer_create(s->runtime, sizeof s->words[b], s->words[b], &s->buffers[b]), CHX_OK);
    }
}

static void
begin_machine(sketch *s, uint32_t n_devices, uint64_t seed, const chx_runtime_params *params)
{
    *s = (sketch){0};
    test_null_create(n_devices, kernels, seed, params->serial);
    fill_machine(s, params);
}

static void
begin_sketch(sketch *s, uint32_t n_devices, uint64_t seed, uint32_t n_lanes)
{
    chx_runtime_params params = {.serial = true, .n_compute_lanes = n_lanes};
    begin_machine(s, n_devices, seed, &params);
    srand((unsigned)seed + 1);
    for (uint32_t i = 0; i < N_LAUNCHES; i++)
        ck_assert_int_eq(draw_launch(s, i, n_devices), CHX_OK);
}

static void
end_sketch(sketch *s)
{
    chx_plan_destroy(&s->plan);
    chx_graph_destroy(&s->graph);
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        chx_buffer_destroy(&s->buffers[b]);
    chx_program_destroy(&s->program);
    test_runtime_destroy(&s->runtime);
}

/* What one run of the graph does to the words. */
static void
expect_run(sketch *s)
{
    for (uint32_t l = 0; l < N_LAUNCHES; l++)
        for (uint32_t i = s->launches[l].begin; i < s->launches[l].begin + s->launches[l].n; i++) {
            uint32_t *y = &s->words[s->launches[l].y][i];
            *y = blended(*y, s->words[s->launches[l].x][i], s->launches[l].seed);
        }
}

static void
expect_words(sketch *s)
{
    for (uint32_t b = 0; b < N_BUFFERS; b++) {
        uint32_t words[WORDS];
        ck_assert_msg(chx_buffer_read(s->buffers[b], 0, sizeof words, words) == CHX_OK, "%s",
                      chx_last_error()->message);
        ck_assert_mem_eq(words, s->words[b], sizeof words);
    }
}

static chx_status
make_plan(sketch *s)
{
    chx_plan_params params = {.deadline_ns = s->deadline_ns, .recovers = s->recovers};
    return chx_plan_create(s->graph, &params, &s->plan);
}

static chx_status
submit_and_wait(sketch *s)
{
    chx_run *run;
    chx_status status = s->plan ? CHX_OK : make_plan(s);
    if (!status)
        status = chx_plan_submit(s->plan, &run);
    if (status)
        return status;
    status = chx_run_wait(run, 20 * SECOND_NS);
    chx_run_destroy(&run);
    return status;
}

/* What a run of a chain asks of two devices with or without stamps. */
static chx__null_counts
counts_of_a_chain(bool has_stamps)
{
    static const chx__null_device devices[1] = {{.launch_ns = 1000, .ns_per_item = 1}};
    chx__null_params params = {
        .devices = devices, .n_devices = 1, .kernels = kernels, .has_stamps = has_stamps};
    sketch s = {0};
    ck_assert_int_eq(chx__null_create(&params, &test_null), CHX_OK);
    ck_assert_int_eq(chx__runtime_create(&s.runtime, NULL, test_null), CHX_OK);
    ck_assert_int_eq(chx_program_from_source(s.runtime, "blend.cl", source, NULL, &s.program),
                     CHX_OK);
    ck_assert_int_eq(chx_graph_create(s.runtime, &s.graph), CHX_OK);
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        ck_assert_int_eq(chx_buffer_create(s.runtime, sizeof s.words[b], NULL, &s.buffers[b]),
                         CHX_OK);
    for (uint32_t i = 0; i < N_LAUNCHES; i++)
        ck_assert_int_eq(draw_launch(&s, i, 1), CHX_OK);
    ck_assert_int_eq(make_plan(&s), CHX_OK);
    chx__null_arm(test_null, (chx__null_faults){0});
    ck_assert_int_eq(submit_and_wait(&s), CHX_OK);
    chx__null_counts counts = chx__null_count(test_null);
    end_sketch(&s);
    return counts;
}

/* Where a device does not tell when its commands ran, the time when the host notices is all there
 * is; with stamps only the ends of lanes matter. */
START_TEST(ends_are_watched_where_stamps_are_missing)
{
    chx__null_counts without = counts_of_a_chain(false), with = counts_of_a_chain(true);
    ck_assert_uint_eq(without.n_watches, without.n_commands);
    ck_assert_uint_lt(with.n_watches, with.n_commands / 2);
    ck_assert_uint_gt(with.n_watches, 0);
}
END_TEST

/* Nothing released is missing, nothing kept is left. */
static void
expect_all_released(sketch *s)
{
    chx_plan_destroy(&s->plan);
    chx_graph_destroy(&s->graph);
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        chx_buffer_destroy(&s->buffers[b]);
    chx_program_destroy(&s->program);
    chx_runtime_destroy(&s->runtime);
    ck_assert_uint_eq(chx__null_n_living(test_null), 0);
}

/* Three runs at once mean what they mean one after the other. */
static void
complete_in_order_of(uint64_t seed, uint32_t n_devices, uint32_t n_lanes)
{
    sketch s;
    chx_run *runs[3];
    begin_sketch(&s, n_devices, seed, n_lanes);
    ck_assert_msg(chx_plan_create(s.graph, NULL, &s.plan) == CHX_OK, "%s",
                  chx_last_error()->message);
    for (int i = 0; i < 3; i++) {
        expect_run(&s);
        ck_assert_int_eq(chx_plan_submit(s.plan, &runs[i]), CHX_OK);
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_msg(chx_run_wait(runs[i], 20 * SECOND_NS) == CHX_OK, "seed %d: %s", (int)seed,
                      chx_last_error()->message);
        chx_run_destroy(&runs[i]);
    }
    expect_words(&s);
    expect_all_released(&s);
    end_sketch(&s);
}

/* CHRONAXIE_TEST_SEEDS orders of completion are tried, else 40. */
START_TEST(order_of_completion_changes_nothing)
{
    const char *n_seeds = getenv("CHRONAXIE_TEST_SEEDS");
    for (uint64_t seed = 0; seed < (n_seeds ? strtoull(n_seeds, NULL, 10) : 40); seed++)
        complete_in_order_of(seed, 1 + (uint32_t)(seed % 7), 1 + (uint32_t)(seed % 3));
}
END_TEST

START_TEST(hundred_devices_with_thousand_lanes)
{
    complete_in_order_of(1, 63, 1);
    complete_in_order_of(2, 65, 1);
    complete_in_order_of(3, 100, 8);
}
END_TEST

/* Every device is a place, and places are counted. */
START_TEST(more_devices_than_places_are_told)
{
    static chx__null_device devices[CHX__MAX_PLACES];
    chx__null_params params = {.devices = devices, .n_devices = CHX__MAX_PLACES, .serial = true};
    chx_runtime *runtime;
    ck_assert_int_eq(chx__null_create(&params, &test_null), CHX_OK);
    ck_assert_int_eq(chx__runtime_create(&runtime, NULL, test_null), CHX_ERROR_LIMIT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "256 devices, 255 are possible"));
    chx__null_destroy(&test_null);
}
END_TEST

/* After a run that may have failed everything is written anew, and the next must be right. */
static void
expect_recovery(sketch *s, uint64_t n)
{
    chx__null_arm(test_null, (chx__null_faults){0});
    for (uint32_t b = 0; b < N_BUFFERS; b++) {
        for (uint32_t i = 0; i < WORDS; i++)
            s->words[b][i] = 1000 * b + i;
        ck_assert_int_eq(chx_buffer_write(s->buffers[b], 0, sizeof s->words[b], s->words[b]),
                         CHX_OK);
    }
    expect_run(s);
    ck_assert_msg(submit_and_wait(s) == CHX_OK, "after fault %d: %s", (int)n,
                  chx_last_error()->message);
    expect_words(s);
}

/* Calls fail from the first one on, commands once devices are open and the plan stands. */
static uint64_t
strike(chx__null_faults faults, uint64_t n)
{
    sketch s;
    begin_sketch(&s, 3, 7, 1);
    if (faults.hang_command)
        s.deadline_ns = SECOND_NS / 4;
    if (!faults.refuse_call && !faults.refuse_per_mille)
        ck_assert_int_eq(make_plan(&s), CHX_OK);
    chx__null_arm(test_null, faults);
    chx_status status = submit_and_wait(&s);
    const uint64_t n_struck = chx__null_count(test_null).n_struck;
    ck_assert(faults.refuse_per_mille || n_struck == 1);
    if (status && faults.refuse_code)
        ck_assert_int_eq(chx_last_error()->cl_code, faults.refuse_code);
    if (status) {
        ck_assert_uint_gt(strlen(chx_last_error()->message), 20);
    } else {
        expect_run(&s);
        expect_words(&s);
    }
    expect_recovery(&s, n);
    end_sketch(&s);
    return n_struck;
}

static chx__null_counts
count_of_a_good_run(bool is_planned)
{
    sketch s;
    begin_sketch(&s, 3, 7, 1);
    if (is_planned)
        ck_assert_int_eq(make_plan(&s), CHX_OK);
    chx__null_arm(test_null, (chx__null_faults){0});
    ck_assert_int_eq(submit_and_wait(&s), CHX_OK);
    chx__null_counts counts = chx__null_count(test_null);
    end_sketch(&s);
    ck_assert_uint_gt(counts.n_commands, N_LAUNCHES);
    ck_assert_uint_ge(counts.n_calls, counts.n_commands);
    return counts;
}

START_TEST(every_refused_call_is_told_and_survived)
{
    chx__null_counts counts = count_of_a_good_run(false);
    for (uint64_t n = 1; n <= counts.n_calls; n++)
        strike((chx__null_faults){.refuse_call = n}, n);
}
END_TEST

START_TEST(refusal_with_any_code_is_told_and_survived)
{
    const chx__null_counts counts = count_of_a_good_run(false);
    for (cl_int code = -80; code < 0; code++)
        for (uint64_t n = 1 + (uint64_t)-code % 23; n <= counts.n_calls; n += 23)
            strike((chx__null_faults){.refuse_call = n, .refuse_code = code}, n);
    const cl_int vendor = -1001;
    strike((chx__null_faults){.refuse_call = counts.n_calls / 2, .refuse_code = vendor}, 0);
}
END_TEST

/* Builds and questions for events among them. */
START_TEST(refusals_at_a_rate_are_told_and_survived)
{
    uint64_t n_struck = 0;
    for (uint32_t seed = 1; seed <= 200; seed++)
        n_struck += strike(
            (chx__null_faults){.refuse_per_mille = 1 + seed % 50, .refuse_seed = seed}, seed);
    ck_assert_uint_gt(n_struck, 200);
}
END_TEST

START_TEST(every_failed_command_is_told_and_survived)
{
    chx__null_counts counts = count_of_a_good_run(true);
    for (uint64_t n = 1; n <= counts.n_commands; n++)
        strike((chx__null_faults){.fail_command = n}, n);
}
END_TEST

START_TEST(every_hung_command_is_told_and_survived)
{
    chx__null_counts counts = count_of_a_good_run(true);
    for (uint64_t n = 1; n <= counts.n_commands; n += 8) /* each takes its deadline */
        strike((chx__null_faults){.hang_command = n}, n);
}
END_TEST

#define N_IN_FLIGHT 3

/* Runs in flight at once that a fault strikes, of a plan that recovers, where every device may run
 * everything; with threads. */
static chx__null_counts
run_recovering(chx__null_faults faults, uint64_t seed)
{
    sketch s;
    chx_run *runs[N_IN_FLIGHT];
    chx_runtime_params params = {.n_compute_lanes = 1 + seed % 2};
    begin_machine(&s, 3, seed, &params);
    s.is_free = s.recovers = true;
    s.deadline_ns = faults.hang_command ? SECOND_NS / 4 : 0;
    srand((unsigned)seed + 1);
    for (uint32_t i = 0; i < N_LAUNCHES; i++)
        ck_assert_int_eq(draw_launch(&s, i, 3), CHX_OK);
    ck_assert_int_eq(make_plan(&s), CHX_OK);
    chx__null_arm(test_null, faults);
    for (uint32_t r = 0; r < N_IN_FLIGHT; r++) {
        ck_assert_msg(chx_plan_submit(s.plan, &runs[r]) == CHX_OK, "%s", chx_last_error()->message);
        expect_run(&s);
    }
    for (uint32_t r = 0; r < N_IN_FLIGHT; r++) {
        ck_assert_msg(chx_run_wait(runs[r], 20 * SECOND_NS) == CHX_OK, "%s",
                      chx_last_error()->message);
        chx_run_destroy(&runs[r]);
    }
    expect_words(&s);
    chx__null_counts counts = chx__null_count(test_null);
    ck_assert_int_eq(submit_and_wait(&s), CHX_OK);
    expect_run(&s);
    expect_words(&s);
    end_sketch(&s);
    return counts;
}

START_TEST(every_refused_call_is_recovered_from)
{
    const chx__null_counts counts = run_recovering((chx__null_faults){0}, (uint64_t)_i);
    for (uint64_t n = 1; n <= counts.n_calls; n++)
        run_recovering((chx__null_faults){.refuse_call = n}, (uint64_t)_i);
}
END_TEST

START_TEST(every_failed_command_is_recovered_from)
{
    const chx__null_counts counts = run_recovering((chx__null_faults){0}, (uint64_t)_i);
    for (uint64_t n = 1; n <= counts.n_commands; n++)
        run_recovering((chx__null_faults){.fail_command = n}, (uint64_t)_i);
}
END_TEST

START_TEST(every_hung_command_is_recovered_from)
{
    const chx__null_counts counts = run_recovering((chx__null_faults){0}, (uint64_t)_i);
    for (uint64_t n = 1 + (uint64_t)_i; n <= counts.n_commands; n += 40) /* each takes seconds */
        run_recovering((chx__null_faults){.hang_command = n}, (uint64_t)_i);
}
END_TEST

static void
expect_launch(sketch *s)
{
    for (uint32_t i = 0; i < WORDS; i++)
        s->words[1][i] = blended(s->words[1][i], s->words[0][i], 5);
}

/* Refuses one call after the other of submits of one launch. Whether a run failed of it: others are
 * refused while a plan is made. */
static bool
refuse_in_run(sketch *s, uint64_t n)
{
    chx_run *run;
    chx__null_arm(test_null, (chx__null_faults){.refuse_call = n});
    if (chx_plan_submit(s->plan, &run) != CHX_OK)
        return false;
    chx_status status = chx_run_wait(run, 20 * SECOND_NS);
    chx_run_destroy(&run);
    if (status == CHX_OK)
        expect_launch(s);
    return status != CHX_OK;
}

/* What a launch that the driver refuses was to write is as it was. */
START_TEST(refused_launch_loses_nothing)
{
    sketch s;
    chx_graph *graph;
    uint32_t n_failed = 0;
    begin_sketch(&s, 1, 3, 1);
    ck_assert_int_eq(chx_graph_create(s.runtime, &graph), CHX_OK);
    chx_kernel_task task = {
        .program = s.program,
        .kernel = "blend",
        .global = {WORDS},
        .args = CHX_ARGS(CHX_READ(s.buffers[0]), CHX_READ_WRITE(s.buffers[1]), CHX_UINT(0),
                         CHX_UINT(5)),
    };
    ck_assert_int_eq(chx_graph_kernel(graph, &task), CHX_OK);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &s.plan), CHX_OK);
    for (uint64_t n = 1; n <= 12; n++) {
        n_failed += refuse_in_run(&s, n);
        chx__null_arm(test_null, (chx__null_faults){0});
        expect_words(&s);
    }
    ck_assert_uint_ge(n_failed, 2);
    chx_plan_destroy(&s.plan);
    chx_graph_destroy(&graph);
    end_sketch(&s);
}
END_TEST

/* What a host task was given of a buffer, when it was called. */
typedef struct look {
    const sketch *of;
    uint32_t n_calls, n_wrong;
} look;

static chx_status
look_at(void *data, void *const *host)
{
    look *seen = data;
    seen->n_calls++;
    seen->n_wrong += memcmp(host[0], seen->of->words[1], sizeof seen->of->words[1]) != 0;
    return CHX_OK;
}

/* One launch on each device, and the host looks at what the first has written. */
static void
add_launches_and_look(sketch *s, uint32_t n_devices, look *seen)
{
    chx_host_task host = {.run = look_at, .data = seen, .args = CHX_ARGS(CHX_READ(s->buffers[1]))};
    for (uint32_t d = 0; d < n_devices; d++) {
        chx_kernel_task task = {
            .program = s->program,
            .kernel = "blend",
            .global = {WORDS},
            .devices = &d,
            .n_devices = 1,
            .args = CHX_ARGS(CHX_READ(s->buffers[0]), CHX_READ_WRITE(s->buffers[1 + d]),
                             CHX_UINT(0), CHX_UINT(5)),
        };
        ck_assert_int_eq(chx_graph_kernel(s->graph, &task), CHX_OK);
    }
    ck_assert_int_eq(chx_graph_host(s->graph, &host), CHX_OK);
    expect_launch(s);
}

/* Some drivers run what waits for a command that has failed, and call it done. The host must not
 * take what that leaves, also where it is heard of before the failure is. */
static void
fail_before_a_look(uint64_t seed, uint64_t nth)
{
    static const chx__null_device devices[3] = {
        {.launch_ns = 1}, {.launch_ns = 1}, {.launch_ns = 1}};
    chx__null_params params = {.devices = devices,
                               .n_devices = 3,
                               .kernels = kernels,
                               .seed = seed,
                               .serial = true,
                               .passes_failures = true,
                               .n_late = 3};
    sketch s = {0};
    look seen = {.of = &s};
    ck_assert_int_eq(chx__null_create(&params, &test_null), CHX_OK);
    fill_machine(&s, &(chx_runtime_params){.serial = true});
    add_launches_and_look(&s, 3, &seen);
    ck_assert_int_eq(make_plan(&s), CHX_OK);
    chx__null_arm(test_null, (chx__null_faults){.fail_command = nth});
    chx_status status = submit_and_wait(&s);
    ck_assert_uint_eq(seen.n_wrong, 0);
    ck_assert(status || seen.n_calls == 1);
    end_sketch(&s);
}

START_TEST(host_takes_nothing_of_what_has_failed)
{
    for (uint64_t nth = 1; nth <= 8; nth++)
        for (uint64_t seed = 1; seed <= 20; seed++)
            fail_before_a_look(seed, nth);
}
END_TEST

/* One buffer and one launch on it, on a device. */
typedef struct errand {
    chx_buffer *buffer;
    chx_graph *graph;
    chx_plan *plan;
} errand;

static void
begin_errand(const sketch *s, uint32_t device, chx_buffer *x, errand *e)
{
    chx_plan_params params = {.deadline_ns = SECOND_NS / 5};
    ck_assert_int_eq(chx_buffer_create(s->runtime, 4 * WORDS, NULL, &e->buffer), CHX_OK);
    ck_assert_int_eq(chx_graph_create(s->runtime, &e->graph), CHX_OK);
    chx_kernel_task task = {
        .program = s->program,
        .kernel = "blend",
        .global = {WORDS},
        .devices = &device,
        .n_devices = 1,
        .args = CHX_ARGS(CHX_READ(x), CHX_READ_WRITE(e->buffer), CHX_UINT(0), CHX_UINT(1)),
    };
    ck_assert_int_eq(chx_graph_kernel(e->graph, &task), CHX_OK);
    ck_assert_int_eq(chx_plan_create(e->graph, &params, &e->plan), CHX_OK);
}

static void
end_errand(errand *e)
{
    chx_plan_destroy(&e->plan);
    chx_graph_destroy(&e->graph);
    chx_buffer_destroy(&e->buffer);
}

static chx_status
nap(void *data, void *const *host)
{
    (void)host;
    nanosleep(&(struct timespec){.tv_nsec = *(const long *)data}, NULL);
    return CHX_OK;
}

/* A run in flight on the other platform, which takes a second, is none of the business of a
 * platform that hangs: the next submit there does not wait for it. */
START_TEST(rebuild_waits_for_its_own_platform_only)
{
    static long nap_ns = 900000000;
    sketch s;
    errand hung, slow;
    chx_run *run, *slow_run;
    chx_runtime_params params = {.serial = false};
    begin_machine(&s, 2, 1, &params);
    begin_errand(&s, 0, s.buffers[0], &hung);
    begin_errand(&s, 1, s.buffers[1], &slow);
    chx_host_task host = {.run = nap,
                          .data = &nap_ns,
                          .args = CHX_ARGS(CHX_BUFFER_RANGE(slow.buffer, CHX_ACCESS_READ, 0, 0))};
    chx_plan_destroy(&slow.plan);
    ck_assert_int_eq(chx_graph_host(slow.graph, &host), CHX_OK);
    ck_assert_int_eq(chx_plan_create(slow.graph, NULL, &slow.plan), CHX_OK);
    chx__null_arm(test_null, (chx__null_faults){.hang_command = 1});
    ck_assert_int_eq(chx_plan_submit(hung.plan, &run), CHX_OK);
    while (chx__null_count(test_null).n_struck == 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    ck_assert_int_eq(chx_plan_submit(slow.plan, &slow_run), CHX_OK);
    ck_assert_int_eq(chx_run_wait(run, 20 * SECOND_NS), CHX_ERROR_TIMEOUT);
    chx_run_destroy(&run);
    chx_status status = chx_plan_submit(hung.plan, &run); /* with fresh queues */
    ck_assert_msg(status == CHX_OK || status == CHX_ERROR_DEVICE, "%s", chx_last_error()->message);
    ck_assert(!chx_run_done(slow_run));
    if (status == CHX_OK)
        chx_run_destroy(&run);
    ck_assert_msg(chx_run_wait(slow_run, 20 * SECOND_NS) == CHX_OK, "%s",
                  chx_last_error()->message);
    chx_run_destroy(&slow_run);
    end_errand(&hung);
    end_errand(&slow);
    end_sketch(&s);
}
END_TEST

/* Objects that live while a plan of n launches on the same buffers has run and stands. */
static uint32_t
n_living_beside(sketch *s, uint32_t n)
{
    chx_kernel_task task = {
        .program = s->program,
        .kernel = "blend",
        .global = {WORDS},
        .args = CHX_ARGS(CHX_READ(s->buffers[0]), CHX_READ_WRITE(s->buffers[1]), CHX_UINT(0),
                         CHX_UINT(1)),
    };
    chx_graph *graph;
    ck_assert_int_eq(chx_graph_create(s->runtime, &graph), CHX_OK);
    for (uint32_t i = 0; i < n; i++)
        ck_assert_int_eq(chx_graph_kernel(graph, &task), CHX_OK);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &s->plan), CHX_OK);
    ck_assert_int_eq(submit_and_wait(s), CHX_OK);
    uint32_t n_living = chx__null_n_living(test_null);
    chx_plan_destroy(&s->plan);
    chx_graph_destroy(&graph);
    return n_living;
}

/* Drivers list the kernels of a program and walk the list at each release, so that one for each
 * task would make planning quadratic. */
START_TEST(tasks_of_one_kernel_share_its_object)
{
    sketch s;
    begin_machine(&s, 1, 5, &(chx_runtime_params){.serial = true});
    uint32_t n_of_one = n_living_beside(&s, 1);
    ck_assert_uint_eq(n_living_beside(&s, 100), n_of_one);
    end_sketch(&s);
}
END_TEST

static int n_refusals;

static cl_int
refuse_for_a_while(cl_event event, cl_int *status)
{
    (void)event;
    if (n_refusals > 0) {
        n_refusals--;
        return CL_OUT_OF_RESOURCES;
    }
    *status = CL_RUNNING;
    return CL_SUCCESS;
}

/* A command whose status is not told may still run, so it has not failed. */
START_TEST(refused_question_says_nothing_of_a_command)
{
    const chx__backend backend = {.event_status = refuse_for_a_while};
    n_refusals = 3;
    ck_assert_int_eq(chx__backend_status(&backend, NULL), CL_RUNNING);
    n_refusals = 1000000;
    ck_assert_int_eq(chx__backend_status(&backend, NULL), CL_OUT_OF_RESOURCES);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("null");
    TCase *tcase = tcase_create("machines");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, refused_question_says_nothing_of_a_command);
    tcase_add_test(tcase, order_of_completion_changes_nothing);
    tcase_add_test(tcase, hundred_devices_with_thousand_lanes);
    tcase_add_test(tcase, more_devices_than_places_are_told);
    tcase_add_test(tcase, ends_are_watched_where_stamps_are_missing);
    tcase_add_test(tcase, every_refused_call_is_told_and_survived);
    tcase_add_test(tcase, refusal_with_any_code_is_told_and_survived);
    tcase_add_test(tcase, refusals_at_a_rate_are_told_and_survived);
    tcase_add_test(tcase, every_failed_command_is_told_and_survived);
    tcase_add_test(tcase, every_hung_command_is_told_and_survived);
    tcase_add_loop_test(tcase, every_refused_call_is_recovered_from, 0, 2);
    tcase_add_loop_test(tcase, every_failed_command_is_recovered_from, 0, 2);
    tcase_add_loop_test(tcase, every_hung_command_is_recovered_from, 0, 2);
    tcase_add_test(tcase, refused_launch_loses_nothing);
    tcase_add_test(tcase, tasks_of_one_kernel_share_its_object);
    tcase_add_test(tcase, rebuild_waits_for_its_own_platform_only);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("late");
    tcase_add_test(tcase, host_takes_nothing_of_what_has_failed);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
