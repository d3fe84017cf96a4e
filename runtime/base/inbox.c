/* A count of posts instead of a flag: the thread remembers what it has seen, so a post that arrives
 * while it works is not lost, and any number of them wake it once. The clock is the
 * monotonic one, since a step of the wall clock would stretch or skip a poll.
 *
 * The lock is the innermost (order 2), because callbacks take it inside whatever a driver holds.
 * References are atomic for the same reason: the last one may be dropped in a driver's thread,
 * after the runtime is gone. */
#include "base/inbox.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"

struct chx__inbox {
    _Atomic uint32_t n_references;
    pthread_mutex_t lock; /* lock order 2, innermost; guards the fields below */
    pthread_cond_t posted;
    uint64_t n_posts;
    bool closed;
};

chx_status
chx__inbox_create(chx__inbox **inbox)
{
    chx__inbox *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("starting a thread");
    atomic_init(&made->n_references, 1);
    pthread_mutex_init(&made->lock, NULL);
    chx__clock_init_cond(&made->posted);
    *inbox = made;
    return CHX_OK;
}

chx__inbox *
chx__inbox_ref(chx__inbox *inbox)
{
    atomic_fetch_add(&inbox->n_references, 1);
    return inbox;
}

void
chx__inbox_unref(chx__inbox *inbox)
{
    if (!inbox || atomic_fetch_sub(&inbox->n_references, 1) > 1)
        return;
    pthread_cond_destroy(&inbox->posted);
    pthread_mutex_destroy(&inbox->lock);
    free(inbox);
}

void
chx__inbox_post(chx__inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->n_posts++;
    pthread_cond_signal(&inbox->posted);
    pthread_mutex_unlock(&inbox->lock);
}

void
chx__inbox_close(chx__inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->closed = true;
    pthread_cond_signal(&inbox->posted);
    pthread_mutex_unlock(&inbox->lock);
}

bool
chx__inbox_wait(chx__inbox *inbox, uint64_t *seen, uint64_t timeout_ns)
{
    uint64_t deadline_ns = timeout_ns == UINT64_MAX ? UINT64_MAX : chx__now_ns() + timeout_ns;
    pthread_mutex_lock(&inbox->lock);
    while (!inbox->closed && inbox->n_posts == *seen &&
           (deadline_ns == UINT64_MAX || chx__now_ns() < deadline_ns))
        chx__clock_sleep(&inbox->posted, &inbox->lock, deadline_ns);
    *seen = inbox->n_posts;
    bool is_open = !inbox->closed;
    pthread_mutex_unlock(&inbox->lock);
    return is_open;
}
