/* An interrupt: the wish of a person or a machine that the command stop. */
#ifndef CHRONAXIE_INTERRUPT_H
#define CHRONAXIE_INTERRUPT_H

#include <stdbool.h>

/* From here on the first SIGINT, SIGTERM or SIGHUP only sets a flag, so that loops can end and
 * remove what is half-written; a second one ends the process at once. Writing to a closed pipe
 * becomes an error of the write. */
void interrupt_begin(void);

/* Whether a signal from here on ends the process itself, for work that looks at no flag and has
 * nothing half-written. */
void interrupt_ends_at_once(bool at_once);

/* True once a signal has come. */
bool interrupt_pending(void);

/* Says, once, that the command was stopped; returns its exit code, 128 plus the signal's number. */
int interrupt_report(void);

#endif
