/* Rules for receptor ports choose synapses by types, as plasticities do. Whether one is of use only
 * the whole network shows; what is not may be meant for later, and is no more than a remark. */
#include "io/folder.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/port.h"
#include "network/rules.h"

static chx_status
read_rule(chx__folder *folder, const chx__json_at *object)
{
    static const char *const keys[] = {"from", "to", "port", NULL};
    chx_network *network = folder->network;
    chx_port_rule rule = {0};
    uint32_t *from = NULL, *to = NULL;
    char room[CHX__PORT_SENTENCE_BYTES];
    chx__json_at member;
    chx__fault fault;
    chx_status status = chx__json_object(object, keys);
    if (!status)
        status = chx__json_member(object, "port", &member);
    if (!status)
        status = chx__json_text(&member, &rule.port);
    if (!status)
        status = chx__folder_read_type_list(folder, object, "from", &from, &rule.n_from);
    if (!status)
        status = chx__folder_read_type_list(folder, object, "to", &to, &rule.n_to);
    rule.from = from;
    rule.to = to;
    if (!status &&
        !chx__port_rule_check(&rule, network->types, network->info.n_types, &fault, room))
        status = chx__folder_fail_fault(object, &fault);
    if (!status)
        status = chx__port_rule_add(network, &rule);
    free(from);
    free(to);
    return status;
}

chx_status
chx__folder_read_ports(chx__folder *folder, const chx__json *json)
{
    chx__json_at root = chx__json_root(json), list;
    size_t n = 0;
    chx_status status = chx__json_optional(&root, "ports", &list);
    if (status || !list.value)
        return status;
    status = chx__json_array(&list, 0, CHX_MAX_PORT_RULES, &n);
    for (size_t i = 0; i < n && !status; i++) {
        const chx__json_at object = chx__json_element(&list, i);
        status = read_rule(folder, &object);
        folder->port_lines[i] = chx__json_line(&object);
    }
    return status;
}

chx_status
chx__folder_remark_ports(chx__folder *folder)
{
    chx_network *network = folder->network;
    chx_status status = network->info.n_ports > 0 ? chx__rules_finish(network) : CHX_OK;
    if (status)
        return status;
    chx_network_info info = network->info; /* as it is published when the network is finished */
    info.types = network->types;
    info.neurons = network->neurons;
    info.synapses = network->synapses;
    info.ports = network->ports;
    bool is_used[CHX_MAX_PORT_RULES + 1] = {false};
    chx__port_map map;
    status = chx__port_map_init(&map, &info);
    if (status || !map.from)
        return status;
    for (uint64_t s = 0; s < info.n_synapses; s++)
        is_used[chx__port_rule_of(&map, &info, &info.synapses[s])] = true;
    chx__port_map_finish(&map);
    char *path = chx__format("%s/network.json", folder->path);
    if (!path)
        return chx__fail_memory("loading a network");
    for (uint32_t i = 0; i < info.n_ports && !status; i++)
        if (!is_used[i + 1])
            status = chx__network_remark(folder->network, path, (uint64_t)folder->port_lines[i],
                                         "no synapse goes by this row of ports, or all go by one "
                                         "above it");
    free(path);
    return status;
}
