/* A run: one submission of a lowered plan, from enqueueing to the last completion. */
#ifndef CHX_EXECUTE_RUN_H
#define CHX_EXECUTE_RUN_H

#include <stdatomic.h>

#include "base/later.h"
#include "device/courier.h"
#include "execute/host_thread.h"
#include "execute/lowering.h"
#include "execute/values.h"

typedef enum chx__step_state {
    CHX__STEP_WAITING = 0,
    CHX__STEP_SENT, /* to its courier, or to the host thread */
    CHX__STEP_BACK, /* from its courier: it has ended, but perhaps not what it follows */
    CHX__STEP_LEFT, /* from its courier, which has not launched it */
    CHX__STEP_DONE, /* well, and so has everything that it follows */
    CHX__STEP_FAILED,
} chx__step_state;

/* A command of an earlier run, by the run's slot in the flight; and as its courier knows it, once
 * it need be waited for there. */
typedef struct chx__ticket {
    uint32_t slot;
    uint32_t command;
    const chx__lane *lane; /* NULL when there is nothing to wait for */
    uint64_t number;
} chx__ticket;

/* The progress of one command. */
typedef struct chx__step {
    chx__parcel parcel; /* host tasks: only the times are used */
    chx_run *run; /* from when it is sent */
    chx__step_state state;
    uint32_t first_ticket, n_tickets; /* rows of the run's tickets: what it must follow */
    uint32_t job; /* host tasks: index among the run's jobs */
    unsigned char *host; /* transfers: the buffer's host memory when it was sent */
} chx__step;

/* A failure that nobody has been told of yet. */
typedef struct chx__unreported {
    bool is_set;
    chx_error error;
} chx__unreported;

/* Somebody to be told of the end of a run. */
typedef struct chx__notice {
    chx__later call; /* first: the notice is found by it */
    chx_run_fn fn;
    void *data;
    chx_status status;
    struct chx__notice *next; /* of the run */
} chx__notice;

/* Guarded by the runtime's turn but for what is atomic, and what couriers have. */
struct chx_run {
    uint32_t n_references;
    chx_runtime *runtime;
    chx__lowered *lowered;
    chx__cast cast; /* a copy: the graph's arguments may change while the run waits */
    chx__step *steps;
    uint32_t *next_enqueue; /* per lane: row of lane_commands */
    uint32_t *next_reap;
    uint32_t n_done;
    uint32_t n_outstanding; /* steps that couriers have; a reference while there are any */
    chx__ticket *tickets; /* by command; of each lane of a run only the latest */
    size_t n_tickets, ticket_capacity;
    uint32_t slot; /* while in flight */
    uint64_t number; /* of its submission: later runs have larger ones */
    bool leaves_as_is; /* what it promises is what the buffers' maps say already */
    uint64_t follows; /* slots of runs in flight that it has tickets of */
    chx__host_job *jobs;
    uint32_t n_jobs;
    void **host_args; /* of all jobs */
    chx__values values;
    chx__notice *notices; /* while it has not ended */
    chx__redo *redo; /* that it can be repeated from; NULL: its failures are told */
    chx_run *repetition; /* that was well in its place; a reference, or NULL */
    chx_run *stage_before; /* of the same submit, which has ended; a reference, or NULL */
    bool is_cancelled; /* nothing more begins */
    bool recovers; /* what it does can be made again: it need not wait for a device */
    bool has_left; /* the flight; its end may be told later */
    bool failed;
    uint64_t failed_ns; /* when that was noticed */
    atomic_bool is_broken; /* couriers launch nothing more of it */
    atomic_bool is_doomed; /* it fails, which may not be noticed yet */
    _Atomic bool ended;
    chx_error error; /* when failed */
    chx__unreported *report; /* where a failure is told when nobody holds the run, else NULL */
    uint64_t submit_ns;
    uint64_t first_ns; /* when no earlier run was in flight any more; 0 before */
    uint64_t timeout_ns; /* from first_ns */
    chx_run *next, *previous;
};

/* Makes a run that fails when it has not ended timeout_ns after it became the oldest in flight.
 * Under the turn. The caller owns the one reference. Errors: MEMORY. */
chx_status chx__run_create(chx_runtime *runtime, chx__lowered *lowered, const chx__cast *cast,
                           uint64_t timeout_ns, chx_run **run);

/* Where a command runs; NULL for a host task. */
static inline chx__device *
chx__run_device(const chx_run *run, uint32_t command)
{
    return run->lowered->model.lanes[run->lowered->commands[command].lane].device;
}

/* The run in flight that a ticket of this one names; NULL when it has ended, which was well. */
static inline const chx_run *
chx__run_followed(const chx_run *run, const chx__ticket *ticket)
{
    return run->follows >> ticket->slot & 1 ? run->runtime->flight.slots[ticket->slot] : NULL;
}

/* The courier of a device command. */
static inline chx__courier *
chx__run_courier(const chx_run *run, uint32_t command)
{
    return chx__run_device(run, command)->platform->courier;
}

/* What a buffer or an atom of the plan's flow is in this run. */
static inline chx_buffer *
chx__run_buffer(const chx_run *run, uint32_t buffer)
{
    return chx__cast_buffer(&run->cast, buffer);
}

static inline chx__stretch
chx__run_atom(const chx_run *run, uint32_t atom)
{
    return chx__cast_atom(&run->cast, &run->lowered->flow, atom);
}

/* Under the turn. */
chx_run *chx__run_ref(chx_run *run);
void chx__run_unref(chx_run *run);

/* Notes somebody who is to be told of the run's end, once. Under the turn. Errors: MEMORY. */
chx_status chx__run_add_notice(chx_run *run, chx_run_fn fn, void *data);

/* Sends the notices of a run that has ended. */
void chx__run_tell(chx_run *run);

/* Tells the end of a run that has left the flight. */
void chx__run_end(chx_run *run);

/* Records the first failure of a run. */
void chx__run_fail(chx_run *run, const chx_error *error);

#endif
