/* The same spikes, states and weights on every device, however a network is cut and when it goes on
 * from what was saved: of each model with each kind of synapse, drawn by each rule.
 *
 * A network has neurons of one model. Those of its four types, which are alike, are sources of
 * synapses of four kinds, to all types: static ones, with short-term plasticity, and learning from
 * all pairs of spikes or from the nearest. Each kind is drawn by each rule, with values of every
 * distribution; gap junctions join them, and graded synapses from graded neurons, which stand
 * last. So each model is compiled with all that there is. Of two models each there are plainer
 * networks: without graded synapses, and with none but static ones, whose weights and delays have
 * few values.
 *
 * PoCL draws every network in four cuts. Other drivers cut each model's in one way, which must
 * come to the same bits; that is half of what there is to compile. With tools/test --long those
 * with quick kernels cut all of them, too. rusticl and Oclgrind, the slowest, have only a third of
 * the models without --long. */
#include <math.h>

#include <chronaxie/simulation.h>

#include "network/type.h"

#include "cells.h"
#include "each.h"
#include "runtime.h"
#include "sample.h"
#include "scratch.h"

#define STEP_MS 0.1
#define N_STEPS 100
#define SAVED_STEPS 47
#define N_KINDS 4
#define N_EACH 16 /* neurons of a type */
#define N_CELLS (N_KINDS * N_EACH)
#define N_GRADED 6
#define N_ALL (N_CELLS + N_GRADED)
#define N_RULES 7
#define N_PROJECTIONS (N_KINDS * N_RULES)
#define N_CUTS 3

typedef enum variety { STATIC, PLASTIC_AND_GAPS, AND_GRADED } variety;

/* Input that suits a model, in the unit of its weights. */
typedef struct input {
    double weight, event, rate_hz, gap_ns;
} input;

static const input inputs[N_CELL_KINDS] = {
    [CELL_LIF] = {30, 90, 1500, 1},       [CELL_LIF_PAIR] = {30, 90, 1500, 1},
    [CELL_LIF_ALPHA] = {20, 60, 1500, 1}, [CELL_LIF_DELTA] = {0.5, 1.5, 1500, 1},
    [CELL_LIF_COND] = {1, 4, 1500, 1},    [CELL_GLIF3] = {10, 40, 1500, 0.5},
    [CELL_ADEX] = {30, 120, 1500, 1},     [CELL_IZHIKEVICH] = {20, 200, 1500, 0.7},
    [CELL_HH] = {5, 20, 1500, 0.1},       [CELL_GRADED] = {0.3, 3, 1500, 0.02},
    [CELL_RELAY] = {1, 1, 30, 0.1},       [CELL_OWN] = {5, 20, 1500, 0.1},
};

/* A network, and what its run comes to on every device. */
typedef struct trial {
    cell_kind cell;
    variety of;
    uint64_t digest;
} trial;

#define N_TRIALS (N_CELL_KINDS + 4)

static const trial trials[N_TRIALS] = {
    {CELL_LIF, AND_GRADED, 0xcb91d7b26a5254ac},
    {CELL_LIF_COND, AND_GRADED, 0xf4b7d58ee6c481fa},
    {CELL_HH, AND_GRADED, 0xa742a95a0c870d3a},
    {CELL_OWN, AND_GRADED, 0xd3e31b940236fddd},
    {CELL_LIF_PAIR, AND_GRADED, 0xb1cfab721f7a136f},
    {CELL_LIF_ALPHA, AND_GRADED, 0xc82c1aa9b5248db9},
    {CELL_LIF_DELTA, AND_GRADED, 0xb5d3bccbeb33c067},
    {CELL_GLIF3, AND_GRADED, 0x3e387fd9082c80ee},
    {CELL_ADEX, AND_GRADED, 0xe87ebf9ab2ea2f82},
    {CELL_IZHIKEVICH, AND_GRADED, 0x0237df08b9b0fc7d},
    {CELL_GRADED, AND_GRADED, 0x9b079cc2ea0b5b24},
    {CELL_RELAY, AND_GRADED, 0x05d8f12190cd6f40},
    {CELL_LIF_PAIR, PLASTIC_AND_GAPS, 0x024e27e87632f50f},
    {CELL_ADEX, PLASTIC_AND_GAPS, 0xb24a7cc7f9b6becd},
    {CELL_LIF, STATIC, 0x680590d078606e1a},
    {CELL_LIF_COND, STATIC, 0x471c7bd332f931d9},
};

/* The first, which differ most. */
#define N_FEW 4

static uint32_t members[N_ALL];

/* Values about a mean, none beyond twice it: one that all share, or of a distribution. */
static chx_distribution
spread(chx_distribution_kind kind, double mean, double min, bool is_clipped)
{
    chx_distribution of = {.kind = kind, .mean = mean, .sd = fabs(mean) / 3};
    if (kind != CHX_DISTRIBUTION_CONSTANT) {
        of.min = mean > 0 ? min : 2 * mean;
        of.max = mean > 0 ? 2 * mean : -min;
        of.is_clipped = is_clipped;
    }
    return of;
}

/* From the neurons of a type to all, by a rule. */
static chx_projection
project(const input *in, uint32_t kind, uint32_t rule, variety of)
{
    const uint32_t drawn = of != STATIC;
    const bool inhibits = kind < 2 && rule % 3 == 2;
    chx_projection p = {.rule = (chx_rule)(rule + 1),
                        .from = members + kind * N_EACH,
                        .n_from = N_EACH,
                        .to = members,
                        .n_to = N_CELLS,
                        .with_self = kind % 2,
                        .without_multiple = rule > 2 && kind > 1};
    switch (rule) {
    case 0:
        p.n_from = 4;
        p.to = members + 30;
        p.n_to = 20;
        break;
    case 1:
        p.to = members + (kind + 1) % N_KINDS * N_EACH;
        p.n_to = N_EACH;
        break;
    case N_RULES - 1: /* the nearer, the likelier */
        p.rule = CHX_RULE_PAIRWISE_BERNOULLI;
        p.decay_um = kind % 2 ? 100 : 0;
        p.sigma_um = kind % 2 ? 0 : 150;
        break;
    }
    p.probability = p.decay_um + p.sigma_um > 0 ? 0.2 : 0.04;
    p.synapses = p.rule == CHX_RULE_FIXED_TOTAL ? 150 : p.rule == CHX_RULE_FIXED_INDEGREE ? 1 : 5;
    p.weight_pa =
        spread(drawn * ((rule + kind) % 4), inhibits ? -2 * in->weight : in->weight, 0, rule % 2);
    p.delay_ms = spread(drawn * ((rule + 2 * kind + 1) % 4), 1 + 0.2 * kind, 0.4, rule % 2);
    return p;
}

/* Short-term, and learning from all pairs and from the nearest ones: of a kind of source each. */
static void
change(const input *in, chx_plasticity to[N_KINDS - 1])
{
    static const uint32_t sources[] = {1, 2, 3};
    to[0] = (chx_plasticity){.kind = CHX_PLASTICITY_SHORT_TERM,
                             .utilization = 0.6,
                             .recovery_ms = 60,
                             .facilitation_ms = 30};
    for (uint32_t i = 1; i < N_KINDS - 1; i++)
        to[i] = (chx_plasticity){.kind = CHX_PLASTICITY_STDP,
                                 .potentiation = 0.1,
                                 .depression = 0.08,
                                 .potentiation_ms = 12,
                                 .depression_ms = 20,
                                 .potentiation_exponent = i - 1,
                                 .depression_exponent = 0.5 * i,
                                 .weight_max = 2 * in->weight,
                                 .is_nearest = i == 2};
    for (uint32_t i = 0; i < N_KINDS - 1; i++) {
        to[i].from = &sources[i];
        to[i].n_from = 1;
    }
}

static void
join(const input *in, chx_gap gaps[N_CELLS], chx_graded_synapse graded[2 * N_CELLS])
{
    for (uint32_t n = 0; n < N_CELLS; n++)
        gaps[n] = (chx_gap){n, (n + 23) % N_CELLS, (float)(in->gap_ns * (1 + n % 3) / 3)};
    for (uint32_t i = 0; i < 2 * N_CELLS; i++)
        graded[i] = (chx_graded_synapse){N_CELLS + i % N_GRADED, i * 5 % N_CELLS,
                                         (float)(in->gap_ns * (1 + i % 2)), i % 4 ? 0 : -80};
}

/* Graded neurons stand last, so that the others are the same without them. */
static chx_neuron *
place(uint32_t n_neurons)
{
    uint64_t random = 1;
    chx_neuron *neurons = sample_neurons(n_neurons, 1, &random);
    for (uint32_t n = 0; n < n_neurons; n++) {
        members[n] = n;
        neurons[n].type = n / N_EACH;
        neurons[n].position_um[0] = (float)n * 9;
        neurons[n].position_um[1] = (float)(sample_random(&random) % 200);
    }
    return neurons;
}

static chx_network *
create(cell_kind cell, variety of)
{
    const input *in = &inputs[cell];
    chx_model *own = NULL;
    chx_neuron_type types[N_KINDS + 1];
    chx_projection projections[N_PROJECTIONS];
    chx_plasticity plasticities[N_KINDS - 1];
    chx_gap gaps[N_CELLS];
    chx_graded_synapse graded[2 * N_CELLS];
    const uint32_t n_neurons = of == AND_GRADED ? N_ALL : N_CELLS;
    chx_neuron *neurons = place(n_neurons);
    for (uint32_t kind = 0; kind < N_KINDS; kind++)
        types[kind] = kind ? types[0] : cell_type(cell, &own);
    types[N_KINDS] = cell_type(CELL_GRADED, NULL);
    for (uint32_t i = 0; i < N_PROJECTIONS; i++)
        projections[i] = project(in, i / N_RULES, i % N_RULES, of);
    change(in, plasticities);
    join(in, gaps, graded);
    const chx_stimulus stimuli[] = {
        {CHX_STIMULUS_POISSON, 0, 1000, in->event, in->rate_hz, members, N_CELLS},
        {CHX_STIMULUS_POISSON, 0, 1000, 1, 2000, members + N_CELLS, N_GRADED}};
    chx_network *network =
        sample_finish(&(chx_network_info){.name = cell_types[cell].name,
                                          .time_step_ms = STEP_MS,
                                          .duration_ms = 20,
                                          .seed = 5,
                                          .n_types = of == AND_GRADED ? N_KINDS + 1 : N_KINDS,
                                          .types = types,
                                          .n_neurons = n_neurons,
                                          .neurons = neurons,
                                          .n_stimuli = of == AND_GRADED ? 2 : 1,
                                          .stimuli = stimuli,
                                          .n_projections = N_PROJECTIONS,
                                          .projections = projections,
                                          .n_plasticities = of == STATIC ? 0 : N_KINDS - 1,
                                          .plasticities = plasticities,
                                          .n_gaps = of == STATIC ? 0 : N_CELLS,
                                          .gaps = gaps,
                                          .n_graded = of == AND_GRADED ? 2 * N_CELLS : 0,
                                          .graded = graded,
                                          .view = sample_view()});
    free(neurons);
    chx_model_destroy(&own);
    return network;
}

/* What a run comes to: spikes, and the sum of bits of all states on the way and of weights. */
typedef struct outcome {
    uint64_t digest, states, weights;
    size_t n_spikes, n_learnt;
} outcome;

/* A run that traces every state of the cells' model. */
typedef struct traced_run {
    chx_simulation *simulation;
    uint32_t n_states;
} traced_run;

static traced_run
begin(const chx_network *network, uint32_t n_partitions)
{
    const chx__model *model = chx__type_model(&chx_network_get(network)->types[0]);
    chx_probe probes[CHX__MODEL_MAX_STATES];
    traced_run run = {NULL, model->n_states};
    for (uint32_t i = 0; i < run.n_states; i++)
        probes[i] = (chx_probe){model->states[i], members, N_CELLS, 1};
    const chx_simulation_params params = {
        .n_partitions = n_partitions, .probes = probes, .n_probes = run.n_states};
    check_ok(chx_simulation_create(runtime, network, &params, &run.simulation));
    return run;
}

static uint64_t
mix(uint64_t sum, const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        sum = (sum ^ bits) * UINT64_C(0x100000001b3);
    }
    return sum;
}

static outcome
end(const chx_network *network, traced_run *run)
{
    const chx_network_info *info = chx_network_get(network);
    float *weights = calloc(info->n_synapses, sizeof *weights);
    const chx_spike *spikes;
    outcome of = {0};
    check_ok(chx_simulation_digest(run->simulation, &of.digest));
    check_ok(chx_simulation_spikes(run->simulation, &spikes, &of.n_spikes));
    check_ok(chx_simulation_weights(run->simulation, weights));
    for (uint64_t s = 0; s < info->n_synapses; s++)
        of.n_learnt += weights[s] != info->synapses[s].weight_pa;
    of.weights = mix(0, weights, info->n_synapses);
    for (uint32_t i = 0; i < run->n_states; i++) {
        chx_trace trace;
        check_ok(chx_simulation_take_trace(run->simulation, i, &trace));
        ck_assert_uint_gt(trace.n_rows, 0);
        /* All have the rows after the step that is saved. */
        const size_t n_values = (N_STEPS - SAVED_STEPS) / 10 * (size_t)N_CELLS;
        of.states = mix(of.states, trace.values + trace.n_rows * N_CELLS - n_values, n_values);
        free(trace.values);
    }
    chx_simulation_destroy(&run->simulation);
    free(weights);
    return of;
}

static void
check_same(const outcome *of, const outcome *expected, const char *name, const char *how)
{
    ck_assert_msg(of->digest == expected->digest, "%s, %s: other spikes", name, how);
    ck_assert_msg(of->states == expected->states, "%s, %s: other states", name, how);
    ck_assert_msg(of->weights == expected->weights, "%s, %s: other weights", name, how);
}

/* The very bits of other devices, and enough of them. */
static void
check_outcome(const trial *tried, const outcome *got)
{
    const char *name = cell_types[tried->cell].name;
    const uint64_t digest =
        (got->digest * 31 + got->states) * UINT64_C(0x100000001b3) ^ got->weights;
    ck_assert_msg(got->n_spikes > 50, "%s: %zu spikes", name, got->n_spikes);
    ck_assert_msg(tried->of == STATIC || got->n_learnt > 100, "%s: %zu learnt", name,
                  got->n_learnt);
    ck_assert_msg(digest == tried->digest, "%s, %u: digest 0x%016llx", name, tried->of,
                  (unsigned long long)digest);
}

START_TEST(a_model_with_every_synapse_and_rule_is_the_same_in_every_cut)
{
    static const uint32_t cuts[N_CUTS] = {1, 3, 7};
    const trial *tried = &trials[_i];
    outcome all[N_CUTS];
    chx_network *network = create(tried->cell, tried->of);
    const char *name = cell_types[tried->cell].name;
    for (uint32_t i = 0; i < N_CUTS; i++) {
        char how[16];
        snprintf(how, sizeof how, "%u parts", cuts[i]);
        traced_run run = begin(network, cuts[i]);
        check_ok(chx_simulation_advance(run.simulation, SAVED_STEPS));
        if (cuts[i] == 3)
            check_ok(chx_simulation_save(run.simulation, folder_path("state")));
        check_ok(chx_simulation_advance(run.simulation, N_STEPS - SAVED_STEPS));
        all[i] = end(network, &run);
        check_same(&all[i], &all[0], name, how);
    }
    traced_run run = begin(network, 2);
    check_ok(chx_simulation_restore(run.simulation, folder_path("state")));
    check_ok(chx_simulation_advance(run.simulation, N_STEPS - SAVED_STEPS));
    const outcome restored = end(network, &run);
    check_same(&restored, &all[0], name, "restored");
    check_outcome(tried, &all[0]);
    chx_network_destroy(&network);
}
END_TEST

START_TEST(a_model_with_every_synapse_and_rule_is_the_same_everywhere)
{
    const trial *tried = &trials[_i];
    chx_network *network = create(tried->cell, tried->of);
    traced_run run = begin(network, 3);
    check_ok(chx_simulation_advance(run.simulation, N_STEPS));
    const outcome got = end(network, &run);
    check_outcome(tried, &got);
    chx_network_destroy(&network);
}
END_TEST

static void
setup(void)
{
    open_runtime();
    folder_setup();
}

static void
teardown(void)
{
    folder_teardown();
    close_runtime();
}

static TCase *
add_case(Suite *suite, const char *name, const char *tags)
{
    TCase *tests = tcase_create(name);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 280);
    tcase_set_tags(tests, tags);
    suite_add_tcase(suite, tests);
    return tests;
}

int
main(void)
{
    const bool few = !test_has_quick_kernels();
    Suite *suite = suite_create("everywhere");
    tcase_add_loop_test(add_case(suite, "one cut", ""),
                        a_model_with_every_synapse_and_rule_is_the_same_everywhere, 0,
                        few ? N_FEW : N_CELL_KINDS);
    TCase *slow = add_case(suite, "slow", "slow");
    if (test_has_quick_kernels())
        tcase_add_loop_test(slow, a_model_with_every_synapse_and_rule_is_the_same_in_every_cut, 0,
                            N_TRIALS);
    else
        tcase_add_loop_test(slow, a_model_with_every_synapse_and_rule_is_the_same_everywhere,
                            few ? N_FEW : N_CELL_KINDS, N_TRIALS);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
