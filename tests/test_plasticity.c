/* Synapses that change: their series of weights against the differential equations in double
 * precision, and that spikes are the same bits however the network is cut. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <check.h>
#include <chronaxie/simulation.h>

#include "circuit.h"
#include "runtime.h"

#define N_PAIRS 4 /* of types of targets */
#define WEIGHT_PA 50
#define DELAY_STEPS 15
#define N_WINDOW 41 /* pairs of neurons */

/* A source, and a target of each type, which is too large to fire. */
static const uint32_t type_indices[N_PAIRS + 1] = {0, 1, 2, 3, 4};

static const chx_plasticity of_pairs[] = {
    {.kind = CHX_PLASTICITY_SHORT_TERM,
     .to = &type_indices[1],
     .n_to = 1,
     .utilization = 0.5,
     .recovery_ms = 800},
    {.kind = CHX_PLASTICITY_SHORT_TERM,
     .to = &type_indices[2],
     .n_to = 1,
     .utilization = 0.05,
     .recovery_ms = 100,
     .facilitation_ms = 900},
    {.kind = CHX_PLASTICITY_SHORT_TERM,
     .from = type_indices,
     .n_from = 1,
     .to = &type_indices[3],
     .n_to = 1,
     .utilization = 1},
    /* Nobody's, since others come first. */
    {.kind = CHX_PLASTICITY_SHORT_TERM, .to = &type_indices[1], .n_to = 3, .utilization = 0.7},
};

static chx_network *
create_pairs(void)
{
    static const char *const names[N_PAIRS + 1] = {"source", "depressing", "facilitating",
                                                   "renewed", "static"};
    static const uint32_t steps[] = {20,  120, 220,  320,  420,  520,  530,  800,
                                     801, 803, 1400, 2100, 2120, 2140, 5000, 5500};
    enum { N_SPIKES = sizeof steps / sizeof *steps };
    chx_neuron_type types[N_PAIRS + 1];
    chx_neuron neurons[N_PAIRS + 1];
    chx_synapse synapses[N_PAIRS];
    chx_spike spikes[N_SPIKES];
    for (uint32_t i = 0; i <= N_PAIRS; i++) {
        types[i] = (chx_neuron_type){names[i], {i ? 250 : 1, 10, 5, -65, i ? 1e6 : -50, -65, 1, 0}};
        neurons[i] = (chx_neuron){.name = names[i], .type = i, .diameter_um = 1};
    }
    for (uint32_t i = 0; i < N_PAIRS; i++)
        synapses[i] = (chx_synapse){0, i + 1, WEIGHT_PA, DELAY_STEPS * (float)CIRCUIT_STEP_MS};
    for (uint32_t i = 0; i < N_SPIKES; i++)
        spikes[i] = (chx_spike){steps[i], 0};
    /* Each makes a burst of spikes. */
    const chx_stimulus stimuli[] = {{.kind = CHX_STIMULUS_SPIKE_TRAIN,
                                     .current_pa = 1000,
                                     .spikes = spikes,
                                     .n_spikes = N_SPIKES}};
    chx_network *network = NULL;
    check_ok(chx_network_create(&(chx_network_info){.name = "pairs",
                                                    .time_step_ms = CIRCUIT_STEP_MS,
                                                    .duration_ms = 600,
                                                    .n_types = N_PAIRS + 1,
                                                    .types = types,
                                                    .n_neurons = N_PAIRS + 1,
                                                    .neurons = neurons,
                                                    .n_synapses = N_PAIRS,
                                                    .synapses = synapses,
                                                    .n_stimuli = 1,
                                                    .stimuli = stimuli,
                                                    .n_plasticities = 4,
                                                    .plasticities = of_pairs},
                                &network));
    return network;
}

/* What a spike lets through, in the form in which Tsodyks and others 1998 state it. */
typedef struct resources {
    double available, share; /* just after the last spike */
} resources;

static double
efficacy(resources *own, const chx_plasticity *plasticity, double since_ms)
{
    const double kept = exp(-since_ms / plasticity->recovery_ms);
    const double share = own->share * exp(-since_ms / plasticity->facilitation_ms);
    const double available = 1 - (1 - own->available) * kept;
    own->share = share + plasticity->utilization * (1 - share);
    own->available = available * (1 - own->share);
    return available * own->share;
}

START_TEST(short_term_weights_are_those_of_the_equations)
{
    static const uint32_t targets[N_PAIRS] = {1, 2, 3, 4};
    const chx_probe probe = {"current_pa", targets, N_PAIRS, 0};
    chx_network *network = create_pairs();
    chx_simulation *simulation = NULL;
    check_ok(chx_simulation_create(
        runtime, network, &(chx_simulation_params){.probes = &probe, .n_probes = 1}, &simulation));
    check_ok(chx_simulation_advance(simulation, 6000));
    const chx_spike *spikes;
    size_t n_spikes;
    chx_trace trace;
    check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
    check_ok(chx_simulation_take_trace(simulation, 0, &trace));
    ck_assert_uint_eq(trace.n_rows, 6000);
    ck_assert_uint_gt(n_spikes, 50);
    resources own[N_PAIRS - 1] = {{1, 0}, {1, 0}, {1, 0}};
    const double keep = exp(-CIRCUIT_STEP_MS / 5);
    double expected[N_PAIRS] = {0};
    size_t next = 0;
    for (uint32_t step = 0; step < 6000; step++) {
        for (uint32_t i = 0; i < N_PAIRS; i++)
            expected[i] *= keep;
        if (next < n_spikes && spikes[next].step + DELAY_STEPS == step) {
            const double since_ms =
                next == 0 ? 1e9 : (spikes[next].step - spikes[next - 1].step) * CIRCUIT_STEP_MS;
            for (uint32_t i = 0; i + 1 < N_PAIRS; i++)
                expected[i] += WEIGHT_PA * efficacy(&own[i], &of_pairs[i], since_ms);
            expected[N_PAIRS - 1] += WEIGHT_PA;
            next++;
        }
        for (uint32_t i = 0; i < N_PAIRS; i++) {
            const double got = (double)trace.values[step * N_PAIRS + i];
            ck_assert_msg(fabs(got - expected[i]) < 2e-5 * (1 + expected[i]),
                          "step %u, target %u: %g pA, expected %g", step, i, got, expected[i]);
        }
    }
    free(trace.values);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

static chx_simulation *
run(const chx_network *network, uint32_t n_partitions, uint32_t n_steps)
{
    chx_simulation *simulation = NULL;
    check_ok(chx_simulation_create(
        runtime, network, &(chx_simulation_params){.n_partitions = n_partitions}, &simulation));
    check_ok(chx_simulation_advance(simulation, n_steps / 3));
    check_ok(chx_simulation_advance(simulation, n_steps - n_steps / 3));
    return simulation;
}

static uint64_t
digest_of(chx_simulation *simulation)
{
    uint64_t digest;
    check_ok(chx_simulation_digest(simulation, &digest));
    return digest;
}

static void
check_cuts(const chx_distribution *weight_pa)
{
    static const uint32_t cuts[] = {2, 3, 7};
    const chx_spike *spikes;
    size_t n_spikes;
    chx_network *network = circuit_create(weight_pa, circuit_short_term, 3);
    chx_simulation *simulation = run(network, 1, 160);
    const uint64_t digest = digest_of(simulation);
    check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
    ck_assert_uint_gt(n_spikes, 150);
    chx_simulation_destroy(&simulation);
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        simulation = run(network, cuts[i], 160);
        ck_assert_uint_eq(digest_of(simulation), digest);
        chx_simulation_destroy(&simulation);
    }
    chx_network_destroy(&network);
}

START_TEST(short_term_spikes_are_the_same_in_every_cut)
{
    check_cuts(&(chx_distribution){.mean = 100});
    check_cuts(&(chx_distribution){CHX_DISTRIBUTION_NORMAL, .mean = 100, .sd = 20});
}
END_TEST

/* What a synapse has learnt, in double precision from the spikes of both sides, by the rule of
 * Morrison and others 2008 (doi:10.1007/s00422-008-0233-1), all of whose delay is on the way back.
 * has_fired is by step and neuron. */
static double
learn(const chx_plasticity *plasticity, const chx_synapse *synapse, const bool *has_fired,
      uint32_t n_steps)
{
    const uint32_t delay = (uint32_t)lround((double)synapse->delay_ms / CIRCUIT_STEP_MS);
    const double keep_x = exp(-CIRCUIT_STEP_MS / plasticity->potentiation_ms);
    const double keep_y = exp(-CIRCUIT_STEP_MS / plasticity->depression_ms);
    double w = (double)synapse->weight_pa / plasticity->weight_max, x = 0, y = 0;
    for (uint32_t step = 0; step < n_steps; step++) {
        const bool fires = has_fired[step * CIRCUIT_NEURONS + synapse->pre];
        const bool returns =
            step >= delay && has_fired[(step - delay) * CIRCUIT_NEURONS + synapse->post];
        x *= keep_x;
        y *= keep_y;
        if (returns)
            w += plasticity->potentiation * pow(1 - w, plasticity->potentiation_exponent) * x;
        w = fmin(w, 1);
        if (fires)
            w -= plasticity->depression * pow(w, plasticity->depression_exponent) * y;
        w = fmax(w, 0);
        x = fires ? (plasticity->is_nearest ? 1 : x + 1) : x;
        y = returns ? (plasticity->is_nearest ? 1 : y + 1) : y;
    }
    return w * plasticity->weight_max;
}

static void
check_weights(const chx_network *network, chx_simulation *simulation, uint32_t n_steps)
{
    const chx_network_info *info = chx_network_get(network);
    const chx_spike *spikes;
    size_t n_spikes, n_learnt = 0;
    bool *has_fired = calloc(((size_t)n_steps + 1) * CIRCUIT_NEURONS, sizeof *has_fired);
    float *weights = calloc((size_t)info->n_synapses, sizeof *weights);
    check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
    check_ok(chx_simulation_weights(simulation, weights));
    for (size_t i = 0; i < n_spikes; i++)
        has_fired[spikes[i].step * CIRCUIT_NEURONS + spikes[i].neuron] = true;
    for (uint64_t s = 0; s < info->n_synapses; s++) {
        const chx_synapse *synapse = &info->synapses[s];
        const uint32_t pre = synapse->pre >= CIRCUIT_EXCITING,
                       post = synapse->post >= CIRCUIT_EXCITING;
        const chx_plasticity *plasticity = NULL;
        for (uint32_t i = info->n_plasticities; i-- > 0;)
            if ((info->plasticities[i].n_from == 0 || info->plasticities[i].from[0] == pre) &&
                (info->plasticities[i].n_to == 0 || info->plasticities[i].to[0] == post))
                plasticity = &info->plasticities[i];
        double expected = (double)synapse->weight_pa;
        if (plasticity && plasticity->kind == CHX_PLASTICITY_STDP)
            expected = learn(plasticity, synapse, has_fired, n_steps + 1);
        ck_assert_msg(fabs((double)weights[s] - expected) < 2e-2, "%u -> %u: %g, expected %g",
                      synapse->pre, synapse->post, (double)weights[s], expected);
        n_learnt += weights[s] != synapse->weight_pa;
    }
    ck_assert_uint_gt(n_learnt, info->n_synapses / 4);
    free(has_fired);
    free(weights);
}

static void
check_learning(const chx_plasticity *plasticities, uint32_t n_plasticities, uint32_t n_steps)
{
    const chx_distribution weight_pa = {CHX_DISTRIBUTION_NORMAL, .mean = 100, .sd = 40, .min = 0,
                                        .max = 200};
    chx_network *network = circuit_create(&weight_pa, plasticities, n_plasticities);
    chx_simulation *simulation = run(network, 1, n_steps);
    const uint64_t digest = digest_of(simulation);
    check_weights(network, simulation, n_steps);
    chx_simulation_destroy(&simulation);
    simulation = run(network, 3, n_steps);
    ck_assert_uint_eq(digest_of(simulation), digest);
    check_weights(network, simulation, n_steps);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}

START_TEST(weights_are_learnt_by_the_rule)
{
    check_learning(circuit_learning[_i], 2 + (uint32_t)_i, 300);
}
END_TEST

START_TEST(weights_are_learnt_by_the_rule_for_long)
{
    check_learning(circuit_learning[_i], 2 + (uint32_t)_i, 4000);
}
END_TEST

/* A weight that begins as 0 and can only become negative arrives where negative ones do. */
START_TEST(learnt_inhibition_arrives_at_its_own_port)
{
    static const uint32_t target = 1;
    const chx_neuron_type types[] = {
        {.name = "source", .model = "relay"},
        {.name = "target", .params = {250, 10, 5, -65, -50, -65, 2, 0, 3}}};
    const chx_neuron neurons[] = {{.name = "a", .diameter_um = 1},
                                  {.name = "b", .type = 1, .diameter_um = 1}};
    const chx_synapse synapse = {0, 1, 0, (float)CIRCUIT_STEP_MS};
    const chx_spike spikes[] = {{10, 0}, {15, 1}, {40, 0}};
    const chx_stimulus stimulus = {
        .kind = CHX_STIMULUS_SPIKE_TRAIN, .current_pa = 1e5, .spikes = spikes, .n_spikes = 3};
    const chx_plasticity plasticity = {.kind = CHX_PLASTICITY_STDP,
                                       .potentiation = 1,
                                       .potentiation_ms = 1000,
                                       .depression_ms = 1,
                                       .weight_max = -100};
    const chx_probe probe = {"inhibition_pa", &target, 1, 0};
    chx_network *network = NULL;
    chx_simulation *simulation = NULL;
    chx_trace trace;
    check_ok(chx_network_create(&(chx_network_info){.name = "inhibition",
                                                    .time_step_ms = CIRCUIT_STEP_MS,
                                                    .duration_ms = 5,
                                                    .n_types = 2,
                                                    .types = types,
                                                    .n_neurons = 2,
                                                    .neurons = neurons,
                                                    .n_synapses = 1,
                                                    .synapses = &synapse,
                                                    .n_stimuli = 1,
                                                    .stimuli = &stimulus,
                                                    .n_plasticities = 1,
                                                    .plasticities = &plasticity},
                                &network));
    check_ok(chx_simulation_create(
        runtime, network, &(chx_simulation_params){.probes = &probe, .n_probes = 1}, &simulation));
    check_ok(chx_simulation_advance(simulation, 50));
    check_ok(chx_simulation_take_trace(simulation, 0, &trace));
    ck_assert(trace.values[40] == 0 && trace.values[41] < -95);
    free(trace.values);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

/* Neurons that fire once when a spike train tells them to, and pass next to nothing on. */
static const chx_neuron_type on_command[] = {
    {.name = "source", .model = "relay"},
    {.name = "target", .params = {250, 10, 5, -65, -50, -65, 1000, 0}}};

static void
simulate_on_command(const chx_network_info *of, const chx_probe *probe, uint32_t n_steps,
                    chx_network **network, chx_simulation **simulation)
{
    static char names[2 * N_WINDOW][12];
    chx_neuron neurons[2 * N_WINDOW];
    chx_network_info info = *of;
    for (uint32_t n = 0; n < info.n_neurons; n++) {
        snprintf(names[n], sizeof names[n], "%u", n);
        neurons[n] =
            (chx_neuron){.name = names[n], .type = n >= info.n_neurons / 2, .diameter_um = 1};
    }
    info.name = "on command";
    info.time_step_ms = CIRCUIT_STEP_MS;
    info.duration_ms = 100;
    info.n_types = 2;
    info.types = on_command;
    info.neurons = neurons;
    check_ok(chx_network_create(&info, network));
    check_ok(chx_simulation_create(
        runtime, *network, &(chx_simulation_params){.probes = probe, .n_probes = probe != NULL},
        simulation));
    check_ok(chx_simulation_advance(*simulation, n_steps));
}

/* Bi and Poo 1998 (doi:10.1523/JNEUROSCI.18-24-10464.1998): a pair of spikes moves a weight by what
 * falls off exponentially with the time between them, on either side of its own. */
START_TEST(a_pair_of_spikes_moves_a_weight_by_its_window)
{
    const chx_plasticity plasticity = {.kind = CHX_PLASTICITY_STDP,
                                       .potentiation = 0.1,
                                       .depression = 0.12,
                                       .potentiation_ms = 10,
                                       .depression_ms = 15,
                                       .weight_max = 1,
                                       .is_nearest = _i};
    chx_synapse synapses[N_WINDOW];
    chx_spike orders[2 * N_WINDOW];
    for (uint32_t i = 0; i < N_WINDOW; i++) {
        synapses[i] = (chx_synapse){i, N_WINDOW + i, 0.5f, DELAY_STEPS * (float)CIRCUIT_STEP_MS};
        orders[i] = (chx_spike){200, i};
        orders[N_WINDOW + i] = (chx_spike){20 + 8 * i, N_WINDOW + i};
    }
    const chx_stimulus stimulus = {.kind = CHX_STIMULUS_SPIKE_TRAIN,
                                   .current_pa = 1e5,
                                   .spikes = orders,
                                   .n_spikes = 2 * N_WINDOW};
    const chx_spike *spikes;
    size_t n_spikes;
    float weights[N_WINDOW];
    double fired_ms[2 * N_WINDOW], least = 1, most = 0;
    chx_network *network = NULL;
    chx_simulation *simulation = NULL;
    simulate_on_command(&(chx_network_info){.n_neurons = 2 * N_WINDOW,
                                            .n_synapses = N_WINDOW,
                                            .synapses = synapses,
                                            .n_stimuli = 1,
                                            .stimuli = &stimulus,
                                            .n_plasticities = 1,
                                            .plasticities = &plasticity},
                        NULL, 500, &network, &simulation);
    check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
    check_ok(chx_simulation_weights(simulation, weights));
    ck_assert_uint_eq(n_spikes, 2 * N_WINDOW);
    for (size_t s = 0; s < n_spikes; s++)
        fired_ms[spikes[s].neuron] = spikes[s].step * CIRCUIT_STEP_MS;
    for (uint32_t i = 0; i < N_WINDOW; i++) {
        const double delay_ms = DELAY_STEPS * CIRCUIT_STEP_MS;
        const double ms = fired_ms[N_WINDOW + i] + delay_ms - fired_ms[i];
        const double moves = fabs(ms) < 1e-6 ? 0
                             : ms > 0        ? 0.1 * exp(-ms / 10)
                                             : -0.12 * exp(ms / 15);
        ck_assert_msg(fabs((double)weights[i] - 0.5 - moves) < 2e-6, "%g ms: %g, expected %g", ms,
                      (double)weights[i] - 0.5, moves);
        least = fmin(least, moves);
        most = fmax(most, moves);
    }
    ck_assert(least < -0.1 && most > 0.08);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

/* Tsodyks and Markram 1997 (doi:10.1073/pnas.94.2.719): a regular train, each of whose spikes takes
 * the share u of what is there, finds resources that fall as a geometric series to what the time
 * between two of them restores. */
START_TEST(a_depressing_synapse_answers_a_train_by_a_geometric_series)
{
    static const uint32_t target = 1;
    enum { n_orders = 12, interval_steps = 200 };
    const double share = 0.45, keep = exp(-interval_steps * CIRCUIT_STEP_MS / 250);
    const double last = (1 - keep) / (1 - (1 - share) * keep);
    const chx_plasticity plasticity = {
        .kind = CHX_PLASTICITY_SHORT_TERM, .utilization = share, .recovery_ms = 250};
    const chx_synapse synapse = {0, 1, WEIGHT_PA, (float)CIRCUIT_STEP_MS};
    const chx_probe probe = {"current_pa", &target, 1, 0};
    chx_spike orders[n_orders];
    for (uint32_t i = 0; i < n_orders; i++)
        orders[i] = (chx_spike){interval_steps * i, 0};
    const chx_stimulus stimulus = {
        .kind = CHX_STIMULUS_SPIKE_TRAIN, .current_pa = 1, .spikes = orders, .n_spikes = n_orders};
    chx_network *network = NULL;
    chx_simulation *simulation = NULL;
    chx_trace trace;
    simulate_on_command(&(chx_network_info){.n_neurons = 2,
                                            .n_synapses = 1,
                                            .synapses = &synapse,
                                            .n_stimuli = 1,
                                            .stimuli = &stimulus,
                                            .n_plasticities = 1,
                                            .plasticities = &plasticity},
                        &probe, n_orders * interval_steps, &network, &simulation);
    check_ok(chx_simulation_take_trace(simulation, 0, &trace));
    uint32_t n_answers = 0;
    for (uint32_t step = 1; step < trace.n_rows; step++) {
        const double before = (double)trace.values[step - 1] * exp(-CIRCUIT_STEP_MS / 5);
        const double answer = (double)trace.values[step] - before;
        if (answer < 0.01)
            continue;
        const double there = last + (1 - last) * pow((1 - share) * keep, n_answers++);
        ck_assert_double_eq_tol(answer, WEIGHT_PA * share * there, 1e-3);
    }
    ck_assert_uint_eq(n_answers, n_orders);
    free(trace.values);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

START_TEST(plasticities_that_cannot_be_are_refused)
{
    static const uint32_t beyond = 1;
    static const struct {
        chx_plasticity plasticity;
        const char *sentence;
    } bad[] = {
        {{.utilization = 1}, "plasticities[0]: kind is none of the kinds of plasticity"},
        {{.kind = CHX_PLASTICITY_SHORT_TERM, .utilization = 0},
         "plasticities[0]: utilization must be above 0 and at most 1"},
        {{.kind = CHX_PLASTICITY_SHORT_TERM, .utilization = 1.5},
         "plasticities[0]: utilization must be above 0 and at most 1"},
        {{.kind = CHX_PLASTICITY_SHORT_TERM, .utilization = NAN},
         "plasticities[0]: utilization must be above 0 and at most 1"},
        {{.kind = CHX_PLASTICITY_SHORT_TERM, .utilization = 1, .recovery_ms = -1},
         "plasticities[0]: recovery_ms must be 0 to 1e9"},
        {{.kind = CHX_PLASTICITY_SHORT_TERM, .utilization = 1, .facilitation_ms = INFINITY},
         "plasticities[0]: facilitation_ms must be 0 to 1e9"},
        {{.kind = CHX_PLASTICITY_SHORT_TERM, .from = &beyond, .n_from = 1, .utilization = 1},
         "plasticities[0]: from has a type that is beyond those of the network"},
        {{.kind = CHX_PLASTICITY_SHORT_TERM, .to = &beyond, .n_to = 1, .utilization = 1},
         "plasticities[0]: to has a type that is beyond those of the network"},
    };
    const chx_neuron_type type = {"t", {10, 10, 5, -65, -50, -65, 5, 0}};
    const chx_neuron neuron = {.name = "a", .diameter_um = 1};
    chx_plasticity many[CHX_MAX_PLASTICITIES + 1];
    chx_network_info info = {.name = "one",
                             .time_step_ms = CIRCUIT_STEP_MS,
                             .duration_ms = 10,
                             .n_types = 1,
                             .types = &type,
                             .n_neurons = 1,
                             .neurons = &neuron,
                             .n_plasticities = 1};
    chx_network *network = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        info.plasticities = &bad[i].plasticity;
        ck_assert_int_eq(chx_network_create(&info, &network), CHX_ERROR_FORMAT);
        ck_assert_str_eq(chx_last_error()->message, bad[i].sentence);
    }
    for (size_t i = 0; i < sizeof many / sizeof *many; i++)
        many[i] = (chx_plasticity){.kind = CHX_PLASTICITY_SHORT_TERM, .utilization = 1};
    info.plasticities = many;
    info.n_plasticities = CHX_MAX_PLASTICITIES + 1;
    ck_assert_int_eq(chx_network_create(&info, &network), CHX_ERROR_LIMIT);
    info.n_plasticities = CHX_MAX_PLASTICITIES;
    check_ok(chx_network_create(&info, &network));
    ck_assert_uint_eq(chx_network_get(network)->n_plasticities, CHX_MAX_PLASTICITIES);
    chx_network_destroy(&network);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("plasticity");
    TCase *tests = tcase_create("plasticity");
    tcase_add_checked_fixture(tests, open_runtime, close_runtime);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, short_term_spikes_are_the_same_in_every_cut);
    tcase_add_test(tests, learnt_inhibition_arrives_at_its_own_port);
    tcase_add_test(tests, plasticities_that_cannot_be_are_refused);
    suite_add_tcase(suite, tests);
    TCase *slow = tcase_create("slow on a device");
    tcase_set_tags(slow, "slow");
    tcase_add_checked_fixture(slow, open_runtime, close_runtime);
    tcase_set_timeout(slow, 280);
    tcase_add_loop_test(slow, weights_are_learnt_by_the_rule_for_long, 0, 2);
    tcase_add_loop_test(slow, weights_are_learnt_by_the_rule, 0, 2);
    tcase_add_test(slow, short_term_weights_are_those_of_the_equations);
    tcase_add_loop_test(slow, a_pair_of_spikes_moves_a_weight_by_its_window, 0, 2);
    tcase_add_test(slow, a_depressing_synapse_answers_a_train_by_a_geometric_series);
    suite_add_tcase(suite, slow);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
