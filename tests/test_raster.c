/* Raster plots: dots where the spikes are, and a proper plot of nothing. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <chronaxie/picture.h>

#include "base/hash.h"
#include "comma.h"
#include "folder.h"
#include "machine.h"
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
    size_t more = count(rgb, 0xd5, 0x5e, 0x00) - count(none, 0xd5, 0x5e, 0x00);
    ck_assert_uint_ge(more, 5);
    ck_assert_uint_le(more, 5 * 25);
    ck_assert_uint_eq(count(rgb, 0x00, 0x72, 0xb2), count(none, 0x00, 0x72, 0xb2));
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
    ck_assert_msg(digest == UINT64_C(0x3fd05a5ac208b1a1), "%llx", (unsigned long long)digest);
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
    tcase_add_test(plots, each_spike_is_a_dot_in_the_colour_of_its_type);
    tcase_add_test(plots, dots_lie_further_right_the_later_the_spike);
    tcase_add_test(plots, plots_have_the_same_bits_everywhere);
    tcase_add_test(plots, plots_follow_no_locale);
    tcase_add_test(plots, impossible_plots_are_refused_and_leave_no_file);
    suite_add_tcase(made, plots);
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
