/* Builds go to the driver's compiler, or come from a binary that an earlier one left in the cache.
 * A binary is verified by the cache before the driver sees it, and one that the driver refuses is
 * only a reason to compile. The journal holds an entry meanwhile, as compilers end processes. */
#include "device/opencl_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "device/build_log.h"
#include "device/cache.h"
#include "device/device.h"
#include "device/journal.h"

static cl_program
load_binary(const chx__target *target)
{
    void *bytes = NULL;
    size_t size = 0;
    if (!target->keeps_binary || !chx__cache_find(target->cache, target->key, &bytes, &size))
        return NULL;
    size_t *sizes = chx__alloc(target->n_devices, sizeof *sizes);
    const unsigned char **binaries = chx__alloc(target->n_devices, sizeof *binaries);
    cl_program made = NULL;
    cl_int code = CL_OUT_OF_HOST_MEMORY;
    if (sizes && binaries) {
        for (uint32_t i = 0; i < target->n_devices; i++) {
            sizes[i] = size;
            binaries[i] = bytes;
        }
        made = clCreateProgramWithBinary(target->context, target->n_devices, target->ids, sizes,
                                         binaries, NULL, &code);
    }
    if (made && !code)
        code = clBuildProgram(made, target->n_devices, target->ids, target->options, NULL, NULL);
    if (made && code) {
        clReleaseProgram(made);
        made = NULL;
        chx__log(target->logger, CHX_LOG_INFO, "%s: %s refuses a kept binary of %s: %s",
                 target->device->info.name, target->device->platform->name, target->name,
                 chx__cl_name(code));
    }
    free(sizes);
    free(binaries);
    free(bytes);
    return made;
}

/* The place of the target's first device among those of the cl_program. */
static bool
find_place(cl_program built, cl_device_id id, cl_uint *n_places, cl_uint *place)
{
    cl_uint n = 0;
    if (clGetProgramInfo(built, CL_PROGRAM_NUM_DEVICES, sizeof n, &n, NULL) || n == 0)
        return false;
    cl_device_id *ids = chx__alloc(n, sizeof *ids);
    bool found = false;
    if (ids && !clGetProgramInfo(built, CL_PROGRAM_DEVICES, n * sizeof *ids, ids, NULL))
        for (cl_uint i = 0; i < n && !found; i++)
            if (ids[i] == id) {
                *place = i;
                found = true;
            }
    free(ids);
    *n_places = n;
    return found;
}

/* Binaries of all devices of a program, one after the other in one block, which starts at the
 * first. Intel's runtime 2026.2 refuses a NULL for a device whose binary is not wanted, though
 * OpenCL allows it. */
static bool
read_binaries(cl_program built, cl_uint n, size_t *sizes, unsigned char **binaries)
{
    if (clGetProgramInfo(built, CL_PROGRAM_BINARY_SIZES, n * sizeof *sizes, sizes, NULL))
        return false;
    size_t total = 1;
    for (cl_uint i = 0; i < n; i++) {
        if (sizes[i] > SIZE_MAX - total)
            return false;
        total += sizes[i];
    }
    unsigned char *block = chx__alloc(total, 1);
    if (!block)
        return false;
    for (cl_uint i = 0; i < n; i++) {
        binaries[i] = block;
        block += sizes[i];
    }
    return !clGetProgramInfo(built, CL_PROGRAM_BINARIES, n * sizeof *binaries, binaries, NULL);
}

static void
keep_binary(const chx__target *target, cl_program built)
{
    cl_uint n_places = 0, place = 0;
    if (!target->keeps_binary || !target->cache ||
        !find_place(built, target->device->id, &n_places, &place))
        return;
    size_t *sizes = chx__alloc(n_places, sizeof *sizes);
    unsigned char **binaries = chx__alloc(n_places, sizeof *binaries);
    if (sizes && binaries) {
        if (read_binaries(built, n_places, sizes, binaries) && sizes[place] > 0)
            chx__cache_store(target->cache, target->key, binaries[place], sizes[place]);
        free(binaries[0]);
    }
    free(sizes);
    free(binaries);
}

static char *
read_log(cl_program built, cl_device_id id)
{
    size_t size = 0;
    clGetProgramBuildInfo(built, id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
    char *log = chx__alloc(size + 1, 1);
    if (log && clGetProgramBuildInfo(built, id, CL_PROGRAM_BUILD_LOG, size, log, NULL))
        log[0] = '\0';
    return log;
}

static chx_status
fail_build(const chx__target *target, cl_program built, cl_int code)
{
    char summary[768];
    char *log = read_log(built, target->device->id);
    const char *text = log ? log : "";
    if (text[strspn(text, " \r\n")] == '\0')
        text = chx__cl_name(code);
    chx__build_log_summary(text, target->text, target->name, summary, sizeof summary);
    chx__log(target->logger, CHX_LOG_INFO, "%s: build log of %s: %s", target->device->info.name,
             target->name, text);
    free(log);
    return chx__fail_cl(CHX_ERROR_BUILD, code, target->device->info.name, NULL, "%s", summary);
}

static chx_status
build_source(const chx__target *target, cl_program *built)
{
    const char *text = target->text;
    cl_int code;
    cl_program made = clCreateProgramWithSource(target->context, 1, &text, NULL, &code);
    if (code)
        return chx__fail_cl(chx__cl_status(code), code, target->device->info.name, NULL,
                            "%s: cannot make a program: %s", target->name, chx__cl_name(code));
    code = clBuildProgram(made, target->n_devices, target->ids, target->options, NULL, NULL);
    if (code) {
        chx_status status = fail_build(target, made, code);
        clReleaseProgram(made);
        return status;
    }
    keep_binary(target, made);
    *built = made;
    return CHX_OK;
}

chx_status
chx__opencl_build(const chx__target *target, cl_program *built)
{
    chx__journal_entry entry;
    const chx__device *device = target->device;
    char doing[256];
    snprintf(doing, sizeof doing, "building %.120s for %.100s", target->name, device->info.name);
    chx__journal_begin(&entry, target->cache, device->identity, doing);
    *built = load_binary(target);
    chx_status status = *built ? CHX_OK : build_source(target, built);
    chx__journal_end(&entry);
    return status;
}
