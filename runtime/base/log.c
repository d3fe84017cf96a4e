#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

void
chx__log(const chx__logger *logger, chx_log_level level, const char *format, ...)
{
    chx_log_level wanted = logger->level == CHX_LOG_DEFAULT ? CHX_LOG_WARNING : logger->level;
    if (!logger->write || level > wanted)
        return;
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    logger->write(logger->data, level, line);
}
