/* The one folder (folder.h) of a test whose subject is files: fixtures, short paths, whole files.
 */
#ifndef CHX_TESTS_SCRATCH_H
#define CHX_TESTS_SCRATCH_H

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"

static char *folder;

static inline const char *
folder_path(const char *name)
{
    static char paths[4][320];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline void
folder_write_bytes(const char *name, const void *bytes, size_t size)
{
    FILE *stream = fopen(folder_path(name), "wb");
    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(fwrite(bytes, 1, size, stream), size);
    ck_assert_int_eq(fclose(stream), 0);
}

static inline void
folder_write(const char *name, const char *text)
{
    folder_write_bytes(name, text, strlen(text));
}

/* The file's text; the caller frees it. */
static inline char *
folder_read(const char *name)
{
    char *text = calloc(1, 1 << 20);
    FILE *stream = fopen(folder_path(name), "rb");
    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_lt(fread(text, 1, (1 << 20) - 1, stream), (1 << 20) - 1);
    fclose(stream);
    return text;
}

static inline unsigned
folder_count(void)
{
    unsigned n = 0;
    DIR *listing = opendir(folder);
    for (struct dirent *entry; (entry = readdir(listing));)
        n += entry->d_name[0] != '.';
    closedir(listing);
    return n;
}

/* A name for the disk that is always full, so that a library gone wrong replaces the name and not
 * the device. */
static inline const char *
folder_full_disk(void)
{
    ck_assert_int_eq(symlink("/dev/full", folder_path("full")), 0);
    return folder_path("full");
}

static inline void
folder_setup(void)
{
    folder = test_folder_create();
}

static inline void
folder_teardown(void)
{
    test_folder_destroy(folder);
}

#endif
