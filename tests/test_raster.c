/* Raster plots: dots where the spikes are, and a proper plot of nothing. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <chronaxie/picture.h>

#include "base/hash.h"
#include "comma.h"
#include "folder.h"
#include "machine.h"
#include "scene/plot.h"
#include "sketch.h"

#define WIDTH 480
#define HEIGHT 320

static chx_runtime *runtime;
static chx_network *network;
static char path[256];

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
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/chronaxie-raster-%ld.png", folder ? folder : "/tmp",
             (long)getpid());
}

static void
close_runtime(void)
{
    unlink(path);
    chx_network_destroy(&network);
    chx_runtime_destroy(&runtime);
}

static uint8_t *
plot(const chx_spike *spikes, size_t n_spikes)
{
    check_ok(chx_raster_write(runtime, network, spikes, n_spikes, 20, WIDTH, HEIGHT, path));
    uint32_t width, height;
    uint8_t *rgb = NULL;
    check_ok(chx_png_read(path, &width, &height, &rgb));
    ck_assert_uint_eq(width, WIDTH);
    ck_assert_uint_eq(height, HEIGHT);
    return rgb;
}

/* Pixels near a colour. */
static size_t
count(const uint8_t *rgb, int red, int green, int blue)
{
    size_t n = 0;
    for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++)
        n += abs(rgb[3 * i] - red) + abs(rgb[3 * i + 1] - green) + abs(rgb[3 * i + 2] - blue) < 60;
    return n;
}

START_TEST(plot_of_no_spikes_has_axes_and_no_dots)
{
    uint8_t *rgb = plot(NULL, 0);
    ck_assert_uint_gt(count(rgb, 255, 255, 255), (size_t)WIDTH * HEIGHT / 3);
    ck_assert_uint_gt(count(rgb, 0x4a, 0x51, 0x60), WIDTH);
    free(rgb);
}
END_TEST

START_TEST(each_spike_is_a_dot_in_the_colour_of_its_type)
{
    uint8_t *none = plot(NULL, 0);
    const chx_spike spikes[] = {{20, 1}, {60, 1}, {100, 1}, {140, 1}, {180, 1}};
    uint8_t *rgb = plot(spikes, 5);
    size_t more = count(rgb, 0x08, 0x75, 0x72) - count(none, 0x08, 0x75, 0x72);
    ck_assert_uint_ge(more, 5);
    ck_assert_uint_le(more, 5 * 25);
    ck_assert_uint_eq(count(rgb, 0x1a, 0x5d, 0xb0), count(none, 0x1a, 0x5d, 0xb0));
    free(none);
    free(rgb);
}
END_TEST

START_TEST(dots_lie_further_right_the_later_the_spike)
{
    double x[2];
    for (int k = 0; k < 2; k++) {
        uint8_t *none = plot(NULL, 0);
        const chx_spike spike = {k ? 150 : 50, 0};
        uint8_t *rgb = plot(&spike, 1);
        double sum = 0, n = 0;
        for (int i = WIDTH * 60; i < WIDTH * HEIGHT * 6 / 10; i++)
            if (abs(rgb[3 * i] - none[3 * i]) > 100) {
                sum += i % WIDTH;
                n++;
            }
        ck_assert(n > 0);
        x[k] = sum / n;
        free(none);
        free(rgb);
    }
    ck_assert_double_gt(x[1], x[0] + WIDTH / 4.0);
}
END_TEST

START_TEST(plots_have_the_same_bits_everywhere)
{
    const chx_spike spikes[] = {{20, 0}, {60, 1}, {100, 2}, {101, 0}};
    uint8_t *rgb = plot(spikes, 4);
    uint64_t digest = chx__hash(rgb, (size_t)WIDTH * HEIGHT * 3).low;
    free(rgb);
    ck_assert_msg(digest == UINT64_C(0xf3d404dc7d76f4ae), "%llx", (unsigned long long)digest);
}
END_TEST

/* A plot without spikes, of the network with other stimuli. */
static chx__plot
plot_stimuli(const chx_stimulus *stimuli, uint32_t n_stimuli)
{
    chx_network_info info = *chx_network_get(network);
    info.stimuli = stimuli;
    info.n_stimuli = n_stimuli;
    chx__plot plot;
    chx__font font;
    check_ok(chx__font_init(&font));
    check_ok(chx__plot_init(
        &plot,
        &(chx__plot_params){
            .network = &info, .duration_ms = 20, .width_px = WIDTH, .height_px = HEIGHT},
        &font));
    chx__font_finish(&font);
    return plot;
}

/* Two of one kind and time look like one that reaches what they do together; what acts all the time
 * has no ground of its own. */
START_TEST(stimuli_of_one_kind_and_time_are_named_once)
{
    const uint32_t both[] = {0, 1, 2};
    const chx_stimulus apart[] = {{CHX_STIMULUS_POISSON, 2, 9, 1, 50, both, 2},
                                  {CHX_STIMULUS_POISSON, 2, 9, 3, 80, both + 1, 2}};
    const chx_stimulus together = {CHX_STIMULUS_POISSON, 2, 9, 1, 50, both, 3};
    const chx_stimulus always = {CHX_STIMULUS_POISSON, 0, 20, 1, 50, both, 3};
    chx__plot two = plot_stimuli(apart, 2), one = plot_stimuli(&together, 1);
    chx__plot none = plot_stimuli(NULL, 0), all = plot_stimuli(&always, 1);
    ck_assert_uint_eq(two.boxes.n, one.boxes.n);
    ck_assert_uint_eq(two.strokes.n, one.strokes.n);
    ck_assert_mem_eq(two.strokes.items, one.strokes.items, one.strokes.n * sizeof(chx_stroke));
    ck_assert_uint_eq(one.boxes.n, none.boxes.n + 1);
    ck_assert_uint_eq(all.boxes.n, none.boxes.n);
    ck_assert_uint_gt(all.strokes.n, none.strokes.n);
    chx__plot_finish(&two);
    chx__plot_finish(&one);
    chx__plot_finish(&none);
    chx__plot_finish(&all);
}
END_TEST

#define TYPES 25
#define FIRST_INK 16 /* of types in a plot */

/* One large type and many small ones, a spike of each neuron. */
static void
plot_many_types(chx__plot *made, uint32_t inks[CHX_INKS])
{
    static char names[TYPES][8];
    chx_network_info info = *chx_network_get(network);
    chx_neuron_type types[TYPES];
    chx_neuron neurons[13 * TYPES];
    chx_spike spikes[13 * TYPES];
    uint32_t n = 0;
    for (uint32_t i = 0; i < TYPES; i++) {
        snprintf(names[i], sizeof names[i], "kind%u", i);
        types[i] = info.types[0];
        types[i].name = names[i];
        for (uint32_t k = 0; k < (i == 0 ? 13 : 2 + i % 5 * 3); k++, n++) {
            neurons[n] = (chx_neuron){.name = names[i], .type = i, .position_um = {(float)n}};
            spikes[n] = (chx_spike){10, n};
        }
    }
    info.types = types;
    info.n_types = TYPES;
    info.neurons = neurons;
    info.n_neurons = n;
    chx__font font;
    check_ok(chx__font_init(&font));
    const chx__plot_params params = {.network = &info,
                                     .spikes = spikes,
                                     .n_spikes = n,
                                     .duration_ms = 20,
                                     .width_px = WIDTH,
                                     .height_px = HEIGHT};
    check_ok(chx__plot_init(made, &params, &font));
    chx__plot_inks(inks);
    chx__font_finish(&font);
}

/* Top and bottom of the strokes of a colour left of x, q8; 0 when there are none. */
static int
span_left_of(const chx__plot *of, int x, uint32_t ink, int *top, int *bottom)
{
    int n = 0;
    for (size_t i = 0; i < of->strokes.n; i++) {
        const chx_stroke *s = &of->strokes.items[i];
        if (s->ink != ink || s->x1 >= x * 256 || s->y0 < 0)
            continue;
        *top = n == 0 || s->y0 < *top ? s->y0 : *top;
        *bottom = n == 0 || s->y0 > *bottom ? s->y0 : *bottom;
        n++;
    }
    return n;
}

START_TEST(names_stand_beside_their_bands_or_are_counted)
{
    chx__plot made;
    uint32_t inks[CHX_INKS];
    plot_many_types(&made, inks);
    int n_named = 0, left = 0;
    for (size_t i = 0; i < made.boxes.n; i++) {
        const chx_box *bar = &made.boxes.items[i];
        int top, bottom;
        if (bar->ink < FIRST_INK || !span_left_of(&made, bar->x0, bar->ink, &top, &bottom))
            continue;
        double apart = (top + bottom) / 512.0 - (bar->y0 + bar->y1) / 2.0;
        ck_assert_msg(fabs(apart) < 2, "type %u: %g px", bar->ink - FIRST_INK, apart);
        left = bar->x0;
        n_named++;
    }
    ck_assert(n_named >= 3 && n_named < TYPES);
    uint32_t axis_ink = 2;
    int top, bottom;
    ck_assert_int_gt(span_left_of(&made, left, axis_ink, &top, &bottom), 10);
    chx__plot_finish(&made);
}
END_TEST

/* Height of the bar beside a type's band. */
static int
bar_height(const chx__plot *of, uint32_t type)
{
    for (size_t i = 0; i < of->boxes.n; i++)
        if (of->boxes.items[i].ink == FIRST_INK + type)
            return of->boxes.items[i].y1 - of->boxes.items[i].y0;
    return 0;
}

/* 40 among 5,000, at 320 pixels of height: an even share of the panel would be one and a half. */
START_TEST(a_type_of_few_has_a_band_that_can_be_seen)
{
    enum { N = 5000, FEW = 40 };
    static chx_neuron neurons[N];
    chx_network_info info = *chx_network_get(network);
    chx_neuron_type types[] = {info.types[0], info.types[0]};
    types[1].name = "few";
    for (uint32_t n = 0; n < N; n++)
        neurons[n] = (chx_neuron){.name = "n", .type = n < FEW, .position_um = {(float)n}};
    info.types = types;
    info.n_types = 2;
    info.neurons = neurons;
    info.n_neurons = N;
    chx__font font;
    chx__plot made;
    check_ok(chx__font_init(&font));
    const chx_spike spikes[] = {{10, 0}, {10, FEW - 1}, {10, FEW}};
    const chx__plot_params params = {.network = &info,
                                     .spikes = spikes,
                                     .n_spikes = 3,
                                     .duration_ms = 20,
                                     .width_px = WIDTH,
                                     .height_px = HEIGHT};
    check_ok(chx__plot_init(&made, &params, &font));
    ck_assert_int_ge(bar_height(&made, 1), 3);
    ck_assert_int_gt(bar_height(&made, 0), HEIGHT / 3);
    const chx_stroke *dots = &made.strokes.items[made.strokes.n - 3];
    ck_assert_int_gt(dots[1].y0 - dots[0].y0, 3 * 256);
    ck_assert_int_lt(dots[2].y0, dots[0].y0);
    chx__plot_finish(&made);
    chx__font_finish(&font);
}
END_TEST

START_TEST(every_type_has_a_colour_of_its_own)
{
    chx__plot made;
    uint32_t inks[CHX_INKS];
    plot_many_types(&made, inks);
    for (uint32_t a = 0; a < TYPES; a++) {
        uint32_t n = 0;
        for (size_t i = 0; i < made.strokes.n; i++)
            n += made.strokes.items[i].ink == FIRST_INK + a;
        ck_assert_uint_gt(n, 0);
        for (uint32_t b = 0; b < a; b++)
            ck_assert_uint_ne(inks[FIRST_INK + a], inks[FIRST_INK + b]);
    }
    chx__plot_finish(&made);
}
END_TEST

static uint64_t
digest_of(double duration_ms)
{
    const chx_spike spikes[] = {{20, 0}, {25, 1}, {40, 2}};
    uint32_t width, height;
    uint8_t *rgb = NULL;
    check_ok(chx_raster_write(runtime, network, spikes, 3, duration_ms, WIDTH, HEIGHT, path));
    check_ok(chx_png_read(path, &width, &height, &rgb));
    uint64_t digest = chx__hash(rgb, (size_t)width * height * 3).low;
    free(rgb);
    return digest;
}

START_TEST(plots_follow_no_locale)
{
    uint64_t before = digest_of(5.5);
    char *folder = test_folder_create();
    bool comma = comma_begin(folder);
    uint64_t digest = digest_of(5.5);
    comma_end();
    test_folder_destroy(folder);
    if (comma)
        ck_assert_uint_eq(digest, before);
}
END_TEST

START_TEST(impossible_plots_are_refused_and_leave_no_file)
{
    ck_assert_int_eq(chx_raster_write(runtime, network, NULL, 0, 0, WIDTH, HEIGHT, path),
                     CHX_ERROR_INVALID);
    ck_assert_int_eq(chx_raster_write(runtime, network, NULL, 0, 20, 10, HEIGHT, path),
                     CHX_ERROR_INVALID);
    ck_assert_int_eq(
        chx_raster_write(runtime, network, NULL, 0, 20, WIDTH, HEIGHT, "/nowhere/x.png"),
        CHX_ERROR_FILE);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

static Suite *
suite(void)
{
    Suite *made = suite_create("raster");
    TCase *plots = tcase_create("plots");
    tcase_add_checked_fixture(plots, open_runtime, close_runtime);
    tcase_set_timeout(plots, 240);
    tcase_add_test(plots, plot_of_no_spikes_has_axes_and_no_dots);
    tcase_add_test(plots, plots_have_the_same_bits_everywhere);
    tcase_add_test(plots, stimuli_of_one_kind_and_time_are_named_once);
    tcase_add_test(plots, names_stand_beside_their_bands_or_are_counted);
    tcase_add_test(plots, a_type_of_few_has_a_band_that_can_be_seen);
    tcase_add_test(plots, a_type_of_few_has_a_band_that_can_be_seen);
    tcase_add_test(plots, every_type_has_a_colour_of_its_own);
    tcase_add_test(plots, impossible_plots_are_refused_and_leave_no_file);
    suite_add_tcase(made, plots);
    TCase *slow = tcase_create("what plots show");
    tcase_set_tags(slow, "slow");
    tcase_add_checked_fixture(slow, open_runtime, close_runtime);
    tcase_set_timeout(slow, 240);
    tcase_add_test(slow, each_spike_is_a_dot_in_the_colour_of_its_type);
    tcase_add_test(slow, dots_lie_further_right_the_later_the_spike);
    tcase_add_test(slow, plots_follow_no_locale);
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
