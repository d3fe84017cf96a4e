/* States: what --states asks for, a table of the state of some neurons over time. */
#ifndef CHRONAXIE_STATES_H
#define CHRONAXIE_STATES_H

#include <chronaxie/chronaxie.h>

#include "options.h"

typedef struct states_params {
    const char *path; /* NULL when not asked for */
    const char *neurons; /* names of neurons and types, separated by commas; NULL chooses */
    const char *state; /* NULL is the potential */
    double interval_ms; /* 0 is a time step */
} states_params;

struct states {
    chx_probe probe;
    uint32_t *neurons;
    bool *is_listed; /* by neuron */
    chx_trace_table *table;
    uint64_t next_step; /* what is traced before it is written */
};

/* The option rules of states_params, STATES_RULES of them, written to rules[]. */
#define STATES_RULES 4
void states_rules(states_params *params, option_rule *rules);

/* Finds whom the parameters name; says what is wrong and returns the exit code. Nothing where
 * nothing is asked for. */
int states_open(struct states *states, const states_params *params, const chx_network *network);

/* Begins the table. */
int states_begin(struct states *states, const states_params *params, const chx_network *network);

/* Writes what the simulation has traced since the last time, and not again what it traces once more
 * after it was set back. */
chx_status states_write(struct states *states, chx_simulation *simulation);

/* The same of a trace that was taken. */
chx_status states_add(struct states *states, chx_trace *trace);

/* Ends the table. */
int states_finish(struct states *states);

/* Accepts all zeroes. A table that was not finished is removed. */
void states_close(struct states *states);

#endif
