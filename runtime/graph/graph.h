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
    chx_host_fn run; /* host tasks */
    void *data;
    uint32_t n_args;
    chx_arg *args; /* buffer ranges with their sizes filled in */
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
};

#endif
