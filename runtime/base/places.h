/* Sets of places. Place 0 is host memory, place d + 1 is device d. */
#ifndef CHX_BASE_PLACES_H
#define CHX_BASE_PLACES_H

#include <stdbool.h>
#include <stdint.h>

#define CHX__HOST_PLACE 0u
#define CHX__MAX_PLACES 256u /* a set travels by value: 32 bytes */

typedef struct chx__places {
    uint64_t bits[CHX__MAX_PLACES / 64];
} chx__places;

#define CHX__PLACES_WORDS (CHX__MAX_PLACES / 64)

static inline chx__places
chx__places_none(void)
{
    return (chx__places){{0}};
}

static inline chx__places
chx__places_all(void)
{
    chx__places all;
    for (uint32_t w = 0; w < CHX__PLACES_WORDS; w++)
        all.bits[w] = UINT64_MAX;
    return all;
}

/* Bit p stands for place p. */
static inline chx__places
chx__places_from_bits(uint64_t bits)
{
    return (chx__places){{bits}};
}

static inline chx__places
chx__places_of(uint32_t place)
{
    chx__places set = {{0}};
    set.bits[place / 64] = UINT64_C(1) << place % 64;
    return set;
}

static inline bool
chx__places_have(chx__places set, uint32_t place)
{
    return place < CHX__MAX_PLACES && (set.bits[place / 64] >> place % 64 & 1);
}

static inline chx__places
chx__places_union(chx__places a, chx__places b)
{
    for (uint32_t w = 0; w < CHX__PLACES_WORDS; w++)
        a.bits[w] |= b.bits[w];
    return a;
}

static inline chx__places
chx__places_common(chx__places a, chx__places b)
{
    for (uint32_t w = 0; w < CHX__PLACES_WORDS; w++)
        a.bits[w] &= b.bits[w];
    return a;
}

/* Those of a that are not in b. */
static inline chx__places
chx__places_without(chx__places a, chx__places b)
{
    for (uint32_t w = 0; w < CHX__PLACES_WORDS; w++)
        a.bits[w] &= ~b.bits[w];
    return a;
}

static inline bool
chx__places_equal(chx__places a, chx__places b)
{
    uint64_t difference = 0;
    for (uint32_t w = 0; w < CHX__PLACES_WORDS; w++)
        difference |= a.bits[w] ^ b.bits[w];
    return difference == 0;
}

static inline bool
chx__places_is_empty(chx__places set)
{
    return chx__places_equal(set, chx__places_none());
}

#endif
