/* The file does not depend on devices or partitions, so those of the other process may be others.
 */
#include "checkpoint.h"

#include <string.h>

#include "outcome.h"
#include "stopwatch.h"

void
checkpoint_rules(struct checkpoint *checkpoint, option_rule *rules)
{
    const option_rule table[CHECKPOINT_RULES] = {
        {OPTION_TEXT, 0, "checkpoint", "FILE", "save what is needed to go on later",
         &checkpoint->path, 0, 0, NULL},
        {OPTION_NUMBER, 0, "checkpoint-every-s", "S", "save it as often while the work goes on",
         &checkpoint->every_s, 1e-6, 1e9, NULL},
        {OPTION_TEXT, 0, "resume", "FILE", "go on from what was saved, up to the duration",
         &checkpoint->resume_path, 0, 0, NULL},
    };
    memcpy(rules, table, sizeof table);
}

int
checkpoint_check(const struct checkpoint *checkpoint, bool is_played)
{
    if (checkpoint->every_s > 0 && !checkpoint->path)
        return outcome_say(OUTCOME_USAGE, "--checkpoint-every-s has no file to save to; name one "
                                          "with --checkpoint");
    if (is_played && (checkpoint->path || checkpoint->resume_path))
        return outcome_say(OUTCOME_USAGE,
                           "--play-spikes does not simulate, so there is no state to "
                           "save or go on from; leave --checkpoint and --resume out");
    return OUTCOME_OK;
}

int
checkpoint_resume(const struct checkpoint *checkpoint, chx_simulation *simulation,
                  double time_step_ms, uint64_t n_steps)
{
    const char *path = checkpoint->resume_path;
    if (!path)
        return OUTCOME_OK;
    const int code = outcome_report(chx_simulation_restore(simulation, path), STAGE_INPUT);
    const uint64_t step = chx_simulation_step(simulation);
    if (code == OUTCOME_OK && step > n_steps)
        return outcome_say(
            OUTCOME_USAGE,
            "%s: was saved at %.6g ms, and the run ends at %.6g ms; ask for a longer "
            "--duration-ms",
            path, (double)step * time_step_ms, (double)n_steps * time_step_ms);
    return code;
}

bool
checkpoint_is_due(const struct checkpoint *checkpoint)
{
    return checkpoint->path && checkpoint->every_s > 0 &&
           stopwatch_seconds_since(checkpoint->saved_ns) >= checkpoint->every_s;
}

chx_status
checkpoint_save(struct checkpoint *checkpoint, chx_simulation *simulation)
{
    const chx_status status = chx_simulation_save(simulation, checkpoint->path);
    checkpoint->saved_ns = stopwatch_now_ns();
    return status;
}
