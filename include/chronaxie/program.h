/*
 * A program: one OpenCL C source, compiled for each device when first needed.
 *
 * Sources come from a `.cl` file of the caller or from the kernels embedded in
 * the library. Compiled binaries are kept in the runtime's cache folder under
 * a digest of source, options, device and driver; an entry is verified before
 * a driver sees it. Kernels are native code: load only sources you trust.
 */
#ifndef CHRONAXIE_PROGRAM_H
#define CHRONAXIE_PROGRAM_H

#include <chronaxie/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct chx_program chx_program;

/* Options of a program; all zeroes means the defaults. */
typedef struct chx_program_params {
    const char *options; /* passed to the OpenCL compiler, such as "-DWIDTH=64"; NULL means none */
} chx_program_params;

/* Reads path and keeps the source; `#include "x.h"` finds files in the folder of path. Nothing is
 * compiled yet: build errors appear at chx_program_build() or when a plan needs the program. params
 * may be NULL. Errors: FILE, INVALID, MEMORY. */
CHX_API chx_status chx_program_from_file(chx_runtime *runtime, const char *path,
                                         const chx_program_params *params, chx_program **program);

/* Takes a kernel file embedded in the library by its name, such as "render/draw.cl". A file of that
 * name below the runtime's kernel path takes precedence. Errors: FILE when there is none. */
CHX_API chx_status chx_program_from_embedded(chx_runtime *runtime, const char *name,
                                             const chx_program_params *params,
                                             chx_program **program);

/* Copies source (a NUL-terminated text); name stands for it in build logs. */
CHX_API chx_status chx_program_from_source(chx_runtime *runtime, const char *name,
                                           const char *source, const chx_program_params *params,
                                           chx_program **program);

/* Compiles the program for every selected device, from the cache where it can. Blocks. Errors:
 * BUILD with the compiler's first error, file and line in chx_last_error(). */
CHX_API chx_status chx_program_build(chx_program *program);

/* Clears *program; accepts NULL. Graphs that use it must have been destroyed. */
CHX_API void chx_program_destroy(chx_program **program);

#ifdef __cplusplus
}
#endif

#endif
