/* The driver: moves runs in flight along, one holder of the turn at a time.
 *
 * It sends commands to their platform's courier when what they follow has been sent there too (an
 * event wait-list orders them) or is done (other platforms and the host), takes in what comes back,
 * and ends runs. It calls no OpenCL. */
#ifndef CHX_EXECUTE_DRIVER_H
#define CHX_EXECUTE_DRIVER_H

#include "execute/run.h"

/* Starts the driver thread, the host thread and the couriers, and stops them; half-started ones as
 * well. Stopping is false when a courier is stuck in its driver: then nothing may be freed. */
chx_status chx__driver_start(chx_runtime *runtime);
bool chx__driver_stop(chx_runtime *runtime);

/* Puts a run in flight, behind everything there that touches the same replicas, and sends what can
 * be. Under the turn. The flight holds a reference. Errors: MEMORY. */
chx_status chx__driver_submit(chx_run *run);

/* Does what can be done now without sleeping; whether anything moved. Under the turn. */
bool chx__driver_move(chx_runtime *runtime);

/* Whether nobody but the calling thread moves runs along. */
bool chx__driver_is_here(const chx_runtime *runtime);

/* Fails every run with a command on the platform that has not completed. Under the turn. */
void chx__driver_abandon(chx_runtime *runtime, const chx__platform *platform);

#endif
