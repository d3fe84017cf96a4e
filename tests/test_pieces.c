/* Tables that threads read in pieces: the same rows, lines and faults as one after the other. */
#include <chronaxie/status.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "io/csv_pieces.h"
#include "each.h"
#include "scratch.h"

typedef struct item {
    uint64_t line;
    uint64_t texts; /* a digest of its fields */
} item;

/* What a reading came to. */
typedef struct outcome {
    item *items;
    size_t capacity;
    uint64_t n_items;
    chx_status status;
    char message[1024];
} outcome;

static const char *const columns[] = {"name", "x_um"};

static item
item_of(const chx__csv *csv)
{
    uint64_t texts = 0;
    for (size_t i = 0; i < 2; i++)
        texts = 31 * texts + chx__hash(csv->fields[i].text, csv->fields[i].length).low;
    return (item){csv->line, texts};
}

/* As a reader may, it fails where a field says so. */
static chx_status
read_row(chx__csv *csv, item *read, bool *more)
{
    chx_status status = chx__csv_next(csv, more);
    if (status || !*more)
        return status;
    *read = item_of(csv);
    return strcmp(csv->fields[1].text, "bad") == 0
               ? chx__csv_fail(csv, CHX_ERROR_FORMAT, "bad %s", csv->fields[0].text)
               : CHX_OK;
}

static chx_status
read_piece(const void *data, chx__csv *csv, void *items, uint64_t *n_items)
{
    bool more = true;
    item read;
    (void)data;
    for (*n_items = 0;;) {
        chx_status status = read_row(csv, &read, &more);
        if (status || !more)
            return status;
        ((item *)items)[(*n_items)++] = read;
    }
}

static chx_status
read_rows(outcome *of, chx__csv *csv)
{
    bool more = true;
    item read;
    for (;;) {
        chx_status status = read_row(csv, &read, &more);
        if (status || !more)
            return status;
        ck_each(chx__grow(&of->items, &of->capacity, of->n_items + 1, sizeof read));
        of->items[of->n_items++] = read;
    }
}

static outcome
read_table(bool in_pieces)
{
    outcome of = {0};
    chx__csv csv;
    ck_assert_int_eq(chx__csv_open(&csv, folder_path("t.csv"), columns, 2, 2), CHX_OK);
    of.status = in_pieces ? chx__csv_read_pieces(&csv, read_piece, NULL, &of.items, &of.capacity,
                                                 &of.n_items, sizeof(item))
                          : read_rows(&of, &csv);
    if (of.status)
        snprintf(of.message, sizeof of.message, "%s", chx_last_error()->message);
    chx__csv_close(&csv);
    return of;
}

/* Both ways come to the same; returns the message of the fault, empty without, until the next. */
static const char *
ck_same(uint64_t n_items)
{
    static char message[1024];
    outcome one = read_table(false), many = read_table(true);
    ck_assert_int_eq(many.status, one.status);
    ck_assert_str_eq(many.message, one.message);
    if (!one.status) {
        ck_assert_uint_eq(one.n_items, n_items);
        ck_assert_uint_eq(many.n_items, n_items);
        for (uint64_t i = 0; i < n_items; i++)
            ck_each(many.items[i].line == one.items[i].line &&
                    many.items[i].texts == one.items[i].texts);
    }
    memcpy(message, one.message, sizeof message);
    free(one.items);
    free(many.items);
    return message;
}

static FILE *table;

/* Begins a table with a line end of its own. */
static void
begin_table(const char *line_end)
{
    table = fopen(folder_path("t.csv"), "w");
    ck_assert_ptr_nonnull(table);
    setvbuf(table, NULL, _IOFBF, 1 << 20);
    fprintf(table, "name,x_um%s", line_end);
}

static void
write_rows(unsigned n_rows, const char *format)
{
    for (unsigned i = 0; i < n_rows; i++)
        fprintf(table, format, i, i);
}

static void
end_table(void)
{
    ck_assert_int_eq(fclose(table), 0);
}

enum { MANY = 100000 }; /* rows of several pieces, and where they are long of two blocks */

#define TEN "0123456789"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
    const char *line_end, *row;
} shapes[] = {
    {"\n", "%u,%u.5\n"},
    {"\r\n", "neuron %u,%u\r\n"},
    {"\r", "%u,%u\r"},
    {"\n", "\n%u,%u\n\n"},
    {"\n", "\"a \"\"%u\"\"\",%u " LONG "\n"},
    {"\n", "\"%u\nand\n\",%u\n"},
    {"\r\n", "\"%u\r\nand\r\n\",%u\r\n\r\n"},
    {"\r", "\"%u\nand\r\",%u\r"},
};

START_TEST(pieces_hold_what_the_table_holds)
{
    begin_table(shapes[_i].line_end);
    write_rows(MANY, shapes[_i].row);
    fprintf(table, "last,\"1\"");
    end_table();
    ck_assert_str_eq(ck_same(MANY + 1), "");
}
END_TEST

/* A block becomes three times as long. */
START_TEST(pieces_of_latin1_grow)
{
    begin_table("\n");
    char row[256] = "%u,%u";
    memset(row + 5, '\x80', 200);
    memcpy(row + 205, "\n", 2);
    write_rows(100000, row);
    fclose(table);
    ck_assert_str_eq(ck_same(100000), "");
}
END_TEST

START_TEST(pieces_of_little_or_nothing)
{
    begin_table("\n");
    end_table();
    ck_same(0);
    begin_table("\n");
    fprintf(table, "\n\n\n");
    end_table();
    ck_same(0);
    begin_table("\n");
    write_rows(1, "%u,%u\n");
    end_table();
    ck_same(1);
}
END_TEST

/* Rows of nearly 64 KiB that are all line ends in quotes: no cut lies well by chance. */
START_TEST(pieces_of_long_quotes_are_found)
{
    static char lines[65000];
    memset(lines, '\n', sizeof lines);
    begin_table("\n");
    for (unsigned i = 0; i < 400; i++) {
        fprintf(table, "\"%u", i);
        fwrite(lines, 1, sizeof lines, table);
        fprintf(table, "\",%u\n", i);
    }
    end_table();
    ck_assert_str_eq(ck_same(400), "");
}
END_TEST

static const struct {
    const char *row, *sentence;
} faults[] = {
    {"a,bad\n", "50002: bad a"},
    {"a,b,c\n", "50002: the row has 3 fields"},
    {"\"a\n\",bad\n", "50002: bad a\n"},
    {"a,\"b\"c\n", "50002: text follows a closing quote"},
    {"a,b\"c\"\n", "50002: a quote stands inside a field"},
    {"a,\"b\n", "50002: the line is longer than 65536 bytes"},
    {"\n\n\na,bad\nb,bad\n", "50005: bad a"},
};

START_TEST(pieces_tell_the_first_fault)
{
    begin_table("\n");
    write_rows(50000, "%u,%u\n");
    fputs(faults[_i].row, table);
    write_rows(50000, "%u,%u\n");
    fputs("z,bad\n", table);
    end_table();
    const char *message = ck_same(0);
    ck_assert_msg(strstr(message, faults[_i].sentence) != NULL, "%s", message);
}
END_TEST

START_TEST(pieces_tell_an_open_quote_and_a_nul)
{
    begin_table("\n");
    write_rows(50000, "%u,%u\n");
    fputs("a,\"b\nc", table);
    end_table();
    const char *message = ck_same(0);
    ck_assert_msg(strstr(message, "50002: a quote is not closed") != NULL, "%s", message);

    begin_table("\n");
    write_rows(50000, "%u,%u\n");
    fwrite("a\0,1\n", 1, 5, table);
    end_table();
    message = ck_same(0);
    ck_assert_msg(strstr(message, "50002: the line holds a NUL byte") != NULL, "%s", message);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("pieces");
    TCase *tests = tcase_create("pieces");
    tcase_add_checked_fixture(tests, folder_setup, folder_teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, pieces_hold_what_the_table_holds, 0, sizeof shapes / sizeof *shapes);
    tcase_add_test(tests, pieces_of_latin1_grow);
    tcase_add_test(tests, pieces_of_little_or_nothing);
    tcase_add_test(tests, pieces_of_long_quotes_are_found);
    tcase_add_loop_test(tests, pieces_tell_the_first_fault, 0, sizeof faults / sizeof *faults);
    tcase_add_test(tests, pieces_tell_an_open_quote_and_a_nul);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
