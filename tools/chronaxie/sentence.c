/* Messages quote names of files, and fields of them as far as there is room: with line ends, with
 * sequences that move a terminal's cursor, with letters cut in half. */
#include "sentence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the letter that begins here; 0 for what is none or is not to be printed. */
static size_t
letter_length(const char *text)
{
    const unsigned char first = (unsigned char)text[0];
    const size_t length = first < 0x80   ? 1
                          : first < 0xc2 ? 0
                          : first < 0xe0 ? 2
                          : first < 0xf0 ? 3
                                         : 4;

    if (first < ' ' || first == 0x7f || first > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
    /* The control characters behind those of ASCII. */
    return first == 0xc2 && (unsigned char)text[1] < 0xa0 ? 0 : length;
}

void
sentence_clean(char *text)
{
    char *to = text;

    while (*text) {
        const size_t length = letter_length(text);
        if (length == 0)
            *to++ = *text == '\t' ? ' ' : '?';
        else
            to = (char *)memmove(to, text, length) + length;
        text += length == 0 ? 1 : length;
    }
    *to = '\0';
}

void
sentence_print(const char *begin, const char *format, va_list args)
{
    char *text;
    va_list again;

    va_copy(again, args);
    fputs(begin, stderr);
    if (vasprintf(&text, format, args) >= 0) {
        sentence_clean(text);
        fputs(text, stderr);
        free(text);
    } else {
        vfprintf(stderr, format, again);
    }
    fputc('\n', stderr);
    va_end(again);
}
