/* A division: a graph in which every task that may be divided stands in pieces, one for each device
 * that has a share of it.
 *
 * There is one list of shares for all tasks, so that tasks that follow each other cut their buffers
 * at the same items and what one leaves on a device the next finds there. */
#ifndef CHX_GRAPH_DIVISION_H
#define CHX_GRAPH_DIVISION_H

#include "graph/reduction.h"

/* What each device gets of everything that is divided, by its index: parts of 1. */
typedef struct chx__shares {
    double *of;
    uint32_t n_devices;
    const chx__partials *partials; /* that pieces may work in; NULL: what reduces stays whole */
} chx__shares;

/* All zero. Errors: MEMORY. */
chx_status chx__shares_init(chx__shares *shares, uint32_t n_devices);

chx_status chx__shares_copy(chx__shares *to, const chx__shares *from);

bool chx__shares_equal(const chx__shares *a, const chx__shares *b);

void chx__shares_finish(chx__shares *shares);

/* Makes the graph of pieces. Each of them may run on one device only; where a task may use none of
 * those that have shares, it stands undivided and keeps its devices. Of a task that reduces, the
 * first piece works in the caller's buffer and the others in partials, which the device of the
 * first combines with it in their order. The caller destroys *division,
 * before the graph. Errors: INVALID as below, LIMIT, MEMORY. */
chx_status chx__division_create(const chx_graph *graph, const chx__shares *shares,
                                chx_graph **division);

/* Has the pieces name the buffers that the graph's arguments name now. Errors: INVALID where pieces
 * would get in each other's way. */
chx_status chx__division_recast(chx_graph *division, const chx_graph *graph);

/* Where the task may be cut that is nearest to a part of its items. */
size_t chx__division_bound(const chx__task *task, double part);

/* The task as items [begin, end) of it, with the arguments that they have; release its arguments
 * with free(), and nothing else of it. NULL arguments without memory. */
chx__task chx__division_piece(const chx__task *task, size_t begin, size_t end);

#endif
