/* The limit holds for what comes out, and is looked at with every piece, so that a small file
 * cannot expand without bound. Members that follow each other are one text, as gzip itself reads
 * them. */
#include "io/gzip.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"

#define GZIP_WINDOW (MAX_WBITS + 16) /* tells zlib to expect gzip's head and tail */

typedef struct expansion {
    const char *path;
    char *text;
    size_t size_bytes, capacity_bytes, max_bytes;
    z_stream stream;
} expansion;

static bool
is_gzip(const unsigned char *bytes, size_t size_bytes)
{
    return size_bytes >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

static chx_status
fail_damaged(const char *path)
{
    return chx__fail(CHX_ERROR_FORMAT,
                     "%s: the gzip data are damaged or cut off; fetch the file again", path);
}

/* Expands until the file ends. A file may hold several pieces, which follow each other; what else
 * stands behind a piece is padding, as of tapes. */
static chx_status
expand(expansion *file)
{
    z_stream *stream = &file->stream;
    for (;;) {
        if (!chx__grow(&file->text, &file->capacity_bytes, file->size_bytes + 65536, 1))
            return chx__fail_memory("reading a compressed file");
        size_t room = file->capacity_bytes - file->size_bytes - 1;
        stream->next_out = (unsigned char *)file->text + file->size_bytes;
        stream->avail_out = (unsigned)(room < UINT_MAX ? room : UINT_MAX);
        unsigned before = stream->avail_out;
        int result = inflate(stream, Z_NO_FLUSH);
        file->size_bytes += before - stream->avail_out;
        if (file->size_bytes > file->max_bytes)
            return chx__fail(CHX_ERROR_LIMIT,
                             "%s: expands to more than the %zu bytes that are "
                             "accepted",
                             file->path, file->max_bytes);
        if (result == Z_MEM_ERROR)
            return chx__fail_memory("reading a compressed file");
        if (result != Z_OK && result != Z_STREAM_END)
            return fail_damaged(file->path);
        if (result == Z_STREAM_END && !is_gzip(stream->next_in, stream->avail_in))
            return CHX_OK;
        if (result == Z_STREAM_END)
            inflateReset(stream);
    }
}

chx_status
chx__gzip_read_text(const char *path, size_t max_bytes, char **text, size_t *size_bytes)
{
    char *packed;
    chx_status status = chx__file_read_text(path, max_bytes, &packed, size_bytes);
    if (status || !is_gzip((unsigned char *)packed, *size_bytes)) {
        if (!status)
            *text = packed;
        return status;
    }
    expansion file = {.path = path, .max_bytes = max_bytes};
    file.stream.next_in = (unsigned char *)packed;
    file.stream.avail_in = (unsigned)*size_bytes;
    if (inflateInit2(&file.stream, GZIP_WINDOW) != Z_OK) {
        free(packed);
        return chx__fail_memory("reading a compressed file");
    }
    status = expand(&file);
    inflateEnd(&file.stream);
    free(packed);
    if (status) {
        free(file.text);
        return status;
    }
    chx__text_skip_mark(file.text, file.size_bytes);
    file.text[file.size_bytes] = '\0';
    *text = file.text;
    *size_bytes = file.size_bytes;
    return CHX_OK;
}

chx_status
chx__gzip_open(int descriptor, struct gzFile_s **packed)
{
    unsigned char begin[2];
    *packed = NULL;
    if (pread(descriptor, begin, 2, 0) != 2 || !is_gzip(begin, 2))
        return CHX_OK;
    int own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    *packed = own >= 0 ? gzdopen(own, "rb") : NULL;
    if (own >= 0 && !*packed)
        close(own);
    return *packed ? CHX_OK : chx__fail_memory("reading a compressed file");
}

/* zlib takes a file that ends too early for a short one and only notes it. */
chx_status
chx__gzip_read(struct gzFile_s *packed, const char *path, char *to, size_t room, size_t *size_bytes)
{
    int code = Z_OK;
    const int n = gzread(packed, to, (unsigned)(room < INT_MAX ? room : INT_MAX));
    gzerror(packed, &code);
    if (code == Z_MEM_ERROR)
        return chx__fail_memory("reading a compressed file");
    if (n < 0 || code != Z_OK)
        return fail_damaged(path);
    *size_bytes = (size_t)n;
    return CHX_OK;
}

void
chx__gzip_close(struct gzFile_s **packed)
{
    if (*packed)
        gzclose(*packed);
    *packed = NULL;
}
