/* Rows are in the order of the graph's list, which is sorted, so those of a task are found by
 * halving. */
#include "execute/values.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/argument.h"

static chx_status
make_room(chx__values *values, size_t n, size_t excess)
{
    *values =
        (chx__values){.rows = chx__alloc(n, sizeof *values->rows), .excess = chx__alloc(excess, 1)};
    if (values->rows && values->excess)
        return CHX_OK;
    chx__values_finish(values);
    return chx__fail_memory("keeping the values of a run");
}

static void
add(chx__values *values, chx__dynamic dynamic, const chx_arg *arg, unsigned char **excess)
{
    chx__value *row = &values->rows[values->n++];
    row->dynamic = dynamic;
    chx__args_copy(&row->arg, arg, 1, excess);
}

static const chx_arg *
present(const chx_graph *graph, size_t i)
{
    return &graph->tasks[graph->dynamics[i].task].args[graph->dynamics[i].arg_index];
}

chx_status
chx__values_take(chx__values *values, const chx_graph *graph)
{
    size_t size = 0;
    for (size_t i = 0; i < graph->n_dynamics; i++)
        size += chx__args_excess(present(graph, i), 1);
    chx_status status = make_room(values, graph->n_dynamics, size);
    unsigned char *excess = values->excess;
    for (size_t i = 0; !status && i < graph->n_dynamics; i++)
        add(values, graph->dynamics[i], present(graph, i), &excess);
    return status;
}

chx_status
chx__values_take_all(chx__values *values, const chx_graph *graph)
{
    size_t n = 0, size = 0;
    for (chx_task t = 0; t < graph->n_tasks; t++) {
        n += graph->tasks[t].n_args;
        size += chx__args_excess(graph->tasks[t].args, graph->tasks[t].n_args);
    }
    chx_status status = make_room(values, n, size);
    unsigned char *excess = values->excess;
    for (chx_task t = 0; !status && t < graph->n_tasks; t++)
        for (uint32_t i = 0; i < graph->tasks[t].n_args; i++)
            if (graph->tasks[t].args[i].kind == CHX_ARG_VALUE)
                add(values, (chx__dynamic){t, i}, &graph->tasks[t].args[i], &excess);
    return status;
}

chx_status
chx__values_copy(chx__values *to, const chx__values *from)
{
    size_t size = 0;
    for (size_t i = 0; i < from->n; i++)
        size += chx__args_excess(&from->rows[i].arg, 1);
    chx_status status = make_room(to, from->n, size);
    unsigned char *excess = to->excess;
    for (size_t i = 0; !status && i < from->n; i++)
        add(to, from->rows[i].dynamic, &from->rows[i].arg, &excess);
    return status;
}

chx_status
chx__values_join(chx__values *to, const chx__values *all, const chx__values *since)
{
    const chx__value *changed = since->rows, *end = changed + since->n;
    chx_status status = chx__values_copy(to, all);
    for (size_t i = 0; !status && i < to->n && changed < end; i++) {
        chx__value *row = &to->rows[i];
        if (memcmp(&row->dynamic, &changed->dynamic, sizeof row->dynamic) != 0)
            continue;
        if (row->arg.bytes)
            memcpy((void *)row->arg.bytes, changed->arg.bytes, row->arg.size_bytes);
        else
            row->arg = changed->arg;
        changed++;
    }
    assert(status || changed == end);
    return status;
}

/* Row of the first value of a task or a later one. */
static size_t
first_row(const chx__values *values, chx_task task)
{
    size_t low = 0, high = values->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (values->rows[middle].dynamic.task < task)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const chx__value *
chx__values_of(const chx__values *values, chx_task task, const chx__value **begin)
{
    *begin = values->rows + first_row(values, task);
    const chx__value *end = *begin;
    while (end < values->rows + values->n && end->dynamic.task == task)
        end++;
    return end;
}

void
chx__values_finish(chx__values *values)
{
    free(values->rows);
    free(values->excess);
    *values = (chx__values){0};
}
