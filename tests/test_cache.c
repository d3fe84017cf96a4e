/* The cache believes nothing: entries are cut, flipped, lengthened and renamed, folders opened
 * to others, and what was stored comes back or nothing does. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "device/cache.h"
#include "device/driver_cache.h"
#include "device/journal.h"
#include "folder.h"

static char *folder;
static chx__cache *cache;
static const chx__digest key = {1, 2};
static const char payload[] = "a payload of some bytes";

static void
set_up(void)
{
    folder = test_folder_create();
    ck_assert_int_eq(chx__cache_create(folder, &cache), CHX_OK);
    chx__cache_store(cache, key, payload, sizeof payload);
}

static void
tear_down(void)
{
    chx__cache_destroy(&cache);
    test_folder_destroy(folder);
}

static bool
is_found(chx__digest wanted)
{
    void *data = NULL;
    size_t size = 0;
    if (!chx__cache_find(cache, wanted, &data, &size))
        return false;
    ck_assert_uint_eq(size, sizeof payload);
    ck_assert_mem_eq(data, payload, sizeof payload);
    free(data);
    return true;
}

static void
entry_path(chx__digest wanted, char path[4200])
{
    char name[33];
    chx__digest_text(wanted, name);
    snprintf(path, 4200, "%s/%s.bin", folder, name);
}

static size_t
read_entry(char *bytes, size_t capacity)
{
    char path[4200];
    entry_path(key, path);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t size = fread(bytes, 1, capacity, file);
    fclose(file);
    return size;
}

static void
write_entry(chx__digest name, const char *bytes, size_t size)
{
    char path[4200];
    entry_path(name, path);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

START_TEST(cache_returns_what_was_stored)
{
    ck_assert(is_found(key));
    ck_assert(!is_found((chx__digest){1, 3}));
}
END_TEST

START_TEST(cache_ignores_a_truncated_entry)
{
    char bytes[4096];
    size_t size = read_entry(bytes, sizeof bytes);
    for (size_t shorter = 0; shorter < size; shorter++) {
        write_entry(key, bytes, shorter);
        ck_assert_msg(!is_found(key), "found after %zu of %zu bytes", shorter, size);
    }
}
END_TEST

/* Byte 12 to 15 of the head are reserved and mean nothing. */
START_TEST(cache_ignores_an_entry_with_a_flipped_bit)
{
    char bytes[4096];
    size_t size = read_entry(bytes, sizeof bytes);
    for (size_t bit = 0; bit < size * 8; bit++) {
        if (bit / 32 == 3)
            continue;
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        write_entry(key, bytes, size);
        ck_assert_msg(!is_found(key), "found with bit %zu flipped", bit);
        bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    write_entry(key, bytes, size);
    ck_assert(is_found(key));
}
END_TEST

START_TEST(cache_ignores_an_entry_with_bytes_after_it)
{
    char bytes[4096];
    size_t size = read_entry(bytes, sizeof bytes);
    bytes[size] = 0;
    write_entry(key, bytes, size + 1);
    ck_assert(!is_found(key));
}
END_TEST

START_TEST(cache_ignores_the_entry_of_another_key)
{
    char bytes[4096];
    size_t size = read_entry(bytes, sizeof bytes);
    chx__digest other = {7, 7};
    write_entry(other, bytes, size);
    ck_assert(!is_found(other));
}
END_TEST

START_TEST(cache_replaces_a_damaged_entry)
{
    write_entry(key, "damaged", 7);
    ck_assert(!is_found(key));
    chx__cache_store(cache, key, payload, sizeof payload);
    ck_assert(is_found(key));
}
END_TEST

START_TEST(cache_leaves_no_temporary_files)
{
    DIR *entries = opendir(folder);
    ck_assert_ptr_nonnull(entries);
    int n_files = 0;
    for (struct dirent *entry; (entry = readdir(entries));)
        n_files += entry->d_name[0] != '.';
    closedir(entries);
    ck_assert_int_eq(n_files, 1);
}
END_TEST

START_TEST(cache_refuses_a_folder_that_others_may_write)
{
    chx__cache *refused = NULL;
    ck_assert_int_eq(chmod(folder, 0722), 0);
    ck_assert_int_eq(chx__cache_create(folder, &refused), CHX_ERROR_FILE);
    ck_assert_ptr_null(refused);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "chmod 700"));
}
END_TEST

START_TEST(cache_refuses_a_file_in_place_of_a_folder)
{
    char path[4200];
    chx__cache *refused = NULL;
    entry_path(key, path);
    ck_assert_int_eq(chx__cache_create(path, &refused), CHX_ERROR_FILE);
    ck_assert_ptr_null(refused);
}
END_TEST

START_TEST(cache_makes_its_folder_private)
{
    char path[4200];
    struct stat info;
    chx__cache *made = NULL;
    snprintf(path, sizeof path, "%s/a/b", folder);
    ck_assert_int_eq(chx__cache_create(path, &made), CHX_OK);
    ck_assert_int_eq(stat(chx__cache_path(made), &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0700);
    chx__cache_destroy(&made);
    ck_assert_ptr_null(made);
}
END_TEST

/* In the order in which names are asked for; one that is relative would lie elsewhere each time. */
START_TEST(cache_is_where_the_environment_says)
{
    static const char *const names[] = {"HOME", "XDG_CACHE_HOME", "CHRONAXIE_CACHE_DIR"};
    static const char *const below[] = {"/.cache/chronaxie", "/chronaxie", ""};
    char *real = realpath(folder, NULL);
    for (int i = 0; i < 3; i++)
        unsetenv(names[i]);
    chx__cache_destroy(&cache);
    ck_assert_int_eq(chx__cache_create(NULL, &cache), CHX_ERROR_FILE);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "there is no folder for the cache"));
    setenv("XDG_CACHE_HOME", "relative", 1);
    for (int i = 0; i < 3; i++) {
        char value[4200], expected[4300];
        snprintf(value, sizeof value, "%s/%d", real, i);
        snprintf(expected, sizeof expected, "%s%s", value, below[i]);
        setenv(names[i], value, 1);
        ck_assert_int_eq(chx__cache_create(NULL, &cache), CHX_OK);
        ck_assert_str_eq(chx__cache_path(cache), expected);
        chx__cache_destroy(&cache);
    }
    free(real);
}
END_TEST

START_TEST(cache_that_is_not_there_finds_and_keeps_nothing)
{
    chx__cache *none = NULL;
    void *data = NULL;
    size_t size = 0;
    chx__cache_store(none, key, payload, sizeof payload);
    ck_assert(!chx__cache_find(none, key, &data, &size));
    chx__cache_destroy(&none);
}
END_TEST

START_TEST(journal_tells_only_what_dead_processes_did)
{
    char doing[64];
    chx__digest device = {3, UINT64_C(0xfedcba9876543210)}, told;
    chx__journal_entry entry, other;
    chx__journal_begin(&entry, cache, device, "building");
    ck_assert(!chx__journal_take(cache, &told, doing, sizeof doing));
    chx__journal_end(&entry);
    chx__journal_end(&entry);
    ck_assert(!chx__journal_take(cache, &told, doing, sizeof doing));
    pid_t child = fork();
    if (child == 0) {
        chx__journal_begin(&entry, cache, device, "building a.cl");
        chx__journal_begin(&other, cache, device, "building b.cl");
        chx__journal_end(&other);
        abort();
    }
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert(chx__journal_take(cache, &told, doing, sizeof doing));
    ck_assert(chx__digest_equal(told, device));
    ck_assert_str_eq(doing, "building a.cl");
    ck_assert(!chx__journal_take(cache, &told, doing, sizeof doing));
    chx__journal_begin(&entry, NULL, device, "nothing");
    chx__journal_end(&entry);
}
END_TEST

static void
write_bytes(const char *name, const void *bytes, size_t size)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static bool
exists(const char *name)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static unsigned n_said;

static void
count(void *data, chx_log_level level, const char *line)
{
    (void)data;
    n_said++;
    ck_assert_int_eq(level, CHX_LOG_WARNING);
    ck_assert_ptr_nonnull(strstr(line, folder));
}

static const chx__logger counting = {count, NULL, CHX_LOG_WARNING};

static unsigned
count_files(void)
{
    unsigned n = 0;
    DIR *entries = opendir(folder);
    ck_assert_ptr_nonnull(entries);
    for (struct dirent *entry; (entry = readdir(entries));)
        n += entry->d_name[0] != '.';
    closedir(entries);
    return n;
}

START_TEST(two_caches_of_one_process_keep_to_their_folders)
{
    char *other_folder = test_folder_create();
    chx__cache *usual = cache, *other = NULL;
    chx__digest second = {4, 4};
    ck_assert_int_eq(chx__cache_create(other_folder, &other), CHX_OK);
    cache = other;
    ck_assert(!is_found(key));
    chx__cache_store(other, second, payload, sizeof payload);
    ck_assert(is_found(second));
    chx__cache_destroy(&other);
    cache = usual;
    ck_assert(!is_found(second));
    ck_assert(is_found(key));
    ck_assert_uint_eq(count_files(), 1);
    test_folder_destroy(other_folder);
}
END_TEST

/* A limit on the size of files stands for a full disk. */
START_TEST(cache_on_a_full_disk_is_told_once_and_goes_on)
{
    const struct rlimit full = {16, 16};
    signal(SIGXFSZ, SIG_IGN);
    chx__cache_log_to(cache, &counting);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
    for (uint64_t i = 0; i < 3; i++)
        chx__cache_store(cache, (chx__digest){9, i}, payload, sizeof payload);
    ck_assert_uint_eq(n_said, 1);
    ck_assert(is_found(key));
    ck_assert_uint_eq(count_files(), 1);
}
END_TEST

/* Another user, as the superuser may write everywhere. */
START_TEST(cache_in_a_folder_that_is_read_only_is_read)
{
    if (geteuid() == 0) {
        char path[4200];
        entry_path(key, path);
        ck_assert_int_eq(chown(folder, 65534, 65534) | chown(path, 65534, 65534), 0);
        ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
    }
    ck_assert_int_eq(chmod(folder, 0500), 0);
    chx__cache_destroy(&cache);
    ck_assert_int_eq(chx__cache_create(folder, &cache), CHX_OK);
    chx__cache_log_to(cache, &counting);
    chx__cache_store(cache, (chx__digest){9, 9}, payload, sizeof payload);
    ck_assert_uint_eq(n_said, 1);
    ck_assert(is_found(key));
    ck_assert_uint_eq(count_files(), 1);
    ck_assert_int_eq(chmod(folder, 0700), 0);
}
END_TEST

/* Whether somebody uses PoCL's folder, so that nobody may clean it. */
static bool
is_in_use(const char *lock)
{
    int descriptor = open(lock, O_RDWR | O_CREAT, 0600);
    ck_assert_int_ge(descriptor, 0);
    bool taken = flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    close(descriptor);
    return !taken;
}

/* Another process is cleaning while this one starts. Files that this one is about to write look
 * damaged to the next that cleans, so it must not go on without its share of the lock. */
START_TEST(starts_wait_for_who_cleans)
{
    char lock[4200];
    int ready[2];
    chx__driver_cache opened;
    unsetenv("POCL_CACHE_DIR");
    snprintf(lock, sizeof lock, "%s/pocl.lock", folder);
    ck_assert_int_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        int descriptor = open(lock, O_RDWR | O_CREAT, 0600);
        bool ok =
            descriptor >= 0 && flock(descriptor, LOCK_EX) == 0 && write(ready[1], "x", 1) == 1;
        usleep(300000);
        _exit(ok ? 0 : 1);
    }
    char byte;
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(chx__driver_cache_open(&opened, cache, &(chx__logger){0}), CHX_OK);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert(is_in_use(lock));
    chx__driver_cache_close(&opened);
    ck_assert(!is_in_use(lock));
}
END_TEST

/* Two blocks, of three words and of none. */
START_TEST(bitcode_that_is_cut_anywhere_is_taken_out)
{
    static const uint32_t words[] = {0xdec04342u, 0x1435, 3, 1, 2, 3, 0x5d0c, 0};
    unsigned n_whole = 0;
    for (size_t size = 0; size <= sizeof words; size++) {
        write_bytes("program.bc", words, size);
        write_bytes("build.log", words, size);
        unsigned n = chx__driver_cache_heal(folder);
        ck_assert_uint_eq(n, !exists("program.bc"));
        ck_assert(exists("build.log"));
        n_whole += n == 0;
    }
    ck_assert_uint_eq(n_whole, 2);
    ck_assert(exists("program.bc"));
}
END_TEST

START_TEST(shared_object_that_is_cut_is_taken_out)
{
    static char bytes[1 << 22];
    FILE *library = fopen(FAULT_LAYER, "rb");
    ck_assert_ptr_nonnull(library);
    size_t size = fread(bytes, 1, sizeof bytes, library);
    fclose(library);
    write_bytes("k.so", bytes, size);
    ck_assert_uint_eq(chx__driver_cache_heal(folder), 0);
    for (size_t shorter = 0; shorter < size; shorter += 1 + size / 50) {
        write_bytes("k.so", bytes, shorter);
        ck_assert_uint_eq(chx__driver_cache_heal(folder), 1);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("cache");
    TCase *tests = tcase_create("cache");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, cache_returns_what_was_stored);
    tcase_add_test(tests, cache_ignores_a_truncated_entry);
    tcase_add_test(tests, cache_ignores_an_entry_with_a_flipped_bit);
    tcase_add_test(tests, cache_ignores_an_entry_with_bytes_after_it);
    tcase_add_test(tests, cache_ignores_the_entry_of_another_key);
    tcase_add_test(tests, cache_replaces_a_damaged_entry);
    tcase_add_test(tests, cache_leaves_no_temporary_files);
    tcase_add_test(tests, cache_refuses_a_folder_that_others_may_write);
    tcase_add_test(tests, cache_refuses_a_file_in_place_of_a_folder);
    tcase_add_test(tests, cache_makes_its_folder_private);
    tcase_add_test(tests, cache_is_where_the_environment_says);
    tcase_add_test(tests, cache_that_is_not_there_finds_and_keeps_nothing);
    tcase_add_test(tests, two_caches_of_one_process_keep_to_their_folders);
    tcase_add_test(tests, cache_on_a_full_disk_is_told_once_and_goes_on);
    tcase_add_test(tests, cache_in_a_folder_that_is_read_only_is_read);
    tcase_add_test(tests, journal_tells_only_what_dead_processes_did);
    tcase_add_test(tests, starts_wait_for_who_cleans);
    tcase_add_test(tests, bitcode_that_is_cut_anywhere_is_taken_out);
    tcase_add_test(tests, shared_object_that_is_cut_is_taken_out);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
