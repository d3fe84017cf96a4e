/* Lowering turns tasks and moves of a solution into commands in the order of their planned starts,
 * in which each stands behind all that it waits for: hazards, the driver's single pass and the
 * tests rest on it. Starts alone do not give that order, for tasks without cost begin together with
 * what they wait for. Among equal starts the graph's order decides: task t counts 2t + 1, a move of
 * what it wrote 2t + 2, and a move of what was there before the graph 0. Graphs are in program
 * order, so a producer has the lower index.
 *
 * A lowered plan is immutable once made, but for its count of references, which the turn guards:
 * the plan holds one per variant and every run one, so a variant may fall out of the plan while
 * runs use it.
 *
 * The entry digest covers, in the order of versions, which places hold each version that the
 * graph finds. A plan fits data that gives the same digest, and no other: its commands name the
 * places to copy from. */
#include "execute/lowering.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "execute/hazard.h"

chx__digest
chx__lowering_entry(const chx__flow *flow, const chx__cast *cast)
{
    chx__hasher *hasher = chx__hasher_create();
    for (uint32_t v = 0; v < flow->n_versions; v++) {
        if (flow->versions[v].producer != CHX__NO_INDEX)
            continue;
        chx__stretch at = chx__cast_atom(cast, flow, flow->versions[v].atom);
        chx__places places = chx__coherence_places(&at.buffer->coherence, at.begin, at.end);
        chx__hasher_add(hasher, &places, sizeof places);
    }
    return chx__hasher_end(hasher);
}

/* A task or a move of the solution, on its way to become a command. */
typedef struct occurrence {
    double start_ns;
    uint32_t order; /* among equals: a task after its producers, a move after what it moves */
    uint32_t move; /* or CHX__NO_INDEX: a task */
    uint32_t task;
} occurrence;

static int
compare_events(const void *left, const void *right)
{
    const occurrence *a = left, *b = right;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return (a->move > b->move) - (a->move < b->move);
}

static occurrence *
order_events(const chx__lowered *lowered, const chx__solution *solution, size_t *n_events)
{
    uint32_t n_tasks = lowered->graph->n_tasks;
    size_t n = n_tasks + solution->n_moves;
    occurrence *events = chx__alloc(n, sizeof *events);
    if (!events)
        return NULL;
    for (uint32_t t = 0; t < n_tasks; t++)
        events[t] = (occurrence){solution->tasks[t].start_ns, 2 * t + 1, CHX__NO_INDEX, t};
    for (uint32_t m = 0; m < solution->n_moves; m++) {
        uint32_t producer = lowered->flow.versions[solution->moves[m].item].producer;
        uint32_t order = producer == CHX__NO_INDEX ? 0 : 2 * producer + 2;
        events[n_tasks + m] = (occurrence){solution->moves[m].start_ns, order, m, 0};
    }
    qsort(events, n, sizeof *events, compare_events);
    *n_events = n;
    return events;
}

static chx__command
make_command(const chx__lowered *lowered, const chx__solution *solution, const occurrence *event)
{
    if (event->move != CHX__NO_INDEX) {
        const chx__move *move = &solution->moves[event->move];
        return (chx__command){.kind = CHX__COMMAND_TRANSFER,
                              .lane = move->lane,
                              .atom = lowered->flow.versions[move->item].atom,
                              .from = move->from,
                              .to = move->to,
                              .start_ns = move->start_ns,
                              .finish_ns = move->finish_ns};
    }
    const chx__placement *placement = &solution->tasks[event->task];
    const chx__task *task = &lowered->graph->tasks[event->task];
    const chx__device *device = lowered->model.lanes[placement->lane].device;
    return (chx__command){.kind = task->program ? CHX__COMMAND_KERNEL : CHX__COMMAND_HOST,
                          .lane = placement->lane,
                          .task = event->task,
                          .origin = task->reduced ? CHX__NO_INDEX : task->origin,
                          .cost_keys = chx__task_keys_of(task, device),
                          .start_ns = placement->start_ns,
                          .finish_ns = placement->finish_ns};
}

static chx_status
make_commands(chx__lowered *lowered, const chx__solution *solution)
{
    size_t n_events = 0;
    occurrence *events = order_events(lowered, solution, &n_events);
    lowered->commands = chx__alloc(n_events, sizeof *lowered->commands);
    if (!events || !lowered->commands) {
        free(events);
        return chx__fail_memory("planning a graph");
    }
    for (size_t i = 0; i < n_events; i++)
        lowered->commands[i] = make_command(lowered, solution, &events[i]);
    lowered->n_commands = (uint32_t)n_events;
    lowered->makespan_ns = solution->makespan_ns;
    free(events);
    return CHX_OK;
}

/* Sorts the commands of each lane together, keeping their order. */
static chx_status
fill_lanes(chx__lowered *lowered)
{
    uint32_t n_lanes = lowered->model.machine.n_lanes;
    lowered->lane_begin = chx__alloc((size_t)n_lanes + 1, sizeof *lowered->lane_begin);
    lowered->lane_commands = chx__alloc(lowered->n_commands, sizeof *lowered->lane_commands);
    lowered->shifts = chx__alloc(n_lanes, sizeof *lowered->shifts);
    if (!lowered->lane_begin || !lowered->lane_commands || !lowered->shifts)
        return chx__fail_memory("planning a graph");
    uint32_t n = 0;
    for (uint32_t l = 0; l < n_lanes; l++) {
        lowered->lane_begin[l] = n;
        for (uint32_t c = 0; c < lowered->n_commands; c++)
            if (lowered->commands[c].lane == l)
                lowered->lane_commands[n++] = c;
        if (n > lowered->lane_begin[l])
            lowered->commands[lowered->lane_commands[n - 1]].is_awaited = true;
    }
    lowered->lane_begin[n_lanes] = n;
    assert(n == lowered->n_commands);
    return CHX_OK;
}

chx_status
chx__lowering_arrange(chx__lowered *lowered, const chx__solution *solution)
{
    chx_status status = make_commands(lowered, solution);
    if (!status)
        status = fill_lanes(lowered);
    if (!status)
        status = chx__hazards_find(lowered);
    return status;
}

void
chx__lowering_unref(chx__lowered *lowered)
{
    assert(!lowered || lowered->n_references > 0);
    if (!lowered || --lowered->n_references > 0)
        return;
    for (size_t b = 0; b < lowered->n_bindings; b++)
        chx__binding_destroy(&lowered->bindings[b]);
    free(lowered->bindings);
    free(lowered->args);
    free(lowered->values);
    free(lowered->commands);
    free(lowered->waits);
    free(lowered->touches);
    free(lowered->exits);
    free(lowered->lane_begin);
    free(lowered->lane_commands);
    free(lowered->shifts);
    chx__cast_finish(&lowered->cast);
    chx__flow_finish(&lowered->flow);
    chx__model_finish(&lowered->model);
    chx_graph_destroy(&lowered->division);
    chx__shares_finish(&lowered->shares);
    free(lowered);
}

void
chx__command_name(const chx__lowered *lowered, const chx__command *command, char *name,
                  size_t capacity)
{
    if (command->kind == CHX__COMMAND_TRANSFER)
        snprintf(name, capacity, "%s",
                 command->to == CHX__HOST_PLACE     ? "download"
                 : command->from == CHX__HOST_PLACE ? "upload"
                                                    : "copy");
    else
        snprintf(name, capacity, "%s", lowered->graph->tasks[command->task].name);
}

uint64_t
chx__command_bytes(const chx__lowered *lowered, const chx__command *command)
{
    if (command->kind != CHX__COMMAND_TRANSFER)
        return 0;
    const chx__atom *atom = &lowered->flow.atoms[command->atom];
    return atom->end - atom->begin;
}
