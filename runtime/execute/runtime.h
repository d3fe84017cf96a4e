/* The runtime as its own floor sees it: the fleet, measured costs, runs in flight and the threads
 * that drive them. */
#ifndef CHX_EXECUTE_RUNTIME_H
#define CHX_EXECUTE_RUNTIME_H

#include <pthread.h>
#include <sys/types.h>

#include <chronaxie/plan.h>

#include "device/fleet.h"
#include "execute/flight.h"
#include "memory/buffer.h"
#include "schedule/cost.h"

typedef struct chx__inbox chx__inbox;
typedef struct chx__host_thread chx__host_thread;
typedef struct chx__probation chx__probation;
typedef struct chx__references chx__references;
typedef struct chx__vigil chx__vigil;

struct chx_runtime {
    chx__fleet fleet;
    chx__costs *costs;
    chx__references *references; /* of kernels with former drivers; under the turn; may be NULL */
    chx__logger logger;
    bool serial;
    uint64_t patience_ns; /* what a suspect platform's runs get to end, and a driver's call */
    uint64_t probation_ns; /* before the first trial of a device that was left out */
    uint64_t access_timeout_ns; /* of a read, which has no prediction to derive a deadline from */
    pid_t process; /* that created it: a forked child has none of its threads */
    /* Lock order 1. Whoever holds the turn drives runs. Guards every field below. */
    pthread_mutex_t turn;
    pthread_cond_t changed;
    chx__flight flight;
    uint32_t n_abandoned; /* runs that have ended while couriers have parcels of them */
    chx_buffer *buffers;
    uint64_t n_uses; /* submits, for the order in which buffers were used */
    uint64_t n_evictions; /* replicas that have made room for others */
    bool is_evicting; /* a plan makes room for its replicas */
    uint64_t n_recoveries; /* failures that plans have gone on from */
    uint64_t build_epoch; /* counts programs that are to be replaced by better builds */
    uint64_t cost_epoch; /* counts changes of estimates that may change what plan is best */
    uint64_t n_shifts; /* of lanes, at which costs were scaled */
    chx__inbox *inbox; /* wakes the driver thread; NULL in a serial runtime */
    chx__host_thread *host_thread; /* runs host tasks; NULL in a serial runtime */
    chx__vigil *vigil; /* over late devices; NULL in a serial runtime */
    chx__probation *probation; /* of devices that were left out; NULL before the first */
    pthread_t driver_thread;
};

/* Takes and gives up the turn. What the thread logs in between reaches the callback after the end,
 * so that it may call the library. */
void chx__turn_begin(chx_runtime *runtime);
void chx__turn_end(chx_runtime *runtime);

/* Gives the turn up for a while in the middle of a call. What was logged is still kept back, for
 * the callback might wait for what the call holds. */
void chx__turn_pause(chx_runtime *runtime);
void chx__turn_resume(chx_runtime *runtime);

#endif
