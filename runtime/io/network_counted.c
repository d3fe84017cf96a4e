/* Neurons that a type only counts: they follow those of neurons.csv, type by type, are called after
 * their type and a number from 1, and stand where a drawing puts them (network/discs.h). */
#include "io/folder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/check.h"
#include "network/discs.h"

#define DIAMETER_UM 10.0f
#define SPACING_UM 20.0
#define MAX_NAME 256 /* a type's 200 bytes, and a number */

chx_status
chx__folder_read_count(chx__folder *folder, const chx__json_at *type, uint32_t index)
{
    chx__json_at member;
    long long count = 0;
    chx_status status = chx__json_optional(type, "neurons", &member);
    if (!status && member.value)
        status = chx__json_integer(&member, 1, CHX__NETWORK_MAX_ITEMS, &count);
    if (status || count == 0)
        return status;
    if (!chx__grow(&folder->counts, &folder->counts_capacity, (size_t)index + 1,
                   sizeof *folder->counts))
        return chx__fail_memory("loading a network");
    folder->counts[index] = (uint32_t)count;
    folder->n_counts = index + 1;
    return CHX_OK;
}

/* Names one and makes it known. */
static chx_status
add_neuron(chx__folder *folder, const chx__json_at *at, uint32_t type, uint32_t number)
{
    chx_network *network = folder->network;
    const uint32_t n = network->info.n_neurons;
    char text[MAX_NAME];
    const int length = snprintf(text, sizeof text, "%s%u", network->types[type].name, number);
    chx__fault fault;
    uint32_t known;
    if (!chx__type_name_check(text, (size_t)length, &fault))
        return chx__json_fail(at, "its neurons are called '%.64s'; the name %s", text,
                              fault.sentence);
    const char *name = chx__network_keep_text(network, text, (size_t)length);
    if (!name || !chx__names_add(&folder->neurons, name, (size_t)length, n, &known))
        return chx__fail_memory("loading a network");
    if (known != CHX__NO_NAME)
        return chx__json_fail(at, "makes a second neuron '%.64s'; rename the type or the other",
                              name);
    network->neurons[n] = (chx_neuron){.name = name, .type = type, .diameter_um = DIAMETER_UM};
    folder->shape_of[n] = CHX__NO_NAME;
    network->info.n_neurons++;
    return CHX_OK;
}

/* Room for all of a type. */
static bool
make_room(chx__folder *folder, size_t n)
{
    chx_network *network = folder->network;
    return chx__grow(&network->neurons, &network->neurons_capacity, n, sizeof *network->neurons) &&
           chx__grow(&folder->shape_of, &folder->shape_of_capacity, n, sizeof *folder->shape_of);
}

static chx_status
add_type(chx__folder *folder, const chx__json_at *types, uint32_t type)
{
    chx__json_at at;
    const uint64_t n = (uint64_t)folder->network->info.n_neurons + folder->counts[type];
    chx_status status = chx__json_optional(types, folder->network->types[type].name, &at);
    if (status)
        return status;
    if (n > CHX__NETWORK_MAX_ITEMS)
        return chx__fail(CHX_ERROR_LIMIT, "%s:%d: more than %u neurons; make the network smaller",
                         at.json->path, chx__json_line(&at), CHX__NETWORK_MAX_ITEMS);
    if (!make_room(folder, (size_t)n))
        return chx__fail_memory("loading a network");
    for (uint32_t i = 1; i <= folder->counts[type] && !status; i++)
        status = add_neuron(folder, &at, type, i);
    return status;
}

chx_status
chx__folder_add_counted(chx__folder *folder, const chx__json *json)
{
    const chx__json_at root = chx__json_root(json);
    chx_network *network = folder->network;
    const uint32_t n_listed = network->info.n_neurons;
    chx__json_at types;
    if (folder->n_counts == 0)
        return CHX_OK;
    chx_status status = chx__json_member(&root, "types", &types);
    for (uint32_t type = 0; type < folder->n_counts && !status; type++)
        if (folder->counts[type] > 0)
            status = add_type(folder, &types, type);
    if (status)
        return status;
    chx__discs_place(network->neurons, n_listed, network->info.n_neurons, SPACING_UM);
    if (!folder->states_layout)
        network->info.view.is_layout = true;
    return CHX_OK;
}
