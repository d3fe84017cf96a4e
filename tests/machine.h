/* The machine that a test runs on, chosen by the environment so that the same binaries run
 * against every driver: CHRONAXIE_TEST_DEVICES (a selection, unset for the default) and
 * CHRONAXIE_TEST_SPLIT (a number of sub-devices). CHRONAXIE_TEST_LONG=1 asks for all that can be
 * tried, CHRONAXIE_TEST_LIBRARY names the driver's file. Everything else is the library's own
 * environment. */
#ifndef CHX_TESTS_MACHINE_H
#define CHX_TESTS_MACHINE_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/runtime.h>

/* Check runs each test in a process of its own. Of what they all share, a driver with its compiler
 * is loaded once and costs each half as much; OpenCL starts in those processes only. */
static __attribute__((constructor)) void
load_library(void)
{
    const char *library = getenv("CHRONAXIE_TEST_LIBRARY");
    if (library)
        dlopen(library, RTLD_NOW);
}

static inline chx_runtime_params
test_machine_params(void)
{
    const char *devices = getenv("CHRONAXIE_TEST_DEVICES");
    const char *split = getenv("CHRONAXIE_TEST_SPLIT");
    return (chx_runtime_params){
        .devices = devices && *devices ? devices : NULL,
        .split = split ? (uint32_t)strtoul(split, NULL, 10) : 0,
    };
}

/* Whether kernels compile and run within moments; elsewhere they take minutes. */
static inline bool
test_has_quick_kernels(void)
{
    const char *devices = getenv("CHRONAXIE_TEST_DEVICES");
    return !devices || (strcmp(devices, "oclgrind") != 0 && strcmp(devices, "llvmpipe") != 0 &&
                        strcmp(devices, "intel") != 0);
}

/* Whether all is tried that can be, as with tools/test --long, and not some of each kind. */
static inline bool
test_is_long(void)
{
    const char *is_long = getenv("CHRONAXIE_TEST_LONG");
    return is_long && strcmp(is_long, "1") == 0;
}

/* Whether all of a kind is tried: where kernels are slow, only with tools/test --long. */
static inline bool
test_tries_all(void)
{
    return test_has_quick_kernels() || test_is_long();
}

#endif
