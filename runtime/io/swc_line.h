/* A line of an SWC file as programs write it: what nearly all lines are, and fast to read. */
#ifndef CHX_IO_SWC_LINE_H
#define CHX_IO_SWC_LINE_H

#include <stdint.h>

typedef struct chx__swc_line {
    int64_t id, kind, parent;
    double numbers[4]; /* x, y, z, radius: the nearest doubles, as chx__number_parse() gives them */
} chx__swc_line;

/* First byte after the line, or NULL unless it is plain: seven short numbers, blanks between them,
 * and an end of line. What is not plain may still be right, or else wrong in a way worth a
 * sentence. The text ends with a NUL. */
const char *chx__swc_line_read(const char *text, chx__swc_line *line);

#endif
