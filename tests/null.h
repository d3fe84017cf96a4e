/* Null devices for engine tests: with CHRONAXIE_TEST_NULL (a number of devices) or
 * CHRONAXIE_TEST_MACHINE (a machine's file) in the environment a test runs on those instead of any
 * driver's, with CHRONAXIE_TEST_SEED for their order of completion; a file's machine completes
 * by its virtual clock unless a seed is given. */
#ifndef CHX_TESTS_NULL_H
#define CHX_TESTS_NULL_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "device/null.h"
#include "execute/lifetime.h"
#include "null_machine.h"

#define TEST_MAX_NULL_DEVICES 128

static chx__null *test_null; /* that the runtime stands on, else NULL */
static test_null_machine test_null_described; /* where it is a file's */

/* Devices in turn on two platforms, the later the slower. */
static inline void
test_null_create(uint32_t n_devices, const chx__null_kernel *kernels, uint64_t seed, bool serial)
{
    static chx__null_device devices[TEST_MAX_NULL_DEVICES];
    for (uint32_t d = 0; d < n_devices; d++)
        devices[d] = (chx__null_device){.platform = d % 2,
                                        .shares_host_memory = d % 3 == 0,
                                        .launch_ns = 1000,
                                        .ns_per_item = d + 1,
                                        .ns_per_byte = 0.1};
    chx__null_params params = {.devices = devices,
                               .n_devices = n_devices,
                               .kernels = kernels,
                               .seed = seed,
                               .serial = serial};
    ck_assert_int_eq(chx__null_create(&params, &test_null), CHX_OK);
}

static inline void
test_null_create_described(const char *path, const chx__null_kernel *kernels, uint64_t seed,
                           bool serial)
{
    test_null_machine_load(&test_null_described, path);
    chx__null_params params = {.devices = test_null_described.devices,
                               .n_devices = test_null_described.n_devices,
                               .kernels = kernels,
                               .wires = test_null_described.wires,
                               .seed = seed,
                               .serial = serial,
                               .has_stamps = true};
    ck_assert_int_eq(chx__null_create(&params, &test_null), CHX_OK);
}

/* kernels: C functions of the test's kernels, by name, for null devices. */
static inline chx_status
test_runtime_create(chx_runtime **runtime, const chx_runtime_params *params,
                    const chx__null_kernel *kernels)
{
    const char *n_null = getenv("CHRONAXIE_TEST_NULL"), *path = getenv("CHRONAXIE_TEST_MACHINE");
    const char *order = getenv("CHRONAXIE_TEST_SEED"), *alone = getenv("CHRONAXIE_SERIAL");
    bool serial = params->serial || (alone && strcmp(alone, "1") == 0);
    if (path)
        test_null_create_described(path, kernels, order ? strtoull(order, NULL, 10) : 0, serial);
    else if (n_null)
        test_null_create((uint32_t)strtoul(n_null, NULL, 10), kernels,
                         order ? strtoull(order, NULL, 10) : 1, serial);
    else
        return chx_runtime_create(runtime, params);
    return chx__runtime_create(runtime, params, test_null);
}

/* Destroys the runtime, and says whether its null devices were used as they may be. */
static inline void
test_runtime_destroy(chx_runtime **runtime)
{
    chx_runtime_destroy(runtime);
    if (!test_null)
        return;
    const char *first;
    uint32_t n = chx__null_violations(test_null, &first);
    ck_assert_msg(n == 0, "%u violations, the first: %s", n, first);
    chx__null_destroy(&test_null);
    test_null_machine_finish(&test_null_described);
}

#endif
