/* Whole numbers of which each is in or not: a hash table for what has been drawn. */
#ifndef CHX_NETWORK_DISTINCT_H
#define CHX_NETWORK_DISTINCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct chx__distinct {
    uint64_t *slots; /* a number and one, or 0 */
    size_t n_slots; /* 0 or a power of two */
} chx__distinct;

/* Makes an empty set with room for n numbers out of one of any size, also all zeroes. False when
 * memory is out. */
bool chx__distinct_clear(chx__distinct *set, uint64_t n);
void chx__distinct_finish(chx__distinct *set);

/* False when the number, below 2^64 - 1, was in already. */
bool chx__distinct_add(chx__distinct *set, uint64_t number);
bool chx__distinct_has(const chx__distinct *set, uint64_t number);

#endif
