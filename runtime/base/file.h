/* Whole files in, and files out that appear complete or not at all. */
#ifndef CHX_BASE_FILE_H
#define CHX_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <chronaxie/status.h>

/* Opens what can be read, which a folder cannot. The caller closes *descriptor. Errors: FILE. */
chx_status chx__file_open(const char *path, int *descriptor);

/* Reads a file of at most max_bytes into *data, which the caller frees; a NUL follows the last
 * byte. Errors: FILE, LIMIT, MEMORY. */
chx_status chx__file_read(const char *path, size_t max_bytes, char **data, size_t *size_bytes);

/* As above for text, where a byte order mark at the begin gives way to blanks. */
chx_status chx__file_read_text(const char *path, size_t max_bytes, char **text, size_t *size_bytes);

/* Puts blanks in place of a byte order mark at the begin. */
void chx__text_skip_mark(char *text, size_t size_bytes);

/* A path in the folder of another; NULL without memory. The caller frees it. */
char *chx__file_beside(const char *path, const char *name);

/* Of files and folders that are not complete, for mkostemp() and its like. */
#define CHX__TEMPORARY_NAME ".chronaxie-XXXXXX"

/* A file being written in the folder of its final path; one that is no regular file, such as
 * /dev/stdout, is written directly. */
typedef struct chx__output {
    FILE *stream;
    char *path;
    bool is_unnamed; /* until it is committed */
    char *temporary; /* NULL when unnamed or written directly */
} chx__output;

/* Opens a file in the folder of path. Errors: FILE, MEMORY. */
chx_status chx__output_begin(chx__output *output, const char *path);

/* Closes the file and moves it into place; after an error, which may be one of an earlier write,
 * it is removed. Either way the output is finished. Errors: FILE. */
chx_status chx__output_commit(chx__output *output);

/* Closes and removes the temporary file; accepts a finished output. */
void chx__output_discard(chx__output *output);

/* Writes one block through the above. */
chx_status chx__file_write(const char *path, const void *data, size_t size_bytes);

#endif
