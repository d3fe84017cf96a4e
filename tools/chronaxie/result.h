/* A result: JSON objects that commands print, and entries that several of them share. */
#ifndef CHRONAXIE_RESULT_H
#define CHRONAXIE_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include <chronaxie/timeline.h>
#include <jansson.h>

/* Prints an object with twelve significant digits and releases it; returns the exit code. */
int result_print(json_t *object);

/* A 64-bit number as sixteen hexadecimal digits: JSON numbers lose bits beyond 2^53. */
json_t *result_digest(uint64_t digest);

/* A path as JSON can hold it: sentence_clean(). */
json_t *result_text(const char *text);

/* Writes a timeline as a page where the path ends in .html, else as a picture. */
chx_status result_write_timeline(const chx_timeline *timeline, const char *path);

/* The sentence that names what held a timeline up, with the options that bear on it; null where
 * nothing ran, also for no timeline. */
json_t *result_bottleneck(const chx_timeline *timeline);

/* Prints the same as a line of text; nothing where nothing ran. */
void result_print_bottleneck(const chx_timeline *timeline);

/* The ending of a noun after a count: none for one, else "s". */
const char *result_plural(uint64_t count);

#endif
