/* Arguments that name other buffers from one run to the next: what is computed follows them, and
 * plans serve on where only the parts have changed hands. */
#include <check.h>
#include <stdlib.h>

#include "execute/run.h"
#include "launches.h"

/* Tells the graph what buffers and ranges the launch has now. */
static void
recast(const struct launch *launch)
{
    chx_arg x =
        CHX_BUFFER_RANGE(buffers[launch->x], CHX_ACCESS_READ, 4 * launch->x_begin, 4 * launch->n);
    chx_arg y = CHX_BUFFER_RANGE(buffers[launch->y],
                                 launch->mixes ? CHX_ACCESS_READ_WRITE : CHX_ACCESS_WRITE,
                                 4 * launch->y_begin, 4 * launch->n);
    chx_arg x_begin = CHX_UINT(launch->x_begin), y_begin = CHX_UINT(launch->y_begin);
    ck_assert_int_eq(chx_graph_set_buffer(graph, launch->id, 0, &x), CHX_OK);
    ck_assert_int_eq(chx_graph_set_value(graph, launch->id, 1, &x_begin), CHX_OK);
    ck_assert_int_eq(chx_graph_set_buffer(graph, launch->id, 2, &y), CHX_OK);
    ck_assert_int_eq(chx_graph_set_value(graph, launch->id, 3, &y_begin), CHX_OK);
}

/* Others play the same parts, or a launch now shares what it did not. */
static void
change_cast(struct launch *launches, uint32_t n)
{
    uint32_t turn = (uint32_t)rand() % N_BUFFERS;
    for (uint32_t i = 0; i < n; i++) {
        launches[i].x = (launches[i].x + turn) % N_BUFFERS;
        launches[i].y = (launches[i].y + turn) % N_BUFFERS;
    }
    if (rand() % 3 == 0) {
        struct launch *changed = &launches[(uint32_t)rand() % n];
        changed->x_begin = (uint32_t)rand() % (WORDS - changed->n + 1);
        changed->x = (changed->y + 1) % N_BUFFERS;
    }
    for (uint32_t i = 0; i < n; i++)
        recast(&launches[i]);
}

START_TEST(changed_buffers_compute_what_program_order_says)
{
    enum { N_LAUNCHES = 12, N_ROUNDS = 12 };
    struct launch launches[N_LAUNCHES];
    srand((unsigned)_i + 1);
    for (int i = 0; i < N_LAUNCHES; i++) {
        launches[i] = random_launch();
        add_launch(&launches[i]);
    }
    chx_plan *plan;
    ck_assert_msg(chx_plan_create(graph, NULL, &plan) == CHX_OK, "%s", chx_last_error()->message);
    for (int round = 0; round < N_ROUNDS; round++) {
        change_cast(launches, N_LAUNCHES);
        for (int i = 0; i < N_LAUNCHES; i++)
            expect_launch(&launches[i]);
        ck_assert_msg(chx_plan_submit(plan, NULL) == CHX_OK, "%s", chx_last_error()->message);
    }
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

/* The plan that a submit runs. */
static const chx__lowered *
submitted_plan(chx_plan *plan)
{
    chx_run *run;
    ck_assert_msg(chx_plan_submit(plan, &run) == CHX_OK, "%s", chx_last_error()->message);
    const chx__lowered *lowered = run->lowered;
    ck_assert_msg(chx_run_wait(run, 60 * SECOND_NS) == CHX_OK, "%s", chx_last_error()->message);
    chx_run_destroy(&run);
    return lowered;
}

/* Among the buffers with memory of their own. Once all are on the device, only reviews by cost make
 * new plans, ever fewer. */
START_TEST(buffers_that_swap_need_no_new_plan)
{
    enum { N_ROUNDS = 100, N_OWN = (N_BUFFERS + 1) / 2 };
    struct launch launch = {.mixes = true, .n = WORDS, .seed = 3};
    const chx__lowered *before = NULL;
    int n_changes = 0;
    launch.y = 2;
    add_launch(&launch);
    chx_plan *plan;
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    for (uint32_t round = 0; round < N_ROUNDS; round++) {
        launch.x = round % N_OWN * 2;
        launch.y = (round + 1 + round / N_OWN % (N_OWN - 1)) % N_OWN * 2;
        recast(&launch);
        expect_launch(&launch);
        const chx__lowered *now = submitted_plan(plan);
        n_changes += now != before;
        before = now;
    }
    ck_assert_int_lt(n_changes, N_ROUNDS / 4);
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

/* Pins each launch to a device of its own, where there are several. */
static void
add_apart(struct launch *launches, uint32_t n)
{
    uint32_t selected = 0;
    for (uint32_t d = 0; d < chx_runtime_n_devices(runtime) && selected < n; d++) {
        chx_device_info info;
        ck_assert_int_eq(chx_runtime_device(runtime, d, &info), CHX_OK);
        if (!info.selected)
            continue;
        launches[selected].devices[0] = d;
        launches[selected++].n_devices = 1;
    }
    for (uint32_t i = 0; i < n; i++)
        add_launch(&launches[i]);
}

/* What one launch leaves in the ring the other reads next, in the next run from where it has
 * moved to. */
START_TEST(ranges_move_through_a_ring_in_flight)
{
    enum { STEP = WORDS / 8 };
    struct launch launches[2] = {{.mixes = true, .x = 0, .y = 1, .n = STEP, .seed = 3},
                                 {.mixes = true, .x = 1, .y = 0, .n = STEP, .seed = 5}};
    add_apart(launches, 2);
    chx_plan *plan;
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    for (uint32_t round = 0; round < 40; round++) {
        launches[0].x_begin = round % 8 * STEP;
        launches[0].y_begin = launches[1].x_begin = (round + 3) % 8 * STEP;
        launches[1].y_begin = (round + 1) % 8 * STEP;
        for (int i = 0; i < 2; i++) {
            recast(&launches[i]);
            expect_launch(&launches[i]);
        }
        ck_assert_msg(chx_plan_submit(plan, NULL) == CHX_OK, "%s", chx_last_error()->message);
    }
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

/* At the first submit the data lies where it lay when the plan was made. */
START_TEST(parts_that_become_one_are_planned_anew)
{
    struct launch launches[2] = {{.mixes = false, .x = 0, .y = 1, .n = WORDS, .seed = 3},
                                 {.mixes = true, .x = 2, .y = 3, .n = WORDS, .seed = 5}};
    add_apart(launches, 2);
    chx_plan *plan;
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    for (int round = 0; round < 3; round++) {
        launches[1].x = round == 0 ? 1 : 2;
        for (int i = 0; i < 2; i++) {
            recast(&launches[i]);
            expect_launch(&launches[i]);
        }
        run_plan(plan);
    }
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(buffer_that_nobody_names_may_go)
{
    struct launch launch = {.mixes = true, .x = 0, .y = 1, .n = WORDS, .seed = 3};
    add_launch(&launch);
    chx_plan *plan;
    ck_assert_int_eq(chx_plan_create(graph, NULL, &plan), CHX_OK);
    run_plan(plan);
    expect_launch(&launch);
    launch.x = 2;
    recast(&launch);
    chx_buffer_destroy(&buffers[0]);
    run_plan(plan);
    expect_launch(&launch);
    make_buffer(0);
    launch.x = 0;
    recast(&launch);
    run_plan(plan);
    expect_launch(&launch);
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(change_of_buffer_is_checked)
{
    struct launch launch = {.mixes = true, .x = 0, .y = 1, .n = WORDS};
    add_launch(&launch);
    chx_arg beyond = CHX_BUFFER_RANGE(buffers[2], CHX_ACCESS_READ, 4, 4 * WORDS);
    chx_arg other_access = CHX_WRITE(buffers[2]), value = CHX_UINT(2);
    ck_assert_int_eq(chx_graph_set_buffer(graph, launch.id, 0, &beyond), CHX_ERROR_LIMIT);
    ck_assert_int_eq(chx_graph_set_buffer(graph, launch.id, 0, &other_access), CHX_ERROR_INVALID);
    ck_assert_int_eq(chx_graph_set_buffer(graph, launch.id, 0, &value), CHX_ERROR_INVALID);
    ck_assert_int_eq(chx_graph_set_buffer(graph, launch.id, 9, &beyond), CHX_ERROR_INVALID);
    ck_assert_int_eq(chx_graph_set_buffer(graph, launch.id + 1, 0, &beyond), CHX_ERROR_INVALID);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("cast");
    TCase *tcase = tcase_create("buffers");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, changed_buffers_compute_what_program_order_says, 0, 6);
    tcase_add_test(tcase, buffers_that_swap_need_no_new_plan);
    tcase_add_test(tcase, ranges_move_through_a_ring_in_flight);
    tcase_add_test(tcase, parts_that_become_one_are_planned_anew);
    tcase_add_test(tcase, buffer_that_nobody_names_may_go);
    tcase_add_test(tcase, change_of_buffer_is_checked);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
