/* A checkpoint: the state of a run in a file, from which another process goes on. */
#ifndef CHRONAXIE_CHECKPOINT_H
#define CHRONAXIE_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include <chronaxie/chronaxie.h>

#include "options.h"

struct checkpoint {
    const char *path, *resume_path; /* NULL when not asked for */
    double every_s; /* 0: at the end only */
    uint64_t saved_ns; /* when the state was saved last, or the run began */
};

/* --checkpoint, --checkpoint-every-s and --resume. */
#define CHECKPOINT_RULES 3
void checkpoint_rules(struct checkpoint *checkpoint, option_rule *rules);

/* Checks what was asked for of a run that simulates, or plays a recording. Says what is wrong;
 * returns the exit code. */
int checkpoint_check(const struct checkpoint *checkpoint, bool is_played);

/* Goes on from a saved state, if one was named, which must not be beyond n_steps: a run that ended
 * before it had told what happened stands there. Says what fails; returns the exit code. */
int checkpoint_resume(const struct checkpoint *checkpoint, chx_simulation *simulation,
                      double time_step_ms, uint64_t n_steps);

/* Whether to save while the run goes on. */
bool checkpoint_is_due(const struct checkpoint *checkpoint);

/* Saves the state of a simulation that is not under way. */
chx_status checkpoint_save(struct checkpoint *checkpoint, chx_simulation *simulation);

#endif
