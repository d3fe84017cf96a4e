/* Random machines and task graphs for tests of schedulers, and what every solution must satisfy. */
#ifndef CHX_TESTS_INSTANCE_H
#define CHX_TESTS_INSTANCE_H

#include <check.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

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
        in->items[i] =
            (chx__item){.bytes = draw(40),
                        .producer = entry ? CHX__NO_TASK : draw(n),
                        .entry_places = chx__places_from_bits(entry ? 1 + draw(places) : 0)};
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

/* As ck_assert(), which is too slow to be called a million times. */
#define MUST(condition)                     \
    do {                                    \
        if (!(condition))                   \
            ck_abort_msg("%s", #condition); \
    } while (0)

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
                MUST(!overlap(x->start_ns, x->finish_ns, y->start_ns, y->finish_ns));
        }
    for (size_t a = 0; a < solution->n_moves; a++)
        for (size_t b = a + 1; b < solution->n_moves; b++) {
            const chx__move *x = &solution->moves[a], *y = &solution->moves[b];
            if (x->lane == y->lane && x->lane != CHX__NO_LANE)
                MUST(!overlap(x->start_ns, x->finish_ns, y->start_ns, y->finish_ns));
        }
}

/* When an item is at a place by what the solution says, replayed from nothing. */
static double
present_from(const instance *in, const chx__solution *solution, uint32_t item, uint32_t place,
             size_t n_moves)
{
    const chx__item *of = &in->items[item];
    if (of->producer == CHX__NO_TASK && chx__places_have(of->entry_places, place))
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
        MUST(link->exists);
        MUST(link->lane == move->lane);
        MUST(move->start_ns >= present_from(in, solution, move->item, move->from, m));
        MUST(present_from(in, solution, move->item, move->to, m) == INFINITY);
        MUST(move->finish_ns ==
             move->start_ns +
                 (link->latency_ns + (double)in->items[move->item].bytes * link->ns_per_byte));
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
        MUST(placed->start_ns >= from);
    }
    for (uint32_t i = in->after_begin[task]; i < in->after_begin[task + 1]; i++)
        MUST(placed->start_ns >= solution->tasks[in->after[i]].finish_ns);
}

static void
ck_solution(const instance *in, const chx__solution *solution)
{
    double makespan_ns = 0.0;
    for (uint32_t t = 0; t < in->problem.n_tasks; t++) {
        const chx__placement *placed = &solution->tasks[t];
        MUST(placed->lane < in->machine.n_lanes);
        MUST(in->lanes[placed->lane].role != CHX__ROLE_COPY);
        double cost_ns = in->cost_ns[t * in->machine.n_lanes + placed->lane];
        MUST(placed->start_ns >= 0.0 && isfinite(cost_ns));
        MUST(placed->finish_ns == placed->start_ns + cost_ns);
        ck_inputs_are_there(in, solution, t);
        makespan_ns = fmax(makespan_ns, placed->finish_ns);
    }
    MUST(solution->makespan_ns == makespan_ns);
    ck_lanes_are_exclusive(in, solution);
    ck_moves_are_sound(in, solution);
}

#endif
