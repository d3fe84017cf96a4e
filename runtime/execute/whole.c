/* submit() may sleep, for room among the runs in flight and for threads that hold a buffer of the
 * graph, and while it does the turn is someone else's. Hence the loop: after every sleep the data
 * may lie elsewhere and the variant is chosen anew. */
#include "execute/whole.h"

#include "execute/wait.h"

chx_status
chx__whole_init(chx__whole *whole, const chx_graph *graph, const chx__plan_settings *settings)
{
    *whole = (chx__whole){.runtime = graph->runtime, .deadline_ns = settings->deadline_ns};
    chx__variants_init(&whole->variants, graph, settings->algorithm);
    return settings->recovers
               ? chx__recovery_create(&whole->variants, settings->deadline_ns, &whole->recovery)
               : CHX_OK;
}

void
chx__whole_finish(chx__whole *whole)
{
    chx__wait_graph(whole->runtime, whole->variants.graph);
    if (whole->recovery)
        chx__recovery_await(whole->recovery);
    chx__recovery_destroy(&whole->recovery);
    chx__variants_finish(&whole->variants);
}

chx_status
chx__whole_plan(chx__whole *whole)
{
    return chx__variants_choose(&whole->variants);
}

bool
chx__whole_goes_on_planning(const chx__whole *whole, chx_status status)
{
    return whole->recovery && chx__recovery_goes_on(whole->recovery, status);
}

/* Where there is nothing to repeat, nothing of a submit that failed was lost. */
bool
chx__whole_goes_on(const chx__whole *whole, chx_status status)
{
    if (!whole->recovery)
        return false;
    if (status == CHX_ERROR_NO_DEVICE)
        return chx__recovery_leaves_stuck(whole->runtime);
    chx__redo *redo = &whole->recovery->redo;
    return chx__redo_is_outdated(redo) ? chx__recovery_goes_on(whole->recovery, status)
                                       : chx__redo_fail(redo);
}

/* Chooses the variant for what the buffers hold once nobody else is at them, and after the redo
 * has begun anew where that is due. */
static chx_status
prepare(chx__whole *whole)
{
    const chx__variant *chosen = &whole->variants.list[0];
    chx__recovery *recovery = whole->recovery;
    for (;;) {
        chx_status status = chx__variants_choose_with_room(&whole->variants);
        if (status)
            return status;
        if (chx__wait_behind_holders(whole->runtime, &chosen->cast))
            continue;
        if (!recovery || !chx__redo_is_due(&recovery->redo))
            return CHX_OK;
        status = chx__recovery_begin(recovery, chosen->lowered, &chosen->cast);
        if (status)
            return status;
    }
}

chx_status
chx__whole_submit(chx__whole *whole, chx__unreported *report, chx_run **run)
{
    chx__recovery *recovery = whole->recovery;
    chx_run *made;
    if (recovery)
        chx__recovery_await(recovery);
    chx_status status = prepare(whole);
    if (!status)
        status = chx__variants_start(&whole->variants, whole->deadline_ns, &made);
    if (status)
        return status;
    made->report = report;
    if (recovery)
        status = chx__redo_enter(&recovery->redo, made);
    if (!status) {
        status = chx__variants_submit(&whole->variants, made);
        if (status && recovery)
            chx__redo_cancel(&recovery->redo);
    }
    if (status) {
        chx__run_unref(made);
        return status;
    }
    *run = made;
    return CHX_OK;
}
