/* The calling thread's last error, and the one way to set it. */
#ifndef CHX_BASE_ERROR_H
#define CHX_BASE_ERROR_H

#include <chronaxie/status.h>

/* Records a failure in the calling thread and returns status, so that a function can
 * `return chx__fail(...)`. The format makes one sentence: where, what, what to do. */
chx_status chx__fail(chx_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* As chx__fail(), with the OpenCL code, device and task; any of them may be 0 or NULL. */
chx_status chx__fail_cl(chx_status status, int32_t cl_code, const char *device, const char *task,
                        const char *format, ...) __attribute__((format(printf, 5, 6), cold));

/* Makes a record kept elsewhere, such as a run's, the calling thread's last error. */
chx_status chx__fail_again(const chx_error *error);

/* Misuse by the caller: checked in every build. */
#define CHX__REQUIRE(condition)                                                                   \
    do {                                                                                          \
        if (!(condition))                                                                         \
            return chx__fail(CHX_ERROR_INVALID, "%s: the call breaks its contract: %s", __func__, \
                             #condition);                                                         \
    } while (0)

/* Out of host memory while doing what `doing` says. */
chx_status chx__fail_memory(const char *doing);

#endif
