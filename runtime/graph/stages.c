/* Depth first: of the tasks that are ready the first that needs nothing new goes on with what the
 * stage has, then the one that needs least, until nothing more has room. So what is loaded for a
 * stage is used as often as the graph allows before the next one takes its place: ten sweeps over
 * independent tiles become ten sweeps over the first tiles, then over the next.
 *
 * A replica is of a whole buffer, so whole buffers count, whatever ranges tasks declare. */
#include "graph/stages.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "memory/buffer.h"

/* Ready tasks that are looked at for the next one. */
#define MOST_LOOKED_AT 512u

#define NO_STAGE UINT32_MAX

typedef struct cutter {
    const chx_graph *graph;
    const chx__flow *flow;
    uint64_t limit_bytes;
    uint32_t *n_missing; /* by task: how many it must follow are not done */
    chx__table followers; /* by task: those that must follow it, as often as they do */
    uint32_t *next_ready; /* by task: a list in the order in which they became ready */
    uint32_t first_ready, last_ready;
    uint32_t *stage_of; /* by buffer of the flow: the last that has used it, from 1; else 0 */
    uint64_t stage_bytes;
    chx__stages *made;
    uint32_t n_taken;
} cutter;

typedef void (*on_order)(cutter *of, chx_task before, chx_task after);

static void
visit_orders_of(cutter *of, chx_task task, on_order fn)
{
    const chx__flow *flow = of->flow;
    for (size_t i = flow->reads.begin[task]; i < flow->reads.begin[task + 1]; i++) {
        uint32_t producer = flow->versions[flow->reads.index[i]].producer;
        if (producer != CHX__NO_INDEX)
            fn(of, producer, task);
    }
    for (size_t i = flow->after.begin[task]; i < flow->after.begin[task + 1]; i++)
        fn(of, flow->after.index[i], task);
}

static void
visit_orders(cutter *of, on_order fn)
{
    for (chx_task t = 0; t < of->graph->n_tasks; t++)
        visit_orders_of(of, t, fn);
}

static void
count_order(cutter *of, chx_task before, chx_task after)
{
    of->followers.begin[before + 1]++;
    of->n_missing[after]++;
}

/* Rows fill from their ends. */
static void
put_follower(cutter *of, chx_task before, chx_task after)
{
    of->followers.index[--of->followers.begin[before + 1]] = after;
}

/* The followers of a task are rows [begin[task + 1], begin[task + 2]) while and after they are
 * filled from their ends. */
static bool
list_followers(cutter *of)
{
    uint32_t n_tasks = of->graph->n_tasks;
    chx__table *followers = &of->followers;
    followers->begin = chx__alloc((size_t)n_tasks + 2, sizeof *followers->begin);
    if (!followers->begin)
        return false;
    visit_orders(of, count_order);
    for (uint32_t t = 0; t <= n_tasks; t++)
        followers->begin[t + 1] += followers->begin[t];
    followers->n = followers->begin[n_tasks];
    followers->index = chx__alloc(followers->n, sizeof *followers->index);
    if (followers->index)
        visit_orders(of, put_follower);
    return followers->index != NULL;
}

static void
add_ready(cutter *of, chx_task task)
{
    of->next_ready[task] = CHX__NO_INDEX;
    if (of->first_ready == CHX__NO_INDEX)
        of->first_ready = task;
    else
        of->next_ready[of->last_ready] = task;
    of->last_ready = task;
}

static chx_status
begin(cutter *of)
{
    uint32_t n_tasks = of->graph->n_tasks;
    of->first_ready = CHX__NO_INDEX;
    of->n_missing = chx__alloc(n_tasks, sizeof *of->n_missing);
    of->next_ready = chx__alloc(n_tasks, sizeof *of->next_ready);
    of->stage_of = chx__alloc(of->flow->n_buffers, sizeof *of->stage_of);
    of->made->tasks = chx__alloc(n_tasks, sizeof *of->made->tasks);
    of->made->begin = chx__alloc((size_t)n_tasks + 1, sizeof *of->made->begin);
    bool ok = of->n_missing && of->next_ready && of->stage_of && of->made->tasks &&
              of->made->begin && list_followers(of);
    for (chx_task t = 0; ok && t < n_tasks; t++)
        if (of->n_missing[t] == 0)
            add_ready(of, t);
    return ok ? CHX_OK : chx__fail_memory("cutting a plan into stages");
}

/* Calls up the buffers of a kernel task's arguments; a host task needs none on a device. */
static const chx__use *
uses_of(const chx__flow *flow, const chx_graph *graph, chx_task task, uint32_t *n)
{
    *n = 0;
    for (uint32_t i = 0; graph->tasks[task].program && i < graph->tasks[task].n_args; i++)
        *n += graph->tasks[task].args[i].kind == CHX_ARG_BUFFER;
    return &flow->uses[flow->first_use[task]];
}

/* Bytes of the task's buffers that the stage has not used; those named twice count twice, unless
 * they are marked. */
static uint64_t
bytes_missing(const cutter *of, chx_task task, bool marks)
{
    uint32_t n;
    const chx__use *uses = uses_of(of->flow, of->graph, task, &n);
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (of->stage_of[uses[i].buffer] == of->made->n)
            continue;
        bytes += chx_buffer_size(of->flow->buffers[uses[i].buffer]);
        if (marks)
            of->stage_of[uses[i].buffer] = of->made->n;
    }
    return bytes;
}

/* Bytes of all buffers that kernel tasks use. */
static uint64_t
need_of_all(cutter *of)
{
    uint64_t bytes = 0;
    of->made->n = NO_STAGE;
    for (chx_task t = 0; t < of->graph->n_tasks; t++)
        bytes += bytes_missing(of, t, true);
    of->made->n = 0;
    return bytes;
}

/* The ready task that needs least, with the one before it in the list. */
static chx_task
find_next(const cutter *of, chx_task *before)
{
    chx_task best = CHX__NO_INDEX, last = CHX__NO_INDEX;
    uint64_t least = UINT64_MAX;
    uint32_t n = 0;
    for (chx_task t = of->first_ready; t != CHX__NO_INDEX && n < MOST_LOOKED_AT && least > 0; n++) {
        uint64_t bytes = bytes_missing(of, t, false);
        if (bytes < least) {
            least = bytes;
            best = t;
            *before = last;
        }
        last = t;
        t = of->next_ready[t];
    }
    return best;
}

static void
remove_ready(cutter *of, chx_task task, chx_task before)
{
    if (before == CHX__NO_INDEX)
        of->first_ready = of->next_ready[task];
    else
        of->next_ready[before] = of->next_ready[task];
    if (of->last_ready == task)
        of->last_ready = before;
}

static void
begin_stage(cutter *of)
{
    of->made->begin[of->made->n++] = of->n_taken;
    of->stage_bytes = 0;
}

static void
take(cutter *of, chx_task task)
{
    of->stage_bytes += bytes_missing(of, task, true);
    of->made->tasks[of->n_taken++] = task;
    for (uint32_t i = of->followers.begin[task + 1]; i < of->followers.begin[task + 2]; i++)
        if (--of->n_missing[of->followers.index[i]] == 0)
            add_ready(of, of->followers.index[i]);
}

static void
cut(cutter *of)
{
    begin_stage(of);
    while (of->first_ready != CHX__NO_INDEX) {
        chx_task before = CHX__NO_INDEX;
        chx_task next = find_next(of, &before);
        uint64_t bytes = bytes_missing(of, next, false);
        if (bytes > 0 && of->stage_bytes > 0 && of->stage_bytes + bytes > of->limit_bytes)
            begin_stage(of);
        remove_ready(of, next, before);
        take(of, next);
    }
    of->made->begin[of->made->n] = of->n_taken;
}

chx_status
chx__stages_cut(const chx_graph *graph, const chx__flow *flow, uint64_t limit_bytes,
                chx__stages *made)
{
    *made = (chx__stages){0};
    cutter of = {.graph = graph, .flow = flow, .made = made};
    chx_status status = begin(&of);
    if (!status) {
        made->need_bytes = need_of_all(&of);
        of.limit_bytes = limit_bytes < made->need_bytes / 2 ? limit_bytes : made->need_bytes / 2;
        cut(&of);
    }
    free(of.n_missing);
    free(of.next_ready);
    free(of.stage_of);
    free(of.followers.begin);
    free(of.followers.index);
    return status;
}

void
chx__stages_finish(chx__stages *stages)
{
    free(stages->tasks);
    free(stages->begin);
    *stages = (chx__stages){0};
}
