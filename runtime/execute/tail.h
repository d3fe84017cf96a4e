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

/* The earliest run in flight that touches the buffer, NULL when there is none. */
chx_run *chx__tails_any(const chx_buffer *buffer);

/* The same of bytes [begin, end) of it, in any place. */
chx_run *chx__tails_find(const chx_buffer *buffer, size_t begin, size_t end);

/* Shades: bytes that a run has written which has ended before earlier ones that touch the buffer.
 * What those leave there, or have promised to, is not what counts.
 *
 * Makes room for so many shades of a run that is about to be submitted, beside those that others
 * may need. Errors: MEMORY. */
chx_status chx__tails_reserve_shades(chx_buffer *buffer, size_t n);

size_t chx__tails_n_shades(const chx_buffer *buffer);

/* Of the run of that number; nothing when no earlier run is in flight. Needs room reserved. */
void chx__tails_shade(chx_buffer *buffer, uint64_t number, size_t begin, size_t end);

/* Forgets shades over which no earlier run is left. */
void chx__tails_lift_shades(chx_buffer *buffer);

/* The first stretch of [*begin, end) that no run after the one of that number has shaded, as
 * [*begin, *stretch_end); false when there is none. */
bool chx__tails_find_lit(const chx_buffer *buffer, uint64_t number, size_t *begin, size_t end,
                         size_t *stretch_end);

void chx__tails_free(chx__tails *tails);

#endif
