/*
 * A graph: tasks in program order, with the buffers they read and write.
 *
 * The order in which tasks are added is their meaning: a task sees what the
 * tasks before it wrote, as if they ran one after another. The graph infers
 * from the declared ranges which tasks really depend on which, and a plan
 * runs the rest side by side. A graph is built once, by one thread, and may
 * be planned and run any number of times with changed scalars.
 *
 * The number of tasks of NULL is 0.
 */
#ifndef CHRONAXIE_GRAPH_H
#define CHRONAXIE_GRAPH_H

#include <string.h>

#include <chronaxie/buffer.h>
#include <chronaxie/program.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct chx_graph chx_graph;

typedef uint32_t chx_task; /* index of a task in its graph, in order of addition */

typedef enum chx_access {
    CHX_ACCESS_READ = 1, /* the task sees the range and leaves it as it is */
    CHX_ACCESS_WRITE = 2, /* the task overwrites every byte of the range */
    CHX_ACCESS_READ_WRITE = 3,
} chx_access;

typedef enum chx_arg_kind {
    CHX_ARG_NONE = 0, /* ends a list of arguments */
    CHX_ARG_BUFFER,
    CHX_ARG_VALUE,
    CHX_ARG_LOCAL,
    CHX_ARG_SPLIT, /* a buffer that goes with the work-items, see chx_arg_split() */
    CHX_ARG_REDUCE, /* a buffer that work-items reduce into, see chx_arg_reduce() */
} chx_arg_kind;

/* What two integers become that are reduced to one. Sums wrap, with and without a sign alike. */
typedef enum chx_reduction {
    CHX_REDUCTION_NONE = 0,
    CHX_REDUCTION_SUM_32,
    CHX_REDUCTION_SUM_64,
    CHX_REDUCTION_MIN_I32,
    CHX_REDUCTION_MIN_I64,
    CHX_REDUCTION_MIN_U32,
    CHX_REDUCTION_MIN_U64,
    CHX_REDUCTION_MAX_I32,
    CHX_REDUCTION_MAX_I64,
    CHX_REDUCTION_MAX_U32,
    CHX_REDUCTION_MAX_U64,
} chx_reduction;

/* One argument of a task, made by the macros below. The kernel always receives the address of the
 * whole buffer; the range says which bytes it touches. */
typedef struct chx_arg {
    chx_arg_kind kind;
    chx_access access; /* buffers */
    chx_buffer *buffer; /* buffers, borrowed for the life of the graph */
    size_t offset_bytes; /* buffers: begin of the range touched */
    size_t size_bytes; /* buffers: 0 means to the end; values and local memory: their size; not
                          used where the buffer is split */
    const void *bytes; /* values: where they stand, read by the call that takes them; or NULL */
    union {
        int32_t i32;
        uint32_t u32;
        int64_t i64;
        uint64_t u64;
        float f32;
        double f64;
        float f32x4[4];
        int32_t i32x4[4];
        uint32_t u32x4[4];
        size_t split[2]; /* bytes for each item, and items that it also reads on either side */
    } value; /* values of up to 16 bytes, where bytes is NULL; how a buffer is split */
    chx_reduction reduction; /* buffers that are reduced into */
} chx_arg;

static inline chx_arg
chx_arg_buffer(chx_buffer *buffer, chx_access access, size_t offset_bytes, size_t size_bytes)
{
    chx_arg arg = {CHX_ARG_BUFFER, access, buffer, offset_bytes,
                   size_bytes,     NULL,   {0},    CHX_REDUCTION_NONE};
    return arg;
}

/* A buffer of a task that may be divided. An *item* is what stands at one index of the last
 * dimension of the task's range: a work-item of a line, a row of an area, a plane of a volume. Item
 * i, from 0, has item_bytes of the buffer at offset_bytes + i * item_bytes; it also reads the
 * n_halo items before its own and behind, as far as the buffer has bytes there. A plan may then cut
 * the range into pieces that run on several devices at once, each as large as its device is fast,
 * at multiples of the work-group. Results must not depend on the cut: kernels tell items by
 * get_global_id(), never by get_global_size(), get_group_id() or get_num_groups() of the last
 * dimension. All that such a task writes must be split, without halo, or reduced into; what it
 * reads whole or with a halo must lie apart from what it writes. Other arguments every piece has
 * alike. */
static inline chx_arg
chx_arg_split(chx_buffer *buffer, chx_access access, size_t offset_bytes, size_t item_bytes,
              size_t n_halo)
{
    chx_arg arg = {CHX_ARG_SPLIT, access, buffer, offset_bytes, 0, NULL, {0}, CHX_REDUCTION_NONE};
    arg.value.split[0] = item_bytes;
    arg.value.split[1] = n_halo;
    return arg;
}

/* A buffer that all work-items of a task reduce into, which makes the task one that may be divided.
 * All of the buffer is an array of integers as the reduction says, its size a multiple of theirs.
 * The kernel may change an element only by reducing something into it, by atomics or in other ways
 * that keep work-items apart, and what it leaves elsewhere must not depend on what it finds here:
 * of several pieces all but one find the reduction's identity, in an array of the plan's own, and
 * the plan reduces those arrays into the buffer behind them. Integers give the same bits in any
 * order, so nothing depends on the cut; there are no reductions of floats, of which that is not
 * true: scale them to integers first. What the buffer held before is reduced with the rest: write
 * the identity there to begin anew. After a run that failed some pieces may be in it and others
 * not. No other argument of the task may name the buffer. A plan has at least four such arrays for
 * each size, rounded up to a power of two, and for each device but one, until it is destroyed. */
static inline chx_arg
chx_arg_reduce(chx_buffer *buffer, chx_reduction reduction)
{
    chx_arg arg = {CHX_ARG_REDUCE, CHX_ACCESS_READ_WRITE, buffer, 0, 0, NULL, {0}, reduction};
    return arg;
}

/* A value that stands elsewhere until the call that takes the argument returns. */
static inline chx_arg
chx_arg_bytes(const void *bytes, size_t size_bytes)
{
    chx_arg arg = {CHX_ARG_VALUE, CHX_ACCESS_READ, NULL, 0,
                   size_bytes,    bytes,           {0},  CHX_REDUCTION_NONE};
    return arg;
}

/* A value of up to 16 bytes, copied at once. */
static inline chx_arg
chx_arg_value(const void *value, size_t size_bytes)
{
    chx_arg arg = chx_arg_bytes(NULL, size_bytes);
    memcpy(&arg.value, value, size_bytes < sizeof arg.value ? size_bytes : sizeof arg.value);
    return arg;
}

static inline chx_arg
chx_arg_int(int32_t value)
{
    return chx_arg_value(&value, sizeof value);
}

static inline chx_arg
chx_arg_uint(uint32_t value)
{
    return chx_arg_value(&value, sizeof value);
}

static inline chx_arg
chx_arg_ulong(uint64_t value)
{
    return chx_arg_value(&value, sizeof value);
}

static inline chx_arg
chx_arg_float(float value)
{
    return chx_arg_value(&value, sizeof value);
}

static inline chx_arg
chx_arg_double(double value)
{
    return chx_arg_value(&value, sizeof value);
}

static inline chx_arg
chx_arg_local(size_t size_bytes)
{
    chx_arg arg = {CHX_ARG_LOCAL, CHX_ACCESS_READ,   NULL, 0, size_bytes, NULL,
                   {0},           CHX_REDUCTION_NONE};
    return arg;
}

static inline chx_arg
chx_arg_none(void)
{
    chx_arg arg = {CHX_ARG_NONE, CHX_ACCESS_READ, NULL, 0, 0, NULL, {0}, CHX_REDUCTION_NONE};
    return arg;
}

/* The constructors under short names, in C and in C++. */
#define CHX_BUFFER_RANGE(buffer_, access_, offset_, size_) \
    chx_arg_buffer(buffer_, access_, offset_, size_)
#define CHX_READ(buffer_) chx_arg_buffer(buffer_, CHX_ACCESS_READ, 0, 0)
#define CHX_WRITE(buffer_) chx_arg_buffer(buffer_, CHX_ACCESS_WRITE, 0, 0)
#define CHX_READ_WRITE(buffer_) chx_arg_buffer(buffer_, CHX_ACCESS_READ_WRITE, 0, 0)
#define CHX_SPLIT(buffer_, access_, item_bytes_, n_halo_) \
    chx_arg_split(buffer_, access_, 0, item_bytes_, n_halo_)
#define CHX_REDUCE(buffer_, reduction_) chx_arg_reduce(buffer_, reduction_)
#define CHX_INT(x_) chx_arg_int(x_)
#define CHX_UINT(x_) chx_arg_uint(x_)
#define CHX_ULONG(x_) chx_arg_ulong(x_)
#define CHX_FLOAT(x_) chx_arg_float(x_)
#define CHX_DOUBLE(x_) chx_arg_double(x_)
#define CHX_STRUCT(variable_) chx_arg_bytes(&(variable_), sizeof(variable_))
#define CHX_LOCAL(bytes_) chx_arg_local(bytes_)
#define CHX_END chx_arg_none()

/* An argument list in place, of any length, for the block that it stands in. C++ has no such
 * literals: make an array that ends with CHX_END. */
#ifndef __cplusplus
#define CHX_ARGS(...) ((const chx_arg[]){__VA_ARGS__, CHX_END})
#endif

/* One kernel launch. All zeroes in optional fields means the default. */
typedef struct chx_kernel_task {
    const char *name; /* for traces and errors, copied; NULL means the kernel's name */
    chx_program *program; /* borrowed for the life of the graph */
    const char *kernel; /* name of the kernel function, copied */
    size_t global[3]; /* work-items; trailing zeroes end the dimensions */
    size_t local[3]; /* work-group; all zero lets the driver choose */
    size_t offset[3]; /* of the first work-item's global id */
    const chx_arg *args; /* in the kernel's order, ended by CHX_END, copied; NULL for none */
    const uint32_t *devices; /* that may run it (indices as in chx_runtime_device()), copied */
    uint32_t n_devices; /* 0: all selected ones */
    chx_task *id; /* receives the task's index, NULL when not wanted */
} chx_kernel_task;

/* Called on a host thread when everything the task reads is in host memory. host[i] is the address
 * of argument i's buffer in host memory, NULL for arguments that are no buffer; it is valid during
 * the call. A result other than CHX_OK fails the run. It must not call into the library for objects
 * of this runtime. */
typedef chx_status (*chx_host_fn)(void *data, void *const *host);

/* One call of a host function. */
typedef struct chx_host_task {
    const char *name; /* for traces and errors, copied; NULL means "host" */
    chx_host_fn run;
    void *data;
    const chx_arg *args; /* buffers only, ended by CHX_END, copied; NULL for none */
    chx_task *id;
} chx_host_task;

/* Creates an empty graph. Errors: MEMORY, INVALID. */
CHX_API chx_status chx_graph_create(chx_runtime *runtime, chx_graph **graph);

/* Clears *graph; accepts NULL. Its plans must have been destroyed. */
CHX_API void chx_graph_destroy(chx_graph **graph);

/* Appends a kernel task. Errors: INVALID, LIMIT when a range leaves its buffer, MEMORY. The
 * kernel's own argument list is checked when a plan prepares it. */
CHX_API chx_status chx_graph_kernel(chx_graph *graph, const chx_kernel_task *task);

/* Appends a host task. Errors as above. */
CHX_API chx_status chx_graph_host(chx_graph *graph, const chx_host_task *task);

/* Makes `after` wait for `before` although no buffer says so. Errors: INVALID unless before < after
 * < number of tasks; so no cycle can be made. */
CHX_API chx_status chx_graph_depend(chx_graph *graph, chx_task before, chx_task after);

/* Replaces a scalar argument of a kernel task from the next submit on; plans stay valid. value.kind
 * must be CHX_ARG_VALUE with the size it had. Errors: INVALID. Not while a submit is in
 * progress. */
CHX_API chx_status chx_graph_set_value(chx_graph *graph, chx_task task, uint32_t arg_index,
                                       const chx_arg *value);

/* Replaces a buffer argument of a task, or its range, from the next submit on; the access stays as
 * it was, and so does how the buffer is split or reduced into. A plan serves on as it is where only
 * the parts have changed hands: the same sizes, and arguments that shared a buffer still share one,
 * at the same distances. Otherwise the next submit plans anew. A buffer that no argument names any
 * more may be destroyed once its runs have ended. Errors: INVALID, LIMIT when the range leaves its
 * buffer. Not while a submit is in progress. */
CHX_API chx_status chx_graph_set_buffer(chx_graph *graph, chx_task task, uint32_t arg_index,
                                        const chx_arg *arg);

/* Number of tasks so far. */
CHX_API uint32_t chx_graph_n_tasks(const chx_graph *graph);

#ifdef __cplusplus
}
#endif

#endif
