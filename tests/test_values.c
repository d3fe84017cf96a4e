/* Values of single neurons: those with parameters of their own fire as if each were a type. */
#include <math.h>

#include <chronaxie/simulation.h>

#include "runtime.h"
#include "sample.h"
#include "scratch.h"

#define N_NEURONS 83
#define N_STEPS 500
#define MAX_PARAMETERS 12

/* Parameters of a model, of which neurons have some of their own. */
typedef struct kind {
    const char *model;
    uint32_t n_parameters;
    chx_parameter parameters[MAX_PARAMETERS];
    uint32_t n_own;
    struct {
        const char *name;
        double least, most;
    } own[5];
    const char *state; /* one that begins elsewhere */
    double least, most;
} kind;

#define LEAKY                                                                                    \
    {                                                                                            \
        {"capacitance_pf", 250}, {"tau_membrane_ms", 10}, {"tau_synapse_ms", 5},                 \
            {"resting_mv", -65}, {"threshold_mv", -50}, {"reset_mv", -65}, {"refractory_ms", 2}, \
            {"bias_pa", 390}, {"tau_inhibition_ms", 0},                                          \
    }

static const kind kinds[] = {
    {NULL,
     9,
     LEAKY,
     5,
     {{"threshold_mv", -52, -48},
      {"resting_mv", -70, -62},
      {"refractory_ms", 0, 5},
      {"capacitance_pf", 100, 250},
      {"tau_membrane_ms", 8, 20}},
     "potential_mv",
     -65,
     -51},
    {NULL, 9, LEAKY, 1, {{"tau_inhibition_ms", 6, 8}}, "current_pa", 0, 100},
    {"izhikevich",
     11,
     {{"capacitance_pf", 100},
      {"gain_ns_per_mv", .7},
      {"resting_mv", -60},
      {"threshold_mv", -40},
      {"peak_mv", 35},
      {"reset_mv", -50},
      {"recovery_per_ms", .03},
      {"coupling_ns", -2},
      {"jump_pa", 100},
      {"tau_synapse_ms", 5},
      {"bias_pa", 100}},
     3,
     {{"jump_pa", 50, 150}, {"resting_mv", -62, -58}, {"bias_pa", 80, 200}},
     "potential_mv",
     -65,
     -50},
};

/* Tables of a kind's neurons; a third has nothing of its own, a third initial values only. */
typedef struct tables {
    double parameters[5][N_NEURONS];
    double initial[N_NEURONS];
} tables;

static void
fill(const kind *of, tables *to)
{
    uint64_t random = 5;
    for (uint32_t n = 0; n < N_NEURONS; n++) {
        for (uint32_t i = 0; i < of->n_own; i++) {
            const double unit = sample_random(&random) % 1000 / 1000.0;
            to->parameters[i][n] =
                n % 3 == 1 ? of->own[i].least + unit * (of->own[i].most - of->own[i].least) : NAN;
        }
        const double unit = sample_random(&random) % 1000 / 1000.0;
        to->initial[n] = n % 3 != 0 ? of->least + unit * (of->most - of->least) : NAN;
    }
}

static chx_network *
create(const kind *of, uint32_t n_types, chx_neuron_type *types,
       const chx_neuron_values *parameters, uint32_t n_parameters, const chx_neuron_values *initial,
       uint32_t n_initial)
{
    static chx_synapse synapses[8 * N_NEURONS];
    const chx_gap gaps[] = {{0, 1, 2}, {1, 4, 1.5f}, {2, 30, 1}};
    uint64_t random = 1;
    chx_neuron *neurons = sample_neurons(N_NEURONS, 1, &random);
    for (uint32_t n = 0; n < N_NEURONS; n++) {
        neurons[n].type = n_types > 1 ? n : 0;
        for (uint32_t k = 0; k < 8; k++)
            synapses[8 * n + k] = (chx_synapse){n, sample_random(&random) % N_NEURONS,
                                                k < 6 ? 60 : -80, 0.5f + 0.1f * (float)k};
    }
    for (uint32_t t = 0; t < n_types; t++)
        types[t].name = "cell";
    chx_network *network = sample_finish(&(chx_network_info){.name = of->model,
                                                             .time_step_ms = 0.1,
                                                             .duration_ms = N_STEPS * 0.1,
                                                             .n_types = n_types,
                                                             .types = types,
                                                             .n_neurons = N_NEURONS,
                                                             .neurons = neurons,
                                                             .n_synapses = 8 * N_NEURONS,
                                                             .synapses = synapses,
                                                             .n_gaps = 3,
                                                             .gaps = gaps,
                                                             .n_parameters = n_parameters,
                                                             .parameters = parameters,
                                                             .n_initial = n_initial,
                                                             .initial = initial});
    free(neurons);
    return network;
}

static void
set_type(const kind *of, const chx_parameter *parameters, chx_neuron_type *type)
{
    *type = (chx_neuron_type){.model = of->model};
    if (of->model) {
        type->parameters = parameters;
        type->n_parameters = of->n_parameters;
        return;
    }
    for (uint32_t i = 0; i < of->n_parameters; i++)
        ((double *)&type->params)[i] = parameters[i].value;
}

static chx_network *
create_tabled(const kind *of)
{
    static tables values;
    chx_neuron_values columns[5];
    chx_neuron_type type;
    fill(of, &values);
    set_type(of, of->parameters, &type);
    for (uint32_t i = 0; i < of->n_own; i++)
        columns[i] = (chx_neuron_values){of->own[i].name, values.parameters[i]};
    return create(of, 1, &type, columns, of->n_own, &(chx_neuron_values){of->state, values.initial},
                  1);
}

/* The same, with a type for each neuron. */
static chx_network *
create_typed(const kind *of)
{
    static tables values;
    static chx_parameter parameters[N_NEURONS][MAX_PARAMETERS];
    static chx_initial initial[N_NEURONS];
    chx_neuron_type types[N_NEURONS];
    fill(of, &values);
    for (uint32_t n = 0; n < N_NEURONS; n++) {
        for (uint32_t i = 0; i < of->n_parameters; i++) {
            parameters[n][i] = of->parameters[i];
            for (uint32_t own = 0; own < of->n_own; own++)
                if (strcmp(of->own[own].name, parameters[n][i].name) == 0 &&
                    !isnan(values.parameters[own][n]))
                    parameters[n][i].value = values.parameters[own][n];
        }
        set_type(of, parameters[n], &types[n]);
        initial[n] = (chx_initial){of->state, {.mean = values.initial[n]}};
        types[n].initial = &initial[n];
        types[n].n_initial = !isnan(values.initial[n]);
    }
    return create(of, N_NEURONS, types, NULL, 0, NULL, 0);
}

/* Runs a network in parts, and keeps spikes and the last potentials. */
static size_t
run(const chx_network *network, uint32_t n_partitions, chx_spike **spikes, float *potentials_mv)
{
    const chx_simulation_params params = {.n_partitions = n_partitions};
    chx_simulation *simulation;
    size_t n_spikes;
    check_ok(chx_simulation_create(runtime, network, &params, &simulation));
    check_ok(chx_simulation_advance(simulation, N_STEPS));
    check_ok(chx_simulation_take_spikes(simulation, spikes, &n_spikes));
    check_ok(chx_simulation_potentials(simulation, potentials_mv));
    chx_simulation_destroy(&simulation);
    return n_spikes;
}

static void
compare(const chx_network *a, const chx_network *b, uint32_t n_partitions)
{
    chx_spike *spikes[2];
    float potentials[2][N_NEURONS];
    const size_t n = run(a, 1, &spikes[0], potentials[0]);
    ck_assert_uint_gt(n, N_NEURONS);
    ck_assert_uint_eq(n, run(b, n_partitions, &spikes[1], potentials[1]));
    ck_assert_mem_eq(spikes[0], spikes[1], n * sizeof **spikes);
    ck_assert_mem_eq(potentials[0], potentials[1], sizeof *potentials);
    free(spikes[0]);
    free(spikes[1]);
}

START_TEST(neurons_with_values_of_their_own_fire_as_if_each_were_a_type)
{
    const kind *of = &kinds[_i];
    chx_network *tabled = create_tabled(of), *typed = create_typed(of);
    compare(typed, tabled, 1);
    compare(typed, tabled, 3);
    chx_network_destroy(&tabled);
    chx_network_destroy(&typed);
}
END_TEST

START_TEST(a_saved_network_keeps_the_values_of_its_neurons)
{
    const kind *of = &kinds[_i];
    chx_network *made = create_tabled(of), *loaded;
    folder_setup();
    check_ok(chx_network_save(made, folder_path("net")));
    check_ok(chx_network_load(folder_path("net"), &loaded));
    ck_assert_uint_eq(chx_network_get(loaded)->n_parameters, of->n_own);
    ck_assert_uint_eq(chx_network_get(loaded)->n_initial, 1);
    for (uint32_t n = 0; n < N_NEURONS; n++)
        for (uint32_t i = 0; i < of->n_parameters; i++)
            ck_assert_double_eq(chx_network_parameter(loaded, n, of->parameters[i].name),
                                chx_network_parameter(made, n, of->parameters[i].name));
    compare(made, loaded, 1);
    chx_network_destroy(&made);
    chx_network_destroy(&loaded);
    folder_teardown();
}
END_TEST

START_TEST(drawn_parameters_have_their_distribution_and_the_seed_decides_them)
{
    const kind *of = &kinds[0];
    const chx_drawn_parameter drawn[] = {
        {"threshold_mv", {CHX_DISTRIBUTION_NORMAL, .mean = -50, .sd = 1, .min = -53, .max = -47}},
        {"capacitance_pf", {CHX_DISTRIBUTION_UNIFORM, .min = 200, .max = 300}},
    };
    chx_neuron_type type;
    set_type(of, of->parameters, &type);
    type.drawn = drawn;
    type.n_drawn = 2;
    double own_threshold[N_NEURONS];
    for (uint32_t n = 0; n < N_NEURONS; n++)
        own_threshold[n] = n == 7 ? -45 : NAN;
    const chx_neuron_values own = {"threshold_mv", own_threshold};
    chx_network *network = create(of, 1, &type, &own, 1, NULL, 0);
    chx_network *again = create(of, 1, &type, &own, 1, NULL, 0);
    const chx_network_info *info = chx_network_get(network);
    ck_assert_uint_eq(info->n_parameters, 2);
    ck_assert_uint_eq(info->types[0].n_drawn, 0);
    double sum = 0, squares = 0;
    for (uint32_t n = 0; n < N_NEURONS; n++) {
        const double threshold = chx_network_parameter(network, n, "threshold_mv");
        const double capacitance = chx_network_parameter(network, n, "capacitance_pf");
        ck_assert_double_eq(threshold, chx_network_parameter(again, n, "threshold_mv"));
        ck_assert_double_eq(capacitance, chx_network_parameter(again, n, "capacitance_pf"));
        ck_assert(capacitance > 200 && capacitance < 300);
        if (n == 7) {
            ck_assert_double_eq(threshold, -45);
            continue;
        }
        ck_assert(threshold > -53 && threshold < -47);
        sum += threshold;
        squares += (threshold + 50) * (threshold + 50);
    }
    ck_assert_double_eq_tol(sum / (N_NEURONS - 1), -50, 0.4);
    ck_assert_double_eq_tol(squares / (N_NEURONS - 1), 1, 0.5);
    ck_assert_double_eq(chx_network_parameter(network, 0, "tau_membrane_ms"), 10);
    ck_assert(isnan(chx_network_parameter(network, 0, "jump_pa")));
    ck_assert(isnan(chx_network_parameter(network, N_NEURONS, "bias_pa")));
    compare(network, again, 2);
    chx_network_destroy(&network);
    chx_network_destroy(&again);
}
END_TEST

#define NUMBER "-50"

/* Three neurons of two models, with a threshold that may be drawn. */
static void
write_folder(const char *threshold, const char *parameters, const char *initial)
{
    char json[2048];
    snprintf(json, sizeof json,
             "{\"format\": \"chronaxie-network\", \"version\": 1, \"name\": \"own\",\n"
             "\"time_step_ms\": 0.1, \"duration_ms\": 100,\n"
             "\"neuron\": {\"capacitance_pf\": 250, \"tau_membrane_ms\": 10,\n"
             "\"tau_synapse_ms\": 5, \"resting_mv\": -65, \"threshold_mv\": %s,\n"
             "\"reset_mv\": -65, \"refractory_ms\": 2},\n"
             "\"types\": {\"shape\": {\"model\": \"lif_delta\", \"capacitance_pf\": 250,\n"
             "\"tau_membrane_ms\": 10, \"resting_mv\": -65, \"threshold_mv\": -50,\n"
             "\"reset_mv\": -65, \"refractory_ms\": 2}}, \"stimuli\": []}\n",
             threshold);
    folder_write("network.json", json);
    folder_write("neurons.csv",
                 "name,type,x_um,y_um,z_um,diameter_um\nA,cell,0,0,0,5\nB,cell,9,0,0,5\n"
                 "C,shape,18,0,0,5\n");
    folder_write("synapses.csv", "pre,post,weight_pa,delay_ms\n");
    if (parameters)
        folder_write("parameters.csv", parameters);
    if (initial)
        folder_write("initial.csv", initial);
}

START_TEST(values_are_read_from_tables_and_drawn_where_these_are_empty)
{
    chx_network *network;
    write_folder("{\"uniform\": {\"min\": -52, \"max\": -48}}",
                 "threshold_mv;neuron;bias_pa\n-40;B;1\n;C;2.5\n",
                 "neuron\tpotential_mv\nA\t-60\n");
    check_ok(chx_network_load(folder, &network));
    const chx_network_info *info = chx_network_get(network);
    const double drawn = chx_network_parameter(network, 0, "threshold_mv");
    ck_assert(drawn > -52 && drawn < -48 && drawn != -50);
    ck_assert_double_eq(chx_network_parameter(network, 1, "threshold_mv"), -40);
    ck_assert_double_eq(chx_network_parameter(network, 2, "threshold_mv"), -50);
    ck_assert_double_eq(chx_network_parameter(network, 0, "bias_pa"), 0);
    ck_assert_double_eq(chx_network_parameter(network, 1, "bias_pa"), 1);
    ck_assert_double_eq(chx_network_parameter(network, 2, "bias_pa"), 2.5);
    ck_assert_uint_eq(info->n_initial, 1);
    ck_assert_str_eq(info->initial[0].name, "potential_mv");
    ck_assert_double_eq(info->initial[0].values[0], -60);
    ck_assert(isnan(info->initial[0].values[1]));
    ck_assert_uint_eq(info->n_remarks, 0);
    chx_network_destroy(&network);
}
END_TEST

static const struct {
    const char *threshold, *parameters, *initial, *says;
} broken[] = {
    {NUMBER, "neuron,bias_pa\nA,1\nD,1\n", NULL,
     "/parameters.csv:3: neuron is 'D', which no row of neurons.csv names; "},
    {NUMBER, "neuron,bias_pa\nA,1\nA,2\n", NULL, "/parameters.csv:3: A stands twice; "},
    {NUMBER, "neuron,bias_pa\nA,x\n", NULL, "/parameters.csv:2: bias_pa"},
    {NUMBER, "neuron,bias_pa\nA,1e13\n", NULL, "/parameters.csv:2: bias_pa must be 0, or 1e-12"},
    {NUMBER, "neuron,threshold_mv\nA,-70\n", NULL,
     "/parameters.csv:2: threshold_mv must be a number above reset_mv"},
    {NUMBER, "neuron,tau_synapse_ms\nC,3\n", NULL,
     "/parameters.csv:2: tau_synapse_ms is no parameter of this neuron's model; "},
    {NUMBER, "neuron,treshold_mv\nA,-40\n", NULL, "/parameters.csv:1: "},
    {NUMBER, "bias_pa\n1\n", NULL, "/parameters.csv:1: "},
    {NUMBER, NULL, "neuron,current_pa\nC,3\n",
     "/initial.csv:2: current_pa is no state of this neuron's model; "},
    {NUMBER, NULL, "neuron,potential_mv\nA,1e13\n",
     "/initial.csv:2: potential_mv must be a number between"},
    {"{\"normal\": {\"mean\": -50, \"sd\": 40, \"max\": -64}}", NULL, NULL,
     "/network.json: neuron A: threshold_mv must be a number above reset_mv, and -"},
    {"{\"uniform\": {\"min\": -40, \"max\": -48}}", NULL, NULL,
     "/network.json:4: neuron.threshold_mv.uniform.min: must be below max"},
    {"{\"uniform\": {\"min\": -70, \"max\": -68}}", NULL, NULL, "/network.json:"},
    {"{\"evenly\": 3}", NULL, NULL, "/network.json:4"},
};

START_TEST(broken_values_are_refused)
{
    chx_network *network = NULL;
    write_folder(broken[_i].threshold, broken[_i].parameters, broken[_i].initial);
    ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_null(network);
    ck_assert_msg(strstr(chx_last_error()->message, broken[_i].says), "%s\nis not %s",
                  chx_last_error()->message, broken[_i].says);
}
END_TEST

START_TEST(broken_values_of_a_program_are_refused)
{
    const chx_neuron_type type = {"n", {100, 10, 5, -65, -50, -65, 2, 0}};
    const chx_neuron neuron = {.name = "a", .diameter_um = 1};
    const double one = 1, huge = 1e13, low = -70;
    const chx_neuron_values none = {NULL, &one}, jump = {"jump_pa", &one},
                            bias[] = {{"bias_pa", &one}, {"bias_pa", &one}},
                            threshold = {"threshold_mv", &low}, potential = {"potential_mv", &huge};
    const struct {
        const chx_neuron_values *parameters, *initial;
        uint32_t n;
        const char *says;
    } wrong[] = {
        {&none, NULL, 1, "parameters[0]: has no name or no values"},
        {bias, NULL, 2, "parameters[1]: bias_pa is parameters[0] already"},
        {&jump, NULL, 1, "neurons[0]: jump_pa is no parameter of this neuron's model"},
        {&threshold, NULL, 1, "neurons[0]: threshold_mv must be a number above reset_mv"},
        {NULL, &potential, 1, "neurons[0]: potential_mv must be a number between"},
        {NULL, &jump, 1, "neurons[0]: jump_pa is no state of this neuron's model"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        chx_network *network = NULL;
        const chx_network_info info = {.name = "one",
                                       .time_step_ms = 0.1,
                                       .duration_ms = 100,
                                       .n_types = 1,
                                       .types = &type,
                                       .n_neurons = 1,
                                       .neurons = &neuron,
                                       .n_parameters = wrong[i].parameters ? wrong[i].n : 0,
                                       .parameters = wrong[i].parameters,
                                       .n_initial = wrong[i].initial ? wrong[i].n : 0,
                                       .initial = wrong[i].initial};
        ck_assert_int_eq(chx_network_create(&info, &network), CHX_ERROR_FORMAT);
        ck_assert_msg(strstr(chx_last_error()->message, wrong[i].says), "%s\nis not %s",
                      chx_last_error()->message, wrong[i].says);
    }
}
END_TEST

int
main(void)
{
    const int n_kinds = sizeof kinds / sizeof *kinds;
    Suite *suite = suite_create("values");
    TCase *tests = tcase_create("values");
    tcase_add_checked_fixture(tests, open_runtime, close_runtime);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, neurons_with_values_of_their_own_fire_as_if_each_were_a_type, 0, 1);
    tcase_add_loop_test(tests, a_saved_network_keeps_the_values_of_its_neurons, 0, 1);
    tcase_add_test(tests, drawn_parameters_have_their_distribution_and_the_seed_decides_them);
    suite_add_tcase(suite, tests);
    TCase *others = tcase_create("other models");
    tcase_set_tags(others, "slow");
    tcase_add_checked_fixture(others, open_runtime, close_runtime);
    tcase_set_timeout(others, 120);
    tcase_add_loop_test(others, neurons_with_values_of_their_own_fire_as_if_each_were_a_type, 1,
                        n_kinds);
    tcase_add_loop_test(others, a_saved_network_keeps_the_values_of_its_neurons, 1, n_kinds);
    suite_add_tcase(suite, others);
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, folder_setup, folder_teardown);
    tcase_add_test(files, values_are_read_from_tables_and_drawn_where_these_are_empty);
    tcase_add_loop_test(files, broken_values_are_refused, 0, sizeof broken / sizeof *broken);
    tcase_add_test(files, broken_values_of_a_program_are_refused);
    suite_add_tcase(suite, files);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
