/* chronaxie plan: lays a described task graph on described lanes; needs no device. */
#include <stdio.h>
#include <stdlib.h>

#include <chronaxie/schedule.h>

#include "command.h"
#include "interrupt.h"
#include "options.h"
#include "outcome.h"
#include "result.h"
#include "table.h"
#include "target.h"

typedef struct order {
    const chx_schedule_entry *entry;
    uint32_t task;
} order;

static int
by_start(const void *left, const void *right)
{
    const order *a = left;
    const order *b = right;
    if (a->entry->start_ms != b->entry->start_ms)
        return a->entry->start_ms < b->entry->start_ms ? -1 : 1;
    return (a->task > b->task) - (a->task < b->task);
}

/* Tasks in order of their start; the caller frees the array. */
static order *
sort_tasks(const chx_schedule *schedule, uint32_t n)
{
    order *orders = malloc((n ? n : 1) * sizeof *orders);
    for (uint32_t t = 0; orders && t < n; t++)
        orders[t] = (order){chx_schedule_task(schedule, t), t};
    if (orders)
        qsort(orders, n, sizeof *orders, by_start);
    return orders;
}

/* What was asked for. */
typedef struct request {
    chx_schedule_params plan;
    chx_schedule_play_params play;
    bool noisy, slowed, seeded;
    bool as_json;
    const char *timeline_path;
    const chx_timeline *timeline; /* of the plan */
    double played_ms; /* below zero: not played */
} request;

static int
print_json(const chx_schedule *schedule, const order *orders, uint32_t n, const request *asked)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < n; i++) {
        const chx_schedule_entry *entry = orders[i].entry;
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:f, s:f}", "task",
                                        chx_schedule_task_name(schedule, orders[i].task), "lane",
                                        chx_schedule_lane_name(schedule, entry->lane), "start_ms",
                                        entry->start_ms, "finish_ms", entry->finish_ms));
    }
    json_t *object =
        json_pack("{s:f, s:f, s:s, s:o}", "makespan_ms", chx_schedule_makespan_ms(schedule),
                  "lower_bound_ms", chx_schedule_lower_bound_ms(schedule), "algorithm",
                  chx_schedule_algorithm(schedule), "schedule", list);
    if (asked->plan.machine_path) {
        json_object_set_new(object, "transfers", json_integer(chx_schedule_n_transfers(schedule)));
        json_object_set_new(object, "energy_j", json_real(chx_schedule_energy_j(schedule)));
    }
    json_object_set_new(object, "bottleneck", result_bottleneck(asked->timeline));
    if (asked->played_ms >= 0)
        json_object_set_new(object, "simulated_ms", json_real(asked->played_ms));
    return result_print(object);
}

static int
print_table(const chx_schedule *schedule, const order *orders, uint32_t n, const request *asked)
{
    double makespan = chx_schedule_makespan_ms(schedule);
    double bound = chx_schedule_lower_bound_ms(schedule);
    struct table table;

    table_begin(&table, "task|lane|>start (ms)|>finish (ms)");
    for (uint32_t i = 0; i < n; i++) {
        const chx_schedule_entry *entry = orders[i].entry;
        table_add(&table, "%s", chx_schedule_task_name(schedule, orders[i].task));
        table_add(&table, "%s", chx_schedule_lane_name(schedule, entry->lane));
        table_add(&table, "%.6g", entry->start_ms);
        table_add(&table, "%.6g", entry->finish_ms);
    }
    table_print(&table);
    printf("\nmakespan %.6g ms by %s; no schedule is shorter than %.6g ms", makespan,
           chx_schedule_algorithm(schedule), bound);
    if (bound > 0)
        printf(" (%.2f times that)", makespan / bound);
    putchar('\n');
    if (asked->plan.machine_path)
        printf("%u transfers; %.4g J by the machine's power model\n",
               chx_schedule_n_transfers(schedule), chx_schedule_energy_j(schedule));
    if (asked->played_ms >= 0)
        printf("simulated %.6g ms, %.3f times the plan\n", asked->played_ms,
               makespan > 0 ? asked->played_ms / makespan : 1.0);
    if (asked->timeline_path)
        result_print_bottleneck(asked->timeline);
    return OUTCOME_OK;
}

static int
print_schedule(const chx_schedule *schedule, const request *asked)
{
    uint32_t n = chx_schedule_n_tasks(schedule);
    order *orders = sort_tasks(schedule, n);
    int code;

    if (!orders)
        return outcome_say(OUTCOME_MEMORY, "memory ran out while sorting %u tasks", n);
    code = asked->as_json ? print_json(schedule, orders, n, asked)
                          : print_table(schedule, orders, n, asked);
    free(orders);
    return code;
}

static int
show(const chx_schedule *schedule, request *asked)
{
    chx_timeline *timeline = NULL;
    int code = outcome_report(chx_schedule_timeline(schedule, &timeline), STAGE_WORK);

    if (code == OUTCOME_OK && asked->timeline_path)
        code = outcome_report(result_write_timeline(timeline, asked->timeline_path), STAGE_OUTPUT);
    asked->timeline = timeline;
    if (code == OUTCOME_OK)
        code = print_schedule(schedule, asked);
    chx_timeline_destroy(&timeline);
    return code;
}

/* Plays the plan where noise, a seed or a slow lane asks for it. */
static int
play(chx_schedule *schedule, request *asked)
{
    asked->played_ms = -1.0;
    if (!asked->noisy && !asked->slowed && !asked->seeded)
        return OUTCOME_OK;
    if (chx_schedule_play(schedule, &asked->play, &asked->played_ms) == CHX_OK)
        return OUTCOME_OK;
    return chx_last_error()->status == CHX_ERROR_INVALID
               ? outcome_say(OUTCOME_USAGE, "%s", chx_last_error()->message)
               : outcome_report(chx_last_error()->status, STAGE_WORK);
}

static int
run(const struct command *self, int argc, char **argv)
{
    shared_options shared = {.no_devices = true};
    const char *path = NULL;
    bool lanes = false;
    request asked = {.play = {.seed = 1, .slow_factor = 4.0}};
    const option_rule rules[] = {
        {OPTION_TEXT, 'a', "algorithm", "NAME",
         "how to plan; an unknown one is answered by a list; default: best", &asked.plan.algorithm,
         0, 0, NULL},
        {OPTION_TEXT, 'm', "machine", "MACHINE.json", "plan for the lanes and links of a machine",
         &asked.plan.machine_path, 0, 0, NULL},
        {OPTION_UINT, 0, "lanes", "N", "processors for an .stg graph or a workflow; default: 4",
         &asked.plan.n_lanes, 1, 65535, &lanes},
        {OPTION_UINT, 0, "effort", "N", "search N times as long as the 5 ms of best; default: 1",
         &asked.plan.effort, 1, 100000, NULL},
        {OPTION_NUMBER, 0, "noise", "SIGMA",
         "play the plan, with durations off by a lognormal factor", &asked.play.noise, 0, 10,
         &asked.noisy},
        {OPTION_SEED, 0, "seed", "N", "play the plan with this seed; default: 1", &asked.play.seed,
         0, 0, &asked.seeded},
        {OPTION_TEXT, 0, "slow", "NAME", "play the plan with a lane or device slowed down",
         &asked.play.slow_lane, 0, 0, &asked.slowed},
        {OPTION_NUMBER, 0, "slow-by", "FACTOR", "how much; default: 4", &asked.play.slow_factor,
         0.001, 1e6, NULL},
        {OPTION_TEXT, 0, "timeline", "FILE.svg", "draw the schedule; as a page for FILE.html",
         &asked.timeline_path, 0, 0, NULL},
        {OPTION_TEXT, 0, "svg", "FILE.svg", NULL, &asked.timeline_path, 0, 0, NULL},
        {.kind = OPTION_END},
    };
    const struct syntax syntax = {self, rules, &shared, &path};
    chx_schedule *schedule = NULL;
    chx_status status;
    int code;

    if (!options_parse(&syntax, argc, argv, &code))
        return code;
    asked.as_json = shared.json;
    if (asked.plan.machine_path && (lanes || target_has_ending(path, ".stg")))
        return outcome_say(OUTCOME_USAGE, "--lanes is for graphs that end in .stg and workflows, "
                                          "--machine for all others");
    code =
        target_check(&(struct target){"--timeline", asked.timeline_path, ".svg .html", 1 << 16}, 1);
    if (code != OUTCOME_OK)
        return code;
    interrupt_ends_at_once(true);
    status = chx_schedule_load(path, &asked.plan, &schedule);
    if (status == CHX_ERROR_INVALID)
        return outcome_say(OUTCOME_USAGE, "%s", chx_last_error()->message);
    if (status != CHX_OK)
        return outcome_report(status, STAGE_INPUT);
    code = play(schedule, &asked);
    interrupt_ends_at_once(false);
    if (code == OUTCOME_OK)
        code = show(schedule, &asked);
    chx_schedule_destroy(&schedule);
    return code;
}

const struct command command_plan = {
    .name = "plan",
    .operand = "GRAPH.json",
    .summary = "Schedule a described task graph; needs no device",
    .details =
        "GRAPH.json: {\"lanes\": [\"P1\", \"P2\"], \"tasks\": [{\"name\": \"T1\", "
        "\"cost_ms\": [14, 16]}],\n"
        "\"edges\": [[\"T1\", \"T2\", 18]]}: a cost per lane (null forbids it), and per "
        "edge the time a\n"
        "transfer takes when the two tasks are on different lanes. With --machine, tasks have "
        "work and\n"
        "edges bytes; docs/machine-format.md describes both files.\n"
        "A graph that ends in .stg is in the Standard Task Graph format; WORKFLOW.json of "
        "WfCommons is\n"
        "known by its \"workflow\".\n\n"
        "Algorithms: best (the shortest of the others, improved by a search; the default), "
        "heft,\n"
        "heft-no-insertion, cpop, peft, lookahead, heteroprio.",
    .example =
        "  chronaxie plan examples/topcuoglu.json --algorithm heft --timeline schedule.html\n",
    .run = run,
};
