/* The host thread: runs host tasks one after another, outside the turn. */
#ifndef CHX_EXECUTE_HOST_THREAD_H
#define CHX_EXECUTE_HOST_THREAD_H

#include <stdatomic.h>

#include <chronaxie/graph.h>

#include "base/inbox.h"

typedef enum chx__job_state {
    CHX__JOB_WAITING = 0,
    CHX__JOB_RUNNING,
    CHX__JOB_DONE,
} chx__job_state;

typedef struct chx__host_job chx__host_job;
typedef struct chx__host_thread chx__host_thread;

/* A host task on its way through the host thread, which writes the results and then the state; the
 * driver reads them after it has seen JOB_DONE. */
struct chx__host_job {
    chx__host_job *next; /* in the thread's queue */
    uint32_t command; /* of its run */
    chx_host_fn run;
    void *data; /* for the function */
    const char *name; /* of the task */
    void **host; /* per argument: what the function is called with; the run's */
    _Atomic int state;
    chx_status status;
    chx_error error; /* when status says so */
    uint64_t start_ns, finish_ns;
};

/* Calls the task's function in this thread and fills in the results. */
void chx__host_job_run(chx__host_job *job);

/* Posts to the inbox after each job. */
chx_status chx__host_thread_create(chx__inbox *inbox, chx__host_thread **thread);

/* Ends the thread after the job that it is running; accepts NULL. */
void chx__host_thread_destroy(chx__host_thread **thread);

/* Whether the calling thread is this one, which must not wait for its own job. Accepts NULL. */
bool chx__host_thread_is_current(const chx__host_thread *thread);

/* Appends a job; it must live until it is done or cancelled. */
void chx__host_thread_add(chx__host_thread *thread, chx__host_job *job);

/* Takes a job out of the queue. False when it is running and must be waited for. */
bool chx__host_thread_cancel(chx__host_thread *thread, chx__host_job *job);

#endif
