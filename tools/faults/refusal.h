/* Refusals: calls of OpenCL, of any function that the library calls, that come back with a code and
 * have done nothing. */
#ifndef CHRONAXIE_REFUSAL_H
#define CHRONAXIE_REFUSAL_H

#include <CL/cl_icd.h>

#include <stdio.h>

#include "rate.h"

/* Puts refusals before every function of the table, whose entries they call when they let one
 * through. */
void refusal_install(struct _cl_icd_dispatch *table);

/* Counts from one again, with nothing to refuse but what the rate draws. */
void refusal_reset(const rate *drawn);

/* Adds FUNCTION:CODE:N, up to the end or a comma. */
void refusal_add(const char *text);

unsigned refusal_n_struck(void);

/* One line for each function that was called: its name and how often. */
void refusal_report(FILE *file);

#endif
