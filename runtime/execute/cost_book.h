/* The book of costs: what named kernels took, a page in the cache for each device, so that the next
 * process need not begin with guesses. */
#ifndef CHX_EXECUTE_COST_BOOK_H
#define CHX_EXECUTE_COST_BOOK_H

#include "device/cache.h"
#include "schedule/cost.h"

/* What is known of a device, in the order of kernel and size. */
typedef struct chx__cost_page {
    chx__cost_model *models;
    size_t n;
} chx__cost_page;

/* device: as in keys of costs. What cannot be read or written is not missed. Accept a NULL
 * cache. The caller frees the models read. Keeping returns whether there is anything to keep. */
chx__cost_page chx__cost_book_read(chx__cache *cache, uint64_t device);
void chx__cost_book_recall(chx__cache *cache, uint64_t device, chx__costs *costs);
bool chx__cost_book_keep(chx__cache *cache, uint64_t device, const chx__costs *costs);

/* The model of the same kernel and about the same size, on whatever device; NULL: none. */
const chx__cost_model *chx__cost_page_find(const chx__cost_page *page, const chx__cost_model *like);

#endif
