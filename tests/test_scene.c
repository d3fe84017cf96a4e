/* Pictures of a network: the same bits everywhere, and true to the data. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/plan.h>
#include <chronaxie/scene.h>

#include "base/hash.h"
#include "comma.h"
#include "each.h"
#include "folder.h"
#include "machine.h"
#include "network/layout.h"
#include "network/simulation_state.h"
#include "scene/hershey.h"
#include "sample.h"
#include "scene/scene.h"
#include "sketch.h"
#include "threads/draw.h"

/* The sketch after 6 ms at 96 x 256, without and with labels. They change when the drawing changes,
 * and only then. */
#define PLAIN_DIGEST UINT64_C(0x84d5614090c2de5d)
#define LABELLED_DIGEST UINT64_C(0x253d9c9dbc0ef8f0)

#define WIDTH 96
#define HEIGHT 256

static chx_runtime *runtime;
static chx_network *network;

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
    network = sketch_create();
}

static void
close_runtime(void)
{
    chx_network_destroy(&network);
    chx_runtime_destroy(&runtime);
}

/* A scene in a graph of its own with the simulation. */
typedef struct stage {
    chx_simulation *simulation;
    chx_scene *scene;
    chx_graph *graph;
    chx_plan *plan;
    uint8_t *pixels; /* of the last frame */
    size_t size_bytes;
    uint64_t n_frames;
} stage;

static chx_status
keep(void *data, const chx_frame *frame)
{
    stage *on = data;
    free(on->pixels);
    on->pixels = malloc(frame->size_bytes);
    on->size_bytes = frame->size_bytes;
    memcpy(on->pixels, frame->pixels, frame->size_bytes);
    on->n_frames = frame->index + 1;
    return CHX_OK;
}

#define MOST_STEPS 400

/* With at most n_places in the queues of big bodies. */
static stage *
open_stage_of(const chx_scene_params *params, uint32_t n_places)
{
    stage *on = calloc(1, sizeof *on);
    check_ok(chx_simulation_create(runtime, network, NULL, &on->simulation));
    check_ok(chx_scene_create(runtime, on->simulation, params, &on->scene));
    for (uint32_t i = 0; i < on->scene->params.n_bands; i++)
        if (on->scene->bands[i].n_places > n_places)
            on->scene->bands[i].n_places = n_places;
    check_ok(chx_graph_create(runtime, &on->graph));
    check_ok(chx_simulation_build(on->simulation, on->graph, MOST_STEPS));
    check_ok(chx_scene_build(on->scene, on->graph, keep, on));
    check_ok(chx_plan_create(on->graph, NULL, &on->plan));
    return on;
}

static stage *
open_stage(const chx_scene_params *params)
{
    return open_stage_of(params, UINT32_MAX);
}

static void
close_stage(stage *on)
{
    chx_plan_destroy(&on->plan);
    chx_graph_destroy(&on->graph);
    chx_scene_destroy(&on->scene);
    chx_simulation_destroy(&on->simulation);
    free(on->pixels);
    free(on);
}

/* Advances to a time and draws it. */
static void
draw(stage *on, double time_ms)
{
    uint64_t step = (uint64_t)rint(time_ms / SKETCH_STEP_MS);
    uint32_t n_steps = (uint32_t)(step - chx_simulation_step(on->simulation));
    check_ok(chx_simulation_set_steps(on->simulation, n_steps));
    check_ok(chx_scene_set_time(on->scene, time_ms, 0.04));
    chx_run *run = NULL;
    check_ok(chx_plan_submit(on->plan, &run));
    check_ok(chx_run_wait(run, CHX_FOREVER));
    chx_run_destroy(&run);
}

static uint64_t
digest_at(const chx_scene_params *params, double time_ms)
{
    stage *on = open_stage(params);
    draw(on, time_ms);
    uint64_t digest = chx__hash(on->pixels, on->size_bytes).low;
    close_stage(on);
    return digest;
}

static const chx_scene_params plain = {.width_px = WIDTH, .height_px = HEIGHT, .no_labels = true};

/* Sum of red, green and blue of the brightest pixel within reach of a point of the network. */
static int
brightness_at(const stage *on, const float position_um[3], int reach)
{
    double x, y;
    chx_scene_project(on->scene, position_um, &x, &y);
    int brightest = 0;
    for (int j = (int)y - reach; j <= (int)y + reach; j++)
        for (int i = (int)x - reach; i <= (int)x + reach; i++) {
            if (i < 0 || j < 0 || i >= WIDTH || j >= HEIGHT)
                continue;
            const uint8_t *rgb = on->pixels + 3 * (j * WIDTH + i);
            int sum = rgb[0] + rgb[1] + rgb[2];
            brightest = sum > brightest ? sum : brightest;
        }
    return brightest;
}

/* How much redder than blue a soma's pixel is: tissue is blue, light red or yellow. */
static int
warmth_at(const stage *on, const float position_um[3])
{
    double x, y;
    chx_scene_project(on->scene, position_um, &x, &y);
    const uint8_t *rgb = on->pixels + 3 * ((int)y * WIDTH + (int)x);
    return rgb[0] - rgb[2];
}

static double
first_spike_ms(stage *on)
{
    const chx_spike *spikes;
    size_t n;
    check_ok(chx_simulation_spikes(on->simulation, &spikes, &n));
    ck_assert_uint_gt(n, 0);
    ck_assert_uint_eq(spikes[0].neuron, 0);
    return spikes[0].step * SKETCH_STEP_MS;
}

START_TEST(frame_has_the_same_bits_for_any_number_of_bands)
{
    chx_scene_params params = plain;
    for (uint32_t n_bands = 1; n_bands <= 3; n_bands++) {
        params.n_bands = n_bands;
        ck_assert_msg(digest_at(&params, 6) == PLAIN_DIGEST, "%u bands: %llx", n_bands,
                      (unsigned long long)digest_at(&params, 6));
    }
}
END_TEST

START_TEST(frame_has_the_same_bits_without_int64_atomics)
{
    chx_scene_params params = plain;
    params.no_int64_atomics = true;
    ck_assert_uint_eq(digest_at(&params, 6), PLAIN_DIGEST);
}
END_TEST

START_TEST(labels_have_the_same_bits_everywhere)
{
    chx_scene_params params = {.width_px = WIDTH, .height_px = HEIGHT};
    uint64_t digest = digest_at(&params, 6);
    ck_assert_msg(digest == LABELLED_DIGEST, "%llx", (unsigned long long)digest);
}
END_TEST

/* The same network with further types that no neuron has. */
static chx_network *
many_types_create(uint32_t n_types)
{
    static char names[64][12];
    chx_neuron_type types[64];
    chx_network_info info = *chx_network_get(network);
    for (uint32_t i = 0; i < n_types; i++) {
        snprintf(names[i], sizeof names[i], "type%u", i);
        types[i] = info.types[0];
        types[i].name = names[i];
    }
    info.types = types;
    info.n_types = n_types;
    chx_network *made = NULL;
    check_ok(chx_network_create(&info, &made));
    return made;
}

START_TEST(legend_of_types_says_how_many_it_leaves_out)
{
    chx_network *sketch = network;
    uint64_t digests[2];
    const chx_scene_params params = {.width_px = 320, .height_px = 180};
    for (uint32_t i = 0; i < 2; i++) {
        network = many_types_create(20 + i);
        digests[i] = digest_at(&params, 1);
        chx_network_destroy(&network);
        network = sketch;
    }
    ck_assert_uint_ne(digests[0], digests[1]);
}
END_TEST

/* Mean brightness of the upper left corner when light fills the picture. */
static double
corner_over_light(bool no_labels)
{
    const chx_scene_params params = {.width_px = 320, .height_px = 180, .no_labels = no_labels};
    stage *on = open_stage(&params);
    chx_camera camera;
    chx_scene_default_camera(on->scene, &camera);
    memcpy(camera.centre_um, chx_network_get(network)->neurons[0].position_um, 12);
    camera.zoom = 150;
    check_ok(chx_scene_set_camera(on->scene, &camera));
    draw(on, 4);
    double sum = 0;
    for (int y = 14; y < 26; y++)
        for (int x = 20; x < 52; x++)
            for (int k = 0; k < 3; k++)
                sum += on->pixels[3 * (y * 320 + x) + k];
    close_stage(on);
    return sum / (12 * 32 * 3);
}

START_TEST(labels_have_a_ground_of_their_own)
{
    double bare = corner_over_light(true);
    double labelled = corner_over_light(false);
    ck_assert_msg(bare > 120 && labelled < bare * 0.75, "%g, with labels %g", bare, labelled);
}
END_TEST

START_TEST(letters_become_what_they_are_built_on)
{
    static const char *const pairs[][2] = {{"\u00c5ngstr\u00f6m", "Angstrom"},
                                           {"\u017b\u00f3\u0142w", "Zolw"},
                                           {"L2\u20133 \u00b0C", "L2-3 oC"},
                                           {"\u00b5", CHX__CHAR_MICRO},
                                           {"\u795e\u7d4c", "??"},
                                           {"e\u0301", "e"},
                                           {"\xc3", "?"},
                                           {"\u00fc\u00e9\u00f1", "uen"}};
    chx__font font;
    check_ok(chx__font_init(&font));
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        chx__strokes drawn[2] = {{0}, {0}};
        const chx__style style = {.cap_px = 20};
        for (int k = 0; k < 2; k++)
            chx__strokes_text(&drawn[k], &font, &style, 0, 0, pairs[i][k]);
        ck_assert_msg(drawn[0].n == drawn[1].n, "%s: %zu strokes", pairs[i][1], drawn[0].n);
        ck_assert_mem_eq(drawn[0].items, drawn[1].items, drawn[0].n * sizeof(chx_stroke));
        chx__strokes_finish(&drawn[0]);
        chx__strokes_finish(&drawn[1]);
    }
    chx__font_finish(&font);
}
END_TEST

START_TEST(labels_follow_no_locale)
{
    const chx_scene_params params = {.width_px = WIDTH, .height_px = HEIGHT};
    char *folder = test_folder_create();
    digest_at(&params, 6);
    bool comma = comma_begin(folder);
    uint64_t digest = digest_at(&params, 6);
    comma_end();
    test_folder_destroy(folder);
    if (comma)
        ck_assert_uint_eq(digest, LABELLED_DIGEST);
}
END_TEST

START_TEST(second_frame_of_the_same_moment_is_the_same)
{
    stage *on = open_stage(&plain);
    draw(on, 6);
    uint64_t first = chx__hash(on->pixels, on->size_bytes).low;
    draw(on, 6);
    ck_assert_uint_eq(on->n_frames, 2);
    ck_assert_uint_eq(chx__hash(on->pixels, on->size_bytes).low, first);
    close_stage(on);
}
END_TEST

START_TEST(soma_lights_up_when_its_neuron_fires)
{
    stage *on = open_stage(&plain);
    const chx_neuron *neurons = chx_network_get(network)->neurons;
    draw(on, 1);
    ck_assert_int_gt(brightness_at(on, neurons[0].position_um, 1), 30);
    int before = warmth_at(on, neurons[0].position_um);
    int silent_before = warmth_at(on, neurons[1].position_um);
    draw(on, 4);
    double spike_ms = first_spike_ms(on);
    ck_assert(spike_ms > 2 && spike_ms < 3.6);
    ck_assert_int_gt(warmth_at(on, neurons[0].position_um), before + 150);
    ck_assert_int_lt(warmth_at(on, neurons[1].position_um), silent_before + 50);
    close_stage(on);
}
END_TEST

START_TEST(light_runs_along_the_branch_at_the_pace_of_the_view)
{
    stage *on = open_stage(&plain);
    draw(on, 8);
    double ms = 8 - first_spike_ms(on);
    float front_um = (float)(ms * SKETCH_PACE_UM_PER_MS);
    ck_assert(front_um > 50 && front_um < SKETCH_AXON_UM - 30);
    const float behind[3] = {0, front_um - 12, 0};
    const float ahead[3] = {0, front_um + 25, 0};
    ck_assert_int_gt(brightness_at(on, behind, 1), brightness_at(on, ahead, 1) + 150);
    close_stage(on);
}
END_TEST

START_TEST(light_fades_away)
{
    stage *on = open_stage(&plain);
    const float *soma = chx_network_get(network)->neurons[0].position_um;
    draw(on, 1);
    int before = brightness_at(on, soma, 1);
    int cold = warmth_at(on, soma);
    draw(on, 4);
    ck_assert_int_gt(warmth_at(on, soma), cold + 150);
    draw(on, 38);
    ck_assert_int_le(abs(brightness_at(on, soma, 1) - before), 12);
    close_stage(on);
}
END_TEST

START_TEST(all_branches_are_framed_with_a_margin_at_any_azimuth)
{
    stage *on = open_stage(&plain);
    const chx_network_info *info = chx_network_get(network);
    for (double azimuth = 0; azimuth < 360; azimuth += 45) {
        chx_camera camera;
        chx_scene_default_camera(on->scene, &camera);
        camera.azimuth_deg += azimuth;
        check_ok(chx_scene_set_camera(on->scene, &camera));
        for (uint32_t i = 0; i < info->n_nodes; i++) {
            double x, y;
            chx_scene_project(on->scene, info->nodes[i].position_um, &x, &y);
            ck_assert(x >= 2 && x <= WIDTH - 2 && y >= 2 && y <= HEIGHT - 2);
        }
    }
    close_stage(on);
}
END_TEST

/* The share of the width, or height, that pixels brighter than the ground span. */
static double
span_of(const stage *on, bool down, int width, int height)
{
    int first = -1, last = -1;
    for (int i = 0; i < (down ? height : width); i++)
        for (int j = 0; j < (down ? width : height); j++) {
            const uint8_t *rgb = on->pixels + 3 * (down ? i * width + j : j * width + i);
            if (rgb[0] + rgb[1] + rgb[2] < 60)
                continue;
            first = first < 0 ? i : first;
            last = i;
            break;
        }
    return (last - first + 1.0) / (down ? height : width);
}

START_TEST(still_views_fill_the_height_or_the_width)
{
    static const int sizes[3][2] = {{320, 180}, {180, 320}, {256, 256}};
    for (int i = 0; i < 9; i++) {
        chx_scene_params params = {.width_px = (uint32_t)sizes[i / 3][0],
                                   .height_px = (uint32_t)sizes[i / 3][1],
                                   .no_labels = true,
                                   .has_plane = true,
                                   .plane = (chx_plane)(CHX_PLANE_XY + i % 3),
                                   .still = true};
        stage *on = open_stage(&params);
        draw(on, 1);
        double across = span_of(on, false, sizes[i / 3][0], sizes[i / 3][1]);
        double down = span_of(on, true, sizes[i / 3][0], sizes[i / 3][1]);
        ck_assert_double_gt(fmax(across, down), 0.91);
        ck_assert_double_lt(fmax(across, down), 0.97);
        close_stage(on);
    }
}
END_TEST

START_TEST(labels_keep_their_corners_and_no_more)
{
    chx_scene_params params = {
        .width_px = 640, .height_px = 360, .has_plane = true, .plane = CHX_PLANE_XY, .still = true};
    const chx_network_info *info = chx_network_get(network);
    stage *on = open_stage(&params);
    double top = 360, bottom = 0;
    for (uint32_t i = 0; i < info->n_nodes; i++) {
        double x, y;
        chx_scene_project(on->scene, info->nodes[i].position_um, &x, &y);
        top = fmin(top, y);
        bottom = fmax(bottom, y);
        for (uint32_t k = 0; k < on->scene->labels.n_blocks; k++) {
            const chx__block *block = &on->scene->labels.blocks[k];
            ck_each(x <= block->x0_px || x >= block->x1_px || y <= block->y0_px ||
                    y >= block->y1_px);
        }
    }
    ck_assert_double_gt(bottom - top, 0.85 * 360);
    close_stage(on);
}
END_TEST

/* Rings of 3, 6 .. 24 neurons that nothing joins. */
START_TEST(parts_of_a_layout_lie_close_together)
{
    chx_neuron neurons[108];
    chx_synapse synapses[108];
    uint32_t n = 0;
    for (uint32_t ring = 1; ring <= 8; ring++) {
        uint32_t first = n;
        for (; n < first + 3 * ring; n++)
            synapses[n] = (chx_synapse){.pre = n, .post = first + (n - first + 1) % (3 * ring)};
    }
    check_ok(chx__layout_place(neurons, n, synapses, n, 1));
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (uint32_t i = 0; i < n; i++)
        for (int k = 0; k < 2; k++) {
            low[k] = fmin(low[k], neurons[i].position_um[k]);
            high[k] = fmax(high[k], neurons[i].position_um[k]);
        }
    double width = high[0] - low[0], height = high[1] - low[1];
    ck_assert_double_gt(width, height);
    ck_assert_double_lt(width, 3 * height);
    ck_assert_double_lt(width * height, 10.0 * n);
}
END_TEST

/* Five layers of 8, each neuron of which leads to three of the next layer, in a mixed order. */
START_TEST(layouts_lead_from_left_to_right_along_the_flow)
{
    chx_neuron neurons[40];
    chx_synapse synapses[96];
    uint32_t n = 0;
    for (uint32_t i = 0; i < 32; i++)
        for (uint32_t j = 0; j < 3; j++) {
            uint32_t pre = i / 8 * 8 + (i * 3) % 8, post = (i / 8 + 1) * 8 + (pre + j) % 8;
            synapses[n++] = (chx_synapse){.pre = pre * 7 % 40, .post = post * 7 % 40};
        }
    check_ok(chx__layout_place(neurons, 40, synapses, n, 1));
    float low[5], high[5];
    for (uint32_t layer = 0; layer < 5; layer++) {
        low[layer] = INFINITY;
        high[layer] = -INFINITY;
        for (uint32_t i = layer * 8; i < layer * 8 + 8; i++) {
            low[layer] = fminf(low[layer], neurons[i * 7 % 40].position_um[0]);
            high[layer] = fmaxf(high[layer], neurons[i * 7 % 40].position_um[0]);
        }
        if (layer > 0)
            ck_assert_float_gt(low[layer] - high[layer - 1], 1);
    }
    for (uint32_t i = 0; i < 40; i++)
        for (uint32_t j = 0; j < i; j++) {
            const float *a = neurons[i].position_um, *b = neurons[j].position_um;
            ck_each(hypotf(a[0] - b[0], a[1] - b[1]) > 0.3f);
        }
}
END_TEST

/* A leads to D, but of the others each leads to the next. */
START_TEST(layouts_of_a_ring_with_a_branch_keep_the_ring_open)
{
    static const chx_synapse synapses[] = {
        {.pre = 0, .post = 1}, {.pre = 1, .post = 2}, {.pre = 2, .post = 0}, {.pre = 0, .post = 3}};
    chx_neuron neurons[4];
    check_ok(chx__layout_place(neurons, 4, synapses, 4, 1));
    const float *a = neurons[0].position_um, *b = neurons[1].position_um;
    const float *c = neurons[2].position_um;
    float twice = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    ck_assert_float_gt(fabsf(twice), 0.3f);
}
END_TEST

/* A band of 60, each joined with some of the next 9: it has a hole, though all lead round. */
START_TEST(layouts_of_a_ring_without_a_begin_are_round)
{
    chx_neuron neurons[60];
    chx_synapse synapses[240];
    for (uint32_t i = 0; i < 240; i++) {
        uint32_t pre = i * 37 % 60;
        synapses[i] = (chx_synapse){.pre = pre, .post = (pre + 1 + i * i % 9) % 60};
    }
    check_ok(chx__layout_place(neurons, 60, synapses, 240, 1));
    float middle[2] = {0}, nearest = INFINITY;
    for (uint32_t i = 0; i < 60; i++)
        for (int k = 0; k < 2; k++)
            middle[k] += neurons[i].position_um[k] / 60;
    for (uint32_t i = 0; i < 60; i++)
        nearest = fminf(nearest, hypotf(neurons[i].position_um[0] - middle[0],
                                        neurons[i].position_um[1] - middle[1]));
    ck_assert_float_gt(nearest, 1);
}
END_TEST

START_TEST(layouts_of_a_chain_lead_straight_on)
{
    chx_neuron neurons[41];
    chx_synapse synapses[40];
    for (uint32_t i = 0; i < 40; i++)
        synapses[i] = (chx_synapse){.pre = i, .post = i + 1};
    check_ok(chx__layout_place(neurons, 41, synapses, 40, 1));
    for (uint32_t i = 0; i < 40; i++) {
        const float *a = neurons[i].position_um, *b = neurons[i + 1].position_um;
        ck_assert_float_gt(b[0] - a[0], 0.9f);
        ck_assert_float_lt(fabsf(b[1] - a[1]), 0.3f);
    }
}
END_TEST

/* Of 500, in a mixed order: rows that fill a picture, each neuron beside the one before it. */
START_TEST(layouts_of_a_long_chain_lie_in_rows)
{
    chx_neuron neurons[500];
    chx_synapse synapses[499];
    for (uint32_t i = 0; i < 499; i++)
        synapses[i] = (chx_synapse){.pre = i * 7 % 500, .post = (i + 1) * 7 % 500};
    check_ok(chx__layout_place(neurons, 500, synapses, 499, 1));
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    uint32_t n_turns = 0;
    for (uint32_t i = 0; i < 500; i++) {
        const float *a = neurons[i * 7 % 500].position_um;
        const float *b = neurons[(i + 1) * 7 % 500].position_um;
        for (int k = 0; k < 2; k++) {
            low[k] = fmin(low[k], a[k]);
            high[k] = fmax(high[k], a[k]);
        }
        bool turns = i < 499 && fabsf(b[1] - a[1]) > 0.3f;
        n_turns += turns;
        if (i == 499)
            break;
        ck_assert_float_gt(hypotf(b[0] - a[0], b[1] - a[1]), 0.9f);
        ck_assert_float_lt(hypotf(b[0] - a[0], b[1] - a[1]), turns ? 2.5f : 1.5f);
    }
    ck_assert_uint_gt(n_turns, 3);
    ck_assert_uint_lt(n_turns, 30);
    double aspect = (high[0] - low[0]) / (high[1] - low[1]);
    ck_assert(aspect > 1.2 && aspect < 2.5);
}
END_TEST

/* Ten layers of 300, each neuron of which leads to three of the next layer by chance. */
START_TEST(layers_of_a_layout_stand_side_by_side)
{
    chx_neuron neurons[3000];
    chx_synapse synapses[8100];
    for (uint32_t i = 0; i < 8100; i++) {
        uint32_t pre = i / 3, mixed = (i + 1) * 2654435769u;
        mixed = (mixed ^ mixed >> 15) * 2246822519u;
        synapses[i] =
            (chx_synapse){.pre = pre, .post = (pre / 300 + 1) * 300 + (mixed >> 16) % 300};
    }
    check_ok(chx__layout_place(neurons, 3000, synapses, 8100, 1));
    double middle[10] = {0};
    double low = INFINITY, high = -INFINITY;
    for (uint32_t i = 0; i < 2700; i++) {
        middle[i / 300] += neurons[i].position_um[1] / 300;
        low = fmin(low, neurons[i].position_um[1]);
        high = fmax(high, neurons[i].position_um[1]);
    }
    for (uint32_t layer = 1; layer < 9; layer++)
        ck_assert_double_lt(fabs(middle[layer] - middle[0]), (high - low) / 8);
}
END_TEST

/* Of 12 neurons each, with weights as far apart as weights can be. */
static const struct {
    uint32_t ends[6][2], n;
} odd_networks[] = {
    {{{0, 0}}, 1}, /* a self-loop, and neurons without a synapse */
    {{{0, 1}, {0, 1}, {1, 0}, {2, 2}, {2, 3}, {2, 3}}, 6},
    {{{0, 1}, {1, 2}, {2, 0}, {3, 4}, {4, 3}, {11, 5}}, 6},
    {{{0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}, {0, 6}}, 6},
    {{{0, 1}, {1, 2}, {2, 3}, {0, 3}, {3, 3}, {9, 8}}, 6},
};

START_TEST(layouts_of_odd_networks_are_finite_and_the_same_each_time)
{
    static const float weights[] = {1e12f, -1e-12f, 0, -1e12f, 1, 1e-12f};
    chx_neuron neurons[12], again[12];
    chx_synapse synapses[6];
    for (uint32_t i = 0; i < odd_networks[_i].n; i++)
        synapses[i] = (chx_synapse){.pre = odd_networks[_i].ends[i][0],
                                    .post = odd_networks[_i].ends[i][1],
                                    .weight_pa = weights[i]};
    check_ok(chx__layout_place(neurons, 12, synapses, odd_networks[_i].n, 1));
    check_ok(chx__layout_place(again, 12, synapses, odd_networks[_i].n, 1));
    for (uint32_t i = 0; i < 12; i++) {
        const float *a = neurons[i].position_um;
        ck_assert_mem_eq(a, again[i].position_um, sizeof neurons[i].position_um);
        for (uint32_t j = 0; j < i; j++) {
            const float *b = neurons[j].position_um;
            ck_each(hypotf(a[0] - b[0], a[1] - b[1]) > 0.3f);
        }
    }
}
END_TEST

START_TEST(views_lay_the_first_axis_to_the_right_and_the_second_up)
{
    static const int axes[4][2] = {{1, 0}, {0, 1}, {0, 2}, {1, 2}};
    const chx_network_info *info = chx_network_get(network);
    for (chx_plane plane = CHX_PLANE_XY; plane <= CHX_PLANE_YZ; plane++) {
        chx_scene_params params = plain;
        params.has_plane = true;
        params.plane = plane;
        stage *on = open_stage(&params);
        double x0, y0, x, y;
        const float *at = info->nodes[0].position_um;
        chx_scene_project(on->scene, at, &x0, &y0);
        for (int k = 0; k < 3; k++) {
            float beside[3] = {at[0], at[1], at[2]};
            beside[k] += 1;
            chx_scene_project(on->scene, beside, &x, &y);
            double scale = chx_scene_scale_px_per_um(on->scene);
            ck_assert_double_eq_tol(x - x0, k == axes[plane][0] ? scale : 0, 1e-9);
            ck_assert_double_eq_tol(y0 - y, k == axes[plane][1] ? scale : 0, 1e-9);
        }
        close_stage(on);
    }
}
END_TEST

START_TEST(views_frame_all_branches_at_any_azimuth_elevation_and_roll)
{
    const chx_network_info *info = chx_network_get(network);
    for (int turn = 0; turn < 24; turn++) {
        chx_scene_params params = plain;
        params.has_plane = true;
        params.plane = (chx_plane)(CHX_PLANE_XY + turn % 3);
        stage *on = open_stage(&params);
        chx_camera camera;
        chx_scene_default_camera(on->scene, &camera);
        camera.azimuth_deg = 47 * turn;
        camera.elevation_deg = 31 * turn;
        camera.roll_deg = 22 * turn;
        check_ok(chx_scene_set_camera(on->scene, &camera));
        for (uint32_t i = 0; i < info->n_nodes; i++) {
            double x, y;
            chx_scene_project(on->scene, info->nodes[i].position_um, &x, &y);
            ck_assert(x >= 2 && x <= WIDTH - 2 && y >= 2 && y <= HEIGHT - 2);
        }
        close_stage(on);
    }
}
END_TEST

START_TEST(pixels_lie_where_the_projection_says)
{
    stage *on = open_stage(&plain);
    draw(on, 1);
    const chx_network_info *info = chx_network_get(network);
    for (uint32_t i = 0; i < info->n_nodes; i += 5)
        ck_assert_int_gt(brightness_at(on, info->nodes[i].position_um, 1), 30);
    const float nowhere[3] = {12, 100, 0};
    ck_assert_int_eq(brightness_at(on, nowhere, 1), 0);
    close_stage(on);
}
END_TEST

START_TEST(branches_are_handed_to_their_buffer)
{
    stage *on = open_stage(&plain);
    ck_assert_ptr_null(on->scene->geometry.branches);
    ck_assert_uint_ge(chx_buffer_size(on->scene->inputs.branches),
                      on->scene->geometry.n_branches * sizeof(chx_branch));
    close_stage(on);
}
END_TEST

START_TEST(zoom_enlarges_about_the_centre)
{
    stage *on = open_stage(&plain);
    double scale = chx_scene_scale_px_per_um(on->scene);
    chx_camera camera;
    chx_scene_default_camera(on->scene, &camera);
    memcpy(camera.centre_um, chx_network_get(network)->neurons[0].position_um, 12);
    camera.zoom = 8;
    check_ok(chx_scene_set_camera(on->scene, &camera));
    ck_assert_double_eq_tol(chx_scene_scale_px_per_um(on->scene), 8 * scale, 1e-9);
    draw(on, 1);
    double x, y;
    chx_scene_project(on->scene, camera.centre_um, &x, &y);
    ck_assert_double_eq_tol(x, WIDTH / 2.0, 1e-9);
    ck_assert_double_eq_tol(y, HEIGHT / 2.0, 1e-9);
    /* Now a disc of its true size: 4 um radius, bright inside, nothing far off. */
    const float inside[3] = {2.5f, 0, 0};
    const float outside[3] = {0, -7, 0};
    ck_assert_int_gt(brightness_at(on, inside, 0), 30);
    ck_assert_int_eq(brightness_at(on, outside, 0), 0);
    close_stage(on);
}
END_TEST

START_TEST(strong_zoom_has_the_same_bits_on_both_paths)
{
    uint64_t digests[2];
    for (int i = 0; i < 2; i++) {
        chx_scene_params params = plain;
        params.no_int64_atomics = i == 1;
        params.n_bands = (uint32_t)i + 1;
        stage *on = open_stage(&params);
        chx_camera camera;
        chx_scene_default_camera(on->scene, &camera);
        memcpy(camera.centre_um, chx_network_get(network)->neurons[0].position_um, 12);
        camera.zoom = 30;
        camera.azimuth_deg = 33;
        check_ok(chx_scene_set_camera(on->scene, &camera));
        draw(on, 4);
        digests[i] = chx__hash(on->pixels, on->size_bytes).low;
        close_stage(on);
    }
    ck_assert_uint_eq(digests[0], digests[1]);
}
END_TEST

/* A close view of the sketch, whose big bodies find n_places in the queue. */
static uint64_t
close_digest(const chx_scene_params *params, uint32_t n_places, uint32_t *n_queued)
{
    stage *on = open_stage_of(params, n_places);
    chx_camera camera;
    chx_scene_default_camera(on->scene, &camera);
    memcpy(camera.centre_um, chx_network_get(network)->neurons[0].position_um, 12);
    camera.zoom = 24;
    check_ok(chx_scene_set_camera(on->scene, &camera));
    draw(on, 6);
    check_ok(chx_buffer_read(on->scene->bands[0].queue, 0, 4, n_queued));
    uint64_t digest = chx__hash(on->pixels, on->size_bytes).low;
    close_stage(on);
    return digest;
}

START_TEST(bodies_that_find_no_place_in_the_queue_are_drawn_all_the_same)
{
    chx_scene_params params = plain;
    params.n_bands = 1;
    params.no_int64_atomics = _i == 1;
    uint32_t n_queued, n_found;
    const uint64_t digest = close_digest(&params, UINT32_MAX, &n_queued);
    ck_assert_uint_gt(n_queued, 3);
    for (uint32_t n_places = 0; n_places <= n_queued; n_places += n_queued / 3) {
        ck_assert_uint_eq(close_digest(&params, n_places, &n_found), digest);
        ck_assert_uint_eq(n_found, n_queued);
    }
}
END_TEST

START_TEST(labels_are_drawn_and_follow_the_time)
{
    const chx_scene_params params = {.width_px = 320, .height_px = 180};
    stage *on = open_stage(&params);
    draw(on, 1);
    size_t corner = 0;
    for (int y = 0; y < 24; y++)
        for (int x = 0; x < 100; x++)
            corner += on->pixels[3 * (y * 320 + x)] > 100;
    ck_assert_uint_gt(corner, 40);
    uint8_t *first = malloc(on->size_bytes);
    memcpy(first, on->pixels, on->size_bytes);
    draw(on, 1.5);
    size_t changed = 0;
    for (int y = 0; y < 24; y++)
        for (int x = 220; x < 320; x++)
            changed += on->pixels[3 * (y * 320 + x)] != first[3 * (y * 320 + x)];
    ck_assert_uint_gt(changed, 5);
    free(first);
    close_stage(on);
}
END_TEST

/* Whether the time in the corner changes between two moments, with a step of the network. */
static bool
time_label_tells_apart(double step_ms, double first_ms, double second_ms)
{
    const chx_scene_params params = {.width_px = 320, .height_px = 180};
    chx_network *sketch = network;
    chx_network_info info = *chx_network_get(network);
    info.time_step_ms = step_ms;
    check_ok(chx_network_create(&info, &network));
    stage *on = open_stage(&params);
    uint64_t digests[2];
    for (int i = 0; i < 2; i++) {
        draw(on, i ? second_ms : first_ms);
        uint8_t corner[30 * 120 * 3];
        for (int y = 0; y < 30; y++)
            memcpy(corner + (size_t)y * 360, on->pixels + 3 * (y * 320 + 200), 360);
        digests[i] = chx__hash(corner, sizeof corner).low;
    }
    close_stage(on);
    chx_network_destroy(&network);
    network = sketch;
    return digests[0] != digests[1];
}

START_TEST(time_has_the_digits_of_the_step)
{
    ck_assert(time_label_tells_apart(0.1, 1, 1.1));
    ck_assert(time_label_tells_apart(0.05, 1, 1.05));
    ck_assert(time_label_tells_apart(0.025, 1, 1.025));
    ck_assert(!time_label_tells_apart(0.1, 1, 1.01));
}
END_TEST

START_TEST(pictures_without_light_tell_no_time)
{
    for (int by = CHX_COLOUR_BY_SPIKE; by <= CHX_COLOUR_BY_ID; by++) {
        const chx_scene_params params = {
            .width_px = 640, .height_px = 360, .colour_by = (chx_colour_by)by};
        stage *on = open_stage(&params);
        draw(on, 6);
        int n_letters = 0;
        for (int y = 0; y < 50; y++)
            for (int x = 480; x < 640; x++) {
                const uint8_t *rgb = on->pixels + 3 * (y * 640 + x);
                n_letters += rgb[0] + rgb[1] + rgb[2] > 300;
            }
        ck_assert_msg(by ? n_letters == 0 : n_letters > 20, "%d in colours %d", n_letters, by);
        close_stage(on);
    }
}
END_TEST

START_TEST(axes_turn_with_the_camera)
{
    chx_scene_params params = {.width_px = 320, .height_px = 180, .has_plane = true};
    params.plane = CHX_PLANE_XY;
    uint8_t corners[3][80 * 110];
    for (int i = 0; i < 3; i++) {
        params.axes = i > 0;
        stage *on = open_stage(&params);
        chx_camera camera;
        chx_scene_default_camera(on->scene, &camera);
        camera.roll_deg = i == 2 ? 45 : 0;
        camera.centre_um[0] += 1e6f;
        check_ok(chx_scene_set_camera(on->scene, &camera));
        draw(on, 1);
        for (int y = 0; y < 80; y++)
            for (int x = 0; x < 110; x++)
                corners[i][110 * y + x] = on->pixels[3 * ((y + 70) * 320 + x)];
        close_stage(on);
    }
    int drawn = 0, turned = 0;
    for (int i = 0; i < 80 * 110; i++) {
        drawn += corners[1][i] > corners[0][i] + 60;
        turned += corners[2][i] > corners[1][i] + 60;
    }
    ck_assert_msg(drawn > 40 && turned > 30, "%d drawn, %d turned", drawn, turned);
}
END_TEST

static size_t
count_bar_strokes(bool is_layout)
{
    chx_network_info info = *chx_network_get(network);
    size_t n = 0;
    info.view.is_layout = is_layout;
    chx_network *placed = NULL;
    chx_simulation *simulation = NULL;
    chx_scene *scene = NULL;
    check_ok(chx_network_create(&info, &placed));
    check_ok(chx_simulation_create(runtime, placed, NULL, &simulation));
    check_ok(chx_scene_create(runtime, simulation, NULL, &scene));
    for (size_t i = 0; i < scene->labels.strokes.n; i++)
        n += (scene->labels.strokes.items[i].flags & CHX_STROKE_BAR_X1) != 0;
    ck_assert_int_eq(*scene->caption.scale == 0, is_layout);
    ck_assert_int_eq(scene->caption.bar_q8 == 0, is_layout);
    chx_scene_destroy(&scene);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&placed);
    return n;
}

START_TEST(layouts_have_no_scale_bar)
{
    ck_assert_uint_gt(count_bar_strokes(false), 0);
    ck_assert_uint_eq(count_bar_strokes(true), 0);
}
END_TEST

START_TEST(cividis_has_other_colours_than_inferno)
{
    chx_scene_params params = plain;
    params.colour_map = CHX_COLOUR_CIVIDIS;
    ck_assert_uint_ne(digest_at(&params, 4), digest_at(&plain, 4));
}
END_TEST

START_TEST(colours_mean_what_is_asked_for)
{
    uint64_t digests[4];
    for (int by = CHX_COLOUR_BY_SPIKE; by <= CHX_COLOUR_BY_ID; by++) {
        chx_scene_params params = plain;
        params.colour_by = (chx_colour_by)by;
        digests[by] = digest_at(&params, 6);
        for (int other = 0; other < by; other++)
            ck_assert_uint_ne(digests[by], digests[other]);
        ck_assert(by == CHX_COLOUR_BY_SPIKE || digest_at(&params, 1) == digests[by]);
    }
    ck_assert_uint_eq(digests[0], PLAIN_DIGEST);
}
END_TEST

/* The brightest of red, green and blue at a point of the network. */
static int
channel_at(const stage *on, const float position_um[3])
{
    double x, y;
    chx_scene_project(on->scene, position_um, &x, &y);
    const uint8_t *rgb = on->pixels + 3 * ((int)y * WIDTH + (int)x);
    int brightest = 0;
    for (int k = 0; k < 3; k++)
        brightest = rgb[k] > brightest ? rgb[k] : brightest;
    return brightest;
}

START_TEST(neurons_apart_are_as_bright_as_types)
{
    const chx_network_info *info = chx_network_get(network);
    int brightness[2][SKETCH_NEURONS];
    for (int id = 0; id < 2; id++) {
        chx_scene_params params = plain;
        params.colour_by = id ? CHX_COLOUR_BY_ID : CHX_COLOUR_BY_TYPE;
        stage *on = open_stage(&params);
        draw(on, 1);
        for (uint32_t n = 0; n < info->n_neurons; n++)
            brightness[id][n] = channel_at(on, info->neurons[n].position_um);
        close_stage(on);
    }
    for (uint32_t n = 0; n < info->n_neurons; n++)
        ck_assert_int_ge(brightness[1][n], brightness[0][n]);
}
END_TEST

START_TEST(legend_of_neurons_apart_has_their_names)
{
    chx_network *sketch = network;
    chx_network_info info = *chx_network_get(network);
    chx_neuron neurons[SKETCH_NEURONS];
    memcpy(neurons, info.neurons, sizeof neurons);
    neurons[SKETCH_NEURONS - 1].name = "renamed";
    info.neurons = neurons;
    for (int id = 0; id < 2; id++) {
        const chx_scene_params params = {.width_px = 1280,
                                         .height_px = 240,
                                         .colour_by = id ? CHX_COLOUR_BY_ID : CHX_COLOUR_BY_TYPE};
        uint64_t digest = digest_at(&params, 1);
        check_ok(chx_network_create(&info, &network));
        ck_assert_int_eq(digest_at(&params, 1) != digest, id);
        chx_network_destroy(&network);
        network = sketch;
    }
}
END_TEST

START_TEST(white_background_takes_ink)
{
    chx_scene_params params = plain;
    params.background = CHX_BACKGROUND_WHITE;
    stage *on = open_stage(&params);
    const float *soma = chx_network_get(network)->neurons[0].position_um;
    draw(on, 1);
    ck_assert_uint_eq(on->pixels[0] + on->pixels[1] + on->pixels[2], 3 * 255);
    double x, y;
    chx_scene_project(on->scene, soma, &x, &y);
    size_t cell = 3 * ((size_t)y * WIDTH + (size_t)x);
    int before = on->pixels[cell] + on->pixels[cell + 1] + on->pixels[cell + 2];
    draw(on, 4);
    int lit = on->pixels[cell] + on->pixels[cell + 1] + on->pixels[cell + 2];
    ck_assert_msg(before < 650 && lit < before - 60, "%d, lit %d", before, lit);
    close_stage(on);
    params.format = CHX_PIXELS_YUV420;
    on = open_stage(&params);
    draw(on, 4);
    ck_assert_uint_eq(on->pixels[0], 235);
    ck_assert_uint_eq(on->pixels[WIDTH * HEIGHT], 128);
    close_stage(on);
}
END_TEST

/* A moment drawn without a background, beside the same on black. */
START_TEST(clear_background_is_the_black_picture_with_alpha)
{
    chx_scene_params params = {.width_px = 320, .height_px = 180, .no_labels = true};
    stage *black = open_stage(&params);
    params.format = CHX_PIXELS_RGBA;
    stage *clear = open_stage(&params);
    params.no_labels = false;
    stage *labelled = open_stage(&params);
    draw(black, 6);
    draw(clear, 6);
    draw(labelled, 6);
    ck_assert_uint_eq(clear->size_bytes, 320 * 180 * 4);
    uint32_t n_empty = 0, n_opaque = 0, n_letters = 0;
    for (uint32_t i = 0; i < 320 * 180; i++) {
        const uint8_t *rgba = clear->pixels + (size_t)4 * i;
        for (uint32_t k = 0; k < 3; k++)
            ck_each(abs((rgba[k] * rgba[3] + 127) / 255 - black->pixels[3 * i + k]) <= 1);
        n_empty += rgba[3] == 0;
        n_opaque += rgba[3] == 255;
        n_letters += i / 320 < 40 && rgba[3] < 100 && labelled->pixels[4 * i + 3] > 200;
    }
    ck_assert_msg(n_empty > 1000 && n_opaque > 100 && n_letters > 40, "%u empty, %u opaque, %u",
                  n_empty, n_opaque, n_letters);
    close_stage(black);
    close_stage(clear);
    close_stage(labelled);
}
END_TEST

/* Of a colour of sRGB, as WCAG counts it. */
static double
luminance_of(const uint8_t rgb[3])
{
    static const double shares[3] = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (int k = 0; k < 3; k++)
        sum += shares[k] * pow((rgb[k] / 255.0 + 0.055) / 1.055, 2.4);
    return sum;
}

START_TEST(labels_on_no_background_are_legible_on_white_and_on_black)
{
    chx_scene_params params = {.width_px = 640, .height_px = 360, .format = CHX_PIXELS_RGBA};
    stage *on = open_stage(&params);
    draw(on, 6);
    uint32_t n_letters = 0;
    for (uint32_t i = 0; i < 640 * 22; i++) {
        const uint8_t *rgba = on->pixels + (size_t)4 * i;
        if (rgba[3] < 100)
            continue;
        double luminance = luminance_of(rgba);
        ck_assert_double_gt(1.05 / (luminance + 0.05), 3);
        ck_assert_double_gt((luminance + 0.05) / 0.05, 3);
        n_letters++;
    }
    ck_assert_uint_gt(n_letters, 20);
    close_stage(on);
}
END_TEST

/* Draws with the camera turned and zoomed by kernels and by the baseline. */
static void
compare_with_baseline(stage *on, unsigned n_threads, double zoom, double time_ms)
{
    chx_camera camera;
    chx_scene_default_camera(on->scene, &camera);
    camera.zoom = zoom;
    camera.azimuth_deg = 25 * zoom;
    camera.roll_deg = 70;
    check_ok(chx_scene_set_camera(on->scene, &camera));
    draw(on, time_ms);
    const chx_spike *spikes;
    size_t n_spikes;
    check_ok(chx_simulation_spikes(on->simulation, &spikes, &n_spikes));
    threads_draw *baseline =
        threads_draw_create(chx_network_get(network), WIDTH, HEIGHT, n_threads);
    uint8_t *rgb = malloc(on->size_bytes);
    threads_draw_aim(baseline, on->scene, &camera);
    for (int round = 0; round < 2; round++) {
        threads_draw_frame(baseline, spikes, n_spikes, time_ms, rgb);
        for (size_t i = 0; i < on->size_bytes; i++)
            ck_each_msg(rgb[i] == on->pixels[i], "x %zu y %zu: %u, baseline %u", i / 3 % WIDTH,
                        i / 3 / WIDTH, on->pixels[i], rgb[i]);
    }
    free(rgb);
    threads_draw_destroy(baseline);
}

START_TEST(plain_c_baseline_draws_the_same_pixels)
{
    stage *on = open_stage(&plain);
    compare_with_baseline(on, 1, 1, 6);
    compare_with_baseline(on, 2, 3, 8);
    compare_with_baseline(on, 3, 20, 10);
    close_stage(on);
}
END_TEST

#define FAR_CELLS 60

/* Cells without branches, too far apart to be seen in their true size. */
static chx_network *
far_cells_create(void)
{
    static char names[FAR_CELLS][8];
    chx_neuron cells[FAR_CELLS];
    chx_network_info info = *chx_network_get(network);
    for (uint32_t n = 0; n < FAR_CELLS; n++) {
        snprintf(names[n], sizeof names[n], "c%u", n);
        cells[n] = (chx_neuron){
            .name = names[n],
            .type = n % 2,
            .position_um = {(float)(n % 6) * 1013, (float)(n / 6) * 1789, (float)(n * 37 % 11)},
            .diameter_um = 10};
    }
    info.n_neurons = FAR_CELLS;
    info.neurons = cells;
    info.n_nodes = 0;
    chx_network *made = NULL;
    check_ok(chx_network_create(&info, &made));
    return made;
}

static uint32_t
count_spots(const stage *on)
{
    const chx_network_info *info = chx_network_get(network);
    uint32_t seen = 0;
    for (uint32_t n = 0; n < info->n_neurons; n++)
        seen += brightness_at(on, info->neurons[n].position_um, 1) > 100;
    return seen;
}

/* Two neurons whose axons run in the same place, cut in different places. */
static chx_network *
twins_create(void)
{
    static chx_node nodes[2 * SKETCH_NODES_EACH];
    chx_network_info info = *chx_network_get(network);
    chx_neuron cells[2];
    for (uint32_t n = 0; n < 2; n++) {
        uint32_t first = n * SKETCH_NODES_EACH;
        sketch_axon(nodes, first, 0, 0);
        for (uint32_t i = 1; i < SKETCH_NODES_EACH - 1; i++)
            nodes[first + i].position_um[1] += n ? 3.7f : 0;
        for (uint32_t i = 0; i < SKETCH_NODES_EACH; i++) {
            float along = nodes[first + i].position_um[1];
            nodes[first + i].position_um[0] = 0.37f * along;
            nodes[first + i].position_um[2] = 0.21f * along;
        }
        cells[n] = info.neurons[n];
        cells[n].position_um[0] = 0;
        cells[n].position_um[2] = 0;
        cells[n].first_node = first;
    }
    info.neurons = cells;
    info.n_neurons = 2;
    info.nodes = nodes;
    info.n_nodes = 2 * SKETCH_NODES_EACH;
    info.stimuli = NULL;
    info.n_stimuli = 0;
    chx_network *made = NULL;
    check_ok(chx_network_create(&info, &made));
    return made;
}

/* Which neuron's colour, blue or green, is there; 0 where it is dark. */
static int
tint_at(const stage *on, int x, int y)
{
    const uint8_t *rgb = on->pixels + 3 * (y * WIDTH + x);
    if (rgb[0] + rgb[1] + rgb[2] < 90)
        return 0;
    return rgb[1] >= rgb[2] ? 1 : 2;
}

START_TEST(branches_in_the_same_place_make_no_speckle)
{
    chx_network *three = network;
    network = twins_create();
    chx_scene_params params = plain;
    params.colour_by = CHX_COLOUR_BY_ID;
    stage *on = open_stage(&params);
    chx_camera camera;
    int n_lone = 0, n_tints = 0;
    for (int zoom = 8; zoom <= 40; zoom += 8) {
        chx_scene_default_camera(on->scene, &camera);
        camera.zoom = zoom;
        check_ok(chx_scene_set_camera(on->scene, &camera));
        draw(on, 1);
        for (int y = 1; y + 1 < HEIGHT; y++)
            for (int x = 1; x + 1 < WIDTH; x++) {
                int tint = tint_at(on, x, y);
                const int around[4] = {tint_at(on, x - 1, y), tint_at(on, x + 1, y),
                                       tint_at(on, x, y - 1), tint_at(on, x, y + 1)};
                int n_other = 0;
                for (int k = 0; k < 4; k++)
                    n_other += around[k] == 3 - tint ? 1 : around[k] == tint ? -4 : 0;
                n_tints += tint > 0;
                n_lone += tint && n_other == 4;
            }
    }
    ck_assert_int_gt(n_tints, 1000);
    ck_assert_msg(n_lone == 0, "%d of %d pixels", n_lone, n_tints);
    close_stage(on);
    chx_network_destroy(&network);
    network = three;
}
END_TEST

#define MOST_COVERED 4

/* Where a neuron's axon runs beside the sketch's slanting one, and when it is driven: not at all
 * where late_ms is negative. */
typedef struct course {
    float before_um, beside_um, shift_um, lean;
    double late_ms;
} course;

/* Neurons whose axons run beside each other; shift_um is where they are cut in pieces. */
static chx_network *
courses_create(const course *courses, uint32_t n_courses)
{
    static chx_node nodes[MOST_COVERED * SKETCH_NODES_EACH];
    static const uint32_t indices[MOST_COVERED] = {0, 1, 2, 3};
    static const char *const names[MOST_COVERED] = {"first", "second", "third", "fourth"};
    chx_network_info info = *chx_network_get(network);
    chx_neuron cells[MOST_COVERED];
    chx_stimulus stimuli[MOST_COVERED];
    info.n_stimuli = 0;
    for (uint32_t n = 0; n < n_courses; n++) {
        uint32_t first = n * SKETCH_NODES_EACH;
        sketch_axon(nodes, first, 0, 0);
        for (uint32_t i = 0; i < SKETCH_NODES_EACH; i++) {
            float *at = nodes[first + i].position_um;
            at[1] += i && i < SKETCH_NODES_EACH - 1 ? courses[n].shift_um : 0;
            at[0] = 0.37f * at[1] + courses[n].beside_um;
            at[2] = courses[n].lean * at[1] + courses[n].before_um;
        }
        cells[n] = info.neurons[n % SKETCH_NEURONS];
        cells[n].name = names[n];
        memcpy(cells[n].position_um, nodes[first].position_um, sizeof cells[n].position_um);
        cells[n].first_node = first;
        if (courses[n].late_ms < 0)
            continue;
        chx_stimulus *stimulus = &stimuli[info.n_stimuli++];
        *stimulus = info.stimuli[0];
        stimulus->neurons = &indices[n];
        stimulus->start_ms += courses[n].late_ms;
        stimulus->stop_ms += courses[n].late_ms;
    }
    info.stimuli = stimuli;
    info.neurons = cells;
    info.n_neurons = n_courses;
    info.nodes = nodes;
    info.n_nodes = n_courses * SKETCH_NODES_EACH;
    chx_network *made = NULL;
    check_ok(chx_network_create(&info, &made));
    return made;
}

/* The sketch's driven neuron, and another that runs so far before and beside it;
 * driven later, or not at all where late_ms is 0. */
static chx_network *
covered_create(float before_um, float beside_um, double late_ms)
{
    const course both[2] = {
        {.late_ms = 0},
        {.before_um = before_um, .beside_um = beside_um, .late_ms = late_ms > 0 ? late_ms : -1}};
    return courses_create(both, 2);
}

/* The least red of light, over blue of tissue, across the middle of the driven axon: negative where
 * what lies before it shows. */
static int
least_warmth(const stage *on)
{
    const chx_node *nodes = chx_network_get(network)->nodes;
    int least = 255;
    for (int i = 0; i < 200; i++) {
        float at[3];
        for (int k = 0; k < 3; k++)
            at[k] = nodes[4].position_um[k] +
                    i / 200.0f * (nodes[8].position_um[k] - nodes[4].position_um[k]);
        double x, y;
        chx_scene_project(on->scene, at, &x, &y);
        bool inside = x > 1 && x < WIDTH - 1 && y > 1 && y < HEIGHT - 1;
        int warmth = inside ? warmth_at(on, at) : 255;
        least = warmth < least ? warmth : least;
    }
    return least;
}

START_TEST(light_shows_through_what_is_silent_at_any_zoom)
{
    chx_network *three = network;
    for (int beside = 0; beside < 2; beside++) {
        network = covered_create(6, beside * 0.4f, 0);
        chx_scene_params params = plain;
        params.has_plane = true;
        params.plane = CHX_PLANE_XY;
        stage *on = open_stage(&params);
        for (int zoom = 1; zoom <= 32; zoom *= 2) {
            chx_camera camera;
            chx_scene_default_camera(on->scene, &camera);
            memcpy(camera.centre_um, chx_network_get(network)->nodes[6].position_um, 12);
            camera.zoom = zoom;
            check_ok(chx_scene_set_camera(on->scene, &camera));
            draw(on, 9);
            int least = least_warmth(on);
            ck_assert_msg(least > 40, "%d at zoom %d", least, zoom);
        }
        close_stage(on);
        on = open_stage(&plain);
        for (int zoom = 1; zoom <= 32; zoom *= 4)
            compare_with_baseline(on, 1, zoom, 9);
        close_stage(on);
        chx_network_destroy(&network);
        network = three;
    }
}
END_TEST

START_TEST(a_line_that_has_faded_hides_no_bright_one)
{
    chx_network *three = network;
    network = covered_create(-6, 0, 15);
    chx_scene_params params = plain;
    params.has_plane = true;
    params.plane = CHX_PLANE_XY;
    stage *on = open_stage(&params);
    draw(on, 24);
    ck_assert_int_gt(least_warmth(on), 40);
    close_stage(on);
    chx_network_destroy(&network);
    network = three;
}
END_TEST

/* Silent courses beside others, out of the picture: its depths range as far without the others. */
#define AROUND(lean_)                                                       \
    {.before_um = 15, .beside_um = 140, .lean = (lean_), .late_ms = -1},    \
    {                                                                       \
        .before_um = -15, .beside_um = -140, .lean = (lean_), .late_ms = -1 \
    }

/* One pixel per um, about the middle of the courses. */
static void
look_close(const stage *on)
{
    chx_camera camera;
    chx_scene_default_camera(on->scene, &camera);
    const float centre_um[3] = {37, 100, 0};
    memcpy(camera.centre_um, centre_um, sizeof centre_um);
    camera.zoom /= chx_scene_scale_px_per_um(on->scene);
    check_ok(chx_scene_set_camera(on->scene, &camera));
}

/* The picture of some courses from the front. */
static void
picture_of(const course *courses, uint32_t n_courses, double time_ms, uint8_t *pixels)
{
    chx_network *three = network;
    network = courses_create(courses, n_courses);
    chx_scene_params params = plain;
    params.has_plane = true;
    params.plane = CHX_PLANE_XY;
    params.colour_by = CHX_COLOUR_BY_ID;
    stage *on = open_stage(&params);
    look_close(on);
    draw(on, time_ms);
    memcpy(pixels, on->pixels, on->size_bytes);
    close_stage(on);
    chx_network_destroy(&network);
    network = three;
}

/* Which of two pictures a pixel is alike; 0 where they are about the same there. */
static int
which_of(const uint8_t *pixel, const uint8_t *first, const uint8_t *second)
{
    int apart[3] = {0};
    for (int k = 0; k < 3; k++) {
        apart[0] += abs(first[k] - second[k]);
        apart[1] += abs(first[k] - pixel[k]);
        apart[2] += abs(second[k] - pixel[k]);
    }
    return apart[0] < 96 ? 0 : apart[1] < apart[2] ? 1 : 2;
}

/* Their pieces end in different places, at different depths. What is seen is the later one as far
 * as its light has got, as if it were alone, and then the earlier: it changes once. */
START_TEST(lit_lines_in_one_place_are_no_dashes)
{
    static uint8_t pixels[3][3 * WIDTH * HEIGHT];
    const course twins[4] = {
        {.lean = 0.5f, .late_ms = 0}, {.lean = 0.5f, .shift_um = 1.7f, .late_ms = 4}, AROUND(0.5f)};
    const course alone[2][4] = {{twins[0], twins[2], twins[2], twins[3]},
                                {twins[2], twins[1], twins[2], twins[3]}};
    picture_of(twins, 4, 18, pixels[0]);
    picture_of(alone[0], 4, 18, pixels[1]);
    picture_of(alone[1], 4, 18, pixels[2]);
    chx_network *three = network;
    network = courses_create(twins, 4);
    chx_scene_params params = plain;
    params.has_plane = true;
    params.plane = CHX_PLANE_XY;
    stage *on = open_stage(&params);
    look_close(on);
    int n_changes = 0, before = 0, n_seen = 0;
    for (int i = 0; i <= 400; i++) {
        float y_um = 20 + i * 0.4f;
        const float at[3] = {0.37f * y_um, y_um, 0.5f * y_um};
        double x, y;
        chx_scene_project(on->scene, at, &x, &y);
        size_t cell = 3 * ((size_t)y * WIDTH + (size_t)x);
        int which = which_of(pixels[0] + cell, pixels[1] + cell, pixels[2] + cell);
        n_changes += before && which && which != before;
        n_seen += which > 0;
        before = which ? which : before;
    }
    ck_assert_int_gt(n_seen, 100);
    ck_assert_msg(n_changes <= 1, "%d changes", n_changes);
    close_stage(on);
    chx_network_destroy(&network);
    network = three;
}
END_TEST

/* How bright the middle of the axons is where there is light of both: its least and its most. */
static void
measure_middle(const stage *on, int range[2])
{
    const chx_network_info *info = chx_network_get(network);
    for (int i = 0; i < 200; i++) {
        float at[3];
        for (int k = 0; k < 3; k++)
            at[k] = info->nodes[6].position_um[k] +
                    i / 200.0f * (info->nodes[7].position_um[k] - info->nodes[6].position_um[k]);
        int brightness = brightness_at(on, at, 0);
        range[0] = i == 0 || brightness < range[0] ? brightness : range[0];
        range[1] = i == 0 || brightness > range[1] ? brightness : range[1];
    }
}

START_TEST(of_two_lit_branches_in_one_place_the_later_shows)
{
    chx_network *three = network;
    int ranges[2][2];
    for (int both = 0; both < 2; both++) {
        network = covered_create(both ? -0.075f : 0, 0, 3);
        chx_scene_params params = plain;
        params.has_plane = true;
        params.plane = CHX_PLANE_XY;
        stage *on = open_stage(&params);
        chx_camera camera;
        chx_scene_default_camera(on->scene, &camera);
        camera.zoom = 24;
        memcpy(camera.centre_um, chx_network_get(network)->nodes[6].position_um, 12);
        check_ok(chx_scene_set_camera(on->scene, &camera));
        draw(on, 10);
        measure_middle(on, ranges[both]);
        close_stage(on);
        chx_network_destroy(&network);
        network = three;
    }
    ck_assert_msg(ranges[1][0] == ranges[0][0] && ranges[1][1] == ranges[0][1],
                  "%d to %d, %d to %d", ranges[0][0], ranges[0][1], ranges[1][0], ranges[1][1]);
}
END_TEST

/* A neuron with one branch along x, of a radius in pixels, at a height in pixels of a picture in
 * which a micrometre is a pixel: the view is held by two somata. */
static chx_network *
ruler_create(float radius_px, float y_px)
{
    static chx_node nodes[2];
    chx_network_info info = *chx_network_get(network);
    const chx_neuron cells[3] = {
        {.name = "line", .position_um = {8, y_px, 0}, .diameter_um = 0.2f, .n_nodes = 2},
        {.name = "left", .position_um = {0, 0, 0}, .diameter_um = 0.2f},
        {.name = "right", .position_um = {80, 200, 0}, .diameter_um = 0.2f}};
    for (uint32_t i = 0; i < 2; i++)
        nodes[i] = (chx_node){
            .position_um = {i ? 72.0f : 8.0f, y_px, 0}, .radius_um = radius_px, .kind = i ? 3 : 1};
    info.view.conduction_um_per_ms = 1000;
    info.neurons = cells;
    info.n_neurons = 3;
    info.nodes = nodes;
    info.n_nodes = 2;
    chx_network *made = NULL;
    check_ok(chx_network_create(&info, &made));
    return made;
}

/* Draws the ruler with a line at a 16th of a pixel, and sums up what lies across its middle:
 * linear light, its most, and the pixel that has most. */
static void
measure_line(const chx_scene_params *params, float radius_px, int sixteenth, double time_ms,
             double *sum, double *most)
{
    chx_network *three = network;
    network = ruler_create(radius_px, 100 + (float)sixteenth / 16);
    stage *on = open_stage(params);
    chx_camera camera;
    chx_scene_default_camera(on->scene, &camera);
    camera.zoom /= chx_scene_scale_px_per_um(on->scene);
    check_ok(chx_scene_set_camera(on->scene, &camera));
    draw(on, time_ms);
    int ground = params->background == CHX_BACKGROUND_WHITE;
    *sum = *most = 0;
    for (int y = HEIGHT / 2 - 16; y < HEIGHT / 2 + 16; y++) {
        double there = fabs(ground - luminance_of(on->pixels + 3 * (y * WIDTH + WIDTH / 2)));
        *sum += there;
        *most = there > *most ? there : *most;
    }
    close_stage(on);
    chx_network_destroy(&network);
    network = three;
}

/* Wherever it lies between rows of pixels, and in full somewhere. */
START_TEST(lone_lit_lines_are_equally_wide)
{
    chx_scene_params params = plain;
    params.has_plane = true;
    params.plane = CHX_PLANE_XY;
    for (int thick = 0; thick < 2; thick++) {
        double sums[2] = {1e9, 0}, peaks[2] = {1e9, 0};
        for (int sixteenth = 0; sixteenth < 16; sixteenth++) {
            double sum, most;
            measure_line(&params, thick ? 0.7f : 0.2f, sixteenth, 3, &sum, &most);
            sums[0] = fmin(sums[0], sum);
            sums[1] = fmax(sums[1], sum);
            peaks[0] = fmin(peaks[0], most);
            peaks[1] = fmax(peaks[1], most);
        }
        ck_assert_msg(sums[1] < 1.12 * sums[0], "%g to %g", sums[0], sums[1]);
        ck_assert_msg(peaks[0] > 0.4 && peaks[1] < 1.05 * peaks[0], "%g to %g", peaks[0], peaks[1]);
    }
}
END_TEST

/* On paper, where colours stand for what branches are. */
START_TEST(thin_branches_by_compartment_are_legible_on_white)
{
    chx_scene_params params = plain;
    params.has_plane = true;
    params.plane = CHX_PLANE_XY;
    params.background = CHX_BACKGROUND_WHITE;
    params.colour_by = CHX_COLOUR_BY_COMPARTMENT;
    for (int sixteenth = 0; sixteenth < 16; sixteenth++) {
        double sum, most;
        measure_line(&params, 0.1f, sixteenth, 3, &sum, &most);
        ck_assert_msg(sum > 0.55 && most > 0.3, "%g, %g at %d", sum, most, sixteenth);
    }
}
END_TEST

/* As the nearer of two moves beside the other, a sixteenth of a pixel at a time or so, no pixel may
 * change much: where all of one or all of the other shows, a slanting pair is drawn as dashes. */
START_TEST(lit_branches_beside_each_other_share_the_pixels)
{
    static uint8_t before[3 * WIDTH * HEIGHT];
    chx_network *three = network;
    int most = 0;
    for (int step = 0; step <= 24; step++) {
        network = covered_create(4, (float)step / 16, 5);
        chx_scene_params params = plain;
        params.has_plane = true;
        params.plane = CHX_PLANE_XY;
        stage *on = open_stage(&params);
        draw(on, 16);
        for (int i = 3 * WIDTH * HEIGHT / 3; i < 3 * WIDTH * HEIGHT * 2 / 3 && step > 0; i++)
            most = abs(on->pixels[i] - before[i]) > most ? abs(on->pixels[i] - before[i]) : most;
        memcpy(before, on->pixels, sizeof before);
        close_stage(on);
        chx_network_destroy(&network);
        network = three;
    }
    ck_assert_int_gt(most, 0);
    ck_assert_int_lt(most, 64);
}
END_TEST

/* The same where four share pixels: one that is left out would show as specks. */
START_TEST(four_lit_branches_share_the_pixels)
{
    static uint8_t before[3 * WIDTH * HEIGHT];
    chx_network *three = network;
    int most = 0;
    for (int step = 0; step <= 24; step++) {
        const course four[4] = {
            {.beside_um = (float)step / 16 - 0.75f, .before_um = 12, .late_ms = 5},
            {.beside_um = 0, .before_um = 8, .late_ms = 0},
            {.beside_um = 0.5f, .before_um = 4, .late_ms = 8},
            {.beside_um = -0.6f, .before_um = 0, .late_ms = 3}};
        network = courses_create(four, 4);
        chx_scene_params params = plain;
        params.has_plane = true;
        params.plane = CHX_PLANE_XY;
        stage *on = open_stage(&params);
        draw(on, 18);
        for (int i = WIDTH * HEIGHT; i < 2 * WIDTH * HEIGHT && step > 0; i++)
            most = abs(on->pixels[i] - before[i]) > most ? abs(on->pixels[i] - before[i]) : most;
        memcpy(before, on->pixels, sizeof before);
        close_stage(on);
        chx_network_destroy(&network);
        network = three;
    }
    ck_assert_int_gt(most, 0);
    ck_assert_int_lt(most, 64);
}
END_TEST

/* Where two overlap the nearer is seen as if it were alone, and what shows of the other beside it
 * is added to that: nowhere is a pixel darker in any colour. */
START_TEST(silent_lines_in_one_place_keep_their_colour)
{
    static uint8_t both[3 * WIDTH * HEIGHT], alone[3 * WIDTH * HEIGHT];
    int n_more = 0;
    for (int sixth = -6; sixth <= 6; sixth++) {
        const course two[4] = {{.before_um = 3, .beside_um = (float)sixth / 6, .late_ms = -1},
                               {.late_ms = -1},
                               AROUND(0)};
        const course one[4] = {two[0], two[2], two[2], two[3]};
        picture_of(two, 4, 1, both);
        picture_of(one, 4, 1, alone);
        for (int i = 0; i < 3 * WIDTH * (HEIGHT - 60); i++) { /* not where the somata are */
            ck_assert_msg(both[i] >= alone[i], "%d, not %d at %d, %d", both[i], alone[i],
                          i / 3 % WIDTH, i / 3 / WIDTH);
            n_more += both[i] > alone[i];
        }
    }
    ck_assert_int_gt(n_more, 0);
}
END_TEST

/* A bright line that lies half beside a nearer one shows as much of itself in each row of pixels,
 * not as dots where the rows fall. */
START_TEST(a_line_half_behind_another_shows_all_along)
{
    static uint8_t both[3 * WIDTH * HEIGHT], alone[3 * WIDTH * HEIGHT];
    const course two[4] = {
        {.before_um = 4, .late_ms = 0}, {.beside_um = 0.6f, .late_ms = 8}, AROUND(0)};
    const course one[4] = {two[0], two[2], two[2], two[3]};
    picture_of(two, 4, 20, both);
    picture_of(one, 4, 20, alone);
    double least = 1e9, sum = 0;
    int n_rows = HEIGHT / 8;
    for (int y = HEIGHT / 2; y < HEIGHT / 2 + n_rows; y++) {
        double more = 0;
        for (int x = 0; x < WIDTH; x++)
            more += luminance_of(both + 3 * (y * WIDTH + x)) -
                    luminance_of(alone + 3 * (y * WIDTH + x));
        least = fmin(least, more);
        sum += more;
    }
    ck_assert_msg(least > sum / n_rows * 2 / 3, "%g, on average %g", least, sum / n_rows);
}
END_TEST

START_TEST(soma_smaller_than_a_pixel_is_a_spot)
{
    chx_network *sketch = network;
    network = far_cells_create();
    stage *on = open_stage(&plain);
    draw(on, 1);
    ck_assert(chx_scene_scale_px_per_um(on->scene) < 0.05);
    ck_assert_uint_eq(count_spots(on), FAR_CELLS);
    compare_with_baseline(on, 2, 0.3, 6);
    ck_assert_uint_eq(count_spots(on), FAR_CELLS);
    compare_with_baseline(on, 2, 3, 6);
    close_stage(on);
    chx_network_destroy(&network);
    network = sketch;
}
END_TEST

/* The far cells with synapses, of which every other inhibits. */
static chx_network *
connected_create(uint64_t n_synapses)
{
    chx_network *cells = far_cells_create();
    chx_network_info info = *chx_network_get(cells);
    chx_synapse *synapses = calloc(n_synapses, sizeof *synapses);
    for (uint64_t i = 0; i < n_synapses; i++)
        synapses[i] = (chx_synapse){.pre = (uint32_t)(i * 7 % FAR_CELLS),
                                    .post = (uint32_t)((i * 7 + 29 + i / 60) % FAR_CELLS),
                                    .weight_pa = i % 2 ? -1.0f : 1.0f,
                                    .delay_ms = 1};
    info.synapses = synapses;
    info.n_synapses = n_synapses;
    chx_network *made = NULL;
    check_ok(chx_network_create(&info, &made));
    free(synapses);
    chx_network_destroy(&cells);
    return made;
}

/* How many pixels are rather green, magenta, or neither but not black. */
static void
count_hues(const stage *on, int counts[3])
{
    for (int k = 0; k < 3; k++)
        counts[k] = 0;
    for (size_t i = 0; i < on->size_bytes; i += 3) {
        const uint8_t *rgb = on->pixels + i;
        int green = 2 * rgb[1] - rgb[0] - rgb[2];
        if (rgb[0] + rgb[1] + rgb[2] > 45)
            counts[green > 20 ? 0 : green < -20 ? 1 : 2]++;
    }
}

START_TEST(connections_are_curves_in_the_colour_of_their_sign)
{
    chx_network *sketch = network;
    network = connected_create(2);
    int shown[3], hidden[3];
    chx_scene_params params = plain;
    stage *on = open_stage(&params);
    draw(on, 1);
    count_hues(on, shown);
    close_stage(on);
    params.connections = CHX_CONNECTIONS_HIDDEN;
    on = open_stage(&params);
    draw(on, 1);
    count_hues(on, hidden);
    ck_assert_uint_eq(count_spots(on), FAR_CELLS);
    close_stage(on);
    ck_assert_msg(shown[0] > hidden[0] + 30 && shown[1] > hidden[1] + 30,
                  "%d green, %d magenta; hidden %d, %d", shown[0], shown[1], hidden[0], hidden[1]);
    chx_network_destroy(&network);
    network = sketch;
}
END_TEST

/* Nor does the legend name what is not there. */
START_TEST(connections_that_all_excite_have_one_colour)
{
    chx_network *sketch = network, *both = connected_create(2);
    chx_network_info info = *chx_network_get(both);
    chx_synapse synapses[2] = {info.synapses[0], info.synapses[1]};
    synapses[0].weight_pa = synapses[1].weight_pa = 5;
    info.synapses = synapses;
    ck_assert_int_eq(chx_network_create(&info, &network), CHX_OK);
    int counts[2][3];
    for (int i = 0; i < 2; i++) {
        chx_scene_params params = plain;
        params.no_labels = false;
        params.connections = i == 0 ? CHX_CONNECTIONS_SHOWN : CHX_CONNECTIONS_HIDDEN;
        stage *on = open_stage(&params);
        draw(on, 1);
        count_hues(on, counts[i]);
        close_stage(on);
    }
    ck_assert_int_gt(counts[0][0], counts[1][0] + 30);
    ck_assert_int_eq(counts[0][1], counts[1][1]);
    chx_network_destroy(&network);
    chx_network_destroy(&both);
    network = sketch;
}
END_TEST

START_TEST(many_connections_leave_the_cells_to_be_seen)
{
    chx_network *sketch = network;
    network = connected_create(30000);
    stage *on = open_stage(&plain);
    draw(on, 1);
    uint32_t brightest = 0;
    for (size_t i = 0; i < on->size_bytes; i += 3)
        brightest = fmax(brightest, on->pixels[i] + on->pixels[i + 1] + on->pixels[i + 2]);
    size_t over_half = 0;
    for (size_t i = 0; i < on->size_bytes; i += 3)
        over_half += on->pixels[i] + on->pixels[i + 1] + on->pixels[i + 2] > 0.62 * brightest;
    ck_assert_msg(over_half < 12 * FAR_CELLS, "%zu pixels are bright", over_half);
    ck_assert_uint_eq(count_spots(on), FAR_CELLS);
    close_stage(on);
    chx_network_destroy(&network);
    network = sketch;
}
END_TEST

static int
luma_of(const uint8_t *rgb)
{
    return (int)floor(16 + (0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]) * 219 / 255 + 0.5);
}

START_TEST(yuv_is_the_rgb_picture_in_bt709)
{
    chx_scene_params params = plain;
    stage *rgb = open_stage(&params);
    params.format = CHX_PIXELS_YUV420;
    stage *yuv = open_stage(&params);
    draw(rgb, 6);
    draw(yuv, 6);
    ck_assert_uint_eq(yuv->size_bytes, WIDTH * HEIGHT * 3 / 2);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        ck_each(abs(yuv->pixels[i] - luma_of(rgb->pixels + 3 * i)) <= 1);
    for (int y = 0; y < HEIGHT / 2; y++)
        for (int x = 0; x < WIDTH / 2; x++) {
            double blue = 0, luma = 0;
            for (int k = 0; k < 4; k++) {
                const uint8_t *p = rgb->pixels + 3 * ((2 * y + k / 2) * WIDTH + 2 * x + k % 2);
                blue += p[2] / 4.0;
                luma += (0.2126 * p[0] + 0.7152 * p[1] + 0.0722 * p[2]) / 4;
            }
            double cb = 128 + (blue - luma) / 1.8556 * 224 / 255;
            ck_each(fabs(yuv->pixels[WIDTH * HEIGHT + y * WIDTH / 2 + x] - cb) < 1.01);
        }
    close_stage(rgb);
    close_stage(yuv);
}
END_TEST

START_TEST(impossible_pictures_and_cameras_are_refused)
{
    chx_simulation *simulation = NULL;
    check_ok(chx_simulation_create(runtime, network, NULL, &simulation));
    const chx_scene_params wrong[] = {{.width_px = 97, .height_px = 64},
                                      {.width_px = 62, .height_px = 64},
                                      {.width_px = 64, .height_px = 8194},
                                      {.width_px = 64, .height_px = 64, .n_bands = 9}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        chx_scene *scene = NULL;
        ck_assert_int_eq(chx_scene_create(runtime, simulation, &wrong[i], &scene),
                         CHX_ERROR_INVALID);
        ck_assert_ptr_null(scene);
    }
    chx_scene *scene = NULL;
    check_ok(chx_scene_create(runtime, simulation, &plain, &scene));
    const double zooms[] = {0, -1, NAN, INFINITY, 1e5};
    for (size_t i = 0; i < sizeof zooms / sizeof *zooms; i++) {
        chx_camera camera;
        chx_scene_default_camera(scene, &camera);
        camera.zoom = zooms[i];
        ck_assert_int_eq(chx_scene_set_camera(scene, &camera), CHX_ERROR_INVALID);
    }
    ck_assert_int_eq(chx_scene_set_time(scene, NAN, 1), CHX_ERROR_INVALID);
    chx_scene_destroy(&scene);
    chx_simulation_destroy(&simulation);
}
END_TEST

/* One block of pixels. */
#define SMALL_WIDTH 64
#define SMALL_HEIGHT 64

static void
fill_with_garbage(chx_buffer *buffer, uint32_t kind)
{
    uint64_t random = 16;
    size_t n = chx_buffer_size(buffer) / 4;
    uint32_t *words = malloc(n * sizeof *words);
    ck_assert_ptr_nonnull(words);
    for (size_t i = 0; i < n; i++)
        words[i] = kind == 1 ? UINT32_MAX : sample_random(&random) << 16 ^ sample_random(&random);
    check_ok(chx_buffer_write(buffer, 0, n * 4, words));
    free(words);
}

static chx_arg
four_words(const void *words)
{
    chx_arg arg = {.kind = CHX_ARG_VALUE, .size_bytes = 16};
    memcpy(&arg.value, words, 16);
    return arg;
}

static chx_arg
extent_of(const chx_scene *scene)
{
    const uint32_t extent[4] = {SMALL_WIDTH, 0, SMALL_HEIGHT, scene->bands[0].n_places};
    return four_words(extent);
}

static void
add_branches(chx_graph *graph, const chx_scene *scene)
{
    const chx__band *band = &scene->bands[0];
    const chx__band_inputs *in = &scene->inputs;
    const chx__projection *at = &scene->projection;
    const chx_kernel_task task = {
        .program = in->program,
        .kernel = "branches",
        .global = {in->n_branches},
        .args = CHX_ARGS(CHX_READ(in->branches), CHX_READ(in->ages), CHX_READ(in->tables),
                         CHX_READ_WRITE(band->fibre), CHX_READ_WRITE(band->light),
                         CHX_READ_WRITE(band->levels[0]), CHX_READ_WRITE(band->body),
                         CHX_READ_WRITE(band->halo), CHX_READ_WRITE(band->dirty),
                         CHX_READ_WRITE(band->queue), CHX_UINT(in->n_branches), extent_of(scene),
                         four_words(at->centre), four_words(at->row_x), four_words(at->row_y),
                         four_words(at->row_z), four_words(at->origin), four_words(at->depth))};
    check_ok(chx_graph_kernel(graph, &task));
}

static void
add_cones(chx_graph *graph, const chx_scene *scene)
{
    const chx__band *band = &scene->bands[0];
    const chx__band_inputs *in = &scene->inputs;
    const chx_kernel_task task = {
        .program = in->program,
        .kernel = "cones",
        .global = {1, 1, 2},
        .args = CHX_ARGS(CHX_READ(band->queue), CHX_READ(in->tables), CHX_READ_WRITE(band->fibre),
                         CHX_READ_WRITE(band->light), CHX_READ_WRITE(band->levels[0]),
                         CHX_READ_WRITE(band->body), CHX_READ_WRITE(band->halo),
                         CHX_READ_WRITE(band->dirty), extent_of(scene),
                         four_words(scene->projection.depth))};
    check_ok(chx_graph_kernel(graph, &task));
}

/* Draws a band's branches and its queue, without emptying that before. */
static void
draw_queue(const chx_scene *scene)
{
    chx_graph *graph = NULL;
    chx_plan *plan = NULL;
    chx_run *run = NULL;
    check_ok(chx_graph_create(runtime, &graph));
    add_branches(graph, scene);
    add_cones(graph, scene);
    check_ok(chx_plan_create(graph, NULL, &plan));
    check_ok(chx_plan_submit(plan, &run));
    check_ok(chx_run_wait(run, CHX_FOREVER));
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
}

/* What kernels write is garbage, as after one that failed or was left out: so is the picture, but
 * nothing outside of buffers is touched and all runs end. */
START_TEST(garbage_in_buffers_that_kernels_write_stays_within_them)
{
    const chx_scene_params params = {
        .width_px = SMALL_WIDTH, .height_px = SMALL_HEIGHT, .no_labels = true, .n_bands = 1};
    stage *on = open_stage(&params);
    chx_camera camera;
    chx_scene_default_camera(on->scene, &camera);
    memcpy(camera.centre_um, chx_network_get(network)->neurons[0].position_um, 12);
    camera.zoom = 24;
    check_ok(chx_scene_set_camera(on->scene, &camera));
    draw(on, 1);
    const chx__band *band = &on->scene->bands[0];
    for (uint32_t kind = 0; kind < 2; kind++) {
        chx_buffer *const written[] = {
            band->fibre, band->light, band->ink,       band->body,      band->halo,
            band->dirty, band->marks, band->levels[0], band->levels[1], on->scene->inputs.ages};
        for (size_t i = 0; i < sizeof written / sizeof *written; i++)
            fill_with_garbage(written[i], kind);
        fill_with_garbage(band->queue, kind);
        const uint32_t few_too_many = on->scene->inputs.n_branches + 10;
        if (kind == 0)
            check_ok(chx_buffer_write(band->queue, 0, 4, &few_too_many));
        draw_queue(on->scene);
        fill_with_garbage(on->simulation->history, kind);
        draw(on, 2 + kind);
    }
    close_stage(on);
}
END_TEST

static Suite *
suite(void)
{
    Suite *made = suite_create("scene");
    TCase *frames = tcase_create("frames");
    tcase_add_checked_fixture(frames, open_runtime, close_runtime);
    tcase_set_timeout(frames, 240);
    tcase_add_test(frames, frame_has_the_same_bits_for_any_number_of_bands);
    tcase_add_test(frames, frame_has_the_same_bits_without_int64_atomics);
    tcase_add_test(frames, labels_have_the_same_bits_everywhere);
    tcase_add_test(frames, second_frame_of_the_same_moment_is_the_same);
    tcase_add_test(frames, soma_lights_up_when_its_neuron_fires);
    tcase_add_test(frames, light_runs_along_the_branch_at_the_pace_of_the_view);
    tcase_add_test(frames, light_fades_away);
    tcase_add_test(frames, all_branches_are_framed_with_a_margin_at_any_azimuth);
    tcase_add_test(frames, parts_of_a_layout_lie_close_together);
    tcase_add_test(frames, layouts_lead_from_left_to_right_along_the_flow);
    tcase_add_test(frames, layouts_of_a_ring_with_a_branch_keep_the_ring_open);
    tcase_add_test(frames, layouts_of_a_ring_without_a_begin_are_round);
    tcase_add_test(frames, layouts_of_a_chain_lead_straight_on);
    tcase_add_test(frames, layouts_of_a_long_chain_lie_in_rows);
    tcase_add_test(frames, layers_of_a_layout_stand_side_by_side);
    tcase_add_loop_test(frames, layouts_of_odd_networks_are_finite_and_the_same_each_time, 0,
                        sizeof odd_networks / sizeof *odd_networks);
    tcase_add_test(frames, pixels_lie_where_the_projection_says);
    tcase_add_test(frames, branches_are_handed_to_their_buffer);
    tcase_add_test(frames, zoom_enlarges_about_the_centre);
    tcase_add_test(frames, strong_zoom_has_the_same_bits_on_both_paths);
    tcase_add_loop_test(frames, bodies_that_find_no_place_in_the_queue_are_drawn_all_the_same, 0,
                        2);
    tcase_add_test(frames, layouts_have_no_scale_bar);
    tcase_add_test(frames, cividis_has_other_colours_than_inferno);
    tcase_add_test(frames, colours_mean_what_is_asked_for);
    tcase_add_test(frames, neurons_apart_are_as_bright_as_types);
    tcase_add_test(frames, white_background_takes_ink);
    tcase_add_test(frames, plain_c_baseline_draws_the_same_pixels);
    tcase_add_test(frames, branches_in_the_same_place_make_no_speckle);
    tcase_add_test(frames, lit_branches_beside_each_other_share_the_pixels);
    tcase_add_test(frames, four_lit_branches_share_the_pixels);
    tcase_add_test(frames, silent_lines_in_one_place_keep_their_colour);
    tcase_add_test(frames, a_line_that_has_faded_hides_no_bright_one);
    tcase_add_test(frames, lit_lines_in_one_place_are_no_dashes);
    tcase_add_test(frames, a_line_half_behind_another_shows_all_along);
    tcase_add_test(frames, lone_lit_lines_are_equally_wide);
    tcase_add_test(frames, thin_branches_by_compartment_are_legible_on_white);
    tcase_add_test(frames, soma_smaller_than_a_pixel_is_a_spot);
    tcase_add_test(frames, connections_are_curves_in_the_colour_of_their_sign);
    tcase_add_test(frames, connections_that_all_excite_have_one_colour);
    tcase_add_test(frames, many_connections_leave_the_cells_to_be_seen);
    tcase_add_test(frames, yuv_is_the_rgb_picture_in_bt709);
    tcase_add_test(frames, views_lay_the_first_axis_to_the_right_and_the_second_up);
    tcase_add_test(frames, views_frame_all_branches_at_any_azimuth_elevation_and_roll);
    tcase_add_test(frames, impossible_pictures_and_cameras_are_refused);
    suite_add_tcase(made, frames);
    TCase *garbage = tcase_create("garbage");
    tcase_add_checked_fixture(garbage, open_runtime, close_runtime);
    tcase_set_timeout(garbage, 60);
    tcase_add_test(garbage, garbage_in_buffers_that_kernels_write_stays_within_them);
    suite_add_tcase(made, garbage);
    TCase *slow = tcase_create("slow frames");
    tcase_set_tags(slow, "slow");
    tcase_add_checked_fixture(slow, open_runtime, close_runtime);
    tcase_set_timeout(slow, 240);
    tcase_add_test(slow, still_views_fill_the_height_or_the_width);
    tcase_add_test(slow, clear_background_is_the_black_picture_with_alpha);
    tcase_add_test(slow, labels_on_no_background_are_legible_on_white_and_on_black);
    tcase_add_test(slow, legend_of_neurons_apart_has_their_names);
    tcase_add_test(slow, labels_keep_their_corners_and_no_more);
    tcase_add_test(slow, letters_become_what_they_are_built_on);
    tcase_add_test(slow, labels_follow_no_locale);
    tcase_add_test(slow, axes_turn_with_the_camera);
    tcase_add_test(slow, labels_are_drawn_and_follow_the_time);
    tcase_add_test(slow, legend_of_types_says_how_many_it_leaves_out);
    tcase_add_test(slow, labels_have_a_ground_of_their_own);
    tcase_add_test(slow, time_has_the_digits_of_the_step);
    tcase_add_test(slow, pictures_without_light_tell_no_time);
    tcase_add_test(slow, of_two_lit_branches_in_one_place_the_later_shows);
    tcase_add_test(slow, light_shows_through_what_is_silent_at_any_zoom);
    suite_add_tcase(made, slow);
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
