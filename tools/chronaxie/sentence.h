/* A sentence: what is said on stderr, on one line whatever is quoted in it. */
#ifndef CHRONAXIE_SENTENCE_H
#define CHRONAXIE_SENTENCE_H

#include <stdarg.h>

/* Makes question marks of control characters and of what is not UTF-8, in place. */
void sentence_clean(char *text);

/* Prints `begin`, what the format makes, cleaned, and a line end to stderr. */
void sentence_print(const char *begin, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
