/* The code of a user's model, looked at before any driver sees it. */
#ifndef CHX_NETWORK_OWN_CODE_H
#define CHX_NETWORK_OWN_CODE_H

#include <chronaxie/status.h>

/* Refuses what could give other bits on another device, functions, which some drivers call wrong
 * (kernels/neuron/population.cl), and code that does not end in a step. The text, which a NUL ends,
 * begins in line `line` of the file `path`; *step is where MODEL_STEP stands in it, in
 * line *step_line. Errors: FORMAT and one sentence with file and line. */
chx_status chx__own_code_check(const char *path, const char *text, unsigned line, const char **step,
                               unsigned *step_line);

#endif
