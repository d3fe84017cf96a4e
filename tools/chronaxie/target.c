/* Outputs are checked before minutes of work are spent on them: ending, folder, permission, space,
 * and that no option names the file of another or one that is read, however they write it. It is a
 * courtesy and no guarantee, the write itself is still checked. */
#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "outcome.h"
#include "source.h"

bool
target_has_ending(const char *path, const char *endings)
{
    size_t length = strlen(path);
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

    while (*endings) {
        size_t n = strcspn(endings, " ");
        if (strlen(name) > n && strncasecmp(path + length - n, endings, n) == 0)
            return true;
        endings += n + (endings[n] == ' ');
    }
    return false;
}

static char *
folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* Whether two paths name one file: by the same words, or by the same name in the same folder, or
 * because what is there is the same. */
static bool
is_same_file(const char *a, const char *b)
{
    const char *name_a = strrchr(a, '/') ? strrchr(a, '/') + 1 : a;
    const char *name_b = strrchr(b, '/') ? strrchr(b, '/') + 1 : b;
    struct stat info_a, info_b;
    char *folder_a, *folder_b;
    bool same;

    if (strcmp(a, b) == 0)
        return true;
    if (stat(a, &info_a) == 0 && stat(b, &info_b) == 0)
        return S_ISREG(info_a.st_mode) && info_a.st_dev == info_b.st_dev &&
               info_a.st_ino == info_b.st_ino;
    folder_a = folder_of(a);
    folder_b = folder_of(b);
    same = folder_a && folder_b && strcmp(name_a, name_b) == 0 && stat(folder_a, &info_a) == 0 &&
           stat(folder_b, &info_b) == 0 && info_a.st_dev == info_b.st_dev &&
           info_a.st_ino == info_b.st_ino;
    free(folder_a);
    free(folder_b);
    return same;
}

static int
check_folder(const struct target *target, const char *folder)
{
    struct statvfs disk;
    struct stat info;

    if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode))
        return outcome_say(OUTCOME_OUTPUT, "%s: there is no folder '%s'; make it first",
                           target->path, folder);
    if (access(folder, W_OK | X_OK) != 0)
        return outcome_say(OUTCOME_OUTPUT, "%s: folder '%s': %s", target->path, folder,
                           strerror(errno));
    if (stat(target->path, &info) == 0 && S_ISDIR(info.st_mode))
        return outcome_say(OUTCOME_OUTPUT, "%s: is a folder; name a file in it", target->path);
    if (stat(target->path, &info) != 0 && errno != ENOENT)
        return outcome_say(OUTCOME_OUTPUT, "%s: cannot create: %s", target->path, strerror(errno));
    if (statvfs(folder, &disk) == 0 && disk.f_blocks > 0 &&
        (uint64_t)disk.f_bavail * disk.f_frsize < target->size_bytes)
        return outcome_say(OUTCOME_OUTPUT,
                           "%s: about %.0f MB are needed and %.0f MB are free on its disk",
                           target->path, (double)target->size_bytes * 1e-6,
                           (double)disk.f_bavail * (double)disk.f_frsize * 1e-6);
    return OUTCOME_OK;
}

static int
check_one(const struct target *target)
{
    char *folder;
    int code;

    if (target->endings && !target_has_ending(target->path, target->endings))
        return outcome_say(OUTCOME_USAGE, "%s: %s writes files that end in one of: %s",
                           target->path, target->option, target->endings);
    folder = folder_of(target->path);
    if (!folder)
        return outcome_say(OUTCOME_MEMORY, "memory ran out while checking %s", target->path);
    code = check_folder(target, folder);
    free(folder);
    return code;
}

int
target_check(const struct target *targets, int n)
{
    int code = OUTCOME_OK;

    for (int i = 0; i < n && code == OUTCOME_OK; i++) {
        if (!targets[i].path)
            continue;
        for (int j = 0; j < i; j++) {
            if (targets[j].path && is_same_file(targets[i].path, targets[j].path))
                return outcome_say(OUTCOME_USAGE, "%s and %s would both write %s",
                                   targets[j].option, targets[i].option, targets[i].path);
        }
        code = check_one(&targets[i]);
    }
    return code;
}

int
target_check_input(const struct target *targets, int n, const char *path)
{
    for (int i = 0; path && i < n; i++)
        if (targets[i].path &&
            (is_same_file(targets[i].path, path) || source_reads(path, targets[i].path)))
            return outcome_say(OUTCOME_USAGE,
                               "%s would write over %s, which is read; name another file",
                               targets[i].option, targets[i].path);
    return OUTCOME_OK;
}
