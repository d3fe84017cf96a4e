#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "schedule/problem.h"

/* Random machines and graphs, owned by one object. */
enum { MAX_TASKS = 40, MAX_LANES = 24, MAX_PLACES = 6, MAX_ITEMS = 80, MAX_ROWS = 400 };

typedef struct instance {
    chx__machine machine;
    chx__problem problem;
    chx__machine_lane lanes[MAX_LANES];
    chx__link links[MAX_PLACES * MAX_PLACES];
    chx__item items[MAX_ITEMS];
    uint32_t inputs_begin[MAX_TASKS + 1], inputs[MAX_ROWS];
    uint32_t after_begin[MAX_TASKS + 1], after[MAX_ROWS];
    double cost_ns[MAX_TASKS * MAX_LANES];
} instance;

static uint64_t random_state;

static uint32_t
draw(uint32_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % below;
}

static void
add_lane(instance *in, chx__role role, uint32_t place)
{
    in->lanes[in->machine.n_lanes++] =
        (chx__machine_lane){role, place, "device", "lane", draw(3) ? 0 : 1u << draw(2)};
}

/* The host, and devices with one or two compute lanes, a copy lane in and one out, as a runtime has
 * them; some pairs of devices are linked directly. */
static void
make_machine(instance *in)
{
    uint32_t n_places = 1 + draw(MAX_PLACES - 1);
    in->machine = (chx__machine){.n_places = n_places, .lanes = in->lanes, .links = in->links};
    add_lane(in, CHX__ROLE_HOST, 0);
    for (uint32_t p = 1; p < n_places; p++) {
        add_lane(in, CHX__ROLE_COMPUTE, p);
        if (draw(2))
            add_lane(in, CHX__ROLE_COMPUTE, p);
        uint32_t copy_in = in->machine.n_lanes;
        add_lane(in, CHX__ROLE_COPY, p);
        add_lane(in, CHX__ROLE_COPY, p);
        in->links[p] = (chx__link){true, copy_in, draw(4), draw(4) * 0.5};
        in->links[p * n_places] = (chx__link){true, copy_in + 1, draw(4), 0.7};
        for (uint32_t q = 1; q < p; q++)
            if (draw(2))
                in->links[q * n_places + p] =
                    (chx__link){true, draw(3) ? copy_in : CHX__NO_LANE, 1, 0.3};
    }
}

static void
make_costs(instance *in)
{
    uint32_t n_lanes = in->machine.n_lanes;
    for (uint32_t t = 0; t < in->problem.n_tasks; t++) {
        double *row = in->cost_ns + t * n_lanes;
        for (uint32_t l = 0; l < n_lanes; l++)
            row[l] = draw(5) == 0 ? INFINITY : draw(30) * 0.37;
        row[0] = draw(50);
    }
}

static void
make_problem(instance *in, bool reversed)
{
    uint32_t n = 1 + draw(MAX_TASKS - 1), n_inputs = 0, n_after = 0;
    in->problem = (chx__problem){.n_tasks = n,
                                 .n_items = MAX_ITEMS,
                                 .items = in->items,
                                 .inputs = {in->inputs_begin, in->inputs},
                                 .after = {in->after_begin, in->after},
                                 .cost_ns = in->cost_ns};
    for (uint32_t i = 0; i < MAX_ITEMS; i++) {
        bool entry = draw(3) == 0;
        uint32_t places = (1u << in->machine.n_places) - 1;
        in->items[i] = (chx__item){.bytes = draw(40),
                                   .producer = entry ? CHX__NO_TASK : draw(n),
                                   .entry_places = entry ? 1 + draw(places) : 0};
    }
    for (uint32_t t = 0; t < n; t++) {
        for (uint32_t i = draw(8); i > 0; i--) {
            uint32_t item = draw(MAX_ITEMS), producer = in->items[item].producer;
            if (producer == CHX__NO_TASK || (reversed ? producer > t : producer < t))
                in->inputs[n_inputs++] = item;
        }
        uint32_t other = draw(n);
        if (reversed ? other > t : other < t)
            in->after[n_after++] = other;
        in->inputs_begin[t + 1] = n_inputs;
        in->after_begin[t + 1] = n_after;
    }
    make_costs(in);
}

/* A contending machine, or the classical one. */
static void
make_instance(instance *in, uint64_t seed, bool classical)
{
    random_state = seed * 77 + 1;
    memset(in, 0, sizeof *in);
    make_machine(in);
    if (classical)
        in->machine.links = NULL;
    make_problem(in, seed % 2);
}

/* What takes no time is in nobody's way. */
static bool
overlap(double a_start, double a_finish, double b_start, double b_finish)
{
    return a_start < a_finish && b_start < b_finish && a_start < b_finish && b_start < a_finish;
}

static void
ck_lanes_are_exclusive(const instance *in, const chx__solution *solution)
{
    for (uint32_t a = 0; a < in->problem.n_tasks; a++)
        for (uint32_t b = a + 1; b < in->problem.n_tasks; b++) {
            const chx__placement *x = &solution->tasks[a], *y = &solution->tasks[b];
            const chx__machine_lane *p = &in->lanes[x->lane], *q = &in->lanes[y->lane];
            bool same_silicon = p->place != q->place && (p->hardware & q->hardware);
            if (x->lane == y->lane || same_silicon)
                ck_assert(!overlap(x->start_ns, x->finish_ns, y->start_ns, y->finish_ns));
        }
    for (size_t a = 0; a < solution->n_moves; a++)
        for (size_t b = a + 1; b < solution->n_moves; b++) {
            const chx__move *x = &solution->moves[a], *y = &solution->moves[b];
            if (x->lane == y->lane && x->lane != CHX__NO_LANE)
                ck_assert(!overlap(x->start_ns, x->finish_ns, y->start_ns, y->finish_ns));
        }
}

/* When an item is at a place by what the solution says, replayed from nothing. */
static double
present_from(const instance *in, const chx__solution *solution, uint32_t item, uint32_t place,
             size_t n_moves)
{
    const chx__item *of = &in->items[item];
    if (of->producer == CHX__NO_TASK && (of->entry_places >> place & 1))
        return 0.0;
    if (of->producer != CHX__NO_TASK &&
        in->lanes[solution->tasks[of->producer].lane].place == place)
        return solution->tasks[of->producer].finish_ns;
    for (size_t m = 0; m < n_moves; m++)
        if (solution->moves[m].item == item && solution->moves[m].to == place)
            return solution->moves[m].finish_ns;
    return INFINITY;
}

static void
ck_moves_are_sound(const instance *in, const chx__solution *solution)
{
    for (size_t m = 0; m < solution->n_moves; m++) {
        const chx__move *move = &solution->moves[m];
        const chx__link *link = &in->links[move->from * in->machine.n_places + move->to];
        ck_assert(link->exists);
        ck_assert_uint_eq(link->lane, move->lane);
        ck_assert(move->start_ns >= present_from(in, solution, move->item, move->from, m));
        ck_assert(present_from(in, solution, move->item, move->to, m) == INFINITY);
        ck_assert_double_eq(move->finish_ns, move->start_ns + (link->latency_ns +
                                                               (double)in->items[move->item].bytes *
                                                                   link->ns_per_byte));
    }
}

static void
ck_inputs_are_there(const instance *in, const chx__solution *solution, uint32_t task)
{
    const chx__placement *placed = &solution->tasks[task];
    uint32_t place = in->lanes[placed->lane].place;
    for (uint32_t i = in->inputs_begin[task]; i < in->inputs_begin[task + 1]; i++) {
        uint32_t item = in->inputs[i];
        double from = present_from(in, solution, item, place, solution->n_moves);
        if (!in->machine.links && from == INFINITY) {
            const chx__item *of = &in->items[item];
            from = (double)of->bytes +
                   (of->producer == CHX__NO_TASK ? 0 : solution->tasks[of->producer].finish_ns);
        }
        ck_assert(placed->start_ns >= from);
    }
    for (uint32_t i = in->after_begin[task]; i < in->after_begin[task + 1]; i++)
        ck_assert(placed->start_ns >= solution->tasks[in->after[i]].finish_ns);
}

static void
ck_solution(const instance *in, const chx__solution *solution)
{
    double makespan_ns = 0.0;
    for (uint32_t t = 0; t < in->problem.n_tasks; t++) {
        const chx__placement *placed = &solution->tasks[t];
        ck_assert_uint_lt(placed->lane, in->machine.n_lanes);
        ck_assert_int_ne(in->lanes[placed->lane].role, CHX__ROLE_COPY);
        double cost_ns = in->cost_ns[t * in->machine.n_lanes + placed->lane];
        ck_assert(placed->start_ns >= 0.0 && isfinite(cost_ns));
        ck_assert_double_eq(placed->finish_ns, placed->start_ns + cost_ns);
        ck_inputs_are_there(in, solution, t);
        makespan_ns = fmax(makespan_ns, placed->finish_ns);
    }
    ck_assert_double_eq(solution->makespan_ns, makespan_ns);
    ck_lanes_are_exclusive(in, solution);
    ck_moves_are_sound(in, solution);
}

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
    const chx__item item = {10, 0, 0};
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
    const chx__item items[] = {{10, CHX__NO_TASK, 1}, {10, CHX__NO_TASK, 1}};
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
    chx__item item = {10, CHX__NO_TASK, 1 << 1};
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
    item = (chx__item){10, 0, 0};
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
        items[t] = (chx__item){1000 + draw(100000), t, 0};
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
