/*
 * exponential: results[i] = exp(arguments[i]), by WIDE_EXP(); one work-item per vector.
 */
#include "../kernels/common/math.h"

kernel void
exponential(global const wide_float *arguments, global wide_float *results)
{
    const uint i = (uint)get_global_id(0);
    wide_float power;
    WIDE_EXP(power, arguments[i]);
    results[i] = power;
}
