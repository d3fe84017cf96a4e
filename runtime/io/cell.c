/*
 * Cells: SWC files as a network of one neuron each.
 *
 * Each neuron has the shape and the place of its file, a soma where the file has its own, and a
 * current that makes it fire about every ten milliseconds. The light of a spike takes a quarter of
 * a decay time from the soma to the farthest tip of all, whatever the size of the cells, so that a
 * picture shows them all lit. A few cells are a type each, and so have a colour each; of more, all
 * are one type.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/swc.h"
#include "network/check.h"
#include "network/names.h"
#include "network/network.h"

#define SWC_SOMA 1
#define SMALLEST_SOMA_UM 1.0f
#define TIME_STEP_MS 0.1
#define DURATION_MS 60.0
#define MAX_COLOURS 8 /* that a picture names and an eye tells apart */

static chx_status
fail_memory(void)
{
    return chx__fail_memory("loading a cell");
}

/* The file's name without folder and ending; "cell", with its number when there are several, when
 * a neuron cannot be called that. */
static chx_status
take_name(chx_network *network, const char *path, uint32_t index, uint32_t n_cells,
          const char **kept)
{
    char plain[32];
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t length = strlen(name) - chx__swc_ending(name);
    chx__fault fault;
    if (!chx__name_check(name, length, &fault)) {
        snprintf(plain, sizeof plain, n_cells > 1 ? "cell %u" : "cell", index + 1);
        name = plain;
        length = strlen(name);
    }
    *kept = chx__network_keep_text(network, name, length);
    return *kept ? CHX_OK : fail_memory();
}

/* The first root of kind 1, or else the first root. */
static const chx_node *
find_soma(const chx_network *network, uint32_t first)
{
    const chx_node *found = NULL;
    for (uint32_t i = first; i < network->info.n_nodes; i++) {
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
add_type(chx_network *network, const char *name)
{
    static const chx_lif_params params = {.capacitance_pf = 10,
                                          .tau_membrane_ms = 10,
                                          .tau_synapse_ms = 5,
                                          .resting_mv = -65,
                                          .threshold_mv = -50,
                                          .reset_mv = -65,
                                          .refractory_ms = 5};
    if (!chx__grow(&network->types, &network->types_capacity, (size_t)network->info.n_types + 1,
                   sizeof *network->types))
        return fail_memory();
    network->types[network->info.n_types++] = (chx_neuron_type){name, params};
    return CHX_OK;
}

static chx_status
add_neuron(chx_network *network, const char *name, uint32_t first)
{
    uint32_t n = network->info.n_neurons;
    const chx_node *soma = find_soma(network, first);
    if (!chx__grow(&network->neurons, &network->neurons_capacity, (size_t)n + 1,
                   sizeof *network->neurons))
        return fail_memory();
    network->neurons[n] = (chx_neuron){.name = name,
                                       .type = network->info.n_types - 1,
                                       .diameter_um = fmaxf(2 * soma->radius_um, SMALLEST_SOMA_UM),
                                       .first_node = first,
                                       .n_nodes = network->info.n_nodes - first};
    memcpy(network->neurons[n].position_um, soma->position_um, sizeof soma->position_um);
    network->info.n_neurons++;
    return CHX_OK;
}

static chx_status
add_cell(chx_network *network, chx__names *names, const char *const *paths, uint32_t n_paths,
         double unit_um)
{
    uint32_t first = network->info.n_nodes, index = network->info.n_neurons, known;
    const char *name;
    chx_status status = chx__swc_append(paths[index], unit_um, &network->nodes,
                                        &network->nodes_capacity, &network->info.n_nodes);
    if (!status)
        status = take_name(network, paths[index], index, n_paths, &name);
    if (!status && !chx__names_add(names, name, strlen(name), index, &known))
        status = fail_memory();
    if (!status && known != CHX__NO_NAME)
        status = chx__fail(CHX_ERROR_FORMAT, "%s: is called '%.64s' as %s is; rename one of them",
                           paths[index], name, paths[known]);
    if (!status && (index == 0 || n_paths <= MAX_COLOURS))
        status = add_type(network, n_paths > 1 && n_paths <= MAX_COLOURS ? name : "cell");
    return status ? status : add_neuron(network, name, first);
}

static chx_status
add_cells(chx_network *network, const char *const *paths, uint32_t n_paths, double unit_um)
{
    chx__names names = {0};
    chx_status status = CHX_OK;
    for (uint32_t i = 0; i < n_paths && !status; i++)
        status = add_cell(network, &names, paths, n_paths, unit_um);
    chx__names_finish(&names);
    return status;
}

static chx_status
add_stimulus(chx_network *network)
{
    uint32_t n = network->info.n_neurons;
    uint32_t *all = chx__network_keep(network, n * sizeof *all);
    if (!all ||
        !chx__grow(&network->stimuli, &network->stimuli_capacity, 1, sizeof *network->stimuli))
        return fail_memory();
    for (uint32_t i = 0; i < n; i++)
        all[i] = i;
    network->stimuli[0] = (chx_stimulus){.kind = CHX_STIMULUS_STEP,
                                         .start_ms = 5,
                                         .stop_ms = DURATION_MS,
                                         .current_pa = 40,
                                         .neurons = all,
                                         .n_neurons = n};
    network->info.n_stimuli = 1;
    return CHX_OK;
}

/* Cells stand upright: reconstructions have the surface of the brain at +y. */
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

static chx_status
set_name(chx_network *network, const char *given)
{
    char plain[32];
    uint32_t n = network->info.n_neurons;
    snprintf(plain, sizeof plain, "%u cells", n);
    const char *name = given ? given : (n == 1 ? network->neurons[0].name : plain);
    network->info.name = chx__network_keep_text(network, name, strlen(name));
    return network->info.name ? CHX_OK : fail_memory();
}

chx_status
chx_network_load_cells(const char *const *paths, uint32_t n_paths, const chx_cells_params *params,
                       chx_network **network)
{
    CHX__REQUIRE(paths && n_paths > 0 && network);
    static const chx_cells_params none = {0};
    params = params ? params : &none;
    CHX__REQUIRE(params->unit_um >= 0 && params->unit_um <= 1e6);
    chx_network *made = chx__network_begin();
    if (!made)
        return fail_memory();
    made->info.time_step_ms = TIME_STEP_MS;
    made->info.duration_ms = DURATION_MS;
    made->info.seed = 1;
    chx_status status =
        add_cells(made, paths, n_paths, params->unit_um > 0 ? params->unit_um : 1.0);
    if (!status)
        status = set_name(made, params->name);
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

chx_status
chx_network_load_cell(const char *path, chx_network **network)
{
    return chx_network_load_cells(&path, path ? 1 : 0, NULL, network);
}
