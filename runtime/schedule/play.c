/* What becomes of a plan when durations differ: lanes keep their order, everything else begins when
 * it can. Events are walked by planned start, then finish, then a turn in which a task comes after
 * its producers and a move after what it moves; what an event waits for has then been played. Work
 * without duration is in nobody's way, as in free_time.c, so exact durations give back the plan's
 * times or earlier ones.
 *
 * Noise is lognormal, exp(sigma * normal), drawn from a counter by the work's own index, so that
 * what one task gets does not depend on the order in which others are played. */
#include "schedule/play.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

/* A task or a move, in the order of planned starts. */
typedef struct event {
    double start_ns, finish_ns; /* planned */
    uint64_t turn; /* of what begins together: a task before the moves of what it writes */
    size_t index; /* task, or n_tasks + move */
} event;

typedef struct player {
    const chx__machine *machine;
    const chx__problem *problem;
    const chx__solution *plan;
    const chx__play *params;
    chx__solution *played;
    event *events;
    size_t n_events;
    double *lane_free_ns;
    double *arrival_ns; /* n_items x n_places: of moves; NULL in the classical model */
    bool *done; /* n_tasks */
} player;

static int
compare_events(const void *left, const void *right)
{
    const event *a = left, *b = right;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    if (a->finish_ns != b->finish_ns)
        return a->finish_ns < b->finish_ns ? -1 : 1;
    if (a->turn != b->turn)
        return a->turn < b->turn ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Uniform in (0, 1), from a counter: what one piece of work gets depends on no other. */
static double
uniform(uint64_t seed, uint64_t counter)
{
    uint64_t z = seed * UINT64_C(0x9e3779b97f4a7c15) + counter * UINT64_C(0xd1b54a32d192ed03);
    for (int i = 0; i < 2; i++) {
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        z ^= z >> 31;
    }
    return ((double)(z >> 11) + 0.5) * 0x1p-53;
}

/* How much longer a piece of work takes than planned (Box and Muller 1958). */
static double
factor_of(const player *of, size_t index, uint32_t lane)
{
    const double two_pi = 6.283185307179586;
    double normal = sqrt(-2.0 * log(uniform(of->params->seed, 2 * index))) *
                    cos(two_pi * uniform(of->params->seed, 2 * index + 1));
    double factor = of->params->sigma > 0.0 ? exp(of->params->sigma * normal) : 1.0;
    if (of->params->lane_factors && lane != CHX__NO_LANE)
        factor *= of->params->lane_factors[lane];
    return factor;
}

/* When an item is at a place; INFINITY while it is not known. */
static double
arrival_of(const player *of, uint32_t item, uint32_t place)
{
    const chx__item *it = &of->problem->items[item];
    bool there = it->producer == CHX__NO_TASK && chx__places_have(it->entry_places, place);
    double exists_ns = 0.0;
    if (it->producer != CHX__NO_TASK) {
        if (!of->done[it->producer])
            return INFINITY;
        const chx__placement *producer = &of->played->tasks[it->producer];
        there = of->machine->lanes[producer->lane].place == place;
        exists_ns = producer->finish_ns;
    }
    if (there)
        return exists_ns;
    return of->arrival_ns ? of->arrival_ns[(size_t)item * of->machine->n_places + place]
                          : exists_ns + (double)it->bytes;
}

/* When all that a task waits for is there; INFINITY while something is to come. */
static double
task_ready(const player *of, uint32_t task)
{
    const chx__problem *problem = of->problem;
    uint32_t place = of->machine->lanes[of->plan->tasks[task].lane].place;
    double ready_ns = 0.0;
    for (uint32_t i = problem->inputs.begin[task]; i < problem->inputs.begin[task + 1]; i++)
        ready_ns = fmax(ready_ns, arrival_of(of, problem->inputs.index[i], place));
    for (uint32_t i = problem->after.begin[task]; i < problem->after.begin[task + 1]; i++) {
        uint32_t before = problem->after.index[i];
        ready_ns =
            fmax(ready_ns, of->done[before] ? of->played->tasks[before].finish_ns : INFINITY);
    }
    return ready_ns;
}

/* Work of lanes on the same silicon is never at the same time. */
static double
lane_ready(const player *of, uint32_t lane)
{
    const chx__machine_lane *lanes = of->machine->lanes;
    double free_ns = of->lane_free_ns[lane];
    for (uint32_t l = 0; lanes[lane].hardware && l < of->machine->n_lanes; l++)
        if (lanes[l].place != lanes[lane].place && (lanes[l].hardware & lanes[lane].hardware) &&
            lanes[l].role != CHX__ROLE_COPY)
            free_ns = fmax(free_ns, of->lane_free_ns[l]);
    return free_ns;
}

static void
play_task(player *of, uint32_t task, double ready_ns)
{
    uint32_t lane = of->plan->tasks[task].lane;
    assert(isfinite(ready_ns));
    double cost_ns = of->problem->cost_ns[(size_t)task * of->machine->n_lanes + lane];
    /* What takes no time is in nobody's way, in plans as here. */
    double start_ns = cost_ns > 0.0 ? fmax(ready_ns, lane_ready(of, lane)) : ready_ns;
    double finish_ns = start_ns + cost_ns * factor_of(of, task, lane);
    of->played->tasks[task] = (chx__placement){lane, start_ns, finish_ns};
    of->played->makespan_ns = fmax(of->played->makespan_ns, finish_ns);
    if (cost_ns > 0.0)
        of->lane_free_ns[lane] = finish_ns;
    of->done[task] = true;
}

static void
play_move(player *of, size_t index, double ready_ns)
{
    const chx__move *planned = &of->plan->moves[index];
    const chx__link *link =
        &of->machine->links[(size_t)planned->from * of->machine->n_places + planned->to];
    chx__move *move = &of->played->moves[index];
    assert(isfinite(ready_ns));
    double duration_ns =
        link->latency_ns + (double)of->problem->items[planned->item].bytes * link->ns_per_byte;
    double start_ns = ready_ns;
    bool waits = planned->lane != CHX__NO_LANE && duration_ns > 0.0;
    if (waits)
        start_ns = fmax(start_ns, of->lane_free_ns[planned->lane]);
    *move = *planned;
    move->start_ns = start_ns;
    move->finish_ns =
        start_ns + duration_ns * factor_of(of, of->problem->n_tasks + index, planned->lane);
    if (waits)
        of->lane_free_ns[planned->lane] = move->finish_ns;
    of->arrival_ns[(size_t)move->item * of->machine->n_places + move->to] = move->finish_ns;
}

/* Sorted by start, everything follows what it waits for. */
static void
play_all(player *of)
{
    for (size_t i = 0; i < of->n_events; i++) {
        size_t index = of->events[i].index;
        if (index < of->problem->n_tasks) {
            play_task(of, (uint32_t)index, task_ready(of, (uint32_t)index));
            continue;
        }
        const chx__move *move = &of->plan->moves[index - of->problem->n_tasks];
        play_move(of, index - of->problem->n_tasks, arrival_of(of, move->item, move->from));
    }
}

static chx_status
sort_events(player *of)
{
    const chx__problem *problem = of->problem;
    uint32_t *order = chx__alloc(problem->n_tasks, sizeof *order);
    chx_status status =
        order ? chx__problem_order(problem, order, NULL) : chx__fail_memory("playing a schedule");
    for (uint32_t i = 0; !status && i < problem->n_tasks; i++) {
        const chx__placement *task = &of->plan->tasks[order[i]];
        of->events[order[i]] =
            (event){task->start_ns, task->finish_ns, 2 * (uint64_t)i + 1, order[i]};
    }
    for (size_t m = 0; !status && m < of->plan->n_moves; m++) {
        const chx__move *move = &of->plan->moves[m];
        uint32_t producer = problem->items[move->item].producer;
        uint64_t turn = producer == CHX__NO_TASK ? 0 : of->events[producer].turn + 1;
        of->events[problem->n_tasks + m] =
            (event){move->start_ns, move->finish_ns, turn, problem->n_tasks + m};
    }
    if (!status)
        qsort(of->events, of->n_events, sizeof *of->events, compare_events);
    free(order);
    return status;
}

static chx_status
player_init(player *of)
{
    const chx__machine *machine = of->machine;
    const chx__problem *problem = of->problem;
    of->n_events = problem->n_tasks + of->plan->n_moves;
    of->events = chx__alloc(of->n_events, sizeof *of->events);
    of->lane_free_ns = chx__alloc(machine->n_lanes, sizeof *of->lane_free_ns);
    of->done = chx__alloc(problem->n_tasks, sizeof *of->done);
    of->played->tasks = chx__alloc(problem->n_tasks, sizeof *of->played->tasks);
    of->played->moves = chx__alloc(of->plan->n_moves, sizeof *of->played->moves);
    of->played->n_moves = of->plan->n_moves;
    if (machine->links)
        of->arrival_ns = chx__alloc(problem->n_items, machine->n_places * sizeof *of->arrival_ns);
    if (!of->events || !of->lane_free_ns || !of->done || !of->played->tasks || !of->played->moves ||
        (machine->links && !of->arrival_ns))
        return chx__fail_memory("playing a schedule");
    for (size_t i = 0; of->arrival_ns && i < (size_t)problem->n_items * machine->n_places; i++)
        of->arrival_ns[i] = INFINITY;
    return sort_events(of);
}

chx_status
chx__play_solution(const chx__machine *machine, const chx__problem *problem,
                   const chx__solution *solution, const chx__play *params, chx__solution *played)
{
    chx__solution result = {0};
    player of = {.machine = machine,
                 .problem = problem,
                 .plan = solution,
                 .params = params,
                 .played = &result};
    chx_status status = player_init(&of);
    if (!status)
        play_all(&of);
    free(of.events);
    free(of.lane_free_ns);
    free(of.arrival_ns);
    free(of.done);
    if (status)
        chx__solution_finish(&result);
    else
        *played = result;
    return status;
}
