/* The shape of a simulation's launches: how many partitions, work-items and steps, chosen for the
 * selected devices. Results do not depend on it. */
#ifndef CHX_NETWORK_SIMULATION_SHAPE_H
#define CHX_NETWORK_SIMULATION_SHAPE_H

#include <chronaxie/runtime.h>

#include "base/places.h"
#include "network/simulation_tables.h"

#define CHX__SIMULATION_MAX_BATCH 128 /* steps; bounds lists when delays are long */
#define CHX__SIMULATION_MAX_STEPS (1u << 16) /* of one fused launch */

/* What matters of the selected devices. */
typedef struct chx__simulation_fleet {
    uint32_t devices[CHX__MAX_PLACES]; /* indices as in chx_runtime_device() */
    uint32_t n_parallel; /* that can work at once */
    uint32_t n_devices;
    bool all_cpus;
    bool wide_blocks; /* all are processors whose vectors are those of kernels */
    uint32_t n_compute_units; /* of the largest */
    uint32_t max_work_group; /* of the smallest */
    uint64_t loop_limit; /* the lowest */
} chx__simulation_fleet;

/* How a run is launched. */
typedef enum chx__launching {
    CHX__LAUNCH_FUSED = 1, /* one work-group does whole runs: population_run */
    CHX__LAUNCH_GROUPS, /* a work-group for each group of neurons: population_step */
    CHX__LAUNCH_SEPARATE, /* as many work-items as there is work: population_advance, _deliver */
} chx__launching;

typedef struct chx__simulation_shape {
    chx__launching launching;
    bool is_far; /* the ring, from the cores: synapse/deliver.h */
    bool has_marks; /* of the ring, see neuron/ring.h */
    bool has_sleep; /* of neurons, see neuron/sleep.h */
    uint32_t group_items; /* work-items of a group */
    uint32_t launch_steps; /* steps that one launch advances at most */
    uint32_t row_lanes; /* work-items that share a spike */
    uint32_t deliver_items; /* separate: work-items that deliver, whole groups */
} chx__simulation_shape;

/* Errors: NO_DEVICE. */
chx_status chx__simulation_fleet_init(chx__simulation_fleet *fleet, const chx_runtime *runtime);

/* As many partitions as devices are worth their traffic. */
uint32_t chx__simulation_choose_partitions(const chx__simulation_fleet *fleet,
                                           const chx_network_info *info);

/* Into how many groups partitions are cut at most: one, but where work-items of a group run one
 * after the other, one for each of a device's compute units that is worth a launch. */
uint32_t chx__simulation_choose_groups(const chx__simulation_fleet *fleet,
                                       const chx_network_info *info, uint32_t n_partitions);

/* step_iterations is the largest of all partitions. Errors: LIMIT when a device's limit of loop
 * iterations cannot be kept. */
chx_status chx__simulation_choose_shape(chx__simulation_shape *shape,
                                        const chx__simulation_fleet *fleet,
                                        const chx__simulation_tables *tables,
                                        uint32_t step_iterations);

#endif
