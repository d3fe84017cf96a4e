/* A variant is void when devices have come or gone. It is outdated when a program is to be replaced
 * by a better build, and costs make it due for a review, at intervals that double up to 256
 * submits: measurements never stand still, and planning costs more than most reviews gain. A shift
 * makes it due at once. An outdated variant serves on until a refresh has made the better one, so
 * that nobody waits for the compiler, nor for a plan that a shift asks for unless that takes far
 * less than a run. Running variants are unaffected, since each run holds a
 * reference.
 *
 * From the choice to the submit the turn is not given up, which is what makes the plan fit. */
#include "execute/variants.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "execute/driver.h"
#include "execute/evict.h"
#include "execute/rebuild.h"
#include "execute/shares.h"
#include "execute/wait.h"

/* Submits between two looks at whether new measurements make another plan better. */
#define LONGEST_REVIEW_INTERVAL 256

#define MOST_IN_VAIN 3u

/* Choosing shares takes at most a thirtieth of the time that runs are expected to take. */
#define CHOICE_FACTOR 30.0

#define DEADLINE_FLOOR_NS UINT64_C(60000000000)
#define DEADLINE_FACTOR 20.0

/* After a shift a plan is waited for that takes so many times less to make than a run. */
#define WAITING_FACTOR 10.0

#define UNKNOWN UINT64_MAX

static void
variant_finish(chx__variant *ending)
{
    chx__lowering_unref(ending->lowered);
    chx__cast_finish(&ending->cast);
    *ending = (chx__variant){0};
}

static void
forget_variant(chx__variants *of, uint32_t at)
{
    variant_finish(&of->list[at]);
    for (; at + 1 < CHX__N_VARIANTS; at++)
        of->list[at] = of->list[at + 1];
    of->list[CHX__N_VARIANTS - 1] = (chx__variant){0};
}

static void
move_to_front(chx__variants *of, uint32_t at)
{
    chx__variant moved = of->list[at];
    for (; at > 0; at--)
        of->list[at] = of->list[at - 1];
    of->list[0] = moved;
}

/* Takes the reference; the last variant falls out when there is no room. */
static chx_status
add_variant(chx__variants *of, chx__lowered *lowered)
{
    chx__variant added = {.lowered = lowered,
                          .n_recasts = lowered->n_recasts,
                          .n_evictions = of->runtime->n_evictions,
                          .fits = true,
                          .n_changes = UNKNOWN,
                          .n_changes_left = UNKNOWN};
    chx_status status = chx__cast_copy(&added.cast, &lowered->cast);
    if (status) {
        variant_finish(&added);
        return status;
    }
    uint32_t at = 0;
    while (at + 1 < CHX__N_VARIANTS && of->list[at].lowered)
        at++;
    variant_finish(&of->list[at]);
    of->list[at] = added;
    move_to_front(of, at);
    return CHX_OK;
}

/* Whether devices of the plan are gone. */
static bool
is_void(const chx__variants *of, const chx__lowered *lowered)
{
    return lowered->fleet_generation != of->runtime->fleet.generation;
}

static void
forget_void(chx__variants *of)
{
    for (uint32_t i = CHX__N_VARIANTS; i-- > 0;)
        if (of->list[i].lowered && is_void(of, of->list[i].lowered))
            forget_variant(of, i);
}

/* Whether it is time to look at what costs are now. */
static bool
is_due(chx__variants *of)
{
    if (of->n_shifts != of->runtime->n_shifts && of->n_submits >= of->next_choice) {
        of->n_shifts = of->runtime->n_shifts;
        return true;
    }
    if (of->n_submits < of->next_review)
        return false;
    of->next_review = of->n_submits + of->review_interval;
    if (of->review_interval < LONGEST_REVIEW_INTERVAL)
        of->review_interval *= 2;
    return true;
}

/* Gives the variant's parts to the buffers that the graph names now, if they can play them. */
static chx_status
recast(const chx__variants *of, chx__variant *due)
{
    chx__lowered *lowered = due->lowered;
    if (due->n_recasts == of->graph->n_recasts)
        return CHX_OK;
    chx_status status =
        lowered->division ? chx__division_recast(lowered->division, of->graph) : CHX_OK;
    if (status)
        return status;
    due->fits = chx__cast_assign(&due->cast, &lowered->flow, lowered->graph);
    status = due->fits ? chx__planner_cast(lowered, &due->cast) : CHX_OK;
    if (!status)
        due->n_recasts = of->graph->n_recasts;
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
suits(chx__variant *candidate)
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

/* Allocates the replicas that have made room for others'. Runs that end meanwhile may fail, and
 * then data lie elsewhere. */
static chx_status
bring_back(const chx__variants *of, chx__variant *due)
{
    if (due->n_evictions == of->runtime->n_evictions)
        return CHX_OK;
    chx_status status = chx__planner_cast(due->lowered, &due->cast);
    if (!status)
        due->n_evictions = of->runtime->n_evictions;
    return status;
}

/* Puts what suits before all others; false when none does. Making room may take so long that
 * devices go meanwhile. */
static chx_status
find_variant(chx__variants *of, bool *is_found)
{
    *is_found = false;
    for (uint32_t i = 0; i < CHX__N_VARIANTS && of->list[i].lowered; i++) {
        chx_status status = recast(of, &of->list[i]);
        if (status)
            return status;
        if (suits(&of->list[i])) {
            move_to_front(of, i);
            status = bring_back(of, &of->list[0]);
            *is_found = !status && !is_void(of, of->list[0].lowered) && suits(&of->list[0]);
            return status;
        }
    }
    return CHX_OK;
}

static void
forget_shares(chx__variants *of)
{
    for (uint32_t i = CHX__N_VARIANTS; i-- > 0;)
        if (of->list[i].lowered)
            forget_variant(of, i);
    chx__shares_finish(&of->shares);
}

/* The cut that the plan has is that of all variants from now on: between two of them data would
 * move to and fro. */
static chx_status
take_shares(chx__variants *of, const chx__shares *shares)
{
    if (chx__shares_equal(&of->shares, shares))
        return CHX_OK;
    forget_shares(of);
    return chx__shares_copy(&of->shares, shares);
}

static const chx__partials *
partials_of(const chx__variants *of)
{
    return of->lacks_partials ? NULL : &of->partials;
}

static chx_status
choose_first_shares(chx__variants *of)
{
    uint32_t generation = of->runtime->fleet.generation;
    chx__shares chosen = {0};
    of->lacks_partials &= of->shares_generation == generation;
    chx_status status = chx__planner_check_devices(of->graph);
    if (!status)
        status = chx__shares_choose(of->graph, partials_of(of), NULL, &chosen);
    if (generation != of->runtime->fleet.generation)
        status = CHX_OK;
    else if (!status)
        status = take_shares(of, &chosen);
    chx__shares_finish(&chosen);
    if (!status)
        of->shares_generation = generation;
    return status;
}

/* Shares of devices that are gone are none. Where devices come or go while shares are chosen, what
 * the choice comes to counts for nothing, errors included, and it is made again. */
static chx_status
settle_shares(chx__variants *of)
{
    chx_status status = CHX_OK;
    if (of->graph->is_divisible)
        status = chx__partials_provide(&of->partials, of->graph);
    while (!status && of->graph->is_divisible &&
           (!of->shares.of || of->shares_generation != of->runtime->fleet.generation))
        status = choose_first_shares(of);
    return status;
}

/* Takes the plan, in place of the one for the same whereabouts. What is known of the same builds
 * need not be measured anew. */
static chx_status
replace_variant(chx__variants *of, chx__lowered *made)
{
    chx_status status = take_shares(of, &made->shares);
    if (status) {
        chx__lowering_unref(made);
        return status;
    }
    for (uint32_t i = CHX__N_VARIANTS; i-- > 0;) {
        const chx__lowered *old = of->list[i].lowered;
        if (!old || !chx__digest_equal(old->entry, made->entry))
            continue;
        if (old->build_epoch == made->build_epoch) {
            made->n_runs_ended = old->n_runs_ended;
            made->n_runs_learnt = old->n_runs_learnt;
            if (old->fleet_generation == made->fleet_generation)
                memcpy(made->shifts, old->shifts,
                       made->model.machine.n_lanes * sizeof *made->shifts);
        }
        forget_variant(of, i);
    }
    return add_variant(of, made);
}

/* A refresh that failed changes nothing: what serves, serves on, and is not tried again before the
 * world changes once more. */
static chx_status
end_refresh(chx__variants *of)
{
    chx__lowered *made = NULL;
    if (chx__refresh_finish(&of->refresh, &made) != CHX_OK) {
        chx__log(&of->runtime->logger, CHX_LOG_WARNING, "a better plan cannot be made: %s",
                 chx_last_error()->message);
        for (uint32_t i = 0; i < CHX__N_VARIANTS && of->list[i].lowered; i++) {
            of->list[i].lowered->build_epoch = of->runtime->build_epoch;
            of->list[i].lowered->cost_epoch = of->runtime->cost_epoch;
        }
    }
    of->n_vain = made ? 0 : of->n_vain + 1;
    return made ? replace_variant(of, made) : CHX_OK;
}

/* Whether pieces stay on devices that have some already, for which nothing is to be built. */
static bool
are_among(const chx__shares *shares, const chx__shares *present)
{
    bool are = shares->n_devices == present->n_devices;
    for (uint32_t d = 0; are && d < shares->n_devices; d++)
        are = shares->of[d] <= 0.0 || present->of[d] > 0.0;
    return are;
}

/* Whether a run with the old shares costs more than to wait for a plan with the new ones. */
static bool
is_urgent(const chx__variants *of, const chx__shares *shares)
{
    const chx__lowered *first = of->list[0].lowered;
    return first->build_epoch == of->runtime->build_epoch && are_among(shares, &of->shares) &&
           !chx__shares_equal(shares, &of->shares) &&
           WAITING_FACTOR * first->planning_ns <= first->makespan_ns;
}

/* Makes a better plan: by and by, unless it is waited for, or there is no thread for it or the
 * world never stands still for long enough. */
static chx_status
refresh(chx__variants *of, const chx__shares *shares, bool is_awaited)
{
    if (!of->runtime->serial && of->n_vain < MOST_IN_VAIN && !is_awaited)
        of->refresh = chx__refresh_start(of->graph, shares, of->algorithm);
    if (of->refresh)
        return CHX_OK;
    chx__lowered *made = NULL;
    of->n_vain = 0;
    chx_status status = chx__planner_make(of->graph, shares, of->algorithm, &made);
    return made ? replace_variant(of, made) : status;
}

/* Whether it is time to ask for better shares: with each review, and when costs have moved, unless
 * asking would take more than its part of the time. */
static bool
is_choice_due(const chx__variants *of, bool is_review)
{
    bool has_moved = of->choice_epoch != of->runtime->cost_epoch;
    return of->graph->is_divisible &&
           (is_review || (has_moved && of->n_submits >= of->next_choice));
}

static chx_status
choose_shares(chx__variants *of, chx__shares *shares)
{
    uint64_t begin_ns = chx__now_ns();
    chx_status status = chx__shares_choose(of->graph, partials_of(of), &of->shares, shares);
    double took_ns = (double)(chx__now_ns() - begin_ns);
    of->next_choice = of->n_submits + (uint64_t)(CHOICE_FACTOR * took_ns /
                                                 (1.0 + of->list[0].lowered->makespan_ns));
    of->choice_epoch = of->runtime->cost_epoch;
    return status;
}

/* The first variant suits. It is outdated where a program of it is to be replaced by a better
 * build, and, as reviews find, where costs have moved that made it or its cut is good no more. */
static chx_status
renew(chx__variants *of)
{
    if (of->refresh)
        return CHX_OK;
    const chx__lowered *first = of->list[0].lowered;
    bool has_moved = first->cost_epoch != of->runtime->cost_epoch;
    bool has_shifted = of->n_shifts != of->runtime->n_shifts;
    bool is_review = (has_moved || of->graph->is_divisible) && is_due(of);
    bool is_outdated = first->build_epoch != of->runtime->build_epoch || (is_review && has_moved);
    bool is_choice = is_choice_due(of, is_review);
    if (!is_outdated && !is_choice)
        return CHX_OK;
    chx__shares shares = {0};
    chx_status status =
        is_choice ? choose_shares(of, &shares) : chx__shares_copy(&shares, &of->shares);
    if (is_void(of, first))
        status = CHX_OK;
    else if (!status && (is_outdated || !chx__shares_equal(&shares, &of->shares)))
        status = refresh(of, &shares, has_shifted && is_urgent(of, &shares));
    chx__shares_finish(&shares);
    return status;
}

/* What suited may suit no more where the turn was given up to look for better shares. */
static bool
serves(chx__variants *of)
{
    chx__variant *first = &of->list[0];
    return !is_void(of, first->lowered) && first->n_evictions == of->runtime->n_evictions &&
           suits(first);
}

static chx_status
plan(chx__variants *of)
{
    chx__lowered *made = NULL;
    chx_status status = CHX_OK;
    while (!status && !made) {
        status = settle_shares(of);
        if (!status)
            status = chx__planner_make(of->graph, &of->shares, of->algorithm, &made);
    }
    return status ? status : add_variant(of, made);
}

static chx_status
choose(chx__variants *of)
{
    bool is_found = true;
    chx_status status = chx__rebuild_suspects(of->runtime);
    if (!status)
        status = settle_shares(of);
    if (!status && of->refresh && chx__refresh_is_done(of->refresh))
        status = end_refresh(of);
    while (!status) {
        forget_void(of);
        status = find_variant(of, &is_found);
        if (status || !is_found)
            return status ? status : plan(of);
        status = renew(of);
        if (!status && serves(of))
            return CHX_OK;
    }
    return status;
}

/* Where memory is short, what reduces stays whole until devices come or go. Whether that is
 * something to try. */
static bool
does_without_partials(chx__variants *of)
{
    chx__lowered *unwanted = NULL;
    if (of->lacks_partials || of->partials.n == 0)
        return false;
    if (of->refresh)
        chx__refresh_finish(&of->refresh, &unwanted);
    chx__lowering_unref(unwanted);
    forget_shares(of);
    of->lacks_partials = true;
    of->shares_generation = of->runtime->fleet.generation;
    return true;
}

void
chx__variants_await(chx__variants *of)
{
    of->n_choosers++;
    while (of->is_choosing)
        chx__wait_change(of->runtime, UINT64_MAX);
    of->n_choosers--;
}

/* Whoever repeats the plan's runs, and whoever submits one, choose one after the other. */
chx_status
chx__variants_choose(chx__variants *of)
{
    chx__variants_await(of);
    of->is_choosing = true;
    chx_status status;
    do {
        status = choose(of);
    } while (status == CHX_ERROR_DEVICE_MEMORY && does_without_partials(of));
    of->is_choosing = false;
    if (of->n_choosers > 0)
        pthread_cond_broadcast(&of->runtime->changed);
    return status;
}

chx_status
chx__variants_choose_with_room(chx__variants *of)
{
    chx_status status;
    do {
        chx__wait_for_room(of->runtime);
        status = chx__variants_choose(of);
    } while (!status && of->runtime->flight.n_runs == CHX__FLIGHT_SLOTS);
    return status;
}

chx_status
chx__variants_start(const chx__variants *of, uint64_t deadline_ns, chx_run **run)
{
    const chx__variant *chosen = &of->list[0];
    uint64_t timeout_ns = deadline_ns;
    if (!timeout_ns)
        timeout_ns = DEADLINE_FLOOR_NS + (uint64_t)(DEADLINE_FACTOR * chosen->lowered->makespan_ns);
    return chx__run_create(of->runtime, chosen->lowered, &chosen->cast, timeout_ns, run);
}

/* A run that changes nothing in the maps of its buffers changes nothing the next time either,
 * unless somebody else does meanwhile: a replay need not promise task by task. */
chx_status
chx__variants_submit(chx__variants *of, chx_run *run)
{
    chx__variant *chosen = &of->list[0];
    assert(chosen->fits && chosen->lowered == run->lowered);
    uint64_t n_before = count_changes(&chosen->cast);
    run->leaves_as_is = chosen->n_changes_left == n_before;
    chx__evict_note_use(of->runtime, &chosen->cast);
    chx_status status = chx__driver_submit(run);
    uint64_t n_after = count_changes(&chosen->cast);
    chosen->n_changes_left = !status && n_after == n_before ? n_after : UNKNOWN;
    of->n_submits += !status;
    return status;
}

void
chx__variants_init(chx__variants *of, const chx_graph *graph, const chx__algorithm *algorithm)
{
    *of = (chx__variants){.runtime = graph->runtime,
                          .graph = graph,
                          .algorithm = algorithm,
                          .n_shifts = graph->runtime->n_shifts,
                          .review_interval = 1};
}

void
chx__variants_finish(chx__variants *of)
{
    chx__lowered *unused = NULL;
    if (of->refresh)
        chx__refresh_finish(&of->refresh, &unused);
    chx__lowering_unref(unused);
    for (uint32_t i = 0; i < CHX__N_VARIANTS; i++)
        variant_finish(&of->list[i]);
    chx__shares_finish(&of->shares);
    chx__partials_finish(&of->partials);
}
