/*
 * Reads tables: delimiter-separated values after RFC 4180, with named columns.
 *
 * The first row names the columns, in any order and perhaps under the names
 * that other programs give them (csv_header.c), and shows whether commas,
 * semicolons or tabs stand between them. Columns that nobody knows are ignored
 * and named in a remark. Rows are handed out one at a time from a buffer of
 * fixed size, without an allocation per row or field. Rows end with LF, CRLF
 * or CR; empty lines are skipped; a byte order mark at the start is skipped;
 * nothing is trimmed. Lines before the first row that begin with # are
 * comments. A row may span lines inside quotes. Text that is not UTF-8 is read
 * as Latin-1, with a remark; what gzip packed is unpacked as it is read.
 */
#ifndef CHX_IO_CSV_H
#define CHX_IO_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <chronaxie/status.h>

#define CHX__CSV_MAX_COLUMNS 32
#define CHX__CSV_MAX_FIELDS 250 /* of a row, known and unknown */
#define CHX__CSV_IGNORED UINT8_MAX /* as an index into columns */
#define CHX__CSV_MAX_ROW_BYTES 65536

/* A NUL follows the text, which lives until the next row is read. */
typedef struct chx__csv_field {
    const char *text;
    size_t length;
} chx__csv_field;

typedef struct chx__csv {
    const char *path; /* borrowed */
    const char *const *columns;
    size_t n_columns, n_needed;
    bool loose; /* as chx__csv_open_loose() takes it */
    bool may_be_list; /* as chx__csv_open_edges() takes it */
    bool is_list; /* and is */
    bool has_attributes; /* rows end with attributes in braces */
    chx__csv_field fields[CHX__CSV_MAX_COLUMNS]; /* the row, in the order of `columns` */
    uint32_t guessed; /* a bit for each column whose name in the file says no unit */
    uint64_t line; /* where the row begins */
    char remark[512]; /* on columns ignored or guessed, and, once all is read, on letters */

    int descriptor;
    struct gzFile_s *packed; /* what unpacks the descriptor; NULL where it is read as it is */
    bool at_end; /* the file has no more bytes than the buffer */
    char *buffer;
    size_t room_bytes; /* of the buffer, which has one byte more */
    size_t begin, end; /* unread bytes in the buffer */
    size_t n_checked; /* bytes of the buffer that are UTF-8, up to end but for a letter cut short */
    bool is_latin1; /* some were not, which is yet to be remarked on */
    uint64_t next_line; /* of the byte at begin */
    char delimiter, line_end; /* delimiter ' ' stands for blanks of any number */
    bool is_bare; /* the first row was no header: its fields are the next row */
    size_t n_fields; /* of the header, and so of each row */
    uint8_t order[CHX__CSV_MAX_FIELDS]; /* position in the file -> index into columns */
} chx__csv;

/* Opens a table that may have the named columns and must have the first n_needed of them; path and
 * names are borrowed. Errors: FILE, FORMAT, MEMORY, after which nothing is open. */
chx_status chx__csv_open(chx__csv *csv, const char *path, const char *const *columns,
                         size_t n_columns, size_t n_needed);

/* As above, also for a table as NEST writes it, all columns needed: lines that begin with # are
 * comments, blanks may stand between the fields, and where they do, the header may be missing; the
 * fields are then the columns in order. */
chx_status chx__csv_open_loose(chx__csv *csv, const char *path, const char *const *columns,
                               size_t n_columns);

/* As chx__csv_open(), also for a list of edges without a header, by blanks or what stands between
 * columns else: who, whom and perhaps the weight, which are the first three columns. */
chx_status chx__csv_open_edges(chx__csv *csv, const char *path, const char *const *columns,
                               size_t n_columns);

/* Whether the table has a column, and its rows so a field of it. */
bool chx__csv_has(const chx__csv *csv, size_t column);

/* Reads the next row into fields; *more is false at the end. Errors: FILE, FORMAT. */
chx_status chx__csv_next(chx__csv *csv, bool *more);

/* Reads as many bytes into the buffer as it holds or the file has. It is made `room_bytes` large
 * before where the file is longer and memory allows. Errors: FILE. */
chx_status chx__csv_fill(chx__csv *csv, size_t room_bytes);

/* A field of the current row as a finite number. Errors: FORMAT. */
chx_status chx__csv_number(const chx__csv *csv, size_t column, double *value);

/* As above, as a float; a number that is not 0 must not become 0. Beyond a float it is infinite,
 * for the caller to refuse. */
chx_status chx__csv_float(const chx__csv *csv, size_t column, float *value);

/* Finds which column each of the n_fields names of a header means, and writes order and remark.
 * Errors: FORMAT. */
chx_status chx__csv_match_header(chx__csv *csv, const chx__csv_field *names);

/* Fails with "FILE:LINE: " before the sentence. */
chx_status chx__csv_fail(const chx__csv *csv, chx_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));

/* Writes a text as one field of a row, in quotes where it needs them. */
void chx__csv_write_text(FILE *stream, const char *text);

/* Writes the time of a step in ms with up to six decimals, the finest a time step can be, in any
 * locale. */
void chx__csv_write_time(FILE *stream, uint32_t step, double time_step_ms);

/* Closes; accepts a table that is closed or all zeroes. */
void chx__csv_close(chx__csv *csv);

#endif
