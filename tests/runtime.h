/* A runtime on the test's machine, opened before each test and closed after it. */
#ifndef CHX_TESTS_RUNTIME_H
#define CHX_TESTS_RUNTIME_H

#include <check.h>

#include "machine.h"

static chx_runtime *runtime;

static inline void
check_ok(chx_status status)
{
    ck_assert_msg(status == CHX_OK, "%s: %s", chx_status_name(status), chx_last_error()->message);
}

static inline void
open_runtime(void)
{
    const chx_runtime_params params = test_machine_params();
    check_ok(chx_runtime_create(&runtime, &params));
}

static inline void
close_runtime(void)
{
    chx_runtime_destroy(&runtime);
}

#endif
