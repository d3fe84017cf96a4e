#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/occupancy.h"
#include "schedule/problem.h"

/* A task's turn: by falling rank; of equal ranks, which tasks without cost have, what is waited for
 * comes first; then the lower index. */
typedef struct turn {
    double rank_ns;
    uint32_t depth;
    uint32_t task;
} turn;

static int
compare_turns(const void *left, const void *right)
{
    const turn *a = left, *b = right;
    if (a->rank_ns != b->rank_ns)
        return a->rank_ns > b->rank_ns ? -1 : 1;
    if (a->depth != b->depth)
        return a->depth < b->depth ? -1 : 1;
    return (a->task > b->task) - (a->task < b->task);
}

static uint32_t
depth_of(const chx__problem *problem, const turn *turns, uint32_t task)
{
    uint32_t depth = 0;
    for (uint32_t i = 0; i < chx__problem_n_predecessors(problem, task); i++) {
        uint32_t before = chx__problem_predecessor(problem, task, i);
        if (before != CHX__NO_TASK && depth <= turns[before].depth)
            depth = turns[before].depth + 1;
    }
    return depth;
}

static chx_status
order_turns(const chx__machine *machine, const chx__problem *problem, turn *turns)
{
    uint32_t *order = chx__alloc(problem->n_tasks, sizeof *order);
    double *rank_ns = chx__alloc(problem->n_tasks, sizeof *rank_ns);
    chx_status status = order && rank_ns ? CHX_OK : chx__fail_memory("ordering tasks");
    if (!status)
        status = chx__upward_ranks(machine, problem, rank_ns);
    if (!status)
        status = chx__problem_order(problem, order, NULL);
    for (uint32_t o = 0; !status && o < problem->n_tasks; o++) {
        uint32_t task = order[o];
        turns[task] = (turn){rank_ns[task], depth_of(problem, turns, task), task};
    }
    if (!status)
        qsort(turns, problem->n_tasks, sizeof *turns, compare_turns);
    free(order);
    free(rank_ns);
    return status;
}

/* Where the task in hand finishes first; of equal lanes the first. ready_ns keeps what each
 * place was found to allow, below zero where none was asked. */
static chx_status
find_placement(chx__occupancy *occupancy, uint32_t task, double *ready_ns, chx__placement *best)
{
    const chx__machine *machine = occupancy->machine;
    const double *cost_ns = occupancy->problem->cost_ns + (size_t)task * machine->n_lanes;
    for (uint32_t p = 0; p < machine->n_places; p++)
        ready_ns[p] = -1.0;
    *best = (chx__placement){CHX__NO_LANE, 0.0, INFINITY};
    for (uint32_t l = 0; l < machine->n_lanes; l++) {
        uint32_t place = machine->lanes[l].place;
        if (machine->lanes[l].role == CHX__ROLE_COPY || !isfinite(cost_ns[l]))
            continue;
        if (ready_ns[place] < 0.0) {
            chx_status status = chx__occupancy_try(occupancy, place, &ready_ns[place]);
            if (status)
                return status;
        }
        double start_ns =
            chx__free_time_find(&occupancy->lanes[l], ready_ns[place], cost_ns[l], best->finish_ns);
        if (start_ns < INFINITY)
            *best = (chx__placement){l, start_ns, start_ns + cost_ns[l]};
    }
    if (best->lane == CHX__NO_LANE)
        return chx__fail(CHX_ERROR_INVALID,
                         "the data of task %u cannot get to any lane that may run it; add a link",
                         task);
    return CHX_OK;
}

static chx_status
place_task(chx__occupancy *occupancy, uint32_t task, double *ready_ns)
{
    chx__placement best;
    chx__occupancy_consider(occupancy, task);
    chx_status status = find_placement(occupancy, task, ready_ns, &best);
    if (status)
        return status;
    /* The best lane's moves again, since other places were tried after it. */
    double ready_again_ns;
    status =
        chx__occupancy_try(occupancy, occupancy->machine->lanes[best.lane].place, &ready_again_ns);
    return status ? status : chx__occupancy_commit(occupancy, task, &best);
}

static chx_status
place_tasks(const chx__machine *machine, const chx__problem *problem, const turn *turns,
            chx__solution *solution)
{
    chx__occupancy occupancy = {0};
    double *ready_ns = chx__alloc(machine->n_places, sizeof *ready_ns);
    chx_status status = ready_ns ? chx__occupancy_init(&occupancy, machine, problem, solution)
                                 : chx__fail_memory("scheduling");
    for (uint32_t i = 0; !status && i < problem->n_tasks; i++)
        status = place_task(&occupancy, turns[i].task, ready_ns);
    chx__occupancy_finish(&occupancy);
    free(ready_ns);
    return status;
}

chx_status
chx__heft(const chx__machine *machine, const chx__problem *problem, chx__solution *solution)
{
    chx_status status = chx__problem_check(machine, problem);
    if (status)
        return status;
    turn *turns = chx__alloc(problem->n_tasks, sizeof *turns);
    chx__solution solving = {.tasks = chx__alloc(problem->n_tasks, sizeof *solving.tasks)};
    status = turns && solving.tasks ? order_turns(machine, problem, turns)
                                    : chx__fail_memory("scheduling");
    if (!status)
        status = place_tasks(machine, problem, turns, &solving);
    free(turns);
    if (status)
        chx__solution_finish(&solving);
    else
        *solution = solving;
    return status;
}
