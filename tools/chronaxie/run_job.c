/* Runs of the graph follow one another without a wait, and what they bring is taken as it comes.
 * The plan goes on by itself when a device fails (chx_plan_params.recovers). What is verified
 * stands on one device, which the plan cannot leave out: then the run is put on another, and back
 * to the state that is kept for what is done twice. */
#include "run_job.h"

#include "interrupt.h"
#include "outcome.h"
#include "progress.h"
#include "stopwatch.h"

/* Launches joined into one run of the graph, and the most spikes a run must have room for. */
#define BATCHES_PER_RUN 64
#define MOST_NEURON_STEPS 16000000u
#define RUNS_IN_TRACE 2000
#define RUNS_IN_PICTURE 2

static uint32_t
choose_steps_per_run(const chx_network_info *info, uint64_t n_steps)
{
    double batch = info->min_delay_ms / info->time_step_ms;
    double steps = BATCHES_PER_RUN * (batch < 1 ? 1 : batch);
    double most = (double)MOST_NEURON_STEPS / (info->n_neurons ? info->n_neurons : 1);

    steps = steps > most ? most : steps;
    steps = steps < batch ? batch : steps;
    steps = steps > (double)n_steps ? (double)n_steps : steps;
    return steps < 1 ? 1 : (uint32_t)steps;
}

static chx_status
prepare(run_job *job)
{
    struct session *session = &job->session;
    const chx_plan_params params = session_plan_params(session);
    chx_status status = chx_graph_create(session->runtime, &job->graph);

    if (status == CHX_OK)
        status = chx_simulation_build(session->simulation, job->graph, job->steps_per_run);
    if (status == CHX_OK)
        status = chx_plan_create(job->graph, &params, &job->plan);
    job->flight.plan = job->plan;
    job->flight.trace.n = RUNS_IN_TRACE;
    /* The second run shows the steady state; with a single run there is only the first. */
    job->flight.picture.first = job->n_steps > job->steps_per_run ? 1 : 0;
    job->flight.picture.n = RUNS_IN_PICTURE;
    return status;
}

/* Takes what runs that ended have left. */
static chx_status
listen(run_job *job)
{
    chx_status status = states_write(&job->states, job->session.simulation);
    return status == CHX_OK ? tally_take(&job->tally, job->session.simulation) : status;
}

chx_status
run_job_settle(run_job *job)
{
    chx_status status = chx_simulation_set_steps(job->session.simulation, 0);
    if (status == CHX_OK)
        status = flight_submit(&job->flight);
    return status == CHX_OK ? flight_drain(&job->flight) : status;
}

chx_status
run_job_save(run_job *job)
{
    chx_status status = run_job_settle(job);
    if (status == CHX_OK) {
        status = checkpoint_save(&job->checkpoint, job->session.simulation);
        job->stage = status == CHX_OK ? job->stage : STAGE_OUTPUT;
    }
    return status;
}

double
run_job_ms(const run_job *job)
{
    return (double)chx_simulation_step(job->session.simulation) * job->session.info->time_step_ms;
}

/* Keeps the state for what is done twice from there on. */
static chx_status
keep(run_job *job)
{
    chx_status status = run_job_settle(job);
    if (status == CHX_OK)
        status = listen(job);
    return status == CHX_OK ? verification_keep(&job->verification, &job->session, run_job_ms(job))
                            : status;
}

/* How far the run has been submitted. */
static uint64_t
steps_done(const run_job *job)
{
    return chx_simulation_step(job->session.simulation) - job->first_step;
}

/* Submits runs of so many steps in all, and has another device do the same meanwhile. */
static chx_status
submit(run_job *job, uint64_t n_steps, bool is_twice)
{
    chx_status status = CHX_OK;
    for (uint64_t left = n_steps; status == CHX_OK && left > 0;) {
        const uint32_t steps = left < job->steps_per_run ? (uint32_t)left : job->steps_per_run;
        status = chx_simulation_set_steps(job->session.simulation, steps);
        if (status == CHX_OK)
            status = flight_submit(&job->flight);
        if (status == CHX_OK && is_twice)
            status = verification_repeat(&job->verification, steps);
        left -= steps;
    }
    return status;
}

static chx_status rebuild(run_job *job);

/* What two devices agree on, or most of three, counts; the run goes on from it. */
static chx_status
go_on_from(run_job *job, struct account *right, bool has_moved)
{
    chx_status status = tally_add(&job->tally, right->spikes, right->n_spikes);
    if (status == CHX_OK)
        status = states_add(&job->states, &right->trace);
    return status == CHX_OK && has_moved ? rebuild(job) : status;
}

/* Advances on two devices side by side, from a state that is kept until they are compared. */
static chx_status
advance_twice(run_job *job, uint64_t n_steps)
{
    struct verification *verification = &job->verification;
    const struct kept *kept = &verification->kept;
    struct account right = {0};
    struct frames none = {0};
    bool has_moved = false;
    chx_status status = kept->state && kept->time_ms == run_job_ms(job) ? CHX_OK : keep(job);
    if (status == CHX_OK)
        status = submit(job, n_steps, true);
    if (status == CHX_OK)
        status = run_job_settle(job);
    if (status == CHX_OK)
        status = verification_settle(verification, &job->session, &none, run_job_ms(job), &right,
                                     &has_moved);
    if (status == CHX_OK)
        status = go_on_from(job, &right, has_moved);
    account_clear(&right);
    return status;
}

static chx_status
advance_once(run_job *job, uint64_t left)
{
    const uint64_t n_steps = left < job->steps_per_stretch ? left : job->steps_per_stretch;
    const bool is_checked = job->verification.share > 0 && verification_is_due(&job->verification);
    chx_status status = is_checked ? advance_twice(job, n_steps) : submit(job, n_steps, false);
    if (status == CHX_OK && checkpoint_is_due(&job->checkpoint))
        status = run_job_save(job);
    if (status == CHX_OK)
        status = listen(job);
    return status;
}

static chx_status
advance(run_job *job)
{
    chx_status status = CHX_OK;
    while (status == CHX_OK && steps_done(job) < job->n_steps && !interrupt_pending()) {
        status = advance_once(job, job->n_steps - steps_done(job));
        progress_show(steps_done(job));
    }
    if (status == CHX_OK)
        status = flight_drain(&job->flight);
    return status == CHX_OK ? listen(job) : status;
}

/* Puts a run that is verified on another device, and back to the state that was kept. */
static chx_status
rebuild(run_job *job)
{
    struct session *session = &job->session;
    job->stage = STAGE_WORK;
    chx_plan_destroy(&job->plan);
    chx_graph_destroy(&job->graph);
    chx_status status = verification_reopen(&job->verification, session);
    if (status == CHX_OK)
        status = session_renew(session, &job->params);
    if (status == CHX_OK && !job->verification.kept.state && job->checkpoint.resume_path)
        status = chx_simulation_restore(session->simulation, job->checkpoint.resume_path);
    if (status == CHX_OK)
        status = verification_restore(&job->verification, session);
    return status == CHX_OK ? prepare(job) : status;
}

/* A run that is verified goes on without the device that it stands on, when that fails. */
static int
advance_to_end(run_job *job, chx_status status)
{
    chx_error told;
    if (status == CHX_OK)
        status = advance(job);
    while (status != CHX_OK) {
        flight_fail(&job->flight, status, &told);
        if (job->verification.undecided.status != CHX_OK)
            return outcome_report_error(&job->verification.undecided, STAGE_WORK);
        if (job->flight.is_stuck || !verification_does_without(&job->verification, &told))
            return outcome_report_error(&told, job->stage);
        status = rebuild(job);
        if (status == CHX_OK)
            status = advance(job);
    }
    return OUTCOME_OK;
}

int
run_job_simulate(run_job *job)
{
    job->steps_per_run = choose_steps_per_run(job->session.info, job->n_steps);
    job->steps_per_stretch = job->steps_per_run;
    if (job->verification.share > 0)
        job->steps_per_stretch = verification_stretch(job->n_steps, job->steps_per_run);
    chx_status status = prepare(job);
    const uint64_t begin_ns = stopwatch_now_ns();
    job->checkpoint.saved_ns = begin_ns;
    /* What nothing has touched yet is whole as it is, and cannot be wrong. */
    if (status == CHX_OK && job->verification.share > 0)
        status = verification_keep(&job->verification, &job->session, run_job_ms(job));
    progress_begin("steps", job->n_steps);
    const int code = advance_to_end(job, status);
    job->wall_s = stopwatch_seconds_since(begin_ns);
    progress_clear();
    return code;
}
