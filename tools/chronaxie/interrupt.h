/* An interrupt: the wish of a person or a machine that the command stop. */
#ifndef CHRONAXIE_INTERRUPT_H
#define CHRONAXIE_INTERRUPT_H

#include <stdbool.h>

/* Before any thread is created. From here on the first SIGINT, SIGTERM or SIGHUP only sets a flag,
 * so that loops can end and remove what is half-written; a second one ends the process at once.
 * Writing to a closed pipe becomes an error of the write. */
void interrupt_begin(void);

/* Whether a signal ends the process itself, one that came before too, for work that looks at no
 * flag and has nothing half-written. */
void interrupt_ends_at_once(bool at_once);

/* The number of the signal that has come; 0 while there is none. */
int interrupt_pending(void);

#endif
