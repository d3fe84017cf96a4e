/* A thread for each, so that one does not wait behind another and the caller can leave. What both
 * threads need lies in a job that the last one frees. The lock (a leaf) guards `is_done`, after
 * which the result stands.
 *
 * What the venture logs is handed to the caller's thread, which may hold locks under which no
 * callback must run. */
#include "device/venture.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/later.h"
#include "device/straggler.h"

#define LOOK_UP_NS UINT64_C(50000000)

typedef struct job {
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
    bool is_abandoned; /* the caller has left */
    chx_status (*fn)(void *);
    void *data;
    chx_status status;
    chx_error error; /* when status says so */
    chx__later *logged;
} job;

static job *
job_create(chx_status (*fn)(void *), void *data)
{
    job *made = chx__alloc(1, sizeof *made);
    if (!made)
        return NULL;
    pthread_mutex_init(&made->lock, NULL);
    chx__clock_init_cond(&made->done);
    made->fn = fn;
    made->data = data;
    return made;
}

static void
job_free(job *ending)
{
    pthread_cond_destroy(&ending->done);
    pthread_mutex_destroy(&ending->lock);
    free(ending);
}

static void *
work(void *data)
{
    job *made = data;
    chx__later_hold();
    chx_status status = made->fn(made->data);
    chx__later *logged = chx__later_take();
    chx__later_release();
    pthread_mutex_lock(&made->lock);
    made->status = status;
    if (status)
        made->error = *chx_last_error();
    made->logged = logged;
    made->is_done = true;
    bool is_abandoned = made->is_abandoned;
    pthread_cond_signal(&made->done);
    pthread_mutex_unlock(&made->lock);
    if (is_abandoned) {
        job_free(made);
        chx__straggler_remove();
    }
    return NULL;
}

/* False when the caller leaves. */
static bool
await(job *made, const chx__platform *platform, uint64_t deadline_ns)
{
    pthread_mutex_lock(&made->lock);
    while (!made->is_done && !atomic_load(&platform->is_stuck) && chx__now_ns() < deadline_ns)
        chx__clock_sleep(&made->done, &made->lock, chx__now_ns() + LOOK_UP_NS);
    bool is_done = made->is_done;
    made->is_abandoned = !is_done;
    if (!is_done)
        chx__straggler_add();
    pthread_mutex_unlock(&made->lock);
    return is_done;
}

chx_status
chx__venture(const chx__fleet *fleet, chx__platform *platform, chx_status (*fn)(void *), void *data,
             uint64_t timeout_ns, const char *doing, bool *came_back)
{
    pthread_t thread;
    uint64_t deadline_ns = chx__now_ns() + timeout_ns;
    if (atomic_load(&platform->is_stuck)) {
        *came_back = false;
        return chx__fail(CHX_ERROR_TIMEOUT, "%s: the driver, %s, is not used any more", doing,
                         platform->name);
    }
    job *made = fleet->is_serial ? NULL : job_create(fn, data);
    *came_back = true;
    if (!made || pthread_create(&thread, NULL, work, made) != 0) {
        if (made)
            job_free(made);
        return fn(data);
    }
    pthread_detach(thread);
    if (!await(made, platform, deadline_ns)) {
        *came_back = false;
        atomic_store(&platform->is_stuck, true);
        atomic_store(&platform->is_suspect, true);
        return chx__fail(CHX_ERROR_TIMEOUT,
                         "%s has not ended within %.0f s; the driver, %s, is not used any more",
                         doing, (double)timeout_ns / 1e9, platform->name);
    }
    chx__later_run_all(made->logged);
    chx_status status = made->status ? chx__fail_again(&made->error) : CHX_OK;
    job_free(made);
    return status;
}
