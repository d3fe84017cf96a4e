/* Two renderings are alive while a stretch is drawn twice: the command's own, and its twin, which
 * has scenes, a graph and a plan on another device and shares nothing with it but the network. Each
 * gathers its frames in a list, on a thread of its runtime; a list is looked at only when nothing
 * is under way. */
#include "redrawing.h"

#include <stdlib.h>

#include "interrupt.h"
#include "outcome.h"
#include "run_job.h"

static double
now_ms(const struct session *session)
{
    return (double)chx_simulation_step(session->simulation) * session->info->time_step_ms;
}

/* Takes what a run job has come to, whose simulation was built into its graph. */
static chx_status
take_over(struct rendering *rendering, run_job *job)
{
    struct verification *verification = &job->verification;
    chx_status status = run_job_settle(job);
    if (status == CHX_OK)
        status = tally_take(&job->tally, job->session.simulation);
    if (status == CHX_OK)
        status = verification_keep(verification, &job->session, run_job_ms(job));
    if (status == CHX_OK && !rendering_add_spikes(rendering, job->tally.kept, job->tally.n_spikes))
        status = CHX_ERROR_MEMORY;
    chx_plan_destroy(&job->plan);
    chx_graph_destroy(&job->graph);
    if (status == CHX_OK)
        status = session_renew(&job->session, &job->params);
    return status == CHX_OK ? verification_restore(verification, &job->session) : status;
}

/* What `chronaxie run` does. */
int
redrawing_simulate(struct rendering *rendering, uint64_t n_steps)
{
    const tally_params wanted = {.keeps_spikes = true};
    run_job job = {.params = rendering->params,
                   .session = rendering->session,
                   .verification = rendering->verification,
                   .stage = STAGE_WORK,
                   .n_steps = n_steps};
    job.first_step = chx_simulation_step(job.session.simulation);
    verification_turn_to(&job.verification, NULL);
    int code = tally_begin(&job.tally, &wanted, job.session.network, job.first_step);
    if (code == OUTCOME_OK)
        code = run_job_simulate(&job);
    if (code == OUTCOME_OK)
        code = outcome_report(take_over(rendering, &job), STAGE_WORK);
    rendering->flight.is_stuck = !flight_finish(&job.flight);
    if (!rendering->flight.is_stuck) {
        chx_plan_destroy(&job.plan);
        chx_graph_destroy(&job.graph);
    }
    tally_close(&job.tally);
    rendering->session = job.session;
    rendering->verification = job.verification;
    return code == OUTCOME_OK && interrupt_pending() ? outcome_stopped() : code;
}

/* What was asked for, with nothing alive. */
static struct rendering *
make_twin(const struct rendering *rendering, struct twin *twin)
{
    struct rendering *again = malloc(sizeof *again);
    if (!again)
        return NULL;
    *again = *rendering;
    again->session = twin->session;
    for (uint32_t m = 0; m < MOST_MOMENTS; m++)
        again->moments[m].scene = NULL;
    again->graph = NULL;
    again->plan = NULL;
    again->flight = (struct flight){0};
    again->gathered = &twin->frames;
    return again;
}

static chx_status
go_on(void *data, struct twin *twin, uint64_t n)
{
    const struct rendering *rendering = data;
    struct rendering *again = twin->data;
    const uint64_t end = rendering->begun_frame + twin->n_done + n;
    chx_status status = CHX_OK;
    if (!again) {
        twin->data = again = make_twin(rendering, twin);
        status = again ? rendering_stage(again) : CHX_ERROR_MEMORY;
    }
    for (uint64_t f = end - n; status == CHX_OK && f < end; f += again->n_moments) {
        const uint64_t left = end - f;
        const uint32_t most = again->n_moments;
        status = again->submit(again, f, left < most ? (uint32_t)left : most);
    }
    return status;
}

static chx_status
settle_one(struct rendering *rendering)
{
    const chx_status status = rendering->submit(rendering, 0, 0);
    return status == CHX_OK ? flight_drain(&rendering->flight) : status;
}

static chx_status
settle(void *data, struct twin *twin)
{
    (void)data;
    return twin->data ? settle_one(twin->data) : CHX_OK;
}

static bool
end(struct twin *twin)
{
    struct rendering *again = twin->data;
    twin->data = NULL;
    if (!again)
        return true;
    if (!flight_finish(&again->flight))
        return false;
    rendering_strike(again);
    free(again);
    return true;
}

chx_status
redrawing_begin(struct rendering *rendering)
{
    const struct verified_work work = {
        .data = rendering, .go_on = go_on, .settle = settle, .end = end};
    verification_turn_to(&rendering->verification, &work);
    return verification_keep(&rendering->verification, &rendering->session,
                             now_ms(&rendering->session));
}

/* Keeps the state before a frame. */
static chx_status
keep(struct rendering *rendering, uint64_t frame)
{
    chx_status status = settle_one(rendering);
    if (status == CHX_OK)
        status = rendering_take_spikes(rendering);
    if (status == CHX_OK)
        status = verification_keep(&rendering->verification, &rendering->session,
                                   now_ms(&rendering->session));
    if (status == CHX_OK)
        rendering->begun_frame = frame;
    return status;
}

/* Draws on both devices side by side. */
static chx_status
submit_twice(struct rendering *rendering, uint64_t first, uint32_t n)
{
    chx_status status = CHX_OK;
    for (uint32_t i = 0; status == CHX_OK && i < n; i += rendering->n_moments) {
        const uint32_t left = n - i, most = rendering->n_moments;
        const uint32_t now = left < most ? left : most;
        status = rendering->submit(rendering, first + i, now);
        if (status == CHX_OK)
            status = verification_repeat(&rendering->verification, now);
    }
    return status == CHX_OK ? settle_one(rendering) : status;
}

static chx_status
keep_right(struct rendering *rendering, const struct account *right, uint32_t n)
{
    const struct frames *frames = &right->frames;
    const size_t frame_bytes = frames->size_bytes / n;
    chx_status status =
        rendering_add_spikes(rendering, right->spikes, right->n_spikes) ? CHX_OK : CHX_ERROR_MEMORY;
    for (uint32_t i = 0; status == CHX_OK && i < n; i++)
        status = rendering_keep_frame(rendering, frames->bytes + i * frame_bytes, frame_bytes);
    return status;
}

chx_status
redrawing_draw(struct rendering *rendering, uint64_t first, uint32_t n)
{
    struct verification *verification = &rendering->verification;
    struct frames frames = {0};
    struct account right = {0};
    bool has_moved = false;
    chx_status status = rendering->begun_frame == first ? CHX_OK : keep(rendering, first);
    rendering->gathered = &frames;
    if (status == CHX_OK)
        status = submit_twice(rendering, first, n);
    if (status == CHX_OK)
        status = verification_settle(verification, &rendering->session, &frames,
                                     now_ms(&rendering->session), &right, &has_moved);
    if (status != CHX_OK)
        flight_drain(&rendering->flight);
    rendering->gathered = NULL;
    if (status == CHX_OK) {
        rendering->begun_frame = first + n;
        status = keep_right(rendering, &right, n);
    }
    if (status == CHX_OK && has_moved)
        status = redrawing_rebuild(rendering);
    frames_clear(&frames);
    account_clear(&right);
    return status;
}

chx_status
redrawing_rebuild(struct rendering *rendering)
{
    struct session *session = &rendering->session;
    rendering_strike(rendering);
    rendering->next_frame = rendering->begun_frame;
    chx_status status = verification_reopen(&rendering->verification, session);
    if (status == CHX_OK)
        status = session_renew(session, &rendering->params);
    if (status == CHX_OK)
        status = verification_restore(&rendering->verification, session);
    return status == CHX_OK ? rendering_stage(rendering) : status;
}
