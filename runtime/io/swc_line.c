/* One pass from the first byte to the end of the line, with no look ahead and no look back: files
 * of cells hold millions of lines, which differ in their digits only. Up to 15 digits a number is
 * a whole one below 2^53 over a power of ten, both exact, and one division rounds it rightly
 * (number.c says more). Exponents, signs of plus, comments, further columns and whatever else a
 * line may hold are left to the reader of any line, as is every fault. */
#include "io/swc_line.h"

#include <stdbool.h>
#include <stddef.h>

#define MOST_DIGITS 15

static const char *
skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

static const char *
read_digits(const char *at, uint64_t *digits)
{
    for (unsigned digit; (digit = (unsigned)(unsigned char)*at - '0') <= 9; at++)
        *digits = *digits * 10 + digit;
    return at;
}

static const char *
read_whole(const char *at, int64_t *value)
{
    const bool negative = *at == '-';
    const char *first = at + negative;
    uint64_t digits = 0;
    at = read_digits(first, &digits);
    if (at == first || at - first > MOST_DIGITS)
        return NULL;
    *value = negative ? -(int64_t)digits : (int64_t)digits;
    return at;
}

static const char *
read_number(const char *at, double *value)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const bool negative = *at == '-';
    const char *first = at + negative;
    uint64_t digits = 0;
    at = read_digits(first, &digits);
    ptrdiff_t n_digits = at - first, n_decimals = 0;
    if (*at == '.') {
        first = at + 1;
        at = read_digits(first, &digits);
        n_decimals = at - first;
        n_digits += n_decimals;
    }
    if (n_digits == 0 || n_digits > MOST_DIGITS)
        return NULL;
    const double magnitude = (double)digits / powers[n_decimals];
    *value = negative ? -magnitude : magnitude;
    return at;
}

/* The blanks that must follow a field. */
static const char *
pass_blanks(const char *at)
{
    return at && (*at == ' ' || *at == '\t') ? skip_blanks(at + 1) : NULL;
}

const char *
chx__swc_line_read(const char *text, chx__swc_line *line)
{
    const char *at = pass_blanks(read_whole(skip_blanks(text), &line->id));
    at = at ? pass_blanks(read_whole(at, &line->kind)) : NULL;
    for (int i = 0; i < 4; i++)
        at = at ? pass_blanks(read_number(at, &line->numbers[i])) : NULL;
    at = at ? read_whole(at, &line->parent) : NULL;
    at = at ? skip_blanks(at) : NULL;
    if (!at || (*at != '\n' && *at != '\r'))
        return NULL;
    return at + (at[0] == '\r' && at[1] == '\n' ? 2 : 1);
}
