/*
 * A timeline: spans of work on lanes, as predicted and as measured.
 *
 * Made by plans, runs and schedules; printed, drawn and compared without any
 * device. Times are nanoseconds from a common origin.
 *
 * Queries of NULL give 0 or NULL.
 */
#ifndef CHRONAXIE_TIMELINE_H
#define CHRONAXIE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chronaxie/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct chx_timeline chx_timeline;

typedef enum chx_span_kind {
    CHX_SPAN_KERNEL = 1,
    CHX_SPAN_HOST,
    CHX_SPAN_TRANSFER,
} chx_span_kind;

/* One task or transfer. A time below zero means unknown. */
typedef struct chx_span {
    const char *name; /* copied */
    chx_span_kind kind;
    uint32_t lane; /* index of a lane of the timeline */
    uint64_t bytes; /* moved, transfers only */
    double predicted_start_ns;
    double predicted_finish_ns;
    double measured_start_ns;
    double measured_finish_ns;
    uint64_t n_items; /* of a kernel task in the last dimension of its range: where a plan has
                         divided the task, those of the piece; 0 for others */
} chx_span;

/* Creates an empty timeline. Errors: MEMORY. */
CHX_API chx_status chx_timeline_create(chx_timeline **timeline);

/* Clears *timeline; accepts NULL. */
CHX_API void chx_timeline_destroy(chx_timeline **timeline);

/* Adds a lane. device groups lanes in pictures; both names are copied. */
CHX_API chx_status chx_timeline_add_lane(chx_timeline *timeline, const char *device,
                                         const char *name, uint32_t *lane);

/* Adds a span. Errors: INVALID for an unknown lane. */
CHX_API chx_status chx_timeline_add_span(chx_timeline *timeline, const chx_span *span,
                                         uint32_t *index);

/* Says that span `after` waited for span `before`. Errors: INVALID. */
CHX_API chx_status chx_timeline_add_edge(chx_timeline *timeline, uint32_t before, uint32_t after);

/* Appends the lanes, spans and edges of another timeline, matching lanes by device and name. */
CHX_API chx_status chx_timeline_append(chx_timeline *timeline, const chx_timeline *other);

CHX_API uint32_t chx_timeline_n_lanes(const chx_timeline *timeline);
CHX_API uint32_t chx_timeline_n_spans(const chx_timeline *timeline);

/* Names of a lane; NULL for an unknown index. They live as long as the timeline. */
CHX_API const char *chx_timeline_lane_name(const chx_timeline *timeline, uint32_t lane);
CHX_API const char *chx_timeline_lane_device(const chx_timeline *timeline, uint32_t lane);

/* The span of an index; NULL for an unknown one. Valid until the next add. */
CHX_API const chx_span *chx_timeline_span(const chx_timeline *timeline, uint32_t index);

/* Marks in critical[0 .. n_spans) the spans of a longest chain that ends last, following edges and
 * the order on lanes, by measured times when all are known, else predicted. */
CHX_API chx_status chx_timeline_critical_path(const chx_timeline *timeline, bool *critical);

/* What held a timeline up most, by the rules of docs/design.md. */
typedef enum chx_bottleneck_kind {
    CHX_BOTTLENECK_NONE = 0, /* no span has a time */
    CHX_BOTTLENECK_BUSY, /* a device that is hardly ever idle */
    CHX_BOTTLENECK_KERNEL, /* the end hangs on kernels */
    CHX_BOTTLENECK_TRANSFER, /* on transfers */
    CHX_BOTTLENECK_HOST, /* on host tasks */
    CHX_BOTTLENECK_START, /* on what nobody had submitted or started */
} chx_bottleneck_kind;

typedef struct chx_bottleneck {
    chx_bottleneck_kind kind;
    char device[64]; /* of the task */
    char task[64]; /* the name that most of it is due to */
    double share; /* of the time, 0 to 1 */
    double task_share; /* of the time, what is due to the task */
    char sentence[384]; /* says all this and what would help, without a full stop */
} chx_bottleneck;

/* Finds the bottleneck by measured times when all are known, else by predicted ones. Errors:
 * INVALID, MEMORY. */
CHX_API chx_status chx_timeline_bottleneck(const chx_timeline *timeline,
                                           chx_bottleneck *bottleneck);

/* Writes trace-event JSON that Chrome and Perfetto open: one process per device, one thread per
 * lane, predicted and measured side by side. Written to a temporary name and renamed. Errors:
 * FILE. */
CHX_API chx_status chx_timeline_write_trace(const chx_timeline *timeline, const char *path);

/* Writes an SVG picture: lanes grouped by device, spans coloured by kernel, dependency arrows,
 * critical path, time axis. Written to a temporary name and renamed. Errors: FILE. */
CHX_API chx_status chx_timeline_write_svg(const chx_timeline *timeline, const char *path);

/* Writes a page for a browser that needs nothing beside itself: the picture of
 * chx_timeline_write_svg(), to be zoomed and asked about each span and each pause, the bottleneck,
 * and tables of devices and kernels. Without scripts the picture and the tables are shown. Written
 * to a temporary name and renamed. Errors: FILE, MEMORY. */
CHX_API chx_status chx_timeline_write_html(const chx_timeline *timeline, const char *path);

#ifdef __cplusplus
}
#endif

#endif
