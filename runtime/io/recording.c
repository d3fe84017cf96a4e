/*
 * A recording: a table of spikes that another program wrote, for a network that is loaded.
 *
 * A row is a spike. Its time becomes the nearest time step of the network, and its neuron is found
 * by name, as in synapses.csv. Rows may stand in any order; what is kept is ordered by step, then
 * by neuron, as the spikes of a simulation are.
 */
#include <chronaxie/recording.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/csv.h"
#include "io/number.h"
#include "network/names.h"

#define MAX_STEP 2147483646.0 /* a simulation ends after 2^31 steps */

enum { NEURON, TIME_MS, N_COLUMNS };

struct chx_recording {
    chx_recording_info info;
    chx_spike *spikes;
    size_t capacity;
    char *remark;
};

typedef struct reader {
    const chx_network_info *network;
    chx_recording *recording;
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

static chx_status
find_neuron(const reader *table, uint32_t *neuron)
{
    const chx__csv_field *field = &table->csv.fields[NEURON];
    size_t whole = chx__number_whole_length(field->text, field->length);
    *neuron = chx__names_find(&table->names, field->text, field->length);
    if (*neuron == CHX__NO_NAME && whole < field->length)
        *neuron = chx__names_find(&table->names, field->text, whole);
    if (*neuron != CHX__NO_NAME)
        return CHX_OK;
    return chx__csv_fail(
        &table->csv, CHX_ERROR_FORMAT,
        "neuron is '%.64s', which the network %.64s does not have; write the names "
        "of its neurons, such as '%.64s', or remove the row",
        field->text, table->network->name, table->network->neurons[0].name);
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
    double nearest = floor(time_ms / table->network->time_step_ms + 0.5);
    if (nearest > MAX_STEP)
        return chx__csv_fail(&table->csv, CHX_ERROR_LIMIT,
                             "time_ms is %g, beyond 2147483646 time steps of %g ms; check the unit",
                             time_ms, table->network->time_step_ms);
    *step = (uint32_t)nearest;
    return CHX_OK;
}

static chx_status
add_spike(reader *table)
{
    chx_recording *recording = table->recording;
    chx_spike spike;
    chx_status status = find_neuron(table, &spike.neuron);
    if (!status)
        status = find_step(table, &spike.step);
    if (status)
        return status;
    if (!chx__grow(&recording->spikes, &recording->capacity, recording->info.n_spikes + 1,
                   sizeof spike))
        return fail_memory();
    recording->spikes[recording->info.n_spikes++] = spike;
    return CHX_OK;
}

static int
compare_spikes(const void *left, const void *right)
{
    const chx_spike *a = left, *b = right;
    if (a->step != b->step)
        return a->step < b->step ? -1 : 1;
    return (a->neuron > b->neuron) - (a->neuron < b->neuron);
}

static chx_status
complete(reader *table)
{
    chx_recording *recording = table->recording;
    chx_recording_info *info = &recording->info;
    if (*table->csv.remark) {
        recording->remark = chx__format("%s:1: %s", table->csv.path, table->csv.remark);
        if (!recording->remark)
            return fail_memory();
    }
    info->remark = recording->remark;
    if (info->n_spikes == 0)
        return CHX_OK;
    qsort(recording->spikes, info->n_spikes, sizeof *recording->spikes, compare_spikes);
    info->spikes = recording->spikes;
    info->end_ms =
        ((double)recording->spikes[info->n_spikes - 1].step + 1) * table->network->time_step_ms;
    return CHX_OK;
}

static chx_status
read_table(reader *table, const char *path)
{
    static const char *const columns[N_COLUMNS] = {"neuron", "time_ms"};
    bool more = true;
    chx_status status = chx__csv_open_loose(&table->csv, path, columns, N_COLUMNS);
    if (status)
        return status;
    status = list_names(table);
    while (!status && more) {
        status = chx__csv_next(&table->csv, &more);
        if (!status && more)
            status = add_spike(table);
    }
    if (!status)
        status = complete(table);
    chx__csv_close(&table->csv);
    return status;
}

chx_status
chx_recording_load(const char *path, const chx_network *network, chx_recording **recording)
{
    CHX__REQUIRE(path && network && recording);
    reader table = {.network = chx_network_get(network),
                    .recording = chx__alloc(1, sizeof *table.recording)};
    if (!table.recording)
        return fail_memory();
    chx_status status = read_table(&table, path);
    chx__names_finish(&table.names);
    if (status)
        chx_recording_destroy(&table.recording);
    else
        *recording = table.recording;
    return status;
}

void
chx_recording_destroy(chx_recording **recording)
{
    if (!recording || !*recording)
        return;
    free((*recording)->spikes);
    free((*recording)->remark);
    free(*recording);
    *recording = NULL;
}

const chx_recording_info *
chx_recording_get(const chx_recording *recording)
{
    return recording ? &recording->info : NULL;
}
