/* A plan: a graph that is planned as a whole, or, where that needs more memory than there is, in
 * stages, each a plan of its own of some of the tasks: what a stage does not use makes room for it
 * (evict.h), and waits on the host. A stage that does not fit falls into stages itself. Its buffers
 * get half of a device's memory, so that one stage computes while the next is loaded.
 *
 * All of it is under the turn but for the getters, which the caller keeps apart from submits.
 *
 * A submit without a handle has nobody who asks how the run ended. Such a run leaves its failure
 * in `unreported`, which the next submit returns; so a plan must outlive its runs, and
 * chx_plan_destroy() waits for them. */
#include "execute/plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "device/program.h"
#include "execute/spans.h"
#include "execute/wait.h"
#include "execute/whole.h"
#include "graph/excerpt.h"
#include "graph/stages.h"

/* Good plans at once; others search for longer than most graphs gain. */
#define DEFAULT_ALGORITHM "heft"

/* Some of a plan's tasks. */
typedef struct stage {
    chx_plan *plan;
    chx_graph *graph;
    const chx_task *tasks; /* of the plan's graph: those of its own */
    bool waits; /* for all stages before, as a dependency added by hand says */
    chx_run *run; /* in a submit that is under way */
} stage;

/* A plan in stages. */
typedef struct staging {
    chx__flow flow; /* of the graph, by which it is cut */
    chx__cast cast;
    chx__stages cut;
    stage *list; /* as many */
} staging;

struct chx_plan {
    const chx_graph *graph;
    chx__plan_settings settings;
    bool checks_ranges;
    chx__unreported unreported; /* of runs without a handle */
    uint64_t n_recasts; /* of the graph, when the stages were given its buffers */
    staging *staging; /* NULL where the plan is a whole */
    chx__whole whole; /* else */
};

static chx_status create(const chx_graph *graph, const chx__plan_settings *settings,
                         chx_plan **plan);
static void destroy(chx_plan **plan);
static chx_status submit(chx_plan *plan, chx__unreported *report, chx_run **run);

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

/* The memory of the device that has most of it. */
static uint64_t
largest_budget(const chx__fleet *fleet)
{
    uint64_t largest = 0;
    for (uint32_t d = 0; d < fleet->n_devices; d++) {
        const chx__device *device = &fleet->devices[d];
        if (chx__device_is_usable(device) && device->info.budget_bytes > largest)
            largest = device->info.budget_bytes;
    }
    return largest;
}

/* Whether the stage has a task that by hand is to follow one of another stage. */
static bool
has_hand_made(const chx_plan *plan, const stage *of)
{
    size_t n = 0;
    for (chx_task t = 0; t < of->graph->n_tasks; t++)
        n += plan->graph->tasks[of->tasks[t]].n_before - of->graph->tasks[t].n_before;
    return n > 0;
}

static chx_status
make_stage(const chx_plan *plan, const chx__stages *cut, uint32_t index, stage *made)
{
    const uint32_t *begin = &cut->begin[index];
    made->tasks = &cut->tasks[begin[0]];
    chx_status status =
        chx__excerpt_create(plan->graph, made->tasks, begin[1] - begin[0], &made->graph);
    if (status)
        return status;
    made->waits = has_hand_made(plan, made);
    return create(made->graph, &plan->settings, &made->plan);
}

/* Cuts the plan, which does not fit as the last error says; that stands where it cannot be cut. */
static chx_status
make_stages(const chx_plan *plan, staging *made)
{
    const chx_error told = *chx_last_error();
    chx_status status = chx__flow_init(&made->flow, plan->graph);
    if (!status)
        status = chx__cast_init(&made->cast, &made->flow);
    if (!status)
        status = chx__stages_cut(plan->graph, &made->flow,
                                 largest_budget(&plan->graph->runtime->fleet) / 2, &made->cut);
    if (status || made->cut.n < 2)
        return status ? status : chx__fail_again(&told);
    made->list = chx__alloc(made->cut.n, sizeof *made->list);
    if (!made->list)
        return chx__fail_memory("cutting a plan into stages");
    for (uint32_t s = 0; !status && s < made->cut.n; s++)
        status = make_stage(plan, &made->cut, s, &made->list[s]);
    return status;
}

static void
destroy_stages(staging *ending)
{
    for (uint32_t s = 0; ending->list && s < ending->cut.n; s++) {
        destroy(&ending->list[s].plan);
        chx_graph_destroy(&ending->list[s].graph);
    }
    free(ending->list);
    chx__stages_finish(&ending->cut);
    chx__cast_finish(&ending->cast);
    chx__flow_finish(&ending->flow);
    free(ending);
}

/* Has a plan fall into stages. Under the turn, which may be given up. Errors: DEVICE_MEMORY where a
 * task alone does not fit, and as chx_plan_create(). */
static chx_status
fall_apart(chx_plan *plan)
{
    chx_runtime *runtime = plan->graph->runtime;
    char device[sizeof chx_last_error()->device];
    memcpy(device, chx_last_error()->device, sizeof device);
    staging *made = chx__alloc(1, sizeof *made);
    chx_status status =
        made ? make_stages(plan, made) : chx__fail_memory("cutting a plan into stages");
    if (status) {
        const chx_error why = *chx_last_error();
        if (made)
            destroy_stages(made);
        return chx__fail_again(&why);
    }
    chx__log(&runtime->logger, CHX_LOG_WARNING,
             "%s: a plan that needs %" PRIu64 " bytes does not fit: it runs in %u stages, and what "
             "one of them does not use waits on the host",
             device, made->cut.need_bytes, made->cut.n);
    chx__whole_finish(&plan->whole);
    plan->staging = made;
    plan->n_recasts = plan->graph->n_recasts;
    return CHX_OK;
}

/* Stages are in an order that the graph's buffers allow. Where others have come in their place that
 * are shared in other ways, the plan is a whole again, until that does not fit. */
static chx_status
recast(chx_plan *plan)
{
    staging *now = plan->staging;
    if (plan->n_recasts == plan->graph->n_recasts)
        return CHX_OK;
    if (!chx__cast_assign(&now->cast, &now->flow, plan->graph)) {
        chx_status status = chx__whole_init(&plan->whole, plan->graph, &plan->settings);
        if (status)
            return status;
        destroy_stages(now);
        plan->staging = NULL;
    }
    plan->n_recasts = plan->graph->n_recasts;
    return CHX_OK;
}

static chx_status
make_first(chx_plan *plan)
{
    chx_status status;
    do {
        status = chx__whole_plan(&plan->whole);
        if (status == CHX_ERROR_DEVICE_MEMORY)
            status = fall_apart(plan);
    } while (status && chx__whole_goes_on_planning(&plan->whole, status));
    return status;
}

/* Under the turn, which may be given up. */
static chx_status
create(const chx_graph *graph, const chx__plan_settings *settings, chx_plan **plan)
{
    chx_plan *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("planning a graph");
    made->graph = graph;
    made->settings = *settings;
    chx_status status = chx__whole_init(&made->whole, graph, settings);
    if (status) {
        free(made);
        return status;
    }
    status = make_first(made);
    if (status) {
        const chx_error why = *chx_last_error();
        destroy(&made);
        return chx__fail_again(&why);
    }
    *plan = made;
    return CHX_OK;
}

/* Under the turn, which is given up meanwhile; accepts NULL. */
static void
destroy(chx_plan **plan)
{
    chx_plan *ending = *plan;
    if (!ending)
        return;
    if (ending->staging)
        destroy_stages(ending->staging);
    else
        chx__whole_finish(&ending->whole);
    free(ending);
    *plan = NULL;
}

chx_status
chx_plan_create(chx_graph *graph, const chx_plan_params *params, chx_plan **plan)
{
    static const chx_plan_params defaults = {0};
    CHX__REQUIRE(graph && plan && graph->n_tasks > 0);
    params = params ? params : &defaults;
    chx__plan_settings settings = {.deadline_ns = params->deadline_ns,
                                   .recovers = params->recovers && !graph->runtime->serial};
    chx_status status = check_programs(graph);
    if (!status)
        status = chx__algorithm_find(params->algorithm ? params->algorithm : DEFAULT_ALGORITHM,
                                     &settings.algorithm);
    if (status)
        return status;
    chx_plan *made = NULL;
    chx__turn_begin(graph->runtime);
    status = create(graph, &settings, &made);
    chx__turn_end(graph->runtime);
    if (status)
        return status;
    made->checks_ranges = params->checks_ranges || is_asked_to_check();
    *plan = made;
    return CHX_OK;
}

void
chx_plan_destroy(chx_plan **plan)
{
    if (!plan || !*plan)
        return;
    chx_runtime *runtime = (*plan)->graph->runtime;
    const chx_error told = *chx_last_error(); /* before runs that end meanwhile fail here */
    chx__turn_begin(runtime);
    destroy(plan);
    chx__turn_end(runtime);
    chx__fail_again(&told);
}

/* What a plan that is a whole serves first; NULL when none could be made. Whoever repeats its runs
 * may be choosing. Under the turn, which may be given up. */
static const chx__lowered *
first_variant(const chx_plan *plan)
{
    chx__variants *variants = (chx__variants *)&plan->whole.variants;
    chx__variants_await(variants);
    return variants->list[0].lowered;
}

static double
makespan_ns(const chx_plan *plan)
{
    double sum_ns = 0.0;
    if (!plan->staging) {
        const chx__lowered *first = first_variant(plan);
        return first ? first->makespan_ns : 0.0;
    }
    for (uint32_t s = 0; s < plan->staging->cut.n; s++)
        sum_ns += makespan_ns(plan->staging->list[s].plan);
    return sum_ns;
}

double
chx_plan_makespan_ns(const chx_plan *plan)
{
    if (!plan)
        return 0.0;
    chx__turn_begin(plan->graph->runtime);
    const double predicted_ns = makespan_ns(plan);
    chx__turn_end(plan->graph->runtime);
    return predicted_ns;
}

/* Stages one after the other, from begin_ns. */
static chx_status
add_spans(const chx_plan *plan, double begin_ns, chx_timeline *timeline)
{
    chx_status status = CHX_OK;
    if (!plan->staging) {
        const chx__lowered *first = first_variant(plan);
        return first ? chx__spans_add(timeline, first, NULL, begin_ns)
                     : chx__fail(CHX_ERROR_INVALID, "the plan has failed; submit it again first");
    }
    for (uint32_t s = 0; !status && s < plan->staging->cut.n; s++) {
        const chx_plan *next = plan->staging->list[s].plan;
        status = add_spans(next, begin_ns, timeline);
        begin_ns += makespan_ns(next);
    }
    return status;
}

chx_status
chx_plan_timeline(const chx_plan *plan, chx_timeline **timeline)
{
    CHX__REQUIRE(plan && timeline);
    chx_timeline *made;
    chx_status status = chx_timeline_create(&made);
    if (status)
        return status;
    chx__turn_begin(plan->graph->runtime);
    status = add_spans(plan, 0.0, made);
    chx__turn_end(plan->graph->runtime);
    if (status)
        chx_timeline_destroy(&made);
    else
        *timeline = made;
    return status;
}

/* Waits for the first stages, and says how the first that failed did. */
static chx_status
await_stages(const staging *of, uint32_t n)
{
    chx_status status = CHX_OK;
    for (uint32_t s = 0; !status && s < n; s++)
        status = chx__wait_run(of->list[s].run, UINT64_MAX);
    return status;
}

/* A stage waits for room, but for no other stage, unless the plan recovers: one that is made again
 * must not find what a later one has written. */
static chx_status
submit_stage(const chx_plan *plan, uint32_t index, chx__unreported *report)
{
    staging *of = plan->staging;
    stage *next = &of->list[index];
    bool is_alone = plan->settings.recovers || next->waits;
    bool is_last = index + 1 == of->cut.n;
    chx_status status = await_stages(of, is_alone ? index : 0);
    if (!status)
        status = chx__excerpt_renew(next->graph, plan->graph, next->tasks);
    return status ? status : submit(next->plan, is_last ? report : NULL, &next->run);
}

/* Has the runs of stages stand one behind the other; the last one is the plan's. */
static chx_run *
chain_runs(staging *of)
{
    chx_run *before = NULL;
    for (uint32_t s = 0; s < of->cut.n; s++) {
        chx_run *first = of->list[s].run;
        while (first->stage_before)
            first = first->stage_before;
        first->stage_before = before;
        before = of->list[s].run;
        of->list[s].run = NULL;
    }
    return before;
}

static void
drop_runs(staging *of)
{
    for (uint32_t s = 0; s < of->cut.n; s++) {
        if (!of->list[s].run)
            continue;
        chx__wait_run(of->list[s].run, UINT64_MAX);
        chx__run_unref(of->list[s].run);
        of->list[s].run = NULL;
    }
}

/* Only the last stage is in flight when it returns. */
static chx_status
submit_stages(const chx_plan *plan, chx__unreported *report, chx_run **run)
{
    staging *of = plan->staging;
    chx_status status = CHX_OK;
    for (uint32_t s = 0; !status && s < of->cut.n; s++)
        status = submit_stage(plan, s, report);
    if (!status)
        status = await_stages(of, of->cut.n - 1);
    if (status) {
        const chx_error why = *chx_last_error();
        drop_runs(of);
        return chx__fail_again(&why);
    }
    *run = chain_runs(of);
    return CHX_OK;
}

/* Under the turn, which may be given up. */
static chx_status
submit(chx_plan *plan, chx__unreported *report, chx_run **run)
{
    chx_status status = plan->staging ? recast(plan) : CHX_OK;
    if (status)
        return status;
    do {
        if (plan->staging)
            return submit_stages(plan, report, run);
        status = chx__whole_submit(&plan->whole, report, run);
        if (status == CHX_ERROR_DEVICE_MEMORY)
            status = fall_apart(plan);
    } while (plan->staging || (status && chx__whole_goes_on(&plan->whole, status)));
    return status;
}

chx_status
chx__plan_submit(chx_plan *plan, bool is_attended, chx_run **run)
{
    if (plan->unreported.is_set) {
        plan->unreported.is_set = false;
        return chx__fail_again(&plan->unreported.error);
    }
    return submit(plan, is_attended ? NULL : &plan->unreported, run);
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
