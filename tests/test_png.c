/* Pixels return as they were written; a failure leaves the old file; damaged and oversized files
 * are refused. */
#include <chronaxie/picture.h>
#include <png.h>
#include <signal.h>
#include <sys/resource.h>

#include "scratch.h"

#define WIDTH 70
#define HEIGHT 41

static uint8_t rgb[WIDTH * HEIGHT * 3];

static void
setup(void)
{
    folder_setup();
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof rgb; i++)
        rgb[i] = (uint8_t)((state = state * 1664525u + 1013904223u) >> 24);
}

START_TEST(png_returns_as_it_was_written)
{
    uint32_t width, height;
    uint8_t *back;
    ck_assert_int_eq(chx_png_write(folder_path("a.png"), WIDTH, HEIGHT, rgb), CHX_OK);
    ck_assert_int_eq(chx_png_read(folder_path("a.png"), &width, &height, &back), CHX_OK);
    ck_assert_uint_eq(width, WIDTH);
    ck_assert_uint_eq(height, HEIGHT);
    ck_assert_mem_eq(back, rgb, sizeof rgb);
    free(back);
    ck_assert_uint_eq(folder_count(), 1);
}
END_TEST

START_TEST(png_keeps_alpha)
{
    static const uint8_t rgba[] = {1, 2, 3, 0, 250, 100, 7, 128};
    uint8_t back[sizeof rgba];
    ck_assert_int_eq(chx_png_write_rgba(folder_path("a.png"), 2, 1, rgba), CHX_OK);
    png_image image = {.version = PNG_IMAGE_VERSION};
    ck_assert(png_image_begin_read_from_file(&image, folder_path("a.png")));
    ck_assert_uint_eq(image.format, PNG_FORMAT_RGBA);
    ck_assert(png_image_finish_read(&image, NULL, back, 0, NULL));
    ck_assert_mem_eq(back, rgba, sizeof rgba);
}
END_TEST

START_TEST(png_of_other_depth_is_read_as_rgb)
{
    static const uint8_t grey[] = {0, 100, 255, 7};
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = 2, .height = 2, .format = PNG_FORMAT_GRAY};
    ck_assert(png_image_write_to_file(&image, folder_path("g.png"), 0, grey, 0, NULL));
    uint32_t width, height;
    uint8_t *back;
    ck_assert_int_eq(chx_png_read(folder_path("g.png"), &width, &height, &back), CHX_OK);
    static const uint8_t expected[] = {0, 0, 0, 100, 100, 100, 255, 255, 255, 7, 7, 7};
    ck_assert_mem_eq(back, expected, sizeof expected);
    free(back);
}
END_TEST

START_TEST(png_failure_leaves_the_old_file)
{
    ck_assert_int_eq(chx_png_write(folder_path("a.png"), WIDTH, HEIGHT, rgb), CHX_OK);
    struct stat before, after;
    ck_assert_int_eq(stat(folder_path("a.png"), &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {1000, 1000};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(chx_png_write(folder_path("a.png"), WIDTH, HEIGHT, rgb), CHX_ERROR_FILE);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "a.png: cannot write: File too large"));
    ck_assert_int_eq(stat(folder_path("a.png"), &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    ck_assert_uint_eq(folder_count(), 1);
}
END_TEST

START_TEST(png_on_a_full_disk_is_a_file_error)
{
    const char *full_disk = folder_full_disk();
    ck_assert_int_eq(chx_png_write(full_disk, WIDTH, HEIGHT, rgb), CHX_ERROR_FILE);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "No space left on device"));
    ck_assert_int_eq(chx_png_write(full_disk, 1, 1, rgb), CHX_ERROR_FILE);
    struct stat full;
    ck_assert_int_eq(stat(full_disk, &full), 0);
    ck_assert(S_ISCHR(full.st_mode));
}
END_TEST

START_TEST(png_into_a_missing_folder_is_a_file_error)
{
    ck_assert_int_eq(chx_png_write(folder_path("no/a.png"), WIDTH, HEIGHT, rgb), CHX_ERROR_FILE);
    ck_assert_int_eq(chx_png_write(folder, WIDTH, HEIGHT, rgb), CHX_ERROR_FILE);
}
END_TEST

START_TEST(png_reader_refuses_what_is_none)
{
    uint32_t width = 1, height = 2;
    uint8_t *back = NULL;
    folder_write("x.png", "not a picture");
    ck_assert_int_eq(chx_png_read(folder_path("x.png"), &width, &height, &back), CHX_ERROR_FORMAT);
    ck_assert_int_eq(chx_png_read(folder_path("none.png"), &width, &height, &back), CHX_ERROR_FILE);
    ck_assert_int_eq(chx_png_write(folder_path("a.png"), WIDTH, HEIGHT, rgb), CHX_OK);
    ck_assert_int_eq(truncate(folder_path("a.png"), 2000), 0);
    ck_assert_int_eq(chx_png_read(folder_path("a.png"), &width, &height, &back), CHX_ERROR_FORMAT);
    ck_assert_uint_eq(width, 1);
    ck_assert_uint_eq(height, 2);
    ck_assert_ptr_null(back);
}
END_TEST

START_TEST(png_sizes_are_limited)
{
    uint32_t width, height;
    uint8_t *back;
    ck_assert_int_eq(chx_png_write(folder_path("a.png"), 0, 1, rgb), CHX_ERROR_INVALID);
    ck_assert_int_eq(chx_png_write(folder_path("a.png"), 16385, 1, rgb), CHX_ERROR_INVALID);
    uint8_t *line = calloc(1, 16385);
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = 16385, .height = 1, .format = PNG_FORMAT_GRAY};
    ck_assert(png_image_write_to_file(&image, folder_path("w.png"), 0, line, 0, NULL));
    ck_assert_int_eq(chx_png_read(folder_path("w.png"), &width, &height, &back), CHX_ERROR_LIMIT);
    free(line);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("png");
    TCase *tests = tcase_create("png");
    tcase_add_checked_fixture(tests, setup, folder_teardown);
    tcase_add_test(tests, png_returns_as_it_was_written);
    tcase_add_test(tests, png_keeps_alpha);
    tcase_add_test(tests, png_of_other_depth_is_read_as_rgb);
    tcase_add_test(tests, png_failure_leaves_the_old_file);
    tcase_add_test(tests, png_on_a_full_disk_is_a_file_error);
    tcase_add_test(tests, png_into_a_missing_folder_is_a_file_error);
    tcase_add_test(tests, png_reader_refuses_what_is_none);
    tcase_add_test(tests, png_sizes_are_limited);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
