/* A back-end: all that the engine asks of a driver, as one table of functions.
 *
 * There are two. `opencl` calls the drivers of this machine; `null` (null.h) has devices, limits,
 * speeds and faults as a test wants them and computes with C functions. Above this floor nobody
 * calls a driver but through a table, and everything that is enqueued goes through it.
 *
 * Handles have OpenCL's names, which are opaque, and belong to the back-end that made them; codes
 * are OpenCL's, 0 for success and negative for errors. Outputs are written on success only. Any
 * thread may call any entry, one kernel object being used by one thread at a time. Only `build`,
 * `release_queue` and `release_context` may block; the last two until commands end that may never
 * do, so objects of a device that hangs are abandoned rather than released. Callers test the
 * entries marked optional for NULL. */
#ifndef CHX_DEVICE_BACKEND_H
#define CHX_DEVICE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash.h"
#include "base/log.h"
#include "device/launch.h"
#include "device/opencl.h"

typedef struct chx__cache chx__cache;
typedef struct chx__courier chx__courier;
typedef struct chx__device chx__device;
typedef struct chx__platform chx__platform;

/* What is built, and for which devices: those of one platform that share the result. */
typedef struct chx__target {
    const char *name; /* of the program, for messages */
    const char *text;
    const char *options;
    const chx__device *device; /* one of them, for messages */
    cl_context context;
    const cl_device_id *ids;
    uint32_t n_devices;
    bool keeps_binary; /* the cache may hold and take what the driver makes of it */
    chx__digest key; /* of a kept binary */
    chx__cache *cache; /* NULL when there is none */
    const chx__logger *logger;
} chx__target;

/* What a kernel declares as its parameter. */
typedef enum chx__parameter_kind {
    CHX__PARAMETER_VALUE = 0,
    CHX__PARAMETER_GLOBAL, /* or constant: a buffer */
    CHX__PARAMETER_LOCAL,
    CHX__PARAMETER_OPAQUE, /* an image, a sampler */
} chx__parameter_kind;

/* What one device allows of one kernel; 0 where the driver does not say. */
typedef struct chx__kernel_limits {
    size_t group; /* work-items of a group */
    size_t group_sides[3];
    size_t declared_group[3]; /* by reqd_work_group_size; else zeroes */
    uint64_t local_bytes; /* that it needs with the arguments set so far */
    uint64_t available_local_bytes;
} chx__kernel_limits;

/* Events that a command waits for, all of the queue's own context. */
typedef struct chx__wait_list {
    uint32_t n;
    const cl_event *events; /* NULL when there is none */
} chx__wait_list;

typedef struct chx__backend {
    const char *name;

    /* One context spans the devices of a platform, so that their commands can share events. */
    cl_int (*create_context)(const chx__platform *platform, const cl_device_id *devices,
                             uint32_t n_devices, cl_context *context);
    void (*release_context)(cl_context context);

    /* In-order queues; with profiling where the device has it. */
    cl_int (*create_queue)(cl_context context, cl_device_id device, cl_command_queue *queue);
    void (*release_queue)(cl_command_queue queue);

    /* shared: host memory for the device to work on where it lies; NULL for memory of its own. */
    cl_int (*create_memory)(cl_context context, size_t size_bytes, void *shared, cl_mem *memory);
    void (*release_memory)(cl_mem memory);

    /* Compiles, or takes a kept binary. A driver may tell nothing of the parameters of what is made
     * from a binary; they are then in a text of the caller's to free (parameters.h), which stays as
     * it is where no binary is kept. Errors: BUILD with the first fault's line, MEMORY. */
    chx_status (*build)(const chx__target *target, cl_program *program, char **parameters);
    cl_int (*retain_program)(cl_program program);
    void (*release_program)(cl_program program);
    /* Names separated by ';', cut off when they do not fit. */
    void (*list_kernels)(cl_program program, char *names, size_t capacity);

    cl_int (*create_kernel)(cl_program program, const char *name, cl_kernel *kernel);
    void (*release_kernel)(cl_kernel kernel);
    cl_int (*n_parameters)(cl_kernel kernel, uint32_t *n);
    /* Type is the declared one, for messages. False when the driver does not know. */
    bool (*parameter)(cl_kernel kernel, uint32_t index, chx__parameter_kind *parameter, char *type,
                      size_t capacity);
    void (*kernel_limits)(cl_kernel kernel, cl_device_id device, chx__kernel_limits *limits);
    cl_int (*set_memory)(cl_kernel kernel, uint32_t index, cl_mem memory);
    /* value NULL: so many bytes of local memory. */
    cl_int (*set_value)(cl_kernel kernel, uint32_t index, size_t size_bytes, const void *value);

    /* Commands start once they are flushed and what they wait for is complete. Each makes an event
     * of the caller's. Host memory must stay until the command has ended. */
    cl_int (*launch)(cl_command_queue queue, cl_kernel kernel, const chx__launch *launch,
                     const chx__wait_list *waits, cl_event *event);
    cl_int (*write)(cl_command_queue queue, cl_mem to, size_t offset_bytes, size_t size_bytes,
                    const void *host, const chx__wait_list *waits, cl_event *event);
    cl_int (*read)(cl_command_queue queue, cl_mem from, size_t offset_bytes, size_t size_bytes,
                   void *host, const chx__wait_list *waits, cl_event *event);
    /* The same bytes of two memories. */
    cl_int (*copy)(cl_command_queue queue, cl_mem from, cl_mem to, size_t offset_bytes,
                   size_t size_bytes, const chx__wait_list *waits, cl_event *event);
    /* Of shared memory: what the device wrote can be read by the host from then on, or the other
     * way round. */
    cl_int (*hand_over)(cl_command_queue queue, cl_mem memory, size_t offset_bytes,
                        size_t size_bytes, bool to_host, const chx__wait_list *waits,
                        cl_event *event);
    void (*flush)(cl_command_queue queue);

    /* Sets CL_COMPLETE, more while the command has not ended, an error once it failed. Gives the
     * code with which the driver refuses to say, and then sets nothing; chx__backend_status() asks
     * again. */
    cl_int (*event_status)(cl_event event, cl_int *status);
    /* When a completed command ran, on the device's clock. Optional; false without stamps. */
    bool (*event_span)(cl_event event, uint64_t *start_ns, uint64_t *finish_ns);
    /* Calls back when the command completes, from any thread and perhaps at once; not always when
     * it fails. Optional; false when the driver refuses. */
    bool (*watch)(cl_event event, void(CL_CALLBACK *done)(cl_event, cl_int, void *), void *data);
    void (*release_event)(cl_event event);
} chx__backend;

/* The drivers of this machine. */
extern const chx__backend chx__opencl;

/* The event's status. A driver that refuses the question has not said that the command has ended,
 * which may yet write to its buffers, so it is asked again; the code when it refuses every time. */
cl_int chx__backend_status(const chx__backend *backend, cl_event event);

/* Polls the event's status until it ends or chx__now_ns() passes the deadline; sleeps in between.
 * No other way of waiting is safe with every driver. Errors name the device, and what it was doing:
 * DEVICE or what the event's code means, TIMEOUT. */
chx_status chx__backend_await(const chx__backend *backend, cl_event event, uint64_t deadline_ns,
                              const char *device, const char *doing);

#endif
