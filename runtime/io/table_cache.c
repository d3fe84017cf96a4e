/* An entry is a head and the rows as they lie in memory. The head has a digest of its own, and is
 * believed only when magic, version, byte order, key and size of a row are those expected and the
 * file is exactly as long as it says; only then is memory asked for. The rows are read by several
 * threads, a share each, and believed when the digest of the shares' digests is that in the head.
 * They are read and not mapped: a file that somebody cuts short would end the process later.
 *
 * The key covers each byte of the table, whatever its time says: hashing takes little more than
 * reading from the page cache. Who stores takes the key again after reading, as the table may have
 * changed meanwhile. Entries appear whole, by a rename (base/file.c), so that processes can share
 * the folder; the last one wins, with the same content.
 *
 * Entries lie in a folder of their own below the kernel cache, which is private
 * (device/cache.c). An entry's time is that of its last use; when a new one is to come, those used
 * longest ago are removed until there is room. VERSION counts up when the head changes or what
 * rows mean. */
#include "io/table_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/crew.h"
#include "base/file.h"
#include "device/cache.h"
#include "io/number.h"

#define VERSION 1u
#define BYTE_ORDER_MARK 0x01020304u
#define LEAST_BYTES ((uint64_t)1 << 20) /* of a table that is kept */
#define MOST_MIB 1024 /* in all, unless CHRONAXIE_TABLE_CACHE_MIB says otherwise */
#define SHARE_BYTES ((uint64_t)1 << 20) /* that stay at hand between reading and hashing */
#define BUFFER_BYTES ((size_t)64 << 10)

typedef struct entry_head {
    char magic[8];
    uint32_t version;
    uint32_t byte_order;
    chx__digest key;
    uint64_t n_items;
    uint64_t item_size;
    chx__digest items; /* of the digests of their shares */
    char remark[CHX__TABLE_REMARK_BYTES];
    chx__digest head; /* of all above */
} entry_head;

_Static_assert(sizeof(entry_head) == 64 + CHX__TABLE_REMARK_BYTES + 16,
               "an entry's head has no padding");

static const char entry_magic[8] = {'C', 'H', 'X', 'T', 'A', 'B', 'L', 'E'};

/* A file's bytes, or those of an array, in shares. */
typedef struct shares {
    int descriptor;
    uint64_t offset, size_bytes;
    char *bytes; /* where they are, or are to be; NULL when they are only looked at */
    chx__digest *digests; /* zero where one could not be read */
} shares;

static uint64_t
share_size(const shares *of, uint32_t share)
{
    const uint64_t left = of->size_bytes - share * SHARE_BYTES;
    return left < SHARE_BYTES ? left : SHARE_BYTES;
}

static bool
read_at(int descriptor, uint64_t offset, char *to, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(descriptor, to + done, size - done, (off_t)(offset + done));
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Through a buffer that a processor keeps at hand. */
static void
hash_file_share(void *data, uint32_t share)
{
    const shares *of = data;
    char buffer[BUFFER_BYTES];
    uint64_t at = share * SHARE_BYTES, left = share_size(of, share);
    chx__hasher *hasher = chx__hasher_create();
    bool is_read = true;
    while (is_read && left > 0) {
        const size_t n = left < sizeof buffer ? (size_t)left : sizeof buffer;
        is_read = read_at(of->descriptor, at, buffer, n);
        if (is_read)
            chx__hasher_add(hasher, buffer, n);
        at += n;
        left -= n;
    }
    const chx__digest digest = chx__hasher_end(hasher);
    of->digests[share] = is_read ? digest : (chx__digest){0, 0};
}

static void
read_share(void *data, uint32_t share)
{
    const shares *of = data;
    char *bytes = of->bytes + share * SHARE_BYTES;
    const size_t size = (size_t)share_size(of, share);
    if (read_at(of->descriptor, of->offset + share * SHARE_BYTES, bytes, size))
        of->digests[share] = chx__hash(bytes, size);
}

static void
hash_share(void *data, uint32_t share)
{
    const shares *of = data;
    of->digests[share] = chx__hash(of->bytes + share * SHARE_BYTES, (size_t)share_size(of, share));
}

/* Has the work done for each share, and returns the digest of their digests; zero when one of them
 * is or memory is out. */
static chx__digest
digest_shares(shares *of, void (*work)(void *data, uint32_t share))
{
    const uint64_t n_shares = (of->size_bytes + SHARE_BYTES - 1) / SHARE_BYTES;
    if (n_shares > INT32_MAX)
        return (chx__digest){0, 0};
    of->digests = chx__alloc((size_t)n_shares, sizeof *of->digests);
    if (!of->digests)
        return (chx__digest){0, 0};
    chx__crew_run((uint32_t)n_shares, work, of);
    bool is_whole = true;
    for (uint64_t i = 0; i < n_shares; i++)
        is_whole = is_whole && !chx__digest_is_none(of->digests[i]);
    const chx__digest digest = chx__hash(of->digests, (size_t)n_shares * sizeof *of->digests);
    free(of->digests);
    return is_whole ? digest : (chx__digest){0, 0};
}

static uint64_t
most_bytes(void)
{
    const char *own = getenv("CHRONAXIE_TABLE_CACHE_MIB");
    int64_t mib = MOST_MIB;
    if (own && *own && !chx__number_parse_integer(own, strlen(own), 0, INT32_MAX, &mib))
        mib = MOST_MIB;
    return (uint64_t)mib << 20;
}

/* Opens a regular file and tells its size; -1 when that cannot be. */
static int
open_file(const char *path, uint64_t *size_bytes)
{
    struct stat about;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor >= 0 && (fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode))) {
        close(descriptor);
        descriptor = -1;
    }
    if (descriptor >= 0)
        *size_bytes = (uint64_t)about.st_size;
    return descriptor;
}

/* The folder of entries, made if need be; NULL without one. The caller frees it. */
static char *
entries_path(void)
{
    chx__cache *cache = NULL;
    if (chx__cache_create(NULL, &cache))
        return NULL;
    char *path = chx__format("%s/tables", chx__cache_path(cache));
    chx__cache_destroy(&cache);
    if (path && mkdir(path, 0700) != 0 && errno != EEXIST) {
        free(path);
        path = NULL;
    }
    return path;
}

/* One of the files in the folder of entries. */
typedef struct used {
    char *path;
    struct timespec time;
    uint64_t size_bytes;
} used;

typedef struct usage {
    used *files;
    size_t n, capacity;
    uint64_t size_bytes;
} usage;

static void
note_file(usage *of, char *path)
{
    struct stat about;
    if (path && lstat(path, &about) == 0 && S_ISREG(about.st_mode) &&
        chx__grow(&of->files, &of->capacity, of->n + 1, sizeof *of->files)) {
        of->files[of->n++] = (used){path, about.st_mtim, (uint64_t)about.st_size};
        of->size_bytes += (uint64_t)about.st_size;
    } else {
        free(path);
    }
}

static int
compare_times(const void *left, const void *right)
{
    const struct timespec *a = &((const used *)left)->time, *b = &((const used *)right)->time;
    if (a->tv_sec != b->tv_sec)
        return a->tv_sec < b->tv_sec ? -1 : 1;
    return (a->tv_nsec > b->tv_nsec) - (a->tv_nsec < b->tv_nsec);
}

/* Removes what was used longest ago until the folder has at most so many bytes; what a killed
 * process left is a file as any other. */
static void
make_room(const char *folder, uint64_t most)
{
    usage of = {0};
    DIR *listing = opendir(folder);
    if (!listing)
        return;
    for (const struct dirent *entry; (entry = readdir(listing));)
        note_file(&of, chx__format("%s/%s", folder, entry->d_name));
    closedir(listing);
    if (of.n > 1)
        qsort(of.files, of.n, sizeof *of.files, compare_times);
    for (size_t i = 0; i < of.n; i++) {
        if (of.size_bytes > most && unlink(of.files[i].path) == 0)
            of.size_bytes -= of.files[i].size_bytes;
        free(of.files[i].path);
    }
    free(of.files);
}

chx__digest
chx__table_cache_key(const char *path, chx__digest context)
{
    shares of = {0};
    chx__digest key = {0, 0};
    of.descriptor = open_file(path, &of.size_bytes);
    if (of.descriptor < 0)
        return key;
    const bool is_kept =
        of.size_bytes >= LEAST_BYTES && !chx__digest_is_none(context) && most_bytes() > 0;
    const chx__digest content = is_kept ? digest_shares(&of, hash_file_share) : key;
    if (!chx__digest_is_none(content)) {
        chx__hasher *hasher = chx__hasher_create();
        chx__hasher_add(hasher, &of.size_bytes, sizeof of.size_bytes);
        chx__hasher_add(hasher, &content, sizeof content);
        chx__hasher_add(hasher, &context, sizeof context);
        key = chx__hasher_end(hasher);
    } else if (of.size_bytes >= LEAST_BYTES && most_bytes() == 0) {
        char *folder = entries_path();
        if (folder)
            make_room(folder, 0);
        free(folder);
    }
    close(of.descriptor);
    return key;
}

static char *
entry_path(const char *folder, chx__digest key)
{
    char name[33];
    chx__digest_text(key, name);
    return chx__format("%s/%s.rows", folder, name);
}

static chx__digest
digest_head(const entry_head *head)
{
    return chx__hash(head, offsetof(entry_head, head));
}

static bool
is_sound(const entry_head *head, chx__digest key, uint64_t item_size, uint64_t size_bytes)
{
    return memcmp(head->magic, entry_magic, sizeof entry_magic) == 0 && head->version == VERSION &&
           head->byte_order == BYTE_ORDER_MARK && chx__digest_equal(head->key, key) &&
           chx__digest_equal(head->head, digest_head(head)) && head->item_size == item_size &&
           memchr(head->remark, '\0', sizeof head->remark) && head->n_items > 0 &&
           head->n_items <= (SIZE_MAX >> 1) / item_size &&
           size_bytes == sizeof *head + head->n_items * item_size;
}

/* Memory whose pages are few, if the system has large ones. */
static void *
alloc_large(size_t size)
{
    char *memory = chx__alloc_bare(size, 1);
#ifdef MADV_HUGEPAGE
    const size_t page = 4096;
    if (memory && size > 64 * page) {
        char *first = (char *)(((uintptr_t)memory + page - 1) / page * page);
        madvise(first, (size - (size_t)(first - memory)) / page * page, MADV_HUGEPAGE);
    }
#endif
    return memory;
}

static bool
read_items(int descriptor, const entry_head *head, void **items)
{
    shares of = {.descriptor = descriptor,
                 .offset = sizeof *head,
                 .size_bytes = head->n_items * head->item_size};
    of.bytes = alloc_large((size_t)of.size_bytes);
    if (!of.bytes || !chx__digest_equal(digest_shares(&of, read_share), head->items)) {
        free(of.bytes);
        return false;
    }
    *items = of.bytes;
    return true;
}

static bool
read_entry(int descriptor, uint64_t size_bytes, chx__digest key, chx__table_rows *rows)
{
    entry_head head;
    void *items;
    if (!read_at(descriptor, 0, (char *)&head, sizeof head) ||
        !is_sound(&head, key, rows->item_size, size_bytes) ||
        !read_items(descriptor, &head, &items))
        return false;
    rows->items = items;
    rows->n_items = head.n_items;
    memcpy(rows->remark, head.remark, sizeof rows->remark);
    return true;
}

bool
chx__table_cache_find(chx__digest key, chx__table_rows *rows)
{
    char *folder = chx__digest_is_none(key) ? NULL : entries_path();
    char *path = folder ? entry_path(folder, key) : NULL;
    uint64_t size_bytes = 0;
    const int descriptor = path ? open_file(path, &size_bytes) : -1;
    bool found = false;
    if (descriptor >= 0) {
        found = read_entry(descriptor, size_bytes, key, rows);
        if (found)
            futimens(descriptor, NULL);
        close(descriptor);
    }
    free(path);
    free(folder);
    return found;
}

static void
write_entry(const char *path, const entry_head *head, const void *items)
{
    chx__output output;
    if (chx__output_begin(&output, path))
        return;
    fwrite(head, sizeof *head, 1, output.stream);
    fwrite(items, (size_t)head->item_size, (size_t)head->n_items, output.stream);
    chx__output_commit(&output);
}

void
chx__table_cache_store(chx__digest key, const chx__table_rows *rows)
{
    const uint64_t most = most_bytes(), size_bytes = rows->n_items * rows->item_size;
    if (chx__digest_is_none(key) || rows->n_items == 0 || size_bytes + sizeof(entry_head) > most)
        return;
    char *folder = entries_path();
    char *path = folder ? entry_path(folder, key) : NULL;
    shares of = {.bytes = rows->items, .size_bytes = size_bytes};
    entry_head head = {.version = VERSION,
                       .byte_order = BYTE_ORDER_MARK,
                       .key = key,
                       .n_items = rows->n_items,
                       .item_size = rows->item_size};
    memcpy(head.magic, entry_magic, sizeof entry_magic);
    memcpy(head.remark, rows->remark, sizeof head.remark);
    if (path && access(folder, W_OK) == 0) {
        head.items = digest_shares(&of, hash_share);
        head.head = digest_head(&head);
        make_room(folder, most - size_bytes - sizeof head);
        if (!chx__digest_is_none(head.items))
            write_entry(path, &head, rows->items);
    }
    free(path);
    free(folder);
}
