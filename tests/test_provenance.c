/* Buffers too large for a test's memory: on null devices what a program means shows in digests of
 * provenance, which must be the same on any devices and in any order of completion, and others for
 * another order of the program. */
#include <check.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/plan.h>

#include "device/null.h"
#include "device/null_provenance.h"
#include "execute/lifetime.h"

#define N_BUFFERS 4u
#define N_LAUNCHES 24u
#define N_PIECES 16u /* of a buffer, each of which is looked at */
#define LOOK_BYTES 64u
#define MOST_DEVICES 100u
#define SECOND_NS UINT64_C(1000000000)
#define MEDIUM_BYTES ((size_t)96 << 20)
/* Sanitizers note of each byte that it is there, which takes minutes. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || SIZE_MAX <= UINT32_MAX
#define LARGE_BYTES MEDIUM_BYTES
#else
#define LARGE_BYTES ((size_t)8 << 30)
#endif

static const char source[] =
    "kernel void fill(global uint *y, uint seed) { y[get_global_id(0)] = seed; }\n"
    "kernel void mix(global const uint *x, global uint *y, ulong begin, ulong n, uint seed)\n"
    "{\n"
    "    ulong i = begin / 4 + get_global_id(0);\n"
    "    y[i] = y[i] * 1664525u + x[i] + seed;\n"
    "}\n";

static void
never(const chx__null_call *call)
{
    ck_abort_msg("a kernel runs on %u arguments, of which some have no bytes", call->n_args);
}

static void
find_mixed(const chx__null_call *call, uint32_t argument, size_t *begin, size_t *end)
{
    (void)argument;
    *begin = (size_t) * (uint64_t *)call->args[2];
    *end = *begin + (size_t) * (uint64_t *)call->args[3];
}

static const chx__null_kernel kernels[] = {
    {.name = "fill", .run = never, .overwrites = 1},
    {.name = "mix", .run = never, .range = find_mixed},
    {NULL},
};

typedef struct launch {
    uint32_t x, y, seed, device;
    size_t begin, n;
    bool is_bound;
} launch;

/* What stands at the beginnings of all pieces after a program. */
typedef struct look {
    unsigned char bytes[N_BUFFERS][N_PIECES][LOOK_BYTES];
} look;

typedef struct stage {
    size_t size_bytes; /* of each buffer */
    uint32_t n_devices, n_platforms;
    uint64_t seed; /* of the order of completion */
} stage;

typedef struct play {
    chx__null *machine;
    chx_runtime *runtime;
    chx_program *program;
    chx_graph *graph;
    chx_buffer *buffers[N_BUFFERS];
} play;

static void
begin_play(play *p, const stage *on)
{
    static chx__null_device devices[MOST_DEVICES];
    for (uint32_t d = 0; d < on->n_devices; d++)
        devices[d] = (chx__null_device){.platform = d % on->n_platforms,
                                        .memory_bytes = UINT64_C(1) << 36,
                                        .launch_ns = 1000,
                                        .ns_per_item = 1,
                                        .ns_per_byte = 0.01};
    chx__null_params params = {.devices = devices,
                               .n_devices = on->n_devices,
                               .kernels = kernels,
                               .seed = on->seed,
                               .serial = true};
    chx_runtime_params wanted = {.serial = true};
    ck_assert_int_eq(chx__null_create(&params, &p->machine), CHX_OK);
    ck_assert_int_eq(chx__runtime_create(&p->runtime, &wanted, p->machine), CHX_OK);
    ck_assert_int_eq(chx_program_from_source(p->runtime, "mix.cl", source, NULL, &p->program),
                     CHX_OK);
    ck_assert_int_eq(chx_graph_create(p->runtime, &p->graph), CHX_OK);
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        ck_assert_msg(chx_buffer_create(p->runtime, on->size_bytes, NULL, &p->buffers[b]) == CHX_OK,
                      "%s", chx_last_error()->message);
}

static void
end_play(play *p)
{
    const char *first;
    chx_graph_destroy(&p->graph);
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        chx_buffer_destroy(&p->buffers[b]);
    chx_program_destroy(&p->program);
    chx_runtime_destroy(&p->runtime);
    ck_assert_msg(chx__null_violations(p->machine, &first) == 0, "%s", first);
    chx__null_destroy(&p->machine);
}

/* All of each buffer is written before anything is read, so that no zeroes of the host's are
 * copied. */
static void
add_fills(play *p)
{
    for (uint32_t b = 0; b < N_BUFFERS; b++) {
        chx_kernel_task task = {.program = p->program,
                                .kernel = "fill",
                                .global = {1},
                                .args = CHX_ARGS(CHX_WRITE(p->buffers[b]), CHX_UINT(b))};
        ck_assert_int_eq(chx_graph_kernel(p->graph, &task), CHX_OK);
    }
}

static void
add_launch(play *p, const launch *l)
{
    chx_kernel_task task = {
        .program = p->program,
        .kernel = "mix",
        .global = {1},
        .devices = &l->device,
        .n_devices = l->is_bound,
        .args = CHX_ARGS(CHX_BUFFER_RANGE(p->buffers[l->x], CHX_ACCESS_READ, l->begin, l->n),
                         CHX_BUFFER_RANGE(p->buffers[l->y], CHX_ACCESS_READ_WRITE, l->begin, l->n),
                         CHX_ULONG(l->begin), CHX_ULONG(l->n), CHX_UINT(l->seed)),
    };
    ck_assert_msg(chx_graph_kernel(p->graph, &task) == CHX_OK, "%s", chx_last_error()->message);
}

static void
look_at(const play *p, size_t size_bytes, look *seen)
{
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        for (uint32_t i = 0; i < N_PIECES; i++)
            ck_assert_int_eq(chx_buffer_read(p->buffers[b], size_bytes / N_PIECES * i, LOOK_BYTES,
                                             seen->bytes[b][i]),
                             CHX_OK);
}

/* The launches in their order, twice over. */
static void
perform(const stage *on, const launch *launches, uint32_t n, look *seen)
{
    play p = {0};
    chx_plan *plan;
    chx_run *run;
    begin_play(&p, on);
    add_fills(&p);
    for (uint32_t l = 0; l < n; l++) {
        launch bound = launches[l];
        bound.device %= on->n_devices;
        add_launch(&p, &bound);
    }
    ck_assert_msg(chx_plan_create(p.graph, NULL, &plan) == CHX_OK, "%s", chx_last_error()->message);
    for (int r = 0; r < 2; r++) {
        ck_assert_msg(chx_plan_submit(plan, &run) == CHX_OK, "%s", chx_last_error()->message);
        ck_assert_msg(chx_run_wait(run, 60 * SECOND_NS) == CHX_OK, "%s", chx_last_error()->message);
        chx_run_destroy(&run);
    }
    look_at(&p, on->size_bytes, seen);
    chx_plan_destroy(&plan);
    end_play(&p);
}

static void
draw_launches(size_t size_bytes, unsigned seed, launch *launches)
{
    srand(seed);
    for (uint32_t l = 0; l < N_LAUNCHES; l++) {
        uint32_t x = (uint32_t)rand() % N_BUFFERS, first = (uint32_t)rand() % N_PIECES;
        size_t piece = size_bytes / N_PIECES;
        launches[l] = (launch){.x = x,
                               .y = (x + 1 + (uint32_t)rand() % (N_BUFFERS - 1)) % N_BUFFERS,
                               .seed = l,
                               .device = (uint32_t)rand() % MOST_DEVICES,
                               .begin = first * piece,
                               .n = (1 + (uint32_t)rand() % (N_PIECES - first)) * piece,
                               .is_bound = rand() % 4 != 0};
    }
}

/* Buffers of 8 GiB each, where they can be had. */
START_TEST(hundred_devices_leave_the_digests_of_one)
{
    launch launches[N_LAUNCHES];
    look alone, together;
    draw_launches(LARGE_BYTES, 1 + (unsigned)_i, launches);
    perform(&(stage){LARGE_BYTES, 1, 1, 0}, launches, N_LAUNCHES, &alone);
    perform(&(stage){LARGE_BYTES, MOST_DEVICES, 1, (uint64_t)_i}, launches, N_LAUNCHES, &together);
    ck_assert_mem_eq(&alone, &together, sizeof alone);
}
END_TEST

/* Between platforms bytes go through the host, and marks stand for them there. */
START_TEST(digests_go_through_the_host)
{
    launch launches[N_LAUNCHES];
    look alone, apart;
    draw_launches(MEDIUM_BYTES, 7, launches);
    perform(&(stage){MEDIUM_BYTES, 1, 1, 0}, launches, N_LAUNCHES, &alone);
    perform(&(stage){MEDIUM_BYTES, 3, 3, 5}, launches, N_LAUNCHES, &apart);
    ck_assert_mem_eq(&alone, &apart, sizeof alone);
}
END_TEST

static bool
leave_the_same(const launch *a, const launch *b)
{
    look seen[2];
    stage on = {MEDIUM_BYTES, 3, 1, 3};
    perform(&on, a, 2, &seen[0]);
    perform(&on, b, 2, &seen[1]);
    return memcmp(&seen[0], &seen[1], sizeof seen[0]) == 0;
}

START_TEST(another_order_leaves_another_digest)
{
    size_t piece = MEDIUM_BYTES / N_PIECES;
    launch first = {.x = 0, .y = 1, .seed = 1, .begin = 0, .n = 2 * piece};
    launch same_target = {.x = 2, .y = 1, .seed = 2, .begin = piece, .n = piece};
    launch reader = {.x = 1, .y = 3, .seed = 3, .begin = 0, .n = piece};
    launch stranger = {.x = 0, .y = 2, .seed = 4, .begin = 0, .n = piece};
    ck_assert(!leave_the_same((launch[]){first, same_target}, (launch[]){same_target, first}));
    ck_assert(!leave_the_same((launch[]){first, reader}, (launch[]){reader, first}));
    ck_assert(leave_the_same((launch[]){first, stranger}, (launch[]){stranger, first}));
}
END_TEST

static chx__digest
digest_of(const chx__provenance *provenance, size_t begin, size_t end)
{
    chx__hasher *hasher = chx__hasher_create();
    chx__provenance_add(provenance, begin, end, hasher);
    return chx__hasher_end(hasher);
}

/* However ranges were written, what is known of the bytes is what counts. */
START_TEST(ranges_split_and_join)
{
    const chx__digest a = {1, 2}, b = {3, 4};
    chx__provenance whole, pieces;
    ck_assert(chx__provenance_init(&whole, 1024) && chx__provenance_init(&pieces, 1024));
    ck_assert(chx__provenance_set(&whole, 0, 1024, a));
    ck_assert(chx__provenance_set(&whole, 256, 512, b));
    ck_assert(chx__provenance_set(&pieces, 300, 512, b));
    ck_assert(chx__provenance_set(&pieces, 0, 256, a));
    ck_assert(!chx__digest_equal(digest_of(&whole, 0, 1024), digest_of(&pieces, 0, 1024)));
    ck_assert(chx__provenance_set(&pieces, 512, 1024, a));
    ck_assert(chx__provenance_copy(&pieces, &whole, 200, 301));
    ck_assert(chx__digest_equal(digest_of(&whole, 0, 1024), digest_of(&pieces, 0, 1024)));
    ck_assert_uint_eq(pieces.n, 3);
    chx__provenance_finish(&whole);
    chx__provenance_finish(&pieces);
}
END_TEST

START_TEST(marks_mean_what_they_were_read_from)
{
    unsigned char bytes[1024];
    chx__provenance from, to;
    ck_assert(chx__provenance_init(&from, 1024) && chx__provenance_init(&to, 1024));
    ck_assert(chx__provenance_set(&from, 96, 512, (chx__digest){1, 2}));
    ck_assert(chx__provenance_set(&from, 512, 1024, (chx__digest){3, 4}));
    chx__provenance_read(&from, 40, 1010, bytes);
    ck_assert(chx__provenance_write(&to, 40, 1010, bytes));
    ck_assert_uint_eq(to.n, 4);
    ck_assert(chx__digest_equal(digest_of(&from, 40, 1010), digest_of(&to, 40, 1010)));
    memset(bytes, 7, 160);
    ck_assert(chx__provenance_write(&to, 40, 1010, bytes));
    ck_assert(!chx__digest_equal(digest_of(&from, 40, 200), digest_of(&to, 40, 200)));
    ck_assert(chx__digest_equal(digest_of(&from, 224, 1010), digest_of(&to, 224, 1010)));
    chx__provenance_finish(&from);
    chx__provenance_finish(&to);
}
END_TEST

int
main(void)
{
#ifdef M_PERTURB
    mallopt(M_PERTURB, 0); /* else what nobody touches is filled, gigabytes of it */
#endif
    Suite *suite = suite_create("provenance");
    TCase *tcase = tcase_create("digests");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, ranges_split_and_join);
    tcase_add_test(tcase, marks_mean_what_they_were_read_from);
    tcase_add_test(tcase, another_order_leaves_another_digest);
    tcase_add_test(tcase, digests_go_through_the_host);
    tcase_add_loop_test(tcase, hundred_devices_leave_the_digests_of_one, 0, 6);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
