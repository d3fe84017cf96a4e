/* The public noun over scenario, algorithm and player. chx__schedule_plan() takes the scenario as
 * soon as the algorithm is known, so that a problem from a file is not copied; names and lanes live
 * as long as the schedule. Times are bounded by CHX__SCHEDULE_MAX_MS so that no sum of them
 * overflows.
 *
 * Energy counts a device's idle power for the whole length and the difference to its busy power
 * for the share of time in which its lanes run tasks; transfers cost none beyond that. */
#include "schedule/schedule.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/algorithm.h"
#include "schedule/bound.h"
#include "schedule/play.h"

struct chx_schedule {
    chx__scenario scenario;
    chx__solution plan;
    chx__solution played; /* empty until it is */
    chx_schedule_entry *entries;
    const char *algorithm; /* static */
    double lower_bound;
};

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

static void
write_entries(chx_schedule *schedule)
{
    double unit = schedule->scenario.units_per_ms;
    for (uint32_t t = 0; t < schedule->scenario.problem.n_tasks; t++) {
        const chx__placement *placement = &schedule->plan.tasks[t];
        schedule->entries[t] = (chx_schedule_entry){placement->lane, placement->start_ns / unit,
                                                    placement->finish_ns / unit};
    }
}

static chx_status
solve_with(const chx__algorithm *with, uint32_t effort, chx_schedule *made)
{
    const chx__machine *machine = &made->scenario.machine;
    const chx__problem *problem = &made->scenario.problem;
    return with->solve == chx__best
               ? chx__best_with_effort(machine, problem, effort, &made->plan, &made->lower_bound)
               : with->solve(machine, problem, &made->plan);
}

chx_status
chx__schedule_plan(chx__scenario *scenario, const chx_schedule_params *params,
                   chx_schedule **schedule, uint32_t *cyclic)
{
    const chx__algorithm *with;
    chx_status status = chx__algorithm_find(params->algorithm, &with);
    chx_schedule *made = chx__alloc(1, sizeof *made);
    if (!status && !made)
        status = chx__fail_memory("scheduling");
    if (!status) {
        made->scenario = *scenario;
        *scenario = (chx__scenario){0};
        made->algorithm = with->name;
        made->entries = chx__alloc(made->scenario.problem.n_tasks, sizeof *made->entries);
        status = made->entries ? chx__bound_find(&made->scenario.machine, &made->scenario.problem,
                                                 &made->lower_bound, cyclic)
                               : chx__fail_memory("scheduling");
    }
    if (!status)
        status = solve_with(with, params->effort, made);
    if (status) {
        chx_schedule_destroy(&made);
        return status;
    }
    write_entries(made);
    *schedule = made;
    return CHX_OK;
}

chx_status
chx__schedule_solve(const chx_schedule_problem *problem, const chx_schedule_params *params,
                    chx_schedule **schedule, uint32_t *cyclic)
{
    chx__scenario scenario = {0};
    chx_status status = check_problem(problem);
    if (!status)
        status = chx__scenario_init(&scenario, problem);
    if (!status)
        status = chx__schedule_plan(&scenario, params, schedule, cyclic);
    chx__scenario_finish(&scenario);
    return status;
}

chx_status
chx__schedule_create(const chx_schedule_problem *problem, const chx_schedule_params *params,
                     chx_schedule **schedule)
{
    uint32_t cyclic = 0;
    chx_status status = chx__schedule_solve(problem, params, schedule, &cyclic);
    if (status == CHX_ERROR_CYCLE && problem->task_names)
        return chx__fail_cl(status, 0, NULL, problem->task_names[cyclic],
                            "task \"%s\" waits for itself through its edges; remove one of them",
                            problem->task_names[cyclic]);
    return status;
}

chx_status
chx_schedule_create(const chx_schedule_problem *problem, const char *algorithm_name,
                    chx_schedule **schedule)
{
    CHX__REQUIRE(problem && schedule);
    return chx__schedule_create(problem, &(chx_schedule_params){.algorithm = algorithm_name},
                                schedule);
}

void
chx_schedule_destroy(chx_schedule **schedule)
{
    if (!schedule || !*schedule)
        return;
    chx__scenario_finish(&(*schedule)->scenario);
    chx__solution_finish(&(*schedule)->plan);
    chx__solution_finish(&(*schedule)->played);
    free((*schedule)->entries);
    free(*schedule);
    *schedule = NULL;
}

static double
factor_for(const chx__machine_lane *lane, const char *full_name, const chx_schedule_play_params *by)
{
    bool slow = by->slow_lane &&
                (strcmp(by->slow_lane, full_name) == 0 || strcmp(by->slow_lane, lane->device) == 0);
    return slow && by->slow_factor > 0.0 ? by->slow_factor : 1.0;
}

static chx_status
check_play(const chx_schedule *schedule, const chx_schedule_play_params *params)
{
    CHX__REQUIRE(params->noise >= 0.0 && params->noise <= 10.0);
    CHX__REQUIRE(params->slow_factor >= 0.0 && isfinite(params->slow_factor));
    for (uint32_t l = 0; params->slow_lane && l < schedule->scenario.machine.n_lanes; l++)
        if (strcmp(params->slow_lane, schedule->scenario.lane_names[l]) == 0 ||
            strcmp(params->slow_lane, schedule->scenario.machine.lanes[l].device) == 0)
            return CHX_OK;
    return params->slow_lane
               ? chx__fail(CHX_ERROR_INVALID, "the machine has no lane or device \"%s\"",
                           params->slow_lane)
               : CHX_OK;
}

chx_status
chx_schedule_play(chx_schedule *schedule, const chx_schedule_play_params *params,
                  double *makespan_ms)
{
    CHX__REQUIRE(schedule && makespan_ms);
    static const chx_schedule_play_params none = {0};
    const chx_schedule_play_params *by = params ? params : &none;
    const chx__machine *machine = &schedule->scenario.machine;
    chx_status status = check_play(schedule, by);
    if (status)
        return status;
    double *factors = chx__alloc(machine->n_lanes, sizeof *factors);
    chx__solution played;
    if (!factors)
        return chx__fail_memory("playing a schedule");
    for (uint32_t l = 0; l < machine->n_lanes; l++)
        factors[l] = factor_for(&machine->lanes[l], schedule->scenario.lane_names[l], by);
    status = chx__play_solution(machine, &schedule->scenario.problem, &schedule->plan,
                                &(chx__play){by->noise, by->seed, factors}, &played);
    free(factors);
    if (status)
        return status;
    chx__solution_finish(&schedule->played);
    schedule->played = played;
    *makespan_ms = played.makespan_ns / schedule->scenario.units_per_ms;
    return CHX_OK;
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
    return schedule ? schedule->scenario.problem.n_tasks : 0;
}

uint32_t
chx_schedule_n_lanes(const chx_schedule *schedule)
{
    return schedule ? schedule->scenario.machine.n_lanes : 0;
}

uint32_t
chx_schedule_n_transfers(const chx_schedule *schedule)
{
    return schedule ? (uint32_t)schedule->plan.n_moves : 0;
}

const chx_schedule_entry *
chx_schedule_task(const chx_schedule *schedule, uint32_t task)
{
    return task < chx_schedule_n_tasks(schedule) ? &schedule->entries[task] : NULL;
}

const char *
chx_schedule_task_name(const chx_schedule *schedule, uint32_t task)
{
    return task < chx_schedule_n_tasks(schedule) ? schedule->scenario.task_names[task] : NULL;
}

const char *
chx_schedule_lane_name(const chx_schedule *schedule, uint32_t lane)
{
    return lane < chx_schedule_n_lanes(schedule) ? schedule->scenario.lane_names[lane] : NULL;
}

const char *
chx_schedule_algorithm(const chx_schedule *schedule)
{
    return schedule ? schedule->algorithm : NULL;
}

double
chx_schedule_makespan_ms(const chx_schedule *schedule)
{
    return schedule ? schedule->plan.makespan_ns / schedule->scenario.units_per_ms : 0.0;
}

double
chx_schedule_lower_bound_ms(const chx_schedule *schedule)
{
    return schedule ? schedule->lower_bound / schedule->scenario.units_per_ms : 0.0;
}

/* The time that the lanes of a device which run tasks are busy, as a part of the whole. */
static double
busy_part(const chx_schedule *schedule, uint32_t device)
{
    const chx__machine_model *model = &schedule->scenario.model;
    double busy_ns = 0.0;
    uint32_t n_lanes = 0;
    for (uint32_t l = 0; l < model->machine.n_lanes; l++)
        n_lanes += model->lane_models[l].device == device && model->lanes[l].role != CHX__ROLE_COPY;
    for (uint32_t t = 0; t < schedule->scenario.problem.n_tasks; t++) {
        const chx__placement *at = &schedule->plan.tasks[t];
        if (model->lane_models[at->lane].device == device)
            busy_ns += at->finish_ns - at->start_ns;
    }
    double whole_ns = schedule->plan.makespan_ns * n_lanes;
    return whole_ns > 0.0 ? busy_ns / whole_ns : 0.0;
}

double
chx_schedule_energy_j(const chx_schedule *schedule)
{
    double watts = 0.0;
    for (uint32_t d = 0; schedule && d < schedule->scenario.model.n_devices; d++) {
        const chx__device_model *device = &schedule->scenario.model.devices[d];
        watts += device->idle_w + (device->busy_w - device->idle_w) * busy_part(schedule, d);
    }
    return watts * chx_schedule_makespan_ms(schedule) * 1e-3;
}

/* One task or move; of what was not played, the measured times are unknown. */
static chx_status
add_span(chx_timeline *timeline, const chx_schedule *schedule, chx_span span, size_t index)
{
    double ns = 1e6 / schedule->scenario.units_per_ms;
    bool played = schedule->played.tasks != NULL;
    span.measured_start_ns = span.measured_finish_ns = -1.0;
    span.predicted_start_ns *= ns;
    span.predicted_finish_ns *= ns;
    if (played && span.kind == CHX_SPAN_TRANSFER) {
        span.measured_start_ns = schedule->played.moves[index].start_ns * ns;
        span.measured_finish_ns = schedule->played.moves[index].finish_ns * ns;
    } else if (played) {
        span.measured_start_ns = schedule->played.tasks[index].start_ns * ns;
        span.measured_finish_ns = schedule->played.tasks[index].finish_ns * ns;
    }
    return chx_timeline_add_span(timeline, &span, NULL);
}

static chx_status
add_spans(chx_timeline *timeline, const chx_schedule *schedule)
{
    const chx__scenario *scenario = &schedule->scenario;
    chx_status status = CHX_OK;
    for (uint32_t t = 0; !status && t < scenario->problem.n_tasks; t++) {
        const chx__placement *at = &schedule->plan.tasks[t];
        bool host = scenario->machine.lanes[at->lane].role == CHX__ROLE_HOST;
        status = add_span(timeline, schedule,
                          (chx_span){.name = scenario->task_names[t],
                                     .kind = host ? CHX_SPAN_HOST : CHX_SPAN_KERNEL,
                                     .lane = at->lane,
                                     .predicted_start_ns = at->start_ns,
                                     .predicted_finish_ns = at->finish_ns},
                          t);
    }
    for (size_t m = 0; !status && m < schedule->plan.n_moves; m++) {
        const chx__move *move = &schedule->plan.moves[m];
        const chx__item *item = &scenario->problem.items[move->item];
        const char *name =
            item->producer == CHX__NO_TASK ? "input" : scenario->task_names[item->producer];
        /* A link without a lane of its own is drawn nowhere. */
        if (move->lane != CHX__NO_LANE)
            status = add_span(timeline, schedule,
                              (chx_span){.name = name,
                                         .kind = CHX_SPAN_TRANSFER,
                                         .lane = move->lane,
                                         .bytes = item->bytes,
                                         .predicted_start_ns = move->start_ns,
                                         .predicted_finish_ns = move->finish_ns},
                              m);
    }
    return status;
}

static chx_status
fill_timeline(chx_timeline *timeline, const chx_schedule *schedule)
{
    const chx__scenario *scenario = &schedule->scenario;
    const chx__problem *problem = &scenario->problem;
    chx_status status = CHX_OK;
    for (uint32_t l = 0; !status && l < scenario->machine.n_lanes; l++)
        status = chx_timeline_add_lane(timeline, scenario->machine.lanes[l].device,
                                       scenario->machine.lanes[l].name, NULL);
    if (!status)
        status = add_spans(timeline, schedule);
    for (uint32_t t = 0; !status && t < problem->n_tasks; t++) {
        for (uint32_t i = 0; !status && i < chx__problem_n_predecessors(problem, t); i++) {
            uint32_t before = chx__problem_predecessor(problem, t, i);
            if (before != CHX__NO_TASK)
                status = chx_timeline_add_edge(timeline, before, t);
        }
    }
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
