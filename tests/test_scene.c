/* Pictures of a network: the same bits everywhere, and true to the data. */
#include "network/simulation_state.h"
#include "sample.h"
#include "stage.h"

/* The sketch after 6 ms, without labels. It changes when the drawing changes, and only then. */
#define PLAIN_DIGEST UINT64_C(0xe59aae515339a95d)

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

typedef struct notes {
    uint64_t digests[16];
    uint32_t n;
} notes;

static chx_status
note_digest(void *data, const chx_frame *frame)
{
    notes *to = data;
    to->digests[to->n++] = chx__hash(frame->pixels, frame->size_bytes).low;
    return CHX_OK;
}

/* Moments of a run are drawn by scenes that share what never changes. */
START_TEST(moments_drawn_side_by_side_are_those_drawn_one_after_the_other)
{
    enum { N_MOMENTS = 3 };
    const int n_runs = test_tries_all() ? 2 : 1;
    const uint32_t n_frames = (uint32_t)(N_MOMENTS * n_runs);
    const chx_scene_params params = {.width_px = 96, .height_px = 64};
    notes seen = {.n = 0};
    chx_scene *scenes[N_MOMENTS];
    stage *one = open_stage(&params), *many = calloc(1, sizeof *many);
    check_ok(chx_simulation_create(runtime, network, NULL, &many->simulation));
    check_ok(chx_graph_create(runtime, &many->graph));
    for (int m = 0; m < N_MOMENTS; m++) {
        check_ok(m == 0 ? chx_scene_create(runtime, many->simulation, &params, &scenes[m])
                        : chx_scene_create_like(scenes[m - 1], &scenes[m]));
        check_ok(chx_simulation_build(many->simulation, many->graph, MOST_STEPS));
        check_ok(chx_scene_build(scenes[m], many->graph, note_digest, &seen));
    }
    check_ok(chx_plan_create(many->graph, NULL, &many->plan));
    for (int r = 0; r < n_runs; r++) {
        for (int m = 0; m < N_MOMENTS; m++) {
            check_ok(chx_simulation_set_steps(many->simulation, 30));
            check_ok(chx_scene_set_time(scenes[m], (30 * (N_MOMENTS * r + m + 1)) * SKETCH_STEP_MS,
                                        0.04));
        }
        check_ok(chx_plan_submit(many->plan, NULL));
    }
    for (uint32_t i = 0; i < n_frames; i++) {
        draw(one, 30 * (i + 1) * SKETCH_STEP_MS);
        if (i == 0)
            chx_plan_destroy(&many->plan);
        ck_assert_uint_eq(seen.n, n_frames);
        ck_assert_uint_eq(seen.digests[i], chx__hash(one->pixels, one->size_bytes).low);
    }
    chx_graph_destroy(&many->graph);
    for (int m = N_MOMENTS; m-- > 0;)
        chx_scene_destroy(&scenes[m]);
    close_stage(many);
    close_stage(one);
}
END_TEST

START_TEST(frame_has_the_same_bits_without_int64_atomics)
{
    chx_scene_params params = plain;
    params.no_int64_atomics = true;
    ck_assert_uint_eq(digest_at(&params, 6), PLAIN_DIGEST);
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
    for (int plane = 0; plane < 3; plane++) {
        chx_scene_params params = plain;
        params.has_plane = true;
        params.plane = (chx_plane)(CHX_PLANE_XY + plane);
        stage *on = open_stage(&params);
        for (int turn = plane; turn < 24; turn += 3) {
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
    const float *soma_um = chx_network_get(network)->neurons[0].position_um;
    look_at(on, soma_um, 8);
    ck_assert_double_eq_tol(chx_scene_scale_px_per_um(on->scene), 8 * scale, 1e-9);
    draw(on, 1);
    double x, y;
    chx_scene_project(on->scene, soma_um, &x, &y);
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
    look_at(on, chx_network_get(network)->neurons[0].position_um, 24);
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
    const uint32_t half = (n_queued + 1) / 2;
    for (uint32_t n_places = test_tries_all() ? 0 : half; n_places < n_queued; n_places += half) {
        ck_assert_uint_eq(close_digest(&params, n_places, &n_found), digest);
        ck_assert_uint_eq(n_found, n_queued);
    }
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
    look_at(on, chx_network_get(network)->neurons[0].position_um, 24);
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
    tcase_add_checked_fixture(frames, stage_setup, stage_teardown);
    tcase_set_timeout(frames, 240);
    tcase_add_test(frames, frame_has_the_same_bits_for_any_number_of_bands);
    /* One lane draws them one after the other. */
    if (!getenv("CHRONAXIE_SERIAL") || test_is_long())
        tcase_add_test(frames, moments_drawn_side_by_side_are_those_drawn_one_after_the_other);
    tcase_add_test(frames, frame_has_the_same_bits_without_int64_atomics);
    tcase_add_test(frames, second_frame_of_the_same_moment_is_the_same);
    tcase_add_test(frames, soma_lights_up_when_its_neuron_fires);
    tcase_add_test(frames, light_runs_along_the_branch_at_the_pace_of_the_view);
    tcase_add_test(frames, light_fades_away);
    tcase_add_test(frames, all_branches_are_framed_with_a_margin_at_any_azimuth);
    tcase_add_test(frames, pixels_lie_where_the_projection_says);
    tcase_add_test(frames, branches_are_handed_to_their_buffer);
    tcase_add_test(frames, zoom_enlarges_about_the_centre);
    tcase_add_test(frames, strong_zoom_has_the_same_bits_on_both_paths);
    tcase_add_loop_test(frames, bodies_that_find_no_place_in_the_queue_are_drawn_all_the_same, 0,
                        2);
    tcase_add_test(frames, cividis_has_other_colours_than_inferno);
    tcase_add_test(frames, plain_c_baseline_draws_the_same_pixels);
    tcase_add_test(frames, soma_smaller_than_a_pixel_is_a_spot);
    tcase_add_test(frames, connections_are_curves_in_the_colour_of_their_sign);
    tcase_add_test(frames, yuv_is_the_rgb_picture_in_bt709);
    tcase_add_test(frames, views_lay_the_first_axis_to_the_right_and_the_second_up);
    tcase_add_test(frames, views_frame_all_branches_at_any_azimuth_elevation_and_roll);
    tcase_add_test(frames, impossible_pictures_and_cameras_are_refused);
    suite_add_tcase(made, frames);
    TCase *garbage = tcase_create("garbage");
    tcase_add_checked_fixture(garbage, stage_setup, stage_teardown);
    tcase_set_timeout(garbage, 60);
    tcase_add_test(garbage, garbage_in_buffers_that_kernels_write_stays_within_them);
    suite_add_tcase(made, garbage);
    TCase *slow = tcase_create("slow frames");
    tcase_set_tags(slow, "slow");
    tcase_add_checked_fixture(slow, stage_setup, stage_teardown);
    tcase_set_timeout(slow, 240);
    tcase_add_test(slow, colours_mean_what_is_asked_for);
    tcase_add_test(slow, connections_that_all_excite_have_one_colour);
    tcase_add_test(slow, white_background_takes_ink);
    tcase_add_test(slow, neurons_apart_are_as_bright_as_types);
    tcase_add_test(slow, many_connections_leave_the_cells_to_be_seen);
    tcase_add_test(slow, still_views_fill_the_height_or_the_width);
    tcase_add_test(slow, clear_background_is_the_black_picture_with_alpha);
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
