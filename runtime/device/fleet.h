/* The fleet: every platform and device of the machine, those selected, and their contexts. */
#ifndef CHX_DEVICE_FLEET_H
#define CHX_DEVICE_FLEET_H

#include <pthread.h>

#include "base/log.h"
#include "base/places.h"
#include "device/device.h"
#include "device/driver_cache.h"
#include "device/wire.h"

typedef struct chx__cache chx__cache;
typedef struct chx__null chx__null;

typedef struct chx__fleet {
    chx__platform *platforms;
    uint32_t n_platforms;
    chx__device *devices; /* root devices first; sub-devices made by a split follow */
    uint32_t n_devices;
    chx_error refusal; /* the first that kept devices out of the list; status 0: none */
    /* (n_devices + 1) x (n_devices + 1), row = from, 0 the host; borrowed. NULL: guessed from what
     * the devices say. */
    const chx__wire *wires;
    chx__wire *recalled; /* those, where they were measured before */
    uint32_t generation; /* counts changes of the set of usable devices */
    chx__cache *cache; /* NULL when there is none */
    chx__driver_cache driver_cache;
    bool is_serial; /* no threads but the callers' */
    uint64_t build_timeout_ns; /* after which a driver that compiles is given up */
    uint64_t opening_timeout_ns; /* and one that opens a device */
    uint64_t timing_ns; /* that timing transfers may take */
    bool optimizes; /* programs are compiled with optimization from the start */
    char *kernel_path; /* NULL when embedded sources are not overridden */
    chx__logger logger;
    /* Guards is_opening, is_shut and n_guests; a leaf of the lock order. Whoever sets is_opening
     * owns the contexts and lanes of all devices until it is cleared, so that no driver is called
     * under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool is_opening;
    bool is_shut;
    uint32_t n_guests;
    bool has_lock;
} chx__fleet;

/* Discovers, self-tests (or recalls the stored result), splits and selects; or takes the devices of
 * a null machine, when there is one, as they are. Opens no context that
 * is not needed for that, and tests no device that is not asked for. Keeps its address. Errors:
 * NO_DEVICE, UNKNOWN_DEVICE, INVALID, MEMORY; a cache that cannot be used is only a warning. */
chx_status chx__fleet_init(chx__fleet *fleet, const chx_runtime_params *params, chx__null *machine);

/* Releases everything, or nothing when a driver is stuck; accepts a half-built fleet. */
void chx__fleet_finish(chx__fleet *fleet);

/* Makes sure that the device has a context and lanes; cheap when it has. A platform's context
 * spans all its selected devices. Any thread. Errors: INVALID for a device that is not
 * selected, DEVICE. */
chx_status chx__fleet_open(chx__fleet *fleet, chx__device *device);

/* Devices that are selected and not excluded. */
uint32_t chx__fleet_n_usable(const chx__fleet *fleet);

/* Whether devices of the platform are the only ones of the places. */
bool chx__fleet_holds_alone(const chx__fleet *fleet, const chx__platform *platform,
                            chx__places places);

/* Whether a faster selected device of those allowed (places) stands on the same
 * hardware: of two drivers for one processor the slower gains nothing and is not even opened. */
bool chx__fleet_is_spare(const chx__fleet *fleet, const chx__device *device, chx__places allowed);

/* The devices that may do what those allowed (places) were to do: all, once a plan has gone on
 * without the last of these. */
chx__places chx__fleet_allow(const chx__fleet *fleet, chx__places allowed);

/* A guest uses contexts and queues of open devices without holding what guards the fleet's
 * changes. A change shuts the fleet first, which waits until the last guest has left, and admits
 * guests again afterwards; who enters meanwhile waits. Guests do not wait for anything that a
 * change may hold. Any thread; one change at a time. */
void chx__fleet_enter(chx__fleet *fleet);
void chx__fleet_leave(chx__fleet *fleet);
void chx__fleet_shut(chx__fleet *fleet);
void chx__fleet_admit(chx__fleet *fleet);

/* Whether a change is in progress. Any thread. */
bool chx__fleet_is_shut(chx__fleet *fleet);

/* Gives the platform's open devices new queues on the same context; the old ones, which may hold
 * commands that never end, are forgotten. A device that gives no sign of life stays closed. Errors:
 * DEVICE. */
chx_status chx__fleet_reopen_lanes(chx__fleet *fleet, chx__platform *platform);

/* Closes the platform's devices and drops its context, which is opened anew when next needed and
 * then has another generation. Its objects must have been released or given up. set_aside: forget
 * queues and context instead of releasing them, because a release may wait for commands that never
 * end. One thread at a time, with no other call in progress. */
void chx__fleet_close(chx__fleet *fleet, chx__platform *platform, bool set_aside);

/* Whether a driver has not come back from a call: then the fleet must stay for ever. */
bool chx__fleet_has_stuck(const chx__fleet *fleet);

/* Stops using a platform whose driver does not come back from a call: nothing of it is released or
 * changed, for the call may come back, and the driver is never called again. Like
 * chx__fleet_close(). */
void chx__fleet_lose(chx__fleet *fleet, chx__platform *platform, const char *reason);

/* Stops using a device and closes its platform, whose next context is made without it. The queues
 * of the excluded device are set aside. One thread at a time, with no other call in progress.
 * Errors: NO_DEVICE when it is the last one, which then stays; INVALID; MEMORY. */
chx_status chx__fleet_exclude(chx__fleet *fleet, chx__device *device, const char *reason);

/* Uses a device again that was excluded. Its platform is closed, and the next context has it. One
 * thread at a time, with no other call in progress. */
void chx__fleet_readmit(chx__fleet *fleet, chx__device *device);

#endif
