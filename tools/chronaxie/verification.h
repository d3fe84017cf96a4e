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

#include "account.h"
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

/* Who does the work again on another device. */
struct twin {
    struct session session; /* its network and recording are borrowed */
    struct frames frames; /* that it has drawn of a stretch */
    uint64_t n_done; /* of that */
    void *data; /* the work's */
};

/* How work is done, in units such as steps. */
struct verified_work {
    void *data; /* of the functions */

    /* Does n more units of a stretch; the simulation stands where the first n_done ended. */
    chx_status (*go_on)(void *data, struct twin *twin, uint64_t n);

    /* Waits for what is under way, so that state and frames are whole; may be NULL. */
    chx_status (*settle)(void *data, struct twin *twin);

    /* Releases what it has made for itself, before the simulation goes. False when that is still
     * under way after a signal and must be left alone, with the simulation. May be NULL. */
    bool (*end)(struct twin *twin);
};

/* What stretches are repeated from. */
struct kept {
    void *state; /* NULL before the first, for what the run began with, and of recordings */
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
    struct verified_work work;
    struct twin again; /* on the other */
    bool is_level; /* that one stands where it has to go on */
    uint64_t n_repeated; /* units of a stretch */
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

/* Does other work from now on; what was made for the last is released. The work begins with that of
 * a simulation, in steps. */
void verification_turn_to(struct verification *verification, const struct verified_work *work);

/* Steps of a stretch: whole runs of the graph, the more the longer it goes on. */
uint64_t verification_stretch(uint64_t n_steps, uint32_t steps_per_run);

/* Counts a stretch; whether it is to be done twice: the first, and from there on evenly so many. */
bool verification_is_due(struct verification *verification);

/* Keeps the state of the run, which stands at that time with nothing under way. */
chx_status verification_keep(struct verification *verification, const struct session *own,
                             double time_ms);

/* Takes a session whose simulation is new to that state, if any, and to that time of a recording.
 */
chx_status verification_restore(const struct verification *verification, struct session *own);

/* Does some units of a stretch again, the first from the state that is kept, while the run does
 * them too. */
chx_status verification_repeat(struct verification *verification, uint64_t n);

/* After that, and when the run has come to the same end, of that time: compares, has more accounts
 * made from the state that is kept where they differ, and leaves the right one in *right, to be
 * cleared by the caller. Its state is kept from now on. Takes the frames of the run's own device.
 * Sets *has_moved when that was wrong: the run is then to be put on another by
 * verification_reopen(), and to go on from there. */
chx_status verification_settle(struct verification *verification, const struct session *own,
                               struct frames *frames, double end_ms, struct account *right,
                               bool *has_moved);

/* After a failure that the run's device has not recovered from: chooses another, and says so. False
 * where there is none, where the failure is not a device's, or where nothing is verified. */
bool verification_does_without(struct verification *verification, const chx_error *error);

/* Opens the runtime of the run's device in place of an earlier one. */
chx_status verification_reopen(struct verification *verification, struct session *session);

/* Failures of devices that the run, its session and what was done again have survived. */
uint64_t verification_n_failures(const struct verification *verification,
                                 const struct session *session);

/* For the summary. */
json_t *verification_json(const struct verification *verification);
void verification_print(const struct verification *verification);

/* Accepts all zeroes. */
void verification_close(struct verification *verification);

#endif
