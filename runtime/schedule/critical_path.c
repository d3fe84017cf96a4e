/* Which spans the end of a timeline hung on, walking back from the one that finishes last: before a
 * span comes what it waited for longest (waits.h). A span is marked once, so the walk ends also
 * where measured times contradict the edges. */
#include <string.h>

#include "base/error.h"
#include "schedule/waits.h"

uint32_t
chx__waits_last(const chx__waits *of)
{
    uint32_t last = CHX__NO_SPAN;
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

void
chx__waits_mark_critical(const chx__waits *of, bool *critical)
{
    memset(critical, 0, of->timeline->n_spans * sizeof *critical);
    for (uint32_t span = chx__waits_last(of); span != CHX__NO_SPAN;) {
        critical[span] = true;
        span = chx__waits_cause(of, span, critical);
    }
}

chx_status
chx_timeline_critical_path(const chx_timeline *timeline, bool *critical)
{
    CHX__REQUIRE(timeline && critical);
    chx__waits of;
    chx_status status = chx__waits_init(&of, timeline);
    if (status)
        return status;
    chx__waits_mark_critical(&of, critical);
    chx__waits_finish(&of);
    return CHX_OK;
}
