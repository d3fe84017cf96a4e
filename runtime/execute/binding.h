/* A binding: a kernel object of one task on one device, its arguments set. */
#ifndef CHX_EXECUTE_BINDING_H
#define CHX_EXECUTE_BINDING_H

#include "device/device.h"
#include "graph/graph.h"

/* Compiles the task's kernel for the device if need be, compares what the kernel and the device
 * allow with what the task asks for, allocates replicas and sets the arguments as they are now.
 * Opens the device. The caller releases *kernel. Errors: BUILD; KERNEL for an unknown kernel, for
 * arguments of another number or kind, for work-groups or local memory beyond the limits;
 * DEVICE_MEMORY, LIMIT. */
chx_status chx__binding_create(const chx__task *task, chx__device *device, cl_kernel *kernel);

#endif
