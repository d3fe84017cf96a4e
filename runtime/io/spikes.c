/* Spikes as a table, a row for each. */
#include <chronaxie/network.h>

#include "base/error.h"
#include "base/file.h"
#include "io/csv.h"

chx_status
chx_spikes_write_csv(const chx_network *network, const chx_spike *spikes, size_t n_spikes,
                     const char *path)
{
    CHX__REQUIRE(network && path && (spikes || n_spikes == 0));
    const chx_network_info *info = chx_network_get(network);
    for (size_t i = 0; i < n_spikes; i++)
        CHX__REQUIRE(spikes[i].neuron < info->n_neurons);
    chx__output output;
    chx_status status = chx__output_begin(&output, path);
    if (status)
        return status;
    fputs("time_ms,neuron\n", output.stream);
    for (size_t i = 0; i < n_spikes; i++) {
        chx__csv_write_time(output.stream, spikes[i].step, info->time_step_ms);
        fputc(',', output.stream);
        chx__csv_write_text(output.stream, info->neurons[spikes[i].neuron].name);
        fputc('\n', output.stream);
    }
    return chx__output_commit(&output);
}
