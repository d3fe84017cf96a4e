/* Critical path on a processor (Topcuoglu, Hariri and Wu 2002, doi:10.1109/71.993206): a task's
 * priority is the longest way through it, upward plus downward rank; those of the path with the
 * highest go to the one lane where their costs sum up least. The walk along the path takes the
 * next task of the highest priority instead of comparing for equality, which rounding would
 * break. Where no lane may run all of the path, or data cannot get there, a task is placed like
 * any other. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/algorithm.h"
#include "schedule/arcs.h"
#include "schedule/placer.h"
#include "schedule/rank.h"

typedef struct cpop {
    uint32_t *order;
    double *upward_ns;
    double *downward_ns;
    double *priority; /* the longest way through each task, ns */
    uint32_t *n_waits; /* what each task waits for */
    bool *critical;
    chx__arcs arcs;
} cpop;

static void
cpop_finish(cpop *of)
{
    free(of->order);
    free(of->upward_ns);
    free(of->downward_ns);
    free(of->priority);
    free(of->n_waits);
    free(of->critical);
    chx__arcs_finish(&of->arcs);
}

/* The longest way from an entry to the start of each task (Topcuoglu 2002, eq. 4). order is
 * topological. */
static void
find_downward_ranks(const chx__machine *machine, const chx__problem *problem, const uint32_t *order,
                    const chx__arcs *arcs, double *downward_ns)
{
    chx__mean_link link = chx__mean_link_of(machine);
    for (uint32_t o = 0; o < problem->n_tasks; o++) {
        uint32_t task = order[o];
        double end_ns = downward_ns[task] + chx__mean_cost_ns(machine, problem, task);
        for (uint32_t a = arcs->begin[task]; a < arcs->begin[task + 1]; a++) {
            const chx__arc *arc = &arcs->arcs[a];
            double ns = end_ns;
            if (arc->item != CHX__NO_ITEM)
                ns += chx__mean_transfer_ns(&link, &problem->items[arc->item]);
            downward_ns[arc->task] = fmax(downward_ns[arc->task], ns);
        }
    }
}

/* Follows the tasks of highest priority from an entry to an end. */
static void
mark_critical_path(const chx__problem *problem, cpop *of)
{
    uint32_t task = CHX__NO_TASK;
    for (uint32_t t = 0; t < problem->n_tasks; t++) {
        bool entry = of->n_waits[t] == 0;
        if (entry && (task == CHX__NO_TASK || of->priority[t] > of->priority[task]))
            task = t;
    }
    while (task != CHX__NO_TASK) {
        uint32_t next = CHX__NO_TASK;
        of->critical[task] = true;
        for (uint32_t a = of->arcs.begin[task]; a < of->arcs.begin[task + 1]; a++) {
            uint32_t after = of->arcs.arcs[a].task;
            if (next == CHX__NO_TASK || of->priority[after] > of->priority[next])
                next = after;
        }
        task = next;
    }
}

/* Where the critical tasks cost least together; CHX__NO_LANE when no lane may run them all. */
static uint32_t
find_critical_lane(const chx__machine *machine, const chx__problem *problem, const bool *critical)
{
    uint32_t best = CHX__NO_LANE;
    double least_ns = INFINITY;
    for (uint32_t l = 0; l < machine->n_lanes; l++) {
        double sum_ns = 0.0;
        for (uint32_t t = 0; t < problem->n_tasks; t++) {
            if (!critical[t])
                continue;
            sum_ns += chx__lane_allows(machine, problem, t, l)
                          ? problem->cost_ns[(size_t)t * machine->n_lanes + l]
                          : INFINITY;
        }
        if (sum_ns < least_ns) {
            least_ns = sum_ns;
            best = l;
        }
    }
    return best;
}

static chx_status
prepare(const chx__machine *machine, const chx__problem *problem, cpop *of)
{
    uint32_t n = problem->n_tasks;
    *of = (cpop){.order = chx__alloc(n, sizeof *of->order),
                 .upward_ns = chx__alloc(n, sizeof *of->upward_ns),
                 .downward_ns = chx__alloc(n, sizeof *of->downward_ns),
                 .priority = chx__alloc(n, sizeof *of->priority),
                 .n_waits = chx__alloc(n, sizeof *of->n_waits),
                 .critical = chx__alloc(n, sizeof *of->critical)};
    if (!of->order || !of->upward_ns || !of->downward_ns || !of->priority || !of->n_waits ||
        !of->critical)
        return chx__fail_memory("scheduling");
    chx_status status = chx__upward_ranks(machine, problem, of->upward_ns);
    if (!status)
        status = chx__problem_order(problem, of->order, NULL);
    if (!status)
        status = chx__arcs_init(&of->arcs, problem);
    if (status)
        return status;
    find_downward_ranks(machine, problem, of->order, &of->arcs, of->downward_ns);
    for (uint32_t t = 0; t < n; t++) {
        of->priority[t] = of->upward_ns[t] + of->downward_ns[t];
        of->n_waits[t] = chx__problem_n_waits(problem, t);
    }
    mark_critical_path(problem, of);
    return chx__priority_order(problem, of->priority, of->order);
}

static chx_status
place_critical_path_together(chx__placer *placer)
{
    const chx__problem *problem = placer->problem;
    cpop of;
    chx_status status = prepare(placer->machine, problem, &of);
    uint32_t lane = CHX__NO_LANE;
    if (!status)
        lane = find_critical_lane(placer->machine, problem, of.critical);
    for (uint32_t i = 0; !status && i < problem->n_tasks; i++) {
        uint32_t task = of.order[i];
        bool placed = false;
        if (of.critical[task] && lane != CHX__NO_LANE)
            status = chx__placer_place_on(placer, task, lane, &placed);
        if (!status && !placed)
            status = chx__placer_place(placer, task, NULL);
    }
    cpop_finish(&of);
    return status;
}

chx_status
chx__cpop(const chx__machine *machine, const chx__problem *problem, chx__solution *solution)
{
    return chx__placer_solve(machine, problem, CHX__PLACE_IN_GAPS, place_critical_path_together,
                             solution);
}
