/* What is left and what is told when runs fail, wait long or are not attended. */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <chronaxie/plan.h>

#include "execute/run.h"
#include "machine.h"
#include "null.h"

#define WORDS 65536u
#define SECOND_NS UINT64_C(1000000000)

static const char source[] =
    "kernel void add(global const uint *x, global uint *y, uint a, uint b)\n"
    "{\n"
    "    size_t i = get_global_id(0);\n"
    "    y[i] = x[i] + a + 16u * b;\n"
    "}\n"
    "kernel void bump(global uint *y, uint i)\n"
    "{\n"
    "    y[i]++;\n"
    "}\n";

static void
add(const chx__null_call *call)
{
    const uint32_t *x = call->args[0];
    uint32_t *y = call->args[1];
    for (size_t i = 0; i < call->launch->global[0]; i++)
        y[i] = x[i] + *(uint32_t *)call->args[2] + 16 * *(uint32_t *)call->args[3];
}

static void
bump(const chx__null_call *call)
{
    ((uint32_t *)call->args[0])[*(uint32_t *)call->args[1]]++;
}

static const chx__null_kernel kernels[] = {{"add", add}, {"bump", bump}, {NULL, NULL}};

static chx_runtime *runtime;
static chx_program *program;
static chx_graph *graph;
static chx_buffer *x, *y;
static uint32_t words[WORDS];

static void on_log(void *data, chx_log_level level, const char *message);

/* A runtime with two buffers; x holds sevens. */
static void
start(bool serial)
{
    chx_runtime_params params = test_machine_params();
    params.serial |= serial;
    params.log = on_log;
    ck_assert_msg(test_runtime_create(&runtime, &params, kernels) == CHX_OK, "%s",
                  chx_last_error()->message);
    ck_assert_int_eq(chx_program_from_source(runtime, "add.cl", source, NULL, &program), CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &graph), CHX_OK);
    for (uint32_t i = 0; i < WORDS; i++)
        words[i] = 7;
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof words, words, &x), CHX_OK);
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof words, NULL, &y), CHX_OK);
}

static void
setup(void)
{
    start(false);
}

static void
setup_serial(void)
{
    start(true);
}

static void
teardown(void)
{
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&x);
    chx_buffer_destroy(&y);
    chx_program_destroy(&program);
    test_runtime_destroy(&runtime);
}

static chx_task
add_kernel(chx_graph *to, chx_buffer *from, chx_buffer *into, uint32_t a)
{
    chx_task id;
    chx_kernel_task task = {
        .program = program,
        .kernel = "add",
        .global = {WORDS},
        .args = CHX_ARGS(CHX_READ(from), CHX_WRITE(into), CHX_UINT(a), CHX_UINT(0)),
        .id = &id,
    };
    ck_assert_msg(chx_graph_kernel(to, &task) == CHX_OK, "%s", chx_last_error()->message);
    return id;
}

static chx_status
refuse(void *data, void *const *host)
{
    (void)data;
    (void)host;
    return CHX_ERROR_CALLBACK;
}

static chx_status
nap(void *data, void *const *host)
{
    (void)host;
    nanosleep(&(struct timespec){.tv_nsec = 1000000 * *(const long *)data}, NULL);
    return CHX_OK;
}

static void
add_host(chx_graph *to, chx_host_fn run, void *data, chx_buffer *buffer, chx_access access)
{
    chx_host_task task = {
        .run = run, .data = data, .args = CHX_ARGS(CHX_BUFFER_RANGE(buffer, access, 0, 0))};
    ck_assert_int_eq(chx_graph_host(to, &task), CHX_OK);
}

/* Words that are not what they should be. */
static uint32_t
count_wrong(chx_buffer *buffer, uint32_t wanted)
{
    uint32_t n = 0;
    ck_assert_msg(chx_buffer_read(buffer, 0, sizeof words, words) == CHX_OK, "%s",
                  chx_last_error()->message);
    for (uint32_t i = 0; i < WORDS; i++)
        n += words[i] != wanted;
    return n;
}

/* The upload of x stands in the plan and is never enqueued, as the task before it on the timeline
 * fails. The next run must not believe that a device holds x. */
START_TEST(upload_that_never_ran_is_not_believed)
{
    chx_buffer *written;
    chx_graph *next;
    chx_plan *plan, *plan_of_next;
    chx_run *run;
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof words, NULL, &written), CHX_OK);
    add_host(graph, refuse, NULL, written, CHX_ACCESS_READ_WRITE);
    add_kernel(graph, written, y, 1);
    chx_task last = add_kernel(graph, x, y, 2);
    ck_assert_int_eq(chx_graph_depend(graph, last - 1, last), CHX_OK);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
    ck_assert_int_eq(chx_run_wait(run, 60 * SECOND_NS), CHX_ERROR_CALLBACK);
    chx_run_destroy(&run);

    chx_buffer *sum;
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof words, NULL, &sum), CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &next), CHX_OK);
    add_kernel(next, x, sum, 5);
    ck_assert_int_eq(chx_plan_create(next, NULL, &plan_of_next), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(plan_of_next, &run), CHX_OK);
    ck_assert_int_eq(chx_run_wait(run, 60 * SECOND_NS), CHX_OK);
    chx_run_destroy(&run);
    ck_assert_uint_eq(count_wrong(sum, 12), 0);
    chx_plan_destroy(&plan);
    chx_plan_destroy(&plan_of_next);
    chx_graph_destroy(&next);
    chx_buffer_destroy(&written);
    chx_buffer_destroy(&sum);
}
END_TEST

/* Scalars of a run that still waits stay as they were, whichever changes first while it does. */
START_TEST(scalars_change_while_a_run_waits)
{
    static long nap_ms = 100;
    chx_arg two = CHX_UINT(2), nine = CHX_UINT(9);
    chx_plan *plan;
    chx_run *run;
    add_host(graph, nap, &nap_ms, x, CHX_ACCESS_READ_WRITE);
    chx_task task = add_kernel(graph, x, y, 1);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    ck_assert_int_eq(chx_graph_set_value(graph, task, 3, &two), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
    ck_assert_int_eq(chx_graph_set_value(graph, task, 2, &nine), CHX_OK);
    ck_assert_msg(chx_run_wait(run, 60 * SECOND_NS) == CHX_OK, "%s", chx_last_error()->message);
    chx_run_destroy(&run);
    ck_assert_uint_eq(count_wrong(y, 7 + 1 + 32), 0);
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(deadline_of_forever_is_no_deadline)
{
    chx_plan_params params = {.deadline_ns = CHX_FOREVER};
    chx_plan *plan;
    chx_run *run;
    add_kernel(graph, x, y, 1);
    ck_assert_int_eq(chx_plan_create(graph, &params, &plan), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
    ck_assert_msg(chx_run_wait(run, 60 * SECOND_NS) == CHX_OK, "%s", chx_last_error()->message);
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
}
END_TEST

/* Ten runs of 0.1 s take a second in all; each is well within its 0.5 s. */
START_TEST(time_in_the_queue_counts_for_no_deadline)
{
    static long nap_ms = 100;
    chx_plan_params params = {.deadline_ns = SECOND_NS / 2};
    chx_plan *plan;
    chx_run *runs[10];
    add_host(graph, nap, &nap_ms, x, CHX_ACCESS_READ_WRITE);
    ck_assert_int_eq(chx_plan_create(graph, &params, &plan), CHX_OK);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(chx_plan_submit(plan, &runs[i]), CHX_OK);
    for (int i = 0; i < 10; i++) {
        ck_assert_msg(chx_run_wait(runs[i], 60 * SECOND_NS) == CHX_OK, "run %d: %s", i,
                      chx_last_error()->message);
        chx_run_destroy(&runs[i]);
    }
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(failure_of_an_unattended_run_is_told_at_the_next_submit)
{
    chx_plan *plan;
    uint32_t n_failed = 0;
    add_host(graph, refuse, NULL, x, CHX_ACCESS_READ);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(plan, NULL), CHX_OK);
    ck_assert_uint_eq(count_wrong(x, 7), 0); /* waits for the run */
    n_failed = chx_plan_submit(plan, NULL) == CHX_ERROR_CALLBACK;
    ck_assert_uint_eq(n_failed, 1);
    ck_assert_str_eq(chx_last_error()->task, "host");
    ck_assert_int_eq(chx_plan_submit(plan, NULL), CHX_OK);
    chx_plan_destroy(&plan);
}
END_TEST

static _Atomic uint32_t n_messages;
static chx_status read_from_log;

/* Calls the library, as a program's log window may. */
static void
on_log(void *data, chx_log_level level, const char *message)
{
    (void)data;
    (void)message;
    uint32_t word;
    if (level != CHX_LOG_ERROR || !x)
        return;
    read_from_log = chx_buffer_read(x, 0, sizeof word, &word);
    atomic_fetch_add(&n_messages, 1);
}

/* One message has come, or comes within five seconds, and its read was good. */
static void
expect_message(void)
{
    for (int i = 0; i < 500 && atomic_load(&n_messages) == 0; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    ck_assert_uint_eq(atomic_load(&n_messages), 1);
    ck_assert_int_eq(read_from_log, CHX_OK);
}

START_TEST(log_callback_may_call_the_library)
{
    chx_plan *plan;
    chx_run *run;
    add_host(graph, refuse, NULL, y, CHX_ACCESS_READ);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    atomic_store(&n_messages, 0);
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
    ck_assert_int_eq(chx_run_wait(run, 20 * SECOND_NS), CHX_ERROR_CALLBACK);
    expect_message();
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
}
END_TEST

/* The failure is told by the thread that moves runs along, and the callback's read waits for a run
 * that is under way. */
START_TEST(log_callback_may_wait_for_a_run)
{
    static long nap_ms = 50;
    chx_graph *other;
    chx_plan *failing, *slow;
    chx_run *run;
    ck_assert_int_eq(chx_graph_create(runtime, &other), CHX_OK);
    add_host(graph, nap, &nap_ms, y, CHX_ACCESS_READ);
    add_host(graph, refuse, NULL, y, CHX_ACCESS_READ);
    add_host(other, nap, &nap_ms, x, CHX_ACCESS_READ_WRITE);
    add_host(other, nap, &nap_ms, x, CHX_ACCESS_READ);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &failing), CHX_OK);
    ck_assert_int_eq(chx_plan_create(other, NULL, &slow), CHX_OK);
    atomic_store(&n_messages, 0);
    ck_assert_int_eq(chx_plan_submit(failing, NULL), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(slow, &run), CHX_OK);
    ck_assert_msg(chx_run_wait(run, 20 * SECOND_NS) == CHX_OK, "%s", chx_last_error()->message);
    expect_message();
    chx_run_destroy(&run);
    chx_plan_destroy(&failing);
    chx_plan_destroy(&slow);
    chx_graph_destroy(&other);
}
END_TEST

/* How runs ended, as their notices say, and how often. */
typedef struct notices {
    _Atomic uint32_t n;
    chx_status last;
    uint32_t word; /* of x, read in the notice */
} notices;

static void
note(void *data, chx_status status)
{
    notices *seen = data;
    seen->last = status;
    if (chx_buffer_read(x, 0, sizeof seen->word, &seen->word) != CHX_OK)
        seen->word = UINT32_MAX;
    atomic_fetch_add(&seen->n, 1);
}

static void
await_notices(notices *seen, uint32_t n)
{
    for (int i = 0; i < 2000 && atomic_load(&seen->n) < n; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    ck_assert_uint_eq(atomic_load(&seen->n), n);
}

/* Also when the handle is gone, and at once when the run has ended; a notice may call the
 * library. */
START_TEST(end_of_a_run_is_told)
{
    static notices seen;
    static long nap_ms = 50;
    chx_plan *plan;
    chx_run *run;
    seen = (notices){0};
    add_host(graph, nap, &nap_ms, x, CHX_ACCESS_READ_WRITE);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
    ck_assert_int_eq(chx_run_notify(run, note, &seen), CHX_OK);
    chx_run_destroy(&run);
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
    ck_assert_int_eq(chx_run_wait(run, 20 * SECOND_NS), CHX_OK);
    await_notices(&seen, 1);
    ck_assert_int_eq(seen.last, CHX_OK);
    ck_assert_uint_eq(seen.word, 7);
    ck_assert_int_eq(chx_run_notify(run, note, &seen), CHX_OK);
    ck_assert_uint_eq(atomic_load(&seen.n), 2);
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
}
END_TEST

/* The first task naps; the launch that follows it never begins, and what it was to write is as it
 * was. Runs before and after are none the worse. */
START_TEST(cancelled_run_begins_nothing_more)
{
    static notices seen;
    static long nap_ms = 200;
    chx_plan *plan;
    chx_run *before, *run;
    seen = (notices){0};
    add_host(graph, nap, &nap_ms, x, CHX_ACCESS_READ);
    chx_task launch = add_kernel(graph, x, y, 1);
    ck_assert_int_eq(chx_graph_depend(graph, launch - 1, launch), CHX_OK);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(plan, &before), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
    ck_assert_int_eq(chx_run_notify(run, note, &seen), CHX_OK);
    ck_assert_int_eq(chx_run_cancel(run), CHX_OK);
    chx_status status = chx_run_wait(run, 20 * SECOND_NS);
    if (!runtime->serial) /* where the run may be over already */
        ck_assert_int_eq(status, CHX_ERROR_CANCELLED);
    await_notices(&seen, 1);
    ck_assert_int_eq(seen.last, status);
    ck_assert_msg(chx_run_wait(before, 20 * SECOND_NS) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_uint_eq(count_wrong(y, 8), 0);
    chx_run_destroy(&run);
    chx_run_destroy(&before);
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
    ck_assert_msg(chx_run_wait(run, 20 * SECOND_NS) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_int_eq(chx_run_cancel(run), CHX_OK);
    ck_assert_int_eq(chx_run_wait(run, 0), CHX_OK);
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
}
END_TEST

static _Atomic bool stop;

/* Keeps three runs in flight until told to stop. */
static void *
keep_busy(void *data)
{
    chx_plan *plan = data;
    chx_run *runs[3] = {NULL};
    for (uint32_t i = 0; !atomic_load(&stop); i++) {
        chx_run **run = &runs[i % 3];
        if (*run)
            chx_run_wait(*run, CHX_FOREVER);
        chx_run_destroy(run);
        if (chx_plan_submit(plan, run) != CHX_OK)
            break;
    }
    for (int i = 0; i < 3; i++)
        chx_run_destroy(&runs[i]);
    return NULL;
}

/* Each run takes 50 ms; a reader waits for those that are there, not for all that will come. */
START_TEST(reader_is_served_between_runs)
{
    static long nap_ms = 50;
    chx_plan *plan;
    pthread_t thread;
    add_host(graph, nap, &nap_ms, x, CHX_ACCESS_READ_WRITE);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    atomic_store(&stop, false);
    ck_assert_int_eq(pthread_create(&thread, NULL, keep_busy, plan), 0);
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    for (int i = 0; i < 5; i++)
        ck_assert_uint_eq(count_wrong(x, 7), 0);
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    chx_plan_destroy(&plan);
}
END_TEST

/* A command in the middle of its lane, which nobody outside of its platform waited for until a
 * later run came. */
START_TEST(what_a_later_run_waits_for_is_watched)
{
    static long nap_ms = 50;
    chx_graph *later;
    chx_buffer *sum;
    chx_plan *plan, *plan_of_later;
    chx_run *run, *run_of_later;
    ck_assert_int_eq(chx_buffer_create(runtime, sizeof words, NULL, &sum), CHX_OK);
    ck_assert_int_eq(chx_graph_create(runtime, &later), CHX_OK);
    add_host(graph, nap, &nap_ms, x, CHX_ACCESS_READ_WRITE);
    add_kernel(graph, x, y, 1);
    add_kernel(graph, y, sum, 1);
    add_host(later, nap, &nap_ms, x, CHX_ACCESS_WRITE);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    ck_assert_int_eq(chx_plan_create(later, NULL, &plan_of_later), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_OK);
    ck_assert_int_eq(chx_plan_submit(plan_of_later, &run_of_later), CHX_OK);
    uint32_t n_awaited = 0;
    for (uint32_t c = 0; c < run->lowered->n_commands; c++)
        n_awaited += run->steps[c].parcel.is_awaited;
    ck_assert_uint_gt(n_awaited, 0);
    ck_assert_int_eq(chx_run_wait(run_of_later, 60 * SECOND_NS), CHX_OK);
    chx_run_destroy(&run);
    chx_run_destroy(&run_of_later);
    chx_plan_destroy(&plan);
    chx_plan_destroy(&plan_of_later);
    chx_graph_destroy(&later);
    chx_buffer_destroy(&sum);
}
END_TEST

/* Tasks on y that count, each on a word of its own. */
static void
add_bumps(uint32_t n)
{
    for (uint32_t t = 0; t < n; t++) {
        chx_kernel_task task = {
            .program = program,
            .kernel = "bump",
            .global = {1},
            .args = CHX_ARGS(CHX_BUFFER_RANGE(y, CHX_ACCESS_READ_WRITE, 4 * t, 4), CHX_UINT(t)),
        };
        ck_assert_int_eq(chx_graph_kernel(graph, &task), CHX_OK);
    }
}

/* The run in flight that a ticket of the last one names. */
static const chx_run *
followed(chx_run *const *runs, int n, const chx__ticket *ticket)
{
    for (int i = n - 1; i-- > 0;)
        if (runs[i]->slot == ticket->slot)
            return runs[i];
    ck_abort_msg("a ticket of a run that is not there");
    return NULL;
}

/* Tickets by which the last of the runs follows a launch by another task's. */
static uint32_t
count_astray(chx_run *const *runs, int n)
{
    const chx_run *run = runs[n - 1];
    uint32_t n_astray = 0;
    for (uint32_t c = 0; c < run->lowered->n_commands; c++) {
        const chx__command *command = &run->lowered->commands[c];
        const chx__ticket *tickets = &run->tickets[run->steps[c].first_ticket];
        for (uint32_t i = 0; i < run->steps[c].n_tickets; i++) {
            const chx_run *before = followed(runs, n, &tickets[i]);
            const chx__command *earlier = &before->lowered->commands[tickets[i].command];
            n_astray += command->kind == CHX__COMMAND_KERNEL &&
                        earlier->kind == CHX__COMMAND_KERNEL && earlier->task != command->task;
        }
    }
    return n_astray;
}

/* What a task follows in the run before is the task on its word, and no other. The host task keeps
 * runs in flight meanwhile. */
START_TEST(disjoint_ranges_follow_only_each_other)
{
    enum { N_TASKS = 1000, N_RUNS = 4 };
    static long nap_ms = 50;
    chx_plan *plan;
    chx_run *runs[N_RUNS];
    add_bumps(N_TASKS);
    add_host(graph, nap, &nap_ms, x, CHX_ACCESS_READ);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    for (int i = 0; i < N_RUNS; i++) {
        ck_assert_msg(chx_plan_submit(plan, &runs[i]) == CHX_OK, "%s", chx_last_error()->message);
        ck_assert(i == 0 || runtime->serial || runs[i]->n_tickets >= N_TASKS);
        ck_assert_uint_le(runs[i]->n_tickets, 3 * N_TASKS);
        ck_assert_uint_eq(count_astray(runs, i + 1), 0);
    }
    for (int i = 0; i < N_RUNS; i++)
        chx_run_destroy(&runs[i]);
    ck_assert_msg(chx_buffer_read(y, 0, sizeof words, words) == CHX_OK, "%s",
                  chx_last_error()->message);
    for (uint32_t t = 0; t < N_TASKS; t++)
        ck_assert_uint_eq(words[t], N_RUNS);
    chx_plan_destroy(&plan);
}
END_TEST

static chx_status
refuse_once(void *data, void *const *host)
{
    atomic_uint *n_calls = data;
    long ms = 50;
    nap(&ms, host);
    return atomic_fetch_add(n_calls, 1) == 0 ? CHX_ERROR_CALLBACK : CHX_OK;
}

/* The third follows only the second, which has written all that both touch. */
START_TEST(failure_reaches_runs_that_follow_by_another)
{
    enum { N_RUNS = 3 };
    atomic_uint n_calls = 0;
    chx_plan *plan;
    chx_run *runs[N_RUNS], *last;
    add_kernel(graph, x, y, 1);
    add_host(graph, refuse_once, &n_calls, y, CHX_ACCESS_READ_WRITE);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    for (int i = 0; i < N_RUNS; i++)
        ck_assert_int_eq(chx_plan_submit(plan, &runs[i]), CHX_OK);
    for (int i = 0; i < N_RUNS; i++) {
        ck_assert_int_eq(chx_run_wait(runs[i], 60 * SECOND_NS), CHX_ERROR_CALLBACK);
        chx_run_destroy(&runs[i]);
    }
    ck_assert_uint_eq(atomic_load(&n_calls), 1);
    ck_assert_int_eq(chx_plan_submit(plan, &last), CHX_OK);
    ck_assert_int_eq(chx_run_wait(last, 60 * SECOND_NS), CHX_OK);
    chx_run_destroy(&last);
    ck_assert_uint_eq(count_wrong(y, 8), 0);
    chx_plan_destroy(&plan);
}
END_TEST

#define N_SUBMITTERS 8
#define N_SUBMITS 24

static chx_status
count_slowly(void *data, void *const *host)
{
    (void)host;
    atomic_fetch_add((_Atomic uint32_t *)data, 1);
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    return CHX_OK;
}

static void *
submit_many(void *data)
{
    for (int i = 0; i < N_SUBMITS; i++)
        if (chx_plan_submit(data, NULL) != CHX_OK)
            return data;
    return NULL;
}

/* Together they submit three times what there may be in flight; an end makes room for one. */
START_TEST(submits_of_several_threads_wait_for_room)
{
    static _Atomic uint32_t n_calls;
    chx_graph *graphs[N_SUBMITTERS];
    chx_plan *plans[N_SUBMITTERS];
    pthread_t threads[N_SUBMITTERS];
    void *failed;
    atomic_store(&n_calls, 0);
    for (int t = 0; t < N_SUBMITTERS; t++) {
        ck_assert_int_eq(chx_graph_create(runtime, &graphs[t]), CHX_OK);
        add_host(graphs[t], count_slowly, (void *)&n_calls, x, CHX_ACCESS_READ);
        ck_assert_int_eq(chx_plan_create(graphs[t], NULL, &plans[t]), CHX_OK);
    }
    for (int t = 0; t < N_SUBMITTERS; t++)
        ck_assert_int_eq(pthread_create(&threads[t], NULL, submit_many, plans[t]), 0);
    for (int t = 0; t < N_SUBMITTERS; t++) {
        pthread_join(threads[t], &failed);
        ck_assert_ptr_null(failed);
    }
    for (int t = 0; t < N_SUBMITTERS; t++) {
        chx_plan_destroy(&plans[t]);
        chx_graph_destroy(&graphs[t]);
    }
    ck_assert_uint_eq(atomic_load(&n_calls), N_SUBMITTERS * N_SUBMITS);
}
END_TEST

static void *
submit_until_stopped(void *data)
{
    while (!atomic_load(&stop))
        if (chx_plan_submit(data, NULL) != CHX_OK)
            return data;
    return NULL;
}

#define N_TO_PLAN 2000u

/* While one thread plans, which goes on without the turn, another takes all the room there was. */
START_TEST(room_that_goes_while_a_plan_is_made_is_waited_for)
{
    static _Atomic uint32_t n_calls;
    chx_graph *other;
    chx_plan *plan, *filling;
    chx_run *run;
    pthread_t thread;
    void *failed;
    ck_assert_int_eq(chx_graph_create(runtime, &other), CHX_OK);
    add_host(other, count_slowly, (void *)&n_calls, x, CHX_ACCESS_READ);
    add_bumps(N_TO_PLAN);
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    ck_assert_int_eq(chx_plan_create(other, NULL, &filling), CHX_OK);
    atomic_store(&stop, false);
    ck_assert_int_eq(pthread_create(&thread, NULL, submit_until_stopped, filling), 0);
    /* Planned anew where the words have come to lie, and again where they lie on the host. */
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_msg(chx_plan_submit(plan, &run) == CHX_OK, "%s", chx_last_error()->message);
        ck_assert_int_eq(chx_run_wait(run, 60 * SECOND_NS), CHX_OK);
        chx_run_destroy(&run);
    }
    atomic_store(&stop, true);
    pthread_join(thread, &failed);
    ck_assert_ptr_null(failed);
    chx_plan_destroy(&plan);
    chx_plan_destroy(&filling);
    chx_graph_destroy(&other);
    ck_assert_int_eq(chx_buffer_read(y, 0, sizeof words, words), CHX_OK);
    ck_assert_uint_eq(words[0], 4);
}
END_TEST

static void
add_tests(TCase *tcase)
{
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, upload_that_never_ran_is_not_believed);
    tcase_add_test(tcase, scalars_change_while_a_run_waits);
    tcase_add_test(tcase, deadline_of_forever_is_no_deadline);
    tcase_add_test(tcase, time_in_the_queue_counts_for_no_deadline);
    tcase_add_test(tcase, failure_of_an_unattended_run_is_told_at_the_next_submit);
    tcase_add_test(tcase, log_callback_may_call_the_library);
    tcase_add_test(tcase, log_callback_may_wait_for_a_run);
    tcase_add_test(tcase, end_of_a_run_is_told);
    tcase_add_test(tcase, cancelled_run_begins_nothing_more);
}

int
main(void)
{
    Suite *suite = suite_create("failed_run");
    TCase *tcase = tcase_create("threads");
    tcase_add_checked_fixture(tcase, setup, teardown);
    add_tests(tcase);
    const char *serial_only = getenv("CHRONAXIE_SERIAL");
    if (!serial_only || !*serial_only) {
        tcase_add_test(tcase, reader_is_served_between_runs);
        tcase_add_test(tcase, failure_reaches_runs_that_follow_by_another);
        tcase_add_test(tcase, submits_of_several_threads_wait_for_room);
        tcase_add_test(tcase, room_that_goes_while_a_plan_is_made_is_waited_for);
    }
    tcase_add_test(tcase, disjoint_ranges_follow_only_each_other);
    tcase_add_test(tcase, what_a_later_run_waits_for_is_watched);
    TCase *serial = tcase_create("serial");
    tcase_add_checked_fixture(serial, setup_serial, teardown);
    add_tests(serial);
    suite_add_tcase(suite, tcase);
    suite_add_tcase(suite, serial);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
