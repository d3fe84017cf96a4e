/* The planner: makes lowered plans, for the present fleet, costs and whereabouts of the data.
 *
 * Scheduling and compiling take long, so they work on a snapshot and give the turn up; whoever else
 * submits, reads or ends runs meanwhile does not wait. When the world has changed in between, the
 * plan is made again. */
#ifndef CHX_EXECUTE_PLANNER_H
#define CHX_EXECUTE_PLANNER_H

#include "execute/lowering.h"
#include "execute/setting.h"
#include "schedule/algorithm.h"

/* Whether a device is left for every task. Under the turn. Errors: NO_DEVICE. */
chx_status chx__planner_check_devices(const chx_graph *graph);

/* Divides the graph by the shares where it can be, schedules it and prepares its commands: compiles
 * what the chosen devices need, allocates replicas, binds arguments. Under the turn, which is given
 * up meanwhile. On success the caller owns one reference; *lowered is NULL when devices have gone
 * meanwhile that the shares are for. Errors: BUILD, KERNEL, DEVICE_MEMORY,
 * LIMIT, MEMORY, INVALID. */
chx_status chx__planner_make(const chx_graph *graph, const chx__shares *shares,
                             const chx__algorithm *algorithm, chx__lowered **lowered);

/* The same in steps, for a plan that may take its time: `begin` takes the snapshot, under the turn;
 * `work` needs no turn and may be in any thread; `end`, under the turn, gives the plan, or NULL
 * when the world has changed, and frees the draft. `end` must follow `begin` also when either has
 * failed. Between them the graph's arguments may change, but no task. Errors: as above. */
typedef struct chx__draft {
    chx_runtime *runtime;
    const chx__algorithm *algorithm;
    chx__lowered *lowered;
    chx__setting setting;
} chx__draft;

chx_status chx__planner_begin(const chx_graph *graph, const chx__shares *shares,
                              const chx__algorithm *algorithm, chx__draft *draft);
chx_status chx__planner_work(const chx__draft *draft);
chx_status chx__planner_end(chx__draft *draft, chx_status so_far, chx__lowered **lowered);

/* Allocates the replicas that the plan's commands need of the cast's buffers, also in place of
 * those of other buffers: then the turn may be given up, and the data may lie elsewhere afterwards
 * or devices may be gone. Under the turn. Errors: as chx__evict_for(). */
chx_status chx__planner_cast(const chx__lowered *lowered, const chx__cast *cast);

#endif
