/* Enqueueing one command of a run. */
#ifndef CHX_EXECUTE_ENQUEUE_H
#define CHX_EXECUTE_ENQUEUE_H

#include "execute/run.h"

typedef enum chx__readiness {
    CHX__NOT_READY = 0, /* something it follows is neither complete nor on its platform's queues */
    CHX__READY,
    CHX__HOPELESS, /* something it follows has failed; the run's error says what */
} chx__readiness;

/* Whether a device command can go to its queue, or a host task to the host thread. */
chx__readiness chx__enqueue_readiness(chx_run *run, uint32_t command);

/* Puts a ready device command on its queue with its event wait-list; the step then has an event.
 * Errors: DEVICE and others from the driver, naming device and task. */
chx_status chx__enqueue(chx_run *run, uint32_t command);

#endif
