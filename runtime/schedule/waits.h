/* What the spans of a timeline waited for: edges, the span before on the lane. */
#ifndef CHX_SCHEDULE_WAITS_H
#define CHX_SCHEDULE_WAITS_H

#include "schedule/timeline.h"

#define CHX__NO_SPAN UINT32_MAX
/* Handing a task over takes microseconds: a pause of this length is something else. */
#define CHX__LONG_PAUSE_NS 1e6

typedef struct chx__waits {
    const chx_timeline *timeline;
    chx__timeline_basis basis; /* the main one */
    double tolerance_ns; /* a start so soon after a finish counts as caused by it */
    uint32_t *edges_begin; /* n_spans + 1, into edges */
    uint32_t *edges; /* the spans before, by the span after */
    uint32_t *lane_previous; /* the span before on the lane, or CHX__NO_SPAN */
    uint32_t *just_before; /* measured: what ended last before, if not long, or CHX__NO_SPAN */
} chx__waits;

/* Errors: MEMORY; nothing is left to finish then. */
chx_status chx__waits_init(chx__waits *of, const chx_timeline *timeline);
void chx__waits_finish(chx__waits *of);

/* The span that the given one waited for longest, or CHX__NO_SPAN. Where edges may stand for
 * transfers that are not spans, as in a schedule, a lane that was free before the start is not what
 * held the span up. Spans that are marked in `skipped`, which may be NULL, do not count. */
uint32_t chx__waits_cause(const chx__waits *of, uint32_t span, const bool *skipped);

/* The span that finishes last, or CHX__NO_SPAN. */
uint32_t chx__waits_last(const chx__waits *of);

/* Marks in critical[0 .. n_spans) the chain of causes that ends in the last finish. */
void chx__waits_mark_critical(const chx__waits *of, bool *critical);

#endif
