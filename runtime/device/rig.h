/* A rig: a context with queues and memories of its own, on which transfers of one platform are
 * timed. Runs neither see it nor wait for it. */
#ifndef CHX_DEVICE_RIG_H
#define CHX_DEVICE_RIG_H

#include "device/fleet.h"

#define CHX__RIG_BYTES ((size_t)8 << 20) /* the most that is moved at once */
#define CHX__RIG_LONGEST 32u /* transfers in a row */

typedef struct chx__rig chx__rig;

/* Errors: MEMORY, and what the driver's code means. */
chx_status chx__rig_create(const chx__fleet *fleet, chx__platform *platform, chx__rig **rig);

/* Releases everything, or nothing where a command has not ended. Accepts NULL handles. */
void chx__rig_destroy(chx__rig **rig);

/* Takes the time of one of n transfers that go in turns to two queues of the device at which they
 * end, each waiting for the one before; so it has in it what such a wait costs. An end is a device
 * of the platform, or NULL for the host. Errors: TIMEOUT, and what the driver's code means. */
chx_status chx__rig_time(chx__rig *rig, const chx__device *from, const chx__device *to,
                         size_t size_bytes, uint32_t n, double *ns);

/* The same of writes that go in turns to two devices. */
chx_status chx__rig_time_turns(chx__rig *rig, const chx__device *a, const chx__device *b,
                               size_t size_bytes, uint32_t n, double *ns);

#endif
