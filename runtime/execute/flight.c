/* A ticket names a command of another run by the run's slot, and is good for as long as the bit of
 * that slot stands in `follows` of the run that holds it. Leaving clears the bit everywhere before
 * the slot is given away again, so that no ticket ever means another run, and nobody needs a
 * reference to a run that is gone: where the bit is gone, the command has ended well. */
#include "execute/flight.h"

#include <assert.h>

#include "execute/run.h"

static uint32_t
free_slot(const chx__flight *flight)
{
    uint32_t slot = 0;
    while (flight->slots[slot])
        slot++;
    assert(slot < CHX__FLIGHT_SLOTS);
    return slot;
}

void
chx__flight_enter(chx__flight *flight, chx_run *run)
{
    assert(flight->n_runs < CHX__FLIGHT_SLOTS && !run->previous && !run->next);
    run->slot = free_slot(flight);
    flight->slots[run->slot] = run;
    run->previous = flight->last;
    if (flight->last)
        flight->last->next = run;
    else
        flight->first = run;
    flight->last = run;
    flight->n_runs++;
}

static void
unlink_run(chx__flight *flight, chx_run *run)
{
    if (run->previous)
        run->previous->next = run->next;
    else
        flight->first = run->next;
    if (run->next)
        run->next->previous = run->previous;
    else
        flight->last = run->previous;
    run->next = run->previous = NULL;
}

void
chx__flight_leave(chx__flight *flight, chx_run *run)
{
    uint64_t bit = UINT64_C(1) << run->slot;
    assert(flight->n_runs > 0 && flight->slots[run->slot] == run);
    assert(run->failed || run->follows == 0);
    for (chx_run *follower = run->next; follower; follower = follower->next) {
        if (run->failed && follower->follows & bit)
            chx__run_fail(follower, &run->error);
        follower->follows &= ~bit;
    }
    unlink_run(flight, run);
    flight->slots[run->slot] = NULL;
    flight->n_runs--;
}
