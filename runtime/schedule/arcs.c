/* A problem states what each task waits for, since that is what placing asks; ranks and ready
 * lists ask the other way round. Rows are counted and filled, without a sort, in time that grows
 * with the number of arcs. Within a row arcs stand by the task that waits, so whoever walks them
 * meets ties in the same order on every machine. */
#include "schedule/arcs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

chx_status
chx__arcs_init(chx__arcs *arcs, const chx__problem *problem)
{
    uint32_t n_tasks = problem->n_tasks;
    size_t n_arcs = (size_t)problem->inputs.begin[n_tasks] + problem->after.begin[n_tasks];
    *arcs = (chx__arcs){chx__alloc((size_t)n_tasks + 1, sizeof *arcs->begin),
                        chx__alloc(n_arcs, sizeof *arcs->arcs)};
    if (!arcs->begin || !arcs->arcs)
        return chx__fail_memory("scheduling");
    for (uint32_t t = 0; t < n_tasks; t++) {
        for (uint32_t i = 0; i < chx__problem_n_predecessors(problem, t); i++) {
            uint32_t before = chx__problem_predecessor(problem, t, i);
            if (before != CHX__NO_TASK)
                arcs->begin[before + 1]++;
        }
    }
    for (uint32_t t = 0; t < n_tasks; t++)
        arcs->begin[t + 1] += arcs->begin[t];
    uint32_t n_leaving = arcs->begin[n_tasks];
    assert(n_leaving <= n_arcs);
    /* Filled from the back, rows end up beginning one row early; the shift puts that right. */
    for (uint32_t t = n_tasks; t-- > 0;) {
        uint32_t n_inputs = problem->inputs.begin[t + 1] - problem->inputs.begin[t];
        for (uint32_t i = chx__problem_n_predecessors(problem, t); i-- > 0;) {
            uint32_t before = chx__problem_predecessor(problem, t, i);
            uint32_t item =
                i < n_inputs ? problem->inputs.index[problem->inputs.begin[t] + i] : CHX__NO_ITEM;
            if (before != CHX__NO_TASK)
                arcs->arcs[--arcs->begin[before + 1]] = (chx__arc){t, item};
        }
    }
    memmove(arcs->begin, arcs->begin + 1, n_tasks * sizeof *arcs->begin);
    arcs->begin[n_tasks] = n_leaving;
    assert(arcs->begin[0] == 0);
    return CHX_OK;
}

void
chx__arcs_finish(chx__arcs *arcs)
{
    free(arcs->begin);
    free(arcs->arcs);
    *arcs = (chx__arcs){0};
}
