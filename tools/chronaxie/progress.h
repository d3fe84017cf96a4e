/* Progress: one line on a terminal that shows how far the work is; nothing anywhere else. */
#ifndef CHRONAXIE_PROGRESS_H
#define CHRONAXIE_PROGRESS_H

#include <stdint.h>

/* Starts a bar of `total` units named in the plural, such as "frames". */
void progress_begin(const char *units, uint64_t total);

/* Redraws the bar, at most ten times a second. */
void progress_show(uint64_t done);

/* Removes the line from the terminal; harmless when there is none. */
void progress_clear(void);

#endif
