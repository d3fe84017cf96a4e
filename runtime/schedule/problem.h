/* A scheduling problem and its solution: plain arrays, no devices, no buffers. */
#ifndef CHX_SCHEDULE_PROBLEM_H
#define CHX_SCHEDULE_PROBLEM_H

#include <stddef.h>

#include <chronaxie/status.h>

#include "base/places.h"
#include "schedule/machine.h"

#define CHX__NO_TASK UINT32_MAX

/* A piece of data in one version: written by one task or there from the start, never changed. */
typedef struct chx__item {
    uint64_t bytes;
    uint32_t producer; /* task, or CHX__NO_TASK when it is there at time 0 */
    chx__places entry_places; /* that hold it at time 0; only without a producer */
} chx__item;

/* Compressed rows: entries [begin[t], begin[t + 1]) of index belong to task t. */
typedef struct chx__rows {
    const uint32_t *begin; /* n_tasks + 1 */
    const uint32_t *index;
} chx__rows;

typedef struct chx__problem {
    uint32_t n_tasks;
    uint32_t n_items;
    const chx__item *items;
    chx__rows inputs; /* items each task needs in its lane's place; producers precede */
    chx__rows after; /* tasks each task must follow, besides the producers of its inputs */
    const double *cost_ns; /* n_tasks x n_lanes; INFINITY forbids; every task has a finite one */
} chx__problem;

typedef struct chx__placement {
    uint32_t lane;
    double start_ns;
    double finish_ns;
} chx__placement;

/* One transfer of an item. An item that goes through the host has two. */
typedef struct chx__move {
    uint32_t item;
    uint32_t from; /* places */
    uint32_t to;
    uint32_t lane; /* CHX__NO_LANE when it occupies none */
    double start_ns;
    double finish_ns;
} chx__move;

/* Moves stand in an order in which each follows what it waits for. Where two pieces of work of one
 * lane begin together, the one of no duration comes first, and of several of those the one that was
 * planned first. The classical model has no moves. */
typedef struct chx__solution {
    chx__placement *tasks; /* n_tasks */
    chx__move *moves;
    size_t n_moves;
    double makespan_ns;
} chx__solution;

/* Checks every index and number. Errors: INVALID. */
chx_status chx__problem_check(const chx__machine *machine, const chx__problem *problem);

/* What a task waits for: the producers of its inputs, then `after`. CHX__NO_TASK stands for an
 * input that was there from the start; a task may occur twice. */
uint32_t chx__problem_n_predecessors(const chx__problem *problem, uint32_t task);
uint32_t chx__problem_predecessor(const chx__problem *problem, uint32_t task, uint32_t i);

/* How many of those are tasks. */
uint32_t chx__problem_n_waits(const chx__problem *problem, uint32_t task);

/* Fills order[0 .. n_tasks) with the tasks so that each follows what it waits for. Errors:
 * CYCLE, with a task of one in *cyclic, which may be NULL; MEMORY. */
chx_status chx__problem_order(const chx__problem *problem, uint32_t *order, uint32_t *cyclic);

/* Upward ranks (Topcuoglu 2002, eq. 3): mean cost over the lanes that allow the task, mean transfer
 * cost over pairs of different places. rank_ns has n_tasks elements. Errors: CYCLE, MEMORY. */
chx_status chx__upward_ranks(const chx__machine *machine, const chx__problem *problem,
                             double *rank_ns);

/* HEFT with insertion (Topcuoglu 2002): tasks by falling rank, each on the lane where it finishes
 * first, its missing inputs moved over the links' lanes into their earliest gaps. An item already
 * moved to a place is not moved again. On success the caller finishes *solution. Errors: CYCLE,
 * INVALID, MEMORY. Others with the same shape are in algorithm.h. */
chx_status chx__heft(const chx__machine *machine, const chx__problem *problem,
                     chx__solution *solution);

void chx__solution_finish(chx__solution *solution);

#endif
