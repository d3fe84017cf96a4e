/* Branches as tracers and exporters write them, and faults told with their line. */
#include <math.h>
#include <stdatomic.h>

#include "alone.h"
#include "scratch.h"
#include "base/crew.h"
#include "io/number.h"
#include "io/swc.h"
#include "io/swc_line.h"

static chx_node *nodes;
static size_t capacity;
static uint32_t n_nodes;

static chx_status
append(const char *text)
{
    folder_write("n.swc", text);
    return chx__swc_append(folder_path("n.swc"), 1.0, &nodes, &capacity, &n_nodes);
}

static void
ck_near(float value, double expected)
{
    ck_assert_msg(fabs((double)value - expected) < 1e-5, "%g is not %g", (double)value, expected);
}

START_TEST(swc_parents_may_stand_in_any_order)
{
    ck_assert_int_eq(append("# a cell\n 7 3 0 6 0 0.25 5\r\n5\t2\t0 3 0 .5 12 # on the way\n\n"
                            "12 1 0 0 0 2 -1\n9 3 4 3 0 1e-1 5\n"),
                     CHX_OK);
    ck_assert_uint_eq(n_nodes, 4);
    ck_assert_uint_eq(nodes[0].parent, 1);
    ck_assert_uint_eq(nodes[1].parent, 2);
    ck_assert_uint_eq(nodes[2].parent, 2);
    ck_assert_uint_eq(nodes[3].parent, 1);
    ck_near(nodes[0].path_um, 6);
    ck_near(nodes[1].path_um, 3);
    ck_near(nodes[2].path_um, 0);
    ck_near(nodes[3].path_um, 7);
    ck_assert_uint_eq(nodes[2].kind, 1);
    ck_near(nodes[3].radius_um, 0.1);
}
END_TEST

START_TEST(swc_next_file_counts_on)
{
    ck_assert_int_eq(append("1 1 0 0 0 1 -1\n2 2 1 0 0 1 1\n"), CHX_OK);
    ck_assert_int_eq(append("1 1 0 0 0 1 -1\n2 2 1 0 0 1 1\n"), CHX_OK);
    ck_assert_uint_eq(n_nodes, 4);
    ck_assert_uint_eq(nodes[2].parent, 2);
    ck_assert_uint_eq(nodes[3].parent, 2);
    ck_assert_int_eq(append("1 1 0 0 0 1 4\n"), CHX_ERROR_FORMAT);
    ck_assert_uint_eq(n_nodes, 4);
}
END_TEST

START_TEST(swc_loose_root_starts_at_its_distance_from_the_soma)
{
    ck_assert_int_eq(append("1 2 0 0 3 1 -1\n2 1 0 0 0 1 -1\n3 2 0 0 4 1 1\n"), CHX_OK);
    ck_near(nodes[0].path_um, 3);
    ck_near(nodes[1].path_um, 0);
    ck_near(nodes[2].path_um, 4);
}
END_TEST

/* The soma is node 2, a twig of it node 3, and the file begins at the end of a branch. */
START_TEST(swc_begins_at_the_soma_wherever_it_stands)
{
    ck_assert_int_eq(append("1 0 0 0 0 1 -1\n2 0 3 0 0 1 1\n3 1 3 4 0 9 2\n4 3 3 6 0 1 3\n"
                            "5 3 9 0 0 1 2\n6 2 3 4 7 1 -1\n"),
                     CHX_OK);
    static const float path_um[] = {7, 4, 0, 2, 10, 7};
    static const uint32_t parents[] = {1, 2, 2, 2, 1, 5};
    for (uint32_t i = 0; i < 6; i++) {
        ck_near(nodes[i].path_um, path_um[i]);
        ck_assert_uint_eq(nodes[i].parent, parents[i]);
    }
}
END_TEST

START_TEST(swc_lengths_are_in_the_unit_asked_for)
{
    folder_write("n.swc", "1 1 0 0 0 5000 -1\n2 2 4000 3000 0 0 1\n");
    ck_assert_int_eq(chx__swc_append(folder_path("n.swc"), 0.001, &nodes, &capacity, &n_nodes),
                     CHX_OK);
    ck_near(nodes[0].radius_um, 5);
    ck_near(nodes[1].radius_um, CHX__SWC_THIN_UM);
    ck_near(nodes[1].path_um, 5);
}
END_TEST

START_TEST(swc_radius_of_zero_means_not_measured)
{
    ck_assert_int_eq(append("1 1 0 0 0 0 -1\n"), CHX_OK);
    ck_near(nodes[0].radius_um, CHX__SWC_THIN_UM);
}
END_TEST

/* Each holds two points, the second a child of the first. */
static const char *const as_exported[] = {
    "1.000000 1.0 0 0 0 1 -1.000000\n2.000000 2.0 1 0 0 1 1.000000\n",
    "1.000000000000000000e+00 1 0 0 0 1 -1e0\n2e0 2 1 0 0 1 1.000000000000000000e+00\n",
    "-7 1 0 0 0 1 -1\n9223372036854775807 2 1 0 0 1 -7\n",
    "-9223372036854775808 1 0 0 0 1 -1\n2 2 1 0 0 1 -9223372036854775808\n",
    "18446744073709551614 1 0 0 0 1 -1\n18446744073709551613 2 1 0 0 1 18446744073709551614\n",
    "9223372036854775808 1 0 0 0 1 18446744073709551615\n2 2 1 0 0 1 9223372036854775808\n",
    "10E1 1 0 0 0 1 -1\n3 2 1 0 0 1 100\n",
    "1 274 0 0 0 1 -1\n2 -5 1 0 0 1 1\n",
    "\xef\xbb\xbf# made elsewhere\n1 1 0 0 0 1 -1\n2 2 1 0 0 1 1\n",
    "\xef\xbb\xbf\x31 1 0 0 0 1 -1\n2 2 1 0 0 1 1\n",
    "1 1 0 0 0 1 -1\r2 2 1 0 0 1 1\r",
    "1 1 0 0 0 1 -1\r\n\r\n2 2 1 0 0 1 1",
    "1 1 0 0 0 1 -1 9 text\n2 2 1 0 0 1 1 0.5\n",
    "1 1 0 0 0 -1 -1\n2 2 1 0 0 -0.0 1\n",
};

START_TEST(swc_is_read_as_programs_export_it)
{
    ck_assert_msg(append(as_exported[_i]) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_uint_eq(n_nodes, 2);
    ck_assert_uint_eq(nodes[1].parent, 0);
    ck_near(nodes[1].path_um, 1);
    ck_assert(nodes[0].radius_um > 0);
}
END_TEST

/* What stands for a sphere of radius 6 around (1, 2, 3), and one point of a dendrite. */
static const char *const spheres[] = {
    "1 1 1 2 3 6 -1\n2 1 1 -4 3 6 1\n3 1 1 8 3 6 1\n4 3 31 2 3 1 1\n",
    "1 1 1 -4 3 6 -1\n2 1 1 2 3 6 1\n3 1 1 8 3 6 2\n4 3 31 2 3 1 2\n",
    "1 1 1 2 3 6.004 -1\n2 1 1 -4.00 3 6 1\n3 1 1 8.01 3 6 1\n4 3 31 2 3 1 3\n",
    "1 1 1 -4 3 6 -1\n2 1 1 8 3 6 1\n4 3 31 2 3 1 1\n",
    "1 1 1 8 3 .1 -1\n2 1 7 2 3 .1 1\n3 1 1 -4 3 .1 2\n4 1 -5 2 3 .1 3\n5 3 31 2 3 1 1\n",
    ("1 1 1 8 3 0 -1\n2 1 7 2 3 0 1\n3 1 1 -4 3 0 2\n4 1 -5 2 3 0 3\n5 1 1 8 3 0 4\n"
     "6 3 31 2 3 1 1\n"),
};

START_TEST(swc_soma_that_stands_for_a_sphere_is_one)
{
    ck_assert_msg(append(spheres[_i]) == CHX_OK, "%s", chx_last_error()->message);
    for (uint32_t i = 0; i + 1 < n_nodes; i++) {
        ck_assert(fabsf(nodes[i].radius_um - 6) < (_i == 5 ? 0.3f : 0.01f));
        ck_assert(fabsf(nodes[i].position_um[0] - 1) < 0.01f);
        ck_assert(fabsf(nodes[i].position_um[1] - 2) < (_i == 5 ? 1.3f : 0.01f));
        ck_near(nodes[i].path_um, 0);
    }
    ck_assert(fabsf(nodes[n_nodes - 1].path_um - 30) < 0.05f);
}
END_TEST

/* A long soma, a thick chain, and branches that only begin in the soma. */
static const char *const shapes[] = {
    "1 1 0 0 0 6 -1\n2 1 0 -20 0 6 1\n3 1 0 20 0 6 1\n",
    "1 1 0 0 0 6 -1\n2 1 0 20 0 6 1\n",
    "1 1 0 0 0 6 -1\n2 1 0 -6 0 3 1\n3 1 0 6 0 3 1\n",
    "1 1 0 0 0 1 -1\n2 1 0 5 0 1 1\n3 1 0 10 0 1 2\n4 1 0 15 0 1 3\n5 1 0 20 0 1 4\n",
    "1 1 0 0 0 6 -1\n2 3 0 -6 0 6 1\n3 3 0 6 0 6 1\n",
};

START_TEST(swc_soma_of_a_shape_keeps_it)
{
    ck_assert_int_eq(append(shapes[_i]), CHX_OK);
    ck_assert(fabsf(nodes[1].position_um[1]) >= 5);
}
END_TEST

/* "MARK# a cell", two points. */
#define GZIPPED                                                                                   \
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x7b, 0xbf, 0x7b, 0xbf, 0xb2,     \
        0x42, 0xa2, 0x42, 0x72, 0x6a, 0x4e, 0x0e, 0x97, 0xa1, 0x82, 0xa1, 0x82, 0x01, 0x18, 0x1a, \
        0x2a, 0xe8, 0x1a, 0x72, 0x19, 0x29, 0x18, 0x41, 0x05, 0x80, 0x12, 0x5c, 0x00, 0xac, 0xef, \
        0xa3, 0xf5, 0x29, 0x00, 0x00, 0x00

static void
ck_zipped(const unsigned char *bytes, size_t size, chx_status expected)
{
    folder_write_bytes("n.swc", bytes, size);
    ck_assert_int_eq(chx__swc_append(folder_path("n.swc"), 1.0, &nodes, &capacity, &n_nodes),
                     expected);
    if (expected)
        ck_assert_ptr_nonnull(
            strstr(chx_last_error()->message,
                   "n.swc: the gzip data are damaged or cut off; fetch the file again"));
}

START_TEST(swc_may_be_compressed)
{
    unsigned char bytes[] = {GZIPPED};
    ck_zipped(bytes, sizeof bytes, CHX_OK);
    ck_assert_uint_eq(n_nodes, 2);
    ck_near(nodes[1].path_um, 1);
    for (size_t size = 2; size < sizeof bytes; size++)
        ck_zipped(bytes, size, CHX_ERROR_FORMAT);
    bytes[sizeof bytes - 6] ^= 1;
    ck_zipped(bytes, sizeof bytes, CHX_ERROR_FORMAT);
    ck_assert_uint_eq(n_nodes, 2);
}
END_TEST

START_TEST(swc_compressed_in_pieces_is_whole)
{
    unsigned char bytes[] = {GZIPPED}, twice[2 * sizeof bytes + 9] = {0};
    memcpy(twice, bytes, sizeof bytes);
    memcpy(twice + sizeof bytes, bytes, sizeof bytes);
    ck_zipped(bytes, sizeof bytes, CHX_OK);
    folder_write_bytes("n.swc", twice, sizeof twice);
    ck_assert_int_eq(chx__swc_append(folder_path("n.swc"), 1.0, &nodes, &capacity, &n_nodes),
                     CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "n.swc:4: the line has 1 of 7 fields"));
}
END_TEST

START_TEST(swc_comment_may_be_long)
{
    char text[5000];
    memset(text, 'x', sizeof text);
    memcpy(text, "1 1 0 0 0 1 -1 # ", 17);
    text[4998] = '\n';
    text[4999] = '\0';
    ck_assert_msg(append(text) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_uint_eq(n_nodes, 1);
}
END_TEST

START_TEST(swc_long_chain_is_measured_from_its_end)
{
    size_t n = 200000;
    char *text = malloc(64 * n), *end = text;
    for (size_t i = 0; i < n; i++)
        end += sprintf(end, "%zu 2 %zu 0 0 1 %ld\n", i, i, i + 1 < n ? (long)i + 1 : -1L);
    ck_assert_int_eq(append(text), CHX_OK);
    ck_near(nodes[0].path_um, (double)(n - 1));
    free(text);
}
END_TEST

static const struct {
    const char *text, *sentence;
} broken[] = {
    {"", "1: the file has no points"},
    {"# nothing\n", "1: the file has no points"},
    {"1 1 0 0 0 1\n", "1: the line has 6 of 7 fields"},
    {"1,1,0,0,0,1,-1\n", "1: the line has 1 of 7 fields"},
    {"1 1 0 0 0 1 -1\nx 1 0 0 0 1 1\n", "2: id is 'x'"},
    {"1 1.5 0 0 0 1 -1\n", "1: kind is '1.5'"},
    {"1 1 nan 0 0 1 -1\n", "1: x is 'nan'"},
    {"1 1 0 inf 0 1 -1\n", "1: y is 'inf'"},
    {"1 1 0 0 1e999 1 -1\n", "1: z is '1e999'"},
    {"1 1 0 0 1e30 1 -1\n", "1: position_um must be"},
    {"1 1 0 0 0 one -1\n", "1: radius is 'one'"},
    {"1 1 0 0 0 1 -2\n", "1: no point has the parent's id -2"},
    {"1 1 0 0 0 1 18446744073709551614\n", "1: no point has the parent's id 18446744073709551614"},
    {"-1 1 0 0 0 1 -1\n", "1: id is '-1'"},
    {"1.5 1 0 0 0 1 -1\n", "1: id is '1.5'"},
    {"1e-3 1 0 0 0 1 -1\n", "1: id is '1e-3'"},
    {"99999999999999999999 1 0 0 0 1 -1\n", "1: id is '99999999999999999999'"},
    {"1e30 1 0 0 0 1 -1\n", "1: id is '1e30'"},
    {"18446744073709551616 1 0 0 0 1 -1\n", "1: id is '18446744073709551616'"},
    {"-9223372036854775809 1 0 0 0 1 -1\n", "1: id is '-9223372036854775809'"},
    {"1 1 0 0 0 1 -1\r2 1 0 0 0 1 7\r", "2: no point has the parent's id 7"},
    {"1 1 0 0 0 1 -1\r\n2 1 0 0 0 1 7\r\n", "2: no point has the parent's id 7"},
    {"1 1 0 0 0 1 -1\n2 1 0 0 0 1 3\n", "2: no point has the parent's id 3"},
    {"1 1 0 0 0 1 -1\n2 1 0 0 0 1 2\n", "2: the point 2 is its own parent"},
    {"1 1 0 0 0 1 -1\n2 1 0 0 0 1 3\n3 1 0 0 0 1 4\n4 1 0 0 0 1 3\n",
     "3: the point 3 is its own ancestor"},
    {"2 1 0 0 0 1 3\n3 1 0 0 0 1 2\n", "1: the point 2 is its own ancestor"},
    {"1 1 0 0 0 1 -1\n5 1 0 0 0 1 1\n1 1 0 0 0 1 -1\n", "3: the id 1 stands on line 1 already"},
};

START_TEST(swc_fault_is_located)
{
    ck_assert_int_eq(append(broken[_i].text), CHX_ERROR_FORMAT);
    char expected[400];
    snprintf(expected, sizeof expected, "%s:%s", folder_path("n.swc"), broken[_i].sentence);
    ck_assert_msg(strncmp(chx_last_error()->message, expected, strlen(expected)) == 0,
                  "%s\nis not\n%s", chx_last_error()->message, expected);
    ck_assert_uint_eq(n_nodes, 0);
}
END_TEST

START_TEST(swc_nul_and_endless_lines_are_refused)
{
    folder_write_bytes("n.swc", "1 1 0 0 0 1 -1\n2 1 0 0\0 0 1 1\n", 30);
    ck_assert_int_eq(chx__swc_append(folder_path("n.swc"), 1.0, &nodes, &capacity, &n_nodes),
                     CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "n.swc:2: the line holds a NUL byte"));
    char text[3000];
    memset(text, '1', sizeof text);
    folder_write_bytes("n.swc", text, sizeof text);
    ck_assert_int_eq(chx__swc_append(folder_path("n.swc"), 1.0, &nodes, &capacity, &n_nodes),
                     CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "n.swc:1: the line is longer"));
    ck_assert_int_eq(chx__swc_append(folder_path("no.swc"), 1.0, &nodes, &capacity, &n_nodes),
                     CHX_ERROR_FILE);
}
END_TEST

/* A number of up to 15 digits as programs print them. */
static void
print_number(char *text, size_t size)
{
    const int n_decimals = rand() % 9;
    const double value = ldexp(rand() / (RAND_MAX + 1.0) - 0.5, rand() % 22);
    snprintf(text, size, "%.*f", n_decimals, value);
}

START_TEST(swc_plain_numbers_are_as_strtod_reads_them)
{
    srand(1);
    for (int i = 0; i < 200000; i++) {
        char text[4][40], line[200];
        for (int k = 0; k < 4; k++)
            print_number(text[k], sizeof text[k]);
        int length = snprintf(line, sizeof line, "%d %d %s %s\t%s %s %d%s", i, i % 9, text[0],
                              text[1], text[2], text[3], i - 2, i % 2 ? "\n" : " \r\n");
        chx__swc_line read;
        bool same = chx__swc_line_read(line, &read) == line + length && read.id == i &&
                    read.kind == i % 9 && read.parent == i - 2;
        for (int k = 0; k < 4 && same; k++) {
            double exact = strtod(text[k], NULL), slow;
            same = chx__number_parse(text[k], strlen(text[k]), &slow) &&
                   memcmp(&slow, &exact, sizeof exact) == 0 &&
                   memcmp(&read.numbers[k], &exact, sizeof exact) == 0;
        }
        if (!same)
            ck_abort_msg("%s", line);
    }
}
END_TEST

static const char *const unusual[] = {
    "",
    "\n",
    "# 1 1 0 0 0 1 -1\n",
    "1 1 0 0 0 1 -1",
    "1 1 0 0 0 1 -1 # soma\n",
    "1 1 0 0 0 1 -1 7\n",
    "1 1 0 0 0 1\n",
    "1 1 0 0 0 1 \n-1\n",
    "1 1 0 0 0 1 -\n",
    "1 1 . 0 0 1 -1\n",
    "1 1 0.1.2 0 0 1 -1\n",
    "1 1 1e3 0 0 1 -1\n",
    "1 1 +1 0 0 1 -1\n",
    "1 1 --1 0 0 1 -1\n",
    "1.0 1 0 0 0 1 -1\n",
    "1 1 0.1234567890123456 0 0 1 -1\n",
    "1234567890123456 1 0 0 0 1 -1\n",
};

START_TEST(swc_unusual_line_is_not_plain)
{
    chx__swc_line read;
    ck_assert_ptr_null(chx__swc_line_read(unusual[_i], &read));
}
END_TEST

static _Atomic uint32_t turns[1000];

static void
count_turn(void *data, uint32_t item)
{
    _Atomic uint32_t *counts = data;
    atomic_fetch_add(&counts[item], 1);
}

START_TEST(crew_works_on_each_item_once)
{
    memset(turns, 0, sizeof turns);
    if (_i)
        test_forbid_threads();
    for (uint32_t n = 0; n <= 1000; n += 250)
        chx__crew_run(n, count_turn, turns);
    for (uint32_t i = 0; i < 1000; i++)
        ck_assert_uint_eq(turns[i], 4 - i / 250);
    test_allow_threads();
}
END_TEST

#define N_CELLS 300 /* more than are read in one batch */

/* Cells of different sizes; their paths. */
static char **
write_cells(void)
{
    char **paths = calloc(N_CELLS, sizeof *paths);
    for (int i = 0; i < N_CELLS; i++) {
        char name[32], text[16384], *end = text;
        end += sprintf(end, "1 1 %d 0 0 5 -1\n", i);
        for (int k = 2; k < 2 + i; k++)
            end += sprintf(end, "%d 3 %d.%d %d 0 .5 %d\n", k, i, k, k, k - 1);
        sprintf(name, "c%03d.swc", i);
        folder_write(name, text);
        paths[i] = strdup(folder_path(name));
    }
    return paths;
}

static void
free_paths(char **paths)
{
    for (int i = 0; i < N_CELLS; i++)
        free(paths[i]);
    free(paths);
}

START_TEST(cells_are_as_files_read_one_after_another)
{
    char **paths = write_cells();
    if (_i)
        test_forbid_threads();
    for (int i = 0; i < N_CELLS; i++)
        ck_assert_int_eq(chx__swc_append(paths[i], 1.0, &nodes, &capacity, &n_nodes), CHX_OK);
    chx_network *network;
    ck_assert_int_eq(chx_network_load_cells((const char *const *)paths, N_CELLS, NULL, &network),
                     CHX_OK);
    const chx_network_info *info = chx_network_get(network);
    ck_assert_uint_eq(info->n_neurons, N_CELLS);
    ck_assert_uint_eq(info->n_nodes, n_nodes);
    for (uint32_t i = 0, first = 0; i < N_CELLS; first += 1 + i++) {
        ck_assert_uint_eq(info->neurons[i].first_node, first);
        ck_assert_uint_eq(info->neurons[i].n_nodes, 1 + i);
    }
    for (uint32_t i = 0; i < n_nodes; i++) {
        ck_assert_uint_eq(info->nodes[i].parent, nodes[i].parent);
        ck_assert_mem_eq(info->nodes[i].position_um, nodes[i].position_um,
                         sizeof nodes[i].position_um);
        ck_assert(info->nodes[i].path_um == nodes[i].path_um);
    }
    chx_network_destroy(&network);
    free_paths(paths);
    test_allow_threads();
}
END_TEST

/* Where it is no strip. */
START_TEST(cell_alone_is_seen_from_its_broad_side)
{
    chx_network *network;
    for (int deep = 0; deep < 2; deep++) {
        folder_write("one.swc", deep ? "1 1 0 0 0 1 -1\n2 3 9 90 19 1 1\n"
                                     : "1 1 0 0 0 1 -1\n2 3 9 90 17 1 1\n");
        const char *one = folder_path("one.swc");
        ck_assert_int_eq(chx_network_load_cells(&one, 1, NULL, &network), CHX_OK);
        ck_near((float)chx_network_get(network)->view.azimuth_deg, deep ? 90 : 0);
        chx_network_destroy(&network);
    }
}
END_TEST

START_TEST(cells_without_radii_are_remarked_on_once)
{
    chx_network *network;
    folder_write("a.swc", "1 1 0 0 0 5 -1\n2 3 1 0 0 1 1\n");
    folder_write("b.swc", "1 1 0 0 0 5 -1\n2 3 1 0 0 -1 1\n3 3 2 0 0 0 2\n");
    folder_write("c.swc", "1 1 0 0 0 -1 -1\n");
    char *paths[3] = {strdup(folder_path("a.swc")), strdup(folder_path("b.swc")),
                      strdup(folder_path("c.swc"))};
    ck_assert_int_eq(chx_network_load_cells((const char *const *)paths, 3, NULL, &network), CHX_OK);
    const chx_network_info *info = chx_network_get(network);
    ck_assert_uint_eq(info->n_remarks, 1);
    ck_assert_ptr_nonnull(
        strstr(info->remarks[0], "b.swc:2: radius of 0 or less at 3 of 6 points"));
    ck_near(info->nodes[3].radius_um, CHX__SWC_THIN_UM);
    chx_network_destroy(&network);
    for (int i = 0; i < 3; i++)
        free(paths[i]);
}
END_TEST

START_TEST(cells_fault_is_that_of_the_first_file)
{
    char **paths = write_cells();
    chx_network *network = NULL;
    for (int broken_from = N_CELLS - 1; broken_from >= 0; broken_from -= 37) {
        char expected[400];
        for (int i = broken_from; i < N_CELLS; i += 2)
            folder_write(strrchr(paths[i], '/') + 1, "1 1 0 0 0 1 -1\n2 3 0 x 0 1 1\n");
        ck_assert_int_eq(
            chx_network_load_cells((const char *const *)paths, N_CELLS, NULL, &network),
            CHX_ERROR_FORMAT);
        ck_assert_ptr_null(network);
        snprintf(expected, sizeof expected, "%s:2: y is 'x'", paths[broken_from]);
        ck_assert_msg(strncmp(chx_last_error()->message, expected, strlen(expected)) == 0,
                      "%s\nis not\n%s", chx_last_error()->message, expected);
    }
    free_paths(paths);
}
END_TEST

/* A name that stands twice is a fault of the second file, told before that of a later one. */
START_TEST(cells_called_alike_are_told_in_their_order)
{
    char **paths = write_cells();
    chx_network *network;
    strcpy(strrchr(paths[9], '/'), strrchr(paths[4], '/'));
    folder_write("c020.swc", "nothing\n");
    ck_assert_int_eq(chx_network_load_cells((const char *const *)paths, N_CELLS, NULL, &network),
                     CHX_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "is called 'c004' as"));
    free_paths(paths);
}
END_TEST

static void
setup(void)
{
    folder_setup();
    nodes = NULL;
    capacity = 0;
    n_nodes = 0;
}

static void
teardown(void)
{
    free(nodes);
    folder_teardown();
}

int
main(void)
{
    Suite *suite = suite_create("swc");
    TCase *tests = tcase_create("swc");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, swc_parents_may_stand_in_any_order);
    tcase_add_test(tests, swc_next_file_counts_on);
    tcase_add_test(tests, swc_loose_root_starts_at_its_distance_from_the_soma);
    tcase_add_test(tests, swc_begins_at_the_soma_wherever_it_stands);
    tcase_add_test(tests, swc_lengths_are_in_the_unit_asked_for);
    tcase_add_test(tests, cell_alone_is_seen_from_its_broad_side);
    tcase_add_test(tests, cells_without_radii_are_remarked_on_once);
    tcase_add_test(tests, swc_radius_of_zero_means_not_measured);
    tcase_add_loop_test(tests, swc_is_read_as_programs_export_it, 0,
                        sizeof as_exported / sizeof *as_exported);
    tcase_add_loop_test(tests, swc_soma_that_stands_for_a_sphere_is_one, 0,
                        sizeof spheres / sizeof *spheres);
    tcase_add_loop_test(tests, swc_soma_of_a_shape_keeps_it, 0, sizeof shapes / sizeof *shapes);
    tcase_add_test(tests, swc_may_be_compressed);
    tcase_add_test(tests, swc_compressed_in_pieces_is_whole);
    tcase_add_test(tests, swc_comment_may_be_long);
    tcase_add_test(tests, swc_long_chain_is_measured_from_its_end);
    tcase_add_loop_test(tests, swc_fault_is_located, 0, sizeof broken / sizeof *broken);
    tcase_add_test(tests, swc_nul_and_endless_lines_are_refused);
    tcase_add_test(tests, swc_plain_numbers_are_as_strtod_reads_them);
    tcase_add_loop_test(tests, swc_unusual_line_is_not_plain, 0, sizeof unusual / sizeof *unusual);
    tcase_add_loop_test(tests, crew_works_on_each_item_once, 0, 2);
    tcase_add_loop_test(tests, cells_are_as_files_read_one_after_another, 0, 2);
    tcase_add_test(tests, cells_fault_is_that_of_the_first_file);
    tcase_add_test(tests, cells_called_alike_are_told_in_their_order);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
