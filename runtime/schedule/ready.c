/* Priorities that need not fall along arcs, such as PEFT's, give an order only through a ready
 * list: the highest of what waits for nothing any more. Ties go to the lower index, so the order
 * is one. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/arcs.h"
#include "schedule/rank.h"

/* Tasks that wait for nothing any more, the most urgent on top of a binary heap. */
typedef struct ready_heap {
    const double *priority;
    uint32_t *tasks;
    size_t n;
} ready_heap;

static bool
comes_first(const ready_heap *heap, uint32_t a, uint32_t b)
{
    if (heap->priority[a] != heap->priority[b])
        return heap->priority[a] > heap->priority[b];
    return a < b;
}

static void
push(ready_heap *heap, uint32_t task)
{
    size_t i = heap->n++;
    while (i > 0 && comes_first(heap, task, heap->tasks[(i - 1) / 2])) {
        heap->tasks[i] = heap->tasks[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap->tasks[i] = task;
}

static uint32_t
pop(ready_heap *heap)
{
    uint32_t top = heap->tasks[0], last = heap->tasks[--heap->n];
    size_t i = 0;
    for (size_t child = 1; child < heap->n; child = 2 * i + 1) {
        if (child + 1 < heap->n && comes_first(heap, heap->tasks[child + 1], heap->tasks[child]))
            child++;
        if (!comes_first(heap, heap->tasks[child], last))
            break;
        heap->tasks[i] = heap->tasks[child];
        i = child;
    }
    heap->tasks[i] = last;
    return top;
}

chx_status
chx__priority_order(const chx__problem *problem, const double *priority, uint32_t *order)
{
    chx__arcs arcs = {0};
    uint32_t *n_waits = chx__alloc(problem->n_tasks, sizeof *n_waits);
    ready_heap heap = {priority, chx__alloc(problem->n_tasks, sizeof *heap.tasks), 0};
    chx_status status =
        n_waits && heap.tasks ? chx__arcs_init(&arcs, problem) : chx__fail_memory("scheduling");
    for (uint32_t t = 0; !status && t < problem->n_tasks; t++) {
        n_waits[t] = chx__problem_n_waits(problem, t);
        if (!n_waits[t])
            push(&heap, t);
    }
    for (uint32_t i = 0; !status && heap.n > 0; i++) {
        order[i] = pop(&heap);
        for (uint32_t a = arcs.begin[order[i]]; a < arcs.begin[order[i] + 1]; a++)
            if (--n_waits[arcs.arcs[a].task] == 0)
                push(&heap, arcs.arcs[a].task);
    }
    chx__arcs_finish(&arcs);
    free(heap.tasks);
    free(n_waits);
    return status;
}
