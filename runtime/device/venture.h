/* A venture: calls of a driver that may never come back, made in a thread of their own. */
#ifndef CHX_DEVICE_VENTURE_H
#define CHX_DEVICE_VENTURE_H

#include "device/fleet.h"

/* Has fn(data) run and returns what it returned, its error and what it logged included; in a serial
 * fleet, and where no thread is to be had, in the calling thread. When it is not over after
 * timeout_ns, *came_back is false, the platform is stuck from then on, and data, the fleet and
 * whatever else fn may touch must stay for ever; at once so where the platform is stuck already.
 * doing: for the message, as in "building x".
 * Errors: as fn's, TIMEOUT. Any thread. */
chx_status chx__venture(const chx__fleet *fleet, chx__platform *platform, chx_status (*fn)(void *),
                        void *data, uint64_t timeout_ns, const char *doing, bool *came_back);

#endif
