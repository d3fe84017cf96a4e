/* A tally: what a run hears of its simulation, taken as it comes. Tables are written meanwhile, so
 * that a run of hours needs no more memory than one of seconds, unless its spikes are kept. */
#ifndef CHRONAXIE_TALLY_H
#define CHRONAXIE_TALLY_H

#include <chronaxie/chronaxie.h>

#include "options.h"

typedef struct tally_params {
    const char *spikes_path, *rates_path; /* NULL when not asked for */
    double interval_ms; /* of rates; 0 chooses */
    bool keeps_spikes;
} tally_params;

struct tally {
    const chx_network_info *info;
    uint64_t *of_type; /* spikes */
    size_t n_spikes;
    chx_spike last; /* of those */
    bool keeps_spikes;
    chx_spike *kept; /* n_spikes of them, where they are kept */
    size_t capacity;
    chx_spike_table *spikes;
    chx_rate_table *rates;
};

/* The option rules of rates, TALLY_RULES of them, written to rules[]. */
#define TALLY_RULES 2
void tally_rules(tally_params *params, option_rule *rules);

/* Begins the tables. Says what fails; returns the exit code. */
int tally_begin(struct tally *tally, const tally_params *params, const chx_network *network,
                uint64_t first_step);

/* Takes what the simulation has fired since the last time, and not again what it fires once more
 * after it was set back. */
chx_status tally_take(struct tally *tally, chx_simulation *simulation);

/* The same of spikes that were taken, in order. */
chx_status tally_add(struct tally *tally, const chx_spike *spikes, size_t n_spikes);

/* Ends the tables; end_step is where the run has ended. */
int tally_finish(struct tally *tally, uint64_t end_step);

/* Accepts all zeroes. Tables that were not finished are removed. */
void tally_close(struct tally *tally);

#endif
