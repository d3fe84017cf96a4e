/* What `chronaxie run` tells of a run that is over. */
#ifndef CHRONAXIE_RUN_REPORT_H
#define CHRONAXIE_RUN_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "flight.h"
#include "tally.h"
#include "verification.h"

typedef struct run_report {
    const chx_network_info *info;
    const struct flight *flight;
    const struct tally *tally;
    const struct verification *verification; /* NULL where nothing was verified */
    uint64_t first_step, n_steps;
    uint64_t n_failures; /* of devices, that were survived */
    double wall_s;
    bool shows_timeline; /* and so names the bottleneck */
} run_report;

/* Network time that was simulated. */
double run_report_ms(const run_report *report);

/* Each returns the exit code. The digest is of all spikes. */
int run_report_json(const run_report *report, uint64_t digest);
int run_report_text(const run_report *report, uint64_t digest);

#endif
