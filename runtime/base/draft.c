/* Folders out whole. A draft has a temporary name beside its target and is renamed to it; renaming
 * a folder succeeds over none or an empty one only, so nothing is ever overwritten.
 *
 * A process that is killed leaves its draft behind, so each draft is locked (flock) by an open
 * descriptor for as long as it is being filled: the lock goes with the process, whatever ends it.
 * Who begins a draft removes those beside it that have a draft's name, are folders of the same
 * user, and whose lock it gets. A draft may be taken for such a one between its making and its
 * locking; the maker then finds it locked or gone, and makes another. Where a file system has no
 * locks, drafts are not locked and none is removed. */
#include "base/draft.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"

#define MAX_OPEN_FOLDERS 8
#define MOST_ATTEMPTS 16

static chx_status
fail_folder(const char *folder)
{
    if (errno == ENOTEMPTY || errno == EEXIST)
        return chx__fail(CHX_ERROR_FILE,
                         "%s: is not empty; name a folder that is not there yet, or empty this one",
                         folder);
    if (errno == ENOTDIR)
        return chx__fail(CHX_ERROR_FILE, "%s: is a file; name a folder that is not there yet",
                         folder);
    if (errno == EBUSY)
        return chx__fail(CHX_ERROR_FILE, "%s: is in use; name a folder that is not there yet",
                         folder);
    return chx__fail(CHX_ERROR_FILE, "%s: cannot create: %s", folder, strerror(errno));
}

static int
remove_entry(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

static void
remove_folder(const char *path)
{
    nftw(path, remove_entry, MAX_OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

static bool
has_drafts_name(const char *name)
{
    const size_t length = strlen(CHX__TEMPORARY_NAME), n_random = 6;
    return strlen(name) == length && strncmp(name, CHX__TEMPORARY_NAME, length - n_random) == 0 &&
           strspn(name + length - n_random, "0123456789abcdefghijklmnopqrstuvwxyz"
                                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == n_random;
}

/* Removes a draft whose owner is dead. */
static void
remove_dead(const char *path)
{
    struct stat about;
    int lock = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (lock < 0)
        return;
    if (fstat(lock, &about) == 0 && about.st_uid == geteuid() &&
        flock(lock, LOCK_EX | LOCK_NB) == 0)
        remove_folder(path);
    close(lock);
}

static void
remove_all_dead(const char *target)
{
    char *beside = chx__file_beside(target, ".");
    DIR *entries = beside ? opendir(beside) : NULL;
    const struct dirent *entry;
    while (entries && (entry = readdir(entries))) {
        char *path =
            has_drafts_name(entry->d_name) ? chx__file_beside(target, entry->d_name) : NULL;
        if (path)
            remove_dead(path);
        free(path);
    }
    if (entries)
        closedir(entries);
    free(beside);
}

/* Whether the folder is still there, and locked by us where that can be. */
static bool
lock_folder(chx__draft *draft)
{
    draft->lock = open(draft->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (draft->lock < 0)
        return false;
    bool is_taken = flock(draft->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    struct stat named, locked;
    return !is_taken && stat(draft->folder, &named) == 0 && fstat(draft->lock, &locked) == 0 &&
           named.st_dev == locked.st_dev && named.st_ino == locked.st_ino;
}

static void
finish(chx__draft *draft)
{
    if (draft->lock >= 0)
        close(draft->lock);
    free(draft->target);
    free(draft->folder);
    *draft = (chx__draft){.lock = -1};
}

/* mkdtemp makes folders that only the owner can enter; results are meant to be shared. */
static chx_status
make_folder(chx__draft *draft)
{
    mode_t mask = umask(0);
    umask(mask);
    for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
        free(draft->folder);
        draft->folder = chx__file_beside(draft->target, CHX__TEMPORARY_NAME);
        if (!draft->folder)
            return chx__fail_memory("making a folder");
        if (!mkdtemp(draft->folder))
            return fail_folder(draft->target);
        if (lock_folder(draft))
            return chmod(draft->folder, 0777 & ~mask) == 0 ? CHX_OK : fail_folder(draft->target);
        if (draft->lock >= 0)
            close(draft->lock);
        draft->lock = -1;
    }
    return chx__fail(CHX_ERROR_FILE, "%s: folders beside it vanish while they are made; try again",
                     draft->target);
}

chx_status
chx__draft_begin(chx__draft *draft, const char *target)
{
    *draft = (chx__draft){.lock = -1};
    chx__draft made = {.target = chx__strdup(target), .lock = -1};
    if (!made.target)
        return chx__fail_memory("making a folder");
    remove_all_dead(target);
    chx_status status = make_folder(&made);
    if (status)
        finish(&made);
    else
        *draft = made;
    return status;
}

chx_status
chx__draft_commit(chx__draft *draft)
{
    chx_status status = CHX_OK;
    if (rename(draft->folder, draft->target) != 0) {
        status = fail_folder(draft->target);
        remove_folder(draft->folder);
    }
    finish(draft);
    return status;
}

void
chx__draft_discard(chx__draft *draft)
{
    if (!draft->folder)
        return;
    remove_folder(draft->folder);
    finish(draft);
}
