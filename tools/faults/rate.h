/* Faults by seed and rate: of the calls that a kind of fault could strike, a share is struck. */
#ifndef CHRONAXIE_RATE_H
#define CHRONAXIE_RATE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct rate {
    uint64_t seed;
    uint32_t per_mille; /* 0: none is struck */
    char kinds[256]; /* names with '+' between them */
} rate;

/* Reads SEED:PER_MILLE:KINDS up to the end or a comma. */
rate rate_parse(const char *text);

/* Whether the kind is one of those named. */
bool rate_names(const rate *drawn, const char *kind);

/* A number that depends on the seed, the name and the call alone, not on the order of threads. */
uint64_t rate_draw(const rate *drawn, const char *name, uint64_t call);

/* Whether this call of the name, by its number, is among the share that is struck. */
bool rate_hits(const rate *drawn, const char *name, uint64_t call);

#endif
