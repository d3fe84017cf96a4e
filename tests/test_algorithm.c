/* Every algorithm by name: published makespans, schedules that are valid whatever the instance,
 * and how much better than HEFT the best is, on families with fixed seeds. */
#include <stdlib.h>

#include <chronaxie/schedule.h>

#include "canonical.h"
#include "instance.h"
#include "schedule/algorithm.h"
#include "schedule/bound.h"
#include "schedule/scenario.h"
#include "schedule/search.h"

static double
makespan_of(const chx_schedule_problem *problem, const char *algorithm)
{
    chx_schedule *schedule = NULL;
    ck_assert_msg(chx_schedule_create(problem, algorithm, &schedule) == CHX_OK, "%s",
                  chx_last_error()->message);
    ck_assert(!algorithm || strcmp(chx_schedule_algorithm(schedule), algorithm) == 0);
    double makespan_ms = chx_schedule_makespan_ms(schedule);
    ck_assert_double_ge(makespan_ms * (1 + 1e-12), chx_schedule_lower_bound_ms(schedule));
    chx_schedule_destroy(&schedule);
    return makespan_ms;
}

START_TEST(algorithm_makespans_are_those_published)
{
    static const struct {
        const char *name;
        double topcuoglu_ms, arabnejad_ms;
    } published[] = {
        {"heft", 80, 133},      {"cpop", 86, 167}, {"peft", 85, 122},
        {"lookahead", 76, 127}, {"best", 73, 113}, {NULL, 73, 113},
    };
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        const char *name = published[i].name;
        ck_assert_double_eq(makespan_of(&topcuoglu, name), published[i].topcuoglu_ms);
        ck_assert_double_eq(makespan_of(&arabnejad, name), published[i].arabnejad_ms);
    }
}
END_TEST

START_TEST(algorithm_of_unknown_name_is_answered_by_a_list)
{
    const chx__algorithm *found = NULL;
    ck_assert_int_eq(chx__algorithm_find("magic", &found), CHX_ERROR_INVALID);
    ck_assert_ptr_null(found);
    for (size_t i = 0; chx__algorithm_at(i); i++) {
        const char *name = chx__algorithm_at(i)->name;
        ck_assert_ptr_nonnull(strstr(chx_last_error()->message, name));
        ck_assert_str_eq(chx_schedule_algorithm_at((uint32_t)i), name);
    }
    ck_assert_ptr_null(chx_schedule_algorithm_at(1000));
}
END_TEST

/* Sanitizers see the same code in few as in many. */
#ifdef __SANITIZE_ADDRESS__
enum { N_INSTANCES = 1000 };
#else
enum { N_INSTANCES = 10000 };
#endif

/* Both bounds hold for a solution of any machine. */
static void
ck_bounds(const instance *in, const chx__solution *solution)
{
    double bound_ns = 0.0;
    uint32_t cyclic;
    double makespan_ns = solution->makespan_ns * (1 + 1e-12);
    ck_assert_int_eq(chx__bound_find(&in->machine, &in->problem, &bound_ns, &cyclic), CHX_OK);
    MUST(bound_ns <= makespan_ns);
    double found_ns = bound_ns;
    ck_assert_int_eq(
        chx__bound_raise(&in->machine, &in->problem, 2 * makespan_ns, 10000, &bound_ns), CHX_OK);
    MUST(bound_ns >= found_ns && bound_ns <= makespan_ns);
}

/* Every algorithm but "best", which is the others and the search, tested below. */
START_TEST(algorithm_schedules_are_valid)
{
    static instance in;
    const chx__algorithm *algorithm = chx__algorithm_at((size_t)_i + 1);
    for (uint64_t seed = 0; seed < N_INSTANCES; seed++) {
        chx__solution solution;
        make_instance(&in, seed, seed % 4 == 0);
        ck_assert_int_eq(algorithm->solve(&in.machine, &in.problem, &solution), CHX_OK);
        ck_solution(&in, &solution);
        chx__solution_finish(&solution);
    }
}
END_TEST

START_TEST(algorithm_search_keeps_schedules_valid_and_never_lengthens)
{
    static instance in;
    size_t n_better = 0;
    for (uint64_t seed = 0; seed < N_INSTANCES; seed++) {
        chx__solution solution;
        make_instance(&in, seed, seed % 4 == 0);
        ck_assert_int_eq(chx__heft(&in.machine, &in.problem, &solution), CHX_OK);
        double heft_ns = solution.makespan_ns;
        ck_assert_int_eq(
            chx__search(&in.machine, &in.problem, &(chx__search_params){seed, 2000}, &solution),
            CHX_OK);
        ck_solution(&in, &solution);
        if (seed % 7 == 0)
            ck_bounds(&in, &solution);
        ck_assert_double_le(solution.makespan_ns, heft_ns);
        n_better += solution.makespan_ns < heft_ns;
        chx__solution_finish(&solution);
    }
    ck_assert_uint_gt(n_better, N_INSTANCES / 4);
}
END_TEST

START_TEST(algorithm_best_is_never_longer_than_any_other_and_repeats)
{
    static instance in;
    for (uint64_t seed = 0; seed < 150; seed++) {
        chx__solution best, again;
        make_instance(&in, seed, seed % 2);
        ck_assert_int_eq(chx__best(&in.machine, &in.problem, &best), CHX_OK);
        ck_assert_int_eq(chx__best(&in.machine, &in.problem, &again), CHX_OK);
        ck_solution(&in, &best);
        for (uint32_t t = 0; t < in.problem.n_tasks; t++) {
            ck_assert_uint_eq(best.tasks[t].lane, again.tasks[t].lane);
            ck_assert_double_eq(best.tasks[t].start_ns, again.tasks[t].start_ns);
        }
        for (size_t i = 1; chx__algorithm_at(i); i++) {
            chx__solution other;
            ck_assert_int_eq(chx__algorithm_at(i)->solve(&in.machine, &in.problem, &other), CHX_OK);
            ck_assert_double_le(best.makespan_ns, other.makespan_ns);
            chx__solution_finish(&other);
        }
        chx__solution_finish(&best);
        chx__solution_finish(&again);
    }
}
END_TEST

/* Each task at its best, also where there are too many for a closer look. */
START_TEST(algorithm_bound_of_a_chain_is_its_length)
{
    enum { N_TASKS = 8000, N_LANES = 4 };
    static double cost_ms[N_TASKS * N_LANES];
    static chx_schedule_edge edges[N_TASKS];
    const uint32_t n = _i ? N_TASKS : 20;
    for (uint32_t i = 0; i < n * N_LANES; i++)
        cost_ms[i] = 1 + (i / N_LANES + i) % N_LANES;
    for (uint32_t t = 1; t < n; t++)
        edges[t - 1] = (chx_schedule_edge){t - 1, t, 0};
    const chx_schedule_problem problem = {
        .n_lanes = N_LANES, .n_tasks = n, .n_edges = n - 1, .cost_ms = cost_ms, .edges = edges};
    chx_schedule *schedule = NULL;
    ck_assert_int_eq(chx_schedule_create(&problem, "heft", &schedule), CHX_OK);
    ck_assert_double_eq_tol(chx_schedule_makespan_ms(schedule), n, 1e-6);
    ck_assert_double_eq_tol(chx_schedule_lower_bound_ms(schedule), n, 1e-6);
    chx_schedule_destroy(&schedule);
}
END_TEST

/* An input from the host, 1 + 1.5, then 5, over the faster of two links 3 + 5, and 7. */
START_TEST(algorithm_bound_has_the_transfers_of_a_chain_over_links)
{
    chx__machine_lane lanes[] = {{CHX__ROLE_HOST, 0, "host", "host", 0},
                                 {CHX__ROLE_COMPUTE, 1, "first", "compute", 0},
                                 {CHX__ROLE_COMPUTE, 2, "second", "compute", 0}};
    chx__link links[9] = {[1] = {true, CHX__NO_LANE, 1, 0.25},
                          [2] = {true, CHX__NO_LANE, 4, 0.75},
                          [5] = {true, CHX__NO_LANE, 3, 0.5}};
    const chx__machine machine = {.n_places = 3, .n_lanes = 3, .lanes = lanes, .links = links};
    const chx__item items[] = {{6, CHX__NO_TASK, {{1}}}, {.bytes = 10, .producer = 0}};
    const chx__problem problem = {
        .n_tasks = 2,
        .n_items = 2,
        .items = items,
        .inputs = {(const uint32_t[]){0, 1, 2}, (const uint32_t[]){0, 1}},
        .after = {(const uint32_t[]){0, 0, 0}, NULL},
        .cost_ns = (const double[]){INFINITY, 5, INFINITY, INFINITY, INFINITY, 7}};
    chx__solution solution;
    double bound_ns = 0.0;
    uint32_t cyclic;
    ck_assert_int_eq(chx__heft(&machine, &problem, &solution), CHX_OK);
    ck_assert_double_eq(solution.makespan_ns, 22.5);
    ck_assert_int_eq(chx__bound_find(&machine, &problem, &bound_ns, &cyclic), CHX_OK);
    ck_assert_double_eq_tol(bound_ns, 22.5, 1e-9);
    ck_assert_int_eq(chx__bound_raise(&machine, &problem, 45, 10000, &bound_ns), CHX_OK);
    ck_assert_double_eq_tol(bound_ns, 22.5, 1e-9);
    chx__solution_finish(&solution);
}
END_TEST

/* The family of facts: 20 to 60 tasks, 4 processors, transfers of 0.1 to 5 mean costs. */
enum { FAMILY_TASKS = 60, FAMILY_LANES = 4 };

typedef struct family_member {
    chx_schedule_problem problem;
    double cost_ms[FAMILY_TASKS * FAMILY_LANES];
    chx_schedule_edge edges[FAMILY_TASKS * 3];
} family_member;

static double
draw_between(double low, double high)
{
    return low + (high - low) * draw(1 << 20) / (1 << 20);
}

static void
make_member(family_member *member, uint32_t seed)
{
    static const double ratios[] = {0.1, 0.5, 1, 2, 5};
    uint32_t n_edges = 0;
    double mean_ms = 0.0;
    random_state = seed * UINT64_C(7919) + 3;
    uint32_t n = 20 + draw(41);
    for (uint32_t t = 0; t < n; t++) {
        double work_ms = draw_between(10, 100);
        for (uint32_t l = 0; l < FAMILY_LANES; l++) {
            double ms = work_ms * draw_between(0.5, 1.5);
            member->cost_ms[t * FAMILY_LANES + l] = ms;
            mean_ms += ms / (n * FAMILY_LANES);
        }
    }
    for (uint32_t t = 1; t < n; t++)
        for (uint32_t i = 1 + draw(3); i > 0; i--)
            member->edges[n_edges++] =
                (chx_schedule_edge){t - 1 - draw(t < 12 ? t : 12), t,
                                    mean_ms * ratios[seed % 5] * draw_between(0.5, 1.5)};
    member->problem = (chx_schedule_problem){.n_lanes = FAMILY_LANES,
                                             .n_tasks = n,
                                             .n_edges = n_edges,
                                             .cost_ms = member->cost_ms,
                                             .edges = member->edges};
}

START_TEST(algorithm_best_is_six_percent_better_than_heft_on_random_graphs)
{
    static family_member member;
    double sum = 0.0;
    for (uint32_t seed = 0; seed < 120; seed++) {
        make_member(&member, seed);
        double ratio = makespan_of(&member.problem, "best") / makespan_of(&member.problem, "heft");
        ck_assert_double_le(ratio, 1.0);
        sum += ratio;
    }
    ck_assert_double_lt(sum / 120, 0.94);
}
END_TEST

/* Exact, and independent of the library: tasks are appended to lanes in the order of their starts,
 * in every way there is, as long as the shortest so far might be beaten. */
typedef struct exact {
    const chx_schedule_problem *problem;
    double tail_ms[8]; /* at least so much after each task */
    double finish_ms[8], lane_end_ms[3];
    uint32_t lane[8];
    uint32_t done; /* bits */
    double best_ms;
} exact;

static double
least_cost_ms(const chx_schedule_problem *problem, uint32_t task)
{
    double least_ms = INFINITY;
    for (uint32_t l = 0; l < problem->n_lanes; l++)
        least_ms = fmin(least_ms, problem->cost_ms[task * problem->n_lanes + l]);
    return least_ms;
}

static double
exact_start_ms(const exact *of, uint32_t task, uint32_t lane)
{
    double start_ms = of->lane_end_ms[lane];
    for (uint32_t e = 0; e < of->problem->n_edges; e++) {
        const chx_schedule_edge *edge = &of->problem->edges[e];
        if (edge->after != task)
            continue;
        if (!(of->done >> edge->before & 1))
            return INFINITY;
        start_ms = fmax(start_ms, of->finish_ms[edge->before] +
                                      (of->lane[edge->before] == lane ? 0 : edge->transfer_ms));
    }
    return start_ms;
}

static void
exact_extend(exact *of, double last_start_ms, double length_ms)
{
    const chx_schedule_problem *problem = of->problem;
    if (of->done == (1u << problem->n_tasks) - 1) {
        of->best_ms = fmin(of->best_ms, length_ms);
        return;
    }
    for (uint32_t t = 0; t < problem->n_tasks; t++) {
        for (uint32_t l = 0; !(of->done >> t & 1) && l < problem->n_lanes; l++) {
            double start_ms = exact_start_ms(of, t, l), end_ms = of->lane_end_ms[l];
            double finish_ms = start_ms + problem->cost_ms[t * problem->n_lanes + l];
            if (start_ms < last_start_ms || !(finish_ms + of->tail_ms[t] < of->best_ms))
                continue;
            of->lane[t] = l;
            of->finish_ms[t] = of->lane_end_ms[l] = finish_ms;
            of->done |= 1u << t;
            exact_extend(of, start_ms, fmax(length_ms, finish_ms));
            of->done &= ~(1u << t);
            of->lane_end_ms[l] = end_ms;
        }
    }
}

/* The optimum, when it is below the limit; edges lead from lower to higher indices. */
static double
exact_makespan_ms(const chx_schedule_problem *problem, double limit_ms)
{
    exact of = {.problem = problem, .best_ms = limit_ms};
    for (uint32_t t = problem->n_tasks; t-- > 0;)
        for (uint32_t e = 0; e < problem->n_edges; e++)
            if (problem->edges[e].before == t)
                of.tail_ms[t] =
                    fmax(of.tail_ms[t], of.tail_ms[problem->edges[e].after] +
                                            least_cost_ms(problem, problem->edges[e].after));
    exact_extend(&of, 0.0, 0.0);
    return of.best_ms;
}

/* Not above the optimum, also where longer lengths are tried first. */
static void
ck_bound_is_near(const chx_schedule_problem *problem, double optimum_ms)
{
    chx__scenario scenario;
    double bound = 0.0;
    uint32_t cyclic;
    ck_assert_int_eq(chx__scenario_init(&scenario, problem), CHX_OK);
    ck_assert_int_eq(chx__bound_find(&scenario.machine, &scenario.problem, &bound, &cyclic),
                     CHX_OK);
    ck_assert_double_le(bound, optimum_ms * scenario.units_per_ms * (1 + 1e-12));
    ck_assert_int_eq(chx__bound_raise(&scenario.machine, &scenario.problem,
                                      1.5 * optimum_ms * scenario.units_per_ms, 1000000, &bound),
                     CHX_OK);
    ck_assert_double_le(bound, optimum_ms * scenario.units_per_ms * (1 + 1e-12));
    ck_assert_double_ge(bound, 0.7 * optimum_ms * scenario.units_per_ms);
    chx__scenario_finish(&scenario);
}

START_TEST(algorithm_best_is_optimal_on_small_graphs)
{
    size_t n_heft_is_not = 0;
    for (uint32_t seed = 0; seed < 300; seed++) {
        double cost_ms[24];
        chx_schedule_edge edges[28];
        uint32_t n_edges = 0;
        random_state = seed * 31 + 7;
        uint32_t n = 3 + draw(6), n_lanes = 2 + draw(2);
        for (uint32_t i = 0; i < n * n_lanes; i++)
            cost_ms[i] = 1 + draw(20);
        for (uint32_t t = 1; t < n; t++)
            for (uint32_t before = 0; before < t; before++)
                if (draw(5) < 2)
                    edges[n_edges++] = (chx_schedule_edge){before, t, draw(25)};
        const chx_schedule_problem problem = {.n_lanes = n_lanes,
                                              .n_tasks = n,
                                              .n_edges = n_edges,
                                              .cost_ms = cost_ms,
                                              .edges = edges};
        double best_ms = makespan_of(&problem, "best"), heft_ms = makespan_of(&problem, "heft");
        double optimum_ms = exact_makespan_ms(&problem, heft_ms + 1.0);
        ck_bound_is_near(&problem, optimum_ms);
        ck_assert_msg(best_ms == optimum_ms, "graph %u: %g, optimum %g", seed, best_ms, optimum_ms);
        n_heft_is_not += optimum_ms < heft_ms;
    }
    ck_assert_uint_gt(n_heft_is_not, 50);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("algorithm");
    TCase *cases = tcase_create("algorithm");
    tcase_set_timeout(cases, 240);
    tcase_add_test(cases, algorithm_makespans_are_those_published);
    tcase_add_test(cases, algorithm_of_unknown_name_is_answered_by_a_list);
    tcase_add_loop_test(cases, algorithm_schedules_are_valid, 0, 6);
    tcase_add_loop_test(cases, algorithm_bound_of_a_chain_is_its_length, 0, 2);
    tcase_add_test(cases, algorithm_bound_has_the_transfers_of_a_chain_over_links);
    suite_add_tcase(suite, cases);
    TCase *slow = tcase_create("many graphs");
    tcase_set_tags(slow, "slow");
    tcase_set_timeout(slow, 240);
    tcase_add_test(slow, algorithm_search_keeps_schedules_valid_and_never_lengthens);
    tcase_add_test(slow, algorithm_best_is_never_longer_than_any_other_and_repeats);
    tcase_add_test(slow, algorithm_best_is_optimal_on_small_graphs);
    tcase_add_test(slow, algorithm_best_is_six_percent_better_than_heft_on_random_graphs);
    suite_add_tcase(suite, slow);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
