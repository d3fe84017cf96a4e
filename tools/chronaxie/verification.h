/* A verification: a share of the work done twice, on unlike devices, and compared.
 *
 * A device may leave out a kernel or turn a bit and say that all is well. So the run stands on one
 * device, is cut into stretches, and a share of them is done once more from the same state by
 * another, of another driver where there is one. Where the two give different accounts a third
 * settles it, and the device that was wrong is left out. With one device the work is done twice on
 * that, which finds only what it does not repeat. */
#ifndef CHRONAXIE_VERIFICATION_H
#define CHRONAXIE_VERIFICATION_H

#include <stdbool.h>
#include <stdint.h>

#include <chronaxie/chronaxie.h>
#include <jansson.h>

#include "options.h"
#include "session.h"

/* One that the runtime may use. */
struct suspect {
    uint32_t index; /* the runtime's */
    uint32_t parent;
    char name[64], platform[64];
    double speed; /* 0 where it was not measured */
    bool is_out;
};

/* What a device says it has done in a stretch. */
struct account {
    void *state; /* at the end */
    size_t size_bytes;
    chx_spike *spikes;
    size_t n_spikes;
    chx_trace trace;
};

/* What stretches are repeated from. */
struct kept {
    void *state; /* NULL before the first, for what the run began with */
    size_t size_bytes;
    double time_ms; /* of the network */
};

struct verification {
    double share; /* of the stretches; 0 when nothing is verified, and nothing else is then used */
    const shared_options *shared;
    const session_params *params;
    struct suspect *suspects;
    uint32_t n_suspects;
    uint32_t own, other; /* of the run, and of what is done again */
    struct session again; /* on the other; its network is borrowed */
    bool is_level; /* that one stands where it has to go on */
    uint64_t n_repeated; /* steps of a stretch */
    struct account repeated; /* what came of that */
    struct kept kept;
    uint64_t n_stretches, n_checked, n_differences;
    uint64_t n_failures; /* of devices, by runtimes that are closed */
    chx_error undecided; /* when nobody can tell which device is right */
};

/* --verify. */
#define VERIFICATION_RULES 1
void verification_rules(struct verification *verification, option_rule *rules);

/* Puts the session on the fastest of its devices and chooses another for checks. Options and
 * parameters are borrowed. Says what fails; returns the exit code. */
int verification_begin(struct verification *verification, const shared_options *shared,
                       const session_params *params, struct session *session);

/* Steps of a stretch: whole runs of the graph, the more the longer it goes on. */
uint64_t verification_stretch(uint64_t n_steps, uint32_t steps_per_run);

/* Counts a stretch; whether it is to be done twice: the first, and from there on evenly so many. */
bool verification_is_due(struct verification *verification);

/* Keeps the state of the run, which stands at that time with nothing under way. */
chx_status verification_keep(struct verification *verification, chx_simulation *own,
                             double time_ms);

/* Takes a new simulation to that state, if any. */
chx_status verification_restore(const struct verification *verification, chx_simulation *own);

/* Does some steps of a stretch again, the first from the state that is kept, while the run does
 * them too. */
chx_status verification_repeat(struct verification *verification, uint64_t n_steps);

/* After that, and when the run has come to the same end: compares, has more accounts made from the
 * state that is kept where they differ, and leaves the right one in *right, to be cleared by the
 * caller. Its state, of that time, is kept from now on. Sets *has_moved when the run's own device
 * was wrong: the run is then to be put on another by verification_reopen(), and to go on from
 * there. */
chx_status verification_settle(struct verification *verification, chx_simulation *own,
                               uint64_t n_steps, struct account *right, bool *has_moved);

/* After a failure that the run's device has not recovered from: chooses another, and says so. False
 * where there is none, where the failure is not a device's, or where nothing is verified. */
bool verification_does_without(struct verification *verification, const chx_error *error);

/* Opens the runtime of the run's device in place of an earlier one. */
chx_status verification_reopen(struct verification *verification, struct session *session);

/* Failures of devices that the run, its session and what was done again have survived. */
uint64_t verification_n_failures(const struct verification *verification,
                                 const struct session *session);

void account_clear(struct account *account);

/* For the summary. */
json_t *verification_json(const struct verification *verification);
void verification_print(const struct verification *verification);

/* Accepts all zeroes. */
void verification_close(struct verification *verification);

#endif
