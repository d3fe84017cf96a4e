/* Spans: a lowered plan, or a run of it, as a timeline. */
#ifndef CHX_EXECUTE_SPANS_H
#define CHX_EXECUTE_SPANS_H

#include "execute/run.h"

/* run NULL: predicted times only, from 0. Otherwise both, on chx__now_ns()'s clock, the prediction
 * laid so that it starts when the run really did. The caller destroys *timeline. */
chx_status chx__spans_timeline(const chx__lowered *lowered, const chx_run *run,
                               chx_timeline **timeline);

#endif
