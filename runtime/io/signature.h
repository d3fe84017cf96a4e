/* Signatures: the first bytes of files that are often taken for text and are none. */
#ifndef CHX_IO_SIGNATURE_H
#define CHX_IO_SIGNATURE_H

#include <stddef.h>

#include <chronaxie/status.h>

/* Fails with what the file is and what to do, when its first bytes say that it is no text that is
 * read. Errors: FORMAT. */
chx_status chx__signature_check(const char *path, const char *bytes, size_t size_bytes);

/* As above, of a file that is not open, be it unpacked by gzip; CHX_OK where it cannot be read. */
chx_status chx__signature_check_file(const char *path);

#endif
