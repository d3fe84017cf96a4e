/* The scheduler's view of the fleet: one machine lane per queue of every selected device, one for
 * the host, links by measured bandwidth, and what each task costs on each lane. */
#ifndef CHX_EXECUTE_MODEL_H
#define CHX_EXECUTE_MODEL_H

#include "execute/runtime.h"
#include "graph/graph.h"
#include "schedule/machine.h"

/* What a machine lane stands for. */
typedef struct chx__model_lane {
    chx__device *device; /* NULL for the host */
    chx__lane *lane; /* NULL for the host */
} chx__model_lane;

typedef struct chx__model {
    chx__machine machine;
    chx__machine_lane *machine_lanes;
    chx__link *links;
    chx__model_lane *lanes; /* parallel to machine_lanes */
} chx__model;

chx_status chx__model_init(chx__model *model, const chx__fleet *fleet);
void chx__model_finish(chx__model *model);

/* Keys under which the measured durations of a task on a device (NULL: the host) are kept: its own,
 * as what a task costs depends on its data and the same task tends to cost the same the next time,
 * and that of all launches of its kernel with its name and size, for tasks that have not run
 * yet. */
typedef struct chx__task_keys {
    chx__cost_key own;
    chx__cost_key kind;
} chx__task_keys;

chx__task_keys chx__task_keys_of(const chx__task *task, const chx__device *device);

/* Whether a device has room for all buffers of the task, or none has of those that may run it. */
bool chx__model_has_room(const chx__fleet *fleet, const chx__task *task, const chx__device *device);

/* Expected duration of a task on a lane, ns: the measured median of its own, else of its kind, else
 * another device's scaled by the ratio of arithmetic speeds, else a guess from the number of
 * work-items; INFINITY where the task may not run. */
double chx__model_cost(const chx__model *model, const chx__costs *costs, const chx__fleet *fleet,
                       const chx__task *task, uint32_t lane);

#endif
