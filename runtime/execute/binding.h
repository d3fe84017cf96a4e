/* A binding: a kernel on one device, made once and shared by all tasks of a plan that launch it.
 *
 * It remembers what its arguments are set to and sets only those that differ: PoCL 3.1 keeps the
 * kernel objects of a program in a list that every release walks, so one object for each of 10,000
 * commands makes a new plan take 0.2 to 0.4 s. One thread at a time, and replicas are looked up
 * under the turn or by a run that is in flight. */
#ifndef CHX_EXECUTE_BINDING_H
#define CHX_EXECUTE_BINDING_H

#include "device/device.h"
#include "graph/graph.h"

typedef struct chx__binding chx__binding;

/* Compiles the task's kernel for the device if need be and asks what it takes. Opens the device.
 * Errors: BUILD, KERNEL for an unknown kernel, MEMORY. */
chx_status chx__binding_create(const chx__task *task, chx__device *device, chx__binding **binding);

/* Clears *binding; accepts NULL. */
void chx__binding_destroy(chx__binding **binding);

/* Whether the task on the device launches this kernel. */
bool chx__binding_fits(const chx__binding *binding, const chx__task *task,
                       const chx__device *device);

/* Compares what kernel and device allow with what the task asks for and sets all arguments as they
 * are now, so that nothing is left to refuse at the launch. Replicas must be there. Errors: KERNEL
 * for arguments of another number, kind or size, for work-groups or local memory beyond the
 * limits. */
chx_status chx__binding_check(chx__binding *binding, const chx__task *task);

/* Set one argument, unless it is set to that already: to the device's replica, which must be there,
 * or to a value or local memory. */
cl_int chx__binding_set_buffer(chx__binding *binding, uint32_t index, const chx_buffer *buffer);
cl_int chx__binding_set_value(chx__binding *binding, uint32_t index, const chx_arg *arg);

/* The kernel, with the arguments that were set last. */
cl_kernel chx__binding_kernel(const chx__binding *binding);

#endif
