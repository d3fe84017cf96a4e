/* What is read here is handed to a driver as native code, so the folder must belong to us and be
 * closed to writers, every new folder is private, and an entry is believed only when magic,
 * version, key, length and the payload's own digest agree. All else is the same as no entry. That
 * also covers a process that was killed while writing, and two that write at once: entries are made
 * under another name and renamed, and the last one wins, with the same content.
 *
 * No locks: nothing is kept in memory but the path, and whether it was told that nothing can be
 * written, as in a folder that is read-only or on a full disk. ENTRY_VERSION counts up when the
 * head changes; what a payload means is part of its key. */
#include "device/cache.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"

#define MAX_ENTRY_BYTES ((size_t)256 << 20)

/* What stands before the payload. A change of it, or of what any key covers, counts the version
 * up. */
typedef struct entry_head {
    char magic[8];
    uint32_t version;
    uint32_t reserved;
    chx__digest key;
    chx__digest payload;
    uint64_t size_bytes;
} entry_head;

_Static_assert(sizeof(entry_head) == 56, "an entry's head has no padding");

static const char entry_magic[8] = {'C', 'H', 'X', 'C', 'A', 'C', 'H', 'E'};
#define ENTRY_VERSION 1u

struct chx__cache {
    char *path;
    bool is_read_only;
    atomic_bool has_told;
    chx__logger logger;
};

static char *
default_path(void)
{
    const char *own = getenv("CHRONAXIE_CACHE_DIR");
    if (own && *own)
        return chx__strdup(own);
    const char *xdg = getenv("XDG_CACHE_HOME");
    if (xdg && *xdg == '/')
        return chx__format("%s/chronaxie", xdg);
    const char *home = getenv("HOME");
    return home && *home ? chx__format("%s/.cache/chronaxie", home) : NULL;
}

/* mkdir -p, every new folder private. */
static bool
make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made)
            return false;
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* Entries are native code, and so are the shared objects PoCL keeps below: whoever can write here
 * can run code in our name. */
static chx_status
check_folder(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return chx__fail(CHX_ERROR_FILE, "%s: cannot use this cache folder: %s", path,
                         strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return chx__fail(CHX_ERROR_FILE, "%s: not a folder, so it cannot hold the cache", path);
    if (info.st_uid != geteuid())
        return chx__fail(
            CHX_ERROR_FILE,
            "%s: belongs to another user; set CHRONAXIE_CACHE_DIR to a folder of yours", path);
    if (info.st_mode & (S_IWGRP | S_IWOTH))
        return chx__fail(CHX_ERROR_FILE,
                         "%s: others may write to this cache folder; run: chmod 700 '%s'", path,
                         path);
    if (access(path, R_OK | X_OK) != 0)
        return chx__fail(CHX_ERROR_FILE, "%s: this cache folder cannot be read", path);
    return CHX_OK;
}

static chx_status
open_folder(char *path, char **absolute)
{
    if (!make_folders(path))
        return chx__fail(CHX_ERROR_FILE, "%s: cannot make this cache folder: %s", path,
                         strerror(errno));
    chx_status status = check_folder(path);
    if (status)
        return status;
    *absolute = realpath(path, NULL);
    return *absolute ? CHX_OK : chx__fail_memory("opening the cache");
}

chx_status
chx__cache_create(const char *path, chx__cache **cache)
{
    char *wanted = path ? chx__strdup(path) : default_path();
    if (!wanted || !*wanted) {
        free(wanted);
        return chx__fail(CHX_ERROR_FILE, "there is no folder for the cache: neither "
                                         "CHRONAXIE_CACHE_DIR nor HOME is set");
    }
    char *absolute = NULL;
    chx_status status = open_folder(wanted, &absolute);
    free(wanted);
    if (status)
        return status;
    chx__cache *made = chx__alloc(1, sizeof *made);
    if (!made) {
        free(absolute);
        return chx__fail_memory("opening the cache");
    }
    made->path = absolute;
    made->is_read_only = access(absolute, W_OK) != 0;
    *cache = made;
    return CHX_OK;
}

void
chx__cache_destroy(chx__cache **cache)
{
    if (!*cache)
        return;
    free((*cache)->path);
    free(*cache);
    *cache = NULL;
}

static void
tell(chx__cache *cache, const char *why)
{
    if (!atomic_exchange(&cache->has_told, true))
        chx__log(&cache->logger, CHX_LOG_WARNING,
                 "%s: compiled kernels are not kept, as this folder cannot be written: %s",
                 cache->path, why);
}

void
chx__cache_log_to(chx__cache *cache, const chx__logger *logger)
{
    cache->logger = *logger;
    if (cache->is_read_only)
        tell(cache, "it is read-only");
}

const char *
chx__cache_path(const chx__cache *cache)
{
    return cache->path;
}

static char *
entry_path(const chx__cache *cache, chx__digest key)
{
    char name[33];
    chx__digest_text(key, name);
    return chx__format("%s/%s.bin", cache->path, name);
}

static bool
is_sound(const entry_head *head, chx__digest key, const void *payload, size_t size_bytes)
{
    return memcmp(head->magic, entry_magic, sizeof entry_magic) == 0 &&
           head->version == ENTRY_VERSION && chx__digest_equal(head->key, key) &&
           head->size_bytes == size_bytes &&
           chx__digest_equal(head->payload, chx__hash(payload, size_bytes));
}

bool
chx__cache_find(chx__cache *cache, chx__digest key, void **data, size_t *size_bytes)
{
    char *path = cache ? entry_path(cache, key) : NULL;
    if (!path)
        return false;
    char *bytes = NULL;
    size_t size = 0;
    bool found = false;
    if (access(path, R_OK) == 0 && chx__file_read(path, MAX_ENTRY_BYTES, &bytes, &size) == CHX_OK) {
        entry_head head = {0};
        if (size >= sizeof head) {
            memcpy(&head, bytes, sizeof head);
            size -= sizeof head;
            found = is_sound(&head, key, bytes + sizeof head, size);
        }
    }
    if (found) {
        memmove(bytes, bytes + sizeof(entry_head), size + 1);
        *data = bytes;
        *size_bytes = size;
    } else {
        free(bytes);
    }
    free(path);
    return found;
}

static chx_status
write_entry(const char *path, const entry_head *head, const void *data)
{
    chx__output output;
    chx_status status = chx__output_begin(&output, path);
    if (status)
        return status;
    fwrite(head, sizeof *head, 1, output.stream);
    fwrite(data, 1, head->size_bytes, output.stream);
    return chx__output_commit(&output);
}

void
chx__cache_store(chx__cache *cache, chx__digest key, const void *data, size_t size_bytes)
{
    if (!cache || cache->is_read_only || size_bytes > MAX_ENTRY_BYTES - sizeof(entry_head))
        return;
    char *path = entry_path(cache, key);
    entry_head head = {.version = ENTRY_VERSION,
                       .key = key,
                       .payload = chx__hash(data, size_bytes),
                       .size_bytes = size_bytes};
    memcpy(head.magic, entry_magic, sizeof entry_magic);
    if (path && write_entry(path, &head, data))
        tell(cache, chx_last_error()->message);
    free(path);
}
