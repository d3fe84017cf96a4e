/* From declared accesses to what depends on what, once per plan.
 *
 * Buffers are cut at the ends of all declared ranges, and where the content lies in different
 * places now, so that an atom is read, written and moved whole. Atoms stand by buffer and begin;
 * all of a range's are found by one binary search and a walk, and it ends exactly with one, since
 * the range's own ends are cuts. Buffers are ordered by address, which decides indices but nothing
 * that a plan depends on: ties are broken by tasks and versions.
 *
 * Tasks are walked in program order, each with all its reads before its writes, so that it sees
 * what was there before it. A read adds an edge through the version that it sees, which carries
 * data; a write after reads, or after a write that nobody read, adds a plain one to `after`. A
 * write after a write that was read needs none of its own, for the readers follow the writer.
 * Producers and `after` entries thus always have lower indices: a graph has no cycles by
 * construction.
 *
 * Version v of an atom is named by its index in `versions`, in order of appearance; those
 * without a producer are what the graph finds, and lowering's entry digest walks them in that
 * order. */
#include "graph/flow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/graph.h"
#include "memory/buffer.h"

/* One end of a declared range, while atoms are being cut. */
typedef struct cut {
    chx_buffer *buffer;
    size_t byte;
} cut;

/* A task that read the present version of an atom; lists through `next`. */
typedef struct reader {
    chx_task task;
    uint32_t next;
} reader;

/* The state of each atom while tasks are walked in program order. */
typedef struct walker {
    uint32_t *version; /* per atom: present version, or none yet */
    uint32_t *first_reader; /* per atom: readers since the last write */
    reader *readers;
    size_t n_readers, reader_capacity;
} walker;

static int
compare_cuts(const void *left, const void *right)
{
    const cut *a = left, *b = right;
    if (a->buffer != b->buffer)
        return (uintptr_t)a->buffer < (uintptr_t)b->buffer ? -1 : 1;
    return (a->byte > b->byte) - (a->byte < b->byte);
}

typedef struct cut_list {
    cut *cuts;
    size_t n, capacity;
} cut_list;

static bool
add_cut(cut_list *list, chx_buffer *buffer, size_t byte)
{
    if (!chx__grow(&list->cuts, &list->capacity, list->n + 1, sizeof *list->cuts))
        return false;
    list->cuts[list->n++] = (cut){buffer, byte};
    return true;
}

/* Both ends of the range, and the ends of extents inside it: what lies in different places now must
 * be moved apart. */
static bool
add_cuts(cut_list *list, const chx_arg *arg)
{
    size_t begin = arg->offset_bytes, end = begin + arg->size_bytes;
    const chx__coherence *coherence = &arg->buffer->coherence;
    for (size_t i = 1; i < coherence->n_extents; i++) {
        size_t byte = coherence->extents[i].begin;
        if (byte > begin && byte < end && !add_cut(list, arg->buffer, byte))
            return false;
    }
    return add_cut(list, arg->buffer, begin) && add_cut(list, arg->buffer, end);
}

static void
sort_cuts(cut_list *list)
{
    if (list->n > 0)
        qsort(list->cuts, list->n, sizeof *list->cuts, compare_cuts);
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++)
        if (kept == 0 || compare_cuts(&list->cuts[kept - 1], &list->cuts[i]) != 0)
            list->cuts[kept++] = list->cuts[i];
    list->n = kept;
}

/* Where buffers must be cut, sorted, each place once. */
static chx_status
collect_cuts(const chx_graph *graph, cut_list *list)
{
    for (uint32_t t = 0; t < graph->n_tasks; t++)
        for (uint32_t i = 0; i < graph->tasks[t].n_args; i++) {
            const chx_arg *arg = &graph->tasks[t].args[i];
            if (arg->kind == CHX_ARG_BUFFER && !add_cuts(list, arg))
                return chx__fail_memory("planning a graph");
        }
    sort_cuts(list);
    return CHX_OK;
}

static chx_status
make_atoms(chx__flow *flow, const cut *cuts, size_t n_cuts)
{
    if (n_cuts >= CHX__NO_INDEX)
        return chx__fail(CHX_ERROR_LIMIT, "the graph's tasks cut its buffers into too many ranges");
    flow->buffers = chx__alloc(n_cuts, sizeof *flow->buffers);
    flow->sharers = chx__alloc(n_cuts, sizeof *flow->sharers);
    flow->is_written = chx__alloc(n_cuts, sizeof *flow->is_written);
    flow->atoms = chx__alloc(n_cuts, sizeof *flow->atoms);
    if (!flow->buffers || !flow->sharers || !flow->is_written || !flow->atoms)
        return chx__fail_memory("planning a graph");
    for (size_t i = 0; i < n_cuts; i++) {
        if (i == 0 || cuts[i].buffer != cuts[i - 1].buffer) {
            flow->sharers[flow->n_buffers] = cuts[i].buffer->sharer;
            flow->buffers[flow->n_buffers++] = cuts[i].buffer;
        }
        if (i + 1 < n_cuts && cuts[i + 1].buffer == cuts[i].buffer)
            flow->atoms[flow->n_atoms++] =
                (chx__atom){flow->n_buffers - 1, cuts[i].byte, cuts[i + 1].byte};
    }
    return CHX_OK;
}

static uint32_t
find_buffer(const chx__flow *flow, const chx_buffer *buffer)
{
    uint32_t low = 0, high = flow->n_buffers;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if ((uintptr_t)flow->buffers[middle] <= (uintptr_t)buffer)
            low = middle;
        else
            high = middle;
    }
    assert(flow->buffers[low] == buffer);
    return low;
}

static chx_status
collect_uses(chx__flow *flow, const chx_graph *graph)
{
    size_t n = 0;
    flow->first_use = chx__alloc(graph->n_tasks, sizeof *flow->first_use);
    for (uint32_t t = 0; t < graph->n_tasks; t++)
        n += graph->tasks[t].n_args;
    flow->uses = chx__alloc(n, sizeof *flow->uses);
    if (!flow->uses || !flow->first_use)
        return chx__fail_memory("planning a graph");
    uint32_t at = 0;
    for (uint32_t t = 0; t < graph->n_tasks; t++) {
        flow->first_use[t] = at;
        for (uint32_t i = 0; i < graph->tasks[t].n_args; i++) {
            const chx_arg *arg = &graph->tasks[t].args[i];
            if (arg->kind == CHX_ARG_BUFFER)
                flow->uses[at++] =
                    (chx__use){find_buffer(flow, arg->buffer), arg->offset_bytes, arg->size_bytes};
        }
    }
    return CHX_OK;
}

/* First atom at or after a byte of a buffer. */
static uint32_t
find_atom(const chx__flow *flow, uint32_t buffer, size_t byte)
{
    uint32_t low = 0, high = flow->n_atoms;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const chx__atom *atom = &flow->atoms[middle];
        if (atom->buffer < buffer || (atom->buffer == buffer && atom->begin < byte))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool
table_add(chx__table *table, uint32_t index)
{
    if (!chx__grow(&table->index, &table->capacity, table->n + 1, sizeof *table->index))
        return false;
    table->index[table->n++] = index;
    return true;
}

static bool
add_version(chx__flow *flow, walker *walk, uint32_t atom, uint32_t producer)
{
    if (!chx__grow(&flow->versions, &flow->version_capacity, (size_t)flow->n_versions + 1,
                   sizeof *flow->versions))
        return false;
    walk->version[atom] = flow->n_versions;
    flow->versions[flow->n_versions++] = (chx__version){.atom = atom, .producer = producer};
    return true;
}

static bool
note_read(chx__flow *flow, walker *walk, chx_task task, uint32_t atom)
{
    if (walk->version[atom] == CHX__NO_INDEX && !add_version(flow, walk, atom, CHX__NO_INDEX))
        return false;
    if (!chx__grow(&walk->readers, &walk->reader_capacity, walk->n_readers + 1,
                   sizeof *walk->readers))
        return false;
    walk->readers[walk->n_readers] = (reader){task, walk->first_reader[atom]};
    walk->first_reader[atom] = (uint32_t)walk->n_readers++;
    return table_add(&flow->reads, walk->version[atom]);
}

static bool
note_write(chx__flow *flow, walker *walk, chx_task task, uint32_t atom)
{
    bool had_readers = walk->first_reader[atom] != CHX__NO_INDEX;
    for (uint32_t r = walk->first_reader[atom]; r != CHX__NO_INDEX; r = walk->readers[r].next)
        if (walk->readers[r].task != task && !table_add(&flow->after, walk->readers[r].task))
            return false;
    uint32_t version = walk->version[atom];
    uint32_t writer = version == CHX__NO_INDEX ? CHX__NO_INDEX : flow->versions[version].producer;
    assert(writer == CHX__NO_INDEX || writer <= task);
    if (!had_readers && writer != CHX__NO_INDEX && writer != task &&
        !table_add(&flow->after, writer))
        return false;
    walk->first_reader[atom] = CHX__NO_INDEX;
    flow->is_written[flow->atoms[atom].buffer] = true;
    return table_add(&flow->writes, atom) && add_version(flow, walk, atom, task);
}

/* All reads come before all writes, so that a task never sees its own result. */
static bool
walk_task(chx__flow *flow, walker *walk, const chx__task *tasks, chx_task task, chx_access access)
{
    const chx__use *use = &flow->uses[flow->first_use[task]];
    for (uint32_t i = 0; i < tasks[task].n_args; i++) {
        const chx_arg *arg = &tasks[task].args[i];
        if (arg->kind != CHX_ARG_BUFFER)
            continue;
        uint32_t buffer = use++->buffer;
        if (!(arg->access & access))
            continue;
        size_t end = arg->offset_bytes + arg->size_bytes;
        for (uint32_t a = find_atom(flow, buffer, arg->offset_bytes);
             a < flow->n_atoms && flow->atoms[a].buffer == buffer && flow->atoms[a].begin < end;
             a++) {
            assert(flow->atoms[a].end <= end);
            if (access == CHX_ACCESS_READ ? !note_read(flow, walk, task, a)
                                          : !note_write(flow, walk, task, a))
                return false;
        }
    }
    return true;
}

static bool
add_orders(chx__flow *flow, const chx__task *task)
{
    for (size_t i = 0; i < task->n_before; i++)
        if (!table_add(&flow->after, task->before[i]))
            return false;
    return true;
}

static bool
walk_graph(chx__flow *flow, walker *walk, const chx_graph *graph)
{
    for (uint32_t t = 0; t < graph->n_tasks; t++) {
        flow->reads.begin[t] = (uint32_t)flow->reads.n;
        flow->writes.begin[t] = (uint32_t)flow->writes.n;
        flow->after.begin[t] = (uint32_t)flow->after.n;
        if (!walk_task(flow, walk, graph->tasks, t, CHX_ACCESS_READ) ||
            !walk_task(flow, walk, graph->tasks, t, CHX_ACCESS_WRITE) ||
            !add_orders(flow, &graph->tasks[t]))
            return false;
    }
    flow->reads.begin[graph->n_tasks] = (uint32_t)flow->reads.n;
    flow->writes.begin[graph->n_tasks] = (uint32_t)flow->writes.n;
    flow->after.begin[graph->n_tasks] = (uint32_t)flow->after.n;
    return true;
}

static chx_status
walk_atoms(chx__flow *flow, const chx_graph *graph)
{
    size_t n_rows = (size_t)graph->n_tasks + 1;
    walker walk = {
        .version = chx__alloc(flow->n_atoms, sizeof *walk.version),
        .first_reader = chx__alloc(flow->n_atoms, sizeof *walk.first_reader),
    };
    flow->reads.begin = chx__alloc(n_rows, sizeof *flow->reads.begin);
    flow->writes.begin = chx__alloc(n_rows, sizeof *flow->writes.begin);
    flow->after.begin = chx__alloc(n_rows, sizeof *flow->after.begin);
    bool ok = walk.version && walk.first_reader && flow->reads.begin && flow->writes.begin &&
              flow->after.begin;
    if (ok) {
        memset(walk.version, 0xff, flow->n_atoms * sizeof *walk.version);
        memset(walk.first_reader, 0xff, flow->n_atoms * sizeof *walk.first_reader);
        ok = walk_graph(flow, &walk, graph);
    }
    free(walk.version);
    free(walk.first_reader);
    free(walk.readers);
    return ok ? CHX_OK : chx__fail_memory("planning a graph");
}

chx_status
chx__flow_init(chx__flow *flow, const chx_graph *graph)
{
    *flow = (chx__flow){0};
    cut_list list = {0};
    chx_status status = collect_cuts(graph, &list);
    if (!status)
        status = make_atoms(flow, list.cuts, list.n);
    if (!status)
        status = collect_uses(flow, graph);
    if (!status)
        status = walk_atoms(flow, graph);
    free(list.cuts);
    if (status)
        chx__flow_finish(flow);
    return status;
}

static void
table_finish(chx__table *table)
{
    free(table->begin);
    free(table->index);
}

void
chx__flow_finish(chx__flow *flow)
{
    free(flow->buffers);
    free(flow->sharers);
    free(flow->is_written);
    free(flow->uses);
    free(flow->first_use);
    free(flow->atoms);
    free(flow->versions);
    table_finish(&flow->reads);
    table_finish(&flow->writes);
    table_finish(&flow->after);
    *flow = (chx__flow){0};
}
