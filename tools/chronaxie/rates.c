/* Spikes per neuron and second of network time, by type. Types without neurons are listed with a
 * rate of 0, so that columns of two runs line up. */
#include "rates.h"

#include <stdint.h>
#include <stdlib.h>

#include "table.h"

json_t *
rates_json(const chx_network_info *info, const uint64_t *n_spikes, double duration_ms)
{
    uint64_t *n_neurons = calloc(info->n_types ? info->n_types : 1, sizeof *n_neurons);
    json_t *list = n_neurons ? json_array() : NULL;

    for (uint32_t i = 0; n_neurons && i < info->n_neurons; i++)
        n_neurons[info->neurons[i].type]++;
    for (uint32_t t = 0; list && t < info->n_types; t++) {
        double neuron_seconds = (double)n_neurons[t] * duration_ms * 1e-3;
        double rate = neuron_seconds > 0 ? (double)n_spikes[t] / neuron_seconds : 0.0;
        json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:f}", "type", info->types[t].name,
                                              "neurons", (json_int_t)n_neurons[t], "spikes",
                                              (json_int_t)n_spikes[t], "rate_hz", rate));
    }
    free(n_neurons);
    return list;
}

void
rates_print(const json_t *rates)
{
    struct table table;
    size_t i;
    json_t *row;

    table_begin(&table, "type|>neurons|>spikes|>rate (Hz)");
    json_array_foreach((json_t *)rates, i, row)
    {
        table_add(&table, "%s", json_string_value(json_object_get(row, "type")));
        table_add(&table, "%lld", (long long)json_integer_value(json_object_get(row, "neurons")));
        table_add(&table, "%lld", (long long)json_integer_value(json_object_get(row, "spikes")));
        table_add(&table, "%.2f", json_number_value(json_object_get(row, "rate_hz")));
    }
    table_print(&table);
}
