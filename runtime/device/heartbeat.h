/* A heartbeat: a sign of life that a device is asked for, beside whatever it is at work on. */
#ifndef CHX_DEVICE_HEARTBEAT_H
#define CHX_DEVICE_HEARTBEAT_H

#include "device/device.h"

typedef struct chx__heartbeat chx__heartbeat;

/* Asks an open device, over a queue of its own. Calls no driver: a thread does, and it may stay in
 * a call for ever. The device's context is not to be released before it has left. Errors:
 * MEMORY. */
chx_status chx__heartbeat_ask(const chx__device *device, chx__heartbeat **heartbeat);

/* Asks one that is out of use, in a context made for it, and then tests it as self_test.h has it.
 * The device and kernel_path, the fleet's, stay until it has left. Errors: MEMORY. */
chx_status chx__heartbeat_ask_anew(const chx__device *device, const char *kernel_path,
                                   chx__heartbeat **heartbeat);

/* Whether the device has answered; whether the thread has ended. */
bool chx__heartbeat_is_heard(const chx__heartbeat *heartbeat);
bool chx__heartbeat_has_left(const chx__heartbeat *heartbeat);

/* Nobody listens any more: the thread ends as soon as its driver lets it. */
void chx__heartbeat_call_off(chx__heartbeat *heartbeat);

/* Calls it off and frees it once its thread has left, which is waited for for so long at most; one
 * that does not leave is kept for ever, and false. Clears *heartbeat, accepts an empty one. */
bool chx__heartbeat_drop(chx__heartbeat **heartbeat, uint64_t timeout_ns);

#endif
