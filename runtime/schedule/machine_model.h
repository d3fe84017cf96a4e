/* A described machine, which may not exist: the scheduler's machine with what gives its lanes a
 * speed and its devices memory and power. It owns everything it names. */
#ifndef CHX_SCHEDULE_MACHINE_MODEL_H
#define CHX_SCHEDULE_MACHINE_MODEL_H

#include <stddef.h>

#include "schedule/machine.h"

typedef struct chx__device_model {
    char *name;
    uint32_t place; /* several devices may share one */
    uint64_t memory_bytes; /* of the place, where the device is the first on it; 0: without limit */
    double idle_w;
    double busy_w; /* with all lanes at work */
} chx__device_model;

typedef struct chx__lane_model {
    char *name; /* within the device */
    char *full_name; /* "device.lane" */
    uint32_t device;
    double gops; /* 10^9 operations a second; 0: runs only tasks that state a cost for it */
    double launch_ns;
} chx__lane_model;

typedef struct chx__machine_model {
    chx__machine machine; /* of the arrays below */
    chx__machine_lane *lanes;
    chx__link *links;
    chx__device_model *devices;
    uint32_t n_devices;
    chx__lane_model *lane_models; /* n_lanes */
} chx__machine_model;

/* Accepts a half-built or finished one. */
void chx__machine_model_finish(chx__machine_model *model);

/* The memory of a place; UINT64_MAX where none is stated. */
uint64_t chx__machine_model_memory(const chx__machine_model *model, uint32_t place);

#endif
