/* PoCL loads bitcode and shared objects from its own cache without looking at them, so it gets a
 * folder inside ours, which nobody else can write to. It also ends the process when one is cut
 * short, as by a power cut, and LLVM does when the disk is full. So before PoCL starts:
 *
 * - Files that do not reach to the end that their own heads tell are removed. That takes a few
 *   bytes of each: bitcode is a row of blocks with their lengths, and the section table of a shared
 *   object is the last of it.
 * - When the journal says that a process died at such work, the whole folder is removed, as damage
 *   within a file does not show.
 * - When the disk has no room, or the folder is read-only, PoCL gets a folder of ours below the one
 *   for temporary files.
 *
 * Nothing is removed while another process uses the folder: users hold a lock on pocl.lock, shared,
 * and who cleans holds it alone. PoCL reads its variable once per process, so the first runtime's
 * folder counts for all of them; is_used says whether it is ours. */
#include "device/driver_cache.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "device/cache.h"
#include "device/journal.h"

#define ROOM_BYTES ((uint64_t)32 << 20) /* a program of PoCL takes up to 2 MB */

static bool
read_at(int descriptor, uint64_t offset, void *to, size_t size)
{
    return pread(descriptor, to, size, (off_t)offset) == (ssize_t)size;
}

/* Bitcode is 'BC' C0 DE and blocks: a word for its kind, one for its length in words. */
static bool
is_whole_bitcode(int descriptor, uint64_t size)
{
    uint32_t block[2];
    uint64_t at = 4;
    if (!read_at(descriptor, 0, block, 4) || block[0] != 0xdec04342u || size == at)
        return false;
    while (at < size && read_at(descriptor, at, block, sizeof block))
        at += sizeof block + 4 * (uint64_t)block[1];
    return at == size;
}

/* Objects of this process's own kind, which its drivers write. */
static bool
is_whole_object(int descriptor, uint64_t size)
{
    ElfW(Ehdr) head;
    if (!read_at(descriptor, 0, &head, sizeof head) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
        return false;
    return head.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
           head.e_shoff + (uint64_t)head.e_shnum * head.e_shentsize <= size;
}

static bool
is_whole(const char *path, uint64_t size)
{
    const char *end = strrchr(path, '.');
    bool is_bitcode = end && strcmp(end, ".bc") == 0, is_object = end && strcmp(end, ".so") == 0;
    if (!is_bitcode && !is_object)
        return true;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    bool whole =
        is_bitcode ? is_whole_bitcode(descriptor, size) : is_whole_object(descriptor, size);
    close(descriptor);
    return whole;
}

static _Thread_local unsigned n_healed; /* nftw() carries no data */

static int
heal_file(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)place;
    if (kind == FTW_F && !is_whole(path, (uint64_t)info->st_size))
        n_healed += unlink(path) == 0;
    return 0;
}

unsigned
chx__driver_cache_heal(const char *path)
{
    n_healed = 0;
    nftw(path, heal_file, 16, FTW_PHYS);
    return n_healed;
}

static int
remove_file(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    remove(path);
    return 0;
}

chx__digest
chx__driver_cache_suspicion(chx__digest device)
{
    chx__hasher *hasher = chx__hasher_create();
    chx__hasher_add_text(hasher, "a process died");
    chx__hasher_add(hasher, &device, sizeof device);
    return chx__hasher_end(hasher);
}

/* Whoever runs this is alone with the folder. */
static void
clean(const chx__cache *cache, const char *path, const chx__logger *logger)
{
    char doing[512];
    chx__digest device;
    bool has_died = false;
    while (chx__journal_take(cache, &device, doing, sizeof doing)) {
        has_died = true;
        chx__cache_store((chx__cache *)cache, chx__driver_cache_suspicion(device), "\1", 1);
        chx__log(logger, CHX_LOG_WARNING,
                 "an earlier process ended while %s; PoCL's kept kernels are dropped", doing);
    }
    if (has_died)
        nftw(path, remove_file, 16, FTW_DEPTH | FTW_PHYS);
    unsigned n = has_died ? 0 : chx__driver_cache_heal(path);
    if (n > 0)
        chx__log(logger, CHX_LOG_WARNING, "%s: %u damaged files of PoCL are removed and made anew",
                 path, n);
}

static bool
has_room(const char *path)
{
    struct statvfs disk;
    return access(path, W_OK) == 0 &&
           (statvfs(path, &disk) != 0 || (uint64_t)disk.f_bavail * disk.f_frsize >= ROOM_BYTES);
}

/* A folder of ours on another disk, NULL when there is none with room. */
static char *
find_other(void)
{
    const char *parent = getenv("TMPDIR");
    parent = parent && *parent == '/' ? parent : "/tmp";
    char *path = chx__format("%s/chronaxie-%lu-pocl", parent, (unsigned long)geteuid());
    struct stat info;
    bool is_ours = path && (mkdir(path, 0700) == 0 || errno == EEXIST) && lstat(path, &info) == 0 &&
                   S_ISDIR(info.st_mode) && info.st_uid == geteuid() && (info.st_mode & 0077) == 0;
    if (is_ours && has_room(path))
        return path;
    free(path);
    return NULL;
}

static char *
choose_folder(const chx__cache *cache, const chx__logger *logger)
{
    char *path = chx__format("%s/pocl", chx__cache_path(cache));
    if (!path || has_room(chx__cache_path(cache)))
        return path;
    char *other = find_other();
    chx__log(logger, CHX_LOG_WARNING, "%s: there is no room for the kernels of PoCL%s%s", path,
             other ? "; they go to " : ", for which it may end the process", other ? other : "");
    if (!other)
        return path;
    free(path);
    return other;
}

/* Cleans if nobody else is there, then stays as a user. */
static void
enter(chx__driver_cache *made, const chx__cache *cache, const char *path, const chx__logger *logger)
{
    char *name = chx__format("%s.lock", path);
    made->lock = name ? open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (made->lock >= 0 && flock(made->lock, LOCK_EX | LOCK_NB) == 0)
        clean(cache, path, logger);
    /* This waits for who cleans just now: without a share of the lock, the next one to clean would
     * take what PoCL is writing here for damaged. */
    while (made->lock >= 0 && flock(made->lock, LOCK_SH) != 0 && errno == EINTR)
        continue;
    free(name);
}

/* PoCL cannot build at all once the folder is gone that it was given. */
static chx_status
keep_folder(const char *path, const chx__logger *logger)
{
    chx__cache *folder = NULL;
    chx_status status = access(path, F_OK) == 0 ? CHX_OK : chx__cache_create(path, &folder);
    chx__cache_destroy(&folder);
    chx__log(logger, CHX_LOG_INFO, "PoCL keeps its kernels in %s", path);
    return status;
}

chx_status
chx__driver_cache_open(chx__driver_cache *made, const chx__cache *cache, const chx__logger *logger)
{
    *made = (chx__driver_cache){.lock = -1};
    char *path = choose_folder(cache, logger);
    const char *present = getenv("POCL_CACHE_DIR");
    if (!path)
        return chx__fail_memory("opening the cache");
    chx_status status = CHX_OK;
    made->is_used = !present || strcmp(present, path) == 0;
    if (!made->is_used)
        status = keep_folder(present, logger);
    if (made->is_used)
        enter(made, cache, path, logger);
    if (made->is_used && mkdir(path, 0700) != 0 && errno != EEXIST)
        status =
            chx__fail(CHX_ERROR_FILE, "%s: cannot make this folder: %s", path, strerror(errno));
    else if (!present && setenv("POCL_CACHE_DIR", path, 0) != 0)
        status = chx__fail_memory("opening the cache");
    free(path);
    return status;
}

void
chx__driver_cache_close(chx__driver_cache *cache)
{
    if (cache->is_used && cache->lock >= 0)
        close(cache->lock);
    *cache = (chx__driver_cache){.lock = -1};
}
