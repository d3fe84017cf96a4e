/* A sentence: what is said on stderr, on one line whatever is quoted in it. */
#ifndef CHRONAXIE_SENTENCE_H
#define CHRONAXIE_SENTENCE_H

#include <stdarg.h>

/* Prints `begin`, what the format makes, and a line end to stderr. Of that, control characters and
 * what is not UTF-8 become question marks. */
void sentence_print(const char *begin, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
