/* A table of text: columns as wide as their widest cell. */
#ifndef CHRONAXIE_TABLE_H
#define CHRONAXIE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#define TABLE_MAX_COLUMNS 16

struct table {
    size_t n_columns;
    size_t n_cells;
    size_t capacity;
    char **cells; /* row by row, headings first */
    bool right[TABLE_MAX_COLUMNS]; /* numbers stand to the right */
    bool failed; /* memory ran out; printing says so */
};

/* Begins with headings separated by '|'; a heading that starts with '>' is aligned to the right. */
void table_begin(struct table *table, const char *headings);

/* Appends the next cell; rows end by themselves. */
void table_add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints to stdout, headings in bold on a terminal unless NO_COLOR is set, and releases the
 * table. */
void table_print(struct table *table);

/* Releases the table unprinted. */
void table_discard(struct table *table);

#endif
