/* Networks for tests: random ones, and small ones made by hand. */
#ifndef CHX_TESTS_SAMPLE_H
#define CHX_TESTS_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>

#include <check.h>
#include <chronaxie/network.h>

typedef struct sample_params {
    uint32_t n_neurons;
    uint32_t fan_out; /* synapses of each neuron */
    uint32_t min_delay_steps;
    uint32_t max_delay_steps;
    bool poisson;
    bool steps; /* step currents onto parts of the network */
    bool silent; /* no bias */
    bool wild; /* all neurons fire in every step */
    uint64_t seed;
} sample_params;

static inline uint32_t
sample_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

static inline chx_view
sample_view(void)
{
    return (chx_view){.zoom = 1, .speed = 0.04, .conduction_um_per_ms = 100, .decay_ms = 10};
}

static inline chx_network *
sample_finish(const chx_network_info *info)
{
    chx_network *network = NULL;
    chx_status status = chx_network_create(info, &network);
    ck_assert_msg(status == CHX_OK, "%s", chx_last_error()->message);
    return network;
}

/* One neuron type, neurons without names that matter. The caller frees the result. */
static inline chx_neuron *
sample_neurons(uint32_t n_neurons, uint32_t n_types, uint64_t *random)
{
    static char names[8192][12];
    chx_neuron *neurons = calloc(n_neurons, sizeof *neurons);
    ck_assert_ptr_nonnull(neurons);
    ck_assert_uint_le(n_neurons, 8192);
    for (uint32_t n = 0; n < n_neurons; n++) {
        snprintf(names[n], sizeof names[n], "n%u", n);
        neurons[n] = (chx_neuron){.name = names[n], .diameter_um = 5};
        if (n_types > 1) /* runs of one type, and a mixed part */
            neurons[n].type =
                n < n_neurons / 2 ? n / 40 % n_types : sample_random(random) % n_types;
    }
    return neurons;
}

/* Three types, a fifth of the synapses inhibitory; active but not wild. */
static inline chx_network *
sample_create(const sample_params *params)
{
    static const chx_lif_params cells[3] = {{250, 10, 5, -65, -50, -65, 2, 390},
                                            {200, 15, 2, -70, -52, -60, 0, 260},
                                            {120, 8, 3, -60, -50, -66, 5.3, 170}};
    chx_neuron_type types[3] = {{"a", cells[0]}, {"b", cells[1]}, {"c", cells[2]}};
    for (int t = 0; t < 3; t++) {
        if (params->silent)
            types[t].params.bias_pa = 0;
        if (params->wild) {
            types[t].params.bias_pa = 1e7;
            types[t].params.refractory_ms = 0;
        }
    }
    uint64_t random = params->seed + 1;
    chx_neuron *neurons = sample_neurons(params->n_neurons, 3, &random);
    const size_t n_synapses = (size_t)params->n_neurons * params->fan_out;
    chx_synapse *synapses = calloc(n_synapses + 1, sizeof *synapses);
    const uint32_t range = params->max_delay_steps - params->min_delay_steps + 1;
    for (size_t s = 0; s < n_synapses; s++) {
        float strength = 10 + (float)(sample_random(&random) % 1000) * 0.037f;
        bool inhibits = sample_random(&random) % 5 == 0;
        uint32_t delay = params->min_delay_steps + sample_random(&random) % range;
        synapses[s] = (chx_synapse){(uint32_t)(s / params->fan_out),
                                    sample_random(&random) % params->n_neurons,
                                    inhibits ? -4 * strength : strength, 0.1f * (float)delay};
    }
    uint32_t *members = calloc(params->n_neurons, sizeof *members);
    for (uint32_t n = 0; n < params->n_neurons; n++)
        members[n] = n;
    const uint32_t third = params->n_neurons / 3;
    chx_stimulus stimuli[5];
    uint32_t n_stimuli = 0;
    if (params->steps) {
        stimuli[n_stimuli++] = (chx_stimulus){CHX_STIMULUS_STEP, 3.3, 24.7, 210, 0, members, third};
        stimuli[n_stimuli++] =
            (chx_stimulus){CHX_STIMULUS_STEP, 3.3, 9.1, -83.7, 0, members + third / 2, third + 1};
    }
    if (params->poisson) {
        stimuli[n_stimuli++] =
            (chx_stimulus){CHX_STIMULUS_POISSON, 0, 1e5, 55, 900, members, params->n_neurons};
        stimuli[n_stimuli++] =
            (chx_stimulus){CHX_STIMULUS_POISSON, 1.7, 20.2, -31, 4000, members + third, third + 1};
        stimuli[n_stimuli++] =
            (chx_stimulus){CHX_STIMULUS_POISSON, 10, 10.5, 1000, 10000, members, 1};
    }
    const chx_network_info info = {.name = "sample",
                                   .description = "",
                                   .time_step_ms = 0.1,
                                   .duration_ms = 100,
                                   .seed = params->seed,
                                   .n_types = 3,
                                   .types = types,
                                   .n_neurons = params->n_neurons,
                                   .neurons = neurons,
                                   .n_synapses = n_synapses,
                                   .synapses = synapses,
                                   .n_stimuli = n_stimuli,
                                   .stimuli = stimuli,
                                   .view = sample_view()};
    chx_network *network = sample_finish(&info);
    free(neurons);
    free(synapses);
    free(members);
    return network;
}

#endif
