/* The self-test: a few launches that show whether a device computes rightly, what it can, and how
 * fast it is. */
#ifndef CHX_DEVICE_SELF_TEST_H
#define CHX_DEVICE_SELF_TEST_H

#include "device/fleet.h"

/* with_speed: also measure how fast it is, which takes as long again.
 *
 * Fills the measured part of the device's info, from the cache when this device and driver have
 * passed before. A device that computes wrongly, fails or does not answer gets info.excluded, which
 * is not an error here and is tried again next time. Errors: MEMORY. */
chx_status chx__self_test(chx__fleet *fleet, chx__device *device, bool with_speed);

/* Tests a device once more, and keeps nothing of it. True also for devices of a back-end that has
 * no self-test. Any thread, which may not come back from the driver. */
bool chx__self_test_repeat(const chx__device *device, const char *kernel_path);

#endif
