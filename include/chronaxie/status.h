/*
 * Status codes and the record of the last error.
 *
 * Every function that can fail returns a chx_status: zero, or one of the
 * negative codes below. A failing call also leaves a chx_error in the calling
 * thread, with the OpenCL code, the device and task where there is one, and a
 * sentence that says what to do next. A code says what kind of failure it was
 * and is stable; the sentence is for people and may change.
 */
#ifndef CHRONAXIE_STATUS_H
#define CHRONAXIE_STATUS_H

#include <stdint.h>

#if defined(__GNUC__)
#define CHX_API __attribute__((visibility("default")))
#else
#define CHX_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, code, sentence) */
#define CHX_STATUS_TABLE(X)                                                      \
    X(OK, 0, "success")                                                          \
    X(ERROR_INVALID, -1, "an argument is outside its documented range")          \
    X(ERROR_MEMORY, -2, "host memory is exhausted")                              \
    X(ERROR_DEVICE_MEMORY, -3, "device memory or its budget is exhausted")       \
    X(ERROR_NO_DEVICE, -4, "no usable compute device was found")                 \
    X(ERROR_UNKNOWN_DEVICE, -5, "no device has that index or name")              \
    X(ERROR_BUILD, -6, "a kernel source did not compile")                        \
    X(ERROR_KERNEL, -7, "a program has no such kernel, or its arguments differ") \
    X(ERROR_DEVICE, -8, "an OpenCL call or command failed")                      \
    X(ERROR_TIMEOUT, -9, "a deadline passed before the work completed")          \
    X(ERROR_FILE, -10, "a file could not be read or written")                    \
    X(ERROR_FORMAT, -11, "a file is malformed")                                  \
    X(ERROR_LIMIT, -12, "a size is beyond what can be allocated or addressed")   \
    X(ERROR_CYCLE, -13, "dependencies form a cycle")                             \
    X(ERROR_PROGRAM, -14, "a helper program is missing or failed")               \
    X(ERROR_CALLBACK, -15, "a host task reported failure")                       \
    X(ERROR_UNSUPPORTED, -16, "the device or build lacks this feature")          \
    X(ERROR_CANCELLED, -17, "the work was called off")

typedef enum chx_status {
#define CHX_STATUS_ENUM(name, code, sentence) CHX_##name = (code),
    CHX_STATUS_TABLE(CHX_STATUS_ENUM)
#undef CHX_STATUS_ENUM
} chx_status;

/* What went wrong, where, and what to do about it. */
typedef struct chx_error {
    chx_status status; /* our code */
    int32_t cl_code; /* the OpenCL code behind it, 0 when there is none */
    char device[64]; /* device name, empty when no device is to blame */
    char task[64]; /* task name, empty when no task is to blame */
    char message[1024]; /* one sentence: file and line, cause, remedy */
} chx_error;

/* The name of a status, such as "ERROR_BUILD"; "UNKNOWN" for other numbers. Static storage. Any
 * thread. */
CHX_API const char *chx_status_name(chx_status status);

/* The table's sentence for a status. Static storage. Any thread. */
CHX_API const char *chx_status_sentence(chx_status status);

/* The record of the most recent failure in the calling thread; status is CHX_OK when nothing has
 * failed yet. Valid until the thread's next call into the library. Successful calls do not clear
 * it. */
CHX_API const chx_error *chx_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
