/* A whole: a graph that is planned as one, and repeated as one when a device fails. */
#ifndef CHX_EXECUTE_WHOLE_H
#define CHX_EXECUTE_WHOLE_H

#include "execute/recovery.h"
#include "execute/variants.h"

/* What a plan is to be like. */
typedef struct chx__plan_settings {
    const chx__algorithm *algorithm;
    uint64_t deadline_ns; /* 0: as the prediction says */
    bool recovers;
} chx__plan_settings;

/* At one address while it lives: its recovery knows where it is. */
typedef struct chx__whole {
    chx_runtime *runtime;
    uint64_t deadline_ns;
    chx__variants variants;
    chx__recovery *recovery; /* NULL where failures are only told */
} chx__whole;

/* Plans nothing yet. The graph is borrowed. Under the turn. Errors: MEMORY, and there is nothing to
 * finish. */
chx_status chx__whole_init(chx__whole *whole, const chx_graph *graph,
                           const chx__plan_settings *settings);

/* Waits for runs that are in flight. Under the turn, which is given up meanwhile. */
void chx__whole_finish(chx__whole *whole);

/* Makes the first plan. Under the turn, which may be given up. Errors: as chx__planner_make(). */
chx_status chx__whole_plan(chx__whole *whole);

/* Whether to try again what has failed with the status and the last error, to plan for the first
 * time or to submit. Under the turn, which may be given up. */
bool chx__whole_goes_on_planning(const chx__whole *whole, chx_status status);
bool chx__whole_goes_on(const chx__whole *whole, chx_status status);

/* Puts a run in flight; the caller owns a reference. The run tells its failure to `report`, unless
 * that is NULL. Under the turn, which may be given up. Errors: as chx__planner_make(). */
chx_status chx__whole_submit(chx__whole *whole, chx__unreported *report, chx_run **run);

#endif
