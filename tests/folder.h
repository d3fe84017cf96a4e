/* A private folder that a test may fill and that goes with it. */
#ifndef CHX_TESTS_FOLDER_H
#define CHX_TESTS_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

/* Makes an empty folder with mode 0700; the caller frees the path. */
static inline char *
test_folder_create(void)
{
    const char *parent = getenv("TMPDIR");
    char *path = malloc(4096);
    ck_assert_ptr_nonnull(path);
    snprintf(path, 4096, "%s/chronaxie-test-XXXXXX", parent && *parent ? parent : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(path));
    return path;
}

static inline int
test_folder_remove(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

/* Removes the folder with all that is in it, and frees the path. */
static inline void
test_folder_destroy(char *path)
{
    nftw(path, test_folder_remove, 16, FTW_DEPTH | FTW_PHYS);
    free(path);
}

/* Writes a text to a file of the folder. */
static inline void
test_folder_write(const char *folder, const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

#endif
