/* A crew: threads that share a list of like items, for as long as the list lasts. */
#ifndef CHX_BASE_CREW_H
#define CHX_BASE_CREW_H

#include <stdint.h>

/* Calls work(data, i) for each i in [0, n_items), at most 2^31, from the caller's thread and as
 * many more as there are processors to run them; from the caller's alone where no threads can be
 * made. Items are begun in their order and each is worked on once, at the same time as others; all
 * are done on return. What an item leaves in its thread's last error stays there: keep a copy. */
void chx__crew_run(uint32_t n_items, void (*work)(void *data, uint32_t item), void *data);

#endif
