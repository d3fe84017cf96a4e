/* From a run's command to its courier. */
#ifndef CHX_EXECUTE_ENQUEUE_H
#define CHX_EXECUTE_ENQUEUE_H

#include "execute/run.h"

typedef enum chx__readiness {
    CHX__NOT_READY =
        0, /* something it follows is neither complete nor on its way on its platform */
    CHX__READY,
    CHX__HOPELESS, /* something it follows has failed; the run's error says what */
} chx__readiness;

/* Whether a device command can go to its courier, or a host task to the host thread. */
chx__readiness chx__enqueue_readiness(chx_run *run, uint32_t command);

/* Stages a ready device command for its platform's courier. */
void chx__enqueue(chx_run *run, uint32_t command);

#endif
