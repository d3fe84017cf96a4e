/* A lane: one in-order command queue of a device, with profiling. */
#ifndef CHX_DEVICE_LANE_H
#define CHX_DEVICE_LANE_H

#include <stddef.h>

#include "device/opencl.h"

typedef struct chx__device chx__device;
typedef struct chx__parcel chx__parcel;

typedef enum chx__lane_kind {
    CHX__LANE_COMPUTE = 0,
    CHX__LANE_COPY_IN, /* host or another device to this device */
    CHX__LANE_COPY_OUT, /* this device to host */
} chx__lane_kind;

typedef struct chx__lane {
    chx__lane_kind kind;
    uint32_t index; /* among the lanes of its kind on its device */
    char name[16]; /* "compute 0", "copy-in", "copy-out" */
    chx__device *device;
    cl_command_queue queue; /* NULL while the device is closed */
    uint64_t n_sent, n_back; /* parcels ever; the sender's, and the collector's */
    /* The courier's: parcels from number `first` on, by their numbers; NULL for one that was not
     * launched. */
    chx__parcel **parcels;
    uint64_t first, end;
    uint64_t free_ns; /* when the last one ended */
    bool is_touched; /* launched since the last flush */
} chx__lane;

#endif
