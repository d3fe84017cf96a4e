/* Memory that is out, of everything a program asks the library for: runs, files and pictures, with
 * kernels of neurons that do nothing. */
#include <chronaxie/scene.h>

#include "exhaustion.h"
#include "scratch.h"
#include "sketch.h"

#define WORDS 64u
#define N_RUNS 3u
#define FOREVER_NS UINT64_C(60000000000)

static const char source[] = "kernel void add(global uint *y, global const uint *x, uint n)\n"
                             "{\n"
                             "    y[get_global_id(0)] += x[get_global_id(0)] * n;\n"
                             "}\n";

static void
add(const chx__null_call *call)
{
    uint32_t *y = call->args[0];
    const uint32_t *x = call->args[1];
    const size_t begin = call->launch->offset[0];
    for (size_t i = begin; i < begin + call->launch->global[0]; i++)
        y[i] += x[i] * *(uint32_t *)call->args[2];
}

static void
idle(const chx__null_call *call)
{
    (void)call;
}

static const chx__null_kernel kernels[] = {{"add", add},
                                           {"population_advance", idle},
                                           {"population_deliver", idle},
                                           {"population_step", idle},
                                           {"population_run", idle},
                                           {"population_sweep", idle},
                                           {"bloom_down", idle},
                                           {"bloom_up", idle},
                                           {"boxes", idle},
                                           {"branches", idle},
                                           {"branches_second", idle},
                                           {"cones", idle},
                                           {"cones_second", idle},
                                           {"gather", idle},
                                           {"glow_down", idle},
                                           {"glow_up", idle},
                                           {"labels", idle},
                                           {"mark", idle},
                                           {"resolve_plot", idle},
                                           {"resolve_rgb", idle},
                                           {"resolve_rgba", idle},
                                           {"resolve_yuv", idle},
                                           {"sweep", idle},
                                           {NULL, NULL}};

static chx_runtime *runtime;
static chx_program *program;
static chx_buffer *x, *y;
static chx_graph *graph;
static chx_plan *plan;
static chx_run *runs[N_RUNS];
static chx_network *network;
static chx_recording *recording;
static chx_simulation *simulation;
static chx_scene *scene;
static uint32_t ones[WORDS], words[WORDS];

static chx_status
make_runtime(void)
{
    return chx__runtime_create(&runtime, NULL, test_null);
}

static chx_status
make_program(void)
{
    return chx_program_from_source(runtime, "add.cl", source, NULL, &program);
}

static chx_status
build_program(void)
{
    return chx_program_build(program);
}

static chx_status
make_x(void)
{
    return chx_buffer_create(runtime, sizeof ones, ones, &x);
}

static chx_status
make_y(void)
{
    return chx_buffer_create(runtime, sizeof words, NULL, &y);
}

static chx_status
write_y(void)
{
    static const uint32_t zeroes[WORDS];
    return chx_buffer_write(y, 0, sizeof zeroes, zeroes);
}

static chx_status
make_graph(void)
{
    return chx_graph_create(runtime, &graph);
}

static chx_status
add_kernel(void)
{
    static const uint32_t first = 0;
    const bool is_pinned = chx_graph_n_tasks(graph) == 0;
    return chx_graph_kernel(graph,
                            &(chx_kernel_task){.program = program,
                                               .kernel = "add",
                                               .global = {WORDS},
                                               .devices = is_pinned ? &first : NULL,
                                               .n_devices = is_pinned,
                                               .args = CHX_ARGS(CHX_REDUCE(y, CHX_REDUCTION_SUM_32),
                                                                CHX_READ(x), CHX_UINT(1))});
}

static chx_status
look(void *data, void *const *host)
{
    (void)data;
    (void)host;
    return CHX_OK;
}

static chx_status
add_host(void)
{
    return chx_graph_host(graph, &(chx_host_task){.run = look, .args = CHX_ARGS(CHX_READ(y))});
}

static chx_status
make_plan(void)
{
    return chx_plan_create(graph, &(chx_plan_params){.recovers = true}, &plan);
}

/* Three runs in flight. What a failed one leaves is written anew. */
static chx_status
run_thrice(void)
{
    chx_status status = write_y();
    for (uint32_t r = 0; r < N_RUNS && !status; r++)
        status = chx_plan_submit(plan, &runs[r]);
    for (uint32_t r = 0; r < N_RUNS && !status; r++)
        status = chx_run_wait(runs[r], FOREVER_NS);
    for (uint32_t r = 0; r < N_RUNS; r++)
        chx_run_destroy(&runs[r]);
    return status;
}

static chx_status
read_y(void)
{
    memset(words, 0, sizeof words);
    const chx_status status = chx_buffer_read(y, 0, sizeof words, words);
    for (uint32_t i = 0; !status && i < WORDS; i++)
        ck_assert_uint_eq(words[i], 2 * N_RUNS);
    return status;
}

/* Loads again in place of what an earlier step has loaded. */
static chx_status
replace_network(chx_status status, chx_network *loaded, uint32_t n_neurons, uint64_t n_synapses)
{
    if (status)
        return status;
    chx_network_destroy(&network);
    network = loaded;
    ck_assert_uint_eq(chx_network_get(network)->n_neurons, n_neurons);
    ck_assert_uint_eq(chx_network_get(network)->n_synapses, n_synapses);
    return CHX_OK;
}

static chx_status
load_cells(void)
{
    const char *const paths[] = {folder_path("a.swc"), folder_path("b.swc")};
    chx_network *loaded = NULL;
    chx_status status = chx_network_load_cells(paths, 2, NULL, &loaded);
    return replace_network(status, loaded, 2, 0);
}

static chx_status
load_edges(void)
{
    chx_network *loaded = NULL;
    chx_status status = chx_network_load_edges(folder_path("edges.csv"), &loaded);
    return replace_network(status, loaded, 3, 4);
}

static chx_status
load_own(void)
{
    chx_network *loaded = NULL;
    chx_status status = chx_network_load(SOURCE_ROOT "/examples/own-neuron", &loaded);
    return replace_network(status, loaded, 8, 8);
}

static chx_status
load_folder(void)
{
    const char *const path = folder_path("network");
    chx_network *loaded = NULL;
    chx_status status = chx_network_open(&(chx_source){.paths = &path, .n_paths = 1}, &loaded);
    return replace_network(status, loaded, SKETCH_NEURONS, 0);
}

static chx_status
save_network(void)
{
    return chx_network_save(network, folder_path("saved"));
}

static chx_status
load_recording(void)
{
    chx_status status = chx_recording_load(folder_path("spikes.csv"), network, &recording);
    if (!status)
        ck_assert_uint_eq(chx_recording_get(recording)->n_spikes, 3);
    return status;
}

static chx_status
write_spikes(void)
{
    const chx_recording_info *info = chx_recording_get(recording);
    return chx_spikes_write_csv(network, info->spikes, info->n_spikes, folder_path("again.csv"));
}

static const step files[] = {{"cells", load_cells},     {"edges", load_edges},
                             {"own neurons", load_own}, {"folder", load_folder},
                             {"saving", save_network},  {"recording", load_recording},
                             {"spikes", write_spikes},  {NULL, NULL}};

static chx_status
make_simulation(void)
{
    return chx_simulation_create(runtime, network, NULL, &simulation);
}

static chx_status
advance(void)
{
    return chx_simulation_advance(simulation, 10);
}

static chx_status
look_at_potentials(void)
{
    float potentials_mv[SKETCH_NEURONS];
    return chx_simulation_potentials(simulation, potentials_mv);
}

static chx_status
save(void)
{
    return chx_simulation_save(simulation, folder_path("state"));
}

static chx_status
restore(void)
{
    return chx_simulation_restore(simulation, folder_path("state"));
}

static chx_status
make_scene(void)
{
    const chx_scene_params params = {.width_px = 64, .height_px = 64, .n_bands = 1};
    return chx_scene_create(runtime, simulation, &params, &scene);
}

static chx_status
build_simulation(void)
{
    return chx_simulation_build(simulation, graph, 10);
}

static chx_status
take_frame(void *data, const chx_frame *frame)
{
    (void)data;
    (void)frame;
    return CHX_OK;
}

static chx_status
build_scene(void)
{
    return chx_scene_build(scene, graph, take_frame, NULL);
}

static chx_status
draw(void)
{
    chx_run *run = NULL;
    chx_status status = chx_simulation_set_steps(simulation, 10);
    if (!status)
        status = chx_scene_set_time(scene, 1, 0.04);
    if (!status)
        status = chx_plan_submit(plan, &run);
    if (!status)
        status = chx_run_wait(run, FOREVER_NS);
    chx_run_destroy(&run);
    return status;
}

static const step microscope[] = {{"network", load_folder},
                                  {"runtime", make_runtime},
                                  {"simulation", make_simulation},
                                  {"advancing", advance, true},
                                  {"potentials", look_at_potentials, true},
                                  {"saving", save, true},
                                  {"restoring", restore, true},
                                  {"scene", make_scene},
                                  {"graph", make_graph},
                                  {"simulation's tasks", build_simulation, true},
                                  {"scene's tasks", build_scene, true},
                                  {"plan", make_plan},
                                  {"frame", draw, true},
                                  {NULL, NULL}};

static const step engine[] = {{"runtime", make_runtime},
                              {"program", make_program},
                              {"build", build_program},
                              {"buffer", make_x},
                              {"buffer", make_y},
                              {"write", write_y},
                              {"graph", make_graph},
                              {"kernel task", add_kernel},
                              {"kernel task", add_kernel},
                              {"host task", add_host},
                              {"plan", make_plan},
                              {"runs", run_thrice},
                              {"read", read_y},
                              {NULL, NULL}};

static void
close_all(void)
{
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    chx_scene_destroy(&scene);
    chx_simulation_destroy(&simulation);
    chx_recording_destroy(&recording);
    chx_network_destroy(&network);
    chx_buffer_destroy(&x);
    chx_buffer_destroy(&y);
    chx_program_destroy(&program);
    chx_runtime_destroy(&runtime);
    nftw(folder_path("saved"), test_folder_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void
setup(void)
{
    folder_setup();
    for (uint32_t i = 0; i < WORDS; i++)
        ones[i] = 1;
    folder_write("a.swc", "1 1 0 0 0 4 -1\n2 2 0 9 0 .5 1\n3 3 5 9 0 .5 2\n");
    folder_write("b.swc", "1 1 9 0 0 4 -1\n2 2 9 9 0 .5 1\n");
    folder_write("edges.csv", "pre,post\nA,B\nB,C\nC,A\nA,C\n");
    folder_write("spikes.csv", "time_ms,neuron\n1,driven\n2,silent\n3,other\n");
    chx_network *sketch = sketch_create();
    ck_assert_int_eq(chx_network_save(sketch, folder_path("network")), CHX_OK);
    chx_network_destroy(&sketch);
}

START_TEST(runs_survive_or_say_so)
{
    try_all(engine, close_all, kernels, _i, 1);
}
END_TEST

START_TEST(files_are_read_or_it_says_so)
{
    try_all(files, close_all, kernels, _i, 1);
}
END_TEST

START_TEST(pictures_are_drawn_or_it_says_so)
{
    try_all(microscope, close_all, kernels, _i, _i ? 7 : 1);
}
END_TEST

/* Products that a size_t does not hold, as of tables of rows where one has 32 bits. */
START_TEST(sizes_beyond_any_memory_are_refused)
{
    static const size_t counts[] = {SIZE_MAX, SIZE_MAX / 2 + 1, SIZE_MAX / 8 + 2,
                                    SIZE_MAX / 16 + 1};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const size_t n = counts[i];
        size_t capacity = 0;
        uint64_t(*rows)[2] = NULL;
        ck_assert_ptr_null(chx__alloc(n, sizeof *rows));
        ck_assert_ptr_null(chx__alloc_bare(n, sizeof *rows));
        ck_assert_ptr_null(chx__alloc_shared(n, sizeof *rows));
        ck_assert(!chx__resize(&rows, n, sizeof *rows));
        ck_assert(!chx__grow(&rows, &capacity, n, sizeof *rows));
        ck_assert_ptr_null(rows);
        ck_assert_uint_eq(capacity, 0);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("exhaustion");
    TCase *tcase = tcase_create("exhaustion");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, folder_teardown);
    tcase_add_loop_test(tcase, runs_survive_or_say_so, 0, 2);
    tcase_add_loop_test(tcase, files_are_read_or_it_says_so, 0, 2);
    tcase_add_loop_test(tcase, pictures_are_drawn_or_it_says_so, 0, 2);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("sizes");
    tcase_add_test(tcase, sizes_beyond_any_memory_are_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
