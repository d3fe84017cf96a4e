/* No kernel starts on bytes whose transfer was refused: not of the run that the transfer is of, nor
 * of one that follows it and was handed to the courier before anybody was told. Where memory is
 * not the host's own, a null device has a pattern in what nobody has written. */
#include <check.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/plan.h>

#include "null.h"

#define WORDS 16u
#define SIZE (WORDS * sizeof(uint32_t))
#define UNWRITTEN 0xa5a5a5a5u
/* More than a courier launches before it looks at what has ended. */
#define N_LAUNCHES 300u
#define SECOND_NS UINT64_C(1000000000)

static const char source[] = "kernel void add(global const uint *x, global uint *y)\n"
                             "{\n"
                             "    y[get_global_id(0)] += x[get_global_id(0)];\n"
                             "}\n";

static atomic_uint n_unwritten; /* words that a kernel has read and nobody written */

static void
add(const chx__null_call *call)
{
    const uint32_t *x = call->args[0];
    uint32_t *y = call->args[1];
    for (size_t i = 0; i < call->launch->global[0]; i++) {
        atomic_fetch_add(&n_unwritten, (x[i] == UNWRITTEN) + (y[i] == UNWRITTEN));
        y[i] += x[i];
    }
}

static const chx__null_kernel kernels[] = {{"add", add}, {NULL, NULL}};
static const chx__null_device devices[2] = {{.launch_ns = 1}, {.launch_ns = 1}};

static chx_runtime *runtime;
static chx_program *program;
static chx_buffer *x, *near, *far, *own, *last;
static chx_graph *graph, *follower;
static chx_plan *plan, *plan_of_follower;
static sem_t gate; /* that the host task waits at */
static chx__null_faults faults;
static uint32_t n_faults;

static void
check_ok(chx_status status)
{
    ck_assert_msg(status == CHX_OK, "%s", chx_last_error()->message);
}

/* Each time that it is called, as long as there are any, faults are armed anew. */
static chx_status
fill_at_last(void *data, void *const *host)
{
    (void)data;
    while (sem_wait(&gate) != 0)
        continue;
    for (size_t i = 0; i < WORDS; i++)
        ((uint32_t *)host[0])[i] = 1;
    chx__null_arm(test_null, n_faults > 0 ? faults : (chx__null_faults){0});
    n_faults -= n_faults > 0;
    return CHX_OK;
}

static void
add_kernel(chx_graph *to, uint32_t device, chx_buffer *from, chx_buffer *sum)
{
    check_ok(chx_graph_kernel(to, &(chx_kernel_task){
                                      .program = program,
                                      .kernel = "add",
                                      .global = {WORDS},
                                      .devices = &device,
                                      .n_devices = 1,
                                      .args = CHX_ARGS(CHX_READ(from), CHX_READ_WRITE(sum)),
                                  }));
}

/* Has all but x where it is used, so that nothing else is under way when that is. */
static void
take_there(void)
{
    chx_graph *before;
    chx_plan *plan_of_before;
    chx_run *run;
    check_ok(chx_graph_create(runtime, &before));
    add_kernel(before, 0, own, near);
    add_kernel(before, 1, last, far);
    check_ok(chx_plan_create(before, NULL, &plan_of_before));
    check_ok(chx_plan_submit(plan_of_before, &run));
    check_ok(chx_run_wait(run, CHX_FOREVER));
    chx_run_destroy(&run);
    chx_plan_destroy(&plan_of_before);
    chx_graph_destroy(&before);
}

/* The host fills x when the gate opens; it is taken to the first device, and the sum from there to
 * the second. The run that follows reads all of that, first what was taken there long before. */
static void
begin(bool recovers, chx__null_faults armed, uint32_t times)
{
    static const uint32_t nothing[WORDS];
    const chx__null_params machine = {
        .devices = devices, .n_devices = 2, .kernels = kernels, .seed = 1};
    const chx_plan_params params = {.recovers = recovers};
    check_ok(chx__null_create(&machine, &test_null));
    check_ok(chx__runtime_create(&runtime, NULL, test_null));
    check_ok(chx_program_from_source(runtime, "add.cl", source, NULL, &program));
    check_ok(chx_buffer_create(runtime, SIZE, NULL, &x));
    check_ok(chx_buffer_create(runtime, SIZE, nothing, &near));
    check_ok(chx_buffer_create(runtime, SIZE, nothing, &far));
    check_ok(chx_buffer_create(runtime, SIZE, nothing, &own));
    check_ok(chx_buffer_create(runtime, SIZE, nothing, &last));
    take_there();
    check_ok(chx_graph_create(runtime, &graph));
    check_ok(chx_graph_create(runtime, &follower));
    check_ok(chx_graph_host(graph,
                            &(chx_host_task){.run = fill_at_last, .args = CHX_ARGS(CHX_WRITE(x))}));
    for (uint32_t i = 0; i < N_LAUNCHES; i++)
        add_kernel(graph, 0, x, near);
    add_kernel(graph, 1, near, far);
    for (uint32_t i = 0; i < N_LAUNCHES; i++)
        add_kernel(graph, 1, x, far);
    add_kernel(follower, 0, x, own);
    add_kernel(follower, 0, x, near);
    add_kernel(follower, 1, near, last);
    add_kernel(follower, 1, far, last);
    check_ok(chx_plan_create(graph, &params, &plan));
    check_ok(chx_plan_create(follower, NULL, &plan_of_follower));
    sem_init(&gate, 0, 0);
    faults = armed;
    n_faults = times;
    atomic_store(&n_unwritten, 0);
}

static void
end(void)
{
    sem_destroy(&gate);
    chx_plan_destroy(&plan);
    chx_plan_destroy(&plan_of_follower);
    chx_graph_destroy(&graph);
    chx_graph_destroy(&follower);
    chx_buffer_destroy(&x);
    chx_buffer_destroy(&near);
    chx_buffer_destroy(&far);
    chx_buffer_destroy(&own);
    chx_buffer_destroy(&last);
    chx_program_destroy(&program);
    test_runtime_destroy(&runtime);
}

/* Both runs are in flight before the first can begin. How the second ends. */
static chx_status
fly(void)
{
    chx_run *first, *second;
    check_ok(chx_plan_submit(plan, &first));
    check_ok(chx_plan_submit(plan_of_follower, &second));
    sem_post(&gate);
    const chx_status status = chx_run_wait(first, 20 * SECOND_NS);
    const chx_status status_of_second = chx_run_wait(second, 20 * SECOND_NS);
    ck_assert_int_ne(status_of_second, CHX_ERROR_TIMEOUT);
    ck_assert(!status || status_of_second);
    chx_run_destroy(&first);
    chx_run_destroy(&second);
    return status_of_second;
}

static uint64_t
count_calls(void)
{
    begin(false, (chx__null_faults){0}, 1);
    check_ok(fly());
    const uint64_t n = chx__null_count(test_null).n_calls;
    end();
    return n;
}

/* Every transfer is refused, and of the launches some. */
START_TEST(no_kernel_starts_on_what_was_refused)
{
    const uint64_t n_calls = count_calls();
    uint32_t n_failed = 0;
    for (uint64_t n = 1; n <= n_calls; n += n % 8 < 4 || n > n_calls - 30 ? 1 : 29) {
        begin(false, (chx__null_faults){.refuse_call = n}, 1);
        n_failed += fly() != CHX_OK;
        ck_assert_msg(atomic_load(&n_unwritten) == 0, "call %u refused: %u words", (unsigned)n,
                      atomic_load(&n_unwritten));
        end();
    }
    ck_assert_uint_ge(n_failed, 10);
}
END_TEST

static void
check_near(uint32_t word)
{
    uint32_t found[WORDS];
    check_ok(chx_buffer_read(near, 0, SIZE, found));
    for (size_t i = 0; i < WORDS; i++)
        ck_assert_uint_eq(found[i], word);
}

/* Three runs in flight are made again, and so are their repetitions. How many were well. */
static uint32_t
recover_from(uint64_t refused, uint32_t times)
{
    chx_run *runs[3];
    uint32_t n_well = 0;
    begin(true, (chx__null_faults){.refuse_call = refused}, times);
    for (uint32_t r = 0; r < 3; r++)
        check_ok(chx_plan_submit(plan, &runs[r]));
    for (uint32_t r = 0; r < 100; r++) /* who writes is called again */
        sem_post(&gate);
    for (uint32_t r = 0; r < 3; r++) {
        n_well += chx_run_wait(runs[r], 20 * SECOND_NS) == CHX_OK;
        chx_run_destroy(&runs[r]);
    }
    ck_assert_uint_eq(atomic_load(&n_unwritten), 0);
    if (n_well == 3)
        check_near(3 * N_LAUNCHES);
    end();
    return n_well;
}

START_TEST(no_repetition_starts_on_what_was_refused)
{
    for (uint64_t n = 1; n <= 30; n++) {
        ck_assert_uint_eq(recover_from(n, 1), 3);
        recover_from(n, 2);
        recover_from(n, 3);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("upload");
    TCase *tc = tcase_create("upload");
    tcase_add_test(tc, no_kernel_starts_on_what_was_refused);
    tcase_add_test(tc, no_repetition_starts_on_what_was_refused);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
