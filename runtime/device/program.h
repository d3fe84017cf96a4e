/* A program: one source, built per device when first needed.
 *
 * Sources are compiled as OpenCL C 1.2 unless their options say otherwise, with
 * CHX_HAS_INT64_ATOMICS and CHX_HAS_FP64 defined where the device has them. Different programs may
 * be built by several threads; PoCL 3.1 takes them one after the other (two builds: 62 ms on two
 * threads, 2 x 32 on one). */
#ifndef CHX_DEVICE_PROGRAM_H
#define CHX_DEVICE_PROGRAM_H

#include <chronaxie/program.h>

#include "device/fleet.h"

/* Takes text, which the program frees; name is copied for messages. */
chx_status chx__program_create(chx__fleet *fleet, const char *name, char *text, const char *options,
                               chx_program **program);

/* Clears *program; accepts NULL. What chx_program_destroy() calls. */
void chx__program_destroy(chx_program **program);

/* Builds for one device unless it is built for the platform's present context. Opens the device.
 * The parts of a split device are built together. Any thread; builds of one program do not overlap.
 * Errors: BUILD with "FILE:LINE: error: TEXT" of the first error, those of opening. */
chx_status chx__program_build(chx_program *program, chx__device *device);

/* Makes a kernel object of the caller's, to be released with clReleaseKernel(). Errors: KERNEL when
 * the program has no kernel of that name, and those of building. */
chx_status chx__program_kernel(chx_program *program, chx__device *device, const char *name,
                               cl_kernel *kernel);

/* What the kernel of that name declares, as chx__backend.parameter; from what was kept with a
 * binary where the driver does not know. Any thread. */
bool chx__program_parameter(chx_program *program, const chx__device *device, cl_kernel kernel,
                            const char *name, uint32_t index, chx__parameter_kind *parameter,
                            char *type, size_t capacity);

/* Whether the device's build was compiled without optimization, see chx_runtime_params.optimize.
 * Any thread. */
bool chx__program_is_quick(chx_program *program, const chx__device *device);

/* Adds to the time that a quick build has run. True when that makes the program be optimized:
 * kernels made from now on come from a better build. Any thread. */
bool chx__program_note_use(chx_program *program, const chx__device *device, uint64_t duration_ns);

/* The fleet that the program was created for. */
chx__fleet *chx__program_fleet(const chx_program *program);

/* Digest of source and options: keys measured costs. */
chx__digest chx__program_digest(const chx_program *program);

#endif
