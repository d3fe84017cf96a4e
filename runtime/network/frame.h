/* The texts between which the code of a user's model stands. */
#ifndef CHX_NETWORK_FRAME_H
#define CHX_NETWORK_FRAME_H

#include <chronaxie/runtime.h>

/* kernels/neuron/own.h and population.cl, with what they include; files below the runtime's kernel
 * path take precedence. The caller frees both, also after a failure. Errors: FILE, MEMORY. */
chx_status chx__frame_read(const chx_runtime *runtime, char **before, char **after);

#endif
