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

/* Key under which the measured durations of a task on a device (NULL: the host) are kept. */
chx__cost_key chx__task_cost_key(const chx__task *task, const chx__device *device);

/* Expected duration of a task on a lane, ns: the measured median, else another device's scaled by
 * the ratio of arithmetic speeds, else a guess from the number of work-items; INFINITY where the
 * task may not run. */
double chx__model_cost(const chx__model *model, const chx__costs *costs, const chx__fleet *fleet,
                       const chx__task *task, uint32_t lane);

#endif
