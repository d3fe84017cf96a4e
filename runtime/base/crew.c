/* Threads live for one list: making one takes some 30 us, and lists are made of milliseconds.
 * The next item is one counter, so that no thread waits while there is work; whoever finds it at
 * the end is done, and the caller waits for the others by joining them. Nothing else is shared,
 * and there is no lock. Each thread passes the end once, far from where the counter turns over.
 *
 * Items are begun in order, so when item i has begun, all before it have, and have ended on return.
 * Helpers only take load off the caller, which works the same list: a thread that cannot be made
 * costs time and nothing else. */
#include "base/crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define MAX_HELPERS 31 /* beyond that, memory is the bottleneck of what crews do */

typedef struct crew {
    void (*work)(void *data, uint32_t item);
    void *data;
    uint32_t n_items;
    _Atomic uint32_t next;
} crew;

static void *
take_items(void *data)
{
    crew *shared = data;
    for (uint32_t item; (item = atomic_fetch_add(&shared->next, 1)) < shared->n_items;)
        shared->work(shared->data, item);
    return NULL;
}

static uint32_t
count_helpers(uint32_t n_items)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t most = online > MAX_HELPERS ? MAX_HELPERS : online > 1 ? (uint32_t)online - 1 : 0;
    return n_items == 0 ? 0 : n_items - 1 < most ? n_items - 1 : most;
}

void
chx__crew_run(uint32_t n_items, void (*work)(void *data, uint32_t item), void *data)
{
    crew shared = {.work = work, .data = data, .n_items = n_items};
    pthread_t helpers[MAX_HELPERS];
    uint32_t n_helpers = count_helpers(n_items), n_made = 0;
    while (n_made < n_helpers && pthread_create(&helpers[n_made], NULL, take_items, &shared) == 0)
        n_made++;
    take_items(&shared);
    for (uint32_t i = 0; i < n_made; i++)
        pthread_join(helpers[i], NULL);
}
