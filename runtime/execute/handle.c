/* What callers do with a run: ask, wait, cancel, have themselves told, and let go of it. */
#include "execute/run.h"

#include "base/clock.h"
#include "base/error.h"
#include "execute/driver.h"
#include "execute/spans.h"
#include "execute/wait.h"

bool
chx_run_done(chx_run *run)
{
    if (!run)
        return false;
    if (run->runtime->serial) {
        chx__turn_begin(run->runtime);
        chx__driver_move(run->runtime);
        chx__turn_end(run->runtime);
    }
    return atomic_load(&run->ended);
}

chx_status
chx_run_wait(chx_run *run, uint64_t timeout_ns)
{
    CHX__REQUIRE(run);
    uint64_t now_ns = chx__now_ns();
    uint64_t deadline_ns = timeout_ns > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + timeout_ns;
    chx__turn_begin(run->runtime);
    chx_status status = chx__wait_run(run, deadline_ns);
    chx__turn_end(run->runtime);
    return status;
}

void
chx_run_destroy(chx_run **run)
{
    if (!run || !*run)
        return;
    chx_runtime *runtime = (*run)->runtime;
    chx__turn_begin(runtime);
    chx__run_unref(*run);
    chx__turn_end(runtime);
    *run = NULL;
}

chx_status
chx_run_notify(chx_run *run, chx_run_fn fn, void *data)
{
    CHX__REQUIRE(run && fn);
    chx__turn_begin(run->runtime);
    chx_status status = chx__run_add_notice(run, fn, data);
    if (!status && atomic_load(&run->ended))
        chx__run_tell(run);
    chx__turn_end(run->runtime);
    return status;
}

chx_status
chx_run_cancel(chx_run *run)
{
    CHX__REQUIRE(run);
    chx__turn_begin(run->runtime);
    run->is_cancelled = true;
    atomic_store(&run->is_broken, true);
    chx__driver_move(run->runtime);
    chx__turn_end(run->runtime);
    return CHX_OK;
}

static chx_status
add_stages(const chx_run *run, chx_timeline *timeline)
{
    const chx_run *shown = run->repetition ? run->repetition : run;
    chx_status status = run->stage_before ? add_stages(run->stage_before, timeline) : CHX_OK;
    return status ? status : chx__spans_add(timeline, shown->lowered, shown, 0.0);
}

chx_status
chx_run_timeline(const chx_run *run, chx_timeline **timeline)
{
    CHX__REQUIRE(run && timeline && atomic_load(&run->ended));
    chx_timeline *made;
    chx_status status = chx_timeline_create(&made);
    if (status)
        return status;
    status = add_stages(run, made);
    if (status)
        chx_timeline_destroy(&made);
    else
        *timeline = made;
    return status;
}
