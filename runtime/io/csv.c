/* Tables of any size through one buffer: a row is looked for in what is there, more is read behind
 * it when its end is not, and it is split and unquoted in place, since text only gets shorter by
 * that. The buffer is a megabyte, a row at most 64 KiB, so a row always fits; one byte more takes
 * the NUL of the last.
 *
 * Fields borrow from the buffer until the next row. line is where the row at hand begins, next_line
 * where the next one will: quoted line ends count. One kind of line end and one delimiter are found
 * at the top and hold for the whole file.
 *
 * What is not UTF-8 is made so as it comes into the buffer (io/latin1.h), before rows are looked
 * for in it; a buffer that has grown by that is filled no further than to its room.
 *
 * A loose table also may have blanks for delimiters, comments, and no header, and a list of edges
 * (io/csv_bare.h) the first and the last; then its first row is kept for the first
 * chx__csv_next(). */
#include "io/csv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "io/csv_bare.h"
#include "io/csv_plain.h"
#include "io/gzip.h"
#include "io/latin1.h"
#include "io/number.h"
#include "io/signature.h"

/* Room for the longest row and its end, and enough to make reads few. */
#define BUFFER_BYTES (1 << 20)

/* Makes the `length` bytes from n_checked on UTF-8, which may take more room then than the buffer
 * is meant to have: at most CHX__LATIN1_GROWTH times as much. */
static chx_status
convert(chx__csv *csv, size_t length)
{
    char *from = csv->buffer + csv->n_checked;
    const size_t n_left = csv->end - csv->n_checked - length;
    char *text = chx__alloc_bare(CHX__LATIN1_GROWTH * length + n_left, 1);
    if (!text)
        return chx__fail_memory("reading a table");
    const size_t n = chx__latin1_convert(from, length, text);
    memcpy(text + n, from + length, n_left);
    const size_t end = csv->n_checked + n + n_left;
    const bool has_room =
        chx__resize(&csv->buffer, (end > csv->room_bytes ? end : csv->room_bytes) + 1, 1);
    if (has_room) {
        memcpy(csv->buffer + csv->n_checked, text, n + n_left);
        csv->n_checked += n;
        csv->end = end;
        csv->is_latin1 = true;
    }
    free(text);
    return has_room ? CHX_OK : chx__fail_memory("reading a table");
}

/* Looks at bytes that are new, but for those of a letter that the next bytes may complete. */
static chx_status
check_letters(chx__csv *csv)
{
    const char *text = csv->buffer + csv->n_checked;
    const size_t n_new = csv->end - csv->n_checked;
    const size_t length = n_new - (csv->at_end ? 0 : chx__utf8_cut(text, n_new));
    const size_t n_good = chx__utf8_length(text, length);
    csv->n_checked += n_good;
    return n_good < length ? convert(csv, length - n_good) : CHX_OK;
}

/* Says at the end of the file what was done to it. */
static void
remark_on_letters(chx__csv *csv)
{
    const size_t length = strlen(csv->remark);
    if (csv->is_latin1)
        snprintf(csv->remark + length, sizeof csv->remark - length, "%s%s", length ? "; " : "",
                 "what is not UTF-8 is read as Latin-1");
    csv->is_latin1 = false;
}

static chx_status
read_bytes(const chx__csv *csv, char *to, size_t room, size_t *size)
{
    if (csv->packed)
        return chx__gzip_read(csv->packed, csv->path, to, room, size);
    ssize_t n;
    do
        n = read(csv->descriptor, to, room);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return chx__fail(CHX_ERROR_FILE, "%s: cannot read: %s", csv->path, strerror(errno));
    *size = (size_t)n;
    return CHX_OK;
}

/* Moves the unread bytes to the front and reads more behind them. */
static chx_status
refill(chx__csv *csv)
{
    if (csv->begin > 0)
        memmove(csv->buffer, csv->buffer + csv->begin, csv->end - csv->begin);
    csv->end -= csv->begin;
    csv->n_checked -= csv->begin;
    csv->begin = 0;
    size_t n;
    chx_status status = read_bytes(csv, csv->buffer + csv->end, csv->room_bytes - csv->end, &n);
    if (!status && csv->end == 0 && csv->n_fields == 0)
        status = chx__signature_check(csv->path, csv->buffer, n);
    if (status)
        return status;
    csv->at_end = n == 0;
    csv->end += n;
    status = check_letters(csv);
    if (csv->at_end)
        remark_on_letters(csv);
    return status;
}

chx_status
chx__csv_fill(chx__csv *csv, size_t room_bytes)
{
    chx_status status = CHX_OK;
    while (!status && !csv->at_end && csv->end - csv->begin < csv->room_bytes) {
        status = refill(csv);
        if (csv->end < csv->room_bytes || csv->room_bytes >= room_bytes)
            continue;
        if (chx__resize(&csv->buffer, room_bytes + 1, 1))
            csv->room_bytes = room_bytes;
    }
    return status;
}

/* In a loose table anywhere, else before the header. */
static bool
is_comment(const chx__csv *csv, const char *row)
{
    return *row == '#' && (csv->loose || csv->n_fields == 0);
}

/* The row's length up to its line end, or `available` when none is in sight. A line end inside
 * quotes belongs to the row, unless it is a comment. */
static size_t
row_length(const chx__csv *csv, const char *row, size_t available)
{
    const char *stop = memchr(row, csv->line_end, available);
    size_t length = stop ? (size_t)(stop - row) : available;
    if (!memchr(row, '"', length) || is_comment(csv, row))
        return length;
    bool quoted = false;
    for (length = 0; length < available; length++) {
        if (row[length] == '"')
            quoted = !quoted;
        else if (row[length] == csv->line_end && !quoted)
            break;
    }
    return length;
}

/* Makes the next row lie whole in the buffer. *length leaves out its line end; 0 with nothing
 * unread means the end of the file. */
static chx_status
find_row(chx__csv *csv, size_t *length)
{
    for (;;) {
        size_t available = csv->end - csv->begin;
        *length = row_length(csv, csv->buffer + csv->begin, available);
        if (*length > CHX__CSV_MAX_ROW_BYTES)
            return chx__csv_fail(
                csv, CHX_ERROR_FORMAT,
                "the line is longer than %d bytes; close the quotes or break it up",
                CHX__CSV_MAX_ROW_BYTES);
        if (*length < available || csv->at_end)
            return CHX_OK;
        chx_status status = refill(csv);
        if (status)
            return status;
    }
}

/* Takes the next row that is not empty out of the buffer and ends it with a NUL. */
static chx_status
take_row(chx__csv *csv, char **row, size_t *length, bool *more)
{
    do {
        csv->line = csv->next_line;
        chx_status status = find_row(csv, length);
        if (status)
            return status;
        *more = *length < csv->end - csv->begin || *length > 0;
        if (!*more)
            return CHX_OK;
        *row = csv->buffer + csv->begin;
        csv->begin += *length + (*length < csv->end - csv->begin);
        csv->next_line++;
        if (*length > 0 && (*row)[*length - 1] == '\r')
            --*length;
    } while (*length == 0 || is_comment(csv, *row));
    if (memchr(*row, '\0', *length))
        return chx__csv_fail(csv, CHX_ERROR_FORMAT,
                             "the line holds a NUL byte; save the table as plain UTF-8 text");
    (*row)[*length] = '\0';
    return CHX_OK;
}

/* Unquotes in place the field that begins with a quote at *at and moves *at behind it. */
static chx_status
take_quoted(chx__csv *csv, char **at, chx__csv_field *field)
{
    char *from = *at + 1, *to = from;
    field->text = to;
    for (; *from && !(from[0] == '"' && from[1] != '"'); from++) {
        from += *from == '"';
        csv->next_line += *from == csv->line_end;
        *to++ = *from;
    }
    if (*from != '"')
        return chx__csv_fail(csv, CHX_ERROR_FORMAT, "a quote is not closed; add the missing '\"'");
    if (from[1] != csv->delimiter && from[1] != '\0')
        return chx__csv_fail(csv, CHX_ERROR_FORMAT,
                             "text follows a closing quote; double the quotes inside a field");
    *at = from + 1;
    field->length = (size_t)(to - field->text);
    return CHX_OK;
}

/* The caller writes the NUL behind the field once the byte there has been looked at. */
static chx_status
take_field(chx__csv *csv, char **at, chx__csv_field *field)
{
    if (**at == '"')
        return take_quoted(csv, at, field);
    char *text = *at;
    while (**at != csv->delimiter && **at != '\0' && **at != '"')
        ++*at;
    if (**at == '"')
        return chx__csv_fail(csv, CHX_ERROR_FORMAT,
                             "a quote stands inside a field; quote the whole field");
    *field = (chx__csv_field){text, (size_t)(*at - text)};
    return CHX_OK;
}

/* Makes of blanks between words one each, and of those around them none. */
static void
squeeze(char *row)
{
    char *to = row;
    for (const char *from = row; *from; from++) {
        bool is_blank = *from == ' ' || *from == '\t';
        if (!is_blank)
            *to++ = *from;
        else if (to > row && to[-1] != ' ')
            *to++ = ' ';
    }
    to -= to > row && to[-1] == ' ';
    *to = '\0';
}

/* Splits the row in place into at most `capacity` fields; *n_fields counts those beyond as well. */
static chx_status
split(chx__csv *csv, char *row, chx__csv_field *fields, size_t capacity, size_t *n_fields)
{
    *n_fields = 0;
    if (csv->delimiter == ' ')
        squeeze(row);
    for (char *at = row;; at++) {
        chx__csv_field field;
        chx_status status = take_field(csv, &at, &field);
        if (status)
            return status;
        bool last = *at == '\0';
        ((char *)field.text)[field.length] = '\0';
        if (*n_fields < capacity)
            fields[*n_fields] = field;
        ++*n_fields;
        if (last)
            return CHX_OK;
    }
}

/* The delimiter that the header has most of, outside quotes. */
static char
find_delimiter(const char *header)
{
    static const char delimiters[] = ",;\t";
    size_t counts[3] = {0};
    bool quoted = false;
    for (const char *at = header; *at; at++) {
        quoted ^= *at == '"';
        const char *found = quoted ? NULL : strchr(delimiters, *at);
        if (found)
            counts[found - delimiters]++;
    }
    size_t most = counts[1] > counts[0] ? 1 : 0;
    return delimiters[counts[2] > counts[most] ? 2 : most];
}

/* Whether the first row of a loose table is words between blanks, and if so whether it is bare: its
 * second word is a number, as in no header. */
static bool
is_of_words(const char *row, bool *is_bare)
{
    double number;
    char second[64] = "";
    sscanf(row, "%*s %63s", second);
    *is_bare = !strpbrk(row, ",;") && chx__number_parse(second, strlen(second), &number);
    return *is_bare || !strpbrk(row, ",;\t");
}

/* The first row is kept for chx__csv_next(), the columns are in order. */
static void
take_first(chx__csv *csv, const chx__csv_field *fields)
{
    memset(csv->order, CHX__CSV_IGNORED, sizeof csv->order);
    for (size_t i = 0; i < csv->n_columns && i < csv->n_fields; i++) {
        csv->order[i] = (uint8_t)i;
        csv->fields[i] = fields[i];
    }
    csv->is_bare = true;
}

/* A table without a header. */
static chx_status
take_bare(chx__csv *csv, const chx__csv_field *fields)
{
    if (csv->n_fields < csv->n_needed || csv->n_fields > CHX__CSV_MAX_FIELDS)
        return chx__csv_fail(csv, CHX_ERROR_FORMAT,
                             "the row has %zu fields; write %s and %s, with blanks between",
                             csv->n_fields, csv->columns[0], csv->columns[1]);
    take_first(csv, fields);
    if (csv->n_fields > csv->n_columns)
        snprintf(csv->remark, sizeof csv->remark, "fields behind the first %zu are ignored",
                 csv->n_columns);
    return CHX_OK;
}

/* A list of edges. A weight in it has no unit. */
static void
take_list(chx__csv *csv, const chx__csv_field *fields)
{
    bool has_weight = csv->n_fields > 2;
    csv->is_list = true;
    take_first(csv, fields);
    csv->guessed = has_weight ? 1u << 2 : 0;
    snprintf(csv->remark, sizeof csv->remark,
             "no row names the columns: the first is read as %s, the second as %s%s%s%s",
             csv->columns[0], csv->columns[1], has_weight ? ", the third as " : "",
             has_weight ? csv->columns[2] : "",
             csv->has_attributes
                 ? "; of attributes in braces the weight alone is read, which is 1 where "
                   "there is none"
                 : "");
}

static chx_status
read_header(chx__csv *csv)
{
    char *row;
    bool is_bare = false;
    size_t length;
    bool more;
    chx__csv_field names[CHX__CSV_MAX_FIELDS];
    chx_status status = take_row(csv, &row, &length, &more);
    if (status)
        return status;
    if (more) {
        csv->has_attributes = csv->may_be_list && chx__csv_has_attributes(row);
        if (csv->has_attributes)
            chx__csv_take_weight(row);
        csv->delimiter = (csv->loose && is_of_words(row, &is_bare)) ||
                                 (csv->may_be_list && !strpbrk(row, ",;\t"))
                             ? ' '
                             : find_delimiter(row);
        status = split(csv, row, names, CHX__CSV_MAX_FIELDS, &csv->n_fields);
    }
    if (status)
        return status;
    if (is_bare)
        return take_bare(csv, names);
    status = chx__csv_match_header(csv, names);
    if (!status || !csv->may_be_list || !chx__csv_is_list(csv, names))
        return status;
    take_list(csv, names);
    return CHX_OK;
}

/* A table ends its lines as the first of them ends: in LF, perhaps after CR, or in CR alone. */
static char
find_line_end(const chx__csv *csv)
{
    const char *text = csv->buffer + csv->begin;
    size_t available = csv->end - csv->begin;
    const char *feed = memchr(text, '\n', available);
    const char *carriage = memchr(text, '\r', feed ? (size_t)(feed - text) : available);
    return carriage && carriage + 1 != feed ? '\r' : '\n';
}

static chx_status
skip_byte_order_mark(chx__csv *csv)
{
    chx_status status = refill(csv);
    while (!status && !csv->at_end && csv->end < 3)
        status = refill(csv);
    if (!status && csv->end >= 3 && memcmp(csv->buffer, "\xef\xbb\xbf", 3) == 0)
        csv->begin = 3;
    return status;
}

/* Opens what the table's public members describe. */
static chx_status
begin(chx__csv *csv, const char *path)
{
    csv->path = path;
    csv->line = csv->next_line = 1;
    csv->descriptor = -1;
    /* One byte more: the last row of a full buffer needs its NUL too. */
    csv->room_bytes = BUFFER_BYTES;
    csv->buffer = chx__alloc_bare(csv->room_bytes + 1, 1);
    if (!csv->buffer)
        return chx__fail_memory("reading a table");
    chx_status status = chx__file_open(path, &csv->descriptor);
    if (!status)
        status = chx__gzip_open(csv->descriptor, &csv->packed);
    if (!status)
        status = skip_byte_order_mark(csv);
    if (!status) {
        csv->line_end = find_line_end(csv);
        status = read_header(csv);
    }
    if (status)
        chx__csv_close(csv);
    return status;
}

chx_status
chx__csv_open(chx__csv *csv, const char *path, const char *const *columns, size_t n_columns,
              size_t n_needed)
{
    *csv = (chx__csv){.columns = columns, .n_columns = n_columns, .n_needed = n_needed};
    return begin(csv, path);
}

chx_status
chx__csv_open_loose(chx__csv *csv, const char *path, const char *const *columns, size_t n_columns)
{
    *csv = (chx__csv){
        .columns = columns, .n_columns = n_columns, .n_needed = n_columns, .loose = true};
    return begin(csv, path);
}

chx_status
chx__csv_open_edges(chx__csv *csv, const char *path, const char *const *columns, size_t n_columns)
{
    *csv =
        (chx__csv){.columns = columns, .n_columns = n_columns, .n_needed = 2, .may_be_list = true};
    return begin(csv, path);
}

chx_status
chx__csv_next(chx__csv *csv, bool *more)
{
    char *row;
    size_t length, n_fields;
    if (csv->is_bare) {
        csv->is_bare = false;
        *more = true;
        return CHX_OK;
    }
    if (chx__csv_take_plain(csv)) {
        *more = true;
        return CHX_OK;
    }
    chx_status status = take_row(csv, &row, &length, more);
    if (status || !*more)
        return status;
    if (csv->has_attributes)
        chx__csv_take_weight(row);
    chx__csv_field fields[CHX__CSV_MAX_FIELDS];
    status = split(csv, row, fields, csv->n_fields, &n_fields);
    if (status)
        return status;
    if (n_fields != csv->n_fields)
        return chx__csv_fail(csv, CHX_ERROR_FORMAT,
                             "the row has %zu fields where the %s has %zu; give each column one",
                             n_fields, csv->is_list ? "first" : "header", csv->n_fields);
    for (size_t i = 0; i < n_fields; i++)
        if (csv->order[i] != CHX__CSV_IGNORED)
            csv->fields[csv->order[i]] = fields[i];
    return CHX_OK;
}

void
chx__csv_close(chx__csv *csv)
{
    chx__gzip_close(&csv->packed);
    if (csv->buffer && csv->descriptor >= 0)
        close(csv->descriptor);
    free(csv->buffer);
    csv->buffer = NULL;
}
