/* Names of neurons as names of files, which hold no slash and begin with no dot. */
#ifndef CHX_IO_FILE_NAME_H
#define CHX_IO_FILE_NAME_H

#include <stddef.h>

/* A name as that of a file, without its ending: slashes, a dot in front and a '%' that could be
 * taken for one of ours are '%' and two hexadecimal digits. The caller frees it; NULL when memory
 * is out. */
char *chx__file_name_of(const char *name);

/* The name that a file's stands for, for the caller to free; NULL when memory is out. */
char *chx__file_name_means(const char *file, size_t length);

/* What a file or folder can be called in texts: UTF-8, with Latin-1 read as such and blanks instead
 * of control characters. The caller frees it; NULL when memory is out. */
char *chx__file_name_shown(const char *file, size_t length);

#endif
