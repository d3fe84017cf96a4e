/* The texts between which the code of a user's model stands. */
#ifndef CHX_NETWORK_FRAME_H
#define CHX_NETWORK_FRAME_H

#include <chronaxie/runtime.h>

/* What stands before a model's functions, between them and its step, and after that. */
#define CHX__FRAME_TEXTS 3

/* kernels/neuron/model.h, block_begin.h and population.cl, with what they include; files below the
 * runtime's kernel path take precedence. The caller frees each, also after a failure. Errors: FILE,
 * MEMORY. */
chx_status chx__frame_read(const chx_runtime *runtime, char *texts[CHX__FRAME_TEXTS]);

#endif
