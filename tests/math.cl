/*
 * exponential: results[i] = wide_exp(arguments[i]); one work-item per vector.
 */
#include "../kernels/common/math.h"

kernel void
exponential(global const wide_float *arguments, global wide_float *results)
{
    const uint i = (uint)get_global_id(0);
    results[i] = wide_exp(arguments[i]);
}
