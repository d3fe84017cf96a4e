/* The flight: runs between their submission and their end, each in a slot while it is there. */
#ifndef CHX_EXECUTE_FLIGHT_H
#define CHX_EXECUTE_FLIGHT_H

#include <stdint.h>

#include <chronaxie/plan.h>

#define CHX__FLIGHT_SLOTS 64u /* one bit each of a word */

typedef struct chx__flight {
    chx_run *first, *last; /* in order of submission */
    uint32_t n_runs;
    uint64_t n_submitted; /* ever */
    chx_run *slots[CHX__FLIGHT_SLOTS];
} chx__flight;

/* Puts a run behind all others; there must be a free slot. All under the turn. */
void chx__flight_enter(chx__flight *flight, chx_run *run);

/* Takes a run out that has ended or failed. Those that follow it fail with it, or follow it no
 * more. */
void chx__flight_leave(chx__flight *flight, chx_run *run);

#endif
