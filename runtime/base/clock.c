/* One clock for stamps, deadlines and profiling offsets: the raw monotonic one, which time
 * servers neither step nor slew. Condition variables cannot sleep on it, so sleeps use
 * CLOCK_MONOTONIC and deadlines are looked at here again after them. */
#include "base/clock.h"

#include <time.h>

uint64_t
chx__now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
