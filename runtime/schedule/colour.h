/* The colours of spans: one for each of the kernels that took longest, for hosts, for transfers. */
#ifndef CHX_SCHEDULE_COLOUR_H
#define CHX_SCHEDULE_COLOUR_H

#include <stdio.h>

#include "schedule/diagnosis.h"

/* Kernels that have a colour of their own; the others share one. */
#define CHX__N_KERNEL_COLOURS 8u

/* The index of a colour: 0 to CHX__N_KERNEL_COLOURS - 1 for kernels, then other kernels, host tasks
 * and transfers. */
uint32_t chx__colour_of(const chx__kernel_use *kernel);

/* Writes rules for each colour's classes: k<index> for a bar with an outline, f<index> for one
 * without, n<index> for letters on it. */
void chx__colour_write_css(FILE *stream);

#endif
