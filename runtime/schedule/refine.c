/* Simulated annealing over sequences. A step here is cheaper than one through the placer by
 * STEPS_PER_PLACEMENT, so that the same effort is the same time.
 *
 * A change gives one task another position, another lane or both, swaps the lanes of two, or brings
 * a task with neighbours in the graph to another lane: where transfers are long, none of them gains
 * by going alone. Three of four changes begin at the critical path; one that leaves every lane's
 * order as it was is not played out.
 *
 * What must hold: between changes `of->sequence` has the times of its decision kept, and now_ns is
 * their makespan. */
#include "schedule/refine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/annealing.h"
#include "schedule/sequence.h"

#define STEPS_PER_PLACEMENT 7

/* A lane that a task had before the change in hand. */
typedef struct departure {
    uint32_t task, lane;
} departure;

typedef struct refining {
    chx__sequence sequence;
    departure *left; /* lanes before the change in hand, in the order in which they were left */
    uint32_t n_left;
    uint32_t shifted, position; /* the task that was, and where it was before */
    uint32_t first; /* position that the change in hand may affect */
    uint32_t *best_order, *best_lanes;
    uint32_t *critical;
    uint32_t n_critical;
    uint64_t random;
    uint64_t n_steps;
    double now_ns, best_ns; /* makespans */
} refining;

static uint32_t
draw(refining *of, uint32_t below)
{
    return chx__annealing_draw(&of->random, below);
}

static bool
may_run(const refining *of, uint32_t task, uint32_t lane)
{
    return of->sequence.options[(size_t)task * of->sequence.machine->n_lanes + lane].cost_ns <
           INFINITY;
}

/* Another lane that may run the task, or its own when a few draws find none. */
static uint32_t
draw_lane(refining *of, uint32_t task)
{
    uint32_t own = of->sequence.lanes[task], n_lanes = of->sequence.machine->n_lanes;
    for (int attempt = 0; n_lanes > 1 && attempt < 8; attempt++) {
        uint32_t lane = draw(of, n_lanes - 1);
        lane += lane >= own;
        if (may_run(of, task, lane))
            return lane;
    }
    return own;
}

static void
shift(refining *of, uint32_t task)
{
    uint32_t low, high;
    chx__sequence_range(&of->sequence, task, &low, &high);
    uint32_t to = low + draw(of, high - low + 1);
    of->first = to < of->first ? to : of->first;
    chx__sequence_shift(&of->sequence, task, to);
}

static void
leave_for(refining *of, uint32_t task, uint32_t lane)
{
    chx__sequence *sequence = &of->sequence;
    if (sequence->position[task] < of->first)
        of->first = sequence->position[task];
    of->left[of->n_left++] = (departure){task, sequence->lanes[task]};
    chx__sequence_set_lane(sequence, task, lane);
}

static void
swap_lanes(refining *of, uint32_t task, uint32_t other)
{
    uint32_t lane = of->sequence.lanes[task], other_lane = of->sequence.lanes[other];
    if (lane == other_lane || !may_run(of, task, other_lane) || !may_run(of, other, lane))
        return;
    leave_for(of, task, other_lane);
    leave_for(of, other, lane);
}

/* Something that the task waits for or that waits for it. */
static uint32_t
neighbour(const chx__sequence *sequence, uint32_t task, uint32_t i)
{
    uint32_t n_waits = sequence->waits_begin[task + 1] - sequence->waits_begin[task];
    return i < n_waits ? sequence->waits[sequence->waits_begin[task] + i].task
                       : sequence->arcs.arcs[sequence->arcs.begin[task] + i - n_waits].task;
}

static uint32_t
count_neighbours(const chx__sequence *sequence, uint32_t task)
{
    return sequence->waits_begin[task + 1] - sequence->waits_begin[task] +
           sequence->arcs.begin[task + 1] - sequence->arcs.begin[task];
}

/* Brings a task and a neighbour to one lane, so that what is between them need not move. */
static void
join(refining *of, uint32_t task)
{
    chx__sequence *sequence = &of->sequence;
    uint32_t n = count_neighbours(sequence, task);
    if (n == 0)
        return;
    uint32_t other = neighbour(sequence, task, draw(of, n)), lane = sequence->lanes[other];
    if (lane == sequence->lanes[task])
        lane = draw_lane(of, task);
    if (!may_run(of, task, lane) || !may_run(of, other, lane))
        return;
    leave_for(of, task, lane);
    leave_for(of, other, lane);
}

/* Brings a task and neighbours of its lane, with neighbours of theirs, to another: each with an
 * even chance, so that what exchanges much data can leave together. */
static void
migrate(refining *of, uint32_t task)
{
    chx__sequence *sequence = &of->sequence;
    uint32_t from = sequence->lanes[task], to = draw_lane(of, task);
    if (from == to)
        return;
    leave_for(of, task, to);
    for (uint32_t i = of->n_left - 1; i < of->n_left; i++) {
        uint32_t n = count_neighbours(sequence, of->left[i].task);
        for (uint32_t k = 0; k < n; k++) {
            uint32_t other = neighbour(sequence, of->left[i].task, k);
            if (sequence->lanes[other] == from && may_run(of, other, to) && draw(of, 2))
                leave_for(of, other, to);
        }
    }
}

/* Changes the decision; what it was is in the fields of the change in hand. */
static void
make_change(refining *of)
{
    chx__sequence *sequence = &of->sequence;
    uint32_t n = sequence->n_tasks, kind = draw(of, 12);
    uint32_t task = draw(of, 4) ? of->critical[draw(of, of->n_critical)] : draw(of, n);
    of->n_left = 0;
    of->shifted = task;
    of->first = of->position = sequence->position[task];
    if (kind == 0)
        swap_lanes(of, task, draw(of, n));
    else if (kind < 6)
        leave_for(of, task, draw_lane(of, task));
    else if (kind == 8)
        join(of, task);
    else if (kind >= 9)
        migrate(of, task);
    if (kind >= 3)
        shift(of, task);
}

/* Whether a task only went past tasks of other lanes, or nowhere. */
static bool
changes_nothing(const refining *of)
{
    const chx__sequence *sequence = &of->sequence;
    uint32_t lane = sequence->lanes[of->shifted], to = sequence->position[of->shifted];
    uint32_t low = to < of->position ? to + 1 : of->position;
    uint32_t high = to < of->position ? of->position + 1 : to;
    if (of->n_left)
        return false;
    for (uint32_t i = low; i < high; i++)
        if (sequence->lanes[sequence->order[i]] == lane)
            return false;
    return true;
}

static void
take_back(refining *of)
{
    chx__sequence_forget(&of->sequence, of->first);
    chx__sequence_shift(&of->sequence, of->shifted, of->position);
    while (of->n_left > 0) {
        of->n_left--;
        chx__sequence_set_lane(&of->sequence, of->left[of->n_left].task, of->left[of->n_left].lane);
    }
}

static void
find_critical(refining *of)
{
    of->n_critical = chx__sequence_critical(&of->sequence, of->critical);
    of->n_steps += of->sequence.n_tasks / 4;
}

static void
remember(refining *of)
{
    size_t n = of->sequence.n_tasks;
    of->best_ns = of->now_ns;
    memcpy(of->best_order, of->sequence.order, n * sizeof *of->best_order);
    memcpy(of->best_lanes, of->sequence.lanes, n * sizeof *of->best_lanes);
}

static void
try_change(refining *of, double temperature_ns)
{
    make_change(of);
    if (changes_nothing(of)) {
        of->n_steps += of->sequence.n_tasks / 4 + 4;
        return;
    }
    double limit_ns = chx__annealing_limit(&of->random, of->now_ns, temperature_ns);
    double makespan_ns = chx__sequence_try(&of->sequence, of->first, limit_ns, &of->n_steps);
    if (!(makespan_ns <= limit_ns)) {
        take_back(of);
        return;
    }
    chx__sequence_keep(&of->sequence, of->first);
    of->now_ns = makespan_ns;
    find_critical(of);
    if (makespan_ns < of->best_ns)
        remember(of);
}

/* Plays the decision in the sequence out and keeps it. */
static void
begin_here(refining *of)
{
    of->now_ns = chx__sequence_try(&of->sequence, 0, INFINITY, &of->n_steps);
    chx__sequence_keep(&of->sequence, 0);
    find_critical(of);
}

static void
return_to_best(refining *of)
{
    chx__sequence *sequence = &of->sequence;
    for (uint32_t i = 0; i < sequence->n_tasks; i++) {
        sequence->order[i] = of->best_order[i];
        sequence->position[sequence->order[i]] = i;
        chx__sequence_set_lane(sequence, i, of->best_lanes[i]);
    }
    begin_here(of);
}

static void
anneal(refining *of, uint64_t n_steps)
{
    for (uint32_t round = 0; round < CHX__N_ROUNDS; round++) {
        uint64_t begin = of->n_steps, end = n_steps / CHX__N_ROUNDS * (round + 1);
        double first_ns = chx__temperatures[round] * of->best_ns / of->sequence.n_tasks;
        while (of->n_steps < end) {
            double left = (double)(end - of->n_steps) / (double)(end - begin);
            try_change(of, first_ns * left);
        }
        return_to_best(of);
    }
}

static chx_status
refining_init(refining *of, const chx__machine *machine, const chx__problem *problem,
              const chx__solution *solution)
{
    uint32_t n = problem->n_tasks;
    of->best_order = chx__alloc(n, sizeof *of->best_order);
    of->best_lanes = chx__alloc(n, sizeof *of->best_lanes);
    of->critical = chx__alloc(n, sizeof *of->critical);
    of->left = chx__alloc((size_t)n + 2, sizeof *of->left);
    if (!of->left || !of->best_order || !of->best_lanes || !of->critical)
        return chx__fail_memory("scheduling");
    return chx__sequence_init(&of->sequence, machine, problem, solution);
}

chx_status
chx__refine(const chx__machine *machine, const chx__problem *problem,
            const chx__search_params *params, chx__solution *solution)
{
    uint64_t n_steps = params->n_steps * STEPS_PER_PLACEMENT;
    if (!chx__annealing_pays(problem, n_steps))
        return CHX_OK;
    refining of = {.random = params->seed};
    chx_status status = refining_init(&of, machine, problem, solution);
    if (!status) {
        begin_here(&of);
        remember(&of);
        anneal(&of, n_steps);
        if (of.best_ns < solution->makespan_ns)
            chx__sequence_write(&of.sequence, solution);
    }
    chx__sequence_finish(&of.sequence);
    free(of.best_order);
    free(of.best_lanes);
    free(of.critical);
    free(of.left);
    return status;
}
