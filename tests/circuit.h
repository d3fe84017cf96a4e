/* A small circuit for tests of synapses, and plasticities for it. */
#ifndef CHX_TESTS_CIRCUIT_H
#define CHX_TESTS_CIRCUIT_H

#include <stdio.h>

#include <check.h>
#include <chronaxie/network.h>

#define CIRCUIT_STEP_MS 0.1
#define CIRCUIT_EXCITING 80
#define CIRCUIT_NEURONS 103

static const uint32_t circuit_exciting = 0, circuit_inhibiting = 1;

/* Two types that Poisson events drive, joined at random. */
static inline chx_network *
circuit_create(const chx_distribution *weight_pa, const chx_plasticity *all, uint32_t n)
{
    static char names[CIRCUIT_NEURONS][8];
    static uint32_t indices[CIRCUIT_NEURONS];
    const chx_neuron_type types[] = {{"e", {250, 10, 2, -65, -50, -65, 2, 0}},
                                     {"i", {250, 10, 2, -65, -50, -65, 0, 0}}};
    chx_neuron neurons[CIRCUIT_NEURONS];
    for (uint32_t i = 0; i < CIRCUIT_NEURONS; i++) {
        snprintf(names[i], sizeof names[i], "%u", i);
        indices[i] = i;
        neurons[i] =
            (chx_neuron){.name = names[i], .type = i >= CIRCUIT_EXCITING, .diameter_um = 1};
    }
    const chx_distribution delay_ms = {CHX_DISTRIBUTION_UNIFORM, .min = 0.5, .max = 3};
    chx_projection projections[] = {{.rule = CHX_RULE_FIXED_INDEGREE,
                                     .from = indices,
                                     .to = indices,
                                     .n_from = CIRCUIT_EXCITING,
                                     .n_to = CIRCUIT_NEURONS,
                                     .synapses = 40,
                                     .weight_pa = *weight_pa,
                                     .delay_ms = delay_ms},
                                    {.rule = CHX_RULE_FIXED_INDEGREE,
                                     .from = indices + CIRCUIT_EXCITING,
                                     .to = indices,
                                     .n_from = CIRCUIT_NEURONS - CIRCUIT_EXCITING,
                                     .n_to = CIRCUIT_NEURONS,
                                     .synapses = 10,
                                     .weight_pa = {.mean = -300},
                                     .delay_ms = {.mean = 0.7}}};
    if (weight_pa->kind == CHX_DISTRIBUTION_CONSTANT)
        projections[0].delay_ms = projections[1].delay_ms;
    const chx_stimulus stimulus = {.kind = CHX_STIMULUS_POISSON,
                                   .stop_ms = 1000,
                                   .current_pa = 150,
                                   .rate_hz = 6000,
                                   .neurons = indices,
                                   .n_neurons = CIRCUIT_NEURONS};
    chx_network *network = NULL;
    const chx_status status =
        chx_network_create(&(chx_network_info){.name = "circuit",
                                               .time_step_ms = CIRCUIT_STEP_MS,
                                               .duration_ms = 30,
                                               .seed = 3,
                                               .n_types = 2,
                                               .types = types,
                                               .n_neurons = CIRCUIT_NEURONS,
                                               .neurons = neurons,
                                               .n_stimuli = 1,
                                               .stimuli = &stimulus,
                                               .n_projections = 2,
                                               .projections = projections,
                                               .n_plasticities = n,
                                               .plasticities = all},
                           &network);
    ck_assert_msg(status == CHX_OK, "%s", chx_last_error()->message);
    return network;
}

static const chx_plasticity circuit_short_term[] = {
    {CHX_PLASTICITY_SHORT_TERM, &circuit_exciting, &circuit_exciting, 1, 1, 0.5, 200, 0},
    {CHX_PLASTICITY_SHORT_TERM, &circuit_exciting, &circuit_inhibiting, 1, 1, 0.1, 50, 400},
    {CHX_PLASTICITY_SHORT_TERM, &circuit_inhibiting, NULL, 1, 0, 0.3, 100, 20},
};

/* Plasticities that learn, beside one that does not. */
static const chx_plasticity circuit_learning[][3] = {
    {{.kind = CHX_PLASTICITY_STDP,
      .from = &circuit_exciting,
      .n_from = 1,
      .potentiation = 0.02,
      .depression = 0.021,
      .potentiation_ms = 20,
      .depression_ms = 15,
      .weight_max = 200},
     {.kind = CHX_PLASTICITY_SHORT_TERM,
      .to = &circuit_exciting,
      .n_to = 1,
      .utilization = 0.5,
      .recovery_ms = 30}},
    {{.kind = CHX_PLASTICITY_STDP,
      .to = &circuit_exciting,
      .n_to = 1,
      .from = &circuit_exciting,
      .n_from = 1,
      .potentiation = 0.1,
      .depression = 0.12,
      .potentiation_ms = 17,
      .depression_ms = 34,
      .potentiation_exponent = 1,
      .depression_exponent = 0.4,
      .weight_max = 200,
      .is_nearest = true},
     {.kind = CHX_PLASTICITY_SHORT_TERM,
      .to = &circuit_inhibiting,
      .n_to = 1,
      .utilization = 0.5,
      .recovery_ms = 30},
     {.kind = CHX_PLASTICITY_STDP,
      .from = &circuit_inhibiting,
      .n_from = 1,
      .potentiation = 0.03,
      .depression = 0.01,
      .potentiation_ms = 10,
      .depression_ms = 10,
      .depression_exponent = 1,
      .weight_max = -900}},
};

#endif
