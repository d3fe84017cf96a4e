/* When a process ends, a driver's destructors run, and a thread in one of its calls then takes the
 * process along (Intel's runtime 2026.2: "Pure virtual function called"). Most stragglers are only
 * slow, on a machine with more to do than it can. So the end of the process waits for them, for a
 * moment, in a function that runs at exit, before the destructors of all that was loaded when the
 * first thread was left behind.
 *
 * No locks. A child has the count, but not the threads. */
#include "device/straggler.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define PATIENCE_NS UINT64_C(2000000000) /* since the last was left behind */
#define NAP_NS 1000000

static atomic_uint n_left;
static _Atomic uint64_t left_ns;
static _Atomic pid_t process;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
await_all(void)
{
    while (atomic_load(&n_left) > 0 && atomic_load(&process) == getpid() &&
           chx__now_ns() - atomic_load(&left_ns) < PATIENCE_NS)
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
}

/* Where there is no room for one more function, nobody waits. */
static void
wait_at_exit(void)
{
    (void)atexit(await_all);
}

void
chx__straggler_add(void)
{
    atomic_store(&left_ns, chx__now_ns());
    atomic_store(&process, getpid());
    atomic_fetch_add(&n_left, 1);
    pthread_once(&once, wait_at_exit);
}

void
chx__straggler_remove(void)
{
    atomic_fetch_sub(&n_left, 1);
}
