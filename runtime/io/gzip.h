/* Text files that may be compressed with gzip, which their first bytes tell and not their names. */
#ifndef CHX_IO_GZIP_H
#define CHX_IO_GZIP_H

#include <stddef.h>

#include <chronaxie/status.h>

/* As chx__file_read_text(), of what is in the file; max_bytes holds for that too. Errors: FILE,
 * FORMAT when the compressed data are damaged or cut off, LIMIT, MEMORY. */
chx_status chx__gzip_read_text(const char *path, size_t max_bytes, char **text, size_t *size_bytes);

#endif
