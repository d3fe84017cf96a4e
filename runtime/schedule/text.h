/* Text on its way into XML and JSON files: escaped, valid UTF-8. */
#ifndef CHX_SCHEDULE_TEXT_H
#define CHX_SCHEDULE_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* Writes at most max_chars characters, an ellipsis last where the text is longer. Bytes that are
 * not UTF-8 and control characters become question marks. */
void chx__text_write_xml(FILE *stream, const char *text, size_t max_chars);

/* The same, whole, as a JSON string, with its quotes, that may stand in a script of a page. */
void chx__text_write_json(FILE *stream, const char *text);

/* Characters, not bytes. */
size_t chx__text_length(const char *text);

#endif
