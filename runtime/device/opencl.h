/* The one place that includes OpenCL: names for its codes, and waiting that cannot hang. */
#ifndef CHX_DEVICE_OPENCL_H
#define CHX_DEVICE_OPENCL_H

#include <stdint.h>

#include <CL/cl.h>

#include <chronaxie/status.h>

/* "CL_OUT_OF_RESOURCES" for -5 and so on; "unknown OpenCL code" otherwise. Static storage. */
const char *chx__cl_name(cl_int code);

/* DEVICE_MEMORY for codes that mean exhausted device memory, MEMORY for exhausted host memory,
 * BUILD, KERNEL, else DEVICE. */
chx_status chx__cl_status(cl_int code);

/* Polls the event's status until it ends or chx__now_ns() passes the deadline; sleeps in between.
 * No other way of waiting is safe with every driver. Errors: DEVICE or what the event's code means,
 * TIMEOUT. */
chx_status chx__cl_await(cl_event event, uint64_t deadline_ns);

#endif
