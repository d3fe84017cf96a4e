/* A build log: what a compiler said, brought to one form. */
#ifndef CHX_DEVICE_BUILD_LOG_H
#define CHX_DEVICE_BUILD_LOG_H

#include <stddef.h>

/* Writes "FILE:LINE: error: TEXT" for the first error of a log that has a place. `text` is the
 * source that was built: compilers that ignore its #line directives report lines of the text, which
 * are traced back. Without one, "NAME: error: " and the line that says most: one that names a
 * missing symbol, else the first that speaks of an error, else the first. */
void chx__build_log_summary(const char *log, const char *text, const char *name, char *message,
                            size_t capacity);

#endif
