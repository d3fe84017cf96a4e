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

/* Whoever sleeps looks again, so a sleep may be shorter than what it is for: where time_t has 32
 * bits a deadline may be beyond it. */
#define LONGEST_SLEEP_NS UINT64_C(3600000000000)

void
chx__clock_init_cond(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

void
chx__clock_sleep(pthread_cond_t *cond, pthread_mutex_t *mutex, uint64_t deadline_ns)
{
    if (deadline_ns == UINT64_MAX) {
        pthread_cond_wait(cond, mutex);
        return;
    }
    uint64_t now_ns = chx__now_ns();
    uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
    if (left_ns > LONGEST_SLEEP_NS)
        left_ns = LONGEST_SLEEP_NS;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t ns = (uint64_t)until.tv_nsec + left_ns;
    until.tv_sec += (time_t)(ns / 1000000000u);
    until.tv_nsec = (long)(ns % 1000000000u);
    pthread_cond_timedwait(cond, mutex, &until);
}
