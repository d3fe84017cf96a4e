/* Building programs with the drivers of this machine, from source or from a kept binary. */
#ifndef CHX_DEVICE_OPENCL_BUILD_H
#define CHX_DEVICE_OPENCL_BUILD_H

#include "device/backend.h"

/* See chx__backend.build. */
chx_status chx__opencl_build(const chx__target *target, cl_program *program, char **parameters);

#endif
