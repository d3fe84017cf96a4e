/* Times are whole nanoseconds, printed as integers: "%g" would depend on the locale and lose
 * steps late in a long run. */
#include <chronaxie/network.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "io/csv.h"

/* Milliseconds with up to six decimals, the finest a time step can be, in any locale. */
static void
write_time(FILE *stream, uint32_t step, double time_step_ms)
{
    uint64_t time_ns = (uint64_t)llround((double)step * time_step_ms * 1e6);
    char decimals[8];
    size_t length =
        (size_t)snprintf(decimals, sizeof decimals, ".%06u", (unsigned)(time_ns % 1000000));
    while (decimals[length - 1] == '0')
        length--;
    fprintf(stream, "%" PRIu64 "%.*s", time_ns / 1000000, length > 1 ? (int)length : 0, decimals);
}

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
        write_time(output.stream, spikes[i].step, info->time_step_ms);
        fputc(',', output.stream);
        chx__csv_write_text(output.stream, info->neurons[spikes[i].neuron].name);
        fputc('\n', output.stream);
    }
    return chx__output_commit(&output);
}
