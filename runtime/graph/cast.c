/* Parts are compared by use, in program order: the first use of a part says who plays it and where,
 * and all others must agree. Two parts are never played by one buffer, for what the flow knows to
 * be apart might then be the same bytes; the mark in a buffer says that it has a part already. */
#include "graph/cast.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/graph.h"
#include "memory/buffer.h"

chx_status
chx__cast_init(chx__cast *cast, const chx__flow *flow)
{
    cast->parts = chx__alloc(flow->n_buffers, sizeof *cast->parts);
    cast->n_parts = flow->n_buffers;
    if (!cast->parts)
        return chx__fail_memory("planning a graph");
    for (uint32_t b = 0; b < flow->n_buffers; b++)
        cast->parts[b].buffer = flow->buffers[b];
    return CHX_OK;
}

chx_status
chx__cast_copy(chx__cast *to, const chx__cast *from)
{
    to->parts = chx__alloc(from->n_parts, sizeof *to->parts);
    to->n_parts = from->n_parts;
    if (!to->parts)
        return chx__fail_memory("submitting a plan");
    memcpy(to->parts, from->parts, from->n_parts * sizeof *to->parts);
    return CHX_OK;
}

void
chx__cast_finish(chx__cast *cast)
{
    free(cast->parts);
    *cast = (chx__cast){0};
}

static bool
agrees(chx__part *part, uint32_t sharer, const chx__use *use, const chx_arg *arg)
{
    size_t shift_bytes = arg->offset_bytes - use->offset_bytes;
    if (arg->size_bytes != use->size_bytes)
        return false;
    if (part->buffer)
        return part->buffer == arg->buffer && part->shift_bytes == shift_bytes;
    if (arg->buffer->has_part || arg->buffer->sharer != sharer)
        return false;
    arg->buffer->has_part = true;
    *part = (chx__part){arg->buffer, shift_bytes};
    return true;
}

static bool
assign(chx__cast *cast, const chx__flow *flow, const chx_graph *graph)
{
    const chx__use *use = flow->uses;
    for (uint32_t t = 0; t < graph->n_tasks; t++)
        for (uint32_t i = 0; i < graph->tasks[t].n_args; i++) {
            const chx_arg *arg = &graph->tasks[t].args[i];
            if (arg->kind != CHX_ARG_BUFFER)
                continue;
            if (!agrees(&cast->parts[use->buffer], flow->sharers[use->buffer], use, arg))
                return false;
            use++;
        }
    return true;
}

bool
chx__cast_assign(chx__cast *cast, const chx__flow *flow, const chx_graph *graph)
{
    assert(cast->n_parts == flow->n_buffers);
    memset(cast->parts, 0, cast->n_parts * sizeof *cast->parts);
    bool fits = assign(cast, flow, graph);
    for (uint32_t b = 0; b < cast->n_parts; b++)
        if (cast->parts[b].buffer)
            cast->parts[b].buffer->has_part = false;
    return fits;
}
