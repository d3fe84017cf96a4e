/* The log: lines to the caller's callback, which may call the library again and is therefore never
 * called while a thread holds the turn. Lines that come up meanwhile are run later, in order. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/later.h"

typedef struct held_line {
    chx__later call; /* first: the line is found by it */
    chx__logger logger;
    chx_log_level level;
    char text[1024];
} held_line;

static void
write_line(chx__later *call)
{
    held_line *line = (held_line *)call;
    line->logger.write(line->logger.data, line->level, line->text);
    free(line);
}

/* A line that finds no memory is given up: out of memory is reported by whoever needs it. */
static void
hold(const chx__logger *logger, chx_log_level level, const char *text)
{
    held_line *line = chx__alloc(1, sizeof *line);
    if (!line)
        return;
    line->call.run = write_line;
    line->logger = *logger;
    line->level = level;
    snprintf(line->text, sizeof line->text, "%s", text);
    chx__later_run(&line->call);
}

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
    if (chx__later_is_held())
        hold(logger, level, line);
    else
        logger->write(logger->data, level, line);
}
