/*
 * exponential, reciprocal, quotient and so on: results[i] = exp(arguments[i]) and the like, by
 * WIDE_EXP() and the like; those of two arguments take seconds[i] too. One work-item per vector.
 */
#include "../kernels/common/math.h"

#define FUNCTION(name, STATEMENT)                                                          \
    kernel void name(global const wide_float *arguments, global const wide_float *seconds, \
                     global wide_float *results)                                           \
    {                                                                                      \
        const uint i = (uint)get_global_id(0);                                             \
        const wide_float x = arguments[i], y = seconds[i];                                 \
        wide_float result = y;                                                             \
        STATEMENT;                                                                         \
        results[i] = result;                                                               \
    }

FUNCTION(exponential, WIDE_EXP(result, x))
FUNCTION(reciprocal, WIDE_RECIPROCAL(result, x))
FUNCTION(quotient, WIDE_QUOTIENT(result, x, y))
FUNCTION(logarithm, WIDE_LOG(result, x))
FUNCTION(tangent, WIDE_TANH(result, x))
FUNCTION(power, WIDE_POW(result, x, y))
