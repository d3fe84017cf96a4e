/* Network folders and networks made by a program: what is accepted, and what is refused where. */
#include <chronaxie/network.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#include "scratch.h"

static chx_network *network;

static const char description[] =
    "{\n"
    "  \"format\": \"chronaxie-network\", \"version\": 1,\n"
    "  \"name\": \"three\",\n"
    "  \"time_step_ms\": 0.1,\n"
    "  \"duration_ms\": 100,\n"
    "  \"seed\": 7,\n"
    "  \"neuron\": {\n"
    "    \"capacitance_pf\": 10,\n"
    "    \"tau_membrane_ms\": 10,\n"
    "    \"tau_synapse_ms\": 5,\n"
    "    \"resting_mv\": -65, \"threshold_mv\": -50, \"reset_mv\": -66,\n"
    "    \"refractory_ms\": 5},\n"
    "  \"types\": {\n"
    "    \"motor\": {\"bias_pa\": 2}},\n"
    "  \"stimuli\": [\n"
    "    {\"kind\": \"step\", \"neurons\": [\"C\"], \"types\": [\"sensory\"],\n"
    "      \"start_ms\": 1, \"stop_ms\": 9, \"current_pa\": 30},\n"
    "    {\"kind\": \"poisson\", \"types\": [\"motor\"], \"start_ms\": 0, \"stop_ms\": 10,\n"
    "      \"current_pa\": 4,\n"
    "      \"rate_hz\": 50}],\n"
    "  \"view\": {\n"
    "    \"zoom\": 2}\n"
    "}\n";

static const char neurons[] = "name,type,x_um,y_um,z_um,diameter_um\n"
                              "A,sensory,0,0,0,2\n"
                              "B,motor,10,0,0,2.5\n"
                              "C,sensory,20,-1e1,0,3\n";

static const char synapses[] = "pre,post,weight_pa,delay_ms\n"
                               "B,C,-4.5,2\n"
                               "A,C,2,0.14\n"
                               "A,B,1,0.5\n"
                               "A,B,1,0.5\n"
                               "A,B,7,0.1\n";

static const char branches[] = "1 1 10 0 0 1 -1\n2 2 10 5 0 .5 1\n";

static void
setup(void)
{
    folder_setup();
    ck_assert_int_eq(mkdir(folder_path("morphologies"), 0755), 0);
    folder_write("network.json", description);
    folder_write("neurons.csv", neurons);
    folder_write("synapses.csv", synapses);
    folder_write("morphologies/B.swc", branches);
    network = NULL;
}

static void
teardown(void)
{
    chx_network_destroy(&network);
    folder_teardown();
}

static const chx_network_info *
load(void)
{
    ck_assert_msg(chx_network_load(folder, &network) == CHX_OK, "%s", chx_last_error()->message);
    return chx_network_get(network);
}

static void
ck_near(double value, double expected)
{
    ck_assert_msg(fabs(value - expected) < 1e-6, "%.9g is not %.9g", value, expected);
}

static void
ck_contents(const chx_network_info *info)
{
    ck_assert_str_eq(info->name, "three");
    ck_assert_str_eq(info->description, "");
    ck_assert_uint_eq(info->seed, 7);
    ck_assert_uint_eq(info->n_types, 2);
    ck_assert_str_eq(info->types[0].name, "motor");
    ck_near(info->types[0].params.bias_pa, 2);
    ck_near(info->types[0].params.reset_mv, -66);
    ck_assert_str_eq(info->types[1].name, "sensory");
    ck_near(info->types[1].params.bias_pa, 0);
    ck_assert_uint_eq(info->n_neurons, 3);
    ck_assert_str_eq(info->neurons[2].name, "C");
    ck_assert_uint_eq(info->neurons[2].type, 1);
    ck_near(info->neurons[2].position_um[1], -10);
    ck_assert_uint_eq(info->neurons[0].n_nodes, 0);
    ck_assert_uint_eq(info->neurons[1].n_nodes, 2);
    ck_assert_uint_eq(info->n_nodes, 2);
    ck_near(info->nodes[1].path_um, 5);
    ck_near(info->view.zoom, 2);
    ck_assert(info->view.speed > 0 && info->view.decay_ms > 0);
}

START_TEST(network_folder_is_loaded)
{
    const chx_network_info *info = load();
    ck_contents(info);
    ck_near(info->min_delay_ms, 0.1);
    ck_near(info->max_delay_ms, 2);
    ck_assert_uint_eq(info->n_stimuli, 2);
    ck_assert_int_eq(info->stimuli[0].kind, CHX_STIMULUS_STEP);
    ck_assert_uint_eq(info->stimuli[0].n_neurons, 2);
    ck_assert_uint_eq(info->stimuli[0].neurons[0], 0);
    ck_assert_uint_eq(info->stimuli[0].neurons[1], 2);
    ck_assert_int_eq(info->stimuli[1].kind, CHX_STIMULUS_POISSON);
    ck_near(info->stimuli[1].rate_hz, 50);
    ck_assert_uint_eq(info->stimuli[1].neurons[0], 1);
}
END_TEST

static void
ck_sorted(const chx_network_info *info)
{
    static const chx_synapse expected[] = {
        {0, 1, 7, 0.1f}, {0, 1, 1, 0.5f}, {0, 1, 1, 0.5f}, {0, 2, 2, 0.14f}, {1, 2, -4.5f, 2}};
    ck_assert_uint_eq(info->n_synapses, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(info->synapses[i].pre, expected[i].pre);
        ck_assert_uint_eq(info->synapses[i].post, expected[i].post);
        ck_assert(info->synapses[i].weight_pa == expected[i].weight_pa);
        ck_assert(info->synapses[i].delay_ms == expected[i].delay_ms);
    }
}

START_TEST(network_synapses_are_sorted)
{
    ck_sorted(load());
}
END_TEST

START_TEST(network_made_by_a_program_equals_the_loaded_one)
{
    const chx_network_info *info = load();
    chx_network_info given = *info;
    chx_synapse shuffled[5];
    for (size_t i = 0; i < 5; i++)
        shuffled[i] = info->synapses[(i * 3 + 2) % 5];
    given.synapses = shuffled;
    given.min_delay_ms = given.max_delay_ms = 77;
    given.description = NULL;
    chx_network *copy;
    ck_assert_int_eq(chx_network_create(&given, &copy), CHX_OK);
    chx_network_destroy(&network);
    memset(shuffled, 0, sizeof shuffled);
    info = chx_network_get(copy);
    ck_contents(info);
    ck_sorted(info);
    ck_near(info->min_delay_ms, 0.1);
    ck_near(info->max_delay_ms, 2);
    ck_assert_uint_eq(info->stimuli[0].neurons[1], 2);
    chx_network_destroy(&copy);
    ck_assert_ptr_null(copy);
}
END_TEST

START_TEST(network_without_synapses_or_branches_has_its_duration_as_delay)
{
    folder_write("synapses.csv", "pre,post,weight_pa,delay_ms\n");
    ck_assert_int_eq(remove(folder_path("morphologies/B.swc")), 0);
    ck_assert_int_eq(rmdir(folder_path("morphologies")), 0);
    const chx_network_info *info = load();
    ck_assert_uint_eq(info->n_synapses, 0);
    ck_near(info->min_delay_ms, 100);
    ck_near(info->max_delay_ms, 100);
}
END_TEST

START_TEST(network_delays_are_rounded_to_whole_steps)
{
    folder_write("synapses.csv", "pre,post,weight_pa,delay_ms\nA,B,1,0.149\nA,C,1,0.96\n");
    const chx_network_info *info = load();
    ck_near(info->min_delay_ms, 0.1);
    ck_near(info->max_delay_ms, 1.0);
}
END_TEST

/* How the synapses come that are to be sorted: at random, each source's together, those nearly in
 * order, the last source first, or of two sources that have few targets; so many that threads share
 * the work. */
enum { MIXED, BY_SOURCE, NEARLY_SORTED, REVERSED, FEW, N_WAYS };

static chx_synapse
draw_synapse(int way, uint32_t i, uint32_t n, uint32_t n_cells)
{
    uint32_t each = n / n_cells, pre = i / each, post = i % each * n_cells / each;
    if (way == MIXED)
        pre = (uint32_t)rand() % n_cells;
    if (way == REVERSED)
        pre = n_cells - 1 - pre;
    if (way != NEARLY_SORTED || rand() % 10 == 0)
        post = (uint32_t)rand() % n_cells;
    if (way == FEW) {
        pre = (uint32_t)rand() % 2 * (n_cells - 1);
        post %= 3;
    }
    return (chx_synapse){pre, post, (float)(rand() % 9 - 4), 1.0f + (float)(rand() % 5)};
}

START_TEST(network_of_many_synapses_is_sorted)
{
    enum { N = 1200000, N_CELLS = 600 };
    static chx_synapse many[N];
    static chx_neuron cells[N_CELLS];
    static char names[N_CELLS][8];
    for (int i = 0; i < N_CELLS; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        cells[i] = (chx_neuron){.name = names[i], .diameter_um = 1};
    }
    double sum = 0;
    srand(3);
    for (int i = 0; i < N; i++) {
        many[i] = draw_synapse(_i, (uint32_t)i, N, N_CELLS);
        sum += many[i].weight_pa * (many[i].pre + 1.0) * (many[i].post + 3.0);
    }
    chx_neuron_type type = {"t", {10, 10, 5, -65, -50, -65, 2, 0}};
    chx_network_info given = {.time_step_ms = 0.1,
                              .duration_ms = 10,
                              .n_types = 1,
                              .types = &type,
                              .n_neurons = N_CELLS,
                              .neurons = cells,
                              .n_synapses = N,
                              .synapses = many};
    ck_assert_msg(chx_network_create(&given, &network) == CHX_OK, "%s", chx_last_error()->message);
    const chx_synapse *sorted = chx_network_get(network)->synapses;
    bool is_sorted = true;
    for (int i = 0; i < N; i++) {
        sum -= sorted[i].weight_pa * (sorted[i].pre + 1.0) * (sorted[i].post + 3.0);
        if (i == 0)
            continue;
        const chx_synapse *a = &sorted[i - 1], *b = &sorted[i];
        double left[] = {a->pre, a->post, a->delay_ms, a->weight_pa};
        double right[] = {b->pre, b->post, b->delay_ms, b->weight_pa};
        size_t k = 0;
        while (k < 3 && left[k] == right[k])
            k++;
        is_sorted &= left[k] <= right[k];
    }
    ck_assert(is_sorted);
    ck_near(sum, 0);
}
END_TEST

/* The second stimulus, and what makes it a spike train. */
#define POISSON                                                                           \
    "{\"kind\": \"poisson\", \"types\": [\"motor\"], \"start_ms\": 0, \"stop_ms\": 10,\n" \
    "      \"current_pa\": 4,\n"                                                          \
    "      \"rate_hz\": 50}"
#define TRAIN(times, weight)                                                          \
    POISSON, "{\"kind\": \"spike_train\", \"neurons\": [\"A\"], \"times_ms\": " times \
             ", \"weight_pa\": " weight "}"

/* One text replaced in one file of a good folder: '\1' stands for a NUL, '\2' for 70,000 letters;
 * find NULL removes the file. */
static const struct {
    const char *file, *find, *replace;
    chx_status status;
    const char *says;
} broken[] = {
    {"network.json", NULL, NULL, CHX_ERROR_FILE, "network.json: cannot open: No such file"},
    {"neurons.csv", NULL, NULL, CHX_ERROR_FILE, "neurons.csv: cannot open: No such file"},
    {"synapses.csv", NULL, NULL, CHX_ERROR_FILE, "synapses.csv: cannot open: No such file"},
    {"network.json", "\"seed\": 7", "\"seed\": 7,,", CHX_ERROR_FORMAT, "network.json:6: "},
    {"network.json", "\"seed\": 7", "\"seed\": 7, \"seed\": 8", CHX_ERROR_FORMAT,
     "network.json:6: "},
    {"network.json", "\"seed\"", "\"sede\"", CHX_ERROR_FORMAT, "network.json:6: sede: unknown key"},
    {"network.json", "\"seed\": 7", "\"seed\": -7", CHX_ERROR_FORMAT, "network.json:6: seed: "},
    {"network.json", "\"seed\": 7", "\"seed\": 1e300", CHX_ERROR_FORMAT, "network.json:6: seed: "},
    {"network.json", "chronaxie-network", "nest", CHX_ERROR_FORMAT,
     "network.json:2: format: is 'nest'"},
    {"network.json", "\"version\": 1", "\"version\": 2", CHX_ERROR_FORMAT,
     "network.json:2: version: is 2"},
    {"network.json", "  \"name\": \"three\",\n", "", CHX_ERROR_FORMAT, "network.json:1: "},
    {"network.json", "0.1", "0", CHX_ERROR_FORMAT, "network.json:4: time_step_ms: must lie"},
    {"network.json", "0.1", "\"0.1\"", CHX_ERROR_FORMAT,
     "network.json:4: time_step_ms: must be a number"},
    {"network.json", "0.1", "1e999", CHX_ERROR_FORMAT, "network.json:4: "},
    {"network.json", "\"time_step_ms\"", "\"time_step_s\"", CHX_ERROR_FORMAT,
     "network.json:4: time_step_s: unknown key"},
    {"network.json", "\"duration_ms\": 100", "\"duration_ms\": 1e300", CHX_ERROR_FORMAT,
     "network.json:5: duration_ms: is beyond"},
    {"network.json", "\"tau_synapse_ms\": 5", "\"tau_synapse_ms\": 10", CHX_ERROR_FORMAT,
     "network.json:10: neuron.tau_synapse_ms: equals tau_membrane_ms"},
    {"network.json", "\"capacitance_pf\": 10", "\"capacitance_pf\": -10", CHX_ERROR_FORMAT,
     "network.json:8: neuron.capacitance_pf: must be a number above 0"},
    {"network.json", "\"capacitance_pf\"", "\"capacitance_nf\"", CHX_ERROR_FORMAT,
     "network.json:8: neuron.capacitance_nf: unknown key"},
    {"network.json", "\"threshold_mv\": -50", "\"threshold_mv\": -70", CHX_ERROR_FORMAT,
     "network.json:11: neuron.threshold_mv: must be a number above reset_mv"},
    {"network.json", "\"resting_mv\": -65", "\"resting_mv\": 1e9", CHX_ERROR_FORMAT,
     "network.json:11: neuron.threshold_mv: is reset_mv in the arithmetic of floats"},
    {"network.json", "\"resting_mv\": -65", "\"resting_mv\": 1e300", CHX_ERROR_FORMAT,
     "network.json:11: neuron.resting_mv: must be a number between -1e12 and 1e12"},
    {"network.json", "\"capacitance_pf\": 10", "\"capacitance_pf\": 1e-320", CHX_ERROR_FORMAT,
     "network.json:8: neuron.capacitance_pf: is so small that"},
    {"network.json", "\"capacitance_pf\": 10", "\"capacitance_pf\": 1e300", CHX_ERROR_FORMAT,
     "network.json:8: neuron.capacitance_pf: is so large that"},
    {"network.json", "\"tau_membrane_ms\": 10", "\"tau_membrane_ms\": 1e-300", CHX_ERROR_FORMAT,
     "network.json:9: neuron.tau_membrane_ms: is so short that"},
    {"network.json", "\"tau_synapse_ms\": 5", "\"tau_synapse_ms\": 1e-300", CHX_ERROR_FORMAT,
     "network.json:10: neuron.tau_synapse_ms: is so short that"},
    {"network.json", "\"bias_pa\": 2", "\"bias_pa\": 1e-50", CHX_ERROR_FORMAT,
     "network.json:14: types.motor.bias_pa: must be 0, or 1e-12 to 1e12 in magnitude"},
    {"network.json", "\"current_pa\": 30", "\"current_pa\": 1e-50", CHX_ERROR_FORMAT,
     "network.json:17: stimuli[0].current_pa: must be 0, or 1e-12 to 1e12 in magnitude"},
    {"network.json", "\"rate_hz\": 50", "\"rate_hz\": 1e-300", CHX_ERROR_FORMAT,
     "network.json:20: stimuli[1].rate_hz: is so low that no event ever happens"},
    {"network.json", TRAIN("[10, -20]", "30"), CHX_ERROR_FORMAT,
     "network.json:18: stimuli[1].times_ms[1]: -20 is outside the range 0 to 2.14748e+08"},
    {"network.json", TRAIN("[10, 214748364.75]", "30"), CHX_ERROR_FORMAT,
     "network.json:18: stimuli[1].times_ms[1]: 2.14748e+08 is outside the range 0 to 2.14748e+08"},
    {"network.json", TRAIN("[10, \"soon\"]", "30"), CHX_ERROR_FORMAT,
     "network.json:18: stimuli[1].times_ms[1]: must be a number, not a text"},
    {"network.json", TRAIN("[]", "30"), CHX_ERROR_FORMAT,
     "network.json:18: stimuli[1].times_ms: has 0 elements"},
    {"network.json", TRAIN("{}", "30"), CHX_ERROR_FORMAT,
     "network.json:18: stimuli[1].times_ms: must be an array, not an object"},
    {"network.json", TRAIN("[10]", "1e200"), CHX_ERROR_FORMAT,
     "network.json:18: stimuli[1].weight_pa: must be 0, or 1e-12"},
    {"network.json", TRAIN("\"in.csv\"", "30"), CHX_ERROR_FORMAT,
     "network.json:18: stimuli[1]: the file of times_ms says which neurons"},
    {"network.json", "\"rate_hz\": 50", "\"rate_hz\": 50, \"weight_pa\": 2", CHX_ERROR_FORMAT,
     "network.json:20: stimuli[1].weight_pa: unknown key"},
    {"synapses.csv", "-4.5", "1e-50", CHX_ERROR_FORMAT,
     "synapses.csv:2: weight_pa is '1e-50', which is 0 as a float; write 0"},
    {"synapses.csv", "-4.5", "1e-30", CHX_ERROR_FORMAT,
     "synapses.csv:2: weight_pa must be 0, or 1e-12 to 1e12 in magnitude"},
    {"network.json", "\"refractory_ms\": 5", "\"refractory_ms\": -1", CHX_ERROR_FORMAT,
     "network.json:12: neuron.refractory_ms: "},
    {"network.json", "{\"bias_pa\": 2}", "{\"tau_synapse_ms\": 10}", CHX_ERROR_FORMAT,
     "network.json:14: types.motor.tau_synapse_ms: equals"},
    {"network.json", "\"motor\": {\"bias_pa\": 2}", "\"mtoor\": {}", CHX_ERROR_FORMAT,
     "network.json:14: types.mtoor: no row of neurons.csv has this type"},
    {"network.json", "[\"C\"]", "[\"D\"]", CHX_ERROR_FORMAT,
     "network.json:16: stimuli[0].neurons[0]: no row of neurons.csv has the name 'D'"},
    {"network.json", "[\"sensory\"]", "[\"sense\"]", CHX_ERROR_FORMAT,
     "network.json:16: stimuli[0].types[0]: no row of neurons.csv has the type 'sense'"},
    {"network.json", "\"neurons\": [\"C\"], \"types\": [\"sensory\"],", "", CHX_ERROR_FORMAT,
     "network.json:16: stimuli[0]: says neither neurons nor types"},
    {"network.json", "\"step\"", "\"ramp\"", CHX_ERROR_FORMAT,
     "network.json:16: stimuli[0].kind: is 'ramp'"},
    {"network.json", "\"stop_ms\": 9", "\"stop_ms\": 1", CHX_ERROR_FORMAT,
     "network.json:17: stimuli[0].stop_ms: must be a number above start_ms"},
    {"network.json", "\"current_pa\": 30", "\"current_pa\": 30, \"rate_hz\": 4", CHX_ERROR_FORMAT,
     "network.json:17: stimuli[0].rate_hz: belongs to a poisson stimulus"},
    {"network.json", "\"current_pa\": 4", "\"current_pa\": 1e200", CHX_ERROR_FORMAT,
     "network.json:19: stimuli[1].current_pa: must be 0, or 1e-12"},
    {"network.json", "\"rate_hz\": 50", "\"rate_hz\": 5e6", CHX_ERROR_FORMAT,
     "network.json:20: stimuli[1].rate_hz: is more than 100 events"},
    {"network.json", "\"zoom\": 2", "\"zoom\": 0", CHX_ERROR_FORMAT,
     "network.json:22: view.zoom: must lie between"},
    {"network.json", "\"zoom\": 2", "\"azimuth\": 2", CHX_ERROR_FORMAT,
     "network.json:22: view.azimuth: unknown key"},
    {"neurons.csv", "y_um,", "", CHX_ERROR_FORMAT, "neurons.csv:1: the column 'y_um' is missing"},
    {"neurons.csv", "x_um", "x_nm", CHX_ERROR_FORMAT, "neurons.csv:1: unknown column 'x_nm'"},
    {"neurons.csv", "C,", "A,", CHX_ERROR_FORMAT, "neurons.csv:4: the name 'A' stands twice"},
    {"neurons.csv", "A,sensory", "A,L2/3\x7f", CHX_ERROR_FORMAT, "neurons.csv:2: type holds a"},
    {"network.json", "\"three\"", "\"K\xf6rner\"", CHX_ERROR_FORMAT, "network.json:3: "},
    {"synapses.csv", "A,C", "\xe9,C", CHX_ERROR_FORMAT, "synapses.csv:3: pre is '"},
    {"neurons.csv", "C,", ",", CHX_ERROR_FORMAT, "neurons.csv:4: name is empty"},
    {"neurons.csv", "A,sensory", "A,", CHX_ERROR_FORMAT, "neurons.csv:2: type is empty"},
    {"neurons.csv", "B,", "B\1,", CHX_ERROR_FORMAT, "neurons.csv:3: the line holds a NUL byte"},
    {"neurons.csv", "B,", "B\2,", CHX_ERROR_FORMAT, "neurons.csv:3: the line is longer"},
    {"neurons.csv", "10,0,0", "inf,0,0", CHX_ERROR_FORMAT, "neurons.csv:3: x_um is 'inf'"},
    {"neurons.csv", "10,0,0", "1e30,0,0", CHX_ERROR_FORMAT, "neurons.csv:3: position_um must be"},
    {"neurons.csv", "2.5", "0", CHX_ERROR_FORMAT, "neurons.csv:3: diameter_um must be above 0"},
    {"neurons.csv", "2.5", "2,5", CHX_ERROR_FORMAT, "neurons.csv:3: the row has 7 fields"},
    {"neurons.csv", neurons + 37, "", CHX_ERROR_FORMAT, "neurons.csv:2: no neurons follow"},
    {"synapses.csv", "A,C", "A,D", CHX_ERROR_FORMAT, "synapses.csv:3: post is 'D', which no row"},
    {"synapses.csv", "B,C", "D,C", CHX_ERROR_FORMAT, "synapses.csv:2: pre is 'D', which no row"},
    {"synapses.csv", "-4.5", "strong", CHX_ERROR_FORMAT, "synapses.csv:2: weight_pa is 'strong'"},
    {"synapses.csv", "-4.5", "1e99", CHX_ERROR_FORMAT,
     "synapses.csv:2: weight_pa must be 0, or 1e-12"},
    {"synapses.csv", "0.14", "0.09", CHX_ERROR_FORMAT, "synapses.csv:3: delay_ms is shorter than"},
    {"synapses.csv", "0.14", "-1", CHX_ERROR_FORMAT, "synapses.csv:3: delay_ms is shorter than"},
    {"synapses.csv", "0.14", "1e9", CHX_ERROR_FORMAT, "synapses.csv:3: delay_ms is longer than"},
    {"synapses.csv", "0.14", "", CHX_ERROR_FORMAT, "synapses.csv:3: delay_ms is ''"},
    {"synapses.csv", "weight_pa", "weight_na", CHX_ERROR_FORMAT,
     "synapses.csv:1: unknown column 'weight_na'"},
    {"synapses.csv", synapses, "", CHX_ERROR_FORMAT, "synapses.csv:1: the table is empty"},
    {"morphologies/B.swc", ".5 1", ".5 2", CHX_ERROR_FORMAT,
     "morphologies/B.swc:2: the point 2 is its own parent"},
    {"morphologies/B.swc", "10 5", "10 nan", CHX_ERROR_FORMAT, "morphologies/B.swc:2: y is 'nan'"},
    {"morphologies/B.swc", "1 -1", "1 2", CHX_ERROR_FORMAT,
     "morphologies/B.swc:1: the point 1 is its own ancestor"},
};

static void
damage(const char *file, const char *find, const char *replace)
{
    char *text = folder_read(file), *at = strstr(text, find);
    ck_assert_msg(at, "%s is not in %s", find, file);
    char *damaged = calloc(1, 200000), *end = damaged;
    end = mempcpy(end, text, (size_t)(at - text));
    for (; *replace; replace++) {
        size_t n = *replace == '\2' ? 70000 : 1;
        memset(end, *replace == '\1' ? 0 : *replace == '\2' ? 'x' : *replace, n);
        end += n;
    }
    end = stpcpy(end, at + strlen(find));
    folder_write_bytes(file, damaged, (size_t)(end - damaged));
    free(damaged);
    free(text);
}

START_TEST(network_fault_is_located)
{
    if (broken[_i].find)
        damage(broken[_i].file, broken[_i].find, broken[_i].replace);
    else
        ck_assert_int_eq(remove(folder_path(broken[_i].file)), 0);
    chx_status status = chx_network_load(folder, &network);
    const char *message = chx_last_error()->message;
    ck_assert_ptr_null(network);
    ck_assert_msg(status == broken[_i].status, "%s: %s", chx_status_name(status), message);
    ck_assert_int_eq(chx_last_error()->status, status);
    ck_assert_msg(strncmp(message, folder, strlen(folder)) == 0, "%s", message);
    ck_assert_msg(strncmp(message + strlen(folder) + 1, broken[_i].says, strlen(broken[_i].says)) ==
                      0,
                  "%s\nis not %s", message, broken[_i].says);
    ck_assert_ptr_null(strchr(message, '\n'));
}
END_TEST

START_TEST(network_longest_delay_is_accepted)
{
    damage("synapses.csv", "0.14", "104857.6");
    ck_near(load()->max_delay_ms, 104857.6);
    chx_network_destroy(&network);
    damage("synapses.csv", "104857.6", "104857.7");
    ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "synapses.csv:3: delay_ms is longer"));
}
END_TEST

static void
check_train(const chx_stimulus *train)
{
    const chx_spike wanted[] = {{3, 0}, {3, 2}, {1000, 0}, {1000, 0}, {1000, 2}, {1000, 2}};
    ck_assert_int_eq(train->kind, CHX_STIMULUS_SPIKE_TRAIN);
    ck_assert_uint_eq(train->n_spikes, 6);
    for (int i = 0; i < 6; i++) {
        ck_assert_uint_eq(train->spikes[i].step, wanted[i].step);
        ck_assert_uint_eq(train->spikes[i].neuron, wanted[i].neuron);
    }
    ck_assert_uint_eq(train->n_neurons, 2);
    ck_assert_uint_eq(train->neurons[1], 2);
    ck_near(train->current_pa, 30);
    ck_near(train->start_ms, 0.3);
    ck_near(train->stop_ms, 100.1);
}

START_TEST(network_spike_train_is_a_list_or_a_file)
{
    damage("network.json", POISSON,
           "{\"kind\": \"spike_train\", \"types\": [\"sensory\"],"
           " \"times_ms\": [100, 0.29, 99.99], \"weight_pa\": 30}");
    check_train(&load()->stimuli[1]);
    ck_assert_int_eq(chx_network_save(network, folder_path("saved")), CHX_OK);
    chx_network_destroy(&network);
    ck_assert_int_eq(chx_network_load(folder_path("saved"), &network), CHX_OK);
    check_train(&chx_network_get(network)->stimuli[1]);
    chx_network_destroy(&network);
    damage("network.json", "\"types\": [\"sensory\"], \"times_ms\": [100, 0.29, 99.99]",
           "\"times_ms\": \"in.csv\"");
    folder_write("in.csv", "time,neuron,cell\n100,A,1\n100,C,1\n.29,A,1\n.3,C,1\n99.99,C,1\n"
                           "99.99,A,1\n");
    check_train(&load()->stimuli[1]);
    ck_assert_uint_eq(chx_network_get(network)->n_remarks, 1);
    ck_assert_ptr_nonnull(strstr(chx_network_get(network)->remarks[0], "in.csv:1: "));
}
END_TEST

static const struct {
    const char *text, *says;
} bad_trains[] = {
    {"neuron,time_ms\nA,1\nA,-1\n", "in.csv:3: time_ms is -1, before the begin"},
    {"neuron,time_ms\nD,1\n", "in.csv:2: neuron is 'D', which the network"},
    {"neuron,time_ms\nA,soon\n", "in.csv:2: time_ms is 'soon'"},
    {"neuron,time_ms\nA,1e9\n", "in.csv:2: time_ms is 1e+09, beyond"},
    {"", "in.csv:1: "},
    {NULL, "in.csv: cannot open"},
};

START_TEST(network_spike_train_file_fault_is_located)
{
    damage("network.json", POISSON,
           "{\"kind\": \"spike_train\", \"times_ms\": \"in.csv\", \"weight_pa\": 30}");
    if (bad_trains[_i].text)
        folder_write("in.csv", bad_trains[_i].text);
    ck_assert_int_lt(chx_network_load(folder, &network), 0);
    ck_assert_ptr_null(network);
    const char *message = chx_last_error()->message;
    ck_assert_msg(strstr(message, bad_trains[_i].says), "%s", message);
}
END_TEST

static const char placed[] = "name,type,x_um,y_um,z_um,diameter_um,morphology,rotation_deg\n"
                             "A,sensory,100,0,0,2,B.swc,90\n"
                             "B,motor,10,0,0,2,,\n"
                             "C,sensory,20,30,40,3,B,\n"
                             "D,sensory,0,0,0,3,,\n";

START_TEST(network_shape_is_shared_by_neurons_that_name_it)
{
    float at[3];
    folder_write("neurons.csv", placed);
    folder_write("morphologies/B.swc", "1 1 10 0 0 1 -1\n2 2 13 5 0 .5 1\n");
    const chx_network_info *info = load();
    ck_assert_uint_eq(info->n_nodes, 4); /* B has its own, at the file's coordinates */
    ck_assert_uint_eq(info->neurons[1].n_nodes, 2);
    ck_assert(info->neurons[1].shift_um[0] == 0);
    ck_assert_uint_eq(info->neurons[0].first_node, info->neurons[2].first_node);
    ck_assert_uint_eq(info->neurons[2].n_nodes, 2);
    ck_assert_uint_eq(info->neurons[3].n_nodes, 0);
    chx_neuron_place(&info->neurons[2], info->nodes[1].position_um, at);
    ck_assert(at[0] == 23 && at[1] == 35 && at[2] == 40);
    chx_neuron_place(&info->neurons[0], info->nodes[1].position_um, at);
    ck_near((double)at[0], 100);
    ck_near((double)at[2], -3);
    chx_network *copy = NULL;
    ck_assert_int_eq(chx_network_create(info, &copy), CHX_OK);
    chx_network_destroy(&copy);
}
END_TEST

START_TEST(network_shape_that_is_not_there_is_refused)
{
    folder_write("neurons.csv", placed);
    damage("neurons.csv", "40,3,B", "40,3,X.swc");
    ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(
        strstr(chx_last_error()->message, "neurons.csv:4: the morphology of C is not in"));
    damage("neurons.csv", "X.swc,", ",90");
    ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "neurons.csv:4: rotation_deg turns"));
    damage("neurons.csv", ",90\nD", "B,1e9\nD");
    ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(
        strstr(chx_last_error()->message, "neurons.csv:4: rotation_deg must lie"));
}
END_TEST

START_TEST(network_morphology_ends_in_any_case)
{
    unlink(folder_path("morphologies/B.swc"));
    folder_write("morphologies/B.SWC", branches);
    ck_assert_uint_eq(load()->n_nodes, 2);
    chx_network_destroy(&network);
    folder_write("morphologies/B.swc.gz", branches);
    ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "the same neuron's"));
}
END_TEST

START_TEST(network_tables_may_come_from_other_programs)
{
    folder_write("neurons.csv", ";name;type;x_um;y_um;z_um;diameter_um;side\r\n"
                                "0;720575940621039145;sensory;0;0;0;2;L\r\n"
                                "1;720575940621039146.0;motor;0;0;0;2;R\r\n"
                                "2;C;sensory;0;0;0;2;L\r\n");
    folder_write("synapses.csv", "pre_root_id,post_root_id,syn_count,delay\n"
                                 "720575940621039145.0,720575940621039146,5,1\n"
                                 "720575940621039146.0,C,6,1\n");
    remove(folder_path("morphologies/B.swc"));
    const chx_network_info *info = load();
    ck_assert_str_eq(info->neurons[1].name, "720575940621039146.0");
    ck_assert_uint_eq(info->synapses[0].pre, 0);
    ck_assert_uint_eq(info->synapses[0].post, 1);
    ck_assert_uint_eq(info->synapses[1].pre, 1);
    ck_near(info->synapses[1].weight_pa, 6);
    ck_assert_uint_eq(info->n_remarks, 2);
    ck_assert_ptr_nonnull(
        strstr(info->remarks[0], "/neurons.csv:1: ignored columns: (unnamed), side"));
    ck_assert_ptr_nonnull(
        strstr(info->remarks[1], "/synapses.csv:1: syn_count is read as weight_pa, delay is read"));
    chx_network *copy;
    ck_assert_int_eq(chx_network_create(info, &copy), CHX_OK);
    ck_assert_uint_eq(chx_network_get(copy)->n_remarks, 0);
    chx_network_destroy(&copy);
}
END_TEST

START_TEST(network_id_with_and_without_fraction_is_one_name)
{
    damage("neurons.csv", "A,", "1.0,");
    damage("neurons.csv", "C,", "1,");
    ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "neurons.csv:4: the name '1' stands"));
}
END_TEST

START_TEST(network_of_cells_has_each_at_its_place)
{
    folder_write("A.swc", "1 1 0 0 0 5000 -1\n2 3 40000 0 0 500 1\n");
    folder_write("b.SWC", "7 1 9000 0 0 4000 -1\n");
    char a[320], b[320], twin[320];
    strcpy(a, folder_path("A.swc"));
    strcpy(b, folder_path("b.SWC"));
    const char *const paths[] = {a, b, twin};
    const chx_cells_params nanometres = {.unit_um = 0.001};
    ck_assert_int_eq(chx_network_load_cells(paths, 2, &nanometres, &network), CHX_OK);
    const chx_network_info *info = chx_network_get(network);
    ck_assert_str_eq(info->name, "2 cells");
    ck_assert_uint_eq(info->n_types, 2);
    ck_assert_str_eq(info->types[1].name, "b");
    ck_assert_str_eq(info->neurons[0].name, "A");
    ck_assert_uint_eq(info->neurons[1].type, 1);
    ck_assert_uint_eq(info->neurons[1].first_node, 2);
    ck_assert_uint_eq(info->neurons[1].n_nodes, 1);
    ck_near(info->neurons[1].position_um[0], 9);
    ck_near(info->neurons[0].diameter_um, 10);
    ck_assert_uint_eq(info->stimuli[0].n_neurons, 2);
    chx_network_destroy(&network);
    strcpy(twin, folder_path("morphologies/A.swc"));
    folder_write("morphologies/A.swc", branches);
    ck_assert_int_eq(chx_network_load_cells(paths, 3, NULL, &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "/A.swc: is called 'A' as "));
    ck_assert_int_eq(chx_network_load_cells(paths, 0, NULL, &network), CHX_ERROR_INVALID);
}
END_TEST

START_TEST(network_of_edges_has_a_layout_that_is_the_same_each_time)
{
    folder_write("e.csv", "source\ttarget\n1.0\t2\n2\t720575940621039145\n1\t2\n1\t9\n8\t9\n");
    ck_assert_msg(chx_network_load_edges(folder_path("e.csv"), &network) == CHX_OK, "%s",
                  chx_last_error()->message);
    const chx_network_info *info = chx_network_get(network);
    ck_assert_str_eq(info->name, "e (positions are a layout)");
    ck_assert_uint_eq(info->n_neurons, 5);
    ck_assert_uint_eq(info->n_synapses, 5);
    ck_assert_str_eq(info->neurons[2].name, "720575940621039145");
    ck_near(info->synapses[0].weight_pa, 100);
    ck_near(info->min_delay_ms, 2);
    ck_assert_uint_eq(info->stimuli[0].neurons[0], 0);
    ck_assert_ptr_nonnull(strstr(info->remarks[0],
                                 "/e.csv:1: positions are a layout, each weight is 100 pA, each "
                                 "delay is 2 ms, 1 is driven"));
    chx_network *again;
    ck_assert_int_eq(chx_network_load_edges(folder_path("e.csv"), &again), CHX_OK);
    const chx_neuron *others = chx_network_get(again)->neurons;
    for (uint32_t i = 0; i < 5; i++) {
        const float *at = info->neurons[i].position_um;
        ck_assert_mem_eq(at, others[i].position_um, sizeof others[i].position_um);
        for (uint32_t j = 0; j < i; j++)
            ck_assert(hypotf(at[0] - others[j].position_um[0], at[1] - others[j].position_um[1]) >
                      10);
    }
    chx_network_destroy(&again);
}
END_TEST

/* Weights in a file, and what they become. */
static const struct {
    const char *name, *weights[3];
    float expected[3];
    const char *remark;
} relative_weights[] = {
    {"syn_count", {"2", "5", "9"}, {40, 100, 180}, "multiplied by 20 for a median of 100 pA"},
    {"Weight", {"-0.5", "0", "0.25"}, {-200, 0, 100}, "multiplied by 400 for a median of 100 pA"},
    {"weight", {"-7", "7", "7"}, {-100, 100, 100}, "multiplied by 14.29 for a median of 100 pA"},
    {"weight", {"0", "0", "0"}, {0, 0, 0}, "layout, all weights are 0, each delay is 2 ms"},
    {"weight", {"1e-12", "3e30", "1e-12"}, {100, 1e12f, 100}, "multiplied by 1e+14 for"},
    {"weight_pa", {"2", "5", "9"}, {2, 5, 9}, "positions are a layout, each delay is 2 ms"},
};

START_TEST(network_of_edges_scales_weights_that_have_no_unit)
{
    char text[256];
    sprintf(text, "source,target,%s\n1,2,%s\n2,3,%s\n3,1,%s\n", relative_weights[_i].name,
            relative_weights[_i].weights[0], relative_weights[_i].weights[1],
            relative_weights[_i].weights[2]);
    folder_write("e.csv", text);
    ck_assert_msg(chx_network_load_edges(folder_path("e.csv"), &network) == CHX_OK, "%s",
                  chx_last_error()->message);
    const chx_network_info *info = chx_network_get(network);
    for (int i = 0; i < 3; i++)
        ck_near(info->synapses[i].weight_pa, relative_weights[_i].expected[i]);
    ck_assert_msg(strstr(info->remarks[0], relative_weights[_i].remark) != NULL, "%s",
                  info->remarks[0]);
}
END_TEST

/* A table of edges, and what is said of it. */
static const struct {
    const char *text, *says;
} broken_edges[] = {
    {"source,target\n", "e.csv:2: no edges follow the header; add a row for each"},
    {"source,traget\nA,B\n", "e.csv:1: unknown column 'traget'; the columns are"},
    {"source,target,wieght\nA,B,1\n", "e.csv:1: unknown column 'wieght'; the columns are"},
    {"source,weight\nA,1\n", "e.csv:1: the column 'post' is missing"},
    {"source,target,weight\nA,B,many\n", "e.csv:2: weight_pa is 'many'"},
    {"source,target,delay\nA,B,0\n", "e.csv:2: delay_ms is shorter than"},
    {"source,target\nA,\n", "e.csv:2: name is empty"},
};

START_TEST(network_of_broken_edges_is_refused)
{
    folder_write("e.csv", broken_edges[_i].text);
    ck_assert_int_eq(chx_network_load_edges(folder_path("e.csv"), &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_null(network);
    ck_assert_msg(strstr(chx_last_error()->message, broken_edges[_i].says), "%s",
                  chx_last_error()->message);
}
END_TEST

START_TEST(network_types_may_be_layers_and_words_of_any_language)
{
    damage("neurons.csv", "A,sensory", "A,L2/3");
    damage("neurons.csv", "C,sensory", "\xc3\xa9,K\xc3\xb6rner");
    damage("network.json", "[\"C\"]", "[\"\xc3\xa9\"]");
    damage("network.json", "[\"sensory\"]", "[\"L2/3\"]");
    damage("synapses.csv", "B,C", "B,\xc3\xa9");
    damage("synapses.csv", "A,C", "A,\xc3\xa9");
    const chx_network_info *info = load();
    ck_assert_uint_eq(info->n_types, 3);
    ck_assert_str_eq(info->types[1].name, "L2/3");
    ck_assert_str_eq(info->types[2].name, "K\xc3\xb6rner");
    ck_assert_str_eq(info->neurons[2].name, "\xc3\xa9");
    ck_assert_uint_eq(info->stimuli[0].n_neurons, 2);
}
END_TEST

START_TEST(network_files_may_begin_with_a_byte_order_mark)
{
    static const char *const files[] = {"network.json", "neurons.csv", "synapses.csv",
                                        "morphologies/B.swc"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char marked[4096];
        char *text = folder_read(files[i]);
        snprintf(marked, sizeof marked, "\xef\xbb\xbf%s", text);
        folder_write(files[i], marked);
        free(text);
    }
    const chx_network_info *info = load();
    ck_contents(info);
    ck_sorted(info);
    ck_assert_uint_eq(info->n_remarks, 0);
    chx_network_destroy(&network);
    damage("network.json", "\"seed\": 7", "\"seed\": -7");
    ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "network.json:6: seed: "));
}
END_TEST

START_TEST(network_pipe_is_refused_and_not_waited_for)
{
    unlink(folder_path("synapses.csv"));
    ck_assert_int_eq(mkfifo(folder_path("synapses.csv"), 0600), 0);
    ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_FILE);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "is a pipe"));
}
END_TEST

START_TEST(network_morphology_of_nobody_is_refused)
{
    folder_write("morphologies/Q.swc", branches);
    ck_assert_int_eq(chx_network_load(folder, &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "morphologies/Q.swc:1: no row"));
    ck_assert_int_eq(chx_network_load(folder_path("none"), &network), CHX_ERROR_FILE);
}
END_TEST

/* One member of a good description damaged; the fault names it. */
static chx_network_info given;
static chx_neuron given_neurons[2];
static chx_neuron_type given_type;
static chx_synapse given_synapse;
static chx_stimulus given_stimulus;
static chx_node given_nodes[2];
static uint32_t given_target;

static void
reset_given(void)
{
    given_type = (chx_neuron_type){"t", {10, 10, 5, -65, -50, -65, 2, 0}};
    given_neurons[0] = (chx_neuron){.name = "a", .diameter_um = 1, .n_nodes = 2};
    given_neurons[1] = (chx_neuron){.name = "b", .diameter_um = 1};
    given_synapse = (chx_synapse){0, 1, 1, 1};
    given_target = 1;
    given_stimulus =
        (chx_stimulus){CHX_STIMULUS_STEP, 0, 1, 5, 0, .neurons = &given_target, .n_neurons = 1};
    given_nodes[0] = (chx_node){.radius_um = 1, .kind = 1};
    given_nodes[1] = (chx_node){.radius_um = 1, .position_um = {0, 2, 0}};
    given = (chx_network_info){.time_step_ms = 0.1,
                               .duration_ms = 10,
                               .n_types = 1,
                               .types = &given_type,
                               .n_neurons = 2,
                               .neurons = given_neurons,
                               .n_synapses = 1,
                               .synapses = &given_synapse,
                               .n_stimuli = 1,
                               .stimuli = &given_stimulus,
                               .n_nodes = 2,
                               .nodes = given_nodes};
}

static void
ck_refused(chx_status status, const char *says)
{
    ck_assert_int_eq(chx_network_create(&given, &network), status);
    ck_assert_ptr_null(network);
    ck_assert_msg(strstr(chx_last_error()->message, says), "%s", chx_last_error()->message);
    reset_given();
}

START_TEST(network_description_is_checked_like_a_folder)
{
    reset_given();
    given.time_step_ms = NAN;
    ck_refused(CHX_ERROR_FORMAT, "network: time_step_ms must lie");
    given.view.zoom = -1;
    ck_refused(CHX_ERROR_FORMAT, "view: zoom");
    given_type.params.tau_membrane_ms = 5;
    ck_refused(CHX_ERROR_FORMAT, "types[0]: tau_synapse_ms equals");
    given_type.model = "axon";
    ck_refused(CHX_ERROR_FORMAT, "types[0]: model is unknown");
    given_type.model = "adex";
    ck_refused(CHX_ERROR_FORMAT, "types[0]: capacitance_pf is missing");
    given_type.model = "lif";
    given_type.parameters = &(chx_parameter){"leak_ns", 10};
    given_type.n_parameters = 1;
    ck_refused(CHX_ERROR_FORMAT, "types[0]: leak_ns is no parameter of the model");
    given_neurons[1].name = "a";
    ck_refused(CHX_ERROR_FORMAT, "neurons[1]: the name 'a' is neurons[0]'s");
    given_neurons[1].name = NULL;
    ck_refused(CHX_ERROR_FORMAT, "neurons[1]: name is NULL");
    given_neurons[1].type = 1;
    ck_refused(CHX_ERROR_FORMAT, "neurons[1]: type 1 is beyond");
    given_neurons[1].position_um[2] = INFINITY;
    ck_refused(CHX_ERROR_FORMAT, "neurons[1]: position_um");
    given_neurons[1].first_node = 2;
    given_neurons[1].n_nodes = UINT32_MAX;
    ck_refused(CHX_ERROR_FORMAT, "neurons[1]: its nodes lie beyond");
    given_synapse.post = 2;
    ck_refused(CHX_ERROR_FORMAT, "synapses[0]: 0 -> 2 is beyond");
    given_synapse.delay_ms = 0.05f;
    ck_refused(CHX_ERROR_FORMAT, "synapses[0]: delay_ms is shorter");
    given_stimulus.kind = 0;
    ck_refused(CHX_ERROR_FORMAT, "stimuli[0]: kind");
    given_target = 2;
    ck_refused(CHX_ERROR_FORMAT, "stimuli[0]: neuron 2 is beyond");
    given_nodes[1].parent = 7;
    ck_refused(CHX_ERROR_FORMAT, "nodes[1]: parent 7 is beyond");
    given_neurons[0].n_nodes = 1;
    given_neurons[1].first_node = 1;
    given_neurons[1].n_nodes = 1;
    ck_refused(CHX_ERROR_FORMAT, "nodes[1]: parent 0 is not a node of the same neuron, b");
    given.n_graded = 1;
    given.graded = &(chx_graded_synapse){0, 2, 1, 0};
    ck_refused(CHX_ERROR_FORMAT, "graded[0]: 0 -> 2 is beyond the 2 neurons");
    given.n_graded = 1;
    given.graded = &(chx_graded_synapse){0, 1, 1, 0};
    ck_refused(CHX_ERROR_FORMAT, "graded[0]: ");
    given_stimulus = (chx_stimulus){.kind = CHX_STIMULUS_SPIKE_TRAIN, .n_spikes = 1};
    given_stimulus.spikes = &(chx_spike){1, 2};
    ck_refused(CHX_ERROR_FORMAT, "spikes[0]: neuron 2 is beyond the 2 neurons");
    given_stimulus = (chx_stimulus){.kind = CHX_STIMULUS_SPIKE_TRAIN, .n_spikes = 1};
    given_stimulus.spikes = &(chx_spike){INT32_MAX, 1};
    ck_refused(CHX_ERROR_LIMIT, "spikes[0]: step 2147483647 is beyond");
    given_nodes[0].parent = 1;
    ck_refused(CHX_ERROR_FORMAT, "is its own ancestor");
    given_nodes[0].radius_um = 0;
    ck_refused(CHX_ERROR_FORMAT, "nodes[0]: radius_um");
    given.n_neurons = 0;
    ck_refused(CHX_ERROR_FORMAT, "no neurons");
    given.n_synapses = UINT64_MAX;
    ck_refused(CHX_ERROR_LIMIT, "synapses are more than");
    given.n_gaps = UINT64_MAX;
    given.gaps = &(chx_gap){0, 1, 1};
    ck_refused(CHX_ERROR_LIMIT, "gaps are more than");
    given.n_graded = UINT64_MAX;
    given.graded = &(chx_graded_synapse){0, 1, 1, 0};
    ck_refused(CHX_ERROR_LIMIT, "graded synapses are more than");
    given.n_neurons = UINT32_MAX;
    ck_refused(CHX_ERROR_LIMIT, "more than");
    given.synapses = NULL;
    ck_refused(CHX_ERROR_INVALID, "synapses");
    ck_assert_int_eq(chx_network_create(&given, &network), CHX_OK);
    ck_near(chx_network_get(network)->nodes[1].path_um, 2);
}
END_TEST

/* A number, what it is put to, and what is said of that. */
typedef struct slip {
    double *number;
    double to;
    const char *says;
} slip;

START_TEST(network_views_and_plasticities_are_in_their_ranges)
{
    chx_plasticity stdp;
    const chx_plasticity good = {.kind = CHX_PLASTICITY_STDP,
                                 .potentiation = 0.01,
                                 .depression = 0.01,
                                 .potentiation_ms = 20,
                                 .depression_ms = 20,
                                 .weight_max = 5};
    const slip slips[] = {
        {&given.view.azimuth_deg, 3601, "view: azimuth_deg must lie between -3600 and 3600"},
        {&given.view.elevation_deg, 91, "view: elevation_deg must lie between -90 and 90"},
        {&given.view.roll_deg, -3601, "view: roll_deg must lie between -3600 and 3600"},
        {&given.view.zoom, 1e5, "view: zoom must lie between 0.01 and 10000"},
        {&given.view.speed, 1e10, "view: speed must lie between"},
        {&stdp.potentiation, 2, "plasticities[0]: potentiation must be 0 to 1"},
        {&stdp.depression, -1, "plasticities[0]: depression must be 0 to 1"},
        {&stdp.potentiation_ms, 0, "plasticities[0]: potentiation_ms must be above 0"},
        {&stdp.depression_ms, 2e9, "plasticities[0]: depression_ms must be above 0"},
        {&stdp.potentiation_exponent, 101, "plasticities[0]: potentiation_exponent must be"},
        {&stdp.depression_exponent, -1, "plasticities[0]: depression_exponent must be"},
        {&stdp.weight_max, 0, "plasticities[0]: weight_max must be 1e-12 to 1e12"},
    };
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        reset_given();
        stdp = good;
        given.n_plasticities = 1;
        given.plasticities = &stdp;
        *slips[i].number = slips[i].to;
        ck_refused(CHX_ERROR_FORMAT, slips[i].says);
    }
}
END_TEST

#define MOST_PARAMETERS 13

/* Good parameters of a model, and such as put one of them out of its range. */
static const struct {
    const char *model;
    chx_parameter good[MOST_PARAMETERS], bad[MOST_PARAMETERS];
} models[] = {
    {"adex",
     {{"capacitance_pf", 281},
      {"leak_ns", 30},
      {"resting_mv", -70},
      {"slope_mv", 2},
      {"threshold_mv", -50},
      {"peak_mv", 20},
      {"reset_mv", -70},
      {"adaptation_ns", 4},
      {"tau_adaptation_ms", 144},
      {"jump_pa", 80},
      {"tau_synapse_ms", 5}},
     {{"leak_ns", 1e5},
      {"capacitance_pf", 1e11},
      {"tau_adaptation_ms", 1e-3},
      {"adaptation_ns", 1e10},
      {"peak_mv", -60},
      {"slope_mv", 0.1}}},
    {"izhikevich",
     {{"capacitance_pf", 100},
      {"gain_ns_per_mv", 0.7},
      {"resting_mv", -60},
      {"threshold_mv", -40},
      {"peak_mv", 35},
      {"reset_mv", -50},
      {"recovery_per_ms", 0.03},
      {"coupling_ns", -2},
      {"jump_pa", 100},
      {"tau_synapse_ms", 5}},
     {{"capacitance_pf", 1e10},
      {"gain_ns_per_mv", 1e3},
      {"recovery_per_ms", 30},
      {"coupling_ns", 1e10},
      {"peak_mv", -45}}},
    {"lif_cond",
     {{"capacitance_pf", 200},
      {"leak_ns", 10},
      {"resting_mv", -60},
      {"threshold_mv", -50},
      {"reset_mv", -60},
      {"tau_synapse_ms", 5},
      {"tau_inhibition_ms", 10}},
     {{"capacitance_pf", 1e10},
      {"leak_ns", 1e5},
      {"excitation_mv", 2e5},
      {"inhibition_mv", -2e5},
      {"tau_inhibition_ms", 1e-4}}},
};
#define N_MODELS ((int)(sizeof models / sizeof *models))

/* The model's good parameters with another value of one, or with one that has a default. */
static void
give_parameters(int model, const chx_parameter *other, chx_parameter *given_parameters)
{
    uint32_t n = 0;
    bool is_there = !other;
    for (; models[model].good[n].name; n++) {
        given_parameters[n] = models[model].good[n];
        if (other && strcmp(given_parameters[n].name, other->name) == 0) {
            given_parameters[n] = *other;
            is_there = true;
        }
    }
    if (!is_there)
        given_parameters[n++] = *other;
    given_type = (chx_neuron_type){"t", .model = models[model].model,
                                   .parameters = given_parameters, .n_parameters = n};
}

START_TEST(network_parameters_that_no_membrane_has_are_refused)
{
    chx_parameter parameters[MOST_PARAMETERS];
    reset_given();
    give_parameters(_i, NULL, parameters);
    ck_assert_msg(chx_network_create(&given, &network) == CHX_OK, "%s", chx_last_error()->message);
    chx_network_destroy(&network);
    for (const chx_parameter *bad = models[_i].bad; bad->name; bad++) {
        char says[100];
        give_parameters(_i, bad, parameters);
        snprintf(says, sizeof says, "types[0]: %s ", bad->name);
        ck_refused(CHX_ERROR_FORMAT, says);
    }
}
END_TEST

/* As programs may make one, whose texts no JSON can hold. */
START_TEST(network_of_texts_that_are_not_utf8_is_not_saved)
{
    chx_network_info info = *load();
    chx_network *made = NULL;
    *(_i ? &info.description : &info.name) = "M\xfcller";
    ck_assert_int_eq(chx_network_create(&info, &made), CHX_OK);
    ck_assert_int_eq(chx_network_save(made, folder_path("saved")), CHX_ERROR_INVALID);
    ck_assert_str_eq(chx_last_error()->message,
                     _i ? "the network's description is not UTF-8, as what is saved is"
                        : "the network's name is not UTF-8, as what is saved is");
    ck_assert_int_ne(access(folder_path("saved"), F_OK), 0);
    chx_network_destroy(&made);
}
END_TEST

static void
check_models(const chx_network_info *info)
{
    const chx_neuron_type *motor = &info->types[0], *sensory = &info->types[1];
    ck_assert_str_eq(motor->model, "adex");
    ck_assert_uint_eq(motor->n_parameters, 13);
    ck_assert_str_eq(motor->parameters[1].name, "leak_ns");
    ck_near(motor->parameters[1].value, 12);
    ck_assert_str_eq(motor->parameters[5].name, "peak_mv");
    ck_near(motor->parameters[5].value, 0);
    ck_assert_ptr_null(sensory->model);
    ck_near(sensory->params.reset_mv, -66);
}

START_TEST(network_types_may_have_a_model_of_their_own)
{
    damage("network.json", "{\"bias_pa\": 2}",
           "{\"model\": \"adex\", \"capacitance_pf\": 200, \"leak_ns\": 12, \"resting_mv\": -70, "
           "\"threshold_mv\": -50, \"slope_mv\": 2, \"reset_mv\": -58, \"tau_synapse_ms\": 5, "
           "\"tau_adaptation_ms\": 300, \"adaptation_ns\": 2, \"jump_pa\": 60}");
    check_models(load());
    ck_assert_int_eq(chx_network_save(network, folder_path("saved")), CHX_OK);
    chx_network *copy = NULL;
    ck_assert_int_eq(chx_network_create(chx_network_get(network), &copy), CHX_OK);
    chx_network_destroy(&network);
    check_models(chx_network_get(copy));
    chx_network_destroy(&copy);
    ck_assert_int_eq(chx_network_load(folder_path("saved"), &network), CHX_OK);
    check_models(chx_network_get(network));
}
END_TEST

static const char own_code[] = "chronaxie-model 1\n parameter gain = 2\n state v = gain */\n"
                               "MODEL_STEP { fired = n->v > c->gain; }\n";

static void
write_own(const char *name, const char *comment)
{
    char text[2048];
    snprintf(text, sizeof text, "/* %s\n%s", comment, own_code);
    folder_write(name, text);
}

static void
check_own_models(const chx_network_info *info)
{
    const chx_neuron_type *motor = &info->types[0], *sensory = &info->types[1];
    ck_assert_ptr_nonnull(motor->own);
    ck_assert_ptr_nonnull(sensory->own);
    ck_assert_ptr_ne(motor->own, sensory->own);
    ck_assert_str_eq(motor->parameters[0].name, "gain");
    ck_near(motor->parameters[0].value, 3);
    ck_near(sensory->parameters[0].value, 2);
    ck_assert_uint_eq(sensory->n_parameters, 3);
}

/* Names that must not lead out of the folder, nor into one another's files. */
START_TEST(network_neurons_of_any_name_keep_their_morphologies_when_saved)
{
    static const char *const names[] = {"../C", "/etc/passwd", "..", "L2/3", "L2%2F3", ".x", "50%"};
    char table[512] = "name,type,x_um,y_um,z_um,diameter_um\n";
    for (int i = 0; i < 7; i++)
        sprintf(table + strlen(table), "%s,L2/3,%d,0,0,10\n", names[i], i);
    folder_write("neurons.csv", table);
    folder_write("synapses.csv", "pre,post,weight_pa,delay_ms\n../C,..,5,1\n");
    folder_write("network.json",
                 "{\"format\": \"chronaxie-network\", \"version\": 1, \"name\": \"n\","
                 "\"time_step_ms\": 0.1, \"duration_ms\": 10, \"neuron\": {"
                 "\"capacitance_pf\": 10, \"tau_membrane_ms\": 10, \"tau_synapse_ms\": 5,"
                 "\"resting_mv\": -65, \"threshold_mv\": -50, \"reset_mv\": -65,"
                 "\"refractory_ms\": 5}}");
    static const char *const files[] = {
        "%2E.%2FC", "%2Fetc%2Fpasswd", "%2E.", "L2%2F3", "L2%252F3", "%2Ex", "50%"};
    for (int i = 0; i < 7; i++) {
        char path[64], points[64];
        sprintf(path, "morphologies/%s.swc", files[i]);
        sprintf(points, "1 1 %d 0 0 5 -1\n2 3 %d 9 0 1 1\n", i, i);
        folder_write(path, points);
    }
    remove(folder_path("morphologies/B.swc"));
    remove(folder_path("morphologies/A.swc"));
    for (int round = 0; round < 2; round++) {
        ck_assert_msg(chx_network_load(folder_path(round ? "saved" : ""), &network) == CHX_OK, "%s",
                      chx_last_error()->message);
        const chx_network_info *info = chx_network_get(network);
        for (uint32_t i = 0; i < 7; i++) {
            ck_assert_str_eq(info->neurons[i].name, names[i]);
            ck_assert_uint_eq(info->neurons[i].n_nodes, 2);
            ck_near(info->nodes[info->neurons[i].first_node].position_um[0], i);
        }
        if (round == 0)
            ck_assert_int_eq(chx_network_save(network, folder_path("saved")), CHX_OK);
        chx_network_destroy(&network);
    }
}
END_TEST

/* Types without neurons are not saved, nor what is about their synapses alone. */
START_TEST(network_types_without_neurons_leave_rules_when_saved)
{
    chx_network_info wider = *load();
    chx_neuron_type types[8];
    ck_assert_uint_lt(wider.n_types, 8);
    memcpy(types, wider.types, wider.n_types * sizeof *types);
    const uint32_t idle = wider.n_types, some[] = {idle, 0};
    types[idle] = types[0];
    types[idle].name = "idle";
    const chx_plasticity plasticities[] = {
        {.kind = CHX_PLASTICITY_SHORT_TERM, .to = some, .n_to = 1, .utilization = 0.5},
        {.kind = CHX_PLASTICITY_SHORT_TERM, .from = some, .n_from = 2, .utilization = 0.25},
    };
    const chx_port_rule ports[] = {{.from = some, .n_from = 1, .port = "input"},
                                   {.from = some, .n_from = 2, .port = "input"}};
    wider.types = types;
    wider.n_types++;
    wider.plasticities = plasticities;
    wider.n_plasticities = 2;
    wider.ports = ports;
    wider.n_ports = 2;
    chx_network *made;
    ck_assert_int_eq(chx_network_create(&wider, &made), CHX_OK);
    ck_assert_int_eq(chx_network_save(made, folder_path("saved")), CHX_OK);
    chx_network_destroy(&made);
    ck_assert_msg(chx_network_load(folder_path("saved"), &made) == CHX_OK, "%s",
                  chx_last_error()->message);
    const chx_network_info *info = chx_network_get(made);
    ck_assert_uint_eq(info->n_plasticities, 1);
    ck_assert_uint_eq(info->plasticities[0].n_from, 1);
    ck_near(info->plasticities[0].utilization, 0.25);
    ck_assert_uint_eq(info->n_ports, 1);
    ck_assert_uint_eq(info->ports[0].n_from, 1);
    ck_assert_str_eq(info->types[info->ports[0].from[0]].name, types[0].name);
    chx_network_destroy(&made);
}
END_TEST

START_TEST(network_models_of_its_own_are_saved_with_it)
{
    ck_assert_int_eq(mkdir(folder_path("deep"), 0755), 0);
    write_own("mine.cl", "one");
    write_own("deep/mine.cl", "two");
    damage("network.json",
           "\"capacitance_pf\": 10,\n    \"tau_membrane_ms\": 10,\n    \"tau_synapse_ms\": 5,\n"
           "    \"resting_mv\": -65, \"threshold_mv\": -50, \"reset_mv\": -66,\n    ",
           "\"model\": \"mine.cl\", ");
    damage("network.json", "{\"bias_pa\": 2}", "{\"model\": \"deep/mine.cl\", \"gain\": 3}");
    check_own_models(load());
    ck_assert_int_eq(chx_network_save(network, folder_path("saved")), CHX_OK);
    chx_network *copy = NULL;
    ck_assert_int_eq(chx_network_create(chx_network_get(network), &copy), CHX_OK);
    chx_network_destroy(&network);
    check_own_models(chx_network_get(copy));
    chx_network_destroy(&copy);
    ck_assert_int_eq(chx_network_load(folder_path("saved"), &network), CHX_OK);
    check_own_models(chx_network_get(network));
    char *text = folder_read("saved/0-mine.cl");
    ck_assert_ptr_eq(strstr(text, "/* two"), text);
    free(text);
}
END_TEST

START_TEST(network_model_is_of_a_file_or_of_a_name)
{
    write_own("mine.cl", "");
    chx_model *model = NULL;
    ck_assert_int_eq(chx_model_from_file(folder_path("mine.cl"), &model), CHX_OK);
    reset_given();
    given_type.own = model;
    ck_assert_int_eq(chx_network_create(&given, &network), CHX_OK);
    chx_network_destroy(&network);
    given_type.parameters = &(chx_parameter){"gian", 1};
    given_type.n_parameters = 1;
    ck_refused(CHX_ERROR_FORMAT, "types[0]: gian is no parameter of the model");
    given_type.model = "mine.cl";
    ck_refused(CHX_ERROR_FORMAT, "types[0]: model is unknown");
    chx_model_destroy(&model);
    chx_model_destroy(&model);
    ck_assert_int_eq(chx_model_from_file(folder_path("none.cl"), &model), CHX_ERROR_FILE);
    ck_assert_int_eq(chx_model_from_file(NULL, &model), CHX_ERROR_INVALID);
    ck_assert_ptr_null(model);
}
END_TEST

START_TEST(network_spikes_are_written_with_names_and_times)
{
    damage("neurons.csv", "B,motor", "\"B \"\"2\"\", left\",motor");
    ck_assert_int_eq(remove(folder_path("morphologies/B.swc")), 0);
    static const chx_spike spikes[] = {{0, 0}, {3, 1}, {3, 2}, {1234, 0}, {4294967295u, 0}};
    folder_write("synapses.csv", "pre,post,weight_pa,delay_ms\n");
    load();
    ck_assert_int_eq(chx_spikes_write_csv(network, spikes, 5, folder_path("s.csv")), CHX_OK);
    char *text = folder_read("s.csv");
    ck_assert_str_eq(text, "time_ms,neuron\n0,A\n0.3,\"B \"\"2\"\", left\"\n0.3,C\n123.4,A\n"
                           "429496729.5,A\n");
    free(text);
    chx_spike beyond = {0, 3};
    ck_assert_int_eq(chx_spikes_write_csv(network, &beyond, 1, folder_path("s.csv")),
                     CHX_ERROR_INVALID);
}
END_TEST

START_TEST(network_spikes_on_a_full_disk_leave_the_old_file)
{
    load();
    folder_write("s.csv", "old");
    static chx_spike spikes[50000];
    const char *full_disk = folder_full_disk();
    ck_assert_int_eq(chx_spikes_write_csv(network, spikes, 50000, full_disk), CHX_ERROR_FILE);
    ck_assert_int_eq(chx_spikes_write_csv(network, spikes, 1, full_disk), CHX_ERROR_FILE);
    ck_assert_int_eq(chx_spikes_write_csv(network, spikes, 1, folder_path("no/s.csv")),
                     CHX_ERROR_FILE);
    unsigned n_files = folder_count();
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {5000, 5000};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(chx_spikes_write_csv(network, spikes, 50000, folder_path("s.csv")),
                     CHX_ERROR_FILE);
    ck_assert_uint_eq(folder_count(), n_files);
    char *text = folder_read("s.csv");
    ck_assert_str_eq(text, "old");
    free(text);
}
END_TEST

START_TEST(network_worm_is_whole)
{
    ck_assert_msg(chx_network_load(SOURCE_ROOT "/examples/celegans", &network) == CHX_OK, "%s",
                  chx_last_error()->message);
    const chx_network_info *info = chx_network_get(network);
    ck_assert_uint_eq(info->n_neurons, 302);
    ck_assert_uint_eq(info->n_synapses, 2279);
    ck_assert_uint_eq(info->n_gaps, 552);
    ck_assert_uint_eq(info->n_nodes, 15608);
    ck_assert_uint_eq(info->stimuli[0].n_neurons, 3);
    ck_near(info->min_delay_ms, 1.0);
    for (uint32_t i = 0; i < info->n_neurons; i++) {
        const chx_neuron *neuron = &info->neurons[i];
        ck_assert_uint_gt(neuron->n_nodes, 1);
        const chx_node *soma = &info->nodes[neuron->first_node];
        for (int axis = 0; axis < 3; axis++)
            ck_assert(fabsf(soma->position_um[axis] - neuron->position_um[axis]) < 0.01f);
    }
    ck_assert_ptr_null(chx_network_get(NULL));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("network");
    TCase *tests = tcase_create("network");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, network_folder_is_loaded);
    tcase_add_test(tests, network_synapses_are_sorted);
    tcase_add_test(tests, network_made_by_a_program_equals_the_loaded_one);
    tcase_add_test(tests, network_without_synapses_or_branches_has_its_duration_as_delay);
    tcase_add_test(tests, network_delays_are_rounded_to_whole_steps);
    tcase_add_loop_test(tests, network_of_many_synapses_is_sorted, 0, N_WAYS);
    tcase_add_loop_test(tests, network_fault_is_located, 0, sizeof broken / sizeof *broken);
    tcase_add_test(tests, network_morphology_of_nobody_is_refused);
    tcase_add_test(tests, network_shape_is_shared_by_neurons_that_name_it);
    tcase_add_test(tests, network_shape_that_is_not_there_is_refused);
    tcase_add_test(tests, network_longest_delay_is_accepted);
    tcase_add_test(tests, network_spike_train_is_a_list_or_a_file);
    tcase_add_loop_test(tests, network_spike_train_file_fault_is_located, 0,
                        sizeof bad_trains / sizeof *bad_trains);
    tcase_add_test(tests, network_morphology_ends_in_any_case);
    tcase_add_test(tests, network_tables_may_come_from_other_programs);
    tcase_add_test(tests, network_id_with_and_without_fraction_is_one_name);
    tcase_add_test(tests, network_of_cells_has_each_at_its_place);
    tcase_add_test(tests, network_of_edges_has_a_layout_that_is_the_same_each_time);
    tcase_add_loop_test(tests, network_of_edges_scales_weights_that_have_no_unit, 0,
                        sizeof relative_weights / sizeof *relative_weights);
    tcase_add_loop_test(tests, network_of_broken_edges_is_refused, 0,
                        sizeof broken_edges / sizeof *broken_edges);
    tcase_add_loop_test(tests, network_of_texts_that_are_not_utf8_is_not_saved, 0, 2);
    tcase_add_test(tests, network_types_may_have_a_model_of_their_own);
    tcase_add_test(tests, network_types_without_neurons_leave_rules_when_saved);
    tcase_add_test(tests, network_models_of_its_own_are_saved_with_it);
    tcase_add_test(tests, network_neurons_of_any_name_keep_their_morphologies_when_saved);
    tcase_add_test(tests, network_model_is_of_a_file_or_of_a_name);
    tcase_add_test(tests, network_types_may_be_layers_and_words_of_any_language);
    tcase_add_test(tests, network_files_may_begin_with_a_byte_order_mark);
    tcase_add_test(tests, network_pipe_is_refused_and_not_waited_for);
    tcase_add_test(tests, network_description_is_checked_like_a_folder);
    tcase_add_test(tests, network_views_and_plasticities_are_in_their_ranges);
    tcase_add_loop_test(tests, network_parameters_that_no_membrane_has_are_refused, 0, N_MODELS);
    tcase_add_test(tests, network_spikes_are_written_with_names_and_times);
    tcase_add_test(tests, network_spikes_on_a_full_disk_leave_the_old_file);
    tcase_add_test(tests, network_worm_is_whole);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
