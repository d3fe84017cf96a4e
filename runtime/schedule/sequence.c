/* Times of tasks that are appended to lanes in a given order, each as early as what it waits for
 * and its lane allow. Every schedule of the classical model that wastes no time is such a sequence,
 * namely its tasks in the order of their starts, so nothing is lost by never looking for gaps; and
 * without gaps, links and rivals a task costs some ten comparisons.
 *
 * What must hold: order is topological and position its inverse; finish_ns and trial_ns are equal
 * but between a trial and keep() or forget(). Before the first position that changed nothing can
 * have moved, so a trial only replays which task is last on each lane up to there.
 *
 * tail_ns is what follows at least: over each dependant the best choice of its lane, transfer
 * included (the optimistic costs of Arabnejad and Barbosa 2014). A trial ends as soon as a finish
 * and its tail exceed the limit, which is early for most changes that are not worth it. */
#include "schedule/sequence.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/order.h"
#include "schedule/rank.h"

/* What it takes to draw a change and to take it back, beside three steps a task. */
#define STEPS_PER_TRIAL 16

bool
chx__sequence_fits(const chx__machine *machine)
{
    uint64_t seen = 0;
    for (uint32_t l = 0; l < machine->n_lanes; l++) {
        if (seen & machine->lanes[l].hardware)
            return false;
        seen |= machine->lanes[l].hardware;
    }
    return !machine->links;
}

static bool
allocate(chx__sequence *of, uint32_t n, uint32_t n_lanes, size_t n_waits)
{
    of->options = chx__alloc(n, n_lanes * sizeof *of->options);
    of->waits_begin = chx__alloc((size_t)n + 1, sizeof *of->waits_begin);
    of->waits = chx__alloc(n_waits, sizeof *of->waits);
    of->order = chx__alloc(n, sizeof *of->order);
    of->position = chx__alloc(n, sizeof *of->position);
    of->lanes = chx__alloc(n, sizeof *of->lanes);
    of->places = chx__alloc(n, sizeof *of->places);
    of->finish_ns = chx__alloc(n, sizeof *of->finish_ns);
    of->trial_ns = chx__alloc(n, sizeof *of->trial_ns);
    of->lane_end_ns = chx__alloc(n_lanes, sizeof *of->lane_end_ns);
    of->lane_last = chx__alloc(n_lanes, sizeof *of->lane_last);
    of->lane_before = chx__alloc(n, sizeof *of->lane_before);
    return of->options && of->waits_begin && of->waits && of->order && of->position && of->lanes &&
           of->places && of->finish_ns && of->trial_ns && of->lane_end_ns && of->lane_last &&
           of->lane_before;
}

/* What an input from the start costs on each lane. */
static void
add_release(chx__sequence *of, uint32_t task, const chx__item *item)
{
    uint32_t n_lanes = of->machine->n_lanes;
    chx__option *options = of->options + (size_t)task * n_lanes;
    for (uint32_t l = 0; l < n_lanes; l++)
        if (!chx__places_have(item->entry_places, of->machine->lanes[l].place))
            options[l].release_ns = fmax(options[l].release_ns, (double)item->bytes);
}

static void
fill_waits(chx__sequence *of, const chx__problem *problem)
{
    uint32_t n = 0;
    for (uint32_t t = 0; t < of->n_tasks; t++) {
        for (uint32_t i = problem->inputs.begin[t]; i < problem->inputs.begin[t + 1]; i++) {
            const chx__item *item = &problem->items[problem->inputs.index[i]];
            if (item->producer == CHX__NO_TASK)
                add_release(of, t, item);
            else
                of->waits[n++] = (chx__wait){item->producer, (double)item->bytes};
        }
        for (uint32_t i = problem->after.begin[t]; i < problem->after.begin[t + 1]; i++)
            of->waits[n++] = (chx__wait){problem->after.index[i], 0.0};
        of->waits_begin[t + 1] = n;
    }
}

/* What follows a task must at least take, by what one of its dependants takes. */
static void
raise_tail(chx__sequence *of, const chx__wait *wait, uint32_t after)
{
    uint32_t n_lanes = of->machine->n_lanes;
    const chx__option *following = of->options + (size_t)after * n_lanes;
    chx__option *options = of->options + (size_t)wait->task * n_lanes;
    double anywhere_ns = INFINITY;
    for (uint32_t l = 0; l < n_lanes; l++)
        anywhere_ns = fmin(anywhere_ns, following[l].cost_ns + following[l].tail_ns);
    anywhere_ns += wait->transfer_ns;
    for (uint32_t l = 0; l < n_lanes; l++) {
        double least_ns = anywhere_ns;
        for (uint32_t other = 0; other < n_lanes; other++)
            if (of->machine->lanes[other].place == of->machine->lanes[l].place)
                least_ns = fmin(least_ns, following[other].cost_ns + following[other].tail_ns);
        options[l].tail_ns = fmax(options[l].tail_ns, least_ns);
    }
}

chx_status
chx__sequence_init(chx__sequence *of, const chx__machine *machine, const chx__problem *problem,
                   const chx__solution *solution)
{
    uint32_t n = problem->n_tasks, n_lanes = machine->n_lanes;
    *of = (chx__sequence){.machine = machine, .n_tasks = n};
    if (!allocate(of, n, n_lanes, (size_t)problem->inputs.begin[n] + problem->after.begin[n]))
        return chx__fail_memory("scheduling");
    for (uint32_t t = 0; t < n; t++)
        for (uint32_t l = 0; l < n_lanes; l++)
            of->options[(size_t)t * n_lanes + l].cost_ns =
                chx__lane_allows(machine, problem, t, l) ? problem->cost_ns[(size_t)t * n_lanes + l]
                                                         : INFINITY;
    fill_waits(of, problem);
    chx_status status = chx__arcs_init(&of->arcs, problem);
    if (!status)
        status = chx__order_read(problem, solution, of->order, of->position);
    for (uint32_t i = n; !status && i-- > 0;)
        for (uint32_t w = of->waits_begin[of->order[i]]; w < of->waits_begin[of->order[i] + 1]; w++)
            raise_tail(of, &of->waits[w], of->order[i]);
    for (uint32_t t = 0; !status && t < n; t++)
        chx__sequence_set_lane(of, t, solution->tasks[t].lane);
    return status;
}

void
chx__sequence_finish(chx__sequence *of)
{
    free(of->options);
    free(of->waits_begin);
    chx__arcs_finish(&of->arcs);
    free(of->waits);
    free(of->order);
    free(of->position);
    free(of->lanes);
    free(of->places);
    free(of->finish_ns);
    free(of->trial_ns);
    free(of->lane_end_ns);
    free(of->lane_last);
    free(of->lane_before);
    *of = (chx__sequence){0};
}

void
chx__sequence_set_lane(chx__sequence *of, uint32_t task, uint32_t lane)
{
    of->lanes[task] = lane;
    of->places[task] = of->machine->lanes[lane].place;
}

void
chx__sequence_shift(chx__sequence *of, uint32_t task, uint32_t to)
{
    assert(to < of->n_tasks);
    chx__order_shift(of->order, of->position, task, to);
}

void
chx__sequence_range(const chx__sequence *of, uint32_t task, uint32_t *low, uint32_t *high)
{
    *low = 0;
    *high = of->n_tasks - 1;
    for (uint32_t w = of->waits_begin[task]; w < of->waits_begin[task + 1]; w++) {
        uint32_t before = of->position[of->waits[w].task];
        *low = before >= *low ? before + 1 : *low;
    }
    for (uint32_t a = of->arcs.begin[task]; a < of->arcs.begin[task + 1]; a++) {
        uint32_t after = of->position[of->arcs.arcs[a].task];
        *high = after <= *high ? after - 1 : *high;
    }
    assert(*low <= *high);
}

static double
later(double a, double b)
{
    return a > b ? a : b;
}

/* When all that a task waits for is where it runs. */
static double
ready_ns(const chx__sequence *of, const double *finish_ns, uint32_t task)
{
    const uint32_t *places = of->places, place = places[task];
    const chx__wait *wait = of->waits + of->waits_begin[task];
    const chx__wait *end = of->waits + of->waits_begin[task + 1];
    double ready = of->options[(size_t)task * of->machine->n_lanes + of->lanes[task]].release_ns;
    for (; wait < end; wait++)
        ready = later(ready, finish_ns[wait->task] +
                                 (places[wait->task] == place ? 0.0 : wait->transfer_ns));
    return ready;
}

double
chx__sequence_try(chx__sequence *of, uint32_t first, double limit_ns, uint64_t *n_steps)
{
    uint32_t n_lanes = of->machine->n_lanes, i;
    double *lane_end_ns = of->lane_end_ns, *trial_ns = of->trial_ns;
    double makespan_ns = 0.0;
    memset(lane_end_ns, 0, n_lanes * sizeof *lane_end_ns);
    for (i = 0; i < first; i++)
        lane_end_ns[of->lanes[of->order[i]]] = trial_ns[of->order[i]];
    for (i = first; i < of->n_tasks && makespan_ns <= limit_ns; i++) {
        uint32_t task = of->order[i], lane = of->lanes[task];
        const chx__option *option = &of->options[(size_t)task * n_lanes + lane];
        double finish_ns = later(ready_ns(of, trial_ns, task), lane_end_ns[lane]) + option->cost_ns;
        trial_ns[task] = lane_end_ns[lane] = finish_ns;
        makespan_ns = later(makespan_ns, finish_ns + option->tail_ns);
    }
    of->n_tried = i;
    *n_steps += STEPS_PER_TRIAL + first / 4 + 3 * (i - first);
    for (uint32_t l = 0; l < n_lanes; l++)
        makespan_ns = later(makespan_ns, lane_end_ns[l]);
    return makespan_ns <= limit_ns ? makespan_ns : INFINITY;
}

void
chx__sequence_keep(chx__sequence *of, uint32_t first)
{
    for (uint32_t i = first; i < of->n_tried; i++)
        of->finish_ns[of->order[i]] = of->trial_ns[of->order[i]];
}

void
chx__sequence_forget(chx__sequence *of, uint32_t first)
{
    for (uint32_t i = first; i < of->n_tried; i++)
        of->trial_ns[of->order[i]] = of->finish_ns[of->order[i]];
}

/* What a task waited for last; its lane where both are as late, for a lane is easier to change. */
static uint32_t
find_cause(const chx__sequence *of, uint32_t task)
{
    uint32_t cause = of->lane_before[task];
    double latest_ns = cause == CHX__NO_TASK ? 0.0 : of->finish_ns[cause];
    for (uint32_t w = of->waits_begin[task]; w < of->waits_begin[task + 1]; w++) {
        const chx__wait *wait = &of->waits[w];
        double moved_ns = of->places[wait->task] == of->places[task] ? 0.0 : wait->transfer_ns;
        if (of->finish_ns[wait->task] + moved_ns <= latest_ns)
            continue;
        latest_ns = of->finish_ns[wait->task] + moved_ns;
        cause = wait->task;
    }
    return cause;
}

uint32_t
chx__sequence_critical(chx__sequence *of, uint32_t *critical)
{
    uint32_t n = 0, last = of->order[0];
    for (uint32_t l = 0; l < of->machine->n_lanes; l++)
        of->lane_last[l] = CHX__NO_TASK;
    for (uint32_t i = 0; i < of->n_tasks; i++) {
        uint32_t task = of->order[i];
        of->lane_before[task] = of->lane_last[of->lanes[task]];
        of->lane_last[of->lanes[task]] = task;
        if (of->finish_ns[task] > of->finish_ns[last])
            last = task;
    }
    for (uint32_t task = last; task != CHX__NO_TASK; task = find_cause(of, task))
        critical[n++] = task;
    return n;
}

void
chx__sequence_write(const chx__sequence *of, chx__solution *solution)
{
    solution->makespan_ns = 0.0;
    solution->n_moves = 0;
    memset(of->lane_end_ns, 0, of->machine->n_lanes * sizeof *of->lane_end_ns);
    for (uint32_t i = 0; i < of->n_tasks; i++) {
        uint32_t task = of->order[i], lane = of->lanes[task];
        double start_ns = later(ready_ns(of, of->finish_ns, task), of->lane_end_ns[lane]);
        of->lane_end_ns[lane] = of->finish_ns[task];
        solution->tasks[task] = (chx__placement){lane, start_ns, of->finish_ns[task]};
        solution->makespan_ns = later(solution->makespan_ns, of->finish_ns[task]);
    }
}
