/* Tails: commands in flight that last read or wrote a buffer's replicas, for later runs to
 * follow. */
#ifndef CHX_EXECUTE_TAIL_H
#define CHX_EXECUTE_TAIL_H

#include "execute/run.h"

/* Gives every step of a new run its tickets: what it must follow of the runs in flight. Errors:
 * MEMORY. */
chx_status chx__tails_follow(chx_run *run);

/* Adds a run's last touches. On failure none is left. Errors: MEMORY. */
chx_status chx__tails_add(chx_run *run);

/* Takes a run's touches away when it has ended. */
void chx__tails_remove(chx_run *run);

/* Fails every run in flight that touches the buffer. */
void chx__tails_fail(const chx_buffer *buffer, const chx_error *error);

/* Some run in flight that touches the buffer, NULL when there is none. */
chx_run *chx__tails_any(const chx_buffer *buffer);

void chx__tails_free(chx__tails *tails);

#endif
