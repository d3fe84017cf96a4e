/* Text on its way into XML and JSON files: escaped, valid UTF-8, numbers with a point. */
#ifndef CHX_SCHEDULE_TEXT_H
#define CHX_SCHEDULE_TEXT_H

#include <locale.h>
#include <stddef.h>
#include <stdio.h>

/* Makes printf in this thread write numbers with a point, whatever the program's locale; end
 * restores it. begin may be without effect when memory is out. */
typedef struct chx__numerals {
    locale_t neutral;
    locale_t previous;
} chx__numerals;

chx__numerals chx__numerals_begin(void);
void chx__numerals_end(chx__numerals *numerals);

/* Writes at most max_chars characters, an ellipsis last where the text is longer. Bytes that are
 * not UTF-8 and control characters become question marks. */
void chx__text_write_xml(FILE *stream, const char *text, size_t max_chars);

/* The same as a JSON string, with its quotes. */
void chx__text_write_json(FILE *stream, const char *text);

/* Characters, not bytes. */
size_t chx__text_length(const char *text);

#endif
