/* Kinds of synapses: pairs of delay and weight, numbered in the order in which the network has
 * them. Most networks have few, such as say how many contacts there are, or one for each kind of
 * cell; a synapse is then one word, with the number of its kind. A plasticity counts as part of the
 * delay. */
#include "network/simulation_tables.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

/* Kinds are read at random and should stay in a processor's cache. */
#define MAX_KIND_BITS 14
#define KIND_SLOTS (1u << (MAX_KIND_BITS + 1)) /* of the hash table, at most half full */

/* What a synapse is like, as the network has it: equal keys are of one kind. */
typedef struct chx__kind_key {
    uint64_t numbers; /* delay and weight */
    uint32_t plasticity; /* its number in kernels' order, 0 for none */
} kind_key;

chx_population_kind
chx__simulation_kind_of(const chx__simulation_tables *tables, const chx_synapse *synapse,
                        uint32_t plasticity)
{
    const uint32_t delay = chx__delay_steps(synapse->delay_ms, tables->info->time_step_ms);
    return (chx_population_kind){plasticity << tables->delay_bits | delay,
                                 chx__fixed_point(tables, synapse->weight_pa)};
}

static kind_key
key_of(const chx__simulation_tables *tables, const chx_synapse *synapse)
{
    uint32_t delay, weight;
    memcpy(&delay, &synapse->delay_ms, sizeof delay);
    memcpy(&weight, &synapse->weight_pa, sizeof weight);
    kind_key key = {.numbers = (uint64_t)delay << 32 | weight};
    chx__simulation_plasticity(tables, synapse, &key.plasticity);
    return key;
}

/* The hash table's entry of a key, or the free one where it belongs. */
static uint32_t *
find_kind(const chx__simulation_tables *tables, const kind_key *key)
{
    uint32_t slot =
        (uint32_t)((key->numbers + key->plasticity) * UINT64_C(0x9e3779b97f4a7c15) >> 40);
    for (;; slot++) {
        uint32_t *entry = &tables->kind_slots[slot % KIND_SLOTS];
        if (!*entry)
            return entry;
        const kind_key *own = &tables->kind_keys[*entry - 1];
        if (own->numbers == key->numbers && own->plasticity == key->plasticity)
            return entry;
    }
}

uint32_t
chx__simulation_kind(const chx__simulation_tables *tables, const chx_synapse *synapse)
{
    const kind_key key = key_of(tables, synapse);
    return *find_kind(tables, &key) - 1;
}

float
chx__simulation_kind_pa(const chx__simulation_tables *tables, uint32_t kind)
{
    const uint32_t bits = (uint32_t)tables->kind_keys[kind].numbers;
    float weight_pa;
    memcpy(&weight_pa, &bits, sizeof weight_pa);
    return weight_pa;
}

void
chx__simulation_kinds_weigh(chx__simulation_tables *tables)
{
    for (uint32_t k = 0; k < tables->n_kinds; k++)
        tables->kinds[k].weight = chx__fixed_point(tables, chx__simulation_kind_pa(tables, k));
}

/* Collects the kind of a synapse if it is new. False when that is one too many. */
static bool
collect(chx__simulation_tables *tables, const chx_synapse *synapse, uint32_t max_kinds)
{
    const kind_key key = key_of(tables, synapse);
    uint32_t *entry = find_kind(tables, &key);
    if (*entry)
        return true;
    if (tables->n_kinds == max_kinds)
        return false;
    tables->kind_keys[tables->n_kinds] = key;
    tables->kinds[tables->n_kinds++] = chx__simulation_kind_of(tables, synapse, key.plasticity);
    *entry = tables->n_kinds;
    return true;
}

/* Collects the kinds, or none when they are too many. */
static void
collect_all(chx__simulation_tables *tables, uint32_t max_kinds)
{
    const chx_network_info *info = tables->info;
    bool has_room = !tables->rules || !chx__rules_have_values(tables->rules);
    chx_synapse sample;
    for (size_t i = 0; has_room && tables->rules && chx__rules_sample(tables->rules, i, &sample);
         i++)
        has_room = collect(tables, &sample, max_kinds);
    for (uint64_t s = 0; has_room && !tables->rules && s < info->n_synapses; s++)
        has_room = collect(tables, &info->synapses[s], max_kinds);
    if (!has_room)
        tables->n_kinds = 0;
}

chx_status
chx__simulation_kinds_init(chx__simulation_tables *tables)
{
    if (tables->n_learning > 0)
        return CHX_OK;
    const uint32_t spare_bits = 32 - tables->target_bits;
    const uint32_t max_kinds = 1u << (spare_bits < MAX_KIND_BITS ? spare_bits : MAX_KIND_BITS);
    tables->kind_slots = chx__alloc(KIND_SLOTS, sizeof *tables->kind_slots);
    tables->kind_keys = chx__alloc(max_kinds, sizeof *tables->kind_keys);
    tables->kinds = chx__alloc(max_kinds, sizeof *tables->kinds);
    if (!tables->kind_slots || !tables->kind_keys || !tables->kinds)
        return chx__fail_memory("listing the kinds of synapses");
    collect_all(tables, max_kinds);
    return CHX_OK;
}
