/* Spikes of the kernels against those of the plain C baseline, which shares no code with them. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include <chronaxie/plan.h>
#include <chronaxie/simulation.h>

#include "common/history.h"
#include "network/simulation_state.h"
#include "network/simulation_shape.h"
#include "circuit.h"
#include "sample.h"
#include "threads/simulation.h"

#include "runtime.h"

/* Spikes of the worm in its first 400 ms, on any device and for any number of partitions. It
 * changes when examples/celegans or the neuron's equations change, and only then. */
#define WORM_STEPS 4000
#define WORM_DIGEST UINT64_C(0x8cc4c1b76ce90a15)

static chx_simulation *
create(const chx_network *network, uint32_t n_partitions)
{
    chx_simulation *simulation = NULL;
    check_ok(chx_simulation_create(
        runtime, network, &(chx_simulation_params){.n_partitions = n_partitions}, &simulation));
    return simulation;
}

static void
check_same_spikes(chx_simulation *simulation, const threads_simulation *reference)
{
    const chx_spike *got;
    size_t n_got, n_expected;
    check_ok(chx_simulation_spikes(simulation, &got, &n_got));
    const chx_spike *expected = threads_simulation_spikes(reference, &n_expected);
    for (size_t i = 0; i < n_got && i < n_expected; i++)
        ck_assert_msg(memcmp(&got[i], &expected[i], sizeof *got) == 0,
                      "spike %zu: step %u neuron %u, expected step %u neuron %u", i, got[i].step,
                      got[i].neuron, expected[i].step, expected[i].neuron);
    ck_assert_uint_eq(n_got, n_expected);
    uint64_t digest;
    check_ok(chx_simulation_digest(simulation, &digest));
    ck_assert_uint_eq(digest, threads_simulation_digest(reference));
}

static void
check_same_potentials(chx_simulation *simulation, const threads_simulation *reference,
                      uint32_t n_neurons)
{
    float *got = calloc(n_neurons, sizeof *got), *expected = calloc(n_neurons, sizeof *expected);
    check_ok(chx_simulation_potentials(simulation, got));
    threads_simulation_potentials(reference, expected);
    for (uint32_t n = 0; n < n_neurons; n++)
        ck_assert_msg(got[n] == expected[n], "neuron %u: %a mV, expected %a mV", n, (double)got[n],
                      (double)expected[n]);
    free(got);
    free(expected);
}

/* Runs both and returns how many spikes there were; destroys the network. */
static size_t
compare_network(chx_network *network, uint32_t n_partitions, uint32_t n_steps)
{
    const chx_network_info *info = chx_network_get(network);
    threads_simulation *reference = threads_simulation_create(info, 2, info->seed);
    ck_assert(threads_simulation_advance(reference, n_steps));
    chx_simulation *simulation = create(network, n_partitions);
    check_ok(chx_simulation_advance(simulation, n_steps));
    ck_assert_uint_eq(chx_simulation_step(simulation), n_steps);
    check_same_spikes(simulation, reference);
    check_same_potentials(simulation, reference, info->n_neurons);
    size_t n_spikes;
    threads_simulation_spikes(reference, &n_spikes);
    threads_simulation_destroy(reference);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
    return n_spikes;
}

static size_t
compare(const sample_params *params, uint32_t n_partitions, uint32_t n_steps)
{
    return compare_network(sample_create(params), n_partitions, n_steps);
}

START_TEST(networks_of_every_size_spike_like_the_baseline)
{
    const uint32_t sizes[] = {1, 15, 16, 17, 100, 302};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const sample_params params = {.n_neurons = sizes[i],
                                      .fan_out = 20,
                                      .min_delay_steps = 10,
                                      .max_delay_steps = 35,
                                      .steps = true,
                                      .seed = sizes[i]};
        ck_assert_uint_gt(compare(&params, 1, 500), 0);
    }
}
END_TEST

START_TEST(networks_beyond_one_work_group_spike_like_the_baseline)
{
    const sample_params params = {.n_neurons = test_tries_all() ? 5000 : 1500,
                                  .fan_out = 10,
                                  .min_delay_steps = 7,
                                  .max_delay_steps = 40,
                                  .poisson = true,
                                  .steps = true,
                                  .seed = 3};
    ck_assert_uint_gt(compare(&params, 1, 80), 100);
}
END_TEST

START_TEST(partitions_do_not_change_spikes)
{
    const uint32_t partitions[] = {1, 5, 2, 3};
    const size_t n = test_tries_all() ? 4 : 2;
    const sample_params params = {.n_neurons = 333,
                                  .fan_out = 30,
                                  .min_delay_steps = 4,
                                  .max_delay_steps = 50,
                                  .poisson = true,
                                  .steps = true,
                                  .seed = 4};
    for (size_t i = 0; i < n; i++)
        ck_assert_uint_gt(compare(&params, partitions[i], 300), 100);
}
END_TEST

START_TEST(delays_from_one_step_to_hundreds_are_kept)
{
    const uint32_t longest = test_tries_all() ? 700 : 300, n_steps = longest + 300;
    const sample_params params = {.n_neurons = 90,
                                  .fan_out = 25,
                                  .min_delay_steps = 1,
                                  .max_delay_steps = longest,
                                  .seed = 5};
    ck_assert_uint_gt(compare(&params, 2, n_steps), 100);
    if (test_tries_all())
        ck_assert_uint_gt(compare(&params, 1, n_steps), 100);
}
END_TEST

START_TEST(equal_delays_beyond_the_longest_batch_are_kept)
{
    const sample_params params = {
        .n_neurons = 70, .fan_out = 25, .min_delay_steps = 200, .max_delay_steps = 200, .seed = 6};
    ck_assert_uint_gt(compare(&params, 1, 900), 100);
    ck_assert_uint_gt(compare(&params, 3, 900), 100);
}
END_TEST

START_TEST(poisson_events_are_those_of_the_baseline)
{
    const sample_params params = {.n_neurons = 130,
                                  .fan_out = 0,
                                  .min_delay_steps = 1,
                                  .max_delay_steps = 1,
                                  .poisson = true,
                                  .silent = true,
                                  .seed = UINT64_C(0xfedcba9876543210)};
    ck_assert_uint_gt(compare(&params, 1, 700), 20);
    ck_assert_uint_gt(compare(&params, 2, 700), 20);
}
END_TEST

/* A network without bias in which Poisson events reach single neurons far apart, in batches of
 * `delay_steps`, or 128. */
static chx_network *
create_with_few_driven(uint32_t delay_steps)
{
    static const uint32_t driven[] = {3, 4, 67, 140, 303, 332}, one[] = {3};
    const sample_params params = {.n_neurons = 333,
                                  .fan_out = 30,
                                  .min_delay_steps = delay_steps,
                                  .max_delay_steps = delay_steps + 20,
                                  .silent = true,
                                  .seed = 15};
    const chx_stimulus stimuli[] = {{CHX_STIMULUS_POISSON, 0, 1e5, 400, 2000, driven, 6},
                                    {CHX_STIMULUS_POISSON, 0.7, 21.1, 90, 25000, one, 1}};
    chx_network *sample = sample_create(&params), *network = NULL;
    chx_network_info info = *chx_network_get(sample);
    info.n_stimuli = 2;
    info.stimuli = stimuli;
    check_ok(chx_network_create(&info, &network));
    chx_network_destroy(&sample);
    return network;
}

START_TEST(poisson_events_at_few_neurons_are_those_of_the_baseline)
{
    const uint32_t delays[] = {1, 4, 18, 200}, n_steps = test_tries_all() ? 400 : 250;
    for (size_t i = 0; i < sizeof delays / sizeof *delays; i++)
        for (uint32_t partitions = 1; partitions <= 3; partitions += 2)
            if (test_tries_all() || partitions / 2 == i % 2)
                ck_assert_uint_gt(
                    compare_network(create_with_few_driven(delays[i]), partitions, n_steps), 50);
}
END_TEST

/* A tenth of the spikes come twice. */
static chx_network *
create_with_train(void)
{
    static chx_spike spikes[3000];
    const sample_params params = {.n_neurons = 333,
                                  .fan_out = 30,
                                  .min_delay_steps = 4,
                                  .max_delay_steps = 50,
                                  .steps = true,
                                  .silent = true,
                                  .seed = 12};
    uint64_t random = 5;
    chx_network *sample = sample_create(&params), *network = NULL;
    chx_network_info info = *chx_network_get(sample);
    chx_stimulus stimuli[8] = {
        {.kind = CHX_STIMULUS_SPIKE_TRAIN, .current_pa = 400, .spikes = spikes, .n_spikes = 3000},
        {.kind = CHX_STIMULUS_SPIKE_TRAIN, .current_pa = -3, .spikes = spikes, .n_spikes = 70}};
    for (uint32_t i = 0; i < 3000; i++)
        spikes[i] = i % 10 == 9
                        ? spikes[i - 1]
                        : (chx_spike){sample_random(&random) % 300, sample_random(&random) % 333};
    for (uint32_t k = 0; k < info.n_stimuli && k < 6; k++)
        stimuli[2 + k] = info.stimuli[k];
    info.n_stimuli += 2;
    info.stimuli = stimuli;
    check_ok(chx_network_create(&info, &network));
    chx_network_destroy(&sample);
    return network;
}

START_TEST(spike_trains_are_those_of_the_baseline)
{
    const uint32_t partitions[] = {1, 2, 3, 5};
    size_t n_spikes[4];
    for (size_t i = 0; i < 4; i++)
        n_spikes[i] = compare_network(create_with_train(), partitions[i], 320);
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(n_spikes[i], n_spikes[0]);
    ck_assert_uint_gt(n_spikes[0], 500);
}
END_TEST

START_TEST(a_spike_of_a_train_acts_as_one_of_a_synapse)
{
    const chx_neuron_type type = {"t", {10, 10, 5, -65, -50, -65, 5, 0}};
    const chx_neuron neurons[] = {{.name = "a", .diameter_um = 1}};
    const chx_spike spikes[] = {{7, 0}, {7, 0}};
    const chx_stimulus train = {CHX_STIMULUS_SPIKE_TRAIN, 0, 0, 3, 0, NULL, 0, spikes, 2};
    const chx_network_info info = {.name = "one",
                                   .time_step_ms = 0.1,
                                   .duration_ms = 10,
                                   .n_types = 1,
                                   .types = &type,
                                   .n_neurons = 1,
                                   .neurons = neurons,
                                   .n_stimuli = 1,
                                   .stimuli = &train};
    const double p21 = 5.0 * 10 / (10 - 5.0) / 10 * (exp(-0.01) - exp(-0.02));
    float mv = 0;
    chx_network *network = NULL;
    check_ok(chx_network_create(&info, &network));
    chx_simulation *simulation = create(network, 1);
    check_ok(chx_simulation_advance(simulation, 8));
    check_ok(chx_simulation_potentials(simulation, &mv));
    ck_assert(mv == -65.0f); /* the current has 6 pA since step 7 */
    check_ok(chx_simulation_advance(simulation, 1));
    check_ok(chx_simulation_potentials(simulation, &mv));
    ck_assert_msg(fabs(mv + 65 - p21 * 6) < 1e-5, "%.9g", (double)mv);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

START_TEST(neurons_that_fire_in_every_step_lose_no_spike)
{
    const sample_params params = {.n_neurons = 200,
                                  .fan_out = 60,
                                  .min_delay_steps = 12,
                                  .max_delay_steps = 30,
                                  .wild = true,
                                  .seed = 7};
    for (uint32_t n_partitions = 1; n_partitions <= 2; n_partitions++)
        ck_assert_uint_eq(compare(&params, n_partitions, 150), 200 * 150);
}
END_TEST

START_TEST(time_cut_into_pieces_gives_the_same_spikes)
{
    const sample_params params = {.n_neurons = 120,
                                  .fan_out = 20,
                                  .min_delay_steps = 9,
                                  .max_delay_steps = 30,
                                  .poisson = true,
                                  .seed = 8};
    const uint32_t pieces[] = {1, 2, 13, 0, 9, 300, 1, 274};
    chx_network *network = sample_create(&params);
    threads_simulation *reference =
        threads_simulation_create(chx_network_get(network), 1, params.seed);
    ck_assert(threads_simulation_advance(reference, 600));
    for (uint32_t n_partitions = 1; n_partitions <= 2; n_partitions++) {
        chx_simulation *simulation = create(network, n_partitions);
        for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
            check_ok(chx_simulation_advance(simulation, pieces[i]));
        ck_assert_uint_eq(chx_simulation_step(simulation), 600);
        check_same_spikes(simulation, reference);
        chx_simulation_destroy(&simulation);
    }
    threads_simulation_destroy(reference);
    chx_network_destroy(&network);
}
END_TEST

/* Runs of 0 .. 40 steps in a graph of the caller's, several in flight. */
static void
run_in_graph(chx_simulation *simulation, chx_plan *plan, uint32_t n_steps)
{
    chx_run *runs[4] = {NULL};
    uint64_t random = 1;
    for (uint32_t i = 0; chx_simulation_step(simulation) < n_steps; i++) {
        uint32_t left = n_steps - (uint32_t)chx_simulation_step(simulation);
        uint32_t steps = sample_random(&random) % 41;
        check_ok(chx_simulation_set_steps(simulation, steps < left ? steps : left));
        chx_run **run = &runs[i % 4];
        if (*run)
            check_ok(chx_run_wait(*run, CHX_FOREVER));
        chx_run_destroy(run);
        check_ok(chx_plan_submit(plan, run));
    }
    for (int i = 0; i < 4; i++)
        if (runs[i]) {
            check_ok(chx_run_wait(runs[i], CHX_FOREVER));
            chx_run_destroy(&runs[i]);
        }
}

static void
check_history(chx_simulation *simulation, uint32_t n_neurons)
{
    chx_history *history = calloc(n_neurons, sizeof *history);
    uint32_t *counts = calloc(n_neurons, sizeof *counts);
    check_ok(chx_buffer_read(chx__simulation_history(simulation), 0, n_neurons * sizeof *history,
                             history));
    const chx_spike *spikes;
    size_t n_spikes;
    check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
    for (size_t i = 0; i < n_spikes; i++)
        counts[spikes[i].neuron]++;
    for (uint32_t n = 0; n < n_neurons; n++)
        ck_assert_uint_eq(history[n].count, counts[n]);
    for (size_t i = n_spikes; i-- > 0;) {
        const chx_history *own = &history[spikes[i].neuron];
        uint32_t number = --counts[spikes[i].neuron];
        if (own->count - number <= CHX_HISTORY_SPIKES)
            ck_assert_uint_eq(own->step[number % CHX_HISTORY_SPIKES], spikes[i].step);
    }
    free(history);
    free(counts);
}

/* A program that runs for days takes spikes as they come and forgets them. */
START_TEST(forgotten_spikes_take_no_room)
{
    const sample_params params = {.n_neurons = 150,
                                  .fan_out = 20,
                                  .min_delay_steps = 6,
                                  .max_delay_steps = 30,
                                  .poisson = true,
                                  .seed = 9};
    chx_network *network = sample_create(&params);
    chx_simulation *whole = create(network, 1), *taken = create(network, 1);
    const chx_spike *all, *some;
    size_t n_all, n_some, n_seen = 0, capacity = 0;
    uint64_t digest_of_whole, digest_of_taken;
    check_ok(chx_simulation_advance(whole, 800));
    check_ok(chx_simulation_spikes(whole, &all, &n_all));
    for (int turn = 0; turn < 8; turn++) {
        check_ok(chx_simulation_advance(taken, 100));
        check_ok(chx_simulation_spikes(taken, &some, &n_some));
        ck_assert_uint_le(n_seen + n_some, n_all);
        if (n_some > 0)
            ck_assert_mem_eq(some, all + n_seen, n_some * sizeof *some);
        ck_assert_int_eq(chx_simulation_forget(taken, n_some + 1), CHX_ERROR_INVALID);
        check_ok(chx_simulation_forget(taken, n_some));
        n_seen += n_some;
        if (turn == 3)
            capacity = taken->spikes_capacity;
    }
    ck_assert_uint_eq(n_seen, n_all);
    ck_assert_uint_gt(n_all, 100);
    ck_assert_uint_lt(taken->spikes_capacity, n_all);
    ck_assert_uint_eq(taken->spikes_capacity, capacity);
    check_ok(chx_simulation_digest(whole, &digest_of_whole));
    check_ok(chx_simulation_digest(taken, &digest_of_taken));
    ck_assert_uint_eq(digest_of_taken, digest_of_whole);
    chx_simulation_destroy(&whole);
    chx_simulation_destroy(&taken);
    chx_network_destroy(&network);
}
END_TEST

START_TEST(a_graph_of_the_callers_advances_as_told_and_keeps_history)
{
    const sample_params params = {.n_neurons = 150,
                                  .fan_out = 20,
                                  .min_delay_steps = 6,
                                  .max_delay_steps = 30,
                                  .poisson = true,
                                  .seed = 9};
    chx_network *network = sample_create(&params);
    threads_simulation *reference =
        threads_simulation_create(chx_network_get(network), 1, params.seed);
    ck_assert(threads_simulation_advance(reference, 800));
    for (uint32_t n_partitions = 1; n_partitions <= 3; n_partitions += 2) {
        chx_simulation *simulation = create(network, n_partitions);
        chx_graph *graph = NULL;
        chx_plan *plan = NULL;
        check_ok(chx_graph_create(runtime, &graph));
        check_ok(chx_simulation_build(simulation, graph, 40));
        check_ok(chx_plan_create(graph, NULL, &plan));
        run_in_graph(simulation, plan, 800);
        check_same_spikes(simulation, reference);
        check_history(simulation, params.n_neurons);
        chx_plan_destroy(&plan);
        chx_graph_destroy(&graph);
        chx_simulation_destroy(&simulation);
    }
    threads_simulation_destroy(reference);
    chx_network_destroy(&network);
}
END_TEST

/* A million synapses by rule among neurons that all fire by themselves; those of a rule are alike,
 * or have values that differ. */
static chx_network *
create_by_rule(bool has_values)
{
    enum { n = 2000, n_inhibitory = 500 };
    static chx_neuron neurons[n];
    static char names[n][8];
    static uint32_t numbers[n];
    for (uint32_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "%u", i);
        numbers[i] = i;
        neurons[i] = (chx_neuron){.name = names[i], .type = i % 3 == 0, .diameter_um = 1};
    }
    const chx_neuron_type types[2] = {{.name = "a", .params = {100, 10, 2, -65, -50, -65, 2, 180}},
                                      {.name = "b", .params = {80, 12, 2, -65, -50, -65, 2, 140}}};
    const chx_distribution delay = {
        .kind = CHX_DISTRIBUTION_NORMAL, .mean = 1.5, .sd = 0.7, .min = 0.1, .max = 100};
    chx_projection projections[2] = {
        {.rule = CHX_RULE_FIXED_TOTAL,
         .synapses = 900000,
         .with_self = true,
         .from = numbers + n_inhibitory,
         .n_from = n - n_inhibitory,
         .to = numbers,
         .n_to = n,
         .weight_pa = {.kind = CHX_DISTRIBUTION_NORMAL, .mean = 3, .sd = 0.5, .min = 0, .max = 9},
         .delay_ms = delay},
        {.rule = CHX_RULE_FIXED_OUTDEGREE,
         .synapses = 400,
         .from = numbers,
         .n_from = n_inhibitory,
         .to = numbers,
         .n_to = n,
         .weight_pa = {.mean = -12.5},
         .delay_ms = delay}};
    if (!has_values) {
        projections[0].weight_pa.kind = CHX_DISTRIBUTION_CONSTANT;
        projections[0].delay_ms = (chx_distribution){.mean = 1.2};
        projections[1].delay_ms = (chx_distribution){.mean = 0.7};
    }
    const chx_network_info info = {.name = "by rule",
                                   .time_step_ms = 0.1,
                                   .duration_ms = 100,
                                   .seed = 1,
                                   .n_types = 2,
                                   .types = types,
                                   .n_neurons = n,
                                   .neurons = neurons,
                                   .n_projections = 2,
                                   .projections = projections};
    chx_network *network = NULL;
    check_ok(chx_network_create(&info, &network));
    return network;
}

START_TEST(synapses_drawn_from_rules_act_as_if_they_were_listed)
{
    chx_network *network = create_by_rule(_i);
    for (uint32_t n_partitions = 1; n_partitions <= 3; n_partitions += 2) {
        chx_simulation *drawn = create(network, n_partitions);
        check_ok(chx_simulation_advance(drawn, 400));
        ck_assert_ptr_null(chx_network_outline(network)->synapses);
        chx_network *listed = create_by_rule(_i);
        ck_assert_ptr_nonnull(chx_network_get(listed)->synapses);
        chx_simulation *other = create(listed, n_partitions);
        check_ok(chx_simulation_advance(other, 400));
        uint64_t digest, expected;
        check_ok(chx_simulation_digest(drawn, &digest));
        check_ok(chx_simulation_digest(other, &expected));
        ck_assert_uint_eq(digest, expected);
        ck_assert_int_eq(drawn->tables.unit_exponent, other->tables.unit_exponent);
        ck_assert_uint_eq(drawn->tables.max_row, other->tables.max_row);
        ck_assert_uint_eq(drawn->tables.n_kinds, _i ? 0 : 2);
        const chx_spike *spikes;
        size_t n_spikes;
        check_ok(chx_simulation_spikes(drawn, &spikes, &n_spikes));
        ck_assert_uint_gt(n_spikes, 2000);
        chx_simulation_destroy(&drawn);
        chx_simulation_destroy(&other);
        chx_network_destroy(&listed);
    }
    chx_network_destroy(&network);
}
END_TEST

START_TEST(a_seed_of_the_callers_replaces_the_networks)
{
    const sample_params params = {.n_neurons = 60,
                                  .fan_out = 5,
                                  .min_delay_steps = 10,
                                  .max_delay_steps = 20,
                                  .poisson = true,
                                  .seed = 10};
    chx_network *network = sample_create(&params);
    uint64_t digests[2];
    for (uint64_t seed = 0; seed < 2; seed++) {
        chx_simulation *simulation = NULL;
        check_ok(chx_simulation_create(runtime, network,
                                       &(chx_simulation_params){.has_seed = true, .seed = seed},
                                       &simulation));
        check_ok(chx_simulation_advance(simulation, 300));
        check_ok(chx_simulation_digest(simulation, &digests[seed]));
        threads_simulation *reference =
            threads_simulation_create(chx_network_get(network), 1, seed);
        ck_assert(threads_simulation_advance(reference, 300));
        check_same_spikes(simulation, reference);
        threads_simulation_destroy(reference);
        chx_simulation_destroy(&simulation);
    }
    ck_assert_uint_ne(digests[0], digests[1]);
    chx_network_destroy(&network);
}
END_TEST

/* Two neurons that drive each other, with every kind of number that a network has. */
typedef struct extreme {
    chx_network_info info;
    chx_neuron_type type;
    chx_neuron neurons[2];
    chx_synapse synapses[2];
    chx_stimulus stimuli[2];
    chx_node nodes[2];
} extreme;

static const uint32_t driven[] = {0, 1};

static void
extreme_reset(extreme *of)
{
    *of = (extreme){
        .type = {"t", {10, 10, 5, -65, -50, -65, 2, 20}},
        .neurons = {{"a", 0, {0, 0, 0}, 10, 0, 2}, {"b", 0, {30, 0, 0}, 10, 0, 0}},
        .synapses = {{0, 1, 20, 1}, {1, 0, -20, 2}},
        .stimuli = {{CHX_STIMULUS_STEP, 1, 3, 30, 0, driven, 2},
                    {CHX_STIMULUS_POISSON, 1, 3, 30, 100, driven, 2}},
        .nodes = {{{0, 0, 0}, 5, 0, 0, 1}, {{9, 9, 9}, 1, 0, 0, 2}},
    };
    of->info = (chx_network_info){.name = "extreme",
                                  .time_step_ms = 0.1,
                                  .duration_ms = 5,
                                  .n_types = 1,
                                  .types = &of->type,
                                  .n_neurons = 2,
                                  .neurons = of->neurons,
                                  .n_synapses = 2,
                                  .synapses = of->synapses,
                                  .n_stimuli = 2,
                                  .stimuli = of->stimuli,
                                  .n_nodes = 2,
                                  .nodes = of->nodes,
                                  .view = sample_view()};
}

/* Each number that docs/network-format.md describes and the kernels see. */
#define EXTREME(member_)                                                      \
    {                                                                         \
#member_, offsetof(extreme, member_), sizeof(((extreme *)0)->member_) \
    }
static const struct {
    const char *name;
    size_t offset, size_bytes;
} extremes[] = {
    EXTREME(info.time_step_ms),
    EXTREME(info.duration_ms),
    EXTREME(type.params.capacitance_pf),
    EXTREME(type.params.tau_membrane_ms),
    EXTREME(type.params.tau_synapse_ms),
    EXTREME(type.params.resting_mv),
    EXTREME(type.params.threshold_mv),
    EXTREME(type.params.reset_mv),
    EXTREME(type.params.refractory_ms),
    EXTREME(type.params.bias_pa),
    EXTREME(synapses[0].weight_pa),
    EXTREME(synapses[0].delay_ms),
    EXTREME(stimuli[0].start_ms),
    EXTREME(stimuli[0].stop_ms),
    EXTREME(stimuli[0].current_pa),
    EXTREME(stimuli[1].current_pa),
    EXTREME(stimuli[1].rate_hz),
    EXTREME(neurons[0].position_um[0]),
    EXTREME(neurons[0].diameter_um),
    EXTREME(nodes[1].position_um[1]),
    EXTREME(nodes[1].radius_um),
    EXTREME(info.view.zoom),
    EXTREME(info.view.speed),
    EXTREME(info.view.conduction_um_per_ms),
    EXTREME(info.view.decay_ms),
};

/* What a network does that was not refused: it runs, and its potentials are numbers. */
static void
ck_simulates(const chx_network *network, const char *name, double value)
{
    float potentials[2];
    chx_simulation *simulation = NULL;
    chx_status status = chx_simulation_create(runtime, network, NULL, &simulation);
    if (status == CHX_ERROR_LIMIT)
        return;
    check_ok(status);
    check_ok(chx_simulation_advance(simulation, 40));
    check_ok(chx_simulation_potentials(simulation, potentials));
    ck_assert_msg(isfinite(potentials[0]) && isfinite(potentials[1]), "%s = %g: %g mV, %g mV", name,
                  value, (double)potentials[0], (double)potentials[1]);
    chx_simulation_destroy(&simulation);
}

START_TEST(numbers_of_any_size_are_refused_or_simulated)
{
    static const double magnitudes[] = {0,    1e-320, 1e-300, 1e-38, 1e-30, 1e-13, 1e-12,
                                        1e-6, 3e-3,   0.1,    4.9,   100,   1e5,   1e9,
                                        1e12, 2e12,   1e18,   3e38,  1e39,  1e154, 1.7e308};
    const size_t n = sizeof magnitudes / sizeof *magnitudes;
    for (size_t i = 0; i < 2 * n; i++) {
        double value = i < n ? magnitudes[i] : -magnitudes[i - n];
        float narrow = (float)value;
        bool is_wide = extremes[_i].size_bytes == sizeof value;
        extreme of;
        extreme_reset(&of);
        memcpy((char *)&of + extremes[_i].offset, is_wide ? (void *)&value : (void *)&narrow,
               extremes[_i].size_bytes);
        chx_network *network = NULL;
        if (chx_network_create(&of.info, &network) == CHX_OK)
            ck_simulates(network, extremes[_i].name, value);
        else
            ck_assert_int_eq(chx_last_error()->status, CHX_ERROR_FORMAT);
        chx_network_destroy(&network);
    }
}
END_TEST

START_TEST(a_reset_that_is_tidied_away_stays_below_the_threshold)
{
    extreme of;
    extreme_reset(&of);
    of.type.params.resting_mv = 0;
    of.type.params.reset_mv = -2e-13;
    of.type.params.threshold_mv = -1e-13;
    chx_network *network = NULL;
    ck_assert_int_eq(chx_network_create(&of.info, &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "types[0]: threshold_mv is reset_mv"));
}
END_TEST

START_TEST(the_worm_has_its_digest)
{
    chx_network *network = NULL;
    check_ok(chx_network_load(SOURCE_ROOT "/examples/celegans", &network));
    for (uint32_t n_partitions = 1; n_partitions <= 2; n_partitions++) {
        chx_simulation *simulation = create(network, n_partitions);
        check_ok(chx_simulation_advance(simulation, WORM_STEPS));
        uint64_t digest;
        check_ok(chx_simulation_digest(simulation, &digest));
        ck_assert_msg(digest == WORM_DIGEST, "digest 0x%016llx with %u partitions",
                      (unsigned long long)digest, n_partitions);
        chx_simulation_destroy(&simulation);
    }
    chx_network_destroy(&network);
}
END_TEST

/* Opens every driver at once where there are two, each partition on its own device. */
START_TEST(partitions_pinned_to_unlike_devices_give_the_same_spikes)
{
    chx_runtime_params machine = test_machine_params();
    machine.devices = "portable,llvmpipe";
    machine.split = 0;
    chx_runtime *both = NULL;
    if (chx_runtime_create(&both, &machine) != CHX_OK)
        return;
    const sample_params params = {.n_neurons = 200,
                                  .fan_out = 20,
                                  .min_delay_steps = 20,
                                  .max_delay_steps = 60,
                                  .poisson = true,
                                  .steps = true,
                                  .seed = 11};
    chx_network *network = sample_create(&params);
    threads_simulation *reference =
        threads_simulation_create(chx_network_get(network), 1, params.seed);
    ck_assert(threads_simulation_advance(reference, 400));
    chx_simulation *simulation = NULL;
    check_ok(chx_simulation_create(
        both, network, &(chx_simulation_params){.n_partitions = 2, .pin_partitions = true},
        &simulation));
    check_ok(chx_simulation_advance(simulation, 400));
    check_same_spikes(simulation, reference);
    threads_simulation_destroy(reference);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
    chx_runtime_destroy(&both);
}
END_TEST

/* Words that a kernel which failed or was left out may leave: all bits, infinities, anything. */
static uint32_t
garbage_word(uint32_t kind, uint64_t *random)
{
    if (kind == 0)
        return UINT32_MAX;
    return kind == 1 ? 0x7f800000u : sample_random(random) << 16 ^ sample_random(random);
}

static void
fill_with_garbage(chx_buffer *buffer, uint32_t kind)
{
    uint64_t random = 15;
    size_t n = chx_buffer_size(buffer) / 4;
    uint32_t *words = malloc(n * sizeof *words);
    for (size_t i = 0; i < n; i++)
        words[i] = garbage_word(kind, &random);
    check_ok(chx_buffer_write(buffer, 0, n * 4, words));
    free(words);
}

/* What kernels write is garbage: the results are too, but nothing outside of buffers is touched
 * and all runs end. */
static void
advance_from_garbage(const chx_network *network, uint32_t n_partitions, uint32_t kind)
{
    chx_simulation *simulation = create(network, n_partitions);
    check_ok(chx_simulation_advance(simulation, 1));
    for (uint32_t p = 0; p < simulation->tables.n_partitions; p++) {
        fill_with_garbage(simulation->parts[p].state, kind);
        fill_with_garbage(simulation->parts[p].ring, kind);
        fill_with_garbage(simulation->parts[p].resources, kind);
        fill_with_garbage(simulation->parts[p].posts, kind);
        fill_with_garbage(simulation->parts[p].sources, kind);
        if (simulation->tables.n_learning > 0)
            fill_with_garbage(simulation->parts[p].synapses, kind);
    }
    fill_with_garbage(simulation->lists, kind);
    fill_with_garbage(simulation->record, kind);
    fill_with_garbage(simulation->history, kind);
    chx_status status = chx_simulation_advance(simulation, 20);
    ck_assert_msg(status == CHX_OK || status == CHX_ERROR_DEVICE, "%s", chx_status_name(status));
    chx_simulation_destroy(&simulation);
}

START_TEST(garbage_in_buffers_that_kernels_write_stays_within_them)
{
    const sample_params params = {.n_neurons = 37,
                                  .fan_out = 5,
                                  .min_delay_steps = 4,
                                  .max_delay_steps = 9,
                                  .poisson = true,
                                  .seed = 14};
    const chx_distribution weight_pa = {CHX_DISTRIBUTION_UNIFORM, .min = 0, .max = 200};
    chx_network *networks[] = {sample_create(&params),
                               circuit_create(&weight_pa, circuit_learning[1], 3)};
    for (int i = 0; i < 2; i++) {
        for (uint32_t kind = 0; kind < 3; kind++)
            for (uint32_t n_partitions = 1; n_partitions <= 2; n_partitions++)
                advance_from_garbage(networks[i], n_partitions, kind);
        chx_network_destroy(&networks[i]);
    }
}
END_TEST

START_TEST(record_takes_the_same_room_however_often_neurons_may_fire)
{
    size_t sizes_bytes[2];
    for (int wild = 0; wild < 2; wild++) {
        const sample_params params = {.n_neurons = 1000,
                                      .fan_out = 2,
                                      .min_delay_steps = 10,
                                      .max_delay_steps = 20,
                                      .wild = wild,
                                      .seed = 16};
        chx_network *network = sample_create(&params);
        chx_simulation *simulation = create(network, 1);
        chx_graph *graph = NULL;
        check_ok(chx_graph_create(runtime, &graph));
        check_ok(chx_simulation_build(simulation, graph, 1000));
        sizes_bytes[wild] = chx_buffer_size(simulation->record);
        chx_graph_destroy(&graph);
        chx_simulation_destroy(&simulation);
        chx_network_destroy(&network);
    }
    ck_assert_uint_eq(sizes_bytes[1], sizes_bytes[0]);
    ck_assert_uint_lt(sizes_bytes[0], 300000);
}
END_TEST

/* Traces are the potentials that a simulation shows which stops at every step. */
START_TEST(traces_are_what_each_step_leaves)
{
    enum { n_neurons = 90, n_steps = 200 };
    const sample_params params = {.n_neurons = n_neurons,
                                  .fan_out = 9,
                                  .min_delay_steps = 3,
                                  .max_delay_steps = 9,
                                  .poisson = true,
                                  .steps = true,
                                  .seed = 21};
    chx_network *network = sample_create(&params);
    static float potentials[n_steps][n_neurons];
    chx_simulation *stepwise = create(network, 1);
    for (int step = 0; step < n_steps; step++) {
        check_ok(chx_simulation_advance(stepwise, 1));
        check_ok(chx_simulation_potentials(stepwise, potentials[step]));
    }
    chx_simulation_destroy(&stepwise);
    const uint32_t who[] = {71, 3, 4, 89, 40}, all[] = {0};
    const chx_probe probes[] = {
        {NULL, who, 5, 0}, {"potential_mv", who, 3, 0.6}, {"current_pa", all, 1, 0.4}};
    for (uint32_t n_partitions = 1; n_partitions <= 3; n_partitions++) {
        chx_simulation *simulation = NULL;
        check_ok(chx_simulation_create(
            runtime, network,
            &(chx_simulation_params){.n_partitions = n_partitions, .probes = probes, .n_probes = 3},
            &simulation));
        size_t n_rows[3] = {0};
        const uint32_t lengths[] = {77, 1, n_steps - 78};
        for (int run = 0; run < 3; run++) {
            check_ok(chx_simulation_advance(simulation, lengths[run]));
            for (uint32_t p = 0; p < 3; p++) {
                chx_trace trace;
                if (p == 1 && run == 0)
                    continue;
                check_ok(chx_simulation_take_trace(simulation, p, &trace));
                ck_assert_uint_eq(trace.n_neurons, probes[p].n_neurons);
                ck_assert_uint_eq(trace.interval_steps, p == 0 ? 1 : p == 1 ? 6 : 4);
                ck_assert_uint_eq(trace.first_step, n_rows[p] * trace.interval_steps);
                for (size_t row = 0; p < 2 && row < trace.n_rows; row++)
                    for (uint32_t n = 0; n < trace.n_neurons; n++)
                        ck_assert(
                            trace.values[row * trace.n_neurons + n] ==
                            potentials[trace.first_step + row * trace.interval_steps][who[n]]);
                n_rows[p] += trace.n_rows;
                free(trace.values);
            }
        }
        ck_assert_uint_eq(n_rows[0], n_steps);
        ck_assert_uint_eq(n_rows[1], 34);
        ck_assert_uint_eq(n_rows[2], 50);
        chx_trace none;
        ck_assert_int_eq(chx_simulation_take_trace(simulation, 3, &none), CHX_ERROR_INVALID);
        chx_simulation_destroy(&simulation);
    }
    chx_network_destroy(&network);
}
END_TEST

START_TEST(probes_of_what_is_not_there_are_refused)
{
    const sample_params params = {
        .n_neurons = 20, .fan_out = 2, .min_delay_steps = 10, .max_delay_steps = 20, .seed = 12};
    chx_network *network = sample_create(&params);
    const uint32_t who[] = {0, 20};
    const chx_probe probes[] = {{NULL, who, 2, 0}, {"recovery_pa", who, 1, 0}, {NULL, who, 0, 0}};
    static const char *const sentences[] = {
        "a probe names neuron 20 of 20", "has the model lif, which has no state 'recovery_pa'", ""};
    for (int i = 0; i < 3; i++) {
        chx_simulation *simulation = NULL;
        ck_assert_int_eq(
            chx_simulation_create(runtime, network,
                                  &(chx_simulation_params){.probes = &probes[i], .n_probes = 1},
                                  &simulation),
            CHX_ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(chx_last_error()->message, sentences[i]));
        ck_assert_ptr_null(simulation);
    }
    chx_network_destroy(&network);
}
END_TEST

START_TEST(misuse_is_refused)
{
    const sample_params params = {
        .n_neurons = 20, .fan_out = 2, .min_delay_steps = 10, .max_delay_steps = 20, .seed = 12};
    chx_network *network = sample_create(&params);
    chx_simulation *simulation = NULL;
    const chx_simulation_params many = {.n_partitions = 65};
    ck_assert_int_eq(chx_simulation_create(runtime, network, &many, &simulation),
                     CHX_ERROR_INVALID);
    ck_assert_ptr_null(simulation);
    ck_assert_int_eq(chx_simulation_create(NULL, network, NULL, &simulation), CHX_ERROR_INVALID);
    simulation = create(network, 1);
    ck_assert_int_eq(chx_simulation_set_steps(simulation, 1), CHX_ERROR_INVALID);
    chx_graph *graph = NULL, *other = NULL;
    check_ok(chx_graph_create(runtime, &graph));
    check_ok(chx_graph_create(runtime, &other));
    ck_assert_int_eq(chx_simulation_build(simulation, graph, 0), CHX_ERROR_INVALID);
    ck_assert_int_eq(chx_simulation_build(simulation, graph, UINT32_MAX), CHX_ERROR_LIMIT);
    check_ok(chx_simulation_build(simulation, graph, 10));
    ck_assert_int_eq(chx_simulation_build(simulation, graph, 11), CHX_ERROR_INVALID);
    ck_assert_int_eq(chx_simulation_build(simulation, other, 10), CHX_ERROR_INVALID);
    ck_assert_int_eq(chx_simulation_set_steps(simulation, 11), CHX_ERROR_INVALID);
    ck_assert_int_eq(chx_simulation_advance(simulation, 1), CHX_ERROR_INVALID);
    ck_assert_uint_eq(chx_simulation_step(simulation), 0);
    chx_graph_destroy(&other);
    chx_graph_destroy(&graph);
    chx_simulation_destroy(&simulation);
    chx_simulation_destroy(&simulation);
    chx_simulation_destroy(NULL);
    chx_network_destroy(&network);
}
END_TEST

/* What a device like llvmpipe needs, without one. */
START_TEST(launches_shrink_to_a_devices_loop_limit)
{
    const sample_params params = {.n_neurons = 3000,
                                  .fan_out = 40,
                                  .min_delay_steps = 10,
                                  .max_delay_steps = 20,
                                  .poisson = true,
                                  .seed = 13};
    chx_network *network = sample_create(&params);
    chx__simulation_tables tables;
    check_ok(chx__simulation_tables_init(
        &tables, chx_network_get(network),
        &(chx__simulation_tables_params){
            .width = 16, .n_partitions = 1, .n_groups = 1, .max_batch_steps = 128}));
    chx__simulation_fleet fleet = {.n_devices = 1,
                                   .all_cpus = true,
                                   .n_compute_units = 2,
                                   .max_work_group = 1024,
                                   .loop_limit = UINT64_MAX};
    chx__simulation_shape free_shape, bound, tight, impossible;
    check_ok(chx__simulation_choose_shape(&free_shape, &fleet, &tables, 2));
    ck_assert(free_shape.launching == CHX__LAUNCH_FUSED);
    fleet.loop_limit = 65535;
    check_ok(chx__simulation_choose_shape(&bound, &fleet, &tables, 2));
    ck_assert(bound.launching == CHX__LAUNCH_FUSED);
    ck_assert_uint_lt(bound.launch_steps, free_shape.launch_steps);
    ck_assert_uint_eq(bound.launch_steps % tables.batch_steps, 0);
    fleet.loop_limit = 500;
    check_ok(chx__simulation_choose_shape(&tight, &fleet, &tables, 2));
    ck_assert_int_eq(tight.launching, CHX__LAUNCH_SEPARATE);
    ck_assert_uint_gt(tight.deliver_items, 2 * 64);
    fleet.loop_limit = 10;
    ck_assert_int_eq(chx__simulation_choose_shape(&impossible, &fleet, &tables, 2),
                     CHX_ERROR_LIMIT);
    chx__simulation_tables_finish(&tables);
    chx_network_destroy(&network);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("simulation");
    TCase *device = tcase_create("device");
    tcase_set_timeout(device, 280);
    tcase_add_checked_fixture(device, open_runtime, close_runtime);
    tcase_add_test(device, networks_of_every_size_spike_like_the_baseline);
    tcase_add_test(device, networks_beyond_one_work_group_spike_like_the_baseline);
    tcase_add_test(device, partitions_do_not_change_spikes);
    tcase_add_test(device, poisson_events_at_few_neurons_are_those_of_the_baseline);
    tcase_add_test(device, a_spike_of_a_train_acts_as_one_of_a_synapse);
    tcase_add_test(device, delays_from_one_step_to_hundreds_are_kept);
    tcase_add_test(device, equal_delays_beyond_the_longest_batch_are_kept);
    tcase_add_test(device, traces_are_what_each_step_leaves);
    tcase_add_test(device, probes_of_what_is_not_there_are_refused);
    tcase_add_test(device, a_graph_of_the_callers_advances_as_told_and_keeps_history);
    tcase_add_test(device, a_seed_of_the_callers_replaces_the_networks);
    tcase_add_test(device, a_reset_that_is_tidied_away_stays_below_the_threshold);
    tcase_add_test(device, record_takes_the_same_room_however_often_neurons_may_fire);
    tcase_add_test(device, misuse_is_refused);
    suite_add_tcase(suite, device);
    TCase *slow = tcase_create("slow on a device");
    tcase_set_tags(slow, "slow");
    tcase_set_timeout(slow, 280);
    tcase_add_checked_fixture(slow, open_runtime, close_runtime);
    tcase_add_test(slow, spike_trains_are_those_of_the_baseline);
    tcase_add_test(slow, neurons_that_fire_in_every_step_lose_no_spike);
    tcase_add_loop_test(slow, synapses_drawn_from_rules_act_as_if_they_were_listed, 0, 2);
    tcase_add_test(slow, the_worm_has_its_digest);
    tcase_add_test(slow, poisson_events_are_those_of_the_baseline);
    tcase_add_test(slow, time_cut_into_pieces_gives_the_same_spikes);
    tcase_add_test(slow, forgotten_spikes_take_no_room);
    tcase_add_loop_test(slow, numbers_of_any_size_are_refused_or_simulated, 0,
                        sizeof extremes / sizeof *extremes);
    suite_add_tcase(suite, slow);
    TCase *garbage = tcase_create("garbage");
    tcase_set_timeout(garbage, 60);
    tcase_add_checked_fixture(garbage, open_runtime, close_runtime);
    tcase_add_test(garbage, garbage_in_buffers_that_kernels_write_stays_within_them);
    suite_add_tcase(suite, garbage);
    TCase *two_drivers = tcase_create("two drivers");
    tcase_set_timeout(two_drivers, 280);
    tcase_add_test(two_drivers, partitions_pinned_to_unlike_devices_give_the_same_spikes);
    suite_add_tcase(suite, two_drivers);
    TCase *no_device = tcase_create("no device");
    tcase_add_test(no_device, launches_shrink_to_a_devices_loop_limit);
    suite_add_tcase(suite, no_device);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? 1 : 0;
}
