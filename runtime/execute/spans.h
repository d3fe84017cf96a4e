/* Spans: a lowered plan, or a run of it, as a timeline. */
#ifndef CHX_EXECUTE_SPANS_H
#define CHX_EXECUTE_SPANS_H

#include "execute/run.h"

/* Adds to a timeline. run NULL: predicted times only, from begin_ns. Otherwise both, on
 * chx__now_ns()'s clock, the prediction laid so that it starts when the run really did. */
chx_status chx__spans_add(chx_timeline *timeline, const chx__lowered *lowered, const chx_run *run,
                          double begin_ns);

#endif
