/* Numbers have as many digits as bring their bits back. */
#include "io/synapses.h"

#include "base/error.h"
#include "base/file.h"
#include "io/csv.h"
#include "network/type.h"

void
chx__synapses_write(FILE *stream, const chx_network_info *info, const float *weights)
{
    fprintf(stream, "pre,post,%s,delay_ms\n",
            chx__weight_name(chx__weights_unit(info->types, info->neurons, NULL, info->n_neurons)));
    for (uint64_t i = 0; i < info->n_synapses; i++) {
        const chx_synapse *synapse = &info->synapses[i];
        const float weight = weights ? weights[i] : synapse->weight_pa;
        chx__csv_write_text(stream, info->neurons[synapse->pre].name);
        fputc(',', stream);
        chx__csv_write_text(stream, info->neurons[synapse->post].name);
        fprintf(stream, ",%.9g,%.9g\n", (double)weight, (double)synapse->delay_ms);
    }
}

chx_status
chx_weights_write_csv(const chx_network *network, const float *weights_pa, const char *path)
{
    CHX__REQUIRE(network && path && weights_pa);
    chx__output output;
    chx_status status = chx__output_begin(&output, path);
    if (status)
        return status;
    chx__synapses_write(output.stream, chx_network_get(network), weights_pa);
    return chx__output_commit(&output);
}
