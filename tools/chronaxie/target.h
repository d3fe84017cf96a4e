/* A target: a file that a command is going to write, checked before any work is done for it. */
#ifndef CHRONAXIE_TARGET_H
#define CHRONAXIE_TARGET_H

#include <stdbool.h>
#include <stdint.h>

struct target {
    const char *option; /* as typed, such as "--raster" */
    const char *path; /* NULL when not asked for */
    const char *endings; /* allowed endings separated by spaces, NULL for any */
    uint64_t size_bytes; /* rough estimate, for the space on the disk */
};

/* Checks n targets: endings, that no two are the same file, that folders exist and can be written,
 * and that the disk has room. Says what is wrong and returns the exit code. */
int target_check(const struct target *targets, int n);

/* Checks that none of n targets is a file that is read: the one of that path, or one that belongs
 * to the network or the cells in the folder of that path; path may be NULL. */
int target_check_input(const struct target *targets, int n, const char *path);

/* True when the path ends in one of the endings. */
bool target_has_ending(const char *path, const char *endings);

#endif
