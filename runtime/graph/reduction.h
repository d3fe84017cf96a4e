/* Reductions of divided tasks: what begins and combines the *partials*, arrays that pieces reduce
 * into in place of the caller's.
 *
 * Partials are lent: whoever has graphs divided makes them, and keeps them for as long as runs of
 * the divisions may use them. Reduced arguments, counted over the tasks of a graph, take turns at
 * the partials of their size, so that many tasks need few. */
#ifndef CHX_GRAPH_REDUCTION_H
#define CHX_GRAPH_REDUCTION_H

#include "graph/graph.h"

/* One for each device. */
typedef struct chx__partial {
    size_t size_bytes;
    uint32_t turn;
    chx_buffer **of; /* by device; NULL for the first, which has no piece but first ones */
    uint32_t n_devices;
} chx__partial;

typedef struct chx__partials {
    chx_program *program; /* kernels/reduce/partial.cl; NULL where there is none */
    chx__partial *list;
    size_t n, capacity;
    uint32_t n_turns; /* as many as a task has reduced arguments, or more */
    uint64_t n_recasts; /* of the graph, when they were made */
    uint32_t n_tasks; /* of it, then */
} chx__partials;

/* 0 for no reduction. */
size_t chx__reduction_element_bytes(chx_reduction reduction);

/* Fills an array of so many bytes with the identity, or reduces another one into it, as the kernels
 * do. */
void chx__reduction_fill(chx_reduction reduction, void *array, size_t size_bytes);
void chx__reduction_apply(chx_reduction reduction, void *into, const void *array,
                          size_t size_bytes);

/* Reduced arguments of the task. */
uint32_t chx__reduction_count(const chx__task *task);

/* Size of a partial that serves for a buffer of so many bytes. */
size_t chx__partial_size(size_t size_bytes);

/* The partials that argument number n_before of all that are reduced has; NULL for none. */
chx__partial *chx__partials_find(const chx__partials *partials, size_t size_bytes,
                                 uint32_t n_before);

/* The argument of a piece on the device with the index in place of the task's. */
chx_arg chx__reduction_partial(const chx__partials *partials, const chx_arg *arg, uint32_t n_before,
                               uint32_t device);

/* The task that begins what was lent in place of the argument of a task, and the one that combines
 * it with the argument. They own their arguments, which are NULL without memory, and nothing
 * else; where they run is for the caller to say. */
chx__task chx__reduction_begin(const chx__partials *partials, const chx__task *task,
                               uint32_t arg_index, const chx_arg *partial);
chx__task chx__reduction_combine(const chx__partials *partials, const chx__task *task,
                                 uint32_t arg_index, const chx_arg *partial);

#endif
