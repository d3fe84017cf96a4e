/* A device: what is known of it, its lanes, its memory account and its clock. */
#ifndef CHX_DEVICE_DEVICE_H
#define CHX_DEVICE_DEVICE_H

#include <stdatomic.h>

#include <chronaxie/runtime.h>

#include "base/hash.h"
#include "base/log.h"
#include "device/backend.h"
#include "device/lane.h"

/* One platform of a back-end. Its context spans its selected devices and exists while any is
 * open. */
struct chx__platform {
    const chx__backend *backend;
    cl_platform_id id;
    char *name;
    char *vendor;
    bool is_pocl;
    bool is_oclgrind;
    cl_context context; /* NULL while closed */
    uint32_t generation; /* counts contexts made; objects of an older one are void */
    chx__courier *courier; /* calls the driver for runs; the executor's */
    atomic_bool is_stuck; /* a call of its driver does not come back: it is never called again */
    atomic_bool is_suspect; /* its queues may hold commands that never end: rebuild before use */
};

#define CHX__MAX_COMPUTE_LANES 16

struct chx__device {
    chx_device_info info; /* strings owned by the device; used_bytes is kept in used_bytes below */
    uint32_t index; /* as in chx_runtime_device() */
    cl_device_id id;
    cl_int refused; /* how its driver refused the first question about it that it did */
    bool is_sub_device;
    bool is_left_out; /* by a plan that has gone on without it */
    bool is_barred; /* by the caller: it stays out of use */
    bool is_silent; /* it was asked for a sign of life, and nothing came */
    bool shares_host_memory; /* it can work on the host's memory where it lies */
    chx__platform *platform;
    atomic_bool is_open; /* lanes have queues */
    uint32_t n_lanes; /* compute lanes first, then copy-in, then copy-out */
    chx__lane lanes[CHX__MAX_COMPUTE_LANES + 2];
    /* Whether profiling stamps follow a clock at all; rusticl 22.3 says 0, 1, 2, 3 for every
     * command. Known once the device is open. Where false, time commands on the host. */
    bool has_profiling;
    bool has_virtual_clock; /* stamps are no times of the host's and are taken as they are */
    bool has_one_copy_lane; /* what leaves the device takes the copy-in lane too */
    int64_t clock_offset_ns; /* host time = profiling time + this */
    cl_context tested; /* left by a self-test that passed, until the fleet stands; else NULL */
    bool claims_int64_atomics; /* by its extensions; info says whether the self-test agrees */
    /* Bit set of the hardware the device stands on: devices with a common bit slow each other down,
     * such as two drivers of the same processor cores, and are not planned to work at once. */
    uint64_t hardware;
    chx__digest identity; /* of platform, device and driver: keys caches and measurements */
    uint64_t pace; /* keys what costs it: its identity, told apart from devices like it */
    _Atomic uint64_t used_bytes;
};

static inline const chx__backend *
chx__device_backend(const chx__device *device)
{
    return device->platform->backend;
}

/* Whether work may be placed on it. */
static inline bool
chx__device_is_usable(const chx__device *device)
{
    return device->info.selected && !device->info.excluded;
}

/* The device's memory among the places where data can be. */
static inline uint32_t
chx__device_place(const chx__device *device)
{
    return device->index + 1;
}

static inline chx__lane *
chx__device_compute_lane(chx__device *device, uint32_t index)
{
    return &device->lanes[index];
}

static inline chx__lane *
chx__device_copy_in_lane(chx__device *device)
{
    return &device->lanes[device->n_lanes - 2];
}

static inline chx__lane *
chx__device_copy_out_lane(chx__device *device)
{
    return &device->lanes[device->n_lanes - 1];
}

/* Takes size_bytes from the device's budget; DEVICE_MEMORY with both figures when it does not fit.
 * Any thread. */
chx_status chx__device_reserve(chx__device *device, uint64_t size_bytes);
void chx__device_release(chx__device *device, uint64_t size_bytes);

/* Asks the driver what it says of the device: fills the reported part of info and identity.
 * Errors: DEVICE, MEMORY. */
chx_status chx__device_describe(chx__device *device);

/* Frees what describing allocated and releases a sub-device. Closed devices only. */
void chx__device_finish(chx__device *device);

/* Fixes the device's lanes, as yet without queues, once info.n_compute_lanes stands. */
void chx__device_lay_lanes(chx__device *device);

/* Turns a command's stamps into times on the host's clock. It began no sooner than soonest_ns and
 * had ended by latest_ns; a stamp that says otherwise shows that the clocks have drifted apart, and
 * the offset follows it. False, and nothing changes, when it is off by more than a second, or when
 * no offset makes it fit. Those of a virtual clock stay as they are. One thread at a time. */
bool chx__device_to_host(chx__device *device, uint64_t soonest_ns, uint64_t latest_ns,
                         uint64_t *start_ns, uint64_t *finish_ns);

/* What opening makes; the device's once it is adopted, so that a driver that comes back too late
 * finds nothing that others use. */
typedef struct chx__opened {
    cl_command_queue queues[CHX__MAX_COMPUTE_LANES + 2];
    bool has_profiling;
    int64_t clock_offset_ns;
} chx__opened;

/* Makes a queue for every lane in the context and aligns the clock. On an error nothing is left but
 * what the driver may still be at. */
chx_status chx__device_open(const chx__device *device, cl_context context, chx__opened *opened);

void chx__device_adopt(chx__device *device, const chx__opened *opened, const chx__logger *logger);

/* Releases the queues. A lost device's are abandoned instead: releasing them may wait for commands
 * that never end. */
void chx__device_close(chx__device *device, bool is_lost);

#endif
