/* The tables of single neurons in a network folder: parameters.csv, and initial.csv for what states
 * begin as. Most networks have neither.
 *
 * A row names a neuron and holds its values in columns that are named as the parameters, or states,
 * of the network's models; an empty field is as the type says. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/folder.h"
#include "network/type.h"
#include "network/values.h"

enum { NEURON, FIRST_VALUE };

typedef struct table {
    chx__folder *folder;
    bool is_initial;
    const char *columns[CHX__CSV_MAX_COLUMNS];
    size_t n_columns;
    double *values[CHX__CSV_MAX_COLUMNS]; /* NULL in columns that the file lacks */
    bool *is_known; /* by neuron: a row named it */
} table;

static chx_status
add_column(table *to, const chx__csv *csv, const char *name)
{
    for (size_t i = FIRST_VALUE; i < to->n_columns; i++)
        if (strcmp(to->columns[i], name) == 0)
            return CHX_OK;
    if (to->n_columns == CHX__CSV_MAX_COLUMNS)
        return chx__fail(CHX_ERROR_LIMIT,
                         "%s: the network's models have more than %d names of %s; use fewer models",
                         csv->path, CHX__CSV_MAX_COLUMNS - 1,
                         to->is_initial ? "states" : "parameters");
    to->columns[to->n_columns++] = name;
    return CHX_OK;
}

static chx_status
list_columns(table *to, const chx__csv *csv)
{
    const chx_network *network = to->folder->network;
    chx_status status = CHX_OK;
    to->columns[NEURON] = "neuron";
    to->n_columns = FIRST_VALUE;
    for (uint32_t t = 0; t < network->info.n_types; t++) {
        const chx_neuron_type *type = &network->types[t];
        const chx__model *model = to->is_initial ? chx__type_kernel(type, chx__type_is_pair(type))
                                                 : chx__type_model(type);
        const uint32_t n = to->is_initial ? model->n_states : model->n_parameters;
        for (uint32_t i = 0; i < n && !status; i++)
            status =
                add_column(to, csv, to->is_initial ? model->states[i] : model->parameters[i].name);
    }
    return status;
}

static chx_status
make_values(table *to, const chx__csv *csv)
{
    chx_network *network = to->folder->network;
    for (size_t i = FIRST_VALUE; i < to->n_columns; i++) {
        if (!chx__csv_has(csv, i))
            continue;
        to->values[i] =
            chx__values_column(network, to->is_initial, to->columns[i], strlen(to->columns[i]));
        if (!to->values[i])
            return chx__fail_memory("loading a network");
    }
    to->is_known = chx__alloc(network->info.n_neurons, sizeof *to->is_known);
    return to->is_known ? CHX_OK : chx__fail_memory("loading a network");
}

static chx_status
read_row(table *to, const chx__csv *csv)
{
    const chx_network *network = to->folder->network;
    const chx_network_info *info = &network->info;
    uint32_t neuron = 0;
    chx_status status = chx__folder_find_neuron(to->folder, csv, NEURON, &neuron);
    if (!status && to->is_known[neuron])
        return chx__csv_fail(csv, CHX_ERROR_FORMAT, "%.64s stands twice; give it one row",
                             network->neurons[neuron].name);
    for (size_t i = FIRST_VALUE; i < to->n_columns && !status; i++)
        if (to->values[i] && csv->fields[i].length > 0)
            status = chx__csv_number(csv, i, &to->values[i][neuron]);
    if (status)
        return status;
    to->is_known[neuron] = true;
    const chx_neuron_type *type = &network->types[network->neurons[neuron].type];
    const chx__own_values parameters = {network->parameters, info->n_parameters, neuron};
    const chx__own_values initial = {network->initial, info->n_initial, neuron};
    chx__fault fault;
    const bool fits = to->is_initial
                          ? chx__values_check_initial(&initial, type, &fault)
                          : chx__values_check(&parameters, type, info->time_step_ms, &fault);
    return fits ? CHX_OK
                : chx__csv_fail(csv, CHX_ERROR_FORMAT, "%s %s", fault.member, fault.sentence);
}

static chx_status
read_table(chx__folder *folder, const char *path, bool is_initial)
{
    table to = {.folder = folder, .is_initial = is_initial};
    chx__csv csv = {.path = path};
    bool more = true;
    if (chx__folder_is_missing(path))
        return CHX_OK;
    chx_status status = list_columns(&to, &csv);
    if (!status)
        status = chx__csv_open(&csv, path, to.columns, to.n_columns, FIRST_VALUE);
    if (status)
        return status;
    status = make_values(&to, &csv);
    while (!status && more) {
        status = chx__csv_next(&csv, &more);
        if (!status && more)
            status = read_row(&to, &csv);
    }
    free(to.is_known);
    chx_status closed = chx__folder_close_table(folder, &csv);
    return status ? status : closed;
}

chx_status
chx__folder_read_parameters(chx__folder *folder, const char *path)
{
    return read_table(folder, path, false);
}

chx_status
chx__folder_read_initial(chx__folder *folder, const char *path)
{
    return read_table(folder, path, true);
}
