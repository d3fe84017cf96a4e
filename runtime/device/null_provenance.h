/* The provenance of bytes that nobody keeps: which ranges hold what was written by what. Copies
 * carry it on, also through the host, whose memory gets a mark in place of the bytes. */
#ifndef CHX_DEVICE_NULL_PROVENANCE_H
#define CHX_DEVICE_NULL_PROVENANCE_H

#include "base/hash.h"

typedef struct chx__origin {
    size_t begin, end;
    chx__digest digest; /* zero: nobody has written there */
} chx__origin;

/* Ranges in order, without gaps, those next to each other different. All zeroes is empty. */
typedef struct chx__provenance {
    chx__origin *origins;
    size_t n, capacity;
} chx__provenance;

/* Each returns false without memory. */
bool chx__provenance_init(chx__provenance *provenance, size_t size_bytes);
void chx__provenance_finish(chx__provenance *provenance);

/* The range was written by what has this digest. */
bool chx__provenance_set(chx__provenance *provenance, size_t begin, size_t end, chx__digest digest);

/* to and from may be the same. */
bool chx__provenance_copy(chx__provenance *to, const chx__provenance *from, size_t begin,
                          size_t end);

/* From host memory, where byte `begin` lies at `bytes`: marks are what they stand for, other bytes
 * their own digest. */
bool chx__provenance_write(chx__provenance *provenance, size_t begin, size_t end,
                           const unsigned char *bytes);

/* Puts marks into host memory. */
void chx__provenance_read(const chx__provenance *provenance, size_t begin, size_t end,
                          unsigned char *bytes);

/* Marks of one digest. */
void chx__provenance_mark(chx__digest digest, size_t begin, size_t end, unsigned char *bytes);

/* Adds what is known of the range to a digest. */
void chx__provenance_add(const chx__provenance *provenance, size_t begin, size_t end,
                         chx__hasher *hasher);

#endif
