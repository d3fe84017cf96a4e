/*
 * What stands before the code of a user's model: the lists of the file's head are macros already
 * (model.h), and the three functions are declared, so that a compiler finds fault with them in the
 * user's own line. docs/models.md tells how to write one.
 */
#ifndef CHX_KERNELS_OWN_H
#define CHX_KERNELS_OWN_H

#include "model.h"
#include "../common/math.h"

static void model_advance(model_state *n, const model_constants *c, wide_float drive,
                          wide_float input, wide_int awake);
static wide_int model_fires(const model_state *n, const model_constants *c);
static void model_reset(model_state *n, const model_constants *c, wide_int fired);

#ifdef CHX_OWN_HAS_NO_RESET
static void
model_reset(model_state *n, const model_constants *c, wide_int fired)
{
}
#endif

#endif
