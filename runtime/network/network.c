/* A network is constant once it is made: all handles, simulations and scenes read it without a
 * lock. Texts and lists of stimuli live in blocks that never move, so pointers to them stay good
 * while arrays grow; the arrays themselves are published in `info` at the very end.
 *
 * Synapses are sorted by source, target, delay and weight, so the same network in another order
 * of rows gives the same tables and the same spikes; gaps likewise. */
#include "network/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crew.h"
#include "base/error.h"
#include "network/check.h"
#include "network/gap.h"
#include "network/own_model.h"
#include "network/plasticity.h"

#define BLOCK_BYTES 65536
#define N_SHARES 64 /* of the synapses, which threads look at */
#define FEW_SYNAPSES 20000 /* that one thread looks at faster than others are made */

struct chx__network_block {
    struct chx__network_block *next;
    size_t used_bytes, size_bytes;
    _Alignas(max_align_t) char bytes[];
};

void *
chx__network_keep(chx_network *network, size_t size_bytes)
{
    size_t align = sizeof(uint64_t);
    if (size_bytes > SIZE_MAX / 2)
        return NULL;
    size_bytes = (size_bytes + align - 1) / align * align;
    struct chx__network_block *block = network->blocks;
    if (!block || block->size_bytes - block->used_bytes < size_bytes) {
        size_t room = size_bytes > BLOCK_BYTES ? size_bytes : BLOCK_BYTES;
        block = malloc(sizeof *block + room);
        if (!block)
            return NULL;
        *block = (struct chx__network_block){.next = network->blocks, .size_bytes = room};
        network->blocks = block;
    }
    void *kept = block->bytes + block->used_bytes;
    block->used_bytes += size_bytes;
    return kept;
}

char *
chx__network_keep_text(chx_network *network, const char *text, size_t length)
{
    char *kept = chx__network_keep(network, length + 1);
    if (!kept)
        return NULL;
    memcpy(kept, text, length);
    kept[length] = '\0';
    return kept;
}

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

/* Shrinking may fail, which leaves the array as it was. */
static void
shrink(void *array, size_t count, size_t size)
{
    void **address = array;
    if (count == 0)
        return;
    void *shrunk = realloc(*address, count * size);
    if (shrunk)
        *address = shrunk;
}

/* The shortest and the longest delay in each share of the synapses. */
typedef struct delays {
    const chx_synapse *synapses;
    uint64_t n_synapses;
    uint32_t n_shares;
    float shortest[N_SHARES], longest[N_SHARES];
} delays;

static void
find_delays(void *data, uint32_t share)
{
    delays *of = data;
    uint64_t each = of->n_synapses / of->n_shares, first = share * each;
    uint64_t end = share + 1 < of->n_shares ? first + each : of->n_synapses;
    float shortest = INFINITY, longest = 0;
    for (uint64_t i = first; i < end; i++) {
        float delay_ms = of->synapses[i].delay_ms;
        shortest = delay_ms < shortest ? delay_ms : shortest;
        longest = delay_ms > longest ? delay_ms : longest;
    }
    of->shortest[share] = shortest;
    of->longest[share] = longest;
}

static void
derive_delays(chx_network *network)
{
    chx_network_info *info = &network->info;
    if (info->n_synapses == 0) {
        info->min_delay_ms = info->max_delay_ms = info->duration_ms;
        return;
    }
    delays of = {.synapses = network->synapses,
                 .n_synapses = info->n_synapses,
                 .n_shares = info->n_synapses < FEW_SYNAPSES ? 1 : N_SHARES};
    chx__crew_run(of.n_shares, find_delays, &of);
    float shortest = of.shortest[0], longest = of.longest[0];
    for (uint32_t i = 1; i < of.n_shares; i++) {
        shortest = of.shortest[i] < shortest ? of.shortest[i] : shortest;
        longest = of.longest[i] > longest ? of.longest[i] : longest;
    }
    info->min_delay_ms = chx__delay_steps(shortest, info->time_step_ms) * info->time_step_ms;
    info->max_delay_ms = chx__delay_steps(longest, info->time_step_ms) * info->time_step_ms;
}

chx_status
chx__network_finish(chx_network *network)
{
    chx_network_info *info = &network->info;
    chx_status status = chx__synapses_sort(network->synapses, info->n_synapses, info->n_neurons);
    if (status)
        return status;
    derive_delays(network);
    chx__gaps_sort(network->gaps, info->n_gaps);
    shrink(&network->types, info->n_types, sizeof *network->types);
    shrink(&network->neurons, info->n_neurons, sizeof *network->neurons);
    shrink(&network->synapses, info->n_synapses, sizeof *network->synapses);
    shrink(&network->stimuli, info->n_stimuli, sizeof *network->stimuli);
    shrink(&network->nodes, info->n_nodes, sizeof *network->nodes);
    shrink(&network->gaps, info->n_gaps, sizeof *network->gaps);
    info->types = network->types;
    info->neurons = network->neurons;
    info->synapses = network->synapses;
    info->stimuli = network->stimuli;
    info->nodes = network->nodes;
    info->gaps = network->gaps;
    info->plasticities = network->plasticities;
    info->remarks = network->remarks;
    status = chx__plasticity_check_weights(info);
    return status ? status : chx__gaps_check_sums(info);
}

void
chx_network_destroy(chx_network **network)
{
    if (!network || !*network)
        return;
    chx_network *dying = *network;
    *network = NULL;
    while (dying->blocks) {
        struct chx__network_block *next = dying->blocks->next;
        free(dying->blocks);
        dying->blocks = next;
    }
    for (size_t i = 0; i < dying->n_models; i++)
        chx_model_destroy(&dying->models[i]);
    free(dying->models);
    free(dying->types);
    free(dying->neurons);
    free(dying->synapses);
    free(dying->stimuli);
    free(dying->nodes);
    free(dying->gaps);
    free(dying->remarks);
    free(dying);
}

const chx_network_info *
chx_network_get(const chx_network *network)
{
    return network ? &network->info : NULL;
}
