/* A small network to draw: three neurons side by side, each with an axon of 200 um along y, of
 * which the first is driven to fire once. */
#ifndef CHX_TESTS_SKETCH_H
#define CHX_TESTS_SKETCH_H

#include <check.h>
#include <string.h>

#include <chronaxie/network.h>

#define SKETCH_NEURONS 3
#define SKETCH_NODES_EACH 21
#define SKETCH_STEP_MS 0.1
#define SKETCH_AXON_UM 200.0f
#define SKETCH_PACE_UM_PER_MS 20.0

static inline void
sketch_axon(chx_node *nodes, uint32_t first, float x_um, float z_um)
{
    for (uint32_t i = 0; i < SKETCH_NODES_EACH; i++) {
        chx_node *node = &nodes[first + i];
        *node =
            (chx_node){.position_um = {x_um, i * SKETCH_AXON_UM / (SKETCH_NODES_EACH - 1), z_um},
                       .radius_um = i ? 0.6f : 4.0f,
                       .parent = first + (i ? i - 1 : 0),
                       .kind = i ? 2 : 1};
    }
}

static inline chx_network *
sketch_create(void)
{
    static chx_node nodes[SKETCH_NEURONS * SKETCH_NODES_EACH];
    static const char *const names[SKETCH_NEURONS] = {"driven", "silent", "other"};
    static const float x_um[SKETCH_NEURONS] = {0, 24, -24};
    static const float z_um[SKETCH_NEURONS] = {0, 6, -6};
    static const uint32_t driven[] = {0};
    chx_neuron neurons[SKETCH_NEURONS];
    for (uint32_t n = 0; n < SKETCH_NEURONS; n++) {
        uint32_t first = n * SKETCH_NODES_EACH;
        sketch_axon(nodes, first, x_um[n], z_um[n]);
        neurons[n] = (chx_neuron){.name = names[n],
                                  .type = n % 2,
                                  .position_um = {x_um[n], 0, z_um[n]},
                                  .diameter_um = 8,
                                  .first_node = first,
                                  .n_nodes = SKETCH_NODES_EACH};
    }
    const chx_lif_params lif = {.capacitance_pf = 10,
                                .tau_membrane_ms = 10,
                                .tau_synapse_ms = 5,
                                .resting_mv = -65,
                                .threshold_mv = -50,
                                .reset_mv = -65,
                                .refractory_ms = 40};
    const chx_neuron_type types[] = {{"motor", lif}, {"sensory", lif}};
    const chx_stimulus stimulus = {.kind = CHX_STIMULUS_STEP,
                                   .start_ms = 1,
                                   .stop_ms = 20,
                                   .current_pa = 100,
                                   .neurons = driven,
                                   .n_neurons = 1};
    const chx_network_info info = {.name = "sketch",
                                   .description = "three axons",
                                   .time_step_ms = SKETCH_STEP_MS,
                                   .duration_ms = 20,
                                   .seed = 1,
                                   .n_types = 2,
                                   .n_neurons = SKETCH_NEURONS,
                                   .n_stimuli = 1,
                                   .n_nodes = SKETCH_NEURONS * SKETCH_NODES_EACH,
                                   .types = types,
                                   .neurons = neurons,
                                   .stimuli = &stimulus,
                                   .nodes = nodes,
                                   .view = {.zoom = 1,
                                            .speed = 0.04,
                                            .conduction_um_per_ms = SKETCH_PACE_UM_PER_MS,
                                            .decay_ms = 3}};
    chx_network *network = NULL;
    chx_status status = chx_network_create(&info, &network);
    ck_assert_msg(status == CHX_OK, "%s", chx_last_error()->message);
    return network;
}

#endif
