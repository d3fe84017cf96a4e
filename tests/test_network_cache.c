/* A large table of synapses is read once: what is kept of it gives the same network bit for bit,
 * and whatever befalls the entry or its folder, the table is read instead. */
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>

#include <chronaxie/network.h>

#include "scratch.h"

#define N_NEURONS 300
#define N_ROWS 60000
#define HEAD_BYTES 592 /* of an entry */

static void
write_network(const char *time_step_ms)
{
    char json[300];
    snprintf(json, sizeof json,
             "{\"format\": \"chronaxie-network\", \"version\": 1, \"name\": \"n\","
             " \"time_step_ms\": %s, \"duration_ms\": 100, \"neuron\": {\"capacitance_pf\": 200, "
             "\"tau_membrane_ms\": 20, \"tau_synapse_ms\": 5, \"resting_mv\": -70, "
             "\"threshold_mv\": -50, \"reset_mv\": -58, \"refractory_ms\": 2}}",
             time_step_ms);
    folder_write("net/network.json", json);
}

static void
write_neurons(unsigned first)
{
    FILE *stream = fopen(folder_path("net/neurons.csv"), "wb");
    fprintf(stream, "name,type,x_um,y_um,z_um,diameter_um\n");
    for (unsigned i = 0; i < N_NEURONS; i++)
        fprintf(stream, "n%u,t,%u,0,0,10\n", (i + first) % N_NEURONS, i);
    fclose(stream);
}

/* Some 1.4 MB in no order; of weights there are many, so that rows differ. */
static void
write_synapses(unsigned n_rows, unsigned seed)
{
    FILE *stream = fopen(folder_path("net/synapses.csv"), "wb");
    uint32_t state = seed;
    fprintf(stream, "pre,post,weight_pa,delay_ms,note\n");
    for (unsigned i = 0; i < n_rows; i++) {
        state = state * 1664525u + 1013904223u;
        const uint32_t bits = state >> 8;
        fprintf(stream, "n%u,n%u,%d.%02u,%u.5,x\n", bits % N_NEURONS, (bits >> 7) % N_NEURONS,
                (int)(bits % 97) - 48, bits % 89, 1 + bits % 11);
    }
    fclose(stream);
}

static void
set_up(void)
{
    folder_setup();
    ck_assert_int_eq(mkdir(folder_path("net"), 0700), 0);
    write_network("0.5");
    write_neurons(0);
    write_synapses(N_ROWS, 1);
    setenv("CHRONAXIE_CACHE_DIR", folder_path("cache"), 1);
    unsetenv("CHRONAXIE_TABLE_CACHE_MIB");
}

static chx_network *
load(void)
{
    chx_network *network = NULL;
    ck_assert_msg(chx_network_load(folder_path("net"), &network) == CHX_OK, "%s",
                  chx_last_error()->message);
    return network;
}

/* As the table says, whatever is kept. */
static chx_network *
load_table(void)
{
    char kept[320];
    snprintf(kept, sizeof kept, "%s", getenv("CHRONAXIE_CACHE_DIR"));
    setenv("CHRONAXIE_CACHE_DIR", "/dev/null/none", 1);
    chx_network *network = load();
    setenv("CHRONAXIE_CACHE_DIR", kept, 1);
    return network;
}

static bool
are_same(const chx_network *one, const chx_network *other)
{
    const chx_network_info *a = chx_network_get(one), *b = chx_network_get(other);
    return a->n_synapses == b->n_synapses && a->n_remarks == b->n_remarks && a->n_remarks == 1 &&
           strcmp(a->remarks[0], b->remarks[0]) == 0 && a->min_delay_ms == b->min_delay_ms &&
           a->max_delay_ms == b->max_delay_ms &&
           memcmp(a->synapses, b->synapses, (size_t)a->n_synapses * sizeof *a->synapses) == 0;
}

/* Loads, and looks whether that gives what the table says. */
static bool
is_right(void)
{
    chx_network *network = load(), *expected = load_table();
    const bool same = are_same(network, expected);
    chx_network_destroy(&network);
    chx_network_destroy(&expected);
    return same;
}

/* The number of entries; the path of the last one found. */
static unsigned
find_entry(char path[700])
{
    unsigned n = 0;
    DIR *listing = opendir(folder_path("cache/tables"));
    for (struct dirent *entry; listing && (entry = readdir(listing));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, 700, "%s/%s", folder_path("cache/tables"), entry->d_name);
        n++;
    }
    if (listing)
        closedir(listing);
    return n;
}

static void
set_time(const char *path, time_t seconds)
{
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* An entry that was used is as new. */
static bool
was_used(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && about.st_mtime > 1000;
}

/* Loads with the entry as it is, and tells whether that was used. */
static bool
uses_entry(void)
{
    char path[700];
    struct stat before, after;
    ck_assert_uint_eq(find_entry(path), 1);
    set_time(path, 1000);
    ck_assert_int_eq(stat(path, &before), 0);
    ck_assert(is_right());
    ck_assert_int_eq(stat(path, &after), 0);
    return was_used(path) && before.st_ino == after.st_ino;
}

START_TEST(cache_gives_the_same_network)
{
    char path[700];
    ck_assert(is_right());
    ck_assert(uses_entry());
    ck_assert_uint_eq(find_entry(path), 1);
}
END_TEST

static void
flip(const char *path, long offset)
{
    FILE *stream = fopen(path, "r+b");
    ck_assert_int_eq(fseek(stream, offset, offset < 0 ? SEEK_END : SEEK_SET), 0);
    const int byte = fgetc(stream);
    ck_assert_int_eq(fseek(stream, -1, SEEK_CUR), 0);
    fputc(byte ^ 0x10, stream);
    ck_assert_int_eq(fclose(stream), 0);
}

/* Each field of the head at its ends, the remark, and rows. */
static const long flipped[] = {0,  7,  8,  11, 12, 15,  16,  31,  32,  39,         40,
                               47, 48, 63, 64, 90, 575, 576, 591, 592, N_ROWS * 8, -1};

START_TEST(cache_entry_that_is_damaged_is_replaced)
{
    char path[700];
    ck_assert(is_right());
    ck_assert_uint_eq(find_entry(path), 1);
    flip(path, flipped[_i]);
    ck_assert(!uses_entry());
    ck_assert(uses_entry());
}
END_TEST

static const long lengths[] = {0,
                               1,
                               HEAD_BYTES - 1,
                               HEAD_BYTES,
                               HEAD_BYTES + 16,
                               HEAD_BYTES + 16 * N_ROWS - 1,
                               HEAD_BYTES + 16 * N_ROWS + 1};

START_TEST(cache_entry_of_another_length_is_replaced)
{
    char path[700];
    ck_assert(is_right());
    ck_assert_uint_eq(find_entry(path), 1);
    ck_assert_int_eq(truncate(path, lengths[_i]), 0);
    ck_assert(!uses_entry());
    ck_assert(uses_entry());
}
END_TEST

START_TEST(cache_sees_a_table_that_changed_in_secret)
{
    const char *table = folder_path("net/synapses.csv");
    struct stat before, after;
    ck_assert(is_right());
    ck_assert_int_eq(stat(table, &before), 0);
    FILE *stream = fopen(table, "r+b");
    fseek(stream, -6, SEEK_END); /* the last digit of a delay */
    const int digit = fgetc(stream);
    fseek(stream, -1, SEEK_CUR);
    fputc(digit == '4' ? '5' : '4', stream);
    fclose(stream);
    const struct timespec times[2] = {before.st_atim, before.st_mtim};
    ck_assert_int_eq(utimensat(AT_FDCWD, table, times, 0), 0);
    ck_assert_int_eq(stat(table, &after), 0);
    ck_assert_int_eq(after.st_size, before.st_size);
    ck_assert_int_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
    ck_assert(is_right());
}
END_TEST

START_TEST(cache_sees_other_neurons)
{
    char path[700];
    ck_assert(is_right());
    write_neurons(1);
    ck_assert(is_right());
    ck_assert_uint_eq(find_entry(path), 2);
}
END_TEST

START_TEST(cache_lets_no_fault_pass)
{
    chx_network *network = NULL;
    ck_assert(is_right());
    write_network("5");
    ck_assert_int_eq(chx_network_load(folder_path("net"), &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "synapses.csv:"));
}
END_TEST

START_TEST(cache_is_shared_by_processes)
{
    enum { N = 4 };
    char path[700];
    pid_t children[N];
    for (int i = 0; i < N; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            bool right = true;
            for (int k = 0; k < 3 && right; k++) {
                right = is_right();
                if (i == 0 && find_entry(path) > 0)
                    unlink(path);
            }
            _exit(right ? 0 : 1);
        }
    }
    for (int i = 0; i < N; i++) {
        int state = -1;
        ck_assert_int_eq(waitpid(children[i], &state, 0), children[i]);
        ck_assert_int_eq(state, 0);
    }
    ck_assert(is_right());
    ck_assert(uses_entry());
}
END_TEST

/* Whoever may do all can write anywhere, so a file in the folder's place stands for it too. */
START_TEST(cache_that_cannot_be_written_is_done_without)
{
    char path[700];
    ck_assert_int_eq(mkdir(folder_path("cache"), 0700), 0);
    if (_i == 0)
        folder_write("cache/tables", "no folder");
    else
        ck_assert_int_eq(chmod(folder_path("cache"), 0500), 0);
    ck_assert(is_right());
    ck_assert(is_right());
    if (_i == 0 || geteuid() != 0)
        ck_assert_uint_eq(find_entry(path), 0);
    ck_assert_int_eq(chmod(folder_path("cache"), 0700), 0);
}
END_TEST

START_TEST(cache_that_is_read_only_is_read)
{
    ck_assert(is_right());
    ck_assert_int_eq(chmod(folder_path("cache/tables"), 0500), 0);
    ck_assert_int_eq(chmod(folder_path("cache"), 0500), 0);
    ck_assert(uses_entry());
    ck_assert_int_eq(chmod(folder_path("cache"), 0700), 0);
    ck_assert_int_eq(chmod(folder_path("cache/tables"), 0700), 0);
}
END_TEST

START_TEST(cache_keeps_no_small_tables)
{
    write_synapses(N_ROWS / 3, 1);
    ck_assert(is_right());
    ck_assert_int_ne(access(folder_path("cache"), F_OK), 0);
}
END_TEST

START_TEST(cache_is_bounded)
{
    char first[700], path[700];
    setenv("CHRONAXIE_TABLE_CACHE_MIB", "1", 1);
    ck_assert(is_right());
    ck_assert_uint_eq(find_entry(first), 1);
    write_synapses(N_ROWS, 2);
    ck_assert(is_right());
    ck_assert_uint_eq(find_entry(path), 1);
    ck_assert_str_ne(first, path);
    setenv("CHRONAXIE_TABLE_CACHE_MIB", "2", 1);
    set_time(path, 1000);
    write_synapses(N_ROWS, 1);
    ck_assert(is_right());
    ck_assert_uint_eq(find_entry(first), 2);
    write_synapses(N_ROWS, 3);
    ck_assert(is_right());
    ck_assert_uint_eq(find_entry(first), 2);
    ck_assert_int_ne(access(path, F_OK), 0);
    setenv("CHRONAXIE_TABLE_CACHE_MIB", "0", 1);
    ck_assert(is_right());
    ck_assert_uint_eq(find_entry(path), 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("network-cache");
    TCase *tests = tcase_create("network-cache");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, folder_teardown);
    tcase_add_test(tests, cache_gives_the_same_network);
    tcase_add_loop_test(tests, cache_entry_that_is_damaged_is_replaced, 0,
                        sizeof flipped / sizeof *flipped);
    tcase_add_loop_test(tests, cache_entry_of_another_length_is_replaced, 0,
                        sizeof lengths / sizeof *lengths);
    tcase_add_test(tests, cache_sees_a_table_that_changed_in_secret);
    tcase_add_test(tests, cache_sees_other_neurons);
    tcase_add_test(tests, cache_lets_no_fault_pass);
    tcase_add_test(tests, cache_is_shared_by_processes);
    tcase_add_loop_test(tests, cache_that_cannot_be_written_is_done_without, 0, 2);
    tcase_add_test(tests, cache_that_is_read_only_is_read);
    tcase_add_test(tests, cache_keeps_no_small_tables);
    tcase_add_test(tests, cache_is_bounded);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? 0 : 1;
}
