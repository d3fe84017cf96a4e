/* A plan is a graph with a few lowered variants (variants.h). All of it is under the turn but for
 * the getters, which the caller keeps apart from submits.
 *
 * submit() may sleep, for room among the runs in flight and for threads that hold a buffer of the
 * graph, and while it does the turn is someone else's. Hence the loop: after every sleep the data
 * may lie elsewhere and the variant is chosen anew.
 *
 * A submit without a handle has nobody who asks how the run ended. Such a run leaves its failure
 * in `unreported`, which the next submit returns; so a plan must outlive its runs, and
 * chx_plan_destroy() waits for them. */
#include "execute/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "device/program.h"
#include "execute/recovery.h"
#include "execute/spans.h"
#include "execute/wait.h"

/* Good plans at once; others search for longer than most graphs gain. */
#define DEFAULT_ALGORITHM "heft"

struct chx_plan {
    chx_runtime *runtime;
    const chx_graph *graph;
    uint64_t deadline_ns;
    bool checks_ranges;
    chx__variants variants;
    chx__recovery *recovery; /* NULL where failures are only told */
    chx__unreported unreported; /* of runs without a handle */
};

/* Programs know their runtime's fleet only, which a graph does not see. */
static chx_status
check_programs(const chx_graph *graph)
{
    for (uint32_t t = 0; t < graph->n_tasks; t++) {
        const chx__task *task = &graph->tasks[t];
        if (task->program && chx__program_fleet(task->program) != &graph->runtime->fleet)
            return chx__fail(CHX_ERROR_INVALID,
                             "task %s: the program belongs to another runtime than the graph; "
                             "create it with the graph's",
                             task->name);
    }
    return CHX_OK;
}

static bool
is_asked_to_check(void)
{
    const char *variable = getenv("CHRONAXIE_CHECK_RANGES");
    return variable && strcmp(variable, "1") == 0;
}

static chx_status
choose_first(chx_plan *plan)
{
    chx_status status;
    do
        status = chx__variants_choose(&plan->variants);
    while (status && plan->recovery && chx__recovery_goes_on(plan->recovery, status));
    return status;
}

chx_status
chx_plan_create(chx_graph *graph, const chx_plan_params *params, chx_plan **plan)
{
    CHX__REQUIRE(graph && plan && graph->n_tasks > 0);
    const chx__algorithm *algorithm;
    chx_status status = check_programs(graph);
    if (!status)
        status = chx__algorithm_find(
            params && params->algorithm ? params->algorithm : DEFAULT_ALGORITHM, &algorithm);
    if (status)
        return status;
    chx_plan *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("planning a graph");
    made->runtime = graph->runtime;
    made->graph = graph;
    made->deadline_ns = params ? params->deadline_ns : 0;
    made->checks_ranges = (params && params->checks_ranges) || is_asked_to_check();
    chx__variants_init(&made->variants, graph, algorithm);
    chx__turn_begin(made->runtime);
    if (params && params->recovers && !made->runtime->serial)
        status = chx__recovery_create(&made->variants, made->deadline_ns, &made->recovery);
    if (!status)
        status = choose_first(made);
    if (status) {
        chx__recovery_destroy(&made->recovery);
        chx__variants_finish(&made->variants);
    }
    chx__turn_end(made->runtime);
    if (status) {
        free(made);
        return status;
    }
    *plan = made;
    return CHX_OK;
}

void
chx_plan_destroy(chx_plan **plan)
{
    if (!plan || !*plan)
        return;
    chx_runtime *runtime = (*plan)->runtime;
    const chx_error told = *chx_last_error(); /* before runs that end meanwhile fail here */
    chx__turn_begin(runtime);
    chx__wait_graph(runtime, (*plan)->graph);
    if ((*plan)->recovery)
        chx__recovery_await((*plan)->recovery);
    chx__recovery_destroy(&(*plan)->recovery);
    chx__variants_finish(&(*plan)->variants);
    chx__turn_end(runtime);
    chx__fail_again(&told);
    free(*plan);
    *plan = NULL;
}

double
chx_plan_makespan_ns(const chx_plan *plan)
{
    return plan && plan->variants.list[0].lowered ? plan->variants.list[0].lowered->makespan_ns
                                                  : 0.0;
}

chx_status
chx_plan_timeline(const chx_plan *plan, chx_timeline **timeline)
{
    CHX__REQUIRE(plan && timeline && plan->variants.list[0].lowered);
    return chx__spans_timeline(plan->variants.list[0].lowered, NULL, timeline);
}

static chx_status
report(chx__unreported *unreported)
{
    unreported->is_set = false;
    return chx__fail_again(&unreported->error);
}

/* Chooses the variant for what the buffers hold once nobody else is at them, and after the redo
 * has begun anew where that is due. */
static chx_status
prepare(chx_plan *plan)
{
    const chx__variant *chosen = &plan->variants.list[0];
    chx__redo *redo = plan->recovery ? &plan->recovery->redo : NULL;
    for (;;) {
        chx_status status = chx__variants_choose_with_room(&plan->variants);
        if (status)
            return status;
        if (chx__wait_behind_holders(plan->runtime, &chosen->cast))
            continue;
        if (!redo || !chx__redo_is_due(redo))
            return CHX_OK;
        status = chx__recovery_begin(plan->recovery, chosen->lowered, &chosen->cast);
        if (status)
            return status;
    }
}

static chx_status
submit(chx_plan *plan, bool is_attended, chx_run **run)
{
    chx__redo *redo = plan->recovery ? &plan->recovery->redo : NULL;
    chx_run *made;
    chx_status status = prepare(plan);
    if (!status)
        status = chx__variants_start(&plan->variants, plan->deadline_ns, &made);
    if (status)
        return status;
    made->report = is_attended ? NULL : &plan->unreported;
    if (redo)
        status = chx__redo_enter(redo, made);
    if (!status) {
        status = chx__variants_submit(&plan->variants, made);
        if (status && redo)
            chx__redo_cancel(redo);
    }
    if (status) {
        chx__run_unref(made);
        return status;
    }
    *run = made;
    return CHX_OK;
}

/* Whether a submit that failed is to be tried again. Where there is nothing to repeat, nothing of
 * it was lost. */
static bool
goes_on(chx__recovery *recovery, chx_status status)
{
    return chx__redo_is_outdated(&recovery->redo) ? chx__recovery_goes_on(recovery, status)
                                                  : chx__redo_fail(&recovery->redo);
}

chx_status
chx__plan_submit(chx_plan *plan, bool is_attended, chx_run **run)
{
    if (plan->unreported.is_set)
        return report(&plan->unreported);
    chx_status status;
    do {
        if (plan->recovery)
            chx__recovery_await(plan->recovery);
        status = submit(plan, is_attended, run);
    } while (status && plan->recovery && goes_on(plan->recovery, status));
    return status;
}

const chx_graph *
chx__plan_graph(const chx_plan *plan)
{
    return plan->graph;
}

bool
chx__plan_checks_ranges(const chx_plan *plan)
{
    return plan->checks_ranges;
}
