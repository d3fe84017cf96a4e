/*
 * The runtime: the compute devices of this machine, opened and checked.
 *
 * A runtime discovers every OpenCL platform, checks each device with a short
 * self-test, and models each selected device as a set of lanes (command
 * queues). All other objects belong to one runtime and must be destroyed
 * before it. It starts one thread that sleeps unless work is in flight.
 *
 * Queries of NULL give 0.
 */
#ifndef CHRONAXIE_RUNTIME_H
#define CHRONAXIE_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chronaxie/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct chx_runtime chx_runtime;

typedef enum chx_log_level {
    CHX_LOG_DEFAULT = 0, /* same as CHX_LOG_WARNING */
    CHX_LOG_ERROR,
    CHX_LOG_WARNING,
    CHX_LOG_INFO,
    CHX_LOG_DEBUG,
} chx_log_level;

/* Receives one line of log without a line end. Called from any thread, never under a lock. */
typedef void (*chx_log_fn)(void *data, chx_log_level level, const char *line);

/* Options of a runtime; all zeroes means the defaults stated here. */
typedef struct chx_runtime_params {
    /* Comma-separated list, each an index as in chx_runtime_device() or a part of a device or
     * platform name, case ignored; "all" takes every usable device. NULL takes the fastest driver
     * of each piece of hardware: every GPU and accelerator, and for the processor the one driver
     * that measured fastest. A name that matches nothing is CHX_ERROR_UNKNOWN_DEVICE. */
    const char *devices;
    /* Cut every selected device that allows it into this many sub-devices of equal size, each a
     * device of its own. 0 or 1 leaves devices whole. */
    uint32_t split;
    /* Measure every selected device's speed, even when there is no other to choose. */
    bool measure;
    uint32_t n_compute_lanes; /* compute lanes per device, 0 means 1, at most 16 */
    uint64_t memory_budget_bytes; /* per device; 0 means 80 % of what the device reports */
    /* Make every OpenCL call from the thread that calls the library, for drivers and checkers that
     * do not stand several threads. Also on when CHRONAXIE_SERIAL=1 is in the environment. */
    bool serial;
    /* Optimize kernels when they are first compiled. Otherwise a driver with a slow compiler (PoCL)
     * first compiles without, to be ready soon, and optimizes a program once it has run for half a
     * second; what was optimized once is so from the start the next time. Results are the same
     * bits. Also on when CHRONAXIE_OPTIMIZE=1 is in the environment. */
    bool optimize;
    /* Folder of kernel files that override the embedded ones; NULL means CHRONAXIE_KERNEL_PATH from
     * the environment, and when that is unset the embedded ones are used. */
    const char *kernel_path;
    /* Folder of the kernel cache, created with mode 0700; NULL means CHRONAXIE_CACHE_DIR, else
     * XDG_CACHE_HOME/chronaxie, else HOME/.cache/chronaxie. A folder that others may write is
     * refused: the runtime then works without a cache and logs a warning. */
    const char *cache_path;
    chx_log_fn log; /* NULL disables logging */
    void *log_data;
    chx_log_level log_level;
} chx_runtime_params;

typedef enum chx_device_kind {
    CHX_DEVICE_CPU = 1,
    CHX_DEVICE_GPU,
    CHX_DEVICE_ACCELERATOR,
} chx_device_kind;

/* What is known of one device. Strings live as long as the runtime. */
typedef struct chx_device_info {
    const char *name;
    const char *platform;
    const char *vendor;
    const char *driver; /* version string of the driver */
    chx_device_kind kind;
    bool selected; /* this runtime may place work on it */
    bool spare; /* a faster driver of the same hardware is selected too: gets only pinned work */
    const char *excluded; /* why it is out of use: what the self-test, a plan that recovers or
                             chx_runtime_exclude() says; NULL when it is sound */
    uint32_t parent; /* index among root devices; itself unless it is a sub-device */
    uint32_t n_compute_units;
    uint32_t n_compute_lanes;
    uint64_t memory_bytes; /* as reported by the driver */
    uint64_t budget_bytes; /* what the runtime allows itself */
    uint64_t used_bytes; /* what the runtime has allocated there now */
    uint64_t max_allocation_bytes;
    uint64_t local_memory_bytes;
    uint32_t max_work_group;
    bool has_int64_atomics;
    bool has_fp64;
    uint64_t max_loop_iterations; /* per work-item, UINT64_MAX when no limit was found */
    /* Measured speeds; 0 when there was no need, see chx_runtime_params. */
    double launch_us; /* launching and completing an empty kernel */
    double giga_ops; /* 32-bit multiply-adds, 10^9 per second */
    double giga_bytes; /* bytes moved by a device copy, 10^9 per second */
} chx_device_info;

/* Opens the machine's devices. On success *runtime is the caller's, to be destroyed with
 * chx_runtime_destroy(); on failure it is not written. params may be NULL. Blocks for discovery
 * and, the first time a device and driver are seen, for the self-test (about a second). Sets
 * POCL_CACHE_DIR in the environment when it is unset, and HWLOC_SYNTHETIC where /sys is not
 * mounted, so call it before starting threads that read the environment. Errors: NO_DEVICE,
 * UNKNOWN_DEVICE, INVALID, MEMORY. */
CHX_API chx_status chx_runtime_create(chx_runtime **runtime, const chx_runtime_params *params);

/* Waits up to two seconds for runs in flight, then sets them aside. Clears *runtime; accepts NULL
 * handles. All objects of the runtime must have been destroyed. In a forked child, which has none
 * of the runtime's threads, it only clears the handle: a child creates a runtime of its own. */
CHX_API void chx_runtime_destroy(chx_runtime **runtime);

/* Number of devices known, selected or not. Any thread. */
CHX_API uint32_t chx_runtime_n_devices(const chx_runtime *runtime);

/* Describes one device, device_index in [0, n). Errors: INVALID. Any thread. */
CHX_API chx_status chx_runtime_device(const chx_runtime *runtime, uint32_t device_index,
                                      chx_device_info *info);

/* How many of the selected devices can work at the same time, because they stand on different
 * hardware: into so many parts it is worth cutting work. Two drivers of the same processor count as
 * one. At least 1. Any thread. */
CHX_API uint32_t chx_runtime_n_parallel(const chx_runtime *runtime);

/* How many failures of devices plans have gone on from, see chx_plan_params.recovers: each is also
 * a warning in the log. Any thread. */
CHX_API uint64_t chx_runtime_n_recoveries(chx_runtime *runtime);

/* What is known of a build of a kernel on a device: what launches of the size that was measured
 * most take, and a line through the medians of all powers of two that have samples, such as plans
 * lay through those around a size that has none. */
typedef struct chx_cost_model {
    char kernel[48]; /* its name, cut off when it is long */
    uint32_t device_index;
    uint64_t size; /* work-items of a launch that was measured most */
    double median_ms; /* of the last nine, at that size */
    double spread_ms; /* from the lower to the upper quartile of these; 0 for few */
    double
        fixed_ms; /* of the line, before the first work-item; 0 where one power of two is known */
    double item_ns; /* of the line, for each work-item */
    /* Of the device's memory bandwidth, at that size: the bytes of all ranges that the launch is
     * declared to read, and of those that it is declared to write, by its time, over twice
     * giga_bytes, since a copy reads and writes each byte. Above 1 where a cache holds them, or
     * where the kernel does not touch all of them. 0: unknown. */
    double peak_fraction;
    uint64_t n_samples; /* of all sizes, ever, by earlier processes too */
} chx_cost_model;

/* Lists what plans of this runtime go by, of the selected devices, in no order. On success *models
 * is the caller's, to be freed with free(). A kernel occurs once for each build of it. Errors:
 * INVALID, MEMORY. Any thread. */
CHX_API chx_status chx_runtime_cost_models(const chx_runtime *runtime, chx_cost_model **models,
                                           uint32_t *n);

/* Measures what moving data between the host and the selected devices takes, and writes these and
 * their speeds as a machine file (docs/machine-format.md), which chx_schedule_load() takes. Later
 * runtimes plan with what was measured, which is kept in the cache. Speeds that a runtime has not
 * measured, see chx_runtime_params, are 0. Blocks for about a second, in which nothing else should
 * run; the file appears complete or not at all. Errors: FILE, DEVICE, TIMEOUT, MEMORY. One thread
 * at a time. */
CHX_API chx_status chx_runtime_record_machine(chx_runtime *runtime, const char *path);

/* Stops using a device for good: waits for runs in flight to end (up to timeout_ns), saves what
 * only it holds, rebuilds its platform's context without it, and restores every buffer. Plans are
 * made anew at their next submit. Errors: INVALID, NO_DEVICE when it is the last one, TIMEOUT,
 * DEVICE when data was lost with it. One thread at a time, with no other call in progress. */
CHX_API chx_status chx_runtime_exclude(chx_runtime *runtime, uint32_t device_index,
                                       const char *reason, uint64_t timeout_ns);

#ifdef __cplusplus
}
#endif

#endif
