/* What is written and drawn beside a picture of a network: names, time, legend, axes, scale bar. */
#include "comma.h"
#include "folder.h"
#include "scene/hershey.h"
#include "stage.h"

/* The sketch after 6 ms. It changes when the drawing changes, and only then. */
#define LABELLED_DIGEST UINT64_C(0xe4c9eb5c91b12617)

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
    static char names[64][16];
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
    look_at(on, chx_network_get(network)->neurons[0].position_um, 150);
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

/* The digest of the sketch under another name. */
static uint64_t
digest_called(const char *name)
{
    chx_network *const sketch = network;
    chx_network_info info = *chx_network_get(sketch);
    info.name = name;
    network = NULL;
    check_ok(chx_network_create(&info, &network));
    chx_scene_params params = {.width_px = 320, .height_px = 180};
    uint64_t digest = digest_at(&params, 1);
    chx_network_destroy(&network);
    network = sketch;
    return digest;
}

START_TEST(long_name_keeps_what_it_ends_with_in_parentheses)
{
    const char *const longest = "connections of all regions without a threshold, 2024, filtered";
    char names[3][128];
    for (int i = 0; i < 3; i++)
        snprintf(names[i], sizeof names[i], "%s%s%s", longest, i < 2 ? "" : " twice",
                 i ? " (positions are a layout)" : " (positions are measured)");
    ck_assert_uint_ne(digest_called(names[0]), digest_called(names[1]));
    ck_assert_uint_eq(digest_called(names[1]), digest_called(names[2]));
}
END_TEST

START_TEST(time_has_the_digits_of_the_step)
{
    ck_assert(time_label_tells_apart(0.1, 1, 1.1));
    ck_assert(time_label_tells_apart(0.05, 1, 1.05));
    ck_assert(time_label_tells_apart(0.025, 1, 1.025));
    ck_assert(!time_label_tells_apart(0.1, 1, 1.01));
}
END_TEST

START_TEST(late_time_keeps_its_unit)
{
    static const struct {
        double time_ms, step_ms;
        const char *text;
    } times[] = {{12345.125, 0.025, "t = 12345.125 ms"},
                 {123456.125, 0.125, "t = 123456.12 ms"},
                 {20000000.5, 0.1, "t = 20000000 ms"}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        chx__caption caption;
        chx__caption_time(&caption, times[i].time_ms, times[i].step_ms, 0);
        ck_assert_mem_eq(caption.time, times[i].text, strlen(times[i].text));
    }
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

static TCase *
quick(void)
{
    TCase *tests = tcase_create("labels");
    tcase_add_checked_fixture(tests, stage_setup, stage_teardown);
    tcase_set_timeout(tests, 240);
    tcase_add_test(tests, labels_have_the_same_bits_everywhere);
    tcase_add_test(tests, layouts_have_no_scale_bar);
    return tests;
}

/* What is asked is where and when something is written, by the kernels that all pictures have. */
static TCase *
slow(void)
{
    TCase *tests = tcase_create("slow labels");
    tcase_set_tags(tests, "slow");
    tcase_add_checked_fixture(tests, stage_setup, stage_teardown);
    tcase_set_timeout(tests, 240);
    tcase_add_test(tests, legend_of_types_says_how_many_it_leaves_out);
    tcase_add_test(tests, labels_have_a_ground_of_their_own);
    tcase_add_test(tests, letters_become_what_they_are_built_on);
    tcase_add_test(tests, labels_follow_no_locale);
    tcase_add_test(tests, labels_keep_their_corners_and_no_more);
    tcase_add_test(tests, labels_are_drawn_and_follow_the_time);
    tcase_add_test(tests, long_name_keeps_what_it_ends_with_in_parentheses);
    tcase_add_test(tests, time_has_the_digits_of_the_step);
    tcase_add_test(tests, late_time_keeps_its_unit);
    tcase_add_test(tests, pictures_without_light_tell_no_time);
    tcase_add_test(tests, axes_turn_with_the_camera);
    tcase_add_test(tests, legend_of_neurons_apart_has_their_names);
    tcase_add_test(tests, labels_on_no_background_are_legible_on_white_and_on_black);
    return tests;
}

int
main(void)
{
    Suite *suite = suite_create("labels");
    suite_add_tcase(suite, quick());
    suite_add_tcase(suite, slow());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
