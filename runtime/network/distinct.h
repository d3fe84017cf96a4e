/* Whole numbers of which each is in or not: a set for what has been drawn. */
#ifndef CHX_NETWORK_DISTINCT_H
#define CHX_NETWORK_DISTINCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct chx__distinct {
    uint64_t *slots;
    size_t n_slots; /* in use */
    size_t capacity;
    bool is_dense; /* a bit for each number; else a hash table of numbers plus one, and 0 */
} chx__distinct;

/* Makes an empty set with room for n numbers below n_numbers, of a set in any state or all zeroes.
 * False when memory is out. */
bool chx__distinct_clear(chx__distinct *set, uint64_t n, uint64_t n_numbers);
void chx__distinct_finish(chx__distinct *set);

/* False when the number was in already. */
bool chx__distinct_add(chx__distinct *set, uint64_t number);
bool chx__distinct_has(const chx__distinct *set, uint64_t number);

#endif
