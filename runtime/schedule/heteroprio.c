/* In the manner of HeteroPrio (Agullo 2016): the lane that is free first picks the ready task
 * that it is relatively best at, most urgent first among equals. Here a lane yields when that
 * task would finish sooner elsewhere; when all lanes have yielded, the most urgent task goes
 * where it finishes first, so every round places one task and the loop ends. `ready` is
 * unordered; ties are broken by rank, then by the place in it, which is the same in every run. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/algorithm.h"
#include "schedule/arcs.h"
#include "schedule/placer.h"
#include "schedule/rank.h"

typedef struct heteroprio {
    chx__placer *placer;
    double *least_ns; /* each task's cheapest cost */
    double *rank_ns;
    uint32_t *n_waits;
    uint32_t *ready;
    size_t n_ready;
    bool *refused; /* lanes that leave every ready task to others */
    chx__arcs arcs;
} heteroprio;

static double
cost_of(const heteroprio *of, uint32_t task, uint32_t lane)
{
    return of->placer->problem->cost_ns[(size_t)task * of->placer->machine->n_lanes + lane];
}

static bool
allows(const heteroprio *of, uint32_t task, uint32_t lane)
{
    return chx__lane_allows(of->placer->machine, of->placer->problem, task, lane);
}

static void
find_least(heteroprio *of, uint32_t task)
{
    of->least_ns[task] = INFINITY;
    for (uint32_t l = 0; l < of->placer->machine->n_lanes; l++)
        if (allows(of, task, l))
            of->least_ns[task] = fmin(of->least_ns[task], cost_of(of, task, l));
}

/* How much longer the task would take elsewhere; whatever no other lane is better at counts the
 * same, so that its urgency decides. */
static double
affinity(const heteroprio *of, uint32_t task, uint32_t lane)
{
    double ns = cost_of(of, task, lane);
    return ns <= of->least_ns[task] ? 1.0 : of->least_ns[task] / ns;
}

/* The index in ready of the task that a lane is relatively best at; of equal ones the most
 * urgent. n_ready when it may run none. */
static size_t
pick_task(const heteroprio *of, uint32_t lane)
{
    size_t best = of->n_ready;
    double best_affinity = 0.0;
    for (size_t i = 0; i < of->n_ready; i++) {
        uint32_t task = of->ready[i];
        if (!allows(of, task, lane))
            continue;
        double value = affinity(of, task, lane);
        bool more_urgent = best < of->n_ready && value == best_affinity &&
                           of->rank_ns[task] > of->rank_ns[of->ready[best]];
        if (best < of->n_ready && value <= best_affinity && !more_urgent)
            continue;
        best = i;
        best_affinity = value;
    }
    return best;
}

static double
end_of(const heteroprio *of, uint32_t lane)
{
    return chx__free_time_end(&of->placer->occupancy.lanes[lane]);
}

static uint32_t
pick_lane(const heteroprio *of)
{
    uint32_t best = CHX__NO_LANE;
    for (uint32_t l = 0; l < of->placer->machine->n_lanes; l++)
        if (!of->refused[l] && of->placer->machine->lanes[l].role != CHX__ROLE_COPY &&
            (best == CHX__NO_LANE || end_of(of, l) < end_of(of, best)))
            best = l;
    return best;
}

/* The ready task of highest rank, which goes to where it finishes first when no lane asks for
 * any. */
static size_t
most_urgent(const heteroprio *of)
{
    size_t best = 0;
    for (size_t i = 1; i < of->n_ready; i++)
        if (of->rank_ns[of->ready[i]] > of->rank_ns[of->ready[best]])
            best = i;
    return best;
}

static chx_status
place_next(heteroprio *of, size_t *index)
{
    for (uint32_t l = 0; l < of->placer->machine->n_lanes; l++)
        of->refused[l] = false;
    for (uint32_t lane = pick_lane(of); lane != CHX__NO_LANE; lane = pick_lane(of)) {
        chx__placement placement = {CHX__NO_LANE, 0.0, 0.0};
        chx_status status = CHX_OK;
        *index = pick_task(of, lane);
        if (*index < of->n_ready)
            status = chx__placer_find(of->placer, of->ready[*index], NULL, &placement);
        if (!status && placement.lane == lane)
            status = chx__placer_commit(of->placer, of->ready[*index], &placement);
        if (status || placement.lane == lane)
            return status;
        of->refused[lane] = true;
    }
    *index = most_urgent(of);
    return chx__placer_place(of->placer, of->ready[*index], NULL);
}

static chx_status
prepare(heteroprio *of)
{
    const chx__problem *problem = of->placer->problem;
    uint32_t n = problem->n_tasks;
    of->least_ns = chx__alloc(n, sizeof *of->least_ns);
    of->rank_ns = chx__alloc(n, sizeof *of->rank_ns);
    of->n_waits = chx__alloc(n, sizeof *of->n_waits);
    of->ready = chx__alloc(n, sizeof *of->ready);
    of->refused = chx__alloc(of->placer->machine->n_lanes, sizeof *of->refused);
    if (!of->least_ns || !of->rank_ns || !of->n_waits || !of->ready || !of->refused)
        return chx__fail_memory("scheduling");
    chx_status status = chx__upward_ranks(of->placer->machine, problem, of->rank_ns);
    if (!status)
        status = chx__arcs_init(&of->arcs, problem);
    for (uint32_t t = 0; !status && t < n; t++) {
        find_least(of, t);
        of->n_waits[t] = chx__problem_n_waits(problem, t);
        if (!of->n_waits[t])
            of->ready[of->n_ready++] = t;
    }
    return status;
}

static chx_status
place_by_affinity(chx__placer *placer)
{
    heteroprio of = {.placer = placer};
    chx_status status = prepare(&of);
    while (!status && of.n_ready > 0) {
        size_t index;
        status = place_next(&of, &index);
        uint32_t task = of.ready[index];
        of.ready[index] = of.ready[--of.n_ready];
        for (uint32_t a = of.arcs.begin[task]; a < of.arcs.begin[task + 1]; a++)
            if (--of.n_waits[of.arcs.arcs[a].task] == 0)
                of.ready[of.n_ready++] = of.arcs.arcs[a].task;
        assert(of.n_ready <= placer->problem->n_tasks);
    }
    free(of.least_ns);
    free(of.rank_ns);
    free(of.n_waits);
    free(of.ready);
    free(of.refused);
    chx__arcs_finish(&of.arcs);
    return status;
}

chx_status
chx__heteroprio(const chx__machine *machine, const chx__problem *problem, chx__solution *solution)
{
    return chx__placer_solve(machine, problem, CHX__PLACE_IN_GAPS, place_by_affinity, solution);
}
