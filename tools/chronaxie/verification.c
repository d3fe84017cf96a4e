/* Devices are told apart by a runtime for each: one that may use all, with all others excluded,
 * since parts of a device cannot be chosen otherwise. Those runtimes are cheap, because a device is
 * opened at its first use. What has to settle a difference is always made from nothing, tables and
 * programs too, so that a bit that stays wrong in a device's memory is no excuse for it. */
#include "verification.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "outcome.h"
#include "result.h"

#define EXCLUDE_TIMEOUT_NS 10000000000u

/* To compare costs as much as some runs of small networks. */
#define MOST_RUNS 16
#define STRETCHES 64 /* or more, where the run is long enough for more runs in each */

void
verification_rules(struct verification *verification, option_rule *rules)
{
    rules[0] =
        (option_rule){OPTION_NUMBER,
                      0,
                      "verify",
                      "R",
                      "do a share of the work twice on unlike devices, and compare; 1 is all",
                      &verification->share,
                      1e-6,
                      1,
                      NULL};
}

/* A device that was unfit when the suspects were listed may seem fit now; it is excluded like all
 * others. */
static chx_status
open_on(const struct verification *verification, uint32_t suspect, chx_runtime **runtime)
{
    const chx_runtime_params params = options_runtime_params(verification->shared);
    chx_status status = chx_runtime_create(runtime, &params);
    for (uint32_t d = 0; status == CHX_OK && d < chx_runtime_n_devices(*runtime); d++)
        if (d != verification->suspects[suspect].index)
            status = chx_runtime_exclude(*runtime, d, "--verify uses one device here",
                                         EXCLUDE_TIMEOUT_NS);
    if (status != CHX_OK)
        chx_runtime_destroy(runtime);
    return status;
}

/* How unlike the devices are. */
static int
distance(const struct suspect *one, const struct suspect *two)
{
    return strcmp(one->platform, two->platform) != 0 ? 2 : one->parent != two->parent;
}

/* Of the devices that are left but two: the least like the first, and of several the fastest; the
 * first itself when there is none. */
static uint32_t
choose(const struct verification *verification, uint32_t first, uint32_t second)
{
    const struct suspect *all = verification->suspects;
    uint32_t best = first;
    for (uint32_t i = 0; i < verification->n_suspects; i++) {
        if (all[i].is_out || i == first || i == second)
            continue;
        const int more = distance(&all[i], &all[first]) - distance(&all[best], &all[first]);
        if (best == first || more > 0 || (more == 0 && all[i].speed > all[best].speed))
            best = i;
    }
    return best;
}

static chx_status
advance(void *data, struct twin *twin, uint64_t n_steps)
{
    (void)data;
    return chx_simulation_advance(twin->session.simulation, n_steps);
}

static const struct verified_work simulating = {.go_on = advance};

static void
close_session(struct verification *verification, struct session *session)
{
    verification->n_failures += chx_runtime_n_recoveries(session->runtime);
    chx_simulation_destroy(&session->simulation);
    chx_runtime_destroy(&session->runtime);
}

/* Ends what the twin works with, and its simulation; what cannot be ended is left alone. */
static void
drop_work(const struct verification *verification, struct twin *twin)
{
    const struct verified_work *work = &verification->work;
    if (work->end && !work->end(twin)) {
        twin->session.simulation = NULL;
        twin->session.runtime = NULL;
    }
    frames_clear(&twin->frames);
    chx_simulation_destroy(&twin->session.simulation);
    twin->n_done = 0;
}

static void
close_twin(struct verification *verification, struct twin *twin)
{
    drop_work(verification, twin);
    close_session(verification, &twin->session);
}

static void
choose_other(struct verification *verification)
{
    const uint32_t own = verification->own;
    verification->is_level = false;
    close_twin(verification, &verification->again);
    verification->other = choose(verification, own, own);
    if (verification->other == own)
        outcome_remark(
            "--verify has only %s, and does the work twice on that, which finds only "
            "what it does not repeat; more devices may be had by --device all or --split",
            verification->suspects[own].name);
}

static bool
list_suspects(struct verification *verification, const chx_runtime *runtime)
{
    const uint32_t n_devices = chx_runtime_n_devices(runtime);
    verification->suspects = calloc((size_t)n_devices + 1, sizeof *verification->suspects);
    if (!verification->suspects)
        return false;
    for (uint32_t d = 0; d < n_devices; d++) {
        chx_device_info info;
        if (chx_runtime_device(runtime, d, &info) != CHX_OK || !info.selected || info.excluded)
            continue;
        struct suspect *suspect = &verification->suspects[verification->n_suspects++];
        *suspect = (struct suspect){.index = d, .parent = info.parent, .speed = info.giga_ops};
        snprintf(suspect->name, sizeof suspect->name, "%s", info.name);
        snprintf(suspect->platform, sizeof suspect->platform, "%s", info.platform);
    }
    return true;
}

int
verification_begin(struct verification *verification, const shared_options *shared,
                   const session_params *params, struct session *session)
{
    verification->shared = shared;
    verification->params = params;
    if (!list_suspects(verification, session->runtime))
        return outcome_say(OUTCOME_MEMORY, "no memory for a list of devices");
    verification->work = simulating;
    verification->again.session = (struct session){
        .network = session->network, .info = session->info, .recording = session->recording};
    for (uint32_t i = 1; i < verification->n_suspects; i++)
        if (verification->suspects[i].speed > verification->suspects[verification->own].speed)
            verification->own = i;
    choose_other(verification);
    return outcome_report(verification_reopen(verification, session), STAGE_WORK);
}

chx_status
verification_reopen(struct verification *verification, struct session *session)
{
    close_session(verification, session);
    return open_on(verification, verification->own, &session->runtime);
}

void
verification_turn_to(struct verification *verification, const struct verified_work *work)
{
    drop_work(verification, &verification->again);
    verification->work = work ? *work : simulating;
    verification->is_level = false;
    verification->n_repeated = 0;
}

uint64_t
verification_stretch(uint64_t n_steps, uint32_t steps_per_run)
{
    const uint64_t n_runs = n_steps / steps_per_run / STRETCHES;
    return steps_per_run * (n_runs < 1 ? 1 : n_runs > MOST_RUNS ? MOST_RUNS : n_runs);
}

bool
verification_is_due(struct verification *verification)
{
    const double before = ceil((double)verification->n_stretches++ * verification->share);
    const bool is_due = ceil((double)verification->n_stretches * verification->share) > before;
    /* A stretch that was begun and not settled has led away from what is kept. */
    verification->is_level = verification->is_level && is_due && verification->n_repeated == 0;
    verification->n_repeated = 0;
    return is_due;
}

static chx_status
take_account(const struct verification *verification, const struct session *session,
             struct frames *frames, struct account *account)
{
    const bool has_probe = verification->params->simulation.n_probes > 0;
    return account_take(account, session, frames, has_probe);
}

static chx_status
settle_twin(const struct verification *verification, struct twin *twin)
{
    const struct verified_work *work = &verification->work;
    return work->settle ? work->settle(work->data, twin) : CHX_OK;
}

static void
take_state(struct verification *verification, void **state, size_t size_bytes, double time_ms)
{
    free(verification->kept.state);
    verification->kept = (struct kept){*state, size_bytes, time_ms};
    *state = NULL;
}

chx_status
verification_keep(struct verification *verification, const struct session *own, double time_ms)
{
    void *state = NULL;
    size_t size_bytes = 0;
    chx_status status = CHX_OK;
    if (!own->recording)
        status = chx_simulation_save_memory(own->simulation, &state, &size_bytes);
    if (status == CHX_OK)
        take_state(verification, &state, size_bytes, time_ms);
    verification->is_level = false;
    return status;
}

/* Plays a recording up to where it is gone on from; the spikes until then are known. */
static chx_status
play_until(struct session *session, double time_ms)
{
    chx_spike *spikes = NULL;
    size_t n_spikes;
    chx_status status = session_go(session, session_steps(session, time_ms));
    if (status == CHX_OK)
        status = chx_simulation_take_spikes(session->simulation, &spikes, &n_spikes);
    free(spikes);
    return status;
}

chx_status
verification_restore(const struct verification *verification, struct session *own)
{
    const struct kept *kept = &verification->kept;
    if (own->recording)
        return play_until(own, kept->time_ms);
    return kept->state
               ? chx_simulation_restore_memory(own->simulation, kept->state, kept->size_bytes)
               : CHX_OK;
}

/* Takes a twin that may be new to what was kept. */
static chx_status
begin_stretch(const struct verification *verification, struct twin *twin)
{
    struct session *session = &twin->session;
    chx_status status = CHX_OK;
    if (session->simulation && session->recording)
        drop_work(verification, twin);
    else if (session->simulation)
        status = settle_twin(verification, twin);
    frames_clear(&twin->frames);
    twin->n_done = 0;
    if (status == CHX_OK && !session->simulation)
        status = session_renew(session, verification->params);
    return status == CHX_OK ? verification_restore(verification, session) : status;
}

/* Goes on in a session that may be new from where it is, or else from what was kept. */
static chx_status
repeat_on(const struct verification *verification, uint32_t suspect, struct twin *twin,
          bool is_level, uint64_t n)
{
    const struct verified_work *work = &verification->work;
    chx_status status = CHX_OK;
    if (!twin->session.runtime)
        status = open_on(verification, suspect, &twin->session.runtime);
    if (status == CHX_OK && !is_level)
        status = begin_stretch(verification, twin);
    if (status == CHX_OK)
        status = work->go_on(work->data, twin, n);
    twin->n_done += n;
    return status;
}

static bool
is_of_device(const chx_error *error)
{
    return error->status == CHX_ERROR_DEVICE || error->status == CHX_ERROR_DEVICE_MEMORY ||
           error->status == CHX_ERROR_TIMEOUT;
}

/* Leaves the other device out after a failure that it has not recovered from. */
static bool
find_other(struct verification *verification, chx_status status)
{
    const chx_error *error = chx_last_error();
    if (error->status != status || !is_of_device(error) || interrupt_pending() ||
        verification->other == verification->own)
        return false;
    outcome_remark("%s; verifying without that device", error->message);
    verification->suspects[verification->other].is_out = true;
    choose_other(verification);
    return true;
}

chx_status
verification_repeat(struct verification *verification, uint64_t n)
{
    chx_status status;
    verification->n_repeated += n;
    do {
        const bool is_level = verification->is_level;
        status = repeat_on(verification, verification->other, &verification->again, is_level,
                           is_level ? n : verification->n_repeated);
        verification->is_level = status == CHX_OK;
    } while (status != CHX_OK && find_other(verification, status));
    return status;
}

/* Waits for the other device to end a stretch, which a failure gives to another one. */
static chx_status
end_repeating(struct verification *verification)
{
    struct twin *again = &verification->again;
    chx_status status = settle_twin(verification, again);
    while (status != CHX_OK && find_other(verification, status)) {
        status =
            repeat_on(verification, verification->other, again, false, verification->n_repeated);
        if (status == CHX_OK)
            status = settle_twin(verification, again);
    }
    return status;
}

/* A stretch about which two accounts differ, and who made them. */
struct dispute {
    struct verification *verification;
    uint64_t n; /* units */
    double end_ms;
    struct account own;
    uint32_t liar; /* n_suspects while nobody can tell; of one device, the device */
    bool is_own_right;
};

/* Makes one more account, from nothing. */
static chx_status
ask(const struct dispute *dispute, uint32_t suspect, struct account *account)
{
    struct verification *verification = dispute->verification;
    const struct session *again = &verification->again.session;
    struct twin twin = {
        .session = {.network = again->network, .info = again->info, .recording = again->recording}};
    chx_status status = repeat_on(verification, suspect, &twin, false, dispute->n);
    if (status == CHX_OK)
        status = settle_twin(verification, &twin);
    if (status == CHX_OK)
        status = take_account(verification, &twin.session, &twin.frames, account);
    close_twin(verification, &twin);
    return status;
}

/* The one that a third agrees with is right. */
static chx_status
ask_third(struct dispute *dispute, uint32_t third)
{
    const struct verification *verification = dispute->verification;
    struct account account = {0};
    const chx_status status = ask(dispute, third, &account);
    if (status == CHX_OK && account_agrees(&account, &dispute->own)) {
        dispute->is_own_right = true;
        dispute->liar = verification->other;
    } else if (status == CHX_OK && account_agrees(&account, &verification->repeated)) {
        dispute->liar = verification->own;
    }
    account_clear(&account);
    return status;
}

/* A device that does not repeat its own account is wrong, when the other does. */
static chx_status
ask_both(struct dispute *dispute)
{
    const struct verification *verification = dispute->verification;
    struct account own = {0}, other = {0};
    chx_status status = ask(dispute, verification->own, &own);
    if (status == CHX_OK)
        status = ask(dispute, verification->other, &other);
    const bool own_repeats = account_agrees(&own, &dispute->own);
    if (status == CHX_OK && own_repeats != account_agrees(&other, &verification->repeated)) {
        dispute->is_own_right = own_repeats;
        dispute->liar = own_repeats ? verification->other : verification->own;
    }
    account_clear(&own);
    account_clear(&other);
    return status;
}

/* What was done, and when in the network. */
struct deed {
    const char *verb;
    char times[48];
};

static struct deed
name_deed(const struct dispute *dispute)
{
    const struct verification *verification = dispute->verification;
    const double begin_ms = verification->kept.time_ms;
    const bool is_drawn = account_computes_like(&dispute->own, &verification->repeated);
    struct deed deed = {.verb = is_drawn ? "drew" : "computed"};
    if (dispute->end_ms > begin_ms)
        snprintf(deed.times, sizeof deed.times, "%.6g to %.6g ms", begin_ms, dispute->end_ms);
    else
        snprintf(deed.times, sizeof deed.times, "%.6g ms", begin_ms);
    return deed;
}

static void
tell_undecided(const struct dispute *dispute)
{
    struct verification *verification = dispute->verification;
    chx_error *error = &verification->undecided;
    const char *own = verification->suspects[verification->own].name;
    const char *other = verification->suspects[verification->other].name;
    const struct deed deed = name_deed(dispute);
    error->status = CHX_ERROR_DEVICE;
    if (verification->own == verification->other)
        snprintf(error->message, sizeof error->message,
                 "%s %s %s three times, each time differently", own, deed.verb, deed.times);
    else
        snprintf(error->message, sizeof error->message,
                 "%s and %s %s %s differently, and nobody can tell which of them is right; name a "
                 "third device with --device",
                 own, other, deed.verb, deed.times);
}

/* Leaves the liar out while another remains. */
static void
convict(const struct dispute *dispute)
{
    struct verification *verification = dispute->verification;
    struct suspect *liar = &verification->suspects[dispute->liar];
    const struct deed deed = name_deed(dispute);
    if (verification->own == verification->other) {
        outcome_remark("%s %s %s wrongly once, and twice alike; going on with that", liar->name,
                       deed.verb, deed.times);
        return;
    }
    outcome_remark("%s %s %s wrongly; going on without that device", liar->name, deed.verb,
                   deed.times);
    liar->is_out = true;
    if (dispute->liar == verification->own)
        verification->own = verification->other;
    choose_other(verification);
}

static chx_status
settle(struct dispute *dispute)
{
    struct verification *verification = dispute->verification;
    const uint32_t third = choose(verification, verification->own, verification->other);
    const bool are_two = verification->own != verification->other && third == verification->own;
    const chx_status status = are_two ? ask_both(dispute) : ask_third(dispute, third);
    verification->n_differences++;
    if (status == CHX_OK && dispute->liar == verification->n_suspects)
        tell_undecided(dispute);
    else if (status == CHX_OK)
        convict(dispute);
    return status == CHX_OK ? verification->undecided.status : status;
}

/* What two devices agree on, or most of three, counts. */
static void
take_right(const struct dispute *dispute, struct account *from, struct account *right)
{
    *right = *from;
    *from = (struct account){0};
    take_state(dispute->verification, &right->state, right->size_bytes, dispute->end_ms);
}

chx_status
verification_settle(struct verification *verification, const struct session *own,
                    struct frames *frames, double end_ms, struct account *right, bool *has_moved)
{
    struct dispute dispute = {.verification = verification,
                              .n = verification->n_repeated,
                              .end_ms = end_ms,
                              .liar = verification->n_suspects,
                              .is_own_right = true};
    struct twin *again = &verification->again;
    chx_status status = end_repeating(verification);
    if (status == CHX_OK)
        status = take_account(verification, own, frames, &dispute.own);
    if (status == CHX_OK)
        status =
            take_account(verification, &again->session, &again->frames, &verification->repeated);
    again->n_done = 0;
    verification->n_checked++;
    verification->n_repeated = 0;
    verification->is_level =
        status == CHX_OK && account_agrees(&dispute.own, &verification->repeated);
    if (status == CHX_OK && !verification->is_level) {
        dispute.is_own_right = false;
        status = settle(&dispute);
    }
    if (status == CHX_OK)
        take_right(&dispute, dispute.is_own_right ? &dispute.own : &verification->repeated, right);
    *has_moved = status == CHX_OK && !dispute.is_own_right;
    account_clear(&dispute.own);
    return status;
}

bool
verification_does_without(struct verification *verification, const chx_error *error)
{
    const uint32_t own = verification->own;
    if (verification->share == 0 || !is_of_device(error) || interrupt_pending() ||
        choose(verification, own, own) == own)
        return false;
    outcome_remark("%s; going on from %.6g ms without that device", error->message,
                   verification->kept.time_ms);
    verification->n_failures++;
    verification->suspects[own].is_out = true;
    verification->own = choose(verification, own, own);
    choose_other(verification);
    return true;
}

uint64_t
verification_n_failures(const struct verification *verification, const struct session *session)
{
    return verification->n_failures + chx_runtime_n_recoveries(session->runtime) +
           chx_runtime_n_recoveries(verification->again.session.runtime);
}

json_t *
verification_json(const struct verification *verification)
{
    json_t *left_out = json_array();
    for (uint32_t i = 0; i < verification->n_suspects; i++)
        if (verification->suspects[i].is_out)
            json_array_append_new(left_out, json_string(verification->suspects[i].name));
    return json_pack("{s:f, s:I, s:I, s:I, s:o}", "share", verification->share, "stretches",
                     (json_int_t)verification->n_stretches, "checked",
                     (json_int_t)verification->n_checked, "differences",
                     (json_int_t)verification->n_differences, "left_out", left_out);
}

void
verification_print(const struct verification *verification)
{
    const uint64_t n = verification->n_stretches, n_differences = verification->n_differences;
    printf("verified %llu of %llu stretch%s, %llu difference%s\n",
           (unsigned long long)verification->n_checked, (unsigned long long)n, n == 1 ? "" : "es",
           (unsigned long long)n_differences, result_plural(n_differences));
    for (uint32_t i = 0; i < verification->n_suspects; i++)
        if (verification->suspects[i].is_out)
            printf("left out: %s\n", verification->suspects[i].name);
}

void
verification_close(struct verification *verification)
{
    account_clear(&verification->repeated);
    close_twin(verification, &verification->again);
    free(verification->kept.state);
    verification->kept.state = NULL;
    free(verification->suspects);
    verification->suspects = NULL;
}
