/* The book of costs: what named kernels took, a page in the cache for each device, so that the next
 * process need not begin with guesses. */
#ifndef CHX_EXECUTE_COST_BOOK_H
#define CHX_EXECUTE_COST_BOOK_H

#include "device/cache.h"
#include "schedule/cost.h"

/* device: as in keys of costs. What cannot be read or written is not missed. Accept a NULL
 * cache. */
void chx__cost_book_recall(chx__cache *cache, uint64_t device, chx__costs *costs);
void chx__cost_book_keep(chx__cache *cache, uint64_t device, const chx__costs *costs);

#endif
