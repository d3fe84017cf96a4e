/* Finds things by name: a hash table from texts, which it borrows and a NUL must follow, to small
 * numbers. Names that are whole numbers, as those of most connectomes are, are found by value. */
#ifndef CHX_NETWORK_NAMES_H
#define CHX_NETWORK_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHX__NO_NAME UINT32_MAX

typedef struct chx__names {
    struct chx__names_slot {
        uint64_t key; /* a number's value; of other names, 64 bits of the digest */
        uint32_t index;
        uint32_t kind; /* 0 in an empty slot */
    } * slots;
    const char **texts; /* by slot, of names that are no numbers */
    size_t n_slots; /* 0 or a power of two, at least twice n_used */
    size_t n_used;
    uint32_t *small; /* by value, of numbers not much larger than n_used: index + 1, or 0 */
    size_t n_small; /* and its capacity */
} chx__names;

/* Adds a name. *known is the index it already had, or CHX__NO_NAME when it is new. False when
 * memory is out. */
bool chx__names_add(chx__names *names, const char *text, size_t length, uint32_t index,
                    uint32_t *known);

/* The name's index or CHX__NO_NAME. */
uint32_t chx__names_find(const chx__names *names, const char *text, size_t length);

/* Accepts a table of all zeroes. */
void chx__names_finish(chx__names *names);

#endif
