/* Hazards: which commands must wait for which, so that every replica is read and written in order.
 *
 * Two commands conflict when they touch the same atom in the same place and one writes it. Replicas
 * in different places never conflict: that is what lets a transfer overlap with computing. */
#ifndef CHX_EXECUTE_HAZARD_H
#define CHX_EXECUTE_HAZARD_H

#include "execute/lowering.h"

/* Fills in waits, touches, exits and is_awaited of a plan whose commands and lanes stand. Commands
 * on one lane follow each other anyway and do not wait. Errors: MEMORY. */
chx_status chx__hazards_find(chx__lowered *lowered);

#endif
