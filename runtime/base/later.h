/* Calls to the user's functions that wait until the calling thread has given up its locks, so that
 * they may call the library. */
#ifndef CHX_BASE_LATER_H
#define CHX_BASE_LATER_H

#include <stdbool.h>

/* A call that waits; part of a larger struct, which `run` frees. */
typedef struct chx__later {
    struct chx__later *next;
    void (*run)(struct chx__later *call);
} chx__later;

/* Between these two, which may be nested, calls of the calling thread wait. Whoever takes a lock
 * for long holds, and releases after unlocking. */
void chx__later_hold(void);
void chx__later_release(void);

/* Whether calls of the calling thread wait at present. */
bool chx__later_is_held(void);

/* Runs the call: at once, or after the last release, in the order of these calls. Takes it. */
void chx__later_run(chx__later *call);

/* For a thread that works on another's behalf: takes the calls that wait in this thread, in order,
 * so that the other runs them, or has them wait, by chx__later_run_all(). */
chx__later *chx__later_take(void);
void chx__later_run_all(chx__later *calls);

#endif
