/* Rows go to the file while the simulation runs, so that a long one takes no more memory than a
 * short one. */
#include "states.h"

#include <stdlib.h>
#include <string.h>

#include "outcome.h"
#include "suggest.h"

void
states_rules(states_params *params, option_rule *rules)
{
    const option_rule table[STATES_RULES] = {
        {OPTION_TEXT, 0, "states", "FILE.csv", "write the potential of some neurons over time",
         &params->path, 0, 0, NULL},
        {OPTION_TEXT, 0, "states-of", "WHO",
         "neurons and types, with commas between; default: one of each type", &params->neurons, 0,
         0, NULL},
        {OPTION_TEXT, 0, "state", "NAME", "another state of the model, see docs/models.md",
         &params->state, 0, 0, NULL},
        {OPTION_NUMBER, 0, "states-every-ms", "MS", "interval; default: every time step",
         &params->interval_ms, 1e-6, 1e9, NULL},
    };
    memcpy(rules, table, sizeof table);
}

static void
add(struct states *states, uint32_t neuron)
{
    if (!states->is_listed[neuron])
        states->neurons[states->probe.n_neurons++] = neuron;
    states->is_listed[neuron] = true;
}

static void
add_first_of_types(struct states *states, const chx_network_info *info)
{
    for (uint32_t t = 0; t < info->n_types; t++)
        for (uint32_t n = 0; n < info->n_neurons; n++)
            if (info->neurons[n].type == t) {
                add(states, n);
                break;
            }
}

/* The neuron of that name, or else all of the type of that name. */
static bool
add_named(struct states *states, const chx_network_info *info, const char *name)
{
    bool is_type = false;
    for (uint32_t n = 0; n < info->n_neurons; n++)
        if (strcmp(info->neurons[n].name, name) == 0) {
            add(states, n);
            return true;
        }
    for (uint32_t n = 0; n < info->n_neurons; n++)
        if (strcmp(info->types[info->neurons[n].type].name, name) == 0) {
            add(states, n);
            is_type = true;
        }
    return is_type;
}

static int
say_unknown(const chx_network_info *info, const char *name)
{
    const char *near = suggest_neuron(name, info, true);
    return outcome_say(OUTCOME_USAGE, "--states-of: no neuron and no type is called '%s'%s%s%s",
                       name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int
add_listed(struct states *states, const chx_network_info *info, const char *list)
{
    char *words = strdup(list);
    int code = words ? OUTCOME_OK : outcome_say(OUTCOME_MEMORY, "no memory for names");
    char *rest = words, *word;
    while (code == OUTCOME_OK && (word = strsep(&rest, ",")) != NULL)
        if (!add_named(states, info, word))
            code = say_unknown(info, word);
    free(words);
    return code;
}

int
states_open(struct states *states, const states_params *params, const chx_network *network)
{
    const chx_network_info *info = chx_network_outline(network);
    if (!params->path && (params->neurons || params->state || params->interval_ms > 0))
        return outcome_say(OUTCOME_USAGE, "--states-of, --state and --states-every-ms say what "
                                          "--states FILE.csv is to hold; add it");
    if (!params->path)
        return OUTCOME_OK;
    states->neurons = calloc((size_t)info->n_neurons + 1, sizeof *states->neurons);
    states->is_listed = calloc((size_t)info->n_neurons + 1, sizeof *states->is_listed);
    if (!states->neurons || !states->is_listed)
        return outcome_say(OUTCOME_MEMORY, "no memory for names");
    states->probe = (chx_probe){
        .state = params->state, .neurons = states->neurons, .interval_ms = params->interval_ms};
    if (params->neurons)
        return add_listed(states, info, params->neurons);
    add_first_of_types(states, info);
    return OUTCOME_OK;
}

int
states_begin(struct states *states, const states_params *params, const chx_network *network)
{
    if (!params->path)
        return OUTCOME_OK;
    return outcome_report(
        chx_trace_table_create(params->path, network, &states->probe, &states->table),
        STAGE_OUTPUT);
}

/* Drops the rows that are written already. */
static void
drop_known(const struct states *states, chx_trace *trace)
{
    size_t n = 0;
    while (n < trace->n_rows && trace->first_step < states->next_step) {
        trace->first_step += trace->interval_steps;
        n++;
    }
    trace->n_rows -= n;
    memmove(trace->values, trace->values + n * trace->n_neurons,
            trace->n_rows * trace->n_neurons * sizeof *trace->values);
}

chx_status
states_add(struct states *states, chx_trace *trace)
{
    if (!states->table)
        return CHX_OK;
    if (trace->n_rows > 0 && trace->first_step < states->next_step)
        drop_known(states, trace);
    if (trace->n_rows > 0)
        states->next_step = trace->first_step + trace->n_rows * trace->interval_steps;
    return chx_trace_table_add(states->table, trace);
}

chx_status
states_write(struct states *states, chx_simulation *simulation)
{
    chx_trace trace;
    if (!states->table)
        return CHX_OK;
    chx_status status = chx_simulation_take_trace(simulation, 0, &trace);
    if (status != CHX_OK)
        return status;
    status = states_add(states, &trace);
    free(trace.values);
    return status;
}

int
states_finish(struct states *states)
{
    return states->table ? outcome_report(chx_trace_table_finish(states->table), STAGE_OUTPUT)
                         : OUTCOME_OK;
}

void
states_close(struct states *states)
{
    chx_trace_table_destroy(&states->table);
    free(states->neurons);
    free(states->is_listed);
}
