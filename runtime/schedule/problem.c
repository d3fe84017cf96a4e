/* Checks on machines and problems, which come from files and callers, and topological order. After
 * the check all indices are in range, every task may run somewhere and costs are no NaN; all code
 * behind it relies on that. Acyclic is what chx__problem_order() finds, not the check.
 *
 * The order is filled from its end, by counts of dependants not yet ordered, with the array
 * itself as the queue. What is left over has a dependant that is left over too, so following
 * those n times ends inside a cycle, of which one task is told. */
#include "schedule/problem.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

static bool
is_cost(double ns)
{
    return isfinite(ns) && ns >= 0.0;
}

static chx_status
check_links(const chx__machine *machine)
{
    if (!machine->links)
        return CHX_OK;
    /* The places of an item at time 0 are bits of one word. */
    CHX__REQUIRE(machine->n_places <= CHX__MAX_PLACES);
    size_t n_links = (size_t)machine->n_places * machine->n_places;
    for (size_t i = 0; i < n_links; i++) {
        const chx__link *link = &machine->links[i];
        if (!link->exists)
            continue;
        CHX__REQUIRE(is_cost(link->latency_ns) && is_cost(link->ns_per_byte));
        if (link->lane == CHX__NO_LANE)
            continue;
        CHX__REQUIRE(link->lane < machine->n_lanes);
        CHX__REQUIRE(machine->lanes[link->lane].role == CHX__ROLE_COPY);
    }
    return CHX_OK;
}

static chx_status
check_machine(const chx__machine *machine)
{
    CHX__REQUIRE(machine->n_places >= 1 && machine->n_lanes >= 1);
    for (uint32_t l = 0; l < machine->n_lanes; l++)
        CHX__REQUIRE(machine->lanes[l].place < machine->n_places);
    return check_links(machine);
}

static chx_status
check_rows(const chx__problem *problem, const chx__rows *rows, uint32_t limit)
{
    CHX__REQUIRE(rows->begin[0] == 0);
    for (uint32_t t = 0; t < problem->n_tasks; t++)
        CHX__REQUIRE(rows->begin[t] <= rows->begin[t + 1]);
    for (uint32_t i = 0; i < rows->begin[problem->n_tasks]; i++)
        CHX__REQUIRE(rows->index[i] < limit);
    return CHX_OK;
}

static chx_status
check_items(const chx__problem *problem)
{
    for (uint32_t i = 0; i < problem->n_items; i++) {
        const chx__item *item = &problem->items[i];
        if (item->producer == CHX__NO_TASK)
            CHX__REQUIRE(!chx__places_is_empty(item->entry_places));
        else
            CHX__REQUIRE(item->producer < problem->n_tasks);
    }
    return CHX_OK;
}

static chx_status
check_costs(const chx__machine *machine, const chx__problem *problem)
{
    for (uint32_t t = 0; t < problem->n_tasks; t++) {
        const double *cost_ns = problem->cost_ns + (size_t)t * machine->n_lanes;
        bool allowed = false;
        for (uint32_t l = 0; l < machine->n_lanes; l++) {
            if (!(cost_ns[l] >= 0.0))
                return chx__fail(CHX_ERROR_INVALID,
                                 "task %u costs %g ns on lane %u; a cost is zero or more", t,
                                 cost_ns[l], l);
            allowed = allowed || (machine->lanes[l].role != CHX__ROLE_COPY && isfinite(cost_ns[l]));
        }
        if (!allowed)
            return chx__fail(CHX_ERROR_INVALID,
                             "no lane may run task %u; give it a finite cost on one", t);
    }
    return CHX_OK;
}

chx_status
chx__problem_check(const chx__machine *machine, const chx__problem *problem)
{
    chx_status status = check_machine(machine);
    if (!status)
        status = check_rows(problem, &problem->inputs, problem->n_items);
    if (!status)
        status = check_rows(problem, &problem->after, problem->n_tasks);
    if (!status)
        status = check_items(problem);
    if (!status)
        status = check_costs(machine, problem);
    return status;
}

uint32_t
chx__problem_n_predecessors(const chx__problem *problem, uint32_t task)
{
    return problem->inputs.begin[task + 1] - problem->inputs.begin[task] +
           problem->after.begin[task + 1] - problem->after.begin[task];
}

uint32_t
chx__problem_predecessor(const chx__problem *problem, uint32_t task, uint32_t i)
{
    uint32_t n_inputs = problem->inputs.begin[task + 1] - problem->inputs.begin[task];
    if (i < n_inputs)
        return problem->items[problem->inputs.index[problem->inputs.begin[task] + i]].producer;
    return problem->after.index[problem->after.begin[task] + i - n_inputs];
}

uint32_t
chx__problem_n_waits(const chx__problem *problem, uint32_t task)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < chx__problem_n_predecessors(problem, task); i++)
        n += chx__problem_predecessor(problem, task, i) != CHX__NO_TASK;
    return n;
}

/* Every task that was not removed has a dependant that was not either, so following those
 * arrives in a cycle. next is scratch. */
static uint32_t
find_cycle(const chx__problem *problem, const uint32_t *n_dependants, uint32_t *next)
{
    uint32_t task = CHX__NO_TASK;
    for (uint32_t t = 0; t < problem->n_tasks; t++) {
        if (!n_dependants[t])
            continue;
        task = t;
        for (uint32_t i = 0; i < chx__problem_n_predecessors(problem, t); i++) {
            uint32_t before = chx__problem_predecessor(problem, t, i);
            if (before != CHX__NO_TASK)
                next[before] = t;
        }
    }
    for (uint32_t step = 0; step < problem->n_tasks; step++)
        task = next[task];
    return task;
}

chx_status
chx__problem_order(const chx__problem *problem, uint32_t *order, uint32_t *cyclic)
{
    uint32_t *n_dependants = chx__alloc(problem->n_tasks, sizeof *n_dependants);
    if (!n_dependants)
        return chx__fail_memory("ordering tasks");
    for (uint32_t t = 0; t < problem->n_tasks; t++) {
        for (uint32_t i = 0; i < chx__problem_n_predecessors(problem, t); i++) {
            uint32_t before = chx__problem_predecessor(problem, t, i);
            if (before != CHX__NO_TASK)
                n_dependants[before]++;
        }
    }
    /* The order is filled from its end: [next, n_tasks) stands, [ready, n_tasks) is done. */
    uint32_t next = problem->n_tasks;
    for (uint32_t t = problem->n_tasks; t-- > 0;)
        if (!n_dependants[t])
            order[--next] = t;
    for (uint32_t ready = problem->n_tasks; ready > next;) {
        uint32_t task = order[--ready];
        for (uint32_t i = 0; i < chx__problem_n_predecessors(problem, task); i++) {
            uint32_t before = chx__problem_predecessor(problem, task, i);
            if (before != CHX__NO_TASK && --n_dependants[before] == 0)
                order[--next] = before;
        }
    }
    assert(next <= problem->n_tasks);
    chx_status status = CHX_OK;
    if (next > 0) {
        uint32_t task = find_cycle(problem, n_dependants, order);
        if (cyclic)
            *cyclic = task;
        status = chx__fail(CHX_ERROR_CYCLE, "task %u waits for itself through others", task);
    }
    free(n_dependants);
    return status;
}

void
chx__solution_finish(chx__solution *solution)
{
    free(solution->tasks);
    free(solution->moves);
    *solution = (chx__solution){0};
}
