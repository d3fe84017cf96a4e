/* A graph: tasks in program order. What follows from their order is in flow.h. */
#ifndef CHX_GRAPH_GRAPH_H
#define CHX_GRAPH_GRAPH_H

#include <chronaxie/graph.h>

#include "base/places.h"
#include "device/launch.h"

typedef struct chx__task {
    char *name;
    chx_program *program; /* NULL for a host task */
    char *kernel;
    uint64_t names; /* hash of both, to tell tasks that are alike */
    chx__launch launch;
    chx__places devices; /* places of those that may run it */
    uint32_t place; /* of the one that a piece of a divided task is for; else 0 */
    chx_host_fn run; /* host tasks */
    void *data;
    uint32_t n_args;
    chx_arg *args; /* buffer ranges with their sizes filled in; split ones are plain buffers, with
                      value.split all zero where they are not */
    bool is_divisible; /* an argument is split or reduced into */
    chx_task origin; /* the task of the caller's graph that it is, or is a piece of */
    uint32_t reduced; /* what begins or combines a partial: 1 + its origin's argument; else 0 */
    chx_task *before; /* tasks that it follows by hand-made dependencies */
    size_t n_before, before_capacity;
} chx__task;

/* A scalar that changes between runs; its present value stands in the task. */
typedef struct chx__dynamic {
    chx_task task;
    uint32_t arg_index;
} chx__dynamic;

struct chx_graph {
    chx_runtime *runtime;
    chx__task *tasks;
    uint32_t n_tasks;
    size_t task_capacity;
    chx__dynamic
        *dynamics; /* arguments that chx_graph_set_value() ever changed, by task and index */
    size_t n_dynamics, dynamic_capacity;
    uint64_t n_recasts; /* counts changes of buffer arguments */
    bool is_divisible; /* one of its tasks is */
};

/* Where items of a task lie in the last dimension of its range. */
static inline size_t
chx__task_n_items(const chx__task *task)
{
    return task->launch.global[task->launch.n_dimensions - 1];
}

static inline bool
chx__arg_is_split(const chx_arg *arg)
{
    return arg->kind == CHX_ARG_BUFFER && arg->value.split[0] > 0;
}

/* As the caller gave it. */
static inline chx_arg_kind
chx__arg_given_kind(const chx_arg *arg)
{
    return arg->reduction != CHX_REDUCTION_NONE ? CHX_ARG_REDUCE
           : chx__arg_is_split(arg)             ? CHX_ARG_SPLIT
                                                : arg->kind;
}

/* Hash of the names of a task and its kernel. */
uint64_t chx__task_hash_names(const chx__task *task);

/* Releases what a task owns. */
void chx__task_finish(chx__task *task);

/* A copy that owns all that the task does, but follows nothing by hand-made dependencies. False
 * without memory; release it also then. */
bool chx__task_copy(chx__task *copy, const chx__task *task);

/* That pieces of a task keep out of each other's way; arguments that change one after the other may
 * not do so in between. Errors: INVALID. */
chx_status chx__task_check_pieces(const chx__task *task);

/* Appends a task as it is; takes it, and releases it on failure. Errors: LIMIT, MEMORY. */
chx_status chx__graph_append(chx_graph *graph, chx__task *task, chx_task *id);

#endif
