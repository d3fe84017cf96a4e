/* What a timeline holds, for those that write it. */
#ifndef CHX_SCHEDULE_TIMELINE_H
#define CHX_SCHEDULE_TIMELINE_H

#include <chronaxie/timeline.h>

typedef struct chx__timeline_lane {
    char *device;
    char *name;
} chx__timeline_lane;

typedef struct chx__timeline_edge {
    uint32_t before;
    uint32_t after;
} chx__timeline_edge;

struct chx_timeline {
    chx__timeline_lane *lanes;
    size_t n_lanes, lanes_capacity;
    chx_span *spans; /* their names are owned */
    size_t n_spans, spans_capacity;
    chx__timeline_edge *edges;
    size_t n_edges, edges_capacity;
};

typedef enum chx__timeline_basis {
    CHX__BASIS_PREDICTED,
    CHX__BASIS_MEASURED,
} chx__timeline_basis;

/* A span's times; known says whether both are, and in order. */
typedef struct chx__interval {
    bool known;
    double start_ns;
    double finish_ns;
} chx__interval;

chx__interval chx__span_interval(const chx_span *span, chx__timeline_basis basis);

/* From the first known start to the last known finish; not known when no span is. */
chx__interval chx__timeline_extent(const chx_timeline *timeline, chx__timeline_basis basis);

/* Measured when every span has measured times, else predicted. */
chx__timeline_basis chx__timeline_main_basis(const chx_timeline *timeline);

#endif
