/* A courier: the one thread that calls a platform's driver for commands that are in flight.
 *
 * A command is given to it as a *parcel* and comes back when it has ended; in between it is the
 * courier's. Parcels are launched in the order in which they were sent, so what waits for an
 * earlier one of the platform may be sent right behind it. Nobody who sends or collects calls a
 * driver, or waits for one: a driver that does not come back from a call holds up its own courier
 * and nobody else. */
#ifndef CHX_DEVICE_COURIER_H
#define CHX_DEVICE_COURIER_H

#include <stdatomic.h>

#include "base/inbox.h"
#include "device/fleet.h"

typedef enum chx__parcel_end {
    CHX__PARCEL_DONE = 1, /* its event says complete */
    CHX__PARCEL_FAILED, /* its event says otherwise, or it was unwanted before it ended */
    CHX__PARCEL_REFUSED, /* the driver did not take it */
    CHX__PARCEL_LEFT, /* it was never tried */
} chx__parcel_end;

/* What launch() returns beside the driver's codes: leave it, for it is called off. */
#define CHX__PARCEL_UNWANTED 1

/* What becomes of parcels. launch: enqueues the command; the driver's code. fail: the driver says
 * that it has failed. is_void: it may end well, but nothing may follow it; both may be NULL. These
 * three in the courier's thread. back: takes it in, in the thread that collects. */
typedef struct chx__parcel_kind {
    cl_int (*launch)(chx__parcel *parcel, chx__courier *courier, cl_event *event);
    void (*fail)(chx__parcel *parcel);
    bool (*is_void)(const chx__parcel *parcel);
    void (*back)(chx__parcel *parcel);
} chx__parcel_kind;

/* Three threads write to each in turn, so it is no larger than a line of a cache. */
struct chx__parcel {
    /* Set before it is sent. */
    const chx__parcel_kind *kind;
    chx__lane *lane;
    /* May be set at any time, with a nudge: its end is to be noticed at once; it is to come back
     * soon, whether it has ended or not. */
    atomic_bool is_awaited, is_unwanted;
    bool is_watched; /* the courier's, as are next and event */
    /* Stands once it is back. */
    uint8_t end; /* chx__parcel_end */
    cl_int code; /* of FAILED and REFUSED; 0 where it was unwanted; in the air: of a failure */
    uint64_t start_ns, finish_ns; /* of DONE, on chx__now_ns()'s clock; in the air: of its launch */
    /* Stands from when it is sent. */
    uint64_t number; /* on its lane */
    chx__parcel *next;
    cl_event event;
};

/* Something else to be done in the courier's thread; part of a larger struct, which `run` frees. */
typedef struct chx__call {
    struct chx__call *next;
    void (*run)(struct chx__call *call);
} chx__call;

/* Starts the platform's courier, which posts to `news` when it has parcels to collect. Serial: it
 * has no thread and works in chx__courier_work() only; news may then be NULL. Errors: MEMORY. */
chx_status chx__courier_create(chx__fleet *fleet, chx__platform *platform, chx__inbox *news,
                               bool serial, chx__courier **courier);

/* Makes all calls that it was given and ends the thread. False when it is stuck in the driver: then
 * nothing that it may touch may be freed, ever, and that includes the fleet. Clears *courier;
 * accepts an empty one. */
bool chx__courier_destroy(chx__courier **courier);

/* Puts a parcel with those to be sent, and sends them when they are many; sends what is left. One
 * thread at a time. */
void chx__courier_stage(chx__courier *courier, chx__parcel *parcel);
void chx__courier_send(chx__courier *courier);

/* Has the courier make a call some time soon. Takes it. Any thread. */
void chx__courier_call(chx__courier *courier, chx__call *call);

/* Sleeps until it has made the calls that it has, or the time is over. Whether there were any.
 * Accepts NULL. Any thread. */
bool chx__courier_await_calls(chx__courier *courier, uint64_t timeout_ns);

/* How long its present call has taken. Any thread. */
uint64_t chx__courier_busy_ns(const chx__courier *courier);

/* Has the courier look again at what is wanted and awaited. Any thread. */
void chx__courier_nudge(chx__courier *courier);

/* Calls back() of all that have come back; whether there were any. One thread at a time. */
bool chx__courier_collect(chx__courier *courier);

/* Parcels that have been staged and not collected. Like chx__courier_collect(). */
size_t chx__courier_n_out(const chx__courier *courier);

/* A round of a courier without a thread; whether anything moved. */
bool chx__courier_work(chx__courier *courier);

/* For launch(): an empty list of what a command on the lane waits for; its growth by a parcel of
 * the same platform, unless that has ended well or is on the same lane, with CHX__PARCEL_UNWANTED
 * when it was not launched or nothing may follow it, and CL_OUT_OF_HOST_MEMORY; and the list. A
 * parcel that had come back when the command was staged had ended well. */
void chx__courier_begin_waits(chx__courier *courier, const chx__lane *lane);
cl_int chx__courier_wait_for(chx__courier *courier, const chx__lane *lane, uint64_t number);
chx__wait_list chx__courier_waits(const chx__courier *courier);

#endif
