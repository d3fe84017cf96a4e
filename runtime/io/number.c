/* Tables hold millions of short numbers, and strtod() is slow and follows the locale. Up to 2^53
 * and 22 powers of ten both parts are exact doubles, and one multiplication or division rounds
 * rightly (Clinger 1990, doi:10.1145/93542.93557); all others go to strtod_l() in the C locale.
 * Either way the nearest double comes out, so the fast way cannot be told by the result.
 *
 * Overflow is refused. Digits beyond 64 bits only mark a number as inexact. */
#include "io/number.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a decimal number is made of: digits x 10^exponent. */
typedef struct decimal {
    uint64_t digits;
    int exponent;
    bool negative;
    bool exact; /* all digits fit into the field */
} decimal;

static const char *
scan_digits(const char *at, decimal *number, bool fraction)
{
    uint64_t digits = number->digits;
    int n_fraction = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        const uint64_t digit = (uint64_t)(*at - '0');
        if (digits >= UINT64_MAX / 10 && digits > (UINT64_MAX - digit) / 10) {
            number->exact = false;
            continue;
        }
        digits = digits * 10 + digit;
        n_fraction += fraction;
    }
    number->digits = digits;
    number->exponent -= n_fraction;
    return at;
}

static const char *
scan_exponent(const char *at, decimal *number)
{
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    const char *first = at;
    int exponent = 0;
    for (; *at >= '0' && *at <= '9'; at++)
        exponent = exponent > 99999 ? exponent : exponent * 10 + (*at - '0');
    number->exponent += negative ? -exponent : exponent;
    return at == first ? NULL : at;
}

/* NULL unless the text begins with a number, else the first byte after it. */
static const char *
scan(const char *at, decimal *number)
{
    *number = (decimal){.exact = true, .negative = *at == '-'};
    if (*at == '-' || *at == '+')
        at++;
    const char *first = at;
    at = scan_digits(at, number, false);
    size_t n_digits = (size_t)(at - first);
    if (*at == '.') {
        first = ++at;
        at = scan_digits(at, number, true);
        n_digits += (size_t)(at - first);
    }
    if (n_digits == 0)
        return NULL;
    return *at == 'e' || *at == 'E' ? scan_exponent(at + 1, number) : at;
}

static bool
convert_slowly(const char *text, double *value)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!plain)
        return false;
    double converted = strtod_l(text, NULL, plain);
    freelocale(plain);
    if (!isfinite(converted))
        return false;
    *value = converted;
    return true;
}

bool
chx__number_parse(const char *text, size_t length, double *value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    decimal number;
    if (scan(text, &number) != text + length)
        return false;
    /* Both factors are exact, so one rounding gives the nearest double (Clinger 1990). */
    if (!number.exact || number.digits > (UINT64_C(1) << 53) || number.exponent < -22 ||
        number.exponent > 22)
        return convert_slowly(text, value);
    double magnitude = (double)number.digits;
    if (number.exponent < 0)
        magnitude /= powers[-number.exponent];
    else
        magnitude *= powers[number.exponent];
    *value = number.negative ? -magnitude : magnitude;
    return true;
}

static bool
take_whole(const decimal *number, int64_t least, int64_t most, int64_t *value)
{
    if (!number->exact || number->digits > INT64_MAX)
        return false;
    int64_t whole = number->negative ? -(int64_t)number->digits : (int64_t)number->digits;
    if (whole < least || whole > most)
        return false;
    *value = whole;
    return true;
}

bool
chx__number_parse_integer(const char *text, size_t length, int64_t least, int64_t most,
                          int64_t *value)
{
    decimal number = {.exact = true, .negative = *text == '-'};
    const char *first = text + (*text == '-' || *text == '+');
    const char *end = scan_digits(first, &number, false);
    return end != first && end == text + length && take_whole(&number, least, most, value);
}

/* A number without a fraction: its exponent becomes 0. */
static bool
scan_whole(const char *text, size_t length, decimal *number)
{
    if (scan(text, number) != text + length || !number->exact)
        return false;
    for (; number->exponent < 0 && number->digits % 10 == 0 && number->digits > 0;
         number->exponent++)
        number->digits /= 10;
    for (; number->exponent > 0 && number->digits > 0; number->exponent--) {
        if (number->digits > UINT64_MAX / 10)
            return false;
        number->digits *= 10;
    }
    return number->exponent == 0 || number->digits == 0;
}

bool
chx__number_parse_whole(const char *text, size_t length, int64_t least, int64_t most,
                        int64_t *value)
{
    decimal number;
    return scan_whole(text, length, &number) && take_whole(&number, least, most, value);
}

bool
chx__number_parse_label(const char *text, size_t length, int64_t *label)
{
    decimal number;
    if (!scan_whole(text, length, &number) ||
        (number.negative && number.digits > (uint64_t)INT64_MAX + 1))
        return false;
    const uint64_t bits = number.negative ? 0 - number.digits : number.digits;
    memcpy(label, &bits, sizeof *label);
    return true;
}

size_t
chx__number_whole_length(const char *text, size_t length)
{
    size_t digits = strspn(text, "0123456789");
    bool is_whole = digits > 0 && text[digits] == '.' && digits + 1 < length &&
                    digits + 1 + strspn(text + digits + 1, "0") == length;
    return is_whole ? digits : length;
}
