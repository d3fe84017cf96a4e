/* A problem of the classical model as machine and items: a lane is a place, an edge an item, and an
 * item's bytes are its transfer time in units.
 *
 * Units are milliseconds times a power of two, so that no digit of the caller's numbers changes,
 * sums and comparisons come out as in milliseconds, and the largest transfer still fits an
 * integer exactly. Times of a scenario are in those units throughout; only schedule.c turns them
 * back. */
#include "schedule/scenario.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

static char **
copy_names(const char *const *names, uint32_t n, const char *prefix)
{
    char **copies = chx__alloc(n, sizeof *copies);
    for (uint32_t i = 0; copies && i < n; i++) {
        copies[i] = names ? chx__strdup(names[i] ? names[i] : "")
                          : chx__format("%s%" PRIu32, prefix, i + 1);
        if (copies[i])
            continue;
        while (i > 0)
            free(copies[--i]);
        free(copies);
        return NULL;
    }
    return copies;
}

static void
free_names(char **names, uint32_t n)
{
    for (uint32_t i = 0; names && i < n; i++)
        free(names[i]);
    free(names);
}

/* Times are milliseconds times a power of two, which changes no digit of them: large enough that a
 * transfer's time, as a whole number of bytes, is exact. */
static double
choose_scale(const chx_schedule_problem *problem)
{
    double longest_ms = 0.0;
    for (uint32_t e = 0; e < problem->n_edges; e++)
        longest_ms = fmax(longest_ms, problem->edges[e].transfer_ms);
    if (longest_ms == 0.0)
        return 1.0;
    int exponent = 52 - ilogb(longest_ms);
    return ldexp(1.0, exponent < 200 ? exponent : 200);
}

/* Edges become items that the task before writes and the task after reads, in rows by the
 * latter. */
static void
translate_edges(chx__scenario *to, const chx_schedule_problem *from)
{
    for (uint32_t e = 0; e < from->n_edges; e++) {
        const chx_schedule_edge *edge = &from->edges[e];
        to->items[e] = (chx__item){(uint64_t)(edge->transfer_ms * to->units_per_ms), edge->before,
                                   chx__places_none()};
        to->inputs_begin[edge->after + 1]++;
    }
    for (uint32_t t = 0; t < from->n_tasks; t++)
        to->inputs_begin[t + 1] += to->inputs_begin[t];
    /* Filled from the back, rows end up beginning one row early; the shift puts that right. */
    for (uint32_t e = from->n_edges; e-- > 0;)
        to->inputs[--to->inputs_begin[from->edges[e].after + 1]] = e;
    memmove(to->inputs_begin, to->inputs_begin + 1, from->n_tasks * sizeof *to->inputs_begin);
    to->inputs_begin[from->n_tasks] = from->n_edges;
}

chx_status
chx__scenario_init(chx__scenario *to, const chx_schedule_problem *from)
{
    size_t n_costs = (size_t)from->n_tasks * from->n_lanes;
    *to = (chx__scenario){
        .units_per_ms = choose_scale(from),
        .machine = {.n_lanes = from->n_lanes},
        .problem = {.n_tasks = from->n_tasks},
        .lanes = chx__alloc(from->n_lanes, sizeof *to->lanes),
        .items = chx__alloc(from->n_edges, sizeof *to->items),
        .inputs_begin = chx__alloc((size_t)from->n_tasks + 1, sizeof *to->inputs_begin),
        .inputs = chx__alloc(from->n_edges, sizeof *to->inputs),
        .after_begin = chx__alloc((size_t)from->n_tasks + 1, sizeof *to->after_begin),
        .cost = chx__alloc(from->n_tasks, from->n_lanes * sizeof *to->cost),
        .task_names = copy_names(from->task_names, from->n_tasks, "T"),
        .lane_names = copy_names(from->lane_names, from->n_lanes, "P")};
    if (!to->lanes || !to->items || !to->inputs_begin || !to->inputs || !to->after_begin ||
        !to->cost || !to->task_names || !to->lane_names)
        return chx__fail_memory("scheduling");
    for (uint32_t l = 0; l < from->n_lanes; l++)
        to->lanes[l] = (chx__machine_lane){.place = l, .device = "", .name = to->lane_names[l]};
    for (size_t c = 0; c < n_costs; c++)
        to->cost[c] = from->cost_ms[c] * to->units_per_ms;
    translate_edges(to, from);
    to->machine = (chx__machine){from->n_lanes, from->n_lanes, to->lanes, NULL};
    to->problem = (chx__problem){.n_tasks = from->n_tasks,
                                 .n_items = from->n_edges,
                                 .items = to->items,
                                 .inputs = {to->inputs_begin, to->inputs},
                                 .after = {to->after_begin, NULL},
                                 .cost_ns = to->cost};
    return CHX_OK;
}

void
chx__scenario_finish(chx__scenario *scenario)
{
    free_names(scenario->task_names, scenario->problem.n_tasks);
    free_names(scenario->lane_names, scenario->machine.n_lanes);
    chx__machine_model_finish(&scenario->model);
    free(scenario->lanes);
    free(scenario->items);
    free(scenario->inputs_begin);
    free(scenario->inputs);
    free(scenario->after_begin);
    free(scenario->after);
    free(scenario->cost);
    *scenario = (chx__scenario){0};
}
