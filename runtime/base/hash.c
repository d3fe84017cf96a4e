/* XXH3, 128 bits: fast, and wide enough that equal digests are taken for equal content. It is no
 * cryptography; who may write to the cache's folder is the cache's business. Texts are added with
 * their NUL, so that "ab", "c" differs from "a", "bc". Digests are kept in files, so what is hashed
 * and in which order must not change without a version that does.
 *
 * Out of memory a hasher is NULL, takes everything and ends in a digest of zeroes: callers need
 * not check each step, but whoever relies on a digest for more than a hint must know zero for
 * none. */
#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/alloc.h"

struct chx__hasher {
    XXH3_state_t *state;
};

chx__hasher *
chx__hasher_create(void)
{
    chx__hasher *hasher = chx__alloc(1, sizeof *hasher);
    if (!hasher)
        return NULL;
    hasher->state = XXH3_createState();
    if (!hasher->state) {
        free(hasher);
        return NULL;
    }
    XXH3_128bits_reset(hasher->state);
    return hasher;
}

void
chx__hasher_add(chx__hasher *hasher, const void *data, size_t size)
{
    if (hasher && size > 0)
        XXH3_128bits_update(hasher->state, data, size);
}

void
chx__hasher_add_text(chx__hasher *hasher, const char *text)
{
    const char *bytes = text ? text : "";
    chx__hasher_add(hasher, bytes, strlen(bytes) + 1);
}

static chx__digest
digest_of(XXH128_hash_t hash)
{
    return (chx__digest){.low = hash.low64, .high = hash.high64};
}

chx__digest
chx__hasher_end(chx__hasher *hasher)
{
    if (!hasher)
        return (chx__digest){0, 0};
    chx__digest digest = digest_of(XXH3_128bits_digest(hasher->state));
    XXH3_freeState(hasher->state);
    free(hasher);
    return digest;
}

chx__digest
chx__hash(const void *data, size_t size)
{
    return digest_of(XXH3_128bits(data, size));
}

bool
chx__digest_is_none(chx__digest digest)
{
    return (digest.low | digest.high) == 0;
}

bool
chx__digest_equal(chx__digest a, chx__digest b)
{
    return !chx__digest_is_none(a) && a.low == b.low && a.high == b.high;
}

void
chx__digest_text(chx__digest digest, char text[33])
{
    snprintf(text, 33, "%016" PRIx64 "%016" PRIx64, digest.high, digest.low);
}
