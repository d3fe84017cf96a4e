/* Simulated annealing over decisions: an order of placement and a lane per task. The placer plays a
 * decision out, so every result is a schedule that obeys contention, rivals and links.
 *
 * What must hold: now.order is topological (draw_position() keeps a task between its neighbours),
 * position is its inverse, and a change knows how to take itself back. A swap of lanes moves no
 * task in the order but the first.
 *
 * Playing stops as soon as a task's finish and tail_ns, the least that must follow it, exceed the
 * limit.
 *
 * Three of four changes are on the critical path of the last accepted decision. Effort is counted
 * in placements, so the same seed gives the same plan everywhere. n_steps of all rounds is shared;
 * each round starts anew from the best.
 *
 * At the end the best is played once more and taken only if it is shorter than what came in, for
 * reading a decision out of a solution need not reproduce it: gaps may be filled in another
 * order. */
#include "schedule/search.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/annealing.h"
#include "schedule/arcs.h"
#include "schedule/order.h"
#include "schedule/placer.h"
#include "schedule/rank.h"
#include "schedule/refine.h"
#include "schedule/sequence.h"

/* A solution as what is decided: the order in which tasks are placed, and their lanes. */
typedef struct decision {
    uint32_t *order;
    uint32_t *lanes; /* by task */
} decision;

typedef struct search {
    const chx__machine *machine;
    const chx__problem *problem;
    chx__arcs arcs;
    chx__placer placer;
    chx__solution trial; /* where decisions are played out */
    decision now, best;
    uint32_t *position; /* of each task in now.order */
    double *tail_ns; /* what has to pass at least after each task */
    uint32_t *critical; /* tasks that the length hung on when last played out */
    uint32_t n_critical;
    uint64_t random;
    uint64_t n_steps;
    double now_ns, best_ns; /* makespans */
} search;

/* One change of a decision, and how to take it back. */
typedef struct change {
    uint32_t task, other; /* other: CHX__NO_TASK where lanes are not swapped */
    uint32_t lane, other_lane; /* before the change */
    uint32_t position; /* before the change */
} change;

static uint32_t
draw(search *of, uint32_t below)
{
    return chx__annealing_draw(&of->random, below);
}

static bool
decision_init(decision *of, uint32_t n_tasks)
{
    of->order = chx__alloc(n_tasks, sizeof *of->order);
    of->lanes = chx__alloc(n_tasks, sizeof *of->lanes);
    return of->order && of->lanes;
}

static void
decision_finish(decision *of)
{
    free(of->order);
    free(of->lanes);
}

static void
decision_copy(decision *to, const decision *from, uint32_t n_tasks)
{
    memcpy(to->order, from->order, n_tasks * sizeof *to->order);
    memcpy(to->lanes, from->lanes, n_tasks * sizeof *to->lanes);
}

static void
search_finish(search *of)
{
    chx__arcs_finish(&of->arcs);
    chx__placer_finish(&of->placer);
    chx__solution_finish(&of->trial);
    decision_finish(&of->now);
    decision_finish(&of->best);
    free(of->position);
    free(of->tail_ns);
    free(of->critical);
}

static double
least_cost_ns(const search *of, uint32_t task)
{
    double least_ns = INFINITY;
    for (uint32_t l = 0; l < of->machine->n_lanes; l++)
        if (chx__lane_allows(of->machine, of->problem, task, l))
            least_ns =
                fmin(least_ns, of->problem->cost_ns[(size_t)task * of->machine->n_lanes + l]);
    return least_ns;
}

/* The decision behind a solution: what begins first was placed first. */
static chx_status
read_decision(search *of, const chx__solution *solution)
{
    uint32_t n = of->problem->n_tasks;
    chx_status status = chx__order_read(of->problem, solution, of->now.order, of->position);
    for (uint32_t t = 0; !status && t < n; t++)
        of->now.lanes[t] = solution->tasks[t].lane;
    for (uint32_t i = n; !status && i-- > 0;) {
        uint32_t task = of->now.order[i];
        for (uint32_t a = of->arcs.begin[task]; a < of->arcs.begin[task + 1]; a++) {
            uint32_t after = of->arcs.arcs[a].task;
            of->tail_ns[task] =
                fmax(of->tail_ns[task], of->tail_ns[after] + least_cost_ns(of, after));
        }
    }
    return status;
}

static chx_status
search_init(search *of, const chx__machine *machine, const chx__problem *problem,
            const chx__solution *solution)
{
    uint32_t n = problem->n_tasks;
    *of = (search){.machine = machine, .problem = problem};
    of->trial.tasks = chx__alloc(n, sizeof *of->trial.tasks);
    of->position = chx__alloc(n, sizeof *of->position);
    of->tail_ns = chx__alloc(n, sizeof *of->tail_ns);
    of->critical = chx__alloc(n, sizeof *of->critical);
    if (!of->trial.tasks || !of->position || !of->tail_ns || !of->critical ||
        !decision_init(&of->now, n) || !decision_init(&of->best, n))
        return chx__fail_memory("scheduling");
    chx_status status = chx__arcs_init(&of->arcs, problem);
    if (!status)
        status = chx__placer_init(&of->placer, machine, problem, CHX__PLACE_IN_GAPS, &of->trial);
    return status ? status : read_decision(of, solution);
}

/* Plays the decision out and gives its makespan; INFINITY as soon as it must exceed the limit. */
static chx_status
play(search *of, double limit_ns, double *makespan_ns)
{
    const chx__problem *problem = of->problem;
    *makespan_ns = INFINITY;
    chx__occupancy_reset(&of->placer.occupancy);
    for (uint32_t i = 0; i < problem->n_tasks; i++) {
        uint32_t task = of->now.order[i];
        bool placed;
        chx_status status = chx__placer_place_on(&of->placer, task, of->now.lanes[task], &placed);
        if (status)
            return status;
        of->n_steps += 1 + chx__problem_n_predecessors(problem, task);
        if (!placed || of->trial.tasks[task].finish_ns + of->tail_ns[task] > limit_ns)
            return CHX_OK;
    }
    *makespan_ns = of->trial.makespan_ns;
    return CHX_OK;
}

/* What a task waited for last: something that it needs, or what was before it on its lane. */
static uint32_t
find_cause(const search *of, uint32_t task)
{
    const chx__placement *tasks = of->trial.tasks;
    uint32_t cause = CHX__NO_TASK;
    double latest_ns = -1.0;
    for (uint32_t i = 0; i < chx__problem_n_predecessors(of->problem, task); i++) {
        uint32_t before = chx__problem_predecessor(of->problem, task, i);
        if (before == CHX__NO_TASK)
            continue;
        double ns = tasks[before].finish_ns;
        if (!of->machine->links && tasks[before].lane != tasks[task].lane &&
            i < of->problem->inputs.begin[task + 1] - of->problem->inputs.begin[task])
            ns += (double)of->problem
                      ->items[of->problem->inputs.index[of->problem->inputs.begin[task] + i]]
                      .bytes;
        if (ns > latest_ns) {
            latest_ns = ns;
            cause = before;
        }
    }
    for (uint32_t t = 0; t < of->problem->n_tasks; t++) {
        if (tasks[t].lane != tasks[task].lane || t == task ||
            tasks[t].finish_ns > tasks[task].start_ns || tasks[t].start_ns >= tasks[t].finish_ns ||
            tasks[t].finish_ns <= latest_ns)
            continue;
        latest_ns = tasks[t].finish_ns;
        cause = t;
    }
    return cause;
}

static void
find_critical(search *of)
{
    uint32_t task = 0;
    for (uint32_t t = 1; t < of->problem->n_tasks; t++)
        if (of->trial.tasks[t].finish_ns > of->trial.tasks[task].finish_ns)
            task = t;
    of->n_critical = 0;
    while (task != CHX__NO_TASK && of->n_critical < of->problem->n_tasks) {
        of->critical[of->n_critical++] = task;
        task = find_cause(of, task);
    }
    /* Looking at a task is a small part of placing it, but all of them are looked at. */
    of->n_steps += (uint64_t)of->n_critical * of->problem->n_tasks / 32;
}

/* Between what it waits for and what waits for it. */
static uint32_t
draw_position(search *of, uint32_t task)
{
    uint32_t low = 0, high = of->problem->n_tasks - 1;
    for (uint32_t i = 0; i < chx__problem_n_predecessors(of->problem, task); i++) {
        uint32_t before = chx__problem_predecessor(of->problem, task, i);
        if (before != CHX__NO_TASK && low <= of->position[before])
            low = of->position[before] + 1;
    }
    for (uint32_t a = of->arcs.begin[task]; a < of->arcs.begin[task + 1]; a++) {
        uint32_t after = of->position[of->arcs.arcs[a].task];
        if (high >= after)
            high = after - 1;
    }
    assert(low <= high);
    return low + draw(of, high - low + 1);
}

/* Another lane that may run the task, or its own when a few draws find none. */
static uint32_t
draw_lane(search *of, uint32_t task)
{
    for (int attempt = 0; attempt < 8; attempt++) {
        uint32_t lane = draw(of, of->machine->n_lanes);
        if (lane != of->now.lanes[task] && chx__lane_allows(of->machine, of->problem, task, lane))
            return lane;
    }
    return of->now.lanes[task];
}

static change
make_change(search *of)
{
    uint32_t n = of->problem->n_tasks;
    uint32_t task =
        of->n_critical && draw(of, 4) ? of->critical[draw(of, of->n_critical)] : draw(of, n);
    change made = {task, CHX__NO_TASK, of->now.lanes[task], 0, of->position[task]};
    uint32_t kind = draw(of, 8), other = draw(of, n);
    if (kind == 0 && of->now.lanes[other] != made.lane &&
        chx__lane_allows(of->machine, of->problem, task, of->now.lanes[other]) &&
        chx__lane_allows(of->machine, of->problem, other, made.lane)) {
        made.other = other;
        made.other_lane = of->now.lanes[other];
        of->now.lanes[task] = made.other_lane;
        of->now.lanes[other] = made.lane;
    } else if (kind < 6) {
        of->now.lanes[task] = draw_lane(of, task);
    }
    if (kind >= 3)
        chx__order_shift(of->now.order, of->position, task, draw_position(of, task));
    return made;
}

static void
take_back(search *of, const change *made)
{
    chx__order_shift(of->now.order, of->position, made->task, made->position);
    of->now.lanes[made->task] = made->lane;
    if (made->other != CHX__NO_TASK)
        of->now.lanes[made->other] = made->other_lane;
}

static chx_status
try_change(search *of, double temperature_ns)
{
    change made = make_change(of);
    double limit_ns = chx__annealing_limit(&of->random, of->now_ns, temperature_ns);
    double makespan_ns;
    of->n_steps++;
    chx_status status = play(of, limit_ns, &makespan_ns);
    if (status || !(makespan_ns <= limit_ns)) {
        take_back(of, &made);
        return status;
    }
    of->now_ns = makespan_ns;
    find_critical(of);
    if (makespan_ns < of->best_ns) {
        of->best_ns = makespan_ns;
        decision_copy(&of->best, &of->now, of->problem->n_tasks);
    }
    return CHX_OK;
}

static void
return_to_best(search *of)
{
    decision_copy(&of->now, &of->best, of->problem->n_tasks);
    of->now_ns = of->best_ns;
    for (uint32_t i = 0; i < of->problem->n_tasks; i++)
        of->position[of->now.order[i]] = i;
}

static chx_status
anneal(search *of, uint64_t n_steps)
{
    chx_status status = CHX_OK;
    for (uint32_t round = 0; !status && round < CHX__N_ROUNDS; round++) {
        uint64_t begin = of->n_steps, end = n_steps / CHX__N_ROUNDS * (round + 1);
        double first_ns = chx__temperatures[round] * of->best_ns / of->problem->n_tasks;
        while (!status && of->n_steps < end) {
            double left = (double)(end - of->n_steps) / (double)(end - begin);
            status = try_change(of, first_ns * left);
        }
        return_to_best(of);
    }
    return status;
}

chx_status
chx__search(const chx__machine *machine, const chx__problem *problem,
            const chx__search_params *params, chx__solution *solution)
{
    if (chx__sequence_fits(machine))
        return chx__refine(machine, problem, params, solution);
    if (!chx__annealing_pays(problem, params->n_steps))
        return CHX_OK;
    search of;
    chx_status status = search_init(&of, machine, problem, solution);
    of.random = params->seed;
    if (!status)
        status = play(&of, INFINITY, &of.now_ns);
    if (!status && of.now_ns < INFINITY) {
        find_critical(&of);
        of.best_ns = of.now_ns;
        decision_copy(&of.best, &of.now, problem->n_tasks);
        status = anneal(&of, params->n_steps);
        if (!status)
            status = play(&of, INFINITY, &of.now_ns);
        if (!status && of.now_ns < solution->makespan_ns) {
            chx__solution found = of.trial;
            of.trial = *solution;
            *solution = found;
        }
    }
    search_finish(&of);
    return status;
}
