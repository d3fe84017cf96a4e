/* Videos through the real ffmpeg, and what is told when it is missing, dies or finds the disk
 * full. */
#include <chronaxie/picture.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "scratch.h"

#define WIDTH 128
#define HEIGHT 64

static uint8_t frame[WIDTH * HEIGHT * 3 / 2];
static chx_video *video;
static const chx_video_params params = {.width_px = WIDTH, .height_px = HEIGHT, .fps = 25};

static void
setup(void)
{
    folder_setup();
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = (uint8_t)(16 + ((state = state * 1664525u + 1013904223u) >> 24) % 200);
}

/* What ffprobe says of the video, one "key=value" a line. */
static void
probe(const char *name, char *said, size_t capacity)
{
    char line[512];
    snprintf(line, sizeof line,
             "ffprobe -v error -count_frames -show_entries stream=codec_name,pix_fmt,width,height,"
             "color_range,color_space,r_frame_rate,nb_read_frames -of default=nw=1 %s",
             folder_path(name));
    FILE *stream = popen(line, "r");
    said[fread(said, 1, capacity - 1, stream)] = '\0';
    ck_assert_int_eq(pclose(stream), 0);
}

static void
write_video(const char *name, unsigned n_frames)
{
    ck_assert_int_eq(chx_video_create(folder_path(name), &params, &video), CHX_OK);
    for (unsigned i = 0; i < n_frames; i++)
        ck_assert_int_eq(chx_video_add(video, frame), CHX_OK);
    ck_assert_int_eq(chx_video_finish(video), CHX_OK);
    chx_video_destroy(&video);
    ck_assert_ptr_null(video);
    ck_assert_uint_eq(folder_count(), 1);
}

START_TEST(video_mp4_plays_everywhere)
{
    char said[1024];
    write_video("a.mp4", 10);
    probe("a.mp4", said, sizeof said);
    static const char *const expected[] = {
        "codec_name=h264", "pix_fmt=yuv420p",   "width=128",         "height=64",
        "color_range=tv",  "color_space=bt709", "r_frame_rate=25/1", "nb_read_frames=10"};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        ck_assert_msg(strstr(said, expected[i]), "%s is not in\n%s", expected[i], said);
}
END_TEST

START_TEST(video_mp4_begins_with_its_index)
{
    write_video("a.mp4", 5);
    FILE *stream = fopen(folder_path("a.mp4"), "rb");
    char head[65536];
    size_t n = fread(head, 1, sizeof head, stream);
    fclose(stream);
    char *index = memmem(head, n, "moov", 4), *data = memmem(head, n, "mdat", 4);
    ck_assert_ptr_nonnull(index);
    ck_assert(!data || index < data);
}
END_TEST

START_TEST(video_webm_is_vp9)
{
    char said[1024];
    write_video("a.webm", 4);
    probe("a.webm", said, sizeof said);
    ck_assert_ptr_nonnull(strstr(said, "codec_name=vp9"));
    ck_assert_ptr_nonnull(strstr(said, "nb_read_frames=4"));
}
END_TEST

#define N_PIECES 3
#define ROOM 8192

/* Appends what the frames of a video decode to, one digest a line; or when they are shown. */
static void
append_frames(const char *name, const char *what, char *said)
{
    char line[512];
    const size_t n = strlen(said);
    snprintf(line, sizeof line,
             strcmp(what, "pixels") == 0
                 ? "ffmpeg -v error -i \"%s\" -f framemd5 - | sed -n 's/^[^#].*, *//p'"
                 : "ffprobe -v error -show_entries frame=pts_time -of default=nw=1:nk=1 \"%s\"",
             folder_path(name));
    FILE *stream = popen(line, "r");
    said[n + fread(said + n, 1, ROOM - n - 1, stream)] = '\0';
    ck_assert_int_eq(pclose(stream), 0);
}

/* Pieces of 25 frames, which are a second, but for the last one. */
START_TEST(video_pieces_are_joined)
{
    static const char *const names[][N_PIECES + 1] = {
        {"it's 0.mp4", "it's 1.mp4", "it's 2.mp4", "a.mp4"},
        {"it's 0.webm", "it's 1.webm", "it's 2.webm", "a.webm"},
    };
    const char *const *name = names[_i];
    static char expected[ROOM], found[ROOM], paths[N_PIECES][400];
    const char *pieces[N_PIECES];
    for (unsigned p = 0; p < N_PIECES; p++) {
        snprintf(paths[p], sizeof paths[p], "%s", folder_path(name[p]));
        pieces[p] = paths[p];
        ck_assert_int_eq(chx_video_create(paths[p], &params, &video), CHX_OK);
        for (unsigned f = 0; f < (p < 2 ? 25 : 7); f++) {
            memset(frame + 50 * f * (p + 1), (int)(40 + 10 * f), 600);
            ck_assert_int_eq(chx_video_add(video, frame), CHX_OK);
        }
        ck_assert_int_eq(chx_video_finish(video), CHX_OK);
        chx_video_destroy(&video);
        append_frames(name[p], "pixels", expected);
    }
    ck_assert_int_eq(chx_video_join(folder_path(name[N_PIECES]), pieces, N_PIECES), CHX_OK);
    append_frames(name[N_PIECES], "pixels", found);
    ck_assert_str_eq(found, expected);
    found[0] = expected[0] = '\0';
    append_frames(name[N_PIECES], "times", found);
    for (unsigned f = 0; f < 57; f++)
        snprintf(expected + strlen(expected), 16, "%.6f\n", f / 25.0);
    ck_assert_str_eq(found, expected);
    ck_assert_uint_eq(folder_count(), N_PIECES + 1);
}
END_TEST

START_TEST(video_without_a_piece_is_not_joined)
{
    write_video("a.mp4", 5);
    char paths[2][400];
    snprintf(paths[0], sizeof paths[0], "%s", folder_path("a.mp4"));
    snprintf(paths[1], sizeof paths[1], "%s", folder_path("no.mp4"));
    ck_assert_int_eq(
        chx_video_join(folder_path("b.mp4"), (const char *const[]){paths[0], paths[1]}, 2),
        CHX_ERROR_PROGRAM);
    ck_assert_uint_eq(folder_count(), 1);
    ck_assert_int_eq(chx_video_join("b.avi", (const char *const[]){paths[0]}, 1),
                     CHX_ERROR_INVALID);
}
END_TEST

START_TEST(video_that_was_not_finished_is_removed)
{
    ck_assert_int_eq(chx_video_create(folder_path("a.mp4"), &params, &video), CHX_OK);
    ck_assert_int_eq(chx_video_add(video, frame), CHX_OK);
    chx_video_destroy(&video);
    ck_assert_uint_eq(folder_count(), 0);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    chx_video_destroy(&video);
}
END_TEST

START_TEST(video_without_ffmpeg_names_the_package)
{
    setenv("PATH", "", 1);
    ck_assert_int_eq(chx_video_create(folder_path("a.mp4"), &params, &video), CHX_ERROR_PROGRAM);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "apt install ffmpeg"));
    ck_assert_ptr_null(video);
    ck_assert_uint_eq(folder_count(), 0);
}
END_TEST

/* Puts a script in ffmpeg's place. */
static void
pretend(const char *script)
{
    ck_assert_int_eq(mkdir(folder_path("bin"), 0755), 0);
    folder_write("bin/ffmpeg", script);
    ck_assert_int_eq(chmod(folder_path("bin/ffmpeg"), 0755), 0);
    char path[400];
    snprintf(path, sizeof path, "%s:/usr/bin:/bin", folder_path("bin"));
    setenv("PATH", path, 1);
}

START_TEST(video_tells_what_a_dying_ffmpeg_said)
{
    pretend("#!/bin/sh\necho 'first cause' >&2\necho 'second line' >&2\nexit 3\n");
    ck_assert_int_eq(chx_video_create(folder_path("a.mp4"), &params, &video), CHX_OK);
    chx_status status = CHX_OK;
    for (int i = 0; i < 1000 && !status; i++)
        status = chx_video_add(video, frame);
    ck_assert_int_eq(status, CHX_ERROR_PROGRAM);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "a.mp4: ffmpeg failed with status 3"));
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "first cause second line"));
    ck_assert_int_eq(chx_video_finish(video), CHX_ERROR_PROGRAM);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "first cause"));
    chx_video_destroy(&video);
    ck_assert_uint_eq(folder_count(), 1);
}
END_TEST

START_TEST(video_tells_a_failure_at_the_end)
{
    pretend("#!/bin/sh\ncat >/dev/null\nkill -9 $$\n");
    ck_assert_int_eq(chx_video_create(folder_path("a.mp4"), &params, &video), CHX_OK);
    ck_assert_int_eq(chx_video_add(video, frame), CHX_OK);
    ck_assert_int_eq(chx_video_finish(video), CHX_ERROR_PROGRAM);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "was ended by signal 9"));
    ck_assert_uint_eq(folder_count(), 1);
    chx_video_destroy(&video);
}
END_TEST

START_TEST(video_on_a_full_disk_fails_and_leaves_nothing)
{
    struct rlimit limit = {20000, 20000};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(chx_video_create(folder_path("a.mp4"), &params, &video), CHX_OK);
    chx_status status = CHX_OK;
    for (int i = 0; i < 200 && !status; i++) {
        for (size_t j = 0; j < sizeof frame; j++)
            frame[j] = (uint8_t)(16 + rand() % 200);
        status = chx_video_add(video, frame);
    }
    if (!status)
        status = chx_video_finish(video);
    ck_assert_int_eq(status, CHX_ERROR_PROGRAM);
    chx_video_destroy(&video);
    ck_assert_uint_eq(folder_count(), 0);
}
END_TEST

START_TEST(video_parameters_are_checked)
{
    static const struct {
        const char *name;
        chx_video_params params;
        chx_status status;
    } bad[] = {
        {"a.avi", {128, 64, 25, 0}, CHX_ERROR_INVALID},
        {"mp4", {128, 64, 25, 0}, CHX_ERROR_INVALID},
        {"a.mp4", {127, 64, 25, 0}, CHX_ERROR_INVALID},
        {"a.mp4", {128, 63, 25, 0}, CHX_ERROR_INVALID},
        {"a.mp4", {0, 64, 25, 0}, CHX_ERROR_INVALID},
        {"a.mp4", {128, 64, 0, 0}, CHX_ERROR_INVALID},
        {"a.mp4", {128, 64, 241, 0}, CHX_ERROR_INVALID},
        {"a.mp4", {128, 64, 25, 52}, CHX_ERROR_INVALID},
        {"no/a.mp4", {128, 64, 25, 0}, CHX_ERROR_FILE},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_int_eq(chx_video_create(folder_path(bad[i].name), &bad[i].params, &video),
                         bad[i].status);
    ck_assert_int_eq(mkdir(folder_path("d.mp4"), 0755), 0);
    ck_assert_int_eq(chx_video_create(folder_path("d.mp4"), &params, &video), CHX_ERROR_FILE);
}
END_TEST

START_TEST(video_leaves_signals_as_they_are)
{
    struct sigaction before, after;
    sigaction(SIGPIPE, NULL, &before);
    ck_assert(before.sa_handler == SIG_DFL);
    pretend("#!/bin/sh\nexec <&-\nsleep 0.1\nexit 1\n");
    ck_assert_int_eq(chx_video_create(folder_path("a.mp4"), &params, &video), CHX_OK);
    usleep(50000);
    ck_assert_int_eq(chx_video_add(video, frame), CHX_ERROR_PROGRAM);
    sigaction(SIGPIPE, NULL, &after);
    ck_assert(after.sa_handler == SIG_DFL);
    chx_video_destroy(&video);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("video");
    TCase *tests = tcase_create("video");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, folder_teardown);
    tcase_add_test(tests, video_mp4_plays_everywhere);
    tcase_add_test(tests, video_mp4_begins_with_its_index);
    tcase_add_test(tests, video_webm_is_vp9);
    tcase_add_loop_test(tests, video_pieces_are_joined, 0, 2);
    tcase_add_test(tests, video_without_a_piece_is_not_joined);
    tcase_add_test(tests, video_that_was_not_finished_is_removed);
    tcase_add_test(tests, video_without_ffmpeg_names_the_package);
    tcase_add_test(tests, video_tells_what_a_dying_ffmpeg_said);
    tcase_add_test(tests, video_tells_a_failure_at_the_end);
    tcase_add_test(tests, video_on_a_full_disk_fails_and_leaves_nothing);
    tcase_add_test(tests, video_parameters_are_checked);
    tcase_add_test(tests, video_leaves_signals_as_they_are);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
