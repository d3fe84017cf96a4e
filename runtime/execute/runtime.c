/* Lock order, the whole of it: 0 discovery (process-wide, held alone), 1 the turn, 2 the inbox and
 * the host thread's queue; fleet, program and cost locks are leaves that no driver is called under.
 * Commands are enqueued by couriers, without the turn. What is logged under it is kept until it is
 * given up, for the log callback may call the library. */
#include "execute/runtime.h"

#include "base/later.h"

void
chx__turn_begin(chx_runtime *runtime)
{
    pthread_mutex_lock(&runtime->turn);
    chx__later_hold();
}

void
chx__turn_end(chx_runtime *runtime)
{
    pthread_mutex_unlock(&runtime->turn);
    chx__later_release();
}

void
chx__turn_pause(chx_runtime *runtime)
{
    pthread_mutex_unlock(&runtime->turn);
}

void
chx__turn_resume(chx_runtime *runtime)
{
    pthread_mutex_lock(&runtime->turn);
}
