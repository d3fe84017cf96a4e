/* Receptor ports by name: where synapses arrive at a model of three of them, against closed forms;
 * that spikes are the same bits however a network is cut, saved or loaded; and what is refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <chronaxie/simulation.h>

#include "runtime.h"
#include "scratch.h"

#define STEP_MS 0.1
#define TAU_MS 10.0
#define TAU_A_MS 2.0
#define TAU_G_MS 8.0
#define TAU_RISE_MS 4.0
#define TAU_N_MS 60.0

/* Fast excitation, fast inhibition, and slow excitation that rises first. */
static const char receptors[] = "/* chronaxie-model 1\n"
                                " *   parameter threshold_mv = 1000\n"
                                " *   constant leak   = time_step_ms / 10\n"
                                " *   constant keep_a = exp(-time_step_ms / 2)\n"
                                " *   constant keep_g = exp(-time_step_ms / 8)\n"
                                " *   constant keep_r = exp(-time_step_ms / 4)\n"
                                " *   constant keep_n = exp(-time_step_ms / 60)\n"
                                " *   port ampa\n"
                                " *   port gaba\n"
                                " *   port nmda\n"
                                " *   state v_mv = 0\n"
                                " *   state a_pa = 0\n"
                                " *   state g_pa = 0\n"
                                " *   state rise_pa = 0\n"
                                " *   state n_pa = 0\n"
                                " */\n"
                                "MODEL_STEP\n"
                                "{\n"
                                "    const wide_float push = n->a_pa - n->g_pa + n->n_pa + drive;\n"
                                "    n->v_mv += c->leak * (push - n->v_mv);\n"
                                "    n->a_pa = c->keep_a * n->a_pa + ampa;\n"
                                "    n->g_pa = c->keep_g * n->g_pa + gaba;\n"
                                "    n->n_pa = c->keep_n * n->n_pa + c->leak * n->rise_pa;\n"
                                "    n->rise_pa = c->keep_r * n->rise_pa + nmda;\n"
                                "    fired = n->v_mv >= c->threshold_mv;\n"
                                "    if (wide_any(fired))\n"
                                "        n->v_mv = select(n->v_mv, (wide_float)(0), fired);\n"
                                "}\n";

#define HEAD                                                                     \
    "{\"format\": \"chronaxie-network\", \"version\": 1, \"name\": \"ports\",\n" \
    "\"time_step_ms\": 0.1, \"duration_ms\": 40, \"neuron\": {\"model\": \"relay\"},\n"

static chx_network *network;

static void
setup(void)
{
    open_runtime();
    folder_setup();
    folder_write("receptors.cl", receptors);
    network = NULL;
}

static void
teardown(void)
{
    chx_network_destroy(&network);
    folder_teardown();
    close_runtime();
}

static const chx_network_info *
load(const char *description)
{
    folder_write("network.json", description);
    check_ok(chx_network_load(folder, &network));
    return chx_network_get(network);
}

/* Each kind of source has one spike; what rules say, signs would have said otherwise. */
static const char one_spike_each[] =
    HEAD "\"types\": {\"fast\": {\"neurons\": 1}, \"slow\": {\"neurons\": 1},\n"
         "\"inhibitory\": {\"neurons\": 1}, \"cell\": {\"model\": \"receptors.cl\",\n"
         "\"neurons\": 1}, \"other\": {\"model\": \"receptors.cl\", \"neurons\": 1}},\n"
         "\"projections\": [\n"
         "{\"from\": \"fast\", \"to\": [\"cell\", \"other\"], \"rule\": \"all_to_all\",\n"
         "\"weight_pa\": 40, \"delay_ms\": 1},\n"
         "{\"from\": \"inhibitory\", \"to\": [\"cell\", \"other\"], \"rule\": \"all_to_all\",\n"
         "\"weight_pa\": 25, \"delay_ms\": 1.5},\n"
         "{\"from\": \"slow\", \"to\": [\"cell\", \"other\"], \"rule\": \"all_to_all\",\n"
         "\"weight_pa\": -30, \"delay_ms\": 1}],\n"
         "\"ports\": [{\"from\": \"slow\", \"to\": \"cell\", \"port\": \"nmda\"},\n"
         "{\"from\": [\"inhibitory\"], \"to\": [\"cell\"], \"port\": \"gaba\"},\n"
         "{\"from\": [\"slow\", \"inhibitory\"], \"to\": \"cell\", \"port\": \"ampa\"}],\n"
         "\"stimuli\": [\n"
         "{\"kind\": \"spike_train\", \"types\": [\"fast\"], \"times_ms\": [2],\n"
         "\"weight_pa\": 1},\n"
         "{\"kind\": \"spike_train\", \"types\": [\"slow\"], \"times_ms\": [3],\n"
         "\"weight_pa\": 1},\n"
         "{\"kind\": \"spike_train\", \"types\": [\"inhibitory\"], \"times_ms\": [5],\n"
         "\"weight_pa\": 1}]}";

/* What is left of a current when time has passed since it arrived. */
static double
left(double weight, int steps, double tau_ms)
{
    return steps < 0 ? 0 : weight * exp(-steps * STEP_MS / tau_ms);
}

/* The same of one that rises from what decays with its own time constant. */
static double
risen(double weight, int steps)
{
    const double keep_n = exp(-STEP_MS / TAU_N_MS), keep_r = exp(-STEP_MS / TAU_RISE_MS);
    return (left(weight, steps, TAU_N_MS) - left(weight, steps, TAU_RISE_MS)) * STEP_MS / TAU_MS /
           (keep_n - keep_r);
}

static void
check_value(const chx_trace *trace, uint32_t step, uint32_t target, double expected)
{
    const double got = (double)trace->values[step * trace->n_neurons + target];
    ck_assert_msg(fabs(got - expected) < 1e-4, "step %u, target %u: %g, expected %g", step, target,
                  got, expected);
}

START_TEST(a_spike_at_each_port_does_what_the_equations_say)
{
    static const uint32_t targets[] = {3, 4};
    static const char *const states[] = {"v_mv", "a_pa", "g_pa", "n_pa"};
    chx_probe probes[4];
    chx_trace traces[4];
    for (int i = 0; i < 4; i++)
        probes[i] = (chx_probe){states[i], targets, 2, 0};
    const chx_network_info *info = load(one_spike_each);
    ck_assert_uint_eq(info->n_remarks, 1); /* the last row comes too late */
    chx_simulation *simulation = NULL;
    check_ok(chx_simulation_create(
        runtime, network, &(chx_simulation_params){.probes = probes, .n_probes = 4}, &simulation));
    check_ok(chx_simulation_advance(simulation, 300));
    for (uint32_t i = 0; i < 4; i++)
        check_ok(chx_simulation_take_trace(simulation, i, &traces[i]));
    double v[2] = {0}, push[2] = {0};
    for (uint32_t step = 0; step < 300; step++) {
        const int fast = (int)step - 30, slow = (int)step - 40, inhibitory = (int)step - 65;
        /* A neuron of each type: by the rules, and by the signs. */
        const double a[] = {left(40, fast, TAU_A_MS),
                            left(40, fast, TAU_A_MS) + left(25, inhibitory, TAU_A_MS)};
        const double g[] = {left(25, inhibitory, TAU_G_MS), left(-30, slow, TAU_G_MS)};
        const double n[] = {risen(-30, slow), 0};
        for (uint32_t t = 0; t < 2; t++) {
            v[t] += STEP_MS / TAU_MS * (push[t] - v[t]);
            push[t] = a[t] - g[t] + n[t];
            check_value(&traces[0], step, t, v[t]);
            check_value(&traces[1], step, t, a[t]);
            check_value(&traces[2], step, t, g[t]);
            check_value(&traces[3], step, t, n[t]);
        }
    }
    for (int i = 0; i < 4; i++)
        free(traces[i].values);
    chx_simulation_destroy(&simulation);
}
END_TEST

#define LIVELY(plasticities, ports)                                                     \
    HEAD "\"types\": {\"fast\": {\"neurons\": 30}, \"slow\": {\"neurons\": 20},\n"      \
         "\"inhibitory\": {\"neurons\": 15}, \"cell\": {\"model\": \"receptors.cl\",\n" \
         "\"neurons\": 90, \"threshold_mv\": 10}},\n"                                   \
         "\"projections\": [\n"                                                         \
         "{\"from\": \"fast\", \"to\": \"cell\", \"rule\": \"fixed_indegree\",\n"       \
         "\"synapses\": 12, \"weight_pa\": 40, \"delay_ms\": 1},\n"                     \
         "{\"from\": \"inhibitory\", \"to\": \"cell\", \"rule\": \"fixed_indegree\",\n" \
         "\"synapses\": 5, \"weight_pa\": 25, \"delay_ms\": 1.5},\n"                    \
         "{\"from\": \"cell\", \"to\": \"cell\", \"rule\": \"fixed_indegree\",\n"       \
         "\"synapses\": 8, \"weight_pa\": -9, \"delay_ms\": 0.7},\n"                    \
         "{\"from\": \"slow\", \"to\": \"cell\", \"rule\": \"fixed_indegree\",\n"       \
         "\"synapses\": 10, \"weight_pa\": 30, \"delay_ms\": 1}],\n"                    \
         "\"plasticities\": [" plasticities "], \"ports\": [" ports "],\n"              \
         "\"stimuli\": [{\"kind\": \"poisson\", \"types\": [\"fast\", \"slow\",\n"      \
         "\"inhibitory\"], \"start_ms\": 0, \"stop_ms\": 40, \"rate_hz\": 60,\n"        \
         "\"current_pa\": 1}]}"

#define SHORT_TERM \
    "{\"kind\": \"short_term\", \"from\": \"slow\", \"utilization\": 0.4, \"recovery_ms\": 50}"
#define LEARNING                                                                            \
    "{\"kind\": \"stdp\", \"from\": [\"cell\"], \"to\": \"cell\", \"potentiation\": 0.1,\n" \
    "\"depression\": 0.12, \"potentiation_ms\": 20, \"depression_ms\": 20,\n"               \
    "\"weight_max\": -30}"
#define NAMED                                                       \
    "{\"from\": \"slow\", \"to\": \"cell\", \"port\": \"nmda\"},\n" \
    "{\"from\": \"cell\", \"to\": \"cell\", \"port\": \"nmda\"},\n" \
    "{\"from\": \"inhibitory\", \"to\": \"cell\", \"port\": \"gaba\"}"

static const char *const lively[] = {LIVELY("", NAMED), LIVELY(SHORT_TERM, NAMED),
                                     LIVELY(SHORT_TERM ", " LEARNING, NAMED), LIVELY("", "")};
#define N_LIVELY 4

static chx_simulation *
create(uint32_t n_partitions)
{
    chx_simulation *simulation = NULL;
    check_ok(chx_simulation_create(
        runtime, network, &(chx_simulation_params){.n_partitions = n_partitions}, &simulation));
    return simulation;
}

static uint64_t
digest_of(chx_simulation *simulation)
{
    const chx_spike *spikes;
    size_t n_spikes;
    uint64_t digest;
    check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
    ck_assert_uint_gt(n_spikes, 200);
    check_ok(chx_simulation_digest(simulation, &digest));
    return digest;
}

static uint64_t
run(uint32_t n_partitions)
{
    chx_simulation *simulation = create(n_partitions);
    check_ok(chx_simulation_advance(simulation, 400));
    const uint64_t digest = digest_of(simulation);
    chx_simulation_destroy(&simulation);
    return digest;
}

START_TEST(spikes_at_ports_are_the_same_in_every_cut)
{
    load(lively[_i]);
    const uint64_t whole = run(1);
    ck_assert_uint_eq(run(3), whole);
    check_ok(chx_network_save(network, folder_path("saved")));
    chx_network_destroy(&network);
    check_ok(chx_network_load(folder_path("saved"), &network));
    ck_assert_uint_eq(run(2), whole);
}
END_TEST

START_TEST(a_saved_state_knows_its_ports)
{
    load(lively[_i]);
    chx_simulation *simulation = create(1), *cut = create(3);
    check_ok(chx_simulation_advance(simulation, 150));
    check_ok(chx_simulation_save(simulation, folder_path("state")));
    check_ok(chx_simulation_advance(simulation, 250));
    check_ok(chx_simulation_restore(cut, folder_path("state")));
    check_ok(chx_simulation_advance(cut, 250));
    ck_assert_uint_eq(digest_of(cut), digest_of(simulation));
    chx_simulation_destroy(&cut);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
    load(lively[(_i + 3) % N_LIVELY]);
    simulation = create(1);
    ck_assert_int_eq(chx_simulation_restore(simulation, folder_path("state")), CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "is of another network"));
    chx_simulation_destroy(&simulation);
}
END_TEST

/* Of cells with two currents, where a weight of either sign may decay as the other does. */
START_TEST(excitation_arrives_where_inhibition_does)
{
    static const uint32_t target = 1;
    const chx_probe probes[] = {{"current_pa", &target, 1, 0}, {"inhibition_pa", &target, 1, 0}};
    chx_trace traces[2];
    load(HEAD "\"types\": {\"a\": {\"neurons\": 1}, \"b\": {\"model\": \"lif\",\n"
              "\"neurons\": 1, \"capacitance_pf\": 250, \"tau_membrane_ms\": 10,\n"
              "\"tau_synapse_ms\": 2, \"tau_inhibition_ms\": 7, \"resting_mv\": -65,\n"
              "\"threshold_mv\": -50, \"reset_mv\": -65, \"refractory_ms\": 2}},\n"
              "\"projections\": [{\"from\": \"a\", \"to\": \"b\", \"rule\": \"all_to_all\",\n"
              "\"weight_pa\": 40, \"delay_ms\": 1}],\n"
              "\"ports\": [{\"to\": \"b\", \"port\": \"inhibition\"}],\n"
              "\"stimuli\": [{\"kind\": \"spike_train\", \"types\": [\"a\"],\n"
              "\"times_ms\": [1], \"weight_pa\": 1}]}");
    chx_simulation *simulation = NULL;
    check_ok(chx_simulation_create(
        runtime, network, &(chx_simulation_params){.probes = probes, .n_probes = 2}, &simulation));
    check_ok(chx_simulation_advance(simulation, 100));
    for (uint32_t i = 0; i < 2; i++)
        check_ok(chx_simulation_take_trace(simulation, i, &traces[i]));
    for (uint32_t step = 0; step < 100; step++) {
        check_value(&traces[0], step, 0, 0);
        check_value(&traces[1], step, 0, left(40, (int)step - 20, 7));
    }
    free(traces[0].values);
    free(traces[1].values);
    chx_simulation_destroy(&simulation);
}
END_TEST

#define DRIVEN(stimuli)                                                                        \
    HEAD "\"types\": {\"a\": {\"model\": \"receptors.cl\", \"neurons\": 2},\n"                 \
         "\"b\": {\"model\": \"ends.cl\", \"neurons\": 1}, \"c\": {\"model\": \"lif_cond\",\n" \
         "\"neurons\": 1, \"capacitance_pf\": 200, \"leak_ns\": 10, \"resting_mv\": -60,\n"    \
         "\"threshold_mv\": -50, \"reset_mv\": -60, \"tau_synapse_ms\": 5,\n"                  \
         "\"tau_inhibition_ms\": 10}},\n"                                                      \
         "\"stimuli\": [" stimuli "]}"
#define TRAIN "\"kind\": \"spike_train\", \"types\": "
#define POISSON \
    "\"kind\": \"poisson\", \"start_ms\": 0, \"stop_ms\": 1, \"rate_hz\": 20000, \"types\": "

static const char ends[] = "/* chronaxie-model 1\n"
                           " * port nmda\n"
                           " * port other\n"
                           " * state v = 0\n"
                           " */\n"
                           "MODEL_STEP { n->v += nmda + 1000.0f * other; }\n";

static void
write_driven(void)
{
    folder_write("ends.cl", ends);
    folder_write("synapses.csv", "pre,post,weight_pa,delay_ms\n");
}

/* Spikes of trains from step 20 on, and at the first neuron Poisson events in steps 0 to 9. */
static void
check_driven(void)
{
    static const uint32_t targets[] = {0, 1};
    const chx_probe probes[] = {
        {"a_pa", targets, 2, 0}, {"g_pa", targets, 2, 0}, {"n_pa", targets, 2, 0}};
    chx_trace traces[3];
    chx_simulation *simulation = NULL;
    check_ok(chx_simulation_create(
        runtime, network, &(chx_simulation_params){.probes = probes, .n_probes = 3}, &simulation));
    check_ok(chx_simulation_advance(simulation, 100));
    for (uint32_t i = 0; i < 3; i++)
        check_ok(chx_simulation_take_trace(simulation, i, &traces[i]));
    const double events = (double)traces[1].values[9 * 2];
    ck_assert_double_gt(events, 5);
    for (uint32_t step = 9; step < 100; step++)
        for (uint32_t t = 0; t < 2; t++) {
            const double before = t == 0 ? left(events, (int)step - 9, TAU_G_MS) : 0;
            check_value(&traces[0], step, t, left(-3, (int)step - 35, TAU_A_MS));
            check_value(&traces[1], step, t, before + left(-25, (int)step - 30, TAU_G_MS));
            check_value(&traces[2], step, t, risen(-30, (int)step - 20));
        }
    for (int i = 0; i < 3; i++)
        free(traces[i].values);
    chx_simulation_destroy(&simulation);
}

START_TEST(events_arrive_at_the_port_that_a_stimulus_names)
{
    write_driven();
    folder_write("trains.csv", "neuron,time_ms\na1,3.5\na2,3.5\n");
    load(DRIVEN("{" POISSON "[\"b\"], \"current_pa\": 1},\n"
                "{\"kind\": \"poisson\", \"start_ms\": 0, \"stop_ms\": 1, \"rate_hz\": 20000,\n"
                "\"neurons\": [\"a1\"], \"current_pa\": 1, \"port\": \"gaba\"},\n"
                "{" TRAIN "[\"a\"], \"times_ms\": [2], \"weight_pa\": -30, \"port\": \"nmda\"},\n"
                "{" TRAIN "[\"a\"], \"times_ms\": [3], \"weight_pa\": -25},\n"
                "{\"kind\": \"spike_train\", \"times_ms\": \"trains.csv\", \"weight_pa\": -3,\n"
                "\"port\": \"ampa\"}"));
    check_driven();
    check_ok(chx_network_save(network, folder_path("saved")));
    chx_network_destroy(&network);
    check_ok(chx_network_load(folder_path("saved"), &network));
    ck_assert_str_eq(chx_network_get(network)->stimuli[1].port, "gaba");
    check_driven();
}
END_TEST

START_TEST(ports_that_a_stimulus_cannot_name_are_refused)
{
    static const struct {
        const char *description, *says;
    } bad[] = {
        {DRIVEN("{" TRAIN "[\"a\"], \"times_ms\": [2], \"weight_pa\": 1,\n\"port\": \"gaba_b\"}"),
         "network.json:9: stimuli[0].port: is 'gaba_b', which the model receptors.cl of the type "
         "'a' "
         "has not; its ports are ampa, gaba and nmda"},
        {DRIVEN("{" POISSON "[\"a\", \"c\"], \"current_pa\": 1, \"port\": \"nmda\"}"),
         "stimuli[0].port: is 'nmda', which the model lif_cond of the type 'c' has not"},
        {DRIVEN("{" POISSON "[\"a\", \"b\"], \"current_pa\": 1, \"port\": \"nmda\"}"),
         "stimuli[0].port: stands at different places among the ports of the models that the "
         "stimulus reaches; make it a stimulus for each model"},
        {DRIVEN("{" POISSON "[\"c\"], \"weight_ns\": 1, \"port\": \"inhibition\"}"),
         "stimuli[0].port: would get a negative conductance; change the sign of the stimulus's "
         "weight, or the port"},
        {DRIVEN("{\"kind\": \"step\", \"types\": [\"a\"], \"start_ms\": 0, \"stop_ms\": 1,\n"
                "\"current_pa\": 1, \"port\": \"nmda\"}"),
         "port"},
        {DRIVEN("{" POISSON "[\"a\"], \"current_pa\": 1, \"port\": 2}"), "port"},
    };
    write_driven();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        folder_write("network.json", bad[i].description);
        ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_FORMAT);
        ck_assert_msg(strstr(chx_last_error()->message, bad[i].says), "%zu: %s", i,
                      chx_last_error()->message);
    }
}
END_TEST

START_TEST(a_program_names_ports_of_stimuli)
{
    static const uint32_t target = 0;
    char name[] = "nmda";
    chx_stimulus stimulus = {CHX_STIMULUS_POISSON, .stop_ms = 1,   .current_pa = -1, .rate_hz = 9,
                             .neurons = &target,   .n_neurons = 1, .port = name};
    write_driven();
    chx_network_info info = *load(DRIVEN(""));
    chx_network *copy = NULL;
    info.n_stimuli = 1;
    info.stimuli = &stimulus;
    check_ok(chx_network_create(&info, &copy));
    name[0] = 'N';
    ck_assert_str_eq(chx_network_get(copy)->stimuli[0].port, "nmda");
    chx_network_destroy(&copy);
    ck_assert_int_eq(chx_network_create(&info, &copy), CHX_ERROR_FORMAT);
    ck_assert_str_eq(chx_last_error()->message,
                     "stimuli[0]: port is 'Nmda', which the model receptors.cl of the type 'a' has "
                     "not; its ports are ampa, gaba and nmda");
    stimulus.kind = CHX_STIMULUS_STEP;
    stimulus.rate_hz = 0;
    ck_assert_int_eq(chx_network_create(&info, &copy), CHX_ERROR_FORMAT);
    ck_assert_str_eq(chx_last_error()->message,
                     "stimuli[0]: port belongs to a poisson stimulus or a spike train; remove it");
}
END_TEST

#define PORTS(rows)                                                                       \
    HEAD "\"types\": {\"a\": {\"neurons\": 2}, \"b\": {\"model\": \"receptors.cl\",\n"    \
         "\"neurons\": 1}, \"c\": {\"model\": \"lif_cond\", \"neurons\": 1,\n"            \
         "\"capacitance_pf\": 200, \"leak_ns\": 10, \"resting_mv\": -60,\n"               \
         "\"threshold_mv\": -50, \"reset_mv\": -60, \"tau_synapse_ms\": 5,\n"             \
         "\"tau_inhibition_ms\": 10}},\n"                                                 \
         "\"projections\": [{\"from\": \"a\", \"to\": \"b\", \"rule\": \"all_to_all\",\n" \
         "\"weight_pa\": 3, \"delay_ms\": 1}, {\"from\": \"a\", \"to\": \"c\",\n"         \
         "\"rule\": \"all_to_all\", \"weight_ns\": 3, \"delay_ms\": 1}],\n"               \
         "\"ports\": [" rows "]}"

START_TEST(rows_of_ports_that_cannot_be_are_refused)
{
    static const struct {
        const char *description, *says;
    } bad[] = {
        {PORTS("{\"to\": \"b\",\n\"port\": \"gaba_b\"}"),
         "network.json:12: ports[0].port: is 'gaba_b', which the model receptors.cl of the type "
         "'b' "
         "has not; its ports are ampa, gaba and nmda"},
        {PORTS("{\"to\": [\"b\", \"c\"], \"port\": \"ampa\"}"),
         "ports[0].port: is 'ampa', which the model lif_cond of the type 'c' has not; its ports "
         "are excitation and inhibition"},
        {PORTS("{\"port\": \"nmda\"}"),
         "ports[0].port: is 'nmda', which the model relay of the type 'a' has not; its only port "
         "is input"},
        {PORTS("{\"to\": \"b\", \"port\": \"nmda\"}, {\"from\": \"d\", \"port\": \"nmda\"}"),
         "ports[1].from: no neuron has the type 'd'; correct it"},
        {PORTS("{\"to\": \"b\"}"), "port"},
        {PORTS("{\"to\": \"b\", \"port\": \"nmda\", \"weight\": 1}"), "weight"},
        {PORTS("{\"to\": \"c\", \"port\": \"inhibition\"}"),
         "network.json: ports[0]: port is inhibition, and the weight 3 of the synapse from a1 to "
         "c1 would make its conductance negative; change the weight's sign, or the port"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        folder_write("network.json", bad[i].description);
        ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_FORMAT);
        ck_assert_msg(strstr(chx_last_error()->message, bad[i].says), "%zu: %s", i,
                      chx_last_error()->message);
    }
}
END_TEST

START_TEST(rules_of_ports_that_cannot_be_are_refused)
{
    static const uint32_t beyond = 7, targets[] = {1};
    static const struct {
        chx_port_rule rule;
        const char *says;
    } bad[] = {
        {{&beyond, targets, 1, 1, "nmda"},
         "ports[0]: from has a type that is beyond those of the network"},
        {{NULL, &beyond, 0, 1, "nmda"},
         "ports[0]: to has a type that is beyond those of the network"},
        {{NULL, targets, 0, 1, NULL},
         "ports[0]: port is NULL; name a port that all targets' models have"},
        {{NULL, targets, 0, 1, "AMPA"},
         "ports[0]: port is 'AMPA', which the model receptors.cl of the type 'b' has not; its "
         "ports "
         "are ampa, gaba and nmda"},
    };
    chx_port_rule many[CHX_MAX_PORT_RULES + 1];
    chx_network_info info = *load(PORTS(""));
    chx_network *copy = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        info.ports = &bad[i].rule;
        info.n_ports = 1;
        ck_assert_int_eq(chx_network_create(&info, &copy), CHX_ERROR_FORMAT);
        ck_assert_str_eq(chx_last_error()->message, bad[i].says);
    }
    for (size_t i = 0; i < sizeof many / sizeof *many; i++)
        many[i] = (chx_port_rule){.to = targets, .n_to = 1, .port = "nmda"};
    info.ports = many;
    info.n_ports = CHX_MAX_PORT_RULES + 1;
    ck_assert_int_eq(chx_network_create(&info, &copy), CHX_ERROR_LIMIT);
    info.n_ports = CHX_MAX_PORT_RULES;
    check_ok(chx_network_create(&info, &copy));
    memset(many, 0, sizeof many);
    const chx_network_info *copied = chx_network_get(copy);
    ck_assert_uint_eq(copied->n_ports, CHX_MAX_PORT_RULES);
    ck_assert_str_eq(copied->ports[31].port, "nmda");
    ck_assert_uint_eq(copied->ports[31].to[0], 1);
    ck_assert_ptr_null(copied->ports[31].from);
    chx_network_destroy(&copy);
    info.ports = NULL;
    ck_assert_int_eq(chx_network_create(&info, &copy), CHX_ERROR_INVALID);
}
END_TEST

START_TEST(rows_of_ports_without_a_synapse_are_remarked_on)
{
    const chx_network_info *info = load(PORTS("{\"to\": \"b\", \"port\": \"nmda\"},\n"
                                              "{\"from\": \"a\", \"to\": \"b\",\n"
                                              "\"port\": \"ampa\"},\n"
                                              "{\"from\": \"a\", \"to\": \"c\",\n"
                                              "\"port\": \"excitation\"}"));
    ck_assert_uint_eq(info->n_ports, 3);
    ck_assert_uint_eq(info->n_remarks, 1);
    ck_assert_msg(strstr(info->remarks[0],
                         "/network.json:12: no synapse goes by this row of ports, or all go by "
                         "one above it"),
                  "%s", info->remarks[0]);
}
END_TEST

START_TEST(models_have_up_to_eight_ports)
{
    char text[512];
    chx_model *model = NULL;
    for (int n = 8; n <= 9; n++) {
        int length = snprintf(text, sizeof text, "/* chronaxie-model 1\n * state v = 0\n");
        for (int i = 0; i < n; i++)
            length += snprintf(text + length, sizeof text - (size_t)length, " * port p%d\n", i);
        snprintf(text + length, sizeof text - (size_t)length,
                 " */\nMODEL_STEP { n->v += p0 + p7; }\n");
        folder_write("many.cl", text);
        ck_assert_int_eq(chx_model_from_file(folder_path("many.cl"), &model),
                         n == 8 ? CHX_OK : CHX_ERROR_FORMAT);
        chx_model_destroy(&model);
    }
    ck_assert_msg(strstr(chx_last_error()->message,
                         "many.cl:11: is one port too many; a model has at most 8"),
                  "%s", chx_last_error()->message);
}
END_TEST

int
main(void)
{
    /* The last but one has each kind of synapse. */
    const int first = test_tries_all() ? 0 : N_LIVELY - 2;
    Suite *suite = suite_create("ports");
    TCase *tests = tcase_create("ports");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, spikes_at_ports_are_the_same_in_every_cut, first, N_LIVELY - 1);
    tcase_add_loop_test(tests, a_saved_state_knows_its_ports, first, N_LIVELY - 1);
    tcase_add_test(tests, ports_that_a_stimulus_cannot_name_are_refused);
    tcase_add_test(tests, a_program_names_ports_of_stimuli);
    tcase_add_test(tests, rows_of_ports_that_cannot_be_are_refused);
    tcase_add_test(tests, rules_of_ports_that_cannot_be_are_refused);
    tcase_add_test(tests, rows_of_ports_without_a_synapse_are_remarked_on);
    tcase_add_test(tests, models_have_up_to_eight_ports);
    suite_add_tcase(suite, tests);
    TCase *slow = tcase_create("slow on a device");
    tcase_set_tags(slow, "slow");
    tcase_add_checked_fixture(slow, setup, teardown);
    tcase_set_timeout(slow, 60);
    tcase_add_test(slow, a_spike_at_each_port_does_what_the_equations_say);
    tcase_add_test(slow, excitation_arrives_where_inhibition_does);
    tcase_add_test(slow, events_arrive_at_the_port_that_a_stimulus_names);
    suite_add_tcase(suite, slow);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
