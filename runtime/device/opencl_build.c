/* Builds go to the driver's compiler, or come from a binary that an earlier one left in the cache.
 * A binary is verified by the cache before the driver sees it, and one that the driver refuses is
 * only a reason to compile. The journal holds an entry meanwhile, as compilers end processes.
 *
 * An entry is the binary, where memory is aligned for it, a zero, and what its kernels declare
 * (parameters.h): Intel's runtime 2026.2 tells that only of what it has just compiled. */
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
#include "device/parameters.h"

/* Finds an entry: the bytes and the text are the caller's to free. */
static bool
find_binary(const chx__target *target, void **bytes, size_t *size_bytes, char **parameters)
{
    size_t size = 0;
    if (!target->keeps_binary || !chx__cache_find(target->cache, target->key, bytes, &size))
        return false;
    const char *text = *bytes;
    size_t end = size;
    while (end > 0 && text[end - 1] != '\0')
        end--;
    *size_bytes = end > 0 ? end - 1 : 0;
    *parameters = chx__format("%.*s", (int)(size - end), text + end);
    if (*size_bytes > 0 && *parameters)
        return true;
    free(*bytes);
    free(*parameters);
    *parameters = NULL;
    return false;
}

static void
store_binary(const chx__target *target, const void *bytes, size_t size_bytes,
             const char *parameters)
{
    const size_t length = strlen(parameters);
    unsigned char *entry =
        size_bytes < SIZE_MAX - length ? chx__alloc(size_bytes + 1 + length, 1) : NULL;
    if (!entry)
        return;
    memcpy(entry, bytes, size_bytes);
    memcpy(entry + size_bytes + 1, parameters, length);
    chx__cache_store(target->cache, target->key, entry, size_bytes + 1 + length);
    free(entry);
}

static cl_program
load_binary(const chx__target *target, char **parameters)
{
    void *bytes = NULL;
    size_t size = 0;
    if (!find_binary(target, &bytes, &size, parameters))
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
    if (!made) {
        free(*parameters);
        *parameters = NULL;
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
keep_binary(const chx__target *target, cl_program built, const char *parameters)
{
    cl_uint n_places = 0, place = 0;
    if (!find_place(built, target->device->id, &n_places, &place))
        return;
    size_t *sizes = chx__alloc(n_places, sizeof *sizes);
    unsigned char **binaries = chx__alloc(n_places, sizeof *binaries);
    if (sizes && binaries) {
        if (read_binaries(built, n_places, sizes, binaries) && sizes[place] > 0)
            store_binary(target, binaries[place], sizes[place], parameters);
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
build_source(const chx__target *target, cl_program *built, char **parameters)
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
    if (target->keeps_binary && target->cache)
        *parameters = chx__parameters_read(target->device->platform->backend, made);
    if (*parameters)
        keep_binary(target, made, *parameters);
    *built = made;
    return CHX_OK;
}

chx_status
chx__opencl_build(const chx__target *target, cl_program *built, char **parameters)
{
    chx__journal_entry entry;
    const chx__device *device = target->device;
    char doing[256];
    snprintf(doing, sizeof doing, "building %.120s for %.100s", target->name, device->info.name);
    chx__journal_begin(&entry, target->cache, device->identity, doing);
    *built = load_binary(target, parameters);
    chx_status status = *built ? CHX_OK : build_source(target, built, parameters);
    chx__journal_end(&entry);
    return status;
}
