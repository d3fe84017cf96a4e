/* Stages: the tasks of a graph in an order, and in groups one after the other, of which each needs
 * little memory on a device. */
#ifndef CHX_GRAPH_STAGES_H
#define CHX_GRAPH_STAGES_H

#include "graph/flow.h"
#include "graph/graph.h"

typedef struct chx__stages {
    chx_task *tasks; /* all of the graph's, in an order that program order allows */
    uint32_t *begin; /* by stage: rows of tasks; one more at the end */
    uint32_t n;
    uint64_t need_bytes; /* of the buffers of all kernel tasks together */
} chx__stages;

/* Cuts so that the buffers of a stage's kernel tasks have at most limit_bytes together, and half of
 * what all need, or the stage is of one such task that needs more. Time grows with tasks, their
 * arguments, and how many are ready at a time, up to some hundreds. Release with
 * chx__stages_finish(), also after a failure. Errors: MEMORY. */
chx_status chx__stages_cut(const chx_graph *graph, const chx__flow *flow, uint64_t limit_bytes,
                           chx__stages *stages);

void chx__stages_finish(chx__stages *stages);

#endif
