/* Waits: threads that sleep until runs have ended, or until a buffer is theirs.
 *
 * Whoever reads or writes a buffer from outside of runs *holds* it meanwhile: no run that touches
 * it is in flight, and a submit of one waits. So its bytes can be copied without the turn.
 * Everything here is called under the turn, which is given up while asleep. */
#ifndef CHX_EXECUTE_WAIT_H
#define CHX_EXECUTE_WAIT_H

#include "execute/run.h"

/* Until something may have changed, or the deadline has passed. */
void chx__wait_change(chx_runtime *runtime, uint64_t deadline_ns);

/* Until the run has ended; returns how, or TIMEOUT at deadline_ns. */
chx_status chx__wait_run(chx_run *run, uint64_t deadline_ns);

/* Until there is room in the flight for one run more. */
void chx__wait_for_room(chx_runtime *runtime);

/* Until nothing is in flight or with a courier, or TIMEOUT. */
chx_status chx__wait_all(chx_runtime *runtime, uint64_t deadline_ns);

/* Until no courier has anything of runs that have ended; false when one does not give it back. */
bool chx__wait_abandoned(chx_runtime *runtime);

/* Until no run in flight has commands on the platform, nor uses bytes elsewhere that only the
 * platform holds as they are now, which could not be saved before; or TIMEOUT. */
chx_status chx__wait_platform(chx_runtime *runtime, const chx__platform *platform,
                              uint64_t deadline_ns);

/* Until the platform's courier has given back all it has; false when it is stuck in a call. */
bool chx__wait_courier(chx_runtime *runtime, const chx__platform *platform, uint64_t deadline_ns);

/* Until no run of the graph is in flight. */
void chx__wait_graph(chx_runtime *runtime, const chx_graph *graph);

/* Until the buffer is in nobody's use; then holds it. What runs that failed have lost of it stands
 * in its map. */
void chx__wait_hold(chx_buffer *buffer);
void chx__wait_let_go(chx_buffer *buffer);

/* Until nobody holds, or waits for, a buffer that a run about to be submitted touches, so that a
 * stream of runs does not keep readers waiting for ever. A host task sleeps for holders only.
 * Whether it slept: the data may lie elsewhere then. */
bool chx__wait_behind_holders(chx_runtime *runtime, const chx__cast *cast);

#endif
