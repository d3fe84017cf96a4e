/* Decimal numbers in text files: the same in every locale, and fast for the short ones that tables
 * are made of. */
#ifndef CHX_IO_NUMBER_H
#define CHX_IO_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole of text[0 .. length) as a decimal number: sign, digits with at most one point,
 * exponent. The nearest double is given. False for anything else: empty, hexadecimal, "inf", "nan",
 * spaces, or a number beyond the range of a double. A NUL must follow the text. */
bool chx__number_parse(const char *text, size_t length, double *value);

/* As above for a whole number in [least, most] made of digits and a sign. */
bool chx__number_parse_integer(const char *text, size_t length, int64_t least, int64_t most,
                               int64_t *value);

/* As above, for one that may also be written with a point or an exponent, as other programs save
 * whole numbers: 1.000000, 1e0. False when it has a fraction. */
bool chx__number_parse_whole(const char *text, size_t length, int64_t least, int64_t most,
                             int64_t *value);

/* A label of up to 64 bits, written like a whole number. Those from 2^63 on, of programs whose ids
 * have no sign, are the negative ones of the same bits. */
bool chx__number_parse_label(const char *text, size_t length, int64_t *label);

/* Length of a whole number without the fraction of zeroes that tables with gaps save ids with, such
 * as 17 of 17.0; else the text's own. A NUL must follow the text. */
size_t chx__number_whole_length(const char *text, size_t length);

#endif
