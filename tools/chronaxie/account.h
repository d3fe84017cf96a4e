/* An account: what a device says it has done in a stretch of work, to be compared with what another
 * says. */
#ifndef CHRONAXIE_ACCOUNT_H
#define CHRONAXIE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chronaxie/chronaxie.h>

#include "session.h"

/* Pictures, one behind the other. */
struct frames {
    uint8_t *bytes;
    size_t size_bytes;
};

/* What a device says it has done in a stretch. */
struct account {
    void *state; /* at the end; NULL where a recording is played */
    size_t size_bytes;
    chx_spike *spikes;
    size_t n_spikes;
    chx_trace trace;
    struct frames frames;
};

/* Appends a picture; false when memory ran out. */
bool frames_add(struct frames *frames, const uint8_t *bytes, size_t size_bytes);

void frames_clear(struct frames *frames);

/* Takes what a simulation that is settled has done since the last time, and the frames; in place of
 * an earlier account. */
chx_status account_take(struct account *account, const struct session *session,
                        struct frames *frames, bool has_probe);

/* Whether two devices have simulated the same. */
bool account_computes_like(const struct account *one, const struct account *two);

/* Whether they have drawn the same as well. */
bool account_agrees(const struct account *one, const struct account *two);

void account_clear(struct account *account);

#endif
