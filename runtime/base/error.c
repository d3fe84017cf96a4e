/* One record per thread, the last failure. Messages may quote the record they replace ("cannot
 * include ...: ..."), so a new one is formatted before the old is overwritten. Success leaves
 * the record alone; a caller looks only after a failure. Failing allocates nothing, since it
 * happens when memory is out. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local chx_error last_error;

const char *
chx_status_name(chx_status status)
{
    switch (status) {
#define CHX_STATUS_NAME(name, code, sentence) \
    case CHX_##name:                          \
        return #name;
        CHX_STATUS_TABLE(CHX_STATUS_NAME)
#undef CHX_STATUS_NAME
    }
    return "UNKNOWN";
}

const char *
chx_status_sentence(chx_status status)
{
    switch (status) {
#define CHX_STATUS_SENTENCE(name, code, sentence) \
    case CHX_##name:                              \
        return sentence;
        CHX_STATUS_TABLE(CHX_STATUS_SENTENCE)
#undef CHX_STATUS_SENTENCE
    }
    return "an unknown status";
}

const chx_error *
chx_last_error(void)
{
    return &last_error;
}

static void
copy_name(char *to, size_t capacity, const char *from)
{
    snprintf(to, capacity, "%s", from ? from : "");
}

/* The message may quote the previous record, so it is formatted before that is overwritten. */
static chx_status
record(chx_status status, int32_t cl_code, const char *device, const char *task, const char *format,
       va_list args)
{
    chx_error error = {.status = status, .cl_code = cl_code};
    copy_name(error.device, sizeof error.device, device);
    copy_name(error.task, sizeof error.task, task);
    vsnprintf(error.message, sizeof error.message, format, args);
    last_error = error;
    return status;
}

chx_status
chx__fail(chx_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    record(status, 0, NULL, NULL, format, args);
    va_end(args);
    return status;
}

chx_status
chx__fail_cl(chx_status status, int32_t cl_code, const char *device, const char *task,
             const char *format, ...)
{
    va_list args;
    va_start(args, format);
    record(status, cl_code, device, task, format, args);
    va_end(args);
    return status;
}

chx_status
chx__fail_again(const chx_error *error)
{
    if (error != &last_error)
        last_error = *error;
    return error->status;
}

chx_status
chx__fail_memory(const char *doing)
{
    return chx__fail(CHX_ERROR_MEMORY, "host memory ran out while %s", doing);
}
