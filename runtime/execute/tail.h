/* Tails: commands in flight that last read or wrote a buffer's replicas, for later runs to
 * follow. */
#ifndef CHX_EXECUTE_TAIL_H
#define CHX_EXECUTE_TAIL_H

#include "execute/run.h"

/* Gives every step of a new run its tickets: what it must follow of the runs in flight. Makes room
 * for the run's own touches. Errors: MEMORY. */
chx_status chx__tails_follow(chx_run *run);

/* Adds the last touches of a run that was given its tickets. */
void chx__tails_add(chx_run *run);

/* Takes a run's touches away when it has ended. */
void chx__tails_remove(chx_run *run);

/* Fails every run in flight that touches the buffer. */
void chx__tails_fail(const chx_buffer *buffer, const chx_error *error);

/* Some run in flight that touches the buffer, NULL when there is none. */
chx_run *chx__tails_any(const chx_buffer *buffer);

void chx__tails_free(chx__tails *tails);

#endif
