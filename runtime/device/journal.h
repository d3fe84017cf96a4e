/* A journal: what a process lets a driver do, for the next process in case this one dies of it.
 *
 * Drivers end the process when a file of their own cache is damaged, when its disk is full, or by a
 * crash in a compiler. An entry is a file in the cache's folder that is there, and locked, while
 * such work is on its way. One that is there and not locked was left by a process that died. */
#ifndef CHX_DEVICE_JOURNAL_H
#define CHX_DEVICE_JOURNAL_H

#include "base/hash.h"

typedef struct chx__cache chx__cache;

typedef struct chx__journal_entry {
    char *path; /* NULL when there is none */
    int descriptor;
} chx__journal_entry;

/* Begins an entry for a device, told in words such as "building a.cl for DEVICE". Without a cache,
 * or when it cannot be written, there is none. */
void chx__journal_begin(chx__journal_entry *entry, const chx__cache *cache, chx__digest device,
                        const char *doing);

/* Accepts an entry that is none. */
void chx__journal_end(chx__journal_entry *entry);

/* Takes one entry that a dead process left. False when there is none. */
bool chx__journal_take(const chx__cache *cache, chx__digest *device, char *doing, size_t capacity);

#endif
