/* Lanes, spans and edges in arrays that only grow; spans and lanes are named by their index, so
 * edges survive an append by an offset. Names are copied. What is added is added whole or not at
 * all, and an append that fails takes back what it had added.
 *
 * A time below zero, or a finish before its start, is unknown. Measured times count as the main
 * basis only if every span has them, so that pictures do not mix the two. Timelines have no
 * lock: they are one caller's. */
#include "schedule/timeline.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

chx_status
chx_timeline_create(chx_timeline **timeline)
{
    CHX__REQUIRE(timeline);
    chx_timeline *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("creating a timeline");
    *timeline = made;
    return CHX_OK;
}

/* Takes away what was added after the counts. */
static void
truncate_to(chx_timeline *timeline, size_t n_lanes, size_t n_spans, size_t n_edges)
{
    assert(n_lanes <= timeline->n_lanes && n_spans <= timeline->n_spans);
    assert(n_edges <= timeline->n_edges);
    while (timeline->n_lanes > n_lanes) {
        chx__timeline_lane *lane = &timeline->lanes[--timeline->n_lanes];
        free(lane->device);
        free(lane->name);
    }
    while (timeline->n_spans > n_spans)
        free((char *)timeline->spans[--timeline->n_spans].name);
    timeline->n_edges = n_edges;
}

void
chx_timeline_destroy(chx_timeline **timeline)
{
    if (!timeline || !*timeline)
        return;
    truncate_to(*timeline, 0, 0, 0);
    free((*timeline)->lanes);
    free((*timeline)->spans);
    free((*timeline)->edges);
    free(*timeline);
    *timeline = NULL;
}

chx_status
chx_timeline_add_lane(chx_timeline *timeline, const char *device, const char *name, uint32_t *lane)
{
    CHX__REQUIRE(timeline && timeline->n_lanes < UINT32_MAX);
    chx__timeline_lane added = {chx__strdup(device ? device : ""), chx__strdup(name ? name : "")};
    if (!added.device || !added.name ||
        !chx__grow(&timeline->lanes, &timeline->lanes_capacity, timeline->n_lanes + 1,
                   sizeof *timeline->lanes)) {
        free(added.device);
        free(added.name);
        return chx__fail_memory("adding a lane to a timeline");
    }
    timeline->lanes[timeline->n_lanes++] = added;
    if (lane)
        *lane = (uint32_t)timeline->n_lanes - 1;
    return CHX_OK;
}

chx_status
chx_timeline_add_span(chx_timeline *timeline, const chx_span *span, uint32_t *index)
{
    CHX__REQUIRE(timeline && span && timeline->n_spans < UINT32_MAX);
    CHX__REQUIRE(span->lane < timeline->n_lanes);
    CHX__REQUIRE(span->kind >= CHX_SPAN_KERNEL && span->kind <= CHX_SPAN_TRANSFER);
    chx_span added = *span;
    added.name = chx__strdup(span->name ? span->name : "");
    if (!added.name || !chx__grow(&timeline->spans, &timeline->spans_capacity,
                                  timeline->n_spans + 1, sizeof *timeline->spans)) {
        free((char *)added.name);
        return chx__fail_memory("adding a span to a timeline");
    }
    timeline->spans[timeline->n_spans++] = added;
    if (index)
        *index = (uint32_t)timeline->n_spans - 1;
    return CHX_OK;
}

chx_status
chx_timeline_add_edge(chx_timeline *timeline, uint32_t before, uint32_t after)
{
    CHX__REQUIRE(timeline);
    CHX__REQUIRE(before < timeline->n_spans && after < timeline->n_spans && before != after);
    if (!chx__grow(&timeline->edges, &timeline->edges_capacity, timeline->n_edges + 1,
                   sizeof *timeline->edges))
        return chx__fail_memory("adding an edge to a timeline");
    timeline->edges[timeline->n_edges++] = (chx__timeline_edge){before, after};
    return CHX_OK;
}

static chx_status
find_or_add_lane(chx_timeline *timeline, const chx__timeline_lane *wanted, uint32_t *lane)
{
    for (uint32_t l = 0; l < timeline->n_lanes; l++) {
        if (strcmp(timeline->lanes[l].device, wanted->device) != 0 ||
            strcmp(timeline->lanes[l].name, wanted->name) != 0)
            continue;
        *lane = l;
        return CHX_OK;
    }
    return chx_timeline_add_lane(timeline, wanted->device, wanted->name, lane);
}

static chx_status
append_all(chx_timeline *timeline, const chx_timeline *other, uint32_t *lanes)
{
    uint32_t first = (uint32_t)timeline->n_spans;
    chx_status status = CHX_OK;
    for (size_t l = 0; !status && l < other->n_lanes; l++)
        status = find_or_add_lane(timeline, &other->lanes[l], &lanes[l]);
    for (size_t s = 0; !status && s < other->n_spans; s++) {
        chx_span span = other->spans[s];
        span.lane = lanes[span.lane];
        status = chx_timeline_add_span(timeline, &span, NULL);
    }
    for (size_t e = 0; !status && e < other->n_edges; e++)
        status = chx_timeline_add_edge(timeline, first + other->edges[e].before,
                                       first + other->edges[e].after);
    return status;
}

chx_status
chx_timeline_append(chx_timeline *timeline, const chx_timeline *other)
{
    CHX__REQUIRE(timeline && other && timeline != other);
    size_t n_lanes = timeline->n_lanes, n_spans = timeline->n_spans, n_edges = timeline->n_edges;
    uint32_t *lanes = chx__alloc(other->n_lanes, sizeof *lanes);
    if (!lanes)
        return chx__fail_memory("appending to a timeline");
    chx_status status = append_all(timeline, other, lanes);
    if (status)
        truncate_to(timeline, n_lanes, n_spans, n_edges);
    free(lanes);
    return status;
}

uint32_t
chx_timeline_n_lanes(const chx_timeline *timeline)
{
    return timeline ? (uint32_t)timeline->n_lanes : 0;
}

uint32_t
chx_timeline_n_spans(const chx_timeline *timeline)
{
    return timeline ? (uint32_t)timeline->n_spans : 0;
}

const char *
chx_timeline_lane_name(const chx_timeline *timeline, uint32_t lane)
{
    return timeline && lane < timeline->n_lanes ? timeline->lanes[lane].name : NULL;
}

const char *
chx_timeline_lane_device(const chx_timeline *timeline, uint32_t lane)
{
    return timeline && lane < timeline->n_lanes ? timeline->lanes[lane].device : NULL;
}

const chx_span *
chx_timeline_span(const chx_timeline *timeline, uint32_t index)
{
    return timeline && index < timeline->n_spans ? &timeline->spans[index] : NULL;
}

chx__interval
chx__span_interval(const chx_span *span, chx__timeline_basis basis)
{
    chx__interval times =
        basis == CHX__BASIS_MEASURED
            ? (chx__interval){false, span->measured_start_ns, span->measured_finish_ns}
            : (chx__interval){false, span->predicted_start_ns, span->predicted_finish_ns};
    times.known =
        times.start_ns >= 0.0 && times.finish_ns >= times.start_ns && isfinite(times.finish_ns);
    return times;
}

chx__interval
chx__timeline_extent(const chx_timeline *timeline, chx__timeline_basis basis)
{
    chx__interval extent = {false, 0.0, 0.0};
    for (size_t s = 0; s < timeline->n_spans; s++) {
        chx__interval times = chx__span_interval(&timeline->spans[s], basis);
        if (!times.known)
            continue;
        if (!extent.known)
            extent = times;
        extent.start_ns = fmin(extent.start_ns, times.start_ns);
        extent.finish_ns = fmax(extent.finish_ns, times.finish_ns);
    }
    return extent;
}

chx__timeline_basis
chx__timeline_main_basis(const chx_timeline *timeline)
{
    for (size_t s = 0; s < timeline->n_spans; s++)
        if (!chx__span_interval(&timeline->spans[s], CHX__BASIS_MEASURED).known)
            return CHX__BASIS_PREDICTED;
    return timeline->n_spans ? CHX__BASIS_MEASURED : CHX__BASIS_PREDICTED;
}
