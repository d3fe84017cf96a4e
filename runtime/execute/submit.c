/* Submitting a plan, after a rehearsal where one is asked for. */
#include "base/error.h"
#include "execute/plan.h"
#include "execute/rehearsal.h"

chx_status
chx_plan_submit(chx_plan *plan, chx_run **run)
{
    CHX__REQUIRE(plan);
    const chx_graph *graph = chx__plan_graph(plan);
    chx_run *made = NULL;
    chx_status status = chx__plan_checks_ranges(plan) ? chx__rehearse(graph) : CHX_OK;
    if (status)
        return status;
    chx__turn_begin(graph->runtime);
    status = chx__plan_submit(plan, run != NULL, &made);
    if (!status && !run)
        chx__run_unref(made);
    chx__turn_end(graph->runtime);
    if (!status && run)
        *run = made;
    return status;
}
