/* Host tasks are the caller's code: they may take long, so they run in a thread of their own, in
 * the order in which they become ready, without the turn.
 *
 * The queue's lock (order 2, innermost) guards the list and the step from WAITING to RUNNING; that
 * step under the lock is what lets a cancel say for certain whether a job can still be called off.
 * The step to DONE is an atomic store after the results, which are read after an atomic load: no
 * lock needed. Jobs belong to their run, which does not end before they are done or cancelled.
 *
 * A serial runtime has no such thread; jobs then run in the caller, under the turn. */
#include "execute/host_thread.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"

struct chx__host_thread {
    chx__inbox *inbox;
    pthread_t thread;
    pthread_mutex_t lock; /* lock order 2, innermost; guards the fields below */
    pthread_cond_t changed;
    chx__host_job *first, *last;
    bool closing;
};

void
chx__host_job_run(chx__host_job *job)
{
    job->start_ns = chx__now_ns();
    job->status = job->run(job->data, job->host);
    job->finish_ns = chx__now_ns();
    if (job->status) {
        job->error = *chx_last_error();
        if (job->error.status != job->status) {
            chx__fail_cl(job->status, 0, NULL, job->name, "host task %s failed: %s", job->name,
                         chx_status_sentence(job->status));
            job->error = *chx_last_error();
        }
    }
    atomic_store(&job->state, CHX__JOB_DONE);
}

/* Sleeps for a job; NULL when the thread is to end. */
static chx__host_job *
take(chx__host_thread *thread)
{
    pthread_mutex_lock(&thread->lock);
    while (!thread->first && !thread->closing)
        pthread_cond_wait(&thread->changed, &thread->lock);
    chx__host_job *job = thread->closing ? NULL : thread->first;
    if (job) {
        assert(atomic_load(&job->state) == CHX__JOB_WAITING);
        thread->first = job->next;
        atomic_store(&job->state, CHX__JOB_RUNNING);
    }
    pthread_mutex_unlock(&thread->lock);
    return job;
}

static void *
work(void *data)
{
    chx__host_thread *thread = data;
    chx__host_job *job;
    while ((job = take(thread))) {
        chx__host_job_run(job);
        chx__inbox_post(thread->inbox);
    }
    return NULL;
}

chx_status
chx__host_thread_create(chx__inbox *inbox, chx__host_thread **thread)
{
    chx__host_thread *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("starting the host thread");
    made->inbox = inbox;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->changed, NULL);
    if (pthread_create(&made->thread, NULL, work, made) != 0) {
        pthread_cond_destroy(&made->changed);
        pthread_mutex_destroy(&made->lock);
        free(made);
        return chx__fail(CHX_ERROR_MEMORY, "the system has no room for the host thread; end other "
                                           "programs or ask for a serial runtime");
    }
    *thread = made;
    return CHX_OK;
}

void
chx__host_thread_destroy(chx__host_thread **thread)
{
    chx__host_thread *ending = *thread;
    if (!ending)
        return;
    pthread_mutex_lock(&ending->lock);
    ending->closing = true;
    pthread_cond_signal(&ending->changed);
    pthread_mutex_unlock(&ending->lock);
    pthread_join(ending->thread, NULL);
    pthread_cond_destroy(&ending->changed);
    pthread_mutex_destroy(&ending->lock);
    free(ending);
    *thread = NULL;
}

bool
chx__host_thread_is_current(const chx__host_thread *thread)
{
    return thread && pthread_equal(pthread_self(), thread->thread);
}

void
chx__host_thread_add(chx__host_thread *thread, chx__host_job *job)
{
    pthread_mutex_lock(&thread->lock);
    job->next = NULL;
    if (thread->first)
        thread->last->next = job;
    else
        thread->first = job;
    thread->last = job;
    pthread_cond_signal(&thread->changed);
    pthread_mutex_unlock(&thread->lock);
}

bool
chx__host_thread_cancel(chx__host_thread *thread, chx__host_job *job)
{
    pthread_mutex_lock(&thread->lock);
    bool is_running = atomic_load(&job->state) == CHX__JOB_RUNNING;
    chx__host_job **link = &thread->first;
    chx__host_job *before = NULL;
    while (*link && *link != job) {
        before = *link;
        link = &before->next;
    }
    if (*link) {
        *link = job->next;
        if (thread->last == job)
            thread->last = before;
    }
    pthread_mutex_unlock(&thread->lock);
    return !is_running;
}
