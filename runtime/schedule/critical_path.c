/* Which spans the end of a timeline hung on, walking back from the one that finishes last: before a
 * span comes what it waited for longest, an edge or its predecessor on the lane.
 *
 * Measured and planned times need different rules. Measured, transfers are spans, so the latest
 * finish was the cause. Planned without transfers as spans, an edge may hold a span up though
 * the finish lies well before its start, and a lane counts only if it was busy right until then,
 * within a thousandth of the length. A span is marked once, so the walk ends also where measured
 * times contradict the edges. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/timeline.h"

#define NO_SPAN UINT32_MAX

/* What each span may have waited for. */
typedef struct waits {
    const chx_timeline *timeline;
    chx__timeline_basis basis;
    double tolerance_ns; /* a start so soon after a finish counts as caused by it */
    uint32_t *edges_begin; /* n_spans + 1, into edges */
    uint32_t *edges; /* the spans before, by the span after */
    uint32_t *lane_previous; /* the span before on the lane, or NO_SPAN */
} waits;

typedef struct lane_entry {
    double start_ns;
    double finish_ns;
    uint32_t lane;
    uint32_t span;
} lane_entry;

static int
compare_entries(const void *left, const void *right)
{
    const lane_entry *a = left, *b = right;
    if (a->lane != b->lane)
        return a->lane < b->lane ? -1 : 1;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    if (a->finish_ns != b->finish_ns)
        return a->finish_ns < b->finish_ns ? -1 : 1;
    return (a->span > b->span) - (a->span < b->span);
}

static bool
collect_lanes(waits *of)
{
    size_t n_spans = of->timeline->n_spans, n = 0;
    lane_entry *entries = chx__alloc(n_spans, sizeof *entries);
    of->lane_previous = chx__alloc(n_spans, sizeof *of->lane_previous);
    if (!entries || !of->lane_previous) {
        free(entries);
        return false;
    }
    for (uint32_t s = 0; s < n_spans; s++) {
        chx__interval times = chx__span_interval(&of->timeline->spans[s], of->basis);
        of->lane_previous[s] = NO_SPAN;
        if (times.known)
            entries[n++] =
                (lane_entry){times.start_ns, times.finish_ns, of->timeline->spans[s].lane, s};
    }
    qsort(entries, n, sizeof *entries, compare_entries);
    for (size_t i = 1; i < n; i++)
        if (entries[i].lane == entries[i - 1].lane)
            of->lane_previous[entries[i].span] = entries[i - 1].span;
    free(entries);
    return true;
}

static bool
collect_edges(waits *of)
{
    const chx_timeline *timeline = of->timeline;
    of->edges_begin = chx__alloc(timeline->n_spans + 2, sizeof *of->edges_begin);
    of->edges = chx__alloc(timeline->n_edges, sizeof *of->edges);
    if (!of->edges_begin || !of->edges)
        return false;
    /* Counting one row further on than filling leaves every row's begin in place. */
    uint32_t *count = of->edges_begin + 2, *fill = of->edges_begin + 1;
    for (size_t e = 0; e < timeline->n_edges; e++)
        count[timeline->edges[e].after]++;
    for (size_t s = 1; s < timeline->n_spans; s++)
        fill[s] += fill[s - 1];
    for (size_t e = 0; e < timeline->n_edges; e++)
        of->edges[fill[timeline->edges[e].after]++] = timeline->edges[e].before;
    return true;
}

/* The span that the given one waited for longest. Where edges may stand for transfers that are not
 * spans, as in a schedule, a lane that was free before the start is not what held the span up. */
static uint32_t
find_cause(const waits *of, uint32_t span, const bool *critical)
{
    const chx_span *spans = of->timeline->spans;
    double start_ns = chx__span_interval(&spans[span], of->basis).start_ns;
    uint32_t cause = NO_SPAN;
    double cause_ns = -1.0;
    for (uint32_t e = of->edges_begin[span]; e < of->edges_begin[span + 1]; e++) {
        chx__interval times = chx__span_interval(&spans[of->edges[e]], of->basis);
        if (!times.known || critical[of->edges[e]] || times.finish_ns <= cause_ns)
            continue;
        cause = of->edges[e];
        cause_ns = times.finish_ns;
    }
    uint32_t previous = of->lane_previous[span];
    if (previous == NO_SPAN || critical[previous])
        return cause;
    double previous_ns = chx__span_interval(&spans[previous], of->basis).finish_ns;
    if (cause == NO_SPAN)
        return previous;
    /* Among measured spans transfers are spans too, and what ended last was waited for. */
    if (of->basis == CHX__BASIS_MEASURED)
        return previous_ns > cause_ns ? previous : cause;
    bool touches = previous_ns >= start_ns - of->tolerance_ns;
    bool edge_touches = cause_ns >= start_ns - of->tolerance_ns;
    return touches && !edge_touches ? previous : cause;
}

static uint32_t
find_last(const waits *of)
{
    uint32_t last = NO_SPAN;
    double last_ns = -1.0;
    for (uint32_t s = 0; s < of->timeline->n_spans; s++) {
        chx__interval times = chx__span_interval(&of->timeline->spans[s], of->basis);
        if (!times.known || times.finish_ns <= last_ns)
            continue;
        last = s;
        last_ns = times.finish_ns;
    }
    return last;
}

chx_status
chx_timeline_critical_path(const chx_timeline *timeline, bool *critical)
{
    CHX__REQUIRE(timeline && critical);
    waits of = {.timeline = timeline, .basis = chx__timeline_main_basis(timeline)};
    chx__interval extent = chx__timeline_extent(timeline, of.basis);
    of.tolerance_ns = (extent.finish_ns - extent.start_ns) * 1e-3;
    chx_status status = CHX_OK;
    if (!collect_lanes(&of) || !collect_edges(&of)) {
        status = chx__fail_memory("finding a critical path");
        goto done;
    }
    memset(critical, 0, timeline->n_spans * sizeof *critical);
    /* A span is marked once, so that the walk ends even where measured times contradict edges. */
    for (uint32_t span = find_last(&of); span != NO_SPAN;) {
        critical[span] = true;
        span = find_cause(&of, span, critical);
    }
done:
    free(of.edges_begin);
    free(of.edges);
    free(of.lane_previous);
    return status;
}
