/* Lists are per thread, so no lock is needed: what a thread holds back it runs itself. */
#include "base/later.h"

#include <stddef.h>

static _Thread_local unsigned n_holds;
static _Thread_local chx__later *first_held, *last_held;

void
chx__later_hold(void)
{
    n_holds++;
}

void
chx__later_release(void)
{
    if (--n_holds > 0)
        return;
    while (first_held) {
        chx__later *call = first_held;
        first_held = call->next;
        if (!first_held)
            last_held = NULL;
        call->run(call);
    }
}

bool
chx__later_is_held(void)
{
    return n_holds > 0;
}

void
chx__later_run(chx__later *call)
{
    if (n_holds == 0) {
        call->run(call);
        return;
    }
    call->next = NULL;
    if (last_held)
        last_held->next = call;
    else
        first_held = call;
    last_held = call;
}

chx__later *
chx__later_take(void)
{
    chx__later *taken = first_held;
    first_held = last_held = NULL;
    return taken;
}

void
chx__later_run_all(chx__later *calls)
{
    for (chx__later *next; calls; calls = next) {
        next = calls->next;
        chx__later_run(calls);
    }
}
