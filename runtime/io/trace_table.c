/* Traces as a table: a row for each step that was traced, a column for each neuron. Rows are
 * written as they come, so that a run of hours keeps none of them in memory; the file appears when
 * it is complete. */
#include <chronaxie/simulation.h>

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/numerals.h"
#include "io/csv.h"

struct chx_trace_table {
    chx__output output;
    double time_step_ms;
    uint32_t n_neurons;
};

static void
write_head(chx_trace_table *table, const chx_network_info *info, const uint32_t *neurons)
{
    FILE *stream = table->output.stream;
    fputs("time_ms", stream);
    for (uint32_t i = 0; i < table->n_neurons; i++) {
        fputc(',', stream);
        chx__csv_write_text(stream, info->neurons[neurons[i]].name);
    }
    fputc('\n', stream);
}

chx_status
chx_trace_table_create(const char *path, const chx_network *network, const chx_probe *probe,
                       chx_trace_table **table)
{
    CHX__REQUIRE(path && network && probe && probe->neurons && table);
    const chx_network_info *info = chx_network_outline(network);
    for (uint32_t i = 0; i < probe->n_neurons; i++)
        CHX__REQUIRE(probe->neurons[i] < info->n_neurons);
    chx_trace_table *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("writing traces");
    made->time_step_ms = info->time_step_ms;
    made->n_neurons = probe->n_neurons;
    chx_status status = chx__output_begin(&made->output, path);
    if (status) {
        free(made);
        return status;
    }
    write_head(made, info, probe->neurons);
    *table = made;
    return CHX_OK;
}

chx_status
chx_trace_table_add(chx_trace_table *table, const chx_trace *trace)
{
    CHX__REQUIRE(table && trace && trace->n_neurons == table->n_neurons);
    FILE *stream = table->output.stream;
    chx__numerals numerals = chx__numerals_begin();
    for (size_t row = 0; row < trace->n_rows; row++) {
        const uint64_t step = trace->first_step + row * trace->interval_steps;
        chx__csv_write_time(stream, (uint32_t)(step + 1), table->time_step_ms);
        for (uint32_t n = 0; n < table->n_neurons; n++)
            fprintf(stream, ",%.9g", (double)trace->values[row * table->n_neurons + n]);
        fputc('\n', stream);
    }
    chx__numerals_end(&numerals);
    return CHX_OK; /* what could not be written is told at the end */
}

chx_status
chx_trace_table_finish(chx_trace_table *table)
{
    CHX__REQUIRE(table);
    return chx__output_commit(&table->output);
}

void
chx_trace_table_destroy(chx_trace_table **table)
{
    if (!table || !*table)
        return;
    chx__output_discard(&(*table)->output);
    free(*table);
    *table = NULL;
}
