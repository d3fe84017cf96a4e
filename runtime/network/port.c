/* Rules are few and types may be many, so each type knows the rules for its synapses as bits, as
 * with plasticities (plasticity.c), and for each rule the port that has its name in the type's own
 * model. Where that model has one port, the name chooses nothing, and the sign of the weight goes
 * on to count: a lif neuron without a time constant for inhibition may be simulated by the kernel
 * with two currents. */
#include "network/port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/plasticity.h"
#include "network/type.h"
#include "network/type_list.h"

static const char *const lone[] = {"input"};

static const chx__model *
kernel_of(const chx_neuron_type *type)
{
    return chx__type_kernel(type, chx__type_is_pair(type));
}

static const char *
name_of(const chx__model *model, uint32_t port)
{
    return (model->ports ? model->ports : lone)[port];
}

/* The index of the port of that name; n_ports when there is none. */
static uint32_t
find(const chx__model *model, const char *name)
{
    uint32_t port = 0;
    while (port < model->n_ports && strcmp(name_of(model, port), name) != 0)
        port++;
    return port;
}

/* The same, where the name chooses. */
static uint8_t
chosen(const chx_neuron_type *type, const char *name)
{
    const chx__model *model = kernel_of(type);
    const uint32_t port = find(model, name);
    return model->n_ports > 1 && port < model->n_ports ? (uint8_t)port : CHX__PORT_BY_SIGN;
}

/* "a", "a and b", "a, b and c" */
static void
list_names(const chx__model *model, char *text, size_t size)
{
    size_t length = 0;
    for (uint32_t i = 0; i < model->n_ports && length < size; i++) {
        const char *mark = i == 0 ? "" : i + 1 == model->n_ports ? " and " : ", ";
        length += (size_t)snprintf(text + length, size - length, "%s%s", mark, name_of(model, i));
    }
}

/* Whether neurons of the type have the port. */
static bool
check_name(const char *port, const chx_neuron_type *type, chx__fault *fault, char *room)
{
    const chx__model *model = kernel_of(type);
    char names[8 * 48];
    if (find(model, port) < model->n_ports)
        return true;
    list_names(model, names, sizeof names);
    snprintf(room, CHX__PORT_SENTENCE_BYTES,
             "is '%.64s', which the model %.64s of the type '%.64s' has not; %s %s", port,
             model->name, type->name ? type->name : "",
             model->n_ports == 1 ? "its only port is" : "its ports are", names);
    *fault = (chx__fault){"port", room};
    return false;
}

bool
chx__port_rule_check(const chx_port_rule *rule, const chx_neuron_type *types, uint32_t n_types,
                     chx__fault *fault, char room[CHX__PORT_SENTENCE_BYTES])
{
    const uint32_t n = rule->n_to > 0 ? rule->n_to : n_types;
    if (!chx__type_list_check(rule->from, rule->n_from, n_types)) {
        *fault = (chx__fault){"from", "has a type that is beyond those of the network"};
        return false;
    }
    if (!chx__type_list_check(rule->to, rule->n_to, n_types)) {
        *fault = (chx__fault){"to", "has a type that is beyond those of the network"};
        return false;
    }
    if (!rule->port) {
        *fault = (chx__fault){"port", "is NULL; name a port that all targets' models have"};
        return false;
    }
    for (uint32_t i = 0; i < n; i++)
        if (!check_name(rule->port, &types[rule->n_to > 0 ? rule->to[i] : i], fault, room))
            return false;
    return true;
}

chx_status
chx__port_rule_add(chx_network *network, const chx_port_rule *rule)
{
    chx_network_info *info = &network->info;
    if (info->n_ports == CHX_MAX_PORT_RULES)
        return chx__fail(CHX_ERROR_LIMIT,
                         "the network has more than %d rules for ports; let some types share one",
                         CHX_MAX_PORT_RULES);
    if (!network->ports)
        network->ports = chx__network_keep(network, CHX_MAX_PORT_RULES * sizeof *network->ports);
    chx_port_rule copy = *rule;
    copy.port = chx__network_keep_text(network, rule->port, strlen(rule->port));
    if (!network->ports || !copy.port || !chx__type_list_keep(network, &copy.from, copy.n_from) ||
        !chx__type_list_keep(network, &copy.to, copy.n_to))
        return chx__fail_memory("copying a network");
    network->ports[info->n_ports++] = copy;
    return CHX_OK;
}

static void
map_rule(chx__port_map *map, const chx_network_info *info, uint32_t index)
{
    const chx_port_rule *rule = &info->ports[index];
    const uint32_t bit = UINT32_C(1) << index;
    chx__type_list_mark(rule->from, rule->n_from, bit, map->from, info->n_types);
    chx__type_list_mark(rule->to, rule->n_to, bit, map->to, info->n_types);
    for (uint32_t t = 0; t < info->n_types; t++)
        map->ports[(size_t)t * info->n_ports + index] = chosen(&info->types[t], rule->port);
}

chx_status
chx__port_map_init(chx__port_map *map, const chx_network_info *info)
{
    *map = (chx__port_map){0};
    if (info->n_ports == 0)
        return CHX_OK;
    map->from = chx__alloc(info->n_types, sizeof *map->from);
    map->to = chx__alloc(info->n_types, sizeof *map->to);
    map->ports = chx__alloc(info->n_types, info->n_ports * sizeof *map->ports);
    if (!map->from || !map->to || !map->ports) {
        chx__port_map_finish(map);
        return chx__fail_memory("listing the ports of synapses");
    }
    for (uint32_t i = 0; i < info->n_ports; i++)
        map_rule(map, info, i);
    return CHX_OK;
}

void
chx__port_map_finish(chx__port_map *map)
{
    free(map->from);
    free(map->to);
    free(map->ports);
    *map = (chx__port_map){0};
}

void
chx__port_map_hash(const chx__port_map *map, const chx_network_info *info, chx__hasher *hasher)
{
    if (!map->from)
        return;
    chx__hasher_add(hasher, map->from, info->n_types * sizeof *map->from);
    chx__hasher_add(hasher, map->to, info->n_types * sizeof *map->to);
    chx__hasher_add(hasher, map->ports, (size_t)info->n_types * info->n_ports);
}

uint32_t
chx__port_rule_of(const chx__port_map *map, const chx_network_info *info,
                  const chx_synapse *synapse)
{
    if (!map->from)
        return 0;
    const uint32_t bits =
        map->from[info->neurons[synapse->pre].type] & map->to[info->neurons[synapse->post].type];
    for (uint32_t i = 0; i < info->n_ports; i++)
        if (bits >> i & 1)
            return i + 1;
    return 0;
}

uint32_t
chx__port_by_rule(const chx__port_map *map, const chx_network_info *info,
                  const chx_synapse *synapse, const chx__model *kernel, double weight)
{
    const uint32_t rule = chx__port_rule_of(map, info, synapse);
    const size_t row = rule > 0 ? (size_t)info->neurons[synapse->post].type * info->n_ports : 0;
    const uint32_t port = rule > 0 ? map->ports[row + rule - 1] : CHX__PORT_BY_SIGN;
    return port == CHX__PORT_BY_SIGN ? chx__model_port(kernel, weight) : port;
}

/* A conductance below 0 is none: of a model that has conductances each port takes one sign. */
static bool
takes(const chx__model *kernel, uint32_t port, double weight)
{
    return kernel->unit != CHX__UNIT_NS || weight == 0 || chx__model_port(kernel, weight) == port;
}

/* The weight, or the greatest that it may learn to be, which has the same sign. */
static double
weight_of(const chx__plasticity_map *map, const chx_network_info *info, const chx_synapse *synapse)
{
    const uint32_t number = chx__plasticity_of(map, info, synapse);
    const bool learns = number > 0 && info->plasticities[number - 1].kind == CHX_PLASTICITY_STDP;
    return learns ? info->plasticities[number - 1].weight_max : (double)synapse->weight_pa;
}

static chx_status
check_weight(const chx_network_info *info, const chx__port_map *map,
             const chx__plasticity_map *plasticity_map, const chx_synapse *synapse)
{
    const uint32_t rule = chx__port_rule_of(map, info, synapse);
    if (rule == 0)
        return CHX_OK;
    const chx__model *kernel = kernel_of(&info->types[info->neurons[synapse->post].type]);
    const double weight = weight_of(plasticity_map, info, synapse);
    const uint32_t port = chx__port_of(map, info, synapse, kernel, weight);
    if (takes(kernel, port, weight))
        return CHX_OK;
    return chx__fail(CHX_ERROR_FORMAT,
                     "ports[%u]: port is %s, and the weight %g of the synapse from %s to %s would "
                     "make its conductance negative; change the weight's sign, or the port",
                     rule - 1, info->ports[rule - 1].port, weight, info->neurons[synapse->pre].name,
                     info->neurons[synapse->post].name);
}

/* Which types have conductances; *any when one has. */
static void
find_conductances(const chx_network_info *info, bool *of_type, bool *any)
{
    for (uint32_t t = 0; t < info->n_types; t++) {
        of_type[t] = kernel_of(&info->types[t])->unit == CHX__UNIT_NS;
        *any = *any || of_type[t];
    }
}

chx_status
chx__port_check_weights(const chx_network_info *info)
{
    chx__port_map map = {0};
    chx__plasticity_map plasticity_map = {0};
    bool any = false;
    if (info->n_ports == 0)
        return CHX_OK;
    bool *of_type = chx__alloc(info->n_types, sizeof *of_type);
    if (!of_type)
        return chx__fail_memory("checking the ports of synapses");
    find_conductances(info, of_type, &any);
    chx_status status = any ? chx__port_map_init(&map, info) : CHX_OK;
    if (!status && any)
        status = chx__plasticity_map_init(&plasticity_map, info);
    for (uint64_t s = 0; s < info->n_synapses && any && !status; s++)
        if (of_type[info->neurons[info->synapses[s].post].type])
            status = check_weight(info, &map, &plasticity_map, &info->synapses[s]);
    chx__plasticity_map_finish(&plasticity_map);
    chx__port_map_finish(&map);
    free(of_type);
    return status;
}

static bool
check_target(const chx_stimulus *stimulus, const chx_neuron_type *type,
             const chx_neuron_type *first, chx__fault *fault, char *room)
{
    if (!check_name(stimulus->port, type, fault, room))
        return false;
    const uint8_t port = chosen(type, stimulus->port);
    fault->member = "port";
    fault->sentence = "stands at different places among the ports of the models that the stimulus "
                      "reaches; make it a stimulus for each model";
    if (port != chosen(first, stimulus->port))
        return false;
    fault->sentence = "would get a negative conductance; change the sign of the stimulus's weight, "
                      "or the port";
    return port == CHX__PORT_BY_SIGN || takes(kernel_of(type), port, stimulus->current_pa);
}

bool
chx__port_check_stimulus(const chx_stimulus *stimulus, const chx_neuron_type *types,
                         const chx_neuron *neurons, chx__fault *fault,
                         char room[CHX__PORT_SENTENCE_BYTES])
{
    if (!stimulus->port)
        return true;
    if (stimulus->kind == CHX_STIMULUS_STEP) {
        *fault = (chx__fault){"port", "belongs to a poisson stimulus or a spike train; remove it"};
        return false;
    }
    for (uint32_t i = 0; i < stimulus->n_neurons; i++) {
        const uint32_t type = neurons[stimulus->neurons[i]].type;
        const uint32_t before = neurons[stimulus->neurons[i > 0 ? i - 1 : 0]].type;
        const uint32_t first = neurons[stimulus->neurons[0]].type;
        if ((i == 0 || type != before) &&
            !check_target(stimulus, &types[type], &types[first], fault, room))
            return false;
    }
    return true;
}

uint32_t
chx__port_of_stimulus(const chx_network_info *info, const chx_stimulus *stimulus)
{
    uint32_t port = CHX__PORT_BY_SIGN;
    if (stimulus->port && stimulus->n_neurons > 0)
        port = chosen(&info->types[info->neurons[stimulus->neurons[0]].type], stimulus->port);
    return port == CHX__PORT_BY_SIGN ? stimulus->current_pa < 0 : port;
}
