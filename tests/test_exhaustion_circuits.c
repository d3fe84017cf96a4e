/* Memory that is out, of what a program asks the library for: networks that rules draw, with gaps,
 * ports and plasticity, what is simulated of them in parts, its tables, and plans for machines that
 * are described. Kernels of neurons do nothing. */
#include <chronaxie/picture.h>
#include <chronaxie/schedule.h>
#include <chronaxie/simulation.h>

#include "exhaustion.h"
#include "scratch.h"

#define N_NEURONS 31
#define MOST_SYNAPSES 4096
#define STEP_MS 0.1
#define MANY 1001 /* neurons whose synapses, all of them, are not listed before someone asks */

/* With or without plasticity that learns. Null devices do not know the arguments that gaps and
 * learning add to a kernel, so a network with those is prepared, and a plainer one simulated. */
#define DRAWN(learning)                                                                           \
    "{\"format\": \"chronaxie-network\", \"version\": 1, \"name\": \"drawn\", \"seed\": 3,\n"     \
    "\"time_step_ms\": 0.1, \"duration_ms\": 10,\n"                                               \
    "\"neuron\": {\"capacitance_pf\": 10, \"tau_membrane_ms\": 10, \"tau_synapse_ms\": 5,\n"      \
    "\"tau_inhibition_ms\": 7, \"resting_mv\": -65, \"threshold_mv\": -50, \"reset_mv\": -65,\n"  \
    "\"refractory_ms\": 5},\n"                                                                    \
    "\"types\": {\"E\": {\"neurons\": 12, \"initial\": {\"current_pa\": {\"uniform\":\n"          \
    "{\"min\": 0, \"max\": 9}}}}, \"I\": {\"neurons\": 6, \"bias_pa\": {\"normal\":\n"            \
    "{\"mean\": 1, \"sd\": 0.1}}}, \"R\": {\"model\": \"relay\", \"neurons\": 5},\n"              \
    "\"S\": {\"model\": \"receptors.cl\", \"neurons\": 4}, \"G\": {\"model\": \"graded\",\n"      \
    "\"capacitance_pf\": 10, \"leak_ns\": 0.1, \"resting_mv\": -35, \"midpoint_mv\": -30,\n"      \
    "\"width_mv\": 5, \"rise_per_ms\": 0.5, \"fall_per_ms\": 0.1, \"threshold_mv\": -25,\n"       \
    "\"tau_synapse_ms\": 5, \"neurons\": 4}},\n"                                                  \
    "\"projections\": [\n"                                                                        \
    "{\"from\": \"E\", \"to\": [\"E\", \"I\"], \"rule\": \"fixed_indegree\", \"synapses\": 4,\n"  \
    "\"multiple\": false, \"weight_pa\": {\"lognormal\": {\"mean\": 3, \"sd\": 1}},\n"            \
    "\"delay_ms\": {\"uniform\": {\"min\": 0.5, \"max\": 3}}},\n"                                 \
    "{\"from\": \"I\", \"to\": \"E\", \"rule\": \"pairwise_bernoulli\", \"probability\": 0.5,\n"  \
    "\"weight_pa\": -2, \"delay_ms\": 1},\n"                                                      \
    "{\"from\": \"R\", \"to\": \"S\", \"rule\": \"fixed_total\", \"synapses\": 9,\n"              \
    "\"multiple\": false, \"weight_pa\": 2, \"delay_ms\": 1},\n"                                  \
    "{\"from\": \"E\", \"to\": \"S\", \"rule\": \"fixed_outdegree\", \"synapses\": 2,\n"          \
    "\"multiple\": false, \"weight_pa\": 2, \"delay_ms\": 1},\n"                                  \
    "{\"from\": \"S\", \"to\": \"G\", \"rule\": \"one_to_one\", \"weight_pa\": 2, \"delay_ms\": " \
    "1},\n"                                                                                       \
    "{\"from\": \"E\", \"to\": \"G\", \"rule\": \"all_to_all\", \"weight_pa\": 2, \"delay_ms\": " \
    "1}],\n"                                                                                      \
    "\"plasticities\": [{\"kind\": \"short_term\", \"from\": \"I\", \"utilization\": 0.5,\n"      \
    "\"recovery_ms\": 20}" learning "],\n"                                                        \
    "\"ports\": [{\"from\": \"R\", \"to\": \"S\", \"port\": \"slow\"}],\n"                        \
    "\"stimuli\": [{\"kind\": \"step\", \"types\": [\"E\"], \"start_ms\": 0, \"stop_ms\": 5,\n"   \
    "\"current_pa\": 9}, {\"kind\": \"poisson\", \"types\": [\"R\"], \"neurons\": [\"E1\"],\n"    \
    "\"start_ms\": 0, \"stop_ms\": 9, \"rate_hz\": 50, \"current_pa\": 1},\n"                     \
    "{\"kind\": \"spike_train\", \"types\": [\"I\"], \"times_ms\": [1, 2], \"weight_pa\": 4},\n"  \
    "{\"kind\": \"spike_train\", \"times_ms\": \"train.csv\", \"weight_pa\": 4}]}\n"

#define LEARNING                                                                 \
    ", {\"kind\": \"stdp\", \"from\": \"E\", \"to\": [\"E\", \"I\"],\n"          \
    "\"potentiation\": 0.01, \"potentiation_ms\": 20, \"depression\": 0.0105,\n" \
    "\"depression_ms\": 20, \"weight_max\": 50}"

static const char receptors[] = "/* chronaxie-model 1\n"
                                " *   parameter threshold_mv = 1000\n"
                                " *   constant keep = exp(-time_step_ms / 2)\n"
                                " *   port fast\n"
                                " *   port slow\n"
                                " *   state v_mv = 0\n"
                                " */\n"
                                "MODEL_STEP\n"
                                "{\n"
                                "    n->v_mv = c->keep * n->v_mv + fast - slow + drive;\n"
                                "    fired = n->v_mv >= c->threshold_mv;\n"
                                "}\n";

static const char machine[] =
    "{\"devices\": [{\"name\": \"host\", \"memory_gib\": 8, \"idle_w\": 5, \"busy_w\": 12,\n"
    "\"lanes\": [{\"name\": \"task\", \"role\": \"host\", \"gops\": 2}]},\n"
    "{\"name\": \"gpu\", \"memory_gib\": 1, \"busy_w\": 90, \"lanes\": [{\"name\": \"compute\",\n"
    "\"gops\": 60, \"launch_us\": 9}, {\"name\": \"in\", \"role\": \"copy\"}]}],\n"
    "\"links\": [{\"from\": \"host\", \"to\": \"gpu\", \"gb_per_s\": 9, \"lane\": \"gpu.in\"},\n"
    "{\"from\": \"gpu\", \"to\": \"host\", \"gb_per_s\": 9, \"latency_us\": 4}]}\n";

static const char work[] =
    "{\"tasks\": [{\"name\": \"a\", \"cost_ms\": {\"host\": 2}, \"output_bytes\": 4e6},\n"
    "{\"name\": \"b\", \"gop\": 3, \"output_bytes\": 4e6}, {\"name\": \"c\", \"gop\": 5},\n"
    "{\"name\": \"d\", \"gop\": 1, \"cost_ms\": {\"gpu\": null}}],\n"
    "\"edges\": [[\"a\", \"b\"], [\"a\", \"c\"], [\"b\", \"d\"], [\"c\", \"d\"]]}\n";

static const char workflow[] =
    "{\"workflow\": {\"specification\": {\"tasks\": [{\"name\": \"w\", \"id\": \"a\"},\n"
    "{\"name\": \"w\", \"id\": \"b\", \"parents\": [\"a\"]}]}, \"execution\": {\"tasks\": [\n"
    "{\"id\": \"a\", \"runtimeInSeconds\": 2}, {\"id\": \"b\", \"runtimeInSeconds\": 1}]}}}\n";

static void
idle(const chx__null_call *call)
{
    (void)call;
}

static const chx__null_kernel kernels[] = {{"bloom_down", idle},
                                           {"bloom_up", idle},
                                           {"boxes", idle},
                                           {"branches", idle},
                                           {"branches_second", idle},
                                           {"cones", idle},
                                           {"cones_second", idle},
                                           {"gather", idle},
                                           {"glow_down", idle},
                                           {"glow_up", idle},
                                           {"join", idle},
                                           {"labels", idle},
                                           {"mark", idle},
                                           {"move", idle},
                                           {"population_advance", idle},
                                           {"population_deliver", idle},
                                           {"population_run", idle},
                                           {"population_step", idle},
                                           {"population_sweep", idle},
                                           {"pull", idle},
                                           {"push", idle},
                                           {"resolve_plot", idle},
                                           {"resolve_rgb", idle},
                                           {"resolve_rgba", idle},
                                           {"resolve_yuv", idle},
                                           {"sweep", idle},
                                           {NULL, NULL}};

static chx_runtime *runtime;
static chx_network *network;
static chx_simulation *simulation;
static chx_schedule *schedule;
static chx_timeline *timeline;

/* In place of what an earlier step has made. */
static chx_status
replace_network(chx_status status, chx_network *made)
{
    if (status)
        return status;
    chx_network_destroy(&network);
    network = made;
    return CHX_OK;
}

static chx_status
load(const char *name)
{
    chx_network *loaded = NULL;
    chx_status status = chx_network_load(folder_path(name), &loaded);
    status = replace_network(status, loaded);
    if (!status)
        ck_assert_uint_eq(chx_network_outline(network)->n_neurons, N_NEURONS);
    return status;
}

static chx_status
load_drawn(void)
{
    return load("drawn");
}

static chx_status
load_plain(void)
{
    chx_simulation_destroy(&simulation);
    return load("plain");
}

/* What a program describes, from what a folder has. */
static chx_status
copy_network(void)
{
    chx_network *copy = NULL;
    chx_status status = chx_network_create(chx_network_get(network), &copy);
    return replace_network(status, copy);
}

static chx_status
save_network(void)
{
    return chx_network_save(network, folder_path("saved"));
}

static chx_status
load_saved(void)
{
    return load("saved");
}

/* A ring, which no direction of signals lays out. */
static chx_status
load_ring(void)
{
    chx_network *loaded = NULL;
    chx_status status = chx_network_load_edges(folder_path("ring.csv"), &loaded);
    status = replace_network(status, loaded);
    if (!status)
        ck_assert_uint_eq(chx_network_get(network)->n_unsettled, 12);
    return status;
}

static chx_status
settle(void)
{
    return chx_network_settle(network, runtime);
}

static chx_status
make_runtime(void)
{
    return chx__runtime_create(&runtime, NULL, test_null);
}

static const uint32_t probed[] = {3, 1};

static const chx_probe probe = {NULL, probed, 2, 0.3};

static chx_status
make_simulation(void)
{
    const chx_simulation_params params = {.n_partitions = 3, .probes = &probe, .n_probes = 1};
    return chx_simulation_create(runtime, network, &params, &simulation);
}

static chx_status
advance(void)
{
    return chx_simulation_advance(simulation, 20);
}

static chx_status
weigh(void)
{
    static float weights_pa[MOST_SYNAPSES];
    ck_assert_uint_lt(chx_network_get(network)->n_synapses, MOST_SYNAPSES);
    chx_status status = chx_simulation_weights(simulation, weights_pa);
    return status ? status : chx_weights_write_csv(network, weights_pa, folder_path("weights.csv"));
}

static chx_status
take(void)
{
    chx_spike *spikes = NULL;
    size_t n_spikes = 0;
    chx_status status = chx_simulation_take_spikes(simulation, &spikes, &n_spikes);
    free(spikes);
    return status;
}

static chx_status
save_and_restore(void)
{
    void *state = NULL;
    size_t size_bytes = 0;
    chx_status status = chx_simulation_save_memory(simulation, &state, &size_bytes);
    if (!status)
        status = chx_simulation_restore_memory(simulation, state, size_bytes);
    free(state);
    return status;
}

static chx_status
tabulate_spikes(void)
{
    static const chx_spike spikes[] = {{1, 2}, {3, 4}};
    chx_spike_table *table = NULL;
    chx_status status = chx_spike_table_create(folder_path("spikes.csv"), network, &table);
    if (!status)
        status = chx_spike_table_add(table, spikes, 2);
    if (!status)
        status = chx_spike_table_finish(table);
    chx_spike_table_destroy(&table);
    return status;
}

static chx_status
tabulate_rates(void)
{
    static const chx_spike spikes[] = {{1, 2}, {30, 4}};
    chx_rate_table *table = NULL;
    chx_status status = chx_rate_table_create(folder_path("rates.csv"), network, 1, 0, &table);
    if (!status)
        status = chx_rate_table_add(table, spikes, 2);
    if (!status)
        status = chx_rate_table_finish(table, 40);
    chx_rate_table_destroy(&table);
    return status;
}

static chx_status
tabulate_trace(void)
{
    chx_trace trace = {0};
    chx_trace_table *table = NULL;
    chx_status status = chx_simulation_take_trace(simulation, 0, &trace);
    if (!status)
        status = chx_trace_table_create(folder_path("trace.csv"), network, &probe, &table);
    if (!status)
        status = chx_trace_table_add(table, &trace);
    if (!status)
        status = chx_trace_table_finish(table);
    chx_trace_table_destroy(&table);
    free(trace.values);
    return status;
}

static chx_status
plot(void)
{
    static const chx_spike spikes[] = {{1, 2}, {30, 4}};
    return chx_raster_write(runtime, network, spikes, 2, 10, 320, 320, folder_path("raster.png"));
}

static const step networks[] = {{"network", load_drawn},
                                {"copy", copy_network},
                                {"saving", save_network},
                                {"loading", load_saved},
                                {NULL, NULL}};

static const step circuits[] = {{"network", load_drawn},
                                {"runtime", make_runtime},
                                {"simulation", make_simulation},
                                {"plain network", load_plain},
                                {"plain simulation", make_simulation},
                                {"advancing", advance, true},
                                {"weights", weigh, true},
                                {"spikes", take, true},
                                {"state", save_and_restore, true},
                                {"table of spikes", tabulate_spikes},
                                {"table of rates", tabulate_rates},
                                {"table of a trace", tabulate_trace},
                                {"plot", plot},
                                {NULL, NULL}};

static const step places[] = {
    {"connections", load_ring}, {"runtime", make_runtime}, {"places", settle}, {NULL, NULL}};

/* All neurons to all, more synapses than are listed before someone asks for the list. */
static chx_status
draw_many(void)
{
    static char names[MANY][8];
    static uint32_t all[MANY];
    static chx_neuron neurons[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "%u", i);
        all[i] = i;
        neurons[i] = (chx_neuron){.name = names[i], .diameter_um = 1};
    }
    const chx_neuron_type type = {"e", {250, 10, 2, -65, -50, -65, 2, 0}};
    const chx_projection projection = {.rule = CHX_RULE_ALL_TO_ALL,
                                       .from = all,
                                       .to = all,
                                       .n_from = MANY,
                                       .n_to = MANY,
                                       .weight_pa = {.mean = 1},
                                       .delay_ms = {.mean = 1}};
    return chx_network_create(&(chx_network_info){.name = "many",
                                                  .time_step_ms = STEP_MS,
                                                  .duration_ms = 1,
                                                  .n_types = 1,
                                                  .types = &type,
                                                  .n_neurons = MANY,
                                                  .neurons = neurons,
                                                  .n_projections = 1,
                                                  .projections = &projection},
                              &network);
}

static chx_status
simulate_many(void)
{
    return chx_simulation_create(runtime, network, NULL, &simulation);
}

static chx_status
list_many(void)
{
    return chx_network_get(network) ? CHX_OK : chx_last_error()->status;
}

static const step many[] = {{"network", draw_many},        {"runtime", make_runtime},
                            {"simulation", simulate_many}, {"advancing", advance, true},
                            {"list", list_many},           {NULL, NULL}};

static chx_status
plan(const char *graph, const chx_schedule_params *params)
{
    chx_schedule_destroy(&schedule);
    return chx_schedule_load(graph, params, &schedule);
}

/* By every algorithm in turn, so that one after the other is short of memory. */
static chx_status
plan_work(void)
{
    char machine_path[320];
    snprintf(machine_path, sizeof machine_path, "%s", folder_path("machine.json"));
    chx_status status = CHX_OK;
    for (uint32_t a = 0; chx_schedule_algorithm_at(a) && !status; a++)
        status = plan(folder_path("work.json"),
                      &(chx_schedule_params){chx_schedule_algorithm_at(a), machine_path, 0, 0});
    return status;
}

static chx_status
plan_classically(void)
{
    chx_status status = CHX_OK;
    for (uint32_t a = 0; chx_schedule_algorithm_at(a) && !status; a++)
        status = plan(SOURCE_ROOT "/examples/topcuoglu.json",
                      &(chx_schedule_params){.algorithm = chx_schedule_algorithm_at(a)});
    return status;
}

static chx_status
plan_standard(void)
{
    return plan(folder_path("graph.stg"), &(chx_schedule_params){.n_lanes = 2});
}

static chx_status
plan_workflow(void)
{
    return plan(folder_path("flow.json"), &(chx_schedule_params){.n_lanes = 2});
}

static chx_status
play(void)
{
    double makespan_ms;
    return chx_schedule_play(
        schedule, &(chx_schedule_play_params){.noise = 0.2, .seed = 1, .slow_lane = NULL},
        &makespan_ms);
}

static chx_status
make_timeline(void)
{
    return chx_schedule_timeline(schedule, &timeline);
}

static chx_status
draw_timeline(void)
{
    chx_bottleneck bottleneck;
    chx_status status = chx_timeline_bottleneck(timeline, &bottleneck);
    if (!status)
        status = chx_timeline_write_svg(timeline, folder_path("plan.svg"));
    if (!status)
        status = chx_timeline_write_html(timeline, folder_path("plan.html"));
    if (!status)
        status = chx_timeline_write_trace(timeline, folder_path("plan.trace"));
    return status;
}

static chx_status
join_timelines(void)
{
    chx_timeline *both = NULL;
    chx_status status = chx_timeline_create(&both);
    if (!status)
        status = chx_timeline_append(both, timeline);
    if (!status)
        status = chx_timeline_append(both, timeline);
    chx_timeline_destroy(&both);
    return status;
}

static chx_status
record_machine(void)
{
    return chx_runtime_record_machine(runtime, folder_path("recorded.json"));
}

static const step plans[] = {{"standard graph", plan_standard},
                             {"workflow", plan_workflow},
                             {"classical plan", plan_classically},
                             {"plan", plan_work},
                             {"play", play},
                             {"timeline", make_timeline},
                             {"drawings", draw_timeline},
                             {"joined", join_timelines},
                             {"runtime", make_runtime},
                             {"recording", record_machine},
                             {NULL, NULL}};

static void
close_all(void)
{
    chx_timeline_destroy(&timeline);
    chx_schedule_destroy(&schedule);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
    chx_runtime_destroy(&runtime);
    nftw(folder_path("saved"), test_folder_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void
make_file(const char *in, const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", in, name);
    folder_write(path, text);
}

static void
make_folder(const char *name, const char *description)
{
    ck_assert_int_eq(mkdir(folder_path(name), 0700), 0);
    make_file(name, "network.json", description);
    make_file(name, "receptors.cl", receptors);
    make_file(name, "train.csv", "neuron,time_ms\nE3,1\nE4,2\n");
    make_file(name, "parameters.csv", "neuron,bias_pa\nE1,2\nE2,\n");
    make_file(name, "initial.csv", "neuron,potential_mv\nE1,-60\nI2,-58\n");
    make_file(name, "synapses.csv", "pre,post,weight_pa,delay_ms\nR1,E1,4,2\nE1,R2,5,1\n");
}

static void
setup(void)
{
    folder_setup();
    make_folder("drawn", DRAWN(LEARNING));
    make_folder("plain", DRAWN(""));
    folder_write("drawn/gaps.csv", "neuron,other,conductance_ns\nE1,E2,0.5\nI1,E2,0.1\n");
    folder_write("drawn/graded.csv", "pre,post,conductance_ns,reversal_mv\nG1,E1,0.1,0\n");
    folder_write("ring.csv", "pre,post\na,b\nb,c\nc,d\nd,e\ne,f\nf,g\ng,h\nh,i\ni,j\nj,k\nk,l\n"
                             "l,a\n");
    folder_write("machine.json", machine);
    folder_write("work.json", work);
    folder_write("flow.json", workflow);
    folder_write("graph.stg", "2\n0 0 0\n1 5 1 0\n2 3 1 1\n3 0 1 2\n");
}

START_TEST(networks_are_kept_or_it_says_so)
{
    try_all(networks, close_all, kernels, _i, _i ? 11 : 3);
}
END_TEST

START_TEST(circuits_are_simulated_or_it_says_so)
{
    try_all(circuits, close_all, kernels, _i, _i ? 149 : 67);
}
END_TEST

START_TEST(places_are_found_or_it_says_so)
{
    try_all(places, close_all, kernels, _i, 193);
}
END_TEST

START_TEST(lists_that_wait_are_made_or_it_says_so)
{
    try_all(many, close_all, kernels, _i, 127);
}
END_TEST

START_TEST(plans_are_made_or_it_says_so)
{
    try_all(plans, close_all, kernels, _i, 193);
}
END_TEST

static void
add(Suite *suite, const char *name, const TTest *test)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, folder_teardown);
    tcase_add_loop_test(tcase, test, 0, 2);
    suite_add_tcase(suite, tcase);
}

int
main(void)
{
    Suite *suite = suite_create("exhaustion_circuits");
    add(suite, "networks", networks_are_kept_or_it_says_so);
    add(suite, "circuits", circuits_are_simulated_or_it_says_so);
    add(suite, "places", places_are_found_or_it_says_so);
    add(suite, "lists", lists_that_wait_are_made_or_it_says_so);
    add(suite, "plans", plans_are_made_or_it_says_so);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
