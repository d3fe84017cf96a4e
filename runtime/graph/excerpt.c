/* What an excerpt shares with its graph is what a graph borrows from its caller: buffers, programs
 * and the data of host functions. Arguments are copies, and what changes between runs is brought
 * over before each of them. */
#include "graph/excerpt.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/argument.h"

/* Has the copy follow what its original follows and is in the excerpt too; place tells where. */
static bool
follow(chx__task *copy, const chx__task *task, const uint32_t *place)
{
    for (size_t i = 0; i < task->n_before; i++) {
        if (place[task->before[i]] == 0)
            continue;
        if (!chx__grow(&copy->before, &copy->before_capacity, copy->n_before + 1,
                       sizeof *copy->before))
            return false;
        copy->before[copy->n_before++] = place[task->before[i]] - 1;
    }
    return true;
}

static chx_status
append(chx_graph *excerpt, const chx__task *task, const uint32_t *place)
{
    chx__task copy;
    bool is_whole = chx__task_copy(&copy, task) && follow(&copy, task, place);
    copy.origin = excerpt->n_tasks;
    if (is_whole)
        return chx__graph_append(excerpt, &copy, NULL);
    chx__task_finish(&copy);
    return chx__fail_memory("cutting a plan into stages");
}

chx_status
chx__excerpt_create(const chx_graph *graph, const chx_task *tasks, uint32_t n_tasks,
                    chx_graph **excerpt)
{
    uint32_t *place = chx__alloc(graph->n_tasks, sizeof *place); /* in it, from 1; 0 when not */
    chx_graph *made = NULL;
    chx_status status = place ? chx_graph_create(graph->runtime, &made)
                              : chx__fail_memory("cutting a plan into stages");
    for (uint32_t i = 0; !status && i < n_tasks; i++) {
        status = append(made, &graph->tasks[tasks[i]], place);
        place[tasks[i]] = i + 1;
    }
    free(place);
    if (status)
        chx_graph_destroy(&made);
    else
        *excerpt = made;
    return status;
}

static bool
is_same_buffer(const chx_arg *a, const chx_arg *b)
{
    return a->buffer == b->buffer && a->offset_bytes == b->offset_bytes &&
           a->size_bytes == b->size_bytes;
}

static chx_status
renew(chx_graph *excerpt, chx_task task, uint32_t index, const chx_arg *now)
{
    const chx_arg *before = &excerpt->tasks[task].args[index];
    chx_arg asked = *now;
    if (now->kind == CHX_ARG_VALUE)
        return memcmp(chx__arg_value(before), chx__arg_value(now), now->size_bytes) == 0
                   ? CHX_OK
                   : chx_graph_set_value(excerpt, task, index, now);
    if (now->kind != CHX_ARG_BUFFER || is_same_buffer(before, now))
        return CHX_OK;
    asked.kind = chx__arg_given_kind(now);
    return chx_graph_set_buffer(excerpt, task, index, &asked);
}

chx_status
chx__excerpt_renew(chx_graph *excerpt, const chx_graph *graph, const chx_task *tasks)
{
    chx_status status = CHX_OK;
    for (chx_task t = 0; t < excerpt->n_tasks; t++)
        for (uint32_t i = 0; !status && i < excerpt->tasks[t].n_args; i++)
            status = renew(excerpt, t, i, &graph->tasks[tasks[t]].args[i]);
    return status;
}
