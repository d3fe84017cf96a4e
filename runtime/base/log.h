/* Log lines to the caller's callback. A logger is plain data, copied by value. */
#ifndef CHX_BASE_LOG_H
#define CHX_BASE_LOG_H

#include <chronaxie/runtime.h>

typedef struct chx__logger {
    chx_log_fn write; /* NULL disables */
    void *data;
    chx_log_level level;
} chx__logger;

/* Formats one line and hands it to the callback when level is wanted: at once, or later
 * (later.h). */
void chx__log(const chx__logger *logger, chx_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
