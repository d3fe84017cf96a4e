/* Several threads use one runtime at once: they submit, wait, read, write, plan, call runs off and
 * are told of their ends, and one takes a device away. Each gets what it would get alone. */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <chronaxie/plan.h>

#include "machine.h"
#include "null.h"

#define WORDS 4096u
#define ROUNDS 60
#define SECOND_NS UINT64_C(1000000000)

static const char source[] = "kernel void add(global uint *y, uint a)\n"
                             "{\n"
                             "    y[get_global_id(0)] += a;\n"
                             "}\n";

static void
add(const chx__null_call *call)
{
    uint32_t *y = call->args[0];
    for (size_t i = 0; i < call->launch->global[0]; i++)
        y[i] += *(uint32_t *)call->args[1];
}

static const chx__null_kernel kernels[] = {{"add", add}, {NULL, NULL}};

static chx_runtime *runtime;
static chx_program *program;
static chx_buffer *shared;
static _Atomic uint32_t n_shared; /* runs that have added one to it, counted before they start */

/* Checks do not work in threads: the first failure is kept. */
typedef struct client {
    uint32_t index;
    const char *failure;
    char message[sizeof(((chx_error *)NULL)->message)];
} client;

static bool
holds(client *c, bool condition, const char *what)
{
    if (!condition && !c->failure) {
        c->failure = what;
        snprintf(c->message, sizeof c->message, "%s", chx_last_error()->message);
    }
    return condition;
}

static void
setup(void)
{
    chx_runtime_params params = test_machine_params();
    ck_assert_msg(test_runtime_create(&runtime, &params, kernels) == CHX_OK, "%s",
                  chx_last_error()->message);
    ck_assert_int_eq(chx_program_from_source(runtime, "add.cl", source, NULL, &program), CHX_OK);
    ck_assert_int_eq(chx_buffer_create(runtime, 4 * WORDS, NULL, &shared), CHX_OK);
    atomic_store(&n_shared, 0);
}

/* More devices that come and go, where they cost nothing. */
static void
setup_many(void)
{
    if (getenv("CHRONAXIE_TEST_NULL"))
        setenv("CHRONAXIE_TEST_NULL", "100", 1);
    setup();
}

static void
teardown(void)
{
    chx_buffer_destroy(&shared);
    chx_program_destroy(&program);
    test_runtime_destroy(&runtime);
}

/* A graph that adds `a` to every word of a buffer. */
static bool
make_plan(client *c, chx_program *with, chx_buffer *buffer, uint32_t a, chx_graph **graph,
          chx_plan **plan)
{
    chx_kernel_task task = {.program = with,
                            .kernel = "add",
                            .global = {WORDS},
                            .args = CHX_ARGS(CHX_READ_WRITE(buffer), CHX_UINT(a))};
    return holds(c, chx_graph_create(runtime, graph) == CHX_OK, "graph") &&
           holds(c, chx_graph_kernel(*graph, &task) == CHX_OK, "task") &&
           holds(c, chx_plan_create(*graph, NULL, plan) == CHX_OK, "plan");
}

static bool
run_once(client *c, chx_plan *plan)
{
    chx_run *run;
    if (!holds(c, chx_plan_submit(plan, &run) == CHX_OK, "submit"))
        return false;
    bool ok = holds(c, chx_run_wait(run, 60 * SECOND_NS) == CHX_OK, "wait");
    chx_run_destroy(&run);
    return ok;
}

/* Works on a buffer of its own, and looks at it every few rounds. */
static void *
work_alone(void *data)
{
    client *c = data;
    uint32_t words[WORDS] = {0}, a = c->index + 1;
    chx_buffer *buffer;
    chx_graph *graph = NULL;
    chx_plan *plan = NULL;
    if (!holds(c, chx_buffer_create(runtime, sizeof words, words, &buffer) == CHX_OK, "buffer"))
        return NULL;
    bool ok = make_plan(c, program, buffer, a, &graph, &plan);
    for (uint32_t i = 1; ok && i <= ROUNDS; i++) {
        ok = run_once(c, plan);
        if (ok && i % 8 == 0)
            ok = holds(c, chx_buffer_read(buffer, 0, sizeof words, words) == CHX_OK, "read") &&
                 holds(c, words[0] == i * a && words[WORDS - 1] == i * a, "words");
    }
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&buffer);
    return NULL;
}

/* Adds one to all words of the shared buffer. */
static void *
work_on_shared(void *data)
{
    client *c = data;
    chx_graph *graph = NULL;
    chx_plan *plan = NULL;
    bool ok = make_plan(c, program, shared, 1, &graph, &plan);
    for (uint32_t i = 0; ok && i < ROUNDS; i++) {
        atomic_fetch_add(&n_shared, 1);
        ok = run_once(c, plan);
    }
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    return NULL;
}

/* All words of the shared buffer are equal at any time, and never go back. */
static void *
read_shared(void *data)
{
    client *c = data;
    uint32_t words[WORDS], before = 0;
    bool ok = true;
    for (uint32_t i = 0; ok && i < ROUNDS; i++) {
        ok = holds(c, chx_buffer_read(shared, 0, sizeof words, words) == CHX_OK, "read") &&
             holds(c, words[0] >= before && words[0] <= atomic_load(&n_shared), "count");
        for (uint32_t w = 1; ok && w < WORDS; w++)
            ok = holds(c, words[w] == words[0], "one run");
        before = words[0];
    }
    return NULL;
}

/* Plans with programs of its own. */
static void *
plan_much(void *data)
{
    client *c = data;
    bool ok = true;
    for (uint32_t i = 0; ok && i < ROUNDS / 6; i++) {
        char text[sizeof source + 32];
        chx_program *own = NULL;
        chx_buffer *buffer = NULL;
        chx_graph *graph = NULL;
        chx_plan *plan = NULL;
        uint32_t word = 0;
        snprintf(text, sizeof text, "/* %u */\n%s", i, source);
        ok = holds(c, chx_program_from_source(runtime, "own.cl", text, NULL, &own) == CHX_OK,
                   "program") &&
             holds(c, chx_buffer_create(runtime, 4 * WORDS, NULL, &buffer) == CHX_OK, "buffer") &&
             make_plan(c, own, buffer, 7, &graph, &plan) && run_once(c, plan) &&
             holds(c, chx_buffer_read(buffer, 0, 4, &word) == CHX_OK && word == 7, "word");
        chx_plan_destroy(&plan);
        chx_graph_destroy(&graph);
        chx_buffer_destroy(&buffer);
        chx_program_destroy(&own);
    }
    return NULL;
}

static void
count_end(void *data, chx_status status)
{
    (void)status;
    atomic_fetch_add((_Atomic uint32_t *)data, 1);
}

/* Two runs of which the first is called off, perhaps too late; the second follows it. */
static bool
call_off(client *c, chx_plan *plan, _Atomic uint32_t *n_ends)
{
    chx_run *runs[2];
    chx_status ends[2] = {0};
    if (!holds(c, chx_plan_submit(plan, &runs[0]) == CHX_OK, "submit"))
        return false;
    bool ok = holds(c, chx_plan_submit(plan, &runs[1]) == CHX_OK, "submit behind");
    for (int r = 0; ok && r < 2; r++)
        ok = holds(c, chx_run_notify(runs[r], count_end, (void *)n_ends) == CHX_OK, "notify");
    ok = ok && holds(c, chx_run_cancel(runs[0]) == CHX_OK, "cancel");
    for (int r = 0; ok && r < 2; r++) {
        ends[r] = chx_run_wait(runs[r], 60 * SECOND_NS);
        ok = holds(c, ends[r] == CHX_OK || ends[r] == CHX_ERROR_CANCELLED, "end");
    }
    ok = ok && holds(c, ends[0] != CHX_OK || ends[1] == CHX_OK, "end of one that follows");
    for (int r = 0; r < 2; r++)
        chx_run_destroy(&runs[r]);
    return ok;
}

/* Whether what runs have left is whole runs', or lost. */
static bool
is_whole(client *c, chx_buffer *buffer, uint32_t a)
{
    uint32_t words[WORDS];
    chx_status status = chx_buffer_read(buffer, 0, sizeof words, words);
    bool ok = holds(c, status == CHX_OK || status == CHX_ERROR_DEVICE, "read");
    for (uint32_t w = 0; ok && !status && w < WORDS; w++)
        ok = holds(c, words[w] == words[0] && words[w] <= 2 * a && words[w] % a == 0, "words");
    return ok;
}

/* Calls runs off on a buffer of its own, which serves on. */
static void *
call_off_much(void *data)
{
    client *c = data;
    const uint32_t zeroes[WORDS] = {0}, a = 3;
    static _Atomic uint32_t n_ends;
    chx_buffer *buffer;
    chx_graph *graph = NULL;
    chx_plan *plan = NULL;
    atomic_store(&n_ends, 0);
    if (!holds(c, chx_buffer_create(runtime, sizeof zeroes, NULL, &buffer) == CHX_OK, "buffer"))
        return NULL;
    bool ok = make_plan(c, program, buffer, a, &graph, &plan);
    for (uint32_t i = 0; ok && i < ROUNDS; i++)
        ok = call_off(c, plan, &n_ends) && is_whole(c, buffer, a) &&
             holds(c, chx_buffer_write(buffer, 0, sizeof zeroes, zeroes) == CHX_OK, "write") &&
             run_once(c, plan) &&
             holds(c, chx_buffer_write(buffer, 0, sizeof zeroes, zeroes) == CHX_OK, "write");
    for (int i = 0; ok && i < 2000 && atomic_load(&n_ends) < 2 * ROUNDS; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    if (ok)
        holds(c, atomic_load(&n_ends) == 2 * ROUNDS, "notices");
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&buffer);
    return NULL;
}

static void *(*const roles[])(void *) = {work_alone, work_on_shared, read_shared,
                                         plan_much,  work_alone,     call_off_much};
#define N_ROLES (sizeof roles / sizeof *roles)

static void
run_all(void (*meanwhile)(void))
{
    pthread_t threads[N_ROLES];
    client clients[N_ROLES] = {{0}};
    uint32_t words[WORDS];
    for (uint32_t i = 0; i < N_ROLES; i++) {
        clients[i].index = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, roles[i], &clients[i]), 0);
    }
    if (meanwhile)
        meanwhile();
    for (uint32_t i = 0; i < N_ROLES; i++)
        pthread_join(threads[i], NULL);
    for (uint32_t i = 0; i < N_ROLES; i++)
        ck_assert_msg(!clients[i].failure, "client %u: %s: %s", i, clients[i].failure,
                      clients[i].message);
    ck_assert_int_eq(chx_buffer_read(shared, 0, sizeof words, words), CHX_OK);
    ck_assert_uint_eq(words[WORDS / 2], ROUNDS);
}

START_TEST(clients_do_not_disturb_each_other)
{
    run_all(NULL);
}
END_TEST

/* All but one, which cannot be excluded; then that is what the call says. */
static void
exclude_others(void)
{
    uint32_t n_left = 0;
    for (uint32_t d = 0; d < chx_runtime_n_devices(runtime); d++) {
        chx_device_info info;
        ck_assert_int_eq(chx_runtime_device(runtime, d, &info), CHX_OK);
        n_left += info.selected;
    }
    for (uint32_t d = chx_runtime_n_devices(runtime); d-- > 0;) {
        chx_device_info info;
        ck_assert_int_eq(chx_runtime_device(runtime, d, &info), CHX_OK);
        if (!info.selected)
            continue;
        chx_status status = chx_runtime_exclude(runtime, d, "a test", 60 * SECOND_NS);
        ck_assert_int_eq(status, n_left > 1 ? CHX_OK : CHX_ERROR_NO_DEVICE);
        n_left -= n_left > 1;
    }
}

START_TEST(exclusion_disturbs_nobody)
{
    run_all(exclude_others);
}
END_TEST

/* A serial runtime is for checkers that do not stand several threads. */
int
main(void)
{
    const char *serial = getenv("CHRONAXIE_SERIAL");
    if (serial && strcmp(serial, "1") == 0)
        return 77;
    Suite *suite = suite_create("clients");
    TCase *tcase = tcase_create("clients");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, clients_do_not_disturb_each_other);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("exclusion");
    tcase_add_checked_fixture(tcase, setup_many, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, exclusion_disturbs_nobody, 0, 3);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
