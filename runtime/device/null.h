/* The null back-end: devices that nobody has, for putting the engine before machines, orders of
 * completion and faults that no driver offers on demand.
 *
 * It computes: a kernel is a C function that is registered by name and works on real bytes, copies
 * copy. Nothing runs before it is flushed and all that it waits for has ended. Which of the
 * commands that could end next does so is drawn from a seed, and their stamps come from a virtual
 * clock, on which every device has the speed that it was given. In a serial machine commands end
 * while somebody asks for an event's status, so that a seed always gives the same order; otherwise
 * a thread ends them.
 *
 * With wires it is a described machine: plans are made with what the description says, copies take
 * what their wire does, devices on common hardware run one kernel at a time, and the host takes no
 * time, so that what is enqueued to an idle machine all begins at one moment. Stamps stand on the
 * virtual clock as they are, and what a run took can be compared with what was planned.
 *
 * Memories above 64 MiB have no bytes, but for each range a digest of its provenance: what was
 * written there by which kernel from which inputs. Kernels over them do not run. What is read from
 * them is marks of these digests, which mean the same when they are written back, where ranges
 * begin and end at multiples of 32 bytes.
 *
 * It is stricter than drivers are: use of a released object, an event of another context in a wait
 * list, a range outside its memory, an unset argument or the release of a queue with commands that
 * have not ended is a *violation*, which is counted and described. */
#ifndef CHX_DEVICE_NULL_H
#define CHX_DEVICE_NULL_H

#include "device/backend.h"
#include "device/fleet.h"

extern const chx__backend chx__null_backend;

/* One call of a kernel for its whole range. */
typedef struct chx__null_call {
    const chx__launch *launch;
    uint32_t n_args;
    void *const *args; /* a memory's bytes or NULL, a value's, or those of local memory */
    const size_t *sizes;
} chx__null_call;

typedef struct chx__null_kernel {
    const char *name; /* as in program texts; NULL ends a list */
    void (*run)(const chx__null_call *call);
    /* Of memories without bytes: which of them the call touches, not set for all. NULL: all. */
    void (*range)(const chx__null_call *call, uint32_t argument, size_t *begin, size_t *end);
    uint64_t overwrites; /* arguments, as bits, of which it reads nothing */
} chx__null_kernel;

typedef struct chx__null_device {
    const char *name; /* NULL: "null" and the index */
    uint32_t platform; /* devices of one platform stand together */
    uint64_t memory_bytes; /* 0: a gibibyte */
    uint64_t max_allocation_bytes; /* 0: all of it */
    uint32_t max_group; /* 0: 256 */
    uint64_t local_bytes; /* 0: 32 KiB */
    bool shares_host_memory;
    double launch_ns, ns_per_item, ns_per_byte; /* on the virtual clock */
    uint64_t hardware; /* bits in common: never at work at the same time */
    bool has_one_copy_lane; /* for both directions */
    const char *driver; /* its version; NULL: "null" */
} chx__null_device;

typedef struct chx__null_params {
    const chx__null_device *devices;
    uint32_t n_devices;
    const chx__null_kernel *kernels;
    /* (n_devices + 1) x (n_devices + 1), row = from, 0 the host, which has wires to and from all
     * devices; these stand on one platform then. NULL: copies take what the devices say. */
    const chx__wire *wires;
    uint64_t seed; /* of the order of completions; 0: by virtual time */
    uint64_t most_bytes; /* of a memory with bytes; 0: 64 MiB */
    bool serial;
    bool has_stamps; /* devices tell when commands ran */
    bool passes_failures; /* what waits for a failed command runs all the same, as on PoCL */
    uint32_t n_late; /* so many times who asks for a failed command hears that it is at work */
} chx__null_params;

typedef struct chx__null chx__null;

/* Calls that can be made to block. */
typedef enum chx__null_call_kind {
    CHX__NULL_CALL_NONE = 0,
    CHX__NULL_CALL_ENQUEUE,
    CHX__NULL_CALL_FLUSH,
    CHX__NULL_CALL_STATUS,
    CHX__NULL_CALL_BUILD,
    CHX__NULL_CALL_RELEASE, /* of a memory */
} chx__null_call_kind;

/* Counted from now, each once but for the rate; 0 for none. */
typedef struct chx__null_faults {
    uint64_t refuse_call; /* this call that can fail does */
    cl_int refuse_code; /* with this code; 0: one that the function has, or any at a rate */
    uint32_t refuse_per_mille; /* of all calls, questions for events too, by this seed */
    uint64_t refuse_seed;
    uint64_t fail_command; /* this command ends with an error and does nothing */
    uint64_t hang_command; /* this command never ends */
    uint64_t stall_command; /* its device ends nothing from then on, before the next arming */
    chx__null_call_kind block; /* such calls do not come back before the next arming */
    uint32_t block_platform; /* where */
} chx__null_faults;

/* The arrays of params are borrowed for the machine's life. Errors: MEMORY. */
chx_status chx__null_create(const chx__null_params *params, chx__null **machine);

/* Frees the machine and whatever was not released. Its runtime is gone. Accepts NULL. */
void chx__null_destroy(chx__null **machine);

void chx__null_arm(chx__null *machine, chx__null_faults faults);

/* Since the last arming: calls that can fail, commands, faults that struck, events watched. */
typedef struct chx__null_counts {
    uint64_t n_calls, n_commands, n_struck, n_watches;
} chx__null_counts;

chx__null_counts chx__null_count(chx__null *machine);

/* How often the back-end was used wrongly; *first describes the first time, "" when never. */
uint32_t chx__null_violations(chx__null *machine, const char **first);

/* Objects that were made and not released. */
uint32_t chx__null_n_living(chx__null *machine);

/* Fills in the fleet's platforms and devices. Errors: MEMORY. */
chx_status chx__null_populate(chx__null *machine, chx__fleet *fleet);

#endif
