/* Options and steps that run, render and moment share. Cheap failures come first: the network is
 * read and checked, then the recording, before any device is opened. Remarks of readers are told
 * as notes and change no exit code. */
#include "session.h"

#include <math.h>
#include <string.h>

#include "interrupt.h"
#include "outcome.h"
#include "placement.h"
#include "source.h"
#include "stopwatch.h"

#define LONGEST_MS 1e9
#define DEADLINE_NS 15000000000u

void
session_rules(session_params *params, option_rule *rules)
{
    const option_rule table[SESSION_RULES] = {
        {OPTION_NUMBER, 't', "duration-ms", "MS", "network time; default: the network's own",
         &params->duration_ms, 1e-3, LONGEST_MS, NULL},
        {OPTION_SEED, 0, "seed", "N", "random seed; default: the network's own",
         &params->simulation.seed, 0, 0, &params->simulation.has_seed},
        {OPTION_UINT, 0, "partitions", "N", "cut the network into N parts; default: automatic",
         &params->simulation.n_partitions, 1, 64, NULL},
        {OPTION_TEXT, 0, "play-spikes", "FILE",
         "take recorded spikes (neuron, time_ms) instead of simulating", &params->play_path, 0, 0,
         NULL},
        {OPTION_TEXT, 0, "unit", "UNIT", "of the lengths in SWC files: um (default), nm or 8nm",
         &params->unit, 0, 0, NULL},
        {OPTION_TEXT, 0, "neurons", "TABLE", "where the neurons of a table of connections are",
         &params->neurons, 0, 0, NULL},
        {OPTION_TEXT, 0, "spikes", "FILE.csv", "write the spikes", &params->spikes_path, 0, 0,
         NULL},
        {OPTION_TEXT, 0, "raster", "FILE.png", "draw the spikes, neurons against time",
         &params->raster_path, 0, 0, NULL},
        {OPTION_TEXT, 0, "trace", "FILE.json", "write what ran where, for Perfetto or Chrome",
         &params->trace_path, 0, 0, NULL},
        {OPTION_TEXT, 0, "timeline", "FILE.svg",
         "draw what ran where for a few runs; as a page for FILE.html", &params->timeline_path, 0,
         0, NULL},
    };
    memcpy(rules, table, sizeof table);
}

/* Tells of spikes, which are in order of time, that come after what is asked for. */
static void
remark_on_late_spikes(const struct session *session, const session_params *params)
{
    const chx_recording_info *recording = chx_recording_get(session->recording);
    const uint64_t n_steps = session_steps(session, params->duration_ms);
    uint64_t n_late = 0;

    while (params->duration_ms > 0 && n_late < recording->n_spikes &&
           recording->spikes[recording->n_spikes - 1 - n_late].step >= n_steps)
        n_late++;
    if (n_late > 0)
        outcome_remark("%s: %llu of %llu spikes come after the %g ms of --duration-ms and are left "
                       "out",
                       params->play_path, (unsigned long long)n_late,
                       (unsigned long long)recording->n_spikes, params->duration_ms);
}

/* No neuron fires twice in a step: such spikes stand twice in the file, or in another unit. */
static void
remark_on_equal_spikes(const struct session *session, const session_params *params)
{
    const chx_recording_info *recording = chx_recording_get(session->recording);
    const chx_spike *spikes = recording->spikes;
    uint64_t n_equal = 0;

    for (uint64_t i = 1; i < recording->n_spikes; i++)
        n_equal += spikes[i].step == spikes[i - 1].step && spikes[i].neuron == spikes[i - 1].neuron;
    if (n_equal > 0)
        outcome_remark("%s: %llu of %llu spikes fall into one step of %g ms with another of their "
                       "neuron; check that they stand there once, and in milliseconds",
                       params->play_path, (unsigned long long)n_equal,
                       (unsigned long long)recording->n_spikes, session->info->time_step_ms);
}

static void
remark_on_recording(const struct session *session, const session_params *params)
{
    const chx_recording_info *recording = chx_recording_get(session->recording);

    if (recording->remark)
        outcome_remark("%s", recording->remark);
    if (recording->n_spikes == 0)
        outcome_remark("%s:1: holds no spikes, so nothing lights up", params->play_path);
    remark_on_equal_spikes(session, params);
    remark_on_late_spikes(session, params);
}

/* Loads the spikes to play, if any. */
static int
open_recording(struct session *session, const session_params *params)
{
    chx_status status;

    if (!params->play_path)
        return OUTCOME_OK;
    if (params->simulation.has_seed || params->simulation.n_partitions)
        return outcome_say(OUTCOME_USAGE, "--play-spikes does not simulate, so --seed and "
                                          "--partitions mean nothing; leave them out");
    interrupt_ends_at_once(true);
    status = chx_recording_load(params->play_path, session->network, &session->recording);
    interrupt_ends_at_once(false);
    if (status != CHX_OK)
        return outcome_report(status, STAGE_INPUT);
    remark_on_recording(session, params);
    return OUTCOME_OK;
}

int
session_check_targets(const session_params *params, const struct target own[4])
{
    const struct target targets[] = {own[0],
                                     own[1],
                                     own[2],
                                     own[3],
                                     {"--spikes", params->spikes_path, ".csv", 1 << 20},
                                     {"--raster", params->raster_path, ".png", 1 << 20},
                                     {"--trace", params->trace_path, ".json", 1 << 20},
                                     {"--timeline", params->timeline_path, ".svg .html", 1 << 20}};
    const int n = sizeof targets / sizeof targets[0];
    int code = target_check(targets, n);
    if (code == OUTCOME_OK)
        code = target_check_input(targets, n, params->play_path);
    if (code == OUTCOME_OK)
        code = target_check_input(targets, n, params->neurons);
    for (int i = 0; code == OUTCOME_OK && i < params->sources.n; i++)
        code = target_check_input(targets, n, params->sources.words[i]);
    return code;
}

int
session_open(struct session *session, const shared_options *shared, const session_params *params)
{
    chx_runtime_params runtime_params = options_runtime_params(shared);
    const source_words words = {.operands = &params->sources,
                                .unit = params->unit,
                                .neurons = params->neurons,
                                .is_played = params->play_path != NULL};
    int code = source_load(&words, &session->network);

    if (code != OUTCOME_OK)
        return code;
    session->info = chx_network_outline(session->network);
    for (uint32_t i = 0; i < session->info->n_remarks; i++)
        outcome_remark("%s", session->info->remarks[i]);
    placement_remark(session->info);
    code = open_recording(session, params);
    if (code != OUTCOME_OK)
        return code;
    return outcome_report(chx_runtime_create(&session->runtime, &runtime_params), STAGE_WORK);
}

chx_plan_params
session_plan_params(const struct session *session)
{
    uint32_t n_usable = 0;
    chx_device_info info;
    for (uint32_t d = 0; d < chx_runtime_n_devices(session->runtime); d++)
        if (chx_runtime_device(session->runtime, d, &info) == CHX_OK)
            n_usable += info.selected && !info.excluded;
    return (chx_plan_params){.deadline_ns = n_usable > 1 ? DEADLINE_NS : 0, .recovers = true};
}

chx_status
session_renew(struct session *session, const session_params *params)
{
    chx_simulation_params simulation = params->simulation;

    simulation.recording = session->recording;
    simulation.plan = session_plan_params(session);
    chx_simulation_destroy(&session->simulation);
    return chx_simulation_create(session->runtime, session->network, &simulation,
                                 &session->simulation);
}

chx_status
session_go(struct session *session, uint64_t n_steps)
{
    uint64_t slice = 16;
    chx_status status = CHX_OK;

    while (n_steps > 0 && status == CHX_OK && !interrupt_pending()) {
        uint64_t begin_ns = stopwatch_now_ns();
        uint64_t now = slice < n_steps ? slice : n_steps;
        status = chx_simulation_advance(session->simulation, now);
        n_steps -= now;
        if (stopwatch_seconds_since(begin_ns) < 0.1)
            slice *= 2;
    }
    return status;
}

double
session_duration_ms(const struct session *session, double light_ms)
{
    double recorded_ms = session->recording ? chx_recording_get(session->recording)->end_ms : 0;

    return recorded_ms > 0 ? recorded_ms + light_ms : session->info->duration_ms;
}

uint64_t
session_steps(const struct session *session, double time_ms)
{
    return (uint64_t)llround(time_ms / session->info->time_step_ms);
}

int
session_write_spikes(const struct session *session, const session_params *params,
                     const chx_spike *spikes, size_t n_spikes, double duration_ms)
{
    chx_status status = CHX_OK;

    if (params->spikes_path)
        status = chx_spikes_write_csv(session->network, spikes, n_spikes, params->spikes_path);
    if (status == CHX_OK && params->raster_path)
        status = chx_raster_write(session->runtime, session->network, spikes, n_spikes, duration_ms,
                                  1600, 1000, params->raster_path);
    return outcome_report(status, STAGE_OUTPUT);
}

void
session_close(struct session *session)
{
    chx_simulation_destroy(&session->simulation);
    chx_runtime_destroy(&session->runtime);
    chx_recording_destroy(&session->recording);
    chx_network_destroy(&session->network);
}
