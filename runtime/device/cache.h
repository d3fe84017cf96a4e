/* The kernel cache: verified blobs in a private folder.
 *
 * An entry is a file named by its key's digest, with format version, key, length and payload digest
 * in its head; one that is damaged, truncated or of another key is ignored and replaced. Written to
 * a temporary name and renamed, so that several processes can share the folder. */
#ifndef CHX_DEVICE_CACHE_H
#define CHX_DEVICE_CACHE_H

#include "base/hash.h"
#include "base/log.h"

typedef struct chx__cache chx__cache;

/* Opens or makes the folder (mode 0700). NULL path means the default, as documented for
 * chx_runtime_params. Errors: FILE when it cannot be made or others may write to it. One that is
 * read-only is read. */
chx_status chx__cache_create(const char *path, chx__cache **cache);
void chx__cache_destroy(chx__cache **cache);

/* Tells, once, that entries cannot be written: now for a folder that is read-only, or when it
 * happens. */
void chx__cache_log_to(chx__cache *cache, const chx__logger *logger);

const char *chx__cache_path(const chx__cache *cache);

/* Finds a payload; the caller frees *data. False when there is no sound entry. Accepts a NULL
 * cache. */
bool chx__cache_find(chx__cache *cache, chx__digest key, void **data, size_t *size_bytes);

/* Stores a payload; failure is not an error for the caller, only a lost entry. Accepts NULL. */
void chx__cache_store(chx__cache *cache, chx__digest key, const void *data, size_t size_bytes);

#endif
