/* HEFT on machines with links: contention, routes over the host, shared silicon, ties, refusals
 * and speed. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "instance.h"

START_TEST(heft_schedules_are_valid_with_contending_copies)
{
    static instance in;
    size_t n_routed = 0, n_moves = 0;
    for (uint64_t seed = 0; seed < 4000; seed++) {
        chx__solution solution;
        make_instance(&in, seed, false);
        ck_assert_int_eq(chx__heft(&in.machine, &in.problem, &solution), CHX_OK);
        ck_solution(&in, &solution);
        n_moves += solution.n_moves;
        for (size_t m = 1; m < solution.n_moves; m++)
            n_routed += solution.moves[m].item == solution.moves[m - 1].item &&
                        solution.moves[m].from == 0 && solution.moves[m - 1].to == 0;
        chx__solution_finish(&solution);
    }
    ck_assert_uint_gt(n_moves, 10000);
    ck_assert_uint_gt(n_routed, 1000);
}
END_TEST

START_TEST(heft_schedules_are_valid_in_the_classical_model)
{
    static instance in;
    for (uint64_t seed = 0; seed < 4000; seed++) {
        chx__solution solution;
        make_instance(&in, seed, true);
        ck_assert_int_eq(chx__heft(&in.machine, &in.problem, &solution), CHX_OK);
        ck_solution(&in, &solution);
        ck_assert_uint_eq(solution.n_moves, 0);
        chx__solution_finish(&solution);
    }
}
END_TEST

START_TEST(heft_twice_gives_the_same)
{
    static instance in;
    for (uint64_t seed = 0; seed < 100; seed++) {
        chx__solution a, b;
        make_instance(&in, seed, false);
        ck_assert_int_eq(chx__heft(&in.machine, &in.problem, &a), CHX_OK);
        ck_assert_int_eq(chx__heft(&in.machine, &in.problem, &b), CHX_OK);
        ck_assert_mem_eq(&a.makespan_ns, &b.makespan_ns, sizeof a.makespan_ns);
        ck_assert_uint_eq(a.n_moves, b.n_moves);
        for (uint32_t t = 0; t < in.problem.n_tasks; t++) {
            ck_assert_uint_eq(a.tasks[t].lane, b.tasks[t].lane);
            ck_assert_double_eq(a.tasks[t].start_ns, b.tasks[t].start_ns);
        }
        chx__solution_finish(&a);
        chx__solution_finish(&b);
    }
}
END_TEST

/* Host, and two devices that reach each other only over the host. */
static const chx__machine_lane three_lanes[] = {
    {CHX__ROLE_HOST, 0, "host", "host", 0},
    {CHX__ROLE_COMPUTE, 1, "a", "compute", 1},
    {CHX__ROLE_COMPUTE, 2, "b", "compute", 1},
    {CHX__ROLE_COPY, 0, "host", "copy", 0},
};
static const chx__link star[9] = {
    [1] = {true, 3, 0, 1}, [2] = {true, 3, 0, 1}, [3] = {true, 3, 0, 1}, [6] = {true, 3, 0, 1}};
static const chx__machine three = {3, 4, three_lanes, star};

START_TEST(heft_routes_over_the_host_and_leaves_a_copy_there)
{
    /* T0 on device a writes 10 bytes; T1 on device b and then T2 on the host read them. */
    const double cost_ns[] = {INFINITY, 5, INFINITY, 0,        INFINITY, INFINITY,
                              100,      0, 3,        INFINITY, INFINITY, 0};
    const chx__item item = {10, 0, {{0}}};
    const chx__problem problem = {
        .n_tasks = 3,
        .n_items = 1,
        .items = &item,
        .inputs = {(const uint32_t[]){0, 0, 1, 2}, (const uint32_t[]){0, 0}},
        .after = {(const uint32_t[]){0, 0, 0, 0}, NULL},
        .cost_ns = cost_ns};
    chx__solution solution;
    ck_assert_int_eq(chx__heft(&three, &problem, &solution), CHX_OK);
    ck_assert_uint_eq(solution.n_moves, 2);
    ck_assert_uint_eq(solution.moves[0].to, 0);
    ck_assert_double_eq(solution.moves[0].start_ns, 5);
    ck_assert_uint_eq(solution.moves[1].from, 0);
    ck_assert_uint_eq(solution.moves[1].to, 2);
    ck_assert_double_eq(solution.moves[1].start_ns, 15);
    ck_assert_double_eq(solution.tasks[1].start_ns, 25);
    ck_assert_double_eq(solution.tasks[2].start_ns, 15);
    chx__solution_finish(&solution);
}
END_TEST

START_TEST(heft_moves_of_one_task_contend)
{
    /* Two inputs of 10 bytes from the host over one copy lane: 20 ns, not 10. */
    const double cost_ns[] = {INFINITY, 5, INFINITY, 0};
    const chx__item items[] = {{10, CHX__NO_TASK, {{1}}}, {10, CHX__NO_TASK, {{1}}}};
    const chx__problem problem = {.n_tasks = 1,
                                  .n_items = 2,
                                  .items = items,
                                  .inputs = {(const uint32_t[]){0, 3}, (const uint32_t[]){0, 1, 0}},
                                  .after = {(const uint32_t[]){0, 0}, NULL},
                                  .cost_ns = cost_ns};
    chx__solution solution;
    ck_assert_int_eq(chx__heft(&three, &problem, &solution), CHX_OK);
    ck_assert_uint_eq(solution.n_moves, 2);
    ck_assert_double_eq(solution.tasks[0].start_ns, 20);
    chx__solution_finish(&solution);
}
END_TEST

START_TEST(heft_uses_shared_silicon_once_at_a_time)
{
    const double cost_ns[] = {INFINITY, 5, 9, 0, INFINITY, 9, 5, 0};
    const chx__problem problem = {.n_tasks = 2,
                                  .inputs = {(const uint32_t[]){0, 0, 0}, NULL},
                                  .after = {(const uint32_t[]){0, 0, 0}, NULL},
                                  .cost_ns = cost_ns};
    chx__solution solution;
    ck_assert_int_eq(chx__heft(&three, &problem, &solution), CHX_OK);
    ck_assert_double_eq(solution.makespan_ns, 10);
    chx__solution_finish(&solution);
}
END_TEST

START_TEST(heft_equal_lanes_take_the_lower)
{
    const double cost_ns[] = {7, 7, 7, 0};
    const chx__problem problem = {.n_tasks = 1,
                                  .inputs = {(const uint32_t[]){0, 0}, NULL},
                                  .after = {(const uint32_t[]){0, 0}, NULL},
                                  .cost_ns = cost_ns};
    chx__solution solution;
    ck_assert_int_eq(chx__heft(&three, &problem, &solution), CHX_OK);
    ck_assert_uint_eq(solution.tasks[0].lane, 0);
    chx__solution_finish(&solution);
}
END_TEST

START_TEST(heft_refuses_what_it_cannot_plan)
{
    const double cost_ns[] = {1, 1, 1, 1, 1, 1, 1, 1};
    const uint32_t none[] = {0, 0, 0};
    chx__item item = {10, CHX__NO_TASK, {{1 << 1}}};
    chx__problem problem = {.n_tasks = 2,
                            .n_items = 1,
                            .items = &item,
                            .inputs = {(const uint32_t[]){0, 1, 1}, (const uint32_t[]){0}},
                            .after = {none, NULL},
                            .cost_ns = cost_ns};
    chx__solution solution = {.n_moves = 99};
    chx__machine machine = three;
    chx__link links[9] = {0};
    machine.links = links;
    ck_assert_int_eq(chx__heft(&machine, &problem, &solution), CHX_OK);
    chx__solution_finish(&solution);

    double only_host[] = {1, INFINITY, INFINITY, 1, 1, 1, 1, 1};
    problem.cost_ns = only_host;
    solution.n_moves = 99;
    ck_assert_int_eq(chx__heft(&machine, &problem, &solution), CHX_ERROR_INVALID);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "cannot get"));
    only_host[0] = INFINITY;
    ck_assert_int_eq(chx__heft(&machine, &problem, &solution), CHX_ERROR_INVALID);
    only_host[0] = NAN;
    ck_assert_int_eq(chx__heft(&machine, &problem, &solution), CHX_ERROR_INVALID);
    only_host[0] = -1;
    ck_assert_int_eq(chx__heft(&machine, &problem, &solution), CHX_ERROR_INVALID);

    problem.cost_ns = cost_ns;
    problem.after = (chx__rows){(const uint32_t[]){0, 1, 2}, (const uint32_t[]){1, 0}};
    ck_assert_int_eq(chx__heft(&machine, &problem, &solution), CHX_ERROR_CYCLE);
    problem.after = (chx__rows){none, NULL};
    item = (chx__item){10, 0, chx__places_none()};
    ck_assert_int_eq(chx__heft(&machine, &problem, &solution), CHX_ERROR_CYCLE);
    item.producer = 2;
    ck_assert_int_eq(chx__heft(&machine, &problem, &solution), CHX_ERROR_INVALID);
    ck_assert_uint_eq(solution.n_moves, 99);
}
END_TEST

START_TEST(heft_cycle_names_a_task_in_it)
{
    /* 0 <- 1 <- 2 <-> 3, 4 after 3: only 2 and 3 are in the cycle. */
    const chx__problem problem = {
        .n_tasks = 5,
        .inputs = {(const uint32_t[]){0, 0, 0, 0, 0, 0}, NULL},
        .after = {(const uint32_t[]){0, 0, 1, 3, 4, 5}, (const uint32_t[]){0, 1, 3, 2, 3}}};
    uint32_t order[5], cyclic = 99;
    ck_assert_int_eq(chx__problem_order(&problem, order, &cyclic), CHX_ERROR_CYCLE);
    ck_assert(cyclic == 2 || cyclic == 3);
}
END_TEST

/* Layers of tasks, each with a few inputs from the layer before. */
START_TEST(heft_plans_ten_thousand_tasks_quickly)
{
    enum { N = 10000, LANES = 16, LAYER = 100, INPUTS = 3 };
    static double cost_ns[N * LANES];
    static chx__item items[N];
    static uint32_t begin[N + 1], none[N + 1], inputs[N * INPUTS];
    chx__machine_lane lanes[LANES] = {{0}};
    uint32_t n = 0;
    random_state = 5;
    for (uint32_t l = 0; l < LANES; l++)
        lanes[l].place = l;
    for (uint32_t t = 0; t < N; t++) {
        items[t] = (chx__item){1000 + draw(100000), t, chx__places_none()};
        for (uint32_t l = 0; l < LANES; l++)
            cost_ns[t * LANES + l] = 1000 + draw(100000);
        for (uint32_t i = 0; t >= LAYER && i < INPUTS; i++)
            inputs[n++] = t - t % LAYER - LAYER + draw(LAYER);
        begin[t + 1] = n;
    }
    const chx__machine machine = {LANES, LANES, lanes, NULL};
    const chx__problem problem = {N, N, items, {begin, inputs}, {none, NULL}, cost_ns};
    double best_ms = INFINITY;
    for (int repeat = 0; repeat < 5; repeat++) {
        chx__solution solution;
        uint64_t start_ns = chx__now_ns();
        ck_assert_int_eq(chx__heft(&machine, &problem, &solution), CHX_OK);
        best_ms = fmin(best_ms, (double)(chx__now_ns() - start_ns) * 1e-6);
        chx__solution_finish(&solution);
    }
    /* About 10 ms alone on a core; the margin is for sanitizers and busy machines. */
    if (getenv("CHRONAXIE_TEST_VERBOSE"))
        printf("10,000 tasks on 16 lanes: %.2f ms\n", best_ms);
    ck_assert_double_lt(best_ms, 500.0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("heft");
    TCase *cases = tcase_create("heft");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, heft_schedules_are_valid_with_contending_copies);
    tcase_add_test(cases, heft_schedules_are_valid_in_the_classical_model);
    tcase_add_test(cases, heft_twice_gives_the_same);
    tcase_add_test(cases, heft_routes_over_the_host_and_leaves_a_copy_there);
    tcase_add_test(cases, heft_moves_of_one_task_contend);
    tcase_add_test(cases, heft_uses_shared_silicon_once_at_a_time);
    tcase_add_test(cases, heft_equal_lanes_take_the_lower);
    tcase_add_test(cases, heft_refuses_what_it_cannot_plan);
    tcase_add_test(cases, heft_cycle_names_a_task_in_it);
    tcase_add_test(cases, heft_plans_ten_thousand_tasks_quickly);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
