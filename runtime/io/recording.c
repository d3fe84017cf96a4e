/*
 * A recording: a table of spikes that another program wrote, for a network that is loaded.
 *
 * A row is a spike. Its time becomes the nearest time step of the network, and its neuron is found
 * by name, as in synapses.csv. Rows may stand in any order; what is kept is ordered by step, then
 * by neuron, as the spikes of a simulation are.
 */
#include "io/recording.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/csv.h"
#include "io/number.h"
#include "network/spike_train.h"

enum { NEURON, TIME_MS, N_COLUMNS };

struct chx_recording {
    chx_recording_info info;
    chx__spike_table table;
    char *remark;
};

typedef struct reader {
    const chx_network_info *network;
    chx__spike_table *spikes;
    chx__csv csv;
    chx__names names;
} reader;

static chx_status
fail_memory(void)
{
    return chx__fail_memory("loading recorded spikes");
}

static chx_status
list_names(reader *table)
{
    for (uint32_t i = 0; i < table->network->n_neurons; i++) {
        const char *name = table->network->neurons[i].name;
        uint32_t known;
        if (!chx__names_add(&table->names, name, strlen(name), i, &known))
            return fail_memory();
    }
    return CHX_OK;
}

/* Ids are also found when one of both tables has them as 17 and the other as 17.0 or 1.7e+01. */
static uint32_t
find_name(const chx__names *names, const chx__csv_field *field)
{
    char fraction[32];
    int64_t id;
    uint32_t found = chx__names_find(names, field->text, field->length);
    if (found != CHX__NO_NAME ||
        !chx__number_parse_whole(field->text, field->length, 0, INT64_MAX, &id))
        return found;
    size_t length = (size_t)snprintf(fraction, sizeof fraction, "%" PRId64 ".0", id);
    found = chx__names_find(names, fraction, length - 2);
    return found != CHX__NO_NAME ? found : chx__names_find(names, fraction, length);
}

static chx_status
find_neuron(const reader *table, uint32_t *neuron)
{
    const chx__csv_field *field = &table->csv.fields[NEURON];
    *neuron = find_name(&table->names, field);
    if (*neuron != CHX__NO_NAME)
        return CHX_OK;
    return chx__csv_fail(
        &table->csv, CHX_ERROR_FORMAT,
        "neuron is '%.64s', which the network %.64s does not have; write the names "
        "of its neurons, such as '%.64s', or remove the row",
        field->text, table->network->name, table->network->neurons[0].name);
}

double
chx__spike_step(double time_ms, double time_step_ms)
{
    return floor(time_ms / time_step_ms + 0.5);
}

static chx_status
find_step(const reader *table, uint32_t *step)
{
    double time_ms;
    chx_status status = chx__csv_number(&table->csv, TIME_MS, &time_ms);
    if (status)
        return status;
    if (time_ms < 0)
        return chx__csv_fail(
            &table->csv, CHX_ERROR_FORMAT,
            "time_ms is %g, before the begin of the network's time; add the same to "
            "all times",
            time_ms);
    double nearest = chx__spike_step(time_ms, table->network->time_step_ms);
    if (nearest > CHX__MAX_SPIKE_STEP)
        return chx__csv_fail(&table->csv, CHX_ERROR_LIMIT,
                             "time_ms is %g, beyond 2147483646 time steps of %g ms; check the unit",
                             time_ms, table->network->time_step_ms);
    *step = (uint32_t)nearest;
    return CHX_OK;
}

static chx_status
add_spike(reader *table)
{
    chx__spike_table *to = table->spikes;
    chx_spike spike;
    chx_status status = find_neuron(table, &spike.neuron);
    if (!status)
        status = find_step(table, &spike.step);
    if (status)
        return status;
    if (!chx__grow(&to->spikes, &to->capacity, to->n_spikes + 1, sizeof spike))
        return fail_memory();
    to->spikes[to->n_spikes++] = spike;
    return CHX_OK;
}

static chx_status
read_rows(reader *table)
{
    bool more = true;
    chx_status status = list_names(table);
    while (!status && more) {
        status = chx__csv_next(&table->csv, &more);
        if (!status && more)
            status = add_spike(table);
    }
    if (status)
        return status;
    chx__spikes_sort(table->spikes->spikes, table->spikes->n_spikes);
    if (!*table->csv.remark)
        return CHX_OK;
    table->spikes->remark = chx__strdup(table->csv.remark);
    return table->spikes->remark ? CHX_OK : fail_memory();
}

chx_status
chx__spike_table_read(const char *path, const chx_network_info *network, chx__spike_table *table)
{
    static const char *const columns[N_COLUMNS] = {"neuron", "time_ms"};
    chx__spike_table read = {0};
    reader rows = {.network = network, .spikes = &read};
    chx_status status = chx__csv_open_loose(&rows.csv, path, columns, N_COLUMNS);
    if (status)
        return status;
    status = read_rows(&rows);
    chx__csv_close(&rows.csv);
    chx__names_finish(&rows.names);
    if (status)
        chx__spike_table_finish(&read);
    else
        *table = read;
    return status;
}

void
chx__spike_table_finish(chx__spike_table *table)
{
    free(table->spikes);
    free(table->remark);
    *table = (chx__spike_table){0};
}

static chx_status
complete(chx_recording *recording, const char *path, const chx_network_info *network)
{
    chx_recording_info *info = &recording->info;
    const chx__spike_table *table = &recording->table;
    if (table->remark) {
        recording->remark = chx__format("%s:1: %s", path, table->remark);
        if (!recording->remark)
            return fail_memory();
    }
    info->remark = recording->remark;
    info->n_spikes = table->n_spikes;
    if (info->n_spikes == 0)
        return CHX_OK;
    info->spikes = table->spikes;
    info->end_ms = (info->spikes[info->n_spikes - 1].step + 1.0) * network->time_step_ms;
    return CHX_OK;
}

chx_status
chx_recording_load(const char *path, const chx_network *network, chx_recording **recording)
{
    CHX__REQUIRE(path && network && recording);
    chx_recording *made = chx__alloc(1, sizeof *made);
    if (!made)
        return fail_memory();
    const chx_network_info *info = chx_network_outline(network);
    chx_status status = chx__spike_table_read(path, info, &made->table);
    if (!status)
        status = complete(made, path, info);
    if (status)
        chx_recording_destroy(&made);
    else
        *recording = made;
    return status;
}

void
chx_recording_destroy(chx_recording **recording)
{
    if (!recording || !*recording)
        return;
    chx__spike_table_finish(&(*recording)->table);
    free((*recording)->remark);
    free(*recording);
    *recording = NULL;
}

const chx_recording_info *
chx_recording_get(const chx_recording *recording)
{
    return recording ? &recording->info : NULL;
}
