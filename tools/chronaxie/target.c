/* Outputs are checked before minutes of work are spent on them: ending, folder, permission, space,
 * and that no option names the file of another or one that is read, however they write it and
 * wherever in a folder it lies. It is a courtesy and no guarantee, the write itself is still
 * checked. */
#include "target.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <jansson.h>

#include "outcome.h"

static const char *
name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool
target_has_ending(const char *path, const char *endings)
{
    size_t length = strlen(path);
    const char *name = name_of(path);

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
    same = folder_a && folder_b && strcmp(name_of(a), name_of(b)) == 0 &&
           stat(folder_a, &info_a) == 0 && stat(folder_b, &info_b) == 0 &&
           info_a.st_dev == info_b.st_dev && info_a.st_ino == info_b.st_ino;
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

/* What follows "FOLDER/" in the path, however both are written; NULL for what lies elsewhere. The
 * path itself may be a link; only its folder is resolved. */
static const char *
find_rest(const char *folder, const char *path, char whole[PATH_MAX + NAME_MAX + 2])
{
    const char *name = name_of(path);
    char *above = folder_of(path), root[PATH_MAX];
    bool is_known =
        above && realpath(above, whole) && realpath(folder, root) && strlen(name) <= NAME_MAX;
    size_t length = is_known ? strlen(root) : 0;

    free(above);
    if (!is_known || strncmp(whole, root, length) != 0)
        return NULL;
    strcat(strcat(whole, "/"), name);
    return whole[length] == '/' ? whole + length + 1 : NULL;
}

/* Whether network.json names the file as a table of spikes. */
static bool
has_stimulus(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat info;
    json_t *description = NULL, *stimulus;
    bool found = false;
    size_t i;

    if (snprintf(path, sizeof path, "%s/network.json", folder) < (int)sizeof path &&
        stat(path, &info) == 0 && S_ISREG(info.st_mode))
        description = json_load_file(path, 0, NULL);
    json_array_foreach(json_object_get(description, "stimuli"), i, stimulus)
    {
        const char *table = json_string_value(json_object_get(stimulus, "times_ms"));
        found = found || (table && strcmp(table, name) == 0);
    }
    json_decref(description);
    return found;
}

/* Whether the path is that of a file which is part of the network folder or of the cells in a
 * folder. False for a word that is no folder. */
static bool
is_part(const char *folder, const char *path)
{
    static const char *const parts[] = {"network.json", "neurons.csv", "synapses.csv",
                                        "gaps.csv",     "graded.csv",  "parameters.csv",
                                        "initial.csv"};
    char whole[PATH_MAX + NAME_MAX + 2];
    const char *rest = find_rest(folder, path, whole);

    if (!rest)
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(rest, parts[i]) == 0)
            return true;
    return target_has_ending(rest, ".swc .swc.gz .cl") || has_stimulus(folder, rest);
}

int
target_check_input(const struct target *targets, int n, const char *path)
{
    for (int i = 0; path && i < n; i++)
        if (targets[i].path &&
            (is_same_file(targets[i].path, path) || is_part(path, targets[i].path)))
            return outcome_say(OUTCOME_USAGE,
                               "%s would write over %s, which is read; name another file",
                               targets[i].option, targets[i].path);
    return OUTCOME_OK;
}
