/* A plan is a graph with up to four lowered variants, the most recent first: which one runs depends
 * on where the data lies at the submit (chx__lowering_entry). All of it is under the turn but for
 * the getters, which the caller keeps apart from submits.
 *
 * A variant is void when devices have come or gone or a program is to be replaced by a better
 * build. Costs only make it due for a review, at intervals that double up to 256 submits:
 * measurements never stand still, and planning costs more than most reviews gain. Running variants
 * are unaffected, since each run holds a reference.
 *
 * submit() may sleep, for room among the runs in flight and for threads that hold a buffer of the
 * graph, and while it does the turn is someone else's. Hence the loop: after every sleep the data
 * may lie elsewhere and the variant is chosen anew. From the last choice to chx__driver_submit()
 * the turn is not given up, which is what makes the plan fit.
 *
 * A submit without a handle has nobody who asks how the run ended. Such a run leaves its failure
 * in `unreported`, which the next submit returns; so a plan must outlive its runs, and
 * chx_plan_destroy() waits for them. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/program.h"
#include "execute/driver.h"
#include "execute/planner.h"
#include "execute/spans.h"
#include "execute/wait.h"

/* Plans kept for different whereabouts of the data: the first frame uploads, later ones do not. */
#define N_VARIANTS 4

/* Submits between two looks at whether new measurements make another plan better. */
#define LONGEST_REVIEW_INTERVAL 256

/* Good plans at once; others search for longer than most graphs gain. */
#define DEFAULT_ALGORITHM "heft"

#define DEADLINE_FLOOR_NS UINT64_C(60000000000)
#define DEADLINE_FACTOR 20.0

/* Runs in flight at once; a submit beyond it waits for the oldest. */
#define MAX_RUNS 64

struct chx_plan {
    chx_runtime *runtime;
    const chx_graph *graph;
    uint64_t deadline_ns;
    const chx__algorithm *algorithm;
    chx__lowered *variants[N_VARIANTS]; /* most recent first; NULL ends them */
    uint64_t n_submits;
    uint64_t next_review;
    uint64_t review_interval;
    chx__unreported unreported; /* of runs without a handle */
};

/* Moves a variant to the front; the last one falls out when there is no room. */
static void
put_first(chx_plan *plan, chx__lowered *variant)
{
    uint32_t at = 0;
    while (at + 1 < N_VARIANTS && plan->variants[at] && plan->variants[at] != variant)
        at++;
    if (plan->variants[at] != variant)
        chx__lowering_unref(plan->variants[at]);
    for (; at > 0; at--)
        plan->variants[at] = plan->variants[at - 1];
    plan->variants[0] = variant;
}

static void
forget_variant(chx_plan *plan, uint32_t at)
{
    chx__lowering_unref(plan->variants[at]);
    for (; at + 1 < N_VARIANTS; at++)
        plan->variants[at] = plan->variants[at + 1];
    plan->variants[N_VARIANTS - 1] = NULL;
}

/* A variant whose devices are gone, or that older costs made and is due for review, is
 * forgotten. */
static void
forget_outdated(chx_plan *plan)
{
    bool review = plan->n_submits >= plan->next_review;
    bool reviewed = false;
    for (uint32_t i = N_VARIANTS; i-- > 0;) {
        const chx__lowered *variant = plan->variants[i];
        if (!variant)
            continue;
        bool is_old = review && variant->cost_epoch != plan->runtime->cost_epoch;
        if (variant->fleet_generation != plan->runtime->fleet.generation ||
            variant->build_epoch != plan->runtime->build_epoch || is_old)
            forget_variant(plan, i);
        reviewed |= is_old;
    }
    if (!reviewed)
        return;
    plan->next_review = plan->n_submits + plan->review_interval;
    if (plan->review_interval < LONGEST_REVIEW_INTERVAL)
        plan->review_interval *= 2;
}

/* The plan for the data where it lies now, made when there is none. */
static chx_status
choose_variant(chx_plan *plan, chx__lowered **chosen)
{
    chx_status status = chx__runtime_rebuild_suspects(plan->runtime);
    if (status)
        return status;
    forget_outdated(plan);
    for (uint32_t i = 0; i < N_VARIANTS && plan->variants[i]; i++) {
        chx__lowered *variant = plan->variants[i];
        if (!chx__digest_equal(variant->entry, chx__lowering_entry(&variant->flow)))
            continue;
        put_first(plan, variant);
        *chosen = variant;
        return CHX_OK;
    }
    chx__lowered *made;
    status = chx__planner_make(plan->runtime, plan->graph, plan->algorithm, &made);
    if (status)
        return status;
    put_first(plan, made);
    *chosen = made;
    return CHX_OK;
}

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
    made->algorithm = algorithm;
    made->review_interval = 1;
    chx__turn_begin(made->runtime);
    chx__lowered *chosen;
    status = choose_variant(made, &chosen);
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
    chx__turn_begin(runtime);
    chx__wait_graph(runtime, (*plan)->graph);
    for (uint32_t i = 0; i < N_VARIANTS; i++)
        chx__lowering_unref((*plan)->variants[i]);
    chx__turn_end(runtime);
    free(*plan);
    *plan = NULL;
}

double
chx_plan_makespan_ns(const chx_plan *plan)
{
    return plan && plan->variants[0] ? plan->variants[0]->makespan_ns : 0.0;
}

chx_status
chx_plan_timeline(const chx_plan *plan, chx_timeline **timeline)
{
    CHX__REQUIRE(plan && timeline && plan->variants[0]);
    return chx__spans_timeline(plan->variants[0], NULL, timeline);
}

static chx_status
report(chx__unreported *unreported)
{
    unreported->is_set = false;
    return chx__fail_again(&unreported->error);
}

static chx_status
submit(chx_plan *plan, bool is_attended, chx_run **run)
{
    chx_runtime *runtime = plan->runtime;
    if (plan->unreported.is_set)
        return report(&plan->unreported);
    chx__lowered *variant;
    chx_status status;
    do {
        chx__wait_for_room(runtime, MAX_RUNS - 1);
        status = choose_variant(plan, &variant);
    } while (!status && chx__wait_behind_holders(runtime, &variant->flow));
    if (status)
        return status;
    uint64_t timeout_ns = plan->deadline_ns;
    if (!timeout_ns)
        timeout_ns = DEADLINE_FLOOR_NS + (uint64_t)(DEADLINE_FACTOR * variant->makespan_ns);
    chx_run *made;
    status = chx__run_create(runtime, variant, timeout_ns, &made);
    if (status)
        return status;
    made->report = is_attended ? NULL : &plan->unreported;
    status = chx__driver_submit(made);
    if (status) {
        chx__run_unref(made);
        return status;
    }
    plan->n_submits++;
    *run = made;
    return CHX_OK;
}

chx_status
chx_plan_submit(chx_plan *plan, chx_run **run)
{
    CHX__REQUIRE(plan);
    chx_run *made = NULL;
    chx__turn_begin(plan->runtime);
    chx_status status = submit(plan, run != NULL, &made);
    if (!status && !run)
        chx__run_unref(made);
    chx__turn_end(plan->runtime);
    if (!status && run)
        *run = made;
    return status;
}
