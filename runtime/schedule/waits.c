/* Measured and planned times need different rules. Measured, transfers are spans, so the latest
 * finish was the cause. Waits between runs, and for processors that lanes share, are no edges:
 * where something else ended later, yet just before the start, that is taken for the cause.
 * Planned without transfers as spans, an edge may hold a span up though the finish lies well
 * before its start, and a lane counts only if it was busy right until then, within a thousandth
 * of the length. */
#include "schedule/waits.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

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
collect_lanes(chx__waits *of)
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
        of->lane_previous[s] = CHX__NO_SPAN;
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
collect_edges(chx__waits *of)
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

static int
compare_finishes(const void *left, const void *right)
{
    const lane_entry *a = left, *b = right;
    if (a->finish_ns != b->finish_ns)
        return a->finish_ns < b->finish_ns ? -1 : 1;
    return (a->span > b->span) - (a->span < b->span);
}

/* The last of n entries, sorted by finish, to end before a span and not long before. */
static uint32_t
find_just_before(const lane_entry *entries, size_t n, const chx_span *span)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entries[middle].finish_ns <= span->measured_start_ns)
            low = middle + 1;
        else
            high = middle;
    }
    bool found =
        low > 0 && entries[low - 1].finish_ns >= span->measured_start_ns - CHX__LONG_PAUSE_NS;
    return found ? entries[low - 1].span : CHX__NO_SPAN;
}

static bool
collect_finishes(chx__waits *of)
{
    const chx_timeline *timeline = of->timeline;
    size_t n = 0;
    lane_entry *entries = chx__alloc(timeline->n_spans, sizeof *entries);
    of->just_before = chx__alloc(timeline->n_spans, sizeof *of->just_before);
    if (!entries || !of->just_before) {
        free(entries);
        return false;
    }
    for (uint32_t s = 0; s < timeline->n_spans; s++) {
        chx__interval times = chx__span_interval(&timeline->spans[s], CHX__BASIS_MEASURED);
        if (times.known)
            entries[n++] =
                (lane_entry){times.start_ns, times.finish_ns, timeline->spans[s].lane, s};
    }
    qsort(entries, n, sizeof *entries, compare_finishes);
    for (uint32_t s = 0; s < timeline->n_spans; s++) {
        uint32_t last = find_just_before(entries, n, &timeline->spans[s]);
        of->just_before[s] = last == s ? CHX__NO_SPAN : last;
    }
    free(entries);
    return true;
}

chx_status
chx__waits_init(chx__waits *of, const chx_timeline *timeline)
{
    *of = (chx__waits){.timeline = timeline, .basis = chx__timeline_main_basis(timeline)};
    chx__interval extent = chx__timeline_extent(timeline, of->basis);
    of->tolerance_ns = (extent.finish_ns - extent.start_ns) * 1e-3;
    if (collect_lanes(of) && collect_edges(of) && collect_finishes(of))
        return CHX_OK;
    chx__waits_finish(of);
    return chx__fail_memory("finding what spans of a timeline waited for");
}

void
chx__waits_finish(chx__waits *of)
{
    free(of->edges_begin);
    free(of->edges);
    free(of->lane_previous);
    free(of->just_before);
    *of = (chx__waits){.timeline = NULL};
}

static bool
is_skipped(const bool *skipped, uint32_t span)
{
    return skipped && skipped[span];
}

static double
finish_of(const chx__waits *of, uint32_t span)
{
    return chx__span_interval(&of->timeline->spans[span], of->basis).finish_ns;
}

/* The later of two causes, of which either may be none or skipped. */
static uint32_t
later(const chx__waits *of, uint32_t cause, uint32_t other, const bool *skipped)
{
    if (other == CHX__NO_SPAN || is_skipped(skipped, other))
        return cause;
    return cause == CHX__NO_SPAN || finish_of(of, other) > finish_of(of, cause) ? other : cause;
}

static uint32_t
edge_cause(const chx__waits *of, uint32_t span, const bool *skipped)
{
    const chx_span *spans = of->timeline->spans;
    uint32_t cause = CHX__NO_SPAN;
    for (uint32_t e = of->edges_begin[span]; e < of->edges_begin[span + 1]; e++)
        if (chx__span_interval(&spans[of->edges[e]], of->basis).known)
            cause = later(of, cause, of->edges[e], skipped);
    return cause;
}

uint32_t
chx__waits_cause(const chx__waits *of, uint32_t span, const bool *skipped)
{
    uint32_t cause = edge_cause(of, span, skipped), previous = of->lane_previous[span];
    /* Among measured spans transfers are spans too, and what ended last was waited for. */
    if (of->basis == CHX__BASIS_MEASURED) {
        cause = later(of, cause, previous, skipped);
        return later(of, cause, of->just_before[span], skipped);
    }
    if (previous == CHX__NO_SPAN || is_skipped(skipped, previous))
        return cause;
    if (cause == CHX__NO_SPAN)
        return previous;
    double soon_ns =
        chx__span_interval(&of->timeline->spans[span], of->basis).start_ns - of->tolerance_ns;
    return finish_of(of, previous) >= soon_ns && finish_of(of, cause) < soon_ns ? previous : cause;
}
