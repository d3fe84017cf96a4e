/* 128-bit digests (XXH3) of kernel sources, cache payloads and results. They detect accidents, not
 * forgers: what they guard lies in folders that only their owner can write. */
#ifndef CHX_BASE_HASH_H
#define CHX_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct chx__digest {
    uint64_t low, high;
} chx__digest;

typedef struct chx__hasher chx__hasher;

/* A digest over several pieces: create, add each, end. end releases the hasher. NULL when memory is
 * out; add and end accept NULL, and end then gives the zero digest. */
chx__hasher *chx__hasher_create(void);
void chx__hasher_add(chx__hasher *hasher, const void *data, size_t size);
/* Adds the text with its end, so that ("ab","c") differs from ("a","bc"). NULL counts as "". */
void chx__hasher_add_text(chx__hasher *hasher, const char *text);
chx__digest chx__hasher_end(chx__hasher *hasher);

/* The digest of one piece. */
chx__digest chx__hash(const void *data, size_t size);

/* The zero digest, which stands for one that memory did not suffice for, equals none. */
bool chx__digest_equal(chx__digest a, chx__digest b);

bool chx__digest_is_none(chx__digest digest);

/* 32 hexadecimal digits and a NUL. */
void chx__digest_text(chx__digest digest, char text[33]);

#endif
