/* Colours of light in pictures: what the bar says about the time since a spike is what the middle
 * of every body shows, whatever its radius, its depth and what else shines around it.
 *
 * A pixel agrees with the bar when none of red, green and blue is off by more than TOLERANCE of
 * 255: hue and value at once. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/plan.h>
#include <chronaxie/scene.h>

#include "machine.h"

#define TOLERANCE 10
#define WIDTH 640
#define HEIGHT 480
#define STEP_MS 0.1
#define DECAY_MS 3.0
#define PACE_UM_PER_MS 100.0f
#define BAR_MS 8.0
/* The bar in a picture of this size. */
#define BAR_LEFT 509
#define BAR_RIGHT 612
#define BAR_ROW 446

#define NODES_EACH 7
#define MOST_CELLS 1000

static chx_runtime *runtime;
static uint8_t *pixels;

static void
check_ok(chx_status status)
{
    ck_assert_msg(status == CHX_OK, "%s: %s", chx_status_name(status), chx_last_error()->message);
}

static void
open_runtime(void)
{
    const chx_runtime_params params = test_machine_params();
    check_ok(chx_runtime_create(&runtime, &params));
    pixels = NULL;
}

static void
close_runtime(void)
{
    free(pixels);
    chx_runtime_destroy(&runtime);
}

/* Neurons that fire once each, the next half a millisecond or so after the one before it. */
static chx_network *
network_of(const chx_neuron *neurons, uint32_t n_neurons, const chx_node *nodes, uint32_t n_nodes,
           double apart_ms)
{
    static uint32_t targets[MOST_CELLS];
    static chx_stimulus stimuli[MOST_CELLS];
    for (uint32_t n = 0; n < n_neurons; n++) {
        targets[n] = n;
        stimuli[n] = (chx_stimulus){.kind = CHX_STIMULUS_STEP,
                                    .start_ms = apart_ms * n,
                                    .stop_ms = apart_ms * n + 20,
                                    .current_pa = 1000,
                                    .neurons = &targets[n],
                                    .n_neurons = 1};
    }
    const chx_neuron_type type = {"cell",
                                  {.capacitance_pf = 10,
                                   .tau_membrane_ms = 10,
                                   .tau_synapse_ms = 5,
                                   .resting_mv = -65,
                                   .threshold_mv = -50,
                                   .reset_mv = -65,
                                   .refractory_ms = 80}};
    const chx_network_info info = {
        .name = "colour",
        .time_step_ms = STEP_MS,
        .duration_ms = 20,
        .n_types = 1,
        .types = &type,
        .n_neurons = n_neurons,
        .neurons = neurons,
        .n_stimuli = n_neurons,
        .stimuli = stimuli,
        .n_nodes = n_nodes,
        .nodes = nodes,
        .view = {.zoom = 1, .conduction_um_per_ms = PACE_UM_PER_MS, .decay_ms = DECAY_MS}};
    chx_network *network = NULL;
    check_ok(chx_network_create(&info, &network));
    return network;
}

/* A cell whose branch runs along x or y: thick with joints that lean to and from the viewer, then
 * thin. */
static void
add_cell(chx_neuron *neurons, chx_node *nodes, uint32_t n, const float at[3], int axis)
{
    static const float along[NODES_EACH] = {0, 30, 55, 80, 105, 130, 190};
    static const float lean[NODES_EACH] = {0, 0, 14, -4, 8, 0, 6};
    static const float radius[NODES_EACH] = {10, 4, 4, 3, 2, 0.5f, 0.4f};
    for (uint32_t i = 0; i < NODES_EACH; i++) {
        chx_node *node = &nodes[n * NODES_EACH + i];
        *node = (chx_node){
            .radius_um = radius[i], .parent = n * NODES_EACH + (i ? i - 1 : 0), .kind = i ? 3 : 1};
        memcpy(node->position_um, at, sizeof node->position_um);
        node->position_um[axis] += along[i];
        node->position_um[2] += lean[i];
    }
    static const char *const names[] = {"first", "second", "third"};
    neurons[n] = (chx_neuron){
        .name = names[n], .diameter_um = 20, .first_node = n * NODES_EACH, .n_nodes = NODES_EACH};
    memcpy(neurons[n].position_um, at, sizeof neurons[n].position_um);
}

static chx_network *
crossing_create(uint32_t n_cells)
{
    static const float at[3][3] = {{0, 0, 0}, {-90, 66, 60}, {-60, 118, -60}};
    static const int axes[3] = {1, 0, 0};
    chx_neuron neurons[3];
    chx_node nodes[3 * NODES_EACH];
    for (uint32_t n = 0; n < n_cells; n++)
        add_cell(neurons, nodes, n, at[n], axes[n]);
    return network_of(neurons, n_cells, nodes, n_cells * NODES_EACH, 1);
}

static chx_status
keep(void *data, const chx_frame *frame)
{
    (void)data;
    free(pixels);
    pixels = malloc(frame->size_bytes);
    memcpy(pixels, frame->pixels, frame->size_bytes);
    return CHX_OK;
}

typedef struct stage {
    const chx_network_info *info;
    chx_simulation *simulation;
    chx_scene *scene;
    chx_graph *graph;
    chx_plan *plan;
    double time_ms;
} stage;

static void
open_stage(stage *on, chx_network *network, chx_background background)
{
    const chx_scene_params params = {.width_px = WIDTH,
                                     .height_px = HEIGHT,
                                     .has_plane = true,
                                     .plane = CHX_PLANE_XY,
                                     .background = background};
    on->info = chx_network_get(network);
    check_ok(chx_simulation_create(runtime, network, NULL, &on->simulation));
    check_ok(chx_scene_create(runtime, on->simulation, &params, &on->scene));
    check_ok(chx_graph_create(runtime, &on->graph));
    check_ok(chx_simulation_build(on->simulation, on->graph, 200));
    check_ok(chx_scene_build(on->scene, on->graph, keep, NULL));
    check_ok(chx_plan_create(on->graph, NULL, &on->plan));
}

static void
close_stage(stage *on)
{
    chx_plan_destroy(&on->plan);
    chx_graph_destroy(&on->graph);
    chx_scene_destroy(&on->scene);
    chx_simulation_destroy(&on->simulation);
}

static void
draw(stage *on, double zoom, const float *centre_um, double time_ms)
{
    chx_camera camera;
    chx_scene_default_camera(on->scene, &camera);
    camera.zoom = zoom;
    if (centre_um)
        memcpy(camera.centre_um, centre_um, sizeof camera.centre_um);
    check_ok(chx_scene_set_camera(on->scene, &camera));
    uint64_t step = (uint64_t)rint(time_ms / STEP_MS);
    check_ok(chx_simulation_set_steps(on->simulation,
                                      (uint32_t)(step - chx_simulation_step(on->simulation))));
    check_ok(chx_scene_set_time(on->scene, time_ms, 0));
    chx_run *run = NULL;
    check_ok(chx_plan_submit(on->plan, &run));
    check_ok(chx_run_wait(run, CHX_FOREVER));
    chx_run_destroy(&run);
    on->time_ms = time_ms;
}

static double
spike_ms(const stage *on, uint32_t neuron)
{
    const chx_spike *spikes;
    size_t n;
    check_ok(chx_simulation_spikes(on->simulation, &spikes, &n));
    for (size_t i = 0; i < n; i++)
        if (spikes[i].neuron == neuron)
            return spikes[i].step * STEP_MS;
    return INFINITY;
}

/* The bar's colour, between its pixels, at an age. */
static void
bar_at(double age_ms, double rgb[3])
{
    double at = age_ms / BAR_MS * (BAR_RIGHT - BAR_LEFT) - 0.5;
    at = fmax(0, fmin(at, BAR_RIGHT - BAR_LEFT - 2));
    const uint8_t *left = pixels + 3 * (BAR_ROW * WIDTH + BAR_LEFT + (int)at);
    for (int k = 0; k < 3; k++)
        rgb[k] = left[k] + (at - floor(at)) * (left[3 + k] - left[k]);
}

static bool
under_labels(double x, double y)
{
    return x < 4 || y < 70 || x > WIDTH - 4 || y > HEIGHT - 80;
}

/* The largest difference of red, green and blue. */
static double
difference(const uint8_t *rgb, double age_ms)
{
    double bar[3], largest = 0;
    bar_at(age_ms, bar);
    for (int k = 0; k < 3; k++)
        largest = fmax(largest, fabs(rgb[k] - bar[k]));
    return largest;
}

/* The pixel at a point against the bar: 1 when it was compared, 0 when it is out of what shows.
 * Light moves on within a pixel, by half its diagonal at most. */
static int
compare(const stage *on, const float at[3], double age_ms, const char *what, double zoom)
{
    double x, y;
    chx_scene_project(on->scene, at, &x, &y);
    if (under_labels(x, y) || age_ms < 0 || age_ms > BAR_MS * 0.97)
        return 0;
    const uint8_t *rgb = pixels + 3 * ((int)y * WIDTH + (int)x);
    double slack_ms = 0.71 / chx_scene_scale_px_per_um(on->scene) / PACE_UM_PER_MS;
    double least = INFINITY;
    for (int i = -2; i <= 2; i++)
        least = fmin(least, difference(rgb, age_ms + i / 2.0 * slack_ms));
    double bar[3];
    bar_at(age_ms, bar);
    ck_assert_msg(least <= TOLERANCE,
                  "%s, zoom %g, age %.2f ms, at %.1f %.1f: %u %u %u, bar %.0f %.0f %.0f", what,
                  zoom, age_ms, x, y, rgb[0], rgb[1], rgb[2], bar[0], bar[1], bar[2]);
    return 1;
}

/* Is there another cell in front of a point, or beside it as near as its pixel? */
static bool
is_covered(const stage *on, uint32_t neuron, const float at[3], double near_um)
{
    for (uint32_t n = 0; n < on->info->n_neurons; n++) {
        for (uint32_t i = 1; i < NODES_EACH && n != neuron; i++) {
            const chx_node *a = &on->info->nodes[n * NODES_EACH + i - 1];
            const chx_node *b = a + 1;
            double radius = fmax(a->radius_um, b->radius_um) + near_um;
            bool beside = true;
            for (int k = 0; k < 2; k++)
                beside = beside && at[k] > fmin(a->position_um[k], b->position_um[k]) - radius &&
                         at[k] < fmax(a->position_um[k], b->position_um[k]) + radius;
            if (beside && fmax(a->position_um[2], b->position_um[2]) > at[2])
                return true;
        }
    }
    return false;
}

/* Joints and the points between them. */
static int
compare_cells(const stage *on, double zoom)
{
    int compared = 0;
    double near_um = 2 / chx_scene_scale_px_per_um(on->scene);
    for (uint32_t n = 0; n < on->info->n_neurons; n++) {
        double fired = spike_ms(on, n);
        const chx_node *nodes = &on->info->nodes[n * NODES_EACH];
        double path = 0;
        for (uint32_t i = 0; i < NODES_EACH; i++) {
            double length = 0;
            for (int k = 0; k < 3 && i; k++)
                length = hypot(length, nodes[i].position_um[k] - nodes[i - 1].position_um[k]);
            for (int half = i ? 0 : 1; half < 2; half++) {
                float at[3];
                for (int k = 0; k < 3; k++)
                    at[k] = half ? nodes[i].position_um[k]
                                 : (nodes[i].position_um[k] + nodes[i - 1].position_um[k]) / 2;
                double travelled = path + (half ? length : length / 2);
                char what[64];
                snprintf(what, sizeof what, "cell %u, %s %u", n, half ? "joint" : "branch", i);
                if (i + 1 < NODES_EACH && !is_covered(on, n, at, near_um))
                    compared += compare(on, at, on->time_ms - fired - travelled / PACE_UM_PER_MS,
                                        what, zoom);
            }
            path += length;
        }
    }
    return compared;
}

/* The moments at which all ages of the bar come by. */
static const double moments_ms[] = {1.5, 2.5, 4, 5.5, 7, 9};

static void
compare_everywhere(uint32_t n_cells, chx_background background)
{
    static const double zooms[] = {0.2, 1, 3, 9};
    chx_network *network = crossing_create(n_cells);
    stage on;
    open_stage(&on, network, background);
    int compared = 0;
    for (size_t m = 0; m < sizeof moments_ms / sizeof *moments_ms; m++)
        for (size_t z = 0; z < sizeof zooms / sizeof *zooms; z++)
            for (uint32_t n = 0; n < n_cells; n++) {
                for (uint32_t i = 0; i < NODES_EACH; i += 2) {
                    draw(&on, zooms[z], on.info->nodes[n * NODES_EACH + i].position_um,
                         moments_ms[m]);
                    compared += compare_cells(&on, zooms[z]);
                }
            }
    ck_assert_int_gt(compared, 200);
    close_stage(&on);
    chx_network_destroy(&network);
}

START_TEST(one_firing_neuron_has_the_colours_of_the_bar)
{
    compare_everywhere(1, CHX_BACKGROUND_BLACK);
}
END_TEST

START_TEST(neurons_before_and_behind_each_other_have_the_colours_of_the_bar)
{
    compare_everywhere(3, CHX_BACKGROUND_BLACK);
}
END_TEST

START_TEST(on_white_the_bar_holds_too)
{
    compare_everywhere(3, CHX_BACKGROUND_WHITE);
}
END_TEST

START_TEST(a_thousand_firing_cells_do_not_saturate)
{
    static char names[MOST_CELLS][8];
    static chx_neuron cells[MOST_CELLS];
    for (uint32_t n = 0; n < MOST_CELLS; n++) {
        snprintf(names[n], sizeof names[n], "c%u", n);
        cells[n] = (chx_neuron){.name = names[n],
                                .position_um = {(float)(n % 40) * 30, (float)(n / 40) * 30, 0},
                                .diameter_um = 18};
    }
    chx_network *network = network_of(cells, MOST_CELLS, NULL, 0, 0);
    stage on;
    open_stage(&on, network, CHX_BACKGROUND_BLACK);
    for (size_t m = 0; m < sizeof moments_ms / sizeof *moments_ms; m++) {
        draw(&on, 1, NULL, moments_ms[m]);
        int compared = 0;
        for (uint32_t n = 0; n < MOST_CELLS; n++) {
            compared += compare(&on, cells[n].position_um, moments_ms[m] - spike_ms(&on, n),
                                "one of a thousand", 1);
            double x, y;
            float between[3] = {cells[n].position_um[0] + 15, cells[n].position_um[1] + 15, 0};
            chx_scene_project(on.scene, between, &x, &y);
            if (under_labels(x, y))
                continue;
            const uint8_t *rgb = pixels + 3 * ((int)y * WIDTH + (int)x);
            ck_assert_msg(rgb[0] + rgb[1] + rgb[2] < 255, "between cells: %u %u %u", rgb[0], rgb[1],
                          rgb[2]);
        }
        ck_assert(compared > 500 || moments_ms[m] > 8);
    }
    close_stage(&on);
    chx_network_destroy(&network);
}
END_TEST

/* Two big cells of unlike types, which fire at once. */
static chx_network *
unlike_create(void)
{
    const chx_neuron cells[2] = {{.name = "first", .diameter_um = 40},
                                 {.name = "second", .diameter_um = 40, .position_um = {60, 0, 0}}};
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    chx_network *alike = network_of(cells, 2, NULL, 0, 0);
    chx_network_info info = *chx_network_get(alike);
    chx_neuron_type types[5];
    chx_neuron neurons[2] = {info.neurons[0], info.neurons[1]};
    for (uint32_t i = 0; i < 5; i++) {
        types[i] = info.types[0];
        types[i].name = names[i];
    }
    neurons[0].type = 3;
    neurons[1].type = 4;
    info.n_types = 5;
    info.types = types;
    info.neurons = neurons;
    chx_network *made = NULL;
    check_ok(chx_network_create(&info, &made));
    chx_network_destroy(&alike);
    return made;
}

/* By how much the two differ so far left of their middles: red, green and blue together. */
static int
apart(const stage *on, float left_um)
{
    const uint8_t *rgb[2];
    for (uint32_t n = 0; n < 2; n++) {
        double x, y;
        const float at[3] = {on->info->neurons[n].position_um[0] - left_um, 0, 0};
        chx_scene_project(on->scene, at, &x, &y);
        rgb[n] = pixels + 3 * ((int)y * WIDTH + (int)x);
    }
    return abs(rgb[0][0] - rgb[1][0]) + abs(rgb[0][1] - rgb[1][1]) + abs(rgb[0][2] - rgb[1][2]);
}

START_TEST(cells_that_fire_have_the_colour_of_their_type_at_their_rims)
{
    for (int paper = 0; paper < 2; paper++) {
        chx_network *network = unlike_create();
        stage on;
        open_stage(&on, network, paper ? CHX_BACKGROUND_WHITE : CHX_BACKGROUND_BLACK);
        draw(&on, 1, NULL, 4);
        ck_assert_int_le(apart(&on, 0), 6);
        ck_assert_int_gt(apart(&on, 18.8f), 40);
        close_stage(&on);
        chx_network_destroy(&network);
    }
}
END_TEST

/* A silent cell with a thick branch up the picture, and one whose branch runs level behind it. */
static chx_network *
cross_create(float gap_um)
{
    const chx_node nodes[6] = {
        {.position_um = {0, -95, gap_um}, .radius_um = 6, .parent = 0, .kind = 1},
        {.position_um = {0, 0, gap_um}, .radius_um = 4, .parent = 0, .kind = 3},
        {.position_um = {0, 90, gap_um}, .radius_um = 4, .parent = 1, .kind = 3},
        {.position_um = {-120, 0, 0}, .radius_um = 6, .parent = 3, .kind = 1},
        {.position_um = {-60, 0, 0}, .radius_um = 4, .parent = 3, .kind = 3},
        {.position_um = {110, 0, 0}, .radius_um = 4, .parent = 4, .kind = 3}};
    const chx_neuron neurons[2] = {{.name = "near",
                                    .diameter_um = 12,
                                    .position_um = {0, -95, gap_um},
                                    .first_node = 0,
                                    .n_nodes = 3},
                                   {.name = "far",
                                    .diameter_um = 12,
                                    .position_um = {-120, 0, 0},
                                    .first_node = 3,
                                    .n_nodes = 3}};
    return network_of(neurons, 2, nodes, 6, 0);
}

/* How much of what it is elsewhere the far branch's middle is, red, green and blue, `px` right of
 * the near one's rim. */
static void
beside(const stage *on, float gap_um, double px, double share[3])
{
    double x, y, far_x, far_y;
    const float cross[3] = {0, 0, gap_um}, away[3] = {60, 0, 0};
    chx_scene_project(on->scene, cross, &x, &y);
    chx_scene_project(on->scene, away, &far_x, &far_y);
    double rim = 4 * chx_scene_scale_px_per_um(on->scene);
    x += px > 0 ? rim + px : px - rim;
    const uint8_t *rgb = pixels + 3 * ((int)far_y * WIDTH + (int)x);
    const uint8_t *whole = pixels + 3 * ((int)far_y * WIDTH + (int)far_x);
    for (int k = 0; k < 3; k++)
        share[k] = rgb[k] / (double)whole[k];
}

/* The darkest share on each side. */
static void
find_gap(float gap_um, double darkest[2][3])
{
    chx_network *network = cross_create(gap_um);
    stage on;
    open_stage(&on, network, CHX_BACKGROUND_BLACK);
    draw(&on, 1, NULL, 0);
    for (int side = 0; side < 2; side++) {
        darkest[side][1] = INFINITY;
        for (int step = 1; step <= 6; step++) {
            double share[3];
            beside(&on, gap_um, side ? step * 0.5 : step * -0.5, share);
            if (share[1] < darkest[side][1])
                memcpy(darkest[side], share, sizeof share);
        }
        double share[3];
        beside(&on, gap_um, side ? 6 : -6, share);
        for (int k = 0; k < 3; k++)
            ck_assert_double_eq_tol(share[k], 1, 0.06);
    }
    close_stage(&on);
    chx_network_destroy(&network);
}

START_TEST(what_crosses_far_behind_is_dark_beside_the_nearer)
{
    double darkest[2][3];
    find_gap(80, darkest);
    for (int side = 0; side < 2; side++) {
        ck_assert_double_lt(darkest[side][1], 0.8);
        for (int k = 0; k < 3; k++)
            ck_assert_double_eq_tol(darkest[side][k], darkest[side][1], 0.08);
    }
}
END_TEST

START_TEST(what_crosses_close_behind_is_not_dark)
{
    double darkest[2][3];
    find_gap(9, darkest);
    for (int side = 0; side < 2; side++)
        ck_assert_double_gt(darkest[side][1], 0.94);
}
END_TEST

static Suite *
suite(void)
{
    Suite *made = suite_create("colour");
    TCase *light = tcase_create("light");
    tcase_add_checked_fixture(light, open_runtime, close_runtime);
    tcase_set_timeout(light, 240);
    tcase_add_test(light, one_firing_neuron_has_the_colours_of_the_bar);
    tcase_add_test(light, neurons_before_and_behind_each_other_have_the_colours_of_the_bar);
    tcase_add_test(light, on_white_the_bar_holds_too);
    tcase_add_test(light, cells_that_fire_have_the_colour_of_their_type_at_their_rims);
    tcase_add_test(light, a_thousand_firing_cells_do_not_saturate);
    tcase_add_test(light, what_crosses_far_behind_is_dark_beside_the_nearer);
    tcase_add_test(light, what_crosses_close_behind_is_not_dark);
    suite_add_tcase(made, light);
    return made;
}

int
main(void)
{
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
