/* Buffers over the caller's own memory: what runs do to them is there, and nothing is copied where
 * a device works on host memory itself. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "execute/run.h"
#include "launches.h"
#include "memory/adopt.h"

static uint32_t memory[WORDS];
static chx_buffer *wrapped;

static void
setup_wrapped(void)
{
    setup();
    for (uint32_t i = 0; i < WORDS; i++)
        memory[i] = i;
    ck_assert_int_eq(chx_buffer_wrap(runtime, memory, sizeof memory, &wrapped), CHX_OK);
}

static void
teardown_wrapped(void)
{
    chx_buffer_destroy(&wrapped);
    teardown();
}

static void
run_to_its_end(chx_plan *plan, uint64_t *bytes_moved)
{
    chx_run *run;
    ck_assert_msg(chx_plan_submit(plan, &run) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_msg(chx_run_wait(run, 60 * SECOND_NS) == CHX_OK, "%s", chx_last_error()->message);
    *bytes_moved = 0;
    for (uint32_t c = 0; c < run->lowered->n_commands; c++)
        *bytes_moved += chx__command_bytes(run->lowered, &run->lowered->commands[c]);
    chx_run_destroy(&run);
}

/* y of buffers[0] and the wrapped buffer, in both directions. */
static chx_plan *
plan_both_ways(void)
{
    chx_plan *plan;
    for (uint32_t i = 0; i < 2; i++) {
        chx_buffer *x = i ? wrapped : buffers[0], *y = i ? buffers[0] : wrapped;
        chx_kernel_task task = {
            .program = program,
            .kernel = "blend",
            .global = {WORDS},
            .args = CHX_ARGS(CHX_READ(x), CHX_UINT(0), CHX_READ_WRITE(y), CHX_UINT(0), CHX_UINT(7)),
        };
        ck_assert_int_eq(chx_graph_kernel(graph, &task), CHX_OK);
    }
    ck_assert_msg(chx_plan_create(graph, NULL, &plan) == CHX_OK, "%s", chx_last_error()->message);
    return plan;
}

static void
expect_both_ways(uint32_t *w)
{
    for (uint32_t i = 0; i < WORDS; i++)
        w[i] = w[i] * 1664525u + expected[0][i] + 7;
    for (uint32_t i = 0; i < WORDS; i++)
        expected[0][i] = expected[0][i] * 1664525u + w[i] + 7;
}

START_TEST(memory_is_current_after_a_read_into_itself)
{
    uint32_t w[WORDS];
    uint64_t unused;
    memcpy(w, memory, sizeof w);
    chx_plan *plan = plan_both_ways();
    for (int round = 0; round < 3; round++) {
        expect_both_ways(w);
        run_to_its_end(plan, &unused);
        ck_assert_int_eq(chx_buffer_read(wrapped, 0, sizeof memory, memory), CHX_OK);
        ck_assert_mem_eq(memory, w, sizeof w);
        memory[5] = w[5] = 77;
        ck_assert_int_eq(chx_buffer_write(wrapped, 20, 4, &memory[5]), CHX_OK);
    }
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

/* The replica of a device that shares the host's memory is that memory. */
START_TEST(device_that_shares_works_on_the_memory_itself)
{
    uint64_t unused;
    chx_plan *plan = plan_both_ways();
    run_to_its_end(plan, &unused);
    uint32_t n_sharing = 0;
    for (uint32_t d = 0; d < runtime->fleet.n_devices; d++) {
        const chx__device *device = &runtime->fleet.devices[d];
        void *host = NULL;
        if (!wrapped->replicas[d] || device->platform->backend != &chx__opencl ||
            !chx__buffer_is_shared(wrapped, chx__device_place(device)))
            continue;
        ck_assert_int_eq(
            clGetMemObjectInfo(wrapped->replicas[d], CL_MEM_HOST_PTR, sizeof host, &host, NULL), 0);
        ck_assert_ptr_eq(host, memory);
        n_sharing++;
    }
    ck_assert_uint_le(n_sharing, 1);
    chx_plan_destroy(&plan);
}
END_TEST

/* Given away, the memory still is what a device works on, and goes with the buffer. */
START_TEST(adopted_memory_is_worked_on_and_freed)
{
    uint64_t unused;
    uint32_t *given = malloc(sizeof memory);
    memcpy(given, memory, sizeof memory);
    chx_buffer_destroy(&wrapped);
    ck_assert_int_eq(chx_buffer_wrap(runtime, given, sizeof memory, &wrapped), CHX_OK);
    chx__buffer_adopt(wrapped);
    chx_plan *plan = plan_both_ways();
    expect_both_ways(memory);
    run_to_its_end(plan, &unused);
    uint32_t w[WORDS];
    ck_assert_int_eq(chx_buffer_read(wrapped, 0, sizeof w, w), CHX_OK);
    ck_assert_mem_eq(w, memory, sizeof w);
    ck_assert_ptr_eq(wrapped->host, (unsigned char *)given);
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

/* A device that may still be at work on adopted memory keeps it: it neither moves nor goes. */
START_TEST(adopted_memory_stays_where_a_device_shares_it)
{
    uint32_t *given = calloc(WORDS, sizeof *given);
    chx_buffer_destroy(&wrapped);
    ck_assert_int_eq(chx_buffer_wrap(runtime, given, sizeof memory, &wrapped), CHX_OK);
    chx__buffer_adopt(wrapped);
    const bool is_shared = wrapped->sharer != CHX__HOST_PLACE;
    chx__buffer_retire_host(wrapped, CHX__REACH_WRITE);
    ck_assert_int_eq(wrapped->reach, is_shared ? CHX__REACH_WRITE : CHX__REACH_NONE);
    ck_assert_int_eq(wrapped->host == (unsigned char *)given, is_shared);
}
END_TEST

static chx_status
count_up(void *data, void *const *host)
{
    (void)data;
    uint32_t *w = host[0];
    ck_assert_ptr_eq(w, memory);
    for (uint32_t i = 0; i < WORDS; i++)
        w[i]++;
    return CHX_OK;
}

/* The host and the device write the same bytes in turn, several runs in flight. */
START_TEST(host_and_device_take_turns)
{
    enum { N_RUNS = 20 };
    uint32_t w[WORDS];
    memcpy(w, memory, sizeof w);
    chx_host_task task = {.run = count_up, .args = CHX_ARGS(CHX_READ_WRITE(wrapped))};
    ck_assert_int_eq(chx_graph_host(graph, &task), CHX_OK);
    chx_plan *plan = plan_both_ways();
    for (int i = 0; i < N_RUNS; i++) {
        ck_assert_msg(chx_plan_submit(plan, NULL) == CHX_OK, "%s", chx_last_error()->message);
        for (uint32_t k = 0; k < WORDS; k++)
            w[k]++;
        expect_both_ways(w);
    }
    ck_assert_int_eq(chx_buffer_read(wrapped, 0, sizeof memory, memory), CHX_OK);
    ck_assert_mem_eq(memory, w, sizeof w);
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(excluded_device_leaves_the_bytes)
{
    uint32_t w[WORDS], n_selected = 0;
    uint64_t unused;
    for (uint32_t d = 0; d < runtime->fleet.n_devices; d++)
        n_selected += runtime->fleet.devices[d].info.selected;
    if (n_selected < 2)
        return;
    memcpy(w, memory, sizeof w);
    chx_plan *plan = plan_both_ways();
    run_to_its_end(plan, &unused);
    expect_both_ways(w);
    uint32_t sharer = wrapped->sharer ? wrapped->sharer - 1 : 0;
    ck_assert_int_eq(chx_runtime_exclude(runtime, sharer, "the test says so", 60 * SECOND_NS),
                     CHX_OK);
    run_to_its_end(plan, &unused);
    expect_both_ways(w);
    ck_assert_int_eq(chx_buffer_read(wrapped, 0, sizeof memory, memory), CHX_OK);
    ck_assert_mem_eq(memory, w, sizeof w);
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("wrap");
    TCase *tcase = tcase_create("buffers");
    tcase_add_checked_fixture(tcase, setup_wrapped, teardown_wrapped);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, memory_is_current_after_a_read_into_itself);
    tcase_add_test(tcase, device_that_shares_works_on_the_memory_itself);
    tcase_add_test(tcase, adopted_memory_is_worked_on_and_freed);
    tcase_add_test(tcase, adopted_memory_stays_where_a_device_shares_it);
    tcase_add_test(tcase, host_and_device_take_turns);
    tcase_add_test(tcase, excluded_device_leaves_the_bytes);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
