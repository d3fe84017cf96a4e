/* Most rows of most tables are plain: no quotes, and whole in the buffer. Such a row is split in
 * one pass, eight bytes at a time: what may end a field or make a row less than plain lies below
 * '-', while digits, points, signs and letters do not, so one subtraction finds the bytes to look
 * at. Nothing is written before the row is known to be plain; any other is left as it was for the
 * way that knows all of the format.
 *
 * Semicolons lie among what numbers are made of, so tables with them go the other way. No byte
 * behind the table's end is looked at, where another thread may be at work. */
#include "io/csv_plain.h"

#include <string.h>

#define ONES UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)

/* Of eight bytes, those below '-' by their highest bits, the first byte lowest. */
static uint64_t
mark_low(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return ~(((word | HIGH_BITS) - ONES * '-') | word) & HIGH_BITS;
}

/* Where the row's line end begins, with the fields found so far; NULL when the row is not plain.
 * Fields have no NULs yet. */
static char *
find_fields(chx__csv *csv)
{
    char *text = csv->buffer + csv->begin;
    const char *const stop = csv->buffer + csv->end;
    const char delimiter = csv->delimiter, line_end = csv->line_end;
    const size_t n_fields = csv->n_fields;
    size_t n = 0;
    for (char *at = text; stop - at > (ptrdiff_t)sizeof(uint64_t); at += sizeof(uint64_t)) {
        for (uint64_t marks = mark_low(at); marks; marks &= marks - 1) {
            char *const end = at + __builtin_ctzll(marks) / 8;
            const char byte = *end;
            const bool ends_row = byte == line_end || (byte == '\r' && end[1] == line_end);
            if (byte != delimiter && !ends_row) {
                if (byte == '"' || byte == '\r' || byte == '\0')
                    return NULL;
                continue;
            }
            if (n == n_fields)
                return NULL;
            const uint8_t column = csv->order[n++];
            if (column != CHX__CSV_IGNORED)
                csv->fields[column] = (chx__csv_field){text, (size_t)(end - text)};
            if (ends_row)
                return n == n_fields ? end : NULL;
            text = end + 1;
        }
    }
    return NULL;
}

bool
chx__csv_take_plain(chx__csv *csv)
{
    if (csv->loose || csv->delimiter == ';' || csv->delimiter == ' ' || csv->has_attributes)
        return false;
    const char *const row = csv->buffer + csv->begin, *const end = find_fields(csv);
    if (!end || end == row || end - row > CHX__CSV_MAX_ROW_BYTES)
        return false;
    csv->begin += (size_t)(end - row) + (*end == csv->line_end ? 1 : 2);
    csv->line = csv->next_line++;
    for (size_t i = 0, n = csv->n_fields; i < n; i++)
        if (csv->order[i] != CHX__CSV_IGNORED) {
            const chx__csv_field *field = &csv->fields[csv->order[i]];
            ((char *)field->text)[field->length] = '\0';
        }
    return true;
}
