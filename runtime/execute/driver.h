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

/* Does what can be done now without sleeping. Takes the turn. */
void chx__driver_advance(chx_runtime *runtime);

/* Sleeps until the run has ended; returns how, or TIMEOUT at deadline_ns. Under the turn, which it
 * gives up while asleep. */
chx_status chx__driver_wait(chx_run *run, uint64_t deadline_ns);

/* Sleeps until no run in flight touches the buffer. What those that failed have lost of it stands
 * in its map. Under the turn. */
void chx__driver_wait_buffer(chx_buffer *buffer);

/* Sleeps until no run of the graph is in flight. Under the turn. */
void chx__driver_wait_graph(chx_runtime *runtime, const chx_graph *graph);

/* Sleeps while somebody waits for a buffer that a run about to be submitted touches, so that a
 * stream of runs does not keep readers waiting for ever. A host task that submits does not sleep.
 * Under the turn. */
void chx__driver_let_readers_go_first(chx_runtime *runtime, const chx__flow *flow);

/* Fails every run with a command on the platform that has not completed. Under the turn. */
void chx__driver_abandon(chx_runtime *runtime, const chx__platform *platform);

/* Sleeps until nothing is in flight, or TIMEOUT. Under the turn. */
chx_status chx__driver_drain(chx_runtime *runtime, uint64_t deadline_ns);

#endif
