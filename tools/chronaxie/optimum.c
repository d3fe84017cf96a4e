/* Level by level: a state has some tasks started, in the order of their starts, and a level has all
 * states of as many tasks. A state is dropped when what is left cannot end before the shortest
 * known, or when another with the same tasks is nowhere later: not on any lane, not in when
 * the data of any task to come is on any lane, and not in the last start, before which none may
 * start any more. Whatever follows the one dropped may follow the other, at the same times, so the
 * optimum is never lost. It shares no code with the library that it judges. */
#include "optimum.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { MAX_STATES = 20000 };

typedef struct state {
    uint32_t done; /* bits of tasks */
    double last_ms; /* the latest start */
    double end_ms[OPTIMUM_MAX_LANES];
    double ready_ms[OPTIMUM_MAX_TASKS][OPTIMUM_MAX_LANES]; /* as far as known; 0 when done */
} state;

typedef struct level {
    state *states;
    uint32_t n, capacity;
    uint32_t *same; /* the state before with the same hash, one up, by state */
    uint32_t *first; /* by hash, one up */
} level;

enum { N_HASHES = 1 << 16 };

typedef struct optimum {
    const chx_schedule_problem *problem;
    double tail_ms[OPTIMUM_MAX_TASKS][OPTIMUM_MAX_LANES];
    double least_ms[OPTIMUM_MAX_TASKS];
    double best_ms;
    uint32_t before[OPTIMUM_MAX_TASKS]; /* bits */
} optimum;

static double
cost_of(const optimum *of, uint32_t task, uint32_t lane)
{
    return of->problem->cost_ms[task * of->problem->n_lanes + lane];
}

static void
prepare(optimum *of)
{
    const chx_schedule_problem *problem = of->problem;
    for (uint32_t t = problem->n_tasks; t-- > 0;) {
        of->least_ms[t] = INFINITY;
        for (uint32_t l = 0; l < problem->n_lanes; l++)
            of->least_ms[t] = fmin(of->least_ms[t], cost_of(of, t, l));
        for (uint32_t e = 0; e < problem->n_edges; e++) {
            const chx_schedule_edge *edge = &problem->edges[e];
            if (edge->after == t)
                of->before[t] |= 1u << edge->before;
            for (uint32_t l = 0; edge->before == t && l < problem->n_lanes; l++) {
                double least_ms = INFINITY;
                for (uint32_t to = 0; to < problem->n_lanes; to++)
                    least_ms =
                        fmin(least_ms, cost_of(of, edge->after, to) + of->tail_ms[edge->after][to] +
                                           (to == l ? 0.0 : edge->transfer_ms));
                of->tail_ms[t][l] = fmax(of->tail_ms[t][l], least_ms);
            }
        }
    }
}

/* Whether a state may still lead to less than the best. */
static bool
is_promising(const optimum *of, const state *at)
{
    const chx_schedule_problem *problem = of->problem;
    double area_ms = 0.0;
    for (uint32_t l = 0; l < problem->n_lanes; l++)
        area_ms += fmax(at->end_ms[l], at->last_ms);
    for (uint32_t t = 0; t < problem->n_tasks; t++) {
        if (at->done >> t & 1)
            continue;
        double least_ms = INFINITY;
        for (uint32_t l = 0; l < problem->n_lanes; l++)
            least_ms = fmin(least_ms, fmax(fmax(at->ready_ms[t][l], at->end_ms[l]), at->last_ms) +
                                          cost_of(of, t, l) + of->tail_ms[t][l]);
        area_ms += of->least_ms[t];
        if (least_ms >= of->best_ms)
            return false;
    }
    return area_ms < problem->n_lanes * of->best_ms;
}

static bool
is_nowhere_later(const optimum *of, const state *a, const state *b)
{
    if (a->last_ms > b->last_ms)
        return false;
    for (uint32_t l = 0; l < of->problem->n_lanes; l++)
        if (a->end_ms[l] > b->end_ms[l])
            return false;
    for (uint32_t t = 0; t < of->problem->n_tasks; t++)
        for (uint32_t l = 0; l < of->problem->n_lanes; l++)
            if (a->ready_ms[t][l] > b->ready_ms[t][l])
                return false;
    return true;
}

static uint32_t
hash_of(uint32_t done)
{
    return done * 2654435761u >> 16;
}

/* Adds a state unless one of the level is as good; false when there are too many. */
static bool
add_state(const optimum *of, level *to, const state *made)
{
    uint32_t *first = &to->first[hash_of(made->done)];
    for (uint32_t s = *first; s; s = to->same[s - 1]) {
        state *other = &to->states[s - 1];
        if (other->done != made->done)
            continue;
        if (is_nowhere_later(of, other, made))
            return true;
        if (is_nowhere_later(of, made, other)) {
            *other = *made;
            return true;
        }
    }
    if (to->n == to->capacity)
        return false;
    to->states[to->n] = *made;
    to->same[to->n] = *first;
    *first = ++to->n;
    return true;
}

static state
start_task(const optimum *of, const state *from, uint32_t task, uint32_t lane)
{
    const chx_schedule_problem *problem = of->problem;
    state made = *from;
    made.last_ms = fmax(fmax(from->ready_ms[task][lane], from->end_ms[lane]), from->last_ms);
    made.end_ms[lane] = made.last_ms + cost_of(of, task, lane);
    made.done |= 1u << task;
    for (uint32_t e = 0; e < problem->n_edges; e++) {
        const chx_schedule_edge *edge = &problem->edges[e];
        for (uint32_t l = 0; edge->before == task && l < problem->n_lanes; l++) {
            double ms = made.end_ms[lane] + (l == lane ? 0.0 : edge->transfer_ms);
            made.ready_ms[edge->after][l] = fmax(made.ready_ms[edge->after][l], ms);
        }
    }
    for (uint32_t l = 0; l < problem->n_lanes; l++)
        made.ready_ms[task][l] = 0.0;
    return made;
}

/* All that may follow one state. */
static bool
extend(optimum *of, const state *from, level *to)
{
    const chx_schedule_problem *problem = of->problem;
    for (uint32_t t = 0; t < problem->n_tasks; t++) {
        if (from->done >> t & 1 || (from->done & of->before[t]) != of->before[t])
            continue;
        for (uint32_t l = 0; l < problem->n_lanes; l++) {
            state made = start_task(of, from, t, l);
            if (made.end_ms[l] + of->tail_ms[t][l] >= of->best_ms || !is_promising(of, &made))
                continue;
            if (!add_state(of, to, &made))
                return false;
        }
    }
    return true;
}

static bool
level_init(level *of)
{
    *of = (level){malloc(MAX_STATES * sizeof *of->states), 0, MAX_STATES,
                  malloc(MAX_STATES * sizeof *of->same), calloc(N_HASHES, sizeof *of->first)};
    return of->states && of->same && of->first;
}

static void
level_finish(level *of)
{
    free(of->states);
    free(of->same);
    free(of->first);
}

static bool
search_levels(optimum *of, level *now, level *next)
{
    now->states[now->n++] = (state){.done = 0};
    for (uint32_t i = 0; i < of->problem->n_tasks && now->n; i++) {
        next->n = 0;
        for (uint32_t h = 0; h < N_HASHES; h++)
            next->first[h] = 0;
        for (uint32_t s = 0; s < now->n; s++)
            if (!extend(of, &now->states[s], next))
                return false;
        level other = *now;
        *now = *next;
        *next = other;
    }
    for (uint32_t s = 0; s < now->n; s++) {
        double length_ms = 0.0;
        for (uint32_t l = 0; l < of->problem->n_lanes; l++)
            length_ms = fmax(length_ms, now->states[s].end_ms[l]);
        of->best_ms = fmin(of->best_ms, length_ms);
    }
    return true;
}

bool
optimum_find(const chx_schedule_problem *problem, double known_ms, double *optimum_ms)
{
    if (problem->n_tasks > OPTIMUM_MAX_TASKS || problem->n_lanes > OPTIMUM_MAX_LANES)
        return false;
    optimum of = {.problem = problem, .best_ms = known_ms};
    level now = {0}, next = {0};
    prepare(&of);
    bool proved = level_init(&now) && level_init(&next) && search_levels(&of, &now, &next);
    level_finish(&now);
    level_finish(&next);
    *optimum_ms = of.best_ms;
    return proved;
}
