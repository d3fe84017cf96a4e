/* The driver: moves runs in flight along, one holder of the turn at a time.
 *
 * It enqueues commands whose predecessors are enqueued (same platform: an event wait-list orders
 * them) or complete (other platforms and the host), reaps completions by asking each event for its
 * status, and ends runs. Drivers disagree on what a failed event does, so nothing here waits inside
 * OpenCL and no event that has failed is ever put on a wait list. */
#ifndef CHX_EXECUTE_DRIVER_H
#define CHX_EXECUTE_DRIVER_H

#include "execute/run.h"

/* Starts and stops the driver and host threads. */
chx_status chx__driver_start(chx_runtime *runtime);
void chx__driver_stop(chx_runtime *runtime);

/* Puts a run in flight and enqueues what can be. Under the turn. The flight holds a reference. */
chx_status chx__driver_submit(chx_run *run);

/* Does what can be done now without sleeping; whether anything moved. Under the turn. */
bool chx__driver_move(chx_runtime *runtime);

/* Whether nobody but the calling thread moves runs along. */
bool chx__driver_is_here(const chx_runtime *runtime);

/* Fails every run with a command on the platform that has not completed. Under the turn. */
void chx__driver_abandon(chx_runtime *runtime, const chx__platform *platform);

#endif
