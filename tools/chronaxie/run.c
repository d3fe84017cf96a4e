/* chronaxie run: simulates a network and tells what happened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "flight.h"
#include "interrupt.h"
#include "outcome.h"
#include "placement.h"
#include "progress.h"
#include "run_report.h"
#include "session.h"
#include "silence.h"
#include "states.h"
#include "stopwatch.h"
#include "tally.h"
#include "target.h"
#include "verification.h"

/* Launches joined into one run of the graph, and the most spikes a run must have room for. */
#define BATCHES_PER_RUN 64
#define MOST_NEURON_STEPS 16000000u
#define RUNS_IN_TRACE 2000
#define RUNS_IN_PICTURE 2

#define OWN_RULES 5

typedef struct run_job {
    session_params params;
    struct session session;
    chx_graph *graph;
    chx_plan *plan;
    struct flight flight;
    struct verification verification;
    states_params states_params;
    struct states states;
    tally_params tally_params;
    struct tally tally;
    const char *weights_path, *checkpoint_path, *resume_path;
    double checkpoint_every_s; /* 0: at the end only */
    uint64_t saved_ns; /* when the state was saved last, or the run began */
    enum stage stage; /* of what failed */
    uint64_t first_step, n_steps; /* of this run, which may go on from another */
    uint32_t steps_per_run;
    uint64_t steps_per_stretch; /* a run, or more where some are verified */
    double wall_s;
} run_job;

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

/* Lets a run of no steps deliver what was fired last, so that the state is whole. */
static chx_status
settle(run_job *job)
{
    chx_status status = chx_simulation_set_steps(job->session.simulation, 0);
    if (status == CHX_OK)
        status = flight_submit(&job->flight);
    return status == CHX_OK ? flight_drain(&job->flight) : status;
}

static chx_status
save(run_job *job)
{
    chx_status status = settle(job);
    if (status == CHX_OK) {
        status = chx_simulation_save(job->session.simulation, job->checkpoint_path);
        job->stage = status == CHX_OK ? job->stage : STAGE_OUTPUT;
    }
    job->saved_ns = stopwatch_now_ns();
    return status;
}

static double
time_ms(const run_job *job)
{
    return (double)chx_simulation_step(job->session.simulation) * job->session.info->time_step_ms;
}

/* Keeps the state for what is done twice from there on. */
static chx_status
keep(run_job *job)
{
    chx_status status = settle(job);
    if (status == CHX_OK)
        status = listen(job);
    return status == CHX_OK
               ? verification_keep(&job->verification, job->session.simulation, time_ms(job))
               : status;
}

/* How far the run has been submitted. */
static uint64_t
steps_done(const run_job *job)
{
    return chx_simulation_step(job->session.simulation) - job->first_step;
}

static bool
is_save_due(const run_job *job)
{
    return job->checkpoint_path && job->checkpoint_every_s > 0 &&
           stopwatch_seconds_since(job->saved_ns) >= job->checkpoint_every_s;
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
    bool has_moved = false;
    chx_status status = kept->state && kept->time_ms == time_ms(job) ? CHX_OK : keep(job);
    if (status == CHX_OK)
        status = submit(job, n_steps, true);
    if (status == CHX_OK)
        status = settle(job);
    if (status == CHX_OK)
        status =
            verification_settle(verification, job->session.simulation, n_steps, &right, &has_moved);
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
    if (status == CHX_OK && is_save_due(job))
        status = save(job);
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
    if (status == CHX_OK && !job->verification.kept.state && job->resume_path)
        status = chx_simulation_restore(session->simulation, job->resume_path);
    if (status == CHX_OK)
        status = verification_restore(&job->verification, session->simulation);
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

/* The steps of the run, and how long they take. */
static int
simulate(run_job *job)
{
    chx_status status = prepare(job);
    const uint64_t begin_ns = stopwatch_now_ns();
    job->saved_ns = begin_ns;
    /* What nothing has touched yet is whole as it is, and cannot be wrong. */
    if (status == CHX_OK && job->verification.share > 0)
        status = verification_keep(&job->verification, job->session.simulation, time_ms(job));
    progress_begin("steps", job->n_steps);
    const int code = advance_to_end(job, status);
    job->wall_s = stopwatch_seconds_since(begin_ns);
    progress_clear();
    return code;
}

/* After ^C: with --checkpoint the run can be gone on from. */
static int
stop(run_job *job)
{
    if (job->checkpoint_path && outcome_report(save(job), job->stage) == OUTCOME_OK)
        outcome_remark("%s has the state at %.6g ms; go on with --resume %s", job->checkpoint_path,
                       time_ms(job), job->checkpoint_path);
    return outcome_stopped();
}

static chx_status
write_weights(const run_job *job)
{
    const struct session *session = &job->session;
    float *weights = calloc((size_t)session->info->n_synapses + 1, sizeof *weights);
    chx_status status =
        weights ? chx_simulation_weights(session->simulation, weights) : CHX_ERROR_MEMORY;
    if (status == CHX_OK)
        status = chx_weights_write_csv(session->network, weights, job->weights_path);
    free(weights);
    return status;
}

/* What the run leaves. */
static chx_status
write_state(run_job *job)
{
    chx_status status = CHX_OK;
    if (job->checkpoint_path)
        status = save(job);
    else if (job->weights_path)
        status = settle(job);
    return status == CHX_OK && job->weights_path ? write_weights(job) : status;
}

/* Goes on from a saved state, of which the rest of the duration is left. */
static int
resume(run_job *job)
{
    chx_simulation *simulation = job->session.simulation;
    const double step_ms = job->session.info->time_step_ms;
    if (!job->resume_path)
        return OUTCOME_OK;
    const int code =
        outcome_report(chx_simulation_restore(simulation, job->resume_path), STAGE_INPUT);
    if (code != OUTCOME_OK)
        return code;
    job->first_step = chx_simulation_step(simulation);
    if (job->first_step >= job->n_steps)
        return outcome_say(
            OUTCOME_USAGE,
            "%s: was saved at %.6g ms, and the run ends at %.6g ms; ask for a longer "
            "--duration-ms",
            job->resume_path, (double)job->first_step * step_ms, (double)job->n_steps * step_ms);
    job->n_steps -= job->first_step;
    return OUTCOME_OK;
}

static int
create(run_job *job)
{
    const chx_status status = session_renew(&job->session, &job->params);
    /* A probe of what the models have not is the only argument that is not checked before. */
    if (status == CHX_ERROR_INVALID)
        return outcome_say(OUTCOME_USAGE, "%s", chx_last_error()->message);
    return outcome_report(status, STAGE_WORK);
}

static int
report(const run_job *job, bool as_json)
{
    const run_report of = {.info = job->session.info,
                           .flight = &job->flight,
                           .tally = &job->tally,
                           .verification = job->verification.share > 0 ? &job->verification : NULL,
                           .first_step = job->first_step,
                           .n_steps = job->n_steps,
                           .n_failures = verification_n_failures(&job->verification, &job->session),
                           .wall_s = job->wall_s};
    uint64_t digest;
    chx_status status = chx_simulation_digest(job->session.simulation, &digest);

    if (status != CHX_OK)
        return outcome_report(status, STAGE_WORK);
    if (!job->session.recording && job->first_step == 0)
        silence_remark(job->session.network, job->tally.n_spikes, run_report_ms(&of));
    return as_json ? run_report_json(&of, digest) : run_report_text(&of, digest);
}

static int
work(run_job *job, const shared_options *shared)
{
    session_params *params = &job->params;
    struct session *session = &job->session;
    int code = session_open(session, shared, params);

    if (code == OUTCOME_OK)
        placement_remark_on_strays(session->info);
    if (code == OUTCOME_OK && job->verification.share > 0)
        code = verification_begin(&job->verification, shared, params, session);
    if (code == OUTCOME_OK)
        code = states_open(&job->states, &job->states_params, session->network);
    params->simulation.probes = &job->states.probe;
    params->simulation.n_probes = job->states_params.path != NULL;
    if (code == OUTCOME_OK)
        code = create(job);
    if (code == OUTCOME_OK)
        code = states_begin(&job->states, &job->states_params, session->network);
    if (code != OUTCOME_OK)
        return code;
    if (params->duration_ms == 0)
        params->duration_ms = session_duration_ms(session, 0);
    job->n_steps = session_steps(session, params->duration_ms);
    code = resume(job);
    if (code == OUTCOME_OK)
        code = tally_begin(&job->tally, &job->tally_params, session->network, job->first_step);
    if (code != OUTCOME_OK)
        return code;
    job->steps_per_run = choose_steps_per_run(session->info, job->n_steps);
    job->steps_per_stretch = job->steps_per_run;
    if (job->verification.share > 0)
        job->steps_per_stretch = verification_stretch(job->n_steps, job->steps_per_run);
    code = simulate(job);
    if (interrupt_pending())
        return code == OUTCOME_OK ? stop(job) : code;
    if (code == OUTCOME_OK)
        code = tally_finish(&job->tally, job->first_step + job->n_steps);
    if (code == OUTCOME_OK && params->raster_path)
        code = outcome_report(chx_raster_write(session->runtime, session->network, job->tally.kept,
                                               job->tally.n_spikes, params->duration_ms, 1600, 1000,
                                               params->raster_path),
                              STAGE_OUTPUT);
    if (code == OUTCOME_OK)
        code = states_finish(&job->states);
    if (code == OUTCOME_OK)
        code = outcome_report(write_state(job), STAGE_OUTPUT);
    if (code == OUTCOME_OK)
        code = outcome_report(flight_write(&job->flight, params->trace_path, params->timeline_path),
                              STAGE_OUTPUT);
    return code == OUTCOME_OK ? report(job, shared->json) : code;
}

static int
run(const struct command *self, int argc, char **argv)
{
    shared_options shared = {0};
    run_job job = {.stage = STAGE_WORK};
    option_rule rules[SESSION_RULES + STATES_RULES + TALLY_RULES + VERIFICATION_RULES + OWN_RULES +
                      1] = {{.kind = OPTION_END}};
    const struct syntax syntax = {self, rules, &shared, NULL, &job.params.sources};
    int code;

    session_rules(&job.params, rules);
    states_rules(&job.states_params, rules + SESSION_RULES);
    const option_rule own[OWN_RULES] = {
        {OPTION_TEXT, 0, "weights", "FILE.csv",
         "write all synapses with the weights they have learnt", &job.weights_path, 0, 0, NULL},
        {OPTION_TEXT, 0, "checkpoint", "FILE", "save the state that the run ends in",
         &job.checkpoint_path, 0, 0, NULL},
        {OPTION_NUMBER, 0, "checkpoint-every-s", "S", "save it as often while the run goes on",
         &job.checkpoint_every_s, 1e-6, 1e9, NULL},
        {OPTION_TEXT, 0, "resume", "FILE", "go on from a saved state, up to the duration",
         &job.resume_path, 0, 0, NULL},
        {OPTION_FLAG, 0, "pin", NULL, "deal the parts to the devices in turn, without planning",
         &job.params.simulation.pin_partitions, 0, 0, NULL},
    };
    tally_rules(&job.tally_params, rules + SESSION_RULES + STATES_RULES);
    verification_rules(&job.verification, rules + SESSION_RULES + STATES_RULES + TALLY_RULES);
    memcpy(rules + SESSION_RULES + STATES_RULES + TALLY_RULES + VERIFICATION_RULES, own,
           sizeof own);
    if (!options_parse(&syntax, argc, argv, &code))
        return code;
    if (job.checkpoint_every_s > 0 && !job.checkpoint_path)
        return outcome_say(OUTCOME_USAGE, "--checkpoint-every-s has no file to save to; name one "
                                          "with --checkpoint");
    if (job.params.play_path && job.states_params.path)
        return outcome_say(OUTCOME_USAGE, "--play-spikes does not simulate, so there are no states "
                                          "to write; leave --states out");
    if (job.params.play_path && job.weights_path)
        return outcome_say(OUTCOME_USAGE, "--play-spikes does not simulate, so no weights are "
                                          "learnt; leave --weights out");
    if (job.params.play_path && (job.checkpoint_path || job.resume_path))
        return outcome_say(OUTCOME_USAGE,
                           "--play-spikes does not simulate, so there is no state to "
                           "save or go on from; leave --checkpoint and --resume out");
    if (job.params.play_path && job.verification.share > 0)
        return outcome_say(OUTCOME_USAGE, "--play-spikes does not simulate, so there is no work to "
                                          "do twice; leave --verify out");
    const struct target outputs[4] = {{"--states", job.states_params.path, ".csv", 1 << 20},
                                      {"--weights", job.weights_path, ".csv", 1 << 20},
                                      {"--checkpoint", job.checkpoint_path, NULL, 1 << 20},
                                      {"--rates", job.tally_params.rates_path, ".csv", 1 << 20}};
    job.tally_params.spikes_path = job.params.spikes_path;
    job.tally_params.keeps_spikes = job.params.raster_path != NULL;
    code = session_check_targets(&job.params, outputs);
    if (code == OUTCOME_OK)
        code = work(&job, &shared);
    if (!flight_finish(&job.flight))
        _exit(code);
    chx_plan_destroy(&job.plan);
    chx_graph_destroy(&job.graph);
    states_close(&job.states);
    tally_close(&job.tally);
    verification_close(&job.verification);
    session_close(&job.session);
    return code;
}

const struct command command_run = {
    .name = "run",
    .operand = "NETWORK...",
    .summary = "Simulate a network and tell what fired",
    .details =
        "NETWORK is a folder with a network.json; a table of connections, such as a .csv, which\n"
        "a layout places; or cells, each at its own coordinates: .swc or .swc.gz files,\n"
        "or a folder of them. The digest depends on every spike and on "
        "nothing\n"
        "else: it is the same on any device, split or number of parts.",
    .example = "  chronaxie run examples/celegans --spikes spikes.csv --raster raster.png\n",
    .run = run,
};
