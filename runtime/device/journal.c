/* Entries are named DIGEST.RANDOM.doing. The lock belongs to the open file, so it goes with the
 * process however that ends. A reader that gets the lock owns the entry and removes it; two readers
 * cannot both get it, as the second finds the name gone. */
#include "device/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "device/cache.h"

static const char ending[] = ".doing";
#define DIGITS 32

void
chx__journal_begin(chx__journal_entry *entry, const chx__cache *cache, chx__digest device,
                   const char *doing)
{
    char name[DIGITS + 1];
    *entry = (chx__journal_entry){.descriptor = -1};
    if (!cache)
        return;
    chx__digest_text(device, name);
    char *path = chx__format("%s/%s.XXXXXX%s", chx__cache_path(cache), name, ending);
    int descriptor = path ? mkostemps(path, (int)sizeof ending - 1, O_CLOEXEC) : -1;
    if (descriptor < 0) {
        free(path);
        return;
    }
    *entry = (chx__journal_entry){.path = path, .descriptor = descriptor};
    bool is_kept = flock(descriptor, LOCK_EX | LOCK_NB) == 0 &&
                   write(descriptor, doing, strlen(doing)) == (ssize_t)strlen(doing);
    if (!is_kept)
        chx__journal_end(entry);
}

void
chx__journal_end(chx__journal_entry *entry)
{
    if (!entry->path)
        return;
    unlink(entry->path);
    close(entry->descriptor);
    free(entry->path);
    *entry = (chx__journal_entry){.descriptor = -1};
}

static bool
parse_digest(const char *name, chx__digest *digest)
{
    uint64_t halves[2] = {0, 0};
    if (strspn(name, "0123456789abcdef") != DIGITS || name[DIGITS] != '.')
        return false;
    for (int i = 0; i < DIGITS; i++) {
        uint64_t digit = (uint64_t)(name[i] <= '9' ? name[i] - '0' : name[i] - 'a' + 10);
        halves[i / 16] = halves[i / 16] << 4 | digit;
    }
    *digest = (chx__digest){.high = halves[0], .low = halves[1]};
    return true;
}

/* False when its process lives. */
static bool
take_file(const char *path, char *doing, size_t capacity)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0)
        return false;
    bool is_taken = flock(descriptor, LOCK_EX | LOCK_NB) == 0 && unlink(path) == 0;
    ssize_t length = is_taken ? read(descriptor, doing, capacity - 1) : 0;
    doing[length > 0 ? length : 0] = '\0';
    close(descriptor);
    return is_taken;
}

bool
chx__journal_take(const chx__cache *cache, chx__digest *device, char *doing, size_t capacity)
{
    DIR *listing = opendir(chx__cache_path(cache));
    bool found = false;
    for (struct dirent *file; listing && !found && (file = readdir(listing));) {
        size_t length = strlen(file->d_name), n = sizeof ending - 1;
        if (length < n || strcmp(file->d_name + length - n, ending) != 0 ||
            !parse_digest(file->d_name, device))
            continue;
        char *path = chx__format("%s/%s", chx__cache_path(cache), file->d_name);
        found = path && take_file(path, doing, capacity);
        free(path);
    }
    if (listing)
        closedir(listing);
    return found;
}
