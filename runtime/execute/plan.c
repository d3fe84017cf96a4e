/* A plan is a graph with up to four lowered variants, the most recent first: which one runs depends
 * on where the data lies at the submit (chx__lowering_entry). All of it is under the turn but for
 * the getters, which the caller keeps apart from submits.
 *
 * A variant is void when devices have come or gone. It is outdated when a program is to be replaced
 * by a better build, and costs make it due for a review, at intervals that double up to 256
 * submits: measurements never stand still, and planning costs more than most reviews gain. An
 * outdated variant serves on until a refresh has made the better one, so that nobody waits for the
 * compiler. Running variants are unaffected, since each run holds a reference.
 *
 * submit() may sleep, for room among the runs in flight and for threads that hold a buffer of the
 * graph, and while it does the turn is someone else's. Hence the loop: after every sleep the data
 * may lie elsewhere and the variant is chosen anew. From the last choice to chx__driver_submit()
 * the turn is not given up, which is what makes the plan fit.
 *
 * A submit without a handle has nobody who asks how the run ended. Such a run leaves its failure
 * in `unreported`, which the next submit returns; so a plan must outlive its runs, and
 * chx_plan_destroy() waits for them. */
#include "execute/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/program.h"
#include "execute/driver.h"
#include "execute/rebuild.h"
#include "execute/refresh.h"
#include "execute/spans.h"
#include "execute/wait.h"

/* Plans kept for different whereabouts of the data: the first frame uploads, later ones do not. */
#define N_VARIANTS 4

/* Submits between two looks at whether new measurements make another plan better. */
#define LONGEST_REVIEW_INTERVAL 256

/* Good plans at once; others search for longer than most graphs gain. */
#define DEFAULT_ALGORITHM "heft"

#define MOST_IN_VAIN 3u

#define UNKNOWN UINT64_MAX

#define DEADLINE_FLOOR_NS UINT64_C(60000000000)
#define DEADLINE_FACTOR 20.0

/* A lowered plan, and who plays its parts. */
typedef struct variant {
    chx__lowered *lowered; /* NULL ends the list */
    chx__cast cast;
    uint64_t n_recasts; /* of the graph, when the cast was assigned */
    bool fits; /* the cast could be assigned */
    bool suits; /* as was found when its buffers' maps had had so many changes */
    uint64_t n_changes;
    uint64_t n_changes_left; /* so many were there before and after it was submitted */
} variant;

struct chx_plan {
    chx_runtime *runtime;
    const chx_graph *graph;
    uint64_t deadline_ns;
    const chx__algorithm *algorithm;
    bool checks_ranges;
    variant variants[N_VARIANTS]; /* most recent first */
    uint64_t n_submits;
    uint64_t next_review;
    uint64_t review_interval;
    uint32_t n_vain; /* refreshes since the last one that was of use */
    chx__refresh *refresh; /* of the first variant, while it is under way */
    chx__unreported unreported; /* of runs without a handle */
};

static void
variant_finish(variant *ending)
{
    chx__lowering_unref(ending->lowered);
    chx__cast_finish(&ending->cast);
    *ending = (variant){0};
}

static void
forget_variant(chx_plan *plan, uint32_t at)
{
    variant_finish(&plan->variants[at]);
    for (; at + 1 < N_VARIANTS; at++)
        plan->variants[at] = plan->variants[at + 1];
    plan->variants[N_VARIANTS - 1] = (variant){0};
}

static void
move_to_front(chx_plan *plan, uint32_t at)
{
    variant moved = plan->variants[at];
    for (; at > 0; at--)
        plan->variants[at] = plan->variants[at - 1];
    plan->variants[0] = moved;
}

/* Takes the reference; the last variant falls out when there is no room. */
static chx_status
add_variant(chx_plan *plan, chx__lowered *lowered)
{
    variant added = {.lowered = lowered,
                     .n_recasts = lowered->n_recasts,
                     .fits = true,
                     .n_changes = UNKNOWN,
                     .n_changes_left = UNKNOWN};
    chx_status status = chx__cast_copy(&added.cast, &lowered->cast);
    if (status) {
        variant_finish(&added);
        return status;
    }
    uint32_t at = 0;
    while (at + 1 < N_VARIANTS && plan->variants[at].lowered)
        at++;
    variant_finish(&plan->variants[at]);
    plan->variants[at] = added;
    move_to_front(plan, at);
    return CHX_OK;
}

/* A variant whose devices are gone is forgotten. */
static void
forget_void(chx_plan *plan)
{
    for (uint32_t i = N_VARIANTS; i-- > 0;) {
        const chx__lowered *lowered = plan->variants[i].lowered;
        if (lowered && lowered->fleet_generation != plan->runtime->fleet.generation)
            forget_variant(plan, i);
    }
}

/* Whether older costs made the variant, which is then reviewed now and then, or a program of it is
 * to be replaced by a better build. */
static bool
is_outdated(chx_plan *plan, const chx__lowered *lowered)
{
    if (lowered->build_epoch != plan->runtime->build_epoch)
        return true;
    if (plan->n_submits < plan->next_review || lowered->cost_epoch == plan->runtime->cost_epoch)
        return false;
    plan->next_review = plan->n_submits + plan->review_interval;
    if (plan->review_interval < LONGEST_REVIEW_INTERVAL)
        plan->review_interval *= 2;
    return true;
}

/* Gives the variant's parts to the buffers that the graph names now, if they can play them. */
static chx_status
recast(const chx_plan *plan, variant *due)
{
    if (due->n_recasts == plan->graph->n_recasts)
        return CHX_OK;
    due->fits = chx__cast_assign(&due->cast, &due->lowered->flow, plan->graph);
    chx_status status = due->fits ? chx__planner_cast(due->lowered, &due->cast) : CHX_OK;
    if (!status)
        due->n_recasts = plan->graph->n_recasts;
    due->n_changes = due->n_changes_left = UNKNOWN;
    return status;
}

/* Counts that only grow have the same sum when none has grown. */
static uint64_t
count_changes(const chx__cast *cast)
{
    uint64_t n = 0;
    for (uint32_t b = 0; b < cast->n_parts; b++)
        n += chx__cast_buffer(cast, b)->coherence.n_changes;
    return n;
}

/* Digests are made for the first time, and when the whereabouts of something have changed. */
static bool
suits(variant *candidate)
{
    const chx__lowered *lowered = candidate->lowered;
    if (!candidate->fits)
        return false;
    uint64_t n_changes = count_changes(&candidate->cast);
    if (candidate->n_changes == n_changes)
        return candidate->suits;
    candidate->n_changes = n_changes;
    candidate->suits =
        chx__digest_equal(lowered->entry, chx__lowering_entry(&lowered->flow, &candidate->cast));
    return candidate->suits;
}

/* Puts what suits before all others; false when none does. */
static chx_status
find_variant(chx_plan *plan, bool *is_found)
{
    *is_found = false;
    for (uint32_t i = 0; i < N_VARIANTS && plan->variants[i].lowered; i++) {
        chx_status status = recast(plan, &plan->variants[i]);
        if (status)
            return status;
        if (suits(&plan->variants[i])) {
            move_to_front(plan, i);
            *is_found = true;
            return CHX_OK;
        }
    }
    return CHX_OK;
}

/* Takes the plan, in place of the one for the same whereabouts. What is known of the same builds
 * need not be measured anew. */
static chx_status
replace_variant(chx_plan *plan, chx__lowered *made)
{
    for (uint32_t i = N_VARIANTS; i-- > 0;) {
        const chx__lowered *old = plan->variants[i].lowered;
        if (!old || !chx__digest_equal(old->entry, made->entry))
            continue;
        if (old->build_epoch == made->build_epoch) {
            made->n_runs_ended = old->n_runs_ended;
            made->n_runs_learnt = old->n_runs_learnt;
        }
        forget_variant(plan, i);
    }
    return add_variant(plan, made);
}

/* A refresh that failed changes nothing: what serves, serves on, and is not tried again before the
 * world changes once more. */
static chx_status
end_refresh(chx_plan *plan)
{
    chx__lowered *made = NULL;
    if (chx__refresh_finish(&plan->refresh, &made) != CHX_OK) {
        chx__log(&plan->runtime->logger, CHX_LOG_WARNING, "a better plan cannot be made: %s",
                 chx_last_error()->message);
        for (uint32_t i = 0; i < N_VARIANTS && plan->variants[i].lowered; i++) {
            plan->variants[i].lowered->build_epoch = plan->runtime->build_epoch;
            plan->variants[i].lowered->cost_epoch = plan->runtime->cost_epoch;
        }
    }
    plan->n_vain = made ? 0 : plan->n_vain + 1;
    return made ? replace_variant(plan, made) : CHX_OK;
}

/* The first variant suits. Where it is outdated a better one is made: by and by, unless there is no
 * thread for it or the world never stands still for long enough. */
static chx_status
renew(chx_plan *plan)
{
    if (plan->refresh || !is_outdated(plan, plan->variants[0].lowered))
        return CHX_OK;
    if (!plan->runtime->serial && plan->n_vain < MOST_IN_VAIN)
        plan->refresh = chx__refresh_start(plan->runtime, plan->graph, plan->algorithm);
    if (plan->refresh)
        return CHX_OK;
    chx__lowered *made;
    plan->n_vain = 0;
    chx_status status = chx__planner_make(plan->runtime, plan->graph, plan->algorithm, &made);
    return status ? status : replace_variant(plan, made);
}

/* The plan for the data where it lies now, made when there is none: the first of the variants. */
static chx_status
choose_variant(chx_plan *plan)
{
    bool is_found;
    chx_status status = chx__rebuild_suspects(plan->runtime);
    forget_void(plan);
    if (!status && plan->refresh && chx__refresh_is_done(plan->refresh))
        status = end_refresh(plan);
    if (!status)
        status = find_variant(plan, &is_found);
    if (status || is_found)
        return status ? status : renew(plan);
    chx__lowered *made;
    status = chx__planner_make(plan->runtime, plan->graph, plan->algorithm, &made);
    return status ? status : add_variant(plan, made);
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

static bool
is_asked_to_check(void)
{
    const char *variable = getenv("CHRONAXIE_CHECK_RANGES");
    return variable && strcmp(variable, "1") == 0;
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
    made->checks_ranges = (params && params->checks_ranges) || is_asked_to_check();
    made->review_interval = 1;
    chx__turn_begin(made->runtime);
    status = choose_variant(made);
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
    chx__lowered *unused = NULL;
    chx__turn_begin(runtime);
    chx__wait_graph(runtime, (*plan)->graph);
    if ((*plan)->refresh)
        chx__refresh_finish(&(*plan)->refresh, &unused);
    chx__lowering_unref(unused);
    for (uint32_t i = 0; i < N_VARIANTS; i++)
        variant_finish(&(*plan)->variants[i]);
    chx__turn_end(runtime);
    free(*plan);
    *plan = NULL;
}

double
chx_plan_makespan_ns(const chx_plan *plan)
{
    return plan && plan->variants[0].lowered ? plan->variants[0].lowered->makespan_ns : 0.0;
}

chx_status
chx_plan_timeline(const chx_plan *plan, chx_timeline **timeline)
{
    CHX__REQUIRE(plan && timeline && plan->variants[0].lowered);
    return chx__spans_timeline(plan->variants[0].lowered, NULL, timeline);
}

static chx_status
report(chx__unreported *unreported)
{
    unreported->is_set = false;
    return chx__fail_again(&unreported->error);
}

/* A run that changes nothing in the maps of its buffers changes nothing the next time either,
 * unless somebody else does meanwhile: a replay need not promise task by task. */
static chx_status
submit(variant *chosen, chx_run *run)
{
    uint64_t n_before = count_changes(&chosen->cast);
    run->leaves_as_is = chosen->n_changes_left == n_before;
    chx_status status = chx__driver_submit(run);
    uint64_t n_after = count_changes(&chosen->cast);
    chosen->n_changes_left = !status && n_after == n_before ? n_after : UNKNOWN;
    return status;
}

chx_status
chx__plan_submit(chx_plan *plan, bool is_attended, chx_run **run)
{
    chx_runtime *runtime = plan->runtime;
    if (plan->unreported.is_set)
        return report(&plan->unreported);
    variant *chosen = &plan->variants[0];
    chx_status status;
    do {
        chx__wait_for_room(runtime, CHX__FLIGHT_SLOTS - 1);
        status = choose_variant(plan);
    } while (!status && chx__wait_behind_holders(runtime, &chosen->cast));
    if (status)
        return status;
    uint64_t timeout_ns = plan->deadline_ns;
    if (!timeout_ns)
        timeout_ns = DEADLINE_FLOOR_NS + (uint64_t)(DEADLINE_FACTOR * chosen->lowered->makespan_ns);
    chx_run *made;
    status = chx__run_create(runtime, chosen->lowered, &chosen->cast, timeout_ns, &made);
    if (status)
        return status;
    made->report = is_attended ? NULL : &plan->unreported;
    status = submit(chosen, made);
    if (status) {
        chx__run_unref(made);
        return status;
    }
    plan->n_submits++;
    *run = made;
    return CHX_OK;
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
