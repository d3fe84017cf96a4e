/* A network is constant once it is made, but for places that have yet to settle: all handles,
 * simulations and scenes read it without a lock. Arrays are published in `info` at the very end
 * (network_finish.c). */
#include "network/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/layout.h"
#include "network/own_model.h"
#include "network/rules.h"

bool
chx__network_hold(chx_network *network, const chx_model *model)
{
    for (size_t i = 0; i < network->n_models; i++)
        if (network->models[i] == model)
            return true;
    if (!chx__grow(&network->models, &network->models_capacity, network->n_models + 1,
                   sizeof(chx_model *)))
        return false;
    network->models[network->n_models++] = chx__own_hold(model);
    return true;
}

chx_status
chx__network_remark(chx_network *network, const char *path, uint64_t line, const char *sentence)
{
    char *text = chx__format("%s:%llu: %s", path, (unsigned long long)line, sentence);
    char *kept = text ? chx__network_keep_text(network, text, strlen(text)) : NULL;
    free(text);
    if (!kept || !chx__grow(&network->remarks, &network->remarks_capacity,
                            (size_t)network->info.n_remarks + 1, sizeof *network->remarks))
        return chx__fail_memory("loading a network");
    network->remarks[network->info.n_remarks++] = kept;
    return CHX_OK;
}

chx_network *
chx__network_begin(void)
{
    chx_network *network = chx__alloc(1, sizeof *network);
    if (network)
        network->info.view =
            (chx_view){.zoom = 1.0, .speed = 0.04, .conduction_um_per_ms = 100.0, .decay_ms = 6.0};
    return network;
}

void
chx_network_destroy(chx_network **network)
{
    if (!network || !*network)
        return;
    chx_network *dying = *network;
    *network = NULL;
    chx__network_free_kept(dying);
    for (size_t i = 0; i < dying->n_models; i++)
        chx_model_destroy(&dying->models[i]);
    free(dying->models);
    chx__layout_destroy(&dying->layout);
    chx__rules_destroy(&dying->rules);
    free(dying->types);
    free(dying->neurons);
    free(dying->synapses);
    free(dying->stimuli);
    free(dying->nodes);
    free(dying->gaps);
    free(dying->graded);
    free(dying->remarks);
    free(dying->parameters);
    free(dying->initial);
    free(dying);
}

const chx_network_info *
chx_network_get(const chx_network *network)
{
    return network && chx__rules_list(network->rules) == CHX_OK ? &network->info : NULL;
}

const chx_network_info *
chx_network_outline(const chx_network *network)
{
    return network ? &network->info : NULL;
}

chx_status
chx_network_settle(chx_network *network, chx_runtime *runtime)
{
    CHX__REQUIRE(network && runtime);
    if (!network->layout)
        return CHX_OK;
    chx_status status =
        chx__layout_settle(network->layout, network->synapses, network->info.n_synapses, runtime);
    if (status)
        return status;
    chx__layout_place(network->layout, network->neurons);
    chx__layout_destroy(&network->layout);
    network->info.n_unsettled = 0;
    return CHX_OK;
}
