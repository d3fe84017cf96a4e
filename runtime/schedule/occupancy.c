/* The state of a schedule in the making: free time per lane, and when each item is at each place.
 *
 * Three steps per task. consider() collects what it needs, in the order in which that comes to
 * exist; try() says from when on a place would have all of it, planning the moves on top of what is
 * committed and of each other, in `tried`; commit() takes the lane and those moves. So commit must
 * follow a try of the same place, with nothing tried in between; the placer repeats the try where
 * it looked at others. Trying leaves no trace but `tried`.
 *
 * An item is moved to a place once and stays there, for versions never change: arrival_ns is final
 * as soon as it is finite. A producer's own place is entered only when somebody needs the item, in
 * add_need(), from the producer's placement, which is why a task may be considered only after all
 * that it waits for is placed. Where no link leads from any holder, the way is over the host, place
 * 0, in two moves.
 *
 * Lanes of different devices on the same hardware are rivals: what one takes, all lose. Copy lanes
 * have none. In the classical model (no links) an item's bytes are the time of its transfer, which
 * disturbs nobody, and there are no arrivals.
 *
 * Memory grows here in the middle of a commit; on failure the solution is thrown away as a
 * whole. */
#include "schedule/occupancy.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

static bool
are_rivals(const chx__machine_lane *a, const chx__machine_lane *b)
{
    return a->place != b->place && (a->hardware & b->hardware) && a->role != CHX__ROLE_COPY &&
           b->role != CHX__ROLE_COPY;
}

static bool
init_rivals(chx__occupancy *occupancy)
{
    const chx__machine *machine = occupancy->machine;
    size_t capacity = 0;
    uint32_t n = 0;
    occupancy->rivals_begin =
        chx__alloc((size_t)machine->n_lanes + 1, sizeof *occupancy->rivals_begin);
    if (!occupancy->rivals_begin)
        return false;
    for (uint32_t l = 0; l < machine->n_lanes; l++) {
        for (uint32_t r = 0; machine->lanes[l].hardware && r < machine->n_lanes; r++) {
            if (!are_rivals(&machine->lanes[l], &machine->lanes[r]))
                continue;
            if (!chx__grow(&occupancy->rivals, &capacity, (size_t)n + 1, sizeof *occupancy->rivals))
                return false;
            occupancy->rivals[n++] = r;
        }
        occupancy->rivals_begin[l + 1] = n;
    }
    return true;
}

static bool
init_lanes(chx__occupancy *occupancy)
{
    uint32_t n_lanes = occupancy->machine->n_lanes;
    occupancy->lanes = chx__alloc(n_lanes, sizeof *occupancy->lanes);
    if (!occupancy->lanes)
        return false;
    for (uint32_t l = 0; l < n_lanes; l++)
        if (!chx__free_time_init(&occupancy->lanes[l]))
            return false;
    return true;
}

/* What was there from the start is there; nothing else is. */
static void
forget_arrivals(chx__occupancy *occupancy)
{
    const chx__machine *machine = occupancy->machine;
    const chx__problem *problem = occupancy->problem;
    for (uint32_t i = 0; i < problem->n_items; i++) {
        const chx__item *item = &problem->items[i];
        for (uint32_t p = 0; p < machine->n_places; p++) {
            bool there = item->producer == CHX__NO_TASK && chx__places_have(item->entry_places, p);
            occupancy->arrival_ns[(size_t)i * machine->n_places + p] = there ? 0.0 : INFINITY;
        }
    }
}

static bool
init_arrivals(chx__occupancy *occupancy)
{
    const chx__machine *machine = occupancy->machine;
    if (!machine->links)
        return true;
    occupancy->arrival_ns =
        chx__alloc(occupancy->problem->n_items, machine->n_places * sizeof *occupancy->arrival_ns);
    if (!occupancy->arrival_ns)
        return false;
    forget_arrivals(occupancy);
    return true;
}

static size_t
most_inputs(const chx__problem *problem)
{
    size_t most = 0;
    for (uint32_t t = 0; t < problem->n_tasks; t++) {
        size_t n = problem->inputs.begin[t + 1] - problem->inputs.begin[t];
        most = n > most ? n : most;
    }
    return most;
}

chx_status
chx__occupancy_init(chx__occupancy *occupancy, const chx__machine *machine,
                    const chx__problem *problem, chx__solution *solution)
{
    *occupancy = (chx__occupancy){.machine = machine, .problem = problem, .solution = solution};
    occupancy->needs = chx__alloc(most_inputs(problem), sizeof *occupancy->needs);
    if (!occupancy->needs || !init_rivals(occupancy) || !init_lanes(occupancy) ||
        !init_arrivals(occupancy))
        return chx__fail_memory("scheduling");
    return CHX_OK;
}

void
chx__occupancy_reset(chx__occupancy *occupancy)
{
    for (uint32_t l = 0; l < occupancy->machine->n_lanes; l++)
        chx__free_time_reset(&occupancy->lanes[l]);
    if (occupancy->arrival_ns)
        forget_arrivals(occupancy);
    occupancy->solution->n_moves = 0;
    occupancy->solution->makespan_ns = 0.0;
}

void
chx__occupancy_finish(chx__occupancy *occupancy)
{
    for (uint32_t l = 0; occupancy->lanes && l < occupancy->machine->n_lanes; l++)
        chx__free_time_finish(&occupancy->lanes[l]);
    free(occupancy->lanes);
    free(occupancy->rivals);
    free(occupancy->rivals_begin);
    free(occupancy->arrival_ns);
    free(occupancy->needs);
    free(occupancy->tried);
    *occupancy = (chx__occupancy){0};
}

static double *
arrivals(const chx__occupancy *occupancy, uint32_t item)
{
    return occupancy->arrival_ns + (size_t)item * occupancy->machine->n_places;
}

static int
compare_needs(const void *left, const void *right)
{
    const chx__need *a = left, *b = right;
    if (a->exists_ns != b->exists_ns)
        return a->exists_ns < b->exists_ns ? -1 : 1;
    return (a->item > b->item) - (a->item < b->item);
}

/* Inputs in the order in which they come to exist, which is the order in which they want to move,
 * each once. */
static void
sort_needs(chx__occupancy *occupancy)
{
    qsort(occupancy->needs, occupancy->n_needs, sizeof *occupancy->needs, compare_needs);
    size_t n = 0;
    for (size_t i = 0; i < occupancy->n_needs; i++)
        if (n == 0 || occupancy->needs[n - 1].item != occupancy->needs[i].item)
            occupancy->needs[n++] = occupancy->needs[i];
    occupancy->n_needs = n;
}

/* Adds an input of the task in hand; what a task wrote is where that task ran. */
static void
add_need(chx__occupancy *occupancy, uint32_t item)
{
    uint32_t producer = occupancy->problem->items[item].producer;
    chx__need *need = &occupancy->needs[occupancy->n_needs++];
    *need = (chx__need){item, 0.0};
    if (producer == CHX__NO_TASK)
        return;
    const chx__placement *placement = &occupancy->solution->tasks[producer];
    need->exists_ns = placement->finish_ns;
    if (occupancy->arrival_ns)
        arrivals(occupancy, item)[occupancy->machine->lanes[placement->lane].place] =
            placement->finish_ns;
}

void
chx__occupancy_consider(chx__occupancy *occupancy, uint32_t task)
{
    const chx__problem *problem = occupancy->problem;
    const chx__placement *placements = occupancy->solution->tasks;
    occupancy->n_needs = 0;
    for (uint32_t i = problem->inputs.begin[task]; i < problem->inputs.begin[task + 1]; i++)
        add_need(occupancy, problem->inputs.index[i]);
    if (occupancy->arrival_ns && occupancy->n_needs > 1)
        sort_needs(occupancy);
    occupancy->after_ns = 0.0;
    for (uint32_t i = problem->after.begin[task]; i < problem->after.begin[task + 1]; i++) {
        double finish_ns = placements[problem->after.index[i]].finish_ns;
        if (occupancy->after_ns < finish_ns)
            occupancy->after_ns = finish_ns;
    }
}

/* The classical model: transfers take their time and disturb no one. */
static double
classical_ready(const chx__occupancy *occupancy, uint32_t place)
{
    const chx__machine *machine = occupancy->machine;
    double ready_ns = occupancy->after_ns;
    for (size_t i = 0; i < occupancy->n_needs; i++) {
        const chx__item *item = &occupancy->problem->items[occupancy->needs[i].item];
        bool there;
        if (item->producer == CHX__NO_TASK)
            there = chx__places_have(item->entry_places, place);
        else
            there = machine->lanes[occupancy->solution->tasks[item->producer].lane].place == place;
        double arrives_ns = occupancy->needs[i].exists_ns + (there ? 0.0 : (double)item->bytes);
        if (ready_ns < arrives_ns)
            ready_ns = arrives_ns;
    }
    return ready_ns;
}

/* The earliest time on a copy lane that neither committed work nor the candidate's other moves
 * take. */
static double
find_copy_time(const chx__occupancy *occupancy, uint32_t lane, double ready_ns, double duration_ns)
{
    bool moved;
    do {
        ready_ns = chx__free_time_find(&occupancy->lanes[lane], ready_ns, duration_ns, INFINITY);
        moved = false;
        for (size_t i = 0; i < occupancy->n_tried; i++) {
            const chx__move *other = &occupancy->tried[i];
            if (other->lane != lane || other->finish_ns <= ready_ns ||
                other->start_ns >= ready_ns + duration_ns)
                continue;
            ready_ns = other->finish_ns;
            moved = true;
        }
    } while (moved);
    return ready_ns;
}

/* The move over one link; it finishes at INFINITY when the link or its source is not there. */
static chx__move
plan_move(const chx__occupancy *occupancy, uint32_t item, uint32_t from, uint32_t to,
          double present_ns)
{
    const chx__machine *machine = occupancy->machine;
    const chx__link *link = &machine->links[(size_t)from * machine->n_places + to];
    chx__move move = {item, from, to, link->lane, INFINITY, INFINITY};
    if (!link->exists || present_ns == INFINITY)
        return move;
    double duration_ns =
        link->latency_ns + (double)occupancy->problem->items[item].bytes * link->ns_per_byte;
    move.start_ns = link->lane == CHX__NO_LANE
                        ? present_ns
                        : find_copy_time(occupancy, link->lane, present_ns, duration_ns);
    move.finish_ns = move.start_ns + duration_ns;
    return move;
}

/* The move of an item to a place that arrives first, from wherever the item is. */
static chx__move
plan_best_move(const chx__occupancy *occupancy, uint32_t item, uint32_t to)
{
    const double *arrival_ns = arrivals(occupancy, item);
    chx__move best = {.finish_ns = INFINITY};
    for (uint32_t from = 0; from < occupancy->machine->n_places; from++) {
        if (from == to || arrival_ns[from] >= best.finish_ns)
            continue;
        chx__move move = plan_move(occupancy, item, from, to, arrival_ns[from]);
        if (move.finish_ns < best.finish_ns)
            best = move;
    }
    return best;
}

static bool
try_move(chx__occupancy *occupancy, const chx__move *move)
{
    if (!chx__grow(&occupancy->tried, &occupancy->tried_capacity, occupancy->n_tried + 1,
                   sizeof *occupancy->tried))
        return false;
    occupancy->tried[occupancy->n_tried++] = *move;
    return true;
}

/* When an item can be at a place; what has to be moved for it is tried. */
static bool
try_item(chx__occupancy *occupancy, uint32_t item, uint32_t place, double *arrives_ns)
{
    *arrives_ns = arrivals(occupancy, item)[place];
    if (*arrives_ns < INFINITY)
        return true;
    chx__move move = plan_best_move(occupancy, item, place);
    if (move.finish_ns == INFINITY && place != 0) {
        /* No way there from any place that has it: over the host. */
        chx__move first = plan_best_move(occupancy, item, 0);
        if (first.finish_ns == INFINITY)
            return true;
        if (!try_move(occupancy, &first))
            return false;
        move = plan_move(occupancy, item, 0, place, first.finish_ns);
    }
    *arrives_ns = move.finish_ns;
    return move.finish_ns == INFINITY || try_move(occupancy, &move);
}

chx_status
chx__occupancy_try(chx__occupancy *occupancy, uint32_t place, double *ready_ns)
{
    occupancy->n_tried = 0;
    if (!occupancy->arrival_ns) {
        *ready_ns = classical_ready(occupancy, place);
        return CHX_OK;
    }
    double ready = occupancy->after_ns;
    for (size_t i = 0; i < occupancy->n_needs; i++) {
        double arrives_ns;
        if (!try_item(occupancy, occupancy->needs[i].item, place, &arrives_ns))
            return chx__fail_memory("scheduling transfers");
        if (ready < arrives_ns)
            ready = arrives_ns;
    }
    *ready_ns = ready;
    return CHX_OK;
}

static bool
commit_move(chx__occupancy *occupancy, const chx__move *move)
{
    chx__solution *solution = occupancy->solution;
    if (!chx__grow(&solution->moves, &occupancy->moves_capacity, solution->n_moves + 1,
                   sizeof *solution->moves))
        return false;
    assert(isfinite(move->finish_ns) && arrivals(occupancy, move->item)[move->to] == INFINITY);
    solution->moves[solution->n_moves++] = *move;
    arrivals(occupancy, move->item)[move->to] = move->finish_ns;
    return move->lane == CHX__NO_LANE ||
           chx__free_time_take(&occupancy->lanes[move->lane], move->start_ns, move->finish_ns);
}

static bool
take_lane(chx__occupancy *occupancy, const chx__placement *placement)
{
    uint32_t lane = placement->lane;
    bool taken =
        chx__free_time_take(&occupancy->lanes[lane], placement->start_ns, placement->finish_ns);
    for (uint32_t i = occupancy->rivals_begin[lane]; i < occupancy->rivals_begin[lane + 1]; i++)
        taken = taken && chx__free_time_take(&occupancy->lanes[occupancy->rivals[i]],
                                             placement->start_ns, placement->finish_ns);
    return taken;
}

chx_status
chx__occupancy_commit(chx__occupancy *occupancy, uint32_t task, const chx__placement *placement)
{
    chx__solution *solution = occupancy->solution;
    assert(placement->lane < occupancy->machine->n_lanes &&
           placement->start_ns <= placement->finish_ns && isfinite(placement->finish_ns));
    solution->tasks[task] = *placement;
    if (solution->makespan_ns < placement->finish_ns)
        solution->makespan_ns = placement->finish_ns;
    bool taken = take_lane(occupancy, placement);
    for (size_t i = 0; taken && i < occupancy->n_tried; i++)
        taken = commit_move(occupancy, &occupancy->tried[i]);
    return taken ? CHX_OK : chx__fail_memory("scheduling");
}
