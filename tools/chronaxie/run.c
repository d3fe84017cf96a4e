/* chronaxie run: simulates a network and tells what happened. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "interrupt.h"
#include "placement.h"
#include "run_job.h"
#include "run_report.h"
#include "silence.h"
#include "target.h"

/* Where whose option rules stand. */
enum {
    STATES_AT = SESSION_RULES,
    TALLY_AT = STATES_AT + STATES_RULES,
    VERIFICATION_AT = TALLY_AT + TALLY_RULES,
    CHECKPOINT_AT = VERIFICATION_AT + VERIFICATION_RULES,
    OWN_AT = CHECKPOINT_AT + CHECKPOINT_RULES,
    OWN_RULES = 2,
    N_RULES = OWN_AT + OWN_RULES,
};

/* After ^C: with --checkpoint the run can be gone on from. */
static int
stop(run_job *job)
{
    const char *path = job->checkpoint.path;
    if (path && outcome_report(run_job_save(job), job->stage) == OUTCOME_OK)
        outcome_remark("%s has the state at %.6g ms; go on with --resume %s", path, run_job_ms(job),
                       path);
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
    if (job->checkpoint.path)
        status = run_job_save(job);
    else if (job->weights_path)
        status = run_job_settle(job);
    return status == CHX_OK && job->weights_path ? write_weights(job) : status;
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
                           .wall_s = job->wall_s,
                           .shows_timeline = job->params.timeline_path != NULL};
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
    code = checkpoint_resume(&job->checkpoint, session->simulation, session->info->time_step_ms,
                             job->n_steps);
    job->first_step = chx_simulation_step(session->simulation);
    job->n_steps -= job->first_step;
    if (code == OUTCOME_OK)
        code = tally_begin(&job->tally, &job->tally_params, session->network, job->first_step);
    if (code != OUTCOME_OK)
        return code;
    code = run_job_simulate(job);
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

static void
list_rules(run_job *job, option_rule *rules)
{
    const option_rule own[OWN_RULES] = {
        {OPTION_TEXT, 0, "weights", "FILE.csv",
         "write all synapses with the weights they have learnt", &job->weights_path, 0, 0, NULL},
        {OPTION_FLAG, 0, "pin", NULL, "deal the parts to the devices in turn, without planning",
         &job->params.simulation.pin_partitions, 0, 0, NULL},
    };
    session_rules(&job->params, rules);
    states_rules(&job->states_params, rules + STATES_AT);
    tally_rules(&job->tally_params, rules + TALLY_AT);
    verification_rules(&job->verification, rules + VERIFICATION_AT);
    checkpoint_rules(&job->checkpoint, rules + CHECKPOINT_AT);
    memcpy(rules + OWN_AT, own, sizeof own);
}

/* What means nothing together. */
static int
check_words(const run_job *job)
{
    const bool is_played = job->params.play_path != NULL;
    if (is_played && job->states_params.path)
        return outcome_say(OUTCOME_USAGE, "--play-spikes does not simulate, so there are no states "
                                          "to write; leave --states out");
    if (is_played && job->weights_path)
        return outcome_say(OUTCOME_USAGE, "--play-spikes does not simulate, so no weights are "
                                          "learnt; leave --weights out");
    if (is_played && job->verification.share > 0)
        return outcome_say(OUTCOME_USAGE, "--play-spikes does not simulate, so there is no work to "
                                          "do twice; leave --verify out");
    return checkpoint_check(&job->checkpoint, is_played);
}

static int
run(const struct command *self, int argc, char **argv)
{
    shared_options shared = {0};
    run_job job = {.stage = STAGE_WORK};
    option_rule rules[N_RULES + 1] = {{.kind = OPTION_END}};
    const struct syntax syntax = {self, rules, &shared, NULL, &job.params.sources};
    int code;

    list_rules(&job, rules);
    if (!options_parse(&syntax, argc, argv, &code))
        return code;
    code = check_words(&job);
    if (code != OUTCOME_OK)
        return code;
    const struct target outputs[4] = {{"--states", job.states_params.path, ".csv", 1 << 20},
                                      {"--weights", job.weights_path, ".csv", 1 << 20},
                                      {"--checkpoint", job.checkpoint.path, NULL, 1 << 20},
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
