/* Speed: three figures of a device, measured in a few milliseconds. They rank devices and start the
 * cost model; they are no benchmark. */
#ifndef CHX_DEVICE_SPEED_H
#define CHX_DEVICE_SPEED_H

#include "device/probe.h"

typedef struct chx__speed {
    double launch_us; /* of one among many empty launches */
    double giga_ops; /* 32-bit multiply-adds, 10^9 per second */
    double giga_bytes; /* copied on the device, 10^9 per second */
} chx__speed;

/* Needs a probe with kernels/common/self_test.cl built. False when a command failed. */
bool chx__speed_measure(chx__probe *probe, chx__speed *speed);

#endif
