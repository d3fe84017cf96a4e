/* Described machines come to life: the engine plans a graph for a file's machine and runs it on
 * null devices made from the same file. What their clock says must be what the plan promised, the
 * first time and in replays, also after what was measured has taken the place of guesses. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include <chronaxie/plan.h>

#include "execute/lifetime.h"
#include "execute/runtime.h"
#include "null_machine.h"

#define MACHINE(name) SOURCE_ROOT "/tests/machines/" name ".json"
#define N_INPUTS 4u
#define N_TASKS 28u
#define N_BUFFERS (N_INPUTS + N_TASKS)
#define N_RUNS 6u
#define N_GRAPHS 4
#define MOST_RATIO 1.02
#define MOST_SECOND_RATIO 1.1
#define LEAST_BALANCE 0.98
#define N_AREAS 4u
#define N_WARM_RUNS 12
#define N_RUNS_TO_FOLLOW 3 /* two that show it, and one that is better */
#define N_NOISY_RUNS 10000
#define MOST_SECONDS 60
#define ROW ((size_t)1 << 20) /* work-items of a row of an area that is divided */
#define N_ROWS ((size_t)1 << 16)
#define SECOND_NS UINT64_C(1000000000)

static const char *const machines[] = {
    MACHINE("two-cores"),     MACHINE("big-and-small"), MACHINE("four-equal"),
    MACHINE("tiny-memory"),   MACHINE("integrated"),    MACHINE("slow-link"),
    MACHINE("eight-unequal"),
};
enum { N_MACHINES = sizeof machines / sizeof *machines, N_SMALL_MACHINES = N_MACHINES - 1 };

static const char source[] =
    "kernel void mix(global const uint *a, global const uint *b, global uint *y, uint seed)\n"
    "{\n"
    "    y[get_global_id(0) & 1023] = a[0] * 1664525u + b[0] + seed;\n"
    "}\n"
    "kernel void row(global const uint *x, global uint *y)\n"
    "{\n"
    "    y[get_global_id(1)] = x[get_global_id(1)] + 1;\n"
    "}\n"
    "kernel void sway(global const uint *x, global uint *y)\n"
    "{\n"
    "    y[get_global_id(1)] = x[get_global_id(1)];\n"
    "}\n"
    "kernel void turn(global uint *x, uint by)\n"
    "{\n"
    "    x[get_global_id(0)] = x[get_global_id(0)] * 1664525u + by;\n"
    "}\n";

static uint32_t
mixed(uint32_t a, uint32_t b, uint32_t seed)
{
    return a * 1664525u + b + seed;
}

static void
mix(const chx__null_call *call)
{
    const uint32_t *a = call->args[0], *b = call->args[1];
    *(uint32_t *)call->args[2] = mixed(*a, *b, *(uint32_t *)call->args[3]);
}

static void
row(const chx__null_call *call)
{
    const uint32_t *x = call->args[0];
    uint32_t *y = call->args[1];
    size_t begin = call->launch->offset[1], end = begin + call->launch->global[1];
    for (size_t i = begin; i < end; i++)
        y[i] = x[i] + 1;
}

/* What launches take from now on is noise about as much as before, and once in ten ten times. */
static struct {
    chx__null_device *devices; /* NULL: nobody's */
    uint32_t n_devices;
    double ns_per_item;
    uint64_t seed;
    uint64_t cut; /* of launches since it was cleared: the sum of a digest of each */
} noise;

/* SplitMix64 (Steele, Lea and Flood 2014). */
static uint64_t
drawn(void)
{
    uint64_t z = noise.seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void
sway(const chx__null_call *call)
{
    const uint64_t begin = call->launch->offset[1], n = call->launch->global[1];
    noise.cut += (begin * UINT64_C(0x9e3779b97f4a7c15)) ^ (n * UINT64_C(0xff51afd7ed558ccd));
    for (uint32_t d = 0; d < noise.n_devices; d++) {
        uint64_t word = drawn();
        noise.devices[d].ns_per_item = noise.ns_per_item *
                                       (0.95 + 0.1 * (double)(word % 1000) / 1000) *
                                       (word / 1000 % 10 == 0 ? 10 : 1);
    }
}

static uint32_t
turned(uint32_t word, uint32_t by)
{
    return word * 1664525u + by;
}

static void
turn(const chx__null_call *call)
{
    uint32_t *x = call->args[0], by = *(uint32_t *)call->args[1];
    for (size_t i = 0; i < call->launch->global[0]; i++)
        x[i] = turned(x[i], by);
}

static const chx__null_kernel kernels[] = {
    {"mix", mix}, {"row", row}, {"sway", sway}, {"turn", turn}, {NULL, NULL}};

/* A runtime on null devices of a file, and buffers, of which the first hold data. */
typedef struct house {
    test_null_machine described;
    chx__null *machine;
    chx_runtime *runtime;
    chx_program *program;
    chx_graph *graph;
    chx_buffer *buffers[N_BUFFERS];
    uint32_t expected[N_BUFFERS]; /* the first word of each */
} house;

static void
make_buffer(house *h, uint32_t b)
{
    size_t size = (size_t)(1 + b % 5) << 18; /* and at least a word for each row */
    uint32_t *words = calloc(1, size);
    h->expected[b] = words[0] = 1000 + b;
    ck_assert_int_eq(
        chx_buffer_create(h->runtime, size, b < N_INPUTS ? words : NULL, &h->buffers[b]), CHX_OK);
    free(words);
}

static void
begin_house_of(house *h, const char *path, uint64_t budget_bytes, bool is_uniform, bool is_serial)
{
    *h = (house){0};
    test_null_machine_load(&h->described, path);
    for (uint32_t d = 1; is_uniform && d < h->described.n_devices; d++)
        h->described.devices[d] = h->described.devices[0];
    chx__null_params params = {.devices = h->described.devices,
                               .n_devices = h->described.n_devices,
                               .kernels = kernels,
                               .wires = h->described.wires,
                               .serial = is_serial,
                               .has_stamps = true};
    chx_runtime_params wanted = {.serial = is_serial, .memory_budget_bytes = budget_bytes};
    ck_assert_int_eq(chx__null_create(&params, &h->machine), CHX_OK);
    ck_assert_msg(chx__runtime_create(&h->runtime, &wanted, h->machine) == CHX_OK, "%s",
                  chx_last_error()->message);
    ck_assert_int_eq(chx_program_from_source(h->runtime, "mix.cl", source, NULL, &h->program),
                     CHX_OK);
    ck_assert_int_eq(chx_graph_create(h->runtime, &h->graph), CHX_OK);
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        make_buffer(h, b);
}

static void
begin_house(house *h, const char *path)
{
    begin_house_of(h, path, 0, false, true);
}

static void
end_house(house *h)
{
    const char *first;
    chx_graph_destroy(&h->graph);
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        chx_buffer_destroy(&h->buffers[b]);
    chx_program_destroy(&h->program);
    chx_runtime_destroy(&h->runtime);
    ck_assert_uint_eq(chx__null_n_living(h->machine), 0);
    ck_assert_msg(chx__null_violations(h->machine, &first) == 0, "%s", first);
    chx__null_destroy(&h->machine);
    test_null_machine_finish(&h->described);
}

/* Reads two buffers that are filled before it, on any device or on a certain one, so that data
 * travels. Each task has a buffer of its own to write: where one must wait for the readers of what
 * it overwrites, plans know nothing of replicas, which spare runs the wait, and promise less. */
static void
add_random_task(house *h, uint32_t t)
{
    uint32_t a = (uint32_t)rand() % (N_INPUTS + t), b = (uint32_t)rand() % (N_INPUTS + t);
    uint32_t device = (uint32_t)rand() % h->described.n_devices;
    chx_kernel_task task = {
        .program = h->program,
        .kernel = "mix",
        .global = {(size_t)(1 + rand() % 64) << 16},
        .devices = &device,
        .n_devices = rand() % 2,
        .args = CHX_ARGS(CHX_READ(h->buffers[a]), CHX_READ(h->buffers[b]),
                         CHX_WRITE(h->buffers[N_INPUTS + t]), CHX_UINT(t)),
    };
    h->expected[N_INPUTS + t] = mixed(h->expected[a], h->expected[b], t);
    ck_assert_msg(chx_graph_kernel(h->graph, &task) == CHX_OK, "%s", chx_last_error()->message);
}

static void
expect_words(const house *h)
{
    for (uint32_t b = 0; b < N_BUFFERS; b++) {
        uint32_t word;
        ck_assert_int_eq(chx_buffer_read(h->buffers[b], 0, sizeof word, &word), CHX_OK);
        ck_assert_uint_eq(word, h->expected[b]);
    }
}

typedef struct stretch {
    double from_ns, to_ns;
} stretch;

static void
extend(stretch *span, double from_ns, double to_ns)
{
    span->from_ns = fmin(span->from_ns, from_ns);
    span->to_ns = fmax(span->to_ns, to_ns);
}

typedef struct took {
    double promised_ns, measured_ns;
} took;

static took
took_of(const chx_run *run)
{
    stretch promised = {INFINITY, 0}, taken = {INFINITY, 0};
    chx_timeline *timeline;
    ck_assert_int_eq(chx_run_timeline(run, &timeline), CHX_OK);
    for (uint32_t s = 0; s < chx_timeline_n_spans(timeline); s++) {
        const chx_span *span = chx_timeline_span(timeline, s);
        extend(&promised, span->predicted_start_ns, span->predicted_finish_ns);
        extend(&taken, span->measured_start_ns, span->measured_finish_ns);
    }
    chx_timeline_destroy(&timeline);
    return (took){promised.to_ns - promised.from_ns, taken.to_ns - taken.from_ns};
}

static took
run_once(chx_plan *plan)
{
    chx_run *run;
    ck_assert_msg(chx_plan_submit(plan, &run) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_msg(chx_run_wait(run, 20 * SECOND_NS) == CHX_OK, "%s", chx_last_error()->message);
    took made = took_of(run);
    chx_run_destroy(&run);
    return made;
}

/* The second run is planned with what the first has measured of like launches, scaled by their
 * sizes as if launching itself cost nothing; later ones with what each task took. */
START_TEST(run_takes_what_the_plan_promised)
{
    house h;
    chx_plan *plan;
    const char *path = machines[_i / N_GRAPHS];
    begin_house(&h, path);
    srand(1 + (unsigned)(_i % N_GRAPHS));
    for (uint32_t t = 0; t < N_TASKS; t++)
        add_random_task(&h, t);
    ck_assert_int_eq(chx_plan_create(h.graph, NULL, &plan), CHX_OK);
    for (uint32_t r = 0; r < N_RUNS; r++) {
        took made = run_once(plan);
        double ratio = made.measured_ns / made.promised_ns,
               most = r == 1 ? MOST_SECOND_RATIO : MOST_RATIO;
        ck_assert_msg(ratio < most && ratio > 1 / most, "%s, run %u: %f of what was planned", path,
                      r, ratio);
    }
    expect_words(&h);
    chx_plan_destroy(&plan);
    end_house(&h);
}
END_TEST

/* Speed of all devices together, work-items a ns: of those on common hardware the fastest's. */
static double
joint_speed(const test_null_machine *machine)
{
    double speed = 0.0;
    for (uint32_t d = 0; d < machine->n_devices; d++) {
        const chx__null_device *device = &machine->devices[d];
        bool is_slower = false;
        for (uint32_t o = 0; o < machine->n_devices; o++)
            is_slower |= machine->devices[o].hardware & device->hardware &&
                         machine->devices[o].ns_per_item < device->ns_per_item;
        speed += is_slower ? 0.0 : 1.0 / device->ns_per_item;
    }
    return speed;
}

static void
add_area(house *h, const char *kernel, uint32_t from, uint32_t to)
{
    chx_kernel_task task = {
        .program = h->program,
        .kernel = kernel,
        .global = {ROW, N_ROWS},
        .args = CHX_ARGS(CHX_SPLIT(h->buffers[from], CHX_ACCESS_READ, sizeof(uint32_t), 1),
                         CHX_SPLIT(h->buffers[to], CHX_ACCESS_WRITE, sizeof(uint32_t), 0)),
    };
    ck_assert_msg(chx_graph_kernel(h->graph, &task) == CHX_OK, "%s", chx_last_error()->message);
}

/* Four tasks of which each needs its neighbours' rows of the one before. */
static chx_plan *
plan_areas(house *h, const char *kernel)
{
    chx_plan *plan;
    for (uint32_t a = 0; a < N_AREAS; a++)
        add_area(h, kernel, a % 2, (a + 1) % 2);
    ck_assert_int_eq(chx_plan_create(h->graph, NULL, &plan), CHX_OK);
    return plan;
}

/* Part of all devices' speed that the last of so many runs has. */
static double
balance_after(const house *h, chx_plan *plan, int n_runs)
{
    double measured_ns = 0.0;
    for (int r = 0; r < n_runs; r++) {
        if (!h->runtime->serial) /* a plan that is being made may come */
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        measured_ns = run_once(plan).measured_ns;
    }
    return N_AREAS * (double)ROW * N_ROWS / joint_speed(&h->described) / measured_ns;
}

/* The first runs are made with guesses. */
START_TEST(divided_tasks_are_as_fast_as_all_devices_together)
{
    house h;
    begin_house(&h, machines[_i]);
    chx_plan *plan = plan_areas(&h, "row");
    double balance = balance_after(&h, plan, N_WARM_RUNS);
    ck_assert_msg(balance >= LEAST_BALANCE, "%s: %f of all devices' speed", machines[_i], balance);
    chx_plan_destroy(&plan);
    end_house(&h);
}
END_TEST

/* As when others' work comes to a device and goes again, also where nothing else tells it from the
 * other devices, and where plans are made in a thread of their own. */
START_TEST(divided_tasks_follow_a_device_that_slows_down_and_recovers)
{
    static const double factors[] = {4.0, 0.25, 2.0, 0.5};
    house h;
    begin_house_of(&h, MACHINE("four-equal"), 0, _i == 1, _i != 2);
    chx_plan *plan = plan_areas(&h, "row");
    balance_after(&h, plan, N_WARM_RUNS);
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
        h.described.devices[1].ns_per_item *= factors[i];
        double balance = balance_after(&h, plan, N_RUNS_TO_FOLLOW);
        ck_assert_msg(balance >= LEAST_BALANCE, "%f of all devices' speed after %g times", balance,
                      factors[i]);
        balance = balance_after(&h, plan, N_WARM_RUNS);
        ck_assert_msg(balance >= LEAST_BALANCE, "%f of all devices' speed later", balance);
    }
    chx_plan_destroy(&plan);
    end_house(&h);
}
END_TEST

START_TEST(noise_and_outliers_move_no_cut)
{
    house h;
    begin_house(&h, MACHINE("four-equal"));
    noise.devices = h.described.devices;
    noise.n_devices = h.described.n_devices;
    noise.ns_per_item = h.described.devices[0].ns_per_item;
    noise.seed = 1;
    chx_plan *plan = plan_areas(&h, "sway");
    uint64_t settled = 0;
    for (int r = 0; r < N_WARM_RUNS + N_NOISY_RUNS; r++) {
        noise.cut = 0;
        run_once(plan);
        settled = r < N_WARM_RUNS ? noise.cut : settled;
        ck_assert_msg(noise.cut == settled, "another cut in run %d after %u shifts", r,
                      (unsigned)h.runtime->n_shifts);
    }
    ck_assert_uint_eq(h.runtime->n_shifts, 0);
    chx_plan_destroy(&plan);
    end_house(&h);
}
END_TEST

/* Pairs of kernels on different lanes that ran at the same time. */
static uint32_t
count_overlaps(const chx_timeline *timeline)
{
    uint32_t n = 0, n_spans = chx_timeline_n_spans(timeline);
    for (uint32_t i = 0; i < n_spans * n_spans; i++) {
        const chx_span *a = chx_timeline_span(timeline, i / n_spans);
        const chx_span *b = chx_timeline_span(timeline, i % n_spans);
        n += a->kind == CHX_SPAN_KERNEL && b->kind == CHX_SPAN_KERNEL && a->lane != b->lane &&
             a->measured_start_ns < b->measured_finish_ns &&
             b->measured_start_ns < a->measured_finish_ns;
    }
    return n;
}

static uint32_t
overlaps_on(const char *path)
{
    house h;
    chx_plan *plan;
    chx_run *run;
    chx_timeline *timeline;
    begin_house(&h, path);
    srand(1);
    for (uint32_t t = 0; t < N_TASKS; t++)
        add_random_task(&h, t);
    ck_assert_int_eq(chx_plan_create(h.graph, NULL, &plan), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
    ck_assert_int_eq(chx_run_wait(run, 20 * SECOND_NS), CHX_OK);
    ck_assert_int_eq(chx_run_timeline(run, &timeline), CHX_OK);
    uint32_t n = count_overlaps(timeline);
    chx_timeline_destroy(&timeline);
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
    end_house(&h);
    return n;
}

START_TEST(devices_on_common_hardware_take_turns)
{
    ck_assert_uint_eq(overlaps_on(MACHINE("two-cores")), 0);
    ck_assert_uint_gt(overlaps_on(MACHINE("big-and-small")), 0);
}
END_TEST

#define TILE_BYTES ((size_t)1 << 20)
#define N_TILES 32u
#define N_TILES_FIT 8u
#define N_SWEEPS 3u
#define MOST_OF_TRANSFERS 1.3

static void
add_sweep(house *h, chx_buffer *const *tiles, uint32_t sweep)
{
    for (uint32_t t = 0; t < N_TILES; t++) {
        chx_kernel_task task = {
            .program = h->program,
            .kernel = "turn",
            .global = {TILE_BYTES / sizeof(uint32_t)},
            .args = CHX_ARGS(CHX_READ_WRITE(tiles[t]), CHX_UINT(sweep)),
        };
        ck_assert_msg(chx_graph_kernel(h->graph, &task) == CHX_OK, "%s", chx_last_error()->message);
    }
}

static uint32_t
swept(uint32_t word)
{
    for (uint32_t sweep = 0; sweep < N_SWEEPS; sweep++)
        word = turned(word, sweep);
    return word;
}

/* Each tile goes to the device once, while others come back by another lane. */
START_TEST(four_times_the_memory_takes_little_longer_than_moving_it)
{
    house h;
    chx_plan *plan;
    chx_buffer *tiles[N_TILES];
    uint32_t word, *words = calloc(1, TILE_BYTES);
    begin_house_of(&h, MACHINE("tiny-memory"), N_TILES_FIT * TILE_BYTES, false, true);
    for (uint32_t t = 0; t < N_TILES; t++) {
        words[0] = t;
        ck_assert_int_eq(chx_buffer_create(h.runtime, TILE_BYTES, words, &tiles[t]), CHX_OK);
    }
    for (uint32_t sweep = 0; sweep < N_SWEEPS; sweep++)
        add_sweep(&h, tiles, sweep);
    ck_assert_msg(chx_plan_create(h.graph, NULL, &plan) == CHX_OK, "%s", chx_last_error()->message);
    const chx__wire *wire = &h.described.wires[1];
    double moving_ns = N_TILES * (wire->latency_ns + wire->ns_per_byte * TILE_BYTES);
    double ratio = run_once(plan).measured_ns / moving_ns;
    ck_assert_msg(ratio < MOST_OF_TRANSFERS, "%f of the time of the transfers", ratio);
    for (uint32_t t = 0; t < N_TILES; t++) {
        ck_assert_int_eq(chx_buffer_read(tiles[t], 0, sizeof word, &word), CHX_OK);
        ck_assert_uint_eq(word, swept(t));
        chx_buffer_destroy(&tiles[t]);
    }
    free(words);
    chx_plan_destroy(&plan);
    end_house(&h);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("null machine");
    TCase *tcase = tcase_create("files");
    tcase_set_timeout(tcase, MOST_SECONDS);
    tcase_add_loop_test(tcase, run_takes_what_the_plan_promised, 0, N_GRAPHS * N_SMALL_MACHINES);
    tcase_add_loop_test(tcase, divided_tasks_are_as_fast_as_all_devices_together, 0, N_MACHINES);
    tcase_add_loop_test(tcase, divided_tasks_follow_a_device_that_slows_down_and_recovers, 0, 3);
    tcase_add_test(tcase, noise_and_outliers_move_no_cut);
    tcase_add_test(tcase, devices_on_common_hardware_take_turns);
    tcase_add_test(tcase, four_times_the_memory_takes_little_longer_than_moving_it);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
