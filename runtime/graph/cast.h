/* A cast: which buffers play the parts that a flow has for buffers, and from where in them.
 *
 * A flow is made of the buffers that the graph's arguments name at the time. When arguments change
 * so that the same parts are only played by others, all that was planned for the flow serves them
 * too. */
#ifndef CHX_GRAPH_CAST_H
#define CHX_GRAPH_CAST_H

#include "graph/flow.h"

typedef struct chx__part {
    chx_buffer *buffer;
    size_t shift_bytes; /* added to the flow's offsets; wraps, so that it can be negative */
} chx__part;

typedef struct chx__cast {
    chx__part *parts; /* by the flow's buffers */
    uint32_t n_parts;
} chx__cast;

/* Bytes [begin, end) of a buffer. */
typedef struct chx__stretch {
    chx_buffer *buffer;
    size_t begin, end;
} chx__stretch;

/* The buffers that the flow was made of. Errors: MEMORY. */
chx_status chx__cast_init(chx__cast *cast, const chx__flow *flow);

/* Errors: MEMORY. */
chx_status chx__cast_copy(chx__cast *to, const chx__cast *from);

void chx__cast_finish(chx__cast *cast);

/* Gives the parts to what the graph's arguments name now. False when that is another flow: ranges
 * of other sizes, or shared by other arguments; the cast is then of no use. One thread at a
 * time for all graphs of a runtime. */
bool chx__cast_assign(chx__cast *cast, const chx__flow *flow, const chx_graph *graph);

static inline chx_buffer *
chx__cast_buffer(const chx__cast *cast, uint32_t buffer)
{
    return cast->parts[buffer].buffer;
}

static inline chx__stretch
chx__cast_range(const chx__cast *cast, uint32_t buffer, size_t begin, size_t end)
{
    const chx__part *part = &cast->parts[buffer];
    return (chx__stretch){part->buffer, begin + part->shift_bytes, end + part->shift_bytes};
}

/* Where an atom of the flow lies. */
static inline chx__stretch
chx__cast_atom(const chx__cast *cast, const chx__flow *flow, uint32_t atom)
{
    const chx__atom *of = &flow->atoms[atom];
    return chx__cast_range(cast, of->buffer, of->begin, of->end);
}

#endif
