/* The one place that includes OpenCL: names for its codes. */
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

/* The same where nobody named a kernel or asked for a build, so that the device itself failed:
 * DEVICE_MEMORY, MEMORY, else DEVICE. */
chx_status chx__cl_failure(cl_int code);

#endif
