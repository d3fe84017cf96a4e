/* HEFT with one step of lookahead (Bittencourt, Sakellariou and Madeira 2010,
 * doi:10.1109/PDP.2010.56): a task goes where the last of those that wait for it would finish
 * first.
 *
 * The task itself is tried exactly, with its transfers on their lanes. The step ahead is estimated:
 * moves take their time but wait for no lane, and a dependant's other inputs are taken where they
 * are or, if a producer is not placed yet, are left out. Exact trials would cost a whole placement
 * per pair of lanes.
 *
 * For each candidate lane the dependants are laid one after another, in the order of their
 * turns, around committed work and each other (`ahead`, a row per lane). Nothing of it is
 * committed; only the task itself is. Cost is four times arcs x lanes^2, which best.c counts on.
 * INFINITY means "no way" throughout: a lane from which nothing can go on scores it, and when
 * all do, the task alone decides. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/algorithm.h"
#include "schedule/arcs.h"
#include "schedule/placer.h"
#include "schedule/rank.h"

typedef struct lookahead {
    chx__placer *placer;
    chx__arcs arcs;
    uint32_t *order; /* tasks by turn */
    uint32_t *turns; /* by task */
    bool *placed;
    chx__placement *candidates; /* n_lanes: the task in hand on each; no lane where it cannot be */
    double *score_ns; /* n_lanes: when the last dependant would finish */
    double *ready_ns; /* n_places: when a dependant could start there, the task in hand aside */
    double *carry_ns; /* n_places: what moving what the task in hand writes to there takes */
    uint32_t *dependants; /* turns of those that wait for the task in hand, rising */
    uint32_t n_dependants;
    size_t dependants_capacity;
    chx__placement *ahead; /* n_lanes x n_dependants: where those would go */
    size_t ahead_capacity;
} lookahead;

static void
lookahead_finish(lookahead *of)
{
    chx__arcs_finish(&of->arcs);
    free(of->order);
    free(of->turns);
    free(of->dependants);
    free(of->ahead);
    free(of->placed);
    free(of->candidates);
    free(of->score_ns);
    free(of->ready_ns);
    free(of->carry_ns);
}

static chx_status
lookahead_init(lookahead *of, chx__placer *placer)
{
    const chx__machine *machine = placer->machine;
    uint32_t n = placer->problem->n_tasks;
    *of = (lookahead){.placer = placer,
                      .order = chx__alloc(n, sizeof *of->order),
                      .turns = chx__alloc(n, sizeof *of->turns),
                      .placed = chx__alloc(n, sizeof *of->placed),
                      .candidates = chx__alloc(machine->n_lanes, sizeof *of->candidates),
                      .score_ns = chx__alloc(machine->n_lanes, sizeof *of->score_ns),
                      .ready_ns = chx__alloc(machine->n_places, sizeof *of->ready_ns),
                      .carry_ns = chx__alloc(machine->n_places, sizeof *of->carry_ns)};
    if (!of->order || !of->turns || !of->placed || !of->candidates || !of->score_ns ||
        !of->ready_ns || !of->carry_ns)
        return chx__fail_memory("scheduling");
    chx_status status = chx__rank_order(machine, placer->problem, of->order);
    for (uint32_t i = 0; !status && i < n; i++)
        of->turns[of->order[i]] = i;
    return status ? status : chx__arcs_init(&of->arcs, placer->problem);
}

/* What moving an item takes when nothing else moves; INFINITY without a way. */
static double
way_ns(const chx__machine *machine, uint32_t from, uint32_t to, uint64_t bytes)
{
    if (from == to)
        return 0.0;
    if (!machine->links)
        return (double)bytes;
    const chx__link *direct = &machine->links[(size_t)from * machine->n_places + to];
    const chx__link *in = &machine->links[(size_t)from * machine->n_places];
    const chx__link *out = &machine->links[to];
    if (direct->exists)
        return direct->latency_ns + (double)bytes * direct->ns_per_byte;
    if (from == 0 || to == 0 || !in->exists || !out->exists)
        return INFINITY;
    return in->latency_ns + out->latency_ns + (double)bytes * (in->ns_per_byte + out->ns_per_byte);
}

/* When an item that does not wait for the task in hand can be at a place. */
static double
estimate_arrival(const lookahead *of, uint32_t index, uint32_t place)
{
    const chx__machine *machine = of->placer->machine;
    const chx__occupancy *occupancy = &of->placer->occupancy;
    const chx__item *item = &of->placer->problem->items[index];
    double least_ns = INFINITY;
    if (occupancy->arrival_ns)
        least_ns = occupancy->arrival_ns[(size_t)index * machine->n_places + place];
    if (least_ns < INFINITY)
        return least_ns;
    if (item->producer != CHX__NO_TASK) {
        const chx__placement *placement = &occupancy->solution->tasks[item->producer];
        uint32_t from = machine->lanes[placement->lane].place;
        return placement->finish_ns + way_ns(machine, from, place, item->bytes);
    }
    for (uint32_t from = 0; from < machine->n_places; from++)
        if (chx__places_have(item->entry_places, from))
            least_ns = fmin(least_ns, way_ns(machine, from, place, item->bytes));
    return least_ns;
}

/* When a dependant could start at each place as far as what is placed decides. */
static void
estimate_ready(lookahead *of, uint32_t task, uint32_t dependant)
{
    const chx__machine *machine = of->placer->machine;
    const chx__problem *problem = of->placer->problem;
    double after_ns = 0.0;
    for (uint32_t i = problem->after.begin[dependant]; i < problem->after.begin[dependant + 1]; i++)
        if (of->placed[problem->after.index[i]])
            after_ns = fmax(
                after_ns, of->placer->occupancy.solution->tasks[problem->after.index[i]].finish_ns);
    for (uint32_t p = 0; p < machine->n_places; p++)
        of->ready_ns[p] = after_ns;
    for (uint32_t i = problem->inputs.begin[dependant]; i < problem->inputs.begin[dependant + 1];
         i++) {
        uint32_t item = problem->inputs.index[i], producer = problem->items[item].producer;
        if (producer == task || (producer != CHX__NO_TASK && !of->placed[producer]))
            continue;
        for (uint32_t p = 0; p < machine->n_places; p++)
            of->ready_ns[p] = fmax(of->ready_ns[p], estimate_arrival(of, item, p));
    }
}

/* What moving all that the dependant takes from the task takes, from a place to each. */
static void
estimate_carry(lookahead *of, uint32_t task, uint32_t dependant, uint32_t from)
{
    const chx__machine *machine = of->placer->machine;
    const chx__problem *problem = of->placer->problem;
    for (uint32_t p = 0; p < machine->n_places; p++)
        of->carry_ns[p] = 0.0;
    for (uint32_t i = problem->inputs.begin[dependant]; i < problem->inputs.begin[dependant + 1];
         i++) {
        const chx__item *item = &problem->items[problem->inputs.index[i]];
        if (item->producer != task)
            continue;
        for (uint32_t p = 0; p < machine->n_places; p++)
            of->carry_ns[p] = fmax(of->carry_ns[p], way_ns(machine, from, p, item->bytes));
    }
}

/* The earliest start that neither what is placed nor the step ahead so far takes. */
static double
find_step_start(const lookahead *of, const chx__placement *ahead, uint32_t n_ahead, uint32_t lane,
                double ready_ns, double cost_ns, double limit_ns)
{
    const chx__free_time *time = &of->placer->occupancy.lanes[lane];
    bool moved;
    do {
        ready_ns = chx__free_time_find(time, ready_ns, cost_ns, limit_ns);
        moved = false;
        for (uint32_t i = 0; ready_ns < INFINITY && i < n_ahead; i++) {
            if (ahead[i].lane != lane || ahead[i].finish_ns <= ready_ns ||
                ahead[i].start_ns >= ready_ns + cost_ns)
                continue;
            ready_ns = ahead[i].finish_ns;
            moved = true;
        }
    } while (moved);
    return ready_ns;
}

/* Where the dependant would go, given where the task in hand is and n_ahead others before it. */
static chx__placement
estimate_step(const lookahead *of, uint32_t dependant, double after_ns, const chx__placement *ahead,
              uint32_t n_ahead)
{
    const chx__machine *machine = of->placer->machine;
    const double *cost_ns = of->placer->problem->cost_ns + (size_t)dependant * machine->n_lanes;
    chx__placement best = {CHX__NO_LANE, INFINITY, INFINITY};
    for (uint32_t l = 0; l < machine->n_lanes; l++) {
        uint32_t place = machine->lanes[l].place;
        if (!chx__lane_allows(machine, of->placer->problem, dependant, l))
            continue;
        double ready_ns = fmax(of->ready_ns[place], after_ns + of->carry_ns[place]);
        double start_ns =
            find_step_start(of, ahead, n_ahead, l, ready_ns, cost_ns[l], best.finish_ns);
        if (start_ns + cost_ns[l] < best.finish_ns)
            best = (chx__placement){l, start_ns, start_ns + cost_ns[l]};
    }
    return best;
}

/* Adds the dependant at `index` to the step ahead of each candidate. */
static void
look_at(lookahead *of, uint32_t task, uint32_t index)
{
    const chx__machine *machine = of->placer->machine;
    uint32_t dependant = of->order[of->dependants[index]];
    uint32_t carried_from = UINT32_MAX;
    estimate_ready(of, task, dependant);
    for (uint32_t l = 0; l < machine->n_lanes; l++) {
        chx__placement *ahead = of->ahead + (size_t)l * of->n_dependants;
        if (of->candidates[l].lane == CHX__NO_LANE)
            continue;
        if (carried_from != machine->lanes[l].place) {
            carried_from = machine->lanes[l].place;
            estimate_carry(of, task, dependant, carried_from);
        }
        ahead[index] = estimate_step(of, dependant, of->candidates[l].finish_ns, ahead, index);
        of->score_ns[l] = fmax(of->score_ns[l], ahead[index].finish_ns);
    }
}

static int
compare_turns(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Each task that waits for one, once, in the order of their turns. */
static chx_status
find_dependants(lookahead *of, uint32_t task)
{
    uint32_t begin = of->arcs.begin[task], n = of->arcs.begin[task + 1] - begin;
    if (!chx__grow(&of->dependants, &of->dependants_capacity, n, sizeof *of->dependants) ||
        !chx__grow(&of->ahead, &of->ahead_capacity, (size_t)n * of->placer->machine->n_lanes,
                   sizeof *of->ahead))
        return chx__fail_memory("scheduling");
    for (uint32_t i = 0; i < n; i++)
        of->dependants[i] = of->turns[of->arcs.arcs[begin + i].task];
    if (n > 1)
        qsort(of->dependants, n, sizeof *of->dependants, compare_turns);
    of->n_dependants = 0;
    for (uint32_t i = 0; i < n; i++)
        if (i == 0 || of->dependants[i] != of->dependants[i - 1])
            of->dependants[of->n_dependants++] = of->dependants[i];
    assert(n == 0 || of->dependants[0] > of->turns[task]);
    return CHX_OK;
}

static chx_status
find_candidates(lookahead *of, uint32_t task)
{
    const chx__machine *machine = of->placer->machine;
    chx__occupancy *occupancy = &of->placer->occupancy;
    const double *cost_ns = of->placer->problem->cost_ns + (size_t)task * machine->n_lanes;
    uint32_t tried = UINT32_MAX;
    double ready_ns = INFINITY;
    chx__occupancy_consider(occupancy, task);
    for (uint32_t l = 0; l < machine->n_lanes; l++) {
        of->candidates[l] = (chx__placement){CHX__NO_LANE, INFINITY, INFINITY};
        of->score_ns[l] = INFINITY;
        if (!chx__lane_allows(machine, of->placer->problem, task, l))
            continue;
        if (tried != machine->lanes[l].place) {
            tried = machine->lanes[l].place;
            chx_status status = chx__occupancy_try(occupancy, tried, &ready_ns);
            if (status)
                return status;
        }
        if (ready_ns == INFINITY)
            continue;
        double start_ns = chx__free_time_find(&occupancy->lanes[l], ready_ns, cost_ns[l], INFINITY);
        of->candidates[l] = (chx__placement){l, start_ns, start_ns + cost_ns[l]};
        of->score_ns[l] = of->candidates[l].finish_ns;
    }
    return CHX_OK;
}

static chx_status
place_ahead(lookahead *of, uint32_t task)
{
    chx_status status = find_candidates(of, task);
    if (!status)
        status = find_dependants(of, task);
    if (status)
        return status;
    for (uint32_t i = 0; i < of->n_dependants; i++)
        look_at(of, task, i);
    const chx__placement *best = NULL;
    double least_ns = INFINITY;
    for (uint32_t l = 0; l < of->placer->machine->n_lanes; l++) {
        const chx__placement *candidate = &of->candidates[l];
        bool sooner = best && of->score_ns[l] == least_ns && candidate->finish_ns < best->finish_ns;
        if (candidate->lane == CHX__NO_LANE || (!sooner && !(of->score_ns[l] < least_ns)))
            continue;
        best = candidate;
        least_ns = of->score_ns[l];
    }
    of->placed[task] = true;
    bool placed = false;
    if (best)
        status = chx__placer_place_on(of->placer, task, best->lane, &placed);
    /* Where what follows can get nowhere, the task itself decides. */
    return status || placed ? status : chx__placer_place(of->placer, task, NULL);
}

static chx_status
place_looking_ahead(chx__placer *placer)
{
    lookahead of;
    chx_status status = lookahead_init(&of, placer);
    for (uint32_t i = 0; !status && i < placer->problem->n_tasks; i++)
        status = place_ahead(&of, of.order[i]);
    lookahead_finish(&of);
    return status;
}

chx_status
chx__lookahead(const chx__machine *machine, const chx__problem *problem, chx__solution *solution)
{
    return chx__placer_solve(machine, problem, CHX__PLACE_IN_GAPS, place_looking_ahead, solution);
}
