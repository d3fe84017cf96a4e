/* One placement: the earliest finish over all lanes that may run the task, transfers included.
 *
 * A place is tried once, its lanes share the result (ready_ns, negative until asked). A search in
 * free time is cut off at the finish of the best so far, and only a strictly earlier one replaces
 * it: of equal lanes the first wins, on every machine. With penalties the limit shifts by the
 * lane's.
 *
 * find() leaves the occupancy's `tried` at the last place it looked at; commit() tries the
 * chosen one again. Tasks must come in an order in which each follows all that it waits for.
 * Solve() owns placer and solution and hands out whole solutions only. */
#include "schedule/placer.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/rank.h"

chx_status
chx__placer_init(chx__placer *placer, const chx__machine *machine, const chx__problem *problem,
                 chx__placing placing, chx__solution *solution)
{
    *placer = (chx__placer){.machine = machine,
                            .problem = problem,
                            .placing = placing,
                            .ready_ns = chx__alloc(machine->n_places, sizeof *placer->ready_ns)};
    if (!placer->ready_ns)
        return chx__fail_memory("scheduling");
    return chx__occupancy_init(&placer->occupancy, machine, problem, solution);
}

void
chx__placer_finish(chx__placer *placer)
{
    if (placer->machine)
        chx__occupancy_finish(&placer->occupancy);
    free(placer->ready_ns);
    *placer = (chx__placer){0};
}

/* The start on a lane, INFINITY when the task would not finish before limit_ns. */
static double
find_start(const chx__placer *placer, uint32_t lane, double ready_ns, double cost_ns,
           double limit_ns)
{
    const chx__free_time *time = &placer->occupancy.lanes[lane];
    if (placer->placing == CHX__PLACE_AT_END)
        ready_ns = fmax(ready_ns, chx__free_time_end(time));
    return chx__free_time_find(time, ready_ns, cost_ns, limit_ns);
}

chx_status
chx__placer_find(chx__placer *placer, uint32_t task, const double *penalty_ns, chx__placement *best)
{
    const chx__machine *machine = placer->machine;
    const double *cost_ns = placer->problem->cost_ns + (size_t)task * machine->n_lanes;
    double least_ns = INFINITY;
    chx__occupancy_consider(&placer->occupancy, task);
    for (uint32_t p = 0; p < machine->n_places; p++)
        placer->ready_ns[p] = -1.0;
    *best = (chx__placement){CHX__NO_LANE, 0.0, INFINITY};
    for (uint32_t l = 0; l < machine->n_lanes; l++) {
        double *ready_ns = &placer->ready_ns[machine->lanes[l].place];
        if (!chx__lane_allows(machine, placer->problem, task, l))
            continue;
        if (*ready_ns < 0.0) {
            chx_status status =
                chx__occupancy_try(&placer->occupancy, machine->lanes[l].place, ready_ns);
            if (status)
                return status;
        }
        double penalty = penalty_ns ? penalty_ns[l] : 0.0;
        double start_ns = find_start(placer, l, *ready_ns, cost_ns[l], least_ns - penalty);
        if (start_ns == INFINITY)
            continue;
        *best = (chx__placement){l, start_ns, start_ns + cost_ns[l]};
        least_ns = best->finish_ns + penalty;
    }
    if (best->lane == CHX__NO_LANE)
        return chx__fail(CHX_ERROR_INVALID,
                         "the data of task %u cannot get to any lane that may run it; add a link",
                         task);
    return CHX_OK;
}

chx_status
chx__placer_commit(chx__placer *placer, uint32_t task, const chx__placement *placement)
{
    /* The lane's moves again, since other places were tried after it. */
    double ready_again_ns;
    chx_status status = chx__occupancy_try(
        &placer->occupancy, placer->machine->lanes[placement->lane].place, &ready_again_ns);
    assert(status || ready_again_ns <= placement->start_ns);
    return status ? status : chx__occupancy_commit(&placer->occupancy, task, placement);
}

chx_status
chx__placer_place(chx__placer *placer, uint32_t task, const double *penalty_ns)
{
    chx__placement best;
    chx_status status = chx__placer_find(placer, task, penalty_ns, &best);
    return status ? status : chx__placer_commit(placer, task, &best);
}

chx_status
chx__placer_place_on(chx__placer *placer, uint32_t task, uint32_t lane, bool *placed)
{
    chx__occupancy *occupancy = &placer->occupancy;
    double cost_ns = placer->problem->cost_ns[(size_t)task * placer->machine->n_lanes + lane];
    double ready_ns;
    chx__occupancy_consider(occupancy, task);
    chx_status status =
        chx__occupancy_try(occupancy, placer->machine->lanes[lane].place, &ready_ns);
    if (status)
        return status;
    *placed = ready_ns < INFINITY && chx__lane_allows(placer->machine, placer->problem, task, lane);
    if (!*placed)
        return CHX_OK;
    double start_ns = find_start(placer, lane, ready_ns, cost_ns, INFINITY);
    return chx__occupancy_commit(occupancy, task,
                                 &(chx__placement){lane, start_ns, start_ns + cost_ns});
}

chx_status
chx__placer_solve(const chx__machine *machine, const chx__problem *problem, chx__placing placing,
                  chx_status (*place)(chx__placer *placer), chx__solution *solution)
{
    chx_status status = chx__problem_check(machine, problem);
    if (status)
        return status;
    chx__placer placer = {0};
    chx__solution solving = {.tasks = chx__alloc(problem->n_tasks, sizeof *solving.tasks)};
    status = solving.tasks ? chx__placer_init(&placer, machine, problem, placing, &solving)
                           : chx__fail_memory("scheduling");
    if (!status)
        status = place(&placer);
    chx__placer_finish(&placer);
    if (status)
        chx__solution_finish(&solving);
    else
        *solution = solving;
    return status;
}
