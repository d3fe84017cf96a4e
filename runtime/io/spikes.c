/* Spikes as a table, a row for each, and rates as one, a row for each interval. Rows are written as
 * they come, so that a run of hours keeps none of them in memory; a file appears when it is
 * complete. */
#include <chronaxie/simulation.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/numerals.h"
#include "io/csv.h"

struct chx_spike_table {
    chx__output output;
    const chx_network_info *info;
};

struct chx_rate_table {
    chx__output output;
    const chx_network_info *info;
    uint32_t every; /* steps of an interval */
    uint64_t first_step, next_step; /* of the interval that is counted; of the next */
    uint64_t *n_spikes; /* in it, by type */
    double *n_neurons; /* by type */
};

chx_status
chx_spike_table_create(const char *path, const chx_network *network, chx_spike_table **table)
{
    CHX__REQUIRE(path && network && table);
    chx_spike_table *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("writing spikes");
    made->info = chx_network_outline(network);
    chx_status status = chx__output_begin(&made->output, path);
    if (status) {
        free(made);
        return status;
    }
    fputs("time_ms,neuron\n", made->output.stream);
    *table = made;
    return CHX_OK;
}

chx_status
chx_spike_table_add(chx_spike_table *table, const chx_spike *spikes, size_t n_spikes)
{
    CHX__REQUIRE(table && (spikes || n_spikes == 0));
    for (size_t i = 0; i < n_spikes; i++)
        CHX__REQUIRE(spikes[i].neuron < table->info->n_neurons);
    FILE *stream = table->output.stream;
    for (size_t i = 0; i < n_spikes; i++) {
        chx__csv_write_time(stream, spikes[i].step, table->info->time_step_ms);
        fputc(',', stream);
        chx__csv_write_text(stream, table->info->neurons[spikes[i].neuron].name);
        fputc('\n', stream);
    }
    return CHX_OK; /* what could not be written is told at the end */
}

chx_status
chx_spike_table_finish(chx_spike_table *table)
{
    CHX__REQUIRE(table);
    return chx__output_commit(&table->output);
}

void
chx_spike_table_destroy(chx_spike_table **table)
{
    if (!table || !*table)
        return;
    chx__output_discard(&(*table)->output);
    free(*table);
    *table = NULL;
}

chx_status
chx_spikes_write_csv(const chx_network *network, const chx_spike *spikes, size_t n_spikes,
                     const char *path)
{
    chx_spike_table *table = NULL;
    chx_status status = chx_spike_table_create(path, network, &table);
    if (!status)
        status = chx_spike_table_add(table, spikes, n_spikes);
    if (!status)
        status = chx_spike_table_finish(table);
    chx_spike_table_destroy(&table);
    return status;
}

static void
write_rate_head(chx_rate_table *table)
{
    FILE *stream = table->output.stream;
    fputs("time_ms", stream);
    for (uint32_t t = 0; t < table->info->n_types; t++) {
        fputc(',', stream);
        chx__csv_write_text(stream, table->info->types[t].name);
    }
    fputc('\n', stream);
}

chx_status
chx_rate_table_create(const char *path, const chx_network *network, double interval_ms,
                      uint64_t first_step, chx_rate_table **table)
{
    CHX__REQUIRE(path && network && table);
    const chx_network_info *info = chx_network_outline(network);
    const double steps = floor(interval_ms / info->time_step_ms + 0.5);
    CHX__REQUIRE(steps >= 1 && steps <= INT32_MAX);
    chx_rate_table *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("writing rates");
    made->info = info;
    made->every = (uint32_t)steps;
    made->first_step = first_step;
    made->next_step = (first_step / made->every + 1) * made->every;
    made->n_spikes = chx__alloc(info->n_types, sizeof *made->n_spikes);
    made->n_neurons = chx__alloc(info->n_types, sizeof *made->n_neurons);
    chx_status status = made->n_spikes && made->n_neurons ? chx__output_begin(&made->output, path)
                                                          : chx__fail_memory("writing rates");
    if (status) {
        free(made->n_spikes);
        free(made->n_neurons);
        free(made);
        return status;
    }
    for (uint32_t n = 0; n < info->n_neurons; n++)
        made->n_neurons[info->neurons[n].type]++;
    write_rate_head(made);
    *table = made;
    return CHX_OK;
}

/* Writes the interval up to a step, if it has any, and begins the next. */
static void
end_interval(chx_rate_table *table, uint64_t end_step)
{
    FILE *stream = table->output.stream;
    const double h = table->info->time_step_ms;
    const double seconds = (double)(end_step - table->first_step) * h * 1e-3;
    if (end_step > table->first_step) {
        chx__csv_write_time(stream, (uint32_t)end_step, h);
        for (uint32_t t = 0; t < table->info->n_types; t++) {
            const double neuron_seconds = table->n_neurons[t] * seconds;
            fprintf(stream, ",%.6g",
                    neuron_seconds > 0 ? (double)table->n_spikes[t] / neuron_seconds : 0.0);
        }
        fputc('\n', stream);
    }
    memset(table->n_spikes, 0, table->info->n_types * sizeof *table->n_spikes);
    table->first_step = end_step;
    table->next_step = end_step + table->every;
}

/* Ends all intervals that end at or before a step. */
static void
end_intervals(chx_rate_table *table, uint64_t step)
{
    while (table->next_step <= step)
        end_interval(table, table->next_step);
}

chx_status
chx_rate_table_add(chx_rate_table *table, const chx_spike *spikes, size_t n_spikes)
{
    CHX__REQUIRE(table && (spikes || n_spikes == 0));
    for (size_t i = 0; i < n_spikes; i++)
        CHX__REQUIRE(spikes[i].neuron < table->info->n_neurons &&
                     spikes[i].step >= table->first_step);
    chx__numerals numerals = chx__numerals_begin();
    for (size_t i = 0; i < n_spikes; i++) {
        end_intervals(table, spikes[i].step);
        table->n_spikes[table->info->neurons[spikes[i].neuron].type]++;
    }
    chx__numerals_end(&numerals);
    return CHX_OK; /* what could not be written is told at the end */
}

chx_status
chx_rate_table_finish(chx_rate_table *table, uint64_t end_step)
{
    CHX__REQUIRE(table && end_step >= table->first_step && end_step <= INT32_MAX);
    chx__numerals numerals = chx__numerals_begin();
    end_intervals(table, end_step);
    end_interval(table, end_step);
    chx__numerals_end(&numerals);
    return chx__output_commit(&table->output);
}

void
chx_rate_table_destroy(chx_rate_table **table)
{
    if (!table || !*table)
        return;
    chx__output_discard(&(*table)->output);
    free((*table)->n_spikes);
    free((*table)->n_neurons);
    free(*table);
    *table = NULL;
}
