/* Latin-1 in text that should be UTF-8, as programs on other systems save it: each byte that is
 * part of no UTF-8 becomes the letter that it is in Windows-1252, which Latin-1 is part of. */
#ifndef CHX_IO_LATIN1_H
#define CHX_IO_LATIN1_H

#include <stddef.h>

/* How many times longer converting can make a text: the sign of the euro has three bytes. */
#define CHX__LATIN1_GROWTH 3

/* Bytes at the begin of the text that are UTF-8: all, or those before the first that is not. */
size_t chx__utf8_length(const char *text, size_t length);

/* Bytes at the end of the text, at most three, that begin a letter and are too few for it. */
size_t chx__utf8_cut(const char *text, size_t length);

/* Writes text[0 .. length) to `converted`, which has room for CHX__LATIN1_GROWTH times as much,
 * and returns how many bytes that made. UTF-8 in it stays as it is. */
size_t chx__latin1_convert(const char *text, size_t length, char *converted);

#endif
