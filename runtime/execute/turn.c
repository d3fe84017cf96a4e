/* The turn: one mutex, and the calls that wait until it is given up. */
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
