/* A program: one source, built per device when first needed. */
#ifndef CHX_DEVICE_PROGRAM_H
#define CHX_DEVICE_PROGRAM_H

#include <chronaxie/program.h>

#include "device/fleet.h"

/* Takes text, which the program frees; name is copied for messages. */
chx_status chx__program_create(chx__fleet *fleet, const char *name, char *text,
                               const char *options, chx_program **program);

/* Builds for one device unless it is built for the platform's present context. Opens the device.
 * Any thread; builds of one program do not overlap. */
chx_status chx__program_build(chx_program *program, chx__device *device);

/* Makes a kernel object of the caller's, to be released with clReleaseKernel(). Errors: KERNEL when
 * the program has no kernel of that name, and those of building. */
chx_status chx__program_kernel(chx_program *program, chx__device *device, const char *name,
                               cl_kernel *kernel);

/* Digest of source and options: keys measured costs. */
chx__digest chx__program_digest(const chx_program *program);

#endif
