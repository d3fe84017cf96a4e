/*
 * A cell: one SWC file as a network of one neuron.
 *
 * The neuron has the shape of the file, a soma where the file has its own, and a current that makes
 * it fire about every ten milliseconds. The light of a spike takes a quarter of a decay time from
 * the soma to the farthest tip, whatever the size of the cell, so that a picture shows it all lit.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/swc.h"
#include "network/check.h"
#include "network/network.h"

#define SWC_SOMA 1
#define SMALLEST_SOMA_UM 1.0f
#define TIME_STEP_MS 0.1
#define DURATION_MS 60.0

static chx_status
fail_memory(void)
{
    return chx__fail_memory("loading a cell");
}

/* The file's name without folder and ending; "cell" when a neuron cannot be called that. */
static chx_status
take_name(chx_network *network, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t length = strlen(name);
    chx__fault fault;
    length -= chx__swc_ending(name);
    if (!chx__name_check(name, length, &fault)) {
        name = "cell";
        length = strlen(name);
    }
    network->info.name = chx__network_keep_text(network, name, length);
    return network->info.name ? CHX_OK : fail_memory();
}

/* The first root of kind 1, or else the first root. */
static const chx_node *
find_soma(const chx_network *network)
{
    const chx_node *found = NULL;
    for (uint32_t i = 0; i < network->info.n_nodes; i++) {
        const chx_node *node = &network->nodes[i];
        if (node->parent != i)
            continue;
        if (node->kind == SWC_SOMA)
            return node;
        found = found ? found : node;
    }
    return found;
}

static chx_status
add_neuron(chx_network *network)
{
    static const chx_lif_params params = {.capacitance_pf = 10,
                                          .tau_membrane_ms = 10,
                                          .tau_synapse_ms = 5,
                                          .resting_mv = -65,
                                          .threshold_mv = -50,
                                          .reset_mv = -65,
                                          .refractory_ms = 5};
    const chx_node *soma = find_soma(network);
    if (!chx__grow(&network->types, &network->types_capacity, 1, sizeof *network->types) ||
        !chx__grow(&network->neurons, &network->neurons_capacity, 1, sizeof *network->neurons))
        return fail_memory();
    network->types[0] = (chx_neuron_type){"cell", params};
    network->neurons[0] = (chx_neuron){.name = network->info.name,
                                       .diameter_um = fmaxf(2 * soma->radius_um, SMALLEST_SOMA_UM),
                                       .n_nodes = network->info.n_nodes};
    memcpy(network->neurons[0].position_um, soma->position_um, sizeof soma->position_um);
    network->info.n_types = network->info.n_neurons = 1;
    return CHX_OK;
}

static chx_status
add_stimulus(chx_network *network)
{
    static const uint32_t first = 0;
    if (!chx__grow(&network->stimuli, &network->stimuli_capacity, 1, sizeof *network->stimuli))
        return fail_memory();
    network->stimuli[0] = (chx_stimulus){.kind = CHX_STIMULUS_STEP,
                                         .start_ms = 5,
                                         .stop_ms = DURATION_MS,
                                         .current_pa = 40,
                                         .neurons = &first,
                                         .n_neurons = 1};
    network->info.n_stimuli = 1;
    return CHX_OK;
}

/* A single cell stands upright: reconstructions have the surface of the brain at +y. */
static void
set_view(chx_network *network)
{
    float longest_um = 0;
    network->info.view.plane = CHX_PLANE_XY;
    for (uint32_t i = 0; i < network->info.n_nodes; i++)
        longest_um = fmaxf(longest_um, network->nodes[i].path_um);
    if (longest_um > 0)
        network->info.view.conduction_um_per_ms =
            fmax(1e-6, 4 * longest_um / network->info.view.decay_ms);
}

chx_status
chx_network_load_cell(const char *path, chx_network **network)
{
    CHX__REQUIRE(path && network);
    chx_network *made = chx__network_begin();
    if (!made)
        return fail_memory();
    made->info.time_step_ms = TIME_STEP_MS;
    made->info.duration_ms = DURATION_MS;
    made->info.seed = 1;
    chx_status status =
        chx__swc_append(path, &made->nodes, &made->nodes_capacity, &made->info.n_nodes);
    if (!status)
        status = take_name(made, path);
    if (!status)
        status = add_neuron(made);
    if (!status)
        status = add_stimulus(made);
    if (!status) {
        set_view(made);
        status = chx__network_finish(made);
    }
    if (status)
        chx_network_destroy(&made);
    else
        *network = made;
    return status;
}
