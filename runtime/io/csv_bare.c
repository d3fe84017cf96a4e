/* A row of a list is who connects to whom and perhaps a number, or attributes in braces: networkx
 * writes `a b`, `a b 1.5` or `a b {'weight': 1.5}`, pandas without a header `a,b,1.5`.
 *
 * A first row that names no columns is taken for one of a list where it cannot be a header: it has
 * a number or attributes, or one of its words stands in a row below. Names are words or whole
 * numbers, so that columns of measurements are not taken for edges. */
#include "io/csv_bare.h"

#include <string.h>

#include "io/number.h"

bool
chx__csv_has_attributes(const char *row)
{
    size_t length = strlen(row);
    const char *brace = strchr(row, '{');
    return brace && brace > row && row[length - 1] == '}' && strchr(" \t,;", brace[-1]);
}

/* Where the value of the key "weight" begins, in whatever quotes the key is. */
static const char *
find_weight(const char *attributes)
{
    const char *key = strstr(attributes, "weight");
    while (key && !(strchr("'\"", key[-1]) && key[6] == key[-1] && key[7] == ':'))
        key = strstr(key + 6, "weight");
    return key ? key + 8 + strspn(key + 8, " ") : NULL;
}

void
chx__csv_take_weight(char *row)
{
    if (!chx__csv_has_attributes(row))
        return;
    char *brace = strchr(row, '{');
    const char *weight = find_weight(brace);
    size_t length = weight ? strcspn(weight, ",} ") : 0;
    if (length > 0)
        memmove(brace, weight, length);
    else
        brace[length++] = '1'; /* as networkx counts it */
    brace[length] = '\0';
}

static bool
is_number(const chx__csv_field *field)
{
    double number;
    return chx__number_parse(field->text, field->length, &number);
}

/* A word, or a number without a fraction. */
static bool
is_name(const chx__csv_field *field)
{
    size_t whole = chx__number_whole_length(field->text, field->length);
    return field->length > 0 && (!is_number(field) || strspn(field->text, "0123456789") == whole);
}

/* Whether a word is one of the first two of a row below that is in sight. */
static bool
stands_below(const chx__csv *csv, const chx__csv_field *field)
{
    const char *at = csv->buffer + csv->begin, *end = csv->buffer + csv->end;
    const char between[] = {csv->delimiter, csv->delimiter == ' ' ? '\t' : csv->delimiter, '\r',
                            csv->line_end, '\0'};
    for (int n = 0; at < end; n++) {
        const char *stop = at;
        while (stop < end && !strchr(between, *stop))
            stop++;
        if (n < 2 && (size_t)(stop - at) == field->length &&
            memcmp(at, field->text, field->length) == 0)
            return true;
        n = stop < end && *stop == csv->line_end ? -1 : n;
        at = stop + 1;
    }
    return false;
}

bool
chx__csv_is_list(const chx__csv *csv, const chx__csv_field *fields)
{
    size_t n = csv->n_fields;
    if (n < 2 || n > 3 || !is_name(&fields[0]) || !is_name(&fields[1]) ||
        (n == 3 && !is_number(&fields[2])))
        return false;
    return n == 3 || csv->has_attributes || (is_number(&fields[0]) && is_number(&fields[1])) ||
           stands_below(csv, &fields[0]) || stands_below(csv, &fields[1]);
}
