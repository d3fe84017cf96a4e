/* A copy that is checked while it is made; half of one can be destroyed. Everything that a
 * file's reader checks per row is checked here per element, with the same words (check.c), and
 * then what a file cannot get wrong: indices. A zoom, speed, conduction or decay of zero means
 * the default. Path lengths are measured anew, whatever the caller's say. */
#include "network/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/gap.h"
#include "network/graded.h"
#include "network/morphology.h"
#include "network/names.h"
#include "network/plasticity.h"
#include "network/port.h"
#include "network/rules.h"
#include "network/spike_train.h"
#include "network/type.h"
#include "network/values.h"

static chx_status
fail_at(const char *what, uint64_t index, const chx__fault *fault)
{
    return chx__fail(CHX_ERROR_FORMAT, "%s[%llu]: %s %s", what, (unsigned long long)index,
                     fault->member, fault->sentence);
}

static chx_status
fail_memory(void)
{
    return chx__fail_memory("copying a network");
}

/* A copy of an array; NULL, and no failure, for none. */
static bool
copy_array(const void *from, uint64_t count, size_t size, void *to)
{
    void **address = to;
    if (count == 0)
        return true;
    if (count > SIZE_MAX / size)
        return false;
    *address = chx__alloc_bare(count, size);
    if (*address)
        memcpy(*address, from, count * size);
    return *address != NULL;
}

static chx_status
copy_text(chx_network *network, const char *text, const char **copy)
{
    *copy = chx__network_keep_text(network, text ? text : "", text ? strlen(text) : 0);
    return *copy ? CHX_OK : fail_memory();
}

static chx_status
check_sizes(const chx_network_info *info)
{
    if (info->n_neurons == 0)
        return chx__fail(CHX_ERROR_FORMAT, "the network has no neurons; add at least one");
    if (info->n_neurons > CHX__NETWORK_MAX_ITEMS || info->n_nodes > CHX__NETWORK_MAX_ITEMS ||
        info->n_types > CHX__NETWORK_MAX_ITEMS)
        return chx__fail(CHX_ERROR_LIMIT,
                         "the network has more than %u neurons, nodes or types; "
                         "make it smaller",
                         CHX__NETWORK_MAX_ITEMS);
    if (info->n_synapses > SIZE_MAX / sizeof(chx_synapse))
        return chx__fail(
            CHX_ERROR_LIMIT,
            "%llu synapses are more than an address can reach; make the network smaller",
            (unsigned long long)info->n_synapses);
    if (info->n_gaps > SIZE_MAX / sizeof(chx_gap))
        return chx__fail(CHX_ERROR_LIMIT,
                         "%llu gaps are more than an address can reach; make the network smaller",
                         (unsigned long long)info->n_gaps);
    if (info->n_graded > SIZE_MAX / sizeof(chx_graded_synapse))
        return chx__fail(CHX_ERROR_LIMIT,
                         "%llu graded synapses are more than an address can reach; make the "
                         "network smaller",
                         (unsigned long long)info->n_graded);
    return CHX_OK;
}

static chx_status
copy_scalars(chx_network *network, const chx_network_info *from)
{
    chx_network_info *info = &network->info;
    chx_view view = info->view;
    *info = *from;
    info->types = NULL;
    info->neurons = NULL;
    info->synapses = NULL;
    info->stimuli = NULL;
    info->nodes = NULL;
    info->projections = NULL;
    info->n_projections = 0;
    info->plasticities = NULL;
    info->ports = NULL;
    info->n_ports = 0;
    info->gaps = NULL;
    info->graded = NULL;
    info->parameters = NULL;
    info->n_parameters = 0;
    info->initial = NULL;
    info->n_initial = 0;
    info->remarks = NULL;
    info->n_remarks = 0;
    info->n_unsettled = 0;
    info->view.zoom = from->view.zoom != 0.0 ? from->view.zoom : view.zoom;
    info->view.speed = from->view.speed != 0.0 ? from->view.speed : view.speed;
    if (from->view.conduction_um_per_ms == 0.0)
        info->view.conduction_um_per_ms = view.conduction_um_per_ms;
    if (from->view.decay_ms == 0.0)
        info->view.decay_ms = view.decay_ms;
    chx__fault fault;
    if (!chx__time_check(info->time_step_ms, info->duration_ms, &fault))
        return chx__fail(CHX_ERROR_FORMAT, "network: %s %s", fault.member, fault.sentence);
    if (!chx__view_check(&info->view, &fault))
        return chx__fail(CHX_ERROR_FORMAT, "view: %s %s", fault.member, fault.sentence);
    chx_status status = copy_text(network, from->name, &info->name);
    return status ? status : copy_text(network, from->description, &info->description);
}

static chx_status
copy_types(chx_network *network, const chx_network_info *from)
{
    if (!copy_array(from->types, from->n_types, sizeof *from->types, &network->types))
        return fail_memory();
    for (uint32_t i = 0; i < from->n_types; i++) {
        chx__fault fault;
        chx__prepared prepared;
        chx_status status = chx__type_complete(&network->types[i], network, &fault);
        if (status)
            return status == CHX_ERROR_FORMAT ? fail_at("types", i, &fault) : status;
        if (!chx__type_prepare(&network->types[i], from->time_step_ms, false, &prepared, &fault))
            return fail_at("types", i, &fault);
        status = copy_text(network, from->types[i].name, &network->types[i].name);
        if (status)
            return status;
    }
    return CHX_OK;
}

static chx_status
check_neuron(const chx_network_info *info, uint32_t index)
{
    const chx_neuron *neuron = &info->neurons[index];
    chx__fault fault;
    if (!neuron->name || !chx__type_name_check(neuron->name, strlen(neuron->name), &fault)) {
        if (!neuron->name)
            fault = (chx__fault){"name", "is NULL; give every neuron a name of its own"};
        return fail_at("neurons", index, &fault);
    }
    if (!chx__neuron_check(neuron, &fault))
        return fail_at("neurons", index, &fault);
    if (neuron->type >= info->n_types)
        return chx__fail(CHX_ERROR_FORMAT, "neurons[%u]: type %u is beyond the %u types", index,
                         neuron->type, info->n_types);
    if (neuron->first_node > info->n_nodes || neuron->n_nodes > info->n_nodes - neuron->first_node)
        return chx__fail(CHX_ERROR_FORMAT, "neurons[%u]: its nodes lie beyond the %u nodes", index,
                         info->n_nodes);
    return CHX_OK;
}

static chx_status
copy_neurons(chx_network *network, const chx_network_info *from, chx__names *names)
{
    if (!copy_array(from->neurons, from->n_neurons, sizeof *from->neurons, &network->neurons))
        return fail_memory();
    for (uint32_t i = 0; i < from->n_neurons; i++) {
        chx_status status = check_neuron(from, i);
        if (!status)
            status = copy_text(network, from->neurons[i].name, &network->neurons[i].name);
        if (status)
            return status;
        uint32_t known;
        const char *name = network->neurons[i].name;
        if (!chx__names_add(names, name, strlen(name), i, &known))
            return fail_memory();
        if (known != CHX__NO_NAME)
            return chx__fail(CHX_ERROR_FORMAT,
                             "neurons[%u]: the name '%s' is neurons[%u]'s; "
                             "names must differ",
                             i, name, known);
    }
    return CHX_OK;
}

static chx_status
copy_columns(chx_network *network, const chx_neuron_values *from, uint32_t n, bool is_initial)
{
    const size_t size_bytes = network->info.n_neurons * sizeof *from->values;
    const char *what = is_initial ? "initial" : "parameters";
    for (uint32_t i = 0; i < n; i++) {
        if (!from[i].name || !from[i].values)
            return chx__fail(CHX_ERROR_FORMAT, "%s[%u]: has no name or no values; give it both",
                             what, i);
        for (uint32_t other = 0; other < i; other++)
            if (strcmp(from[i].name, from[other].name) == 0)
                return chx__fail(CHX_ERROR_FORMAT, "%s[%u]: %.64s is %s[%u] already; drop one",
                                 what, i, from[i].name, what, other);
        double *values =
            chx__values_column(network, is_initial, from[i].name, strlen(from[i].name));
        if (!values)
            return fail_memory();
        memcpy(values, from[i].values, size_bytes);
    }
    return CHX_OK;
}

static chx_status
copy_values(chx_network *network, const chx_network_info *from)
{
    chx_status status = copy_columns(network, from->parameters, from->n_parameters, false);
    if (!status)
        status = copy_columns(network, from->initial, from->n_initial, true);
    for (uint32_t n = 0; n < from->n_neurons && !status; n++) {
        const chx_neuron_type *type = &network->types[network->neurons[n].type];
        const chx__own_values parameters = {network->parameters, from->n_parameters, n};
        const chx__own_values initial = {network->initial, from->n_initial, n};
        chx__fault fault;
        if (!chx__values_check(&parameters, type, from->time_step_ms, &fault) ||
            !chx__values_check_initial(&initial, type, &fault))
            status = fail_at("neurons", n, &fault);
    }
    return status;
}

static chx_status
copy_synapses(chx_network *network, const chx_network_info *from)
{
    for (uint64_t i = 0; i < from->n_synapses; i++) {
        const chx_synapse *synapse = &from->synapses[i];
        chx__fault fault;
        if (!chx__synapse_check(synapse, from->time_step_ms, &fault))
            return fail_at("synapses", i, &fault);
        if (synapse->pre >= from->n_neurons || synapse->post >= from->n_neurons)
            return chx__fail(CHX_ERROR_FORMAT, "synapses[%llu]: %u -> %u is beyond the %u neurons",
                             (unsigned long long)i, synapse->pre, synapse->post, from->n_neurons);
    }
    if (!copy_array(from->synapses, from->n_synapses, sizeof *from->synapses, &network->synapses))
        return fail_memory();
    network->synapses_capacity = (size_t)from->n_synapses;
    return CHX_OK;
}

static chx_status
copy_gaps(chx_network *network, const chx_network_info *from)
{
    for (uint64_t i = 0; i < from->n_gaps; i++) {
        const chx_gap *gap = &from->gaps[i];
        chx__fault fault;
        if (gap->neuron >= from->n_neurons || gap->other >= from->n_neurons)
            return chx__fail(CHX_ERROR_FORMAT, "gaps[%llu]: %u - %u is beyond the %u neurons",
                             (unsigned long long)i, gap->neuron, gap->other, from->n_neurons);
        if (!chx__gap_check(gap, &fault))
            return fail_at("gaps", i, &fault);
    }
    return copy_array(from->gaps, from->n_gaps, sizeof *from->gaps, &network->gaps) ? CHX_OK
                                                                                    : fail_memory();
}

static chx_status
copy_graded(chx_network *network, const chx_network_info *from)
{
    for (uint64_t i = 0; i < from->n_graded; i++) {
        const chx_graded_synapse *graded = &from->graded[i];
        chx__fault fault;
        if (graded->pre >= from->n_neurons || graded->post >= from->n_neurons)
            return chx__fail(CHX_ERROR_FORMAT, "graded[%llu]: %u -> %u is beyond the %u neurons",
                             (unsigned long long)i, graded->pre, graded->post, from->n_neurons);
        const chx_neuron_type *type = &network->types[network->neurons[graded->pre].type];
        if (!chx__graded_check(graded, chx__type_model(type), &fault))
            return fail_at("graded", i, &fault);
    }
    return copy_array(from->graded, from->n_graded, sizeof *from->graded, &network->graded)
               ? CHX_OK
               : fail_memory();
}

/* Draws what the caller listed as rules; the neurons are copied. */
static chx_status
draw_projections(chx_network *network, const chx_network_info *from)
{
    chx__projector projector = {0};
    chx__fault fault;
    if (from->n_projections == 0)
        return CHX_OK;
    chx_status status = chx__projector_init(&projector, network);
    for (uint32_t i = 0; i < from->n_projections && !status; i++) {
        if (!chx__projector_check(&projector, &from->projections[i], &fault)) {
            status = fail_at("projections", i, &fault);
            break;
        }
        status = chx__rules_keep(&projector, &from->projections[i], i, &fault);
        if (status == CHX_ERROR_LIMIT)
            status = chx__fail(CHX_ERROR_LIMIT, "projections[%u]: %s %s", i, fault.member,
                               fault.sentence);
    }
    chx__projector_finish(&projector);
    return status;
}

static chx_status
copy_plasticities(chx_network *network, const chx_network_info *from)
{
    network->info.n_plasticities = 0;
    for (uint32_t i = 0; i < from->n_plasticities; i++) {
        chx__fault fault;
        if (!chx__plasticity_check(&from->plasticities[i], from->n_types, &fault))
            return fail_at("plasticities", i, &fault);
        chx_status status = chx__plasticity_add(network, &from->plasticities[i]);
        if (status)
            return status;
    }
    return CHX_OK;
}

static chx_status
copy_ports(chx_network *network, const chx_network_info *from)
{
    for (uint32_t i = 0; i < from->n_ports; i++) {
        char room[CHX__PORT_SENTENCE_BYTES];
        chx__fault fault;
        if (!chx__port_rule_check(&from->ports[i], network->types, from->n_types, &fault, room))
            return fail_at("ports", i, &fault);
        chx_status status = chx__port_rule_add(network, &from->ports[i]);
        if (status)
            return status;
    }
    return CHX_OK;
}

static chx_status
copy_spikes(chx_network *network, chx_stimulus *stimulus, uint32_t n_neurons, uint32_t index)
{
    for (uint32_t i = 0; i < stimulus->n_spikes; i++) {
        const chx_spike *spike = &stimulus->spikes[i];
        if (spike->neuron >= n_neurons)
            return chx__fail(CHX_ERROR_FORMAT,
                             "stimuli[%u]: spikes[%u]: neuron %u is beyond the %u neurons", index,
                             i, spike->neuron, n_neurons);
        if (spike->step >= INT32_MAX)
            return chx__fail(CHX_ERROR_LIMIT,
                             "stimuli[%u]: spikes[%u]: step %u is beyond 2147483646; drop it",
                             index, i, spike->step);
    }
    return chx__spike_train_set(network, stimulus, stimulus->spikes, stimulus->n_spikes);
}

static chx_status
copy_stimulus(chx_network *network, const chx_network_info *from, uint32_t index)
{
    chx_stimulus *stimulus = &network->stimuli[index];
    chx__fault fault;
    if (!chx__stimulus_check(stimulus, from->time_step_ms, &fault))
        return fail_at("stimuli", index, &fault);
    if (stimulus->kind == CHX_STIMULUS_SPIKE_TRAIN)
        return copy_spikes(network, stimulus, from->n_neurons, index);
    stimulus->spikes = NULL;
    stimulus->n_spikes = 0;
    for (uint32_t i = 0; i < stimulus->n_neurons; i++)
        if (stimulus->neurons[i] >= from->n_neurons)
            return chx__fail(CHX_ERROR_FORMAT, "stimuli[%u]: neuron %u is beyond the %u neurons",
                             index, stimulus->neurons[i], from->n_neurons);
    size_t size_bytes = stimulus->n_neurons * sizeof *stimulus->neurons;
    uint32_t *neurons = chx__network_keep(network, size_bytes);
    if (!neurons)
        return fail_memory();
    if (size_bytes > 0)
        memcpy(neurons, stimulus->neurons, size_bytes);
    stimulus->neurons = neurons;
    return CHX_OK;
}

static chx_status
copy_stimulus_port(chx_network *network, uint32_t index)
{
    chx_stimulus *stimulus = &network->stimuli[index];
    char room[CHX__PORT_SENTENCE_BYTES];
    chx__fault fault;
    if (!chx__port_check_stimulus(stimulus, network->types, network->neurons, &fault, room))
        return fail_at("stimuli", index, &fault);
    return stimulus->port ? copy_text(network, stimulus->port, &stimulus->port) : CHX_OK;
}

static chx_status
copy_stimuli(chx_network *network, const chx_network_info *from)
{
    if (!copy_array(from->stimuli, from->n_stimuli, sizeof *from->stimuli, &network->stimuli))
        return fail_memory();
    chx_status status = CHX_OK;
    for (uint32_t i = 0; i < from->n_stimuli && !status; i++) {
        status = copy_stimulus(network, from, i);
        if (!status)
            status = copy_stimulus_port(network, i);
    }
    return status;
}

static chx_status
check_branches(chx_network *network, const chx_neuron *neuron)
{
    chx_node *nodes = network->nodes + neuron->first_node;
    for (uint32_t i = 0; i < neuron->n_nodes; i++)
        if (nodes[i].parent - neuron->first_node >= neuron->n_nodes)
            return chx__fail(CHX_ERROR_FORMAT,
                             "nodes[%u]: parent %u is not a node of the same neuron, %s",
                             neuron->first_node + i, nodes[i].parent, neuron->name);
    uint32_t culprit;
    chx_status status =
        chx__morphology_measure(nodes, neuron->n_nodes, neuron->first_node, &culprit);
    if (status == CHX_ERROR_CYCLE)
        return chx__fail(CHX_ERROR_FORMAT,
                         "nodes[%u]: is its own ancestor in neuron %s; a node's "
                         "parents must lead to a root",
                         neuron->first_node + culprit, neuron->name);
    return status;
}

static chx_status
copy_nodes(chx_network *network, const chx_network_info *from)
{
    if (!copy_array(from->nodes, from->n_nodes, sizeof *from->nodes, &network->nodes))
        return fail_memory();
    for (uint32_t i = 0; i < from->n_nodes; i++) {
        chx__fault fault;
        if (!chx__node_check(&network->nodes[i], &fault))
            return fail_at("nodes", i, &fault);
        if (network->nodes[i].parent >= from->n_nodes)
            return chx__fail(CHX_ERROR_FORMAT, "nodes[%u]: parent %u is beyond the %u nodes", i,
                             network->nodes[i].parent, from->n_nodes);
    }
    chx_status status = CHX_OK;
    for (uint32_t i = 0; i < from->n_neurons && !status; i++)
        if (network->neurons[i].n_nodes > 0)
            status = check_branches(network, &network->neurons[i]);
    return status;
}

chx_status
chx_network_create(const chx_network_info *info, chx_network **network)
{
    CHX__REQUIRE(info && network);
    CHX__REQUIRE(info->neurons || info->n_neurons == 0);
    CHX__REQUIRE(info->types || info->n_types == 0);
    CHX__REQUIRE(info->synapses || info->n_synapses == 0);
    CHX__REQUIRE(info->stimuli || info->n_stimuli == 0);
    CHX__REQUIRE(info->nodes || info->n_nodes == 0);
    CHX__REQUIRE(info->projections || info->n_projections == 0);
    CHX__REQUIRE(info->plasticities || info->n_plasticities == 0);
    CHX__REQUIRE(info->ports || info->n_ports == 0);
    CHX__REQUIRE(info->gaps || info->n_gaps == 0);
    CHX__REQUIRE(info->graded || info->n_graded == 0);
    CHX__REQUIRE(info->parameters || info->n_parameters == 0);
    CHX__REQUIRE(info->initial || info->n_initial == 0);
    for (uint32_t i = 0; i < info->n_types; i++)
        CHX__REQUIRE(info->types[i].drawn || info->types[i].n_drawn == 0);
    for (uint32_t i = 0; i < info->n_projections; i++)
        CHX__REQUIRE((info->projections[i].from || info->projections[i].n_from == 0) &&
                     (info->projections[i].to || info->projections[i].n_to == 0));
    for (uint32_t i = 0; i < info->n_stimuli; i++)
        CHX__REQUIRE((info->stimuli[i].neurons || info->stimuli[i].n_neurons == 0) &&
                     (info->stimuli[i].spikes || info->stimuli[i].n_spikes == 0));
    chx_status status = check_sizes(info);
    if (status)
        return status;
    chx_network *copy = chx__network_begin();
    if (!copy)
        return fail_memory();
    chx__names names = {0};
    status = copy_scalars(copy, info);
    if (!status)
        status = copy_types(copy, info);
    if (!status)
        status = copy_neurons(copy, info, &names);
    if (!status)
        status = copy_values(copy, info);
    if (!status)
        status = copy_plasticities(copy, info);
    if (!status)
        status = copy_ports(copy, info);
    if (!status)
        status = copy_synapses(copy, info);
    if (!status)
        status = copy_gaps(copy, info);
    if (!status)
        status = copy_graded(copy, info);
    if (!status)
        status = draw_projections(copy, info);
    if (!status)
        status = copy_stimuli(copy, info);
    if (!status)
        status = copy_nodes(copy, info);
    if (!status)
        status = chx__network_finish(copy);
    chx__names_finish(&names);
    if (status)
        chx_network_destroy(&copy);
    else
        *network = copy;
    return status;
}
