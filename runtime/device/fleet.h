/* The fleet: every platform and device of the machine, those selected, and their contexts. */
#ifndef CHX_DEVICE_FLEET_H
#define CHX_DEVICE_FLEET_H

#include "base/log.h"
#include "device/device.h"

typedef struct chx__cache chx__cache;

typedef struct chx__fleet {
    chx__platform *platforms;
    uint32_t n_platforms;
    chx__device *devices; /* root devices first; sub-devices made by a split follow */
    uint32_t n_devices;
    uint32_t generation;  /* counts changes of the set of usable devices */
    chx__cache *cache;    /* NULL when there is none */
    char *kernel_path;    /* NULL when embedded sources are not overridden */
    chx__logger logger;
} chx__fleet;

/* Discovers, self-tests (or recalls the stored result), splits and selects. Opens no context that is
 * not needed for that. */
chx_status chx__fleet_init(chx__fleet *fleet, const chx_runtime_params *params);

/* Releases everything; accepts a half-built fleet. */
void chx__fleet_finish(chx__fleet *fleet);

/* Makes sure that the device has a context and lanes; cheap when it has. A platform's context spans
 * all its selected devices. */
chx_status chx__fleet_open(chx__fleet *fleet, chx__device *device);

/* Excludes a device and gives its platform a fresh context without it. The old context's objects must
 * have been released or be given up by the caller. */
chx_status chx__fleet_exclude(chx__fleet *fleet, chx__device *device, const char *reason);

#endif
