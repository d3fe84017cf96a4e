/* Plasticities are few and types may be many, so each type knows its plasticities as bits, and
 * those of a synapse are the bits that the types of both its neurons have. */
#include "network/plasticity.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/type_list.h"

#define MAX_TAU_MS 1e9

static bool
fail(chx__fault *fault, const char *member, const char *sentence)
{
    *fault = (chx__fault){member, sentence};
    return false;
}

static bool
check_short_term(const chx_plasticity *plasticity, chx__fault *fault)
{
    if (!(plasticity->utilization > 0 && plasticity->utilization <= 1))
        return fail(fault, "utilization", "must be above 0 and at most 1");
    if (!(plasticity->recovery_ms >= 0 && plasticity->recovery_ms <= MAX_TAU_MS))
        return fail(fault, "recovery_ms", "must be 0 to 1e9");
    if (!(plasticity->facilitation_ms >= 0 && plasticity->facilitation_ms <= MAX_TAU_MS))
        return fail(fault, "facilitation_ms", "must be 0 to 1e9");
    return true;
}

static bool
check_stdp(const chx_plasticity *plasticity, chx__fault *fault)
{
    const double max = fabs(plasticity->weight_max);
    if (!(plasticity->potentiation >= 0 && plasticity->potentiation <= 1))
        return fail(fault, "potentiation", "must be 0 to 1");
    if (!(plasticity->depression >= 0 && plasticity->depression <= 1))
        return fail(fault, "depression", "must be 0 to 1");
    if (!(plasticity->potentiation_ms > 0 && plasticity->potentiation_ms <= MAX_TAU_MS))
        return fail(fault, "potentiation_ms", "must be above 0 and at most 1e9");
    if (!(plasticity->depression_ms > 0 && plasticity->depression_ms <= MAX_TAU_MS))
        return fail(fault, "depression_ms", "must be above 0 and at most 1e9");
    if (!(plasticity->potentiation_exponent >= 0 && plasticity->potentiation_exponent <= 100))
        return fail(fault, "potentiation_exponent", "must be 0 to 100");
    if (!(plasticity->depression_exponent >= 0 && plasticity->depression_exponent <= 100))
        return fail(fault, "depression_exponent", "must be 0 to 100");
    if (!(max >= CHX__MIN_CURRENT_PA && max <= CHX__MAX_MAGNITUDE))
        return fail(fault, "weight_max", "must be 1e-12 to 1e12 in magnitude");
    return true;
}

bool
chx__plasticity_check(const chx_plasticity *plasticity, uint32_t n_types, chx__fault *fault)
{
    if (!chx__type_list_check(plasticity->from, plasticity->n_from, n_types))
        return fail(fault, "from", "has a type that is beyond those of the network");
    if (!chx__type_list_check(plasticity->to, plasticity->n_to, n_types))
        return fail(fault, "to", "has a type that is beyond those of the network");
    if (plasticity->kind == CHX_PLASTICITY_SHORT_TERM)
        return check_short_term(plasticity, fault);
    if (plasticity->kind == CHX_PLASTICITY_STDP)
        return check_stdp(plasticity, fault);
    return fail(fault, "kind", "is none of the kinds of plasticity");
}

chx_status
chx__plasticity_add(chx_network *network, const chx_plasticity *plasticity)
{
    chx_network_info *info = &network->info;
    if (info->n_plasticities == CHX_MAX_PLASTICITIES)
        return chx__fail(CHX_ERROR_LIMIT,
                         "the network has more than %d plasticities; let some types share one",
                         CHX_MAX_PLASTICITIES);
    if (!network->plasticities)
        network->plasticities =
            chx__network_keep(network, CHX_MAX_PLASTICITIES * sizeof *network->plasticities);
    chx_plasticity copy = *plasticity;
    if (!network->plasticities || !chx__type_list_keep(network, &copy.from, copy.n_from) ||
        !chx__type_list_keep(network, &copy.to, copy.n_to))
        return chx__fail_memory("copying a network");
    network->plasticities[info->n_plasticities++] = copy;
    return CHX_OK;
}

chx_status
chx__plasticity_map_init(chx__plasticity_map *map, const chx_network_info *info)
{
    *map = (chx__plasticity_map){0};
    if (info->n_plasticities == 0)
        return CHX_OK;
    map->from = chx__alloc(info->n_types, sizeof *map->from);
    map->to = chx__alloc(info->n_types, sizeof *map->to);
    if (!map->from || !map->to)
        return chx__fail_memory("listing plastic synapses");
    for (uint32_t i = 0; i < info->n_plasticities; i++) {
        const chx_plasticity *plasticity = &info->plasticities[i];
        chx__type_list_mark(plasticity->from, plasticity->n_from, 1u << i, map->from,
                            info->n_types);
        chx__type_list_mark(plasticity->to, plasticity->n_to, 1u << i, map->to, info->n_types);
    }
    return CHX_OK;
}

void
chx__plasticity_map_finish(chx__plasticity_map *map)
{
    free(map->from);
    free(map->to);
    *map = (chx__plasticity_map){0};
}

uint32_t
chx__plasticity_of(const chx__plasticity_map *map, const chx_network_info *info,
                   const chx_synapse *synapse)
{
    if (!map->from)
        return 0;
    const uint32_t bits =
        map->from[info->neurons[synapse->pre].type] & map->to[info->neurons[synapse->post].type];
    for (uint32_t i = 0; i < CHX_MAX_PLASTICITIES; i++)
        if (bits >> i & 1)
            return i + 1;
    return 0;
}

chx_status
chx__plasticity_check_weights(const chx_network_info *info)
{
    chx__plasticity_map map;
    chx_status status = chx__plasticity_map_init(&map, info);
    for (uint64_t s = 0; s < info->n_synapses && map.from && !status; s++) {
        const chx_synapse *synapse = &info->synapses[s];
        const uint32_t number = chx__plasticity_of(&map, info, synapse);
        if (number == 0 || info->plasticities[number - 1].kind != CHX_PLASTICITY_STDP)
            continue;
        const double max = info->plasticities[number - 1].weight_max;
        const double share = (double)synapse->weight_pa / (double)(float)max;
        if (!(share >= 0 && share <= 1))
            status = chx__fail(CHX_ERROR_FORMAT,
                               "plasticities[%u]: weight_max is %g, and the synapse from %s to %s "
                               "has the weight %g, which is not between 0 and that; raise it, or "
                               "change the weight",
                               number - 1, max, info->neurons[synapse->pre].name,
                               info->neurons[synapse->post].name, (double)synapse->weight_pa);
    }
    chx__plasticity_map_finish(&map);
    return status;
}
