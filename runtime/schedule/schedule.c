#include "schedule/schedule.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/algorithm.h"

struct chx_schedule {
    uint32_t n_lanes;
    uint32_t n_tasks;
    uint32_t n_edges;
    char **lane_names;
    char **task_names;
    chx_schedule_entry *entries;
    chx_schedule_edge *edges;
    const char *algorithm; /* static */
    double makespan_ms;
    double lower_bound_ms;
};

/* The problem in the planner's terms. Its times are milliseconds times a power of two, which
 * changes no digit of them: large enough that a transfer's time, as a whole number of bytes, is
 * exact. */
typedef struct translation {
    double scale;
    chx__machine machine;
    chx__problem problem;
    chx__machine_lane *lanes;
    chx__item *items; /* one per edge */
    uint32_t *inputs_begin;
    uint32_t *inputs;
    uint32_t *after_begin;
    double *cost;
} translation;

static void
translation_finish(translation *of)
{
    free(of->lanes);
    free(of->items);
    free(of->inputs_begin);
    free(of->inputs);
    free(of->after_begin);
    free(of->cost);
}

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
translate_edges(translation *to, const chx_schedule_problem *from)
{
    for (uint32_t e = 0; e < from->n_edges; e++) {
        const chx_schedule_edge *edge = &from->edges[e];
        to->items[e] = (chx__item){(uint64_t)(edge->transfer_ms * to->scale), edge->before, 0};
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

static chx_status
translation_init(translation *to, const chx_schedule_problem *from)
{
    size_t n_costs = (size_t)from->n_tasks * from->n_lanes;
    *to = (translation){
        .scale = choose_scale(from),
        .lanes = chx__alloc(from->n_lanes, sizeof *to->lanes),
        .items = chx__alloc(from->n_edges, sizeof *to->items),
        .inputs_begin = chx__alloc((size_t)from->n_tasks + 1, sizeof *to->inputs_begin),
        .inputs = chx__alloc(from->n_edges, sizeof *to->inputs),
        .after_begin = chx__alloc((size_t)from->n_tasks + 1, sizeof *to->after_begin),
        .cost = chx__alloc(n_costs, sizeof *to->cost)};
    if (!to->lanes || !to->items || !to->inputs_begin || !to->inputs || !to->after_begin ||
        !to->cost)
        return chx__fail_memory("scheduling");
    for (uint32_t l = 0; l < from->n_lanes; l++)
        to->lanes[l].place = l;
    for (size_t c = 0; c < n_costs; c++)
        to->cost[c] = from->cost_ms[c] * to->scale;
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

static chx_status
check_task(const chx_schedule_problem *problem, uint32_t task)
{
    bool allowed = false;
    for (uint32_t l = 0; l < problem->n_lanes; l++) {
        double ms = problem->cost_ms[(size_t)task * problem->n_lanes + l];
        if (ms == INFINITY)
            continue;
        if (!(ms >= 0.0 && ms <= CHX__SCHEDULE_MAX_MS))
            return chx__fail(CHX_ERROR_INVALID,
                             "task %" PRIu32 " costs %g ms on lane %" PRIu32
                             "; 0 to %g are accepted",
                             task, ms, l, CHX__SCHEDULE_MAX_MS);
        allowed = true;
    }
    if (!allowed)
        return chx__fail(CHX_ERROR_INVALID,
                         "no lane may run task %" PRIu32 "; give it a finite cost on one", task);
    return CHX_OK;
}

static chx_status
check_problem(const chx_schedule_problem *problem)
{
    CHX__REQUIRE(problem->n_lanes >= 1 && problem->n_lanes <= 65535);
    CHX__REQUIRE(problem->n_tasks >= 1 && problem->n_tasks < UINT32_MAX);
    CHX__REQUIRE(problem->cost_ms && (problem->edges || !problem->n_edges));
    for (uint32_t t = 0; t < problem->n_tasks; t++) {
        chx_status status = check_task(problem, t);
        if (status)
            return status;
    }
    for (uint32_t e = 0; e < problem->n_edges; e++) {
        const chx_schedule_edge *edge = &problem->edges[e];
        CHX__REQUIRE(edge->before < problem->n_tasks && edge->after < problem->n_tasks);
        if (!(edge->transfer_ms >= 0.0 && edge->transfer_ms <= CHX__SCHEDULE_MAX_MS))
            return chx__fail(CHX_ERROR_INVALID,
                             "edge %" PRIu32 " takes %g ms; 0 to %g are accepted", e,
                             edge->transfer_ms, CHX__SCHEDULE_MAX_MS);
    }
    return CHX_OK;
}

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

static chx_status
copy_problem(chx_schedule *to, const chx_schedule_problem *from)
{
    to->n_lanes = from->n_lanes;
    to->n_tasks = from->n_tasks;
    to->n_edges = from->n_edges;
    to->lane_names = copy_names(from->lane_names, from->n_lanes, "P");
    to->task_names = copy_names(from->task_names, from->n_tasks, "T");
    to->entries = chx__alloc(from->n_tasks, sizeof *to->entries);
    to->edges = chx__alloc(from->n_edges, sizeof *to->edges);
    if (!to->lane_names || !to->task_names || !to->entries || !to->edges)
        return chx__fail_memory("scheduling");
    if (from->n_edges)
        memcpy(to->edges, from->edges, from->n_edges * sizeof *to->edges);
    return CHX_OK;
}

static double
cheapest_ms(const chx_schedule_problem *problem, uint32_t task)
{
    double least_ms = INFINITY;
    for (uint32_t l = 0; l < problem->n_lanes; l++)
        least_ms = fmin(least_ms, problem->cost_ms[(size_t)task * problem->n_lanes + l]);
    return least_ms;
}

static chx_status
find_lower_bound(const chx_schedule_problem *problem, const chx__problem *order_of,
                 double *bound_ms, uint32_t *cyclic)
{
    uint32_t *order = chx__alloc(problem->n_tasks, sizeof *order);
    double *finish_ms = chx__alloc(problem->n_tasks, sizeof *finish_ms);
    chx_status status = order && finish_ms ? CHX_OK : chx__fail_memory("scheduling");
    if (!status)
        status = chx__problem_order(order_of, order, cyclic);
    double total_ms = 0.0, longest_ms = 0.0;
    for (uint32_t o = 0; !status && o < problem->n_tasks; o++) {
        uint32_t task = order[o];
        double cost_ms = cheapest_ms(problem, task);
        for (uint32_t i = 0; i < chx__problem_n_predecessors(order_of, task); i++)
            finish_ms[task] =
                fmax(finish_ms[task], finish_ms[chx__problem_predecessor(order_of, task, i)]);
        finish_ms[task] += cost_ms;
        longest_ms = fmax(longest_ms, finish_ms[task]);
        total_ms += cost_ms;
    }
    if (!status)
        *bound_ms = fmax(longest_ms, total_ms / problem->n_lanes);
    free(order);
    free(finish_ms);
    return status;
}

static chx_status
solve(chx_schedule *schedule, const chx_schedule_problem *problem, const chx__algorithm *with,
      uint32_t *cyclic)
{
    translation translated;
    chx__solution solution = {0};
    chx_status status = translation_init(&translated, problem);
    if (!status)
        status = find_lower_bound(problem, &translated.problem, &schedule->lower_bound_ms, cyclic);
    if (!status)
        status = with->solve(&translated.machine, &translated.problem, &solution);
    for (uint32_t t = 0; !status && t < problem->n_tasks; t++)
        schedule->entries[t] = (chx_schedule_entry){solution.tasks[t].lane,
                                                    solution.tasks[t].start_ns / translated.scale,
                                                    solution.tasks[t].finish_ns / translated.scale};
    schedule->makespan_ms = solution.makespan_ns / translated.scale;
    schedule->algorithm = with->name;
    chx__solution_finish(&solution);
    translation_finish(&translated);
    return status;
}

chx_status
chx__schedule_solve(const chx_schedule_problem *problem, const char *algorithm_name,
                    chx_schedule **schedule, uint32_t *cyclic)
{
    const chx__algorithm *with;
    chx_status status = check_problem(problem);
    if (!status)
        status = chx__algorithm_find(algorithm_name, &with);
    if (status)
        return status;
    chx_schedule *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("scheduling");
    status = copy_problem(made, problem);
    if (!status)
        status = solve(made, problem, with, cyclic);
    if (status)
        chx_schedule_destroy(&made);
    else
        *schedule = made;
    return status;
}

chx_status
chx_schedule_create(const chx_schedule_problem *problem, const char *algorithm_name,
                    chx_schedule **schedule)
{
    CHX__REQUIRE(problem && schedule);
    uint32_t cyclic;
    chx_status status = chx__schedule_solve(problem, algorithm_name, schedule, &cyclic);
    if (status == CHX_ERROR_CYCLE && problem->task_names)
        return chx__fail_cl(status, 0, NULL, problem->task_names[cyclic],
                            "task \"%s\" waits for itself through its edges; remove one of them",
                            problem->task_names[cyclic]);
    return status;
}

void
chx_schedule_destroy(chx_schedule **schedule)
{
    if (!schedule || !*schedule)
        return;
    free_names((*schedule)->lane_names, (*schedule)->n_lanes);
    free_names((*schedule)->task_names, (*schedule)->n_tasks);
    free((*schedule)->entries);
    free((*schedule)->edges);
    free(*schedule);
    *schedule = NULL;
}

const char *
chx_schedule_algorithm_at(uint32_t index)
{
    const chx__algorithm *algorithm = chx__algorithm_at(index);
    return algorithm ? algorithm->name : NULL;
}

uint32_t
chx_schedule_n_tasks(const chx_schedule *schedule)
{
    return schedule ? schedule->n_tasks : 0;
}

const chx_schedule_entry *
chx_schedule_task(const chx_schedule *schedule, uint32_t task)
{
    return schedule && task < schedule->n_tasks ? &schedule->entries[task] : NULL;
}

const char *
chx_schedule_task_name(const chx_schedule *schedule, uint32_t task)
{
    return schedule && task < schedule->n_tasks ? schedule->task_names[task] : NULL;
}

const char *
chx_schedule_lane_name(const chx_schedule *schedule, uint32_t lane)
{
    return schedule && lane < schedule->n_lanes ? schedule->lane_names[lane] : NULL;
}

const char *
chx_schedule_algorithm(const chx_schedule *schedule)
{
    return schedule ? schedule->algorithm : NULL;
}

double
chx_schedule_makespan_ms(const chx_schedule *schedule)
{
    return schedule ? schedule->makespan_ms : 0.0;
}

double
chx_schedule_lower_bound_ms(const chx_schedule *schedule)
{
    return schedule ? schedule->lower_bound_ms : 0.0;
}

static chx_status
fill_timeline(chx_timeline *timeline, const chx_schedule *schedule)
{
    chx_status status = CHX_OK;
    for (uint32_t l = 0; !status && l < schedule->n_lanes; l++)
        status = chx_timeline_add_lane(timeline, "", schedule->lane_names[l], NULL);
    for (uint32_t t = 0; !status && t < schedule->n_tasks; t++)
        status = chx_timeline_add_span(
            timeline,
            &(chx_span){.name = schedule->task_names[t],
                        .kind = CHX_SPAN_KERNEL,
                        .lane = schedule->entries[t].lane,
                        .predicted_start_ns = schedule->entries[t].start_ms * 1e6,
                        .predicted_finish_ns = schedule->entries[t].finish_ms * 1e6,
                        .measured_start_ns = -1.0,
                        .measured_finish_ns = -1.0},
            NULL);
    for (uint32_t e = 0; !status && e < schedule->n_edges; e++)
        status =
            chx_timeline_add_edge(timeline, schedule->edges[e].before, schedule->edges[e].after);
    return status;
}

chx_status
chx_schedule_timeline(const chx_schedule *schedule, chx_timeline **timeline)
{
    CHX__REQUIRE(schedule && timeline);
    chx_timeline *made;
    chx_status status = chx_timeline_create(&made);
    if (status)
        return status;
    status = fill_timeline(made, schedule);
    if (status)
        chx_timeline_destroy(&made);
    else
        *timeline = made;
    return status;
}
