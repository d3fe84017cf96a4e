/* Branches in a picture that share pixels with others, or lie between two rows of them. */
#include "stage.h"

static const chx_scene_params front = {.width_px = WIDTH,
                                       .height_px = HEIGHT,
                                       .no_labels = true,
                                       .has_plane = true,
                                       .plane = CHX_PLANE_XY};

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
        stage *on = open_stage(&front);
        for (int zoom = 1; zoom <= 32; zoom *= 2) {
            look_at(on, chx_network_get(network)->nodes[6].position_um, zoom);
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
    stage *on = open_stage(&front);
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
    chx_scene_params params = front;
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
    stage *on = open_stage(&front);
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
        stage *on = open_stage(&front);
        look_at(on, chx_network_get(network)->nodes[6].position_um, 24);
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
    for (int thick = 0; thick < 2; thick++) {
        double sums[2] = {1e9, 0}, peaks[2] = {1e9, 0};
        for (int sixteenth = 0; sixteenth < 16; sixteenth++) {
            double sum, most;
            measure_line(&front, thick ? 0.7f : 0.2f, sixteenth, 3, &sum, &most);
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
    chx_scene_params params = front;
    params.background = CHX_BACKGROUND_WHITE;
    params.colour_by = CHX_COLOUR_BY_COMPARTMENT;
    for (int sixteenth = 0; sixteenth < 16; sixteenth++) {
        double sum, most;
        measure_line(&params, 0.1f, sixteenth, 3, &sum, &most);
        ck_assert_msg(sum > 0.55 && most > 0.3, "%g, %g at %d", sum, most, sixteenth);
    }
}
END_TEST

/* Moves the nearest of some courses by a sixteenth of a pixel or so at a time. No pixel may change
 * much: where all of one or all of another shows, slanting courses are drawn as dashes. */
static void
check_sharing(const course *courses, uint32_t n_courses, uint32_t nearest, double time_ms)
{
    static uint8_t before[3 * WIDTH * HEIGHT];
    chx_network *three = network;
    int most = 0;
    course moved[MOST_COVERED];
    memcpy(moved, courses, n_courses * sizeof *moved);
    for (int step = 0; step <= 24; step++) {
        moved[nearest].beside_um = courses[nearest].beside_um + (float)step / 16;
        network = courses_create(moved, n_courses);
        stage *on = open_stage(&front);
        draw(on, time_ms);
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

START_TEST(lit_branches_beside_each_other_share_the_pixels)
{
    const course two[2] = {{.late_ms = 0}, {.before_um = 4, .late_ms = 5}};
    check_sharing(two, 2, 1, 16);
}
END_TEST

/* One that is left out would show as specks. */
START_TEST(four_lit_branches_share_the_pixels)
{
    const course four[4] = {{.beside_um = -0.75f, .before_um = 12, .late_ms = 5},
                            {.beside_um = 0, .before_um = 8, .late_ms = 0},
                            {.beside_um = 0.5f, .before_um = 4, .late_ms = 8},
                            {.beside_um = -0.6f, .before_um = 0, .late_ms = 3}};
    check_sharing(four, 4, 0, 18);
}
END_TEST

/* Where two overlap the nearer is seen as if it were alone, and what shows of the other beside it
 * is added to that: nowhere is a pixel darker in any colour. */
START_TEST(silent_lines_in_one_place_keep_their_colour)
{
    static uint8_t both[3 * WIDTH * HEIGHT], alone[3 * WIDTH * HEIGHT];
    int n_more = 0;
    for (int sixth = -6; sixth <= 6; sixth += 3) {
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

static TCase *
quick(void)
{
    TCase *tests = tcase_create("lines");
    tcase_add_checked_fixture(tests, stage_setup, stage_teardown);
    tcase_set_timeout(tests, 240);
    tcase_add_test(tests, branches_in_the_same_place_make_no_speckle);
    tcase_add_test(tests, a_line_that_has_faded_hides_no_bright_one);
    tcase_add_test(tests, lit_lines_in_one_place_are_no_dashes);
    tcase_add_test(tests, a_line_half_behind_another_shows_all_along);
    return tests;
}

/* Many pictures, whose subject is how bright what is where: the kernels see nothing there that is
 * not in the quick ones. */
static TCase *
slow(void)
{
    TCase *tests = tcase_create("slow lines");
    tcase_set_tags(tests, "slow");
    tcase_add_checked_fixture(tests, stage_setup, stage_teardown);
    tcase_set_timeout(tests, 240);
    tcase_add_test(tests, light_shows_through_what_is_silent_at_any_zoom);
    tcase_add_test(tests, of_two_lit_branches_in_one_place_the_later_shows);
    tcase_add_test(tests, lone_lit_lines_are_equally_wide);
    tcase_add_test(tests, thin_branches_by_compartment_are_legible_on_white);
    tcase_add_test(tests, lit_branches_beside_each_other_share_the_pixels);
    tcase_add_test(tests, four_lit_branches_share_the_pixels);
    tcase_add_test(tests, silent_lines_in_one_place_keep_their_colour);
    return tests;
}

int
main(void)
{
    Suite *suite = suite_create("lines");
    suite_add_tcase(suite, quick());
    suite_add_tcase(suite, slow());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
