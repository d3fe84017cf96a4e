/* Finds things by name: a hash table from texts, which it borrows and a NUL must follow, to small
 * numbers. */
#ifndef CHX_NETWORK_NAMES_H
#define CHX_NETWORK_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHX__NO_NAME UINT32_MAX

typedef struct chx__names {
    struct chx__names_slot {
        const char *text; /* NULL in an empty slot */
        uint32_t tag; /* of the hash, so that few texts are looked at in vain */
        uint32_t index;
    } * slots;
    size_t n_slots; /* 0 or a power of two, at least twice n_used */
    size_t n_used;
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
