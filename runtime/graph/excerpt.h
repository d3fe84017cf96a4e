/* An excerpt: some tasks of a graph, in an order that its program order allows, as a graph of their
 * own. */
#ifndef CHX_GRAPH_EXCERPT_H
#define CHX_GRAPH_EXCERPT_H

#include "graph/graph.h"

/* Dependencies added by hand stand in it where both tasks do. The caller destroys *excerpt. Errors:
 * LIMIT, MEMORY. */
chx_status chx__excerpt_create(const chx_graph *graph, const chx_task *tasks, uint32_t n_tasks,
                               chx_graph **excerpt);

/* Gives its tasks, which were made of the same ones, the values and buffers that the graph's have
 * now. Errors: as chx_graph_set_buffer(), MEMORY. */
chx_status chx__excerpt_renew(chx_graph *excerpt, const chx_graph *graph, const chx_task *tasks);

#endif
