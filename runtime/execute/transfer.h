/* A transfer: bytes of a buffer from one place to another, as one command. */
#ifndef CHX_EXECUTE_TRANSFER_H
#define CHX_EXECUTE_TRANSFER_H

#include "device/device.h"
#include "graph/cast.h"

/* Enqueues the transfer on a queue of the device, one of whose places is the device's or, for a
 * copy, that of another in its context. host: the host's memory of the whole buffer. Replicas must
 * be there. Returns the driver's code. */
cl_int chx__transfer_enqueue(const chx__device *device, cl_command_queue queue,
                             const chx__stretch *bytes, unsigned char *host, uint32_t from,
                             uint32_t to, const chx__wait_list *waits, cl_event *event);

#endif
