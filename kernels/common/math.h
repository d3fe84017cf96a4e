/*
 * Functions of which every device gives the same bits: drivers' own differ in their last ones.
 *
 * They are made of products, sums, comparisons and integers only, each rounded as IEEE 754 says, so
 * FP_CONTRACT must be off. No value on the way is denormal, since some drivers flush those.
 *
 * WIDE_EXP(power, x): with n = x / ln 2 rounded to an integer and r = x - n ln 2, |r| < 0.347,
 *
 *   exp(x) = 2^n (1 + r + r^2 q(r))
 *
 * where q, of degree 4, makes the largest relative error least (found by exchange; 3.1e-9 before
 * rounding). ln 2 is split so that n times its first part is exact (Cody and Waite 1980). Adding
 * 2^n is adding n to the exponent of the rest.
 *
 *   Error: at most 1.0 ulp, that is 6.1e-8 to 1.2e-7 of the value (tests/test_math.c).
 *   x < -87.33654 gives 0, as exp(x) would be denormal; x > 88.72283 gives 3.4028e38, the largest
 *   result; not a number gives not a number.
 */
#ifndef CHX_KERNELS_MATH_H
#define CHX_KERNELS_MATH_H

#ifdef __OPENCL_C_VERSION__
#include "wide.h"
#define MATH_BITS WIDE(as_int)
#define MATH_FLOAT WIDE(as_float)
#define MATH_SELECT(otherwise, value, where) select(otherwise, value, where)
#else
#include <stdint.h>
#include <string.h>
typedef float wide_float;
typedef int32_t wide_int;
#define MATH_BITS math_bits
#define MATH_FLOAT math_float
#define MATH_SELECT(otherwise, value, where) ((where) ? (value) : (otherwise))

static inline int32_t
math_bits(float value)
{
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float
math_float(int32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
#endif

#define MATH_EXP_LOWEST -87.33654f
#define MATH_EXP_HIGHEST 88.72283f

/* 1.5 x 2^23: what is added to it loses its fraction, by rounding to the nearest. */
#define MATH_TO_INTEGER 12582912.0f

/* Sets power to exp(x). A macro, for as a function rusticl of Mesa 25.0 on llvmpipe computed it
 * wrong in neuron/model/adex.cl (neuron/population.cl). */
#define WIDE_EXP(power, x)                                                                         \
    do {                                                                                           \
        const wide_float exp_highest = (wide_float)(MATH_EXP_HIGHEST);                             \
        const wide_float exp_lowest = (wide_float)(MATH_EXP_LOWEST);                               \
        wide_float exp_x = (x);                                                                    \
        const wide_int exp_is_zero = exp_x < exp_lowest;                                           \
        exp_x = MATH_SELECT(exp_x, exp_highest, exp_x > exp_highest);                              \
        exp_x = MATH_SELECT(exp_x, exp_lowest, exp_is_zero);                                       \
        const wide_float exp_moved = exp_x * 1.44269504f + MATH_TO_INTEGER;                        \
        const wide_int exp_n = MATH_BITS(exp_moved) - MATH_BITS((wide_float)(MATH_TO_INTEGER));    \
        const wide_float exp_whole = exp_moved - MATH_TO_INTEGER;                                  \
        const wide_float exp_r = (exp_x - exp_whole * 0x1.63p-1f) - exp_whole * -0x1.bd0106p-13f;  \
        const wide_float exp_q =                                                                   \
            0x1.fffffcp-2f +                                                                       \
            exp_r * (0x1.555492p-3f +                                                              \
                     exp_r * (0x1.5558f2p-5f + exp_r * (0x1.123a2p-7f + exp_r * 0x1.6a23dp-10f))); \
        const wide_float exp_sum = (exp_r * exp_r * exp_q + exp_r) + 1.0f;                         \
        power = MATH_SELECT(MATH_FLOAT(MATH_BITS(exp_sum) + exp_n * 8388608), (wide_float)(0),     \
                            exp_is_zero);                                                          \
    } while (0)

#endif
