/* A lane: one in-order command queue of a device, with profiling. */
#ifndef CHX_DEVICE_LANE_H
#define CHX_DEVICE_LANE_H

#include "device/opencl.h"

typedef enum chx__lane_kind {
    CHX__LANE_COMPUTE = 0,
    CHX__LANE_COPY_IN, /* host or another device to this device */
    CHX__LANE_COPY_OUT, /* this device to host */
} chx__lane_kind;

typedef struct chx__lane {
    chx__lane_kind kind;
    uint32_t index; /* among the lanes of its kind on its device */
    char name[16]; /* "compute 0", "copy-in", "copy-out" */
    cl_command_queue queue; /* NULL while the device is closed */
} chx__lane;

#endif
