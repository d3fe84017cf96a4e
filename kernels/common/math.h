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
 *
 * WIDE_RECIPROCAL(reciprocal, b): a first guess whose exponent and digits are a constant minus
 * those of |b|, 12 % off at most, and three steps of Newton's method, y = y + y (1 - b y), which
 * square what it is off.
 *
 *   Error: at most 1.5 ulp where 2^-126 <= |b| <= 2^125. Smaller ones, 0 and denormal numbers too,
 *   count as 2^-126 and larger ones, infinity too, as 2^125, with their sign. So no result is
 *   infinite, zero or denormal.
 *
 * WIDE_QUOTIENT(quotient, a, b): a times WIDE_RECIPROCAL() of b.
 *
 *   Error: at most 2.5 ulp for the b above. A denormal a counts as 0, and a quotient that would be
 *   denormal is 0. So a / 0 is 2^126 a, with the sign of the 0, and 0 / 0 is 0.
 *
 * WIDE_LOG(result, x), natural: with x = 2^k (1 + f), 2^-.5 <= 1 + f < 2^.5,
 *
 *   log(x) = k ln 2 + (f - f^2 / 2 + f^3 p(f))
 *
 * where p is of degree 7 (5.8e-9) and ln 2 is split as above.
 *
 *   Error: at most 1.0 ulp. x < 2^-126, negative numbers too, count as 2^-126 and give -87.33655;
 *   infinity gives 88.72284, as the largest number does.
 *
 * WIDE_TANH(result, x): x + x^3 p(x^2), where p is of degree 4 (4.4e-9), for |x| < .625, and
 * 1 - 2 / (exp(2 |x|) + 1) with the sign of x elsewhere.
 *
 *   Error: at most 1.5 ulp. Denormal x gives 0; |x| > 9.1, infinity too, gives 1 or -1.
 *
 * WIDE_POW(result, x, y), for x > 0: exp(y log(x)).
 *
 *   Error: at most 1 + 3 |y log(x)| ulp, as what y log(x) is off by becomes a factor. x < 2^-126, 0
 *   too, count as 2^-126; results have the range of WIDE_EXP().
 *
 * In all of them not a number gives not a number.
 */
#ifndef CHX_KERNELS_MATH_H
#define CHX_KERNELS_MATH_H

#ifdef __OPENCL_C_VERSION__
#include "wide.h"
#define MATH_BITS WIDE(as_int)
#define MATH_FLOAT WIDE(as_float)
#define MATH_SELECT(otherwise, value, where) select(otherwise, value, where)
/* A float's bits, times 2^n, where what overflows wraps around. */
#define MATH_SCALED(bits, n) \
    WIDE(as_float)(WIDE(as_uint)(bits) + WIDE(as_uint)(n) * (wide_uint)(8388608u))
#else
#include <stdint.h>
#include <string.h>
typedef float wide_float;
typedef int32_t wide_int;
#define MATH_BITS math_bits
#define MATH_FLOAT math_float
#define MATH_SELECT(otherwise, value, where) ((where) ? (value) : (otherwise))
#define MATH_SCALED(bits, n) math_float((int32_t)((uint32_t)(bits) + (uint32_t)(n)*8388608u))

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

#define MATH_SMALLEST 0x1p-126f /* that is not denormal */
#define MATH_LARGEST 0x1.fffffep127f

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
        power = MATH_SELECT(MATH_SCALED(MATH_BITS(exp_sum), exp_n), (wide_float)(0), exp_is_zero); \
    } while (0)

/* Above it reciprocals would be denormal on the way. */
#define MATH_RECIPROCAL_HIGHEST 0x1p125f

#define MATH_MAGNITUDE(x) MATH_FLOAT(MATH_BITS(x) & 0x7fffffff)
#define MATH_SIGN(x) (MATH_BITS(x) & (-0x7fffffff - 1))

/* The number without what a driver may flush. */
#define MATH_NORMAL(x) \
    MATH_SELECT(x, (wide_float)(0), MATH_MAGNITUDE(x) < (wide_float)(MATH_SMALLEST))

#define WIDE_RECIPROCAL(reciprocal, b)                                                          \
    do {                                                                                        \
        const wide_float reciprocal_highest = (wide_float)(MATH_RECIPROCAL_HIGHEST);            \
        const wide_float reciprocal_lowest = (wide_float)(MATH_SMALLEST);                       \
        const wide_float reciprocal_b = (b);                                                    \
        const wide_int reciprocal_sign = MATH_SIGN(reciprocal_b);                               \
        wide_float reciprocal_of = MATH_MAGNITUDE(reciprocal_b);                                \
        reciprocal_of =                                                                         \
            MATH_SELECT(reciprocal_of, reciprocal_highest, reciprocal_of > reciprocal_highest); \
        reciprocal_of =                                                                         \
            MATH_SELECT(reciprocal_of, reciprocal_lowest, reciprocal_of < reciprocal_lowest);   \
        wide_float reciprocal_y = MATH_FLOAT(0x7ef311c7 - MATH_BITS(reciprocal_of));            \
        reciprocal_y = reciprocal_y + reciprocal_y * (1.0f - reciprocal_of * reciprocal_y);     \
        reciprocal_y = reciprocal_y + reciprocal_y * (1.0f - reciprocal_of * reciprocal_y);     \
        reciprocal_y = reciprocal_y + reciprocal_y * (1.0f - reciprocal_of * reciprocal_y);     \
        reciprocal = MATH_FLOAT(MATH_BITS(reciprocal_y) | reciprocal_sign);                     \
    } while (0)

#define WIDE_QUOTIENT(quotient, a, b)                                             \
    do {                                                                          \
        const wide_float quotient_a = (a);                                        \
        wide_float quotient_y;                                                    \
        WIDE_RECIPROCAL(quotient_y, b);                                           \
        const wide_float quotient_product = MATH_NORMAL(quotient_a) * quotient_y; \
        quotient = MATH_NORMAL(quotient_product);                                 \
    } while (0)

#define WIDE_LOG(result, x)                                                                      \
    do {                                                                                         \
        const wide_float log_lowest = (wide_float)(MATH_SMALLEST);                               \
        const wide_float log_highest = (wide_float)(MATH_LARGEST);                               \
        wide_float log_x = (x);                                                                  \
        log_x = MATH_SELECT(log_x, log_lowest, log_x < log_lowest);                              \
        log_x = MATH_SELECT(log_x, log_highest, log_x > log_highest);                            \
        /* Bits from those of the root of 1/2, whose exponent is -1. */                          \
        const wide_int log_bits = MATH_BITS(log_x) - 0x3f3504f3;                                 \
        const wide_int log_k = log_bits >> 23;                                                   \
        const wide_float log_f = MATH_FLOAT((log_bits & 0x7fffff) + 0x3f3504f3) - 1.0f;          \
        const wide_float log_whole =                                                             \
            MATH_FLOAT(log_k + MATH_BITS((wide_float)(MATH_TO_INTEGER))) - MATH_TO_INTEGER;      \
        const wide_float log_p =                                                                 \
            0x1.555554p-2f +                                                                     \
            log_f * (-0x1.000226p-2f +                                                           \
                     log_f * (0x1.99a008p-3f +                                                   \
                              log_f * (-0x1.547244p-3f +                                         \
                                       log_f * (0x1.22da1cp-3f +                                 \
                                                log_f * (-0x1.0d8542p-3f +                       \
                                                         log_f * (0x1.055b6cp-3f +               \
                                                                  log_f * -0x1.38b582p-4f)))))); \
        const wide_float log_square = log_f * log_f;                                             \
        const wide_float log_rest =                                                              \
            (log_f * log_p - 0.5f) * log_square + log_whole * -0x1.bd0106p-13f;                  \
        const wide_float log_value = (log_rest + log_f) + log_whole * 0x1.63p-1f;                \
        result = MATH_SELECT(log_value, log_x, log_x != log_x);                                  \
    } while (0)

#define WIDE_TANH(result, x)                                                                      \
    do {                                                                                          \
        const wide_float tanh_highest = (wide_float)(9.1f);                                       \
        const wide_float tanh_from = (x);                                                         \
        const wide_float tanh_x = MATH_NORMAL(tanh_from);                                         \
        wide_float tanh_of = MATH_MAGNITUDE(tanh_x), tanh_power, tanh_far;                        \
        tanh_of = MATH_SELECT(tanh_of, tanh_highest, tanh_of > tanh_highest);                     \
        WIDE_EXP(tanh_power, 2.0f * tanh_of);                                                     \
        WIDE_RECIPROCAL(tanh_far, tanh_power + 1.0f);                                             \
        tanh_far = 1.0f - 2.0f * tanh_far;                                                        \
        const wide_float tanh_small = MATH_SELECT(tanh_of, (wide_float)(0), tanh_of < 1e-8f);     \
        const wide_float tanh_square = tanh_small * tanh_small;                                   \
        const wide_float tanh_p =                                                                 \
            -0x1.555532p-2f +                                                                     \
            tanh_square *                                                                         \
                (0x1.110726p-3f +                                                                 \
                 tanh_square * (-0x1.b83c5ap-5f +                                                 \
                                tanh_square * (0x1.52269cp-6f + tanh_square * -0x1.75e1ccp-8f))); \
        const wide_float tanh_near = tanh_of + tanh_small * (tanh_square * tanh_p);               \
        const wide_float tanh_value = MATH_SELECT(tanh_far, tanh_near, tanh_of < 0.625f);         \
        result = MATH_FLOAT(MATH_BITS(tanh_value) | MATH_SIGN(tanh_x));                           \
    } while (0)

#define WIDE_POW(result, x, y)         \
    do {                               \
        wide_float pow_log;            \
        WIDE_LOG(pow_log, x);          \
        WIDE_EXP(result, (y)*pow_log); \
    } while (0)

#endif
