/* chronaxie plan: lays a described task graph on described lanes; needs no device. */
#include <stdio.h>
#include <stdlib.h>

#include <chronaxie/schedule.h>

#include "command.h"
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

static int
print_json(const chx_schedule *schedule, const order *orders, uint32_t n)
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
    return result_print(json_pack("{s:f, s:f, s:s, s:o}", "makespan_ms",
                                  chx_schedule_makespan_ms(schedule), "lower_bound_ms",
                                  chx_schedule_lower_bound_ms(schedule), "algorithm",
                                  chx_schedule_algorithm(schedule), "schedule", list));
}

static int
print_table(const chx_schedule *schedule, const order *orders, uint32_t n)
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
    return OUTCOME_OK;
}

static int
write_svg(const chx_schedule *schedule, const char *path)
{
    chx_timeline *timeline = NULL;
    chx_status status = chx_schedule_timeline(schedule, &timeline);
    if (status == CHX_OK)
        status = chx_timeline_write_svg(timeline, path);
    chx_timeline_destroy(&timeline);
    return outcome_report(status, STAGE_OUTPUT);
}

static int
print_schedule(const chx_schedule *schedule, bool as_json, const char *svg)
{
    uint32_t n = chx_schedule_n_tasks(schedule);
    order *orders = sort_tasks(schedule, n);
    int code;

    if (!orders)
        return outcome_say(OUTCOME_MEMORY, "memory ran out while sorting %u tasks", n);
    code = svg ? write_svg(schedule, svg) : OUTCOME_OK;
    if (code == OUTCOME_OK)
        code = as_json ? print_json(schedule, orders, n) : print_table(schedule, orders, n);
    free(orders);
    return code;
}

static int
run(const struct command *self, int argc, char **argv)
{
    shared_options shared = {.no_devices = true};
    const char *path = NULL;
    const char *svg = NULL;
    const char *algorithm = NULL;
    const option_rule rules[] = {
        {OPTION_TEXT, 'a', "algorithm", "NAME",
         "how to plan; an unknown one is answered by a list; default: best", &algorithm, 0, 0,
         NULL},
        {OPTION_TEXT, 0, "svg", "FILE.svg", "draw the schedule", &svg, 0, 0, NULL},
        {.kind = OPTION_END},
    };
    const struct syntax syntax = {self, rules, &shared, &path};
    chx_schedule *schedule = NULL;
    chx_status status;
    int code;

    if (!options_parse(&syntax, argc, argv, &code))
        return code;
    code = target_check(&(struct target){"--svg", svg, ".svg", 1 << 16}, 1);
    if (code != OUTCOME_OK)
        return code;
    status = chx_schedule_load(path, algorithm, &schedule);
    if (status == CHX_ERROR_INVALID)
        return outcome_say(OUTCOME_USAGE, "%s", chx_last_error()->message);
    if (status != CHX_OK)
        return outcome_report(status, STAGE_INPUT);
    code = print_schedule(schedule, shared.json, svg);
    chx_schedule_destroy(&schedule);
    return code;
}

const struct command command_plan = {
    .name = "plan",
    .operand = "GRAPH.json",
    .summary = "Schedule a described task graph; needs no device",
    .details = "GRAPH.json: {\"lanes\": [\"P1\", \"P2\"], \"tasks\": [{\"name\": \"T1\", "
               "\"cost_ms\": [14, 16]}],\n"
               "\"edges\": [[\"T1\", \"T2\", 18]]}: a cost per lane (null forbids it), and per "
               "edge the time a\n"
               "transfer takes when the two tasks are on different lanes.\n\n"
               "Algorithms: best (the shortest of the others, improved by a search; the default), "
               "heft,\n"
               "heft-no-insertion, cpop, peft, lookahead, heteroprio.",
    .example = "  chronaxie plan examples/topcuoglu.json --algorithm heft --svg schedule.svg\n",
    .run = run,
};
