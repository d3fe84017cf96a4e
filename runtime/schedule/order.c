/* A task begins no earlier than what it waits for, so starts order the tasks of a solution; those
 * without cost begin together with what waits for them, so a topological order decides there. */
#include "schedule/order.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

typedef struct begun {
    double start_ns;
    uint32_t rank; /* in a topological order */
    uint32_t task;
} begun;

static int
compare(const void *left, const void *right)
{
    const begun *a = left, *b = right;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    return (a->rank > b->rank) - (a->rank < b->rank);
}

chx_status
chx__order_read(const chx__problem *problem, const chx__solution *solution, uint32_t *order,
                uint32_t *position)
{
    uint32_t n = problem->n_tasks;
    begun *sorted = chx__alloc(n, sizeof *sorted);
    chx_status status =
        sorted ? chx__problem_order(problem, order, NULL) : chx__fail_memory("scheduling");
    for (uint32_t i = 0; !status && i < n; i++)
        sorted[i] = (begun){solution->tasks[order[i]].start_ns, i, order[i]};
    if (!status)
        qsort(sorted, n, sizeof *sorted, compare);
    for (uint32_t i = 0; !status && i < n; i++) {
        order[i] = sorted[i].task;
        position[order[i]] = i;
    }
    free(sorted);
    return status;
}

void
chx__order_shift(uint32_t *order, uint32_t *position, uint32_t task, uint32_t to)
{
    uint32_t at = position[task];
    assert(order[at] == task);
    for (; at < to; at++) {
        order[at] = order[at + 1];
        position[order[at]] = at;
    }
    for (; at > to; at--) {
        order[at] = order[at - 1];
        position[order[at]] = at;
    }
    order[to] = task;
    position[task] = to;
}
