/*
 * What large tables say, kept in binary form in the folder of the kernel cache.
 *
 * An entry is found by a digest of every byte of its table and of whatever
 * else decides what that is read as, so a table that changes in any way is
 * another one. An entry that is damaged, cut short or of another machine is
 * the same as none, and so is one that cannot be written. The folder's size is
 * bounded; what was used longest ago goes first.
 */
#ifndef CHX_IO_TABLE_CACHE_H
#define CHX_IO_TABLE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

#define CHX__TABLE_REMARK_BYTES 512

/* What a table was read as. */
typedef struct chx__table_rows {
    void *items; /* free() */
    uint64_t n_items;
    size_t item_size;
    char remark[CHX__TABLE_REMARK_BYTES]; /* on the table, or "" */
} chx__table_rows;

/* The key of the table at path; the zero digest, under which nothing is kept, where it is small,
 * cannot be read, or no tables are to be kept. Context is the digest of what else decides. */
chx__digest chx__table_cache_key(const char *path, chx__digest context);

/* Finds what is kept under a key; item_size is given. False when there is no sound entry. */
bool chx__table_cache_find(chx__digest key, chx__table_rows *rows);

/* Keeps rows, or not. */
void chx__table_cache_store(chx__digest key, const chx__table_rows *rows);

#endif
