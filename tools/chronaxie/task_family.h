/* A task family: task graphs of one shape, random in their costs, made from a seed. */
#ifndef CHRONAXIE_TASK_FAMILY_H
#define CHRONAXIE_TASK_FAMILY_H

#include <stdbool.h>

#include <chronaxie/schedule.h>

typedef struct task_family task_family;

/* A graph that is being made; finish accepts an empty one. */
typedef struct task_graph {
    chx_schedule_problem problem; /* of the arrays below */
    double *cost_ms;
    chx_schedule_edge *edges;
    uint32_t edges_capacity;
    uint64_t random;
    bool failed; /* memory ran out */
} task_graph;

struct task_family {
    const char *name;
    uint32_t n_graphs;
    uint32_t n_lanes;
    /* Adds edges; returns the number of tasks. */
    uint32_t (*make)(task_graph *graph, uint32_t index);
};

/* All families, ended by one without a name. */
extern const task_family task_families[];

/* Makes the graph of an index; false when memory is out. */
bool task_family_make(const task_family *family, uint32_t index, task_graph *graph);

/* Layers of 100 tasks, each with three inputs from the layer before, as large as asked. */
bool task_layers_make(uint32_t n_tasks, uint32_t n_lanes, task_graph *graph);

/* 10 to 20 tasks on 2 to 4 lanes, each after up to three of the six before it: small enough for
 * the optimum to be found. No version of the search was tuned on them. */
bool task_small_make(uint32_t index, task_graph *graph);

void task_graph_finish(task_graph *graph);

#endif
