/* A trial: the self-test of one device in a process of its own, which a bad driver may end. */
#ifndef CHX_DEVICE_TRIAL_H
#define CHX_DEVICE_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct chx__cache chx__cache;

typedef enum chx__trial_outcome {
    CHX__TRIAL_NONE = 0, /* there is no program for it, or nothing is known of how it ended */
    CHX__TRIAL_DONE, /* it ended by itself; a pass is in the cache */
    CHX__TRIAL_DIED, /* its driver ended it */
    CHX__TRIAL_STOPPED, /* it took too long, or somebody ended it */
} chx__trial_outcome;

/* Tests the device of that index and waits for the end. kernel_path may be NULL. Writes how it died
 * or that it was stopped. Any thread. */
chx__trial_outcome chx__trial_run(const chx__cache *cache, const char *kernel_path, uint32_t index,
                                  bool with_speed, char *how, size_t capacity);

/* Whether this process is a trial. */
bool chx__trial_is_this(void);

#endif
