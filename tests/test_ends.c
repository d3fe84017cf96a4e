/* Runs that end in another order than they were submitted in: where two write the same bytes on
 * different devices, or on one and the host, neither waits for the other, and what the later one
 * leaves is what counts. And a device is excluded meanwhile. */
#include <check.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <chronaxie/plan.h>

#include "machine.h"
#include "null.h"

#define WORDS 64u
#define SIZE (WORDS * sizeof(uint32_t))

static const char source[] = "kernel void put(global uint *y, uint word)\n"
                             "{\n"
                             "    y[get_global_id(0)] = word;\n"
                             "}\n"
                             "kernel void copy(global uint *z, global const uint *y)\n"
                             "{\n"
                             "    z[get_global_id(0)] = y[get_global_id(0)];\n"
                             "}\n";

static void
put(const chx__null_call *call)
{
    size_t begin = call->launch->offset[0];
    for (size_t i = begin; i < begin + call->launch->global[0]; i++)
        ((uint32_t *)call->args[0])[i] = *(uint32_t *)call->args[1];
}

static void
copy(const chx__null_call *call)
{
    for (size_t i = 0; i < call->launch->global[0]; i++)
        ((uint32_t *)call->args[0])[i] = ((const uint32_t *)call->args[1])[i];
}

static const chx__null_kernel kernels[] = {{"put", put}, {"copy", copy}, {NULL, NULL}};

static chx_runtime *runtime;
static chx_program *program;
static chx_buffer *shared, *own;
static sem_t gate; /* that the slow run waits at */

static void
check_ok(chx_status status)
{
    ck_assert_msg(status == CHX_OK, "%s", chx_last_error()->message);
}

static void
setup(void)
{
    static const uint32_t nothing[WORDS];
    const chx_runtime_params params = test_machine_params();
    check_ok(test_runtime_create(&runtime, &params, kernels));
    check_ok(chx_program_from_source(runtime, "put.cl", source, NULL, &program));
    check_ok(chx_buffer_create(runtime, SIZE, nothing, &shared));
    check_ok(chx_buffer_create(runtime, SIZE, nothing, &own));
    sem_init(&gate, 0, 0);
}

static void
teardown(void)
{
    sem_destroy(&gate);
    chx_buffer_destroy(&shared);
    chx_buffer_destroy(&own);
    chx_program_destroy(&program);
    test_runtime_destroy(&runtime);
}

/* One task, in flight. */
typedef struct flier {
    chx_graph *graph;
    chx_plan *plan;
    chx_run *run;
} flier;

static void
take_off(flier *made)
{
    check_ok(chx_plan_create(made->graph, NULL, &made->plan));
    check_ok(chx_plan_submit(made->plan, &made->run));
}

static flier
fly(const chx_kernel_task *task)
{
    flier made;
    check_ok(chx_graph_create(runtime, &made.graph));
    check_ok(chx_graph_kernel(made.graph, task));
    take_off(&made);
    return made;
}

static chx_status
fill_at_last(void *data, void *const *host)
{
    (void)data;
    while (sem_wait(&gate) != 0)
        continue;
    for (size_t i = 0; i < WORDS; i++)
        ((uint32_t *)host[0])[i] = 1;
    return CHX_OK;
}

/* Writes 1 to all of it, on the host, once the gate is open. */
static flier
fly_slowly(void)
{
    flier made;
    check_ok(chx_graph_create(runtime, &made.graph));
    check_ok(chx_graph_host(
        made.graph, &(chx_host_task){.run = fill_at_last, .args = CHX_ARGS(CHX_WRITE(shared))}));
    take_off(&made);
    return made;
}

static void
land(flier *landing)
{
    chx_run_destroy(&landing->run);
    chx_plan_destroy(&landing->plan);
    chx_graph_destroy(&landing->graph);
}

static void
check_words(size_t begin, size_t end, uint32_t word)
{
    uint32_t found[WORDS];
    check_ok(chx_buffer_read(shared, 4 * begin, 4 * (end - begin), found));
    for (size_t i = 0; i < end - begin; i++)
        ck_assert_uint_eq(found[i], word);
}

/* The run that is called off takes its promises back, once before the slow one has ended and once
 * after. */
START_TEST(later_writer_counts_though_it_ends_first)
{
    enum { BEGIN = WORDS / 4, END = WORDS / 2 };
    const bool is_called_off_first = _i == 1;
    flier slow = fly_slowly();
    flier fast = fly(&(chx_kernel_task){
        .program = program,
        .kernel = "put",
        .offset = {BEGIN},
        .global = {END - BEGIN},
        .args = CHX_ARGS(CHX_BUFFER_RANGE(shared, CHX_ACCESS_WRITE, 4 * BEGIN, 4 * (END - BEGIN)),
                         CHX_UINT(2))});
    check_ok(chx_run_wait(fast.run, CHX_FOREVER));
    ck_assert(!chx_run_done(slow.run));
    flier reader = fly(&(chx_kernel_task){.program = program,
                                          .kernel = "copy",
                                          .global = {WORDS},
                                          .args = CHX_ARGS(CHX_WRITE(own), CHX_READ(shared))});
    if (is_called_off_first) {
        check_ok(chx_run_cancel(reader.run));
        ck_assert_int_eq(chx_run_wait(reader.run, CHX_FOREVER), CHX_ERROR_CANCELLED);
    }
    sem_post(&gate);
    check_ok(chx_run_wait(slow.run, CHX_FOREVER));
    chx_run_cancel(reader.run);
    chx_run_wait(reader.run, CHX_FOREVER);
    check_words(BEGIN, END, 2);
    check_words(0, BEGIN, 1);
    check_words(END, WORDS, 1);
    land(&reader);
    land(&fast);
    land(&slow);
}
END_TEST

static chx_status
look_at_last(void *data, void *const *host)
{
    while (sem_wait(&gate) != 0)
        continue;
    memcpy(data, host[0], SIZE);
    return CHX_OK;
}

static void *
open_gate(void *data)
{
    (void)data;
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    sem_post(&gate);
    return NULL;
}

/* The last device in use; false where it is the only one. */
static bool
find_last(uint32_t *last)
{
    uint32_t n_usable = 0;
    for (uint32_t d = 0; d < chx_runtime_n_devices(runtime); d++) {
        chx_device_info info;
        check_ok(chx_runtime_device(runtime, d, &info));
        if (!info.selected || info.excluded)
            continue;
        *last = d;
        n_usable++;
    }
    return n_usable > 1;
}

/* What only that device holds is saved on the host, where it is still to be read as it was. */
START_TEST(excluding_a_device_waits_for_who_reads_what_it_saves)
{
    uint32_t last, seen[WORDS];
    flier slow;
    pthread_t opener;
    if (!find_last(&last))
        return;
    check_ok(chx_graph_create(runtime, &slow.graph));
    const chx_host_task look = {
        .run = look_at_last, .data = seen, .args = CHX_ARGS(CHX_READ(shared))};
    check_ok(chx_graph_host(slow.graph, &look));
    take_off(&slow);
    flier fast = fly(&(chx_kernel_task){.program = program,
                                        .kernel = "put",
                                        .global = {WORDS},
                                        .devices = &last,
                                        .n_devices = 1,
                                        .args = CHX_ARGS(CHX_WRITE(shared), CHX_UINT(2))});
    check_ok(chx_run_wait(fast.run, CHX_FOREVER));
    ck_assert(!chx_run_done(slow.run));
    ck_assert_int_eq(pthread_create(&opener, NULL, open_gate, NULL), 0);
    check_ok(chx_runtime_exclude(runtime, last, "a test", UINT64_C(60000000000)));
    check_ok(chx_run_wait(slow.run, CHX_FOREVER));
    pthread_join(opener, NULL);
    for (uint32_t i = 0; i < WORDS; i++)
        ck_assert_uint_eq(seen[i], 0);
    check_words(0, WORDS, 2);
    land(&fast);
    land(&slow);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("ends");
    TCase *tests = tcase_create("ends");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, later_writer_counts_though_it_ends_first, 0, 2);
    tcase_add_test(tests, excluding_a_device_waits_for_who_reads_what_it_saves);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
