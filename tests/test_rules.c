/* network.json that counts neurons and draws projections: what it makes, and what is refused where.
 */
#include <chronaxie/network.h>
#include <math.h>

#include "scratch.h"

static chx_network *network;

#define HEAD                                                                                 \
    "{\"format\": \"chronaxie-network\", \"version\": 1, \"name\": \"r\", \"seed\": 3,\n"    \
    "\"time_step_ms\": 0.1, \"duration_ms\": 10,\n"                                          \
    "\"neuron\": {\"capacitance_pf\": 10, \"tau_membrane_ms\": 10, \"tau_synapse_ms\": 5,\n" \
    "\"resting_mv\": -65, \"threshold_mv\": -50, \"reset_mv\": -65, \"refractory_ms\": 5},\n"
#define TYPES "\"types\": {\"E\": {\"neurons\": 30}, \"I\": {\"neurons\": 12, \"bias_pa\": 1}},\n"
#define JOIN(members) HEAD TYPES "\"projections\": [\n{" members "}]}"
#define ALL "\"from\": \"E\", \"to\": \"I\", \"rule\": \"all_to_all\","
#define VALUES "\"weight_pa\": 2, \"delay_ms\": 1"
#define PLASTIC(members) \
    HEAD TYPES "\"projections\": [{" ALL VALUES "}], \"plasticities\": [{" members "}]}"
#define SHORT_TERM "\"kind\": \"short_term\","

static const char rows[] = "name,type,x_um,y_um,z_um,diameter_um\n"
                           "A,E,0,0,0,2\n"
                           "B,other,10,0,0,2.5\n";

static void
setup(void)
{
    folder_setup();
    network = NULL;
}

static void
teardown(void)
{
    chx_network_destroy(&network);
    folder_teardown();
}

static const chx_network_info *
load(const char *description)
{
    folder_write("network.json", description);
    ck_assert_msg(chx_network_load(folder, &network) == CHX_OK, "%s", chx_last_error()->message);
    return chx_network_get(network);
}

START_TEST(rules_alone_are_a_network)
{
    const chx_network_info *info =
        load(JOIN("\"from\": [\"I\", \"E\"], \"to\": \"E\", \"rule\": \"fixed_indegree\",\n"
                  "\"synapses\": 5, \"self\": true, \"multiple\": false, \"weight_pa\": -3,\n"
                  "\"delay_ms\": {\"uniform\": {\"min\": 1, \"max\": 2}}"));
    ck_assert_uint_eq(info->n_neurons, 42);
    ck_assert_str_eq(info->neurons[0].name, "E1");
    ck_assert_str_eq(info->neurons[29].name, "E30");
    ck_assert_str_eq(info->neurons[41].name, "I12");
    ck_assert_uint_eq(info->neurons[41].type, 1);
    ck_assert(info->types[1].params.bias_pa == 1);
    ck_assert(info->view.is_layout);
    ck_assert_uint_eq(info->n_synapses, 150);
    ck_assert_uint_eq(info->n_projections, 0);
    ck_assert(info->synapses[0].weight_pa == -3);
    ck_assert(info->min_delay_ms >= 1 && info->max_delay_ms <= 2);
    for (uint32_t i = 0; i < 42; i++)
        for (uint32_t j = 0; j < i; j++)
            ck_assert(hypotf(info->neurons[i].position_um[0] - info->neurons[j].position_um[0],
                             info->neurons[i].position_um[1] - info->neurons[j].position_um[1]) >
                      10);
}
END_TEST

START_TEST(rules_join_rows_of_tables)
{
    folder_write("neurons.csv", rows);
    folder_write("synapses.csv", "pre,post,weight_pa,delay_ms\nA,I3,4,2\nE1,B,5,1\n");
    const chx_network_info *info =
        load(HEAD TYPES
             "\"projections\": [{\"from\": \"other\", \"to\": \"E\",\n" VALUES
             ", \"rule\": \"all_to_all\"}],\n"
             "\"stimuli\": [{\"kind\": \"step\", \"types\": [\"E\"], \"neurons\": [\"I12\"],\n"
             "\"start_ms\": 0, \"stop_ms\": 1, \"current_pa\": 1}],\n"
             "\"view\": {\"layout\": false}}");
    ck_assert_uint_eq(info->n_neurons, 44);
    ck_assert_str_eq(info->neurons[2].name, "E1");
    ck_assert_uint_eq(info->stimuli[0].n_neurons, 32);
    ck_assert(!info->view.is_layout);
    ck_assert_uint_eq(info->n_synapses, 31 + 2);
    ck_assert_uint_eq(info->synapses[0].post, 34);
    ck_assert_uint_eq(info->synapses[1].pre, 1);
    ck_assert_uint_eq(info->synapses[1].post, 0);
    ck_assert_uint_eq(info->synapses[2].post, 2);
    ck_assert(info->neurons[2].position_um[0] > 10);
}
END_TEST

/* Of the two ways to describe a projection. */
START_TEST(rules_draw_what_a_program_draws)
{
    const chx_network_info *info =
        load(JOIN("\"from\": [\"E\", \"I\"], \"to\": [\"I\"], \"rule\": \"pairwise_bernoulli\",\n"
                  "\"probability\": 0.4, \"sigma_um\": 200, \"self\": false,\n"
                  "\"weight_pa\": {\"lognormal\": {\"mean\": -3, \"sd\": 2}},\n"
                  "\"delay_ms\": {\"normal\": {\"mean\": 1, \"sd\": 0.5, \"min\": 0.1,\n"
                  "\"max\": 1.5, \"outside\": \"clip\"}}"));
    uint32_t all[42];
    for (uint32_t i = 0; i < 42; i++)
        all[i] = i;
    const chx_projection projection = {
        .rule = CHX_RULE_PAIRWISE_BERNOULLI,
        .from = all,
        .n_from = 42,
        .to = all + 30,
        .n_to = 12,
        .probability = 0.4,
        .sigma_um = 200,
        .weight_pa = {CHX_DISTRIBUTION_LOGNORMAL, .mean = -3, .sd = 2},
        .delay_ms = {CHX_DISTRIBUTION_NORMAL, 1, 0.5, 0.1, 1.5, true},
    };
    chx_network_info given = *info;
    given.n_synapses = 0;
    given.n_projections = 1;
    given.projections = &projection;
    chx_network *copy;
    ck_assert_int_eq(chx_network_create(&given, &copy), CHX_OK);
    const chx_network_info *drawn = chx_network_get(copy);
    ck_assert_uint_gt(drawn->n_synapses, 20);
    ck_assert_uint_eq(drawn->n_synapses, info->n_synapses);
    for (uint64_t i = 0; i < drawn->n_synapses; i++)
        ck_assert_mem_eq(&drawn->synapses[i], &info->synapses[i], sizeof(chx_synapse));
    chx_network_destroy(&copy);
}
END_TEST

START_TEST(rules_are_saved_as_what_they_drew)
{
    const chx_network_info *info = load(JOIN(ALL VALUES));
    ck_assert_int_eq(chx_network_save(network, folder_path("saved")), CHX_OK);
    chx_network *copy;
    ck_assert_int_eq(chx_network_load(folder_path("saved"), &copy), CHX_OK);
    const chx_network_info *saved = chx_network_get(copy);
    ck_assert_uint_eq(saved->n_neurons, 42);
    ck_assert(saved->view.is_layout);
    ck_assert_uint_eq(saved->n_synapses, 360);
    for (uint32_t i = 0; i < 42; i++)
        ck_assert_mem_eq(saved->neurons[i].position_um, info->neurons[i].position_um,
                         sizeof info->neurons[i].position_um);
    chx_network_destroy(&copy);
}
END_TEST

#define NORMAL(members) ALL "\"delay_ms\": 1,\n\"weight_pa\": {\"normal\": {" members "}}"

static const struct {
    const char *description, *says;
} broken[] = {
    {JOIN(ALL "\"delay_ms\": 1"), ":7: projections[0]: the key \"weight_pa\" is missing"},
    {JOIN("\"form\": \"E\""), ":7: projections[0].form: unknown key; did you mean \"from\"?"},
    {JOIN(ALL VALUES ",\n\"probability\": 1"), ":8: projections[0].probability: unknown key"},
    {JOIN("\"from\": \"E\",\n\"to\": \"J\",\n\"rule\": \"all_to_all\"," VALUES),
     ":8: projections[0].to: no neuron has the type 'J'; correct it"},
    {JOIN("\"to\": \"E\",\n\"from\": [\"I\",\n\"J\"], \"rule\": \"all_to_all\"," VALUES),
     ":9: projections[0].from[1]: no neuron has the type 'J'; correct it"},
    {JOIN("\"from\": [], \"to\": \"J\", \"rule\": \"all_to_all\"," VALUES),
     ":7: projections[0].from: has 0 elements"},
    {JOIN("\"from\": 3, \"to\": \"J\", \"rule\": \"all_to_all\"," VALUES),
     ":7: projections[0].from: must be an array"},
    {JOIN("\"from\": \"E\", \"to\": \"I\",\n\"rule\": \"some\"," VALUES),
     ":8: projections[0].rule: is 'some'; the rules are all_to_all, one_to_one, "},
    {JOIN("\"from\": \"E\", \"to\": \"I\",\n\"rule\": \"one_to_one\"," VALUES),
     ":8: projections[0].rule: one_to_one needs as many sources as targets; correct from and to"},
    {JOIN("\"from\": \"E\", \"to\": \"I\", \"rule\": \"pairwise_bernoulli\"," VALUES),
     ":7: projections[0]: the key \"probability\" is missing"},
    {JOIN("\"from\": \"E\", \"to\": \"I\", \"rule\": \"pairwise_bernoulli\",\n"
          "\"probability\": 1.5," VALUES),
     ":8: projections[0].probability: 1.5 is outside the range 0 to 1"},
    {JOIN("\"from\": \"E\", \"to\": \"I\", \"rule\": \"pairwise_bernoulli\", \"probability\": 1,\n"
          "\"sigma_um\": 0," VALUES),
     ":8: projections[0].sigma_um: 0 is outside the range"},
    {JOIN("\"from\": \"E\", \"to\": \"I\", \"rule\": \"pairwise_bernoulli\", \"probability\": 1,\n"
          "\"decay_um\": 1,\n\"sigma_um\": 1," VALUES),
     ":9: projections[0].sigma_um: stands beside decay_um; choose one of them"},
    {JOIN("\"from\": \"E\", \"to\": \"I\", \"rule\": \"fixed_indegree\",\n\"synapses\": 31,\n"
          "\"multiple\": false," VALUES),
     ":8: projections[0].synapses: is more than there are sources for a target; lower it or let "
     "multiple be true"},
    {JOIN("\"from\": \"E\", \"to\": \"I\", \"rule\": \"fixed_total\",\n\"synapses\": 0," VALUES),
     ":8: projections[0].synapses: 0 is outside the range 1 to"},
    {JOIN(ALL "\"weight_pa\": 1, \"delay_ms\":\n0.01"),
     ":7: projections[0].delay_ms: is shorter than time_step_ms; lengthen it or shorten the step"},
    {JOIN(ALL "\"delay_ms\": 1,\n\"weight_pa\": \"1\""),
     ":8: projections[0].weight_pa: must be a number, or an object of one member: normal,"},
    {JOIN(ALL "\"delay_ms\": 1, \"weight_pa\": {\n\"gamma\": {}}"),
     ":8: projections[0].weight_pa.gamma: unknown key"},
    {JOIN(NORMAL("\"mean\": 1")), ":8: projections[0].weight_pa.normal: the key \"sd\" is missing"},
    {JOIN(NORMAL("\"mean\": 1, \"sd\": 0")),
     ":8: projections[0].weight_pa: must have an sd above 0"},
    {JOIN(NORMAL("\"mean\": 1, \"sd\": 1,\n\"min\": 0, \"max\": 0")),
     ":9: projections[0].weight_pa.normal.min: must be below max"},
    {JOIN(NORMAL("\"mean\": 1, \"sd\": 1,\n\"outside\": \"drop\"")),
     ":9: projections[0].weight_pa.normal.outside: is 'drop'; what lies outside min and max is"},
    {HEAD "\"types\": {\"E\": {\n\"neurons\": 0}}}",
     ":6: types.E.neurons: 0 is outside the range 1 to 2147483647"},
    {HEAD "\"types\": {\"E\": {\"neurons\": 1.5}}}", ":5: types.E.neurons: must be a whole number"},
    {HEAD "\"types\": {\"E\": {\"neurons\": 11},\n\"E1\": {\"neurons\": 1}}}",
     ":6: types.E1: makes a second neuron 'E11'; rename the type or the other"},
    {HEAD "\"types\": {\"E\": {\"neurons\": 1}}}", "synapses.csv: cannot open"},
    {HEAD "\"projections\": []}", "neurons.csv: cannot open"},
    {HEAD "\"types\": {\"E\": {\"neurons\": 1,\n\"initial\": {\"u_pa\": 1}}}}",
     ":6: types.E.initial.u_pa: unknown key"},
    {HEAD "\"types\": {\"E\": {\"neurons\": 1,\n\"initial\": {\"inhibition_pa\": 1}}}}",
     ":6: types.E.initial.inhibition_pa: unknown key"},
    {HEAD "\"types\": {\"E\": {\"neurons\": 1,\n\"initial\": {\"current_pa\": \"x\"}}}}",
     ":6: types.E.initial.current_pa: must be a number, or an object of one member"},
    {HEAD "\"types\": {\"E\": {\"neurons\": 1,\n\"initial\": {\"current_pa\": 1e13}}}}",
     ":6: types.E.initial: has a mean beyond 1e12; check the unit"},
    {HEAD "\"types\": {\"E\": {\"neurons\": 1,\n\"tau_inhibition_ms\": 10}}}",
     ":6: types.E.tau_inhibition_ms: equals tau_membrane_ms"},
    {PLASTIC("\n\"kind\": \"stp\""),
     ":7: plasticities[0].kind: is 'stp'; the kinds are short_term and stdp"},
    {PLASTIC("\"utilization\": 1"), ":6: plasticities[0]: the key \"kind\" is missing"},
    {PLASTIC(SHORT_TERM "\"recovery_ms\": 5"),
     ":6: plasticities[0]: the key \"utilization\" is missing"},
    {PLASTIC(SHORT_TERM "\n\"utilization\": 1.5"),
     ":7: plasticities[0].utilization: must be above 0 and at most 1"},
    {PLASTIC(SHORT_TERM "\"utilization\": 1,\n\"recovery_ms\": -5"),
     ":7: plasticities[0].recovery_ms: must be 0 to 1e9"},
    {PLASTIC(SHORT_TERM "\"utilization\": 1,\n\"from\": \"X\""),
     ":7: plasticities[0].from: no neuron has the type 'X'; correct it"},
    {PLASTIC(SHORT_TERM "\"utilization\": 1, \"to\": [\"E\",\n\"X\"]"),
     ":7: plasticities[0].to[1]: no neuron has the type 'X'; correct it"},
    {PLASTIC(SHORT_TERM "\"utilization\": 1,\n\"to\": []"), ":7: plasticities[0].to: "},
    {PLASTIC(SHORT_TERM "\"utilization\": 1,\n\"tau_rec_ms\": 1"),
     ":7: plasticities[0].tau_rec_ms: unknown key"},
};
#define N_BROKEN ((int)(sizeof broken / sizeof *broken))

START_TEST(rules_that_are_broken_are_refused)
{
    folder_write("network.json", broken[_i].description);
    ck_assert_int_ne(chx_network_load(folder, &network), CHX_OK);
    ck_assert_ptr_null(network);
    ck_assert_msg(strstr(chx_last_error()->message, broken[_i].says), "%s",
                  chx_last_error()->message);
}
END_TEST

#define COND                                                                                  \
    "{\"format\": \"chronaxie-network\", \"version\": 1, \"name\": \"r\",\n"                  \
    "\"time_step_ms\": 0.1, \"duration_ms\": 10, \"neuron\": {\"model\": \"lif_cond\",\n"     \
    "\"capacitance_pf\": 200, \"leak_ns\": 10, \"resting_mv\": -60, \"threshold_mv\": -50,\n" \
    "\"reset_mv\": -60, \"tau_synapse_ms\": 5, \"tau_inhibition_ms\": 10},\n"                 \
    "\"types\": {\"E\": {\"neurons\": 3}, \"I\": {\"neurons\": 2}},\n"
#define DELTA                                                                              \
    "{\"format\": \"chronaxie-network\", \"version\": 1, \"name\": \"r\",\n"               \
    "\"time_step_ms\": 0.1, \"duration_ms\": 10, \"neuron\": {\"model\": \"lif_delta\",\n" \
    "\"capacitance_pf\": 200, \"tau_membrane_ms\": 10, \"resting_mv\": -60,\n"             \
    "\"threshold_mv\": -50, \"reset_mv\": -60},\n"                                         \
    "\"types\": {\"E\": {\"neurons\": 3}, \"I\": {\"neurons\": 2}},\n"                     \
    "\"projections\": [{" ALL "\n"
#define DELTA_PUSH(kind, weight)                                                 \
    DELTA "\"weight_mv\": 1, \"delay_ms\": 1}],\n\"stimuli\": [{\"kind\": " kind \
          ", \"types\": [\"E\"],\n" weight "}]}"
#define COND_JOIN(weight) COND "\"projections\": [{" ALL "\n" weight ", \"delay_ms\": 1}]}"
#define COND_PUSH(kind, weight)                                             \
    COND "\"projections\": [{" ALL "\"weight_ns\": 1, \"delay_ms\": 1}],\n" \
         "\"stimuli\": [{\"kind\": " kind ", \"types\": [\"E\"],\n" weight "}]}"

/* Where targets have conductances, weights are in nS and say so; where spikes move potentials, in
 * mV. */
START_TEST(weights_say_their_unit)
{
    static const struct {
        const char *description, *says;
    } cases[] = {
        {COND_JOIN("\"weight_ns\": -6"), NULL},
        {COND_JOIN("\"weight_pa\": 6"), ":7: projections[0].weight_pa: is a current, and all"},
        {JOIN(ALL "\n\"weight_ns\": 6, \"delay_ms\": 1"),
         ":8: projections[0].weight_ns: is a conductance, and not all targets"},
        {JOIN(ALL "\n\"weight_mv\": 6, \"delay_ms\": 1"),
         ":8: projections[0].weight_mv: is a potential, and not all targets take potentials; say "
         "weight_pa"},
        {COND_JOIN("\"weight_mv\": 6"),
         ":7: projections[0].weight_mv: is a potential, and all targets take conductances; say "
         "weight_ns"},
        {DELTA "\"weight_mv\": -6, \"delay_ms\": 1}]}", NULL},
        {DELTA "\"weight_pa\": 6, \"delay_ms\": 1}]}",
         ":7: projections[0].weight_pa: is a current, and all targets take potentials; say "
         "weight_mv"},
        {DELTA_PUSH("\"poisson\", \"start_ms\": 0, \"stop_ms\": 5, \"rate_hz\": 9",
                    "\"weight_mv\": 2"),
         NULL},
        {DELTA_PUSH("\"poisson\", \"start_ms\": 0, \"stop_ms\": 5, \"rate_hz\": 9",
                    "\"current_pa\": 2"),
         ":9: stimuli[0].current_pa: is a current, and all targets take potentials"},
        {DELTA_PUSH("\"step\", \"start_ms\": 0, \"stop_ms\": 5", "\"current_pa\": 2"), NULL},
        {DELTA_PUSH("\"spike_train\", \"times_ms\": [1, 2]", "\"weight_mv\": 2"), NULL},
        {DELTA_PUSH("\"spike_train\", \"times_ms\": [1, 2]", "\"weight_ns\": 2"),
         ":9: stimuli[0].weight_ns: is a conductance, and all targets take potentials"},
        {DELTA_PUSH("\"spike_train\", \"times_ms\": [1, 2]", "\"weight_mv\": 1e30"),
         ":9: stimuli[0].weight_mv: must be 0, or 1e-12"},
        {COND_PUSH("\"poisson\", \"start_ms\": 0, \"stop_ms\": 5, \"rate_hz\": 9",
                   "\"weight_ns\": 2"),
         NULL},
        {COND_PUSH("\"poisson\", \"start_ms\": 0, \"stop_ms\": 5, \"rate_hz\": 9",
                   "\"current_pa\": 2"),
         ":8: stimuli[0].current_pa: is a current, and all targets"},
        {COND_PUSH("\"step\", \"start_ms\": 0, \"stop_ms\": 5", "\"current_pa\": 2"), NULL},
        {COND_PUSH("\"spike_train\", \"times_ms\": [1, 2]", "\"weight_ns\": 2"), NULL},
        {COND_PUSH("\"spike_train\", \"times_ms\": [1, 2]", "\"weight_pa\": 2"),
         ":8: stimuli[0].weight_pa: is a current, and all targets"},
        {COND_PUSH("\"spike_train\", \"times_ms\": [1, 2]", "\"weight_ns\": 1e30"),
         ":8: stimuli[0].weight_ns: must be 0, or 1e-12"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        folder_write("network.json", cases[i].description);
        const chx_status status = chx_network_load(folder, &network);
        const char *message = chx_last_error()->message;
        ck_assert_msg((status == CHX_OK) == !cases[i].says, "%zu: %s", i, message);
        if (cases[i].says)
            ck_assert_msg(strstr(message, cases[i].says), "%s", message);
        if (status == CHX_OK) {
            char saved[8];
            chx_network *copy = NULL;
            snprintf(saved, sizeof saved, "saved%zu", i);
            ck_assert_int_eq(chx_network_save(network, folder_path(saved)), CHX_OK);
            ck_assert_msg(chx_network_load(folder_path(saved), &copy) == CHX_OK, "%s",
                          chx_last_error()->message);
            ck_assert_uint_eq(chx_network_get(copy)->n_synapses, 6);
            chx_network_destroy(&copy);
        }
        chx_network_destroy(&network);
    }
}
END_TEST

/* Columns of synapses.csv have the unit in their name, as it is written and as it is read. */
START_TEST(models_of_leaky_neurons_are_read_and_saved)
{
    static const struct {
        const char *neuron, *table, *parameter;
        double value;
    } cases[] = {
        {"\"model\": \"lif_alpha\", \"capacitance_pf\": 250, \"tau_membrane_ms\": 10,\n"
         "\"tau_synapse_ms\": 2, \"tau_inhibition_ms\": 5, \"initial\": {\"rise_pa\": 3},",
         "pre,post,weight_pa,delay_ms\nE1,I2,4,2\n", "tau_inhibition_ms", 5},
        {"\"model\": \"lif_delta\", \"capacitance_pf\": 250, \"tau_membrane_ms\": 10,",
         "pre,post,weight_mv,delay_ms\nE1,I2,4,2\n", "refractory_ms", 0},
        {"\"model\": \"glif3\", \"capacitance_pf\": 100, \"leak_ns\": 5, \"decay_1_per_ms\": 0.1,\n"
         "\"decay_2_per_ms\": 0.003, \"jump_1_pa\": -20, \"jump_2_pa\": 0, \"tau_synapse_ms\": 5,\n"
         "\"initial\": {\"after_1_pa\": -4},",
         "pre,post,weight_pa,delay_ms\nE1,I2,4,2\n", "kept_2", 1},
    };
    for (int i = 0; i < 3; i++) {
        char text[1000];
        snprintf(text, sizeof text,
                 "{\"format\": \"chronaxie-network\", \"version\": 1, \"name\": \"r\",\n"
                 "\"time_step_ms\": 0.1, \"duration_ms\": 10, \"neuron\": {%s\n"
                 "\"resting_mv\": -65, \"threshold_mv\": -50, \"reset_mv\": -65},\n"
                 "\"types\": {\"E\": {\"neurons\": 3}, \"I\": {\"neurons\": 2}}}",
                 cases[i].neuron);
        folder_write("synapses.csv", cases[i].table);
        folder_write("network.json", text);
        char saved[8];
        snprintf(saved, sizeof saved, "saved%d", i);
        ck_assert_msg(chx_network_load(folder, &network) == CHX_OK, "%s",
                      chx_last_error()->message);
        ck_assert_int_eq(chx_network_save(network, folder_path(saved)), CHX_OK);
        chx_network_destroy(&network);
        ck_assert_msg(chx_network_load(folder_path(saved), &network) == CHX_OK, "%s",
                      chx_last_error()->message);
        const chx_network_info *info = chx_network_get(network);
        ck_assert_uint_eq(info->n_synapses, 1);
        ck_assert(info->synapses[0].weight_pa == 4);
        bool is_found = false;
        for (uint32_t p = 0; p < info->types[1].n_parameters; p++)
            if (strcmp(info->types[1].parameters[p].name, cases[i].parameter) == 0)
                is_found = info->types[1].parameters[p].value == cases[i].value;
        ck_assert(is_found);
        chx_network_destroy(&network);
    }
}
END_TEST

/* A type begins as "neuron" says unless it says so itself. */
START_TEST(initial_state_is_read_inherited_and_saved)
{
    const chx_network_info *info =
        load("{\"format\": \"chronaxie-network\", \"version\": 1, \"name\": \"r\",\n"
             "\"time_step_ms\": 0.1, \"duration_ms\": 10, \"neuron\": {\"capacitance_pf\": 10,\n"
             "\"tau_membrane_ms\": 10, \"tau_synapse_ms\": 5, \"tau_inhibition_ms\": 7,\n"
             "\"resting_mv\": -65, \"threshold_mv\": -50, \"reset_mv\": -65,\n"
             "\"refractory_ms\": 5, \"initial\": {\"potential_mv\": -60}},\n"
             "\"types\": {\"E\": {\"neurons\": 3}, \"I\": {\"neurons\": 2, \"initial\": {\n"
             "\"potential_mv\": {\"normal\": {\"mean\": -58, \"sd\": 3, \"min\": -70,\n"
             "\"outside\": \"clip\"}}, \"inhibition_pa\": 4}}},\n"
             "\"projections\": [{\"from\": \"E\", \"to\": \"I\", \"rule\": \"all_to_all\",\n" VALUES
             "}]}");
    chx_network *copy = NULL;
    ck_assert_int_eq(chx_network_save(network, folder_path("saved")), CHX_OK);
    ck_assert_msg(chx_network_load(folder_path("saved"), &copy) == CHX_OK, "%s",
                  chx_last_error()->message);
    for (int saved = 0; saved < 2; saved++) {
        const chx_neuron_type *types = saved ? chx_network_get(copy)->types : info->types;
        ck_assert_uint_eq(types[0].n_initial, 1);
        ck_assert_str_eq(types[0].initial[0].state, "potential_mv");
        ck_assert(types[0].initial[0].value.mean == -60);
        ck_assert(types[0].params.tau_inhibition_ms == 7);
        ck_assert_uint_eq(types[1].n_initial, 2);
        const chx_distribution *drawn = &types[1].initial[0].value;
        ck_assert_int_eq(drawn->kind, CHX_DISTRIBUTION_NORMAL);
        ck_assert(drawn->mean == -58 && drawn->sd == 3 && drawn->min == -70 && drawn->is_clipped);
        ck_assert(isinf(drawn->max));
        ck_assert_str_eq(types[1].initial[1].state, "inhibition_pa");
    }
    chx_network_destroy(&copy);
}
END_TEST

START_TEST(plasticities_are_read_and_saved)
{
    chx_network *copy = NULL;
    load(
        PLASTIC(SHORT_TERM "\"utilization\": 0.5, \"from\": [\"I\", \"E\"], \"recovery_ms\": 800"));
    ck_assert_int_eq(chx_network_save(network, folder_path("saved")), CHX_OK);
    ck_assert_msg(chx_network_load(folder_path("saved"), &copy) == CHX_OK, "%s",
                  chx_last_error()->message);
    const chx_network *both[] = {network, copy};
    for (int i = 0; i < 2; i++) {
        const chx_network_info *info = chx_network_get(both[i]);
        ck_assert_uint_eq(info->n_plasticities, 1);
        const chx_plasticity *plasticity = &info->plasticities[0];
        ck_assert_int_eq(plasticity->kind, CHX_PLASTICITY_SHORT_TERM);
        ck_assert_uint_eq(plasticity->n_from, 2);
        ck_assert_str_eq(info->types[plasticity->from[0]].name, "I");
        ck_assert_str_eq(info->types[plasticity->from[1]].name, "E");
        ck_assert_uint_eq(plasticity->n_to, 0);
        ck_assert(plasticity->utilization == 0.5 && plasticity->recovery_ms == 800 &&
                  plasticity->facilitation_ms == 0);
    }
    chx_network_destroy(&copy);
}
END_TEST

START_TEST(rules_beyond_a_limit_are_refused_at_their_line)
{
    folder_write("network.json", JOIN("\"from\": \"E\", \"to\": \"I\", \"rule\": \"fixed_total\",\n"
                                      "\"synapses\": 2000000000000," VALUES));
    ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_LIMIT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message,
                                 "network.json:8: projections[0].synapses: makes more synapses "
                                 "than any memory holds, 2^40 in all; make the network smaller"));
}
END_TEST

START_TEST(rules_count_beside_a_table_without_rows)
{
    folder_write("neurons.csv", "name,type,x_um,y_um,z_um,diameter_um\n");
    folder_write("synapses.csv", "pre,post,weight_pa,delay_ms\n");
    ck_assert_uint_eq(load(HEAD "\"types\": {\"E\": {\"neurons\": 3}}}")->n_neurons, 3);
    chx_network_destroy(&network);
    folder_write("neurons.csv", "name,type,x_um,y_um,z_um,diameter_um\nE2,a,0,0,0,1\n");
    ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, ":5: types.E: makes a second neuron"));
}
END_TEST

/* Of which the README tells spikes. */
START_TEST(rules_make_the_examples)
{
    static const char *const examples[] = {SOURCE_ROOT "/examples/cuba",
                                           SOURCE_ROOT "/examples/coba"};
    for (int i = 0; i < 2; i++) {
        ck_assert_msg(chx_network_load(examples[i], &network) == CHX_OK, "%s",
                      chx_last_error()->message);
        ck_assert_uint_eq(chx_network_get(network)->n_neurons, 4000);
        ck_assert_uint_eq(chx_network_get(network)->n_synapses, 321382);
        chx_network_destroy(&network);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("rules");
    TCase *tests = tcase_create("rules");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, rules_alone_are_a_network);
    tcase_add_test(tests, rules_join_rows_of_tables);
    tcase_add_test(tests, rules_draw_what_a_program_draws);
    tcase_add_test(tests, rules_are_saved_as_what_they_drew);
    tcase_add_test(tests, initial_state_is_read_inherited_and_saved);
    tcase_add_test(tests, plasticities_are_read_and_saved);
    tcase_add_test(tests, weights_say_their_unit);
    tcase_add_test(tests, models_of_leaky_neurons_are_read_and_saved);
    tcase_add_loop_test(tests, rules_that_are_broken_are_refused, 0, N_BROKEN);
    tcase_add_test(tests, rules_beyond_a_limit_are_refused_at_their_line);
    tcase_add_test(tests, rules_count_beside_a_table_without_rows);
    tcase_add_test(tests, rules_make_the_examples);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
