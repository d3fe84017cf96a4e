/* Bits where they take no more room than a hash table. That has open addressing with at least half
 * of the slots empty, so that every search ends. What is in depends on no order, and nothing lists
 * the slots, so the hash is free to be a quick one. */
#include "network/distinct.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

bool
chx__distinct_clear(chx__distinct *set, uint64_t n, uint64_t n_numbers)
{
    size_t n_slots = 16;
    while (n_slots / 2 < n && n_slots <= SIZE_MAX / 4)
        n_slots *= 2;
    set->is_dense = n_numbers / 64 < n_slots;
    if (set->is_dense)
        n_slots = (size_t)(n_numbers / 64) + 1;
    else if (n_slots / 2 < n)
        return false;
    if (n_slots > set->capacity) {
        free(set->slots);
        set->slots = chx__alloc(n_slots, sizeof *set->slots);
        set->capacity = set->slots ? n_slots : 0;
    } else {
        memset(set->slots, 0, n_slots * sizeof *set->slots);
    }
    set->n_slots = n_slots;
    return set->slots != NULL;
}

void
chx__distinct_finish(chx__distinct *set)
{
    free(set->slots);
    *set = (chx__distinct){0};
}

/* The slot that holds the number, or the empty one that would. */
static uint64_t *
find(const chx__distinct *set, uint64_t number)
{
    uint64_t hash = number * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash ^ hash >> 32) & (set->n_slots - 1);
    while (set->slots[at] != 0 && set->slots[at] != number + 1)
        at = (at + 1) & (set->n_slots - 1);
    return &set->slots[at];
}

bool
chx__distinct_add(chx__distinct *set, uint64_t number)
{
    if (set->is_dense) {
        const bool was_in = chx__distinct_has(set, number);
        set->slots[number / 64] |= UINT64_C(1) << number % 64;
        return !was_in;
    }
    uint64_t *slot = find(set, number);
    const bool is_new = *slot == 0;
    *slot = number + 1;
    return is_new;
}

bool
chx__distinct_has(const chx__distinct *set, uint64_t number)
{
    if (set->is_dense)
        return set->slots[number / 64] >> number % 64 & 1;
    return *find(set, number) != 0;
}
