/* Tables as programs really write them, and every fault told with its line. */
#include <locale.h>

#include "each.h"
#include "scratch.h"
#include "io/csv.h"
#include "io/number.h"

static const char *const columns[] = {"name", "x_um"};
static chx__csv csv;

static chx_status
open_text(const char *text)
{
    folder_write("t.csv", text);
    return chx__csv_open(&csv, folder_path("t.csv"), columns, 2, 2);
}

static void
ck_row(const char *name, const char *x, unsigned line)
{
    bool more;
    ck_assert_int_eq(chx__csv_next(&csv, &more), CHX_OK);
    ck_assert(more);
    ck_assert_str_eq(csv.fields[0].text, name);
    ck_assert_uint_eq(csv.fields[0].length, strlen(name));
    ck_assert_str_eq(csv.fields[1].text, x);
    ck_assert_uint_eq(csv.line, line);
}

static void
ck_end(void)
{
    bool more;
    ck_assert_int_eq(chx__csv_next(&csv, &more), CHX_OK);
    ck_assert(!more);
    ck_assert_int_eq(chx__csv_next(&csv, &more), CHX_OK);
    ck_assert(!more);
    chx__csv_close(&csv);
}

static void
ck_says(const char *sentence)
{
    char expected[400];
    snprintf(expected, sizeof expected, "%s:%s", folder_path("t.csv"), sentence);
    ck_assert_msg(strncmp(chx_last_error()->message, expected, strlen(expected)) == 0,
                  "%s\nis not\n%s", chx_last_error()->message, expected);
    ck_assert_int_eq(chx_last_error()->status, CHX_ERROR_FORMAT);
}

START_TEST(csv_columns_are_found_by_name)
{
    ck_assert_int_eq(open_text("x_um,name\n1,a\n2,b"), CHX_OK);
    ck_row("a", "1", 2);
    ck_row("b", "2", 3);
    ck_end();
}
END_TEST

START_TEST(csv_quotes_follow_rfc_4180)
{
    ck_assert_int_eq(
        open_text("\xef\xbb\xbf\"name\",x_um\r\n\"a,\"\"b\"\"\nc\",1\r\n\r\n\"\",2\r\n"), CHX_OK);
    ck_row("a,\"b\"\nc", "1", 2);
    ck_row("", "2", 5);
    ck_end();
}
END_TEST

/* Rows that the quick way takes, and each of those that it must leave, among them. */
START_TEST(csv_plain_rows_and_others_mix)
{
    const char *const rest = "aaaaaaaaaaaaaaa,1\nbbbbbbbbbbbbbbb,2\n";
    char text[400];
    snprintf(text, sizeof text, "name,x_um\n-a b+c,-1\n,2\n\"q,r\",3\ns,4\r\n\n\xc3\xa4#,5\n%s",
             rest);
    ck_assert_int_eq(open_text(text), CHX_OK);
    ck_row("-a b+c", "-1", 2);
    ck_row("", "2", 3);
    ck_row("q,r", "3", 4);
    ck_row("s", "4", 5);
    ck_row("\xc3\xa4#", "5", 7);
    ck_row("aaaaaaaaaaaaaaa", "1", 8);
    ck_row("bbbbbbbbbbbbbbb", "2", 9);
    ck_end();
}
END_TEST

START_TEST(csv_faults_between_plain_rows_are_told)
{
    static const char *const faults[][2] = {
        {"a,1,2\n", "2: the row has 3 fields where the header has 2"},
        {"a\n", "2: the row has 1 fields where the header has 2"},
        {"a\"b,1\n", "2: a quote stands inside a field"},
        {"\"ab\"c,1\n", "2: text follows a closing quote"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char text[200];
        bool more;
        snprintf(text, sizeof text, "name,x_um\n%saaaaaaaaaaaaaaaaaaaaaaaa,1\n", faults[i][0]);
        ck_assert_int_eq(open_text(text), CHX_OK);
        ck_assert_int_eq(chx__csv_next(&csv, &more), CHX_ERROR_FORMAT);
        ck_says(faults[i][1]);
        chx__csv_close(&csv);
    }
}
END_TEST

START_TEST(csv_delimiter_is_that_of_the_header)
{
    ck_assert_int_eq(open_text("name;x_um\n\"a;b,c\";1\n"), CHX_OK);
    ck_row("a;b,c", "1", 2);
    ck_end();
    ck_assert_int_eq(open_text("x_um\t\"name\"\r\n2\ta, b\r\n"), CHX_OK);
    ck_row("a, b", "2", 2);
    ck_end();
    ck_assert_int_eq(open_text("\"a;b;c;d\",name,x_um\n7,a,1\n"), CHX_OK);
    ck_row("a", "1", 2);
    ck_end();
}
END_TEST

START_TEST(csv_lines_may_end_in_cr)
{
    ck_assert_int_eq(open_text("\xef\xbb\xbfname,x_um\ra,1\r\r\"b\rc\",2\rd,3"), CHX_OK);
    ck_row("a", "1", 2);
    ck_row("b\rc", "2", 4);
    ck_row("d", "3", 6);
    ck_end();
}
END_TEST

START_TEST(csv_unknown_columns_are_ignored_with_one_remark)
{
    ck_assert_int_eq(open_text("name,x_um\n"), CHX_OK);
    ck_assert_str_eq(csv.remark, "");
    ck_end();
    ck_assert_int_eq(open_text(",name,hemisphere,x_um,x_nm\n0,a,L,1,1000\n1,b,R,2,2000\n"), CHX_OK);
    ck_assert_str_eq(csv.remark, "ignored columns: (unnamed), hemisphere, x_nm");
    ck_row("a", "1", 2);
    ck_row("b", "2", 3);
    ck_end();
}
END_TEST

START_TEST(csv_many_columns_fit_one_remark)
{
    char *text = malloc(8192), *end = text + sprintf(text, "name,x_um");
    for (int i = 0; i < 248; i++)
        end += sprintf(end, ",an_extra_column_%d", i);
    ck_assert_int_eq(open_text(text), CHX_OK);
    ck_assert_ptr_nonnull(strstr(csv.remark, " more"));
    ck_end();
    strcpy(end, ",last");
    ck_assert_int_eq(open_text(text), CHX_ERROR_FORMAT);
    ck_says("1: the table has 251 columns; keep at most 250, among them name,x_um");
    free(text);
}
END_TEST

START_TEST(csv_columns_may_have_the_names_of_other_programs)
{
    static const char *const edges[] = {"pre", "post", "weight_pa", "delay_ms"};
    static const char *const headers[] = {"pre_root_id,post_root_id,syn_count,delay_ms",
                                          "bodyId_pre,bodyId_post,weight,delay",
                                          "source_skid,target_skid,weight,delay",
                                          "pre_skid,post_skid,weight_pa,delay_ms",
                                          "pre_pt_root_id,post_pt_root_id,n_syn,delay_ms",
                                          "source,target,weight,delay",
                                          "pre_id,post_id,weight_pa,delay_ms",
                                          "source,pre,post,weight_pa,delay_ms",
                                          "FROM,TO,weight_pa,delay_ms",
                                          "Source,Target,Weight,Delay_MS",
                                          "Pre,pre,post,weight_pa,delay_ms"};
    static const char *const remarks[] = {"syn_count is read as weight_pa",
                                          "weight is read as weight_pa, delay is read as delay_ms",
                                          "weight is read as weight_pa, delay is read as delay_ms",
                                          "",
                                          "n_syn is read as weight_pa",
                                          "weight is read as weight_pa, delay is read as delay_ms",
                                          "",
                                          "ignored columns: source",
                                          "",
                                          "Weight is read as weight_pa",
                                          "ignored columns: Pre"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        folder_write("t.csv", headers[i]);
        ck_assert_int_eq(chx__csv_open(&csv, folder_path("t.csv"), edges, 4, 4), CHX_OK);
        ck_assert_str_eq(csv.remark, remarks[i]);
        ck_assert_uint_eq(csv.order[i == 7 || i == 10], 0);
        ck_assert_uint_eq(csv.guessed >> 2 & 1, strstr(remarks[i], "weight_pa") != NULL);
        chx__csv_close(&csv);
    }
    folder_write("t.csv", "pre,post,wieght,delay\n");
    ck_assert_int_eq(chx__csv_open(&csv, folder_path("t.csv"), edges, 4, 4), CHX_ERROR_FORMAT);
    ck_says("1: unknown column 'wieght'; the columns are pre,post,weight_pa,delay_ms; did you "
            "mean 'weight'?");
}
END_TEST

START_TEST(csv_column_that_is_not_needed_may_be_missing)
{
    folder_write("t.csv", "name,y\na,1\n");
    ck_assert_int_eq(chx__csv_open(&csv, folder_path("t.csv"), columns, 2, 1), CHX_OK);
    ck_assert(chx__csv_has(&csv, 0) && !chx__csv_has(&csv, 1));
    bool more;
    ck_assert_int_eq(chx__csv_next(&csv, &more), CHX_OK);
    ck_assert_str_eq(csv.fields[0].text, "a");
    chx__csv_close(&csv);
    folder_write("t.csv", "name,x_mm\na,1\n");
    ck_assert_int_eq(chx__csv_open(&csv, folder_path("t.csv"), columns, 2, 1), CHX_ERROR_FORMAT);
    ck_says("1: unknown column 'x_mm'");
}
END_TEST

START_TEST(csv_rows_survive_the_edge_of_the_buffer)
{
    size_t n_rows = 50000; /* more than the reader takes at once */
    char *text = malloc(64 * n_rows), *end = text + sprintf(text, "name,x_um\n");
    for (size_t i = 0; i < n_rows; i++)
        end += sprintf(end, "\"neuron \"\"%zu\"\"\",%zu.5\n", i, i);
    ck_assert_int_eq(open_text(text), CHX_OK);
    for (size_t i = 0; i < n_rows; i++) {
        char name[64], x[64];
        snprintf(name, sizeof name, "neuron \"%zu\"", i);
        snprintf(x, sizeof x, "%zu.5", i);
        ck_row(name, x, (unsigned)i + 2);
    }
    ck_end();
    free(text);
}
END_TEST

START_TEST(csv_longest_row_is_accepted)
{
    char *text = calloc(1, 80000);
    strcpy(text, "name,x_um\n");
    memset(text + 10, 'a', CHX__CSV_MAX_ROW_BYTES - 2);
    strcat(text, ",1\n");
    ck_assert_int_eq(open_text(text), CHX_OK);
    bool more;
    ck_assert_int_eq(chx__csv_next(&csv, &more), CHX_OK);
    ck_assert_uint_eq(csv.fields[0].length, CHX__CSV_MAX_ROW_BYTES - 2);
    ck_end();
    free(text);
}
END_TEST

static const struct {
    const char *text, *sentence;
} broken[] = {
    {"", "1: the table is empty"},
    {"\n\n", "3: the table is empty"},
    {"name\n", "1: the column 'x_um' is missing"},
    {"name,x_um,name\n", "1: the column 'name' stands twice"},
    {"name,x_mm\n", "1: unknown column 'x_mm'; the columns are name,x_um; did you mean 'x_um'?"},
    {"nmae;x_um\n", "1: unknown column 'nmae'; the columns are name,x_um; did you mean 'name'?"},
    {"x_um,bodyI\n", "1: unknown column 'bodyI'; the columns are name,x_um; did you mean 'body"},
    {"nname,x_um\n", "1: unknown column 'nname'; the columns are name,x_um; did you mean 'name'?"},
    {"name x_um\nA 1\n", "1: the column 'name' is missing in the row 'name x_um'; the"},
    {"x_um,region\n", "1: the column 'name' is missing in the row 'x_um,region'; the columns are "
                      "name,x_um, with commas, semicolons or tabs between"},
    {"name,x_um,side\na,1\n", "2: the row has 2 fields where the header has 3"},
    {"name\rx_um\r", "1: the column 'x_um' is missing"},
    {"name,x_um\r\ra\r", "3: the row has 1 fields"},
    {"name;x_um\n\"a\",1\n", "2: text follows a closing quote"},
    {"name,x_um\na\n", "2: the row has 1 fields where the header has 2"},
    {"name,x_um\na,1\na,1,2\n", "3: the row has 3 fields"},
    {"name,x_um\n\"a,1\n\n", "2: a quote is not closed"},
    {"name,x_um\n\"a\"b,1\n", "2: text follows a closing quote"},
    {"name,x_um\na\"b\",1\n", "2: a quote stands inside a field"},
    {"name,x_um\n\"a\nb\",1\nc\n", "4: the row has 1 fields"},
};

START_TEST(csv_fault_is_located)
{
    chx_status status = open_text(broken[_i].text);
    bool more = true;
    while (!status && more)
        status = chx__csv_next(&csv, &more);
    ck_assert_int_eq(status, CHX_ERROR_FORMAT);
    ck_says(broken[_i].sentence);
    chx__csv_close(&csv);
}
END_TEST

START_TEST(csv_nul_and_endless_lines_are_refused)
{
    bool more;
    folder_write_bytes("t.csv", "name,x_um\na\0b,1\n", 16);
    ck_assert_int_eq(chx__csv_open(&csv, folder_path("t.csv"), columns, 2, 2), CHX_OK);
    ck_assert_int_eq(chx__csv_next(&csv, &more), CHX_ERROR_FORMAT);
    ck_says("2: the line holds a NUL byte");
    chx__csv_close(&csv);

    char *text = malloc(3 << 20);
    memset(text, 'a', 3 << 20);
    memcpy(text, "name,x_um\n\"", 11);
    folder_write_bytes("t.csv", text, 3 << 20);
    ck_assert_int_eq(chx__csv_open(&csv, folder_path("t.csv"), columns, 2, 2), CHX_OK);
    ck_assert_int_eq(chx__csv_next(&csv, &more), CHX_ERROR_FORMAT);
    ck_says("2: the line is longer than 65536 bytes");
    chx__csv_close(&csv);
    free(text);
}
END_TEST

START_TEST(csv_missing_file_and_folder_are_file_errors)
{
    ck_assert_int_eq(chx__csv_open(&csv, folder_path("none"), columns, 2, 2), CHX_ERROR_FILE);
    ck_assert_int_eq(chx__csv_open(&csv, folder, columns, 2, 2), CHX_ERROR_FILE);
}
END_TEST

START_TEST(number_is_the_nearest_double)
{
    static const char *const texts[] = {"0",
                                        "-0",
                                        "1",
                                        "+1.5",
                                        ".5",
                                        "5.",
                                        "123456789.25",
                                        "1e22",
                                        "1e-22",
                                        "1e23",
                                        "3.14159265358979323846264338327950288",
                                        "0.1",
                                        "0.3",
                                        "2.2250738585072014e-308",
                                        "4.9e-324",
                                        "1e-400",
                                        "1.7976931348623157e308",
                                        "9007199254740993",
                                        "9007199254740992",
                                        "18446744073709551616",
                                        "0.000000000000000000000001",
                                        "123456789012345678901234567890",
                                        "1e000000000000000000005",
                                        "-7.0625E-3"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double value = 7;
        ck_assert_msg(chx__number_parse(texts[i], strlen(texts[i]), &value), "%s", texts[i]);
        ck_assert_msg(value == strtod(texts[i], NULL), "%s gives %.17g", texts[i], value);
    }
    srand(1);
    for (int i = 0; i < 200000; i++) {
        char text[64];
        double value, written = ((double)rand() - rand()) * (i % 3 ? 1e-5 : 1e-12) / (rand() | 1);
        snprintf(text, sizeof text, i % 2 ? "%.17g" : "%.6f", written);
        ck_each(chx__number_parse(text, strlen(text), &value));
        ck_each_msg(value == strtod(text, NULL), "%s gives %.17g", text, value);
    }
}
END_TEST

START_TEST(number_refuses_everything_else)
{
    static const char *const texts[] = {"",     "-",     ".",     "e5",     "1e",  "1e+",
                                        "0x10", "inf",   "nan",   "1 ",     " 1",  "1,5",
                                        "--1",  "1.2.3", "1e400", "-1e309", "1_0", "1f"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double value;
        ck_assert_msg(!chx__number_parse(texts[i], strlen(texts[i]), &value), "%s", texts[i]);
    }
    int64_t whole;
    ck_assert(chx__number_parse_integer("-1", 2, -1, 5, &whole) && whole == -1);
    ck_assert(!chx__number_parse_integer("6", 1, -1, 5, &whole));
    ck_assert(!chx__number_parse_integer("1.0", 3, -1, 5, &whole));
    ck_assert(!chx__number_parse_integer("99999999999999999999", 20, 0, INT64_MAX, &whole));
}
END_TEST

START_TEST(number_has_a_point_in_every_locale)
{
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8"))
        return;
    double value;
    ck_assert(chx__number_parse("1.00000000000000000000005e30", 28, &value));
    ck_assert(value == 1e30);
}
END_TEST

static chx_status
open_loose(const char *text)
{
    static const char *const recorded[] = {"neuron", "time_ms"};
    folder_write("t.csv", text);
    return chx__csv_open_loose(&csv, folder_path("t.csv"), recorded, 2);
}

START_TEST(csv_loose_table_has_comments_and_words_between_blanks)
{
    ck_assert_int_eq(open_loose("# NEST version: 3.4\n\nsender\ttime_ms\n17\t1.5\n# x\n18\t2\n"),
                     CHX_OK);
    ck_row("17", "1.5", 4);
    ck_row("18", "2", 6);
    ck_end();
    ck_assert_int_eq(open_loose("timestamps  population node_ids\n 1.5\tcortex  17 \n"), CHX_OK);
    ck_row("17", "1.5", 2);
    ck_end();
}
END_TEST

START_TEST(csv_loose_table_may_have_no_header)
{
    ck_assert_int_eq(open_loose("# gdf\n17\t1.5\t\nAVAL   2\n"), CHX_OK);
    ck_row("17", "1.5", 2);
    ck_row("AVAL", "2", 3);
    ck_end();
    ck_assert_int_eq(open_loose("17,1.5\n"), CHX_ERROR_FORMAT);
    ck_says("1: the column 'neuron' is missing");
}
END_TEST

START_TEST(csv_loose_table_has_commas_and_names_of_other_programs)
{
    ck_assert_int_eq(open_loose("# of Brian\ntimes,ids\n1.5,cell 17\n"), CHX_OK);
    ck_assert_str_eq(csv.remark, "times is read as time_ms");
    ck_row("cell 17", "1.5", 3);
    ck_end();
    ck_assert_int_eq(open_loose("sender\ttime_step\ttime_offset\n1\t2\t3\n"), CHX_ERROR_FORMAT);
    ck_says("1: the column 'time_ms' is missing");
}
END_TEST

static const struct {
    const char *text, *read;
} letters[] = {
    {"caf\xe9", "caf\xc3\xa9"},
    {"\x80 5", "\xe2\x82\xac 5"},
    {"\xe9", "\xc3\xa9"},
    {"\xc3\xa9", "\xc3\xa9"}, /* UTF-8 stays */
    {"\xe8\x84\xb3\xf0\x9f\xa7\xa0", "\xe8\x84\xb3\xf0\x9f\xa7\xa0"},
    {"\xe8\x84", "\xc3\xa8\xe2\x80\x9e"}, /* cut short */
    {"\xc0\xaf", "\xc3\x80\xc2\xaf"}, /* overlong */
    {"\xed\xa0\x80", "\xc3\xad\xc2\xa0\xe2\x82\xac"}, /* a surrogate */
};

START_TEST(csv_letters_of_latin1_become_utf8)
{
    char text[64];
    snprintf(text, sizeof text, "name,x_um\n%s,1\n2,%s", letters[_i].text, letters[_i].text);
    ck_assert_int_eq(open_text(text), CHX_OK);
    ck_row(letters[_i].read, "1", 2);
    ck_row("2", letters[_i].read, 3);
    const bool is_utf8 = strcmp(letters[_i].text, letters[_i].read) == 0;
    ck_end();
    ck_assert_str_eq(csv.remark, is_utf8 ? "" : "what is not UTF-8 is read as Latin-1");
}
END_TEST

/* Letters of UTF-8 at each place of the buffer's edge, and at last one that is none. */
START_TEST(csv_letters_at_the_edge_of_the_buffer_are_whole)
{
    enum { ROWS = 140000 };
    static char text[16 * ROWS + 64];
    for (int shift = 0; shift < 8; shift++) {
        size_t length = (size_t)sprintf(text, "name,x_um\n%.*s,1\n", shift + 1, "aaaaaaaa");
        for (int i = 0; i < ROWS; i++)
            length += (size_t)sprintf(text + length, "\xc3\xa9\xe8\x84\xb3,%d\n", i % 10);
        if (shift % 2)
            memcpy(text + 10, "\xe9", 1); /* in the same block */
        sprintf(text + length, "\xe9,1");
        ck_assert_int_eq(open_text(text), CHX_OK);
        bool more;
        ck_assert_int_eq(chx__csv_next(&csv, &more), CHX_OK);
        int n_other = 0;
        for (int i = 0; i < ROWS; i++)
            n_other += chx__csv_next(&csv, &more) != CHX_OK ||
                       strcmp(csv.fields[0].text, "\xc3\xa9\xe8\x84\xb3") != 0;
        ck_assert_int_eq(n_other, 0);
        ck_row("\xc3\xa9", "1", ROWS + 3);
        ck_end();
    }
}
END_TEST

/* A row that ends just before the buffer's edge with a letter that could go on behind it. */
START_TEST(csv_letters_of_latin1_before_the_edge_are_converted)
{
    enum { BEGIN = (1 << 20) - 16 };
    static char text[BEGIN + 64];
    for (int shift = 0; shift < 16; shift++) {
        size_t length = (size_t)sprintf(text, "name,x_um\n");
        while (length + 3 < BEGIN)
            length += (size_t)sprintf(text + length, "\n");
        const unsigned line = (unsigned)length - 8;
        sprintf(text + length, "%.*s,\xe9\nb,\xc3\n", shift + 1, "aaaaaaaaaaaaaaaa");
        ck_assert_int_eq(open_text(text), CHX_OK);
        bool more;
        ck_assert_int_eq(chx__csv_next(&csv, &more), CHX_OK);
        ck_assert_str_eq(csv.fields[1].text, "\xc3\xa9");
        ck_row("b", "\xc3\x83", line + 1);
        ck_end();
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("csv");
    TCase *tests = tcase_create("csv");
    tcase_add_checked_fixture(tests, folder_setup, folder_teardown);
    tcase_add_test(tests, csv_columns_are_found_by_name);
    tcase_add_test(tests, csv_quotes_follow_rfc_4180);
    tcase_add_test(tests, csv_delimiter_is_that_of_the_header);
    tcase_add_test(tests, csv_plain_rows_and_others_mix);
    tcase_add_test(tests, csv_faults_between_plain_rows_are_told);
    tcase_add_test(tests, csv_lines_may_end_in_cr);
    tcase_add_test(tests, csv_unknown_columns_are_ignored_with_one_remark);
    tcase_add_test(tests, csv_many_columns_fit_one_remark);
    tcase_add_test(tests, csv_columns_may_have_the_names_of_other_programs);
    tcase_add_test(tests, csv_column_that_is_not_needed_may_be_missing);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, csv_rows_survive_the_edge_of_the_buffer);
    tcase_add_test(tests, csv_longest_row_is_accepted);
    tcase_add_loop_test(tests, csv_fault_is_located, 0, sizeof broken / sizeof *broken);
    tcase_add_test(tests, csv_nul_and_endless_lines_are_refused);
    tcase_add_test(tests, csv_missing_file_and_folder_are_file_errors);
    tcase_add_test(tests, csv_loose_table_has_comments_and_words_between_blanks);
    tcase_add_test(tests, csv_loose_table_may_have_no_header);
    tcase_add_test(tests, csv_loose_table_has_commas_and_names_of_other_programs);
    tcase_add_loop_test(tests, csv_letters_of_latin1_become_utf8, 0,
                        sizeof letters / sizeof *letters);
    tcase_add_test(tests, csv_letters_at_the_edge_of_the_buffer_are_whole);
    tcase_add_test(tests, csv_letters_of_latin1_before_the_edge_are_converted);
    tcase_add_test(tests, number_is_the_nearest_double);
    tcase_add_test(tests, number_refuses_everything_else);
    tcase_add_test(tests, number_has_a_point_in_every_locale);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
