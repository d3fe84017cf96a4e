/* The flow of data in a graph: what each task reads and writes, version by version.
 *
 * Every buffer is cut into atoms at the ends of all declared ranges and of what lies in one place
 * now, so that tasks and transfers touch an atom wholly or not at all. An item is an atom in one
 * version: as it was before the graph, or as one task left it. */
#ifndef CHX_GRAPH_FLOW_H
#define CHX_GRAPH_FLOW_H

#include <chronaxie/graph.h>

#define CHX__NO_INDEX UINT32_MAX

/* Bytes [begin, end) of a buffer. */
typedef struct chx__atom {
    uint32_t buffer; /* index into buffers */
    size_t begin, end;
} chx__atom;

typedef struct chx__version {
    uint32_t atom;
    uint32_t producer; /* task, or CHX__NO_INDEX for the content before the graph */
} chx__version;

/* Rows of indices by task: entries [begin[t], begin[t + 1]). */
typedef struct chx__table {
    uint32_t *begin;
    uint32_t *index;
    size_t n, capacity;
} chx__table;

/* One buffer argument of a task. */
typedef struct chx__use {
    uint32_t buffer; /* index into buffers */
    size_t offset_bytes, size_bytes;
} chx__use;

typedef struct chx__flow {
    chx_buffer **buffers;
    uint32_t *sharers; /* per buffer: place of the device that shares the host's memory of it */
    bool *is_written; /* per buffer: whether a task writes to it */
    uint32_t n_buffers;
    chx__use *uses; /* by task, then by argument */
    uint32_t *first_use; /* per task */
    chx__atom *atoms; /* by buffer, then by begin */
    uint32_t n_atoms;
    chx__version *versions;
    uint32_t n_versions;
    size_t version_capacity;
    chx__table reads; /* versions that a task sees */
    chx__table writes; /* atoms that a task leaves in a new version */
    chx__table after; /* tasks that it must follow for other reasons: write after read or write, and
                          dependencies added by hand */
} chx__flow;

/* Works the flow out; time grows with the number of (task, atom) pairs. Errors: MEMORY, LIMIT. */
chx_status chx__flow_init(chx__flow *flow, const chx_graph *graph);
void chx__flow_finish(chx__flow *flow);

#endif
