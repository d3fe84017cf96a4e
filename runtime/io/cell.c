/*
 * Cells: SWC files as a network of one neuron each.
 *
 * Each neuron has the shape and the place of its file, a soma where the file has its own, and a
 * current that makes it fire about every ten milliseconds. The light of a spike takes a quarter of
 * a decay time from the soma to the farthest tip of all, whatever the size of the cells, so that a
 * picture shows them all lit. A few cells are a type each, and so have a colour each; of more, all
 * are one type.
 *
 * Files are read by a crew, each into an array of its own, and put together in their order, in
 * batches so that the memory of one serves the next: the
 * network is the same whatever the number of threads. The fault that is told is that of the first
 * file that has one, since files are begun in order and none before a fault is left out.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crew.h"
#include "base/error.h"
#include "io/file_name.h"
#include "io/swc.h"
#include "network/check.h"
#include "network/names.h"
#include "network/network.h"

#define SWC_SOMA 1
#define SMALLEST_SOMA_UM 1.0f
#define TIME_STEP_MS 0.1
#define DURATION_MS 60.0
#define BATCH 256u /* files read before they are put together: memory for few, work for many */
#define DEEP 2 /* a cell is seen from its side when it is more than so many times as deep as wide */
#define MAX_COLOURS 8 /* that a picture names and an eye tells apart */

/* What a file held. */
typedef struct cell {
    chx_node *nodes;
    uint32_t n_nodes;
    chx__swc_thin thin;
} cell;

typedef struct cells {
    chx_network *network;
    const char *const *paths;
    uint32_t n;
    double unit_um;
    chx__names names;
    uint32_t begun; /* the first file of the batch in hand */
    cell *read; /* of the batch */
    const char *first_thin; /* the first file with radii that were not measured, or NULL */
    uint32_t thin_line; /* of it */
    uint32_t n_thin; /* points in all files */
    uint32_t n_renamed, first_renamed; /* files that no neuron can be named after */
    pthread_mutex_t lock; /* innermost; guards the two below while files are read */
    uint32_t failed; /* the first file that did, as far as known */
    chx_error error;
} cells;

static chx_status
fail_memory(void)
{
    return chx__fail_memory("loading a cell");
}

/* The file's name without folder and ending; "cell", with its number when there are several, when
 * a neuron cannot be called that. */
static chx_status
take_name(cells *all, const char *path, uint32_t index, const char **kept)
{
    char plain[32];
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t length = strlen(name) - chx__swc_ending(name);
    chx__fault fault;
    if (!chx__type_name_check(name, length, &fault)) {
        snprintf(plain, sizeof plain, all->n > 1 ? "cell %u" : "cell", index + 1);
        name = plain;
        length = strlen(name);
        if (all->n_renamed++ == 0)
            all->first_renamed = index;
    }
    *kept = chx__network_keep_text(all->network, name, length);
    return *kept ? CHX_OK : fail_memory();
}

/* The first root of kind 1, or else the first root. */
static const chx_node *
find_soma(const chx_node *nodes, uint32_t n_nodes)
{
    const chx_node *found = NULL;
    for (uint32_t i = 0; i < n_nodes; i++) {
        if (nodes[i].parent != i)
            continue;
        if (nodes[i].kind == SWC_SOMA)
            return &nodes[i];
        found = found ? found : &nodes[i];
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
add_neuron(chx_network *network, const char *name, const cell *read)
{
    uint32_t n = network->info.n_neurons;
    const chx_node *soma = find_soma(read->nodes, read->n_nodes);
    if (!chx__grow(&network->neurons, &network->neurons_capacity, (size_t)n + 1,
                   sizeof *network->neurons))
        return fail_memory();
    network->neurons[n] = (chx_neuron){.name = name,
                                       .type = network->info.n_types - 1,
                                       .diameter_um = fmaxf(2 * soma->radius_um, SMALLEST_SOMA_UM),
                                       .first_node = network->info.n_nodes,
                                       .n_nodes = read->n_nodes};
    memcpy(network->neurons[n].position_um, soma->position_um, sizeof soma->position_um);
    network->info.n_neurons++;
    network->info.n_nodes += read->n_nodes;
    return CHX_OK;
}

/* Reads a file, unless one before it has failed already. Runs in any thread of the crew. */
static void
read_cell(void *data, uint32_t item)
{
    cells *all = data;
    const uint32_t index = all->begun + item;
    pthread_mutex_lock(&all->lock);
    const bool is_needless = index > all->failed;
    pthread_mutex_unlock(&all->lock);
    cell *read = &all->read[item];
    *read = (cell){0};
    if (is_needless ||
        !chx__swc_read(all->paths[index], all->unit_um, &read->nodes, &read->n_nodes, &read->thin))
        return;
    pthread_mutex_lock(&all->lock);
    if (index < all->failed) {
        all->failed = index;
        all->error = *chx_last_error();
    }
    pthread_mutex_unlock(&all->lock);
}

static chx_status
add_cell(cells *all, uint32_t item)
{
    const uint32_t index = all->begun + item;
    const char *name = NULL, *path = all->paths[index];
    uint32_t known;
    if (index == all->failed)
        return chx__fail_again(&all->error);
    chx_status status =
        chx__swc_check_room(path, all->network->info.n_nodes, all->read[item].n_nodes);
    if (!status)
        status = take_name(all, path, index, &name);
    if (!status && !chx__names_add(&all->names, name, strlen(name), index, &known))
        status = fail_memory();
    if (!status && known != CHX__NO_NAME)
        status = chx__fail(CHX_ERROR_FORMAT, "%s: is called '%.64s' as %s is; rename one of them",
                           path, name, all->paths[known]);
    if (!status && (index == 0 || all->n <= MAX_COLOURS))
        status = add_type(all->network, all->n > 1 && all->n <= MAX_COLOURS ? name : "cell");
    if (status)
        return status;
    const chx__swc_thin *thin = &all->read[item].thin;
    if (thin->n_points > 0 && !all->first_thin) {
        all->first_thin = path;
        all->thin_line = thin->line;
    }
    all->n_thin += thin->n_points;
    return add_neuron(all->network, name, &all->read[item]);
}

static chx_status
remark_on_thin(const cells *all)
{
    char text[128];
    if (!all->first_thin)
        return CHX_OK;
    snprintf(text, sizeof text,
             "radius of 0 or less at %u of %u points: not measured, drawn %g um wide", all->n_thin,
             all->network->info.n_nodes, 2 * (double)CHX__SWC_THIN_UM);
    return chx__network_remark(all->network, all->first_thin, all->thin_line, text);
}

static chx_status
remark_on_renamed(const cells *all)
{
    char text[256], others[48] = "";
    if (all->n_renamed == 0)
        return CHX_OK;
    if (all->n_renamed > 1)
        snprintf(others, sizeof others, ", and so on for %u more", all->n_renamed - 1);
    snprintf(text, sizeof text,
             "the neuron is called '%s'%s, as names are of 1 to 200 bytes in UTF-8 without control "
             "characters",
             all->network->neurons[all->first_renamed].name, others);
    return chx__network_remark(all->network, all->paths[all->first_renamed], 1, text);
}

/* Copies a cell's nodes to their place among all. */
static void
place_cell(void *data, uint32_t item)
{
    cells *all = data;
    const uint32_t index = all->begun + item;
    cell *read = &all->read[item];
    chx__swc_place(read->nodes, read->n_nodes, all->network->nodes,
                   all->network->neurons[index].first_node);
    free(read->nodes);
    read->nodes = NULL;
}

/* Room for the nodes counted so far, twice what there was: pages that are never used cost nothing,
 * so nothing is cleared here. */
static chx_status
make_room(chx_network *network)
{
    size_t wanted = network->info.n_nodes;
    if (wanted <= network->nodes_capacity)
        return CHX_OK;
    if (wanted < 2 * network->nodes_capacity)
        wanted = 2 * network->nodes_capacity;
    if (wanted > SIZE_MAX / sizeof *network->nodes)
        return fail_memory();
    if (!chx__resize(&network->nodes, wanted, sizeof *network->nodes))
        return fail_memory();
    network->nodes_capacity = wanted;
    return CHX_OK;
}

/* The next n files, from all->begun on. */
static chx_status
add_batch(cells *all, uint32_t n)
{
    chx__crew_run(n, read_cell, all);
    chx_status status = CHX_OK;
    for (uint32_t i = 0; i < n && !status; i++)
        status = add_cell(all, i);
    if (!status)
        status = make_room(all->network);
    if (!status)
        chx__crew_run(n, place_cell, all);
    for (uint32_t i = 0; i < n && status; i++)
        free(all->read[i].nodes);
    return status;
}

static chx_status
add_cells(chx_network *network, const char *const *paths, uint32_t n_paths, double unit_um)
{
    cells all = {.network = network,
                 .paths = paths,
                 .n = n_paths,
                 .unit_um = unit_um,
                 .failed = UINT32_MAX,
                 .read = chx__alloc(BATCH, sizeof *all.read)};
    if (!all.read)
        return fail_memory();
    pthread_mutex_init(&all.lock, NULL);
    chx_status status = CHX_OK;
    for (uint32_t n; all.begun < n_paths && !status; all.begun += n) {
        n = n_paths - all.begun < BATCH ? n_paths - all.begun : BATCH;
        status = add_batch(&all, n);
    }
    if (!status)
        status = remark_on_thin(&all);
    if (!status)
        status = remark_on_renamed(&all);
    pthread_mutex_destroy(&all.lock);
    free(all.read);
    chx__names_finish(&all.names);
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

/* Cells stand upright: reconstructions have the surface of the brain at +y. One alone that is far
 * deeper than wide would be a strip, and is seen from its side. */
static void
set_view(chx_network *network)
{
    float longest_um = 0, low[3] = {INFINITY, INFINITY, INFINITY};
    float high[3] = {-INFINITY, -INFINITY, -INFINITY};
    network->info.view.plane = CHX_PLANE_XY;
    for (uint32_t i = 0; i < network->info.n_nodes && network->info.n_neurons == 1; i++)
        for (int k = 0; k < 3; k++) {
            low[k] = fminf(low[k], network->nodes[i].position_um[k]);
            high[k] = fmaxf(high[k], network->nodes[i].position_um[k]);
        }
    if (high[2] - low[2] > DEEP * fmaxf(high[0] - low[0], 0))
        network->info.view.azimuth_deg = 90;
    for (uint32_t i = 0; i < network->info.n_nodes; i++) {
        const float path_um = network->nodes[i].path_um;
        longest_um = path_um > longest_um ? path_um : longest_um;
    }
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
    char *shown = chx__file_name_shown(name, strlen(name));
    if (shown)
        network->info.name = chx__network_keep_text(network, shown, strlen(shown));
    free(shown);
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
