/* Predict earliest finish time (Arabnejad and Barbosa 2014, doi:10.1109/TPDS.2013.57). The
 * optimistic cost table is the least time from a task's end on a lane to the end of everything,
 * as the paper's OCT: maximum over dependants of the minimum over lanes of their row plus cost
 * plus mean transfer, which is nothing within a place. Priority is the row's mean, and a lane's
 * entry is the penalty when placing. The minimum over lanes is kept per place and overall
 * (close_row), so a row costs lanes instead of lanes^2 per arc. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/algorithm.h"
#include "schedule/placer.h"
#include "schedule/rank.h"

/* The optimistic cost table: how long it takes at least, contention aside, from the end of a task
 * on a lane to the end of all that follows from it. */
typedef struct cost_table {
    const chx__machine *machine;
    const chx__problem *problem;
    chx__mean_link link;
    double *ns; /* n_tasks x n_lanes */
    double *place_ns; /* n_places: from a task's start to the end, on the place's best lane */
    double least_ns; /* of those */
} cost_table;

/* Sums up the row of a task whose dependants have all been counted. */
static void
close_row(cost_table *table, uint32_t task)
{
    const chx__machine *machine = table->machine;
    size_t row = (size_t)task * machine->n_lanes;
    table->least_ns = INFINITY;
    for (uint32_t p = 0; p < machine->n_places; p++)
        table->place_ns[p] = INFINITY;
    for (uint32_t l = 0; l < machine->n_lanes; l++) {
        double *place_ns = &table->place_ns[machine->lanes[l].place];
        if (!chx__lane_allows(machine, table->problem, task, l))
            continue;
        *place_ns = fmin(*place_ns, table->ns[row + l] + table->problem->cost_ns[row + l]);
        table->least_ns = fmin(table->least_ns, *place_ns);
    }
}

/* Counts the task of the row just closed among the dependants of one before it. */
static void
raise_row(cost_table *table, uint32_t before, double transfer_ns)
{
    const chx__machine *machine = table->machine;
    double *row_ns = table->ns + (size_t)before * machine->n_lanes;
    for (uint32_t l = 0; l < machine->n_lanes; l++) {
        double here_ns = table->place_ns[machine->lanes[l].place];
        row_ns[l] = fmax(row_ns[l], fmin(here_ns, table->least_ns + transfer_ns));
    }
}

static void
fill_table(cost_table *table, const uint32_t *order)
{
    const chx__problem *problem = table->problem;
    for (uint32_t o = problem->n_tasks; o-- > 0;) {
        uint32_t task = order[o];
        close_row(table, task);
        for (uint32_t i = problem->inputs.begin[task]; i < problem->inputs.begin[task + 1]; i++) {
            const chx__item *item = &problem->items[problem->inputs.index[i]];
            if (item->producer != CHX__NO_TASK)
                raise_row(table, item->producer, chx__mean_transfer_ns(&table->link, item));
        }
        for (uint32_t i = problem->after.begin[task]; i < problem->after.begin[task + 1]; i++)
            raise_row(table, problem->after.index[i], 0.0);
    }
}

static double
mean_of_row(const cost_table *table, uint32_t task)
{
    const chx__machine *machine = table->machine;
    double sum_ns = 0.0;
    uint32_t n = 0;
    for (uint32_t l = 0; l < machine->n_lanes; l++) {
        if (!chx__lane_allows(machine, table->problem, task, l))
            continue;
        sum_ns += table->ns[(size_t)task * machine->n_lanes + l];
        n++;
    }
    return n ? sum_ns / n : 0.0;
}

static chx_status
place_by_cost_table(chx__placer *placer)
{
    const chx__machine *machine = placer->machine;
    const chx__problem *problem = placer->problem;
    uint32_t n = problem->n_tasks;
    uint32_t *order = chx__alloc(n, sizeof *order);
    double *rank_ns = chx__alloc(n, sizeof *rank_ns);
    cost_table table = {
        .machine = machine,
        .problem = problem,
        .link = chx__mean_link_of(machine),
        .ns = chx__alloc(n, machine->n_lanes * sizeof *table.ns),
        .place_ns = chx__alloc(machine->n_places, sizeof *table.place_ns),
    };
    chx_status status = order && rank_ns && table.ns && table.place_ns
                            ? chx__problem_order(problem, order, NULL)
                            : chx__fail_memory("scheduling");
    if (!status) {
        fill_table(&table, order);
        for (uint32_t t = 0; t < n; t++)
            rank_ns[t] = mean_of_row(&table, t);
        status = chx__priority_order(problem, rank_ns, order);
    }
    for (uint32_t i = 0; !status && i < n; i++)
        status =
            chx__placer_place(placer, order[i], table.ns + (size_t)order[i] * machine->n_lanes);
    free(order);
    free(rank_ns);
    free(table.ns);
    free(table.place_ns);
    return status;
}

chx_status
chx__peft(const chx__machine *machine, const chx__problem *problem, chx__solution *solution)
{
    return chx__placer_solve(machine, problem, CHX__PLACE_IN_GAPS, place_by_cost_table, solution);
}
