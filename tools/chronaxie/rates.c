/* Spikes per neuron and second of network time, by type. Types without neurons are listed with a
 * rate of 0, so that columns of two runs line up. */
#include "rates.h"

#include <stdint.h>
#include <stdlib.h>

#include "table.h"

typedef struct tally {
    uint64_t n_neurons;
    uint64_t n_spikes;
} tally;

json_t *
rates_json(const chx_network *network, const chx_spike *spikes, size_t n_spikes, double duration_ms)
{
    const chx_network_info *info = chx_network_get(network);
    tally *tallies = calloc(info->n_types ? info->n_types : 1, sizeof *tallies);
    json_t *list = tallies ? json_array() : NULL;

    for (uint32_t i = 0; tallies && i < info->n_neurons; i++)
        tallies[info->neurons[i].type].n_neurons++;
    for (size_t i = 0; tallies && i < n_spikes; i++)
        tallies[info->neurons[spikes[i].neuron].type].n_spikes++;
    for (uint32_t t = 0; list && t < info->n_types; t++) {
        double neuron_seconds = (double)tallies[t].n_neurons * duration_ms * 1e-3;
        double rate = neuron_seconds > 0 ? (double)tallies[t].n_spikes / neuron_seconds : 0.0;
        json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:f}", "type", info->types[t].name,
                                              "neurons", (json_int_t)tallies[t].n_neurons, "spikes",
                                              (json_int_t)tallies[t].n_spikes, "rate_hz", rate));
    }
    free(tallies);
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
