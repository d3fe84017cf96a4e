/* Where the time of a timeline went: why lanes were idle, what kernels took, what held it up. */
#ifndef CHX_SCHEDULE_DIAGNOSIS_H
#define CHX_SCHEDULE_DIAGNOSIS_H

#include "schedule/waits.h"

/* Why a lane that computes stood still, or what the end of a timeline waited for. */
typedef enum chx__idle_cause {
    CHX__IDLE_TASK, /* a kernel on another lane was at work on what came next */
    CHX__IDLE_TRANSFER, /* a transfer was; or an edge of a plan whose transfers are no spans */
    CHX__IDLE_HOST, /* a host task was */
    CHX__IDLE_START, /* nothing was: what came next was not submitted yet, or on its way */
    CHX__IDLE_NOTHING, /* nothing came next */
    CHX__N_IDLE_CAUSES,
} chx__idle_cause;

/* A stretch of waiting for one cause. */
typedef struct chx__gap {
    uint32_t lane; /* that waited */
    chx__idle_cause cause;
    /* What was waited for; what was to start; for a transfer that is no span, whose output it
     * moved; or CHX__NO_SPAN. */
    uint32_t span;
    double start_ns;
    double finish_ns;
} chx__gap;

typedef struct chx__gaps {
    chx__gap *list;
    size_t n, capacity;
} chx__gaps;

/* How the lanes of a device that compute spent their time. Those of a device without work count as
 * one lane. */
typedef struct chx__device_use {
    const char *name; /* of the timeline */
    bool is_host; /* nothing but host tasks ran there */
    uint32_t n_lanes;
    double busy; /* shares of the lanes' time, which add up to 1 */
    double idle[CHX__N_IDLE_CAUSES];
    uint64_t moved_bytes;
} chx__device_use;

/* All spans of a name and kind. */
typedef struct chx__kernel_use {
    const char *name; /* of the timeline */
    chx_span_kind kind;
    uint32_t rank; /* among those of its kind, by time */
    uint32_t count;
    double predicted_ns; /* of those with predicted times, the next of those measured */
    double measured_ns;
    uint64_t bytes;
} chx__kernel_use;

typedef struct chx__diagnosis {
    const chx_timeline *timeline;
    chx__timeline_basis basis;
    chx__interval extent; /* of the basis */
    bool *critical; /* by span */
    uint32_t *device_of; /* by lane, into devices */
    chx__device_use *devices; /* in the order of their first lanes */
    size_t n_devices;
    uint32_t *kernel_of; /* by span, into kernels */
    chx__kernel_use *kernels; /* those that took longest first */
    size_t n_kernels;
    chx__gaps idle; /* by lane, each span's latest first */
    /* What the end waited for, latest first: the extent is divided among its stretches. */
    chx__gaps path;
    uint32_t *next_on_path; /* by span: what waited for it there, or CHX__NO_SPAN */
} chx__diagnosis;

/* Errors: MEMORY; nothing is left to finish then. */
chx_status chx__diagnosis_init(chx__diagnosis *of, const chx_timeline *timeline);
void chx__diagnosis_finish(chx__diagnosis *of);

/* What held the timeline up most. */
chx_status chx__diagnosis_bottleneck(const chx__diagnosis *of, chx_bottleneck *bottleneck);

#endif
