/* Widths are in bytes, which is right for the ASCII that commands print. Memory that runs out is
 * told once, when the table is printed, so callers need not check cells. */
#include "table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
append(struct table *table, char *cell)
{
    if (table->n_cells == table->capacity && !table->failed) {
        size_t capacity = table->capacity ? 2 * table->capacity : 64;
        char **cells = realloc(table->cells, capacity * sizeof *cells);
        if (cells) {
            table->cells = cells;
            table->capacity = capacity;
        } else {
            table->failed = true;
        }
    }
    if (!cell || table->failed) {
        table->failed = true;
        free(cell);
        return;
    }
    table->cells[table->n_cells++] = cell;
}

void
table_begin(struct table *table, const char *headings)
{
    memset(table, 0, sizeof *table);
    while (*headings && table->n_columns < TABLE_MAX_COLUMNS) {
        size_t length;
        bool right = *headings == '>';
        headings += right;
        length = strcspn(headings, "|");
        table->right[table->n_columns++] = right;
        append(table, strndup(headings, length));
        headings += length + (headings[length] == '|');
    }
}

void
table_add(struct table *table, const char *format, ...)
{
    va_list args;
    char *cell = NULL;
    va_start(args, format);
    if (vasprintf(&cell, format, args) < 0)
        cell = NULL;
    va_end(args);
    append(table, cell);
}

static int
column_width(const struct table *table, size_t column)
{
    size_t widest = 0;
    for (size_t i = column; i < table->n_cells; i += table->n_columns) {
        size_t width = strlen(table->cells[i]);
        widest = width > widest ? width : widest;
    }
    return (int)widest;
}

static void
print_row(const struct table *table, size_t first, const int *widths)
{
    for (size_t c = 0; c < table->n_columns && first + c < table->n_cells; c++) {
        const char *gap = c ? "  " : "";
        bool last = c + 1 == table->n_columns;
        int width = last && !table->right[c] ? 0 : widths[c];
        printf("%s%*s", gap, table->right[c] ? width : -width, table->cells[first + c]);
    }
}

void
table_print(struct table *table)
{
    int widths[TABLE_MAX_COLUMNS];
    bool bold = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");

    for (size_t c = 0; c < table->n_columns; c++)
        widths[c] = column_width(table, c);
    for (size_t i = 0; i < table->n_cells; i += table->n_columns) {
        bool heading = i == 0 && bold;
        fputs(heading ? "\033[1m" : "", stdout);
        print_row(table, i, widths);
        fputs(heading ? "\033[0m\n" : "\n", stdout);
    }
    if (table->failed)
        fputs("chronaxie: memory ran out while making a table; rows are missing\n", stderr);
    table_discard(table);
}

void
table_discard(struct table *table)
{
    for (size_t i = 0; i < table->n_cells; i++)
        free(table->cells[i]);
    free(table->cells);
    memset(table, 0, sizeof *table);
}
