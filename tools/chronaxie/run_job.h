/* A run job: what `chronaxie run` is asked for, and all that is alive while it advances. */
#ifndef CHRONAXIE_RUN_JOB_H
#define CHRONAXIE_RUN_JOB_H

#include <chronaxie/chronaxie.h>

#include "checkpoint.h"
#include "flight.h"
#include "outcome.h"
#include "session.h"
#include "states.h"
#include "tally.h"
#include "verification.h"

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
    struct checkpoint checkpoint;
    const char *weights_path;
    enum stage stage; /* of what failed */
    uint64_t first_step, n_steps; /* of this run, which may go on from another */
    uint32_t steps_per_run;
    uint64_t steps_per_stretch; /* a run, or more where some are verified */
    double wall_s;
} run_job;

/* Network time that has been submitted. */
double run_job_ms(const run_job *job);

/* Advances a simulation that stands at first_step by n_steps, or until a signal. Says what fails;
 * returns the exit code. */
int run_job_simulate(run_job *job);

/* Lets a run of no steps deliver what was fired last, so that the state is whole. */
chx_status run_job_settle(run_job *job);

/* Does that, and saves the state to --checkpoint. */
chx_status run_job_save(run_job *job);

#endif
