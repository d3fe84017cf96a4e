/* Whole files in, whole files out. A read is bounded by what the caller can accept, never by the
 * size that the system tells, which pipes do not have and which may change; one NUL more than the
 * size stands behind the bytes, so that parsers need not count.
 *
 * Output goes to a file without a name, which gets its own when all of it was written: a reader
 * sees the old file or the new one, also when the disk is full, and nothing is left when the
 * process is killed. Where the file system has no such files, and for the moment of replacing one,
 * there is a temporary name beside the target; a short one, whatever the target's length.
 * What is no regular file is written as it stands. Errors of writing are collected by the stream
 * and told by the commit. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

/* Memory may have run out on the way to the system, or in it. */
static chx_status
fail_errno(const char *path, const char *verb)
{
    if (errno == ENOMEM)
        return chx__fail(CHX_ERROR_MEMORY, "%s: cannot %s: host memory ran out", path, verb);
    return chx__fail(CHX_ERROR_FILE, "%s: cannot %s: %s", path, verb, strerror(errno));
}

static chx_status
read_open(int descriptor, const char *path, size_t max_bytes, char **data, size_t *size_bytes)
{
    size_t size = 0, capacity = 0;
    char *bytes = NULL;
    for (;;) {
        if (!chx__grow(&bytes, &capacity, size + 65536, 1)) {
            free(bytes);
            return chx__fail_memory("reading a file");
        }
        ssize_t n = read(descriptor, bytes + size, capacity - size - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            free(bytes);
            return fail_errno(path, "read");
        }
        if (n == 0)
            break;
        size += (size_t)n;
        if (size > max_bytes) {
            free(bytes);
            return chx__fail(CHX_ERROR_LIMIT, "%s: larger than the %zu bytes that are accepted",
                             path, max_bytes);
        }
    }
    bytes[size] = '\0';
    *data = bytes;
    *size_bytes = size;
    return CHX_OK;
}

chx_status
chx__file_open(const char *path, int *descriptor)
{
    int opened = open(path, O_RDONLY | O_CLOEXEC);
    if (opened < 0)
        return fail_errno(path, "open");
    struct stat about;
    if (fstat(opened, &about) == 0 && S_ISDIR(about.st_mode)) {
        close(opened);
        return chx__fail(CHX_ERROR_FILE, "%s: is a folder; a file is expected here", path);
    }
    *descriptor = opened;
    return CHX_OK;
}

chx_status
chx__file_read(const char *path, size_t max_bytes, char **data, size_t *size_bytes)
{
    int descriptor;
    chx_status status = chx__file_open(path, &descriptor);
    if (status)
        return status;
    status = read_open(descriptor, path, max_bytes, data, size_bytes);
    close(descriptor);
    return status;
}

void
chx__text_skip_mark(char *text, size_t size_bytes)
{
    if (size_bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        memset(text, ' ', 3);
}

chx_status
chx__file_read_text(const char *path, size_t max_bytes, char **text, size_t *size_bytes)
{
    chx_status status = chx__file_read(path, max_bytes, text, size_bytes);
    if (!status)
        chx__text_skip_mark(*text, *size_bytes);
    return status;
}

/* mkstemp makes files that only the owner can read; results are meant to be shared. */
static void
apply_umask(int descriptor)
{
    mode_t mask = umask(0);
    umask(mask);
    fchmod(descriptor, 0666 & ~mask);
}

char *
chx__file_beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    return chx__format("%.*s%s", slash ? (int)(slash - path) + 1 : 0, path, name);
}

/* A file that vanishes with its last descriptor; -1 where there is no such thing. The name that it
 * is to get later is given through /proc. */
static int
open_unnamed(const char *path)
{
    char *folder = access("/proc/self/fd", X_OK) == 0 ? chx__file_beside(path, ".") : NULL;
    int descriptor = folder ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666) : -1;
    free(folder);
    return descriptor;
}

/* A device or a pipe, such as /dev/stdout, is written as it stands: a rename would replace it. */
static int
open_output(chx__output *output)
{
    struct stat found;
    if (stat(output->path, &found) == 0 && !S_ISREG(found.st_mode))
        return open(output->path, O_WRONLY | O_CLOEXEC);
    if (errno == ENAMETOOLONG)
        return -1;
    int descriptor = open_unnamed(output->path);
    output->is_unnamed = descriptor >= 0;
    if (output->is_unnamed)
        return descriptor;
    output->temporary = chx__file_beside(output->path, CHX__TEMPORARY_NAME);
    descriptor = output->temporary ? mkostemp(output->temporary, O_CLOEXEC) : -1;
    if (descriptor >= 0)
        apply_umask(descriptor);
    return descriptor;
}

static void
output_finish(chx__output *output)
{
    if (output->temporary)
        unlink(output->temporary);
    free(output->path);
    free(output->temporary);
    *output = (chx__output){0};
}

chx_status
chx__output_begin(chx__output *output, const char *path)
{
    *output = (chx__output){0};
    chx__output opening = {.path = chx__strdup(path)};
    if (!opening.path)
        return chx__fail_memory("opening a file");
    errno = 0;
    int descriptor = open_output(&opening);
    if (descriptor >= 0)
        opening.stream = fdopen(descriptor, "wb");
    if (!opening.stream) {
        chx_status status = fail_errno(path, "create");
        if (descriptor >= 0)
            close(descriptor);
        output_finish(&opening);
        return status;
    }
    *output = opening;
    return CHX_OK;
}

/* Gives an open file a second name, for a moment, which then replaces the target. */
static bool
replace(const char *link, const char *path)
{
    int error = EEXIST;
    for (unsigned attempt = 0; error == EEXIST && attempt < 10000; attempt++) {
        char name[64];
        snprintf(name, sizeof name, ".chronaxie-%ld-%u", (long)getpid(), attempt);
        char *temporary = chx__file_beside(path, name);
        if (!temporary)
            return false;
        error = linkat(AT_FDCWD, link, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
        if (!error && rename(temporary, path) != 0) {
            error = errno;
            unlink(temporary);
        }
        free(temporary);
    }
    errno = error;
    return error == 0;
}

/* Makes what was written appear under its name. */
static bool
publish(const chx__output *output, int descriptor)
{
    if (output->temporary)
        return rename(output->temporary, output->path) == 0;
    if (!output->is_unnamed)
        return true;
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    if (linkat(AT_FDCWD, link, AT_FDCWD, output->path, AT_SYMLINK_FOLLOW) == 0)
        return true;
    return errno == EEXIST && replace(link, output->path);
}

chx_status
chx__output_commit(chx__output *output)
{
    /* Closing may tell that writing failed, and a file without a name lives by its descriptors. */
    int kept = output->is_unnamed ? fcntl(fileno(output->stream), F_DUPFD_CLOEXEC, 0) : -1;
    bool written = !output->is_unnamed || kept >= 0;
    written = !ferror(output->stream) && fflush(output->stream) == 0 && written;
    written = fclose(output->stream) == 0 && written;
    output->stream = NULL;
    chx_status status =
        written && publish(output, kept) ? CHX_OK : fail_errno(output->path, "write");
    if (kept >= 0)
        close(kept);
    if (!status) {
        free(output->temporary);
        output->temporary = NULL;
    }
    output_finish(output);
    return status;
}

void
chx__output_discard(chx__output *output)
{
    if (!output->path)
        return;
    fclose(output->stream);
    output_finish(output);
}

chx_status
chx__file_write(const char *path, const void *data, size_t size_bytes)
{
    chx__output output;
    chx_status status = chx__output_begin(&output, path);
    if (status)
        return status;
    fwrite(data, 1, size_bytes, output.stream);
    return chx__output_commit(&output);
}
