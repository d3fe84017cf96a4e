/* A session: a network, the devices opened for it, and a simulation of it. */
#ifndef CHRONAXIE_SESSION_H
#define CHRONAXIE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <chronaxie/chronaxie.h>

#include "options.h"
#include "target.h"

/* What the commands that simulate can be asked for. */
typedef struct session_params {
    operand_list sources; /* what the network is loaded from (source.h) */
    const char *unit; /* of SWC files, NULL for um */
    const char *neurons; /* a table of the neurons of a table of connections, or NULL */
    double duration_ms; /* network time; 0 takes the network's own */
    chx_simulation_params simulation;
    const char *play_path; /* recorded spikes to play instead of simulating, NULL to simulate */
    const char *spikes_path; /* outputs, NULL when not wanted */
    const char *raster_path;
    const char *trace_path;
    const char *timeline_path;
} session_params;

struct session {
    chx_network *network;
    const chx_network_info *info; /* synapses only once somebody has asked for them */
    chx_recording *recording; /* NULL when the network is simulated */
    chx_runtime *runtime;
    chx_simulation *simulation;
};

/* The option rules of session_params, SESSION_RULES of them, written to rules[]. */
#define SESSION_RULES 10
void session_rules(session_params *params, option_rule *rules);

/* Checks the outputs that are asked for and a command's own, see target_check(); none may be one of
 * the inputs. */
int session_check_targets(const session_params *params, const struct target own[4]);

/* Loads the network and opens the runtime. Says what fails; returns the exit code. */
int session_open(struct session *session, const shared_options *shared,
                 const session_params *params);

/* For plans that recover: where another device can go on, one that hangs is not waited for as long
 * as usual. */
chx_plan_params session_plan_params(const struct session *session);

/* Makes the simulation at step 0, instead of an earlier one. */
chx_status session_renew(struct session *session, const session_params *params);

/* Advances the simulation without drawing; an interrupt ends it early, within about 0.2 s. */
chx_status session_go(struct session *session, uint64_t n_steps);

/* How long a run lasts when nobody says: the network's own duration, or what was recorded and, so
 * that its last light is seen, `light_ms` more. */
double session_duration_ms(const struct session *session, double light_ms);

/* Steps until a time, rounded to the nearest. */
uint64_t session_steps(const struct session *session, double time_ms);

/* Writes spikes as CSV and as a plot over duration_ms, where asked for. */
int session_write_spikes(const struct session *session, const session_params *params,
                         const chx_spike *spikes, size_t n_spikes, double duration_ms);

/* Closes everything; accepts a half-open session. */
void session_close(struct session *session);

#endif
