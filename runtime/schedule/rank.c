#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/problem.h"

/* What moving data costs on average: latency + bytes x ns_per_byte. */
typedef struct mean_link {
    double latency_ns;
    double ns_per_byte;
} mean_link;

/* The way between two places, direct or through the host; false when there is none. */
static bool
add_way(const chx__machine *machine, uint32_t from, uint32_t to, mean_link *sum)
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

static mean_link
average_links(const chx__machine *machine)
{
    if (!machine->links)
        return (mean_link){0.0, machine->n_places > 1 ? 1.0 : 0.0};
    mean_link sum = {0};
    size_t n_ways = 0;
    for (uint32_t from = 0; from < machine->n_places; from++)
        for (uint32_t to = 0; to < machine->n_places; to++)
            n_ways += from != to && add_way(machine, from, to, &sum);
    if (!n_ways)
        return sum;
    return (mean_link){sum.latency_ns / (double)n_ways, sum.ns_per_byte / (double)n_ways};
}

static double
mean_cost(const chx__machine *machine, const double *cost_ns)
{
    double sum = 0.0;
    uint32_t n = 0;
    for (uint32_t l = 0; l < machine->n_lanes; l++) {
        if (machine->lanes[l].role == CHX__ROLE_COPY || !isfinite(cost_ns[l]))
            continue;
        sum += cost_ns[l];
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
    mean_link link = average_links(machine);
    for (uint32_t t = 0; t < problem->n_tasks; t++)
        rank_ns[t] = 0.0;
    /* Dependants first: what is in rank_ns[t] then is the longest way from t's end. */
    for (uint32_t o = problem->n_tasks; o-- > 0;) {
        uint32_t task = order[o];
        rank_ns[task] += mean_cost(machine, problem->cost_ns + (size_t)task * machine->n_lanes);
        for (uint32_t i = problem->inputs.begin[task]; i < problem->inputs.begin[task + 1]; i++) {
            const chx__item *item = &problem->items[problem->inputs.index[i]];
            double transfer_ns = link.latency_ns + (double)item->bytes * link.ns_per_byte;
            if (item->producer != CHX__NO_TASK)
                raise(&rank_ns[item->producer], transfer_ns + rank_ns[task]);
        }
        for (uint32_t i = problem->after.begin[task]; i < problem->after.begin[task + 1]; i++)
            raise(&rank_ns[problem->after.index[i]], rank_ns[task]);
    }
done:
    free(order);
    return status;
}
