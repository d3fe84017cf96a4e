/* Heterogeneous earliest finish time (Topcuoglu, Hariri and Wu 2002, doi:10.1109/71.993206):
 * tasks by falling upward rank, each where it finishes first. All of the substance is in rank.c
 * and placer.c. The placer's transfers contend for lanes, which the paper's do not, so makespans
 * agree with the literature in the classical model only (a machine without links). */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/algorithm.h"
#include "schedule/placer.h"
#include "schedule/rank.h"

static chx_status
place_by_rank(chx__placer *placer)
{
    const chx__problem *problem = placer->problem;
    uint32_t *order = chx__alloc(problem->n_tasks, sizeof *order);
    chx_status status =
        order ? chx__rank_order(placer->machine, problem, order) : chx__fail_memory("scheduling");
    for (uint32_t i = 0; !status && i < problem->n_tasks; i++)
        status = chx__placer_place(placer, order[i], NULL);
    free(order);
    return status;
}

chx_status
chx__heft(const chx__machine *machine, const chx__problem *problem, chx__solution *solution)
{
    return chx__placer_solve(machine, problem, CHX__PLACE_IN_GAPS, place_by_rank, solution);
}

chx_status
chx__heft_no_insertion(const chx__machine *machine, const chx__problem *problem,
                       chx__solution *solution)
{
    return chx__placer_solve(machine, problem, CHX__PLACE_AT_END, place_by_rank, solution);
}
