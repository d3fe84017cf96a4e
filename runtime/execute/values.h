/* The scalars of a submit: those that chx_graph_set_value() ever changed, as they were then.
 * Copies, since the graph's may change while the run waits behind others. */
#ifndef CHX_EXECUTE_VALUES_H
#define CHX_EXECUTE_VALUES_H

#include "graph/graph.h"

typedef struct chx__value {
    chx__dynamic dynamic; /* where it goes */
    chx_arg arg;
} chx__value;

typedef struct chx__values {
    chx__value *rows; /* by task and index */
    size_t n;
    unsigned char *excess; /* of values that are longer than an argument */
} chx__values;

/* Takes the graph's present ones. Errors: MEMORY. */
chx_status chx__values_take(chx__values *values, const chx_graph *graph);

/* Takes all scalars, also those that have not changed yet. Errors: MEMORY. */
chx_status chx__values_take_all(chx__values *values, const chx_graph *graph);

/* Errors: MEMORY. */
chx_status chx__values_copy(chx__values *to, const chx__values *from);

/* All, which are of an earlier time, with those that had changed by the time of `since`. Errors:
 * MEMORY. */
chx_status chx__values_join(chx__values *to, const chx__values *all, const chx__values *since);

/* Those of a task, from *begin up to the one returned. */
const chx__value *chx__values_of(const chx__values *values, chx_task task,
                                 const chx__value **begin);

void chx__values_finish(chx__values *values);

#endif
