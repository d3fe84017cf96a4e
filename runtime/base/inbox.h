/* An inbox: wakes the thread that waits at it. Whoever has news for it only posts here.
 *
 * Counted by reference, because a driver may keep a callback for ever when its event fails. */
#ifndef CHX_BASE_INBOX_H
#define CHX_BASE_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include <chronaxie/status.h>

typedef struct chx__inbox chx__inbox;

chx_status chx__inbox_create(chx__inbox **inbox);
chx__inbox *chx__inbox_ref(chx__inbox *inbox);
void chx__inbox_unref(chx__inbox *inbox);

/* Any thread. */
void chx__inbox_post(chx__inbox *inbox);

/* Tells the waiting thread to leave. */
void chx__inbox_close(chx__inbox *inbox);

/* Sleeps until something was posted after *seen, or timeout_ns passed (UINT64_MAX: never); updates
 * *seen. False when the inbox is closed. */
bool chx__inbox_wait(chx__inbox *inbox, uint64_t *seen, uint64_t timeout_ns);

#endif
