/*
 * Edges: one table of connections as a network.
 *
 * A row is a synapse, and whoever stands in one is a neuron. What the table does not say is chosen
 * and remarked on: the places (network/layout.h), weights and delays when there are no columns of
 * them, what weights without a unit mean (relative.h), and the current that makes the neuron with
 * the most targets fire. With a table of neurons those are all there are, where and of the type
 * that it says.
 */
#include "io/edges.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/numerals.h"
#include "io/csv.h"
#include "io/file_name.h"
#include "io/number.h"
#include "io/relative.h"
#include "network/check.h"
#include "network/layout.h"
#include "network/names.h"
#include "network/network.h"

#define TIME_STEP_MS 0.1
#define DURATION_MS 100.0
#define DIAMETER_UM 10
#define SPACING_UM 40
#define WEIGHT_PA 100 /* a spike of 60 passes the threshold */
#define DELAY_MS 2

enum { NAME, X_UM, Y_UM, Z_UM, TYPE, DIAMETER, N_NEURON_COLUMNS };
enum { PRE, POST, WEIGHT, DELAY, N_COLUMNS };

static const char *const columns[N_COLUMNS] = {"pre", "post", "weight_pa", "delay_ms"};

typedef struct reader {
    chx_network *network;
    const char *neurons; /* path of a table of all neurons, or NULL */
    bool is_played; /* nothing is to be simulated */
    double factor; /* that weights without a unit were multiplied by; else 0 */
    uint64_t n_cut; /* of them that were then no current */
    const char *odd_name; /* the first that is hardly meant so, or NULL */
    chx__csv csv;
    chx__names names, types;
} reader;

static chx_status
fail_memory(void)
{
    return chx__fail_memory("loading edges");
}

static bool
is_blank_at_end(const char *name, size_t length)
{
    return name[0] == ' ' || name[length - 1] == ' ';
}

/* An id that went through a number with 16 digits and lost the others. */
static bool
is_rounded(const char *name, size_t length)
{
    double number;
    return memchr(name, '+', length) && chx__number_parse(name, length, &number) && number >= 1e15;
}

static chx_status
add_neuron(reader *table, const char *name, size_t length, uint32_t *index)
{
    chx_network *network = table->network;
    uint32_t n = network->info.n_neurons, known;
    chx__fault fault;
    if (!chx__type_name_check(name, length, &fault))
        return chx__csv_fail(&table->csv, CHX_ERROR_FORMAT, "%s %s", fault.member, fault.sentence);
    if (n == CHX__NETWORK_MAX_ITEMS)
        return chx__csv_fail(&table->csv, CHX_ERROR_LIMIT,
                             "more than %u neurons; make the network smaller",
                             CHX__NETWORK_MAX_ITEMS);
    const char *kept = chx__network_keep_text(network, name, length);
    if (!kept || !chx__names_add(&table->names, kept, length, n, &known) ||
        !chx__grow(&network->neurons, &network->neurons_capacity, (size_t)n + 1,
                   sizeof *network->neurons))
        return fail_memory();
    network->neurons[n] = (chx_neuron){.name = kept, .diameter_um = DIAMETER_UM};
    network->info.n_neurons++;
    if (!table->odd_name && (is_blank_at_end(name, length) || is_rounded(name, length)))
        table->odd_name = kept;
    *index = n;
    return CHX_OK;
}

static chx_status
add_type(reader *table, const char *name, size_t length, uint32_t *index)
{
    static const chx_lif_params params = {10, 10, 5, -65, -50, -65, 5, 0};
    chx_network *network = table->network;
    uint32_t n = network->info.n_types, known;
    chx__fault fault;
    *index = chx__names_find(&table->types, name, length);
    if (*index != CHX__NO_NAME)
        return CHX_OK;
    if (!chx__type_name_check(name, length, &fault))
        return chx__csv_fail(&table->csv, CHX_ERROR_FORMAT, "type %s", fault.sentence);
    const char *kept = chx__network_keep_text(network, name, length);
    if (!kept || !chx__names_add(&table->types, kept, length, n, &known) ||
        !chx__grow(&network->types, &network->types_capacity, (size_t)n + 1,
                   sizeof *network->types))
        return fail_memory();
    network->types[n] = (chx_neuron_type){kept, params};
    *index = network->info.n_types++;
    return CHX_OK;
}

/* A row of the table of neurons. */
static chx_status
place_neuron(reader *table)
{
    const chx__csv *csv = &table->csv;
    const chx__csv_field *name = &csv->fields[NAME];
    size_t length = chx__number_whole_length(name->text, name->length);
    uint32_t index;
    if (chx__names_find(&table->names, name->text, length) != CHX__NO_NAME)
        return chx__csv_fail(csv, CHX_ERROR_FORMAT,
                             "the name '%.64s' stands twice; names must differ", name->text);
    chx_status status = add_neuron(table, name->text, length, &index);
    chx_neuron *neuron = status ? NULL : &table->network->neurons[index];
    for (int axis = 0; axis < 3 && !status; axis++)
        status = chx__csv_float(csv, (size_t)(X_UM + axis), &neuron->position_um[axis]);
    if (!status && chx__csv_has(csv, DIAMETER))
        status = chx__csv_float(csv, DIAMETER, &neuron->diameter_um);
    if (!status)
        status =
            chx__csv_has(csv, TYPE)
                ? add_type(table, csv->fields[TYPE].text, csv->fields[TYPE].length, &neuron->type)
                : add_type(table, "neuron", strlen("neuron"), &neuron->type);
    chx__fault fault;
    if (!status && !chx__neuron_check(neuron, &fault))
        status = chx__csv_fail(csv, CHX_ERROR_FORMAT, "%s %s", fault.member, fault.sentence);
    return status;
}

static chx_status
place_neurons(reader *table)
{
    static const char *const own[N_NEURON_COLUMNS] = {"name", "x_um", "y_um",
                                                      "z_um", "type", "diameter_um"};
    bool more = true;
    chx_status status = chx__csv_open(&table->csv, table->neurons, own, N_NEURON_COLUMNS, TYPE);
    while (!status && more) {
        status = chx__csv_next(&table->csv, &more);
        if (!status && more)
            status = place_neuron(table);
    }
    if (!status && table->network->info.n_neurons == 0)
        status = chx__csv_fail(&table->csv, CHX_ERROR_FORMAT,
                               "no neurons follow the header; add a row for each");
    if (!status && *table->csv.remark)
        status = chx__network_remark(table->network, table->neurons, 1, table->csv.remark);
    chx__csv_close(&table->csv);
    return status;
}

/* The neuron that a field names; a new one when no row before has named it. */
static chx_status
take_neuron(reader *table, size_t column, uint32_t *index)
{
    const chx__csv_field *field = &table->csv.fields[column];
    size_t length = chx__number_whole_length(field->text, field->length);
    *index = chx__names_find(&table->names, field->text, length);
    if (*index != CHX__NO_NAME)
        return CHX_OK;
    if (table->neurons)
        return chx__csv_fail(&table->csv, CHX_ERROR_FORMAT,
                             "%s is '%.64s', which no row of %.200s names; correct it or add the "
                             "neuron",
                             table->csv.columns[column], field->text, table->neurons);
    return add_neuron(table, field->text, length, index);
}

static chx_status
add_synapse(reader *table)
{
    chx_network *network = table->network;
    chx_synapse synapse = {.weight_pa = WEIGHT_PA, .delay_ms = DELAY_MS};
    chx_status status = take_neuron(table, PRE, &synapse.pre);
    if (!status)
        status = take_neuron(table, POST, &synapse.post);
    if (!status && chx__csv_has(&table->csv, WEIGHT))
        status = chx__csv_float(&table->csv, WEIGHT, &synapse.weight_pa);
    if (!status && chx__csv_has(&table->csv, DELAY))
        status = chx__csv_float(&table->csv, DELAY, &synapse.delay_ms);
    if (status)
        return status;
    chx__fault fault;
    chx_synapse checked = synapse;
    if (table->csv.guessed >> WEIGHT & 1 && isfinite(synapse.weight_pa))
        checked.weight_pa = WEIGHT_PA; /* it is scaled to what may be */
    if (!chx__synapse_check(&checked, TIME_STEP_MS, &fault))
        return chx__csv_fail(&table->csv, CHX_ERROR_FORMAT, "%s %s", fault.member, fault.sentence);
    if (!chx__grow(&network->synapses, &network->synapses_capacity, network->info.n_synapses + 1,
                   sizeof synapse))
        return fail_memory();
    network->synapses[network->info.n_synapses++] = synapse;
    return CHX_OK;
}

static chx_status
read_rows(reader *table)
{
    bool more = true;
    chx_status status = CHX_OK;
    while (!status && more) {
        status = chx__csv_next(&table->csv, &more);
        if (!status && more)
            status = add_synapse(table);
    }
    if (!status && table->network->info.n_synapses == 0)
        status = chx__csv_fail(&table->csv, CHX_ERROR_FORMAT,
                               "no edges follow the header; add a row for each");
    return status;
}

static chx_status
find_most_targets(const chx_network *network, uint32_t *found)
{
    uint64_t *counts = chx__alloc(network->info.n_neurons, sizeof *counts);
    if (!counts)
        return fail_memory();
    for (uint64_t i = 0; i < network->info.n_synapses; i++)
        counts[network->synapses[i].pre]++;
    *found = 0;
    for (uint32_t i = 1; i < network->info.n_neurons; i++)
        if (counts[i] > counts[*found])
            *found = i;
    free(counts);
    return CHX_OK;
}

static chx_status
add_stimulus(chx_network *network)
{
    uint32_t *driven = chx__network_keep(network, sizeof *driven);
    if (!driven ||
        !chx__grow(&network->stimuli, &network->stimuli_capacity, 1, sizeof *network->stimuli))
        return fail_memory();
    network->stimuli[0] = (chx_stimulus){.kind = CHX_STIMULUS_STEP,
                                         .start_ms = 5,
                                         .stop_ms = DURATION_MS,
                                         .current_pa = 60,
                                         .neurons = driven,
                                         .n_neurons = 1};
    network->info.n_stimuli = 1;
    return find_most_targets(network, driven);
}

/* What was chosen for simulating. */
static void
tell_choices(const reader *table, char *text, size_t size)
{
    const chx_network *network = table->network;
    char weight[96] = "", cut[96] = "", delay[64] = "";
    chx__numerals numerals = chx__numerals_begin();
    if (!chx__csv_has(&table->csv, WEIGHT))
        snprintf(weight, sizeof weight, "each weight is %d pA, ", WEIGHT_PA);
    else if (table->csv.guessed >> WEIGHT & 1)
        snprintf(weight, sizeof weight, "all weights are 0, ");
    if (table->factor > 0)
        snprintf(weight, sizeof weight, "weights are multiplied by %.4g for a median of %d pA, ",
                 table->factor, WEIGHT_PA);
    chx__numerals_end(&numerals);
    if (table->n_cut > 0)
        snprintf(cut, sizeof cut, "%llu then beyond 1e-12 to 1e12 pA became 0 or 1e12 pA, ",
                 (unsigned long long)table->n_cut);
    if (!chx__csv_has(&table->csv, DELAY))
        snprintf(delay, sizeof delay, "each delay is %d ms, ", DELAY_MS);
    snprintf(text, size, "%s%s%s%.64s is driven", weight, cut, delay,
             network->neurons[network->stimuli[0].neurons[0]].name);
}

/* What was read and what was chosen, in one sentence; none where there is nothing to say. */
static chx_status
remark(const reader *table, const char *path)
{
    char text[1024], choices[384] = "";
    const char *layout = table->neurons ? "" : "positions are a layout";
    const char *read = table->csv.remark;
    if (!table->is_played)
        tell_choices(table, choices, sizeof choices);
    snprintf(text, sizeof text, "%s%s%s%s%s", layout, *layout && *choices ? ", " : "", choices,
             (*layout || *choices) && *read ? "; " : "", read);
    return *text ? chx__network_remark(table->network, path, 1, text) : CHX_OK;
}

static chx_status
remark_on_name(const reader *table, const char *path)
{
    char text[256];
    const char *name = table->odd_name;
    if (!name)
        return CHX_OK;
    snprintf(text, sizeof text, "the name '%.64s' %s", name,
             is_blank_at_end(name, strlen(name))
                 ? "begins or ends with a blank, which is part of it"
                 : "is a rounded number, so neurons may be taken for each other; save ids as "
                   "whole numbers or as text");
    return chx__network_remark(table->network, path, 1, text);
}

static chx_status
set_texts(chx_network *network, const char *path, bool is_layout)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    const size_t all = strlen(file);
    const size_t length = all > 3 && strcmp(file + all - 3, ".gz") == 0 ? all - 3 : all;
    const char *dot = memrchr(file, '.', length);
    char *shown = chx__file_name_shown(file, dot && dot > file ? (size_t)(dot - file) : length);
    char *name =
        shown ? chx__format("%s%s", shown, is_layout ? " (positions are a layout)" : "") : NULL;
    if (name)
        network->info.name = chx__network_keep_text(network, name, strlen(name));
    free(shown);
    free(name);
    return network->info.name ? CHX_OK : fail_memory();
}

/* Keeps the layout where forces have yet to act. */
static chx_status
lay_out(chx_network *network)
{
    chx_status status = chx__layout_create(network->info.n_neurons, network->synapses,
                                           network->info.n_synapses, SPACING_UM, &network->layout);
    if (status)
        return status;
    chx__layout_place(network->layout, network->neurons);
    network->info.n_unsettled = chx__layout_n_unsettled(network->layout);
    if (network->info.n_unsettled == 0)
        chx__layout_destroy(&network->layout);
    return CHX_OK;
}

static chx_status
complete(reader *table, const char *path)
{
    chx_network *network = table->network;
    network->info.time_step_ms = TIME_STEP_MS;
    network->info.duration_ms = DURATION_MS;
    network->info.seed = 1;
    network->info.view.is_layout = !table->neurons;
    if (!table->neurons)
        network->info.view.plane = CHX_PLANE_XY;
    uint32_t type;
    chx_status status = set_texts(network, path, !table->neurons);
    if (!status && !table->neurons)
        status = add_type(table, "neuron", strlen("neuron"), &type);
    if (!status && !table->neurons)
        status = lay_out(network);
    if (!status && table->csv.guessed >> WEIGHT & 1)
        status = chx__relative_scale(network->synapses, network->info.n_synapses, WEIGHT_PA,
                                     &table->factor, &table->n_cut);
    if (!status && !table->is_played)
        status = add_stimulus(network);
    if (!status)
        status = remark(table, path);
    if (!status)
        status = remark_on_name(table, path);
    return status ? status : chx__network_finish(network);
}

bool
chx__edges_recognise(const char *path)
{
    chx__csv csv;
    bool is_table = chx__csv_open_edges(&csv, path, columns, N_COLUMNS) == CHX_OK;
    if (is_table)
        chx__csv_close(&csv);
    return is_table;
}

chx_status
chx__edges_load(const char *path, const char *neurons, bool is_played, chx_network **network)
{
    reader table = {.network = chx__network_begin(), .neurons = neurons, .is_played = is_played};
    if (!table.network)
        return fail_memory();
    chx_status status = neurons ? place_neurons(&table) : CHX_OK;
    if (!status)
        status = chx__csv_open_edges(&table.csv, path, columns, N_COLUMNS);
    if (!status)
        status = read_rows(&table);
    if (!status)
        status = complete(&table, path);
    chx__csv_close(&table.csv);
    chx__names_finish(&table.names);
    chx__names_finish(&table.types);
    if (status)
        chx_network_destroy(&table.network);
    else
        *network = table.network;
    return status;
}

chx_status
chx_network_load_edges(const char *path, chx_network **network)
{
    CHX__REQUIRE(path && network);
    return chx__edges_load(path, NULL, false, network);
}
