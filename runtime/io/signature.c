/* A file of another kind is refused for what it is, rather than for the first of its bytes that no
 * text has. Signatures that a text could begin with are longer than their formats ask for. */
#include "io/signature.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "io/gzip.h"

#define MOST_BYTES 16

static const char save_utf8[] = "is text in UTF-16 or UTF-32; save it in UTF-8";
static const char unpack[] = "is packed by another program than gzip; unpack it first";

static const struct signature {
    const char *bytes;
    size_t begin, n_bytes;
    const char *sentence;
} signatures[] = {
    {"\xff\xfe", 0, 2, save_utf8},
    {"\xfe\xff", 0, 2, save_utf8},
    {"\0\0\xfe\xff", 0, 4, save_utf8},
    {"PK\3\4", 0, 4, "is a zip archive or a workbook; unpack it, or save its table as CSV"},
    {"\xfd"
     "7zXZ",
     0, 5, unpack},
    {"1AY&SY", 4, 6, unpack}, /* bzip2 */
    {"\x28\xb5\x2f\xfd", 0, 4, unpack}, /* Zstandard */
    {"7z\xbc\xaf", 0, 4, unpack},
    {"\x1f\x8b", 0, 2, "is still packed by gzip; unpack it first"},
    {"\x89HDF\r\n\x1a\n", 0, 8, "is in HDF5, which is not read; save what it holds as text"},
    {"\x93NUMPY", 0, 6, "is an array of NumPy; save it as text"},
    {"PAR1\x15", 0, 5, "is in Parquet, which is not read; save its table as CSV"},
    {"ARROW1\0", 0, 7, "is in Feather, which is not read; save its table as CSV"},
    {"MATLAB 5.0 MAT", 0, 14, "is of MATLAB; save what it holds as text"},
    {"\xd0\xcf\x11\xe0", 0, 4, "is a workbook; save its table as CSV"},
};

chx_status
chx__signature_check(const char *path, const char *bytes, size_t size_bytes)
{
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct signature *known = &signatures[i];
        if (known->begin + known->n_bytes <= size_bytes &&
            memcmp(bytes + known->begin, known->bytes, known->n_bytes) == 0)
            return chx__fail(CHX_ERROR_FORMAT, "%s: %s", path, known->sentence);
    }
    return CHX_OK;
}

/* The first bytes of what an open file holds; none where it cannot be read. */
static size_t
read_begin(int descriptor, const char *path, char *bytes)
{
    struct gzFile_s *packed;
    size_t n = 0;
    if (chx__gzip_open(descriptor, &packed))
        return 0;
    if (packed && chx__gzip_read(packed, path, bytes, MOST_BYTES, &n))
        n = 0;
    const ssize_t n_plain = packed ? 0 : read(descriptor, bytes, MOST_BYTES);
    chx__gzip_close(&packed);
    return n + (n_plain > 0 ? (size_t)n_plain : 0);
}

chx_status
chx__signature_check_file(const char *path)
{
    char bytes[MOST_BYTES];
    int descriptor;
    if (chx__file_open(path, &descriptor))
        return CHX_OK;
    const size_t n = read_begin(descriptor, path, bytes);
    close(descriptor);
    return chx__signature_check(path, bytes, n);
}
