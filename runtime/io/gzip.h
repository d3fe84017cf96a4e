/* Text files that may be compressed with gzip, which their first bytes tell and not their names. */
#ifndef CHX_IO_GZIP_H
#define CHX_IO_GZIP_H

#include <stddef.h>

#include <chronaxie/status.h>

/* As chx__file_read_text(), of what is in the file; max_bytes holds for that too. Errors: FILE,
 * FORMAT when the compressed data are damaged or cut off, LIMIT, MEMORY. */
chx_status chx__gzip_read_text(const char *path, size_t max_bytes, char **text, size_t *size_bytes);

/* Of a file that is read piece by piece: zlib's handle of one. */
struct gzFile_s;

/* Makes *packed what unpacks the file open at its begin, or NULL where nothing is packed, as in a
 * pipe. The descriptor stays the caller's, who reads from one of both only. Errors: MEMORY. */
chx_status chx__gzip_open(int descriptor, struct gzFile_s **packed);

/* Reads up to `room` bytes; none are the end. Errors: FORMAT when the compressed data are damaged
 * or cut off, MEMORY. */
chx_status chx__gzip_read(struct gzFile_s *packed, const char *path, char *to, size_t room,
                          size_t *size_bytes);

/* Closes and clears; accepts NULL in it. */
void chx__gzip_close(struct gzFile_s **packed);

#endif
