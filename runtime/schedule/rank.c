/* Upward ranks (Topcuoglu, Hariri and Wu 2002, doi:10.1109/71.993206): the longest way from a
 * task's start to the end, with mean costs over the lanes that may run it and mean transfers over
 * all ways between two places, those through the host included. Sums are made in a fixed order, so
 * ranks are the same bits everywhere.
 *
 * Rank alone is no topological order: tasks without cost tie with what waits for them. Depth,
 * the longest chain of predecessors, breaks that tie, then the index. */
#include "schedule/rank.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

/* The way between two places, direct or through the host; false when there is none. */
static bool
add_way(const chx__machine *machine, uint32_t from, uint32_t to, chx__mean_link *sum)
{
    const chx__link *direct = &machine->links[(size_t)from * machine->n_places + to];
    const chx__link *in = &machine->links[(size_t)from * machine->n_places];
    const chx__link *out = &machine->links[to];
    if (direct->exists) {
        sum->latency_ns += direct->latency_ns;
        sum->ns_per_byte += direct->ns_per_byte;
        return true;
    }
    if (from == 0 || to == 0 || !in->exists || !out->exists)
        return false;
    sum->latency_ns += in->latency_ns + out->latency_ns;
    sum->ns_per_byte += in->ns_per_byte + out->ns_per_byte;
    return true;
}

chx__mean_link
chx__mean_link_of(const chx__machine *machine)
{
    if (!machine->links)
        return (chx__mean_link){0.0, machine->n_places > 1 ? 1.0 : 0.0};
    chx__mean_link sum = {0};
    size_t n_ways = 0;
    for (uint32_t from = 0; from < machine->n_places; from++)
        for (uint32_t to = 0; to < machine->n_places; to++)
            n_ways += from != to && add_way(machine, from, to, &sum);
    if (!n_ways)
        return sum;
    return (chx__mean_link){sum.latency_ns / (double)n_ways, sum.ns_per_byte / (double)n_ways};
}

double
chx__mean_transfer_ns(const chx__mean_link *link, const chx__item *item)
{
    return link->latency_ns + (double)item->bytes * link->ns_per_byte;
}

bool
chx__lane_allows(const chx__machine *machine, const chx__problem *problem, uint32_t task,
                 uint32_t lane)
{
    return machine->lanes[lane].role != CHX__ROLE_COPY &&
           isfinite(problem->cost_ns[(size_t)task * machine->n_lanes + lane]);
}

double
chx__mean_cost_ns(const chx__machine *machine, const chx__problem *problem, uint32_t task)
{
    double sum = 0.0;
    uint32_t n = 0;
    for (uint32_t l = 0; l < machine->n_lanes; l++) {
        if (!chx__lane_allows(machine, problem, task, l))
            continue;
        sum += problem->cost_ns[(size_t)task * machine->n_lanes + l];
        n++;
    }
    return n ? sum / n : 0.0;
}

static void
raise(double *rank_ns, double least)
{
    if (*rank_ns < least)
        *rank_ns = least;
}

chx_status
chx__upward_ranks(const chx__machine *machine, const chx__problem *problem, double *rank_ns)
{
    uint32_t *order = chx__alloc(problem->n_tasks, sizeof *order);
    if (!order)
        return chx__fail_memory("ranking tasks");
    chx_status status = chx__problem_order(problem, order, NULL);
    if (status)
        goto done;
    chx__mean_link link = chx__mean_link_of(machine);
    for (uint32_t t = 0; t < problem->n_tasks; t++)
        rank_ns[t] = 0.0;
    /* Dependants first: what is in rank_ns[t] then is the longest way from t's end. */
    for (uint32_t o = problem->n_tasks; o-- > 0;) {
        uint32_t task = order[o];
        rank_ns[task] += chx__mean_cost_ns(machine, problem, task);
        for (uint32_t i = problem->inputs.begin[task]; i < problem->inputs.begin[task + 1]; i++) {
            const chx__item *item = &problem->items[problem->inputs.index[i]];
            if (item->producer != CHX__NO_TASK)
                raise(&rank_ns[item->producer], chx__mean_transfer_ns(&link, item) + rank_ns[task]);
        }
        for (uint32_t i = problem->after.begin[task]; i < problem->after.begin[task + 1]; i++)
            raise(&rank_ns[problem->after.index[i]], rank_ns[task]);
    }
done:
    free(order);
    return status;
}

/* What decides when it is a task's turn. */
typedef struct turn {
    double rank_ns;
    uint32_t depth;
    uint32_t task;
} turn;

static int
compare_turns(const void *left, const void *right)
{
    const turn *a = left, *b = right;
    if (a->rank_ns != b->rank_ns)
        return a->rank_ns > b->rank_ns ? -1 : 1;
    if (a->depth != b->depth)
        return a->depth < b->depth ? -1 : 1;
    return (a->task > b->task) - (a->task < b->task);
}

static uint32_t
depth_of(const chx__problem *problem, const turn *turns, uint32_t task)
{
    uint32_t depth = 0;
    for (uint32_t i = 0; i < chx__problem_n_predecessors(problem, task); i++) {
        uint32_t before = chx__problem_predecessor(problem, task, i);
        if (before != CHX__NO_TASK && depth <= turns[before].depth)
            depth = turns[before].depth + 1;
    }
    return depth;
}

chx_status
chx__rank_order(const chx__machine *machine, const chx__problem *problem, uint32_t *order)
{
    turn *turns = chx__alloc(problem->n_tasks, sizeof *turns);
    double *rank_ns = chx__alloc(problem->n_tasks, sizeof *rank_ns);
    chx_status status = turns && rank_ns ? CHX_OK : chx__fail_memory("ordering tasks");
    if (!status)
        status = chx__upward_ranks(machine, problem, rank_ns);
    if (!status)
        status = chx__problem_order(problem, order, NULL);
    for (uint32_t o = 0; !status && o < problem->n_tasks; o++) {
        uint32_t task = order[o];
        turns[task] = (turn){rank_ns[task], depth_of(problem, turns, task), task};
    }
    if (!status) {
        qsort(turns, problem->n_tasks, sizeof *turns, compare_turns);
        for (uint32_t i = 0; i < problem->n_tasks; i++)
            order[i] = turns[i].task;
    }
    free(turns);
    free(rank_ns);
    return status;
}
