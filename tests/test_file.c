/* Files and folders out: whole or not at all, on systems that have files without names and on those
 * that do not, and what is left of processes that were killed. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "base/draft.h"
#include "base/file.h"
#include "scratch.h"

static bool has_proc = true;

/* In place of the C library's, so that a system without /proc can be played. */
int
access(const char *path, int mode)
{
    if (!has_proc && strncmp(path, "/proc/", 6) == 0)
        return -1;
    return (int)syscall(SYS_faccessat, AT_FDCWD, path, mode);
}

/* All entries, hidden ones too. */
static unsigned
count_all(void)
{
    unsigned n = 0;
    DIR *listing = opendir(folder);
    for (struct dirent *entry; (entry = readdir(listing));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(listing);
    return n;
}

static void
check_text(const char *name, const char *text)
{
    char *found = folder_read(name);
    ck_assert_str_eq(found, text);
    free(found);
}

START_TEST(output_appears_when_it_is_complete)
{
    has_proc = _i == 0;
    chx__output output;
    const mode_t mask = umask(027);
    folder_write("a.txt", "old");
    ck_assert_int_eq(chx__output_begin(&output, folder_path("a.txt")), CHX_OK);
    ck_assert_int_eq(output.is_unnamed, has_proc);
    ck_assert_int_eq(output.temporary == NULL, has_proc);
    fputs("new", output.stream);
    fflush(output.stream);
    check_text("a.txt", "old");
    ck_assert_uint_eq(count_all(), has_proc ? 1 : 2);
    ck_assert_int_eq(chx__output_commit(&output), CHX_OK);
    check_text("a.txt", "new");
    ck_assert_uint_eq(count_all(), 1);
    struct stat about;
    ck_assert_int_eq(stat(folder_path("a.txt"), &about), 0);
    ck_assert_int_eq(about.st_mode & 0777, 0640);
    umask(mask);
}
END_TEST

START_TEST(output_that_is_discarded_leaves_the_old_file_and_nothing_else)
{
    has_proc = _i == 0;
    chx__output output;
    folder_write("a.txt", "old");
    ck_assert_int_eq(chx__output_begin(&output, folder_path("a.txt")), CHX_OK);
    fputs("new", output.stream);
    chx__output_discard(&output);
    chx__output_discard(&output);
    check_text("a.txt", "old");
    ck_assert_uint_eq(count_all(), 1);
}
END_TEST

START_TEST(output_that_cannot_be_made_is_a_file_error)
{
    has_proc = _i == 0;
    chx__output output;
    ck_assert_int_eq(chx__output_begin(&output, folder_path("none/a.txt")), CHX_ERROR_FILE);
    ck_assert_int_eq(chx__file_write(folder, "x", 1), CHX_ERROR_FILE);
    ck_assert_uint_eq(count_all(), 0);
}
END_TEST

START_TEST(output_to_a_device_is_written_as_it_stands)
{
    has_proc = _i == 0;
    ck_assert_int_eq(chx__file_write(folder_full_disk(), "x", 1), CHX_ERROR_FILE);
    ck_assert_int_eq(chx__file_write("/dev/null", "x", 1), CHX_OK);
    ck_assert_uint_eq(count_all(), 1);
}
END_TEST

START_TEST(draft_takes_its_name_when_it_is_complete)
{
    chx__draft draft;
    ck_assert_int_eq(chx__draft_begin(&draft, folder_path("a")), CHX_OK);
    ck_assert_uint_eq(folder_count(), 0);
    ck_assert_int_eq(chx__draft_commit(&draft), CHX_OK);
    ck_assert_uint_eq(count_all(), 1);
    folder_write("a/b", "");
    ck_assert_int_eq(chx__draft_begin(&draft, folder_path("a")), CHX_OK);
    ck_assert_int_eq(chx__draft_commit(&draft), CHX_ERROR_FILE);
    ck_assert_int_eq(chx__draft_begin(&draft, folder_path("a")), CHX_OK);
    chx__draft_discard(&draft);
    chx__draft_discard(&draft);
    ck_assert_uint_eq(count_all(), 1);
}
END_TEST

/* A process begins a draft, puts a file in it, and is killed. */
static void
die_drafting(void)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        chx__draft draft;
        if (chx__draft_begin(&draft, folder_path("killed")) == CHX_OK) {
            char path[512];
            snprintf(path, sizeof path, "%s/part", draft.folder);
            fclose(fopen(path, "wb"));
        }
        raise(SIGKILL);
    }
    int how;
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
}

START_TEST(draft_of_a_killed_process_is_removed_by_the_next)
{
    die_drafting();
    ck_assert_uint_eq(count_all(), 1);
    chx__draft draft;
    ck_assert_int_eq(chx__draft_begin(&draft, folder_path("a")), CHX_OK);
    ck_assert_uint_eq(count_all(), 1);
    ck_assert_int_eq(chx__draft_commit(&draft), CHX_OK);
    ck_assert_uint_eq(count_all(), 1);
    ck_assert_uint_eq(folder_count(), 1);
}
END_TEST

START_TEST(drafts_of_the_living_and_what_only_looks_like_one_are_kept)
{
    chx__draft living, draft;
    ck_assert_int_eq(chx__draft_begin(&living, folder_path("living")), CHX_OK);
    ck_assert_int_eq(mkdir(folder_path("kept"), 0777), 0);
    ck_assert_int_eq(mkdir(folder_path(".chronaxie-longer7"), 0777), 0);
    ck_assert_int_eq(mkdir(folder_path(".chronaxie-a.b.c."), 0777), 0);
    ck_assert_int_eq(symlink("kept", folder_path(".chronaxie-linked")), 0);
    folder_write(".chronaxie-afile1", "");
    folder_write("kept/file", "");
    ck_assert_uint_eq(count_all(), 6);
    ck_assert_int_eq(chx__draft_begin(&draft, folder_path("a")), CHX_OK);
    chx__draft_discard(&draft);
    ck_assert_uint_eq(count_all(), 6);
    check_text("kept/file", "");
    ck_assert_int_eq(chx__draft_commit(&living), CHX_OK);
    ck_assert_int_eq(access(folder_path("living"), X_OK), 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("file");
    TCase *tests = tcase_create("file");
    tcase_add_checked_fixture(tests, folder_setup, folder_teardown);
    tcase_add_loop_test(tests, output_appears_when_it_is_complete, 0, 2);
    tcase_add_loop_test(tests, output_that_is_discarded_leaves_the_old_file_and_nothing_else, 0, 2);
    tcase_add_loop_test(tests, output_that_cannot_be_made_is_a_file_error, 0, 2);
    tcase_add_loop_test(tests, output_to_a_device_is_written_as_it_stands, 0, 2);
    tcase_add_test(tests, draft_takes_its_name_when_it_is_complete);
    tcase_add_test(tests, draft_of_a_killed_process_is_removed_by_the_next);
    tcase_add_test(tests, drafts_of_the_living_and_what_only_looks_like_one_are_kept);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
