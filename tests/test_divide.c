/* Tasks that plans may divide: what they compute is the same on any machine, and what cannot be
 * divided is refused. That they are as fast as the devices together is for null_machine to say. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "graph/division.h"
#include "graph/graph.h"
#include "machine.h"
#include "null.h"

#define WIDTH 64u
#define HEIGHT 240u
#define ROW_BYTES (WIDTH * sizeof(uint32_t))
#define AREA_BYTES (HEIGHT * ROW_BYTES)

/* Each place becomes a mixture of itself and the rows above and below; `fill` writes only. */
static const char source[] =
    "kernel void smooth(global const uint *x, global uint *y, uint width, uint height, uint seed)\n"
    "{\n"
    "    uint column = (uint)get_global_id(0), row = (uint)get_global_id(1);\n"
    "    uint above = row > 0 ? x[(row - 1) * width + column] : 7u;\n"
    "    uint below = row + 1 < height ? x[(row + 1) * width + column] : 9u;\n"
    "    y[row * width + column] = x[row * width + column] * 1664525u + above - below * 3u + "
    "seed;\n"
    "}\n"
    "kernel void add(global uint *y, global const uint *table, uint seed)\n"
    "{\n"
    "    uint i = (uint)get_global_id(0);\n"
    "    y[i] += table[i % 16u] + seed;\n"
    "}\n"
    "kernel void gather(volatile global uint *bins, global const uint *x, uint n, uint kind)\n"
    "{\n"
    "    uint value = x[get_global_id(0)] * 2654435761u;\n"
    "    if (kind % 2 == 1)\n" /* all of one sign */
    "        value = kind == 1 ? value >> 1 : ~(value >> 1);\n"
    "    volatile global uint *bin = &bins[(value >> 8) % n];\n"
    "    if (kind == 0)\n"
    "        atomic_add(bin, value);\n"
    "    else if (kind == 1)\n"
    "        atomic_min((volatile global int *)bin, (int)value);\n"
    "    else if (kind == 2)\n"
    "        atomic_min(bin, value);\n"
    "    else if (kind == 3)\n"
    "        atomic_max((volatile global int *)bin, (int)value);\n"
    "    else\n"
    "        atomic_max(bin, value);\n"
    "}\n"
    "kernel void gather_two(volatile global uint *sums, volatile global uint *most,\n"
    "                       global const uint *x, uint n)\n"
    "{\n"
    "    uint value = x[get_global_id(0)] * 2654435761u;\n"
    "    atomic_add(&sums[(value >> 8) % n], value);\n"
    "    atomic_max(&most[(value >> 8) % n], value);\n"
    "}\n"
    "#ifdef CHX_HAS_INT64_ATOMICS\n"
    "#pragma OPENCL EXTENSION cl_khr_int64_base_atomics : enable\n"
    "#define ATOMICALLY(made)                           \\\n"
    "    do {                                           \\\n"
    "        before = found;                            \\\n"
    "        found = atom_cmpxchg(bin, before, (made)); \\\n"
    "    } while (found != before)\n"
    "kernel void gather_wide(volatile global ulong *bins, global const uint *x, uint n, uint "
    "kind)\n"
    "{\n"
    "    ulong value = x[get_global_id(0)] * 0x9e3779b97f4a7c15ul, before, found = 0;\n"
    "    if (kind % 2 == 1)\n"
    "        value = kind == 1 ? value >> 1 : ~(value >> 1);\n"
    "    volatile global ulong *bin = &bins[(value >> 8) % n];\n"
    "    if (kind == 0)\n"
    "        ATOMICALLY(before + value);\n"
    "    else if (kind == 1)\n"
    "        ATOMICALLY((ulong)min((long)before, (long)value));\n"
    "    else if (kind == 2)\n"
    "        ATOMICALLY(min(before, value));\n"
    "    else if (kind == 3)\n"
    "        ATOMICALLY((ulong)max((long)before, (long)value));\n"
    "    else\n"
    "        ATOMICALLY(max(before, value));\n"
    "}\n"
    "#endif\n";

static void
mix_row(const uint32_t *x, uint32_t *y, size_t row, uint32_t seed)
{
    for (size_t column = 0; column < WIDTH; column++) {
        uint32_t above = row > 0 ? x[(row - 1) * WIDTH + column] : 7u;
        uint32_t below = row + 1 < HEIGHT ? x[(row + 1) * WIDTH + column] : 9u;
        y[row * WIDTH + column] = x[row * WIDTH + column] * 1664525u + above - below * 3u + seed;
    }
}

static void
null_mix(const chx__null_call *call)
{
    const chx__launch *launch = call->launch;
    for (size_t i = 0; i < launch->global[1]; i++)
        mix_row(call->args[0], call->args[1], launch->offset[1] + i, *(uint32_t *)call->args[4]);
}

static void
add_to(uint32_t *y, const uint32_t *table, size_t begin, size_t end, uint32_t seed)
{
    for (size_t i = begin; i < end; i++)
        y[i] += table[i % 16] + seed;
}

static void
null_add(const chx__null_call *call)
{
    size_t begin = call->launch->offset[0];
    add_to(call->args[0], call->args[1], begin, begin + call->launch->global[0],
           *(uint32_t *)call->args[2]);
}

/* Kinds of reductions as the kernels count them. */
enum { SUM, MIN_SIGNED, MIN, MAX_SIGNED, MAX, N_KINDS };

#define N_BINS 32u /* of 32 bits; half as many of 64 */

static const chx_reduction reductions[N_KINDS][2] = {
    [SUM] = {CHX_REDUCTION_SUM_32, CHX_REDUCTION_SUM_64},
    [MIN_SIGNED] = {CHX_REDUCTION_MIN_I32, CHX_REDUCTION_MIN_I64},
    [MIN] = {CHX_REDUCTION_MIN_U32, CHX_REDUCTION_MIN_U64},
    [MAX_SIGNED] = {CHX_REDUCTION_MAX_I32, CHX_REDUCTION_MAX_I64},
    [MAX] = {CHX_REDUCTION_MAX_U32, CHX_REDUCTION_MAX_U64},
};

static uint64_t
reduced(uint64_t a, uint64_t b, uint32_t kind)
{
    switch (kind) {
    case SUM:
        return a + b;
    case MIN_SIGNED:
        return (int64_t)a < (int64_t)b ? a : b;
    case MIN:
        return a < b ? a : b;
    case MAX_SIGNED:
        return (int64_t)a > (int64_t)b ? a : b;
    default:
        return a > b ? a : b;
    }
}

static void
gather(uint32_t *bins, const uint32_t *x, size_t begin, size_t end, uint32_t n, uint32_t kind)
{
    const bool is_signed = kind == MIN_SIGNED || kind == MAX_SIGNED;
    for (size_t i = begin; i < end; i++) {
        uint32_t value = x[i] * 2654435761u;
        if (is_signed)
            value = kind == MIN_SIGNED ? value >> 1 : ~(value >> 1);
        uint32_t *bin = &bins[(value >> 8) % n];
        uint64_t a = is_signed ? (uint64_t)(int32_t)*bin : *bin;
        uint64_t b = is_signed ? (uint64_t)(int32_t)value : value;
        *bin = (uint32_t)reduced(a, b, kind);
    }
}

static void
gather_wide(uint64_t *bins, const uint32_t *x, size_t begin, size_t end, uint32_t n, uint32_t kind)
{
    for (size_t i = begin; i < end; i++) {
        uint64_t value = x[i] * UINT64_C(0x9e3779b97f4a7c15);
        if (kind == MIN_SIGNED || kind == MAX_SIGNED)
            value = kind == MIN_SIGNED ? value >> 1 : ~(value >> 1);
        bins[(value >> 8) % n] = reduced(bins[(value >> 8) % n], value, kind);
    }
}

static void
null_gather(const chx__null_call *call)
{
    size_t begin = call->launch->offset[0];
    gather(call->args[0], call->args[1], begin, begin + call->launch->global[0],
           *(uint32_t *)call->args[2], *(uint32_t *)call->args[3]);
}

static void
null_gather_two(const chx__null_call *call)
{
    size_t begin = call->launch->offset[0], end = begin + call->launch->global[0];
    gather(call->args[0], call->args[2], begin, end, *(uint32_t *)call->args[3], SUM);
    gather(call->args[1], call->args[2], begin, end, *(uint32_t *)call->args[3], MAX);
}

static void
null_gather_wide(const chx__null_call *call)
{
    size_t begin = call->launch->offset[0];
    gather_wide(call->args[0], call->args[1], begin, begin + call->launch->global[0],
                *(uint32_t *)call->args[2], *(uint32_t *)call->args[3]);
}

static const chx__null_kernel kernels[] = {{"smooth", null_mix},
                                           {"add", null_add},
                                           {"gather", null_gather},
                                           {"gather_two", null_gather_two},
                                           {"gather_wide", null_gather_wide},
                                           {NULL, NULL}};

static chx_runtime *runtime;
static chx_program *program;
static chx_graph *graph;
static chx_buffer *areas[2], *table, *bins[2];
static uint32_t expected[2][HEIGHT * WIDTH];
static uint32_t words[16];
static union {
    uint32_t narrow[N_BINS];
    uint64_t wide[N_BINS / 2];
} expected_bins[2];

static void
check_ok(chx_status status)
{
    ck_assert_msg(status == CHX_OK, "%s: %s", chx_status_name(status), chx_last_error()->message);
}

static void
setup(void)
{
    chx_runtime_params params = test_machine_params();
    check_ok(test_runtime_create(&runtime, &params, kernels));
    check_ok(chx_program_from_source(runtime, "divide.cl", source, NULL, &program));
    check_ok(chx_graph_create(runtime, &graph));
    for (uint32_t i = 0; i < HEIGHT * WIDTH; i++)
        expected[0][i] = i * i;
    for (uint32_t i = 0; i < 16; i++)
        words[i] = 100 * i;
    memset(expected[1], 0, sizeof expected[1]);
    for (int a = 0; a < 2; a++)
        check_ok(chx_buffer_create(runtime, AREA_BYTES, expected[a], &areas[a]));
    check_ok(chx_buffer_create(runtime, sizeof words, words, &table));
    for (int b = 0; b < 2; b++) {
        for (uint32_t i = 0; i < N_BINS; i++)
            expected_bins[b].narrow[i] = (i + 5) * 2246822519u + (uint32_t)b;
        check_ok(chx_buffer_create(runtime, sizeof expected_bins[b], &expected_bins[b], &bins[b]));
    }
}

static void
teardown(void)
{
    chx_graph_destroy(&graph);
    for (int a = 0; a < 2; a++)
        chx_buffer_destroy(&areas[a]);
    chx_buffer_destroy(&table);
    for (int b = 0; b < 2; b++)
        chx_buffer_destroy(&bins[b]);
    chx_program_destroy(&program);
    test_runtime_destroy(&runtime);
}

static chx_task
add_mix(int from, uint32_t seed)
{
    chx_task id;
    chx_kernel_task task = {.program = program,
                            .kernel = "smooth",
                            .global = {WIDTH, HEIGHT},
                            .args =
                                CHX_ARGS(CHX_SPLIT(areas[from], CHX_ACCESS_READ, ROW_BYTES, 1),
                                         CHX_SPLIT(areas[!from], CHX_ACCESS_WRITE, ROW_BYTES, 0),
                                         CHX_UINT(WIDTH), CHX_UINT(HEIGHT), CHX_UINT(seed)),
                            .id = &id};
    check_ok(chx_graph_kernel(graph, &task));
    return id;
}

static void
expect_mix(int from, uint32_t seed)
{
    for (size_t row = 0; row < HEIGHT; row++)
        mix_row(expected[from], expected[!from], row, seed);
}

static chx_task
add_table(int to, chx_buffer *from, uint32_t seed)
{
    chx_task id;
    chx_kernel_task task = {
        .program = program,
        .kernel = "add",
        .global = {HEIGHT * WIDTH},
        .local = {32},
        .args = CHX_ARGS(CHX_SPLIT(areas[to], CHX_ACCESS_READ_WRITE, sizeof(uint32_t), 0),
                         CHX_READ(from), CHX_UINT(seed)),
        .id = &id};
    check_ok(chx_graph_kernel(graph, &task));
    return id;
}

static chx_task
add_add(int to, uint32_t seed)
{
    return add_table(to, table, seed);
}

static chx_task
add_gather(int to, int from, uint32_t kind, bool is_wide)
{
    chx_task id;
    chx_kernel_task task = {
        .program = program,
        .kernel = is_wide ? "gather_wide" : "gather",
        .global = {HEIGHT * WIDTH},
        .args = CHX_ARGS(CHX_REDUCE(bins[to], reductions[kind][is_wide]),
                         CHX_SPLIT(areas[from], CHX_ACCESS_READ, sizeof(uint32_t), 0),
                         CHX_UINT(is_wide ? N_BINS / 2 : N_BINS), CHX_UINT(kind)),
        .id = &id};
    check_ok(chx_graph_kernel(graph, &task));
    return id;
}

/* The sums to one buffer, the greatest to the other. */
static void
add_gather_two(int to, int from)
{
    chx_kernel_task task = {
        .program = program,
        .kernel = "gather_two",
        .global = {HEIGHT * WIDTH},
        .args = CHX_ARGS(CHX_REDUCE(bins[to], CHX_REDUCTION_SUM_32),
                         CHX_REDUCE(bins[!to], CHX_REDUCTION_MAX_U32),
                         CHX_SPLIT(areas[from], CHX_ACCESS_READ, sizeof(uint32_t), 0),
                         CHX_UINT(N_BINS))};
    check_ok(chx_graph_kernel(graph, &task));
}

/* Into the first bins of all that there are. */
static void
expect_some(int to, int from, uint32_t n, uint32_t kind, bool is_wide)
{
    if (is_wide)
        gather_wide(expected_bins[to].wide, expected[from], 0, HEIGHT * WIDTH, n, kind);
    else
        gather(expected_bins[to].narrow, expected[from], 0, HEIGHT * WIDTH, n, kind);
}

static void
expect_gather(int to, int from, uint32_t kind, bool is_wide)
{
    expect_some(to, from, is_wide ? N_BINS / 2 : N_BINS, kind, is_wide);
}

static void
check_areas(void)
{
    static uint32_t found[HEIGHT * WIDTH];
    for (int a = 0; a < 2; a++) {
        check_ok(chx_buffer_read(areas[a], 0, AREA_BYTES, found));
        ck_assert_mem_eq(found, expected[a], AREA_BYTES);
    }
    for (int b = 0; b < 2; b++) {
        check_ok(chx_buffer_read(bins[b], 0, sizeof expected_bins[b], found));
        ck_assert_mem_eq(found, &expected_bins[b], sizeof expected_bins[b]);
    }
}

/* Shares move while costs become known, and whoever swaps buffers swaps those of all pieces. */
START_TEST(pieces_compute_what_the_whole_does)
{
    enum { N_ROUNDS = 40 };
    chx_task mix = add_mix(0, 1), add = add_add(1, 2);
    chx_plan *plan;
    check_ok(chx_plan_create(graph, NULL, &plan));
    for (uint32_t round = 0; round < N_ROUNDS; round++) {
        int from = round / 2 % 2;
        chx_arg read = CHX_SPLIT(areas[from], CHX_ACCESS_READ, ROW_BYTES, 1);
        chx_arg write = CHX_SPLIT(areas[!from], CHX_ACCESS_WRITE, ROW_BYTES, 0);
        chx_arg both = CHX_SPLIT(areas[!from], CHX_ACCESS_READ_WRITE, sizeof(uint32_t), 0);
        chx_arg seed = CHX_UINT(round);
        check_ok(chx_graph_set_buffer(graph, mix, 0, &read));
        check_ok(chx_graph_set_buffer(graph, mix, 1, &write));
        check_ok(chx_graph_set_buffer(graph, add, 0, &both));
        check_ok(chx_graph_set_value(graph, add, 2, &seed));
        check_ok(chx_plan_submit(plan, NULL));
        expect_mix(from, 1);
        add_to(expected[!from], words, 0, HEIGHT * WIDTH, round);
    }
    check_areas();
    chx_plan_destroy(&plan);
}
END_TEST

static void
submit(chx_plan *plan)
{
    chx_run *run;
    check_ok(chx_plan_submit(plan, &run));
    check_ok(chx_run_wait(run, CHX_FOREVER));
    chx_run_destroy(&run);
}

/* Whether drivers compile the kernel for integers of 64 bits; null devices have no atomics. */
static bool
has_wide(void)
{
    bool has = true;
    for (uint32_t d = 0; !test_null && d < chx_runtime_n_devices(runtime); d++) {
        chx_device_info info;
        check_ok(chx_runtime_device(runtime, d, &info));
        has &= !info.selected || info.has_int64_atomics;
    }
    return has;
}

/* Runs reduce into what the buffer holds, whoever swaps it swaps what pieces combine into, and the
 * task's scalars are none of what combines, although they stand at the same indices. */
START_TEST(reductions_are_the_same_in_pieces)
{
    enum { N_ROUNDS = 8 };
    const uint32_t kind = (uint32_t)_i / 2;
    const bool is_wide = _i % 2;
    if (is_wide && !has_wide())
        return;
    chx_task task = add_gather(0, 0, kind, is_wide);
    chx_task add = add_add(0, 2);
    chx_plan *plan;
    check_ok(chx_plan_create(graph, NULL, &plan));
    for (uint32_t round = 0; round < N_ROUNDS; round++) {
        const int to = round / 2 % 2;
        const chx_arg into = CHX_REDUCE(bins[to], reductions[kind][is_wide]);
        const chx_arg seed = CHX_UINT(round), bins_used = CHX_UINT(1 + round),
                      same = CHX_UINT(kind);
        check_ok(chx_graph_set_buffer(graph, task, 0, &into));
        check_ok(chx_graph_set_value(graph, task, 2, &bins_used));
        check_ok(chx_graph_set_value(graph, task, 3, &same));
        check_ok(chx_graph_set_value(graph, add, 2, &seed));
        submit(plan);
        expect_some(to, 0, 1 + round, kind, is_wide);
        add_to(expected[0], words, 0, HEIGHT * WIDTH, round);
    }
    check_areas();
    chx_plan_destroy(&plan);
}
END_TEST

/* Into a larger buffer, into the first again, and so on; often enough to be worth dividing. */
START_TEST(buffers_of_other_sizes_are_reduced_into)
{
    enum { N_ROUNDS = 6, FACTOR = 9, N_TASKS = 6 };
    static uint32_t large[N_BINS * FACTOR], found[N_BINS * FACTOR];
    memset(large, 0, sizeof large);
    chx_buffer *other;
    chx_task tasks[N_TASKS];
    chx_plan *plan;
    add_add(0, 3);
    for (uint32_t t = 0; t < N_TASKS; t++)
        tasks[t] = add_gather(0, 0, SUM, false);
    check_ok(chx_buffer_create(runtime, sizeof large, NULL, &other));
    check_ok(chx_plan_create(graph, NULL, &plan));
    for (uint32_t round = 0; round < N_ROUNDS; round++) {
        const chx_arg into = CHX_REDUCE(round % 2 ? other : bins[0], CHX_REDUCTION_SUM_32);
        const uint32_t n = round % 2 ? N_BINS * FACTOR : N_BINS;
        const chx_arg bound = CHX_UINT(n);
        add_to(expected[0], words, 0, HEIGHT * WIDTH, 3);
        for (uint32_t t = 0; t < N_TASKS; t++) {
            check_ok(chx_graph_set_buffer(graph, tasks[t], 0, &into));
            check_ok(chx_graph_set_value(graph, tasks[t], 2, &bound));
            gather(round % 2 ? large : expected_bins[0].narrow, expected[0], 0, HEIGHT * WIDTH, n,
                   SUM);
        }
        check_ok(chx_plan_submit(plan, NULL));
    }
    check_areas();
    check_ok(chx_buffer_read(other, 0, sizeof large, found));
    ck_assert_mem_eq(found, large, sizeof large);
    chx_plan_destroy(&plan);
    chx_buffer_destroy(&other);
}
END_TEST

static void
expect_gather_two(int to, int from)
{
    expect_gather(to, from, SUM, false);
    expect_gather(!to, from, MAX, false);
}

/* A task of a random graph. */
typedef struct step {
    int what; /* a mix, a table added, bins added, two reductions, or more: one reduction */
    int from;
    int to; /* bins */
    uint32_t kind;
    bool is_wide;
} step;

static step
add_step(uint32_t random, bool may_be_wide)
{
    const step made = {.what = (int)(random % 6),
                       .from = (int)(random / 6 % 2),
                       .to = (int)(random / 12 % 2),
                       .kind = random / 24 % N_KINDS,
                       .is_wide = may_be_wide && random / 240 % 2};
    if (made.what == 0)
        add_mix(made.from, random);
    else if (made.what == 1)
        add_add(made.from, random);
    else if (made.what == 2)
        add_table(made.from, bins[made.to], random);
    else if (made.what == 3)
        add_gather_two(made.to, made.from);
    else
        add_gather(made.to, made.from, made.kind, made.is_wide);
    return made;
}

static void
expect_step(const step *done, uint32_t random)
{
    if (done->what == 0)
        expect_mix(done->from, random);
    else if (done->what == 1)
        add_to(expected[done->from], words, 0, HEIGHT * WIDTH, random);
    else if (done->what == 2)
        add_to(expected[done->from], expected_bins[done->to].narrow, 0, HEIGHT * WIDTH, random);
    else if (done->what == 3)
        expect_gather_two(done->to, done->from);
    else
        expect_gather(done->to, done->from, done->kind, done->is_wide);
}

/* Reductions before and after other divided tasks, of which some runs are repeated when a null
 * device has failed. */
START_TEST(random_graphs_with_reductions_leave_the_same)
{
    enum { N_STEPS = 8, N_ROUNDS = 6 };
    step steps[N_STEPS];
    uint32_t randoms[N_STEPS], random = (uint32_t)_i * 7919u + 1;
    chx_plan *plan;
    const chx_plan_params params = {.recovers = true, .checks_ranges = _i % 4 == 3};
    const bool may_be_wide = has_wide();
    for (uint32_t t = 0; t < N_STEPS; t++) {
        random = random * 1664525u + 1013904223u;
        randoms[t] = random >> 8;
        steps[t] = add_step(randoms[t], may_be_wide);
    }
    check_ok(chx_plan_create(graph, &params, &plan));
    for (uint32_t round = 0; round < N_ROUNDS; round++) {
        if (test_null && !params.checks_ranges && round % 2 == 1)
            chx__null_arm(test_null, (chx__null_faults){.fail_command = 1 + (uint64_t)_i * 3});
        submit(plan);
        for (uint32_t t = 0; t < N_STEPS; t++)
            expect_step(&steps[t], randoms[t]);
    }
    check_areas();
    chx_plan_destroy(&plan);
}
END_TEST

/* Of halves, the second begins a partial, which the device of the first combines. */
START_TEST(all_pieces_but_the_first_have_partials)
{
    static const char *const names[] = {"gather",          "begin partial", "gather",
                                        "combine partial", "add",           "add"};
    double halves[] = {1, 1};
    chx_buffer *of[2] = {NULL, table}; /* as large as nothing else that is reduced into */
    chx__partial lent = {.size_bytes = chx__partial_size(sizeof expected_bins[0]), .of = of};
    const chx__partials partials = {.program = program, .list = &lent, .n = 1, .n_turns = 4};
    const chx__shares shares = {.of = halves, .n_devices = 2, .partials = &partials};
    chx_graph *made = NULL;
    chx_task first = add_gather(0, 0, MIN, false);
    chx_task second = add_add(0, 0);
    check_ok(chx_graph_depend(graph, first, second));
    check_ok(chx__division_create(graph, &shares, &made));
    ck_assert_uint_eq(made->n_tasks, sizeof names / sizeof *names);
    for (uint32_t t = 0; t < made->n_tasks; t++)
        ck_assert_str_eq(made->tasks[t].name, names[t]);
    ck_assert_ptr_eq(made->tasks[0].args[0].buffer, bins[0]);
    ck_assert_ptr_eq(made->tasks[2].args[0].buffer, table);
    ck_assert_ptr_eq(made->tasks[3].args[0].buffer, bins[0]);
    ck_assert_ptr_eq(made->tasks[3].args[1].buffer, table);
    ck_assert_uint_eq(made->tasks[1].place, 2);
    ck_assert_uint_eq(made->tasks[3].place, 1);
    ck_assert_uint_eq(made->tasks[4].n_before, 4);
    const chx_arg other = CHX_REDUCE(bins[1], CHX_REDUCTION_MIN_U32);
    check_ok(chx_graph_set_buffer(graph, first, 0, &other));
    check_ok(chx__division_recast(made, graph));
    ck_assert_ptr_eq(made->tasks[0].args[0].buffer, bins[1]);
    ck_assert_ptr_eq(made->tasks[2].args[0].buffer, table);
    ck_assert_ptr_eq(made->tasks[3].args[0].buffer, bins[1]);
    ck_assert_ptr_eq(made->tasks[3].args[1].buffer, table);
    chx_graph_destroy(&made);
}
END_TEST

static chx_status
look_on(void *data, void *const *host)
{
    (void)data;
    (void)host;
    return CHX_OK;
}

static void
expect_before(const chx_graph *made, uint32_t task, uint32_t first, uint32_t end)
{
    ck_assert_uint_eq(made->tasks[task].n_before, end - first);
    for (uint32_t i = first; i < end; i++)
        ck_assert_uint_eq(made->tasks[task].before[i - first], i);
}

/* Of tasks that no buffer joins, in halves for one device and another that there may be. */
START_TEST(pieces_wait_for_all_pieces_of_what_they_follow)
{
    double halves[] = {1, 1};
    const chx__shares shares = {.of = halves, .n_devices = 2};
    const chx_host_task host = {.run = look_on, .args = CHX_ARGS(CHX_READ(table))};
    chx_graph *made = NULL;
    check_ok(chx_graph_host(graph, &host));
    chx_task mix = add_mix(0, 1), add = add_add(1, 2);
    check_ok(chx_graph_host(graph, &host));
    check_ok(chx_graph_depend(graph, 0, mix));
    check_ok(chx_graph_depend(graph, mix, add));
    check_ok(chx_graph_depend(graph, add, add + 1));
    check_ok(chx__division_create(graph, &shares, &made));
    ck_assert_uint_eq(made->n_tasks, 6);
    for (uint32_t piece = 0; piece < 2; piece++) {
        expect_before(made, 1 + piece, 0, 1);
        expect_before(made, 3 + piece, 1, 3);
    }
    expect_before(made, 0, 0, 0);
    expect_before(made, 5, 3, 5);
    ck_assert_ptr_eq(made->tasks[5].run, look_on);
    chx_graph_destroy(&made);
}
END_TEST

START_TEST(timelines_tell_the_items_of_pieces)
{
    add_mix(0, 1);
    chx_plan *plan;
    chx_run *run;
    chx_timeline *timeline;
    uint64_t n_items = 0;
    check_ok(chx_plan_create(graph, NULL, &plan));
    check_ok(chx_plan_submit(plan, &run));
    check_ok(chx_run_wait(run, CHX_FOREVER));
    check_ok(chx_run_timeline(run, &timeline));
    for (uint32_t s = 0; s < chx_timeline_n_spans(timeline); s++)
        n_items += chx_timeline_span(timeline, s)->n_items;
    ck_assert_uint_eq(n_items, HEIGHT);
    chx_timeline_destroy(&timeline);
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
}
END_TEST

static void
expect_refusal(const chx_kernel_task *task, const char *said)
{
    ck_assert_int_eq(chx_graph_kernel(graph, task), CHX_ERROR_INVALID);
    ck_assert_msg(strstr(chx_last_error()->message, said), "%s", chx_last_error()->message);
}

START_TEST(what_pieces_would_race_for_is_refused)
{
    chx_kernel_task task = {.program = program, .kernel = "smooth", .global = {WIDTH, HEIGHT}};
    const chx_arg read = CHX_SPLIT(areas[0], CHX_ACCESS_READ, ROW_BYTES, 1);
    chx_buffer *odd;
    check_ok(chx_buffer_create(runtime, 12, NULL, &odd));
    task.args = CHX_ARGS(read, CHX_WRITE(areas[1]));
    expect_refusal(&task, "argument 1: every piece of the task would write all of it");
    task.args = CHX_ARGS(read, CHX_REDUCE(areas[0], CHX_REDUCTION_SUM_32));
    expect_refusal(&task, "arguments 0 and 1: one piece of the task would see or not");
    task.args = CHX_ARGS(CHX_READ(bins[0]), CHX_REDUCE(bins[0], CHX_REDUCTION_SUM_32));
    expect_refusal(&task, "arguments 0 and 1: one piece of the task would see or not");
    task.args = CHX_ARGS(CHX_REDUCE(bins[0], CHX_REDUCTION_SUM_32),
                         CHX_REDUCE(bins[0], CHX_REDUCTION_SUM_32));
    expect_refusal(&task, "arguments 0 and 1: one piece of the task would see or not");
    task.args = CHX_ARGS(CHX_REDUCE(bins[0], CHX_REDUCTION_SUM_32), CHX_WRITE(areas[1]));
    expect_refusal(&task, "argument 1: every piece of the task would write all of it");
    task.args = CHX_ARGS(CHX_REDUCE(bins[0], CHX_REDUCTION_NONE));
    expect_refusal(&task, "argument 0: not allowed");
    task.args = CHX_ARGS(CHX_REDUCE(odd, CHX_REDUCTION_SUM_64));
    expect_refusal(&task, "a buffer of 12 bytes is no array of integers of 8 bytes");
    chx_buffer_destroy(&odd);
    task.args = CHX_ARGS(read, CHX_SPLIT(areas[0], CHX_ACCESS_WRITE, ROW_BYTES, 0));
    expect_refusal(&task, "arguments 0 and 1: one piece of the task would see or not");
    task.args = CHX_ARGS(CHX_SPLIT(areas[0], CHX_ACCESS_READ_WRITE, ROW_BYTES, 1));
    expect_refusal(&task, "only what is read can have a halo");
    task.args = CHX_ARGS(CHX_SPLIT(areas[0], CHX_ACCESS_READ, 0, 1));
    expect_refusal(&task, "not allowed");
    task.args = CHX_ARGS(CHX_SPLIT(areas[0], CHX_ACCESS_READ, ROW_BYTES + 1, 0));
    ck_assert_int_eq(chx_graph_kernel(graph, &task), CHX_ERROR_LIMIT);
    ck_assert_uint_eq(chx_graph_n_tasks(graph), 0);
}
END_TEST

/* A halo that is declared too narrow is found out although the whole task would be right. */
START_TEST(a_missing_halo_is_found)
{
    chx_plan *plan;
    chx_plan_params params = {.checks_ranges = true};
    chx_kernel_task task = {.program = program,
                            .kernel = "smooth",
                            .global = {WIDTH, HEIGHT},
                            .args = CHX_ARGS(CHX_SPLIT(areas[0], CHX_ACCESS_READ, ROW_BYTES, 0),
                                             CHX_SPLIT(areas[1], CHX_ACCESS_WRITE, ROW_BYTES, 0),
                                             CHX_UINT(WIDTH), CHX_UINT(HEIGHT), CHX_UINT(5))};
    check_ok(chx_graph_kernel(graph, &task));
    check_ok(chx_plan_create(graph, &params, &plan));
    ck_assert_int_eq(chx_plan_submit(plan, NULL), CHX_ERROR_KERNEL);
    ck_assert_msg(strstr(chx_last_error()->message, "does not declare to read"), "%s",
                  chx_last_error()->message);
    chx_plan_destroy(&plan);
}
END_TEST

/* What adds is no maximum. */
START_TEST(a_wrong_reduction_is_found)
{
    chx_plan *plan;
    chx_plan_params params = {.checks_ranges = true};
    chx_kernel_task task = {.program = program, .kernel = "add", .global = {HEIGHT * WIDTH}};
    for (int is_wrong = 0; is_wrong < 2; is_wrong++) {
        const chx_reduction reduction = is_wrong ? CHX_REDUCTION_MAX_U32 : CHX_REDUCTION_SUM_32;
        task.args = CHX_ARGS(CHX_REDUCE(areas[0], reduction), CHX_READ(table), CHX_UINT(5));
        check_ok(chx_graph_kernel(graph, &task));
        check_ok(chx_plan_create(graph, &params, &plan));
        ck_assert_int_eq(chx_plan_submit(plan, NULL), is_wrong ? CHX_ERROR_KERNEL : CHX_OK);
        ck_assert_msg(!is_wrong || strstr(chx_last_error()->message, "does not only reduce"), "%s",
                      chx_last_error()->message);
        chx_plan_destroy(&plan);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("divide");
    TCase *tests = tcase_create("divide");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, pieces_compute_what_the_whole_does);
    tcase_add_loop_test(tests, reductions_are_the_same_in_pieces, 0, 2 * N_KINDS);
    tcase_add_test(tests, buffers_of_other_sizes_are_reduced_into);
    tcase_add_test(tests, all_pieces_but_the_first_have_partials);
    tcase_add_test(tests, pieces_wait_for_all_pieces_of_what_they_follow);
    tcase_add_test(tests, timelines_tell_the_items_of_pieces);
    tcase_add_test(tests, what_pieces_would_race_for_is_refused);
    tcase_add_test(tests, a_missing_halo_is_found);
    tcase_add_test(tests, a_wrong_reduction_is_found);
    suite_add_tcase(suite, tests);
    TCase *slow = tcase_create("random graphs");
    tcase_add_checked_fixture(slow, setup, teardown);
    tcase_set_tags(slow, "slow");
    tcase_set_timeout(slow, 60);
    tcase_add_loop_test(slow, random_graphs_with_reductions_leave_the_same, 0, 12);
    suite_add_tcase(suite, slow);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
