/* The log: lines to the caller's callback, which may call the library again and is therefore never
 * called while a thread holds the turn. Lines that come up meanwhile wait in a list of the thread's
 * own, in order. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"

typedef struct held_line {
    struct held_line *next;
    chx__logger logger;
    chx_log_level level;
    char text[1024];
} held_line;

static _Thread_local unsigned n_holds;
static _Thread_local held_line *first_held, *last_held;

/* A line that finds no memory is given up: out of memory is reported by whoever needs it. */
static void
hold(const chx__logger *logger, chx_log_level level, const char *text)
{
    held_line *line = chx__alloc(1, sizeof *line);
    if (!line)
        return;
    line->logger = *logger;
    line->level = level;
    snprintf(line->text, sizeof line->text, "%s", text);
    if (last_held)
        last_held->next = line;
    else
        first_held = line;
    last_held = line;
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
    if (n_holds > 0)
        hold(logger, level, line);
    else
        logger->write(logger->data, level, line);
}

void
chx__log_hold(void)
{
    n_holds++;
}

void
chx__log_release(void)
{
    if (--n_holds > 0)
        return;
    while (first_held) {
        held_line *line = first_held;
        first_held = line->next;
        if (!first_held)
            last_held = NULL;
        line->logger.write(line->logger.data, line->level, line->text);
        free(line);
    }
}
