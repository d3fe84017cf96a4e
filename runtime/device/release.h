/* Objects on their way back to the driver. A release may block, so it is the courier's work. */
#ifndef CHX_DEVICE_RELEASE_H
#define CHX_DEVICE_RELEASE_H

#include "device/device.h"

typedef enum chx__release_kind {
    CHX__RELEASE_MEMORY = 1,
    CHX__RELEASE_PROGRAM,
    CHX__RELEASE_KERNEL,
} chx__release_kind;

/* Releases the object soon, in the thread of the platform's courier, or at once where there is
 * none. On a platform that is stuck it is forgotten. Any thread. */
void chx__release(chx__platform *platform, chx__release_kind kind, void *object);

#endif
